"""Multi-Region keys: replicas, and which of them is primary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from awsim.errors import AWSError
from awsim.services.kms import policies, refusals
from awsim.services.kms.key import Key
from awsim.services.kms.operations.keys import KeyOperations


class MultiRegionOperations(KeyOperations):
    def replicate_key(
        self,
        KeyId: str,
        ReplicaRegion: str,
        Policy: str | None = None,
        BypassPolicyLockoutSafetyCheck: bool | None = None,
        Description: str | None = None,
        Tags: Sequence[Mapping[str, str]] = (),
    ) -> dict[str, Any]:
        key = self._primary(KeyId)
        self.permit(key, "Enabled")
        if self.cloud.partition_of(ReplicaRegion) != self.partition:
            raise refusals.unsupported(f"{ReplicaRegion} is not in the partition of the primary key.")
        if ReplicaRegion in key.family.members:
            message = f"{key.id} already exists in {ReplicaRegion}."
            raise AWSError("AlreadyExistsException", message)
        there: MultiRegionOperations = self.at(region=ReplicaRegion)
        replica = there._replica(key, Policy, BypassPolicyLockoutSafetyCheck, Description, Tags)
        return {
            "ReplicaKeyMetadata": replica.described(self.now),
            "ReplicaPolicy": replica.policy,
            "ReplicaTags": [{"TagKey": name, "TagValue": value} for name, value in replica.tags.items()],
        }

    def _replica(
        self,
        key: Key,
        policy: str | None,
        bypass: bool | None,
        description: str | None,
        tags: Sequence[Mapping[str, str]],
    ) -> Key:
        """A replica of another Region's key in this one."""
        arn = self.arn(f"key/{key.id}")
        self.limits.quota("keys", self._customer_keys())
        checked = self.checked_tags(tags)
        text = policies.default(self.partition, self.account)
        if policy is not None:
            text = self.checked_policy(policy, arn, bypass=bypass)
        replica = Key(
            key.family,
            arn=arn,
            account=self.account,
            region=self.region,
            created=self.now,
            policy=text,
            description=description or "",
        )
        replica.tags = checked
        self.changing(replica, "Creating", "replica-creation")
        self.keys.add(replica)
        return replica

    def update_primary_region(self, KeyId: str, PrimaryRegion: str) -> None:
        key = self._primary(KeyId)
        self.permit(key, "Enabled")
        family = key.family
        replica: Key | None = family.members.get(PrimaryRegion)
        if replica is None or replica is key:
            raise refusals.not_found(f"There is no replica of {key.arn} in {PrimaryRegion}.")
        there: MultiRegionOperations = self.at(region=PrimaryRegion)
        there.permit(replica, "Enabled")
        if family.job is not None:
            self.cancel(family.job)
            family.job = None
        family.primary = PrimaryRegion
        there.wind(family)
        for each in (key, replica):
            self.changing(each, "Updating", "primary-update")

    def _primary(self, named: str) -> Key:
        key = self.key_named(named)
        if not key.is_primary:
            raise refusals.unsupported(f"{key.arn} is not a multi-Region primary key.")
        return key

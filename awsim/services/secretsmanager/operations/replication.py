"""Replicas: copies of a secret in other Regions, kept in step with it.

Source: AWS Secrets Manager User Guide, "Replicate AWS Secrets Manager secrets across Regions".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from awsim.errors import AWSError
from awsim.services.secretsmanager import refusals
from awsim.services.secretsmanager.operations.values import ValueOperations, copy_of
from awsim.services.secretsmanager.secret import Replica, Secret, Version
from awsim.state import Lifecycle

_REGION = re.compile(r"[a-z]{2,4}(-[a-z]+)+-\d+\Z")


class ReplicationOperations(ValueOperations):
    def replicate_secret_to_regions(
        self,
        SecretId: str,
        AddReplicaRegions: Sequence[Mapping[str, str]],
        ForceOverwriteReplicaSecret: bool | None = None,
    ) -> dict[str, Any]:
        secret = self.secret(SecretId)
        self.check_replicas(secret, AddReplicaRegions)
        self.add_replicas(secret, AddReplicaRegions, bool(ForceOverwriteReplicaSecret))
        return {"ARN": secret.arn, "ReplicationStatus": secret.replication()}

    def check_replicas(self, secret: Secret, regions: Sequence[Mapping[str, str]]) -> None:
        """Refuse Regions that a secret cannot be replicated to."""
        names = [each.get("Region", "") for each in regions]
        for name in names:
            if name == secret.region or not _REGION.match(name) or self.cloud.partition_of(name) != self.partition:
                raise refusals.parameter("Invalid replica region.")
            known: Replica | None = secret.replicas.get(name)
            if names.count(name) > 1 or (known is not None and known.problem is None):
                raise refusals.parameter(f"Replica region {name} already exists.")

    def add_replicas(self, secret: Secret, regions: Sequence[Mapping[str, str]], force: bool) -> None:
        """Have copies of a secret in further Regions."""
        secret.primary_region = secret.region
        state = Lifecycle(self, [("InProgress", "replication"), ("InSync", None)])
        for each in regions:
            name, key = each["Region"], each.get("KmsKeyId") or None
            there = self.home_of(secret).at(region=name)
            other: Secret | None = there.secrets.get(secret.name)
            problem = None
            if other is not None and not force:
                problem = f"Replication failed: Secret name {secret.name} already exists in region {name}."
            secret.replicas[name] = Replica(name, key, state, problem)
        self.replicate(secret)

    def replicate(self, secret: Secret) -> None:
        if not secret.replicas:
            return
        seconds = self.limits.lag("replication-lag")
        if seconds:
            self.later(seconds, "_replicate", secret=secret, caller=self.caller)
        else:
            self._replicate(secret, self.caller)

    def _replicate(self, secret: Secret, caller: Any) -> None:
        home = self.home_of(secret)
        if home.secrets.get(secret.name) is not secret:
            return
        for replica in list(secret.replicas.values()):
            if replica.problem is None:
                problem = home.at(region=replica.region).mirror(secret, replica.key, caller)
                if problem is not None:
                    secret.replicas[replica.region] = replica._replace(problem=problem)

    def mirror(self, primary: Secret, key: str | None, caller: Any) -> str | None:
        """Be the Region of a replica: have what the primary has. Returns why this is not possible."""
        arn = primary.arn.replace(f":{primary.region}:", f":{self.region}:", 1)
        copy: Secret | None = self.secrets.get(primary.name)
        if copy is None or copy.arn != arn:
            copy = Secret(primary.name, arn, self.region, self.now)
        copy.key, copy.primary_region = key, primary.region
        try:
            versions = [self._copied(copy, version, caller) for version in primary.versions.values()]
        except AWSError as error:
            return error.message
        for id in [id for id in copy.versions if id not in primary.versions]:
            del copy.versions[id]
        for version in versions:
            copy.versions[version.id] = version
        copy.description, copy.tags, copy.policy = primary.description, primary.tags, primary.policy
        copy.changed, copy.rotation = primary.changed, primary.rotation
        if copy.name not in self.secrets or self.secrets[copy.name] is not copy:
            self.secrets.add(copy)
        return None

    def _copied(self, copy: Secret, version: Version, caller: Any) -> Version:
        """A version under the replica's own key; what is sealed already stays so."""
        known: Version | None = copy.versions.get(version.id)
        value = None if known is None else known.value
        if version.value is not None and (value is None or value.content != version.value.content):
            value = self.sealed(copy, version.id, version.value.content, caller)
        made = copy_of(version, value)
        made.accessed = None if known is None else known.accessed
        return made

    def remove_regions_from_replication(self, SecretId: str, RemoveReplicaRegions: Sequence[str]) -> dict[str, Any]:
        secret = self.secret(SecretId)
        for name in RemoveReplicaRegions:
            if name not in secret.replicas:
                raise refusals.parameter(f"Secret {secret.name} is not replicated to region {name}.")
        for name in dict.fromkeys(RemoveReplicaRegions):
            replica: Replica = secret.replicas.pop(name)
            there = self.home_of(secret).at(region=name)
            copy: Secret | None = there.secrets.get(secret.name)
            if replica.problem is None and copy is not None and copy.is_replica:
                there.secrets.remove(copy.name)
        if not secret.replicas:
            secret.primary_region = None
        return {"ARN": secret.arn, "ReplicationStatus": secret.replication() or []}

    def stop_replication_to_replica(self, SecretId: str) -> dict[str, Any]:
        secret = self.secret(SecretId, replica=True)
        if not secret.is_replica:
            raise refusals.request("Operation is only permitted on a replica secret.")
        home = self.home_of(secret).at(region=secret.primary_region)
        primary: Secret | None = home.secrets.get(secret.name)
        if primary is not None:
            primary.replicas.pop(secret.region, None)
            if not primary.replicas:
                primary.primary_region = None
        secret.primary_region = None
        secret.rotation = None
        return {"ARN": secret.arn}

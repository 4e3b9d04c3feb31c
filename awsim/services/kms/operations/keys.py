"""Keys: made, described, listed, switched on and off, deleted; their policies and tags."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from awsim.errors import AWSError
from awsim.services.kms import policies, refusals
from awsim.services.kms.key import Key, moment
from awsim.services.kms.operations.common import Operations
from awsim.services.kms.specs import ENCRYPT_DECRYPT, SPECS, SYMMETRIC
from awsim.services.kms.store import EXTERNAL, KeyStore
from awsim.state import Tags, tag_map

_DAY = 86_400
_POLICY = "default"


class KeyOperations(Operations):
    def create_key(
        self,
        Policy: str | None = None,
        Description: str | None = None,
        KeyUsage: str | None = None,
        CustomerMasterKeySpec: str | None = None,
        KeySpec: str | None = None,
        Origin: str | None = None,
        CustomKeyStoreId: str | None = None,
        BypassPolicyLockoutSafetyCheck: bool | None = None,
        Tags: Sequence[Mapping[str, str]] = (),
        MultiRegion: bool | None = None,
        XksKeyId: str | None = None,
    ) -> dict[str, Any]:
        if KeySpec is not None and CustomerMasterKeySpec is not None:
            raise refusals.invalid(
                "You cannot specify KeySpec and CustomerMasterKeySpec in the same request. CustomerMasterKeySpec is "
                "deprecated."
            )
        spec = KeySpec or CustomerMasterKeySpec or SYMMETRIC
        usage = self._usage(spec, KeyUsage)
        store = self._store_for(Origin, CustomKeyStoreId, spec, bool(MultiRegion), XksKeyId)
        self.limits.quota("keys", self._customer_keys())
        tags = self.checked_tags(Tags)
        origin = store.origin if store is not None else Origin or "AWS_KMS"
        policy = policies.default(self.partition, self.account)
        if Policy is not None:
            policy = self.checked_policy(Policy, self.arn("key/*"), bypass=BypassPolicyLockoutSafetyCheck)
        key = self.new_key(policy, spec, usage, origin, multi_region=bool(MultiRegion))
        key.description = Description or ""
        key.tags = tags
        key.store, key.xks_id = store, XksKeyId
        self.keys.add(key)
        return {"KeyMetadata": key.described(self.now)}

    def _usage(self, spec: str, usage: str | None) -> str:
        known = SPECS.get(spec)
        if known is None:
            self.not_modelled(f"keys of spec {spec}")
        if known.family == "sm2":
            if self.partition == "aws-cn":
                self.not_modelled("keys of spec SM2")
            raise refusals.unsupported("SM2 keys are supported in China Regions only.")
        if usage is None:
            if spec != SYMMETRIC:
                raise refusals.invalid(
                    "You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys."
                )
            return ENCRYPT_DECRYPT
        if usage not in known.usages:
            raise refusals.invalid(f"KeyUsage {usage} is not compatible with KeySpec {spec}")
        return usage

    def _store_for(
        self, origin: str | None, store_id: str | None, spec: str, multi_region: bool, xks_id: str | None
    ) -> KeyStore | None:
        """The custom key store that a key is to be in."""
        if store_id is None:
            if origin in ("AWS_CLOUDHSM", "EXTERNAL_KEY_STORE"):
                raise refusals.invalid(f"You must specify a CustomKeyStoreId for keys with Origin {origin}.")
            if xks_id is not None:
                raise refusals.invalid("XksKeyId can be specified only for keys with Origin EXTERNAL_KEY_STORE.")
            return None
        store: KeyStore = self.stores[store_id]
        if origin != store.origin:
            raise refusals.invalid(f"Keys in the custom key store {store_id} must have the Origin {store.origin}.")
        if spec != SYMMETRIC or multi_region:
            raise refusals.unsupported("A custom key store holds single-Region symmetric encryption keys only.")
        if store.state != "CONNECTED":
            message = f"The custom key store {store_id} is {store.state}; it must be CONNECTED."
            raise AWSError("CustomKeyStoreInvalidStateException", message)
        if store.type == EXTERNAL:
            if xks_id is None:
                raise refusals.invalid("You must specify an XksKeyId for keys with Origin EXTERNAL_KEY_STORE.")
            if any(key.store is store and key.xks_id == xks_id for key in self.keys):
                message = f"The external key {xks_id} is already associated with a KMS key in this key store."
                raise AWSError("XksKeyAlreadyInUseException", message)
        return store

    def _customer_keys(self) -> int:
        return len(self.keys) - len(self.managed)

    def describe_key(self, KeyId: str, GrantTokens: Sequence[str] = ()) -> dict[str, Any]:
        return {"KeyMetadata": self.key_named(KeyId).described(self.now)}

    def list_keys(self, Limit: int | None = None, Marker: str | None = None) -> dict[str, Any]:
        def shown(key: Key) -> dict[str, str]:
            return {"KeyId": key.id, "KeyArn": key.arn}

        return self.page("Keys", self.keys, lambda key: key.id, shown, Limit, Marker)

    def update_key_description(self, KeyId: str, Description: str) -> None:
        self.key_named(KeyId, "Enabled", "Disabled", "PendingImport", "Unavailable").description = Description

    def enable_key(self, KeyId: str) -> None:
        key = self.key_named(KeyId, "Enabled", "Disabled", "Unavailable")
        key.enabled = True
        self.catch_up(key)

    def disable_key(self, KeyId: str) -> None:
        self.key_named(KeyId, "Enabled", "Disabled", "Unavailable").enabled = False

    def get_key_last_usage(self, KeyId: str) -> dict[str, Any]:
        key = self.key_named(KeyId)
        answer: dict[str, Any] = {
            "KeyId": key.arn,
            "KeyCreationDate": moment(key.created),
            "TrackingStartDate": moment(key.created),
        }
        if key.last_use is not None:
            operation, time, request = key.last_use
            answer["KeyLastUsage"] = {"Operation": operation, "Timestamp": moment(time), "KmsRequestId": request}
        return answer

    # --- deletion

    def schedule_key_deletion(self, KeyId: str, PendingWindowInDays: int | None = None) -> dict[str, Any]:
        key = self.key_named(KeyId, "Enabled", "Disabled", "PendingImport", "Unavailable")
        days = PendingWindowInDays or self.limits["deletion-wait"]
        key.window = days
        if not (key.is_primary and len(key.family.members) > 1):
            self._count_down(key)
        answer: dict[str, Any] = {"KeyId": key.arn, "KeyState": key.state(self.now), "PendingWindowInDays": days}
        if key.deletion is not None:
            answer["DeletionDate"] = moment(key.deletion)
        return answer

    def _count_down(self, key: Key) -> None:
        """Begin the waiting period of a key that is to be deleted."""
        assert key.window is not None
        key.deletion = self.now + key.window * _DAY
        key.deletion_job = self.at_time(key.deletion, "_delete", key=key.id)

    def cancel_key_deletion(self, KeyId: str) -> dict[str, Any]:
        key = self.key_named(KeyId)
        if key.window is None:
            raise AWSError("KMSInvalidStateException", f"{key.arn} is not pending deletion.")
        if key.deletion_job is not None:
            self.cancel(key.deletion_job)
        key.window = key.deletion = key.deletion_job = None
        key.enabled = False
        return {"KeyId": key.arn}

    def _delete(self, key: str) -> None:
        """The waiting period of a key is over. The last replica gone, that of its primary begins."""
        found: Key = self.keys.remove(key)
        for name in found.aliases:
            self.aliases.remove(name)
        family = found.family
        del family.members[self.region]
        if not found.is_replica:
            family.schedule(self.now, None)
            self.wind(family)
        elif len(family.members) == 1:
            (primary,) = family.members.values()
            if primary.window is not None and primary.deletion is None:
                self.at(region=primary.region)._count_down(primary)

    # --- policies

    def put_key_policy(
        self,
        KeyId: str,
        Policy: str,
        PolicyName: str | None = None,
        BypassPolicyLockoutSafetyCheck: bool | None = None,
    ) -> None:
        key = self.key_named(KeyId)
        self._check_policy_name(PolicyName)
        if key.state(self.now) == "Creating":
            raise refusals.bad_state(key.arn, "Creating")
        key.policy = self.checked_policy(Policy, key.arn, bypass=BypassPolicyLockoutSafetyCheck)

    def get_key_policy(self, KeyId: str, PolicyName: str | None = None) -> dict[str, Any]:
        key = self.key_named(KeyId)
        self._check_policy_name(PolicyName)
        return {"Policy": key.policy, "PolicyName": _POLICY}

    def list_key_policies(self, KeyId: str, Limit: int | None = None, Marker: str | None = None) -> dict[str, Any]:
        self.key_named(KeyId)
        return self.page("PolicyNames", (_POLICY,), str, str, Limit, Marker)

    @staticmethod
    def _check_policy_name(name: str | None) -> None:
        if name not in (None, _POLICY):
            raise refusals.not_found("No such policy exists")

    # --- tags

    def tag_resource(self, KeyId: str, Tags: Sequence[Mapping[str, str]]) -> None:
        key = self.key_named(KeyId, "Enabled", "Disabled", "PendingImport", "Unavailable")
        key.tags = self.checked_tags(Tags, key.tags)

    def untag_resource(self, KeyId: str, TagKeys: Sequence[str]) -> None:
        key = self.key_named(KeyId, "Enabled", "Disabled", "PendingImport", "Unavailable")
        key.tags = key.tags.without(TagKeys)

    def list_resource_tags(self, KeyId: str, Limit: int | None = None, Marker: str | None = None) -> dict[str, Any]:
        tags = self.key_named(KeyId).tags

        def shown(name: str) -> dict[str, str]:
            return {"TagKey": name, "TagValue": tags[name]}

        return self.page("Tags", tags, str, shown, Limit, Marker, "short-page-size")

    def checked_tags(self, given: Sequence[Mapping[str, str]], known: Tags | None = None) -> Tags:
        if len({tag["TagKey"] for tag in given}) < len(given):
            raise AWSError("TagException", "Duplicate tag keys")
        return (known if known is not None else Tags()).with_(self, tag_map(given), invalid="TagException")

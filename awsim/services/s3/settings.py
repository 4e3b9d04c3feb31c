"""The configurations of a bucket: stored, validated and given back.

What a configuration does is elsewhere: `lifecycle`, `tiering`, `replication`, `notifications`, `access_logs`,
`inventory`, `analytics`, `locks`, `website`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from awsim.lazily import lazily
from awsim.services.s3 import acl, listing
from awsim.services.s3 import tags as tagging
from awsim.services.s3.access_logs import AccessLogs
from awsim.services.s3.analytics import Analyses
from awsim.services.s3.bucket import Bucket as BucketRecord
from awsim.services.s3.buckets import Buckets
from awsim.services.s3.inventory import Inventories
from awsim.services.s3.object_settings import ObjectSettings
from awsim.services.s3.permissions import BLOCKS

if TYPE_CHECKING:
    from awsim.services.s3 import policies, rules
else:
    policies = lazily("awsim.services.s3.policies")
    rules = lazily("awsim.services.s3.rules")

_NO_CONTENT = {"__status__": 204}


class Settings(Buckets, ObjectSettings, AccessLogs, Inventories, Analyses):
    def _put(self, bucket: BucketRecord, name: str, value: Any) -> None:
        bucket.settings[name] = value

    def _get(self, name: str, expected_owner: str | None, setting: str, code: str) -> Any:
        """A setting of a bucket; `code` is the error where there is none."""
        value = self.bucket_for(name, expected_owner).settings.get(setting)
        if value is None:
            raise self.error(code, BucketName=name)
        return value

    def _delete(self, name: str, expected_owner: str | None, setting: str) -> dict[str, Any]:
        self.bucket_for(name, expected_owner).settings.pop(setting, None)
        return dict(_NO_CONTENT)

    # --- versioning

    def put_bucket_versioning(
        self,
        Bucket: str,
        VersioningConfiguration: dict[str, Any],
        MFA: str | None = None,
        ContentMD5: str | None = None,
        ChecksumAlgorithm: str | None = None,
        ExpectedBucketOwner: str | None = None,
    ) -> None:
        bucket = self.bucket_for(Bucket, ExpectedBucketOwner)
        status, mfa_delete = VersioningConfiguration.get("Status"), VersioningConfiguration.get("MFADelete")
        if status is None and mfa_delete is None:
            raise self.error("IllegalVersioningConfigurationException", "The Versioning element must be specified")
        if mfa_delete == "Enabled" and status != "Enabled":
            raise self.error(
                "IllegalVersioningConfigurationException",
                "The MFADelete element can only be enabled along with enabled versioning.",
            )
        changes = mfa_delete is not None and mfa_delete != (bucket.mfa_delete or "Disabled")
        if changes or (status == "Suspended" and bucket.mfa_delete == "Enabled"):
            self.check_mfa(MFA)
        if status == "Suspended":
            self._check_suspension(bucket)
        if status is not None:
            bucket.versioning = status
        if mfa_delete is not None:
            bucket.mfa_delete = mfa_delete

    def _check_suspension(self, bucket: BucketRecord) -> None:
        if bucket.is_locked:
            raise self.error(
                "InvalidBucketState",
                "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.",
            )
        if "replication" in bucket.settings:
            raise self.error(
                "InvalidBucketState",
                "A replication configuration is present on this bucket, so you cannot change the versioning state. To "
                "change the versioning state, first delete the replication configuration.",
            )

    def get_bucket_versioning(self, Bucket: str, ExpectedBucketOwner: str | None = None) -> dict[str, Any]:
        bucket = self.bucket_for(Bucket, ExpectedBucketOwner)
        answer = {"Status": bucket.versioning, "MFADelete": bucket.mfa_delete}
        return {name: value for name, value in answer.items() if value is not None}

    # --- tags

    def put_bucket_tagging(
        self,
        Bucket: str,
        Tagging: dict[str, Any],
        ContentMD5: str | None = None,
        ChecksumAlgorithm: str | None = None,
        ExpectedBucketOwner: str | None = None,
    ) -> dict[str, Any]:
        bucket = self.bucket_for(Bucket, ExpectedBucketOwner)
        tags = tagging.from_set(Tagging.get("TagSet"), self.limits, "bucket-tags")
        if tags:
            self._put(bucket, "tagging", tags)
        else:
            bucket.settings.pop("tagging", None)
        return dict(_NO_CONTENT)

    def get_bucket_tagging(self, Bucket: str, ExpectedBucketOwner: str | None = None) -> dict[str, Any]:
        return {"TagSet": tagging.as_set(self._get(Bucket, ExpectedBucketOwner, "tagging", "NoSuchTagSet"))}

    def delete_bucket_tagging(self, Bucket: str, ExpectedBucketOwner: str | None = None) -> dict[str, Any]:
        return self._delete(Bucket, ExpectedBucketOwner, "tagging")

    # --- policy

    def put_bucket_policy(
        self,
        Bucket: str,
        Policy: str,
        ContentMD5: str | None = None,
        ChecksumAlgorithm: str | None = None,
        ConfirmRemoveSelfBucketAccess: bool | None = None,
        ExpectedBucketOwner: str | None = None,
    ) -> dict[str, Any]:
        bucket = self.bucket_for(Bucket, ExpectedBucketOwner)
        text = Policy.decode() if isinstance(Policy, bytes) else Policy
        self.limits.check("policy-size", len(text.encode()))
        arn = self.bucket_arn(Bucket)
        self.check_principals(policies.check(text, arn))
        if self.public_access(bucket)["BlockPublicPolicy"] and policies.is_public(json.loads(text)):
            raise self.prevented(bucket, "s3:PutBucketPolicy", arn, "policies", "BlockPublicPolicy")
        self._put(bucket, "policy", text)
        return dict(_NO_CONTENT)

    def get_bucket_policy(self, Bucket: str, ExpectedBucketOwner: str | None = None) -> dict[str, Any]:
        return {"Policy": self._get(Bucket, ExpectedBucketOwner, "policy", "NoSuchBucketPolicy")}

    def delete_bucket_policy(self, Bucket: str, ExpectedBucketOwner: str | None = None) -> dict[str, Any]:
        return self._delete(Bucket, ExpectedBucketOwner, "policy")

    def get_bucket_policy_status(self, Bucket: str, ExpectedBucketOwner: str | None = None) -> dict[str, Any]:
        text = self._get(Bucket, ExpectedBucketOwner, "policy", "NoSuchBucketPolicy")
        return {"PolicyStatus": {"IsPublic": policies.is_public(json.loads(text))}}

    # --- access control list, ownership, public access

    def get_bucket_acl(self, Bucket: str, ExpectedBucketOwner: str | None = None) -> dict[str, Any]:
        bucket = self.bucket_for(Bucket, ExpectedBucketOwner)
        grants = bucket.settings.get("acl", acl.default(bucket.account))
        return {"Owner": {"ID": acl.canonical_id(bucket.account)}, "Grants": list(grants)}

    def put_bucket_acl(
        self,
        Bucket: str,
        ACL: str | None = None,
        AccessControlPolicy: dict[str, Any] | None = None,
        GrantFullControl: str | None = None,
        GrantRead: str | None = None,
        GrantReadACP: str | None = None,
        GrantWrite: str | None = None,
        GrantWriteACP: str | None = None,
        ContentMD5: str | None = None,
        ChecksumAlgorithm: str | None = None,
        ExpectedBucketOwner: str | None = None,
    ) -> None:
        bucket = self.bucket_for(Bucket, ExpectedBucketOwner)
        headers = {
            "FULL_CONTROL": GrantFullControl,
            "READ": GrantRead,
            "READ_ACP": GrantReadACP,
            "WRITE": GrantWrite,
            "WRITE_ACP": GrantWriteACP,
        }
        grants = self.put_acl(bucket, bucket.account, ACL, headers, AccessControlPolicy)
        if grants is not None:
            self._put(bucket, "acl", grants)

    def put_bucket_ownership_controls(
        self,
        Bucket: str,
        OwnershipControls: dict[str, Any],
        ContentMD5: str | None = None,
        ChecksumAlgorithm: str | None = None,
        ExpectedBucketOwner: str | None = None,
    ) -> None:
        bucket = self.bucket_for(Bucket, ExpectedBucketOwner)
        given = OwnershipControls["Rules"]
        if len(given) != 1 or not given[0].get("ObjectOwnership"):
            raise self.malformed_xml()
        if given[0]["ObjectOwnership"] == "BucketOwnerEnforced":
            grants = bucket.settings.get("acl")
            if grants is not None and grants != acl.default(bucket.account):
                raise self.error("InvalidBucketAclWithObjectOwnership")
        self._put(bucket, "ownership-controls", OwnershipControls)

    def get_bucket_ownership_controls(self, Bucket: str, ExpectedBucketOwner: str | None = None) -> dict[str, Any]:
        found = self._get(Bucket, ExpectedBucketOwner, "ownership-controls", "OwnershipControlsNotFoundError")
        return {"OwnershipControls": found}

    def delete_bucket_ownership_controls(self, Bucket: str, ExpectedBucketOwner: str | None = None) -> dict[str, Any]:
        return self._delete(Bucket, ExpectedBucketOwner, "ownership-controls")

    def put_public_access_block(
        self,
        Bucket: str,
        PublicAccessBlockConfiguration: dict[str, Any],
        ContentMD5: str | None = None,
        ChecksumAlgorithm: str | None = None,
        ExpectedBucketOwner: str | None = None,
    ) -> None:
        bucket = self.bucket_for(Bucket, ExpectedBucketOwner)
        given = PublicAccessBlockConfiguration
        self._put(bucket, "public-access-block", {name: bool(given.get(name)) for name in BLOCKS})

    def get_public_access_block(self, Bucket: str, ExpectedBucketOwner: str | None = None) -> dict[str, Any]:
        code = "NoSuchPublicAccessBlockConfiguration"
        found = self._get(Bucket, ExpectedBucketOwner, "public-access-block", code)
        return {"PublicAccessBlockConfiguration": found}

    def delete_public_access_block(self, Bucket: str, ExpectedBucketOwner: str | None = None) -> dict[str, Any]:
        return self._delete(Bucket, ExpectedBucketOwner, "public-access-block")

    # --- CORS

    def put_bucket_cors(
        self,
        Bucket: str,
        CORSConfiguration: dict[str, Any],
        ContentMD5: str | None = None,
        ChecksumAlgorithm: str | None = None,
        ExpectedBucketOwner: str | None = None,
    ) -> None:
        bucket = self.bucket_for(Bucket, ExpectedBucketOwner)
        rules.check_cors(CORSConfiguration["CORSRules"])
        self._put(bucket, "cors", CORSConfiguration["CORSRules"])

    def get_bucket_cors(self, Bucket: str, ExpectedBucketOwner: str | None = None) -> dict[str, Any]:
        return {"CORSRules": self._get(Bucket, ExpectedBucketOwner, "cors", "NoSuchCORSConfiguration")}

    def delete_bucket_cors(self, Bucket: str, ExpectedBucketOwner: str | None = None) -> dict[str, Any]:
        return self._delete(Bucket, ExpectedBucketOwner, "cors")

    # --- lifecycle

    def put_bucket_lifecycle_configuration(
        self,
        Bucket: str,
        LifecycleConfiguration: dict[str, Any] | None = None,
        ChecksumAlgorithm: str | None = None,
        TransitionDefaultMinimumObjectSize: str | None = None,
        ExpectedBucketOwner: str | None = None,
    ) -> dict[str, Any]:
        bucket = self.bucket_for(Bucket, ExpectedBucketOwner)
        given = (LifecycleConfiguration or {}).get("Rules") or ()
        rules.check_lifecycle(given, self.limits)
        named = [rule if rule.get("ID") else {"ID": self.ids.hex("lifecycle-rule", 32), **rule} for rule in given]
        smallest = TransitionDefaultMinimumObjectSize or self.limits["transition-default-minimum-size"]
        self._put(bucket, "lifecycle", {"Rules": named, "TransitionDefaultMinimumObjectSize": smallest})
        self.reschedule(bucket)
        return {"TransitionDefaultMinimumObjectSize": smallest}

    def put_bucket_lifecycle(
        self,
        Bucket: str,
        ContentMD5: str | None = None,
        ChecksumAlgorithm: str | None = None,
        LifecycleConfiguration: dict[str, Any] | None = None,
        ExpectedBucketOwner: str | None = None,
    ) -> None:
        """The older form, whose rules have a prefix and at most one transition of a kind."""
        from awsim.services.s3 import lifecycle_rules

        given = (LifecycleConfiguration or {}).get("Rules") or ()
        newer = {"Rules": [lifecycle_rules.as_list(rule) for rule in given]}
        self.put_bucket_lifecycle_configuration(Bucket, newer, ExpectedBucketOwner=ExpectedBucketOwner)

    def get_bucket_lifecycle(self, Bucket: str, ExpectedBucketOwner: str | None = None) -> dict[str, Any]:
        found = self._get(Bucket, ExpectedBucketOwner, "lifecycle", "NoSuchLifecycleConfiguration")
        from awsim.services.s3 import lifecycle_rules

        return {"Rules": [lifecycle_rules.as_single(rule) for rule in found["Rules"]]}

    def get_bucket_lifecycle_configuration(self, Bucket: str, ExpectedBucketOwner: str | None = None) -> dict[str, Any]:
        return dict(self._get(Bucket, ExpectedBucketOwner, "lifecycle", "NoSuchLifecycleConfiguration"))

    def delete_bucket_lifecycle(self, Bucket: str, ExpectedBucketOwner: str | None = None) -> dict[str, Any]:
        bucket = self.bucket_for(Bucket, ExpectedBucketOwner)
        bucket.settings.pop("lifecycle", None)
        self.reschedule(bucket)
        return dict(_NO_CONTENT)

    # --- encryption

    def put_bucket_encryption(
        self,
        Bucket: str,
        ServerSideEncryptionConfiguration: dict[str, Any],
        ContentMD5: str | None = None,
        ChecksumAlgorithm: str | None = None,
        ExpectedBucketOwner: str | None = None,
    ) -> None:
        bucket = self.bucket_for(Bucket, ExpectedBucketOwner)
        given = ServerSideEncryptionConfiguration["Rules"]
        rules.check_encryption(given)
        rule = {name: value for name, value in given[0].items() if name != "BlockedEncryptionTypes"}
        rule.setdefault("ApplyServerSideEncryptionByDefault", {"SSEAlgorithm": "AES256"})
        rule.setdefault("BucketKeyEnabled", False)
        blocked = given[0].get("BlockedEncryptionTypes")
        if blocked is not None:
            self._put(bucket, "customer-keys-blocked", "SSE-C" in (blocked.get("EncryptionType") or ()))
        self._put(bucket, "encryption", {"Rules": [rule]})

    def get_bucket_encryption(self, Bucket: str, ExpectedBucketOwner: str | None = None) -> dict[str, Any]:
        bucket = self.bucket_for(Bucket, ExpectedBucketOwner)
        default = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}
        rule = bucket.settings["encryption"]["Rules"][0] if "encryption" in bucket.settings else default
        if bucket.settings.get("customer-keys-blocked"):
            rule = {**rule, "BlockedEncryptionTypes": {"EncryptionType": ["SSE-C"]}}
        return {"ServerSideEncryptionConfiguration": {"Rules": [rule]}}

    def delete_bucket_encryption(self, Bucket: str, ExpectedBucketOwner: str | None = None) -> dict[str, Any]:
        return self._delete(Bucket, ExpectedBucketOwner, "encryption")

    # --- website, logging, notifications

    def put_bucket_website(
        self,
        Bucket: str,
        WebsiteConfiguration: dict[str, Any],
        ContentMD5: str | None = None,
        ChecksumAlgorithm: str | None = None,
        ExpectedBucketOwner: str | None = None,
    ) -> None:
        bucket = self.bucket_for(Bucket, ExpectedBucketOwner)
        rules.check_website(WebsiteConfiguration, self.limits)
        self._put(bucket, "website", WebsiteConfiguration)

    def get_bucket_website(self, Bucket: str, ExpectedBucketOwner: str | None = None) -> dict[str, Any]:
        return dict(self._get(Bucket, ExpectedBucketOwner, "website", "NoSuchWebsiteConfiguration"))

    def delete_bucket_website(self, Bucket: str, ExpectedBucketOwner: str | None = None) -> dict[str, Any]:
        return self._delete(Bucket, ExpectedBucketOwner, "website")

    def put_bucket_logging(
        self,
        Bucket: str,
        BucketLoggingStatus: dict[str, Any],
        ContentMD5: str | None = None,
        ChecksumAlgorithm: str | None = None,
        ExpectedBucketOwner: str | None = None,
    ) -> None:
        bucket = self.bucket_for(Bucket, ExpectedBucketOwner)
        enabled = BucketLoggingStatus.get("LoggingEnabled")
        if enabled is None:
            bucket.settings.pop("logging", None)
            return
        self.check_logging(bucket, enabled)
        self._put(bucket, "logging", enabled)

    def get_bucket_logging(self, Bucket: str, ExpectedBucketOwner: str | None = None) -> dict[str, Any]:
        enabled = self.bucket_for(Bucket, ExpectedBucketOwner).settings.get("logging")
        return {} if enabled is None else {"LoggingEnabled": enabled}

    def put_bucket_notification_configuration(
        self,
        Bucket: str,
        NotificationConfiguration: dict[str, Any],
        SkipDestinationValidation: bool | None = None,
        ExpectedBucketOwner: str | None = None,
    ) -> None:
        bucket = self.bucket_for(Bucket, ExpectedBucketOwner)
        rules.check_notifications(NotificationConfiguration, bucket.region, self.limits)
        kept: dict[str, Any] = {}
        for kind in ("TopicConfigurations", "QueueConfigurations", "LambdaFunctionConfigurations"):
            entries = NotificationConfiguration.get(kind)
            if entries:
                kept[kind] = [self._notification(entry) for entry in entries]
        if NotificationConfiguration.get("EventBridgeConfiguration") is not None:
            kept["EventBridgeConfiguration"] = {}
        if not SkipDestinationValidation:
            self.check_destinations(bucket, kept)
            self.send_test_events(bucket, kept)
        if kept:
            self._put(bucket, "notifications", kept)
        else:
            # Without a configuration, a bucket pays nothing for events.
            bucket.settings.pop("notifications", None)

    def _notification(self, entry: Mapping[str, Any]) -> dict[str, Any]:
        kept = dict(entry)
        if not kept.get("Id"):
            kept["Id"] = self.ids.uuid("notification")
        found = ((kept.get("Filter") or {}).get("Key") or {}).get("FilterRules")
        if found:
            named = [{"Name": rule["Name"].capitalize(), "Value": rule.get("Value", "")} for rule in found]
            kept["Filter"] = {"Key": {"FilterRules": named}}
        return kept

    def get_bucket_notification_configuration(
        self, Bucket: str, ExpectedBucketOwner: str | None = None
    ) -> dict[str, Any]:
        return dict(self.bucket_for(Bucket, ExpectedBucketOwner).settings.get("notifications", {}))

    # --- payment, acceleration

    def put_bucket_request_payment(
        self,
        Bucket: str,
        RequestPaymentConfiguration: dict[str, Any],
        ContentMD5: str | None = None,
        ChecksumAlgorithm: str | None = None,
        ExpectedBucketOwner: str | None = None,
    ) -> None:
        bucket = self.bucket_for(Bucket, ExpectedBucketOwner)
        self._put(bucket, "payer", RequestPaymentConfiguration["Payer"])

    def get_bucket_request_payment(self, Bucket: str, ExpectedBucketOwner: str | None = None) -> dict[str, Any]:
        return {"Payer": self.bucket_for(Bucket, ExpectedBucketOwner).settings.get("payer", "BucketOwner")}

    def put_bucket_accelerate_configuration(
        self,
        Bucket: str,
        AccelerateConfiguration: dict[str, Any],
        ChecksumAlgorithm: str | None = None,
        ExpectedBucketOwner: str | None = None,
    ) -> None:
        bucket = self.bucket_for(Bucket, ExpectedBucketOwner)
        if not AccelerateConfiguration.get("Status"):
            raise self.malformed_xml()
        if "." in Bucket:
            raise self.error(
                "InvalidRequest",
                "S3 Transfer Acceleration is not supported for buckets with periods (.) in their names",
            )
        self._put(bucket, "accelerate", AccelerateConfiguration["Status"])

    def get_bucket_accelerate_configuration(
        self, Bucket: str, ExpectedBucketOwner: str | None = None, RequestPayer: str | None = None
    ) -> dict[str, Any]:
        status = self.bucket_for(Bucket, ExpectedBucketOwner).settings.get("accelerate")
        return {} if status is None else {"Status": status}

    # --- object lock, replication

    def put_object_lock_configuration(
        self,
        Bucket: str,
        ObjectLockConfiguration: dict[str, Any] | None = None,
        Token: str | None = None,
        ContentMD5: str | None = None,
        ChecksumAlgorithm: str | None = None,
        ExpectedBucketOwner: str | None = None,
        RequestPayer: str | None = None,
    ) -> None:
        bucket = self.bucket_for(Bucket, ExpectedBucketOwner)
        if ObjectLockConfiguration is None:
            raise self.malformed_xml()
        rules.check_object_lock(ObjectLockConfiguration, self.limits)
        if bucket.versioning != "Enabled":
            raise self.error(
                "InvalidBucketState",
                "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration",
            )
        self._put(bucket, "object-lock", ObjectLockConfiguration)

    def get_object_lock_configuration(self, Bucket: str, ExpectedBucketOwner: str | None = None) -> dict[str, Any]:
        code = "ObjectLockConfigurationNotFoundError"
        return {"ObjectLockConfiguration": self._get(Bucket, ExpectedBucketOwner, "object-lock", code)}

    def put_bucket_replication(
        self,
        Bucket: str,
        ReplicationConfiguration: dict[str, Any],
        Token: str | None = None,
        ContentMD5: str | None = None,
        ChecksumAlgorithm: str | None = None,
        ExpectedBucketOwner: str | None = None,
    ) -> None:
        from awsim.services.s3 import replication_rules

        bucket = self.bucket_for(Bucket, ExpectedBucketOwner)
        if bucket.versioning != "Enabled":
            raise self.error(
                "InvalidRequest", "Versioning must be 'Enabled' on the bucket to apply a replication configuration"
            )
        rules.check_replication(ReplicationConfiguration, self.limits)
        for rule in ReplicationConfiguration["Rules"]:
            target = self.buckets.get(rule["Destination"]["Bucket"].rpartition(":")[2])
            if target is None:
                raise self.error("InvalidRequest", "Destination bucket must exist.")
            if target is bucket:
                raise self.error("InvalidRequest", "Destination bucket cannot be the same as the source bucket.")
            if target.versioning != "Enabled":
                raise self.error("InvalidRequest", "Destination bucket must have versioning enabled.")
        given = [
            rule if rule.get("ID") else {**rule, "ID": self.ids.hex("replication-rule", 32)}
            for rule in ReplicationConfiguration["Rules"]
        ]
        self._put(bucket, "replication", {**ReplicationConfiguration, "Rules": given})
        bucket.replicating = replication_rules.compiled(bucket.settings["replication"])

    def get_bucket_replication(self, Bucket: str, ExpectedBucketOwner: str | None = None) -> dict[str, Any]:
        code = "ReplicationConfigurationNotFoundError"
        return {"ReplicationConfiguration": self._get(Bucket, ExpectedBucketOwner, "replication", code)}

    def delete_bucket_replication(self, Bucket: str, ExpectedBucketOwner: str | None = None) -> dict[str, Any]:
        bucket = self.bucket_for(Bucket, ExpectedBucketOwner)
        bucket.settings.pop("replication", None)
        bucket.replicating = None
        return dict(_NO_CONTENT)

    # --- configurations by id

    def _put_named(
        self, name: str, owner: str | None, kind: str, id: str, configuration: Mapping[str, Any]
    ) -> dict[str, Any]:
        bucket = self.bucket_for(name, owner)
        if configuration.get("Id") != id:
            raise self.error("IdMismatch")
        known = bucket.settings.get(kind) or {}
        if id not in known:
            self.limits.quota(f"{kind}-configurations", len(known), name)
        self._put(bucket, kind, {**known, id: configuration})
        return dict(_NO_CONTENT)

    def _get_named(self, name: str, owner: str | None, kind: str, id: str) -> Mapping[str, Any]:
        found = (self.bucket_for(name, owner).settings.get(kind) or {}).get(id)
        if found is None:
            raise self.error("NoSuchConfiguration")
        return found

    def _delete_named(self, name: str, owner: str | None, kind: str, id: str) -> dict[str, Any]:
        self._get_named(name, owner, kind, id)
        bucket = self.bucket_for(name, owner)
        self._put(bucket, kind, {key: value for key, value in bucket.settings[kind].items() if key != id})
        self.cancel_report(kind, bucket, id)
        return dict(_NO_CONTENT)

    def _list_named(
        self, name: str, owner: str | None, kind: str, member: str, continuation: str | None
    ) -> dict[str, Any]:
        known = self.bucket_for(name, owner).settings.get(kind) or {}
        after = ""
        if continuation is not None:
            marker = listing.marker_of(continuation)
            if marker is None:
                raise self.invalid("The continuation token provided is incorrect", "continuation-token", continuation)
            after = marker
        ids = sorted(id for id in known if id > after)
        size = int(self.limits["configurations-page"] or len(ids))
        answer: dict[str, Any] = {"IsTruncated": len(ids) > size}
        if continuation is not None:
            answer["ContinuationToken"] = continuation
        if len(ids) > size:
            answer["NextContinuationToken"] = listing.token(ids[size - 1])
        if ids:
            answer[member] = [known[id] for id in ids[:size]]
        return answer

    def put_bucket_inventory_configuration(
        self, Bucket: str, Id: str, InventoryConfiguration: dict[str, Any], ExpectedBucketOwner: str | None = None
    ) -> dict[str, Any]:
        bucket = self.bucket_for(Bucket, ExpectedBucketOwner)
        self.check_inventory(InventoryConfiguration)
        known = Id in (bucket.settings.get("inventory") or {})
        answer = self._put_named(Bucket, ExpectedBucketOwner, "inventory", Id, InventoryConfiguration)
        if not known:
            self.plan_inventory(bucket, Id)
        return answer

    def get_bucket_inventory_configuration(
        self, Bucket: str, Id: str, ExpectedBucketOwner: str | None = None
    ) -> dict[str, Any]:
        return {"InventoryConfiguration": self._get_named(Bucket, ExpectedBucketOwner, "inventory", Id)}

    def delete_bucket_inventory_configuration(
        self, Bucket: str, Id: str, ExpectedBucketOwner: str | None = None
    ) -> dict[str, Any]:
        return self._delete_named(Bucket, ExpectedBucketOwner, "inventory", Id)

    def list_bucket_inventory_configurations(
        self, Bucket: str, ContinuationToken: str | None = None, ExpectedBucketOwner: str | None = None
    ) -> dict[str, Any]:
        member = "InventoryConfigurationList"
        return self._list_named(Bucket, ExpectedBucketOwner, "inventory", member, ContinuationToken)

    def put_bucket_analytics_configuration(
        self, Bucket: str, Id: str, AnalyticsConfiguration: dict[str, Any], ExpectedBucketOwner: str | None = None
    ) -> dict[str, Any]:
        bucket = self.bucket_for(Bucket, ExpectedBucketOwner)
        self.check_analysis(AnalyticsConfiguration)
        known = Id in (bucket.settings.get("analytics") or {})
        answer = self._put_named(Bucket, ExpectedBucketOwner, "analytics", Id, AnalyticsConfiguration)
        if not known:
            self.plan_analysis(bucket, Id)
        return answer

    def get_bucket_analytics_configuration(
        self, Bucket: str, Id: str, ExpectedBucketOwner: str | None = None
    ) -> dict[str, Any]:
        return {"AnalyticsConfiguration": self._get_named(Bucket, ExpectedBucketOwner, "analytics", Id)}

    def delete_bucket_analytics_configuration(
        self, Bucket: str, Id: str, ExpectedBucketOwner: str | None = None
    ) -> dict[str, Any]:
        return self._delete_named(Bucket, ExpectedBucketOwner, "analytics", Id)

    def list_bucket_analytics_configurations(
        self, Bucket: str, ContinuationToken: str | None = None, ExpectedBucketOwner: str | None = None
    ) -> dict[str, Any]:
        member = "AnalyticsConfigurationList"
        return self._list_named(Bucket, ExpectedBucketOwner, "analytics", member, ContinuationToken)

    def put_bucket_metrics_configuration(
        self, Bucket: str, Id: str, MetricsConfiguration: dict[str, Any], ExpectedBucketOwner: str | None = None
    ) -> dict[str, Any]:
        return self._put_named(Bucket, ExpectedBucketOwner, "metrics", Id, MetricsConfiguration)

    def get_bucket_metrics_configuration(
        self, Bucket: str, Id: str, ExpectedBucketOwner: str | None = None
    ) -> dict[str, Any]:
        return {"MetricsConfiguration": self._get_named(Bucket, ExpectedBucketOwner, "metrics", Id)}

    def delete_bucket_metrics_configuration(
        self, Bucket: str, Id: str, ExpectedBucketOwner: str | None = None
    ) -> dict[str, Any]:
        return self._delete_named(Bucket, ExpectedBucketOwner, "metrics", Id)

    def list_bucket_metrics_configurations(
        self, Bucket: str, ContinuationToken: str | None = None, ExpectedBucketOwner: str | None = None
    ) -> dict[str, Any]:
        member = "MetricsConfigurationList"
        return self._list_named(Bucket, ExpectedBucketOwner, "metrics", member, ContinuationToken)

    def put_bucket_intelligent_tiering_configuration(
        self,
        Bucket: str,
        Id: str,
        IntelligentTieringConfiguration: dict[str, Any],
        ExpectedBucketOwner: str | None = None,
    ) -> dict[str, Any]:
        given = IntelligentTieringConfiguration
        rules.check_tiering(given, self.limits)
        answer = self._put_named(Bucket, ExpectedBucketOwner, "intelligent-tiering", Id, given)
        self.reschedule(self.bucket_for(Bucket, ExpectedBucketOwner))
        return answer

    def get_bucket_intelligent_tiering_configuration(
        self, Bucket: str, Id: str, ExpectedBucketOwner: str | None = None
    ) -> dict[str, Any]:
        found = self._get_named(Bucket, ExpectedBucketOwner, "intelligent-tiering", Id)
        return {"IntelligentTieringConfiguration": found}

    def delete_bucket_intelligent_tiering_configuration(
        self, Bucket: str, Id: str, ExpectedBucketOwner: str | None = None
    ) -> dict[str, Any]:
        answer = self._delete_named(Bucket, ExpectedBucketOwner, "intelligent-tiering", Id)
        self.reschedule(self.bucket_for(Bucket, ExpectedBucketOwner))
        return answer

    def list_bucket_intelligent_tiering_configurations(
        self, Bucket: str, ContinuationToken: str | None = None, ExpectedBucketOwner: str | None = None
    ) -> dict[str, Any]:
        member = "IntelligentTieringConfigurationList"
        return self._list_named(Bucket, ExpectedBucketOwner, "intelligent-tiering", member, ContinuationToken)

"""Replication: what is written to a bucket goes to other buckets too, after the write has answered.

Sources: S3 User Guide, "What does Amazon S3 replicate?", "Setting up permissions for live replication", "Replication
configuration file elements", "Getting replication status information", "Amazon S3 replication failure reasons".

S3 works as the role of the configuration: it assumes it, and is judged by the policies of the role and of both buckets.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from awsim.auth.credentials import administrator, principal
from awsim.errors import AWSError
from awsim.services.s3 import acl
from awsim.services.s3.access import Access, iso
from awsim.services.s3.bucket import Bucket
from awsim.services.s3.data_keys import DataKeys
from awsim.services.s3.encryption import KMS_ALGORITHMS, Encryption
from awsim.services.s3.restore import ARCHIVED
from awsim.services.s3.versions import COMPLETED, FAILED, PENDING, REPLICA, Version

if TYPE_CHECKING:
    from awsim.gateway.call import Call
    from awsim.services.s3.replication_rules import Replicating, Rule

# What KMS says of a key -> the end of the reason that S3 gives.
_KEY_PROBLEMS = {
    "NotFoundException": "KmsKeyNotFound",
    "DisabledException": "KmsKeyInvalidState",
    "KMSInvalidStateException": "KmsKeyInvalidState",
}


class Failure(Exception):
    """Why a version did not get there, in AWS's word for it."""


class Replication(Access, DataKeys):
    # --- what happens in a bucket that is replicated

    def keep(self, bucket: Bucket, key: str, version: Version) -> None:
        """Put a new version on top, and let it go where the bucket's rules send it."""
        self.outdate(bucket, key)
        if bucket.replicating is not None:
            self._start_replicating(bucket, bucket.replicating, key, version)
        bucket.store(key, version)

    def change(self, bucket: Bucket, key: str, version: Version, **changes: Any) -> Version:
        """Change tags, access control list or lock of a version, and of its replicas where rules say so."""
        changed = version.replaced(**changes)
        bucket.change(key, changed)
        if bucket.replicating is not None and changed.replication is not None:
            names = tuple(changes)
            data = {"name": bucket.name, "key": key, "version_id": changed.id, "names": names}
            self.later(self._lateness, "replicate_changes", **data)
        return changed

    def _start_replicating(self, bucket: Bucket, replicating: Replicating, key: str, version: Version) -> None:
        rules = self._wanted(replicating, key, version)
        if not rules:
            return
        version.replication = PENDING
        late = self._lateness
        self.later(late, "replicate", name=bucket.name, key=key, version_id=version.id)
        threshold = self._threshold
        if late > threshold and any(rule.watched for rule in rules):
            self.later(threshold, "miss_threshold", name=bucket.name, key=key, version_id=version.id)

    @property
    def _lateness(self) -> float:
        """Seconds until a destination has what was written: AWS's own work, and a read elsewhere that lags."""
        return max(self.limits.duration("replication-time"), self.limits.lag("replication-lag"))

    @property
    def _threshold(self) -> float:
        """Seconds within which Replication Time Control promises a replica."""
        found = self.limits["replication-threshold"]
        return float("inf") if found is None else found

    def _wanted(self, replicating: Replicating, key: str, version: Version) -> list[Rule]:
        """The rules by which a new version is replicated; delete markers and some encryptions have to be asked for,
        and what lies in an archive is left there."""
        rules = replicating.rules_for(key, version)
        if version.is_marker:
            return [rule for rule in rules if rule.markers]
        if version.storage_class in ARCHIVED:
            return []
        stored = version.encryption
        if stored is not None and stored.customer is not None and not self.limits["replication-customer-keys"]:
            return []
        if stored is not None and stored.algorithm in KMS_ALGORITHMS:
            return [rule for rule in rules if rule.kms_key is not None]
        return rules

    # --- scheduled work

    def _replicated(self, name: str, key: str, version_id: str) -> tuple[Bucket, Replicating, Version] | None:
        bucket = self.buckets.get(name)
        version = bucket.find(key, version_id) if bucket is not None else None
        if bucket is None or version is None or bucket.replicating is None:
            return None
        return bucket, bucket.replicating, version

    def replicate(self, name: str, key: str, version_id: str) -> None:
        """Scheduled: bring a new version, or a delete marker, to all its destinations."""
        found = self._replicated(name, key, version_id)
        if found is None:
            return
        bucket, replicating, version = found
        status = COMPLETED
        for rule in self._wanted(replicating, key, version):
            try:
                self._bring(bucket, replicating.role, rule, key, version)
            except Failure as failure:
                status = FAILED
                self._report(bucket, "OperationFailedReplication", rule, key, version, str(failure))
            else:
                if rule.watched and self.clock.time() - version.modified > self._threshold:
                    self._report(bucket, "OperationReplicatedAfterThreshold", rule, key, version)
        bucket.change(key, version.replaced(replication=status))

    def miss_threshold(self, name: str, key: str, version_id: str) -> None:
        """Scheduled: replication time control was promised, and the version is not there yet."""
        found = self._replicated(name, key, version_id)
        if found is None or found[2].replication != PENDING:
            return
        bucket, replicating, version = found
        for rule in self._wanted(replicating, key, version):
            if rule.watched:
                self._report(bucket, "OperationMissedThreshold", rule, key, version)

    def replicate_changes(self, name: str, key: str, version_id: str, names: Iterable[str]) -> None:
        """Scheduled: bring changes of a version to its replicas, and those of a replica back where rules say so."""
        found = self._replicated(name, key, version_id)
        if found is None:
            return
        bucket, replicating, version = found
        for rule in replicating.rules_for(key, version):
            target = self.buckets.get(rule.bucket)
            other = target.find(key, version_id) if target is not None else None
            back = version.replication == REPLICA
            if target is None or other is None or (back and not rule.from_replicas):
                continue
            changes = {each: getattr(version, each) for each in names}
            if rule.owner is not None or target.acls_disabled:
                changes.pop("acl", None)
            try:
                self._check_rights(bucket, replicating.role, rule, key, version, target)
            except Failure as failure:
                self._report(bucket, "OperationFailedReplication", rule, key, version, str(failure))
                if not back:
                    bucket.change(key, version.replaced(replication=FAILED))
                return
            if changes:
                target.change(key, other.replaced(**changes))

    # --- one destination

    def _bring(self, bucket: Bucket, role: str, rule: Rule, key: str, version: Version) -> None:
        target = self.buckets.get(rule.bucket)
        if target is None:
            raise Failure("DstBucketNotFound")
        if target.versioning != "Enabled":
            raise Failure("DstBucketUnversioned")
        if bucket.is_locked and not target.is_locked:
            raise Failure("DstBucketObjectLockConfigMissing")
        self._check_source(bucket, version)
        self._check_rights(bucket, role, rule, key, version, target)
        changes: dict[str, Any] = {"replication": REPLICA, "sequence": target.next_sequence(), "restore": None}
        if rule.storage_class is not None and not version.is_marker:
            changes["storage_class"] = rule.storage_class
            changes["tiering"] = None
        stored = version.encryption
        if stored is not None and stored.algorithm in KMS_ALGORITHMS:
            changes["encryption"] = self._resealed(bucket, target, role, rule, key, stored)
        if rule.owner is not None or target.acls_disabled:
            changes["owner"] = target.account
            changes["acl"] = None
        replica = version.replaced(**changes)
        self.outdate(target, key)
        target.store(key, replica)
        self.emit(
            target, "ObjectRemoved:DeleteMarkerCreated" if version.is_marker else "ObjectCreated:Put", key, replica
        )

    def _check_source(self, bucket: Bucket, version: Version) -> None:
        """The bucket's owner has to own an object, or be let in by its list."""
        owner = self.owner_shown(bucket, version)
        if owner == bucket.account or version.is_marker:
            return
        grants, asks = self.list_of(bucket, version), administrator(bucket.account)
        if not all(acl.gives(grants, permission, asks, owner, False) for permission in ("READ", "READ_ACP")):
            raise Failure("SrcGetObjectNotPermitted")

    def _check_rights(self, bucket: Bucket, role: str, rule: Rule, key: str, version: Version, target: Bucket) -> None:
        """Whether the role may do all that it takes, by the policies of its own and of both buckets."""
        call = self._as_role(bucket, role)
        source, replica = f"{self._arn_of(bucket)}/{key}", f"{self._arn_of(target)}/{key}"
        self._require(call, "s3:GetReplicationConfiguration", self._arn_of(bucket), "AssumeRoleNotPermitted")
        if version.is_marker:
            self._require(call, "s3:ListBucket", self._arn_of(bucket), "SrcObjectNotFound")
            self._require(call, "s3:ReplicateDelete", replica, "DstDelObjNotPermitted")
            return
        self._require(call, "s3:GetObjectVersionForReplication", source, "SrcGetObjectNotPermitted")
        self._require(call, "s3:GetObjectVersionAcl", source, "SrcGetAclNotPermitted")
        self._require(call, "s3:ReplicateObject", replica, "DstPutObjectNotPermitted")
        if version.tags:
            self._require(call, "s3:GetObjectVersionTagging", source, "SrcGetTaggingNotPermitted")
            self._require(call, "s3:ReplicateTags", replica, "DstPutTaggingNotPermitted")
        if version.lock is not None:
            self._require(call, "s3:GetObjectRetention", source, "SrcGetObjectNotPermitted")
            self._require(call, "s3:GetObjectLegalHold", source, "SrcGetObjectNotPermitted")
        if rule.owner is not None:
            self._require(call, "s3:ObjectOwnerOverrideToBucketOwner", replica, "DstPutAclNotPermitted")

    def _as_role(self, bucket: Bucket, role: str) -> Call:
        """What policies judge: a call of S3 under the role."""
        from awsim.gateway.call import Call

        if self.cloud.authorization is not None:
            try:
                self.call(
                    "sts",
                    "AssumeRole",
                    as_="s3.amazonaws.com",
                    region_=bucket.region,
                    account_=bucket.account,
                    source_arn_=self._arn_of(bucket),
                    RoleArn=role,
                    RoleSessionName="s3-replication",
                )
            except AWSError:
                raise Failure("AssumeRoleNotPermitted") from None
        call = Call(self.cloud)
        call.service, call.operation, call.region = self.name, "(replication)", bucket.region
        call.caller = principal(role, bucket.account)
        call.instance = self
        return call

    def _require(self, call: Call, action: str, resource: str, reason: str) -> None:
        from awsim.gateway.authorizer import judged

        # Policies that ask for the values of a bucket's own keys look at the call in progress.
        outer, self.cloud.running = self.cloud.running, call
        try:
            decision = judged(call, action, resource)
        finally:
            self.cloud.running = outer
        if decision is not None and not decision.allowed:
            raise Failure(reason)

    def _resealed(
        self, bucket: Bucket, target: Bucket, role: str, rule: Rule, key: str, stored: Encryption
    ) -> Encryption:
        """How a replica is encrypted: its data key opened by the role, and sealed again under the destination's key.

        That the two may be a multi-Region pair makes no difference.
        """
        replica = stored._replace(key_id=rule.kms_key, sealed=None)
        if stored.sealed is None or stored.key_id is None or rule.kms_key is None:
            return replica
        opened = self._with_key(
            role,
            stored.key_id,
            "Decrypt",
            CiphertextBlob=stored.sealed,
            EncryptionContext=self.context_of(bucket, key, stored),
        )
        sealed = self._with_key(
            role,
            rule.kms_key,
            "Encrypt",
            Plaintext=opened["Plaintext"],
            EncryptionContext=self.context_of(target, key, replica),
        )
        return replica._replace(key_id=sealed["KeyId"], sealed=sealed["CiphertextBlob"])

    def _with_key(self, role: str, key: str, operation: str, **parameters: Any) -> dict[str, Any]:
        """An answer of KMS to the role; its refusals keep the version from being replicated."""
        _, _, _, region, account, _ = key.split(":", 5)
        try:
            return self.call("kms", operation, as_=role, region_=region, account_=account, KeyId=key, **parameters)
        except AWSError as error:
            side = "Src" if operation == "Decrypt" else "Dst"
            raise Failure(f"{side}{_KEY_PROBLEMS.get(error.code, 'KmsKeyAccessDenied')}") from None

    def _report(
        self, bucket: Bucket, event: str, rule: Rule, key: str, version: Version, reason: str | None = None
    ) -> None:
        """An event of replication, with what AWS says of the operation in it."""
        told: dict[str, Any] = {
            "replicationRuleId": rule.id,
            "destinationBucket": f"arn:{self.partition}:s3:::{rule.bucket}",
            "s3Operation": "OBJECT_DELETE" if version.is_marker else "OBJECT_PUT",
            "requestTime": iso(version.modified).replace("Z", ".000Z"),
        }
        if reason is not None:
            told["failureReason"] = reason
        if event.endswith("Threshold"):
            told["threshold"] = str(int(self._threshold))
        if event == "OperationReplicatedAfterThreshold":
            told["replicationTime"] = str(int(self.clock.time() - version.modified))
        self.emit(bucket, f"Replication:{event}", key, version, replication=told)

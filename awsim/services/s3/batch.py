"""What S3 Batch Operations needs to know of a bucket: which objects a generated list has, and replicating one of them.

Sources: S3 User Guide, "Specifying a manifest", "Replicating existing objects with Batch Replication"; S3 API
Reference, JobManifestGeneratorFilter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from awsim.errors import AWSError
from awsim.services.s3.bucket import Bucket
from awsim.services.s3.encryption import Encryption
from awsim.services.s3.replication import Failure, Replication
from awsim.services.s3.versions import COMPLETED, FAILED, Version

_Listed = tuple[str, str, str]
# What a filter says -> whether an encryption is meant.
_ENCRYPTIONS: dict[str, Callable[[Encryption | None], bool]] = {
    "SSES3": lambda stored: stored is not None and stored.customer is None and stored.algorithm == "AES256",
    "SSEKMS": lambda stored: stored is not None and stored.algorithm == "aws:kms",
    "DSSEKMS": lambda stored: stored is not None and stored.algorithm == "aws:kms:dsse",
    "SSEC": lambda stored: stored is not None and stored.customer is not None,
    "NOTSSE": lambda stored: stored is None,
}


class Batch(Replication):
    def batch_listing(self, name: str, filter: Mapping[str, Any]) -> list[_Listed]:
        """(bucket, key, version id) of what a generated manifest lists: the objects that there are, or every version
        that rules of replication are for."""
        bucket: Bucket | None = self.buckets.get(name)
        if bucket is None:
            raise self.no_such_bucket(name)
        found = self._replicable(bucket) if filter.get("EligibleForReplication") else self._listable(bucket)
        return [
            (name, key, self.shown_id(bucket, version) or "")
            for key, version in found
            if not version.is_marker and _matches(key, version, filter)
        ]

    def _listable(self, bucket: Bucket) -> Iterator[tuple[str, Version]]:
        for key in bucket.keys:
            version = bucket.shown(key)
            if version is not None:
                yield key, version

    def _replicable(self, bucket: Bucket) -> Iterator[tuple[str, Version]]:
        replicating = bucket.replicating
        if replicating is None:
            return
        for key in bucket.keys:
            for version in bucket.versions(key):
                if self._wanted(replicating, key, version):
                    yield key, version

    def replicate_existing(self, name: str, key: str, version_id: str | None, role: str) -> None:
        """Bring a version to where the bucket's rules send it, on behalf of a job with a role of its own. Raises
        AWSError where that is not possible."""
        bucket: Bucket | None = self.buckets.get(name)
        if bucket is None:
            raise self.no_such_bucket(name)
        version = bucket.find(key, version_id) if version_id else bucket.current(key)
        if version is None:
            raise self.no_such_key(key)
        replicating = bucket.replicating
        rules = self._wanted(replicating, key, version) if replicating is not None else []
        if replicating is None or not rules:
            raise AWSError("InvalidRequest", "The object is not eligible for replication.", status=400)
        try:
            call = self._as_role(bucket, role)
            self._require(call, "s3:InitiateReplication", f"{self._arn_of(bucket)}/{key}", "AccessDenied")
            for rule in rules:
                self._bring(bucket, replicating.role, rule, key, version)
        except Failure as failure:
            bucket.change(key, version.replaced(replication=FAILED))
            raise AWSError(str(failure), "The object could not be replicated.", status=400) from None
        bucket.change(key, version.replaced(replication=COMPLETED))


def _matches(key: str, version: Version, filter: Mapping[str, Any]) -> bool:
    """Whether an object is one that a filter, as boto3 writes it, is for."""
    names = filter.get("KeyNameConstraint") or {}
    if names and not (
        key.startswith(tuple(names.get("MatchAnyPrefix") or ()))
        or key.endswith(tuple(names.get("MatchAnySuffix") or ()))
        or any(part in key for part in names.get("MatchAnySubstring") or ())
    ):
        return False
    after, before = filter.get("CreatedAfter"), filter.get("CreatedBefore")
    if after is not None and version.modified <= after.timestamp():
        return False
    if before is not None and version.modified >= before.timestamp():
        return False
    larger, smaller = filter.get("ObjectSizeGreaterThanBytes"), filter.get("ObjectSizeLessThanBytes")
    if larger is not None and version.size <= larger:
        return False
    if smaller is not None and version.size >= smaller:
        return False
    statuses = filter.get("ObjectReplicationStatuses")
    if statuses and (version.replication or "NONE") not in statuses:
        return False
    classes = filter.get("MatchAnyStorageClass")
    if classes and version.storage_class not in classes:
        return False
    kinds = filter.get("MatchAnyObjectEncryption")
    if kinds:
        return any(_is_encrypted(version.encryption, kind) for kind in kinds)
    return True


def _is_encrypted(stored: Encryption | None, wanted: Mapping[str, Any]) -> bool:
    for kind, more in wanted.items():
        if not _ENCRYPTIONS[kind](stored):
            continue
        key, bucket_key = more.get("KmsKeyArn"), more.get("BucketKeyEnabled")
        if stored is None or (
            key in (None, stored.key_id) and (bucket_key is None or bucket_key == bool(stored.bucket_key))
        ):
            return True
    return False

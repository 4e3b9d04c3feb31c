"""What S3 tells CloudWatch: what buckets hold, day by day, and the requests to those that are configured for that.

Sources: S3 User Guide, "Metrics and dimensions" and "Creating CloudWatch metrics configurations for request metrics".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from awsim.metering import Level, Sample
from awsim.services.s3.versions import Version

if TYPE_CHECKING:
    from awsim.gateway.call import Call
    from awsim.services.s3.bucket import Bucket

_NAMESPACE = "AWS/S3"
_DAY = 86_400
_STORAGE_TYPES = {
    "STANDARD": "StandardStorage",
    "STANDARD_IA": "StandardIAStorage",
    "ONEZONE_IA": "OneZoneIAStorage",
    "INTELLIGENT_TIERING": "IntelligentTieringFAStorage",
    "REDUCED_REDUNDANCY": "ReducedRedundancyStorage",
    "GLACIER": "GlacierStorage",
    "GLACIER_IR": "GlacierInstantRetrievalStorage",
    "DEEP_ARCHIVE": "DeepArchiveStorage",
}
_KINDS = {
    **dict.fromkeys(("GetObject", "GetObjectTagging", "GetObjectAcl", "GetObjectAttributes"), "GetRequests"),
    **dict.fromkeys(("HeadObject", "HeadBucket"), "HeadRequests"),
    **dict.fromkeys(("PutObject", "CopyObject", "UploadPart", "UploadPartCopy", "PutObjectTagging"), "PutRequests"),
    **dict.fromkeys(("DeleteObject", "AbortMultipartUpload", "DeleteObjectTagging"), "DeleteRequests"),
    **dict.fromkeys(
        ("DeleteObjects", "CreateMultipartUpload", "CompleteMultipartUpload", "PostObject", "RestoreObject"),
        "PostRequests",
    ),
    **dict.fromkeys(("ListObjects", "ListObjectsV2", "ListObjectVersions", "ListMultipartUploads"), "ListRequests"),
    "SelectObjectContent": "SelectRequests",
}
_UPLOADS = frozenset(("PutObject", "UploadPart", "PostObject"))


def requests(bucket: Bucket, call: Call, now: float) -> Iterator[Sample]:
    """A request, that is over, to a bucket with metrics configurations."""
    status = 200 if call.error is None else call.error.status or 400
    found = [
        ("AllRequests", "Count", 1.0),
        ("FirstByteLatency", "Milliseconds", 0),
        ("TotalRequestLatency", "Milliseconds", 0),
    ]
    kind = _KINDS.get(call.operation)
    if kind is not None:
        found.append((kind, "Count", 1.0))
    found.append(("4xxErrors", "Count", float(400 <= status < 500)))
    found.append(("5xxErrors", "Count", float(status >= 500)))
    if call.operation == "GetObject" and call.error is None:
        found.append(("BytesDownloaded", "Bytes", float((call.result or {}).get("ContentLength") or 0)))
    if call.operation in _UPLOADS and call.http is not None and call.error is None:
        found.append(("BytesUploaded", "Bytes", float(_uploaded(call))))
    for id, configuration in bucket.settings["metrics"].items():
        if _is_about(configuration.get("Filter") or {}, bucket, call.params.get("Key")):
            dimensions = (("BucketName", bucket.name), ("FilterId", id))
            for name, unit, value in found:
                yield Sample(_NAMESPACE, name, dimensions, unit, now, value, 1, bucket.account, bucket.region)


def _uploaded(call: Call) -> int:
    body = call.params.get("Body")
    return len(body) if isinstance(body, bytes | bytearray) else call.http.size() if call.http is not None else 0


def _is_about(filter: Mapping[str, Any], bucket: Bucket, key: str | None) -> bool:
    """Whether a filter lets a request pass; requests that are about no object are of configurations without one."""
    if not filter:
        return True
    if key is None:
        return False
    wanted = filter.get("And") or filter
    tags = wanted.get("Tags") or ([wanted["Tag"]] if "Tag" in wanted else [])
    version = bucket.current(key) if tags else None
    known = dict(version.tags or {}) if version is not None else {}
    return key.startswith(wanted.get("Prefix") or "") and all(known.get(tag["Key"]) == tag["Value"] for tag in tags)


def levels(bucket: Bucket) -> Iterator[Level]:
    """What a bucket holds: bytes by kinds of storage, and versions of objects."""
    sizes: dict[str, int] = {}
    count, since = 0, bucket.created
    for version in _versions(bucket):
        count += 1
        since = max(since, version.modified)
        if version.data is not None:
            kind = _STORAGE_TYPES.get(version.storage_class, "StandardStorage")
            sizes[kind] = sizes.get(kind, 0) + version.size
    for kind, size in sizes.items():
        yield _shown(bucket, "BucketSizeBytes", kind, "Bytes", since, size)
    if count:
        yield _shown(bucket, "NumberOfObjects", "AllStorageTypes", "Count", since, count)


def _shown(bucket: Bucket, name: str, kind: str, unit: str, since: float, value: float) -> Level:
    dimensions = (("BucketName", bucket.name), ("StorageType", kind))
    return Level(_NAMESPACE, name, dimensions, unit, since, value, _DAY, False, bucket.account, bucket.region)


def _versions(bucket: Bucket) -> Iterator[Version]:
    for key in bucket.keys:
        yield from bucket.versions(key)

"""Inventories: lists of a bucket's objects, written into another bucket every day or every week.

Sources: S3 User Guide, "Amazon S3 Inventory" and "Locating your inventory list". Reports are CSV; ORC and Parquet are
not modelled.
"""

from __future__ import annotations

import base64
import csv
import gzip
import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from io import StringIO
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus

from awsim.lazily import lazily
from awsim.services.s3 import acl, tiering
from awsim.services.s3.bucket import Bucket
from awsim.services.s3.lifecycle import Lifecycle
from awsim.services.s3.reports import Reports
from awsim.services.s3.versions import Version

if TYPE_CHECKING:
    from awsim.services.s3 import event_records
else:
    event_records = lazily("awsim.services.s3.event_records")

PRINCIPAL = "s3.amazonaws.com"
_DAY = 86_400
_EXPIRY = "LifecycleExpirationDate"
_TIER = "IntelligentTieringAccessTier"
_EXPIRES = r'expiry-date="([^"]+)"'
# The order of columns in every report, whatever the order they were asked for.
_OPTIONAL = (
    "Size",
    "LastModifiedDate",
    "ETag",
    "StorageClass",
    "IsMultipartUploaded",
    "ReplicationStatus",
    "EncryptionStatus",
    "ObjectLockRetainUntilDate",
    "ObjectLockMode",
    "ObjectLockLegalHoldStatus",
    _TIER,
    "BucketKeyStatus",
    "ChecksumAlgorithm",
    "ObjectAccessControlList",
    "ObjectOwner",
    _EXPIRY,
)
_ENCRYPTIONS = {"AES256": "SSE-S3", "aws:kms": "SSE-KMS", "aws:kms:dsse": "DSSE-KMS", None: "SSE-C"}
_TIERS = {
    tiering.FREQUENT: "FREQUENT",
    tiering.INFREQUENT: "INFREQUENT",
    tiering.ARCHIVE_INSTANT: "ARCHIVE_INSTANT_ACCESS",
    tiering.ARCHIVE: "ARCHIVE",
    tiering.DEEP_ARCHIVE: "DEEP_ARCHIVE",
}


class Inventories(Reports, Lifecycle):
    def check_inventory(self, configuration: Mapping[str, Any]) -> None:
        """Refuse a destination that is no bucket, and formats awsim does not write."""
        destination = configuration["Destination"]["S3BucketDestination"]
        arn = destination["Bucket"]
        if not arn.startswith("arn:") or ":s3:::" not in arn:
            raise self.error("InvalidS3DestinationBucket")
        if destination["Format"] != "CSV":
            self.not_modelled(f"inventory reports as {destination['Format']} (CSV is)")
        for field in configuration.get("OptionalFields") or ():
            if field not in _OPTIONAL:
                self.not_modelled(f"the field {field} of inventory reports")

    def plan_inventory(self, bucket: Bucket, id: str) -> None:
        """The first report of a new configuration comes within two days."""
        self.plan_report("inventory", bucket, id, self.clock.time() + (self.limits["inventory-first"] or 0))

    def _report_inventory(self, name: str, id: str) -> None:
        """Scheduled: one report, and the next one planned."""
        bucket, configuration = self.planned("inventory", name, id)
        if bucket is None or configuration is None:
            return
        now = self.clock.time()
        weekly = configuration["Schedule"]["Frequency"] == "Weekly"
        self.plan_report("inventory", bucket, id, _next_sunday(now) if weekly else now + _DAY)
        target = self.destination_of(configuration["Destination"]["S3BucketDestination"]["Bucket"])
        if not configuration.get("IsEnabled") or target is None or target.region != bucket.region:
            return
        self._write_inventory(bucket, target, configuration, now)

    def _write_inventory(self, bucket: Bucket, target: Bucket, configuration: Mapping[str, Any], now: float) -> None:
        destination = configuration["Destination"]["S3BucketDestination"]
        prefix = f"{destination['Prefix']}/" if destination.get("Prefix") else ""
        start = f"{prefix}{bucket.name}/{configuration['Id']}"
        moment = datetime.fromtimestamp(now, UTC)
        columns = _columns(configuration)
        data = gzip.compress(self._rows(bucket, configuration, columns), mtime=0)
        key = f"{start}/data/{self.ids.uuid('inventory')}.csv.gz"
        manifest = _manifest(bucket, destination["Bucket"], columns, now, key, data)
        where = f"{start}/{moment:%Y-%m-%dT%H-%MZ}"
        link = f"s3://{target.name}/{key}"
        given = {"ACL": "bucket-owner-full-control", **_encryption(destination.get("Encryption"))}
        for place, body in (
            (key, data),
            (f"{where}/manifest.json", manifest),
            (f"{where}/manifest.checksum", _md5(manifest).encode()),
            (f"{start}/hive/dt={moment:%Y-%m-%d-%H-%M}/symlink.txt", link.encode()),
        ):
            if not self.deliver(PRINCIPAL, bucket, target, place, body, **given):
                return

    def _rows(self, bucket: Bucket, configuration: Mapping[str, Any], columns: Sequence[str]) -> bytes:
        text = StringIO()
        writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
        for key, version, latest in _listed(bucket, configuration):
            row = [_cell(column, bucket, key, version, latest) for column in columns]
            if _TIER in columns and version.storage_class == tiering.CLASS:
                row[columns.index(_TIER)] = _TIERS[tiering.tier_of(version, self.clock.time(), self.limits)]
            if columns[-1] == _EXPIRY:
                row[-1] = self._expiry(bucket, key, version)
            writer.writerow(row)
        return text.getvalue().encode()

    def _expiry(self, bucket: Bucket, key: str, version: Version) -> str:
        """When a lifecycle expires an object, as its x-amz-expiration says."""
        found = re.match(_EXPIRES, self.expiration_members(bucket, key, version).get("Expiration", ""))
        return event_records.instant(parsedate_to_datetime(found[1]).timestamp()) if found is not None else ""


def _next_sunday(now: float) -> float:
    """The next Sunday's midnight, UTC."""
    midnight = now - now % _DAY
    days = 6 - datetime.fromtimestamp(midnight, UTC).weekday()
    return midnight + (days or 7) * _DAY


def _columns(configuration: Mapping[str, Any]) -> list[str]:
    wanted = configuration.get("OptionalFields") or ()
    versions = ["VersionId", "IsLatest", "IsDeleteMarker"] if configuration["IncludedObjectVersions"] == "All" else []
    return ["Bucket", "Key", *versions, *(name for name in _OPTIONAL if name in wanted)]


def _listed(bucket: Bucket, configuration: Mapping[str, Any]) -> Iterator[tuple[str, Version, bool]]:
    """(key, version, whether it is the newest) of what a configuration lists, in the order of keys."""
    prefix = (configuration.get("Filter") or {}).get("Prefix") or ""
    everything = configuration["IncludedObjectVersions"] == "All"
    for key in bucket.keys.irange(prefix or None):
        if not key.startswith(prefix):
            return
        if everything:
            for number, version in enumerate(bucket.versions(key)):
                yield key, version, number == 0
        elif (shown := bucket.shown(key)) is not None:
            yield key, shown, True


def _cell(column: str, bucket: Bucket, key: str, version: Version, latest: bool) -> str:
    if column == "Bucket":
        return bucket.name
    if column == "Key":
        return quote_plus(key, safe="/-_.*")
    if column == "VersionId":
        return "" if version.id == "null" else version.id
    if column == "IsLatest":
        return _flag(latest)
    if column == "IsDeleteMarker":
        return _flag(version.is_marker)
    if column == "LastModifiedDate":
        return event_records.instant(version.modified)
    return "" if version.is_marker else _CELLS[column](version)


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _grants(version: Version) -> str:
    """The access control list of an object as reports have it: JSON, in base64."""
    listed = []
    for grant in version.acl if version.acl is not None else acl.default(version.owner):
        grantee = grant["Grantee"]
        told = {"canonicalId": grantee["ID"]} if "ID" in grantee else {"uri": grantee.get("URI", "")}
        listed.append({**told, "type": grantee["Type"], "permission": grant["Permission"]})
    text = json.dumps({"version": "2022-11-10", "status": "AVAILABLE", "grants": listed}, separators=(",", ":"))
    return base64.b64encode(text.encode()).decode()


def _bucket_key(version: Version) -> str:
    stored = version.encryption
    if stored is None or not (stored.algorithm or "").startswith("aws:kms"):
        return "DISABLED"
    return "ENABLED" if stored.bucket_key else "DISABLED"


# Column -> its text for an object.
_CELLS: dict[str, Any] = {
    "Size": lambda version: str(version.size),
    "ETag": lambda version: version.etag,
    "StorageClass": lambda version: version.storage_class,
    "IsMultipartUploaded": lambda version: _flag(version.parts is not None),
    "ReplicationStatus": lambda version: version.replication or "",
    "EncryptionStatus": lambda version: _ENCRYPTIONS.get(version.encryption.algorithm, "SSE-S3"),
    "ObjectLockRetainUntilDate": lambda version: (
        event_records.instant(version.lock.until) if version.lock is not None and version.lock.until else ""
    ),
    "ObjectLockMode": lambda version: (version.lock.mode if version.lock is not None else None) or "",
    "ObjectLockLegalHoldStatus": lambda version: (version.lock.hold if version.lock is not None else None) or "",
    # Filled in by who knows the time.
    _TIER: lambda version: "",
    "BucketKeyStatus": _bucket_key,
    "ChecksumAlgorithm": lambda version: version.checksum.algorithm.name if version.checksum is not None else "",
    "ObjectAccessControlList": _grants,
    "ObjectOwner": lambda version: acl.canonical_id(version.owner),
    # Filled in by who knows the bucket's lifecycle.
    _EXPIRY: lambda version: "",
}


def _encryption(wanted: Mapping[str, Any] | None) -> dict[str, Any]:
    """How the files of a report are to be encrypted, as parameters of PutObject."""
    if not wanted:
        return {}
    if wanted.get("SSEKMS") is not None:
        return {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": wanted["SSEKMS"]["KeyId"]}
    return {"ServerSideEncryption": "AES256"}


def _manifest(bucket: Bucket, arn: str, columns: Sequence[str], now: float, key: str, data: bytes) -> bytes:
    told = {
        "sourceBucket": bucket.name,
        "destinationBucket": arn,
        "version": "2016-11-30",
        "creationTimestamp": str(int(now * 1000)),
        "fileFormat": "CSV",
        "fileSchema": ", ".join(columns),
        "files": [{"key": key, "size": len(data), "MD5checksum": _md5(data)}],
    }
    return json.dumps(told, indent=2, separators=(",", " : ")).encode()


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()

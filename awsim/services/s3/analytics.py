"""Storage class analysis: what a bucket holds by age, exported as CSV once a day.

Source: S3 User Guide, "Amazon S3 analytics – Storage Class Analysis"; the key of the file is not documented. What was
read is not counted: the columns for requests, retrieval and the recommendation drawn from them stay empty.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from datetime import UTC, datetime
from io import StringIO
from typing import Any

from awsim.services.s3.bucket import Bucket
from awsim.services.s3.reports import Reports
from awsim.services.s3.versions import Version

PRINCIPAL = "s3.amazonaws.com"
_DAY = 86_400
_MEGABYTE = 1_048_576
_COLUMNS = (
    "Date",
    "ConfigId",
    "Filter",
    "StorageClass",
    "ObjectAge",
    "ObjectCount",
    "DataUploaded_MB",
    "Storage_MB",
    "DataRetrieved_MB",
    "GetRequestCount",
    "CumulativeAccessRatio",
    "ObjectAgeForSIATransition",
    "RecommendedObjectAgeForSIATransition",
)
# The first day of each group of ages.
_AGES = (0, 15, 30, 45, 60, 75, 90, 120, 150, 180, 365, 730)


class Analyses(Reports):
    def check_analysis(self, configuration: Mapping[str, Any]) -> None:
        """Refuse an export to what is no bucket."""
        destination = _destination(configuration)
        if destination is not None and ":s3:::" not in destination["Bucket"]:
            raise self.error("InvalidS3DestinationBucket")

    def plan_analysis(self, bucket: Bucket, id: str) -> None:
        """The first export comes between a day and two days after the configuration."""
        self.plan_report("analytics", bucket, id, self.clock.time() + (self.limits["analysis-first"] or 0))

    def _report_analytics(self, name: str, id: str) -> None:
        """Scheduled: the rows of one day at the end of the file, and the next day planned."""
        bucket, configuration = self.planned("analytics", name, id)
        if bucket is None or configuration is None:
            return
        now = self.clock.time()
        self.plan_report("analytics", bucket, id, now + _DAY)
        destination = _destination(configuration)
        target = self.destination_of(destination["Bucket"]) if destination is not None else None
        if destination is None or target is None or target.region != bucket.region:
            return
        prefix = f"{destination['Prefix']}/" if destination.get("Prefix") else ""
        key = f"{prefix}{bucket.name}/{id}.csv"
        before = target.shown(key)
        kept = bytes(before.data).decode() if before is not None and before.data else ",".join(_COLUMNS) + "\n"
        text = kept + _rows(bucket, configuration, now)
        self.deliver(PRINCIPAL, bucket, target, key, text.encode(), ACL="bucket-owner-full-control")


def _destination(configuration: Mapping[str, Any]) -> Mapping[str, Any] | None:
    export = configuration["StorageClassAnalysis"].get("DataExport")
    return export["Destination"]["S3BucketDestination"] if export else None


def _rows(bucket: Bucket, configuration: Mapping[str, Any], now: float) -> str:
    groups: dict[tuple[str, int], list[int]] = {}
    uploaded: dict[tuple[str, int], int] = {}
    for key in bucket.keys:
        version = bucket.shown(key)
        if version is None or not _selects(configuration.get("Filter"), key, version):
            continue
        age = int((now - version.modified) // _DAY)
        group = (version.storage_class, max(start for start in _AGES if start <= max(age, 0)))
        groups.setdefault(group, []).append(version.size)
        if age < 1:
            uploaded[group] = uploaded.get(group, 0) + version.size
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    day = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%d")
    for (storage_class, start), sizes in sorted(groups.items()):
        shown = [
            day,
            configuration["Id"],
            _filter(configuration.get("Filter")),
            storage_class,
            _age(start),
            len(sizes),
            f"{uploaded.get((storage_class, start), 0) / _MEGABYTE:.4f}",
            f"{sum(sizes) / _MEGABYTE:.4f}",
        ]
        writer.writerow([*shown, *[""] * (len(_COLUMNS) - len(shown))])
    return text.getvalue()


def _age(start: int) -> str:
    """A group of ages as reports name it: 000-014, 015-029, …, 730+."""
    following = _AGES.index(start) + 1
    return f"{start:03}-{_AGES[following] - 1:03}" if following < len(_AGES) else f"{start}+"


def _selects(condition: Mapping[str, Any] | None, key: str, version: Version) -> bool:
    if not condition:
        return True
    both = condition.get("And") or condition
    tags = list(both.get("Tags") or ())
    if condition.get("Tag"):
        tags.append(condition["Tag"])
    held = dict(version.tags)
    return key.startswith(both.get("Prefix") or "") and all(held.get(tag["Key"]) == tag["Value"] for tag in tags)


def _filter(condition: Mapping[str, Any] | None) -> str:
    if not condition:
        return ""
    both = condition.get("And") or condition
    tags = list(both.get("Tags") or ()) + ([condition["Tag"]] if condition.get("Tag") else [])
    return "&".join(filter(None, [both.get("Prefix") or "", *(f"{tag['Key']}={tag['Value']}" for tag in tags)]))

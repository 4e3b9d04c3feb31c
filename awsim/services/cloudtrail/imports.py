"""Imports of a trail's log files into event data stores.

Source: CloudTrail User Guide, "Copy trail events to an event data store"; API Reference.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from awsim.errors import AWSError
from awsim.services.cloudtrail.channels import Channels
from awsim.services.cloudtrail.refusals import invalid
from awsim.services.cloudtrail.store import Import, Store
from awsim.state import List


class Imports(Channels):
    def start_import(
        self,
        Destinations: Sequence[str] = (),
        ImportSource: Mapping[str, Any] | None = None,
        StartEventTime: datetime | None = None,
        EndEventTime: datetime | None = None,
        ImportId: str | None = None,
    ) -> dict[str, Any]:
        if ImportId is not None:
            job: Import = self.imports[ImportId]
            if job.status not in ("STOPPED", "FAILED"):
                raise invalid("Only an import that was stopped or has failed can be started again.")
        else:
            if len(Destinations) != 1 or ImportSource is None:
                raise invalid("An import needs one destination and a source.")
            if not str(ImportSource["S3"]["S3LocationUri"]).startswith("s3://"):
                raise self.error("InvalidImportSourceException", "The location of the source is not valid.")
            store = self.active(Destinations[0])
            if any(one.status == "IN_PROGRESS" and store.arn in one.destinations for one in self.imports):
                raise self.error("AccountHasOngoingImportException", "An import is running already.")
            job = self.imports.add(Import(self.ids.uuid("import"), [store.arn], ImportSource, self.clock.time()))
            job.since = StartEventTime.timestamp() if StartEventTime else None
            job.until = EndEventTime.timestamp() if EndEventTime else None
        job.status = "INITIALIZING"
        self.later(0, "_import", id=job.id)
        return job.described()

    def get_import(self, ImportId: str) -> dict[str, Any]:
        job: Import = self.imports[ImportId]
        return {**job.described(), "ImportStatistics": dict(job.statistics)}

    def stop_import(self, ImportId: str) -> dict[str, Any]:
        job: Import = self.imports[ImportId]
        if job.status in ("INITIALIZING", "IN_PROGRESS"):
            job.status = "STOPPED"
        return {**job.described(), "ImportStatistics": dict(job.statistics)}

    def list_imports(
        self,
        MaxResults: int | None = None,
        Destination: str | None = None,
        ImportStatus: str | None = None,
        NextToken: str | None = None,
    ) -> dict[str, Any]:
        found = [
            one
            for one in self.imports
            if ImportStatus in (None, one.status) and (Destination is None or Destination in one.destinations)
        ]
        return self.page("Imports", found, Import.listed, lambda one: one.id, NextToken, MaxResults)

    def list_import_failures(
        self, ImportId: str, MaxResults: int | None = None, NextToken: str | None = None
    ) -> dict[str, Any]:
        job: Import = self.imports[ImportId]
        return self.page("Failures", list(job.failures), dict, lambda one: one["Location"], NextToken, MaxResults)

    def _import(self, id: str) -> None:
        """Read the log files of a bucket into a store, as the role that the import names."""
        job: Import = self.imports[id]
        if job.status != "INITIALIZING":
            return
        source = job.source["S3"]
        bucket, _, prefix = source["S3LocationUri"].removeprefix("s3://").partition("/")
        asked = {"as_": source["S3BucketAccessRoleArn"], "region_": source["S3BucketRegion"]}
        store: Store = self.stores[job.destinations[0]]
        files = taken = 0
        job.failures = List()
        try:
            listed = self._keys(bucket, prefix, asked)
        except AWSError as error:
            job.status = "FAILED"
            job.failures.append(self._failure(source["S3LocationUri"], error))
            return
        for key in listed:
            try:
                body = self.call("s3", "GetObject", **asked, Bucket=bucket, Key=key)["Body"]
                records = json.loads(gzip.decompress(body if isinstance(body, bytes) else body.read()))["Records"]
            except AWSError as error:
                job.failures.append(self._failure(f"s3://{bucket}/{key}", error))
                continue
            for record in records:
                when = datetime.fromisoformat(record["eventTime"].replace("Z", "+00:00")).timestamp()
                if (job.since or 0.0) <= when <= (job.until or self.clock.time()):
                    store.imported.append(json.dumps(record))
                    taken += 1
            files += 1
        job.status = "COMPLETED"
        job.updated = self.clock.time()
        job.statistics = {
            "PrefixesFound": 1,
            "PrefixesCompleted": 1,
            "FilesCompleted": files,
            "EventsCompleted": taken,
            "FailedEntries": len(job.failures),
        }

    def _keys(self, bucket: str, prefix: str, asked: dict[str, Any]) -> list[str]:
        """The log files below a prefix; digests are none."""
        found: list[str] = []
        more: dict[str, Any] = {}
        while True:
            page = self.call("s3", "ListObjectsV2", **asked, Bucket=bucket, Prefix=prefix, **more)
            found += [one["Key"] for one in page.get("Contents", ())]
            if not page.get("IsTruncated"):
                return [key for key in found if "/CloudTrail/" in key and key.endswith(".json.gz")]
            more = {"ContinuationToken": page["NextContinuationToken"]}

    def _failure(self, location: str, error: AWSError) -> dict[str, Any]:
        return {
            "Location": location,
            "Status": "FAILED",
            "ErrorType": error.code,
            "ErrorMessage": error.message,
            "LastUpdatedTime": self.clock.time(),
        }

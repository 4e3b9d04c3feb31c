"""The completion report of a job: CSV files and the manifest that lists them.

Source: S3 User Guide, "Examples: S3 Batch Operations completion reports".
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from io import StringIO
from urllib.parse import quote

from awsim.services.s3control.job import Outcome

FORMAT = "Report_CSV_20180820"
_SCHEMA = "Bucket, Key, VersionId, TaskStatus, ErrorCode, HTTPStatusCode, ResultMessage"


def files(start: str, bucket: str, outcomes: Iterable[Outcome], failed_only: bool, now: float) -> dict[str, bytes]:
    """What to put into the report's bucket, by key; `start` is the job's folder."""
    outcomes = list(outcomes)
    found: dict[str, bytes] = {}
    results = []
    for status in ("failed",) if failed_only else ("succeeded", "failed"):
        rows = [outcome for outcome in outcomes if outcome.succeeded is (status == "succeeded")]
        if not rows:
            continue
        data = _written(rows, status)
        key = f"{start}/results/{hashlib.sha1(data, usedforsecurity=False).hexdigest()}.csv"
        found[key] = data
        results.append({"TaskExecutionStatus": status, "Bucket": bucket, "MD5Checksum": _md5(data), "Key": key})
    manifest = {
        "Format": FORMAT,
        "ReportCreationDate": datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z",
        "Results": results,
        "ReportSchema": _SCHEMA,
    }
    text = json.dumps(manifest).encode()
    found[f"{start}/manifest.json"] = text
    found[f"{start}/manifest.json.md5"] = _md5(text).encode()
    return found


def _written(rows: Iterable[Outcome], status: str) -> bytes:
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for task, http_status, code, message in rows:
        key = quote(task.key, safe="/-_.*")
        writer.writerow((task.bucket, key, task.version, status, code, http_status, message))
    return text.getvalue().encode()


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()

"""The list of objects that a job works through.

Source: S3 User Guide, "Specifying a manifest".
"""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Mapping, Sequence
from io import StringIO
from typing import Any
from urllib.parse import quote, unquote_plus

from awsim.services.s3control.job import Refusal, Task

INVENTORY = "S3InventoryReport_CSV_20161130"
GENERATED = "S3InventoryReport_CSV_20211130"
_NEEDED = ("Bucket", "Key")


def location(arn: str) -> tuple[str, str]:
    """(bucket, key) of the ARN of an object."""
    bucket, _, key = arn.partition(":::")[2].partition("/")
    return bucket, key


def tasks(text: str, fields: Sequence[str]) -> list[Task]:
    """The lines of a CSV file whose columns are `fields`; keys are URL-encoded. Raises Refusal."""
    if any(name not in fields for name in _NEEDED):
        raise Refusal("InvalidManifest", "The manifest must have the fields Bucket and Key.")
    places = {name: fields.index(name) for name in (*_NEEDED, "VersionId") if name in fields}
    found = []
    for number, line in enumerate(csv.reader(StringIO(text)), 1):
        if not line:
            continue
        if len(line) != len(fields):
            raise Refusal("InvalidManifest", f"Line {number} of the manifest does not have {len(fields)} fields.")
        version = line[places["VersionId"]] if "VersionId" in places else ""
        found.append(Task(line[places["Bucket"]], unquote_plus(line[places["Key"]]), version))
    return found


def inventory(text: bytes) -> tuple[str, list[str], list[str]]:
    """(bucket, keys of the files, their columns) of an inventory's manifest.json. Raises Refusal."""
    try:
        told: Mapping[str, Any] = json.loads(text)
        bucket = told["destinationBucket"].rpartition(":")[2]
        return bucket, [file["key"] for file in told["files"]], [name.strip() for name in told["fileSchema"].split(",")]
    except (ValueError, RecursionError, KeyError, TypeError):
        raise Refusal("InvalidManifest", "The manifest is not the manifest.json of an S3 Inventory report.") from None


def opened(data: bytes) -> str:
    """The text of a file of an inventory."""
    return (gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data).decode()


def written(listed: Sequence[Task]) -> bytes:
    """A list of objects as a file: bucket, URL-encoded key, version."""
    text = StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerows((task.bucket, quote(task.key, safe="/-_.*"), task.version) for task in listed)
    return text.getvalue().encode()

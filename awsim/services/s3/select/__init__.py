"""S3 Select: SQL over one object.

`sql` reads expressions and has them answered by duckdb (the extra `awsim[sql]`), `records` reads CSV, JSON and Parquet
and writes CSV and JSON.
"""

from __future__ import annotations

import bz2
import zlib
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from awsim.errors import AWSError
from awsim.services.s3.select import records, sql
from awsim.wire.chunked import gunzip
from awsim.wire.values import Unreadable

FRAME = 1 << 16


class Selection(NamedTuple):
    """What an expression found: the bytes that are returned, and how many were read before and after unpacking."""

    payload: bytes
    scanned: int
    processed: int

    def details(self) -> dict[str, int]:
        return {
            "BytesScanned": self.scanned,
            "BytesProcessed": self.processed,
            "BytesReturned": len(self.payload),
        }

    def frames(self, size: int = FRAME) -> Iterator[bytes]:
        """The payload in pieces; where records end does not matter."""
        for start in range(0, len(self.payload), size):
            yield self.payload[start : start + size]


def check(given: Mapping[str, Any], way: str, formats: tuple[str, ...]) -> None:
    """Refuse a serialization (`way` is "Input" or "Output") that names no format or several."""
    named = [name for name in formats if given.get(name) is not None]
    if not named:
        raise AWSError(
            "MissingRequiredParameter",
            "The SelectRequest entity is missing a required parameter. Check the service documentation and try again.",
            status=400,
        )
    if len(named) > 1:
        raise AWSError(
            "ObjectSerializationConflict",
            f"The {way}Serialization specifies more than one format ({', '.join(formats)}). Only one is allowed.",
            status=400,
        )


def select(
    data: bytes,
    expression: str,
    source: Mapping[str, Any],
    target: Mapping[str, Any],
    now: float,
    scan: Mapping[str, int] | None = None,
    longest_record: float | None = None,
) -> Selection:
    """Answer an expression over `data`; `source` and `target` are the request's input and output serializations.

    `now` is what UTCNOW() gives (epoch seconds), `scan` a ScanRange, `longest_record` in bytes. Raises S3 Select's
    errors.
    """
    check(source, "Input", ("CSV", "JSON", "Parquet"))
    check(target, "Output", ("CSV", "JSON"))
    query = sql.parse(expression)
    plain = unpacked(data, source)
    if scan and (source.get("Parquet") is not None or source.get("CompressionType", "NONE") != "NONE"):
        raise AWSError(
            "UnsupportedScanRangeInput", "Scan range queries are not supported on this type of object.", status=400
        )
    table = records.read(plain, source, query.steps, scan)
    rows = sql.run(query, table, now)
    payload = records.write(rows, target, longest_record)
    return Selection(payload, len(data), len(plain))


def unpacked(data: bytes, source: Mapping[str, Any]) -> bytes:
    kind = source.get("CompressionType") or "NONE"
    if kind == "NONE":
        return data
    if source.get("Parquet") is not None:
        raise AWSError(
            "InvalidRequestParameter",
            "The value of a parameter in the SelectRequest element is not valid. Check the service API documentation "
            "and try again.",
            status=400,
        )
    try:
        return gunzip(data) if kind == "GZIP" else bz2.decompress(data)
    except (Unreadable, OSError, ValueError, EOFError, zlib.error):
        raise AWSError(
            "InvalidCompressionFormat",
            f"{kind} is not applicable to the queried object. Please correct the request and try again.",
            status=400,
        ) from None

"""What Firehose tells CloudWatch. Notes are (epoch seconds, delivery stream, what happened, numbers).

Source: Firehose Developer Guide, "Monitor Amazon Data Firehose using CloudWatch metrics".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from awsim.metering import Sample

PUT, PUT_BATCH, DELIVERED = "PutRecord", "PutRecordBatch", "delivered"
Counted = Iterator[tuple[str, str, float]]


def measurements(notes: Iterable[tuple[Any, ...]]) -> Iterator[Sample]:
    """What notes say."""
    for time, stream, what, *numbers in notes:
        found = _delivered(*numbers) if what == DELIVERED else _put(what, *numbers)
        for name, unit, value in found:
            yield Sample("AWS/Firehose", name, (("DeliveryStreamName", stream),), unit, time, value)


def _put(operation: str, records: int, size: int, refused: int) -> Counted:
    yield "IncomingPutRequests", "Count", 1
    yield f"{operation}.Requests", "Count", 1
    yield f"{operation}.Latency", "Milliseconds", 0
    if refused:
        yield "ThrottledRecords", "Count", refused
    if records:
        yield "IncomingRecords", "Count", records
        yield "IncomingBytes", "Bytes", size
        yield f"{operation}.Bytes", "Bytes", size
        if operation == PUT_BATCH:
            yield f"{operation}.Records", "Count", records


def _delivered(where: str, records: int, size: int, age: float, success: bool) -> Counted:
    """To a destination (`S3`, `HttpEndpoint` …); `age` of the oldest record, in seconds."""
    yield f"DeliveryTo{where}.Success", "Count", float(success)
    yield f"DeliveryTo{where}.DataFreshness", "Seconds", age
    if success:
        yield f"DeliveryTo{where}.Records", "Count", records
        yield f"DeliveryTo{where}.Bytes", "Bytes", size

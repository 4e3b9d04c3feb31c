"""What Kinesis Data Streams tells CloudWatch.

A note begins with the time (epoch seconds), the stream's name and the operation; a stream with enhanced monitoring has
notes of shards beside it. Source: Kinesis Data Streams Developer Guide, "Monitor the service with CloudWatch".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from awsim.metering import Dimensions, Sample

PUT, PUTS, GET, EVENT, SHARD = "PutRecord", "PutRecords", "GetRecords", "SubscribeToShardEvent", "shard"
_WRITE_REFUSED, _READ_REFUSED = "WriteProvisionedThroughputExceeded", "ReadProvisionedThroughputExceeded"

Note = tuple[Any, ...]
Counted = Iterator[tuple[str, str, float]]


def measurements(notes: Iterable[Note]) -> Iterator[Sample]:
    """What notes say."""
    for time, stream, kind, *amounts in notes:
        dimensions: Dimensions = (("StreamName", stream),)
        if kind == SHARD:
            shard, *counted = amounts
            dimensions = (*dimensions, ("ShardId", shard))
            found: Iterable[tuple[str, str, float]] = (counted,)  # type: ignore[assignment]
        else:
            found = _OF[kind](*amounts)
        for name, unit, value in found:
            yield Sample("AWS/Kinesis", name, dimensions, unit, time, value)


def _put(size: int | None) -> Counted:
    """One record of so many bytes; None where there was no room for it."""
    yield "PutRecord.Success", "Count", float(size is not None)
    yield "PutRecord.Latency", "Milliseconds", 0
    yield _WRITE_REFUSED, "Count", float(size is None)
    if size is not None:
        yield "PutRecord.Bytes", "Bytes", size
        yield "IncomingBytes", "Bytes", size
        yield "IncomingRecords", "Count", 1


def _puts(records: int, size: int, refused: int) -> Counted:
    yield "PutRecords.Success", "Count", float(records > 0)
    yield "PutRecords.Latency", "Milliseconds", 0
    yield "PutRecords.TotalRecords", "Count", records + refused
    yield "PutRecords.SuccessfulRecords", "Count", records
    yield "PutRecords.FailedRecords", "Count", 0
    yield "PutRecords.ThrottledRecords", "Count", refused
    yield _WRITE_REFUSED, "Count", refused
    if records:
        yield "PutRecords.Records", "Count", records
        yield "PutRecords.Bytes", "Bytes", size
        yield "IncomingBytes", "Bytes", size
        yield "IncomingRecords", "Count", records


def _get(records: int | None, size: int, age: float) -> Counted:
    """So many records; None where they were more than may be read now."""
    yield "GetRecords.Success", "Count", float(records is not None)
    yield "GetRecords.Latency", "Milliseconds", 0
    yield _READ_REFUSED, "Count", float(records is None)
    if records is not None:
        yield "GetRecords.Records", "Count", records
        yield "GetRecords.Bytes", "Bytes", size
        yield "GetRecords.IteratorAgeMilliseconds", "Milliseconds", age


def _event(records: int, size: int, age: float) -> Counted:
    yield "SubscribeToShardEvent.Success", "Count", 1
    yield "SubscribeToShardEvent.Records", "Count", records
    yield "SubscribeToShardEvent.Bytes", "Bytes", size
    yield "SubscribeToShardEvent.MillisBehindLatest", "Milliseconds", age


_OF = {PUT: _put, PUTS: _puts, GET: _get, EVENT: _event}


def of_shard(stream: Any, shard: str, time: float, counted: Iterable[tuple[str, str, float]]) -> Iterator[Note]:
    """Notes on a shard, of the metrics that its stream is to have of each shard."""
    for name, unit, value in counted:
        if name in stream.metrics:
            yield time, stream.name, SHARD, shard, name, unit, value


def written(records: int, size: int, refused: int) -> Counted:
    """What was written to a shard."""
    yield "IncomingRecords", "Count", records
    yield "IncomingBytes", "Bytes", size
    yield _WRITE_REFUSED, "Count", refused


def read(records: int | None, size: int, age: float) -> Counted:
    """What was read from a shard."""
    yield _READ_REFUSED, "Count", float(records is None)
    if records is not None:
        yield "OutgoingRecords", "Count", records
        yield "OutgoingBytes", "Bytes", size
        yield "IteratorAgeMilliseconds", "Milliseconds", age

"""What becomes of records between their arrival and their delivery: unpacked, transformed, keyed, delimited.

Source: Firehose Developer Guide, "Transform source data", "Partition streaming data", "Decompress CloudWatch Logs".
"""

from __future__ import annotations

import gzip
import json
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from awsim.services.firehose import extraction

Keys = Mapping[str, str]

PROCESSING, CONVERSION = "processing-failed", "format-conversion-failed"


class Record(NamedTuple):
    """Data, when it arrived (epoch seconds), and its partition keys as prefixes name them."""

    data: bytes
    time: float
    keys: Keys = {}


class Failed(NamedTuple):
    """A record that did not come through, and why. `more`: further members of its error document."""

    record: Record
    code: str
    message: str
    attempts: int = 1
    more: Mapping[str, Any] = {}

    def document(self, now: float) -> bytes:
        """A line of an object with failed records."""
        told = {
            "attemptsMade": self.attempts,
            "arrivalTimestamp": round(self.record.time * 1000),
            "errorCode": self.code,
            "errorMessage": self.message,
            "attemptEndingTimestamp": round(now * 1000),
            "rawData": b64encode(self.record.data).decode(),
            **self.more,
        }
        return json.dumps(told, separators=(",", ":")).encode() + b"\n"


def unpacked(
    kind: str, parameters: Mapping[str, str], records: Sequence[Record], most: float | None
) -> tuple[list[Record], list[Failed]]:
    """Records as one of the processors that awsim runs by itself hands them on; and those that it cannot read."""
    done: list[Record] = []
    failed: list[Failed] = []
    for record in records:
        try:
            done += _PROCESSORS[kind](parameters, record, most)
        except (extraction.Unreadable, ValueError, KeyError, TypeError, OSError, EOFError) as problem:
            failed.append(Failed(record, _CODES[kind], str(problem)))
    return done, failed


# --- a function


def asked(records: Sequence[Record], ids: Sequence[str], invocation: str, arn: str, region: str) -> bytes:
    """The payload of an invocation of a function that transforms records."""
    event = {
        "invocationId": invocation,
        "deliveryStreamArn": arn,
        "region": region,
        "records": [
            {
                "recordId": id,
                "approximateArrivalTimestamp": round(record.time * 1000),
                "data": b64encode(record.data).decode(),
            }
            for id, record in zip(ids, records, strict=True)
        ],
    }
    return json.dumps(event, separators=(",", ":")).encode()


def transformed(
    records: Sequence[Record], ids: Sequence[str], answer: Any, function: str
) -> tuple[list[Record], list[Failed]]:
    """What a function made of records; those that it failed, or said nothing fitting of, apart."""
    more = {"lambdaArn": function}
    told = answer.get("records") if isinstance(answer, dict) else None
    if not isinstance(told, list):
        message = "The function did not return records."
        return [], [Failed(record, "Lambda.FunctionError", message, 1, more) for record in records]
    by_id = {one.get("recordId"): one for one in told if isinstance(one, dict)}
    done: list[Record] = []
    failed: list[Failed] = []
    for id, record in zip(ids, records, strict=True):
        one = by_id.get(id)
        if one is None:
            failed.append(
                Failed(record, "Lambda.MissingRecordId", "One or more record Ids were not returned.", 1, more)
            )
            continue
        result = one.get("result")
        if result == "Dropped":
            continue
        keys = ((one.get("metadata") or {}).get("partitionKeys")) or {}
        try:
            data = b64decode(one.get("data") or "", validate=True) if result == "Ok" else b""
        except (ValueError, TypeError):
            result = None
        if result == "Ok":
            named = {f"partitionKeyFromLambda:{name}": str(value) for name, value in keys.items()}
            done.append(Record(data, record.time, {**record.keys, **named}))
        elif result == "ProcessingFailed":
            message = "ProcessingFailed status set for record"
            failed.append(Failed(record, "Lambda.ProcessingFailedStatus", message, 1, more))
        else:
            message = "Invalid output structure: Please check your function and make sure it is valid."
            failed.append(Failed(record, "Lambda.FunctionError", message, 1, more))
    return done, failed


def batches(records: Sequence[Record], size: float) -> Iterator[Sequence[Record]]:
    """Records in batches of at most `size` bytes, each of one record at least."""
    batch: list[Record] = []
    total = 0
    for record in records:
        if batch and total + len(record.data) > size:
            yield batch
            batch, total = [], 0
        batch.append(record)
        total += len(record.data)
    if batch:
        yield batch


# --- processors without code


def _decompressed(parameters: Mapping[str, str], record: Record, most: float | None) -> list[Record]:
    return [record._replace(data=gzip.decompress(record.data))]


def _messages(parameters: Mapping[str, str], record: Record, most: float | None) -> list[Record]:
    """The messages alone of what a log group sent."""
    if parameters.get("DataMessageExtraction", "").lower() != "true":
        return [record]
    logs = json.loads(record.data)
    if logs["messageType"] == "CONTROL_MESSAGE":
        return []
    return [record._replace(data="\n".join(event["message"] for event in logs["logEvents"]).encode())]


def _deaggregated(parameters: Mapping[str, str], record: Record, most: float | None) -> list[Record]:
    if parameters.get("SubRecordType") == "DELIMITED":
        parts = record.data.split(b64decode(parameters["Delimiter"]))
        found = [part for part in parts if part]
    else:
        found = list(_documents(record.data.decode()))
    if most is not None and len(found) > most:
        raise ValueError(f"A record holds more than {int(most)} records")
    return [record._replace(data=part) for part in found]


def _documents(text: str) -> Iterator[bytes]:
    """JSON objects that follow one another, with or without white space between."""
    decoder, position = json.JSONDecoder(), 0
    while position < len(text):
        if text[position].isspace():
            position += 1
            continue
        value, end = decoder.raw_decode(text, position)
        if not isinstance(value, dict):
            raise ValueError("Only JSON objects can be deaggregated")
        yield text[position:end].encode()
        position = end


def _extracted(parameters: Mapping[str, str], record: Record, most: float | None) -> list[Record]:
    found = extraction.compiled(parameters["MetadataExtractionQuery"])(record.data)
    named = {f"partitionKeyFromQuery:{name}": value for name, value in found.items()}
    return [record._replace(keys={**record.keys, **named})]


def _delimited(parameters: Mapping[str, str], record: Record, most: float | None) -> list[Record]:
    delimiter = parameters.get("Delimiter", "\\n").encode().decode("unicode_escape").encode()
    return [record._replace(data=record.data + delimiter)]


_PROCESSORS = {
    "Decompression": _decompressed,
    "CloudWatchLogProcessing": _messages,
    "RecordDeAggregation": _deaggregated,
    "MetadataExtraction": _extracted,
    "AppendDelimiterToRecord": _delimited,
}
_CODES = {
    "Decompression": "Decompression.Failed",
    "CloudWatchLogProcessing": "CloudWatchLogProcessing.Failed",
    "RecordDeAggregation": "DynamicPartitioning.DeaggregationFailed",
    "MetadataExtraction": "DynamicPartitioning.MetadataExtractionFailed",
    "AppendDelimiterToRecord": "InternalError",
}
ORDER = (
    "Decompression", "CloudWatchLogProcessing", "RecordDeAggregation", "Lambda", "MetadataExtraction",
    "AppendDelimiterToRecord",
)  # fmt: skip

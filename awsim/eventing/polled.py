"""What polled sources hold, as events: messages of queues, records of streams. And which of them a filter lets pass.

Sources: EventBridge User Guide, "Amazon EventBridge Pipes sources" and the page of each of them, "Event filtering in
Amazon EventBridge Pipes"; Lambda Developer Guide, "Control which events Lambda sends to your function".
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from awsim.eventing.patterns import Leaves, compiled
from awsim.eventing.templates import dumps

Event = dict[str, Any]


def from_queue(message: Mapping[str, Any], arn: str) -> Event:
    """A message as ReceiveMessage gives it."""
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": dict(message.get("Attributes") or {}),
        "messageAttributes": {
            name: _message_attribute(value) for name, value in (message.get("MessageAttributes") or {}).items()
        },
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": arn,
        "awsRegion": arn.split(":")[3],
    }


def _message_attribute(given: Mapping[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {"stringListValues": [], "binaryListValues": [], "dataType": given["DataType"]}
    if "StringValue" in given:
        shown["stringValue"] = given["StringValue"]
    if "BinaryValue" in given:
        shown["binaryValue"] = _encoded(given["BinaryValue"])
    return shown


def from_stream(record: Mapping[str, Any], shard: str, arn: str, role: str) -> Event:
    """A record as Kinesis' GetRecords gives it."""
    return {
        "kinesisSchemaVersion": "1.0",
        "partitionKey": record["PartitionKey"],
        "sequenceNumber": record["SequenceNumber"],
        "data": _encoded(record["Data"]),
        "approximateArrivalTimestamp": seconds(record["ApproximateArrivalTimestamp"]),
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"{shard}:{record['SequenceNumber']}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": role,
        "awsRegion": arn.split(":")[3],
        "eventSourceARN": arn,
    }


def from_table(record: Mapping[str, Any], arn: str) -> Event:
    """A record as DynamoDB Streams' GetRecords gives it."""
    change = {name: _plain(value) for name, value in record["dynamodb"].items()}
    change["ApproximateCreationDateTime"] = seconds(record["dynamodb"]["ApproximateCreationDateTime"])
    event = {name: value for name, value in record.items() if name not in ("dynamodb", "userIdentity")}
    if "userIdentity" in record:
        identity = record["userIdentity"]
        event["userIdentity"] = {"type": identity["Type"], "principalId": identity["PrincipalId"]}
    return {**event, "dynamodb": change, "eventSourceARN": arn}


def read(event: Mapping[str, Any], data: str, *, encoded: bool) -> Mapping[str, Any]:
    """The event with its data read: as JSON where they are that, else as text. `data` is the field that holds what the
    sender wrote, "" for none; `encoded`: in base64."""
    if not data or not isinstance(event.get(data), str):
        return event
    return {**event, data: _data_of(event[data], encoded)}


def _data_of(text: str, encoded: bool) -> Any:
    if encoded:
        try:
            text = b64decode(text).decode()
        except ValueError:
            return text
    try:
        return json.loads(text, parse_constant=_no_json)
    except ValueError:
        return text


def passes(patterns: Sequence[str], event: Mapping[str, Any], data: str, *, encoded: bool) -> bool:
    """Whether one of the patterns matches, or there is none."""
    return not patterns or any(_matches(pattern, event, data, encoded) for pattern in patterns)


def _matches(pattern: str, event: Mapping[str, Any], data: str, encoded: bool) -> bool:
    seen = read(event, data, encoded=encoded)
    if data and _looks_into(pattern, data) and not isinstance(seen[data], dict):
        # What is no JSON object has none of the fields that the pattern asks for, nor their absence.
        return False
    return compiled(pattern).matches(Leaves(seen))


@lru_cache(1024)
def _looks_into(pattern: str, data: str) -> bool:
    return isinstance(json.loads(pattern).get(data), dict)


def size(event: Mapping[str, Any]) -> int:
    return len(dumps(event).encode())


def seconds(when: datetime | float) -> float:
    return when.timestamp() if isinstance(when, datetime) else float(when)


def _no_json(word: str) -> Any:
    raise ValueError(word)


def _encoded(data: bytes | str) -> str:
    return b64encode(data if isinstance(data, bytes) else data.encode()).decode()


def _plain(value: Any) -> Any:
    """JSON has no bytes."""
    if isinstance(value, bytes):
        return _encoded(value)
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set):
        return [_plain(inner) for inner in value]
    return value

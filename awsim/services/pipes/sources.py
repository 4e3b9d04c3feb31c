"""Sources: which kinds there are, and how what they hold becomes events.

Source: EventBridge User Guide, "Amazon EventBridge Pipes sources" and the page of each of them.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from awsim.eventing.templates import dumps

Event = dict[str, Any]


class Kind(NamedTuple):
    """A kind of source: its parameters' member, where its data are, and the default size of its batches (a row).

    `data`: the field of events that holds what the sender wrote. `starts`: whether StartingPosition has to be given;
    `runs`: whether awsim reads it.
    """

    name: str
    member: str
    data: str
    batch: str
    starts: bool = False
    runs: bool = False
    required: bool = False


SQS = Kind("sqs", "SqsQueueParameters", "body", "sqs-batch", runs=True)
KINESIS = Kind("kinesis", "KinesisStreamParameters", "data", "kinesis-batch", starts=True, runs=True, required=True)
DYNAMODB = Kind("dynamodb", "DynamoDBStreamParameters", "", "dynamodb-batch", starts=True, runs=True, required=True)
MSK = Kind("kafka", "ManagedStreamingKafkaParameters", "value", "kafka-batch", required=True)
KAFKA = Kind("smk", "SelfManagedKafkaParameters", "value", "kafka-batch", required=True)
ACTIVE_MQ = Kind("mq", "ActiveMQBrokerParameters", "data", "mq-batch", required=True)
RABBIT_MQ = Kind("mq", "RabbitMQBrokerParameters", "data", "mq-batch", required=True)

MEMBERS = tuple(kind.member for kind in (SQS, KINESIS, DYNAMODB, MSK, KAFKA, ACTIVE_MQ, RABBIT_MQ))


def kind_of(arn: str, parameters: Mapping[str, Any]) -> Kind | None:
    """The kind of a source by its ARN; brokers tell theirs by the parameters."""
    if arn.startswith("smk://"):
        return KAFKA
    service, resource = arn.split(":", 5)[2], arn.split(":", 5)[5]
    if service == "sqs":
        return SQS
    if service == "kinesis" and resource.startswith("stream/"):
        return KINESIS
    if service == "dynamodb" and resource.startswith("table/") and "/stream/" in resource:
        return DYNAMODB
    if service == "kafka" and resource.startswith("cluster/"):
        return MSK
    if service == "mq" and resource.startswith("broker:"):
        return RABBIT_MQ if RABBIT_MQ.member in parameters else ACTIVE_MQ
    return None


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


def read(event: Mapping[str, Any], kind: Kind) -> Mapping[str, Any]:
    """The event with its data read: as JSON where they are that, else as text. What filters and templates see."""
    if not kind.data or not isinstance(event.get(kind.data), str):
        return event
    return {**event, kind.data: data_of(event, kind)}


def data_of(event: Mapping[str, Any], kind: Kind) -> Any:
    text = event[kind.data]
    if kind is not SQS:
        try:
            text = b64decode(text).decode()
        except ValueError:
            return text
    try:
        return json.loads(text, parse_constant=_no_json)
    except (ValueError, RecursionError):
        return text


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

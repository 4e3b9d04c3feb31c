"""Sources: which kinds there are, and how what they hold becomes events.

Source: EventBridge User Guide, "Amazon EventBridge Pipes sources" and the page of each of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from awsim.eventing import polled


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


def read(event: Mapping[str, Any], kind: Kind) -> Mapping[str, Any]:
    """The event with its data read: as JSON where they are that, else as text. What filters and templates see."""
    return polled.read(event, kind.data, encoded=kind is not SQS)

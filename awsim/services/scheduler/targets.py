"""Targets: the call that a schedule makes of one, templated or any operation of an SDK.

Sources: EventBridge Scheduler User Guide, "Using templated targets", "Using universal targets", "Adding context
attributes".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from awsim.eventing import tasks
from awsim.services.scheduler.schedule import invalid
from awsim.wire.models import service_model

Target = Mapping[str, Any]

_UNIVERSAL = ":scheduler:::aws-sdk:"
# Names of services in universal targets that are not botocore's.
_NAMES = {"sfn": "stepfunctions", "eventbridge": "events", "cloudwatchlogs": "logs"}
_READ_ONLY = ("get", "describe", "list", "poll", "receive", "search", "scan", "query", "select", "read", "batchget")
_TEMPLATED = ("sqs", "sns", "lambda", "states", "kinesis", "firehose", "events", "ecs")


class Invocation(NamedTuple):
    """A call to make; `region` and `account` empty where the ARN does not say."""

    service: str
    operation: str
    region: str
    account: str
    parameters: dict[str, Any]


def check(target: Target) -> None:
    """Refuse targets that AWS would."""
    arn = target["Arn"]
    if _UNIVERSAL in arn:
        service, _, action = arn.partition(_UNIVERSAL)[2].partition(":")
        if not service or not action or action.lower().startswith(_READ_ONLY):
            raise invalid(f"{arn} is not a valid API action for universal targets.")
        return
    parts = arn.split(":", 5)
    if len(parts) != 6 or parts[0] != "arn":
        raise invalid("Provided Arn is not in correct format.")
    if parts[2] == "ecs" and not target.get("EcsParameters"):
        raise invalid("EcsParameters must be specified for an ECS target.")
    if parts[2] == "kinesis" and not target.get("KinesisParameters"):
        raise invalid("KinesisParameters must be specified for a Kinesis target.")
    if parts[2] == "events" and not target.get("EventBridgeParameters"):
        raise invalid("EventBridgeParameters must be specified for an EventBridge target.")
    if parts[2] == "sqs" and parts[5].endswith(".fifo") and not target.get("SqsParameters"):
        raise invalid("SqsParameters must be specified for a FIFO queue target.")


def filled(text: str, context: Mapping[str, str]) -> str:
    """An input with its context attributes (`<aws.scheduler.schedule-arn>`) filled in."""
    for name, value in context.items():
        text = text.replace(f"<aws.scheduler.{name}>", value)
    return text


def invocation(target: Target, text: str, event_id: str) -> Invocation | None:
    """The call that brings `text` to a target; None where awsim does not know one."""
    arn = target["Arn"]
    if _UNIVERSAL in arn:
        return _universal(arn, text)
    _, partition, service, region, account, _resource = arn.split(":", 5)
    if service not in _TEMPLATED:
        return None
    operation, parameters = _templated(target, partition, text)
    name = "stepfunctions" if service == "states" else service
    return Invocation(name, operation, region, account, parameters)


def queue_url(arn: str) -> str:
    _, partition, _, region, account, name = arn.split(":", 5)
    suffix = "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com"
    return f"https://sqs.{region}.{suffix}/{account}/{name}"


def _templated(target: Target, partition: str, text: str) -> tuple[str, dict[str, Any]]:
    arn = target["Arn"]
    service = arn.split(":")[2]
    if service == "sqs":
        group = (target.get("SqsParameters") or {}).get("MessageGroupId")
        more = {"MessageGroupId": group} if group else {}
        return "SendMessage", {"QueueUrl": queue_url(arn), "MessageBody": text, **more}
    if service == "sns":
        return "Publish", {"TopicArn": arn, "Message": text}
    if service == "lambda":
        return "Invoke", {"FunctionName": arn, "InvocationType": "Event", "Payload": text.encode()}
    if service == "states":
        return "StartExecution", {"stateMachineArn": arn, "input": text}
    if service == "kinesis":
        key = target["KinesisParameters"]["PartitionKey"]
        return "PutRecord", {"StreamARN": arn, "Data": text.encode(), "PartitionKey": key}
    if service == "firehose":
        return "PutRecord", {"DeliveryStreamName": arn.rpartition("/")[2], "Record": {"Data": text.encode()}}
    if service == "ecs":
        return "RunTask", tasks.run(target, text, "chronos-schedule/", "schedule")
    given = target["EventBridgeParameters"]
    entry = {"EventBusName": arn, "Source": given["Source"], "DetailType": given["DetailType"], "Detail": text}
    return "PutEvents", {"Entries": [entry]}


def _universal(arn: str, text: str) -> Invocation:
    service, _, action = arn.partition(_UNIVERSAL)[2].partition(":")
    service = _NAMES.get(service.lower(), service.lower())
    operation = action[0].upper() + action[1:]
    given = json.loads(text) if text else {}
    return Invocation(service, operation, "", "", _as_modelled(service, operation, given))


def _as_modelled(service: str, operation: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters under the names of the model: Scheduler writes all of them in PascalCase."""
    try:
        shape = service_model(service).operation_model(operation).input_shape
    except Exception:
        return dict(given)
    names = {name.lower(): name for name in (shape.members if shape is not None else ())}
    return {names.get(name.lower(), name): value for name, value in given.items()}

"""Targets and enrichments: the calls that bring events to them, and what their answers say of each event.

Sources: EventBridge User Guide, "Amazon EventBridge Pipes targets", "Event enrichment", "Pipes batching and
concurrency".
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from awsim.errors import AWSError
from awsim.service import not_modelled
from awsim.services.pipes import inputs
from awsim.services.pipes.inputs import Payload

Parameters = Mapping[str, Any]


class Kind(NamedTuple):
    """A kind of target. `member`: its parameters; `batch`: a row with the largest batch it takes, None for one event at
    a time, "" for as many as the source gives. `required`: whether its parameters must be given; `runs`: whether awsim
    delivers to it."""

    name: str
    member: str | None
    batch: str | None
    required: bool = False
    runs: bool = True


_KINDS = {
    "sqs": Kind("sqs", "SqsQueueParameters", "sqs-target-batch"),
    "sns": Kind("sns", None, "sns-target-batch"),
    "kinesis": Kind("kinesis", "KinesisStreamParameters", "kinesis-target-batch", required=True),
    "firehose": Kind("firehose", None, "firehose-target-batch"),
    "event-bus": Kind("event-bus", "EventBridgeEventBusParameters", "events-target-batch"),
    "api-destination": Kind("api-destination", "HttpParameters", None),
    "lambda": Kind("lambda", "LambdaFunctionParameters", ""),
    "states": Kind("states", "StepFunctionStateMachineParameters", ""),
    "logs": Kind("logs", "CloudWatchLogsParameters", "logs-target-batch"),
    "timestream": Kind("timestream", "TimestreamParameters", "timestream-target-batch", required=True, runs=False),
    "execute-api": Kind("execute-api", "HttpParameters", None, runs=False),
    "ecs": Kind("ecs", "EcsTaskParameters", None, required=True, runs=False),
    "batch": Kind("batch", "BatchJobParameters", None, required=True, runs=False),
    "redshift": Kind("redshift", "RedshiftDataParameters", None, required=True, runs=False),
    "redshift-serverless": Kind("redshift-serverless", "RedshiftDataParameters", None, required=True, runs=False),
    "sagemaker": Kind("sagemaker", "SageMakerPipelineParameters", None, runs=False),
    "inspector": Kind("inspector", None, None, runs=False),
}
_ENRICHMENTS = ("api-destination", "execute-api", "lambda", "states")

MEMBERS = frozenset(kind.member for kind in _KINDS.values() if kind.member)


class Delivery(NamedTuple):
    """A call to make, and how to read from its answer which of the events did not arrive (by number) and why."""

    service: str
    operation: str
    parameters: dict[str, Any]
    failures: Callable[[Mapping[str, Any]], dict[int, str]]


def kind_of(arn: str) -> Kind | None:
    """The kind of a target by its ARN."""
    service, resource = arn.split(":", 5)[2], arn.split(":", 5)[5]
    if service == "events":
        service = resource.partition("/")[0]
    return _KINDS.get(service)


def enrichment_of(arn: str) -> Kind | None:
    kind = kind_of(arn)
    return kind if kind is not None and kind.name in _ENRICHMENTS else None


def delivery(arn: str, given: Parameters, pipe: str, batch: Sequence[tuple[Payload, str]], now: float) -> Delivery:
    """The call that brings a batch (each event and the text made of it) to a target."""
    kind = kind_of(arn)
    if kind is None or not kind.runs:
        raise not_modelled(f"{arn.split(':')[2]} as a target of pipes")
    own = given.get(kind.member or "") or {}
    make = _MAKERS[kind.name]
    return make(arn, own, pipe, batch, now)


def _sqs(arn: str, own: Parameters, pipe: str, batch: Sequence[tuple[Payload, str]], now: float) -> Delivery:
    entries = [
        {"Id": str(number), "MessageBody": text, **inputs.parameters(own, payload)}
        for number, (payload, text) in enumerate(batch)
    ]
    return Delivery("sqs", "SendMessageBatch", {"QueueUrl": queue_url(arn), "Entries": entries}, _by_id)


def _sns(arn: str, own: Parameters, pipe: str, batch: Sequence[tuple[Payload, str]], now: float) -> Delivery:
    entries = [{"Id": str(number), "Message": text} for number, (_, text) in enumerate(batch)]
    return Delivery("sns", "PublishBatch", {"TopicArn": arn, "PublishBatchRequestEntries": entries}, _by_id)


def _by_id(answer: Mapping[str, Any]) -> dict[int, str]:
    return {int(failed["Id"]): failed["Code"] for failed in answer.get("Failed") or ()}


def _kinesis(arn: str, own: Parameters, pipe: str, batch: Sequence[tuple[Payload, str]], now: float) -> Delivery:
    records = [
        {"Data": text.encode(), "PartitionKey": inputs.parameter(own["PartitionKey"], payload)}
        for payload, text in batch
    ]
    return Delivery("kinesis", "PutRecords", {"StreamARN": arn, "Records": records}, _by_place("Records"))


def _firehose(arn: str, own: Parameters, pipe: str, batch: Sequence[tuple[Payload, str]], now: float) -> Delivery:
    records = [{"Data": text.encode()} for _, text in batch]
    parameters = {"DeliveryStreamName": arn.rpartition("/")[2], "Records": records}
    return Delivery("firehose", "PutRecordBatch", parameters, _by_place("RequestResponses"))


def _event_bus(arn: str, own: Parameters, pipe: str, batch: Sequence[tuple[Payload, str]], now: float) -> Delivery:
    entries = []
    for payload, text in batch:
        values = inputs.parameters(own, payload)
        source = payload.event.get("eventSource") if isinstance(payload.event, dict) else None
        entry = {
            "EventBusName": arn,
            "Source": values.get("Source") or f"Pipe {pipe}",
            "DetailType": values.get("DetailType") or f"Event from {source or 'enrichment'}",
            "Detail": text,
        }
        if values.get("Resources"):
            entry["Resources"] = values["Resources"]
        if values.get("Time"):
            entry["Time"] = _time(values["Time"])
        entries.append(entry)
    parameters: dict[str, Any] = {"Entries": entries}
    if own.get("EndpointId"):
        parameters["EndpointId"] = own["EndpointId"]
    return Delivery("events", "PutEvents", parameters, _by_place("Entries"))


def _by_place(member: str) -> Callable[[Mapping[str, Any]], dict[int, str]]:
    def failures(answer: Mapping[str, Any]) -> dict[int, str]:
        return {number: one["ErrorCode"] for number, one in enumerate(answer[member]) if one.get("ErrorCode")}

    return failures


def _api_destination(
    arn: str, own: Parameters, pipe: str, batch: Sequence[tuple[Payload, str]], now: float
) -> Delivery:
    ((payload, text),) = batch
    return Delivery("events", "InvokeApiDestination", invocation(arn, own, payload, text), _none)


def invocation(arn: str, http: Parameters, payload: Payload, text: str) -> dict[str, Any]:
    """The parameters for calling an API destination."""
    return {"Arn": arn, "Body": text, "HttpParameters": inputs.parameters(http, payload)}


def _lambda(arn: str, own: Parameters, pipe: str, batch: Sequence[tuple[Payload, str]], now: float) -> Delivery:
    waits = own.get("InvocationType", "REQUEST_RESPONSE") == "REQUEST_RESPONSE"
    parameters = {
        "FunctionName": arn,
        "InvocationType": "RequestResponse" if waits else "Event",
        "Payload": _array(batch).encode(),
    }
    return Delivery("lambda", "Invoke", parameters, _reported(batch, "Payload") if waits else _none)


def _states(arn: str, own: Parameters, pipe: str, batch: Sequence[tuple[Payload, str]], now: float) -> Delivery:
    waits = own.get("InvocationType", "REQUEST_RESPONSE") == "REQUEST_RESPONSE"
    parameters = {"stateMachineArn": arn, "input": _array(batch)}
    operation = "StartSyncExecution" if waits else "StartExecution"
    return Delivery("stepfunctions", operation, parameters, _reported(batch, "output") if waits else _none)


def _array(batch: Sequence[tuple[Payload, str]]) -> str:
    return f"[{','.join(text for _, text in batch)}]"


def _reported(batch: Sequence[tuple[Payload, str]], member: str) -> Callable[[Mapping[str, Any]], dict[int, str]]:
    """What the code behind a target says did not work: `{"batchItemFailures": [{"itemIdentifier": …}]}`."""

    def failures(answer: Mapping[str, Any]) -> dict[int, str]:
        check_result(answer)
        told = result_of(answer, member)
        listed = told.get("batchItemFailures") if isinstance(told, dict) else None
        if not listed:
            return {}
        wanted = {str(one.get("itemIdentifier")) for one in listed}
        found = {number: "BatchItemFailure" for number, (payload, _) in enumerate(batch) if _id(payload) in wanted}
        # An identifier that is none of theirs fails the batch.
        return found if len(found) == len(wanted) else dict.fromkeys(range(len(batch)), "BatchItemFailure")

    return failures


def _id(payload: Payload) -> str:
    """What names an event in a report of failures."""
    event = payload.event if isinstance(payload.event, dict) else {}
    change = event.get("dynamodb")
    number = change.get("SequenceNumber") if isinstance(change, dict) else event.get("sequenceNumber")
    return str(event.get("messageId") or number or event.get("eventID") or "")


def check_result(answer: Mapping[str, Any]) -> None:
    """Raise what a function or a state machine ended with, if it failed."""
    if answer.get("FunctionError"):
        raise AWSError("FunctionError", str(result_of(answer, "Payload")), status=400)
    if answer.get("status", "SUCCEEDED") != "SUCCEEDED":
        raise AWSError(answer.get("error") or "ExecutionFailed", answer.get("cause") or "", status=400)


def result_of(answer: Mapping[str, Any], member: str) -> Any:
    """What was answered: JSON, else text; None for nothing."""
    content: Any = answer.get(member)
    if hasattr(content, "read"):
        content = content.read()
    if isinstance(content, bytes):
        content = content.decode(errors="replace")
    if not content:
        return None
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return content


def _logs(arn: str, own: Parameters, pipe: str, batch: Sequence[tuple[Payload, str]], now: float) -> Delivery:
    group = arn.split(":", 5)[5].removeprefix("log-group:").removesuffix(":*")
    events = []
    for payload, text in batch:
        time = inputs.parameter(own["Timestamp"], payload) if own.get("Timestamp") else ""
        when = _time(time).timestamp() if time else now
        events.append({"timestamp": round(when * 1000), "message": text})
    stream = inputs.parameter(own["LogStreamName"], batch[0][0]) if own.get("LogStreamName") else pipe
    parameters = {"logGroupName": group, "logStreamName": stream, "logEvents": events}
    return Delivery("logs", "PutLogEvents", parameters, _none)


def _none(answer: Mapping[str, Any]) -> dict[int, str]:
    return {}


def _time(text: str) -> datetime:
    """A time in an event: ISO 8601, or seconds or milliseconds since 1970."""
    try:
        number = float(text)
    except ValueError:
        try:
            when = datetime.fromisoformat(text)
        except ValueError:
            raise AWSError("ValidationException", f"{text} is no timestamp.", status=400) from None
        return when if when.tzinfo is not None else when.replace(tzinfo=UTC)
    return datetime.fromtimestamp(number / 1000 if number > 1e11 else number, UTC)


def queue_url(arn: str) -> str:
    _, partition, _, region, account, name = arn.split(":", 5)
    suffix = "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com"
    return f"https://sqs.{region}.{suffix}/{account}/{name}"


_MAKERS: Mapping[str, Callable[[str, Parameters, str, Sequence[tuple[Payload, str]], float], Delivery]] = {
    "sqs": _sqs,
    "sns": _sns,
    "kinesis": _kinesis,
    "firehose": _firehose,
    "event-bus": _event_bus,
    "api-destination": _api_destination,
    "lambda": _lambda,
    "states": _states,
    "logs": _logs,
}

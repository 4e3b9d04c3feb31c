"""Deliveries to targets whose services may not be there: the calls that are made, and how answers are read."""

import io
import json

import pytest

from awsim.errors import AWSError
from awsim.eventing.lanes import Lane, Record
from awsim.services.pipes import sources, targets
from awsim.services.pipes.inputs import Payload

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:f"
MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:m"
GROUP = "arn:aws:logs:us-east-1:123456789012:log-group:/pipes/out:*"
EVENTS = [{"messageId": "m1", "body": "1"}, {"messageId": "m2", "body": "2"}]
BATCH = [(Payload(event, event, ""), json.dumps(event)) for event in EVENTS]


def delivery(arn, parameters=None, batch=BATCH):
    return targets.delivery(arn, parameters or {}, "p", batch, 1000.0)


def test_a_function_gets_the_whole_batch():
    call = delivery(FUNCTION)
    assert (call.service, call.operation) == ("lambda", "Invoke")
    assert (call.parameters["FunctionName"], call.parameters["InvocationType"]) == (FUNCTION, "RequestResponse")
    assert json.loads(call.parameters["Payload"]) == EVENTS
    call = delivery(FUNCTION, {"LambdaFunctionParameters": {"InvocationType": "FIRE_AND_FORGET"}})
    assert call.parameters["InvocationType"] == "Event"


@pytest.mark.parametrize(
    ("told", "failed"),
    [
        (None, {}),
        ({}, {}),
        ("done", {}),
        ({"batchItemFailures": []}, {}),
        ({"batchItemFailures": [{"itemIdentifier": "m2"}]}, {1}),
        ({"batchItemFailures": [{"itemIdentifier": "other"}]}, {0, 1}),
        ({"batchItemFailures": [{"itemIdentifier": "m1"}, {"itemIdentifier": None}]}, {0, 1}),
    ],
)
def test_a_function_reports_what_failed(told, failed):
    answer = {"Payload": io.BytesIO(b"" if told is None else json.dumps(told).encode())}
    assert set(delivery(FUNCTION).failures(answer)) == set(failed)


def test_a_function_that_raises_fails_the_batch():
    with pytest.raises(AWSError) as caught:
        delivery(FUNCTION).failures({"FunctionError": "Unhandled", "Payload": b'{"errorMessage": "no"}'})
    assert caught.value.code == "FunctionError"


def test_records_of_streams_are_named_by_their_numbers():
    shown = [
        {"sequenceNumber": "1", "data": ""},
        {"eventID": "e", "dynamodb": {"SequenceNumber": "2"}},
    ]
    batch = [(Payload(event, event, ""), "{}") for event in shown]
    call = delivery(FUNCTION, batch=batch)
    assert set(call.failures({"Payload": b'{"batchItemFailures": [{"itemIdentifier": "2"}]}'})) == {1}


def test_a_state_machine():
    call = delivery(MACHINE)
    assert (call.service, call.operation) == ("stepfunctions", "StartSyncExecution")
    assert json.loads(call.parameters["input"]) == EVENTS
    assert call.failures({"status": "SUCCEEDED", "output": "{}"}) == {}
    with pytest.raises(AWSError):
        call.failures({"status": "FAILED", "error": "Broken"})
    forgotten = {"StepFunctionStateMachineParameters": {"InvocationType": "FIRE_AND_FORGET"}}
    assert delivery(MACHINE, forgotten).operation == "StartExecution"


def test_a_log_group():
    batch = [(Payload({"at": "2026-03-01T00:00:00Z", "to": "s"}, {"at": "2026-03-01T00:00:00Z", "to": "s"}, ""), "x")]
    call = delivery(GROUP, {"CloudWatchLogsParameters": {"LogStreamName": "$.to", "Timestamp": "$.at"}}, batch)
    assert call.parameters == {
        "logGroupName": "/pipes/out",
        "logStreamName": "s",
        "logEvents": [{"timestamp": 1772323200000, "message": "x"}],
    }
    assert delivery(GROUP, batch=batch).parameters["logEvents"][0]["timestamp"] == 1_000_000


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("2026-03-01T00:00:00Z", 1772323200), ("1772323200", 1772323200), ("1772323200000", 1772323200)],
)
def test_times(text, seconds):
    bus = "arn:aws:events:us-east-1:123456789012:event-bus/b"
    batch = [(Payload({"at": text}, {"at": text}, ""), "{}")]
    (entry,) = delivery(bus, {"EventBridgeEventBusParameters": {"Time": "$.at"}}, batch).parameters["Entries"]
    assert entry["Time"].timestamp() == seconds


def test_a_time_that_is_none():
    bus = "arn:aws:events:us-east-1:123456789012:event-bus/b"
    batch = [(Payload({"at": "soon"}, {"at": "soon"}, ""), "{}")]
    with pytest.raises(AWSError, match="soon is no timestamp"):
        delivery(bus, {"EventBridgeEventBusParameters": {"Time": "$.at"}}, batch)


def test_what_awsim_does_not_deliver_to():
    with pytest.raises(AWSError) as caught:
        delivery("arn:aws:ecs:us-east-1:123456789012:cluster/c")
    assert caught.value.code == "NotImplemented"


def test_batches_end_where_their_payload_does():
    lane = Lane("")
    lane.add([Record({}, str(number), 0.0, 400) for number in range(5)], 0.0)
    assert lane.batch(10, 1000) == 2
    assert lane.full(10, 1000)
    assert lane.batch(10, 100) == 1
    assert not lane.full(10, 10_000)
    lane.sizes = (3, 2)
    assert lane.batch(10, 10_000) == 3


@pytest.mark.parametrize(
    ("event", "kind", "data"),
    [
        ({"body": '{"a": 1}'}, sources.SQS, {"a": 1}),
        ({"body": "text"}, sources.SQS, "text"),
        ({"body": "NaN"}, sources.SQS, "NaN"),
        ({"data": "eyJhIjoxfQ=="}, sources.KINESIS, {"a": 1}),
        ({"data": "dGV4dA=="}, sources.KINESIS, "text"),
        ({"data": "/w=="}, sources.KINESIS, "/w=="),
    ],
)
def test_data_are_read(event, kind, data):
    assert sources.read(event, kind)[kind.data] == data

"""Logs of runs that nobody has looked at yet: nobody can tell them from those that were written at once."""

import json
from datetime import timedelta

import boto3
import pytest

from awsim import mock_aws

AT = "2026-03-01T12:00:00Z"
GROUP = "/aws/lambda/f"
LAMBDA = {"Service": "lambda.amazonaws.com"}
TRUST = {"Statement": [{"Effect": "Allow", "Principal": LAMBDA, "Action": "sts:AssumeRole"}]}


@pytest.fixture
def aws():
    with mock_aws(at=AT) as cloud:
        yield cloud


@pytest.fixture
def logs():
    return boto3.client("logs", region_name="us-east-1")


@pytest.fixture
def invoke(functions, make):
    """A function that has run once, so that its log has a stream; invoke(event) runs it again."""
    make(code=lambda event, context: event)

    def invoke(event=None, **more):
        functions.invoke(FunctionName="f", Payload=json.dumps(event).encode(), **more)

    invoke("first")
    return invoke


def _unread(cloud):
    return len(cloud.service("logs", None, "us-east-1").unread)


def _messages(logs, group=GROUP):
    return [event["message"] for event in logs.filter_log_events(logGroupName=group)["events"]]


def _reports(logs):
    return sum(message.startswith("REPORT") for message in _messages(logs))


def _told(record):
    return (
        record.name,
        record.caller,
        record.account,
        record.region,
        record.timestamp,
        record.request_id,
        record.parameters,
        record.result,
        [_told(caused) for caused in record.caused],
    )


def _tidy(answer):
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


def _story(at_once, make, functions, logs):
    """All that can be seen of some runs."""
    metrics = boto3.client("cloudwatch", region_name="us-east-1")
    with mock_aws(at=AT) as cloud:
        if at_once:
            # Whoever has scripted faults wants each call to meet them.
            cloud.faults.add("kms:*", error="InternalException")

        def code(event, context):
            if event == "print":
                print("one\ntwo")
            elif event == "metrics":
                print(json.dumps({"_aws": {"Timestamp": 0, "CloudWatchMetrics": []}}))
            elif event == "wait":
                cloud.clock.advance(seconds=2)
            elif event == "fail":
                raise ValueError("no")
            elif event == "other":
                functions.invoke(FunctionName="g", Payload=b"1")
            elif event == "later":
                functions.invoke(FunctionName="g", InvocationType="Event", Payload=b"1")
            return event

        cloud.functions.update(f=code, g=lambda event, context: event)
        make("f")
        make("g")
        tails = []

        def invoke(event, **more):
            answer = functions.invoke(FunctionName="f", Payload=json.dumps(event).encode(), LogType="Tail", **more)
            tails.append((answer.get("LogResult"), answer["Payload"].read()))
            cloud.clock.advance(seconds=1)

        for event in ("plain", "print", "wait", "fail", "metrics", "other", "other", "later", "plain"):
            invoke(event)
        invoke("plain", InvocationType="Event")
        waiting = [_unread(cloud)]
        functions.update_function_configuration(FunctionName="f", MemorySize=512, LoggingConfig={"LogFormat": "JSON"})
        invoke("print")
        invoke("plain")
        functions.update_function_configuration(FunctionName="f", MemorySize=256, Timeout=1)
        journal = [_told(record) for record in cloud.calls]
        waiting.append(_unread(cloud))
        assert waiting == ([0, 0] if at_once else [7, 1])
        now = cloud.clock.now()
        counted = [
            metrics.get_metric_statistics(
                Namespace="AWS/Logs",
                MetricName=name,
                Dimensions=[{"Name": "LogGroupName", "Value": GROUP}],
                StartTime=now - timedelta(hours=1),
                EndTime=now + timedelta(hours=1),
                Period=60,
                Statistics=["Sum", "SampleCount"],
            )["Datapoints"]
            for name in ("IncomingLogEvents", "IncomingBytes")
        ]
        used = [str(use) for use in cloud.limits.usage() if use.name.startswith("logs.")]
        seen = [
            _tidy(logs.describe_log_groups()),
            *(_tidy(logs.describe_log_streams(logGroupName=f"/aws/lambda/{name}")) for name in "fg"),
            *(_tidy(logs.filter_log_events(logGroupName=f"/aws/lambda/{name}")) for name in "fg"),
        ]
        return tails, journal, counted, used, seen


def test_as_if_written_at_once(make, functions, logs):
    unread, written = (_story(at_once, make, functions, logs) for at_once in (False, True))
    for one, other in zip(unread, written, strict=True):
        assert one == other


def test_they_wait_until_somebody_looks(aws, invoke, logs):
    for _ in range(3):
        invoke()
    assert _unread(aws) == 3
    assert _reports(logs) == 4
    assert _unread(aws) == 0


def test_events_are_of_when_they_were_written(aws, invoke, logs):
    invoke("second")
    then = int(aws.clock.time() * 1000)
    aws.clock.advance(hours=1)
    events = logs.filter_log_events(logGroupName=GROUP)["events"]
    assert {event["timestamp"] for event in events} == {event["ingestionTime"] for event in events} == {then}


def test_the_order_of_what_comes_to_a_stream(aws, invoke, logs):
    invoke()
    stream = logs.describe_log_streams(logGroupName=GROUP)["logStreams"][0]["logStreamName"]
    invoke()
    own = [{"timestamp": int(aws.clock.time() * 1000), "message": "between"}]
    answer = logs.put_log_events(logGroupName=GROUP, logStreamName=stream, logEvents=own)
    invoke()
    kinds = [message.split(" ")[0].strip() for message in _messages(logs)]
    run = ["START", "END", "REPORT"]
    assert kinds == [*run * 3, "between", *run]
    (put,) = aws.calls[-2].caused
    assert int(put.result["nextSequenceToken"]) == int(answer["nextSequenceToken"]) + 1


def test_a_restore_takes_them_back(aws, invoke, logs):
    invoke()
    snapshot = aws.snapshot()
    invoke()
    assert _reports(logs) == 3
    aws.restore(snapshot)
    assert _unread(aws) == 1
    invoke()
    invoke()
    aws.restore(snapshot)
    assert _reports(logs) == 2


def test_a_metric_filter_sees_what_comes_later(aws, invoke, logs):
    invoke()
    logs.put_metric_filter(
        logGroupName=GROUP,
        filterName="reports",
        filterPattern="REPORT",
        metricTransformations=[{"metricName": "Reports", "metricNamespace": "Own", "metricValue": "1"}],
    )
    invoke()
    assert _unread(aws) == 0
    now = aws.clock.now()
    shown = boto3.client("cloudwatch", region_name="us-east-1").get_metric_statistics(
        Namespace="Own",
        MetricName="Reports",
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(hours=1),
        Period=60,
        Statistics=["Sum"],
    )
    assert [point["Sum"] for point in shown["Datapoints"]] == [1.0]


def test_retention_counts_from_when_they_were_written(aws, invoke, logs):
    logs.put_retention_policy(logGroupName=GROUP, retentionInDays=1)
    aws.clock.advance(hours=12)
    invoke()
    aws.clock.advance(hours=13)
    assert _reports(logs) == 1
    invoke()
    aws.clock.advance(hours=25)
    assert _messages(logs) == []


def test_a_group_that_is_deleted_takes_them_along(aws, invoke, logs):
    invoke()
    logs.delete_log_group(logGroupName=GROUP)
    assert _unread(aws) == 0
    invoke()
    assert _reports(logs) == 1


def test_metrics_know_of_them(aws, invoke):
    invoke()
    now = aws.clock.now()
    shown = boto3.client("cloudwatch", region_name="us-east-1").get_metric_statistics(
        Namespace="AWS/Logs",
        MetricName="IncomingLogEvents",
        Dimensions=[{"Name": "LogGroupName", "Value": GROUP}],
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(hours=1),
        Period=60,
        Statistics=["Sum"],
    )
    assert [point["Sum"] for point in shown["Datapoints"]] == [6.0]


def test_what_code_prints_waits_too(aws, functions, make, logs):
    make(code=lambda event, context: print(event))
    for text in ("one", "two"):
        functions.invoke(FunctionName="f", Payload=json.dumps(text).encode())
    assert _unread(aws) == 1
    assert [text for text in _messages(logs) if text in ("one\n", "two\n")] == ["one\n", "two\n"]


def _filtered(logs, aws):
    logs.put_metric_filter(
        logGroupName=GROUP,
        filterName="any",
        filterPattern="",
        metricTransformations=[{"metricName": "n", "metricNamespace": "N", "metricValue": "1"}],
    )


def _followed(logs, aws):
    arn = f"arn:aws:logs:us-east-1:123456789012:log-group:{GROUP}"
    logs.start_live_tail(logGroupIdentifiers=[arn])


def _small(logs, aws):
    aws.limits["logs.event-size"] = 100


def _few(logs, aws):
    aws.limits["logs.batch-events"] = 2


def _throttled(logs, aws):
    aws.limits["logs.put-log-events"] = 100


def _tokens(logs, aws):
    aws.limits["logs.sequence-token"] = 1


@pytest.mark.parametrize("disturb", [_filtered, _followed, _small, _few, _throttled, _tokens])
def test_what_somebody_waits_for_or_might_be_refused_is_written_at_once(aws, invoke, logs, disturb):
    disturb(logs, aws)
    invoke()
    assert _unread(aws) == 0


@pytest.mark.parametrize("text", ["é", '{"_aws": {}}'])
def test_text_that_is_more_than_text_is_written_at_once(aws, functions, make, text):
    make(code=lambda event, context: print(text))
    for _ in range(2):
        functions.invoke(FunctionName="f")
    assert _unread(aws) == 0


def test_with_authorization_the_role_is_asked(client):
    with mock_aws(at=AT, authorization=True) as cloud:
        role = client("iam").create_role(RoleName="app", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
        cloud.functions["f"] = lambda event, context: event
        client("lambda").create_function(FunctionName="f", Role=role, PackageType="Image", Code={"ImageUri": "x"})
        for _ in range(2):
            client("lambda").invoke(FunctionName="f")
        assert [call.error.code for call in cloud.calls.of("logs:PutLogEvents")] == ["AccessDenied"] * 2

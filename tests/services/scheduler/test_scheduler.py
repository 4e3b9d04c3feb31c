"""EventBridge Scheduler: groups, schedules, when they are due and what their targets get."""

import json
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from botocore.exceptions import ClientError

REGION = "us-east-1"
ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/invoke"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:jobs"
OFF = {"Mode": "OFF"}

pytestmark = pytest.mark.aws(at="2026-03-01T00:00:00Z")


@pytest.fixture
def scheduler(aws):
    return boto3.client("scheduler", region_name=REGION)


@pytest.fixture
def sqs(aws):
    client = boto3.client("sqs", region_name=REGION)
    for name in ("jobs", "dead"):
        client.create_queue(QueueName=name)
    return client


@pytest.fixture
def create(scheduler):
    """create("rate(1 hour)", Name=…, Target={…}) -> the answer; the target is added to."""

    def create(expression, Name="s", Target=None, **more):
        target = {"Arn": QUEUE, "RoleArn": ROLE, **(Target or {})}
        given = {"FlexibleTimeWindow": OFF, **more}
        return scheduler.create_schedule(Name=Name, ScheduleExpression=expression, Target=target, **given)

    return create


@pytest.fixture
def messages(sqs):
    def messages(name="jobs"):
        url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
        found = []
        while batch := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]).get(
            "Messages"
        ):
            found += batch
            for message in batch:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return found

    return messages


@pytest.fixture
def times(messages):
    """When the events that have come were due."""
    return lambda: [json.loads(message["Body"])["time"] for message in messages()]


def refused(call, /, *args, **params):
    with pytest.raises(ClientError) as caught:
        call(*args, **params)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


# --- when


def test_once(aws, create, scheduler, times):
    create("at(2026-03-02T12:00:00)", ScheduleExpressionTimezone="Europe/Berlin")
    aws.clock.advance(days=3)
    assert times() == ["2026-03-02T11:00:00Z"]
    assert scheduler.get_schedule(Name="s")["State"] == "ENABLED"


def test_once_and_then_gone(aws, create, scheduler, times):
    create("at(2026-03-02T12:00:00)", ActionAfterCompletion="DELETE")
    aws.clock.advance(days=3)
    assert times() == ["2026-03-02T12:00:00Z"]
    assert refused(scheduler.get_schedule, Name="s") == ("ResourceNotFoundException", "Schedule s does not exist.")


def test_a_rate_begins_at_once_or_on_its_start_date(aws, create, times):
    create("rate(2 hours)")
    start = datetime(2026, 3, 1, 3, tzinfo=UTC)
    create("rate(1 day)", Name="later", StartDate=start, Target={"Input": '{"time": "later"}'})
    aws.clock.advance(hours=5)
    assert times() == ["2026-03-01T00:00:00Z", "2026-03-01T02:00:00Z", "later", "2026-03-01T04:00:00Z"]


def test_an_end_date(aws, create, scheduler, times):
    end = datetime(2026, 3, 3, 12, tzinfo=UTC)
    create("cron(0 10 * * ? *)", EndDate=end, ActionAfterCompletion="DELETE")
    aws.clock.advance(days=3, hours=12)
    assert times() == ["2026-03-01T10:00:00Z", "2026-03-02T10:00:00Z", "2026-03-03T10:00:00Z"]
    assert scheduler.list_schedules()["Schedules"] == []


def test_spring_skips_a_time_that_does_not_exist(aws, create, times):
    """User Guide, Daylight saving time: the invocation is skipped; 8 March 2026 in New York."""
    aws.clock.advance_to("2026-03-07T00:00:00+00:00")
    create("cron(30 2 * * ? *)", ScheduleExpressionTimezone="America/New_York")
    aws.clock.advance(days=4)
    assert times() == ["2026-03-07T07:30:00Z", "2026-03-09T06:30:00Z", "2026-03-10T06:30:00Z"]


def test_autumn_runs_once_at_a_time_that_comes_twice(aws, create, times):
    """1 November 2026 in New York."""
    aws.clock.advance_to("2026-10-31T00:00:00+00:00")
    create("cron(30 1 * * ? *)", ScheduleExpressionTimezone="America/New_York")
    aws.clock.advance(days=3)
    assert times() == ["2026-10-31T05:30:00Z", "2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z"]


def test_local_time_stays_over_a_change_of_clocks(aws, create, times):
    aws.clock.advance_to("2026-03-28T00:00:00+00:00")
    create("cron(0 9 ? * * *)", ScheduleExpressionTimezone="Europe/Berlin")
    aws.clock.advance(days=2)
    assert times() == ["2026-03-28T08:00:00Z", "2026-03-29T07:00:00Z"]


def test_disabled_updated_deleted(aws, create, scheduler, times):
    create("rate(1 hour)", State="DISABLED")
    aws.clock.advance(hours=3)
    assert times() == []
    changed = {"FlexibleTimeWindow": OFF, "Target": {"Arn": QUEUE, "RoleArn": ROLE}}
    scheduler.update_schedule(Name="s", ScheduleExpression="cron(30 * * * ? *)", **changed)
    assert scheduler.get_schedule(Name="s")["State"] == "ENABLED"
    aws.clock.advance(hours=1)
    assert times() == ["2026-03-01T03:30:00Z"]
    scheduler.delete_schedule(Name="s")
    aws.clock.advance(hours=3)
    assert times() == []


def test_a_flexible_window(aws, create, messages):
    create("at(2026-03-01T01:00:00)", FlexibleTimeWindow={"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 30})
    aws.clock.advance_to("2026-03-01T01:00:00+00:00")
    assert len(messages()) == 1


@pytest.mark.aws(at="2026-03-01T00:00:00Z", replay="scheduler.flexible-window#1=1")
def test_the_middle_of_a_flexible_window(aws, create, messages):
    create("at(2026-03-01T01:00:00)", FlexibleTimeWindow={"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 30})
    aws.clock.advance_to("2026-03-01T01:14:59+00:00")
    assert messages() == []
    aws.clock.advance(seconds=1)
    assert len(messages()) == 1


@pytest.mark.aws(at="2026-03-01T00:00:00Z", replay="scheduler.late#1=1, scheduler.duplicate#1=1")
def test_an_invocation_may_come_late_within_its_minute_and_twice(aws, create, messages):
    create("at(2026-03-01T01:00:00)")
    aws.clock.advance_to("2026-03-01T01:00:58+00:00")
    assert messages() == []
    aws.clock.advance(seconds=1)
    assert len(messages()) == 2


# --- what


def test_the_event_of_a_target_without_input(aws, create, messages):
    arn = create("at(2026-03-01T01:00:00)")["ScheduleArn"]
    assert arn == f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule/default/s"
    aws.clock.advance(hours=2)
    (message,) = messages()
    body = json.loads(message["Body"])
    assert {**body, "id": None} == {
        "version": "0",
        "id": None,
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "account": ACCOUNT,
        "time": "2026-03-01T01:00:00Z",
        "region": REGION,
        "resources": [arn],
        "detail": "{}",
    }


def test_context_attributes(aws, create, messages):
    text = "<aws.scheduler.schedule-arn> <aws.scheduler.scheduled-time> <aws.scheduler.attempt-number>"
    arn = create("at(2026-03-01T01:00:00)", Target={"Input": text})["ScheduleArn"]
    aws.clock.advance(hours=2)
    assert messages()[0]["Body"] == f"{arn} 2026-03-01T01:00:00Z 1"


def test_universal_targets(aws, create, sqs):
    target = {"Arn": "arn:aws:scheduler:::aws-sdk:sqs:createQueue", "Input": '{"QueueName": "made"}'}
    create("at(2026-03-01T01:00:00)", Target=target)
    aws.clock.advance(hours=2)
    assert any(url.endswith("/made") for url in sqs.list_queues()["QueueUrls"])
    assert [call.caller for call in aws.calls.of("sqs:CreateQueue")][-1].endswith(":assumed-role/invoke/awsim")


def test_event_buses_as_targets(aws, create, sqs, messages):
    events = boto3.client("events", region_name=REGION)
    events.put_rule(Name="r", EventPattern='{"source": ["my.app"]}')
    events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": QUEUE, "InputPath": "$.detail"}])
    bus = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"
    given = {"Arn": bus, "Input": '{"a": 1}', "EventBridgeParameters": {"DetailType": "t", "Source": "my.app"}}
    create("at(2026-03-01T01:00:00)", Target=given)
    aws.clock.advance(hours=2)
    assert messages()[0]["Body"] == '{"a":1}'


# --- failures


def test_dead_letters(aws, create, messages):
    dead = {"DeadLetterConfig": {"Arn": QUEUE.replace("jobs", "dead")}, "Input": "hello"}
    arn = create("at(2026-03-01T01:00:00)", Target={**dead, "Arn": QUEUE + "-gone"})["ScheduleArn"]
    aws.clock.advance(hours=2)
    (message,) = messages("dead")
    told = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
    assert message["Body"] == "hello"
    assert told.pop("EXECUTION_ID")
    assert told == {
        "ERROR_CODE": "QueueDoesNotExist",
        "ERROR_MESSAGE": "The specified queue does not exist.",
        "IS_PAYLOAD_TRUNCATED": "false",
        "RETRY_ATTEMPTS": "0",
        "SCHEDULED_TIME": "2026-03-01T01:00:00Z",
        "SCHEDULE_ARN": arn,
        "TARGET_ARN": QUEUE + "-gone",
    }


@pytest.mark.parametrize(("times", "arrives"), [(2, True), (3, False)])
def test_retries(aws, create, messages, times, arrives):
    target = {"DeadLetterConfig": {"Arn": QUEUE.replace("jobs", "dead")}, "RetryPolicy": {"MaximumRetryAttempts": 2}}
    create("at(2026-03-01T01:00:00)", Target=target)
    aws.faults.add("sqs:SendMessage", error="ServiceUnavailable", status=503, times=times)
    aws.clock.advance(hours=2)
    assert len(messages()) == arrives
    assert len(messages("dead")) == (not arrives)


# --- refusals


@pytest.mark.parametrize("expression", ["rate(1 minutes)", "cron(0 12 * * * *)", "at(2026-13-01T00:00:00)", "soon"])
def test_malformed_expressions(create, scheduler, expression):
    answer = refused(create, expression)
    assert answer == ("ValidationException", f"Invalid Schedule Expression {expression}.")
    assert scheduler.list_schedules()["Schedules"] == []


@pytest.mark.parametrize(
    "more",
    [
        {"ScheduleExpressionTimezone": "Mars/Base"},
        {"FlexibleTimeWindow": {"Mode": "FLEXIBLE"}},
        {"FlexibleTimeWindow": {"Mode": "OFF", "MaximumWindowInMinutes": 5}},
        {"StartDate": datetime(2026, 2, 28, tzinfo=UTC)},
        {"EndDate": datetime(2026, 2, 28, tzinfo=UTC)},
        {"StartDate": datetime(2026, 4, 2, tzinfo=UTC), "EndDate": datetime(2026, 4, 1, tzinfo=UTC)},
        {"Target": {"Arn": "nonsense"}},
        {"Target": {"Arn": "arn:aws:scheduler:::aws-sdk:sqs:listQueues"}},
        {"Target": {"Arn": f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/s"}},
        {"Target": {"Input": "x" * 262_145}},
    ],
)
def test_settings_that_are_refused(create, scheduler, more):
    assert refused(create, "rate(1 hour)", **more)[0] == "ValidationException"
    assert scheduler.list_schedules()["Schedules"] == []


def test_names_are_taken_once(create, scheduler):
    create("rate(1 hour)")
    assert refused(create, "rate(1 hour)") == ("ConflictException", "Schedule s already exists.")
    answer = refused(create, "rate(1 hour)", GroupName="nope")
    assert answer == ("ResourceNotFoundException", "Schedule group nope does not exist.")


def test_client_tokens(create, scheduler):
    first = create("rate(1 hour)", ClientToken="t")
    assert create("rate(1 hour)", ClientToken="t")["ScheduleArn"] == first["ScheduleArn"]
    assert refused(create, "rate(2 hours)", ClientToken="t")[0] == "ConflictException"
    assert len(scheduler.list_schedules()["Schedules"]) == 1


# --- groups and lists


def test_groups_take_their_schedules_with_them(create, scheduler):
    arn = scheduler.create_schedule_group(Name="g", Tags=[{"Key": "a", "Value": "1"}])["ScheduleGroupArn"]
    assert arn == f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule-group/g"
    create("rate(1 hour)", GroupName="g")
    create("rate(1 hour)")
    scheduler.tag_resource(ResourceArn=arn, Tags=[{"Key": "b", "Value": "2"}])
    scheduler.untag_resource(ResourceArn=arn, TagKeys=["a"])
    assert scheduler.list_tags_for_resource(ResourceArn=arn)["Tags"] == [{"Key": "b", "Value": "2"}]
    answer = refused(scheduler.create_schedule_group, Name="g")
    assert answer == ("ConflictException", "Schedule group g already exists.")
    scheduler.delete_schedule_group(Name="g")
    assert [group["Name"] for group in scheduler.list_schedule_groups()["ScheduleGroups"]] == ["default"]
    assert [schedule["GroupName"] for schedule in scheduler.list_schedules()["Schedules"]] == ["default"]
    assert refused(scheduler.delete_schedule_group, Name="default")[0] == "ValidationException"


@pytest.mark.aws(at="2026-03-01T00:00:00Z", lifecycle="timed")
def test_a_group_goes_in_its_own_time(aws, create, scheduler):
    scheduler.create_schedule_group(Name="g")
    scheduler.delete_schedule_group(Name="g")
    assert scheduler.get_schedule_group(Name="g")["State"] == "DELETING"
    assert refused(create, "rate(1 hour)", GroupName="g")[0] == "ConflictException"
    aws.clock.advance(delta=timedelta(minutes=5))
    assert refused(scheduler.get_schedule_group, Name="g")[0] == "ResourceNotFoundException"


def test_pages(create, scheduler):
    for number in range(5):
        create("rate(1 hour)", Name=f"s{number}", State="DISABLED")
    pages = scheduler.get_paginator("list_schedules").paginate(PaginationConfig={"PageSize": 2})
    found = [[schedule["Name"] for schedule in page["Schedules"]] for page in pages]
    assert found == [["s0", "s1"], ["s2", "s3"], ["s4"]]
    assert scheduler.list_schedules(State="ENABLED")["Schedules"] == []
    assert refused(scheduler.list_schedules, NextToken="?")[0] == "ValidationException"

"""Stories around EventBridge: an order fans out by content, a nightly job over a change of clocks, history replayed."""

import json
from datetime import timedelta

import boto3
import pytest

REGION = "us-east-1"
ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/jobs"

MODES = [
    pytest.param(marks=pytest.mark.aws(at="2026-03-07T00:00:00Z"), id="instant"),
    pytest.param(marks=pytest.mark.aws(at="2026-03-07T00:00:00Z", lifecycle="timed"), id="timed"),
    pytest.param(
        marks=pytest.mark.aws(at="2026-03-07T00:00:00Z", lifecycle="timed", throttling=True), id="timed and throttled"
    ),
]


@pytest.fixture
def take(aws):
    """take("queue") -> the JSON bodies in it, taken out, once AWS has had the time to deliver."""
    sqs = boto3.client("sqs", region_name=REGION)

    def take(name):
        aws.clock.advance(seconds=5)
        url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
        found = []
        while batch := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for message in batch:
                found.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return found

    return take


def queue(name):
    boto3.client("sqs", region_name=REGION).create_queue(QueueName=name)
    return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"


def order(**detail):
    return {"Source": "shop", "DetailType": "Order Placed", "Detail": json.dumps(detail)}


@pytest.mark.parametrize((), MODES)
def test_orders_go_where_their_content_says(take):
    events = boto3.client("events", region_name=REGION)
    wanted = {
        "large": {"detail": {"total": [{"numeric": [">=", 1000]}]}},
        "abroad": {"detail": {"country": [{"anything-but": ["DE", "AT"]}]}},
        "gifts": {"detail": {"$or": [{"gift": [True]}, {"note": [{"wildcard": "*birthday*"}]}]}},
    }
    for name, pattern in wanted.items():
        events.put_rule(Name=name, EventPattern=json.dumps({"source": ["shop"], **pattern}))
        target = {"Id": "1", "Arn": queue(name), "InputPath": "$.detail.id"}
        events.put_targets(Rule=name, Targets=[target])
    events.put_events(
        Entries=[
            order(id=1, total=1000, country="DE"),
            order(id=2, total=10, country="FR", note="happy birthday!"),
            order(id=3, total=5000, country="AT", gift=True),
            order(id=4, total=5, country="DE"),
        ]
    )
    assert sorted(take("large")) == [1, 3]
    assert take("abroad") == [2]
    assert sorted(take("gifts")) == [2, 3]


@pytest.mark.parametrize((), MODES)
def test_a_nightly_job_over_a_change_of_clocks(aws, take):
    """The job runs at half past one and at half past two in New York; on 8 March there is no half past two."""
    arn = queue("jobs")
    scheduler = boto3.client("scheduler", region_name=REGION)
    for hour in (1, 2):
        scheduler.create_schedule(
            Name=f"at-{hour}",
            ScheduleExpression=f"cron(30 {hour} * * ? *)",
            ScheduleExpressionTimezone="America/New_York",
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={"Arn": arn, "RoleArn": ROLE, "Input": '"<aws.scheduler.scheduled-time>"'},
        )
    aws.clock.advance_to("2026-03-10T00:00:00+00:00")
    assert take("jobs") == [
        "2026-03-07T06:30:00Z", "2026-03-07T07:30:00Z", "2026-03-08T06:30:00Z", "2026-03-09T05:30:00Z",
        "2026-03-09T06:30:00Z",
    ]  # fmt: skip


@pytest.mark.parametrize((), MODES)
def test_history_is_replayed_to_a_new_consumer(aws, take):
    events = boto3.client("events", region_name=REGION)
    bus = events.create_event_bus(Name="shop")["EventBusArn"]
    archive = events.create_archive(ArchiveName="history", EventSourceArn=bus)["ArchiveArn"]
    began = aws.clock.now()
    for number in range(3):
        events.put_events(Entries=[{**order(id=number), "EventBusName": "shop"}])
        aws.clock.advance(minutes=1)
    pattern = json.dumps({"source": ["shop"]})
    rule = events.put_rule(Name="new", EventBusName="shop", EventPattern=pattern)["RuleArn"]
    target = {"Id": "1", "Arn": queue("new"), "InputPath": "$.detail.id"}
    events.put_targets(Rule="new", EventBusName="shop", Targets=[target])
    events.start_replay(
        ReplayName="catch-up",
        EventSourceArn=archive,
        EventStartTime=began + timedelta(seconds=30),
        EventEndTime=aws.clock.now(),
        Destination={"Arn": bus, "FilterArns": [rule]},
    )
    aws.clock.advance(minutes=5)
    assert events.describe_replay(ReplayName="catch-up")["State"] == "COMPLETED"
    assert take("new") == [1, 2]


def test_state_comes_back_with_a_snapshot(aws, take):
    events = boto3.client("events", region_name=REGION)
    events.put_rule(Name="tick", ScheduleExpression="rate(1 hour)")
    events.put_targets(Rule="tick", Targets=[{"Id": "1", "Arn": queue("ticks"), "InputPath": "$.source"}])
    before = aws.snapshot()
    events.remove_targets(Rule="tick", Ids=["1"])
    events.delete_rule(Name="tick")
    aws.clock.advance(hours=2)
    assert take("ticks") == []
    aws.restore(before)
    aws.clock.advance(hours=2)
    assert take("ticks") == ["aws.events", "aws.events"]

"""Jobs that come by the clock, whatever the clocks do, and history that is played again."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.scenarios.messaging import admin, arn, lets_in, modes, queue, role, taken, team, until

__all__ = ["team"]
CONSUME = ["sqs:ReceiveMessage", "sqs:DeleteMessage"]


def jobs(team, zone, *times):
    """Schedules at times of day in a zone, with the queue that they tell and who reads it: (its client, its URL)."""
    url, queue_arn = queue("jobs")
    caller = role("caller", ("sqs:SendMessage", queue_arn), trusts="scheduler")
    worker = role("worker", (CONSUME, queue_arn))
    deployer = role(
        "deployer", ("scheduler:CreateSchedule", arn("scheduler", "schedule/default/*")), ("iam:PassRole", caller)
    )
    team.settle()
    scheduler = team.client("scheduler", deployer)
    for hour, minute in times:
        scheduler.create_schedule(
            Name=f"at-{hour}-{minute}",
            ScheduleExpression=f"cron({minute} {hour} * * ? *)",
            ScheduleExpressionTimezone=zone,
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={"Arn": queue_arn, "RoleArn": caller, "Input": '"<aws.scheduler.scheduled-time>"'},
        )
    return team.client("sqs", worker), url


def ran(sqs, url):
    """The times for which jobs were scheduled, each once (EventBridge Scheduler invokes at least once)."""
    return sorted(json.loads(body) for body in taken(sqs, url))


@modes("2026-03-27T12:00:00Z")
def test_a_job_in_the_hour_that_spring_leaves_out(aws, team):
    """Berlin's clocks go from 2:00 to 3:00 on 29 March: half past two does not exist, half past three comes sooner."""
    sqs, url = jobs(team, "Europe/Berlin", (2, 30), (3, 30))
    aws.clock.advance_to("2026-03-30T12:00:00Z")
    assert ran(sqs, url) == [
        "2026-03-28T01:30:00Z", "2026-03-28T02:30:00Z",
        "2026-03-29T01:30:00Z",
        "2026-03-30T00:30:00Z", "2026-03-30T01:30:00Z",
    ]  # fmt: skip


@modes("2026-10-23T12:00:00Z")
def test_a_job_in_the_hour_that_autumn_has_twice(aws, team):
    """On 25 October half past two comes twice in Berlin; the job runs once."""
    sqs, url = jobs(team, "Europe/Berlin", (2, 30))
    aws.clock.advance_to("2026-10-26T12:00:00Z")
    times = ran(sqs, url)
    assert [times[0], times[-1]] == ["2026-10-24T00:30:00Z", "2026-10-26T01:30:00Z"]
    assert len([when for when in times if when.startswith("2026-10-25")]) == 1
    assert len(times) == 3


@pytest.mark.rule("events-020", "events-021")
@modes("2026-03-02T09:00:00Z")
def test_history_is_replayed_to_a_new_consumer(aws, team):
    """A consumer that comes later gets what it has missed, and only that, and the others get nothing twice."""
    bus = admin("events").create_event_bus(Name="shop")["EventBusArn"]
    admin("events").create_archive(ArchiveName="history", EventSourceArn=bus, EventPattern='{"source": ["shop"]}')
    readers, urls, rules = {}, {}, {}

    def consumer(name):
        rules[name] = arn("events", f"rule/shop/{name}")
        urls[name], queue_arn = queue(name, lets_in("events", "sqs:SendMessage", arn("sqs", name), rules[name]))
        readers[name] = role(name, (CONSUME, queue_arn))
        events = admin("events")
        events.put_rule(
            Name=name, EventBusName="shop", EventPattern='{"source": ["shop"], "detail": {"id": [{"exists": true}]}}'
        )
        target = {"Id": "queue", "Arn": queue_arn, "InputPath": "$.detail.id"}
        assert events.put_targets(Rule=name, EventBusName="shop", Targets=[target])["FailedEntryCount"] == 0
        team.settle()

    def got(name):
        return sorted(json.loads(body) for body in taken(team.client("sqs", readers[name]), urls[name]))

    consumer("old")
    shop = role("shop", ("events:PutEvents", bus))
    replayer = role(
        "replayer",
        ("events:StartReplay", [arn("events", "archive/history"), arn("events", "replay/*"), bus]),
        ("events:DescribeReplay", arn("events", "replay/*")),
    )
    team.settle()
    events = team.client("events", shop)
    began = aws.clock.now()
    for number in range(6):
        left = [
            {
                "Source": "shop", "DetailType": "Order", "Detail": json.dumps({"id": number}), "EventBusName": "shop",
            }
        ]  # fmt: skip
        while left:
            answers = events.put_events(Entries=left)["Entries"]
            left = [entry for entry, answer in zip(left, answers, strict=True) if "ErrorCode" in answer]
        aws.clock.advance(minutes=1)
    assert got("old") == [0, 1, 2, 3, 4, 5]
    consumer("new")
    replaying = team.client("events", replayer)
    replaying.start_replay(
        ReplayName="catch-up",
        EventSourceArn=arn("events", "archive/history"),
        EventStartTime=began + timedelta(seconds=90),
        EventEndTime=datetime.fromtimestamp(aws.clock.time(), UTC),
        Destination={"Arn": bus, "FilterArns": [rules["new"]]},
    )
    until(lambda: replaying.describe_replay(ReplayName="catch-up")["State"] == "COMPLETED")
    assert got("new") == [2, 3, 4, 5]
    assert got("old") == []

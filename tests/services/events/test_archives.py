"""Archives and replays."""

from datetime import timedelta

import pytest

from .conftest import ACCOUNT, REGION

BUS = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"
ARCHIVE = f"arn:aws:events:{REGION}:{ACCOUNT}:archive/a"


@pytest.fixture
def replay(aws, events):
    def replay(name="again", **more):
        now = aws.clock.now()
        given = {
            "ReplayName": name,
            "EventSourceArn": ARCHIVE,
            "EventStartTime": now - timedelta(hours=1),
            "EventEndTime": now + timedelta(hours=1),
            "Destination": {"Arn": BUS},
            **more,
        }
        return events.start_replay(**given)

    return replay


@pytest.mark.aws(at="2026-01-01")
@pytest.mark.rule("events-020")
def test_archives_keep_what_they_match(aws, events, put):
    events.create_archive(ArchiveName="all", EventSourceArn=BUS)
    events.create_archive(ArchiveName="a", EventSourceArn=BUS, EventPattern='{"source": ["app"]}', RetentionDays=1)
    put()
    put("other")
    assert events.describe_archive(ArchiveName="a")["EventCount"] == 1
    assert events.describe_archive(ArchiveName="all")["EventCount"] == 2
    assert events.describe_archive(ArchiveName="all")["RetentionDays"] == 0
    aws.clock.advance(days=400)
    found = {archive["ArchiveName"]: archive["EventCount"] for archive in events.list_archives()["Archives"]}
    assert found == {"a": 0, "all": 2}
    events.delete_archive(ArchiveName="a")
    assert [archive["ArchiveName"] for archive in events.list_archives()["Archives"]] == ["all"]


def test_archives_that_are_refused(events, refused):
    answer = refused(events.create_archive, ArchiveName="a", EventSourceArn=BUS.replace("default", "nope"))
    assert answer == ("ResourceNotFoundException", "Event bus nope does not exist.")
    events.create_archive(ArchiveName="a", EventSourceArn=BUS)
    answer = refused(events.create_archive, ArchiveName="a", EventSourceArn=BUS)
    assert answer == ("ResourceAlreadyExistsException", "Archive a already exists.")
    missing = ("ResourceNotFoundException", "Archive b does not exist.")
    assert refused(events.describe_archive, ArchiveName="b") == missing
    assert refused(events.delete_archive, ArchiveName="b") == missing
    answer = refused(events.update_archive, ArchiveName="b")
    message = "At least one of EventPattern, RetentionDays or Description must be provided."
    assert answer == ("ValidationException", message)


@pytest.mark.rule("events-021")
def test_a_replay(events, rule, put, queue, bodies, replay):
    arn = queue()
    rule("r", {"source": ["app"]}, arn)
    other = rule("s", {"source": ["app"]}, {"Arn": arn, "Input": '"other rule"'})
    events.create_archive(ArchiveName="a", EventSourceArn=BUS)
    first, second = put()["EventId"], put()["EventId"]
    bodies()
    assert replay(Destination={"Arn": BUS, "FilterArns": [other.replace("/s", "/r")]})["State"] == "STARTING"
    found = bodies()
    assert [(body["id"], body["replay-name"]) for body in found] == [(first, "again"), (second, "again")]
    done = events.describe_replay(ReplayName="again")
    assert done["State"] == "COMPLETED"
    assert events.describe_archive(ArchiveName="a")["EventCount"] == 2


@pytest.mark.aws(at="2026-01-01", lifecycle="timed")
def test_a_replay_takes_time_and_can_be_cancelled(aws, events, refused, replay):
    events.create_archive(ArchiveName="a", EventSourceArn=BUS)
    replay()
    replay("gone")

    def state(name="again"):
        return events.describe_replay(ReplayName=name)["State"]

    assert state() == "STARTING"
    assert events.cancel_replay(ReplayName="gone")["State"] == "CANCELLING"
    aws.clock.advance(seconds=70)
    assert (state(), state("gone")) == ("RUNNING", "CANCELLED")
    aws.clock.advance(seconds=60)
    assert state() == "COMPLETED"
    assert refused(events.cancel_replay, ReplayName="again")[0] == "IllegalStatusException"


def test_replays_that_are_refused(aws, events, refused, replay):
    now = aws.clock.now()
    assert refused(replay)[1] == "Parameter EventSourceArn is not valid. Reason: Archive a does not exist."
    events.create_archive(ArchiveName="a", EventSourceArn=BUS)
    for end in (now, now - timedelta(seconds=10)):
        answer = refused(replay, EventStartTime=now, EventEndTime=end)
        message = "Parameter EventEndTime is not valid. Reason: EventStartTime must be before EventEndTime."
        assert answer == ("ValidationException", message)
    other = events.create_event_bus(Name="app")["EventBusArn"]
    answer = refused(replay, Destination={"Arn": other})
    message = "Parameter Destination.Arn is not valid. Reason: Cross event bus replay is not permitted."
    assert answer == ("ValidationException", message)
    answer = refused(events.describe_replay, ReplayName="x")
    assert answer == ("ResourceNotFoundException", "Replay x does not exist.")
    assert events.list_replays()["Replays"] == []

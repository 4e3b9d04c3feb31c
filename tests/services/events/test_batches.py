"""Batches of many events, most of which nobody hears: they are looked at together, and each on its own all the same."""

import pytest

GOOD = {"Source": "app", "DetailType": "order", "Detail": '{"n": 1}'}


def batch(**other):
    """Ten entries, the fifth of which is otherwise."""
    return [GOOD if number != 4 else GOOD | other for number in range(10)]


@pytest.mark.parametrize(
    ("other", "code"),
    [
        ({"Detail": "{"}, "MalformedDetail"),
        ({"Detail": "[]"}, "MalformedDetail"),
        ({"Detail": '{"n": 1} x'}, "MalformedDetail"),
        ({"Detail": '{"n": NaN}'}, "MalformedDetail"),
        ({"Detail": ""}, "InvalidArgument"),
        ({"Source": ""}, "InvalidArgument"),
        ({"DetailType": ""}, "InvalidArgument"),
        ({"Source": "aws.s3"}, "NotAuthorizedForSourceException"),
    ],
)
@pytest.mark.parametrize("heard", [False, True])
def test_an_entry_that_is_wrong_fails_alone(events, rule, queue, messages, other, code, heard):
    arn = queue()
    rule("r", {"source": ["app" if heard else "another"]}, arn)
    answer = events.put_events(Entries=batch(**other))
    assert answer["FailedEntryCount"] == 1
    assert [entry.get("ErrorCode") for entry in answer["Entries"]] == [None] * 4 + [code] + [None] * 5
    assert len({entry["EventId"] for entry in answer["Entries"] if "EventId" in entry}) == 9
    assert len(messages()) == (9 if heard else 0)


@pytest.mark.parametrize("pattern", [{"source": ["rare"]}, {"detail-type": ["rare"]}, {"detail": {"n": [2]}}])
def test_the_one_that_somebody_hears_arrives(events, rule, queue, bodies, pattern):
    arn = queue()
    rule("r", pattern, arn)
    other = {"Source": "rare", "DetailType": "rare", "Detail": '{"n": 2}'}
    answer = events.put_events(Entries=batch(**other))
    assert answer["FailedEntryCount"] == 0
    (body,) = bodies()
    assert (body["id"], body["detail"]) == (answer["Entries"][4]["EventId"], {"n": 2})


def test_blanks_around_a_detail_are_no_fault(events):
    assert events.put_events(Entries=batch(Detail=' {"n": 1}\n'))["FailedEntryCount"] == 0


def test_an_archive_hears_all(events):
    bus = events.describe_event_bus()["Arn"]
    events.create_archive(ArchiveName="all", EventSourceArn=bus)
    events.put_events(Entries=batch())
    assert events.describe_archive(ArchiveName="all")["EventCount"] == 10


def test_the_journal_has_every_entry(aws, events):
    answer = events.put_events(Entries=batch())
    (call,) = aws.calls.of("events:PutEvents")
    assert call.parameters["Entries"] == batch()
    assert [entry["EventId"] for entry in call.result["Entries"]] == [entry["EventId"] for entry in answer["Entries"]]

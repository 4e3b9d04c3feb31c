"""PutLogEvents, GetLogEvents and FilterLogEvents."""

import pytest

from tests.services.logs.conftest import ACCOUNT, GROUP, messages

HOUR = 3_600_000
DAY = 24 * HOUR
WEB = {"logGroupName": "app", "logStreamName": "web"}


@pytest.fixture
def web(logs):
    logs.create_log_group(logGroupName="app")
    logs.create_log_stream(**WEB)


@pytest.fixture
def write(logs, web, now):
    """write([(milliseconds from now, message)]) -> the answer."""

    def write(events, **more):
        events = [{"timestamp": now() + offset, "message": message} for offset, message in events]
        return logs.put_log_events(**WEB, logEvents=events, **more)

    return write


@pytest.mark.rule("logs-001", "logs-008")
@pytest.mark.aws(at="2026-01-01")
def test_events_are_read_back(aws, logs, put, refused, now):
    put("app", "web", "one", "two", ago=10)
    (first, second) = logs.get_log_events(**WEB)["events"]
    assert first == {"timestamp": now() - 10_000, "message": "one", "ingestionTime": now()}
    assert second["message"] == "two"
    events = [{"timestamp": now(), "message": "x"}]
    for where, what in (({"logGroupName": "none"}, "group"), ({"logStreamName": "none"}, "stream")):
        gone = ("ResourceNotFoundException", f"The specified log {what} does not exist.")
        assert refused(logs.put_log_events, **{**WEB, **where}, logEvents=events) == gone
        assert refused(logs.get_log_events, **{**WEB, **where}) == gone


def test_a_batch_has_to_be_in_order(write, logs, refused):
    assert refused(write, events=[(0, "b"), (-1, "a")]) == (
        "InvalidParameterException",
        "Log events in a single PutLogEvents request must be in chronological order.",
    )
    assert logs.filter_log_events(logGroupName="app")["events"] == []


@pytest.mark.aws(at="2026-01-01")
def test_a_batch_spans_a_day(write, logs, refused):
    write([(-DAY, "a"), (0, "b")])
    assert refused(write, events=[(-DAY - 1, "a"), (0, "b")]) == (
        "InvalidParameterException",
        "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.",
    )
    assert len(logs.filter_log_events(logGroupName="app")["events"]) == 2


@pytest.mark.aws(at="2026-01-01")
def test_what_is_too_old_too_new_or_expired_is_rejected(write, logs):
    answer = write([(-14 * DAY - 1, "older"), (-HOUR, "kept"), (2 * HOUR, "ahead"), (2 * HOUR + 1, "newer")])
    assert answer["rejectedLogEventsInfo"] == {"tooOldLogEventEndIndex": 1, "tooNewLogEventStartIndex": 3}
    assert messages(logs.get_log_events(**WEB)) == ["kept", "ahead"]
    logs.put_retention_policy(logGroupName="app", retentionInDays=3)
    answer = write([(-4 * DAY, "gone"), (-2 * DAY, "kept too")])
    assert answer["rejectedLogEventsInfo"] == {"expiredLogEventEndIndex": 1}
    assert messages(logs.get_log_events(**WEB)) == ["kept too", "kept", "ahead"]


def test_sizes(write, refused):
    write([(0, "x" * (1_048_576 - 26))])
    assert refused(write, events=[(0, "x" * (1_048_576 - 25))]) == (
        "InvalidParameterException",
        "Log event too large: 1048577 bytes exceeds limit of 1048576",
    )
    write([(0, "é" * 262_131)] * 2)
    assert refused(write, events=[(0, "é" * 262_131), (0, "é" * 262_132)]) == (
        "InvalidParameterException",
        "Upload too large: 1048578 bytes exceeds limit of 1048576",
    )


@pytest.mark.aws(as_of="2025-01-01")
def test_events_were_smaller(write, refused):
    assert refused(write, events=[(0, "x" * 262_119)]) == (
        "InvalidParameterException",
        "Log event too large: 262145 bytes exceeds limit of 262144",
    )


def test_sequence_tokens_are_ignored(write):
    write([(0, "a")])
    write([(0, "b")], sequenceToken="made up")


@pytest.mark.aws(as_of="2022-12-31", at="2026-01-01")
def test_sequence_tokens_were_needed(write, logs, refused):
    token = write([(0, "a")])["nextSequenceToken"]
    assert logs.describe_log_streams(logGroupName="app")["logStreams"][0]["uploadSequenceToken"] == token
    expected = f"The given sequenceToken is invalid. The next expected sequenceToken is: {token}"
    assert refused(write, events=[(1, "b")]) == ("InvalidSequenceTokenException", expected)
    write([(1, "b")], sequenceToken=token)
    code, message = refused(write, events=[(1, "b")], sequenceToken=token)
    assert code == "DataAlreadyAcceptedException" and message.startswith("The given batch of log events has already")
    assert messages(logs.get_log_events(**WEB)) == ["a", "b"]


def test_entities_are_looked_at(write):
    entity = {"keyAttributes": {"Type": "Service", "Name": "shop"}, "attributes": {"team": "a"}}
    assert "rejectedEntityInfo" not in write([(0, "a")], entity=entity)
    answer = write([(0, "b")], entity={"keyAttributes": {"Name": "shop", "Environment": "test"}})
    assert answer["rejectedEntityInfo"] == {"errorType": "MissingRequiredFields"}


# --- reading


@pytest.mark.rule("logs-011")
@pytest.mark.aws(at="2026-01-01")
def test_new_events_are_followed_by_the_forward_token(write, logs):
    write([(number, str(number)) for number in range(5)])
    page = logs.get_log_events(**WEB, startFromHead=True, limit=3)
    assert messages(page) == ["0", "1", "2"]
    page = logs.get_log_events(**WEB, nextToken=page["nextForwardToken"], startFromHead=True)
    assert messages(page) == ["3", "4"]
    end = logs.get_log_events(**WEB, nextToken=page["nextForwardToken"], startFromHead=True)
    assert end["events"] == [] and end["nextForwardToken"] == page["nextForwardToken"]
    write([(10, "10")])
    assert messages(logs.get_log_events(**WEB, nextToken=end["nextForwardToken"])) == ["10"]


@pytest.mark.aws(at="2026-01-01")
def test_the_latest_come_first_and_the_backward_token_leads_to_the_head(write, logs, refused):
    write([(number, str(number)) for number in range(5)])
    page = logs.get_log_events(**WEB, limit=2)
    assert messages(page) == ["3", "4"]
    page = logs.get_log_events(**WEB, limit=2, nextToken=page["nextBackwardToken"])
    assert messages(page) == ["1", "2"]
    back = logs.get_log_events(**WEB, nextToken=page["nextForwardToken"])
    assert messages(back) == ["3", "4"]
    page = logs.get_log_events(**WEB, nextToken=page["nextBackwardToken"])
    assert messages(page) == ["0"]
    end = logs.get_log_events(**WEB, nextToken=page["nextBackwardToken"])
    assert end["events"] == [] and end["nextBackwardToken"] == page["nextBackwardToken"]
    assert refused(logs.get_log_events, **WEB, nextToken="f/12/s") == (
        "InvalidParameterException",
        "The specified nextToken is invalid.",
    )


def test_an_empty_stream_can_be_followed(write, logs):
    token = logs.get_log_events(**WEB)["nextForwardToken"]
    write([(0, "a")])
    assert messages(logs.get_log_events(**WEB, nextToken=token)) == ["a"]


@pytest.mark.aws(at="2026-01-01")
def test_times_bound_what_is_read(write, logs, now, refused):
    write([(0, "0"), (1, "1"), (2, "2")])
    assert messages(logs.get_log_events(**WEB, startTime=now() + 1)) == ["1", "2"]
    assert messages(logs.get_log_events(**WEB, endTime=now() + 1)) == ["0"]  # exclusive
    assert messages(logs.filter_log_events(logGroupName="app", endTime=now() + 1)) == ["0", "1"]  # inclusive
    assert refused(logs.get_log_events, **WEB, startTime=2, endTime=1)[0] == "InvalidParameterException"


def test_a_page_has_a_megabyte(write, logs):
    for number in range(3):
        write([(number, str(number) * 500_000)])
    page = logs.get_log_events(**WEB, startFromHead=True)
    assert [message[0] for message in messages(page)] == ["0", "1"]
    rest = logs.get_log_events(**WEB, nextToken=page["nextForwardToken"])
    assert [message[0] for message in messages(rest)] == ["2"]


@pytest.mark.rule("logs-010")
@pytest.mark.aws(at="2026-01-01")
def test_events_of_all_streams_are_searched(logs, put, now, refused):
    put("app", "web", "ERROR one", "fine", ago=3)
    put("app", "db", "ERROR two", ago=4)
    found = logs.filter_log_events(logGroupName="app", filterPattern="ERROR")
    assert [(each["logStreamName"], each["message"]) for each in found["events"]] == [
        ("db", "ERROR two"),
        ("web", "ERROR one"),
    ]
    assert len({each["eventId"] for each in found["events"]}) == 2 and found["searchedLogStreams"] == []
    pick = lambda **more: messages(logs.filter_log_events(logGroupName="app", **more))  # noqa: E731
    assert pick(logStreamNames=["web"]) == ["ERROR one", "fine"]
    assert pick(logStreamNamePrefix="d") == ["ERROR two"]
    assert pick(startTime=now() - 3000) == ["ERROR one", "fine"]
    assert messages(logs.filter_log_events(logGroupIdentifier=f"{GROUP}app", limit=1)) == ["ERROR two"]
    both = {"logStreamNames": ["web"], "logStreamNamePrefix": "d"}
    assert refused(logs.filter_log_events, logGroupName="app", **both)[0] == "InvalidParameterException"
    other = GROUP.replace(ACCOUNT, "999999999999")
    assert refused(logs.filter_log_events, logGroupIdentifier=f"{other}app")[0] == "ResourceNotFoundException"


def test_pages_of_what_is_found(write, logs, refused):
    write([(number, f"{number} {'even' if number % 2 == 0 else 'odd'}") for number in range(10)])
    page = logs.filter_log_events(logGroupName="app", filterPattern="even", limit=3)
    assert messages(page) == ["0 even", "2 even", "4 even"]
    page = logs.filter_log_events(logGroupName="app", filterPattern="even", limit=3, nextToken=page["nextToken"])
    assert messages(page) == ["6 even", "8 even"] and "nextToken" not in page
    assert refused(logs.filter_log_events, logGroupName="app", nextToken="x")[0] == "InvalidParameterException"


@pytest.mark.newer_botocore
def test_the_newest_first(write, logs, now, refused):
    write([(number, str(number)) for number in range(5)])
    since = {"logGroupName": "app", "startFromHead": False, "startTime": now() - 1000}
    page = logs.filter_log_events(**since, limit=3)
    assert messages(page) == ["4", "3", "2"]
    assert messages(logs.filter_log_events(**since, nextToken=page["nextToken"])) == ["1", "0"]
    assert refused(logs.filter_log_events, **{**since, "startTime": 0})[0] == "InvalidParameterException"


@pytest.mark.aws(consistency="eventual", replay="logs.short-page#2=1")
def test_a_page_may_end_early(write, logs):
    write([(number, str(number)) for number in range(5)])
    page = logs.filter_log_events(logGroupName="app")
    assert messages(page) == ["0", "1"] and "nextToken" in page
    assert messages(logs.filter_log_events(logGroupName="app", nextToken=page["nextToken"])) == ["2", "3", "4"]


@pytest.mark.rule("logs-007")
@pytest.mark.aws(authorization=True)
def test_sending_needs_permission(aws, client, logs, web, now, refused):
    iam = client("iam")
    trust = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]}'  # noqa: E501
    role = iam.create_role(RoleName="server", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    server = client("logs", **aws.credentials(role))
    events = [{"timestamp": now(), "message": "x"}]
    assert refused(server.put_log_events, **WEB, logEvents=events)[0] == "AccessDeniedException"
    assert logs.filter_log_events(logGroupName="app")["events"] == []
    iam.attach_role_policy(RoleName="server", PolicyArn="arn:aws:iam::aws:policy/CloudWatchAgentServerPolicy")
    server.put_log_events(**WEB, logEvents=events)
    server.create_log_group(logGroupName="other")
    assert messages(logs.filter_log_events(logGroupName="app")) == ["x"]


@pytest.mark.rule("logs-009")
def test_machines_without_an_agent_log_nothing(client, logs):
    ec2 = client("ec2")
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, InstanceType="t3.micro")
    assert logs.describe_log_groups()["logGroups"] == []


def test_a_snapshot_takes_events_back(aws, write, logs):
    write([(0, "a")])
    before = aws.snapshot()
    write([(1, "b")])
    aws.restore(before)
    assert messages(logs.get_log_events(**WEB)) == ["a"]
    assert logs.describe_log_groups()["logGroups"][0]["storedBytes"] == 27


def test_appending_and_reading_stay_flat():
    """Work is counted, not timed: a page looks at no more events than it shows."""
    from awsim.services.logs.group import Event, LogGroup, LogStream, between, first_id

    group = LogGroup("app", "arn", 0, "STANDARD", 1)
    stream = LogStream("web", "arn", 0)
    group.add(stream)
    group.append(stream, [Event("web", "x", number, number) for number in range(20_000)], 0)
    page = between(group.events, first_id(10_000), first_id(10_003))
    assert [stored.event.timestamp for stored in page] == [10_000, 10_001, 10_002]
    newest = between(stream.events, 0, None, backwards=True)
    assert next(newest).event.timestamp == 19_999

"""Buses, their policies and tags, PutEvents, partners."""

import json

import boto3
import pytest

from .conftest import ACCOUNT, REGION

BUS = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus"


@pytest.fixture
def other(aws):
    """EventBridge as account 222222222222 uses it."""
    return boto3.client("events", region_name=REGION, aws_access_key_id="222222222222", aws_secret_access_key="x")


@pytest.mark.rule("events-004")
def test_the_default_bus(events, refused):
    (bus,) = events.list_event_buses()["EventBuses"]
    assert (bus["Name"], bus["Arn"]) == ("default", f"{BUS}/default")
    events.put_rule(Name="r", EventPattern='{"source": ["a"]}')
    assert events.describe_rule(Name="r")["EventBusName"] == "default"
    answer = refused(events.delete_event_bus, Name="default")
    assert answer == ("ValidationException", "Cannot delete event bus default.")


@pytest.mark.rule("events-005")
def test_buses_of_ones_own(events, refused, rule, put, queue, bodies):
    arn = queue()
    assert events.create_event_bus(Name="app", Description="mine")["EventBusArn"] == f"{BUS}/app"
    rule("on-app", {"source": ["app"]}, arn, bus="app")
    rule("on-default", {"source": ["app"]}, {"Arn": arn, "Input": '"default"'})
    put(EventBusName="app")
    put(EventBusName=f"{BUS}/app")
    assert [body["source"] for body in bodies()] == ["app", "app"]
    answer = refused(events.create_event_bus, Name="app")
    assert answer == ("ResourceAlreadyExistsException", "Event bus app already exists.")
    assert refused(events.delete_event_bus, Name="app")[0] == "ValidationException"
    events.remove_targets(Rule="on-app", EventBusName="app", Ids=["0"])
    events.delete_rule(Name="on-app", EventBusName="app")
    events.delete_event_bus(Name="app")
    missing = ("ResourceNotFoundException", "Event bus app does not exist.")
    assert refused(events.describe_event_bus, Name="app") == missing
    assert refused(events.delete_event_bus, Name="app") == missing


@pytest.mark.rule("events-006")
def test_a_bus_that_is_not_there(events, refused, put):
    answer = refused(events.put_rule, Name="r", EventPattern='{"source": ["a"]}', EventBusName="nope")
    assert answer == ("ResourceNotFoundException", "Event bus nope does not exist.")
    assert set(put(EventBusName="nope")) == {"EventId"}


def test_lists_come_in_pages(events):
    for number in range(6):
        events.create_event_bus(Name=f"bus-{number}")
    first = events.list_event_buses(NamePrefix="bus", Limit=4)
    assert [bus["Name"] for bus in first["EventBuses"]] == ["bus-0", "bus-1", "bus-2", "bus-3"]
    second = events.list_event_buses(NamePrefix="bus", Limit=4, NextToken=first["NextToken"])
    assert [bus["Name"] for bus in second["EventBuses"]] == ["bus-4", "bus-5"]
    assert "NextToken" not in second


@pytest.mark.aws(limits={"events.event-buses": 2})
def test_as_many_buses_as_the_quota_says(events, refused):
    events.create_event_bus(Name="a")
    code, message = refused(events.create_event_bus, Name="b")
    assert (code, message) == (
        "LimitExceededException", "The requested resource exceeds the maximum number allowed."
    )  # fmt: skip
    assert len(events.list_event_buses()["EventBuses"]) == 2


# --- policies


@pytest.mark.rule("events-018")
def test_a_policy_admits_another_account(events, other, refused, rule, queue, bodies):
    rule("r", {"source": ["app"]}, queue())
    entry = {"Source": "app", "DetailType": "x", "Detail": "{}", "EventBusName": f"{BUS}/default"}
    assert refused(other.put_events, Entries=[entry])[0] == "AccessDeniedException"
    events.put_permission(StatementId="b", Action="events:PutEvents", Principal="222222222222")
    policy = json.loads(events.describe_event_bus()["Policy"])
    assert policy == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "b",
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::222222222222:root"},
                "Action": "events:PutEvents",
                "Resource": f"{BUS}/default",
            }
        ],
    }
    other.put_events(Entries=[entry])
    (body,) = bodies()
    assert body["account"] == "222222222222"
    events.remove_permission(StatementId="b")
    assert "Policy" not in events.describe_event_bus()
    assert refused(other.put_events, Entries=[entry])[0] == "AccessDeniedException"


def test_an_organization_as_a_condition(events):
    condition = {"Type": "StringEquals", "Key": "aws:PrincipalOrgID", "Value": "o-1234567890"}
    events.put_permission(StatementId="o", Action="events:PutEvents", Principal="*", Condition=condition)
    (statement,) = json.loads(events.describe_event_bus()["Policy"])["Statement"]
    assert statement["Condition"] == {"StringEquals": {"aws:PrincipalOrgID": "o-1234567890"}}
    assert statement["Principal"] == "*"


def test_permissions_that_are_not_there(events, refused):
    answer = refused(events.remove_permission, StatementId="x")
    assert answer == ("ResourceNotFoundException", "Statement with the provided id does not exist.")
    answer = refused(events.remove_permission, StatementId="x", EventBusName="nope")
    assert answer == ("ResourceNotFoundException", "Event bus nope does not exist.")


# --- PutEvents


@pytest.mark.aws(at="2026-05-01T12:00:00Z")
@pytest.mark.rule("events-001", "events-002")
def test_the_envelope(events, rule, put, queue, bodies):
    arn = queue()
    rule("r", {"source": ["app"]}, arn)
    assert [entry["Name"] for entry in events.list_rules()["Rules"]] == ["r"]
    answer = put(detail={"a": [1, "é", None]}, Resources=["arn:aws:s3:::b"])
    (body,) = bodies()
    assert body == {
        "version": "0",
        "id": answer["EventId"],
        "detail-type": "Order Placed",
        "source": "app",
        "account": ACCOUNT,
        "time": "2026-05-01T12:00:00Z",
        "region": REGION,
        "resources": ["arn:aws:s3:::b"],
        "detail": {"a": [1, "é", None]},
    }
    put(Time="2020-01-01T00:00:00Z")
    assert bodies()[0]["time"] == "2020-01-01T00:00:00Z"


@pytest.mark.rule("events-003", "events-007")
def test_entries_that_fail_alone(events, rule, queue, bodies):
    rule("r", {"source": [{"exists": True}]}, queue())
    good = {"Source": "app", "DetailType": "x", "Detail": "{}"}
    answer = events.put_events(
        Entries=[
            {**good, "Detail": "[]"},
            {**good, "Detail": '{"a": NaN}'},
            {**good, "Source": "aws.x"},
            good,
            {"Source": "app", "Detail": "{}"},
            {"DetailType": "x", "Detail": "{}"},
            {"Source": "app", "DetailType": "x"},
        ]
    )
    malformed = {"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}

    def required(name):
        message = f"Parameter {name} is not valid. Reason: {name} is a required argument."
        return {"ErrorCode": "InvalidArgument", "ErrorMessage": message}

    entries = answer["Entries"]
    assert answer["FailedEntryCount"] == 6
    assert entries[:2] == [malformed, malformed]
    denied = {"ErrorCode": "NotAuthorizedForSourceException", "ErrorMessage": "Not authorized for the source."}
    assert entries[2] == denied
    assert set(entries[3]) == {"EventId"}
    assert entries[4:] == [required("DetailType"), required("Source"), required("Detail")]
    assert [body["id"] for body in bodies()] == [entries[3]["EventId"]]


def _entry(size):
    """An entry that counts for so many bytes."""
    bare = {"Source": "app", "DetailType": "x", "Detail": '{"a": ""}'}
    used = sum(len(value) for value in bare.values())
    return {**bare, "Detail": json.dumps({"a": "x" * (size - used)})}


def test_the_size_of_a_request(events, refused, rule, queue, bodies):
    most = 1_048_576
    rule("r", {"source": ["app"]}, {"Arn": queue(), "Input": '"here"'})
    assert events.put_events(Entries=[_entry(most - 1000), _entry(1000)])["FailedEntryCount"] == 0
    assert len(bodies()) == 2
    answer = refused(events.put_events, Entries=[_entry(most - 1000), _entry(1001)])
    assert answer == ("ValidationException", "Total size of the entries in the request is over the limit.")
    # A time counts 14 bytes.
    answer = refused(events.put_events, Entries=[{**_entry(most), "Time": "2026-01-01T00:00:00Z"}])
    assert answer[0] == "ValidationException"
    assert bodies() == []


@pytest.mark.aws(as_of="2025-01-01")
def test_the_size_of_a_request_as_it_was(events, refused):
    events.put_events(Entries=[_entry(262_144)])
    assert refused(events.put_events, Entries=[_entry(262_145)])[0] == "ValidationException"


def test_ten_entries(events, refused):
    entry = {"Source": "app", "DetailType": "x", "Detail": "{}"}
    assert len(events.put_events(Entries=[entry] * 10)["Entries"]) == 10
    code, message = refused(events.put_events, Entries=[entry] * 11)
    assert code == "ValidationException"
    assert message.endswith("Member must have length less than or equal to 10")


@pytest.mark.rule("events-022")
def test_services_send_events_of_their_own(aws, rule, queue, bodies):
    rule("r", {"source": ["aws.ec2"], "detail-type": ["EC2 Instance State-change Notification"]}, queue())
    entry = {
        "Source": "aws.ec2",
        "DetailType": "EC2 Instance State-change Notification",
        "Detail": '{"instance-id": "i-1", "state": "stopped"}',
    }
    aws.call("events", "PutEvents", Entries=[entry], caller="ec2.amazonaws.com")
    assert [body["detail"]["state"] for body in bodies()] == ["stopped"]


# --- partners


@pytest.mark.rule("events-008")
def test_partner_event_sources(aws, events, other, refused, rule, queue, bodies):
    name = "aws.partner/example.com/acme/1"
    missing = ("ResourceNotFoundException", f"Event source {name} does not exist.")
    assert refused(events.create_event_bus, Name=name, EventSourceName=name) == missing
    other.create_partner_event_source(Name=name, Account=ACCOUNT)
    assert events.describe_event_source(Name=name)["State"] == "PENDING"
    events.create_event_bus(Name=name, EventSourceName=name)
    assert [source["State"] for source in events.list_event_sources()["EventSources"]] == ["ACTIVE"]
    rule("r", {"source": [name]}, queue(), bus=name)
    answer = other.put_partner_events(Entries=[{"Source": name, "DetailType": "x", "Detail": "{}"}])
    assert answer["FailedEntryCount"] == 0
    assert [body["source"] for body in bodies()] == [name]


# --- tags


@pytest.mark.parametrize("kind", ["bus", "rule"])
@pytest.mark.parametrize("bus", ["default", "app"])
def test_tags(events, refused, kind, bus):
    if bus != "default":
        events.create_event_bus(Name=bus)
    arn = f"{BUS}/{bus}"
    if kind == "rule":
        arn = events.put_rule(Name="r", EventBusName=bus, EventPattern='{"source": ["a"]}')["RuleArn"]
    events.tag_resource(ResourceARN=arn, Tags=[{"Key": "tag1", "Value": "value1"}, {"Key": "tag2", "Value": "value2"}])
    events.untag_resource(ResourceARN=arn, TagKeys=["tag2", "none"])
    assert events.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "tag1", "Value": "value1"}]
    code, message = refused(events.list_tags_for_resource, ResourceARN=arn + "x")
    assert code == "ResourceNotFoundException"
    assert message.endswith("does not exist." if kind == "bus" else f"on EventBus {bus}.")

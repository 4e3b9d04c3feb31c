"""Global endpoints: made of two buses, events over them, outages; partner sources that are switched off."""

import json

import boto3
import pytest

from awsim.errors import AWSError

HERE, THERE, ACCOUNT = "us-east-1", "us-west-2", "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/replicate"
CHECK = "arn:aws:route53:::healthcheck/c3f1a3c4-0000-4000-8000-000000000000"


def bus(region, name="shop"):
    return f"arn:aws:events:{region}:{ACCOUNT}:event-bus/{name}"


def routing(region=THERE):
    return {"FailoverConfig": {"Primary": {"HealthCheck": CHECK}, "Secondary": {"Route": region}}}


SETTINGS = {
    "Name": "global",
    "RoutingConfig": routing(),
    "EventBuses": [{"EventBusArn": bus(THERE)}, {"EventBusArn": bus(HERE)}],
    "RoleArn": ROLE,
}


@pytest.fixture
def buses(aws):
    """A bus in two Regions, whose events go to a queue: what reads them, by Region."""
    for region in (HERE, THERE):
        events, sqs = (boto3.client(service, region_name=region) for service in ("events", "sqs"))
        events.create_event_bus(Name="shop")
        events.put_rule(Name="all", EventBusName="shop", EventPattern='{"source": ["shop"]}')
        sqs.create_queue(QueueName="jobs")
        target = {"Id": "1", "Arn": f"arn:aws:sqs:{region}:{ACCOUNT}:jobs", "InputPath": "$.detail.id"}
        events.put_targets(Rule="all", EventBusName="shop", Targets=[target])

    def read(region):
        sqs = boto3.client("sqs", region_name=region)
        url = sqs.get_queue_url(QueueName="jobs")["QueueUrl"]
        found = []
        while batch := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for message in batch:
                found.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return found

    return read


@pytest.fixture
def put(aws):
    """put(id, n): botocore signs events for an endpoint with the CRT alone, so this goes in by the gateway."""

    def put(id, n, region=HERE, name="shop"):
        entry = {"Source": "shop", "DetailType": "order", "Detail": json.dumps({"id": n}), "EventBusName": name}
        return aws.call("events", "PutEvents", region=region, Entries=[entry], EndpointId=id)

    return put


def test_an_endpoint_and_its_life(aws, events, buses, refused):
    created = events.create_endpoint(**SETTINGS, Description="d")
    assert created["Arn"] == f"arn:aws:events:{HERE}:{ACCOUNT}:endpoint/global"
    assert (created["State"], created["ReplicationConfig"]) == ("CREATING", {"State": "ENABLED"})
    shown = events.describe_endpoint(Name="global")
    assert (shown["State"], shown["Description"], shown["RoleArn"]) == ("ACTIVE", "d", ROLE)
    assert shown["EventBuses"] == [{"EventBusArn": bus(HERE)}, {"EventBusArn": bus(THERE)}]
    assert shown["EndpointUrl"] == f"https://{shown['EndpointId']}.endpoint.events.amazonaws.com"
    far = boto3.client("events", region_name=THERE)
    assert far.list_endpoints()["Endpoints"] == []
    assert far.describe_endpoint(Name="global", HomeRegion=HERE)["EndpointId"] == shown["EndpointId"]
    assert [one["Name"] for one in far.list_endpoints(HomeRegion=HERE)["Endpoints"]] == ["global"]
    assert refused(events.create_endpoint, **SETTINGS) == (
        "ResourceAlreadyExistsException",
        "Endpoint global already exists.",
    )
    updated = events.update_endpoint(Name="global", ReplicationConfig={"State": "DISABLED"})
    assert (updated["State"], updated["ReplicationConfig"]) == ("UPDATING", {"State": "DISABLED"})
    events.delete_endpoint(Name="global")
    assert refused(events.describe_endpoint, Name="global") == (
        "ResourceNotFoundException",
        "Endpoint global does not exist.",
    )


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        ({"RoleArn": None}, "ValidationException", "RoleArn is required when event replication is enabled."),
        (
            {"EventBuses": [{"EventBusArn": bus(HERE)}, {"EventBusArn": bus(THERE, "other")}]},
            "ValidationException",
            "The names of the event buses must be identical in each Region.",
        ),
        (
            {"RoutingConfig": routing("eu-west-1")},
            "ValidationException",
            "The event buses must be those of the primary and of the secondary Region.",
        ),
        (
            {"EventBuses": [{"EventBusArn": bus(HERE, "x")}, {"EventBusArn": bus(THERE, "x")}]},
            "ResourceNotFoundException",
            "Event bus x does not exist.",
        ),
    ],
)
def test_endpoints_that_cannot_be(events, buses, refused, change, code, message):
    settings = {name: value for name, value in {**SETTINGS, **change}.items() if value is not None}
    assert refused(events.create_endpoint, **settings) == (code, message)
    assert events.list_endpoints()["Endpoints"] == []


def test_events_go_to_the_primary_region_and_to_the_other_in_an_outage(aws, events, buses, put):
    events.create_endpoint(**{**SETTINGS, "RoleArn": ROLE}, ReplicationConfig={"State": "DISABLED"})
    id = events.describe_endpoint(Name="global")["EndpointId"]
    assert put(id, 1)["FailedEntryCount"] == 0
    put(id, 2, region=THERE)  # an endpoint is of no Region
    assert (buses(HERE), buses(THERE)) == ([1, 2], [])
    with aws.faults.outage(region=HERE):
        put(id, 3, region="eu-west-1")
    put(id, 4)
    assert (buses(HERE), buses(THERE)) == ([4], [3])


def test_replicated_events_come_to_both_buses(events, buses, put):
    events.create_endpoint(**SETTINGS)
    put(events.describe_endpoint(Name="global")["EndpointId"], 1)
    assert (buses(HERE), buses(THERE)) == ([1], [1])


def test_events_that_an_endpoint_does_not_take(events, buses, put):
    events.create_endpoint(**SETTINGS)
    id = events.describe_endpoint(Name="global")["EndpointId"]
    with pytest.raises(AWSError, match="Endpoint global is for event bus shop"):
        put(id, 1, name="default")
    with pytest.raises(AWSError, match="Endpoint other.id does not exist"):
        put("other.id", 1)
    assert (buses(HERE), buses(THERE)) == ([], [])


def test_a_partner_source_is_switched_off_and_on(events, queue, bodies, refused):
    partner = boto3.client("events", region_name=HERE, aws_access_key_id="111122223333", aws_secret_access_key="x")
    name = "aws.partner/example.com/42/orders"
    partner.create_partner_event_source(Name=name, Account=ACCOUNT)
    assert refused(events.activate_event_source, Name=name)[0] == "InvalidStateException"
    events.create_event_bus(Name=name, EventSourceName=name)
    events.put_rule(Name="r", EventBusName=name, EventPattern=json.dumps({"source": [name]}))
    events.put_targets(Rule="r", EventBusName=name, Targets=[{"Id": "1", "Arn": queue(), "InputPath": "$.detail.n"}])

    def offer(n):
        detail = json.dumps({"n": n})
        entry = {"Source": name, "DetailType": "t", "Detail": detail}
        assert partner.put_partner_events(Entries=[entry])["FailedEntryCount"] == 0

    def states():
        accounts = partner.list_partner_event_source_accounts(EventSourceName=name)["PartnerEventSourceAccounts"]
        return [(one["Account"], one["State"]) for one in accounts]

    assert states() == [(ACCOUNT, "ACTIVE")]
    offer(1)
    events.deactivate_event_source(Name=name)
    assert states() == [(ACCOUNT, "PENDING")]
    offer(2)
    events.activate_event_source(Name=name)
    offer(3)
    assert bodies() == [1, 3]

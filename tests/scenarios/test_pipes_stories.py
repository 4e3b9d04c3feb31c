"""Stories around pipes: new orders of a table go to fulfilment; a queue's messages are enriched and become events."""

import json

import boto3
import pytest

REGION = "us-east-1"
ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/pipes"

AT = "2026-03-07T00:00:00Z"
MODES = [
    pytest.param(marks=pytest.mark.aws(at=AT), id="instant"),
    pytest.param(marks=pytest.mark.aws(at=AT, lifecycle="timed"), id="timed"),
    pytest.param(marks=pytest.mark.aws(at=AT, lifecycle="timed", throttling=True), id="timed and throttled"),
]


@pytest.fixture
def settle(aws):
    """settle(): whatever AWS has begun is done, pipes run and messages have arrived."""
    return lambda seconds=60: aws.clock.advance(seconds=seconds if aws.lifecycle == "timed" else 0)


@pytest.fixture
def take(aws, settle):
    """take("queue") -> the JSON bodies in it, taken out, once AWS has had the time to deliver."""
    sqs = boto3.client("sqs", region_name=REGION)

    def take(name):
        settle(5)
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


@pytest.mark.parametrize((), MODES)
def test_paid_orders_of_a_table_go_to_fulfilment(settle, take):
    """The change of an order to PAID goes to the queue, once; drafts, other changes and removals do not."""
    dynamodb, pipes = (boto3.client(name, region_name=REGION) for name in ("dynamodb", "pipes"))
    stream = dynamodb.create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )["TableDescription"]["LatestStreamArn"]
    settle()
    paid = {
        "eventName": ["MODIFY"],
        "dynamodb": {"NewImage": {"state": {"S": ["PAID"]}}, "OldImage": {"state": {"S": [{"anything-but": "PAID"}]}}},
    }
    created = pipes.create_pipe(
        Name="fulfilment",
        RoleArn=ROLE,
        Source=stream,
        SourceParameters={
            "DynamoDBStreamParameters": {"StartingPosition": "LATEST", "BatchSize": 10},
            "FilterCriteria": {"Filters": [{"Pattern": json.dumps(paid)}]},
        },
        Target=queue("fulfilment"),
        TargetParameters={"InputTemplate": '{"order": <$.dynamodb.Keys.id.S>, "total": <$.dynamodb.NewImage.total.N>}'},
    )
    assert created["CurrentState"] == "CREATING"
    settle()
    assert pipes.describe_pipe(Name="fulfilment")["CurrentState"] == "RUNNING"

    def put(id, state, total):
        item = {"id": {"S": id}, "state": {"S": state}, "total": {"N": str(total)}}
        dynamodb.put_item(TableName="orders", Item=item)

    for number in range(3):
        put(f"o{number}", "DRAFT", number)
    put("o1", "PAID", 10)
    put("o2", "CANCELLED", 20)
    put("o1", "PAID", 11)
    put("o0", "PAID", 30)
    dynamodb.delete_item(TableName="orders", Key={"id": {"S": "o1"}})
    arrived = take("fulfilment")
    assert sorted(arrived, key=lambda one: one["order"]) == [
        {"order": "o0", "total": "30"},
        {"order": "o1", "total": "10"},
    ]
    assert take("fulfilment") == []


@pytest.mark.parametrize((), MODES)
def test_requests_are_enriched_and_become_events(aws, settle, take):
    """An API knows the customer behind a request; what it does not know goes nowhere, and its outage loses nothing."""
    events, pipes, sqs = (boto3.client(name, region_name=REGION) for name in ("events", "pipes", "sqs"))
    customers = {"1": "Ann", "2": "Bob"}
    up = [False, True, True, True]

    def api(request):
        if not up.pop(0):
            return 503
        asked = json.loads(request.read())
        assert dict(request.headers)["x-api-key"] == "secret"
        known = customers.get(asked["customer"])
        return json.dumps({"request": asked["request"], "name": known}) if known else ""

    aws.endpoints["https://crm.example.com/customers"] = api
    connection = events.create_connection(
        Name="crm",
        AuthorizationType="API_KEY",
        AuthParameters={"ApiKeyAuthParameters": {"ApiKeyName": "x-api-key", "ApiKeyValue": "secret"}},
    )["ConnectionArn"]
    enrichment = events.create_api_destination(
        Name="crm",
        ConnectionArn=connection,
        InvocationEndpoint="https://crm.example.com/customers",
        HttpMethod="POST",
    )["ApiDestinationArn"]
    bus = events.create_event_bus(Name="service")["EventBusArn"]
    events.put_rule(Name="all", EventBusName="service", EventPattern=json.dumps({"source": ["helpdesk"]}))
    events.put_targets(Rule="all", EventBusName="service", Targets=[{"Id": "1", "Arn": queue("events")}])
    source = queue("requests")
    pipes.create_pipe(
        Name="requests",
        RoleArn=ROLE,
        Source=source,
        Enrichment=enrichment,
        EnrichmentParameters={"InputTemplate": '{"customer": <$.body.customer>, "request": <$.messageId>}'},
        Target=bus,
        TargetParameters={
            "EventBridgeEventBusParameters": {"Source": "helpdesk", "DetailType": "Request of a customer"},
            "InputTemplate": '{"by": <$.name>, "request": <$.request>}',
        },
    )
    settle()
    url = sqs.get_queue_url(QueueName="requests")["QueueUrl"]
    sent = {
        customer: sqs.send_message(QueueUrl=url, MessageBody=json.dumps({"customer": customer}))["MessageId"]
        for customer in ("1", "2", "3")
    }
    # The API is down for the first request, which comes again when it is visible again.
    aws.clock.advance(seconds=60)
    arrived = {event["detail"]["by"]: event for event in take("events")}
    assert {name: event["detail"]["request"] for name, event in arrived.items()} == {"Ann": sent["1"], "Bob": sent["2"]}
    assert {event["detail-type"] for event in arrived.values()} == {"Request of a customer"}
    left = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert (left["ApproximateNumberOfMessages"], left["ApproximateNumberOfMessagesNotVisible"]) == ("0", "0")
    assert up == []


READ_STREAM = [
    "dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams",
]  # fmt: skip


@pytest.mark.aws(at=AT, realistic=True)
def test_a_role_with_just_what_it_needs(aws, settle):
    """Without the permission to send nothing is lost: it arrives when somebody grants it."""
    dynamodb, iam, pipes, sqs = (boto3.client(name, region_name=REGION) for name in ("dynamodb", "iam", "pipes", "sqs"))
    stream = dynamodb.create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
    )["TableDescription"]["LatestStreamArn"]
    trust = {"Effect": "Allow", "Principal": {"Service": "pipes.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = iam.create_role(RoleName="pipes", AssumeRolePolicyDocument=document)["Role"]["Arn"]

    def grant(name, actions, resource):
        statement = {"Effect": "Allow", "Action": actions, "Resource": resource}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_role_policy(RoleName="pipes", PolicyName=name, PolicyDocument=document)

    grant("read", READ_STREAM, stream)
    target = queue("out")
    settle()
    pipes.create_pipe(
        Name="p",
        RoleArn=role,
        Source=stream,
        SourceParameters={"DynamoDBStreamParameters": {"StartingPosition": "TRIM_HORIZON"}},
        Target=target,
        TargetParameters={"InputTemplate": "<$.dynamodb.Keys.id.S>"},
    )
    settle()
    assert pipes.describe_pipe(Name="p")["CurrentState"] == "RUNNING"
    dynamodb.put_item(TableName="orders", Item={"id": {"S": "o1"}})
    settle()
    url = sqs.get_queue_url(QueueName="out")["QueueUrl"]
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    grant("send", "sqs:SendMessage", target)
    settle(180)
    (message,) = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)["Messages"]
    assert json.loads(message["Body"]) == "o1"

"""Where pipes bring events, what enriches them on the way, and as whom."""

import json

import boto3
import pytest

pytestmark = pytest.mark.aws(at="2026-03-01T00:00:00Z")

REGION, ACCOUNT = "us-east-1", "123456789012"


@pytest.fixture(autouse=True)
def queues(queue):
    for name in ("in", "out"):
        queue(name, VisibilityTimeout="30")


@pytest.fixture
def bus(client, tools):
    """A bus whose events go to the queue "out": its ARN."""
    events = client("events")
    made = events.create_event_bus(Name="shop")["EventBusArn"]
    events.put_rule(Name="all", EventBusName="shop", EventPattern='{"account": ["123456789012"]}')
    events.put_targets(Rule="all", EventBusName="shop", Targets=[{"Id": "1", "Arn": tools.arn("out")}])
    return made


def test_a_topic(client, pipe, send, bodies, tools):
    sns = client("sns")
    topic = sns.create_topic(Name="news")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=tools.arn("out"), Attributes={"RawMessageDelivery": "true"})
    pipe(tools.arn("in"), topic, TargetParameters={"InputTemplate": "<$.body>"})
    send("in", {"n": 1})
    assert bodies("out") == [{"n": 1}]


def test_a_stream(client, pipe, send, tools, stream):
    parameters = {"InputTemplate": "<$.body>", "KinesisStreamParameters": {"PartitionKey": "$.body.key"}}
    pipe(tools.arn("in"), stream, TargetParameters=parameters)
    send("in", {"key": "k"})
    kinesis = client("kinesis")
    iterator = kinesis.get_shard_iterator(
        StreamName="clicks", ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    (record,) = kinesis.get_records(ShardIterator=iterator)["Records"]
    assert (record["PartitionKey"], record["Data"]) == ("k", b'{"key":"k"}')


def test_a_delivery_stream(aws, client, pipe, send, tools):
    client("s3").create_bucket(Bucket="lake")
    role = f"arn:aws:iam::{ACCOUNT}:role/firehose"
    made = client("firehose").create_delivery_stream(
        DeliveryStreamName="lake",
        ExtendedS3DestinationConfiguration={"BucketARN": "arn:aws:s3:::lake", "RoleARN": role},
    )
    pipe(tools.arn("in"), made["DeliveryStreamARN"], TargetParameters={"InputTemplate": "<$.body>"})
    send("in", {"n": 1})
    aws.clock.advance(minutes=10)
    (key,) = [one["Key"] for one in client("s3").list_objects_v2(Bucket="lake")["Contents"]]
    assert client("s3").get_object(Bucket="lake", Key=key)["Body"].read() == b'{"n":1}'


def test_a_bus(pipe, send, bus, bodies, tools):
    parameters = {
        "InputTemplate": "<$.body>",
        "EventBridgeEventBusParameters": {
            "Source": "shop",
            "DetailType": "$.body.kind",
            "Resources": ["$.eventSourceARN"],
            "Time": "$.body.at",
        },
    }
    pipe(tools.arn("in"), bus, TargetParameters=parameters)
    send("in", {"kind": "Order Placed", "at": "2026-02-28T12:00:00Z"})
    (event,) = bodies("out")
    assert event["detail"] == {"kind": "Order Placed", "at": "2026-02-28T12:00:00Z"}
    shown = (event["source"], event["detail-type"], event["resources"], event["time"])
    assert shown == ("shop", "Order Placed", [tools.arn("in")], "2026-02-28T12:00:00Z")


def test_a_bus_without_parameters(pipe, send, bus, bodies, tools):
    pipe(tools.arn("in"), bus, Name="mine")
    send("in", {"n": 1})
    (event,) = bodies("out")
    assert (event["source"], event["detail-type"]) == ("Pipe mine", "Event from aws:sqs")
    assert json.loads(event["detail"]["body"]) == {"n": 1}


def test_what_a_bus_does_not_take_comes_back(aws, pipe, send, bus, bodies, depth, tools):
    pipe(tools.arn("in"), bus, TargetParameters={"InputTemplate": "<$.body>"})
    send("in", "no object", {"n": 1})
    # After a failure a pipe waits a little.
    aws.clock.advance(seconds=2)
    assert [event["detail"] for event in bodies("out")] == [{"n": 1}]
    assert depth("in") == (0, 1)


def test_an_api_destination(pipe, send, endpoint, depth, tools):
    seen = []

    def answer(request):
        seen.append((request.method, request.url, dict(request.headers), json.loads(request.read())))

    destination = endpoint(answer, "https://api.example.com/orders/*")
    http = {"PathParameterValues": ["$.body.id"], "HeaderParameters": {"x-kind": "order"}}
    pipe(tools.arn("in"), destination, TargetParameters={"InputTemplate": '{"o": <$.body.id>}', "HttpParameters": http})
    send("in", {"id": 7})
    ((method, url, headers, body),) = seen
    assert (method, url, body) == ("POST", "https://api.example.com/orders/7", {"o": 7})
    assert (headers["x-kind"], headers["x-key"]) == ("order", "secret")
    assert depth("in") == (0, 0)


def test_an_endpoint_that_refuses(aws, pipe, send, endpoint, depth, tools):
    answers = [500, 200]
    pipe(tools.arn("in"), endpoint(lambda request: answers.pop(0)))
    send("in", {"id": 7})
    assert depth("in") == (0, 1)
    aws.clock.advance(seconds=31)
    assert (depth("in"), answers) == ((0, 0), [])


def test_a_target_that_awsim_does_not_have(pipe, pipes, send, depth, tools):
    """The message stays, and the pipe says why."""
    broker = f"arn:aws:batch:{REGION}:{ACCOUNT}:job-queue/q"
    parameters = {"BatchJobParameters": {"JobDefinition": "d", "JobName": "n"}}
    pipe(tools.arn("in"), broker, TargetParameters=parameters)
    send("in", {"id": 7})
    assert depth("in") == (1, 0)
    told = pipes.describe_pipe(Name="p")
    assert told["StateReason"] == "awsim does not model batch as a target of pipes: nothing is delivered"


# --- enrichment


def test_an_enrichment(pipe, send, endpoint, bodies, tools):
    asked = []

    def answer(request):
        order = json.loads(request.read())
        asked.append(order)
        return json.dumps({**order, "customer": "Ann"})

    pipe(
        tools.arn("in"),
        tools.arn("out"),
        Enrichment=endpoint(answer),
        EnrichmentParameters={"InputTemplate": '{"id": <$.body.id>}'},
        TargetParameters={"InputTemplate": '"<$.id> is for <$.customer>"'},
    )
    send("in", {"id": 7})
    assert asked == [{"id": 7}]
    assert bodies("out") == ["7 is for Ann"]


@pytest.mark.parametrize("nothing", ["", "{}", "[]", '""'])
def test_an_enrichment_that_answers_nothing_ends_it(pipe, send, endpoint, bodies, depth, tools, nothing):
    pipe(tools.arn("in"), tools.arn("out"), Enrichment=endpoint(lambda request: nothing))
    send("in", {"id": 7})
    assert bodies("out") == []
    assert depth("in") == (0, 0)


def test_an_enrichment_that_fails(aws, pipe, send, endpoint, bodies, depth, tools):
    answers = [503, '{"n": 1}']
    pipe(tools.arn("in"), tools.arn("out"), Enrichment=endpoint(lambda request: answers.pop(0)))
    send("in", {"id": 7})
    assert (bodies("out"), depth("in")) == ([], (0, 1))
    aws.clock.advance(seconds=31)
    assert bodies("out") == [{"n": 1}]


# --- as whom


def policy(*statements):
    listed = [{"Effect": "Allow", "Action": action, "Resource": resource} for action, resource in statements]
    return json.dumps({"Version": "2012-10-17", "Statement": listed})


TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "pipes.amazonaws.com"}, "Action": "sts:AssumeRole"}],
    }
)
READ = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]


@pytest.fixture
def role(client):
    def role(*statements):
        iam = client("iam")
        iam.create_role(RoleName="pipes", AssumeRolePolicyDocument=TRUST)
        if statements:
            iam.put_role_policy(RoleName="pipes", PolicyName="p", PolicyDocument=policy(*statements))

    return role


@pytest.mark.aws(at="2026-03-01T00:00:00Z", authorization=True)
def test_the_role_may(role, pipe, send, bodies, tools):
    role((READ, tools.arn("in")), ("sqs:SendMessage", tools.arn("out")))
    pipe(tools.arn("in"), tools.arn("out"))
    send("in", {"id": 7})
    assert len(bodies("out")) == 1


@pytest.mark.aws(at="2026-03-01T00:00:00Z", authorization=True)
def test_the_role_may_not_read(role, pipe, pipes, tools):
    role()
    assert pipe(tools.arn("in"), tools.arn("out"))["CurrentState"] == "CREATING"
    told = pipes.describe_pipe(Name="p")
    assert told["CurrentState"] == "CREATE_FAILED"
    assert told["StateReason"] == (
        "Input parameter is invalid from the request due to : The provided customer role does not have permissions "
        "to call ReceiveMessage on SQS"
    )


@pytest.mark.aws(at="2026-03-01T00:00:00Z", authorization=True)
def test_the_role_may_not_send(aws, role, pipe, send, bodies, depth, tools):
    role((READ, tools.arn("in")))
    pipe(tools.arn("in"), tools.arn("out"))
    send("in", {"id": 7})
    assert (bodies("out"), depth("in")) == ([], (0, 1))
    assert aws.calls.of("sqs:SendMessageBatch")[-1].error.code in ("AccessDenied", "AccessDeniedException")


@pytest.mark.aws(at="2026-03-01T00:00:00Z", authorization=True)
@pytest.mark.parametrize("granted", [True, False])
def test_invoking_an_api_destination_is_a_permission(role, pipe, send, endpoint, tools, granted):
    seen = []
    destination = endpoint(lambda request: seen.append(1))
    role((READ, tools.arn("in")), *((("events:InvokeApiDestination", destination),) if granted else ()))
    pipe(tools.arn("in"), destination)
    send("in", {"id": 7})
    assert len(seen) == granted


def test_calls_hang_under_the_call_that_caused_them(aws, pipe, client, queue, tools):
    pipe(tools.arn("in"), tools.arn("out"))
    client("sqs").send_message(QueueUrl=queue("in", VisibilityTimeout="30"), MessageBody="x")
    caused = [record.name for record in aws.calls.of("sqs:SendMessage")[-1].caused]
    assert caused == ["sqs:ReceiveMessage", "sqs:SendMessageBatch", "sqs:DeleteMessageBatch"]


def test_another_process_sees_the_same_pipe(aws, pipe, tools):
    pipe(tools.arn("in"), tools.arn("out"))
    assert boto3.client("pipes", region_name=REGION).describe_pipe(Name="p")["CurrentState"] == "RUNNING"

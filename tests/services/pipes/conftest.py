"""Clients, sources and targets of pipes; no credentials or profile of this machine."""

import json
import os

import boto3
import pytest
from botocore.exceptions import ClientError

REGION = "us-east-1"
ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/pipes"


@pytest.fixture(autouse=True)
def no_configuration(monkeypatch, tmp_path):
    for name in list(os.environ):
        if name.startswith("AWS_") and name != "AWS_DATA_PATH":
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "no-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no-credentials"))


@pytest.fixture
def client(aws):
    return lambda service: boto3.client(service, region_name=REGION)


@pytest.fixture
def pipes(client):
    return client("pipes")


@pytest.fixture
def queue(client):
    """queue("jobs", **attributes) -> its URL; made when it is not there."""

    def queue(name, **attributes):
        if name.endswith(".fifo"):
            attributes = {"FifoQueue": "true", "ContentBasedDeduplication": "true", **attributes}
        return client("sqs").create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]

    return queue


@pytest.fixture
def send(client, queue):
    """send("jobs", body, …) -> a message into a queue, JSON where it is no text."""

    def send(name, *bodies, **more):
        for body in bodies:
            text = body if isinstance(body, str) else json.dumps(body)
            url = client("sqs").get_queue_url(QueueName=name)["QueueUrl"]
            client("sqs").send_message(QueueUrl=url, MessageBody=text, **more)

    return send


@pytest.fixture
def raw(client):
    """raw("out") -> the messages in a queue, taken out."""

    def raw(name):
        sqs = client("sqs")
        url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
        found = []
        asked = {"MaxNumberOfMessages": 10, "AttributeNames": ["All"], "MessageAttributeNames": ["All"]}
        while batch := sqs.receive_message(QueueUrl=url, **asked).get("Messages"):
            found += batch
            for message in batch:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return found

    return raw


@pytest.fixture
def bodies(raw):
    """bodies("out") -> the bodies of the messages in a queue, read as JSON where they are."""

    def read(text):
        try:
            return json.loads(text)
        except ValueError:
            return text

    return lambda name: [read(message["Body"]) for message in raw(name)]


@pytest.fixture
def depth(client):
    """depth("jobs") -> (visible, in flight)."""

    def depth(name):
        url = client("sqs").get_queue_url(QueueName=name)["QueueUrl"]
        told = client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        return int(told["ApproximateNumberOfMessages"]), int(told["ApproximateNumberOfMessagesNotVisible"])

    return depth


@pytest.fixture
def pipe(pipes):
    """pipe(source, target, Name=…, **more) -> CreatePipe's answer."""

    def pipe(source, target, Name="p", **more):
        return pipes.create_pipe(Name=Name, Source=source, Target=target, RoleArn=ROLE, **more)

    return pipe


@pytest.fixture
def table(client):
    """A table with a stream: its ARN."""
    made = client("dynamodb").create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    return made["TableDescription"]["LatestStreamArn"]


@pytest.fixture
def put(client):
    """put("1", total="5") -> an item, all numbers."""

    def put(id, **numbers):
        item = {"id": {"S": id}, **{name: {"N": str(value)} for name, value in numbers.items()}}
        client("dynamodb").put_item(TableName="orders", Item=item)

    return put


@pytest.fixture
def stream(client):
    client("kinesis").create_stream(StreamName="clicks", ShardCount=1)
    return f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/clicks"


@pytest.fixture
def click(client):
    def click(data, key="k"):
        text = data if isinstance(data, str) else json.dumps(data)
        client("kinesis").put_record(StreamName="clicks", Data=text.encode(), PartitionKey=key)

    return click


@pytest.fixture
def endpoint(aws, client):
    """endpoint(answer) -> the ARN of an API destination that a callable answers."""

    def endpoint(answer, url="https://api.example.com/enrich"):
        events = client("events")
        connection = events.create_connection(
            Name="c",
            AuthorizationType="API_KEY",
            AuthParameters={"ApiKeyAuthParameters": {"ApiKeyName": "x-key", "ApiKeyValue": "secret"}},
        )["ConnectionArn"]
        aws.endpoints["https://api.example.com/"] = answer
        made = events.create_api_destination(
            Name="d", ConnectionArn=connection, InvocationEndpoint=url, HttpMethod="POST"
        )
        return made["ApiDestinationArn"]

    return endpoint


def arn(name):
    return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"


def refused(call, /, *args, **params):
    with pytest.raises(ClientError) as caught:
        call(*args, **params)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


@pytest.fixture
def tools():
    """What the tests share that is no fixture: `tools.arn`, `tools.refused`, `tools.field`."""

    class Tools:
        pass

    Tools.arn, Tools.refused = staticmethod(arn), staticmethod(refused)
    Tools.field = staticmethod(
        lambda name, message: (
            "ValidationException",
            json.dumps({"ValidationErrorFields": [{"Name": name, "Message": message}]}, separators=(",", ":")),
        )
    )
    return Tools

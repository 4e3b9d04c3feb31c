"""What the tests of SNS share: clients, topics, subscribed queues, what has arrived, refusals to compare."""

import json

import boto3
import pytest
from botocore.exceptions import ClientError

REGION = "us-east-1"
ACCOUNT = "123456789012"


def client(service, region=REGION, account=None):
    keys = {"aws_access_key_id": account, "aws_secret_access_key": "x"} if account else {}
    return boto3.client(service, region_name=region, **keys)


@pytest.fixture
def sns(aws):
    return client("sns")


@pytest.fixture
def sqs(aws):
    return client("sqs")


@pytest.fixture
def make(sns):
    """make("t", DisplayName="x") -> its ARN; FIFO by its name; JSON is made of attributes that are no text."""

    def make(name="news", **attributes):
        if name.endswith(".fifo"):
            attributes = {"FifoTopic": "true", **attributes}
        given = {key: value if isinstance(value, str) else json.dumps(value) for key, value in attributes.items()}
        return sns.create_topic(Name=name, Attributes=given)["TopicArn"]

    return make


@pytest.fixture
def queue(sqs):
    """queue("q") -> (URL, ARN)"""

    def queue(name="inbox"):
        attributes = {"FifoQueue": "true"} if name.endswith(".fifo") else {}
        url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        return url, f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"

    return queue


@pytest.fixture
def subscribe(sns, queue):
    """subscribe(topic, "q", RawMessageDelivery="true") -> (URL of the queue, ARN of the subscription)"""

    def subscribe(topic, name="inbox", **attributes):
        url, arn = queue(name)
        given = {key: value if isinstance(value, str) else json.dumps(value) for key, value in attributes.items()}
        made = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=given)
        return url, made["SubscriptionArn"]

    return subscribe


@pytest.fixture
def messages(sqs):
    """All messages of a queue that are visible, with all attributes, in order; they stay in flight."""

    def messages(url):
        found = []
        while more := sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageSystemAttributeNames=["All"], MessageAttributeNames=["All"]
        ).get("Messages"):
            found += more
        return found

    return messages


@pytest.fixture
def bodies(messages):
    return lambda url: [message["Body"] for message in messages(url)]


@pytest.fixture
def notes(bodies):
    """Notifications in a queue, parsed."""
    return lambda url: [json.loads(body) for body in bodies(url)]


@pytest.fixture
def texts(notes):
    return lambda url: [note["Message"] for note in notes(url)]


@pytest.fixture
def outbox(aws):
    return aws.service("sns", None, None).outbox


@pytest.fixture
def refused():
    """refused(call, **params) -> (code, message, HTTP status)"""

    def refused(call, /, **params):
        with pytest.raises(ClientError) as caught:
            call(**params)
        response = caught.value.response
        error = response["Error"]
        return error["Code"], error["Message"], response["ResponseMetadata"]["HTTPStatusCode"]

    return refused


@pytest.fixture
def invalid():
    """invalid(call, **params) -> the message after "Invalid parameter: " of an InvalidParameter"""

    def invalid(call, /, **params):
        with pytest.raises(ClientError) as caught:
            call(**params)
        response = caught.value.response
        assert response["Error"]["Code"] == "InvalidParameter", response["Error"]
        assert response["ResponseMetadata"]["HTTPStatusCode"] == 400
        return response["Error"]["Message"].removeprefix("Invalid parameter: ")

    return invalid

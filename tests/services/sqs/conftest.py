"""What the tests of SQS share: clients, queues in a line, refusals to compare."""

import json

import boto3
import pytest
from botocore.exceptions import ClientError

REGION = "us-east-1"
ACCOUNT = "123456789012"


@pytest.fixture
def sqs(aws):
    return boto3.client("sqs", region_name=REGION)


@pytest.fixture
def make(sqs):
    """make("q", DelaySeconds=5) -> its URL; attributes are turned into text."""

    def make(name="jobs", **attributes):
        if name.endswith(".fifo"):
            attributes = {"FifoQueue": "true", **attributes}
        given = {key: value if isinstance(value, str) else json.dumps(value) for key, value in attributes.items()}
        return sqs.create_queue(QueueName=name, Attributes=given)["QueueUrl"]

    return make


@pytest.fixture
def attributes(sqs):
    """attributes(url) -> all attributes of a queue; attributes(url, "DelaySeconds") -> one."""

    def attributes(url, name=None):
        found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        return found if name is None else found[name]

    return attributes


@pytest.fixture
def counts(attributes):
    """(visible, in flight, delayed)"""

    def counts(url):
        found = attributes(url)
        return tuple(int(found["ApproximateNumberOfMessages" + kind]) for kind in ("", "NotVisible", "Delayed"))

    return counts


@pytest.fixture
def receive(sqs):
    """The messages of one receive; all attributes unless told otherwise."""

    def receive(url, count=1, **more):
        more = {"MessageSystemAttributeNames": ["All"], "MaxNumberOfMessages": count, **more}
        return sqs.receive_message(QueueUrl=url, **more).get("Messages", [])

    return receive


@pytest.fixture
def bodies(receive):
    def bodies(url, count=10, **more):
        return [message["Body"] for message in receive(url, count, **more)]

    return bodies


@pytest.fixture
def send(sqs):
    """send(url, "a", "b"): to a FIFO queue with the body as deduplication id."""

    def send(url, *texts, **more):
        fifo = {"MessageGroupId": "g"} if url.endswith(".fifo") else {}
        sent = None
        for text in texts:
            deduplication = {"MessageDeduplicationId": text} if fifo else {}
            sent = sqs.send_message(QueueUrl=url, MessageBody=text, **{**fifo, **deduplication, **more})
        return sent

    return send


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
def arn():
    return lambda name, region=REGION, account=ACCOUNT: f"arn:aws:sqs:{region}:{account}:{name}"

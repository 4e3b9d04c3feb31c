"""What the tests of EventBridge share: clients, queues as targets, refusals to compare."""

import json

import boto3
import pytest
from botocore.exceptions import ClientError

REGION = "us-east-1"
ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/deliver"


@pytest.fixture
def events(aws):
    return boto3.client("events", region_name=REGION)


@pytest.fixture
def sqs(aws):
    return boto3.client("sqs", region_name=REGION)


@pytest.fixture
def queue(sqs):
    """queue("q") -> its ARN, made."""

    def queue(name="jobs", **attributes):
        sqs.create_queue(QueueName=name, Attributes=attributes)
        return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"

    return queue


@pytest.fixture
def messages(sqs):
    """The messages of a queue, taken out."""

    def messages(name="jobs"):
        url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
        found = []
        while batch := sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"], MessageSystemAttributeNames=["All"]
        ).get("Messages"):
            found += batch
            for message in batch:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return found

    return messages


@pytest.fixture
def bodies(messages):
    def bodies(name="jobs"):
        return [json.loads(message["Body"]) for message in messages(name)]

    return bodies


@pytest.fixture
def rule(events):
    """rule("r", {"source": ["app"]}, arn, …) -> ARN of a rule with targets; a target is an ARN or its members."""

    def rule(name, pattern, *targets, bus="default"):
        text = json.dumps(pattern)
        arn = events.put_rule(Name=name, EventPattern=text, EventBusName=bus)["RuleArn"]
        entries = [
            {"Id": str(number), **({"Arn": target} if isinstance(target, str) else target)}
            for number, target in enumerate(targets)
        ]
        if entries:
            events.put_targets(Rule=name, EventBusName=bus, Targets=entries)
        return arn

    return rule


@pytest.fixture
def put(events):
    """put(source="app", detail={}) -> the answer's entry."""

    def put(source="app", kind="Order Placed", detail=None, **more):
        entry = {"Source": source, "DetailType": kind, "Detail": json.dumps(detail or {}), **more}
        return events.put_events(Entries=[entry])["Entries"][0]

    return put


@pytest.fixture
def refused():
    """refused(call, **params) -> (code, message)"""

    def refused(call, /, **params):
        with pytest.raises(ClientError) as caught:
            call(**params)
        error = caught.value.response["Error"]
        return error["Code"], error["Message"]

    return refused

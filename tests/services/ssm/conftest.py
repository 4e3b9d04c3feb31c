"""What the tests of Systems Manager share: clients that never retry, refusals to compare, events to catch."""

import json

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

REGION = "us-east-1"
ACCOUNT = "123456789012"
OTHER = "210987654321"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/app"
CONFIG = Config(retries={"max_attempts": 0}, parameter_validation=False)


@pytest.fixture
def client(aws):
    return lambda service, **more: boto3.client(service, **{"region_name": REGION, "config": CONFIG, **more})


@pytest.fixture
def ssm(client):
    return client("ssm")


@pytest.fixture
def other(client):
    """A client of another account."""
    return client("ssm", aws_access_key_id=OTHER, aws_secret_access_key="secret")


@pytest.fixture
def refused():
    """refused(call, **parameters) -> (code, message) of its refusal."""

    def refused(call, **parameters):
        with pytest.raises(ClientError) as problem:
            call(**parameters)
        error = problem.value.response["Error"]
        return error["Code"], error["Message"]

    return refused


@pytest.fixture
def put(ssm):
    """put("/a", "value", Tier="Advanced") -> the version it made."""

    def put(name, value="x", Type="String", **more):
        given = more if more.get("Overwrite") and Type is None else {"Type": Type, **more}
        return ssm.put_parameter(Name=name, Value=value, **given)["Version"]

    return put


@pytest.fixture
def value(ssm):
    return lambda name, **more: ssm.get_parameter(Name=name, **more)["Parameter"]["Value"]


@pytest.fixture
def events(client):
    """events() -> the events of Systems Manager since the last time, as EventBridge gives them to a queue."""
    sqs, bus = client("sqs"), client("events")
    url = sqs.create_queue(QueueName="events")["QueueUrl"]
    policy = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}
    sqs.set_queue_attributes(
        QueueUrl=url, Attributes={"Policy": json.dumps({"Version": "2012-10-17", "Statement": [policy]})}
    )
    bus.put_rule(Name="ssm", EventPattern=json.dumps({"source": ["aws.ssm"]}))
    bus.put_targets(Rule="ssm", Targets=[{"Id": "1", "Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:events"}])

    def events():
        found = []
        while batch := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for message in batch:
                found.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return sorted(found, key=lambda event: event["time"])

    return events


INSTANCE = "i-0123456789abcdef0"
SECOND = "i-0fedcba9876543210"


@pytest.fixture
def agent(aws):
    """agent() -> the id of a managed instance that does what it is told and says so; agent.steps is what it ran."""
    steps = []

    def agent(id=INSTANCE, code=None, **more):
        def run(step):
            steps.append(step)
            return code(step) if code else "ran " + "; ".join(step.commands)

        aws.nodes[id] = run
        return aws.service("ssm", None, None).manage(id, **more)

    agent.steps = steps
    return agent


@pytest.fixture
def run(ssm):
    """run("echo hi", InstanceIds=[…]) -> the id of the command."""

    def run(*lines, **more):
        given = {"DocumentName": "AWS-RunShellScript", "Parameters": {"commands": list(lines)}, **more}
        if "Targets" not in given:
            given.setdefault("InstanceIds", [INSTANCE])
        return ssm.send_command(**given)["Command"]["CommandId"]

    return run

"""What programs that live on messages are made of: roles with just what they need, policies that let AWS's services in,
consumers that poll long, try again and take what comes twice once."""

import json
import time

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

REGION = "us-east-1"
ACCOUNT = "123456789012"
PATIENT = Config(retries={"mode": "standard", "max_attempts": 10})


def modes(at):
    """The test in the three modes, beginning at a time."""
    return pytest.mark.parametrize(
        (),
        [
            pytest.param(marks=pytest.mark.aws(at=at), id="instant"),
            pytest.param(marks=pytest.mark.aws(at=at, lifecycle="timed"), id="timed"),
            pytest.param(marks=pytest.mark.aws(at=at, realistic=True), id="realistic"),
        ],
    )


def arn(service, resource):
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def lets_in(service, action, resource, source):
    """The policy of a resource that lets one of AWS's services in on behalf of one other resource."""
    return document(
        {
            "Effect": "Allow",
            "Principal": {"Service": f"{service}.amazonaws.com"},
            "Action": action,
            "Resource": resource,
            "Condition": {"ArnEquals": {"aws:SourceArn": source}},
        }
    )


def admin(service):
    """A client of who deploys: the account's administrator."""
    return boto3.client(service, region_name=REGION, config=PATIENT)


def role(name, *grants, trusts=None):
    """A role of the account's programs, or of a service, that may do what `grants` ((actions, resource), …) say."""
    principal = {"Service": f"{trusts}.amazonaws.com"} if trusts else {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    trust = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    iam = admin("iam")
    made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(trust))["Role"]["Arn"]
    allowed = [{"Effect": "Allow", "Action": actions, "Resource": resource} for actions, resource in grants]
    iam.put_role_policy(RoleName=name, PolicyName="needs", PolicyDocument=document(*allowed))
    return made


def queue(name, policy=None, **attributes):
    """(URL, ARN) of a new queue; FIFO by its name."""
    given = {"FifoQueue": "true"} if name.endswith(".fifo") else {}
    if policy is not None:
        given["Policy"] = policy
    url = admin("sqs").create_queue(QueueName=name, Attributes={**given, **attributes})["QueueUrl"]
    return url, arn("sqs", name)


class Team:
    """Programs: each works as its role, whose keys it gets for an hour and renews."""

    def __init__(self, aws):
        self.aws = aws

    def client(self, service, role_arn):
        return boto3.client(service, region_name=REGION, config=PATIENT, **self.aws.credentials(role_arn))

    def settle(self, minutes=2):
        """A deployment takes its time: what IAM was told is known everywhere."""
        self.aws.clock.advance(minutes=minutes)


@pytest.fixture
def team(aws):
    return Team(aws)


def consume(sqs, url, handle, quiet=3):
    """Hand every message to `handle` and delete it then; stop when some long polls in a row have found nothing.

    What `handle` raises leaves the message to come again.
    """
    empty = 0
    while empty < quiet:
        found = sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=20, AttributeNames=["ApproximateReceiveCount"]
        ).get("Messages", [])
        empty = 0 if found else empty + 1
        for message in found:
            try:
                handle(message)
            except LookupError:
                continue
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def taken(sqs, url, read=lambda message: message["Body"]):
    """What the messages of a queue say, each once, in the order in which it first came."""
    found = {}

    def handle(message):
        said = read(message)
        found.setdefault(json.dumps(said, sort_keys=True), said)

    consume(sqs, url, handle)
    return list(found.values())


def until(done, seconds=5, tries=200):
    """Ask again until something is done."""
    for _ in range(tries):
        try:
            answer = done()
        except ClientError as error:
            if error.response["Error"]["Code"] not in ("AccessDenied", "AccessDeniedException"):
                raise
            answer = None
        if answer:
            return answer
        time.sleep(seconds)
    raise AssertionError("it never came to pass")

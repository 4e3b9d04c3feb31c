"""What the tests of KMS share: clients that never retry, keys in a line, users and roles, refusals to compare."""

import json
from contextlib import contextmanager

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

ACCOUNT = "123456789012"
OTHER = "210987654321"
CONFIG = Config(retries={"max_attempts": 0}, parameter_validation=False)


def client_of(region="us-east-1", **keys):
    return boto3.client("kms", region_name=region, config=CONFIG, **keys)


@pytest.fixture
def kms(aws):
    return client_of()


@pytest.fixture
def eu(aws):
    return client_of("eu-west-1")


@pytest.fixture
def other(aws):
    """A client of another account."""
    return client_of(aws_access_key_id=OTHER, aws_secret_access_key="secret")


@pytest.fixture
def make(kms):
    """make(**parameters of CreateKey) -> the ARN of a new key."""
    return lambda **more: kms.create_key(**more)["KeyMetadata"]["Arn"]


@pytest.fixture
def key(make):
    return make()


@pytest.fixture
def state(kms):
    return lambda key: kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"]


class Refusal:
    message = ""


@contextmanager
def refused_as(code, message=None):
    refusal = Refusal()
    with pytest.raises(ClientError) as caught:
        yield refusal
    error = caught.value.response["Error"]
    refusal.message = error["Message"]
    assert error["Code"] == code, error
    if message is not None:
        assert error["Message"] == message


@pytest.fixture
def refused():
    """`with refused("NotFoundException", "…"):`: the call inside raises just that."""
    return refused_as


@pytest.fixture
def policy():
    """policy((principal, actions, condition), …): a key policy of these, beside full access for the tests."""

    def policy(*statements):
        admin = {"AWS": f"arn:aws:iam::{ACCOUNT}:user/awsim"}
        found = [{"Effect": "Allow", "Principal": admin, "Action": "kms:*", "Resource": "*"}]
        for who, actions, *condition in statements:
            statement = {"Effect": "Allow", "Principal": {"AWS": who}, "Action": actions, "Resource": "*"}
            found.append({**statement, **({"Condition": condition[0]} if condition else {})})
        return json.dumps({"Version": "2012-10-17", "Statement": found})

    return policy


@pytest.fixture
def user(aws):
    """user(name, *actions, resource="*") -> a client of a user with these permissions."""
    iam = boto3.client("iam")

    def user(name, *actions, resource="*"):
        try:
            iam.create_user(UserName=name)
        except iam.exceptions.EntityAlreadyExistsException:
            pass
        if actions:
            statement = {"Effect": "Allow", "Action": list(actions), "Resource": resource}
            document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
            iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=document)
        made = iam.create_access_key(UserName=name)["AccessKey"]
        return client_of(aws_access_key_id=made["AccessKeyId"], aws_secret_access_key=made["SecretAccessKey"])

    return user

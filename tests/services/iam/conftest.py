"""What the tests of IAM share: clients, documents, refusals to compare."""

import json

import boto3
import pytest
from botocore.exceptions import ClientError

ACCOUNT = "123456789012"
REGION = "us-east-1"


def document(*statements, **more):
    """A policy's JSON; statements are (effect, action, resource) or whole ones."""
    listed = [
        each if isinstance(each, dict) else dict(zip(("Effect", "Action", "Resource"), each, strict=True))
        for each in statements or (("Allow", "s3:GetObject", "*"),)
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": listed, **more})


def trust(principal=None, action="sts:AssumeRole"):
    statement = {"Effect": "Allow", "Principal": principal or {"Service": "ec2.amazonaws.com"}, "Action": action}
    return document(statement)


def aws_arn(name):
    return f"arn:aws:iam::aws:policy/{name}"


@pytest.fixture
def iam(aws):
    return boto3.client("iam", region_name=REGION)


@pytest.fixture
def user(iam):
    """user("bob") -> its name, made."""

    def user(name="bob", **more):
        return iam.create_user(UserName=name, **more)["User"]["UserName"]

    return user


@pytest.fixture
def role(iam):
    def role(name="app", **more):
        return iam.create_role(**{"RoleName": name, "AssumeRolePolicyDocument": trust(), **more})["Role"]["RoleName"]

    return role


@pytest.fixture
def policy(iam):
    """policy("reads") -> its ARN, made."""

    def policy(name="reads", text=None, **more):
        return iam.create_policy(PolicyName=name, PolicyDocument=text or document(), **more)["Policy"]["Arn"]

    return policy


@pytest.fixture
def keys_of(iam):
    """keys_of("bob") -> new keys, as boto3.client takes them."""

    def keys_of(name):
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}

    return keys_of


@pytest.fixture
def refused():
    """refused(call, **params) -> (code, message, HTTP status)"""

    def refused(call, /, **params):
        with pytest.raises(ClientError) as caught:
            call(**params)
        response = caught.value.response
        error = response["Error"]
        assert error["Type"] == "Sender"
        return error["Code"], error["Message"], response["ResponseMetadata"]["HTTPStatusCode"]

    return refused

"""Clients, and no credentials or profile of this machine."""

import os

import boto3
import pytest
from botocore.exceptions import ClientError

ACCOUNT = "123456789012"


@pytest.fixture(autouse=True)
def no_configuration(monkeypatch, tmp_path):
    for name in list(os.environ):
        if name.startswith("AWS_") and name != "AWS_DATA_PATH":
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "no-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no-credentials"))


class Bound:
    """A client that sends its own account's id with every call."""

    def __init__(self, client):
        self.client = client

    def __getattr__(self, name):
        method = getattr(self.client, name)
        return lambda **params: method(**{"AccountId": ACCOUNT, **params})


@pytest.fixture
def control(aws):
    return Bound(boto3.client("s3control", region_name="us-east-1"))


@pytest.fixture
def s3(aws):
    return boto3.client("s3", region_name="us-east-1")


@pytest.fixture
def bucket(s3):
    s3.create_bucket(Bucket="ledger")
    return "ledger"


@pytest.fixture
def refused():
    """refused(call, **params) -> (code, HTTP status, message)."""

    def refused(call, /, *args, **params):
        with pytest.raises(ClientError) as caught:
            call(*args, **params)
        response = caught.value.response
        error = response["Error"]
        refused.error = error
        return error["Code"], response["ResponseMetadata"]["HTTPStatusCode"], error["Message"]

    return refused

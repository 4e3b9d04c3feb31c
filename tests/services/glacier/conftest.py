"""A client of an account that had used Glacier before it closed, and no credentials or profile of this machine."""

import os

import boto3
import pytest
from botocore.exceptions import ClientError


@pytest.fixture(autouse=True)
def no_configuration(monkeypatch, tmp_path):
    for name in list(os.environ):
        if name.startswith("AWS_") and name != "AWS_DATA_PATH":
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "no-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no-credentials"))


@pytest.fixture
def glacier(aws):
    aws.limits["glacier.closed"] = 0
    return boto3.client("glacier", region_name="us-east-1")


@pytest.fixture
def vault(glacier):
    glacier.create_vault(vaultName="films")
    return "films"


@pytest.fixture
def refused():
    """refused(call, **params) -> (code, HTTP status, message)."""

    def refused(call, /, *args, **params):
        with pytest.raises(ClientError) as caught:
            call(*args, **params)
        response = caught.value.response
        error = response["Error"]
        return error["Code"], response["ResponseMetadata"]["HTTPStatusCode"], error["Message"]

    return refused

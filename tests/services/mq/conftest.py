"""A client, and no credentials or profile of this machine."""

import os

import boto3
import pytest
from botocore.exceptions import ClientError

REGION = "us-east-1"


@pytest.fixture(autouse=True)
def no_configuration(monkeypatch, tmp_path):
    for name in list(os.environ):
        if name.startswith("AWS_") and name != "AWS_DATA_PATH":
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "no-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no-credentials"))


@pytest.fixture
def mq(aws):
    return boto3.client("mq", region_name=REGION)


@pytest.fixture
def active(mq):
    """active(name, **more) -> the id of an ActiveMQ broker."""

    def active(name="orders", **more):
        settings = {
            "EngineType": "ACTIVEMQ",
            "DeploymentMode": "SINGLE_INSTANCE",
            "HostInstanceType": "mq.m5.large",
            "PubliclyAccessible": False,
            "Users": [{"Username": "admin", "Password": "correct-horse-battery", "ConsoleAccess": True}],
        }
        return mq.create_broker(BrokerName=name, **{**settings, **more})["BrokerId"]

    return active


@pytest.fixture
def rabbit(active):
    """rabbit(name, **more) -> the id of a RabbitMQ broker."""

    def rabbit(name="events", **more):
        users = [{"Username": "admin", "Password": "correct-horse-battery"}]
        return active(name, **{"EngineType": "RABBITMQ", "Users": users, **more})

    return rabbit


@pytest.fixture
def refused():
    """refused(call, **params) -> (code, message, the attribute at fault)."""

    def refused(call, /, *args, **params):
        with pytest.raises(ClientError) as caught:
            call(*args, **params)
        response = caught.value.response
        return response["Error"]["Code"], response["Error"]["Message"], response.get("ErrorAttribute")

    return refused

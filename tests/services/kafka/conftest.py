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
def kafka(aws):
    return boto3.client("kafka", region_name=REGION)


@pytest.fixture
def made(kafka):
    """made(name, group={…}, **more) -> the ARN of a cluster of three brokers, unless said otherwise."""

    def made(name="orders", group=None, **more):
        nodes = {"InstanceType": "kafka.m5.large", "ClientSubnets": ["subnet-1", "subnet-2", "subnet-3"]}
        settings = {"KafkaVersion": "3.9.x", "NumberOfBrokerNodes": 3, **more}
        return kafka.create_cluster(ClusterName=name, BrokerNodeGroupInfo={**nodes, **(group or {})}, **settings)[
            "ClusterArn"
        ]

    return made


@pytest.fixture
def info(kafka):
    return lambda arn: kafka.describe_cluster(ClusterArn=arn)["ClusterInfo"]


@pytest.fixture
def refused():
    """refused(call, **params) -> (code, message, the parameter at fault)."""

    def refused(call, /, *args, **params):
        with pytest.raises(ClientError) as caught:
            call(*args, **params)
        response = caught.value.response
        return response["Error"]["Code"], response["Error"]["Message"], response.get("InvalidParameter")

    return refused

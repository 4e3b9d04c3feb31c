"""Clients that these tests use, and short ways to say what they do; no configuration of this machine."""

import os

import boto3
import pytest
from botocore.exceptions import ClientError

REGION = "us-east-1"
ACCOUNT = "123456789012"
GROUP = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:"


@pytest.fixture(autouse=True)
def no_configuration(monkeypatch, tmp_path):
    for name in list(os.environ):
        if name.startswith("AWS_") and name != "AWS_DATA_PATH":
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "no-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no-credentials"))


@pytest.fixture
def client(aws):
    return lambda service, **more: boto3.client(service, region_name=REGION, **more)


@pytest.fixture
def logs(client):
    return client("logs")


@pytest.fixture
def now(aws):
    """The time on the Cloud's clock, in milliseconds."""
    return lambda: int(aws.clock.time() * 1000)


@pytest.fixture
def put(logs, now):
    """put("app", "web", "a line", ago=5) -> the answer; makes group and stream where they are missing."""

    def put(group, stream, *messages, ago=0):
        for make, more in ((logs.create_log_group, {}), (logs.create_log_stream, {"logStreamName": stream})):
            try:
                make(logGroupName=group, **more)
            except logs.exceptions.ResourceAlreadyExistsException:
                pass
        events = [{"timestamp": now() - int(ago * 1000), "message": message} for message in messages]
        return logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)

    return put


@pytest.fixture
def refused():
    """refused(call, **parameters) -> (code, message) of its refusal."""

    def refused(call, **parameters):
        with pytest.raises(ClientError) as caught:
            call(**parameters)
        error = caught.value.response["Error"]
        return error["Code"], error["Message"]

    return refused


def messages(answer):
    return [event["message"] for event in answer["events"]]

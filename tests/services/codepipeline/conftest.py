"""Clients, and no credentials or profile of this machine."""

import io
import json
import os
import zipfile

import boto3
import pytest
from botocore.exceptions import ClientError

REGION = "us-east-1"
ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/pipeline"


@pytest.fixture(autouse=True)
def no_configuration(monkeypatch, tmp_path):
    for name in list(os.environ):
        if name.startswith("AWS_") and name != "AWS_DATA_PATH":
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "no-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no-credentials"))


@pytest.fixture
def client(aws):
    """client("sqs", region="eu-west-1", **keys)"""
    return lambda service, region=REGION, **more: boto3.client(service, region_name=region, **more)


@pytest.fixture
def pipelines(client):
    return client("codepipeline")


@pytest.fixture
def s3(client):
    return client("s3")


def zipped(**files):
    with zipfile.ZipFile(package := io.BytesIO(), "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return package.getvalue()


def action(name, category, provider, configuration=None, *, owner="AWS", order=1, taken=(), made=(), **more):
    """An action as a declaration has it."""
    found = {
        "name": name,
        "actionTypeId": {"category": category, "owner": owner, "provider": provider, "version": "1"},
        "runOrder": order,
        "configuration": configuration or {},
        "inputArtifacts": [{"name": each} for each in taken],
        "outputArtifacts": [{"name": each} for each in made],
    }
    return {**found, **more}


SOURCE = action("Fetch", "Source", "S3", {"S3Bucket": "code", "S3ObjectKey": "app.zip"}, made=["App"])
DEPLOY = action("Publish", "Deploy", "S3", {"BucketName": "site", "Extract": "true"}, taken=["App"])
APPROVAL = action("Ask", "Approval", "Manual", {"CustomData": "look at it"})


@pytest.fixture
def actions():
    """SOURCE, DEPLOY and APPROVAL, and what makes others."""
    return {"source": SOURCE, "deploy": DEPLOY, "approval": APPROVAL, "make": action, "zipped": zipped}


@pytest.fixture
def buckets(s3):
    for name in ("code", "artifacts", "site"):
        s3.create_bucket(Bucket=name)
    s3.put_bucket_versioning(Bucket="code", VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket="code", Key="app.zip", Body=zipped(**{"index.html": "<h1>one</h1>"}))


@pytest.fixture
def declared():
    """declared(Build=[…], name=…) -> a declaration whose first stage is the S3 source."""

    def declared(name="site", **stages):
        more = {key: stages.pop(key) for key in list(stages) if key[0].islower()}
        return {
            "name": name,
            "roleArn": ROLE,
            "artifactStore": {"type": "S3", "location": "artifacts"},
            "stages": [
                {"name": "Source", "actions": [SOURCE]},
                *({"name": stage, "actions": members} for stage, members in stages.items()),
            ],
            **more,
        }

    return declared


@pytest.fixture
def state(pipelines):
    """state(name) -> {stage: {action: its latest execution}}"""

    def state(name="site"):
        found = pipelines.get_pipeline_state(name=name)["stageStates"]
        return {
            stage["stageName"]: {
                each["actionName"]: each.get("latestExecution", {}) for each in stage.get("actionStates", ())
            }
            for stage in found
        }

    return state


@pytest.fixture
def told(client):
    """told(pattern) -> a function that takes what a rule of EventBridge has sent."""

    def told(pattern):
        events, sqs = client("events"), client("sqs")
        url = sqs.create_queue(QueueName="told")["QueueUrl"]
        events.put_rule(Name="told", EventPattern=json.dumps(pattern))
        events.put_targets(Rule="told", Targets=[{"Id": "queue", "Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:told"}])

        def take():
            found = []
            while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
                for message in messages:
                    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                    found.append(json.loads(message["Body"]))
            return found

        return take

    return told


@pytest.fixture
def refused():
    """refused(call, **params) -> (code, message)."""

    def refused(call, /, *args, **params):
        with pytest.raises(ClientError) as caught:
            call(*args, **params)
        error = caught.value.response["Error"]
        return error["Code"], error["Message"]

    return refused

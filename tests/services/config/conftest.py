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
ROLE = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig"


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
def config(client):
    return client("config")


@pytest.fixture
def s3(client):
    return client("s3")


@pytest.fixture
def bucket(s3):
    """bucket(name) -> the name of a bucket that Config may write to."""

    def bucket(name="items"):
        s3.create_bucket(Bucket=name)
        service = {"Service": "config.amazonaws.com"}
        own = {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}}
        written = f"arn:aws:s3:::{name}/AWSLogs/*/Config/*"
        policy = {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Principal": service, "Action": "s3:*", "Resource": f"arn:aws:s3:::{name}"},
                {
                    "Effect": "Allow",
                    "Principal": service,
                    "Action": "s3:PutObject",
                    "Resource": written,
                    "Condition": own,
                },
            ],
        }
        s3.put_bucket_policy(Bucket=name, Policy=json.dumps(policy))
        return name

    return bucket


@pytest.fixture
def recording(client, bucket):
    """recording(group, config=…, **channel) starts a recorder."""

    def recording(group=None, config=None, **channel):
        config = config or client("config")
        recorder = {"name": "default", "roleARN": ROLE, "recordingGroup": group or {"allSupported": True}}
        config.put_configuration_recorder(ConfigurationRecorder=recorder)
        settings = {"name": "default", "s3BucketName": channel.pop("s3BucketName", None) or bucket(), **channel}
        config.put_delivery_channel(DeliveryChannel=settings)
        config.start_configuration_recorder(ConfigurationRecorderName="default")

    return recording


@pytest.fixture
def managed(config):
    """managed("S3_BUCKET_VERSIONING_ENABLED", parameters, **more) puts a rule of that name, in lower case."""

    def managed(identifier, parameters=None, **more):
        name = identifier.lower().replace("_", "-")
        rule = {"ConfigRuleName": name, "Source": {"Owner": "AWS", "SourceIdentifier": identifier}, **more}
        if parameters:
            rule["InputParameters"] = json.dumps(parameters)
        config.put_config_rule(ConfigRule=rule)
        return name

    return managed


@pytest.fixture
def verdicts(config):
    """verdicts(rule) -> {resource id: compliance}"""

    def verdicts(rule):
        pages = config.get_paginator("get_compliance_details_by_config_rule").paginate(ConfigRuleName=rule)
        results = [one for page in pages for one in page["EvaluationResults"]]
        return {
            one["EvaluationResultIdentifier"]["EvaluationResultQualifier"]["ResourceId"]: one["ComplianceType"]
            for one in results
        }

    return verdicts


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
def function(client):
    """function(name, permitted=…) -> its ARN."""

    def function(name, permitted="config.amazonaws.com"):
        trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        role = client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
        with zipfile.ZipFile(package := io.BytesIO(), "w") as archive:
            archive.writestr("app.py", "")
        made = client("lambda").create_function(
            FunctionName=name,
            Runtime="python3.13",
            Handler="app.handler",
            Role=role,
            Code={"ZipFile": package.getvalue()},
        )
        if permitted:
            client("lambda").add_permission(
                FunctionName=name, StatementId="config", Action="lambda:InvokeFunction", Principal=permitted
            )
        return made["FunctionArn"]

    return function


@pytest.fixture
def refused():
    """refused(call, **params) -> (code, message)."""

    def refused(call, /, *args, **params):
        with pytest.raises(ClientError) as caught:
            call(*args, **params)
        error = caught.value.response["Error"]
        return error["Code"], error["Message"]

    return refused

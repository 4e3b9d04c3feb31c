"""A password that is rotated every month: applications on managed nodes are told, and go on with the new one.

Secrets Manager rotates by a function; EventBridge hears of it and starts a runbook; that runs a command on the nodes of
the shop, whose code reads the secret anew, by way of Parameter Store.
"""

import io
import json
import zipfile

import boto3
import pytest

ACCOUNT, REGION = "123456789012", "us-east-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/app"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:rotate"
NODES = ("i-0123456789abcdef0", "i-0fedcba9876543210")
RUNBOOK = {
    "schemaVersion": "0.3",
    "mainSteps": [
        {
            "name": "reload",
            "action": "aws:runCommand",
            "inputs": {
                "DocumentName": "AWS-RunShellScript",
                "Targets": [{"Key": "tag:App", "Values": ["shop"]}],
                "Parameters": {"commands": ["systemctl reload shop"]},
            },
        }
    ],
}


def client(service):
    return boto3.client(service, region_name=REGION)


def rotate(event, context):
    """The code of the rotation function."""
    secrets, arn, token = client("secretsmanager"), event["SecretId"], event["ClientRequestToken"]
    if event["Step"] == "createSecret":
        password = secrets.get_random_password(ExcludePunctuation=True)["RandomPassword"]
        secrets.put_secret_value(
            SecretId=arn, ClientRequestToken=token, SecretString=password, VersionStages=["AWSPENDING"]
        )
    elif event["Step"] == "finishSecret":
        stages = secrets.describe_secret(SecretId=arn)["VersionIdsToStages"]
        (current,) = [version for version, labels in stages.items() if "AWSCURRENT" in labels]
        secrets.update_secret_version_stage(
            SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=current
        )


@pytest.fixture
def passwords(aws):
    """What each node's application signs in with."""
    known = {}

    def run(step):
        assert step.commands == ("systemctl reload shop",)
        name = "/aws/reference/secretsmanager/shop/db"
        known[step.instance_id] = client("ssm").get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]

    aws.nodes["*"] = run
    for node in NODES:
        aws.service("ssm", None, None).manage(node, tags={"App": "shop"})
    return known


@pytest.fixture
def rotated(aws):
    """A secret that is rotated every 30 days."""
    aws.functions["rotate"] = rotate
    with zipfile.ZipFile(package := io.BytesIO(), "w") as archive:
        archive.writestr("app.py", "")
    functions, secrets = client("lambda"), client("secretsmanager")
    functions.create_function(
        FunctionName="rotate", Runtime="python3.13", Handler="app.f", Role=ROLE, Code={"ZipFile": package.getvalue()}
    )
    functions.add_permission(
        FunctionName="rotate",
        StatementId="rotation",
        Action="lambda:InvokeFunction",
        Principal="secretsmanager.amazonaws.com",
    )
    secrets.create_secret(Name="shop/db", SecretString="first")
    secrets.rotate_secret(
        SecretId="shop/db",
        RotationLambdaARN=FUNCTION,
        RotationRules={"AutomaticallyAfterDays": 30},
        RotateImmediately=False,
    )
    return lambda: secrets.get_secret_value(SecretId="shop/db")["SecretString"]


@pytest.mark.aws(at="2026-01-01T09:00:00Z")
def test_applications_go_on_with_the_new_password(aws, rotated, passwords):
    ssm, events = client("ssm"), client("events")
    ssm.create_document(Name="reload-shop", DocumentType="Automation", Content=json.dumps(RUNBOOK))
    pattern = {"source": ["aws.secretsmanager"], "detail": {"eventName": ["RotationSucceeded"]}}
    events.put_rule(Name="rotated", EventPattern=json.dumps(pattern))
    arn = f"arn:aws:ssm:{REGION}:{ACCOUNT}:automation-definition/reload-shop:$DEFAULT"
    events.put_targets(Rule="rotated", Targets=[{"Id": "1", "Arn": arn, "RoleArn": ROLE}])

    seen = []
    for _ in range(3):
        aws.clock.advance(days=30)
        assert passwords == dict.fromkeys(NODES, rotated())
        seen.append(rotated())
    assert len({"first", *seen}) == 4
    statuses = {
        each["AutomationExecutionStatus"]
        for each in ssm.describe_automation_executions()["AutomationExecutionMetadataList"]
    }
    assert statuses == {"Success"}

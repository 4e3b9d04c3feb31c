"""What the tests of Secrets Manager share: clients that never retry, refusals to compare, functions that rotate."""

import io
import json
import zipfile

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

REGION = "us-east-1"
ACCOUNT = "123456789012"
OTHER = "210987654321"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/app"
CONFIG = Config(retries={"max_attempts": 0}, parameter_validation=False)
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:rotate"


@pytest.fixture
def client(aws):
    return lambda service, **more: boto3.client(service, **{"region_name": REGION, "config": CONFIG, **more})


@pytest.fixture
def secrets(client):
    return client("secretsmanager")


@pytest.fixture
def eu(client):
    return client("secretsmanager", region_name="eu-west-1")


@pytest.fixture
def make(secrets):
    """make("db", "value") -> the ARN of a new secret."""

    def make(name="db", value="one", **more):
        return secrets.create_secret(Name=name, SecretString=value, **more)["ARN"]

    return make


@pytest.fixture
def value(secrets):
    return lambda name="db", **more: secrets.get_secret_value(SecretId=name, **more)["SecretString"]


@pytest.fixture
def refused():
    """refused(call, **parameters) -> (code, message) of its refusal."""

    def refused(call, **parameters):
        with pytest.raises(ClientError) as problem:
            call(**parameters)
        error = problem.value.response["Error"]
        return error["Code"], error["Message"]

    return refused


@pytest.fixture
def rotator(aws, client):
    """rotator(code=None) -> the ARN of a function, by default one as AWS's templates have it, that Secrets Manager may
    call; `rotator.steps` are the events it got."""
    steps = []

    def as_in_the_template(event, context):
        secrets = boto3.client("secretsmanager", region_name=REGION)
        arn, token, step = event["SecretId"], event["ClientRequestToken"], event["Step"]
        about = secrets.describe_secret(SecretId=arn)
        assert about["RotationEnabled"]
        stages = about["VersionIdsToStages"]
        assert token in stages
        if "AWSCURRENT" in stages[token]:
            return
        assert "AWSPENDING" in stages[token]
        if step == "createSecret":
            try:
                secrets.get_secret_value(SecretId=arn, VersionId=token, VersionStage="AWSPENDING")
            except secrets.exceptions.ResourceNotFoundException:
                password = secrets.get_random_password()["RandomPassword"]
                secrets.put_secret_value(
                    SecretId=arn, ClientRequestToken=token, SecretString=password, VersionStages=["AWSPENDING"]
                )
        elif step == "finishSecret":
            (current,) = [version for version, labels in stages.items() if "AWSCURRENT" in labels]
            secrets.update_secret_version_stage(
                SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=current
            )

    def rotator(code=None, *, permitted=True):
        def handler(event, context):
            steps.append(event)
            return (code or as_in_the_template)(event, context)

        with zipfile.ZipFile(package := io.BytesIO(), "w") as archive:
            archive.writestr("app.py", "")
        functions = client("lambda")
        aws.functions["rotate"] = handler
        functions.create_function(
            FunctionName="rotate",
            Runtime="python3.13",
            Handler="app.f",
            Role=ROLE,
            Code={"ZipFile": package.getvalue()},
        )
        if permitted:
            functions.add_permission(
                FunctionName="rotate",
                StatementId="rotation",
                Action="lambda:InvokeFunction",
                Principal="secretsmanager.amazonaws.com",
            )
        return FUNCTION

    rotator.steps = steps
    return rotator


@pytest.fixture
def policy():
    """policy(principal, *actions) -> the text of a policy that lets it in."""

    def policy(principal, *actions, **more):
        statement = {"Effect": "Allow", "Principal": principal, "Action": list(actions), "Resource": "*", **more}
        return json.dumps({"Version": "2012-10-17", "Statement": [statement]})

    return policy

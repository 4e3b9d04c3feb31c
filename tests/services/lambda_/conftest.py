"""Functions whose code is a callable of the test; no credentials or profile of this machine."""

import io
import os
import zipfile

import boto3
import pytest
from botocore.exceptions import ClientError

REGION = "us-east-1"
ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/app"


def zipped(**modules):
    """A deployment package: zipped(app="def handler…")."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in modules.items():
            archive.writestr(f"{name.replace('__', '/')}.py", text)
    return packed.getvalue()


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
def functions(client):
    return client("lambda")


@pytest.fixture
def make(aws, functions):
    """make("f", code, Timeout=5) -> the answer of CreateFunction; `code` is registered under the name."""

    def make(name="f", code=None, **more):
        if code is not None:
            aws.functions[name] = code
        given = {"Runtime": "python3.12", "Handler": "app.handler", "Code": {"ZipFile": zipped(app="x = 1")}, **more}
        return functions.create_function(FunctionName=name, Role=given.pop("Role", ROLE), **given)

    return make


@pytest.fixture
def refused():
    """refused(call, **parameters) -> (code, message) of its refusal."""

    def refused(call, **parameters):
        with pytest.raises(ClientError) as problem:
            call(**parameters)
        error = problem.value.response["Error"]
        return error["Code"], error["Message"]

    return refused

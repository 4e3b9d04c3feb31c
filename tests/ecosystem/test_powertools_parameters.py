"""AWS Lambda Powertools: parameters of Parameter Store and secrets, cached."""

import pytest

boto3 = pytest.importorskip("boto3")
pytest.importorskip("aws_lambda_powertools", reason="aws-lambda-powertools is not installed")
from aws_lambda_powertools.utilities.parameters import SecretsProvider, SSMProvider  # noqa: E402
from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError, SetParameterError  # noqa: E402

REGION = "us-east-1"


@pytest.fixture
def ssm(aws):
    return SSMProvider(boto3_client=boto3.client("ssm", region_name=REGION))


@pytest.fixture
def secrets(aws):
    return SecretsProvider(boto3_client=boto3.client("secretsmanager", region_name=REGION))


def test_parameters_of_a_path(ssm):
    for name, value in (("/shop/db/host", "db.local"), ("/shop/db/port", "5432"), ("/shop/title", "Shop")):
        ssm.set(name, value)
    ssm.set("/shop/db/password", "hunter2", parameter_type="SecureString")
    assert ssm.get("/shop/db/password", decrypt=True) == "hunter2"
    assert ssm.get_multiple("/shop/db", decrypt=True) == {"host": "db.local", "port": "5432", "password": "hunter2"}
    assert ssm.get_multiple("/shop", recursive=False) == {"title": "Shop"}
    with pytest.raises(SetParameterError):
        ssm.set("/shop/title", "Other")
    ssm.set("/shop/title", "Other", overwrite=True)
    assert ssm.get("/shop/title", force_fetch=True) == "Other"
    with pytest.raises(GetParameterError):
        ssm.get("/shop/none")


def test_more_parameters_by_name_than_one_call_takes(ssm, aws):
    for number in range(25):
        ssm.set(f"/n/{number}", str(number))
    found = ssm.get_parameters_by_name({f"/n/{number}": {} for number in range(25)})
    assert found == {f"/n/{number}": str(number) for number in range(25)}
    assert len(aws.calls.of("ssm:GetParameters")) == 3
    with_errors = ssm.get_parameters_by_name({"/n/1": {}, "/none": {}}, raise_on_error=False)
    assert with_errors["_errors"] == ["/none"]


def test_secrets_are_made_and_then_updated(secrets, aws):
    secrets.set("shop/db", {"user": "shop", "password": "one"})
    assert secrets.get("shop/db", transform="json")["password"] == "one"
    secrets.set("shop/db", {"user": "shop", "password": "two"})
    assert secrets.get("shop/db", transform="json")["password"] == "one"  # out of its cache
    assert secrets.get("shop/db", transform="json", force_fetch=True)["password"] == "two"
    previous = secrets.get("shop/db", transform="json", force_fetch=True, VersionStage="AWSPREVIOUS")
    assert previous["password"] == "one"

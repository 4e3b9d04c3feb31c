"""Secure strings: KMS encrypts them, IAM and key policies decide who reads them."""

import base64
import json

import boto3
import pytest

from .conftest import ACCOUNT, REGION


@pytest.mark.rule("ssm-007")
@pytest.mark.parametrize("tier", ["Standard", "Advanced"])
def test_a_secret_is_encrypted(aws, ssm, put, value, refused, tier):
    put("/db/password", "hunter2", "SecureString", Tier=tier)
    sealed = value("/db/password")
    assert "hunter2" not in sealed
    assert b"hunter2" not in base64.b64decode(sealed)
    assert value("/db/password", WithDecryption=True) == "hunter2"
    assert ssm.describe_parameters()["Parameters"][0]["KeyId"] == "alias/aws/ssm"
    operation = "Encrypt" if tier == "Standard" else "GenerateDataKey"
    (call,) = aws.calls.of("ssm:PutParameter")
    assert [each.name for each in call.caused] == [f"kms:{operation}"]
    assert call.caused[0].parameters["EncryptionContext"] == {
        "PARAMETER_ARN": f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/db/password"
    }


def test_keys_that_cannot_be_used(ssm, put, value, refused, client):
    kms = client("kms")
    code, _ = refused(ssm.put_parameter, Name="n", Value="x", Type="SecureString", KeyId="alias/none")
    assert code == "InvalidKeyId"
    assert not ssm.describe_parameters()["Parameters"]
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    put("n", "x", "SecureString", KeyId=key)
    assert value("n", WithDecryption=True) == "x"
    kms.disable_key(KeyId=key)
    assert refused(ssm.get_parameter, Name="n", WithDecryption=True)[0] == "InvalidKeyId"
    assert refused(ssm.put_parameter, Name="n", Value="y", Overwrite=True)[0] == "InvalidKeyId"
    assert ssm.get_parameter(Name="n")["Parameter"]["Version"] == 1


def test_history_and_lists_are_decrypted_too(ssm, put):
    for number in range(2):
        put("/s/n", str(number), "SecureString", Overwrite=bool(number))
    history = ssm.get_parameter_history(Name="/s/n", WithDecryption=True)["Parameters"]
    assert [each["Value"] for each in history] == ["0", "1"]
    (found,) = ssm.get_parameters_by_path(Path="/s", WithDecryption=True)["Parameters"]
    assert found["Value"] == "1"


@pytest.fixture
def user(aws, client):
    """user(*(actions, resource)) -> a client of Systems Manager of a user with these permissions."""

    def user(*allowed):
        iam = boto3.client("iam")
        iam.create_user(UserName="ann")
        statements = [{"Effect": "Allow", "Action": actions, "Resource": resource} for actions, resource in allowed]
        document = json.dumps({"Version": "2012-10-17", "Statement": statements})
        iam.put_user_policy(UserName="ann", PolicyName="own", PolicyDocument=document)
        made = iam.create_access_key(UserName="ann")["AccessKey"]
        return client("ssm", aws_access_key_id=made["AccessKeyId"], aws_secret_access_key=made["SecretAccessKey"])

    return user


@pytest.mark.rule("ssm-008")
@pytest.mark.aws(authorization=True)
def test_a_policy_on_a_path(put, user, refused):
    put("/dev/x")
    put("/prod/x")
    ann = user(("ssm:Get*", f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/dev*"))
    assert ann.get_parameter(Name="/dev/x")["Parameter"]["Value"] == "x"
    assert ann.get_parameter(Name="/dev/x:1")["Parameter"]["Value"] == "x"
    code, message = refused(ann.get_parameter, Name="/prod/x")
    assert code == "AccessDeniedException"
    assert f"ssm:GetParameter on resource: arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/prod/x" in message
    assert refused(ann.get_parameters, Names=["/dev/x", "/prod/x"])[0] == "AccessDeniedException"
    assert len(ann.get_parameters_by_path(Path="/dev")["Parameters"]) == 1
    assert refused(ann.get_parameters_by_path, Path="/prod")[0] == "AccessDeniedException"


@pytest.mark.rule("ssm-009")
@pytest.mark.aws(authorization=True)
def test_the_plain_value_needs_the_key(ssm, put, user, refused, client):
    key = client("kms").create_key()["KeyMetadata"]["KeyId"]
    put("n", "secret", "SecureString", KeyId=key)
    ann = user(("ssm:*", "*"))
    assert "secret" not in ann.get_parameter(Name="n")["Parameter"]["Value"]
    code, message = refused(ann.get_parameter, Name="n", WithDecryption=True)
    assert code == "AccessDeniedException"
    assert "kms:Decrypt" in message
    assert ssm.get_parameter(Name="n", WithDecryption=True)["Parameter"]["Value"] == "secret"

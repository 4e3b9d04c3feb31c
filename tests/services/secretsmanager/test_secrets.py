"""Secrets: values, versions and their labels, deletion, policies, lists, passwords."""

import json
import string

import boto3
import pytest

from .conftest import OTHER

TOKEN = "11111111-2222-3333-4444-555555555555"


@pytest.mark.rule("secretsmanager-001")
def test_a_secret_is_made_and_read(secrets, refused):
    made = secrets.create_secret(Name="db", SecretString="one", ClientRequestToken=TOKEN)
    assert made["ARN"].startswith("arn:aws:secretsmanager:us-east-1:123456789012:secret:db-")
    found = secrets.get_secret_value(SecretId="db")
    assert (found["SecretString"], found["VersionId"], found["VersionStages"]) == ("one", TOKEN, ["AWSCURRENT"])
    assert refused(secrets.create_secret, Name="db", SecretString="two") == (
        "ResourceExistsException",
        "The operation failed because the secret db already exists.",
    )
    assert secrets.create_secret(Name="db", SecretString="one", ClientRequestToken=TOKEN)["VersionId"] == TOKEN
    assert refused(secrets.get_secret_value, SecretId="none") == (
        "ResourceNotFoundException",
        "Secrets Manager can't find the specified secret.",
    )
    second = secrets.put_secret_value(SecretId="db", SecretString="two")
    assert second["VersionStages"] == ["AWSCURRENT"]
    assert secrets.describe_secret(SecretId="db")["VersionIdsToStages"] == {
        TOKEN: ["AWSPREVIOUS"],
        second["VersionId"]: ["AWSCURRENT"],
    }
    assert secrets.get_secret_value(SecretId="db", VersionStage="AWSPREVIOUS")["SecretString"] == "one"
    assert secrets.get_secret_value(SecretId=made["ARN"])["SecretString"] == "two"
    assert secrets.get_secret_value(SecretId=made["ARN"][:-7])["SecretString"] == "two"


def test_values(secrets, make, value, refused):
    make("n")
    assert secrets.create_secret(Name="b", SecretBinary=b"\x00\xff")["VersionId"]
    assert secrets.get_secret_value(SecretId="b")["SecretBinary"] == b"\x00\xff"
    assert "VersionId" not in secrets.create_secret(Name="empty")
    assert refused(secrets.get_secret_value, SecretId="empty") == (
        "ResourceNotFoundException",
        "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT",
    )
    assert refused(secrets.put_secret_value, SecretId="n") == (
        "InvalidRequestException",
        "You must provide either SecretString or SecretBinary.",
    )
    both = {"SecretString": "x", "SecretBinary": b"x"}
    assert refused(secrets.put_secret_value, SecretId="n", **both) == (
        "InvalidParameterException",
        "You can't specify both a binary secret value and a string secret value in the same secret.",
    )
    secrets.put_secret_value(SecretId="n", SecretString="two", ClientRequestToken=TOKEN)
    secrets.put_secret_value(SecretId="n", SecretString="two", ClientRequestToken=TOKEN)
    code, message = refused(secrets.put_secret_value, SecretId="n", SecretString="x", ClientRequestToken=TOKEN)
    assert code == "ResourceExistsException"
    assert message.startswith(f"You can't use ClientRequestToken {TOKEN} because that value is already in use")
    assert value("n") == "two"
    assert refused(secrets.get_secret_value, SecretId="n", VersionId=TOKEN, VersionStage="AWSPREVIOUS") == (
        "InvalidRequestException",
        "You provided a VersionStage that is not associated to the provided VersionId.",
    )
    assert refused(secrets.create_secret, Name="a b", SecretString="x")[1].startswith("Invalid name.")
    updated = secrets.update_secret(SecretId="n", Description="what it is")
    assert "VersionId" not in updated
    assert secrets.update_secret(SecretId="n", SecretString="three")["VersionId"]
    assert secrets.describe_secret(SecretId="n")["Description"] == "what it is"
    assert value("n") == "three"


def test_labels_of_versions(secrets, make, value, refused):
    make()
    for content in ("two", "three"):
        secrets.put_secret_value(SecretId="db", SecretString=content)
    versions = secrets.list_secret_version_ids(SecretId="db", IncludeDeprecated=True)["Versions"]
    one, two, three = (each["VersionId"] for each in versions)
    assert [each.get("VersionStages") for each in versions] == [None, ["AWSPREVIOUS"], ["AWSCURRENT"]]
    assert len(secrets.list_secret_version_ids(SecretId="db")["Versions"]) == 2
    assert value(VersionId=one) == "one"
    move = secrets.update_secret_version_stage
    assert refused(move, SecretId="db", VersionStage="AWSCURRENT", MoveToVersionId=one) == (
        "InvalidParameterException",
        "The parameter RemoveFromVersionId can't be empty. Staging label AWSCURRENT is currently attached to version "
        f"{three}, so you must explicitly reference that version in RemoveFromVersionId.",
    )
    assert refused(move, SecretId="db", VersionStage="AWSCURRENT", RemoveFromVersionId=three)[1].startswith(
        "You can only move staging label AWSCURRENT to a different secret version."
    )
    assert refused(move, SecretId="db", VersionStage="AWSCURRENT", RemoveFromVersionId=two)[0] == (
        "InvalidParameterException"
    )
    move(SecretId="db", VersionStage="AWSCURRENT", MoveToVersionId=one, RemoveFromVersionId=three)
    assert secrets.describe_secret(SecretId="db")["VersionIdsToStages"] == {
        one: ["AWSCURRENT"],
        three: ["AWSPREVIOUS"],
    }
    move(SecretId="db", VersionStage="blue", MoveToVersionId=two)
    assert value(VersionStage="blue") == "two"
    move(SecretId="db", VersionStage="blue", RemoveFromVersionId=two)
    assert refused(secrets.get_secret_value, SecretId="db", VersionStage="blue")[0] == "ResourceNotFoundException"
    many = [f"label-{number}" for number in range(20)]
    put = {"SecretId": "db", "SecretString": "x"}
    assert refused(secrets.put_secret_value, **put, VersionStages=[*many, "more"])[0] == "ValidationException"


@pytest.mark.aws(at="2026-01-01", limits={"secretsmanager.versions": 3})
def test_old_versions_make_room_after_a_day(aws, secrets, make, refused):
    make()
    for number in range(2):
        secrets.put_secret_value(SecretId="db", SecretString=str(number))
    assert refused(secrets.put_secret_value, SecretId="db", SecretString="x")[0] == "LimitExceededException"
    aws.clock.advance(days=1)
    secrets.put_secret_value(SecretId="db", SecretString="x")
    assert len(secrets.list_secret_version_ids(SecretId="db", IncludeDeprecated=True)["Versions"]) == 3


@pytest.mark.rule("secretsmanager-002")
@pytest.mark.aws(authorization=True)
def test_the_key_decides_too(aws, secrets, make, refused, client):
    make("default")
    assert "KmsKeyId" not in secrets.describe_secret(SecretId="default")
    key = client("kms").create_key()["KeyMetadata"]["Arn"]
    make("own", KmsKeyId=key)
    assert secrets.describe_secret(SecretId="own")["KmsKeyId"] == key
    iam = boto3.client("iam")
    iam.create_user(UserName="ann")
    allowed = {"Effect": "Allow", "Action": "secretsmanager:*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    iam.put_user_policy(UserName="ann", PolicyName="own", PolicyDocument=document)
    with aws.acting_as("arn:aws:iam::123456789012:user/ann"):
        assert secrets.get_secret_value(SecretId="default")["SecretString"] == "one"
        assert refused(secrets.get_secret_value, SecretId="own") == (
            "AccessDeniedException",
            "Access to KMS is not allowed",
        )


def test_keys_that_cannot_be_used(secrets, make, refused, client):
    kms = client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    make(KmsKeyId=key)
    kms.disable_key(KeyId=key)
    code, message = refused(secrets.get_secret_value, SecretId="db")
    assert code == "DecryptionFailure"
    assert message.startswith("Secrets Manager can't decrypt the protected secret text using the provided KMS key.")
    assert refused(secrets.put_secret_value, SecretId="db", SecretString="x")[0] == "EncryptionFailure"
    assert refused(secrets.create_secret, Name="x", SecretString="x", KmsKeyId="alias/no")[0] == "EncryptionFailure"
    assert len(secrets.list_secrets()["SecretList"]) == 1
    kms.enable_key(KeyId=key)
    secrets.update_secret(SecretId="db", KmsKeyId="")
    kms.disable_key(KeyId=key)
    assert secrets.get_secret_value(SecretId="db")["SecretString"] == "one"


@pytest.mark.aws(at="2026-01-01")
def test_deletion_can_be_taken_back(aws, secrets, make, value, refused):
    make()
    gone = secrets.delete_secret(SecretId="db")
    assert (gone["DeletionDate"] - aws.clock.now()).days == 30
    assert refused(secrets.get_secret_value, SecretId="db") == (
        "InvalidRequestException",
        "You can't perform this operation on the secret because it was marked for deletion.",
    )
    assert refused(secrets.create_secret, Name="db", SecretString="x") == (
        "InvalidRequestException",
        "You can't create this secret because a secret with this name is already scheduled for deletion.",
    )
    assert secrets.describe_secret(SecretId="db")["DeletedDate"] == gone["DeletionDate"]
    assert not secrets.list_secrets()["SecretList"]
    assert len(secrets.list_secrets(IncludePlannedDeletion=True)["SecretList"]) == 1
    secrets.restore_secret(SecretId="db")
    assert value() == "one"
    assert refused(secrets.delete_secret, SecretId="db", RecoveryWindowInDays=6) == (
        "InvalidParameterException",
        "The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).",
    )
    secrets.delete_secret(SecretId="db", RecoveryWindowInDays=7)
    aws.clock.advance(days=7)
    assert refused(secrets.describe_secret, SecretId="db")[0] == "ResourceNotFoundException"


def test_deletion_at_once(secrets, make, refused):
    make()
    both = {"RecoveryWindowInDays": 7, "ForceDeleteWithoutRecovery": True}
    assert refused(secrets.delete_secret, SecretId="db", **both)[1] == (
        "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays."
    )
    secrets.delete_secret(SecretId="db", ForceDeleteWithoutRecovery=True)
    assert refused(secrets.describe_secret, SecretId="db")[0] == "ResourceNotFoundException"
    assert secrets.delete_secret(SecretId="db", ForceDeleteWithoutRecovery=True)["Name"] == "db"
    make()


def test_policies_of_secrets(secrets, make, client, policy, refused):
    arn = make(KmsKeyId=client("kms").create_key(Policy=policy({"AWS": "*"}, "kms:*"))["KeyMetadata"]["Arn"])
    stranger = client("secretsmanager", aws_access_key_id=OTHER, aws_secret_access_key="secret")
    assert refused(stranger.get_secret_value, SecretId=arn)[0] == "AccessDeniedException"
    put = secrets.put_resource_policy
    assert refused(put, SecretId="db", ResourcePolicy="{") == (
        "MalformedPolicyDocumentException",
        "This resource policy contains invalid Json.",
    )
    everyone = policy("*", "secretsmanager:*")
    assert refused(put, SecretId="db", ResourcePolicy=everyone, BlockPublicPolicy=True)[0] == "PublicPolicyException"
    few = policy("*", "secretsmanager:*", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-1"}})
    put(SecretId="db", ResourcePolicy=few, BlockPublicPolicy=True)
    put(SecretId="db", ResourcePolicy=policy({"AWS": OTHER}, "secretsmanager:GetSecretValue"))
    assert stranger.get_secret_value(SecretId=arn)["SecretString"] == "one"
    assert refused(stranger.describe_secret, SecretId=arn)[0] == "AccessDeniedException"
    assert OTHER in secrets.get_resource_policy(SecretId="db")["ResourcePolicy"]
    assert not secrets.validate_resource_policy(ResourcePolicy=everyone)["PolicyValidationPassed"]
    assert secrets.validate_resource_policy(SecretId="db", ResourcePolicy=few)["PolicyValidationPassed"]
    secrets.delete_resource_policy(SecretId="db")
    assert "ResourcePolicy" not in secrets.get_resource_policy(SecretId="db")


@pytest.mark.aws(authorization=True)
def test_permissions_are_on_arns(aws, secrets, make, refused):
    arn = make("app/db")
    iam = boto3.client("iam")
    iam.create_user(UserName="ann")
    allowed = {
        "Effect": "Allow",
        "Action": ["secretsmanager:GetSecretValue", "secretsmanager:CreateSecret"],
        "Resource": "arn:aws:secretsmanager:us-east-1:123456789012:secret:app/*",
    }
    tagged = {
        "Effect": "Allow",
        "Action": "secretsmanager:GetSecretValue",
        "Resource": "*",
        "Condition": {"StringEquals": {"secretsmanager:ResourceTag/team": "shop"}},
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [allowed, tagged]})
    iam.put_user_policy(UserName="ann", PolicyName="own", PolicyDocument=document)
    make("db")
    make("shop", Tags=[{"Key": "team", "Value": "shop"}])
    with aws.acting_as("arn:aws:iam::123456789012:user/ann"):
        assert secrets.get_secret_value(SecretId="app/db")["ARN"] == arn
        assert secrets.get_secret_value(SecretId="shop")["SecretString"] == "one"
        assert refused(secrets.get_secret_value, SecretId="db")[0] == "AccessDeniedException"
        secrets.create_secret(Name="app/more")
        assert refused(secrets.create_secret, Name="more")[0] == "AccessDeniedException"


@pytest.mark.aws(at="2026-01-01")
def test_lists(aws, secrets, make, refused):
    make("prod/db", Description="The orders database", Tags=[{"Key": "env", "Value": "prod"}])
    aws.clock.advance(hours=1)
    make("prod/api", Tags=[{"Key": "team", "Value": "shop"}])
    make("test/db", Description="a test")

    def found(*filters, **more):
        given = [{"Key": key, "Values": list(values)} for key, *values in filters]
        return [each["Name"] for each in secrets.list_secrets(Filters=given, **more)["SecretList"]]

    assert found(("name", "prod/")) == ["prod/db", "prod/api"]
    assert found(("name", "!prod/")) == ["test/db"]
    assert found(("name", "prod", "test"), ("description", "data", "a te")) == ["prod/db", "test/db"]
    assert found(("tag-key", "env")) == ["prod/db"]
    assert found(("tag-value", "sh")) == ["prod/api"]
    assert found(("all", "DB test")) == ["test/db"]
    assert found(SortBy="name", SortOrder="desc") == ["test/db", "prod/db", "prod/api"]
    first = secrets.list_secrets(MaxResults=2)
    rest = secrets.list_secrets(MaxResults=2, NextToken=first["NextToken"])
    assert [each["Name"] for each in first["SecretList"] + rest["SecretList"]] == ["prod/db", "prod/api", "test/db"]
    assert refused(secrets.list_secrets, NextToken="x")[0] == "InvalidNextTokenException"


def test_many_values_at_once(aws, secrets, make, refused):
    make("a", "1")
    make("b", "2")
    found = secrets.batch_get_secret_value(SecretIdList=["a", "b", "none"])
    assert [each["SecretString"] for each in found["SecretValues"]] == ["1", "2"]
    assert found["Errors"] == [
        {
            "SecretId": "none",
            "ErrorCode": "ResourceNotFoundException",
            "Message": "Secrets Manager can't find the specified secret.",
        }
    ]
    page = secrets.batch_get_secret_value(Filters=[{"Key": "name", "Values": ["a", "b"]}], MaxResults=1)
    assert len(page["SecretValues"]) == 1
    assert page["NextToken"]
    assert refused(secrets.batch_get_secret_value)[0] == "InvalidParameterException"
    aws.faults.add("secretsmanager:BatchGetSecretValue", partial=1)
    partly = secrets.batch_get_secret_value(SecretIdList=["a", "b"])
    assert [each["Name"] for each in partly["SecretValues"]] == ["a"]
    assert [(each["SecretId"], each["ErrorCode"]) for each in partly["Errors"]] == [("b", "InternalServiceError")]


def test_tags(secrets, make):
    make(Tags=[{"Key": "a", "Value": "1"}])
    secrets.tag_resource(SecretId="db", Tags=[{"Key": "b", "Value": "2"}])
    secrets.untag_resource(SecretId="db", TagKeys=["a"])
    assert secrets.describe_secret(SecretId="db")["Tags"] == [{"Key": "b", "Value": "2"}]


def test_random_passwords(secrets, refused):
    password = secrets.get_random_password()["RandomPassword"]
    assert len(password) == 32
    kinds = (string.ascii_lowercase, string.ascii_uppercase, string.digits, string.punctuation)
    assert all(set(password) & set(kind) for kind in kinds)
    assert secrets.get_random_password()["RandomPassword"] != password
    digits = secrets.get_random_password(
        PasswordLength=8, ExcludeLowercase=True, ExcludeUppercase=True, ExcludePunctuation=True, ExcludeCharacters="012"
    )["RandomPassword"]
    assert len(digits) == 8
    assert set(digits) <= set("3456789")
    assert refused(secrets.get_random_password, PasswordLength=3) == (
        "InvalidParameterException",
        "Password length is too short based on the required types.",
    )
    assert len(secrets.get_random_password(PasswordLength=3, RequireEachIncludedType=False)["RandomPassword"]) == 3


@pytest.mark.rule("ssm-010")
def test_parameter_store_reads_secrets(make, refused, client):
    arn = make("app/db", '{"user":"a"}')
    ssm = client("ssm")
    found = ssm.get_parameter(Name="/aws/reference/secretsmanager/app/db", WithDecryption=True)["Parameter"]
    assert (found["Value"], found["Type"], found["ARN"]) == ('{"user":"a"}', "SecureString", arn)
    assert json.loads(found["SourceResult"])["VersionStages"] == ["AWSCURRENT"]
    assert refused(ssm.get_parameter, Name="/aws/reference/secretsmanager/app/db") == (
        "ValidationException",
        "WithDecryption flag must be True for retrieving a Secret Manager secret.",
    )
    several = ssm.get_parameters(Names=["/aws/reference/secretsmanager/x"], WithDecryption=True)
    assert several["InvalidParameters"] == ["/aws/reference/secretsmanager/x"]
    code, message = refused(ssm.get_parameter, Name="/aws/reference/secretsmanager/x", WithDecryption=True)
    assert code == "ParameterNotFound"
    assert message.endswith("Secret /aws/reference/secretsmanager/x not found.")
    code, message = refused(ssm.put_parameter, Name="/aws/reference/secretsmanager/y", Value="x", Type="String")
    assert code == "AccessDeniedException"
    assert message.startswith("No access to reserved parameter name")

"""Keys: made, found, switched on and off, deleted; their tags; AWS's own keys."""

import re
from datetime import timedelta

import boto3
import pytest

ACCOUNT = "123456789012"


@pytest.mark.rule("kms-001", "kms-002")
def test_a_new_key(kms):
    made = kms.create_key(Description="mine", Tags=[{"TagKey": "team", "TagValue": "a"}])["KeyMetadata"]
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", made["KeyId"])
    assert made["Arn"] == f"arn:aws:kms:us-east-1:{ACCOUNT}:key/{made['KeyId']}"
    expected = {
        "AWSAccountId": ACCOUNT,
        "Description": "mine",
        "Enabled": True,
        "KeyState": "Enabled",
        "KeyUsage": "ENCRYPT_DECRYPT",
        "KeySpec": "SYMMETRIC_DEFAULT",
        "CustomerMasterKeySpec": "SYMMETRIC_DEFAULT",
        "EncryptionAlgorithms": ["SYMMETRIC_DEFAULT"],
        "KeyManager": "CUSTOMER",
        "Origin": "AWS_KMS",
        "MultiRegion": False,
    }
    assert expected.items() <= made.items()
    assert kms.describe_key(KeyId=made["KeyId"])["KeyMetadata"] == made
    assert kms.list_keys()["Keys"] == [{"KeyId": made["KeyId"], "KeyArn": made["Arn"]}]
    assert kms.list_resource_tags(KeyId=made["KeyId"])["Tags"] == [{"TagKey": "team", "TagValue": "a"}]


@pytest.mark.rule("kms-001")
def test_a_key_is_switched_off_and_on(kms, key, state, refused):
    kms.disable_key(KeyId=key)
    assert state(key) == "Disabled"
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["Enabled"] is False
    with refused("DisabledException", f"{key} is disabled."):
        kms.encrypt(KeyId=key, Plaintext=b"x")
    kms.enable_key(KeyId=key)
    assert kms.encrypt(KeyId=key, Plaintext=b"x")["KeyId"] == key


@pytest.mark.rule("kms-001")
@pytest.mark.aws(at="2026-03-01T00:00:00Z")
def test_deletion(aws, kms, key, state, refused):
    kms.create_alias(AliasName="alias/mine", TargetKeyId=key)
    sealed = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    answer = kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assert (answer["KeyId"], answer["KeyState"], answer["PendingWindowInDays"]) == (key, "PendingDeletion", 7)
    assert answer["DeletionDate"] == aws.clock.now() + timedelta(days=7)
    with refused("KMSInvalidStateException", f"{key} is pending deletion."):
        kms.encrypt(KeyId=key, Plaintext=b"x")
    for call in (
        lambda: kms.schedule_key_deletion(KeyId=key),
        lambda: kms.enable_key(KeyId=key),
        lambda: kms.create_alias(AliasName="alias/other", TargetKeyId=key),
        lambda: kms.update_key_description(KeyId=key, Description="x"),
        lambda: kms.tag_resource(KeyId=key, Tags=[{"TagKey": "a", "TagValue": "b"}]),
    ):
        with refused("KMSInvalidStateException", f"{key} is pending deletion."):
            call()
    aws.clock.advance(days=6)
    assert kms.cancel_key_deletion(KeyId=key)["KeyId"] == key
    assert state(key) == "Disabled"
    with refused("KMSInvalidStateException", f"{key} is not pending deletion."):
        kms.cancel_key_deletion(KeyId=key)
    kms.enable_key(KeyId=key)
    assert kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"x"

    assert kms.schedule_key_deletion(KeyId=key)["PendingWindowInDays"] == 30
    aws.clock.advance(days=29)
    assert state(key) == "PendingDeletion"
    aws.clock.advance(days=1)
    with refused("NotFoundException", f"Key '{key}' does not exist"):
        kms.describe_key(KeyId=key)
    assert (kms.list_keys()["Keys"], kms.list_aliases()["Aliases"]) == ([], [])
    with refused("AccessDeniedException") as refusal:
        kms.decrypt(CiphertextBlob=sealed)
    assert (
        "kms:Decrypt on the resource associated with this ciphertext because the resource does not" in refusal.message
    )


@pytest.mark.parametrize("days", [6, 31])
def test_waiting_periods(kms, key, state, refused, days):
    with refused("ValidationException"):
        kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=days)
    assert state(key) == "Enabled"


@pytest.mark.rule("kms-003")
@pytest.mark.newer_botocore
def test_secrets_stay(kms, key, refused):
    with refused("UnsupportedOperationException"):
        kms.get_public_key(KeyId=key)
    (material,) = kms.list_key_rotations(KeyId=key, IncludeKeyMaterial="ALL_KEY_MATERIAL")["Rotations"]
    assert set(material) == {"KeyId", "KeyMaterialId", "KeyMaterialState"}


@pytest.mark.rule("kms-004")
def test_keys_are_of_a_region(kms, eu, key, refused):
    with refused("NotFoundException", "Invalid arn us-east-1"):
        eu.describe_key(KeyId=key)
    id = key.rpartition("/")[2]
    with refused("NotFoundException", f"Key 'arn:aws:kms:eu-west-1:{ACCOUNT}:key/{id}' does not exist"):
        eu.encrypt(KeyId=id, Plaintext=b"x")
    assert eu.list_keys()["Keys"] == []


@pytest.mark.parametrize("how", ["id", "arn", "alias", "alias arn"])
def test_names_of_a_key(kms, key, how):
    kms.create_alias(AliasName="alias/mine", TargetKeyId=key)
    name = {
        "id": key.rpartition("/")[2],
        "arn": key,
        "alias": "alias/mine",
        "alias arn": f"arn:aws:kms:us-east-1:{ACCOUNT}:alias/mine",
    }[how]
    assert kms.encrypt(KeyId=name, Plaintext=b"x")["KeyId"] == key
    assert kms.describe_key(KeyId=name)["KeyMetadata"]["Arn"] == key


def test_names_of_no_key(kms, refused):
    with refused("NotFoundException", "Invalid keyId 'nothing'"):
        kms.describe_key(KeyId="nothing")
    with refused("NotFoundException", f"Alias arn:aws:kms:us-east-1:{ACCOUNT}:alias/none is not found."):
        kms.describe_key(KeyId="alias/none")
    with refused("InvalidArnException"):
        kms.describe_key(KeyId="arn:aws:s3:::bucket")
    with refused("ValidationException"):
        kms.describe_key()


def test_an_alias_does_not_administer(kms, key, state, refused):
    kms.create_alias(AliasName="alias/mine", TargetKeyId=key)
    with refused("NotFoundException", "Invalid keyId 'alias/mine'"):
        kms.disable_key(KeyId="alias/mine")
    assert state(key) == "Enabled"


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (
            {"KeySpec": "RSA_2048"},
            "You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.",
        ),
        (
            {"KeySpec": "ECC_NIST_P256", "KeyUsage": "ENCRYPT_DECRYPT"},
            "KeyUsage ENCRYPT_DECRYPT is not compatible with KeySpec ECC_NIST_P256",
        ),
        ({"KeyUsage": "SIGN_VERIFY"}, "KeyUsage SIGN_VERIFY is not compatible with KeySpec SYMMETRIC_DEFAULT"),
        ({"KeySpec": "RSA_2048", "CustomerMasterKeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY"}, None),
        ({"KeySpec": "RSA_1024", "KeyUsage": "SIGN_VERIFY"}, None),
        ({"Origin": "AWS_CLOUDHSM"}, None),
        ({"XksKeyId": "x"}, None),
    ],
)
def test_keys_that_cannot_be(kms, refused, asked, message):
    with refused("ValidationException", message):
        kms.create_key(**asked)
    assert kms.list_keys()["Keys"] == []


def test_sm2_outside_of_china(kms, refused):
    with refused("UnsupportedOperationException"):
        kms.create_key(KeySpec="SM2", KeyUsage="SIGN_VERIFY")


def test_sm2_in_china_is_not_modelled(aws, refused):
    kms = boto3.client("kms", region_name="cn-north-1")
    with refused("NotImplemented"):
        kms.create_key(KeySpec="SM2", KeyUsage="SIGN_VERIFY")


def test_tags(kms, key, refused):
    tags = [{"TagKey": f"k{number}", "TagValue": "v"} for number in range(50)]
    kms.tag_resource(KeyId=key, Tags=tags)
    with refused("TagException", "Too many tags"):
        kms.tag_resource(KeyId=key, Tags=[{"TagKey": "more", "TagValue": "v"}])
    with refused("TagException"):
        kms.tag_resource(KeyId=key, Tags=[{"TagKey": "aws:x", "TagValue": "v"}])
    with refused("TagException"):
        kms.tag_resource(KeyId=key, Tags=[{"TagKey": "k1", "TagValue": "a"}, {"TagKey": "k1", "TagValue": "b"}])
    kms.untag_resource(KeyId=key, TagKeys=[f"k{number}" for number in range(1, 50)])
    assert kms.list_resource_tags(KeyId=key)["Tags"] == [{"TagKey": "k0", "TagValue": "v"}]


@pytest.mark.aws(at="2026-03-01T00:00:00Z")
@pytest.mark.newer_botocore
def test_last_use(aws, kms, key):
    before = kms.get_key_last_usage(KeyId=key)
    assert "KeyLastUsage" not in before
    assert before["TrackingStartDate"] == before["KeyCreationDate"] == aws.clock.now()
    aws.clock.advance(hours=1)
    answer = kms.generate_data_key(KeyId=key, KeySpec="AES_256")
    last = kms.get_key_last_usage(KeyId=key)["KeyLastUsage"]
    assert last["Operation"] == "GenerateDataKey"
    assert last["Timestamp"] == aws.clock.now()
    assert last["KmsRequestId"] == answer["ResponseMetadata"]["RequestId"]


@pytest.mark.aws(limits={"kms.keys": 1})
def test_quota_of_keys(kms, key, refused):
    boto3.client("kms", region_name="us-east-1").describe_key(KeyId="alias/aws/s3")  # AWS's own do not count
    with refused("LimitExceededException"):
        kms.create_key()
    assert len(kms.list_keys()["Keys"]) == 2


@pytest.mark.rule("kms-010")
def test_aws_managed_keys(kms, refused):
    s3 = boto3.client("s3", region_name="us-east-1")
    s3.create_bucket(Bucket="reports")
    assert kms.list_aliases()["Aliases"] == []
    s3.put_object(Bucket="reports", Key="k", Body=b"1", ServerSideEncryption="aws:kms")
    (alias,) = kms.list_aliases()["Aliases"]
    assert alias["AliasName"] == "alias/aws/s3"
    key = kms.describe_key(KeyId="alias/aws/s3")["KeyMetadata"]
    assert (key["KeyId"], key["KeyManager"]) == (alias["TargetKeyId"], "AWS")
    arn = key["Arn"]
    for operation, call in (
        ("ScheduleKeyDeletion", lambda: kms.schedule_key_deletion(KeyId=arn)),
        ("PutKeyPolicy", lambda: kms.put_key_policy(KeyId=arn, Policy="{}")),
        ("DisableKey", lambda: kms.disable_key(KeyId=arn)),
        ("CreateAlias", lambda: kms.create_alias(AliasName="alias/x", TargetKeyId=arn)),
        ("Encrypt", lambda: kms.encrypt(KeyId="alias/aws/s3", Plaintext=b"x")),
    ):
        message = (
            f"User: arn:aws:iam::{ACCOUNT}:user/awsim is not authorized to perform: kms:{operation} on resource: {arn} "
            f"because no resource-based policy allows the kms:{operation} action"
        )
        with refused("AccessDeniedException", message):
            call()
    assert "kms:ViaService" in kms.get_key_policy(KeyId=arn)["Policy"]
    assert kms.describe_key(KeyId=arn)["KeyMetadata"]["KeyState"] == "Enabled"


@pytest.mark.aws(authorization=True)
def test_aws_managed_keys_under_their_own_policy(kms, refused, user):
    s3 = boto3.client("s3", region_name="us-east-1")
    s3.create_bucket(Bucket="reports")
    s3.put_object(Bucket="reports", Key="k", Body=b"1", ServerSideEncryption="aws:kms")
    assert s3.get_object(Bucket="reports", Key="k")["Body"].read() == b"1"
    arn = kms.describe_key(KeyId="alias/aws/s3")["KeyMetadata"]["Arn"]
    with refused("AccessDeniedException"):
        user("ann", "kms:*").encrypt(KeyId=arn, Plaintext=b"x")


@pytest.mark.rule("kms-011")
@pytest.mark.aws(at="2026-03-01T00:00:00Z")
def test_aws_managed_keys_rotate_every_year(aws, kms, refused):
    arn = kms.describe_key(KeyId="alias/aws/s3")["KeyMetadata"]["Arn"]
    status = kms.get_key_rotation_status(KeyId=arn)
    assert (status["KeyRotationEnabled"], status["RotationPeriodInDays"]) == (True, 365)
    for call in (kms.enable_key_rotation, kms.disable_key_rotation):
        with refused("AccessDeniedException"):
            call(KeyId=arn)
    aws.clock.advance(days=365)
    (rotation,) = kms.list_key_rotations(KeyId=arn)["Rotations"]
    assert rotation["RotationType"] == "AUTOMATIC"


@pytest.mark.rule("kms-009")
def test_keys_that_aws_owns_are_not_seen(kms):
    boto3.client("sqs", region_name="us-east-1").create_queue(QueueName="jobs")
    s3 = boto3.client("s3", region_name="us-east-1")
    s3.create_bucket(Bucket="reports")
    s3.put_object(Bucket="reports", Key="k", Body=b"1")
    assert (kms.list_keys()["Keys"], kms.list_aliases()["Aliases"]) == ([], [])


def test_a_snapshot_brings_keys_back(aws, kms, key, state):
    sealed = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    snapshot = aws.snapshot()
    kms.rotate_key_on_demand(KeyId=key)
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    aws.clock.advance(days=8)
    aws.restore(snapshot)
    assert state(key) == "Enabled"
    assert kms.list_key_rotations(KeyId=key)["Rotations"] == []
    assert kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"x"


def test_a_bad_marker(kms, refused):
    with refused("InvalidMarkerException"):
        kms.list_keys(Marker="%%%")

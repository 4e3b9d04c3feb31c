"""UpdateObjectEncryption, and tags of buckets as a ground for access."""

import json

import boto3
import pytest

KEY = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"


def wanted(arn=KEY, **more):
    return {"SSEKMS": {"KMSKeyArn": arn, **more}}


def test_another_key_for_what_stays_as_it_is(s3, bucket, body):
    put = s3.put_object(Bucket=bucket, Key="k", Body=b"1", Metadata={"a": "1"}, StorageClass="STANDARD_IA")
    before = s3.head_object(Bucket=bucket, Key="k")
    s3.update_object_encryption(Bucket=bucket, Key="k", ObjectEncryption=wanted(BucketKeyEnabled=True))
    after = s3.head_object(Bucket=bucket, Key="k")
    assert (after["ServerSideEncryption"], after["SSEKMSKeyId"], after["BucketKeyEnabled"]) == ("aws:kms", KEY, True)
    for name in ("ETag", "LastModified", "Metadata", "StorageClass"):
        assert after[name] == before[name]
    assert after["ETag"] == put["ETag"] and body(bucket, "k") == b"1"
    other = KEY[:-1] + "6"
    s3.update_object_encryption(Bucket=bucket, Key="k", ObjectEncryption=wanted(other))
    after = s3.head_object(Bucket=bucket, Key="k")
    assert after["SSEKMSKeyId"] == other and "BucketKeyEnabled" not in after


@pytest.mark.parametrize(
    ("given", "code", "words"),
    [
        (wanted("arn:aws:kms:us-east-1:123456789012:alias/mine"), "InvalidRequest", "correctly formatted KMS key ARN"),
        (
            wanted(KEY.replace("123456789012", "210987654321")),
            "AccessDenied",
            "owned by the same account as the bucket",
        ),
    ],
)
def test_keys_that_are_none(s3, bucket, refused, given, code, words):
    s3.put_object(Bucket=bucket, Key="k")
    with refused(code, status=403 if code == "AccessDenied" else 400) as refusal:
        s3.update_object_encryption(Bucket=bucket, Key="k", ObjectEncryption=given)
    assert words in refusal.error["Message"]
    assert s3.head_object(Bucket=bucket, Key="k")["ServerSideEncryption"] == "AES256"


def test_objects_that_keep_their_encryption(s3, bucket, locked, refused):
    s3.put_object(Bucket=bucket, Key="dual", Body=b"1", ServerSideEncryption="aws:kms:dsse")
    with refused("InvalidRequest") as refusal:
        s3.update_object_encryption(Bucket=bucket, Key="dual", ObjectEncryption=wanted())
    assert "encryption type DSSE-KMS or SSE-C" in refusal.error["Message"]
    s3.put_object(Bucket=locked, Key="held", Body=b"1", ObjectLockLegalHoldStatus="ON")
    with refused("AccessDenied", status=403) as refusal:
        s3.update_object_encryption(Bucket=locked, Key="held", ObjectEncryption=wanted())
    assert "protected by S3 Object Lock" in refusal.error["Message"]
    s3.put_object_legal_hold(Bucket=locked, Key="held", LegalHold={"Status": "OFF"})
    key = boto3.client("kms", region_name="us-east-1").create_key()["KeyMetadata"]["Arn"]
    s3.update_object_encryption(Bucket=locked, Key="held", ObjectEncryption=wanted(key))
    with refused("NoSuchKey", status=404):
        s3.update_object_encryption(Bucket=bucket, Key="missing", ObjectEncryption=wanted())


@pytest.mark.aws(authorization=True)
def test_tags_of_a_bucket_let_in_once_they_may(aws, s3, bucket, refused):
    iam = boto3.client("iam")
    iam.create_user(UserName="ann")
    statement = {
        "Effect": "Allow",
        "Action": "s3:ListBucket",
        "Resource": "*",
        "Condition": {"StringEquals": {"aws:ResourceTag/team": "red"}},
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName="ann", PolicyName="own", PolicyDocument=document)
    key = iam.create_access_key(UserName="ann")["AccessKey"]
    ann = boto3.client(
        "s3",
        region_name="us-east-1",
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    )
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": [{"Key": "team", "Value": "red"}]})
    assert s3.get_bucket_abac(Bucket=bucket)["AbacStatus"]["Status"] == "Disabled"
    with refused("AccessDenied", status=403):
        ann.list_objects_v2(Bucket=bucket)
    s3.put_bucket_abac(Bucket=bucket, AbacStatus={"Status": "Enabled"})
    assert s3.get_bucket_abac(Bucket=bucket)["AbacStatus"]["Status"] == "Enabled"
    ann.list_objects_v2(Bucket=bucket)
    s3.put_bucket_abac(Bucket=bucket, AbacStatus={"Status": "Disabled"})
    with refused("AccessDenied", status=403):
        ann.list_objects_v2(Bucket=bucket)

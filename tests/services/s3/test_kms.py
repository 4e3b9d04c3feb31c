"""Objects under keys of KMS: whose key, what KMS refuses, who may read."""

import json
from importlib.util import find_spec

import boto3
import pytest
import requests
from botocore.config import Config

ACCOUNT = "123456789012"
NEEDS_V4 = "Requests specifying Server Side Encryption with AWS KMS managed keys require AWS Signature Version 4."
with_kms = pytest.mark.skipif(find_spec("awsim.services.kms") is None, reason="awsim has no KMS yet")


@pytest.fixture
def kms(aws):
    return boto3.client("kms", region_name="us-east-1")


@pytest.fixture
def key(kms):
    return kms.create_key()["KeyMetadata"]["Arn"]


def under(key=None, **more):
    return {"ServerSideEncryption": "aws:kms", **({"SSEKMSKeyId": key} if key else {}), **more}


@pytest.mark.rule("s3-117")
def test_kms_needs_signature_version_4(s3, bucket, anonymous, keys):
    s3.put_object(Bucket=bucket, Key="k", Body=b"1", **under())
    s3.put_object(Bucket=bucket, Key="plain", Body=b"1")
    s3.delete_public_access_block(Bucket=bucket)
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    old = boto3.client("s3", region_name="us-east-1", config=Config(signature_version="s3"))
    new = boto3.client("s3", region_name="us-east-1", config=Config(signature_version="s3v4"))
    place = {"Bucket": bucket, "Key": "k"}
    for url in (old.generate_presigned_url("get_object", Params=place), f"https://{bucket}.s3.amazonaws.com/k"):
        answer = requests.get(url)
        assert answer.status_code == 400
        assert "<Code>InvalidArgument</Code>" in answer.text and NEEDS_V4 in answer.text
        assert "<ArgumentName>Authorization</ArgumentName><ArgumentValue>null</ArgumentValue>" in answer.text
    assert requests.get(new.generate_presigned_url("get_object", Params=place)).text == "1"
    assert requests.get(old.generate_presigned_url("get_object", Params={**place, "Key": "plain"})).text == "1"
    headers = {"x-amz-server-side-encryption": "aws:kms"}
    url = old.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "new", **under()})
    assert NEEDS_V4 in requests.put(url, data=b"1", headers=headers).text
    assert keys(bucket) == ["k", "plain"]


@pytest.mark.rule("s3-113")
@with_kms
def test_a_key_of_ones_own(s3, bucket, kms, key):
    for name in (key, key.rpartition("/")[2], "alias/mine"):
        if name == "alias/mine":
            kms.create_alias(AliasName=name, TargetKeyId=key)
        answer = s3.put_object(Bucket=bucket, Key="k", Body=b"1", **under(name))
        for shown in (answer, s3.head_object(Bucket=bucket, Key="k"), s3.get_object(Bucket=bucket, Key="k")):
            assert (shown["ServerSideEncryption"], shown["SSEKMSKeyId"]) == ("aws:kms", key)


@pytest.mark.rule("s3-114")
@with_kms
def test_without_a_key_the_accounts_key_for_s3_is_used(s3, bucket, kms):
    s3.put_object(Bucket=bucket, Key="k", Body=b"1", **under())
    managed = kms.describe_key(KeyId="alias/aws/s3")["KeyMetadata"]
    assert managed["KeyManager"] == "AWS"
    assert s3.head_object(Bucket=bucket, Key="k")["SSEKMSKeyId"] == managed["Arn"]
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"1"


@pytest.mark.rule("s3-115")
@with_kms
def test_an_unknown_key(s3, bucket, key, keys, refused):
    unknown = key[:-4] + "0000"
    with refused("KMS.NotFoundException", f"Key '{unknown}' does not exist"):
        s3.put_object(Bucket=bucket, Key="k", Body=b"1", **under(unknown))
    with refused("KMS.NotFoundException", "Invalid arn eu-west-1"):
        s3.put_object(Bucket=bucket, Key="k", Body=b"1", **under(key.replace("us-east-1", "eu-west-1")))
    assert keys(bucket) == []


@pytest.mark.rule("s3-116")
@with_kms
def test_a_disabled_key(s3, bucket, kms, key, keys, refused):
    s3.put_object(Bucket=bucket, Key="k", Body=b"1", **under(key))
    kms.disable_key(KeyId=key)
    with refused("KMS.DisabledException", f"{key} is disabled."):
        s3.put_object(Bucket=bucket, Key="new", Body=b"1", **under(key))
    with refused("KMS.DisabledException", f"{key} is disabled."):
        s3.get_object(Bucket=bucket, Key="k")
    with refused("KMS.DisabledException", f"{key} is disabled."):
        s3.copy_object(Bucket=bucket, Key="copy", CopySource=f"{bucket}/k")
    assert keys(bucket) == ["k"]
    kms.enable_key(KeyId=key)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"1"


@pytest.fixture
def ann(aws):
    """`ann(action, …)`: a client of a user with these permissions; again for others."""
    iam = boto3.client("iam")
    iam.create_user(UserName="ann")
    made = iam.create_access_key(UserName="ann")["AccessKey"]

    def client(*actions):
        statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_user_policy(UserName="ann", PolicyName="own", PolicyDocument=document)
        return boto3.client(
            "s3",
            region_name="us-east-1",
            aws_access_key_id=made["AccessKeyId"],
            aws_secret_access_key=made["SecretAccessKey"],
        )

    return client


@pytest.mark.rule("s3-118", "s3-119")
@pytest.mark.aws(authorization=True)
@with_kms
def test_writing_and_reading_need_permissions_of_kms(s3, bucket, key, ann, keys, refused):
    mine = ann("s3:*")
    for action, call in (
        ("kms:GenerateDataKey", lambda: mine.put_object(Bucket=bucket, Key="k", Body=b"1", **under(key))),
        ("kms:Decrypt", lambda: mine.get_object(Bucket=bucket, Key="k")),
    ):
        what = "on the resource associated with this ciphertext" if "Decrypt" in action else f"on resource: {key}"
        message = (
            f"User: arn:aws:iam::{ACCOUNT}:user/ann is not authorized to perform: {action} {what} because "
            f"no identity-based policy allows the {action} action"
        )
        ann("s3:*")
        with refused("AccessDenied", message, 403):
            call()
        ann("s3:*", action)
        call()


@with_kms
def test_parts_need_the_key_again(s3, bucket, kms, key, refused):
    upload = {"Bucket": bucket, "Key": "k"}
    upload["UploadId"] = s3.create_multipart_upload(**upload, **under(key))["UploadId"]
    etag = s3.upload_part(**upload, PartNumber=1, Body=b"1")["ETag"]
    kms.disable_key(KeyId=key)
    parts = {"Parts": [{"PartNumber": 1, "ETag": etag}]}
    with refused("KMS.DisabledException"):
        s3.upload_part(**upload, PartNumber=2, Body=b"1")
    with refused("KMS.DisabledException"):
        s3.complete_multipart_upload(**upload, MultipartUpload=parts)
    kms.enable_key(KeyId=key)
    s3.complete_multipart_upload(**upload, MultipartUpload=parts)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"1"


@pytest.mark.rule("s3-120", "kms-038", "kms-039")
@with_kms
@pytest.mark.parametrize("bucket_key", [False, True])
def test_the_context_names_the_object_or_the_bucket(aws, s3, bucket, key, bucket_key):
    s3.put_object(Bucket=bucket, Key="a/b", Body=b"1", **under(key, BucketKeyEnabled=bucket_key))
    s3.get_object(Bucket=bucket, Key="a/b")
    arn = f"arn:aws:s3:::{bucket}" if bucket_key else f"arn:aws:s3:::{bucket}/a/b"
    asked = [call for outer in aws.calls for call in outer.caused if call.service == "kms"]
    assert [call.operation for call in asked] == ["GenerateDataKey", "Decrypt"]
    assert [call.parameters["EncryptionContext"] for call in asked] == [{"aws:s3:arn": arn}] * 2


@pytest.mark.rule("kms-008")
@with_kms
def test_an_asymmetric_key(s3, bucket, kms, keys, refused):
    pair = kms.create_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["Arn"]
    with refused("KMS.InvalidKeyUsageException"):
        s3.put_object(Bucket=bucket, Key="k", Body=b"1", **under(pair))
    assert keys(bucket) == []


@pytest.mark.rule("kms-047")
@pytest.mark.aws(limits={"kms.symmetric": 2}, at="2026-03-01")
@with_kms
def test_objects_use_up_the_rate_of_kms(aws, bucket, key):
    s3 = boto3.client("s3", region_name="us-east-1", config=Config(retries={"max_attempts": 0}))
    s3.put_object(Bucket=bucket, Key="k", Body=b"1", **under(key))
    s3.get_object(Bucket=bucket, Key="k")
    with pytest.raises(s3.exceptions.ClientError) as caught:
        s3.get_object(Bucket=bucket, Key="k")
    error = caught.value.response["Error"]
    assert error["Code"] == "KMS.ThrottlingException"
    assert error["Message"].startswith("You have exceeded the rate at which you may call KMS.")
    aws.clock.advance(seconds=1)
    s3.get_object(Bucket=bucket, Key="k")


@pytest.mark.rule("kms-031")
@pytest.mark.aws(authorization=True)
@with_kms
def test_a_key_for_s3_alone(s3, bucket, kms):
    root = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    condition = {"kms:ViaService": "s3.us-east-1.amazonaws.com", "kms:CallerAccount": ACCOUNT}
    statements = [
        {"Effect": "Allow", "Principal": root, "Action": ["kms:PutKeyPolicy", "kms:Describe*"], "Resource": "*"},
        {
            "Effect": "Allow",
            "Principal": root,
            "Action": ["kms:GenerateDataKey", "kms:Decrypt"],
            "Resource": "*",
            "Condition": {"StringEquals": condition},
        },
    ]
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    key = kms.create_key(Policy=policy)["KeyMetadata"]["Arn"]
    s3.put_object(Bucket=bucket, Key="k", Body=b"1", **under(key))
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"1"
    with pytest.raises(kms.exceptions.ClientError) as caught:
        kms.generate_data_key(KeyId=key, KeySpec="AES_256")
    assert caught.value.response["Error"]["Code"] == "AccessDeniedException"


@pytest.mark.rule("s3-234")
@pytest.mark.aws(authorization=True)
@with_kms
@pytest.mark.parametrize(("allowed", "status"), [(True, "COMPLETED"), (False, "FAILED")])
def test_a_pair_of_multi_region_keys_are_two_keys(s3, bucket, kms, eu, allowed, status):
    """The role opens the data key with the one and seals it with the other."""
    source = kms.create_key(MultiRegion=True)["KeyMetadata"]["Arn"]
    target = kms.replicate_key(KeyId=source, ReplicaRegion="eu-west-1")["ReplicaKeyMetadata"]["Arn"]
    assert target == source.replace("us-east-1", "eu-west-1")
    eu.create_bucket(Bucket="copies", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    for client, name in ((s3, bucket), (eu, "copies")):
        client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    iam = boto3.client("iam")
    trust = {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = iam.create_role(RoleName="copier", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    statements = [
        {"Effect": "Allow", "Action": "s3:*", "Resource": "*"},
        {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": source},
        {"Effect": "Allow", "Action": "kms:Encrypt", "Resource": target if allowed else source},
    ]
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam.put_role_policy(RoleName="copier", PolicyName="own", PolicyDocument=document)
    rule = {
        "Priority": 1,
        "Status": "Enabled",
        "Filter": {},
        "DeleteMarkerReplication": {"Status": "Disabled"},
        "SourceSelectionCriteria": {"SseKmsEncryptedObjects": {"Status": "Enabled"}},
        "Destination": {
            "Bucket": "arn:aws:s3:::copies",
            "EncryptionConfiguration": {"ReplicaKmsKeyID": target},
        },
    }
    s3.put_bucket_replication(Bucket=bucket, ReplicationConfiguration={"Role": role, "Rules": [rule]})
    s3.put_object(Bucket=bucket, Key="k", Body=b"1", **under(source))
    assert s3.head_object(Bucket=bucket, Key="k")["ReplicationStatus"] == status
    if allowed:
        assert eu.head_object(Bucket="copies", Key="k")["SSEKMSKeyId"] == target
        assert eu.get_object(Bucket="copies", Key="k")["Body"].read() == b"1"

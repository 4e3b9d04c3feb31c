"""Who may do what under `authorization=True`: identity policies, bucket policies, presigned URLs, forms."""

import json
from datetime import timedelta

import boto3
import pytest
import requests
from botocore import UNSIGNED
from botocore.config import Config

pytestmark = pytest.mark.aws(authorization=True)

ACCOUNT, OTHER = "123456789012", "210987654321"
BUCKET = "arn:aws:s3:::reports"
ANN = f"arn:aws:iam::{ACCOUNT}:user/ann"


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action, resource="*", **more):
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action, resource="*", **more):
    return {**allow(action, resource, **more), "Effect": "Deny"}


def missing(action, resource, user=ANN):
    return (
        f'User: {user} is not authorized to perform: {action} on resource: "{resource}" because no identity-based '
        f"policy allows the {action} action"
    )


@pytest.fixture
def iam(aws):
    return boto3.client("iam")


@pytest.fixture
def ann(iam):
    """`ann(statement, …)`: a client of the user ann with just these permissions; again for others."""

    def client(*statements, **config):
        if not any(user["UserName"] == "ann" for user in iam.list_users()["Users"]):
            iam.create_user(UserName="ann")
            key = iam.create_access_key(UserName="ann")["AccessKey"]
            client.keys = {
                "aws_access_key_id": key["AccessKeyId"],
                "aws_secret_access_key": key["SecretAccessKey"],
            }
        if statements:
            iam.put_user_policy(UserName="ann", PolicyName="own", PolicyDocument=document(*statements))
        return boto3.client("s3", region_name="us-east-1", config=Config(**config), **client.keys)

    return client


@pytest.fixture
def policy(s3, bucket):
    def put(*statements):
        s3.put_bucket_policy(Bucket=bucket, Policy=document(*statements))

    return put


@pytest.fixture
def opened(s3, bucket, policy):
    """`opened(statement, …)`: a policy on a bucket that blocks nothing public."""

    def put(*statements):
        s3.delete_public_access_block(Bucket=bucket)
        policy(*statements)

    return put


# --- identity policies


@pytest.mark.rule("s3-208")
def test_policies_of_a_user_decide(s3, bucket, ann, refused):
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    mine = ann()
    with refused("AccessDenied", missing("s3:GetObject", f"{BUCKET}/k"), 403):
        mine.get_object(Bucket=bucket, Key="k")
    ann(allow("s3:GetObject"))
    assert mine.get_object(Bucket=bucket, Key="k")["Body"].read() == b"1"
    with refused("AccessDenied", missing("s3:PutObject", f"{BUCKET}/k"), 403):
        mine.put_object(Bucket=bucket, Key="k", Body=b"2")
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"1"
    ann(allow("s3:*"), deny("s3:GetObject", f"{BUCKET}/k"))
    message = (
        f'User: {ANN} is not authorized to perform: s3:GetObject on resource: "{BUCKET}/k" with an explicit deny in an '
        "identity-based policy"
    )
    with refused("AccessDenied", message, 403):
        mine.get_object(Bucket=bucket, Key="k")
    mine.put_object(Bucket=bucket, Key="k", Body=b"2")


def test_lists_are_of_the_bucket_and_its_prefixes(s3, bucket, ann, refused):
    s3.put_object(Bucket=bucket, Key="home/a")
    mine = ann(allow("s3:ListBucket", BUCKET, Condition={"StringLike": {"s3:prefix": "home/*"}}))
    for listed in (mine.list_objects_v2, mine.list_objects):
        assert [each["Key"] for each in listed(Bucket=bucket, Prefix="home/")["Contents"]] == ["home/a"]
        with refused("AccessDenied", missing("s3:ListBucket", BUCKET), 403):
            listed(Bucket=bucket)
    with refused("AccessDenied", missing("s3:ListBucketVersions", BUCKET), 403):
        mine.list_object_versions(Bucket=bucket, Prefix="home/")
    ann(allow("s3:ListBucket", BUCKET, Condition={"NumericLessThanEquals": {"s3:max-keys": "10"}}))
    mine.list_objects_v2(Bucket=bucket, MaxKeys=10)
    with refused("AccessDenied", status=403):
        mine.list_objects_v2(Bucket=bucket, MaxKeys=11)


def test_what_is_missing_is_told_to_who_may_list(s3, bucket, ann, refused):
    s3.put_object(Bucket=bucket, Key="there")
    mine = ann(allow("s3:GetObject"))
    with refused("AccessDenied", missing("s3:ListBucket", BUCKET), 403):
        mine.get_object(Bucket=bucket, Key="k")
    with refused("403", "Forbidden", 403):
        mine.head_object(Bucket=bucket, Key="k")
    ann(allow(["s3:GetObject", "s3:ListBucket"]))
    with refused("NoSuchKey", "The specified key does not exist.", 404):
        mine.get_object(Bucket=bucket, Key="k")
    with refused("404", status=404):
        mine.head_object(Bucket=bucket, Key="k")
    ann(allow("s3:ListBucket"))
    with refused("NoSuchKey", status=404):
        mine.get_object(Bucket=bucket, Key="k")
    with refused("AccessDenied", missing("s3:GetObject", f"{BUCKET}/there"), 403):
        mine.get_object(Bucket=bucket, Key="there")


def test_a_bucket_that_is_missing_is_no_secret(ann, anonymous, refused):
    mine = ann()
    for client in (mine, anonymous):
        with refused("NoSuchBucket", "The specified bucket does not exist", 404):
            client.get_object(Bucket="nowhere", Key="k")


def test_a_delete_marker_is_told_to_who_may_list(s3, versioned, ann, refused):
    s3.put_object(Bucket=versioned, Key="k")
    s3.delete_object(Bucket=versioned, Key="k")
    mine = ann(allow("s3:GetObject"))
    with refused("AccessDenied", status=403) as refusal:
        mine.get_object(Bucket=versioned, Key="k")
    assert "x-amz-delete-marker" not in refusal.headers
    ann(allow(["s3:GetObject", "s3:ListBucket"]))
    with refused("NoSuchKey", status=404) as refusal:
        mine.get_object(Bucket=versioned, Key="k")
    assert refusal.headers["x-amz-delete-marker"] == "true"


def test_versions_have_permissions_of_their_own(s3, versioned, ann, refused):
    id = s3.put_object(Bucket=versioned, Key="k", Body=b"1")["VersionId"]
    mine = ann(allow(["s3:GetObject", "s3:DeleteObject"]))
    mine.get_object(Bucket=versioned, Key="k")
    with refused("AccessDenied", missing("s3:GetObjectVersion", "arn:aws:s3:::history/k"), 403):
        mine.get_object(Bucket=versioned, Key="k", VersionId=id)
    with refused("AccessDenied", missing("s3:DeleteObjectVersion", "arn:aws:s3:::history/k"), 403):
        mine.delete_object(Bucket=versioned, Key="k", VersionId=id)
    mine.delete_object(Bucket=versioned, Key="k")
    ann(allow(["s3:GetObjectVersion", "s3:ListBucketVersions"]))
    assert mine.get_object(Bucket=versioned, Key="k", VersionId=id)["Body"].read() == b"1"


def test_a_version_that_is_missing_is_told_to_who_may_list_them(s3, versioned, ann, refused):
    id = s3.put_object(Bucket=versioned, Key="k", Body=b"1")["VersionId"]
    s3.delete_object(Bucket=versioned, Key="k", VersionId=id)
    mine = ann(allow(["s3:GetObjectVersion", "s3:ListBucket"]))
    with refused("AccessDenied", missing("s3:ListBucketVersions", "arn:aws:s3:::history"), 403):
        mine.get_object(Bucket=versioned, Key="k", VersionId=id)
    ann(allow(["s3:GetObjectVersion", "s3:ListBucketVersions"]))
    with refused("NoSuchVersion", status=404):
        mine.get_object(Bucket=versioned, Key="k", VersionId=id)


def test_what_a_list_gives_an_account_its_policies_hand_on(s3, ann, refused):
    s3.create_bucket(Bucket="listed", ObjectOwnership="ObjectWriter")
    s3.delete_public_access_block(Bucket="listed")
    s3.put_object(Bucket="listed", Key="k", Body=b"1")
    mine = ann()
    for call in (mine.get_object, mine.put_object):
        with refused("AccessDenied", status=403):
            call(Bucket="listed", Key="k")
    s3.put_object_acl(Bucket="listed", Key="k", ACL="authenticated-read")
    assert mine.get_object(Bucket="listed", Key="k")["Body"].read() == b"1"


def test_a_copy_reads_and_writes(s3, bucket, ann, refused):
    s3.create_bucket(Bucket="copies")
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    mine = ann(allow("s3:PutObject"))
    copied = {"Bucket": "copies", "Key": "k", "CopySource": f"{bucket}/k"}
    with refused("AccessDenied", missing("s3:GetObject", f"{BUCKET}/k"), 403):
        mine.copy_object(**copied)
    ann(allow("s3:GetObject"))
    with refused("AccessDenied", missing("s3:PutObject", "arn:aws:s3:::copies/k"), 403):
        mine.copy_object(**copied)
    ann(allow(["s3:GetObject", "s3:PutObject"]))
    mine.copy_object(**copied)
    ann(allow("s3:GetObject"), allow("s3:PutObject", Condition={"StringEquals": {"s3:x-amz-copy-source": "/a/b"}}))
    with refused("AccessDenied", status=403):
        mine.copy_object(**copied)


def test_a_copy_takes_tags_along_with_permission(s3, bucket, ann, refused):
    s3.create_bucket(Bucket="copies")
    s3.put_object(Bucket=bucket, Key="k", Body=b"1", Tagging="a=1")
    copied = {"Bucket": "copies", "Key": "k", "CopySource": f"{bucket}/k"}
    mine = ann(allow(["s3:GetObject", "s3:PutObject"]))
    with refused("AccessDenied", missing("s3:GetObjectTagging", f"{BUCKET}/k"), 403):
        mine.copy_object(**copied)
    mine.copy_object(**copied, TaggingDirective="REPLACE")
    assert s3.get_object_tagging(Bucket="copies", Key="k")["TagSet"] == []
    ann(allow(["s3:GetObject", "s3:PutObject", "s3:GetObjectTagging"]))
    with refused("AccessDenied", missing("s3:PutObjectTagging", "arn:aws:s3:::copies/k"), 403):
        mine.copy_object(**copied)
    ann(allow(["s3:GetObject", "s3:PutObject", "s3:GetObjectTagging", "s3:PutObjectTagging"]))
    mine.copy_object(**copied)
    assert s3.get_object_tagging(Bucket="copies", Key="k")["TagSet"] == [{"Key": "a", "Value": "1"}]


def test_to_delete_what_is_unchanged_one_must_be_able_to_read_it(s3, bucket, ann, keys, refused):
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"1")["ETag"]
    mine = ann(allow("s3:DeleteObject"))
    message = missing("s3:GetObject", f"{BUCKET}/k")
    with refused("AccessDenied", message, 403):
        mine.delete_object(Bucket=bucket, Key="k", IfMatch=etag)
    answer = mine.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "k", "ETag": etag}]})
    assert [each["Message"] for each in answer["Errors"]] == [message]
    assert keys(bucket) == ["k"]
    mine.delete_object(Bucket=bucket, Key="k", IfMatch="*")
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    ann(allow("s3:DeleteObject", Condition={"Null": {"s3:if-match": "false"}}), allow("s3:GetObject"))
    answer = mine.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "k"}]})
    assert [each["Code"] for each in answer["Errors"]] == ["AccessDenied"]
    answer = mine.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "k", "ETag": etag}]})
    assert [each["Key"] for each in answer["Deleted"]] == ["k"]


@pytest.mark.parametrize(
    ("more", "action"),
    [
        ({"Tagging": "team=red"}, "s3:PutObjectTagging"),
        ({"ACL": "bucket-owner-full-control"}, "s3:PutObjectAcl"),
        ({"ObjectLockLegalHoldStatus": "ON"}, "s3:PutObjectLegalHold"),
        ({"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": "2099-01-01"}, "s3:PutObjectRetention"),
    ],
)
def test_headers_need_permissions_of_their_own(locked, ann, refused, more, action):
    mine = ann(allow("s3:PutObject"))
    with refused("AccessDenied", missing(action, "arn:aws:s3:::vault/k"), 403):
        mine.put_object(Bucket=locked, Key="k", Body=b"1", **more)
    ann(allow(["s3:PutObject", action]))
    mine.put_object(Bucket=locked, Key="k", Body=b"1", **more)


def test_each_key_of_a_batch_is_judged_alone(s3, bucket, ann, keys):
    for key in ("mine/a", "other/a"):
        s3.put_object(Bucket=bucket, Key=key)
    mine = ann(allow("s3:DeleteObject", f"{BUCKET}/mine/*"))
    answer = mine.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "mine/a"}, {"Key": "other/a"}]})
    assert [each["Key"] for each in answer["Deleted"]] == ["mine/a"]
    (error,) = answer["Errors"]
    assert (error["Key"], error["Code"]) == ("other/a", "AccessDenied")
    assert error["Message"] == missing("s3:DeleteObject", f"{BUCKET}/other/a")
    assert keys(bucket) == ["other/a"]


# --- object lock


@pytest.mark.rule("s3-137")
def test_governance_is_bypassed_by_who_may_and_says_so(s3, locked, ann, refused):
    until = {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": "2099-01-01"}
    id = s3.put_object(Bucket=locked, Key="k", Body=b"1", **until)["VersionId"]
    mine = ann(allow(["s3:DeleteObject*", "s3:GetObject*"]))
    version = {"Bucket": locked, "Key": "k", "VersionId": id}
    with refused("AccessDenied", "Access Denied because object protected by object lock.", 403):
        mine.delete_object(**version)
    bypass = missing("s3:BypassGovernanceRetention", "arn:aws:s3:::vault/k")
    with refused("AccessDenied", bypass, 403):
        mine.delete_object(**version, BypassGovernanceRetention=True)
    answer = mine.delete_objects(
        Bucket=locked, Delete={"Objects": [{"Key": "k", "VersionId": id}]}, BypassGovernanceRetention=True
    )
    assert [each["Message"] for each in answer["Errors"]] == [bypass]
    ann(allow(["s3:DeleteObject*", "s3:GetObject*", "s3:BypassGovernanceRetention"]))
    with refused("AccessDenied", "Access Denied because object protected by object lock.", 403):
        mine.delete_object(**version)
    assert mine.get_object(**version)["Body"].read() == b"1"
    mine.delete_object(**version, BypassGovernanceRetention=True)
    with refused("NoSuchVersion", status=404):
        s3.get_object(**version)


@pytest.mark.rule("s3-138", "s3-139")
def test_governance_is_changed_by_who_may_bypass_it(s3, locked, ann, refused):
    until = {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": "2099-01-01"}
    s3.put_object(Bucket=locked, Key="k", Body=b"1", **until)
    mine = ann(allow("s3:PutObjectRetention"))
    shorter = {"Mode": "GOVERNANCE", "RetainUntilDate": "2098-01-01"}
    for retention in (shorter, {"Mode": "COMPLIANCE", "RetainUntilDate": "2099-01-01"}, {}):
        with refused("AccessDenied", "Access Denied because object protected by object lock.", 403):
            mine.put_object_retention(Bucket=locked, Key="k", Retention=retention)
        with refused("AccessDenied", missing("s3:BypassGovernanceRetention", "arn:aws:s3:::vault/k"), 403):
            mine.put_object_retention(Bucket=locked, Key="k", Retention=retention, BypassGovernanceRetention=True)
    assert s3.get_object_retention(Bucket=locked, Key="k")["Retention"]["RetainUntilDate"].year == 2099
    ann(allow(["s3:PutObjectRetention", "s3:BypassGovernanceRetention"]))
    mine.put_object_retention(Bucket=locked, Key="k", Retention=shorter, BypassGovernanceRetention=True)
    assert s3.get_object_retention(Bucket=locked, Key="k")["Retention"]["RetainUntilDate"].year == 2098
    mine.put_object_retention(Bucket=locked, Key="k", Retention={}, BypassGovernanceRetention=True)
    with refused("NoSuchObjectLockConfiguration", status=404):
        s3.get_object_retention(Bucket=locked, Key="k")


@pytest.mark.rule("s3-142")
def test_a_legal_hold_needs_its_permission(s3, locked, ann, refused):
    s3.put_object(Bucket=locked, Key="k", Body=b"1", ObjectLockLegalHoldStatus="ON")
    mine = ann(allow(["s3:PutObject", "s3:PutObjectRetention"]))
    for status in ("ON", "OFF"):
        with refused("AccessDenied", missing("s3:PutObjectLegalHold", "arn:aws:s3:::vault/k"), 403):
            mine.put_object_legal_hold(Bucket=locked, Key="k", LegalHold={"Status": status})
    assert s3.get_object_legal_hold(Bucket=locked, Key="k")["LegalHold"]["Status"] == "ON"
    ann(allow("s3:PutObjectLegalHold"))
    mine.put_object_legal_hold(Bucket=locked, Key="k", LegalHold={"Status": "OFF"})


def test_retention_may_be_bounded_by_policy(locked, ann, refused, aws):
    days = {"NumericLessThanEquals": {"s3:object-lock-remaining-retention-days": "30"}}
    mine = ann(allow("s3:PutObject"), allow("s3:PutObjectRetention", Condition=days))
    now = aws.clock.now()
    put = {"Bucket": locked, "Key": "k", "Body": b"1", "ObjectLockMode": "GOVERNANCE"}

    mine.put_object(**put, ObjectLockRetainUntilDate=now + timedelta(days=30))
    with refused("AccessDenied", status=403):
        mine.put_object(**put, ObjectLockRetainUntilDate=now + timedelta(days=32))


# --- bucket policies


@pytest.mark.rule("s3-196", "s3-179")
def test_a_policy_for_everyone_opens_objects_for_reading_and_no_more(s3, bucket, opened, anonymous, refused):
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    with refused("AccessDenied", "Access Denied", 403):
        anonymous.get_object(Bucket=bucket, Key="k")
    opened(allow("s3:GetObject", f"{BUCKET}/*", Principal="*"))
    assert s3.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"]["IsPublic"] is True
    assert anonymous.get_object(Bucket=bucket, Key="k")["Body"].read() == b"1"
    with refused("AccessDenied", "Access Denied", 403):
        anonymous.put_object(Bucket=bucket, Key="k", Body=b"2")
    with refused("AccessDenied", "Access Denied", 403):
        anonymous.get_object(Bucket=bucket, Key="missing")
    with refused("AccessDenied", "Access Denied", 403):
        anonymous.list_objects_v2(Bucket=bucket)
    s3.delete_bucket_policy(Bucket=bucket)
    with refused("AccessDenied", "Access Denied", 403):
        anonymous.get_object(Bucket=bucket, Key="k")


@pytest.mark.rule("s3-203")
def test_everyone_may_be_let_in_over_https(s3, bucket, opened, anonymous, refused):
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    opened(allow("s3:GetObject", f"{BUCKET}/*", Principal="*", Condition={"Bool": {"aws:SecureTransport": "true"}}))
    assert anonymous.get_object(Bucket=bucket, Key="k")["Body"].read() == b"1"
    assert requests.get("http://reports.s3.amazonaws.com/k").status_code == 403


@pytest.mark.rule("s3-190")
def test_a_restricted_bucket_is_public_to_its_own_account_only(s3, bucket, opened, anonymous, other, ann, refused):
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    opened(allow("s3:GetObject", f"{BUCKET}/*", Principal="*"))
    mine = ann()
    for client in (anonymous, other, mine):
        client.get_object(Bucket=bucket, Key="k")
    s3.put_public_access_block(
        Bucket=bucket, PublicAccessBlockConfiguration={"RestrictPublicBuckets": True, "BlockPublicPolicy": False}
    )
    for client in (anonymous, other):
        with refused("AccessDenied", "Access Denied", 403):
            client.get_object(Bucket=bucket, Key="k")
    assert mine.get_object(Bucket=bucket, Key="k")["Body"].read() == b"1"


@pytest.mark.rule("s3-207")
def test_the_policy_is_judged_before_default_encryption(s3, bucket, policy, refused):
    s3.put_bucket_encryption(
        Bucket=bucket,
        ServerSideEncryptionConfiguration={
            "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
        },
    )
    absent = {"Null": {"s3:x-amz-server-side-encryption": "true"}}
    policy(deny("s3:PutObject", f"{BUCKET}/*", Principal="*", Condition=absent))
    message = (
        f"User: arn:aws:iam::{ACCOUNT}:user/awsim is not authorized to perform: s3:PutObject on resource: "
        f'"{BUCKET}/k" with an explicit deny in a resource-based policy'
    )
    with refused("AccessDenied", message, 403):
        s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    s3.put_object(Bucket=bucket, Key="k", Body=b"1", ServerSideEncryption="AES256")


@pytest.mark.rule("s3-198")
def test_a_caller_let_in_keeps_its_own_permissions(s3, bucket, policy, other):
    policy(allow("s3:PutObject", f"{BUCKET}/*", Principal={"AWS": OTHER}))
    other.create_bucket(Bucket="theirs")
    other.put_object(Bucket="theirs", Key="own", Body=b"1")
    other.put_object(Bucket=bucket, Key="k", Body=other.get_object(Bucket="theirs", Key="own")["Body"].read())
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"1"


def test_another_account_needs_both_sides(s3, bucket, policy, aws, refused):
    iam = boto3.client("iam", aws_access_key_id=OTHER, aws_secret_access_key="secret")
    iam.create_user(UserName="bob")
    key = iam.create_access_key(UserName="bob")["AccessKey"]
    bob = boto3.client(
        "s3",
        region_name="us-east-1",
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    )
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    policy(allow("s3:GetObject", f"{BUCKET}/*", Principal={"AWS": f"arn:aws:iam::{OTHER}:user/bob"}))
    with refused("AccessDenied", "Access Denied", 403):
        bob.get_object(Bucket=bucket, Key="k")
    iam.put_user_policy(UserName="bob", PolicyName="own", PolicyDocument=document(allow("s3:GetObject")))
    assert bob.get_object(Bucket=bucket, Key="k")["Body"].read() == b"1"


@pytest.mark.rule("s3-194")
def test_principals_exist(s3, bucket, policy, iam, refused):
    iam.create_role(RoleName="reader", AssumeRolePolicyDocument=document(
        {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}
    ))  # fmt: skip
    good = (
        f"arn:aws:iam::{ACCOUNT}:role/reader",
        f"arn:aws:iam::{ACCOUNT}:root",
        OTHER,
        "arn:aws:iam::333333333333:user/x",
    )
    for arn in good:
        policy(allow("s3:GetObject", f"{BUCKET}/*", Principal={"AWS": arn}))
    before = s3.get_bucket_policy(Bucket=bucket)["Policy"]
    for arn in (f"arn:aws:iam::{ACCOUNT}:user/nobody", f"arn:aws:iam::{ACCOUNT}:role/nobody"):
        with refused("MalformedPolicy", "Invalid principal in policy", Detail=f'"AWS" : "{arn}"'):
            policy(allow("s3:GetObject", f"{BUCKET}/*", Principal={"AWS": arn}))
    assert s3.get_bucket_policy(Bucket=bucket)["Policy"] == before


def test_the_policy_is_the_owners_to_see(s3, bucket, policy, other, refused):
    policy(allow("s3:*", [BUCKET, f"{BUCKET}/*"], Principal={"AWS": OTHER}))
    message = "The specified method is not allowed against this resource."
    with refused("MethodNotAllowed", message, 405):
        other.get_bucket_policy(Bucket=bucket)
    with refused("MethodNotAllowed", message, 405):
        other.put_bucket_policy(Bucket=bucket, Policy="{}")
    assert other.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"]["IsPublic"] is False


def test_the_root_user_can_always_repair_a_policy(aws, s3, bucket, policy, refused):
    policy(deny("s3:*", [BUCKET, f"{BUCKET}/*"], Principal="*"))
    for call in (s3.get_bucket_policy, s3.delete_bucket_policy, s3.head_bucket):
        with refused("403" if call == s3.head_bucket else "AccessDenied", status=403):
            call(Bucket=bucket)
    with aws.acting_as(f"arn:aws:iam::{ACCOUNT}:root"):
        assert "Deny" in s3.get_bucket_policy(Bucket=bucket)["Policy"]
        with refused("AccessDenied", status=403):
            s3.list_objects_v2(Bucket=bucket)
        s3.delete_bucket_policy(Bucket=bucket)
    s3.list_objects_v2(Bucket=bucket)


# --- condition keys


def test_tags_of_an_object(s3, bucket, ann, refused):
    for key, tags in (("open", "secret=no"), ("shut", "secret=yes"), ("bare", "")):
        s3.put_object(Bucket=bucket, Key=key, Body=b"1", Tagging=tags)
    mine = ann(allow("s3:GetObject", Condition={"StringEquals": {"s3:ExistingObjectTag/secret": "no"}}))
    mine.get_object(Bucket=bucket, Key="open")
    for key in ("shut", "bare"):
        with refused("AccessDenied", missing("s3:GetObject", f"{BUCKET}/{key}"), 403):
            mine.get_object(Bucket=bucket, Key=key)


def test_tags_that_a_request_brings(bucket, ann, refused):
    tagged = {
        "StringEquals": {"s3:RequestObjectTag/team": "red"},
        "ForAllValues:StringEquals": {"s3:RequestObjectTagKeys": ["team", "year"]},
    }
    mine = ann(allow(["s3:PutObject", "s3:PutObjectTagging"], Condition=tagged))
    mine.put_object(Bucket=bucket, Key="k", Tagging="team=red&year=2026")
    for tags in ("team=blue", "team=red&cost=1", ""):
        with refused("AccessDenied", status=403):
            mine.put_object(Bucket=bucket, Key="k", Tagging=tags)
    mine.put_object_tagging(Bucket=bucket, Key="k", Tagging={"TagSet": [{"Key": "team", "Value": "red"}]})


@pytest.mark.parametrize(
    ("condition", "good", "bad"),
    [
        ({"StringEquals": {"s3:x-amz-storage-class": "STANDARD_IA"}}, {"StorageClass": "STANDARD_IA"}, {}),
        (
            {"StringEquals": {"s3:x-amz-server-side-encryption": "aws:kms"}},
            {"ServerSideEncryption": "aws:kms"},
            {"ServerSideEncryption": "AES256"},
        ),
        (
            {"StringLike": {"s3:x-amz-server-side-encryption-aws-kms-key-id": "*:alias/mine"}},
            {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "arn:aws:kms:us-east-1:123456789012:alias/mine"},
            {"ServerSideEncryption": "aws:kms"},
        ),
        ({"StringEquals": {"s3:if-none-match": "*"}}, {"IfNoneMatch": "*"}, {}),
        ({"StringEquals": {"s3:ResourceAccount": ACCOUNT}}, {}, None),
        ({"StringNotEquals": {"s3:ResourceAccount": ACCOUNT}}, None, {}),
        ({"StringEquals": {"s3:authType": "REST-HEADER"}}, {}, None),
        ({"StringEquals": {"s3:signatureversion": "AWS4-HMAC-SHA256"}}, {}, None),
        ({"StringEquals": {"s3:signatureversion": "AWS"}}, None, {}),
        ({"NumericGreaterThanEquals": {"s3:TlsVersion": "1.2"}}, {}, None),
        ({"Bool": {"aws:SecureTransport": "false"}}, None, {}),
    ],
)  # fmt: skip
def test_what_a_write_brings(bucket, ann, refused, condition, good, bad):
    mine = ann(allow("s3:PutObject", Condition=condition))
    if good is not None:
        mine.put_object(Bucket=bucket, Key="k", **good)
    if bad is not None:
        with refused("AccessDenied", missing("s3:PutObject", f"{BUCKET}/j"), 403):
            mine.put_object(Bucket=bucket, Key="j", **bad)


def test_writes_that_must_be_conditional(s3, bucket, policy, refused):
    condition = {"Null": {"s3:if-none-match": "true"}, "Bool": {"s3:ObjectCreationOperation": "true"}}
    policy(deny("s3:PutObject", f"{BUCKET}/*", Principal="*", Condition=condition))
    with refused("AccessDenied", status=403):
        s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    s3.put_object(Bucket=bucket, Key="k", Body=b"1", IfNoneMatch="*")
    upload = {"Bucket": bucket, "Key": "u"}
    upload["UploadId"] = s3.create_multipart_upload(**upload)["UploadId"]
    etag = s3.upload_part(**upload, PartNumber=1, Body=b"1")["ETag"]
    parts = {"Parts": [{"PartNumber": 1, "ETag": etag}]}
    with refused("AccessDenied", status=403):
        s3.complete_multipart_upload(**upload, MultipartUpload=parts)
    s3.complete_multipart_upload(**upload, MultipartUpload=parts, IfNoneMatch="*")


def test_the_region_of_a_new_bucket(ann, refused):
    ann(allow("s3:CreateBucket", Condition={"StringEquals": {"s3:LocationConstraint": "eu-west-1"}}))
    mine = ann()
    with refused("AccessDenied", status=403):
        mine.create_bucket(Bucket="here")
    mine.create_bucket(Bucket="there", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})


def test_a_name_that_is_taken_is_said_so(s3, bucket, other, ann, refused):
    with refused("BucketAlreadyExists", status=409):
        other.create_bucket(Bucket=bucket)
    mine = ann()
    with refused("AccessDenied", missing("s3:CreateBucket", BUCKET), 403):
        mine.create_bucket(Bucket=bucket)


# --- presigned URLs and forms


@pytest.mark.rule("s3-213")
def test_a_presigned_url_is_judged_when_it_is_used(s3, bucket, ann):
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    mine = ann(allow("s3:ListBucket"), signature_version="s3v4")
    read = mine.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"})
    written = mine.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "k"})
    answer = requests.get(read)
    assert answer.status_code == 403 and "<Code>AccessDenied</Code>" in answer.text
    assert requests.put(written, data=b"2").status_code == 403
    ann(allow(["s3:GetObject", "s3:PutObject"]))
    assert requests.get(read).text == "1"
    assert requests.put(written, data=b"2").status_code == 200
    ann(deny("s3:*"))
    assert requests.get(read).status_code == 403


def test_the_age_of_a_signature(s3, bucket, ann, policy, aws):
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    policy(deny("s3:*", f"{BUCKET}/*", Principal="*", Condition={"NumericGreaterThan": {"s3:signatureAge": "600000"}}))
    mine = ann(allow("s3:GetObject"), signature_version="s3v4")
    url = mine.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"}, ExpiresIn=3600)
    assert requests.get(url).status_code == 200
    aws.clock.advance(minutes=11)
    assert requests.get(url).status_code == 403
    # What is signed in a header has no such age.
    mine.get_object(Bucket=bucket, Key="k")


def test_how_a_request_is_signed(s3, bucket, ann):
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    in_query = {"StringEquals": {"s3:authType": "REST-QUERY-STRING"}}
    mine = ann(allow("s3:GetObject", Condition=in_query), signature_version="s3v4")
    url = mine.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"})
    assert requests.get(url).status_code == 200
    with pytest.raises(mine.exceptions.ClientError, match="s3:GetObject"):
        mine.get_object(Bucket=bucket, Key="k")


def test_a_form_is_judged_by_its_signer(s3, bucket, ann, keys):
    form = {"StringEquals": {"s3:authType": "POST"}}
    mine = ann(allow("s3:GetObject"), signature_version="s3v4")
    post = mine.generate_presigned_post(bucket, "k")
    files = {"file": ("f", b"1")}
    assert requests.post(post["url"], data=post["fields"], files=files).status_code == 403
    assert keys(bucket) == []
    ann(allow("s3:PutObject", Condition=form))
    assert requests.post(post["url"], data=post["fields"], files=files).status_code == 204
    with pytest.raises(mine.exceptions.ClientError):
        mine.put_object(Bucket=bucket, Key="k")
    assert keys(bucket) == ["k"]


def test_a_form_needs_the_permission_to_put(aws, s3, bucket, ann):
    mine = ann(allow("s3:PutObject"), signature_version="s3v4")
    post = mine.generate_presigned_post(bucket, "k")
    before = len(aws.calls.of("s3:PostObject"))
    requests.post(post["url"], data=post["fields"], files={"file": ("f", b"1")})
    assert len(aws.calls.of("s3:PostObject")) == before + 1
    actions = [action for each in aws.calls.policy()["Statement"] for action in each["Action"]]
    assert "s3:PutObject" in actions and "s3:PostObject" not in actions


def test_nobody_may_post_but_where_everybody_may_write(s3, bucket, opened, keys):
    url = "https://reports.s3.amazonaws.com/"
    assert requests.post(url, data={"key": "k"}, files={"file": ("f", b"1")}).status_code == 403
    opened(allow("s3:PutObject", f"{BUCKET}/*", Principal="*"))
    assert requests.post(url, data={"key": "k"}, files={"file": ("f", b"1")}).status_code == 204
    assert keys(bucket) == ["k"]


def test_a_preflight_needs_no_permission(s3, bucket):
    rule = {"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [rule]})
    headers = {"Origin": "https://example.com", "Access-Control-Request-Method": "GET"}
    assert requests.options("https://reports.s3.amazonaws.com/k", headers=headers).status_code == 200


def test_keys_that_do_not_exist(refused, aws):
    stranger = boto3.client("s3", region_name="us-east-1", config=Config(signature_version=UNSIGNED))
    with refused("AccessDenied", "Access Denied", 403):
        stranger.list_buckets()


@pytest.mark.parametrize("resource", ["*", "arn:aws:s3:::*", "arn:*:s3:::*"])
def test_the_list_of_buckets_is_a_permission_on_all_buckets(ann, bucket, resource):
    answer = ann(allow("s3:ListAllMyBuckets", resource)).list_buckets()
    assert [each["Name"] for each in answer["Buckets"]] == [bucket]


def test_the_list_of_buckets_is_no_permission_on_some(ann, bucket, refused):
    client = ann(allow("s3:ListAllMyBuckets", BUCKET))
    why = "because no identity-based policy allows the s3:ListAllMyBuckets action"
    with refused("AccessDenied", f"User: {ANN} is not authorized to perform: s3:ListAllMyBuckets {why}", 403):
        client.list_buckets()

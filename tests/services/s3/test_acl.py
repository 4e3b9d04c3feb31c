"""Access control lists at work: who is let in, who owns what, what of it public access settings leave."""

import json

import boto3
import pytest
import requests
from botocore.config import Config

ACCOUNT, OTHER = "123456789012", "210987654321"
EVERYBODY = "http://acs.amazonaws.com/groups/global/AllUsers"
ANONYMOUS = "65a011a29cdf8ec533ec3d1ccaae921c"


@pytest.fixture
def canonical(s3, other):
    """Account -> canonical user id."""
    return {
        ACCOUNT: s3.list_buckets()["Owner"]["ID"],
        OTHER: other.list_buckets()["Owner"]["ID"],
    }


@pytest.fixture
def third(aws):
    return boto3.client("s3", region_name="us-east-1", aws_access_key_id="333333333333", aws_secret_access_key="secret")


@pytest.fixture
def listed(s3):
    """A bucket where lists count and may be public; objects are their writers'."""
    s3.create_bucket(Bucket="listed", ObjectOwnership="ObjectWriter")
    s3.delete_public_access_block(Bucket="listed")
    return "listed"


@pytest.fixture
def shut(refused):
    """`shut(call, …)`: it is refused without a word why."""

    def check(call, **parameters):
        code = "403" if "head" in call.__name__ else "AccessDenied"
        with refused(code, "Forbidden" if code == "403" else "Access Denied", 403):
            call(**parameters)

    return check


# --- grants


@pytest.mark.rule("s3-183")
def test_a_public_object_can_be_read_by_anyone(s3, bucket, listed, anonymous, other, shut, refused):
    s3.put_object(Bucket=listed, Key="k", Body=b"1")
    place = {"Bucket": listed, "Key": "k"}
    for client in (anonymous, other):
        shut(client.get_object, **place)
    s3.put_object_acl(**place, ACL="public-read")
    for client in (anonymous, other):
        assert client.get_object(**place)["Body"].read() == b"1"
        assert client.head_object(**place)["ContentLength"] == 1
        shut(client.put_object, **place)
        shut(client.get_object_acl, **place)
        shut(client.list_objects_v2, Bucket=listed)
        shut(client.get_object, Bucket=listed, Key="missing")
    s3.put_object_acl(**place, ACL="authenticated-read")
    shut(anonymous.get_object, **place)
    assert other.get_object(**place)["Body"].read() == b"1"
    # Since April 2023 lists must be switched on, and the block lifted, first.
    s3.put_object(Bucket=bucket, Key="k")
    with refused("AccessControlListNotSupported", "The bucket does not allow ACLs"):
        s3.put_object_acl(Bucket=bucket, Key="k", ACL="public-read")


@pytest.mark.rule("s3-184")
def test_grants_give_each_its_own(s3, listed, other, canonical, shut):
    s3.put_object(Bucket=listed, Key="k", Body=b"1")
    bucket, key = {"Bucket": listed}, {"Bucket": listed, "Key": "k"}
    grantee = f'id="{canonical[OTHER]}"'
    ways = {
        "GrantRead": (lambda: other.list_objects_v2(**bucket), lambda: other.list_object_versions(**bucket)),
        "GrantWrite": (lambda: other.put_object(Bucket=listed, Key="new", Body=b"2"),),
        "GrantReadACP": (lambda: other.get_bucket_acl(**bucket),),
        "GrantWriteACP": (lambda: other.put_bucket_acl(**bucket, GrantWriteACP=grantee),),
    }
    for header in (*ways, "GrantFullControl"):
        s3.put_bucket_acl(**bucket, **{header: grantee})
        for way, calls in ways.items():
            for call in calls:
                if header in (way, "GrantFullControl"):
                    call()
                else:
                    shut(call)
    s3.put_bucket_acl(**bucket, ACL="private")
    ways = {
        "GrantRead": lambda: other.get_object(**key),
        "GrantReadACP": lambda: other.get_object_acl(**key),
        "GrantWriteACP": lambda: other.put_object_acl(**key, GrantWriteACP=grantee),
    }
    for header in (*ways, "GrantFullControl"):
        s3.put_object_acl(**key, **{header: grantee})
        for way, call in ways.items():
            if header in (way, "GrantFullControl"):
                call()
            else:
                shut(call)


@pytest.mark.rule("s3-185")
@pytest.mark.parametrize("way", ["grant", "account", "canonical"])
def test_another_account_is_given_access(s3, listed, other, third, canonical, shut, way):
    s3.put_object(Bucket=listed, Key="k")
    shut(other.list_objects_v2, Bucket=listed)
    if way == "grant":
        s3.put_bucket_acl(Bucket=listed, GrantRead=f"id={canonical[OTHER]}")
    else:
        principal = {"AWS": OTHER} if way == "account" else {"CanonicalUser": canonical[OTHER]}
        statement = {"Effect": "Allow", "Principal": principal, "Action": "s3:ListBucket"}
        document = {"Version": "2012-10-17", "Statement": [{**statement, "Resource": f"arn:aws:s3:::{listed}"}]}
        s3.put_bucket_policy(Bucket=listed, Policy=json.dumps(document))
    assert [each["Key"] for each in other.list_objects_v2(Bucket=listed)["Contents"]] == ["k"]
    shut(third.list_objects_v2, Bucket=listed)


def test_who_may_list_learns_what_is_missing(s3, listed, anonymous, refused):
    s3.put_bucket_acl(Bucket=listed, ACL="public-read")
    with refused("NoSuchKey", status=404):
        anonymous.get_object(Bucket=listed, Key="missing")
    s3.put_object(Bucket=listed, Key="k")
    with refused("AccessDenied", "Access Denied", 403):
        anonymous.get_object(Bucket=listed, Key="k")


def test_a_policy_that_denies_is_above_any_list(s3, listed, anonymous, shut):
    s3.put_object(Bucket=listed, Key="k", Body=b"1", ACL="public-read")
    anonymous.get_object(Bucket=listed, Key="k")
    statement = {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{listed}/*"}
    s3.put_bucket_policy(Bucket=listed, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    shut(anonymous.get_object, Bucket=listed, Key="k")


# --- owners


def test_objects_are_their_writers(s3, listed, other, canonical, shut):
    s3.put_bucket_acl(Bucket=listed, ACL="public-read-write")
    place = {"Bucket": listed, "Key": "k"}
    other.put_object(**place, Body=b"1")
    for call in (s3.get_object, s3.head_object, s3.get_object_acl):
        shut(call, **place)
    shut(s3.copy_object, Bucket=listed, Key="copy", CopySource=place)
    assert other.get_object_acl(**place)["Owner"]["ID"] == canonical[OTHER]
    (entry,) = s3.list_objects(Bucket=listed)["Contents"]
    assert entry["Owner"]["ID"] == canonical[OTHER]
    # What is in its bucket the owner can always be rid of.
    s3.delete_object(**place)
    other.put_object(**place, Body=b"1", ACL="bucket-owner-read")
    assert s3.get_object(**place)["Body"].read() == b"1"
    shut(s3.get_object_acl, **place)
    other.put_object_acl(**place, ACL="bucket-owner-full-control")
    grants = s3.get_object_acl(**place)["Grants"]
    assert [(each["Grantee"]["ID"], each["Permission"]) for each in grants] == [
        (canonical[OTHER], "FULL_CONTROL"),
        (canonical[ACCOUNT], "FULL_CONTROL"),
    ]


def test_a_policy_does_not_open_what_is_anothers(s3, listed, other, third, canonical, shut):
    s3.put_bucket_acl(Bucket=listed, GrantWrite=f"id={canonical[OTHER]}")
    other.put_object(Bucket=listed, Key="theirs", Body=b"1")
    s3.put_object(Bucket=listed, Key="mine", Body=b"1")
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{listed}/*"}
    s3.put_bucket_policy(Bucket=listed, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    assert third.get_object(Bucket=listed, Key="mine")["Body"].read() == b"1"
    shut(third.get_object, Bucket=listed, Key="theirs")
    assert other.get_object(Bucket=listed, Key="theirs")["Body"].read() == b"1"


def test_the_bucket_owner_preferred(s3, other, canonical, shut):
    s3.create_bucket(Bucket="preferred", ObjectOwnership="BucketOwnerPreferred")
    s3.put_bucket_acl(Bucket="preferred", GrantWrite=f"id={canonical[OTHER]}")
    other.put_object(Bucket="preferred", Key="theirs")
    other.put_object(Bucket="preferred", Key="given", ACL="bucket-owner-full-control")
    shut(s3.get_object, Bucket="preferred", Key="theirs")
    answer = s3.get_object_acl(Bucket="preferred", Key="given")
    assert answer["Owner"]["ID"] == canonical[ACCOUNT]
    assert [each["Grantee"]["ID"] for each in answer["Grants"]] == [canonical[ACCOUNT]]
    shut(other.get_object, Bucket="preferred", Key="given")


def test_where_lists_are_disabled_all_is_the_bucket_owners(s3, listed, other, anonymous, canonical, shut):
    s3.put_bucket_acl(Bucket=listed, ACL="public-read-write")
    other.put_object(Bucket=listed, Key="k", Body=b"1", ACL="public-read")
    s3.put_bucket_acl(Bucket=listed, ACL="private")
    enforced = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    s3.put_bucket_ownership_controls(Bucket=listed, OwnershipControls=enforced)
    for client in (other, anonymous):
        shut(client.get_object, Bucket=listed, Key="k")
    assert s3.get_object(Bucket=listed, Key="k")["Body"].read() == b"1"
    answer = s3.get_object_acl(Bucket=listed, Key="k")
    assert answer["Owner"]["ID"] == canonical[ACCOUNT]
    assert [each["Grantee"].get("ID") for each in answer["Grants"]] == [canonical[ACCOUNT]]
    # The lists are as before when they count again.
    s3.delete_bucket_ownership_controls(Bucket=listed)
    assert anonymous.get_object(Bucket=listed, Key="k")["Body"].read() == b"1"
    shut(s3.get_object_acl, Bucket=listed, Key="k")


def test_what_nobody_writes_is_nobodys(s3, listed, anonymous, canonical, shut):
    s3.put_bucket_acl(Bucket=listed, ACL="public-read-write")
    anonymous.put_object(Bucket=listed, Key="k", Body=b"1")
    (entry,) = s3.list_objects_v2(Bucket=listed, FetchOwner=True)["Contents"]
    assert entry["Owner"]["ID"] == ANONYMOUS
    shut(s3.get_object, Bucket=listed, Key="k")
    s3.delete_object(Bucket=listed, Key="k")


def test_who_may_write_may_not_delete_what_is_anothers(s3, listed, other, shut):
    s3.put_bucket_acl(Bucket=listed, ACL="public-read-write")
    s3.put_object(Bucket=listed, Key="k", Body=b"1")
    other.put_object(Bucket=listed, Key="own", Body=b"1")
    shut(other.delete_object, Bucket=listed, Key="k")
    other.delete_object(Bucket=listed, Key="own")
    answer = other.delete_objects(Bucket=listed, Delete={"Objects": [{"Key": "k"}]})
    assert [(each["Code"], each["Message"]) for each in answer["Errors"]] == [("AccessDenied", "Access Denied")]
    assert s3.get_object(Bucket=listed, Key="k")["Body"].read() == b"1"


def test_an_upload_is_its_initiators(s3, listed, other, third, canonical, shut):
    s3.put_bucket_acl(Bucket=listed, ACL="public-read-write")
    upload = {"Bucket": listed, "Key": "k"}
    upload["UploadId"] = other.create_multipart_upload(**upload)["UploadId"]
    etag = other.upload_part(**upload, PartNumber=1, Body=b"1")["ETag"]
    for call in (third.list_parts, third.abort_multipart_upload):
        shut(call, **upload)
    assert other.list_parts(**upload)["Owner"]["ID"] == canonical[OTHER]
    assert len(s3.list_parts(**upload)["Parts"]) == 1
    parts = {"Parts": [{"PartNumber": 1, "ETag": etag}]}
    other.complete_multipart_upload(**upload, MultipartUpload=parts)
    shut(s3.get_object, Bucket=listed, Key="k")
    assert other.get_object(Bucket=listed, Key="k")["Body"].read() == b"1"


def test_a_bucket_that_is_made_again_gets_a_new_list(s3, listed):
    s3.put_bucket_acl(Bucket=listed, ACL="public-read")
    s3.create_bucket(Bucket=listed)
    assert len(s3.get_bucket_acl(Bucket=listed)["Grants"]) == 1


# --- public access


@pytest.mark.rule("s3-188")
def test_public_lists_that_are_ignored(s3, listed, anonymous, other, canonical, shut):
    s3.put_object(Bucket=listed, Key="k", Body=b"1", ACL="public-read")
    s3.put_object(Bucket=listed, Key="theirs", Body=b"1", GrantRead=f"id={canonical[OTHER]}")
    anonymous.get_object(Bucket=listed, Key="k")
    block = {"IgnorePublicAcls": True, "BlockPublicAcls": False}
    s3.put_public_access_block(Bucket=listed, PublicAccessBlockConfiguration=block)
    for client in (anonymous, other):
        shut(client.get_object, Bucket=listed, Key="k")
    grants = s3.get_object_acl(Bucket=listed, Key="k")["Grants"]
    assert [each["Grantee"].get("URI") for each in grants] == [None, EVERYBODY]
    # What is given to an account is not public.
    assert other.get_object(Bucket=listed, Key="theirs")["Body"].read() == b"1"


def test_public_lists_that_are_blocked_leave_nothing_behind(s3, listed, refused, keys):
    s3.put_public_access_block(Bucket=listed, PublicAccessBlockConfiguration={"BlockPublicAcls": True})
    message = (
        f"User: arn:aws:iam::{ACCOUNT}:user/awsim is not authorized to perform: s3:PutObject on resource: "
        f'"arn:aws:s3:::{listed}/k" because public ACLs are prevented by the BlockPublicAcls setting in S3 Block '
        "Public Access."
    )
    for acl in ("public-read", "public-read-write", "authenticated-read"):
        with refused("AccessDenied", message, 403):
            s3.put_object(Bucket=listed, Key="k", ACL=acl)
    assert keys(listed) == []
    s3.put_object(Bucket=listed, Key="k", ACL="bucket-owner-read")


@pytest.mark.parametrize(
    ("condition", "public"),
    [
        (None, True),
        ({"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}, False),
        ({"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "0.0.0.0/0"]}}, True),
        ({"IpAddress": {"aws:SourceIp": "128.0.0.0/1"}}, True),
        ({"IpAddress": {"aws:SourceIp": "2001:4860::/16"}}, True),
        ({"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}, True),
        ({"StringEquals": {"aws:SourceVpc": "vpc-91237329"}}, False),
        ({"StringLike": {"aws:SourceVpc": "vpc-91237329"}}, False),
        ({"StringLike": {"aws:SourceVpc": "vpc-*"}}, True),
        ({"StringNotEquals": {"aws:SourceVpc": "vpc-91237329"}}, True),
        ({"StringEqualsIfExists": {"aws:SourceVpc": "vpc-91237329"}}, True),
        ({"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}, False),
        ({"StringEquals": {"aws:PrincipalOrgID": "${aws:PrincipalOrgID}"}}, True),
        ({"ArnLike": {"aws:SourceArn": "arn:aws:sns:us-east-1:123456789012:topic"}}, False),
        ({"ArnLike": {"aws:SourceArn": "arn:aws:sns:*"}}, True),
        ({"StringLike": {"aws:userid": "AROAEXAMPLEID:*"}}, True),
        ({"StringLike": {"s3:DataAccessPointArn": "arn:aws:s3:us-west-2:123456789012:accesspoint/*"}}, False),
        ({"Bool": {"aws:SecureTransport": "true"}}, True),
        ({"StringEquals": {"aws:Referer": "https://example.com/"}}, True),
    ],
)
def test_what_public_means(s3, listed, condition, public):
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{listed}/*"}
    if condition is not None:
        statement["Condition"] = condition
    denial = {**statement, "Effect": "Deny", "Principal": "*"}
    document = {"Version": "2012-10-17", "Statement": [statement, denial]}
    s3.put_bucket_policy(Bucket=listed, Policy=json.dumps(document))
    assert s3.get_bucket_policy_status(Bucket=listed)["PolicyStatus"]["IsPublic"] is public


@pytest.mark.parametrize(
    ("actions", "key", "message"),
    [
        ("s3:ListBucket", "s3:prefix", None),
        (["s3:GetObject", "s3:ListBucket"], "s3:prefix", "Conditions do not apply"),
        ("s3:GetObject", "s3:x-amz-acl", "Conditions do not apply"),
        ("s3:PutObject", "s3:X-Amz-Acl", None),
        ("s3:*", "s3:prefix", None),
        ("s3:GetObject", "s3:ExistingObjectTag/team", None),
        ("s3:DeleteObject", "s3:ExistingObjectTag/team", "Conditions do not apply"),
        ("s3:GetObject", "s3:colour", "Policy has an invalid condition key"),
        ("s3:GetObject", "s3:TlsVersion", None),
    ],
)
def test_condition_keys_fit_the_actions(s3, listed, refused, actions, key, message):
    places = [f"arn:aws:s3:::{listed}", f"arn:aws:s3:::{listed}/*"]
    statement = {"Effect": "Deny", "Principal": "*", "Action": actions, "Resource": places}
    statement["Condition"] = {"StringEquals": {key: "1"}}
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    if message is None:
        s3.put_bucket_policy(Bucket=listed, Policy=text)
        return
    if message.startswith("Conditions"):
        message = "Conditions do not apply to combination of actions and resources in statement"
    with refused("MalformedPolicy", message):
        s3.put_bucket_policy(Bucket=listed, Policy=text)


def test_an_account_blocks_for_all_its_buckets(aws, s3, listed, anonymous, shut, refused):
    s3.put_object(Bucket=listed, Key="k", Body=b"1", ACL="public-read")
    anonymous.get_object(Bucket=listed, Key="k")
    aws.service("s3", ACCOUNT, "us-east-1").account_blocks[ACCOUNT] = {
        "IgnorePublicAcls": True,
        "BlockPublicAcls": True,
    }
    shut(anonymous.get_object, Bucket=listed, Key="k")
    with refused("AccessDenied", status=403):
        s3.put_bucket_acl(Bucket=listed, ACL="public-read")
    with refused("NoSuchPublicAccessBlockConfiguration", status=404):
        s3.get_public_access_block(Bucket=listed)


@pytest.mark.aws(as_of="2023-01-01")
def test_before_april_2023_lists_were_on_and_nothing_blocked(s3, anonymous, refused):
    s3.create_bucket(Bucket="old", ACL="public-read")
    with refused("NoSuchPublicAccessBlockConfiguration", status=404):
        s3.get_public_access_block(Bucket="old")
    with refused("OwnershipControlsNotFoundError", status=404):
        s3.get_bucket_ownership_controls(Bucket="old")
    s3.put_object(Bucket="old", Key="k", Body=b"1", ACL="public-read")
    assert anonymous.get_object(Bucket="old", Key="k")["Body"].read() == b"1"
    assert [each["Key"] for each in anonymous.list_objects_v2(Bucket="old")["Contents"]] == ["k"]


# --- requester pays


@pytest.mark.rule("s3-157")
def test_requesters_say_that_they_pay(s3, bucket, other, anonymous, shut):
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:*"}
    document = {"Version": "2012-10-17", "Statement": [{**statement, "Resource": [f"arn:aws:s3:::{bucket}{end}" for end in ("", "/*")]}]}  # fmt: skip # noqa: E501
    s3.delete_public_access_block(Bucket=bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(document))
    other.get_object(Bucket=bucket, Key="k")
    s3.put_bucket_request_payment(Bucket=bucket, RequestPaymentConfiguration={"Payer": "Requester"})
    shut(other.get_object, Bucket=bucket, Key="k")
    shut(other.put_object, Bucket=bucket, Key="new")
    answer = other.get_object(Bucket=bucket, Key="k", RequestPayer="requester")
    assert (answer["Body"].read(), answer["RequestCharged"]) == (b"1", "requester")
    for call, more in (
        (other.head_object, {"Key": "k"}),
        (other.put_object, {"Key": "new"}),
        (other.list_objects_v2, {}),
        (other.delete_object, {"Key": "new"}),
    ):
        assert call(Bucket=bucket, RequestPayer="requester", **more)["RequestCharged"] == "requester"
    shut(anonymous.get_object, Bucket=bucket, Key="k")
    shut(anonymous.get_object, Bucket=bucket, Key="k", RequestPayer="requester")
    # The owner pays as ever.
    assert "RequestCharged" not in s3.get_object(Bucket=bucket, Key="k")
    signed = boto3.client(
        "s3",
        region_name="us-east-1",
        aws_access_key_id=OTHER,
        aws_secret_access_key="secret",
        config=Config(signature_version="s3v4"),
    )
    place = {"Bucket": bucket, "Key": "k"}
    assert requests.get(signed.generate_presigned_url("get_object", Params=place)).status_code == 403
    paid = signed.generate_presigned_url("get_object", Params={**place, "RequestPayer": "requester"})
    answer = requests.get(paid, headers={"x-amz-request-payer": "requester"})
    assert (answer.status_code, answer.headers["x-amz-request-charged"]) == (200, "requester")
    s3.put_bucket_request_payment(Bucket=bucket, RequestPaymentConfiguration={"Payer": "BucketOwner"})
    assert "RequestCharged" not in other.get_object(**place, RequestPayer="requester")

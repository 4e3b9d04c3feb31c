"""Access points: made, used as buckets, with policies of their own."""

import json

import boto3
import pytest
import requests
from botocore import UNSIGNED
from botocore.config import Config

from tests.services.s3control.conftest import ACCOUNT

ARN = f"arn:aws:s3:us-east-1:{ACCOUNT}:accesspoint/finance"


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action, resource, principal="*", effect="Allow", **more):
    return {"Effect": effect, "Principal": principal, "Action": action, "Resource": resource, **more}


@pytest.fixture
def point(control, bucket):
    return control.create_access_point(Name="finance", Bucket=bucket)


@pytest.mark.rule("s3control-002")
def test_an_endpoint_of_its_own(control, s3, bucket, refused):
    made = control.create_access_point(Name="finance", Bucket=bucket)
    assert made["AccessPointArn"] == ARN
    assert made["Alias"].startswith("finance-") and made["Alias"].endswith("-s3alias")
    assert len(made["Alias"]) == len("finance-") + 34 + len("-s3alias")
    told = control.get_access_point(Name="finance")
    told.pop("ResponseMetadata"), told.pop("CreationDate")
    assert told == {
        "Name": "finance",
        "Bucket": bucket,
        "NetworkOrigin": "Internet",
        "PublicAccessBlockConfiguration": {
            "BlockPublicAcls": True,
            "IgnorePublicAcls": True,
            "BlockPublicPolicy": True,
            "RestrictPublicBuckets": True,
        },
        "Alias": made["Alias"],
        "AccessPointArn": ARN,
        "Endpoints": {
            "ipv4": "s3-accesspoint.us-east-1.amazonaws.com",
            "fips": "s3-accesspoint-fips.us-east-1.amazonaws.com",
            "fips_dualstack": "s3-accesspoint-fips.dualstack.us-east-1.amazonaws.com",
            "dualstack": "s3-accesspoint.dualstack.us-east-1.amazonaws.com",
        },
        "BucketAccountId": ACCOUNT,
    }
    for name in (ARN, made["Alias"]):
        s3.put_object(Bucket=name, Key="a/b.txt", Body=b"hello")
        assert s3.get_object(Bucket=name, Key="a/b.txt")["Body"].read() == b"hello"
        assert [each["Key"] for each in s3.list_objects_v2(Bucket=name)["Contents"]] == ["a/b.txt"]
        s3.head_bucket(Bucket=name)
    assert s3.get_object(Bucket=bucket, Key="a/b.txt")["Body"].read() == b"hello"
    assert refused(control.get_access_point, Name="other") == (
        "NoSuchAccessPoint",
        404,
        "The specified accesspoint does not exist",
    )
    assert refused.error["AccessPointName"] == "other"
    control.delete_access_point(Name="finance")
    assert refused(s3.get_object, Bucket=ARN, Key="a/b.txt")[:2] == ("NoSuchAccessPoint", 404)
    assert refused(control.delete_access_point, Name="finance")[0] == "NoSuchAccessPoint"


def test_in_a_vpc(control, bucket):
    control.create_access_point(Name="inside", Bucket=bucket, VpcConfiguration={"VpcId": "vpc-1a2b3c4d"})
    told = control.get_access_point(Name="inside")
    assert (told["NetworkOrigin"], told["VpcConfiguration"]) == ("VPC", {"VpcId": "vpc-1a2b3c4d"})


def test_what_is_refused(control, s3, bucket, point, refused):
    assert refused(control.create_access_point, Name="ab-", Bucket=bucket)[:2] == ("InvalidURI", 400)
    assert refused(control.create_access_point, Name="xn-_test-alias", Bucket=bucket) == (
        "InvalidURI",
        400,
        "Couldn't parse the specified URI.",
    )
    assert refused.error["URI"] == "accesspoint/xn-_test-alias"
    assert refused(control.create_access_point, Name="a" * 51, Bucket=bucket)[0] == "InvalidURI"
    assert refused(control.create_access_point, Name="finance", Bucket=bucket)[:2] == (
        "AccessPointAlreadyOwnedByYou",
        409,
    )
    assert refused(control.create_access_point, Name="nothing", Bucket="nowhere") == (
        "InvalidRequest",
        400,
        "Amazon S3 AccessPoint can only be created for existing bucket",
    )
    assert refused(control.get_access_point, AccountId="111122223333", Name="finance")[:2] == ("AccessDenied", 403)
    assert [each["Name"] for each in control.list_access_points()["AccessPointList"]] == ["finance"]
    assert refused(s3.delete_bucket, Bucket=bucket)[:2] == ("BucketHasAccessPointsAttached", 400)
    assert refused(s3.put_bucket_policy, Bucket=point["Alias"], Policy="{}")[:2] == ("MethodNotAllowed", 405)


def test_listing(control, s3, bucket):
    s3.create_bucket(Bucket="other")
    for name in ("one", "two", "three"):
        control.create_access_point(Name=name, Bucket=bucket)
    control.create_access_point(Name="four", Bucket="other")
    first = control.list_access_points(MaxResults=3)
    rest = control.list_access_points(MaxResults=3, NextToken=first["NextToken"])
    names = [each["Name"] for page in (first, rest) for each in page["AccessPointList"]]
    assert sorted(names) == ["four", "one", "three", "two"] and "NextToken" not in rest
    found = control.list_access_points(Bucket="other")["AccessPointList"]
    assert [each["Bucket"] for each in found] == ["other"]


def test_copies_and_uploads(control, s3, bucket, point):
    s3.put_object(Bucket=bucket, Key="a b.txt", Body=b"hello")
    s3.copy_object(Bucket=ARN, Key="copy", CopySource={"Bucket": ARN, "Key": "a b.txt"})
    s3.copy_object(Bucket=ARN, Key="again", CopySource=f"{point['Alias']}/copy")
    assert s3.get_object(Bucket=bucket, Key="again")["Body"].read() == b"hello"
    upload = s3.create_multipart_upload(Bucket=ARN, Key="big")["UploadId"]
    tag = s3.upload_part(Bucket=ARN, Key="big", UploadId=upload, PartNumber=1, Body=b"x")["ETag"]
    parts = {"Parts": [{"PartNumber": 1, "ETag": tag}]}
    s3.complete_multipart_upload(Bucket=ARN, Key="big", UploadId=upload, MultipartUpload=parts)
    assert s3.delete_objects(Bucket=ARN, Delete={"Objects": [{"Key": "big"}]})["Deleted"] == [{"Key": "big"}]


def test_presigned(control, s3, bucket, point):
    s3.put_object(Bucket=bucket, Key="a.txt", Body=b"hello")
    signing = boto3.client("s3", region_name="us-east-1", config=Config(signature_version="s3v4"))
    for name in (ARN, point["Alias"]):
        url = signing.generate_presigned_url("get_object", Params={"Bucket": name, "Key": "a.txt"})
        assert requests.get(url, timeout=5).content == b"hello", url


def test_the_journal_has_what_was_written(aws, control, s3, bucket, point):
    s3.put_object(Bucket=ARN, Key="a.txt", Body=b"hello")
    assert aws.calls.of("s3:PutObject")[-1].parameters["Bucket"] == ARN


def test_policies(control, bucket, point, refused):
    assert refused(control.get_access_point_policy, Name="finance") == (
        "NoSuchAccessPointPolicy",
        404,
        "The specified accesspoint policy does not exist",
    )
    assert refused(control.get_access_point_policy_status, Name="finance")[0] == "NoSuchAccessPointPolicy"
    given = policy(allow("s3:GetObject", f"{ARN}/object/*", {"AWS": "111122223333"}))
    control.put_access_point_policy(Name="finance", Policy=given)
    assert control.get_access_point_policy(Name="finance")["Policy"] == given
    assert control.get_access_point_policy_status(Name="finance")["PolicyStatus"] == {"IsPublic": False}
    elsewhere = policy(allow("s3:GetObject", "arn:aws:s3:::ledger/*", {"AWS": "111122223333"}))
    assert refused(control.put_access_point_policy, Name="finance", Policy=elsewhere)[:2] == ("MalformedPolicy", 400)
    public = policy(allow("s3:GetObject", f"{ARN}/object/*"))
    assert refused(control.put_access_point_policy, Name="finance", Policy=public)[:2] == ("AccessDenied", 403)
    assert control.get_access_point_policy(Name="finance")["Policy"] == given
    control.delete_access_point_policy(Name="finance")
    assert refused(control.get_access_point_policy, Name="finance")[0] == "NoSuchAccessPointPolicy"


def delegate(s3, bucket):
    """The bucket leaves it to access points of its account."""
    condition = {"StringEquals": {"s3:DataAccessPointAccount": ACCOUNT}}
    both = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(allow("*", both, Condition=condition)))


@pytest.mark.aws(authorization=True)
@pytest.mark.rule("s3control-003")
def test_policy_of_the_point_and_of_the_bucket(aws, control, s3, bucket, point, refused):
    iam = boto3.client("iam")
    iam.create_user(UserName="ann")
    ann = f"arn:aws:iam::{ACCOUNT}:user/ann"
    for key in ("finance/a", "legal/a"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    only = policy(allow("s3:GetObject", f"{ARN}/object/finance/*", {"AWS": ann}))
    control.put_access_point_policy(Name="finance", Policy=only)
    with aws.acting_as(ann):
        # The bucket does not let her in yet.
        assert refused(s3.get_object, Bucket=ARN, Key="finance/a")[0] == "AccessDenied"
    delegate(s3, bucket)
    with aws.acting_as(ann):
        s3.get_object(Bucket=ARN, Key="finance/a")
        s3.get_object(Bucket=point["Alias"], Key="finance/a")
        assert refused(s3.get_object, Bucket=ARN, Key="legal/a")[:2] == ("AccessDenied", 403)
        assert refused(s3.put_object, Bucket=ARN, Key="finance/a")[0] == "AccessDenied"
        assert refused(s3.get_object, Bucket=bucket, Key="finance/a")[0] == "AccessDenied"


@pytest.mark.aws(authorization=True)
def test_identity_policies_name_access_points(aws, control, s3, bucket, point, refused):
    iam = boto3.client("iam")
    iam.create_user(UserName="ann")
    document = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"{ARN}/object/*"}
    iam.put_user_policy(UserName="ann", PolicyName="p", PolicyDocument=policy(document))
    s3.put_object(Bucket=bucket, Key="a", Body=b"x")
    with aws.acting_as(f"arn:aws:iam::{ACCOUNT}:user/ann"):
        s3.get_object(Bucket=ARN, Key="a")
        assert refused(s3.get_object, Bucket=bucket, Key="a")[0] == "AccessDenied"
        assert refused(s3.delete_object, Bucket=ARN, Key="a")[0] == "AccessDenied"


@pytest.mark.aws(authorization=True)
@pytest.mark.rule("s3control-004")
def test_a_point_in_a_vpc_is_not_reached_from_elsewhere(control, s3, bucket, refused):
    made = control.create_access_point(Name="inside", Bucket=bucket, VpcConfiguration={"VpcId": "vpc-1a2b3c4d"})
    s3.put_object(Bucket=bucket, Key="a", Body=b"x")
    for name in (made["AccessPointArn"], made["Alias"]):
        assert refused(s3.get_object, Bucket=name, Key="a")[:2] == ("AccessDenied", 403)


@pytest.mark.aws(authorization=True)
@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("s3:DataAccessPointArn", ARN),
        ("s3:AccessPointNetworkOrigin", "Internet"),
        ("s3:DataAccessPointAccount", ACCOUNT),
    ],
)
def test_condition_keys(control, s3, bucket, point, key, value, refused):
    denied = allow("s3:GetObject", f"arn:aws:s3:::{bucket}/*", effect="Deny")
    denied["Condition"] = {"StringEquals": {key: value}}
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(denied))
    s3.put_object(Bucket=bucket, Key="a", Body=b"x")
    s3.get_object(Bucket=bucket, Key="a")
    assert refused(s3.get_object, Bucket=ARN, Key="a")[0] == "AccessDenied"


def test_other_accounts_need_both(aws, control, s3, bucket, point, refused):
    s3.put_object(Bucket=bucket, Key="a", Body=b"x")
    ann = "arn:aws:iam::111122223333:user/ann"
    with aws.acting_as(ann):
        assert refused(s3.get_object, Bucket=ARN, Key="a")[0] == "AccessDenied"
    control.put_access_point_policy(
        Name="finance", Policy=policy(allow("s3:GetObject", f"{ARN}/object/*", {"AWS": "111122223333"}))
    )
    with aws.acting_as(ann):
        assert refused(s3.get_object, Bucket=ARN, Key="a")[0] == "AccessDenied"
    delegate(s3, bucket)
    with aws.acting_as(ann):
        assert s3.get_object(Bucket=ARN, Key="a")["Body"].read() == b"x"
        assert refused(s3.put_object, Bucket=ARN, Key="a")[0] == "AccessDenied"


def test_tags(control, bucket, refused):
    tags = [{"Key": "team", "Value": "red"}]
    made = control.create_access_point(Name="finance", Bucket=bucket, Tags=tags)
    arn = made["AccessPointArn"]
    control.tag_resource(ResourceArn=arn, Tags=[{"Key": "year", "Value": "26"}])
    control.untag_resource(ResourceArn=arn, TagKeys=["team"])
    assert control.list_tags_for_resource(ResourceArn=arn)["Tags"] == [{"Key": "year", "Value": "26"}]
    for bad in ([{"Key": "aws:x", "Value": "1"}], [{"Key": "a", "Value": "\x7f"}], [*tags, *tags]):
        assert refused(control.tag_resource, ResourceArn=arn, Tags=bad)[:2] == ("InvalidTag", 400)
    assert control.list_tags_for_resource(ResourceArn=arn)["Tags"] == [{"Key": "year", "Value": "26"}]
    control.tag_resource(ResourceArn=f"arn:aws:s3:::{bucket}", Tags=tags)
    assert control.list_tags_for_resource(ResourceArn=f"arn:aws:s3:::{bucket}")["Tags"] == tags
    assert refused(control.list_tags_for_resource, ResourceArn=arn + "x")[:2] == ("NoSuchResource", 404)


@pytest.mark.rule("s3control-001")
def test_the_block_of_a_whole_account(control, s3, bucket, refused):
    assert refused(control.get_public_access_block) == (
        "NoSuchPublicAccessBlockConfiguration",
        404,
        "The public access block configuration was not found",
    )
    control.put_public_access_block(PublicAccessBlockConfiguration={"BlockPublicPolicy": True})
    assert control.get_public_access_block()["PublicAccessBlockConfiguration"] == {
        "BlockPublicAcls": False,
        "IgnorePublicAcls": False,
        "BlockPublicPolicy": True,
        "RestrictPublicBuckets": False,
    }
    s3.delete_public_access_block(Bucket=bucket)
    public = policy(allow("s3:GetObject", f"arn:aws:s3:::{bucket}/*"))
    assert refused(s3.put_bucket_policy, Bucket=bucket, Policy=public)[:2] == ("AccessDenied", 403)
    assert refused(s3.get_bucket_policy, Bucket=bucket)[0] == "NoSuchBucketPolicy"
    control.delete_public_access_block()
    s3.put_bucket_policy(Bucket=bucket, Policy=public)
    assert refused(control.get_public_access_block)[0] == "NoSuchPublicAccessBlockConfiguration"


def test_snapshots_have_access_points(aws, control, s3, bucket):
    before = aws.snapshot()
    control.create_access_point(Name="finance", Bucket=bucket)
    aws.restore(before)
    assert control.list_access_points()["AccessPointList"] == []
    s3.delete_bucket(Bucket=bucket)


def test_anybody_through_a_public_point(control, s3, bucket, refused):
    nothing = dict.fromkeys(
        ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), False
    )
    s3.put_object(Bucket=bucket, Key="a", Body=b"x")
    control.create_access_point(Name="finance", Bucket=bucket, PublicAccessBlockConfiguration=nothing)
    anybody = boto3.client("s3", region_name="us-east-1", config=Config(signature_version=UNSIGNED))
    public = policy(allow("s3:GetObject", f"{ARN}/object/*"))
    control.put_access_point_policy(Name="finance", Policy=public)
    assert control.get_access_point_policy_status(Name="finance")["PolicyStatus"] == {"IsPublic": True}
    assert refused(anybody.get_object, Bucket=ARN, Key="a")[:2] == ("AccessDenied", 403)
    delegate(s3, bucket)
    assert anybody.get_object(Bucket=ARN, Key="a")["Body"].read() == b"x"
    assert refused(anybody.get_object, Bucket=bucket, Key="a")[0] == "AccessDenied"
    assert refused(anybody.put_object, Bucket=ARN, Key="a")[0] == "AccessDenied"
    # What the account restricts, its access points restrict.
    control.put_public_access_block(PublicAccessBlockConfiguration={"RestrictPublicBuckets": True})
    assert refused(anybody.get_object, Bucket=ARN, Key="a")[:2] == ("AccessDenied", 403)


def test_deleting_several_asks_the_point_for_each(aws, control, s3, bucket, point, refused):
    for key in ("in/a", "out/a"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    only = policy(allow("s3:DeleteObject", f"{ARN}/object/in/*", {"AWS": "111122223333"}))
    control.put_access_point_policy(Name="finance", Policy=only)
    delegate(s3, bucket)
    with aws.acting_as("arn:aws:iam::111122223333:user/ann"):
        wanted = {"Objects": [{"Key": "in/a"}, {"Key": "out/a"}]}
        answer = s3.delete_objects(Bucket=ARN, Delete=wanted)
    assert [each["Key"] for each in answer["Deleted"]] == ["in/a"]
    assert [(each["Key"], each["Code"]) for each in answer["Errors"]] == [("out/a", "AccessDenied")]
    assert s3.head_object(Bucket=bucket, Key="out/a")


@pytest.mark.aws(limits={"s3control.access-points": 1})
def test_quota(control, bucket, point, refused):
    assert refused(control.create_access_point, Name="second", Bucket=bucket)[:2] == ("TooManyAccessPoints", 400)
    assert [each["Name"] for each in control.list_access_points()["AccessPointList"]] == ["finance"]


def test_a_bucket_of_another_account(aws, control, s3, refused):
    theirs = {"caller": "arn:aws:iam::111122223333:user/ann"}
    aws.call("s3", "CreateBucket", Bucket="theirs", **theirs)
    assert refused(control.create_access_point, Name="finance", Bucket="theirs")[:2] == ("AccessDenied", 403)
    made = control.create_access_point(Name="finance", Bucket="theirs", BucketAccountId="111122223333")
    assert control.get_access_point(Name="finance")["BucketAccountId"] == "111122223333"
    # The bucket's owner has to let in whom the access point lets in.
    assert refused(s3.list_objects_v2, Bucket=made["Alias"])[0] == "AccessDenied"
    both = ["arn:aws:s3:::theirs", "arn:aws:s3:::theirs/*"]
    delegated = allow("*", both, Condition={"StringEquals": {"s3:DataAccessPointAccount": ACCOUNT}})
    aws.call("s3", "PutBucketPolicy", Bucket="theirs", Policy=policy(delegated), **theirs)
    assert s3.list_objects_v2(Bucket=made["Alias"])["KeyCount"] == 0


@pytest.mark.aws(authorization=True)
def test_what_is_copied_is_asked_of_the_point(aws, control, s3, bucket, point, refused):
    s3.put_object(Bucket=bucket, Key="a", Body=b"x")
    denied = allow("s3:GetObject", f"{ARN}/object/*", effect="Deny")
    control.put_access_point_policy(Name="finance", Policy=policy(denied))
    for name in (ARN, point["Alias"]):
        source = {"Bucket": name, "Key": "a"}
        assert refused(s3.copy_object, Bucket=bucket, Key="b", CopySource=source)[0] == "AccessDenied", name
    s3.copy_object(Bucket=ARN, Key="b", CopySource={"Bucket": bucket, "Key": "a"})
    # A bucket that is written to by its own name is not asked for through the access point of the source.
    control.delete_access_point_policy(Name="finance")
    s3.create_bucket(Bucket="target")
    wanted = allow("s3:PutObject", "arn:aws:s3:::target/*", effect="Deny")
    wanted["Condition"] = {"StringEquals": {"s3:DataAccessPointArn": ARN}}
    s3.put_bucket_policy(Bucket="target", Policy=policy(wanted))
    s3.copy_object(Bucket="target", Key="b", CopySource={"Bucket": ARN, "Key": "a"})

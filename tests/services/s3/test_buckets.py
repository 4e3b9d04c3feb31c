"""Buckets: names, regions, owners, listing."""

import boto3
import pytest
import requests


@pytest.mark.newer_botocore
@pytest.mark.rule("s3-001")
@pytest.mark.aws(limits={"s3.buckets": 2})
def test_an_account_holds_a_limited_number_of_buckets(s3, refused):
    for name in ("zebra", "apple"):
        s3.create_bucket(Bucket=name)
    with refused("TooManyBuckets", "You have attempted to create more buckets than allowed"):
        s3.create_bucket(Bucket="mango")
    listed = s3.list_buckets()["Buckets"]
    assert [entry["Name"] for entry in listed] == ["apple", "zebra"]
    assert all(entry["CreationDate"] and entry["BucketArn"] for entry in listed)
    s3.delete_bucket(Bucket="zebra")
    s3.create_bucket(Bucket="mango")


@pytest.mark.rule("s3-001")
def test_the_number_of_buckets_over_time():
    from awsim.cloud import Cloud

    assert Cloud().limits["s3.buckets"] == 10_000
    assert Cloud(as_of="2024-01-01").limits["s3.buckets"] == 100


@pytest.mark.newer_botocore
@pytest.mark.rule("s3-002", "s3-004")
def test_a_bucket_stays_in_its_region_and_every_region_lists_it(s3, eu):
    eu.create_bucket(Bucket="europe", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.create_bucket(Bucket="america")
    assert [entry["Name"] for entry in s3.list_buckets()["Buckets"]] == ["america", "europe"]
    assert [entry["Name"] for entry in s3.list_buckets(BucketRegion="eu-west-1")["Buckets"]] == ["europe"]
    assert eu.get_bucket_location(Bucket="europe")["LocationConstraint"] == "eu-west-1"
    assert s3.get_bucket_location(Bucket="america")["LocationConstraint"] is None
    head = eu.head_bucket(Bucket="europe")
    assert (head["BucketRegion"], head["BucketArn"]) == ("eu-west-1", "arn:aws:s3:::europe")
    assert head["AccessPointAlias"] is False


@pytest.mark.rule("s3-003")
def test_each_account_sees_its_own_buckets(s3, other):
    s3.create_bucket(Bucket="mine-1")
    other.create_bucket(Bucket="theirs-1")
    assert [entry["Name"] for entry in s3.list_buckets()["Buckets"]] == ["mine-1"]
    assert [entry["Name"] for entry in other.list_buckets()["Buckets"]] == ["theirs-1"]
    assert s3.list_buckets()["Owner"]["ID"] != other.list_buckets()["Owner"]["ID"]


@pytest.mark.rule("s3-005")
def test_the_location_constraint_fits_the_endpoint(s3, eu, refused):
    start = "The {} location constraint is incompatible for the region specific endpoint this request was sent to."
    with refused("IllegalLocationConstraintException", start.format("us-west-2")):
        eu.create_bucket(Bucket="oregon", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    with refused("IllegalLocationConstraintException", start.format("unspecified")):
        eu.create_bucket(Bucket="nowhere")
    with refused("IllegalLocationConstraintException", start.format("bar")):
        eu.create_bucket(Bucket="nowhere", CreateBucketConfiguration={"LocationConstraint": "bar"})
    invalid = "The specified location-constraint is not valid"
    for constraint in ("us-east-1", "foo"):
        with refused("InvalidLocationConstraint", invalid, LocationConstraint=constraint):
            s3.create_bucket(Bucket="nowhere", CreateBucketConfiguration={"LocationConstraint": constraint})
    assert s3.list_buckets()["Buckets"] == []
    # The oldest endpoint makes buckets anywhere.
    answer = s3.create_bucket(Bucket="oregon", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    assert answer["Location"] == "http://oregon.s3.amazonaws.com/"
    s3.create_bucket(Bucket="ireland", CreateBucketConfiguration={"LocationConstraint": "EU"})
    assert s3.get_bucket_location(Bucket="ireland")["LocationConstraint"] == "EU"


@pytest.mark.rule("s3-006")
def test_a_request_to_the_wrong_region_is_redirected(s3, eu, v4):
    eu.create_bucket(Bucket="europe", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    eu.put_object(Bucket="europe", Key="a", Body=b"1")
    assert s3.get_object(Bucket="europe", Key="a")["Body"].read() == b"1"
    assert boto3.client("s3", region_name="ap-south-1").head_bucket(Bucket="europe")["BucketRegion"] == "eu-west-1"
    url = "https://s3.us-west-2.amazonaws.com/europe/a"
    answer = requests.get(url, headers={"Authorization": authorization("us-west-2")}, allow_redirects=False)
    assert answer.status_code == 301
    assert answer.headers["x-amz-bucket-region"] == "eu-west-1"
    assert "<Code>PermanentRedirect</Code>" in answer.text
    assert "<Endpoint>europe.s3.eu-west-1.amazonaws.com</Endpoint>" in answer.text
    url = "https://europe.s3.amazonaws.com/a"
    answer = requests.get(url, headers={"Authorization": authorization("us-east-1")})
    assert answer.status_code == 400
    assert "<Code>AuthorizationHeaderMalformed</Code>" in answer.text
    assert "the region 'us-east-1' is wrong; expecting 'eu-west-1'" in answer.text
    url = v4.generate_presigned_url("get_object", Params={"Bucket": "europe", "Key": "a"})
    answer = requests.get(url)
    assert answer.status_code == 400
    assert "<Code>AuthorizationQueryParametersError</Code>" in answer.text
    assert "<Region>eu-west-1</Region>" in answer.text


def authorization(region):
    scope = f"AKIAEXAMPLE/20260101/{region}/s3/aws4_request"
    return f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature={'0' * 64}"


@pytest.mark.rule("s3-007")
def test_a_name_is_unique_over_accounts_and_regions(s3, eu, other, refused, keys):
    s3.create_bucket(Bucket="taken")
    s3.put_object(Bucket="taken", Key="a")
    with refused("BucketAlreadyExists", status=409, BucketName="taken"):
        other.create_bucket(Bucket="taken")
    # Its owner is told so, but for the oldest region, where all is well and nothing changes.
    with refused("BucketAlreadyOwnedByYou", status=409, BucketName="taken"):
        eu.create_bucket(Bucket="taken", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.create_bucket(Bucket="taken")
    assert keys("taken") == ["a"]
    s3.delete_object(Bucket="taken", Key="a")
    s3.delete_bucket(Bucket="taken")
    other.create_bucket(Bucket="taken")


@pytest.mark.newer_botocore
@pytest.mark.rule("s3-007", "s3-015")
def test_names_of_the_account_regional_namespace(s3, refused):
    name = "data-123456789012-us-east-1-an"
    with refused("InvalidBucketName"):
        s3.create_bucket(Bucket=name)
    s3.create_bucket(Bucket=name, BucketNamespace="account-regional")
    with refused("InvalidBucketName"):
        s3.create_bucket(Bucket="data-210987654321-us-east-1-an", BucketNamespace="account-regional")


@pytest.mark.rule("s3-008", "s3-009", "s3-010", "s3-011", "s3-012", "s3-013", "s3-014", "s3-015")
@pytest.mark.parametrize(
    "name",
    [
        "ab",
        "a" * 64,
        "-mybucket",
        "mybucket-",
        "MyBucket",
        "my_bucket",
        "192.168.5.4",
        "xn--demo",
        "sthree-demo",
        "amzn-s3-demo-x",
        "demo-s3alias",
        "demo--ol-s3",
        "demo.mrap",
        "demo--x-s3",
        "demo--table-s3",
        "demo-an",
        "a..b",
    ],
)
def test_names_that_are_no_bucket_names(s3, refused, name):
    with refused("InvalidBucketName", "The specified bucket is not valid.", BucketName=name):
        s3.create_bucket(Bucket=name)
    assert s3.list_buckets()["Buckets"] == []


@pytest.mark.rule("s3-008", "s3-009")
@pytest.mark.parametrize("name", ["abc", "a" * 63, "0.a-b.9", "1.2.3", "192.168.5.4a"])
def test_names_at_the_limits(s3, name):
    s3.create_bucket(Bucket=name)
    assert s3.head_bucket(Bucket=name)


@pytest.mark.rule("s3-016")
def test_virtual_hosted_and_path_style_reach_the_same_object(aws, s3, eu):
    eu.create_bucket(Bucket="europe", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    path = boto3.client("s3", region_name="eu-west-1", config=boto3.session.Config(s3={"addressing_style": "path"}))
    virtual = boto3.client(
        "s3", region_name="eu-west-1", config=boto3.session.Config(s3={"addressing_style": "virtual"})
    )
    path.put_object(Bucket="europe", Key="a/b", Body=b"1")
    assert virtual.get_object(Bucket="europe", Key="a/b")["Body"].read() == b"1"
    for client, start in ((path, "https://s3.eu-west-1"), (virtual, "https://europe.s3.eu-west-1")):
        url = client.generate_presigned_url("get_object", Params={"Bucket": "europe", "Key": "a/b"})
        assert url.startswith(start)
        assert requests.get(url).content == b"1"


@pytest.mark.rule("s3-017")
def test_plain_http(s3, bucket):
    plain = boto3.client("s3", region_name="us-east-1", endpoint_url="http://s3.us-east-1.amazonaws.com")
    plain.put_object(Bucket=bucket, Key="a", Body=b"1")
    assert plain.get_object(Bucket=bucket, Key="a")["Body"].read() == b"1"


@pytest.mark.rule("s3-018")
def test_bucket_tags(s3, bucket, refused):
    with refused("NoSuchTagSet", "The TagSet does not exist", 404, BucketName=bucket):
        s3.get_bucket_tagging(Bucket=bucket)
    tags = [{"Key": "team", "Value": "a"}, {"Key": "cost", "Value": ""}]
    answer = s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tags})
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert s3.get_bucket_tagging(Bucket=bucket)["TagSet"] == tags
    with refused("InvalidTag", "Cannot provide multiple Tags with the same key"):
        s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": [tags[0], tags[0]]})
    with refused("BadRequest", "Bucket tag count cannot be greater than 50"):
        many = [{"Key": f"k{n}", "Value": "v"} for n in range(51)]
        s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": many})
    assert s3.get_bucket_tagging(Bucket=bucket)["TagSet"] == tags
    s3.delete_bucket_tagging(Bucket=bucket)
    with refused("NoSuchTagSet", status=404):
        s3.get_bucket_tagging(Bucket=bucket)


@pytest.mark.newer_botocore
@pytest.mark.rule("s3-018")
def test_bucket_tags_at_creation(s3, refused):
    s3.create_bucket(Bucket="tagged", CreateBucketConfiguration={"Tags": [{"Key": "a", "Value": "b"}]})
    assert s3.get_bucket_tagging(Bucket="tagged")["TagSet"] == [{"Key": "a", "Value": "b"}]
    s3.create_bucket(Bucket="plain", CreateBucketConfiguration={"Tags": []})
    with refused("NoSuchTagSet", "The TagSet does not exist", 404):
        s3.get_bucket_tagging(Bucket="plain")


@pytest.mark.rule("s3-019")
def test_objects_do_not_take_the_tags_of_their_bucket(s3, bucket):
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    s3.put_object(Bucket=bucket, Key="x")
    assert s3.get_object_tagging(Bucket=bucket, Key="x")["TagSet"] == []


def test_a_bucket_with_objects_is_not_deleted(s3, bucket, versioned, refused):
    s3.put_object(Bucket=bucket, Key="a")
    with refused("BucketNotEmpty", "The bucket you tried to delete is not empty", 409, BucketName=bucket):
        s3.delete_bucket(Bucket=bucket)
    s3.delete_object(Bucket=versioned, Key="a")
    message = "The bucket you tried to delete is not empty. You must delete all versions in the bucket."
    with refused("BucketNotEmpty", message, 409, BucketName=versioned):
        s3.delete_bucket(Bucket=versioned)
    s3.delete_object(Bucket=bucket, Key="a")
    assert s3.delete_bucket(Bucket=bucket)["ResponseMetadata"]["HTTPStatusCode"] == 204


def test_unknown_and_foreign_buckets(s3, bucket, other, anonymous, refused):
    with refused("NoSuchBucket", "The specified bucket does not exist", 404, BucketName="missing"):
        s3.list_objects_v2(Bucket="missing")
    with refused("404", "Not Found", 404):
        s3.head_bucket(Bucket="missing")
    for client in (other, anonymous):
        with refused("AccessDenied", "Access Denied", 403):
            client.list_objects_v2(Bucket=bucket)
        with refused("403", "Forbidden", 403):
            client.head_bucket(Bucket=bucket)
        with refused("AccessDenied", "Access Denied", 403):
            client.put_object(Bucket=bucket, Key="a")
    with refused("AccessDenied", "Access Denied", 403):
        anonymous.list_buckets()
    with refused("AccessDenied", "Access Denied", 403):
        anonymous.create_bucket(Bucket="anybodys")


def test_the_expected_owner(s3, bucket, refused):
    s3.head_bucket(Bucket=bucket, ExpectedBucketOwner="123456789012")
    with refused("AccessDenied", "Access Denied", 403):
        s3.list_objects_v2(Bucket=bucket, ExpectedBucketOwner="210987654321")


def test_buckets_are_listed_in_pages(s3, refused):
    for name in ("a-1", "a-2", "a-3", "b-1"):
        s3.create_bucket(Bucket=name)
    first = s3.list_buckets(MaxBuckets=2, Prefix="a-")
    assert [entry["Name"] for entry in first["Buckets"]] == ["a-1", "a-2"]
    assert first["Prefix"] == "a-"
    second = s3.list_buckets(MaxBuckets=2, Prefix="a-", ContinuationToken=first["ContinuationToken"])
    assert [entry["Name"] for entry in second["Buckets"]] == ["a-3"]
    assert "ContinuationToken" not in second
    with refused("InvalidArgument", "The continuation token provided is incorrect"):
        s3.list_buckets(ContinuationToken="abc")
    with refused("InvalidArgument", "Argument max-buckets must be an integer between 1 and 10000"):
        s3.list_buckets(MaxBuckets=10_001)
    with refused("InvalidArgument", "Argument value eu-east-1 is not a valid AWS Region", ArgumentName="bucket-region"):
        s3.list_buckets(BucketRegion="eu-east-1")


@pytest.mark.newer_botocore
def test_partitions_have_names_of_their_own(s3):
    s3.create_bucket(Bucket="everywhere")
    china = boto3.client("s3", region_name="cn-north-1")
    china.create_bucket(Bucket="everywhere", CreateBucketConfiguration={"LocationConstraint": "cn-north-1"})
    assert china.head_bucket(Bucket="everywhere")["BucketArn"] == "arn:aws-cn:s3:::everywhere"


def test_a_snapshot_brings_buckets_and_objects_back(aws, s3, bucket, keys):
    s3.put_object(Bucket=bucket, Key="a", Body=b"1")
    before = aws.snapshot()
    s3.put_object(Bucket=bucket, Key="a", Body=b"2")
    s3.put_object(Bucket=bucket, Key="b")
    s3.create_bucket(Bucket="later")
    aws.restore(before)
    assert keys(bucket) == ["a"]
    assert s3.get_object(Bucket=bucket, Key="a")["Body"].read() == b"1"
    assert [entry["Name"] for entry in s3.list_buckets()["Buckets"]] == [bucket]


@pytest.mark.newer_botocore
def test_a_parameter_without_meaning_here_is_named(s3, bucket, refused):
    with refused("NotImplemented", status=501) as refusal:
        s3.put_object(Bucket=bucket, Key="a", WriteOffsetBytes=5)
    assert "WriteOffsetBytes" in refusal.error["Message"]
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)


@pytest.mark.newer_botocore
def test_an_operation_without_a_model_is_named(s3, bucket, refused):
    with refused("NotImplemented", status=501) as refusal:
        s3.get_bucket_metadata_configuration(Bucket=bucket)
    assert "GetBucketMetadataConfiguration" in refusal.error["Message"]

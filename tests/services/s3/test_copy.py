"""Copies of objects."""

import base64
import hashlib

import boto3
import pytest

IN_PLACE = (
    "This copy request is illegal because it is trying to copy an object to itself without changing the object's "
    "metadata, storage class, website redirect location or encryption attributes."
)
FAILED = "At least one of the pre-conditions you specified did not hold"


@pytest.fixture
def source(s3, bucket):
    s3.put_object(
        Bucket=bucket, Key="src", Body=b"body", Metadata={"key": "value"}, ContentType="application/json",
        ContentLanguage="en-US", Tagging="a=b", WebsiteRedirectLocation="/x",
    )  # fmt: skip
    return {"Bucket": bucket, "Key": "src"}


@pytest.mark.newer_botocore
@pytest.mark.rule("s3-037")
def test_copies_between_regions(s3, eu, bucket, source):
    eu.create_bucket(Bucket="europe", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    for entry in s3.list_objects_v2(Bucket=bucket)["Contents"]:
        answer = eu.copy_object(Bucket="europe", Key=entry["Key"], CopySource={"Bucket": bucket, "Key": entry["Key"]})
    original = s3.get_object(Bucket=bucket, Key="src")
    copy = eu.get_object(Bucket="europe", Key="src")
    assert copy["Body"].read() == original["Body"].read()
    for name in ("Metadata", "ContentType", "ContentLanguage", "ETag", "TagCount", "ChecksumCRC32"):
        assert copy[name] == original[name]
    assert "WebsiteRedirectLocation" not in copy
    assert answer["CopyObjectResult"]["ETag"] == original["ETag"]
    assert answer["CopyObjectResult"]["ChecksumCRC32"] == original["ChecksumCRC32"]
    assert answer["CopyObjectResult"]["LastModified"]


@pytest.mark.rule("s3-038")
@pytest.mark.aws(limits={"s3.copy-source-size": 3})
def test_the_source_has_a_limit(s3, bucket, source, keys, refused):
    message = "The specified copy source is larger than the maximum allowable size for a copy source: 3"
    with refused("InvalidRequest", message):
        s3.copy_object(Bucket=bucket, Key="copy", CopySource=source)
    assert keys(bucket) == ["src"]
    id = s3.create_multipart_upload(Bucket=bucket, Key="copy")["UploadId"]
    with refused("InvalidRequest", message):
        s3.upload_part_copy(Bucket=bucket, Key="copy", UploadId=id, PartNumber=1, CopySource=source)
    s3.upload_part_copy(
        Bucket=bucket, Key="copy", UploadId=id, PartNumber=1, CopySource=source, CopySourceRange="bytes=0-2"
    )


@pytest.mark.rule("s3-039")
def test_a_copy_is_private(s3, bucket, source):
    s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]})
    s3.delete_public_access_block(Bucket=bucket)
    s3.put_object_acl(Bucket=bucket, Key="src", ACL="public-read")
    assert len(s3.get_object_acl(Bucket=bucket, Key="src")["Grants"]) == 2
    s3.copy_object(Bucket=bucket, Key="copy", CopySource=source)
    grants = s3.get_object_acl(Bucket=bucket, Key="copy")["Grants"]
    assert [(grant["Grantee"]["Type"], grant["Permission"]) for grant in grants] == [("CanonicalUser", "FULL_CONTROL")]


@pytest.mark.rule("s3-040")
def test_a_copy_does_not_depend_on_its_source(s3, bucket, source, body, keys):
    s3.copy_object(Bucket=bucket, Key="copy", CopySource=source)
    s3.delete_object(Bucket=bucket, Key="src")
    assert keys(bucket) == ["copy"]
    assert body(bucket, "copy") == b"body"


@pytest.mark.rule("s3-028")
def test_metadata_changes_by_copying_in_place(s3, bucket, source, refused):
    with refused("InvalidRequest", IN_PLACE):
        s3.copy_object(Bucket=bucket, Key="src", CopySource=source)
    with refused("InvalidRequest", IN_PLACE):
        s3.copy_object(Bucket=bucket, Key="src", CopySource=source, ACL="bucket-owner-full-control")
    assert s3.head_object(Bucket=bucket, Key="src")["Metadata"] == {"key": "value"}
    s3.copy_object(
        Bucket=bucket, Key="src", CopySource=source, MetadataDirective="REPLACE", Metadata={"other": "x"},
        ContentType="image/jpg",
    )  # fmt: skip
    head = s3.head_object(Bucket=bucket, Key="src")
    assert (head["Metadata"], head["ContentType"]) == ({"other": "x"}, "image/jpg")
    assert "ContentLanguage" not in head


def test_without_the_directive_new_metadata_counts_for_nothing(s3, bucket, source):
    s3.copy_object(Bucket=bucket, Key="copy", CopySource=source, Metadata={"other": "x"}, ContentType="image/jpg")
    head = s3.head_object(Bucket=bucket, Key="copy")
    assert (head["Metadata"], head["ContentType"]) == ({"key": "value"}, "application/json")


def test_tags_by_their_own_directive(s3, bucket, source):
    s3.copy_object(Bucket=bucket, Key="same", CopySource=source, Tagging="c=d")
    s3.copy_object(Bucket=bucket, Key="new", CopySource=source, Tagging="c=d", TaggingDirective="REPLACE")
    s3.copy_object(Bucket=bucket, Key="none", CopySource=source, TaggingDirective="REPLACE")
    tags = {key: s3.get_object_tagging(Bucket=bucket, Key=key)["TagSet"] for key in ("same", "new", "none")}
    assert tags == {"same": [{"Key": "a", "Value": "b"}], "new": [{"Key": "c", "Value": "d"}], "none": []}


@pytest.mark.rule("s3-041", "s3-042")
def test_class_and_encryption_change_by_copying_in_place(s3, bucket, source, body):
    s3.copy_object(Bucket=bucket, Key="src", CopySource=source, StorageClass="STANDARD_IA")
    assert s3.head_object(Bucket=bucket, Key="src")["StorageClass"] == "STANDARD_IA"
    s3.copy_object(Bucket=bucket, Key="src", CopySource=source, ServerSideEncryption="aws:kms")
    head = s3.head_object(Bucket=bucket, Key="src")
    assert head["ServerSideEncryption"] == "aws:kms"
    assert head["SSEKMSKeyId"].startswith("arn:aws:kms:us-east-1:123456789012:key/")
    # The class is not carried over; the entity tag is no longer the MD5.
    assert "StorageClass" not in head
    assert head["ETag"] != '"841a2d689ad86bd1611447453c22c6fc"'
    assert body(bucket, "src") == b"body"


@pytest.mark.parametrize(
    ("condition", "header"),
    [
        ({"CopySourceIfMatch": '"x"'}, "x-amz-copy-source-If-Match"),
        ({"CopySourceIfNoneMatch": "841a2d689ad86bd1611447453c22c6fc"}, "x-amz-copy-source-If-None-Match"),
        ({"CopySourceIfModifiedSince": "2026-01-01"}, "x-amz-copy-source-If-Modified-Since"),
        ({"CopySourceIfUnmodifiedSince": "2020-01-01"}, "x-amz-copy-source-If-Unmodified-Since"),
    ],
)
@pytest.mark.aws(at="2026-01-01")
def test_conditions_on_the_source(aws, s3, bucket, source, keys, refused, condition, header):
    aws.clock.advance(days=1)
    s3.put_object(Bucket=bucket, Key="old", Body=b"body")
    aws.clock.advance(days=1)
    if "ModifiedSince" in header.replace("-", "") and "Un" not in header:
        condition = {"CopySourceIfModifiedSince": "2026-01-02T12:00:00"}
    with refused("PreconditionFailed", FAILED, 412, Condition=header):
        s3.copy_object(Bucket=bucket, Key="copy", CopySource=source, **condition)
    id = s3.create_multipart_upload(Bucket=bucket, Key="copy")["UploadId"]
    with refused("PreconditionFailed", FAILED, 412, Condition=header):
        s3.upload_part_copy(Bucket=bucket, Key="copy", UploadId=id, PartNumber=1, CopySource=source, **condition)
    assert "Parts" not in s3.list_parts(Bucket=bucket, Key="copy", UploadId=id)
    assert keys(bucket) == ["old", "src"]


@pytest.mark.newer_botocore
def test_conditions_on_the_target(s3, bucket, source, body, refused):
    s3.put_object(Bucket=bucket, Key="k", Body=b"a")
    with refused("PreconditionFailed", FAILED, 412, Condition="If-None-Match"):
        s3.copy_object(Bucket=bucket, Key="k", CopySource=source, IfNoneMatch="*")
    with refused("PreconditionFailed", FAILED, 412, Condition="If-Match"):
        s3.copy_object(Bucket=bucket, Key="k", CopySource=source, IfMatch='"x"')
    with refused("NoSuchKey", status=404, Key="none"):
        s3.copy_object(Bucket=bucket, Key="none", CopySource=source, IfMatch='"x"')
    assert body(bucket, "k") == b"a"
    s3.copy_object(Bucket=bucket, Key="k", CopySource=source, IfMatch='"0cc175b9c0f1b6a831c399e269772661"')
    assert body(bucket, "k") == b"body"


def test_sources_that_are_none(s3, bucket, other, refused):
    for missing, code in (("reports/none", "NoSuchKey"), ("missing-bucket/k", "NoSuchBucket")):
        with refused(code, status=404):
            s3.copy_object(Bucket=bucket, Key="k", CopySource=missing)
    with refused("InvalidArgument", ArgumentName="x-amz-copy-source"):
        s3.copy_object(Bucket=bucket, Key="k", CopySource="reports")
    s3.put_object(Bucket=bucket, Key="k")
    other.create_bucket(Bucket="theirs-1")
    with refused("AccessDenied", "Access Denied", 403):
        other.copy_object(Bucket="theirs-1", Key="k", CopySource=f"{bucket}/k")


def test_the_checksum_of_a_copy(s3, bucket, source):
    answer = s3.copy_object(Bucket=bucket, Key="copy", CopySource=source, ChecksumAlgorithm="SHA256")
    expected = base64.b64encode(hashlib.sha256(b"body").digest()).decode()
    assert answer["CopyObjectResult"]["ChecksumSHA256"] == expected
    assert s3.head_object(Bucket=bucket, Key="copy", ChecksumMode="ENABLED")["ChecksumSHA256"] == expected


def test_the_managed_copy_of_boto3(aws, bucket, source, body):
    boto3.resource("s3", region_name="us-east-1").Bucket(bucket).copy(source, "copy")
    assert body(bucket, "copy") == b"body"

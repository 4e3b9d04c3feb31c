"""Objects: bytes, metadata, headers, checksums, conditions, ranges, deletion."""

import base64
import hashlib
import threading
import zlib
from datetime import UTC, datetime, timedelta

import boto3
import pytest
import requests
from botocore.config import Config

FAILED = "At least one of the pre-conditions you specified did not hold"
ETAG_A = '"0cc175b9c0f1b6a831c399e269772661"'


@pytest.mark.rule("s3-020", "s3-021", "s3-022")
def test_a_put_replaces_and_gives_the_bytes_back(s3, bucket, body, keys):
    answer = s3.put_object(Bucket=bucket, Key="k", Body=b"first")
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    every = bytes(range(256)) * 3
    answer = s3.put_object(Bucket=bucket, Key="k", Body=every)
    assert answer["ETag"] == f'"{hashlib.md5(every).hexdigest()}"'
    assert answer["ServerSideEncryption"] == "AES256"
    assert "VersionId" not in answer
    assert body(bucket, "k") == every
    assert keys(bucket) == ["k"]


@pytest.mark.rule("s3-023")
def test_an_unknown_key(s3, bucket, refused):
    with refused("NoSuchKey", "The specified key does not exist.", 404, Key="none") as refusal:
        s3.get_object(Bucket=bucket, Key="none")
    assert refusal.headers["x-amz-request-id"]
    assert refusal.headers["x-amz-id-2"]
    with refused("404", "Not Found", 404):
        s3.head_object(Bucket=bucket, Key="none")


@pytest.mark.rule("s3-025")
def test_the_key_is_the_whole_path(s3, bucket, body, refused):
    s3.put_object(Bucket=bucket, Key="one/two/file.txt", Body=b"1")
    assert body(bucket, "one/two/file.txt") == b"1"
    with refused("NoSuchKey", status=404):
        s3.get_object(Bucket=bucket, Key="file.txt")


@pytest.mark.parametrize(
    "key",
    [
        "file%2Fname", "test@key/", "test%123", "test%percent", "test key/", "test key//", "a/%F0%9F%98%80/",
        "a/b//c", "//lead", "./dots/../x", "ü/é?&=+#", "\U0001f600", "a\tb\nc", "t/",
    ],
)  # fmt: skip
def test_keys_come_back_as_they_went(s3, bucket, body, keys, key):
    s3.put_object(Bucket=bucket, Key=key, Body=b"test")
    assert body(bucket, key) == b"test"
    assert keys(bucket) == [key]
    s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": key})
    assert body(bucket, "copy") == b"test"
    s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": key}]})
    assert keys(bucket) == ["copy"]


def test_the_length_of_keys(s3, bucket, keys, refused):
    s3.put_object(Bucket=bucket, Key="k" * 1024)
    s3.put_object(Bucket=bucket, Key="ü" * 512)
    with refused("KeyTooLongError", "Your key is too long", Size="1025", MaxSizeAllowed="1024"):
        s3.put_object(Bucket=bucket, Key="k" * 1025)
    with refused("KeyTooLongError", Size="1026"):
        s3.put_object(Bucket=bucket, Key="ü" * 513)
    assert keys(bucket) == ["k" * 1024, "ü" * 512]


@pytest.mark.rule("s3-027")
def test_user_metadata(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Metadata={"Colour": "red", "under_score": "x"})
    for answer in (s3.head_object(Bucket=bucket, Key="k"), s3.get_object(Bucket=bucket, Key="k")):
        assert answer["Metadata"] == {"colour": "red", "under_score": "x"}


def test_user_metadata_has_a_limit(s3, bucket, refused):
    s3.put_object(Bucket=bucket, Key="k", Metadata={"a": "x" * 2047})
    message = "Your metadata headers exceed the maximum allowed metadata size"
    with refused("MetadataTooLarge", message, Size="2049", MaxSizeAllowed="2048"):
        s3.put_object(Bucket=bucket, Key="k", Metadata={"a": "x" * 2048})
    assert len(s3.head_object(Bucket=bucket, Key="k")["Metadata"]["a"]) == 2047


def test_system_headers(s3, bucket):
    given = {
        "ContentType": "text/plain", "CacheControl": "no-cache", "ContentLanguage": "de", "ContentEncoding": "gzip",
        "ContentDisposition": 'attachment; filename="foo.jpg"', "WebsiteRedirectLocation": "/other",
        "Expires": datetime(2030, 1, 1, tzinfo=UTC),
    }  # fmt: skip
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", **given)
    answer = s3.head_object(Bucket=bucket, Key="k")
    assert {name: answer[name] for name in given} == given
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    answer = s3.head_object(Bucket=bucket, Key="k")
    assert answer["ContentType"] == "binary/octet-stream"
    assert not given.keys() - {"ContentType"} & answer.keys()
    assert answer["AcceptRanges"] == "bytes"
    assert answer["LastModified"].microsecond == 0


def test_headers_replaced_in_the_answer(s3, bucket, v4, refused):
    s3.put_object(Bucket=bucket, Key="k", Body=b"something", CacheControl="no-cache")
    overrides = {
        "ResponseCacheControl": "max-age=74", "ResponseContentType": "image/jpeg", "ResponseContentLanguage": "de-DE",
        "ResponseContentEncoding": "identity", "ResponseContentDisposition": 'attachment; filename="foo.jpg"',
        "ResponseExpires": datetime(2015, 10, 21, 7, 28, tzinfo=UTC),
    }  # fmt: skip
    answer = s3.get_object(Bucket=bucket, Key="k", **overrides)
    assert {name: answer[name.removeprefix("Response")] for name in overrides} == overrides
    url = v4.generate_presigned_url(
        "get_object", Params={"Bucket": bucket, "Key": "k", "ResponseCacheControl": "non-ascii-— é"}
    )
    answer = requests.get(url)
    assert answer.status_code == 400
    assert "Header value cannot be represented using ISO-8859-1." in answer.text


@pytest.mark.rule("s3-034")
def test_an_empty_object(s3, bucket, body):
    s3.put_object(Bucket=bucket, Key="k", Body=b"")
    assert s3.head_object(Bucket=bucket, Key="k")["ContentLength"] == 0
    assert body(bucket, "k") == b""


@pytest.mark.rule("s3-031", "s3-032", "s3-033")
def test_no_quota_counts_objects_bytes_or_prefixes(aws):
    from awsim.limits.table import load

    quotas = {name for name, row in load("s3").items() if row.kind == "quota"}
    assert quotas == {
        "buckets", "analytics-configurations", "inventory-configurations", "metrics-configurations",
        "intelligent-tiering-configurations",
    }  # fmt: skip


@pytest.mark.rule("s3-036")
@pytest.mark.aws(limits={"s3.put-size": 100})
def test_one_put_has_a_limit(s3, bucket, body, refused):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x" * 100)
    message = "Your proposed upload exceeds the maximum allowed size"
    with refused("EntityTooLarge", message, ProposedSize="101", MaxSizeAllowed="100"):
        s3.put_object(Bucket=bucket, Key="k", Body=b"y" * 101)
    assert body(bucket, "k") == b"x" * 100


@pytest.mark.rule("s3-035", "s3-036", "s3-038", "s3-046", "s3-047")
def test_the_sizes_of_the_table():
    from awsim.cloud import Cloud

    limits = Cloud().limits
    sizes = {name: limits[f"s3.{name}"] for name in ("put-size", "part-size", "copy-source-size")}
    assert set(sizes.values()) == {5 * 1024**3}
    assert limits["s3.object-size"] == 10_000 * 5 * 1024**3
    assert limits["s3.part-size-smallest"] == 5 * 1024**2
    assert Cloud(as_of="2025-12-01").limits["s3.object-size"] == 5 * 1024**4


# --- checksums and digests


@pytest.mark.newer_botocore
@pytest.mark.parametrize(
    ("algorithm", "value"),
    [
        ("CRC32", "cZWHwQ=="),
        ("SHA1", "B++3uSfJMSHWToQMQ1g6lIJY5Eo="),
        ("SHA256", "2l26x0trnT0r2AvakoFk2MB7eKVKzYESLMxSAKAzoik="),
    ],
)
def test_a_checksum_is_verified_kept_and_given_back(s3, bucket, refused, algorithm, value):
    member = "Checksum" + algorithm
    by_botocore = s3.put_object(Bucket=bucket, Key="k", Body=b"test data..", ChecksumAlgorithm=algorithm)
    by_hand = s3.put_object(Bucket=bucket, Key="k", Body=b"test data..", **{member: value})
    for answer in (by_botocore, by_hand, s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")):
        assert (answer[member], answer["ChecksumType"]) == (value, "FULL_OBJECT")
    attributes = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=["Checksum"])
    assert attributes["Checksum"] == {member: value, "ChecksumType": "FULL_OBJECT"}
    entry = s3.list_objects_v2(Bucket=bucket)["Contents"][0]
    assert (entry["ChecksumAlgorithm"], entry["ChecksumType"]) == ([algorithm], "FULL_OBJECT")
    wrong = base64.b64encode(b"\0" * len(base64.b64decode(value))).decode()
    with refused("BadDigest", f"The {algorithm} you specified did not match the calculated checksum."):
        s3.put_object(Bucket=bucket, Key="k", Body=b"other", **{member: wrong})
    with refused("InvalidRequest", f"Value for x-amz-checksum-{algorithm.lower()} header is invalid."):
        s3.put_object(Bucket=bucket, Key="k", Body=b"other", **{member: "wrong-base64-value"})
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"test data.."


@pytest.mark.newer_botocore
def test_checksums_of_the_newer_kinds(s3, bucket, refused):
    data = b"test data.."
    value = base64.b64encode(hashlib.sha512(data).digest()).decode()
    assert s3.put_object(Bucket=bucket, Key="k", Body=data, ChecksumSHA512=value)["ChecksumSHA512"] == value
    assert s3.put_object(Bucket=bucket, Key="k", Body=data, ChecksumCRC64NVME="qUVrWYOrIAM=")["ChecksumType"]
    with refused("BadDigest", "The CRC64NVME you specified did not match the calculated checksum."):
        s3.put_object(Bucket=bucket, Key="k", Body=b"x", ChecksumCRC64NVME="qUVrWYOrIAM=")


@pytest.mark.newer_botocore
def test_s3_computes_a_checksum_where_none_is_sent(s3, bucket):
    silent = boto3.client("s3", region_name="us-east-1", config=Config(request_checksum_calculation="when_required"))
    assert silent.put_object(Bucket=bucket, Key="k", Body=b"test data..")["ChecksumCRC64NVME"] == "qUVrWYOrIAM="


def test_several_checksums_at_once(s3, bucket, refused):
    message = "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed."
    with refused("InvalidRequest", message):
        s3.put_object(
            Bucket=bucket, Key="k", Body=b"a", ChecksumCRC32="6Le+Qw==", ChecksumSHA1="hvfkN/qlp/zhXR3cuerq6jd2Z7g="
        )


@pytest.mark.parametrize("value", ["__invalid__", "000", "not base64 encoded checksum", "MTIz", "dGVzdC1zdHJpbmc="])
def test_a_content_md5_that_is_none(s3, bucket, refused, value):
    with refused("InvalidDigest", "The Content-MD5 you specified was invalid.", **{"Content-MD5": value}):
        s3.put_object(Bucket=bucket, Key="k", Body=b"something", ContentMD5=value)


def test_content_md5(s3, bucket, keys, refused):
    good = base64.b64encode(hashlib.md5(b"something").digest()).decode()
    wrong = base64.b64encode(hashlib.md5(b"other").digest()).decode()
    message = "The Content-MD5 you specified did not match what we received."
    with refused("BadDigest", message, CalculatedDigest=good, ExpectedDigest=hashlib.md5(b"other").hexdigest()):
        s3.put_object(Bucket=bucket, Key="k", Body=b"something", ContentMD5=wrong)
    assert keys(bucket) == []
    s3.put_object(Bucket=bucket, Key="k", Body=b"something", ContentMD5=good)


def test_a_body_shorter_than_announced(s3, bucket, v4, keys):
    url = v4.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "k"})
    request = requests.Request("PUT", url, data=b"abc").prepare()
    request.headers["Content-Length"] = "5"
    answer = requests.Session().send(request)
    assert answer.status_code == 400
    assert "<Code>IncompleteBody</Code>" in answer.text
    assert keys(bucket) == []


# --- ranges and parts


@pytest.mark.newer_botocore
@pytest.mark.rule("s3-048", "s3-049")
def test_ranges(s3, bucket, refused):
    whole = bytes(range(200))
    s3.put_object(Bucket=bucket, Key="k", Body=whole)
    answer = s3.get_object(Bucket=bucket, Key="k", Range="bytes=0-49")
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert answer["ContentRange"] == "bytes 0-49/200"
    assert answer["ContentLength"] == 50
    assert "ChecksumCRC32" not in answer
    spans = ("bytes=0-49", "bytes=50-149", "bytes=-50")
    assert b"".join(s3.get_object(Bucket=bucket, Key="k", Range=span)["Body"].read() for span in spans) == whole
    head = s3.head_object(Bucket=bucket, Key="k", Range="bytes=10-19")
    assert (head["ContentLength"], head["ContentRange"]) == (10, "bytes 10-19/200")
    message = "The requested range is not satisfiable"
    with refused("InvalidRange", message, 416, RangeRequested="bytes=200-", ActualObjectSize="200"):
        s3.get_object(Bucket=bucket, Key="k", Range="bytes=200-")
    # What is no single range of bytes is not heeded.
    assert s3.get_object(Bucket=bucket, Key="k", Range="bytes=0-1,4-5")["ContentLength"] == 200


def test_the_part_of_an_object_without_parts(s3, bucket, refused):
    s3.put_object(Bucket=bucket, Key="k", Body=b"test-123")
    answer = s3.get_object(Bucket=bucket, Key="k", PartNumber=1)
    assert (answer["ContentRange"], answer["ResponseMetadata"]["HTTPStatusCode"]) == ("bytes 0-7/8", 206)
    message = "The requested partnumber is not satisfiable"
    with refused("InvalidPartNumber", message, 416, ActualPartCount="1", PartNumberRequested="2"):
        s3.get_object(Bucket=bucket, Key="k", PartNumber=2)
    with refused("InvalidRequest", "Cannot specify both Range header and partNumber query parameter"):
        s3.get_object(Bucket=bucket, Key="k", PartNumber=1, Range="bytes=0-1")


# --- conditions


def test_conditional_reads(aws, s3, bucket, refused):
    s3.put_object(Bucket=bucket, Key="k", Body=b"a")
    made = s3.head_object(Bucket=bucket, Key="k")["LastModified"]
    aws.clock.advance(hours=1)
    past, later = made - timedelta(seconds=1), made + timedelta(minutes=1)
    for read in (s3.get_object, s3.head_object):
        for good in (
            {"IfMatch": ETAG_A},
            {"IfNoneMatch": '"x"'},
            {"IfModifiedSince": past},
            {"IfUnmodifiedSince": made},
            {"IfMatch": ETAG_A, "IfUnmodifiedSince": past},
            {"IfNoneMatch": '"x"', "IfModifiedSince": later},
            {"IfModifiedSince": made + timedelta(days=300)},
        ):
            assert read(Bucket=bucket, Key="k", **good)["ContentLength"] == 1
        for stale in (
            {"IfNoneMatch": ETAG_A},
            {"IfModifiedSince": made},
            {"IfNoneMatch": ETAG_A, "IfModifiedSince": past},
        ):
            with refused("304", "Not Modified", 304) as refusal:
                read(Bucket=bucket, Key="k", **stale)
            assert refusal.headers["etag"] == ETAG_A
    with refused("PreconditionFailed", FAILED, 412, Condition="If-Match"):
        s3.get_object(Bucket=bucket, Key="k", IfMatch='"x"')
    with refused("PreconditionFailed", FAILED, 412, Condition="If-Unmodified-Since"):
        s3.get_object(Bucket=bucket, Key="k", IfUnmodifiedSince=past)
    with refused("412", "Precondition Failed", 412):
        s3.head_object(Bucket=bucket, Key="k", IfMatch='"x"')


@pytest.mark.newer_botocore
def test_conditional_writes(s3, bucket, body, refused):
    s3.put_object(Bucket=bucket, Key="k", Body=b"a", IfNoneMatch="*")
    with refused("PreconditionFailed", FAILED, 412, Condition="If-None-Match"):
        s3.put_object(Bucket=bucket, Key="k", Body=b"b", IfNoneMatch="*")
    with refused("PreconditionFailed", FAILED, 412, Condition="If-Match"):
        s3.put_object(Bucket=bucket, Key="k", Body=b"b", IfMatch='"x"')
    with refused("NoSuchKey", status=404, Key="none"):
        s3.put_object(Bucket=bucket, Key="none", Body=b"b", IfMatch=ETAG_A)
    message = "A header you provided implies functionality that is not implemented"
    with refused("NotImplemented", message, 501, Header="If-None-Match"):
        s3.put_object(Bucket=bucket, Key="k", Body=b"b", IfNoneMatch=ETAG_A)
    with refused("NotImplemented", message, 501, Header="If-Match"):
        s3.put_object(Bucket=bucket, Key="k", Body=b"b", IfMatch="*")
    with refused("NotImplemented", message, 501, Header="If-Match,If-None-Match"):
        s3.put_object(Bucket=bucket, Key="k", Body=b"b", IfMatch=ETAG_A, IfNoneMatch="*")
    assert body(bucket, "k") == b"a"
    s3.put_object(Bucket=bucket, Key="k", Body=b"b", IfMatch=ETAG_A)
    assert body(bucket, "k") == b"b"
    s3.delete_object(Bucket=bucket, Key="k")
    s3.put_object(Bucket=bucket, Key="k", Body=b"c", IfNoneMatch="*")


@pytest.mark.newer_botocore
def test_conditional_deletes(s3, bucket, keys, refused):
    s3.put_object(Bucket=bucket, Key="k", Body=b"a")
    with refused("PreconditionFailed", FAILED, 412, Condition="If-Match"):
        s3.delete_object(Bucket=bucket, Key="k", IfMatch='"x"')
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "k", "ETag": '"x"'}]})
    assert answer["Errors"] == [{"Key": "k", "Code": "PreconditionFailed", "Message": FAILED}]
    assert keys(bucket) == ["k"]
    s3.delete_object(Bucket=bucket, Key="k", IfMatch=ETAG_A)
    assert keys(bucket) == []


# --- deletion


def test_deleting(s3, bucket, keys, refused):
    for key in ("a", "b", "c"):
        s3.put_object(Bucket=bucket, Key=key)
    for key in ("a", "a", "never"):
        answer = s3.delete_object(Bucket=bucket, Key=key)
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
        assert not {"DeleteMarker", "VersionId"} & answer.keys()
    with refused("InvalidArgument", "Invalid version id specified", ArgumentName="versionId"):
        s3.delete_object(Bucket=bucket, Key="b", VersionId="HPniJFCxqTsMuIH9KX8K8wEjNUgmABCD")
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "b"}, {"Key": "never"}]})
    assert answer["Deleted"] == [{"Key": "b"}, {"Key": "never"}]
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "c"}], "Quiet": True})
    assert not {"Deleted", "Errors"} & answer.keys()
    assert keys(bucket) == []


def test_a_thousand_at_once_and_no_more(s3, bucket, keys, refused):
    s3.put_object(Bucket=bucket, Key="k0")
    entries = [{"Key": f"k{n}"} for n in range(1001)]
    with refused("MalformedXML"):
        s3.delete_objects(Bucket=bucket, Delete={"Objects": entries})
    assert keys(bucket) == ["k0"]
    assert len(s3.delete_objects(Bucket=bucket, Delete={"Objects": entries[:1000]})["Deleted"]) == 1000
    assert keys(bucket) == []
    with refused("MalformedXML"):
        s3.delete_objects(Bucket=bucket, Delete={"Objects": []})


# --- storage classes


@pytest.mark.rule("s3-076")
def test_the_class_without_a_choice(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k")
    assert "StorageClass" not in s3.head_object(Bucket=bucket, Key="k")
    assert s3.list_objects_v2(Bucket=bucket)["Contents"][0]["StorageClass"] == "STANDARD"
    attributes = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=["StorageClass"])
    assert attributes["StorageClass"] == "STANDARD"


@pytest.mark.rule("s3-077", "s3-078", "s3-079", "s3-080", "s3-081", "s3-083", "s3-084")
@pytest.mark.parametrize(
    "name", ["STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR", "REDUCED_REDUNDANCY"]
)
def test_classes_that_are_read_at_once(s3, bucket, body, name):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", StorageClass=name, ServerSideEncryption="AES256")
    head = s3.head_object(Bucket=bucket, Key="k")
    assert (head["StorageClass"], head["ServerSideEncryption"]) == (name, "AES256")
    assert s3.list_objects_v2(Bucket=bucket)["Contents"][0]["StorageClass"] == name
    assert body(bucket, "k") == b"x"


@pytest.mark.rule("s3-077", "s3-087")
@pytest.mark.parametrize("name", ["GLACIER", "DEEP_ARCHIVE"])
def test_archived_objects_are_not_read_or_copied(s3, bucket, keys, refused, name):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", StorageClass=name)
    assert s3.head_object(Bucket=bucket, Key="k")["StorageClass"] == name
    message = "The operation is not valid for the object's storage class"
    with refused("InvalidObjectState", message, 403, StorageClass=name):
        s3.get_object(Bucket=bucket, Key="k")
    with refused("InvalidObjectState", status=403):
        s3.copy_object(Bucket=bucket, Key="copy", CopySource=f"{bucket}/k")
    assert keys(bucket) == ["k"]


@pytest.mark.rule("s3-077")
@pytest.mark.parametrize("name", ["COLD", "OUTPOSTS", "EXPRESS_ONEZONE"])
def test_classes_that_are_none(s3, bucket, keys, refused, name):
    with refused("InvalidStorageClass", "The storage class you specified is not valid", StorageClassRequested=name):
        s3.put_object(Bucket=bucket, Key="k", StorageClass=name)
    assert keys(bucket) == []


# --- consistency


@pytest.mark.rule("s3-171", "s3-172", "s3-173")
def test_reads_and_lists_are_current(s3, bucket, body, keys, refused):
    with refused("NoSuchKey", status=404):
        s3.get_object(Bucket=bucket, Key="k")
    for data in (b"1", b"2"):
        s3.put_object(Bucket=bucket, Key="k", Body=data)
        assert body(bucket, "k") == data
    assert keys(bucket) == ["k"]
    s3.delete_object(Bucket=bucket, Key="k")
    assert keys(bucket) == []
    with refused("NoSuchKey", status=404):
        s3.get_object(Bucket=bucket, Key="k")


@pytest.mark.rule("s3-172", "s3-173")
@pytest.mark.aws(
    as_of="2020-11-30", consistency="eventual", at="2020-11-30", replay="s3.stale-read#1=1,s3.stale-read#3=1"
)
def test_reads_before_december_2020_may_be_old(aws, s3, bucket, body, refused):
    for data in (b"1", b"2"):
        s3.put_object(Bucket=bucket, Key="k", Body=data)
    assert [body(bucket, "k"), body(bucket, "k")] == [b"1", b"2"]
    s3.delete_object(Bucket=bucket, Key="k")
    assert body(bucket, "k") == b"2"
    aws.clock.advance(seconds=5)
    with refused("NoSuchKey", status=404):
        s3.get_object(Bucket=bucket, Key="k")


@pytest.mark.rule("s3-172")
@pytest.mark.aws(as_of="2020-12-01", consistency="eventual")
def test_reads_since_december_2020_are_current(aws, s3, bucket, body):
    for n in range(20):
        s3.put_object(Bucket=bucket, Key="k", Body=b"%d" % n)
        assert body(bucket, "k") == b"%d" % n
    assert not aws.choices


@pytest.mark.rule("s3-174")
def test_a_read_sees_a_write_whole_or_not_at_all(s3, bucket, body):
    bodies = (b"a" * 100_000, b"b" * 100_000)
    s3.put_object(Bucket=bucket, Key="k", Body=bodies[0])

    def write(data):
        for _ in range(10):
            s3.put_object(Bucket=bucket, Key="k", Body=data)

    threads = [threading.Thread(target=write, args=(data,)) for data in bodies]
    for thread in threads:
        thread.start()
    for _ in range(20):
        assert body(bucket, "k") in bodies
    for thread in threads:
        thread.join()


@pytest.mark.rule("s3-175", "s3-176", "s3-177")
@pytest.mark.aws(at="2026-01-01", limits={"s3.prefix-writes": 3, "s3.prefix-reads": 5})
def test_rates_of_a_prefix(aws, v4, refused):
    from awsim.cloud import Cloud

    assert (Cloud().limits["s3.prefix-writes"], Cloud().limits["s3.prefix-reads"]) == (3500, 5500)
    client = boto3.client("s3", region_name="us-east-1", config=Config(retries={"total_max_attempts": 1}))
    client.create_bucket(Bucket="busy")
    for prefix in ("one/", "two/"):
        for n in range(3):
            client.put_object(Bucket="busy", Key=f"{prefix}{n}")
    with refused("SlowDown", "Please reduce your request rate.", 503):
        client.put_object(Bucket="busy", Key="one/4")
    for prefix in ("one/", "two/"):
        for _ in range(5):
            client.get_object(Bucket="busy", Key=f"{prefix}1")
    with refused("SlowDown", "Please reduce your request rate.", 503):
        client.get_object(Bucket="busy", Key="two/1")
    aws.clock.advance(seconds=1)
    client.put_object(Bucket="busy", Key="one/4")


@pytest.mark.rule("s3-170")
def test_torrents_are_gone(s3, bucket, refused):
    s3.put_object(Bucket=bucket, Key="k")
    with refused("MethodNotAllowed", status=405):
        s3.get_object_torrent(Bucket=bucket, Key="k")


# --- what headers say of a body


def test_more_announced_than_sent_and_less(aws, s3, bucket, v4, body):
    url = v4.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "k"})
    short = requests.Request("PUT", url, data=b"12345").prepare()
    short.headers["Content-Length"] = "9"
    answer = requests.Session().send(short)
    assert (answer.status_code, "<Code>IncompleteBody</Code>" in answer.text) == (400, True)
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0
    short.headers["Content-Length"] = "3"
    assert requests.Session().send(short).status_code == 200
    assert body(bucket, "k") == b"123"
    short.headers["Content-Length"] = "-1"
    answer = requests.Session().send(short)
    assert (answer.status_code, "<Code>BadRequest</Code>" in answer.text) == (400, True)
    assert body(bucket, "k") == b"123"


def test_a_body_of_unknown_length(aws, s3, bucket, v4, refused):
    url = v4.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "k"})
    answer = requests.put(url, data=iter([b"12", b"34"]))
    assert (answer.status_code, "<Code>NotImplemented</Code>" in answer.text) == (501, True)
    assert "<Header>Transfer-Encoding</Header>" in answer.text

    class Stream:
        def read(self, amount=None):
            return b""

    with refused("MissingContentLength", "You must provide the Content-Length HTTP header.", 411):
        s3.put_object(Bucket=bucket, Key="k", Body=Stream())
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_reads_do_not_say_how_to_encrypt(s3, bucket, refused):
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    header = "x-amz-server-side-encryption"
    s3.meta.events.register("before-call.s3", lambda params, **_: params["headers"].update({header: "aws:kms"}))
    with refused("InvalidArgument", f"{header} header is not supported for this operation.", ArgumentName=header):
        s3.get_object(Bucket=bucket, Key="k")
    with refused("400"):
        s3.head_object(Bucket=bucket, Key="k")


def test_the_coding_of_a_transfer_is_no_coding_of_the_object(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"1", ContentEncoding="aws-chunked, deflate, gzip")
    assert s3.head_object(Bucket=bucket, Key="k")["ContentEncoding"] == "deflate, gzip"


def test_large_bodies_are_summed_before_anybody_has_to_wait(aws, s3, bucket, refused, monkeypatch):
    from awsim.services.s3 import checksums

    body = bytes(range(256)) * 2048
    held = []
    summed = checksums.md5
    monkeypatch.setattr(checksums, "md5", lambda data: held.append(aws.lock._is_owned()) or summed(data))
    with refused("BadDigest", "The CRC32 you specified did not match the calculated checksum."):
        s3.put_object(Bucket=bucket, Key="k", Body=body, ChecksumCRC32="AAAAAA==")
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)
    answer = s3.put_object(Bucket=bucket, Key="k", Body=body)
    assert answer["ETag"] == f'"{hashlib.md5(body).hexdigest()}"'
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == body
    assert held and not any(held)
    *_, call = aws.calls.of("s3:PutObject")
    assert call.parameters["Body"] == (len(body), zlib.crc32(body))

"""Every waiter and every paginator that botocore has for a modelled operation."""

import pytest
import requests
from botocore.exceptions import WaiterError


def test_waiters(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k")
    s3.get_waiter("bucket_exists").wait(Bucket=bucket)
    s3.get_waiter("object_exists").wait(Bucket=bucket, Key="k")
    s3.get_waiter("object_not_exists").wait(Bucket=bucket, Key="none")
    s3.get_waiter("bucket_not_exists").wait(Bucket="missing")
    assert set(s3.waiter_names) == {"bucket_exists", "object_exists", "object_not_exists", "bucket_not_exists"}


def test_a_waiter_that_waits_in_vain(aws, s3, bucket):
    before = aws.clock.time()
    with pytest.raises(WaiterError):
        s3.get_waiter("object_exists").wait(Bucket=bucket, Key="none", WaiterConfig={"Delay": 5, "MaxAttempts": 3})
    assert 10 <= aws.clock.time() - before < 12


PLACE = {"Bucket": "reports"}


@pytest.mark.parametrize(
    ("operation", "given", "member", "size"),
    [
        ("list_buckets", {}, "Buckets", 2),
        ("list_objects", PLACE, "Contents", 3),
        ("list_objects_v2", PLACE, "Contents", 3),
        ("list_object_versions", PLACE, "Versions", 3),
        ("list_multipart_uploads", PLACE, "Uploads", 3),
        ("list_parts", {**PLACE, "Key": "up"}, "Parts", 3),
    ],
)
def test_paginators(s3, bucket, operation, given, member, size):
    s3.create_bucket(Bucket="second")
    for n in range(3):
        s3.put_object(Bucket=bucket, Key=f"k{n}")
        upload = s3.create_multipart_upload(Bucket=bucket, Key="up")["UploadId"]
    for n in (1, 2, 3):
        s3.upload_part(Bucket=bucket, Key="up", UploadId=upload, PartNumber=n, Body=b"x")
    if operation == "list_parts":
        given = {**given, "UploadId": upload}
    pages = list(s3.get_paginator(operation).paginate(**given, PaginationConfig={"PageSize": 1}))
    assert [len(page[member]) for page in pages] == [1] * size


def test_not_modified_has_no_body(s3, bucket, v4):
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"x")["ETag"]
    url = v4.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"})
    answer = requests.get(url, headers={"If-None-Match": etag})
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", etag)


def test_an_unreadable_expiry_is_kept_as_it_was_written(s3, bucket, v4):
    url = v4.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "k"})
    assert requests.put(url, data=b"x", headers={"Expires": "never"}).status_code == 200
    assert s3.head_object(Bucket=bucket, Key="k")["ExpiresString"] == "never"


def test_a_broken_body_changes_nothing(s3, bucket, refused):
    scope = "AKIAEXAMPLE/20260101/us-east-1/s3/aws4_request"
    signed = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature={'0' * 64}"
    for broken in (b"<CORSConfiguration><bad", b"<CORSConfiguration/>", b"<Other/>", b""):
        answer = requests.put(
            f"https://{bucket}.s3.amazonaws.com/?cors", data=broken, headers={"Authorization": signed}
        )
        assert answer.status_code == 400
        assert "<Code>MalformedXML</Code>" in answer.text
    with refused("NoSuchCORSConfiguration", status=404):
        s3.get_bucket_cors(Bucket=bucket)

"""boto3's and s3transfer's own transfers: 64 MB in parts, from threads."""

import hashlib
import os
import resource

import pytest

boto3 = pytest.importorskip("boto3")
transfer = pytest.importorskip("boto3.s3.transfer")

SIZE = 64 * 1024 * 1024


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "source"
    block = hashlib.sha512(b"block").digest() * 16_384  # 1 MB
    with path.open("wb") as file:
        for number in range(SIZE // len(block)):
            file.write(number.to_bytes(8, "big") + block[8:])
    return path


def digest(path):
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def test_64_megabytes_up_and_down(aws, source, tmp_path):
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="reports")
    seen = []
    config = transfer.TransferConfig(multipart_chunksize=8 * 1024 * 1024, max_concurrency=10, use_threads=True)
    s3.upload_file(str(source), "reports", "big", Config=config, Callback=seen.append)
    assert sum(seen) == SIZE
    assert len(aws.calls.of("s3:UploadPart")) == 8

    head = s3.head_object(Bucket="reports", Key="big")
    assert head["ContentLength"] == SIZE
    assert head["ETag"].endswith('-8"')

    s3.download_file("reports", "big", str(tmp_path / "target"), Config=config)
    assert digest(tmp_path / "target") == digest(source)
    assert len(aws.calls.of("s3:GetObject")) == 8
    assert s3.list_multipart_uploads(Bucket="reports").get("Uploads") is None


def test_an_upload_that_fails_leaves_no_parts(aws, source):
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="reports")
    aws.faults.add("s3:UploadPart", error="AccessDenied", times=1)
    with pytest.raises(Exception, match="AccessDenied"):
        s3.upload_file(str(source), "reports", "big")
    assert s3.list_multipart_uploads(Bucket="reports").get("Uploads") is None
    assert s3.list_objects_v2(Bucket="reports")["KeyCount"] == 0


def test_a_managed_copy_in_parts(aws, source, tmp_path):
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="reports")
    s3.create_bucket(Bucket="archive")
    s3.upload_file(str(source), "reports", "big")
    s3.copy({"Bucket": "reports", "Key": "big"}, "archive", "copy")
    assert len(aws.calls.of("s3:UploadPartCopy")) == 8
    s3.download_file("archive", "copy", str(tmp_path / "target"))
    assert digest(tmp_path / "target") == digest(source)


GIGABYTE = 1 << 30
# The whole size takes half a minute of CPU: most of it the client's own checksums.
SPARSE = 5 * GIGABYTE if os.environ.get("AWSIM_LARGE") else GIGABYTE


def peak():
    """The most memory that the process had so far, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def test_a_sparse_file_takes_little_memory(aws, tmp_path):
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        file.truncate(SPARSE)
        file.seek(SPARSE - 300_000_000)
        file.write(b"hello")
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="reports")
    before = peak()
    config = transfer.TransferConfig(multipart_chunksize=32 * 1024 * 1024, max_concurrency=2)
    s3.upload_file(str(path), "reports", "sparse", Config=config)
    s3.copy({"Bucket": "reports", "Key": "sparse"}, "reports", "copy", Config=config)
    for key in ("sparse", "copy"):
        assert s3.head_object(Bucket="reports", Key=key)["ContentLength"] == SPARSE
        start = SPARSE - 300_000_002
        part = s3.get_object(Bucket="reports", Key=key, Range=f"bytes={start}-{start + 8}")
        assert part["Body"].read() == b"\0\0hello\0\0"
    whole = s3.get_object(Bucket="reports", Key="copy")["Body"]
    assert sum(len(chunk) for chunk in whole.iter_chunks(1 << 22)) == SPARSE
    assert peak() - before < SPARSE // 2


def test_a_large_object_through_every_client(aws):
    import io
    import urllib.request

    import httpx
    import requests

    data = bytes(range(256)) * (160 * 1024)  # 40 MB, answered piece by piece
    s3 = boto3.client("s3", region_name="us-east-1")
    s3.create_bucket(Bucket="reports")
    s3.upload_fileobj(io.BytesIO(data), "reports", "big")
    link = s3.generate_presigned_url("get_object", Params={"Bucket": "reports", "Key": "big"})
    assert s3.get_object(Bucket="reports", Key="big")["Body"].read() == data
    assert requests.get(link).content == data
    assert httpx.get(link).content == data
    with urllib.request.urlopen(link) as answer:
        assert answer.read() == data


@pytest.mark.asyncio
async def test_a_large_object_through_asyncio(aws):
    session = pytest.importorskip("aiobotocore.session").get_session()
    body = bytes(range(256)) * (160 * 1024)
    async with session.create_client("s3", region_name="us-east-1") as s3:
        await s3.create_bucket(Bucket="reports")
        upload = (await s3.create_multipart_upload(Bucket="reports", Key="big"))["UploadId"]
        parts = []
        for number, start in enumerate(range(0, len(body), 1 << 23), 1):
            part = {"Bucket": "reports", "Key": "big", "UploadId": upload, "PartNumber": number}
            answer = await s3.upload_part(**part, Body=body[start : start + (1 << 23)])
            parts.append({"PartNumber": number, "ETag": answer["ETag"]})
        await s3.complete_multipart_upload(
            Bucket="reports", Key="big", UploadId=upload, MultipartUpload={"Parts": parts}
        )
        answer = await s3.get_object(Bucket="reports", Key="big")
        async with answer["Body"] as stream:
            assert await stream.read() == body

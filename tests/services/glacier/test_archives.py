"""Archives: checksums, parts, and what is refused."""

import hashlib

import pytest
from botocore.utils import calculate_tree_hash

from awsim.services.glacier import hashing

MB = 1024 * 1024


def test_tree_hash_is_that_of_botocore():
    import io

    for size in (1, MB, MB + 1, 3 * MB + 5, 8 * MB):
        data = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
        assert hashing.tree_hash(data).hex() == calculate_tree_hash(io.BytesIO(data)), size


def test_a_wrong_checksum_leaves_nothing(glacier, vault, refused):
    wrong = hashlib.sha256(b"other").hexdigest()
    code, status, message = refused(glacier.upload_archive, vaultName=vault, body=b"scene", checksum=wrong)
    assert (code, status) == ("InvalidParameterValueException", 400)
    assert wrong in message
    assert glacier.describe_vault(vaultName=vault)["NumberOfArchives"] == 0


def test_an_archive_is_not_empty(glacier, vault, refused):
    assert refused(glacier.upload_archive, vaultName=vault, body=b"") == (
        "InvalidParameterValueException",
        400,
        "Invalid Content-Length: 0",
    )


def upload(glacier, vault, body, size=MB):
    id = glacier.initiate_multipart_upload(vaultName=vault, partSize=str(size), archiveDescription="film")["uploadId"]
    for start in range(0, len(body), size):
        part = body[start : start + size]
        glacier.upload_multipart_part(
            vaultName=vault, uploadId=id, range=f"bytes {start}-{start + len(part) - 1}/*", body=part
        )
    return id


def test_in_parts(glacier, vault, refused):
    body = b"a" * MB + b"b" * MB + b"c" * 10
    id = upload(glacier, vault, body)
    listed = glacier.list_parts(vaultName=vault, uploadId=id)
    assert [part["RangeInBytes"] for part in listed["Parts"]] == ["0-1048575", "1048576-2097151", "2097152-2097161"]
    assert listed["ArchiveDescription"] == "film" and listed["PartSizeInBytes"] == MB
    assert [each["MultipartUploadId"] for each in glacier.list_multipart_uploads(vaultName=vault)["UploadsList"]] == [
        id
    ]
    tree = hashing.tree_hash(body).hex()
    common = {"vaultName": vault, "uploadId": id}
    assert refused(glacier.complete_multipart_upload, **common, archiveSize="5", checksum=tree)[0] == (
        "InvalidParameterValueException"
    )
    assert refused(glacier.complete_multipart_upload, **common, archiveSize=str(len(body)), checksum="00")[0] == (
        "InvalidParameterValueException"
    )
    done = glacier.complete_multipart_upload(**common, archiveSize=str(len(body)), checksum=tree)
    assert done["checksum"] == tree
    assert glacier.describe_vault(vaultName=vault)["SizeInBytes"] == len(body)
    assert refused(glacier.list_parts, **common) == (
        "ResourceNotFoundException",
        404,
        f"The upload ID was not found: {id}",
    )


def test_a_missing_part(glacier, vault, refused):
    id = glacier.initiate_multipart_upload(vaultName=vault, partSize=str(MB))["uploadId"]
    glacier.upload_multipart_part(vaultName=vault, uploadId=id, range=f"bytes {MB}-{MB + 1}/*", body=b"xy")
    tree = hashing.tree_hash(b"xy").hex()
    code, _, _ = refused(
        glacier.complete_multipart_upload, vaultName=vault, uploadId=id, archiveSize="2", checksum=tree
    )
    assert code == "InvalidParameterValueException"
    glacier.abort_multipart_upload(vaultName=vault, uploadId=id)
    assert glacier.list_multipart_uploads(vaultName=vault)["UploadsList"] == []


@pytest.mark.parametrize("size", ["3", "1048577", str(3 * MB), "8589934592"])
def test_part_sizes(glacier, vault, refused, size):
    assert refused(glacier.initiate_multipart_upload, vaultName=vault, partSize=size) == (
        "InvalidParameterValueException",
        400,
        f"Invalid part size: {size}. Part size must not be null, must be a power of two and be between 1048576 and "
        "4294967296 bytes.",
    )


def test_ranges_of_parts(glacier, vault, refused):
    id = glacier.initiate_multipart_upload(vaultName=vault, partSize=str(MB))["uploadId"]
    for wrong in ("bytes 0-1/*", "bytes 5-7/*", "0-2"):
        code, _, _ = refused(glacier.upload_multipart_part, vaultName=vault, uploadId=id, range=wrong, body=b"abc")
        assert code == "InvalidParameterValueException", wrong
    assert glacier.list_parts(vaultName=vault, uploadId=id)["Parts"] == []


@pytest.mark.rule("glacier-002")
def test_an_archive_of_40_tb(glacier, vault, aws, refused):
    assert aws.limits["glacier.archive-size"] == 10_000 * 4 * 1024**3
    id = glacier.initiate_multipart_upload(vaultName=vault, partSize=str(4 * 1024**3))["uploadId"]
    largest = 10_000 * 4 * 1024**3
    code, status, message = refused(
        glacier.complete_multipart_upload,
        vaultName=vault,
        uploadId=id,
        archiveSize=str(largest + 1),
        checksum="00",
    )
    assert (code, status) == ("InvalidParameterValueException", 400)
    assert message == f"Invalid archive size: {largest + 1}. An archive can have at most {largest} bytes."


@pytest.mark.aws(limits={"glacier.archive-size": 2 * MB})
@pytest.mark.rule("glacier-002")
def test_archive_size_at_the_limit(glacier, vault, refused):
    body = b"a" * (2 * MB)
    id = upload(glacier, vault, body)
    tree = hashing.tree_hash(body).hex()
    glacier.complete_multipart_upload(vaultName=vault, uploadId=id, archiveSize=str(2 * MB), checksum=tree)
    id = upload(glacier, vault, body + b"b")
    tree = hashing.tree_hash(body + b"b").hex()
    code, _, _ = refused(
        glacier.complete_multipart_upload, vaultName=vault, uploadId=id, archiveSize=str(2 * MB + 1), checksum=tree
    )
    assert code == "InvalidParameterValueException"
    assert len(glacier.list_multipart_uploads(vaultName=vault)["UploadsList"]) == 1


@pytest.mark.aws(at="2026-03-01")
def test_an_idle_upload_goes(aws, glacier, vault):
    id = glacier.initiate_multipart_upload(vaultName=vault, partSize=str(MB))["uploadId"]
    aws.clock.advance(hours=23)
    glacier.upload_multipart_part(vaultName=vault, uploadId=id, range="bytes 0-1/*", body=b"xy")
    aws.clock.advance(hours=23)
    assert len(glacier.list_multipart_uploads(vaultName=vault)["UploadsList"]) == 1
    aws.clock.advance(hours=1)
    assert glacier.list_multipart_uploads(vaultName=vault)["UploadsList"] == []

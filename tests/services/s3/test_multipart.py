"""Multipart uploads."""

import base64
import hashlib
import io
import threading

import boto3
import pytest
from boto3.s3.transfer import TransferConfig

MB5 = 5 * 1024 * 1024
NO_UPLOAD = (
    "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or "
    "completed."
)
NO_PART = (
    "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified "
    "entity tag may not match the part's entity tag."
)
OUT_OF_RANGE = "Part number must be an integer between 1 and 10000, inclusive"
OTHER_MODE = "The upload was created using the {} checksum mode. The complete request must use the same checksum mode."
FAILED = "At least one of the pre-conditions you specified did not hold"


class Upload:
    """An upload under way."""

    def __init__(self, s3, bucket, key="big", **given):
        self.s3, self.place = s3, {"Bucket": bucket, "Key": key}
        self.created = s3.create_multipart_upload(**self.place, **given)
        self.place["UploadId"] = self.created["UploadId"]
        self.etags = {}

    def part(self, number, data, **given):
        answer = self.s3.upload_part(**self.place, PartNumber=number, Body=data, **given)
        self.etags[number] = answer["ETag"]
        return answer

    def complete(self, *numbers, **given):
        parts = [{"PartNumber": number, "ETag": self.etags.get(number, '"x"')} for number in numbers]
        return self.s3.complete_multipart_upload(**self.place, MultipartUpload={"Parts": parts}, **given)

    def listed(self, **given):
        return self.s3.list_parts(**self.place, **given)


@pytest.fixture
def upload(s3, bucket):
    return lambda key="big", **given: Upload(s3, bucket, key, **given)


@pytest.mark.newer_botocore
@pytest.mark.rule("s3-043", "s3-047")
def test_parts_make_an_object(s3, bucket, upload, body, keys, refused):
    going = upload(ContentType="text/plain", Metadata={"a": "b"}, Tagging="t=1")
    first, second = b"a" * MB5, b"b"
    going.part(1, first)
    going.part(2, second)
    assert keys(bucket) == []
    with refused("NoSuchKey", status=404):
        s3.get_object(Bucket=bucket, Key="big")
    answer = going.complete(1, 2)
    digests = b"".join(hashlib.md5(part).digest() for part in (first, second))
    assert answer["ETag"] == f'"{hashlib.md5(digests).hexdigest()}-2"'
    assert (answer["Bucket"], answer["Key"]) == (bucket, "big")
    assert answer["Location"] == f"https://{bucket}.s3.us-east-1.amazonaws.com/big"
    assert body(bucket, "big") == first + second
    head = s3.head_object(Bucket=bucket, Key="big")
    assert (head["ContentType"], head["Metadata"], head["TagCount"], head["ETag"]) == (
        "text/plain", {"a": "b"}, 1, answer["ETag"],
    )  # fmt: skip
    with refused("NoSuchUpload", NO_UPLOAD, 404):
        going.part(3, b"c")


@pytest.mark.rule("s3-043")
def test_unknown_and_aborted_uploads(s3, bucket, upload, refused):
    going = upload()
    going.part(1, b"a")
    answer = s3.abort_multipart_upload(**going.place)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    for call in (
        lambda: going.part(1, b"a"),
        lambda: going.complete(1),
        lambda: going.listed(),
        lambda: s3.abort_multipart_upload(**going.place),
    ):
        with refused("NoSuchUpload", NO_UPLOAD, 404, UploadId=going.place["UploadId"]):
            call()
    with refused("NoSuchUpload", NO_UPLOAD, 404, UploadId="fakeid"):
        s3.abort_multipart_upload(Bucket=bucket, Key="big", UploadId="fakeid")
    other = upload()
    with refused("NoSuchUpload", status=404):
        s3.upload_part(Bucket=bucket, Key="another", UploadId=other.place["UploadId"], PartNumber=1, Body=b"")
    assert [entry["UploadId"] for entry in s3.list_multipart_uploads(Bucket=bucket)["Uploads"]] == [
        other.place["UploadId"]
    ]


@pytest.mark.rule("s3-044")
@pytest.mark.aws(limits={"s3.part-size-smallest": 1})
def test_parts_in_any_order_and_at_once(s3, bucket, upload, body, refused):
    going = upload()
    threads = [threading.Thread(target=going.part, args=(n, b"%02d" % n)) for n in range(20, 0, -1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    message = "The list of parts was not in ascending order. Parts must be ordered by part number."
    for wrong in ((2, 1), (1, 1)):
        with refused("InvalidPartOrder", message, UploadId=going.place["UploadId"]):
            going.complete(*wrong)
    going.complete(*range(2, 21, 2))
    assert body(bucket, "big") == b"".join(b"%02d" % n for n in range(2, 21, 2))


@pytest.mark.rule("s3-045")
def test_the_last_upload_of_a_part_counts(upload, refused):
    going = upload()
    first = going.part(1, b"old")["ETag"]
    second = going.part(1, b"newer")["ETag"]
    parts = going.listed()["Parts"]
    assert [(part["PartNumber"], part["ETag"], part["Size"]) for part in parts] == [(1, second, 5)]
    going.etags[1] = first
    fields = {"UploadId": going.place["UploadId"], "PartNumber": "1", "ETag": first.strip('"')}
    with refused("InvalidPart", NO_PART, **fields):
        going.complete(1)
    with refused("InvalidPart", NO_PART, PartNumber="7"):
        going.complete(7)
    going.etags[1] = second
    going.complete(1)


@pytest.mark.rule("s3-046")
@pytest.mark.aws(limits={"s3.part-size": 10})
def test_a_part_has_a_limit(upload, refused):
    going = upload()
    going.part(1, b"x" * 10)
    with refused("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size", MaxSizeAllowed="10"):
        going.part(1, b"x" * 11)
    assert going.listed()["Parts"][0]["Size"] == 10


@pytest.mark.rule("s3-047")
def test_small_parts(s3, upload, keys, bucket, refused):
    going = upload()
    going.part(1, b"x" * (MB5 - 1))
    etag = going.part(2, b"test")["ETag"].strip('"')
    message = "Your proposed upload is smaller than the minimum allowed size"
    with refused("EntityTooSmall", message, ProposedSize=str(MB5 - 1), MinSizeAllowed=str(MB5), PartNumber="1"):
        going.complete(1, 2)
    with refused("InvalidRequest", "You must specify at least one part"):
        s3.complete_multipart_upload(**going.place)
    assert etag
    assert keys(bucket) == []
    going.part(1, b"x" * MB5)
    going.complete(1, 2)


@pytest.mark.rule("s3-035")
@pytest.mark.aws(limits={"s3.object-size": 10, "s3.part-size-smallest": 1})
def test_the_whole_has_a_limit(upload, keys, bucket, refused):
    going = upload()
    going.part(1, b"x" * 8)
    going.part(2, b"x" * 3)
    with refused("EntityTooLarge", "Your proposed upload exceeds the maximum allowed object size."):
        going.complete(1, 2)
    assert keys(bucket) == []
    going.part(2, b"xx")
    going.complete(1, 2)


@pytest.mark.parametrize("number", [-1, 0, 10_001])
def test_part_numbers(upload, refused, number):
    going = upload()
    with refused("InvalidArgument", OUT_OF_RANGE, ArgumentName="partNumber", ArgumentValue=str(number)):
        going.part(number, b"")
    going.part(10_000, b"last")
    assert [part["PartNumber"] for part in going.listed()["Parts"]] == [10_000]


@pytest.mark.aws(limits={"s3.part-size-smallest": 1})
def test_parts_are_read_by_number(s3, bucket, upload, refused):
    going = upload()
    for number, data in ((1, b"one"), (3, b"three")):
        going.part(number, data)
    going.complete(1, 3)
    answer = s3.get_object(Bucket=bucket, Key="big", PartNumber=2)
    assert (answer["Body"].read(), answer["PartsCount"], answer["ContentRange"]) == (b"three", 2, "bytes 3-7/8")
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 206
    head = s3.head_object(Bucket=bucket, Key="big", PartNumber=1)
    assert (head["ContentLength"], head["PartsCount"]) == (3, 2)
    with refused("InvalidPartNumber", status=416, ActualPartCount="2", PartNumberRequested="3"):
        s3.get_object(Bucket=bucket, Key="big", PartNumber=3)


def test_parts_in_pages(upload):
    going = upload(StorageClass="STANDARD_IA")
    empty = going.listed()
    assert (empty["NextPartNumberMarker"], empty["IsTruncated"], "Parts" in empty) == (0, False, False)
    for number in (1, 5, 9):
        going.part(number, b"x")
    page = going.listed(MaxParts=2)
    assert [part["PartNumber"] for part in page["Parts"]] == [1, 5]
    assert (page["IsTruncated"], page["NextPartNumberMarker"], page["MaxParts"]) == (True, 5, 2)
    page = going.listed(PartNumberMarker=5)
    assert [part["PartNumber"] for part in page["Parts"]] == [9]
    assert (page["StorageClass"], page["PartNumberMarker"], page["IsTruncated"]) == ("STANDARD_IA", 5, False)
    assert page["Owner"]["ID"]
    assert page["Initiator"]["ID"].startswith("arn:aws:iam::")


# --- checksums


def text(algorithm, data):
    from awsim.services.s3.checksums import ALGORITHMS

    return ALGORITHMS[algorithm].text(data)


@pytest.mark.newer_botocore
@pytest.mark.aws(limits={"s3.part-size-smallest": 1})
@pytest.mark.parametrize("algorithm", ["CRC32", "SHA1", "SHA256"])
def test_composite_checksums(s3, bucket, upload, refused, algorithm):
    member = "Checksum" + algorithm
    going = upload(ChecksumAlgorithm=algorithm)
    assert (going.created["ChecksumAlgorithm"], going.created["ChecksumType"]) == (algorithm, "COMPOSITE")
    sums = [going.part(n, data, ChecksumAlgorithm=algorithm)[member] for n, data in ((1, b"one"), (2, b"two"))]
    assert sums == [text(algorithm, b"one"), text(algorithm, b"two")]
    assert [part[member] for part in going.listed()["Parts"]] == sums
    parts = [{"PartNumber": n, "ETag": going.etags[n], member: sums[n - 1]} for n in (1, 2)]
    with refused("InvalidRequest") as refusal:
        going.complete(1, 2)
    assert "It was missing for part 1 in the request." in refusal.error["Message"]
    with refused("InvalidPart", NO_PART, PartNumber="2"):
        wrong = [parts[0], {**parts[1], member: sums[0]}]
        s3.complete_multipart_upload(**going.place, MultipartUpload={"Parts": wrong})
    answer = s3.complete_multipart_upload(**going.place, MultipartUpload={"Parts": parts})
    whole = text(algorithm, b"".join(map(base64.b64decode, sums))) + "-2"
    assert (answer[member], answer["ChecksumType"]) == (whole, "COMPOSITE")
    assert s3.head_object(Bucket=bucket, Key="big", ChecksumMode="ENABLED")[member] == whole
    part = s3.get_object(Bucket=bucket, Key="big", PartNumber=2, ChecksumMode="ENABLED")
    assert part[member] == sums[1]
    attributes = s3.get_object_attributes(Bucket=bucket, Key="big", ObjectAttributes=["Checksum", "ObjectParts"])
    assert attributes["Checksum"] == {member: whole, "ChecksumType": "COMPOSITE"}
    assert attributes["ObjectParts"]["TotalPartsCount"] == 2
    assert [part[member] for part in attributes["ObjectParts"]["Parts"]] == sums
    assert s3.copy_object(Bucket=bucket, Key="copy", CopySource=f"{bucket}/big")["CopyObjectResult"][member] == text(
        algorithm, b"onetwo"
    )


@pytest.mark.newer_botocore
@pytest.mark.aws(limits={"s3.part-size-smallest": 1})
@pytest.mark.parametrize("algorithm", ["CRC32", "CRC32C", "CRC64NVME"])
def test_full_object_checksums(s3, bucket, upload, refused, algorithm):
    member = "Checksum" + algorithm
    going = upload(ChecksumAlgorithm=algorithm, ChecksumType="FULL_OBJECT")
    for number, data in ((1, b"one"), (2, b"three")):
        answer = going.part(number, data, **{member: text(algorithm, data)})
        assert answer[member] == text(algorithm, data)
    with refused("InvalidRequest", OTHER_MODE.format("FULL_OBJECT")):
        going.complete(1, 2, ChecksumType="COMPOSITE")
    with refused("BadDigest", f"The {algorithm.lower()} you specified did not match the calculated checksum."):
        going.complete(1, 2, **{member: text(algorithm, b"one")})
    answer = going.complete(1, 2, **{member: text(algorithm, b"onethree")})
    assert (answer[member], answer["ChecksumType"]) == (text(algorithm, b"onethree"), "FULL_OBJECT")
    attributes = s3.get_object_attributes(Bucket=bucket, Key="big", ObjectAttributes=["ObjectParts"])
    assert attributes["ObjectParts"] == {"TotalPartsCount": 2}
    assert member not in s3.get_object(Bucket=bucket, Key="big", PartNumber=1, ChecksumMode="ENABLED")


@pytest.mark.newer_botocore
def test_checksums_of_an_upload_that_asked_for_none(upload, refused):
    going = upload()
    assert "ChecksumAlgorithm" not in going.created
    assert going.part(1, b"aaa")["ChecksumCRC32"] == text("CRC32", b"aaa")
    assert "ChecksumCRC32" not in going.listed()["Parts"][0]
    message = (
        "The upload was created using the null checksum mode. The complete request must use the same checksum mode."
    )
    with refused("InvalidRequest", message):
        going.complete(1, ChecksumType="FULL_OBJECT")
    answer = going.complete(1)
    assert (answer["ChecksumCRC64NVME"], answer["ChecksumType"]) == ("Rnr2/5P7Gsk=", "FULL_OBJECT")


@pytest.mark.newer_botocore
def test_checksums_that_do_not_fit(s3, bucket, upload, refused):
    message = "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header."
    with refused("InvalidRequest", message):
        upload(ChecksumType="FULL_OBJECT")
    for algorithm, kind in (("SHA256", "FULL_OBJECT"), ("CRC64NVME", "COMPOSITE")):
        message = f"The {kind} checksum type cannot be used with the {algorithm.lower()} checksum algorithm."
        with refused("InvalidRequest", message):
            upload(ChecksumAlgorithm=algorithm, ChecksumType=kind)
    going = upload(ChecksumAlgorithm="SHA256")
    message = "Checksum Type mismatch occurred, expected checksum Type: sha256, actual checksum Type: crc32"
    with refused("InvalidRequest", message):
        going.part(1, b"abc", ChecksumAlgorithm="CRC32")
    with refused("BadDigest", "The SHA256 you specified did not match the calculated checksum."):
        going.part(1, b"abc", ChecksumSHA256=text("SHA256", b"x"))
    assert "Parts" not in going.listed()


def test_the_digest_of_a_part(upload, refused):
    going = upload()
    good, wrong = (base64.b64encode(hashlib.md5(data).digest()).decode() for data in (b"abc", b"x"))
    message = "The Content-MD5 you specified did not match what we received."
    with refused("BadDigest", message, ExpectedDigest=wrong, CalculatedDigest=good):
        going.part(1, b"abc", ContentMD5=wrong)
    with refused("InvalidDigest", "The Content-MD5 you specified was invalid."):
        going.part(1, b"abc", ContentMD5="000")
    going.part(1, b"abc", ContentMD5=good)


@pytest.mark.newer_botocore
def test_the_size_announced_at_the_end(upload, keys, bucket, refused):
    going = upload()
    going.part(1, b"data")
    message = "The provided 'x-amz-mp-object-size' header value 5 does not match what was computed: 4"
    with refused("InvalidRequest", message):
        going.complete(1, MpuObjectSize=5)
    assert keys(bucket) == []
    going.complete(1, MpuObjectSize=4)


def test_completing_again_changes_nothing(s3, versioned, versions, refused):
    going = Upload(s3, versioned)
    going.part(1, b"x")
    first = going.complete(1)
    again = going.complete(1)
    assert (again["ETag"], again["VersionId"]) == (first["ETag"], first["VersionId"])
    assert len(versions(versioned)) == 1
    with refused("NoSuchUpload", NO_UPLOAD, 404):
        going.complete(2)


def test_an_end_without_parts(s3, upload, refused):
    going = upload()
    with refused("MalformedXML"):
        s3.complete_multipart_upload(**going.place, MultipartUpload={"Parts": []})


# --- conditions at the end


def test_completing_if_there_is_none(s3, bucket, upload, body, refused):
    going = upload()
    going.part(1, b"part")
    s3.put_object(Bucket=bucket, Key="big", Body=b"put")
    with refused("PreconditionFailed", FAILED, 412, Condition="If-None-Match"):
        going.complete(1, IfNoneMatch="*")
    assert body(bucket, "big") == b"put"
    s3.delete_object(Bucket=bucket, Key="big")
    going.complete(1, IfNoneMatch="*")


@pytest.mark.newer_botocore
def test_completing_if_it_is_still_the_same(s3, bucket, upload, refused):
    etag = s3.put_object(Bucket=bucket, Key="big", Body=b"test")["ETag"]
    going = upload()
    going.part(1, b"part")
    s3.delete_object(Bucket=bucket, Key="big")
    with refused("NoSuchKey", status=404, Key="big"):
        going.complete(1, IfMatch=etag)
    s3.put_object(Bucket=bucket, Key="big", Body=b"test")
    message = "The conditional request cannot succeed due to a conflicting operation against this resource."
    with refused("ConditionalRequestConflict", message, 409, Condition="If-Match", Key="big"):
        going.complete(1, IfMatch=etag)
    again = upload()
    again.part(1, b"part")
    again.complete(1, IfMatch=etag)


# --- copying into parts


@pytest.mark.newer_botocore
@pytest.mark.rule("s3-037")
@pytest.mark.aws(limits={"s3.part-size-smallest": 1})
def test_parts_that_are_copied(s3, bucket, upload, body, refused):
    s3.put_object(Bucket=bucket, Key="src", Body=b"0123456789")
    going = upload(ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT")
    given = {**going.place, "CopySource": f"{bucket}/src"}
    answer = s3.upload_part_copy(**given, PartNumber=1, CopySourceRange="bytes=5-9")
    assert answer["CopyPartResult"]["ETag"] == f'"{hashlib.md5(b"56789").hexdigest()}"'
    assert answer["CopyPartResult"]["ChecksumCRC32"] == text("CRC32", b"56789")
    going.etags[1] = answer["CopyPartResult"]["ETag"]
    going.etags[2] = s3.upload_part_copy(**given, PartNumber=2)["CopyPartResult"]["ETag"]
    with refused("InvalidArgument", "Range specified is not valid for source object of size: 10"):
        s3.upload_part_copy(**given, PartNumber=3, CopySourceRange="bytes=5-10")
    with refused("InvalidArgument", ArgumentName="x-amz-copy-source-range"):
        s3.upload_part_copy(**given, PartNumber=3, CopySourceRange="bytes=5-")
    going.complete(1, 2)
    assert body(bucket, "big") == b"567890123456789"


def test_an_upload_to_a_versioned_bucket(s3, versioned):
    going = Upload(s3, versioned)
    going.part(1, b"x")
    answer = going.complete(1)
    assert s3.head_object(Bucket=versioned, Key="big")["VersionId"] == answer["VersionId"]


@pytest.mark.newer_botocore
def test_the_transfer_manager_of_boto3(s3, bucket, body):
    data = bytes(range(256)) * 65_536  # 16 MiB
    config = TransferConfig(multipart_threshold=MB5, multipart_chunksize=MB5, max_concurrency=4)
    s3.upload_fileobj(io.BytesIO(data), bucket, "big", Config=config)
    head = s3.head_object(Bucket=bucket, Key="big", ChecksumMode="ENABLED")
    assert head["ETag"].endswith('-4"')
    assert head["ChecksumType"] == "FULL_OBJECT" or head["ChecksumCRC32"].endswith("-4")
    back = io.BytesIO()
    s3.download_fileobj(bucket, "big", back, Config=config)
    assert back.getvalue() == data


def test_uploads_over_the_resource(aws, bucket):
    place = boto3.resource("s3", region_name="us-east-1").Bucket(bucket)
    upload = place.Object("k").initiate_multipart_upload()
    part = upload.Part(1).upload(Body=b"x")
    upload.complete(MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]})
    assert place.Object("k").content_length == 1
    assert list(place.multipart_uploads.all()) == []


def test_equal_parts_are_kept_once(aws, s3, bucket, body):
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    part = bytes(5 * 1024 * 1024)
    parts = []
    for number in range(1, 5):
        answer = s3.upload_part(Bucket=bucket, Key="k", UploadId=upload, PartNumber=number, Body=part)
        parts.append({"PartNumber": number, "ETag": answer["ETag"]})
    s3.complete_multipart_upload(Bucket=bucket, Key="k", UploadId=upload, MultipartUpload={"Parts": parts})
    data = aws.service("s3", "123456789012", "us-east-1").buckets[bucket].current("k").data
    assert len({id(piece) for piece in data.pieces}) == 1
    assert body(bucket, "k", Range="bytes=5242878-5242882") == bytes(5)
    assert len(body(bucket, "k")) == 4 * len(part)
    s3.copy_object(Bucket=bucket, Key="copy", CopySource=f"{bucket}/k")
    assert s3.head_object(Bucket=bucket, Key="copy")["ETag"] == f'"{hashlib.md5(part * 4).hexdigest()}"'

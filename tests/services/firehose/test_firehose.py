"""Delivery streams: made, fed, delivered into S3, changed, deleted."""

import gzip
import io
import json
import re
import zipfile
from datetime import datetime
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError

from awsim.errors import AWSError
from awsim.services.firehose import prefixes

ROLE = "arn:aws:iam::123456789012:role/app"
BUCKET = "arn:aws:s3:::reports"
RECORDED = Path(__file__).parents[4] / "shared" / "recorded" / "firehose.jsonl"

pytestmark = pytest.mark.aws(at="2026-01-02T03:04:05")


def _describe(firehose, name="clicks"):
    return firehose.describe_delivery_stream(DeliveryStreamName=name)["DeliveryStreamDescription"]


@pytest.mark.rule("firehose-001")
def test_a_new_delivery_stream(firehose, make, put):
    make()
    description = _describe(firehose)
    assert description["DeliveryStreamARN"] == "arn:aws:firehose:us-east-1:123456789012:deliverystream/clicks"
    assert (description["DeliveryStreamStatus"], description["DeliveryStreamType"]) == ("ACTIVE", "DirectPut")
    assert (description["VersionId"], description["HasMoreDestinations"]) == ("1", False)
    assert put(b"x")["RecordId"]
    answer = firehose.put_record_batch(DeliveryStreamName="clicks", Records=[{"Data": b"a"}, {"Data": b"b"}])
    assert answer["FailedPutCount"] == 0
    assert len({result["RecordId"] for result in answer["RequestResponses"]}) == 2


def test_ids_of_records(firehose, make, put):
    make()
    ids = [put(b"x")["RecordId"]]
    for count in (1, 2, 20, 500):
        answer = firehose.put_record_batch(DeliveryStreamName="clicks", Records=[{"Data": b"x"}] * count)
        ids += [result["RecordId"] for result in answer["RequestResponses"]]
    assert len(ids) == len(set(ids)) == 524
    assert {len(id) for id in ids} == {222}


@pytest.mark.aws(limits={"firehose.records-in": 30})
def test_refusals_stand_where_their_records_do(aws, firehose, make, delivered):
    make()
    batch = [{"Data": str(number).encode() + b"\n"} for number in range(40)]
    assert firehose.put_record_batch(DeliveryStreamName="clicks", Records=batch[:10])["FailedPutCount"] == 0
    answer = firehose.put_record_batch(DeliveryStreamName="clicks", Records=batch)
    refused = [place for place, result in enumerate(answer["RequestResponses"]) if "ErrorCode" in result]
    assert refused == list(range(20, 40))
    assert answer["FailedPutCount"] == 20
    aws.clock.advance(minutes=15)
    (content,) = delivered().values()
    assert content.split() == [str(number).encode() for number in (*range(10), *range(20))]


@pytest.mark.rule("firehose-001")
@pytest.mark.aws(lifecycle="timed")
def test_creating_takes_its_time(aws, firehose, make, put, refused):
    make()
    assert _describe(firehose)["DeliveryStreamStatus"] == "CREATING"
    assert refused(put, b"x")[0] == "ResourceNotFoundException"
    aws.clock.advance(seconds=30)
    put(b"x")
    firehose.delete_delivery_stream(DeliveryStreamName="clicks")
    assert _describe(firehose)["DeliveryStreamStatus"] == "DELETING"


@pytest.mark.rule("firehose-002", "firehose-003")
def test_what_is_not_there(firehose, put, make, refused, delivered, aws):
    not_found = ("ResourceNotFoundException", "Firehose clicks under account 123456789012 not found.")
    assert refused(put, b"x") == not_found
    assert refused(firehose.describe_delivery_stream, DeliveryStreamName="clicks") == not_found
    make()
    assert refused(make) == (
        "ResourceInUseException",
        "Firehose clicks under accountId 123456789012 already exists",
    )
    put(b"x")
    firehose.delete_delivery_stream(DeliveryStreamName="clicks")
    assert refused(put, b"x") == not_found
    aws.clock.advance(minutes=5)
    assert delivered() == {}


@pytest.mark.rule("firehose-004", "firehose-006")
def test_defaults(firehose, make, refused):
    firehose.create_delivery_stream(
        DeliveryStreamName="clicks", S3DestinationConfiguration={"RoleARN": ROLE, "BucketARN": BUCKET}
    )
    (destination,) = _describe(firehose)["Destinations"]
    shown = {
        "RoleARN": ROLE,
        "BucketARN": BUCKET,
        "BufferingHints": {"SizeInMBs": 5, "IntervalInSeconds": 300},
        "CompressionFormat": "UNCOMPRESSED",
        "EncryptionConfiguration": {"NoEncryptionConfig": "NoEncryption"},
        "CloudWatchLoggingOptions": {"Enabled": False},
    }
    assert destination == {
        "DestinationId": "destinationId-000000000001",
        "S3DestinationDescription": shown,
        "ExtendedS3DestinationDescription": {**shown, "S3BackupMode": "Disabled"},
    }
    make("fast", interval=0)
    assert refused(make, "slow", interval=901)[0] == "ValidationException"
    assert firehose.list_delivery_streams()["DeliveryStreamNames"] == ["clicks", "fast"]


@pytest.mark.rule("firehose-005", "firehose-008")
def test_delivered_once_the_interval_has_passed(aws, make, put, delivered):
    make()
    put(b"one\n")
    aws.clock.advance(seconds=30)
    put(b"two\n")
    aws.clock.advance(seconds=29)
    assert delivered() == {}
    aws.clock.advance(seconds=1)
    ((key, content),) = delivered().items()
    assert content == b"one\ntwo\n"
    assert re.fullmatch(r"2026/01/02/03/clicks-1-2026-01-02-03-04-05-[0-9a-f-]{36}", key)
    put(b"three\n")
    aws.clock.advance(seconds=60)
    assert sorted(delivered().values()) == [b"one\ntwo\n", b"three\n"]
    aws.clock.advance(hours=1)
    assert len(delivered()) == 2


@pytest.mark.rule("firehose-005")
def test_delivered_once_there_is_enough(make, put, delivered):
    make(interval=900)
    put(b"x" * 600_000)
    assert delivered() == {}
    put(b"x" * 600_000)
    assert [len(content) for content in delivered().values()] == [1_200_000]
    put(b"x")
    assert len(delivered()) == 1


@pytest.mark.rule("firehose-004")
def test_no_waiting_at_all(make, put, delivered):
    make(interval=0)
    put(b"x")
    assert list(delivered().values()) == [b"x"]


@pytest.mark.rule("firehose-004")
@pytest.mark.aws(as_of="2023-12-01")
def test_a_minute_at_least_before_december_2023(firehose, make):
    with pytest.raises(ClientError) as caught:
        make(interval=59)
    assert caught.value.response["Error"]["Code"] == "InvalidArgumentException"
    assert firehose.list_delivery_streams()["DeliveryStreamNames"] == []
    make(interval=60)


@pytest.mark.rule("firehose-006")
@pytest.mark.parametrize(("format", "extension"), [("GZIP", ".gz"), ("ZIP", ".zip"), ("UNCOMPRESSED", "")])
def test_compressed(firehose, make, put, delivered, format, extension):
    make(interval=0, CompressionFormat=format)
    put(b"hello")
    ((key, content),) = delivered().items()
    assert key.endswith(extension)
    (destination,) = _describe(firehose)["Destinations"]
    assert destination["S3DestinationDescription"]["CompressionFormat"] == format
    if format == "GZIP":
        content = gzip.decompress(content)
    elif format == "ZIP":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            content = archive.read(archive.namelist()[0])
    assert content == b"hello"


def test_snappy(make, put, delivered):
    make(interval=0, CompressionFormat="Snappy")
    put(b"123456789")
    ((key, content),) = delivered().items()
    assert key.endswith(".snappy")
    # CRC-32C of "123456789" is 0xE3069283; frames carry it masked (google/snappy, framing_format.txt).
    crc = 0xE3069283
    masked = ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF
    frame = b"\x01\x0d\x00\x00" + masked.to_bytes(4, "little") + b"123456789"
    assert content == b"\xff\x06\x00\x00sNaPpY" + frame


def test_hadoop_snappy(make, put, delivered):
    make(interval=0, CompressionFormat="HADOOP_SNAPPY")
    put(b"x" * 300_000)
    ((key, content),) = delivered().items()
    assert key.endswith(".hsnappy")
    data, at = b"", 0
    while at < len(content):
        size, length = int.from_bytes(content[at : at + 4]), int.from_bytes(content[at + 4 : at + 8])
        data += _decoded(content[at + 8 : at + 8 + length], size)
        at += 8 + length
    assert data == b"x" * 300_000


def _decoded(block, size):
    """A Snappy block of nothing but literals (google/snappy, format_description.txt)."""
    length = shift = at = 0
    while True:
        length |= (block[at] & 127) << shift
        shift, at = shift + 7, at + 1
        if block[at - 1] < 128:
            break
    assert length == size
    data = b""
    while at < len(block):
        assert block[at] == 61 << 2
        count = int.from_bytes(block[at + 1 : at + 3], "little") + 1
        data += block[at + 3 : at + 3 + count]
        at += 3 + count
    return data


@pytest.mark.parametrize(
    ("prefix", "starts"),
    [
        ("logs/", "logs/2026/01/02/03/clicks-1-"),
        ("", "2026/01/02/03/clicks-1-"),
        ("y=!{timestamp:yyyy}/m=!{timestamp:MM}/", "y=2026/m=01/clicks-1-"),
        ("!{timestamp:yyyy'/week/'D}/", "2026/week/2/clicks-1-"),
    ],
)
def test_prefixes(make, put, delivered, prefix, starts):
    make(interval=0, Prefix=prefix, ErrorOutputPrefix="failed/!{firehose:error-output-type}/")
    put(b"x")
    (key,) = delivered()
    assert key.startswith(starts)


def test_a_time_zone_and_an_extension(make, put, delivered):
    make(interval=0, CustomTimeZone="Asia/Tokyo", FileExtension=".json")
    put(b"x")
    (key,) = delivered()
    assert key.startswith("2026/01/02/12/clicks-1-2026-01-02-12-04-05-")
    assert key.endswith(".json")


def test_random_strings():
    when = datetime(2026, 1, 2, 3, 4, 5, 678900)
    assert prefixes.evaluate("!{firehose:random-string}/", when, lambda: "abc") == "abc/"
    assert prefixes.evaluate("!{timestamp:yy-M-d h a EEE MMM ss.SSS}", when, str) == "26-1-2 3 AM Fri Jan 05.678"


@pytest.mark.parametrize(
    ("prefix", "error_prefix", "message"),
    [
        ("!{timestamp:yyyy}/", "", "ErrorOutputPrefix cannot be null or empty when Prefix contains expressions."),
        ("a", "!{timestamp:yyyy}", "ErrorOutputPrefix must contain at least one instance of"),
        ("!{firehose:error-output-type}", "!{firehose:error-output-type}", "Prefix cannot contain the expression"),
        ("!{timestamp:yyyy", "", "not closed"),
        ("!{other:thing}", "e", "!{other:thing}"),
        ("!{timestamp:bb}", "e", "The timestamp pattern bb is not valid."),
    ],
)
def test_prefixes_that_cannot_be(firehose, make, refused, prefix, error_prefix, message):
    with pytest.raises(AWSError, match=re.escape(message)):
        prefixes.check(prefix, error_prefix)
    code, text = refused(make, Prefix=prefix, ErrorOutputPrefix=error_prefix)
    assert code == "InvalidArgumentException"
    assert message in text
    assert firehose.list_delivery_streams()["DeliveryStreamNames"] == []


@pytest.mark.rule("firehose-008")
def test_a_bucket_that_is_missing(aws, make, put, s3, delivered):
    make(interval=0, BucketARN="arn:aws:s3:::later")
    put(b"x")
    aws.clock.advance(hours=1)
    s3.create_bucket(Bucket="later")
    assert delivered("later") == {}
    aws.clock.advance(minutes=1)
    assert list(delivered("later").values()) == [b"x"]
    s3.delete_object(Bucket="later", Key=next(iter(delivered("later"))))
    s3.delete_bucket(Bucket="later")
    put(b"y")
    aws.clock.advance(hours=25)
    s3.create_bucket(Bucket="later")
    aws.clock.advance(hours=1)
    assert delivered("later") == {}


def test_the_role_puts_the_objects(aws, make, put, s3):
    make(interval=0)
    put(b"x")
    (call,) = aws.calls.of("firehose:PutRecord")
    (caused,) = call.caused
    assert (caused.service, caused.operation) == ("s3", "PutObject")
    assert ":role/app" in caused.caller or ":assumed-role/app" in caused.caller


@pytest.mark.rule("firehose-013")
def test_a_backup_of_everything(firehose, make, put, s3, delivered, refused):
    s3.create_bucket(Bucket="backup")
    assert refused(make, S3BackupMode="Enabled")[0] == "InvalidArgumentException"
    backup = {"RoleARN": ROLE, "BucketARN": "arn:aws:s3:::backup", "Prefix": "raw/"}
    make(interval=0, S3BackupMode="Enabled", S3BackupConfiguration=backup)
    put(b"x")
    assert list(delivered().values()) == list(delivered("backup").values()) == [b"x"]
    assert next(iter(delivered("backup"))).startswith("raw/2026/")
    (destination,) = _describe(firehose)["Destinations"]
    shown = destination["ExtendedS3DestinationDescription"]
    assert shown["S3BackupMode"] == "Enabled"
    assert shown["S3BackupDescription"]["BucketARN"] == "arn:aws:s3:::backup"
    assert "S3BackupConfiguration" not in shown


@pytest.mark.rule("firehose-007")
@pytest.mark.aws(throttling=True)
def test_what_a_stream_takes_a_second(aws, firehose, make, put, refused):
    make()
    batch = {"DeliveryStreamName": "clicks", "Records": [{"Data": b"x"}] * 500}
    assert [firehose.put_record_batch(**batch)["FailedPutCount"] for _ in range(11)] == [0] * 10 + [500]
    answer = firehose.put_record_batch(**batch)
    assert answer["RequestResponses"][0] == {"ErrorCode": "ServiceUnavailableException", "ErrorMessage": "Slow down."}
    assert refused(put, b"x") == ("ServiceUnavailableException", "Slow down.")
    aws.clock.advance(seconds=1)
    put(b"x")


def test_batches_too_large(firehose, make, refused, aws, delivered):
    make()
    batch = {"DeliveryStreamName": "clicks", "Records": [{"Data": b"x" * 1_000_000}] * 5}
    assert refused(firehose.put_record_batch, **batch)[0] == "InvalidArgumentException"
    batch["Records"] = [{"Data": b"x"}] * 501
    assert refused(firehose.put_record_batch, **batch)[0] == "ValidationException"
    batch["Records"] = [{"Data": b"x" * 1_024_001}]
    assert refused(firehose.put_record_batch, **batch)[0] == "ValidationException"
    aws.clock.advance(minutes=5)
    assert delivered() == {}


def test_a_destination_is_updated(aws, firehose, make, put, delivered, refused):
    make(interval=900)
    put(b"x")
    update = {"DeliveryStreamName": "clicks", "DestinationId": "destinationId-000000000001"}
    hints = {"BufferingHints": {"IntervalInSeconds": 60}, "Prefix": "new/"}
    assert refused(
        firehose.update_destination,
        **update,
        CurrentDeliveryStreamVersionId="2",
        ExtendedS3DestinationUpdate=hints,
    ) == (
        "ConcurrentModificationException",
        "Cannot update firehose: clicks since the current version id: 1 and specified version id: 2 do not match",
    )
    firehose.update_destination(**update, CurrentDeliveryStreamVersionId="1", ExtendedS3DestinationUpdate=hints)
    description = _describe(firehose)
    assert description["VersionId"] == "2"
    assert description["LastUpdateTimestamp"]
    aws.clock.advance(seconds=60)
    (key,) = delivered()
    assert key.startswith("new/2026/01/02/03/clicks-2-")


@pytest.mark.rule("firehose-017")
def test_fed_by_a_kinesis_data_stream(aws, firehose, put, delivered, refused):
    kinesis = boto3.client("kinesis", region_name="us-east-1")
    arn = "arn:aws:kinesis:us-east-1:123456789012:stream/events"
    given = {
        "DeliveryStreamName": "clicks",
        "DeliveryStreamType": "KinesisStreamAsSource",
        "KinesisStreamSourceConfiguration": {"KinesisStreamARN": arn, "RoleARN": ROLE},
        "S3DestinationConfiguration": {
            "RoleARN": ROLE,
            "BucketARN": BUCKET,
            "BufferingHints": {"IntervalInSeconds": 60, "SizeInMBs": 1},
        },
    }
    assert refused(firehose.create_delivery_stream, **given)[0] == "InvalidArgumentException"
    kinesis.create_stream(StreamName="events", ShardCount=2)

    def send(*texts):
        for text in texts:
            kinesis.put_record(StreamName="events", PartitionKey=text, Data=text.encode())

    send("before")
    firehose.create_delivery_stream(**given)
    shown = _describe(firehose)["Source"]["KinesisStreamSourceDescription"]
    assert (shown["KinesisStreamARN"], shown["RoleARN"]) == (arn, ROLE)
    assert refused(put, b"x") == (
        "InvalidArgumentException",
        "This operation is not permitted on KinesisStreamAsSource delivery stream type.",
    )
    send("a", "b", "c")
    kinesis.split_shard(StreamName="events", ShardToSplit="shardId-000000000000", NewStartingHashKey="12345")
    send("d", "e")
    assert delivered() == {}
    aws.clock.advance(seconds=60)
    (content,) = delivered().values()
    assert sorted(content.decode()) == ["a", "b", "c", "d", "e"]
    firehose.delete_delivery_stream(DeliveryStreamName="clicks")
    send("f")
    aws.clock.advance(hours=1)
    assert len(delivered()) == 1


@pytest.mark.aws(lifecycle="timed")
def test_encryption(aws, firehose, make, put):
    make()
    aws.clock.advance(minutes=1)

    def shown():
        return _describe(firehose)["DeliveryStreamEncryptionConfiguration"]

    assert shown() == {"Status": "DISABLED"}
    firehose.start_delivery_stream_encryption(DeliveryStreamName="clicks")
    assert shown() == {"Status": "ENABLING", "KeyType": "AWS_OWNED_CMK"}
    assert put(b"x")["Encrypted"] is False
    aws.clock.advance(seconds=5)
    assert shown()["Status"] == "ENABLED"
    assert put(b"x")["Encrypted"] is True
    firehose.stop_delivery_stream_encryption(DeliveryStreamName="clicks")
    aws.clock.advance(seconds=5)
    assert shown() == {"Status": "DISABLED"}


def test_listed(firehose, make):
    for n in range(12):
        make(f"s{n:02}")
    first = firehose.list_delivery_streams()
    assert (len(first["DeliveryStreamNames"]), first["HasMoreDeliveryStreams"]) == (10, True)
    rest = firehose.list_delivery_streams(ExclusiveStartDeliveryStreamName="s09")
    assert (rest["DeliveryStreamNames"], rest["HasMoreDeliveryStreams"]) == (["s10", "s11"], False)
    assert firehose.list_delivery_streams(DeliveryStreamType="KinesisStreamAsSource")["DeliveryStreamNames"] == []


def test_tags_as_recorded(firehose, make):
    make()
    if RECORDED.is_file():
        recorded = json.loads(RECORDED.read_text("utf-8"))["answers"]
    else:
        recorded = {"list-tags-1": {"HasMoreTags": False, "Tags": [{"Key": "subject", "Value": "taboo"}]}}
    tags = recorded["list-tags-1"]["Tags"]

    def listed():
        answer = firehose.list_tags_for_delivery_stream(DeliveryStreamName="clicks")
        return {name: answer[name] for name in ("HasMoreTags", "Tags")}

    firehose.tag_delivery_stream(DeliveryStreamName="clicks", Tags=tags)
    assert listed() == {name: recorded["list-tags-1"][name] for name in ("HasMoreTags", "Tags")}
    firehose.untag_delivery_stream(DeliveryStreamName="clicks", TagKeys=[tag["Key"] for tag in tags])
    assert listed() == {"HasMoreTags": False, "Tags": []}


def test_a_snapshot_takes_the_buffer_back(aws, make, put, delivered):
    make()
    put(b"a")
    before = aws.snapshot()
    put(b"b")
    aws.clock.advance(minutes=1)
    assert list(delivered().values()) == [b"ab"]
    aws.restore(before)
    assert delivered() == {}
    aws.clock.advance(minutes=1)
    assert list(delivered().values()) == [b"a"]


@pytest.mark.rule("firehose-008")
@pytest.mark.aws(authorization=True)
def test_a_role_that_may_not_put(aws, make, put, delivered):
    iam = boto3.client("iam")
    trust = (
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", '
        '"Principal": {"Service": "firehose.amazonaws.com"}, "Action": "sts:AssumeRole"}]}'
    )
    iam.create_role(RoleName="app", AssumeRolePolicyDocument=trust)
    make(interval=0)
    put(b"x")
    assert delivered() == {}
    policy = (
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:PutObject", '
        '"Resource": "arn:aws:s3:::reports/*"}]}'
    )
    iam.put_role_policy(RoleName="app", PolicyName="deliver", PolicyDocument=policy)
    aws.clock.advance(minutes=1)
    assert list(delivered().values()) == [b"x"]

"""Records: put one by one and in batches, read through iterators of all types, trimmed."""

from datetime import UTC, datetime, timedelta

import pytest

SHARD = "shardId-{:012d}".format


@pytest.mark.rule("kinesis-001", "kinesis-015", "kinesis-035")
def test_put_one(make, put, read):
    make()
    first, second = put(b"one"), put(b"two")
    assert first.keys() - {"ResponseMetadata"} == {"ShardId", "SequenceNumber", "EncryptionType"}
    assert (first["ShardId"], first["EncryptionType"]) == (SHARD(0), "NONE")
    assert int(second["SequenceNumber"]) > int(first["SequenceNumber"])
    assert len(first["SequenceNumber"]) == 56
    assert read() == [b"one", b"two"]


@pytest.mark.rule("kinesis-016", "kinesis-034")
def test_put_many(kinesis, make, read, iterator):
    make(2)
    entries = [{"Data": str(n).encode(), "PartitionKey": str(n)} for n in range(100)]
    answer = kinesis.put_records(StreamName="clicks", Records=entries)
    assert answer["FailedRecordCount"] == 0
    assert len(answer["Records"]) == 100
    for shard in (0, 1):
        mine = [n for n, result in enumerate(answer["Records"]) if result["ShardId"] == SHARD(shard)]
        assert [int(data) for data in read(shard=shard)] == mine
        found = kinesis.get_records(ShardIterator=iterator(shard=shard))["Records"]
        numbers = [int(record["SequenceNumber"]) for record in found]
        assert numbers == sorted(set(numbers))
        assert numbers == [int(answer["Records"][n]["SequenceNumber"]) for n in mine]


@pytest.mark.rule("kinesis-017")
def test_at_most_500(kinesis, make, read, refused):
    make()
    entries = [{"Data": b"x", "PartitionKey": "k"}] * 501
    assert refused(kinesis.put_records, StreamName="clicks", Records=entries) == (
        "ValidationException",
        "1 validation error detected: Value at 'records' failed to satisfy constraint: "
        "Member must have length between 1 and 500",
    )
    assert read() == []
    kinesis.put_records(StreamName="clicks", Records=entries[:500])
    assert len(read()) == 500


@pytest.mark.rule("kinesis-018")
def test_the_size_of_a_record(kinesis, make, put, read, arn, refused, summary):
    make()
    most = 1024 * 1024 - len("key")
    too_large = (
        "ValidationException",
        "1 validation error detected: Value at 'data' failed to satisfy constraint: "
        "Member must have length less than or equal to 1048576",
    )
    put(b"x" * most)
    assert refused(put, data=b"x" * (most + 1)) == too_large
    entries = [{"Data": b"a", "PartitionKey": "key"}, {"Data": b"x" * (most + 1), "PartitionKey": "key"}]
    code, message = refused(kinesis.put_records, StreamName="clicks", Records=entries)
    assert code == "ValidationException"
    assert "'records.2.member.data'" in message
    assert len(read()) == 1


@pytest.mark.newer_botocore
@pytest.mark.rule("kinesis-018")
def test_larger_records_where_the_stream_takes_them(kinesis, make, put, arn, refused, summary):
    make(MaxRecordSizeInKiB=2048)
    assert summary()["MaxRecordSizeInKiB"] == 2048
    put(b"x" * 2_000_000)
    assert refused(put, data=b"x" * 2_097_152)[0] == "ValidationException"
    kinesis.update_max_record_size(StreamARN=arn(), MaxRecordSizeInKiB=10240)
    assert summary()["MaxRecordSizeInKiB"] == 10240
    put(b"x" * 10_000_000)
    entries = [{"Data": b"x" * 6_000_000, "PartitionKey": "k"}] * 2
    assert refused(kinesis.put_records, StreamName="clicks", Records=entries)[0] == "InvalidArgumentException"
    code, _ = refused(kinesis.create_stream, StreamName="b", ShardCount=1, MaxRecordSizeInKiB=10241)
    assert code == "ValidationException"


def test_ordering_by_an_earlier_number(make, put, refused):
    make()
    first = put()["SequenceNumber"]
    assert int(put(SequenceNumberForOrdering=first)["SequenceNumber"]) > int(first)
    assert refused(put, SequenceNumberForOrdering="12") == (
        "InvalidArgumentException",
        "ExclusiveMinimumSequenceNumber 12 used in PutRecord on stream clicks under account 123456789012 is invalid.",
    )


# --- reading


@pytest.mark.rule("kinesis-021")
@pytest.mark.aws(at="2026-01-01T12:00:00.123")
def test_what_a_record_shows(kinesis, make, put, iterator):
    make()
    number = put(b"\x00\xff", "key")["SequenceNumber"]
    answer = kinesis.get_records(ShardIterator=iterator())
    (record,) = answer["Records"]
    when = record.pop("ApproximateArrivalTimestamp")
    assert when == datetime(2026, 1, 1, 12, 0, 0, 123000, UTC)
    assert record == {"SequenceNumber": number, "Data": b"\x00\xff", "PartitionKey": "key"}
    assert answer["MillisBehindLatest"] == 0
    assert answer["NextShardIterator"]


@pytest.mark.rule("kinesis-020", "kinesis-022", "kinesis-023")
def test_reading_consumes_nothing(kinesis, make, put, read, iterator):
    make()
    put(b"a")
    put(b"b")
    one, other = iterator(), iterator()
    for position in (one, other, one):
        assert [r["Data"] for r in kinesis.get_records(ShardIterator=position)["Records"]] == [b"a", b"b"]
    assert read() == [b"a", b"b"]


@pytest.mark.rule("kinesis-024", "kinesis-025", "kinesis-027", "kinesis-028")
def test_where_reading_starts(kinesis, make, put, read, shards, iterator):
    make()
    first, second, _ = put(b"a"), put(b"b"), put(b"c")
    assert read("TRIM_HORIZON") == [b"a", b"b", b"c"]
    assert read("AT_SEQUENCE_NUMBER", StartingSequenceNumber=second["SequenceNumber"]) == [b"b", b"c"]
    assert read("AFTER_SEQUENCE_NUMBER", StartingSequenceNumber=second["SequenceNumber"]) == [b"c"]
    assert read("AFTER_SEQUENCE_NUMBER", StartingSequenceNumber=first["SequenceNumber"]) == [b"b", b"c"]
    start = shards()[0]["SequenceNumberRange"]["StartingSequenceNumber"]
    assert read("AT_SEQUENCE_NUMBER", StartingSequenceNumber=start) == [b"a", b"b", b"c"]
    assert read("LATEST") == []
    latest = iterator("LATEST")
    put(b"d")
    assert [r["Data"] for r in kinesis.get_records(ShardIterator=latest)["Records"]] == [b"d"]


@pytest.mark.rule("kinesis-026")
@pytest.mark.aws(at="2026-01-01")
def test_from_a_time_on(aws, make, put, read, refused, iterator):
    make()
    put(b"a")
    aws.clock.advance(minutes=2)
    put(b"b")
    now = aws.clock.now()
    assert read("AT_TIMESTAMP", Timestamp=now - timedelta(minutes=1)) == [b"b"]
    assert read("AT_TIMESTAMP", Timestamp=now) == [b"b"]
    assert read("AT_TIMESTAMP", Timestamp=now - timedelta(days=1)) == [b"a", b"b"]
    assert refused(iterator, kind="AT_TIMESTAMP") == (
        "InvalidArgumentException",
        "Must specify timestamp parameter for iterator of type AT_TIMESTAMP. "
        "Current request has no timestamp parameter.",
    )
    code, message = refused(iterator, kind="AT_TIMESTAMP", Timestamp=now + timedelta(seconds=1))
    assert code == "InvalidArgumentException"
    assert message == (
        "The timestampInMillis parameter cannot be greater than the currentTimestampInMillis. "
        "timestampInMillis: 1767225721000, currentTimestampInMillis: 1767225720000"
    )


@pytest.mark.rule("kinesis-024")
def test_iterators_that_cannot_be(kinesis, make, put, iterator, refused):
    make(2)
    number = put(ExplicitHashKey="0")["SequenceNumber"]
    either = (
        "Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and StartingSequenceNumber or "
        "(2) TRIM_HORIZON or LATEST and no StartingSequenceNumber. Request specified "
    )
    assert refused(iterator, kind="AT_SEQUENCE_NUMBER") == (
        "InvalidArgumentException",
        f"{either}AT_SEQUENCE_NUMBER and no StartingSequenceNumber.",
    )
    assert refused(iterator, kind="LATEST", StartingSequenceNumber=number) == (
        "InvalidArgumentException",
        f"{either}LATEST and also a StartingSequenceNumber.",
    )
    at = {"kind": "AT_SEQUENCE_NUMBER"}
    assert refused(iterator, shard=1, StartingSequenceNumber=number, **at) == (
        "InvalidArgumentException",
        "Invalid StartingSequenceNumber. It encodes shardId-000000000000, while it was used in a call to a shard with "
        "shardId-000000000001",
    )
    used = (
        "used in GetShardIterator on shard shardId-000000000000 in stream clicks under account 123456789012 is invalid"
    )
    assert refused(iterator, StartingSequenceNumber="7", **at) == (
        "InvalidArgumentException",
        f"StartingSequenceNumber 7 {used}.",
    )
    strange = str(int(number) + (1 << 148))
    assert refused(iterator, StartingSequenceNumber=strange, **at) == (
        "InvalidArgumentException",
        f"StartingSequenceNumber {strange} {used} because it did not come from this stream.",
    )
    assert refused(iterator, shard=5) == (
        "ResourceNotFoundException",
        "Shard shardId-000000000005 in stream clicks under account 123456789012 does not exist",
    )
    assert refused(kinesis.get_records, ShardIterator="AAAA") == ("InvalidArgumentException", "Invalid ShardIterator.")


@pytest.mark.aws(at="2026-01-01")
def test_iterators_expire(aws, kinesis, make, put, iterator, refused):
    make()
    put()
    position = iterator()
    aws.clock.advance(minutes=5)
    following = kinesis.get_records(ShardIterator=position)["NextShardIterator"]
    aws.clock.advance(seconds=1)
    assert refused(kinesis.get_records, ShardIterator=position) == (
        "ExpiredIteratorException",
        "Iterator expired. The iterator was created at time Thu Jan 01 00:00:00 UTC 2026 while right now it is "
        "Thu Jan 01 00:05:01 UTC 2026 which is further in the future than the tolerated delay of 300000 milliseconds.",
    )
    kinesis.get_records(ShardIterator=following)


@pytest.mark.aws(at="2026-01-01")
def test_pages_and_how_far_behind(aws, kinesis, make, put, iterator):
    make()
    for n in range(5):
        put(str(n).encode())
        aws.clock.advance(seconds=1)
    first = kinesis.get_records(ShardIterator=iterator(), Limit=2)
    assert [r["Data"] for r in first["Records"]] == [b"0", b"1"]
    assert first["MillisBehindLatest"] == 3000
    rest = kinesis.get_records(ShardIterator=first["NextShardIterator"])
    assert [r["Data"] for r in rest["Records"]] == [b"2", b"3", b"4"]
    assert rest["MillisBehindLatest"] == 0
    put(b"5")
    assert [r["Data"] for r in kinesis.get_records(ShardIterator=rest["NextShardIterator"])["Records"]] == [b"5"]


def test_at_most_10_mib_at_once(kinesis, make, put, iterator):
    make()
    for _ in range(12):
        put(b"x" * 1_000_000)
    first = kinesis.get_records(ShardIterator=iterator())
    assert len(first["Records"]) == 10
    assert len(kinesis.get_records(ShardIterator=first["NextShardIterator"])["Records"]) == 2


def test_the_end_of_a_closed_shard(kinesis, make, put, iterator, read):
    make()
    put(b"a")
    put(b"b")
    latest = iterator("LATEST")
    kinesis.split_shard(StreamName="clicks", ShardToSplit=SHARD(0), NewStartingHashKey="10")
    first = kinesis.get_records(ShardIterator=iterator(), Limit=1)
    assert "ChildShards" not in first
    last = kinesis.get_records(ShardIterator=first["NextShardIterator"])
    assert "NextShardIterator" not in last
    assert last["ChildShards"] == [
        {
            "ShardId": SHARD(1),
            "ParentShards": [SHARD(0)],
            "HashKeyRange": {"StartingHashKey": "0", "EndingHashKey": "9"},
        },
        {
            "ShardId": SHARD(2),
            "ParentShards": [SHARD(0)],
            "HashKeyRange": {"StartingHashKey": "10", "EndingHashKey": str(2**128 - 1)},
        },
    ]
    end = kinesis.get_records(ShardIterator=latest)
    assert end["Records"] == []
    assert "NextShardIterator" not in end


# --- retention


@pytest.mark.rule("kinesis-020", "kinesis-033")
@pytest.mark.aws(at="2026-01-01")
def test_records_are_trimmed(aws, kinesis, make, put, read, iterator):
    make()
    number = put(b"a")["SequenceNumber"]
    aws.clock.advance(hours=12)
    put(b"b")
    aws.clock.advance(hours=11, minutes=59)
    assert read() == [b"a", b"b"]
    aws.clock.advance(minutes=1)
    assert read() == [b"b"]
    assert read("AT_SEQUENCE_NUMBER", StartingSequenceNumber=number) == [b"b"]
    # What is gone does not come back.
    kinesis.increase_stream_retention_period(StreamName="clicks", RetentionPeriodHours=48)
    assert read() == [b"b"]
    aws.clock.advance(hours=30)
    assert read() == [b"b"]
    kinesis.decrease_stream_retention_period(StreamName="clicks", RetentionPeriodHours=24)
    assert read() == []


@pytest.mark.rule("kinesis-036")
@pytest.mark.aws(replay="kinesis.propagation#1=1")
def test_records_may_take_a_moment_to_be_read(aws, make, put, read):
    make()
    put()
    assert read() == []
    aws.clock.advance(seconds=0.2)
    assert read() == [b"data"]
    (choice,) = aws.choices
    assert "GetRecords (call 4) did not show yet what had just been put into clicks/" in choice.explain()


@pytest.mark.rule("kinesis-036")
@pytest.mark.aws(at="2026-01-01", limits={"kinesis.record-propagation": 0.2})
def test_records_take_a_moment_to_be_read_where_the_lag_is_set(aws, make, put, read):
    make()
    put()
    assert read() == []
    aws.clock.advance(seconds=0.2)
    assert read() == [b"data"]


def test_a_snapshot_takes_records_back(aws, kinesis, make, put, read):
    make()
    put(b"a")
    before = aws.snapshot()
    put(b"b")
    kinesis.split_shard(StreamName="clicks", ShardToSplit=SHARD(0), NewStartingHashKey="10")
    assert read() == [b"a", b"b"]
    aws.clock.advance(hours=25)
    assert len(kinesis.list_shards(StreamName="clicks")["Shards"]) == 2
    aws.restore(before)
    assert read() == [b"a"]
    assert len(kinesis.list_shards(StreamName="clicks")["Shards"]) == 1
    put(b"c")
    assert read() == [b"a", b"c"]

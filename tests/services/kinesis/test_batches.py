"""Batches: what is put, kept and answered by columns is as if each record had come by itself."""

from hashlib import md5

import boto3
import pytest

from awsim.services.kinesis import ring
from awsim.services.kinesis.shard import Shard
from awsim.services.kinesis.stream import KEYS

SHARD = "shardId-{:012d}".format


def entries(count, key="key-{}".format):
    return [{"Data": str(number).encode(), "PartitionKey": key(number)} for number in range(count)]


def test_records_are_where_their_keys_say(kinesis, make, iterator):
    make(4)
    batch = entries(500, "schlüssel-{}".format)
    for _ in range(2):  # keys that are known already, too
        answer = kinesis.put_records(StreamName="clicks", Records=batch)["Records"]
        for entry, result in zip(batch, answer, strict=True):
            key = int(md5(entry["PartitionKey"].encode()).hexdigest(), 16)
            assert result["ShardId"] == SHARD(key // (KEYS // 4))
    for shard in range(4):
        found = kinesis.get_records(ShardIterator=iterator(shard=shard))["Records"]
        mine = [place for place, result in enumerate(answer) if result["ShardId"] == SHARD(shard)]
        assert [(record["Data"], record["PartitionKey"]) for record in found] == [
            (batch[place]["Data"], batch[place]["PartitionKey"]) for place in mine
        ] * 2
        numbers = [record["SequenceNumber"] for record in found]
        assert numbers[len(mine) :] == [answer[place]["SequenceNumber"] for place in mine]
        assert numbers == sorted(set(numbers), key=int)


def test_explicit_hash_keys_of_some_or_all(kinesis, make):
    make(2)
    some = [{**entry, "ExplicitHashKey": "0"} if place % 2 else entry for place, entry in enumerate(entries(40))]
    every = [{**entry, "ExplicitHashKey": str(KEYS - 1)} for entry in some]
    answer = kinesis.put_records(StreamName="clicks", Records=some)["Records"]
    assert {result["ShardId"] for result in answer[1::2]} == {SHARD(0)}
    assert {result["ShardId"] for result in answer[::2]} == {SHARD(0), SHARD(1)}
    answer = kinesis.put_records(StreamName="clicks", Records=every)["Records"]
    assert {result["ShardId"] for result in answer} == {SHARD(1)}


@pytest.mark.parametrize("count", [2, 40])
def test_nothing_of_a_batch_is_kept_that_is_refused(kinesis, make, read, refused, count):
    make()
    batch = entries(count)
    beyond = [*batch, {**batch[0], "ExplicitHashKey": str(KEYS)}]
    assert refused(kinesis.put_records, StreamName="clicks", Records=beyond) == (
        "InvalidArgumentException",
        f"Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value was {KEYS}",
    )
    keyless = [*batch, {"Data": b"x"}, batch[0], {"Data": b"x"}]
    code, message = refused(kinesis.put_records, StreamName="clicks", Records=keyless)
    assert (code, message.count(".member.partitionKey'")) == ("ValidationException", 2)
    assert f"'records.{count + 1}.member.partitionKey'" in message
    assert f"'records.{count + 3}.member.partitionKey'" in message
    large = [*batch, {"Data": b"x" * 1024 * 1024, "PartitionKey": "k"}]
    assert refused(kinesis.put_records, StreamName="clicks", Records=large) == (
        "ValidationException",
        f"1 validation error detected: Value at 'records.{count + 1}.member.data' failed to satisfy constraint: "
        "Member must have length less than or equal to 1048576",
    )
    assert read() == []


def test_bytes_of_keys_count(kinesis, make, refused):
    make()
    most = 1024 * 1024
    batch = entries(20)
    fits = {"Data": b"x" * (most - 4), "PartitionKey": "üü"}
    kinesis.put_records(StreamName="clicks", Records=[*batch, fits])
    over = {"Data": b"x" * (most - 3), "PartitionKey": "üü"}
    assert refused(kinesis.put_records, StreamName="clicks", Records=[*batch, over])[0] == "ValidationException"


def test_data_that_is_no_base64(aws, kinesis, make, read, refused):
    make()

    def spoil(request, **_):
        request.data = request.data.replace(b"MzA=", b"MzA")

    kinesis.meta.events.register("before-sign", spoil)
    assert refused(kinesis.put_records, StreamName="clicks", Records=entries(40)) == (
        "SerializationException",
        "Invalid base64",
    )
    assert read() == []


def test_keys_are_placed_anew_when_shards_are(aws, kinesis, make):
    """Where keys belong is remembered; not beyond a split, nor beyond what takes the split back."""
    make()
    batch = entries(50)

    def shards():
        answer = kinesis.put_records(StreamName="clicks", Records=batch)["Records"]
        return {result["ShardId"] for result in answer}

    assert shards() == {SHARD(0)}
    before = aws.snapshot()
    kinesis.split_shard(StreamName="clicks", ShardToSplit=SHARD(0), NewStartingHashKey=str(KEYS // 2))
    aws.clock.advance(minutes=1)
    assert shards() == {SHARD(1), SHARD(2)}
    after = aws.snapshot()
    aws.restore(before)
    assert shards() == {SHARD(0)}
    aws.restore(after)
    assert shards() == {SHARD(1), SHARD(2)}


def test_so_many_keys_are_remembered_and_no_more(kinesis, make, monkeypatch):
    monkeypatch.setattr(ring, "_REMEMBERED", 10)
    shards = [Shard("s", number, KEYS // 2 * number, KEYS // 2 * (number + 1) - 1, (), 0, 0) for number in range(2)]
    one = ring.Ring(shards)
    for number in range(50):
        keys = [str(number), str(number + 1), "same"]
        assert one.of(keys) == [one.at(ring.hash_key(key)) for key in keys]
        assert len(one._known) <= 13


def test_a_snapshot_takes_batches_back(aws, kinesis, make, read):
    make()
    batch = entries(20)
    kinesis.put_records(StreamName="clicks", Records=batch[:5])
    before = aws.snapshot()
    first = kinesis.put_records(StreamName="clicks", Records=batch)["Records"]
    assert len(read()) == 25
    aws.restore(before)
    assert read() == [b"0", b"1", b"2", b"3", b"4"]
    again = kinesis.put_records(StreamName="clicks", Records=batch)["Records"]
    assert len(read()) == 25
    # The counts in them are the same; the second may not be.
    assert [int(one["SequenceNumber"]) >> 80 for one in again] == [int(one["SequenceNumber"]) >> 80 for one in first]


def test_reading_goes_across_batches():
    shard = Shard("s", 0, 0, KEYS - 1, (), 100.0, 100)
    put = []
    for batch in range(5):
        keys = [f"{batch}/{number}" for number in range(batch + 1)]
        data = [b"x" * 10 for _ in keys]
        numbers = shard.append_all(100.0 + batch, keys, data, "KMS" if batch == 3 else None)
        put += [(next(numbers), 100.0 + batch, key, item) for key, item in zip(keys, data, strict=True)]
    assert shard.latest == len(put) + 1 == 16
    for position in range(17):
        start = max(position, 1)
        for limit in (1, 4, 100):
            records, following = shard.read(position, limit, 10_000, 1000.0)
            assert [record[:4] for record in records] == put[start - 1 : start - 1 + limit]
            assert following == start + len(records)
    assert [record.encryption for record in shard.read(6, 6, 10_000, 1000.0)[0]] == [None] + ["KMS"] * 4 + [None]
    assert shard.read(1, 100, 10_000, 102.0)[1] == 7
    assert shard.read(1, 100, 26, 1000.0)[1] == 3
    assert [shard.position_at(time) for time in (0, 100.0, 100.5, 102.0, 104.0, 104.1)] == [1, 1, 2, 4, 11, 16]
    assert [shard.behind(position, 110.0) for position in (0, 1, 2, 3, 4, 15, 16)] == [
        0,
        10000,
        9000,
        9000,
        8000,
        6000,
        0,
    ]
    assert shard.has_since(103.9)
    assert not shard.has_since(104.0)
    shard.trim(101.0)
    assert shard.read(1, 2, 10_000, 1000.0)[1] == 6
    assert shard.behind(3, 110.0) == 0
    shard.trim(200.0)
    assert shard.read(1, 100, 10_000, 1000.0) == ([], 16)
    assert (shard.latest, shard.position_at(0), shard.has_since(0)) == (16, 16, False)
    assert next(shard.append_all(300.0, ["key"], [b"x"], None)) >> 80 & 0xFF == 16
    assert [record.key for record in shard.read(1, 100, 10_000, 1000.0)[0]] == ["key"]


@pytest.mark.aws(at="2026-01-01", throttling=True, limits={"kinesis.shard-records-in": 10})
def test_refusals_stand_where_their_records_do(aws, kinesis, make, read):
    make(2)
    batch = [
        {"Data": str(number).encode(), "PartitionKey": "k", "ExplicitHashKey": "0" if number % 3 else str(KEYS - 1)}
        for number in range(30)
    ]
    answer = kinesis.put_records(StreamName="clicks", Records=batch)
    refused = [place for place, result in enumerate(answer["Records"]) if "ErrorCode" in result]
    of_first = [number for number in range(30) if number % 3]
    assert refused == of_first[10:]
    assert answer["FailedRecordCount"] == len(refused) == 10
    assert all(result.keys() == {"ErrorCode", "ErrorMessage"} for result in map(answer["Records"].__getitem__, refused))
    assert [int(data) for data in read(shard=0)] == of_first[:10]
    assert [int(data) for data in read(shard=1)] == list(range(0, 30, 3))


def test_some_fail_because_the_test_says_so(aws, kinesis, make, read):
    make()
    aws.faults.add("kinesis:PutRecords", partial=3)
    answer = kinesis.put_records(StreamName="clicks", Records=entries(40))
    assert answer["FailedRecordCount"] == 3
    assert [result.get("ErrorCode") for result in answer["Records"]] == [None] * 37 + ["InternalFailure"] * 3
    assert len(read()) == 37


def test_records_distributed_automatically(aws):
    client = boto3.client("kinesis", region_name="us-east-1")
    client.create_stream(StreamName="clicks", StreamModeDetails={"StreamMode": "ON_DEMAND"})
    stream = aws.service("kinesis", aws.account, "us-east-1").streams["clicks"]
    stream.distribution = "AUTO"
    answer = client.put_records(StreamName="clicks", Records=entries(40, lambda number: "same"))["Records"]
    assert [result["ShardId"] for result in answer[:8]] == [SHARD(number % 4) for number in range(1, 9)]

"""A stream that is resharded while it is read: order is kept for each key, parents come before children, nothing is
lost."""

import time

import pytest
from botocore.exceptions import ClientError

from tests.scenarios.messaging import admin, arn, modes, role, team

__all__ = ["team"]
AT = "2026-03-02T09:00:00Z"
STREAM = "clicks"
KEYS = [f"user-{number}" for number in range(12)]


class Reader:
    """Reads shards as Kinesis' documentation asks for: children once their parents are read to the end, from
    checkpoints, with new iterators where old ones have expired, and slower where it is told to be."""

    def __init__(self, kinesis):
        self.kinesis = kinesis
        self.iterators = {}
        self.checkpoints = {}
        self.finished = []
        self.records = []

    def look(self):
        """Take on the shards whose parents are finished, or were never known."""
        shards = {}
        for page in self.kinesis.get_paginator("list_shards").paginate(StreamName=STREAM):
            shards.update({shard["ShardId"]: shard for shard in page["Shards"]})
        for id, shard in shards.items():
            parents = {shard.get("ParentShardId"), shard.get("AdjacentParentShardId")} & shards.keys()
            if id not in self.finished and id not in self.iterators and parents <= set(self.finished):
                self.iterators[id] = self.iterator(id)

    def iterator(self, id):
        last = self.checkpoints.get(id)
        where = (
            {"ShardIteratorType": "TRIM_HORIZON"}
            if last is None
            else {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "StartingSequenceNumber": last}
        )
        return self.kinesis.get_shard_iterator(StreamName=STREAM, ShardId=id, **where)["ShardIterator"]

    def read(self):
        """A round over the shards; whether it was all that there is."""
        self.look()
        caught_up = True
        for id in list(self.iterators):
            try:
                answer = self.kinesis.get_records(ShardIterator=self.iterators[id], Limit=7)
            except ClientError as error:
                assert error.response["Error"]["Code"] == "ExpiredIteratorException"
                self.iterators[id] = self.iterator(id)
                caught_up = False
                continue
            for record in answer["Records"]:
                self.records.append((id, record["PartitionKey"], int(record["Data"]), int(record["SequenceNumber"])))
                self.checkpoints[id] = record["SequenceNumber"]
            following = answer.get("NextShardIterator")
            if following is None:
                del self.iterators[id]
                self.finished.append(id)
            else:
                self.iterators[id] = following
            caught_up &= following is not None and not answer["Records"] and answer["MillisBehindLatest"] == 0
        return caught_up

    def catch_up(self, quiet=3):
        rounds = 0
        while rounds < quiet:
            rounds = rounds + 1 if self.read() else 0
            time.sleep(1)


@pytest.mark.rule("kinesis-008", "kinesis-035")
@modes(AT)
def test_a_stream_is_resharded_under_its_reader(aws, team):
    stream = arn("kinesis", f"stream/{STREAM}")
    admin("kinesis").create_stream(StreamName=STREAM, ShardCount=2)
    admin("kinesis").get_waiter("stream_exists").wait(StreamName=STREAM)
    writer = role("writer", ("kinesis:PutRecord", stream))
    reading = role("reader", (["kinesis:ListShards", "kinesis:GetShardIterator", "kinesis:GetRecords"], stream))
    operator = role(
        "operator",
        (
            [
                "kinesis:UpdateShardCount", "kinesis:SplitShard", "kinesis:MergeShards", "kinesis:ListShards",
                "kinesis:DescribeStream", "kinesis:DescribeStreamSummary",
            ],
            stream,
        ),
    )  # fmt: skip
    team.settle()
    writing, operating = team.client("kinesis", writer), team.client("kinesis", operator)
    reader = Reader(team.client("kinesis", reading))
    said = dict.fromkeys(KEYS, 0)

    def write(rounds):
        for _ in range(rounds):
            for key in KEYS:
                writing.put_record(StreamName=STREAM, PartitionKey=key, Data=str(said[key]).encode())
                said[key] += 1

    def open_shards():
        shards = operating.list_shards(StreamName=STREAM, ShardFilter={"Type": "AT_LATEST"})["Shards"]
        return sorted(shards, key=lambda shard: int(shard["HashKeyRange"]["StartingHashKey"]))

    def settled():
        operating.get_waiter("stream_exists").wait(StreamName=STREAM)

    write(5)
    reader.read()
    operating.update_shard_count(StreamName=STREAM, TargetShardCount=4, ScalingType="UNIFORM_SCALING")
    write(5)  # while the stream is being changed
    reader.read()
    settled()
    assert len(open_shards()) == 4
    write(5)
    one, other = open_shards()[:2]
    operating.merge_shards(StreamName=STREAM, ShardToMerge=one["ShardId"], AdjacentShardToMerge=other["ShardId"])
    write(5)
    reader.read()
    settled()
    aws.clock.advance(minutes=6)  # the reader falls asleep: its iterators expire
    widest = max(open_shards(), key=lambda shard: _width(shard["HashKeyRange"]))
    middle = int(widest["HashKeyRange"]["StartingHashKey"]) + _width(widest["HashKeyRange"]) // 2
    operating.split_shard(StreamName=STREAM, ShardToSplit=widest["ShardId"], NewStartingHashKey=str(middle))
    write(5)
    settled()
    write(5)
    reader.catch_up()

    assert {key: [number for _, of, number, _ in reader.records if of == key] for key in KEYS} == {
        key: list(range(30)) for key in KEYS
    }
    shards = operating.list_shards(StreamName=STREAM)["Shards"]
    closed = {shard["ShardId"] for shard in shards if "EndingSequenceNumber" in shard["SequenceNumberRange"]}
    assert set(reader.finished) == closed
    assert len(open_shards()) == 4
    # Within a shard sequence numbers grow, and a child's are above its parents'.
    for shard in shards:
        own = [number for id, _, _, number in reader.records if id == shard["ShardId"]]
        assert own == sorted(own)
        parents = {shard.get("ParentShardId"), shard.get("AdjacentParentShardId")}
        before = [number for id, _, _, number in reader.records if id in parents]
        assert not own or not before or max(before) < min(own)


def _width(hash_range):
    return int(hash_range["EndingHashKey"]) - int(hash_range["StartingHashKey"]) + 1


@modes(AT)
def test_a_batch_that_a_shard_has_no_room_for_is_sent_again(aws, team):
    """PutRecords may fail in part: what it returns as failed is put again, and in the end nothing is missing."""
    stream = arn("kinesis", f"stream/{STREAM}")
    admin("kinesis").create_stream(StreamName=STREAM, ShardCount=1)
    admin("kinesis").get_waiter("stream_exists").wait(StreamName=STREAM)
    writer = role("writer", ("kinesis:PutRecords", stream))
    reading = role("reader", (["kinesis:ListShards", "kinesis:GetShardIterator", "kinesis:GetRecords"], stream))
    team.settle()
    writing, reader = team.client("kinesis", writer), Reader(team.client("kinesis", reading))
    throttled = 0
    for start in range(0, 3000, 500):
        left = [{"PartitionKey": str(number), "Data": str(number).encode()} for number in range(start, start + 500)]
        while left:
            answer = writing.put_records(StreamName=STREAM, Records=left)
            left = [
                record
                for record, result in zip(left, answer["Records"], strict=True)
                if result.get("ErrorCode") is not None
            ]
            throttled += len(left)
            if left:
                time.sleep(1)
    for _ in range(800):
        if len({number for _, _, number, _ in reader.records}) == 3000:
            break
        reader.read()
        time.sleep(0.25)
    assert {number for _, _, number, _ in reader.records} == set(range(3000))
    assert (throttled > 0) == (aws.authorization is not None)  # realistic

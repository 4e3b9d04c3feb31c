"""Shards: hash key ranges, splits and merges, lineage, filters, and reading on through all of it."""

from hashlib import md5

import boto3
import pytest

from awsim import mock_aws

KEYS = 2**128
SHARD = "shardId-{:012d}".format


def _range(shard):
    return int(shard["HashKeyRange"]["StartingHashKey"]), int(shard["HashKeyRange"]["EndingHashKey"])


def _open(shards):
    return [shard for shard in shards if "EndingSequenceNumber" not in shard["SequenceNumberRange"]]


def _cover(shards):
    """Whether the open shards share all keys among them."""
    ranges = sorted(map(_range, _open(shards)))
    ends = [-1] + [last for _, last in ranges]
    return [first for first, _ in ranges] == [end + 1 for end in ends[:-1]] and ends[-1] == KEYS - 1


@pytest.mark.rule("kinesis-005")
@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_shards_share_all_keys(make, shards, count):
    make(count)
    found = shards()
    assert [shard["ShardId"] for shard in found] == [SHARD(n) for n in range(count)]
    assert _cover(found)
    widths = [last - first for first, last in map(_range, found)]
    assert max(widths) - min(widths) < count


def test_the_ranges_of_three_shards_are_those_of_aws(make, shards):
    make(3)
    assert [_range(shard) for shard in shards()] == [
        (0, 113427455640312821154458202477256070484),
        (113427455640312821154458202477256070485, 226854911280625642308916404954512140969),
        (226854911280625642308916404954512140970, 340282366920938463463374607431768211455),
    ]


@pytest.mark.rule("kinesis-008")
def test_split(kinesis, make, shards, put, read, iterator):
    make()
    put(b"before")
    kinesis.split_shard(StreamName="clicks", ShardToSplit=SHARD(0), NewStartingHashKey=str(KEYS // 4))
    parent, low, high = shards()
    assert parent["SequenceNumberRange"]["EndingSequenceNumber"]
    assert _range(low) == (0, KEYS // 4 - 1)
    assert _range(high) == (KEYS // 4, KEYS - 1)
    assert low["ParentShardId"] == high["ParentShardId"] == SHARD(0)
    assert "AdjacentParentShardId" not in low
    assert _cover([parent, low, high])
    assert int(low["SequenceNumberRange"]["StartingSequenceNumber"]) > int(
        parent["SequenceNumberRange"]["EndingSequenceNumber"]
    )
    assert put(b"after", ExplicitHashKey="0")["ShardId"] == SHARD(1)
    assert put(b"too", ExplicitHashKey=str(KEYS - 1))["ShardId"] == SHARD(2)
    assert read(shard=0) == [b"before"]
    assert read(shard=1) == [b"after"]


@pytest.mark.rule("kinesis-009")
def test_merge(kinesis, make, shards, put, read, refused):
    make(3)
    assert refused(kinesis.merge_shards, StreamName="clicks", ShardToMerge=SHARD(0), AdjacentShardToMerge=SHARD(2)) == (
        "InvalidArgumentException",
        "Shards shardId-000000000000 and shardId-000000000002 in stream clicks under account 123456789012 are not an "
        "adjacent pair of shards eligible for merging",
    )
    put(b"low", ExplicitHashKey="0")
    kinesis.merge_shards(StreamName="clicks", ShardToMerge=SHARD(1), AdjacentShardToMerge=SHARD(0))
    found = shards()
    child = found[3]
    assert (child["ParentShardId"], child["AdjacentParentShardId"]) == (SHARD(1), SHARD(0))
    assert _range(child) == (0, _range(found[1])[1])
    assert _cover(found)
    assert put(b"merged", ExplicitHashKey="0")["ShardId"] == SHARD(3)
    assert (read(shard=0), read(shard=3)) == ([b"low"], [b"merged"])


def test_what_cannot_be_split_or_merged(kinesis, make, shards, refused):
    make(2)
    split = {"StreamName": "clicks", "ShardToSplit": SHARD(0)}
    middle = KEYS // 2 - 1
    for key in ("0", "1", str(middle), str(KEYS - 1)):
        assert refused(kinesis.split_shard, **split, NewStartingHashKey=key) == (
            "InvalidArgumentException",
            f"NewStartingHashKey {key} used in SplitShard() on shard shardId-000000000000 in stream clicks under "
            "account 123456789012 is not both greater than one plus the shard's StartingHashKey 0 and less than the "
            f"shard's EndingHashKey {middle}.",
        )
    split["ShardToSplit"] = SHARD(9)
    assert refused(kinesis.split_shard, **split, NewStartingHashKey="5") == (
        "ResourceNotFoundException",
        "Could not find shard shardId-000000000009 in stream clicks under account 123456789012.",
    )
    assert len(shards()) == 2
    split["ShardToSplit"] = SHARD(0)
    kinesis.split_shard(**split, NewStartingHashKey="5")
    code, message = refused(kinesis.split_shard, **split, NewStartingHashKey="5")
    assert code == "InvalidArgumentException"
    assert "already been merged or split" in message


@pytest.mark.rule("kinesis-010")
@pytest.mark.aws(at="2026-01-01", lifecycle="timed")
def test_the_stream_is_updating_while_shards_change(aws, kinesis, make, shards, summary, put, refused):
    make()
    aws.clock.advance(minutes=1)
    given = {"StreamName": "clicks", "TargetShardCount": 2, "ScalingType": "UNIFORM_SCALING"}
    answer = kinesis.update_shard_count(**given)
    assert (answer["CurrentShardCount"], answer["TargetShardCount"]) == (1, 2)
    assert (summary()["StreamStatus"], summary()["OpenShardCount"]) == ("UPDATING", 1)
    assert refused(kinesis.update_shard_count, **given)[0] == "ResourceInUseException"
    assert put()["ShardId"] == SHARD(0)
    aws.clock.advance(seconds=30)
    assert (summary()["StreamStatus"], summary()["OpenShardCount"]) == ("ACTIVE", 2)
    parent, *children = shards()
    assert parent["SequenceNumberRange"]["EndingSequenceNumber"]
    assert {child["ParentShardId"] for child in children} == {SHARD(0)}
    assert put()["ShardId"] != SHARD(0)


@pytest.mark.rule("kinesis-010")
@pytest.mark.parametrize(("start", "target"), [(1, 2), (4, 2), (3, 6), (4, 3), (3, 4), (2, 3), (5, 5), (7, 11)])
def test_uniform_scaling(kinesis, make, shards, summary, start, target):
    make(start)
    kinesis.update_shard_count(StreamName="clicks", TargetShardCount=target, ScalingType="UNIFORM_SCALING")
    found = shards()
    assert summary()["OpenShardCount"] == len(_open(found)) == target
    assert _cover(found)
    widths = [last - first for first, last in map(_range, _open(found))]
    assert max(widths) - min(widths) < max(start, target)
    known = set()
    for shard in found:
        parents = {shard.get("ParentShardId"), shard.get("AdjacentParentShardId")} - {None}
        assert parents <= known
        known.add(shard["ShardId"])


@pytest.mark.aws(at="2026-01-01")
def test_scaling_has_its_limits(aws, kinesis, make, summary, refused):
    make(4)
    scale = {"StreamName": "clicks", "ScalingType": "UNIFORM_SCALING"}
    assert refused(kinesis.update_shard_count, **scale, TargetShardCount=9) == (
        "InvalidArgumentException",
        "UpdateShardCount cannot scale up over double your current open shard count. "
        "Current open shard count: 4 Target shard count: 9",
    )
    assert refused(kinesis.update_shard_count, **scale, TargetShardCount=1)[0] == "InvalidArgumentException"
    for n in range(10):
        kinesis.update_shard_count(**scale, TargetShardCount=8 if n % 2 == 0 else 4)
    assert refused(kinesis.update_shard_count, **scale, TargetShardCount=8)[0] == "LimitExceededException"
    assert summary()["OpenShardCount"] == 4
    aws.clock.advance(hours=24)
    kinesis.update_shard_count(**scale, TargetShardCount=8)


@pytest.mark.rule("kinesis-019")
def test_the_key_picks_the_shard(make, put, shards):
    make(4)
    ranges = {shard["ShardId"]: _range(shard) for shard in shards()}
    for key in ("a", "b", "customer-17", "\u00fc", "x" * 256):
        first, again = put(key=key), put(key=key)
        assert first["ShardId"] == again["ShardId"]
        low, high = ranges[first["ShardId"]]
        assert low <= int(md5(key.encode()).hexdigest(), 16) <= high


def test_an_explicit_hash_key_wins(make, put, refused):
    make(2)
    assert put(ExplicitHashKey=str(KEYS // 2))["ShardId"] == SHARD(1)
    assert put(ExplicitHashKey=str(KEYS // 2 - 1))["ShardId"] == SHARD(0)
    assert refused(put, ExplicitHashKey=str(KEYS)) == (
        "InvalidArgumentException",
        f"Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value was {KEYS}",
    )
    assert refused(put, ExplicitHashKey="-1")[0] == "ValidationException"


# --- listing


@pytest.mark.aws(at="2026-01-01T00:00:00")
def test_filters(aws, kinesis, make, refused):
    make(2)
    aws.clock.advance(hours=1)
    between = aws.clock.now()
    aws.clock.advance(hours=1)
    kinesis.merge_shards(StreamName="clicks", ShardToMerge=SHARD(0), AdjacentShardToMerge=SHARD(1))
    aws.clock.advance(hours=1)

    def listed(**wanted):
        return [int(s["ShardId"][-4:]) for s in kinesis.list_shards(StreamName="clicks", ShardFilter=wanted)["Shards"]]

    assert listed(Type="AT_LATEST") == [2]
    assert listed(Type="AT_TRIM_HORIZON") == [0, 1]
    assert listed(Type="FROM_TRIM_HORIZON") == [0, 1, 2]
    assert listed(Type="AT_TIMESTAMP", Timestamp=between) == [0, 1]
    assert listed(Type="AT_TIMESTAMP", Timestamp=aws.clock.now()) == [2]
    assert listed(Type="FROM_TIMESTAMP", Timestamp=between) == [0, 1, 2]
    assert listed(Type="FROM_TIMESTAMP", Timestamp=aws.clock.now()) == [2]
    assert listed(Type="AFTER_SHARD_ID", ShardId=SHARD(0)) == [1, 2]
    for kind in ("AT_TIMESTAMP", "FROM_TIMESTAMP", "AFTER_SHARD_ID"):
        assert refused(kinesis.list_shards, StreamName="clicks", ShardFilter={"Type": kind})[0] == (
            "InvalidArgumentException"
        )
    # Parents are gone once nothing of them is retained.
    aws.clock.advance(hours=24)
    assert listed(Type="FROM_TRIM_HORIZON") == [2]
    assert listed(Type="AT_TRIM_HORIZON") == [2]


def test_pages_of_shards(aws, kinesis, make, refused):
    make(5)
    first = kinesis.list_shards(StreamName="clicks", MaxResults=2, ShardFilter={"Type": "AT_LATEST"})
    assert len(first["Shards"]) == 2
    second = kinesis.list_shards(NextToken=first["NextToken"], MaxResults=2)
    third = kinesis.list_shards(NextToken=second["NextToken"])
    assert [s["ShardId"] for answer in (second, third) for s in answer["Shards"]] == [SHARD(2), SHARD(3), SHARD(4)]
    assert "NextToken" not in third
    token = first["NextToken"]
    assert refused(kinesis.list_shards, StreamName="clicks", NextToken=token) == (
        "InvalidArgumentException",
        "NextToken and StreamName cannot be provided together.",
    )
    assert refused(kinesis.list_shards) == (
        "InvalidArgumentException",
        "Either NextToken or StreamName should be provided.",
    )
    assert refused(kinesis.list_shards, NextToken="x")[0] == "InvalidArgumentException"
    aws.clock.advance(seconds=301)
    assert refused(kinesis.list_shards, NextToken=token)[0] == "ExpiredNextTokenException"
    pages = kinesis.get_paginator("describe_stream").paginate(StreamName="clicks", PaginationConfig={"PageSize": 2})
    assert [s["ShardId"] for page in pages for s in page["StreamDescription"]["Shards"]] == [SHARD(n) for n in range(5)]


# --- a reader over resharding


def _read_all(kinesis, start):
    """As consumer libraries do: each shard to its end, children after their parents."""
    todo, seen, order = list(start), set(), []
    data = []
    while todo:
        id = todo.pop(0)
        if id in seen:
            continue
        seen.add(id)
        order.append(id)
        position = kinesis.get_shard_iterator(StreamName="clicks", ShardId=id, ShardIteratorType="TRIM_HORIZON")[
            "ShardIterator"
        ]
        while position is not None:
            answer = kinesis.get_records(ShardIterator=position, Limit=3)
            data += [(record["PartitionKey"], int(record["Data"])) for record in answer["Records"]]
            position = answer.get("NextShardIterator")
            for child in answer.get("ChildShards", ()):
                if set(child["ParentShards"]) <= seen:
                    todo.append(child["ShardId"])
            if not answer["Records"] and answer["MillisBehindLatest"] == 0:
                break
    return data, order


@pytest.mark.parametrize("mode", ["instant", "timed", "realistic"])
@pytest.mark.rule("kinesis-008", "kinesis-009", "kinesis-034")
def test_a_reader_loses_and_reorders_nothing(mode):
    options = {"instant": {}, "timed": {"lifecycle": "timed"}, "realistic": {"realistic": True}}
    with mock_aws(at="2026-01-01", **options[mode]) as aws:
        client = boto3.client("kinesis", region_name="us-east-1")
        client.create_stream(StreamName="clicks", ShardCount=2)
        client.get_waiter("stream_exists").wait(StreamName="clicks")
        count = 0

        def write():
            nonlocal count
            for n in range(20):
                client.put_record(StreamName="clicks", PartitionKey=f"k{n % 5}", Data=str(count).encode())
                count += 1

        def settle():
            client.get_waiter("stream_exists").wait(StreamName="clicks")
            aws.clock.advance(minutes=1)

        write()
        client.split_shard(StreamName="clicks", ShardToSplit=SHARD(0), NewStartingHashKey=str(KEYS // 8))
        write()
        settle()
        write()
        client.merge_shards(StreamName="clicks", ShardToMerge=SHARD(1), AdjacentShardToMerge=SHARD(3))
        settle()
        write()
        client.update_shard_count(StreamName="clicks", TargetShardCount=3, ScalingType="UNIFORM_SCALING")
        write()
        settle()
        write()
        data, order = _read_all(client, [SHARD(0), SHARD(1)])
        assert sorted(value for _, value in data) == list(range(count))
        for key in {key for key, _ in data}:
            values = [value for other, value in data if other == key]
            assert values == sorted(values)
        assert len(order) > 5

"""Streams of tables: records, view types, shards, iterators, trimming, recorded answers."""

from __future__ import annotations

import pytest

_AT = "2026-01-01"
_EPOCH = 1_767_225_600  # 2026-01-01T00:00:00Z


def _names(records):
    return [record["eventName"] for record in records]


def _iterator(streams, arn, shard, kind="TRIM_HORIZON", **more):
    return streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType=kind, **more)["ShardIterator"]


@pytest.mark.rule("dynamodbstreams-001", "dynamodb-082")
def test_records_in_order(tables, streams, make, put, records, refused):
    arn = make()
    put("a", 1)
    put("a", 2)
    put("a", 2)  # changes nothing, leaves nothing
    tables.update_item(
        TableName="things",
        Key={"pk": {"S": "a"}},
        UpdateExpression="ADD v :n",
        ExpressionAttributeValues={":n": {"N": "0.0"}},
    )
    tables.delete_item(TableName="things", Key={"pk": {"S": "a"}})
    tables.delete_item(TableName="things", Key={"pk": {"S": "a"}})
    found = records(arn)
    assert _names(found) == ["INSERT", "MODIFY", "REMOVE"]
    numbers = [int(record["dynamodb"]["SequenceNumber"]) for record in found]
    assert numbers == sorted(set(numbers))
    assert len({record["eventID"] for record in found}) == 3
    assert all("userIdentity" not in record for record in found)
    description = streams.describe_stream(StreamArn=arn)["StreamDescription"]
    assert description["StreamStatus"] == "ENABLED"
    assert description["KeySchema"] == [{"AttributeName": "pk", "KeyType": "HASH"}]
    assert streams.list_streams(TableName="things")["Streams"] == [
        {"StreamArn": arn, "TableName": "things", "StreamLabel": arn.rpartition("/")[2]}
    ]
    unknown = arn.replace("things", "others")
    with refused("ResourceNotFoundException", f"Requested resource not found: Stream: {unknown} not found"):
        streams.describe_stream(StreamArn=unknown)


@pytest.mark.aws(at=_AT)
@pytest.mark.parametrize("view", ["KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES"])
@pytest.mark.rule("dynamodbstreams-002", "dynamodb-081")
def test_view_types(tables, make, put, records, view):
    arn = make(view)
    put("a", 1)
    put("a", 2)
    tables.delete_item(TableName="things", Key={"pk": {"S": "a"}})
    before = [None, {"pk": {"S": "a"}, "v": {"N": "1"}}, {"pk": {"S": "a"}, "v": {"N": "2"}}]
    after = [*before[1:], None]
    found = [record["dynamodb"] for record in records(arn)]
    assert [change["Keys"] for change in found] == [{"pk": {"S": "a"}}] * 3
    assert [change.get("OldImage") for change in found] == (before if "OLD" in view else [None] * 3)
    assert [change.get("NewImage") for change in found] == (after if "NEW" in view else [None] * 3)
    assert {change["StreamViewType"] for change in found} == {view}
    # pk and "a" are 3 bytes, v and one digit 3 more.
    sizes = {"KEYS_ONLY": [3, 3, 3], "NEW_IMAGE": [9, 9, 3], "OLD_IMAGE": [3, 9, 9], "NEW_AND_OLD_IMAGES": [9, 15, 9]}
    assert [change["SizeBytes"] for change in found] == sizes[view]
    assert all(change["ApproximateCreationDateTime"].timestamp() == _EPOCH for change in found)


@pytest.mark.rule("dynamodb-081")
def test_a_view_type_cannot_be_changed(tables, make, refused):
    arn = make("KEYS_ONLY")
    with refused("ValidationException", "Table already has an enabled stream: TableName: things"):
        tables.update_table(
            TableName="things", StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
        )
    assert tables.describe_table(TableName="things")["Table"]["LatestStreamArn"] == arn


@pytest.mark.aws(at=_AT)
@pytest.mark.rule("dynamodbstreams-003")
def test_records_are_kept_for_a_day(aws, tables, streams, make, put, records, shards, refused):
    arn = make()
    put("a")
    (first,) = records(arn)
    (shard,) = shards(arn)
    aws.clock.advance(hours=3)
    put("b")
    aws.clock.advance(hours=20, minutes=59)
    assert len(records(arn)) == 2
    aws.clock.advance(minutes=1)
    (left,) = records(arn)
    assert left["dynamodb"]["Keys"] == {"pk": {"S": "b"}}
    trimmed = first["dynamodb"]["SequenceNumber"]
    with refused("TrimmedDataAccessException", "The data you are trying to access has been trimmed"):
        _iterator(streams, arn, shard["ShardId"], "AFTER_SEQUENCE_NUMBER", SequenceNumber=trimmed)


@pytest.mark.aws(at=_AT)
@pytest.mark.rule("dynamodbstreams-003")
@pytest.mark.parametrize("how", ["disabled", "deleted"])
def test_a_stream_that_ended_is_readable_for_a_day(aws, tables, streams, make, put, records, shards, how):
    arn = make()
    put("a")
    if how == "deleted":
        tables.delete_table(TableName="things")
    else:
        tables.update_table(TableName="things", StreamSpecification={"StreamEnabled": False})
        put("b")
    assert streams.describe_stream(StreamArn=arn)["StreamDescription"]["StreamStatus"] == "DISABLED"
    assert _names(records(arn)) == ["INSERT"]
    (shard,) = shards(arn)
    answer = streams.get_records(ShardIterator=_iterator(streams, arn, shard["ShardId"]))
    assert "NextShardIterator" not in answer, "the shard is closed and read to its end"
    aws.clock.advance(hours=23)
    assert len(streams.list_streams()["Streams"]) == 1
    aws.clock.advance(hours=1)
    assert streams.list_streams()["Streams"] == []


@pytest.mark.aws(at=_AT)
def test_off_and_on_again_is_another_stream(tables, streams, make, put, records):
    old = make()
    put("a")
    tables.update_table(TableName="things", StreamSpecification={"StreamEnabled": False})
    new = tables.update_table(
        TableName="things", StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}
    )["TableDescription"]["LatestStreamArn"]
    put("b")
    assert new != old
    assert [stream["StreamArn"] for stream in streams.list_streams()["Streams"]] == sorted([old, new])
    assert [record["dynamodb"]["Keys"]["pk"]["S"] for record in records(old) + records(new)] == ["a", "b"]
    first = streams.list_streams(Limit=1)
    assert first["LastEvaluatedStreamArn"] == first["Streams"][0]["StreamArn"] == min(old, new)
    rest = streams.list_streams(Limit=1, ExclusiveStartStreamArn=first["LastEvaluatedStreamArn"])
    assert [stream["StreamArn"] for stream in rest["Streams"]] == [max(old, new)]
    assert "LastEvaluatedStreamArn" not in rest


@pytest.mark.aws(at=_AT)
@pytest.mark.rule("dynamodbstreams-004", "dynamodb-087")
def test_expired_items(aws, tables, make, put, records):
    arn = make()
    put("a", expires={"N": str(_EPOCH + 60)})
    tables.update_time_to_live(
        TableName="things", TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires"}
    )
    aws.clock.advance(seconds=61)
    insert, remove = records(arn)
    assert "userIdentity" not in insert
    assert remove["eventName"] == "REMOVE"
    assert remove["userIdentity"] == {"PrincipalId": "dynamodb.amazonaws.com", "Type": "Service"}
    assert remove["dynamodb"]["OldImage"]["v"] == {"N": "0"}


@pytest.mark.aws(throttling=True, at=_AT)
@pytest.mark.rule("dynamodbstreams-005")
def test_two_readers_of_a_shard(aws, streams, make, put, shards, refused):
    arn = make()
    put("a")
    (shard,) = shards(arn)
    one, two, three = (_iterator(streams, arn, shard["ShardId"]) for _ in range(3))
    for _ in range(3):
        one = streams.get_records(ShardIterator=one)["NextShardIterator"]
    two = streams.get_records(ShardIterator=two)["NextShardIterator"]
    with refused(
        "LimitExceededException",
        f"Too many readers of shard {shard['ShardId']}: no more than 2 processes should read from the same shard at "
        "the same time",
    ):
        streams.get_records(ShardIterator=three)
    aws.clock.advance(seconds=2)
    assert _names(streams.get_records(ShardIterator=three)["Records"]) == ["INSERT"]


@pytest.mark.aws(at=_AT)
def test_shards_roll_over(aws, streams, make, put, shards):
    arn = make()
    put("a", 1)
    (first,) = shards(arn)
    iterator = _iterator(streams, arn, first["ShardId"])
    iterator = streams.get_records(ShardIterator=iterator)["NextShardIterator"]
    aws.clock.advance(hours=4)
    put("a", 2)
    assert "NextShardIterator" in streams.get_records(ShardIterator=_iterator(streams, arn, shards(arn)[1]["ShardId"]))
    parent, child = shards(arn)
    assert child["ParentShardId"] == parent["ShardId"] == first["ShardId"]
    assert int(parent["SequenceNumberRange"]["EndingSequenceNumber"]) < int(
        child["SequenceNumberRange"]["StartingSequenceNumber"]
    )
    latest = _iterator(streams, arn, parent["ShardId"], "LATEST")
    assert "NextShardIterator" not in streams.get_records(ShardIterator=latest)
    children = streams.describe_stream(
        StreamArn=arn, ShardFilter={"Type": "CHILD_SHARDS", "ShardId": parent["ShardId"]}
    )["StreamDescription"]["Shards"]
    assert children == [child]
    aws.clock.advance(days=30)
    assert len(shards(arn)) in (6, 7), "closed shards go when their last record may have gone"
    page = streams.describe_stream(StreamArn=arn, Limit=2)["StreamDescription"]
    rest = streams.describe_stream(StreamArn=arn, ExclusiveStartShardId=page["LastEvaluatedShardId"])
    assert page["Shards"] + rest["StreamDescription"]["Shards"] == shards(arn)


@pytest.mark.aws(limits={"dynamodbstreams.shards": 4})
def test_an_item_stays_in_its_shard(streams, make, put, shards):
    arn = make()
    for value in range(1, 4):
        for number in range(20):
            put(f"item {number}", value)
    where = {}
    for shard in shards(arn):
        found = streams.get_records(ShardIterator=_iterator(streams, arn, shard["ShardId"]))["Records"]
        for record in found:
            where.setdefault(record["dynamodb"]["Keys"]["pk"]["S"], []).append(
                (shard["ShardId"], record["dynamodb"]["NewImage"]["v"]["N"])
            )
    assert all(len({shard for shard, _ in seen}) == 1 for seen in where.values())
    assert all([value for _, value in seen] == ["1", "2", "3"] for seen in where.values())
    assert len({seen[0][0] for seen in where.values()}) == 4


@pytest.mark.aws(at=_AT)
def test_iterators(aws, streams, make, put, shards, records, refused):
    arn = make()
    put("a")
    aws.clock.advance(minutes=1)
    put("b")
    (shard,) = (shard["ShardId"] for shard in shards(arn))
    number = records(arn)[0]["dynamodb"]["SequenceNumber"]

    def keys(kind, **more):
        found = streams.get_records(ShardIterator=_iterator(streams, arn, shard, kind, **more))["Records"]
        return [record["dynamodb"]["Keys"]["pk"]["S"] for record in found]

    assert keys("TRIM_HORIZON") == keys("AT_SEQUENCE_NUMBER", SequenceNumber=number) == ["a", "b"]
    assert keys("AFTER_SEQUENCE_NUMBER", SequenceNumber=number) == ["b"]
    assert keys("LATEST") == []
    assert keys("AT_TIMESTAMP", Timestamp=_EPOCH + 30) == ["b"]
    page = streams.get_records(ShardIterator=_iterator(streams, arn, shard), Limit=1)
    assert len(page["Records"]) == 1
    assert len(streams.get_records(ShardIterator=page["NextShardIterator"])["Records"]) == 1
    with refused(
        "ValidationException", "SequenceNumber must be specified when ShardIteratorType is AT_SEQUENCE_NUMBER"
    ):
        keys("AT_SEQUENCE_NUMBER")
    with refused("ValidationException", "SequenceNumber cannot be specified when ShardIteratorType is LATEST"):
        keys("LATEST", SequenceNumber=number)
    with refused("ResourceNotFoundException", "Requested resource not found: Shard does not exist"):
        _iterator(streams, arn, "shardId-00000000000000000000-00000000")
    with refused("ValidationException", "Invalid ShardIterator"):
        streams.get_records(ShardIterator="mine")
    with refused("ValidationException", f"Invalid StreamArn: {'x' * 40}"):
        streams.describe_stream(StreamArn="x" * 40)
    iterator = _iterator(streams, arn, shard)
    aws.clock.advance(minutes=15)
    assert len(streams.get_records(ShardIterator=iterator)["Records"]) == 2
    aws.clock.advance(seconds=1)
    with refused("ExpiredIteratorException"):
        streams.get_records(ShardIterator=iterator)


def test_a_page_holds_a_megabyte(streams, make, put, shards):
    arn = make("NEW_IMAGE")
    for number in range(4):
        put(str(number), text={"S": "x" * 300_000})
    (shard,) = (shard["ShardId"] for shard in shards(arn))
    page = streams.get_records(ShardIterator=_iterator(streams, arn, shard))
    assert len(page["Records"]) == 3
    assert len(streams.get_records(ShardIterator=page["NextShardIterator"])["Records"]) == 1


def test_a_snapshot_takes_records_along(aws, make, put, records):
    arn = make()
    put("a")
    snapshot = aws.snapshot()
    put("b")
    assert len(records(arn)) == 2
    aws.restore(snapshot)
    assert [record["dynamodb"]["Keys"]["pk"]["S"] for record in records(arn)] == ["a"]


def test_recorded_refusal(streams, refused):
    arn = "arn:aws:dynamodb:us-east-1:111111111111:table/things/stream/2024-11-18T14:36:44.149"
    with refused("ResourceNotFoundException", f"Requested resource not found: Stream: {arn} not found"):
        streams.describe_stream(StreamArn=arn)

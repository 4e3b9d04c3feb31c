"""Global tables, version 2019.11.21."""

from __future__ import annotations

import boto3
import pytest
from botocore.config import Config

_AT = "2026-01-01"
_CREATE = [{"Create": {"RegionName": "eu-west-1"}}]


@pytest.fixture
def abroad(aws):
    """DynamoDB in eu-west-1."""
    return boto3.client("dynamodb", region_name="eu-west-1", config=Config(retries={"max_attempts": 0}))


@pytest.fixture
def shared(make, client):
    make()
    client.put_item(TableName="things", Item=_item("old"))
    return client.update_table(TableName="things", ReplicaUpdates=_CREATE)["TableDescription"]


def _item(key, value="1"):
    return {"pk": {"S": key}, "v": {"S": value}}


def _get(client, key, **more):
    return client.get_item(TableName="things", Key={"pk": {"S": key}}, **more).get("Item")


@pytest.mark.aws(lifecycle="timed", at=_AT)
@pytest.mark.rule("dynamodb-101")
def test_a_replica(aws, client, abroad, make, refused):
    make()
    aws.clock.advance(minutes=1)
    client.put_item(TableName="things", Item=_item("old"))
    made = client.update_table(TableName="things", ReplicaUpdates=_CREATE)["TableDescription"]
    assert made["Replicas"] == [{"RegionName": "eu-west-1", "ReplicaStatus": "CREATING"}]
    assert made["TableStatus"] == "UPDATING"
    assert abroad.describe_table(TableName="things")["Table"]["TableStatus"] == "CREATING"
    aws.clock.advance(minutes=20)
    here = client.describe_table(TableName="things")["Table"]
    assert here["Replicas"] == [{"RegionName": "eu-west-1", "ReplicaStatus": "ACTIVE"}]
    assert here["GlobalTableVersion"] == "2019.11.21"
    there = abroad.describe_table(TableName="things")["Table"]
    assert there["Replicas"] == [{"RegionName": "us-east-1", "ReplicaStatus": "ACTIVE"}]
    assert there["TableArn"] == "arn:aws:dynamodb:eu-west-1:123456789012:table/things"
    assert _get(abroad, "old") == _item("old")
    with refused("ValidationException", starts="Failed to create a the new replica"):
        client.update_table(TableName="things", ReplicaUpdates=_CREATE)
    with refused("ValidationException", starts="One or more parameter values were invalid: Cannot add, delete, or"):
        client.update_table(TableName="things", ReplicaUpdates=[{"Create": {"RegionName": "us-east-1"}}])
    with refused("ValidationException"):
        client.update_table(TableName="things", ReplicaUpdates=[{"Delete": {"RegionName": "eu-west-2"}}])
    scaling = client.describe_table_replica_auto_scaling(TableName="things")["TableAutoScalingDescription"]
    assert [one["RegionName"] for one in scaling["Replicas"]] == ["us-east-1", "eu-west-1"]


@pytest.mark.rule("dynamodb-102")
def test_a_global_table_has_a_stream(client, abroad, make, shared, refused):
    assert shared["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    assert abroad.describe_table(TableName="things")["Table"]["StreamSpecification"]["StreamEnabled"]
    with refused("ValidationException"):
        client.update_table(TableName="things", StreamSpecification={"StreamEnabled": False})
    make(name="others", StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"})
    with refused("ValidationException"):
        client.update_table(TableName="others", ReplicaUpdates=_CREATE)
    assert "Replicas" not in client.describe_table(TableName="others")["Table"]


@pytest.mark.aws(at=_AT, limits={"dynamodb.replication-lag": 1})
@pytest.mark.rule("dynamodb-103")
def test_writes_arrive_a_second_later(aws, client, abroad, shared):
    client.put_item(TableName="things", Item=_item("a", "here"))
    assert _get(abroad, "a") is None
    assert _get(abroad, "a", ConsistentRead=True) is None
    aws.clock.advance(seconds=1)
    assert _get(abroad, "a") == _item("a", "here")
    abroad.delete_item(TableName="things", Key={"pk": {"S": "a"}})
    assert _get(client, "a") is not None
    aws.clock.advance(seconds=1)
    assert _get(client, "a") is None


@pytest.mark.parametrize("first", ["here", "there"])
@pytest.mark.aws(at=_AT, limits={"dynamodb.replication-lag": 1})
@pytest.mark.rule("dynamodb-103")
def test_the_last_writer_wins(aws, client, abroad, shared, first):
    writers = {"here": client, "there": abroad}
    last = "there" if first == "here" else "here"
    writers[first].put_item(TableName="things", Item=_item("a", first))
    aws.clock.advance(seconds=0.5)
    writers[last].put_item(TableName="things", Item=_item("a", last))
    aws.clock.advance(seconds=5)
    assert _get(client, "a") == _get(abroad, "a") == _item("a", last)


def test_without_lag_writes_are_there_at_once(client, abroad, shared):
    abroad.put_item(TableName="things", Item=_item("a"))
    assert _get(client, "a") == _item("a")
    client.update_item(
        TableName="things",
        Key={"pk": {"S": "a"}},
        UpdateExpression="SET v = :v",
        ExpressionAttributeValues={":v": {"S": "2"}},
    )
    assert _get(abroad, "a") == _item("a", "2")


def test_replicas_have_streams_of_their_own(aws, client, abroad, shared):
    client.put_item(TableName="things", Item=_item("a"))
    client.put_item(TableName="things", Item=_item("a"))
    for region, expected in (("us-east-1", 1), ("eu-west-1", 2)):
        streams = boto3.client("dynamodbstreams", region_name=region)
        arn = streams.list_streams()["Streams"][0]["StreamArn"]
        (shard,) = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
        iterator = streams.get_shard_iterator(
            StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        # The new replica's stream has the items that it was filled with.
        assert len(streams.get_records(ShardIterator=iterator)["Records"]) == expected


def test_shared_settings(client, abroad, shared):
    client.update_table(
        TableName="things",
        AttributeDefinitions=[{"AttributeName": "v", "AttributeType": "S"}],
        GlobalSecondaryIndexUpdates=[
            {
                "Create": {
                    "IndexName": "by-v",
                    "KeySchema": [{"AttributeName": "v", "KeyType": "HASH"}],
                    "Projection": {"ProjectionType": "ALL"},
                }
            }
        ],
    )
    (index,) = abroad.describe_table(TableName="things")["Table"]["GlobalSecondaryIndexes"]
    assert (index["IndexName"], index["ItemCount"]) == ("by-v", 1)
    client.update_time_to_live(
        TableName="things", TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires"}
    )
    described = abroad.describe_time_to_live(TableName="things")["TimeToLiveDescription"]
    assert described == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires"}


@pytest.mark.parametrize("how", ["update", "delete"])
def test_deleting_a_replica(client, abroad, shared, refused, how):
    if how == "update":
        client.update_table(TableName="things", ReplicaUpdates=[{"Delete": {"RegionName": "eu-west-1"}}])
    else:
        abroad.delete_table(TableName="things")
    with refused("ResourceNotFoundException"):
        abroad.describe_table(TableName="things")
    assert "Replicas" not in client.describe_table(TableName="things")["Table"]
    client.put_item(TableName="things", Item=_item("a"))
    assert _get(client, "a") == _item("a")


def test_a_snapshot_holds_all_regions(aws, client, abroad, shared):
    snapshot = aws.snapshot()
    client.put_item(TableName="things", Item=_item("a"))
    aws.restore(snapshot)
    assert _get(abroad, "a") is None
    abroad.put_item(TableName="things", Item=_item("a", "again"))
    assert _get(client, "a") == _item("a", "again")


@pytest.mark.parametrize("operation", ["CreateGlobalTable", "DescribeGlobalTable", "ListGlobalTables"])
def test_the_version_of_2017_is_not_modelled(aws, operation):
    from awsim.errors import AWSError

    with pytest.raises(AWSError, match=f"awsim does not model dynamodb:{operation}"):
        aws.call("dynamodb", operation, GlobalTableName="things", ReplicationGroup=[])


def test_strong_consistency_is_not_modelled(client, make, refused):
    make()
    with refused("NotImplemented", "awsim does not model dynamodb: UpdateTable of MultiRegionConsistency STRONG"):
        client.update_table(TableName="things", ReplicaUpdates=_CREATE, MultiRegionConsistency="STRONG")

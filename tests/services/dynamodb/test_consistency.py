"""Reads that AWS does not promise to be current, and those that it does."""

from __future__ import annotations

import pytest

_EVENTUAL = {"consistency": "eventual", "at": "2026-01-01"}


def _stale(reads):
    """The universe in which so many reads meet a copy that is behind."""
    return ", ".join(f"dynamodb.stale-read#{number}=1" for number in range(1, reads + 1))


def _item(key, value, **more):
    return {"pk": {"S": key}, "sk": {"N": value}, **more}


@pytest.fixture
def table(client, make):
    make(
        "pk:S",
        "sk:N",
        attributes=["g:S"],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by_g",
                "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )


@pytest.fixture
def read(client):
    """What three ways of reading show: GetItem of ("a", 1), Query of "a", Scan."""

    def read(**more):
        def values(items):
            return {item["sk"]["N"]: item.get("v", {}).get("S") for item in items}

        got = client.get_item(TableName="things", Key=_item("a", "1"), **more).get("Item")
        queried = client.query(
            TableName="things",
            KeyConditionExpression="pk = :a",
            ExpressionAttributeValues={":a": {"S": "a"}},
            **more,
        )["Items"]
        scanned = client.scan(TableName="things", **more)["Items"]
        assert values(queried) == values(scanned)
        return (got or {}).get("v", {}).get("S"), values(queried)

    return read


@pytest.mark.aws(**_EVENTUAL, replay=_stale(6))
@pytest.mark.rule("dynamodb-046", "dynamodb-047", "dynamodb-048")
def test_stale_for_a_second(aws, client, table, read):
    client.put_item(TableName="things", Item=_item("a", "1", v={"S": "old"}))
    client.put_item(TableName="things", Item=_item("a", "2", v={"S": "gone"}))
    assert read() == (None, {})
    assert read(ConsistentRead=True) == ("old", {"1": "old", "2": "gone"})
    aws.clock.advance(seconds=1)
    assert read() == ("old", {"1": "old", "2": "gone"})
    client.put_item(TableName="things", Item=_item("a", "1", v={"S": "new"}))
    client.delete_item(TableName="things", Key=_item("a", "2"))
    client.put_item(TableName="things", Item=_item("a", "0", v={"S": "fresh"}))
    assert read() == ("old", {"1": "old", "2": "gone"})
    assert read(ConsistentRead=True) == ("new", {"0": "fresh", "1": "new"})
    aws.clock.advance(seconds=1)
    assert read() == ("new", {"0": "fresh", "1": "new"})
    assert any(choice.name == "dynamodb.stale-read" and choice.taken for choice in aws.choices)


@pytest.mark.aws(**_EVENTUAL, replay=_stale(5))
@pytest.mark.rule("dynamodb-047")
def test_stale_pages_keep_their_order(aws, client, table):
    for number in range(0, 10, 2):
        client.put_item(TableName="things", Item=_item("a", str(number)))
    aws.clock.advance(seconds=1)
    client.delete_item(TableName="things", Key=_item("a", "4"))
    client.delete_item(TableName="things", Key=_item("a", "8"))
    client.put_item(TableName="things", Item=_item("a", "5"))

    def sorts(**more):
        pages = client.get_paginator("query").paginate(
            TableName="things",
            KeyConditionExpression="pk = :a",
            ExpressionAttributeValues={":a": {"S": "a"}},
            PaginationConfig={"PageSize": 2},
            **more,
        )
        return [int(item["sk"]["N"]) for page in pages for item in page["Items"]]

    assert sorts() == [0, 2, 4, 6, 8]
    assert sorts(ScanIndexForward=False) == [8, 6, 4, 2, 0]
    assert sorts(ConsistentRead=True) == [0, 2, 5, 6]


@pytest.mark.aws(**_EVENTUAL, replay=_stale(1))
@pytest.mark.rule("dynamodb-047")
def test_indexes_lag(aws, client, table):
    def found():
        return client.scan(TableName="things", IndexName="by_g")["Count"]

    client.put_item(TableName="things", Item=_item("a", "1", g={"S": "x"}))
    assert found() == 0
    aws.clock.advance(seconds=1)
    assert found() == 1


@pytest.mark.aws(consistency="eventual", limits={"dynamodb.read-lag": 60}, replay=_stale(3), at="2026-01-01")
def test_lag_is_a_row(aws, client, table, read):
    client.put_item(TableName="things", Item=_item("a", "1", v={"S": "old"}))
    aws.clock.advance(seconds=59)
    assert read()[0] is None
    aws.clock.advance(seconds=1)
    assert read()[0] == "old"


def test_current_by_default(client, table, read):
    client.put_item(TableName="things", Item=_item("a", "1", v={"S": "old"}))
    assert read() == ("old", {"1": "old"})

"""Answers recorded from AWS (`../shared/recorded/dynamodb.jsonl`), where they show what other tests do not."""

from __future__ import annotations

import pytest

_UNITS = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}


def _described(table):
    """A description without what differs from run to run, as the recordings have it."""
    for name in ("TableId", "CreationDateTime"):
        assert table.pop(name)
    return table


def test_table_of_the_default_mode(client, make):
    created = client.create_table(
        TableName="things",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        ProvisionedThroughput=_UNITS,
        WarmThroughput={"ReadUnitsPerSecond": 1000, "WriteUnitsPerSecond": 1200},
    )["TableDescription"]
    expected = {
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "DeletionProtectionEnabled": False,
        "ItemCount": 0,
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "ProvisionedThroughput": {"NumberOfDecreasesToday": 0, **_UNITS},
        "TableArn": "arn:aws:dynamodb:us-east-1:123456789012:table/things",
        "TableName": "things",
        "TableSizeBytes": 0,
        "TableStatus": "CREATING",
        "WarmThroughput": {"ReadUnitsPerSecond": 1000, "Status": "UPDATING", "WriteUnitsPerSecond": 1200},
    }
    assert _described(created) == expected
    expected["TableStatus"] = "ACTIVE"
    expected["WarmThroughput"]["Status"] = "ACTIVE"
    assert _described(client.describe_table(TableName="things")["Table"]) == expected


@pytest.mark.parametrize(("billing", "units"), [("PAY_PER_REQUEST", 0), ("PROVISIONED", 1)])
def test_table_with_an_index(client, billing, units):
    throughput = {"ReadCapacityUnits": units, "WriteCapacityUnits": units}
    index = {
        "IndexName": "TransactionRecordID",
        "KeySchema": [{"AttributeName": "TRID", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "ALL"},
    }
    provisioned = billing == "PROVISIONED"
    client.create_table(
        TableName="things",
        KeySchema=[{"AttributeName": "TID", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("TID", "TRID")],
        GlobalSecondaryIndexes=[{**index, "ProvisionedThroughput": throughput} if provisioned else index],
        BillingMode=billing,
        **({"ProvisionedThroughput": _UNITS} if provisioned else {}),
    )
    (described,) = client.describe_table(TableName="things")["Table"]["GlobalSecondaryIndexes"]
    warm = {"ReadUnitsPerSecond": units or 12000, "WriteUnitsPerSecond": units or 4000, "Status": "ACTIVE"}
    assert described == {
        **index,
        "IndexArn": "arn:aws:dynamodb:us-east-1:123456789012:table/things/index/TransactionRecordID",
        "IndexSizeBytes": 0,
        "IndexStatus": "ACTIVE",
        "ItemCount": 0,
        "ProvisionedThroughput": {"NumberOfDecreasesToday": 0, **throughput},
        "WarmThroughput": warm,
    }


def test_item_in_the_error(client, make, refused):
    make("id:S")
    item = {"id": {"S": "456"}, "price": {"N": "650"}, "product": {"S": "sporting goods"}}
    client.put_item(TableName="things", Item=item)
    with refused("ConditionalCheckFailedException", "The conditional request failed") as refusal:
        client.delete_item(
            TableName="things",
            Key={"id": {"S": "456"}},
            ConditionExpression="price < :low",
            ExpressionAttributeValues={":low": {"N": "500"}},
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    assert refusal.response["Item"] == item
    assert refusal.response["ResponseMetadata"]["HTTPStatusCode"] == 400

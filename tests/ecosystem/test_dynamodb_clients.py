"""Clients of DynamoDB, unmodified: the encryption client, PartiQL through boto3's resource, a table of sessions."""

from __future__ import annotations

import boto3
import pytest


@pytest.fixture
def table(aws):
    return boto3.resource("dynamodb", region_name="us-east-1").create_table(
        TableName="things",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "N"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )


@pytest.mark.filterwarnings("ignore")
def test_the_encryption_client(table):
    pytest.importorskip("dynamodb_encryption_sdk")
    from dynamodb_encryption_sdk.delegated_keys.jce import JceNameLocalDelegatedKey
    from dynamodb_encryption_sdk.encrypted.table import EncryptedTable
    from dynamodb_encryption_sdk.identifiers import CryptoAction
    from dynamodb_encryption_sdk.material_providers.wrapped import WrappedCryptographicMaterialsProvider
    from dynamodb_encryption_sdk.structures import AttributeActions

    wrapping = JceNameLocalDelegatedKey.generate("AES", 256)
    signing = JceNameLocalDelegatedKey.generate("HmacSHA512", 256)
    encrypted = EncryptedTable(
        table=table,
        materials_provider=WrappedCryptographicMaterialsProvider(
            wrapping_key=wrapping, unwrapping_key=wrapping, signing_key=signing
        ),
        attribute_actions=AttributeActions(
            default_action=CryptoAction.ENCRYPT_AND_SIGN, attribute_actions={"open": CryptoAction.DO_NOTHING}
        ),
    )
    item = {"pk": "a", "sk": 1, "secret": "x" * 100, "number": 12, "list": [1, {"deep": True}], "open": "seen"}
    encrypted.put_item(Item=item)
    assert encrypted.get_item(Key={"pk": "a", "sk": 1})["Item"] == item
    with encrypted.batch_writer() as batch:
        for number in range(2, 30):
            batch.put_item(Item={**item, "sk": number})
    found = encrypted.query(
        KeyConditionExpression="pk = :a AND sk > :n", ExpressionAttributeValues={":a": "a", ":n": 27}
    )["Items"]
    assert [one["sk"] for one in found] == [28, 29]
    assert found[0]["secret"] == item["secret"]
    stored = table.get_item(Key={"pk": "a", "sk": 1})["Item"]
    assert stored["open"] == "seen"
    assert b"x" * 10 not in bytes(stored["secret"])


def test_a_resource_speaks_partiql(table):
    client = table.meta.client
    client.execute_statement(
        Statement="INSERT INTO things VALUE {'pk': ?, 'sk': ?, 'tags': ?}", Parameters=["a", 1, {"x", "y"}]
    )
    (item,) = client.execute_statement(Statement="SELECT * FROM things WHERE pk = ? AND sk = ?", Parameters=["a", 1])[
        "Items"
    ]
    assert item == {"pk": "a", "sk": 1, "tags": {"x", "y"}}
    answers = client.batch_execute_statement(
        Statements=[{"Statement": "SELECT sk FROM things WHERE pk = ? AND sk = ?", "Parameters": ["a", 1]}]
    )["Responses"]
    assert answers == [{"TableName": "things", "Item": {"sk": 1}}]


def test_following_a_stream_over_its_shards(aws, table):
    """As a consumer does: parents before children, until all that are closed are read."""
    client, streams = table.meta.client, boto3.client("dynamodbstreams", region_name="us-east-1")
    client.update_table(TableName="things", StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"})
    for number in range(12):
        table.put_item(Item={"pk": "a", "sk": number})
        aws.clock.advance(hours=1)
    arn = table.meta.client.describe_table(TableName="things")["Table"]["LatestStreamArn"]
    pages = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    order = []
    for shard in sorted(pages, key=lambda shard: shard["SequenceNumberRange"]["StartingSequenceNumber"]):
        iterator = streams.get_shard_iterator(
            StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        while iterator is not None:
            page = streams.get_records(ShardIterator=iterator, Limit=2)
            order += [int(record["dynamodb"]["NewImage"]["sk"]["N"]) for record in page["Records"]]
            iterator = page.get("NextShardIterator") if page["Records"] else None
    assert len(pages) >= 3
    assert order == list(range(12))

"""A world that is built once and brought back before every test."""

import boto3
import pytest

from awsim import mock_aws

ORDERS = 200


@pytest.fixture(scope="module")
def world():
    """What all tests of the module begin with: a bucket, a queue, a table with its items."""
    with mock_aws(at="2026-01-01T12:00:00+00:00") as aws:
        keys = {"aws_access_key_id": "123456789012", "aws_secret_access_key": "secret", "region_name": "us-east-1"}
        s3, sqs = boto3.client("s3", **keys), boto3.client("sqs", **keys)
        table = boto3.resource("dynamodb", **keys).create_table(
            TableName="orders",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "N"}],
            BillingMode="PAY_PER_REQUEST",
        )
        with table.batch_writer() as batch:
            for number in range(ORDERS):
                batch.put_item(Item={"id": number, "state": "new"})
        s3.create_bucket(Bucket="reports")
        s3.put_object(Bucket="reports", Key="a.txt", Body=b"first")
        url = sqs.create_queue(QueueName="jobs")["QueueUrl"]
        sqs.send_message(QueueUrl=url, MessageBody="first")
        yield aws, aws.snapshot(), s3, sqs, url, table


@pytest.fixture
def shop(world):
    aws, snapshot, *rest = world
    aws.restore(snapshot)
    return aws, *rest


@pytest.mark.parametrize("turn", range(3))
def test_every_test_begins_alike(shop, turn):
    """What one turn does, the next does not see: not even the ids and times differ."""
    aws, s3, sqs, url, table = shop
    assert f"{aws.clock.now():%Y-%m-%d %H:%M:%S}" == "2026-01-01 12:00:00"
    assert table.scan(Select="COUNT")["Count"] == ORDERS
    assert s3.get_object(Bucket="reports", Key="a.txt")["Body"].read() == b"first"
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    assert message["Body"] == "first"

    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    table.delete()
    s3.put_object(Bucket="reports", Key="a.txt", Body=f"turn {turn}".encode())
    s3.put_object(Bucket="reports", Key=f"{turn}.txt", Body=b"x")
    aws.limits["sqs.message-size"] = 1024
    aws.clock.advance(hours=turn + 1)
    assert sqs.send_message(QueueUrl=url, MessageBody="again")["MessageId"] == _same("message", sqs, url)


_seen: dict[str, str] = {}


def _same(what, sqs, url):
    """The id that the first turn saw."""
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    return _seen.setdefault(what, message["MessageId"])


def test_snapshots_within_a_test(shop):
    """Try one way, go back, try another."""
    aws, s3, sqs, _, table = shop
    before = aws.snapshot()
    outcomes = []
    for state in ("sent", "cancelled"):
        table.update_item(
            Key={"id": 7},
            UpdateExpression="SET #state = :state",
            ConditionExpression="#state = :new",
            ExpressionAttributeNames={"#state": "state"},
            ExpressionAttributeValues={":state": state, ":new": "new"},
        )
        s3.delete_object(Bucket="reports", Key="a.txt")
        outcomes.append((aws.snapshot(), state))
        aws.restore(before)
    assert table.get_item(Key={"id": 7})["Item"]["state"] == "new"
    for snapshot, state in outcomes:
        aws.restore(snapshot)
        assert table.get_item(Key={"id": 7})["Item"]["state"] == state
        assert s3.list_objects_v2(Bucket="reports")["KeyCount"] == 0
    assert sqs.meta.region_name == "us-east-1"


@pytest.mark.aws(seed=1)
def test_a_reset_empties_everything(aws):
    s3, sqs = boto3.client("s3"), boto3.client("sqs")
    s3.create_bucket(Bucket="reports")
    url = sqs.create_queue(QueueName="jobs")["QueueUrl"]
    aws.limits["sqs.message-size"] = 1024
    aws.reset()
    assert s3.list_buckets()["Buckets"] == []
    assert "QueueUrls" not in sqs.list_queues()
    assert len(aws.calls) == 2
    url = sqs.create_queue(QueueName="jobs")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="x" * 1025)

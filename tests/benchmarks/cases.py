"""The calls that are measured: how each begins, and what one repetition of it does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Client = Any

BODY = b"x" * 1024
ITEM = {
    "pk": {"S": "order#1"},
    "sk": {"N": "1"},
    "customer": {"S": "Jane Doe"},
    "total": {"N": "129.95"},
    "tags": {"SS": ["a", "b"]},
    "address": {"M": {"city": {"S": "Berlin"}, "zip": {"S": "10115"}}},
}
TABLE = {
    "TableName": "orders",
    "KeySchema": [
        {"AttributeName": "pk", "KeyType": "HASH"},
        {"AttributeName": "sk", "KeyType": "RANGE"},
    ],
    "AttributeDefinitions": [
        {"AttributeName": "pk", "AttributeType": "S"},
        {"AttributeName": "sk", "AttributeType": "N"},
    ],
    "BillingMode": "PAY_PER_REQUEST",
}


@dataclass(frozen=True)
class Case:
    """`prepare(client, repetitions)` returns what `run(client, prepared)` does once. `budget` is the ratio allowed."""

    name: str
    service: str
    prepare: Callable[[Client, int], Any]
    run: Callable[[Client, Any], Any]
    budget: float | None = 1.3


def _queue(client: Client, repetitions: int) -> str:
    return client.create_queue(QueueName="jobs")["QueueUrl"]


def _full_queue(client: Client, repetitions: int) -> str:
    url = _queue(client, repetitions)
    for number in range(repetitions):
        client.send_message(QueueUrl=url, MessageBody=f"message {number}")
    return url


def _full_queue_of_batches(client: Client, repetitions: int) -> str:
    url = _queue(client, repetitions)
    for _ in range(repetitions):
        client.send_message_batch(QueueUrl=url, Entries=_MESSAGES)
    return url


def _held_messages(client: Client, repetitions: int) -> tuple[str, list[list[dict[str, str]]]]:
    """The URL of a queue, and entries of so many batches that delete what has been received from it."""
    url = _full_queue_of_batches(client, repetitions)
    held = []
    for _ in range(repetitions):
        found = client.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=3600)["Messages"]
        held.append([{"Id": m["MessageId"], "ReceiptHandle": m["ReceiptHandle"]} for m in found])
    return url, held


def _delete_batch(client: Client, prepared: tuple[str, list[list[dict[str, str]]]]) -> None:
    url, held = prepared
    # The floor answers the same batch again and again.
    client.delete_message_batch(QueueUrl=url, Entries=held.pop() if len(held) > 1 else held[0])


_MESSAGES = [{"Id": str(number), "MessageBody": f"message {number}"} for number in range(10)]


def _receive_and_delete(client: Client, url: str) -> None:
    (message,) = client.receive_message(QueueUrl=url)["Messages"]
    client.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def _table(client: Client, repetitions: int) -> None:
    client.create_table(**TABLE)
    for number in range(10):
        client.put_item(TableName="orders", Item={**ITEM, "sk": {"N": str(number)}})


def _query(client: Client, prepared: None) -> None:
    client.query(
        TableName="orders",
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": "order#1"}},
    )


def _update(client: Client, prepared: None) -> None:
    client.update_item(
        TableName="orders",
        Key={"pk": {"S": "order#1"}, "sk": {"N": "1"}},
        UpdateExpression="SET #t = :t",
        ExpressionAttributeNames={"#t": "total"},
        ExpressionAttributeValues={":t": {"N": "99.95"}},
    )


def _shop(client: Client, repetitions: int) -> None:
    """A hundred items, in a table with a global index of ten customers with ten orders each."""
    client.create_table(
        **{**TABLE, "AttributeDefinitions": [*TABLE["AttributeDefinitions"], _CUSTOMER]},
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-customer",
                "KeySchema": [{"AttributeName": "customer", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )
    for start in range(0, 100, 25):
        client.batch_write_item(RequestItems={"orders": _PUTS[start : start + 25]})


_CUSTOMER = {"AttributeName": "customer", "AttributeType": "S"}
_PUTS = [
    {"PutRequest": {"Item": {**ITEM, "sk": {"N": str(number)}, "customer": {"S": f"customer {number // 10}"}}}}
    for number in range(100)
]
_KEYS = [{"pk": ITEM["pk"], "sk": {"N": str(number)}} for number in range(100)]
_KEY = _KEYS[1]


def _query_index(client: Client, prepared: None) -> None:
    client.query(
        TableName="orders",
        IndexName="by-customer",
        KeyConditionExpression="customer = :c",
        ExpressionAttributeValues={":c": {"S": "customer 3"}},
    )


def _transact(client: Client, prepared: None) -> None:
    put = {"TableName": "orders", "Item": ITEM}
    update = {
        "TableName": "orders",
        "Key": _KEYS[2],
        "UpdateExpression": "SET #t = :t",
        "ExpressionAttributeNames": {"#t": "total"},
        "ExpressionAttributeValues": {":t": {"N": "99.95"}},
    }
    check = {"TableName": "orders", "Key": _KEYS[3], "ConditionExpression": "attribute_exists(pk)"}
    client.transact_write_items(TransactItems=[{"Put": put}, {"Update": update}, {"ConditionCheck": check}])


def _bucket(client: Client, repetitions: int) -> None:
    client.create_bucket(Bucket="reports")
    for number in range(10):
        client.put_object(Bucket="reports", Key=f"2026/{number}.txt", Body=BODY)


def _topic(client: Client, repetitions: int) -> str:
    """A topic with ten queues."""
    import boto3

    sqs = boto3.client("sqs", region_name=client.meta.region_name)
    topic = client.create_topic(Name="orders")["TopicArn"]
    for number in range(10):
        url = sqs.create_queue(QueueName=f"orders-{number}")["QueueUrl"]
        arn = f"arn:aws:sqs:us-east-1:123456789012:orders-{number}"
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": _POLICY.replace("QUEUE", arn)})
        client.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    return topic


_POLICY = (
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, '
    '"Action": "sqs:SendMessage", "Resource": "QUEUE"}]}'
)
_RECORDS = [{"Data": b"x" * 100, "PartitionKey": str(number)} for number in range(500)]
_EVENTS = [{"Source": "shop", "DetailType": "order", "Detail": '{"total": 129.95}'} for _ in range(10)]


_DELETE = {"Objects": [{"Key": f"2026/{number}.txt"} for number in range(10)]}


def _stream(client: Client, repetitions: int) -> None:
    client.create_stream(StreamName="clicks", ShardCount=4)


def _read_stream(client: Client, repetitions: int) -> str:
    """An iterator of a shard with a hundred records."""
    client.create_stream(StreamName="clicks", ShardCount=1)
    client.put_records(StreamName="clicks", Records=_RECORDS[:100])
    shard = {"ShardId": "shardId-000000000000", "ShardIteratorType": "TRIM_HORIZON"}
    return client.get_shard_iterator(StreamName="clicks", **shard)["ShardIterator"]


def _ciphertext(client: Client, repetitions: int) -> bytes:
    key = client.create_key()["KeyMetadata"]["KeyId"]
    return client.encrypt(KeyId=key, Plaintext=b"x" * 100)["CiphertextBlob"]


def _rules(client: Client, repetitions: int) -> None:
    """A hundred rules, none of which is about the events."""
    for number in range(100):
        pattern = f'{{"source": ["other-{number}"], "detail": {{"total": [{{"numeric": [">", {number}]}}]}}}}'
        client.put_rule(Name=f"rule-{number}", EventPattern=pattern)


CASES = (
    Case("SQS SendMessage", "sqs", _queue, lambda c, url: c.send_message(QueueUrl=url, MessageBody="hello")),
    Case("SQS ReceiveMessage + DeleteMessage", "sqs", _full_queue, _receive_and_delete),
    Case(
        "SQS SendMessageBatch (10)",
        "sqs",
        _queue,
        lambda c, url: c.send_message_batch(QueueUrl=url, Entries=_MESSAGES),
    ),
    Case(
        "SQS ReceiveMessage (10)",
        "sqs",
        _full_queue_of_batches,
        lambda c, url: c.receive_message(QueueUrl=url, MaxNumberOfMessages=10),
    ),
    Case("SQS DeleteMessageBatch (10)", "sqs", _held_messages, _delete_batch),
    Case(
        "DynamoDB GetItem",
        "dynamodb",
        _table,
        lambda c, _: c.get_item(TableName="orders", Key={"pk": {"S": "order#1"}, "sk": {"N": "1"}}),
    ),
    Case("DynamoDB PutItem", "dynamodb", _table, lambda c, _: c.put_item(TableName="orders", Item=ITEM)),
    Case("DynamoDB UpdateItem", "dynamodb", _table, _update),
    Case("DynamoDB Query (10 items)", "dynamodb", _table, _query),
    Case("DynamoDB Query (10 items, index)", "dynamodb", _shop, _query_index),
    Case("DynamoDB Scan (100 items)", "dynamodb", _shop, lambda c, _: c.scan(TableName="orders")),
    Case("DynamoDB DeleteItem", "dynamodb", _table, lambda c, _: c.delete_item(TableName="orders", Key=_KEY)),
    Case(
        "DynamoDB BatchGetItem (25)",
        "dynamodb",
        _shop,
        lambda c, _: c.batch_get_item(RequestItems={"orders": {"Keys": _KEYS[:25]}}),
    ),
    Case(
        "DynamoDB BatchWriteItem (25)",
        "dynamodb",
        _table,
        lambda c, _: c.batch_write_item(RequestItems={"orders": _PUTS[:25]}),
    ),
    Case("DynamoDB TransactWriteItems (3)", "dynamodb", _table, _transact),
    Case("S3 PutObject (1 KB)", "s3", _bucket, lambda c, _: c.put_object(Bucket="reports", Key="a.txt", Body=BODY)),
    Case(
        "S3 GetObject (1 KB)",
        "s3",
        _bucket,
        lambda c, _: c.get_object(Bucket="reports", Key="2026/1.txt")["Body"].read(),
    ),
    Case("S3 ListObjectsV2 (10 keys)", "s3", _bucket, lambda c, _: c.list_objects_v2(Bucket="reports")),
    Case("S3 DeleteObjects (10)", "s3", _bucket, lambda c, _: c.delete_objects(Bucket="reports", Delete=_DELETE)),
    Case("SNS Publish (to 10 queues)", "sns", _topic, lambda c, topic: c.publish(TopicArn=topic, Message="hello")),
    Case(
        "Kinesis PutRecords (500)",
        "kinesis",
        _stream,
        lambda c, _: c.put_records(StreamName="clicks", Records=_RECORDS),
    ),
    Case(
        "Kinesis GetRecords (100)", "kinesis", _read_stream, lambda c, iterator: c.get_records(ShardIterator=iterator)
    ),
    Case("KMS Decrypt", "kms", _ciphertext, lambda c, blob: c.decrypt(CiphertextBlob=blob)),
    Case("EventBridge PutEvents (10, 100 rules)", "events", _rules, lambda c, _: c.put_events(Entries=_EVENTS)),
    Case("STS GetCallerIdentity", "sts", lambda c, n: None, lambda c, _: c.get_caller_identity()),
)

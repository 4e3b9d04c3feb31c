"""AWS Lambda Powertools: idempotency on a DynamoDB table, batches of an SQS queue."""

import json

import pytest

boto3 = pytest.importorskip("boto3")
pytest.importorskip("aws_lambda_powertools", reason="aws-lambda-powertools is not installed")
from aws_lambda_powertools.utilities.batch import (  # noqa: E402
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.idempotency import (  # noqa: E402
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)
from aws_lambda_powertools.utilities.idempotency.exceptions import (  # noqa: E402
    IdempotencyAlreadyInProgressError,
)


@pytest.fixture
def layer(aws):
    boto3.client("dynamodb", region_name="us-east-1").create_table(
        TableName="idempotency",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return DynamoDBPersistenceLayer(table_name="idempotency", boto3_session=boto3.Session(region_name="us-east-1"))


def test_a_payment_is_made_once(layer, aws):
    made = []

    @idempotent_function(
        data_keyword_argument="order", persistence_store=layer, config=IdempotencyConfig(expires_after_seconds=3600)
    )
    def pay(order):
        made.append(order["id"])
        if order.get("broken"):
            raise RuntimeError("no")
        return {"paid": order["id"]}

    assert pay(order={"id": 1}) == pay(order={"id": 1}) == {"paid": 1}
    assert pay(order={"id": 2}) == {"paid": 2}
    assert made == [1, 2]
    with pytest.raises(RuntimeError):
        pay(order={"id": 3, "broken": True})
    assert boto3.resource("dynamodb").Table("idempotency").scan(Select="COUNT")["Count"] == 2
    assert len([call for call in aws.calls.of("dynamodb:PutItem") if call.error]) == 1


def test_a_payment_that_is_on_its_way(layer):
    @idempotent_function(data_keyword_argument="order", persistence_store=layer)
    def pay(order):
        return pay(order=order)

    with pytest.raises(IdempotencyAlreadyInProgressError):
        pay(order={"id": 1})


def test_a_batch_of_messages(aws):
    sqs = boto3.client("sqs")
    url = sqs.create_queue(QueueName="jobs")["QueueUrl"]
    for number in range(4):
        sqs.send_message(QueueUrl=url, MessageBody=json.dumps({"number": number}))
    messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["All"])["Messages"]
    records = [
        {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": message["Attributes"],
            "messageAttributes": {},
            "md5OfBody": message["MD5OfBody"],
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:jobs",
            "awsRegion": "us-east-1",
        }
        for message in messages
    ]

    def handle(record):
        if json.loads(record.body)["number"] == 2:
            raise ValueError("no")

    answer = process_partial_response({"Records": records}, handle, BatchProcessor(EventType.SQS), None)
    assert [failure["itemIdentifier"] for failure in answer["batchItemFailures"]] == [messages[2]["MessageId"]]

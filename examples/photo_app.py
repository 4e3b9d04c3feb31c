"""A small application as anybody might write it: files in S3, work in SQS, a catalogue in DynamoDB. Plain boto3-free
botocore would do as well; nothing here knows of awsim."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError
from botocore.session import get_session


class PhotoApp:
    """Stores photos, queues them for indexing and keeps a catalogue."""

    ClientError = ClientError

    def __init__(self, name: str) -> None:
        session = get_session()
        self.name = name
        self.s3 = session.create_client("s3")
        self.sqs = session.create_client("sqs")
        self.dynamodb = session.create_client("dynamodb")
        self.queue = ""

    def set_up(self) -> None:
        region = self.s3.meta.region_name
        self.s3.create_bucket(Bucket=f"{self.name}-photos", CreateBucketConfiguration={"LocationConstraint": region})
        self.queue = self.sqs.create_queue(QueueName=f"{self.name}-work")["QueueUrl"]
        self.dynamodb.create_table(
            TableName=self.name,
            AttributeDefinitions=[{"AttributeName": "name", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "name", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
        self.dynamodb.get_waiter("table_exists").wait(TableName=self.name)

    def upload(self, name: str, data: bytes) -> None:
        self.s3.put_object(Bucket=f"{self.name}-photos", Key=name, Body=data, ContentType="image/jpeg")
        self.announce(name)

    def announce(self, name: str) -> None:
        self.sqs.send_message(QueueUrl=self.queue, MessageBody=json.dumps({"photo": name}))

    def work_off(self) -> int:
        """Index every photo that is queued; returns how many there were."""
        done = 0
        while messages := self._receive():
            for message in messages:
                name = json.loads(message["Body"])["photo"]
                size = self.s3.head_object(Bucket=f"{self.name}-photos", Key=name)["ContentLength"]
                self.dynamodb.put_item(
                    TableName=self.name,
                    Item={
                        "name": {"S": name},
                        "bytes": {"N": str(size)},
                        "indexed_at": {"S": f"{datetime.now(UTC):%Y-%m-%d}"},
                    },
                    ConditionExpression="attribute_not_exists(#name)",
                    ExpressionAttributeNames={"#name": "name"},
                )
                self.sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
                done += 1
        return done

    def peek(self) -> str:
        """The id of the next message, which stays in the queue."""
        return self._receive()[0]["MessageId"]

    def catalogue(self) -> list[dict[str, Any]]:
        items = self.dynamodb.scan(TableName=self.name)["Items"]
        rows = [{key: next(iter(value.values())) for key, value in item.items()} for item in items]
        return sorted(rows, key=lambda row: row["name"])

    def _receive(self) -> list[dict[str, Any]]:
        return self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get("Messages", [])

"""An application that knows nothing of awsim: photos go to S3, work to SQS, a catalogue to DynamoDB."""

import json
import zlib

import boto3

TABLE = {
    "TableName": "photos",
    "KeySchema": [{"AttributeName": "name", "KeyType": "HASH"}],
    "AttributeDefinitions": [
        {"AttributeName": "name", "AttributeType": "S"},
        {"AttributeName": "owner", "AttributeType": "S"},
        {"AttributeName": "bytes", "AttributeType": "N"},
    ],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "by-owner",
            "KeySchema": [
                {"AttributeName": "owner", "KeyType": "HASH"},
                {"AttributeName": "bytes", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "ALL"},
        }
    ],
    "BillingMode": "PAY_PER_REQUEST",
}

# Made when the module is imported, as most applications make theirs.
s3 = boto3.client("s3", region_name="us-east-1")
sqs = boto3.client("sqs", region_name="us-east-1")
dynamodb = boto3.client("dynamodb", region_name="us-east-1")
photos = boto3.resource("dynamodb", region_name="us-east-1").Table("photos")


class BrokenPhoto(Exception):
    """A photo that no attempt will ever read."""


def set_up(attempts=3):
    s3.create_bucket(Bucket="photos")
    s3.put_bucket_versioning(Bucket="photos", VersioningConfiguration={"Status": "Enabled"})
    dead = sqs.create_queue(QueueName="photos-dead")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    redrive = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": attempts})
    work = sqs.create_queue(QueueName="photos", Attributes={"RedrivePolicy": redrive, "VisibilityTimeout": "60"})
    dynamodb.create_table(**TABLE)
    dynamodb.get_waiter("table_exists").wait(TableName="photos")
    return work["QueueUrl"], dead


def upload(queue, owner, name, data):
    s3.put_object(Bucket="photos", Key=name, Body=data, Metadata={"owner": owner}, ContentType="image/jpeg")
    sqs.send_message(QueueUrl=queue, MessageBody=json.dumps({"name": name}))


def index(name):
    photo = s3.get_object(Bucket="photos", Key=name)
    data = photo["Body"].read()
    if not data:
        raise BrokenPhoto(name)
    photos.put_item(
        Item={
            "name": name,
            "owner": photo["Metadata"]["owner"],
            "bytes": len(data),
            "version": photo["VersionId"],
            "crc": zlib.crc32(data),
        },
        ConditionExpression="attribute_not_exists(#name) OR version <> :version",
        ExpressionAttributeNames={"#name": "name"},
        ExpressionAttributeValues={":version": photo["VersionId"]},
    )


def work_off(queue, wait=20):
    """Index what is queued until a long poll stays empty; what fails stays in the queue. Returns names."""
    done = []
    while messages := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=wait).get("Messages"):
        for message in messages:
            name = json.loads(message["Body"])["name"]
            try:
                index(name)
            except photos.meta.client.exceptions.ConditionalCheckFailedException:
                pass  # a message that came twice
            except BrokenPhoto:
                continue
            done.append(name)
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    return done


def of_owner(owner):
    """Names and sizes, the largest first."""
    pages = dynamodb.get_paginator("query").paginate(
        TableName="photos",
        IndexName="by-owner",
        KeyConditionExpression="#owner = :owner",
        ExpressionAttributeNames={"#owner": "owner"},
        ExpressionAttributeValues={":owner": {"S": owner}},
        ScanIndexForward=False,
        PaginationConfig={"PageSize": 2},
    )
    return [(item["name"]["S"], int(item["bytes"]["N"])) for page in pages for item in page["Items"]]

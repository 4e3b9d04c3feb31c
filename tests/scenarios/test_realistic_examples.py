"""The examples of the README's section "Realistic mode": each fails on realistic AWS, and passes once it is fixed."""

import time

import boto3
import pytest
from botocore.exceptions import ClientError

from awsim import mock_aws

sqs = boto3.client("sqs", region_name="us-east-1")
db = boto3.client("dynamodb", region_name="us-east-1")
iam = boto3.client("iam", region_name="us-east-1")
sts = boto3.client("sts", region_name="us-east-1")


def create_table(*attributes, **options):
    db.create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in attributes],
        **options,
    )


# --- a consumer that forgets visibility timeouts


def ship_all(url, ship, at_once):
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=at_once).get("Messages"):
        for message in messages:
            ship(message["Body"])  # takes 20 seconds
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def shipped(at_once):
    fifo = {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
    url = sqs.create_queue(QueueName="orders.fifo", Attributes=fifo)["QueueUrl"]  # hides messages for 30 seconds
    for order in ("1", "2", "3"):
        sqs.send_message(QueueUrl=url, MessageBody=order, MessageGroupId=order)
    done = []

    def ship(order):
        time.sleep(20)
        done.append(order)

    ship_all(url, ship, at_once)
    return done


@mock_aws(at="2026-01-01")
def test_three_messages_take_longer_than_the_visibility_timeout():
    with pytest.raises(ClientError, match="The receipt handle has expired"):
        shipped(at_once=10)


@mock_aws(at="2026-01-01")
def test_one_message_does_not():
    assert shipped(at_once=1) == ["1", "2", "3"]


# --- a writer that outruns its WCU


def load(orders, resend):
    for start in range(0, len(orders), 25):
        wanted = [{"PutRequest": {"Item": order}} for order in orders[start : start + 25]]
        while wanted:
            answer = db.batch_write_item(RequestItems={"orders": wanted})
            wanted = answer["UnprocessedItems"].get("orders") if resend else None
            if wanted:
                time.sleep(1)


def loaded(resend):
    create_table("id", ProvisionedThroughput={"ReadCapacityUnits": 500, "WriteCapacityUnits": 10})
    load([{"id": {"S": f"{n}"}, "text": {"S": "x" * 1000}} for n in range(4000)], resend)
    pages = db.get_paginator("scan").paginate(TableName="orders", Select="COUNT")
    return sum(page["Count"] for page in pages)


@mock_aws(at="2026-01-01", throttling=True)
def test_a_writer_that_outruns_its_capacity_loses_what_was_not_processed():
    assert loaded(resend=False) < 4000


@mock_aws(at="2026-01-01", throttling=True)
def test_a_writer_that_sends_it_again_loses_nothing():
    assert loaded(resend=True) == 4000


# --- code that reads a GSI right after a write


def orders_of(customer):
    pages = db.get_paginator("query").paginate(
        TableName="orders",
        IndexName="by-customer",
        KeyConditionExpression="customer = :c",
        ExpressionAttributeValues={":c": {"S": customer}},
    )
    return [item["id"]["S"] for page in pages for item in page["Items"]]


def place(order, customer, answer_from_the_index):
    db.put_item(TableName="orders", Item={"id": {"S": order}, "customer": {"S": customer}})
    return orders_of(customer) if answer_from_the_index else sorted({*orders_of(customer), order})


def placed(answer_from_the_index):
    index = {
        "IndexName": "by-customer",
        "KeySchema": [{"AttributeName": "customer", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "ALL"},
    }
    create_table("id", "customer", BillingMode="PAY_PER_REQUEST", GlobalSecondaryIndexes=[index])
    assert place("order 1", "ann", answer_from_the_index) == ["order 1"]


def test_an_index_that_is_read_right_after_a_write():
    with pytest.raises(AssertionError) as failure:
        mock_aws(explore=100)(placed)(answer_from_the_index=True)
    assert "dynamodb:Query (call 3) read a copy of orders/by-customer" in failure.value.__notes__[0]


@mock_aws(explore=100)
def test_an_answer_that_knows_what_was_just_written():
    placed(answer_from_the_index=False)


# --- code that assumes a new role works at once

TRUST = """{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sts:AssumeRole",
            "Principal": {"AWS": "arn:aws:iam::123456789012:root"}}}"""


def deploy(*pauses):
    role = iam.create_role(RoleName="deploy", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    for pause in pauses:
        try:
            return sts.assume_role(RoleArn=role, RoleSessionName="now")
        except ClientError:
            time.sleep(pause)
    return sts.assume_role(RoleArn=role, RoleSessionName="now")


def test_a_role_that_is_used_at_once():
    with pytest.raises(ClientError, match="AccessDenied") as failure:
        mock_aws(explore=100)(deploy)()
    assert "did not know yet of the role deploy, just created" in failure.value.__notes__[0]


@mock_aws(explore=100)
def test_a_role_that_is_given_its_time():
    assert deploy(1, 2, 4, 8)["Credentials"]

"""Bugs that every test passes until AWS does what it never promised not to do, planted; and their fixed twins.

Exploration has to find each within 200 universes, shrink it to at most two decisions, and find nothing in the twins.
"""

import time

import boto3
import pytest
from botocore.exceptions import ClientError

from awsim import mock_aws

UNIVERSES = 200


class Story:
    """Clients made once: what a story costs is its calls."""

    def __init__(self):
        self.sqs = boto3.client("sqs", region_name="us-east-1")
        self.db = boto3.client("dynamodb", region_name="us-east-1")
        self.iam = boto3.client("iam", region_name="us-east-1")
        self.sts = boto3.client("sts", region_name="us-east-1")
        self.aws = None

    def queue(self, name="orders", **attributes):
        if name.endswith(".fifo"):
            attributes["FifoQueue"] = "true"
        return self.sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]

    def table(self, name="orders", index=None):
        names = ["id", *([index] if index else [])]
        options = {}
        if index:
            options["GlobalSecondaryIndexes"] = [
                {
                    "IndexName": f"by-{index}",
                    "KeySchema": [{"AttributeName": index, "KeyType": "HASH"}],
                    "Projection": {"ProjectionType": "ALL"},
                }
            ]
        self.db.create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in names],
            BillingMode="PAY_PER_REQUEST",
            **options,
        )

    def put(self, id_, **attributes):
        item = {"id": {"S": id_}} | {name: {"S": value} for name, value in attributes.items()}
        self.db.put_item(TableName="orders", Item=item)

    def received(self, url, **options):
        return self.sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1, **options).get("Messages", [])

    def delete(self, url, message):
        self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])

    def drain(self, url, handle, **options):
        while messages := self.received(url, **options):
            for message in messages:
                handle(message)
                self.delete(url, message)


# --- the bugs


def non_idempotent_consumer(story, fixed):
    url = story.queue()
    for order in range(8):
        story.sqs.send_message(QueueUrl=url, MessageBody=str(order))
    charged, seen = [], set()

    def handle(message):
        if not fixed or message["MessageId"] not in seen:
            seen.add(message["MessageId"])
            charged.append(message["Body"])

    story.drain(url, handle, MaxNumberOfMessages=3)
    assert sorted(charged) == [str(order) for order in range(8)]


def read_after_write_on_an_index(story, fixed):
    story.table(index="customer")
    for order in range(6):
        story.put(f"o{order}", customer=f"c{order % 2}")
        if fixed:
            # The order just placed is at hand: only the earlier ones are the index's to tell.
            time.sleep(2)
        found = story.db.query(
            TableName="orders",
            IndexName="by-customer",
            KeyConditionExpression="customer = :c",
            ExpressionAttributeValues={":c": {"S": f"c{order % 2}"}},
            Limit=10,
            Select="COUNT",
        )
        count = found["Count"]
        while "LastEvaluatedKey" in found:
            found = story.db.query(
                TableName="orders",
                IndexName="by-customer",
                KeyConditionExpression="customer = :c",
                ExpressionAttributeValues={":c": {"S": f"c{order % 2}"}},
                Select="COUNT",
                ExclusiveStartKey=found["LastEvaluatedKey"],
            )
            count += found["Count"]
        assert count == order // 2 + 1


def lost_update(story, fixed):
    story.table()
    story.db.put_item(TableName="orders", Item={"id": {"S": "stock"}, "left": {"N": "10"}})
    time.sleep(2)  # that it is there has been seen everywhere
    for _ in range(5):
        while True:
            left = int(story.db.get_item(TableName="orders", Key={"id": {"S": "stock"}})["Item"]["left"]["N"])
            guard = {"ConditionExpression": "#left = :seen", "ExpressionAttributeNames": {"#left": "left"}}
            guard["ExpressionAttributeValues"] = {":seen": {"N": str(left)}}
            try:
                story.db.put_item(
                    TableName="orders",
                    Item={"id": {"S": "stock"}, "left": {"N": str(left - 1)}},
                    **(guard if fixed else {}),
                )
            except ClientError as error:
                assert error.response["Error"]["Code"] == "ConditionalCheckFailedException"
                continue
            break
    found = story.db.get_item(TableName="orders", Key={"id": {"S": "stock"}}, ConsistentRead=True)["Item"]
    assert found["left"]["N"] == "5"


def unprocessed_items(story, fixed):
    story.table()
    for batch in range(3):
        wanted = [{"PutRequest": {"Item": {"id": {"S": f"{batch}-{n}"}}}} for n in range(10)]
        while wanted:
            answer = story.db.batch_write_item(RequestItems={"orders": wanted})
            wanted = answer["UnprocessedItems"].get("orders", []) if fixed else []
    count, more = 0, {}
    while more is not None:
        page = story.db.scan(TableName="orders", Select="COUNT", ConsistentRead=True, **more)
        count += page["Count"]
        more = {"ExclusiveStartKey": page["LastEvaluatedKey"]} if "LastEvaluatedKey" in page else None
    assert count == 30


def order_on_a_standard_queue(story, fixed):
    url = story.queue("status.fifo" if fixed else "status")
    for number, status in enumerate(("placed", "paid", "packed", "sent", "delivered")):
        options = {"MessageGroupId": "order-1", "MessageDeduplicationId": str(number)} if fixed else {}
        story.sqs.send_message(QueueUrl=url, MessageBody=status, **options)
    status, seen = None, set()

    def handle(message):
        nonlocal status
        if message["MessageId"] not in seen:
            seen.add(message["MessageId"])
            status = message["Body"]

    story.drain(url, handle, MaxNumberOfMessages=10)
    assert status == "delivered"


def empty_page_taken_for_the_last(story, fixed):
    story.table()
    for number in range(12):
        story.put(f"o{number}", state="open" if number % 4 == 0 else "closed")
    found, more = [], {}
    while more is not None:
        page = story.db.scan(
            TableName="orders",
            ConsistentRead=True,
            FilterExpression="#state = :open",
            ExpressionAttributeNames={"#state": "state"},
            ExpressionAttributeValues={":open": {"S": "open"}},
            **more,
        )
        found += page["Items"]
        last = "LastEvaluatedKey" not in page or not (page["Items"] or fixed)
        more = None if last else {"ExclusiveStartKey": page["LastEvaluatedKey"]}
    assert sorted(item["id"]["S"] for item in found) == ["o0", "o4", "o8"]


def empty_receive_taken_for_an_empty_queue(story, fixed):
    url = story.queue()
    for order in range(6):
        story.sqs.send_message(QueueUrl=url, MessageBody=str(order))
    done = set()
    wait = {"WaitTimeSeconds": 20} if fixed else {}
    while messages := story.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=2, **wait).get("Messages"):
        for message in messages:
            done.add(message["Body"])
            story.delete(url, message)
    assert done == set("012345")


def visibility_shorter_than_the_work(story, fixed):
    url = story.queue("jobs.fifo", VisibilityTimeout="30")
    story.table("ledger")
    for job in range(4):
        options = {"MessageGroupId": f"group-{job}", "MessageDeduplicationId": str(job)}
        story.sqs.send_message(QueueUrl=url, MessageBody=str(job), **options)
    # The work takes 20 seconds, unless the ledger has one of its slow moments.
    with story.aws.faults.add("dynamodb:PutItem", latency=15, probability=0.05):
        while messages := story.received(url, MaxNumberOfMessages=1):
            (message,) = messages
            time.sleep(20)
            if fixed:
                handle = message["ReceiptHandle"]
                story.sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=30)
            story.db.put_item(TableName="ledger", Item={"id": {"S": message["Body"]}})
            story.delete(url, message)


def role_used_at_once(story, fixed):
    trust = '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": "*"}, ' + (
        '"Action": "sts:AssumeRole"}}'
    )
    for name in ("writer", "reader"):
        role = story.iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        while True:
            try:
                story.sts.assume_role(RoleArn=role, RoleSessionName="deploy")
                break
            except ClientError as error:
                if not fixed or error.response["Error"]["Code"] != "AccessDenied":
                    raise
                time.sleep(2)


BUGS = {
    non_idempotent_consumer: "sqs.duplicate",
    read_after_write_on_an_index: "dynamodb.stale-read",
    lost_update: "dynamodb.stale-read",
    role_used_at_once: "iam.propagation",
    unprocessed_items: "dynamodb.unprocessed",
    order_on_a_standard_queue: "sqs.order",
    empty_page_taken_for_the_last: "dynamodb.short-page",
    empty_receive_taken_for_an_empty_queue: "sqs.short-poll-miss",
    visibility_shorter_than_the_work: "fault.dynamodb:PutItem",
}


def explored(story, bug, fixed, **options):
    """The error of a story in up to 200 universes, None where it passes in all of them."""

    @mock_aws(explore=UNIVERSES, throttling=bug is unprocessed_items, **options)
    def test():
        from awsim import intercept

        story.aws = intercept.active()
        bug(story, fixed)

    test()


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.__name__)
def test_a_planted_bug_is_found_and_shrunk(bug):
    with pytest.raises((AssertionError, ClientError)) as caught:
        explored(Story(), bug, fixed=False)
    (note,) = caught.value.__notes__
    *found, replay = note.splitlines()[1:]
    assert 1 <= len(found) <= 2
    assert f'replay="{BUGS[bug]}#' in replay


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.__name__)
def test_in_its_fixed_twin_nothing_is_found(bug):
    explored(Story(), bug, fixed=True)

"""A shop: orders fan out with filters, are processed in order, and what fails is found again."""

import json

import boto3
import pytest

REGION, ACCOUNT = "us-east-1", "123456789012"
MODES = [
    pytest.param({}, id="instant"),
    pytest.param({"lifecycle": "timed"}, id="timed"),
    pytest.param({"lifecycle": "timed", "consistency": "eventual", "throttling": True}, id="realistic"),
]


@pytest.fixture(params=MODES)
def cloud(request):
    from awsim import mock_aws

    with mock_aws(at="2026-03-01T09:00:00", region=REGION, **request.param) as aws:
        yield aws


def queue(name, sqs):
    attributes = {"FifoQueue": "true"} if name.endswith(".fifo") else {}
    url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    return url, sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def drain(sqs, url):
    """Every message of a queue, deleted as it is read; what arrives twice, once."""
    bodies, seen = [], set()
    for _ in range(50):
        found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=5).get("Messages", [])
        if not found:
            return bodies
        for message in found:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            if message["Body"] not in seen:
                seen.add(message["Body"])
                bodies.append(message["Body"])
    raise AssertionError("the queue does not run dry")


@pytest.mark.rule("sns-008", "sns-010", "sns-031")
def test_orders_fan_out_to_those_who_care(cloud):
    sns, sqs = boto3.client("sns"), boto3.client("sqs")
    topic = sns.create_topic(Name="orders")["TopicArn"]
    policies = {
        "shipping": ({"state": ["paid"]}, "MessageAttributes"),
        "fraud": ({"total": [{"numeric": [">=", 1000]}]}, "MessageBody"),
        "vip-desk": ({"$or": [{"customer": ["gold"]}, {"country": [{"prefix": "CH"}]}]}, "MessageAttributes"),
        "audit": (None, None),
    }
    urls = {}
    for name, (policy, scope) in policies.items():
        urls[name], arn = queue(name, sqs)
        attributes = {"RawMessageDelivery": "true"}
        if policy:
            attributes |= {"FilterPolicy": json.dumps(policy), "FilterPolicyScope": scope}
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=attributes)
    orders = [
        ({"id": 1, "total": 20}, {"state": "paid"}),
        ({"id": 2, "total": 5000}, {"state": "paid", "customer": "gold"}),
        ({"id": 3, "total": 1000}, {"state": "cancelled", "country": "CH-ZH"}),
        ({"id": 4, "total": 1}, {}),
    ]
    entries = [
        {
            "Id": str(order["id"]),
            "Message": json.dumps(order),
            "MessageAttributes": {k: {"DataType": "String", "StringValue": v} for k, v in attributes.items()},
        }
        for order, attributes in orders
    ]
    assert len(sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=entries)["Successful"]) == 4
    got = {name: sorted(json.loads(body)["id"] for body in drain(sqs, url)) for name, url in urls.items()}
    assert got == {"shipping": [1, 2], "fraud": [2, 3], "vip-desk": [2, 3], "audit": [1, 2, 3, 4]}


@pytest.mark.rule("sns-019", "sns-020", "sns-023")
def test_orders_are_processed_in_order(cloud):
    sns, sqs = boto3.client("sns"), boto3.client("sqs")
    topic = sns.create_topic(Name="orders.fifo", Attributes={"FifoTopic": "true"})["TopicArn"]
    urls = {}
    for name in ("billing.fifo", "warehouse.fifo"):
        urls[name], arn = queue(name, sqs)
        sns.subscribe(
            TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"}
        )  # fmt: skip
    steps = [("A", "placed"), ("B", "placed"), ("A", "paid"), ("A", "sent"), ("B", "cancelled")]
    for order, step in steps:
        for _ in range(2):  # the publisher's network is bad: it says everything twice
            sns.publish(
                TopicArn=topic,
                Message=f"{order} {step}",
                MessageGroupId=order,
                MessageDeduplicationId=f"{order}-{step}",
            )
    for url in urls.values():
        bodies = drain(sqs, url)
        assert [body for body in bodies if body.startswith("A")] == ["A placed", "A paid", "A sent"]
        assert [body for body in bodies if body.startswith("B")] == ["B placed", "B cancelled"]


@pytest.mark.rule("sns-012")
def test_what_was_lost_is_redriven(cloud):
    sns, sqs = boto3.client("sns"), boto3.client("sqs")
    topic = sns.create_topic(Name="orders")["TopicArn"]
    dead, dead_arn = queue("dead", sqs)
    url, arn = queue("shipping", sqs)
    sns.subscribe(
        TopicArn=topic,
        Protocol="sqs",
        Endpoint=arn,
        Attributes={"RedrivePolicy": json.dumps({"deadLetterTargetArn": dead_arn}), "RawMessageDelivery": "true"},
    )
    hook = "https://partner.example.com/orders"
    down = [True]
    cloud.endpoints[hook] = lambda request: 503 if down[0] else 200
    webhook = sns.subscribe(TopicArn=topic, Protocol="https", Endpoint=hook, ReturnSubscriptionArn=True)
    cloud.clock.advance(minutes=5)
    token = json.loads(cloud.service("sns", None, None).outbox[0].body)["Token"]
    assert sns.confirm_subscription(TopicArn=topic, Token=token)["SubscriptionArn"] == webhook["SubscriptionArn"]
    sns.set_subscription_attributes(
        SubscriptionArn=webhook["SubscriptionArn"],
        AttributeName="RedrivePolicy",
        AttributeValue=json.dumps({"deadLetterTargetArn": dead_arn}),
    )
    sqs.delete_queue(QueueUrl=url)
    sns.publish(TopicArn=topic, Message="order 1")
    cloud.clock.advance(minutes=5)
    found = drain(sqs, dead)
    # The queue's message went at once, the partner's after three retries.
    assert [body if body == "order 1" else json.loads(body)["Message"] for body in found] == ["order 1", "order 1"]
    # The partner is up again: what is in the dead-letter queue can be sent to it.
    down[0] = False
    sns.publish(TopicArn=topic, Message="order 2")
    cloud.clock.advance(seconds=1)
    last = cloud.service("sns", None, None).outbox[-1]
    assert (json.loads(last.body)["Message"], last.delivered) == ("order 2", True)

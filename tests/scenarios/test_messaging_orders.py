"""A shop on messages: orders fan out by content, are processed in order, and those that nobody could work off come
back when somebody can."""

import json

import pytest

from awsim import mock_aws
from tests.scenarios.messaging import admin, arn, consume, lets_in, modes, queue, role, taken, team, until

__all__ = ["team"]
AT = "2026-03-02T09:00:00Z"
CONSUME = ["sqs:ReceiveMessage", "sqs:DeleteMessage"]


def attributes(**texts):
    return {name: {"DataType": "String", "StringValue": text} for name, text in texts.items()}


@pytest.mark.rule("sns-008", "sns-010", "sns-031")
@modes(AT)
def test_orders_fan_out_to_those_whose_business_they_are(team):
    topic = arn("sns", "orders")
    admin("sns").create_topic(Name="orders")
    wanted = {
        "shipping": ({"state": ["paid"]}, "MessageAttributes"),
        "fraud": ({"total": [{"numeric": [">=", 1000]}]}, "MessageBody"),
        "vip-desk": ({"$or": [{"customer": ["gold"]}, {"country": [{"prefix": "CH"}]}]}, "MessageAttributes"),
        "audit": (None, None),
    }
    urls, workers = {}, {}
    for name, (policy, scope) in wanted.items():
        urls[name], queue_arn = queue(name, lets_in("sns", "sqs:SendMessage", arn("sqs", name), topic))
        workers[name] = role(name, (CONSUME, queue_arn))
        given = {"RawMessageDelivery": "true"}
        if policy is not None:
            given |= {"FilterPolicy": json.dumps(policy), "FilterPolicyScope": scope}
        admin("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue_arn, Attributes=given)
    shop = role("shop", ("sns:Publish", topic))
    team.settle()
    orders = [
        ({"id": 1, "total": 20}, {"state": "paid"}),
        ({"id": 2, "total": 5000}, {"state": "paid", "customer": "gold"}),
        ({"id": 3, "total": 1000}, {"state": "cancelled", "country": "CH-ZH"}),
        ({"id": 4, "total": 1}, {}),
    ]
    left = [
        {"Id": str(order["id"]), "Message": json.dumps(order), "MessageAttributes": attributes(**texts)}
        for order, texts in orders
    ]
    sns = team.client("sns", shop)
    while left:
        failed = sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=left)["Failed"]
        left = [entry for entry in left if entry["Id"] in {one["Id"] for one in failed}]
    got = {
        name: sorted(json.loads(body)["id"] for body in taken(team.client("sqs", workers[name]), urls[name]))
        for name in wanted
    }
    assert got == {"shipping": [1, 2], "fraud": [2, 3], "vip-desk": [2, 3], "audit": [1, 2, 3, 4]}


@pytest.mark.rule("sns-019", "sns-020", "sns-023")
@modes(AT)
def test_orders_are_processed_in_order(team):
    topic = arn("sns", "orders.fifo")
    admin("sns").create_topic(Name="orders.fifo", Attributes={"FifoTopic": "true"})
    urls, workers = {}, {}
    for name in ("billing", "warehouse"):
        fifo = f"{name}.fifo"
        urls[name], queue_arn = queue(fifo, lets_in("sns", "sqs:SendMessage", arn("sqs", fifo), topic))
        workers[name] = role(name, (CONSUME, queue_arn))
        admin("sns").subscribe(
            TopicArn=topic, Protocol="sqs", Endpoint=queue_arn, Attributes={"RawMessageDelivery": "true"}
        )
    shop = role("shop", ("sns:Publish", topic))
    team.settle()
    sns = team.client("sns", shop)
    steps = [("A", "placed"), ("B", "placed"), ("A", "paid"), ("A", "sent"), ("B", "cancelled"), ("A", "returned")]
    for order, step in steps:
        for _ in range(2):  # the shop's network is bad: it says everything twice
            sns.publish(
                TopicArn=topic,
                Message=f"{order} {step}",
                MessageGroupId=order,
                MessageDeduplicationId=f"{order}-{step}",
            )
    for name, url in urls.items():
        came = []
        consume(team.client("sqs", workers[name]), url, lambda message, came=came: came.append(message["Body"]))
        assert [body for body in came if body[0] == "A"] == ["A placed", "A paid", "A sent", "A returned"], name
        assert [body for body in came if body[0] == "B"] == ["B placed", "B cancelled"], name


@pytest.mark.rule("sqs-056")
@modes(AT)
def test_what_could_not_be_worked_off_is_redriven(team):
    """A worker that does not know a kind of order leaves it to the dead-letter queue; the next version takes it."""
    topic = arn("sns", "orders")
    admin("sns").create_topic(Name="orders")
    dead_url, dead_arn = queue("dead")
    redrive = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 3})
    url, queue_arn = queue(
        "orders",
        lets_in("sns", "sqs:SendMessage", arn("sqs", "orders"), topic),
        RedrivePolicy=redrive,
        VisibilityTimeout="30",
    )
    admin("sns").subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint=queue_arn, Attributes={"RawMessageDelivery": "true"}
    )
    shop, worker = role("shop", ("sns:Publish", topic)), role("worker", (CONSUME, queue_arn))
    operator = role(
        "operator",
        (
            ["sqs:StartMessageMoveTask", "sqs:ListMessageMoveTasks", *CONSUME, "sqs:GetQueueAttributes"],
            dead_arn,
        ),
        ("sqs:SendMessage", queue_arn),
    )
    team.settle()
    sns = team.client("sns", shop)
    for number, kind in enumerate(["book", "gift card", "book", "gift card"]):
        sns.publish(TopicArn=topic, Message=json.dumps({"id": number, "kind": kind}))
    done = set()

    def version(*known):
        def handle(message):
            order = json.loads(message["Body"])
            if order["kind"] not in known:
                raise LookupError(order["kind"])
            done.add(order["id"])

        return handle

    sqs = team.client("sqs", worker)
    consume(sqs, url, version("book"), quiet=8)
    assert done == {0, 2}
    operating = team.client("sqs", operator)
    waiting = until(
        lambda: (
            int(
                operating.get_queue_attributes(QueueUrl=dead_url, AttributeNames=["ApproximateNumberOfMessages"])[
                    "Attributes"
                ]["ApproximateNumberOfMessages"]
            )
            >= 2
        )
    )
    assert waiting
    operating.start_message_move_task(SourceArn=dead_arn, DestinationArn=queue_arn)
    until(
        lambda: operating.list_message_move_tasks(SourceArn=dead_arn)["Results"][0]["Status"] == "COMPLETED",
    )
    consume(sqs, url, version("book", "gift card"))
    assert done == {0, 1, 2, 3}
    assert taken(operating, dead_url) == []


@modes(AT)
def test_who_may_not_is_refused_and_nothing_is_sent(team):
    """Least privilege holds where permissions are asked for: the worker cannot publish, SNS not into every queue."""
    topic = arn("sns", "orders")
    admin("sns").create_topic(Name="orders")
    url, queue_arn = queue("orders")  # a queue without a policy lets SNS in by no means
    admin("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue_arn)
    worker = role("worker", (CONSUME, queue_arn))
    team.settle()
    publish = team.client("sns", worker).publish
    if team.aws.authorization is None:
        publish(TopicArn=topic, Message="order")
        assert len(taken(team.client("sqs", worker), url)) == 1
        return
    with pytest.raises(admin("sns").exceptions.AuthorizationErrorException, match="SNS:Publish on resource"):
        publish(TopicArn=topic, Message="order")
    admin("sns").publish(TopicArn=topic, Message="order")
    assert taken(team.client("sqs", worker), url) == []


# --- what a program may not take for granted


def announced(patience):
    """Publish, and look into the queue: at once and, where a poll finds nothing, `patience` times more."""
    sns, sqs = admin("sns"), admin("sqs")
    topic = sns.create_topic(Name="news")["TopicArn"]
    url, queue_arn = queue("inbox")
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue_arn, Attributes={"RawMessageDelivery": "true"})
    sns.publish(TopicArn=topic, Message="hello")
    for _ in range(1 + patience):
        found = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1).get("Messages", [])
        if found:
            return found[0]["Body"]
    return None


def test_a_message_that_is_expected_at_once():
    def impatient():
        assert announced(patience=0) == "hello"

    with pytest.raises(AssertionError) as failure:
        mock_aws(explore=100)(impatient)()
    (note,) = failure.value.__notes__
    assert "sqs:ReceiveMessage" not in note.splitlines()[1]
    assert "delivered late to arn:aws:sqs:us-east-1:123456789012:inbox" in note
    assert "promises no time" in note


@mock_aws(explore=100)
def test_a_message_that_is_waited_for():
    assert announced(patience=10) == "hello"

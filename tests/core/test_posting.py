"""Deliveries that nobody has looked at yet: nobody can tell them from those that were made at once."""

import json
from collections.abc import Iterator
from threading import Thread

import boto3
import pytest

from awsim import Cloud, mock_aws

QUEUES = ("a", "b", "c")


@pytest.fixture
def aws() -> Iterator[Cloud]:
    with mock_aws(at="2026-03-01T12:00:00Z") as cloud:
        yield cloud


def _topic(**attributes: str) -> tuple[str, dict[str, str]]:
    """A topic with three queues."""
    sns, sqs = boto3.client("sns"), boto3.client("sqs")
    topic = sns.create_topic(Name="orders")["TopicArn"]
    urls = {}
    for name in QUEUES:
        urls[name] = sqs.create_queue(QueueName=name)["QueueUrl"]
        arn = f"arn:aws:sqs:us-east-1:123456789012:{name}"
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=attributes)
    return topic, urls


def _publish(topic: str, text: str) -> None:
    boto3.client("sns").publish(TopicArn=topic, Message=text)


def _received(url: str, **more: object) -> list[dict]:
    answer = boto3.client("sqs").receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, MessageSystemAttributeNames=["All"], **more
    )
    return [{**message, "ReceiptHandle": ""} for message in answer.get("Messages", [])]


def _texts(url: str) -> list[str]:
    return [json.loads(message["Body"])["Message"] for message in _received(url)]


def _unread(cloud: Cloud, name: str) -> int:
    return len(cloud.service("sqs", None, None).queues[name]._posted)


def _run(at_once: bool, **attributes: str) -> tuple[object, ...]:
    with mock_aws(at="2026-03-01T12:00:00Z") as cloud:
        if at_once:
            # Whoever has scripted faults wants each call to meet them.
            cloud.faults.add("kms:*", error="InternalException")
        topic, urls = _topic(**attributes)
        for text in ("one", "two"):
            _publish(topic, text)
        assert _unread(cloud, "b") == (0 if at_once else 2)
        journal = [
            (
                caused.name,
                caused.caller,
                caused.account,
                caused.region,
                caused.timestamp,
                caused.parameters,
                caused.result,
            )
            for record in cloud.calls.of("sns:Publish")
            for caused in record.caused
        ]
        assert _unread(cloud, "b") == (0 if at_once else 2)
        received = {name: _received(urls[name]) for name in ("c", "a", "b")}
        return journal, received, [len(record.caused) for record in cloud.calls.of("sns:Publish")]


def test_message_attributes_come_along(aws: Cloud) -> None:
    topic, urls = _topic()
    given = {"n": {"DataType": "Binary", "BinaryValue": b"\x00\xff"}}
    boto3.client("sns").publish(TopicArn=topic, Message="x", Subject="s", MessageAttributes=given)
    assert _unread(aws, "a") == 1
    (message,) = _received(urls["a"])
    assert json.loads(message["Body"])["MessageAttributes"] == {"n": {"Type": "Binary", "Value": "AP8="}}


@pytest.mark.parametrize("raw", ["false", "true"])
def test_as_if_delivered_at_once(raw: str) -> None:
    assert _run(False, RawMessageDelivery=raw) == _run(True, RawMessageDelivery=raw)


def test_signatures_and_links_are_whole(aws: Cloud) -> None:
    topic, urls = _topic()
    _publish(topic, "one")
    (message,) = _received(urls["b"])
    body = json.loads(message["Body"])
    assert body["Signature"] and "SubscriptionArn=" in body["UnsubscribeURL"]
    assert _unread(aws, "a") == 1


def test_what_a_queue_was_like_when_it_came(aws: Cloud) -> None:
    topic, urls = _topic()
    sqs = boto3.client("sqs")
    _publish(topic, "before")
    sqs.set_queue_attributes(QueueUrl=urls["a"], Attributes={"DelaySeconds": "60"})
    _publish(topic, "after")
    assert _texts(urls["a"]) == ["before"]
    aws.clock.advance(seconds=60)
    assert _texts(urls["a"]) == ["before", "after"]


def test_what_a_subscription_was_like_when_it_came(aws: Cloud) -> None:
    topic, urls = _topic()
    sns = boto3.client("sns")
    _publish(topic, "before")
    for subscription in sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]:
        arn = subscription["SubscriptionArn"]
        sns.set_subscription_attributes(SubscriptionArn=arn, AttributeName="RawMessageDelivery", AttributeValue="true")
    _publish(topic, "after")
    sns.set_topic_attributes(TopicArn=topic, AttributeName="SignatureVersion", AttributeValue="2")
    assert _unread(aws, "a") == 2
    before, after = (message["Body"] for message in _received(urls["a"]))
    assert json.loads(before)["Message"] == "before"
    assert json.loads(before)["SignatureVersion"] == "1"
    assert after == "after"


def test_time_passes_for_the_unread(aws: Cloud) -> None:
    topic, urls = _topic()
    sqs = boto3.client("sqs")
    sqs.set_queue_attributes(QueueUrl=urls["a"], Attributes={"MessageRetentionPeriod": "60"})
    _publish(topic, "one")
    sent = aws.clock.time()
    aws.clock.advance(seconds=45)
    (message,) = _received(urls["b"])
    assert message["Attributes"]["SentTimestamp"] == str(round(sent * 1000))
    _publish(topic, "two")
    aws.clock.advance(seconds=30)
    assert _texts(urls["a"]) == ["two"]


def test_counts(aws: Cloud) -> None:
    topic, urls = _topic()
    _publish(topic, "one")
    shown = boto3.client("sqs").get_queue_attributes(QueueUrl=urls["a"], AttributeNames=["All"])["Attributes"]
    assert shown["ApproximateNumberOfMessages"] == "1"


def test_purged_and_deleted(aws: Cloud) -> None:
    topic, urls = _topic()
    sqs = boto3.client("sqs")
    _publish(topic, "one")
    sqs.purge_queue(QueueUrl=urls["a"])
    assert _texts(urls["a"]) == []
    sqs.delete_queue(QueueUrl=urls["b"])
    assert [each.result is not None for each in aws.calls.of("sns:Publish")[0].caused] == [True] * 3
    _publish(topic, "two")
    refused = aws.calls.of("sns:Publish")[1].caused
    assert sorted(each.error.code if each.error else "" for each in refused) == ["", "", "QueueDoesNotExist"]
    assert _texts(urls["a"]) == ["two"]


def test_a_restore_takes_them_back(aws: Cloud) -> None:
    topic, urls = _topic()
    _publish(topic, "one")
    snapshot = aws.snapshot()
    _publish(topic, "two")
    assert _texts(urls["a"]) == ["one", "two"]
    lost = aws.calls.of("sns:Publish")[-1].caused
    aws.restore(snapshot)
    assert [json.loads(each.parameters["MessageBody"])["Message"] for each in lost] == ["two"] * 3
    assert _texts(urls["a"]) == ["one"]
    assert _texts(urls["b"]) == ["one"]


def test_order_among_dead_letters(aws: Cloud) -> None:
    topic, urls = _topic()
    sqs = boto3.client("sqs")
    policy = json.dumps({"deadLetterTargetArn": "arn:aws:sqs:us-east-1:123456789012:a", "maxReceiveCount": 1})
    source = sqs.create_queue(QueueName="source", Attributes={"RedrivePolicy": policy, "VisibilityTimeout": "0"})
    sqs.send_message(QueueUrl=source["QueueUrl"], MessageBody=json.dumps({"Message": "dead"}))
    _publish(topic, "one")
    _received(source["QueueUrl"])
    _received(source["QueueUrl"])
    assert _texts(urls["a"]) == ["one", "dead"]


def test_a_long_poll_hears_of_them(aws: Cloud) -> None:
    topic, urls = _topic()
    found: list[list[dict]] = []
    poll = Thread(target=lambda: found.append(_received(urls["a"], WaitTimeSeconds=20)))
    poll.start()
    while not aws.calls.of("sns:Publish"):
        _publish(topic, "one")
    poll.join(20)
    assert [json.loads(message["Body"])["Message"] for message in found[0]] == ["one"]


@pytest.mark.parametrize(
    ("attributes", "more"),
    [
        ({"KmsMasterKeyId": "alias/none"}, {}),
        ({"MaximumMessageSize": "1024"}, {}),
        ({}, {"MessageAttributes": {"n": {"DataType": "String", "StringValue": "é"}}}),
        ({}, {"Message": "\ufffe"}),
    ],
)
def test_what_might_be_refused_is_sent_at_once(aws: Cloud, attributes: dict, more: dict) -> None:
    topic, urls = _topic()
    boto3.client("sqs").set_queue_attributes(QueueUrl=urls["a"], Attributes=attributes)
    boto3.client("sns").publish(**{"TopicArn": topic, "Message": "x", **more})
    assert _unread(aws, "a") == 0


def test_a_large_message_is_sent_at_once_where_the_limit_is_lower(aws: Cloud) -> None:
    topic, _ = _topic()
    aws.limits["sqs.message-size"] = 1_024
    _publish(topic, "x" * 2_000)
    assert [each.error.code for each in aws.calls.of("sns:Publish")[0].caused] == ["InvalidParameterValue"] * 3


def test_only_those_whose_filter_it_passes(aws: Cloud) -> None:
    topic, _ = _topic()
    sns = boto3.client("sns")
    (subscription, *_) = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    arn = subscription["SubscriptionArn"]
    sns.set_subscription_attributes(
        SubscriptionArn=arn, AttributeName="FilterPolicy", AttributeValue='{"kind": ["order"]}'
    )
    _publish(topic, "one")
    name = subscription["Endpoint"].rpartition(":")[2]
    assert {each: _unread(aws, each) for each in QUEUES} == {each: int(each != name) for each in QUEUES}


def test_by_authorization_every_delivery_is_judged() -> None:
    with mock_aws(authorization=True) as cloud:
        topic, _ = _topic()
        _publish(topic, "one")
        assert [each.error.code for each in cloud.calls.of("sns:Publish")[0].caused] == ["AccessDenied"] * 3


def test_use_is_told_as_if_delivered_at_once(aws: Cloud) -> None:
    topic, _ = _topic()
    _publish(topic, "one")
    (use,) = (use for use in aws.limits.usage() if use.name == "sqs.message-size")
    body = aws.calls.of("sqs:SendMessage")[0].parameters["MessageBody"]
    assert use.peak == len(body)


def test_metrics_know_of_them(aws: Cloud) -> None:
    topic, _ = _topic()
    _publish(topic, "one")
    now = aws.clock.time()
    shown = boto3.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/SQS",
        MetricName="NumberOfMessagesSent",
        Dimensions=[{"Name": "QueueName", "Value": "a"}],
        StartTime=now - 300,
        EndTime=now + 300,
        Period=60,
        Statistics=["Sum"],
    )
    assert [point["Sum"] for point in shown["Datapoints"]] == [1.0]


def test_a_topic_is_as_it_was_when_a_message_came(aws: Cloud) -> None:
    topic, urls = _topic()
    _publish(topic, "one")
    boto3.client("sns").set_topic_attributes(TopicArn=topic, AttributeName="SignatureVersion", AttributeValue="2")
    _publish(topic, "two")
    assert _unread(aws, "a") == 2
    versions = [json.loads(message["Body"])["SignatureVersion"] for message in _received(urls["a"])]
    assert versions == ["1", "2"]


def test_an_alarm_hears_of_them(aws: Cloud) -> None:
    topic, _ = _topic()
    cloudwatch = boto3.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="busy",
        Namespace="AWS/SQS",
        MetricName="NumberOfMessagesSent",
        Dimensions=[{"Name": "QueueName", "Value": "a"}],
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
    )
    aws.clock.advance(days=1)
    _publish(topic, "one")
    aws.clock.advance(minutes=2)
    history = cloudwatch.describe_alarm_history(AlarmName="busy", HistoryItemType="StateUpdate")
    assert any("to ALARM" in item["HistorySummary"] for item in history["AlarmHistoryItems"])

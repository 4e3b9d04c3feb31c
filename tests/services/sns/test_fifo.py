"""FIFO topics: order, deduplication, ids, rates, archive and replay."""

import json
from hashlib import sha256

import pytest

from awsim.errors import AWSError


@pytest.fixture
def topic(make):
    return make("orders.fifo")


@pytest.fixture
def send(sns, topic):
    """send("text", group="g", id="text")"""

    def send(text, group="g", id=None, to=None):
        return sns.publish(TopicArn=to or topic, Message=text, MessageGroupId=group, MessageDeduplicationId=id or text)

    return send


@pytest.mark.rule("sns-019")
def test_messages_of_a_group_keep_their_order(topic, send, subscribe, notes, messages):
    url, _ = subscribe(topic, "orders.fifo")
    sent = [send(f"{n}", group=f"g{n % 2}") for n in range(6)]
    numbers = [int(answer["SequenceNumber"]) for answer in sent]
    assert numbers == sorted(set(numbers))
    found = messages(url)
    by_group = {}
    for message in found:
        by_group.setdefault(message["Attributes"]["MessageGroupId"], []).append(json.loads(message["Body"])["Message"])
    assert by_group == {"g0": ["0", "2", "4"], "g1": ["1", "3", "5"]}


@pytest.mark.rule("sns-019", "sns-021")
def test_what_a_fifo_topic_needs(sns, topic, make, subscribe, texts, invalid):
    url, _ = subscribe(topic, "orders.fifo")
    group = "The MessageGroupId parameter is required for FIFO topics"
    assert invalid(sns.publish, TopicArn=topic, Message="m") == group
    either = (
        "The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly"
    )
    assert invalid(sns.publish, TopicArn=topic, Message="m", MessageGroupId="g") == either
    for field in ("MessageGroupId", "MessageDeduplicationId"):
        for wrong in ("x" * 129, "a b", "é"):
            given = {"MessageGroupId": "g", "MessageDeduplicationId": "d", field: wrong}
            assert invalid(sns.publish, TopicArn=topic, Message="m", **given).startswith(field)
    assert texts(url) == []
    given = {"MessageGroupId": "x" * 128, "MessageDeduplicationId": "!" * 128}
    assert sns.publish(TopicArn=topic, Message="m", **given)["SequenceNumber"]


@pytest.mark.rule("sns-020", "sns-023")
@pytest.mark.aws(at="2026-01-01")
def test_repetitions_are_dropped_for_five_minutes(aws, topic, send, subscribe, texts):
    first, _ = subscribe(topic, "a.fifo")
    second, _ = subscribe(topic, "b.fifo")
    sent = send("1", id="same")
    aws.clock.advance(seconds=299)
    again = send("2", id="same", group="other")
    assert (again["MessageId"], again["SequenceNumber"]) == (sent["MessageId"], sent["SequenceNumber"])
    assert (texts(first), texts(second)) == (["1"], ["1"])
    aws.clock.advance(seconds=1)
    assert send("3", id="same", group="third")["MessageId"] != sent["MessageId"]
    assert (texts(first), texts(second)) == (["3"], ["3"])


@pytest.mark.rule("sns-021")
def test_ids_made_of_the_content(sns, make, subscribe, messages):
    topic = make("content.fifo", ContentBasedDeduplication="true")
    url, _ = subscribe(topic, "content.fifo")
    for text in ("a", "a", "b"):
        sns.publish(TopicArn=topic, Message=text, MessageGroupId="g", Subject="not part of it")
    found = messages(url)
    ids = [message["Attributes"]["MessageDeduplicationId"] for message in found]
    assert ids == [sha256(text).hexdigest() for text in (b"a", b"b")]


def test_the_envelope_of_a_fifo_topic_is_not_signed(topic, send, subscribe, notes):
    url, _ = subscribe(topic, "orders.fifo")
    sent = send("m")
    (note,) = notes(url)
    assert list(note) == [
        "Type", "MessageId", "SequenceNumber", "TopicArn", "Message", "Timestamp", "UnsubscribeURL",
    ]  # fmt: skip
    assert note["SequenceNumber"] == sent["SequenceNumber"]


@pytest.mark.rule("sns-022", "sns-023")
def test_standard_queues_of_a_fifo_topic(topic, send, subscribe, texts):
    url, _ = subscribe(topic, "plain")
    send("1")
    send("1")
    assert texts(url) == ["1"]


def test_groups_scope_deduplication_if_asked(make, send, subscribe, texts):
    topic = make("groups.fifo", FifoThroughputScope="MessageGroup")
    url, _ = subscribe(topic, "plain")
    for group in ("a", "b", "a"):
        send(group, group=group, id="same", to=topic)
    assert sorted(texts(url)) == ["a", "b"]


def test_a_standard_topic_hands_groups_on(sns, make, subscribe, messages):
    topic = make()
    url, _ = subscribe(topic)
    sns.publish(TopicArn=topic, Message="m", MessageGroupId="tenant")
    (message,) = messages(url)
    assert message["Attributes"]["MessageGroupId"] == "tenant"


@pytest.mark.rule("sns-024")
@pytest.mark.aws(throttling=True, at="2026-01-01", limits={"sns.fifo-publish": 3})
def test_a_fifo_topic_is_held_to_a_rate(aws, topic, send):
    row = aws.limits.row("sns.fifo-publish")
    assert row.value == 3_000

    def publish(n):
        params = {"TopicArn": topic, "Message": str(n), "MessageGroupId": f"g{n}", "MessageDeduplicationId": str(n)}
        return aws.call("sns", "Publish", params)

    for n in range(3):
        publish(n)
    with pytest.raises(AWSError) as caught:
        publish(3)
    assert (caught.value.code, caught.value.message) == ("Throttled", "Rate exceeded")
    aws.clock.advance(seconds=1)
    publish(3)


def test_batches_of_a_fifo_topic(sns, topic, subscribe, texts, invalid):
    url, _ = subscribe(topic, "orders.fifo")

    def entry(id_, **more):
        return {"Id": id_, "Message": id_, "MessageGroupId": "g", "MessageDeduplicationId": id_, **more}

    answer = sns.publish_batch(
        TopicArn=topic, PublishBatchRequestEntries=[entry("1"), entry("2"), entry("3", MessageDeduplicationId="1")]
    )
    first, _, third = answer["Successful"]
    assert first["SequenceNumber"] == third["SequenceNumber"]
    assert texts(url) == ["1", "2"]
    without = [{"Id": "4", "Message": "4"}]
    message = invalid(sns.publish_batch, TopicArn=topic, PublishBatchRequestEntries=without)
    assert message == "The MessageGroupId parameter is required for FIFO topics"


@pytest.mark.aws(limits={"sns.fifo-subscriptions": 1})
def test_a_fifo_topic_has_fewer_subscriptions(sns, topic, subscribe, queue, refused):
    subscribe(topic, "a.fifo")
    _, arn = queue("b.fifo")
    assert refused(sns.subscribe, TopicArn=topic, Protocol="sqs", Endpoint=arn)[0] == "SubscriptionLimitExceeded"


@pytest.mark.rule("sns-004")
@pytest.mark.aws(at="2026-01-01")
def test_an_archive_can_be_replayed(aws, sns, make, subscribe, send, texts, invalid):
    topic = make("archive.fifo", ArchivePolicy={"MessageRetentionPeriod": 2})
    send("too-old", to=topic)
    aws.clock.advance(days=3)
    send("1", to=topic)
    aws.clock.advance(hours=1)
    middle = aws.clock.now()
    send("2", to=topic)
    send("3", to=topic)
    url, subscription = subscribe(topic, "late.fifo")
    assert texts(url) == []
    given = {"SubscriptionArn": subscription, "AttributeName": "ReplayPolicy"}
    for start, expected in ((middle, ["2", "3"]),):
        policy = json.dumps({"PointType": "Timestamp", "StartingPoint": start.isoformat()})
        sns.set_subscription_attributes(**given, AttributeValue=policy)
        assert texts(url) == expected
    shown = sns.get_subscription_attributes(SubscriptionArn=subscription)["Attributes"]
    assert shown["ReplayStatus"] == "Completed"
    message = invalid(sns.set_subscription_attributes, **given, AttributeValue='{"PointType": "Offset"}')
    assert message.startswith("ReplayPolicy: PointType")


def test_dead_letters_of_a_fifo_topic(sns, sqs, topic, send, subscribe, queue, messages):
    dead, dead_arn = queue("dead.fifo")
    url, _ = subscribe(topic, "orders.fifo", RedrivePolicy={"deadLetterTargetArn": dead_arn})
    sqs.delete_queue(QueueUrl=url)
    send("1")
    send("2")
    found = messages(dead)
    assert [json.loads(message["Body"])["Message"] for message in found] == ["1", "2"]
    assert [message["Attributes"]["MessageDeduplicationId"] for message in found] == ["1", "2"]

"""Answers recorded from AWS (../shared/recorded/sns.jsonl), where what was asked can be told from what was answered."""

import json
import re
from pathlib import Path

import boto3
import pytest
import requests
from botocore.exceptions import ClientError

FILE = Path(__file__).parents[4] / "shared" / "recorded" / "sns.jsonl"
ACCOUNT = "111111111111"
TEXTS = {"FilterPolicy", "RedrivePolicy", "Policy", "EffectiveDeliveryPolicy", "Body", "body", "topic-policy"}
# Set by the recorders' own tools, or not AWS's.
NOT_COMPARED = {"HTTPHeaders", "RequestId", "RetryAttempts", "_normalized", "MaxAttemptsReached"}

pytestmark = [
    pytest.mark.skipif(not FILE.is_file(), reason="no recorded answers here"),
    pytest.mark.aws(at="2026-01-01", account=ACCOUNT),
]

CASES = {}


def case(name):
    def register(function):
        CASES[name] = function
        return function

    return register


def recorded():
    if not FILE.is_file():
        return {}
    return {line["case"]: line["answers"] for line in map(json.loads, FILE.read_text("utf-8").splitlines())}


# Since 2025 AWS does not show the source any more, as the newest recording has it.
SOURCE = re.compile(r"\[Source: \(String\)\".*\"; line")
REDACTED = "[Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line"


def assert_like(ours, theirs, path="answer"):
    """Equal, but for placeholders (`<uuid:1>`, `date`) and for JSON that the recorders parsed."""
    if isinstance(theirs, str):
        theirs = SOURCE.sub(lambda found: REDACTED, theirs)
        if re.search(r"<[a-z0-9_-]+(:\d+)?>", theirs):
            parts = re.split(r"<[a-z0-9_-]+(?::\d+)?>", theirs)
            assert re.fullmatch(".+".join(map(re.escape, parts)), str(ours), re.DOTALL), path
        elif theirs in ("date", "timestamp"):
            assert ours, path
        elif theirs.startswith("b'"):
            assert str(ours) == theirs, path
        else:
            assert ours == theirs, path
    elif isinstance(theirs, dict):
        if isinstance(ours, str):
            ours = json.loads(ours)
        keys = theirs.keys() - NOT_COMPARED
        assert ours.keys() - NOT_COMPARED == keys, path
        for key in keys:
            assert_like(ours[key], theirs[key], f"{path}.{key}")
    elif isinstance(theirs, list):
        assert len(ours) == len(theirs), path
        for index, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            assert_like(one, other, f"{path}[{index}]")
    else:
        assert ours == theirs, path


class Steps:
    """One case being asked again: `answers` is what came of it."""

    def __init__(self, aws):
        self.aws = aws
        self.sns = boto3.client("sns", "us-east-1")
        self.sqs = boto3.client("sqs", "us-east-1")
        self.answers = {}
        self.numbers = 0

    def note(self, name, answer):
        self.answers[name] = answer
        return answer

    def refused(self, name, call, /, **parameters):
        with pytest.raises(ClientError) as caught:
            call(**parameters)
        self.answers[name] = caught.value.response

    def topic(self, name="topic", **attributes):
        if name.endswith(".fifo"):
            attributes = {"FifoTopic": "true", **attributes}
        return self.sns.create_topic(Name=name, Attributes=attributes)["TopicArn"]

    def queue(self, name="queue"):
        attributes = {"FifoQueue": "true"} if name.endswith(".fifo") else {}
        url = self.sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        return url, f"arn:aws:sqs:us-east-1:{ACCOUNT}:{name}"

    def subscribed(self, topic, name="queue", **attributes):
        """(URL of a new queue, ARN of its subscription)"""
        url, arn = self.queue(name)
        made = self.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=attributes)
        return url, made["SubscriptionArn"]

    def set(self, subscription, name, value):
        self.sns.set_subscription_attributes(SubscriptionArn=subscription, AttributeName=name, AttributeValue=value)

    def shown(self, name, subscription):
        return self.note(name, self.sns.get_subscription_attributes(SubscriptionArn=subscription))

    def received(self, name, url, system=(), names=("All",), count=10):
        """All that is in a queue, as one answer; what AWS says without being asked is left out."""
        answer = {"ResponseMetadata": {"HTTPStatusCode": 200}}
        found = []
        for _ in range(count):
            more = self.sqs.receive_message(
                QueueUrl=url,
                MaxNumberOfMessages=10,
                MessageAttributeNames=list(names),
                MessageSystemAttributeNames=list(system),
            ).get("Messages", [])
            found += more
        if found:
            answer["Messages"] = found
        return self.note(name, answer)


ALL = ("All",)


@pytest.mark.parametrize("name", sorted(set(recorded())))
def test_recorded(aws, name):
    if name not in CASES:
        pytest.skip(OUT_OF_SCOPE.get(name, "what was asked cannot be told from what was answered"))
    steps = Steps(aws)
    CASES[name](steps)
    expected = recorded()[name]
    assert steps.answers.keys() == expected.keys()
    for key, answer in expected.items():
        assert_like(steps.answers[key], answer, key)


OUT_OF_SCOPE = {
    "SNSSubscriptionLambda: python lambda subscribe sns topic": "needs Lambda",
    "SNSPublishDelivery: delivery lambda": "needs Lambda and CloudWatch Logs",
}

# --- topics


@case("SNSTopicCrud: create topic test arn")
def _(s):
    topic = s.note("create-topic", s.sns.create_topic(Name="topic"))["TopicArn"]
    s.note("get-topic-attrs", s.sns.get_topic_attributes(TopicArn=topic))
    s.note("delete-topic", s.sns.delete_topic(TopicArn=topic))
    s.refused("topic-not-exists", s.sns.get_topic_attributes, TopicArn=topic)


@case("SNSTopicCrud: create topic after delete with new tags")
def _(s):
    topic = s.note("topic-0", s.sns.create_topic(Name="topic", Tags=[{"Key": "a", "Value": "1"}]))["TopicArn"]
    s.sns.delete_topic(TopicArn=topic)
    s.note("topic-1", s.sns.create_topic(Name="topic", Tags=[{"Key": "a", "Value": "2"}]))


@case("SNSTopicCrud: delete topic idempotency")
def _(s):
    topic = s.topic()
    for name in ("delete-topic", "delete-topic-again"):
        s.note(name, s.sns.delete_topic(TopicArn=topic))


@case("SNSTopicCrudV2: create topic name constraints")
def _(s):
    s.note("valid-name-max-length", s.sns.create_topic(Name="a" * 256))
    s.refused("name-too-long", s.sns.create_topic, Name="a" * 257)
    s.refused("name-too-short", s.sns.create_topic, Name="")
    for number, character in enumerate("!@#$%^& "):
        s.refused(f"name-invalid-char-{number}", s.sns.create_topic, Name=f"topic{character}")
    s.refused("name-contains-fifo", s.sns.create_topic, Name="topic.fifo")
    s.refused("fifo-name-not-contains-fifo", s.sns.create_topic, Name="topic", Attributes={"FifoTopic": "true"})


@case("SNSTopicCrudV2: create topic in multiple regions")
def _(s):
    west = boto3.client("sns", "us-west-2")
    for client, kind, place in ((s.sns, "primary", "east"), (west, "secondary", "west")):
        topic = client.create_topic(Name="topic")["TopicArn"]
        s.note(f"list-{kind}", client.list_topics())
        s.note(f"topic-{place}", client.get_topic_attributes(TopicArn=topic))


@case("SNSTopicCrudV2: create topic different attrs")
def _(s):
    create = s.sns.create_topic
    topic = s.note("create-topic", create(Name="topic", Attributes={"DisplayName": "Value1"}))["TopicArn"]
    s.note("topic-attrs", s.sns.get_topic_attributes(TopicArn=topic))
    s.note("create-topic-no-attrs", create(Name="topic"))
    s.refused("create-topic-diff-attrs", create, Name="topic", Attributes={"DisplayName": "Value2"})
    s.refused("create-topic-new-attrs", create, Name="topic", Attributes={"KmsMasterKeyId": "alias/aws/sns"})
    both = {"DisplayName": "Value1", "KmsMasterKeyId": "alias/aws/sns"}
    s.refused("create-topic-new-and-same-attrs", create, Name="topic", Attributes=both)
    s.refused("create-topic-new-attrs-fifo", create, Name="topic", Attributes={"FifoTopic": "true"})


def _policy(s, topic):
    return s.sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"]


@case("SNSTopicCrudV2: topic remove permission")
def _(s):
    topic = s.topic()
    s.sns.add_permission(TopicArn=topic, Label="l", AWSAccountId=[ACCOUNT], ActionName=["Publish"])
    s.sns.remove_permission(TopicArn=topic, Label="l")
    s.note("topic-policy", _policy(s, topic))


@case("SNSTopicCrudV2: add permission errors")
def _(s):
    topic = s.topic()
    given = {"Label": "l", "AWSAccountId": [ACCOUNT], "ActionName": ["Publish"]}
    s.sns.add_permission(TopicArn=topic, **given)
    s.refused("duplicate-label", s.sns.add_permission, TopicArn=topic, **given)
    s.refused("topic-not-found", s.sns.add_permission, TopicArn=topic + "x", **given)
    s.refused("invalid-action", s.sns.add_permission, TopicArn=topic, **{**given, "Label": "m", "ActionName": ["X"]})


@case("SNSTopicCrudV2: remove permission errors")
def _(s):
    s.refused("topic-not-found", s.sns.remove_permission, TopicArn=s.topic() + "x", Label="l")


# --- publishing


@case("SNSPublishCrud: publish by path parameters")
def _(s):
    topic = s.topic()
    url, _ = s.subscribed(topic)
    form = {
        "Action": "Publish",
        "Version": "2010-03-31",
        "TopicArn": topic,
        "Message": "test message direct post request",
    }
    headers = {"Authorization": "AWS4-HMAC-SHA256 Credential=111111111111/20260101/us-east-1/sns/aws4_request, "
               "SignedHeaders=host, Signature=0"}  # fmt: skip
    answer = requests.post("https://sns.us-east-1.amazonaws.com/", params=form, headers=headers)
    id_ = re.search("<MessageId>(.*)</MessageId>", answer.text).group(1)
    metadata = {"HTTPHeaders": {}, "HTTPStatusCode": answer.status_code}
    s.note("post-request", {"PublishResponse": {"PublishResult": {"MessageId": id_}, "ResponseMetadata": metadata}})
    s.received("messages", url)


@case("SNSPublishCrud: publish message before subscribe topic")
def _(s):
    topic = s.topic()
    publish = s.sns.publish
    s.note("publish-before-subscribing", publish(TopicArn=topic, Subject="s", Message="test_message_before"))
    url, _ = s.subscribed(topic)
    subject = "test-subject-after-sub"
    s.note("publish-after-subscribing", publish(TopicArn=topic, Subject=subject, Message="test_message_after"))
    s.received("receive-messages", url)


@case("SNSPublishCrud: unknown topic publish")
def _(s):
    topic = s.topic()
    s.note("success", s.sns.publish(TopicArn=topic, Message="m"))
    s.refused("error", s.sns.publish, TopicArn=topic + "x", Message="m")


@case("SNSPublishCrud: publish with empty subject")
def _(s):
    topic = s.topic()
    s.note("response-without-subject", s.sns.publish(TopicArn=topic, Message="m"))
    s.refused("response-with-empty-subject", s.sns.publish, TopicArn=topic, Message="m", Subject="")


@case("SNSPublishCrud: empty sns message")
def _(s):
    topic = s.topic()
    url, _ = s.subscribed(topic)
    s.refused("empty-msg-error", s.sns.publish, TopicArn=topic, Message="")
    names = ["ApproximateNumberOfMessages"]
    s.note("queue-attrs", s.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names))


@case("SNSPublishCrud: publish too long message")
def _(s):
    topic = s.topic()
    s.refused("error", s.sns.publish, TopicArn=topic, Message="a" * 262_145)
    attributes = {"a": {"DataType": "String", "StringValue": "x" * 1_000}}
    s.refused("error-with-attrs", s.sns.publish, TopicArn=topic, Message="a" * 262_000, MessageAttributes=attributes)


@case("SNSPublishCrud: message structure json exc")
def _(s):
    given = {"TopicArn": s.topic(), "MessageStructure": "json"}
    s.refused("missing-default-key", s.sns.publish, Message=json.dumps({"sqs": "x"}), **given)
    s.refused("invalid-json", s.sns.publish, Message='{"default": "x"', **given)
    s.refused("key-is-not-string", s.sns.publish, Message=json.dumps({"default": {"a": 1}}), **given)
    s.note("duplicate-json-keys", s.sns.publish(Message='{"default": "a", "default": "b"}', **given))


@case("SNSPublishCrud: topic publish another region")
def _(s):
    topic = s.topic()
    west = boto3.client("sns", "us-west-2")
    s.note("success", s.sns.publish(TopicArn=topic, Message="m"))
    s.refused("error", west.publish, TopicArn=topic, Message="m")
    entries = [{"Id": "1", "Message": "m"}]
    s.refused("error-batch", west.publish_batch, TopicArn=topic, PublishBatchRequestEntries=entries)


@case("SNSSubscriptionSQS: publish batch messages without topic")
def _(s):
    entries = [{"Id": "1", "Message": "m"}]
    s.refused(
        "publish-batch-no-topic", s.sns.publish_batch, TopicArn=s.topic() + "x", PublishBatchRequestEntries=entries
    )


@case("SNSSubscriptionSQS: empty or wrong message attributes")
def _(s):
    topic = s.topic()
    wrong = {
        "missing_string_attr": ("attr1", {"DataType": "String", "StringValue": ""}),
        "fully_missing_string_attr": ("attr1", {"DataType": "String"}),
        "fully_missing_data_type": ("attr1", {"StringValue": "x"}),
        "missing_binary_attr": ("attr1", {"DataType": "Binary", "BinaryValue": b""}),
        "str_attr_binary_value": ("attr1", {"DataType": "String", "BinaryValue": b"x"}),
        "int_attr_binary_value": ("attr1", {"DataType": "Number", "BinaryValue": b"x"}),
        "binary_attr_string_value": ("attr1", {"DataType": "Binary", "StringValue": "x"}),
        "invalid_attr_string_value": ("attr1", {"DataType": "InvalidType", "StringValue": "x"}),
        "too_long_name": ("a" * 257, {"DataType": "String", "StringValue": "x"}),
        "invalid_name": ("a^*?", {"DataType": "String", "StringValue": "x"}),
        "invalid_name_2": (".abc", {"DataType": "String", "StringValue": "x"}),
        "invalid_name_3": ("abc.", {"DataType": "String", "StringValue": "x"}),
        "invalid_name_4": ("a..bc", {"DataType": "String", "StringValue": "x"}),
    }
    # botocore itself insists on a data type.
    client = boto3.client("sns", "us-east-1", config=boto3.session.Config(parameter_validation=False))
    for name, (key, value) in wrong.items():
        attributes = {key: value}
        s.refused(name, client.publish, TopicArn=topic, Message="m", MessageAttributes=attributes)
        entries = [{"Id": "1", "Message": "m", "MessageAttributes": attributes}, {"Id": "2", "Message": "n"}]
        s.refused(f"batch-{name}", client.publish_batch, TopicArn=topic, PublishBatchRequestEntries=entries)


@case("SNSSMS: publish wrong phone format")
def _(s):
    s.refused("invalid-number", s.sns.publish, PhoneNumber="+1a234", Message="m")
    s.refused("wrong-format", s.sns.publish, PhoneNumber="NAA+15551234567", Message="m")
    s.refused("wrong-endpoint", s.sns.subscribe, TopicArn=s.topic(), Protocol="sms", Endpoint="NAA+15551234567")


# --- subscriptions


@case("SNSSubscriptionCrud: not found error on set subscription attributes")
def _(s):
    topic = s.topic()
    _, arn = s.queue()
    made = s.note("sub", s.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn))["SubscriptionArn"]
    s.shown("sub-attrs", made)
    listed = s.sns.list_subscriptions_by_topic
    s.note("subscriptions-for-topic-before-unsub", listed(TopicArn=topic))
    s.sns.unsubscribe(SubscriptionArn=made)
    s.note("subscriptions-for-topic-after-unsub", listed(TopicArn=topic))
    given = {"AttributeName": "RawMessageDelivery", "AttributeValue": "true"}
    s.refused("sub-not-found", s.sns.set_subscription_attributes, SubscriptionArn=made, **given)


@case("SNSSubscriptionCrud: sns confirm subscription wrong token")
def _(s):
    topic = s.topic()
    s.refused("topic-not-exists", s.sns.confirm_subscription, TopicArn=topic + "x", Token="randomtoken")
    s.refused("token-not-exists", s.sns.confirm_subscription, TopicArn=topic, Token="randomtoken")
    s.refused("invalid-token", s.sns.confirm_subscription, TopicArn=topic, Token="51b2ff3edb475b7d" * 18)


@case("SNSSubscriptionLambda: redrive policy lambda subscription")
def _(s):
    topic = s.topic()
    url, dead = s.queue("dead")
    function = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:none"
    made = s.sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=function)["SubscriptionArn"]
    s.set(made, "RedrivePolicy", json.dumps({"deadLetterTargetArn": dead}))
    s.shown("subscription-attributes", made)
    attributes = {"attr1": {"DataType": "Number", "StringValue": "1"}}
    s.sns.publish(TopicArn=topic, Message="test_redrive_policy", MessageAttributes=attributes)
    s.received("messages", url)


@case("SNSSubscriptionSQS: subscribe sqs queue")
def _(s):
    topic = s.topic()
    policy = json.dumps({"attr1": [{"numeric": [">", 0, "<=", 100]}]})
    url, made = s.subscribed(topic, FilterPolicy=policy)
    s.shown("subscription-attributes", made)
    for value in ("99.12", "100.12"):
        attributes = {"attr1": {"DataType": "Number", "StringValue": value}}
        s.sns.publish(TopicArn=topic, Message="This is a test message", MessageAttributes=attributes)
    s.received("messages", url)


@case("SNSSubscriptionSQS: publish unicode chars")
def _(s):
    topic = s.topic()
    url, _ = s.subscribed(topic)
    s.sns.publish(TopicArn=topic, Message='ö§a1"_!?,. £$-')
    s.received("received-message", url)


@case("SNSSubscriptionSQS: attribute raw subscribe")
def _(s):
    topic = s.topic()
    url, made = s.subscribed(topic, RawMessageDelivery="true")
    s.shown("subscription-attributes", made)
    attributes = {"store": {"DataType": "Binary", "BinaryValue": b"\x02\x03\x04"}}
    s.sns.publish(TopicArn=topic, Message="This is a test message", MessageAttributes=attributes)
    s.received("messages-response", url)


@case("SNSSubscriptionSQS: publish sqs from sns")
def _(s):
    topic = s.topic()
    url, made = s.subscribed(topic, RawMessageDelivery="true")
    for raw, value in (("true", "99.12"), ("false", "100.12")):
        s.set(made, "RawMessageDelivery", raw)
        s.shown(f"sub-attrs-raw-{raw}", made)
        attributes = {"attr1": {"DataType": "Number", "StringValue": value}}
        s.sns.publish(TopicArn=topic, Message="Test msg", MessageAttributes=attributes)
        found = s.received(f"message-raw-{raw}", url)["Messages"]
        s.sqs.delete_message(QueueUrl=url, ReceiptHandle=found[0]["ReceiptHandle"])


@case("SNSSubscriptionSQS: message attributes not missing")
def _(s):
    topic = s.topic()
    url, made = s.subscribed(topic, RawMessageDelivery="true")
    attributes = {
        "an-attribute-key": {"DataType": "String", "StringValue": "an-attribute-value"},
        "binary-attribute": {"DataType": "Binary", "BinaryValue": b"\x02\x03\x04"},
    }
    names = ("SenderId", "SentTimestamp", "ApproximateReceiveCount", "ApproximateFirstReceiveTimestamp")
    for kind, raw in (("raw", "true"), ("json", "false")):
        s.set(made, "RawMessageDelivery", raw)
        s.note(f"publish-msg-{kind}", s.sns.publish(TopicArn=topic, Message="text", MessageAttributes=attributes))
        s.received(f"{kind}-delivery-msg-attrs", url, names)


@case("SNSSubscriptionSQS: message structure json to sqs")
def _(s):
    topic = s.topic()
    url, _ = s.subscribed(topic)
    for name, message in (
        ("get-msg-json-sqs", {"default": "default field", "sqs": '{"field": "value"}'}),
        ("get-msg-json-default", {"default": "default field", "lambda": "x"}),
    ):
        s.sns.publish(TopicArn=topic, Message=json.dumps(message), MessageStructure="json")
        s.received(name, url)


@case("SNSSubscriptionCrud: subscribe idempotency")
def _(s):
    topic = s.topic()
    _, arn = s.queue()
    given = {"TopicArn": topic, "Protocol": "sqs", "Endpoint": arn}
    subscribe = s.sns.subscribe
    made = s.note("subscribe", subscribe(**given, Attributes={"RawMessageDelivery": "true"}))["SubscriptionArn"]
    s.shown("get-sub-attrs", made)
    s.note("subscribe-exact-same-raw", subscribe(**given, Attributes={"RawMessageDelivery": "true"}))
    s.note("subscribe-idempotent", subscribe(**given, Attributes={"RawMessageDelivery": "true"}))
    s.note("subscribe-idempotent-no-attributes", subscribe(**given))
    s.note("subscribe-idempotent-empty-attributes", subscribe(**given, Attributes={}))
    s.note("subscribe-missing-attributes", subscribe(**given, Attributes={}))
    s.refused("subscribe-diff-attributes", subscribe, **given, Attributes={"RawMessageDelivery": "false"})


@case("SNSSubscriptionCrud: unsubscribe wrong arn format")
def _(s):
    topic = s.topic()
    for number, arn in enumerate(("randomstring", "arn:aws:sns:us-east-1:random", topic + ":random", ""), 1):
        s.refused(f"invalid-unsubscribe-arn-{number}", s.sns.unsubscribe, SubscriptionArn=arn)


@case("SNSSubscriptionCrud: unsubscribe idempotency")
def _(s):
    _, made = s.subscribed(s.topic())
    for name in ("unsubscribe-1", "unsubscribe-2"):
        s.note(name, s.sns.unsubscribe(SubscriptionArn=made))


@case("SNSSubscriptionCrud: list subscriptions by topic pagination")
def _(s):
    topic = s.topic()
    for number in range(101):
        s.sns.subscribe(TopicArn=topic, Protocol="sms", Endpoint=f"+1555000{number:04}")
    first = s.sns.list_subscriptions_by_topic(TopicArn=topic)
    second = s.sns.list_subscriptions_by_topic(TopicArn=topic, NextToken=first["NextToken"])
    s.note("list-sub-per-topic-page-2", second)


@case("SNSSubscriptionHttp: subscribe external http endpoint lambda url sig validation")
def _(s):
    came = []
    s.aws.endpoints["http://example.com/hook"] = came.append
    topic = s.topic()

    def events(name):
        request = came.pop()
        headers = {key: value for key, value in request.headers.items() if key != "content-length"}
        s.note(name, {"events": [{"body": request.read().decode(), "headers": headers}]})
        return json.loads(request.read())

    s.sns.subscribe(TopicArn=topic, Protocol="http", Endpoint="http://example.com/hook")
    asked = events("subscription-confirmation")
    s.note("confirm-subscription", s.sns.confirm_subscription(TopicArn=topic, Token=asked["Token"]))
    s.sns.publish(TopicArn=topic, Message="test_external_http_endpoint")
    note = events("publish-event")
    assert requests.get(note["UnsubscribeURL"]).status_code == 200
    events("unsubscribe-event")


@case("SNSMultiRegions: cross region delivery sqs")
def _(s):
    topic = s.topic()
    west, far = boto3.client("sns", "us-west-2"), boto3.client("sqs", "us-west-2")
    url = far.create_queue(QueueName="queue")["QueueUrl"]
    given = {"TopicArn": topic, "Protocol": "sqs", "Endpoint": f"arn:aws:sqs:us-west-2:{ACCOUNT}:queue"}
    s.refused("subscribe-cross-region", west.subscribe, **given)
    s.note("subscribe-same-region", s.sns.subscribe(**given))
    attributes = {"attr1": {"DataType": "Number", "StringValue": "99.12"}}
    s.sns.publish(TopicArn=topic, Message="This is a test message", MessageAttributes=attributes)
    s.note("messages", far.receive_message(QueueUrl=url))


@case("SNSSubscriptionCrudV2: subscribe unknown topic")
def _(s):
    s.refused(
        "subscribe-unknown-topic", s.sns.subscribe, TopicArn=s.topic() + "x", Protocol="sms", Endpoint="+15551234567"
    )


@case("SNSSubscriptionCrudV2: subscribe sqs queue url")
def _(s):
    url, _ = s.queue()
    s.refused("subscribe-sqs-via-url-error", s.sns.subscribe, TopicArn=s.topic(), Protocol="sqs", Endpoint=url)


@case("SNSSubscriptionCrudV2: subscribe bad sms")
def _(s):
    s.refused("subscribe-bad-sms", s.sns.subscribe, TopicArn=s.topic(), Protocol="sms", Endpoint="invalid-number")


@case("SNSSubscriptionCrudV2: subscribe invalid sms")
def _(s):
    topic = s.topic()
    for number in ("+15--551234567", "+15551234567.", "/+15551234567", "NAA+15551234567"):
        s.refused(f"subscribe-bad-sms-{number}", s.sns.subscribe, TopicArn=topic, Protocol="sms", Endpoint=number)


@case("SNSSubscriptionCrudV2: creating subscription")
def _(s):
    made = s.sns.subscribe(TopicArn=s.topic(), Protocol="http", Endpoint="http://example.com/")
    s.note("create-subscription", made)


@case("SNSSubscriptionCrudV2: subscribe attributes")
def _(s):
    s.shown("get-subscription-attributes", s.subscribed(s.topic())[1])


@case("SNSSubscriptionCrudV2: creating subscription with attributes")
def _(s):
    s.shown("subscription-with-attributes", s.subscribed(s.topic(), RawMessageDelivery="true")[1])


@case("SNSSubscriptionCrudV2: set subscription attributes")
def _(s):
    _, made = s.subscribed(s.topic())
    s.set(made, "RawMessageDelivery", "true")
    s.shown("set-subscription-attributes", made)


def _filter(s, name, policy, scope=None):
    """Subscribe with a filter policy that is refused."""
    attributes = {"FilterPolicy": policy if isinstance(policy, str) else json.dumps(policy, separators=(",", ":"))}
    if scope:
        attributes["FilterPolicyScope"] = scope
    given = {"TopicArn": s.topic(), "Protocol": "sqs", "Endpoint": s.queue()[1], "Attributes": attributes}
    s.refused(name, s.sns.subscribe, **given)


@case("SNSSubscriptionCrudV2: subscribe invalid filter policy")
def _(s):
    _filter(s, "subscribe-invalid-filter-policy", "invalid")


@case("SNSSubscriptionCrudV2: confirm subscription")
def _(s):
    topic = s.topic("confirm-sub-e46f689a")
    s.sns.subscribe(TopicArn=topic, Protocol="email-json", Endpoint="a@example.com")
    token = json.loads(s.aws.service("sns", None, None).outbox[-1].body)["Token"]
    s.note("confirm-subscription", s.sns.confirm_subscription(TopicArn=topic, Token=token))


# --- FIFO

FIFO = ("ApproximateFirstReceiveTimestamp", "ApproximateReceiveCount", "MessageDeduplicationId", "MessageGroupId",
        "SenderId", "SentTimestamp", "SequenceNumber")  # fmt: skip


def _once(by_content):
    def run(s):
        topic = s.topic("topic.fifo", **({"ContentBasedDeduplication": "true"} if by_content else {}))
        url, _ = s.subscribed(topic, "queue.fifo")
        given = {"TopicArn": topic, "Message": "Test", "MessageGroupId": "message-group-id-1"}
        if not by_content:
            given["MessageDeduplicationId"] = "message-deduplication-id-1"
        s.sns.publish(**given)
        found = s.received("messages", url, FIFO)["Messages"]
        s.sqs.delete_message(QueueUrl=url, ReceiptHandle=found[0]["ReceiptHandle"])
        s.sns.publish(**given)
        s.received("dedup-messages", url, FIFO)

    return run


case("SNSSubscriptionSQSFifo: message to fifo sqs[True]")(_once(True))
case("SNSSubscriptionSQSFifo: message to fifo sqs[False]")(_once(False))
case("SNSSubscriptionSQSFifo: publish to fifo topic deduplication on topic level")(_once(True))


def _batch(topic, ids, subject=None):
    """The batch that the recorders publish; `ids` makes its deduplication ids."""
    number = lambda value: {"DataType": "Number", "StringValue": value}  # noqa: E731
    entries = [
        {"Message": "Test Message with two attributes", "MessageAttributes": {"attr1": number("99.12"),
                                                                              "attr2": number("109.12")}},
        {"Message": "Test Message with one attribute", "MessageAttributes": {"attr1": number("19.12")}},
        {"Message": "Test Message without attribute"},
    ]  # fmt: skip
    for index, entry in enumerate(entries):
        entry |= {"Id": str(index + 1), "MessageGroupId": "complexMessageGroupId"}
        if subject:
            entry["Subject"] = subject
        if ids:
            entry["MessageDeduplicationId"] = ids(index)
    return {"TopicArn": topic, "PublishBatchRequestEntries": entries}


def _dead(raw):
    def run(s):
        topic = s.topic("topic.fifo")
        s.note("topic-attrs", s.sns.get_topic_attributes(TopicArn=topic))
        url, made = s.subscribed(topic, "queue.fifo", RawMessageDelivery=raw)
        dead, arn = s.queue("dead.fifo")
        s.set(made, "RedrivePolicy", json.dumps({"deadLetterTargetArn": arn}))
        s.sqs.delete_queue(QueueUrl=url)
        given = {"MessageGroupId": "message-group-id-1", "MessageDeduplicationId": "message-deduplication-id-1"}
        s.note("publish-response-fifo", s.sns.publish(TopicArn=topic, Message="test-message", **given))
        found = s.received("messages-in-dlq", dead, FIFO)["Messages"]
        del s.answers["messages-in-dlq"]["ResponseMetadata"]
        s.sqs.delete_message(QueueUrl=dead, ReceiptHandle=found[0]["ReceiptHandle"])
        batch = _batch(topic, lambda index: f"MessageDeduplicationId-{index + 1}", "Subject")
        s.note("publish-batch-response-fifo", s.sns.publish_batch(**batch))
        del s.received("batch-messages-in-dlq", dead, FIFO)["ResponseMetadata"]

    return run


case("SNSSubscriptionSQSFifo: publish fifo messages to dlq[True]")(_dead("true"))
case("SNSSubscriptionSQSFifo: publish fifo messages to dlq[False]")(_dead("false"))


def _fifo_batch(by_content):
    def run(s):
        topic = s.topic("topic.fifo", ContentBasedDeduplication=str(by_content).lower())
        s.note("topic-attrs", s.sns.get_topic_attributes(TopicArn=topic))
        url, made = s.subscribed(topic, "queue.fifo", RawMessageDelivery="true")
        s.shown("sub-attrs-raw-true", made)
        batch = _batch(topic, None if by_content else lambda index: f"MessageDeduplicationId-{index}")
        s.note("publish-batch-response-fifo", s.sns.publish_batch(**batch))
        found = s.received("messages", url, FIFO)["Messages"]
        del s.answers["messages"]["ResponseMetadata"]
        for message in found:
            s.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        s.note("republish-batch-response-fifo", s.sns.publish_batch(**batch))
        s.received("duplicate-messages", url, FIFO)

    return run


case("SNSSubscriptionSQSFifo: publish batch messages from fifo topic to fifo queue[True]")(_fifo_batch(True))
case("SNSSubscriptionSQSFifo: publish batch messages from fifo topic to fifo queue[False]")(_fifo_batch(False))


# --- text messages


@case("SNSSMS: set get sms attributes")
def _(s):
    attributes = {
        "DefaultSMSType": "Promotional",
        "DefaultSenderID": "LSTest",
        "DeliveryStatusSuccessSamplingRate": "100",
    }
    s.sns.set_sms_attributes(attributes=attributes)
    s.note("get-sms-all-attributes", s.sns.get_sms_attributes())
    some = s.sns.get_sms_attributes(attributes=["DefaultSMSType", "DefaultSenderID"])
    s.note("get-sms-some-attributes", some)


for _name, _given in {
    "InvalidAttributeName": {"InvalidAttribute": "x"},
    "TooLongID": {"DefaultSenderID": "a" * 12},
    "NoLetterID": {"DefaultSenderID": "1234"},
    "InvalidSMSType": {"DefaultSMSType": "x"},
}.items():
    case(f"SNSSMS: set invalid sms attributes[{_name}]")(
        lambda s, given=_given: s.refused("invalid-attribute", s.sns.set_sms_attributes, attributes=given)
    )


@case("SNSSMS: get sms attributes from unmodified region")
def _(s):
    s.note("get-sms-attributes_unmodified_region", boto3.client("sns", "eu-west-3").get_sms_attributes())


@case("SNSSMS: list phone numbers opted out")
def _(s):
    s.aws.service("sns", None, None).opt_out("+15551234567")
    s.note("list-phone-numbers-opted-out", s.sns.list_phone_numbers_opted_out())


@case("SNSSMS: opt in phone number")
def _(s):
    s.note("opt-in-phone-number", s.sns.opt_in_phone_number(phoneNumber="+15551234567"))


# --- mobile push


def _application(s):
    given = {"PlatformCredential": "c", "PlatformPrincipal": "p"}
    made = s.sns.create_platform_application(Name="app", Platform="ADM", Attributes=given)
    return made["PlatformApplicationArn"]


def _device(s):
    return s.sns.create_platform_endpoint(PlatformApplicationArn=_application(s), Token="t")["EndpointArn"]


@case("SNSPlatformApplicationCrud: create platform application invalid platform")
def _(s):
    s.refused("invalid-platform", s.sns.create_platform_application, Name="a", Platform="AAA", Attributes={"a": "b"})


@case("SNSPlatformApplicationCrud: get platform application attributes invalid arn")
def _(s):
    s.refused("invalid-application-arn", s.sns.get_platform_application_attributes, PlatformApplicationArn="invalid")


@case("SNSPlatformApplicationCrud: set platform application attributes invalid arn")
def _(s):
    given = {"PlatformApplicationArn": "invalid", "Attributes": {"PlatformPrincipal": "x"}}
    s.refused("invalid-application-arn", s.sns.set_platform_application_attributes, **given)


@case("SNSPlatformEndpointCrud: create platform endpoint idempotency")
def _(s):
    given = {"PlatformApplicationArn": _application(s), "Token": "t"}
    s.note("create-platform-endpoint", s.sns.create_platform_endpoint(**given))
    s.note("create-platform-endpoint-idempotent", s.sns.create_platform_endpoint(**given))
    name = "create-platform-endpoint-different-token"
    s.refused(name, s.sns.create_platform_endpoint, **given, CustomUserData="x")


@case("SNSPlatformEndpointCrud: delete platform endpoint with subscription")
def _(s):
    topic, device = s.topic(), _device(s)
    s.sns.subscribe(TopicArn=topic, Protocol="application", Endpoint=device)
    listed = s.sns.list_subscriptions_by_topic
    # The recorder's account had more of them.
    s.note("list-subscriptions-pre-delete", {**listed(TopicArn=topic), "NextToken": "x"})
    s.note("delete-endpoint", s.sns.delete_endpoint(EndpointArn=device))
    s.note("list-subscriptions-post-delete", {**listed(TopicArn=topic), "NextToken": "x"})


for _name, _given in {
    "Invalid Name Principal": {"PlatformPrincipal": "x"},
    "Invalid Name Credential": {"PlatformCredential": "x"},
    "Invalid Name Generic": {"InvalidKey": "x"},
    "Data Too Long": {"CustomUserData": "a" * 2_049},
    "Empty": {},
}.items():

    def _set(s, given=_given):
        name = "set-platform-endpoint-invalid-attributes"
        s.refused(name, s.sns.set_endpoint_attributes, EndpointArn=_device(s), Attributes=given)

    def _create(s, given=_given):
        name = "create-platform-endpoint-invalid-attr"
        application = _application(s)
        s.refused(name, s.sns.create_platform_endpoint, PlatformApplicationArn=application, Token="t", Attributes=given)

    case(f"SNSPlatformEndpointCrud: set platform endpoint attributes invalid attributes[{_name}]")(_set)
    case(f"SNSPlatformEndpointCrud: create platform endpoint with invalid attributes[{_name}]")(_create)


@case("SNSPlatformEndpointCrud: get platform endpoint attributes non existent endpoint")
def _(s):
    device = _device(s)
    name = "set-platform-endpoint-attributes-non-existent-app"
    s.refused(name, s.sns.get_endpoint_attributes, EndpointArn=device[:-1] + "x")


# --- filter policies


@case("SNSFilterPolicyConditions: validate policy")
def _(s):
    _filter(s, "error-condition-list", {"key": [["value"]]})
    _filter(s, "error-condition-operator", {"key": [{"wrong-operator": True}]})
    _filter(s, "error-condition-two-operators", {"key": [{"suffix": "value", "prefix": "value2"}]})


@case("SNSFilterPolicyConditions: validate policy string operators")
def _(s):
    for name, condition in {
        "is-numeric": [{"suffix": 100}],
        "is-none": [{"suffix": None}],
        "empty-list": [{"suffix": []}],
        "list-wrong-type": [{"suffix": ["test", "test2"]}],
        "empty-array": [],
        "is-not-list-and-operator": {"suffix": "value"},
        "is-not-list-and-no-operator": {"not-an-operator": "value"},
        "is-not-list-two-ops": {"suffix": "value", "prefix": "value"},
        "bad-type": [{"cidr": ["bad-filter"]}],
        "bad-cidr-str": [{"cidr": "bad-filter"}],
        "bad-cidr-str-slash": [{"cidr": "bad-filter/64"}],
        "bad-cidr-str-slash-2": [{"cidr": "bad-filter/bad"}],
        "bad-cidr-v4": [{"cidr": "xx.11.xx/8"}],
        "bad-cidr-v6": [{"cidr": "xxxx:db8:1234:1a00::/64"}],
    }.items():
        _filter(s, f"error-condition-{name}", {"key": condition})


@case("SNSFilterPolicyConditions: policy complexity")
def _(s):
    many = [str(n) for n in range(160)]
    _filter(s, "error-complexity-in-one-condition", {"key": many})
    _filter(s, "error-complexity-in-two-conditions", {"key1": many[:100], "key2": many[:60]})
    _filter(s, "error-complexity-too-many-fields", {f"key{n}": ["v"] for n in range(6)})


@case("SNSFilterPolicyConditions: policy complexity with or")
def _(s):
    many = [str(n) for n in range(160)]
    _filter(s, "error-complexity-or-flat", {"$or": [{"a": many[:80]}, {"b": many[80:]}]})
    nested = {"source": ["x", "y"], "$or": [{"a": many[:60]}, {"$or": [{"b": many[:50]}, {"c": ["z"]}]}]}
    _filter(s, "error-complexity-or-nested", nested)


@case("SNSFilterPolicyCrud: set subscription filter policy scope")
def _(s):
    _, made = s.subscribed(s.topic())
    s.shown("sub-attrs-default", made)
    s.set(made, "FilterPolicyScope", "MessageBody")
    s.shown("sub-attrs-filter-scope-body", made)
    s.set(made, "FilterPolicy", json.dumps({"attr": ["match-this"]}))
    s.shown("sub-attrs-after-setting-policy", made)
    given = {"AttributeName": "FilterPolicyScope", "AttributeValue": "RandomValue"}
    s.refused("sub-attrs-filter-scope-error", s.sns.set_subscription_attributes, SubscriptionArn=made, **given)


@case("SNSFilterPolicyCrud: sub filter policy nested property constraints")
def _(s):
    _, made = s.subscribed(s.topic(), FilterPolicyScope="MessageBody")
    for name, policy in {
        "nested-error-too-many-combinations": {
            "key_a": {"key_b": {"key_c": ["one", "two", "three", "four"]}},
            "key_d": {"key_e": ["one", "two", "three"]},
            "key_f": ["one", "two", "three"],
        },
        "max-attr-keys": {f"key_{n}": ["v"] for n in range(6)},
        "rule-no-list": {"key_a": "value_one"},
    }.items():
        given = {"AttributeName": "FilterPolicy", "AttributeValue": json.dumps(policy, separators=(",", ":"))}
        s.refused(f"sub-filter-policy-{name}", s.sns.set_subscription_attributes, SubscriptionArn=made, **given)


@case("SNSFilterPolicyAttributes: exists filter policy attributes array")
def _(s):
    topic = s.topic()
    policy = json.dumps({"store": ["value1"]})
    url, made = s.subscribed(topic, RawMessageDelivery="true", FilterPolicy=policy)
    s.shown("subscription-attributes-policy", made)
    s.received("messages-init", url, names=())
    for number, values in enumerate((["value1"], ["value1", "value2"], ["value2", "value3"]), 1):
        attributes = {"store": {"DataType": "String.Array", "StringValue": json.dumps(values)}}
        s.sns.publish(TopicArn=topic, Message=f"message-{number}", MessageAttributes=attributes)
        s.received(f"messages-{number}", url, names=())


def _body_filter(raw):
    def run(s):
        topic = s.topic()
        policy = json.dumps({"object": {"key": [{"prefix": "auto-"}, "hardcodedvalue"]}})
        attributes = {"FilterPolicy": policy, "FilterPolicyScope": "MessageBody", "RawMessageDelivery": raw}
        url, _ = s.subscribed(topic, **attributes)
        s.received("recv-init", url)
        bodies = [{"object": {"key": "auto-test"}}, {"object": {"key": "hardcodedvalue"}}]
        for number, body in enumerate(bodies):
            s.sns.publish(TopicArn=topic, Message=json.dumps(body))
            s.received(f"recv-passed-msg-{number}", url)
        for body in ({"object": {"key": "test"}}, {"key": "hardcodedvalue"}, "no object", {"object": "auto-"}):
            s.sns.publish(TopicArn=topic, Message=body if isinstance(body, str) else json.dumps(body))
        assert "Messages" not in s.received("rest", url)
        del s.answers["rest"]

    return run


case("SNSFilterPolicyBody: filter policy on message body[True]")(_body_filter("true"))
case("SNSFilterPolicyBody: filter policy on message body[False]")(_body_filter("false"))


@case("SNSFilterPolicyBody: filter policy on message body dot attribute")
def _(s):
    topic = s.topic()
    policy = json.dumps({"object.nested": ["string.value"]})
    url, made = s.subscribed(topic, FilterPolicyScope="MessageBody", FilterPolicy=policy)
    s.received("recv-init", url)
    for number, text in enumerate(('{"object": {"nested": "string.value"}}', '{"object.nested": "string.value"}')):
        s.sns.publish(TopicArn=topic, Message=text)
        s.received(f"recv-nested-msg-{number}", url)
    s.set(made, "FilterPolicy", json.dumps({"object.nested": {"test": ["string.value"]}}))
    for number, text in enumerate(
        (
            '{"object": {"nested": {"test": "string.value"}}}',
            '{"object.nested.test": "string.value"}',
            '{"object.nested": {"test": "string.value"}}',
            '{"object": {"nested.test": "string.value"}}',
        )
    ):
        s.sns.publish(TopicArn=topic, Message=text)
        s.received(f"recv-deep-nested-msg-{number}", url)


# Of what is said of every message when all is asked for.
SYSTEM = ("ApproximateFirstReceiveTimestamp", "ApproximateReceiveCount", "SenderId", "SentTimestamp")


@case("SNSFilterPolicyBody: filter policy on message body array attributes")
def _(s):
    topic = s.topic()
    urls = []
    for name in ("queue1", "queue2"):
        policy = json.dumps({"headers": {"route-to": [name]}})
        attributes = {"RawMessageDelivery": "true", "FilterPolicyScope": "MessageBody", "FilterPolicy": policy}
        urls.append(s.subscribed(topic, name, **attributes)[0])
    for routes in (["queue1"], ["queue2"], ["queue3"], ["queue1", "queue2"]):
        s.sns.publish(TopicArn=topic, Message=json.dumps({"headers": {"route-to": routes}}))
    for number, url in enumerate(urls):
        answer = s.received(f"messages-queue-{number}", url, SYSTEM)
        del answer["ResponseMetadata"]
        answer["Messages"].sort(key=lambda message: len(message["Body"]), reverse=True)


@case("SNSFilterPolicyBody: filter policy ip address condition")
def _(s):
    topic = s.topic()
    policy = {"detail": {"$or": [{"sourceIPAddress": [{"cidr": "10.0.0.0/24"}]},
                                 {"sourceIPAddressV6": [{"cidr": "2001:db8:1234:1a00::/64"}]}]}}  # fmt: skip
    attributes = {"RawMessageDelivery": "true", "FilterPolicyScope": "MessageBody", "FilterPolicy": json.dumps(policy)}
    url, _ = s.subscribed(topic, **attributes)
    details = [{"sourceIPAddress": "10.0.0.255"}, {"sourceIPAddress": "10.0.0.256"},
               {"sourceIPAddressV6": "2001:0db8:1234:1a00:0000:0000:0000:0000"},
               {"sourceIPAddressV6": "2001:0db8:123f:1a01:0000:0000:0000:0000"}]  # fmt: skip
    for number, detail in enumerate(details, 1):
        event = {"id": str(number), "source": "test-source", "detail-type": "test-detail-type", "detail": detail}
        event |= {"account": "123456789012", "region": "my-region", "time": "2022-07-13T13:48:01Z"}
        s.sns.publish(TopicArn=topic, Message=json.dumps(event))
    del s.received("messages-queue", url, SYSTEM)["ResponseMetadata"]

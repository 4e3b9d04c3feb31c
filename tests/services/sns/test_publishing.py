"""Publishing: what may be, what subscribers get, batches."""

import json

import pytest

TEXT = {"DataType": "String", "StringValue": "v"}


@pytest.mark.rule("sns-008", "sns-009", "sns-031")
def test_every_subscriber_gets_its_own_copy(aws, sns, sqs, make, subscribe, notes):
    topic = make()
    first, _ = subscribe(topic, "a")
    second, _ = subscribe(topic, "b")
    plain = sns.publish(TopicArn=topic, Message="plain")["MessageId"]
    marked = sns.publish(TopicArn=topic, Message="marked", MessageAttributes={"k": TEXT})["MessageId"]
    assert [note["MessageId"] for note in notes(first)] == [plain, marked]
    sqs.purge_queue(QueueUrl=first)
    aws.clock.advance(days=3)
    assert [note["MessageId"] for note in notes(second)] == [plain, marked]


@pytest.mark.rule("sns-011")
def test_a_message_may_have_a_subject(sns, make, subscribe, notes):
    topic = make()
    url, _ = subscribe(topic)
    sns.publish(TopicArn=topic, Message="m", Subject="Subject: ☂")
    sns.publish(TopicArn=topic, Message="m")
    with_subject, without = notes(url)
    assert with_subject["Subject"] == "Subject: ☂"
    assert "Subject" not in without


@pytest.mark.rule("sns-032")
@pytest.mark.aws(at="2026-01-01T12:00:00.123456")
def test_the_envelope_as_aws_lays_it_out(sns, make, subscribe, bodies, messages):
    topic = make()
    url, subscription = subscribe(topic)
    raw, _ = subscribe(topic, "raw", RawMessageDelivery="true")
    attributes = {"n": {"DataType": "Number", "StringValue": "1.5"}, "b": {"DataType": "Binary", "BinaryValue": b"\1"}}
    id_ = sns.publish(TopicArn=topic, Message='say "hi"\n☂', Subject="S", MessageAttributes=attributes)["MessageId"]
    (body,) = bodies(url)
    note = json.loads(body)
    assert list(note) == [
        "Type", "MessageId", "TopicArn", "Subject", "Message", "Timestamp", "SignatureVersion", "Signature",
        "SigningCertURL", "UnsubscribeURL", "MessageAttributes",
    ]  # fmt: skip
    assert body.startswith('{\n  "Type" : "Notification",\n  "MessageId" : "')
    assert (note["MessageId"], note["TopicArn"], note["Message"]) == (id_, topic, 'say "hi"\n☂')
    assert note["Timestamp"] == "2026-01-01T12:00:00.123Z"
    assert note["UnsubscribeURL"] == (
        f"https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe&SubscriptionArn={subscription}"
    )
    assert note["MessageAttributes"] == {
        "n": {"Type": "Number", "Value": "1.5"},
        "b": {"Type": "Binary", "Value": "AQ=="},
    }
    (message,) = messages(raw)
    assert message["Body"] == 'say "hi"\n☂'
    assert message["MessageAttributes"] == attributes


def test_a_text_for_each_protocol(sns, make, subscribe, texts, outbox):
    topic = make()
    url, _ = subscribe(topic)
    sns.subscribe(TopicArn=topic, Protocol="sms", Endpoint="+15551234567")
    message = json.dumps({"default": "all", "sms": "short", "email": 5})
    sns.publish(TopicArn=topic, Message=message, MessageStructure="json")
    assert texts(url) == ["all"]
    assert outbox[-1].body == "short"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"Message": ""}, "Empty message"),
        ({"Subject": ""}, "Subject"),
        ({"Subject": "x" * 101}, "Subject"),
        ({"Subject": "a\nb"}, "Subject"),
        ({"Subject": " a"}, "Subject"),
        ({"MessageStructure": "xml"}, "MessageStructure"),
        ({"MessageStructure": "json"}, "Message Structure - JSON message body failed to parse"),
        ({"MessageStructure": "json", "Message": "[]"}, "Message Structure - JSON message body failed to parse"),
        ({"MessageStructure": "json", "Message": "{}"}, "Message Structure - No default entry in JSON message body"),
        ({"MessageDeduplicationId": "x"}, "MessageDeduplicationId Reason: The request includes MessageDeduplicationId "
         "parameter that is not valid for this topic type"),
        ({"TopicArn": "x"}, "TopicArn Reason: An ARN must have at least 6 elements, not 1"),
        ({"TopicArn": None}, "TopicArn or TargetArn Reason: no value for required parameter"),
    ],
)  # fmt: skip
def test_what_cannot_be_published(sns, make, subscribe, texts, invalid, given, message):
    topic = make()
    url, _ = subscribe(topic)
    given = {"TopicArn": topic, "Message": "m", **given}
    assert invalid(sns.publish, **{name: value for name, value in given.items() if value is not None}) == message
    assert texts(url) == []


def test_a_subject_of_100_characters(sns, make):
    assert sns.publish(TopicArn=make(), Message="m", Subject="x" * 100)["MessageId"]


def test_the_size_of_a_message_counts_its_attributes(sns, make, subscribe, messages, invalid):
    topic = make()
    url, _ = subscribe(topic, RawMessageDelivery="true")
    attributes = {"name": {"DataType": "String", "StringValue": "é" * 10}}
    size = len("name") + len("String") + 20
    sns.publish(TopicArn=topic, Message="x" * (262_144 - size), MessageAttributes=attributes)
    given = {"TopicArn": topic, "Message": "x" * (262_145 - size), "MessageAttributes": attributes}
    assert invalid(sns.publish, **given) == "Message too long"
    assert invalid(sns.publish, TopicArn=topic, Message="é" * 131_073) == "Message too long"
    assert len(messages(url)) == 1


@pytest.mark.parametrize(
    ("attribute", "message"),
    [
        ({"DataType": "Number", "StringValue": "ten"}, "Could not cast message attribute 'a' value to number."),
        ({"DataType": "Boolean", "StringValue": "x"}, "The message attribute 'a' has an invalid message attribute "
         "type, the set of supported type prefixes is Binary, Number, and String."),
    ],
)  # fmt: skip
def test_attributes_that_cannot_be(sns, make, refused, attribute, message):
    given = {"TopicArn": make(), "Message": "m", "MessageAttributes": {"a": attribute}}
    assert refused(sns.publish, **given) == ("ParameterValueInvalid", message, 400)


# --- batches


def entry(id_, **more):
    return {"Id": id_, "Message": f"message {id_}", **more}


def test_a_batch_succeeds_by_entry(sns, make, subscribe, texts):
    topic = make()
    url, _ = subscribe(topic)
    answer = sns.publish_batch(
        TopicArn=topic,
        PublishBatchRequestEntries=[entry("a"), entry("b", Subject=""), entry("c", Message=""), entry("d")],
    )
    assert [each["Id"] for each in answer["Successful"]] == ["a", "d"]
    assert answer["Failed"] == [
        {"Id": "b", "Code": "InvalidParameter", "Message": "Invalid parameter: Subject", "SenderFault": True},
        {"Id": "c", "Code": "InvalidParameter", "Message": "Invalid parameter: Empty message", "SenderFault": True},
    ]
    assert texts(url) == ["message a", "message d"]


@pytest.mark.parametrize(
    ("entries", "code"),
    [
        ([], "EmptyBatchRequest"),
        ([entry(str(n)) for n in range(11)], "TooManyEntriesInBatchRequest"),
        ([entry("a"), entry("a")], "BatchEntryIdsNotDistinct"),
        ([entry("a"), entry("b c")], "InvalidBatchEntryId"),
        ([entry("x" * 81)], "InvalidBatchEntryId"),
        ([entry("a", Message="x" * 131_073), entry("b", Message="x" * 131_072)], "BatchRequestTooLong"),
    ],
)
def test_a_batch_that_is_refused_whole(sns, make, subscribe, texts, refused, entries, code):
    topic = make()
    url, _ = subscribe(topic)
    found, message, status = refused(sns.publish_batch, TopicArn=topic, PublishBatchRequestEntries=entries)
    assert (found, status) == (code, 400)
    assert message
    assert texts(url) == []


def test_a_full_batch(sns, make, subscribe, texts):
    topic = make()
    url, _ = subscribe(topic)
    entries = [entry(str(n), Message=f"{n}" * 26_214) for n in range(9)] + [entry("x" * 80, Message="x" * 26_218)]
    answer = sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=entries)
    assert len(answer["Successful"]) == 10
    assert len(texts(url)) == 10


@pytest.mark.aws(throttling=True, limits={"sns.publish-us-east-1": 2}, at="2026-01-01")
def test_publishing_is_held_to_a_rate(aws, sns, make, refused):
    topic = make()
    call = aws.call
    for _ in range(2):
        call("sns", "Publish", TopicArn=topic, Message="m")
    with pytest.raises(Exception, match="Throttled"):
        call("sns", "Publish", TopicArn=topic, Message="m")
    aws.clock.advance(seconds=1)
    call("sns", "Publish", TopicArn=topic, Message="m")

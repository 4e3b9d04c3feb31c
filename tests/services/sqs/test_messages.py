# ruff: noqa: E501  AWS's sentences are as long as they are
"""Sending, receiving and deleting messages on standard queues."""

import hashlib
import uuid

import boto3
import pytest
from botocore.exceptions import ParamValidationError

pytestmark = pytest.mark.aws(at="2026-01-01")

TEXT = {"DataType": "String", "StringValue": "x"}


@pytest.mark.rule("sqs-010")
def test_sending_tells_an_id_and_digests(sqs, make):
    url = make()
    sent = sqs.send_message(QueueUrl=url, MessageBody="grüße", MessageAttributes={"a": TEXT})
    assert str(uuid.UUID(sent["MessageId"])) == sent["MessageId"]
    assert sent["MD5OfMessageBody"] == hashlib.md5("grüße".encode()).hexdigest()
    assert len(sent["MD5OfMessageAttributes"]) == 32
    assert "MD5OfMessageAttributes" not in sqs.send_message(QueueUrl=url, MessageBody="x")


@pytest.mark.rule("sqs-011")
def test_a_body_is_text_and_must_be_given(sqs, make, refused, counts):
    url = make()
    with pytest.raises(ParamValidationError):
        sqs.send_message(QueueUrl=url)
    missing = ("MissingParameter", "The request must contain the parameter MessageBody.", 400)
    assert refused(sqs.send_message, QueueUrl=url, MessageBody="") == missing
    for bad in ("\x00", "a\x1f", "\x0b", "\ufffe", "\uffff"):
        code, message, _ = refused(sqs.send_message, QueueUrl=url, MessageBody=bad)
        assert code == "InvalidMessageContents"
        assert message.startswith("Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to")
    assert counts(url) == (0, 0, 0)
    for good in ("\t\n\r", "\x7f\x85", "\ud7ff\ue000\ufffd", "\U00010000\U0010ffff", " "):
        sqs.send_message(QueueUrl=url, MessageBody=good)
    assert counts(url) == (5, 0, 0)


TOO_LONG = "One or more parameters are invalid. Reason: Message must be shorter than {} bytes."


@pytest.mark.rule("sqs-012")
def test_the_size_of_a_message(sqs, make, attributes, refused, counts):
    url = make()
    assert attributes(url, "MaximumMessageSize") == "1048576"
    sqs.send_message(QueueUrl=url, MessageBody="x" * 1048576)
    too_long = ("InvalidParameterValue", TOO_LONG.format(1048576), 400)
    assert refused(sqs.send_message, QueueUrl=url, MessageBody="x" * 1048577) == too_long
    assert refused(sqs.send_message, QueueUrl=url, MessageBody="ä" * 524289) == too_long
    # Name, type and value of attributes count too: 1 + 6 + 1 bytes.
    sqs.send_message(QueueUrl=url, MessageBody="x" * 1048568, MessageAttributes={"a": TEXT})
    answer = refused(sqs.send_message, QueueUrl=url, MessageBody="x" * 1048569, MessageAttributes={"a": TEXT})
    assert answer == too_long
    assert counts(url) == (2, 0, 0)


@pytest.mark.rule("sqs-012")
def test_a_queue_may_lower_the_size(sqs, make, refused, counts):
    url = make(MaximumMessageSize=1024)
    sqs.send_message(QueueUrl=url, MessageBody="x" * 1024)
    answer = refused(sqs.send_message, QueueUrl=url, MessageBody="x" * 1025)
    assert answer == ("InvalidParameterValue", TOO_LONG.format(1024), 400)
    assert counts(url) == (1, 0, 0)


@pytest.mark.aws(as_of="2025-08-03")
def test_the_size_as_it_was(sqs, make, attributes, refused):
    url = make()
    assert attributes(url, "MaximumMessageSize") == "262144"
    sqs.send_message(QueueUrl=url, MessageBody="x" * 262144)
    assert refused(sqs.send_message, QueueUrl=url, MessageBody="x" * 262145)[1] == TOO_LONG.format(262144)


@pytest.mark.aws(limits={"sqs.message-size": None})
def test_the_size_lifted(sqs, make):
    sqs.send_message(QueueUrl=make(), MessageBody="x" * 2_000_000)


@pytest.mark.rule("sqs-016")
def test_message_attributes_come_back_when_asked_for(sqs, make, receive):
    url = make(VisibilityTimeout=0)
    given = {
        "text": TEXT,
        "count": {"DataType": "Number.int", "StringValue": "-1.5e3"},
        "raw": {"DataType": "Binary.gif", "BinaryValue": b"\x00\xff"},
    }
    sent = sqs.send_message(QueueUrl=url, MessageBody="x", MessageAttributes=given)
    (message,) = receive(url, MessageAttributeNames=["All"])
    assert message["MessageAttributes"] == given
    assert message["MD5OfMessageAttributes"] == sent["MD5OfMessageAttributes"]
    assert "MessageAttributes" not in receive(url)[0]
    with pytest.raises(ParamValidationError):
        sqs.send_message(QueueUrl=url, MessageBody="x", MessageAttributes={"a": {"StringValue": "x"}})


WRONG_ATTRIBUTES = {
    "a type that is none": ({"a": {"DataType": "Text", "StringValue": "x"}}, "The message attribute 'a' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String."),
    "an empty type": ({"a": {"DataType": "", "StringValue": "x"}}, "The message attribute 'a' must contain non-empty message attribute type."),
    "an empty value": ({"a": {"DataType": "String", "StringValue": ""}}, "The message attribute 'a' must contain non-empty message attribute value for message attribute type 'String'."),
    "no value": ({"a": {"DataType": "Number"}}, "The message attribute 'a' must contain non-empty message attribute value for message attribute type 'Number'."),
    "the other field": ({"a": {"DataType": "Binary", "StringValue": "x"}}, "The message attribute 'a' with type 'Binary' must use field 'Binary'."),
    "no number": ({"a": {"DataType": "Number", "StringValue": "1x"}}, "Can't cast the value of message (user) attribute 'a' to a number."),
    "a reserved name": ({"aWs.a": TEXT}, "You can't use message attribute names beginning with 'AWS.' or 'Amazon.'. These strings are reserved for internal use."),
    "no name": ({"": TEXT}, "The request must contain non-empty message attribute name."),
    "a space": ({"a b": TEXT}, "Invalid non-alphanumeric character '#x20' was found in the message attribute name. Can only include alphanumeric characters, hyphens, underscores, or dots."),
    "a dot first": ({".a": TEXT}, "Message attribute names can't start or end with a dot, or have dots in succession."),
    "two dots": ({"a..b": TEXT}, "Message attribute names can't start or end with a dot, or have dots in succession."),
    "a long name": ({"a" * 257: TEXT}, "Message (user) attribute name must be shorter than 256 bytes."),
    "a long type": ({"a": {"DataType": "String." + "x" * 250, "StringValue": "x"}}, "Message (user) attribute type must be shorter than 256 bytes."),
}  # fmt: skip


@pytest.mark.rule("sqs-016")
@pytest.mark.parametrize("case", WRONG_ATTRIBUTES)
def test_attributes_that_no_message_can_have(sqs, make, refused, counts, case):
    given, message = WRONG_ATTRIBUTES[case]
    url = make()
    answer = refused(sqs.send_message, QueueUrl=url, MessageBody="x", MessageAttributes=given)
    assert answer == ("InvalidParameterValue", message, 400)
    assert counts(url) == (0, 0, 0)


@pytest.mark.rule("sqs-011", "sqs-016")
def test_attributes_are_text_or_bytes(sqs, make, refused, counts):
    url = make()
    bad = {"a": {"DataType": "String", "StringValue": "\x00"}}
    code, _, _ = refused(sqs.send_message, QueueUrl=url, MessageBody="x", MessageAttributes=bad)
    assert code == "InvalidMessageContents"
    assert counts(url) == (0, 0, 0)
    raw = {"a": {"DataType": "Binary", "BinaryValue": b"\x00"}}
    sqs.send_message(QueueUrl=url, MessageBody="x", MessageAttributes=raw)


@pytest.mark.rule("sqs-017")
def test_ten_attributes_at_most(sqs, make, refused, counts):
    url = make()
    sqs.send_message(QueueUrl=url, MessageBody="x", MessageAttributes={f"a{n}": TEXT for n in range(10)})
    answer = refused(
        sqs.send_message, QueueUrl=url, MessageBody="x", MessageAttributes={f"a{n}": TEXT for n in range(11)}
    )
    message = "Number of message attributes [11] exceeds the allowed maximum [10]."
    assert answer == ("InvalidParameterValue", message, 400)
    assert counts(url) == (1, 0, 0)


def test_the_trace_header_is_the_only_system_attribute_of_a_sender(sqs, make, receive, refused):
    url = make()
    header = {"AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1-5759e988-bd862e3fe1be46a994272793"}}
    sent = sqs.send_message(QueueUrl=url, MessageBody="x", MessageSystemAttributes=header)
    assert len(sent["MD5OfMessageSystemAttributes"]) == 32
    assert receive(url)[0]["Attributes"]["AWSTraceHeader"] == header["AWSTraceHeader"]["StringValue"]
    for wrong in ({"SenderId": TEXT}, {"AWSTraceHeader": {"DataType": "Number", "StringValue": "1"}}):
        answer = refused(sqs.send_message, QueueUrl=url, MessageBody="x", MessageSystemAttributes=wrong)
        assert answer[0] == "InvalidParameterValue"


def test_the_trace_header_of_the_request(sqs, make, receive):
    def traced(request, **_):
        request.headers["X-Amzn-Trace-Id"] = "Root=1-2-3"

    url = make()
    sqs.meta.events.register("before-sign.sqs.SendMessage", traced)
    sqs.send_message(QueueUrl=url, MessageBody="x")
    assert receive(url)[0]["Attributes"]["AWSTraceHeader"] == "Root=1-2-3"


@pytest.mark.rule("sqs-018", "sqs-019")
def test_one_message_unless_more_are_asked_for_and_ten_at_most(sqs, make, send, refused):
    url = make()
    send(url, *"abcdefghijkl")
    assert len(sqs.receive_message(QueueUrl=url)["Messages"]) == 1
    assert len(sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]) == 10
    for wrong in (11, 0, -1):
        answer = refused(sqs.receive_message, QueueUrl=url, MaxNumberOfMessages=wrong)
        reason = "Must be between 1 and 10, if provided."
        message = f"Value {wrong} for parameter MaxNumberOfMessages is invalid. Reason: {reason}"
        assert answer == ("InvalidParameterValue", message, 400)


@pytest.mark.rule("sqs-020")
def test_what_a_received_message_carries(sqs, make):
    url = make()
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    sent = sqs.send_message(QueueUrl=url, MessageBody="work")
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    handle = message.pop("ReceiptHandle")
    assert handle.startswith("AQEB")
    assert message == {"MessageId": sent["MessageId"], "MD5OfBody": sent["MD5OfMessageBody"], "Body": "work"}


@pytest.mark.rule("sqs-021", "sqs-022")
def test_system_attributes(aws, sqs, make, send, receive):
    url = make(VisibilityTimeout=10)
    send(url, "x")
    aws.clock.advance(seconds=1.5)
    (first,) = receive(url)
    sender = first["Attributes"]["SenderId"]
    start = 1767225600000
    assert first["Attributes"] == {
        "SenderId": sender,
        "SentTimestamp": str(start),
        "ApproximateReceiveCount": "1",
        "ApproximateFirstReceiveTimestamp": str(start + 1500),
    }
    assert sender.startswith("AIDA")
    aws.clock.advance(seconds=10)
    (second,) = receive(url, AttributeNames=["All"], MessageSystemAttributeNames=[])
    assert second["Attributes"] == {**first["Attributes"], "ApproximateReceiveCount": "2"}
    aws.clock.advance(seconds=10)
    (third,) = receive(url, MessageSystemAttributeNames=["ApproximateReceiveCount", "SequenceNumber"])
    assert third["Attributes"] == {"ApproximateReceiveCount": "3"}


def test_a_system_attribute_that_there_is_not(sqs, make, send, refused, counts):
    url = make()
    send(url, "x")
    # Names of queue attributes pass in the older parameter, and give nothing.
    (message,) = sqs.receive_message(QueueUrl=url, AttributeNames=["Policy"], VisibilityTimeout=0)["Messages"]
    assert "Attributes" not in message
    answer = refused(sqs.receive_message, QueueUrl=url, MessageSystemAttributeNames=["Nothing"])
    assert answer == ("InvalidAttributeName", "Unknown Attribute Nothing.", 400)
    assert counts(url) == (1, 0, 0)


@pytest.mark.rule("sqs-023")
def test_consumers_side_by_side_get_different_messages(aws, make):
    url = make()
    producers, consumers = ([boto3.client("sqs", region_name="us-east-1") for _ in range(2)] for _ in range(2))
    for producer in producers:
        for n in range(5):
            producer.send_message(QueueUrl=url, MessageBody=str(n))
    taken = [consumers[n % 2].receive_message(QueueUrl=url)["Messages"][0]["MessageId"] for n in range(10)]
    assert len(set(taken)) == 10


@pytest.mark.rule("sqs-024", "sqs-035", "sqs-075")
def test_messages_wait_for_a_consumer_however_many(sqs, make, counts):
    url = make()
    for n in range(1, 31):
        entries = [{"Id": str(i), "MessageBody": f"{n}-{i}"} for i in range(10)]
        sqs.send_message_batch(QueueUrl=url, Entries=entries)
        assert counts(url) == (10 * n, 0, 0)
    received = set()
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        received |= {message["Body"] for message in messages}
    assert received == {f"{n}-{i}" for n in range(1, 31) for i in range(10)}


@pytest.mark.rule("sqs-030", "sqs-032", "sqs-036")
def test_only_deleting_removes_a_message(aws, sqs, make, send, receive, counts):
    url = make()
    send(url, "x")
    (message,) = receive(url)
    assert counts(url) == (0, 1, 0)
    aws.clock.advance(seconds=30)
    (again,) = receive(url)
    assert again["MessageId"] == message["MessageId"]
    sqs.delete_message(QueueUrl=url, ReceiptHandle=again["ReceiptHandle"])
    assert counts(url) == (0, 0, 0)
    aws.clock.advance(hours=1)
    assert receive(url) == []


@pytest.mark.rule("sqs-031")
def test_receipt_handles(sqs, make, send, receive, refused, counts):
    url, other = make(), make("other")
    send(url, "x")
    send(other, "x")
    (message,) = receive(url)
    handle = message["ReceiptHandle"]
    (foreign,) = receive(other)
    for wrong in ("x", handle[:-4], "AQEB????", handle[:-8] + "AAAAAAAA", foreign["ReceiptHandle"]):
        answer = refused(sqs.delete_message, QueueUrl=url, ReceiptHandle=wrong)
        message = f'The input receipt handle "{wrong}" is not a valid receipt handle.'
        assert answer == ("ReceiptHandleIsInvalid", message, 404)
    assert counts(url) == (0, 1, 0)
    sqs.delete_message(QueueUrl=url, ReceiptHandle=handle)
    sqs.delete_message(QueueUrl=url, ReceiptHandle=handle)
    assert counts(url) == (0, 0, 0)


def test_an_old_handle_of_a_message_received_again(aws, sqs, make, send, receive, refused, counts):
    url = make(VisibilityTimeout=10)
    send(url, "x")
    (first,) = receive(url)
    aws.clock.advance(seconds=10)
    (second,) = receive(url)
    assert second["ReceiptHandle"] != first["ReceiptHandle"]
    old = {"QueueUrl": url, "ReceiptHandle": first["ReceiptHandle"]}
    assert refused(sqs.change_message_visibility, **old, VisibilityTimeout=0)[0] == "InvalidParameterValue"
    assert counts(url) == (0, 1, 0)
    sqs.delete_message(**old)
    assert counts(url) == (0, 0, 0)


@pytest.mark.aws(replay="sqs.old-receipt-handle#1=1")
def test_an_old_handle_may_delete_nothing(aws, sqs, make, send, receive, counts):
    url = make(VisibilityTimeout=10)
    send(url, "x")
    (first,) = receive(url)
    aws.clock.advance(seconds=10)
    receive(url)
    sqs.delete_message(QueueUrl=url, ReceiptHandle=first["ReceiptHandle"])
    assert counts(url) == (0, 1, 0)


def test_a_handle_outlives_no_visibility_timeout_there_is(aws, sqs, make, send, receive, refused, counts):
    url = make(VisibilityTimeout=10)
    send(url, "x")
    (message,) = receive(url)
    handle = message["ReceiptHandle"]
    aws.clock.advance(hours=12, seconds=1)
    answer = refused(sqs.delete_message, QueueUrl=url, ReceiptHandle=handle)
    reason = "The receipt handle has expired."
    message = f"Value {handle} for parameter ReceiptHandle is invalid. Reason: {reason}"
    assert answer == ("InvalidParameterValue", message, 400)
    assert counts(url) == (1, 0, 0)


@pytest.mark.rule("sqs-033")
def test_purging_deletes_all_messages(sqs, make, send, receive, counts, bodies):
    url = make()
    send(url, "a", "b")
    send(url, "late", DelaySeconds=60)
    (held,) = receive(url)
    sqs.purge_queue(QueueUrl=url)
    assert counts(url) == (0, 0, 0)
    assert bodies(url) == []
    sqs.delete_message(QueueUrl=url, ReceiptHandle=held["ReceiptHandle"])
    send(url, "new")
    assert bodies(url) == ["new"]


@pytest.mark.rule("sqs-034")
@pytest.mark.aws(lifecycle="timed")
def test_a_queue_is_purged_once_a_minute(aws, sqs, make, send, refused, counts):
    url = make()
    sqs.purge_queue(QueueUrl=url)
    send(url, "x")
    message = "Only one PurgeQueue operation on jobs is allowed every 60 seconds."
    assert refused(sqs.purge_queue, QueueUrl=url) == ("AWS.SimpleQueueService.PurgeQueueInProgress", message, 403)
    aws.clock.advance(seconds=59.9)
    assert refused(sqs.purge_queue, QueueUrl=url)[1] == message
    assert counts(url) == (1, 0, 0)
    aws.clock.advance(seconds=0.1)
    sqs.purge_queue(QueueUrl=url)
    assert counts(url) == (0, 0, 0)


@pytest.mark.rule("sqs-039")
def test_retention(aws, sqs, make, send, receive, counts):
    url = make(MessageRetentionPeriod=60)
    send(url, "a")
    aws.clock.advance(seconds=30)
    send(url, "b")
    receive(url)
    aws.clock.advance(seconds=29.9)
    assert counts(url) == (1, 1, 0)
    aws.clock.advance(seconds=0.1)
    assert counts(url) == (1, 0, 0)
    assert [message["Body"] for message in receive(url, 10)] == ["b"]
    # A new period holds for the messages that are there.
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"MessageRetentionPeriod": "120"})
    aws.clock.advance(seconds=89.9)
    assert sum(counts(url)) == 1
    aws.clock.advance(seconds=0.1)
    assert counts(url) == (0, 0, 0)


@pytest.mark.rule("sqs-072")
def test_a_message_is_there_at_once(make, send, bodies):
    url = make()
    send(url, "x")
    assert bodies(url) == ["x"]

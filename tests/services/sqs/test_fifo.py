"""FIFO queues: order within groups, deduplication, repeated receives."""

import hashlib

import pytest

pytestmark = pytest.mark.aws(at="2026-01-01")

NO_DEDUPLICATION_ID = (
    "InvalidParameterValue",
    "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
    400,
)


@pytest.fixture
def put(sqs):
    """put(url, group, body, id): id is the body unless given."""

    def put(url, group, body, id=None, **more):
        return sqs.send_message(
            QueueUrl=url, MessageBody=body, MessageGroupId=group, MessageDeduplicationId=id or body, **more
        )

    return put


@pytest.mark.rule("sqs-060")
def test_the_name_of_a_fifo_queue(sqs, make, refused):
    message = (
        "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, "
        "must end with .fifo suffix and be 1 to 80 in length."
    )
    for name in ("q", ".fifo", "a b.fifo", "a" * 76 + ".fifo", "q.fifo.fifo"):
        answer = refused(sqs.create_queue, QueueName=name, Attributes={"FifoQueue": "true"})
        assert answer == ("InvalidParameterValue", message, 400)
    assert refused(sqs.create_queue, QueueName="q.fifo")[0] == "InvalidParameterValue"
    assert "QueueUrls" not in sqs.list_queues()
    make("q.fifo")


@pytest.mark.rule("sqs-061")
def test_every_message_names_its_group(sqs, make, refused, counts):
    url = make("q.fifo")
    missing = ("MissingParameter", "The request must contain the parameter MessageGroupId.", 400)
    assert refused(sqs.send_message, QueueUrl=url, MessageBody="x") == missing
    assert refused(sqs.send_message, QueueUrl=url, MessageBody="x", MessageDeduplicationId="1") == missing
    entries = [{"Id": "1", "MessageBody": "x", "MessageGroupId": "g", "MessageDeduplicationId": "1"}]
    entries.append({"Id": "2", "MessageBody": "x"})
    answer = refused(sqs.send_message_batch, QueueUrl=url, Entries=entries)
    assert answer == ("InvalidParameterValue", missing[1], 400)
    assert counts(url) == (0, 0, 0)


@pytest.mark.rule("sqs-062")
def test_no_delay_of_a_single_message(sqs, make, put, refused, counts):
    url = make("q.fifo")
    reason = "The request include parameter that is not valid for this queue type."
    answer = refused(put, url=url, group="g", body="x", DelaySeconds=5)
    assert answer == ("InvalidParameterValue", f"Value 5 for parameter DelaySeconds is invalid. Reason: {reason}", 400)
    assert counts(url) == (0, 0, 0)
    put(url, "g", "x", DelaySeconds=0)


@pytest.mark.rule("sqs-063")
def test_the_delay_of_a_fifo_queue(aws, sqs, make, put, bodies, counts):
    url = make("q.fifo", DelaySeconds=5)
    put(url, "g", "a")
    aws.clock.advance(seconds=1)
    put(url, "g", "b")
    assert bodies(url) == []
    assert counts(url) == (0, 0, 2)
    aws.clock.advance(seconds=3.9)
    assert bodies(url) == []
    aws.clock.advance(seconds=0.1)
    assert bodies(url) == ["a"]
    # Unlike that of a standard queue, a new delay holds for the messages that wait already.
    put(url, "h", "c")
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"DelaySeconds": "0"})
    assert counts(url) == (2, 1, 0)
    assert bodies(url) == ["c"]


@pytest.mark.rule("sqs-064")
def test_strict_order_within_a_group(sqs, make, put, receive):
    url = make("q.fifo")
    numbers = [int(put(url, "g", text)["SequenceNumber"]) for text in "123"]
    assert numbers[0] < numbers[1] < numbers[2]
    assert len(str(numbers[0])) == 20
    received = []
    for _ in range(3):
        (message,) = receive(url)
        received.append(message["Body"])
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    assert received == ["1", "2", "3"]


@pytest.mark.rule("sqs-065")
def test_groups_side_by_side(make, put, bodies):
    url = make("q.fifo")
    for n in range(3):
        put(url, "A", f"A{n}")
        put(url, "B", f"B{n}")
    received = bodies(url)
    assert sorted(received) == ["A0", "A1", "A2", "B0", "B1", "B2"]
    for group in "AB":
        assert [body for body in received if body[0] == group] == [f"{group}{n}" for n in range(3)]


@pytest.mark.rule("sqs-066")
def test_a_group_is_locked_while_one_of_its_messages_is_in_flight(aws, sqs, make, put, receive, bodies):
    url = make("q.fifo")
    for group, body in (("a", "a1"), ("a", "a2"), ("b", "b1")):
        put(url, group, body)
    (a1,) = receive(url)
    assert a1["Body"] == "a1"
    assert bodies(url) == ["b1"]
    assert bodies(url) == []
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=a1["ReceiptHandle"], VisibilityTimeout=0)
    (a1,) = receive(url)
    assert a1["Body"] == "a1"
    sqs.delete_message(QueueUrl=url, ReceiptHandle=a1["ReceiptHandle"])
    assert bodies(url) == ["a2"]


def test_a_group_taken_together_is_locked_until_the_last_is_done(aws, sqs, make, put, receive, bodies):
    url = make("q.fifo")
    for body in ("1", "2", "3"):
        put(url, "g", body)
    first, second = receive(url, 2)
    sqs.delete_message(QueueUrl=url, ReceiptHandle=first["ReceiptHandle"])
    assert bodies(url) == []
    aws.clock.advance(seconds=30)
    assert bodies(url) == ["2", "3"]
    assert second["Body"] == "2"


def test_messages_return_to_their_places(aws, make, put, bodies):
    url = make("q.fifo")
    for body in "abcd":
        put(url, "g", body)
    assert bodies(url, 2) == ["a", "b"]
    aws.clock.advance(seconds=30)
    assert bodies(url) == ["a", "b", "c", "d"]


@pytest.mark.rule("sqs-067")
def test_a_send_needs_a_deduplication_id(sqs, make, refused, counts):
    url = make("q.fifo")
    assert refused(sqs.send_message, QueueUrl=url, MessageBody="x", MessageGroupId="g") == NO_DEDUPLICATION_ID
    assert counts(url) == (0, 0, 0)


@pytest.mark.rule("sqs-068")
def test_a_repeated_send_is_accepted_and_not_delivered(sqs, make, put, receive, counts):
    url = make("q.fifo")
    first = put(url, "g", "first", id="1")
    second = put(url, "g", "second", id="1")
    assert (second["MessageId"], second["SequenceNumber"]) == (first["MessageId"], first["SequenceNumber"])
    assert second["MD5OfMessageBody"] == hashlib.md5(b"second").hexdigest()
    assert counts(url) == (1, 0, 0)
    (message,) = receive(url)
    assert message["Body"] == "first"
    assert message["Attributes"]["MessageDeduplicationId"] == "1"
    assert message["Attributes"]["MessageGroupId"] == "g"
    assert message["Attributes"]["SequenceNumber"] == first["SequenceNumber"]
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    put(url, "g", "third", id="1")
    assert counts(url) == (0, 0, 0)


@pytest.mark.rule("sqs-069")
def test_the_deduplication_interval(aws, make, put, counts):
    url = make("q.fifo")
    put(url, "g", "x", id="1")
    aws.clock.advance(seconds=299)
    put(url, "g", "x", id="1")
    assert counts(url) == (1, 0, 0)
    aws.clock.advance(seconds=0.9)
    put(url, "g", "x", id="1")
    assert counts(url) == (1, 0, 0)
    aws.clock.advance(seconds=1.1)
    put(url, "g", "x", id="1")
    assert counts(url) == (2, 0, 0)


@pytest.mark.rule("sqs-070")
def test_two_ids_make_two_messages_of_one_body(make, put, counts):
    url = make("q.fifo")
    put(url, "g", "x", id="1")
    put(url, "g", "x", id="2")
    assert counts(url) == (2, 0, 0)


@pytest.mark.rule("sqs-071")
def test_content_based_deduplication(sqs, make, receive, counts):
    url = make("q.fifo", ContentBasedDeduplication=True)
    for value in "ab":
        sqs.send_message(
            QueueUrl=url,
            MessageBody="grüße",
            MessageGroupId="g",
            MessageAttributes={"v": {"DataType": "String", "StringValue": value}},
        )
    assert counts(url) == (1, 0, 0)
    digest = hashlib.sha256("grüße".encode()).hexdigest()
    sqs.send_message(QueueUrl=url, MessageBody="other", MessageGroupId="g", MessageDeduplicationId=digest)
    assert counts(url) == (1, 0, 0)
    (message,) = receive(url)
    assert message["Attributes"]["MessageDeduplicationId"] == digest


def test_deduplication_by_group(sqs, make, put, counts):
    url = make("q.fifo")
    put(url, "a", "x", id="1")
    put(url, "b", "x", id="1")
    assert counts(url) == (1, 0, 0)
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"DeduplicationScope": "messageGroup"})
    put(url, "b", "x", id="1")
    assert counts(url) == (1, 0, 0)
    for group in "aabb":
        put(url, group, "x", id="2")
    assert counts(url) == (3, 0, 0)


@pytest.mark.parametrize("wrong", ["", "a b", "ä", "x" * 129, "a\n"])
def test_ids_that_none_can_have(make, put, refused, sqs, counts, wrong):
    url = make("q.fifo")
    text = "{0} can only include alphanumeric and punctuation characters. 1 to 128 in length."
    for parameter in ("MessageGroupId", "MessageDeduplicationId", "ReceiveRequestAttemptId"):
        given = {"MessageGroupId": "g", "MessageDeduplicationId": "1", parameter: wrong}
        attempt = given.pop("ReceiveRequestAttemptId", None)
        if attempt is None:
            answer = refused(sqs.send_message, QueueUrl=url, MessageBody="x", **given)
        else:
            answer = refused(sqs.receive_message, QueueUrl=url, ReceiveRequestAttemptId=attempt)
        message = f"Value {wrong} for parameter {parameter} is invalid. Reason: {text.format(parameter)}"
        assert answer == ("InvalidParameterValue", message, 400)
    assert counts(url) == (0, 0, 0)
    put(url, "!" * 128, "x", id="~" * 128)


def test_what_a_standard_queue_does_not_take(sqs, make, refused, counts):
    url = make()
    wrong_type = "The request include parameter that is not valid for this queue type."
    answer = refused(sqs.send_message, QueueUrl=url, MessageBody="x", MessageDeduplicationId="1")
    assert answer[:2] == (
        "InvalidParameterValue",
        f"Value 1 for parameter MessageDeduplicationId is invalid. Reason: {wrong_type}",
    )
    answer = refused(sqs.receive_message, QueueUrl=url, ReceiveRequestAttemptId="1")
    assert answer[1] == f"Value 1 for parameter ReceiveRequestAttemptId is invalid. Reason: {wrong_type}"
    assert counts(url) == (0, 0, 0)


def test_an_expired_handle(aws, sqs, make, put, receive, refused, counts):
    url = make("q.fifo", VisibilityTimeout=10)
    put(url, "g", "x")
    (message,) = receive(url)
    handle = message["ReceiptHandle"]
    aws.clock.advance(seconds=10)
    text = f"Value {handle} for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired."
    expired = ("InvalidParameterValue", text, 400)
    assert refused(sqs.delete_message, QueueUrl=url, ReceiptHandle=handle) == expired
    assert refused(sqs.change_message_visibility, QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=1) == expired
    assert counts(url) == (1, 0, 0)
    answer = sqs.delete_message_batch(QueueUrl=url, Entries=[{"Id": "1", "ReceiptHandle": handle}])
    failed = {"Id": "1", "Code": "ReceiptHandleIsInvalid", "Message": "The receipt handle has expired"}
    assert answer["Failed"] == [{**failed, "SenderFault": True}]
    (again,) = receive(url)
    assert refused(sqs.delete_message, QueueUrl=url, ReceiptHandle=handle) == expired
    sqs.delete_message(QueueUrl=url, ReceiptHandle=again["ReceiptHandle"])
    sqs.delete_message(QueueUrl=url, ReceiptHandle=handle)
    assert counts(url) == (0, 0, 0)


def test_a_receive_can_be_repeated(aws, sqs, make, put, receive, counts):
    url = make("q.fifo", VisibilityTimeout=30)
    assert receive(url, 2, ReceiveRequestAttemptId="1") == []
    for body in "abc":
        put(url, "g", body)
    first = receive(url, 2, ReceiveRequestAttemptId="1")
    aws.clock.advance(seconds=20)
    again = receive(url, 2, ReceiveRequestAttemptId="1")
    assert again == first
    assert counts(url) == (1, 2, 0)
    # The repetition hides the messages anew.
    aws.clock.advance(seconds=29.9)
    assert counts(url) == (1, 2, 0)
    sqs.delete_message(QueueUrl=url, ReceiptHandle=first[0]["ReceiptHandle"])
    assert receive(url, 2, ReceiveRequestAttemptId="1") == []
    aws.clock.advance(seconds=0.1)
    assert [message["Body"] for message in receive(url, 2, ReceiveRequestAttemptId="1")] == ["b", "c"]


def test_a_receive_can_be_repeated_for_five_minutes(aws, make, put, receive):
    url = make("q.fifo", VisibilityTimeout=3600)
    put(url, "g", "x")
    first = receive(url, ReceiveRequestAttemptId="1")
    aws.clock.advance(seconds=299.9)
    assert receive(url, ReceiveRequestAttemptId="1") == first
    aws.clock.advance(seconds=300)
    assert receive(url, ReceiveRequestAttemptId="1") == []


def test_retention_in_a_fifo_queue_frees_the_group(aws, make, put, bodies, counts):
    url = make("q.fifo", MessageRetentionPeriod=60, VisibilityTimeout=3600)
    put(url, "g", "a")
    aws.clock.advance(seconds=30)
    put(url, "g", "b")
    assert bodies(url, 1) == ["a"]
    assert bodies(url) == []
    aws.clock.advance(seconds=30)
    assert counts(url) == (1, 0, 0)
    assert bodies(url) == ["b"]


def test_attributes_for_fifo_queues_only(sqs, make, attributes, refused):
    unknown = ("InvalidAttributeName", "Unknown Attribute {}.", 400)
    only = ("InvalidAttributeName", "You can specify the {} only when FifoQueue is set to true.", 400)
    url = make()
    for name, value, (code, text, status) in (
        ("FifoQueue", "false", unknown),
        ("ContentBasedDeduplication", "true", unknown),
        ("DeduplicationScope", "queue", only),
        ("FifoThroughputLimit", "perQueue", only),
    ):
        expected = (code, text.format(name), status)
        assert refused(sqs.create_queue, QueueName="new", Attributes={name: value}) == expected
        assert refused(sqs.set_queue_attributes, QueueUrl=url, Attributes={name: value}) == expected
        assert refused(sqs.get_queue_attributes, QueueUrl=url, AttributeNames=[name])[1] == f"Unknown Attribute {name}."
    fifo = make("q.fifo")
    for name, value in (("ContentBasedDeduplication", "yes"), ("DeduplicationScope", "x"), ("FifoThroughputLimit", "")):
        if value:
            answer = refused(sqs.set_queue_attributes, QueueUrl=fifo, Attributes={name: value})
            assert answer == ("InvalidAttributeValue", f"Invalid value for the parameter {name}.", 400)
    answer = refused(sqs.set_queue_attributes, QueueUrl=fifo, Attributes={"FifoThroughputLimit": "perMessageGroupId"})
    assert answer[0] == "InvalidAttributeValue"
    high = {"FifoThroughputLimit": "perMessageGroupId", "DeduplicationScope": "messageGroup"}
    sqs.set_queue_attributes(QueueUrl=fifo, Attributes=high)
    assert high.items() <= attributes(fifo).items()
    reason = "Modifying queue type is not supported."
    answer = refused(sqs.set_queue_attributes, QueueUrl=fifo, Attributes={"FifoQueue": "false"})
    assert answer == ("InvalidAttributeValue", f"Invalid value for the parameter FifoQueue. Reason: {reason}", 400)
    sqs.set_queue_attributes(QueueUrl=fifo, Attributes={"FifoQueue": "true"})


def test_snapshots_of_fifo_queues(aws, sqs, make, put, receive, counts):
    url = make("q.fifo")
    put(url, "g", "a")
    put(url, "g", "b")
    (held,) = receive(url)
    snapshot = aws.snapshot()
    sqs.delete_message(QueueUrl=url, ReceiptHandle=held["ReceiptHandle"])
    put(url, "g", "c")
    assert [message["Body"] for message in receive(url, 10)] == ["b", "c"]
    aws.restore(snapshot)
    assert counts(url) == (1, 1, 0)
    assert receive(url) == []
    put(url, "g", "c")
    sqs.delete_message(QueueUrl=url, ReceiptHandle=held["ReceiptHandle"])
    assert [message["Body"] for message in receive(url, 10)] == ["b", "c"]


def test_a_receive_cannot_be_repeated_once_its_messages_changed(aws, sqs, make, put, receive, counts):
    url = make("q.fifo", VisibilityTimeout=30)
    put(url, "g", "x")
    (message,) = receive(url, ReceiveRequestAttemptId="1")
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=60)
    assert receive(url, ReceiveRequestAttemptId="1") == []
    aws.clock.advance(seconds=60)
    (again,) = receive(url)
    assert receive(url, ReceiveRequestAttemptId="1") == []
    assert again["Attributes"]["ApproximateReceiveCount"] == "2"
    assert counts(url) == (0, 1, 0)

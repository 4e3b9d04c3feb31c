"""Visibility timeouts, delays and long polls: what the clock does to messages."""

import pytest

pytestmark = pytest.mark.aws(at="2026-01-01")


@pytest.mark.rule("sqs-025", "sqs-027")
def test_a_long_poll_waits_for_a_message_or_for_its_end(aws, sqs, make, send, bodies):
    url = make()
    start = aws.clock.time()
    assert bodies(url, WaitTimeSeconds=5) == []
    assert aws.clock.time() == pytest.approx(start + 5)
    assert bodies(url, WaitTimeSeconds=1) == []
    assert aws.clock.time() == pytest.approx(start + 6)
    send(url, "late", DelaySeconds=2)
    assert bodies(url, WaitTimeSeconds=5) == ["late"]
    assert aws.clock.time() == pytest.approx(start + 8)


def test_a_long_poll_ends_with_a_visibility_timeout(aws, make, send, bodies):
    url = make(VisibilityTimeout=4)
    send(url, "x")
    bodies(url)
    start = aws.clock.time()
    assert bodies(url, WaitTimeSeconds=20) == ["x"]
    assert aws.clock.time() == pytest.approx(start + 4)


@pytest.mark.rule("sqs-025")
def test_a_long_poll_is_woken_by_a_message_sent_meanwhile(aws, make, send, bodies):
    import threading

    url = make()
    bodies(url)
    polling = threading.Event()
    received = []

    def poll():
        polling.set()
        received.extend(bodies(url, WaitTimeSeconds=20))

    thread = threading.Thread(target=poll)
    thread.start()
    polling.wait()
    send(url, "x")
    thread.join(timeout=10)
    assert received == ["x"]


@pytest.mark.rule("sqs-026")
def test_long_polling_of_the_queue_and_of_the_call(aws, sqs, make, attributes, bodies):
    url = make()
    assert attributes(url, "ReceiveMessageWaitTimeSeconds") == "0"
    start = aws.clock.time()
    assert bodies(url) == []
    assert aws.clock.time() == start
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"ReceiveMessageWaitTimeSeconds": "20"})
    assert bodies(url) == []
    assert aws.clock.time() == pytest.approx(start + 20)
    assert bodies(url, WaitTimeSeconds=0) == []
    assert aws.clock.time() == pytest.approx(start + 20)


@pytest.mark.rule("sqs-027", "sqs-028")
@pytest.mark.parametrize("seconds", [-1, 21])
def test_the_wait_of_a_call(aws, sqs, make, refused, seconds):
    start = aws.clock.time()
    reason = "Must be >= 0 and <= 20, if provided."
    message = f"Value {seconds} for parameter WaitTimeSeconds is invalid. Reason: {reason}"
    answer = refused(sqs.receive_message, QueueUrl=make(), WaitTimeSeconds=seconds)
    assert answer == ("InvalidParameterValue", message, 400)
    assert aws.clock.time() == start
    sqs.receive_message(QueueUrl=make(), WaitTimeSeconds=20)


@pytest.mark.rule("sqs-040", "sqs-043")
def test_a_received_message_is_hidden_for_half_a_minute(aws, make, send, bodies, counts):
    url = make()
    send(url, "x")
    assert bodies(url) == ["x"]
    assert bodies(url) == []
    assert counts(url) == (0, 1, 0)
    aws.clock.advance(seconds=29)
    assert bodies(url) == []
    aws.clock.advance(seconds=1)
    assert bodies(url) == ["x"]


@pytest.mark.rule("sqs-041")
def test_a_timeout_of_nothing_hides_nothing(make, send, receive, bodies, counts):
    url = make()
    send(url, "x")
    assert bodies(url, VisibilityTimeout=0) == ["x"]
    assert counts(url) == (1, 0, 0)
    assert bodies(url, VisibilityTimeout=0) == ["x"]
    zero = make("zero", VisibilityTimeout=0)
    send(zero, "x")
    assert [receive(zero)[0]["Attributes"]["ApproximateReceiveCount"] for _ in range(3)] == ["1", "2", "3"]


@pytest.mark.rule("sqs-042")
def test_twelve_hours_at_most(aws, sqs, make, send, receive, refused, counts):
    url = make()
    send(url, "x")
    for wrong in (-1, 43201):
        reason = "Must be between 0 and 43200, if provided."
        message = f"Value {wrong} for parameter VisibilityTimeout is invalid. Reason: {reason}"
        answer = refused(sqs.receive_message, QueueUrl=url, VisibilityTimeout=wrong)
        assert answer == ("InvalidParameterValue", message, 400)
        assert counts(url) == (1, 0, 0)
    handle = receive(url, VisibilityTimeout=43200)[0]["ReceiptHandle"]
    held = {"QueueUrl": url, "ReceiptHandle": handle}
    for wrong in (-1, 43201):
        assert refused(sqs.change_message_visibility, **held, VisibilityTimeout=wrong)[0] == "InvalidParameterValue"
    sqs.change_message_visibility(**held, VisibilityTimeout=43200)
    # Twelve hours in all, from the receive on.
    aws.clock.advance(seconds=200)
    reason = "Total VisibilityTimeout for the message is beyond the limit [43200 seconds]"
    message = f"Value 43001 for parameter VisibilityTimeout is invalid. Reason: {reason}"
    answer = refused(sqs.change_message_visibility, **held, VisibilityTimeout=43001)
    assert answer == ("InvalidParameterValue", message, 400)
    sqs.change_message_visibility(**held, VisibilityTimeout=43000)


@pytest.mark.rule("sqs-044")
def test_what_is_not_deleted_in_time_comes_again(aws, make, send, receive, counts):
    url = make()
    send(url, "x")
    (first,) = receive(url)
    aws.clock.advance(seconds=30)
    assert counts(url) == (1, 0, 0)
    (second,) = receive(url)
    assert second["MessageId"] == first["MessageId"]
    assert second["ReceiptHandle"] != first["ReceiptHandle"]
    assert second["Attributes"]["ApproximateReceiveCount"] == "2"


@pytest.mark.rule("sqs-045")
def test_too_short_a_timeout_has_two_work_on_one_message(aws, sqs, make, send, bodies, receive):
    url = make(VisibilityTimeout=1)
    send(url, "x")
    assert bodies(url) == ["x"]
    aws.clock.advance(seconds=2)
    (message,) = receive(url)
    assert message["Body"] == "x"
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


@pytest.mark.rule("sqs-046")
def test_too_long_a_timeout_hides_the_message_of_a_consumer_that_crashed(aws, make, send, bodies):
    url = make(VisibilityTimeout=7200)
    send(url, "x")
    assert bodies(url) == ["x"]
    aws.clock.advance(seconds=7199)
    assert bodies(url) == []
    aws.clock.advance(seconds=1)
    assert bodies(url) == ["x"]


@pytest.mark.rule("sqs-047")
def test_the_timeout_of_a_call_goes_before_that_of_the_queue(aws, make, send, bodies):
    url = make(VisibilityTimeout=30)
    send(url, "x")
    assert bodies(url, VisibilityTimeout=5) == ["x"]
    aws.clock.advance(seconds=4.9)
    assert bodies(url) == []
    aws.clock.advance(seconds=0.1)
    assert bodies(url) == ["x"]
    aws.clock.advance(seconds=29.9)
    assert bodies(url) == []


@pytest.mark.rule("sqs-048")
def test_a_consumer_changes_how_long_its_message_is_hidden(aws, sqs, make, send, receive, bodies):
    url = make()
    send(url, "x")
    held = {"QueueUrl": url, "ReceiptHandle": receive(url)[0]["ReceiptHandle"]}
    aws.clock.advance(seconds=15)
    sqs.change_message_visibility(**held, VisibilityTimeout=60)
    aws.clock.advance(seconds=59.9)
    assert bodies(url) == []
    aws.clock.advance(seconds=0.1)
    held["ReceiptHandle"] = receive(url)[0]["ReceiptHandle"]
    entry = {"Id": "1", "ReceiptHandle": held["ReceiptHandle"], "VisibilityTimeout": 0}
    answer = sqs.change_message_visibility_batch(QueueUrl=url, Entries=[entry])
    assert answer["Successful"] == [{"Id": "1"}]
    assert bodies(url) == ["x"]


@pytest.mark.rule("sqs-049")
def test_changing_after_the_timeout_and_after_the_message(aws, sqs, make, send, receive, refused, counts):
    url = make(VisibilityTimeout=10)
    send(url, "x")
    held = {"QueueUrl": url, "ReceiptHandle": receive(url)[0]["ReceiptHandle"]}
    aws.clock.advance(seconds=11)
    assert counts(url) == (1, 0, 0)
    sqs.change_message_visibility(**held, VisibilityTimeout=20)
    assert counts(url) == (0, 1, 0)
    assert receive(url) == []
    aws.clock.advance(seconds=20)
    assert counts(url) == (1, 0, 0)
    sqs.delete_message(**held)
    answer = refused(sqs.change_message_visibility, **held, VisibilityTimeout=20)
    reason = "Message does not exist or is not available for visibility timeout change."
    message = f"Value {held['ReceiptHandle']} for parameter ReceiptHandle is invalid. Reason: {reason}"
    assert answer == ("InvalidParameterValue", message, 400)
    assert counts(url) == (0, 0, 0)


@pytest.mark.rule("sqs-051")
def test_a_quarter_of_an_hour_of_delay_at_most(aws, sqs, make, send, refused, bodies, counts):
    url = make()
    for wrong in (-1, 901):
        reason = "DelaySeconds must be >= 0 and <= 900."
        message = f"Value {wrong} for parameter DelaySeconds is invalid. Reason: {reason}"
        answer = refused(sqs.send_message, QueueUrl=url, MessageBody="x", DelaySeconds=wrong)
        assert answer == ("InvalidParameterValue", message, 400)
    send(url, "x", DelaySeconds=900)
    assert counts(url) == (0, 0, 1)
    aws.clock.advance(seconds=899.9)
    assert bodies(url) == []
    aws.clock.advance(seconds=0.1)
    assert bodies(url) == ["x"]


@pytest.mark.rule("sqs-052")
def test_the_delay_of_a_queue(aws, sqs, make, send, bodies, counts):
    url = make(DelaySeconds=10)
    send(url, "x")
    assert bodies(url) == []
    assert counts(url) == (0, 0, 1)
    aws.clock.advance(seconds=9.9)
    assert bodies(url) == []
    aws.clock.advance(seconds=0.1)
    assert counts(url) == (1, 0, 0)
    assert bodies(url) == ["x"]
    # A new delay holds for new messages only.
    send(url, "y")
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"DelaySeconds": "0"})
    assert counts(url) == (0, 1, 1)


@pytest.mark.rule("sqs-053")
def test_the_delay_of_a_message_goes_before_that_of_the_queue(aws, make, send, bodies):
    url, slow = make(), make("slow", DelaySeconds=10)
    send(url, "x", DelaySeconds=5)
    send(slow, "y", DelaySeconds=0)
    assert bodies(url) == []
    assert bodies(slow) == ["y"]
    aws.clock.advance(seconds=5)
    assert bodies(url) == ["x"]


@pytest.mark.rule("sqs-029")
def test_one_long_poll_gets_what_many_short_ones_miss(aws, sqs, make, send, receive):
    """(CloudWatch's count of empty receives is not modelled: the journal says what came back empty.)"""
    url = make()

    def empty():
        return sum("Messages" not in call.result for call in aws.calls.of("sqs:ReceiveMessage"))

    send(url, "long", DelaySeconds=10)
    (message,) = receive(url, WaitTimeSeconds=20)
    assert (message["Body"], empty()) == ("long", 0)
    send(url, "short", DelaySeconds=10)
    for _ in range(10):
        assert receive(url) == []
        aws.clock.advance(seconds=1)
    (message,) = receive(url)
    assert (message["Body"], empty()) == ("short", 10)

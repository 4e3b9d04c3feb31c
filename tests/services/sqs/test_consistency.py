"""What AWS leaves open of standard queues, and never of FIFO queues."""

import pytest

pytestmark = pytest.mark.aws(at="2026-01-01")


@pytest.mark.rule("sqs-073")
@pytest.mark.aws(replay="sqs.duplicate#1=1")
def test_at_least_once(sqs, make, send, receive, counts):
    url = make()
    send(url, "x")
    (first,), (second,) = receive(url), receive(url)
    assert second["MessageId"] == first["MessageId"]
    assert second["ReceiptHandle"] != first["ReceiptHandle"]
    assert second["Attributes"]["ApproximateReceiveCount"] == "2"
    assert receive(url) == []
    sqs.delete_message(QueueUrl=url, ReceiptHandle=second["ReceiptHandle"])
    assert counts(url) == (0, 0, 0)


@pytest.mark.rule("sqs-074")
@pytest.mark.aws(replay="sqs.order#1=1")
def test_order_by_best_effort(aws, make, send, bodies, counts):
    url = make()
    send(url, "1", "2", "3")
    assert bodies(url) == ["2", "1", "3"]
    assert counts(url) == (0, 3, 0)
    aws.clock.advance(seconds=30)
    assert bodies(url) == ["1", "2", "3"]


@pytest.mark.aws(replay="sqs.order#1=1")
def test_there_is_but_one_order_of_one_message(make, send, bodies):
    url = make()
    send(url, "x")
    assert bodies(url) == ["x"]


@pytest.mark.aws(replay="sqs.short-poll-miss#1=1")
def test_a_short_poll_may_miss_what_is_there(make, send, bodies):
    url = make()
    send(url, "x")
    assert bodies(url) == []
    assert bodies(url) == ["x"]


@pytest.mark.aws(replay="sqs.short-poll-miss#1=1")
def test_a_long_poll_misses_nothing(aws, make, send, bodies):
    url = make()
    send(url, "x")
    assert bodies(url, WaitTimeSeconds=1) == ["x"]


@pytest.mark.rule("sqs-073", "sqs-074")
@pytest.mark.aws(consistency="eventual", seed=7)
def test_eventual_consistency_varies_all_of_it_and_loses_nothing(aws, sqs, make, send, receive):
    url = make(VisibilityTimeout=3600)
    texts = [f"m{n}" for n in range(300)]
    send(url, *texts)
    order, seen = [], set()
    empty = 0
    while empty < 10:
        messages = receive(url, 10)
        empty = 0 if messages else empty + 1
        for message in messages:
            order.append(message["Body"])
            seen.add(message["Body"])
    assert seen == set(texts)
    assert order != texts
    assert len(order) > len(texts)
    deviations = {choice.name for choice in aws.choices if choice.deviates}
    assert deviations == {"sqs.order", "sqs.duplicate", "sqs.short-poll-miss"}


@pytest.mark.rule("sqs-074")
def test_by_default_nothing_varies(aws, make, send, bodies):
    url = make()
    texts = [f"m{n}" for n in range(50)]
    send(url, *texts)
    assert [body for _ in range(5) for body in bodies(url)] == texts
    assert len(aws.choices) == 0


@pytest.mark.aws(consistency="eventual", seed=7)
def test_a_fifo_queue_keeps_its_promises(aws, sqs, make, send, receive):
    url = make("jobs.fifo")
    texts = [f"m{n}" for n in range(100)]
    send(url, *texts)
    received = []
    for _ in range(100):
        (message,) = receive(url)
        received.append(message["Body"])
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    assert received == texts
    assert not [choice for choice in aws.choices if choice.deviates]

"""Messages in flight, rates of FIFO queues, fair queues, and many clients at once."""

from concurrent.futures import ThreadPoolExecutor

import boto3
import pytest

pytestmark = pytest.mark.aws(at="2026-01-01")


@pytest.mark.rule("sqs-076")
@pytest.mark.aws(limits={"sqs.in-flight-messages": 3})
def test_too_many_messages_in_flight(aws, sqs, make, send, receive, bodies, refused, counts):
    url = make()
    send(url, *"abcde")
    assert bodies(url, 10) == ["a", "b", "c"]
    message = (
        "Too many messages have been received without being deleted. "
        "Please delete your received messages or let them timeout before receiving more."
    )
    assert refused(sqs.receive_message, QueueUrl=url) == ("OverLimit", message, 403)
    assert counts(url) == (2, 3, 0)
    start = aws.clock.time()
    assert bodies(url, WaitTimeSeconds=20) == []
    assert aws.clock.time() == pytest.approx(start + 20)
    assert bodies(url, WaitTimeSeconds=20) == ["a", "b", "c"]
    assert aws.clock.time() == pytest.approx(start + 30)


@pytest.mark.rule("sqs-076")
@pytest.mark.aws(limits={"sqs.fifo-in-flight-messages": 2})
def test_too_many_messages_in_flight_in_a_fifo_queue(sqs, make, send, bodies):
    url = make("jobs.fifo")
    send(url, *"abc")
    assert bodies(url) == ["a", "b"]
    assert bodies(url) == []


@pytest.mark.rule("sqs-076")
def test_how_many_there_may_be(aws):
    assert aws.limits["sqs.in-flight-messages"] == aws.limits["sqs.fifo-in-flight-messages"] == 120_000


@pytest.mark.aws(as_of="2024-01-01")
def test_how_many_there_were(aws):
    assert aws.limits["sqs.fifo-in-flight-messages"] == 20_000


@pytest.mark.rule("sqs-077")
@pytest.mark.aws(throttling=True)
def test_a_standard_queue_takes_any_rate(sqs, make):
    url = make()
    for n in range(400):
        sqs.send_message(QueueUrl=url, MessageBody=str(n))
        sqs.receive_message(QueueUrl=url)


@pytest.fixture
def impatient(aws):
    """A client that does not try again."""
    from botocore.config import Config

    return boto3.client("sqs", region_name="us-east-1", config=Config(retries={"total_max_attempts": 1}))


THROTTLED = ("ThrottlingException", "Rate exceeded", 400)


@pytest.mark.rule("sqs-078")
@pytest.mark.aws(throttling=True)
def test_the_rate_of_a_fifo_queue(aws, impatient, make, refused, counts):
    url = make("jobs.fifo")
    make("other.fifo")

    def send(n):
        impatient.send_message(QueueUrl=url, MessageBody="x", MessageGroupId=str(n), MessageDeduplicationId=str(n))

    for n in range(300):
        send(n)
    assert refused(send, n=300) == THROTTLED
    assert counts(url) == (300, 0, 0)
    for _ in range(300):
        impatient.receive_message(QueueUrl=url)
    assert refused(impatient.receive_message, QueueUrl=url) == THROTTLED
    other = url.replace("jobs", "other")
    impatient.send_message(QueueUrl=other, MessageBody="x", MessageGroupId="g", MessageDeduplicationId="1")
    aws.clock.advance(seconds=1)
    for n in range(300, 600):
        send(n)
    assert refused(send, n=600) == THROTTLED


@pytest.mark.rule("sqs-079")
@pytest.mark.aws(throttling=True)
def test_the_rate_of_batches(impatient, make, refused, counts):
    url = make("jobs.fifo")

    def send(n):
        entries = [
            {"Id": str(i), "MessageBody": "x", "MessageGroupId": str(i), "MessageDeduplicationId": f"{n}-{i}"}
            for i in range(10)
        ]
        impatient.send_message_batch(QueueUrl=url, Entries=entries)

    for n in range(300):
        send(n)
    assert counts(url) == (3000, 0, 0)
    assert refused(send, n=300) == THROTTLED
    assert counts(url) == (3000, 0, 0)


@pytest.mark.rule("sqs-078")
@pytest.mark.aws(throttling=True)
def test_high_throughput_is_counted_by_group(impatient, make, refused, aws):
    url = make("jobs.fifo", DeduplicationScope="messageGroup", FifoThroughputLimit="perMessageGroupId")

    def send(group, n):
        impatient.send_message(QueueUrl=url, MessageBody="x", MessageGroupId=group, MessageDeduplicationId=str(n))

    for n in range(300):
        send("a", n)
    assert refused(send, group="a", n=300) == THROTTLED
    for n in range(300):
        send("b", n)
    assert refused(send, group="b", n=300) == THROTTLED


@pytest.mark.parametrize(
    ("region", "allowed"),
    [("us-east-1", 70_000), ("eu-central-1", 19_000), ("eu-west-2", 4_500), ("eu-north-1", 2_400)],
)
@pytest.mark.aws(throttling=True)
def test_high_throughput_by_region(aws, region, allowed):
    client = boto3.client("sqs", region_name=region)
    attributes = {"FifoQueue": "true", "DeduplicationScope": "messageGroup", "FifoThroughputLimit": "perMessageGroupId"}
    url = client.create_queue(QueueName="jobs.fifo", Attributes=attributes)["QueueUrl"]
    client.send_message(QueueUrl=url, MessageBody="x", MessageGroupId="g", MessageDeduplicationId="1")
    (use,) = [use for use in aws.limits.usage() if use.name.startswith("sqs.fifo-high-throughput")]
    assert (use.used, use.allowed) == (1, allowed)


def test_fair_queues_serve_quiet_tenants_first(sqs, make, receive, bodies):
    url = make()
    for n in range(40):
        sqs.send_message(QueueUrl=url, MessageBody=f"noisy{n}", MessageGroupId="noisy")
    assert bodies(url, 10) == [f"noisy{n}" for n in range(10)]
    sqs.send_message(QueueUrl=url, MessageBody="quiet", MessageGroupId="quiet")
    # Ten in flight are no noise yet; thirty are.
    assert bodies(url, 10) == [f"noisy{n}" for n in range(10, 20)]
    assert bodies(url, 9) == [f"noisy{n}" for n in range(20, 29)]
    assert bodies(url, 1) == ["noisy29"]
    assert bodies(url, 2) == ["quiet", "noisy30"]
    sqs.send_message(QueueUrl=url, MessageBody="nobody's")
    assert bodies(url, 10) == ["nobody's"] + [f"noisy{n}" for n in range(31, 40)]


def test_the_less_noisy_of_two_tenants_comes_first(sqs, make, bodies):
    url = make()
    for name, count in (("loud", 50), ("louder", 60)):
        for _ in range(count):
            sqs.send_message(QueueUrl=url, MessageBody=name, MessageGroupId=name)
    taken = [body for _ in range(7) for body in bodies(url)]
    # Thirty of each make both noisy; from there on they take turns.
    assert taken[:30] == ["loud"] * 30
    assert taken[30:60] == ["louder"] * 30
    assert (taken[60:].count("loud"), taken[60:].count("louder")) == (5, 5)


@pytest.mark.aws(as_of="2025-01-01")
def test_no_tenants_before_there_were_fair_queues(sqs, make, bodies):
    url = make()
    for n in range(35):
        sqs.send_message(QueueUrl=url, MessageBody=f"noisy{n}", MessageGroupId="noisy")
    sqs.send_message(QueueUrl=url, MessageBody="quiet", MessageGroupId="quiet")
    assert [body for _ in range(4) for body in bodies(url)] == [f"noisy{n}" for n in range(35)] + ["quiet"]


def test_a_visibility_timeout_may_be_changed_after_its_message_was_taken_out_of_turn(sqs, make, send, receive, bodies):
    url = make(VisibilityTimeout=0)
    send(url, "a", "b")
    (a,) = receive(url)
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=a["ReceiptHandle"], VisibilityTimeout=60)
    assert bodies(url, VisibilityTimeout=60) == ["b"]
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=a["ReceiptHandle"], VisibilityTimeout=0)
    assert bodies(url, VisibilityTimeout=60) == ["a"]


@pytest.mark.rule("sqs-076")
def test_use_of_the_quota_is_shown(aws, make, send, bodies):
    url = make()
    send(url, *"abc")
    bodies(url, 2)
    (use,) = [use for use in aws.limits.usage() if use.name == "sqs.in-flight-messages"]
    assert (use.used, use.allowed, use.scope) == (2, 120_000, "123456789012 us-east-1 jobs")


@pytest.mark.aws(at=None)
def test_many_clients_on_one_queue_lose_nothing_and_share_nothing(aws):
    clients = [boto3.client("sqs", region_name="us-east-1") for _ in range(4)]
    url = clients[0].create_queue(QueueName="jobs")["QueueUrl"]

    def produce(number):
        for n in range(60):
            clients[number].send_message(QueueUrl=url, MessageBody=f"{number}-{n}")

    def consume(number):
        taken = []
        while True:
            messages = clients[number].receive_message(QueueUrl=url, MaxNumberOfMessages=3).get("Messages", [])
            if not messages:
                return taken
            for message in messages:
                clients[number].delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                taken.append(message["Body"])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(produce, range(4)))
        taken = [body for bodies in pool.map(consume, range(4)) for body in bodies]
    assert sorted(taken) == sorted(f"{number}-{n}" for number in range(4) for n in range(60))
    counts = clients[0].get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert counts["ApproximateNumberOfMessages"] == counts["ApproximateNumberOfMessagesNotVisible"] == "0"

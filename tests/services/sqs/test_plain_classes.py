"""Queues and messages alone, without a Cloud: what they cost as they fill, and what holds of their parts."""

import tracemalloc

import pytest

from awsim.limits.table import Limits
from awsim.services.sqs import attributes, receipts, urls
from awsim.services.sqs.fifo import FifoQueue
from awsim.services.sqs.md5 import md5_of_attributes
from awsim.services.sqs.message import IN_FLIGHT, Message
from awsim.services.sqs.queue import StandardQueue

LIMITS = Limits().for_service("sqs", "123456789012", "us-east-1")
SECOND = 1000


def queue(kind=StandardQueue, **given):
    settings = attributes.apply(attributes.defaults(LIMITS), given, LIMITS, fifo=kind.fifo)
    return kind("q", "arn:aws:sqs:us-east-1:123456789012:q", settings, limits=LIMITS, secret=b"s" * 32, now=0)


def message(n, now=0, group_id=None):
    return Message(f"id-{n}", f"body {n}", "md5", "AIDA", now, group_id=group_id)


def fill(target, count, now=0, groups=0):
    for n in range(count):
        group_id = f"g{n % groups}" if groups else ("g" if target.fifo else None)
        target.accept(message(n, now, group_id), 0, retained_from=now, now=now)


def cycle(target, now=0):
    """Receive one, delete it; returns its body."""
    (entry,) = target.receive(1, 30 * SECOND, now=now)
    target.delete(*target.receipt_handles([entry]), now=now)
    return entry.message.body


class Steps:
    """Counts the comparisons and look-ups of Python code: calls of functions, as the interpreter makes them."""

    def __init__(self, work):
        import sys

        self.calls = 0

        def count(frame, event, argument):
            if event in ("call", "c_call"):
                self.calls += 1

        sys.setprofile(count)
        try:
            work()
        finally:
            sys.setprofile(None)


@pytest.mark.parametrize("kind", [StandardQueue, FifoQueue])
@pytest.mark.parametrize("groups", [0, 7])
def test_the_work_of_an_operation_is_the_same_in_a_full_queue(kind, groups):
    def steps(count):
        target = queue(kind)
        fill(target, count, groups=groups)
        for _ in range(3):
            cycle(target)

        def work():
            fill(target, 20, groups=groups)
            for _ in range(20):
                target.refresh(0)
                cycle(target)
            entries = target.receive(10, 30 * SECOND, now=0)
            for entry in entries:
                target.change_visibility(*target.receipt_handles([entry]), 5 * SECOND, now=0)
            target.refresh(5 * SECOND)

        return Steps(work).calls

    assert steps(20_000) <= 1.2 * steps(50)


@pytest.mark.parametrize("kind", [StandardQueue, FifoQueue])
def test_what_is_gone_takes_no_room(kind):
    target = queue(kind, VisibilityTimeout="43200")
    for _ in range(200):
        fill(target, 20)
        for _ in range(20):
            cycle(target)
    fill(target, 200)
    while entries := target.receive(10, 0, now=0):
        target.change_visibility(*target.receipt_handles([entries[0]]), 3600 * SECOND, now=0)
        target.delete(*target.receipt_handles([entries[0]]), now=0)
        target.refresh(0)
        if not target.visible:
            break
    assert len(target._retention) < 700
    assert len(target._transitions) < 700


def test_groups_without_messages_are_forgotten():
    target = queue(FifoQueue)
    for n in range(500):
        target.accept(message(n, group_id=f"g{n}"), 0, retained_from=0, now=0)
        cycle(target)
    assert len(target._groups) == 0


def test_what_was_sent_is_forgotten_after_the_deduplication_interval():
    target = queue(FifoQueue)
    for second in range(1000):
        given = Message(str(second), "x", "md5", "AIDA", 0, group_id="g", deduplication_id=str(second))
        target.remember_sent(given, second * SECOND)
    assert len(target._sent) == 300
    assert target.duplicate_of("g", "700", 999 * SECOND).message_id == "700"
    assert target.duplicate_of("g", "699", 999 * SECOND) is None


def test_messages_that_expire_unseen_take_no_room():
    target = queue(MessageRetentionPeriod="60")
    for second in range(2000):
        now = second * SECOND
        target.refresh(now)
        target.accept(message(second, now), 0, retained_from=now, now=now)
    assert target.visible == 60
    assert len(target._groups._groups[None].waiting) < 300


def test_the_memory_of_a_message():
    target = queue()
    fill(target, 100)
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for n in range(5000):
            given = Message(
                f"00000000-0000-4000-8000-{n:012d}",
                f"a body of some length, {n:05d}",
                f"{n:032d}",
                "AIDA",
                1767225600000 + n,
            )
            target.accept(given, 0, retained_from=given.sent, now=given.sent)
        after, _ = tracemalloc.get_traced_memory()
        while target.receive(10, 30 * SECOND, now=1767225600000):
            pass
        in_flight, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (after - before) / 5000 < 1024
    assert (in_flight - before) / 5000 < 1024


def test_receipt_handles_cannot_be_made_up():
    handle = receipts.make(b"secret", 7, 3)
    assert receipts.read(b"secret", handle) == (7, 3)
    assert receipts.read(b"another", handle) is None
    for index in range(len(handle)):
        changed = handle[:index] + ("A" if handle[index] != "A" else "B") + handle[index + 1 :]
        assert receipts.read(b"secret", changed) is None, index
    for wrong in ("", "AQEB", handle[4:], handle + "AAAA", "ä" + handle):
        assert receipts.read(b"secret", wrong) is None


def test_addresses():
    assert urls.read("https://sqs.eu-west-1.amazonaws.com/123456789012/jobs") == ("eu-west-1", "123456789012", "jobs")
    assert urls.read("https://vpce-1.sqs.eu-west-1.vpce.amazonaws.com/123456789012/jobs").region == "eu-west-1"
    assert urls.read("https://sqs.eu-west-1.api.aws/123456789012/jobs").region == "eu-west-1"
    assert urls.read("http://localhost:9324/queue/000000000000/jobs") == (None, "000000000000", "jobs")
    assert urls.read("https://queue.amazonaws.com/123456789012/jobs").region == "us-east-1"
    assert urls.read("jobs") == (None, None, "jobs")
    for wrong in ("", "https://sqs.eu-west-1.amazonaws.com/", "https://host/name", "https://host/x/name"):
        assert urls.read(wrong) is None


def test_the_digest_of_attributes():
    # Recorded: receive message message attribute names filters.
    text = {"DataType": "String", "StringValue": "There"}
    assert md5_of_attributes({"Hello": text}) == "a311262e065454b75da111d535b8dacd"


def test_a_queue_by_itself():
    target = queue()
    fill(target, 3)
    first, second = target.receive(2, 30 * SECOND, now=0)
    assert [first.message.body, second.message.body] == ["body 0", "body 1"]
    assert first.state is IN_FLIGHT
    assert (target.visible, target.in_flight, target.delayed) == (1, 2, 0)
    assert target.next_change() == 30 * SECOND
    target.delete(*target.receipt_handles([first]), now=0)
    target.refresh(30 * SECOND)
    assert [entry.message.body for entry in target.receive(10, 0, now=0)] == ["body 1", "body 2"]

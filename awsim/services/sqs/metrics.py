"""What SQS tells CloudWatch. Times of notes are milliseconds.

Source: SQS Developer Guide, "Available CloudWatch metrics for Amazon SQS".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import inf
from typing import TYPE_CHECKING, NamedTuple, Protocol

from awsim.metering import Level, Sample

if TYPE_CHECKING:
    from awsim.services.sqs.queue import Queue

# What happened: REPEATED is a send that was deduplicated, MOVED what time or other queues did.
SENT, RECEIVED, REMOVED, REPEATED, MOVED, GONE = "sent", "received", "removed", "repeated", "moved", "gone"

_NAMESPACE = "AWS/SQS"
_VISIBLE = "ApproximateNumberOfMessagesVisible"
_NOT_VISIBLE = "ApproximateNumberOfMessagesNotVisible"
_DELAYED = "ApproximateNumberOfMessagesDelayed"
_OLDEST = "ApproximateAgeOfOldestMessage"
_BUSY_GROUPS = "ApproximateNumberOfGroupsWithInflightMessages"


class Note(NamedTuple):
    """What happened in a queue, and how many messages it had then. Queues note bare tuples, which cost less."""

    queue: str
    time: int
    what: str
    amount: int
    messages: int
    in_flight: int
    delayed: int


class Notes(Protocol):
    """Who keeps notes."""

    def append(self, note: tuple[str, int, str, int, int, int, int]) -> None: ...
    def extend(self, notes: list[tuple[str, int, str, int, int, int, int]]) -> None: ...


def measurements(notes: Iterable[tuple[str, int, str, int, int, int, int]]) -> Iterator[Sample | Level]:
    """What notes say."""
    known: dict[str, tuple[int, int, int]] = {}
    for note in map(Note._make, notes):
        dimensions = (("QueueName", note.queue),)
        time = note.time / 1000
        for name, unit, value in _counted(note):
            yield Sample(_NAMESPACE, name, dimensions, unit, time, value)
        if note.what == GONE:
            known.pop(note.queue, None)
            for name in (_VISIBLE, _NOT_VISIBLE, _DELAYED):
                yield Level(_NAMESPACE, name, dimensions, "Count", time, None)
            yield Level(_NAMESPACE, _OLDEST, dimensions, "Seconds", time, None)
            continue
        counts = (note.messages - note.in_flight - note.delayed, note.in_flight, note.delayed)
        if known.get(note.queue) != counts:
            known[note.queue] = counts
            yield from _told(dimensions, time, *counts)


def _counted(note: Note) -> Iterator[tuple[str, str, float]]:
    what, amount = note.what, note.amount
    if what == SENT:
        yield "NumberOfMessagesSent", "Count", 1
        yield "SentMessageSize", "Bytes", amount
    elif what == RECEIVED:
        if amount:
            yield "NumberOfMessagesReceived", "Count", amount
        yield "NumberOfEmptyReceives", "Count", 0 if amount else 1
    elif what == REMOVED:
        yield "NumberOfMessagesDeleted", "Count", amount
    elif what == REPEATED:
        yield "NumberOfDeduplicatedSentMessages", "Count", amount


def levels(queue: Queue, now: float) -> Iterator[Level]:
    """What a queue, up to date with the clock, shows at `now` (epoch seconds)."""
    dimensions = (("QueueName", queue.name),)
    yield from _told(dimensions, now, queue.visible, queue.in_flight, queue.delayed)
    oldest = queue.oldest()
    since = inf if oldest is None else oldest / 1000
    yield Level(_NAMESPACE, _OLDEST, dimensions, "Seconds", min(since, now), since, ages=True)
    if queue.fifo:
        yield Level(_NAMESPACE, _BUSY_GROUPS, dimensions, "Count", now, queue.groups_in_flight())


def _told(
    dimensions: tuple[tuple[str, str], ...], time: float, visible: int, in_flight: int, delayed: int
) -> Iterator[Level]:
    yield Level(_NAMESPACE, _VISIBLE, dimensions, "Count", time, visible)
    yield Level(_NAMESPACE, _NOT_VISIBLE, dimensions, "Count", time, in_flight)
    yield Level(_NAMESPACE, _DELAYED, dimensions, "Count", time, delayed)

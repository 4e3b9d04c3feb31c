"""Log groups, their streams, and the events in them. Times are milliseconds since the epoch, as the API has them.

An event's id is a number that sorts as AWS sorts events: time, then arrival. It is `timestamp * 2**144` and more, as
ids of AWS's own events are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from awsim.state import Entity, SortedDict, Tags

STANDARD, INFREQUENT, DELIVERY = "STANDARD", "INFREQUENT_ACCESS", "DELIVERY"

_TIME_BITS = 144
_ORDER_BITS = 64
DAY = 86_400_000
# More than the batches that a stream takes.
_POSITIONS = 10**39
OVERHEAD = 26  # bytes that an event counts beside its message: PutLogEvents, API Reference


class Event(NamedTuple):
    """A log event. `key`: the KMS key and data key that it was sealed with; `hidden`: what is masked of the message."""

    stream: str
    message: str
    timestamp: int
    ingested: int
    key: tuple[str, bytes] | None = None
    hidden: tuple[tuple[int, int], ...] = ()

    @property
    def size(self) -> int:
        return size_of(self.message)

    def shown(self, *, unmasked: bool = False) -> str:
        """The message, with asterisks in place of what is masked."""
        text = self.message
        if unmasked:
            return text
        for start, end in self.hidden:
            text = f"{text[:start]}{'*' * (end - start)}{text[end:]}"
        return text


class Stored(NamedTuple):
    """An event and its id."""

    id: int
    event: Event


def size_of(message: str) -> int:
    return (len(message) if message.isascii() else len(message.encode())) + OVERHEAD


def token_at(place: int) -> str:
    """The sequence token of a stream that is at this place."""
    return f"4902{place:052d}"


def first_id(timestamp: int) -> int:
    """The least id that an event of this time could have."""
    return timestamp << _TIME_BITS


def time_of(id: int) -> int:
    return id >> _TIME_BITS


class LogStream(Entity):
    """A stream of a log group. `position` counts the batches it took."""

    __slots__ = ("arn", "created", "events", "ingested", "name", "position")

    def __init__(self, name: str, arn: str, created: int) -> None:
        self.name = name
        self.arn = arn
        self.created = created
        self.events = SortedDict()  # id -> Event
        self.ingested: int | None = None
        self.position = 0

    @property
    def last(self) -> int | None:
        return time_of(self.events.peekitem(-1)[0]) if self.events else None

    @property
    def place(self) -> int:
        """Tells this stream as it is now from all others, and from itself before and after."""
        return self.created * _POSITIONS + self.position

    @property
    def token(self) -> str:
        """The sequence token that the next batch is to bring."""
        return token_at(self.place)

    def described(self) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "logStreamName": self.name,
            "creationTime": self.created,
            "arn": self.arn,
            "storedBytes": 0,
        }
        if self.events:
            shown["firstEventTimestamp"] = time_of(self.events.peekitem(0)[0])
            shown["lastEventTimestamp"] = self.last
        if self.ingested is not None:
            shown["lastIngestionTime"] = self.ingested
            shown["uploadSequenceToken"] = self.token
        return shown


class LogGroup(Entity):
    """A log group. `arn` is the one without `:*`; `recent` has (last event, stream) in that order."""

    __slots__ = (
        "arn", "bearer", "created", "data_key", "events", "index", "key", "kind", "metric_filters", "name",
        "policy", "protected", "recent", "retention", "salt", "sequence", "stored", "streams", "subscriptions", "tags",
        "transformer",
    )  # fmt: skip

    def __init__(self, name: str, arn: str, created: int, kind: str, salt: int) -> None:
        self.name = name
        self.arn = arn
        self.created = created
        self.kind = kind
        self.salt = salt
        self.sequence = 0
        self.streams = SortedDict()  # name -> LogStream
        self.recent = SortedDict()  # (last event, stream name) -> None
        self.events = SortedDict()  # id -> Event
        self.stored = 0
        self.retention: int | None = 1 if kind == DELIVERY else None  # days
        self.key: str | None = None  # the ARN of a KMS key
        self.data_key: tuple[str, bytes, float] | None = None  # key, data key as KMS sealed it, when it is too old
        self.tags = Tags()
        self.protected = False
        self.bearer = False
        self.metric_filters = SortedDict()
        self.subscriptions = SortedDict()
        self.policy: Any = None  # the data protection policy
        self.transformer: Any = None
        self.index: Any = None  # the field index policy

    # --- streams

    def add(self, stream: LogStream) -> None:
        self.streams[stream.name] = stream
        self.recent[(0, stream.name)] = None

    def remove(self, stream: LogStream) -> None:
        del self.streams[stream.name]
        del self.recent[(stream.last or 0, stream.name)]
        for id, event in stream.events.items():
            del self.events[id]
            self.stored -= event.size

    # --- events

    def append(self, stream: LogStream, events: Iterable[Event], now: int) -> list[Stored]:
        """Keep a batch of events."""
        before = stream.last
        added: list[Stored] = []
        stored = 0
        for event in events:
            self.sequence += 1
            id = (event.timestamp << _TIME_BITS) | (self.sequence << _ORDER_BITS) | self.salt
            self.events[id] = stream.events[id] = event
            stored += event.size
            added.append(Stored(id, event))
        self.stored += stored
        stream.ingested = now
        self._moved(stream, before)
        return added

    def expire(self, cutoff: int) -> None:
        """Let go of events before a time."""
        limit = first_id(cutoff)
        while self.events:
            id, event = self.events.peekitem(0)
            if id >= limit:
                return
            stream = self.streams[event.stream]
            before = stream.last
            del self.events[id]
            del stream.events[id]
            self.stored -= event.size
            self._moved(stream, before)

    def _moved(self, stream: LogStream, before: int | None) -> None:
        after = stream.last
        if after != before:
            del self.recent[(before or 0, stream.name)]
            self.recent[(after or 0, stream.name)] = None

    def cutoff(self, now: int, lag: float = 0.0) -> int:
        """Events before this time have expired; 0 where none ever does."""
        return 0 if self.retention is None else max(0, now - self.retention * DAY - int(lag * 1000))

    # --- as the API shows it

    def described(self, now: int, inherited: Sequence[str] = ()) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "logGroupName": self.name,
            "creationTime": self.created,
            "metricFilterCount": len(self.metric_filters),
            "arn": f"{self.arn}:*",
            "storedBytes": self.stored,
            "logGroupClass": self.kind,
            "logGroupArn": self.arn,
            "deletionProtectionEnabled": self.protected,
            "bearerTokenAuthenticationEnabled": self.bearer,
        }
        more: Mapping[str, Any] = {
            "retentionInDays": self.retention,
            "kmsKeyId": self.key,
            "dataProtectionStatus": self.policy.status if self.policy is not None else None,
            "inheritedProperties": list(inherited) or None,
        }
        return shown | {name: value for name, value in more.items() if value is not None}


def between(events: SortedDict, low: int, high: int | None, *, backwards: bool = False) -> Iterator[Stored]:
    """Events with ids from `low` on and below `high`."""
    keys = events.irange(low, high, inclusive=(True, False), reverse=backwards)
    return (Stored(id, events[id]) for id in keys)

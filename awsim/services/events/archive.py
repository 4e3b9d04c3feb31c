"""Archives of a bus's events, and their replays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from awsim.eventing.patterns import Leaves, compiled
from awsim.eventing.templates import dumps
from awsim.services.events.event import Event
from awsim.state import Entity, List

_DAY = 86_400


class Archive(Entity):
    """Keeps the events of a bus that match its pattern. Times are epoch seconds; retention in days, 0 for ever."""

    __slots__ = ("_kept", "arn", "created", "description", "key", "name", "pattern", "retention", "source_arn")

    def __init__(self, name: str, arn: str, source_arn: str, now: float) -> None:
        self.name = name
        self.arn = arn
        self.source_arn = source_arn
        self.created = now
        self.description: str | None = None
        self.key: str | None = None
        self.pattern: str | None = None
        self.retention = 0
        self._kept = List()  # (when it came, event, its size in bytes)

    def keep(self, event: Event, now: float) -> None:
        """Take in an event, if it is one for this archive."""
        if self.pattern is None or compiled(self.pattern).matches(Leaves(event)):
            self._kept.append((now, event, len(dumps(event).encode())))

    def events(self, start: float, end: float, now: float) -> list[tuple[float, Event]]:
        """The events that came from `start` until before `end`, oldest first, and are still kept."""
        return [(time, event) for time, event, _ in self._alive(now) if start <= time < end]

    def described(self, now: float) -> dict[str, Any]:
        alive = self._alive(now)
        return {
            "ArchiveName": self.name,
            "EventSourceArn": self.source_arn,
            "State": "ENABLED",
            "RetentionDays": self.retention,
            "SizeBytes": sum(size for _, _, size in alive),
            "EventCount": len(alive),
            "CreationTime": self.created,
        }

    def _alive(self, now: float) -> list[tuple[float, Event, int]]:
        oldest = now - self.retention * _DAY if self.retention else float("-inf")
        return [kept for kept in self._kept if kept[0] > oldest]


class Replay(Entity):
    """A replay of an archive's events. Times are epoch seconds."""

    __slots__ = (
        "archive", "arn", "description", "destination", "end", "ended", "job", "last", "name", "source_arn", "start",
        "started", "state",
    )  # fmt: skip

    def __init__(
        self, name: str, arn: str, archive: Archive, start: float, end: float, destination: Mapping[str, Any]
    ) -> None:
        self.name = name
        self.arn = arn
        self.archive = archive
        self.source_arn = archive.arn
        self.start = start
        self.end = end
        self.destination = destination
        self.description: str | None = None
        self.state = "STARTING"
        self.started = 0.0
        self.ended: float | None = None
        self.last: float | None = None  # the time of the last event that was replayed
        self.job: int | None = None

    @property
    def active(self) -> bool:
        return self.state in ("STARTING", "RUNNING", "CANCELLING")

    def listed(self) -> dict[str, Any]:
        return {
            "ReplayName": self.name,
            "EventSourceArn": self.source_arn,
            "State": self.state,
            "EventStartTime": self.start,
            "EventEndTime": self.end,
            "EventLastReplayedTime": self.last,
            "ReplayStartTime": self.started,
            "ReplayEndTime": self.ended,
        }

"""A pipe, and the lanes on which records travel through it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from awsim.state import Dict, Entity, Lifecycle, Tags

Settings = Mapping[str, Any]

RUNNING, STOPPED = "RUNNING", "STOPPED"


class Record(NamedTuple):
    """What a source holds, once a filter has let it pass.

    `event` is as the pipe passes it on; `key` names it in its source (a receipt handle, a sequence number); `arrived`
    is when it came into the source (epoch seconds); `size` counts bytes of the event.
    """

    event: Mapping[str, Any]
    key: str
    arrived: float
    size: int


class Lane(Entity):
    """Records in order: those of a queue, or of one of the concurrent lines of a shard.

    `since`: when the first of them was read. `attempts`: failures of the first batch so far. `resume`: not to be tried
    before (epoch seconds). `sizes`: how many records the next batches have, after a bisection.
    """

    __slots__ = ("attempts", "pending", "resume", "shard", "since", "sizes")

    def __init__(self, shard: str) -> None:
        self.shard = shard
        self.pending: tuple[Record, ...] = ()
        self.since = 0.0
        self.attempts = 0
        self.resume = 0.0
        self.sizes: tuple[int, ...] = ()

    def add(self, records: list[Record], now: float) -> None:
        if records and not self.pending:
            self.since = now
        self.pending = (*self.pending, *records)

    def drop(self, count: int, now: float) -> None:
        """The first records are done with, however that came."""
        self.pending = self.pending[count:]
        self.since = now
        self.attempts = 0
        self.resume = 0.0

    def batch(self, most: int, payload: float) -> int:
        """How many records the next batch has: as many as fit."""
        count = size = 0
        for record in self.pending[: self.sizes[0] if self.sizes else most]:
            size += record.size
            if count and size > payload:
                break
            count += 1
        return count

    def full(self, most: int, payload: float) -> bool:
        return bool(self.sizes) or self.batch(most, payload) == most or self.batch(most, payload) < len(self.pending)


class Pipe(Entity):
    """`settings` are what DescribePipe shows of the request; `id` tells a pipe from an earlier one of its name.

    `positions`: shard -> (type, sequence number) of the iterator to read on from, None at the end of a closed one.
    """

    __slots__ = (
        "active", "arn", "created", "desired", "id", "job", "lanes", "lifecycle", "modified", "name", "positions",
        "reason", "resume", "settings", "started", "tags", "troubles",
    )  # fmt: skip

    def __init__(self, name: str, arn: str, id: str, settings: Settings, desired: str, now: float) -> None:
        self.name = name
        self.arn = arn
        self.id = id
        self.settings = settings
        self.desired = desired
        self.created = now
        self.modified = now
        self.tags = Tags()
        self.reason: str | None = None
        self.lifecycle: Lifecycle
        self.active = False  # whether it reads its source
        self.started = False  # whether it has found where a stream is to be read from
        self.job: tuple[int, float] | None = None  # the next look at the source, and when that is
        self.troubles = 0  # how often in a row the source could not be read,
        self.resume = 0.0  # and before when it is not to be tried again
        self.lanes = Dict()
        self.positions = Dict()

    @property
    def state(self) -> str:
        return self.lifecycle.state

    @property
    def source(self) -> str:
        arn: str = self.settings["Source"]
        return arn

    @property
    def role(self) -> str:
        arn: str = self.settings["RoleArn"]
        return arn

    def lane(self, name: str, shard: str = "") -> Lane:
        found: Lane | None = self.lanes.get(name)
        if found is None:
            found = self.lanes[name] = Lane(shard)
        return found

    def answered(self) -> dict[str, Any]:
        return {
            "Arn": self.arn,
            "Name": self.name,
            "DesiredState": self.desired,
            "CurrentState": self.state,
            "CreationTime": self.created,
            "LastModifiedTime": self.modified,
        }

    def listed(self) -> dict[str, Any]:
        shown = {name: self.settings.get(name) for name in ("Source", "Target", "Enrichment")}
        return {**self.answered(), **shown, "StateReason": self.reason}

    def described(self) -> dict[str, Any]:
        return {**self.settings, **self.answered(), "StateReason": self.reason, "Tags": self.tags.as_dict() or None}

"""Lanes: records of a polled source in order, and the batches they are handed on in. Times are epoch seconds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from awsim.state import Entity


class Record(NamedTuple):
    """What a source holds, once a filter has let it pass.

    `event` is as it is passed on; `key` names it in its source (a receipt handle, a sequence number); `arrived`
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

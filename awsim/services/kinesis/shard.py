"""A shard: a range of hash keys, and the records that fell into it, in order.

A record is found by its count (the first of a shard is number 1), so reading from anywhere costs the same however many
there are. Records that came at once are kept together, as columns that the garbage collector need not look through.
Times are seconds since 1970. Nothing here knows of requests or their formats.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from awsim.services.kinesis import sequence
from awsim.state import Dict, Entity


class Record(NamedTuple):
    """What was put, under its sequence number."""

    sequence: int
    time: float
    key: str
    data: bytes
    encryption: str | None

    @property
    def size(self) -> int:
        return len(self.data) + len(self.key.encode())


class _Batch(NamedTuple):
    """Records that came at once; `first`: the count of the first of them."""

    first: int
    time: float
    keys: tuple[str, ...]
    data: tuple[bytes, ...]
    encryption: str | None


class Shard(Entity):
    """`first` and `last` bound its hash keys, both included. `parents`: ids, the one with the lower keys first."""

    __slots__ = (
        "_base", "_batches", "_oldest", "closed", "closing", "first", "id", "index", "last", "latest", "opened",
        "parents", "second", "starting", "throughput_key",
    )  # fmt: skip

    def __init__(
        self, stream: str, index: int, first: int, last: int, parents: tuple[str, ...], opened: float, second: int
    ) -> None:
        self.id = f"shardId-{index:012d}"
        self.index = index
        self.first = first
        self.last = last
        self.parents = parents
        self.opened = opened
        self.second = second  # the one that its sequence numbers show as that of its opening
        self.closed: float | None = None
        self.closing: int | None = None  # EndingSequenceNumber
        self.throughput_key = f"{stream}/{self.id}"
        self._base = sequence.base(second, index)
        self.starting = sequence.make(self._base, 0, second)
        self.latest = 1  # the position after the newest record
        self._batches = Dict()  # 1, 2, 3, … -> _Batch
        self._oldest = 1  # the number of the first batch that is kept

    @property
    def open(self) -> bool:
        return self.closed is None

    # --- writing

    def append(self, time: float, key: str, data: bytes, encryption: str | None) -> int:
        """Keep a record; returns its sequence number."""
        return next(self.append_all(time, (key,), (data,), encryption))

    def append_all(
        self, time: float, keys: Sequence[str], data: Sequence[bytes], encryption: str | None
    ) -> Iterator[int]:
        """Keep records that came at once; returns their sequence numbers and those that would come after them."""
        first, batches = self.latest, self._batches
        batches[self._oldest + len(batches)] = _Batch(first, time, tuple(keys), tuple(data), encryption)
        self.latest = first + len(keys)
        return sequence.following(self._base, first, int(time))

    def close(self, time: float) -> None:
        """No more records; what there is stays readable."""
        self.closed = time
        self.closing = sequence.make(self._base, sequence.LAST, int(time))

    def trim(self, horizon: float) -> None:
        """Forget the records of that time and before."""
        number, end = self._oldest, self._oldest + len(self._batches)
        while number < end and self._batches[number].time <= horizon:
            del self._batches[number]
            number += 1
        if number != self._oldest:
            self._oldest = number

    # --- reading

    def position_at(self, time: float) -> int:
        """The position of the first record from a time on."""
        low, high = self._oldest, self._oldest + len(self._batches)
        end = high
        while low < high:
            middle = (low + high) // 2
            if self._batches[middle].time < time:
                low = middle + 1
            else:
                high = middle
        return self._batches[low].first if low < end else self.latest

    def read(self, position: int, limit: int, size: int, until: float) -> tuple[list[Record], int]:
        """At most `limit` records, `size` bytes together unless the first alone is larger, from a position on and up
        to a time; and the position to go on from."""
        start = max(position, self._first_kept)
        found: list[Record] = []
        total = 0
        for record in self._from(start):
            total += len(record.data) + len(record.key.encode())
            if len(found) == limit or record.time > until or (found and total > size):
                break
            found.append(record)
        return found, start + len(found)

    def has_since(self, time: float) -> bool:
        """Whether a record came after a time."""
        newest = self._batches.get(self._oldest + len(self._batches) - 1)
        return newest is not None and newest.time > time

    def behind(self, position: int, now: float) -> int:
        """Milliseconds between the tip of the shard and the record at a position; 0 where there is none."""
        if not self._first_kept <= position < self.latest:
            return 0
        return max(0, round((now - self._batches[self._batch_of(position)].time) * 1000))

    @property
    def _first_kept(self) -> int:
        """The position of the oldest record that is kept."""
        oldest = self._batches.get(self._oldest)
        return self.latest if oldest is None else oldest.first

    def _batch_of(self, position: int) -> int:
        """The number of the batch that a record which is kept came in."""
        numbers = range(self._oldest, self._oldest + len(self._batches))
        return self._oldest - 1 + bisect_right(numbers, position, key=lambda number: self._batches[number].first)

    def _from(self, position: int) -> Iterator[Record]:
        """The records from a position on that are kept."""
        if position >= self.latest:
            return
        for number in range(self._batch_of(position), self._oldest + len(self._batches)):
            batch: _Batch = self._batches[number]
            place = max(0, position - batch.first)
            numbers = sequence.following(self._base, batch.first + place, int(batch.time))
            for sequence_number, key, data in zip(numbers, batch.keys[place:], batch.data[place:], strict=False):
                yield Record(sequence_number, batch.time, key, data, batch.encryption)

    # --- showing

    def hash_range(self) -> dict[str, str]:
        return {"StartingHashKey": str(self.first), "EndingHashKey": str(self.last)}

    def describe(self) -> dict[str, Any]:
        """The Shard of DescribeStream and ListShards."""
        numbers = {"StartingSequenceNumber": str(self.starting)}
        if self.closing is not None:
            numbers["EndingSequenceNumber"] = str(self.closing)
        shown: dict[str, Any] = {
            "ShardId": self.id,
            "HashKeyRange": self.hash_range(),
            "SequenceNumberRange": numbers,
        }
        if self.parents:
            shown["ParentShardId"] = self.parents[0]
        if len(self.parents) > 1:
            shown["AdjacentParentShardId"] = self.parents[1]
        return shown

"""A shard: a range of hash keys, and the records that fell into it, in order.

A record is found by its count (the first of a shard is number 1), so reading from anywhere costs the same however many
there are. Times are seconds since 1970. Nothing here knows of requests or their formats.
"""

from __future__ import annotations

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


class Shard(Entity):
    """`first` and `last` bound its hash keys, both included. `parents`: ids, the one with the lower keys first."""

    __slots__ = (
        "_base", "_first", "_records", "closed", "closing", "first", "id", "index", "last", "opened",
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
        self._records = Dict()  # count -> Record
        self._first = 1

    @property
    def open(self) -> bool:
        return self.closed is None

    # --- writing

    def append(self, time: float, key: str, data: bytes, encryption: str | None) -> int:
        """Keep a record; returns its sequence number."""
        count = self.latest
        number = sequence.make(self._base, count, int(time))
        self._records[count] = Record(number, time, key, data, encryption)
        return number

    def close(self, time: float) -> None:
        """No more records; what there is stays readable."""
        self.closed = time
        self.closing = sequence.make(self._base, sequence.LAST, int(time))

    def trim(self, horizon: float) -> None:
        """Forget the records of that time and before."""
        count, end = self._first, self.latest
        while count < end and self._records[count].time <= horizon:
            del self._records[count]
            count += 1
        if count != self._first:
            self._first = count

    # --- reading

    @property
    def latest(self) -> int:
        """The position after the newest record."""
        return self._first + len(self._records)

    def position_at(self, time: float) -> int:
        """The position of the first record from a time on."""
        low, high = self._first, self.latest
        while low < high:
            middle = (low + high) // 2
            if self._records[middle].time < time:
                low = middle + 1
            else:
                high = middle
        return low

    def read(self, position: int, limit: int, size: int, until: float) -> tuple[list[Record], int]:
        """At most `limit` records, `size` bytes together unless the first alone is larger, from a position on and up
        to a time; and the position to go on from."""
        found: list[Record] = []
        total = 0
        count, end = max(position, self._first), self.latest
        while count < end and len(found) < limit:
            record = self._records[count]
            total += record.size
            if record.time > until or (found and total > size):
                break
            found.append(record)
            count += 1
        return found, count

    def has_since(self, time: float) -> bool:
        """Whether a record came after a time."""
        newest = self._records.get(self.latest - 1)
        return newest is not None and newest.time > time

    def behind(self, position: int, now: float) -> int:
        """Milliseconds between the tip of the shard and the record at a position; 0 where there is none."""
        record = self._records.get(position)
        return 0 if record is None else max(0, round((now - record.time) * 1000))

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

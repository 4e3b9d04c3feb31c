"""Which shard takes a record: hash keys form a ring that the open shards share."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from hashlib import md5

from awsim.services.kinesis.shard import Shard

# Producers use the same partition keys again and again; of so many a ring remembers where they belong.
_REMEMBERED = 4096


class Ring:
    """The open shards in order of their hash keys. It never changes: a stream gets another when shards split or merge,
    and what a ring remembers is forgotten with it."""

    __slots__ = ("_known", "_shards", "_starts")

    def __init__(self, shards: Sequence[Shard]) -> None:
        self._shards = shards
        self._starts = [shard.first for shard in shards]
        self._known: dict[str, Shard] = {}

    def at(self, key: int) -> Shard:
        """The shard of a hash key."""
        return self._shards[bisect_right(self._starts, key) - 1]

    def of(self, keys: Sequence[str]) -> list[Shard]:
        """The shard of each of some partition keys."""
        known = self._known
        try:
            return list(map(known.__getitem__, keys))
        except KeyError:
            if len(known) > _REMEMBERED:
                known.clear()
            for key in keys:
                if key not in known:
                    known[key] = self.at(hash_key(key))
            return list(map(known.__getitem__, keys))


def hash_key(partition_key: str) -> int:
    """The hash key that Kinesis gives a partition key."""
    return int.from_bytes(md5(partition_key.encode(), usedforsecurity=False).digest())

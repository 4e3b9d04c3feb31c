"""A stream: its shards, how they split and merge, and what a stream is set to."""

from __future__ import annotations

from typing import Any

from awsim.sealing import Seal
from awsim.services.kinesis.ring import Ring
from awsim.services.kinesis.shard import Shard
from awsim.state import Dict, Entity, Lifecycle, Tags

#: One more than the highest hash key.
KEYS = 1 << 128

PROVISIONED = "PROVISIONED"
ON_DEMAND = "ON_DEMAND"
#: How records find their shard: by the key that producers give, or in turn.
BY_KEY, AUTO = "USER_PARTITION_KEY", "AUTO"


def bounds(count: int) -> list[int]:
    """The first keys of `count` shards of the same width."""
    width = KEYS // count
    return [width * n for n in range(count)]


class Stream(Entity):
    """`id` tells apart streams that had the same name. `retention` in hours; `record_size` in KiB."""

    __slots__ = (
        "_turn", "account", "arn", "consumers", "created", "distribution", "id", "key_id", "lifecycle", "metrics",
        "mode", "name", "open", "policy", "record_size", "rescaled", "retention", "ring", "seal", "shards", "switched",
        "tags", "traffic", "warm", "watchers",
    )  # fmt: skip

    def __init__(
        self,
        *,
        name: str,
        arn: str,
        account: str,
        id: str,
        created: float,
        lifecycle: Lifecycle,
        mode: str,
        shards: int,
        retention: int,
        record_size: int,
    ) -> None:
        self.name = name
        self.arn = arn
        self.account = account
        self.id = id
        self.created = created
        self.lifecycle = lifecycle
        self.mode = mode
        self.retention = retention
        self.record_size = record_size
        self.tags = Tags()
        self.policy: str | None = None
        self.key_id: str | None = None  # the KMS key that encrypts it
        self.seal = Seal()
        self.distribution = BY_KEY
        self._turn = 0
        self.warm: int | None = None  # the warm throughput asked for, in MiB a second
        self.metrics: tuple[str, ...] = ()
        self.consumers = Dict()  # name -> Consumer
        self.rescaled: tuple[float, ...] = ()  # when UpdateShardCount was called lately
        self.switched: tuple[float, ...] = ()  # when the mode was switched lately
        self.traffic: tuple[int, int, int] = (0, 0, 0)  # of an on-demand stream: minute, records and bytes in it
        self.watchers = Dict()  # who is told of new records: anything -> (service, method, data)
        self.shards = Dict()  # id -> Shard, oldest first
        self.open: tuple[Shard, ...] = ()
        self.ring = Ring(())
        firsts = bounds(shards)
        for first, last in zip(firsts, [*(key - 1 for key in firsts[1:]), KEYS - 1], strict=True):
            self._add(first, last, (), created)
        self._arrange()

    @property
    def status(self) -> str:
        return self.lifecycle.state

    @property
    def encryption(self) -> str:
        return "NONE" if self.key_id is None else "KMS"

    # --- finding shards

    def next_shard(self) -> Shard:
        """The open shard whose turn it is, where records are distributed automatically."""
        self._turn += 1
        return self.open[self._turn % len(self.open)]

    def children(self, shard: Shard) -> list[Shard]:
        """The shards that went on from one."""
        return [other for other in self.shards.values() if shard.id in other.parents]

    # --- time

    def refresh(self, now: float) -> None:
        """Forget records older than the retention period, and closed shards that can hold none any more."""
        horizon = self.horizon(now)
        gone = []
        for shard in self.shards.values():
            shard.trim(horizon)
            if shard.closed is not None and shard.closed <= horizon:
                gone.append(shard.id)
        for id in gone:
            del self.shards[id]

    def horizon(self, now: float) -> float:
        """Records of this time and before are gone."""
        return now - self.retention * 3600

    # --- splitting and merging

    def split(self, shard: Shard, key: int, now: float) -> None:
        """Close a shard in favour of two, the second of which begins with a key."""
        shard.close(now)
        self._add(shard.first, key - 1, (shard.id,), now)
        self._add(key, shard.last, (shard.id,), now)
        self._arrange()

    def merge(self, lower: Shard, upper: Shard, now: float, parents: tuple[str, str]) -> Shard:
        """Close two neighbours in favour of one."""
        lower.close(now)
        upper.close(now)
        merged = self._add(lower.first, upper.last, parents, now)
        self._arrange()
        return merged

    def rescale(self, target: int, now: float) -> None:
        """Split and merge until there are `target` shards of the same width."""
        firsts = bounds(target)
        for key in firsts:
            shard = self.ring.at(key)
            if shard.first != key:
                self.split(shard, key, now)
        wanted = set(firsts)
        merged = self.open[0]
        for shard in self.open[1:]:
            if shard.first in wanted:
                merged = shard
            else:
                merged = self.merge(merged, shard, now, (merged.id, shard.id))

    def _add(self, first: int, last: int, parents: tuple[str, ...], now: float) -> Shard:
        # Sequence numbers of children are beyond those of their parents, also within one second.
        second = max([int(now), *(self.shards[id].second + 1 for id in parents)])
        index = self._index()
        shard = Shard(self.name, index, first, last, parents, now, second)
        self.shards[shard.id] = shard
        return shard

    def _index(self) -> int:
        # The newest shards are open, and open ones are never forgotten.
        return next(reversed(self.shards.values())).index + 1 if self.shards else 0

    def _arrange(self) -> None:
        self.open = tuple(sorted((s for s in self.shards.values() if s.open), key=lambda shard: shard.first))
        self.ring = Ring(self.open)

    # --- showing

    def describe(self) -> dict[str, Any]:
        """What DescribeStream and DescribeStreamSummary have in common."""
        shown: dict[str, Any] = {
            "StreamName": self.name,
            "StreamARN": self.arn,
            "StreamStatus": self.status,
            "StreamModeDetails": {"StreamMode": self.mode},
            "RetentionPeriodHours": self.retention,
            "StreamCreationTimestamp": int(self.created),
            "EnhancedMonitoring": [{"ShardLevelMetrics": list(self.metrics)}],
            "EncryptionType": self.encryption,
        }
        if self.key_id is not None:
            shown["KeyId"] = self.key_id
        return shown

    def summary(self) -> dict[str, Any]:
        """A StreamSummary of ListStreams."""
        whole = self.describe()
        names = ("StreamName", "StreamARN", "StreamStatus", "StreamModeDetails", "StreamCreationTimestamp")
        return {name: whole[name] for name in names}

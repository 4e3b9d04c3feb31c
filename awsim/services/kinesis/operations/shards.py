"""Shards: listed, split, merged, brought to a number."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from awsim.errors import AWSError
from awsim.services.kinesis.operations.common import page, shared
from awsim.services.kinesis.operations.streams import StreamOperations
from awsim.services.kinesis.refusals import invalid, malformed, no_shard
from awsim.services.kinesis.shard import Shard
from awsim.services.kinesis.stream import ON_DEMAND, Stream


class ShardOperations(StreamOperations):
    """Operations on the shards of a stream."""

    @shared
    def list_shards(
        self,
        StreamName: str | None = None,
        NextToken: str | None = None,
        ExclusiveStartShardId: str | None = None,
        MaxResults: int | None = None,
        StreamCreationTimestamp: datetime | None = None,
        ShardFilter: Mapping[str, Any] | None = None,
        StreamARN: str | None = None,
    ) -> dict[str, Any]:
        after = ExclusiveStartShardId
        if NextToken is not None:
            for other, value in (
                ("StreamName", StreamName),
                ("StreamARN", StreamARN),
                ("ExclusiveStartShardId", ExclusiveStartShardId),
                ("StreamCreationTimestamp", StreamCreationTimestamp),
            ):
                if value is not None:
                    raise invalid(f"NextToken and {other} cannot be provided together.")
            StreamName, after, kept, ShardFilter, account = self.opened("shards", NextToken)
            if account != self.account:
                rest: dict[str, Any] = self.owner_of(kept).list_shards(  # type: ignore[attr-defined]
                    StreamName=StreamName, ExclusiveStartShardId=after, MaxResults=MaxResults, ShardFilter=ShardFilter
                )
                return rest
        elif StreamName is None and StreamARN is None:
            raise invalid("Either NextToken or StreamName should be provided.")
        stream = self.stream_at(StreamName, StreamARN, being_deleted=True)
        if StreamCreationTimestamp is not None and int(StreamCreationTimestamp.timestamp()) != int(stream.created):
            raise AWSError(
                "ResourceNotFoundException",
                f"Stream {stream.name} under account {self.account} with creation timestamp "
                f"{int(StreamCreationTimestamp.timestamp())} not found.",
            )
        shards: list[Shard] = []
        if stream.status != "CREATING":
            stream.refresh(self.clock.time())
            shards = self._filtered(stream, ShardFilter or {"Type": "FROM_TRIM_HORIZON"})
        if after is not None:
            shards = [shard for shard in shards if shard.id > after]
        shown, more = page(shards, MaxResults or int(self.limits["listed-shards"]))
        result: dict[str, Any] = {"Shards": [shard.describe() for shard in shown]}
        if more:
            kept_filter = None if ShardFilter is None else {**ShardFilter, "Timestamp": _seconds(ShardFilter)}
            result["NextToken"] = self.token("shards", stream.name, shown[-1].id, stream.arn, kept_filter, self.account)
        return result

    def _filtered(self, stream: Stream, wanted: Mapping[str, Any]) -> list[Shard]:
        """The shards that a ShardFilter lets through, oldest first."""
        kind = wanted["Type"]
        every = list(stream.shards.values())
        if kind == "AFTER_SHARD_ID":
            if wanted.get("ShardId") is None:
                raise invalid("ShardId must be specified when the filter type is AFTER_SHARD_ID.")
            return [shard for shard in every if shard.id > wanted["ShardId"]]
        if kind == "AT_LATEST":
            return [shard for shard in every if shard.open]
        if kind == "FROM_TRIM_HORIZON":
            return every
        if kind == "AT_TRIM_HORIZON":
            when = max(stream.horizon(self.clock.time()), stream.created)
        else:
            given = _seconds(wanted)
            if given is None:
                raise invalid(f"Timestamp must be specified when the filter type is {kind}.")
            when = max(given, stream.created)
        if kind == "FROM_TIMESTAMP":
            return [shard for shard in every if shard.closed is None or shard.closed >= when]
        return [shard for shard in every if shard.opened <= when and (shard.closed is None or shard.closed > when)]

    def split_shard(
        self,
        ShardToSplit: str,
        NewStartingHashKey: str,
        StreamName: str | None = None,
        StreamARN: str | None = None,
    ) -> None:
        stream = self._provisioned(StreamName, StreamARN)
        shard, key = self._shard(stream, ShardToSplit), int(NewStartingHashKey)
        self._check_open(stream, shard)
        if not shard.first + 1 < key < shard.last:
            raise invalid(
                f"NewStartingHashKey {NewStartingHashKey} used in SplitShard() on shard {shard.id} in stream "
                f"{stream.name} under account {self.account} is not both greater than one plus the shard's "
                f"StartingHashKey {shard.first} and less than the shard's EndingHashKey {shard.last}."
            )
        self.check_shards(1)
        self.update(stream, "stream-update", "_split", shard=shard.id, key=key)

    def _split(self, stream: str, id: str, shard: str, key: int) -> None:
        found = self.same(stream, id)
        if found is not None:
            found.split(found.shards[shard], key, self.clock.time())

    def merge_shards(
        self,
        ShardToMerge: str,
        AdjacentShardToMerge: str,
        StreamName: str | None = None,
        StreamARN: str | None = None,
    ) -> None:
        stream = self._provisioned(StreamName, StreamARN)
        one, other = self._shard(stream, ShardToMerge), self._shard(stream, AdjacentShardToMerge)
        self._check_open(stream, one)
        self._check_open(stream, other)
        if one.last + 1 != other.first and other.last + 1 != one.first:
            raise invalid(
                f"Shards {one.id} and {other.id} in stream {stream.name} under account {self.account} are not an "
                "adjacent pair of shards eligible for merging"
            )
        self.update(stream, "stream-update", "_merge", one=one.id, other=other.id)

    def _merge(self, stream: str, id: str, one: str, other: str) -> None:
        found = self.same(stream, id)
        if found is not None:
            lower, upper = sorted((found.shards[one], found.shards[other]), key=lambda shard: shard.first)
            found.merge(lower, upper, self.clock.time(), (one, other))

    def update_shard_count(
        self,
        TargetShardCount: int,
        ScalingType: str,
        StreamName: str | None = None,
        StreamARN: str | None = None,
    ) -> dict[str, Any]:
        stream = self._provisioned(StreamName, StreamARN)
        now, count = self.clock.time(), len(stream.open)
        counts = f"Current open shard count: {count} Target shard count: {TargetShardCount}"
        if TargetShardCount > 2 * count:
            raise invalid(f"UpdateShardCount cannot scale up over double your current open shard count. {counts}")
        if 2 * TargetShardCount < count:
            raise invalid(f"UpdateShardCount cannot scale down below half your current open shard count. {counts}")
        self.limits.check("shard-count", TargetShardCount)
        if TargetShardCount > count:
            self.check_shards(TargetShardCount - count)
        lately = tuple(when for when in stream.rescaled if when > now - (self.limits["shard-count-window"] or 0))
        self.limits.check("shard-count-updates", len(lately) + 1, stream=stream.name, account=self.account)
        stream.rescaled = (*lately, now)
        self.update(stream, "stream-update", "_rescale", target=TargetShardCount)
        return {
            "StreamName": stream.name,
            "CurrentShardCount": count,
            "TargetShardCount": TargetShardCount,
            "StreamARN": stream.arn,
        }

    def _rescale(self, stream: str, id: str, target: int) -> None:
        found = self.same(stream, id)
        if found is not None:
            found.rescale(target, self.clock.time())

    # --- parts

    def _provisioned(self, name: str | None, arn: str | None) -> Stream:
        """A stream whose shards can be changed by hand."""
        stream = self.active(name, arn)
        if stream.mode == ON_DEMAND:
            operation = self.request.operation
            raise malformed(
                f"{operation} is not supported for stream {stream.name} under account {self.account}, which is in "
                "on-demand mode."
            )
        return stream

    def _shard(self, stream: Stream, id: str) -> Shard:
        stream.refresh(self.clock.time())
        shard: Shard | None = stream.shards.get(id)
        if shard is None:
            raise no_shard(id, stream.name, self.account)
        return shard

    def _check_open(self, stream: Stream, shard: Shard) -> None:
        if not shard.open:
            raise invalid(
                f"Shard {shard.id} in stream {stream.name} under account {self.account} has already been merged or "
                "split, and thus is not eligible for merging or splitting."
            )


def _seconds(wanted: Mapping[str, Any]) -> float | None:
    """The Timestamp of a filter, which a token holds as a number."""
    when = wanted.get("Timestamp")
    return when.timestamp() if isinstance(when, datetime) else when

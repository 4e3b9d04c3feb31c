"""Streams: made, described, listed, switched between modes, deleted."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from typing import Any

from awsim.errors import AWSError
from awsim.services.kinesis import tokens
from awsim.services.kinesis.operations.common import Operations, page, shared
from awsim.services.kinesis.refusals import invalid, malformed
from awsim.services.kinesis.stream import AUTO, BY_KEY, ON_DEMAND, PROVISIONED, Stream
from awsim.services.kinesis.tagging import checked
from awsim.state import Lifecycle

# Where AWS gives accounts the larger quota of shards (Kinesis Developer Guide, quotas and limits).
_LARGE_REGIONS = frozenset({"us-east-1", "us-west-2", "eu-west-1"})


class StreamOperations(Operations):
    """Operations on streams as a whole."""

    def create_stream(
        self,
        StreamName: str,
        ShardCount: int | None = None,
        StreamModeDetails: Mapping[str, str] | None = None,
        Tags: Mapping[str, str] | None = None,
        MaxRecordSizeInKiB: int | None = None,
        WarmThroughputMiBps: int | None = None,
        RecordDistributionStrategy: str | None = None,
    ) -> None:
        mode = PROVISIONED if StreamModeDetails is None else StreamModeDetails["StreamMode"]
        if mode == PROVISIONED and ShardCount is None:
            raise malformed("ShardCount is required when the stream mode is PROVISIONED.")
        if mode == ON_DEMAND and ShardCount is not None:
            raise malformed("ShardCount must not be given when the stream mode is ON_DEMAND.")
        if mode == PROVISIONED and RecordDistributionStrategy == AUTO:
            raise self._only_on_demand("The record distribution strategy AUTO")
        if WarmThroughputMiBps is not None:
            self._check_warm(mode, WarmThroughputMiBps)
        tags = checked(self.limits, StreamName, self.account, {}, Tags or {})
        if StreamName in self.streams:
            message = f"Stream {StreamName} under account {self.account} already exists."
            raise AWSError("ResourceInUseException", message)
        creating = sum(stream.status == "CREATING" for stream in self.streams) if self._takes_time() else 0
        self.limits.quota("streams-creating", creating, account=self.account)
        if mode == ON_DEMAND:
            self.check_on_demand()
        else:
            self.check_shards(ShardCount or 0)
        stream = Stream(
            name=StreamName,
            arn=self.arn(f"stream/{StreamName}"),
            account=self.account,
            id=self.ids.hex("stream", 16),
            created=self.clock.time(),
            lifecycle=Lifecycle(self, [("CREATING", "stream-create"), ("ACTIVE", None)]),
            mode=mode,
            shards=ShardCount or int(self.limits["on-demand-shards"]),
            retention=int(self.limits["retention"]),
            record_size=MaxRecordSizeInKiB or int(self.limits["record-size"]),
        )
        stream.tags = tags
        stream.distribution = RecordDistributionStrategy or BY_KEY
        if WarmThroughputMiBps is not None:
            self._warm(stream, WarmThroughputMiBps)
        self.streams.add(stream)

    def _takes_time(self) -> bool:
        return self.limits.duration("stream-create") > 0

    def delete_stream(
        self,
        StreamName: str | None = None,
        EnforceConsumerDeletion: bool | None = None,
        StreamARN: str | None = None,
    ) -> None:
        stream = self.stream_at(StreamName, StreamARN)
        if stream.consumers and not EnforceConsumerDeletion:
            raise AWSError(
                "ResourceInUseException",
                f"Stream {stream.name} under account {self.account} has registered consumers. "
                "Deregister them, or set EnforceConsumerDeletion.",
            )
        stream.lifecycle = Lifecycle(self, [("DELETING", "stream-delete"), ("DELETED", None)])
        self.later(self.limits.duration("stream-delete"), "_deleted", stream=stream.name, id=stream.id)

    def _deleted(self, stream: str, id: str) -> None:
        if self.same(stream, id) is not None:
            self.streams.remove(stream)

    @shared
    def describe_stream(
        self,
        StreamName: str | None = None,
        Limit: int | None = None,
        ExclusiveStartShardId: str | None = None,
        StreamARN: str | None = None,
    ) -> dict[str, Any]:
        stream = self.stream_at(StreamName, StreamARN, being_deleted=True)
        shards = []
        if stream.status != "CREATING":
            stream.refresh(self.clock.time())
            shards = [
                s for s in stream.shards.values() if ExclusiveStartShardId is None or s.id > ExclusiveStartShardId
            ]
        shown, more = page(shards, Limit or int(self.limits["described-shards"]))
        description = {**stream.describe(), "Shards": [s.describe() for s in shown], "HasMoreShards": more}
        return {"StreamDescription": description}

    @shared
    def describe_stream_summary(self, StreamName: str | None = None, StreamARN: str | None = None) -> dict[str, Any]:
        stream = self.stream_at(StreamName, StreamARN, being_deleted=True)
        summary = {
            **stream.describe(),
            "OpenShardCount": len(stream.open) if stream.status != "CREATING" else 0,
            "ConsumerCount": len(stream.consumers),
            "MaxRecordSizeInKiB": stream.record_size,
            "RecordDistributionStrategy": stream.distribution,
        }
        if stream.warm is not None:
            summary["WarmThroughput"] = _warmth(stream)
        return {"StreamDescriptionSummary": summary}

    def list_streams(
        self, Limit: int | None = None, ExclusiveStartStreamName: str | None = None, NextToken: str | None = None
    ) -> dict[str, Any]:
        after = ExclusiveStartStreamName or ""
        if NextToken is not None:
            (after,) = self.opened("streams", NextToken)
        names = sorted(self.streams.keys())
        shown, more = page(names[bisect_right(names, after) :], Limit or int(self.limits["listed-streams"]))
        result: dict[str, Any] = {
            "StreamNames": shown,
            "HasMoreStreams": more,
            "StreamSummaries": [self.streams[name].summary() for name in shown],
        }
        if more:
            result["NextToken"] = self.token("streams", shown[-1])
        return result

    def describe_limits(self) -> dict[str, Any]:
        return {
            "ShardLimit": int(self.limits[self._shard_quota] or 0),
            "OpenShardCount": self._open_shards(),
            "OnDemandStreamCount": self._on_demand_streams(),
            "OnDemandStreamCountLimit": int(self.limits["on-demand-streams"] or 0),
        }

    def update_stream_mode(
        self, StreamARN: str, StreamModeDetails: Mapping[str, str], WarmThroughputMiBps: int | None = None
    ) -> None:
        stream, mode = self.active(None, StreamARN), StreamModeDetails["StreamMode"]
        if WarmThroughputMiBps is not None:
            self._check_warm(mode, WarmThroughputMiBps)
        if mode == stream.mode:
            raise invalid(f"Stream {stream.name} under account {self.account} is in mode {mode} already.")
        now = self.clock.time()
        lately = tuple(when for when in stream.switched if when > now - (self.limits["mode-switch-window"] or 0))
        self.limits.check("mode-switches", len(lately) + 1, stream=stream.name, account=self.account)
        if mode == ON_DEMAND:
            self.check_on_demand()
        else:
            self.check_shards(len(stream.open))
        stream.switched = (*lately, now)
        self.update(stream, "stream-update", "_switched", mode=mode, warm=WarmThroughputMiBps)

    def _switched(self, stream: str, id: str, mode: str, warm: int | None) -> None:
        found = self.same(stream, id)
        if found is None:
            return
        found.mode = mode
        if mode == PROVISIONED:
            found.warm, found.distribution = None, BY_KEY
        elif warm is not None:
            self._warm(found, warm)

    # --- what on-demand streams can be set to

    def update_stream_warm_throughput(
        self, WarmThroughputMiBps: int, StreamARN: str | None = None, StreamName: str | None = None
    ) -> dict[str, Any]:
        stream = self.active(StreamName, StreamARN)
        self._check_warm(stream.mode, WarmThroughputMiBps)
        self.update(stream, "stream-update", "_warmed", target=WarmThroughputMiBps)
        return {
            "StreamARN": stream.arn,
            "StreamName": stream.name,
            "WarmThroughput": {"TargetMiBps": WarmThroughputMiBps, "CurrentMiBps": len(stream.open)},
        }

    def _check_warm(self, mode: str, wanted: int) -> None:
        if mode != ON_DEMAND:
            raise self._only_on_demand("Warm throughput")
        settings: Mapping[str, Any] = self.describe_account_settings()  # type: ignore[attr-defined]
        if settings["MinimumThroughputBillingCommitment"]["Status"] == "DISABLED":
            raise malformed("Warm throughput needs MinimumThroughputBillingCommitment to be enabled for the account.")
        self.limits.check("warm-throughput", wanted)

    def _warmed(self, stream: str, id: str, target: int) -> None:
        found = self.same(stream, id)
        if found is not None:
            self._warm(found, target)

    def _warm(self, stream: Stream, target: int) -> None:
        """Have as many shards as the throughput takes, each of a MiB a second; where there are more, they stay."""
        stream.warm = target
        if target > len(stream.open):
            stream.rescale(target, self.clock.time())

    def update_stream_record_distribution_strategy(self, StreamARN: str, RecordDistributionStrategy: str) -> None:
        stream = self.active(None, StreamARN)
        if stream.mode != ON_DEMAND:
            raise self._only_on_demand("The record distribution strategy")
        stream.distribution = RecordDistributionStrategy

    def _only_on_demand(self, what: str) -> AWSError:
        return invalid(f"{what} is only supported for streams that use the on-demand capacity mode.")

    def update_max_record_size(self, MaxRecordSizeInKiB: int, StreamARN: str | None = None) -> None:
        stream = self.active(None, StreamARN)
        self.update(stream, "stream-update", "_sized", size=MaxRecordSizeInKiB)

    def _sized(self, stream: str, id: str, size: int) -> None:
        found = self.same(stream, id)
        if found is not None:
            found.record_size = size

    # --- quotas

    @property
    def _shard_quota(self) -> str:
        return "shards" if self.region in _LARGE_REGIONS else "shards-in-smaller-regions"

    def _open_shards(self) -> int:
        return sum(len(stream.open) for stream in self.streams if stream.mode == PROVISIONED)

    def _on_demand_streams(self) -> int:
        return sum(stream.mode == ON_DEMAND for stream in self.streams)

    def check_shards(self, adding: int) -> None:
        """Refuse that many more open shards than the account may have."""
        named = {"account": self.account, "region": self.region, "more": adding}
        self.limits.quota(self._shard_quota, self._open_shards(), adding=adding, **named)

    def check_on_demand(self) -> None:
        used = self._on_demand_streams()
        self.limits.quota("on-demand-streams", used, account=self.account, region=self.region)

    # --- tokens

    def token(self, kind: str, *values: Any) -> str:
        return tokens.pack(kind, self.clock.time(), *values)

    def opened(self, kind: str, token: str) -> list[Any]:
        """What a NextToken holds; refuses one that was made up or is too old."""
        try:
            issued, *values = tokens.unpack(kind, token)
        except ValueError:
            raise invalid("NextToken is invalid.") from None
        lifetime = self.limits["next-token-lifetime"]
        if lifetime is not None and self.clock.time() > issued + lifetime:
            raise AWSError("ExpiredNextTokenException", "NextToken has expired.")
        return values


def _warmth(stream: Stream) -> dict[str, int]:
    return {"TargetMiBps": stream.warm or 0, "CurrentMiBps": len(stream.open)}

"""Consumers with enhanced fan-out: registered, described, subscribed to shards."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from awsim.errors import AWSError
from awsim.services.kinesis import metrics, sequence
from awsim.services.kinesis.consumer import Consumer
from awsim.services.kinesis.operations.common import page, shared
from awsim.services.kinesis.operations.records import RecordOperations, child_shards, shown
from awsim.services.kinesis.refusals import no_stream
from awsim.services.kinesis.shard import Shard
from awsim.services.kinesis.stream import Stream
from awsim.services.kinesis.tagging import checked
from awsim.state import Lifecycle
from awsim.waiting import Pause, Pausing

Event = dict[str, Any]


class ConsumerOperations(RecordOperations):
    """Operations on consumers."""

    def register_stream_consumer(
        self, StreamARN: str, ConsumerName: str, Tags: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        stream = self._present(StreamARN)
        if ConsumerName in stream.consumers:
            raise AWSError(
                "ResourceInUseException",
                f"Consumer {ConsumerName} under stream {stream.name} already exists for account {self.account}.",
            )
        tags = checked(self.limits, stream.name, self.account, {}, Tags or {})
        named: dict[str, Any] = {"stream": stream.name, "account": self.account}
        creating = sum(one.lifecycle.state == "CREATING" for one in stream.consumers.values())
        self.limits.quota("consumers-creating", creating, stream.name, **named)
        self.limits.quota("consumers", len(stream.consumers), stream.name, **named)
        now = self.clock.time()
        consumer = Consumer(
            ConsumerName,
            f"{stream.arn}/consumer/{ConsumerName}:{int(now)}",
            now,
            Lifecycle(self, [("CREATING", "consumer-create"), ("ACTIVE", None)]),
        )
        consumer.tags = tags
        stream.consumers[ConsumerName] = consumer
        return {"Consumer": consumer.describe()}

    def deregister_stream_consumer(
        self, StreamARN: str | None = None, ConsumerName: str | None = None, ConsumerARN: str | None = None
    ) -> None:
        stream, consumer = self.consumer_at(StreamARN, ConsumerName, ConsumerARN)
        if consumer.lifecycle.state == "DELETING":
            return
        consumer.lifecycle = Lifecycle(self, [("DELETING", "consumer-delete"), ("DELETED", None)])
        seconds = self.limits.duration("consumer-delete")
        self.later(seconds, "_deregistered", stream=stream.name, id=stream.id, arn=consumer.arn)

    def _deregistered(self, stream: str, id: str, arn: str) -> None:
        found = self.same(stream, id)
        for consumer in list(found.consumers.values()) if found is not None else ():
            if found is not None and consumer.arn == arn:
                del found.consumers[consumer.name]
                self.limits.used("consumers", len(found.consumers), stream)

    @shared
    def describe_stream_consumer(
        self, StreamARN: str | None = None, ConsumerName: str | None = None, ConsumerARN: str | None = None
    ) -> dict[str, Any]:
        stream, consumer = self.consumer_at(StreamARN, ConsumerName, ConsumerARN)
        return {"ConsumerDescription": {**consumer.describe(), "StreamARN": stream.arn}}

    def list_stream_consumers(
        self,
        StreamARN: str,
        NextToken: str | None = None,
        MaxResults: int | None = None,
        StreamCreationTimestamp: datetime | None = None,
    ) -> dict[str, Any]:
        stream = self.stream_at(None, StreamARN)
        if StreamCreationTimestamp is not None and int(StreamCreationTimestamp.timestamp()) != int(stream.created):
            raise no_stream(stream.name, self.account)
        after = "" if NextToken is None else self.opened("consumers", NextToken)[0]
        names = sorted(stream.consumers)
        shown_names, more = page(
            names[bisect_right(names, after) :], MaxResults or int(self.limits["listed-consumers"])
        )
        result: dict[str, Any] = {"Consumers": [stream.consumers[name].describe() for name in shown_names]}
        if more:
            result["NextToken"] = self.token("consumers", shown_names[-1])
        return result

    def _present(self, arn: str) -> Stream:
        stream = self.stream_at(None, arn)
        if stream.status == "CREATING":
            raise AWSError(
                "ResourceInUseException",
                f"Stream {stream.name} under account {self.account} not ACTIVE, instead in state CREATING",
            )
        return stream

    # --- subscriptions

    @shared
    def subscribe_to_shard(self, ConsumerARN: str, ShardId: str, StartingPosition: Mapping[str, Any]) -> dict[str, Any]:
        stream, consumer = self.consumer_at(None, None, ConsumerARN)
        if consumer.lifecycle.state != "ACTIVE":
            raise AWSError(
                "ResourceInUseException",
                f"Consumer {consumer.name} with creation timestamp {int(consumer.created)} under stream: "
                f"{stream.name} , account {self.account} is not in ACTIVE status.",
            )
        shard = self.shard_to_read(stream, ShardId)
        position = self.position(
            stream,
            shard,
            StartingPosition["Type"],
            StartingPosition.get("SequenceNumber"),
            StartingPosition.get("Timestamp"),
        )
        now = self.clock.time()
        number, since = consumer.subscriptions.get(shard.id, (0, None))
        if since is not None and now < since + (self.limits["subscription-takeover"] or 0):
            raise AWSError(
                "ResourceInUseException",
                "Another active subscription exists for this consumer: "
                f"{self.account}:{stream.name}:{shard.id}:{consumer.name}",
            )
        consumer.subscriptions[shard.id] = (number + 1, now)
        return {"EventStream": Pausing(self._events(stream, consumer, shard, number + 1, position, now))}

    def _events(
        self, stream: Stream, consumer: Consumer, shard: Shard, number: int, position: int, since: float
    ) -> Iterator[Event | Pause]:
        """What a subscription pushes: records as they come, now and then an event without, for five minutes.

        Runs while the caller reads, so it takes the Cloud's lock by itself; between events there are pauses.
        """
        cloud, clock = self.cloud, self.clock
        lifetime, heartbeat = self.limits["subscription-lifetime"], self.limits["subscription-heartbeat"]
        end = float("inf") if lifetime is None else since + lifetime
        while True:
            with cloud.exclusive():
                event, position, last = self._event(stream, consumer, shard, number, position)
            if event is not None:
                yield event
            if last:
                return
            if clock.time() >= end:
                return
            yield Pause(clock, min(end, clock.time() + heartbeat), partial(_moved, shard, position))
            if clock.time() >= end:
                return

    def _event(
        self, stream: Stream, consumer: Consumer, shard: Shard, number: int, position: int
    ) -> tuple[Event | None, int, bool]:
        """The next event, if there is one; the position after it; whether it is the last."""
        if self.same(stream.name, stream.id) is None or stream.consumers.get(consumer.name) is not consumer:
            raise AWSError(
                "ResourceNotFoundException",
                f"Stream {stream.name} under account {self.account} not found."
                if self.same(stream.name, stream.id) is None
                else f"Consumer {consumer.arn} not found.",
            )
        if consumer.subscriptions.get(shard.id, (number, None))[0] != number:
            # A newer subscription took over.
            return None, position, True
        now = self.clock.time()
        shard.trim(stream.horizon(now))
        records, following = shard.read(
            position,
            int(self.limits["subscription-event-records"]),
            int(self.limits["read-size"]),
            float("inf"),
        )
        behind = shard.behind(following, now)
        size = sum(record.size for record in records)
        self.measured.append((now, stream.name, metrics.EVENT, len(records), size, behind))
        event: dict[str, Any] = {"Records": [shown(record) for record in records], "MillisBehindLatest": behind}
        ended = not shard.open and following >= shard.latest
        if ended:
            event["ChildShards"] = child_shards(stream, shard)
            del consumer.subscriptions[shard.id]
        else:
            last = records[-1].sequence if records else sequence.make(shard.starting, following - 1, 0)
            event["ContinuationSequenceNumber"] = str(last)
        return {"SubscribeToShardEvent": event}, following, ended


def _moved(shard: Shard, position: int) -> bool:
    """Whether there is something to push: a record, or the end."""
    return position < shard.latest or not shard.open

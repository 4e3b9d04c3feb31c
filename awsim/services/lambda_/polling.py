"""Event source mappings at work: woken when their source has something, they read, filter and invoke.

Nothing is polled in vain: the services of the sources say when there may be something (`watch`), and a mapping asks
then, after the time that AWS's polls take under `lifecycle="timed"`. Sources are read as the function's role. Batches
of a mapping are handled one after the other, in whatever order AWS might have finished them.

Sources: Lambda Developer Guide, "Using Lambda with Amazon SQS", "… with Kinesis", "… with DynamoDB", "Implementing
partial batch responses"; retaining discarded batches.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any

from awsim.errors import AWSError
from awsim.eventing import polled, retries
from awsim.eventing.lanes import Lane, Record
from awsim.eventing.streams import Stream, sequence
from awsim.services.lambda_ import metrics
from awsim.services.lambda_.asynchronous import queue_url
from awsim.services.lambda_.executing import descending, lineage
from awsim.services.lambda_.invoking import Invoking
from awsim.services.lambda_.mapping import KINESIS, SQS, EventSourceMapping
from awsim.services.lambda_.running import Outcome

_QUEUE = "queue"
_RECEIVED = 10  # the most messages that ReceiveMessage gives and DeleteMessageBatch takes
_NEVER = -1  # of retries and ages: no bound
_LOOP = "RecursiveInvocationException"


class Polling(Invoking):
    """What mappings do while they are enabled."""

    # --- beginning and ending

    def _begin(self, uuid: str) -> None:
        mapping: EventSourceMapping | None = self.mappings.get(uuid)
        if mapping is None or not mapping.enabled or mapping.active:
            return
        try:
            self._home(mapping).watch(mapping.source, self.key, "_wake", uuid=uuid)
        except AWSError:
            mapping.result = f"PROBLEM: {mapping.source} could not be read."
            return
        mapping.active = True
        mapping.troubles, mapping.resume = 0, 0.0
        self._look_at(mapping, self.clock.time())

    def halt(self, mapping: EventSourceMapping) -> None:
        """A mapping reads no more. What it has received of a queue comes back there; its place in a stream is kept."""
        mapping.active = False
        if mapping.job is not None:
            self.cancel(mapping.job[0])
            mapping.job = None
        self._home(mapping).unwatch(mapping.source, self.key, "_wake", uuid=mapping.uuid)
        mapping.lanes.pop(_QUEUE, None)

    def _home(self, mapping: EventSourceMapping) -> Any:
        """The service of the source: it says when there is something, which is then read as anybody reads."""
        _, _, _, region, account, _ = mapping.source.split(":", 5)
        return self.cloud.service(mapping.kind.home, account, region)

    # --- when to look

    def _wake(self, uuid: str) -> None:
        """The source says that there may be something."""
        mapping: EventSourceMapping | None = self.mappings.get(uuid)
        if mapping is None or not mapping.active:
            return
        mapping.ancestors = max(mapping.ancestors, lineage(), key=len)
        when: float | None = self.clock.time()
        if mapping.kind is SQS:
            when = self._home(mapping).receivable_at(mapping.source)
        if when is not None:
            self._look_at(mapping, when + self.limits.duration(f"{mapping.kind.name}-poll"))

    def _look_at(self, mapping: EventSourceMapping, when: float) -> None:
        when = max(when, mapping.resume)
        if mapping.job is not None:
            job, planned = mapping.job
            if planned <= when:
                return
            self.cancel(job)
        mapping.job = (self.at_time(when, "_look", uuid=mapping.uuid), when)

    def _look(self, uuid: str) -> None:
        mapping: EventSourceMapping | None = self.mappings.get(uuid)
        if mapping is None or not mapping.active:
            return
        mapping.job = None
        if mapping.busy:
            mapping.missed = True
            return
        ancestors, mapping.ancestors = mapping.ancestors, ()
        with self._at_work(mapping), descending(ancestors):
            try:
                self._read(mapping)
            except AWSError:
                mapping.resume = self.clock.time() + self._pause(mapping.troubles)
                mapping.troubles += 1
                self._look_at(mapping, mapping.resume)
                return
            mapping.troubles = 0
            self._carry_on(mapping)

    @contextmanager
    def _at_work(self, mapping: EventSourceMapping) -> Iterator[None]:
        """Until the block is over the mapping begins nothing else: functions that it invokes let other work run."""
        mapping.busy = True
        try:
            yield
        finally:
            mapping.busy = False
            if mapping.missed:
                mapping.missed = False
                if mapping.active:
                    self._look_at(mapping, self.clock.time())

    def _carry_on(self, mapping: EventSourceMapping) -> None:
        """Send what is ready to go, and look again when more may be."""
        for lane in list(mapping.lanes.values()):
            self._send_ready(mapping, lane)
        if not mapping.active:
            return
        due = [time for lane in mapping.lanes.values() if (time := self._due(mapping, lane)) is not None]
        if mapping.kind is SQS and len(mapping.lane(_QUEUE).pending) < mapping.settings["BatchSize"]:
            when = self._home(mapping).receivable_at(mapping.source)
            due += () if when is None else (when,)
        if due:
            self._look_at(mapping, min(due))

    def _due(self, mapping: EventSourceMapping, lane: Lane) -> float | None:
        """When a lane's next batch is to be sent."""
        if not lane.pending:
            return None
        due = lane.since + mapping.settings["MaximumBatchingWindowInSeconds"]
        if lane.attempts or lane.full(mapping.settings["BatchSize"], self.limits["batch-payload"]):
            due = lane.since
        return max(due, lane.resume)

    def _pause(self, failures: int) -> float:
        """How long to wait after so many failures before the last."""
        first, longest = self.limits["retry-first-wait"] or 0, self.limits["retry-longest-wait"] or 0
        return float(min(first * 2 ** min(failures, 30), longest))

    # --- reading

    def _ask(self, mapping: EventSourceMapping, service: str, operation: str, /, **parameters: Any) -> dict[str, Any]:
        """Call the source's service as the function's role."""
        role = self.target(mapping.function).version.role
        return self.as_role(role, mapping.source, mapping.function, service, operation, **parameters)

    def _read(self, mapping: EventSourceMapping) -> None:
        if mapping.kind is SQS:
            self._receive(mapping)
            return
        stream = Stream(partial(self._ask, mapping), mapping.source)
        if not mapping.started:
            self._find_start(mapping, stream)
            mapping.started = True
        self._read_shards(mapping, stream)

    def _receive(self, mapping: EventSourceMapping) -> None:
        lane, home = mapping.lane(_QUEUE), self._home(mapping)
        room = mapping.settings["BatchSize"] - len(lane.pending)
        while room > 0:
            answer = self._ask(
                mapping,
                "sqs",
                "ReceiveMessage",
                QueueUrl=queue_url(mapping.source),
                MaxNumberOfMessages=min(room, _RECEIVED),
                WaitTimeSeconds=0,
                MessageSystemAttributeNames=["All"],
                MessageAttributeNames=["All"],
            )
            messages = answer.get("Messages") or []
            kept, unwanted = [], []
            for message in messages:
                event = polled.from_queue(message, mapping.source)
                if polled.passes(mapping.patterns, event, SQS.data, encoded=False):
                    sent = int(event["attributes"]["SentTimestamp"]) / 1000
                    kept.append(Record(event, event["receiptHandle"], sent, polled.size(event)))
                else:
                    unwanted.append(event["receiptHandle"])
            # What no filter wants is done with.
            self._delete(mapping, unwanted)
            lane.add(kept, self.clock.time())
            room -= len(kept)
            more = home.receivable_at(mapping.source)
            if not messages or more is None or more > self.clock.time():
                break

    def _delete(self, mapping: EventSourceMapping, handles: Sequence[str]) -> None:
        for start in range(0, len(handles), _RECEIVED):
            entries = [
                {"Id": str(number), "ReceiptHandle": handle}
                for number, handle in enumerate(handles[start : start + _RECEIVED])
            ]
            url = queue_url(mapping.source)
            self._ask(mapping, "sqs", "DeleteMessageBatch", QueueUrl=url, Entries=entries)

    def _find_start(self, mapping: EventSourceMapping, stream: Stream) -> None:
        """Note where the shards of a stream are to be read from."""
        start = mapping.settings["StartingPosition"]
        for shard in stream.shards():
            place: Any = (start, mapping.settings.get("StartingPositionTimestamp"))
            if start == "LATEST":
                _, place = stream.records(shard, ("TRIM_HORIZON", None))
            mapping.positions[shard["ShardId"]] = place

    def _read_shards(self, mapping: EventSourceMapping, stream: Stream) -> None:
        """Take what is new in a stream onto the lanes; a child's records only after all of its parents'."""
        lines = mapping.settings["ParallelizationFactor"]
        held: set[str] = set()
        shards = stream.shards()
        for gone in mapping.positions.keys() - {shard["ShardId"] for shard in shards}:
            mapping.positions.pop(gone)
        for shard in shards:
            id = shard["ShardId"]
            if {shard.get("ParentShardId"), shard.get("AdjacentParentShardId")} & held:
                held.add(id)
                continue
            place = mapping.positions.setdefault(id, ("TRIM_HORIZON", None))
            if place is not None:
                raw, mapping.positions[id] = stream.records(shard, place)
                for record in self._passed(mapping, id, raw):
                    line = zlib.crc32(_partition(record.event).encode()) % lines
                    mapping.lane(f"{id}/{line}", id).add([record], self.clock.time())
            lanes = [mapping.lane(f"{id}/{line}", id) for line in range(lines)]
            for lane in lanes:
                # Lanes in the way of a child's go first.
                self._send_ready(mapping, lane)
            if mapping.positions.get(id) is not None or any(lane.pending for lane in lanes):
                held.add(id)
            else:
                for line in range(lines):
                    mapping.lanes.pop(f"{id}/{line}", None)

    def _passed(self, mapping: EventSourceMapping, shard: str, raw: Sequence[Mapping[str, Any]]) -> Iterator[Record]:
        """The records that the filters let pass."""
        kind = mapping.kind
        role = self.target(mapping.function).version.role
        for record in raw:
            if kind is KINESIS:
                event = polled.from_stream(record, shard, mapping.source, role)
                arrived = event["approximateArrivalTimestamp"]
            else:
                event = {**polled.from_table(record, mapping.source)}
                arrived = event["dynamodb"]["ApproximateCreationDateTime"]
            if polled.passes(mapping.patterns, event, kind.data, encoded=True):
                yield Record(event, sequence(record), arrived, polled.size(event))

    # --- sending

    def _send_ready(self, mapping: EventSourceMapping, lane: Lane) -> None:
        """Send the batches of a lane that are due."""
        while mapping.active and (due := self._due(mapping, lane)) is not None and due <= self.clock.time():
            count = lane.batch(mapping.settings["BatchSize"], self.limits["batch-payload"])
            if mapping.kind is SQS:
                self._send_messages(mapping, lane, count)
            else:
                self._send_records(mapping, lane, count)

    def _send_messages(self, mapping: EventSourceMapping, lane: Lane, count: int) -> None:
        """Messages that the function took are deleted; others appear in their queue again."""
        batch = lane.pending[:count]
        lane.drop(count, self.clock.time())
        failed: frozenset[int] = frozenset(range(count))
        try:
            failed, _ = self._deliver(mapping, batch)
        except AWSError as error:
            if error.code == _LOOP:
                failed = frozenset()  # messages of a loop are discarded
        try:
            self._delete(mapping, [record.key for number, record in enumerate(batch) if number not in failed])
        except AWSError:
            return  # they come again

    def _send_records(self, mapping: EventSourceMapping, lane: Lane, count: int) -> None:
        """A stream goes on after a batch only when the function took it, or it has been given up."""
        settings, now = mapping.settings, self.clock.time()
        age = settings["MaximumRecordAgeInSeconds"]
        life = self.limits["record-life"] if age == _NEVER else age
        old = 0
        while life is not None and old < count and lane.pending[old].arrived + life < now:
            old += 1
        if old:
            self._give_up(mapping, lane, old, "RecordAgeExceeded", None)
            return
        batch = lane.pending[:count]
        counts, outcome = True, None
        failed: frozenset[int] = frozenset(range(count))
        try:
            failed, outcome = self._deliver(mapping, batch)
        except AWSError as error:
            if error.code == _LOOP:
                self._give_up(mapping, lane, count, "RetryAttemptsExhausted", None)
                return
            counts = not (retries.broken(error) or retries.throttled(error))
            mapping.result = f"PROBLEM: {error.message}"
        else:
            mapping.result = "PROBLEM: Function call failed" if failed else "OK"
        now = self.clock.time()
        if not failed:
            lane.sizes = lane.sizes[1:]
            lane.drop(count, now)
            return
        taken = min(failed)
        if taken:
            # It is tried again from the first that failed on.
            attempts = lane.attempts
            lane.drop(taken, now)
            lane.attempts = attempts
            lane.sizes = (count - taken, *lane.sizes[1:]) if lane.sizes else ()
        left = count - taken
        most = settings["MaximumRetryAttempts"]
        if settings["BisectBatchOnFunctionError"] and counts and left > 1:
            # The halves have attempts of their own.
            lane.sizes = (left // 2, left - left // 2, *lane.sizes[1:])
            lane.resume = now + self._pause(0)
            return
        if counts and most != _NEVER and lane.attempts >= most:
            self._give_up(mapping, lane, left, "RetryAttemptsExhausted", outcome)
        else:
            if not lane.sizes:
                # The same batch is tried again, whatever has come meanwhile.
                lane.sizes = (left,)
            lane.resume = now + self._pause(lane.attempts)
            lane.attempts += 1

    def _deliver(self, mapping: EventSourceMapping, batch: Sequence[Record]) -> tuple[frozenset[int], Outcome]:
        """Invoke the function; the numbers of the records that it did not take."""
        found = self.target(mapping.function)
        if mapping.kind is not SQS:
            age = self.clock.time() - batch[-1].arrived
            self.note(found.function, metrics.ITERATOR_AGE, age * 1000)
        events = [_shown(record.event, mapping) for record in batch]
        payload = json.dumps({"Records": events}, separators=(",", ":")).encode()
        outcome = self.invoked(found, json.loads(payload), self.ids.uuid("request"))
        whole = frozenset(range(len(batch)))
        if outcome.error is not None:
            return whole, outcome
        if "ReportBatchItemFailures" not in (mapping.settings.get("FunctionResponseTypes") or ()):
            return frozenset(), outcome
        return _reported(outcome.payload, batch, whole), outcome

    def _give_up(
        self, mapping: EventSourceMapping, lane: Lane, count: int, condition: str, outcome: Outcome | None
    ) -> None:
        """Records that the function will not get are told of at the destination for failures, and passed over."""
        batch, attempts = lane.pending[:count], lane.attempts + 1
        lane.sizes = lane.sizes[1:]
        lane.drop(count, self.clock.time())
        target = ((mapping.settings.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination")
        if not target:
            return
        request_id = self.ids.uuid("request")
        record: dict[str, Any] = {
            "requestContext": {
                "requestId": request_id,
                "functionArn": mapping.function,
                "condition": condition,
                "approximateInvokeCount": attempts,
            },
        }
        if outcome is not None:
            told = {"statusCode": 200, "executedVersion": outcome.version, "functionError": outcome.error}
            record["responseContext"] = told
        now = self.clock.time()
        record |= {
            "version": "1.0",
            "timestamp": _instant(now),
            "KinesisBatchInfo" if mapping.kind is KINESIS else "DDBStreamBatchInfo": {
                "shardId": lane.shard,
                "startSequenceNumber": batch[0].key,
                "endSequenceNumber": batch[-1].key,
                "approximateArrivalOfFirstRecord": _instant(batch[0].arrived),
                "approximateArrivalOfLastRecord": _instant(batch[-1].arrived),
                "batchSize": count,
                "streamArn": mapping.source,
            },
        }
        role = self.target(mapping.function).version.role
        try:
            if target.split(":")[2] == "s3":
                events = [_shown(one.event, mapping) for one in batch]
                record["payload"] = json.dumps({"Records": events}, separators=(",", ":"))
                moment = datetime.fromtimestamp(now, UTC)
                prefix = f"aws/lambda/{mapping.uuid}/{lane.shard}/{moment:%Y/%m/%d}"
                where = {
                    "Bucket": target.rpartition(":::")[2],
                    "Key": f"{prefix}/{moment:%Y-%m-%dT%H.%M.%S}-{self.ids.uuid('record')}",
                }
                body = json.dumps(record, separators=(",", ":")).encode()
                self.as_role(role, target, mapping.function, "s3", "PutObject", Body=body, **where)
            else:
                self.send_to(target, role, mapping.function, json.dumps(record, separators=(",", ":")))
        except AWSError:
            return  # what its destination refuses is lost


def _shown(event: Mapping[str, Any], mapping: EventSourceMapping) -> Mapping[str, Any]:
    """A record as functions see it."""
    if mapping.kind is not KINESIS:
        return event
    inner = ("kinesisSchemaVersion", "partitionKey", "sequenceNumber", "data", "approximateArrivalTimestamp")
    outer = {name: value for name, value in event.items() if name not in inner}
    return {"kinesis": {name: event[name] for name in inner}, **outer}


def _reported(payload: bytes, batch: Sequence[Record], whole: frozenset[int]) -> frozenset[int]:
    """The numbers of the records that an answer reports; all of them where it cannot be understood."""
    told = json.loads(payload)
    listed = told.get("batchItemFailures") if isinstance(told, dict) else None
    if not listed:
        return frozenset() if told is None or isinstance(told, dict) else whole
    try:
        wanted = {one["itemIdentifier"] for one in listed}
    except (TypeError, KeyError):
        return whole
    found = frozenset(number for number, record in enumerate(batch) if _identifier(record) in wanted)
    return found if len(found) == len(wanted) else whole


def _identifier(record: Record) -> str:
    """What names a record in a report of failures."""
    id: str = record.event.get("messageId") or record.key
    return id


def _partition(event: Mapping[str, Any]) -> str:
    """What keeps its order within a shard: the partition key, or the item."""
    key = event.get("partitionKey")
    return str(key) if key is not None else json.dumps(event["dynamodb"]["Keys"], sort_keys=True)


def _instant(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

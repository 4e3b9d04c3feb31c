"""A pipe at work: it is woken when its source has something, reads, filters, enriches and delivers.

Nothing is polled in vain: the services of the sources say when there may be something (`watch`), and a pipe asks then,
after the time that AWS's polls take under `lifecycle="timed"`. Everything is done as the pipe's role.

Sources: EventBridge User Guide, "Amazon EventBridge Pipes error handling and troubleshooting", "Pipes batching and
concurrency", and the pages of the sources.
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
from awsim.service import Service
from awsim.services.pipes import filters, inputs, sources, targets
from awsim.services.pipes.inputs import Payload
from awsim.services.pipes.pipe import Pipe
from awsim.services.pipes.sources import Kind
from awsim.state import Collection, Lifecycle

_QUEUE = "queue"
_RECEIVED = 10  # the most messages that ReceiveMessage gives and DeleteMessageBatch takes
_DENIED = ("AccessDenied", "AccessDeniedException")
_CALLED = {"sqs": "call ReceiveMessage on SQS", "kinesis": "call GetRecords on Kinesis"}
_NEVER = -1  # of retries and ages: no bound


class Rejected(Exception):
    """Some events of a batch did not arrive: their numbers."""

    def __init__(self, failed: frozenset[int]) -> None:
        super().__init__(failed)
        self.failed = failed


class RunningPipes(Service):
    """What pipes do while they run."""

    name = "pipes"
    scope = "region"

    pipes = Collection("pipe", key="name", quota="pipes")

    # --- beginning and ending

    def _begin(self, name: str, id: str, failed: str) -> None:
        """A pipe has come to run; `failed` is its state if it cannot."""
        pipe = self._same(name, id)
        if pipe is None:
            return
        kind = _kind(pipe)
        pipe.reason = _not_run(pipe, kind)
        if pipe.reason is not None:
            return
        pipe.active = True
        pipe.troubles, pipe.resume = 0, 0.0
        with self._at_work(pipe):
            self._begin_reading(pipe, kind, failed)

    def _begin_reading(self, pipe: Pipe, kind: Kind, failed: str) -> None:
        try:
            self._home(pipe, kind).watch(pipe.source, self.key, "_wake", name=pipe.name, id=pipe.id)
            self._read(pipe, kind)
        except AWSError as error:
            if _passes(error):
                self._in_trouble(pipe)
                return
            self._halt(pipe.name, pipe.id)
            pipe.lifecycle = Lifecycle.settled(self, failed)
            cause = error.message or error.code
            if error.code in _DENIED:
                called = _CALLED.get(kind.name, "call GetRecords on DynamoDB")
                cause = f"The provided customer role does not have permissions to {called}"
            pipe.reason = f"Input parameter is invalid from the request due to : {cause}"
            return
        self._carry_on(pipe, kind)

    def _halt(self, name: str, id: str) -> None:
        """A pipe runs no more. What it has received of a queue comes back there; its place in a stream is kept."""
        pipe = self._same(name, id)
        if pipe is None:
            return
        kind = _kind(pipe)
        pipe.active = False
        if pipe.job is not None:
            self.cancel(pipe.job[0])
            pipe.job = None
        if kind.runs:
            self._home(pipe, kind).unwatch(pipe.source, self.key, "_wake", name=name, id=id)
        pipe.lanes.pop(_QUEUE, None)

    def _gone(self, name: str, id: str) -> None:
        if self._same(name, id) is not None:
            self._halt(name, id)
            self.pipes.remove(name)

    def _same(self, name: str, id: str) -> Pipe | None:
        pipe: Pipe | None = self.pipes.get(name)
        return pipe if pipe is not None and pipe.id == id else None

    def _home(self, pipe: Pipe, kind: Kind) -> Any:
        """The service of the source: it says when there is something, which is then read as anybody reads."""
        _, _, _, region, account, _ = pipe.source.split(":", 5)
        service = "dynamodbstreams" if kind is sources.DYNAMODB else kind.name
        return self.cloud.service(service, account, region)

    # --- when to look

    def _wake(self, name: str, id: str) -> None:
        """The source says that there may be something."""
        pipe = self._same(name, id)
        if pipe is None or not pipe.active:
            return
        kind = _kind(pipe)
        when: float | None = self.clock.time()
        if kind is sources.SQS:
            when = self._receivable_at(pipe, kind)
        if when is not None:
            self._look_at(pipe, when + self.limits.duration(f"{kind.name}-poll"))

    def _receivable_at(self, pipe: Pipe, kind: Kind) -> float | None:
        """When a pipe that fails no more, or does not fail, may find a message in its queue."""
        when = self._home(pipe, kind).receivable_at(pipe.source)
        return None if when is None else max(when, pipe.lane(_QUEUE).resume)

    def _look_at(self, pipe: Pipe, when: float) -> None:
        when = max(when, pipe.resume)
        if pipe.job is not None:
            job, planned = pipe.job
            if planned <= when:
                return
            self.cancel(job)
        pipe.job = (self.at_time(when, "_look", name=pipe.name, id=pipe.id), when)

    def _look(self, name: str, id: str) -> None:
        pipe = self._same(name, id)
        if pipe is None or not pipe.active:
            return
        pipe.job = None
        if pipe.busy:
            pipe.missed = True
            return
        kind = _kind(pipe)
        with self._at_work(pipe):
            try:
                self._read(pipe, kind)
            except AWSError:
                self._in_trouble(pipe)
                return
            pipe.troubles = 0
            self._carry_on(pipe, kind)

    @contextmanager
    def _at_work(self, pipe: Pipe) -> Iterator[None]:
        """Until the block is over the pipe begins nothing else: functions that it calls let other work run."""
        pipe.busy = True
        try:
            yield
        finally:
            pipe.busy = False
            if pipe.missed:
                pipe.missed = False
                if pipe.active:
                    self._look_at(pipe, self.clock.time())

    def _in_trouble(self, pipe: Pipe) -> None:
        """The source could not be read; later it may."""
        pipe.resume = self.clock.time() + self._pause(pipe.troubles)
        pipe.troubles += 1
        self._look_at(pipe, pipe.resume)

    def _carry_on(self, pipe: Pipe, kind: Kind) -> None:
        """Send what is ready to go, and look again when more may be."""
        for lane in list(pipe.lanes.values()):
            self._send_ready(pipe, kind, lane)
        if not pipe.active:
            return
        due = [time for lane in pipe.lanes.values() if (time := self._due(pipe, kind, lane)) is not None]
        if kind is sources.SQS:
            room = len(pipe.lane(_QUEUE).pending) < _own(pipe, kind)["BatchSize"]
            when = self._receivable_at(pipe, kind) if room else None
            due += () if when is None else (when,)
        if due:
            self._look_at(pipe, min(due))

    def _due(self, pipe: Pipe, kind: Kind, lane: Lane) -> float | None:
        """When a lane's next batch is to be sent."""
        if not lane.pending:
            return None
        own = _own(pipe, kind)
        due = lane.since + (own.get("MaximumBatchingWindowInSeconds") or 0)
        retried = lane.attempts and kind is not sources.SQS
        if retried or lane.full(own["BatchSize"], self.limits["batch-payload"]):
            due = lane.since
        return max(due, lane.resume)

    def _back_off(self, lane: Lane) -> None:
        lane.resume = self.clock.time() + self._pause(lane.attempts)
        lane.attempts += 1

    def _pause(self, failures: int) -> float:
        """How long to wait after so many failures before the last."""
        first, longest = self.limits["retry-first-wait"] or 0, self.limits["retry-longest-wait"] or 0
        return float(min(first * 2 ** min(failures, 30), longest))

    # --- reading

    def _read(self, pipe: Pipe, kind: Kind) -> None:
        if kind is sources.SQS:
            self._receive(pipe, kind)
            return
        if not pipe.started:
            self._find_start(pipe, kind)
            pipe.started = True
        self._read_shards(pipe, kind)

    def _receive(self, pipe: Pipe, kind: Kind) -> None:
        lane = pipe.lane(_QUEUE)
        room = _own(pipe, kind)["BatchSize"] - len(lane.pending)
        patterns = filters.patterns_of(pipe.settings["SourceParameters"])
        home = self._home(pipe, kind)
        while room > 0 and lane.resume <= self.clock.time():
            answer = self._as_role(
                pipe,
                "sqs",
                "ReceiveMessage",
                QueueUrl=targets.queue_url(pipe.source),
                MaxNumberOfMessages=min(room, _RECEIVED),
                WaitTimeSeconds=0,
                MessageSystemAttributeNames=["All"],
                MessageAttributeNames=["All"],
            )
            messages = answer.get("Messages") or []
            events = [polled.from_queue(message, pipe.source) for message in messages]
            records, unwanted = [], []
            for event in events:
                if filters.passes(patterns, event, kind):
                    sent = int(event["attributes"]["SentTimestamp"]) / 1000
                    records.append(Record(event, event["receiptHandle"], sent, polled.size(event)))
                else:
                    unwanted.append(event["receiptHandle"])
            # What no filter wants is done with.
            self._delete(pipe, unwanted)
            lane.add(records, self.clock.time())
            room -= len(records)
            more = home.receivable_at(pipe.source)
            if not messages or more is None or more > self.clock.time():
                break

    def _delete(self, pipe: Pipe, handles: Sequence[str]) -> None:
        for start in range(0, len(handles), _RECEIVED):
            entries = [
                {"Id": str(number), "ReceiptHandle": handle}
                for number, handle in enumerate(handles[start : start + _RECEIVED])
            ]
            url = targets.queue_url(pipe.source)
            self._as_role(pipe, "sqs", "DeleteMessageBatch", QueueUrl=url, Entries=entries)

    def _find_start(self, pipe: Pipe, kind: Kind) -> None:
        """Note where the shards of a stream are to be read from."""
        own = _own(pipe, kind)
        start = own["StartingPosition"]
        for shard in self._stream(pipe).shards():
            if start == "LATEST":
                _, pipe.positions[shard["ShardId"]] = self._stream(pipe).records(shard, ("TRIM_HORIZON", None))
            else:
                pipe.positions[shard["ShardId"]] = (start, own.get("StartingPositionTimestamp"))

    def _stream(self, pipe: Pipe) -> Stream:
        return Stream(partial(self._as_role, pipe), pipe.source)

    def _read_shards(self, pipe: Pipe, kind: Kind) -> None:
        """Take what is new in a stream onto the lanes; a child's records only after all of its parents'."""
        own = _own(pipe, kind)
        lines = own.get("ParallelizationFactor") or 1
        held: set[str] = set()
        shards = self._stream(pipe).shards()
        for gone in pipe.positions.keys() - {shard["ShardId"] for shard in shards}:
            pipe.positions.pop(gone)
        for shard in shards:
            id = shard["ShardId"]
            parents = {shard.get("ParentShardId"), shard.get("AdjacentParentShardId")}
            if parents & held:
                held.add(id)
                continue
            place = pipe.positions.setdefault(id, ("TRIM_HORIZON", None))
            if place is not None:
                raw, pipe.positions[id] = self._stream(pipe).records(shard, place)
                for record in self._passed(pipe, kind, id, raw):
                    line = zlib.crc32(_partition(record.event).encode()) % lines
                    pipe.lane(f"{id}/{line}", id).add([record], self.clock.time())
            for line in range(lines):
                # Lanes in the way of a child's go first.
                self._send_ready(pipe, kind, pipe.lane(f"{id}/{line}", id))
            if pipe.positions[id] is not None or any(pipe.lane(f"{id}/{line}", id).pending for line in range(lines)):
                held.add(id)
            else:
                for line in range(lines):
                    pipe.lanes.pop(f"{id}/{line}")

    def _passed(self, pipe: Pipe, kind: Kind, shard: str, raw: Sequence[Mapping[str, Any]]) -> Iterator[Record]:
        """The records that the filters let pass."""
        patterns = filters.patterns_of(pipe.settings["SourceParameters"])
        for record in raw:
            if kind is sources.KINESIS:
                event = polled.from_stream(record, shard, pipe.source, pipe.role)
                arrived = event["approximateArrivalTimestamp"]
            else:
                event = polled.from_table(record, pipe.source)
                arrived = event["dynamodb"]["ApproximateCreationDateTime"]
            if filters.passes(patterns, event, kind):
                yield Record(event, sequence(record), arrived, polled.size(event))

    # --- sending

    def _send_ready(self, pipe: Pipe, kind: Kind, lane: Lane) -> None:
        """Send the batches of a lane that are due."""
        while pipe.active and (due := self._due(pipe, kind, lane)) is not None and due <= self.clock.time():
            count = lane.batch(_own(pipe, kind)["BatchSize"], self.limits["batch-payload"])
            if kind is sources.SQS:
                self._send_messages(pipe, kind, lane, count)
            else:
                self._send_records(pipe, kind, lane, count)

    def _send_messages(self, pipe: Pipe, kind: Kind, lane: Lane, count: int) -> None:
        """Messages that arrive are deleted; others appear in their queue again."""
        batch = lane.pending[:count]
        failed: frozenset[int] = frozenset()
        attempts = lane.attempts
        try:
            self._deliver(pipe, kind, batch)
        except Rejected as rejected:
            failed = rejected.failed
        except AWSError as error:
            failed = frozenset(range(count))
            self._note(pipe, error)
        lane.drop(count, self.clock.time())
        if failed:
            lane.attempts = attempts
            self._back_off(lane)
        try:
            self._delete(pipe, [record.key for number, record in enumerate(batch) if number not in failed])
        except AWSError as error:
            self._note(pipe, error)

    def _send_records(self, pipe: Pipe, kind: Kind, lane: Lane, count: int) -> None:
        """A stream goes on after a batch only when it has arrived, or has been given up."""
        own = _own(pipe, kind)
        now = self.clock.time()
        age = own.get("MaximumRecordAgeInSeconds", _NEVER)
        life = self.limits["record-life"] if age == _NEVER else age
        old = 0
        while life is not None and old < count and lane.pending[old].arrived + life < now:
            old += 1
        if old:
            self._give_up(pipe, kind, lane, old, "MaximumRecordAgeExceeded")
            return
        batch = lane.pending[:count]
        counts = True
        failed: frozenset[int] = frozenset(range(count))
        try:
            self._deliver(pipe, kind, batch)
        except Rejected as rejected:
            failed = rejected.failed
        except AWSError as error:
            counts = not retries.broken(error)
            self._note(pipe, error)
        else:
            lane.sizes = lane.sizes[1:]
            lane.drop(count, now)
            return
        arrived = min(failed)
        if arrived:
            # It is tried again from the first that failed on.
            attempts = lane.attempts
            lane.drop(arrived, now)
            lane.attempts = attempts
            lane.sizes = (count - arrived, *lane.sizes[1:]) if lane.sizes else ()
        left = count - arrived
        if own.get("OnPartialBatchItemFailure") == "AUTOMATIC_BISECT" and left > 1:
            lane.sizes = (left // 2, left - left // 2, *lane.sizes[1:])
            lane.resume = now + self.limits["retry-first-wait"]
            lane.attempts = max(lane.attempts, 1)
            return
        most = own.get("MaximumRetryAttempts", _NEVER)
        if counts and most != _NEVER and lane.attempts >= most:
            self._give_up(pipe, kind, lane, left, "RetryAttemptsExhausted")
        else:
            self._back_off(lane)

    def _give_up(self, pipe: Pipe, kind: Kind, lane: Lane, count: int, condition: str) -> None:
        """Records that will not arrive are told of at the dead-letter queue of the pipe, and passed over."""
        batch = lane.pending[:count]
        lane.sizes = lane.sizes[1:]
        lane.drop(count, self.clock.time())
        arn = (_own(pipe, kind).get("DeadLetterConfig") or {}).get("Arn")
        if arn is None:
            return
        times = [_timestamp(record.arrived) for record in (batch[0], batch[-1])]
        told = {
            "context": {"partnerResourceArn": pipe.arn, "condition": condition},
            "version": "1.0",
            "timestamp": _timestamp(self.clock.time()),
            "KinesisBatchInfo" if kind is sources.KINESIS else "DDBStreamBatchInfo": {
                "shardId": lane.shard,
                "startSequenceNumber": batch[0].key,
                "endSequenceNumber": batch[-1].key,
                "approximateArrivalOfFirstRecord": times[0],
                "approximateArrivalOfLastRecord": times[1],
                "batchSize": count,
                "streamArn": pipe.source,
            },
        }
        text = json.dumps(told, separators=(",", ":"))
        try:
            if arn.split(":")[2] == "sqs":
                self._as_role(pipe, "sqs", "SendMessage", arn, QueueUrl=targets.queue_url(arn), MessageBody=text)
            else:
                self._as_role(pipe, "sns", "Publish", arn, TopicArn=arn, Message=text)
        except AWSError as error:
            self._note(pipe, error)

    def _deliver(self, pipe: Pipe, kind: Kind, batch: Sequence[Record]) -> None:
        """Enrich a batch and bring it to the target. Raises Rejected, or the AWSError of a call that failed whole."""
        self._count(pipe, "EventCount", len(batch))
        self._count(pipe, "EventSize", sum(record.size for record in batch), "Bytes")
        self._count(pipe, "Invocations")
        ingested = _timestamp(self.clock.time())
        payloads = [Payload(record.event, sources.read(record.event, kind), ingested) for record in batch]
        whole = frozenset(range(len(batch)))
        enriched = self._enriched(pipe, payloads)
        if not enriched:
            return
        target, given = pipe.settings["Target"], pipe.settings.get("TargetParameters") or {}
        to = targets.kind_of(target)
        assert to is not None
        if to.batch and (most := self.limits[to.batch]) is not None and len(enriched) > most:
            raise AWSError("ValidationException", "The enrichment returned more than the target takes.", status=400)
        variables = _variables(pipe)
        pairs = [(payload, inputs.made(given.get("InputTemplate"), payload, variables)) for payload in enriched]
        failed: set[int] = set()
        for start, part in _parts(pairs, 1 if to.batch is None else len(pairs)):
            call = targets.delivery(target, given, pipe.name, part, self.clock.time())
            try:
                answer = self._as_role(pipe, call.service, call.operation, target, **call.parameters)
            except AWSError as error:
                self._count(pipe, "ExecutionThrottled" if retries.throttled(error) else "ExecutionFailed")
                self._count(pipe, "TargetStageFailed")
                raise
            failed |= {start + number for number in call.failures(answer)}
        if failed:
            self._count(pipe, "TargetStagePartiallyFailed")
            raise Rejected(frozenset(failed) if len(enriched) == len(batch) else whole)

    def _enriched(self, pipe: Pipe, payloads: list[Payload]) -> list[Payload]:
        """What the enrichment makes of events: nothing where it answers nothing."""
        arn = pipe.settings.get("Enrichment")
        if not arn:
            return payloads
        kind = targets.enrichment_of(arn)
        assert kind is not None
        given = pipe.settings.get("EnrichmentParameters") or {}
        ingested = payloads[0].ingested
        variables = _variables(pipe)
        pairs = [(payload, inputs.made(given.get("InputTemplate"), payload, variables)) for payload in payloads]
        answers: list[Any] = []
        if kind.batch == "":
            result = self._ask_code(pipe, arn, kind, pairs)
            answers = result if isinstance(result, list) else [] if _empty(result) else [result]
        else:
            for payload, text in pairs:
                if not kind.runs:
                    self.not_modelled(f"{kind.name} as an enrichment")
                called = targets.invocation(arn, given.get("HttpParameters") or {}, payload, text)
                result = targets.result_of(self._as_role(pipe, "events", "InvokeApiDestination", arn, **called), "Body")
                answers += () if _empty(result) else (result,)
        return [Payload(answer, answer, ingested) for answer in answers]

    def _ask_code(self, pipe: Pipe, arn: str, kind: targets.Kind, pairs: list[tuple[Payload, str]]) -> Any:
        call = targets.delivery(arn, {}, pipe.name, pairs, self.clock.time())
        answer = self._as_role(pipe, call.service, call.operation, arn, **call.parameters)
        targets.check_result(answer)
        return targets.result_of(answer, "Payload" if kind.name == "lambda" else "output")

    # --- parts

    def _as_role(self, pipe: Pipe, service: str, operation: str, arn: str = "", /, **parameters: Any) -> dict[str, Any]:
        """Call a service as the pipe's role, where the ARN (of the source, unless given) is."""
        _, _, _, region, account, _ = (arn or pipe.source).split(":", 5)
        return self.call(
            service,
            operation,
            as_=pipe.role,
            region_=region or self.region,
            account_=account or self.account,
            source_arn_=pipe.arn,
            **parameters,
        )

    def _count(self, pipe: Pipe, name: str, value: float = 1, unit: str = "Count") -> None:
        """Note something that counts, for metrics."""
        dimensions = (("AwsAccountId", self.account), ("PipeName", pipe.name))
        self.measure("AWS/EventBridge/Pipes", name, dimensions, value, unit)

    def _note(self, pipe: Pipe, error: AWSError) -> None:
        """A pipe that awsim cannot run says so."""
        if error.code == "NotImplemented":
            pipe.reason = error.message


def _kind(pipe: Pipe) -> Kind:
    kind = sources.kind_of(pipe.source, pipe.settings["SourceParameters"])
    assert kind is not None
    return kind


def _passes(error: AWSError) -> bool:
    """Whether it may be otherwise soon."""
    return retries.throttled(error) or retries.broken(error)


def _own(pipe: Pipe, kind: Kind) -> Mapping[str, Any]:
    """The parameters of the pipe's source."""
    own: Mapping[str, Any] = pipe.settings["SourceParameters"][kind.member]
    return own


def _not_run(pipe: Pipe, kind: Kind) -> str | None:
    """What StateReason says of a pipe that awsim keeps but does not run."""
    if not kind.runs:
        return f"awsim does not model {kind.member.removesuffix('Parameters')} as a source of pipes: nothing is read"
    to = targets.kind_of(pipe.settings["Target"])
    if to is not None and not to.runs:
        return f"awsim does not model {to.name} as a target of pipes: nothing is delivered"
    return None


def _partition(event: Mapping[str, Any]) -> str:
    """What keeps its order within a shard: the partition key, or the item."""
    key = event.get("partitionKey")
    return str(key) if key is not None else json.dumps(event["dynamodb"]["Keys"], sort_keys=True)


def _variables(pipe: Pipe) -> dict[str, str | None]:
    return {
        "pipe-arn": pipe.arn,
        "pipe-name": pipe.name,
        "source-arn": pipe.source,
        "enrichment-arn": pipe.settings.get("Enrichment"),
        "target-arn": pipe.settings["Target"],
    }


def _parts(pairs: list[Any], size: int) -> Iterator[tuple[int, list[Any]]]:
    return ((start, pairs[start : start + size]) for start in range(0, len(pairs), size))


def _empty(result: Any) -> bool:
    """User Guide, "Filtering events using enrichment": such an answer ends an event's way."""
    return result in (None, "", {}, [])


def _timestamp(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

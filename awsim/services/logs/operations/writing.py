"""PutLogEvents: what is taken, what is turned away, and who is told of it.

Source: CloudWatch Logs API Reference, PutLogEvents.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from hashlib import md5
from itertools import pairwise
from math import inf
from typing import TYPE_CHECKING, Any

from awsim.errors import AWSError
from awsim.services.logs import metrics
from awsim.services.logs.group import OVERHEAD, Event, LogGroup, LogStream, size_of, token_at
from awsim.services.logs.operations.streams import StreamOperations
from awsim.services.logs.refusals import invalid
from awsim.state import Dict, List

if TYPE_CHECKING:
    from awsim.limits.table import ServiceLimits
    from awsim.posting import Posting

# How old events may be that are taken in unread, in seconds.
_FRESH = 60
_ENTITY_KEYS = frozenset({"Type", "ResourceType", "Identifier", "Name", "Environment"})
_ENTITY_TYPES = frozenset({"AWS::Resource", "RemoteService", "Resource", "Service"})


class WritingOperations(StreamOperations):
    def setup(self) -> None:
        super().setup()
        self.batches = Dict()  # ARN of a stream -> digest of the last batch, where tokens matter
        self.unread = List()  # (Posting, resource of it), in the order they came

    def put_log_events(
        self,
        logGroupName: str,
        logStreamName: str,
        logEvents: Sequence[Mapping[str, Any]],
        sequenceToken: str | None = None,
        entity: Mapping[str, Mapping[str, str]] | None = None,
    ) -> dict[str, Any]:
        group = self.group(logGroupName)
        stream = self.stream(group, logStreamName)
        self._check_sizes(logEvents)
        self._check_order(logEvents)
        now = self.now
        old, expired, new = self._rejected(group, logEvents, now)
        kept = logEvents[max(old, expired) : new]
        if kept:
            self.limits.check("batch-span", (kept[-1]["timestamp"] - kept[0]["timestamp"]) / 1000)
        self._check_token(stream, logEvents, sequenceToken)
        answer: dict[str, Any] = {}
        if kept:
            self._take(group, stream, kept, now)
        rejected: dict[str, int] = {}
        if new < len(logEvents):
            rejected["tooNewLogEventStartIndex"] = new
        if old:
            rejected["tooOldLogEventEndIndex"] = old
        if expired:
            rejected["expiredLogEventEndIndex"] = expired
        if rejected:
            answer["rejectedLogEventsInfo"] = rejected
        if entity is not None:
            problem = _entity_problem(entity)
            if problem is not None:
                answer["rejectedEntityInfo"] = {"errorType": problem}
        answer["nextSequenceToken"] = stream.token
        return answer

    def _take(self, group: LogGroup, stream: LogStream, given: Sequence[Mapping[str, Any]], now: int) -> None:
        key = self.sealing(group)
        group.expire(self.cutoff(group))
        masks = self.masks(group)
        name = stream.name
        events = [
            Event(name, each["message"], each["timestamp"], now, key, masks(each["message"]) if masks else ())
            for each in given
        ]
        stream.position += 1
        self.ingested(group, stream, group.append(stream, events, now))

    # --- what nobody waits for

    def take(self, posting: Posting, size: int) -> Collection[str]:
        """PutLogEvents to streams, as `group:stream`: in order, of the last minute, in ASCII, with no metrics in them.

        Those are left that somebody is to be told of, or that have to be sealed, or searched for what to mask.
        """
        if self.account_policies or self.tails or size > self.limits.derived(_room):  # type: ignore[attr-defined]
            return super().take(posting, size)
        left, numbers = [], []
        for resource in posting.resources:
            stream = self._quiet(resource)
            if stream is None:
                left.append(resource)
            else:
                stream.position += 1
                numbers.append(stream.place)
                self.unread.append((posting, resource))
        if left:
            posting.resources = [resource for resource in posting.resources if resource not in {*left}]
        posting.numbers = numbers
        posting.answer = _answer
        return left

    def _quiet(self, resource: str) -> LogStream | None:
        """The stream, if its group just keeps what comes in."""
        name, _, of = resource.partition(":")
        group: LogGroup | None = self.groups.get(name)
        if group is None or group.key is not None or group.policy is not None:
            return None
        found: LogStream | None = group.streams.get(of)
        return None if group.metric_filters or group.subscriptions else found

    def look(self) -> None:
        unread = tuple(self.unread)
        self.unread.clear()
        for posting, resource in unread:
            name, _, of = resource.partition(":")
            group = self.group(name)
            self._read(group, self.stream(group, of), posting.make(resource)["logEvents"], posting.timestamp)

    def _read(self, group: LogGroup, stream: LogStream, given: Sequence[Mapping[str, Any]], time: float) -> None:
        """Keep a batch that came at a time."""
        now = int(time * 1000)
        group.expire(self.cutoff(group, now))
        events = [Event(stream.name, each["message"], each["timestamp"], now) for each in given]
        group.append(stream, events, now)
        sizes = [event.size for event in events]
        whole = sum(sizes)
        self.measured.append(metrics.Incoming(time, group.name, len(events), whole))
        span = (events[-1].timestamp - events[0].timestamp) / 1000
        for row, measured in (
            ("batch-events", len(events)), ("event-size", max(sizes)), ("batch-size", whole), ("batch-span", span),
        ):  # fmt: skip
            self.limits.fits(row, measured, measured)

    def _check_sizes(self, events: Sequence[Mapping[str, Any]]) -> None:
        sizes = [size_of(event["message"]) for event in events]
        self.limits.check("event-size", max(sizes))
        self.limits.check("batch-size", sum(sizes))

    def _check_order(self, events: Sequence[Mapping[str, Any]]) -> None:
        times = [event["timestamp"] for event in events]
        if any(later < earlier for earlier, later in pairwise(times)):
            raise invalid("Log events in a single PutLogEvents request must be in chronological order.")

    def _rejected(self, group: LogGroup, events: Sequence[Mapping[str, Any]], now: int) -> tuple[int, int, int]:
        """How many events of a batch are too old, how many have expired, and the index of the first too new."""
        age, ahead = self.limits["event-age"], self.limits["event-ahead"]
        oldest = 0 if age is None else now - int(age * 1000)
        newest = float("inf") if ahead is None else now + int(ahead * 1000)
        cutoff = group.cutoff(now)
        times = [event["timestamp"] for event in events]
        old = sum(time < oldest for time in times)
        expired = sum(time < cutoff for time in times)
        return old, expired, sum(time <= newest for time in times)

    # --- sequence tokens, as they were until 2023

    def _check_token(self, stream: LogStream, events: Sequence[Mapping[str, Any]], token: str | None) -> None:
        if self.limits["sequence-token"] is None:
            return
        digest = md5(json.dumps(list(events), sort_keys=True).encode(), usedforsecurity=False).hexdigest()
        expected = stream.token if stream.position else None
        if token != expected:
            if self.batches.get(stream.arn) == (token, digest):
                raise AWSError(
                    "DataAlreadyAcceptedException",
                    "The given batch of log events has already been accepted. The next batch can be sent with "
                    f"sequenceToken: {expected}",
                    fields={"expectedSequenceToken": expected},
                )
            raise self.limits.error("sequence-token", expected=expected)
        self.batches[stream.arn] = (token, digest)


def _room(limits: ServiceLimits) -> float:
    """How many bytes a fresh batch may have that no limit refuses, however it is made up; less than none where any
    might be refused."""
    if limits["sequence-token"] is not None or limits.active("put-log-events"):
        return -1
    for row in ("batch-span", "event-age"):
        if (value := limits[row]) is not None and value < _FRESH:
            return -1
    events = limits["batch-events"]
    sizes = (limits["batch-size"], limits["event-size"], None if events is None else events * OVERHEAD)
    return min([size for size in sizes if size is not None], default=inf)


def _answer(parameters: Mapping[str, Any], place: int) -> dict[str, Any]:
    return {"nextSequenceToken": token_at(place)}


def _entity_problem(entity: Mapping[str, Mapping[str, str]]) -> str | None:
    """Why an entity is rejected (the events are taken nevertheless)."""
    keys, attributes = entity.get("keyAttributes") or {}, entity.get("attributes") or {}
    if "Type" not in keys:
        return "MissingRequiredFields"
    if not keys.keys() <= _ENTITY_KEYS:
        return "InvalidKeyAttributes"
    if keys["Type"] not in _ENTITY_TYPES:
        return "InvalidTypeValue"
    if any(not name for name in attributes):
        return "InvalidAttributes"
    return None

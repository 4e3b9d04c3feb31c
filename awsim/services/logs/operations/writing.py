"""PutLogEvents: what is taken, what is turned away, and who is told of it.

Source: CloudWatch Logs API Reference, PutLogEvents.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from hashlib import md5
from itertools import pairwise
from typing import Any

from awsim.errors import AWSError
from awsim.services.logs.group import Event, LogGroup, LogStream, size_of
from awsim.services.logs.operations.streams import StreamOperations
from awsim.services.logs.refusals import invalid
from awsim.state import Dict

_ENTITY_KEYS = frozenset({"Type", "ResourceType", "Identifier", "Name", "Environment"})
_ENTITY_TYPES = frozenset({"AWS::Resource", "RemoteService", "Resource", "Service"})


class WritingOperations(StreamOperations):
    def setup(self) -> None:
        super().setup()
        self.batches = Dict()  # ARN of a stream -> digest of the last batch, where tokens matter

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
        self.ingested(group, stream, group.append(stream, events, now))

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

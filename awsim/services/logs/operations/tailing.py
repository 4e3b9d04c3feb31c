"""Live Tail: events as they come in, every second, for up to three hours.

Source: CloudWatch Logs API Reference, StartLiveTail.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from awsim.services.logs.group import Event, LogGroup, Stored
from awsim.services.logs.operations.integrations import IntegrationOperations
from awsim.services.logs.patterns import Pattern
from awsim.services.logs.refusals import invalid
from awsim.state import Deque, Dict, Entity
from awsim.waiting import Pause, Pausing

Update = dict[str, Any]


class Tail(Entity):
    """A session. `arrived`: what came in since the last update, as (group's ARN, event)."""

    __slots__ = ("arrived", "groups", "names", "pattern", "prefixes", "until")

    def __init__(
        self, groups: frozenset[str], names: frozenset[str], prefixes: tuple[str, ...], pattern: Pattern, until: float
    ) -> None:
        self.groups = groups
        self.names = names
        self.prefixes = prefixes
        self.pattern = pattern
        self.until = until
        self.arrived = Deque()

    def follows(self, group: LogGroup, stream: str) -> bool:
        return (
            group.arn in self.groups
            and (not self.names or stream in self.names)
            and (not self.prefixes or stream.startswith(self.prefixes))
        )


class TailingOperations(IntegrationOperations):
    def setup(self) -> None:
        super().setup()
        self.tails = Dict()  # session id -> Tail

    def start_live_tail(
        self,
        logGroupIdentifiers: Sequence[str],
        logStreamNames: Sequence[str] = (),
        logStreamNamePrefixes: Sequence[str] = (),
        logEventFilterPattern: str | None = None,
    ) -> dict[str, Any]:
        groups = [self.standard(self.group_by(identifier)) for identifier in logGroupIdentifiers]
        if logStreamNames and logStreamNamePrefixes:
            raise invalid("logStreamNames and logStreamNamePrefixes are mutually exclusive parameters.")
        if (logStreamNames or logStreamNamePrefixes) and len(groups) > 1:
            raise invalid("Log streams can be specified only if there is one log group.")
        pattern = self.pattern(logEventFilterPattern or "")
        self._drop_ended()
        self.limits.quota("live-tails", len(self.tails))
        life = self.limits["live-tail-session"]
        tail = Tail(
            frozenset(group.arn for group in groups),
            frozenset(logStreamNames),
            tuple(logStreamNamePrefixes),
            pattern,
            float("inf") if life is None else self.clock.time() + life,
        )
        id = self.ids.uuid("session")
        self.tails[id] = tail
        start: Update = {
            "requestId": self.request.request_id,
            "sessionId": id,
            "logGroupIdentifiers": list(logGroupIdentifiers),
            "logStreamNames": list(logStreamNames) or None,
            "logStreamNamePrefixes": list(logStreamNamePrefixes) or None,
            "logEventFilterPattern": logEventFilterPattern,
        }
        return {"responseStream": Pausing(self._session(start, tail))}

    def _drop_ended(self) -> None:
        now = self.clock.time()
        for id in [id for id, tail in self.tails.items() if now >= tail.until]:
            del self.tails[id]

    def follow(self, group: LogGroup, stream: str, batch: Sequence[Stored]) -> None:
        """Keep a batch for the sessions that follow its stream: the latest, where there is more than AWS keeps."""
        most = self.limits["live-tail-buffer"] or float("inf")
        for tail in self.tails.values():
            if self.clock.time() < tail.until and tail.follows(group, stream):
                for _, event in batch:
                    if tail.pattern.matches(event.message):
                        tail.arrived.append((group.arn, event))
                while len(tail.arrived) > most:
                    tail.arrived.popleft()

    def _session(self, start: Update, tail: Tail) -> Iterator[Update | Pause]:
        """What a session pushes. Runs while the caller reads, so it takes the Cloud's lock by itself."""
        clock, beat = self.clock, self.limits["live-tail-update"] or 1
        yield {"sessionStart": start}
        while clock.time() < tail.until:
            yield Pause(clock, min(tail.until, clock.time() + beat), tail.arrived.__bool__)
            with self.cloud.exclusive():
                found = list(tail.arrived)
                tail.arrived.clear()
            yield {"sessionUpdate": self._update(found)}
        yield {"SessionTimeoutException": {"message": "The session has timed out."}}

    def _update(self, found: Sequence[tuple[str, Event]]) -> Update:
        most = int(self.limits["live-tail-events"] or len(found))
        results = [
            {
                "logStreamName": event.stream,
                "logGroupIdentifier": f"{self.account}:{arn.rpartition(':')[2]}",
                "message": event.shown(),
                "timestamp": event.timestamp,
                "ingestionTime": event.ingested,
            }
            for arn, event in found[:most]
        ]
        return {"sessionMetadata": {"sampled": len(found) > most}, "sessionResults": results}

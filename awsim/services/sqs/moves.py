"""Message move tasks: dead-letter queue redrive.

Redriven messages are new messages: with an id, a time of sending and a receive count of their own.
Sources: SQS API Reference, StartMessageMoveTask and ListMessageMoveTasks; SQS Developer Guide, "Learn how to configure
a dead-letter queue redrive"; ../shared/recorded/sqs.jsonl for what is shown in which status.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable
from itertools import islice
from json import dumps, loads
from typing import Any

from awsim.services.sqs.message import Entry
from awsim.services.sqs.queue import Queue
from awsim.state import Entity

RUNNING, COMPLETED, CANCELLED, FAILED = "RUNNING", "COMPLETED", "CANCELLED", "FAILED"


class CannotMove(Exception):
    """Why a message has nowhere to go: the FailureReason of its task."""


class MessageMoveTask(Entity):
    """One task. `rate` is messages a second, None for as fast as can be; `started` milliseconds since 1970."""

    __slots__ = (
        "destination_arn", "failure_reason", "id", "moved", "rate", "source_arn", "started", "status", "to_move",
    )  # fmt: skip

    def __init__(
        self, id: str, source_arn: str, destination_arn: str | None, rate: int | None, to_move: int, started: int
    ) -> None:
        self.id = id
        self.source_arn = source_arn
        self.destination_arn = destination_arn
        self.rate = rate
        self.to_move = to_move
        self.started = started
        self.status = RUNNING
        self.moved = 0
        self.failure_reason: str | None = None

    @property
    def running(self) -> bool:
        return self.status == RUNNING

    @property
    def handle(self) -> str:
        """The TaskHandle."""
        return b64encode(dumps({"taskId": self.id, "sourceArn": self.source_arn}).encode()).decode()

    def step(self, source: Queue, move: Callable[[Entry], None]) -> None:
        """Move what one second allows; `move` takes a message that has left the source, or raises CannotMove."""
        allowed = self.to_move - self.moved
        if self.rate is not None:
            allowed = min(allowed, self.rate)
        moved = 0
        try:
            for entry in islice(source.waiting(), allowed):
                move(entry)
                moved += 1
        except CannotMove as reason:
            self.status = FAILED
            self.failure_reason = str(reason)
        self.moved += moved
        if self.running and (self.moved == self.to_move or moved < allowed):
            self.status = COMPLETED

    def described(self) -> dict[str, Any]:
        """As ListMessageMoveTasks shows it."""
        shown: dict[str, Any] = {
            "Status": self.status,
            "SourceArn": self.source_arn,
            "ApproximateNumberOfMessagesMoved": self.moved,
            "ApproximateNumberOfMessagesToMove": self.to_move,
            "StartedTimestamp": self.started,
        }
        if self.running:
            shown["TaskHandle"] = self.handle
        for name, value in (
            ("DestinationArn", self.destination_arn),
            ("MaxNumberOfMessagesPerSecond", self.rate),
            ("FailureReason", self.failure_reason),
        ):
            if value is not None:
                shown[name] = value
        return shown


def read_handle(handle: str) -> tuple[str, str] | None:
    """(task id, ARN of the source queue) of a TaskHandle; None if it is none."""
    try:
        told = loads(b64decode(handle, validate=True))
        return str(told["taskId"]), str(told["sourceArn"])
    except (ValueError, TypeError, KeyError):
        return None

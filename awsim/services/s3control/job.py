"""A job of S3 Batch Operations.

Source: S3 User Guide, "Tracking job status and completion reports".
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from awsim.state import Entity, List
from awsim.state.tags import Tags

FINAL = ("Complete", "Failed", "Cancelled")


class Task(NamedTuple):
    """A line of the manifest; `version` is empty where it names none."""

    bucket: str
    key: str
    version: str


class Outcome(NamedTuple):
    task: Task
    status: int
    code: str
    message: str

    @property
    def succeeded(self) -> bool:
        return not self.code


class Refusal(Exception):
    """Why a job cannot go on: (code, reason) as DescribeJob shows them."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason


class Job(Entity):
    """`told` is what was asked for, as DescribeJob shows it. `tasks` is None before the manifest was read."""

    def __init__(self, id: str, arn: str, told: Mapping[str, Any], priority: int, created: float, tags: Tags) -> None:
        self.id = id
        self.arn = arn
        self.told = told
        self.priority = priority
        self.created = created
        self.tags = tags
        self.status = "New"
        self.reason: str | None = None
        self.failures: tuple[dict[str, str], ...] = ()
        self.tasks: tuple[Task, ...] | None = None
        self.outcomes = List()
        self.failed = 0
        self.activated: float | None = None
        self.ended: float | None = None
        self.suspended: float | None = None
        self.manifest: dict[str, Any] | None = None  # where a generated manifest was written

    @property
    def operation(self) -> tuple[str, Mapping[str, Any]]:
        """What is done with each object: ("S3PutObjectTagging", its settings)."""
        name, settings = next(iter(self.told["Operation"].items()))
        return name, settings

    @property
    def role(self) -> str:
        return str(self.told["RoleArn"])

    def keep(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        if not outcome.succeeded:
            self.failed += 1

    def progress(self, now: float) -> dict[str, Any]:
        done = len(self.outcomes)
        seconds = 0.0 if self.activated is None else (self.ended or now) - self.activated
        return {
            "TotalNumberOfTasks": 0 if self.tasks is None else len(self.tasks),
            "NumberOfTasksSucceeded": done - self.failed,
            "NumberOfTasksFailed": self.failed,
            "Timers": {"ElapsedTimeInActiveSeconds": int(seconds)},
        }

    def listed(self, now: float) -> dict[str, Any]:
        return {
            "JobId": self.id,
            "Description": self.told.get("Description"),
            "Operation": self.operation[0],
            "Priority": self.priority,
            "Status": self.status,
            "CreationTime": _when(self.created),
            "TerminationDate": _when(self.ended),
            "ProgressSummary": self.progress(now),
        }

    def described(self, now: float) -> dict[str, Any]:
        return {
            **self.told,
            "JobId": self.id,
            "JobArn": self.arn,
            "Status": self.status,
            "Priority": self.priority,
            "ProgressSummary": self.progress(now),
            "StatusUpdateReason": self.reason,
            "FailureReasons": list(self.failures) or None,
            "CreationTime": _when(self.created),
            "TerminationDate": _when(self.ended),
            "SuspendedDate": _when(self.suspended),
            "SuspendedCause": None if self.suspended is None else "AwaitingConfirmation",
            "GeneratedManifestDescriptor": self.manifest,
        }


def _when(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)

"""Maintenance windows, what is registered with them, and their executions.

Source: Systems Manager User Guide, "AWS Systems Manager Maintenance Windows".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from awsim.services.ssm import timetable
from awsim.state import Dict, Entity, List, Tags

PENDING, RUNNING, SUCCESS, FAILED = "PENDING", "IN_PROGRESS", "SUCCESS", "FAILED"
TIMED_OUT, CANCELLED = "TIMED_OUT", "CANCELLED"
_LISTED = (
    "Name", "Description", "StartDate", "EndDate", "Schedule", "ScheduleTimezone", "ScheduleOffset", "Duration",
    "Cutoff",
)  # fmt: skip


class Window(Entity):
    """A maintenance window. `settings` are the members of the request."""

    def __init__(self, id: str, settings: Mapping[str, Any], now: float) -> None:
        self.id = id
        self.settings = settings
        self.enabled = True
        self.created = self.modified = self.wound = now
        self.targets = Dict()  # id -> members
        self.tasks = Dict()  # id -> members
        self.executions: Any = List()
        self.job: int | None = None
        self.tags = Tags()

    def next(self, after: float) -> float | None:
        """When it opens next, after a time."""
        if not self.enabled:
            return None
        given = self.settings
        first = given.get("StartDate")
        start = max(after, timetable.moment(first) - 1) if first else after
        found = timetable.following(
            given["Schedule"],
            start,
            start=self.wound,
            timezone=given.get("ScheduleTimezone"),
            offset=given.get("ScheduleOffset"),
        )
        last = given.get("EndDate")
        return None if found is None or (last and found > timetable.moment(last)) else found

    def described(self, now: float) -> dict[str, Any]:
        return {
            **self.listed(now),
            "AllowUnassociatedTargets": self.settings["AllowUnassociatedTargets"],
            "CreatedDate": self.created,
            "ModifiedDate": self.modified,
        }

    def listed(self, now: float) -> dict[str, Any]:
        following = self.next(now)
        return {
            "WindowId": self.id,
            **{name: self.settings.get(name) for name in _LISTED},
            "Enabled": self.enabled,
            "NextExecutionTime": None if following is None else timetable.written(following),
        }


class TaskRun(Entity):
    """A task at work in an execution. `doing`: (what it started, its id) for each invocation."""

    def __init__(self, id: str, task: Mapping[str, Any]) -> None:
        self.id = id
        self.task = task
        self.status = PENDING
        self.details: str | None = None
        self.started: float | None = None
        self.ended: float | None = None
        self.doing: tuple[tuple[str, str, str], ...] = ()  # (invocation id, kind, id of the command or execution)

    @property
    def over(self) -> bool:
        return self.status not in (PENDING, RUNNING)

    def described(self) -> dict[str, Any]:
        return {
            "TaskExecutionId": self.id,
            "Status": self.status,
            "StatusDetails": self.details,
            "StartTime": self.started,
            "EndTime": self.ended,
            "TaskArn": self.task["TaskArn"],
        }


class WindowRun(Entity):
    """An execution of a window: it is open until `end`, and starts no tasks from `cutoff` on."""

    def __init__(self, id: str, window: Window, start: float) -> None:
        self.id = id
        self.window = window
        self.started = start
        hours = 3600
        self.end = start + window.settings["Duration"] * hours
        self.cutoff = self.end - window.settings["Cutoff"] * hours
        self.ended: float | None = None
        self.status = RUNNING
        self.details: str | None = None
        self.runs: tuple[TaskRun, ...] = ()

    def described(self) -> dict[str, Any]:
        return {
            "WindowId": self.window.id,
            "WindowExecutionId": self.id,
            "Status": self.status,
            "StatusDetails": self.details,
            "StartTime": self.started,
            "EndTime": self.ended,
        }

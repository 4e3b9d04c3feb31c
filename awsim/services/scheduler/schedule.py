"""Schedules and their groups: what they say, and when they are due.

Sources: EventBridge Scheduler User Guide, "Schedule types", "Flexible time windows"; API Reference, CreateSchedule.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from awsim.errors import AWSError
from awsim.eventing import schedules
from awsim.state import Entity, Tags

_FIVE_MINUTES = 300


def invalid(message: str) -> AWSError:
    return AWSError("ValidationException", message)


class Group(Entity):
    """A schedule group. Times are epoch seconds."""

    __slots__ = ("arn", "created", "name", "state", "tags", "updated")

    def __init__(self, name: str, arn: str, now: float) -> None:
        self.name = name
        self.arn = arn
        self.created = now
        self.updated = now
        self.state = "ACTIVE"
        self.tags = Tags()

    def described(self) -> dict[str, Any]:
        return {
            "Arn": self.arn,
            "CreationDate": self.created,
            "LastModificationDate": self.updated,
            "Name": self.name,
            "State": self.state,
        }


class Schedule(Entity):
    """A schedule. `settings` are the parameters of CreateSchedule and UpdateSchedule; times are epoch seconds."""

    __slots__ = ("arn", "created", "group", "job", "name", "settings", "started", "updated")

    def __init__(self, name: str, group: str, arn: str, now: float) -> None:
        self.name = name
        self.group = group
        self.arn = arn
        self.created = now
        self.updated = now
        self.started = now  # since when its rate counts
        self.settings: Mapping[str, Any] = {}
        self.job: int | None = None

    @property
    def key(self) -> str:
        return f"{self.group}/{self.name}"

    @property
    def enabled(self) -> bool:
        return self.settings["State"] == "ENABLED"

    @property
    def window(self) -> int:
        """Seconds of its flexible window; 0 without."""
        return 60 * (self.settings["FlexibleTimeWindow"].get("MaximumWindowInMinutes") or 0)

    def due(self, after: float, *, first: bool = False) -> float | None:
        """The next time later than `after`; `first` lets a rate begin at once. None where there is none any more."""
        settings = self.settings
        start, end = _epoch(settings.get("StartDate")), _epoch(settings.get("EndDate"))
        schedule = schedules.parse(settings["ScheduleExpression"])
        zone = ZoneInfo(settings["ScheduleExpressionTimezone"])
        if isinstance(schedule, schedules.Rate):
            begin = max(self.started, start or 0)
            when = begin if first else schedule.next(after, start=begin)
        elif isinstance(schedule, schedules.At):
            return schedule.next(after, zone)
        else:
            # A time that falls on the start date itself counts.
            when = schedule.next(max(after, (start or 0) - 1e-3), zone)
        return None if when is None or (end is not None and when > end) else when

    def described(self) -> dict[str, Any]:
        return {
            **self.settings,
            "Arn": self.arn,
            "CreationDate": self.created,
            "LastModificationDate": self.updated,
            "Name": self.name,
            "GroupName": self.group,
        }

    def listed(self) -> dict[str, Any]:
        return {
            "Arn": self.arn,
            "CreationDate": self.created,
            "GroupName": self.group,
            "LastModificationDate": self.updated,
            "Name": self.name,
            "State": self.settings["State"],
            "Target": {"Arn": self.settings["Target"]["Arn"]},
        }


def check(settings: Mapping[str, Any], now: float) -> None:
    """Refuse settings that AWS would."""
    expression = settings["ScheduleExpression"]
    try:
        schedules.parse(expression)
    except schedules.ScheduleError:
        raise invalid(f"Invalid Schedule Expression {expression}.") from None
    zone = settings["ScheduleExpressionTimezone"]
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise invalid(f"Invalid Schedule Expression Timezone {zone}.") from None
    window = settings["FlexibleTimeWindow"]
    minutes = window.get("MaximumWindowInMinutes")
    if window["Mode"] == "FLEXIBLE" and minutes is None:
        raise invalid("MaximumWindowInMinutes must be provided when flexible time window mode is FLEXIBLE.")
    if window["Mode"] == "OFF" and minutes is not None:
        raise invalid("MaximumWindowInMinutes must not be provided when flexible time window mode is OFF.")
    start, end = _epoch(settings.get("StartDate")), _epoch(settings.get("EndDate"))
    if start is not None and start < now - _FIVE_MINUTES:
        raise invalid("The StartDate you specify cannot be earlier than 5 minutes ago.")
    if end is not None and end <= now:
        raise invalid("The EndDate you specify must come after the current time.")
    if start is not None and end is not None and start >= end:
        raise invalid("The StartDate you specify must come before the EndDate.")


def _epoch(when: Any) -> float | None:
    return None if when is None else when.timestamp() if hasattr(when, "timestamp") else float(when)

"""Scalable targets, scheduled actions and what came of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from awsim.errors import AWSError
from awsim.eventing import schedules
from awsim.state import Entity, Tags

Key = tuple[str, str, str]
"""Service namespace, resource id, scalable dimension."""


class ScalableTarget(Entity):
    """A capacity with its bounds. `created` is in epoch seconds."""

    def __init__(self, key: Key, arn: str, role: str, least: int, most: int, created: float) -> None:
        self.key = key
        self.arn = arn
        self.role = role
        self.least = least
        self.most = most
        self.created = created
        self.suspended: Mapping[str, bool] = dict.fromkeys(
            ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended"), False
        )
        self.tags = Tags()

    def describe(self) -> dict[str, Any]:
        return {
            **of_key(self.key),
            "MinCapacity": self.least,
            "MaxCapacity": self.most,
            "RoleARN": self.role,
            "CreationTime": self.created,
            "SuspendedState": dict(self.suspended),
            "ScalableTargetARN": self.arn,
        }


class ScheduledAction(Entity):
    """New bounds of a target, at the times that `settings` (the parameters of PutScheduledAction) say."""

    def __init__(self, name: str, target: Key, arn: str, created: float) -> None:
        self.name = name
        self.target = target
        self.arn = arn
        self.created = created
        self.settings: Mapping[str, Any] = {}
        self.job: int | None = None

    def due(self, after: float) -> float | None:
        """The next time later than `after`; None where there is none any more."""
        settings = self.settings
        start, end = _epoch(settings.get("StartTime")), _epoch(settings.get("EndTime"))
        schedule = schedules.parse(settings["Schedule"])
        zone = ZoneInfo(settings.get("Timezone") or "UTC")
        if isinstance(schedule, schedules.Rate):
            when = schedule.next(after, start=max(self.created, start or 0))
        else:
            when = schedule.next(max(after, (start or 0) - 1e-3), zone)
        return None if when is None or (end is not None and when > end) else when

    def describe(self) -> dict[str, Any]:
        return {
            "ScheduledActionName": self.name,
            "ScheduledActionARN": self.arn,
            **of_key(self.target),
            **self.settings,
            "CreationTime": self.created,
        }


def of_key(key: Key) -> dict[str, str]:
    return {"ServiceNamespace": key[0], "ResourceId": key[1], "ScalableDimension": key[2]}


def check(settings: Mapping[str, Any]) -> None:
    """Refuse settings of a scheduled action that AWS would. ValidationException, in awsim's words."""
    try:
        schedules.parse(settings["Schedule"])
    except schedules.ScheduleError:
        raise AWSError("ValidationException", f"Invalid schedule expression: {settings['Schedule']}") from None
    zone = settings.get("Timezone") or "UTC"
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise AWSError("ValidationException", f"Invalid time zone: {zone}") from None
    start, end = _epoch(settings.get("StartTime")), _epoch(settings.get("EndTime"))
    if start is not None and end is not None and start >= end:
        raise AWSError("ValidationException", "The start time must be before the end time.")


def _epoch(when: datetime | float | None) -> float | None:
    return when.timestamp() if isinstance(when, datetime) else when

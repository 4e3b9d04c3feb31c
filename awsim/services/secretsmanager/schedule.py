"""When secrets are rotated: rules, the windows that they give.

Source: AWS Secrets Manager User Guide, "Rotation schedules".
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from awsim.eventing import schedules

_DURATION = re.compile(r"(\d{1,2})h\Z")
_HOUR, _DAY = 3600, 86400
_LEAST = 4 * _HOUR  # between two rotations


class Window(NamedTuple):
    """A rotation begins at any time from `start` to `end` (epoch seconds)."""

    start: float
    end: float


class Rotation(NamedTuple):
    """How a secret is rotated: function, rules, the next window, when it last was."""

    function: str | None = None
    rules: dict[str, Any] | None = None
    enabled: bool = True
    window: Window | None = None
    job: int | None = None
    rotated: float | None = None

    def described(self) -> dict[str, Any]:
        return {
            "RotationEnabled": self.enabled,
            "RotationLambdaARN": self.function,
            "RotationRules": self.rules,
            "LastRotatedDate": self.rotated,
            "NextRotationDate": self.window.end if self.enabled and self.window is not None else None,
        }


def problem(rules: dict[str, Any]) -> str | None:
    """What is wrong with rules; None where nothing is."""
    expression, days, duration = (
        rules.get(name) for name in ("ScheduleExpression", "AutomaticallyAfterDays", "Duration")
    )
    if expression is not None and days is not None:
        return "You can't specify both AutomaticallyAfterDays and ScheduleExpression in the same request."
    hours = _hours(duration)
    if duration is not None and (hours is None or not 1 <= hours <= 24):
        return "The rotation window's Duration isn't valid: it must be between 1h and 24h."
    if expression is None:
        return None
    try:
        schedule = schedules.parse(expression)
    except schedules.ScheduleError:
        return "Invalid ScheduleExpression."
    if isinstance(schedule, schedules.Rate):
        if schedule.seconds % _HOUR or schedule.seconds < _LEAST or schedule.seconds > 999 * _DAY:
            return "Invalid ScheduleExpression: rates are of 4 hours at least, and at most of 999 days."
        if hours is not None and hours * _HOUR > schedule.seconds:
            return "The rotation window can't extend into the next rotation window."
    elif isinstance(schedule, schedules.At) or len(schedule.minutes) != 1 or schedule.minutes[0] != 0:
        return "Invalid ScheduleExpression: a rotation window opens on the hour."
    return None


def _hours(duration: str | None) -> int | None:
    found = _DURATION.match(duration) if duration else None
    return int(found[1]) if found is not None else None


def following(rules: dict[str, Any], after: float) -> Window | None:
    """The first window that opens after a time."""
    schedule = schedules.parse(rules.get("ScheduleExpression") or _rate(rules["AutomaticallyAfterDays"]))
    hours = _hours(rules.get("Duration"))
    if isinstance(schedule, schedules.Rate):
        daily = schedule.seconds % _DAY == 0
        start = _floor(after + schedule.seconds, _DAY if daily else _HOUR)
    else:
        daily = True
        found = schedule.next(after)
        if found is None:
            return None
        start = found
    if hours is not None:
        return Window(start, start + hours * _HOUR)
    return Window(start, _floor(start, _DAY) + _DAY - 1 if daily else start + _HOUR)


def _rate(days: int) -> str:
    return f"rate({days} day{'s' if days > 1 else ''})"


def _floor(time: float, unit: int) -> float:
    """The begin of the hour or of the day in UTC."""
    moment = datetime.fromtimestamp(time, UTC).replace(minute=0, second=0, microsecond=0)
    return (moment - timedelta(hours=moment.hour if unit == _DAY else 0)).timestamp()

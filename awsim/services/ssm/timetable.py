"""Schedules of maintenance windows and associations: cron with six or seven fields, rate, at.

Source: Systems Manager User Guide, "Reference: Cron and rate expressions for Systems Manager".
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from awsim.eventing import schedules

_SEVEN = re.compile(r"cron\(\s*\S+((?:\s+\S+){6})\s*\)\Z")
_AT = re.compile(r"at\((\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2})?)\)\Z")
_DAY = 86_400


class BadSchedule(ValueError):
    """An expression or a time zone that Systems Manager does not take."""


def parse(expression: str) -> schedules.Schedule:
    """Raises BadSchedule. A seventh field is seconds, and stands first; windows open on the minute."""
    found = _SEVEN.match(expression)
    text = f"cron({found[1].strip()})" if found is not None else expression
    short = _AT.match(text)
    if short is not None and len(short[1]) == 16:
        text = f"at({short[1]}:00)"
    try:
        return schedules.parse(text)
    except schedules.ScheduleError:
        raise BadSchedule(expression) from None


def zone(name: str | None) -> tzinfo:
    """Raises BadSchedule."""
    if not name:
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadSchedule(name) from None


def following(
    expression: str, after: float, *, start: float, timezone: str | None = None, offset: int | None = None
) -> float | None:
    """The first time later than `after`, of a schedule that counts from `start`; `offset` days later than it says."""
    shift = (offset or 0) * _DAY
    found = parse(expression).next(after - shift, zone(timezone), start)
    return None if found is None else found + shift


def moment(text: str) -> float:
    """A date and time in ISO 8601, UTC where it names no zone. Raises BadSchedule."""
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        raise BadSchedule(text) from None
    return (when if when.tzinfo is not None else when.replace(tzinfo=UTC)).timestamp()


def written(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

"""Recurrences of scheduled actions: cron as Unix writes it, `minute hour day month weekday`.

Source: EC2 Auto Scaling API Reference, PutScheduledUpdateGroupAction. Read by way of AWS's own cron expressions.
"""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from awsim.eventing import schedules
from awsim.services.autoscaling.refusals import invalid

_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")


def zone_of(name: str | None) -> ZoneInfo:
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise invalid(f"Given time zone is not valid: {name}") from None


def following(recurrence: str, after: float, zone: str | None) -> float | None:
    """The first time later than `after`; raises for what is no recurrence."""
    found = [schedule.next(after, zone_of(zone)) for schedule in _schedules(recurrence)]
    return min((when for when in found if when is not None), default=None)


def _schedules(recurrence: str) -> list[schedules.Schedule]:
    """A day that either field names counts: two expressions of AWS's where both name days."""
    fields = recurrence.split()
    if len(fields) != 5:
        raise _bad(recurrence)
    minute, hour, day, month, weekday = fields
    texts = []
    if weekday == "*":
        texts.append(f"cron({minute} {hour} {day} {month} ? *)")
    else:
        texts.append(f"cron({minute} {hour} ? {month} {_weekdays(weekday, recurrence)} *)")
        if day != "*":
            texts.append(f"cron({minute} {hour} {day} {month} ? *)")
    try:
        return [schedules.parse(text) for text in texts]
    except schedules.ScheduleError:
        raise _bad(recurrence) from None


def _weekdays(field: str, recurrence: str) -> str:
    """0 and 7 are Sunday; AWS's own expressions count from 1."""
    chosen: list[int] = []
    for part in field.upper().split(","):
        span, _, step = part.partition("/")
        first, dash, last = span.partition("-")
        if span == "*":
            numbers = range(7)
        else:
            low = _number(first, recurrence)
            high = _number(last, recurrence) if dash else (6 if step else low)
            if high < low:
                raise _bad(recurrence)
            numbers = range(low, high + 1)
        if step and not step.isdecimal():
            raise _bad(recurrence)
        chosen += list(numbers)[:: int(step) if step and int(step) else 1]
    return ",".join(_DAYS[number] for number in sorted({number % 7 for number in chosen}))


def _number(text: str, recurrence: str) -> int:
    if text in _DAYS:
        return _DAYS.index(text)
    if not text.isdecimal() or int(text) > 7:
        raise _bad(recurrence)
    return int(text)


def _bad(recurrence: str) -> Exception:
    return invalid(f"Given recurrence string:{recurrence} is invalid")

"""AWS's schedule expressions: `rate(5 minutes)`, `cron(0 12 * * ? *)`, `at(2026-01-01T12:00:00)`.

Times are epoch seconds; zones are `zoneinfo`'s. Around a change of clocks a cron time that does not exist is skipped
and one that comes twice counts once. Sources: EventBridge User Guide, "Setting a schedule pattern"; EventBridge
Scheduler User Guide, "Schedule types" and "Daylight saving time".
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from math import floor

_RATE = re.compile(r"rate\(\s*(\d+)\s+(minutes?|hours?|days?)\s*\)\Z")
_CRON = re.compile(r"cron\((.*)\)\Z", re.DOTALL)
_AT = re.compile(r"at\((\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})\)\Z")
_SECONDS = {"minute": 60, "hour": 3600, "day": 86400}
_MONTHS = {
    name: n
    for n, name in enumerate(("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"), 1)
}
_DAYS = {name: n for n, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), 1)}
_LAST_YEAR = 2199


class ScheduleError(ValueError):
    """An expression that AWS does not take."""


@dataclass(frozen=True, slots=True)
class Rate:
    """Every so many seconds."""

    seconds: int

    def next(self, after: float, zone: tzinfo = UTC, start: float | None = None) -> float | None:
        """The first time later than `after`, counted from `start`."""
        start = after if start is None else start
        if start > after:
            return start
        return start + (floor((after - start) / self.seconds) + 1) * self.seconds


@dataclass(frozen=True, slots=True)
class At:
    """Once, at a local time."""

    when: datetime

    def next(self, after: float, zone: tzinfo = UTC, start: float | None = None) -> float | None:
        time = self.when.replace(tzinfo=zone).timestamp()
        return time if time > after else None


@dataclass(frozen=True, slots=True)
class Cron:
    """The fields of a cron expression, as sorted numbers; days by the rules that pick them out of a month."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    months: tuple[int, ...]
    years: frozenset[int]
    days: tuple[str, ...]  # items of the day-of-month field; empty where that is "?"
    weekdays: tuple[str, ...]  # items of the day-of-week field; likewise

    def next(self, after: float, zone: tzinfo = UTC, start: float | None = None) -> float | None:
        """The first time later than `after`; None where there is none any more."""
        local = datetime.fromtimestamp(after, zone).replace(tzinfo=None)
        # The hour before may come again when clocks go back: look from there, take what is later than `after`.
        first = local - timedelta(hours=3)
        for day in self._days_from(first.date()):
            for hour in self.hours:
                if hour < first.hour and day == first.date():
                    continue
                for minute in self.minutes:
                    naive = datetime(day.year, day.month, day.day, hour, minute)
                    when = naive.replace(tzinfo=zone).timestamp()
                    if when > after and datetime.fromtimestamp(when, zone).replace(tzinfo=None) == naive:
                        return when
        return None

    def _days_from(self, first: date) -> Iterator[date]:
        for year in range(first.year, _LAST_YEAR + 1):
            if year not in self.years:
                continue
            for month in self.months:
                if (year, month) < (first.year, first.month):
                    continue
                for day in _days_of_month(year, month, self.days, self.weekdays):
                    if date(year, month, day) >= first:
                        yield date(year, month, day)


Schedule = Rate | Cron | At


@lru_cache(1024)
def parse(text: str) -> Schedule:
    """The schedule of an expression; raises ScheduleError."""
    if (found := _RATE.match(text)) is not None:
        value, unit = int(found[1]), found[2]
        if value < 1 or unit.endswith("s") != (value > 1):
            raise ScheduleError(text)
        return Rate(value * _SECONDS[unit.removesuffix("s")])
    if (found := _CRON.match(text)) is not None:
        return _cron(text, found[1].split())
    if (found := _AT.match(text)) is not None:
        try:
            return At(datetime.fromisoformat(found[1]))
        except ValueError:
            raise ScheduleError(text) from None
    raise ScheduleError(text)


def _cron(text: str, fields: list[str]) -> Cron:
    if len(fields) != 6:
        raise ScheduleError(text)
    minutes, hours, days, months, weekdays, years = (field.upper() for field in fields)
    if (days == "?") == (weekdays == "?"):
        raise ScheduleError(text)
    try:
        return Cron(
            _numbers(minutes, 0, 59),
            _numbers(hours, 0, 23),
            _numbers(months, 1, 12, _MONTHS),
            frozenset(_numbers(years, 1970, _LAST_YEAR)),
            () if days == "?" else _checked_days(days),
            () if weekdays == "?" else _checked_weekdays(weekdays),
        )
    except ValueError:
        raise ScheduleError(text) from None


def _numbers(field: str, least: int, most: int, names: dict[str, int] | None = None) -> tuple[int, ...]:
    found: set[int] = set()
    for item in field.split(","):
        span, slash, step = item.partition("/")
        if slash and not (step.isdecimal() and int(step) > 0):
            raise ValueError(item)
        first, last = _span(span, least, most, names or {})
        if slash and "-" not in span:
            last = most
        spread = range(first, last + 1) if first <= last else (*range(first, most + 1), *range(least, last + 1))
        found.update(tuple(spread)[:: int(step) if slash else 1])
    return tuple(sorted(found))


def _span(text: str, least: int, most: int, names: dict[str, int]) -> tuple[int, int]:
    if text == "*":
        return least, most
    first, dash, last = text.partition("-")
    low = _number(first, least, most, names)
    return low, _number(last, least, most, names) if dash else low


def _number(text: str, least: int, most: int, names: dict[str, int]) -> int:
    value = names.get(text)
    if value is None:
        if not (text.isascii() and text.isdecimal()):
            raise ValueError(text)
        value = int(text)
    if not least <= value <= most:
        raise ValueError(text)
    return value


def _checked_days(field: str) -> tuple[str, ...]:
    for item in field.split(","):
        if item in ("L", "LW"):
            continue
        if item.endswith("W"):
            _number(item[:-1], 1, 31, {})
        else:
            _numbers(item, 1, 31)
    return tuple(field.split(","))


def _checked_weekdays(field: str) -> tuple[str, ...]:
    for item in field.split(","):
        day, hash_, nth = item.partition("#")
        if hash_:
            _number(day, 1, 7, _DAYS)
            _number(nth, 1, 5, {})
        elif item != "L" and item.endswith("L"):
            _number(item[:-1], 1, 7, _DAYS)
        elif item != "L":
            _numbers(item, 1, 7, _DAYS)
    return tuple(field.split(","))


@lru_cache(4096)
def _days_of_month(year: int, month: int, days: tuple[str, ...], weekdays: tuple[str, ...]) -> tuple[int, ...]:
    last = calendar.monthrange(year, month)[1]
    found: set[int] = set()
    for item in days:
        if item == "L":
            found.add(last)
        elif item.endswith("W"):
            wanted = last if item == "LW" else int(item[:-1])
            if wanted <= last:
                found.add(_workday(year, month, wanted, last))
        else:
            found.update(day for day in _numbers(item, 1, 31) if day <= last)
    for item in weekdays:
        found.update(_on_weekdays(year, month, item, last))
    return tuple(sorted(found))


def _on_weekdays(year: int, month: int, item: str, last: int) -> list[int]:
    def on(weekday: int) -> list[int]:
        """The days of the month on a weekday, 1 for Sunday."""
        return [day for day in range(1, last + 1) if date(year, month, day).isoweekday() % 7 + 1 == weekday]

    day, hash_, nth = item.partition("#")
    if hash_:
        return on(_number(day, 1, 7, _DAYS))[int(nth) - 1 : int(nth)]
    if item == "L":
        return on(7)
    if item.endswith("L"):
        return on(_number(item[:-1], 1, 7, _DAYS))[-1:]
    wanted = _numbers(item, 1, 7, _DAYS)
    return [day for weekday in wanted for day in on(weekday)]


def _workday(year: int, month: int, day: int, last: int) -> int:
    """The weekday (Monday to Friday) nearest to a day, within its month."""
    weekday = date(year, month, day).isoweekday()
    if weekday == 6:
        return day - 1 if day > 1 else day + 2
    if weekday == 7:
        return day + 1 if day < last else day - 2
    return day

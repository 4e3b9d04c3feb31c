"""Change calendars: whether changes are let in at a time.

Source: Systems Manager User Guide, "AWS Systems Manager Change Calendar"; RFC 5545 for the text. Events that recur
(RRULE) are not modelled.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from awsim.service import not_modelled

OPEN, CLOSED = "OPEN", "CLOSED"
_FOLD = re.compile(r"\r?\n[ \t]")
_WHEN = re.compile(r"(DTSTART|DTEND)((?:;[^:]*)?):(\d{8})(?:T(\d{6})(Z?))?\s*\Z")


class BadCalendar(ValueError):
    """A text that is no calendar."""


class Calendar(NamedTuple):
    """A calendar: its state by default, and the spans (epoch seconds) in which it has the other."""

    default: str
    spans: tuple[tuple[float, float], ...]

    def state(self, at: float) -> str:
        inside = any(start <= at < end for start, end in self.spans)
        return self.default if not inside else CLOSED if self.default == OPEN else OPEN

    def transitions(self, after: float) -> Iterator[float]:
        yield from (time for span in self.spans for time in span if time > after)


def read(text: str) -> Calendar:
    """Raises BadCalendar."""
    lines = _FOLD.sub("", text).splitlines()
    if not lines or lines[0].strip() != "BEGIN:VCALENDAR":
        raise BadCalendar
    default = CLOSED
    spans: list[tuple[float, float]] = []
    event: dict[str, float] | None = None
    for line in map(str.strip, lines):
        if line.startswith("X-CALENDAR-TYPE:"):
            default = OPEN if line.endswith("DEFAULT_OPEN") else CLOSED
        elif line == "BEGIN:VEVENT":
            event = {}
        elif line == "END:VEVENT" and event is not None:
            if "DTSTART" in event:
                spans.append(
                    (event["DTSTART"], event.get("DTEND", event["DTSTART"] + timedelta(days=1).total_seconds()))
                )
            event = None
        elif event is not None and line.startswith("RRULE"):
            raise not_modelled("calendars with events that recur (RRULE)")
        elif event is not None and (found := _WHEN.match(line)) is not None:
            event[found[1]] = _moment(found[2], found[3], found[4] or "000000", utc=bool(found[5]))
    return Calendar(default, tuple(spans))


def _moment(parameters: str, day: str, time: str, *, utc: bool) -> float:
    zone = re.search(r"TZID=([^;:]+)", parameters)
    try:
        place = UTC if utc or zone is None else ZoneInfo(zone[1])
        return datetime.strptime(day + time, "%Y%m%d%H%M%S").replace(tzinfo=place).timestamp()
    except (ValueError, ZoneInfoNotFoundError, OSError):
        raise BadCalendar from None


def together(calendars: list[Calendar], at: float) -> tuple[str, float | None]:
    """(state, when it changes next) of calendars that all have to be open."""

    def state(time: float) -> str:
        return OPEN if all(each.state(time) == OPEN for each in calendars) else CLOSED

    now = state(at)
    times = sorted(time for each in calendars for time in each.transitions(at))
    return now, next((time for time in times if state(time) != now), None)

"""Alarm mute rules: when alarms are to keep quiet.

Source: CloudWatch API Reference, PutAlarmMuteRule.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from awsim.eventing import schedules
from awsim.services.cloudwatch.refusals import validation
from awsim.services.cloudwatch.store import epoch
from awsim.state import Entity, Tags

SCHEDULED, ACTIVE, EXPIRED = "SCHEDULED", "ACTIVE", "EXPIRED"
_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?\Z")
_CRON = re.compile(r"cron\((.*)\)\Z")
_AT = re.compile(r"at\((\d{4}-\d{2}-\d{2}T\d{2}:\d{2})\)\Z")
_LONG_AGO = 15 * 86_400 + 60  # no window is longer than 15 days


class MuteRule(Entity):
    """A mute rule. `settings`: the parameters of PutAlarmMuteRule; times are epoch seconds."""

    __slots__ = ("arn", "job", "name", "settings", "tags", "updated")

    def __init__(self, name: str, arn: str) -> None:
        self.name = name
        self.arn = arn
        self.tags = Tags()
        self.settings: Mapping[str, Any] = {}
        self.updated = 0.0
        self.job: int | None = None

    @property
    def targets(self) -> tuple[str, ...]:
        return tuple((self.settings.get("MuteTargets") or {}).get("AlarmNames") or ())

    @property
    def expires(self) -> float | None:
        given = self.settings.get("ExpireDate")
        return None if given is None else epoch(given)

    def muted_until(self, now: float) -> float | None:
        """The end of the window that `now` is in; None outside of them."""
        start, expires = self.settings.get("StartDate"), self.expires
        if (start is not None and now < epoch(start)) or (expires is not None and now >= expires):
            return None
        schedule = self.settings["Rule"]["Schedule"]
        length, zone = duration(schedule["Duration"]), zone_of(schedule.get("Timezone"))
        began = _last(_schedule(schedule["Expression"]), now, zone)
        if began is None or began + length <= now:
            return None
        return began + length if expires is None else min(began + length, expires)

    def status(self, now: float) -> str:
        if self.expires is not None and now >= self.expires:
            return EXPIRED
        return ACTIVE if self.muted_until(now) is not None else SCHEDULED

    def described(self, now: float) -> dict[str, Any]:
        recurring = self.settings["Rule"]["Schedule"]["Expression"].startswith("cron")
        return {
            **self.settings,
            "Name": self.name,
            "AlarmMuteRuleArn": self.arn,
            "Status": self.status(now),
            "LastUpdatedTimestamp": self.updated,
            "MuteType": "RECURRING" if recurring else "ONE_TIME",
        }


def check(rule: Mapping[str, Any], least: float, most: float) -> None:
    """Refuse a schedule that is none."""
    schedule = rule["Schedule"]
    try:
        _schedule(schedule["Expression"])
    except schedules.ScheduleError:
        raise validation(f"The schedule expression {schedule['Expression']} is not valid.") from None
    if not least <= duration(schedule["Duration"]) <= most:
        raise validation("The duration of a mute rule must be between 1 minute (PT1M) and 15 days (P15D).")
    zone_of(schedule.get("Timezone"))


def duration(text: str) -> float:
    """Seconds of `P2DT12H`."""
    match = _DURATION.match(text)
    if match is None or not any(match.groups()):
        raise validation(f"The duration {text} is not valid.")
    days, hours, minutes = (int(part or 0) for part in match.groups())
    return days * 86_400 + hours * 3600 + minutes * 60


def zone_of(name: str | None) -> tzinfo:
    if not name:
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise validation(f"The time zone {name} is not valid.") from None


def _schedule(expression: str) -> schedules.At | schedules.Cron:
    """Its cron expressions have no year, and days of both kinds may be any."""
    if match := _AT.match(expression):
        found = schedules.parse(f"at({match[1]}:00)")
    elif match := _CRON.match(expression):
        fields = match[1].split()
        if len(fields) != 5:
            raise schedules.ScheduleError(expression)
        minutes, hours, days, months, weekdays = fields
        if weekdays == "*":
            weekdays = "?"
        elif days == "*":
            days = "?"
        found = schedules.parse(f"cron({minutes} {hours} {days} {months} {weekdays} *)")
    else:
        raise schedules.ScheduleError(expression)
    assert isinstance(found, schedules.At | schedules.Cron)
    return found


def _last(schedule: schedules.At | schedules.Cron, now: float, zone: tzinfo) -> float | None:
    """The latest time of a schedule that is not after `now`, of those that a window may still be open from."""
    found, after = None, now - _LONG_AGO
    while (due := schedule.next(after, zone)) is not None and due <= now:
        found = after = due
    return found

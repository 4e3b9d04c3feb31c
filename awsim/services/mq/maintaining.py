"""Reboots, and the weekly windows in which what is pending takes effect."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from awsim.services.mq.common import Common
from awsim.services.mq.records import REBOOTING, REPLICA, RUNNING, Broker, Settings
from awsim.services.mq.refusals import bad
from awsim.state import Lifecycle

DAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
_TIME = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]\Z")


class Maintaining(Common):
    """What a reboot does, whoever begins it."""

    def reboot_broker(self, BrokerId: str) -> dict[str, Any]:
        self._reboot(self.running(BrokerId))
        return {}

    def _reboot(self, broker: Broker) -> None:
        last = REPLICA if broker.lifecycle.state == REPLICA else RUNNING
        broker.lifecycle = Lifecycle(self, [(REBOOTING, "broker-reboot"), (last, None)])
        if broker.maintenance is not None:
            self.cancel(broker.maintenance)
            broker.maintenance = None
        self.later(self.limits.duration("broker-reboot"), "_rebooted", id=broker.id)

    def _rebooted(self, id: str) -> None:
        broker: Broker | None = self.brokers.get(id)
        if broker is None:
            return
        if broker.pending.get("DataReplicationMode") == "NONE" and broker.replication is not None:
            _, other, region = broker.replication
            found = self.at(region=region).brokers.get(other)
            for each in (broker, found):
                if each is not None:
                    each.replication = None
                    each.settings = {**each.settings, "DataReplicationMode": "NONE"}
            if found is not None and found.lifecycle.state == REPLICA:
                found.lifecycle = Lifecycle.settled(self, RUNNING)
        broker.take_effect()

    # --- windows

    def await_maintenance(self, broker: Broker) -> None:
        """Have what is pending take effect when the window next opens, and see to a window that was moved."""
        if broker.maintenance is not None:
            self.cancel(broker.maintenance)
            broker.maintenance = None
        if broker.awaits:
            broker.maintenance = self.at_time(self._opens(broker.window), "_maintain", id=broker.id)

    def _maintain(self, id: str) -> None:
        broker: Broker | None = self.brokers.get(id)
        if broker is None:
            return
        broker.maintenance = None
        if self.state_of(broker) in (RUNNING, REPLICA):
            self._reboot(broker)
        else:
            self.await_maintenance(broker)

    def _opens(self, window: Settings) -> float:
        """When a window next opens (epoch seconds), not now."""
        zone = ZoneInfo(window["TimeZone"])
        now = self.clock.time()
        today = datetime.fromtimestamp(now, UTC).astimezone(zone)
        hour, minute = map(int, window["TimeOfDay"].split(":"))
        ahead = (DAYS.index(window["DayOfWeek"]) - today.weekday()) % 7
        for days in (ahead, ahead + 7):
            day = today.date() + timedelta(days=days)
            opens = datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone).timestamp()
            if opens > now:
                break
        return opens

    def window(self, given: Settings | None) -> dict[str, str]:
        """A window as it is asked for, or one of Amazon MQ's choice."""
        if given is None:
            number = int(self.ids.digits("window", 3))
            return {"DayOfWeek": DAYS[number % 7], "TimeOfDay": f"{number % 24:02d}:00", "TimeZone": "UTC"}
        day = given["DayOfWeek"].upper()
        if day not in DAYS:
            raise bad(f"Day of week [{day}] is invalid. Valid values: [{', '.join(DAYS)}].", "dayOfWeek")
        if not _TIME.match(given["TimeOfDay"]):
            raise bad(f"Time of day [{given['TimeOfDay']}] is invalid. Use the 24-hour format [hh:mm].", "timeOfDay")
        zone = given.get("TimeZone") or "UTC"
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise bad(f"Time zone [{zone}] is invalid.", "timeZone") from None
        return {"DayOfWeek": day, "TimeOfDay": given["TimeOfDay"], "TimeZone": zone}

"""Where the datapoints of an evaluation end.

Source: CloudWatch API Reference, EvaluationWindow.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from math import floor
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_OFFSET = re.compile(r"(?:UTC)?([+-])(\d{2}):(\d{2})\Z")


def zone_of(window: Mapping[str, Any]) -> tzinfo | None:
    """The time zone of an evaluation window, UTC where it has none; None for what is none."""
    name = (window.get("WallClockWindow") or {}).get("Timezone")
    if not name:
        return UTC
    if match := _OFFSET.match(name):
        minutes = int(match[2]) * 60 + int(match[3])
        return None if minutes % 5 else timezone(timedelta(minutes=-minutes if match[1] == "-" else minutes))
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def window_end(window: Mapping[str, Any] | None, now: float, period: int, interval: int) -> float:
    """The end of the latest period at `now`; a wall clock window has the clock's own periods."""
    if not window or window.get("WallClockWindow") is None:
        return floor(now / interval) * interval
    zone = zone_of(window) or UTC
    offset = datetime.fromtimestamp(now, zone).utcoffset() or timedelta()
    shift = offset.total_seconds()
    return floor((now + shift) / period) * period - shift

"""Labels of time series, with their dynamic values.

Source: CloudWatch User Guide, "Using dynamic labels".
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

from awsim.services.cloudwatch.math.series import TimeSeries

_DYNAMIC = re.compile(r"\$\{([^}]*)\}")
_PROPERTY = re.compile(r"PROP\('([^']*)'\)")
_ZONE = re.compile(r"([+-])(\d{2})(\d{2})\Z")


def zone_of(text: str | None) -> timezone | None:
    """`+0130` as a zone; UTC where nothing is given, None for what is none."""
    if not text:
        return UTC
    match = _ZONE.match(text)
    if match is None or int(match[2]) > 14 or int(match[3]) > 59:
        return None
    offset = timedelta(hours=int(match[2]), minutes=int(match[3]))
    return timezone(-offset if match[1] == "-" else offset)


def filled(label: str, default: str, series: TimeSeries, zone: timezone, place: dict[str, str]) -> str:
    """A label with `${…}` in it filled in; `place` has Region and AccountId."""
    return _DYNAMIC.sub(lambda match: _value(match[1], default, series, zone, place) or match[0], label)


def _value(what: str, default: str, series: TimeSeries, zone: timezone, place: dict[str, str]) -> str | None:
    if what == "LABEL":
        return default
    if match := _PROPERTY.match(what):
        return _property(match[1], series, place)
    values = series.values
    numbers = list(values.values())
    if what == "DATAPOINT_COUNT":
        return str(len(numbers))
    kind, at_time, relative = what.partition("_TIME")
    if kind not in ("MIN", "MAX", "FIRST", "LAST", "AVG", "SUM"):
        return None
    if not numbers:
        return "--"
    if not at_time:
        number = {
            "MIN": min(numbers), "MAX": max(numbers), "FIRST": numbers[0], "LAST": numbers[-1],
            "AVG": sum(numbers) / len(numbers), "SUM": sum(numbers),
        }[kind]  # fmt: skip
        return _shown(number)
    if kind in ("AVG", "SUM") or relative:
        return None
    times = list(values)
    extreme = {"MIN": min(numbers), "MAX": max(numbers)}.get(kind)
    if extreme is not None:
        time = next(at for at, value in values.items() if value == extreme)
    else:
        time = times[0] if kind == "FIRST" else times[-1]
    return datetime.fromtimestamp(time, zone).strftime("%Y-%m-%d %H:%M:%S")


def _property(key: str, series: TimeSeries, place: dict[str, str]) -> str | None:
    if key in place:
        return place[key]
    if key == "Period":
        return str(series.period)
    if series.name is None:
        return None
    if key == "MetricName":
        return series.name.name
    if key == "Namespace":
        return series.name.namespace
    if key == "Stat":
        return series.stat
    return dict(series.name.dimensions).get(key.removeprefix("Dim."))


def _shown(number: float) -> str:
    return f"{number:.3f}".rstrip("0").rstrip(".")

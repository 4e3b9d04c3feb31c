"""What expressions compute with.

Source: CloudWatch User Guide, "Metric math syntax and functions": S is a number, TS a time series, TS[] several.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import isfinite
from typing import NamedTuple, TypeAlias

from awsim.services.cloudwatch.metric import Name


class MathError(ValueError):
    """An expression that cannot be computed, in words."""


class TimeSeries(NamedTuple):
    """Values by time (epoch seconds, ascending). `name`, `stat` and `account` of what comes from one metric."""

    values: Mapping[float, float]
    period: int
    label: str = ""
    id: str = ""
    name: Name | None = None
    stat: str = ""

    def with_values(self, values: Mapping[float, float]) -> TimeSeries:
        """The same series with other values; those that are no finite numbers are left out."""
        return self._replace(values={time: value for time, value in values.items() if isfinite(value)})

    def mapped(self, change: Callable[[float], float]) -> TimeSeries:
        found = {}
        for time, value in self.values.items():
            try:
                found[time] = change(value)
            except (ValueError, OverflowError, ZeroDivisionError):
                continue
        return self.with_values(found)


Value: TypeAlias = float | TimeSeries | list[TimeSeries] | str


def times_of(series: list[TimeSeries]) -> list[float]:
    """All times at which one of them has a value."""
    return sorted({time for one in series for time in one.values})

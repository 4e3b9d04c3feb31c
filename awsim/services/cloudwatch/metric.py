"""Metrics and the data that is kept of them. Times are epoch seconds.

Source: CloudWatch User Guide, "CloudWatch concepts".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from math import floor, inf
from typing import Any, NamedTuple

from awsim.metering import Dimensions
from awsim.services.cloudwatch.statistics import Bucket, Summary
from awsim.state import Dict, Entity, SortedDict

NONE = "None"
_SHOWN = "shown"
_INSTANT = 1e-3


class Name(NamedTuple):
    """What a metric is: another combination of dimensions is another metric."""

    namespace: str
    name: str
    dimensions: Dimensions = ()

    def shown(self) -> dict[str, Any]:
        listed = [{"Name": name, "Value": value} for name, value in self.dimensions]
        return {"Namespace": self.namespace, "MetricName": self.name, "Dimensions": listed}


def dimensions_of(given: Iterable[Mapping[str, str]] | None) -> Dimensions:
    """Dimensions in whatever order they were given."""
    return tuple(sorted((dimension["Name"], dimension["Value"]) for dimension in given or ()))


class Series(Entity):
    """The data of a metric in one unit: second by second as long as that is kept, and minute by minute."""

    __slots__ = ("fine", "minutes", "unit")

    def __init__(self, unit: str) -> None:
        self.unit = unit
        self.minutes = SortedDict()  # start -> Bucket
        self.fine = SortedDict()  # of high resolution

    def bucket(self, time: float) -> Bucket:
        return _at(self.minutes, floor(time / 60) * 60)

    def fine_bucket(self, time: float) -> Bucket:
        return _at(self.fine, floor(time))

    def buckets(self, start: float, end: float, period: int, now: float) -> Iterator[tuple[float, Bucket]]:
        """What there is from `start` (inclusive) to `end`, for datapoints of so many seconds."""
        kept = self.minutes if period >= 60 else self.fine
        for time in kept.irange(start, end, (True, False)):
            yield time, kept[time]

    def last(self, now: float) -> float | None:
        """When the latest value was measured."""
        return self.minutes.peekitem()[0] if self.minutes else None


class Steps(Entity):
    """A level that a resource shows: published again and again, held until it is told anew."""

    __slots__ = ("ages", "steps", "unit")

    def __init__(self, unit: str, ages: bool) -> None:
        self.unit = unit
        self.ages = ages  # values are the times since when it has grown
        self.steps = SortedDict()  # time -> (value, seconds between datapoints); None once the resource is no more

    def tell(self, time: float, value: float | None, period: int, now: float | None) -> None:
        """What it has shown since `time`. `now` of what is only seen now: where something else is known of that time or
        a later one, it has been so since now."""
        told = None if value is None else (value, period)
        if not self.steps:
            if told is not None:
                self.steps[time] = told
            return
        last, known = self.steps.peekitem()
        if known != told:
            self.steps[time if now is None or time > last else now] = told

    def buckets(self, start: float, end: float, period: int, now: float) -> Iterator[tuple[float, Summary]]:
        """One value each so often, the one shown at the end of that time, or now."""
        if period < 60:
            return
        steps = self.steps
        for index in range(max(steps.bisect_right(start) - 1, 0), len(steps)):
            since, told = steps.peekitem(index)
            if since >= end:
                return
            if told is None:
                continue
            value, every = told
            until = steps.peekitem(index + 1)[0] if index + 1 < len(steps) else inf
            time = max(-(-start // every), since // every) * every
            while time < end and time <= now:
                when = min(time + every, now)
                seen = min(when, time + every - _INSTANT)
                if seen >= until:
                    break
                if seen >= since:
                    shown = max(0.0, when - value) if self.ages else value
                    yield time, Summary(1, shown, shown, shown, ((shown, 1),))
                time += every

    def last(self, now: float) -> float | None:
        if not self.steps:
            return None
        time, told = self.steps.peekitem()
        return now if told is not None else time


class Metric(Entity):
    """A metric and its data in each unit."""

    __slots__ = ("created", "name", "number", "series")

    def __init__(self, name: Name, number: int, now: float) -> None:
        self.name = name
        self.created = now
        self.number = number  # orders listings
        self.series = Dict()

    def counted(self, unit: str) -> Series:
        series = self.series.get(unit)
        if series is None:
            series = self.series[unit] = Series(unit)
        return series

    def levelled(self, unit: str, ages: bool) -> Steps:
        series = self.series.get((unit, _SHOWN))
        if series is None:
            series = self.series[unit, _SHOWN] = Steps(unit, ages)
        return series

    def of(self, unit: str | None) -> list[Series | Steps]:
        """The data in a unit; in all, where none is asked for. What was sent comes first."""
        found = [series for series in self.series.values() if unit in (None, series.unit)]
        return sorted(found, key=lambda series: isinstance(series, Steps))

    def last(self, now: float) -> float:
        return max((series.last(now) or 0 for series in self.series.values()), default=0)

    @property
    def floats(self) -> bool:
        """Whether what it shows may change without anybody telling."""
        return any(isinstance(series, Steps) for series in self.series.values())


def _at(kept: SortedDict, time: float) -> Bucket:
    bucket = kept.get(time)
    if bucket is None:
        bucket = kept[time] = Bucket()
    return bucket

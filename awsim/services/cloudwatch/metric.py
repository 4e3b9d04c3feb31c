"""Metrics and the data that is kept of them. Times are epoch seconds.

Source: CloudWatch User Guide, "CloudWatch concepts".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from math import floor
from typing import Any, NamedTuple

from awsim.metering import Dimensions
from awsim.services.cloudwatch.statistics import Bucket, Summary
from awsim.state import Dict, Entity, SortedDict

NONE = "None"


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
    """A level that a resource shows: published every `period` seconds, held until it is told anew."""

    __slots__ = ("ages", "period", "steps", "unit")

    def __init__(self, unit: str, period: int, ages: bool) -> None:
        self.unit = unit
        self.period = period
        self.ages = ages  # values are the times since when it has grown
        self.steps = SortedDict()  # time -> value; None from the time on at which the resource is no more

    def tell(self, time: float, value: float | None, now: float | None) -> None:
        """What it has shown since `time`. `now` of what is only seen now: where something else is known of that time or
        a later one, it has been so since now."""
        if not self.steps:
            if value is not None:
                self.steps[time] = value
            return
        last, known = self.steps.peekitem()
        if known != value:
            self.steps[time if now is None or time > last else now] = value

    def at(self, time: float) -> float | None:
        index = self.steps.bisect_right(time) - 1
        return None if index < 0 else self.steps.peekitem(index)[1]

    def buckets(self, start: float, end: float, period: int, now: float) -> Iterator[tuple[float, Summary]]:
        """One value each `self.period`, the one shown at its end, or now."""
        if period < 60 or not self.steps:
            return
        first = max(start, floor(self.steps.peekitem(0)[0] / self.period) * self.period)
        time = -(-first // self.period) * self.period
        while time < end and time <= now:
            when = min(time + self.period, now)
            value = self.at(min(time + self.period - 1e-3, now))
            if value is not None:
                if self.ages:
                    value = max(0.0, when - value)
                yield time, Summary(1, value, value, value, ((value, 1),))
            time += self.period

    def last(self, now: float) -> float | None:
        time, value = self.steps.peekitem()
        return now if value is not None else time


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

    def levelled(self, unit: str, period: int, ages: bool) -> Steps:
        series = self.series.get(unit)
        if series is None:
            series = self.series[unit] = Steps(unit, period, ages)
        return series

    def of(self, unit: str | None) -> list[Series | Steps]:
        """The data in a unit; in all, where none is asked for."""
        if unit is None:
            return list(self.series.values())
        return [self.series[unit]] if unit in self.series else []

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

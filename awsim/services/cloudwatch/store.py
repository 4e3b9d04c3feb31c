"""All metrics of an account in a Region: taking data in, listing, and reading it in periods."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from math import floor
from typing import Any, NamedTuple

from awsim.metering import Level
from awsim.services.cloudwatch.metric import Metric, Name, Steps
from awsim.services.cloudwatch.statistics import Summary
from awsim.state import Dict, Entity

# Data grows coarser with age: what periods below so many seconds can be computed of is kept as long as the row says.
_RETENTION = ((60, "retention-seconds"), (300, "retention-minutes"), (3600, "retention-five-minutes"))
_LONGEST = "retention-hours"


class Window(NamedTuple):
    """A reading: from `start` to `end` in steps of `period`, seen at `now`."""

    start: float
    end: float
    period: int
    now: float


class Datum(NamedTuple):
    """A checked member of PutMetricData: `values` with their counts, or `statistics` (count, sum, least, most)."""

    name: Name
    unit: str
    time: float
    resolution: int
    values: tuple[tuple[float, float], ...]
    statistics: tuple[float, float, float, float] | None


class Store(Entity):
    """Metrics by name. `limit` gives values of the limits table; `touched` hears of each metric that has new data."""

    __slots__ = ("_limit", "_metrics", "_number", "_touched")

    def __init__(self, limit: Callable[[str], float], touched: Callable[[Name, str, float], None]) -> None:
        self._limit = limit
        self._touched = touched
        self._metrics = Dict()
        self._number = 0

    # --- taking in

    def metric(self, name: Name, now: float) -> Metric:
        known = self._metrics.get(name)
        if known is None:
            self._number += 1
            known = self._metrics[name] = Metric(name, self._number, now)
        return known

    def count(self, name: Name, unit: str, time: float, values: Mapping[float, float]) -> None:
        """What a service has measured in a minute: values with how often each came."""
        self.metric(name, time).counted(unit).bucket(time).add_all(values)
        self._touched(name, unit, time)

    def tell(self, level: Level, now: float | None = None) -> None:
        """What a resource shows: since a time that is known, or as far as is seen `now`."""
        name = Name(level.namespace, level.name, tuple(sorted(level.dimensions)))
        steps = self.metric(name, level.time).levelled(level.unit, level.ages)
        steps.tell(level.time, level.value, level.period, now)
        self._touched(name, level.unit, level.time)

    def put(self, datum: Datum, now: float) -> None:
        """Data that a program sent."""
        series = self.metric(datum.name, now).counted(datum.unit)
        buckets = [series.bucket(datum.time)]
        if datum.resolution == 1:
            buckets.append(series.fine_bucket(datum.time))
        for bucket in buckets:
            for value, count in datum.values:
                bucket.add(value, count)
            if datum.statistics is not None:
                bucket.add_set(*datum.statistics)
        self._touched(datum.name, datum.unit, datum.time)

    # --- reading

    def get(self, name: Name) -> Metric | None:
        return self._metrics.get(name)

    def listed(self, now: float, active_within: float) -> Iterator[Metric]:
        """Those with data not older than so many seconds, in the order in which they came to be known."""
        for metric in self._metrics.values():
            if metric.last(now) > now - active_within - 60:
                yield metric

    def summaries(
        self, names: Iterable[Name], unit: str | None, window: Window, *, detailed: bool = False
    ) -> dict[str, dict[float, Summary]]:
        """Unit -> start of a period -> what was measured in it, by metrics taken together."""
        start, end, period, now = window
        found: dict[str, dict[float, list[Any]]] = {}
        for name in names:
            metric = self._metrics.get(name)
            if metric is None:
                continue
            for series in metric.of(unit):
                kept = found.setdefault(series.unit, {})
                counted = {at for other in found.values() for at in other} if isinstance(series, Steps) else ()
                for time, bucket in series.buckets(start, end, period, now):
                    at = start + (time - start) // period * period
                    # What was sent stands for what a resource shows by itself.
                    if at not in counted and self._is_kept(time, period, now):
                        kept.setdefault(at, []).append(bucket)
        return {
            unit: {at: Summary.of(buckets, detailed=detailed) for at, buckets in sorted(kept.items())}
            for unit, kept in found.items()
            if kept
        }

    def _is_kept(self, time: float, period: int, now: float) -> bool:
        row = next((row for below, row in _RETENTION if period < below), _LONGEST)
        return now - time <= self._limit(row)

    def rounded(self, start: float, period: int, now: float) -> float:
        """A start time as AWS rounds it down: to what data of its age is kept in."""
        if period < 60:
            return floor(start / period) * period
        age = now - start
        if age <= self._limit("retention-minutes"):
            return floor(start / 60) * 60
        return floor(start / 300) * 300 if age <= self._limit("retention-five-minutes") else floor(start / 3600) * 3600


def matches(metric: Metric, namespace: str | None, name: str | None, filters: Sequence[Mapping[str, str]]) -> bool:
    """Whether a metric has what ListMetrics was asked for."""
    if namespace not in (None, metric.name.namespace) or name not in (None, metric.name.name):
        return False
    known = dict(metric.name.dimensions)
    return all(one["Name"] in known and one.get("Value", known[one["Name"]]) == known[one["Name"]] for one in filters)


def epoch(when: datetime | float) -> float:
    return when.timestamp() if isinstance(when, datetime) else float(when)

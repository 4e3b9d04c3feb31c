"""Statistics: what is kept of measured values, and what is computed of them.

Source: CloudWatch User Guide, "CloudWatch statistics definitions".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from math import inf
from typing import NamedTuple

from awsim.state import Dict, Entity

SIMPLE = ("SampleCount", "Average", "Sum", "Minimum", "Maximum")

_NUMBER = r"\d+(?:\.\d*)?(?:[Ee][+-]?\d+)?"
_SHORT = re.compile(r"(p|tm|tc|ts|wm)(100|\d{1,2}(?:\.\d{1,10})?)\Z")
_RANGE = re.compile(rf"(TM|TC|TS|WM|PR)\(\s*({_NUMBER}%?)?\s*:\s*({_NUMBER}%?)?\s*\)\Z")


class Bucket(Entity):
    """What was measured in one span of time. `values` maps each value to how often it came; None where only the sums
    of a statistic set are known."""

    __slots__ = ("least", "most", "samples", "total", "values")

    def __init__(self) -> None:
        self.samples = 0.0
        self.total = 0.0
        self.least = inf
        self.most = -inf
        self.values: Mapping[float, float] | None = Dict()

    def add(self, value: float, weight: float = 1) -> None:
        self.samples += weight
        self.total += value * weight
        if value < self.least:
            self.least = value
        if value > self.most:
            self.most = value
        values = self.values
        if values is not None:
            values[value] = values.get(value, 0) + weight  # type: ignore[index]

    def add_all(self, found: Mapping[float, float]) -> None:
        """Values with how often each came."""
        self.samples += sum(found.values())
        self.total += sum(value * weight for value, weight in found.items())
        self.least = min(self.least, *found)
        self.most = max(self.most, *found)
        values = self.values
        if values is not None:
            for value, weight in found.items():
                values[value] = values.get(value, 0) + weight  # type: ignore[index]

    def add_set(self, count: float, total: float, least: float, most: float) -> None:
        """A statistic set; where all its values are the same they are known."""
        if count and (count == 1 or least == most):
            self.add(least, count)
            return
        self.samples += count
        self.total += total
        self.least = min(self.least, least)
        self.most = max(self.most, most)
        self.values = None


class Summary(NamedTuple):
    """Buckets taken together. `values`: sorted (value, weight) pairs; None where not all are known."""

    samples: float
    total: float
    least: float
    most: float
    values: tuple[tuple[float, float], ...] | None

    @classmethod
    def of(cls, buckets: Iterable[Bucket | Summary], *, detailed: bool = False) -> Summary:
        """`detailed`: with the values, which only some statistics need."""
        count = total = 0.0
        least, most = inf, -inf
        values: dict[float, float] | None = {} if detailed else None
        for bucket in buckets:
            count += bucket.samples
            total += bucket.total
            least = min(least, bucket.least)
            most = max(most, bucket.most)
            if values is not None:
                known = bucket.values
                if known is None:
                    values = None
                    continue
                for value, weight in known.items() if isinstance(known, Mapping) else known:
                    values[value] = values.get(value, 0) + weight
        return cls(count, total, least, most, None if values is None else tuple(sorted(values.items())))


#: Of a summary; None where there is nothing to compute it from.
Statistic = Callable[[Summary], float | None]


@lru_cache(maxsize=256)
def statistic(name: str) -> Statistic | None:
    """The statistic of a name (`Average`, `p99.9`, `TM(10%:90%)`, `IQM`, …); None where there is none."""
    if name in SIMPLE:
        return _SIMPLE[name]
    if name == "IQM":
        return _within(_trimmed_mean, ("25%", "75%"))
    if match := _SHORT.match(name):
        kind, percent = match[1], float(match[2])
        if kind == "p":
            return lambda summary: _percentile(summary, percent)
        return _within(_KINDS[kind.upper()], (None, f"{percent}%"))
    if match := _RANGE.match(name):
        kind, low, high = match.groups()
        if low is None and high is None:
            return None
        bounds = [bound for bound in (low, high) if bound is not None]
        relative = {bound.endswith("%") for bound in bounds}
        if len(relative) > 1 or (kind == "PR" and True in relative):
            return None
        if True in relative and any(float(bound[:-1]) > 100 for bound in bounds):
            return None
        if len(bounds) == 2 and float(bounds[0].rstrip("%")) > float(bounds[1].rstrip("%")):
            return None
        return _within(_KINDS[kind], (low, high))
    return None


def is_detailed(name: str) -> bool:
    """Whether the statistic needs the values themselves."""
    return name not in SIMPLE


_SIMPLE: dict[str, Statistic] = {
    "SampleCount": lambda summary: summary.samples,
    "Average": lambda summary: summary.total / summary.samples if summary.samples else None,
    "Sum": lambda summary: summary.total,
    "Minimum": lambda summary: summary.least,
    "Maximum": lambda summary: summary.most,
}


def _percentile(summary: Summary, percent: float) -> float | None:
    """The least value that so many percent of all are not above; not of negative values."""
    values = summary.values
    if not values or values[0][0] < 0:
        return None
    wanted, seen = summary.samples * percent / 100, 0.0
    for value, weight in values:
        seen += weight
        if seen >= wanted - 1e-9:
            return value
    return values[-1][0]


Kept = list[tuple[float, float]]


def _within(
    compute: Callable[[Summary, Kept, float, float], float | None], bounds: tuple[str | None, ...]
) -> Statistic:
    """A statistic of the values within bounds: of a share of them (`10%`), or of their size."""
    low, high = bounds
    relative = any(bound is not None and bound.endswith("%") for bound in bounds)

    def computed(summary: Summary) -> float | None:
        values = summary.values
        if not values or (relative and values[0][0] < 0):
            return None
        least = float(low.rstrip("%")) if low is not None else (0.0 if relative else -inf)
        most = float(high.rstrip("%")) if high is not None else (100.0 if relative else inf)
        if not relative:
            kept = [(value, weight) for value, weight in values if least < value <= most or value == least == most]
            return compute(summary, kept, least, most)
        kept, seen = [], 0.0
        first, last = summary.samples * least / 100, summary.samples * most / 100
        for value, weight in values:
            part = min(seen + weight, last) - max(seen, first)
            if part > 1e-9:
                kept.append((value, part))
            seen += weight
        return compute(summary, kept, kept[0][0] if kept else 0.0, kept[-1][0] if kept else 0.0)

    return computed


def _trimmed_count(summary: Summary, kept: Kept, low: float, high: float) -> float | None:
    return sum(weight for _, weight in kept)


def _trimmed_sum(summary: Summary, kept: Kept, low: float, high: float) -> float | None:
    return sum(value * weight for value, weight in kept)


def _trimmed_mean(summary: Summary, kept: Kept, low: float, high: float) -> float | None:
    count = sum(weight for _, weight in kept)
    return sum(value * weight for value, weight in kept) / count if count else None


def _winsorized_mean(summary: Summary, kept: Kept, low: float, high: float) -> float | None:
    """Values beyond the bounds count as the bounds."""
    if not kept or not summary.values:
        return None
    return sum(min(max(value, low), high) * weight for value, weight in summary.values) / summary.samples


def _percentile_rank(summary: Summary, kept: Kept, low: float, high: float) -> float | None:
    return 100 * sum(weight for _, weight in kept) / summary.samples


_KINDS: dict[str, Callable[[Summary, Kept, float, float], float | None]] = {
    "TC": _trimmed_count,
    "TS": _trimmed_sum,
    "TM": _trimmed_mean,
    "WM": _winsorized_mean,
    "PR": _percentile_rank,
}

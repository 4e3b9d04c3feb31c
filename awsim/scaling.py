"""What scaling policies make of a capacity: arithmetic alone, for the services that scale.

Sources: EC2 Auto Scaling User Guide, "Step and simple scaling policies"; Application Auto Scaling User Guide, "Step
scaling policies".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import ceil, floor
from typing import Any

ADJUSTMENTS = ("ChangeInCapacity", "ExactCapacity", "PercentChangeInCapacity")


def adjusted(kind: str, capacity: int, amount: int, least: int | None = None) -> int:
    """A capacity after an adjustment; `least` is the smallest change that a percentage makes."""
    if kind == "ExactCapacity":
        return amount
    if kind == "ChangeInCapacity":
        return capacity + amount
    change = capacity * amount / 100
    # Above 1 towards zero, below 1 to one whole unit.
    whole = floor(change) if change > 1 else ceil(change) if change < -1 else (change > 0) - (change < 0)
    if least is not None and whole:
        whole = max(abs(whole), least) * (1 if whole > 0 else -1)
    return capacity + whole


def problem_of(steps: Sequence[Mapping[str, Any]]) -> str | None:
    """What is wrong with steps: they overlap, leave gaps or have no room."""
    if not steps:
        return "At least one StepAdjustment must be specified for a StepScaling policy."
    bounds = sorted((_lower(step), _upper(step)) for step in steps)
    if any(lower >= upper for lower, upper in bounds):
        return "StepAdjustment's lower bound must be less than its upper bound."
    for (_, before), (after, _) in pairwise(bounds):
        if before > after:
            return "StepAdjustment intervals can't overlap."
        if before < after:
            return "StepAdjustment intervals can't have gaps between them."
    return None


def step_for(steps: Sequence[Mapping[str, Any]], difference: float) -> Mapping[str, Any] | None:
    """The step that holds the difference of a metric and its threshold: below it upper bounds are included."""
    for step in steps:
        lower, upper = _lower(step), _upper(step)
        if (difference >= 0 and lower <= difference < upper) or (difference < 0 and lower < difference <= upper):
            return step
    return None


def _lower(step: Mapping[str, Any]) -> float:
    found: float | None = step.get("MetricIntervalLowerBound")
    return float("-inf") if found is None else found


def _upper(step: Mapping[str, Any]) -> float:
    found: float | None = step.get("MetricIntervalUpperBound")
    return float("inf") if found is None else found

"""How an alarm's state follows from its datapoints.

Source: CloudWatch User Guide, "Alarm evaluation" and "Configuring how CloudWatch alarms treat missing data".
"""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from awsim.services.cloudwatch.alarms.alarm import ALARM, INSUFFICIENT_DATA, OK

_SHOWN = 5


class Point(NamedTuple):
    """A datapoint of the evaluation range, and the bounds it is compared with."""

    time: float
    value: float
    upper: float
    lower: float


class Comparison(NamedTuple):
    """A comparison operator: whether a point breaches, and how AWS says so."""

    breaches: Callable[[Point], bool]
    words: str


def _beyond(compare: Callable[[float, float], bool], words: str) -> Comparison:
    return Comparison(lambda point: compare(point.value, point.upper), words)


COMPARISONS = {
    "GreaterThanThreshold": _beyond(operator.gt, "greater than the threshold"),
    "GreaterThanOrEqualToThreshold": _beyond(operator.ge, "greater than or equal to the threshold"),
    "LessThanThreshold": _beyond(operator.lt, "less than the threshold"),
    "LessThanOrEqualToThreshold": _beyond(operator.le, "less than or equal to the threshold"),
    "GreaterThanUpperThreshold": _beyond(operator.gt, "greater than the upper thresholds"),
    "LessThanLowerThreshold": Comparison(lambda point: point.value < point.lower, "less than the lower thresholds"),
    "LessThanLowerOrGreaterThanUpperThreshold": Comparison(
        lambda point: point.value > point.upper or point.value < point.lower,
        "less than the lower thresholds or greater than the upper thresholds",
    ),
}
BANDED = frozenset(("GreaterThanUpperThreshold", "LessThanLowerThreshold", "LessThanLowerOrGreaterThanUpperThreshold"))


class Terms(NamedTuple):
    """What an alarm compares by: M (`needed`) of N (`periods`) datapoints."""

    comparison: str
    threshold: float | None
    periods: int
    needed: int
    missing: str


class Verdict(NamedTuple):
    """The state that follows; None where the alarm stays as it is."""

    state: str | None
    reason: str
    evaluated: tuple[Point, ...]


def judge(range_: Sequence[Point | None], terms: Terms, current: str) -> Verdict:
    """The verdict on the datapoints of the evaluation range, oldest first, None for those that are missing."""
    comparison = COMPARISONS[terms.comparison]
    real = [point for point in range_ if point is not None][-terms.periods :]
    breaching = sum(map(comparison.breaches, real))
    filled = terms.periods - len(real)
    if not filled or (real and breaching < len(real) and terms.missing in ("missing", "ignore")):
        # Missing data is used as little as possible: a point within the threshold decides.
        state: str | None = ALARM if breaching >= terms.needed else OK
    elif terms.missing == "breaching":
        state = ALARM if breaching + filled >= terms.needed else OK
    elif terms.missing == "notBreaching" or breaching >= terms.needed:
        state = ALARM if breaching >= terms.needed else OK
    elif terms.missing == "ignore":
        state = None
    elif not real:
        state = INSUFFICIENT_DATA
    else:
        state = ALARM if _is_old_enough(range_, terms) else None
    return Verdict(state, _reason(state, tuple(real), breaching, filled, terms, current), tuple(real))


def _is_old_enough(range_: Sequence[Point | None], terms: Terms) -> bool:
    """Only breaching and missing points, fewer than are needed: enough once the oldest is as far back as that."""
    latest = list(range_)[-terms.periods :]
    first = next((index for index, point in enumerate(latest) if point is not None), None)
    return first is not None and len(latest) - first >= terms.needed


def _reason(state: str | None, real: tuple[Point, ...], breaching: int, filled: int, terms: Terms, current: str) -> str:
    if state is None:
        return ""
    if state == INSUFFICIENT_DATA:
        return f"Insufficient Data: {terms.periods} {_points(terms.periods)} {_were(terms.periods)} unknown."
    if not real:
        how = "Breaching" if terms.missing == "breaching" else "NonBreaching"
        return (
            f"Threshold Crossed: no datapoints were received for {terms.periods} "
            f"period{'s' if terms.periods > 1 else ''} and {filled} missing {_points(filled)} {_were(filled)} treated "
            f"as [{how}]."
        )
    wanted = state == ALARM
    comparison = COMPARISONS[terms.comparison]
    telling = [point for point in real if comparison.breaches(point) is wanted]
    count = len(telling)
    shown = ", ".join(f"{point.value} ({_day(point.time)})" for point in reversed(telling[-_SHOWN:]))
    words = comparison.words if wanted else f"not {comparison.words}"
    of = f"{count} out of the last {terms.periods} datapoints" if terms.periods > 1 or wanted else f"{count} datapoint"
    threshold = f"({terms.threshold})" if terms.threshold is not None else _bounds(telling)
    text = f"Threshold Crossed: {of} [{shown}] {_were(count)} {words} {threshold}"
    if terms.periods > 1 or wanted:
        least = terms.needed if wanted else terms.periods - terms.needed + 1
        moved = f"{OK if wanted else ALARM} -> {ALARM if wanted else OK}"
        text += f" (minimum {least} {_points(least)} for {moved} transition)"
    return text + "."


def reason_data(
    verdict: Verdict, terms: Terms, *, now: float, statistic: str | None, period: int, unit: str | None
) -> str:
    """StateReasonData: the datapoints behind a state, as JSON."""
    evaluated = verdict.evaluated
    data: dict[str, Any] = {"version": "1.0", "queryDate": timestamp(now)}
    if evaluated:
        data["startDate"] = timestamp(evaluated[0].time)
    if statistic is not None:
        data["statistic"] = statistic
    if unit is not None:
        data["unit"] = unit
    data |= {"period": period, "recentDatapoints": [point.value for point in evaluated]}
    if terms.threshold is not None:
        data["threshold"] = terms.threshold
    else:
        data["recentUpperThresholds"] = [point.upper for point in evaluated]
        data["recentLowerThresholds"] = [point.lower for point in evaluated]
    data["evaluatedDatapoints"] = [
        {"timestamp": timestamp(point.time), "value": point.value} for point in reversed(evaluated)
    ]
    return json.dumps(data, separators=(",", ":"))


def timestamp(time: float) -> str:
    """`2026-01-01T12:00:00.000+0000`, as alarms write times."""
    when = datetime.fromtimestamp(time, UTC)
    return f"{when:%Y-%m-%dT%H:%M:%S}.{when.microsecond // 1000:03d}+0000"


def _bounds(points: Sequence[Point]) -> str:
    return "[" + ", ".join(f"({point.lower}, {point.upper})" for point in points[-_SHOWN:]) + "]"


def _day(time: float) -> str:
    return f"{datetime.fromtimestamp(time, UTC):%d/%m/%y %H:%M:%S}"


def _points(count: int) -> str:
    return "datapoint" if count == 1 else "datapoints"


def _were(count: int) -> str:
    return "was" if count == 1 else "were"

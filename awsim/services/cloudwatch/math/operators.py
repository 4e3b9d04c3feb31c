"""The operators of metric math."""

from __future__ import annotations

import operator
from collections.abc import Callable

from awsim.services.cloudwatch.math.series import MathError, TimeSeries, Value

Compute = Callable[[float, float], float]

_OPERATORS: dict[str, Compute] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "^": operator.pow,
    "==": lambda left, right: float(left == right),
    "!=": lambda left, right: float(left != right),
    "<": lambda left, right: float(left < right),
    "<=": lambda left, right: float(left <= right),
    ">": lambda left, right: float(left > right),
    ">=": lambda left, right: float(left >= right),
    "AND": lambda left, right: float(bool(left) and bool(right)),
    "OR": lambda left, right: float(bool(left) or bool(right)),
}


def apply(sign: str, left: Value, right: Value) -> Value:
    """`left sign right`; series meet where both have a value."""
    compute = _OPERATORS[sign]
    if isinstance(left, str) or isinstance(right, str):
        raise MathError(f"The operator {sign} does not take text")
    if isinstance(left, list) and isinstance(right, list):
        raise MathError(f"The operator {sign} does not take two arrays of time series")
    if isinstance(left, list):
        return [_series(apply(sign, one, right)) for one in left]
    if isinstance(right, list):
        return [_series(apply(sign, left, one))._replace(label=one.label, name=one.name) for one in right]
    if isinstance(left, TimeSeries) and isinstance(right, TimeSeries):
        return _meeting(compute, left, right)
    if isinstance(left, TimeSeries):
        number = float(right)  # type: ignore[arg-type]
        return left.mapped(lambda value: compute(value, number))
    if isinstance(right, TimeSeries):
        number = left
        return right.mapped(lambda value: compute(number, value))
    try:
        return float(compute(left, right))
    except (ZeroDivisionError, OverflowError, TypeError):
        raise MathError(f"{left} {sign} {right} is no number") from None


def negate(sign: str, operand: Value) -> Value:
    """`-x` and `!x`."""
    compute: Callable[[float], float] = (lambda value: -value) if sign == "-" else (lambda value: float(not value))
    if isinstance(operand, str):
        raise MathError(f"The operator {sign} does not take text")
    if isinstance(operand, list):
        return [one.mapped(compute) for one in operand]
    return operand.mapped(compute) if isinstance(operand, TimeSeries) else compute(operand)


def _meeting(compute: Compute, left: TimeSeries, right: TimeSeries) -> TimeSeries:
    found = {}
    for time, value in left.values.items():
        other = right.values.get(time)
        if other is None:
            continue
        try:
            found[time] = float(compute(value, other))
        except (ZeroDivisionError, OverflowError, TypeError):
            continue
    return left._replace(period=max(left.period, right.period), name=None).with_values(found)


def _series(value: Value) -> TimeSeries:
    assert isinstance(value, TimeSeries)
    return value

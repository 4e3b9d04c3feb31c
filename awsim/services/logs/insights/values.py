"""Values in queries: texts, numbers, what they compare as, and how results show them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

_NUMBER = re.compile(r"\s*[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\s*")


class Time(float):
    """Milliseconds since the epoch, which results show as a date."""

    __slots__ = ()


def number(value: Any) -> float | None:
    """A value as a number; None where it is none."""
    if value.__class__ is str:
        return float(value) if _NUMBER.fullmatch(value) else None
    if isinstance(value, bool):
        return float(value)
    return float(value) if isinstance(value, int | float) else None


def text(value: Any) -> str:
    """A value as results show it."""
    if isinstance(value, Time):
        return datetime.fromtimestamp(value / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S.") + f"{int(value) % 1000:03d}"
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else f"{value:.4f}".rstrip("0").rstrip(".")
    return str(value)


def true(value: Any) -> bool:
    measured = number(value)
    return measured != 0 if measured is not None else bool(value)


def compare(operator: str, a: Any, b: Any) -> bool:
    """Numbers as such, all else as text; what is missing compares with nothing."""
    if a is None or b is None:
        return False
    left, right = number(a), number(b)
    if left is not None and right is not None:
        return _ordered(operator, left, right)
    return _ordered(operator, text(a), text(b))


def _ordered(operator: str, a: Any, b: Any) -> bool:
    if operator == "=":
        return bool(a == b)
    if operator == "!=":
        return bool(a != b)
    if operator == "<":
        return bool(a < b)
    if operator == "<=":
        return bool(a <= b)
    return bool(a > b if operator == ">" else a >= b)


MISSING = (2, 0.0, "")


def order(value: Any) -> tuple[int, float, str]:
    """A key that sorts numbers before texts, and what is missing last."""
    if value is None:
        return MISSING
    measured = number(value)
    return (0, measured, "") if measured is not None else (1, 0.0, text(value))

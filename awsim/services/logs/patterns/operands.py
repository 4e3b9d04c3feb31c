"""What values are compared with: texts with wild cards, numbers, regular expressions."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from awsim.errors import AWSError
from awsim.services.logs.refusals import invalid

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
# What a regular expression has no place for: parentheses among others.
_STRANGE = re.compile(r"[^A-Za-z0-9_#=@/;,:^$?\[\]{}|\\*+. -]")
EQUAL, UNEQUAL = "=", "!="
OPERATORS = ("!=", "<=", ">=", "=", "<", ">")
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
}

Test = Callable[[Any], bool]


def wrong() -> AWSError:
    return invalid("Invalid filter pattern")


def wrong_character(text: str) -> AWSError:
    return invalid(f"Invalid character(s) in term '{text}'")


def unclosed(opening: str, closing: str) -> AWSError:
    return invalid(f"If a filter pattern starts with '{opening}' it must end with '{closing}'")


def regex(text: str) -> re.Pattern[str]:
    """The expression between percent signs."""
    strange = _STRANGE.search(text)
    if strange is not None:
        raise wrong_character(strange[0])
    try:
        return re.compile(text, re.ASCII)
    except (re.error, OverflowError, RecursionError):
        raise wrong() from None


def number(value: Any) -> float | None:
    if value.__class__ is str:
        return float(value) if _NUMBER.fullmatch(value) else None
    return float(value) if value.__class__ in (int, float) else None


def text_of(value: Any) -> str:
    """A JSON scalar as a text."""
    if value.__class__ is str:
        return str(value)
    if value is None or value.__class__ is bool:
        return {None: "null", True: "true", False: "false"}[value]
    if value.__class__ is float and value.is_integer():
        return str(int(value))
    return str(value)


def test(operator: str, operand: str, *, quoted: bool) -> Test:
    """Whether a scalar stands so to an operand, which has asterisks as wild cards."""
    if operator in _COMPARE:
        bound = None if quoted else number(operand)
        if bound is None:
            raise wrong()
        compare = _COMPARE[operator]

        def ordered(value: Any) -> bool:
            found = number(value)
            return found is not None and compare(found, bound)

        return ordered
    equal = _equal(operand, quoted)
    return equal if operator == EQUAL else lambda value: not equal(value)


def _equal(operand: str, quoted: bool) -> Test:
    if "*" in operand:
        wanted = re.compile(".*".join(map(re.escape, operand.split("*"))), re.DOTALL)
        return lambda value: wanted.fullmatch(text_of(value)) is not None
    same = None if quoted else number(operand)
    if same is None:
        return lambda value: text_of(value) == operand
    return lambda value: number(value) == same


def test_regex(operator: str, text: str) -> Test:
    """Whether a scalar matches a regular expression, or does not."""
    wanted = regex(text)
    if operator == EQUAL:
        return lambda value: wanted.search(text_of(value)) is not None
    if operator == UNEQUAL:
        return lambda value: wanted.search(text_of(value)) is None
    raise wrong()

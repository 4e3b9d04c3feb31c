"""DynamoDB's number: decimal, 38 significant digits, magnitudes 1E-130 to 9.99…E+125.

In memory a number is an `int` where it is whole, else a normalised `Decimal`: both compare, sort and hash by value, and
an int takes a third of the memory. Bounds come from the limits table (`number-digits`, `number-max-exponent`,
`number-min-exponent`).
"""

from __future__ import annotations

import re
from decimal import Context, Decimal, InvalidOperation
from functools import lru_cache
from typing import TYPE_CHECKING

from awsim.services.dynamodb.refusals import invalid

if TYPE_CHECKING:
    from awsim.limits.table import ServiceLimits

Number = int | Decimal

_SYNTAX = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE]([+-]?[0-9]+))?\Z")
# Wide enough for any exact sum of two legal numbers.
_EXACT = Context(prec=600, Emax=999_999, Emin=-999_999, traps=[InvalidOperation])
_SURELY_SHORT = 15
_NOT_NUMERIC = "The parameter cannot be converted to a numeric value"


def parse(text: str, limits: ServiceLimits) -> Number:
    """The number that `text` writes; ValidationException if it is none or out of bounds."""
    if len(text) <= _SURELY_SHORT and text.isascii():
        if text.isdigit():
            return int(text)
        whole, point, fraction = text.partition(".")
        if point and whole.isdigit() and fraction.isdigit():
            fraction = fraction.rstrip("0")
            return Decimal(f"{whole}.{fraction}") if fraction else int(whole)
    match = _SYNTAX.match(text)
    if match is None:
        raise invalid(f"{_NOT_NUMERIC}: {text}" if text else _NOT_NUMERIC)
    exponent = match.group(1)
    if exponent is not None and len(exponent) > 6:
        # Far outside, unless it is a zero; never let Python build such a number.
        if not re.search(r"[1-9]", text[: match.start(1)]):
            return 0
        raise limits.error("number-min-exponent" if exponent.startswith("-") else "number-max-exponent")
    try:
        value = _EXACT.create_decimal(text)
    except InvalidOperation:  # pragma: no cover - the syntax is checked above
        raise invalid(f"{_NOT_NUMERIC}: {text}") from None
    return _bounded(value, limits, "number-digits")


@lru_cache(maxsize=4096)
def measured(text: str) -> tuple[Number, int]:
    """The number that a short text of plain digits writes, within whatever bounds, and its size as `size_of` has it.

    ValueError, or AttributeError for no text, where it takes a closer look. Cached: few numbers are written once.
    """
    if len(text) <= _SURELY_SHORT and text.isascii():
        if text.isdigit():
            if text[0] == "0":
                return int(text), size_of(int(text))
            digits = len(text.rstrip("0"))
            return int(text), 1 + (digits + 1) // 2 + (digits % 2 == 0 and len(text) % 2)
        whole, _, fraction = text.partition(".")
        if whole.isdigit() and fraction.isdigit():
            fraction = fraction.rstrip("0")
            number: Number = Decimal(f"{whole}.{fraction}") if fraction else int(whole)
            return number, size_of(number)
        if text.startswith("-") and not text.startswith("--"):
            number, size = measured(text[1:])
            return (number.copy_negate() if type(number) is Decimal else -number), size + (number != 0)
    raise ValueError(text)


def add(left: Number, right: Number, limits: ServiceLimits) -> Number:
    """left + right; a sum that 38 digits cannot hold is an overflow, as AWS words it."""
    if type(left) is int and type(right) is int:
        total = left + right
        if -(10**_SURELY_SHORT) < total < 10**_SURELY_SHORT:
            return total
    return _bounded(_EXACT.add(Decimal(left), Decimal(right)), limits, "number-max-exponent")


def subtract(left: Number, right: Number, limits: ServiceLimits) -> Number:
    return add(left, -right if type(right) is int else right.copy_negate(), limits)  # type: ignore[union-attr]


def _bounded(value: Decimal, limits: ServiceLimits, too_precise: str) -> Number:
    """The number kept, or the error of the bound it breaks; `too_precise` is the row for one of too many digits."""
    if not value:
        return 0
    if not value.is_finite():  # not even an exact sum could be so large
        raise limits.error("number-max-exponent")
    value = value.normalize(_EXACT)
    magnitude = value.adjusted()
    highest, lowest, digits = limits["number-max-exponent"], limits["number-min-exponent"], limits["number-digits"]
    if highest is not None and magnitude > highest:
        raise limits.error("number-max-exponent")
    if lowest is not None and magnitude < -lowest:
        raise limits.error("number-min-exponent")
    _, figures, exponent = value.as_tuple()
    if digits is not None and len(figures) > digits:
        raise limits.error(too_precise)
    return int(value) if exponent >= 0 else value  # type: ignore[operator]


def text_of(value: Number) -> str:
    """The canonical form: no exponent, no leading or trailing zeros."""
    text = str(value)
    return format(value, "f") if "E" in text else text


@lru_cache(maxsize=4096)
def size_of(value: Number) -> int:
    """Bytes that AWS counts: one for two digits (paired from the decimal point), one more, one for a minus sign."""
    if type(value) is int:
        if not value:
            return 1
        text = str(value if value > 0 else -value)
        digits, odd = len(text.rstrip("0")), len(text) % 2 == 0
    elif "E" in (text := str(value)):
        digits, odd = len(value.as_tuple().digits), value.adjusted() % 2 == 1  # type: ignore[union-attr]
    else:
        whole, _, fraction = text.lstrip("-").partition(".")
        digits, odd = len(whole) + len(fraction), len(whole) % 2 == 0
        if whole == "0":
            digits = len(fraction.lstrip("0"))
            odd = (len(fraction) - digits) % 2 == 0
    size = 1 + (digits + 1) // 2
    if digits % 2 == 0 and not odd:
        size += 1
    return size + (value < 0)

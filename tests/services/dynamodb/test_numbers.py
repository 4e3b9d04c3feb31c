"""The number type: 38 digits, magnitudes, canonical form, sums."""

from __future__ import annotations

from decimal import Decimal

import pytest

from awsim.errors import AWSError
from awsim.services.dynamodb import numbers

_OVERFLOW = "Number overflow. Attempting to store a number with magnitude larger than supported range"
_UNDERFLOW = "Number underflow. Attempting to store a number with magnitude smaller than supported range"
_TOO_PRECISE = "Attempting to store more than 38 significant digits in a Number"


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("0", "0"),
        ("-0", "0"),
        ("0.000", "0"),
        ("007", "7"),
        ("+3", "3"),
        (".5", "0.5"),
        ("5.", "5"),
        ("1e3", "1000"),
        ("1E+3", "1000"),
        ("1000.00", "1000"),
        ("12.3400", "12.34"),
        ("-1.5e-3", "-0.0015"),
        ("1e-130", "0." + "0" * 129 + "1"),
        ("1e125", "1" + "0" * 125),
        ("9" * 38, "9" * 38),
        ("123456789012345678", "123456789012345678"),
    ],
)
def test_canonical_form(limits, written, canonical):
    assert numbers.text_of(numbers.parse(written, limits)) == canonical


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("", "The parameter cannot be converted to a numeric value"),
        ("b", "The parameter cannot be converted to a numeric value: b"),
        ("1 ", "The parameter cannot be converted to a numeric value: 1 "),
        ("NaN", "The parameter cannot be converted to a numeric value: NaN"),
        ("Infinity", "The parameter cannot be converted to a numeric value: Infinity"),
        ("0x10", "The parameter cannot be converted to a numeric value: 0x10"),
        ("1_000", "The parameter cannot be converted to a numeric value: 1_000"),
        ("١", "The parameter cannot be converted to a numeric value: ١"),
        ("1e126", _OVERFLOW),
        ("-1e126", _OVERFLOW),
        ("10e125", _OVERFLOW),
        ("1e100000000", _OVERFLOW),
        ("1e-131", _UNDERFLOW),
        ("0.9e-130", _UNDERFLOW),
        ("1e-99999999", _UNDERFLOW),
        ("1" * 39, _TOO_PRECISE),
        ("1." + "1" * 38, _TOO_PRECISE),
    ],
)
def test_refused(limits, written, message):
    with pytest.raises(AWSError) as refusal:
        numbers.parse(written, limits)
    assert (refusal.value.code, refusal.value.message) == ("ValidationException", message)


def test_at_the_limits(limits):
    assert numbers.parse("9." + "9" * 37 + "E125", limits) == int("9" * 38 + "0" * 88)
    assert numbers.parse("1e38", limits) == 10**38
    assert numbers.parse("0e999999999", limits) == 0


def test_whole_numbers_are_ints(limits):
    assert type(numbers.parse("1e5", limits)) is int
    assert type(numbers.parse("1.5", limits)) is Decimal
    assert type(numbers.add(numbers.parse("1.5", limits), numbers.parse("0.5", limits), limits)) is int


def test_sums_are_exact(limits):
    assert numbers.add(1, 10**22, limits) == 10**22 + 1
    assert numbers.subtract(10**22, 1, limits) == 10**22 - 1
    assert numbers.add(Decimal("0.1"), Decimal("0.2"), limits) == Decimal("0.3")
    assert numbers.subtract(Decimal("0.1"), Decimal("0.1"), limits) == 0


@pytest.mark.parametrize(("left", "right"), [("9e125", "9e125"), ("1e50", "1"), ("1e-130", "1")])
def test_sums_that_do_not_fit(limits, left, right):
    with pytest.raises(AWSError, match="Number overflow"):
        numbers.add(numbers.parse(left, limits), numbers.parse(right, limits), limits)


@pytest.mark.parametrize(
    ("written", "size"),
    [("0", 1), ("1", 2), ("12", 2), ("123", 3), ("1234", 3), ("100", 2), ("10", 2), ("-1", 3), ("1.5", 3), ("0.15", 2)],
)
def test_sizes(limits, written, size):
    assert numbers.size_of(numbers.parse(written, limits)) == size


def test_no_number_is_larger_than_documented(limits):
    assert numbers.size_of(numbers.parse("-" + "9" * 37 + "8", limits)) <= 21 + 1

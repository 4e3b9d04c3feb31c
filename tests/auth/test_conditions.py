"""Condition operators, one by one (IAM User Guide, "Condition operators" and "Single-valued vs. multivalued keys")."""

from __future__ import annotations

from typing import Any

import pytest

from awsim.auth.policy.conditions import compile_condition, is_operator, parse_date


class Keys(dict[str, Any]):
    """A context: absent keys are None."""


def holds(operator: str, values: Any, given: Any = None, **more: Any) -> bool:
    listed = values if isinstance(values, list) else [values]
    context = Keys({key.replace("__", ":"): value for key, value in more.items()})
    if given is not None:
        context["k:k"] = tuple(given) if isinstance(given, list) else given
    return compile_condition(operator, "K:k", listed)(context)


# operator, values of the policy, value of the request (None: absent), does it hold?
TABLE: list[tuple[str, Any, Any, bool]] = [
    ("StringEquals", "a", "a", True),
    ("StringEquals", "a", "A", False),
    ("StringEquals", ["a", "b"], "b", True),
    ("StringEquals", "a*", "ab", False),
    ("StringEquals", "a*", "a*", True),
    ("StringEquals", "", "", True),
    ("StringEquals", "a", None, False),
    ("StringNotEquals", "a", "b", True),
    ("StringNotEquals", "a", "a", False),
    ("StringNotEquals", ["a", "b"], "b", False),
    ("StringNotEquals", ["a", "b"], "c", True),
    ("StringNotEquals", "a", None, True),
    ("StringEqualsIgnoreCase", "AbC", "aBc", True),
    ("StringEqualsIgnoreCase", "abc", "abd", False),
    ("StringEqualsIgnoreCase", "abc", None, False),
    ("StringNotEqualsIgnoreCase", "abc", "ABC", False),
    ("StringNotEqualsIgnoreCase", "abc", "x", True),
    ("StringNotEqualsIgnoreCase", "abc", None, True),
    ("StringLike", "a*c", "abbc", True),
    ("StringLike", "a?c", "abc", True),
    ("StringLike", "a?c", "abbc", False),
    ("StringLike", "A*", "ab", False),
    ("StringLike", "*", "", True),
    ("StringLike", "a.c", "abc", False),
    ("StringLike", "a*", "a\nb", True),
    ("StringLike", "*", None, False),
    ("StringLike", ["x*", "y*"], "yes", True),
    ("StringNotLike", "a*", "abc", False),
    ("StringNotLike", "a*", "b", True),
    ("StringNotLike", "a*", None, True),
    ("NumericEquals", "10", "10", True),
    ("NumericEquals", "10", "10.0", True),
    ("NumericEquals", "10", "11", False),
    ("NumericEquals", "10", "ten", False),
    ("NumericEquals", "10", None, False),
    ("NumericNotEquals", "10", "11", True),
    ("NumericNotEquals", "10", "10", False),
    ("NumericNotEquals", ["10", "11"], "11", False),
    ("NumericNotEquals", "10", None, True),
    ("NumericLessThan", "10", "9", True),
    ("NumericLessThan", "10", "10", False),
    ("NumericLessThanEquals", "10", "10", True),
    ("NumericLessThanEquals", "10", "10.1", False),
    ("NumericGreaterThan", "10", "11", True),
    ("NumericGreaterThan", "10", "10", False),
    ("NumericGreaterThan", "10", "9", False),
    ("NumericGreaterThanEquals", "10", "10", True),
    ("NumericGreaterThanEquals", "10", "9.9", False),
    ("NumericGreaterThanEquals", "10", None, False),
    ("DateEquals", "2020-01-01T00:00:00Z", "2020-01-01T00:00:00Z", True),
    ("DateEquals", "2020-01-01T00:00:00Z", "2020-01-01T01:00:00+01:00", True),
    ("DateEquals", "1577836800", "2020-01-01T00:00:00Z", True),
    ("DateEquals", "2020-01-01", "1577836800", True),
    ("DateEquals", "2020", "2020-01-01T00:00:00.000Z", True),
    ("DateEquals", "2020-01-01T00:00:00Z", "2020-01-01T00:00:01Z", False),
    ("DateEquals", "2020-01-01T00:00:00Z", None, False),
    ("DateNotEquals", "2020-01-01T00:00:00Z", "2020-01-01T00:00:01Z", True),
    ("DateNotEquals", "2020-01-01T00:00:00Z", "2020-01-01T00:00:00Z", False),
    ("DateNotEquals", "2020-01-01T00:00:00Z", None, True),
    ("DateLessThan", "2020-01-01T00:00:00Z", "2019-12-31T23:59:59Z", True),
    ("DateLessThan", "2020-01-01T00:00:00Z", "2020-01-01T00:00:00Z", False),
    ("DateLessThanEquals", "2020-01-01T00:00:00Z", "2020-01-01T00:00:00Z", True),
    ("DateGreaterThan", "2020-01-01T00:00:00Z", "2020-01-01T00:00:00Z", False),
    ("DateGreaterThan", "2020-01-01T00:00:00Z", "2020-01-01T00:00:01Z", True),
    ("DateGreaterThanEquals", "2020-01-01T00:00:00Z", "2020-01-01T00:00:00Z", True),
    ("DateGreaterThanEquals", "2020-01-01T00:00:00Z", "never", False),
    ("Bool", "true", "true", True),
    ("Bool", "true", "TRUE", True),
    ("Bool", "True", "true", True),
    ("Bool", "true", "false", False),
    ("Bool", "false", None, False),
    ("BoolIfExists", "false", None, True),
    ("BoolIfExists", "false", "true", False),
    ("BinaryEquals", "QmluYXJ5VmFsdWVJbkJhc2U2NA==", "QmluYXJ5VmFsdWVJbkJhc2U2NA==", True),
    ("BinaryEquals", "QmluYXJ5VmFsdWVJbkJhc2U2NA==", "QmluYXJ5", False),
    ("BinaryEquals", "QmluYXJ5VmFsdWVJbkJhc2U2NA==", None, False),
    ("IpAddress", "203.0.113.0/24", "203.0.113.255", True),
    ("IpAddress", "203.0.113.0/24", "203.0.114.0", False),
    ("IpAddress", "203.0.113.5", "203.0.113.5", True),
    ("IpAddress", "203.0.113.5", "203.0.113.6", False),
    ("IpAddress", "203.0.113.77/24", "203.0.113.1", True),
    ("IpAddress", ["203.0.113.0/24", "2001:DB8:1234:5678::/64"], "2001:db8:1234:5678::1", True),
    ("IpAddress", "2001:DB8:1234:5678::/64", "2001:db8:1234:5679::1", False),
    ("IpAddress", "0.0.0.0/0", "2001:db8::1", False),
    ("IpAddress", "0.0.0.0/0", "athena.amazonaws.com", False),
    ("IpAddress", "0.0.0.0/0", None, False),
    ("NotIpAddress", "203.0.113.0/24", "203.0.113.1", False),
    ("NotIpAddress", "203.0.113.0/24", "198.51.100.1", True),
    ("NotIpAddress", ["203.0.113.0/24", "198.51.100.0/24"], "198.51.100.1", False),
    ("NotIpAddress", "203.0.113.0/24", None, True),
    ("ArnEquals", "arn:aws:sns:*:1:t", "arn:aws:sns:us-east-1:1:t", True),
    ("ArnLike", "arn:aws:sns:us-east-?:1:t*", "arn:aws:sns:us-east-1:1:topic", True),
    ("ArnLike", "arn:aws:someservice:*:111122223333:finance/*",
     "arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:finance/document.txt", False),
    ("StringLike", "arn:aws:someservice:*:111122223333:finance/*",
     "arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:finance/document.txt", True),
    ("ArnLike", "arn:aws:iam::1:role/*", "arn:aws:iam::1:role/a/b:c", True),
    ("ArnLike", "arn:aws:iam::1:role/x", "arn:aws:iam::1:ROLE/x", False),
    ("ArnLike", "arn:aws:*", "arn:aws:iam::1:role/x", False),
    ("ArnLike", "*", "arn:aws:iam::1:role/x", True),
    ("ArnEquals", "arn:aws:iam::1:role/x", None, False),
    ("ArnNotEquals", "arn:aws:iam::1:role/x", "arn:aws:iam::1:role/y", True),
    ("ArnNotEquals", "arn:aws:iam::1:role/x", "arn:aws:iam::1:role/x", False),
    ("ArnNotLike", "arn:aws:iam::*:role/x", "arn:aws:iam::7:role/x", False),
    ("ArnNotLike", "arn:aws:iam::*:role/x", None, True),
    ("Null", "true", None, True),
    ("Null", "true", "x", False),
    ("Null", "true", "", False),
    ("Null", "false", "x", True),
    ("Null", "false", None, False),
    ("Null", "true", [], True),
    ("StringEqualsIfExists", "a", None, True),
    ("StringEqualsIfExists", "a", "a", True),
    ("StringEqualsIfExists", "a", "b", False),
    ("StringNotEqualsIfExists", "a", None, True),
    ("StringNotEqualsIfExists", "a", "a", False),
    ("NumericLessThanIfExists", "5", None, True),
    ("NumericLessThanIfExists", "5", "6", False),
    ("DateLessThanIfExists", "2020-01-01T00:00:00Z", None, True),
    ("IpAddressIfExists", "10.0.0.0/8", None, True),
    ("IpAddressIfExists", "10.0.0.0/8", "11.0.0.1", False),
    ("ArnLikeIfExists", "arn:aws:iam::1:role/x", None, True),
    ("ForAllValues:StringEquals", ["a", "b"], ["a", "b"], True),
    ("ForAllValues:StringEquals", ["a", "b"], ["a", "c"], False),
    ("ForAllValues:StringEquals", ["a", "b"], ["a"], True),
    ("ForAllValues:StringEquals", ["a", "b"], "a", True),
    ("ForAllValues:StringEquals", ["a", "b"], None, True),
    ("ForAllValues:StringEquals", ["a", "b"], [], True),
    ("ForAllValues:StringEquals", ["a", "b"], "", True),
    ("ForAllValues:StringLike", ["a*"], ["ab", "ac"], True),
    ("ForAllValues:StringLike", ["a*"], ["ab", "b"], False),
    ("ForAllValues:StringNotEquals", ["a", "b"], ["c", "d"], True),
    ("ForAllValues:StringNotEquals", ["a", "b"], ["c", "a"], False),
    ("ForAllValues:StringNotEquals", ["a"], None, True),
    ("ForAnyValue:StringEquals", ["a", "b"], ["b", "c"], True),
    ("ForAnyValue:StringEquals", ["a", "b"], ["c"], False),
    ("ForAnyValue:StringEquals", ["a", "b"], None, False),
    ("ForAnyValue:StringEquals", ["a", "b"], [], False),
    ("ForAnyValue:StringEqualsIfExists", ["a", "b"], None, True),
    ("ForAnyValue:StringEqualsIfExists", ["a", "b"], ["c"], False),
    ("ForAnyValue:StringLike", ["a*"], ["b", "ab"], True),
    ("ForAnyValue:StringNotEquals", ["a"], ["a", "b"], True),
    ("ForAnyValue:StringNotEquals", ["a"], ["a"], False),
    ("ForAnyValue:StringNotEquals", ["a"], None, False),
    ("ForAnyValue:ArnLike", ["arn:aws:iam::*:role/x"], ["arn:aws:iam::1:role/x"], True),
    ("ForAnyValue:NumericGreaterThan", ["5"], ["1", "6"], True),
    ("ForAnyValue:Bool", ["true"], ["false", "true"], True),
    # A key of several values without a set operator: as if any were meant.
    ("StringEquals", ["a"], ["b", "a"], True),
    ("StringNotEquals", ["a"], ["b", "a"], False),
    ("StringEquals", ["a"], [], False),
    ("StringNotEquals", ["a"], [], True),
]  # fmt: skip


@pytest.mark.parametrize(("operator", "values", "given", "expected"), TABLE)
def test_operator(operator: str, values: Any, given: Any, expected: bool) -> None:
    assert holds(operator, values, given) is expected


@pytest.mark.parametrize(("operator", "expected"), [("StringEquals", True), ("StringNotEquals", False)])
def test_variables_in_values(operator: str, expected: bool) -> None:
    value = "home/${aws:username}"
    assert holds(operator, value, "home/bob", aws__username="bob") is expected
    assert holds(operator, value, "home/eve", aws__username="bob") is not expected
    # Without a value nothing equals it.
    assert holds(operator, value, "home/", aws__other="x") is not expected


def test_variables_with_defaults() -> None:
    value = "${aws:PrincipalTag/team, 'none'}-x"
    assert holds("StringEquals", value, "none-x")
    assert holds("StringEquals", value, "red-x", **{"aws__principaltag/team": "red"})
    assert not holds("StringEquals", value, "none-x", **{"aws__principaltag/team": "red"})


def test_wildcards_from_variables_are_literal() -> None:
    assert not holds("StringLike", "${aws:username}", "anything", aws__username="*")
    assert holds("StringLike", "${aws:username}", "*", aws__username="*")
    assert holds("StringLike", "${aws:username}/*", "*/x", aws__username="*")
    assert holds("StringEquals", "a${*}b${?}c${$}", "a*b?c$")
    assert not holds("StringLike", "a${*}", "ab")


def test_variables_in_arns() -> None:
    value = "arn:aws:iam::1:user/${aws:username}"
    assert holds("ArnEquals", value, "arn:aws:iam::1:user/bob", aws__username="bob")
    assert not holds("ArnEquals", value, "arn:aws:iam::1:user/eve", aws__username="bob")


def test_the_old_version_knows_no_variables() -> None:
    old = compile_condition("StringEquals", "k:k", ["${aws:username}"], variables=False)
    assert old({"k:k": "${aws:username}", "aws:username": "bob"})
    assert not old({"k:k": "bob", "aws:username": "bob"})


@pytest.mark.parametrize(
    "name",
    ["StringEquals", "ForAllValues:StringLike", "ForAnyValue:ArnLikeIfExists", "Null", "NotIpAddress", "BinaryEquals"],
)
def test_operators_that_are(name: str) -> None:
    assert is_operator(name)


@pytest.mark.parametrize(
    "name", ["stringequals", "StringEqual", "NullIfExists", "ForEach:StringEquals", "", "IfExists", "String Equals"]
)
def test_operators_that_are_not(name: str) -> None:
    assert not is_operator(name)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-01T00:00:00Z", 0.0),
        ("1970-01-01", 0.0),
        ("1970-01-01T00:00Z", 0.0),
        ("1970", 0.0),
        ("1970-02", 2_678_400.0),
        ("1970-01-01T00:00:00.5Z", 0.5),
        ("1970-01-01T01:00:00-01:00", 7200.0),
        ("86400", 86_400.0),
        ("1970-13-01", None),
        ("soon", None),
    ],
)
def test_dates(text: str, expected: float | None) -> None:
    assert parse_date(text) == expected

"""Condition operators: `{"StringEquals": {"aws:RequestedRegion": ["eu-west-1", "eu-central-1"]}}`.

Each entry of a Condition block becomes one function of the request's context; all of a statement's must hold. The
context maps lower-case keys to a string, or to a tuple of strings where a key has several values.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache, partial
from typing import Any

from awsim.auth.policy.matching import Template, arn_glob, glob, plain

Context = Mapping[str, Any]
Condition = Callable[[Context], bool]
# Does one value of the request match any of the policy's?
_Match = Callable[[str, Context], bool]

_NAME = re.compile(r"(?:(ForAllValues|ForAnyValue):)?([A-Za-z]+?)(IfExists)?")
_ISO = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(Z|[+-]\d\d:?\d\d)?)?)?)?"
)


def is_operator(name: str) -> bool:
    """Is this the name of a condition operator, with a set operator and IfExists where they are allowed?"""
    found = _NAME.fullmatch(name)
    if not found:
        return False
    _, operator, if_exists = found.groups()
    if operator == "Null":
        return not if_exists
    return operator in _OPERATORS


def compile_condition(operator: str, key: str, values: Sequence[str], variables: bool = True) -> Condition:
    """The test for one key of one operator. `variables`: does the policy's version know policy variables?"""
    found = _NAME.fullmatch(operator)
    if not found:
        raise ValueError(f"no condition operator: {operator}")
    quantifier, name, if_exists = found.groups()
    key = key.lower()
    if name == "Null":
        return partial(_null, key, frozenset(value.lower() for value in values))
    negated, make = _OPERATORS[name]
    match = make(values, variables)
    if quantifier == "ForAllValues":
        return partial(_for_all, key, match, negated)
    if quantifier == "ForAnyValue":
        return partial(_for_any, key, match, negated, bool(if_exists))
    return partial(_single, key, match, negated, negated or bool(if_exists))


def variables_of(operator: str, values: Sequence[str]) -> list[str]:
    """The condition keys that `values` use as policy variables."""
    found = _NAME.fullmatch(operator)
    if not found or not found[2].startswith(("String", "Arn", "Bool")):
        return []
    return [key for value in values if "${" in value for key in Template(value).keys]


def _single(key: str, match: _Match, negated: bool, absent: bool, context: Context) -> bool:
    value = context.get(key)
    if value is None:
        return absent
    if value.__class__ is str:
        return match(value, context) is not negated
    if not value:
        return absent
    return any(match(each, context) for each in value) is not negated


def _for_all(key: str, match: _Match, negated: bool, context: Context) -> bool:
    # True as well where the request has no such key, or only an empty one.
    return all(match(each, context) is not negated for each in _several(context.get(key)))


def _for_any(key: str, match: _Match, negated: bool, absent: bool, context: Context) -> bool:
    values = _several(context.get(key))
    if not values:
        return absent
    return any(match(each, context) is not negated for each in values)


def _several(value: Any) -> Sequence[str]:
    if value is None or value == "":
        return ()
    return (value,) if value.__class__ is str else value


def _null(key: str, wanted: frozenset[str], context: Context) -> bool:
    value = context.get(key)
    absent = value is None or (value.__class__ is not str and not value)
    return ("true" if absent else "false") in wanted


def _equals(values: Sequence[str], variables: bool, fold: bool = False) -> _Match:
    exact, templates = set(), []
    for value in values:
        if variables and "${" in value:
            template = Template(value)
            constant = template.constant
            if constant is None:
                templates.append(template)
                continue
            value = plain(constant)
        exact.add(value.casefold() if fold else value)

    if not templates:
        if fold:
            return lambda given, context: given.casefold() in exact
        return lambda given, context: given in exact

    def match(given: str, context: Context) -> bool:
        if fold:
            given = given.casefold()
        if given in exact:
            return True
        for template in templates:
            text = template.render(context)
            if text is not None and (plain(text).casefold() if fold else plain(text)) == given:
                return True
        return False

    return match


def _like(values: Sequence[str], variables: bool, compiled: Callable[[str], Callable[[str], bool]] = glob) -> _Match:
    tests, templates = [], []
    for value in values:
        if variables and "${" in value:
            template = Template(value)
            constant = template.constant
            if constant is None:
                templates.append(template)
                continue
            value = constant
        tests.append(compiled(value))

    def match(given: str, context: Context) -> bool:
        for test in tests:
            if test(given):
                return True
        for template in templates:
            text = template.render(context)
            if text is not None and compiled(text)(given):
                return True
        return False

    return match


def _numeric(compare: Callable[[float, float], bool], values: Sequence[str], variables: bool) -> _Match:
    bounds = [number for number in map(_number, values) if number is not None]

    def match(given: str, context: Context) -> bool:
        number = _number(given)
        return number is not None and any(compare(number, bound) for bound in bounds)

    return match


def _date(compare: Callable[[float, float], bool], values: Sequence[str], variables: bool) -> _Match:
    bounds = [moment for moment in map(parse_date, values) if moment is not None]

    def match(given: str, context: Context) -> bool:
        moment = parse_date(given)
        return moment is not None and any(compare(moment, bound) for bound in bounds)

    return match


def _bool(values: Sequence[str], variables: bool) -> _Match:
    return _equals(values, variables, fold=True)


def _binary(values: Sequence[str], variables: bool) -> _Match:
    wanted = {_decoded(value) for value in values} - {None}
    return lambda given, context: _decoded(given) in wanted


def _ip(values: Sequence[str], variables: bool) -> _Match:
    networks = [network for network in map(parse_network, values) if network is not None]

    def match(given: str, context: Context) -> bool:
        address = _address(given)
        if address is None:
            return False
        version, number = address
        return any(family == version and number & mask == base for family, base, mask in networks)

    return match


@lru_cache(1024)
def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


@lru_cache(1024)
def parse_date(text: str) -> float | None:
    """Epoch seconds of a date as policies write it: ISO 8601 (W3C's profile, UTC unless it says) or epoch seconds."""
    found = _ISO.fullmatch(text)
    if found is None:
        return _number(text)
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    offset = UTC
    if zone and zone != "Z":
        digits = zone[1:].replace(":", "")
        away = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
        offset = timezone(-away if zone[0] == "-" else away)
    microsecond = int((fraction or "0").ljust(6, "0")[:6])
    parts = (int(month or 1), int(day or 1), int(hour or 0), int(minute or 0), int(second or 0))
    try:
        return datetime(int(year), *parts, microsecond, offset).timestamp()
    except ValueError:
        return None


def _decoded(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


@lru_cache(1024)
def _address(text: str) -> tuple[int, int] | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return address.version, int(address)


@lru_cache(1024)
def parse_network(text: str) -> tuple[int, int, int] | None:
    """(4 or 6, network, mask) of "203.0.113.0/24"; an address alone is a network of one."""
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None
    return network.version, int(network.network_address), int(network.netmask)


_ARN = partial(_like, compiled=lambda pattern: arn_glob(pattern, True))
# name -> (negated, what makes the match)
_OPERATORS: dict[str, tuple[bool, Callable[[Sequence[str], bool], _Match]]] = {
    "StringEquals": (False, _equals),
    "StringNotEquals": (True, _equals),
    "StringEqualsIgnoreCase": (False, partial(_equals, fold=True)),
    "StringNotEqualsIgnoreCase": (True, partial(_equals, fold=True)),
    "StringLike": (False, _like),
    "StringNotLike": (True, _like),
    "NumericEquals": (False, partial(_numeric, float.__eq__)),
    "NumericNotEquals": (True, partial(_numeric, float.__eq__)),
    "NumericLessThan": (False, partial(_numeric, float.__lt__)),
    "NumericLessThanEquals": (False, partial(_numeric, float.__le__)),
    "NumericGreaterThan": (False, partial(_numeric, float.__gt__)),
    "NumericGreaterThanEquals": (False, partial(_numeric, float.__ge__)),
    "DateEquals": (False, partial(_date, float.__eq__)),
    "DateNotEquals": (True, partial(_date, float.__eq__)),
    "DateLessThan": (False, partial(_date, float.__lt__)),
    "DateLessThanEquals": (False, partial(_date, float.__le__)),
    "DateGreaterThan": (False, partial(_date, float.__gt__)),
    "DateGreaterThanEquals": (False, partial(_date, float.__ge__)),
    "Bool": (False, _bool),
    "BinaryEquals": (False, _binary),
    "IpAddress": (False, _ip),
    "NotIpAddress": (True, _ip),
    "ArnEquals": (False, _ARN),
    "ArnLike": (False, _ARN),
    "ArnNotEquals": (True, _ARN),
    "ArnNotLike": (True, _ARN),
}

"""The tests that a pattern can put to one value of an event. Source: EventBridge User Guide, comparison operators."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Collection
from functools import lru_cache
from typing import Any

Matcher = Callable[[Any], bool]


def prefix(texts: Collection[str]) -> Matcher:
    starts = tuple(texts)
    return lambda value: value.__class__ is str and value.startswith(starts)


def suffix(texts: Collection[str]) -> Matcher:
    ends = tuple(texts)
    return lambda value: value.__class__ is str and value.endswith(ends)


def ignoring_case(texts: Collection[str]) -> Matcher:
    folded = frozenset(text.lower() for text in texts)
    return lambda value: value.__class__ is str and value.lower() in folded


def prefix_ignoring_case(text: str) -> Matcher:
    start = text.lower()
    return lambda value: value.__class__ is str and value.lower().startswith(start)


def suffix_ignoring_case(text: str) -> Matcher:
    end = text.lower()
    return lambda value: value.__class__ is str and value.lower().endswith(end)


def wildcard(texts: Collection[str]) -> Matcher:
    """`*` stands for any characters, also none; `\\*` and `\\\\` for themselves."""
    expression = re.compile("|".join(_expression(text) for text in texts), re.DOTALL)
    return lambda value: value.__class__ is str and expression.fullmatch(value) is not None


def _expression(text: str) -> str:
    parts = re.findall(r"\\[*\\]|.", text, re.DOTALL)
    return "".join(".*" if part == "*" else re.escape(part[-1]) for part in parts)


def wildcard_problem(text: str) -> str | None:
    """What is wrong with a wildcard pattern. Positions count the opening quote, as AWS's do."""
    at = 0
    quoted = f'"{text}"'.encode()
    while at < len(quoted):
        character, following = quoted[at : at + 1], quoted[at + 1 : at + 2]
        if character == b"*" and following == b"*":
            return f"Consecutive wildcard characters at pos {at}"
        if character == b"\\":
            if following not in (b"*", b"\\"):
                return f"Invalid escape character at pos {at}"
            at += 1
        at += 1
    return None


def numeric(low: float | None, low_open: bool, high: float | None, high_open: bool) -> Matcher:
    def match(value: Any) -> bool:
        if value.__class__ is not int and value.__class__ is not float:
            return False
        if low is not None and (value <= low if low_open else value < low):
            return False
        return high is None or (value < high if high_open else value <= high)

    return match


def equals_number(numbers: Collection[float]) -> Matcher:
    wanted = frozenset(numbers)
    return lambda value: (value.__class__ is int or value.__class__ is float) and value in wanted


def equals_text(texts: Collection[str]) -> Matcher:
    wanted = frozenset(texts)
    return lambda value: value.__class__ is str and value in wanted


def anything_but(match: Matcher) -> Matcher:
    return lambda value: not match(value)


def exists(value: Any) -> bool:
    return True


def cidr(text: str) -> Matcher:
    """Raises ValueError with AWS's words."""
    network = _network(text)

    def match(value: Any) -> bool:
        address = _address(value) if value.__class__ is str else None
        return address is not None and address in network

    return match


def _network(text: str) -> Any:
    address, slash, bits = text.partition("/")
    if not slash or "/" in bits:
        raise ValueError("Malformed CIDR, one '/' required")
    try:
        mask = int(bits)
    except ValueError:
        raise ValueError("Malformed CIDR, mask bits must be an integer") from None
    if mask < 0:
        raise ValueError("Malformed CIDR, mask bits must not be negative")
    parsed = _address(address)
    if parsed is None:
        raise ValueError(f"Nonstandard IP address: {address}")
    if mask > parsed.max_prefixlen:
        raise ValueError(f"IPv{parsed.version} mask bits must be < {parsed.max_prefixlen}")
    return ipaddress.ip_network((parsed, mask), strict=False)


@lru_cache(1024)
def _address(text: str) -> Any:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None

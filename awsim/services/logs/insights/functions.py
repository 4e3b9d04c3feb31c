"""Functions of queries, and the aggregates of `stats`.

Source: CloudWatch Logs User Guide, "Boolean, comparison, numeric, datetime, and other functions"; "stats".
"""

from __future__ import annotations

import ipaddress
import json
import math
import statistics
from collections.abc import Callable, Sequence
from typing import Any

from awsim.services.logs.insights.values import Time, compare, number, order, text

Function = Callable[..., Any]
_PERIODS = {
    "ms": 1, "msec": 1, "s": 1_000, "sec": 1_000, "m": 60_000, "min": 60_000, "h": 3_600_000, "hr": 3_600_000,
    "d": 86_400_000, "w": 604_800_000, "mo": 2_592_000_000, "q": 7_776_000_000, "qtr": 7_776_000_000,
    "y": 31_536_000_000, "yr": 31_536_000_000,
}  # fmt: skip


def milliseconds(period: str) -> int:
    """The length of a period as queries write it."""
    unit = period.lstrip("0123456789")
    return int(period[: len(period) - len(unit)]) * _PERIODS[unit]


def floored(time: Any, period: int) -> Time | None:
    measured = number(time)
    return None if measured is None or period <= 0 else Time(measured // period * period)


def _ceiled(time: Any, period: int) -> Time | None:
    measured = number(time)
    return None if measured is None or period <= 0 else Time(-(-measured // period) * period)


def _numeric(function: Callable[..., float]) -> Function:
    """A function of numbers: nothing where an argument is none, or has no result."""

    def wrapped(*arguments: Any) -> float | None:
        numbers = [number(argument) for argument in arguments]
        if None in numbers or not numbers:
            return None
        try:
            return float(function(*numbers))
        except (ValueError, OverflowError):
            return None

    return wrapped


def _texts(function: Callable[..., Any]) -> Function:
    def wrapped(*arguments: Any) -> Any:
        if any(argument is None for argument in arguments):
            return None
        return function(*(text(argument) for argument in arguments))

    return wrapped


def _trimmed(strip: Callable[..., str]) -> Function:
    return _texts(lambda value, *characters: strip(value, *characters[:1]))


def _substring(value: Any, start: Any, length: Any = None) -> str | None:
    first, many = number(start), number(length)
    if value is None or first is None:
        return None
    begin = int(first)
    return text(value)[begin : None if many is None else begin + int(many)]


def _address(value: Any, *kinds: type) -> Any:
    try:
        address = ipaddress.ip_address(text(value))
    except ValueError:
        return None
    return address if isinstance(address, kinds) else None


_V4, _V6 = ipaddress.IPv4Address, ipaddress.IPv6Address


def _in_subnet(*kinds: type) -> Function:
    def within(value: Any, subnet: Any) -> bool:
        address = _address(value, *kinds)
        try:
            network = ipaddress.ip_network(text(subnet), strict=False)
        except ValueError:
            return False
        return address is not None and address.version == network.version and address in network

    return within


def _parsed(value: Any) -> Any:
    try:
        return json.loads(text(value))
    except (ValueError, RecursionError):
        return None


FUNCTIONS: dict[str, Function] = {
    "abs": _numeric(abs),
    "ceil": _numeric(math.ceil),
    "floor": _numeric(math.floor),
    "greatest": _numeric(max),
    "least": _numeric(min),
    "log": _numeric(math.log),
    "sqrt": _numeric(math.sqrt),
    "datefloor": lambda time, period: floored(time, int(number(period) or 0)),
    "dateceil": lambda time, period: _ceiled(time, int(number(period) or 0)),
    "frommillis": lambda value: Time(measured) if (measured := number(value)) is not None else None,
    "tomillis": lambda value: measured if (measured := number(value)) is not None else None,
    "ispresent": lambda value: value is not None,
    "coalesce": lambda *values: next((value for value in values if value is not None), None),
    "if": lambda condition, then, otherwise=None: then if condition else otherwise,
    "isempty": lambda value: value is None or text(value) == "",
    "isblank": lambda value: value is None or not text(value).strip(),
    "concat": lambda *values: "".join(text(value) for value in values if value is not None),
    "ltrim": _trimmed(str.lstrip),
    "rtrim": _trimmed(str.rstrip),
    "trim": _trimmed(str.strip),
    "strlen": _texts(len),
    "toupper": _texts(str.upper),
    "tolower": _texts(str.lower),
    "substr": _substring,
    "replace": _texts(lambda value, old, new: value.replace(old, new)),
    "strcontains": _texts(lambda value, part: part in value),
    "isvalidip": lambda value: _address(value, _V4, _V6) is not None,
    "isvalidipv4": lambda value: _address(value, _V4) is not None,
    "isvalidipv6": lambda value: _address(value, _V6) is not None,
    "isipinsubnet": _in_subnet(_V4, _V6),
    "isipv4insubnet": _in_subnet(_V4),
    "isipv6insubnet": _in_subnet(_V6),
    "jsonparse": lambda value: _parsed(value) if value is not None else None,
    "jsonstringify": lambda value: json.dumps(value) if value is not None else None,
}


# --- aggregates: of the values of a field in a group of rows, with the rows' times


def _numbers(values: Sequence[Any]) -> list[float]:
    return [measured for value in values if (measured := number(value)) is not None]


def _of_numbers(function: Callable[[list[float]], float]) -> Function:
    return lambda values, times, *more: function(found) if (found := _numbers(values)) else None


def _percentile(values: Sequence[Any], times: Sequence[float], percent: Any = 50.0) -> float | None:
    found = sorted(_numbers(values))
    if not found:
        return None
    rank = max(math.ceil((number(percent) or 0) / 100 * len(found)), 1)
    return found[min(rank, len(found)) - 1]


def _extreme(*, greatest: bool) -> Function:
    def pick(values: Sequence[Any], times: Sequence[float]) -> Any:
        found = [value for value in values if value is not None]
        if not found:
            return None
        best = found[0]
        for value in found[1:]:
            if compare(">" if greatest else "<", value, best):
                best = value
        return best

    return pick


def _by_time(*, latest: bool) -> Function:
    def pick(values: Sequence[Any], times: Sequence[float]) -> Any:
        found = [(time, index) for index, time in enumerate(times) if values[index] is not None]
        if not found:
            return None
        return values[(max(found) if latest else min(found))[1]]

    return pick


def _by_order(*, last: bool) -> Function:
    def pick(values: Sequence[Any], times: Sequence[float]) -> Any:
        found = sorted((value for value in values if value is not None), key=order)
        return (found[-1] if last else found[0]) if found else None

    return pick


AGGREGATES: dict[str, Function] = {
    "avg": _of_numbers(statistics.fmean),
    "sum": _of_numbers(math.fsum),
    "stddev": _of_numbers(statistics.pstdev),
    "median": _of_numbers(statistics.median),
    "pct": _percentile,
    "percentile": _percentile,
    "min": _extreme(greatest=False),
    "max": _extreme(greatest=True),
    "count": lambda values, times: sum(value is not None for value in values),
    "count_distinct": lambda values, times: len({text(value) for value in values if value is not None}),
    "earliest": _by_time(latest=False),
    "latest": _by_time(latest=True),
    "sortsfirst": _by_order(last=False),
    "sortslast": _by_order(last=True),
}

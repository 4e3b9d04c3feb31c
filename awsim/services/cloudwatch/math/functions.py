"""The functions of metric math that need nothing but their arguments and the times asked for.

Source: CloudWatch User Guide, "Metric math syntax and functions".
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import NamedTuple

from awsim.services.cloudwatch.math.series import MathError, TimeSeries, Value, times_of


class Range(NamedTuple):
    """The times that a query asks for, every `period` seconds; `now` bounds them."""

    start: float
    end: float
    period: int
    now: float

    def times(self, period: int) -> list[float]:
        found, time = [], self.start
        while time < self.end and time <= self.now:
            found.append(time)
            time += period
        return found


Arguments = Sequence[Value]
Compute = Callable[[Arguments, Range], Value]


def is_known(name: str) -> bool:
    return name in _FUNCTIONS


def call(name: str, arguments: Arguments, range_: Range) -> Value:
    """The value of a function; raises MathError."""
    least, most, compute = _FUNCTIONS[name]
    if not least <= len(arguments) <= most:
        raise MathError(f"The function {name} does not take {len(arguments)} arguments")
    return compute(arguments, range_)


# --- what arguments are


def _many(value: Value, name: str) -> list[TimeSeries]:
    if not isinstance(value, list):
        raise MathError(f"The function {name} takes an array of time series")
    return value


def _number(value: Value, name: str) -> float:
    if isinstance(value, int | float):
        return float(value)
    raise MathError(f"The function {name} takes a number there")


def _each(change: Callable[[TimeSeries], TimeSeries], value: Value, name: str) -> Value:
    """Of a time series, or of each of several."""
    if isinstance(value, list):
        return [change(one) for one in value]
    if isinstance(value, TimeSeries):
        return change(value)
    raise MathError(f"The function {name} takes a time series")


# --- kinds of functions


def _by_value(name: str, change: Callable[[float], float]) -> tuple[int, int, Compute]:
    def compute(arguments: Arguments, range_: Range) -> Value:
        value = arguments[0]
        if isinstance(value, int | float):
            return float(change(value))
        return _each(lambda one: one.mapped(change), value, name)

    return 1, 1, compute


def _by_series(name: str, change: Callable[[TimeSeries], TimeSeries]) -> tuple[int, int, Compute]:
    return 1, 1, lambda arguments, range_: _each(change, arguments[0], name)


def _aggregate(name: str, of: Callable[[list[float]], float]) -> tuple[int, int, Compute]:
    """A time series into a number; several into one, at each time that one of them has."""

    def compute(arguments: Arguments, range_: Range) -> Value:
        value = arguments[0]
        if isinstance(value, TimeSeries):
            if not value.values:
                return 0.0
            return float(of(list(value.values.values())))
        series = _many(value, name)
        found = {
            time: float(of([one.values[time] for one in series if time in one.values])) for time in times_of(series)
        }
        return TimeSeries(found, max((one.period for one in series), default=range_.period))

    return 1, 1, compute


def _standard_deviation(values: list[float]) -> float:
    mean = sum(values) / len(values)
    return math.sqrt(sum((value - mean) ** 2 for value in values) / len(values))


def _pairs(series: TimeSeries) -> Iterable[tuple[float, float, float, float]]:
    items = list(series.values.items())
    for (before, old), (time, new) in pairwise(items):
        yield before, old, time, new


def _difference(series: TimeSeries) -> TimeSeries:
    return series.with_values({time: new - old for _, old, time, new in _pairs(series)})


def _time_difference(series: TimeSeries) -> TimeSeries:
    return series.with_values({time: time - before for before, _, time, _ in _pairs(series)})


def _rate(series: TimeSeries) -> TimeSeries:
    return series.with_values({time: (new - old) / (time - before) for before, old, time, new in _pairs(series)})


def _running_sum(series: TimeSeries) -> TimeSeries:
    total, found = 0.0, {}
    for time, value in series.values.items():
        total += value
        found[time] = total
    return series.with_values(found)


def _calendar(name: str, part: Callable[[datetime], float]) -> tuple[int, int, Compute]:
    def change(series: TimeSeries) -> TimeSeries:
        return series.with_values({time: float(part(datetime.fromtimestamp(time, UTC))) for time in series.values})

    return _by_series(name, change)


def _fill(arguments: Arguments, range_: Range) -> Value:
    how = arguments[1]

    def filled(series: TimeSeries) -> TimeSeries:
        values = series.values
        found: dict[float, float] = {}
        known = sorted(values)
        for time in sorted({*range_.times(series.period), *known}):
            if time in values:
                found[time] = values[time]
                continue
            before = [at for at in known if at < time][-1:]
            after = [at for at in known if at > time][:1]
            if isinstance(how, str):
                if how == "REPEAT" and before:
                    found[time] = values[before[0]]
                elif how == "LINEAR" and before and after:
                    share = (time - before[0]) / (after[0] - before[0])
                    found[time] = values[before[0]] + share * (values[after[0]] - values[before[0]])
            elif isinstance(how, TimeSeries):
                if time in how.values:
                    found[time] = how.values[time]
            else:
                found[time] = _number(how, "FILL")
        return series.with_values(found)

    if isinstance(how, str) and how not in ("REPEAT", "LINEAR"):
        raise MathError("The function FILL takes a number, REPEAT or LINEAR there")
    return _each(filled, arguments[0], "FILL")


def _if(arguments: Arguments, range_: Range) -> Value:
    condition, *choices = arguments
    if any(isinstance(argument, list | str) for argument in arguments):
        raise MathError("The function IF takes numbers and time series")
    if not isinstance(condition, TimeSeries):
        if not any(isinstance(choice, TimeSeries) for choice in choices):
            return choices[0] if condition else (choices[1] if len(choices) > 1 else 0.0)
        chosen: Value = choices[0] if condition else (choices[1] if len(choices) > 1 else TimeSeries({}, range_.period))
        if isinstance(chosen, TimeSeries):
            return chosen
        like = next(choice for choice in choices if isinstance(choice, TimeSeries))
        return like.with_values(dict.fromkeys(like.values, float(chosen)))  # type: ignore[arg-type]
    found = {}
    for time, value in condition.values.items():
        if value == 0 and len(choices) == 1:
            continue
        chosen = choices[0] if value else choices[1]
        if isinstance(chosen, TimeSeries):
            if time in chosen.values:
                found[time] = chosen.values[time]
        else:
            found[time] = float(chosen)  # type: ignore[arg-type]
    return condition._replace(name=None).with_values(found)


def _count(arguments: Arguments, range_: Range) -> Value:
    value = arguments[0]
    if isinstance(value, TimeSeries):
        return float(len(value.values))
    series = _many(value, "DATAPOINT_COUNT")
    found = {time: float(sum(time in one.values for one in series)) for time in times_of(series)}
    return TimeSeries(found, max((one.period for one in series), default=range_.period))


def _end(index: int, name: str) -> tuple[int, int, Compute]:
    def compute(arguments: Arguments, range_: Range) -> Value:
        series = _many(arguments[0], name)
        if not series:
            return TimeSeries({}, range_.period)
        return series[index]

    return 1, 1, compute


def _period(arguments: Arguments, range_: Range) -> Value:
    value = arguments[0]
    if not isinstance(value, TimeSeries):
        raise MathError("The function PERIOD takes a time series")
    return float(value.period)


def _time_series(arguments: Arguments, range_: Range) -> Value:
    number = _number(arguments[0], "TIME_SERIES")
    return TimeSeries(dict.fromkeys(range_.times(range_.period), number), range_.period)


def _slice(arguments: Arguments, range_: Range) -> Value:
    series = _many(arguments[0], "SLICE")
    bounds = [int(_number(bound, "SLICE")) for bound in arguments[1:]]
    return series[slice(*bounds)] if len(bounds) == 2 else series[bounds[0] :]


_SORTS: dict[str, Callable[[list[float]], float]] = {
    "AVG": lambda values: sum(values) / len(values),
    "MIN": min,
    "MAX": max,
    "SUM": sum,
}


def _sort(arguments: Arguments, range_: Range) -> Value:
    series = _many(arguments[0], "SORT")
    by, order = arguments[1], arguments[2]
    if by not in _SORTS or order not in ("ASC", "DESC"):
        raise MathError("The function SORT takes AVG, MIN, MAX or SUM, then ASC or DESC")
    of = _SORTS[str(by)]
    with_values = [one for one in series if one.values]
    ordered = sorted(with_values, key=lambda one: of(list(one.values.values())), reverse=order == "DESC")
    ordered += [one for one in series if not one.values]
    return ordered[: int(_number(arguments[3], "SORT"))] if len(arguments) > 3 else ordered


def _logarithm(of: Callable[[float], float]) -> Callable[[float], float]:
    return lambda value: of(value) if value > 0 else math.nan


_FUNCTIONS: dict[str, tuple[int, int, Compute]] = {
    "ABS": _by_value("ABS", abs),
    "CEIL": _by_value("CEIL", lambda value: float(math.ceil(value))),
    "FLOOR": _by_value("FLOOR", lambda value: float(math.floor(value))),
    "LOG": _by_value("LOG", _logarithm(math.log)),
    "LOG10": _by_value("LOG10", _logarithm(math.log10)),
    "AVG": _aggregate("AVG", lambda values: sum(values) / len(values)),
    "MAX": _aggregate("MAX", max),
    "MIN": _aggregate("MIN", min),
    "SUM": _aggregate("SUM", sum),
    "STDDEV": _aggregate("STDDEV", _standard_deviation),
    "DIFF": _by_series("DIFF", _difference),
    "DIFF_TIME": _by_series("DIFF_TIME", _time_difference),
    "RATE": _by_series("RATE", _rate),
    "RUNNING_SUM": _by_series("RUNNING_SUM", _running_sum),
    "MINUTE": _calendar("MINUTE", lambda when: when.minute),
    "HOUR": _calendar("HOUR", lambda when: when.hour),
    "DAY": _calendar("DAY", lambda when: when.isoweekday()),
    "DATE": _calendar("DATE", lambda when: when.day),
    "MONTH": _calendar("MONTH", lambda when: when.month),
    "YEAR": _calendar("YEAR", lambda when: when.year),
    "EPOCH": _calendar("EPOCH", lambda when: when.timestamp()),
    "FILL": (2, 2, _fill),
    "IF": (2, 3, _if),
    "DATAPOINT_COUNT": (1, 1, _count),
    "METRIC_COUNT": (1, 1, lambda arguments, range_: float(len(_many(arguments[0], "METRIC_COUNT")))),
    "FIRST": _end(0, "FIRST"),
    "LAST": _end(-1, "LAST"),
    "PERIOD": (1, 1, _period),
    "REMOVE_EMPTY": (
        1,
        1,
        lambda arguments, range_: [one for one in _many(arguments[0], "REMOVE_EMPTY") if one.values],
    ),
    "SLICE": (2, 3, _slice),
    "SORT": (3, 4, _sort),
    "TIME_SERIES": (1, 1, _time_series),
}

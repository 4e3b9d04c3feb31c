"""Metric data queries: what GetMetricData and alarms on expressions compute.

Source: CloudWatch API Reference, MetricDataQuery; User Guide, "Using math expressions with CloudWatch metrics".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from awsim.services.cloudwatch.math import functions, insights, operators, parsing
from awsim.services.cloudwatch.math.functions import Range
from awsim.services.cloudwatch.math.parsing import Node
from awsim.services.cloudwatch.math.searching import found
from awsim.services.cloudwatch.math.series import MathError, TimeSeries, Value
from awsim.services.cloudwatch.metric import Metric, Name, dimensions_of
from awsim.services.cloudwatch.refusals import combination, validation
from awsim.services.cloudwatch.statistics import is_detailed, statistic
from awsim.services.cloudwatch.store import Store, Window

Query = Mapping[str, Any]

_ID = re.compile(r"[a-z][a-zA-Z0-9_]*\Z")
_SHORT_PERIODS = (1, 5, 10, 20, 30)
_MINUTE = 60
#: Of (series, from, to, width): the upper and the lower bound of what is expected.
Bands = Callable[[TimeSeries, float], list[TimeSeries]]
#: Of (rule, metric, period): what a Contributor Insights rule shows over time.
Rules = Callable[[str, str, Range], TimeSeries]


class Sources(NamedTuple):
    """Where queries find data. `recent`: the metrics that searches look through."""

    store: Store
    recent: Callable[[], Iterable[Metric]]
    bands: Bands
    rules: Rules
    most_searched: Callable[[int], None]


def is_period(period: int) -> bool:
    return period in _SHORT_PERIODS or (period > 0 and period % _MINUTE == 0)


def check(queries: Sequence[Query], parameter: str = "MetricDataQueries") -> None:
    """Refuse queries that cannot be run, whatever the data."""
    seen: set[str] = set()
    for number, query in enumerate(queries, 1):
        where = f"{parameter}.member.{number}"
        id_ = query["Id"]
        if not _ID.match(id_):
            raise validation(
                f"The value {id_} for parameter {where}.Id is invalid: it must start with a lowercase letter and can "
                "have letters, digits and underscores."
            )
        if id_ in seen:
            raise validation(f"The values for parameter id in {parameter} are not unique.")
        seen.add(id_)
        stat, expression = query.get("MetricStat"), query.get("Expression")
        if stat and expression:
            raise combination(
                f"The parameters {where}.Expression and {where}.MetricStat are mutually exclusive and you have "
                "specified both."
            )
        if not stat and not expression:
            raise validation(f"Either {where}.Expression or {where}.MetricStat must be specified.")
        if stat and statistic(stat["Stat"]) is None:
            raise validation(f"The value {stat['Stat']} for parameter {where}.MetricStat.Stat is not supported.")
        for period in (query.get("Period"), (stat or {}).get("Period")):
            if period is not None and not is_period(period):
                raise validation(f"The parameter {where}.Period must be 1, 5, 10, 20, 30 or any multiple of 60.")
    if not any(query.get("ReturnData", True) for query in queries):
        raise validation("At least one of the queries must return data.")
    for query in queries:
        _check_expression(query, seen)


def _check_expression(query: Query, ids: set[str]) -> None:
    expression = query.get("Expression")
    if not expression or insights.is_query(expression):
        return
    try:
        unknown = parsing.references(expression) - ids - {"*"} - _KEYWORDS
    except MathError as problem:
        raise expression_error(query["Id"], problem) from None
    if unknown:
        raise expression_error(query["Id"], f"Unrecognized metric or expression: {min(unknown)}")


def expression_error(id_: str, problem: object) -> Exception:
    return validation(f"Error in expression '{id_}': {problem}")


#: Words that stand for themselves among arguments.
_KEYWORDS = frozenset(("REPEAT", "LINEAR", "AVG", "MIN", "MAX", "SUM", "ASC", "DESC"))


class Run:
    """The queries of one request, computed as far as they are needed."""

    def __init__(self, queries: Sequence[Query], sources: Sources, start: float, end: float, now: float) -> None:
        self._queries = {query["Id"]: query for query in queries}
        self._sources = sources
        self._start, self._end, self._now = start, end, now
        self._known: dict[str, Value] = {}
        self._open: list[str] = []
        stats = [query["MetricStat"]["Period"] for query in queries if query.get("MetricStat")]
        given = [query["Period"] for query in queries if query.get("Period")]
        self._period: int = max((*stats, *given), default=_MINUTE)

    def series(self, id_: str) -> list[TimeSeries]:
        """What a query returns; raises the refusal of an expression that cannot be computed."""
        query = self._queries[id_]
        try:
            value = self._value(id_)
        except MathError as problem:
            raise expression_error(id_, problem) from None
        if not isinstance(value, TimeSeries | list):
            raise expression_error(id_, "The expression does not return a time series or an array of time series")
        several = isinstance(value, list)
        return [
            one._replace(id=id_, label=_label(query, one, several))
            for one in (value if isinstance(value, list) else [value])
        ]

    def _value(self, id_: str) -> Value:
        if id_ not in self._known:
            if id_ not in self._queries:
                raise MathError(f"Unrecognized metric or expression: {id_}")
            if id_ in self._open:
                raise MathError("The expression depends on itself")
            self._open.append(id_)
            self._known[id_] = self._computed(self._queries[id_])
            self._open.pop()
        return self._known[id_]

    def _computed(self, query: Query) -> Value:
        if stat := query.get("MetricStat"):
            metric = stat["Metric"]
            name = Name(metric.get("Namespace", ""), metric["MetricName"], dimensions_of(metric.get("Dimensions")))
            return self._read((name,), stat["Stat"], stat["Period"], stat.get("Unit"))._replace(
                name=name, id=query["Id"], label=query.get("Label") or metric["MetricName"]
            )
        period = query.get("Period") or self._period
        if insights.is_query(query["Expression"]):
            return self._insight(query["Expression"], period)
        return self._evaluate(parsing.parse(query["Expression"]), period)

    def _read(self, names: Iterable[Name], stat: str, period: int, unit: str | None = None) -> TimeSeries:
        compute = statistic(stat)
        if compute is None:
            raise MathError(f"Unknown statistic: {stat}")
        store = self._sources.store
        window = Window(store.rounded(self._start, period, self._now), self._end, period, self._now)
        values: dict[float, float] = {}
        for summaries in store.summaries(names, unit, window, detailed=is_detailed(stat)).values():
            for time, summary in summaries.items():
                value = compute(summary)
                if value is not None:
                    values[time] = value
        return TimeSeries(dict(sorted(values.items())), period, stat=stat)

    def _range(self, period: int) -> Range:
        return Range(self._sources.store.rounded(self._start, period, self._now), self._end, period, self._now)

    # --- expressions

    def _evaluate(self, node: Node, period: int) -> Value:
        if isinstance(node, parsing.Number | parsing.Text):
            return node.value
        if isinstance(node, parsing.Reference):
            return node.id if node.id in _KEYWORDS and node.id not in self._queries else self._value(node.id)
        if isinstance(node, parsing.Operation):
            return operators.apply(node.operator, self._evaluate(node.left, period), self._evaluate(node.right, period))
        if isinstance(node, parsing.Negation):
            return operators.negate(node.operator, self._evaluate(node.operand, period))
        if isinstance(node, parsing.Array):
            return self._array(self._evaluate(item, period) for item in node.items)
        arguments = [self._evaluate(argument, period) for argument in node.arguments]
        return self._called(node.name, arguments, period)

    def _array(self, items: Iterable[Value]) -> Value:
        found: list[TimeSeries] = []
        for item in items:
            if isinstance(item, list):
                found += item
            elif isinstance(item, TimeSeries):
                found.append(item)
            else:
                raise MathError("An array holds time series")
        return found

    def _called(self, name: str, arguments: list[Value], period: int) -> Value:
        if name == "METRICS":
            return self._metrics(arguments)
        if name == "SEARCH":
            return self._search(arguments, period)
        if name == "ANOMALY_DETECTION_BAND":
            series = arguments[0] if arguments else None
            width = arguments[1] if len(arguments) > 1 else 2.0
            if not isinstance(series, TimeSeries) or not isinstance(width, int | float):
                raise MathError("The function ANOMALY_DETECTION_BAND takes a time series and a number")
            return self._sources.bands(series, float(width))
        if name == "INSIGHT_RULE_METRIC":
            if len(arguments) != 2 or not all(isinstance(argument, str) for argument in arguments):
                raise MathError("The function INSIGHT_RULE_METRIC takes the names of a rule and of a metric")
            return self._sources.rules(str(arguments[0]), str(arguments[1]), self._range(period))
        if not functions.is_known(name):
            raise MathError(f"Unknown function: {name}")
        return functions.call(name, arguments, self._range(period))

    def _metrics(self, arguments: list[Value]) -> Value:
        """All metrics of the request, or those whose ids have a text in them."""
        part = arguments[0] if arguments else ""
        return [
            value
            for id_, query in self._queries.items()
            if query.get("MetricStat") and str(part) in id_ and isinstance(value := self._value(id_), TimeSeries)
        ]

    def _search(self, arguments: list[Value], period: int) -> Value:
        if len(arguments) not in (2, 3) or not all(isinstance(argument, str) for argument in arguments[:2]):
            raise MathError("The function SEARCH takes an expression, a statistic and a period")
        expression, stat = str(arguments[0]), str(arguments[1])
        every = int(arguments[2]) if len(arguments) == 3 else period  # type: ignore[arg-type]
        metrics = found(self._sources.recent(), expression)
        self._sources.most_searched(len(metrics))
        return [
            self._read((metric.name,), stat, every)._replace(name=metric.name, label=_search_label(metric.name))
            for metric in metrics
        ]

    def _insight(self, text: str, period: int) -> Value:
        query = insights.parse(text)
        groups = query.groups(self._sources.recent())
        series = [
            self._read(names, query.stat, period)._replace(label=label or query.label)
            for label, names in groups.items()
        ]
        return query.ordered(series) if query.group_by else (series[0] if series else TimeSeries({}, period))


def _label(query: Query, series: TimeSeries, several: bool) -> str:
    label = query.get("Label")
    if several:
        return f"{label} {series.label}" if label and "${" not in label else label or series.label
    return label or (series.label if query.get("MetricStat") else query["Id"])


def _search_label(name: Name) -> str:
    return " ".join((*(value for _, value in name.dimensions), name.name))


def metrics_of(queries: Sequence[Query]) -> set[Name] | None:
    """The metrics that queries read; None where only their data tells."""
    names = set()
    for query in queries:
        if stat := query.get("MetricStat"):
            metric = stat["Metric"]
            names.add(Name(metric.get("Namespace", ""), metric["MetricName"], dimensions_of(metric.get("Dimensions"))))
        elif insights.is_query(query["Expression"]) or "SEARCH" in query["Expression"] or "RULE" in query["Expression"]:
            return None
    return names


def namespaces_of(queries: Sequence[Query]) -> set[str] | None:
    """The namespaces that queries read; None where only their data tells."""
    names = metrics_of(queries)
    return None if names is None else {name.namespace for name in names}

"""CloudWatch Metrics Insights: queries in SQL over all metrics of a name.

    SELECT FUNCTION(metric) FROM namespace | SCHEMA(namespace, label…) [WHERE label = 'value' [AND …]]
    [GROUP BY label…] [ORDER BY FUNCTION() [ASC | DESC]] [LIMIT number]

Source: CloudWatch User Guide, "Metrics Insights query components and syntax".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import NamedTuple

from awsim.services.cloudwatch.math.series import MathError, TimeSeries
from awsim.services.cloudwatch.metric import Metric, Name

_STATS = {"AVG": "Average", "COUNT": "SampleCount", "MAX": "Maximum", "MIN": "Minimum", "SUM": "Sum"}
_TOKEN = re.compile(r"""\s*("(?:[^"]|"")*"|'(?:[^']|'')*'|[A-Za-z_][A-Za-z0-9_./#:-]*|!=|[(),=*]|\d+)""")
_SELECT = re.compile(r"\s*SELECT\s", re.IGNORECASE)
_OF: dict[str, Callable[[list[float]], float]] = {
    "AVG": lambda values: sum(values) / len(values),
    "COUNT": len,
    "MAX": max,
    "MIN": min,
    "SUM": sum,
}


def is_query(expression: str) -> bool:
    return _SELECT.match(expression) is not None


class InsightsQuery(NamedTuple):
    """A query. `labels`: the dimensions that a metric has to have exactly, None for any."""

    stat: str
    metric: str
    namespace: str
    labels: tuple[str, ...] | None
    conditions: tuple[tuple[str, str, str], ...]
    group_by: tuple[str, ...]
    order_by: str | None
    descending: bool
    limit: int | None

    @property
    def label(self) -> str:
        return self.metric

    def groups(self, metrics: Iterable[Metric]) -> dict[str, list[Name]]:
        """The metrics it is about, by the values of the labels that it groups by."""
        found: dict[str, list[Name]] = {}
        for metric in metrics:
            name = metric.name
            known = dict(name.dimensions)
            if name.namespace != self.namespace or name.name != self.metric:
                continue
            if self.labels is not None and sorted(known) != sorted(self.labels):
                continue
            if any((known.get(label) == value) is (sign == "!=") for label, sign, value in self.conditions):
                continue
            if any(label not in known for label in self.group_by):
                continue
            found.setdefault(" ".join(known[label] for label in self.group_by), []).append(name)
        return found

    def ordered(self, series: list[TimeSeries]) -> list[TimeSeries]:
        if self.order_by is not None:
            of = _OF[self.order_by]
            series = sorted(series, key=lambda one: of(list(one.values.values()) or [0.0]), reverse=self.descending)
        return series[: self.limit]


@lru_cache(maxsize=128)
def parse(text: str) -> InsightsQuery:
    """Raises MathError."""
    return _Reader(text).whole()


class _Reader:
    def __init__(self, text: str) -> None:
        self._tokens: list[str] = _TOKEN.findall(text)
        if _TOKEN.sub("", text).strip():
            raise MathError(f"Cannot read {_TOKEN.sub('', text).strip()}")
        self._at = 0

    def whole(self) -> InsightsQuery:
        self._word("SELECT")
        function, metric = self._function()
        self._word("FROM")
        labels: tuple[str, ...] | None = None
        if self._is("SCHEMA"):
            self._sign("(")
            namespace, *rest = self._list()
            self._sign(")")
            labels = tuple(rest)
        else:
            namespace = self._name()
        conditions = self._conditions() if self._is("WHERE") else ()
        group_by: tuple[str, ...] = ()
        if self._is("GROUP"):
            self._word("BY")
            group_by = tuple(self._list())
        order_by, descending, limit = None, False, None
        if self._is("ORDER"):
            self._word("BY")
            order_by, _ = self._function(empty=True)
            descending = self._is("DESC")
            if not descending:
                self._is("ASC")
        if self._is("LIMIT"):
            limit = int(self._take())
        if self._at < len(self._tokens):
            raise MathError(f"Unexpected {self._tokens[self._at]}")
        return InsightsQuery(
            _STATS[function], metric, namespace, labels, conditions, group_by, order_by, descending, limit
        )

    def _take(self) -> str:
        if self._at >= len(self._tokens):
            raise MathError("The query ends too early")
        self._at += 1
        return self._tokens[self._at - 1]

    def _is(self, word: str) -> bool:
        if self._at < len(self._tokens) and self._tokens[self._at].upper() == word:
            self._at += 1
            return True
        return False

    def _word(self, word: str) -> None:
        if not self._is(word):
            raise MathError(f"Expected {word}")

    _sign = _word

    def _name(self) -> str:
        token = self._take()
        if token[0] in "\"'":
            return token[1:-1].replace(token[0] * 2, token[0])
        if token in "(),=*":
            raise MathError(f"Unexpected {token}")
        return token

    def _list(self) -> list[str]:
        found = [self._name()]
        while self._is(","):
            found.append(self._name())
        return found

    def _function(self, *, empty: bool = False) -> tuple[str, str]:
        function = self._take().upper()
        if function not in _STATS:
            raise MathError(f"Unknown function: {function}")
        self._sign("(")
        metric = "" if empty else self._name()
        self._sign(")")
        return function, metric

    def _conditions(self) -> tuple[tuple[str, str, str], ...]:
        found = []
        while True:
            label, sign = self._name(), self._take()
            if sign not in ("=", "!="):
                raise MathError(f"Unexpected {sign}")
            found.append((label, sign, self._name()))
            if not self._is("AND"):
                return tuple(found)

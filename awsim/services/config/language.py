"""Advanced queries: the subset of SQL that Config speaks, read and run over items.

    SELECT name [, COUNT(*)] [WHERE condition] [GROUP BY name] [ORDER BY name [ASC|DESC]]

Conditions are =, !=, <>, <, <=, >, >=, LIKE, IN, BETWEEN, IS [NOT] NULL, joined by AND, OR and NOT. Source: AWS Config
Developer Guide, "Query components".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>-?\d+(?:\.\d+)?)(?![\w.])|(?P<name>[A-Za-z_][\w.:-]*(?:\.\*)?|\*)"
    r"|(?P<sign><=|>=|!=|<>|[=<>(),]))"
)
_WORDS = frozenset(
    {
        "SELECT",
        "WHERE",
        "GROUP",
        "ORDER",
        "BY",
        "AND",
        "OR",
        "NOT",
        "LIKE",
        "IN",
        "BETWEEN",
        "IS",
        "NULL",
        "ASC",
        "DESC",
    }
)
_COUNTED = re.compile(r"(COUNT|SUM|MIN|MAX|AVG)", re.I)

Test = Callable[[Mapping[str, Any]], bool]


class BadQuery(ValueError):
    """An expression that is not in the language; its text says what is wrong."""


class Column(NamedTuple):
    """A property, or an aggregate of one (`function` in upper case)."""

    name: str
    function: str | None = None

    @property
    def shown(self) -> str:
        return f"{self.function}({self.name})" if self.function else self.name


class Query(NamedTuple):
    columns: tuple[Column, ...]
    test: Test
    groups: tuple[str, ...]
    orders: tuple[tuple[str, bool], ...]

    def run(self, records: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Results, with properties nested as they are in items."""
        found = [record for record in records if self.test(record)]
        for name, descending in reversed(self.orders):
            if not any(column.shown.upper() == name.upper() for column in self.columns if column.function):
                found.sort(key=lambda record, name=name: _order(_first(record, name)), reverse=descending)  # type: ignore[misc]
        if self.groups or any(column.function for column in self.columns):
            return self._grouped(found)
        return [self._result(record) for record in found]

    def _result(self, record: Mapping[str, Any]) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for column in self.columns:
            names = list(record) if column.name == "*" else [column.name]
            for name in names:
                value = _value(record, name)
                if value is not None:
                    _nest(result, name, value)
        return result

    def _grouped(self, records: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        groups: dict[tuple[Any, ...], list[Mapping[str, Any]]] = {} if self.groups else {(): []}
        for record in records:
            groups.setdefault(tuple(_first(record, name) for name in self.groups), []).append(record)
        results = []
        for key, members in groups.items():
            result: dict[str, Any] = {}
            for column in self.columns:
                if column.function:
                    result[column.shown] = _aggregate(column, members)
                else:
                    _nest(result, column.name, dict(zip(self.groups, key, strict=True)).get(column.name))
            results.append(result)
        for name, descending in reversed(self.orders):
            match = next((column.shown for column in self.columns if column.shown.upper() == name.upper()), name)
            results.sort(key=lambda one, match=match: _order(one.get(match)), reverse=descending)  # type: ignore[misc]
        return results


def _aggregate(column: Column, members: Sequence[Mapping[str, Any]]) -> Any:
    if column.name == "*":
        return len(members)
    values = [value for record in members for value in _values(record, column.name) if value is not None]
    if column.function == "COUNT":
        return len(values)
    numbers = [float(value) for value in values if isinstance(value, int | float)]
    if not numbers:
        return None
    if column.function == "SUM":
        return sum(numbers)
    if column.function == "AVG":
        return sum(numbers) / len(numbers)
    return min(numbers) if column.function == "MIN" else max(numbers)


def parse(expression: str) -> Query:
    """Raises BadQuery."""
    return _Parser(expression).query()


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, str]] = []
        at = 0
        text = text.strip().rstrip(";")
        while at < len(text):
            found = _TOKEN.match(text, at)
            if found is None or found.end() == at:
                raise BadQuery(f"Failed to parse the expression near: {text[at : at + 20]}")
            kind = found.lastgroup or ""
            value = found[kind]
            if kind == "name" and value.upper() in _WORDS:
                kind, value = "word", value.upper()
            self._tokens.append((kind, value))
            at = found.end()
        self._at = 0

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._at] if self._at < len(self._tokens) else ("end", "")

    def _take(self) -> tuple[str, str]:
        token = self._peek()
        self._at += 1
        return token

    def _accept(self, value: str) -> bool:
        kind, found = self._peek()
        if kind in ("word", "sign") and found == value:
            self._at += 1
            return True
        return False

    def _expect(self, value: str) -> None:
        if not self._accept(value):
            raise BadQuery(f"Expected {value} but found '{self._peek()[1]}'")

    def query(self) -> Query:
        self._expect("SELECT")
        columns = [self._column()]
        while self._accept(","):
            columns.append(self._column())
        test: Test = _always
        groups: list[str] = []
        orders: list[tuple[str, bool]] = []
        if self._accept("WHERE"):
            test = self._or()
        if self._accept("GROUP"):
            self._expect("BY")
            groups.append(self._name())
            while self._accept(","):
                groups.append(self._name())
        if self._accept("ORDER"):
            self._expect("BY")
            orders.append(self._order())
            while self._accept(","):
                orders.append(self._order())
        if self._peek()[0] != "end":
            raise BadQuery(f"Unexpected '{self._peek()[1]}'")
        return Query(tuple(columns), test, tuple(groups), tuple(orders))

    def _name(self) -> str:
        kind, value = self._take()
        if kind != "name":
            raise BadQuery(f"Expected a property but found '{value}'")
        return value

    def _column(self) -> Column:
        name = self._name()
        if _COUNTED.fullmatch(name) and self._accept("("):
            inner = self._name()
            self._expect(")")
            return Column(inner, name.upper())
        return Column(name)

    def _order(self) -> tuple[str, bool]:
        name = self._column().shown
        if self._accept("DESC"):
            return name, True
        self._accept("ASC")
        return name, False

    def _or(self) -> Test:
        tests = [self._and()]
        while self._accept("OR"):
            tests.append(self._and())
        return tests[0] if len(tests) == 1 else lambda record: any(test(record) for test in tests)

    def _and(self) -> Test:
        tests = [self._not()]
        while self._accept("AND"):
            tests.append(self._not())
        return tests[0] if len(tests) == 1 else lambda record: all(test(record) for test in tests)

    def _not(self) -> Test:
        if self._accept("NOT"):
            inner = self._not()
            return lambda record: not inner(record)
        if self._accept("("):
            inner = self._or()
            self._expect(")")
            return inner
        return self._comparison()

    def _comparison(self) -> Test:
        name = self._name()
        if self._accept("IS"):
            absent = not self._accept("NOT")
            self._expect("NULL")
            return lambda record: (_value(record, name) is None) is absent
        negated = self._accept("NOT")
        test = self._test()
        if negated:
            return lambda record: not any(test(value) for value in _values(record, name))
        return lambda record: any(test(value) for value in _values(record, name))

    def _test(self) -> Callable[[Any], bool]:
        if self._accept("LIKE"):
            pattern = re.compile(re.escape(str(self._literal())).replace("%", ".*").replace("_", "."), re.S)
            return lambda value: pattern.fullmatch(str(value)) is not None
        if self._accept("IN"):
            self._expect("(")
            wanted = [self._literal()]
            while self._accept(","):
                wanted.append(self._literal())
            self._expect(")")
            return lambda value: any(_equal(value, one) for one in wanted)
        if self._accept("BETWEEN"):
            low = self._literal()
            self._expect("AND")
            high = self._literal()
            return lambda value: _order(low) <= _order(value) <= _order(high)
        kind, sign = self._take()
        if kind != "sign" or sign not in _SIGNS:
            raise BadQuery(f"Expected an operator but found '{sign}'")
        other, compare = self._literal(), _SIGNS[sign]
        return lambda value: compare(value, other)

    def _literal(self) -> Any:
        kind, value = self._take()
        if kind == "text":
            return value[1:-1].replace("''", "'")
        if kind == "number":
            return float(value) if "." in value else int(value)
        if kind == "name" and value.lower() in ("true", "false"):
            return value.lower() == "true"
        raise BadQuery(f"Expected a value but found '{value}'")


def _equal(value: Any, other: Any) -> bool:
    if isinstance(value, bool) or isinstance(other, bool):
        return str(value).lower() == str(other).lower()
    if isinstance(value, int | float) and isinstance(other, int | float):
        return value == other
    return str(value) == str(other)


_SIGNS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": _equal,
    "!=": lambda value, other: not _equal(value, other),
    "<>": lambda value, other: not _equal(value, other),
    "<": lambda value, other: _order(value) < _order(other),
    "<=": lambda value, other: _order(value) <= _order(other),
    ">": lambda value, other: _order(value) > _order(other),
    ">=": lambda value, other: _order(value) >= _order(other),
}


def _order(value: Any) -> tuple[int, Any]:
    """Numbers before texts before nothing."""
    if value is None:
        return 2, ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return 0, value
    return 1, str(value)


def _always(record: Mapping[str, Any]) -> bool:
    return True


def _values(record: Any, path: str) -> Iterator[Any]:
    """What a property is; of lists in between each member."""
    if isinstance(record, list | tuple):
        for item in record:
            yield from _values(item, path)
        return
    if not path:
        yield record
        return
    if not isinstance(record, Mapping):
        return
    for name in record:
        if path == name:
            yield from _values(record[name], "")
        elif path.startswith(f"{name}."):
            yield from _values(record[name], path[len(name) + 1 :])


def _first(record: Any, path: str) -> Any:
    return next(_values(record, path), None)


def _value(record: Any, path: str) -> Any:
    """A property as it is, lists and structures too."""
    if not path:
        return record
    if isinstance(record, list | tuple):
        found = [_value(item, path) for item in record]
        return [value for value in found if value is not None] or None
    if isinstance(record, Mapping):
        for name in record:
            if path == name or path.startswith(f"{name}."):
                return _value(record[name], path[len(name) + 1 :])
    return None


def _nest(result: dict[str, Any], path: str, value: Any) -> None:
    *parents, last = path.split(".")
    for name in parents:
        inner = result.setdefault(name, {})
        if not isinstance(inner, dict):
            return
        result = inner
    result[last] = value

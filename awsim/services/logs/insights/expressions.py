"""Expressions of queries: parsed into functions of a row; aggregates into functions of rows."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from awsim.services.logs.insights.fields import Row
from awsim.services.logs.insights.functions import AGGREGATES, FUNCTIONS, floored, milliseconds
from awsim.services.logs.insights.tokens import Token, malformed
from awsim.services.logs.insights.values import compare, number, true

Value = Callable[[Row], Any]
Total = Callable[[Sequence[Row]], Any]
_COMPARISONS = ("=", "!=", "<", "<=", ">", ">=")
_NAMED_GROUP = re.compile(r"\(\?<(?![=!])")
_ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "%": lambda a, b: a % b,
    "^": lambda a, b: a**b,
}


class Cursor:
    """Reads tokens one by one, and expressions."""

    def __init__(self, query: str, tokens: Sequence[Token]) -> None:
        self.query = query
        self._tokens = tokens
        self._position = 0
        # While `stats` is read: its aggregates, each of which stands for a value that a group of rows has.
        self._totals: list[Total] | None = None

    # --- tokens

    def peek(self) -> Token:
        if self._position < len(self._tokens):
            return self._tokens[self._position]
        end = len(self.query)
        return Token("end", "the end of the query", end, end)

    def next(self) -> Token:
        token = self.peek()
        self._position += 1
        return token

    def takes(self, *words: str) -> bool:
        """Whether the next token is one of these; then it is taken."""
        if not self.peek().says(*words):
            return False
        self._position += 1
        return True

    def expect(self, word: str) -> None:
        token = self.next()
        if not token.says(word):
            raise self.wrong(token)

    def field(self) -> str:
        token = self.next()
        if token.kind not in ("name", "quoted"):
            raise self.wrong(token)
        return token.text

    def wrong(self, token: Token) -> Exception:
        return malformed(self.query, token.start, token.end, token.text)

    def text_since(self, start: int) -> str:
        """The query from a place to the token that was taken last."""
        return self.query[start : self._tokens[self._position - 1].end]

    # --- expressions

    def expression(self) -> Value:
        parts = [self._both()]
        while self.takes("or"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else lambda row: any(true(part(row)) for part in parts)

    def _both(self) -> Value:
        parts = [self._negated()]
        while self.takes("and"):
            parts.append(self._negated())
        return parts[0] if len(parts) == 1 else lambda row: all(true(part(row)) for part in parts)

    def _negated(self) -> Value:
        if self.takes("not"):
            inner = self._negated()
            return lambda row: not true(inner(row))
        return self._comparison()

    def _comparison(self) -> Value:
        left = self._sum()
        token = self.peek()
        if token.says(*_COMPARISONS):
            self.next()
            right, operator = self._sum(), token.text
            return lambda row: compare(operator, left(row), right(row))
        if self.takes("=~"):
            return self._like(left)
        negative = self.peek().says("not")
        if negative:
            self.next()
        if self.takes("like"):
            test = self._like(left)
        elif self.takes("in"):
            test = self._member(left)
        elif negative:
            raise self.wrong(self.peek())
        else:
            return left
        return (lambda row: left(row) is not None and not test(row)) if negative else test

    def _like(self, left: Value) -> Value:
        token = self.next()
        if token.kind == "regex":
            wanted = self.regex(token)
            return lambda row: (value := left(row)) is not None and wanted.search(str(value)) is not None
        if token.kind != "string":
            raise self.wrong(token)
        part = token.text
        return lambda row: (value := left(row)) is not None and part in str(value)

    def regex(self, token: Token) -> re.Pattern[str]:
        try:
            return re.compile(_NAMED_GROUP.sub("(?P<", token.text))
        except (re.error, OverflowError, RecursionError):
            raise self.wrong(token) from None

    def _member(self, left: Value) -> Value:
        self.expect("[")
        members = [self._sum()]
        while self.takes(","):
            members.append(self._sum())
        self.expect("]")
        return lambda row: any(compare("=", left(row), member(row)) for member in members)

    def _sum(self) -> Value:
        return self._operations(("+", "-"), lambda: self._operations(("*", "/", "%"), self._power))

    def _operations(self, symbols: Sequence[str], inner: Callable[[], Value]) -> Value:
        value = inner()
        while self.peek().says(*symbols):
            value = _arithmetic(self.next().text, value, inner())
        return value

    def _power(self) -> Value:
        base = self._unary()
        return _arithmetic("^", base, self._power()) if self.takes("^") else base

    def _unary(self) -> Value:
        if self.takes("-"):
            inner = self._unary()
            return lambda row: None if (value := number(inner(row))) is None else -value
        return self._atom()

    def _atom(self) -> Value:
        token = self.next()
        if token.says("("):
            inner = self.expression()
            self.expect(")")
            return inner
        if token.kind == "number":
            measured = float(token.text)
            return lambda row: measured
        if token.kind == "period":
            length = float(milliseconds(token.text))
            return lambda row: length
        if token.kind == "string":
            return lambda row: token.text
        if token.kind == "name" and self.peek().says("("):
            return self._call(token)
        if token.kind in ("name", "quoted"):
            return lambda row: row.get(token.text)
        raise self.wrong(token)

    def _call(self, token: Token) -> Value:
        name = token.text.lower()
        if name in AGGREGATES and self._totals is not None:
            return self._aggregate(name)
        self.expect("(")
        arguments: list[Value] = []
        if not self.peek().says(")"):
            arguments.append(self.expression())
            while self.takes(","):
                arguments.append(self.expression())
        self.expect(")")
        if name == "bin" and len(arguments) == 1:
            period = arguments[0]
            return lambda row: floored(row.get("@timestamp"), int(number(period(row)) or 0))
        function = FUNCTIONS.get(name)
        if function is None:
            raise self.wrong(token)
        if name == "if" and arguments:
            condition, *rest = arguments
            return self._applied(token, function, [lambda row: true(condition(row)), *rest])
        return self._applied(token, function, arguments)

    def _applied(self, token: Token, function: Callable[..., Any], arguments: Sequence[Value]) -> Value:
        def applied(row: Row) -> Any:
            try:
                return function(*(argument(row) for argument in arguments))
            except TypeError:
                raise self.wrong(token) from None  # too many arguments, or too few

        return applied

    # --- aggregates

    def total(self) -> Total:
        """An expression over aggregates."""
        totals: list[Total] = []
        self._totals = totals
        try:
            value = self._sum()
        finally:
            self._totals = None

        def measured(rows: Sequence[Row]) -> Any:
            return value(Row(made={f"\n{index}": each(rows) for index, each in enumerate(totals)}))

        return measured

    def _aggregate(self, name: str) -> Value:
        assert self._totals is not None
        totals, self._totals = self._totals, None
        self.expect("(")
        value: Value = lambda row: True  # noqa: E731  (count(*): all rows)
        more: list[float] = []
        if not self.takes("*") and not self.peek().says(")"):
            value = self.expression()
            while self.takes(","):
                token = self.next()
                if token.kind != "number":
                    raise self.wrong(token)
                more.append(float(token.text))
        self.expect(")")
        self._totals = totals
        function, place = AGGREGATES[name], f"\n{len(totals)}"

        def measured(rows: Sequence[Row]) -> Any:
            values = [value(row) for row in rows]
            return function(values, [number(row.get("@timestamp")) or 0.0 for row in rows], *more)

        totals.append(measured)
        return lambda row: row.get(place)


def _arithmetic(operator: str, left: Value, right: Value) -> Value:
    calculate = _ARITHMETIC[operator]

    def result(row: Row) -> float | None:
        a, b = number(left(row)), number(right(row))
        if a is None or b is None:
            return None
        try:
            found = calculate(a, b)
        except (ZeroDivisionError, OverflowError):
            return None
        return found if isinstance(found, float) else None

    return result

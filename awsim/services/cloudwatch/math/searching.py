"""Search expressions: which metrics they find.

Source: CloudWatch User Guide, "CloudWatch search expression syntax".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache

from awsim.services.cloudwatch.math.series import MathError
from awsim.services.cloudwatch.metric import Metric, Name

_SCHEMA = re.compile(r"\s*\{([^}]*)\}")
_PART = re.compile(r'\s*("(?:[^"\\]|\\.)*"|[()]|[^\s()="]+=(?:"(?:[^"\\]|\\.)*"|[^\s()"]+|(?=\())|[^\s()"]+)')
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")

Test = Callable[[Name], bool]


def found(metrics: Iterable[Metric], expression: str) -> list[Metric]:
    """The metrics that an expression like `{AWS/EC2,InstanceId} MetricName="CPUUtilization"` finds."""
    schema, test = _compiled(expression)
    return [metric for metric in metrics if schema(metric.name) and test(metric.name)]


@lru_cache(maxsize=256)
def _compiled(expression: str) -> tuple[Test, Test]:
    schema: Test = lambda name: True  # noqa: E731
    match = _SCHEMA.match(expression)
    if match:
        namespace, *dimensions = [part.strip().strip('"') for part in re.findall(r'(?:"[^"]*"|[^,"])+', match[1])]
        wanted = sorted(dimensions)

        def schema(name: Name) -> bool:
            return name.namespace == namespace and sorted(key for key, _ in name.dimensions) == wanted

        expression = expression[match.end() :]
    elif expression.lstrip().startswith("{"):
        raise MathError("The search expression's schema is not closed")
    return schema, _Terms(expression).whole()


class _Terms:
    def __init__(self, text: str) -> None:
        self._parts = _PART.findall(text)
        if "".join(_PART.sub("", text).split()):
            raise MathError("The search expression cannot be read")
        self._at = 0

    def whole(self) -> Test:
        if not self._parts:
            return lambda name: True
        test = self._or()
        if self._at < len(self._parts):
            raise MathError(f"Unexpected {self._parts[self._at]} in the search expression")
        return test

    def _next(self) -> str | None:
        return self._parts[self._at] if self._at < len(self._parts) else None

    def _or(self) -> Test:
        tests = [self._and()]
        while self._next() == "OR":
            self._at += 1
            tests.append(self._and())
        return lambda name: any(test(name) for test in tests)

    def _and(self) -> Test:
        """Terms side by side must all hold."""
        tests = [self._not()]
        while self._next() not in (None, "OR", ")"):
            if self._next() == "AND":
                self._at += 1
            tests.append(self._not())
        return lambda name: all(test(name) for test in tests)

    def _not(self) -> Test:
        if self._next() == "NOT":
            self._at += 1
            test = self._not()
            return lambda name: not test(name)
        return self._term()

    def _term(self) -> Test:
        part = self._next()
        if part is None or part == ")":
            raise MathError("The search expression ends too early")
        self._at += 1
        if part == "(":
            test = self._or()
            if self._next() != ")":
                raise MathError("The search expression lacks a parenthesis")
            self._at += 1
            return test
        key, equals, value = part.partition("=") if not part.startswith('"') else ("", "", "")
        if not equals:
            return _matching(
                part, lambda name: [name.namespace, name.name, *(x for pair in name.dimensions for x in pair)]
            )
        if value:
            return _matching(value, lambda name: _property(name, key))
        return self._grouped(key)

    def _grouped(self, key: str) -> Test:
        """`Key=("a" OR "b")`."""
        if self._next() != "(":
            raise MathError(f"The search expression lacks a value of {key}")
        depth, words = 0, []
        while (part := self._next()) is not None:
            self._at += 1
            depth += (part == "(") - (part == ")")
            if not depth:
                break
            words.append(part if part in ("(", ")", "AND", "OR", "NOT") else f"{key}={part}")
        return _Terms(" ".join([*words, ")"])).whole()


def _property(name: Name, key: str) -> list[str]:
    if key == "Namespace":
        return [name.namespace]
    if key == "MetricName":
        return [name.name]
    return [value for dimension, value in name.dimensions if dimension == key]


def _matching(term: str, of: Callable[[Name], list[str]]) -> Test:
    """In quotes the whole has to be equal; else each word of the term has to be among the words of the whole."""
    if term.startswith('"'):
        exact = re.sub(r"\\(.)", r"\1", term[1:-1])
        return lambda name: exact in of(name)
    words = _words(term)
    return lambda name: any(words <= _words(text) or term.lower() == text.lower() for text in of(name))


@lru_cache(maxsize=4096)
def _words(text: str) -> frozenset[str]:
    pieces = re.split(r"[^A-Za-z0-9]+", text)
    return frozenset(word.lower() for piece in pieces for word in (*_WORD.findall(piece), piece) if word)

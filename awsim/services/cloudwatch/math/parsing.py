"""Expressions of metric math into trees.

or      := and (("OR" | "||") and)*
and     := compared (("AND" | "&&") compared)*
compared:= sum (("==" | "!=" | "<=" | ">=" | "<" | ">") sum)*
sum     := product (("+" | "-") product)*
product := power (("*" | "/") power)*
power   := signed ("^" power)?
signed  := "-" signed | "!" signed | atom
atom    := number | string | id | NAME "(" arguments ")" | "[" arguments "]" | "(" or ")"
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from awsim.services.cloudwatch.math.series import MathError


class Number(NamedTuple):
    value: float


class Text(NamedTuple):
    value: str


class Reference(NamedTuple):
    id: str


class Function(NamedTuple):
    name: str
    arguments: tuple[Node, ...]


class Array(NamedTuple):
    items: tuple[Node, ...]


class Operation(NamedTuple):
    operator: str
    left: Node
    right: Node


class Negation(NamedTuple):
    operator: str
    operand: Node


Node: TypeAlias = Number | Text | Reference | Function | Array | Operation | Negation

_TOKEN = re.compile(
    r"""\s*(?:(?P<number>\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+)
    |(?P<name>[A-Za-z][A-Za-z0-9_]*)
    |(?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")
    |(?P<sign>==|!=|<=|>=|&&|\|\||[-+*/^<>()\[\],!]))""",
    re.VERBOSE,
)
_WORDS = {"&&": "AND", "||": "OR"}


@lru_cache(maxsize=512)
def parse(expression: str) -> Node:
    """The tree of an expression; raises MathError."""
    return _Parser(expression).whole()


@lru_cache(maxsize=512)
def references(expression: str) -> frozenset[str]:
    """The ids that an expression names; METRICS() names all, which shows as "*"."""
    found: set[str] = set()
    _collect(parse(expression), found)
    return frozenset(found)


def _collect(node: Node, found: set[str]) -> None:
    if isinstance(node, Reference):
        found.add(node.id)
    elif isinstance(node, Function):
        if node.name == "METRICS":
            found.add("*")
        for argument in node.arguments:
            _collect(argument, found)
    elif isinstance(node, Array):
        for item in node.items:
            _collect(item, found)
    elif isinstance(node, Operation):
        _collect(node.left, found)
        _collect(node.right, found)
    elif isinstance(node, Negation):
        _collect(node.operand, found)


class _Parser:
    def __init__(self, expression: str) -> None:
        self._tokens: list[tuple[str, str]] = []
        at = 0
        expression = expression.rstrip()
        while at < len(expression):
            match = _TOKEN.match(expression, at)
            if match is None or match.lastgroup is None:
                raise MathError(f"Unexpected character at position {at}: {expression[at:].strip()[:1]}")
            self._tokens.append((match.lastgroup, match[match.lastgroup]))
            at = match.end()
        self._at = 0

    def whole(self) -> Node:
        node = self._or()
        if self._at < len(self._tokens):
            raise MathError(f"Unexpected {self._tokens[self._at][1]}")
        return node

    def _sign(self) -> str | None:
        if self._at < len(self._tokens):
            kind, text = self._tokens[self._at]
            if kind == "sign":
                return _WORDS.get(text, text)
            if kind == "name" and text in ("AND", "OR"):
                return text
        return None

    def _take(self, sign: str) -> None:
        if self._sign() != sign:
            raise MathError(f"Expected {sign}")
        self._at += 1

    def _chain(self, operators: tuple[str, ...], part: Callable[[], Node]) -> Node:
        node = part()
        while (sign := self._sign()) in operators:
            self._at += 1
            node = Operation(sign, node, part())  # type: ignore[arg-type]
        return node

    def _or(self) -> Node:
        return self._chain(("OR",), self._and)

    def _and(self) -> Node:
        return self._chain(("AND",), self._compared)

    def _compared(self) -> Node:
        return self._chain(("==", "!=", "<=", ">=", "<", ">"), self._sum)

    def _sum(self) -> Node:
        return self._chain(("+", "-"), self._product)

    def _product(self) -> Node:
        return self._chain(("*", "/"), self._power)

    def _power(self) -> Node:
        base = self._signed()
        if self._sign() == "^":
            self._at += 1
            return Operation("^", base, self._power())
        return base

    def _signed(self) -> Node:
        sign = self._sign()
        if sign in ("-", "!"):
            self._at += 1
            return Negation(sign, self._signed())
        return self._atom()

    def _atom(self) -> Node:
        if self._at >= len(self._tokens):
            raise MathError("Unexpected end")
        kind, text = self._tokens[self._at]
        if kind == "number":
            self._at += 1
            return Number(float(text))
        if kind == "text":
            self._at += 1
            return Text(re.sub(r"\\(.)", r"\1", text[1:-1]))
        if kind == "name" and text not in ("AND", "OR"):
            self._at += 1
            if self._sign() == "(":
                return Function(text.upper(), self._arguments("(", ")"))
            return Reference(text)
        if text == "[":
            return Array(self._arguments("[", "]"))
        if text == "(":
            self._at += 1
            node = self._or()
            self._take(")")
            return node
        raise MathError(f"Unexpected {text}")

    def _arguments(self, opening: str, closing: str) -> tuple[Node, ...]:
        self._take(opening)
        found: list[Node] = []
        while self._sign() != closing:
            if found:
                self._take(",")
            found.append(self._or())
        self._take(closing)
        return tuple(found)

"""Patterns of JSON: `{ ($.user.id = 1) && ($.users[0].email = "*@example.com" || $.error NOT EXISTS) }`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from awsim.services.logs.patterns.operands import test, test_regex, text_of, unclosed, wrong

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<selector>\$(?:\.?\[(?:\d+|\*|'[^']*'|"[^"]*")\]|\.[\w@*-]+)+)
      | (?P<logic>&&|\|\||\(|\))
      | (?P<operator>!=|<=|>=|=|<|>)
      | "(?P<quoted>(?:[^"\\]|\\.)*)"
      | %(?P<regex>(?:[^%\\]|\\.)*)%
      | (?P<word>[^\s()&|="<>!]+)
    )""",
    re.VERBOSE,
)
_STEP = re.compile(r"""\.?\[(?:(\d+)|(\*)|'([^']*)'|"([^"]*)")\]|\.([\w@*-]+)""")
_ESCAPED = re.compile(r"\\(.)")
_ANY = "*"

Holds = Callable[[Any], bool]
Path = tuple[str | int, ...]


class _Token(NamedTuple):
    kind: str
    text: str


class Selectors:
    """A pattern of JSON."""

    __slots__ = ("_holds", "_paths", "regexes")

    def __init__(self, holds: Holds, paths: dict[str, Path], regexes: int) -> None:
        self._holds = holds
        self._paths = paths
        self.regexes = regexes

    def matches(self, message: str) -> bool:
        document = _document(message)
        return document is not None and self._holds(document)

    def extract(self, message: str) -> dict[str, str] | None:
        document = _document(message)
        if document is None or not self._holds(document):
            return None
        found = {name: next(_found(document, path), None) for name, path in self._paths.items()}
        return {name: text_of(value) for name, value in found.items() if not isinstance(value, dict | list | None)}

    def value(self, message: str, name: str) -> str | None:
        document = _document(message)
        path = _path(name) if name.startswith("$.") else None
        if document is None or path is None:
            return None
        value = next(_found(document, path), None)
        return None if isinstance(value, dict | list | None) else text_of(value)


def _document(message: str) -> Any:
    """The JSON object that a message is; None where it is none."""
    if message[:1] != "{" and not message.lstrip().startswith("{"):
        return None
    try:
        return json.loads(message)
    except (ValueError, RecursionError):
        return None


def _found(value: Any, path: Path) -> Iterator[Any]:
    if not path:
        yield value
        return
    step, rest = path[0], path[1:]
    if step == _ANY:
        inner = value if isinstance(value, list) else value.values() if isinstance(value, dict) else ()
        for each in inner:
            yield from _found(each, rest)
    elif isinstance(value, dict):
        if step in value:
            yield from _found(value[step], rest)
    elif isinstance(value, list) and isinstance(step, int) and step < len(value):
        yield from _found(value[step], rest)


def _path(selector: str) -> Path:
    steps: list[str | int] = []
    for index, every, single, double, name in _STEP.findall(selector):
        steps.append(int(index) if index else every or single or double or name)
    return tuple(steps)


def parsed(text: str) -> Selectors:
    if not text.endswith("}"):
        raise unclosed("{", "}")
    return _Parser(text[1:-1]).pattern()


class _Parser:
    """Reads an expression: parentheses, then &&, then ||."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._position = 0
        self._paths: dict[str, Path] = {}
        self._regexes = 0

    def pattern(self) -> Selectors:
        holds = self._either()
        if self._position < len(self._tokens):
            raise wrong()
        return Selectors(holds, self._paths, self._regexes)

    def _peek(self) -> _Token:
        return self._tokens[self._position] if self._position < len(self._tokens) else _Token("end", "the end")

    def _next(self) -> _Token:
        token = self._peek()
        self._position += 1
        return token

    def _either(self) -> Holds:
        parts = [self._both()]
        while self._peek() == ("logic", "||"):
            self._next()
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else lambda document: any(part(document) for part in parts)

    def _both(self) -> Holds:
        parts = [self._one()]
        while self._peek() == ("logic", "&&"):
            self._next()
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else lambda document: all(part(document) for part in parts)

    def _one(self) -> Holds:
        token = self._next()
        if token == ("logic", "("):
            inner = self._either()
            if self._next() != ("logic", ")"):
                raise wrong()
            return inner
        if token.kind != "selector":
            raise wrong()
        path = self._paths[token.text] = _path(token.text)
        return self._condition(path)

    def _condition(self, path: Path) -> Holds:
        token = self._next()
        if token.kind == "word":
            return self._in_words(path, token.text)
        if token.kind != "operator":
            raise wrong()
        operand = self._next()
        if operand.kind == "regex":
            self._regexes += 1
            holds = test_regex(token.text, operand.text)
        elif operand.kind in ("word", "quoted"):
            holds = test(token.text, operand.text, quoted=operand.kind == "quoted")
        else:
            raise wrong()
        # Neither objects and arrays nor what is absent match, whatever the operator.
        return lambda document: any(
            holds(value) for value in _found(document, path) if not isinstance(value, dict | list)
        )

    def _in_words(self, path: Path, word: str) -> Holds:
        then = self._next().text
        if word == "NOT" and then == "EXISTS":
            return lambda document: not any(True for _ in _found(document, path))
        if word == "IS" and then in ("NULL", "TRUE", "FALSE"):
            wanted = {"NULL": None, "TRUE": True, "FALSE": False}[then]
            return lambda document: any(value is wanted for value in _found(document, path))
        raise wrong()


def _tokens(text: str) -> Iterator[_Token]:
    position, end = 0, len(text.rstrip())
    while position < end:
        found = _TOKEN.match(text, position)
        if found is None or found.lastgroup is None:
            raise wrong()
        kind, content = found.lastgroup, found[found.lastgroup]
        yield _Token(kind, _ESCAPED.sub(r"\1", content) if kind == "quoted" else content)
        position = found.end()

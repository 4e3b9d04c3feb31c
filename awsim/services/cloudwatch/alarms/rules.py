"""The rules of composite alarms.

    or   := and ("OR" and)*
    and  := not ("AND" not)*
    not  := "NOT" not | "TRUE" | "FALSE" | STATE "(" alarm ")" | "(" or ")"
          | "AT_LEAST" "(" number ["%"] "," ["NOT"] STATE "," "(" alarm ("," alarm)* ")" ")"

Source: CloudWatch API Reference, PutCompositeAlarm; User Guide, "Creating a composite alarm".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from math import ceil
from typing import NamedTuple

_STATES = ("ALARM", "OK", "INSUFFICIENT_DATA")
_TOKEN = re.compile(r'\s*("(?:[^"\\]|\\.)*"|[(),]|[^\s(),"]+)')

#: Of an alarm's name: its state.
StateOf = Callable[[str], str | None]


class BadRule(ValueError):
    """A rule that AWS does not take, in words."""


class Rule(NamedTuple):
    """A rule: the alarms it names, how many elements it has, and whether it holds for what states they are in."""

    alarms: tuple[str, ...]
    elements: int
    holds: Callable[[StateOf], bool]


@lru_cache(maxsize=256)
def parse(text: str) -> Rule:
    """Raises BadRule."""
    return _Parser(text).whole()


def name_of(alarm: str) -> str:
    """The name of an alarm that is named by its name or its ARN."""
    return alarm.split(":alarm:", 1)[1] if alarm.startswith("arn:") and ":alarm:" in alarm else alarm


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens = _TOKEN.findall(text)
        if _TOKEN.sub("", text).strip():
            raise BadRule(f"unexpected {_TOKEN.sub('', text).strip()[:1]}")
        self._at = 0
        self._alarms: list[str] = []
        self._elements = 0

    def whole(self) -> Rule:
        holds = self._or()
        if self._at < len(self._tokens):
            raise BadRule(f"unexpected {self._tokens[self._at]}")
        return Rule(tuple(dict.fromkeys(self._alarms)), self._elements, holds)

    def _next(self) -> str | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _is(self, word: str) -> bool:
        token = self._next()
        if token is not None and token.upper() == word:
            self._at += 1
            self._elements += word == "("
            return True
        return False

    def _expect(self, word: str) -> None:
        if not self._is(word):
            raise BadRule(f"expected {word}" + (f" before {self._next()}" if self._next() else " at the end"))

    def _or(self) -> Callable[[StateOf], bool]:
        parts = [self._and()]
        while self._is("OR"):
            parts.append(self._and())
        return parts[0] if len(parts) == 1 else lambda state: any(part(state) for part in parts)

    def _and(self) -> Callable[[StateOf], bool]:
        parts = [self._not()]
        while self._is("AND"):
            parts.append(self._not())
        return parts[0] if len(parts) == 1 else lambda state: all(part(state) for part in parts)

    def _not(self) -> Callable[[StateOf], bool]:
        if self._is("NOT"):
            inner = self._not()
            return lambda state: not inner(state)
        if self._is("("):
            inner = self._or()
            self._expect(")")
            return inner
        for word in ("TRUE", "FALSE"):
            if self._is(word):
                self._elements += 1
                return lambda state: word == "TRUE"
        if self._is("AT_LEAST"):
            return self._at_least()
        wanted = self._state()
        self._expect("(")
        alarm = self._alarm()
        self._expect(")")
        return lambda state: state(alarm) == wanted

    def _state(self) -> str:
        token = self._next()
        if token is None or token.upper() not in _STATES:
            raise BadRule(f"unexpected {token}" if token else "the rule ends too early")
        self._at += 1
        return token.upper()

    def _alarm(self) -> str:
        token = self._next()
        if token is None or token in "(),":
            raise BadRule("the name of an alarm is missing")
        self._at += 1
        self._elements += 1
        name = name_of(re.sub(r"\\(.)", r"\1", token[1:-1]) if token.startswith('"') else token)
        self._alarms.append(name)
        return name

    def _at_least(self) -> Callable[[StateOf], bool]:
        self._expect("(")
        match = re.fullmatch(r"(\d+)(%?)", self._next() or "")
        if match is None:
            raise BadRule("AT_LEAST takes a number or a percentage first")
        self._at += 1
        self._expect(",")
        negated = self._is("NOT")
        wanted = self._state()
        self._expect(",")
        self._expect("(")
        alarms = [self._alarm()]
        while self._is(","):
            alarms.append(self._alarm())
        self._expect(")")
        self._expect(")")
        needed = ceil(len(alarms) * int(match[1]) / 100) if match[2] else int(match[1])
        if not 0 < needed <= len(alarms):
            raise BadRule("AT_LEAST takes at least one alarm, and at most those it lists")
        return lambda state: sum((state(alarm) == wanted) is not negated for alarm in alarms) >= needed

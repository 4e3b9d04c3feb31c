"""Patterns of terms: all of them are in a message; of those with `?`, one; of those with `-`, none."""

from __future__ import annotations

import re
from collections.abc import Callable

from awsim.services.logs.patterns.operands import regex, wrong, wrong_character

# An optional sign, then a quoted phrase, a regular expression, or what is neither.
_TERM = re.compile(r'\s*([?-]?)(?:"((?:[^"\\]|\\.)*)"|%((?:[^%\\]|\\.)*)%|(\S+))')
# What only a quoted term may hold.
_STRANGE = re.compile(r"\W")
_ESCAPED = re.compile(r"\\(.)")

Holds = Callable[[str], bool]


class Terms:
    """A pattern of terms."""

    __slots__ = ("_any", "_none", "_required", "regexes")

    def __init__(self, required: list[Holds], any_of: list[Holds], none_of: list[Holds], regexes: int) -> None:
        self._required = required
        # Beside other terms, AWS does not look at optional ones.
        self._any = any_of if not required and not none_of else []
        self._none = none_of
        self.regexes = regexes

    def matches(self, message: str) -> bool:
        return (
            all(term(message) for term in self._required)
            and (not self._any or any(term(message) for term in self._any))
            and not any(term(message) for term in self._none)
        )

    def extract(self, message: str) -> dict[str, str] | None:
        return {} if self.matches(message) else None

    def value(self, message: str, name: str) -> str | None:
        return None


def parsed(text: str) -> Terms:
    kinds: dict[str, list[Holds]] = {"": [], "?": [], "-": []}
    regexes = position = 0
    while position < len(text):
        found = _TERM.match(text, position)
        if found is None:
            raise wrong()
        sign, phrase, expression, plain = found.groups()
        if expression is not None:
            regexes += 1
            kinds[sign].append(_searching(regex(expression)))
        elif phrase is not None:
            term = _ESCAPED.sub(r"\1", phrase)
            if term.strip():
                kinds[sign].append(_containing(term))
        else:
            strange = _STRANGE.search(plain)
            if strange is not None:
                raise wrong_character(strange[0])
            kinds[sign].append(_containing(plain))
        position = found.end()
    return Terms(kinds[""], kinds["?"], kinds["-"], regexes)


def _containing(term: str) -> Holds:
    return lambda message: term in message


def _searching(wanted: re.Pattern[str]) -> Holds:
    return lambda message: wanted.search(message) is not None

"""JSON as a stream of tokens that know where they end: AWS's complaints of a filter policy say at which column.

Columns are Jackson's, whose parser SNS uses: behind a field's name it has looked at the first character of the value
(all of it, unless a string); behind a string's opening quote it waits to be asked for the text.
Source: ../shared/recorded/sns.jsonl, "validate policy string operators".
"""

from __future__ import annotations

import json
import re
from typing import Any

from awsim.wire.values import whole

OBJECT, END_OBJECT, ARRAY, END_ARRAY, FIELD, STRING, NUMBER, LITERAL = (
    "{", "}", "[", "]", "field", "string", "number", "literal",
)  # fmt: skip

_SPACE = re.compile(r"[ \t\r\n]*")
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"')
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?")
_WORD = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
_LITERALS = {"true": True, "false": False, "null": None}
_EXPECTED = "JSON String, Number, Array, Object or token 'null', 'true' or 'false'"


class Malformed(Exception):
    """What is wrong with the text, and the offset at which that shows."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


class Token:
    """`seen` is how far the parser has looked when it is at the token, `end` when it has read all of it."""

    __slots__ = ("end", "kind", "seen", "value")

    def __init__(self, kind: str, value: Any, seen: int, end: int) -> None:
        self.kind = kind
        self.value = value
        self.seen = seen
        self.end = end


def tokens(text: str) -> list[Token]:
    """All tokens of one JSON value; raises Malformed."""
    found: list[Token] = []
    try:
        end = _value(text, _skip(text, 0), found)
    except RecursionError:
        raise Malformed("Document nesting depth exceeds the maximum allowed", len(text)) from None
    end = _skip(text, end)
    if end < len(text):
        raise Malformed(f"Unexpected character ('{text[end]}'): expected end of input", end + 1)
    return found


def _skip(text: str, at: int) -> int:
    return _SPACE.match(text, at).end()  # type: ignore[union-attr]


def _value(text: str, at: int, found: list[Token]) -> int:
    if at >= len(text):
        raise Malformed("Unexpected end-of-input", at)
    start = text[at]
    if start == "{":
        return _object(text, at, found)
    if start == "[":
        return _array(text, at, found)
    if start == '"':
        value, end = _string(text, at)
        found.append(Token(STRING, value, at + 1, end))
        return end
    if match := _NUMBER.match(text, at):
        number = float(match.group()) if re.search("[.eE]", match.group()) else whole(match.group())
        found.append(Token(NUMBER, number, match.end(), match.end()))
        return match.end()
    if (match := _WORD.match(text, at)) is None:
        raise Malformed(f"Unexpected character ('{start}'): was expecting ({_EXPECTED})", at + 1)
    if match.group() not in _LITERALS:
        raise Malformed(f"Unrecognized token '{match.group()}': was expecting ({_EXPECTED})", match.end())
    found.append(Token(LITERAL, _LITERALS[match.group()], match.end(), match.end()))
    return match.end()


def _string(text: str, at: int) -> tuple[str, int]:
    match = _STRING.match(text, at)
    if match is None:
        raise Malformed("Unexpected end-of-input: was expecting closing quote for a string value", len(text))
    return json.loads(match.group()), match.end()


def _object(text: str, at: int, found: list[Token]) -> int:
    found.append(Token(OBJECT, None, at + 1, at + 1))
    at = _skip(text, at + 1)
    if text[at : at + 1] == "}":
        found.append(Token(END_OBJECT, None, at + 1, at + 1))
        return at + 1
    while True:
        if text[at : at + 1] != '"':
            shown = text[at : at + 1]
            problem = f"Unexpected character ('{shown}'): was expecting double-quote to start field name"
            raise Malformed(problem if shown else "Unexpected end-of-input within/between Object entries", at + 1)
        name, end = _string(text, at)
        field = Token(FIELD, name, end, end)
        found.append(field)
        at = _skip(text, end)
        if text[at : at + 1] != ":":
            raise Malformed("Unexpected character: was expecting a colon to separate field name and value", at + 1)
        before = len(found)
        at = _value(text, _skip(text, at + 1), found)
        field.seen = field.end = found[before].seen
        at = _skip(text, at)
        if (mark := text[at : at + 1]) == "}":
            found.append(Token(END_OBJECT, None, at + 1, at + 1))
            return at + 1
        if mark != ",":
            raise Malformed("Unexpected character: was expecting comma to separate Object entries", at + 1)
        at = _skip(text, at + 1)


def _array(text: str, at: int, found: list[Token]) -> int:
    found.append(Token(ARRAY, None, at + 1, at + 1))
    at = _skip(text, at + 1)
    if text[at : at + 1] == "]":
        found.append(Token(END_ARRAY, None, at + 1, at + 1))
        return at + 1
    while True:
        at = _skip(text, _value(text, at, found))
        if (mark := text[at : at + 1]) == "]":
            found.append(Token(END_ARRAY, None, at + 1, at + 1))
            return at + 1
        if mark != ",":
            raise Malformed("Unexpected character: was expecting comma to separate Array entries", at + 1)
        at = _skip(text, at + 1)

"""JSON as a stream of tokens with positions: pattern errors say where they were found, as AWS's own parser does.

AWS compiles patterns while it reads them, so an error stands where reading was. Names are read together with the start
of their value, and a string is read past its quote only once somebody asks for its text. Source: aws/event-ruler
(JsonRuleCompiler), FasterXML jackson-core (ReaderBasedJsonParser).
"""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

START_OBJECT, END_OBJECT, START_ARRAY, END_ARRAY = "{", "}", "[", "]"
NAME, STRING, NUMBER, TRUE, FALSE, NULL, END = "name", "string", "number", "true", "false", "null", "end"

_SPACE = re.compile(r"[ \t\r\n]*")
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"')
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_WORD = re.compile(r"[A-Za-z0-9_$]+")
_SHOWN = 500
_VALUES = "JSON String, Number, Array, Object or token 'null', 'true' or 'false'"
_LITERALS = (TRUE, FALSE, NULL)


class TokenError(ValueError):
    """What is wrong and where: `str()` is the whole sentence."""


class Tokens:
    """A reader over `text`; `next()` moves to the next token and returns its kind, `text_` and `name` tell of it."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._closers: list[str] = []
        self._fresh = True  # nothing stands yet in the innermost object or array
        self._ahead: str | None = None
        self._start = 0
        self.kind = ""
        self.name = ""

    def next(self) -> str:
        if self._ahead is not None:
            self.kind, self._ahead = self._ahead, None
        else:
            self._finish()
            self.kind = self._read()
        return self.kind

    def text(self) -> str:
        """The text of the current string (unescaped) or number (as written)."""
        if self.kind == STRING:
            self._finish()
            return json.loads(self._text[self._start : self._at], strict=False)
        return self._text[self._start : self._at]

    def number(self) -> int | float:
        text = self.text()
        return int(text) if text.lstrip("-").isdecimal() else float(text)

    def fail(self, message: str) -> NoReturn:
        """Raise an error at the present position."""
        raise TokenError(f"{message}\n at {self._location()}")

    def _location(self) -> str:
        shown = self._text
        more = ""
        if len(shown) > _SHOWN:
            shown, more = shown[:_SHOWN], f"[truncated {len(shown) - _SHOWN} chars]"
        before = self._text[: self._at]
        column = self._at - (before.rfind("\n") + 1) + 1 if self._text else 0
        return f'[Source: (String)"{shown}"{more}; line: {before.count(chr(10)) + 1}, column: {column}]'

    # --- reading

    def _finish(self) -> None:
        """Read a string to its end."""
        if self.kind != STRING or self._at != self._start + 1:
            return
        found = _STRING.match(self._text, self._start)
        if found is None:
            self.fail("Unexpected end-of-input in VALUE_STRING")
        self._at = found.end()

    def _read(self) -> str:
        self._skip()
        if not self._closers:
            if self._at >= len(self._text):
                return END
            return self._value()
        if self._at >= len(self._text):
            kind = "Object" if self._closers[-1] == END_OBJECT else "Array"
            self.fail(f"Unexpected end-of-input: expected close marker for {kind}")
        character = self._text[self._at]
        if character == self._closers[-1]:
            self._at += 1
            self._fresh = False
            return self._closers.pop()
        inside = self._closers[-1]
        if not self._fresh:
            if character != ",":
                kind = "Object" if inside == END_OBJECT else "Array"
                self._unexpected(f"was expecting comma to separate {kind} entries")
            self._at += 1
            self._skip()
        self._fresh = False
        return self._name() if inside == END_OBJECT else self._value()

    def _name(self) -> str:
        found = _STRING.match(self._text, self._at)
        if found is None:
            self._unexpected("was expecting double-quote to start field name")
        self.name = json.loads(found.group(), strict=False)
        self._at = found.end()
        self._skip()
        if self._text[self._at : self._at + 1] != ":":
            self._unexpected("was expecting a colon to separate field name and value")
        self._at += 1
        self._skip()
        self._ahead = self._value()
        return NAME

    def _value(self) -> str:
        if self._at >= len(self._text):
            self.fail("Unexpected end-of-input within/between Object entries")
        start = self._start = self._at
        character = self._text[start]
        if character in (START_OBJECT, START_ARRAY):
            self._at += 1
            self._closers.append(END_OBJECT if character == START_OBJECT else END_ARRAY)
            self._fresh = True
            return character
        if character == '"':
            self._at += 1
            return STRING
        if (found := _NUMBER.match(self._text, start)) is not None:
            self._at = found.end()
            return NUMBER
        found = _WORD.match(self._text, start)
        if found is None:
            self._unexpected(f"expected a valid value ({_VALUES})")
        self._at = found.end()
        if found.group() not in _LITERALS:
            self.fail(f"Unrecognized token '{found.group()}': was expecting ({_VALUES})")
        return found.group()

    def _skip(self) -> None:
        found = _SPACE.match(self._text, self._at)
        assert found is not None
        self._at = found.end()

    def _unexpected(self, expected: str) -> NoReturn:
        if self._at >= len(self._text):
            self.fail("Unexpected end-of-input within/between Object entries")
        character = self._text[self._at]
        self._at += 1
        self.fail(f"Unexpected character ('{character}' (code {ord(character)})): {expected}")


def unique(value: Any) -> Any:
    """A hashable stand-in of a JSON scalar that keeps 1, 1.0, "1" and true apart."""
    if value.__class__ is str or value is None or value is True or value is False:
        return value
    return (repr(value),)

"""Expressions into tokens."""

from __future__ import annotations

import re
from typing import NamedTuple

# Alternatives in order; a character that starts no token becomes one of kind "?".
_TOKEN = re.compile(
    r"[ \t\r\n]*(?:(?P<name>[A-Za-z][A-Za-z0-9_]*)|(?P<attr>\#[A-Za-z0-9_]+)|(?P<value>:[A-Za-z0-9_]+)"
    r"|(?P<number>[0-9]+)|(?P<op><>|<=|>=|[=<>(),.\[\]+-])|(?P<unknown>[^ \t\r\n]))"
)


class Token(NamedTuple):
    """`kind`: name, attr (#a), value (:a), number, op, unknown or end."""

    kind: str
    text: str
    start: int
    end: int


class ExpressionError(Exception):
    """Why an expression is wrong, in AWS's words without the "Invalid …Expression: " before them."""


def tokens_of(source: str) -> list[Token]:
    """All tokens, the last of kind "end"."""
    tokens = []
    position = 0
    while (match := _TOKEN.match(source, position)) is not None:
        kind = match.lastgroup or ""
        tokens.append(Token(kind, match[kind], match.start(kind), match.end(kind)))
        position = match.end()
    tokens.append(Token("end", "<EOF>", len(source), len(source)))
    return tokens


class Cursor:
    """A place in the tokens of an expression, and the syntax error to raise there."""

    __slots__ = ("at", "source", "token", "tokens")

    def __init__(self, source: str) -> None:
        self.source = source
        self.tokens = tokens_of(source)
        self.at = 0
        self.token = self.tokens[0]

    def next(self) -> Token:
        """Step over the current token and return it."""
        token = self.token
        if token.kind != "end":
            self.at += 1
            self.token = self.tokens[self.at]
        return token

    def peek(self) -> Token:
        """The token after the current one."""
        return self.tokens[min(self.at + 1, len(self.tokens) - 1)]

    def takes(self, text: str) -> bool:
        """Step over an operator, if it is the current token."""
        if self.token.kind == "op" and self.token.text == text:
            self.next()
            return True
        return False

    def expect(self, text: str) -> None:
        if not self.takes(text):
            raise self.error()

    def is_word(self, word: str) -> bool:
        return self.token.kind == "name" and self.token.text.upper() == word

    def takes_word(self, word: str) -> bool:
        if self.is_word(word):
            self.next()
            return True
        return False

    def error(self) -> ExpressionError:
        """The syntax error at the current token, with the text from the token before it to the one after."""
        first = self.tokens[self.at - 1] if self.at else self.token
        last = self.tokens[min(self.at + 1, len(self.tokens) - 1)]
        near = self.source[first.start : last.end].strip()
        return ExpressionError(f'Syntax error; token: "{self.token.text}", near: "{near}"')

"""PartiQL statements into tokens."""

from __future__ import annotations

import re
from typing import NamedTuple

from awsim.errors import AWSError
from awsim.services.dynamodb.refusals import invalid

# Alternatives in order. Comments run from -- to the end of the line, or between /* and */.
_TOKEN = re.compile(
    r"(?:\s|--[^\n]*|/\*.*?\*/)*(?:"
    r"(?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<name>[A-Za-z_$][A-Za-z0-9_$]*)"
    r'|(?P<quoted>"(?:[^"]|"")*")'
    r"|(?P<string>'(?:[^']|'')*')"
    r"|(?P<op><<|>>|<>|<=|>=|!=|[=<>(){}\[\],.:?*+;-])"
    r"|(?P<end>\Z)|(?P<unknown>.))",
    re.DOTALL,
)
_INT32 = 2**31 - 1


class Token(NamedTuple):
    """`kind`: number, name, quoted, string, op or end. `text` is what it stands for, without quotes; `at` where it is,
    as messages have it: line, column and length."""

    kind: str
    text: str
    at: str

    @property
    def word(self) -> str:
        """A keyword or operator in capitals; "" for anything else."""
        return self.text.upper() if self.kind in ("name", "op") else ""


def malformed(detail: str) -> AWSError:
    """What DynamoDB says of a statement that it cannot read."""
    return invalid(f"Statement wasn't well formed, can't be processed: {detail}")


def tokens_of(source: str) -> list[Token]:
    """All tokens, the last of kind "end". ValidationException for text that makes none."""
    tokens = []
    position = 0
    while True:
        match = _TOKEN.match(source, position)
        if match is None or match.lastgroup in (None, "unknown"):
            raise malformed("")
        kind = match.lastgroup or ""
        start, text = match.start(kind), match[kind]
        line = source.count("\n", 0, start) + 1
        at = f"{line}:{start - source.rfind(chr(10), 0, start)}:{len(text)}"
        if kind in ("quoted", "string"):
            text = text[1:-1].replace(text[0] * 2, text[0])
        elif kind == "number":
            _check_number(text)
        tokens.append(Token(kind, text, at))
        if kind == "end":
            return tokens
        position = match.end()


def _check_number(text: str) -> None:
    """Exponent and scale are 32-bit integers to the parser."""
    mantissa, _, exponent = text.lower().partition("e")
    if not exponent:
        return
    if len(exponent) > 12 or abs(int(exponent)) > _INT32:
        raise malformed("")
    if abs(len(mantissa.partition(".")[2]) - int(exponent)) > _INT32:
        raise malformed("")

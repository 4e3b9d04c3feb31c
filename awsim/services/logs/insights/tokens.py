"""A query as tokens."""

from __future__ import annotations

import re
from typing import NamedTuple

from awsim.errors import AWSError

_COMMENT = re.compile(r"^[ \t]*#.*$", re.MULTILINE)
_TOKEN = re.compile(
    r"""\s*(?:
        (?P<period>\d+(?:ms|msec|s|sec|m|min|h|hr|d|w|mo|q|qtr|y|yr)\b)
      | (?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\.\d+)
      | (?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      | (?P<quoted>`[^`]+`)
      | (?P<name>[@A-Za-z_$][\w@$]*(?:\.[\w@$]+)*)
      | (?P<symbol>=~|!=|<=|>=|[|,()\[\]=<>+\-*%^/])
    )""",
    re.VERBOSE,
)
_REGEX = re.compile(r"\s*/((?:[^/\\\n]|\\.)+)/")
_ESCAPED = re.compile(r"\\(.)")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}
# After these, a slash begins a regular expression.
_BEFORE_REGEX = ("like", "=~", "parse")


class Token(NamedTuple):
    """`kind`: period, number, string, name (a word or a field), quoted (a field), symbol, regex, end."""

    kind: str
    text: str
    start: int
    end: int

    def says(self, *words: str) -> bool:
        """Whether it is one of these keywords or symbols, in any case."""
        return self.kind in ("name", "symbol") and self.text.lower() in words


def malformed(query: str, start: int, end: int, found: str) -> AWSError:
    """MalformedQueryException, with the place."""
    line = query.count("\n", 0, start) + 1
    position = start - (query.rfind("\n", 0, start) + 1)
    message = f"unexpected symbol found {found} at line {line} and position {position}"
    problem = {"location": {"startCharOffset": start, "endCharOffset": end}, "message": message}
    return AWSError("MalformedQueryException", message, fields={"queryCompileError": problem})


def tokens(query: str) -> list[Token]:
    """Raises MalformedQueryException."""
    # Comments become blanks: places stay what they are.
    text = _COMMENT.sub(lambda found: " " * len(found[0]), query)
    found: list[Token] = []
    position, end = 0, len(text.rstrip())
    command = ""
    while position < end:
        before = found[-1] if found else None
        slash = _REGEX.match(text, position)
        if slash is not None and (command == "parse" or (before is not None and before.says(*_BEFORE_REGEX))):
            found.append(Token("regex", slash[1], slash.start(1) - 1, slash.end()))
            position = slash.end()
            continue
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            start = position + len(text[position:]) - len(text[position:].lstrip())
            raise malformed(query, start, start + 1, text[start])
        kind = match.lastgroup
        token = Token(kind, _content(kind, match[kind]), match.start(kind), match.end(kind))
        if kind == "name" and (before is None or before.says("|")):
            command = token.text.lower()
        found.append(token)
        position = match.end()
    return found


def _content(kind: str, text: str) -> str:
    if kind == "string":
        return _ESCAPED.sub(lambda escape: _ESCAPES.get(escape[1], escape[1]), text[1:-1])
    return text[1:-1] if kind == "quoted" else text

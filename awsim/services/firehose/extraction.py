"""Keys out of records: the part of jq 1.6 that partition keys are written in.

    {customer: .customer_id, device: .type.device, year: .event_timestamp | strftime("%Y")}

Objects of paths, literals and the functions below; a query with more than that is refused as not modelled, by name.
Source: Firehose Developer Guide, "Create partitioning keys"; jq 1.6 Manual.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any

from awsim.service import not_modelled

Query = Callable[[Any], Any]

_TOKEN = re.compile(
    r"""\s*(?:(?P<string>"(?:[^"\\]|\\.)*")|(?P<number>-?\d+(?:\.\d+)?)|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"""
    r"""|(?P<mark>//|[{}()\[\]:,.|+]))"""
)
_WORDS = {"true": True, "false": False, "null": None}


class Unreadable(Exception):
    """A record that a query cannot be asked of."""


@cache
def compiled(query: str) -> Callable[[bytes], dict[str, str]]:
    """What finds the keys in a record (JSON). Raises `Unreadable` for a record in which they are not."""
    parser = _Parser(query)
    found = parser.object()
    parser.end()

    def keys(data: bytes) -> dict[str, str]:
        try:
            record = json.loads(data)
        except (ValueError, RecursionError):
            raise Unreadable("Non JSON record provided") from None
        return {name: _text(name, value) for name, value in found(record).items()}

    return keys


def _text(name: str, value: Any) -> str:
    if value is None or value == "" or isinstance(value, dict | list):
        raise Unreadable(f"Partition key {name} is null, empty or no scalar")
    return value if isinstance(value, str) else json.dumps(value)


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens: list[tuple[str, str]] = []
        position = 0
        while position < len(text.rstrip()):
            match = _TOKEN.match(text, position)
            if match is None:
                raise self._unknown()
            self._tokens.append((match.lastgroup or "", match[match.lastgroup or 0]))
            position = match.end()
        self._tokens.append(("end", ""))

    def _unknown(self) -> Exception:
        return not_modelled(f"firehose: the jq of the MetadataExtractionQuery {self._text}")

    def _take(self, *wanted: str) -> str:
        """The next token, if it is one of those (all marks) or of a kind."""
        kind, text = self._tokens[0]
        if (text if kind == "mark" else kind) not in wanted:
            raise self._unknown()
        del self._tokens[0]
        return text

    def _literal(self, *kinds: str) -> Any:
        """The next token, a string or a number, as what it stands for."""
        try:
            return json.loads(self._take(*(kinds or ("string", "number"))))
        except ValueError:
            raise self._unknown() from None

    def _next_is(self, *marks: str) -> bool:
        kind, text = self._tokens[0]
        return kind == "mark" and text in marks

    def end(self) -> None:
        if self._tokens[0][0] != "end":
            raise self._unknown()

    def object(self) -> Query:
        self._take("{")
        members: dict[str, Query] = {}
        while not self._next_is("}"):
            name = self._name()
            if self._next_is(":"):
                self._take(":")
                members[name] = self._piped()
            else:
                members[name] = _member(_itself, name)
            if not self._next_is("}"):
                self._take(",")
        self._take("}")
        return lambda value: {name: query(value) for name, query in members.items()}

    def _piped(self) -> Query:
        query = self._term()
        while self._next_is("|"):
            self._take("|")
            query = _after(query, self._term())
        return query

    def _whole(self) -> Query:
        """What may stand in parentheses: also alternatives and sums."""
        query = self._piped()
        while self._next_is("//", "+"):
            mark, other = self._take("//", "+"), self._piped()
            query = _either(query, other) if mark == "//" else _sum(query, other)
        return query

    def _term(self) -> Query:
        kind, text = self._tokens[0]
        if kind in ("string", "number"):
            literal = self._literal()
            return lambda _: literal
        if kind == "name":
            self._take("name")
            return self._function(text)
        if self._next_is("{"):
            return self.object()
        if self._next_is("("):
            self._take("(")
            query = self._whole()
            self._take(")")
        else:
            query = self._path()
        while self._next_is(".", "["):
            query = self._step(query)
        return query

    def _path(self) -> Query:
        self._take(".")
        if self._tokens[0][0] not in ("name", "string"):
            return _itself
        return _member(_itself, self._name())

    def _name(self) -> str:
        if self._tokens[0][0] == "name":
            return self._take("name")
        return str(self._literal("string"))

    def _step(self, query: Query) -> Query:
        if self._take(".", "[") == ".":
            return _member(query, self._name())
        key = self._literal()
        self._take("]")
        return _member(query, key)

    def _function(self, name: str) -> Query:
        if name in _WORDS:
            return lambda _: _WORDS[name]
        if name == "strftime":
            self._take("(")
            pattern = self._literal("string")
            self._take(")")
            return lambda value: _moment(value).strftime(pattern)
        if name not in _FUNCTIONS or self._next_is("("):
            raise self._unknown()
        return _FUNCTIONS[name]


def _itself(value: Any) -> Any:
    return value


def _after(first: Query, then: Query) -> Query:
    return lambda value: then(first(value))


def _either(first: Query, other: Query) -> Query:
    def query(value: Any) -> Any:
        found = first(value)
        return other(value) if found is None or found is False else found

    return query


def _sum(first: Query, other: Query) -> Query:
    def query(value: Any) -> Any:
        one, two = first(value), other(value)
        if one is None or two is None:
            return two if one is None else one
        if isinstance(one, str) != isinstance(two, str):
            raise Unreadable(f"{json.dumps(one)} and {json.dumps(two)} cannot be added")
        return one + two

    return query


def _member(query: Query, key: str | int) -> Query:
    def member(value: Any) -> Any:
        found = query(value)
        if found is None:
            return None
        if isinstance(found, dict) and isinstance(key, str):
            return found.get(key)
        if isinstance(found, list) and isinstance(key, int):
            return found[key] if -len(found) <= key < len(found) else None
        raise Unreadable(f"Cannot index {type(found).__name__} with {json.dumps(key)}")

    return member


def _moment(value: Any) -> datetime:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unreadable("strftime/1 requires parsed datetime inputs")
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        raise Unreadable(f"{json.dumps(value)} is no time") from None


def _words(change: Callable[[str], str]) -> Query:
    def query(value: Any) -> Any:
        if not isinstance(value, str):
            raise Unreadable(f"{json.dumps(value)} is no string")
        return change(value)

    return query


def _number(value: Any) -> Any:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    try:
        return json.loads(value)
    except (TypeError, ValueError, RecursionError):
        raise Unreadable(f"{json.dumps(value)} cannot be parsed as a number") from None


_FUNCTIONS: dict[str, Query] = {
    "ascii_downcase": _words(lambda text: "".join(each.lower() if each.isascii() else each for each in text)),
    "ascii_upcase": _words(lambda text: "".join(each.upper() if each.isascii() else each for each in text)),
    "floor": lambda value: int(_number(value) // 1),
    "todate": lambda value: _moment(value).strftime("%Y-%m-%dT%H:%M:%SZ"),
    "tonumber": _number,
    "tostring": lambda value: value if isinstance(value, str) else json.dumps(value, separators=(",", ":")),
}

"""JSON that remembers where it stands: what findings about a policy point at."""

from __future__ import annotations

import re
from json.decoder import JSONDecodeError, scanstring  # type: ignore[attr-defined]
from typing import Any, NamedTuple

_SPACE = re.compile(r"[ \t\r\n]*")
_ATOM = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null")
_ATOMS = {"true": True, "false": False, "null": None}
_DEEPEST = 64


class Unreadable(Exception):
    """Text that is no JSON, from `at` on."""

    def __init__(self, at: int) -> None:
        super().__init__(at)
        self.at = at


class Node(NamedTuple):
    """A value and its place in the text. `value` of an object is a list of members, of an array a list of nodes."""

    value: Any
    kind: str  # object, array, string, number, boolean, null
    start: int
    end: int

    def get(self, name: str) -> Node | None:
        """The first member of that name."""
        return next((member.node for member in self.members if member.name == name), None)

    @property
    def members(self) -> list[Member]:
        return self.value if self.kind == "object" else []

    @property
    def items(self) -> list[Node]:
        """The elements of an array, or the value itself: policies write one without the brackets."""
        return self.value if self.kind == "array" else [self]


class Member(NamedTuple):
    """A name in an object, and its value."""

    name: str
    start: int
    end: int
    node: Node


def read(text: str) -> Node:
    """The whole text. Raises Unreadable."""
    node = _value(text, _skip(text, 0), 0)
    end = _skip(text, node.end)
    if end != len(text):
        raise Unreadable(end)
    return node


def position(text: str, offset: int) -> dict[str, int]:
    """A place as the API shows it: lines count from 1, columns and offsets from 0."""
    before = text[:offset]
    return {"line": before.count("\n") + 1, "column": offset - (before.rfind("\n") + 1), "offset": offset}


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    assert found is not None
    return found.end()


def _value(text: str, at: int, depth: int) -> Node:
    if depth > _DEEPEST:
        raise Unreadable(at)
    first = text[at : at + 1]
    if first == '"':
        value, end = _string(text, at)
        return Node(value, "string", at, end)
    if first == "{":
        return _object(text, at, depth)
    if first == "[":
        return _array(text, at, depth)
    found = _ATOM.match(text, at)
    if found is None:
        raise Unreadable(at)
    word = found[0]
    if word in _ATOMS:
        return Node(_ATOMS[word], "null" if word == "null" else "boolean", at, found.end())
    return Node(word, "number", at, found.end())


def _string(text: str, at: int) -> tuple[str, int]:
    try:
        value, end = scanstring(text, at + 1, True)
    except JSONDecodeError as error:
        raise Unreadable(error.pos) from None
    return value, end


def _object(text: str, start: int, depth: int) -> Node:
    members: list[Member] = []
    at = _skip(text, start + 1)
    while text[at : at + 1] != "}":
        if text[at : at + 1] != '"':
            raise Unreadable(at)
        name, end = _string(text, at)
        colon = _skip(text, end)
        if text[colon : colon + 1] != ":":
            raise Unreadable(colon)
        node = _value(text, _skip(text, colon + 1), depth + 1)
        members.append(Member(name, at, end, node))
        at = _next(text, node.end, "}")
    return Node(members, "object", start, at + 1)


def _array(text: str, start: int, depth: int) -> Node:
    items: list[Node] = []
    at = _skip(text, start + 1)
    while text[at : at + 1] != "]":
        node = _value(text, at, depth + 1)
        items.append(node)
        at = _next(text, node.end, "]")
    return Node(items, "array", start, at + 1)


def _next(text: str, at: int, close: str) -> int:
    """Where the next element begins, or the bracket that ends them all."""
    at = _skip(text, at)
    if text[at : at + 1] == close:
        return at
    if text[at : at + 1] != ",":
        raise Unreadable(at)
    following = _skip(text, at + 1)
    if text[following : following + 1] == close:
        raise Unreadable(following)
    return following

"""Maps of attribute values out of JSON: what they are, in memory, and their size, found in the one pass in which their
types are checked.

Only what is well-formed, common and surely within all limits is taken so; of anything else nothing is known ahead, and
the wire's own reader and `values.load` look at it in their time and say in AWS's words what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from sys import intern
from typing import TYPE_CHECKING, Any

from awsim.errors import AWSError
from awsim.services.dynamodb import numbers, values

if TYPE_CHECKING:
    from awsim.limits.table import ServiceLimits
    from awsim.services.dynamodb.values import Wire

_SURELY_SHORT = 255
_OTHER = (ValueError, TypeError, KeyError, AttributeError, RecursionError)


class Attributes(dict[str, "Wire"]):
    """A map as the wire has it that was well-formed. `loaded`: in memory; `size`: bytes that AWS counts for names and
    values; `depth`: how deep its values lie, 1 where none of them is a document."""

    __slots__ = ("depth", "loaded", "size")

    depth: int
    loaded: dict[str, Any]
    size: int


def reader(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Reads a map of attribute values; `read` is how the wire does."""

    def take(value: Any) -> Any:
        try:
            loaded, size, depth = _map(value)
        except _OTHER:
            return read(value)
        attributes = Attributes(value)
        attributes.loaded, attributes.size, attributes.depth = loaded, size, depth
        return attributes

    return take


def load(wire: Mapping[str, Wire], limits: ServiceLimits) -> dict[str, Any]:
    """A map of attribute values in memory; ValidationException for what is wrong with one."""
    if wire.__class__ is Attributes and _fits(wire, limits):
        return wire.loaded
    return {name: values.load(value, limits) for name, value in wire.items()}


def measured(wire: Mapping[str, Wire], limits: ServiceLimits) -> tuple[dict[str, Any], int] | None:
    """As `load`, with the size; None where only a closer look can tell."""
    return (wire.loaded, wire.size) if wire.__class__ is Attributes and _fits(wire, limits) else None


def _fits(wire: Attributes, limits: ServiceLimits) -> bool:
    if wire.depth > 1:
        try:
            limits.check("nesting-depth", wire.depth)
        except AWSError:
            return False  # whoever finds it value by value has the words for it
    return True


# --- what is taken: each gives the value, its size and how deep it is, or raises one of _OTHER


def _map(raw: Any) -> tuple[dict[str, Any], int, int]:
    """`raw` is no value but the map itself, as an item is one: it adds nothing for itself."""
    loaded = {}
    size, deepest = 0, 1
    for name, value in raw.items():
        (kind,) = value
        part = value[kind]
        if kind == "S":
            size += len(part) if part.isascii() else values.text_size(part)
        elif kind == "N":
            part, bytes_ = numbers.measured(part)
            size += bytes_
        else:
            part, bytes_, depth = _TAKERS[kind](part)
            size += bytes_
            if depth >= deepest:
                deepest = depth + 1
        size += len(name) if name.isascii() else values.text_size(name)
        if not 0 < len(name) <= _SURELY_SHORT:
            raise ValueError(name)
        # Interned: a million items share their attributes' names.
        loaded[intern(name)] = part
    return loaded, size, deepest


def _element(value: Any) -> tuple[Any, int, int]:
    (kind,) = value
    part = value[kind]
    if kind == "N":
        return *numbers.measured(part), 0
    return _TAKERS[kind](part)


def _document(raw: Any) -> tuple[dict[str, Any], int, int]:
    loaded, size, depth = _map(raw)
    return loaded, size + 3 + len(loaded), depth


def _list(raw: Any) -> tuple[list[Any], int, int]:
    if raw.__class__ is not list:
        raise TypeError(raw)
    loaded = []
    size, deepest = 3 + len(raw), 1
    for value in raw:
        part, bytes_, depth = _element(value)
        size += bytes_
        if depth >= deepest:
            deepest = depth + 1
        loaded.append(part)
    return loaded, size, deepest


def _text(raw: Any) -> tuple[str, int, int]:
    return raw, len(raw) if raw.isascii() else values.text_size(raw), 0


def _boolean(raw: Any) -> tuple[bool, int, int]:
    if raw.__class__ is not bool:
        raise TypeError(raw)
    return raw, 1, 0


def _null(raw: Any) -> tuple[None, int, int]:
    if raw is not True:
        raise TypeError(raw)
    return None, 1, 0


def _strings(raw: Any) -> tuple[values.StringSet, int, int]:
    if raw.__class__ is not list or not raw or len(set(raw)) != len(raw):
        raise ValueError(raw)
    return values.StringSet(raw), values.text_size("".join(raw)), 0


def _numbers(raw: Any) -> tuple[values.NumberSet, int, int]:
    if raw.__class__ is not list or not raw:
        raise ValueError(raw)
    pairs = [numbers.measured(text) for text in raw]
    members = [member for member, _ in pairs]
    if len(set(members)) != len(members):
        raise ValueError(raw)
    return values.NumberSet(members), sum([size for _, size in pairs]), 0


_TAKERS: dict[str, Callable[[Any], tuple[Any, int, int]]] = {
    "S": _text,
    "BOOL": _boolean,
    "NULL": _null,
    "SS": _strings,
    "NS": _numbers,
    "L": _list,
    "M": _document,
}

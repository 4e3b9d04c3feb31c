"""Attribute values: from the wire's `{"S": "a"}` to compact Python values and back; sizes, equality, order.

In memory S is a `str`, N an `int` or `Decimal` (see `numbers`), B `bytes`, BOOL a `bool`, NULL `None`, L a `list`, M a
`dict`, and the sets are the tuples below. None of them is ever mutated: an update builds a new value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from awsim.errors import AWSError
from awsim.services.dynamodb import numbers
from awsim.services.dynamodb.refusals import invalid, invalid_parameter

if TYPE_CHECKING:
    from awsim.limits.table import ServiceLimits

Wire = dict[str, Any]


class StringSet(tuple[str, ...]):
    __slots__ = ()


class NumberSet(tuple[numbers.Number, ...]):
    __slots__ = ()


class BinarySet(tuple[bytes, ...]):
    __slots__ = ()


class _Absent:
    """What a path leads to where the item has nothing (None is the NULL value)."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "<absent>"


ABSENT = _Absent()
SETS = (StringSet, NumberSet, BinarySet)
TYPE_OF: dict[type, str] = {
    str: "S",
    int: "N",
    Decimal: "N",
    bytes: "B",
    bool: "BOOL",
    type(None): "NULL",
    StringSet: "SS",
    NumberSet: "NS",
    BinarySet: "BS",
    list: "L",
    dict: "M",
}
_SURELY_SHORT = 255
_EMPTY = "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"
_SEVERAL = (
    "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes"
)


def type_of(value: Any) -> str:
    """ "S", "N", … of a value in memory."""
    return TYPE_OF[type(value)]


# --- reading ----------------------------------------------------------------------------------------------------------


def load(value: Wire, limits: ServiceLimits, depth: int = 1) -> Any:
    """The value in memory; ValidationException if it is empty, ambiguous, out of bounds or too deep."""
    try:
        ((kind, raw),) = value.items()
    except ValueError:
        raise _not_one(value, limits) from None
    if kind == "S":
        return raw
    try:
        loader = _LOADERS[kind]
    except KeyError:
        raise invalid(_EMPTY) from None
    return loader(raw, limits, depth)


def _not_one(value: Wire, limits: ServiceLimits) -> AWSError:
    # AWS finds a wrong value among several types before it minds that there are several.
    for kind, raw in value.items():
        load({kind: raw}, limits)
    return invalid(_SEVERAL if value else _EMPTY)


def _number(raw: str, limits: ServiceLimits, _depth: int) -> Any:
    return numbers.parse(raw, limits)


def _binary(raw: Any, _limits: ServiceLimits, _depth: int) -> bytes:
    if type(raw) is bytes:
        return raw
    return raw.encode() if isinstance(raw, str) else bytes(raw)


def _boolean(raw: bool, _limits: ServiceLimits, _depth: int) -> bool:
    return bool(raw)


def _null(raw: bool, _limits: ServiceLimits, _depth: int) -> None:
    if not raw:
        raise invalid_parameter("Null attribute value types must have the value of true")


def _string_set(raw: list[str], _limits: ServiceLimits, _depth: int) -> StringSet:
    if not raw:
        raise invalid_parameter("An string set  may not be empty")
    if len(set(raw)) != len(raw):
        raise invalid_parameter(f"Input collection [{', '.join(raw)}] contains duplicates.")
    return StringSet(raw)


def _number_set(raw: list[str], limits: ServiceLimits, _depth: int) -> NumberSet:
    if not raw:
        raise invalid_parameter("An number set  may not be empty")
    parsed = [numbers.parse(text, limits) for text in raw]
    if len(set(parsed)) != len(parsed):
        raise invalid("Input collection contains duplicates")
    return NumberSet(parsed)


def _binary_set(raw: list[Any], limits: ServiceLimits, depth: int) -> BinarySet:
    if not raw:
        raise invalid_parameter("Binary sets should not be empty")
    members = [_binary(member, limits, depth) for member in raw]
    if len(set(members)) != len(members):
        shown = ", ".join(_base64(member) for member in members)
        raise invalid_parameter(f"Input collection [{shown}]of type BS contains duplicates.")
    return BinarySet(members)


def _list(raw: list[Wire], limits: ServiceLimits, depth: int) -> list[Any]:
    depth += 1
    limits.check("nesting-depth", depth)
    return [load(member, limits, depth) for member in raw]


def _map(raw: dict[str, Wire], limits: ServiceLimits, depth: int) -> dict[str, Any]:
    depth += 1
    limits.check("nesting-depth", depth)
    for name in raw:
        if len(name) > _SURELY_SHORT:
            limits.check("attribute-name-length", text_size(name))
    return {name: load(member, limits, depth) for name, member in raw.items()}


_LOADERS: dict[str, Callable[[Any, Any, int], Any]] = {
    "N": _number,
    "B": _binary,
    "BOOL": _boolean,
    "NULL": _null,
    "SS": _string_set,
    "NS": _number_set,
    "BS": _binary_set,
    "L": _list,
    "M": _map,
    "S": lambda raw, _limits, _depth: raw,
}


# --- writing ----------------------------------------------------------------------------------------------------------


def dump(value: Any) -> Wire:
    """The wire's form of a value in memory."""
    kind = type(value)
    if kind is str:
        return {"S": value}
    if kind is int:
        return {"N": str(value)}
    return _DUMPERS[kind](value)


def dump_item(attributes: Mapping[str, Any]) -> dict[str, Wire]:
    """An item's attributes as the wire has them."""
    result: dict[str, Wire] = {}
    for name, value in attributes.items():
        kind = type(value)
        if kind is str:
            result[name] = {"S": value}
        elif kind is int:
            result[name] = {"N": str(value)}
        elif kind is Decimal:
            text = str(value)
            result[name] = {"N": format(value, "f") if "E" in text else text}
        elif kind is dict:
            result[name] = {"M": dump_item(value)}
        else:
            result[name] = _DUMPERS[kind](value)
    return result


_DUMPERS: dict[type, Callable[[Any], Wire]] = {
    str: lambda value: {"S": value},
    int: lambda value: {"N": str(value)},
    Decimal: lambda value: {"N": numbers.text_of(value)},
    bytes: lambda value: {"B": value},
    bool: lambda value: {"BOOL": value},
    type(None): lambda value: {"NULL": True},
    StringSet: lambda value: {"SS": list(value)},
    NumberSet: lambda value: {"NS": [numbers.text_of(member) for member in value]},
    BinarySet: lambda value: {"BS": list(value)},
    list: lambda value: {"L": [dump(member) for member in value]},
    dict: lambda value: {"M": dump_item(value)},
}


# --- sizes ------------------------------------------------------------------------------------------------------------


def text_size(text: str) -> int:
    """Bytes of UTF-8."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def size_of(value: Any) -> int:
    """Bytes that AWS counts for a value (Developer Guide, "DynamoDB item sizes and formats")."""
    return _SIZES[type(value)](value)


def item_size(attributes: Mapping[str, Any]) -> int:
    """Bytes that AWS counts for an item: names and values."""
    size = 0
    for name, value in attributes.items():
        size += len(name) if name.isascii() else text_size(name)
        if type(value) is str:
            size += len(value) if value.isascii() else text_size(value)
        else:
            size += _SIZES[type(value)](value)
    return size


_SIZES: dict[type, Callable[[Any], int]] = {
    str: text_size,
    int: numbers.size_of,
    Decimal: numbers.size_of,
    bytes: len,
    bool: lambda value: 1,
    type(None): lambda value: 1,
    StringSet: lambda value: sum(map(text_size, value)),
    NumberSet: lambda value: sum(map(numbers.size_of, value)),
    BinarySet: lambda value: sum(map(len, value)),
    # Three bytes for the document, one for each member.
    list: lambda value: 3 + len(value) + sum(map(size_of, value)),
    dict: lambda value: 3 + len(value) + item_size(value),
}


def depth_of(value: Any) -> int:
    """How many documents are nested in a value, itself included; 0 for a scalar or set."""
    if type(value) is list:
        return 1 + max(map(depth_of, value), default=0)
    if type(value) is dict:
        return 1 + max(map(depth_of, value.values()), default=0)
    return 0


# --- comparing --------------------------------------------------------------------------------------------------------

_NUMERIC = (int, Decimal)


def equal(left: Any, right: Any) -> bool:
    """Same type and same value; sets without order, documents member by member."""
    kind, other = type(left), type(right)
    if kind is not other:
        return kind in _NUMERIC and other in _NUMERIC and left == right
    if kind is list:
        return len(left) == len(right) and all(map(equal, left, right))
    if kind is dict:
        return left.keys() == right.keys() and all(equal(member, right[name]) for name, member in left.items())
    if kind in SETS:
        return len(left) == len(right) and set(left) == set(right)
    return left == right


def comparable(left: Any, right: Any) -> bool:
    """Whether < and its like are defined: both strings, both numbers or both binaries."""
    kind, other = type(left), type(right)
    if kind is other:
        return kind is str or kind is int or kind is bytes or kind is Decimal
    return kind in _NUMERIC and other in _NUMERIC


def contains(container: Any, member: Any) -> bool:
    """A string or binary that has a part, a set or list that has a member."""
    kind = type(container)
    if kind is str or kind is bytes:
        return type(member) is kind and member in container
    if kind is list or kind in SETS:
        return any(equal(candidate, member) for candidate in container)
    return False


def begins_with(value: Any, prefix: Any) -> bool:
    kind = type(value)
    return (kind is str or kind is bytes) and type(prefix) is kind and value.startswith(prefix)


def count_of(value: Any) -> int | None:
    """What the function size() gives: bytes or members; None where it is not defined."""
    kind = type(value)
    if kind is str:
        return text_size(value)
    if kind is bytes or kind is list or kind is dict or kind in SETS:
        return len(value)
    return None


def shown(value: Any) -> str:
    """A value as AWS writes it into messages: `{S:abc}`."""
    return "{" + type_of(value) + ":" + _plain(value) + "}"


def _plain(value: Any) -> str:
    kind = type(value)
    if kind is int or kind is Decimal:
        return numbers.text_of(value)
    if kind is bytes:
        return _base64(value)
    if kind is bool:
        return "true" if value else "false"
    if value is None:
        return "true"
    if kind is list:
        return "[" + ",".join(shown(member) for member in value) + "]"
    if kind is dict:
        return "{" + ", ".join(f"{name}={shown(member)}" for name, member in value.items()) + "}"
    if kind in SETS:
        return "[" + ", ".join(_plain(member) for member in value) + "]"
    return str(value)


def _base64(value: bytes) -> str:
    from base64 import b64encode

    return b64encode(value).decode()

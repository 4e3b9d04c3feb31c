"""Key schemas: which attributes identify items and order them, and the places they give items in a tree.

A place is what a `Tree` sorts by. It begins with the partition: eight hex digits of a hash, then the partition key
itself, so that partitions lie scattered as in DynamoDB and a scan's segments are ranges. Sort keys follow. For a table
with a partition key alone the place is that string; else it is a tuple. Entries of an index end with the place of the
item in its table, which makes them distinct.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from zlib import crc32

from awsim.services.dynamodb import intake, numbers, values
from awsim.services.dynamodb.refusals import invalid, invalid_parameter
from awsim.services.dynamodb.values import ABSENT, TYPE_OF

if TYPE_CHECKING:
    from awsim.limits.table import ServiceLimits

Place = Any
"""A str or a tuple that begins with one."""

HASHES = 1 << 32
NOT_THE_KEY = "The provided key element does not match the schema"
_KIND_NAMES = {"S": "string", "B": "binary"}
_KINDS = {"S": (str,), "B": (bytes,), "N": (int, Decimal)}


class _Top:
    """Greater than everything: ends ranges of tuples."""

    __slots__ = ()

    def __lt__(self, other: object) -> bool:
        return False

    def __gt__(self, other: object) -> bool:
        return True


TOP = _Top()


@dataclass(frozen=True, slots=True)
class KeyAttribute:
    """An attribute of a key: `type` is S, N or B; `hashed` whether it belongs to the partition key."""

    name: str
    type: str
    hashed: bool


class KeySchema:
    """The key of a table or of an index: `hash` and `sort` attributes (a table has one and at most one)."""

    __slots__ = ("_pair", "_parts", "attributes", "hash", "names", "sort")

    def __init__(self, attributes: Sequence[KeyAttribute]) -> None:
        self.attributes = tuple(attributes)
        self.hash = tuple(attribute for attribute in attributes if attribute.hashed)
        self.sort = tuple(attribute for attribute in attributes if not attribute.hashed)
        self.names = tuple(attribute.name for attribute in attributes)
        # Name, types in memory and, of strings and binaries, the row that bounds it.
        self._parts = tuple(
            (
                attribute.name,
                _KINDS[attribute.type],
                None if attribute.type == "N" else "partition-key-size" if attribute.hashed else "sort-key-size",
            )
            for attribute in attributes
        )
        # The two names of a key as most tables have it.
        self._pair = self.names if len(self.hash) == len(self.sort) == 1 and attributes[0].hashed else None

    def describe(self) -> list[dict[str, str]]:
        """As the API has it."""
        return [
            {"AttributeName": attribute.name, "KeyType": "HASH" if attribute.hashed else "RANGE"}
            for attribute in self.attributes
        ]

    def key_of(self, attributes: Mapping[str, Any]) -> dict[str, Any]:
        """The key attributes of an item."""
        return {name: attributes[name] for name in self.names}

    def partition(self, attributes: Mapping[str, Any]) -> str:
        """Where the partition of an item begins."""
        return partition([attributes[attribute.name] for attribute in self.hash])

    def place(self, attributes: Mapping[str, Any]) -> Place:
        """The place of an item that has the whole key."""
        if self._pair is not None:
            first, second = self._pair
            return (partition_of(attributes[first]), attributes[second])
        start = self.partition(attributes)
        if not self.sort:
            return start
        return (start, *(attributes[attribute.name] for attribute in self.sort))

    def entry(self, attributes: Mapping[str, Any], base: Place) -> Place | None:
        """The place in this index of the item at `base` in its table; None where the item lacks a key attribute."""
        for attribute in self.attributes:
            value = attributes.get(attribute.name, ABSENT)
            if value is ABSENT or TYPE_OF[type(value)] != attribute.type or (not value and attribute.type != "N"):
                return None
        place = self.place(attributes)
        return (place, base) if type(place) is str else (*place, base)

    def read_key(self, key: Mapping[str, Any], limits: ServiceLimits) -> dict[str, Any]:
        """A request's Key in memory; ValidationException where it is not the key of this schema."""
        loaded = intake.load(key, limits)
        self.check_key(loaded, limits)
        return loaded

    def surely(self, attributes: Mapping[str, Any], limits: ServiceLimits) -> bool:
        """Whether attributes have the whole key, well within its limits; if not, it takes a closer look."""
        for name, kinds, row in self._parts:
            value = attributes.get(name)
            if value.__class__ not in kinds:
                return False
            if row is not None:
                most = limits[row]
                if not value or (most is not None and len(value) * 4 > most):  # type: ignore[arg-type]
                    return False
        return True

    def check_key(self, key: Mapping[str, Any], limits: ServiceLimits) -> None:
        """Raise where a key has other attributes or types than this schema, or a part is empty or too large."""
        if len(key) != len(self.attributes):
            raise invalid(NOT_THE_KEY)
        if self.surely(key, limits):
            return
        for attribute in self.attributes:
            value = key.get(attribute.name, ABSENT)
            if value is ABSENT or TYPE_OF[type(value)] != attribute.type:
                raise invalid(NOT_THE_KEY)
            if attribute.type != "N":
                check_key_value(attribute, value, limits)

    def check_item(self, item: Mapping[str, Any], limits: ServiceLimits) -> None:
        """Raise where an item to be written lacks the key or has it wrong."""
        if self.surely(item, limits):
            return
        for attribute in self.attributes:
            value = item.get(attribute.name, ABSENT)
            if value is ABSENT:
                raise invalid_parameter(f"Missing the key {attribute.name} in the item")
            actual = TYPE_OF[type(value)]
            if actual != attribute.type:
                raise invalid_parameter(
                    f"Type mismatch for key {attribute.name} expected: {attribute.type} actual: {actual}"
                )
            if actual != "N":
                check_key_value(attribute, value, limits)


def check_key_value(attribute: KeyAttribute, value: str | bytes, limits: ServiceLimits) -> None:
    """Raise where a string or binary of a key is empty or too large."""
    if not value:
        raise invalid(
            "One or more parameter values are not valid. The AttributeValue for a key attribute "
            f"cannot contain an empty {_KIND_NAMES[attribute.type]} value. Key: {attribute.name}"
        )
    row = "partition-key-size" if attribute.hashed else "sort-key-size"
    most = limits[row]
    if most is not None and len(value) * 4 > most:
        limits.check(row, values.text_size(value) if type(value) is str else len(value), key=attribute.name)


def check_index_key_value(attribute: KeyAttribute, value: str | bytes, index: str, limits: ServiceLimits) -> None:
    """Raise where a string or binary of an index's key is empty or too large."""
    if not value:
        raise invalid(
            "One or more parameter values are not valid. A value specified for a secondary index key is not "
            f"supported. The AttributeValue for a key attribute cannot contain an empty "
            f"{_KIND_NAMES[attribute.type]} value. IndexName: {index}, IndexKey: {attribute.name}"
        )
    check_key_value(attribute, value, limits)


def partition(key: Sequence[Any]) -> str:
    """Where a partition begins: a hash and the key itself."""
    if len(key) == 1:
        return partition_of(key[0])
    # Lengths keep ("ab", "c") and ("a", "bc") apart.
    return partition_of("".join(f"{len(part)}:{part}" for part in map(_text, key)))


def partition_of(value: Any) -> str:
    """As `partition`, of a key of one attribute."""
    text = value if type(value) is str else _text(value)
    # Multiplied, as neighbours in CRC are neighbours in the result too.
    raw = text.encode() if text.isascii() else text.encode("utf-8", "surrogatepass")
    return f"{crc32(raw) * 2654435761 & 0xFFFFFFFF:08x}{text}"


def _text(value: Any) -> str:
    if type(value) is bytes:
        return value.decode("latin-1")
    if type(value) is int or type(value) is Decimal:
        return numbers.text_of(value)
    return str(value)


def segment_bounds(segment: int, total: int) -> tuple[str, str | None]:
    """From which place on, and up to which, a segment of a parallel scan reads; None: to the end."""
    low = -(-HASHES * segment // total)
    high = -(-HASHES * (segment + 1) // total)
    return f"{low:08x}", None if high >= HASHES else f"{high:08x}"

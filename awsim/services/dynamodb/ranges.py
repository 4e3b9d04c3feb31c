"""Key conditions and start keys into stretches of a tree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from awsim.services.dynamodb import intake, values
from awsim.services.dynamodb.expressions import KeyCondition
from awsim.services.dynamodb.refusals import invalid, invalid_parameter
from awsim.services.dynamodb.schema import NOT_THE_KEY, TOP, KeyAttribute, KeySchema, Place, check_key_value, partition
from awsim.services.dynamodb.values import ABSENT, TYPE_OF

if TYPE_CHECKING:
    from awsim.limits.table import ServiceLimits
    from awsim.services.dynamodb.index import Index
    from awsim.services.dynamodb.table import Table

_BAD_START = "The provided starting key is invalid"
_RANGES = ("EQ", "LT", "LE", "GT", "GE", "BETWEEN", "BEGINS_WITH")


class _After:
    """Greater than every value that begins with a prefix and all before it, less than the rest."""

    __slots__ = ("_prefix",)

    def __init__(self, prefix: str | bytes) -> None:
        self._prefix = prefix

    def __gt__(self, other: Any) -> bool:
        return bool(other[: len(self._prefix)] <= self._prefix)

    def __lt__(self, other: Any) -> bool:
        return not self > other


class Stretch(NamedTuple):
    """Places from `low` to `high`, each with whether it belongs in."""

    low: Place | None
    high: Place | None
    inclusive: tuple[bool, bool] = (True, True)

    def after(self, place: Place, *, reverse: bool) -> Stretch:
        """What is left of it behind a place, in reading order."""
        if reverse:
            return Stretch(self.low, place, (self.inclusive[0], False))
        return Stretch(place, self.high, (False, self.inclusive[1]))


class KeyRange(NamedTuple):
    """What the key conditions of a query select."""

    stretch: Stretch
    partition: str
    equals: Mapping[str, Any]
    last: tuple[KeyAttribute, KeyCondition] | None


def key_range(keys: KeySchema, conditions: Mapping[str, KeyCondition], limits: ServiceLimits) -> KeyRange:
    """The stretch that conditions on the key select. ValidationException where they are not such."""
    if not conditions or (len(keys.attributes) <= 2 and len(conditions) > 2):
        raise invalid("Conditions can be of length 1 or 2 only")
    if len(keys.attributes) == 1 and len(conditions) > 1:
        raise invalid("Query key condition not supported")
    if len(keys.hash) > 1 or len(keys.sort) > 1:
        _check_composite(keys, conditions)
    known = [attribute for attribute in keys.attributes if attribute.name in conditions]
    for attribute in keys.hash:
        if attribute.name not in conditions:
            raise invalid(f"Query condition missed key schema element: {attribute.name}")
    if len(known) < len(conditions):
        missed = next(attribute.name for attribute in keys.sort if attribute.name not in conditions)
        raise invalid(f"Query condition missed key schema element: {missed}")
    for attribute in known:
        _check_condition(attribute, conditions[attribute.name], limits)
    equals = {attribute.name: conditions[attribute.name].values[0] for attribute in keys.hash}
    start = partition(list(equals.values()))
    prefix: tuple[Any, ...] = (start,)
    last = None
    for attribute in keys.sort:
        condition = conditions.get(attribute.name)
        if condition is None:
            break
        if condition.operator == "EQ":
            prefix = (*prefix, condition.values[0])
            equals[attribute.name] = condition.values[0]
        else:
            last = (attribute, condition)
    stretch = _stretch(prefix, last[1] if last is not None else None)
    return KeyRange(stretch, start, equals, last)


def _check_composite(keys: KeySchema, conditions: Mapping[str, KeyCondition]) -> None:
    """Raise where conditions on a key of several attributes leave one out that they need."""
    for attribute in keys.hash:
        condition = conditions.get(attribute.name)
        if condition is None or condition.operator != "EQ":
            raise invalid(
                "Query key condition not supported: all HASH key attributes of the index must be given with an "
                f"equality condition: {attribute.name}"
            )
    given = [attribute.name in conditions for attribute in keys.sort]
    exact = [attribute.name in conditions and conditions[attribute.name].operator == "EQ" for attribute in keys.sort]
    for number, attribute in enumerate(keys.sort):
        if any(given[number + 1 :]) and not exact[number]:
            raise invalid(
                "Query key condition not supported: RANGE key attributes of the index must be given in their order, "
                f"all but the last with an equality condition: {attribute.name}"
            )


def _check_condition(attribute: KeyAttribute, condition: KeyCondition, limits: ServiceLimits) -> None:
    if condition.operator not in _RANGES:
        raise invalid("Attempted conditional constraint is not an indexable operation")
    if any(TYPE_OF[type(value)] != attribute.type for value in condition.values):
        raise invalid_parameter("Condition parameter type does not match schema type")
    if condition.operator == "BEGINS_WITH" and attribute.type == "N":
        raise invalid_parameter("ComparisonOperator BEGINS_WITH is not valid for N AttributeValue type")
    if attribute.hashed and condition.operator != "EQ":
        raise invalid("Query key condition not supported")
    for value in condition.values:
        if attribute.type != "N" and (attribute.hashed or condition.operator != "BEGINS_WITH"):
            check_key_value(attribute, value, limits)


def _stretch(prefix: tuple[Any, ...], condition: KeyCondition | None) -> Stretch:
    low: tuple[Any, ...] = prefix
    high: tuple[Any, ...] = (*prefix, TOP)
    if condition is None:
        return Stretch(low, high)
    op, value = condition.operator, condition.values[0]
    if op == "LT":
        return Stretch(low, (*prefix, value), (True, False))
    if op == "LE":
        return Stretch(low, (*prefix, value, TOP))
    if op == "GT":
        return Stretch((*prefix, value, TOP), high)
    if op == "GE":
        return Stretch((*prefix, value), high)
    if op == "BETWEEN":
        return Stretch((*prefix, value), (*prefix, condition.values[1], TOP))
    return Stretch((*prefix, value), (*prefix, _After(value)))


def _within(condition: KeyCondition, value: Any) -> bool:
    op, bound = condition.operator, condition.values[0]
    if op == "BEGINS_WITH":
        return values.begins_with(value, bound)
    if op == "BETWEEN":
        return bool(bound <= value <= condition.values[1])
    return bool({"LT": value < bound, "LE": value <= bound, "GT": value > bound, "GE": value >= bound}[op])


# --- start keys -------------------------------------------------------------------------------------------------------


def start_place(
    table: Table, index: Index | None, start: Mapping[str, Any], limits: ServiceLimits, *, scan: bool
) -> tuple[Place, dict[str, Any]]:
    """The place that ExclusiveStartKey names, and the key in memory; the item need not be there any more."""
    try:
        loaded = intake.load(start, limits)
    except Exception as error:
        message = getattr(error, "message", "")
        if "atatype" in message or "may not be empty" in message or "should not be empty" in message:
            raise invalid(f"{_BAD_START}: {message}") from None
        raise
    names = index.start_key_names if index is not None else table.keys.names
    if len(loaded) != len(names):
        raise invalid(_BAD_START if index is not None or not scan else f"{_BAD_START}: {NOT_THE_KEY}")
    if index is not None:
        for attribute in index.keys.attributes:
            value = loaded.get(attribute.name, ABSENT)
            if value is ABSENT:
                raise invalid(_BAD_START)
            if TYPE_OF[type(value)] != attribute.type:
                raise invalid(NOT_THE_KEY)
    key = {name: loaded[name] for name in table.keys.names if name in loaded}
    try:
        table.keys.check_key(key, limits)
    except Exception as error:
        raise invalid(f"{_BAD_START}: {getattr(error, 'message', error)}") from None
    base = table.keys.place(key)
    return (base if index is None else index.keys.entry(loaded, base)), loaded


def check_start(keys: KeySchema, selected: KeyRange, start: Mapping[str, Any]) -> None:
    """Raise where a start key lies outside what the key conditions select."""
    hashed = all(values.equal(start[attribute.name], selected.equals[attribute.name]) for attribute in keys.hash)
    sorts = [attribute for attribute in keys.sort if attribute.name in selected.equals]
    if not sorts and selected.last is None:
        if not hashed:
            raise invalid("The provided starting key is outside query boundaries based on provided conditions")
        return
    matches = all(values.equal(start[attribute.name], selected.equals[attribute.name]) for attribute in sorts)
    if matches and selected.last is not None:
        attribute, condition = selected.last
        matches = _within(condition, start[attribute.name])
    if not matches:
        raise invalid("The provided starting key does not match the range key predicate")
    if not hashed:
        raise invalid("The query can return at most one row and cannot be restarted")

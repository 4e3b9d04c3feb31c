"""Event patterns and the events they match.

An event is looked at by its leaves: dotted field names and the values there, each with the array elements it lies in.
Fields that lie in the same array must match within one element of it. Source: aws/event-ruler, "array consistency".
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from itertools import count
from typing import Any

from awsim.eventing.compiling import Alternative, PatternError, compile_pattern
from awsim.eventing.json_tokens import unique

__all__ = ["Anchors", "Leaves", "Pattern", "PatternError", "compiled"]

Place = tuple[tuple[int, int], ...]  # (array, index) of each array element around a value


class Leaves:
    """The leaves of an event, of which most patterns look at few: a field is taken apart when it is first asked for."""

    __slots__ = ("_event", "_found", "_numbers")

    def __init__(self, event: Mapping[str, Any]) -> None:
        self._found: dict[str, list[tuple[Any, Place]]] = {}
        self._numbers = count()
        self._event = dict(event)  # the fields that nobody has asked for
        if "." in "".join(event):
            for name in event:
                if "." in name:  # which may be of the field before the dot, or of its own
                    self._open(name)

    def _add(self, value: Any, name: str, place: Place) -> None:
        if value.__class__ is dict:
            for key, inner in value.items():
                self._add(inner, f"{name}.{key}", place)
        elif value.__class__ is list:
            array = next(self._numbers)
            for index, inner in enumerate(value):
                nested = inner.__class__ is dict or inner.__class__ is list
                self._add(inner, name, (*place, (array, index)) if nested else place)
        else:
            self._found.setdefault(name, []).append((value, place))

    def _open(self, field: str) -> None:
        self._add(self._event.pop(field), field, ())

    def at(self, name: str) -> list[tuple[Any, Place]]:
        """The values of a field and where they lie; none where it is absent."""
        field = name.partition(".")[0]
        if field in self._event:
            self._open(field)
        return self._found.get(name, [])


class Pattern:
    """A compiled pattern. Frozen, so that equal ones are shared."""

    __slots__ = ("_alternatives", "anchors")

    def __init__(self, text: str) -> None:
        """Raises PatternError."""
        self._alternatives = compile_pattern(text)
        # One (field, exact values) per alternative without which it cannot match; None where some has no such field.
        anchors = [_anchor(alternative) for alternative in self._alternatives]
        self.anchors: tuple[tuple[str, frozenset[Any]], ...] | None = (
            tuple(anchor for anchor in anchors if anchor is not None) if all(anchors) else None
        )

    @property
    def combinations(self) -> int:
        """How many alternatives `$or` makes of it."""
        return len(self._alternatives)

    def matches(self, event: Leaves) -> bool:
        return any(_matches(alternative, event) for alternative in self._alternatives)


@lru_cache(4096)
def compiled(text: str) -> Pattern:
    """The pattern of a text; raises PatternError."""
    return Pattern(text)


_PREFERRED = ("source", "detail-type")


def _anchor(alternative: Alternative) -> tuple[str, frozenset[Any]] | None:
    def exact(name: str) -> bool:
        field = alternative.get(name)
        return field is not None and not field.tests and not field.absent

    name = next((name for name in (*_PREFERRED, *alternative) if exact(name)), None)
    return None if name is None else (name, alternative[name].exact)


def _matches(alternative: Alternative, event: Leaves) -> bool:
    within: list[list[Place]] = []
    for name, field in alternative.items():
        values = event.at(name)
        if not values and field.absent:
            continue
        places = [place for value, place in values if field.matches(value)]
        if not places:
            return False
        if () not in places:
            within.append(places)
    return len(within) < 2 or _consistent(within, 0, {})


def _consistent(fields: list[list[Place]], number: int, chosen: Mapping[int, int]) -> bool:
    """Whether one place of each field can be taken so that no array is in two elements at once."""
    if number == len(fields):
        return True
    return any(
        _consistent(fields, number + 1, {**chosen, **dict(place)})
        for place in fields[number]
        if all(chosen.get(array, index) == index for array, index in place)
    )


class Anchors:
    """Which of many patterns an event may match at all: an index over the exact values they require.

    Frozen; `keys` are the names of the patterns in the order in which they are to be tried.
    """

    __slots__ = ("_by_value", "_fields", "_order", "_rest", "_told_by_head")

    def __init__(self, patterns: Mapping[str, Pattern]) -> None:
        self._order = {name: number for number, name in enumerate(patterns)}
        self._by_value: dict[tuple[str, Any], list[str]] = {}
        self._rest: list[str] = []
        fields: dict[str, None] = {}
        for name, pattern in patterns.items():
            if pattern.anchors is None:
                self._rest.append(name)
                continue
            for field, values in pattern.anchors:
                fields[field] = None
                for value in values:
                    self._by_value.setdefault((field, value), []).append(name)
        self._fields = tuple(fields)
        self._told_by_head = not self._rest and fields.keys() <= set(_PREFERRED)

    def rule_out(self, source: str, detail_type: str) -> bool:
        """Whether no pattern matches an event of this source and type, whatever else it holds."""
        known = self._by_value
        return self._told_by_head and ("source", source) not in known and ("detail-type", detail_type) not in known

    def candidates(self, event: Mapping[str, Any]) -> list[str]:
        """The names of the patterns that may match."""
        found = [*self._rest]
        leaves: Leaves | None = None
        for field in self._fields:
            value = event.get(field)
            if value.__class__ is str:
                found += self._by_value.get((field, value), ())
                continue
            if leaves is None:
                leaves = Leaves(event)
            for value, _ in leaves.at(field):
                found += self._by_value.get((field, unique(value)), ())
        return sorted(set(found), key=self._order.__getitem__) if found else found

"""Long lists, checked member by member instead of element by element: whether all of it is as it should be.

The batch of 500 records that nothing is wrong with costs a few passes over columns. What is wrong, where, and in whose
words, is for the checks of `validate` to say, which go through the list then.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

from awsim.gateway.patterns import matcher
from awsim.wire.rows import Rows, column

if TYPE_CHECKING:
    from botocore.model import Shape

    from awsim.limits.table import Row, ServiceLimits

#: Lists shorter than this are not worth it.
LONG = 6

#: Whether a column of values, none of them None, is without fault.
Fits = Callable[[Sequence[Any], "ServiceLimits"], bool]


def fits(
    shape: Shape, path: str, kinds: frozenset[str], bounds: Mapping[str, Sequence[Row]], left_out: frozenset[str]
) -> Fits:
    """For lists of values of a shape, which rows know by `path`: whether all are without fault. Where that
    cannot be told here, they are not."""
    try:
        check = _Columns(kinds, bounds, left_out).column(shape, path, ()) or _always
    except _Recursive:
        return _never
    return lambda values, limits: (values.__class__ is Rows or None not in values) and check(values, limits)


class _Recursive(Exception):
    """A shape within itself."""


def _always(values: Sequence[Any], limits: ServiceLimits) -> bool:
    return True


def _never(values: Sequence[Any], limits: ServiceLimits) -> bool:
    return False


class _Columns:
    def __init__(self, kinds: frozenset[str], bounds: Mapping[str, Sequence[Row]], left_out: frozenset[str]) -> None:
        self._kinds = kinds
        self._bounds = bounds
        self._left_out = left_out

    def column(self, shape: Any, path: str, above: tuple[str, ...]) -> Fits | None:
        if shape.name in self._left_out:
            return None
        if shape.name in above:
            raise _Recursive
        above = (*above, shape.name)
        rows = self._bounds.get(path, ())
        kind = shape.type_name
        inner: Fits | None = None
        if kind == "structure":
            inner = self._structure(shape, path, above)
        elif kind == "list":
            inner = _flattened(self.column(shape.member, f"{path}[]", above), chain.from_iterable)
        elif kind == "map":
            keys = _flattened(self.column(shape.key, f"{path}{{key}}", above), chain.from_iterable)
            values = _flattened(self.column(shape.value, f"{path}{{}}", above), _values)
            inner = _all([keys, values])
        return _all([self._bounded(shape, bool(rows)), self._worded(shape), *map(_row, rows), inner])

    def _structure(self, shape: Any, path: str, above: tuple[str, ...]) -> Fits | None:
        required = frozenset(shape.required_members) if "required" in self._kinds else frozenset()
        members = []
        for name, member in shape.members.items():
            check = self.column(member, f"{path}.{name}", above)
            if check is not None or name in required:
                members.append((name, name in required, check))
        if not members:
            return None

        def check_structures(values: Sequence[Any], limits: ServiceLimits) -> bool:
            rows = values.__class__ is Rows
            if not rows and any(value.__class__ is not dict for value in values):
                return False
            for name, needed, check in members:
                items = column(values, name)
                if items is None or (not rows and None in items):
                    if needed:
                        return False
                    items = [item for item in items or () if item is not None]
                if items and check is not None and not check(items, limits):
                    return False
            return True

        return check_structures

    def _bounded(self, shape: Any, by_row: bool) -> Fits | None:
        metadata, kind = shape.metadata, shape.type_name
        least, most = metadata.get("min"), None if by_row else metadata.get("max")
        if kind in ("string", "blob", "list", "map") and "length" in self._kinds:
            measure: Callable[[Any], Any] | None = len
            least = least or None
        elif kind in ("integer", "long", "float", "double") and "range" in self._kinds:
            measure = None
        else:
            return None
        if least is None and most is None:
            return None

        def check(values: Sequence[Any], limits: ServiceLimits) -> bool:
            measured: Collection[Any] = values if measure is None else set(map(measure, values))
            return (least is None or min(measured) >= least) and (most is None or max(measured) <= most)

        return check

    def _worded(self, shape: Any) -> Fits | None:
        if shape.type_name != "string":
            return None
        metadata = shape.metadata
        allowed = frozenset(metadata["enum"]) if metadata.get("enum") and "enum" in self._kinds else None
        pattern = metadata.get("pattern") if "pattern" in self._kinds else None
        matches = matcher(pattern) if pattern else None
        if allowed is None and matches is None:
            return None

        def check(values: Sequence[Any], limits: ServiceLimits) -> bool:
            return (allowed is None or allowed.issuperset(values)) and (matches is None or all(map(matches, values)))

        return check


def _row(row: Row) -> Fits:
    name, in_bytes = row.name, row.unit == "bytes"

    def check(values: Sequence[Any], limits: ServiceLimits) -> bool:
        kind = values[0].__class__
        if set(map(type, values)) != {kind}:
            return False
        if kind is str and in_bytes and not "".join(values).isascii():
            measured: Collection[Any] = [len(value.encode()) for value in values]
        else:
            measured = values if kind is int or kind is float else set(map(len, values))
        return limits.fits(name, max(measured), min(measured))

    return check


def _flattened(check: Fits | None, flatten: Callable[[Sequence[Any]], Any]) -> Fits | None:
    if check is None:
        return None

    def check_flat(values: Sequence[Any], limits: ServiceLimits) -> bool:
        flat = list(flatten(values))
        return not flat or (None not in flat and check(flat, limits))

    return check_flat


def _values(maps: Sequence[Mapping[str, Any]]) -> Any:
    return chain.from_iterable(each.values() for each in maps)


def _all(checks: Sequence[Fits | None]) -> Fits | None:
    some = [check for check in checks if check is not None]
    if len(some) < 2:
        return some[0] if some else None
    return lambda values, limits: all(check(values, limits) for check in some)

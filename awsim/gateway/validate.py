"""Checks parameters against the constraints of botocore's model and the rows of the limits table that replace them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from awsim.gateway import columns
from awsim.gateway.patterns import matcher
from awsim.limits.table import bounds_for, load

if TYPE_CHECKING:
    from botocore.model import OperationModel, Shape

    from awsim.gateway.call import Call
    from awsim.limits.table import Row, ServiceLimits
    from awsim.service import Service


# A row of this name bounds the body of a request; no service bounds it below so many bytes.
_REQUEST = "request-size"
_LARGE = 65_536


class Violation(NamedTuple):
    """A violated constraint: `path` as AWS writes it (`keySchema.1.member.keyType`), `kind` (required, length, range,
    pattern, enum) and the constraint in AWS's words."""

    path: str
    value: Any
    kind: str
    constraint: str

    def __str__(self) -> str:
        shown = "null" if self.value is None else f"'{_shown(self.value)}'"
        return f"Value {shown} at '{self.path}' failed to satisfy constraint: {self.constraint}"


# Checks a value found at a path; appends what it violates, raises what a row of the table refuses.
Check = Callable[[Any, str, list[Violation], "ServiceLimits"], None]
Validator = Callable[[dict[str, Any], "Service"], None]


def validate(call: Call) -> None:
    """The stage."""
    http = call.http
    if http is not None and http.size() > _LARGE and _REQUEST in load(call.service):
        call.instance.limits.check(_REQUEST, http.size())
    plan = call.plan
    plan.validator(call.params, call.instance)
    accepts = plan.accepts
    if accepts is not None and not accepts.issuperset(call.params):
        raise plan.unknown(call.params)


def validator_for(cls: type[Service], service: str, operation: str, model: OperationModel | None) -> Validator:
    """The compiled validator of an operation."""
    if model is None or model.input_shape is None:
        return _nothing
    bounds = bounds_for(service, operation)
    check = _Compiler(cls.checked, bounds, cls.unchecked).structure(model.input_shape, "", ())
    if check is None:
        return _nothing

    def validator(params: dict[str, Any], service: Service) -> None:
        violations: list[Violation] = []
        check(params, "", violations, service.limits)
        if violations:
            raise service.violation(violations)

    return validator


def _nothing(params: dict[str, Any], service: Service) -> None:
    return None


class _Compiler:
    """Shapes into checks; None where a shape constrains nothing, so that nothing is walked in vain."""

    def __init__(
        self,
        kinds: frozenset[str],
        bounds: Mapping[str, Sequence[Row]],
        left_out: frozenset[str],
        recursive: dict[str, Any] | None = None,
    ) -> None:
        self._kinds = kinds
        self._bounds = bounds
        self._left_out = left_out
        self._recursive = {} if recursive is None else recursive

    def shape(self, shape: Shape, path: str, above: tuple[str, ...]) -> Check | None:
        if shape.name in self._left_out:
            return None
        rows = self._bounds.get(path, ())
        kind = shape.type_name
        if kind == "structure":
            inner = self._guarded(shape, path, above, self.structure)
        elif kind == "list":
            inner = self._guarded(shape, path, above, self._list)
        elif kind == "map":
            inner = self._guarded(shape, path, above, self._map)
        else:
            inner = None
        checks = [check for check in (self._own(shape, bool(rows)), *map(_row_check, rows), inner) if check is not None]
        return _all(checks)

    def _guarded(
        self, shape: Shape, path: str, above: tuple[str, ...], compile_: Callable[..., Check | None]
    ) -> Check | None:
        if shape.name not in above:
            return compile_(shape, path, (*above, shape.name))
        if not _constrained(shape, self._kinds):
            return None
        # A shape within itself (DynamoDB's AttributeValue): compiled when data reaches it. No row names a path so deep.
        recursive, kinds, left_out, name = self._recursive, self._kinds, self._left_out, shape.name

        def late(value: Any, at: str, violations: list[Violation], limits: ServiceLimits) -> None:
            if name not in recursive:
                recursive[name] = _Compiler(kinds, {}, left_out, recursive).shape(shape, "", ())
            recursive[name](value, at, violations, limits)

        return late

    def structure(self, shape: Any, path: str, above: tuple[str, ...]) -> Check | None:
        members = []
        for name, member in shape.members.items():
            check = self.shape(member, f"{path}.{name}" if path else name, above)
            if check is not None:
                members.append((name, _lower_first(name), check))
        required = (
            tuple((name, _lower_first(name)) for name in shape.required_members) if "required" in self._kinds else ()
        )
        if not members and not required:
            return None

        def check_structure(value: Any, at: str, violations: list[Violation], limits: ServiceLimits) -> None:
            if value.__class__ is not dict:
                return
            if at:
                at = f"{at}."
            for name, shown in required:
                if value.get(name) is None:
                    violations.append(Violation(at + shown, None, "required", "Member must not be null"))
            for name, shown, check in members:
                item = value.get(name)
                if item is not None:
                    check(item, at + shown, violations, limits)

        return check_structure

    def _list(self, shape: Any, path: str, above: tuple[str, ...]) -> Check | None:
        within = f"{path}[]"
        check = self.shape(shape.member, within, above)
        if check is None:
            return None
        fits: columns.Fits | None = None

        def check_list(value: Any, at: str, violations: list[Violation], limits: ServiceLimits) -> None:
            nonlocal fits
            if len(value) >= columns.LONG:
                if fits is None:
                    fits = columns.fits(shape.member, within, self._kinds, self._bounds, self._left_out)
                if fits(value, limits):
                    return
            for number, item in enumerate(value, 1):
                check(item, f"{at}.{number}.member", violations, limits)

        return check_list

    def _map(self, shape: Any, path: str, above: tuple[str, ...]) -> Check | None:
        keys = self.shape(shape.key, f"{path}{{key}}", above)
        values = self.shape(shape.value, f"{path}{{}}", above)
        if keys is None and values is None:
            return None

        def check_map(value: Any, at: str, violations: list[Violation], limits: ServiceLimits) -> None:
            for key, item in value.items():
                if keys is not None:
                    keys(key, at, violations, limits)
                if values is not None:
                    values(item, f"{at}.{key}.member", violations, limits)

        return check_map

    def _own(self, shape: Shape, bounded: bool) -> Check | None:
        """The shape's own constraints; a row of the table replaces its bounds, not its minimum."""
        metadata = shape.metadata
        kind = shape.type_name
        checks: list[Check] = []
        if kind in ("string", "blob", "list", "map") and "length" in self._kinds:
            checks += _bounded(len, "length", metadata.get("min"), None if bounded else metadata.get("max"))
        if kind in ("integer", "long", "float", "double") and "range" in self._kinds:
            checks += _bounded(_same, "value", metadata.get("min"), None if bounded else metadata.get("max"))
        if kind == "string" and metadata.get("enum") and "enum" in self._kinds:
            checks.append(_enum(tuple(metadata["enum"])))
        pattern = metadata.get("pattern")
        if kind == "string" and pattern and "pattern" in self._kinds and (matches := matcher(pattern)):
            checks.append(_pattern(pattern, matches))
        return _all(checks)


def _constrained(shape: Any, kinds: frozenset[str], seen: frozenset[str] = frozenset()) -> bool:
    if shape.name in seen:
        return False
    seen |= {shape.name}
    if kinds & {"length", "range", "pattern", "enum"} and shape.metadata.keys() & {"min", "max", "enum", "pattern"}:
        return True
    if shape.type_name == "structure":
        if "required" in kinds and shape.required_members:
            return True
        return any(_constrained(member, kinds, seen) for member in shape.members.values())
    if shape.type_name == "list":
        return _constrained(shape.member, kinds, seen)
    if shape.type_name == "map":
        return _constrained(shape.key, kinds, seen) or _constrained(shape.value, kinds, seen)
    return False


def _all(checks: Iterable[Check]) -> Check | None:
    checks = tuple(checks)
    if len(checks) < 2:
        return checks[0] if checks else None

    def check_all(value: Any, at: str, violations: list[Violation], limits: ServiceLimits) -> None:
        for check in checks:
            check(value, at, violations, limits)

    return check_all


def _same(value: Any) -> Any:
    return value


def _bounded(measure: Callable[[Any], Any], what: str, least: Any, most: Any) -> list[Check]:
    kind = "length" if what == "length" else "range"
    if what == "length" and least == 0:
        least = None
    if least is None and most is None:
        return []

    def within(value: Any, at: str, violations: list[Violation], limits: ServiceLimits) -> None:
        measured = measure(value)
        if least is not None and measured < least:
            text = f"Member must have {what} greater than or equal to {least}"
        elif most is not None and measured > most:
            text = f"Member must have {what} less than or equal to {most}"
        else:
            return
        violations.append(Violation(at, value, kind, text))

    return [within]


def _enum(values: tuple[str, ...]) -> Check:
    allowed = frozenset(values)
    text = f"Member must satisfy enum value set: [{', '.join(values)}]"

    def check(value: Any, at: str, violations: list[Violation], limits: ServiceLimits) -> None:
        if value not in allowed:
            violations.append(Violation(at, value, "enum", text))

    return check


def _pattern(pattern: str, matches: Callable[[str], object]) -> Check:
    text = f"Member must satisfy regular expression pattern: {pattern}"

    def check(value: Any, at: str, violations: list[Violation], limits: ServiceLimits) -> None:
        if not matches(value):
            violations.append(Violation(at, value, "pattern", text))

    return check


def _row_check(row: Row) -> Check:
    """The gateway measures one member alone: bytes of text where the row counts bytes, else its length or value."""
    name, in_bytes, least = row.name, row.unit == "bytes", row.minimum

    def check(value: Any, at: str, violations: list[Violation], limits: ServiceLimits) -> None:
        measured: float
        if value.__class__ is str:
            measured = len(value.encode()) if in_bytes and not value.isascii() else len(value)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            measured = value
        elif hasattr(value, "__len__"):
            measured = len(value)
        else:
            return
        limits.check(name, measured, at=at, given=value)
        if least is not None and measured < least:
            raise limits.error(name, measured=measured, at=at, given=value)

    return check


def _lower_first(name: str) -> str:
    return name[:1].lower() + name[1:]


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}={_shown(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_shown, value)) + "]"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return f"java.nio.HeapByteBuffer[pos=0 lim={len(value)} cap={len(value)}]"
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)

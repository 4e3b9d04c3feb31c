"""The parameters from before expressions: Expected, AttributeUpdates, KeyConditions, QueryFilter, ScanFilter,
ConditionalOperator and AttributesToGet."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from awsim.services.dynamodb import values
from awsim.services.dynamodb.expressions import Action, Condition, KeyCondition, Projection, Update
from awsim.services.dynamodb.expressions.scope import Scope
from awsim.services.dynamodb.expressions.update import Actions, added, taken_out
from awsim.services.dynamodb.refusals import invalid, invalid_parameter
from awsim.services.dynamodb.values import ABSENT

if TYPE_CHECKING:
    from awsim.limits.table import ServiceLimits

Test = Callable[[Mapping[str, Any]], bool]

# How many values an operator takes, and of which types; None: one or more.
_ARGUMENTS: dict[str, int | None] = {
    "NULL": 0,
    "NOT_NULL": 0,
    "EQ": 1,
    "NE": 1,
    "LE": 1,
    "LT": 1,
    "GE": 1,
    "GT": 1,
    "CONTAINS": 1,
    "NOT_CONTAINS": 1,
    "BEGINS_WITH": 1,
    "IN": None,
    "BETWEEN": 2,
}
_SCALARS = ("S", "N", "B")
_TYPES = {
    "LE": _SCALARS,
    "LT": _SCALARS,
    "GE": _SCALARS,
    "GT": _SCALARS,
    "CONTAINS": _SCALARS,
    "NOT_CONTAINS": _SCALARS,
    "BEGINS_WITH": ("S", "B"),
    "IN": _SCALARS,
    "BETWEEN": _SCALARS,
}
_ORDERED = {"LT": operator.lt, "LE": operator.le, "GT": operator.gt, "GE": operator.ge}


def check_mixing(
    parameters: Mapping[str, Any], expressions: Sequence[str], legacy: Sequence[str], names: bool = True
) -> None:
    """Refuse expressions and their predecessors in one request, and names or values without an expression.

    `parameters` holds what was given; the sequences name the parameters of the operation.
    """
    used = [parameter for parameter in expressions if parameters.get(parameter) is not None]
    if used:
        old = [parameter for parameter in legacy if parameters.get(parameter) is not None]
        if old:
            raise invalid(
                "Can not use both expression and non-expression parameters in the same request: "
                f"Non-expression parameters: {{{', '.join(old)}}} Expression parameters: {{{', '.join(used)}}}"
            )
    elif names and parameters.get("ExpressionAttributeNames") is not None:
        raise invalid("ExpressionAttributeNames can only be specified when using expressions")
    taking_values = [parameter for parameter in expressions if parameter != "ProjectionExpression"]
    if (
        taking_values
        and parameters.get("ExpressionAttributeValues") is not None
        and not any(parameters.get(parameter) is not None for parameter in taking_values)
    ):
        verb = "are" if len(taking_values) > 1 else "is"
        raise invalid(
            "ExpressionAttributeValues can only be specified when using expressions: "
            f"{' and '.join(taking_values)} {verb} null"
        )


# --- conditions -------------------------------------------------------------------------------------------------------


def expected(
    conditions: Mapping[str, Mapping[str, Any]], conditional: str | None, limits: ServiceLimits
) -> Condition | None:
    """The condition of Expected; None where it is empty."""
    tests = []
    for name, condition in conditions.items():
        _check_name(name, limits)
        op, given = _expectation(name, condition, limits)
        tests.append(_test(name, op, given))
    return _joined(tests, conditional, conditions)


def _expectation(name: str, condition: Mapping[str, Any], limits: ServiceLimits) -> tuple[str, list[Any]]:
    value, listed, exists = condition.get("Value"), condition.get("AttributeValueList"), condition.get("Exists")
    op = condition.get("ComparisonOperator")
    if listed is not None and value is not None:
        raise invalid_parameter(f"Value and AttributeValueList cannot be used together for Attribute: {name}")
    if op is not None:
        if exists is not None:
            raise invalid_parameter(f"Exists and ComparisonOperator cannot be used together for Attribute: {name}")
        if op not in ("NULL", "NOT_NULL") and listed is None and value is None:
            raise invalid_parameter(
                f"Value or AttributeValueList must be used with ComparisonOperator: {op} for Attribute: {name}"
            )
        given = listed if listed is not None else [] if value is None else [value]
        return op, _operands(op, given, limits)
    if listed is not None:
        raise invalid_parameter(f"AttributeValueList can only be used with a ComparisonOperator for Attribute: {name}")
    if exists is False:
        if value is not None:
            raise invalid_parameter(f"Value cannot be used when Exists is false for Attribute: {name}")
        return "NULL", []
    if value is None:
        shown = "null" if exists is None else "true"
        raise invalid_parameter(f"Value must be provided when Exists is {shown} for Attribute: {name}")
    return "EQ", [values.load(value, limits)]


def filter_of(
    conditions: Mapping[str, Mapping[str, Any]], conditional: str | None, limits: ServiceLimits
) -> Condition | None:
    """The condition of QueryFilter or ScanFilter; None where it is empty."""
    tests = []
    for name, condition in conditions.items():
        _check_name(name, limits)
        op = condition["ComparisonOperator"]
        tests.append(_test(name, op, _operands(op, condition.get("AttributeValueList") or [], limits)))
    return _joined(tests, conditional, conditions)


def key_conditions(conditions: Mapping[str, Mapping[str, Any]], limits: ServiceLimits) -> dict[str, KeyCondition]:
    """KeyConditions as a key condition expression would give them."""
    result = {}
    for name, condition in conditions.items():
        op = condition["ComparisonOperator"]
        given = _operands(op, condition.get("AttributeValueList") or [], limits)
        result[name] = KeyCondition(op, tuple(given))
    return result


def _operands(op: str, given: Sequence[Mapping[str, Any]], limits: ServiceLimits) -> list[Any]:
    """The values of a condition in memory, checked against its operator."""
    loaded = [values.load(value, limits) for value in given]  # type: ignore[arg-type]
    wanted = _ARGUMENTS[op]
    if len(loaded) != wanted and not (wanted is None and loaded):
        raise invalid_parameter(f"Invalid number of argument(s) for the {op} ComparisonOperator")
    kinds = [values.type_of(value) for value in loaded]
    if len(set(kinds)) > 1:
        raise invalid_parameter("AttributeValues inside AttributeValueList must be of same type")
    for kind in kinds:
        if op in _TYPES and kind not in _TYPES[op]:
            raise invalid_parameter(f"ComparisonOperator {op} is not valid for {kind} AttributeValue type")
    if op == "BETWEEN" and loaded[0] > loaded[1]:
        raise invalid(
            "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound"
        )
    return loaded


def _test(name: str, op: str, given: list[Any]) -> Test:
    if op == "NULL":
        return lambda item: name not in item
    if op == "NOT_NULL":
        return lambda item: name in item
    first = given[0]
    if op == "EQ":
        return lambda item: name in item and values.equal(item[name], first)
    if op == "NE":
        return lambda item: not (name in item and values.equal(item[name], first))
    if op == "CONTAINS":
        return lambda item: values.contains(item.get(name, ABSENT), first)
    if op == "NOT_CONTAINS":
        return lambda item: name in item and not values.contains(item[name], first)
    if op == "BEGINS_WITH":
        return lambda item: values.begins_with(item.get(name, ABSENT), first)
    if op == "IN":
        return lambda item: name in item and any(values.equal(item[name], value) for value in given)
    if op == "BETWEEN":
        last = given[1]
        return lambda item: values.comparable(item.get(name, ABSENT), first) and first <= item[name] <= last
    compare = _ORDERED[op]
    return lambda item: values.comparable(item.get(name, ABSENT), first) and compare(item[name], first)


def _joined(tests: list[Test], conditional: str | None, conditions: Mapping[str, Any]) -> Condition | None:
    if conditional is not None and len(tests) < 2:
        raise invalid_parameter("ConditionalOperator can only be used when Filter or Expected has two or more elements")
    if not tests:
        return None
    paths = tuple((name,) for name in conditions)
    if conditional == "OR":
        return Condition(lambda item: any(test(item) for test in tests), paths)
    return Condition(lambda item: all(test(item) for test in tests), paths)


# --- updates ----------------------------------------------------------------------------------------------------------


class _Updates(Update):
    """AttributeUpdates: like an update expression, but ADD also appends to lists."""

    __slots__ = ()

    def apply(self, item: Mapping[str, Any]) -> dict[str, Any]:
        result = dict(item)
        for action in self.actions:
            name = str(action.path[0])
            before = item.get(name, ABSENT)
            value = action.value(item, self._scope) if action.value is not None else ABSENT
            after = _updated(action.section, before, value, self._scope.limits)
            if after is ABSENT:
                result.pop(name, None)
            else:
                result[name] = after
        return result


def _updated(section: str, before: Any, value: Any, limits: ServiceLimits) -> Any:
    if section in ("PUT", "SET"):
        return value
    if value is ABSENT:
        return ABSENT
    if before is not ABSENT and values.type_of(before) != values.type_of(value):
        raise invalid("Type mismatch for attribute to update")
    if section == "DELETE":
        return taken_out(before, value)
    if type(value) is list and before is not ABSENT:
        return before + value
    return added(before, value, limits)


def updates(given: Mapping[str, Mapping[str, Any]], limits: ServiceLimits) -> Update:
    """The update of AttributeUpdates."""
    actions = []
    for name, update in given.items():
        _check_name(name, limits)
        section, raw = update.get("Action") or "PUT", update.get("Value")
        if raw is None:
            if section != "DELETE":
                raise invalid_parameter("Only DELETE action is allowed when no attribute value is specified")
            actions.append(Action("REMOVE", (name,), None, None))
            continue
        value = values.load(raw, limits)  # type: ignore[arg-type]
        kind = values.type_of(value)
        if section == "DELETE" and kind not in ("SS", "NS", "BS"):
            raise invalid_parameter(f"DELETE action with value is not supported for the type {kind}")
        if section == "ADD" and kind not in ("N", "SS", "NS", "BS", "L"):
            raise invalid_parameter(f"ADD action is not supported for the type {kind}")
        section = "SET" if section == "PUT" else section
        actions.append(Action(section, (name,), lambda item, given, value=value: value, kind))  # type: ignore[misc]
    return _Updates(Actions.of(actions), Scope.of({}, {}, limits))


def attributes_to_get(names: Sequence[str], limits: ServiceLimits) -> Projection:
    """The projection of AttributesToGet."""
    for name in names:
        _check_name(name, limits)
    if len(set(names)) != len(names):
        double = next(name for index, name in enumerate(names) if name in names[:index])
        raise invalid_parameter(f"Duplicate value in attribute name: {double}")
    return Projection([(name,) for name in names])


def _check_name(name: str, limits: ServiceLimits) -> None:
    if not name:
        raise invalid_parameter("Empty attribute name")
    limits.check("attribute-name-length", values.text_size(name))

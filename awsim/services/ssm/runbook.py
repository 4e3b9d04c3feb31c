"""Runbooks: their steps, and the variables that these refer to.

Source: Systems Manager User Guide, "Creating your own runbooks", "Automation system variables", "Properties shared by
all actions".
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

_PLACE = re.compile(r"\{\{\s*([\w:./-]+(?:\[\d+\][\w.]*)*)\s*\}\}")
_PART = re.compile(r"\.?([\w-]+)|\[(\d+|\*)\]|\[['\"]([^'\"]+)['\"]\]")
_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?\Z")


class StepFailed(Exception):
    """A step has failed; `str()` is why."""


class Step(NamedTuple):
    """A step of a runbook."""

    name: str
    action: str
    inputs: Mapping[str, Any]
    next: str | None
    end: bool
    on_failure: str
    attempts: int
    timeout: float | None
    critical: bool
    outputs: tuple[Mapping[str, Any], ...]


def steps(content: Mapping[str, Any]) -> dict[str, Step]:
    """The steps of a runbook by name, in order; each knows the one that follows it."""
    given = content["mainSteps"]
    found = {}
    for at, step in enumerate(given):
        following = given[at + 1]["name"] if at + 1 < len(given) else None
        failing = step.get("onFailure", "Abort")
        continues = failing == "Continue" or str(failing).startswith("step:")
        found[step["name"]] = Step(
            step["name"],
            step["action"],
            step.get("inputs") or {},
            step.get("nextStep") or following,
            bool(step.get("isEnd")),
            failing,
            int(step.get("maxAttempts", 1)),
            float(step["timeoutSeconds"]) if "timeoutSeconds" in step else None,
            bool(step.get("isCritical", not continues)),
            tuple(step.get("outputs") or ()),
        )
    return found


Known = Callable[[str], Any]


def filled(value: Any, known: Known) -> Any:
    """`{{ name }}` replaced throughout; `known` gives the value of a name, and raises KeyError for one it has not."""
    if isinstance(value, str):
        whole = _PLACE.fullmatch(value.strip())
        if whole is not None:
            return _value(whole[1], known)
        return _PLACE.sub(lambda place: _text(_value(place[1], known)), value)
    if isinstance(value, list):
        return [filled(each, known) for each in value]
    if isinstance(value, Mapping):
        return {key: filled(each, known) for key, each in value.items()}
    return value


def _value(name: str, known: Known) -> Any:
    try:
        return known(name)
    except KeyError:
        raise StepFailed(f"The value of {{{{ {name} }}}} isn't known.") from None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)


def selected(path: str, value: Any) -> Any:
    """What a JSONPath of the kind that runbooks use (`$.Images[0].Tags[*].Key`) finds; None for nothing."""
    rest, place = path.strip().removeprefix("$"), 0
    found, many = [value], False
    while place < len(rest):
        part = _PART.match(rest, place)
        if part is None:
            raise StepFailed(f"The selector {path} can't be read.")
        place = part.end()
        if part[2] == "*":
            many = True
            found = [item for each in found for item in (each if isinstance(each, list) else _items(each))]
        elif part[2] is not None:
            at = int(part[2])
            found = [each[at] for each in found if isinstance(each, list) and at < len(each)]
        else:
            name = part[1] or part[3]
            found = [each[name] for each in found if isinstance(each, Mapping) and name in each]
    return found if many else found[0] if found else None


def _items(value: Any) -> list[Any]:
    return list(value.values()) if isinstance(value, Mapping) else []


_TYPES: dict[str, Callable[[Any], bool]] = {
    "String": lambda value: isinstance(value, str),
    "Integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "Boolean": lambda value: isinstance(value, bool),
    "StringList": lambda value: isinstance(value, list),
    "StringMap": lambda value: isinstance(value, Mapping),
    "MapList": lambda value: isinstance(value, list),
}


def chosen(outputs: tuple[Mapping[str, Any], ...], result: Any) -> dict[str, Any]:
    """The outputs that a step declares, out of what its action gave. Raises StepFailed."""
    found = {}
    for each in outputs:
        value = selected(each["Selector"], result)
        kind = each.get("Type", "String")
        if value is None or not _TYPES.get(kind, lambda value: True)(value):
            raise StepFailed(f"Output {each['Name']} is no {kind}: the selector {each['Selector']} finds {value!r}.")
        found[each["Name"]] = value
    return found


def seconds(duration: str) -> float:
    """ISO 8601's durations: `PT10M`."""
    found = _DURATION.match(duration)
    if found is None or not any(found.groups()):
        raise StepFailed(f"Duration {duration} isn't valid.")
    days, hours, minutes, rest = (float(each or 0) for each in found.groups())
    return days * 86400 + hours * 3600 + minutes * 60 + rest


def branch(inputs: Mapping[str, Any], known: Known) -> str | None:
    """The step that aws:branch goes on with: of the first choice that is so, else the default, else what follows."""
    for choice in inputs.get("Choices") or ():
        if _so(choice, known):
            target: str = choice["NextStep"]
            return target
    return inputs.get("Default")


def _so(choice: Mapping[str, Any], known: Known) -> bool:
    if "And" in choice:
        return all(_so(each, known) for each in choice["And"])
    if "Or" in choice:
        return any(_so(each, known) for each in choice["Or"])
    if "Not" in choice:
        return not _so(choice["Not"], known)
    value = filled(choice["Variable"], known)
    for operator, compare in _OPERATORS.items():
        if operator in choice:
            return compare(value, filled(choice[operator], known))
    raise StepFailed("A choice of aws:branch has no operation that is known.")


def _number(compare: Callable[[float, float], bool]) -> Callable[[Any, Any], bool]:
    def compared(one: Any, other: Any) -> bool:
        try:
            return compare(float(one), float(other))
        except (TypeError, ValueError):
            return False

    return compared


_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "StringEquals": lambda one, other: str(one) == str(other),
    "EqualsIgnoreCase": lambda one, other: str(one).lower() == str(other).lower(),
    "StartsWith": lambda one, other: str(one).startswith(str(other)),
    "EndsWith": lambda one, other: str(one).endswith(str(other)),
    "Contains": lambda one, other: str(other) in str(one),
    "NumericEquals": _number(lambda one, other: one == other),
    "NumericGreater": _number(lambda one, other: one > other),
    "NumericLesser": _number(lambda one, other: one < other),
    "NumericGreaterOrEquals": _number(lambda one, other: one >= other),
    "NumericLesserOrEquals": _number(lambda one, other: one <= other),
    "BooleanEquals": lambda one, other: str(one).lower() == str(other).lower(),
}


def plain(value: Any) -> Any:
    """A result as runbooks see it: in JSON's types."""
    return json.loads(json.dumps(value, default=_written))


def _written(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)

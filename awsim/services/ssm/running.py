"""Steps of command documents: filling in parameters, running a node's code, reading what it returns."""

from __future__ import annotations

import re
import traceback
from collections.abc import Mapping
from typing import Any, NamedTuple

_PLACE = re.compile(r"\{\{\s*([\w:./-]+)\s*\}\}")
_SCRIPTS = ("aws:runShellScript", "aws:runPowerShellScript")


class Planned(NamedTuple):
    """A step of a document, before its parameters are filled in."""

    name: str
    action: str
    inputs: Mapping[str, Any]
    platform: str | None = None  # the one it is for
    ends_on: str | None = None  # exit, successAndExit: what its end does to the rest
    after_failure: bool = True  # whether what follows a failure runs


def planned(content: Mapping[str, Any]) -> tuple[Planned, ...]:
    """The steps of a command document's content."""
    if "runtimeConfig" in content:
        found = []
        for action, config in content["runtimeConfig"].items():
            properties = config.get("properties") or [{}]
            for each in properties if isinstance(properties, list) else [properties]:
                found.append(Planned(str(each.get("id", action)), action, each))
        return tuple(found)
    steps = []
    for step in content["mainSteps"]:
        inputs = step.get("inputs") or {}
        wanted: Any = (step.get("precondition") or {}).get("StringEquals") or ()
        platform = str(wanted[1]) if len(wanted) == 2 and wanted[0] == "platformType" else None
        ends = "failure" if inputs.get("onFailure") == "exit" or step.get("onFailure") == "exit" else None
        if inputs.get("onSuccess") == "exit" or step.get("onSuccess") == "exit":
            ends = "always" if ends else "success"
        steps.append(Planned(step["name"], step["action"], inputs, platform, ends))
    return tuple(steps)


def filled(value: Any, values: Mapping[str, Any]) -> Any:
    """`{{ name }}` replaced throughout by the values of parameters; a list where it stands alone."""
    if isinstance(value, str):
        whole = _PLACE.fullmatch(value.strip())
        if whole is not None and whole[1] in values:
            return values[whole[1]]
        return _PLACE.sub(lambda place: _text(values[place[1]]) if place[1] in values else place[0], value)
    if isinstance(value, list):
        items: list[Any] = []
        for each in value:
            made = filled(each, values)
            items += made if isinstance(made, list) and isinstance(each, str) else [made]
        return items
    if isinstance(value, Mapping):
        return {key: filled(each, values) for key, each in value.items()}
    return value


def _text(value: Any) -> str:
    return "\n".join(map(str, value)) if isinstance(value, list) else str(value)


def lines(action: str, inputs: Mapping[str, Any]) -> tuple[str, ...]:
    """The lines of a script."""
    given = inputs.get("runCommand") or () if action in _SCRIPTS else ()
    return tuple(map(str, [given] if isinstance(given, str) else given))


def seconds(inputs: Mapping[str, Any], default: float | None) -> float | None:
    """How long a step may take."""
    try:
        return float(inputs.get("timeoutSeconds") or default or 0) or None
    except (TypeError, ValueError):
        return default


def outcome(returned: Any) -> tuple[int, str, str]:
    """(exit code, output, error) of what a node's code returned: nothing, a text, a number, or all three."""
    if returned is None:
        return 0, "", ""
    if isinstance(returned, int):
        return int(returned), "", ""
    if isinstance(returned, tuple | list):
        parts: list[Any] = [*returned, "", ""]
        return int(parts[0]), str(parts[1]), str(parts[2])
    return 0, str(returned), ""


def run(code: Any, step: Any) -> tuple[int, str, str]:
    """Run a node's code; what it raises is an exit code of 1, told in its error output."""
    try:
        return outcome(code(step))
    except Exception as problem:
        return 1, "", "".join(traceback.format_exception_only(problem)).rstrip()

"""What a target gets of an event: all of it, a part, a constant, or a template filled in.

Sources: EventBridge User Guide, "Amazon EventBridge input transformation"; ../shared/recorded/events.jsonl.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from awsim.services.events.event import Event, dumps
from awsim.services.events.refusals import invalid

Target = Mapping[str, Any]

_STEP = re.compile(r"\.([\w-]+)|\[\s*(\d+|\*)\s*\]|\[\s*'([^']+)'\s*\]|\[\s*\"([^\"]+)\"\s*\]")
_PLACEHOLDER = re.compile(r"<\s*([\w.-]+)\s*>")
_OWN = "aws.events."
_RESERVED = frozenset(
    f"{_OWN}{name}" for name in ("rule-arn", "rule-name", "event.ingestion-time", "event", "event.json")
)
_KINDS = ("Input", "InputPath", "InputTransformer")
_ABSENT = object()


def check(target: Target) -> None:
    """Refuse inputs that PutTargets would."""
    id_ = target["Id"]
    if sum(target.get(kind) is not None for kind in _KINDS) > 1:
        raise invalid(f"Only one of Input, InputPath, or InputTransformer must be provided for target {id_}.")
    if (text := target.get("Input")) is not None:
        try:
            json.loads(text)
        except ValueError:
            raise invalid(f"JSON syntax error in input for target {id_}.") from None
    if (path := target.get("InputPath")) and _steps(path) is None:
        raise invalid(f"Invalid InputPath for target {id_}.")
    transformer = target.get("InputTransformer")
    if transformer is None:
        return
    paths = transformer.get("InputPathsMap") or {}
    for name, path in paths.items():
        if name.lower().startswith("aws"):
            raise invalid(f"InputPathsMap for target {id_} contains reserved key {name}.")
        if _steps(path) is None:
            raise invalid(f"Invalid InputPath for target {id_}.")
    for name in _PLACEHOLDER.findall(transformer["InputTemplate"]):
        if name not in paths and name not in _RESERVED:
            raise invalid(f"InputTemplate for target {id_} contains invalid placeholder {name}.")


def made(target: Target, event: Event, rule_arn: str, ingested: str) -> str:
    """The text that a target gets."""
    if (text := target.get("Input")) is not None:
        return text
    if path := target.get("InputPath"):
        part = at(event, path)
        return dumps(None if part is _ABSENT else part)
    transformer = target.get("InputTransformer")
    if transformer is None:
        return dumps(event)
    own = {
        "rule-arn": lambda: rule_arn,
        "rule-name": lambda: rule_arn.rpartition("/")[2],
        "event.ingestion-time": lambda: ingested,
        "event": lambda: {name: value for name, value in event.items() if name != "detail"},
        "event.json": lambda: event,
    }
    paths = transformer.get("InputPathsMap") or {}

    def value(name: str) -> Any:
        if name in paths:
            return at(event, paths[name])
        return own[name.removeprefix(_OWN)]()

    return _filled(transformer["InputTemplate"], value)


def at(event: Event, path: str) -> Any:
    """The part of an event at a path, as `$.detail.items[0]`."""
    steps = _steps(path)
    assert steps is not None
    return _walk(event, steps)


def found(event: Event, path: str, default: str) -> str:
    """As text, where a parameter is taken from the event."""
    value = at(event, path)
    return default if value is _ABSENT else value if isinstance(value, str) else dumps(value)


def _walk(value: Any, steps: tuple[str | int, ...]) -> Any:
    for number, step in enumerate(steps):
        if step == "*":
            if not isinstance(value, list):
                return _ABSENT
            inner = (_walk(item, steps[number + 1 :]) for item in value)
            return [item for item in inner if item is not _ABSENT]
        if isinstance(step, int):
            if not isinstance(value, list) or step >= len(value):
                return _ABSENT
            value = value[step]
        elif isinstance(value, dict) and step in value:
            value = value[step]
        else:
            return _ABSENT
    return value


@lru_cache(1024)
def _steps(path: str) -> tuple[str | int, ...] | None:
    """The steps of a path; None where it is malformed."""
    if not path.startswith("$"):
        return None
    steps: list[str | int] = []
    position = 1
    while position < len(path):
        step = _STEP.match(path, position)
        if step is None:
            return None
        name, index, single, double = step.groups()
        if index is not None:
            steps.append(index if index == "*" else int(index))
        else:
            steps.append(name or single or double)
        position = step.end()
    return tuple(steps)


def _filled(template: str, value: Callable[[str], Any]) -> str:
    """A template with its placeholders filled in: values as JSON, but within quotes as bare text."""
    parts: list[str] = []
    position = 0
    quoted = False
    for placeholder in _PLACEHOLDER.finditer(template):
        before = template[position : placeholder.start()]
        quoted ^= len(re.findall(r'(?<!\\)"', before)) % 2 == 1
        parts += before, _text(value(placeholder[1]), quoted)
        position = placeholder.end()
    return "".join((*parts, template[position:]))


def _text(value: Any, quoted: bool) -> str:
    if not quoted:
        return dumps("" if value is _ABSENT else value)
    if value is _ABSENT:
        return ""
    if isinstance(value, str):
        return dumps(value)[1:-1]
    return dumps(value).replace('"', "")

"""What a target gets of an event: all of it, a part, a constant, or a template filled in.

Sources: EventBridge User Guide, "Amazon EventBridge input transformation"; ../shared/recorded/events.jsonl.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from awsim.eventing.templates import ABSENT, at, dumps, filled, steps
from awsim.services.events.event import Event
from awsim.services.events.refusals import invalid

Target = Mapping[str, Any]

_PLACEHOLDER = re.compile(r"<\s*([\w.-]+)\s*>")
_OWN = "aws.events."
_RESERVED = frozenset(
    f"{_OWN}{name}" for name in ("rule-arn", "rule-name", "event.ingestion-time", "event", "event.json")
)
_KINDS = ("Input", "InputPath", "InputTransformer")


def check(target: Target) -> None:
    """Refuse inputs that PutTargets would."""
    id_ = target["Id"]
    if sum(target.get(kind) is not None for kind in _KINDS) > 1:
        raise invalid(f"Only one of Input, InputPath, or InputTransformer must be provided for target {id_}.")
    if (text := target.get("Input")) is not None:
        try:
            json.loads(text)
        except (ValueError, RecursionError):
            raise invalid(f"JSON syntax error in input for target {id_}.") from None
    if (path := target.get("InputPath")) and steps(path) is None:
        raise invalid(f"Invalid InputPath for target {id_}.")
    transformer = target.get("InputTransformer")
    if transformer is None:
        return
    paths = transformer.get("InputPathsMap") or {}
    for name, path in paths.items():
        if name.lower().startswith("aws"):
            raise invalid(f"InputPathsMap for target {id_} contains reserved key {name}.")
        if steps(path) is None:
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
        return dumps(None if part is ABSENT else part)
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

    return filled(transformer["InputTemplate"], _PLACEHOLDER, value)


def lists(text: str) -> dict[str, list[str]]:
    """Parameters of a Systems Manager document, as a target's input has them: texts, or lists of texts, by name.

    An input that is none of that (the whole event) gives no parameters.
    """
    given = json.loads(text)
    if not isinstance(given, dict):
        return {}
    named = {name: value if isinstance(value, list) else [value] for name, value in given.items()}
    fits = all(isinstance(each, str) for values in named.values() for each in values)
    return named if fits and "detail-type" not in named else {}


def logged(target: Mapping[str, Any], text: str, now: int) -> dict[str, Any]:
    """The log event that a log group gets: the input, or what a template of `timestamp` and `message` says.

    Source: EventBridge API Reference, RuleTarget: that is the one template that log groups take.
    """
    if target.get("InputTransformer") is not None:
        try:
            given = json.loads(text)
        except ValueError:
            given = None
        if isinstance(given, dict) and given.keys() == {"timestamp", "message"}:
            message = given["message"]
            when = given["timestamp"] if isinstance(given["timestamp"], int) else now
            return {"timestamp": when, "message": message if isinstance(message, str) else dumps(message)}
    return {"timestamp": now, "message": text}


def found(event: Event, path: str, default: str) -> str:
    """As text, where a parameter is taken from the event."""
    value = at(event, path)
    return default if value is ABSENT else value if isinstance(value, str) else dumps(value)

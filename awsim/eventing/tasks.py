"""ECS tasks as targets of rules and schedules: EcsParameters as parameters of RunTask.

Sources: EventBridge API Reference, EcsParameters; EventBridge Scheduler API Reference, EcsParameters. Their members are
RunTask's in PascalCase, those of rules and schedules alike; the input of the target is RunTask's `overrides`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

_TAKEN = (
    "CapacityProviderStrategy", "EnableECSManagedTags", "EnableExecuteCommand", "Group", "LaunchType",
    "PlacementConstraints", "PlacementStrategy", "PlatformVersion", "PropagateTags", "ReferenceId",
)  # fmt: skip


def run(target: Mapping[str, Any], text: str, prefix: str, name: str) -> dict[str, Any]:
    """Parameters of RunTask for a target with the input `text`; `prefix` and `name` say who started the tasks."""
    given: Mapping[str, Any] = target["EcsParameters"]
    found: dict[str, Any] = {_lower(key): _lowered(given[key]) for key in _TAKEN if given.get(key) is not None}
    network = (given.get("NetworkConfiguration") or {}).get("awsvpcConfiguration")
    if network:
        found["networkConfiguration"] = {"awsvpcConfiguration": _lowered(network)}
    if given.get("Tags"):
        found["tags"] = [_lowered(each) for each in given["Tags"]]
    overrides = _overrides(text)
    if overrides:
        found["overrides"] = overrides
    return {
        **found,
        "cluster": target["Arn"],
        "taskDefinition": given["TaskDefinitionArn"],
        "count": given.get("TaskCount") or 1,
        "startedBy": (prefix + name.rpartition("/")[2])[:128],
    }


def _overrides(text: str) -> dict[str, Any]:
    """Input that is no overrides (the event itself, for instance) changes nothing."""
    try:
        given = json.loads(text)
    except ValueError:
        return {}
    names = ("containerOverrides", "cpu", "memory", "taskRoleArn", "executionRoleArn", "ephemeralStorage")
    return {name: given[name] for name in names if name in given} if isinstance(given, dict) else {}


def _lowered(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {_lower(key): _lowered(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_lowered(each) for each in value]
    return value


def _lower(name: str) -> str:
    return name[:1].lower() + name[1:]

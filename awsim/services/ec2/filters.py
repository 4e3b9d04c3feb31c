"""Filters of Describe operations: names that say where in a description a value is, values with wildcards.

Source: EC2 User Guide, "Filter resources": values of one filter are joined by OR, filters by AND; `*` stands for any
characters, `?` for one; values are case-sensitive.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from awsim.errors import AWSError

Filters = Sequence[Mapping[str, Any]]
Paths = Mapping[str, str]
"""Name of a filter -> path in the description: "State.Name"; lists on the way stand for each of their elements."""


def check(filters: Filters, paths: Paths) -> None:
    """Refuse filters that the operation does not have."""
    for each in filters:
        name = each.get("Name") or ""
        if name not in paths and not name.startswith("tag:") and name not in ("tag-key", "tag-value"):
            raise AWSError("InvalidParameterValue", f"The filter '{name}' is invalid")
        if not each.get("Values"):
            raise AWSError("InvalidParameterValue", "The filter 'null' is invalid" if not name else _NO_VALUES)


_NO_VALUES = "Filter values must not be empty."


def matches(description: Mapping[str, Any], filters: Filters, paths: Paths) -> bool:
    return all(_matches(description, each["Name"], each["Values"], paths) for each in filters)


def _matches(description: Mapping[str, Any], name: str, wanted: Sequence[str], paths: Paths) -> bool:
    tags = description.get("Tags") or description.get("TagSet") or ()
    if name.startswith("tag:"):
        values: Iterator[Any] = (tag["Value"] for tag in tags if tag["Key"] == name[4:])
    elif name in ("tag-key", "tag-value"):
        values = (tag["Key" if name == "tag-key" else "Value"] for tag in tags)
    else:
        values = _found(description, paths[name].split("."))
    patterns = [_pattern(value) for value in wanted]
    return any(pattern.fullmatch(text) for text in map(_text, values) for pattern in patterns)


def _found(value: Any, path: Sequence[str]) -> Iterator[Any]:
    if isinstance(value, list | tuple):
        for each in value:
            yield from _found(each, path)
    elif not path:
        if value is not None:
            yield value
    elif isinstance(value, Mapping):
        # A timestamp by its name: descriptions hold epoch seconds.
        found = value.get(path[0])
        if len(path) == 1 and isinstance(found, float) and path[0].endswith(("Time", "Date")):
            found = datetime.fromtimestamp(found, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        yield from _found(found, path[1:])


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


@lru_cache(maxsize=1024)
def _pattern(value: str) -> re.Pattern[str]:
    parts = []
    escaped = False
    for character in value:
        if escaped or character not in "*?\\":
            parts.append(re.escape(character))
            escaped = False
        elif character == "\\":
            escaped = True
        else:
            parts.append(".*" if character == "*" else ".")
    return re.compile("".join(parts), re.DOTALL)

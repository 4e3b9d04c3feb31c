"""Paths into JSON (`$.detail.items[0]`) and templates with placeholders, as EventBridge's rules and pipes know them.

Source: EventBridge User Guide, "Amazon EventBridge input transformation".
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

ABSENT = object()
"""What a path leads to that leads nowhere."""

_STEP = re.compile(r"\.([\w/-]+)|\[\s*(\d+|\*)\s*\]|\[\s*'([^']+)'\s*\]|\[\s*\"([^\"]+)\"\s*\]")


def dumps(value: Any) -> str:
    """JSON as EventBridge writes it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


@lru_cache(1024)
def steps(path: str) -> tuple[str | int, ...] | None:
    """The steps of a path; None where it is malformed."""
    if not path.startswith("$"):
        return None
    found: list[str | int] = []
    position = 1
    while position < len(path):
        step = _STEP.match(path, position)
        if step is None:
            return None
        name, index, single, double = step.groups()
        if index is not None:
            found.append(index if index == "*" else int(index))
        else:
            found.append(name or single or double)
        position = step.end()
    return tuple(found)


def at(value: Any, path: str) -> Any:
    """The part of a value at a path, ABSENT where there is none."""
    way = steps(path)
    assert way is not None
    return _walk(value, way)


def _walk(value: Any, way: tuple[str | int, ...]) -> Any:
    for number, step in enumerate(way):
        if step == "*":
            if not isinstance(value, list):
                return ABSENT
            inner = (_walk(item, way[number + 1 :]) for item in value)
            return [item for item in inner if item is not ABSENT]
        if isinstance(step, int):
            if not isinstance(value, list) or step >= len(value):
                return ABSENT
            value = value[step]
        elif isinstance(value, dict) and step in value:
            value = value[step]
        else:
            return ABSENT
    return value


def filled(template: str, placeholder: re.Pattern[str], value: Callable[[str], Any]) -> str:
    """A template with its placeholders (the first group names them) filled in: values as JSON, but within quotes as
    bare text."""
    parts: list[str] = []
    position = 0
    quoted = False
    for match in placeholder.finditer(template):
        before = template[position : match.start()]
        quoted ^= len(re.findall(r'(?<!\\)"', before)) % 2 == 1
        parts += before, _text(value(match[1]), quoted)
        position = match.end()
    return "".join((*parts, template[position:]))


def _text(value: Any, quoted: bool) -> str:
    if not quoted:
        return dumps("" if value is ABSENT else value)
    if value is ABSENT:
        return ""
    if isinstance(value, str):
        return dumps(value)[1:-1]
    return dumps(value).replace('"', "")

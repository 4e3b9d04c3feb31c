"""What events look like: shapes inferred from samples, merged, and written as OpenAPI 3 or JSON Schema Draft 4.

A shape is JSON Schema without references: `{"type": "object", "properties": …, "required": […]}`, `{"type": "array",
"items": …}`, `{"type": "string", "format": …}` and so on; `{}` is anything. Shapes are never changed in place.

Source: EventBridge User Guide, "Creating an Amazon EventBridge schema" with its example of a Step Functions event:
integers are int64, null says nothing, an object is a component named after its property. Items of an array of objects
are named after what the array is in, as in the schemas that AWS publishes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

Shape = Mapping[str, Any]

OPENAPI, JSON_SCHEMA = "OpenApi3", "JSONSchemaDraft4"
EVENT = "AWSEvent"

_ANYTHING: Shape = {}
_OBJECT: Shape = {"type": "object"}
_STRING: Shape = {"type": "string"}
_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)\Z")
# What every event of a bus has, in the order in which AWS lists them.
_ENVELOPE: Mapping[str, Shape] = {
    "account": _STRING,
    "detail-type": _STRING,
    "id": _STRING,
    "region": _STRING,
    "resources": {"type": "array", "items": _STRING},
    "source": _STRING,
    "time": {"type": "string", "format": "date-time"},
    "version": _STRING,
}
_REQUIRED = ("detail-type", "resources", "detail", "id", "source", "time", "region", "version", "account")


def infer(value: Any) -> Shape:
    """The shape of a value."""
    if isinstance(value, dict):
        return {
            "type": "object",
            "properties": {name: infer(value[name]) for name in sorted(value)},
            "required": sorted(value),
        }
    if isinstance(value, list):
        return {"type": "array", "items": merged(map(infer, value)) if value else None}
    if isinstance(value, bool):
        return {"type": "boolean"}
    if isinstance(value, int):
        return {"type": "integer", "format": "int64"}
    if isinstance(value, float):
        return {"type": "number", "format": "double"}
    if isinstance(value, str):
        return {"type": "string", "format": "date-time"} if _DATE_TIME.match(value) else _STRING
    return _ANYTHING


def merged(shapes: Iterable[Shape]) -> Shape:
    """One shape that holds for all of them."""
    found: Shape | None = None
    for shape in shapes:
        found = shape if found is None else _merge(found, shape)
    return _ANYTHING if found is None else found


def _merge(one: Shape, other: Shape) -> Shape:
    if one == other or not other:
        return one
    if not one:
        return other
    kinds = {one["type"], other["type"]}
    if kinds == {"object"}:
        first, second = one["properties"], other["properties"]
        names = sorted({*first, *second})
        return {
            "type": "object",
            "properties": {
                name: _merge(first[name], second[name])
                if name in first and name in second
                else first.get(name, second.get(name))
                for name in names
            },
            "required": sorted({*one["required"]} & {*other["required"]}),
        }
    if kinds == {"array"}:
        items = [shape["items"] for shape in (one, other) if shape["items"] is not None]
        return {"type": "array", "items": merged(items) if items else None}
    if kinds == {"integer", "number"}:
        return {"type": "number", "format": "double"}
    if len(kinds) == 1:
        return {"type": one["type"]}
    return {"type": "any"} if "any" not in kinds else one if one["type"] == "any" else other


def depth(value: Any) -> int:
    """How deep a value is nested."""
    level, values = 0, [value]
    while values:
        level += 1
        values = [
            inner
            for item in values
            if isinstance(item, dict | list)
            for inner in (item.values() if isinstance(item, dict) else item)
        ]
    return level


def is_event(value: Any) -> bool:
    """Whether it has the envelope of a bus's events."""
    return isinstance(value, dict) and all(name in value for name in ("detail", "detail-type", "source"))


def title_of(detail_type: str) -> str:
    """A detail type as the name of a schema: "EC2 Instance State-change" is "EC2InstanceStateChange"."""
    words = [word for word in re.split(r"[\s-]+", detail_type) if word]
    return re.sub(r"[^A-Za-z0-9_]", "_", "".join(word[:1].upper() + word[1:] for word in words)) or "Event"


def written(shape: Shape, type: str, *, source: str | None = None, detail_type: str | None = None) -> str:
    """The content of a schema. With `source` and `detail_type`, `shape` is that of the events' detail."""
    title = title_of(detail_type) if detail_type is not None else "Event"
    where = "#/components/schemas/" if type == OPENAPI else "#/definitions/"
    parts = _Components(where)
    is_object = shape.get("type") == "object"
    if detail_type is None:
        name = title
        root: dict[str, Any] = parts.object_(shape, title) if is_object else parts.shown(shape, title, title)
    else:
        name = EVENT
        detail = parts.reference(shape, title) if is_object else parts.shown(shape, title, title)
        root = {
            "type": "object",
            "required": list(_REQUIRED),
            "x-amazon-events-detail-type": detail_type,
            "x-amazon-events-source": source,
            "properties": {"detail": detail, **_ENVELOPE},
        }
    if type == OPENAPI:
        return json.dumps(
            {
                "openapi": "3.0.0",
                "info": {"version": "1.0.0", "title": title},
                "paths": {},
                "components": {"schemas": {name: root, **parts.found}},
            },
            separators=(",", ":"),
        )
    head = {"$schema": "http://json-schema.org/draft-04/schema#", "title": title}
    return json.dumps({**head, "definitions": parts.found, **root}, separators=(",", ":"))


class _Components:
    """The objects of a schema by name, written where they are first met."""

    def __init__(self, where: str) -> None:
        self.found: dict[str, dict[str, Any]] = {}
        self._where = where

    def reference(self, shape: Shape, name: str) -> dict[str, Any]:
        taken = name
        number = 0
        self_made: dict[str, Any] | None = None
        while taken in self.found:
            if self_made is None:
                self_made = _Components(self._where).object_(shape, name)
            if self.found[taken] == self_made:
                return {"$ref": self._where + taken}
            number += 1
            taken = f"{name}_{number}"
        self.found[taken] = {}
        self.found[taken] = self.object_(shape, taken)
        return {"$ref": self._where + taken}

    def object_(self, shape: Shape, name: str) -> dict[str, Any]:
        shown: dict[str, Any] = {"type": "object"}
        if shape["required"]:
            shown["required"] = list(shape["required"])
        properties = {each: self.shown(inner, each, name) for each, inner in shape["properties"].items()}
        if properties:
            shown["properties"] = properties
        return shown

    def shown(self, shape: Shape, name: str, parent: str) -> dict[str, Any]:
        """A property's shape; `parent` is the component it is in."""
        kind = shape.get("type")
        if kind == "object":
            return self.reference(shape, title_of(name))
        if kind == "array":
            items = shape["items"]
            if items is None:
                return {"type": "array", "items": dict(_OBJECT)}
            if items.get("type") == "object":
                item = title_of(name) if parent.endswith("Item") else f"{parent}Item"
                return {"type": "array", "items": self.reference(items, item)}
            return {"type": "array", "items": self.shown(items, name, parent)}
        return {} if kind in (None, "any") else dict(shape)

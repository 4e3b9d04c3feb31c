"""An OpenAPI 3 schema as JSON Schema Draft 4, which is what ExportSchema gives.

Source: EventBridge Schema Registry API Reference, ExportSchema.
"""

from __future__ import annotations

import json
from typing import Any

_FROM, _TO = "#/components/schemas/", "#/definitions/"


def as_json_schema(content: str) -> str:
    """The first component, with the others as its definitions."""
    document = json.loads(content)
    components = dict((document.get("components") or {}).get("schemas") or {})
    name = "AWSEvent" if "AWSEvent" in components else next(iter(components), None)
    root = components.pop(name, {}) if name is not None else {}
    head = {
        "$schema": "http://json-schema.org/draft-04/schema#",
        "title": (document.get("info") or {}).get("title") or name or "",
    }
    return json.dumps({**head, "definitions": _moved(components), **_moved(root)}, separators=(",", ":"))


def _moved(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: inner.replace(_FROM, _TO, 1) if name == "$ref" and isinstance(inner, str) else _moved(inner)
            for name, inner in value.items()
        }
    if isinstance(value, list):
        return [_moved(inner) for inner in value]
    return value

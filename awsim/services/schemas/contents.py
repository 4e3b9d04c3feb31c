"""Contents of schemas that a user gives: whether they are what their type says, and whether words are in them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from awsim.services.schemas.inference import OPENAPI
from awsim.services.schemas.refusals import bad

_DRAFT4 = ("http://json-schema.org/draft-04/schema", "https://json-schema.org/draft-04/schema")


def check(content: str, type: str) -> None:
    """Refuse what is no schema of its type."""
    try:
        document: Any = json.loads(content)
    except (ValueError, RecursionError):
        raise bad("Schema content is not valid JSON.") from None
    if not isinstance(document, dict):
        raise bad("Schema content must be a JSON object.")
    if type == OPENAPI:
        parts = (document.get("info"), document.get("paths"))
        if not str(document.get("openapi", "")).startswith("3.") or not all(isinstance(part, dict) for part in parts):
            raise bad("Schema content is not a valid OpenApi3 document.")
    elif not str(document.get("$schema", "")).rstrip("#").startswith(_DRAFT4):
        raise bad("Schema content is not a valid JSONSchemaDraft4 document.")


def holds(words: Sequence[str], name: str, content: str) -> bool:
    """Whether all words are in a schema's name or content, in whatever case."""
    text = f"{name}\n{content}".lower()
    return all(word in text for word in words)

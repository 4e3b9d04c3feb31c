"""Documents that Amazon owns: a choice of those in common use, in their essentials.

Their parameters are those that the Systems Manager User Guide and the Automation runbook reference give; scripts of
AWS's own on nodes (patching, inventory) are plugins that `builtin` answers for.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

from awsim.services.ssm import content
from awsim.services.ssm.document import Document, DocumentVersion

_SINCE = 1_735_689_600.0  # 2025-01-01: when they were all made, for awsim


def names() -> list[str]:
    return sorted(_all())


def document(name: str, partition: str, region: str) -> Document | None:
    """The document of a name; it belongs to every account, and is never changed."""
    held = _all().get(name)
    if held is None:
        return None
    kind = held["type"]
    made = Document(name, f"arn:{partition}:ssm:{region}::document/{name}", "Amazon", kind)
    text = json.dumps(held["content"], indent=2)
    made.add(DocumentVersion(1, text, "JSON", held["content"], content.check(kind, held["content"]), _SINCE))
    return made


@cache
def _all() -> dict[str, Any]:
    path = files("awsim.services.ssm").joinpath("owned.json")
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found

"""Session policies: what STS refuses of them, and how much of the session token's space they take.

The sentences are IAM's, which checks role and user policies by the same grammar.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping
from typing import Any

INVALID_JSON = "This policy contains invalid Json"
SYNTAX = "Syntax errors in policy."
_VERSIONS = ("2012-10-17", "2008-10-17")
_DOCUMENT = {"Version", "Id", "Statement"}
_STATEMENT = {"Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"}
_PRINCIPALS = {"Principal", "NotPrincipal"}


def fault_in(policy: str) -> str | None:
    """What is wrong with a session policy, in AWS's words; None if nothing is."""
    try:
        document = json.loads(policy)
    except (ValueError, RecursionError):
        return INVALID_JSON
    if not isinstance(document, dict) or not document.keys() <= _DOCUMENT or "Statement" not in document:
        return SYNTAX
    if document.get("Version", _VERSIONS[0]) not in _VERSIONS:
        return SYNTAX
    statements = document["Statement"]
    if isinstance(statements, dict):
        statements = [statements]
    if not isinstance(statements, list):
        return SYNTAX
    return next((fault for fault in map(_fault_in_statement, statements) if fault), None)


def _fault_in_statement(statement: Any) -> str | None:
    if not isinstance(statement, dict) or statement.get("Effect") not in ("Allow", "Deny"):
        return SYNTAX
    if statement.keys() & _PRINCIPALS:
        return "Policy document should not specify a principal."
    if not statement.keys() <= _STATEMENT:
        return SYNTAX
    for one, other, missing in (
        ("Action", "NotAction", "Policy statement must contain actions."),
        ("Resource", "NotResource", "Policy statement must contain resources."),
    ):
        if one in statement and other in statement:
            return SYNTAX
        values = statement.get(one, statement.get(other))
        if values is None or values == []:
            return missing
        if not all(isinstance(value, str) for value in (values if isinstance(values, list) else [values])):
            return SYNTAX
    for action in _listed(statement.get("Action", statement.get("NotAction"))):
        if action != "*" and ":" not in action:
            return "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
    for resource in _listed(statement.get("Resource", statement.get("NotResource"))):
        if resource != "*" and resource.count(":") < 5:
            return f'Resource {resource} must be in ARN format or "*".'
    return None if isinstance(statement.get("Condition", {}), dict) else SYNTAX


def _listed(values: Any) -> list[str]:
    return values if isinstance(values, list) else [values]


def packed_size(policy: str | None, arns: Iterable[str], tags: Mapping[str, str]) -> int:
    """Bytes of policies and tags together in a session token, packed. AWS does not tell how it packs them."""
    size = len(zlib.compress(policy.encode())) if policy else 0
    return size + sum(len(arn) for arn in arns) + sum(len(key) + len(value) for key, value in tags.items())

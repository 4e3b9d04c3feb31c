"""Resource policies of secrets: whether they can be read, and whether they let in everyone.

Source: AWS Secrets Manager User Guide, "Resource-based policies"; API Reference, PutResourcePolicy.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from awsim.auth.policy import PolicyError, parse
from awsim.errors import AWSError

# Condition keys that leave few enough of everyone. Source: as Zelkova's checks of public access, S3 User Guide, "The
# meaning of public".
_NARROW = (
    "aws:principalaccount", "aws:principalarn", "aws:principalorgid", "aws:principalorgpaths", "aws:sourceaccount",
    "aws:sourcearn", "aws:sourceip", "aws:sourceowner", "aws:sourcevpc", "aws:sourcevpce", "aws:userid", "aws:username",
)  # fmt: skip
_SAME = ("StringEquals", "StringLike", "ArnEquals", "ArnLike", "IpAddress", "ForAnyValue:StringLike")


def check(text: str) -> Any:
    """The statements of a policy; raises MalformedPolicyDocumentException."""
    try:
        document = json.loads(text)
    except ValueError:
        raise _malformed("This resource policy contains invalid Json.") from None
    try:
        parse(text, "resource")
    except PolicyError as error:
        raise _malformed(str(error)) from None
    statements = document["Statement"]
    return statements if isinstance(statements, list) else [statements]


def _malformed(message: str) -> AWSError:
    return AWSError("MalformedPolicyDocumentException", message)


def is_public(statements: Any) -> bool:
    """Whether any statement lets in everyone, under no condition that leaves few."""
    return any(
        each.get("Effect") == "Allow" and "*" in _principals(each.get("Principal")) and not _narrowed(each)
        for each in statements
    )


def _principals(given: Any) -> Iterator[str]:
    if isinstance(given, dict):
        given = given.get("AWS", ())
    yield from [given] if isinstance(given, str) else given or ()


def _narrowed(statement: Any) -> bool:
    conditions = statement.get("Condition") or {}
    return any(
        key.lower() in _NARROW and "*" not in ([value] if isinstance(value, str) else value)
        for operator in _SAME
        for key, value in (conditions.get(operator) or {}).items()
    )

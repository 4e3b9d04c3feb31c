"""How Pipes says no. Sources: EventBridge Pipes API Reference, Common errors; errors that users have quoted in public
(hashicorp/terraform-provider-aws issues 32018 and 32423, terraform-aws-modules/terraform-aws-eventbridge pull 133)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from awsim.errors import AWSError

if TYPE_CHECKING:
    from awsim.gateway.validate import Violation

REQUIRED = "Missing required parameter."


def invalid(name: str, message: str) -> AWSError:
    """A parameter that Pipes itself refuses."""
    told = json.dumps({"ValidationErrorFields": [{"Name": name, "Message": message}]}, separators=(",", ":"))
    return AWSError("ValidationException", told, fields={"fieldList": [{"name": name, "message": message}]})


def missing(name: str) -> AWSError:
    return AWSError("NotFoundException", f"Pipe {name} does not exist.")


def violated(violations: Sequence[Violation]) -> AWSError:
    """Constraints of the model, in the words of the JSON schema that checks the request."""
    return AWSError("ValidationException", f"[{', '.join(map(_worded, violations))}]")


def _worded(violation: Violation) -> str:
    value, bound = violation.value, violation.constraint.rpartition(" ")[2]
    if violation.kind == "required":
        name = violation.path.rpartition(".")[2]
        return f'object has missing required properties (["{name[:1].upper()}{name[1:]}"])'
    if violation.kind == "enum":
        options = violation.constraint.partition("[")[2].removesuffix("]").split(", ")
        return f"instance value ({json.dumps(value)}) not found in enum (possible values: {_listed(options)})"
    if violation.kind == "pattern":
        pattern = violation.constraint.partition("pattern: ")[2]
        return f'ECMA 262 regex "{pattern}" does not match input string "{value}"'
    over = "less than" in violation.constraint
    if violation.kind == "range":
        if over:
            return f"numeric instance is greater than the required maximum (maximum: {bound}, found: {value})"
        return f"numeric instance is lower than the required minimum (minimum: {bound}, found: {value})"
    if isinstance(value, str):
        if over:
            return f'string "{value}" is too long (length: {len(value)}, maximum allowed: {bound})'
        return f'string "{value}" is too short (length: {len(value)}, required minimum: {bound})'
    kind, parts = ("object", "properties") if isinstance(value, dict) else ("array", "elements")
    if over:
        return f"{kind} is too long: must have at most {bound} {parts} but instance has {len(value)} {parts}"
    return f"{kind} is too short: must have at least {bound} {parts} but instance has {len(value)} {parts}"


def _listed(options: Sequence[str]) -> str:
    return json.dumps(list(options), separators=(",", ":"))

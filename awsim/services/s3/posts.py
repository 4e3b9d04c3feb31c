"""Browser uploads: the multipart/form-data of a POST, and the policy that its signer wrote.

Source: S3 API Reference, "Browser-based uploads using POST": "POST Object" and "Creating a POST policy".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from awsim.errors import AWSError

_BOUNDARY = re.compile(r'boundary=(?:"([^"]+)"|([^;,\s]+))', re.IGNORECASE)
_NAME = re.compile(r'[;\s]name="((?:[^"\\]|\\.)*)"', re.IGNORECASE)
_FILENAME = re.compile(r'[;\s]filename="((?:[^"\\]|\\.)*)"', re.IGNORECASE)
# Fields that a policy need not mention.
_FREE = frozenset(("x-amz-signature", "signature", "awsaccesskeyid", "policy", "file", "x-amz-security-token"))


class Form(NamedTuple):
    """`fields` by lower-case name; `file` None where there was none; `size` of all before the file, in bytes."""

    fields: dict[str, str]
    file: bytes | None
    filename: str
    size: int


def _malformed() -> AWSError:
    return AWSError("MalformedPOSTRequest", "The body of your POST request is not well-formed multipart/form-data.")


def parse(content_type: str, body: bytes) -> Form:
    """Read a form; what comes after the file is not looked at."""
    if not content_type.lower().startswith("multipart/form-data"):
        raise AWSError(
            "PreconditionFailed",
            "At least one of the pre-conditions you specified did not hold",
            status=412,
            fields={"Condition": "Bucket POST must be of the enclosure-type multipart/form-data"},
        )
    found = _BOUNDARY.search(content_type)
    if found is None:
        raise _malformed()
    line = b"--" + (found[1] or found[2]).encode()
    fields: dict[str, str] = {}
    start = body.find(line)
    if start < 0:
        raise _malformed()
    position = start + len(line)
    while not body.startswith(b"--", position):
        end_of_line = body.find(b"\n", position)
        blank = body.find(b"\r\n\r\n", position)
        if end_of_line < 0 or blank < 0:
            raise _malformed()
        headers = body[end_of_line + 1 : blank].decode("utf-8", "replace")
        end = body.find(b"\r\n" + line, blank + 4)
        if end < 0:
            raise _malformed()
        name, filename = _disposition(headers)
        if name.lower() == "file":
            return Form(fields, body[blank + 4 : end], filename, position)
        fields.setdefault(name.lower(), body[blank + 4 : end].decode("utf-8", "replace"))
        position = end + 2 + len(line)
    return Form(fields, None, "", position)


def _disposition(headers: str) -> tuple[str, str]:
    for header in headers.split("\r\n"):
        if header.lower().startswith("content-disposition:"):
            name, filename = _NAME.search(header), _FILENAME.search(header)
            if name is not None:
                return name[1], re.split(r"[/\\]", filename[1])[-1] if filename is not None else ""
    raise _malformed()


def check(document: Mapping[str, Any], fields: Mapping[str, str], bucket: str, size: int) -> None:
    """Hold a form against the conditions of its policy. `size` is that of the file in bytes."""
    conditions = document.get("conditions")
    if not isinstance(conditions, list):
        raise AWSError("InvalidPolicyDocument", "Invalid Policy: Policy missing conditions.")
    values = {**fields, "bucket": bucket}
    mentioned = {"bucket"}
    for condition in conditions:
        if isinstance(condition, dict):
            if len(condition) != 1:
                raise AWSError(
                    "InvalidPolicyDocument",
                    "Invalid Policy: Invalid Simple-Condition: Simple-Conditions must have exactly one property "
                    "specified.",
                )
            name, value = next(iter(condition.items()))
            mentioned.add(name.lower())
            _check_one("eq", "$" + name, value, values)
        elif isinstance(condition, list) and len(condition) == 3:
            _check_listed(condition, values, mentioned, size)
        else:
            raise AWSError("InvalidPolicyDocument", f"Invalid Policy: Invalid Condition: {condition!r}")
    extra = [
        name for name in fields if name not in mentioned and name not in _FREE and not name.startswith("x-ignore-")
    ]
    if extra:
        raise AWSError(
            "AccessDenied", f"Invalid according to Policy: Extra input fields: {', '.join(extra)}", status=403
        )


def _check_listed(condition: Sequence[Any], values: Mapping[str, str], mentioned: set[str], size: int) -> None:
    operator, first, second = condition
    kind = str(operator).lower()
    if kind == "content-length-range":
        _check_size(first, second, size)
    elif kind in ("eq", "starts-with"):
        mentioned.add(str(first).lstrip("$").lower())
        _check_one(kind, str(first), second, values)
    else:
        raise AWSError("InvalidPolicyDocument", f"Invalid Policy: Invalid Condition type: {operator}")


def _check_size(least: Any, most: Any, size: int) -> None:
    try:
        least, most = int(least), int(most)
    except (TypeError, ValueError):
        raise AWSError(
            "InvalidPolicyDocument", "Invalid Policy: Invalid content-length-range: range must be integers."
        ) from None
    if size < least:
        raise AWSError(
            "EntityTooSmall",
            "Your proposed upload is smaller than the minimum allowed size",
            fields={"ProposedSize": str(size), "MinSizeAllowed": str(least)},
        )
    if size > most:
        raise AWSError(
            "EntityTooLarge",
            "Your proposed upload exceeds the maximum allowed size",
            fields={"ProposedSize": str(size), "MaxSizeAllowed": str(most)},
        )


def _check_one(operator: str, field: str, wanted: Any, values: Mapping[str, str]) -> None:
    wanted = str(wanted)
    value = values.get(field[1:].lower(), "") if field.startswith("$") else None
    if value is None:
        good = False
    elif operator == "eq":
        good = value == wanted
    elif field.lower() == "$content-type" and "," in value:
        good = all(part.strip().startswith(wanted) for part in value.split(","))
    else:
        good = value.startswith(wanted)
    if not good:
        raise AWSError(
            "AccessDenied",
            f'Invalid according to Policy: Policy Condition failed: ["{operator}", "{field}", "{wanted}"]',
            status=403,
        )

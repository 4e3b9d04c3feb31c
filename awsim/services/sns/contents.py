"""What may be published: message attributes, subjects, sizes, the JSON of MessageStructure.

Sources: SNS API Reference, Publish; messages: ../shared/recorded/sns.jsonl, "empty or wrong message attributes".
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from awsim.errors import AWSError
from awsim.services.sns.message import Attributes
from awsim.services.sns.refusals import invalid

if TYPE_CHECKING:
    from awsim.limits.table import ServiceLimits

_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_.-]")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\Z")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_PUNCTUATED = re.compile(r"[!-~]+\Z")
_STRUCTURE = "Message Structure - "


def check_attributes(attributes: Attributes, limits: ServiceLimits) -> None:
    """Refuse message attributes that AWS would."""
    for name, attribute in attributes.items():
        limits.check("message-attribute-name", len(name.encode()))
        if found := _NOT_IN_NAMES.search(name):
            raise _refused(
                f"Invalid non-alphanumeric character '#x{ord(found.group()):X}' was found in the message attribute "
                "name. Can only include alphanumeric characters, hyphens, underscores, or dots."
            )
        if not name:
            raise _refused("The request must contain non-empty message attribute names.")
        if name.startswith("."):
            raise _refused("Invalid message attribute name starting with character '.' was found.")
        if name.endswith("."):
            raise _refused("Invalid message attribute name ending with character '.' was found.")
        if ".." in name:
            raise _refused("Message attribute name can not have successive '.' character.")
        _check_value(name, attribute)


def _check_value(name: str, attribute: Mapping[str, Any]) -> None:
    data_type = attribute.get("DataType") or ""
    kind = data_type.partition(".")[0]
    if not kind:
        raise _refused(f"The message attribute '{name}' must contain non-empty message attribute type.")
    if kind not in ("String", "Number", "Binary"):
        raise _refused(
            f"The message attribute '{name}' has an invalid message attribute type, "
            "the set of supported type prefixes is Binary, Number, and String."
        )
    field, other = ("BinaryValue", "StringValue") if kind == "Binary" else ("StringValue", "BinaryValue")
    value = attribute.get(field)
    if not value:
        if attribute.get(other):
            named = "Binary" if kind == "Binary" else "String"
            raise _refused(f"The message attribute '{name}' with type '{kind}' must use field '{named}'.")
        raise _refused(
            f"The message attribute '{name}' must contain non-empty message attribute value "
            f"for message attribute type '{kind}'."
        )
    if kind == "Number" and not _NUMBER.match(value):
        raise _refused(f"Could not cast message attribute '{name}' value to number.")


def _refused(message: str) -> AWSError:
    return AWSError("ParameterValueInvalid", message)


def size(text: str, attributes: Attributes | None) -> int:
    """Bytes of a message: its text, and names, types and values of its attributes."""
    total = len(text) if text.isascii() else len(text.encode())
    if not attributes:
        return total
    for name, attribute in attributes.items():
        value = attribute.get("BinaryValue") or attribute.get("StringValue") or ""
        total += _bytes(name) + _bytes(attribute.get("DataType") or "") + _bytes(value)
    return total


def _bytes(value: str | bytes) -> int:
    return len(value) if isinstance(value, bytes) or value.isascii() else len(value.encode())


def check_subject(subject: str, limits: ServiceLimits) -> None:
    """Refuse a subject that is empty, too long, begins with a space or has control characters."""
    if not subject or subject[0].isspace() or _CONTROL.search(subject):
        raise invalid("Subject")
    limits.check("subject", len(subject))


def check_id(row: str, text: str, limits: ServiceLimits) -> None:
    """Refuse a MessageGroupId or MessageDeduplicationId that is too long or no plain text."""
    if not _PUNCTUATED.match(text):
        raise limits.error(row)
    limits.check(row, len(text))


def structured(text: str) -> dict[str, str]:
    """The texts by protocol in a JSON message; raises InvalidParameter without a default."""
    try:
        texts = json.loads(text)
    except (ValueError, RecursionError):
        texts = None
    if not isinstance(texts, dict):
        raise invalid(f"{_STRUCTURE}JSON message body failed to parse")
    texts = {protocol: part for protocol, part in texts.items() if isinstance(part, str)}
    if "default" not in texts:
        raise invalid(f"{_STRUCTURE}No default entry in JSON message body")
    return texts

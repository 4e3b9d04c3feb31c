"""What may be in a message: characters, message attributes, and how large it all is.

Sources: SQS Developer Guide, "Amazon SQS message metadata" and "Message quotas"; W3C XML 1.0, production [2] Char.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from awsim.errors import AWSError

if TYPE_CHECKING:
    from awsim.limits.table import ServiceLimits

_FORBIDDEN = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_.-]")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\Z")
_RESERVED = ("aws.", "amazon.")
_PREFIXES = ("String", "Number", "Binary")
_TRACE_HEADER = "AWSTraceHeader"


def carried(text: str) -> bool:
    """Whether AWS can carry a text."""
    # No forbidden character is printable, so the usual text needs no search.
    return text.isprintable() or _FORBIDDEN.search(text) is None


def check_characters(text: str) -> None:
    """Refuse text that AWS cannot carry."""
    if not carried(text):
        valid = "#x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF"
        raise AWSError("InvalidMessageContents", f"Invalid characters found. Valid unicode characters are {valid}")


def check_attributes(attributes: Mapping[str, Mapping[str, Any]], limits: ServiceLimits) -> None:
    """Refuse message attributes that AWS would."""
    limits.check("message-attributes", len(attributes))
    for name, attribute in attributes.items():
        _check_name(name, limits)
        _check_value(name, attribute, limits)


def size(body: str, attributes: Mapping[str, Mapping[str, Any]] | None) -> int:
    """Bytes of a message: its body, and names, types and values of its attributes."""
    total = _bytes(body)
    for name, attribute in (attributes or {}).items():
        value = attribute.get("BinaryValue") or attribute.get("StringValue") or ""
        total += _bytes(name) + _bytes(attribute.get("DataType") or "") + _bytes(value)
    return total


def _bytes(value: str | bytes) -> int:
    return len(value if isinstance(value, bytes) else value.encode())


def trace_header(system_attributes: Mapping[str, Mapping[str, Any]] | None) -> str | None:
    """The X-Ray header, the only system attribute that a sender may give."""
    for name, attribute in (system_attributes or {}).items():
        if name != _TRACE_HEADER:
            raise _refused(f"Message system attribute name '{name}' is invalid.")
        if attribute.get("DataType") != "String" or not attribute.get("StringValue"):
            raise _refused(f"The message system attribute '{name}' must be a non-empty String.")
        return attribute["StringValue"]
    return None


def _check_name(name: str, limits: ServiceLimits) -> None:
    if not name:
        raise _refused("The request must contain non-empty message attribute name.")
    limits.check("message-attribute-name", len(name))
    if name.lower().startswith(_RESERVED):
        raise _refused(
            "You can't use message attribute names beginning with 'AWS.' or 'Amazon.'. "
            "These strings are reserved for internal use."
        )
    if found := _NOT_IN_NAMES.search(name):
        raise _refused(
            f"Invalid non-alphanumeric character '#x{ord(found.group()):X}' was found in the message attribute name. "
            "Can only include alphanumeric characters, hyphens, underscores, or dots."
        )
    if name.startswith(".") or name.endswith(".") or ".." in name:
        raise _refused("Message attribute names can't start or end with a dot, or have dots in succession.")


def _check_value(name: str, attribute: Mapping[str, Any], limits: ServiceLimits) -> None:
    data_type = attribute.get("DataType") or ""
    if not data_type:
        raise _refused(f"The message attribute '{name}' must contain non-empty message attribute type.")
    limits.check("message-attribute-type", len(data_type))
    logical = data_type.partition(".")[0]
    if logical not in _PREFIXES:
        raise _refused(
            f"The message attribute '{name}' has an invalid message attribute type, "
            "the set of supported type prefixes is Binary, Number, and String."
        )
    member, other = ("BinaryValue", "StringValue") if logical == "Binary" else ("StringValue", "BinaryValue")
    value = attribute.get(member)
    if not value:
        if attribute.get(other):
            field = "Binary" if logical == "Binary" else "String"
            raise _refused(f"The message attribute '{name}' with type '{logical}' must use field '{field}'.")
        raise _refused(
            f"The message attribute '{name}' must contain non-empty message attribute value "
            f"for message attribute type '{logical}'."
        )
    if logical == "Number" and not _NUMBER.match(value):
        raise _refused(f"Can't cast the value of message (user) attribute '{name}' to a number.")
    if logical != "Binary":
        check_characters(value)


def _refused(message: str) -> AWSError:
    return AWSError("InvalidParameterValue", message)

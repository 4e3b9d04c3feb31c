"""Items as Amazon Ion text, as exports write it."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from awsim.services.dynamodb import numbers
from awsim.services.dynamodb.values import BinarySet, NumberSet, StringSet


def line(parts: Mapping[str, Any]) -> str:
    """A line of an export."""
    return "$ion_1_0 " + _struct(parts)


def _number(value: int | Decimal) -> str:
    text = numbers.text_of(value)
    return text if "." in text else text + "."


def _blob(value: bytes) -> str:
    return "{{" + b64encode(value).decode() + "}}"


def _struct(value: Mapping[str, Any]) -> str:
    return "{" + ",".join(f"{json.dumps(name)}:{_text(member)}" for name, member in value.items()) + "}"


def _text(value: Any) -> str:
    return _WRITERS[type(value)](value)


_WRITERS: dict[type, Callable[[Any], str]] = {
    str: json.dumps,
    int: _number,
    Decimal: _number,
    bytes: _blob,
    bool: lambda value: "true" if value else "false",
    type(None): lambda value: "null",
    StringSet: lambda value: "$dynamodb_SS::[" + ",".join(map(json.dumps, value)) + "]",
    NumberSet: lambda value: "$dynamodb_NS::[" + ",".join(map(_number, value)) + "]",
    BinarySet: lambda value: "$dynamodb_BS::[" + ",".join(map(_blob, value)) + "]",
    list: lambda value: "[" + ",".join(map(_text, value)) + "]",
    dict: _struct,
}

"""Attribute values as JSON text, straight from memory: what answers over HTTP are put together from.

    item([...])     '{"pk":{"S":"a"},"n":{"N":"1"}}'

The text is that of `values.dump_item`, which is what callers in Python are answered with.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from json.encoder import encode_basestring as quoted
from typing import Any

from awsim.services.dynamodb import numbers
from awsim.services.dynamodb.values import BinarySet, NumberSet, StringSet


def item(attributes: Mapping[str, Any]) -> str:
    """An item's attributes."""
    parts = []
    for name, value in attributes.items():
        kind = value.__class__
        if kind is str:
            parts.append(f'{quoted(name)}:{{"S":{quoted(value)}}}')
        elif kind is int:
            parts.append(f'{quoted(name)}:{{"N":"{value}"}}')
        else:
            parts.append(f"{quoted(name)}:{_WRITERS[kind](value)}")
    return "{" + ",".join(parts) + "}"


def listed(texts: Iterable[str]) -> str:
    """A list of what is text already."""
    return "[" + ",".join(texts) + "]"


def mapped(members: Mapping[str, str]) -> str:
    """A map of what is text already."""
    return "{" + ",".join([f"{quoted(name)}:{text}" for name, text in members.items()]) + "}"


def _value(value: Any) -> str:
    return _WRITERS[value.__class__](value)


def _binary(value: bytes) -> str:
    return f'"{b64encode(value).decode()}"'


_WRITERS: dict[type, Callable[[Any], str]] = {
    str: lambda value: f'{{"S":{quoted(value)}}}',
    int: lambda value: f'{{"N":"{value}"}}',
    Decimal: lambda value: f'{{"N":"{numbers.text_of(value)}"}}',
    bytes: lambda value: f'{{"B":{_binary(value)}}}',
    bool: lambda value: '{"BOOL":true}' if value else '{"BOOL":false}',
    type(None): lambda value: '{"NULL":true}',
    StringSet: lambda value: f'{{"SS":{listed(map(quoted, value))}}}',
    NumberSet: lambda value: '{"NS":["' + '","'.join(map(numbers.text_of, value)) + '"]}',
    BinarySet: lambda value: f'{{"BS":{listed(map(_binary, value))}}}',
    list: lambda value: f'{{"L":{listed(map(_value, value))}}}',
    dict: lambda value: f'{{"M":{item(value)}}}',
}

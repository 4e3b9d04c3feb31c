"""What Kinesis hands out for a caller to come back with: shard iterators and NextTokens. Opaque."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from hashlib import blake2b
from typing import Any

_VERSION = b"\0\0\0\0\0\0\0\1"
_CHECK = 12


def pack(kind: str, *values: Any) -> str:
    """A token of a kind that holds values of JSON."""
    content = json.dumps(values, separators=(",", ":")).encode()
    return b64encode(_VERSION + _check(kind, content) + content).decode()


def unpack(kind: str, token: str) -> list[Any]:
    """What a token holds; ValueError where it is none of that kind."""
    raw = b64decode(token, validate=True)
    check, content = raw[8 : 8 + _CHECK], raw[8 + _CHECK :]
    if raw[:8] != _VERSION or check != _check(kind, content):
        raise ValueError(f"{token} is no {kind}")
    values: list[Any] = json.loads(content)
    return values


def _check(kind: str, content: bytes) -> bytes:
    return blake2b(content, digest_size=_CHECK, key=kind.encode()).digest()

"""The MD5 digests that senders and receivers compare.

Source: SQS Developer Guide, "Calculating the MD5 message digest for message attributes".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import md5
from struct import pack
from typing import Any

# The byte that says how a value travelled.
_TEXT, _BINARY = b"\x01", b"\x02"


def md5_of_body(body: bytes) -> str:
    """Of a body in UTF-8, as 32 hexadecimal digits."""
    return md5(body, usedforsecurity=False).hexdigest()


def md5_of_bodies(bodies: Sequence[bytes]) -> list[str]:
    """As `md5_of_body`, of several."""
    return [md5(body, usedforsecurity=False).hexdigest() for body in bodies]


def md5_of_attributes(attributes: Mapping[str, Mapping[str, Any]]) -> str:
    """Of message attributes `{name: {"DataType": …, "StringValue" | "BinaryValue": …}}`, sorted by name."""
    digest = md5(usedforsecurity=False)
    for name in sorted(attributes):
        attribute = attributes[name]
        digest.update(_sized(name.encode()))
        digest.update(_sized(attribute["DataType"].encode()))
        if "BinaryValue" in attribute:
            digest.update(_BINARY + _sized(attribute["BinaryValue"]))
        else:
            digest.update(_TEXT + _sized(attribute["StringValue"].encode()))
    return digest.hexdigest()


def _sized(data: bytes) -> bytes:
    return pack(">I", len(data)) + data

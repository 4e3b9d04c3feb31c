"""Ciphertexts of symmetric keys: opaque, authenticated, and as long as AWS's.

A blob says under whose key, and with which of its materials, it was made; the rest is a stream of SHAKE-256 and an HMAC
over all of it and the encryption context. Made for tests: it hides nothing from who knows the seed of a Cloud.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import NamedTuple

_START = b"\x01\x02\x02\x00\x78"
_REGION, _MATERIAL, _CHECK, _NONCE, _TAG = 8, 32, 8, 60, 16
_KEY = re.compile(r"(mrk-)?([0-9a-f]{32}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})")
_PLACE = len(_START) + 1 + 16 + _REGION + 6 + _MATERIAL
_HEAD = _PLACE + _CHECK
#: What a blob is longer than its content.
OVERHEAD = _HEAD + _NONCE + _TAG

Context = Mapping[str, str]


class Blob(NamedTuple):
    """A ciphertext, taken apart. `region` is a hash of the region's name."""

    account: str
    region: bytes
    key: str
    material: str
    head: bytes
    nonce: bytes
    sealed: bytes
    tag: bytes

    def made_in(self, region: str) -> bool:
        return self.region == _hashed(region)

    def open(self, secret: bytes, context: Context | None) -> bytes:
        """The content; ValueError where the secret or the encryption context is another, or the blob was changed."""
        if not hmac.compare_digest(self.tag, _tag(secret, self.head + self.nonce + self.sealed, context)):
            raise ValueError("not sealed so")
        return _masked(self.sealed, secret, self.nonce)


def seal(
    content: bytes,
    secret: bytes,
    *,
    account: str,
    region: str,
    key: str,
    material: str,
    context: Context | None,
    nonce: Callable[[int], bytes],
) -> bytes:
    """The blob of `content`. `nonce` gives so many bytes, others each time."""
    multi = key.startswith("mrk-")
    number = bytes.fromhex(key.removeprefix("mrk-").replace("-", ""))
    place = b"".join(
        (_START, bytes((multi,)), number, _hashed(region), int(account).to_bytes(6), bytes.fromhex(material))
    )
    head = place + _check(place)
    fresh = nonce(_NONCE)
    sealed = _masked(content, secret, fresh)
    return head + fresh + sealed + _tag(secret, head + fresh + sealed, context)


def unpack(blob: bytes) -> Blob:
    """ValueError where it is no ciphertext of a symmetric key."""
    place, head = blob[:_PLACE], blob[:_HEAD]
    if not blob.startswith(_START) or len(blob) <= OVERHEAD or head != place + _check(place):
        raise ValueError("not a ciphertext")
    number = blob[6:22].hex()
    key = (
        f"mrk-{number}" if blob[5] else "-".join((number[:8], number[8:12], number[12:16], number[16:20], number[20:]))
    )
    return Blob(
        account=f"{int.from_bytes(head[30:36]):012d}",
        region=head[22:30],
        key=key,
        material=place[36:].hex(),
        head=head,
        nonce=blob[_HEAD : _HEAD + _NONCE],
        sealed=blob[_HEAD + _NONCE : -_TAG],
        tag=blob[-_TAG:],
    )


def is_key_id(text: str) -> bool:
    return _KEY.fullmatch(text) is not None


@cache
def _hashed(region: str) -> bytes:
    return hashlib.blake2b(region.encode(), digest_size=_REGION).digest()


def _check(place: bytes) -> bytes:
    return hashlib.blake2b(place, digest_size=_CHECK).digest()


def _masked(data: bytes, secret: bytes, nonce: bytes) -> bytes:
    stream = hashlib.shake_256(secret + nonce).digest(len(data))
    return (int.from_bytes(data) ^ int.from_bytes(stream)).to_bytes(len(data))


def _tag(secret: bytes, data: bytes, context: Context | None) -> bytes:
    bound = b""
    if context:
        words = [word.encode() for pair in sorted(context.items()) for word in pair]
        bound = b"".join(len(word).to_bytes(4) + word for word in words)
    return hmac.digest(secret, len(bound).to_bytes(4) + bound + data, "sha256")[:_TAG]

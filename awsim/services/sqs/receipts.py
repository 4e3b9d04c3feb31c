"""Receipt handles: what a receiver shows to delete a message or to change its visibility.

A handle names the queue, the message's place in it and the receive that gave it out; a digest keeps it from being made
up. Nothing about it is stored, so handles cost no memory and are known for ever.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterable
from hashlib import blake2b
from struct import Struct

# Every handle of AWS begins with this version mark.
_MARK = "AQEB"
_PLACE = Struct(">QQ")
_DIGEST_SIZE = 56


def make(secret: bytes, order: int, receive_count: int) -> str:
    """The handle of one receive of an entry; `secret` is the queue's."""
    return make_all(secret, ((order, receive_count),))[0]


def make_all(secret: bytes, receives: Iterable[tuple[int, int]]) -> list[str]:
    """The handles of several receives, `(order, receive_count)` each."""
    handles = []
    for order, receive_count in receives:
        place = _PLACE.pack(order, receive_count)
        digest = blake2b(secret + place, digest_size=_DIGEST_SIZE).digest()
        handles.append(_MARK + b64encode(digest + place).decode())
    return handles


def read(secret: bytes, handle: str) -> tuple[int, int] | None:
    """`(order, receive_count)` of a handle; None for one that this queue never gave out."""
    return read_all(secret, (handle,))[0]


def read_all(secret: bytes, handles: Iterable[str]) -> list[tuple[int, int] | None]:
    """As `read`, of several."""
    found: list[tuple[int, int] | None] = []
    for handle in handles:
        try:
            raw = b64decode(handle[len(_MARK) :], validate=True)
        except ValueError:
            raw = b""
        digest, place = raw[:_DIGEST_SIZE], raw[_DIGEST_SIZE:]
        known = (
            handle.startswith(_MARK)
            and len(place) == _PLACE.size
            and digest == blake2b(secret + place, digest_size=_DIGEST_SIZE).digest()
        )
        found.append(_PLACE.unpack(place) if known else None)  # type: ignore[arg-type]
    return found

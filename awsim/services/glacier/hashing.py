"""SHA-256 tree hashes.

Source: S3 Glacier Developer Guide, "Computing checksums".
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

CHUNK = 1024 * 1024


def tree_hash(data: bytes) -> bytes:
    """The root of the tree over the hashes of each whole MiB of `data`, the last may be shorter."""
    view = memoryview(data)
    return combined([hashlib.sha256(view[at : at + CHUNK]).digest() for at in range(0, len(data) or 1, CHUNK)])


def combined(hashes: Sequence[bytes] | Iterable[bytes]) -> bytes:
    """The root of the tree over hashes of leaves of one size; one that has no partner goes up as it is."""
    level = list(hashes)
    while len(level) > 1:
        pairs = [level[at : at + 2] for at in range(0, len(level), 2)]
        level = [hashlib.sha256(b"".join(pair)).digest() if len(pair) == 2 else pair[0] for pair in pairs]
    return level[0]


def is_aligned(start: int, end: int, size: int) -> bool:
    """Whether bytes `start` to `end` (inclusive) of so many are a whole subtree, for which there is a hash."""
    if start % CHUNK or ((end + 1) % CHUNK and end + 1 != size):
        return False
    length = 1
    chunks = -(-(end + 1 - start) // CHUNK)
    while length < chunks:
        length *= 2
    if (start // CHUNK) % length:
        return False
    return length == chunks or end + 1 == size

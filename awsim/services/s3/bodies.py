"""The bytes of an object: `bytes`, or `Extents` of an object that was put together from parts.

An object of many parts is not copied into one piece: it refers to the parts as they came, so it costs no more memory
than they do, and parts that are equal (a sparse file's) are kept once.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import Any

PIECE = 1 << 18  # bytes handed out at a time
_SMALL = 1 << 16  # what is not worth keeping apart


class Extents:
    """Byte strings one after the other, as one. Immutable; `len`, slices and `bytes` as of bytes."""

    __slots__ = ("_starts", "pieces", "size")

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self.pieces = tuple(pieces)
        self._starts: list[int] = []
        size = 0
        for piece in self.pieces:
            self._starts.append(size)
            size += len(piece)
        self.size = size

    def __len__(self) -> int:
        return self.size

    def __bytes__(self) -> bytes:
        return b"".join(self.pieces)

    def __getitem__(self, span: slice) -> Data:
        """A part of it; whole pieces are shared, not copied."""
        start, end, _ = span.indices(self.size)
        return joined(self._pieces(start, end))

    def between(self, start: int, end: int) -> bytes:
        """The bytes from `start` to `end`."""
        return b"".join(self._pieces(start, end))

    def _pieces(self, start: int, end: int) -> Iterator[bytes]:
        index = bisect_right(self._starts, start) - 1
        while start < end:
            piece, begin = self.pieces[index], self._starts[index]
            stop = min(end - begin, len(piece))
            yield piece if start == begin and stop == len(piece) else piece[start - begin : stop]
            start, index = begin + len(piece), index + 1

    def __iter__(self) -> Iterator[bytes]:
        """All of it, in pieces that are not too large to be copied about."""
        for piece in self.pieces:
            for start in range(0, len(piece), PIECE):
                yield piece[start : start + PIECE]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Extents | bytes) and bytes(self) == bytes(other)

    __hash__ = None  # type: ignore[assignment]


Data = bytes | Extents


def joined(parts: Iterable[Data]) -> Data:
    """Byte strings as one."""
    pieces: list[bytes] = []
    for part in parts:
        pieces += part.pieces if part.__class__ is Extents else (part,)  # type: ignore[union-attr,arg-type]
    if len(pieces) == 1:
        return pieces[0]
    if sum(map(len, pieces)) <= _SMALL:
        return b"".join(pieces)
    return Extents(pieces)


def digest(data: Data, hasher: Any) -> bytes:
    """The digest that a hash of hashlib's gives of all bytes."""
    if data.__class__ is Extents:
        for piece in data.pieces:  # type: ignore[union-attr]
            hasher.update(piece)
    else:
        hasher.update(data)
    return hasher.digest()

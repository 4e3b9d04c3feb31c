"""Ids derived from (seed, account, region, kind, n): a run gives the same ones every time."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from typing import Any

from awsim.state.containers import Dict

_ALPHANUMERIC = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
# The digit that tells a UUID's variant, for any digit.
_VARIANT = dict(zip("0123456789abcdef", "89ab" * 4, strict=True))


class Ids:
    """The ids of one service instance; a counter per kind."""

    __slots__ = ("_begun", "_counters", "_key")

    def __init__(self, seed: int, account: str | None, region: str, service: str) -> None:
        self._key = f"{seed}/{account}/{region}/{service}".encode()
        self._counters = Dict()
        # What the digests of all UUIDs of a kind begin with: a cache, no state.
        self._begun: dict[str, Any] = {}

    def next(self, kind: str) -> int:
        """1, 2, 3, …"""
        n = self._counters.get(kind, 0) + 1
        self._counters[kind] = n
        return n

    def several(self, kind: str, count: int) -> range:
        """The next `count` numbers."""
        first = self._counters.get(kind, 0) + 1
        self._counters[kind] = first + count - 1
        return range(first, first + count)

    def bytes(self, kind: str, size: int) -> bytes:
        """The next `size` bytes."""
        digest = b""
        seed = b"%b/%b/%d" % (self._key, kind.encode(), self.next(kind))
        while len(digest) < size:
            digest += blake2b(
                seed + b"/%d" % len(digest) if digest else seed, digest_size=min(64, size - len(digest))
            ).digest()
        return digest

    def hex(self, kind: str, length: int) -> str:
        """`length` hexadecimal digits, lower case."""
        return self.bytes(kind, (length + 1) // 2).hex()[:length]

    def uuid(self, kind: str) -> str:
        """A version-4 UUID."""
        return self._uuids(kind, (self.next(kind),))[0]

    def uuids(self, kind: str, count: int) -> list[str]:
        """The next `count` UUIDs."""
        return self._uuids(kind, self.several(kind, count))

    def uuid_of(self, kind: str, n: int) -> str:
        """The UUID of number `n`, which `next` gave."""
        return self._uuids(kind, (n,))[0]

    def _uuids(self, kind: str, numbers: Iterable[int]) -> list[str]:
        # As `hex(kind, 32)`: what most calls make one of is made in one go.
        begun = self._begun.get(kind)
        if begun is None:
            begun = self._begun[kind] = blake2b(b"%b/%b/" % (self._key, kind.encode()), digest_size=16)
        found = []
        for n in numbers:
            digest = begun.copy()
            digest.update(b"%d" % n)
            h = digest.hexdigest()
            found.append(f"{h[:8]}-{h[8:12]}-4{h[13:16]}-{_VARIANT[h[16]]}{h[17:20]}-{h[20:]}")
        return found

    def text(self, kind: str, length: int, alphabet: str = _ALPHANUMERIC) -> str:
        """`length` characters of `alphabet` (upper-case base 32 by default)."""
        number = int.from_bytes(self.bytes(kind, length))
        characters = []
        for _ in range(length):
            number, index = divmod(number, len(alphabet))
            characters.append(alphabet[index])
        return "".join(characters)

    def digits(self, kind: str, length: int) -> str:
        """`length` decimal digits, the first not 0."""
        return (
            self.text(kind, 1, "123456789") + self.text(kind, length - 1, "0123456789")
            if length > 1
            else self.text(kind, 1, "123456789")
        )

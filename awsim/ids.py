"""Ids derived from (seed, account, region, kind, n): a run gives the same ones every time."""

from __future__ import annotations

from hashlib import blake2b

from awsim.state.containers import Dict

_ALPHANUMERIC = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


class Ids:
    """The ids of one service instance; a counter per kind."""

    __slots__ = ("_counters", "_key")

    def __init__(self, seed: int, account: str | None, region: str, service: str) -> None:
        self._key = f"{seed}/{account}/{region}/{service}".encode()
        self._counters = Dict()

    def next(self, kind: str) -> int:
        """1, 2, 3, …"""
        n = self._counters.get(kind, 0) + 1
        self._counters[kind] = n
        return n

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
        # As `hex(kind, 32)`: what most calls make one of is made in one go.
        h = blake2b(b"%b/%b/%d" % (self._key, kind.encode(), self.next(kind)), digest_size=16).hexdigest()
        return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-{'89ab'[int(h[16], 16) & 3]}{h[17:20]}-{h[20:]}"

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

"""RSA (RFC 8017): OAEP, PSS and PKCS #1 version 1.5.

Primes come from a pool (`primes.json`, 16 of each size, 120 keys of each spec), because to find new ones takes seconds.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache, cached_property
from importlib.resources import files
from itertools import combinations

from awsim.asymmetric import der

_EXPONENT = 65_537
_ALGORITHM = der.sequence(der.oid("1.2.840.113549.1.1.1"), der.NOTHING)
# DigestInfo without the digest (RFC 8017, section 9.2).
_INFO = {
    "sha256": bytes.fromhex("3031300d060960864801650304020105000420"),
    "sha384": bytes.fromhex("3041300d060960864801650304020205000430"),
    "sha512": bytes.fromhex("3051300d060960864801650304020305000440"),
}


class RSAKey:
    """A key of two primes. Hashes are named as hashlib names them; what cannot be read raises ValueError."""

    def __init__(self, p: int, q: int) -> None:
        self._p, self._q = p, q
        self.modulus = p * q
        self.size = (self.modulus.bit_length() + 7) // 8

    @classmethod
    def nth(cls, bits: int, number: int) -> RSAKey:
        """A key of the pool: another for each number, as many as there are."""
        primes = _primes(bits)
        pairs = _pairs(len(primes))
        p, q = pairs[number % len(pairs)]
        return cls(primes[p], primes[q])

    @classmethod
    def read(cls, data: bytes) -> RSAKey:
        """From PKCS #8."""
        _, key = der.private_key_of(data)
        numbers = der.integers(key)
        if len(numbers) != 9 or numbers[2] != _EXPONENT or numbers[4] * numbers[5] != numbers[1]:
            raise ValueError("not a usable RSA key")
        return cls(numbers[4], numbers[5])

    @property
    def bits(self) -> int:
        return self.modulus.bit_length()

    @cached_property
    def _exponent(self) -> int:
        return pow(_EXPONENT, -1, (self._p - 1) * (self._q - 1))

    def public(self) -> bytes:
        key = der.sequence(der.integer(self.modulus), der.integer(_EXPONENT))
        return der.public_info(_ALGORITHM, key)

    def private(self) -> bytes:
        p, q, d = self._p, self._q, self._exponent
        numbers = (0, self.modulus, _EXPONENT, d, p, q, d % (p - 1), d % (q - 1), pow(q, -1, p))
        return der.private_info(_ALGORITHM, der.sequence(*map(der.integer, numbers)))

    # --- encryption

    def capacity(self, hash_: str) -> int:
        """How many bytes OAEP has room for."""
        return self.size - 2 * hashlib.new(hash_).digest_size - 2

    def encrypt(self, data: bytes, hash_: str, seed: bytes) -> bytes:
        """OAEP; `seed` is as long as a digest."""
        label = hashlib.new(hash_).digest()
        block = label + bytes(self.capacity(hash_) - len(data)) + b"\1" + data
        masked = _xor(block, _mask(seed, len(block), hash_))
        padded = b"\0" + _xor(seed, _mask(masked, len(seed), hash_)) + masked
        return self._public(int.from_bytes(padded)).to_bytes(self.size)

    def decrypt(self, data: bytes, hash_: str) -> bytes:
        """OAEP."""
        padded = self._opened(data)
        label = hashlib.new(hash_).digest()
        size = len(label)
        masked = padded[1 + size :]
        seed = _xor(padded[1 : 1 + size], _mask(masked, size, hash_))
        block = _xor(masked, _mask(seed, len(masked), hash_))
        content = block[size:].lstrip(b"\0")
        if padded[0] or block[:size] != label or content[:1] != b"\1":
            raise ValueError("not encrypted with this key")
        return content[1:]

    def decrypt_plain(self, data: bytes) -> bytes:
        """PKCS #1 version 1.5."""
        padded = self._opened(data)
        padding, zero, content = padded[2:].partition(b"\0")
        if padded[:2] != b"\0\2" or not zero or len(padding) < 8:
            raise ValueError("not encrypted with this key")
        return content

    def _opened(self, data: bytes) -> bytes:
        if len(data) != self.size or int.from_bytes(data) >= self.modulus:
            raise ValueError("not of the length of the key")
        return self._private(int.from_bytes(data)).to_bytes(self.size)

    # --- signatures

    def sign(self, digest: bytes, hash_: str) -> bytes:
        """PKCS #1 version 1.5."""
        return self._private(int.from_bytes(self._padded(digest, hash_))).to_bytes(self.size)

    def verify(self, digest: bytes, signature: bytes, hash_: str) -> bool:
        return self._recovered(signature) == self._padded(digest, hash_)

    def _padded(self, digest: bytes, hash_: str) -> bytes:
        info = _INFO[hash_] + digest
        return b"\0\1" + b"\xff" * (self.size - len(info) - 3) + b"\0" + info

    def sign_pss(self, digest: bytes, hash_: str, salt: bytes) -> bytes:
        """PSS; `salt` is as long as a digest."""
        hashed = hashlib.new(hash_, bytes(8) + digest + salt).digest()
        block = bytes(self.size - len(salt) - len(hashed) - 2) + b"\1" + salt
        masked = bytearray(_xor(block, _mask(hashed, len(block), hash_)))
        masked[0] &= 0x7F  # one bit less than the modulus has
        padded = bytes(masked) + hashed + b"\xbc"
        return self._private(int.from_bytes(padded)).to_bytes(self.size)

    def verify_pss(self, digest: bytes, signature: bytes, hash_: str) -> bool:
        padded = self._recovered(signature)
        size = len(digest)
        masked, hashed = padded[: -size - 1], padded[-size - 1 : -1]
        if not padded or padded[-1] != 0xBC or masked[0] & 0x80:
            return False
        block = bytearray(_xor(masked, _mask(hashed, len(masked), hash_)))
        block[0] &= 0x7F
        start, salt = block[:-size], block[-size:]
        if start != bytes(len(start) - 1) + b"\1":
            return False
        return hashlib.new(hash_, bytes(8) + digest + bytes(salt)).digest() == hashed

    def _recovered(self, signature: bytes) -> bytes:
        value = int.from_bytes(signature)
        if len(signature) != self.size or value >= self.modulus:
            return b""
        return self._public(value).to_bytes(self.size)

    # --- arithmetic

    def _public(self, value: int) -> int:
        return pow(value, _EXPONENT, self.modulus)

    def _private(self, value: int) -> int:
        p, q, d = self._p, self._q, self._exponent
        first, second = pow(value % p, d % (p - 1), p), pow(value % q, d % (q - 1), q)
        return second + (first - second) * pow(q, -1, p) % p * q


def _mask(seed: bytes, size: int, hash_: str) -> bytes:
    """MGF1."""
    digests = b"".join(
        hashlib.new(hash_, seed + n.to_bytes(4)).digest() for n in range(size // len(hashlib.new(hash_).digest()) + 1)
    )
    return digests[:size]


def _xor(one: bytes, other: bytes) -> bytes:
    return (int.from_bytes(one) ^ int.from_bytes(other)).to_bytes(len(one))


@cache
def _primes(bits: int) -> tuple[int, ...]:
    stored = json.loads(files(__package__).joinpath("primes.json").read_text("ascii"))
    return tuple(int(prime, 16) for prime in stored[str(bits)])


@cache
def _pairs(count: int) -> tuple[tuple[int, int], ...]:
    return tuple(combinations(range(count), 2))

"""The checksums of S3: what they are, how parts combine, how they are verified.

Source: S3 User Guide, "Checking object integrity for data at rest in Amazon S3". Values travel as base64 text. A
multipart upload has a *composite* checksum (the checksum of the parts' raw checksums, followed by "-<parts>") or, for
the CRCs, a *full object* checksum that equals that of the joined bytes.

zlib and hashlib do the work where they can. CRC32C and CRC64NVME are done by a C library if one is importable (`crc32c`
or `awscrt`), otherwise by `_Reflected` below; the XXHASH family needs `xxhash`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import zlib
from collections.abc import Callable, Iterable
from functools import cache, partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

from awsim.errors import AWSError
from awsim.services.s3 import bodies
from awsim.services.s3.bodies import Data, Extents

if TYPE_CHECKING:
    from awsim.services.s3.digests import Digests

COMPOSITE = "COMPOSITE"
FULL_OBJECT = "FULL_OBJECT"
DEFAULT = "CRC64NVME"  # what S3 computes itself when the caller sends no checksum

_BLOCK = 1 << 18  # bytes folded at a time, so that the big integers stay in the processor's cache


class _Reflected:
    """A reflected CRC with all-ones initial value and final inversion, fast for pure Python.

    A message is an integer whose bit 0 is its highest power, so its front part `lo` may be replaced by lo·(x^s mod P),
    s bits further back: each such fold halves the length with a few dozen shifts of large integers, which CPython does
    at memory speed. The last bytes go through the usual table.
    """

    def __init__(self, width: int, polynomial: int) -> None:
        self.width = width
        self.polynomial = polynomial
        self.ones = (1 << width) - 1
        self.powers: dict[int, tuple[int, ...]] = {}
        self.factors: dict[int, int] = {}
        self.table: list[int] = []

    def _prepare(self) -> None:
        for byte in range(256):
            value = byte
            for _ in range(8):
                value = value >> 1 ^ (self.polynomial if value & 1 else 0)
            self.table.append(value)

    def _product(self, left: int, right: int) -> int:
        """left·right mod P, both reflected in `width` bits."""
        result = 0
        top = 1 << self.width - 1
        while right:
            if right & top:
                result ^= left
            left = left >> 1 ^ (self.polynomial if left & 1 else 0)
            right = right << 1 & self.ones
        return result

    def power(self, exponent: int) -> int:
        """x^exponent mod P, reflected."""
        result = 1 << self.width - 1
        base = result >> 1
        while exponent:
            if exponent & 1:
                result = self._product(result, base)
            base = self._product(base, base)
            exponent >>= 1
        return result

    def __call__(self, data: bytes, crc: int = 0) -> int:
        if not self.table:
            self._prepare()
        crc ^= self.ones
        view = memoryview(data)
        for start in range(0, len(view), _BLOCK):
            crc = self._block(view[start : start + _BLOCK], crc)
        return crc ^ self.ones

    def _block(self, data: memoryview, crc: int) -> int:
        rest: bytes | memoryview = data
        width = self.width
        if len(data) > 48:
            number = int.from_bytes(data, "little") ^ crc
            crc = 0
            length = 8 * len(data)
            while length > 384:
                size = 64
                while 2 * (size + 64) < length + width:
                    size *= 2
                back = size + 64
                front = length - back
                shifts = self.powers.get(back)
                if shifts is None:
                    factor = self.power(back)
                    shifts = self.powers[back] = tuple(bit for bit in range(width) if factor >> bit & 1)
                lo = number & (1 << front) - 1
                product = 0
                for shift in shifts:
                    product ^= lo << shift
                number = number >> front ^ product << back - front - width + 1
                length = back
            rest = number.to_bytes(length // 8, "little")
        table = self.table
        for byte in rest:
            crc = table[(crc ^ byte) & 0xFF] ^ crc >> 8
        return crc

    def combine(self, first: int, second: int, second_length: int) -> int:
        """The CRC of two byte strings joined, from the CRC of each and the length of the second."""
        factor = self.factors.get(second_length)
        if factor is None:
            if len(self.factors) > 64:
                self.factors.clear()
            factor = self.factors[second_length] = self.power(8 * second_length)
        return self._product(first, factor) ^ second


_CRC32 = _Reflected(32, 0xEDB88320)
_CRC32C = _Reflected(32, 0x82F63B78)
_CRC64NVME = _Reflected(64, 0x9A6C9329AC4BC9B5)


def _imported(module: str, name: str) -> Callable[[bytes], int] | None:
    try:
        return getattr(import_module(module), name, None)
    except ImportError:
        return None


@cache
def _crc32c() -> Callable[[bytes], int]:
    return _imported("crc32c", "crc32c") or _imported("awscrt.checksums", "crc32c") or _CRC32C


@cache
def _crc64nvme() -> Callable[[bytes], int]:
    return _imported("awscrt.checksums", "crc64nvme") or _CRC64NVME


class Algorithm:
    """One checksum algorithm. `member` is its name in boto3's parameters and results, `size` its length in bytes."""

    __slots__ = ("_digest", "_hasher", "composite", "full", "header", "member", "name", "reflected", "size")

    def __init__(
        self,
        name: str,
        size: int,
        digest: Callable[[bytes], bytes] | None,
        reflected: _Reflected | None = None,
        composite: bool = True,
        full: bool | None = None,
        hasher: Callable[[], Any] | None = None,
    ) -> None:
        """`digest` and `reflected` say how a CRC is computed; `hasher` makes a hash of hashlib's for all others."""
        self.name = name
        self.member = "Checksum" + name
        self.header = "x-amz-checksum-" + name.lower()
        self.size = size
        self._digest = digest
        self._hasher = hasher
        self.reflected = reflected
        self.composite = composite
        self.full = reflected is not None if full is None else full

    def digest(self, data: Data) -> bytes:
        if self._digest is None:
            assert self._hasher is not None
            return bodies.digest(data, self._hasher())
        if data.__class__ is Extents:
            return self._combined(data)  # type: ignore[arg-type]
        return self._digest(data)  # type: ignore[arg-type]

    def _combined(self, data: Extents) -> bytes:
        """The CRC of pieces, equal ones computed once."""
        assert self._digest is not None and self.reflected is not None
        known: dict[int, int] = {}
        crc = 0
        for piece in data.pieces:
            value = known.get(id(piece))
            if value is None:
                value = known[id(piece)] = int.from_bytes(self._digest(piece), "big")
            crc = self.reflected.combine(crc, value, len(piece))
        return crc.to_bytes(self.size, "big")

    def text(self, data: Data) -> str:
        """The checksum of `data` as it travels."""
        return binascii.b2a_base64(self.digest(data), newline=False).decode()

    def decode(self, text: str) -> bytes | None:
        """The raw checksum of base64 text; None when it is none of this algorithm."""
        try:
            raw = base64.b64decode(text, validate=True)
        except (ValueError, binascii.Error):
            return None
        return raw if len(raw) == self.size else None

    def of_parts(self, parts: Iterable[str]) -> str:
        """The composite checksum of parts' checksums, without the "-<parts>" suffix."""
        return self.text(b"".join(base64.b64decode(part) for part in parts))

    def joined(self, parts: Iterable[tuple[str, int]]) -> str:
        """The full object checksum from (checksum, length) of each part; CRCs only."""
        crc = 0
        assert self.reflected is not None
        for text, length in parts:
            part = int.from_bytes(base64.b64decode(text), "big")
            crc = self.reflected.combine(crc, part, length)
        return base64.b64encode(crc.to_bytes(self.size, "big")).decode()


@cache
def _xxhash() -> Any:
    try:
        return import_module("xxhash")
    except ImportError:
        return None


def _xx(name: str) -> Callable[[], Any]:
    def hasher() -> Any:
        library = _xxhash()
        if library is None:
            raise AWSError(
                "NotImplemented",
                f"awsim computes the checksum {name.upper()} only where the Python package xxhash is installed",
                status=501,
            )
        return getattr(library, name)()

    return hasher


ALGORITHMS: dict[str, Algorithm] = {
    algorithm.name: algorithm
    for algorithm in (
        Algorithm("CRC32", 4, lambda data: zlib.crc32(data).to_bytes(4, "big"), _CRC32),
        Algorithm("CRC32C", 4, lambda data: _crc32c()(data).to_bytes(4, "big"), _CRC32C),
        Algorithm("CRC64NVME", 8, lambda data: _crc64nvme()(data).to_bytes(8, "big"), _CRC64NVME, composite=False),
        Algorithm("SHA1", 20, None, hasher=hashlib.sha1),
        Algorithm("SHA256", 32, None, hasher=hashlib.sha256),
        Algorithm("SHA512", 64, None, hasher=hashlib.sha512),
        Algorithm("MD5", 16, None, hasher=partial(hashlib.md5, usedforsecurity=False)),
        Algorithm("XXHASH64", 8, None, hasher=_xx("xxh64")),
        Algorithm("XXHASH3", 8, None, hasher=_xx("xxh3_64")),
        Algorithm("XXHASH128", 16, None, hasher=_xx("xxh3_128")),
    )
}
MEMBERS: dict[str, Algorithm] = {algorithm.member: algorithm for algorithm in ALGORITHMS.values()}


class Checksum:
    """A checksum kept with an object. `value` is base64 text, of a composite one with its "-<parts>"."""

    __slots__ = ("algorithm", "type", "value")

    def __init__(self, algorithm: Algorithm, value: str, type: str = FULL_OBJECT) -> None:
        self.algorithm = algorithm
        self.value = value
        self.type = type

    def members(self) -> dict[str, str]:
        return {self.algorithm.member: self.value, "ChecksumType": self.type}


def given(checksums: dict[str, str | None], algorithm_name: str | None = None) -> tuple[Algorithm, str] | None:
    """The one checksum among a request's Checksum… members, refused when malformed or not alone."""
    found: tuple[Algorithm, str] | None = None
    for member, value in checksums.items():
        if value is None:
            continue
        if found is not None:
            raise AWSError(
                "InvalidRequest",
                "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.",
            )
        found = MEMBERS[member], value
    if found is not None and found[0].decode(found[1]) is None:
        raise AWSError("InvalidRequest", f"Value for {found[0].header} header is invalid.")
    if found is not None and algorithm_name is not None and algorithm_name.upper() != found[0].name:
        raise AWSError("InvalidRequest", "Value for x-amz-sdk-checksum-algorithm header is invalid.")
    return found


def md5(data: Data) -> bytes:
    """The raw MD5 of a body."""
    return bodies.digest(data, hashlib.md5(usedforsecurity=False))


def verified(known: Digests, data: Data, algorithm: Algorithm, value: str) -> str:
    """`value` if it is the checksum of `data`, else BadDigest."""
    if known.text(algorithm, data) != value:
        raise AWSError("BadDigest", f"The {algorithm.name} you specified did not match the calculated checksum.")
    return value


def check_md5(digest: bytes, content_md5: str, *, as_hex: bool = False) -> None:
    """Refuse a Content-MD5 header that is malformed or differs from `digest`, the raw MD5 of the body.

    PutObject names the expected digest in hex, UploadPart in base64 (as recorded).
    """
    try:
        expected = base64.b64decode(content_md5, validate=True)
    except (ValueError, binascii.Error):
        expected = b""
    if len(expected) != 16:
        raise AWSError(
            "InvalidDigest", "The Content-MD5 you specified was invalid.", fields={"Content-MD5": content_md5}
        )
    if expected != digest:
        raise AWSError(
            "BadDigest",
            "The Content-MD5 you specified did not match what we received.",
            fields={
                "ExpectedDigest": expected.hex() if as_hex else content_md5,
                "CalculatedDigest": base64.b64encode(digest).decode(),
            },
        )

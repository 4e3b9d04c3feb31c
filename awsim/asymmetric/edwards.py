"""Ed25519 and Ed25519ph (RFC 8032)."""

from __future__ import annotations

from functools import cached_property
from hashlib import sha512

from awsim.asymmetric import der

_P = 2**255 - 19
_ORDER = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, _P) % _P
_ROOT = pow(2, (_P - 1) // 4, _P)
_ALGORITHM = der.sequence(der.oid("1.3.101.112"))
# What goes before the message of the prehashed variant.
_PREHASHED = b"SigEd25519 no Ed25519 collisions\1\0"
Point = tuple[int, int, int, int]  # extended coordinates


def _add(one: Point, other: Point) -> Point:
    a = (one[1] - one[0]) * (other[1] - other[0]) % _P
    b = (one[1] + one[0]) * (other[1] + other[0]) % _P
    c = 2 * one[3] * other[3] * _D % _P
    d = 2 * one[2] * other[2] % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _times(factor: int, point: Point) -> Point:
    result: Point = (0, 1, 1, 0)
    while factor:
        if factor & 1:
            result = _add(result, point)
        point = _add(point, point)
        factor >>= 1
    return result


def _x_of(y: int, odd: int) -> int:
    if y >= _P:
        raise ValueError("not a coordinate")
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    if not square:
        if odd:
            raise ValueError("not a point")
        return 0
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * _ROOT % _P
    if (x * x - square) % _P:
        raise ValueError("not a point")
    return _P - x if x & 1 != odd else x


def _packed(point: Point) -> bytes:
    inverse = pow(point[2], -1, _P)
    x, y = point[0] * inverse % _P, point[1] * inverse % _P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def _unpacked(data: bytes) -> Point:
    y = int.from_bytes(data, "little")
    odd, y = y >> 255, y & (1 << 255) - 1
    x = _x_of(y, odd)
    return x, y, 1, x * y % _P


_Y = 4 * pow(5, -1, _P) % _P
_X = _x_of(_Y, 0)
_BASE: Point = (_X, _Y, 1, _X * _Y % _P)


def _number(data: bytes) -> int:
    return int.from_bytes(sha512(data).digest(), "little") % _ORDER


class EdwardsKey:
    """A key of 32 secret bytes."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) != 32:
            raise ValueError("not of 32 bytes")
        self._secret = secret

    @classmethod
    def read(cls, data: bytes) -> EdwardsKey:
        """From PKCS #8."""
        algorithm, key = der.private_key_of(data)
        if algorithm != der.oid("1.3.101.112"):
            raise ValueError("another curve")
        return cls(der.only(key, der.OCTET_STRING))

    @cached_property
    def _expanded(self) -> tuple[int, bytes]:
        digest = sha512(self._secret).digest()
        return int.from_bytes(digest[:32], "little") & (1 << 254) - 8 | 1 << 254, digest[32:]

    @cached_property
    def _public(self) -> bytes:
        return _packed(_times(self._expanded[0], _BASE))

    def public(self) -> bytes:
        return der.public_info(_ALGORITHM, self._public)

    def private(self) -> bytes:
        return der.private_info(_ALGORITHM, der.octet_string(self._secret))

    def sign(self, message: bytes, *, prehashed: bool = False) -> bytes:
        """`prehashed`: the message is a SHA-512 digest."""
        before = _PREHASHED if prehashed else b""
        factor, prefix = self._expanded
        nonce = _number(before + prefix + message)
        point = _packed(_times(nonce, _BASE))
        answer = (nonce + _number(before + point + self._public + message) * factor) % _ORDER
        return point + answer.to_bytes(32, "little")

    def verify(self, message: bytes, signature: bytes, *, prehashed: bool = False) -> bool:
        before = _PREHASHED if prehashed else b""
        answer = int.from_bytes(signature[32:], "little")
        if len(signature) != 64 or answer >= _ORDER:
            return False
        try:
            point, key = _unpacked(signature[:32]), _unpacked(self._public)
        except ValueError:
            return False
        challenge = _number(before + signature[:32] + self._public + message)
        return _packed(_times(answer, _BASE)) == _packed(_add(point, _times(challenge, key)))

"""Curves in short Weierstrass form: ECDSA with nonces of RFC 6979, and ECDH."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

from awsim.asymmetric import der

_EC = der.oid("1.2.840.10045.2.1")
Point = tuple[int, int, int]  # Jacobian coordinates; z = 0 is the point at infinity


class Curve(NamedTuple):
    """y² = x³ + ax + b modulo p; (x, y) generates a group of `order`."""

    oid: str
    p: int
    a: int
    b: int
    x: int
    y: int
    order: int

    @property
    def size(self) -> int:
        """Bytes of a coordinate."""
        return (self.p.bit_length() + 7) // 8

    def multiply(self, x: int, y: int, factor: int) -> tuple[int, int]:
        """factor · (x, y); ValueError where that is no point of the plane."""
        return self._affine(self._times((x, y, 1), factor))

    def sum_of(self, one: int, x: int, y: int, other: int) -> tuple[int, int]:
        """one · generator + other · (x, y)."""
        return self._affine(self._add(self._times((self.x, self.y, 1), one), self._times((x, y, 1), other)))

    def holds(self, x: int, y: int) -> bool:
        return 0 <= x < self.p and 0 <= y < self.p and (y * y - x * x * x - self.a * x - self.b) % self.p == 0

    def _affine(self, point: Point) -> tuple[int, int]:
        x, y, z = point
        if not z:
            raise ValueError("the point at infinity")
        inverse = pow(z, -1, self.p)
        square = inverse * inverse % self.p
        return x * square % self.p, y * square * inverse % self.p

    def _times(self, point: Point, factor: int) -> Point:
        # Four bits at a time.
        table: list[Point] = [(1, 1, 0), point]
        for _ in range(14):
            table.append(self._add(table[-1], point))
        result: Point = (1, 1, 0)
        for digit in f"{factor:x}":
            for _ in range(4):
                result = self._double(result)
            if digit != "0":
                result = self._add(result, table[int(digit, 16)])
        return result

    def _double(self, point: Point) -> Point:
        x, y, z = point
        if not y or not z:
            return (1, 1, 0)
        p = self.p
        yy = y * y % p
        s = 4 * x * yy % p
        zz = z * z % p
        m = (3 * x * x + self.a * zz * zz) % p
        nx = (m * m - 2 * s) % p
        return nx, (m * (s - nx) - 8 * yy * yy) % p, 2 * y * z % p

    def _add(self, one: Point, other: Point) -> Point:
        x1, y1, z1 = one
        x2, y2, z2 = other
        if not z1:
            return other
        if not z2:
            return one
        p = self.p
        z1z1, z2z2 = z1 * z1 % p, z2 * z2 % p
        u1, u2 = x1 * z2z2 % p, x2 * z1z1 % p
        s1, s2 = y1 * z2 * z2z2 % p, y2 * z1 * z1z1 % p
        if u1 == u2:
            return self._double(one) if s1 == s2 else (1, 1, 0)
        h, r = u2 - u1, s2 - s1
        hh = h * h % p
        hhh, v = h * hh % p, u1 * hh % p
        x = (r * r - hhh - 2 * v) % p
        return x, (r * (v - x) - s1 * hhh) % p, h * z1 * z2 % p


def _nist(oid: str, p: int, b: str, x: str, y: str, order: str) -> Curve:
    return Curve(oid, p, p - 3, int(b, 16), int(x, 16), int(y, 16), int(order, 16))


# Sources: FIPS 186-4 (SP 800-186), SEC 2.
CURVES = {
    "ECC_NIST_P256": _nist(
        "1.2.840.10045.3.1.7",
        2**256 - 2**224 + 2**192 + 2**96 - 1,
        "5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b",
        "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296",
        "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5",
        "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
    ),
    "ECC_NIST_P384": _nist(
        "1.3.132.0.34",
        2**384 - 2**128 - 2**96 + 2**32 - 1,
        "b3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aef",
        "aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7",
        "3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f",
        "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973",
    ),
    "ECC_NIST_P521": _nist(
        "1.3.132.0.35",
        2**521 - 1,
        "051953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd3bb1bf073573df883"
        "d2c34f1ef451fd46b503f00",
        "c6858e06b70404e9cd9e3ecb662395b4429c648139053fb521f828af606b4d3dbaa14b5e77efe75928fe1dc127a2ffa8de3348b3c185"
        "6a429bf97e7e31c2e5bd66",
        "11839296a789a3bc0045c8a5fb42c7d1bd998f54449579b446817afbd17273e662c97ee72995ef42640c550b9013fad0761353c7086a"
        "272c24088be94769fd16650",
        "1fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b88"
        "99c47aebb6fb71e91386409",
    ),
    "ECC_SECG_P256K1": Curve(
        "1.3.132.0.10",
        2**256 - 2**32 - 977,
        0,
        7,
        0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
        0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8,
        0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141,
    ),
}


class ECKey:
    """A key on a curve. What cannot be read raises ValueError."""

    def __init__(self, curve: Curve, secret: int) -> None:
        self.curve = curve
        self.secret = secret % (curve.order - 1) + 1

    @classmethod
    def read(cls, curve: Curve, data: bytes) -> ECKey:
        """From PKCS #8."""
        algorithm, key = der.private_key_of(data)
        if algorithm != _EC + der.oid(curve.oid):
            raise ValueError("another curve")
        parts = list(der.elements(der.only(key, der.SEQUENCE)))
        return cls(curve, int.from_bytes(parts[1][1]) - 1)

    @property
    def _algorithm(self) -> bytes:
        return der.sequence(_EC, der.oid(self.curve.oid))

    @cached_property
    def point(self) -> tuple[int, int]:
        return self.curve.multiply(self.curve.x, self.curve.y, self.secret)

    def _encoded(self) -> bytes:
        x, y = self.point
        return b"\4" + x.to_bytes(self.curve.size) + y.to_bytes(self.curve.size)

    def public(self) -> bytes:
        return der.public_info(self._algorithm, self._encoded())

    def private(self) -> bytes:
        point = der.element(0xA1, der.bit_string(self._encoded()))
        secret = der.octet_string(self.secret.to_bytes(self.curve.size))
        return der.private_info(self._algorithm, der.sequence(der.integer(1), secret, point))

    def sign(self, digest: bytes, hash_: str) -> bytes:
        order, number = self.curve.order, self._number(digest)
        for nonce in self._nonces(digest, hash_):
            r = self.curve.multiply(self.curve.x, self.curve.y, nonce)[0] % order
            s = pow(nonce, -1, order) * (number + r * self.secret) % order
            if r and s:
                return der.sequence(der.integer(r), der.integer(s))
        raise AssertionError("nonces do not end")

    def verify(self, digest: bytes, signature: bytes) -> bool:
        order = self.curve.order
        try:
            r, s = der.integers(signature)
            if not (0 < r < order and 0 < s < order):
                return False
            inverse = pow(s, -1, order)
            one, other = self._number(digest) * inverse % order, r * inverse % order
            return self.curve.sum_of(one, *self.point, other)[0] % order == r
        except ValueError:
            return False

    def shared_with(self, public: bytes) -> bytes:
        """ECDH: the x coordinate of what this key and another's public key (SubjectPublicKeyInfo) share."""
        algorithm, encoded = der.public_key_of(public)
        size = self.curve.size
        x, y = int.from_bytes(encoded[1 : 1 + size]), int.from_bytes(encoded[1 + size :])
        if algorithm != _EC + der.oid(self.curve.oid) or encoded[:1] != b"\4" or not self.curve.holds(x, y):
            raise ValueError("not a point of the curve")
        return self.curve.multiply(x, y, self.secret)[0].to_bytes(size)

    def _number(self, digest: bytes) -> int:
        """The leftmost bits of a digest."""
        return int.from_bytes(digest) >> max(0, len(digest) * 8 - self.curve.order.bit_length())

    def _nonces(self, digest: bytes, hash_: str) -> Iterator[int]:
        """RFC 6979, section 3.2."""
        order = self.curve.order
        size = (order.bit_length() + 7) // 8
        seed = self.secret.to_bytes(size) + (self._number(digest) % order).to_bytes(size)
        length = hashlib.new(hash_).digest_size
        value, key = b"\1" * length, bytes(length)
        for mark in (b"\0", b"\1"):
            key = hmac.digest(key, value + mark + seed, hash_)
            value = hmac.digest(key, value, hash_)
        while True:
            found = b""
            while len(found) < size:
                value = hmac.digest(key, value, hash_)
                found += value
            nonce = int.from_bytes(found[:size]) >> (size * 8 - order.bit_length())
            if 0 < nonce < order:
                yield nonce
            key = hmac.digest(key, value + b"\0", hash_)
            value = hmac.digest(key, value, hash_)

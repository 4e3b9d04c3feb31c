"""Signatures of notifications, and the certificate that they verify with.

The key is real RSA (2048 bits, any library verifies it) but made to sign fast and without any library: its modulus has
35 primes of 59 bits, its public exponent is 2^61 - 1, so that every private exponent modulo a prime is tiny. Whoever
wants can factor it: it proves nothing and protects nothing. `signing.json` holds it with its certificate;
`python -m awsim.services.sns.signing` makes it anew (which needs `cryptography`).

Source: SNS Developer Guide, "Verifying the signatures of Amazon SNS messages" (versions 1: SHA-1, 2: SHA-256).
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from functools import cache
from importlib.resources import files
from itertools import repeat
from math import prod
from operator import mod, mul
from typing import Any

EXPONENT = 2**61 - 1
_BITS = 2048
# DigestInfo of PKCS #1 version 1.5 (RFC 8017, section 9.2).
_PREFIXES = {
    "1": bytes.fromhex("3021300906052b0e03021a05000414"),
    "2": bytes.fromhex("3031300d060960864801650304020105000420"),
}
_HASHES = {"1": hashlib.sha1, "2": hashlib.sha256}


class Key:
    """An RSA key by its primes."""

    def __init__(self, primes: list[int]) -> None:
        self.modulus = prod(primes)
        self._primes = primes
        self._exponents = [pow(EXPONENT, -1, prime - 1) for prime in primes]
        # What turns the residues modulo each prime into the number modulo all (Chinese remainder theorem).
        self._weights = [self.modulus // p * pow(self.modulus // p, -1, p) for p in primes]
        self._length = (self.modulus.bit_length() + 7) // 8

    def sign(self, data: bytes, version: str) -> bytes:
        """PKCS #1 v1.5 over SHA-1 (version "1") or SHA-256 ("2")."""
        info = _PREFIXES[version] + _HASHES[version](data).digest()
        padded = int.from_bytes(b"\x00\x01" + b"\xff" * (self._length - len(info) - 3) + b"\x00" + info)
        residues = map(pow, map(mod, repeat(padded), self._primes), self._exponents, self._primes)
        return (sum(map(mul, residues, self._weights)) % self.modulus).to_bytes(self._length)


@cache
def _stored() -> dict[str, Any]:
    return json.loads(files(__package__).joinpath("signing.json").read_text("ascii"))


@cache
def key() -> Key:
    return Key(_stored()["primes"])


def certificate() -> str:
    """The certificate in PEM."""
    return _stored()["certificate"]


@cache
def certificate_name() -> str:
    """The name that it is served under."""
    return f"SimpleNotificationService-{hashlib.md5(certificate().encode()).hexdigest()}.pem"


def signature(fields: tuple[tuple[str, str | None], ...], version: str) -> str:
    """Base 64; over the names and values of what is signed, those that are None left out."""
    text = "".join([f"{name}\n{value}\n" for name, value in fields if value is not None])
    return b64encode(key().sign(text.encode(), version)).decode()


def _primes() -> list[int]:
    """35 primes p of 59 bits whose private exponent is small: EXPONENT * d = 1 modulo p - 1."""
    found: list[int] = []
    low, high = int(2**58.33), int(2**58.5)
    for d in range(3, 65536, 2):
        product = EXPONENT * d - 1
        for k in range(-(-product // high), product // low + 1):
            prime = product // k + 1
            if product % k == 0 and prime not in found and _is_prime(prime):
                found.append(prime)
            if len(found) == 35:
                return found
    raise ArithmeticError("too few primes")


def _is_prime(n: int) -> bool:
    """Miller-Rabin with bases that decide every n below 2^64."""
    if n % 2 == 0:
        return n == 2
    odd, twos = n - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for base in (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37):
        x = pow(base, odd, n)
        if x in (1, n - 1) or base % n == 0:
            continue
        for _ in range(twos - 1):
            x = x * x % n
            if x == n - 1:
                break
        else:
            return False
    return True


def generate() -> str:
    """The text of signing.json: the primes, and a certificate for them that lasts as long as anybody's clock."""
    from datetime import UTC, datetime

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.x509.oid import NameOID

    primes = _primes()
    public = rsa.RSAPublicNumbers(EXPONENT, prod(primes)).public_key()
    issuer = rsa.generate_private_key(65537, _BITS)

    def name(common: str) -> x509.Name:
        return x509.Name(
            [x509.NameAttribute(NameOID.ORGANIZATION_NAME, "awsim"), x509.NameAttribute(NameOID.COMMON_NAME, common)]
        )

    made = (
        x509.CertificateBuilder()
        .subject_name(name("sns.amazonaws.com"))
        .issuer_name(name("awsim simulated authority"))
        .public_key(public)
        .serial_number(1)
        .not_valid_before(datetime(2000, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2100, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("sns.amazonaws.com")]), critical=False)
        .sign(issuer, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM).decode()
    return json.dumps({"primes": primes, "certificate": pem}, indent=1) + "\n"


if __name__ == "__main__":
    from pathlib import Path

    Path(__file__).with_name("signing.json").write_text(generate(), "ascii")

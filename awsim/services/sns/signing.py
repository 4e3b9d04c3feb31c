"""Signatures of notifications, and the certificate that they verify with.

The key is real RSA (2048 bits, any library verifies it) but made to sign fast and without any library: its private
exponent is 3, its public exponent what that makes it. Whoever knows this can sign too: it proves nothing and protects
nothing. `signing.json` holds it with its certificate; `python -m awsim.services.sns.signing` makes it anew (which needs
`cryptography`).

Source: SNS Developer Guide, "Verifying the signatures of Amazon SNS messages" (versions 1: SHA-1, 2: SHA-256).
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from functools import cache
from importlib.resources import files
from typing import Any

_BITS = 2048
_PRIVATE = 3
# DigestInfo of PKCS #1 version 1.5 (RFC 8017, section 9.2).
_PREFIXES = {
    "1": bytes.fromhex("3021300906052b0e03021a05000414"),
    "2": bytes.fromhex("3031300d060960864801650304020105000420"),
}
_HASHES = {"1": hashlib.sha1, "2": hashlib.sha256}


class Key:
    """An RSA key: modulus and public exponent."""

    def __init__(self, modulus: int, exponent: int) -> None:
        self.modulus = modulus
        self.exponent = exponent
        self._length = (modulus.bit_length() + 7) // 8

    def sign(self, data: bytes, version: str) -> bytes:
        """PKCS #1 v1.5 over SHA-1 (version "1") or SHA-256 ("2")."""
        info = _PREFIXES[version] + _HASHES[version](data).digest()
        padded = int.from_bytes(b"\x00\x01" + b"\xff" * (self._length - len(info) - 3) + b"\x00" + info)
        return pow(padded, _PRIVATE, self.modulus).to_bytes(self._length)


@cache
def _stored() -> dict[str, Any]:
    return json.loads(files(__package__).joinpath("signing.json").read_text("ascii"))


@cache
def key() -> Key:
    return Key(int(_stored()["modulus"], 16), int(_stored()["exponent"], 16))


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


def generate() -> str:
    """The text of signing.json: the modulus, and a certificate for it that lasts as long as anybody's clock."""
    from datetime import UTC, datetime
    from math import gcd, lcm

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.x509.oid import NameOID

    issuer = rsa.generate_private_key(65537, _BITS)
    while True:
        made = rsa.generate_private_key(65537, _BITS).private_numbers()
        order = lcm(made.p - 1, made.q - 1)
        if gcd(_PRIVATE, order) == 1:
            break
    modulus = made.p * made.q
    exponent = pow(_PRIVATE, -1, order)
    public = rsa.RSAPublicNumbers(exponent, modulus).public_key()

    def name(common: str) -> x509.Name:
        return x509.Name(
            [x509.NameAttribute(NameOID.ORGANIZATION_NAME, "awsim"), x509.NameAttribute(NameOID.COMMON_NAME, common)]
        )

    certificate = (
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
    pem = certificate.public_bytes(serialization.Encoding.PEM).decode()
    return json.dumps({"modulus": f"{modulus:x}", "exponent": f"{exponent:x}", "certificate": pem}, indent=1) + "\n"


if __name__ == "__main__":
    from pathlib import Path

    Path(__file__).with_name("signing.json").write_text(generate(), "ascii")

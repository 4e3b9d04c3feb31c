"""Tokens that tell others who a principal of AWS is (IAM User Guide, "Outbound identity federation").

They are signed with keys of KMS in an account of AWS's own: one for an account and algorithm. What the keys' public
halves are nobody can look up at the issuer's address, which no service of awsim answers.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from awsim.service import Service

_AWS = "000000000000"


class Algorithm(NamedTuple):
    """How KMS calls a key and a signature of JSON Web Algorithms; `half` is how long ECDSA's two numbers are."""

    spec: str
    signing: str
    half: int = 0


ALGORITHMS = {
    "RS256": Algorithm("RSA_2048", "RSASSA_PKCS1_V1_5_SHA_256"),
    "ES384": Algorithm("ECC_NIST_P384", "ECDSA_SHA_384", 48),
}


def new_key(sts: Service, algorithm: str) -> str:
    """A key to sign with, by its ARN."""
    found = _kms(sts, "CreateKey", KeySpec=ALGORITHMS[algorithm].spec, KeyUsage="SIGN_VERIFY")
    return found["KeyMetadata"]["Arn"]


def public_half(sts: Service, key: str) -> bytes:
    """DER (SubjectPublicKeyInfo)."""
    return _kms(sts, "GetPublicKey", KeyId=key)["PublicKey"]


def signed(sts: Service, key: str, algorithm: str, claims: Mapping[str, Any]) -> str:
    """A JSON Web Token in compact form."""
    header = {"kid": key.rpartition("/")[2], "typ": "JWT", "alg": algorithm}
    text = ".".join(_packed(json.dumps(part, separators=(",", ":")).encode()) for part in (header, claims))
    found = ALGORITHMS[algorithm]
    asked = {"KeyId": key, "Message": text.encode(), "SigningAlgorithm": found.signing}
    signature = _kms(sts, "Sign", **asked)["Signature"]
    return f"{text}.{_packed(_fixed(signature, found.half) if found.half else signature)}"


def _kms(sts: Service, operation: str, **parameters: Any) -> dict[str, Any]:
    root = f"arn:{sts.partition}:iam::{_AWS}:root"
    return sts.call("kms", operation, as_=root, account_=_AWS, **parameters)


def _packed(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _fixed(der: bytes, half: int) -> bytes:
    """The two numbers of an ECDSA signature one after the other, as RFC 7518 has them, from KMS's DER."""
    at, numbers = 2 + (der[1] & 0x7F if der[1] & 0x80 else 0), []
    for _ in range(2):
        length = der[at + 1]
        numbers.append(int.from_bytes(der[at + 2 : at + 2 + length]))
        at += 2 + length
    return b"".join(number.to_bytes(half) for number in numbers)

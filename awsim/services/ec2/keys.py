"""Key pairs: how EC2 and OpenSSH write the keys of `awsim.asymmetric`.

Sources: EC2 User Guide, "Verify the fingerprint"; RFC 4253, section 6.6; RFC 8709; OpenSSH's PROTOCOL.key.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import TYPE_CHECKING, Any, NamedTuple

from awsim.services.ec2.kinds import Kind, Resource

if TYPE_CHECKING:
    from collections.abc import Sequence

_RSA_BITS = 2048


class KeyPair(Resource):
    kind = Kind(
        "key-pair", "key", "InvalidKeyPair.NotFound", "The key pair '{id}' does not exist", "InvalidKeyPair.NotFound"
    )

    def __init__(
        self, id_: str, owner: str, created: float, name: str, kind: str, fingerprint: str, public: str
    ) -> None:
        super().__init__(id_, owner, created)
        self.name = name
        self.type = kind
        self.fingerprint = fingerprint
        self.public = public

    def described(self) -> dict[str, Any]:
        return {
            "KeyPairId": self.id,
            "KeyName": self.name,
            "KeyType": self.type,
            "KeyFingerprint": self.fingerprint,
            "CreateTime": self.created,
            "Tags": self.tags.as_list(),
        }


class Made(NamedTuple):
    """A new pair: the private key as a file, its fingerprint, and the public key as a line of authorized_keys."""

    material: str
    fingerprint: str
    public: str


def rsa(number: int, name: str) -> Made:
    """The `number`-th pair of a pool, because to find primes takes seconds."""
    from awsim.asymmetric import der
    from awsim.asymmetric.rsa import RSAKey

    key = RSAKey.nth(_RSA_BITS, number)
    whole = key.private()
    _, inner = der.private_key_of(whole)
    public = _line("ssh-rsa", [_integer(65_537), _integer(key.modulus)], name)
    return Made(_pem("RSA PRIVATE KEY", inner), _colons(hashlib.sha1(whole).hexdigest()), public)


def ed25519(secret: bytes, name: str) -> Made:
    from awsim.asymmetric.edwards import EdwardsKey

    public = EdwardsKey(secret).public()[-32:]
    blob = _string(b"ssh-ed25519") + _string(public)
    check = hashlib.sha256(secret).digest()[:4]
    private = check * 2 + blob + _string(secret + public) + _string(name.encode())
    private += bytes(range(1, 1 + -len(private) % 8))
    none = _string(b"none")
    file = b"openssh-key-v1\0" + none + none + _string(b"") + (1).to_bytes(4) + _string(blob) + _string(private)
    line = _line("ssh-ed25519", [public], name)
    return Made(_pem("OPENSSH PRIVATE KEY", file, 70), fingerprint_of(line), line)


def kind_of(line: str) -> str | None:
    """The type of a public key in OpenSSH's form ("rsa", "ed25519"); None for what is none."""
    parts = line.split()
    if len(parts) < 2 or parts[0] not in ("ssh-rsa", "ssh-ed25519"):
        return None
    try:
        blob = base64.b64decode(parts[1], validate=True)
    except (binascii.Error, ValueError):
        return None
    name = parts[0].encode()
    return parts[0].removeprefix("ssh-") if blob.startswith(_string(name)) and len(blob) > len(name) + 8 else None


def fingerprint_of(line: str) -> str:
    """Of an imported key: MD5 of an RSA key as DER, SHA-256 of an Ed25519 key as OpenSSH has it."""
    from awsim.asymmetric import der

    blob = base64.b64decode(line.split()[1])
    if line.startswith("ssh-ed25519"):
        return base64.b64encode(hashlib.sha256(blob).digest()).decode()
    exponent, modulus = (int.from_bytes(part, "big") for part in _strings(blob)[1:3])
    algorithm = der.sequence(der.oid("1.2.840.113549.1.1.1"), der.NOTHING)
    info = der.public_info(algorithm, der.sequence(der.integer(modulus), der.integer(exponent)))
    return _colons(hashlib.md5(info).hexdigest())


def _line(kind: str, parts: Sequence[bytes], name: str) -> str:
    blob = b"".join(_string(part) for part in (kind.encode(), *parts))
    return f"{kind} {base64.b64encode(blob).decode()} {name}"


def _string(data: bytes) -> bytes:
    return len(data).to_bytes(4) + data


def _strings(blob: bytes) -> list[bytes]:
    found = []
    while len(blob) >= 4:
        size = int.from_bytes(blob[:4])
        found.append(blob[4 : 4 + size])
        blob = blob[4 + size :]
    return found


def _integer(number: int) -> bytes:
    return number.to_bytes(number.bit_length() // 8 + 1)


def _pem(label: str, data: bytes, width: int = 64) -> str:
    text = base64.b64encode(data).decode()
    lines = [text[at : at + width] for at in range(0, len(text), width)]
    return "\n".join((f"-----BEGIN {label}-----", *lines, f"-----END {label}-----"))


def _colons(digits: str) -> str:
    return ":".join(digits[at : at + 2] for at in range(0, len(digits), 2))

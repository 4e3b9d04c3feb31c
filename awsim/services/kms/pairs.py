"""Key pairs of the asymmetric key specs: made from a seed, or read from what a customer imports."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from awsim.asymmetric import der
from awsim.asymmetric.edwards import EdwardsKey
from awsim.asymmetric.elliptic import CURVES, ECKey
from awsim.asymmetric.rsa import RSAKey
from awsim.errors import AWSError
from awsim.service import not_modelled
from awsim.services.kms.specs import SPECS, Signing

_DIGEST, _EXTERNAL = "DIGEST", "EXTERNAL_MU"


def make(spec: str, number: int, seed: bytes) -> Any:
    """The pair of a spec: RSA's are the nth of a pool, the others grow from the seed (72 bytes)."""
    if spec.startswith("RSA_"):
        return RSAKey.nth(SPECS[spec].size, number)
    if spec in CURVES:
        return ECKey(CURVES[spec], int.from_bytes(seed))
    if spec == "ECC_NIST_EDWARDS25519":
        return EdwardsKey(seed[:32])
    return LatticeKey(spec, seed[:32])


def read(spec: str, data: bytes) -> Any:
    """A pair of a spec from PKCS #8; ValueError where it is another's or none."""
    try:
        if spec.startswith("RSA_"):
            key = RSAKey.read(data)
            if key.bits != SPECS[spec].size:
                raise ValueError("of another size")
            return key
        if spec in CURVES:
            return ECKey.read(CURVES[spec], data)
        if spec == "ECC_NIST_EDWARDS25519":
            return EdwardsKey.read(data)
        return LatticeKey.read(spec, data)
    except IndexError:
        raise ValueError("not a private key") from None


class LatticeKey:
    """An ML-DSA key (FIPS 204), which `cryptography` computes."""

    def __init__(self, spec: str, seed: bytes) -> None:
        self._spec, self._seed = spec, seed
        self._level = spec.removeprefix("ML_DSA_")

    @classmethod
    def read(cls, spec: str, data: bytes) -> LatticeKey:
        _, key = der.private_key_of(data)
        seed = der.only(key, 0x80)
        if len(seed) != 32:
            raise ValueError("not a seed")
        return cls(spec, seed)

    def _key(self) -> Any:
        try:
            from cryptography.hazmat.primitives.asymmetric import mldsa
        except ImportError:
            raise needs_extra(f"keys of spec {self._spec}") from None
        return getattr(mldsa, f"MLDSA{self._level}PrivateKey").from_seed_bytes(self._seed)

    def public(self) -> bytes:
        from cryptography.hazmat.primitives import serialization

        key = self._key().public_key()
        info: bytes = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        return info

    def private(self) -> bytes:
        return der.private_info(der.sequence(der.oid(_LATTICES[self._level])), der.element(0x80, self._seed))

    def sign(self, message: bytes, *, mu: bool) -> bytes:
        key = self._key()
        return bytes(key.sign_mu(message) if mu else key.sign(message))

    def verify(self, message: bytes, signature: bytes, *, mu: bool) -> bool:
        from cryptography.exceptions import InvalidSignature

        key = self._key().public_key()
        try:
            (key.verify_mu if mu else key.verify)(signature, message)
        except InvalidSignature:
            return False
        return True


_LATTICES = {"44": "2.16.840.1.101.3.4.3.17", "65": "2.16.840.1.101.3.4.3.18", "87": "2.16.840.1.101.3.4.3.19"}


def needs_extra(what: str) -> AWSError:
    """What takes a newer `cryptography`, or any at all, and says so."""
    return not_modelled(f"{what} of KMS without the extra crypto: pip install -U 'awsim[crypto]' brings it")


def sign(pair: Any, how: Signing, message: bytes, kind: str, salt: Callable[[int], bytes]) -> bytes:
    """A signature; `kind` is KMS's MessageType, `salt` gives so many bytes."""
    if how.how == "eddsa":
        return bytes(pair.sign(message, prehashed=how.prehashed))
    if how.how == "ml-dsa":
        return bytes(pair.sign(message, mu=kind == _EXTERNAL))
    digest = message if kind == _DIGEST else hashlib.new(how.hash, message).digest()
    if how.how == "pss":
        return bytes(pair.sign_pss(digest, how.hash, salt(len(digest))))
    return bytes(pair.sign(digest, how.hash))


def verify(pair: Any, how: Signing, message: bytes, signature: bytes, kind: str) -> bool:
    if how.how == "eddsa":
        return bool(pair.verify(message, signature, prehashed=how.prehashed))
    if how.how == "ml-dsa":
        return bool(pair.verify(message, signature, mu=kind == _EXTERNAL))
    digest = message if kind == _DIGEST else hashlib.new(how.hash, message).digest()
    if how.how == "ecdsa":
        return bool(pair.verify(digest, signature))
    if how.how == "pss":
        return bool(pair.verify_pss(digest, signature, how.hash))
    return bool(pair.verify(digest, signature, how.hash))

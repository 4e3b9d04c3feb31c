"""What keys of each spec are good for.

Source: KMS Developer Guide, "Key spec reference"; KMS API Reference, Sign and CreateKey.
"""

from __future__ import annotations

from typing import NamedTuple

SYMMETRIC = "SYMMETRIC_DEFAULT"
ENCRYPT_DECRYPT, SIGN_VERIFY = "ENCRYPT_DECRYPT", "SIGN_VERIFY"
GENERATE_VERIFY_MAC, KEY_AGREEMENT = "GENERATE_VERIFY_MAC", "KEY_AGREEMENT"


class Spec(NamedTuple):
    """A key spec. `family` names its rate in the limits table; `size`: bits of an RSA key, bytes of secret material."""

    name: str
    family: str
    usages: tuple[str, ...]
    size: int = 0
    encryption: tuple[str, ...] = ()
    signing: tuple[str, ...] = ()
    mac: tuple[str, ...] = ()
    agreement: tuple[str, ...] = ()

    @property
    def symmetric(self) -> bool:
        """Whether it encrypts with one secret, rather than being an HMAC key or a pair."""
        return self.name == SYMMETRIC

    @property
    def paired(self) -> bool:
        return self.family not in ("symmetric", "hmac")

    @property
    def kind(self) -> str:
        """What an alias may be moved among."""
        return "asymmetric" if self.paired else self.family

    def algorithms(self, usage: str) -> tuple[str, ...]:
        return {
            ENCRYPT_DECRYPT: self.encryption,
            SIGN_VERIFY: self.signing,
            GENERATE_VERIFY_MAC: self.mac,
            KEY_AGREEMENT: self.agreement,
        }[usage]


class Signing(NamedTuple):
    """A signing algorithm: how (pss, pkcs1, ecdsa, eddsa, ml-dsa), and the hash of messages as hashlib names it."""

    how: str
    hash: str = ""
    prehashed: bool = False


SIGNINGS = {
    **{f"RSASSA_PSS_SHA_{n}": Signing("pss", f"sha{n}") for n in (256, 384, 512)},
    **{f"RSASSA_PKCS1_V1_5_SHA_{n}": Signing("pkcs1", f"sha{n}") for n in (256, 384, 512)},
    **{f"ECDSA_SHA_{n}": Signing("ecdsa", f"sha{n}") for n in (256, 384, 512)},
    "ED25519_SHA_512": Signing("eddsa"),
    "ED25519_PH_SHA_512": Signing("eddsa", "sha512", prehashed=True),
    "ML_DSA_SHAKE_256": Signing("ml-dsa"),
}
OAEP = {"RSAES_OAEP_SHA_1": "sha1", "RSAES_OAEP_SHA_256": "sha256"}
# The hash of an HMAC algorithm.
MACS = {f"HMAC_SHA_{n}": f"sha{n}" for n in (224, 256, 384, 512)}

_RSA = tuple(name for name in SIGNINGS if name.startswith("RSASSA"))
_ECC_USES = (SIGN_VERIFY, KEY_AGREEMENT)
_CURVES = {"ECC_NIST_P256": 256, "ECC_NIST_P384": 384, "ECC_NIST_P521": 512}

SPECS = {
    spec.name: spec
    for spec in (
        Spec(SYMMETRIC, "symmetric", (ENCRYPT_DECRYPT,), 32, encryption=(SYMMETRIC,)),
        *(
            Spec(f"RSA_{bits}", "rsa", (ENCRYPT_DECRYPT, SIGN_VERIFY), bits, encryption=tuple(OAEP), signing=_RSA)
            for bits in (2048, 3072, 4096)
        ),
        *(
            Spec(name, "ecc", _ECC_USES, signing=(f"ECDSA_SHA_{bits}",), agreement=("ECDH",))
            for name, bits in _CURVES.items()
        ),
        Spec("ECC_SECG_P256K1", "ecc", (SIGN_VERIFY,), signing=("ECDSA_SHA_256",)),
        Spec("ECC_NIST_EDWARDS25519", "ecc", (SIGN_VERIFY,), signing=("ED25519_SHA_512", "ED25519_PH_SHA_512")),
        *(
            Spec(f"HMAC_{bits}", "hmac", (GENERATE_VERIFY_MAC,), bits // 8, mac=(f"HMAC_SHA_{bits}",))
            for bits in (224, 256, 384, 512)
        ),
        *(Spec(f"ML_DSA_{level}", "ml-dsa", (SIGN_VERIFY,), signing=("ML_DSA_SHAKE_256",)) for level in (44, 65, 87)),
        Spec(
            "SM2",
            "sm2",
            (ENCRYPT_DECRYPT, SIGN_VERIFY, KEY_AGREEMENT),
            encryption=("SM2PKE",),
            signing=("SM2DSA",),
            agreement=("ECDH",),
        ),
    )
}

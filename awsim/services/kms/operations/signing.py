"""Signatures, message authentication codes, public keys and shared secrets."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from typing import Any

from awsim.errors import AWSError
from awsim.services.kms import pairs, refusals
from awsim.services.kms.key import Key
from awsim.services.kms.operations.use import Use
from awsim.services.kms.specs import (
    ENCRYPT_DECRYPT,
    GENERATE_VERIFY_MAC,
    KEY_AGREEMENT,
    MACS,
    SIGN_VERIFY,
    SIGNINGS,
    Signing,
)

_RAW, _DIGEST, _EXTERNAL = "RAW", "DIGEST", "EXTERNAL_MU"
_MU = 64  # bytes of an external mu: FIPS 204


class SigningOperations(Use):
    def sign(
        self,
        KeyId: str,
        Message: bytes,
        SigningAlgorithm: str,
        MessageType: str | None = None,
        GrantTokens: Sequence[str] = (),
        DryRun: bool | None = None,
    ) -> dict[str, Any]:
        key, how, kind = self._prepared(KeyId, Message, SigningAlgorithm, MessageType)
        self.dry_run(DryRun)
        pair = self.current_of(key).secret
        signature = pairs.sign(pair, how, Message, kind, lambda size: self.ids.bytes("salt", size))
        self.note_use(key)
        return {"KeyId": key.arn, "Signature": signature, "SigningAlgorithm": SigningAlgorithm}

    def verify(
        self,
        KeyId: str,
        Message: bytes,
        Signature: bytes,
        SigningAlgorithm: str,
        MessageType: str | None = None,
        GrantTokens: Sequence[str] = (),
        DryRun: bool | None = None,
    ) -> dict[str, Any]:
        key, how, kind = self._prepared(KeyId, Message, SigningAlgorithm, MessageType)
        self.dry_run(DryRun)
        if not pairs.verify(self.current_of(key).secret, how, Message, Signature, kind):
            raise AWSError("KMSInvalidSignatureException")
        self.note_use(key)
        return {"KeyId": key.arn, "SignatureValid": True, "SigningAlgorithm": SigningAlgorithm}

    def _prepared(self, named: str, message: bytes, algorithm: str, kind: str | None) -> tuple[Key, Signing, str]:
        key = self.usable(named, SIGN_VERIFY, self.request.operation)
        if algorithm not in key.spec.signing:
            raise refusals.wrong_algorithm(algorithm, key.spec.name)
        how, kind = SIGNINGS[algorithm], kind or _RAW
        if kind not in _kinds(how):
            raise refusals.invalid(f"Message type {kind} is incompatible with algorithm {algorithm}.")
        if kind == _DIGEST and len(message) != hashlib.new(how.hash).digest_size:
            raise refusals.invalid(f"Digest is invalid length for algorithm {algorithm}.")
        if kind == _EXTERNAL and len(message) != _MU:
            raise refusals.invalid(f"External mu is invalid length for algorithm {algorithm}.")
        return key, how, kind

    def get_public_key(self, KeyId: str, GrantTokens: Sequence[str] = ()) -> dict[str, Any]:
        key = self.key_named(KeyId)
        if not key.spec.paired:
            raise refusals.unsupported(
                f"{key.arn} key spec is {key.spec.name}, which is not valid for {self.request.operation}."
            )
        self.permit(key, "Enabled", "Updating")
        usage = key.family.usage
        member = {
            ENCRYPT_DECRYPT: "EncryptionAlgorithms",
            SIGN_VERIFY: "SigningAlgorithms",
            KEY_AGREEMENT: "KeyAgreementAlgorithms",
        }[usage]
        return {
            "KeyId": key.arn,
            "PublicKey": self.current_of(key).secret.public(),
            "CustomerMasterKeySpec": key.spec.name,
            "KeySpec": key.spec.name,
            "KeyUsage": usage,
            member: list(key.spec.algorithms(usage)),
        }

    def derive_shared_secret(
        self,
        KeyId: str,
        KeyAgreementAlgorithm: str,
        PublicKey: bytes,
        GrantTokens: Sequence[str] = (),
        DryRun: bool | None = None,
    ) -> dict[str, Any]:
        key = self.usable(KeyId, KEY_AGREEMENT, self.request.operation)
        try:
            secret = self.current_of(key).secret.shared_with(PublicKey)
        except (ValueError, IndexError):
            raise refusals.invalid("The public key is not valid for the KMS key.") from None
        self.dry_run(DryRun)
        self.note_use(key)
        return {
            "KeyId": key.arn,
            "SharedSecret": secret,
            "KeyAgreementAlgorithm": KeyAgreementAlgorithm,
            "KeyOrigin": key.family.origin,
        }

    # --- HMAC

    def generate_mac(
        self,
        Message: bytes,
        KeyId: str,
        MacAlgorithm: str,
        GrantTokens: Sequence[str] = (),
        DryRun: bool | None = None,
    ) -> dict[str, Any]:
        key = self._mac_key(KeyId, MacAlgorithm)
        self.dry_run(DryRun)
        self.note_use(key)
        return {"Mac": self._mac(key, Message, MacAlgorithm), "MacAlgorithm": MacAlgorithm, "KeyId": key.arn}

    def verify_mac(
        self,
        Message: bytes,
        KeyId: str,
        MacAlgorithm: str,
        Mac: bytes,
        GrantTokens: Sequence[str] = (),
        DryRun: bool | None = None,
    ) -> dict[str, Any]:
        key = self._mac_key(KeyId, MacAlgorithm)
        self.dry_run(DryRun)
        if not hmac.compare_digest(self._mac(key, Message, MacAlgorithm), Mac):
            raise AWSError("KMSInvalidMacException")
        self.note_use(key)
        return {"KeyId": key.arn, "MacValid": True, "MacAlgorithm": MacAlgorithm}

    def _mac_key(self, named: str, algorithm: str) -> Key:
        key = self.usable(named, GENERATE_VERIFY_MAC, self.request.operation)
        if algorithm not in key.spec.mac:
            raise refusals.wrong_algorithm(algorithm, key.spec.name)
        return key

    def _mac(self, key: Key, message: bytes, algorithm: str) -> bytes:
        return hmac.digest(self.current_of(key).secret, message, MACS[algorithm])


def _kinds(how: Signing) -> tuple[str, ...]:
    """The message types that an algorithm takes."""
    if how.how == "eddsa":
        return (_DIGEST,) if how.prehashed else (_RAW,)
    return (_RAW, _EXTERNAL) if how.how == "ml-dsa" else (_RAW, _DIGEST)

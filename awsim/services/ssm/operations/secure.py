"""Secure strings: encrypted and decrypted by KMS, in the name of whoever puts or reads them.

A standard parameter's value is encrypted by KMS itself, an advanced one's under a data key (envelope encryption), each
with the parameter's ARN in the encryption context. Source: Systems Manager User Guide, "How AWS Systems Manager
Parameter Store uses AWS KMS".
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from hashlib import blake2b
from typing import Any

from awsim.errors import AWSError
from awsim.services.ssm.operations.common import Operations
from awsim.services.ssm.parameter import DEFAULT_KEY, SECURE, STANDARD, Version

_BLOCK = 64
_CONTEXT = "PARAMETER_ARN"


class SecureOperations(Operations):
    def seal(self, arn: str, version: Version) -> None:
        """Put ciphertext in place of a version's plain text. Raises InvalidKeyId."""
        plain, context = version.value.encode(), {_CONTEXT: arn}
        key = version.key or DEFAULT_KEY
        if version.tier == STANDARD:
            answer = self._kms("Encrypt", KeyId=key, Plaintext=plain, EncryptionContext=context)
            sealed = answer["CiphertextBlob"]
        else:
            answer = self._kms("GenerateDataKey", KeyId=key, KeySpec="AES_256", EncryptionContext=context)
            version.envelope = answer["CiphertextBlob"]
            sealed = _crypted(answer["Plaintext"], plain)
        version.value = b64encode(sealed).decode()

    def opened(self, arn: str, version: Version, decrypt: bool | None) -> str:
        """The value to show: plain text where that was asked for and KMS lets the caller have it."""
        if version.type != SECURE or not decrypt:
            return version.value
        context, sealed = {_CONTEXT: arn}, b64decode(version.value)
        if version.envelope is None:
            answer = self._kms("Decrypt", CiphertextBlob=sealed, EncryptionContext=context)
            plain: bytes = answer["Plaintext"]
        else:
            answer = self._kms("Decrypt", CiphertextBlob=version.envelope, EncryptionContext=context)
            plain = _crypted(answer["Plaintext"], sealed)
        return plain.decode()

    def _kms(self, operation: str, **parameters: Any) -> dict[str, Any]:
        try:
            return self.call("kms", operation, as_=self.caller, **parameters)
        except AWSError as error:
            code = "AccessDeniedException" if error.code.startswith("AccessDenied") else "InvalidKeyId"
            raise AWSError(code, error.message) from None


def _crypted(key: bytes, text: bytes) -> bytes:
    """Text made unreadable under a data key, or readable again: it stands for AES, and protects nothing."""
    blocks = (
        blake2b(number.to_bytes(8), key=key, digest_size=_BLOCK).digest() for number in range(len(text) // _BLOCK + 1)
    )
    return bytes(one ^ other for one, other in zip(text, b"".join(blocks), strict=False))

"""Encryption at rest: what is asked for, what a bucket's default gives, what is answered.

Nothing is really encrypted; S3's rules on headers and keys are kept. What KMS says of a key is asked in `data_keys`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import uuid
from typing import Any, NamedTuple

from awsim.errors import AWSError

AES256 = "AES256"
KMS_ALGORITHMS = ("aws:kms", "aws:kms:dsse")
_SSE_HEADER = "x-amz-server-side-encryption"


class Encryption(NamedTuple):
    """How a version is encrypted. `algorithm` is None for SSE-C, where `customer` holds the MD5 of the key (base64).

    `sealed` is the data key as KMS gave it, encrypted; None where KMS was not asked.
    """

    algorithm: str | None = AES256
    key_id: str | None = None
    bucket_key: bool = False
    context: str | None = None
    customer: str | None = None
    sealed: bytes | None = None

    def members(self, *, with_context: bool = False) -> dict[str, Any]:
        """The members of an answer that describe it."""
        if self.customer is not None:
            return {"SSECustomerAlgorithm": AES256, "SSECustomerKeyMD5": self.customer}
        if self.algorithm == AES256:
            return {"ServerSideEncryption": AES256}
        members: dict[str, Any] = {"ServerSideEncryption": self.algorithm, "SSEKMSKeyId": self.key_id}
        if self.bucket_key:
            members["BucketKeyEnabled"] = True
        if with_context and self.context is not None:
            members["SSEKMSEncryptionContext"] = self.context
        return members

    @property
    def hides_md5(self) -> bool:
        """Whether the entity tag is not the MD5 of the plain bytes."""
        return self.algorithm != AES256


SSE_S3 = Encryption()


def key_arn(key_id: str | None, partition: str, region: str, account: str) -> str:
    """The ARN of a KMS key named as callers may: by id, alias or ARN; None is the account's own key for S3."""
    if key_id is None or key_id in ("alias/aws/s3", f"arn:{partition}:kms:{region}:{account}:alias/aws/s3"):
        name = uuid.uuid5(uuid.NAMESPACE_URL, f"aws/s3/{partition}/{region}/{account}")
        return f"arn:{partition}:kms:{region}:{account}:key/{name}"
    if key_id.startswith("arn:"):
        return key_id
    kind = "" if key_id.startswith(("alias/", "key/")) else "key/"
    return f"arn:{partition}:kms:{region}:{account}:{kind}{key_id}"


def _invalid(message: str, value: str | None = None) -> AWSError:
    fields = {"ArgumentName": _SSE_HEADER}
    if value is not None:
        fields["ArgumentValue"] = value
    return AWSError("InvalidArgument", message, fields=fields)


def customer_key(algorithm: str | None, key: Any, md5: str | None, *, secure: bool = True) -> str | None:
    """The MD5 (base64) of a customer's key; None when no such key was given. Raises what is wrong with it."""
    if algorithm is None and key is None and md5 is None:
        return None
    if not secure:
        raise AWSError(
            "InvalidRequest",
            "Requests specifying Server Side Encryption with Customer provided keys must be made over a secure "
            "connection.",
        )
    if algorithm is None:
        raise _invalid(
            "Requests specifying Server Side Encryption with Customer provided keys must provide a valid encryption "
            "algorithm."
        )
    if algorithm != AES256:
        raise AWSError(
            "InvalidEncryptionAlgorithmError",
            "The Encryption request you specified is not valid. Supported value: AES256.",
            fields={"ArgumentName": _SSE_HEADER, "ArgumentValue": algorithm},
        )
    if not key:
        raise _invalid(
            "Requests specifying Server Side Encryption with Customer provided keys must provide an appropriate "
            "secret key."
        )
    raw = _key_bytes(key)
    if len(raw) != 32:
        raise _invalid("The secret key was invalid for the specified algorithm.")
    digest = base64.b64encode(hashlib.md5(raw, usedforsecurity=False).digest()).decode()
    if md5 is None:
        raise _invalid(
            "Requests specifying Server Side Encryption with Customer provided keys must provide the client "
            "calculated MD5 of the secret key."
        )
    if md5 != digest:
        raise _invalid("The calculated MD5 hash of the key did not match the hash that was provided.")
    return digest


def _key_bytes(key: str | bytes) -> bytes:
    """A key as it travels (base64) or, from Python, as it is."""
    if isinstance(key, bytes) and len(key) == 32:
        return key
    try:
        return base64.b64decode(key, validate=True)
    except (ValueError, binascii.Error):
        return key.encode() if isinstance(key, str) else key


def incompatible(algorithm: str) -> AWSError:
    return _invalid(
        "Server Side Encryption with Customer provided key is incompatible with the encryption method specified",
        algorithm,
    )


def check_algorithm(algorithm: str | None, key_id: str | None) -> None:
    """Refuse unknown algorithms, and a KMS key without the algorithm that uses it."""
    if algorithm is not None and algorithm != AES256 and algorithm not in KMS_ALGORITHMS:
        raise _invalid("The encryption method specified is not supported", algorithm)
    if key_id is not None and algorithm not in KMS_ALGORITHMS:
        raise _invalid(
            "Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : "
            "aws:kms",
            algorithm,
        )


def check_customer(stored: Encryption | None, customer: str | None) -> None:
    """Whether a reader brought the key that an object needs, or one that it does not take."""
    needed = stored.customer if stored is not None else None
    if needed is None and customer is not None:
        raise AWSError("InvalidRequest", "The encryption parameters are not applicable to this object.")
    if needed is not None and customer is None:
        raise AWSError(
            "InvalidRequest",
            "The object was stored using a form of Server Side Encryption. The correct parameters must be provided to "
            "retrieve the object.",
        )
    if needed != customer:
        raise AWSError(
            "AccessDenied",
            "Requests specifying Server Side Encryption with Customer provided keys must provide the correct secret "
            "key.",
            status=403,
        )

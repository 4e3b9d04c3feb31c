"""Data keys of objects that KMS protects: asked of KMS in the name of whoever writes or reads.

Source: S3 User Guide, "Using server-side encryption with AWS KMS keys" and "Reducing the cost of SSE-KMS with Amazon S3
Bucket Keys". Where an account has no KMS that could know of a key, the key is taken as it is named.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from awsim.auth.credentials import parse_authorization
from awsim.errors import AWSError
from awsim.service import Service
from awsim.services.s3 import encryption
from awsim.services.s3.bucket import Bucket
from awsim.services.s3.encryption import Encryption

_OLD = ("none", "v2", "v2-query")
_MANAGED = "alias/aws/s3"


class DataKeys(Service):
    """Below S3's operations on objects."""

    def sealed(
        self, bucket: Bucket, key: str, algorithm: str, key_id: str | None, bucket_key: bool, context: str | None
    ) -> Encryption:
        """How an object is encrypted under a KMS key, with a data key that its writer may have."""
        self._check_signature()
        # A key that is no ARN is one of whoever asks, not of the bucket's owner.
        account = self.caller.account or bucket.account
        arn = encryption.key_arn(key_id, self.partition, bucket.region, account)
        stored = Encryption(algorithm, arn, bucket_key, context)
        _, _, _, region, owner, named = arn.split(":", 5)
        if region != bucket.region:
            raise AWSError("KMS.NotFoundException", f"Invalid arn {region}", status=400)
        if not self._has_kms(key_id, owner, region):
            return stored
        asked = _MANAGED if key_id is None else key_id if key_id.startswith("arn:") else named.removeprefix("key/")
        answer = self._ask(
            "GenerateDataKey",
            owner,
            region,
            KeyId=asked,
            KeySpec="AES_256",
            EncryptionContext=self.context_of(bucket, key, stored),
        )
        return stored._replace(key_id=answer["KeyId"], sealed=answer["CiphertextBlob"])

    def unseal(self, bucket: Bucket, key: str, stored: Encryption | None) -> None:
        """Whether the caller may have an object's data key again, to read the object."""
        if stored is None or stored.algorithm not in encryption.KMS_ALGORITHMS:
            return
        self._check_signature()
        if stored.sealed is not None and stored.key_id is not None:
            _, _, _, region, owner, _ = stored.key_id.split(":", 5)
            context = self.context_of(bucket, key, stored)
            self._ask(
                "Decrypt",
                owner,
                region,
                KeyId=stored.key_id,
                CiphertextBlob=stored.sealed,
                EncryptionContext=context,
            )

    def _check_signature(self) -> None:
        http = self.cloud.current.http
        if http is None:
            return
        message = ""
        if http.url.startswith("http://"):
            message = "must be made over a secure connection."
        elif self.caller.is_anonymous or (
            parse_authorization(http.headers, http.query_string)[4] in _OLD and http.method != "POST"
        ):
            message = "require AWS Signature Version 4."
        if message:
            raise AWSError(
                "InvalidArgument",
                f"Requests specifying Server Side Encryption with AWS KMS managed keys {message}",
                status=400,
                fields={"ArgumentName": "Authorization", "ArgumentValue": "null"},
            )

    def _has_kms(self, key_id: str | None, account: str, region: str) -> bool:
        """Whether KMS can be asked: for S3's own key always, for others where the account has used it."""
        from awsim.gateway.plan import service_class

        if service_class("kms") is None:
            return False
        return key_id is None or self.cloud.has_service("kms", account, region)

    def _ask(self, operation: str, account: str, region: str, **parameters: Any) -> dict[str, Any]:
        """An answer of KMS; what it refuses, S3 refuses in its name."""
        try:
            return self.call("kms", operation, as_=self.caller, region_=region, account_=account, **parameters)
        except AWSError as error:
            if error.code in ("AccessDeniedException", "AccessDenied"):
                raise AWSError("AccessDenied", error.message, status=403) from None
            raise AWSError(f"KMS.{error.code}", error.message, status=400) from None

    def context_of(self, bucket: Bucket, key: str, stored: Encryption) -> Mapping[str, str]:
        """The encryption context: the ARN of the object, or of the bucket that has a key of its own."""
        given: Any = {}
        if stored.context:
            try:
                given = json.loads(base64.b64decode(stored.context))
            except (ValueError, RecursionError):
                given = {}
        arn = f"arn:{self.partition}:s3:::{bucket.name}"
        return {
            **(given if isinstance(given, dict) else {}),
            "aws:s3:arn": arn if stored.bucket_key else f"{arn}/{key}",
        }

"""UpdateObjectEncryption: another key for an object that stays as it is.

Source: S3 API Reference, "UpdateObjectEncryption" (its errors word for word).
"""

from __future__ import annotations

import re
from typing import Any

from awsim.errors import AWSError
from awsim.services.s3 import encryption
from awsim.services.s3.bucket import Bucket as BucketRecord
from awsim.services.s3.object_settings import ObjectSettings
from awsim.services.s3.versions import Version

_KEY = r"arn:aws[a-zA-Z0-9-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[a-zA-Z0-9-]+"
_NEEDS_TYPE = (
    "Requests that modify an object encryption configuration require a valid new encryption type. Valid values are "
    "SSEKMS. Modify the request to specify SSE-KMS for the updated encryption type, and then try again."
)
_NEEDS_ARN = (
    "Requests that modify an object's encryption type to SSE-KMS require an Amazon Web Services KMS key Amazon "
    "Resource Name (ARN). Modify the request to specify a KMS key ARN, and then try again."
)
_BAD_ARN = (
    "Requests that modify an object's encryption type to SSE-KMS require a valid Amazon Web Services KMS key Amazon "
    "Resource Name (ARN). Confirm that you have a correctly formatted KMS key ARN in your request, and then try again."
)
_BAD_SOURCE = (
    "The UpdateObjectEncryption operation doesn't support source objects with the encryption type DSSE-KMS or SSE-C. "
    "Only source objects encrypted with SSE-S3 or SSE-KMS are supported."
)
_OTHER_ACCOUNT = (
    "The Amazon Web Services KMS key in the request must be owned by the same account as the bucket. Modify the "
    "request to specify a KMS key from the same account, and then try again."
)
_LOCKED = (
    "The encryption type for the specified object can’t be updated because that object is protected by S3 Object "
    "Lock. If the object has a governance-mode retention period or a legal hold, you must first remove the Object Lock "
    "status on the object before you issue your UpdateObjectEncryption request. You can't use the "
    "UpdateObjectEncryption operation with objects that have an Object Lock compliance mode retention period applied "
    "to them."
)


class Reencryption(ObjectSettings):
    def update_object_encryption(
        self,
        Bucket: str,
        Key: str,
        ObjectEncryption: dict[str, Any],
        VersionId: str | None = None,
        RequestPayer: str | None = None,
        ExpectedBucketOwner: str | None = None,
        ContentMD5: str | None = None,
        ChecksumAlgorithm: str | None = None,
    ) -> dict[str, Any]:
        bucket = self.bucket_for(Bucket, ExpectedBucketOwner)
        wanted = ObjectEncryption.get("SSEKMS")
        if wanted is None:
            raise AWSError("InvalidRequest", _NEEDS_TYPE, status=400)
        arn = wanted.get("KMSKeyArn")
        if not arn:
            raise AWSError("InvalidRequest", _NEEDS_ARN, status=400)
        if not re.fullmatch(_KEY, arn):
            raise AWSError("InvalidRequest", _BAD_ARN, status=400)
        if arn.split(":")[4] != bucket.account:
            raise AWSError("AccessDenied", _OTHER_ACCOUNT, status=403)
        version = self._for_change(bucket, Key, VersionId)
        self._check_reencryptable(bucket, Key, version)
        stored = self.sealed(bucket, Key, "aws:kms", arn, bool(wanted.get("BucketKeyEnabled")), None)
        bucket.change(Key, version.replaced(encryption=stored))
        return {}

    def _check_reencryptable(self, bucket: BucketRecord, key: str, version: Version) -> None:
        stored, lock = version.encryption, version.lock
        if stored is None or stored.algorithm not in (encryption.AES256, "aws:kms"):
            raise AWSError("InvalidRequest", _BAD_SOURCE, status=400)
        if lock is not None and (lock.hold == "ON" or (lock.until is not None and lock.until > self.clock.time())):
            raise AWSError("AccessDenied", _LOCKED, status=403)
        self.unseal(bucket, key, stored)

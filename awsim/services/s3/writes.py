"""What PutObject, CopyObject, CreateMultipartUpload and browser uploads have in common: an object's attributes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from awsim.services.s3 import acl, encryption, locks
from awsim.services.s3 import tags as tagging
from awsim.services.s3.bucket import Bucket
from awsim.services.s3.data_keys import DataKeys
from awsim.services.s3.encryption import SSE_S3, Encryption
from awsim.services.s3.lifecycle import Lifecycle
from awsim.services.s3.replication import Replication
from awsim.services.s3.restore import Restores
from awsim.services.s3.versions import NO_METADATA, Version

SYSTEM_HEADERS = (
    "ContentType",
    "CacheControl",
    "ContentDisposition",
    "ContentEncoding",
    "ContentLanguage",
    "Expires",
    "WebsiteRedirectLocation",
)
GRANTS = {
    "GrantFullControl": "FULL_CONTROL",
    "GrantRead": "READ",
    "GrantReadACP": "READ_ACP",
    "GrantWriteACP": "WRITE_ACP",
}
ENCRYPTION = (
    "ServerSideEncryption",
    "SSEKMSKeyId",
    "SSEKMSEncryptionContext",
    "BucketKeyEnabled",
    "SSECustomerAlgorithm",
    "SSECustomerKey",
    "SSECustomerKeyMD5",
)
LOCK = ("ObjectLockMode", "ObjectLockRetainUntilDate", "ObjectLockLegalHoldStatus")
ATTRIBUTES = frozenset(
    (*SYSTEM_HEADERS, *GRANTS, *ENCRYPTION, *LOCK, "ACL", "Metadata", "StorageClass", "Tagging", "RequestPayer")
)
DEFAULT_TYPE = "binary/octet-stream"
_PLAIN: Mapping[str, Any] = {"ContentType": DEFAULT_TYPE}
_CLASSES = (
    "STANDARD",
    "REDUCED_REDUNDANCY",
    "STANDARD_IA",
    "ONEZONE_IA",
    "INTELLIGENT_TIERING",
    "GLACIER",
    "DEEP_ARCHIVE",
    "GLACIER_IR",
)


class Writes(Lifecycle, Replication, Restores, DataKeys):
    def attributes_of(
        self, bucket: Bucket, given: Mapping[str, Any], stored: Encryption | None = None
    ) -> dict[str, Any]:
        """Version attributes from a write's parameters, checked; `stored` where its encryption is known already."""
        attributes: dict[str, Any] = {
            "headers": self.headers_of(given),
            "encryption": stored if stored is not None else self.encryption_of(bucket, given),
        }
        metadata = given.get("Metadata")
        if metadata:
            attributes["metadata"] = self.metadata_of(metadata)
        storage_class = given.get("StorageClass")
        if storage_class is not None:
            attributes["storage_class"] = self.storage_class_of(storage_class)
        tags = given.get("Tagging")
        if tags:
            attributes["tags"] = tagging.from_header(tags, self.limits)
        grants = self.grants_of(bucket, given)
        if grants is not None:
            attributes["acl"] = grants
        attributes["owner"] = self.owner_of(bucket, given.get("ACL"))
        lock = locks.of_write(bucket, given, self.clock.time())
        if lock is not None:
            attributes["lock"] = lock
        return attributes

    def headers_of(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        headers = {}
        for name in SYSTEM_HEADERS:
            value = given.get(name)
            if value is not None:
                headers[name] = value
        coding = headers.get("ContentEncoding")
        if coding is not None and "aws-chunked" in coding:
            kept = ",".join(part for part in coding.split(",") if part.strip() != "aws-chunked").strip(" ,")
            if kept:
                headers["ContentEncoding"] = kept
            else:
                del headers["ContentEncoding"]
        redirect = headers.get("WebsiteRedirectLocation")
        if redirect is not None and not redirect.startswith(("/", "http://", "https://")):
            raise self.error(
                "InvalidRedirectLocation",
                "The website redirect location must have a prefix of 'http://' or 'https://' or '/'.",
            )
        if not headers.get("ContentType"):
            if len(headers) <= ("ContentType" in headers):
                return _PLAIN
            headers["ContentType"] = DEFAULT_TYPE
        return headers

    def metadata_of(self, metadata: Mapping[str, str]) -> Mapping[str, str]:
        """User metadata with lower-case names; its names and values together have a limit."""
        kept = {name.lower(): value.strip() for name, value in metadata.items()}
        size = sum(len(name.encode()) + len(value.encode()) for name, value in kept.items())
        self.check("user-metadata", size, Size=str(size), limit="MaxSizeAllowed")
        return kept or NO_METADATA

    def storage_class_of(self, name: str) -> str:
        if name not in _CLASSES:
            raise self.error(
                "InvalidStorageClass", "The storage class you specified is not valid", StorageClassRequested=name
            )
        return name

    def encryption_of(self, bucket: Bucket, given: Mapping[str, Any]) -> Encryption:
        """How a write is to be encrypted: as it says, else as the bucket says."""
        algorithm, key_id = given.get("ServerSideEncryption"), given.get("SSEKMSKeyId")
        customer = given.get("SSECustomerAlgorithm") or given.get("SSECustomerKey") or given.get("SSECustomerKeyMD5")
        if customer is not None:
            return self._customer_encryption(bucket, given, algorithm)
        default = bucket.settings.get("encryption")
        if algorithm is None and key_id is None:
            if default is None:
                return SSE_S3
            rule = default["Rules"][0]
            by_default = rule.get("ApplyServerSideEncryptionByDefault") or {}
            algorithm = by_default.get("SSEAlgorithm", encryption.AES256)
            key_id = by_default.get("KMSMasterKeyID")
        elif algorithm == encryption.AES256 and key_id is None:
            return SSE_S3
        else:
            encryption.check_algorithm(algorithm, key_id)
        if algorithm == encryption.AES256:
            return SSE_S3
        bucket_key = given.get("BucketKeyEnabled")
        if bucket_key is None:
            bucket_key = bool(default and default["Rules"][0].get("BucketKeyEnabled"))
        assert algorithm is not None
        # Bucket keys are not for two layers.
        bucket_key = bucket_key and algorithm == "aws:kms"
        key = self.cloud.current.params.get("Key", "")
        return self.sealed(bucket, key, algorithm, key_id, bucket_key, given.get("SSEKMSEncryptionContext"))

    def _customer_encryption(self, bucket: Bucket, given: Mapping[str, Any], algorithm: str | None) -> Encryption:
        digest = self.customer_key_of(given)
        if algorithm is not None:
            raise encryption.incompatible(algorithm)
        if bucket.settings.get("customer-keys-blocked"):
            raise self.error("AccessDenied", "Access Denied")
        return Encryption(None, customer=digest)

    def customer_key_of(self, given: Mapping[str, Any], prefix: str = "SSECustomer") -> str | None:
        """The MD5 of the customer's key that a request brings."""
        algorithm = given.get(prefix + "Algorithm")
        key, md5 = given.get(prefix + "Key"), given.get(prefix + "KeyMD5")
        if algorithm is None and key is None and md5 is None:
            return None
        return encryption.customer_key(algorithm, key, md5, secure=self.is_secure)

    def grants_of(self, bucket: Bucket, given: Mapping[str, Any]) -> acl.Grants | None:
        """The access control list that a write asks for, if the bucket lets it."""
        name = given.get("ACL")
        headers = {permission: given[header] for header, permission in GRANTS.items() if given.get(header)}
        if name is None and not headers:
            return None
        wanted = acl.wanted(self.owner_of(bucket, name), name, headers, bucket.account)
        assert wanted is not None
        if bucket.acls_disabled:
            if name == "bucket-owner-full-control" or (wanted == acl.default(bucket.account) and name is None):
                return None
            raise self.error("AccessControlListNotSupported", "The bucket does not allow ACLs")
        self.check_public(bucket, wanted, "s3:PutObject", self.cloud.current.params.get("Key"))
        return wanted

    def check_public(self, bucket: Bucket, grants: acl.Grants, action: str, key: str | None = None) -> None:
        """Refuse a public list where public access is blocked."""
        if acl.is_public(grants) and self.public_access(bucket)["BlockPublicAcls"]:
            arn = f"arn:{self.partition}:s3:::{bucket.name}"
            raise self.prevented(bucket, action, f"{arn}/{key}" if key else arn, "ACLs", "BlockPublicAcls")

    def etag_of(self, digest: bytes, stored: Encryption, version_id: str, key: str) -> str:
        """The entity tag: the MD5 of the plain bytes, unless the encryption keeps it from being that."""
        if not stored.hides_md5:
            return digest.hex()
        seal = f"{stored.key_id or stored.customer}/{key}/{version_id}".encode()
        return hashlib.md5(digest + seal, usedforsecurity=False).hexdigest()

    def stored_members(self, bucket: Bucket, version: Version) -> dict[str, Any]:
        """What answers to writes show of the version that was made."""
        assert version.encryption is not None
        members = version.encryption.members(with_context=True)
        if bucket.versioning == "Enabled":
            members["VersionId"] = version.id
        return members

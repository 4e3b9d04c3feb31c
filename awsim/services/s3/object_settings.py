"""What can be said of an object beside its bytes: tags, access control list, retention, legal hold, attributes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from awsim.services.s3 import acl, encryption, locks
from awsim.services.s3 import tags as tagging
from awsim.services.s3.access import when
from awsim.services.s3.bucket import Bucket
from awsim.services.s3.checksums import COMPOSITE
from awsim.services.s3.listings import Listings
from awsim.services.s3.versions import Lock, Version


class ObjectSettings(Listings):
    # --- tags

    def put_object_tagging(
        self,
        Bucket: str,
        Key: str,
        Tagging: dict[str, Any],
        VersionId: str | None = None,
        ContentMD5: str | None = None,
        ChecksumAlgorithm: str | None = None,
        ExpectedBucketOwner: str | None = None,
        RequestPayer: str | None = None,
    ) -> dict[str, Any]:
        bucket = self.bucket_for(Bucket, ExpectedBucketOwner)
        version = self._for_change(bucket, Key, VersionId)
        tags = tagging.from_set(Tagging.get("TagSet"), self.limits, "object-tags")
        self.change(bucket, Key, version, tags=tags)
        self.emit(bucket, "ObjectTagging:Put", Key, version)
        return self._id_of(bucket, version)

    def get_object_tagging(
        self,
        Bucket: str,
        Key: str,
        VersionId: str | None = None,
        ExpectedBucketOwner: str | None = None,
        RequestPayer: str | None = None,
    ) -> dict[str, Any]:
        bucket = self.bucket_for(Bucket, ExpectedBucketOwner)
        version = self.version_for(bucket, Key, VersionId)
        return {**self._id_of(bucket, version), "TagSet": tagging.as_set(version.tags)}

    def delete_object_tagging(
        self, Bucket: str, Key: str, VersionId: str | None = None, ExpectedBucketOwner: str | None = None
    ) -> dict[str, Any]:
        bucket = self.bucket_for(Bucket, ExpectedBucketOwner)
        version = self._for_change(bucket, Key, VersionId, "DELETE")
        self.change(bucket, Key, version, tags=())
        self.emit(bucket, "ObjectTagging:Delete", Key, version)
        return {**self._id_of(bucket, version), "__status__": 204}

    def _for_change(self, bucket: Bucket, key: str, version_id: str | None, method: str = "PUT") -> Version:
        """The version that a change means; on a delete marker nothing can be changed."""
        if version_id is None:
            current = bucket.current(key)
            if current is not None and current.is_marker:
                raise self.marker_error(current, method)
        return self.version_for(bucket, key, version_id, method)

    def _id_of(self, bucket: Bucket, version: Version) -> dict[str, Any]:
        return {} if bucket.versioning is None else {"VersionId": version.id}

    # --- access control list

    def get_object_acl(
        self,
        Bucket: str,
        Key: str,
        VersionId: str | None = None,
        ExpectedBucketOwner: str | None = None,
        RequestPayer: str | None = None,
    ) -> dict[str, Any]:
        bucket = self.bucket_for(Bucket, ExpectedBucketOwner)
        version = self.version_for(bucket, Key, VersionId)
        owner = self.owner_shown(bucket, version)
        return {"Owner": {"ID": acl.canonical_id(owner)}, "Grants": list(self.list_of(bucket, version))}

    def put_object_acl(
        self,
        Bucket: str,
        Key: str,
        ACL: str | None = None,
        AccessControlPolicy: dict[str, Any] | None = None,
        GrantFullControl: str | None = None,
        GrantRead: str | None = None,
        GrantReadACP: str | None = None,
        GrantWrite: str | None = None,
        GrantWriteACP: str | None = None,
        VersionId: str | None = None,
        ContentMD5: str | None = None,
        ChecksumAlgorithm: str | None = None,
        ExpectedBucketOwner: str | None = None,
        RequestPayer: str | None = None,
    ) -> None:
        bucket = self.bucket_for(Bucket, ExpectedBucketOwner)
        version = self._for_change(bucket, Key, VersionId)
        headers = {
            "FULL_CONTROL": GrantFullControl,
            "READ": GrantRead,
            "READ_ACP": GrantReadACP,
            "WRITE": GrantWrite,
            "WRITE_ACP": GrantWriteACP,
        }
        owner = self.owner_shown(bucket, version)
        grants = self.put_acl(bucket, owner, ACL, headers, AccessControlPolicy, Key)
        if grants is not None:
            self.change(bucket, Key, version, acl=grants)
            # What changes nothing is no event.
            if grants != (version.acl if version.acl is not None else acl.default(version.owner)):
                self.emit(bucket, "ObjectAcl:Put", Key, version)

    def put_acl(
        self,
        bucket: Bucket,
        owner: str,
        name: str | None,
        headers: Mapping[str, str | None],
        policy: Mapping[str, Any] | None,
        key: str | None = None,
    ) -> acl.Grants | None:
        """The list that a PutBucketAcl sets, or a PutObjectAcl on `key`; None where it leaves all to the owner."""
        if policy is not None and (name is not None or any(headers.values())):
            raise self.error("UnexpectedContent")
        if policy is not None:
            wanted: acl.Grants | None = acl.from_policy(policy)
        else:
            wanted = acl.wanted(owner, name, headers, bucket.account if key is not None else None)
        if wanted is None:
            raise self.error(
                "MissingSecurityHeader", "Your request was missing a required header", MissingHeaderName="x-amz-acl"
            )
        if bucket.acls_disabled:
            if name == "bucket-owner-full-control" or (policy is not None and wanted == acl.default(bucket.account)):
                return None
            raise self.error("AccessControlListNotSupported", "The bucket does not allow ACLs")
        self.check_public(bucket, wanted, "s3:PutBucketAcl" if key is None else "s3:PutObjectAcl", key)
        return wanted

    # --- object lock

    def put_object_retention(
        self,
        Bucket: str,
        Key: str,
        Retention: dict[str, Any] | None = None,
        VersionId: str | None = None,
        BypassGovernanceRetention: bool | None = None,
        ContentMD5: str | None = None,
        ChecksumAlgorithm: str | None = None,
        ExpectedBucketOwner: str | None = None,
        RequestPayer: str | None = None,
    ) -> None:
        bucket = self.bucket_for(Bucket, ExpectedBucketOwner)
        version = self._for_change(bucket, Key, VersionId)
        if not bucket.is_locked:
            raise locks.missing_configuration()
        if Retention is None:
            raise self.malformed_xml()
        mode, until = Retention.get("Mode"), Retention.get("RetainUntilDate")
        if (mode is None) != (until is None):
            raise self.malformed_xml()
        lock = locks.retained(version, mode, until, self.clock.time(), bool(BypassGovernanceRetention))
        self.change(bucket, Key, version, lock=lock)

    def get_object_retention(
        self,
        Bucket: str,
        Key: str,
        VersionId: str | None = None,
        ExpectedBucketOwner: str | None = None,
        RequestPayer: str | None = None,
    ) -> dict[str, Any]:
        lock = self._lock_of(Bucket, Key, VersionId, ExpectedBucketOwner)
        if lock.mode is None or lock.until is None:
            raise self.error("NoSuchObjectLockConfiguration")
        return {"Retention": {"Mode": lock.mode, "RetainUntilDate": when(lock.until)}}

    def _lock_of(self, name: str, key: str, version_id: str | None, expected_owner: str | None) -> Lock:
        bucket = self.bucket_for(name, expected_owner)
        if not bucket.is_locked:
            raise locks.missing_configuration()
        return self.version_for(bucket, key, version_id).lock or Lock()

    def put_object_legal_hold(
        self,
        Bucket: str,
        Key: str,
        LegalHold: dict[str, Any] | None = None,
        VersionId: str | None = None,
        ContentMD5: str | None = None,
        ChecksumAlgorithm: str | None = None,
        ExpectedBucketOwner: str | None = None,
        RequestPayer: str | None = None,
    ) -> None:
        bucket = self.bucket_for(Bucket, ExpectedBucketOwner)
        version = self._for_change(bucket, Key, VersionId)
        if not bucket.is_locked:
            raise locks.missing_configuration()
        if not LegalHold or LegalHold.get("Status") is None:
            raise self.malformed_xml()
        lock = (version.lock or Lock())._replace(hold=LegalHold["Status"])
        self.change(bucket, Key, version, lock=lock)

    def get_object_legal_hold(
        self,
        Bucket: str,
        Key: str,
        VersionId: str | None = None,
        ExpectedBucketOwner: str | None = None,
        RequestPayer: str | None = None,
    ) -> dict[str, Any]:
        lock = self._lock_of(Bucket, Key, VersionId, ExpectedBucketOwner)
        if lock.hold is None:
            raise self.error("NoSuchObjectLockConfiguration")
        return {"LegalHold": {"Status": lock.hold}}

    # --- attributes

    def get_object_attributes(
        self,
        Bucket: str,
        Key: str,
        ObjectAttributes: list[str],
        VersionId: str | None = None,
        MaxParts: int | None = None,
        PartNumberMarker: int | str | None = None,
        ExpectedBucketOwner: str | None = None,
        **given: Any,
    ) -> dict[str, Any]:
        self.modelled(given, ("SSECustomerAlgorithm", "SSECustomerKey", "SSECustomerKeyMD5", "RequestPayer"))
        bucket = self.bucket_for(Bucket, ExpectedBucketOwner)
        version = self.version_for(bucket, Key, VersionId)
        encryption.check_customer(version.encryption, self.customer_key_of(given))
        wanted = {name.strip() for name in ObjectAttributes}
        answer: dict[str, Any] = {"LastModified": when(version.modified), **self._id_of(bucket, version)}
        if "ETag" in wanted:
            answer["ETag"] = version.etag
        if "Checksum" in wanted and version.checksum is not None:
            answer["Checksum"] = version.checksum.members()
        if "StorageClass" in wanted:
            answer["StorageClass"] = version.storage_class
        if "ObjectSize" in wanted:
            answer["ObjectSize"] = version.size
        if "ObjectParts" in wanted and version.parts is not None:
            answer["ObjectParts"] = self._parts_of(version, MaxParts, PartNumberMarker)
        return answer

    def _parts_of(self, version: Version, most: int | None, marker: int | str | None) -> dict[str, Any]:
        """The parts are told one by one only where each has a checksum that counts."""
        assert version.parts is not None
        answer: dict[str, Any] = {"TotalPartsCount": len(version.parts)}
        checksum = version.checksum
        if checksum is None or checksum.type != COMPOSITE:
            return answer
        size, after = self.page_size(most, "max-parts"), self.integer(marker, "part-number-marker", 0)
        behind = [part for part in version.parts if part.number > after]
        shown = behind[:size]
        answer["PartNumberMarker"] = after
        answer["NextPartNumberMarker"] = shown[-1].number if shown else 0
        answer["MaxParts"] = size
        answer["IsTruncated"] = len(shown) < len(behind)
        answer["Parts"] = [
            {"PartNumber": part.number, "Size": part.size, checksum.algorithm.member: part.checksum} for part in shown
        ]
        return answer

    def get_object_torrent(
        self, Bucket: str, Key: str, ExpectedBucketOwner: str | None = None, RequestPayer: str | None = None
    ) -> None:
        """BitTorrent was withdrawn in April 2022."""
        self.bucket_for(Bucket, ExpectedBucketOwner)
        raise self.error(
            "MethodNotAllowed",
            "The specified method is not allowed against this resource.",
            Method="GET",
            ResourceType="TORRENT",
        )

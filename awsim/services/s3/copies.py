"""Copies: whole objects, and parts of an upload."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from awsim.services.s3 import conditions, encryption
from awsim.services.s3 import tags as tagging
from awsim.services.s3.access import when
from awsim.services.s3.bodies import Data
from awsim.services.s3.bucket import Bucket
from awsim.services.s3.checksums import ALGORITHMS, DEFAULT, FULL_OBJECT, Checksum, md5
from awsim.services.s3.versions import Version
from awsim.services.s3.writes import ATTRIBUTES, Writes

_SOURCE = frozenset(
    (
        "CopySourceIfMatch",
        "CopySourceIfModifiedSince",
        "CopySourceIfNoneMatch",
        "CopySourceIfUnmodifiedSince",
        "CopySourceSSECustomerAlgorithm",
        "CopySourceSSECustomerKey",
        "CopySourceSSECustomerKeyMD5",
        "ExpectedSourceBucketOwner",
    )
)
_COPY = ATTRIBUTES | _SOURCE | {"ChecksumAlgorithm", "MetadataDirective", "TaggingDirective"}
_CHANGES = ("StorageClass", "WebsiteRedirectLocation", "ServerSideEncryption", "SSECustomerAlgorithm", "SSEKMSKeyId")


class Copies(Writes):
    def source_of(self, copy_source: Any) -> tuple[str, str, str | None]:
        """(bucket, key, version id) of `bucket/key?versionId=id`, URL-encoded, or of boto3's dict."""
        if isinstance(copy_source, Mapping):
            return copy_source["Bucket"], copy_source["Key"], copy_source.get("VersionId")
        path, mark, version_id = copy_source.partition("?versionId=")
        bucket, slash, key = unquote(path).lstrip("/").partition("/")
        if not slash or not bucket or not key:
            raise self.invalid(
                "Copy Source must mention the source bucket and key: sourcebucket/sourcekey",
                "x-amz-copy-source",
                copy_source,
            )
        return bucket, key, version_id if mark else None

    def source(self, copy_source: Any, given: Mapping[str, Any]) -> tuple[Bucket, str, str | None, Version]:
        """What a copy reads, checked; a bucket of another region will do."""
        name, key, version_id = self.source_of(copy_source)
        bucket = self.buckets.get(name)
        if bucket is None:
            raise self.no_such_bucket(name)
        expected = given.get("ExpectedSourceBucketOwner")
        self.admit(bucket)
        if expected is not None and expected != bucket.account:
            raise self.error("AccessDenied", "Access Denied")
        self.read_rate(bucket, key)
        if version_id is not None:
            self.check_version_id(version_id)
            found = bucket.find(key, version_id)
            if found is not None and found.is_marker:
                raise self.error(
                    "InvalidRequest",
                    "The source of a copy request may not specifically refer to a delete marker by version id.",
                )
        version = self.version_for(bucket, key, version_id)
        encryption.check_customer(version.encryption, self._source_key(given))
        self.unseal(bucket, key, version.encryption)
        if version.storage_class != "STANDARD":
            self.check_readable(version, "Operation is not valid for the source object's storage class")
            self.use(bucket, key, version)
        conditions.check_source(
            version.etag,
            version.modified,
            self.clock.time(),
            given.get("CopySourceIfMatch"),
            given.get("CopySourceIfNoneMatch"),
            given.get("CopySourceIfModifiedSince"),
            given.get("CopySourceIfUnmodifiedSince"),
        )
        return bucket, key, version_id, version

    def _source_key(self, given: Mapping[str, Any]) -> str | None:
        return self.customer_key_of(given, "CopySourceSSECustomer")  # type: ignore[attr-defined]

    def copy_object(
        self,
        Bucket: str,
        Key: str,
        CopySource: Any,
        IfMatch: str | None = None,
        IfNoneMatch: str | None = None,
        ExpectedBucketOwner: str | None = None,
        **given: Any,
    ) -> dict[str, Any]:
        self.modelled(given, _COPY)
        bucket = self.bucket_for(Bucket, ExpectedBucketOwner)
        self.check_key(Key)
        self.write_rate(bucket, Key)
        encryption_wanted = self.encryption_of(bucket, given)
        source_bucket, source_key, source_id, source = self.source(CopySource, given)
        self.check("copy-source-size", source.size)
        replaces = given.get("MetadataDirective") == "REPLACE"
        in_place = source_bucket is bucket and source_key == Key and source_id is None
        if in_place and not replaces and all(given.get(name) is None for name in _CHANGES):
            raise self.error(
                "InvalidRequest",
                "This copy request is illegal because it is trying to copy an object to itself without changing the "
                "object's metadata, storage class, website redirect location or encryption attributes.",
            )
        if IfMatch is not None or IfNoneMatch is not None:
            current = bucket.shown(Key)
            conditions.check_write(Key, current.etag if current else None, IfMatch, IfNoneMatch)
        attributes = self.attributes_of(bucket, given, encryption_wanted)
        if not replaces:
            attributes["headers"] = self._carried(source, given)
            attributes["metadata"] = source.metadata
        if given.get("TaggingDirective") == "REPLACE":
            header = given.get("Tagging")
            attributes["tags"] = tagging.from_header(header, self.limits) if header else ()
        else:
            attributes["tags"] = source.tags
            if source.tags:
                kind = "Version" if source_id is not None else ""
                self.permit(source_bucket, f"s3:GetObject{kind}Tagging", source_key)
                self.permit(bucket, "s3:PutObjectTagging", Key)
        data = source.data
        assert data is not None
        id = bucket.next_id()
        digest = md5(data)
        version = Version(
            id,
            bucket.next_sequence(),
            int(self.clock.time()),
            attributes.pop("owner"),
            data,
            self.etag_of(digest, encryption_wanted, id, Key),
            self._checksum(source, data, given.get("ChecksumAlgorithm")),
            **attributes,
        )
        self.keep(bucket, Key, version)
        self.emit(bucket, "ObjectCreated:Copy", Key, version)
        result = {"ETag": f'"{version.etag}"', "LastModified": when(version.modified)}
        assert version.checksum is not None
        answer = {
            "CopyObjectResult": {**result, **version.checksum.members()},
            **encryption_wanted.members(with_context=True),
        }
        if source_bucket.versioning is not None:
            answer["CopySourceVersionId"] = source.id
        if bucket.versioning is not None:
            answer["VersionId"] = version.id
        if bucket.agenda is not None:
            answer.update(self.expiration_members(bucket, Key, version))
        return answer

    def _carried(self, source: Version, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """The system headers that a copy takes over: all but the redirect."""
        redirect = given.get("WebsiteRedirectLocation")
        if redirect is None and "WebsiteRedirectLocation" not in source.headers:
            return source.headers
        headers = {name: value for name, value in source.headers.items() if name != "WebsiteRedirectLocation"}
        if redirect is not None:
            headers["WebsiteRedirectLocation"] = redirect
        return headers

    @staticmethod
    def _checksum(source: Version, data: Data, wanted: str | None) -> Checksum:
        """A copy has the checksum of the whole, by its source's algorithm unless another is asked for."""
        kept = source.checksum
        if wanted is None and kept is not None and kept.type == FULL_OBJECT:
            return kept
        algorithm = ALGORITHMS[wanted or (kept.algorithm.name if kept is not None else DEFAULT)]
        if kept is not None and kept.type == FULL_OBJECT and kept.algorithm is algorithm:
            return kept
        return Checksum(algorithm, algorithm.text(data))

"""Objects: written, read and deleted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from awsim.errors import AWSError
from awsim.lazily import lazily
from awsim.services.s3 import checksums, conditions, digests, encryption, locks
from awsim.services.s3.access import when
from awsim.services.s3.bodies import Data, Extents
from awsim.services.s3.bucket import Bucket
from awsim.services.s3.checksums import ALGORITHMS, COMPOSITE, DEFAULT, MEMBERS, Algorithm, Checksum
from awsim.services.s3.tiering import CLASS as INTELLIGENT
from awsim.services.s3.versions import NULL, Version
from awsim.services.s3.writes import ATTRIBUTES, Writes
from awsim.wire.http import Request

if TYPE_CHECKING:
    from awsim.services.s3 import ranges
else:
    ranges = lazily("awsim.services.s3.ranges")

_PUT = ATTRIBUTES | MEMBERS.keys() | {"ChecksumAlgorithm", "ContentLength"}
_CUSTOMER = ("SSECustomerAlgorithm", "SSECustomerKey", "SSECustomerKeyMD5")
_READ = frozenset((*_CUSTOMER, "RequestPayer"))
# Parameter of a read -> (member it replaces, its name in the query).
_OVERRIDES = {
    "ResponseCacheControl": ("CacheControl", "response-cache-control"),
    "ResponseContentDisposition": ("ContentDisposition", "response-content-disposition"),
    "ResponseContentEncoding": ("ContentEncoding", "response-content-encoding"),
    "ResponseContentLanguage": ("ContentLanguage", "response-content-language"),
    "ResponseContentType": ("ContentType", "response-content-type"),
    "ResponseExpires": ("Expires", "response-expires"),
}
_ENCRYPTION = "x-amz-server-side-encryption"
_LARGE = 1 << 25  # bytes of an answer that are not put together in one piece
_READ_OVERRIDING = _READ | _OVERRIDES.keys()


class Objects(Writes):
    # --- writing

    def put_object(
        self,
        Bucket: str,
        Key: str,
        Body: Any = b"",
        ContentMD5: str | None = None,
        IfMatch: str | None = None,
        IfNoneMatch: str | None = None,
        ExpectedBucketOwner: str | None = None,
        **attributes: Any,
    ) -> dict[str, Any]:
        self.modelled(attributes, _PUT)
        bucket = self.bucket_for(Bucket, ExpectedBucketOwner)
        data = self.body_of(Body)
        self.check_key(Key)
        self.write_rate(bucket, Key)
        if IfMatch is not None or IfNoneMatch is not None:
            current = bucket.shown(Key)
            conditions.check_write(Key, current.etag if current else None, IfMatch, IfNoneMatch)
        version = self.write(bucket, Key, data, attributes, ContentMD5)
        self.emit(bucket, "ObjectCreated:Put", Key, version)
        answer = {"ETag": f'"{version.etag}"', **self.stored_members(bucket, version)}
        if version.checksum is not None:
            answer.update(version.checksum.members())
        if bucket.agenda is not None:
            answer.update(self.expiration_members(bucket, Key, version))
        return self.shared(bucket, answer)

    def write(
        self, bucket: Bucket, key: str, data: Data, given: Mapping[str, Any], content_md5: str | None = None
    ) -> Version:
        """Put a new version of `key`, checked; `given` are the attributes as boto3 parameters."""
        self.check("put-size", len(data), ProposedSize=str(len(data)), limit="MaxSizeAllowed")
        digest = digests.of(self.request).md5(data)
        if content_md5 is not None:
            checksums.check_md5(digest, content_md5, as_hex=True)
        checksum = self.checksum_of(data, given)
        attributes = self.attributes_of(bucket, given)
        id = bucket.next_id()
        version = Version(
            id,
            bucket.next_sequence(),
            int(self.clock.time()),
            attributes.pop("owner"),
            data,
            self.etag_of(digest, attributes["encryption"], id, key),
            checksum,
            **attributes,
        )
        self.keep(bucket, key, version)
        return version

    def body_of(self, body: Any) -> bytes:
        """The bytes of a body; a request that announced more than came is refused."""
        if body.__class__ is not bytes:
            if body is None:
                body = b""
            elif isinstance(body, str):
                body = body.encode()
            elif hasattr(body, "read"):
                body = body.read()
            body = bytes(body)
        http = self.cloud.current.http
        return body if http is None else self._announced(http, body)

    def _announced(self, http: Request, body: bytes) -> bytes:
        """As much of a body as its headers announce; refused where they announce more, or nothing that is of use."""
        headers = http.headers
        announced = headers.get("x-amz-decoded-content-length")
        if announced is None:
            if "transfer-encoding" in headers:
                if "x-amz-trailer" in headers:
                    raise self.error("MissingContentLength", "You must provide the Content-Length HTTP header.")
                raise self.error(
                    "NotImplemented",
                    "A header you provided implies functionality that is not implemented",
                    Header="Transfer-Encoding",
                )
            announced = headers.get("content-length") if "x-amz-trailer" not in headers else None
            if announced is None:
                return body
        if not announced.isdecimal():
            raise self.error("BadRequest", "An error occurred when parsing the HTTP request.")
        if int(announced) > len(body):
            raise self.error(
                "IncompleteBody",
                "You did not provide the number of bytes specified by the Content-Length HTTP header",
            )
        # A server reads no further than it was told to.
        return body if int(announced) == len(body) else body[: int(announced)]

    def checksum_of(self, data: Data, given: Mapping[str, Any]) -> Checksum:
        """The checksum a request brought, verified, or else the one S3 computes."""
        wanted = given.get("ChecksumAlgorithm")
        brought: tuple[Algorithm, str] | None = None
        if len(given) > (wanted is not None):
            brought = checksums.given({name: given[name] for name in given if name in MEMBERS}, wanted)
        if brought is not None:
            return Checksum(brought[0], checksums.verified(digests.of(self.request), data, *brought))
        if wanted is not None:
            if self.cloud.current.http is not None:
                raise self.error(
                    "InvalidRequest",
                    "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer "
                    "headers were found.",
                )
            return Checksum(ALGORITHMS[wanted], ALGORITHMS[wanted].text(data))
        return Checksum(ALGORITHMS[DEFAULT], ALGORITHMS[DEFAULT].text(data))

    # --- reading

    def get_object(
        self,
        Bucket: str,
        Key: str,
        IfMatch: str | None = None,
        IfModifiedSince: Any = None,
        IfNoneMatch: str | None = None,
        IfUnmodifiedSince: Any = None,
        Range: str | None = None,
        VersionId: str | None = None,
        PartNumber: int | None = None,
        ExpectedBucketOwner: str | None = None,
        ChecksumMode: str | None = None,
        **more: Any,
    ) -> dict[str, Any]:
        self.modelled(more, _READ_OVERRIDING)
        bucket = self.bucket_for(Bucket, ExpectedBucketOwner)
        version = self.readable(bucket, Key, VersionId, "GET", more)
        if version.storage_class != "STANDARD":
            self.check_readable(version, "The operation is not valid for the object's storage class")
        self._check_conditions(version, IfMatch, IfNoneMatch, IfModifiedSince, IfUnmodifiedSince)
        if version.storage_class == INTELLIGENT:
            self.use(bucket, Key, version)
        answer = self._described(bucket, version, Range, PartNumber, ChecksumMode, more)
        start, end = answer.pop("__span__")
        data = version.data
        assert data is not None
        if data.__class__ is Extents:
            # What is large goes out piece by piece.
            large = self.cloud.current.http is not None and end - start > _LARGE
            answer["Body"] = data[start:end] if large else data.between(start, end)  # type: ignore[union-attr]
        else:
            answer["Body"] = data if end - start == len(data) else data[start:end]
        if bucket.agenda is not None:
            answer.update(self.expiration_members(bucket, Key, version))
        return self.shared(bucket, answer)

    def head_object(
        self,
        Bucket: str,
        Key: str,
        IfMatch: str | None = None,
        IfModifiedSince: Any = None,
        IfNoneMatch: str | None = None,
        IfUnmodifiedSince: Any = None,
        Range: str | None = None,
        VersionId: str | None = None,
        PartNumber: int | None = None,
        ExpectedBucketOwner: str | None = None,
        ChecksumMode: str | None = None,
        **more: Any,
    ) -> dict[str, Any]:
        self.modelled(more, _READ_OVERRIDING)
        bucket = self.bucket_for(Bucket, ExpectedBucketOwner)
        version = self.readable(bucket, Key, VersionId, "HEAD", more)
        self._check_conditions(version, IfMatch, IfNoneMatch, IfModifiedSince, IfUnmodifiedSince)
        answer = self._described(bucket, version, Range, PartNumber, ChecksumMode, more)
        del answer["__span__"]
        if bucket.agenda is not None:
            answer.update(self.expiration_members(bucket, Key, version))
        return self.shared(bucket, answer)

    def readable(
        self, bucket: Bucket, key: str, version_id: str | None, method: str, given: Mapping[str, Any]
    ) -> Version:
        self.read_rate(bucket, key)
        if len(key) > 256:
            self.check_key(key)
        version = self.version_for(bucket, key, version_id, method)
        stored = version.encryption
        if stored is not encryption.SSE_S3 or given:
            encryption.check_customer(stored, self.customer_key_of(given))
            if method == "GET":
                self.unseal(bucket, key, stored)
        http = self.cloud.current.http
        if http is not None and _ENCRYPTION in http.headers:
            raise self.invalid(
                f"{_ENCRYPTION} header is not supported for this operation.", _ENCRYPTION, http.headers[_ENCRYPTION]
            )
        return version

    def _check_conditions(
        self,
        version: Version,
        if_match: str | None,
        if_none_match: str | None,
        if_modified_since: Any,
        if_unmodified_since: Any,
    ) -> None:
        if if_match is if_none_match is if_modified_since is if_unmodified_since:
            return
        try:
            conditions.check_read(
                version.etag,
                version.modified,
                self.clock.time(),
                if_match,
                if_none_match,
                if_modified_since,
                if_unmodified_since,
            )
        except AWSError as error:
            if error.code == "304":
                error.headers = {
                    "ETag": f'"{version.etag}"',
                    "Last-Modified": when(version.modified).strftime("%a, %d %b %Y %H:%M:%S GMT"),
                }
            raise

    def _described(
        self,
        bucket: Bucket,
        version: Version,
        range_header: str | None,
        part_number: int | None,
        checksum_mode: str | None,
        overrides: Mapping[str, Any],
    ) -> dict[str, Any]:
        """The answer of a read without its body; `__span__` is what is read of the object."""
        size = version.size
        span = (0, size)
        answer: dict[str, Any] = {
            "AcceptRanges": "bytes",
            "LastModified": when(version.modified),
            "ETag": f'"{version.etag}"',
            **version.headers,
            "Metadata": dict(version.metadata),
            **version.encryption.members(),  # type: ignore[union-attr]
        }
        whole = True
        if part_number is not None:
            whole = self._part(answer, version, part_number, range_header, checksum_mode)
            span = answer["__span__"]
        elif range_header is not None:
            found = ranges.parse(range_header, size)
            if found is not None:
                whole, span = False, found
                answer["ContentRange"] = f"bytes {span[0]}-{span[1] - 1}/{size}"
                answer["__status__"] = 206
        answer["__span__"] = span
        answer["ContentLength"] = span[1] - span[0]
        if bucket.versioning is not None:
            answer["VersionId"] = version.id
        if version.storage_class != "STANDARD":
            answer["StorageClass"] = version.storage_class
            answer.update(self.archive_members(version))
        if version.replication is not None:
            answer["ReplicationStatus"] = version.replication
        if version.tags:
            answer["TagCount"] = len(version.tags)
        if version.lock is not None:
            mode, until, hold = version.lock
            if mode is not None and until is not None:
                answer["ObjectLockMode"] = mode
                answer["ObjectLockRetainUntilDate"] = when(until)
            if hold is not None:
                answer["ObjectLockLegalHoldStatus"] = hold
        if checksum_mode == "ENABLED" and whole and version.checksum is not None:
            answer.update(version.checksum.members())
        if overrides:
            self._override(answer, overrides)
        return answer

    def _part(
        self, answer: dict[str, Any], version: Version, number: int, range_header: str | None, mode: str | None
    ) -> bool:
        """A read of one part; True where that is the whole of an object that was not put in parts."""
        if range_header is not None:
            raise self.error("InvalidRequest", "Cannot specify both Range header and partNumber query parameter")
        most = self.limits["parts"]
        if number < 1 or (most is not None and number > most):
            raise self.part_number_error(number)
        parts = version.parts
        count = len(parts) if parts else 1
        if number > count:
            raise self.error(
                "InvalidPartNumber",
                "The requested partnumber is not satisfiable",
                ActualPartCount=str(count),
                PartNumberRequested=str(number),
            )
        answer["__status__"] = 206
        size = version.size
        if parts is None:
            answer["__span__"] = (0, size)
            if size:
                answer["ContentRange"] = f"bytes 0-{size - 1}/{size}"
            else:
                answer["__status__"] = 200
            return True
        start = sum(part.size for part in parts[: number - 1])
        part = parts[number - 1]
        answer["__span__"] = (start, start + part.size)
        answer["ContentRange"] = f"bytes {start}-{start + part.size - 1}/{size}"
        answer["PartsCount"] = count
        checksum = version.checksum
        if mode == "ENABLED" and checksum is not None and checksum.type == COMPOSITE and part.checksum is not None:
            answer[checksum.algorithm.member] = part.checksum
            answer["ChecksumType"] = COMPOSITE
        return False

    def part_number_error(self, number: Any) -> AWSError:
        most = int(self.limits["parts"] or 10_000)
        return self.invalid(f"Part number must be an integer between 1 and {most}, inclusive", "partNumber", number)

    def _override(self, answer: dict[str, Any], given: Mapping[str, Any]) -> None:
        for parameter, (member, argument) in _OVERRIDES.items():
            value = given.get(parameter)
            if value is None:
                continue
            if isinstance(value, str):
                try:
                    value.encode("latin-1")
                except UnicodeEncodeError:
                    raise self.invalid(
                        "Header value cannot be represented using ISO-8859-1.", argument, value
                    ) from None
            answer[member] = value

    # --- deleting

    def delete_object(
        self,
        Bucket: str,
        Key: str,
        MFA: str | None = None,
        VersionId: str | None = None,
        BypassGovernanceRetention: bool | None = None,
        ExpectedBucketOwner: str | None = None,
        IfMatch: str | None = None,
        RequestPayer: str | None = None,
    ) -> dict[str, Any]:
        bucket = self.bucket_for(Bucket, ExpectedBucketOwner)
        self.write_rate(bucket, Key)
        self._check_bypass(bucket, BypassGovernanceRetention)
        if VersionId is not None and bucket.mfa_delete == "Enabled":
            self.check_version_id(VersionId)
            self.check_mfa(MFA)
        answer = self.delete_one(bucket, Key, VersionId, bool(BypassGovernanceRetention), IfMatch)
        return self.shared(bucket, {**answer, "__status__": 204})

    def _check_bypass(self, bucket: Bucket, bypass: bool | None) -> None:
        if bypass is not None and not bucket.is_locked:
            name = "x-amz-bypass-governance-retention"
            raise self.invalid(f"{name} is only applicable to Object Lock enabled buckets.", name)

    def delete_one(
        self,
        bucket: Bucket,
        key: str,
        version_id: str | None,
        bypass: bool,
        if_match: str | None = None,
    ) -> dict[str, Any]:
        """Delete a version for good, or put a delete marker on top; what the answer shows of it."""
        if if_match is not None:
            current = bucket.shown(key) if version_id is None else bucket.find(key, version_id)
            conditions.check_delete(current.etag if current is not None else None, if_match)
        if version_id is not None:
            self.check_version_id(version_id)
            found = bucket.find(key, version_id)
            answer: dict[str, Any] = {"VersionId": version_id} if bucket.versioning is not None else {}
            if found is not None:
                locks.check_delete(found, self.clock.time(), bypass)
                bucket.remove(key, version_id)
                if found.is_marker:
                    answer["DeleteMarker"] = True
                self.emit(bucket, "ObjectRemoved:Delete", key, found)
            return answer
        if bucket.versioning is None:
            self.outdate(bucket, key)
            self.emit(bucket, "ObjectRemoved:Delete", key, bucket.remove(key, NULL))
            return {}
        marker = Version(bucket.next_id(), bucket.next_sequence(), int(self.clock.time()), self.owner_of(bucket))
        self.keep(bucket, key, marker)
        self.emit(bucket, "ObjectRemoved:DeleteMarkerCreated", key, marker)
        return {"DeleteMarker": True, "VersionId": marker.id}

    def check_mfa(self, mfa: str | None) -> None:
        """Whether a request on an MFA delete bucket carries a code of a device of the account's root user."""
        if mfa is None:
            self.refuse_mfa()
        if self.caller.type != "root" and not self.caller.arn.endswith(":root"):
            raise self.error("InvalidRequest", "DevPay and Mfa are mutually exclusive authorization methods.")
        serial, _, code = mfa.rpartition(" ")
        if not serial or len(code) != 6 or not code.isdecimal():
            raise self.error("TokenCodeInvalidError", "The MFA token is not valid.")
        passed = self.cloud.credentials.signs_in(self.caller.arn, serial, code)
        if passed is None:
            raise self.error(
                "NotDeviceOwnerError",
                f"The device with serial number {serial} that generated token {code} is not owned by the "
                "authenticated user",
            )
        if not passed:
            raise self.error("TokenCodeInvalidError", "The MFA token is not valid.")

    def delete_objects(
        self,
        Bucket: str,
        Delete: dict[str, Any],
        MFA: str | None = None,
        BypassGovernanceRetention: bool | None = None,
        ExpectedBucketOwner: str | None = None,
        ChecksumAlgorithm: str | None = None,
        RequestPayer: str | None = None,
    ) -> dict[str, Any]:
        bucket = self.bucket_for(Bucket, ExpectedBucketOwner)
        self._check_bypass(bucket, BypassGovernanceRetention)
        entries: Sequence[Mapping[str, Any]] = Delete["Objects"]
        if bucket.mfa_delete == "Enabled" and any(entry.get("VersionId") for entry in entries):
            self.check_mfa(MFA)
        deleted: list[dict[str, Any]] = []
        errors: list[dict[str, Any]] = []
        freely, bypass = self.is_own(bucket), bool(BypassGovernanceRetention)
        for entry in entries:
            try:
                deleted.append(self._delete_entry(bucket, entry, freely, bypass))
            except AWSError as error:
                refused = {"Key": entry["Key"], "Code": error.code, "Message": error.message}
                if entry.get("VersionId"):
                    refused["VersionId"] = entry["VersionId"]
                errors.append(refused)
        answer: dict[str, Any] = {}
        if deleted and not Delete.get("Quiet"):
            answer["Deleted"] = deleted
        if errors:
            answer["Errors"] = errors
        return answer

    def _delete_entry(self, bucket: Bucket, entry: Mapping[str, Any], freely: bool, bypass: bool) -> dict[str, Any]:
        """What the answer shows of one entry. `freely`: nobody needs to be asked for permission."""
        key, version_id = entry["Key"], entry.get("VersionId") or None
        if not key:
            raise self.error("UserKeyMustBeSpecified", "User key must have a length greater than 0.")
        if entry.get("LastModifiedTime") is not None or entry.get("Size") is not None:
            raise self.error("NotImplemented", "A header you provided implies functionality that is not implemented")
        self.check_key(key)
        etag = entry.get("ETag")
        if not freely:
            keys = {"s3:VersionId": version_id, "s3:if-match": etag}
            self.permit(bucket, "s3:DeleteObjectVersion" if version_id else "s3:DeleteObject", key, keys)
            if etag and etag != "*":
                self.permit(bucket, "s3:GetObject", key)
            if bypass:
                self.permit(bucket, "s3:BypassGovernanceRetention", key)
        self.write_rate(bucket, key)
        outcome = self.delete_one(bucket, key, version_id, bypass, etag)
        shown: dict[str, Any] = {"Key": key}
        if version_id is not None:
            shown["VersionId"] = version_id
        if outcome.get("DeleteMarker"):
            shown["DeleteMarker"] = True
            shown["DeleteMarkerVersionId"] = outcome["VersionId"]
        return shown

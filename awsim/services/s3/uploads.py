"""Multipart uploads, operation by operation; what they are is in `multipart`."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from awsim.lazily import lazily
from awsim.services.s3 import acl, checksums, conditions, digests, listing
from awsim.services.s3.access import when
from awsim.services.s3.bodies import Data, joined
from awsim.services.s3.bucket import Bucket
from awsim.services.s3.checksums import ALGORITHMS, COMPOSITE, MEMBERS, Algorithm
from awsim.services.s3.copies import Copies
from awsim.services.s3.objects import Objects
from awsim.services.s3.versions import Version
from awsim.services.s3.writes import ATTRIBUTES

if TYPE_CHECKING:
    from awsim.services.s3 import multipart, ranges
else:
    multipart = lazily("awsim.services.s3.multipart")
    ranges = lazily("awsim.services.s3.ranges")

_CREATE = ATTRIBUTES
_CUSTOMER = ("SSECustomerAlgorithm", "SSECustomerKey", "SSECustomerKeyMD5")
_PART = frozenset((*MEMBERS, *_CUSTOMER, "ChecksumAlgorithm", "ContentLength", "RequestPayer"))
_PART_COPY = frozenset(
    (
        *_CUSTOMER,
        "RequestPayer",
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
_COMPLETE = frozenset((*MEMBERS, *_CUSTOMER, "RequestPayer"))


class Uploads(Objects, Copies):
    def create_multipart_upload(
        self,
        Bucket: str,
        Key: str,
        ChecksumAlgorithm: str | None = None,
        ChecksumType: str | None = None,
        ExpectedBucketOwner: str | None = None,
        **attributes: Any,
    ) -> dict[str, Any]:
        self.modelled(attributes, _CREATE)
        bucket = self.bucket_for(Bucket, ExpectedBucketOwner)
        self.check_key(Key)
        self.write_rate(bucket, Key)
        algorithm = ALGORITHMS[ChecksumAlgorithm] if ChecksumAlgorithm is not None else None
        checksum_type = multipart.checksum_type_of(algorithm, ChecksumType)
        kept = self.attributes_of(bucket, attributes)
        stored = kept.pop("encryption")
        caller = self.caller
        upload = multipart.Upload(
            base64.b64encode(self.ids.bytes("upload", 96), b"._").decode(),
            Key,
            bucket.next_sequence(),
            int(self.clock.time()),
            kept.pop("owner"),
            caller.arn,
            kept,
            stored,
            algorithm,
            checksum_type,
        )
        bucket.add_upload(upload)
        answer = {"Bucket": Bucket, "Key": Key, "UploadId": upload.id, **stored.members(with_context=True)}
        if algorithm is not None:
            answer["ChecksumAlgorithm"] = algorithm.name
            answer["ChecksumType"] = checksum_type
        if bucket.agenda is not None:
            answer.update(self.abort_members(bucket, upload))
        return answer

    # --- parts

    def upload_part(
        self,
        Bucket: str,
        Key: str,
        PartNumber: int,
        UploadId: str,
        Body: Any = b"",
        ContentMD5: str | None = None,
        ExpectedBucketOwner: str | None = None,
        **given: Any,
    ) -> dict[str, Any]:
        self.modelled(given, _PART)
        bucket = self.bucket_for(Bucket, ExpectedBucketOwner)
        data = self.body_of(Body)
        self.write_rate(bucket, Key)
        self._check_number(PartNumber)
        upload = bucket.upload(UploadId, Key)
        self._check_key_of(upload, given)
        self.unseal(bucket, Key, upload.encryption)
        self.check("part-size", len(data), ProposedSize=str(len(data)), limit="MaxSizeAllowed")
        data, digest = upload.kept(data, digests.of(self.request))
        if ContentMD5 is not None:
            checksums.check_md5(digest, ContentMD5)
        algorithm, value = self._part_checksum(upload, data, given)
        part = self._keep(upload, PartNumber, data, digest, algorithm, value)
        answer = {"ETag": f'"{part.etag}"', **upload.encryption.members()}
        if algorithm is not None and value is not None:
            answer[algorithm.member] = value
        return answer

    def _check_number(self, number: int) -> None:
        most = self.limits["parts"]
        if number < 1 or (most is not None and number > most):
            raise self.part_number_error(number)

    def _check_key_of(self, upload: multipart.Upload, given: Mapping[str, Any]) -> None:
        """Every part comes with the customer's key that the upload was created with, or without one."""
        customer = self.customer_key_of(given)
        needed = upload.encryption.customer
        if (customer is None) != (needed is None):
            raise self.error(
                "InvalidRequest",
                "The multipart upload initiate requested encryption. Subsequent part requests must include the "
                "appropriate encryption parameters.",
            )
        if customer != needed:
            raise self.error(
                "InvalidRequest", "The provided encryption parameters did not match the ones used originally."
            )

    def _part_checksum(
        self, upload: multipart.Upload, data: Data, given: Mapping[str, Any]
    ) -> tuple[Algorithm | None, str | None]:
        brought = checksums.given({name: given[name] for name in given if name in MEMBERS})
        expected = upload.algorithm
        if brought is None:
            return (None, None) if expected is None else (expected, expected.text(data))
        algorithm, value = brought
        if expected is not None and algorithm is not expected:
            raise self.error(
                "InvalidRequest",
                f"Checksum Type mismatch occurred, expected checksum Type: {expected.name.lower()}, "
                f"actual checksum Type: {algorithm.name.lower()}",
            )
        return algorithm, checksums.verified(digests.of(self.request), data, algorithm, value)

    def _keep(
        self,
        upload: multipart.Upload,
        number: int,
        data: Data,
        digest: bytes,
        algorithm: Algorithm | None,
        value: str | None,
    ) -> multipart.UploadedPart:
        etag = self.etag_of(digest, upload.encryption, f"{upload.id}/{number}", upload.key)
        part = multipart.UploadedPart(number, data, digest, etag, int(self.clock.time()), algorithm, value)
        upload.parts[number] = part
        return part

    def upload_part_copy(
        self,
        Bucket: str,
        Key: str,
        CopySource: Any,
        PartNumber: int,
        UploadId: str,
        CopySourceRange: str | None = None,
        ExpectedBucketOwner: str | None = None,
        **given: Any,
    ) -> dict[str, Any]:
        self.modelled(given, _PART_COPY)
        bucket = self.bucket_for(Bucket, ExpectedBucketOwner)
        self.write_rate(bucket, Key)
        self._check_number(PartNumber)
        upload = bucket.upload(UploadId, Key)
        self._check_key_of(upload, given)
        self.unseal(bucket, Key, upload.encryption)
        source_bucket, _, _, source = self.source(CopySource, given)
        data = source.data
        assert data is not None
        if CopySourceRange is not None:
            start, end = ranges.parse_copy(CopySourceRange, len(data))
            if (start, end) != (0, len(data)):
                data = data[start:end]
        self.check("copy-source-size", len(data))
        data, digest = upload.kept(data, digests.of(self.request))
        algorithm = upload.algorithm
        value = algorithm.text(data) if algorithm is not None else None
        part = self._keep(upload, PartNumber, data, digest, algorithm, value)
        result: dict[str, Any] = {"ETag": f'"{part.etag}"', "LastModified": when(part.modified)}
        if algorithm is not None:
            result[algorithm.member] = value
        answer = {"CopyPartResult": result, **upload.encryption.members()}
        if source_bucket.versioning is not None:
            answer["CopySourceVersionId"] = source.id
        return answer

    # --- the end

    def complete_multipart_upload(
        self,
        Bucket: str,
        Key: str,
        UploadId: str,
        MultipartUpload: dict[str, Any] | None = None,
        ChecksumType: str | None = None,
        MpuObjectSize: int | None = None,
        IfMatch: str | None = None,
        IfNoneMatch: str | None = None,
        ExpectedBucketOwner: str | None = None,
        **given: Any,
    ) -> dict[str, Any]:
        self.modelled(given, _COMPLETE)
        bucket = self.bucket_for(Bucket, ExpectedBucketOwner)
        self.write_rate(bucket, Key)
        listed = self._listed(MultipartUpload)
        named = hash((Key, *((entry.get("PartNumber"), conditions.tag(entry.get("ETag") or "")) for entry in listed)))
        done = bucket.completed.get(UploadId)
        if done is not None and done[0] == named:
            return dict(done[1])
        upload = bucket.upload(UploadId, Key)
        if IfMatch is not None or IfNoneMatch is not None:
            self._check_conditions_of(bucket, upload, IfMatch, IfNoneMatch)
        if any(given.get(name) is not None for name in _CUSTOMER):
            self._check_key_of(upload, given)
        self.unseal(bucket, Key, upload.encryption)
        upload.check_completion(ChecksumType)
        parts = upload.chosen(listed, self.limits["part-size-smallest"])
        size = sum(len(part.data) for part in parts)
        if MpuObjectSize is not None and MpuObjectSize != size:
            raise self.error(
                "InvalidRequest",
                f"The provided 'x-amz-mp-object-size' header value {MpuObjectSize} does not match what was computed: "
                f"{size}",
            )
        self.check("object-size", size, ProposedSize=str(size), limit="MaxSizeAllowed")
        data = joined(part.data for part in parts)
        checksum = upload.checksum(parts, data)
        for member, value in given.items():
            if value is not None and member in MEMBERS:
                self._check_whole(upload, MEMBERS[member], value, checksum)
        version = Version(
            bucket.next_id(),
            bucket.next_sequence(),
            int(self.clock.time()),
            upload.account,
            data,
            multipart.etag_of(parts),
            checksum,
            encryption=upload.encryption,
            parts=multipart.parts_of(parts),
            **upload.attributes,
        )
        self.keep(bucket, Key, version)
        bucket.drop_upload(upload)
        self.emit(bucket, "ObjectCreated:CompleteMultipartUpload", Key, version)
        answer = {
            "Location": f"https://{bucket.name}.s3.{bucket.region}.{self._suffix}/{quote(Key, safe='')}",
            "Bucket": Bucket,
            "Key": Key,
            "ETag": f'"{version.etag}"',
        }
        if upload.encryption.customer is None:
            answer.update(upload.encryption.members())
        if bucket.versioning == "Enabled":
            answer["VersionId"] = version.id
        if checksum is not None:
            answer.update(checksum.members())
        if bucket.agenda is not None:
            answer.update(self.expiration_members(bucket, Key, version))
        bucket.completed[UploadId] = (named, answer)
        return dict(answer)

    def _listed(self, given: Mapping[str, Any] | None) -> Sequence[Mapping[str, Any]]:
        """The parts that the end of an upload lists; no body at all is worded differently from an empty one."""
        if given is None:
            raise self.error("InvalidRequest", "You must specify at least one part")
        listed = given.get("Parts")
        if not listed:
            raise self.malformed_xml()
        return listed

    def _check_conditions_of(
        self, bucket: Bucket, upload: multipart.Upload, if_match: str | None, if_none_match: str | None
    ) -> None:
        current = bucket.shown(upload.key)
        conditions.check_write(upload.key, current.etag if current else None, if_match, if_none_match)
        if current is not None and current.sequence > upload.sequence:
            raise self.error("ConditionalRequestConflict", Condition="If-Match", Key=upload.key)

    def _check_whole(
        self, upload: multipart.Upload, algorithm: Algorithm, value: str, checksum: checksums.Checksum | None
    ) -> None:
        """Refuse a checksum of the whole object that is not the one computed."""
        good = checksum is not None and algorithm is checksum.algorithm
        if good and checksum is not None:
            good = value == checksum.value or (
                checksum.type == COMPOSITE and value == checksum.value.rpartition("-")[0]
            )
        if not good:
            expected = upload.algorithm or ALGORITHMS[checksums.DEFAULT]
            raise self.error(
                "BadDigest", f"The {expected.name.lower()} you specified did not match the calculated checksum."
            )

    def abort_multipart_upload(
        self,
        Bucket: str,
        Key: str,
        UploadId: str,
        ExpectedBucketOwner: str | None = None,
        RequestPayer: str | None = None,
    ) -> dict[str, Any]:
        bucket = self.bucket_for(Bucket, ExpectedBucketOwner)
        bucket.drop_upload(bucket.upload(UploadId, Key))
        return {"__status__": 204}

    # --- listing

    def _principal(self, upload: multipart.Upload) -> dict[str, str]:
        return {"ID": upload.principal, "DisplayName": upload.principal.rpartition("/")[2]}

    def list_parts(
        self,
        Bucket: str,
        Key: str,
        UploadId: str,
        MaxParts: int | None = None,
        PartNumberMarker: int | str | None = None,
        ExpectedBucketOwner: str | None = None,
        **given: Any,
    ) -> dict[str, Any]:
        self.modelled(given, (*_CUSTOMER, "RequestPayer"))
        bucket = self.bucket_for(Bucket, ExpectedBucketOwner)
        upload = bucket.upload(UploadId, Key)
        after = self.integer(PartNumberMarker, "part-number-marker", 0)
        most = self.page_size(MaxParts, "max-parts")
        numbers = upload.parts.irange(after, None, (False, True))
        listed: list[dict[str, Any]] = []
        truncated = False
        for number in numbers:
            if len(listed) == most:
                truncated = True
                break
            part = upload.parts[number]
            shown = {
                "PartNumber": number,
                "LastModified": when(part.modified),
                "ETag": f'"{part.etag}"',
                "Size": len(part.data),
            }
            if upload.algorithm is not None:
                shown[upload.algorithm.member] = part.checksum
            listed.append(shown)
        answer: dict[str, Any] = {
            "Bucket": Bucket,
            "Key": Key,
            "UploadId": UploadId,
            "PartNumberMarker": after,
            "NextPartNumberMarker": listed[-1]["PartNumber"] if listed else 0,
            "MaxParts": most,
            "IsTruncated": truncated and most > 0,
            "Initiator": self._principal(upload),
            "Owner": {"ID": acl.canonical_id(upload.account)},
            "StorageClass": upload.attributes.get("storage_class", "STANDARD"),
        }
        if listed:
            answer["Parts"] = listed
        if bucket.agenda is not None:
            answer.update(self.abort_members(bucket, upload))
        if upload.algorithm is not None:
            answer["ChecksumAlgorithm"] = upload.algorithm.name
            answer["ChecksumType"] = upload.checksum_type
        return answer

    def integer(self, value: int | str | None, name: str, default: int) -> int:
        """A number of the query, which may come as text."""
        if value is None or value == "":
            return default
        try:
            number = int(value)
        except ValueError:
            raise self.invalid(f"Provided {name} not an integer or within integer range", name, value) from None
        if not 0 <= number <= 2_147_483_647:
            raise self.invalid(f"Argument {name} must be an integer between 0 and 2147483647", name, value)
        return number

    def page_size(self, wanted: int | str | None, name: str) -> int:
        """How many entries an answer has at most: never more than a page."""
        page = int(self.limits["list-page"] or 2_147_483_647)
        return min(self.integer(wanted, name, page), page)

    def list_multipart_uploads(
        self,
        Bucket: str,
        Delimiter: str | None = None,
        EncodingType: str | None = None,
        KeyMarker: str | None = None,
        MaxUploads: int | None = None,
        Prefix: str | None = None,
        UploadIdMarker: str | None = None,
        ExpectedBucketOwner: str | None = None,
        RequestPayer: str | None = None,
    ) -> dict[str, Any]:
        bucket = self.bucket_for(Bucket, ExpectedBucketOwner)
        most = self.page_size(MaxUploads, "max-uploads")
        prefix, delimiter, after = Prefix or "", Delimiter or "", KeyMarker or ""
        # Without a key marker the other marker has no meaning.
        marker = (UploadIdMarker or "") if after else ""
        listed: list[multipart.Upload] = []
        prefixes: list[str] = []
        last: multipart.Upload | None = None
        truncated = False
        for upload, group in self._uploads_after(bucket, prefix, delimiter, after, marker):
            if len(listed) + len(prefixes) == most:
                truncated = most > 0
                break
            last = upload
            if group is None:
                assert upload is not None
                listed.append(upload)
            else:
                prefixes.append(group)
        shown = listing.encoded if EncodingType == "url" else str
        answer: dict[str, Any] = {
            "Bucket": Bucket,
            "KeyMarker": shown(after),
            "UploadIdMarker": marker,
            "NextKeyMarker": shown(last.key) if last is not None else "",
            "NextUploadIdMarker": last.id if last is not None else "",
            "MaxUploads": most,
            "IsTruncated": truncated,
        }
        if Prefix is not None:
            answer["Prefix"] = shown(Prefix)
        if Delimiter:
            answer["Delimiter"] = shown(Delimiter)
        if EncodingType is not None:
            answer["EncodingType"] = EncodingType
        if listed:
            answer["Uploads"] = [self._shown_upload(bucket, upload, shown) for upload in listed]
        if prefixes:
            answer["CommonPrefixes"] = [{"Prefix": shown(group)} for group in prefixes]
        return answer

    def _uploads_after(self, bucket: Bucket, prefix: str, delimiter: str, after: str, marker: str) -> Any:
        """(upload, None) for each upload and (None, prefix) for each common prefix, behind the markers."""
        if marker:
            known = bucket.upload_ids.get(marker)
            if known is None or known.key != after:
                raise self.invalid("Invalid uploadId marker", "upload-id-marker", marker)
            if after.startswith(prefix) and listing.common_prefix(after, prefix, delimiter) is None:
                same = bucket.uploads[after]
                for sequence in same.irange(known.sequence, None, (False, True)):
                    yield same[sequence], None
        for key, group in listing.runs(bucket.uploads, prefix, delimiter, after):
            if group is not None:
                yield None, group
                continue
            for upload in bucket.uploads[key].values():
                yield upload, None

    def _shown_upload(self, bucket: Bucket, upload: multipart.Upload, shown: Any) -> dict[str, Any]:
        answer = {
            "UploadId": upload.id,
            "Key": shown(upload.key),
            "Initiated": when(upload.initiated),
            "StorageClass": upload.attributes.get("storage_class", "STANDARD"),
            "Owner": {"ID": acl.canonical_id(upload.account)},
            "Initiator": self._principal(upload),
        }
        if upload.algorithm is not None:
            answer["ChecksumAlgorithm"] = upload.algorithm.name
            answer["ChecksumType"] = upload.checksum_type
        return answer

"""Lists of objects and of their versions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from awsim.services.s3 import acl, listing
from awsim.services.s3.access import when
from awsim.services.s3.bucket import Bucket
from awsim.services.s3.uploads import Uploads
from awsim.services.s3.versions import Version


class Listings(Uploads):
    def list_objects(
        self,
        Bucket: str,
        Delimiter: str | None = None,
        EncodingType: str | None = None,
        Marker: str | None = None,
        MaxKeys: int | None = None,
        Prefix: str | None = None,
        ExpectedBucketOwner: str | None = None,
        OptionalObjectAttributes: list[str] | None = None,
        RequestPayer: str | None = None,
    ) -> dict[str, Any]:
        bucket = self.bucket_for(Bucket, ExpectedBucketOwner)
        self.read_rate(bucket, Prefix or "")
        most = self.page_size(MaxKeys, "max-keys")
        page = self._keys(bucket, Prefix or "", Delimiter or "", Marker or "", most)
        shown = listing.encoded if EncodingType == "url" else str
        answer = self._page(bucket, page, shown, Prefix, Delimiter, EncodingType, most, owners=True)
        self._add_restores(bucket, page, answer, OptionalObjectAttributes)
        answer["Marker"] = shown(Marker or "")
        if page.last is not None and Delimiter:
            answer["NextMarker"] = shown(page.last)
        return self.shared(bucket, answer)

    def list_objects_v2(
        self,
        Bucket: str,
        Delimiter: str | None = None,
        EncodingType: str | None = None,
        MaxKeys: int | None = None,
        Prefix: str | None = None,
        ContinuationToken: str | None = None,
        FetchOwner: bool | None = None,
        StartAfter: str | None = None,
        ExpectedBucketOwner: str | None = None,
        OptionalObjectAttributes: list[str] | None = None,
        RequestPayer: str | None = None,
    ) -> dict[str, Any]:
        bucket = self.bucket_for(Bucket, ExpectedBucketOwner)
        self.read_rate(bucket, Prefix or "")
        most = self.page_size(MaxKeys, "max-keys")
        after = StartAfter or ""
        if ContinuationToken is not None:
            marker = listing.marker_of(ContinuationToken) if ContinuationToken else None
            if marker is None:
                raise self.invalid(
                    "The continuation token provided is incorrect", "continuation-token", ContinuationToken
                )
            after = marker
        page = self._keys(bucket, Prefix or "", Delimiter or "", after, most)
        shown = listing.encoded if EncodingType == "url" else str
        answer = self._page(bucket, page, shown, Prefix, Delimiter, EncodingType, most, owners=bool(FetchOwner))
        self._add_restores(bucket, page, answer, OptionalObjectAttributes)
        answer["KeyCount"] = len(page.found) + len(page.prefixes)
        if ContinuationToken is not None:
            answer["ContinuationToken"] = ContinuationToken
        if StartAfter is not None:
            answer["StartAfter"] = shown(StartAfter)
        if page.last is not None:
            answer["NextContinuationToken"] = listing.token(page.last)
        return self.shared(bucket, answer)

    def _keys(self, bucket: Bucket, prefix: str, delimiter: str, after: str, most: int) -> listing.Page:
        """A page of what a plain listing shows; AWS may make it shorter than it could be."""
        page = listing.page(listing.runs(bucket.keys, prefix, delimiter, after, bucket.hidden), most)
        full = len(page.found) + len(page.prefixes)
        if full > 1 and self.choose(
            "s3.short-page", [False, True], 0.1, f"listed {full // 2} of {full} keys of {bucket.name} it could have"
        ):
            page = listing.page(listing.runs(bucket.keys, prefix, delimiter, after, bucket.hidden), full // 2)
        return page

    def _page(
        self,
        bucket: Bucket,
        page: listing.Page,
        shown: Callable[[str], str],
        prefix: str | None,
        delimiter: str | None,
        encoding: str | None,
        most: int,
        *,
        owners: bool,
    ) -> dict[str, Any]:
        answer: dict[str, Any] = {
            "IsTruncated": page.last is not None,
            "Name": bucket.name,
            "Prefix": shown(prefix or ""),
            "MaxKeys": most,
        }
        if delimiter:
            answer["Delimiter"] = shown(delimiter)
        if encoding is not None:
            answer["EncodingType"] = encoding
        if page.found:
            contents = []
            for key in page.found:
                version = bucket.current(key)
                assert version is not None
                entry = self._entry(shown(key), version)
                if owners:
                    entry["Owner"] = {"ID": acl.canonical_id(self.owner_shown(bucket, version))}
                contents.append(entry)
            answer["Contents"] = contents
        if page.prefixes:
            answer["CommonPrefixes"] = [{"Prefix": shown(group)} for group in page.prefixes]
        return answer

    def _add_restores(
        self, bucket: Bucket, page: listing.Page, answer: dict[str, Any], wanted: list[str] | None
    ) -> None:
        """The status of restores, for a list that was asked for it."""
        if wanted:
            for key, entry in zip(page.found, answer.get("Contents", ()), strict=True):
                version = bucket.current(key)
                assert version is not None
                entry.update(self.restore_status(version))

    @staticmethod
    def _entry(key: str, version: Version) -> dict[str, Any]:
        entry: dict[str, Any] = {
            "Key": key,
            "LastModified": when(version.modified),
            "ETag": f'"{version.etag}"',
            "Size": version.size,
            "StorageClass": version.storage_class,
        }
        checksum = version.checksum
        if checksum is not None:
            entry["ChecksumAlgorithm"] = [checksum.algorithm.name]
            entry["ChecksumType"] = checksum.type
        return entry

    def list_object_versions(
        self,
        Bucket: str,
        Delimiter: str | None = None,
        EncodingType: str | None = None,
        KeyMarker: str | None = None,
        MaxKeys: int | None = None,
        Prefix: str | None = None,
        VersionIdMarker: str | None = None,
        ExpectedBucketOwner: str | None = None,
        OptionalObjectAttributes: list[str] | None = None,
        RequestPayer: str | None = None,
    ) -> dict[str, Any]:
        bucket = self.bucket_for(Bucket, ExpectedBucketOwner)
        self.read_rate(bucket, Prefix or "")
        most = self.page_size(MaxKeys, "max-keys")
        if VersionIdMarker and not KeyMarker:
            raise self.invalid(
                "A version-id marker cannot be specified without a key marker.", "version-id-marker", VersionIdMarker
            )
        if VersionIdMarker:
            self.check_version_id(VersionIdMarker)
        shown = listing.encoded if EncodingType == "url" else str
        versions: list[dict[str, Any]] = []
        markers: list[dict[str, Any]] = []
        prefixes: list[str] = []
        last: tuple[str, str | None] | None = None
        truncated = False
        behind = self._versions_after(bucket, Prefix or "", Delimiter or "", KeyMarker or "", VersionIdMarker or "")
        for key, version, group in behind:
            if len(versions) + len(markers) + len(prefixes) == most:
                truncated = most > 0
                break
            if group is not None:
                prefixes.append(group)
                last = (group, None)
                continue
            assert version is not None
            last = (key, version.id)
            entry = self._shown_version(bucket, key, version, shown)
            if OptionalObjectAttributes:
                entry.update(self.restore_status(version))
            (markers if version.is_marker else versions).append(entry)
        answer: dict[str, Any] = {
            "IsTruncated": truncated,
            "KeyMarker": shown(KeyMarker or ""),
            "VersionIdMarker": VersionIdMarker or "",
            "Name": bucket.name,
            "Prefix": shown(Prefix or ""),
            "MaxKeys": most,
        }
        if Delimiter:
            answer["Delimiter"] = shown(Delimiter)
        if EncodingType is not None:
            answer["EncodingType"] = EncodingType
        if truncated and last is not None:
            answer["NextKeyMarker"] = shown(last[0])
            if last[1] is not None:
                answer["NextVersionIdMarker"] = last[1]
        if versions:
            answer["Versions"] = versions
        if markers:
            answer["DeleteMarkers"] = markers
        if prefixes:
            answer["CommonPrefixes"] = [{"Prefix": shown(group)} for group in prefixes]
        return answer

    def _versions_after(
        self, bucket: Bucket, prefix: str, delimiter: str, after: str, marker: str
    ) -> Iterator[tuple[str, Version | None, str | None]]:
        """(key, version, None) for each version and (key, None, prefix) for each common prefix, behind the markers."""
        if marker and after.startswith(prefix) and listing.common_prefix(after, prefix, delimiter) is None:
            known = bucket.find(after, marker)
            if known is not None:
                for version in bucket.versions(after, known.sequence):
                    yield after, version, None
        for key, group in listing.runs(bucket.keys, prefix, delimiter, after):
            if group is not None:
                yield key, None, group
                continue
            for version in bucket.versions(key):
                yield key, version, None

    def _shown_version(self, bucket: Bucket, key: str, version: Version, shown: Callable[[str], str]) -> dict[str, Any]:
        owner = {"ID": acl.canonical_id(self.owner_shown(bucket, version))}
        latest = bucket.current(key) is version
        if version.is_marker:
            return {
                "Owner": owner,
                "Key": shown(key),
                "VersionId": version.id,
                "IsLatest": latest,
                "LastModified": when(version.modified),
            }
        return {**self._entry(shown(key), version), "VersionId": version.id, "IsLatest": latest, "Owner": owner}

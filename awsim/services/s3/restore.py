"""Archived objects: what keeps them from being read, and RestoreObject, which brings a copy back for some days.

Sources: S3 User Guide, "Working with archived objects", "Restoring an archived object", "Understanding archive
retrieval options"; S3 API Reference, RestoreObject.
"""

from __future__ import annotations

from typing import Any

from awsim.services.s3 import tiering
from awsim.services.s3.access import Access, when
from awsim.services.s3.bucket import Bucket as BucketRecord
from awsim.services.s3.days import DAY, http_date, next_midnight
from awsim.services.s3.versions import Restore, Tiering, Version

ARCHIVED = ("GLACIER", "DEEP_ARCHIVE")
_SPEED = {"Bulk": 0, "Standard": 1, "Expedited": 2}
# (row of the longest time, row of the shortest where AWS gives a range) by how deep the archive is, then by tier.
_SHALLOW = {
    "Expedited": ("restore-expedited", "restore-expedited-soonest"),
    "Standard": ("restore-standard", "restore-standard-soonest"),
    "Bulk": ("restore-bulk", "restore-bulk-soonest"),
}
_DEEP = {"Standard": ("restore-deep-standard", None), "Bulk": ("restore-deep-bulk", None)}
_UNAVAILABLE_ODDS = 0.05


class Restores(Access):
    # --- reading

    def check_readable(self, version: Version, message: str) -> None:
        """Refuse to read an archived version of which there is no copy. For versions that are not of STANDARD."""
        if version.storage_class in ARCHIVED:
            restore = version.restore
            if restore is None or restore.expires is None:
                raise self.error("InvalidObjectState", message, StorageClass=version.storage_class)
        elif version.tiering is not None and version.tiering.archive is not None:
            raise self.error(
                "InvalidObjectState",
                message,
                StorageClass=version.storage_class,
                AccessTier=version.tiering.archive,
            )

    def use(self, bucket: BucketRecord, key: str, version: Version) -> None:
        """A version has been read: Intelligent-Tiering counts the days from here."""
        if version.storage_class != tiering.CLASS or bucket.find(key, version.id) is not version:
            # What a read met may be gone already, where reads lag.
            return
        now = self.clock.time()
        # Only the day counts.
        if next_midnight(now) != next_midnight(tiering.used(version)):
            bucket.change(key, version.replaced(tiering=Tiering(now)))

    @staticmethod
    def archive_members(version: Version) -> dict[str, Any]:
        """What HeadObject and GetObject say of an archive and a restore from it."""
        members: dict[str, Any] = {}
        restore = version.restore
        if restore is not None:
            members["Restore"] = (
                'ongoing-request="true"'
                if restore.expires is None
                else f'ongoing-request="false", expiry-date="{http_date(restore.expires)}"'
            )
        if version.tiering is not None and version.tiering.archive is not None:
            members["ArchiveStatus"] = version.tiering.archive
        return members

    @staticmethod
    def restore_status(version: Version) -> dict[str, Any]:
        """The RestoreStatus of a listing that was asked for it."""
        restore = version.restore
        if restore is None:
            return {}
        status: dict[str, Any] = {"IsRestoreInProgress": restore.expires is None}
        if restore.expires is not None:
            status["RestoreExpiryDate"] = when(restore.expires)
        return {"RestoreStatus": status}

    # --- restoring

    def restore_object(
        self,
        Bucket: str,
        Key: str,
        VersionId: str | None = None,
        RestoreRequest: dict[str, Any] | None = None,
        RequestPayer: str | None = None,
        ChecksumAlgorithm: str | None = None,
        ExpectedBucketOwner: str | None = None,
    ) -> dict[str, Any]:
        bucket = self.bucket_for(Bucket, ExpectedBucketOwner)
        wanted = RestoreRequest or {}
        if wanted.get("Type") == "SELECT" or wanted.get("SelectParameters") or wanted.get("OutputLocation"):
            return self.select_archived(bucket, Key, VersionId, wanted)
        version = self.to_restore(bucket, Key, VersionId)
        days = wanted.get("Days")
        if (days is None) == (version.storage_class in ARCHIVED):
            raise self.malformed_xml()
        if days is not None and days < 1:
            raise self.invalid("'Days' must be a positive integer", "Days", days)
        tier = (wanted.get("GlacierJobParameters") or {}).get("Tier") or wanted.get("Tier") or "Standard"
        longest, shortest = self.retrieval(version, tier)
        running = version.restore
        if running is not None and running.expires is not None:
            self._prolong(bucket, Key, version, running, days)
            return {"__status__": 200}
        if running is not None and _SPEED[tier] <= _SPEED[running.tier]:
            raise self.error("RestoreAlreadyInProgress")
        if tier == "Expedited" and not self.choose(
            "s3.expedited-capacity", [True, False], _UNAVAILABLE_ODDS, "had no capacity for an Expedited retrieval"
        ):
            raise self.error("GlacierExpeditedRetrievalNotAvailable")
        self._start_restore(bucket, Key, version, Restore(self.ready_at(longest, shortest), tier, days))
        return {"__status__": 202}

    def select_archived(
        self, bucket: BucketRecord, key: str, version_id: str | None, wanted: dict[str, Any]
    ) -> dict[str, Any]:
        """A restore of type SELECT: the whole service has it (`selects`)."""
        raise NotImplementedError

    def to_restore(self, bucket: BucketRecord, key: str, version_id: str | None) -> Version:
        """The version to restore, which has to lie in an archive."""
        current = bucket.current(key) if version_id is None else None
        if current is not None and current.is_marker:
            raise self.marker_error(current, "POST")
        version = self.version_for(bucket, key, version_id, "POST")
        if version.storage_class in ARCHIVED or (version.tiering is not None and version.tiering.archive is not None):
            return version
        if version.storage_class == tiering.CLASS:
            raise self.error("ObjectAlreadyInActiveTierError", "This action is not allowed against this storage tier.")
        raise self.error(
            "InvalidObjectState",
            "Restore is not allowed for the object's current storage class",
            StorageClass=version.storage_class,
        )

    def retrieval(self, version: Version, tier: str) -> tuple[str, str | None]:
        """The rows with the longest and the shortest time that a retrieval takes."""
        archive = version.tiering.archive if version.tiering is not None else None
        deep = version.storage_class == "DEEP_ARCHIVE" or archive == tiering.DEEP_ARCHIVE
        rows = _DEEP if deep else _SHALLOW
        if tier not in _SPEED:
            raise self.malformed_xml()
        if tier not in rows:
            raise self.invalid("Retrieval option is not supported by this storage class", "Tier", tier)
        return rows[tier]

    def ready_at(self, longest: str, shortest: str | None) -> float:
        """When a retrieval that begins now is over: at a moment of AWS's choice within the range it gives."""
        most = self.limits.duration(longest)
        least = min(most, self.limits.duration(shortest) or most) if shortest is not None else most
        now = self.clock.time()
        if least == most:
            return now + most
        moments = [least, (least + most) / 2, most]
        return now + self.choose("s3.restore-time", moments, 0.5, "took its time to restore an object")

    def _start_restore(self, bucket: BucketRecord, key: str, version: Version, restore: Restore) -> None:
        bucket.change(key, version.replaced(restore=restore))
        self.emit(bucket, "ObjectRestore:Post", key, version, storage_class=version.storage_class)
        self.at_time(
            restore.ready, "finish_restore", name=bucket.name, key=key, version_id=version.id, ready=restore.ready
        )

    def _copy_expiry(self, days: int) -> int:
        return next_midnight(self.clock.time() + DAY * days)

    def _prolong(self, bucket: BucketRecord, key: str, version: Version, restore: Restore, days: int | None) -> None:
        """The copy is there already: it stays for so many days from now."""
        if days is not None:
            self._keep_copy(bucket, key, version, restore._replace(days=days, expires=self._copy_expiry(days)))

    def _keep_copy(self, bucket: BucketRecord, key: str, version: Version, restore: Restore) -> None:
        kept = version.replaced(restore=restore)
        bucket.change(key, kept)
        self.at_time(
            restore.expires or 0.0,
            "end_restore",
            name=bucket.name,
            key=key,
            version_id=version.id,
            expires=restore.expires,
        )

    def _restoring(self, name: str, key: str, version_id: str) -> tuple[BucketRecord, Version, Restore] | None:
        """What scheduled work is about, if it is still there."""
        bucket = self.buckets.get(name)
        version = bucket.find(key, version_id) if bucket is not None else None
        if version is None or version.restore is None:
            return None
        return bucket, version, version.restore

    def finish_restore(self, name: str, key: str, version_id: str, ready: float) -> None:
        """Scheduled: the copy is there, or the object is back in the tier of those that are used."""
        found = self._restoring(name, key, version_id)
        if found is None or found[2].ready != ready or found[2].expires is not None:
            return
        bucket, version, restore = found
        if restore.days is None:
            bucket.change(key, version.replaced(restore=None, tiering=Tiering(self.clock.time())))
            self.emit(bucket, "ObjectRestore:Completed", key, version, storage_class=version.storage_class)
            return
        expires = self._copy_expiry(restore.days)
        self._keep_copy(bucket, key, version, restore._replace(expires=expires))
        self.emit(
            bucket,
            "ObjectRestore:Completed",
            key,
            version,
            restored_until=expires,
            storage_class=version.storage_class,
        )

    def end_restore(self, name: str, key: str, version_id: str, expires: float) -> None:
        """Scheduled: the copy goes; the archive stays."""
        found = self._restoring(name, key, version_id)
        if found is None or found[2].expires != expires:
            return
        bucket, version, _ = found
        bucket.change(key, version.replaced(restore=None))
        self.emit(bucket, "ObjectRestore:Delete", key, version, storage_class=version.storage_class)

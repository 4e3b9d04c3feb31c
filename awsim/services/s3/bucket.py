"""A bucket: its keys and versions, uploads in progress, and settings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from awsim.errors import AWSError
from awsim.services.s3.keys import Keys
from awsim.services.s3.versions import NULL, History, Version, version_id
from awsim.state import Dict, Entity, SortedDict

if TYPE_CHECKING:
    from awsim.services.s3.lifecycle_rules import Agenda
    from awsim.services.s3.multipart import Upload
    from awsim.services.s3.replication_rules import Replicating


class Bucket(Entity):
    """`settings` holds the bucket's configurations by name, as boto3 shows them; replaced, never changed in place.

    `agenda` is there while a lifecycle or an archiving of idle objects is configured, `replicating` while replication
    is.
    """

    __slots__ = (
        "account",
        "agenda",
        "completed",
        "created",
        "hidden",
        "keys",
        "mfa_delete",
        "name",
        "new_bytes",
        "recent",
        "region",
        "replicating",
        "sequence",
        "settings",
        "upload_ids",
        "uploads",
        "versioning",
    )

    def __init__(
        self, name: str, account: str, region: str, created: int, new_bytes: Callable[[str, int], bytes]
    ) -> None:
        """`new_bytes(kind, size)` gives the bytes that version and upload ids are made of."""
        self.name = name
        self.account = account
        self.region = region
        self.created = created
        self.new_bytes = new_bytes
        self.keys = Keys()
        self.hidden = Keys()  # the keys under a delete marker -> None
        self.recent = Dict()  # key -> (earlier version, until when a read may still meet it); empty since December 2020
        self.settings = Dict()
        self.uploads = Keys()  # key -> uploads by sequence number
        self.upload_ids = Dict()
        # Upload id -> (hash of the key and the parts listed, answer): completing again changes nothing.
        self.completed = Dict()
        self.versioning: str | None = None
        self.mfa_delete: str | None = None
        self.sequence = 0
        self.agenda: Agenda | None = None
        self.replicating: Replicating | None = None

    # --- reading

    def current(self, key: str) -> Version | None:
        """The newest version of a key, which may be a delete marker."""
        found = self.keys.get(key)
        return found.newest if found.__class__ is History else found

    def shown(self, key: str) -> Version | None:
        """The object that a plain read finds."""
        found = self.current(key)
        return None if found is None or found.data is None else found

    def find(self, key: str, id: str) -> Version | None:
        found = self.keys.get(key)
        if found.__class__ is History:
            return found.find(id)
        return found if found is not None and found.id == id else None

    def versions(self, key: str, below: int | None = None) -> Iterator[Version]:
        """All versions of a key, newest first, from those older than the sequence number `below`."""
        found = self.keys.get(key)
        if found.__class__ is History:
            yield from found.newest_first(below)
        elif found is not None and (below is None or found.sequence < below):
            yield found

    # --- writing

    def next_sequence(self) -> int:
        self.sequence += 1
        return self.sequence

    def next_id(self) -> str:
        """The version id that a write gets now."""
        return version_id(self.new_bytes("version", 21)) if self.versioning == "Enabled" else NULL

    def store(self, key: str, version: Version) -> None:
        """Put a new version on top: beside the earlier ones, but in the place of an earlier one of the same id."""
        if self.agenda is not None:
            self.agenda.touch(key)
        keys = self.keys
        found = keys.get(key)
        if found is None or (found.__class__ is Version and found.id == version.id):
            keys[key] = version
        elif found.__class__ is Version:
            keys[key] = History(found, version)
        else:
            found.remove(version.id)
            found.add(version)
        if self.hidden or version.data is None:
            self._show(key)

    def change(self, key: str, version: Version) -> None:
        """Replace a version by a changed copy of itself."""
        if self.agenda is not None:
            self.agenda.touch(key)
        found = self.keys[key]
        if found.__class__ is History:
            found.add(version)
        else:
            self.keys[key] = version

    def remove(self, key: str, id: str) -> Version | None:
        """Delete one version for good; returns it."""
        if self.agenda is not None:
            self.agenda.touch(key)
        found = self.keys.get(key)
        if found.__class__ is History:
            removed = found.remove(id)
            if len(found) == 1:
                self.keys[key] = found.newest
            self._show(key)
            return removed
        if found is None or found.id != id:
            return None
        del self.keys[key]
        self.hidden.pop(key, None)
        return found

    def _show(self, key: str) -> None:
        """Hide a key or show it, as its newest version says."""
        if self.shown(key) is not None:
            self.hidden.pop(key, None)
        elif key not in self.hidden:
            self.hidden[key] = None

    # --- uploads

    def add_upload(self, upload: Upload) -> None:
        self.uploads.setdefault(upload.key, SortedDict())[upload.sequence] = upload
        self.upload_ids[upload.id] = upload

    def upload(self, id: str, key: str) -> Upload:
        upload = self.upload_ids.get(id)
        if upload is None or upload.key != key:
            raise AWSError(
                "NoSuchUpload",
                "The specified upload does not exist. The upload ID may be invalid, or the upload may have been "
                "aborted or completed.",
                fields={"UploadId": id},
            )
        return upload

    def drop_upload(self, upload: Upload) -> None:
        same = self.uploads[upload.key]
        del same[upload.sequence]
        if not same:
            del self.uploads[upload.key]
        del self.upload_ids[upload.id]

    # --- settings

    def setting(self, name: str, default: Any = None) -> Any:
        return self.settings.get(name, default)

    @property
    def is_locked(self) -> bool:
        """Whether object lock is switched on."""
        return "object-lock" in self.settings

    @property
    def acls_disabled(self) -> bool:
        """Whether access control lists count for nothing, and every object is the bucket owner's."""
        controls = self.settings.get("ownership-controls")
        return controls is not None and controls["Rules"][0]["ObjectOwnership"] == "BucketOwnerEnforced"

    @property
    def ownership(self) -> str:
        controls = self.settings.get("ownership-controls")
        return controls["Rules"][0]["ObjectOwnership"] if controls else "ObjectWriter"

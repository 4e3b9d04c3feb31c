"""What lies under a key: immutable versions of an object, delete markers, and their history.

Under a key stands either one `Version` (the common case) or a `History` of several, newest last by sequence number.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from awsim.services.s3.bodies import Data
from awsim.services.s3.checksums import Checksum
from awsim.services.s3.encryption import Encryption
from awsim.state import Dict, Entity, SortedDict

if TYPE_CHECKING:
    from awsim.services.s3.multipart import Part

NULL = "null"
# What x-amz-replication-status says.
PENDING, COMPLETED, FAILED, REPLICA = "PENDING", "COMPLETED", "FAILED", "REPLICA"
NO_METADATA: Mapping[str, str] = {}
_ALTERNATIVE = b"._"
_FEW = 16


class Lock(NamedTuple):
    """Object lock of a version: `mode` GOVERNANCE or COMPLIANCE until the epoch second `until`; `hold` ON or OFF."""

    mode: str | None = None
    until: float | None = None
    hold: str | None = None


class Restore(NamedTuple):
    """The restore of an archived version: `ready` (epoch seconds) is when AWS will have done it by `tier`.

    `days` is how long the copy was asked for, `expires` when that goes; None while the restore is running.
    """

    ready: float
    tier: str
    days: int | None
    expires: float | None = None


class Tiering(NamedTuple):
    """Where S3 Intelligent-Tiering keeps a version: last used at `accessed` (epoch seconds), asleep in `archive`."""

    accessed: float
    archive: str | None = None


class Version:
    """One version of an object, or a delete marker (`data` None). Never changed: `replaced` gives a changed copy.

    `headers` are the system headers by boto3 member name; `modified` is in whole epoch seconds; `etag` has no quotes;
    `replication` is what x-amz-replication-status says.
    """

    __slots__ = (
        "acl",
        "checksum",
        "data",
        "encryption",
        "etag",
        "headers",
        "id",
        "lock",
        "metadata",
        "modified",
        "owner",
        "parts",
        "replication",
        "restore",
        "sequence",
        "storage_class",
        "tags",
        "tiering",
    )

    def __init__(
        self,
        id: str,
        sequence: int,
        modified: int,
        owner: str,
        data: Data | None = None,
        etag: str = "",
        checksum: Checksum | None = None,
        headers: Mapping[str, Any] = NO_METADATA,
        metadata: Mapping[str, str] = NO_METADATA,
        encryption: Encryption | None = None,
        storage_class: str = "STANDARD",
        tags: tuple[tuple[str, str], ...] = (),
        acl: Any = None,
        lock: Lock | None = None,
        parts: tuple[Part, ...] | None = None,
        replication: str | None = None,
        restore: Restore | None = None,
        tiering: Tiering | None = None,
    ) -> None:
        self.id = id
        self.sequence = sequence
        self.modified = modified
        self.owner = owner
        self.data = data
        self.etag = etag
        self.checksum = checksum
        self.headers = headers
        self.metadata = metadata
        self.encryption = encryption
        self.storage_class = storage_class
        self.tags = tags
        self.acl = acl
        self.lock = lock
        self.parts = parts
        self.replication = replication
        self.restore = restore
        self.tiering = tiering

    @property
    def is_marker(self) -> bool:
        return self.data is None

    @property
    def size(self) -> int:
        return len(self.data) if self.data is not None else 0

    def replaced(self, **changes: Any) -> Version:
        values = {name: getattr(self, name) for name in Version.__slots__}
        values.update(changes)
        return Version(**values)


class History(Entity):
    """Several versions of one key, by sequence number: a tuple while they are few, an index once they are many."""

    __slots__ = ("few", "many")

    def __init__(self, *versions: Version) -> None:
        self.few = versions
        self.many: _Index | None = None

    def add(self, version: Version) -> None:
        """Put a version on top, or in the place of the one with its sequence number."""
        if self.many is not None:
            self.many.add(version)
        elif version.sequence > self.newest.sequence:
            self.few = (*self.few, version)
            if len(self.few) > _FEW:
                self.many = _Index(self.few)
                self.few = ()
        else:
            self.few = tuple([version if each.sequence == version.sequence else each for each in self.few])

    def remove(self, id: str) -> Version | None:
        if self.many is not None:
            return self.many.remove(id)
        removed = self.find(id)
        if removed is not None:
            self.few = tuple([each for each in self.few if each is not removed])
        return removed

    def find(self, id: str) -> Version | None:
        if self.many is not None:
            return self.many.find(id)
        return next((each for each in self.few if each.id == id), None)

    @property
    def newest(self) -> Version:
        return self.few[-1] if self.many is None else self.many.newest

    def newest_first(self, below: int | None = None) -> Iterator[Version]:
        """The versions, newest first, from those older than the sequence number `below`."""
        if self.many is not None:
            return self.many.newest_first(below)
        return (each for each in reversed(self.few) if below is None or each.sequence < below)

    def __len__(self) -> int:
        return len(self.few) if self.many is None else len(self.many)


class _Index(Entity):
    """Versions in a container that finds each of very many; it takes 2 KB to begin with."""

    __slots__ = ("_by_id", "_versions")

    def __init__(self, versions: Iterable[Version]) -> None:
        self._versions = SortedDict()
        self._by_id = Dict()
        for version in versions:
            self.add(version)

    def add(self, version: Version) -> None:
        self._versions[version.sequence] = version
        self._by_id[version.id] = version.sequence

    def remove(self, id: str) -> Version | None:
        sequence = self._by_id.pop(id, None)
        return None if sequence is None else self._versions.pop(sequence)

    def find(self, id: str) -> Version | None:
        sequence = self._by_id.get(id)
        return None if sequence is None else self._versions[sequence]

    @property
    def newest(self) -> Version:
        return self._versions.peekitem(-1)[1]

    def newest_first(self, below: int | None) -> Iterator[Version]:
        for sequence in self._versions.irange(None, below, (True, False), reverse=True):
            yield self._versions[sequence]

    def __len__(self) -> int:
        return len(self._versions)


def version_id(random: bytes) -> str:
    """A version id of 32 characters from 21 bytes; it carries a check sum, so that made-up ids are recognised."""
    check = binascii.crc32(random).to_bytes(4, "big")[:3]
    return base64.b64encode(random + check, _ALTERNATIVE).decode()


def is_version_id(text: str) -> bool:
    """Whether S3 could have issued this version id."""
    if text == NULL:
        return True
    if len(text) != 32:
        return False
    try:
        raw = base64.b64decode(text.encode("ascii"), _ALTERNATIVE, validate=True)
    except ValueError:
        return False
    return binascii.crc32(raw[:21]).to_bytes(4, "big")[:3] == raw[21:]

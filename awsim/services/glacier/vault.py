"""A vault: its archives, uploads in parts, jobs, and what is set on it.

Source: S3 Glacier Developer Guide, "Working with vaults", "Working with archives", "Vault inventory".
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, NamedTuple

from awsim.state import Dict, Entity
from awsim.state.tags import Tags


def stamp(seconds: float) -> str:
    """`2012-03-20T17:03:43.221Z`."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def second(seconds: float) -> str:
    """`2012-03-20T17:03:43Z`, as inventories write it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Archive(NamedTuple):
    """`tree_hash` in hexadecimal."""

    id: str
    body: bytes
    tree_hash: str
    description: str
    created: float

    @property
    def size(self) -> int:
        return len(self.body)


class Inventory(NamedTuple):
    """What was in a vault when it was last looked through."""

    date: float
    archives: tuple[Archive, ...]


class Lock(NamedTuple):
    """A vault lock; without `expires` it is for ever."""

    id: str
    policy: str
    created: float
    expires: float | None

    @property
    def state(self) -> str:
        return "Locked" if self.expires is None else "InProgress"


class Upload(Entity):
    """An archive that comes in parts. `parts`: first byte -> body."""

    def __init__(self, id: str, part_size: int, description: str, created: float) -> None:
        self.id = id
        self.part_size = part_size
        self.description = description
        self.created = created
        self.touched = created
        self.parts = Dict()

    def described(self, arn: str) -> dict[str, Any]:
        return {
            "MultipartUploadId": self.id,
            "VaultARN": arn,
            "ArchiveDescription": self.description or None,
            "PartSizeInBytes": self.part_size,
            "CreationDate": stamp(self.created),
        }


class Job(Entity):
    """A retrieval. `told` is what was asked, as DescribeJob shows it; `body` what it brings once it is done."""

    def __init__(self, id: str, told: dict[str, Any], topic: str | None, created: float) -> None:
        self.id = id
        self.told = told
        self.topic = topic
        self.created = created
        self.completed: float | None = None
        self.body: bytes = b""
        self.whole: tuple[int, int] | None = None  # the first byte of the archive that the body has, and its size
        self.archive: Archive | None = None

    @property
    def status(self) -> str:
        return "InProgress" if self.completed is None else "Succeeded"

    def described(self, arn: str) -> dict[str, Any]:
        done = self.completed is not None
        told: dict[str, Any] = {
            "JobId": self.id,
            **self.told,
            "VaultARN": arn,
            "CreationDate": stamp(self.created),
            "Completed": done,
            "StatusCode": self.status,
            "SNSTopic": self.topic,
        }
        if done:
            told["StatusMessage"] = "Succeeded"
            told["CompletionDate"] = stamp(self.completed or 0.0)
            if self.archive is None:
                told["InventorySizeInBytes"] = len(self.body)
        return told


class Vault(Entity):
    """`archives`, `uploads` and `jobs` by their ids; `changed` is set while the inventory does not have a change."""

    def __init__(self, name: str, arn: str, created: float) -> None:
        self.name = name
        self.arn = arn
        self.created = created
        self.archives = Dict()
        self.uploads = Dict()
        self.jobs = Dict()
        self.inventory: Inventory | None = None
        self.changed = False
        self.tags = Tags()
        self.policy: str | None = None
        self.lock: Lock | None = None
        self.notifications: dict[str, Any] | None = None

    def described(self) -> dict[str, Any]:
        inventory = self.inventory
        return {
            "VaultARN": self.arn,
            "VaultName": self.name,
            "CreationDate": stamp(self.created),
            "LastInventoryDate": None if inventory is None else stamp(inventory.date),
            "NumberOfArchives": 0 if inventory is None else len(inventory.archives),
            "SizeInBytes": 0 if inventory is None else sum(archive.size for archive in inventory.archives),
        }

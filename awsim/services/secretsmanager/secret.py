"""Secrets, their versions and staging labels.

Source: AWS Secrets Manager User Guide, "What's in a Secrets Manager secret?".
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, NamedTuple

from awsim.services.secretsmanager.schedule import Rotation
from awsim.state import Dict, Entity, Lifecycle, Tags

CURRENT, PENDING, PREVIOUS = "AWSCURRENT", "AWSPENDING", "AWSPREVIOUS"
DEFAULT_KEY = "DefaultEncryptionKey"


class Value(NamedTuple):
    """What a version holds: a string or bytes, and the data key that KMS sealed for it, under which key."""

    content: str | bytes
    envelope: bytes
    key: str

    @property
    def member(self) -> str:
        return "SecretString" if isinstance(self.content, str) else "SecretBinary"


class Version(Entity):
    """A version of a secret. `value` is None between the begin of a rotation and its first step."""

    __slots__ = ("accessed", "created", "id", "stages", "value")

    def __init__(self, id: str, value: Value | None, now: float) -> None:
        self.id = id
        self.value = value
        self.created = now
        self.stages: tuple[str, ...] = ()
        self.accessed: float | None = None

    def listed(self) -> dict[str, Any]:
        return {
            "VersionId": self.id,
            "VersionStages": list(self.stages) or None,
            "LastAccessedDate": self.accessed,
            "CreatedDate": self.created,
            "KmsKeyIds": [self.value.key] if self.value is not None else None,
        }


class Replica(NamedTuple):
    """A copy of a secret in another Region, as the primary knows it. `problem`: why there is none."""

    region: str
    key: str | None
    state: Lifecycle
    problem: str | None = None


class Secret(Entity):
    """A secret, or a replica of one: then `primary_region` is where that is, and not here."""

    def __init__(self, name: str, arn: str, region: str, now: float) -> None:
        self.name = name
        self.arn = arn
        self.region = region
        self.created = self.changed = now
        self.accessed: float | None = None
        self.versions = Dict()  # id -> Version
        self.description: str | None = None
        self.key: str | None = None
        self.tags = Tags()
        self.policy: str | None = None
        self.owner: str | None = None  # the service that manages it
        self.deletion: float | None = None  # when it is gone for good
        self.deletion_job: int | None = None
        self.rotation: Rotation | None = None
        self.primary_region: str | None = None
        self.replicas = Dict()  # Region -> Replica

    @property
    def is_replica(self) -> bool:
        return self.primary_region not in (None, self.region)

    # --- versions

    def staged(self, stage: str) -> Version | None:
        """The version that a label is on."""
        return next((version for version in self.versions.values() if stage in version.stages), None)

    def attach(self, version: Version, stages: Iterable[str]) -> None:
        """Put labels on a version; they leave the one that had them, which is the previous one if it was current."""
        for stage in dict.fromkeys(stages):
            before = self.staged(stage)
            if before is version:
                continue
            if before is not None:
                before.stages = tuple(each for each in before.stages if each != stage)
                if stage == CURRENT:
                    self.attach(before, (PREVIOUS,))
            if stage == CURRENT:
                version.stages = tuple(each for each in version.stages if each != PREVIOUS)
            version.stages += (stage,)

    def detach(self, version: Version, stage: str) -> None:
        version.stages = tuple(each for each in version.stages if each != stage)

    def stages(self) -> dict[str, list[str]]:
        """The labels of all versions that have any."""
        return {version.id: list(version.stages) for version in self.versions.values() if version.stages}

    # --- answers

    def named(self) -> dict[str, Any]:
        return {"ARN": self.arn, "Name": self.name}

    def described(self) -> dict[str, Any]:
        return {**self._shown(), "VersionIdsToStages": self.stages() or None, "ReplicationStatus": self.replication()}

    def listed(self) -> dict[str, Any]:
        return {**self._shown(), "SecretVersionsToStages": self.stages() or None}

    def _shown(self) -> dict[str, Any]:
        rotation = self.rotation
        about: dict[str, Any] = {} if rotation is None else rotation.described()
        return {
            **self.named(),
            "Description": self.description or None,
            "KmsKeyId": self.key,
            **about,
            "LastChangedDate": self.changed,
            "LastAccessedDate": self.accessed,
            "DeletedDate": self.deletion,
            "Tags": self.tags.as_list(),
            "OwningService": self.owner,
            "CreatedDate": self.created,
            "PrimaryRegion": self.primary_region,
        }

    def replication(self) -> list[dict[str, Any]] | None:
        return [
            {
                "Region": replica.region,
                "KmsKeyId": replica.key or "alias/aws/secretsmanager",
                "Status": "Failed" if replica.problem else replica.state.state,
                "StatusMessage": replica.problem,
            }
            for replica in self.replicas.values()
        ] or None

    def touch(self, version: Version, now: float) -> None:
        """Note that a value was read; AWS says on which day, not when."""
        day = datetime.fromtimestamp(now, UTC).replace(hour=0, minute=0, second=0, microsecond=0).timestamp()
        if self.accessed != day:
            self.accessed = day
        if version.accessed != day:
            version.accessed = day

"""Registries, the schemas in them with their versions and code bindings, and discoverers. Times are epoch seconds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from awsim.state import Dict, Entity, Lifecycle, Tags

STARTED, STOPPED = "STARTED", "STOPPED"


class Version(NamedTuple):
    number: int
    type: str
    content: str
    created: float

    @property
    def name(self) -> str:
        return str(self.number)


class Binding(Entity):
    """Code for a version of a schema in a language."""

    __slots__ = ("created", "lifecycle", "version")

    def __init__(self, version: str, created: float, lifecycle: Lifecycle) -> None:
        self.version = version
        self.created = created
        self.lifecycle = lifecycle

    def described(self) -> dict[str, Any]:
        return {
            "CreationDate": self.created,
            "LastModified": self.created,
            "SchemaVersion": self.version,
            "Status": self.lifecycle.state,
        }


class Schema(Entity):
    """`versions` by number; `bindings` by (version, language); `shape`: all that was inferred, of a found one."""

    __slots__ = ("arn", "bindings", "description", "last", "modified", "name", "registry", "shape", "tags", "versions")

    def __init__(self, name: str, registry: str, arn: str) -> None:
        self.name = name
        self.registry = registry
        self.arn = arn
        self.description: str | None = None
        self.tags = Tags()
        self.modified = 0.0
        self.last = 0  # the highest number a version has had
        self.versions = Dict()
        self.bindings = Dict()
        self.shape: Mapping[str, Any] | None = None

    @property
    def latest(self) -> Version:
        latest: Version = self.versions[max(self.versions)]
        return latest

    def add(self, type: str, content: str, now: float) -> Version:
        self.last += 1
        self.modified = now
        version = self.versions[self.last] = Version(self.last, type, content, now)
        return version

    def listed(self) -> dict[str, Any]:
        return {
            "LastModified": self.modified,
            "SchemaArn": self.arn,
            "SchemaName": self.name,
            "Tags": self.tags.as_dict(),
            "VersionCount": len(self.versions),
        }

    def answered(self, version: Version) -> dict[str, Any]:
        return {
            "Description": self.description,
            "LastModified": self.modified,
            "SchemaArn": self.arn,
            "SchemaName": self.name,
            "SchemaVersion": version.name,
            "Tags": self.tags.as_dict(),
            "Type": version.type,
            "VersionCreatedDate": version.created,
        }


class Registry(Entity):
    """`policy` is a JSON text, `revision` names its state."""

    __slots__ = ("arn", "description", "name", "policy", "revision", "schemas", "tags")

    def __init__(self, name: str, arn: str) -> None:
        self.name = name
        self.arn = arn
        self.description: str | None = None
        self.tags = Tags()
        self.policy: str | None = None
        self.revision = ""
        self.schemas = Dict()

    def listed(self) -> dict[str, Any]:
        return {"RegistryArn": self.arn, "RegistryName": self.name, "Tags": self.tags.as_dict()}

    def described(self) -> dict[str, Any]:
        return {**self.listed(), "Description": self.description}


class Discoverer(Entity):
    """What infers the schemas of a bus's events; `rule` and `bus` are those that bring them."""

    __slots__ = ("arn", "bus", "cross_account", "description", "id", "rule", "source_arn", "state", "tags")

    def __init__(self, id: str, arn: str, source_arn: str, bus: str) -> None:
        self.id = id
        self.arn = arn
        self.source_arn = source_arn
        self.bus = bus
        self.rule = f"Schemas-{id}"
        self.description: str | None = None
        self.cross_account = True
        self.state = STARTED
        self.tags = Tags()

    def listed(self) -> dict[str, Any]:
        return {
            "DiscovererArn": self.arn,
            "DiscovererId": self.id,
            "SourceArn": self.source_arn,
            "State": self.state,
            "CrossAccount": self.cross_account,
            "Tags": self.tags.as_dict(),
        }

    def described(self) -> dict[str, Any]:
        return {**self.listed(), "Description": self.description}

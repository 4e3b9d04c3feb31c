"""Documents and their versions."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, NamedTuple

from awsim.services.ssm import content
from awsim.state import Entity, Lifecycle, SortedDict, Tags


class DocumentVersion(NamedTuple):
    """One version of a document: its text, what that holds, and what it is called. `state`: Creating, then Active."""

    number: int
    text: str
    form: str
    held: Any
    schema: str
    created: float
    name: str | None = None
    display: str | None = None
    target_type: str | None = None
    state: Lifecycle | None = None

    @property
    def status(self) -> str:
        return "Active" if self.state is None else self.state.state

    @property
    def hash(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


class Document(Entity):
    """A document; `owner` is an account, or Amazon."""

    def __init__(self, name: str, arn: str, owner: str, kind: str) -> None:
        self.name = name
        self.arn = arn
        self.owner = owner
        self.kind = kind
        self.versions = SortedDict()  # number -> DocumentVersion
        self.default = 1
        self.tags = Tags()
        self.requires: tuple[Mapping[str, Any], ...] = ()
        self.shared: dict[str, str] = {}  # account, or "all" -> the version that it may use
        self.created_versions = 0

    @property
    def latest(self) -> DocumentVersion:
        found: DocumentVersion = self.versions.peekitem()[1]
        return found

    def add(self, version: DocumentVersion) -> None:
        self.versions[version.number] = version
        self.created_versions = version.number

    def at(self, version: str | None, name: str | None = None) -> DocumentVersion | None:
        """The version with a number, `$LATEST`, `$DEFAULT` or a name; without any the default one."""
        if name is not None:
            return next((each for each in self.versions.values() if each.name == name), None)
        if version == "$LATEST":
            return self.latest
        number = self.default if version in (None, "$DEFAULT") else int(version)
        found: DocumentVersion | None = self.versions.get(number)
        return found

    # --- answers

    def described(self, version: DocumentVersion) -> dict[str, Any]:
        return {
            **self._shown(version),
            "Hash": version.hash,
            "HashType": "Sha256",
            "Status": version.status,
            "Description": version.held.get("description") if isinstance(version.held, dict) else None,
            "Parameters": content.parameters(version.held),
            "LatestVersion": str(self.latest.number),
            "DefaultVersion": str(self.default),
        }

    def listed(self) -> dict[str, Any]:
        return self._shown(self.versions[self.default])

    def _shown(self, version: DocumentVersion) -> dict[str, Any]:
        return {
            "Name": self.name,
            "DisplayName": version.display,
            "VersionName": version.name,
            "Owner": self.owner,
            "CreatedDate": version.created,
            "DocumentVersion": str(version.number),
            "PlatformTypes": content.platforms(version.held),
            "DocumentType": self.kind,
            "SchemaVersion": version.schema,
            "DocumentFormat": version.form,
            "TargetType": version.target_type,
            "Tags": self.tags.as_list(),
            "Requires": list(self.requires) or None,
        }

    def listed_version(self, version: DocumentVersion) -> dict[str, Any]:
        return {
            "Name": self.name,
            "DisplayName": version.display,
            "DocumentVersion": str(version.number),
            "VersionName": version.name,
            "CreatedDate": version.created,
            "IsDefaultVersion": version.number == self.default,
            "DocumentFormat": version.form,
            "Status": version.status,
        }

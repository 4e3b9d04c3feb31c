"""Parameters and their versions.

Source: Systems Manager User Guide, "AWS Systems Manager Parameter Store".
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from awsim.state import Entity, SortedDict, Tags

STRING, LIST, SECURE = "String", "StringList", "SecureString"
STANDARD, ADVANCED, INTELLIGENT = "Standard", "Advanced", "Intelligent-Tiering"
IMAGE = "aws:ec2:image"
DATA_TYPES = ("text", IMAGE, "aws:ssm:integration")
DEFAULT_KEY = "alias/aws/ssm"


class Version(Entity):
    """One value that a parameter has or had. `value` is ciphertext (base64) where the type is SecureString; `envelope`
    is then the encrypted data key it was written with, None where KMS encrypted the value itself."""

    __slots__ = (
        "data_type", "description", "envelope", "key", "labels", "modified", "number", "pattern", "policies", "tier",
        "type", "user", "value",
    )  # fmt: skip

    def __init__(self, number: int, type: str, value: str, modified: float, user: str) -> None:
        self.number = number
        self.type = type
        self.value = value
        self.modified = modified
        self.user = user
        self.tier = STANDARD
        self.data_type = "text"
        self.key: str | None = None
        self.envelope: bytes | None = None
        self.description: str | None = None
        self.pattern: str | None = None
        self.policies: tuple[Any, ...] = ()
        self.labels: tuple[str, ...] = ()

    def metadata(self) -> dict[str, Any]:
        """What all listings show of it."""
        return {
            "Type": self.type,
            "KeyId": self.key,
            "LastModifiedDate": self.modified,
            "LastModifiedUser": self.user,
            "Description": self.description or None,
            "AllowedPattern": self.pattern or None,
            "Version": self.number,
            "Tier": self.tier,
            "Policies": [policy.described() for policy in self.policies],
            "DataType": self.data_type,
        }


class Parameter(Entity):
    """A parameter: its versions by number."""

    __slots__ = ("arn", "jobs", "name", "policy_documents", "tags", "versions")

    def __init__(self, name: str, arn: str) -> None:
        self.name = name
        self.arn = arn
        self.versions = SortedDict()
        self.tags = Tags()
        self.jobs: tuple[int, ...] = ()  # scheduled work of its policies
        self.policy_documents: tuple[tuple[str, str], ...] = ()  # (id, text) of its resource policies

    @property
    def latest(self) -> Version:
        found: Version = self.versions.peekitem()[1]
        return found

    @property
    def oldest(self) -> Version:
        found: Version = self.versions.peekitem(0)[1]
        return found

    def add(self, version: Version) -> None:
        self.versions[version.number] = version

    def at(self, selector: str | None) -> Version | None:
        """The version with a number or a label; without one the latest."""
        if selector is None:
            return self.latest
        if selector.isdecimal():
            return self.versions.get(int(selector))
        return next((version for version in self.versions.values() if selector in version.labels), None)

    def label(self, version: Version, labels: Iterable[str]) -> None:
        """Put labels on a version; they leave the one that had them."""
        wanted = tuple(dict.fromkeys(labels))
        for other in self.versions.values():
            if other is not version and any(label in other.labels for label in wanted):
                other.labels = tuple(label for label in other.labels if label not in wanted)
        version.labels += tuple(label for label in wanted if label not in version.labels)

    def described(self) -> dict[str, Any]:
        return {"Name": self.name, "ARN": self.arn, **self.latest.metadata()}

    def history(self) -> list[Version]:
        return list(self.versions.values())

"""Functions, their versions, aliases and what is set on them. Times are epoch seconds.

Source: Lambda Developer Guide, "Manage Lambda function versions", "Create an alias for a Lambda function".
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from awsim.services.lambda_.names import LATEST
from awsim.state import Dict, Entity, Lifecycle, Tags

Settings = Mapping[str, Any]

ACTIVE, PENDING = "Active", "Pending"


class Code(NamedTuple):
    """A deployment package: a zip (`data`), or the URI of an image. `sha256` as CodeSha256 shows it."""

    sha256: str
    size: int
    data: bytes | None = None
    image: str | None = None
    key: str | None = None


class Version(Entity):
    """$LATEST or a published version: code and configuration.

    `settings` are the members of FunctionConfiguration that the caller gives, with their defaults.
    """

    __slots__ = (
        "code",
        "function",
        "lifecycle",
        "modified",
        "number",
        "published_from",
        "revision",
        "settings",
        "update",
    )

    def __init__(self, function: Function, number: str, code: Code, settings: Settings, now: float) -> None:
        self.function = function
        self.number = number
        self.code = code
        self.settings = settings
        self.modified = now
        self.revision = ""
        self.published_from = ""  # the revision of $LATEST that it is a picture of
        self.lifecycle: Lifecycle
        self.update: Lifecycle | None = None

    @property
    def arn(self) -> str:
        return f"{self.function.arn}:{self.number}"

    @property
    def role(self) -> str:
        role: str = self.settings["Role"]
        return role

    @property
    def timeout(self) -> int:
        seconds: int = self.settings["Timeout"]
        return seconds

    @property
    def state(self) -> str:
        return self.lifecycle.state

    def described(self, *, qualified: bool) -> dict[str, Any]:
        """FunctionConfiguration; the ARN has the version where the caller named one."""
        state = self.state
        shown: dict[str, Any] = {
            **self.settings,
            "FunctionName": self.function.name,
            "FunctionArn": self.arn if qualified else self.function.arn,
            "CodeSize": self.code.size,
            "CodeSha256": self.code.sha256,
            "Version": self.number,
            "LastModified": timestamp(self.modified),
            "RevisionId": self.revision,
            "State": state,
            "LastUpdateStatus": self.update.state if self.update is not None else "Successful",
        }
        if state == PENDING:
            shown["StateReason"] = "The function is being created."
            shown["StateReasonCode"] = "Creating"
            del shown["LastUpdateStatus"]
        elif shown["LastUpdateStatus"] == "InProgress":
            shown["LastUpdateStatusReason"] = "The function is being created."
            shown["LastUpdateStatusReasonCode"] = "Creating"
        return shown


class Alias(Entity):
    """A pointer to a version. `weights`: other versions with their share of the traffic."""

    __slots__ = ("arn", "description", "name", "revision", "version", "weights")

    def __init__(self, name: str, arn: str, version: str, description: str, weights: Mapping[str, float]) -> None:
        self.name = name
        self.arn = arn
        self.version = version
        self.description = description
        self.weights = weights
        self.revision = ""

    def described(self) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "AliasArn": self.arn,
            "Name": self.name,
            "FunctionVersion": self.version,
            "Description": self.description,
            "RevisionId": self.revision,
        }
        if self.weights:
            shown["RoutingConfig"] = {"AdditionalVersionWeights": dict(self.weights)}
        return shown


class Function(Entity):
    """A function. The keys of `policies`, `urls`, `events`, `provisioned` are qualifiers, "" for none.

    `running`: how many invocations run right now.
    """

    __slots__ = (
        "aliases", "arn", "events", "id", "latest", "loops", "name", "policies", "provisioned", "published", "reserved",
        "running", "tags", "urls", "versions",
    )  # fmt: skip

    def __init__(self, name: str, arn: str, id: str) -> None:
        self.name = name
        self.arn = arn
        self.id = id
        self.latest: Version
        self.versions = Dict()
        self.published = 0
        self.aliases = Dict()
        self.tags = Tags()
        self.policies = Dict()
        self.urls = Dict()
        self.events = Dict()
        self.provisioned = Dict()
        self.reserved: int | None = None
        self.running = 0
        self.loops = "Terminate"

    def version(self, number: str) -> Version | None:
        if number == LATEST:
            return self.latest
        found: Version | None = self.versions.get(number)
        return found

    def has(self, qualifier: str) -> bool:
        return self.version(qualifier) is not None or qualifier in self.aliases

    def qualified(self, qualifier: str | None) -> str:
        return f"{self.arn}:{qualifier}" if qualifier else self.arn


def timestamp(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{int(time * 1000) % 1000:03d}+0000"

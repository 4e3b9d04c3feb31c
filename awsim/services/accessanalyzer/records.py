"""Analyzers and what they found. Times are epoch seconds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from awsim.state import Dict, Entity, Tags

Filter = Mapping[str, Mapping[str, Any]]


class Finding(Entity):
    """A finding. `facts` are what the API shows of it beside its times and status; `key` tells it from others."""

    __slots__ = ("analyzed", "archived", "created", "facts", "id", "key", "number", "resolved", "type", "updated")

    def __init__(self, identifier: str, key: Any, type: str, facts: Mapping[str, Any], number: int, now: float) -> None:
        self.id = identifier
        self.key = key
        self.type = type
        self.facts = facts
        self.number = number
        self.created = self.analyzed = self.updated = now
        self.archived = False
        self.resolved = False

    @property
    def status(self) -> str:
        return "RESOLVED" if self.resolved else "ARCHIVED" if self.archived else "ACTIVE"

    def base(self) -> dict[str, Any]:
        """What both versions of the API show."""
        return {
            "id": self.id,
            "resource": self.facts["resource"],
            "resourceType": self.facts["resourceType"],
            "resourceOwnerAccount": self.facts["resourceOwnerAccount"],
            "createdAt": self.created,
            "analyzedAt": self.analyzed,
            "updatedAt": self.updated,
            "status": self.status,
        }

    def external(self) -> dict[str, Any]:
        """Who can do what from outside."""
        shown = ("principal", "action", "condition", "isPublic", "sources", "resourceControlPolicyRestriction")
        return {name: self.facts[name] for name in shown if name in self.facts}

    def described(self) -> dict[str, Any]:
        return {**self.base(), **self.external()}

    def listed(self) -> dict[str, Any]:
        return {**self.base(), "findingType": self.type}

    def details(self) -> list[dict[str, Any]]:
        if self.type == "ExternalAccess":
            return [{"externalAccessDetails": self.external()}]
        return list(self.facts["details"])

    def matches(self, wanted: Filter) -> bool:
        """Whether all criteria hold."""
        return all(_holds(self._values(name), criterion) for name, criterion in wanted.items())

    def _values(self, name: str) -> list[str]:
        """The values of a filter key: `principal.AWS`, `condition.aws:SourceIp`, `status`, …"""
        head, _, rest = name.partition(".")
        if head == "status":
            return [self.status]
        if head == "id":
            return [self.id]
        if head == "findingType":
            return [self.type]
        value = self.facts.get(head)
        if isinstance(value, Mapping):
            value = value.get(rest)
        if value is None:
            return []
        if isinstance(value, bool):
            return ["true" if value else "false"]
        return [str(value)] if isinstance(value, str) else [str(each) for each in value]


def _holds(values: Sequence[str], criterion: Mapping[str, Any]) -> bool:
    if criterion.get("exists") is not None and bool(values) != criterion["exists"]:
        return False
    if criterion.get("eq") and not set(criterion["eq"]) & set(values):
        return False
    if criterion.get("neq") and set(criterion["neq"]) & set(values):
        return False
    wanted = criterion.get("contains")
    return not wanted or any(part in value for part in wanted for value in values)


class Rule(Entity):
    """An archive rule."""

    __slots__ = ("created", "filter", "name", "updated")

    def __init__(self, name: str, filter: Filter, now: float) -> None:
        self.name = name
        self.filter = filter
        self.created = self.updated = now

    def described(self) -> dict[str, Any]:
        return {
            "ruleName": self.name,
            "filter": self.filter,
            "createdAt": self.created,
            "updatedAt": self.updated,
        }


class Preview(Entity):
    """An access preview. `findings` are as the API shows them."""

    __slots__ = ("configurations", "created", "findings", "id", "number")

    def __init__(self, identifier: str, configurations: Mapping[str, Any], number: int, now: float) -> None:
        self.id = identifier
        self.configurations = configurations
        self.number = number
        self.created = now
        self.findings: tuple[Mapping[str, Any], ...] = ()


class Analyzer(Entity):
    """An analyzer. `analyzed`: when it last looked; None before the first time."""

    __slots__ = (
        "analyzed", "arn", "configuration", "created", "findings", "jobs", "keys", "last", "made", "name", "previews",
        "resources", "rules", "tags", "type",
    )  # fmt: skip

    def __init__(self, name: str, arn: str, type: str, configuration: Mapping[str, Any] | None, now: float) -> None:
        self.name = name
        self.arn = arn
        self.type = type
        self.configuration = configuration
        self.created = now
        self.analyzed: float | None = None
        self.last: str | None = None
        self.tags = Tags()
        self.rules = Dict()  # name -> Rule
        self.findings = Dict()  # id -> Finding
        self.keys = Dict()  # key of a finding -> id
        self.resources: Mapping[str, str] = {}  # ARN -> type
        self.previews = Dict()  # id -> Preview
        self.jobs = Dict()  # principal -> what IAM reports of its permissions; see `unused`
        self.made = 0

    @property
    def unused(self) -> bool:
        return self.type.endswith("UNUSED_ACCESS")

    def number(self) -> int:
        self.made += 1
        return self.made

    def summary(self) -> dict[str, Any]:
        return {
            "arn": self.arn,
            "name": self.name,
            "type": self.type,
            "createdAt": self.created,
            "lastResourceAnalyzed": self.last,
            "lastResourceAnalyzedAt": self.analyzed if self.last else None,
            "tags": self.tags.as_dict(),
            "status": "ACTIVE",
            "configuration": self.configuration,
        }


class Job(Entity):
    """The generation of a policy from what a principal did."""

    __slots__ = ("canceled", "details", "ends", "id", "number", "policies", "principal", "started")

    def __init__(self, identifier: str, principal: str, number: int, now: float, ends: float) -> None:
        self.id = identifier
        self.principal = principal
        self.number = number
        self.started = now
        self.ends = ends
        self.canceled = False
        self.policies: tuple[str, ...] = ()
        self.details: Mapping[str, Any] | None = None

    def status(self, now: float) -> str:
        if self.canceled:
            return "CANCELED"
        if now < self.ends:
            return "IN_PROGRESS"
        return "SUCCEEDED"

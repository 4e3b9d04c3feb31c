"""Event buses and the rules on them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from awsim.eventing.patterns import Anchors, Leaves, compiled
from awsim.services.events.event import Event
from awsim.state import Dict, Entity, Tags

ENABLED, DISABLED = "ENABLED", "DISABLED"
# Also for the calls that only read which CloudTrail tells of.
ENABLED_FOR_READS = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
DEFAULT = "default"


class Rule(Entity):
    """A rule: what it fires on and where to. `targets` are as PutTargets got them, by id. Times are epoch seconds."""

    __slots__ = (
        "arn", "bus", "created_by", "description", "job", "managed_by", "name", "pattern", "role_arn", "schedule",
        "started", "state", "tags", "targets",
    )  # fmt: skip

    def __init__(self, name: str, bus: str, arn: str, created_by: str, managed_by: str | None) -> None:
        self.name = name
        self.bus = bus
        self.arn = arn
        self.created_by = created_by
        self.managed_by = managed_by
        self.pattern: str | None = None
        self.schedule: str | None = None
        self.state = ENABLED
        self.description: str | None = None
        self.role_arn: str | None = None
        self.tags = Tags()
        self.targets = Dict()
        self.job: int | None = None  # the next firing of its schedule
        self.started = 0.0  # since when the schedule runs

    @property
    def enabled(self) -> bool:
        return self.state != DISABLED

    def described(self) -> dict[str, Any]:
        return {
            "Name": self.name,
            "Arn": self.arn,
            "EventPattern": self.pattern,
            "State": self.state,
            "Description": self.description,
            "ScheduleExpression": self.schedule,
            "RoleArn": self.role_arn,
            "ManagedBy": self.managed_by,
            "EventBusName": self.bus,
        }


class Bus(Entity):
    """An event bus. `policy` is a JSON text; rules are in the order in which they were made."""

    __slots__ = ("_anchors", "arn", "created", "name", "policy", "rules", "settings", "source", "tags", "updated")

    def __init__(self, name: str, arn: str, now: float) -> None:
        self.name = name
        self.arn = arn
        self.created = now
        self.updated = now
        self.policy: str | None = None
        self.settings: Mapping[str, Any] = {}  # Description, DeadLetterConfig, KmsKeyIdentifier, LogConfig
        self.source: str | None = None  # the partner event source that it is of
        self.tags = Tags()
        self.rules = Dict()
        self._anchors: Anchors | None = None

    def changed(self) -> None:
        """A rule has come, gone or changed."""
        self._anchors = None

    @property
    def anchors(self) -> Anchors:
        """The index over the patterns of the enabled rules."""
        anchors = self._anchors
        if anchors is None:
            patterns = {
                rule.name: compiled(rule.pattern)
                for rule in self.rules.values()
                if rule.pattern is not None and rule.enabled
            }
            anchors = self._anchors = Anchors(patterns)
        return anchors

    def matching(self, event: Event) -> list[Rule]:
        """The enabled rules that an event matches."""
        candidates = self.anchors.candidates(event)
        if not candidates:
            return []
        leaves = Leaves(event)
        rules: list[Rule] = [self.rules[name] for name in candidates]
        return [rule for rule in rules if compiled(rule.pattern or "").matches(leaves)]

    def listed(self) -> dict[str, Any]:
        return {
            "Name": self.name,
            "Arn": self.arn,
            "Description": self.settings.get("Description"),
            "Policy": self.policy,
            "CreationTime": self.created,
            "LastModifiedTime": self.updated,
        }

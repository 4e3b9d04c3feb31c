"""Associations of State Manager, their versions and executions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from awsim.state import Entity, List, Tags

PENDING, SUCCESS, FAILED = "Pending", "Success", "Failed"
SKIPPED = "Skipped"  # a calendar was closed
_VERSIONED = (
    "Name", "DocumentVersion", "Parameters", "Targets", "ScheduleExpression", "OutputLocation", "AssociationName",
    "MaxErrors", "MaxConcurrency", "ComplianceSeverity", "SyncCompliance", "ApplyOnlyAtCronInterval", "CalendarNames",
    "ScheduleOffset", "Duration", "TargetMaps",
)  # fmt: skip
_LISTED = (
    "Name", "DocumentVersion", "Targets", "ScheduleExpression", "AssociationName", "ScheduleOffset", "Duration",
    "TargetMaps",
)  # fmt: skip


class Run(Entity):
    """An execution of an association: the command or automation that it is, and what came of each node."""

    def __init__(self, id: str, version: int, now: float) -> None:
        self.id = id
        self.version = version
        self.created = now
        self.status = PENDING
        self.work: tuple[str, str] | None = None  # (command or automation, its id)
        self.states: Mapping[str, str] = {}  # node -> status

    def described(self, association: str) -> dict[str, Any]:
        counts = Counter(self.states.values())
        return {
            "AssociationId": association,
            "AssociationVersion": str(self.version),
            "ExecutionId": self.id,
            "Status": self.status,
            "DetailedStatus": self.status,
            "CreatedTime": self.created,
            "LastExecutionDate": self.created,
            "ResourceCountByStatus": "{" + ", ".join(f"{name}={count}" for name, count in sorted(counts.items())) + "}",
        }


class Association(Entity):
    """An association. `settings` are the members of the latest request that gave them; `versions` those of all."""

    def __init__(self, id: str, settings: Mapping[str, Any], now: float) -> None:
        self.id = id
        self.settings = settings
        self.created = self.updated = self.wound = now
        self.versions: tuple[tuple[Mapping[str, Any], float], ...] = ((settings, now),)
        self.runs: Any = List()
        self.instance: str | None = settings.get("InstanceId")
        self.given_status: Mapping[str, Any] | None = None
        self.job: int | None = None
        self.tags = Tags()

    @property
    def version(self) -> int:
        return len(self.versions)

    @property
    def last(self) -> Run | None:
        return self.runs[-1] if self.runs else None

    def change(self, settings: Mapping[str, Any], now: float) -> None:
        self.settings, self.updated = settings, now
        self.versions += ((settings, now),)

    def overview(self) -> dict[str, Any]:
        last = self.last
        status = PENDING if last is None else last.status
        counts = Counter(last.states.values()) if last is not None else {}
        return {"Status": status, "DetailedStatus": status, "AssociationStatusAggregatedCount": dict(counts)}

    def described(self) -> dict[str, Any]:
        last = self.last
        good = [run for run in self.runs if run.status == SUCCESS]
        return {
            "InstanceId": self.instance,
            "AssociationVersion": str(self.version),
            "Date": self.created,
            "LastUpdateAssociationDate": self.updated,
            "Status": self.given_status,
            "Overview": self.overview(),
            "AssociationId": self.id,
            "LastExecutionDate": None if last is None else last.created,
            "LastSuccessfulExecutionDate": good[-1].created if good else None,
            "AutomationTargetParameterName": self.settings.get("AutomationTargetParameterName"),
            **{name: self.settings.get(name) for name in _VERSIONED},
        }

    def listed(self) -> dict[str, Any]:
        last = self.last
        return {
            "InstanceId": self.instance,
            "AssociationId": self.id,
            "AssociationVersion": str(self.version),
            "LastExecutionDate": None if last is None else last.created,
            "Overview": self.overview(),
            **{name: self.settings.get(name) for name in _LISTED},
        }

    def versions_described(self) -> list[dict[str, Any]]:
        return [
            {
                "AssociationId": self.id,
                "AssociationVersion": str(number),
                "CreatedDate": when,
                **{name: settings.get(name) for name in _VERSIONED},
            }
            for number, (settings, when) in enumerate(self.versions, 1)
        ]

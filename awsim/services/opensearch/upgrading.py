"""Versions and upgrades between them, service software, scheduled actions and maintenance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from awsim.services.opensearch import offerings
from awsim.services.opensearch.changing import Changing
from awsim.services.opensearch.common import bad_page
from awsim.services.opensearch.domain import ACTIVE, UPDATING_SOFTWARE, UPGRADING, Change
from awsim.services.opensearch.refusals import invalid, missing
from awsim.state import Lifecycle
from awsim.state.pages import number

_STEPS = ("PRE_UPGRADE_CHECK", "SNAPSHOT", "UPGRADE")


class Upgrading(Changing):
    """What runs on domains."""

    def list_versions(self, MaxResults: int | None = None, NextToken: str | None = None) -> dict[str, Any]:
        order = {version: at for at, version in enumerate(offerings.VERSIONS)}
        return self.page(
            "Versions", offerings.VERSIONS, str, lambda one: number(order[one]), NextToken, MaxResults, bad_page
        )

    def get_compatible_versions(self, DomainName: str | None = None) -> dict[str, Any]:
        versions = offerings.VERSIONS if DomainName is None else (self.domain(DomainName).version,)
        pairs = [{"SourceVersion": version, "TargetVersions": offerings.targets(version)} for version in versions]
        return {"CompatibleVersions": [pair for pair in pairs if pair["TargetVersions"]]}

    # --- upgrades

    def upgrade_domain(
        self,
        DomainName: str,
        TargetVersion: str,
        PerformCheckOnly: bool | None = None,
        AdvancedOptions: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        domain = self.changeable(DomainName)
        if TargetVersion not in offerings.targets(domain.version):
            raise invalid(f"Upgrade from {domain.version} to {TargetVersion} is not supported.")
        id, now = self.ids.uuid("upgrade"), self.clock.time()
        work = "Eligibility check" if PerformCheckOnly else "Upgrade"
        record = {
            "UpgradeName": f"{work} from {domain.version} to {TargetVersion}",
            "StartTimestamp": now,
            "check": bool(PerformCheckOnly),
        }
        lifecycle = Lifecycle(self, [(UPGRADING, "domain-upgrade"), (ACTIVE, None)])
        answer: dict[str, Any] = {
            "UpgradeId": id,
            "DomainName": DomainName,
            "TargetVersion": TargetVersion,
            "PerformCheckOnly": bool(PerformCheckOnly),
            "AdvancedOptions": AdvancedOptions,
        }
        if PerformCheckOnly:
            domain.upgrades = (*domain.upgrades, (record, Lifecycle.settled(self, ACTIVE)))
            return answer
        domain.upgrades = (*domain.upgrades, (record, lifecycle))
        domain.lifecycle = lifecycle
        options = {**domain.options, "EngineVersion": TargetVersion}
        moving = {"EngineVersion": (domain.version, TargetVersion)}
        domain.change_to(options, Change(self.ids.uuid("change"), now, lifecycle, moving), now)
        assert domain.change is not None
        return {**answer, "ChangeProgressDetails": domain.change.details()}

    def get_upgrade_status(self, DomainName: str) -> dict[str, Any]:
        upgrades = self.domain(DomainName).upgrades
        if not upgrades:
            raise missing(f"No upgrade was found for the domain {DomainName}.")
        record, lifecycle = upgrades[-1]
        over = lifecycle.settled_now
        return {
            "UpgradeStep": "PRE_UPGRADE_CHECK" if record["check"] else "UPGRADE",
            "StepStatus": "SUCCEEDED" if over else "IN_PROGRESS",
            "UpgradeName": record["UpgradeName"],
        }

    def get_upgrade_history(
        self, DomainName: str, MaxResults: int | None = None, NextToken: str | None = None
    ) -> dict[str, Any]:
        """The newest first."""
        found = list(enumerate(reversed(self.domain(DomainName).upgrades)))

        def shown(entry: tuple[int, tuple[dict[str, Any], Lifecycle]]) -> dict[str, Any]:
            record, lifecycle = entry[1]
            status = "SUCCEEDED" if lifecycle.settled_now else "IN_PROGRESS"
            steps = _STEPS[:1] if record["check"] else _STEPS
            return {
                "UpgradeName": record["UpgradeName"],
                "StartTimestamp": record["StartTimestamp"],
                "UpgradeStatus": status,
                "StepsList": [
                    {
                        "UpgradeStep": step,
                        "UpgradeStepStatus": status if step == steps[-1] else "SUCCEEDED",
                        "Issues": [],
                        "ProgressPercent": 100.0 if status == "SUCCEEDED" or step != steps[-1] else 0.0,
                    }
                    for step in steps
                ],
            }

        return self.page(
            "UpgradeHistories", found, shown, lambda entry: number(entry[0]), NextToken, MaxResults, bad_page
        )

    # --- service software

    def start_service_software_update(
        self, DomainName: str, ScheduleAt: str | None = None, DesiredStartTime: int | None = None
    ) -> dict[str, Any]:
        """There is never a newer software here than a domain has: AWS refuses then."""
        self.changeable(DomainName)
        raise invalid("There is no software update available for this domain.")

    def cancel_service_software_update(self, DomainName: str) -> dict[str, Any]:
        domain = self.domain(DomainName)
        if domain.state != UPDATING_SOFTWARE:
            raise invalid("There is no service software update that can be cancelled.")
        return {"ServiceSoftwareOptions": domain.software_options()}

    def list_scheduled_actions(
        self, DomainName: str, MaxResults: int | None = None, NextToken: str | None = None
    ) -> dict[str, Any]:
        """What AWS has scheduled in the off-peak window: nothing, as there is no new software."""
        self.domain(DomainName)
        return self.page("ScheduledActions", (), dict, str, NextToken, MaxResults, bad_page)

    def update_scheduled_action(
        self,
        DomainName: str,
        ActionID: str,
        ActionType: str,
        ScheduleAt: str,
        DesiredStartTime: int | None = None,
    ) -> dict[str, Any]:
        self.domain(DomainName)
        raise missing(f"Scheduled action not found: {ActionID}")

    # --- maintenance

    def start_domain_maintenance(self, DomainName: str, Action: str, NodeId: str | None = None) -> dict[str, Any]:
        domain = self.domain(DomainName)
        if NodeId is not None and all(node["NodeId"] != NodeId for node in domain.nodes(self.region)):
            raise missing(f"Node not found: {NodeId}")
        if NodeId is None:
            raise invalid("NodeId must be specified.")
        id, now = self.ids.uuid("maintenance"), self.clock.time()
        steps = [("PENDING", "domain-maintenance"), ("COMPLETED", None)]
        record = {
            "MaintenanceId": id,
            "DomainName": DomainName,
            "Action": Action,
            "NodeId": NodeId,
            "CreatedAt": now,
            "UpdatedAt": now,
        }
        domain.maintenances[id] = (record, Lifecycle(self, steps))
        return {"MaintenanceId": id}

    def get_domain_maintenance_status(self, DomainName: str, MaintenanceId: str) -> dict[str, Any]:
        found = self.domain(DomainName).maintenances.get(MaintenanceId)
        if found is None:
            raise missing(f"Maintenance not found: {MaintenanceId}")
        record, lifecycle = found
        shown = {name: record[name] for name in ("NodeId", "Action", "CreatedAt", "UpdatedAt")}
        return {**shown, "Status": lifecycle.state}

    def list_domain_maintenances(
        self,
        DomainName: str,
        Action: str | None = None,
        Status: str | None = None,
        MaxResults: int | None = None,
        NextToken: str | None = None,
    ) -> dict[str, Any]:
        found = [
            {**record, "Status": lifecycle.state}
            for record, lifecycle in self.domain(DomainName).maintenances.values()
            if Action in (None, record["Action"]) and Status in (None, lifecycle.state)
        ]
        return self.page(
            "DomainMaintenances", found, dict, lambda one: one["MaintenanceId"], NextToken, MaxResults, bad_page
        )

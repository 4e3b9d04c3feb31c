"""Changes of the options of domains: made, tried out, watched and taken back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from awsim.services.opensearch import settings
from awsim.services.opensearch.domain import ACTIVE, MODIFYING, Change, Domain
from awsim.services.opensearch.domains import Domains
from awsim.services.opensearch.refusals import invalid
from awsim.services.opensearch.settings import Options
from awsim.state import Lifecycle

Given = Mapping[str, Any]

# Options whose change makes new nodes.
_MOVING = frozenset(
    ("ClusterConfig", "VPCOptions", "EncryptionAtRestOptions", "NodeToNodeEncryptionOptions", "AdvancedSecurityOptions",
     "AdvancedOptions", "CognitoOptions")
)  # fmt: skip


class Changing(Domains):
    """Operations that change options."""

    def update_domain_config(
        self,
        DomainName: str,
        ClusterConfig: Given | None = None,
        EBSOptions: Given | None = None,
        SnapshotOptions: Given | None = None,
        VPCOptions: Given | None = None,
        CognitoOptions: Given | None = None,
        AdvancedOptions: Mapping[str, str] | None = None,
        AccessPolicies: str | None = None,
        IPAddressType: str | None = None,
        LogPublishingOptions: Mapping[str, Given] | None = None,
        EncryptionAtRestOptions: Given | None = None,
        DomainEndpointOptions: Given | None = None,
        NodeToNodeEncryptionOptions: Given | None = None,
        AdvancedSecurityOptions: Given | None = None,
        AutoTuneOptions: Given | None = None,
        DryRun: bool | None = None,
        DryRunMode: str | None = None,
        OffPeakWindowOptions: Given | None = None,
        SoftwareUpdateOptions: Given | None = None,
        DeploymentStrategyOptions: Given | None = None,
        UseCase: str | None = None,
        EngineMode: str | None = None,
    ) -> dict[str, Any]:
        given = {
            "ClusterConfig": ClusterConfig,
            "EBSOptions": EBSOptions,
            "SnapshotOptions": SnapshotOptions,
            "VPCOptions": VPCOptions,
            "CognitoOptions": CognitoOptions,
            "AdvancedOptions": AdvancedOptions,
            "AccessPolicies": AccessPolicies,
            "IPAddressType": IPAddressType,
            "LogPublishingOptions": LogPublishingOptions,
            "EncryptionAtRestOptions": EncryptionAtRestOptions,
            "DomainEndpointOptions": DomainEndpointOptions,
            "NodeToNodeEncryptionOptions": NodeToNodeEncryptionOptions,
            "AdvancedSecurityOptions": AdvancedSecurityOptions,
            "AutoTuneOptions": AutoTuneOptions,
            "OffPeakWindowOptions": OffPeakWindowOptions,
            "SoftwareUpdateOptions": SoftwareUpdateOptions,
            "DeploymentStrategyOptions": DeploymentStrategyOptions,
            "UseCase": UseCase,
            "EngineMode": EngineMode,
        }
        domain = self.changeable(DomainName)
        asked = {name: value for name, value in given.items() if value is not None}
        options = self.keyed(settings.changed(domain.options, asked, self.limits))
        network = self.network(options["VPCOptions"]) if VPCOptions else domain.network
        moving = {
            name: (domain.options.get(name), value)
            for name, value in options.items()
            if value != domain.options.get(name)
        }
        if DryRun or DryRunMode is not None:
            return self._dry_run(domain, options, moving)
        domain.master = (AdvancedSecurityOptions or {}).get("MasterUserOptions") or domain.master
        lifecycle = Lifecycle(self, [(MODIFYING, self._row(moving)), (ACTIVE, None)])
        if moving:
            domain.lifecycle, domain.network = lifecycle, network
            now = self.clock.time()
            domain.change_to(options, Change(self.ids.uuid("change"), now, lifecycle, moving), now)
        return {"DomainConfig": domain.configuration()}

    @staticmethod
    def _row(moving: Mapping[str, Any]) -> str:
        """How long a change takes: one that makes new nodes longer."""
        return "domain-replacement" if _MOVING & set(moving) else "domain-update"

    def _dry_run(self, domain: Domain, options: Options, moving: Mapping[str, Any]) -> dict[str, Any]:
        """What an update would do."""
        kind = "Blue/Green" if _MOVING & set(moving) else "DynamicUpdate" if moving else "None"
        told = {
            "Blue/Green": "This change will require a blue/green deployment.",
            "DynamicUpdate": "This change won't require a blue/green deployment.",
            "None": "There is no change to apply.",
        }[kind]
        id, now = self.ids.uuid("dry-run"), f"{self.clock.now():%Y-%m-%dT%H:%M:%SZ}"
        status = {
            "DryRunId": id,
            "DryRunStatus": "succeeded",
            "CreationDate": now,
            "UpdateDate": now,
            "ValidationFailures": [],
        }
        results = {"DeploymentType": kind, "Message": told}
        run = {"status": status, "options": options, "results": results}
        domain.dry_runs[id] = run
        return {"DomainConfig": domain.configuration(), "DryRunResults": results, "DryRunProgressStatus": status}

    def describe_dry_run_progress(
        self, DomainName: str, DryRunId: str | None = None, LoadDryRunConfig: bool | None = None
    ) -> dict[str, Any]:
        domain = self.domain(DomainName)
        id = DryRunId or next(reversed(domain.dry_runs), None)
        run = domain.dry_runs.get(id)
        if run is None:
            raise invalid(f"No dry run was found for the domain {DomainName}.")
        shown = {"DryRunProgressStatus": run["status"], "DryRunResults": run["results"]}
        if LoadDryRunConfig:
            hidden = ("VPCOptions", "AutoTuneOptions")
            planned = {name: value for name, value in run["options"].items() if name not in hidden}
            shown["DryRunConfig"] = {**domain.described(), **planned}
        return shown

    def describe_domain_change_progress(self, DomainName: str, ChangeId: str | None = None) -> dict[str, Any]:
        change = self.domain(DomainName).change
        if change is None or ChangeId not in (None, change.id):
            raise invalid(f"No change {ChangeId} was found for the domain {DomainName}.")
        return {"ChangeProgressStatus": change.progress()}

    def cancel_domain_config_change(self, DomainName: str, DryRun: bool | None = None) -> dict[str, Any]:
        """Take back a change of options that is still under way."""
        domain = self.domain(DomainName)
        change = domain.change
        if change is None or domain.state != MODIFYING:
            raise invalid("There is no configuration change in progress that can be cancelled.")
        cancelled = [
            {
                "PropertyName": name,
                "CancelledValue": settings.plain(after)[0],
                "ActiveValue": settings.plain(before)[0],
            }
            for name, (before, after) in change.moving.items()
        ]
        if not DryRun:
            before_all = {name: before for name, (before, _) in change.moving.items()}
            kept = {**domain.options, **before_all}
            domain.options = {name: value for name, value in kept.items() if value is not None}
            if domain.network is not None and "VPCOptions" in before_all:
                domain.network = self.network(domain.options["VPCOptions"])
            domain.lifecycle = Lifecycle.settled(self, ACTIVE)
            change.lifecycle = domain.lifecycle
        return {"CancelledChangeIds": [change.id], "CancelledChangeProperties": cancelled, "DryRun": bool(DryRun)}

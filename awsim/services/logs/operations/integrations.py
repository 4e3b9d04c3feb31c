"""Integrations with OpenSearch, and the storage tier of an account: settings alone.

Source: CloudWatch Logs API Reference, PutIntegration, PutStorageTierPolicy.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from awsim.services.logs.operations.detectors import DetectorOperations
from awsim.services.logs.refusals import missing, refused
from awsim.state import Dict, Entity, Lifecycle

_TIER = "storage-tier"


class Integration(Entity):
    __slots__ = ("config", "kind", "lifecycle", "name")

    def __init__(self, name: str, kind: str, config: Mapping[str, Any], lifecycle: Lifecycle) -> None:
        self.name = name
        self.kind = kind
        self.config = config
        self.lifecycle = lifecycle

    def described(self) -> dict[str, Any]:
        return {
            "integrationName": self.name,
            "integrationType": self.kind,
            "integrationStatus": self.lifecycle.state,
        }


class IntegrationOperations(DetectorOperations):
    def setup(self) -> None:
        super().setup()
        self.integrations = Dict()  # name -> Integration
        self.tier = Dict()  # "storage-tier" -> (tier, when it was set)

    def put_integration(
        self, integrationName: str, resourceConfig: Mapping[str, Any], integrationType: str
    ) -> dict[str, Any]:
        config = resourceConfig.get("openSearchResourceConfig")
        if config is None:
            raise refused("resourceConfig has to have openSearchResourceConfig.")
        if integrationName not in self.integrations:
            self.limits.quota("integrations", len(self.integrations))
        lifecycle = Lifecycle(self, [("PROVISIONING", "integration-provisioning"), ("ACTIVE", None)])
        integration = Integration(integrationName, integrationType, config, lifecycle)
        self.integrations[integrationName] = integration
        return {"integrationName": integrationName, "integrationStatus": integration.lifecycle.state}

    def _integration(self, name: str) -> Integration:
        found: Integration | None = self.integrations.get(name)
        if found is None:
            raise missing("The specified integration does not exist.")
        return found

    def get_integration(self, integrationName: str) -> dict[str, Any]:
        return self._integration(integrationName).described()

    def list_integrations(
        self,
        integrationNamePrefix: str | None = None,
        integrationType: str | None = None,
        integrationStatus: str | None = None,
    ) -> dict[str, Any]:
        shown = [
            each.described()
            for each in self.integrations.values()
            if each.name.startswith(integrationNamePrefix or "") and integrationType in (None, each.kind)
        ]
        found = [each for each in shown if integrationStatus in (None, each["integrationStatus"])]
        return {"integrationSummaries": found}

    def delete_integration(self, integrationName: str, force: bool | None = None) -> dict[str, Any]:
        self._integration(integrationName)
        del self.integrations[integrationName]
        return {}

    def put_storage_tier_policy(self, storageTier: str) -> dict[str, Any]:
        self.tier[_TIER] = (storageTier, self.now)
        return self.get_storage_tier_policy()

    def get_storage_tier_policy(self) -> dict[str, Any]:
        tier, updated = self.tier.get(_TIER, ("STANDARD", None))
        return {"storageTier": tier, "lastUpdatedTime": updated}

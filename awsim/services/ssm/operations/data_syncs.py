"""Resource data syncs: what inventory is copied where. A control plane: nothing is copied.

Source: Systems Manager User Guide, "Creating a resource data sync for Inventory".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from awsim.errors import AWSError
from awsim.services.ssm.operations.ops_center import OpsOperations
from awsim.state import Dict

_TO = "SyncToDestination"


class DataSyncOperations(OpsOperations):
    def setup(self) -> None:
        super().setup()
        self.data_syncs = Dict()  # name -> members

    def create_resource_data_sync(
        self,
        SyncName: str,
        S3Destination: Mapping[str, Any] | None = None,
        SyncType: str | None = None,
        SyncSource: Mapping[str, Any] | None = None,
    ) -> None:
        kind = SyncType or _TO
        if (S3Destination if kind == _TO else SyncSource) is None:
            raise AWSError(
                "ResourceDataSyncInvalidConfigurationException", "The specified sync configuration is invalid."
            )
        if SyncName in self.data_syncs:
            raise AWSError(
                "ResourceDataSyncAlreadyExistsException",
                "A sync configuration with the same name already exists.",
                fields={"SyncName": SyncName},
            )
        now = self.now
        self.data_syncs[SyncName] = {
            "SyncName": SyncName,
            "SyncType": kind,
            "SyncSource": SyncSource,
            "S3Destination": S3Destination,
            "SyncLastModifiedTime": now,
            "SyncCreatedTime": now,
        }

    def update_resource_data_sync(self, SyncName: str, SyncType: str, SyncSource: Mapping[str, Any]) -> None:
        known = self.data_syncs.get(SyncName)
        if known is None:
            raise _unknown(SyncName)
        if known["SyncType"] == _TO or known["SyncType"] != SyncType:
            raise AWSError(
                "ResourceDataSyncInvalidConfigurationException", "The specified sync configuration is invalid."
            )
        self.data_syncs[SyncName] = {**known, "SyncSource": SyncSource, "SyncLastModifiedTime": self.now}

    def delete_resource_data_sync(self, SyncName: str, SyncType: str | None = None) -> None:
        if SyncName not in self.data_syncs:
            raise _unknown(SyncName)
        del self.data_syncs[SyncName]

    def list_resource_data_sync(
        self, SyncType: str | None = None, NextToken: str | None = None, MaxResults: int | None = None
    ) -> dict[str, Any]:
        found = [each for each in self.data_syncs.values() if SyncType in (None, each["SyncType"])]
        return self.page("ResourceDataSyncItems", found, dict, lambda each: each["SyncName"], NextToken, MaxResults)


def _unknown(name: str) -> AWSError:
    return AWSError(
        "ResourceDataSyncNotFoundException", "The specified sync name wasn't found.", fields={"SyncName": name}
    )

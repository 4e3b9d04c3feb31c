"""A domain: its options with what became of each, its changes and upgrades, and the cluster behind its endpoint."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from awsim.services.opensearch import offerings
from awsim.services.opensearch.engine import Cluster
from awsim.services.opensearch.settings import Options, plain
from awsim.state import Dict, Entity, Lifecycle, Tags

ACTIVE, CREATING, MODIFYING, UPGRADING, DELETING = (
    "Active", "Creating", "Modifying", "UpgradingEngineVersion", "Deleting",
)  # fmt: skip
UPDATING_SOFTWARE = "UpdatingServiceSoftware"
RELEASE = "OpenSearch_R20260115"
_STAGES = ("Validation", "Creating a new environment", "Provisioning new nodes", "Traffic routing on new nodes",
           "Copying shards to new nodes", "Terminating older resources")  # fmt: skip


class Change(Entity):
    """A change of options or versions. `moving`: option -> (as it was, as it is to be)."""

    __slots__ = ("id", "lifecycle", "moving", "started")

    def __init__(self, id: str, started: float, lifecycle: Lifecycle, moving: Mapping[str, tuple[Any, Any]]) -> None:
        self.id = id
        self.started = started
        self.lifecycle = lifecycle
        self.moving = dict(moving)

    @property
    def is_over(self) -> bool:
        return self.lifecycle.settled_now

    def details(self) -> dict[str, Any]:
        return {
            "ChangeId": self.id,
            "ConfigChangeStatus": "Completed" if self.is_over else "Initializing",
            "InitiatedBy": "CUSTOMER",
            "StartTime": self.started,
            "LastUpdatedTime": self.started,
        }

    def progress(self) -> dict[str, Any]:
        """As DescribeDomainChangeProgress shows it."""
        over = self.is_over
        names = list(self.moving)
        return {
            "ChangeId": self.id,
            "StartTime": self.started,
            "Status": "COMPLETED" if over else "PENDING",
            "PendingProperties": [] if over else names,
            "CompletedProperties": names if over else [],
            "TotalNumberOfStages": len(_STAGES),
            "ChangeProgressStages": [
                {"Name": name, "Status": "COMPLETED" if over else "PENDING", "LastUpdated": self.started}
                for name in _STAGES
            ],
            "LastUpdatedTime": self.started,
            "ConfigChangeStatus": "Completed" if over else "Initializing",
            "InitiatedBy": "CUSTOMER",
        }


class Domain(Entity):
    """A domain. `options` are complete and replaced, not changed; `statuses`: option -> (made, changed, version).

    `master`: the MasterUserOptions, which nobody is shown. `grants`: principals that VPC endpoints may be made for ->
    what ListVpcEndpointAccess shows. `upgrades`: as GetUpgradeHistory shows them, with the lifecycle of each.
    `attached`: package id -> its association.
    """

    __slots__ = (
        "account", "arn", "attached", "change", "cluster", "created", "deleted", "dry_runs", "grants", "host", "id",
        "lifecycle", "maintenances", "master", "name", "network", "options", "software", "statuses", "tags",
        "upgrades",
    )  # fmt: skip

    def __init__(
        self, name: str, account: str, arn: str, host: str, options: Options, created: float, lifecycle: Lifecycle
    ) -> None:
        self.name = name
        self.account = account
        self.arn = arn
        self.id = f"{account}/{name}"
        self.host = host
        self.options = options
        self.created = created
        self.lifecycle = lifecycle
        self.statuses = dict.fromkeys(options, (created, created, 1))
        self.network: dict[str, Any] | None = None  # VPCDerivedInfo
        self.master: Mapping[str, str] = {}
        self.deleted = False
        self.change: Change | None = None
        self.tags = Tags()
        self.cluster = Cluster()
        self.grants = Dict()
        self.upgrades: tuple[tuple[dict[str, Any], Lifecycle], ...] = ()
        self.dry_runs = Dict()
        self.attached = Dict()
        self.maintenances = Dict()
        self.software: Lifecycle | None = None

    @property
    def state(self) -> str:
        return self.lifecycle.state

    @property
    def is_changing(self) -> bool:
        return self.state != ACTIVE

    @property
    def version(self) -> str:
        found: str = self.options["EngineVersion"]
        return found

    @property
    def has_endpoint(self) -> bool:
        """Whether requests are answered: a domain that is being changed answers all the while."""
        return not self.deleted and self.state != CREATING

    def change_to(self, options: Options, change: Change, now: float) -> None:
        """Give it other options."""
        statuses = dict(self.statuses)
        for name in change.moving:
            made, _, version = statuses.get(name, (now, now, 0))
            statuses[name] = (made, now, version + 1)
        self.options, self.statuses, self.change = options, statuses, change

    # --- shown

    def described(self) -> dict[str, Any]:
        """The DomainStatus."""
        options = self.options
        shown: dict[str, Any] = {
            "DomainId": self.id,
            "DomainName": self.name,
            "ARN": self.arn,
            "Created": True,
            "Deleted": self.deleted,
            "Processing": self.is_changing,
            "UpgradeProcessing": self.state == UPGRADING,
            "DomainProcessingStatus": self.state,
            **{name: options[name] for name in options if name not in ("VPCOptions", "AutoTuneOptions")},
            "AutoTuneOptions": self._tuning(),
            "ServiceSoftwareOptions": self.software_options(),
            "ModifyingProperties": self.modifying(),
        }
        if self.change is not None:
            shown["ChangeProgressDetails"] = self.change.details()
        if self.network is not None:
            shown["VPCOptions"] = self.network
        if self.has_endpoint:
            if self.network is not None:
                shown["Endpoints"] = {"vpc": self.host}
            else:
                shown["Endpoint"] = self.host
        return shown

    def _tuning(self) -> dict[str, Any]:
        tuning = self.options["AutoTuneOptions"]
        state = tuning["DesiredState"]
        if self.is_changing:
            state = "ENABLE_IN_PROGRESS" if state == "ENABLED" else "DISABLE_IN_PROGRESS"
        return {"State": state, "UseOffPeakWindow": bool(tuning.get("UseOffPeakWindow"))}

    def software_options(self) -> dict[str, Any]:
        status = "COMPLETED" if self.software is None else self.software.state
        told = {
            "COMPLETED": "There is no software update available for this domain.",
            "PENDING_UPDATE": "An update to the software is pending.",
            "IN_PROGRESS": "The software of this domain is being updated.",
        }[status]
        return {
            "CurrentVersion": RELEASE,
            "NewVersion": "",
            "UpdateAvailable": False,
            "Cancellable": status == "PENDING_UPDATE",
            "UpdateStatus": status,
            "Description": told,
            "AutomatedUpdateDate": 0,
            "OptionalDeployment": True,
        }

    def modifying(self) -> list[dict[str, str]]:
        if self.change is None or self.change.is_over:
            return []
        listed = []
        for name, (before, after) in self.change.moving.items():
            (old, _), (new, kind) = plain(before), plain(after)
            listed.append({"Name": name, "ActiveValue": old, "PendingValue": new, "ValueType": kind})
        return listed

    def configuration(self) -> dict[str, Any]:
        """The DomainConfig: each option with its OptionStatus."""
        shown: dict[str, Any] = {}
        for name in self.options:
            value = self.network if name == "VPCOptions" else self.options[name]
            shown[name] = {"Options": value, "Status": self._status(name)}
        tuning = dict(shown["AutoTuneOptions"]["Status"])
        tuning["State"] = self._tuning()["State"]
        shown["AutoTuneOptions"]["Status"] = tuning
        if self.change is not None:
            shown["ChangeProgressDetails"] = self.change.details()
        shown["ModifyingProperties"] = self.modifying()
        return shown

    def _status(self, name: str) -> dict[str, Any]:
        made, changed, version = self.statuses.get(name, (self.created, self.created, 1))
        moving = self.is_changing and (self.change is None or name in self.change.moving or self.state == CREATING)
        return {
            "CreationDate": made,
            "UpdateDate": changed,
            "UpdateVersion": version,
            "State": "Processing" if moving else "Active",
            "PendingDeletion": self.deleted,
        }

    @property
    def zones(self) -> int:
        cluster = self.options["ClusterConfig"]
        if not cluster["ZoneAwarenessEnabled"]:
            return 1
        count: int = cluster["ZoneAwarenessConfig"]["AvailabilityZoneCount"]
        return count

    def nodes(self, region: str) -> Iterable[dict[str, Any]]:
        """As DescribeDomainNodes shows them."""
        cluster, volumes = self.options["ClusterConfig"], self.options["EBSOptions"]
        kinds = [("Data", cluster["InstanceType"], cluster["InstanceCount"])]
        if cluster["DedicatedMasterEnabled"]:
            kinds.append(("Master", cluster["DedicatedMasterType"], cluster["DedicatedMasterCount"]))
        if cluster["WarmEnabled"]:
            kinds.append(("Ultrawarm", cluster["WarmType"], cluster["WarmCount"]))
        for kind, type, count in kinds:
            for number in range(count):
                shown = {
                    "NodeId": f"{self.name}-{kind.lower()}-{number}",
                    "NodeType": kind,
                    "AvailabilityZone": f"{region}{'abc'[number % self.zones]}",
                    "InstanceType": type,
                    "NodeStatus": "Active",
                }
                if kind == "Data" and volumes["EBSEnabled"]:
                    shown |= {
                        "StorageType": "EBS",
                        "StorageVolumeType": volumes["VolumeType"],
                        "StorageSize": str(volumes["VolumeSize"]),
                    }
                elif kind == "Data":
                    shown["StorageType"] = "Instance"
                yield shown

    @property
    def engine_type(self) -> str:
        return offerings.engine(self.version)

"""Domains: made, described, changed and deleted; their tags."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from awsim.sealing import unusable
from awsim.services.opensearch import offerings, settings
from awsim.services.opensearch.common import Common, bad_page
from awsim.services.opensearch.domain import ACTIVE, CREATING, DELETING, Change, Domain
from awsim.services.opensearch.refusals import exists, invalid
from awsim.services.opensearch.settings import Options
from awsim.state import Lifecycle, tag_map

Given = Mapping[str, Any]

_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"


class Domains(Common):
    """Operations on domains."""

    def create_domain(
        self,
        DomainName: str,
        EngineVersion: str | None = None,
        ClusterConfig: Given | None = None,
        EBSOptions: Given | None = None,
        AccessPolicies: str | None = None,
        IPAddressType: str | None = None,
        SnapshotOptions: Given | None = None,
        VPCOptions: Given | None = None,
        CognitoOptions: Given | None = None,
        EncryptionAtRestOptions: Given | None = None,
        NodeToNodeEncryptionOptions: Given | None = None,
        AdvancedOptions: Mapping[str, str] | None = None,
        LogPublishingOptions: Mapping[str, Given] | None = None,
        DomainEndpointOptions: Given | None = None,
        AdvancedSecurityOptions: Given | None = None,
        TagList: Sequence[Mapping[str, str]] = (),
        AutoTuneOptions: Given | None = None,
        OffPeakWindowOptions: Given | None = None,
        SoftwareUpdateOptions: Given | None = None,
        DeploymentStrategyOptions: Given | None = None,
        UseCase: str | None = None,
        EngineMode: str | None = None,
    ) -> dict[str, Any]:
        given = {
            "EngineVersion": EngineVersion,
            "ClusterConfig": ClusterConfig,
            "EBSOptions": EBSOptions,
            "AccessPolicies": AccessPolicies,
            "IPAddressType": IPAddressType,
            "SnapshotOptions": SnapshotOptions,
            "VPCOptions": VPCOptions or None,
            "CognitoOptions": CognitoOptions,
            "EncryptionAtRestOptions": EncryptionAtRestOptions,
            "NodeToNodeEncryptionOptions": NodeToNodeEncryptionOptions,
            "AdvancedOptions": AdvancedOptions,
            "LogPublishingOptions": LogPublishingOptions,
            "DomainEndpointOptions": DomainEndpointOptions,
            "AdvancedSecurityOptions": AdvancedSecurityOptions,
            "AutoTuneOptions": AutoTuneOptions,
            "OffPeakWindowOptions": OffPeakWindowOptions,
            "SoftwareUpdateOptions": SoftwareUpdateOptions,
            "DeploymentStrategyOptions": DeploymentStrategyOptions,
            "UseCase": UseCase,
            "EngineMode": EngineMode,
        }
        options = self.keyed(settings.complete(given, self.limits))
        if DomainName in self.domains:
            raise exists(f"Domain already exists: {DomainName}")
        network = self.network(VPCOptions) if VPCOptions else None
        domain = self._new(DomainName, options, network, tag_map(TagList))
        domain.master = (AdvancedSecurityOptions or {}).get("MasterUserOptions") or {}
        return {"DomainStatus": domain.described()}

    def _new(self, name: str, options: Options, network: dict[str, Any] | None, tags: Mapping[str, str]) -> Domain:
        now = self.clock.time()
        door = "search" if network is None else "vpc"
        host = f"{door}-{name}-{self.ids.text('endpoint', 26, _ALPHABET)}.{self.region}.es.{self._suffix}"
        lifecycle = Lifecycle(self, [(CREATING, "domain-creation"), (ACTIVE, None)])
        domain = Domain(name, self.account, self.arn(f"domain/{name}"), host, options, now, lifecycle)
        domain.network = network
        domain.tags = domain.tags.with_(self, tags, invalid="ValidationException")
        domain.change = Change(self.ids.uuid("change"), now, lifecycle, {})
        self.domains.add(domain)
        self.registry.hosts[host] = (self.account, name)
        return domain

    @property
    def _suffix(self) -> str:
        return "amazonaws.com.cn" if self.partition == "aws-cn" else "amazonaws.com"

    def keyed(self, options: Options) -> Options:
        """Options with the key that data at rest is encrypted under; AWS's own where none is named."""
        encryption = options["EncryptionAtRestOptions"]
        if not encryption.get("Enabled"):
            return options
        key = encryption.get("KmsKeyId")
        if key is None:
            key = f"arn:{self.partition}:kms:{self.region}:{self.account}:alias/aws/es"
        elif (problem := unusable(self, key)) is not None:
            raise invalid(problem)
        return {**options, "EncryptionAtRestOptions": {**encryption, "KmsKeyId": key}}

    def delete_domain(self, DomainName: str) -> dict[str, Any]:
        domain = self.domain(DomainName)
        if not domain.deleted:
            domain.deleted = True
            domain.lifecycle = Lifecycle(self, [(DELETING, "domain-deletion"), (DELETING, None)])
            seconds = self.limits.duration("domain-deletion")
            self.later(seconds, "_gone", name=DomainName, host=domain.host)
        return {"DomainStatus": domain.described()}

    def _gone(self, name: str, host: str) -> None:
        self.domains.remove(name)
        self.registry.hosts.pop(host, None)

    # --- described

    def describe_domain(self, DomainName: str) -> dict[str, Any]:
        return {"DomainStatus": self.domain(DomainName).described()}

    def describe_domains(self, DomainNames: Sequence[str]) -> dict[str, Any]:
        """Those that there are; others are left out."""
        found = [self.domains.get(name) for name in dict.fromkeys(DomainNames)]
        return {"DomainStatusList": [domain.described() for domain in found if domain is not None]}

    def list_domain_names(self, EngineType: str | None = None) -> dict[str, Any]:
        found = sorted(self.domains, key=lambda domain: domain.name)
        names = [
            {"DomainName": domain.name, "EngineType": domain.engine_type}
            for domain in found
            if EngineType in (None, domain.engine_type)
        ]
        return {"DomainNames": names}

    def describe_domain_config(self, DomainName: str) -> dict[str, Any]:
        return {"DomainConfig": self.domain(DomainName).configuration()}

    def describe_domain_nodes(self, DomainName: str) -> dict[str, Any]:
        return {"DomainNodesStatusList": list(self.domain(DomainName).nodes(self.region))}

    def describe_domain_health(self, DomainName: str) -> dict[str, Any]:
        domain = self.domain(DomainName)
        cluster = domain.options["ClusterConfig"]
        masters = cluster.get("DedicatedMasterCount", 0)
        shards = sum(int(one.settings["number_of_shards"]) for one in domain.cluster.indices.values())
        standby = cluster["MultiAZWithStandbyEnabled"]
        return {
            "DomainState": "Processing" if domain.is_changing else "Active",
            "AvailabilityZoneCount": str(domain.zones),
            "ActiveAvailabilityZoneCount": str(domain.zones - standby),
            "StandByAvailabilityZoneCount": str(int(standby)),
            "DataNodeCount": str(cluster["InstanceCount"]),
            "DedicatedMaster": cluster["DedicatedMasterEnabled"],
            "MasterEligibleNodeCount": str(masters),
            "WarmNodeCount": str(cluster.get("WarmCount", 0)),
            "MasterNode": "Available",
            "ClusterHealth": "Green",
            "TotalShards": str(shards),
            "TotalUnAssignedShards": "0",
        }

    def describe_domain_auto_tunes(
        self, DomainName: str, MaxResults: int | None = None, NextToken: str | None = None
    ) -> dict[str, Any]:
        """Scheduled tuning: AWS makes none for a domain that needs none."""
        self.domain(DomainName)
        return self.page("AutoTunes", (), dict, str, NextToken, MaxResults, bad_page)

    # --- tags

    def add_tags(self, ARN: str, TagList: Sequence[Mapping[str, str]]) -> None:
        domain = self.domain_at(ARN)
        domain.tags = domain.tags.with_(self, tag_map(TagList), invalid="ValidationException")

    def list_tags(self, ARN: str) -> dict[str, Any]:
        return {"TagList": self.domain_at(ARN).tags.as_list()}

    def remove_tags(self, ARN: str, TagKeys: Sequence[str]) -> None:
        domain = self.domain_at(ARN)
        domain.tags = domain.tags.without(TagKeys)

    # --- instance types

    def list_instance_type_details(
        self,
        EngineVersion: str,
        DomainName: str | None = None,
        MaxResults: int | None = None,
        NextToken: str | None = None,
        RetrieveAZs: bool | None = None,
        InstanceType: str | None = None,
    ) -> dict[str, Any]:
        if DomainName is not None:
            self.domain(DomainName)
        found = [
            type
            for type in offerings.TYPES
            if offerings.is_supported(type, EngineVersion) and InstanceType in (None, type)
        ]

        def shown(type: str) -> dict[str, Any]:
            details: dict[str, Any] = {
                "InstanceType": type,
                "EncryptionEnabled": offerings.encrypts(type),
                "CognitoEnabled": True,
                "AppLogsEnabled": True,
                "AdvancedSecurityEnabled": offerings.encrypts(type),
                "WarmEnabled": not offerings.is_bursting(type),
                "InstanceRole": ["Warm"] if offerings.is_warm(type) else ["Data", "Master"],
            }
            if RetrieveAZs:
                details["AvailabilityZones"] = [f"{self.region}{letter}" for letter in "abc"]
            return details

        return self.page("InstanceTypeDetails", found, shown, lambda type: type, NextToken, MaxResults)

    def describe_instance_type_limits(
        self, InstanceType: str, EngineVersion: str, DomainName: str | None = None
    ) -> dict[str, Any]:
        if DomainName is not None:
            self.domain(DomainName)
        settings.check_type(InstanceType, EngineVersion)
        row = "bursting-nodes" if offerings.is_bursting(InstanceType) else "nodes"
        most = int(self.limits[row] or 0)
        counts = {"MinimumInstanceCount": 1, "MaximumInstanceCount": most}
        data: dict[str, Any] = {"InstanceLimits": {"InstanceCountLimits": counts}, "StorageTypes": []}
        if offerings.takes_volumes(InstanceType):
            least = int(self.limits.row("volume-size").minimum or 0)
            bounds = [
                {"LimitName": "MinimumVolumeSize", "LimitValues": [str(least)]},
                {"LimitName": "MaximumVolumeSize", "LimitValues": [str(int(self.limits["volume-size"] or 0))]},
            ]
            data["StorageTypes"] = [
                {"StorageTypeName": "ebs", "StorageSubTypeName": kind, "StorageTypeLimits": bounds}
                for kind in ("gp2", "gp3")
            ]
        else:
            data["StorageTypes"] = [{"StorageTypeName": "instance", "StorageSubTypeName": "instance"}]
        masters = {"InstanceLimits": {"InstanceCountLimits": {"MinimumInstanceCount": 3, "MaximumInstanceCount": 5}}}
        return {"LimitsByRole": {"data": data, "master": masters}}

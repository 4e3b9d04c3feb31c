"""Amazon Elasticsearch Service (regional): another way to the domains of OpenSearch Service.

What a domain is and does, OpenSearch has: every operation is one of its operations in other words (see `words`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from awsim.service import ResourceSide, Service
from awsim.services.es import words
from awsim.wire.models import service_model

Given = Mapping[str, Any]

_FIRST = "1.5"
"""The version of a domain for which none is asked (API Reference of Elasticsearch Service)."""


class Elasticsearch(Service):
    """Amazon Elasticsearch Service."""

    name = "es"
    unchecked = frozenset({"ESPartitionInstanceType", "ESWarmPartitionInstanceType"})

    @property
    def search(self) -> Any:
        """OpenSearch Service, whose domains these are."""
        return self.cloud.service("opensearch", self.account, self.region)

    def _asked(self, operation: str, /, **given: Any) -> dict[str, Any]:
        """An operation of OpenSearch, both ways in the words of this API."""
        return self._fitted(words.here(getattr(self.search, operation)(**words.there(given))))

    def _fitted(self, answer: dict[str, Any]) -> dict[str, Any]:
        shape = service_model("es").operation_model(self.request.operation).output_shape
        found: dict[str, Any] = words.fitted(answer, shape)
        return found

    def resource_policy(self, arn: str) -> ResourceSide:
        found: ResourceSide = self.search.resource_policy(arn)
        return found

    def tags_of(self, arn: str) -> Mapping[str, str] | None:
        found: Mapping[str, str] | None = self.search.tags_of(arn)
        return found

    # --- domains

    def create_elasticsearch_domain(
        self,
        DomainName: str,
        ElasticsearchVersion: str | None = None,
        ElasticsearchClusterConfig: Given | None = None,
        EBSOptions: Given | None = None,
        AccessPolicies: str | None = None,
        SnapshotOptions: Given | None = None,
        VPCOptions: Given | None = None,
        CognitoOptions: Given | None = None,
        EncryptionAtRestOptions: Given | None = None,
        NodeToNodeEncryptionOptions: Given | None = None,
        AdvancedOptions: Mapping[str, str] | None = None,
        LogPublishingOptions: Mapping[str, Given] | None = None,
        DomainEndpointOptions: Given | None = None,
        AdvancedSecurityOptions: Given | None = None,
        AutoTuneOptions: Given | None = None,
        TagList: Sequence[Mapping[str, str]] | None = None,
        DeploymentStrategyOptions: Given | None = None,
        UseCase: str | None = None,
        EngineMode: str | None = None,
    ) -> dict[str, Any]:
        return self._asked(
            "create_domain",
            DomainName=DomainName,
            ElasticsearchVersion=ElasticsearchVersion or _FIRST,
            ElasticsearchClusterConfig=ElasticsearchClusterConfig,
            EBSOptions=EBSOptions,
            AccessPolicies=AccessPolicies,
            SnapshotOptions=SnapshotOptions,
            VPCOptions=VPCOptions,
            CognitoOptions=CognitoOptions,
            EncryptionAtRestOptions=EncryptionAtRestOptions,
            NodeToNodeEncryptionOptions=NodeToNodeEncryptionOptions,
            AdvancedOptions=AdvancedOptions,
            LogPublishingOptions=LogPublishingOptions,
            DomainEndpointOptions=DomainEndpointOptions,
            AdvancedSecurityOptions=AdvancedSecurityOptions,
            AutoTuneOptions=AutoTuneOptions,
            TagList=TagList,
            DeploymentStrategyOptions=DeploymentStrategyOptions,
            UseCase=UseCase,
            EngineMode=EngineMode,
        )

    def delete_elasticsearch_domain(self, DomainName: str) -> dict[str, Any]:
        return self._asked("delete_domain", DomainName=DomainName)

    def describe_elasticsearch_domain(self, DomainName: str) -> dict[str, Any]:
        return self._asked("describe_domain", DomainName=DomainName)

    def describe_elasticsearch_domains(self, DomainNames: Sequence[str]) -> dict[str, Any]:
        return self._asked("describe_domains", DomainNames=DomainNames)

    def describe_elasticsearch_domain_config(self, DomainName: str) -> dict[str, Any]:
        return self._asked("describe_domain_config", DomainName=DomainName)

    def list_domain_names(self, EngineType: str | None = None) -> dict[str, Any]:
        return self._asked("list_domain_names", EngineType=EngineType)

    def update_elasticsearch_domain_config(
        self,
        DomainName: str,
        ElasticsearchClusterConfig: Given | None = None,
        EBSOptions: Given | None = None,
        SnapshotOptions: Given | None = None,
        VPCOptions: Given | None = None,
        CognitoOptions: Given | None = None,
        AdvancedOptions: Mapping[str, str] | None = None,
        AccessPolicies: str | None = None,
        LogPublishingOptions: Mapping[str, Given] | None = None,
        DomainEndpointOptions: Given | None = None,
        AdvancedSecurityOptions: Given | None = None,
        NodeToNodeEncryptionOptions: Given | None = None,
        EncryptionAtRestOptions: Given | None = None,
        AutoTuneOptions: Given | None = None,
        DryRun: bool | None = None,
        DeploymentStrategyOptions: Given | None = None,
        UseCase: str | None = None,
        EngineMode: str | None = None,
    ) -> dict[str, Any]:
        return self._asked(
            "update_domain_config",
            DomainName=DomainName,
            ElasticsearchClusterConfig=ElasticsearchClusterConfig,
            EBSOptions=EBSOptions,
            SnapshotOptions=SnapshotOptions,
            VPCOptions=VPCOptions,
            CognitoOptions=CognitoOptions,
            AdvancedOptions=AdvancedOptions,
            AccessPolicies=AccessPolicies,
            LogPublishingOptions=LogPublishingOptions,
            DomainEndpointOptions=DomainEndpointOptions,
            AdvancedSecurityOptions=AdvancedSecurityOptions,
            NodeToNodeEncryptionOptions=NodeToNodeEncryptionOptions,
            EncryptionAtRestOptions=EncryptionAtRestOptions,
            AutoTuneOptions=AutoTuneOptions,
            DryRun=DryRun,
            DeploymentStrategyOptions=DeploymentStrategyOptions,
            UseCase=UseCase,
            EngineMode=EngineMode,
        )

    def describe_domain_change_progress(self, DomainName: str, ChangeId: str | None = None) -> dict[str, Any]:
        return self._asked("describe_domain_change_progress", DomainName=DomainName, ChangeId=ChangeId)

    def cancel_domain_config_change(self, DomainName: str, DryRun: bool | None = None) -> dict[str, Any]:
        return self._asked("cancel_domain_config_change", DomainName=DomainName, DryRun=DryRun)

    def describe_domain_auto_tunes(
        self, DomainName: str, MaxResults: int | None = None, NextToken: str | None = None
    ) -> dict[str, Any]:
        return self._asked(
            "describe_domain_auto_tunes", DomainName=DomainName, MaxResults=MaxResults, NextToken=NextToken
        )

    # --- tags

    def add_tags(self, ARN: str, TagList: Sequence[Mapping[str, str]]) -> None:
        self.search.add_tags(ARN, TagList)

    def list_tags(self, ARN: str) -> dict[str, Any]:
        return self._asked("list_tags", ARN=ARN)

    def remove_tags(self, ARN: str, TagKeys: Sequence[str]) -> None:
        self.search.remove_tags(ARN, TagKeys)

    # --- versions and instance types

    def list_elasticsearch_versions(
        self, MaxResults: int | None = None, NextToken: str | None = None
    ) -> dict[str, Any]:
        return self._asked("list_versions", MaxResults=MaxResults, NextToken=NextToken)

    def get_compatible_elasticsearch_versions(self, DomainName: str | None = None) -> dict[str, Any]:
        return self._asked("get_compatible_versions", DomainName=DomainName)

    def list_elasticsearch_instance_types(
        self,
        ElasticsearchVersion: str,
        DomainName: str | None = None,
        MaxResults: int | None = None,
        NextToken: str | None = None,
    ) -> dict[str, Any]:
        version = words.to_version(ElasticsearchVersion)
        found = self.search.list_instance_type_details(version, DomainName, MaxResults, NextToken)
        types = [words.from_type(one["InstanceType"]) for one in found["InstanceTypeDetails"]]
        return {"ElasticsearchInstanceTypes": types, "NextToken": found["NextToken"]}

    def describe_elasticsearch_instance_type_limits(
        self, InstanceType: str, ElasticsearchVersion: str, DomainName: str | None = None
    ) -> dict[str, Any]:
        return self._asked(
            "describe_instance_type_limits",
            InstanceType=InstanceType,
            ElasticsearchVersion=ElasticsearchVersion,
            DomainName=DomainName,
        )

    def upgrade_elasticsearch_domain(
        self, DomainName: str, TargetVersion: str, PerformCheckOnly: bool | None = None
    ) -> dict[str, Any]:
        return self._asked(
            "upgrade_domain", DomainName=DomainName, TargetVersion=TargetVersion, PerformCheckOnly=PerformCheckOnly
        )

    def get_upgrade_status(self, DomainName: str) -> dict[str, Any]:
        return self._asked("get_upgrade_status", DomainName=DomainName)

    def get_upgrade_history(
        self, DomainName: str, MaxResults: int | None = None, NextToken: str | None = None
    ) -> dict[str, Any]:
        return self._asked("get_upgrade_history", DomainName=DomainName, MaxResults=MaxResults, NextToken=NextToken)

    def start_elasticsearch_service_software_update(self, DomainName: str) -> dict[str, Any]:
        return self._asked("start_service_software_update", DomainName=DomainName)

    def cancel_elasticsearch_service_software_update(self, DomainName: str) -> dict[str, Any]:
        return self._asked("cancel_service_software_update", DomainName=DomainName)

    # --- packages

    def create_package(
        self,
        PackageName: str,
        PackageType: str,
        PackageSource: Mapping[str, str],
        PackageDescription: str | None = None,
    ) -> dict[str, Any]:
        return self._asked(
            "create_package",
            PackageName=PackageName,
            PackageType=PackageType,
            PackageSource=PackageSource,
            PackageDescription=PackageDescription,
        )

    def update_package(
        self,
        PackageID: str,
        PackageSource: Mapping[str, str],
        PackageDescription: str | None = None,
        CommitMessage: str | None = None,
    ) -> dict[str, Any]:
        return self._asked(
            "update_package",
            PackageID=PackageID,
            PackageSource=PackageSource,
            PackageDescription=PackageDescription,
            CommitMessage=CommitMessage,
        )

    def delete_package(self, PackageID: str) -> dict[str, Any]:
        return self._asked("delete_package", PackageID=PackageID)

    def describe_packages(
        self, Filters: Sequence[Given] | None = None, MaxResults: int | None = None, NextToken: str | None = None
    ) -> dict[str, Any]:
        return self._asked("describe_packages", Filters=Filters, MaxResults=MaxResults, NextToken=NextToken)

    def get_package_version_history(
        self, PackageID: str, MaxResults: int | None = None, NextToken: str | None = None
    ) -> dict[str, Any]:
        return self._asked(
            "get_package_version_history", PackageID=PackageID, MaxResults=MaxResults, NextToken=NextToken
        )

    def associate_package(self, PackageID: str, DomainName: str) -> dict[str, Any]:
        return self._asked("associate_package", PackageID=PackageID, DomainName=DomainName)

    def dissociate_package(self, PackageID: str, DomainName: str) -> dict[str, Any]:
        return self._asked("dissociate_package", PackageID=PackageID, DomainName=DomainName)

    def list_packages_for_domain(
        self, DomainName: str, MaxResults: int | None = None, NextToken: str | None = None
    ) -> dict[str, Any]:
        return self._asked(
            "list_packages_for_domain", DomainName=DomainName, MaxResults=MaxResults, NextToken=NextToken
        )

    def list_domains_for_package(
        self, PackageID: str, MaxResults: int | None = None, NextToken: str | None = None
    ) -> dict[str, Any]:
        return self._asked("list_domains_for_package", PackageID=PackageID, MaxResults=MaxResults, NextToken=NextToken)

    # --- VPC endpoints

    def create_vpc_endpoint(self, DomainArn: str, VpcOptions: Given, ClientToken: str | None = None) -> dict[str, Any]:
        return self._asked("create_vpc_endpoint", DomainArn=DomainArn, VpcOptions=VpcOptions)

    def update_vpc_endpoint(self, VpcEndpointId: str, VpcOptions: Given) -> dict[str, Any]:
        return self._asked("update_vpc_endpoint", VpcEndpointId=VpcEndpointId, VpcOptions=VpcOptions)

    def delete_vpc_endpoint(self, VpcEndpointId: str) -> dict[str, Any]:
        return self._asked("delete_vpc_endpoint", VpcEndpointId=VpcEndpointId)

    def describe_vpc_endpoints(self, VpcEndpointIds: Sequence[str]) -> dict[str, Any]:
        return self._asked("describe_vpc_endpoints", VpcEndpointIds=VpcEndpointIds)

    def list_vpc_endpoints(self, NextToken: str | None = None) -> dict[str, Any]:
        return self._asked("list_vpc_endpoints", NextToken=NextToken)

    def list_vpc_endpoints_for_domain(self, DomainName: str, NextToken: str | None = None) -> dict[str, Any]:
        return self._asked("list_vpc_endpoints_for_domain", DomainName=DomainName, NextToken=NextToken)

    def authorize_vpc_endpoint_access(self, DomainName: str, Account: str) -> dict[str, Any]:
        return self._asked("authorize_vpc_endpoint_access", DomainName=DomainName, Account=Account)

    def revoke_vpc_endpoint_access(self, DomainName: str, Account: str) -> dict[str, Any]:
        return self._asked("revoke_vpc_endpoint_access", DomainName=DomainName, Account=Account)

    def list_vpc_endpoint_access(self, DomainName: str, NextToken: str | None = None) -> dict[str, Any]:
        return self._asked("list_vpc_endpoint_access", DomainName=DomainName, NextToken=NextToken)

    # --- connections

    def create_outbound_cross_cluster_search_connection(
        self, SourceDomainInfo: Given, DestinationDomainInfo: Given, ConnectionAlias: str
    ) -> dict[str, Any]:
        made = self.search.create_outbound_connection(
            words.end(SourceDomainInfo), words.end(DestinationDomainInfo), ConnectionAlias
        )
        return self._fitted(words.connection(made, inbound=False))

    def delete_outbound_cross_cluster_search_connection(self, CrossClusterSearchConnectionId: str) -> dict[str, Any]:
        found = self.search.delete_outbound_connection(CrossClusterSearchConnectionId)
        return self._fitted({"CrossClusterSearchConnection": words.connection(found["Connection"], inbound=False)})

    def accept_inbound_cross_cluster_search_connection(self, CrossClusterSearchConnectionId: str) -> dict[str, Any]:
        return self._inbound("accept_inbound_connection", CrossClusterSearchConnectionId)

    def reject_inbound_cross_cluster_search_connection(self, CrossClusterSearchConnectionId: str) -> dict[str, Any]:
        return self._inbound("reject_inbound_connection", CrossClusterSearchConnectionId)

    def delete_inbound_cross_cluster_search_connection(self, CrossClusterSearchConnectionId: str) -> dict[str, Any]:
        return self._inbound("delete_inbound_connection", CrossClusterSearchConnectionId)

    def _inbound(self, operation: str, id: str) -> dict[str, Any]:
        found = getattr(self.search, operation)(id)
        return self._fitted({"CrossClusterSearchConnection": words.connection(found["Connection"], inbound=True)})

    def describe_outbound_cross_cluster_search_connections(
        self, Filters: Sequence[Given] = (), MaxResults: int | None = None, NextToken: str | None = None
    ) -> dict[str, Any]:
        wanted = words.filters(Filters, inbound=False)
        found = self.search.describe_outbound_connections(wanted, MaxResults, NextToken)
        return self._fitted(_connections(found, inbound=False))

    def describe_inbound_cross_cluster_search_connections(
        self, Filters: Sequence[Given] = (), MaxResults: int | None = None, NextToken: str | None = None
    ) -> dict[str, Any]:
        wanted = words.filters(Filters, inbound=True)
        found = self.search.describe_inbound_connections(wanted, MaxResults, NextToken)
        return self._fitted(_connections(found, inbound=True))

    # --- reserved instances

    def describe_reserved_elasticsearch_instance_offerings(
        self,
        ReservedElasticsearchInstanceOfferingId: str | None = None,
        MaxResults: int | None = None,
        NextToken: str | None = None,
    ) -> dict[str, Any]:
        id = ReservedElasticsearchInstanceOfferingId
        return self._asked(
            "describe_reserved_instance_offerings",
            ReservedInstanceOfferingId=id,
            MaxResults=MaxResults,
            NextToken=NextToken,
        )

    def describe_reserved_elasticsearch_instances(
        self,
        ReservedElasticsearchInstanceId: str | None = None,
        MaxResults: int | None = None,
        NextToken: str | None = None,
    ) -> dict[str, Any]:
        return self._asked(
            "describe_reserved_instances",
            ReservedInstanceId=ReservedElasticsearchInstanceId,
            MaxResults=MaxResults,
            NextToken=NextToken,
        )

    def purchase_reserved_elasticsearch_instance_offering(
        self, ReservedElasticsearchInstanceOfferingId: str, ReservationName: str, InstanceCount: int | None = None
    ) -> dict[str, Any]:
        return self._asked(
            "purchase_reserved_instance_offering",
            ReservedInstanceOfferingId=ReservedElasticsearchInstanceOfferingId,
            ReservationName=ReservationName,
            InstanceCount=InstanceCount,
        )


def _connections(found: Mapping[str, Any], *, inbound: bool) -> dict[str, Any]:
    shown = [words.connection(one, inbound=inbound) for one in found["Connections"]]
    return {"CrossClusterSearchConnections": shown, "NextToken": found["NextToken"]}

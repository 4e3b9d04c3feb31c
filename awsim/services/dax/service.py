"""Operations of DAX."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from awsim.errors import AWSError
from awsim.service import Service
from awsim.services.dax.cluster import Cluster, ParameterGroup, SubnetGroup
from awsim.state import Collection, Lifecycle, List, tag_map
from awsim.wire.values import whole

_ROLE = re.compile(r"arn:[a-z-]+:iam::[0-9]{12}:role/(?:[^/]+/)*([^/]+)\Z")
_NAME = re.compile(r"[a-z](?!.*--)[a-z0-9-]{0,19}(?<!-)\Z")
_NODE_TYPE = re.compile(r"dax\.(?:t2|t3|r3|r4|r5|r7i)\.[0-9]*[a-z]+\Z")
_SUBNET = re.compile(r"subnet-[0-9a-f]+\Z")
_DEFAULT_PARAMETERS = "default.dax1.0"
_DEFAULT_SUBNETS = "default"
_ZONES = "abc"
_PARAMETERS = {
    "query-ttl-millis": ("query-ttl", "Duration in milliseconds for queries to remain cached"),
    "record-ttl-millis": ("record-ttl", "Duration in milliseconds for records to remain valid in cache"),
}


class DAX(Service):
    """Amazon DynamoDB Accelerator (regional): clusters, parameter groups, subnet groups; not the caches themselves."""

    name: ClassVar[str] = "dax"
    validation_error: ClassVar[str] = "InvalidParameterValueException"

    clusters = Collection("cluster", missing=("ClusterNotFoundFault", "Cluster not found."))
    parameter_groups = Collection(
        "parameter group",
        quota="parameter-groups",
        missing=("ParameterGroupNotFoundFault", "Parameter group {key} not found."),
        exists=("ParameterGroupAlreadyExistsFault", "Parameter group {key} already exists."),
    )
    subnet_groups = Collection(
        "subnet group",
        quota="subnet-groups",
        missing=("SubnetGroupNotFoundFault", "Subnet group {key} not found."),
        exists=("SubnetGroupAlreadyExistsFault", "Subnet group {key} already exists."),
    )

    def setup(self) -> None:
        # (time, source type, source name, message)
        self.events = List()
        self.parameter_groups.add(ParameterGroup(_DEFAULT_PARAMETERS, "Default parameter group for dax1.0"))
        zones = [(f"subnet-{number:08x}", f"{self.region}{zone}") for number, zone in enumerate(_ZONES, 1)]
        self.subnet_groups.add(SubnetGroup(_DEFAULT_SUBNETS, "Default subnet group", None, zones))

    # --- clusters

    def create_cluster(
        self,
        ClusterName: str,
        NodeType: str,
        ReplicationFactor: int,
        IamRoleArn: str,
        Description: str | None = None,
        AvailabilityZones: list[str] | None = None,
        SubnetGroupName: str | None = None,
        SecurityGroupIds: list[str] | None = None,
        PreferredMaintenanceWindow: str | None = None,
        NotificationTopicArn: str | None = None,
        ParameterGroupName: str | None = None,
        Tags: list[dict[str, str]] | None = None,
        SSESpecification: dict[str, Any] | None = None,
        ClusterEndpointEncryptionType: str | None = None,
        NetworkType: str | None = None,
    ) -> dict[str, Any]:
        name = ClusterName.lower()
        if not _NAME.match(name):
            raise self._invalid(f"Invalid cluster name: {ClusterName}")
        if not _NODE_TYPE.match(NodeType):
            raise self._invalid(f"Invalid node type: {NodeType}")
        if ReplicationFactor < 1:
            raise self._invalid("ReplicationFactor must be at least 1")
        self._drop_deleted()
        if name in self.clusters:
            raise self.error("ClusterAlreadyExistsFault", f"Cluster {name} already exists.")
        self._check_role(IamRoleArn)
        subnets = self.subnet_groups[SubnetGroupName or _DEFAULT_SUBNETS]
        parameters = self.parameter_groups[ParameterGroupName or _DEFAULT_PARAMETERS]
        self._check_nodes(0, ReplicationFactor)
        zones = self._zones(subnets, ReplicationFactor, AvailabilityZones)
        tags = self._tags({}, tag_map(Tags))
        settings = {
            "NodeType": NodeType,
            "Description": Description,
            "IamRoleArn": IamRoleArn,
            "SubnetGroupName": subnets.name,
            "SecurityGroupIds": SecurityGroupIds or [],
            "PreferredMaintenanceWindow": PreferredMaintenanceWindow or "sun:01:00-sun:09:00",
            "NotificationTopicArn": NotificationTopicArn,
            "ParameterGroupName": parameters.name,
            "Encrypted": bool(SSESpecification and SSESpecification["Enabled"]),
            "ClusterEndpointEncryptionType": ClusterEndpointEncryptionType,
            "NetworkType": NetworkType,
        }
        label = self.ids.text("cluster", 6, "abcdefghijklmnopqrstuvwxyz0123456789")
        cluster = Cluster(name, self.arn(f"cache/{name}"), label, self.region, settings)
        cluster.tags = tags
        cluster.lifecycle = Lifecycle(self, [("creating", "cluster-create"), ("available", None)])
        cluster.add_nodes(zones, self.clock.time(), cluster.lifecycle)
        self.clusters.add(cluster)
        self._note("CLUSTER", name, "Cluster created.")
        return {"Cluster": cluster.describe(self.limits)}

    def describe_clusters(
        self, ClusterNames: list[str] | None = None, MaxResults: int | None = None, NextToken: str | None = None
    ) -> dict[str, Any]:
        self._drop_deleted()
        if ClusterNames:
            found = [self.clusters[name.lower()] for name in ClusterNames]
        else:
            found = self.clusters.sorted()
        page, more = self._page([cluster.describe(self.limits) for cluster in found], MaxResults, NextToken)
        return {"Clusters": page, **more}

    def update_cluster(
        self,
        ClusterName: str,
        Description: str | None = None,
        PreferredMaintenanceWindow: str | None = None,
        NotificationTopicArn: str | None = None,
        NotificationTopicStatus: str | None = None,
        ParameterGroupName: str | None = None,
        SecurityGroupIds: list[str] | None = None,
    ) -> dict[str, Any]:
        cluster = self._available(ClusterName)
        if ParameterGroupName is not None:
            self.parameter_groups[ParameterGroupName]
        given = {
            "Description": Description,
            "PreferredMaintenanceWindow": PreferredMaintenanceWindow,
            "NotificationTopicArn": NotificationTopicArn,
            "NotificationTopicStatus": NotificationTopicStatus,
            "ParameterGroupName": ParameterGroupName,
            "SecurityGroupIds": SecurityGroupIds,
        }
        changed = {name: value for name, value in given.items() if value is not None}
        if not changed:
            raise self.error("InvalidParameterCombinationException", "No parameters were given to change.")
        cluster.settings = {**cluster.settings, **changed}
        cluster.lifecycle = Lifecycle(self, [("modifying", "cluster-modify"), ("available", None)])
        return {"Cluster": cluster.describe(self.limits)}

    def delete_cluster(self, ClusterName: str) -> dict[str, Any]:
        cluster = self._available(ClusterName)
        cluster.lifecycle = Lifecycle(self, [("deleting", "cluster-delete"), ("deleted", None)])
        for node in cluster.nodes.values():
            node.lifecycle = cluster.lifecycle
        self._note("CLUSTER", cluster.name, "Cluster deleted.")
        return {"Cluster": cluster.describe(self.limits)}

    def increase_replication_factor(
        self, ClusterName: str, NewReplicationFactor: int, AvailabilityZones: list[str] | None = None
    ) -> dict[str, Any]:
        cluster = self._available(ClusterName)
        added = NewReplicationFactor - len(cluster.nodes)
        if added <= 0:
            raise self._invalid("NewReplicationFactor must be greater than the current number of nodes")
        self._check_nodes(len(cluster.nodes), added)
        zones = self._zones(self.subnet_groups[cluster.settings["SubnetGroupName"]], added, AvailabilityZones)
        cluster.lifecycle = Lifecycle(self, [("modifying", "cluster-modify"), ("available", None)])
        creating = Lifecycle(self, [("creating", "cluster-modify"), ("available", None)])
        cluster.add_nodes(zones, self.clock.time(), creating)
        self._note("CLUSTER", cluster.name, f"Added {added} nodes.")
        return {"Cluster": cluster.describe(self.limits)}

    def decrease_replication_factor(
        self,
        ClusterName: str,
        NewReplicationFactor: int,
        AvailabilityZones: list[str] | None = None,
        NodeIdsToRemove: list[str] | None = None,
    ) -> dict[str, Any]:
        cluster = self._available(ClusterName)
        removed = len(cluster.nodes) - NewReplicationFactor
        if removed <= 0 or NewReplicationFactor < 1:
            raise self._invalid("NewReplicationFactor must be less than the current number of nodes, and at least 1")
        for given in (AvailabilityZones, NodeIdsToRemove):
            if given is not None and len(given) != removed:
                raise self.error(
                    "InvalidParameterCombinationException", f"{removed} nodes are to be removed, not {len(given)}."
                )
        chosen = list(NodeIdsToRemove or [])
        for node in chosen:
            if node not in cluster.nodes:
                raise self.error("NodeNotFoundFault", f"Node {node} not found.")
        for zone in AvailabilityZones or []:
            there = [one.id for one in cluster.nodes.values() if one.zone == zone and one.id not in chosen]
            if not there:
                raise self.error("NodeNotFoundFault", f"There is no node in {zone}.")
            chosen.append(there[-1])
        chosen = chosen or list(cluster.nodes)[-removed:]
        for node in chosen:
            del cluster.nodes[node]
        cluster.lifecycle = Lifecycle(self, [("modifying", "cluster-modify"), ("available", None)])
        self._note("CLUSTER", cluster.name, f"Removed {removed} nodes.")
        return {"Cluster": cluster.describe(self.limits)}

    def reboot_node(self, ClusterName: str, NodeId: str) -> dict[str, Any]:
        cluster = self._available(ClusterName)
        node = cluster.nodes.get(NodeId)
        if node is None:
            raise self.error("NodeNotFoundFault", f"Node {NodeId} not found.")
        node.lifecycle = Lifecycle(self, [("rebooting", "cluster-modify"), ("available", None)])
        return {"Cluster": cluster.describe(self.limits)}

    # --- parameter groups

    def create_parameter_group(self, ParameterGroupName: str, Description: str | None = None) -> dict[str, Any]:
        group = self.parameter_groups.add(ParameterGroup(ParameterGroupName.lower(), Description or ""))
        self._note("PARAMETER_GROUP", group.name, "Parameter group created.")
        return {"ParameterGroup": group.describe()}

    def describe_parameter_groups(
        self, ParameterGroupNames: list[str] | None = None, MaxResults: int | None = None, NextToken: str | None = None
    ) -> dict[str, Any]:
        names = ParameterGroupNames
        found = [self.parameter_groups[name] for name in names] if names else self.parameter_groups.sorted()
        page, more = self._page([group.describe() for group in found], MaxResults, NextToken)
        return {"ParameterGroups": page, **more}

    def update_parameter_group(
        self, ParameterGroupName: str, ParameterNameValues: list[dict[str, str]]
    ) -> dict[str, Any]:
        group = self.parameter_groups[ParameterGroupName]
        if group.name == _DEFAULT_PARAMETERS:
            raise self.error("InvalidParameterGroupStateFault", "The default parameter group cannot be changed.")
        values = dict(group.values)
        for given in ParameterNameValues:
            name, value = given.get("ParameterName"), given.get("ParameterValue")
            if name not in _PARAMETERS or value is None or not value.isdecimal():
                raise self._invalid(f"Invalid parameter: {name or ''}={value or ''}")
            values[name] = value
        group.values = values
        self._note("PARAMETER_GROUP", group.name, "Parameter group updated.")
        return {"ParameterGroup": group.describe()}

    def delete_parameter_group(self, ParameterGroupName: str) -> dict[str, Any]:
        group = self.parameter_groups[ParameterGroupName]
        self._drop_deleted()
        used = any(cluster.settings["ParameterGroupName"] == group.name for cluster in self.clusters)
        if used or group.name == _DEFAULT_PARAMETERS:
            raise self.error("InvalidParameterGroupStateFault", f"Parameter group {group.name} is in use.")
        self.parameter_groups.remove(group.name)
        return {"DeletionMessage": f"Parameter group {group.name} has been deleted."}

    def describe_parameters(
        self,
        ParameterGroupName: str,
        Source: str | None = None,
        MaxResults: int | None = None,
        NextToken: str | None = None,
    ) -> dict[str, Any]:
        group = self.parameter_groups[ParameterGroupName]
        shown = [one for one in self._parameters(group.values) if Source in (None, one["Source"])]
        page, more = self._page(shown, MaxResults, NextToken)
        return {"Parameters": page, **more}

    def describe_default_parameters(
        self, MaxResults: int | None = None, NextToken: str | None = None
    ) -> dict[str, Any]:
        page, more = self._page(self._parameters({}), MaxResults, NextToken)
        return {"Parameters": page, **more}

    def _parameters(self, values: Mapping[str, str]) -> list[dict[str, Any]]:
        return [
            {
                "ParameterName": name,
                "ParameterType": "DEFAULT",
                "ParameterValue": values.get(name, str(int(self.limits[row]))),
                "NodeTypeSpecificValues": [],
                "Description": description,
                "Source": "user" if name in values else "system",
                "DataType": "integer",
                "AllowedValues": "0-",
                "IsModifiable": "TRUE",
                "ChangeType": "IMMEDIATE",
            }
            for name, (row, description) in _PARAMETERS.items()
        ]

    # --- subnet groups

    def create_subnet_group(
        self, SubnetGroupName: str, SubnetIds: list[str], Description: str | None = None
    ) -> dict[str, Any]:
        vpc, subnets = self._subnets(SubnetIds)
        group = self.subnet_groups.add(SubnetGroup(SubnetGroupName.lower(), Description or "", vpc, subnets))
        self._note("SUBNET_GROUP", group.name, "Subnet group created.")
        return {"SubnetGroup": group.describe()}

    def describe_subnet_groups(
        self, SubnetGroupNames: list[str] | None = None, MaxResults: int | None = None, NextToken: str | None = None
    ) -> dict[str, Any]:
        names = SubnetGroupNames
        found = [self.subnet_groups[name] for name in names] if names else self.subnet_groups.sorted()
        page, more = self._page([group.describe() for group in found], MaxResults, NextToken)
        return {"SubnetGroups": page, **more}

    def update_subnet_group(
        self, SubnetGroupName: str, Description: str | None = None, SubnetIds: list[str] | None = None
    ) -> dict[str, Any]:
        group = self.subnet_groups[SubnetGroupName]
        if SubnetIds is not None:
            group.vpc, group.subnets = self._subnets(SubnetIds)
        if Description is not None:
            group.description = Description
        return {"SubnetGroup": group.describe()}

    def delete_subnet_group(self, SubnetGroupName: str) -> dict[str, Any]:
        group = self.subnet_groups[SubnetGroupName]
        self._drop_deleted()
        if any(cluster.settings["SubnetGroupName"] == group.name for cluster in self.clusters):
            raise self.error("SubnetGroupInUseFault", f"Subnet group {group.name} is in use.")
        self.subnet_groups.remove(group.name)
        return {"DeletionMessage": f"Subnet group {group.name} has been deleted."}

    def _subnets(self, ids: Sequence[str]) -> tuple[str | None, tuple[tuple[str, str], ...]]:
        """The VPC and the zones of subnets, by EC2 where the account uses it."""
        self.limits.check("subnets-per-group", len(ids))
        for id in ids:
            if not _SUBNET.match(id):
                raise self.error("InvalidSubnet", f"Invalid subnet: {id}")
        if not self.cloud.has_service("ec2", self.account, self.region):
            zones = [f"{self.region}{_ZONES[number % len(_ZONES)]}" for number in range(len(ids))]
            return None, tuple(zip(ids, zones, strict=True))
        try:
            found = self.call("ec2", "DescribeSubnets", SubnetIds=list(ids))["Subnets"]
        except AWSError as error:
            raise self.error("InvalidSubnet", error.message) from None
        if len({subnet["VpcId"] for subnet in found}) > 1:
            raise self.error("InvalidSubnet", "The subnets are of more than one VPC.")
        return found[0]["VpcId"], tuple((subnet["SubnetId"], subnet["AvailabilityZone"]) for subnet in found)

    # --- tags and events

    def tag_resource(self, ResourceName: str, Tags: list[dict[str, str]]) -> dict[str, Any]:
        cluster = self._named(ResourceName)
        cluster.tags = self._tags(cluster.tags, tag_map(Tags))
        return {"Tags": _listed(cluster.tags)}

    def untag_resource(self, ResourceName: str, TagKeys: list[str]) -> dict[str, Any]:
        cluster = self._named(ResourceName)
        for key in TagKeys:
            if key not in cluster.tags:
                raise self.error("TagNotFoundFault", f"Tag {key} not found.")
        cluster.tags = {key: value for key, value in cluster.tags.items() if key not in TagKeys}
        return {"Tags": _listed(cluster.tags)}

    def list_tags(self, ResourceName: str, NextToken: str | None = None) -> dict[str, Any]:
        page, more = self._page(_listed(self._named(ResourceName).tags), None, NextToken)
        return {"Tags": page, **more}

    def describe_events(
        self,
        SourceName: str | None = None,
        SourceType: str | None = None,
        StartTime: datetime | None = None,
        EndTime: datetime | None = None,
        Duration: int | None = None,
        MaxResults: int | None = None,
        NextToken: str | None = None,
    ) -> dict[str, Any]:
        now = self.clock.time()
        window = Duration * 60 if Duration is not None else self.limits["event-window"]
        start = StartTime.timestamp() if StartTime is not None else now - window
        end = EndTime.timestamp() if EndTime is not None else now
        shown = [
            {"SourceName": name, "SourceType": kind, "Message": message, "Date": when}
            for when, kind, name, message in self.events
            if start <= when <= end and SourceName in (None, name) and SourceType in (None, kind)
        ]
        page, more = self._page(shown, MaxResults, NextToken)
        return {"Events": page, **more}

    # --- parts

    def _available(self, name: str) -> Cluster:
        """A cluster that can be changed."""
        self._drop_deleted()
        cluster: Cluster = self.clusters[name.lower()]
        if cluster.status != "available":
            raise self.error(
                "InvalidClusterStateFault", f"Cluster {cluster.name} is not in available state; it is {cluster.status}."
            )
        return cluster

    def _named(self, arn: str) -> Cluster:
        self._drop_deleted()
        prefix = self.arn("cache/")
        if not arn.startswith(prefix):
            raise self.error("InvalidARNFault", f"Invalid ARN: {arn}")
        cluster: Cluster = self.clusters[arn.removeprefix(prefix)]
        return cluster

    def _drop_deleted(self) -> None:
        for cluster in list(self.clusters):
            if cluster.status == "deleted":
                self.clusters.pop(cluster.name)

    def _zones(self, group: SubnetGroup, count: int, given: Sequence[str] | None) -> list[str]:
        """Where nodes stand: in the zones asked for, else spread over those of the subnets."""
        there = list(dict.fromkeys(zone for _, zone in group.subnets))
        if given is None:
            return [there[number % len(there)] for number in range(count)]
        if len(given) != count:
            raise self.error(
                "InvalidParameterCombinationException",
                "The length of AvailabilityZones must be equal to the number of nodes.",
            )
        for zone in given:
            if zone not in there:
                raise self._invalid(f"The subnet group {group.name} has no subnet in {zone}")
        return list(given)

    def _check_nodes(self, present: int, added: int) -> None:
        self.limits.check("nodes-per-cluster", present + added)
        self.limits.quota("nodes", sum(len(cluster.nodes) for cluster in self.clusters), adding=added)

    def _check_role(self, arn: str) -> None:
        """The role must be one that DAX may assume, as far as IAM knows it."""
        match = _ROLE.match(arn)
        refusal = self._invalid(f"No permission to assume role: {arn}")
        if match is None:
            raise refusal
        try:
            role = self.call("iam", "GetRole", RoleName=match[1])["Role"]
        except AWSError as error:
            if error.code == "NotImplemented":
                return
            raise refusal from None
        if role["Arn"] != arn or "dax.amazonaws.com" not in str(role.get("AssumeRolePolicyDocument")):
            raise refusal

    def _tags(self, tags: Mapping[str, str], new: Mapping[str, str]) -> Mapping[str, str]:
        merged = {**tags, **new}
        self.limits.check("tags-per-resource", len(merged))
        return merged

    def _note(self, kind: str, name: str, message: str) -> None:
        self.events.append((self.clock.time(), kind, name, message))

    def _page(self, found: list[Any], most: int | None, token: str | None) -> tuple[list[Any], dict[str, str]]:
        if token is not None and not token.isdecimal():
            raise self._invalid(f"Invalid NextToken: {token}")
        start = whole(token or "0")
        end = start + (most or int(self.limits["page"]))
        return found[start:end], {"NextToken": str(end)} if end < len(found) else {}

    def _invalid(self, message: str) -> AWSError:
        return self.error("InvalidParameterValueException", message)


def _listed(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]

"""A DAX cluster: its nodes, its settings and its states."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from awsim.state import Dict, Entity, Lifecycle

if TYPE_CHECKING:
    from awsim.limits.table import ServiceLimits


class Node(Entity):
    """One node; `id` is the cluster's name and a letter. Times are epoch seconds."""

    def __init__(self, id: str, zone: str, created: float, lifecycle: Lifecycle) -> None:
        self.id = id
        self.zone = zone
        self.created = created
        self.lifecycle = lifecycle


class Cluster(Entity):
    """One cluster. `settings` are CreateCluster's parameters that only are shown again."""

    def __init__(self, name: str, arn: str, label: str, region: str, settings: Mapping[str, Any]) -> None:
        self.name = name
        self.arn = arn
        self.label = label
        self.region = region
        self.settings = settings
        self.lifecycle: Lifecycle | None = None
        self.nodes = Dict()
        self.tags: Mapping[str, str] = {}

    @property
    def status(self) -> str:
        assert self.lifecycle is not None
        return self.lifecycle.state

    @property
    def is_encrypted(self) -> bool:
        """In transit."""
        return bool(self.settings.get("ClusterEndpointEncryptionType") == "TLS")

    def add_nodes(self, zones: Sequence[str], created: float, lifecycle: Lifecycle) -> None:
        letter = ord("a")
        for zone in zones:
            while (id := f"{self.name}-{chr(letter)}") in self.nodes:
                letter += 1
            self.nodes[id] = Node(id, zone, created, lifecycle)

    def describe(self, limits: ServiceLimits) -> dict[str, Any]:
        settings = self.settings
        nodes = [self._node(node, limits) for node in self.nodes.values()]
        shown: dict[str, Any] = {
            "ClusterName": self.name,
            "ClusterArn": self.arn,
            "Description": settings.get("Description"),
            "TotalNodes": len(nodes),
            "ActiveNodes": sum(1 for node in nodes if node["NodeStatus"] == "available"),
            "NodeType": settings["NodeType"],
            "Status": self.status,
            "Nodes": nodes,
            "PreferredMaintenanceWindow": settings["PreferredMaintenanceWindow"],
            "SubnetGroup": settings["SubnetGroupName"],
            "SecurityGroups": [
                {"SecurityGroupIdentifier": group, "Status": "active"} for group in settings.get("SecurityGroupIds", [])
            ],
            "IamRoleArn": settings["IamRoleArn"],
            "ParameterGroup": {
                "ParameterGroupName": settings["ParameterGroupName"],
                "ParameterApplyStatus": "in-sync",
                "NodeIdsToReboot": [],
            },
            "SSEDescription": {"Status": "ENABLED" if settings.get("Encrypted") else "DISABLED"},
            "ClusterEndpointEncryptionType": settings.get("ClusterEndpointEncryptionType") or "NONE",
            "NetworkType": settings.get("NetworkType") or "ipv4",
        }
        if self.status != "creating":
            shown["ClusterDiscoveryEndpoint"] = self._endpoint(f"{self.name}.{self.label}.dax-clusters", limits)
        if settings.get("NotificationTopicArn"):
            shown["NotificationConfiguration"] = {
                "TopicArn": settings["NotificationTopicArn"],
                "TopicStatus": settings.get("NotificationTopicStatus") or "active",
            }
        return {name: value for name, value in shown.items() if value is not None}

    def _node(self, node: Node, limits: ServiceLimits) -> dict[str, Any]:
        shown = {
            "NodeId": node.id,
            "NodeCreateTime": node.created,
            "AvailabilityZone": node.zone,
            "NodeStatus": node.lifecycle.state,
            "ParameterGroupStatus": "in-sync",
        }
        if node.lifecycle.state != "creating":
            shown["Endpoint"] = self._endpoint(f"{node.id}.{self.label}.nodes.dax-clusters", limits)
        return shown

    def _endpoint(self, host: str, limits: ServiceLimits) -> dict[str, Any]:
        address = f"{host}.{self.region}.amazonaws.com"
        scheme, row = ("daxs", "port-tls") if self.is_encrypted else ("dax", "port")
        return {"Address": address, "Port": int(limits[row]), "URL": f"{scheme}://{address}"}


class ParameterGroup(Entity):
    """A named set of parameters; `values` are those that differ from the defaults."""

    def __init__(self, name: str, description: str) -> None:
        self.name = name
        self.description = description
        self.values: Mapping[str, str] = {}

    def describe(self) -> dict[str, Any]:
        return {"ParameterGroupName": self.name, "Description": self.description}


class SubnetGroup(Entity):
    """A named set of subnets: (subnet, zone) pairs, of one VPC where EC2 knows it."""

    def __init__(self, name: str, description: str, vpc: str | None, subnets: Sequence[tuple[str, str]]) -> None:
        self.name = name
        self.description = description
        self.vpc = vpc
        self.subnets = tuple(subnets)

    def describe(self) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "SubnetGroupName": self.name,
            "Description": self.description,
            "Subnets": [
                {"SubnetIdentifier": subnet, "SubnetAvailabilityZone": zone, "SupportedNetworkTypes": ["ipv4"]}
                for subnet, zone in self.subnets
            ],
            "SupportedNetworkTypes": ["ipv4"],
        }
        return {**shown, "VpcId": self.vpc} if self.vpc is not None else shown

"""Clusters: made, described by both versions of the API, and deleted; their nodes and where clients begin."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from awsim.errors import AWSError
from awsim.sealing import unusable
from awsim.services.kafka import checks
from awsim.services.kafka.configuring import Configuring
from awsim.services.kafka.offerings import is_express, is_kraft
from awsim.services.kafka.records import (
    CREATING,
    DELETING,
    PROVISIONED,
    SERVERLESS,
    Broker,
    Cluster,
    Settings,
)
from awsim.services.kafka.refusals import bad, exists
from awsim.state import Lifecycle
from awsim.zones import zone_id, zones_of

_MONITORING = {
    "Prometheus": {"JmxExporter": {"EnabledInBroker": False}, "NodeExporter": {"EnabledInBroker": False}},
}
# Of the brokers that a bootstrap string names.
_FIRST = 3
# Way -> (member, its port, its member and port from the internet, from other VPCs, over IPv6).
_DOORS = {
    "TLS": ("Tls", 9094, 9194),
    "SASL_SCRAM": ("SaslScram", 9096, 9196),
    "SASL_IAM": ("SaslIam", 9098, 9198),
}
_PRIVATE_PORT = 14_000


class Clusters(Configuring):
    """Operations on clusters."""

    # --- made

    def create_cluster(
        self,
        BrokerNodeGroupInfo: Settings,
        ClusterName: str,
        KafkaVersion: str,
        NumberOfBrokerNodes: int,
        Rebalancing: Settings | None = None,
        ClientAuthentication: Settings | None = None,
        ConfigurationInfo: Settings | None = None,
        EncryptionInfo: Settings | None = None,
        EnhancedMonitoring: str | None = None,
        OpenMonitoring: Settings | None = None,
        LoggingInfo: Settings | None = None,
        Tags: Mapping[str, str] | None = None,
        StorageMode: str | None = None,
    ) -> dict[str, Any]:
        given = {
            "BrokerNodeGroupInfo": BrokerNodeGroupInfo,
            "KafkaVersion": KafkaVersion,
            "NumberOfBrokerNodes": NumberOfBrokerNodes,
            "Rebalancing": Rebalancing,
            "ClientAuthentication": ClientAuthentication,
            "ConfigurationInfo": ConfigurationInfo,
            "EncryptionInfo": EncryptionInfo,
            "EnhancedMonitoring": EnhancedMonitoring,
            "OpenMonitoring": OpenMonitoring,
            "LoggingInfo": LoggingInfo,
            "StorageMode": StorageMode,
        }
        cluster = self._provisioned(ClusterName, given, Tags)
        return {"ClusterArn": cluster.arn, "ClusterName": ClusterName, "State": CREATING}

    def create_cluster_v2(
        self,
        ClusterName: str,
        Tags: Mapping[str, str] | None = None,
        Provisioned: Settings | None = None,
        Serverless: Settings | None = None,
    ) -> dict[str, Any]:
        if (Provisioned is None) == (Serverless is None):
            raise bad("Specify either provisioned or serverless.")
        if Provisioned is not None:
            cluster = self._provisioned(ClusterName, Provisioned, Tags)
        else:
            assert Serverless is not None
            cluster = self._serverless(ClusterName, Serverless, Tags)
        shown = {"ClusterArn": cluster.arn, "ClusterName": ClusterName, "State": CREATING}
        return {**shown, "ClusterType": cluster.type}

    def _provisioned(self, name: str, given: Settings, tags: Mapping[str, str] | None) -> Cluster:
        group = given["BrokerNodeGroupInfo"]
        version, type = given["KafkaVersion"], group["InstanceType"]
        subnets: list[str] = group["ClientSubnets"]
        count: int = given["NumberOfBrokerNodes"]
        checks.name(name, "clusterName")
        checks.version(version)
        checks.instance_type(type)
        zones = self._zones(subnets)
        checks.zones(subnets, zones, is_express(type), self.limits)
        checks.count(count, len(subnets), is_kraft(version), self.limits, "numberOfBrokerNodes")
        settings = self._settings(given)
        cluster = self._new(name, PROVISIONED, tags)
        self.room_for(count)
        cluster.settings = settings
        network = {"ClientSubnets": subnets, "SecurityGroups": group.get("SecurityGroups")}
        cluster.network = {**network, "ZoneIds": [zone_id(zone) for zone in zones]}
        cluster.brokers = self.placed(subnets, zones, 1, count)
        self._begin(cluster, "cluster-creation")
        return cluster

    def _settings(self, given: Settings) -> dict[str, Any]:
        """The settings of a provisioned cluster as it is asked for, complete and checked."""
        group = given["BrokerNodeGroupInfo"]
        type, version = group["InstanceType"], given["KafkaVersion"]
        express = is_express(type)
        encryption = given.get("EncryptionInfo") or {}
        at_rest = encryption.get("EncryptionAtRest")
        if at_rest is None:
            at_rest = {"DataVolumeKMSKeyId": self._managed_key()}
        elif (problem := unusable(self, at_rest["DataVolumeKMSKeyId"])) is not None:
            raise bad(problem, "dataVolumeKMSKeyId")
        in_transit = {"ClientBroker": "TLS", "InCluster": True, **(encryption.get("EncryptionInTransit") or {})}
        rebalancing = given.get("Rebalancing")
        if rebalancing and not express:
            raise bad("Intelligent rebalancing is only for clusters with Express brokers.", "rebalancing")
        settings: dict[str, Any] = {
            "InstanceType": type,
            "KafkaVersion": version,
            "NumberOfBrokerNodes": given["NumberOfBrokerNodes"],
            "ClientAuthentication": checks.authentication(given.get("ClientAuthentication")),
            "EncryptionInfo": {"EncryptionAtRest": at_rest, "EncryptionInTransit": in_transit},
            "EnhancedMonitoring": given.get("EnhancedMonitoring") or "DEFAULT",
            "OpenMonitoring": given.get("OpenMonitoring") or _MONITORING,
            "LoggingInfo": given.get("LoggingInfo"),
            "ConnectivityInfo": checks.connectivity(group.get("ConnectivityInfo")),
            "Rebalancing": rebalancing or ({"Status": "ACTIVE"} if express else None),
            "StorageMode": None if express else given.get("StorageMode") or "LOCAL",
        }
        if checks.is_public(settings["ConnectivityInfo"]):
            raise bad("Public access can't be turned on before the cluster is active.", "publicAccess")
        checks.security(settings, express)
        checks.check_private(settings)
        configuration = given.get("ConfigurationInfo")
        if configuration is not None:
            self.fitting(configuration, version)
            settings["ConfigurationInfo"] = configuration
        settings["BrokerEBSVolumeInfo"] = self._volumes(group, given)
        return {name: value for name, value in settings.items() if value is not None}

    def _volumes(self, group: Settings, given: Settings) -> list[dict[str, Any]] | None:
        storage = group.get("StorageInfo")
        type = group["InstanceType"]
        if is_express(type):
            if storage or given.get("StorageMode"):
                raise bad("The storage of Express brokers is managed by MSK.", "storageInfo")
            return None
        volume = (storage or {}).get("EbsStorageInfo") or {}
        size = volume.get("VolumeSize") or int(self.limits["default-volume-size"])
        speed = volume.get("ProvisionedThroughput")
        checks.throughput(speed, type, size, self.limits)
        shown = {"VolumeSizeGB": size, **({"ProvisionedThroughput": speed} if speed else {})}
        return [{"KafkaBrokerNodeId": str(n), **shown} for n in range(1, given["NumberOfBrokerNodes"] + 1)]

    def _serverless(self, name: str, given: Settings, tags: Mapping[str, str] | None) -> Cluster:
        checks.name(name, "clusterName")
        iam = ((given.get("ClientAuthentication") or {}).get("Sasl") or {}).get("Iam") or {}
        if not iam.get("Enabled"):
            raise bad("Serverless clusters need IAM authentication.", "clientAuthentication")
        if not given["VpcConfigs"]:
            raise self.limits.error("vpcs-per-serverless-cluster")
        self.limits.check("vpcs-per-serverless-cluster", len(given["VpcConfigs"]))
        for config in given["VpcConfigs"]:
            subnets = config["SubnetIds"]
            if len(set(self._zones(subnets))) != len(subnets) or len(subnets) < 2:
                raise bad("A VPC configuration needs subnets in at least two Availability Zones.", "subnetIds")
        cluster = self._new(name, SERVERLESS, tags)
        self.limits.quota("serverless-clusters", sum(each.is_serverless for each in self.clusters))
        authentication = {"Sasl": {"Iam": {"Enabled": True}}}
        cluster.network = {"VpcConfigs": given["VpcConfigs"], "ClientAuthentication": authentication}
        self._begin(cluster, "serverless-creation")
        return cluster

    def _new(self, name: str, type: str, tags: Mapping[str, str] | None) -> Cluster:
        if any(cluster.name == name for cluster in self.clusters):
            raise exists("clusterName")
        uuid = f"{self.ids.uuid('cluster')}-{'s1' if type == SERVERLESS else '2'}"
        label = self.ids.text("label", 6, "abcdefghijklmnopqrstuvwxyz0123456789")
        cluster = Cluster(name, self.arn(f"cluster/{name}/{uuid}"), type, self.clock.time(), label)
        cluster.version = self.new_version()
        self.tagged(cluster, tags)
        return cluster

    def _begin(self, cluster: Cluster, row: str) -> None:
        cluster.lifecycle = Lifecycle(self, [(CREATING, row), ("ACTIVE", None)])
        self.clusters.add(cluster)

    def _zones(self, subnets: list[str]) -> list[str]:
        try:
            return zones_of(self, subnets)
        except AWSError:
            raise bad("One or more subnets don't exist.", "clientSubnets") from None

    def _managed_key(self) -> str:
        """The key of the account that AWS manages for MSK."""
        return f"arn:{self.partition}:kms:{self.region}:{self.account}:alias/aws/kafka"

    # --- described

    def describe_cluster(self, ClusterArn: str) -> dict[str, Any]:
        cluster = self.provisioned(ClusterArn)
        return {"ClusterInfo": cluster.described(self.state_of(cluster), self.domain)}

    def describe_cluster_v2(self, ClusterArn: str) -> dict[str, Any]:
        cluster = self.cluster(ClusterArn)
        return {"ClusterInfo": cluster.described_v2(self.state_of(cluster), self.domain)}

    def list_clusters(
        self, ClusterNameFilter: str | None = None, MaxResults: int | None = None, NextToken: str | None = None
    ) -> dict[str, Any]:
        """Provisioned ones alone."""
        found = [each for each in self._named(ClusterNameFilter) if not each.is_serverless]

        def shown(cluster: Cluster) -> dict[str, Any]:
            return cluster.described(self.state_of(cluster), self.domain)

        return self.page("ClusterInfoList", found, shown, lambda each: each.name, NextToken, MaxResults)

    def list_clusters_v2(
        self,
        ClusterNameFilter: str | None = None,
        ClusterTypeFilter: str | None = None,
        MaxResults: int | None = None,
        NextToken: str | None = None,
    ) -> dict[str, Any]:
        if ClusterTypeFilter not in (None, PROVISIONED, SERVERLESS):
            raise bad(f"The type of clusters must be {PROVISIONED} or {SERVERLESS}.", "clusterTypeFilter")
        found = [each for each in self._named(ClusterNameFilter) if ClusterTypeFilter in (None, each.type)]

        def shown(cluster: Cluster) -> dict[str, Any]:
            return cluster.described_v2(self.state_of(cluster), self.domain)

        return self.page("ClusterInfoList", found, shown, lambda each: each.name, NextToken, MaxResults)

    def _named(self, begin: str | None) -> list[Cluster]:
        return [cluster for cluster in self.clusters if cluster.name.startswith(begin or "")]

    def list_nodes(
        self, ClusterArn: str, MaxResults: int | None = None, NextToken: str | None = None
    ) -> dict[str, Any]:
        cluster = self.provisioned(ClusterArn)
        out = self.out(cluster)

        def shown(broker: Broker) -> dict[str, Any]:
            return self._node(cluster, broker, broker.id in out)

        return self.page(
            "NodeInfoList", cluster.brokers, shown, lambda broker: f"{broker.id:06d}", NextToken, MaxResults
        )

    def _node(self, cluster: Cluster, broker: Broker, out: bool) -> dict[str, Any]:
        """A broker that is out keeps its place in the cluster, and can be reached nowhere."""
        added = datetime.fromtimestamp(broker.added, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        shown: dict[str, Any] = {
            "BrokerId": broker.id,
            "ClientSubnet": broker.subnet,
            "CurrentBrokerSoftwareInfo": cluster.software(),
        }
        if not out:
            shown["AttachedENIId"] = broker.interface
            shown["ClientVpcIpAddress"] = broker.ip
            shown["Endpoints"] = [f"b-{broker.id}.{cluster.host}.{self.domain}"]
        return {
            "AddedToClusterTime": added,
            "BrokerNodeInfo": shown,
            "InstanceType": cluster.settings["InstanceType"].removeprefix("kafka."),
            "NodeARN": self.arn(f"broker/{cluster.name}/{cluster.uuid}/{broker.uuid}"),
            "NodeType": "BROKER",
        }

    def get_bootstrap_brokers(self, ClusterArn: str) -> dict[str, Any]:
        """Names of brokers, which stay as they are while zones are out."""
        cluster = self.cluster(ClusterArn)
        state = cluster.lifecycle.state
        if state in (CREATING, DELETING):
            raise bad(f"You can't get bootstrap broker nodes for a cluster in {state} state.")
        if cluster.is_serverless:
            host = f"boot-{cluster.label}.c1.kafka-serverless.{self.region}.amazonaws.com"
            return {"BootstrapBrokerStringSaslIam": f"{host}:9098"}
        return self._doors(cluster)

    def _doors(self, cluster: Cluster) -> dict[str, str]:
        settings = cluster.settings
        ways = checks.ways(settings)
        in_clear: str = settings["EncryptionInfo"]["EncryptionInTransit"]["ClientBroker"]
        open = settings["ClientAuthentication"]["Unauthenticated"]["Enabled"]
        ways["TLS"] = in_clear != "PLAINTEXT" and (ways["TLS"] or open)
        connectivity = settings["ConnectivityInfo"]
        dual, private = connectivity["NetworkType"] == "DUAL", checks.private_ways(connectivity)
        found = {}
        if open and in_clear != "TLS":
            found[""] = self._bootstrap(cluster, 9092)
            if dual:
                found["Ipv6"] = self._bootstrap(cluster, 9092, ipv6=True)
        for way, (member, port, public_port) in _DOORS.items():
            if ways[way]:
                found[member] = self._bootstrap(cluster, port)
                if dual:
                    found[f"{member}Ipv6"] = self._bootstrap(cluster, port, ipv6=True)
                if checks.is_public(connectivity):
                    found[f"Public{member}"] = self._bootstrap(cluster, public_port, "-public")
            if private[way]:
                kind = way.rpartition("_")[2].lower()
                found[f"VpcConnectivity{member}"] = self._bootstrap(cluster, None, f".{kind}")
        return {f"BootstrapBrokerString{member}": text for member, text in found.items()}

    def _bootstrap(self, cluster: Cluster, port: int | None, mark: str = "", ipv6: bool = False) -> str:
        domain = f"kafka.{self.region}.api.aws" if ipv6 else self.domain
        return ",".join(
            f"b-{broker.id}{mark}.{cluster.host}.{domain}:{port or _PRIVATE_PORT + broker.id}"
            for broker in cluster.brokers[:_FIRST]
        )

    # --- deleted

    def delete_cluster(self, ClusterArn: str, CurrentVersion: str | None = None) -> dict[str, Any]:
        cluster = self.cluster(ClusterArn)
        if cluster.lifecycle.state != "ACTIVE":
            self.ready(cluster)
        self.current(cluster.version, CurrentVersion)
        cluster.lifecycle = Lifecycle(self, [(DELETING, "cluster-deletion"), ("DELETED", None)])
        self.later(self.limits.duration("cluster-deletion"), "_gone", arn=cluster.arn)
        return {"ClusterArn": cluster.arn, "State": DELETING}

    def _gone(self, arn: str) -> None:
        cluster: Cluster = self.clusters.pop(arn)
        for connection in cluster.connections.values():
            connection.lifecycle = Lifecycle.settled(self, "INACTIVE")
        if cluster.is_serverless:
            self.limits.used("serverless-clusters", sum(each.is_serverless for each in self.clusters))
        self.count_brokers()

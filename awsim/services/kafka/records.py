"""What MSK keeps: clusters with brokers, topics and operations, configurations, VPC connections and replicators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from awsim.services.kafka.offerings import is_express, is_kraft
from awsim.state import Dict, Entity, Lifecycle, Tags

Settings = Mapping[str, Any]

ACTIVE, CREATING, UPDATING, DELETING = "ACTIVE", "CREATING", "UPDATING", "DELETING"
PROVISIONED, SERVERLESS = "PROVISIONED", "SERVERLESS"


class Broker(NamedTuple):
    """One broker node. `added` is in epoch seconds."""

    id: int
    subnet: str
    zone: str
    ip: str
    interface: str
    uuid: str
    added: float


class Operation(Entity):
    """What is done to a cluster. `source` and `target`: the settings that change, as they are and as they are to be."""

    __slots__ = ("arn", "cluster", "created", "lifecycle", "number", "request", "source", "target", "type")

    def __init__(self, arn: str, type: str, cluster: Cluster, number: int, created: float, request: str) -> None:
        self.arn = arn
        self.type = type
        self.cluster = cluster
        self.number = number
        self.created = created
        self.request = request
        self.source: Settings = {}
        self.target: Settings = {}
        self.lifecycle: Lifecycle

    @property
    def ended(self) -> float | None:
        if not self.lifecycle.settled_now:
            return None
        return self.lifecycle.ends_at() or self.created

    def described(self) -> dict[str, Any]:
        return {
            "ClientRequestId": self.request,
            "ClusterArn": self.cluster.arn,
            "CreationTime": self.created,
            "EndTime": self.ended,
            "OperationArn": self.arn,
            "OperationState": self.lifecycle.state,
            "OperationType": self.type,
            "SourceClusterInfo": self.source,
            "TargetClusterInfo": self.target,
        }

    def summarised(self) -> dict[str, Any]:
        return {
            "ClusterArn": self.cluster.arn,
            "ClusterType": self.cluster.type,
            "StartTime": self.created,
            "EndTime": self.ended,
            "OperationArn": self.arn,
            "OperationState": self.lifecycle.state,
            "OperationType": self.type,
        }


class Topic(Entity):
    """A topic. `replicas`: of each partition, the brokers that hold it, its leader first."""

    __slots__ = ("arn", "configs", "lifecycle", "name", "replicas")

    def __init__(self, name: str, arn: str, configs: str | None) -> None:
        self.name = name
        self.arn = arn
        self.configs = configs
        self.replicas: tuple[tuple[int, ...], ...] = ()
        self.lifecycle: Lifecycle

    @property
    def factor(self) -> int:
        return len(self.replicas[0])

    def grow(self, count: int, factor: int, brokers: Sequence[int]) -> None:
        """Have so many partitions, each on brokers of as many zones as there are."""
        added = [
            tuple(brokers[(partition + step) % len(brokers)] for step in range(factor))
            for partition in range(len(self.replicas), count)
        ]
        self.replicas = (*self.replicas, *added)

    def answered(self) -> dict[str, Any]:
        return {"TopicArn": self.arn, "TopicName": self.name, "Status": self.lifecycle.state}

    def described(self) -> dict[str, Any]:
        counts = {"ReplicationFactor": self.factor, "PartitionCount": len(self.replicas)}
        return {**self.answered(), **counts, "Configs": self.configs}

    def listed(self, out: frozenset[int]) -> dict[str, Any]:
        """As ListTopics has it, while some brokers are out."""
        counts = {"ReplicationFactor": self.factor, "PartitionCount": len(self.replicas)}
        behind = sum(broker in out for replicas in self.replicas for broker in replicas)
        return {"TopicArn": self.arn, "TopicName": self.name, **counts, "OutOfSyncReplicaCount": behind}

    def partitions(self, out: frozenset[int]) -> list[dict[str, Any]]:
        """Partitions while some brokers are out: the first replica in sync leads, nobody (-1) where none is."""
        listed = []
        for number, replicas in enumerate(self.replicas):
            in_sync = [broker for broker in replicas if broker not in out]
            leader = in_sync[0] if in_sync else -1
            listed.append({"Partition": number, "Leader": leader, "Replicas": list(replicas), "Isr": in_sync})
        return listed


class Cluster(Entity):
    """One cluster.

    `settings` of a provisioned one are those that operations change, named as in MutableClusterInfo; `network` is what
    stays: its subnets and security groups, or the VpcConfigs of a serverless one. `label` is in its hosts' names.
    """

    __slots__ = (
        "active_operation", "arn", "brokers", "connections", "created", "label", "lifecycle", "name", "network",
        "operations", "policy", "policy_version", "secrets", "settings", "storage_changed", "tags", "topics", "type",
        "uuid", "version",
    )  # fmt: skip

    def __init__(self, name: str, arn: str, type: str, created: float, label: str) -> None:
        self.name = name
        self.arn = arn
        self.uuid = arn.rpartition("/")[2]
        self.type = type
        self.created = created
        self.label = label
        self.version = ""
        self.settings: Settings = {}
        self.network: Settings = {}
        self.brokers: tuple[Broker, ...] = ()
        self.tags = Tags()
        self.topics = Dict()
        self.operations = Dict()
        self.connections = Dict()
        self.active_operation: str | None = None
        self.storage_changed: float | None = None
        self.secrets: tuple[str, ...] = ()
        self.policy: str | None = None
        self.policy_version = ""
        self.lifecycle: Lifecycle

    @property
    def is_serverless(self) -> bool:
        return self.type == SERVERLESS

    @property
    def is_express(self) -> bool:
        return not self.is_serverless and is_express(self.settings["InstanceType"])

    @property
    def is_kraft(self) -> bool:
        return is_kraft(self.settings["KafkaVersion"])

    @property
    def claimed(self) -> int:
        """How many brokers it has, or will have once what is being done to it is done."""
        running = self.operations.get(self.active_operation)
        return max(len(self.brokers), 0 if running is None else running.target.get("NumberOfBrokerNodes", 0))

    @property
    def host(self) -> str:
        """What the names of its brokers end in, but for Kafka's domain."""
        return f"{self.name.lower()}.{self.label}.c{self.uuid.rpartition('-')[2]}"

    def software(self) -> dict[str, Any]:
        configuration = self.settings.get("ConfigurationInfo") or {}
        return {
            "KafkaVersion": self.settings["KafkaVersion"],
            "ConfigurationArn": configuration.get("Arn"),
            "ConfigurationRevision": configuration.get("Revision"),
        }

    def group(self) -> dict[str, Any]:
        """Its BrokerNodeGroupInfo."""
        shown = {
            "BrokerAZDistribution": "DEFAULT",
            **self.network,
            "InstanceType": self.settings["InstanceType"],
            "ConnectivityInfo": self.settings["ConnectivityInfo"],
        }
        volumes = self.settings.get("BrokerEBSVolumeInfo")
        if volumes:
            volume = {
                "VolumeSize": volumes[0]["VolumeSizeGB"],
                "ProvisionedThroughput": volumes[0].get("ProvisionedThroughput"),
            }
            shown["StorageInfo"] = {"EbsStorageInfo": volume}
        return shown

    def provisioned(self, domain: str) -> dict[str, Any]:
        """What is described of a provisioned cluster alike by both versions of the API."""
        settings = self.settings
        shown = {
            "BrokerNodeGroupInfo": self.group(),
            "CurrentBrokerSoftwareInfo": self.software(),
            "NumberOfBrokerNodes": len(self.brokers),
            "CustomerActionStatus": "NONE",
            **{name: settings.get(name) for name in _SHOWN},
        }
        if not self.is_kraft:
            hosts = [f"z-{number}.{self.host}.{domain}" for number in (1, 2, 3)]
            shown["ZookeeperConnectString"] = ",".join(f"{host}:2181" for host in hosts)
            shown["ZookeeperConnectStringTls"] = ",".join(f"{host}:2182" for host in hosts)
        return shown

    def head(self, state: str) -> dict[str, Any]:
        return {
            "ActiveOperationArn": self.active_operation,
            "ClusterArn": self.arn,
            "ClusterName": self.name,
            "CreationTime": self.created,
            "CurrentVersion": self.version,
            "State": state,
            "Tags": self.tags.as_dict(),
        }

    def described(self, state: str, domain: str) -> dict[str, Any]:
        """As the first version of the API has a provisioned cluster."""
        return {**self.head(state), **self.provisioned(domain)}

    def described_v2(self, state: str, domain: str) -> dict[str, Any]:
        shown = {**self.head(state), "ClusterType": self.type}
        if self.is_serverless:
            return {**shown, "Serverless": {**self.network, "ConnectivityInfo": {"NetworkType": "IPV4"}}}
        return {**shown, "Provisioned": self.provisioned(domain)}


_SHOWN = (
    "ClientAuthentication", "EncryptionInfo", "EnhancedMonitoring", "LoggingInfo", "OpenMonitoring", "Rebalancing",
    "StorageMode",
)  # fmt: skip


class Revision(NamedTuple):
    """One revision of a configuration: the contents of its server.properties."""

    number: int
    created: float
    description: str | None
    properties: bytes

    def described(self) -> dict[str, Any]:
        return {"CreationTime": self.created, "Description": self.description, "Revision": self.number}


class Configuration(Entity):
    """A configuration and its revisions. `versions` are those of Kafka that it is for, none: all."""

    __slots__ = ("arn", "created", "description", "name", "revisions", "versions")

    def __init__(self, name: str, arn: str, created: float, description: str | None, versions: Sequence[str]) -> None:
        self.name = name
        self.arn = arn
        self.created = created
        self.description = description
        self.versions = tuple(versions)
        self.revisions: tuple[Revision, ...] = ()

    def add(self, created: float, description: str | None, properties: bytes) -> Revision:
        revision = Revision(len(self.revisions) + 1, created, description, properties)
        self.revisions = (*self.revisions, revision)
        return revision

    def described(self) -> dict[str, Any]:
        return {
            "Arn": self.arn,
            "CreationTime": self.created,
            "Description": self.description or "",
            "KafkaVersions": list(self.versions),
            "LatestRevision": self.revisions[-1].described(),
            "Name": self.name,
            "State": ACTIVE,
        }


class Connection(Entity):
    """A managed VPC connection to a cluster, of the account that made it."""

    __slots__ = ("arn", "authentication", "cluster", "created", "lifecycle", "network", "owner", "tags")

    def __init__(self, arn: str, cluster: str, owner: str, authentication: str, network: Settings, now: float) -> None:
        self.arn = arn
        self.cluster = cluster
        self.owner = owner
        self.authentication = authentication
        self.network = network
        self.created = now
        self.tags = Tags()
        self.lifecycle: Lifecycle

    @property
    def state(self) -> str:
        return self.lifecycle.state

    def head(self) -> dict[str, Any]:
        return {
            "VpcConnectionArn": self.arn,
            "State": self.state,
            "Authentication": self.authentication,
            "CreationTime": self.created,
        }

    def answered(self) -> dict[str, Any]:
        return {**self.head(), **self.network, "Tags": self.tags.as_dict()}

    def described(self) -> dict[str, Any]:
        network = self.network
        subnets = {"Subnets": network["ClientSubnets"], "SecurityGroups": network["SecurityGroups"]}
        target = {"TargetClusterArn": self.cluster, "VpcId": network["VpcId"]}
        return {**self.head(), **target, **subnets, "Tags": self.tags.as_dict()}

    def listed(self) -> dict[str, Any]:
        return {**self.head(), "TargetClusterArn": self.cluster, "VpcId": self.network["VpcId"]}

    def of_client(self) -> dict[str, Any]:
        return {**self.head(), "Owner": self.owner}


class Replicator(Entity):
    """A replicator. `aliases`: the ARN or id of each cluster and the name that replicated topics have of it."""

    __slots__ = (
        "aliases", "arn", "clusters", "created", "description", "lifecycle", "logs", "name", "replications", "role",
        "tags", "version",
    )  # fmt: skip

    def __init__(self, name: str, arn: str, created: float, role: str, description: str | None) -> None:
        self.name = name
        self.arn = arn
        self.created = created
        self.role = role
        self.description = description
        self.version = ""
        self.clusters: tuple[Settings, ...] = ()
        self.aliases: Mapping[str, str] = {}
        self.replications: tuple[Settings, ...] = ()
        self.logs: Settings | None = None
        self.tags = Tags()
        self.lifecycle: Lifecycle

    def answered(self) -> dict[str, Any]:
        return {
            "ReplicatorArn": self.arn,
            "ReplicatorName": self.name,
            "ReplicatorState": self.lifecycle.state,
        }

    def head(self) -> dict[str, Any]:
        return {
            **self.answered(),
            "CreationTime": self.created,
            "CurrentVersion": self.version,
            "IsReplicatorReference": False,
            "ReplicatorResourceArn": self.arn,
        }

    def _ends(self, replication: Settings) -> dict[str, str]:
        return {f"{end}KafkaClusterAlias": self.aliases[end_of(replication, end)] for end in ("Source", "Target")}

    def listed(self) -> dict[str, Any]:
        names = ("AmazonMskCluster", "ApacheKafkaCluster")
        return {
            **self.head(),
            "KafkaClustersSummary": [
                {**{name: cluster.get(name) for name in names}, "KafkaClusterAlias": self.aliases[id_of(cluster)]}
                for cluster in self.clusters
            ],
            "ReplicationInfoSummaryList": [self._ends(replication) for replication in self.replications],
        }

    def described(self) -> dict[str, Any]:
        shown = ("ConsumerGroupReplication", "TargetCompressionType", "TopicReplication")
        return {
            **self.head(),
            "ReplicatorDescription": self.description,
            "KafkaClusters": [
                {**cluster, "KafkaClusterAlias": self.aliases[id_of(cluster)]} for cluster in self.clusters
            ],
            "ReplicationInfoList": [
                {**{name: replication[name] for name in shown}, **self._ends(replication)}
                for replication in self.replications
            ],
            "ServiceExecutionRoleArn": self.role,
            "LogDelivery": self.logs,
            "Tags": self.tags.as_dict(),
        }


def id_of(cluster: Settings) -> str:
    """What a replicator's cluster is known by: the ARN of one of MSK, the id of another."""
    msk, other = cluster.get("AmazonMskCluster"), cluster.get("ApacheKafkaCluster")
    found: str = msk["MskClusterArn"] if msk else other["ApacheKafkaClusterId"] if other else ""
    return found


def end_of(replication: Settings, end: str) -> str:
    """The source or target of a replication, by ARN or id; "" where it has neither."""
    found: str = replication.get(f"{end}KafkaClusterArn") or replication.get(f"{end}KafkaClusterId") or ""
    return found

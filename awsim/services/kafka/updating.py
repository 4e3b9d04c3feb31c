"""Changes of provisioned clusters: operations that take their time, after which the cluster has a new version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from awsim.services.kafka import checks, offerings
from awsim.services.kafka.clusters import Clusters
from awsim.services.kafka.records import Cluster, Operation, Settings
from awsim.services.kafka.refusals import bad, malformed, missing, unsupported

_NOTHING = (
    "The request does not include any updates to the EBS volumes of the cluster. Verify the request, then try again."
)


class Updating(Clusters):
    """Updates of clusters, reboots of brokers, and the list of such operations."""

    # --- brokers

    def update_broker_count(
        self, ClusterArn: str, CurrentVersion: str, TargetNumberOfBrokerNodes: int
    ) -> dict[str, Any]:
        cluster = self.updatable(ClusterArn, CurrentVersion)
        count, before = TargetNumberOfBrokerNodes, len(cluster.brokers)
        parameter = "targetNumberOfBrokerNodes"
        checks.count(count, len(cluster.network["ClientSubnets"]), cluster.is_kraft, self.limits, parameter)
        if count == before:
            raise bad("The target number of broker nodes must differ from the current one.", parameter)
        if count > before:
            self.room_for(count - before)
            info = {"CreatedBrokerIds": [float(number) for number in range(before + 1, count + 1)]}
            target = {"NumberOfBrokerNodes": count, "BrokerCountUpdateInfo": info}
            return self.started(cluster, "INCREASE_BROKER_COUNT", "cluster-update", target)
        self._check_removal(cluster, count)
        info = {"DeletedBrokerIds": [float(number) for number in range(count + 1, before + 1)]}
        target = {"NumberOfBrokerNodes": count, "BrokerCountUpdateInfo": info}
        return self.started(cluster, "DECREASE_BROKER_COUNT", "cluster-update", target)

    def _check_removal(self, cluster: Cluster, count: int) -> None:
        """Brokers can be removed that hold no partitions; those with the highest ids go."""
        parameter = "targetNumberOfBrokerNodes"
        if offerings.is_burstable(cluster.settings["InstanceType"]):
            raise bad(f"Brokers of type {cluster.settings['InstanceType']} can't be removed.", parameter)
        for topic in cluster.topics.values():
            if any(broker > count for replicas in topic.replicas for broker in replicas):
                raise bad(f"Brokers that hold partitions of topic {topic.name} can't be removed.", parameter)

    def update_broker_type(self, ClusterArn: str, CurrentVersion: str, TargetInstanceType: str) -> dict[str, Any]:
        cluster = self.updatable(ClusterArn, CurrentVersion)
        checks.instance_type(TargetInstanceType, "targetInstanceType")
        old = cluster.settings["InstanceType"]
        if TargetInstanceType == old:
            raise bad("The target instance type must differ from the current one.", "targetInstanceType")
        if offerings.is_express(TargetInstanceType) != offerings.is_express(old):
            raise bad("Brokers can't be changed between Standard and Express.", "targetInstanceType")
        for volume in cluster.settings.get("BrokerEBSVolumeInfo") or ():
            speed = volume.get("ProvisionedThroughput")
            checks.throughput(speed, TargetInstanceType, volume["VolumeSizeGB"], self.limits)
        return self.started(cluster, "UPDATE_BROKER_TYPE", "cluster-update", {"InstanceType": TargetInstanceType})

    def reboot_broker(self, BrokerIds: Sequence[str], ClusterArn: str) -> dict[str, Any]:
        cluster = self.provisioned(ClusterArn)
        self.ready(cluster)
        if len(BrokerIds) != 1:
            raise bad("Specify one broker: brokers are rebooted one at a time.", "brokerIds")
        self._broker(cluster, BrokerIds[0], "brokerIds")
        return self.started(cluster, "REBOOT_NODE", "broker-reboot", {}, state="REBOOTING_BROKER")

    @staticmethod
    def _broker(cluster: Cluster, id: str, parameter: str) -> None:
        if not any(str(broker.id) == id for broker in cluster.brokers):
            raise bad(f"The cluster has no broker with the ID {id}.", parameter)

    # --- storage

    def update_broker_storage(
        self, ClusterArn: str, CurrentVersion: str, TargetBrokerEBSVolumeInfo: Sequence[Settings]
    ) -> dict[str, Any]:
        cluster = self.updatable(ClusterArn, CurrentVersion)
        given: dict[str, Settings] = {}
        for info in TargetBrokerEBSVolumeInfo:
            id = info["KafkaBrokerNodeId"]
            if id.lower() != "all":
                self._broker(cluster, id, "kafkaBrokerNodeId")
            for broker in cluster.brokers if id.lower() == "all" else [id]:
                given[str(getattr(broker, "id", broker))] = info
        return self._store(cluster, given, "UPDATE_BROKER_STORAGE")

    def update_storage(
        self,
        ClusterArn: str,
        CurrentVersion: str,
        ProvisionedThroughput: Settings | None = None,
        StorageMode: str | None = None,
        VolumeSizeGB: int | None = None,
    ) -> dict[str, Any]:
        cluster = self.updatable(ClusterArn, CurrentVersion)
        if StorageMode is None:
            info = {"VolumeSizeGB": VolumeSizeGB, "ProvisionedThroughput": ProvisionedThroughput}
            return self._store(cluster, {str(each.id): info for each in cluster.brokers}, "UPDATE_STORAGE")
        if VolumeSizeGB is not None or ProvisionedThroughput is not None:
            raise bad("The storage mode can't be updated together with the volumes.", "storageMode")
        if cluster.is_express:
            raise bad("The storage of Express brokers is managed by MSK.", "clusterArn")
        if StorageMode == "LOCAL" or cluster.settings["StorageMode"] == "TIERED":
            raise bad("The storage mode can only be changed from LOCAL to TIERED.", "storageMode")
        if offerings.is_burstable(cluster.settings["InstanceType"]):
            raise bad(f"Tiered storage isn't supported for {cluster.settings['InstanceType']}.", "storageMode")
        return self.started(cluster, "UPDATE_STORAGE", "cluster-update", {"StorageMode": StorageMode})

    def _store(self, cluster: Cluster, given: Mapping[str, Settings], type: str) -> dict[str, Any]:
        """Change volumes of brokers, which only grow."""
        if cluster.is_express:
            raise bad("The storage of Express brokers is managed by MSK.", "clusterArn")
        volumes = []
        grows = False
        for volume in cluster.settings["BrokerEBSVolumeInfo"]:
            info = given.get(volume["KafkaBrokerNodeId"], {})
            size = info.get("VolumeSizeGB") or volume["VolumeSizeGB"]
            if size < volume["VolumeSizeGB"]:
                raise bad(
                    f"The volume size {size} GiB is smaller than the current {volume['VolumeSizeGB']} GiB. The size of "
                    "a volume can only be increased.",
                    "volumeSizeGB",
                )
            self.limits.check("volume-size", size)
            speed = info.get("ProvisionedThroughput") or volume.get("ProvisionedThroughput")
            checks.throughput(speed, cluster.settings["InstanceType"], size, self.limits)
            grows = grows or size > volume["VolumeSizeGB"]
            volumes.append({**volume, "VolumeSizeGB": size, **({"ProvisionedThroughput": speed} if speed else {})})
        if volumes == cluster.settings["BrokerEBSVolumeInfo"]:
            raise bad(_NOTHING)
        self._cool(cluster)
        cluster.storage_changed = self.clock.time() if grows else cluster.storage_changed
        return self.started(cluster, type, "storage-update", {"BrokerEBSVolumeInfo": volumes})

    def _cool(self, cluster: Cluster) -> None:
        pause = self.limits.duration("storage-cool-down")
        if cluster.storage_changed is not None and self.clock.time() < cluster.storage_changed + pause:
            raise bad("The storage of the cluster was scaled less than six hours ago. Try again later.")

    # --- settings

    def update_cluster_configuration(
        self, ClusterArn: str, ConfigurationInfo: Settings, CurrentVersion: str
    ) -> dict[str, Any]:
        cluster = self.updatable(ClusterArn, CurrentVersion)
        self.fitting(ConfigurationInfo, cluster.settings["KafkaVersion"])
        target = {"ConfigurationInfo": ConfigurationInfo}
        return self.started(cluster, "UPDATE_CLUSTER_CONFIGURATION", "cluster-update", target)

    def update_cluster_kafka_version(
        self,
        ClusterArn: str,
        CurrentVersion: str,
        TargetKafkaVersion: str,
        ConfigurationInfo: Settings | None = None,
    ) -> dict[str, Any]:
        cluster = self.updatable(ClusterArn, CurrentVersion)
        valid = offerings.targets(cluster.settings["KafkaVersion"])
        if TargetKafkaVersion not in valid:
            raise unsupported("KafkaVersion", TargetKafkaVersion, valid, "targetKafkaVersion")
        target: dict[str, Any] = {"KafkaVersion": TargetKafkaVersion}
        configuration = ConfigurationInfo or cluster.settings.get("ConfigurationInfo")
        if configuration is not None:
            self.fitting(configuration, TargetKafkaVersion)
        if ConfigurationInfo is not None:
            target["ConfigurationInfo"] = ConfigurationInfo
        return self.started(cluster, "UPDATE_CLUSTER_KAFKA_VERSION", "cluster-update", target)

    def update_monitoring(
        self,
        ClusterArn: str,
        CurrentVersion: str,
        EnhancedMonitoring: str | None = None,
        OpenMonitoring: Settings | None = None,
        LoggingInfo: Settings | None = None,
    ) -> dict[str, Any]:
        cluster = self.updatable(ClusterArn, CurrentVersion)
        given = {
            "EnhancedMonitoring": EnhancedMonitoring,
            "OpenMonitoring": OpenMonitoring,
            "LoggingInfo": LoggingInfo,
        }
        return self._changed(cluster, "UPDATE_MONITORING", given)

    def update_security(
        self,
        ClusterArn: str,
        CurrentVersion: str,
        ClientAuthentication: Settings | None = None,
        EncryptionInfo: Settings | None = None,
    ) -> dict[str, Any]:
        cluster = self.updatable(ClusterArn, CurrentVersion)
        given: dict[str, Any] = {}
        if ClientAuthentication is not None:
            old = cluster.settings["ClientAuthentication"]
            given["ClientAuthentication"] = checks.authentication(ClientAuthentication, old)
        if EncryptionInfo is not None:
            given["EncryptionInfo"] = self._encrypted(cluster, EncryptionInfo)
        changed = {**cluster.settings, **given}
        checks.security(changed, cluster.is_express)
        checks.check_private(changed)
        return self._changed(cluster, "UPDATE_SECURITY", given)

    @staticmethod
    def _encrypted(cluster: Cluster, given: Settings) -> dict[str, Any]:
        """EncryptionInfo with changes: only that between clients and brokers can."""
        old = cluster.settings["EncryptionInfo"]
        in_transit = given.get("EncryptionInTransit") or {}
        if given.get("EncryptionAtRest", old["EncryptionAtRest"]) != old["EncryptionAtRest"]:
            raise bad("Encryption at rest can't be updated.", "encryptionAtRest")
        within = old["EncryptionInTransit"]["InCluster"]
        if in_transit.get("InCluster", within) != within:
            raise bad("Encryption in transit within the cluster can't be updated.", "inCluster")
        return {**old, "EncryptionInTransit": {**old["EncryptionInTransit"], **in_transit}}

    def update_connectivity(
        self,
        ClusterArn: str,
        CurrentVersion: str,
        ConnectivityInfo: Settings | None = None,
        ZookeeperAccess: Settings | None = None,
    ) -> dict[str, Any]:
        cluster = self.updatable(ClusterArn, CurrentVersion)
        old = cluster.settings["ConnectivityInfo"]
        given: dict[str, Any] = {"ZookeeperAccess": ZookeeperAccess}
        if ZookeeperAccess is not None and cluster.is_kraft:
            raise bad("KRaft-based clusters have no ZooKeeper nodes.", "zookeeperAccess")
        if ConnectivityInfo is not None:
            info = given["ConnectivityInfo"] = checks.connectivity(ConnectivityInfo, old)
            changed = {**cluster.settings, "ConnectivityInfo": info}
            if checks.is_public(info):
                checks.check_public(changed)
            checks.check_private(changed)
        return self._changed(cluster, "UPDATE_CONNECTIVITY", given)

    def update_rebalancing(self, ClusterArn: str, CurrentVersion: str, Rebalancing: Settings) -> dict[str, Any]:
        cluster = self.updatable(ClusterArn, CurrentVersion)
        if not cluster.is_express:
            raise bad("Intelligent rebalancing is only for clusters with Express brokers.", "rebalancing")
        return self._changed(cluster, "UPDATE_REBALANCING", {"Rebalancing": Rebalancing})

    def _changed(self, cluster: Cluster, type: str, given: Settings) -> dict[str, Any]:
        """Begin to change what is given and differs."""
        target = {
            name: value for name, value in given.items() if value is not None and value != cluster.settings.get(name)
        }
        if not target:
            raise bad("The request does not include any updates to the cluster. Verify the request, then try again.")
        return self.started(cluster, type, "cluster-update", target)

    # --- operations

    def describe_cluster_operation(self, ClusterOperationArn: str) -> dict[str, Any]:
        return {"ClusterOperationInfo": self._operation(ClusterOperationArn).described()}

    def describe_cluster_operation_v2(self, ClusterOperationArn: str) -> dict[str, Any]:
        operation = self._operation(ClusterOperationArn)
        changes = {"SourceClusterInfo": operation.source, "TargetClusterInfo": operation.target}
        return {"ClusterOperationInfo": {**operation.summarised(), "Provisioned": changes}}

    def list_cluster_operations(
        self, ClusterArn: str, MaxResults: int | None = None, NextToken: str | None = None
    ) -> dict[str, Any]:
        found = self.provisioned(ClusterArn).operations.values()
        return self._operations(found, Operation.described, MaxResults, NextToken)

    def list_cluster_operations_v2(
        self, ClusterArn: str, MaxResults: int | None = None, NextToken: str | None = None
    ) -> dict[str, Any]:
        found = self.cluster(ClusterArn).operations.values()
        return self._operations(found, Operation.summarised, MaxResults, NextToken)

    def _operations(self, found: Any, shown: Any, size: int | None, token: str | None) -> dict[str, Any]:
        return self.page("ClusterOperationInfoList", found, shown, lambda one: f"{one.number:09d}", token, size)

    def _operation(self, arn: str) -> Operation:
        if ":cluster-operation/" not in arn:
            raise malformed("clusterOperationArn")
        for cluster in self.clusters:
            found: Operation | None = cluster.operations.get(arn)
            if found is not None:
                return found
        raise missing("clusterOperationArn")

"""Replicators: their settings and states. What they would copy is Kafka's, and there is none."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from awsim.services.kafka import checks
from awsim.services.kafka.common import Common
from awsim.services.kafka.records import Replicator, Settings, end_of, id_of
from awsim.services.kafka.refusals import bad, exists, malformed, missing
from awsim.state import Lifecycle

_ROLE = re.compile(r"arn:[a-z-]+:iam::[0-9]{12}:role/.+\Z")
_ENDS = ("Source", "Target")


class Replicating(Common):
    """Operations on replicators."""

    def create_replicator(
        self,
        KafkaClusters: Sequence[Settings],
        ReplicationInfoList: Sequence[Settings],
        ReplicatorName: str,
        ServiceExecutionRoleArn: str,
        Description: str | None = None,
        Tags: Mapping[str, str] | None = None,
        LogDelivery: Settings | None = None,
    ) -> dict[str, Any]:
        if not _ROLE.match(ServiceExecutionRoleArn):
            raise malformed("serviceExecutionRoleArn")
        if len(KafkaClusters) != 2 or len(ReplicationInfoList) != 1:
            raise bad("A replicator has two clusters and one replication between them.", "kafkaClusters")
        aliases = {id_of(cluster): self._alias(cluster) for cluster in KafkaClusters}
        for replication in ReplicationInfoList:
            ends = [end_of(replication, end) for end in _ENDS]
            if set(ends) != set(aliases) or len(set(ends)) != 2:
                raise bad("Source and target must be the two clusters of the replicator.", "replicationInfoList")
            self._check_target(ends[1])
        if any(replicator.name == ReplicatorName for replicator in self.replicators):
            raise exists("replicatorName")
        arn = self.arn(f"replicator/{ReplicatorName}/{self.ids.uuid('replicator')}-2")
        replicator = Replicator(ReplicatorName, arn, self.clock.time(), ServiceExecutionRoleArn, Description)
        replicator.version = self.new_version()
        replicator.clusters = tuple(KafkaClusters)
        replicator.aliases = aliases
        replicator.replications = tuple(ReplicationInfoList)
        replicator.logs = LogDelivery
        self.tagged(replicator, Tags)
        self.replicators.add(replicator)
        replicator.lifecycle = Lifecycle(self, [("CREATING", "replicator-creation"), ("RUNNING", None)])
        return replicator.answered()

    def _alias(self, cluster: Settings) -> str:
        """The name that a replicator has of a cluster, which must be there if it is MSK's."""
        msk, other = cluster.get("AmazonMskCluster"), cluster.get("ApacheKafkaCluster")
        if (msk is None) == (other is None):
            raise bad("A cluster is either of Amazon MSK or another one of Apache Kafka.", "kafkaClusters")
        if msk is None:
            assert other is not None
            return str(other["ApacheKafkaClusterId"])
        parts = msk["MskClusterArn"].split(":", 5)
        if len(parts) != 6 or not parts[5].startswith("cluster/"):
            raise malformed("mskClusterArn")
        home = self.at(account=parts[4], region=parts[3])
        found = home.clusters.get(msk["MskClusterArn"])
        if found is None:
            raise missing("mskClusterArn")
        home.ready(found)
        if not found.is_serverless and not checks.ways(found.settings)["SASL_IAM"]:
            raise bad("The clusters of a replicator need IAM authentication.", "mskClusterArn")
        return str(found.name)

    def _check_target(self, target: str) -> None:
        if target.startswith("arn:") and target.split(":")[3] != self.region:
            raise bad("A replicator is created in the Region of its target cluster.", "targetKafkaClusterArn")

    def describe_replicator(self, ReplicatorArn: str) -> dict[str, Any]:
        return self._replicator(ReplicatorArn).described()

    def list_replicators(
        self, MaxResults: int | None = None, NextToken: str | None = None, ReplicatorNameFilter: str | None = None
    ) -> dict[str, Any]:
        found = [each for each in self.replicators if each.name.startswith(ReplicatorNameFilter or "")]
        return self.page("Replicators", found, Replicator.listed, lambda one: one.name, NextToken, MaxResults)

    def update_replication_info(
        self,
        CurrentVersion: str,
        ReplicatorArn: str,
        ConsumerGroupReplication: Settings | None = None,
        SourceKafkaClusterArn: str | None = None,
        SourceKafkaClusterId: str | None = None,
        TargetKafkaClusterArn: str | None = None,
        TargetKafkaClusterId: str | None = None,
        TopicReplication: Settings | None = None,
        LogDelivery: Settings | None = None,
    ) -> dict[str, Any]:
        replicator = self._running(ReplicatorArn, CurrentVersion)
        (replication,) = replicator.replications
        asked = [SourceKafkaClusterArn or SourceKafkaClusterId, TargetKafkaClusterArn or TargetKafkaClusterId]
        if asked != [end_of(replication, end) for end in _ENDS]:
            raise bad("The replicator has no replication from that source to that target.", "sourceKafkaClusterArn")
        given = {"ConsumerGroupReplication": ConsumerGroupReplication, "TopicReplication": TopicReplication}
        changed = {name: {**replication[name], **value} for name, value in given.items() if value is not None}
        if not changed and LogDelivery is None:
            raise bad("The request does not include any updates to the replicator.")
        replicator.replications = ({**replication, **changed},)
        if LogDelivery is not None:
            replicator.logs = LogDelivery
        replicator.version = self.new_version()
        replicator.lifecycle = Lifecycle(self, [("UPDATING", "replicator-change"), ("RUNNING", None)])
        return {"ReplicatorArn": ReplicatorArn, "ReplicatorState": "UPDATING"}

    def delete_replicator(self, ReplicatorArn: str, CurrentVersion: str | None = None) -> dict[str, Any]:
        replicator = self._running(ReplicatorArn, CurrentVersion)
        replicator.lifecycle = Lifecycle(self, [("DELETING", "replicator-change"), ("DELETED", None)])
        self.later(self.limits.duration("replicator-change"), "_replicator_gone", arn=ReplicatorArn)
        return {"ReplicatorArn": ReplicatorArn, "ReplicatorState": "DELETING"}

    def _replicator_gone(self, arn: str) -> None:
        self.replicators.pop(arn)

    def _replicator(self, arn: str) -> Replicator:
        if ":replicator/" not in arn:
            raise malformed("replicatorArn")
        found: Replicator | None = self.replicators.get(arn)
        if found is None:
            raise missing("replicatorArn")
        return found

    def _running(self, arn: str, version: str | None) -> Replicator:
        """A replicator that can be changed."""
        replicator = self._replicator(arn)
        if replicator.lifecycle.state != "RUNNING":
            raise bad("This operation is only valid for resources that are in one of the following states :[RUNNING]")
        if version not in (None, replicator.version):
            raise bad("The version of the replicator isn't current.", "currentVersion")
        return replicator

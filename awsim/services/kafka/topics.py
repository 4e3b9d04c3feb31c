"""Topics of provisioned clusters, as MSK's own API has them. What Kafka refuses is in Kafka's words."""

from __future__ import annotations

import re
from base64 import b64decode
from typing import Any

from awsim.services.kafka.common import Common
from awsim.services.kafka.offerings import VERSIONS
from awsim.services.kafka.records import Cluster, Topic
from awsim.services.kafka.refusals import bad, missing, refused
from awsim.state import Lifecycle

_LEGAL = re.compile(r"[a-zA-Z0-9._-]+\Z")
_FIRST_VERSION = "3.6.0"
# Topic configurations of Kafka 4.
_CONFIGS = frozenset(
    {
        "cleanup.policy", "compression.gzip.level", "compression.lz4.level", "compression.type",
        "compression.zstd.level", "delete.retention.ms", "file.delete.delay.ms", "flush.messages", "flush.ms",
        "follower.replication.throttled.replicas", "index.interval.bytes", "leader.replication.throttled.replicas",
        "local.retention.bytes", "local.retention.ms", "max.compaction.lag.ms", "max.message.bytes",
        "message.downconversion.enable", "message.format.version", "message.timestamp.after.max.ms",
        "message.timestamp.before.max.ms", "message.timestamp.difference.max.ms", "message.timestamp.type",
        "min.cleanable.dirty.ratio", "min.compaction.lag.ms", "min.insync.replicas", "preallocate",
        "remote.log.copy.disable", "remote.log.delete.on.disable", "remote.storage.enable", "retention.bytes",
        "retention.ms", "segment.bytes", "segment.index.bytes", "segment.jitter.ms", "segment.ms",
        "unclean.leader.election.enable",
    }
)  # fmt: skip
_EXPRESS_FACTOR = 3


class Topics(Common):
    """Operations on topics."""

    def create_topic(
        self,
        ClusterArn: str,
        TopicName: str,
        PartitionCount: int,
        ReplicationFactor: int,
        Configs: str | None = None,
    ) -> dict[str, Any]:
        cluster = self._reachable(ClusterArn)
        self._check_name(TopicName)
        if TopicName in cluster.topics:
            raise refused("TopicExistsException", f"Topic '{TopicName}' already exists.", "topicName")
        brokers = [broker.id for broker in cluster.brokers]
        if cluster.is_express and ReplicationFactor != _EXPRESS_FACTOR:
            raise bad("Topics of Express brokers have a replication factor of 3.", "replicationFactor")
        if ReplicationFactor > len(brokers):
            raise refused(
                "KafkaRequestException",
                f"Unable to replicate the partition {ReplicationFactor} time(s): The target replication factor of "
                f"{ReplicationFactor} cannot be reached because only {len(brokers)} broker(s) are registered.",
                "replicationFactor",
            )
        _check_configs(Configs)
        topic = Topic(TopicName, self.arn(f"topic/{cluster.name}/{cluster.uuid}/{TopicName}"), Configs)
        topic.grow(PartitionCount, ReplicationFactor, brokers)
        topic.lifecycle = Lifecycle(self, [("CREATING", "topic-change"), ("ACTIVE", None)])
        cluster.topics[TopicName] = topic
        return topic.answered()

    def update_topic(
        self, ClusterArn: str, TopicName: str, Configs: str | None = None, PartitionCount: int | None = None
    ) -> dict[str, Any]:
        cluster = self._reachable(ClusterArn)
        topic = self._hosted(cluster, TopicName)
        if Configs is None and PartitionCount is None:
            raise bad("The request does not include any updates to the topic.")
        count = len(topic.replicas)
        if PartitionCount is not None and PartitionCount <= count:
            message = (
                f"The topic {TopicName} currently has {count} partition(s); {PartitionCount} would not be an increase."
            )
            if PartitionCount == count:
                message = f"Topic already has {count} partition(s)."
            raise refused("KafkaRequestException", message, "partitionCount")
        _check_configs(Configs)
        if PartitionCount is not None:
            topic.grow(PartitionCount, topic.factor, [broker.id for broker in cluster.brokers])
        if Configs is not None:
            topic.configs = Configs
        topic.lifecycle = Lifecycle(self, [("UPDATING", "topic-change"), ("ACTIVE", None)])
        return topic.answered()

    def delete_topic(self, ClusterArn: str, TopicName: str) -> dict[str, Any]:
        cluster = self._reachable(ClusterArn)
        topic = self._hosted(cluster, TopicName)
        topic.lifecycle = Lifecycle(self, [("DELETING", "topic-change"), ("DELETED", None)])
        self.later(self.limits.duration("topic-change"), "_topic_gone", cluster=cluster.arn, topic=TopicName)
        return topic.answered()

    def _topic_gone(self, cluster: str, topic: str) -> None:
        found: Cluster | None = self.clusters.get(cluster)
        if found is not None:
            found.topics.pop(topic, None)

    def describe_topic(self, ClusterArn: str, TopicName: str) -> dict[str, Any]:
        return self._known(self._readable(ClusterArn), TopicName).described()

    def describe_topic_partitions(
        self, ClusterArn: str, TopicName: str, MaxResults: int | None = None, NextToken: str | None = None
    ) -> dict[str, Any]:
        cluster = self._readable(ClusterArn)
        found = self._known(cluster, TopicName).partitions(self.out(cluster))
        return self.page("Partitions", found, dict, lambda one: f"{one['Partition']:09d}", NextToken, MaxResults)

    def list_topics(
        self,
        ClusterArn: str,
        MaxResults: int | None = None,
        NextToken: str | None = None,
        TopicNameFilter: str | None = None,
    ) -> dict[str, Any]:
        cluster = self._readable(ClusterArn)
        found = [topic for topic in cluster.topics.values() if topic.name.startswith(TopicNameFilter or "")]
        out = self.out(cluster)

        def shown(topic: Topic) -> dict[str, Any]:
            return topic.listed(out)

        return self.page("Topics", found, shown, lambda topic: topic.name, NextToken, MaxResults)

    # --- parts

    def _readable(self, arn: str) -> Cluster:
        """A cluster whose topics can be looked at, also while some of its brokers are out."""
        cluster = self.provisioned(arn)
        order = [version for version, _ in VERSIONS]
        if order.index(cluster.settings["KafkaVersion"]) < order.index(_FIRST_VERSION):
            raise bad(f"Topics can be managed from Apache Kafka version {_FIRST_VERSION} on.", "clusterArn")
        if self.state_of(cluster) in ("CREATING", "DELETING"):
            self.ready(cluster)
        return cluster

    def _reachable(self, arn: str) -> Cluster:
        """A cluster whose topics can be changed."""
        cluster = self._readable(arn)
        if len(self.out(cluster)) == len(cluster.brokers):
            raise refused("ClusterConnectivityException", "The brokers of the cluster can't be reached.", "clusterArn")
        return cluster

    def _check_name(self, name: str) -> None:
        self.limits.check("topic-name-length", len(name), name=name)
        if name in (".", ".."):
            raise refused("KafkaRequestException", 'Topic name is illegal, it can\'t be "." or ".."', "topicName")
        if not _LEGAL.match(name):
            raise refused(
                "KafkaRequestException",
                f"Topic name is illegal, contains a character other than ASCII alphanumerics, '.', '_' and '-': {name}",
                "topicName",
            )

    @staticmethod
    def _known(cluster: Cluster, name: str) -> Topic:
        found: Topic | None = cluster.topics.get(name)
        if found is None:
            raise missing("topicName")
        return found

    @staticmethod
    def _hosted(cluster: Cluster, name: str) -> Topic:
        """As `_known`, in Kafka's words."""
        found: Topic | None = cluster.topics.get(name)
        if found is None or found.lifecycle.state == "DELETING":
            message = "This server does not host this topic-partition."
            raise refused("UnknownTopicOrPartitionException", message, "topicName")
        return found


def _check_configs(text: str | None) -> None:
    """Refuse what is no Base64 of `name=value` lines, and configurations that Kafka does not have."""
    if text is None:
        return
    try:
        lines = b64decode(text, validate=True).decode().splitlines()
    except ValueError:
        raise bad("Topic configurations must be encoded as a Base64 string.", "configs") from None
    for line in filter(None, map(str.strip, lines)):
        name, mark, _ = line.partition("=")
        if line.startswith("#"):
            continue
        if not mark:
            raise bad(f"The topic configuration {line} is not valid.", "configs")
        if name.strip() not in _CONFIGS:
            raise refused("KafkaRequestException", f"Unknown topic config name: {name.strip()}", "configs")

"""What all operations of MSK share: look-ups, states, operations on clusters, tags and pages."""

from __future__ import annotations

import string
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from awsim.auth.policy import parse
from awsim.errors import AWSError
from awsim.gateway.validate import Violation
from awsim.service import ResourceSide, Service
from awsim.services.kafka.records import ACTIVE, UPDATING, Broker, Cluster, Operation, Settings
from awsim.services.kafka.refusals import STALE, bad, malformed, missing
from awsim.state import Collection, Lifecycle
from awsim.state.pages import listed

_VERSION = string.ascii_uppercase + string.digits
# What the policy of a cluster can let other accounts do.
_SHARED = frozenset({"CreateVpcConnection", "DescribeCluster", "DescribeClusterV2", "GetBootstrapBrokers"})


class Common(Service):
    """Clusters, and what is done to them."""

    name = "kafka"
    validation_error = "BadRequestException"

    clusters = Collection("cluster", key="arn")
    configurations = Collection("configuration", key="arn", quota="configurations")
    connections = Collection("connection", key="arn")
    replicators = Collection("replicator", key="arn", quota="replicators")

    def violation(self, violations: Sequence[Violation]) -> AWSError:
        error = super().violation(violations)
        error.fields["InvalidParameter"] = violations[0].path.rpartition(".")[2].partition("[")[0]
        return error

    def resource_policy(self, arn: str) -> ResourceSide:
        """The policy of a cluster is that of its topics too."""
        parts = arn.split(":", 5)
        if len(parts) != 6 or not parts[4].isdecimal():
            return ResourceSide(self.account)
        kind, *path = parts[5].split("/")
        home = self if parts[4] == self.account else self.at(account=parts[4])
        found = None
        if kind in ("cluster", "topic") and len(path) > 1:
            found = home.clusters.get(home.arn(f"cluster/{path[0]}/{path[1]}"))
        if found is None or found.policy is None:
            return ResourceSide(parts[4])
        return ResourceSide(parts[4], (parse(found.policy, "resource"),))

    def condition_value(self, key: str, resource: str) -> Any:
        if key != "kafka:publicaccessenabled":
            return None
        access = (self.request.params.get("ConnectivityInfo") or {}).get("PublicAccess")
        return None if access is None else str(access.get("Type") == "SERVICE_PROVIDED_EIPS").lower()

    def resource_arn(self, name: str, arn: str, params: Mapping[str, Any]) -> str:
        """A topic is named by its cluster's ARN and its name."""
        cluster, topic = params.get("ClusterArn"), params.get("TopicName")
        if name == "topic" and cluster and topic:
            return f"{cluster.replace(':cluster/', ':topic/', 1)}/{topic}"
        return arn

    # --- look-ups

    def cluster(self, arn: str, parameter: str = "clusterArn") -> Cluster:
        """The cluster with an ARN; one of another account for what its policy admits the caller to."""
        parts = arn.split(":", 5)
        if len(parts) != 6 or parts[2] != "kafka" or not parts[5].startswith("cluster/"):
            raise malformed(parameter)
        shared = parts[4] != self.account and self.request.operation in _SHARED
        found: Cluster | None = (self.at(account=parts[4]) if shared else self).clusters.get(arn)
        if found is None:
            raise missing(parameter)
        # Under `authorization` all has been decided.
        if shared and self.cloud.authorization is None and self.caller.service is None:
            from awsim.gateway.authorizer import check_strangers

            check_strangers(self.request, self.resource_policy(arn), arn.__eq__)
        return found

    def provisioned(self, arn: str) -> Cluster:
        """A cluster that has brokers."""
        cluster = self.cluster(arn)
        if cluster.is_serverless:
            raise bad("This operation isn't supported for serverless clusters.", "clusterArn")
        return cluster

    def updatable(self, arn: str, version: str | None) -> Cluster:
        """A provisioned cluster that can be changed now; `version` is what the caller holds for its own."""
        cluster = self.provisioned(arn)
        self.ready(cluster)
        self.current(cluster.version, version)
        return cluster

    def ready(self, cluster: Cluster) -> None:
        if self.state_of(cluster) != ACTIVE:
            raise bad("This operation is only valid for resources that are in one of the following states :[ACTIVE]")

    @staticmethod
    def current(version: str, given: str | None) -> None:
        if given not in (None, version):
            raise bad(STALE, "currentVersion")

    def state_of(self, cluster: Cluster) -> str:
        """A cluster some of whose brokers are out is being healed, and cannot be changed."""
        state = cluster.lifecycle.state
        return "HEALING" if state == ACTIVE and self.out(cluster) else state

    def out(self, cluster: Cluster) -> frozenset[int]:
        """Its brokers whose zone is out. Each broker lies in one zone alone; a serverless cluster in all of them."""
        faults = self.cloud.faults
        if not faults:
            return frozenset()
        return frozenset(broker.id for broker in cluster.brokers if faults.is_out(broker.zone))

    @property
    def domain(self) -> str:
        return f"kafka.{self.region}.amazonaws.com"

    # --- changes

    def new_version(self) -> str:
        return "K" + self.ids.text("version", 13, _VERSION)

    def placed(self, subnets: Sequence[str], zones: Sequence[str], first: int, last: int) -> tuple[Broker, ...]:
        """New brokers, spread over the subnets in turn."""
        made = []
        for number in range(first, last + 1):
            at = (number - 1) % len(subnets)
            interface, uuid = f"eni-{self.ids.hex('interface', 17)}", self.ids.uuid("broker")
            ip = f"172.31.{16 * at}.{3 + number}"
            made.append(Broker(number, subnets[at], zones[at], ip, interface, uuid, self.clock.time()))
        return tuple(made)

    def started(
        self, cluster: Cluster, type: str, row: str, target: Settings, *, state: str = UPDATING
    ) -> dict[str, Any]:
        """Begin an operation that brings settings of a cluster to `target`, and answer it."""
        number = len(cluster.operations) + 1
        arn = self.arn(f"cluster-operation/{cluster.name}/{cluster.uuid}/{self.ids.uuid('operation')}")
        operation = Operation(arn, type, cluster, number, self.clock.time(), self.request.request_id)
        operation.source = {name: cluster.settings.get(name) for name in target if name in cluster.settings}
        operation.target = target
        steps = [("PENDING", "operation-start"), ("UPDATE_IN_PROGRESS", row), ("UPDATE_COMPLETE", None)]
        operation.lifecycle = Lifecycle(self, steps)
        cluster.operations[arn] = operation
        cluster.active_operation = arn
        cluster.lifecycle = Lifecycle(self, [(state, "operation-start"), (state, row), (ACTIVE, None)])
        seconds = self.limits.duration("operation-start") + self.limits.duration(row)
        self.later(seconds, "_complete", cluster=cluster.arn, operation=arn)
        return {"ClusterArn": cluster.arn, "ClusterOperationArn": arn}

    def _complete(self, cluster: str, operation: str) -> None:
        found: Cluster = self.clusters[cluster]
        target = dict(found.operations[operation].target)
        found.active_operation = None
        target.pop("BrokerCountUpdateInfo", None)
        if not target:
            return
        count = target.get("NumberOfBrokerNodes")
        if count is not None:
            self._resize(found, count)
        found.settings = {**found.settings, **target}
        found.version = self.new_version()

    def _resize(self, cluster: Cluster, count: int) -> None:
        subnets: list[str] = cluster.network["ClientSubnets"]
        zones = [broker.zone for broker in cluster.brokers[: len(subnets)]]
        before = len(cluster.brokers)
        cluster.brokers = cluster.brokers[:count] + self.placed(subnets, zones, before + 1, count)
        volumes = cluster.settings.get("BrokerEBSVolumeInfo")
        if volumes:
            kept = volumes[:count]
            added = [{**volumes[0], "KafkaBrokerNodeId": str(number)} for number in range(before + 1, count + 1)]
            cluster.settings = {**cluster.settings, "BrokerEBSVolumeInfo": [*kept, *added]}
        self.count_brokers()

    def count_brokers(self) -> None:
        self.limits.used("brokers", sum(len(cluster.brokers) for cluster in self.clusters))

    def room_for(self, brokers: int) -> None:
        """Refuse more brokers than the account may have; those that are being added count already."""
        used = sum(cluster.claimed for cluster in self.clusters)
        self.limits.quota("brokers", used, adding=brokers)

    def tagged(self, resource: Any, tags: Mapping[str, str] | None) -> None:
        resource.tags = resource.tags.with_(self, tags or {}, invalid="BadRequestException")

    # --- pages

    def page(
        self,
        member: str,
        records: Iterable[Any],
        shown: Callable[[Any], Any],
        key: Callable[[Any], str],
        token: str | None,
        size: int | None,
    ) -> dict[str, Any]:
        most = size or int(self.limits["page-size"])
        return listed(
            member,
            records,
            shown,
            key,
            token,
            most,
            refusal=lambda: bad("The pagination token isn't valid.", "nextToken"),
        )

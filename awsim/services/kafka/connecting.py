"""Who may come to a cluster: its policy, clients of other VPCs, and secrets for SASL/SCRAM."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from awsim.auth.policy import PolicyError, parse
from awsim.errors import AWSError
from awsim.services.kafka import checks
from awsim.services.kafka.common import Common
from awsim.services.kafka.records import Cluster, Connection
from awsim.services.kafka.refusals import bad, malformed, missing
from awsim.state import Lifecycle

_PREFIX = "AmazonMSK_"


class Connecting(Common):
    """Cluster policies, VPC connections and SCRAM secrets."""

    # --- policies

    def put_cluster_policy(self, ClusterArn: str, Policy: str, CurrentVersion: str | None = None) -> dict[str, Any]:
        cluster = self.provisioned(ClusterArn)
        self.ready(cluster)
        try:
            parse(Policy, "resource")
        except PolicyError as problem:
            raise bad(problem.message, "policy") from None
        if cluster.policy is not None and CurrentVersion is None:
            raise bad("Current cluster policy version needed for Update")
        if cluster.policy is not None and CurrentVersion != cluster.policy_version:
            raise bad("The version of the cluster policy isn't current.", "currentVersion")
        cluster.policy = Policy
        cluster.policy_version = self.new_version()
        return {"CurrentVersion": cluster.policy_version}

    def get_cluster_policy(self, ClusterArn: str) -> dict[str, Any]:
        cluster = self._with_policy(ClusterArn)
        return {"CurrentVersion": cluster.policy_version, "Policy": cluster.policy}

    def delete_cluster_policy(self, ClusterArn: str) -> dict[str, Any]:
        self._with_policy(ClusterArn).policy = None
        return {}

    def _with_policy(self, arn: str) -> Cluster:
        cluster = self.provisioned(arn)
        if cluster.policy is None:
            raise missing("clusterArn")
        return cluster

    # --- clients of other VPCs

    def create_vpc_connection(
        self,
        TargetClusterArn: str,
        Authentication: str,
        VpcId: str,
        ClientSubnets: Sequence[str],
        SecurityGroups: Sequence[str],
        Tags: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """A connection to a cluster of this account, or of one whose policy lets this account in."""
        cluster = self.cluster(TargetClusterArn, "targetClusterArn")
        if cluster.is_serverless:
            raise bad("This operation isn't supported for serverless clusters.", "targetClusterArn")
        self.ready(cluster)
        ways = checks.private_ways(cluster.settings["ConnectivityInfo"])
        if Authentication not in ways:
            raise bad(f"The authentication must be one of {', '.join(ways)}.", "authentication")
        if not ways[Authentication]:
            raise bad(f"VPC connectivity with {Authentication} isn't turned on for the cluster.", "authentication")
        if len(ClientSubnets) != len(cluster.network["ClientSubnets"]):
            raise bad("The client subnets must be in as many zones as the cluster has.", "clientSubnets")
        self.limits.quota("connections-per-cluster", len(cluster.connections), cluster.arn)
        owner = cluster.arn.split(":")[4]
        arn = self.arn(f"vpc-connection/{owner}/{cluster.name}/{self.ids.uuid('connection')}")
        network = {"VpcId": VpcId, "ClientSubnets": ClientSubnets, "SecurityGroups": SecurityGroups}
        connection = Connection(arn, cluster.arn, self.account, Authentication, network, self.clock.time())
        self.tagged(connection, Tags)
        connection.lifecycle = Lifecycle(self, [("CREATING", "connection-change"), ("AVAILABLE", None)])
        self.connections.add(connection)
        cluster.connections[arn] = connection
        return connection.answered()

    def describe_vpc_connection(self, Arn: str) -> dict[str, Any]:
        return self._connection(Arn).described()

    def list_vpc_connections(self, MaxResults: int | None = None, NextToken: str | None = None) -> dict[str, Any]:
        return self.page(
            "VpcConnections", self.connections, Connection.listed, lambda one: one.arn, NextToken, MaxResults
        )

    def delete_vpc_connection(self, Arn: str) -> dict[str, Any]:
        connection = self._connection(Arn)
        if connection.state in ("CREATING", "DELETING", "REJECTING"):
            raise bad(f"A VPC connection in {connection.state} state can't be deleted.", "arn")
        connection.lifecycle = Lifecycle(self, [("DELETING", "connection-change"), ("DELETED", None)])
        self.later(self.limits.duration("connection-change"), "_disconnected", arn=Arn)
        return {"VpcConnectionArn": Arn, "State": "DELETING"}

    def _disconnected(self, arn: str) -> None:
        connection: Connection = self.connections.pop(arn)
        cluster = self.at(account=connection.cluster.split(":")[4]).clusters.get(connection.cluster)
        if cluster is not None:
            cluster.connections.pop(arn, None)

    def _connection(self, arn: str) -> Connection:
        if ":vpc-connection/" not in arn:
            raise malformed("arn")
        found: Connection | None = self.connections.get(arn)
        if found is None:
            raise missing("arn")
        return found

    def list_client_vpc_connections(
        self, ClusterArn: str, MaxResults: int | None = None, NextToken: str | None = None
    ) -> dict[str, Any]:
        found = self.provisioned(ClusterArn).connections.values()
        return self.page(
            "ClientVpcConnections", found, Connection.of_client, lambda one: one.arn, NextToken, MaxResults
        )

    def reject_client_vpc_connection(self, ClusterArn: str, VpcConnectionArn: str) -> dict[str, Any]:
        connection: Connection | None = self.provisioned(ClusterArn).connections.get(VpcConnectionArn)
        if connection is None:
            raise missing("vpcConnectionArn")
        if connection.state != "AVAILABLE":
            raise bad(f"A VPC connection in {connection.state} state can't be rejected.", "vpcConnectionArn")
        connection.lifecycle = Lifecycle(self, [("REJECTING", "connection-change"), ("REJECTED", None)])
        return {}

    # --- SASL/SCRAM

    def batch_associate_scram_secret(self, ClusterArn: str, SecretArnList: Sequence[str]) -> dict[str, Any]:
        cluster = self._with_scram(ClusterArn)
        unprocessed = []
        for arn in dict.fromkeys(SecretArnList):
            problem = self._unusable(cluster, arn)
            if problem is not None:
                unprocessed.append(_unprocessed(arn, problem))
                continue
            self.limits.quota("secrets-per-cluster", len(cluster.secrets), cluster.arn)
            cluster.secrets = (*cluster.secrets, arn)
        return {"ClusterArn": cluster.arn, "UnprocessedScramSecrets": unprocessed}

    def batch_disassociate_scram_secret(self, ClusterArn: str, SecretArnList: Sequence[str]) -> dict[str, Any]:
        cluster = self._with_scram(ClusterArn)
        strange = [arn for arn in dict.fromkeys(SecretArnList) if arn not in cluster.secrets]
        cluster.secrets = tuple(arn for arn in cluster.secrets if arn not in SecretArnList)
        unprocessed = [_unprocessed(arn, "The provided secret isn't associated with the cluster.") for arn in strange]
        return {"ClusterArn": cluster.arn, "UnprocessedScramSecrets": unprocessed}

    def list_scram_secrets(
        self, ClusterArn: str, MaxResults: int | None = None, NextToken: str | None = None
    ) -> dict[str, Any]:
        found = self.provisioned(ClusterArn).secrets
        return self.page("SecretArnList", found, str, str, NextToken, MaxResults)

    def _with_scram(self, arn: str) -> Cluster:
        cluster = self.provisioned(arn)
        self.ready(cluster)
        if not checks.ways(cluster.settings)["SASL_SCRAM"]:
            raise bad("SASL/SCRAM authentication isn't enabled for the cluster.", "clusterArn")
        return cluster

    def _unusable(self, cluster: Cluster, arn: str) -> str | None:
        """Why a secret cannot be used. Where an account has never used Secrets Manager, nothing knows of any."""
        if not arn.rpartition(":")[2].startswith(_PREFIX) or ":secretsmanager:" not in arn:
            return (
                f"The provided secret arn cannot be used with Amazon MSK. Secret names must have the prefix '{_PREFIX}'"
            )
        if arn in cluster.secrets:
            return "The provided secret is already associated with the cluster."
        if self.cloud.has_service("secretsmanager", self.account, self.region):
            try:
                self.call("secretsmanager", "DescribeSecret", SecretId=arn)
            except AWSError:
                return "Amazon MSK wasn't able to access the provided secret."
        return None


def _unprocessed(arn: str, message: str) -> dict[str, str]:
    return {"ErrorCode": "InvalidSecretArn", "ErrorMessage": message, "SecretArn": arn}

"""DAX: clusters, parameter groups, subnet groups."""

from __future__ import annotations

import json

import boto3
import pytest
from botocore.exceptions import ClientError, ParamValidationError

_ROLE = "arn:aws:iam::123456789012:role/dax"


@pytest.fixture
def dax(aws):
    from awsim.gateway.plan import service_class

    if service_class("iam") is not None:
        statement = {"Effect": "Allow", "Principal": {"Service": "dax.amazonaws.com"}, "Action": "sts:AssumeRole"}
        aws.call(
            "iam",
            "CreateRole",
            RoleName="dax",
            AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
        )
    return boto3.client("dax", region_name="us-east-1")


@pytest.fixture
def make(dax):
    def make(name="cache", **more):
        given = {"NodeType": "dax.r5.large", "ReplicationFactor": 1, "IamRoleArn": _ROLE, **more}
        return dax.create_cluster(ClusterName=name, **given)["Cluster"]

    return make


def _refused(code, call, **parameters):
    with pytest.raises(ClientError) as refusal:
        call(**parameters)
    assert refusal.value.response["Error"]["Code"] == code
    return refusal.value.response["Error"]["Message"]


@pytest.mark.aws(lifecycle="timed", at="2026-01-01")
@pytest.mark.rule("dax-001")
def test_a_cluster(aws, dax, make):
    made = make(ReplicationFactor=3, Tags=[{"Key": "team", "Value": "red"}])
    assert (made["Status"], made["TotalNodes"], made["ActiveNodes"]) == ("creating", 3, 0)
    assert "ClusterDiscoveryEndpoint" not in made
    assert _refused("InvalidClusterStateFault", dax.delete_cluster, ClusterName="cache")
    assert _refused("ClusterAlreadyExistsFault", make) == "Cluster cache already exists."
    aws.clock.advance(minutes=11)
    (cluster,) = dax.describe_clusters(ClusterNames=["cache"])["Clusters"]
    assert (cluster["Status"], cluster["ActiveNodes"]) == ("available", 3)
    endpoint = cluster["ClusterDiscoveryEndpoint"]
    assert endpoint["Port"] == 8111
    assert endpoint["URL"] == f"dax://{endpoint['Address']}"
    assert endpoint["Address"].endswith(".dax-clusters.us-east-1.amazonaws.com")
    assert [node["NodeId"] for node in cluster["Nodes"]] == ["cache-a", "cache-b", "cache-c"]
    assert dax.list_tags(ResourceName=cluster["ClusterArn"])["Tags"] == [{"Key": "team", "Value": "red"}]
    assert dax.delete_cluster(ClusterName="cache")["Cluster"]["Status"] == "deleting"
    aws.clock.advance(minutes=6)
    assert dax.describe_clusters()["Clusters"] == []
    assert _refused("ClusterNotFoundFault", dax.describe_clusters, ClusterNames=["cache"]) == "Cluster not found."
    messages = [event["Message"] for event in dax.describe_events(SourceName="cache")["Events"]]
    assert messages == ["Cluster created.", "Cluster deleted."]


@pytest.mark.rule("dax-001")
def test_subnet_groups(dax, make):
    _refused("SubnetGroupNotFoundFault", make, SubnetGroupName="mine")
    _refused("InvalidSubnet", dax.create_subnet_group, SubnetGroupName="mine", SubnetIds=["here"])
    assert [group["SubnetGroupName"] for group in dax.describe_subnet_groups()["SubnetGroups"]] == ["default"]


@pytest.mark.rule("dax-002")
def test_zones(make):
    assert make("single")["TotalNodes"] == 1
    zones = ["us-east-1b", "us-east-1a"]
    made = make("placed", ReplicationFactor=2, AvailabilityZones=zones)
    assert [node["AvailabilityZone"] for node in made["Nodes"]] == zones
    _refused("InvalidParameterCombinationException", make, name="odd", ReplicationFactor=3, AvailabilityZones=zones)
    _refused("InvalidParameterValueException", make, name="odd", AvailabilityZones=["eu-west-1a"])


@pytest.mark.rule("dax-003")
def test_nodes_of_a_cluster(dax, make):
    _refused("NodeQuotaForClusterExceededFault", make, ReplicationFactor=12)
    assert make(ReplicationFactor=10)["TotalNodes"] == 10
    grow = dax.increase_replication_factor
    message = _refused("NodeQuotaForClusterExceededFault", grow, ClusterName="cache", NewReplicationFactor=12)
    assert message == "The number of nodes in the cluster would exceed the limit of 11."
    assert grow(ClusterName="cache", NewReplicationFactor=11)["Cluster"]["TotalNodes"] == 11
    shrunk = dax.decrease_replication_factor(
        ClusterName="cache", NewReplicationFactor=9, NodeIdsToRemove=["cache-a", "cache-c"]
    )["Cluster"]
    assert {"cache-a", "cache-c"}.isdisjoint(node["NodeId"] for node in shrunk["Nodes"])
    _refused(
        "NodeNotFoundFault",
        dax.decrease_replication_factor,
        ClusterName="cache",
        NewReplicationFactor=8,
        NodeIdsToRemove=["cache-a"],
    )
    _refused("InvalidParameterValueException", grow, ClusterName="cache", NewReplicationFactor=9)
    for number in range(4):
        make(f"more-{number}", ReplicationFactor=10)
    _refused("NodeQuotaForCustomerExceededFault", make, name="last", ReplicationFactor=2)


@pytest.mark.rule("dax-004")
def test_the_role(dax, make):
    with pytest.raises(ParamValidationError):
        dax.create_cluster(ClusterName="cache", NodeType="dax.r5.large", ReplicationFactor=1)
    for role in ("arn:aws:iam::123456789012:user/dax", "dax"):
        message = _refused("InvalidParameterValueException", make, IamRoleArn=role)
        assert message == f"No permission to assume role: {role}"
    assert make()["IamRoleArn"] == _ROLE


@pytest.mark.rule("dax-005")
def test_encryption(dax, make):
    assert make("plain")["SSEDescription"] == {"Status": "DISABLED"}
    assert make("sealed", SSESpecification={"Enabled": True})["SSEDescription"] == {"Status": "ENABLED"}
    make("wired", ClusterEndpointEncryptionType="TLS")
    (cluster,) = dax.describe_clusters(ClusterNames=["wired"])["Clusters"]
    assert cluster["ClusterDiscoveryEndpoint"]["Port"] == 9111
    assert cluster["ClusterDiscoveryEndpoint"]["URL"].startswith("daxs://")


@pytest.mark.rule("dax-006")
def test_parameters(dax, make):
    values = lambda parameters: {one["ParameterName"]: one["ParameterValue"] for one in parameters}  # noqa: E731
    default = {"query-ttl-millis": "300000", "record-ttl-millis": "300000"}
    assert values(dax.describe_default_parameters()["Parameters"]) == default
    describe = dax.describe_parameters
    _refused("ParameterGroupNotFoundFault", describe, ParameterGroupName="mine")
    dax.create_parameter_group(ParameterGroupName="mine")
    _refused("ParameterGroupAlreadyExistsFault", dax.create_parameter_group, ParameterGroupName="mine")
    change = [{"ParameterName": "record-ttl-millis", "ParameterValue": "1000"}]
    dax.update_parameter_group(ParameterGroupName="mine", ParameterNameValues=change)
    assert values(describe(ParameterGroupName="mine")["Parameters"]) == {**default, "record-ttl-millis": "1000"}
    assert values(describe(ParameterGroupName="default.dax1.0")["Parameters"]) == default
    make(ParameterGroupName="mine")
    _refused("InvalidParameterGroupStateFault", dax.delete_parameter_group, ParameterGroupName="mine")
    dax.update_cluster(ClusterName="cache", ParameterGroupName="default.dax1.0")
    dax.delete_parameter_group(ParameterGroupName="mine")
    _refused("ParameterGroupNotFoundFault", describe, ParameterGroupName="mine")


def test_tags(dax, make):
    arn = make()["ClusterArn"]
    tag = dax.tag_resource
    tag(ResourceName=arn, Tags=[{"Key": str(number), "Value": "x"} for number in range(50)])
    _refused("TagQuotaPerResourceExceeded", tag, ResourceName=arn, Tags=[{"Key": "more", "Value": "x"}])
    _refused("TagNotFoundFault", dax.untag_resource, ResourceName=arn, TagKeys=["more"])
    assert len(dax.untag_resource(ResourceName=arn, TagKeys=["1"])["Tags"]) == 49
    _refused("InvalidARNFault", tag, ResourceName="arn:aws:s3:::bucket", Tags=[])

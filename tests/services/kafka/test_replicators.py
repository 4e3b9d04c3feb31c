"""Replicators: settings and states, without data."""

import boto3
import pytest

pytestmark = pytest.mark.aws(at="2026-03-01T00:00:00Z")

IAM = {"ClientAuthentication": {"Sasl": {"Iam": {"Enabled": True}}}}
ROLE = "arn:aws:iam::123456789012:role/replication"


def replicator(source, target, name="copy", **more):
    clusters = [
        {"AmazonMskCluster": {"MskClusterArn": arn}, "VpcConfig": {"SubnetIds": ["subnet-1", "subnet-2"]}}
        for arn in (source, target)
    ]
    replication = {
        "SourceKafkaClusterArn": source,
        "TargetKafkaClusterArn": target,
        "TargetCompressionType": "NONE",
        "TopicReplication": {"TopicsToReplicate": [".*"]},
        "ConsumerGroupReplication": {"ConsumerGroupsToReplicate": [".*"]},
    }
    return {
        "ReplicatorName": name,
        "ServiceExecutionRoleArn": ROLE,
        "KafkaClusters": clusters,
        "ReplicationInfoList": [replication],
        **more,
    }


@pytest.fixture
def ends(made):
    return made("source", **IAM), made("target", **IAM)


def test_the_life_of_a_replicator(kafka, ends, refused):
    created = kafka.create_replicator(**replicator(*ends, Description="all topics", Tags={"team": "a"}))
    arn = created["ReplicatorArn"]
    assert created["ReplicatorState"] == "CREATING"
    described = kafka.describe_replicator(ReplicatorArn=arn)
    assert described["ReplicatorState"] == "RUNNING"
    assert described["ReplicatorDescription"] == "all topics"
    assert [each["KafkaClusterAlias"] for each in described["KafkaClusters"]] == ["source", "target"]
    (info,) = described["ReplicationInfoList"]
    assert (info["SourceKafkaClusterAlias"], info["TargetKafkaClusterAlias"]) == ("source", "target")
    assert info["TopicReplication"]["TopicsToReplicate"] == [".*"]
    assert kafka.list_tags_for_resource(ResourceArn=arn)["Tags"] == {"team": "a"}
    exists = ("ConflictException", "A resource with this name already exists.", "replicatorName")
    assert refused(kafka.create_replicator, **replicator(*ends)) == exists
    (listed,) = kafka.list_replicators(ReplicatorNameFilter="co")["Replicators"]
    assert listed["ReplicationInfoSummaryList"] == [
        {"SourceKafkaClusterAlias": "source", "TargetKafkaClusterAlias": "target"}
    ]
    assert kafka.list_replicators(ReplicatorNameFilter="x")["Replicators"] == []
    topics = {
        "TopicsToReplicate": ["orders"],
        "TopicsToExclude": [],
        "CopyAccessControlListsForTopics": True,
        "CopyTopicConfigurations": True,
        "DetectAndCopyNewTopics": True,
    }
    change = {"SourceKafkaClusterArn": ends[0], "TargetKafkaClusterArn": ends[1], "TopicReplication": topics}
    stale = refused(kafka.update_replication_info, ReplicatorArn=arn, CurrentVersion="K1", **change)
    assert stale[2] == "currentVersion"
    version = {"ReplicatorArn": arn, "CurrentVersion": described["CurrentVersion"]}
    other = {**change, "TargetKafkaClusterArn": ends[0]}
    assert refused(kafka.update_replication_info, **version, **other)[2] == "sourceKafkaClusterArn"
    assert kafka.update_replication_info(**version, **change)["ReplicatorState"] == "UPDATING"
    after = kafka.describe_replicator(ReplicatorArn=arn)
    assert after["ReplicationInfoList"][0]["TopicReplication"] == topics
    assert after["CurrentVersion"] != described["CurrentVersion"]
    assert kafka.delete_replicator(ReplicatorArn=arn)["ReplicatorState"] == "DELETING"
    assert refused(kafka.describe_replicator, ReplicatorArn=arn)[0] == "NotFoundException"


def test_across_regions(kafka, made, ends, refused):
    source, _ = ends
    there = boto3.client("kafka", region_name="eu-west-1")
    nodes = {"InstanceType": "kafka.m5.large", "ClientSubnets": ["subnet-1", "subnet-2"]}
    settings = {"BrokerNodeGroupInfo": nodes, "KafkaVersion": "3.9.x", "NumberOfBrokerNodes": 2, **IAM}
    target = there.create_cluster(ClusterName="far", **settings)["ClusterArn"]
    assert refused(kafka.create_replicator, **replicator(source, target))[2] == "targetKafkaClusterArn"
    arn = there.create_replicator(**replicator(source, target))["ReplicatorArn"]
    assert arn.startswith("arn:aws:kafka:eu-west-1:")
    assert there.describe_replicator(ReplicatorArn=arn)["ReplicatorState"] == "RUNNING"


def test_what_no_replicator_can_be(kafka, made, ends, refused):
    source, target = ends
    call = kafka.create_replicator
    assert refused(call, **replicator(source, target + "x"))[0] == "NotFoundException"
    assert refused(call, **replicator(source, made("open")))[2] == "mskClusterArn"
    assert (
        refused(call, **{**replicator(source, target), "ServiceExecutionRoleArn": "x"})[2] == "serviceExecutionRoleArn"
    )
    one = replicator(source, target)
    one["KafkaClusters"] = one["KafkaClusters"][:1]
    assert refused(call, **one)[2] == "kafkaClusters"
    same = replicator(source, target)
    same["ReplicationInfoList"][0]["TargetKafkaClusterArn"] = source
    assert refused(call, **same)[2] == "replicationInfoList"
    assert kafka.list_replicators()["Replicators"] == []


@pytest.mark.aws(lifecycle="timed")
def test_a_replicator_takes_its_time(aws, kafka, made, refused):
    source, target = made("source", **IAM), made("target", **IAM)
    assert refused(kafka.create_replicator, **replicator(source, target))[0] == "BadRequestException"
    aws.clock.advance(seconds=1500)
    arn = kafka.create_replicator(**replicator(source, target))["ReplicatorArn"]
    assert refused(kafka.delete_replicator, ReplicatorArn=arn)[0] == "BadRequestException"
    aws.clock.advance(minutes=30)
    kafka.delete_replicator(ReplicatorArn=arn)
    assert kafka.describe_replicator(ReplicatorArn=arn)["ReplicatorState"] == "DELETING"
    aws.clock.advance(minutes=10)
    assert kafka.list_replicators()["Replicators"] == []


@pytest.mark.newer_botocore
def test_channels_are_not_modelled(kafka, made, refused):
    refusal = refused(kafka.list_channels, ClusterArn=made())
    assert refusal[0] == "NotImplemented"
    assert "kafka:ListChannels" in refusal[1]

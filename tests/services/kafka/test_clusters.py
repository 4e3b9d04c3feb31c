"""Clusters: made, described, deleted; their brokers and bootstrap strings; zones that are out."""

import boto3
import pytest

pytestmark = pytest.mark.aws(at="2026-03-01T00:00:00Z")

SUBNETS = ["subnet-1", "subnet-2", "subnet-3"]
MISSING = ("NotFoundException", "The requested resource doesn't exist.", "clusterArn")
NOT_ACTIVE = "This operation is only valid for resources that are in one of the following states :[ACTIVE]"
ON, OFF = {"Enabled": True}, {"Enabled": False}


@pytest.mark.rule("kafka-001")
def test_the_life_of_a_cluster(aws, kafka, made, info, refused):
    created = kafka.create_cluster(
        ClusterName="orders",
        BrokerNodeGroupInfo={"InstanceType": "kafka.m5.large", "ClientSubnets": SUBNETS, "SecurityGroups": ["sg-1"]},
        KafkaVersion="3.9.x",
        NumberOfBrokerNodes=3,
        Tags={"team": "a"},
    )
    arn = created["ClusterArn"]
    assert created["State"] == "CREATING"
    assert arn.startswith("arn:aws:kafka:us-east-1:123456789012:cluster/orders/")
    described = info(arn)
    assert described["State"] == "ACTIVE"
    assert described["CreationTime"] == aws.clock.now()
    assert described["CurrentVersion"].startswith("K")
    assert described["CurrentBrokerSoftwareInfo"] == {"KafkaVersion": "3.9.x"}
    assert described["NumberOfBrokerNodes"] == 3
    assert described["Tags"] == {"team": "a"}
    assert described["EnhancedMonitoring"] == "DEFAULT"
    assert described["StorageMode"] == "LOCAL"
    assert described["EncryptionInfo"]["EncryptionInTransit"] == {"ClientBroker": "TLS", "InCluster": True}
    assert described["ClientAuthentication"]["Unauthenticated"] == ON
    assert described["ZookeeperConnectString"].count(":2181") == 3
    group = described["BrokerNodeGroupInfo"]
    assert group["ClientSubnets"] == SUBNETS
    assert group["SecurityGroups"] == ["sg-1"]
    assert group["ZoneIds"] == ["use1-az1", "use1-az2", "use1-az3"]
    assert [each["ClusterArn"] for each in kafka.list_clusters()["ClusterInfoList"]] == [arn]
    (listed,) = kafka.list_clusters_v2()["ClusterInfoList"]
    assert (listed["ClusterArn"], listed["ClusterType"]) == (arn, "PROVISIONED")
    brokers = kafka.get_bootstrap_brokers(ClusterArn=arn)
    hosts = brokers["BootstrapBrokerStringTls"].split(",")
    assert [host.partition(".")[0] for host in hosts] == ["b-1", "b-2", "b-3"]
    assert all(host.endswith(".kafka.us-east-1.amazonaws.com:9094") for host in hosts)
    exists = ("ConflictException", "A resource with this name already exists.", "clusterName")
    with pytest.raises(kafka.exceptions.ConflictException) as caught:
        made()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 409
    assert caught.value.response["InvalidParameter"] == "clusterName"
    serverless = {"VpcConfigs": [{"SubnetIds": SUBNETS}], "ClientAuthentication": {"Sasl": {"Iam": ON}}}
    assert refused(kafka.create_cluster_v2, ClusterName="orders", Serverless=serverless) == exists
    assert kafka.delete_cluster(ClusterArn=arn)["State"] == "DELETING"
    for call in (kafka.describe_cluster, kafka.describe_cluster_v2, kafka.get_bootstrap_brokers, kafka.list_nodes):
        with pytest.raises(kafka.exceptions.NotFoundException) as gone:
            call(ClusterArn=arn)
        assert gone.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404
    assert refused(kafka.delete_cluster, ClusterArn=arn) == MISSING
    assert kafka.list_clusters_v2()["ClusterInfoList"] == []
    malformed = ("BadRequestException", "One or more of the parameters are not valid.", "clusterArn")
    assert refused(kafka.describe_cluster, ClusterArn="orders") == malformed


@pytest.mark.rule("kafka-001")
@pytest.mark.aws(lifecycle="timed")
def test_a_cluster_takes_its_time(aws, kafka, made, info, refused):
    arn = made()
    assert info(arn)["State"] == "CREATING"
    creating = "You can't get bootstrap broker nodes for a cluster in CREATING state."
    assert refused(kafka.get_bootstrap_brokers, ClusterArn=arn)[:2] == ("BadRequestException", creating)
    assert refused(kafka.delete_cluster, ClusterArn=arn)[:2] == ("BadRequestException", NOT_ACTIVE)
    assert refused(kafka.reboot_broker, ClusterArn=arn, BrokerIds=["1"])[1] == NOT_ACTIVE
    aws.clock.advance(seconds=1500)
    assert info(arn)["State"] == "ACTIVE"
    kafka.delete_cluster(ClusterArn=arn, CurrentVersion=info(arn)["CurrentVersion"])
    assert info(arn)["State"] == "DELETING"
    assert refused(kafka.delete_cluster, ClusterArn=arn)[1] == NOT_ACTIVE
    aws.clock.advance(seconds=600)
    assert refused(kafka.describe_cluster, ClusterArn=arn) == MISSING


@pytest.mark.rule("kafka-002")
def test_brokers_are_spread_over_zones(aws, kafka, made, refused):
    arn = made(NumberOfBrokerNodes=6)
    nodes = kafka.list_nodes(ClusterArn=arn)["NodeInfoList"]
    where = [(node["BrokerNodeInfo"]["BrokerId"], node["BrokerNodeInfo"]["ClientSubnet"]) for node in nodes]
    assert where == [
        (1, "subnet-1"),
        (2, "subnet-2"),
        (3, "subnet-3"),
        (4, "subnet-1"),
        (5, "subnet-2"),
        (6, "subnet-3"),
    ]
    first = nodes[0]
    assert first["InstanceType"] == "m5.large"
    assert first["AddedToClusterTime"] == "2026-03-01T00:00:00.000Z"
    assert first["BrokerNodeInfo"]["Endpoints"][0].startswith("b-1.orders.")
    message = (
        "The number of broker nodes must be a multiple of Availability Zones in the BrokerAZDistribution parameter."
    )
    group = {"InstanceType": "kafka.m5.large", "ClientSubnets": SUBNETS}
    params = {"ClusterName": "x", "KafkaVersion": "3.9.x", "BrokerNodeGroupInfo": group}
    refusal = refused(kafka.create_cluster, **params, NumberOfBrokerNodes=4)
    assert refusal == ("BadRequestException", message, "numberOfBrokerNodes")
    with pytest.raises(kafka.exceptions.BadRequestException, match="must be a multiple"):
        kafka.create_cluster_v2(ClusterName="x", Provisioned={**_settings(group), "NumberOfBrokerNodes": 2})
    for subnets in (["subnet-1"], ["subnet-1", "subnet-2", "subnet-3", "subnet-4"]):
        params["BrokerNodeGroupInfo"] = {**group, "ClientSubnets": subnets}
        refusal = refused(kafka.create_cluster, **params, NumberOfBrokerNodes=12)
        assert refusal[:2] == ("BadRequestException", "Specify either two or three client subnets.")
    params["BrokerNodeGroupInfo"] = {**group, "ClientSubnets": ["subnet-1", "subnet-2"]}
    kafka.create_cluster(**params, NumberOfBrokerNodes=4)


def _settings(group, **more):
    return {"BrokerNodeGroupInfo": group, "KafkaVersion": "3.9.x", "NumberOfBrokerNodes": 3, **more}


@pytest.mark.parametrize(
    ("change", "message", "parameter"),
    [
        ({"KafkaVersion": "2.8.1"}, "Unsupported KafkaVersion [2.8.1]. Valid values: [3.6.0, ", "kafkaVersion"),
        ({"InstanceType": "m5.large"}, "Unsupported InstanceType [m5.large]. Valid values: [", "instanceType"),
        ({"ClusterName": "Testing_Cluster"}, "The parameter value contains one or more characters that", "clusterName"),
        ({"ConfigurationInfo": {"Arn": "arn:x", "Revision": 1}}, "Invalid Configuration ARN.", "configurationInfo"),
        ({"NumberOfBrokerNodes": 33}, "The number of broker nodes of a ZooKeeper-based cluster must be", None),
        ({"NumberOfBrokerNodes": 63}, "The number of broker nodes must be between 1 and 60.", None),
        ({"VolumeSize": 16385}, "The size of an EBS volume must be between 1 and 16384 GiB.", None),
        ({"Speed": 250}, "Provisioned throughput isn't supported for kafka.m5.large.", "provisionedThroughput"),
        ({"Speed": 249, "InstanceType": "kafka.m5.4xlarge"}, "The provisioned throughput must be between 250", None),
        pytest.param(
            {"Rebalancing": {"Status": "ACTIVE"}}, "Intelligent rebalancing is only for", "rebalancing",
            marks=pytest.mark.newer_botocore,
        ),
        ({"ClientAuthentication": {"Unauthenticated": OFF}}, "At least one way of", "clientAuthentication"),
        ({"ConnectivityInfo": {"PublicAccess": {"Type": "SERVICE_PROVIDED_EIPS"}}}, "Public", "publicAccess"),
        ({"InstanceType": "express.m7g.large", "VolumeSize": 10}, "The storage of Express brokers is", "storageInfo"),
    ],
)  # fmt: skip
def test_what_no_cluster_can_be(kafka, refused, change, message, parameter):
    change = dict(change)
    group = {"InstanceType": change.pop("InstanceType", "kafka.m5.large"), "ClientSubnets": SUBNETS}
    if "VolumeSize" in change:
        group["StorageInfo"] = {"EbsStorageInfo": {"VolumeSize": change.pop("VolumeSize")}}
    if "Speed" in change:
        speed = {"Enabled": True, "VolumeThroughput": change.pop("Speed")}
        group["StorageInfo"] = {"EbsStorageInfo": {"VolumeSize": 100, "ProvisionedThroughput": speed}}
    if "ConnectivityInfo" in change:
        group["ConnectivityInfo"] = change.pop("ConnectivityInfo")
    code, told, where = refused(kafka.create_cluster, **{"ClusterName": "x", **_settings(group), **change})
    assert code == "BadRequestException"
    assert told.startswith(message)
    assert where == parameter
    assert kafka.list_clusters()["ClusterInfoList"] == []


@pytest.mark.aws(limits={"kafka.brokers": 9})
def test_brokers_of_an_account(aws, kafka, made, info, refused):
    first = made("a", NumberOfBrokerNodes=6)
    over = ("BadRequestException", "The number of brokers in the account would exceed the limit of 9.", None)
    group = {"InstanceType": "kafka.m5.large", "ClientSubnets": SUBNETS}
    assert refused(kafka.create_cluster, ClusterName="b", **_settings(group, NumberOfBrokerNodes=6)) == over
    made("b")
    version = info(first)["CurrentVersion"]
    call = kafka.update_broker_count
    assert refused(call, ClusterArn=first, CurrentVersion=version, TargetNumberOfBrokerNodes=9) == over
    kafka.delete_cluster(ClusterArn=first)
    assert {usage.name: usage.used for usage in aws.limits.usage()}["kafka.brokers"] == 3
    made("c", NumberOfBrokerNodes=6)


@pytest.mark.newer_botocore
@pytest.mark.rule("kafka-005")
def test_serverless(kafka, refused):
    serverless = {"VpcConfigs": [{"SubnetIds": SUBNETS}], "ClientAuthentication": {"Sasl": {"Iam": ON}}}
    created = kafka.create_cluster_v2(ClusterName="events", Serverless=serverless, Tags={"team": "a"})
    assert (created["State"], created["ClusterType"]) == ("CREATING", "SERVERLESS")
    arn = created["ClusterArn"]
    described = kafka.describe_cluster_v2(ClusterArn=arn)["ClusterInfo"]
    assert described["State"] == "ACTIVE"
    assert described["ClusterType"] == "SERVERLESS"
    assert described["Serverless"]["VpcConfigs"] == serverless["VpcConfigs"]
    assert described["Serverless"]["ClientAuthentication"] == serverless["ClientAuthentication"]
    assert "Provisioned" not in described
    brokers = kafka.get_bootstrap_brokers(ClusterArn=arn)
    assert brokers["BootstrapBrokerStringSaslIam"].endswith(".c1.kafka-serverless.us-east-1.amazonaws.com:9098")
    refusal = ("BadRequestException", "This operation isn't supported for serverless clusters.", "clusterArn")
    version = {"ClusterArn": arn, "CurrentVersion": described["CurrentVersion"]}
    assert refused(kafka.list_nodes, ClusterArn=arn) == refusal
    assert refused(kafka.describe_cluster, ClusterArn=arn) == refusal
    assert refused(kafka.reboot_broker, ClusterArn=arn, BrokerIds=["1"]) == refusal
    assert refused(kafka.update_broker_count, **version, TargetNumberOfBrokerNodes=6) == refusal
    assert refused(kafka.update_broker_type, **version, TargetInstanceType="kafka.m5.large") == refusal
    assert refused(kafka.create_topic, ClusterArn=arn, TopicName="t", PartitionCount=1, ReplicationFactor=1) == refusal
    assert kafka.list_clusters()["ClusterInfoList"] == []
    assert len(kafka.list_clusters_v2(ClusterTypeFilter="SERVERLESS")["ClusterInfoList"]) == 1
    assert kafka.list_clusters_v2(ClusterTypeFilter="PROVISIONED")["ClusterInfoList"] == []
    no_iam = {"VpcConfigs": [{"SubnetIds": SUBNETS}]}
    assert refused(kafka.create_cluster_v2, ClusterName="x", Serverless=no_iam)[2] == "clientAuthentication"
    assert refused(kafka.create_cluster_v2, ClusterName="x")[0] == "BadRequestException"
    kafka.delete_cluster(ClusterArn=arn)
    assert refused(kafka.describe_cluster_v2, ClusterArn=arn) == MISSING


@pytest.mark.newer_botocore
def test_express_brokers(kafka, made, info, refused):
    arn = made(group={"InstanceType": "express.m7g.large"}, KafkaVersion="3.9.x.kraft")
    described = info(arn)
    assert described["Rebalancing"] == {"Status": "ACTIVE"}
    assert "StorageInfo" not in described["BrokerNodeGroupInfo"]
    assert "StorageMode" not in described
    assert "ZookeeperConnectString" not in described
    group = {"InstanceType": "express.m7g.large", "ClientSubnets": SUBNETS[:2]}
    refusal = refused(kafka.create_cluster, ClusterName="x", **_settings(group, NumberOfBrokerNodes=2))
    assert refusal[:2] == ("BadRequestException", "Clusters with Express brokers need three client subnets.")
    version = described["CurrentVersion"]
    target = {"TargetBrokerEBSVolumeInfo": [{"KafkaBrokerNodeId": "All", "VolumeSizeGB": 500}]}
    assert refused(kafka.update_broker_storage, ClusterArn=arn, CurrentVersion=version, **target)[1] == (
        "The storage of Express brokers is managed by MSK."
    )
    kafka.update_rebalancing(ClusterArn=arn, CurrentVersion=version, Rebalancing={"Status": "PAUSED"})
    assert info(arn)["Rebalancing"] == {"Status": "PAUSED"}


@pytest.mark.newer_botocore
def test_bootstrap_strings_go_by_authentication(kafka, made):
    def strings(name, **more):
        found = kafka.get_bootstrap_brokers(ClusterArn=made(name, **more))
        found.pop("ResponseMetadata")
        return {
            member.removeprefix("BootstrapBrokerString"): text.split(",")[0].rpartition(":")[2]
            for member, text in found.items()
        }

    def in_transit(how):
        return {"EncryptionInfo": {"EncryptionInTransit": {"ClientBroker": how}}}

    sasl = {"Sasl": {"Scram": ON, "Iam": ON}}
    assert strings("a") == {"Tls": "9094"}
    assert strings("b", **in_transit("TLS_PLAINTEXT")) == {"": "9092", "Tls": "9094"}
    assert strings("c", **in_transit("PLAINTEXT")) == {"": "9092"}
    assert strings("d", ClientAuthentication=sasl) == {"SaslScram": "9096", "SaslIam": "9098"}
    authority = {"CertificateAuthorityArnList": ["arn:aws:acm-pca:us-east-1:123456789012:certificate-authority/1"]}
    both = {"Tls": authority, "Unauthenticated": ON}
    assert strings("e", ClientAuthentication=both, **in_transit("TLS_PLAINTEXT")) == {"": "9092", "Tls": "9094"}
    dual = {"ConnectivityInfo": {"NetworkType": "DUAL"}}
    assert strings("f", group=dual) == {"Tls": "9094", "TlsIpv6": "9094"}


def test_lists_by_prefix_and_in_pages(kafka, made, refused):
    for name in ("orders", "events", "error-log"):
        made(name)
    found = kafka.list_clusters(ClusterNameFilter="e")["ClusterInfoList"]
    assert [each["ClusterName"] for each in found] == ["error-log", "events"]
    first = kafka.list_clusters_v2(MaxResults=2)
    rest = kafka.list_clusters_v2(MaxResults=2, NextToken=first["NextToken"])
    assert [each["ClusterName"] for each in rest["ClusterInfoList"]] == ["orders"]
    assert refused(kafka.list_clusters, NextToken="x")[2] == "nextToken"


def test_versions(kafka, made):
    versions = {each["Version"]: each["Status"] for each in kafka.list_kafka_versions()["KafkaVersions"]}
    assert versions["2.8.1"] == "DEPRECATED"
    assert versions["3.9.x"] == "ACTIVE"
    (pair,) = kafka.get_compatible_kafka_versions(ClusterArn=made(KafkaVersion="3.7.x"))["CompatibleKafkaVersions"]
    assert pair == {"SourceVersion": "3.7.x", "TargetVersions": ["3.8.x", "3.9.x"]}
    pairs = kafka.get_compatible_kafka_versions()["CompatibleKafkaVersions"]
    kraft = {pair["SourceVersion"]: pair["TargetVersions"] for pair in pairs}["3.9.x.kraft"]
    assert kraft == ["4.0.x.kraft", "4.1.x.kraft"]


def test_tags(kafka, made, refused):
    arn = made(Tags={"team": "a"})
    kafka.tag_resource(ResourceArn=arn, Tags={"env": "test"})
    kafka.untag_resource(ResourceArn=arn, TagKeys=["team", "other"])
    assert kafka.list_tags_for_resource(ResourceArn=arn)["Tags"] == {"env": "test"}
    missing = arn.replace("orders", "events")
    assert refused(kafka.tag_resource, ResourceArn=missing, Tags={"a": "b"})[0] == "NotFoundException"
    assert refused(kafka.list_tags_for_resource, ResourceArn="x")[2] == "resourceArn"
    many = {f"k{number}": "v" for number in range(50)}
    assert refused(kafka.tag_resource, ResourceArn=arn, Tags=many)[1] == "A resource can have at most 50 tags."


# --- zones that are out


def test_a_zone_that_is_out_takes_its_brokers(aws, kafka, made, info, refused):
    arn = made(NumberOfBrokerNodes=6)
    before = kafka.get_bootstrap_brokers(ClusterArn=arn)["BootstrapBrokerStringTls"]
    version = info(arn)["CurrentVersion"]

    def reachable():
        nodes = kafka.list_nodes(ClusterArn=arn)["NodeInfoList"]
        assert len(nodes) == 6
        return [node["BrokerNodeInfo"]["BrokerId"] for node in nodes if node["BrokerNodeInfo"].get("Endpoints")]

    with aws.faults.outage(zone="us-east-1b"):
        assert info(arn)["State"] == "HEALING"
        assert kafka.describe_cluster_v2(ClusterArn=arn)["ClusterInfo"]["State"] == "HEALING"
        assert [each["State"] for each in kafka.list_clusters()["ClusterInfoList"]] == ["HEALING"]
        assert reachable() == [1, 3, 4, 6]
        assert kafka.get_bootstrap_brokers(ClusterArn=arn)["BootstrapBrokerStringTls"] == before
        refusal = refused(
            kafka.update_broker_count, ClusterArn=arn, CurrentVersion=version, TargetNumberOfBrokerNodes=9
        )
        assert refusal[:2] == ("BadRequestException", NOT_ACTIVE)
        assert refused(kafka.reboot_broker, ClusterArn=arn, BrokerIds=["1"])[1] == NOT_ACTIVE
        with aws.faults.outage(zone="us-east-1c"):
            assert reachable() == [1, 4]
    assert info(arn)["State"] == "ACTIVE"
    assert info(arn)["CurrentVersion"] == version
    assert reachable() == [1, 2, 3, 4, 5, 6]


def test_other_zones_and_other_regions_are_not_touched(aws, kafka, made, info):
    here = made(group={"ClientSubnets": ["subnet-1", "subnet-2"]}, NumberOfBrokerNodes=2)
    there = boto3.client("kafka", region_name="eu-west-1")
    nodes = {"InstanceType": "kafka.m5.large", "ClientSubnets": SUBNETS}
    far = there.create_cluster(ClusterName="far", **_settings(nodes))["ClusterArn"]
    serverless = {"VpcConfigs": [{"SubnetIds": SUBNETS}], "ClientAuthentication": {"Sasl": {"Iam": ON}}}
    everywhere = kafka.create_cluster_v2(ClusterName="events", Serverless=serverless)["ClusterArn"]
    with aws.faults.outage(zone="us-east-1c"):
        assert info(here)["State"] == "ACTIVE"
    with aws.faults.outage(zone="us-east-1a"):
        assert info(here)["State"] == "HEALING"
        assert there.describe_cluster(ClusterArn=far)["ClusterInfo"]["State"] == "ACTIVE"
        assert kafka.describe_cluster_v2(ClusterArn=everywhere)["ClusterInfo"]["State"] == "ACTIVE"
    with aws.faults.outage(zone="eu-west-1c"):
        assert there.describe_cluster(ClusterArn=far)["ClusterInfo"]["State"] == "HEALING"


@pytest.mark.newer_botocore
def test_partitions_while_a_zone_is_out(aws, kafka, made, refused):
    arn = made()
    topic = {"ClusterArn": arn, "TopicName": "orders"}
    kafka.create_topic(**topic, PartitionCount=3, ReplicationFactor=2)

    def partitions():
        listed = kafka.describe_topic_partitions(**topic)["Partitions"]
        return [(each["Leader"], each["Replicas"], each["Isr"]) for each in listed]

    def behind():
        return kafka.list_topics(ClusterArn=arn)["Topics"][0]["OutOfSyncReplicaCount"]

    whole = [(1, [1, 2], [1, 2]), (2, [2, 3], [2, 3]), (3, [3, 1], [3, 1])]
    assert partitions() == whole
    assert behind() == 0
    with aws.faults.outage(zone="us-east-1a"):
        assert partitions() == [(2, [1, 2], [2]), (2, [2, 3], [2, 3]), (3, [3, 1], [3])]
        assert behind() == 2
        kafka.create_topic(ClusterArn=arn, TopicName="made-meanwhile", PartitionCount=1, ReplicationFactor=1)
        with aws.faults.outage(zone="us-east-1b"), aws.faults.outage(zone="us-east-1c"):
            assert [leader for leader, _, _ in partitions()] == [-1, -1, -1]
            call = kafka.create_topic
            refusal = refused(call, ClusterArn=arn, TopicName="x", PartitionCount=1, ReplicationFactor=1)
            assert refusal[0] == "ClusterConnectivityException"
    assert partitions() == whole


@pytest.mark.newer_botocore
@pytest.mark.aws(lifecycle="timed")
def test_a_snapshot_takes_a_cluster_back(aws, kafka, made, info):
    arn = made()
    snapshot = aws.snapshot()
    aws.clock.advance(seconds=1500)
    kafka.create_topic(ClusterArn=arn, TopicName="t", PartitionCount=1, ReplicationFactor=1)
    kafka.delete_cluster(ClusterArn=arn)
    aws.clock.advance(seconds=600)
    aws.restore(snapshot)
    assert info(arn)["State"] == "CREATING"
    aws.clock.advance(seconds=1500)
    assert kafka.list_topics(ClusterArn=arn)["Topics"] == []

"""Changes of clusters: operations, versions, storage, configurations, security, connectivity."""

import pytest

pytestmark = pytest.mark.aws(at="2026-03-01T00:00:00Z")

ON, OFF = {"Enabled": True}, {"Enabled": False}
STALE = "The version of the cluster isn\u2019t current. Check the current version and try again."


@pytest.fixture
def version(info):
    """version(arn) -> the parameters that every change needs."""
    return lambda arn: {"ClusterArn": arn, "CurrentVersion": info(arn)["CurrentVersion"]}


@pytest.fixture
def operation(kafka):
    def operation(answer):
        arn = answer["ClusterOperationArn"]
        return kafka.describe_cluster_operation(ClusterOperationArn=arn)["ClusterOperationInfo"]

    return operation


@pytest.mark.rule("kafka-003")
def test_more_brokers(kafka, made, info, version, operation, refused):
    arn = made()
    before = version(arn)
    answer = kafka.update_broker_count(**before, TargetNumberOfBrokerNodes=6)
    assert answer["ClusterArn"] == arn
    described = info(arn)
    assert described["State"] == "ACTIVE"
    assert described["NumberOfBrokerNodes"] == 6
    assert described["CurrentVersion"] != before["CurrentVersion"]
    assert "ActiveOperationArn" not in described
    assert len(kafka.list_nodes(ClusterArn=arn)["NodeInfoList"]) == 6
    done = operation(answer)
    assert done["OperationType"] == "INCREASE_BROKER_COUNT"
    assert done["OperationState"] == "UPDATE_COMPLETE"
    assert done["SourceClusterInfo"] == {"NumberOfBrokerNodes": 3}
    assert done["TargetClusterInfo"]["NumberOfBrokerNodes"] == 6
    assert done["TargetClusterInfo"]["BrokerCountUpdateInfo"] == {"CreatedBrokerIds": [4.0, 5.0, 6.0]}
    stale = refused(kafka.update_broker_count, **before, TargetNumberOfBrokerNodes=9)
    assert stale == ("BadRequestException", STALE, "currentVersion")
    assert info(arn)["NumberOfBrokerNodes"] == 6
    again = version(arn)
    parameter = "targetNumberOfBrokerNodes"
    assert refused(kafka.update_broker_count, **again, TargetNumberOfBrokerNodes=7)[2] == parameter
    assert refused(kafka.update_broker_count, **again, TargetNumberOfBrokerNodes=6)[2] == parameter
    assert info(arn)["CurrentVersion"] == again["CurrentVersion"]


@pytest.mark.rule("kafka-003")
@pytest.mark.aws(lifecycle="timed")
def test_a_change_takes_its_time(aws, kafka, made, info, version, operation, refused):
    arn = made()
    aws.clock.advance(seconds=1500)
    before = version(arn)
    answer = kafka.update_broker_type(**before, TargetInstanceType="kafka.m7g.large")
    assert operation(answer)["OperationState"] == "PENDING"
    during = info(arn)
    assert (during["State"], during["ActiveOperationArn"]) == ("UPDATING", answer["ClusterOperationArn"])
    assert during["BrokerNodeGroupInfo"]["InstanceType"] == "kafka.m5.large"
    code, message, _ = refused(kafka.update_broker_count, **before, TargetNumberOfBrokerNodes=6)
    assert code == "BadRequestException"
    assert message == "This operation is only valid for resources that are in one of the following states :[ACTIVE]"
    aws.clock.advance(seconds=60)
    assert operation(answer)["OperationState"] == "UPDATE_IN_PROGRESS"
    assert "EndTime" not in operation(answer)
    aws.clock.advance(seconds=1200)
    after = info(arn)
    assert after["State"] == "ACTIVE"
    assert after["BrokerNodeGroupInfo"]["InstanceType"] == "kafka.m7g.large"
    assert after["CurrentVersion"] != before["CurrentVersion"]
    done = operation(answer)
    assert done["OperationState"] == "UPDATE_COMPLETE"
    assert done["EndTime"] == aws.clock.now()
    reboot = kafka.reboot_broker(ClusterArn=arn, BrokerIds=["2"])
    assert info(arn)["State"] == "REBOOTING_BROKER"
    assert operation(reboot)["OperationType"] == "REBOOT_NODE"
    aws.clock.advance(minutes=6)
    assert info(arn)["State"] == "ACTIVE"
    assert info(arn)["CurrentVersion"] == after["CurrentVersion"]


@pytest.mark.newer_botocore
def test_fewer_brokers(kafka, made, info, version, operation, refused):
    arn = made(NumberOfBrokerNodes=6)
    topic = {"ClusterArn": arn, "TopicName": "t"}
    kafka.create_topic(**topic, PartitionCount=6, ReplicationFactor=1)
    refusal = refused(kafka.update_broker_count, **version(arn), TargetNumberOfBrokerNodes=3)
    assert refusal[1] == "Brokers that hold partitions of topic t can't be removed."
    kafka.delete_topic(**topic)
    answer = kafka.update_broker_count(**version(arn), TargetNumberOfBrokerNodes=3)
    assert operation(answer)["OperationType"] == "DECREASE_BROKER_COUNT"
    ids = [node["BrokerNodeInfo"]["BrokerId"] for node in kafka.list_nodes(ClusterArn=arn)["NodeInfoList"]]
    assert ids == [1, 2, 3]


@pytest.mark.rule("kafka-004")
def test_storage_only_grows(kafka, made, info, version, operation, refused):
    arn = made(group={"StorageInfo": {"EbsStorageInfo": {"VolumeSize": 100}}})

    def size():
        return info(arn)["BrokerNodeGroupInfo"]["StorageInfo"]["EbsStorageInfo"]["VolumeSize"]

    def target(size, id="All"):
        return {**version(arn), "TargetBrokerEBSVolumeInfo": [{"KafkaBrokerNodeId": id, "VolumeSizeGB": size}]}

    assert size() == 100
    call = kafka.update_broker_storage
    code, message, parameter = refused(call, **target(99))
    assert (code, parameter) == ("BadRequestException", "volumeSizeGB")
    assert "99 GiB is smaller than the current 100 GiB" in message
    same = "The request does not include any updates to the EBS volumes of the cluster."
    assert refused(call, **target(100))[1] == f"{same} Verify the request, then try again."
    assert refused(call, **target(16_385))[1] == "The size of an EBS volume must be between 1 and 16384 GiB."
    assert refused(call, **target(200, "4"))[1] == "The cluster has no broker with the ID 4."
    assert size() == 100
    answer = call(**target(200))
    assert size() == 200
    done = operation(answer)
    assert done["OperationType"] == "UPDATE_BROKER_STORAGE"
    sizes = {
        each["KafkaBrokerNodeId"]: each["VolumeSizeGB"] for each in done["TargetClusterInfo"]["BrokerEBSVolumeInfo"]
    }
    assert sizes == {"1": 200, "2": 200, "3": 200}
    kafka.update_storage(**version(arn), VolumeSizeGB=300)
    assert size() == 300
    assert refused(kafka.update_storage, **version(arn), VolumeSizeGB=200)[2] == "volumeSizeGB"
    assert refused(kafka.update_storage, **version(arn))[1].startswith(same)
    kafka.update_broker_count(**version(arn), TargetNumberOfBrokerNodes=6)
    assert size() == 300


@pytest.mark.rule("kafka-004")
@pytest.mark.aws(lifecycle="timed")
def test_storage_needs_a_pause(aws, kafka, made, info, version, refused):
    arn = made()
    aws.clock.advance(seconds=1500)
    kafka.update_storage(**version(arn), VolumeSizeGB=200)
    aws.clock.advance(minutes=10)
    assert info(arn)["State"] == "ACTIVE"
    refusal = refused(kafka.update_storage, **version(arn), VolumeSizeGB=300)
    assert refusal[1] == "The storage of the cluster was scaled less than six hours ago. Try again later."
    aws.clock.advance(hours=6)
    kafka.update_storage(**version(arn), VolumeSizeGB=300)


def test_provisioned_throughput_and_tiers(kafka, made, info, version, refused):
    speed = {"Enabled": True, "VolumeThroughput": 250}
    volume = {"VolumeSize": 10, "ProvisionedThroughput": speed}
    arn = made(group={"InstanceType": "kafka.m5.4xlarge", "StorageInfo": {"EbsStorageInfo": volume}})
    assert info(arn)["BrokerNodeGroupInfo"]["StorageInfo"]["EbsStorageInfo"] == volume
    faster = {"Enabled": True, "VolumeThroughput": 500}
    kafka.update_storage(**version(arn), ProvisionedThroughput=faster)
    assert info(arn)["BrokerNodeGroupInfo"]["StorageInfo"]["EbsStorageInfo"]["ProvisionedThroughput"] == faster
    refusal = refused(kafka.update_broker_type, **version(arn), TargetInstanceType="kafka.m5.large")
    assert refusal[1] == "Provisioned throughput isn't supported for kafka.m5.large."
    assert refused(kafka.update_storage, **version(arn), StorageMode="LOCAL")[2] == "storageMode"
    kafka.update_storage(**version(arn), StorageMode="TIERED")
    assert info(arn)["StorageMode"] == "TIERED"
    assert refused(kafka.update_storage, **version(arn), StorageMode="TIERED")[2] == "storageMode"


def test_types_of_brokers(kafka, made, version, refused):
    arn = made()
    call = kafka.update_broker_type
    assert refused(call, **version(arn), TargetInstanceType="kafka.m9.large")[2] == "targetInstanceType"
    assert refused(call, **version(arn), TargetInstanceType="kafka.m5.large")[2] == "targetInstanceType"
    refusal = refused(call, **version(arn), TargetInstanceType="express.m7g.large")
    assert refusal[1] == "Brokers can't be changed between Standard and Express."


def test_reboots_one_at_a_time(kafka, made, refused):
    arn = made()
    assert refused(kafka.reboot_broker, ClusterArn=arn, BrokerIds=["1", "2"])[2] == "brokerIds"
    assert (
        refused(kafka.reboot_broker, ClusterArn=arn, BrokerIds=["4"])[1] == "The cluster has no broker with the ID 4."
    )


PROPERTIES = b"auto.create.topics.enable = true\n# kept for ever\nlog.retention.ms=-1\nmessage.max.bytes=10485760\n"


@pytest.mark.rule("kafka-006", "kafka-007")
def test_configurations(kafka, made, info, version, refused):
    created = kafka.create_configuration(
        Name="large", ServerProperties=PROPERTIES, KafkaVersions=["3.8.x", "3.9.x"], Description="large messages"
    )
    arn = created["Arn"]
    assert created["LatestRevision"]["Revision"] == 1
    revision = kafka.describe_configuration_revision(Arn=arn, Revision=1)
    assert revision["ServerProperties"] == PROPERTIES
    assert b"log.retention.ms=-1" in revision["ServerProperties"]
    assert b"message.max.bytes=10485760" in revision["ServerProperties"]
    described = kafka.describe_configuration(Arn=arn)
    assert (described["Name"], described["KafkaVersions"], described["State"]) == (
        "large",
        ["3.8.x", "3.9.x"],
        "ACTIVE",
    )
    exists = ("ConflictException", "A resource with this name already exists.", "name")
    assert refused(kafka.create_configuration, Name="large", ServerProperties=b"") == exists
    bad = refused(kafka.update_configuration, Arn=arn, ServerProperties=b"log retention")
    assert bad == ("BadRequestException", "The server property log retention is not valid.", "serverProperties")
    second = kafka.update_configuration(Arn=arn, ServerProperties=b"log.retention.ms=1", Description="short")
    assert second["LatestRevision"]["Revision"] == 2
    numbers = [each["Revision"] for each in kafka.list_configuration_revisions(Arn=arn)["Revisions"]]
    assert numbers == [1, 2]
    assert kafka.describe_configuration_revision(Arn=arn, Revision=1)["ServerProperties"] == PROPERTIES
    assert refused(kafka.describe_configuration_revision, Arn=arn, Revision=3)[0] == "NotFoundException"

    cluster = made()
    call = kafka.update_cluster_configuration
    wrong = refused(call, **version(cluster), ConfigurationInfo={"Arn": arn, "Revision": 3})
    assert wrong[:2] == ("BadRequestException", "Invalid configuration revision.")
    unknown = refused(call, **version(cluster), ConfigurationInfo={"Arn": arn + "x", "Revision": 1})
    assert unknown[:2] == ("BadRequestException", "Invalid Configuration ARN.")
    call(**version(cluster), ConfigurationInfo={"Arn": arn, "Revision": 2})
    assert info(cluster)["CurrentBrokerSoftwareInfo"] == {
        "KafkaVersion": "3.9.x",
        "ConfigurationArn": arn,
        "ConfigurationRevision": 2,
    }
    (listed,) = kafka.list_configurations()["Configurations"]
    assert listed["LatestRevision"]["Description"] == "short"
    in_use = refused(kafka.delete_configuration, Arn=arn)
    assert in_use[0] == "BadRequestException"
    assert in_use[1].startswith("Configuration is in use by one or more clusters.")
    kafka.delete_cluster(ClusterArn=cluster)
    assert kafka.delete_configuration(Arn=arn)["State"] == "DELETING"
    assert refused(kafka.describe_configuration, Arn=arn)[0] == "NotFoundException"
    assert kafka.list_configurations()["Configurations"] == []


def test_a_configuration_is_for_versions(kafka, made, version, refused):
    arn = kafka.create_configuration(Name="old", ServerProperties=b"", KafkaVersions=["3.6.0"])["Arn"]
    cluster = made(KafkaVersion="3.6.0", ConfigurationInfo={"Arn": arn, "Revision": 1})
    refusal = refused(kafka.update_cluster_kafka_version, **version(cluster), TargetKafkaVersion="3.9.x")
    assert refusal[1] == "The configuration isn't for Apache Kafka version 3.9.x."
    assert (
        refused(kafka.create_configuration, Name="x", ServerProperties=b"", KafkaVersions=["9"])[2] == "kafkaVersions"
    )
    new = kafka.create_configuration(Name="new", ServerProperties=b"", KafkaVersions=["3.9.x"])["Arn"]
    info = {"Arn": new, "Revision": 1}
    kafka.update_cluster_kafka_version(**version(cluster), TargetKafkaVersion="3.9.x", ConfigurationInfo=info)
    kafka.delete_configuration(Arn=arn)


@pytest.mark.aws(limits={"kafka.configurations": 1, "kafka.revisions-per-configuration": 2})
def test_quotas_of_configurations(kafka, refused):
    arn = kafka.create_configuration(Name="a", ServerProperties=b"")["Arn"]
    kafka.update_configuration(Arn=arn, ServerProperties=b"")
    over = "The number of revisions of the configuration would exceed the limit of 2."
    assert refused(kafka.update_configuration, Arn=arn, ServerProperties=b"")[1] == over
    over = "The number of configurations in the account would exceed the limit of 1."
    assert refused(kafka.create_configuration, Name="b", ServerProperties=b"")[1] == over
    kafka.delete_configuration(Arn=arn)
    kafka.create_configuration(Name="b", ServerProperties=b"")


def test_versions_go_up(kafka, made, info, version, refused):
    arn = made(KafkaVersion="3.7.x")
    kafka.update_cluster_kafka_version(**version(arn), TargetKafkaVersion="3.9.x")
    assert info(arn)["CurrentBrokerSoftwareInfo"]["KafkaVersion"] == "3.9.x"
    for wrong in ("3.8.x", "3.9.x.kraft", "9.9"):
        refusal = refused(kafka.update_cluster_kafka_version, **version(arn), TargetKafkaVersion=wrong)
        assert refusal == (
            "BadRequestException",
            f"Unsupported KafkaVersion [{wrong}]. Valid values: []",
            "targetKafkaVersion",
        )


def test_monitoring(kafka, made, info, version, refused):
    arn = made()
    logs = {"BrokerLogs": {"S3": {"Enabled": True, "Bucket": "logs"}}}
    kafka.update_monitoring(**version(arn), EnhancedMonitoring="PER_BROKER", LoggingInfo=logs)
    described = info(arn)
    assert (described["EnhancedMonitoring"], described["LoggingInfo"]) == ("PER_BROKER", logs)
    nothing = refused(kafka.update_monitoring, **version(arn), EnhancedMonitoring="PER_BROKER")
    assert nothing[1].startswith("The request does not include any updates to the cluster.")


def test_security(kafka, made, info, version, refused):
    arn = made()
    sasl = {"Sasl": {"Scram": ON}}
    kafka.update_security(**version(arn), ClientAuthentication={**sasl, "Unauthenticated": OFF})
    access = info(arn)["ClientAuthentication"]
    assert access["Sasl"] == {"Scram": ON, "Iam": OFF}
    assert access["Unauthenticated"] == OFF
    assert set(kafka.get_bootstrap_brokers(ClusterArn=arn)) - {"ResponseMetadata"} == {"BootstrapBrokerStringSaslScram"}
    kafka.update_security(**version(arn), ClientAuthentication={"Sasl": {"Iam": ON}})
    assert info(arn)["ClientAuthentication"]["Sasl"] == {"Scram": ON, "Iam": ON}

    def encrypted(**how):
        return {**version(arn), "EncryptionInfo": {"EncryptionInTransit": how}}

    assert refused(kafka.update_security, **encrypted(ClientBroker="PLAINTEXT"))[2] == "encryptionInTransit"
    assert refused(kafka.update_security, **encrypted(InCluster=False))[2] == "inCluster"
    kafka.update_security(**encrypted(ClientBroker="TLS_PLAINTEXT"))
    in_transit = info(arn)["EncryptionInfo"]["EncryptionInTransit"]
    assert in_transit == {"ClientBroker": "TLS_PLAINTEXT", "InCluster": True}
    none = {"Sasl": {"Scram": OFF, "Iam": OFF}}
    assert refused(kafka.update_security, **version(arn), ClientAuthentication=none)[2] == "clientAuthentication"


def test_connectivity(kafka, made, info, version, refused):
    public = {"ConnectivityInfo": {"PublicAccess": {"Type": "SERVICE_PROVIDED_EIPS"}}}
    open = made()
    assert refused(kafka.update_connectivity, **version(open), **public)[2] == "publicAccess"
    arn = made("known", ClientAuthentication={"Sasl": {"Iam": ON}})
    kafka.update_connectivity(**version(arn), **public)
    brokers = kafka.get_bootstrap_brokers(ClusterArn=arn)
    assert brokers["BootstrapBrokerStringPublicSaslIam"].startswith("b-1-public.known.")
    assert ":9198" in brokers["BootstrapBrokerStringPublicSaslIam"]
    assert (
        refused(kafka.update_security, **version(arn), ClientAuthentication={"Unauthenticated": ON})[2]
        == "publicAccess"
    )
    private = {"VpcConnectivity": {"ClientAuthentication": {"Sasl": {"Iam": ON}}}}
    kafka.update_connectivity(**version(arn), ConnectivityInfo=private)
    shown = info(arn)["BrokerNodeGroupInfo"]["ConnectivityInfo"]
    assert shown["PublicAccess"]["Type"] == "SERVICE_PROVIDED_EIPS"
    assert shown["VpcConnectivity"]["ClientAuthentication"]["Sasl"]["Iam"] == ON
    brokers = kafka.get_bootstrap_brokers(ClusterArn=arn)
    assert ":14001," in brokers["BootstrapBrokerStringVpcConnectivitySaslIam"]
    scram = {"VpcConnectivity": {"ClientAuthentication": {"Sasl": {"Scram": ON}}}}
    assert refused(kafka.update_connectivity, **version(arn), ConnectivityInfo=scram)[2] == "vpcConnectivity"
    wrong = {"PublicAccess": {"Type": "YES"}}
    assert refused(kafka.update_connectivity, **version(arn), ConnectivityInfo=wrong)[2] == "publicAccess"


def test_operations_are_listed(kafka, made, info, version, refused):
    arn = made()
    kafka.update_monitoring(**version(arn), EnhancedMonitoring="PER_BROKER")
    second = kafka.reboot_broker(ClusterArn=arn, BrokerIds=["1"])["ClusterOperationArn"]
    listed = kafka.list_cluster_operations(ClusterArn=arn)["ClusterOperationInfoList"]
    assert [each["OperationType"] for each in listed] == ["UPDATE_MONITORING", "REBOOT_NODE"]
    (_, last) = kafka.list_cluster_operations_v2(ClusterArn=arn)["ClusterOperationInfoList"]
    assert (last["OperationArn"], last["OperationState"], last["ClusterType"]) == (
        second,
        "UPDATE_COMPLETE",
        "PROVISIONED",
    )
    described = kafka.describe_cluster_operation_v2(ClusterOperationArn=listed[0]["OperationArn"])
    provisioned = described["ClusterOperationInfo"]["Provisioned"]
    assert provisioned["SourceClusterInfo"] == {"EnhancedMonitoring": "DEFAULT"}
    assert provisioned["TargetClusterInfo"] == {"EnhancedMonitoring": "PER_BROKER"}
    unknown = refused(kafka.describe_cluster_operation, ClusterOperationArn=second + "x")
    assert unknown == ("NotFoundException", "The requested resource doesn't exist.", "clusterOperationArn")
    assert refused(kafka.describe_cluster_operation_v2, ClusterOperationArn="x")[0] == "BadRequestException"

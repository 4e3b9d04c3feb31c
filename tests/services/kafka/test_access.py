"""Who may come to a cluster: policies, other VPCs and accounts, secrets; and permissions."""

import json

import boto3
import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.aws(at="2026-03-01T00:00:00Z")

ON = {"Enabled": True}
OTHER = "222222222222"
SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:AmazonMSK_{}-Ab12Cd"


@pytest.fixture
def shared(kafka, made, info):
    """A cluster that clients of other VPCs can come to with IAM."""
    arn = made(ClientAuthentication={"Sasl": {"Iam": ON}})
    private = {"VpcConnectivity": {"ClientAuthentication": {"Sasl": {"Iam": ON}}}}
    version = info(arn)["CurrentVersion"]
    kafka.update_connectivity(ClusterArn=arn, CurrentVersion=version, ConnectivityInfo=private)
    return arn


def policy(arn, *actions, account=OTHER):
    statement = {"Effect": "Allow", "Principal": {"AWS": account}, "Action": list(actions), "Resource": arn}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def connection(arn, **more):
    network = {"VpcId": "vpc-1", "ClientSubnets": ["subnet-a", "subnet-b", "subnet-c"], "SecurityGroups": ["sg-1"]}
    return {"TargetClusterArn": arn, "Authentication": "SASL_IAM", **network, **more}


def stranger():
    return boto3.client("kafka", region_name="us-east-1", aws_access_key_id=OTHER, aws_secret_access_key="x")


def test_cluster_policies(kafka, shared, refused):
    assert refused(kafka.get_cluster_policy, ClusterArn=shared)[0] == "NotFoundException"
    text = policy(shared, "kafka:CreateVpcConnection")
    version = kafka.put_cluster_policy(ClusterArn=shared, Policy=text)["CurrentVersion"]
    found = kafka.get_cluster_policy(ClusterArn=shared)
    assert (found["Policy"], found["CurrentVersion"]) == (text, version)
    needed = ("BadRequestException", "Current cluster policy version needed for Update", None)
    assert refused(kafka.put_cluster_policy, ClusterArn=shared, Policy=text) == needed
    stale = refused(kafka.put_cluster_policy, ClusterArn=shared, Policy=text, CurrentVersion="K1")
    assert stale[2] == "currentVersion"
    assert refused(kafka.put_cluster_policy, ClusterArn=shared, Policy="{}", CurrentVersion=version)[2] == "policy"
    assert kafka.get_cluster_policy(ClusterArn=shared)["CurrentVersion"] == version
    after = kafka.put_cluster_policy(ClusterArn=shared, Policy=text, CurrentVersion=version)["CurrentVersion"]
    assert after != version
    kafka.delete_cluster_policy(ClusterArn=shared)
    assert refused(kafka.get_cluster_policy, ClusterArn=shared)[0] == "NotFoundException"
    kafka.put_cluster_policy(ClusterArn=shared, Policy=text)


@pytest.mark.aws(authorization=True)
def test_another_account_needs_the_policy_under_authorization_too(kafka, shared, refused):
    another_account_needs_the_policy(kafka, shared, refused)


def test_another_account_needs_the_policy(kafka, shared, refused):
    another_account_needs_the_policy(kafka, shared, refused)


def another_account_needs_the_policy(kafka, shared, refused):
    other = stranger()
    for call in (other.describe_cluster, other.get_bootstrap_brokers):
        with pytest.raises(ClientError, match="not authorized"):
            call(ClusterArn=shared)
    with pytest.raises(ClientError, match="not authorized"):
        other.create_vpc_connection(**connection(shared))
    actions = ("kafka:CreateVpcConnection", "kafka:GetBootstrapBrokers")
    kafka.put_cluster_policy(ClusterArn=shared, Policy=policy(shared, *actions))
    made = other.create_vpc_connection(**connection(shared, Tags={"team": "b"}))
    arn = made["VpcConnectionArn"]
    assert arn.startswith(f"arn:aws:kafka:us-east-1:{OTHER}:vpc-connection/123456789012/orders/")
    assert made["State"] == "CREATING"
    assert other.get_bootstrap_brokers(ClusterArn=shared)["BootstrapBrokerStringVpcConnectivitySaslIam"]
    with pytest.raises(ClientError, match="not authorized"):
        other.describe_cluster(ClusterArn=shared)
    # No policy of a cluster can let others do this.
    assert refused(other.list_nodes, ClusterArn=shared)[0] in ("NotFoundException", "AccessDeniedException")
    (client,) = kafka.list_client_vpc_connections(ClusterArn=shared)["ClientVpcConnections"]
    assert (client["VpcConnectionArn"], client["Owner"], client["State"]) == (arn, OTHER, "AVAILABLE")
    kafka.reject_client_vpc_connection(ClusterArn=shared, VpcConnectionArn=arn)
    assert other.describe_vpc_connection(Arn=arn)["State"] == "REJECTED"
    assert refused(kafka.describe_vpc_connection, Arn=arn)[0] in ("NotFoundException", "AccessDeniedException")
    other.delete_vpc_connection(Arn=arn)
    assert kafka.list_client_vpc_connections(ClusterArn=shared)["ClientVpcConnections"] == []


def test_vpc_connections(kafka, made, shared, refused):
    created = kafka.create_vpc_connection(**connection(shared))
    arn = created["VpcConnectionArn"]
    described = kafka.describe_vpc_connection(Arn=arn)
    assert described["State"] == "AVAILABLE"
    assert described["TargetClusterArn"] == shared
    assert described["Subnets"] == ["subnet-a", "subnet-b", "subnet-c"]
    assert [each["VpcConnectionArn"] for each in kafka.list_vpc_connections()["VpcConnections"]] == [arn]
    kafka.tag_resource(ResourceArn=arn, Tags={"team": "a"})
    assert kafka.list_tags_for_resource(ResourceArn=arn)["Tags"] == {"team": "a"}
    call = kafka.create_vpc_connection
    assert refused(call, **connection(shared, Authentication="TLS"))[2] == "authentication"
    assert refused(call, **connection(shared, Authentication="NONE"))[2] == "authentication"
    assert refused(call, **connection(shared, ClientSubnets=["subnet-a"]))[2] == "clientSubnets"
    assert refused(call, **connection(shared + "x"))[:1] == ("NotFoundException",)
    assert refused(call, **connection(made("plain")))[2] == "authentication"
    kafka.delete_cluster(ClusterArn=shared)
    assert kafka.describe_vpc_connection(Arn=arn)["State"] == "INACTIVE"
    assert kafka.delete_vpc_connection(Arn=arn)["State"] == "DELETING"
    assert refused(kafka.describe_vpc_connection, Arn=arn)[0] == "NotFoundException"


def test_scram_secrets(kafka, made, refused):
    arn = made(ClientAuthentication={"Sasl": {"Scram": ON}})
    jane, joe = SECRET.format("jane"), SECRET.format("joe")
    wrong = jane.replace("AmazonMSK_", "")
    answer = kafka.batch_associate_scram_secret(ClusterArn=arn, SecretArnList=[jane, wrong, joe])
    (unprocessed,) = answer["UnprocessedScramSecrets"]
    assert unprocessed == {
        "ErrorCode": "InvalidSecretArn",
        "ErrorMessage": "The provided secret arn cannot be used with Amazon MSK. Secret names must have the prefix "
        "'AmazonMSK_'",
        "SecretArn": wrong,
    }
    assert kafka.list_scram_secrets(ClusterArn=arn)["SecretArnList"] == [jane, joe]
    again = kafka.batch_associate_scram_secret(ClusterArn=arn, SecretArnList=[jane])
    assert [each["SecretArn"] for each in again["UnprocessedScramSecrets"]] == [jane]
    answer = kafka.batch_disassociate_scram_secret(ClusterArn=arn, SecretArnList=[jane, wrong])
    assert [each["SecretArn"] for each in answer["UnprocessedScramSecrets"]] == [wrong]
    assert kafka.list_scram_secrets(ClusterArn=arn)["SecretArnList"] == [joe]
    plain = made("plain")
    refusal = refused(kafka.batch_associate_scram_secret, ClusterArn=plain, SecretArnList=[jane])
    assert refusal[1] == "SASL/SCRAM authentication isn't enabled for the cluster."


def test_the_key_must_be_usable(kafka, made, info, refused):
    kms = boto3.client("kms", region_name="us-east-1")
    key = kms.create_key()["KeyMetadata"]

    def encrypted(key):
        return {"EncryptionInfo": {"EncryptionAtRest": {"DataVolumeKMSKeyId": key}}}

    assert info(made("a", **encrypted(key["Arn"])))["EncryptionInfo"]["EncryptionAtRest"] == {
        "DataVolumeKMSKeyId": key["Arn"]
    }
    with pytest.raises(ClientError, match="is disabled") as caught:
        kms.disable_key(KeyId=key["KeyId"])
        made("b", **encrypted(key["Arn"]))
    assert caught.value.response["InvalidParameter"] == "dataVolumeKMSKeyId"
    with pytest.raises(ClientError, match="does not exist"):
        made("c", **encrypted(key["Arn"] + "x"))


def test_secrets_fail_in_part(aws, kafka, made):
    arn = made(ClientAuthentication={"Sasl": {"Scram": ON}})
    jane, joe = SECRET.format("jane"), SECRET.format("joe")
    with aws.faults.add("kafka:BatchAssociateScramSecret", partial=1, error="TooManyRequestsException"):
        answer = kafka.batch_associate_scram_secret(ClusterArn=arn, SecretArnList=[jane, joe])
    (failed,) = answer["UnprocessedScramSecrets"]
    assert (failed["SecretArn"], failed["ErrorCode"]) == (joe, "TooManyRequestsException")
    assert kafka.list_scram_secrets(ClusterArn=arn)["SecretArnList"] == [jane]


@pytest.mark.aws(authorization=True)
def test_the_role_of_a_replicator_must_be_passed(aws, kafka, made):
    iam = boto3.client("iam")
    iam.create_user(UserName="jane")
    statement = {"Effect": "Allow", "Action": "kafka:*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName="jane", PolicyName="p", PolicyDocument=document)
    with aws.acting_as("arn:aws:iam::123456789012:user/jane"), pytest.raises(ClientError, match="iam:PassRole"):
        kafka.create_replicator(
            ReplicatorName="copy",
            ServiceExecutionRoleArn="arn:aws:iam::123456789012:role/replication",
            KafkaClusters=[],
            ReplicationInfoList=[],
        )


@pytest.mark.newer_botocore
@pytest.mark.aws(authorization=True)
def test_permissions(aws, kafka, made):
    iam = boto3.client("iam")
    iam.create_user(UserName="jane")
    orders, events = made(), made("events")
    topics = orders.replace(":cluster/", ":topic/") + "/public-*"
    allowed = [
        {"Effect": "Allow", "Action": "kafka:DescribeCluster", "Resource": orders},
        {"Effect": "Allow", "Action": ["kafka:CreateTopic", "kafka:DescribeTopic"], "Resource": topics},
        {
            "Effect": "Allow",
            "Action": "kafka:UpdateConnectivity",
            "Resource": "*",
            "Condition": {"Bool": {"kafka:publicAccessEnabled": "false"}},
        },
    ]
    document = json.dumps({"Version": "2012-10-17", "Statement": allowed})
    iam.put_user_policy(UserName="jane", PolicyName="p", PolicyDocument=document)
    version = kafka.describe_cluster(ClusterArn=orders)["ClusterInfo"]["CurrentVersion"]
    new = {"ClusterArn": orders, "PartitionCount": 1, "ReplicationFactor": 1}
    with aws.acting_as("arn:aws:iam::123456789012:user/jane"):
        assert kafka.describe_cluster(ClusterArn=orders)["ClusterInfo"]["ClusterName"] == "orders"
        kafka.create_topic(**new, TopicName="public-news")
        assert kafka.describe_topic(ClusterArn=orders, TopicName="public-news")
        for call, params in (
            (kafka.describe_cluster, {"ClusterArn": events}),
            (kafka.create_topic, {**new, "TopicName": "secret"}),
            (kafka.list_topics, {"ClusterArn": orders}),
        ):
            with pytest.raises(ClientError, match="not authorized"):
                call(**params)
        public = {"PublicAccess": {"Type": "SERVICE_PROVIDED_EIPS"}}
        update = {"ClusterArn": orders, "CurrentVersion": version}
        with pytest.raises(ClientError, match="not authorized"):
            kafka.update_connectivity(**update, ConnectivityInfo=public)
        dual = {"NetworkType": "DUAL", "PublicAccess": {"Type": "DISABLED"}}
        kafka.update_connectivity(**update, ConnectivityInfo=dual)

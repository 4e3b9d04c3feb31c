"""Recorders, delivery channels and what they record."""

import gzip
import json

import pytest

pytestmark = pytest.mark.aws(at="2026-03-01T00:00:00Z")

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/config"


@pytest.mark.rule("config-001", "config-003")
def test_what_changes_is_recorded(aws, config, s3, recording):
    recording()
    s3.create_bucket(Bucket="reports")
    aws.clock.advance(minutes=1)
    s3.put_bucket_versioning(Bucket="reports", VersioningConfiguration={"Status": "Enabled"})
    aws.clock.advance(minutes=1)
    s3.put_bucket_tagging(Bucket="reports", Tagging={"TagSet": [{"Key": "team", "Value": "a"}]})
    key = {"resourceType": "AWS::S3::Bucket", "resourceId": "reports"}
    third, second, first = config.get_resource_config_history(**key)["configurationItems"]
    assert [one["configurationItemStatus"] for one in (first, second, third)] == ["ResourceDiscovered", "OK", "OK"]
    assert first["configurationItemCaptureTime"] < second["configurationItemCaptureTime"]
    states = [
        json.loads(one["supplementaryConfiguration"]["BucketVersioningConfiguration"])["status"]
        for one in (first, second)
    ]
    assert states == ["Off", "Enabled"]
    assert third["tags"] == {"team": "a"}
    assert json.loads(third["configuration"])["name"] == "reports"
    assert third["arn"] == "arn:aws:s3:::reports" and third["accountId"] == ACCOUNT
    forward = config.get_resource_config_history(**key, chronologicalOrder="Forward", limit=1)
    assert forward["configurationItems"] == [first] and forward["nextToken"]
    s3.delete_bucket(Bucket="reports")
    last = config.get_resource_config_history(**key, limit=1)["configurationItems"][0]
    assert last["configurationItemStatus"] == "ResourceDeleted"
    assert [one["resourceId"] for one in _resources(config, "AWS::S3::Bucket")] == ["items"]
    deleted = config.list_discovered_resources(resourceType="AWS::S3::Bucket", includeDeletedResources=True)
    assert any(one.get("resourceDeletionTime") for one in deleted["resourceIdentifiers"])


def _resources(config, kind):
    return config.list_discovered_resources(resourceType=kind)["resourceIdentifiers"]


@pytest.mark.rule("config-003")
def test_resources_that_nobody_knows(config, recording, refused):
    recording()
    code, message = refused(config.get_resource_config_history, resourceType="AWS::S3::Bucket", resourceId="none")
    assert code == "ResourceNotDiscoveredException"
    assert message == "Resource none of resourceType:AWS::S3::Bucket is unknown or has not been discovered"


@pytest.mark.rule("config-002")
def test_recorder_and_channel_need_each_other(config, bucket, refused):
    channel = {"name": "default", "s3BucketName": bucket()}
    assert refused(config.put_delivery_channel, DeliveryChannel=channel) == (
        "NoAvailableConfigurationRecorderException",
        "Configuration recorder is not available to put delivery channel.",
    )
    config.put_configuration_recorder(ConfigurationRecorder={"name": "default", "roleARN": ROLE})
    assert refused(config.start_configuration_recorder, ConfigurationRecorderName="default") == (
        "NoAvailableDeliveryChannelException",
        "Delivery channel is not available to start configuration recorder.",
    )
    config.put_delivery_channel(DeliveryChannel=channel)
    (status,) = config.describe_configuration_recorder_status()["ConfigurationRecordersStatus"]
    assert status["recording"] is False
    config.start_configuration_recorder(ConfigurationRecorderName="default")
    (status,) = config.describe_configuration_recorder_status()["ConfigurationRecordersStatus"]
    assert status["recording"] is True and status["lastStatus"] == "Success"
    (recorder,) = config.describe_configuration_recorders()["ConfigurationRecorders"]
    assert recorder["recordingGroup"]["allSupported"] is True
    code, _ = refused(config.delete_delivery_channel, DeliveryChannelName="default")
    assert code == "LastDeliveryChannelDeleteFailedException"
    second = {"name": "second", "roleARN": ROLE}
    code, _ = refused(config.put_configuration_recorder, ConfigurationRecorder=second)
    assert code == "MaxNumberOfConfigurationRecordersExceededException"
    code, _ = refused(config.start_configuration_recorder, ConfigurationRecorderName="none")
    assert code == "NoSuchConfigurationRecorderException"
    unknown = {"name": "default", "roleARN": ROLE, "recordingGroup": {"resourceTypes": ["AWS::Toys::Duck"]}}
    code, message = refused(config.put_configuration_recorder, ConfigurationRecorder=unknown)
    assert code == "ValidationException" and "Value 'AWS::Toys::Duck' at 'resourceType'" in message
    both = {"allSupported": True, "resourceTypes": ["AWS::S3::Bucket"]}
    asked = {"name": "default", "roleARN": ROLE, "recordingGroup": both}
    code, _ = refused(config.put_configuration_recorder, ConfigurationRecorder=asked)
    assert code == "InvalidRecordingGroupException"


@pytest.mark.rule("config-004")
def test_recording_is_narrowed_by_type(config, client, s3, recording):
    recording({"allSupported": False, "resourceTypes": ["AWS::SQS::Queue"]})
    client("sqs").create_queue(QueueName="jobs", tags={"team": "a"})
    s3.create_bucket(Bucket="reports")
    assert [one["resourceName"] for one in _resources(config, "AWS::SQS::Queue")] == ["jobs"]
    assert _resources(config, "AWS::S3::Bucket") == []
    counts = config.get_discovered_resource_counts()
    assert counts["totalDiscoveredResources"] == 1
    assert counts["resourceCounts"] == [{"resourceType": "AWS::SQS::Queue", "count": 1}]


def test_what_is_there_already_is_taken_in(config, client, recording):
    client("sqs").create_queue(QueueName="jobs")
    client("iam").create_user(UserName="ann")
    recording({"allSupported": True, "includeGlobalResourceTypes": True})
    assert [one["resourceName"] for one in _resources(config, "AWS::SQS::Queue")] == ["jobs"]
    assert [one["resourceName"] for one in _resources(config, "AWS::IAM::User")] == ["ann"]


def test_every_type(aws, config, client, function, recording):
    recording({"allSupported": True, "includeGlobalResourceTypes": True})
    client("sns").create_topic(Name="news", Tags=[{"Key": "team", "Value": "a"}])
    client("dynamodb").create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    client("kinesis").create_stream(StreamName="clicks", ShardCount=1)
    key = client("kms").create_key()["KeyMetadata"]
    iam = client("iam")
    iam.create_user(UserName="ann")
    iam.create_group(GroupName="staff")
    iam.add_user_to_group(GroupName="staff", UserName="ann")
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    policy = iam.create_policy(PolicyName="all-of-s3", PolicyDocument=json.dumps(document))["Policy"]
    function("check")
    for kind, name in (
        ("AWS::SNS::Topic", "news"),
        ("AWS::DynamoDB::Table", "orders"),
        ("AWS::Kinesis::Stream", "clicks"),
        ("AWS::KMS::Key", key["KeyId"]),
        ("AWS::IAM::Group", "staff"),
        ("AWS::IAM::Policy", "all-of-s3"),
        ("AWS::IAM::Role", "check"),
        ("AWS::Lambda::Function", "check"),
    ):
        assert [one["resourceName"] for one in _resources(config, kind)] == [name], kind
    (user,) = _resources(config, "AWS::IAM::User")
    asked = {"resourceType": "AWS::IAM::User", "resourceId": user["resourceId"]}
    newest = config.get_resource_config_history(**asked, limit=1)["configurationItems"][0]
    assert newest["relationships"] == [
        {"resourceType": "AWS::IAM::Group", "resourceName": "staff", "relationshipName": "Is attached to Group"}
    ]
    found = config.batch_get_resource_config(
        resourceKeys=[
            {"resourceType": "AWS::IAM::Policy", "resourceId": policy["PolicyId"]},
            {"resourceType": "AWS::IAM::Policy", "resourceId": "none"},
        ]
    )
    assert found["baseConfigurationItems"][0]["arn"] == policy["Arn"]
    assert len(found["unprocessedResourceKeys"]) == 1


@pytest.mark.rule("config-005")
def test_config_is_regional(config, client, recording):
    recording()
    assert client("config", region="eu-west-1").describe_configuration_recorders()["ConfigurationRecorders"] == []
    client("sqs", region="eu-west-1").create_queue(QueueName="there")
    assert _resources(config, "AWS::SQS::Queue") == []


def test_a_cloud_without_a_recorder_is_left_alone(aws, client, config):
    config.put_configuration_recorder(ConfigurationRecorder={"name": "default", "roleARN": ROLE})
    client("sqs").create_queue(QueueName="jobs")
    assert "observer" not in vars(aws)
    assert len(aws.calls) == 2


def test_a_stopped_recorder_records_nothing(config, client, recording):
    recording()
    config.stop_configuration_recorder(ConfigurationRecorderName="default")
    client("sqs").create_queue(QueueName="jobs")
    assert _resources(config, "AWS::SQS::Queue") == []
    config.delete_configuration_recorder(ConfigurationRecorderName="default")
    assert config.list_configuration_recorders()["ConfigurationRecorderSummaries"] == []


def test_restored_clouds_record_as_they_did(aws, config, client, recording):
    before = aws.snapshot()
    recording()
    aws.restore(before)
    client("sqs").create_queue(QueueName="jobs")
    assert config.describe_configuration_recorders()["ConfigurationRecorders"] == []


@pytest.mark.rule("config-007")
def test_the_topic_hears_of_changes(config, client, recording, bucket, refused):
    sns, sqs = client("sns"), client("sqs")
    config.put_configuration_recorder(ConfigurationRecorder={"name": "default", "roleARN": ROLE})
    missing = f"arn:aws:sns:us-east-1:{ACCOUNT}:none"
    channel = {"name": "default", "s3BucketName": bucket("other"), "snsTopicARN": missing}
    assert refused(config.put_delivery_channel, DeliveryChannel=channel) == (
        "InvalidSNSTopicARNException",
        f"The sns topic arn '{missing}' is not valid.",
    )
    topic = sns.create_topic(Name="changes")["TopicArn"]
    url = sqs.create_queue(QueueName="changes")["QueueUrl"]
    arn = f"arn:aws:sqs:us-east-1:{ACCOUNT}:changes"
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
    recording({"allSupported": False, "resourceTypes": ["AWS::DynamoDB::Table"]}, snsTopicARN=topic)
    client("dynamodb").create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    body = json.loads(sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"])
    assert body["messageType"] == "ConfigurationItemChangeNotification"
    assert body["configurationItem"]["resourceId"] == "orders"
    assert body["configurationItemDiff"]["changeType"] == "CREATE"


@pytest.mark.rule("config-008")
def test_snapshots_go_to_the_bucket(aws, config, client, s3, recording, refused):
    config.put_configuration_recorder(ConfigurationRecorder={"name": "default", "roleARN": ROLE})
    channel = {"name": "default", "s3BucketName": "none-such"}
    assert refused(config.put_delivery_channel, DeliveryChannel=channel)[0] == "NoSuchBucketException"
    s3.create_bucket(Bucket="closed")
    closed = {**channel, "s3BucketName": "closed"}
    assert refused(config.put_delivery_channel, DeliveryChannel=closed) == (
        "InsufficientDeliveryPolicyException",
        "Insufficient delivery policy to s3 bucket: closed, unable to get s3 bucket acl.",
    )
    recording()
    client("sqs").create_queue(QueueName="jobs")
    id_ = config.deliver_config_snapshot(deliveryChannelName="default")["configSnapshotId"]
    (key,) = [one["Key"] for one in s3.list_objects_v2(Bucket="items")["Contents"]]
    start = f"AWSLogs/{ACCOUNT}/Config/us-east-1/2026/3/1/ConfigSnapshot/{ACCOUNT}_Config_us-east-1_ConfigSnapshot_"
    assert key == f"{start}20260301T000000Z_{id_}.json.gz"
    content = json.loads(gzip.decompress(s3.get_object(Bucket="items", Key=key)["Body"].read()))
    assert {one["resourceName"] for one in content["configurationItems"]} >= {"jobs", "items"}
    aws.clock.advance(hours=6)
    keys = [one["Key"] for one in s3.list_objects_v2(Bucket="items")["Contents"]]
    assert any("ConfigHistory_AWS::SQS::Queue" in each for each in keys)
    (status,) = config.describe_delivery_channel_status()["DeliveryChannelsStatus"]
    assert status["configSnapshotDeliveryInfo"]["lastStatus"] == "Success"
    assert status["configHistoryDeliveryInfo"]["lastStatus"] == "Success"


def test_snapshots_at_a_frequency(aws, s3, recording):
    recording(configSnapshotDeliveryProperties={"deliveryFrequency": "Three_Hours"})
    aws.clock.advance(hours=9)
    keys = [one["Key"] for one in s3.list_objects_v2(Bucket="items")["Contents"]]
    assert len([key for key in keys if "/ConfigSnapshot/" in key]) == 3


def test_retention(aws, config, client, recording, refused):
    recording()
    client("sqs").create_queue(QueueName="jobs")
    aws.clock.advance(days=40)
    url = client("sqs").get_queue_url(QueueName="jobs")["QueueUrl"]
    client("sqs").tag_queue(QueueUrl=url, Tags={"team": "a"})
    key = {"resourceType": "AWS::SQS::Queue", "resourceId": url}
    assert len(config.get_resource_config_history(**key)["configurationItems"]) == 2
    config.put_retention_configuration(RetentionPeriodInDays=30)
    assert len(config.get_resource_config_history(**key)["configurationItems"]) == 1
    config.delete_retention_configuration(RetentionConfigurationName="default")
    code, _ = refused(config.delete_retention_configuration, RetentionConfigurationName="default")
    assert code == "NoSuchRetentionConfigurationException"

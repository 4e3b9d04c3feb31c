"""Topics, as MSK's own API has them."""

from base64 import b64encode

import pytest

pytestmark = [pytest.mark.aws(at="2026-03-01T00:00:00Z"), pytest.mark.newer_botocore]


def configs(text):
    return b64encode(text.encode()).decode()


@pytest.fixture
def topic(made):
    return {"ClusterArn": made(), "TopicName": "orders"}


@pytest.mark.rule("kafka-008")
def test_the_life_of_a_topic(kafka, topic, refused):
    kept = configs("retention.ms=-1\ncleanup.policy=compact")
    created = kafka.create_topic(**topic, PartitionCount=3, ReplicationFactor=2, Configs=kept)
    assert created["Status"] == "CREATING"
    assert created["TopicArn"] == topic["ClusterArn"].replace(":cluster/", ":topic/") + "/orders"
    described = kafka.describe_topic(**topic)
    described.pop("ResponseMetadata")
    assert described == {
        "TopicArn": created["TopicArn"],
        "TopicName": "orders",
        "ReplicationFactor": 2,
        "PartitionCount": 3,
        "Configs": kept,
        "Status": "ACTIVE",
    }
    partitions = kafka.describe_topic_partitions(**topic)["Partitions"]
    assert [each["Partition"] for each in partitions] == [0, 1, 2]
    assert sorted(each["Leader"] for each in partitions) == [1, 2, 3]
    assert all(len(each["Replicas"]) == 2 and each["Isr"] == each["Replicas"] for each in partitions)
    with pytest.raises(kafka.exceptions.TopicExistsException) as caught:
        kafka.create_topic(**topic, PartitionCount=1, ReplicationFactor=1)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 409
    assert caught.value.response["Error"]["Message"] == "Topic 'orders' already exists."
    kafka.create_topic(ClusterArn=topic["ClusterArn"], TopicName="events", PartitionCount=1, ReplicationFactor=3)
    listed = kafka.list_topics(ClusterArn=topic["ClusterArn"])["Topics"]
    assert [(each["TopicName"], each["PartitionCount"]) for each in listed] == [("events", 1), ("orders", 3)]
    found = kafka.list_topics(ClusterArn=topic["ClusterArn"], TopicNameFilter="or")["Topics"]
    assert [each["TopicName"] for each in found] == ["orders"]
    assert kafka.delete_topic(**topic)["Status"] == "DELETING"
    missing = ("NotFoundException", "The requested resource doesn't exist.", "topicName")
    assert refused(kafka.describe_topic, **topic) == missing
    unknown = ("UnknownTopicOrPartitionException", "This server does not host this topic-partition.", "topicName")
    assert refused(kafka.delete_topic, **topic) == unknown


def test_partitions_only_grow(kafka, topic, refused):
    kafka.create_topic(**topic, PartitionCount=3, ReplicationFactor=2)
    before = kafka.describe_topic_partitions(**topic)["Partitions"]
    refusal = refused(kafka.update_topic, **topic, PartitionCount=2)
    message = "The topic orders currently has 3 partition(s); 2 would not be an increase."
    assert refusal == ("KafkaRequestException", message, "partitionCount")
    assert kafka.update_topic(**topic, PartitionCount=5)["Status"] == "UPDATING"
    after = kafka.describe_topic_partitions(**topic)["Partitions"]
    assert after[:3] == before
    assert len(after) == 5
    kafka.update_topic(**topic, Configs=configs("min.insync.replicas=2"))
    described = kafka.describe_topic(**topic)
    assert (described["PartitionCount"], described["Configs"]) == (5, configs("min.insync.replicas=2"))
    assert refused(kafka.update_topic, **topic)[0] == "BadRequestException"


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        ({"ReplicationFactor": 4}, "KafkaRequestException", "Unable to replicate the partition 4 time(s): The target"),
        ({"TopicName": "a b"}, "KafkaRequestException", "Topic name is illegal, contains a character other than"),
        ({"TopicName": ".."}, "KafkaRequestException", 'Topic name is illegal, it can\'t be "." or ".."'),
        ({"TopicName": "x" * 250}, "KafkaRequestException", "Topic name is illegal, it can't be longer than 249"),
        ({"Configs": "no base64!"}, "BadRequestException", "Topic configurations must be encoded as a Base64 string."),
        ({"Configs": configs("retention")}, "BadRequestException", "The topic configuration retention is not valid."),
        ({"Configs": configs("retain=1")}, "KafkaRequestException", "Unknown topic config name: retain"),
    ],
)
def test_what_no_topic_can_be(kafka, topic, refused, change, code, message):
    params = {**topic, "PartitionCount": 1, "ReplicationFactor": 1, **change}
    refusal = refused(kafka.create_topic, **params)
    assert refusal[0] == code
    assert refusal[1].startswith(message)
    assert kafka.list_topics(ClusterArn=topic["ClusterArn"])["Topics"] == []


def test_express_topics_have_three_replicas(kafka, made, refused):
    arn = made(group={"InstanceType": "express.m7g.large"})
    topic = {"ClusterArn": arn, "TopicName": "t", "PartitionCount": 1}
    assert refused(kafka.create_topic, **topic, ReplicationFactor=2)[2] == "replicationFactor"
    kafka.create_topic(**topic, ReplicationFactor=3)


@pytest.mark.aws(lifecycle="timed")
def test_topics_take_a_minute(aws, kafka, made, refused):
    topic = {"ClusterArn": made(), "TopicName": "t"}
    new = {**topic, "PartitionCount": 1, "ReplicationFactor": 1}
    not_active = "This operation is only valid for resources that are in one of the following states :[ACTIVE]"
    assert refused(kafka.create_topic, **new)[1] == not_active
    aws.clock.advance(seconds=1500)
    kafka.create_topic(**new)
    assert kafka.describe_topic(**topic)["Status"] == "CREATING"
    aws.clock.advance(minutes=1)
    assert kafka.describe_topic(**topic)["Status"] == "ACTIVE"
    kafka.delete_topic(**topic)
    assert kafka.describe_topic(**topic)["Status"] == "DELETING"
    assert refused(kafka.delete_topic, **topic)[0] == "UnknownTopicOrPartitionException"
    aws.clock.advance(minutes=1)
    assert kafka.list_topics(ClusterArn=topic["ClusterArn"])["Topics"] == []

"""Streams: their life, versions, retention, endpoints, configurations and tags."""

import json

import boto3
import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.aws(at="2026-03-01T00:00:00Z")

ARN = "arn:aws:kinesisvideo:us-east-1:123456789012:stream/door/1772323200000"
GONE = ("ResourceNotFoundException", "The requested stream is not found or not active.")


def info(video, **which):
    return video.describe_stream(**(which or {"StreamName": "door"}))["StreamInfo"]


@pytest.fixture
def door(video):
    return video.create_stream(StreamName="door", MediaType="video/h264", DataRetentionInHours=24)["StreamARN"]


@pytest.mark.rule("kinesisvideo-001")
def test_the_life_of_a_stream(aws, video, door, refused):
    assert door == ARN
    described = info(video)
    version = described.pop("Version")
    assert version.isalnum()
    assert described.pop("CreationTime") == aws.clock.now()
    assert described == {
        "StreamName": "door",
        "StreamARN": ARN,
        "MediaType": "video/h264",
        "KmsKeyId": "arn:aws:kms:us-east-1:123456789012:alias/aws/kinesisvideo",
        "Status": "ACTIVE",
        "DataRetentionInHours": 24,
    }
    assert [stream["StreamName"] for stream in video.list_streams()["StreamInfoList"]] == ["door"]
    assert refused(video.create_stream, StreamName="door") == (
        "ResourceInUseException",
        "The stream door already exists.",
    )
    endpoint = video.get_data_endpoint(StreamName="door", APIName="PUT_MEDIA")["DataEndpoint"]
    assert endpoint.startswith("https://s-")
    assert endpoint.endswith(".kinesisvideo.us-east-1.amazonaws.com")
    assert endpoint == video.get_data_endpoint(StreamARN=door, APIName="PUT_MEDIA")["DataEndpoint"]
    assert endpoint != video.get_data_endpoint(StreamName="door", APIName="GET_MEDIA")["DataEndpoint"]
    video.delete_stream(StreamARN=door)
    assert refused(video.describe_stream, StreamName="door") == GONE
    assert refused(video.delete_stream, StreamARN=door) == GONE
    assert video.list_streams()["StreamInfoList"] == []


@pytest.mark.rule("kinesisvideo-001")
@pytest.mark.aws(lifecycle="timed")
def test_a_stream_takes_its_time(aws, video, door, refused):
    assert info(video)["Status"] == "CREATING"
    assert refused(video.get_data_endpoint, StreamName="door", APIName="PUT_MEDIA") == GONE
    assert refused(video.delete_stream, StreamARN=door)[0] == "ResourceInUseException"
    aws.clock.advance(seconds=5)
    assert info(video)["Status"] == "ACTIVE"
    video.update_stream(StreamName="door", CurrentVersion=info(video)["Version"], DeviceName="camera")
    assert info(video)["Status"] == "UPDATING"
    assert video.get_data_endpoint(StreamName="door", APIName="PUT_MEDIA")
    aws.clock.advance(seconds=2)
    video.delete_stream(StreamARN=door)
    assert info(video)["Status"] == "DELETING"
    assert refused(video.create_stream, StreamName="door")[0] == "ResourceInUseException"
    aws.clock.advance(seconds=10)
    assert refused(video.describe_stream, StreamARN=door) == GONE


def test_changes_need_the_current_version(video, door, refused):
    version = info(video)["Version"]
    wrong = ("VersionMismatchException", "The stream version that you specified is not the latest version.")
    change = {"Operation": "INCREASE_DATA_RETENTION", "DataRetentionChangeInHours": 1}
    assert refused(video.update_stream, StreamName="door", CurrentVersion="old") == wrong
    assert refused(video.update_data_retention, StreamName="door", CurrentVersion="old", **change) == wrong
    assert refused(video.delete_stream, StreamARN=door, CurrentVersion="old") == wrong
    assert info(video)["Version"] == version
    video.update_stream(StreamName="door", CurrentVersion=version, MediaType="video/h265", DeviceName="camera")
    changed = info(video)
    assert (changed["MediaType"], changed["DeviceName"]) == ("video/h265", "camera")
    assert changed["Version"] != version
    assert refused(video.update_stream, StreamName="door", CurrentVersion=version) == wrong


def test_retention_grows_and_shrinks(video, door, refused):
    def change(operation, hours):
        params = {"Operation": f"{operation}_DATA_RETENTION", "DataRetentionChangeInHours": hours}
        return {"StreamName": "door", "CurrentVersion": info(video)["Version"], **params}

    video.update_data_retention(**change("INCREASE", 76))
    assert info(video)["DataRetentionInHours"] == 100
    video.update_data_retention(**change("DECREASE", 99))
    assert info(video)["DataRetentionInHours"] == 1
    bounds = ("InvalidArgumentException", "The data retention of a stream must be between 0 and 87600 hours.")
    assert refused(video.update_data_retention, **change("DECREASE", 2)) == bounds
    assert refused(video.update_data_retention, **change("INCREASE", 87_600)) == bounds
    assert info(video)["DataRetentionInHours"] == 1


def test_a_stream_is_named_or_given_by_its_arn(video, door, refused):
    neither = ("InvalidArgumentException", "Either StreamName or StreamARN must be specified.")
    assert refused(video.describe_stream) == neither
    assert info(video, StreamARN=door)["StreamName"] == "door"
    other = door.replace("1772323200000", "1772323200001")
    assert refused(video.describe_stream, StreamARN=other) == GONE
    assert refused(video.describe_stream, StreamARN=door.replace("stream", "channel")) == GONE
    code, message = refused(video.create_stream, StreamName="a b")
    assert code == "InvalidArgumentException"
    assert "streamName" in message
    assert "[a-zA-Z0-9_.-]+" in message


def test_pages_and_conditions(video, refused):
    for name in ("door", "garden", "gate"):
        video.create_stream(StreamName=name)
    begins = {"ComparisonOperator": "BEGINS_WITH", "ComparisonValue": "ga"}
    found = video.list_streams(StreamNameCondition=begins)["StreamInfoList"]
    assert [stream["StreamName"] for stream in found] == ["garden", "gate"]
    first = video.list_streams(MaxResults=2)
    rest = video.list_streams(MaxResults=2, NextToken=first["NextToken"])
    assert [stream["StreamName"] for stream in rest["StreamInfoList"]] == ["gate"]
    assert "NextToken" not in rest
    wrong = refused(video.list_streams, NextToken="x")
    assert wrong == ("InvalidArgumentException", "The NextToken is not valid.")


def test_the_key_must_be_usable(video, refused):
    key = boto3.client("kms", region_name="us-east-1").create_key()["KeyMetadata"]["Arn"]
    video.create_stream(StreamName="door", KmsKeyId=key)
    assert info(video)["KmsKeyId"] == key
    refusal = refused(video.create_stream, StreamName="gate", KmsKeyId=key + "x")
    assert refusal[0] == "InvalidArgumentException"
    assert "does not exist" in refusal[1]


@pytest.mark.aws(limits={"kinesisvideo.streams": 1})
def test_quota(video, door, refused):
    over = ("AccountStreamLimitExceededException", "The number of streams created for the account is too high.")
    assert refused(video.create_stream, StreamName="gate") == over
    video.delete_stream(StreamARN=door)
    video.create_stream(StreamName="gate")


IMAGES = {
    "Status": "ENABLED",
    "ImageSelectorType": "SERVER_TIMESTAMP",
    "DestinationConfig": {"Uri": "s3://images", "DestinationRegion": "us-east-1"},
    "SamplingInterval": 3000,
    "Format": "JPEG",
}


def test_images_and_notifications(video, door, refused):
    where = {"StreamName": "door"}
    assert "ImageGenerationConfiguration" not in video.describe_image_generation_configuration(**where)
    config = {**IMAGES, "FormatConfig": {"JPEGQuality": "80"}}
    video.update_image_generation_configuration(**where, ImageGenerationConfiguration=config)
    assert video.describe_image_generation_configuration(**where)["ImageGenerationConfiguration"] == config
    for bad, message in (
        ({"SamplingInterval": 199}, "The sampling interval must be between 200 and 20000 milliseconds."),
        ({"FormatConfig": {"JPEGQuality": "101"}}, "JPEGQuality must be an integer between 1 and 100."),
        ({"FormatConfig": {"JPEGQuality": "0"}}, "JPEGQuality must be an integer between 1 and 100."),
        (
            {"DestinationConfig": {"Uri": "s3://images", "DestinationRegion": "eu-west-1"}},
            "DestinationRegion eu-west-1 must match the Region of the stream, us-east-1.",
        ),
    ):
        call = video.update_image_generation_configuration
        assert refused(call, **where, ImageGenerationConfiguration={**IMAGES, **bad}) == (
            "InvalidArgumentException",
            message,
        )
    assert video.describe_image_generation_configuration(**where)["ImageGenerationConfiguration"] == config
    topic = {"Status": "ENABLED", "DestinationConfig": {"Uri": "arn:aws:sns:us-east-1:123456789012:news"}}
    video.update_notification_configuration(**where, NotificationConfiguration=topic)
    assert video.describe_notification_configuration(**where)["NotificationConfiguration"] == topic


def test_configurations_need_retention(video, refused):
    video.create_stream(StreamName="live")
    none = ("NoDataRetentionException", "The Stream data retention in hours is equal to zero.")
    call = video.update_image_generation_configuration
    assert refused(call, StreamName="live", ImageGenerationConfiguration=IMAGES) == none
    assert refused(video.start_edge_configuration_update, StreamName="live", EdgeConfig=EDGE) == none


@pytest.mark.newer_botocore
def test_storage_tiers(video, door, refused):
    tier = video.describe_stream_storage_configuration(StreamName="door")
    assert tier["StreamStorageConfiguration"] == {"DefaultStorageTier": "HOT"}
    warm = {"StreamStorageConfiguration": {"DefaultStorageTier": "WARM"}}
    call = video.update_stream_storage_configuration
    assert refused(call, StreamName="door", CurrentVersion="old", **warm)[0] == "VersionMismatchException"
    call(StreamName="door", CurrentVersion=info(video)["Version"], **warm)
    tier = video.describe_stream_storage_configuration(StreamARN=door)
    assert tier["StreamStorageConfiguration"] == {"DefaultStorageTier": "WARM"}


HUB = "arn:aws:iot:us-east-1:123456789012:thing/hub"
SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:camera-Ab12Cd"
EDGE = {
    "HubDeviceArn": HUB,
    "RecorderConfig": {"MediaSourceConfig": {"MediaUriSecretArn": SECRET, "MediaUriType": "RTSP_URI"}},
    "DeletionConfig": {"DeleteAfterUpload": True},
}


@pytest.mark.aws(lifecycle="timed")
def test_no_edge_agent_answers(aws, video, door, refused):
    aws.clock.advance(seconds=5)
    missing = refused(video.describe_edge_configuration, StreamName="door")
    assert missing[0] == "StreamEdgeConfigurationNotFoundException"
    started = video.start_edge_configuration_update(StreamName="door", EdgeConfig=EDGE)
    assert started["SyncStatus"] == "SYNCING"
    assert started["EdgeConfig"]["DeletionConfig"] == {"EdgeRetentionInHours": 720, "DeleteAfterUpload": True}
    busy = refused(video.start_edge_configuration_update, StreamName="door", EdgeConfig=EDGE)
    assert busy[0] == "ResourceInUseException"
    aws.clock.advance(minutes=15)
    assert video.describe_edge_configuration(StreamName="door")["SyncStatus"] == "SYNC_FAILED"
    (listed,) = video.list_edge_agent_configurations(HubDeviceArn=HUB)["EdgeConfigs"]
    assert listed["StreamName"] == "door"
    assert video.list_edge_agent_configurations(HubDeviceArn=HUB + "2")["EdgeConfigs"] == []
    video.delete_edge_configuration(StreamName="door")
    assert video.describe_edge_configuration(StreamName="door")["SyncStatus"] == "DELETING"


def test_tags(video, door, refused):
    video.tag_stream(StreamName="door", Tags={"team": "a"})
    video.tag_resource(ResourceARN=door, Tags=[{"Key": "env", "Value": "test"}])
    assert video.list_tags_for_stream(StreamARN=door)["Tags"] == {"team": "a", "env": "test"}
    video.untag_stream(StreamName="door", TagKeyList=["team", "other"])
    assert video.list_tags_for_resource(ResourceARN=door)["Tags"] == {"env": "test"}
    many = {f"k{number}": "v" for number in range(50)}
    code, message = refused(video.tag_stream, StreamName="door", Tags=many)
    assert code == "TagsPerResourceExceededLimitException"
    assert message.endswith("A Kinesis video stream can support up to 50 tags.")
    assert video.list_tags_for_stream(StreamARN=door)["Tags"] == {"env": "test"}


@pytest.mark.aws(throttling=True)
def test_rates(video, refused):
    for number in range(50):
        video.create_stream(StreamName=f"s{number}")
    client = boto3.client("kinesisvideo", config=boto3.session.Config(retries={"total_max_attempts": 1}))
    assert refused(client.create_stream, StreamName="more")[0] == "ClientLimitExceededException"


@pytest.mark.aws(authorization=True)
def test_permission_for_one_stream(aws, video, door, refused):
    iam = boto3.client("iam")
    iam.create_user(UserName="jane")
    statement = {"Effect": "Allow", "Action": "kinesisvideo:DescribeStream", "Resource": door}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName="jane", PolicyName="p", PolicyDocument=policy)
    video.create_stream(StreamName="gate")
    with aws.acting_as("arn:aws:iam::123456789012:user/jane"):
        assert info(video)["StreamARN"] == door
        with pytest.raises(ClientError, match="not authorized"):
            info(video, StreamName="gate")


def test_the_data_are_not_modelled(video, door, refused):
    media = boto3.client("kinesis-video-media", region_name="us-east-1")
    code, message = refused(media.get_media, StreamName="door", StartSelector={"StartSelectorType": "NOW"})
    assert code == "NotImplemented"
    assert "kinesis-video-media:GetMedia" in message

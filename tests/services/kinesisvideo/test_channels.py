"""Signaling channels and where their media are kept."""

import pytest

pytestmark = pytest.mark.aws(at="2026-03-01T00:00:00Z")

GONE = ("ResourceNotFoundException", "The requested channel is not found or not active.")


@pytest.fixture
def call(video):
    return video.create_signaling_channel(ChannelName="call", Tags=[{"Key": "team", "Value": "a"}])["ChannelARN"]


def info(video):
    return video.describe_signaling_channel(ChannelName="call")["ChannelInfo"]


def test_the_life_of_a_channel(video, call, refused):
    assert call == "arn:aws:kinesisvideo:us-east-1:123456789012:channel/call/1772323200000"
    described = info(video)
    assert described["ChannelStatus"] == "ACTIVE"
    assert described["ChannelType"] == "SINGLE_MASTER"
    assert described["SingleMasterConfiguration"] == {"MessageTtlSeconds": 60}
    assert refused(video.create_signaling_channel, ChannelName="call")[0] == "ResourceInUseException"
    wrong = ("VersionMismatchException", "The channel version that you specified is not the latest version.")
    ttl = {"SingleMasterConfiguration": {"MessageTtlSeconds": 30}}
    assert refused(video.update_signaling_channel, ChannelARN=call, CurrentVersion="old", **ttl) == wrong
    video.update_signaling_channel(ChannelARN=call, CurrentVersion=described["Version"], **ttl)
    assert info(video)["SingleMasterConfiguration"] == {"MessageTtlSeconds": 30}
    assert info(video)["Version"] != described["Version"]
    assert video.list_tags_for_resource(ResourceARN=call)["Tags"] == {"team": "a"}
    video.untag_resource(ResourceARN=call, TagKeyList=["team"])
    assert video.list_tags_for_resource(ResourceARN=call)["Tags"] == {}
    assert [each["ChannelName"] for each in video.list_signaling_channels()["ChannelInfoList"]] == ["call"]
    video.delete_signaling_channel(ChannelARN=call)
    assert refused(video.describe_signaling_channel, ChannelARN=call) == GONE
    assert refused(video.describe_signaling_channel)[0] == "InvalidArgumentException"


def test_a_mesh_has_no_master(video, refused):
    video.create_signaling_channel(ChannelName="mesh", ChannelType="FULL_MESH")
    mesh = video.describe_signaling_channel(ChannelName="mesh")["ChannelInfo"]
    assert "SingleMasterConfiguration" not in mesh
    ttl = {"SingleMasterConfiguration": {"MessageTtlSeconds": 30}}
    refusal = refused(video.create_signaling_channel, ChannelName="x", ChannelType="FULL_MESH", **ttl)
    assert refusal[0] == "InvalidArgumentException"


def test_endpoints(video, call, refused):
    def endpoints(**config):
        asked = {"SingleMasterChannelEndpointConfiguration": config} if config else {}
        listed = video.get_signaling_channel_endpoint(ChannelARN=call, **asked)["ResourceEndpointList"]
        return {each["Protocol"]: each["ResourceEndpoint"] for each in listed}

    master = endpoints(Protocols=["WSS", "HTTPS"], Role="MASTER")
    assert master["WSS"].startswith("wss://m-")
    assert master["HTTPS"].startswith("https://r-")
    assert endpoints() == master
    assert endpoints(Protocols=["WSS"], Role="VIEWER")["WSS"].startswith("wss://v-")
    config = {"SingleMasterChannelEndpointConfiguration": {"Protocols": ["WEBRTC"], "Role": "MASTER"}}
    refusal = refused(video.get_signaling_channel_endpoint, ChannelARN=call, **config)
    assert refusal[0] == "InvalidArgumentException"


def test_media_are_kept_in_one_stream(video, call, refused):
    def storage(arn=None, channel=call):
        config = {"Status": "ENABLED", "StreamARN": arn} if arn else {"Status": "DISABLED"}
        return {"ChannelARN": channel, "MediaStorageConfiguration": config}

    live = video.create_stream(StreamName="live")["StreamARN"]
    kept = video.create_stream(StreamName="kept", DataRetentionInHours=1)["StreamARN"]
    update = video.update_media_storage_configuration
    assert refused(update, **storage(live))[0] == "NoDataRetentionException"
    assert refused(update, **storage(kept + "0"))[0] == "ResourceNotFoundException"
    enabled = {"Status": "ENABLED"}
    assert refused(update, ChannelARN=call, MediaStorageConfiguration=enabled)[0] == "InvalidArgumentException"
    shown = video.describe_media_storage_configuration(ChannelName="call")["MediaStorageConfiguration"]
    assert shown == {"Status": "DISABLED"}
    update(**storage(kept))
    shown = video.describe_media_storage_configuration(ChannelARN=call)["MediaStorageConfiguration"]
    assert shown == {"Status": "ENABLED", "StreamARN": kept}
    (mapped,) = video.describe_mapped_resource_configuration(StreamName="kept")["MappedResourceConfigurationList"]
    assert mapped["ARN"] == call
    assert refused(video.delete_stream, StreamARN=kept)[0] == "ResourceInUseException"
    other = video.create_signaling_channel(ChannelName="other")["ChannelARN"]
    assert refused(update, **storage(kept, other))[0] == "ResourceInUseException"
    config = {"SingleMasterChannelEndpointConfiguration": {"Protocols": ["WEBRTC"], "Role": "MASTER"}}
    assert video.get_signaling_channel_endpoint(ChannelARN=call, **config)["ResourceEndpointList"]
    update(**storage())
    assert video.describe_mapped_resource_configuration(StreamName="kept")["MappedResourceConfigurationList"] == []


@pytest.mark.aws(limits={"kinesisvideo.signaling-channels-large-regions": 1})
def test_quota(video, call, refused):
    assert refused(video.create_signaling_channel, ChannelName="b")[0] == "AccountChannelLimitExceededException"
    video.delete_signaling_channel(ChannelARN=call)
    video.create_signaling_channel(ChannelName="b")

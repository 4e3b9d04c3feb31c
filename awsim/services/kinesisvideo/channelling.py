"""Signaling channels, and where their media are kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from awsim.services.kinesisvideo.common import Common, matching
from awsim.services.kinesisvideo.records import Channel

_LARGE_REGIONS = ("us-east-1", "us-west-2")
# Protocol -> (scheme, what the host begins with for a master, for a viewer).
_ENDPOINTS = {"WSS": ("wss", "m", "v"), "HTTPS": ("https", "r", "r"), "WEBRTC": ("https", "w", "w")}


class Channelling(Common):
    """Operations on signaling channels."""

    def create_signaling_channel(
        self,
        ChannelName: str,
        ChannelType: str = "SINGLE_MASTER",
        SingleMasterConfiguration: Mapping[str, int] | None = None,
        Tags: Iterable[Mapping[str, str]] | None = None,
    ) -> dict[str, Any]:
        if ChannelName in self.channels:
            raise self.error("ResourceInUseException", f"The channel {ChannelName} already exists.")
        if SingleMasterConfiguration and ChannelType != "SINGLE_MASTER":
            raise self.invalid(f"SingleMasterConfiguration is not for a channel of type {ChannelType}.")
        now = self.clock.time()
        arn = self.arn(f"channel/{ChannelName}/{int(now * 1000)}")
        channel = Channel(ChannelName, arn, now, self.ids.hex("channel", 8), ChannelType)
        channel.ttl = (SingleMasterConfiguration or {}).get("MessageTtlSeconds") or int(self.limits["message-ttl"])
        channel.version = self.new_version()
        self.tagged(channel, Tags)
        row = "signaling-channels-large-regions" if self.region in _LARGE_REGIONS else "signaling-channels"
        self.limits.quota(row, len(self.channels))
        self.channels.add(channel)
        self.moves(channel, "CREATING", "stream-creation")
        return {"ChannelARN": arn}

    def describe_signaling_channel(
        self, ChannelName: str | None = None, ChannelARN: str | None = None
    ) -> dict[str, Any]:
        return {"ChannelInfo": self.channel(ChannelName, ChannelARN).described()}

    def list_signaling_channels(
        self,
        MaxResults: int | None = None,
        NextToken: str | None = None,
        ChannelNameCondition: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        found = matching(self.channels, ChannelNameCondition)
        size = MaxResults or int(self.limits["page-size"])
        return self.page("ChannelInfoList", found, Channel.described, NextToken, size)

    def update_signaling_channel(
        self, ChannelARN: str, CurrentVersion: str, SingleMasterConfiguration: Mapping[str, int] | None = None
    ) -> None:
        channel = self.current(self.active(self.channel(None, ChannelARN)), CurrentVersion)
        if SingleMasterConfiguration and SingleMasterConfiguration.get("MessageTtlSeconds"):
            if channel.type != "SINGLE_MASTER":
                raise self.invalid(f"SingleMasterConfiguration is not for a channel of type {channel.type}.")
            channel.ttl = SingleMasterConfiguration["MessageTtlSeconds"]
        self.changed(channel)

    def delete_signaling_channel(self, ChannelARN: str, CurrentVersion: str | None = None) -> None:
        channel = self.current(self.active(self.channel(None, ChannelARN)), CurrentVersion)
        self.moves(channel, "DELETING", "stream-deletion", "DELETED")
        self.later(self.limits.duration("stream-deletion"), "_channel_gone", name=channel.name)

    def _channel_gone(self, name: str) -> None:
        self.channels.pop(name)
        row = "signaling-channels-large-regions" if self.region in _LARGE_REGIONS else "signaling-channels"
        self.limits.used(row, len(self.channels))

    def get_signaling_channel_endpoint(
        self, ChannelARN: str, SingleMasterChannelEndpointConfiguration: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        channel = self.channel(None, ChannelARN)
        asked = SingleMasterChannelEndpointConfiguration or {}
        protocols: Sequence[str] = asked.get("Protocols") or ("WSS", "HTTPS")
        if "WEBRTC" in protocols and channel.storage is None:
            raise self.invalid("WEBRTC endpoints are only for channels that are configured for ingestion.")
        viewer = asked.get("Role") == "VIEWER"
        listed = []
        for protocol in dict.fromkeys(protocols):
            scheme, master, other = _ENDPOINTS[protocol]
            host = f"{other if viewer else master}-{channel.label}.kinesisvideo.{self.region}.amazonaws.com"
            listed.append({"Protocol": protocol, "ResourceEndpoint": f"{scheme}://{host}"})
        return {"ResourceEndpointList": listed}

    # --- where media are kept

    def update_media_storage_configuration(self, ChannelARN: str, MediaStorageConfiguration: Mapping[str, str]) -> None:
        channel = self.active(self.channel(None, ChannelARN))
        if MediaStorageConfiguration["Status"] == "DISABLED":
            channel.storage = None
            return
        arn = MediaStorageConfiguration.get("StreamARN")
        if arn is None:
            raise self.invalid("StreamARN must be specified where the storage is enabled.")
        stream = self.retaining(self.active(self.stream(None, arn)))
        if any(each.storage == arn and each is not channel for each in self.channels):
            raise self.error("ResourceInUseException", f"The stream {stream.arn} is already mapped to another channel.")
        channel.storage = arn

    def describe_media_storage_configuration(
        self, ChannelName: str | None = None, ChannelARN: str | None = None
    ) -> dict[str, Any]:
        storage = self.channel(ChannelName, ChannelARN).storage
        shown = {"StreamARN": storage, "Status": "DISABLED" if storage is None else "ENABLED"}
        return {"MediaStorageConfiguration": shown}

    def describe_mapped_resource_configuration(
        self,
        StreamName: str | None = None,
        StreamARN: str | None = None,
        MaxResults: int | None = None,
        NextToken: str | None = None,
    ) -> dict[str, Any]:
        """A stream has at most one channel, which is why a page holds one."""
        arn = self.stream(StreamName, StreamARN).arn
        found = [channel for channel in self.channels if channel.storage == arn]
        return self.page("MappedResourceConfigurationList", found, _mapped, NextToken, MaxResults)


def _mapped(channel: Channel) -> dict[str, Any]:
    return {"Type": "SIGNALING_CHANNEL", "ARN": channel.arn}

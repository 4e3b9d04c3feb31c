"""Channels, which bring events from outside of AWS into event data stores.

Source: CloudTrail User Guide, "Create an integration with an event source outside of AWS"; API Reference.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from awsim.services.cloudtrail.queries import Queries
from awsim.services.cloudtrail.store import Channel


class Channels(Queries):
    def create_channel(
        self,
        Name: str,
        Source: str,
        Destinations: Sequence[Mapping[str, str]],
        Tags: Sequence[Mapping[str, str]] = (),
    ) -> dict[str, Any]:
        if self.channels.find(lambda one: one.name == Name):
            raise self.error("ChannelAlreadyExistsException", f"A channel named {Name} already exists.")
        self._check_destinations(Destinations)
        channel = Channel(self.arn_here(f"channel/{self.ids.uuid('channel')}"), Name, Source, Destinations)
        self.tagged(channel, Tags)
        self.channels.add(channel)
        return {**channel.described(), "Tags": channel.tags.as_list()}

    def update_channel(
        self, Channel: str, Destinations: Sequence[Mapping[str, str]] | None = None, Name: str | None = None
    ) -> dict[str, Any]:
        channel = self._channel(Channel)
        if Destinations is not None:
            self._check_destinations(Destinations)
            channel.destinations = tuple(Destinations)
        channel.name = Name or channel.name
        return channel.described()

    def get_channel(self, Channel: str) -> dict[str, Any]:
        return self._channel(Channel).described()

    def delete_channel(self, Channel: str) -> None:
        self.channels.remove(self._channel(Channel).arn)

    def list_channels(self, MaxResults: int | None = None, NextToken: str | None = None) -> dict[str, Any]:
        def shown(channel: Channel) -> dict[str, Any]:
            return {"ChannelArn": channel.arn, "Name": channel.name}

        return self.page("Channels", self.channels, shown, lambda one: one.arn, NextToken, MaxResults)

    def _channel(self, name: str) -> Channel:
        if name.startswith("arn:") and ":channel/" not in name:
            raise self.error("ChannelARNInvalidException", f"The ARN {name} is not of a channel.")
        found: Channel = self.channels[name if name.startswith("arn:") else self.arn_here(f"channel/{name}")]
        return found

    def _check_destinations(self, destinations: Sequence[Mapping[str, str]]) -> None:
        for one in destinations:
            if one["Type"] != "EVENT_DATA_STORE":
                raise self.error("InvalidParameterException", "Channels of AWS services are made by those services.")
            self.active(one["Location"])

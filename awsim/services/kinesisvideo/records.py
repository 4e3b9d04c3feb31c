"""What Kinesis Video Streams keeps: streams with their configurations, and signaling channels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from awsim.state import Entity, Lifecycle, Tags

Settings = Mapping[str, Any]

ACTIVE = "ACTIVE"


class Edge(Entity):
    """The edge configuration of a stream. Times are epoch seconds."""

    __slots__ = ("config", "created", "lifecycle", "updated")

    def __init__(self, config: Settings, now: float, lifecycle: Lifecycle) -> None:
        self.config = config
        self.created = now
        self.updated = now
        self.lifecycle = lifecycle

    @property
    def state(self) -> str:
        return self.lifecycle.state


class Resource(Entity):
    """A stream or a channel; `version` changes with each change, `label` is in the names of its endpoints."""

    __slots__ = ("arn", "created", "label", "lifecycle", "name", "tags", "version")

    def __init__(self, name: str, arn: str, created: float, label: str) -> None:
        self.name = name
        self.arn = arn
        self.created = created
        self.label = label
        self.version = ""
        self.tags = Tags()
        self.lifecycle: Lifecycle

    @property
    def state(self) -> str:
        return self.lifecycle.state


class Stream(Resource):
    """One stream. `retention` in hours; `image` and `notification` are what was last configured, None before."""

    __slots__ = ("device", "edge", "image", "key", "media_type", "notification", "retention", "tier")

    def __init__(self, name: str, arn: str, created: float, label: str) -> None:
        super().__init__(name, arn, created, label)
        self.device: str | None = None
        self.media_type: str | None = None
        self.key = ""
        self.retention = 0
        self.tier = "HOT"
        self.image: Settings | None = None
        self.notification: Settings | None = None
        self.edge: Edge | None = None

    def described(self) -> dict[str, Any]:
        return {
            "DeviceName": self.device,
            "StreamName": self.name,
            "StreamARN": self.arn,
            "MediaType": self.media_type,
            "KmsKeyId": self.key,
            "Version": self.version,
            "Status": self.state,
            "CreationTime": self.created,
            "DataRetentionInHours": self.retention,
        }

    def edge_described(self) -> dict[str, Any]:
        edge = self.edge
        assert edge is not None
        failed = edge.state.endswith("_FAILED")
        return {
            "StreamName": self.name,
            "StreamARN": self.arn,
            "CreationTime": edge.created,
            "LastUpdatedTime": edge.updated,
            "SyncStatus": edge.state,
            "FailedStatusDetails": "The Edge Agent could not be reached." if failed else None,
            "EdgeConfig": edge.config,
        }


class Channel(Resource):
    """One signaling channel. `ttl`: of messages, in seconds; `storage`: the ARN of the stream that keeps its media."""

    __slots__ = ("storage", "ttl", "type")

    def __init__(self, name: str, arn: str, created: float, label: str, type: str) -> None:
        super().__init__(name, arn, created, label)
        self.type = type
        self.ttl = 0
        self.storage: str | None = None

    def described(self) -> dict[str, Any]:
        single = self.type == "SINGLE_MASTER"
        return {
            "ChannelName": self.name,
            "ChannelARN": self.arn,
            "ChannelType": self.type,
            "ChannelStatus": self.state,
            "CreationTime": self.created,
            "SingleMasterConfiguration": {"MessageTtlSeconds": self.ttl} if single else None,
            "Version": self.version,
        }

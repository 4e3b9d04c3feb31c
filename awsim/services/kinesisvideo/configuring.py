"""What is configured for a stream: images, notifications, storage and its edge agent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from awsim.services.kinesisvideo.common import Common
from awsim.services.kinesisvideo.records import Edge, Settings, Stream
from awsim.state import Lifecycle

_SYNCING, _FAILED = "SYNCING", "SYNC_FAILED"
_QUALITY = "JPEGQuality"


class Configuring(Common):
    """Configurations of streams. No image is made and nothing is notified, since no video comes in."""

    # --- images and notifications

    def update_image_generation_configuration(
        self,
        StreamName: str | None = None,
        StreamARN: str | None = None,
        ImageGenerationConfiguration: Settings | None = None,
    ) -> None:
        stream = self.retaining(self.active(self.stream(StreamName, StreamARN)))
        if ImageGenerationConfiguration is not None:
            self._check_images(ImageGenerationConfiguration)
        stream.image = ImageGenerationConfiguration

    def _check_images(self, config: Settings) -> None:
        region = config["DestinationConfig"]["DestinationRegion"]
        if region != self.region:
            raise self.invalid(f"DestinationRegion {region} must match the Region of the stream, {self.region}.")
        for key, value in (config.get("FormatConfig") or {}).items():
            if key != _QUALITY:
                raise self.invalid(f"{key} is no key of FormatConfig.")
            if not value.isdecimal() or int(value) < 1:
                raise self.limits.error("jpeg-quality")
            self.limits.check("jpeg-quality", int(value))

    def describe_image_generation_configuration(
        self, StreamName: str | None = None, StreamARN: str | None = None
    ) -> dict[str, Any]:
        return {"ImageGenerationConfiguration": self.stream(StreamName, StreamARN).image}

    def update_notification_configuration(
        self,
        StreamName: str | None = None,
        StreamARN: str | None = None,
        NotificationConfiguration: Settings | None = None,
    ) -> None:
        stream = self.retaining(self.active(self.stream(StreamName, StreamARN)))
        stream.notification = NotificationConfiguration

    def describe_notification_configuration(
        self, StreamName: str | None = None, StreamARN: str | None = None
    ) -> dict[str, Any]:
        return {"NotificationConfiguration": self.stream(StreamName, StreamARN).notification}

    # --- storage

    def update_stream_storage_configuration(
        self,
        CurrentVersion: str,
        StreamStorageConfiguration: Mapping[str, str],
        StreamName: str | None = None,
        StreamARN: str | None = None,
    ) -> None:
        stream = self.current(self.active(self.stream(StreamName, StreamARN)), CurrentVersion)
        stream.tier = StreamStorageConfiguration["DefaultStorageTier"]
        self.changed(stream)

    def describe_stream_storage_configuration(
        self, StreamName: str | None = None, StreamARN: str | None = None
    ) -> dict[str, Any]:
        stream = self.stream(StreamName, StreamARN)
        return {
            "StreamName": stream.name,
            "StreamARN": stream.arn,
            "StreamStorageConfiguration": {"DefaultStorageTier": stream.tier},
        }

    # --- the edge

    def start_edge_configuration_update(
        self, EdgeConfig: Settings, StreamName: str | None = None, StreamARN: str | None = None
    ) -> dict[str, Any]:
        """There is no Edge Agent to reach, so the configuration is never in sync."""
        stream = self.retaining(self.active(self.stream(StreamName, StreamARN)))
        now, before = self.clock.time(), stream.edge
        if before is not None and before.state in (_SYNCING, "DELETING"):
            raise self.error("ResourceInUseException", f"The edge configuration of {stream.name} is {before.state}.")
        deletion = EdgeConfig.get("DeletionConfig")
        if deletion is not None:
            retention = int(self.limits["edge-retention"])
            EdgeConfig = {**EdgeConfig, "DeletionConfig": {"EdgeRetentionInHours": retention, **deletion}}
        lifecycle = Lifecycle(self, [(_SYNCING, "edge-retry"), (_FAILED, None)])
        edge = stream.edge = Edge(EdgeConfig, now, lifecycle)
        if before is not None:
            edge.created = before.created
        return stream.edge_described()

    def describe_edge_configuration(
        self, StreamName: str | None = None, StreamARN: str | None = None
    ) -> dict[str, Any]:
        stream = self.stream(StreamName, StreamARN)
        self._configured(stream)
        return stream.edge_described()

    def delete_edge_configuration(self, StreamName: str | None = None, StreamARN: str | None = None) -> None:
        stream = self.stream(StreamName, StreamARN)
        edge = self._configured(stream)
        edge.updated = self.clock.time()
        edge.lifecycle = Lifecycle(self, [("DELETING", "edge-retry"), ("DELETE_FAILED", None)])

    def list_edge_agent_configurations(
        self, HubDeviceArn: str, MaxResults: int | None = None, NextToken: str | None = None
    ) -> dict[str, Any]:
        found = [
            stream
            for stream in self.streams
            if stream.edge is not None and stream.edge.config["HubDeviceArn"] == HubDeviceArn
        ]
        size = MaxResults or int(self.limits["edge-page-size"])
        return self.page("EdgeConfigs", found, Stream.edge_described, NextToken, size)

    def _configured(self, stream: Stream) -> Edge:
        if stream.edge is None:
            raise self.error(
                "StreamEdgeConfigurationNotFoundException",
                "The Amazon Kinesis Video Stream can't find a stream's edge configuration that you specified.",
            )
        return stream.edge

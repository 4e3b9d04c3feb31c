"""Operations on streams, and on the tags of all resources."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from awsim.sealing import unusable
from awsim.services.kinesisvideo.channelling import Channelling
from awsim.services.kinesisvideo.common import matching
from awsim.services.kinesisvideo.configuring import Configuring
from awsim.services.kinesisvideo.records import ACTIVE, Channel, Stream


class KinesisVideo(Configuring, Channelling):
    """Amazon Kinesis Video Streams (regional).

    Sources: Kinesis Video Streams API Reference and Developer Guide; "The requested stream is not found or not active."
    is what it says (awslabs/amazon-kinesis-video-streams-producer-c issue 139), other sentences are reconstructed.
    """

    def create_stream(
        self,
        StreamName: str,
        DeviceName: str | None = None,
        MediaType: str | None = None,
        KmsKeyId: str | None = None,
        DataRetentionInHours: int = 0,
        Tags: Mapping[str, str] | None = None,
        StreamStorageConfiguration: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        if StreamName in self.streams:
            raise self.error("ResourceInUseException", f"The stream {StreamName} already exists.")
        if KmsKeyId is not None and (problem := unusable(self, KmsKeyId)) is not None:
            raise self.invalid(problem)
        now = self.clock.time()
        arn = self.arn(f"stream/{StreamName}/{int(now * 1000)}")
        stream = Stream(StreamName, arn, now, self.ids.hex("stream", 8))
        stream.device = DeviceName
        stream.media_type = MediaType
        stream.key = KmsKeyId or f"arn:{self.partition}:kms:{self.region}:{self.account}:alias/aws/kinesisvideo"
        stream.retention = DataRetentionInHours
        stream.tier = (StreamStorageConfiguration or {}).get("DefaultStorageTier", stream.tier)
        stream.version = self.new_version()
        self.tagged(stream, Tags)
        self.streams.add(stream)
        self.moves(stream, "CREATING", "stream-creation")
        return {"StreamARN": arn}

    def describe_stream(self, StreamName: str | None = None, StreamARN: str | None = None) -> dict[str, Any]:
        return {"StreamInfo": self.stream(StreamName, StreamARN).described()}

    def list_streams(
        self,
        MaxResults: int | None = None,
        NextToken: str | None = None,
        StreamNameCondition: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        found = matching(self.streams, StreamNameCondition)
        size = MaxResults or int(self.limits["page-size"])
        return self.page("StreamInfoList", found, Stream.described, NextToken, size)

    def update_stream(
        self,
        CurrentVersion: str,
        StreamName: str | None = None,
        StreamARN: str | None = None,
        DeviceName: str | None = None,
        MediaType: str | None = None,
    ) -> None:
        stream = self.current(self.active(self.stream(StreamName, StreamARN)), CurrentVersion)
        if DeviceName is not None:
            stream.device = DeviceName
        if MediaType is not None:
            stream.media_type = MediaType
        self.changed(stream)

    def update_data_retention(
        self,
        CurrentVersion: str,
        Operation: str,
        DataRetentionChangeInHours: int,
        StreamName: str | None = None,
        StreamARN: str | None = None,
    ) -> None:
        stream = self.current(self.active(self.stream(StreamName, StreamARN)), CurrentVersion)
        more = Operation == "INCREASE_DATA_RETENTION"
        retention = stream.retention + (DataRetentionChangeInHours if more else -DataRetentionChangeInHours)
        if retention < 0:
            raise self.limits.error("data-retention")
        self.limits.check("data-retention", retention)
        stream.retention = retention
        self.changed(stream)

    def delete_stream(self, StreamARN: str, CurrentVersion: str | None = None) -> None:
        stream = self.current(self.active(self.stream(None, StreamARN)), CurrentVersion)
        if any(channel.storage == StreamARN for channel in self.channels):
            raise self.error("ResourceInUseException", f"The stream {StreamARN} is mapped to a channel.")
        self.moves(stream, "DELETING", "stream-deletion", "DELETED")
        self.later(self.limits.duration("stream-deletion"), "_stream_gone", name=stream.name)

    def _stream_gone(self, name: str) -> None:
        self.streams.pop(name)

    def get_data_endpoint(
        self, APIName: str, StreamName: str | None = None, StreamARN: str | None = None
    ) -> dict[str, Any]:
        """A host for the data of the stream, one for writing and one for reading; awsim has nothing there."""
        stream = self.stream(StreamName, StreamARN)
        if stream.state not in (ACTIVE, "UPDATING"):
            raise self.error("ResourceNotFoundException", "The requested stream is not found or not active.")
        host = f"{'s' if APIName == 'PUT_MEDIA' else 'b'}-{stream.label}.kinesisvideo.{self.region}.amazonaws.com"
        return {"DataEndpoint": f"https://{host}"}

    # --- tags

    def tag_stream(self, Tags: Mapping[str, str], StreamARN: str | None = None, StreamName: str | None = None) -> None:
        self.tagged(self.stream(StreamName, StreamARN), Tags)

    def untag_stream(
        self, TagKeyList: Sequence[str], StreamARN: str | None = None, StreamName: str | None = None
    ) -> None:
        stream = self.stream(StreamName, StreamARN)
        stream.tags = stream.tags.without(TagKeyList)

    def list_tags_for_stream(
        self, NextToken: str | None = None, StreamARN: str | None = None, StreamName: str | None = None
    ) -> dict[str, Any]:
        return self.tags_page(self.stream(StreamName, StreamARN).tags, NextToken)

    def tag_resource(self, ResourceARN: str, Tags: Iterable[Mapping[str, str]]) -> None:
        self.tagged(self._resource(ResourceARN), Tags)

    def untag_resource(self, ResourceARN: str, TagKeyList: Sequence[str]) -> None:
        resource = self._resource(ResourceARN)
        resource.tags = resource.tags.without(TagKeyList)

    def list_tags_for_resource(self, ResourceARN: str, NextToken: str | None = None) -> dict[str, Any]:
        return self.tags_page(self._resource(ResourceARN).tags, NextToken)

    def _resource(self, arn: str) -> Stream | Channel:
        return self.stream(None, arn) if ":stream/" in arn else self.channel(None, arn)

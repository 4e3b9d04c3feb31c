"""Tags of streams and consumers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from awsim.services.kinesis.operations.common import Operations, page
from awsim.services.kinesis.tagging import checked


class TagOperations(Operations):
    """Operations on tags."""

    def add_tags_to_stream(
        self, Tags: Mapping[str, str], StreamName: str | None = None, StreamARN: str | None = None
    ) -> None:
        stream = self.stream_at(StreamName, StreamARN)
        stream.tags = checked(self.limits, stream.name, self.account, stream.tags, Tags)

    def remove_tags_from_stream(
        self, TagKeys: Sequence[str], StreamName: str | None = None, StreamARN: str | None = None
    ) -> None:
        stream = self.stream_at(StreamName, StreamARN)
        stream.tags = stream.tags.without(TagKeys)

    def list_tags_for_stream(
        self,
        StreamName: str | None = None,
        ExclusiveStartTagKey: str | None = None,
        Limit: int | None = None,
        StreamARN: str | None = None,
    ) -> dict[str, Any]:
        tags = self.stream_at(StreamName, StreamARN).tags
        after = ExclusiveStartTagKey or ""
        listed = [{"Key": key, "Value": tags[key]} for key in sorted(tags) if key > after]
        shown, more = page(listed, Limit or int(self.limits["listed-tags"]))
        return {"Tags": shown, "HasMoreTags": more}

    def tag_resource(self, Tags: Mapping[str, str], ResourceARN: str) -> None:
        resource = self.resource_at(ResourceARN)
        resource.tags = checked(self.limits, resource.name, self.account, resource.tags, Tags)

    def untag_resource(self, TagKeys: Sequence[str], ResourceARN: str) -> None:
        resource = self.resource_at(ResourceARN)
        resource.tags = resource.tags.without(TagKeys)

    def list_tags_for_resource(self, ResourceARN: str) -> dict[str, Any]:
        return {"Tags": self.resource_at(ResourceARN).tags.as_list()}

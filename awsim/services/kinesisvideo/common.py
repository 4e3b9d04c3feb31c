"""What the operations on streams and on channels share: look-ups, versions, states, tags and pages."""

from __future__ import annotations

import string
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from awsim.errors import AWSError
from awsim.service import Service
from awsim.services.kinesisvideo.records import ACTIVE, Channel, Resource, Stream
from awsim.state import Collection, Lifecycle, tag_map
from awsim.state.pages import BadToken, page

R = TypeVar("R", bound=Resource)

_VERSION = string.ascii_letters + string.digits


class Common(Service):
    """Streams and channels by name and by ARN."""

    name = "kinesisvideo"
    validation_error = "InvalidArgumentException"

    streams = Collection("stream", quota="streams")
    channels = Collection("channel")

    def tags_of(self, arn: str) -> Mapping[str, str] | None:
        found = next((each for each in (*self.streams, *self.channels) if each.arn == arn), None)
        return None if found is None else found.tags.as_dict()

    def resource_arn(self, name: str, arn: str, params: Mapping[str, Any]) -> str:
        """The whole ARN of a stream or channel that parameters name; that of one to be made ends in a time."""
        kind, _, rest = arn.rpartition(":")[2].partition("/")
        known: Any = self.streams if kind == "stream" else self.channels
        found = known.get(rest.partition("/")[0])
        return arn if found is None or rest.count("/") != 1 or not rest.endswith("*") else found.arn

    # --- look-ups

    def stream(self, name: str | None, arn: str | None) -> Stream:
        if name is None and arn is None:
            raise self.invalid("Either StreamName or StreamARN must be specified.")
        found: Stream | None = self.streams.get(name if name is not None else named(arn, "stream"))
        if found is None or arn not in (None, found.arn):
            raise self.error("ResourceNotFoundException", "The requested stream is not found or not active.")
        return found

    def channel(self, name: str | None, arn: str | None) -> Channel:
        if name is None and arn is None:
            raise self.invalid("Either ChannelName or ChannelARN must be specified.")
        found: Channel | None = self.channels.get(name if name is not None else named(arn, "channel"))
        if found is None or arn not in (None, found.arn):
            raise self.error("ResourceNotFoundException", "The requested channel is not found or not active.")
        return found

    def active(self, resource: R) -> R:
        if resource.state != ACTIVE:
            raise self.error("ResourceInUseException", f"The resource {resource.arn} is in status {resource.state}.")
        return resource

    def retaining(self, stream: Stream) -> Stream:
        if not stream.retention:
            raise self.error("NoDataRetentionException", "The Stream data retention in hours is equal to zero.")
        return stream

    def current(self, resource: R, version: str | None) -> R:
        """The resource, if that is its version; None asks for none."""
        if version not in (None, resource.version):
            kind = "stream" if isinstance(resource, Stream) else "channel"
            raise self.error(
                "VersionMismatchException", f"The {kind} version that you specified is not the latest version."
            )
        return resource

    def invalid(self, message: str) -> AWSError:
        return self.error("InvalidArgumentException", message)

    # --- changes

    def new_version(self) -> str:
        return self.ids.text("version", 20, _VERSION)

    def moves(self, resource: Resource, state: str, row: str, last: str = ACTIVE) -> None:
        resource.lifecycle = Lifecycle(self, [(state, row), (last, None)])

    def changed(self, resource: Resource) -> None:
        resource.version = self.new_version()
        self.moves(resource, "UPDATING", "stream-update")

    def tagged(self, resource: Resource, tags: Iterable[Mapping[str, str]] | Mapping[str, str] | None) -> None:
        resource.tags = resource.tags.with_(self, tag_map(tags), invalid="InvalidArgumentException")

    # --- pages

    def page(
        self,
        member: str,
        records: Iterable[Any],
        shown: Callable[[Any], dict[str, Any]],
        token: str | None,
        size: int | None,
    ) -> dict[str, Any]:
        try:
            found, following = page(records, lambda record: record.name, token, size, member)
        except BadToken:
            raise self.invalid("The NextToken is not valid.") from None
        return {member: [shown(record) for record in found], "NextToken": following}

    def tags_page(self, tags: Mapping[str, str], token: str | None) -> dict[str, Any]:
        """All tags at once: a page has room for as many as a resource may have."""
        if token:
            raise self.invalid("The NextToken is not valid.")
        return {"Tags": dict(tags)}


def named(arn: str | None, kind: str) -> str:
    """The name in an ARN of that kind, "" where it is of another."""
    parts = (arn or "").rpartition(":")[2].split("/")
    return parts[1] if parts[0] == kind else ""


def matching(records: Iterable[R], condition: Mapping[str, str] | None) -> Sequence[R]:
    """Those whose name begins with the value of a condition."""
    begin = (condition or {}).get("ComparisonValue", "")
    return [record for record in records if record.name.startswith(begin)]

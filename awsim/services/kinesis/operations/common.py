"""What all operations of Kinesis stand on: the streams, and how a request finds one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import wraps
from typing import Any, TypeVar

from awsim.auth.policy import parse
from awsim.errors import AWSError
from awsim.metering import Sample
from awsim.service import ResourceSide, Service
from awsim.services.kinesis import metrics
from awsim.services.kinesis.consumer import Consumer
from awsim.services.kinesis.refusals import invalid, no_stream, not_active
from awsim.services.kinesis.stream import Stream
from awsim.state import Collection, Dict, Lifecycle

# What Kinesis says of errors of KMS: Kinesis API Reference, PutRecord.
_KMS_ERRORS = {
    "AccessDeniedException": "KMSAccessDeniedException",
    "DisabledException": "KMSDisabledException",
    "KMSInvalidStateException": "KMSInvalidStateException",
    "NotFoundException": "KMSNotFoundException",
    "OptInRequired": "KMSOptInRequired",
    "ThrottlingException": "KMSThrottlingException",
}
# Kinesis' own key, which all of the account may use by way of Kinesis.
_MANAGED_KEY = "alias/aws/kinesis"

F = TypeVar("F", bound=Callable[..., Any])


def shared(operation: F) -> F:
    """An operation that other accounts can be admitted to: it runs where the stream is that an ARN names."""

    @wraps(operation)
    def run(self: Operations, **params: Any) -> Any:
        arn = params.get("StreamARN") or params.get("ConsumerARN")
        return operation(self if arn is None else self.owner_of(arn), **params)

    return run  # type: ignore[return-value]


class Operations(Service):
    """State and look-ups of the Kinesis of one account in one region."""

    name = "kinesis"
    scope = "region"

    streams = Collection("stream", key="name")

    def setup(self) -> None:
        self.account_settings = Dict()

    def measurements(self, notes: Sequence[Any]) -> Iterator[Sample]:
        return metrics.measurements(notes)

    # --- streams

    def stream_at(self, name: str | None, arn: str | None, *, being_deleted: bool = False) -> Stream:
        """The stream of a StreamName or StreamARN; one that is being deleted only for who can look at it."""
        if arn is not None:
            self.owner_of(arn)
            named = arn.partition("/")[2]
            if name is not None and name != named:
                raise invalid(f"StreamARN {arn} and StreamName {name} do not name the same stream.")
            name = named
        if name is None:
            raise invalid("Either StreamName or StreamARN should be provided.")
        stream: Stream | None = self.streams.get(name)
        if stream is None or (arn is not None and stream.arn != arn):
            raise no_stream(name, self.account)
        if not being_deleted and stream.status == "DELETING":
            raise no_stream(name, self.account)
        return stream

    def readable(self, name: str | None, arn: str | None) -> Stream:
        """A stream that records can be put into and read from."""
        stream = self.stream_at(name, arn)
        if stream.status == "CREATING":
            raise no_stream(stream.name, self.account)
        return stream

    def unlock(self, stream: Stream, ask: Callable[..., None]) -> None:
        """On an encrypted stream: have a data key, for `ask` is `stream.seal.to_write` or `to_read`."""
        key = stream.key_id
        if key is None or key.endswith(_MANAGED_KEY):
            return
        try:
            ask(self, key, {"aws:kinesis:arn": stream.arn}, self.limits["data-key-reuse"] or 0)
        except AWSError as error:
            raise AWSError(_KMS_ERRORS.get(error.code, "KMSAccessDeniedException"), error.message) from None

    def active(self, name: str | None, arn: str | None) -> Stream:
        """A stream that can be changed."""
        stream = self.stream_at(name, arn, being_deleted=True)
        if stream.status != "ACTIVE":
            raise not_active(stream.name, self.account, stream.status)
        return stream

    def update(self, stream: Stream, row: str, method: str = "", **data: Any) -> None:
        """Have a stream UPDATING for as long as a row says; what is changed then is a method's, called as data."""
        stream.lifecycle = Lifecycle(self, [("UPDATING", row), ("ACTIVE", None)])
        if method:
            self.later(self.limits.duration(row), method, stream=stream.name, id=stream.id, **data)

    def same(self, stream: str, id: str) -> Stream | None:
        """The stream that later work is about, if it is still there."""
        found: Stream | None = self.streams.get(stream)
        return found if found is not None and found.id == id else None

    # --- consumers

    def consumer_at(self, stream_arn: str | None, name: str | None, arn: str | None) -> tuple[Stream, Consumer]:
        """The consumer of a ConsumerARN, or of a StreamARN and a ConsumerName."""
        if arn is not None:
            self.owner_of(arn)
            path, _, _ = arn.partition("/consumer/")
            stream = self.streams.get(path.partition("/")[2])
            consumer = stream and next((one for one in stream.consumers.values() if one.arn == arn), None)
            if stream is None or consumer is None:
                raise AWSError("ResourceNotFoundException", f"Consumer {arn} not found.")
            return stream, consumer
        if stream_arn is None or name is None:
            raise invalid("Either ConsumerARN or both StreamARN and ConsumerName should be provided.")
        stream = self.stream_at(None, stream_arn)
        consumer = stream.consumers.get(name)
        if consumer is None:
            message = f"Consumer {name} of stream {stream.name} under account {self.account} not found."
            raise AWSError("ResourceNotFoundException", message)
        return stream, consumer

    def resource_at(self, arn: str) -> Stream | Consumer:
        """The stream or consumer of a ResourceARN."""
        if "/consumer/" in arn:
            return self.consumer_at(None, None, arn)[1]
        return self.stream_at(None, arn)

    # --- other accounts

    def owner_of(self, arn: str) -> Operations:
        """The Kinesis that an ARN is of; refuses what the caller is not admitted to by the resource's policy."""
        _, _, _, region, account, path = arn.split(":", 5)
        if region != self.region:
            raise no_stream(path.split("/")[1], account)
        if account == self.account:
            return self
        owner: Operations = self.at(account=account)
        # Under `authorization` all has been decided; without it, whether a stream lets in an AWS service is not asked.
        if self.cloud.authorization is None and self.caller.service is None:
            from awsim.gateway.authorizer import admits, denial

            decision = admits(self.request, f"kinesis:{self.request.operation}", arn, owner.resource_policy(arn))
            if not decision.allowed:
                raise denial(self.request, decision)
        return owner

    def resource_policy(self, arn: str) -> ResourceSide:
        """The owner and the policy of a stream or consumer."""
        parts = arn.split(":", 5)
        if len(parts) != 6 or parts[3] != self.region:
            return super().resource_policy(arn)
        owner: Operations = self.at(account=parts[4])
        stream = owner.streams.get(parts[5].split("/")[1] if "/" in parts[5] else "")
        found: Stream | Consumer | None = stream
        if stream is not None and "/consumer/" in arn:
            found = next((one for one in stream.consumers.values() if one.arn == arn), None)
        if found is None or found.policy is None:
            return ResourceSide(parts[4])
        return ResourceSide(parts[4], (parse(found.policy, "resource"),))


def page(items: Sequence[Any], size: int) -> tuple[list[Any], bool]:
    """The first `size` items, and whether there are more."""
    return list(items[:size]), len(items) > size

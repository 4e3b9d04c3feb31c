"""What CloudWatch is told of log groups.

Source: CloudWatch Logs User Guide, "Monitoring CloudWatch Logs usage with CloudWatch metrics".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from awsim.metering import Sample

_NAMESPACE = "AWS/Logs"


class Incoming(NamedTuple):
    """A note: a batch that a group took."""

    time: float
    group: str
    events: int
    size: int

    def samples(self) -> Iterator[Sample]:
        dimensions = (("LogGroupName", self.group),)
        yield Sample(_NAMESPACE, "IncomingLogEvents", dimensions, "None", self.time, self.events)
        yield Sample(_NAMESPACE, "IncomingBytes", dimensions, "Bytes", self.time, self.size)


class Forwarded(NamedTuple):
    """A note: what a subscription filter sent, or could not send (`failed`: the metric that counts that)."""

    time: float
    group: str
    filter: str
    destination: str
    events: int
    size: int
    failed: str | None = None

    def samples(self) -> Iterator[Sample]:
        dimensions = (("LogGroupName", self.group), ("DestinationType", self.destination), ("FilterName", self.filter))
        if self.failed is not None:
            yield Sample(_NAMESPACE, self.failed, dimensions, "None", self.time, self.events)
            return
        yield Sample(_NAMESPACE, "ForwardedLogEvents", dimensions, "None", self.time, self.events)
        yield Sample(_NAMESPACE, "ForwardedBytes", dimensions, "Bytes", self.time, self.size)


Note = Incoming | Forwarded


def samples(notes: Iterable[Note]) -> Iterator[Sample]:
    for note in notes:
        yield from note.samples()

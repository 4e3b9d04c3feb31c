"""A message, and its stay in a queue.

`Message` is what the sender gave and AWS stamped on it; it never changes. `Entry` is what happens to it while it is in
a queue: hidden, received, visible again. All times are whole milliseconds since 1970, the unit that SQS shows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from awsim.services.sqs.md5 import md5_of_attributes
from awsim.state import Entity

DELAYED, VISIBLE, IN_FLIGHT, GONE = "delayed", "visible", "in flight", "gone"

MessageAttributes = Mapping[str, Mapping[str, Any]]


SYSTEM_ATTRIBUTES = frozenset(
    (
        "AWSTraceHeader", "ApproximateFirstReceiveTimestamp", "ApproximateReceiveCount", "DeadLetterQueueSourceArn",
        "MessageDeduplicationId", "MessageGroupId", "SenderId", "SentTimestamp", "SequenceNumber",
    )
)  # fmt: skip


class Message(NamedTuple):
    """What is delivered. Entries of several snapshots share it."""

    id: str
    body: str
    body_md5: str
    sender_id: str
    sent: int
    attributes: MessageAttributes | None = None
    trace_header: str | None = None
    group_id: str | None = None
    deduplication_id: str | None = None
    sequence_number: str | None = None
    source_arn: str | None = None

    def attributes_named(self, names: Iterable[str]) -> dict[str, Mapping[str, Any]]:
        """The message attributes a receiver asked for: by name, all (`All`, `.*`), or by prefix (`order.*`)."""
        attributes = self.attributes
        if not attributes:
            return {}
        names = set(names)
        if "All" in names:
            return dict(attributes)
        prefixes = tuple(name.removesuffix("*").removesuffix(".") for name in names if name.endswith("*"))
        return {name: value for name, value in attributes.items() if name in names or name.startswith(prefixes)}


class Entry(Entity):
    """A message in one queue, from its arrival until it is deleted, moved or expired.

    `order` is its place among the arrivals of the queue; `due` when its present state ends by itself (None: never);
    `received` and `first_received` when it was handed out last and, in this queue, first.
    `receive_count` counts over all queues the message has been in, as ApproximateReceiveCount does. `copied`: a server
    that missed its last receive still has it to deliver, whatever becomes of that receive.
    """

    __slots__ = (
        "copied", "due", "first_received", "message", "order", "receive_count", "received", "retained_from", "state",
    )  # fmt: skip

    message: Message
    order: int
    state: str
    due: int | None
    receive_count: int
    received: int
    first_received: int | None
    retained_from: int

    def __init__(self, message: Message, order: int, retained_from: int, receive_count: int = 0) -> None:
        # Nobody can ask for the earlier state of a new record: the undo log need not hear of it.
        put = object.__setattr__
        put(self, "message", message)
        put(self, "order", order)
        put(self, "retained_from", retained_from)
        put(self, "receive_count", receive_count)
        put(self, "state", VISIBLE)
        put(self, "due", None)
        put(self, "received", 0)
        put(self, "first_received", None)
        put(self, "copied", False)

    def system_attributes(self) -> dict[str, str]:
        """All that AWS can tell of the message, by MessageSystemAttributeName."""
        message = self.message
        attributes = {
            "SenderId": message.sender_id,
            "SentTimestamp": str(message.sent),
            "ApproximateReceiveCount": str(self.receive_count),
            "ApproximateFirstReceiveTimestamp": str(self.first_received),
        }
        for name, value in (
            ("SequenceNumber", message.sequence_number),
            ("MessageDeduplicationId", message.deduplication_id),
            ("MessageGroupId", message.group_id),
            ("AWSTraceHeader", message.trace_header),
            ("DeadLetterQueueSourceArn", message.source_arn),
        ):
            if value is not None:
                attributes[name] = value
        return attributes

    def delivered(
        self, receipt_handle: str, system_names: frozenset[str] | None, attribute_names: Iterable[str] | None
    ) -> dict[str, Any]:
        """The message as ReceiveMessage shows it, with the attributes that were asked for."""
        message = self.message
        shown: dict[str, Any] = {
            "MessageId": message.id,
            "ReceiptHandle": receipt_handle,
            "MD5OfBody": message.body_md5,
            "Body": message.body,
        }
        if system_names:
            known = self.system_attributes()
            wanted = known if "All" in system_names else {k: v for k, v in known.items() if k in system_names}
            if wanted:
                shown["Attributes"] = wanted
        if attribute_names and (attributes := message.attributes_named(attribute_names)):
            shown["MD5OfMessageAttributes"] = md5_of_attributes(attributes)
            shown["MessageAttributes"] = attributes
        return shown

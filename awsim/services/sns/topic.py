"""Topics: what they are set to, who subscribes, and what a FIFO topic remembers.

Sources: SNS API Reference, CreateTopic; SNS Developer Guide, "Message delivery for FIFO topics" and "Message
deduplication for FIFO topics".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from awsim.services.sns.delivery_policy import EffectivePolicy
from awsim.services.sns.message import Message
from awsim.services.sns.notification import Place
from awsim.services.sns.subscription import Subscription
from awsim.state import Deque, Dict, Entity, List, Tags

# Sequence numbers are "large, non-consecutive": these are only the shape of AWS's.
_FIRST_SEQUENCE_NUMBER = 10_000_000_000_000_000_000
_SEQUENCE_STEP = 1_000

_SAME_GROUP = "MessageGroup"


class Published(NamedTuple):
    """What a publisher was told, and is told again when it repeats itself. `expires`: epoch seconds."""

    expires: float
    message_id: str
    sequence_number: str


class Fan(NamedTuple):
    """The subscriptions of a topic: queues that get all there is, by (region, account) and name, each with whether it
    gets it raw, and whether any does; where the topic is; and the rest, which have to be looked at for each message."""

    queues: Mapping[tuple[str, str], Mapping[str, tuple[Subscription, bool]]]
    raw: bool
    place: Place
    rest: tuple[Subscription, ...]


class Topic(Entity):
    """A standard topic. `attributes` are the texts that callers set, `policy` the whole access policy (JSON); `fan` is
    None until somebody works it out, and again where a subscription comes, goes or changes."""

    __slots__ = (
        "account", "arn", "attributes", "data_protection_policy", "deleted_subscriptions", "delivery_policy", "fan",
        "filtered", "name", "policy", "subscriptions", "tags",
    )  # fmt: skip

    fifo = False

    def __init__(self, name: str, arn: str, account: str, policy: str, tags: Tags) -> None:
        self.name = name
        self.arn = arn
        self.account = account
        self.policy = policy
        self.tags = tags
        self.attributes: Mapping[str, str] = {}
        self.delivery_policy = EffectivePolicy()
        self.data_protection_policy = ""
        self.subscriptions = Dict()  # (protocol, endpoint) -> Subscription
        self.filtered = Dict()  # ARN -> Subscription, of those with a filter policy
        self.deleted_subscriptions = 0
        self.fan: Fan | None = None

    def set(self, name: str, value: str | None) -> None:
        """Set an attribute, or take it back to its default (None)."""
        self.fan = None
        kept = {key: text for key, text in self.attributes.items() if key != name}
        self.attributes = kept if value is None else {**kept, name: value}

    def subscription_to(self, protocol: str, endpoint: str) -> Subscription | None:
        """The subscription of an endpoint. SNS knows one per protocol and endpoint."""
        return self.subscriptions.get((protocol, endpoint))

    def add(self, subscription: Subscription) -> None:
        self.subscriptions[subscription.protocol, subscription.endpoint] = subscription
        self.count_filter(subscription)

    def count_filter(self, subscription: Subscription) -> None:
        """Note whether a subscription has a filter policy."""
        self.fan = None
        if subscription.filter is not None:
            self.filtered[subscription.arn] = subscription
        else:
            self.filtered.pop(subscription.arn, None)

    def remove(self, subscription: Subscription) -> None:
        self.fan = None
        if self.subscriptions.pop((subscription.protocol, subscription.endpoint), None) is not None:
            self.deleted_subscriptions += 1
        self.filtered.pop(subscription.arn, None)


class FifoTopic(Topic):
    """A FIFO topic: messages have sequence numbers, repetitions are recognised, an archive may keep them."""

    __slots__ = ("_due", "_expiries", "_published", "_sequence", "archive")

    fifo = True

    def __init__(self, name: str, arn: str, account: str, policy: str, tags: Tags) -> None:
        super().__init__(name, arn, account, policy, tags)
        self._published = Dict()  # (group or None, deduplication id) -> Published
        self._expiries = Deque()  # (when, key), soonest first
        self._sequence = 0
        self._due = 0.0
        self.archive = List()  # Messages, oldest first, while there is an ArchivePolicy

    @property
    def content_based_deduplication(self) -> bool:
        return self.attributes.get("ContentBasedDeduplication") == "true"

    def scope_of(self, group_id: str | None) -> str | None:
        """Within which group repetitions are recognised; None: within the topic."""
        return group_id if self.attributes.get("FifoThroughputScope") == _SAME_GROUP else None

    def next_sequence_number(self) -> str:
        """Grows with every message; 20 digits."""
        self._sequence += 1
        return str(_FIRST_SEQUENCE_NUMBER + self._sequence * _SEQUENCE_STEP)

    def in_turn(self, due: float) -> float:
        """When a message can be delivered that would be at `due`: no sooner than those published before it."""
        if due > self._due:
            self._due = due
        return self._due

    def duplicate_of(self, group_id: str | None, deduplication_id: str, now: float) -> Published | None:
        """The message that was published with this deduplication id within the deduplication interval."""
        published = self._published.get((self.scope_of(group_id), deduplication_id))
        return published if published is not None and now < published.expires else None

    def remember(self, message: Message, now: float, interval: float) -> None:
        """Recognise repetitions of this publish for `interval` seconds."""
        while self._expiries and self._expiries[0][0] <= now:
            _, old = self._expiries.popleft()
            kept = self._published.get(old)
            if kept is not None and kept.expires <= now:
                del self._published[old]
        key = (self.scope_of(message.group_id), message.deduplication_id or "")
        self._published[key] = Published(now + interval, message.id, message.sequence_number or "")
        self._expiries.append((now + interval, key))

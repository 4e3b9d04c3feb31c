"""Subscriptions: an endpoint's standing order for what a topic gets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from awsim.services.sns.filter_policy import FilterPolicy
from awsim.state import Entity

HTTP = ("http", "https")
# Where it reads the protocol's name into what may be subscribed.
PROTOCOLS = ("http", "https", "email", "email-json", "sms", "sqs", "application", "lambda", "firehose")
RAW = frozenset({"sqs", "http", "https", "firehose"})

PENDING = "pending confirmation"
LISTED_PENDING = "PendingConfirmation"


class QueueAddress(NamedTuple):
    """Where a queue is: `place` is (region, account)."""

    name: str
    url: str
    place: tuple[str, str]

    @property
    def fifo(self) -> bool:
        return self.name.endswith(".fifo")


class Subscription(Entity):
    """`attributes` are the texts that callers set. `owner` is the subscriber's account, `principal` its ARN.

    `authenticated`: confirmed by its owner, so that nobody else may end it with a mere link.
    """

    __slots__ = (
        "arn", "attributes", "authenticated", "confirmed", "deleted", "endpoint", "filter", "filters_body", "owner",
        "principal", "protocol", "queue", "raw", "replaying", "token", "token_expires", "topic_arn",
    )  # fmt: skip

    def __init__(
        self,
        arn: str,
        topic_arn: str,
        protocol: str,
        endpoint: str,
        owner: str,
        principal: str,
    ) -> None:
        self.arn = arn
        self.topic_arn = topic_arn
        self.protocol = protocol
        self.endpoint = endpoint
        self.owner = owner
        self.principal = principal
        self.attributes: Mapping[str, str] = {}
        self.confirmed = False
        self.authenticated = False
        self.deleted = False
        self.token: str | None = None
        self.token_expires = 0.0
        self.filter: FilterPolicy | None = None
        self.filters_body = False
        self.raw = False
        self.replaying = ""
        # Of a queue: its endpoint, read once.
        self.queue: QueueAddress | None = None

    def adopt(self, attributes: Mapping[str, str], filter_policy: FilterPolicy | None) -> None:
        """Take on attributes that have been checked, and the compiled filter policy among them."""
        self.attributes = attributes
        self.filter = filter_policy
        self.filters_body = attributes.get("FilterPolicyScope") == "MessageBody"
        self.raw = attributes.get("RawMessageDelivery") == "true"

    @property
    def shown_arn(self) -> str:
        """As lists show it."""
        return self.arn if self.confirmed else LISTED_PENDING

    def listed(self) -> dict[str, str]:
        """As ListSubscriptions shows it."""
        return {
            "SubscriptionArn": self.shown_arn,
            "Owner": self.owner,
            "Protocol": self.protocol,
            "Endpoint": self.endpoint,
            "TopicArn": self.topic_arn,
        }

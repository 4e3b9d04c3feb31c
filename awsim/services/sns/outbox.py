"""What SNS sends to places outside of AWS, kept to be looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Sent:
    """One attempt: an HTTP request, an e-mail, a text message, a push notification.

    `endpoint` is the URL, the address, the number, or the ARN of a device's endpoint; `timestamp` epoch seconds.
    `error` says why it failed; None where it arrived.
    """

    protocol: str
    endpoint: str
    body: str
    message_id: str
    timestamp: float
    subject: str | None = None
    topic_arn: str | None = None
    subscription_arn: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    attributes: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    error: str | None = None

    @property
    def delivered(self) -> bool:
        return self.error is None

    @property
    def time(self) -> datetime:
        return datetime.fromtimestamp(self.timestamp, UTC)

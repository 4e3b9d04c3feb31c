"""What SNS writes: the JSON of notifications and confirmations, and its cousins for Lambda, Firehose, e-mail.

Sources: ../shared/recorded/sns.jsonl (members); SNS Developer Guide, "Amazon SNS message and JSON formats" (order,
layout).
"""

from __future__ import annotations

import json
from base64 import b64encode
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import quote

from awsim.services.sns import signing
from awsim.services.sns.message import Attributes, Message
from awsim.services.sns.subscription import Subscription

_SUFFIXES = {
    "aws-cn": "amazonaws.com.cn",
    "aws-iso": "c2s.ic.gov",
    "aws-iso-b": "sc2s.sgov.gov",
    "aws-iso-e": "cloud.adc-e.uk",
    "aws-iso-f": "csp.hci.ic.gov",
    "aws-eusc": "amazonaws.eu",
}
_text = json.JSONEncoder(ensure_ascii=False).encode


class Place(NamedTuple):
    """Where a topic is, and which version its signatures have."""

    region: str
    partition: str
    signature_version: str = "1"

    @property
    def url(self) -> str:
        return f"https://sns.{self.region}.{_SUFFIXES.get(self.partition, 'amazonaws.com')}/"


def timestamp(time: float) -> str:
    """As `2026-01-01T00:00:00.000Z`."""
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{int(time * 1000) % 1000:03d}Z"


def unsubscribe_url(place: Place, subscription_arn: str) -> str:
    return f"{place.url}?Action=Unsubscribe&SubscriptionArn={quote(subscription_arn, safe=':')}"


def subscribe_url(place: Place, topic_arn: str, token: str) -> str:
    return f"{place.url}?Action=ConfirmSubscription&TopicArn={quote(topic_arn, safe=':')}&Token={token}"


def shown_attributes(attributes: Attributes) -> dict[str, dict[str, str]]:
    """Message attributes as notifications show them."""
    shown = {}
    for name, attribute in attributes.items():
        kind = attribute.get("DataType") or ""
        value = attribute.get("BinaryValue") if kind.startswith("Binary") else attribute.get("StringValue")
        text = b64encode(value).decode() if isinstance(value, bytes) else value or ""
        shown[name] = {"Type": kind, "Value": text}
    return shown


class Envelope:
    """A message in JSON as one protocol's subscribers get it, signed once for all of them.

    FIFO topics do not sign, and show the sequence number.
    """

    __slots__ = ("_after", "_before", "_place", "_url", "message", "signature", "text", "time")

    def __init__(self, message: Message, protocol: str, place: Place) -> None:
        self.message = message
        self.text = message.text_for(protocol)
        self.time = timestamp(message.time)
        self._place = place
        self._url = place.url
        self.signature = "" if message.sequence_number is not None else _signed(message, self.text, self.time, place)
        self._before: str | None = None
        self._after = ""

    def fields(self) -> list[tuple[str, str]]:
        """Members up to UnsubscribeURL, in order."""
        message = self.message
        fields = [("Type", message.kind), ("MessageId", message.id)]
        if message.token is not None:
            fields.append(("Token", message.token))
        if message.sequence_number is not None:
            fields.append(("SequenceNumber", message.sequence_number))
        fields.append(("TopicArn", message.topic_arn))
        if message.subject is not None:
            fields.append(("Subject", message.subject))
        fields.append(("Message", self.text))
        if message.url is not None:
            fields.append(("SubscribeURL", message.url))
        fields.append(("Timestamp", self.time))
        if self.signature:
            fields += [
                ("SignatureVersion", self._place.signature_version),
                ("Signature", self.signature),
                ("SigningCertURL", self._place.url + signing.certificate_name()),
            ]
        return fields

    def for_subscription(self, subscription: Subscription) -> str:
        """The text that a queue or an HTTP endpoint gets."""
        if self._before is None:
            lines = [f'  "{name}" : {_text(value)}' for name, value in self.fields()]
            self._before = "{\n" + ",\n".join(lines)
            attributes = self.message.attributes
            if attributes:
                shown = shown_attributes(attributes).items()
                inner = ",\n".join(f"    {_text(name)} : {_compact(value)}" for name, value in shown)
                self._after = ',\n  "MessageAttributes" : {\n' + inner + "\n  }"
        if self.message.token is not None:
            return self._before + "\n}"
        url = f"{self._url}?Action=Unsubscribe&SubscriptionArn={subscription.arn}"
        return f'{self._before},\n  "UnsubscribeURL" : "{url}"{self._after}\n}}'

    def for_function(self, subscription: Subscription) -> str:
        """The event that a Lambda function gets."""
        sns: dict[str, Any] = {name.replace("URL", "Url"): value for name, value in self.fields()}
        sns.setdefault("Subject", None)
        sns["UnsubscribeUrl"] = unsubscribe_url(self._place, subscription.arn)
        sns["MessageAttributes"] = shown_attributes(self.message.attributes or {})
        record = {
            "EventSource": "aws:sns",
            "EventVersion": "1.0",
            "EventSubscriptionArn": subscription.arn,
            "Sns": sns,
        }
        return _compact({"Records": [record]})

    def for_stream(self, subscription: Subscription) -> str:
        """The record that a Firehose stream gets: without signature, on one line."""
        record: dict[str, Any] = {
            name: value for name, value in self.fields() if not name.startswith(("Signature", "Signing"))
        }
        record["UnsubscribeURL"] = unsubscribe_url(self._place, subscription.arn)
        if self.message.attributes:
            record["MessageAttributes"] = shown_attributes(self.message.attributes)
        return _compact(record) + "\n"

    def for_mailbox(self, subscription: Subscription) -> str:
        """The text of an e-mail (not JSON)."""
        if self.message.url is not None:
            return (
                f"You have chosen to subscribe to the topic:\n{self.message.topic_arn}\n\n"
                "To confirm this subscription, click or visit the link below "
                f"(If this was in error no action is necessary):\n{self.message.url}\n"
            )
        return (
            f"{self.text}\n\n--\nIf you wish to stop receiving notifications from this topic, please click or visit "
            f"the link below to unsubscribe:\n{unsubscribe_url(self._place, subscription.arn)}"
            f"&Endpoint={quote(subscription.endpoint)}\n"
        )


def _signed(message: Message, text: str, time: str, place: Place) -> str:
    if message.token is not None:
        fields: tuple[tuple[str, str | None], ...] = (
            ("Message", text), ("MessageId", message.id), ("SubscribeURL", message.url), ("Timestamp", time),
            ("Token", message.token), ("TopicArn", message.topic_arn), ("Type", message.kind),
        )  # fmt: skip
    else:
        fields = (
            ("Message", text), ("MessageId", message.id), ("Subject", message.subject), ("Timestamp", time),
            ("TopicArn", message.topic_arn), ("Type", message.kind),
        )  # fmt: skip
    return signing.signature(fields, place.signature_version)


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

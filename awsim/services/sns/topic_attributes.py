"""Topic attributes: which there are, what values they take.

Sources: SNS API Reference, CreateTopic and SetTopicAttributes; ../shared/recorded/sns.jsonl.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from awsim.services.sns import delivery_policy, permissions
from awsim.services.sns.refusals import WrongAttribute, invalid
from awsim.wire.values import whole

if TYPE_CHECKING:
    from awsim.limits.table import ServiceLimits
    from awsim.services.sns.topic import Topic

_FEEDBACK = ("HTTP", "Firehose", "Lambda", "Application", "SQS")
_ROLES = frozenset(f"{protocol}{end}FeedbackRoleArn" for protocol in _FEEDBACK for end in ("Success", "Failure"))
_RATES = frozenset(f"{protocol}SuccessFeedbackSampleRate" for protocol in _FEEDBACK)
_WORDS = {
    "SignatureVersion": ("1", "2"),
    "TracingConfig": ("PassThrough", "Active"),
    "FifoThroughputScope": ("Topic", "MessageGroup"),
    "ContentBasedDeduplication": ("true", "false"),
}
_ONLY_FIFO = frozenset({"ContentBasedDeduplication", "FifoThroughputScope", "ArchivePolicy"})
SETTABLE = (
    frozenset({"DeliveryPolicy", "DisplayName", "Policy", "KmsMasterKeyId", "ArchivePolicy"})
    | _WORDS.keys()
    | _ROLES
    | _RATES
)

# What a topic has before anybody sets it; the others are absent.
DEFAULTS = {"DisplayName": "", "SignatureVersion": "1", "TracingConfig": "PassThrough", "FifoThroughputScope": "Topic"}


def check(name: str, value: str, limits: ServiceLimits, *, fifo: bool) -> None:
    """Refuse a value that the attribute cannot have; raises WrongAttribute, or AWSError where AWS words it its own way.

    An empty text takes most attributes back to their defaults.
    """
    if name in _ONLY_FIFO and not fifo:
        raise WrongAttribute(f"{name} is not supported for standard topics")
    if name == "DisplayName":
        limits.check("display-name", len(value))
        return
    if not value:
        return
    if name == "Policy":
        limits.check("policy-size", len(value.encode()))
        permissions.check_policy(value)
    elif name == "DeliveryPolicy":
        delivery_policy.checked(value, limits, topic=True)
    elif name in _WORDS and value.lower() not in {word.lower() for word in _WORDS[name]}:
        raise WrongAttribute(f"{name}: Invalid value [{value}]. Must be one of: {', '.join(_WORDS[name])}")
    elif name in _RATES:
        least, most = limits.row("feedback-sample-rate").minimum or 0, limits["feedback-sample-rate"]
        if not value.isdecimal() or whole(value) < least or (most is not None and whole(value) > most):
            raise limits.error("feedback-sample-rate", name=name)
    elif name in _ROLES and not (value.startswith("arn:") and ":iam::" in value and ":role/" in value):
        raise WrongAttribute(f"{name}: Invalid IAM role ARN [{value}]")
    elif name == "ArchivePolicy":
        archive_days(value, limits)


def archive_days(text: str, limits: ServiceLimits) -> int | None:
    """For how many days an ArchivePolicy keeps messages, None for an empty one; raises InvalidParameter."""
    try:
        policy = json.loads(text)
    except (ValueError, RecursionError):
        raise WrongAttribute("ArchivePolicy: failed to parse JSON.") from None
    if not isinstance(policy, dict):
        raise WrongAttribute("ArchivePolicy: must be a JSON object")
    if not policy:
        return None
    days = policy.get("MessageRetentionPeriod")
    if isinstance(days, str) and days.isdecimal():
        days = whole(days)
    least, most = limits.row("archive-retention").minimum or 0, limits["archive-retention"]
    if not isinstance(days, int) or isinstance(days, bool) or days < least or (most is not None and days > most):
        raise limits.error("archive-retention")
    return days


def normal(name: str, value: str) -> str:
    """A value as it is kept: words in AWS's own case."""
    return next((word for word in _WORDS.get(name, ()) if word.lower() == value.lower()), value)


def known(name: str) -> None:
    """Refuse an attribute that CreateTopic does not know."""
    if name not in SETTABLE and name != "FifoTopic":
        raise invalid("Attributes", f"Unknown attribute {name}")


def differs(topic: Topic, name: str, value: str) -> bool:
    """Whether a topic has another value for an attribute than a caller gives."""
    if name == "FifoTopic":
        return topic.fifo != (value.lower() == "true")
    if name == "Policy":
        return parsed(topic.policy) != parsed(value)
    default = "false" if name == "ContentBasedDeduplication" else DEFAULTS.get(name, "")
    mine = topic.attributes.get(name, default)
    if name in ("DeliveryPolicy", "ArchivePolicy") and mine and value:
        return parsed(mine) != parsed(value)
    return mine != normal(name, value)


def parsed(text: str) -> Any:
    """JSON, or the text itself where it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def shown(topic: Topic, limits: ServiceLimits) -> dict[str, str]:
    """As GetTopicAttributes answers."""
    subscriptions = topic.subscriptions.values()
    confirmed = sum(subscription.confirmed for subscription in subscriptions)
    result = {
        "Policy": topic.policy,
        "Owner": topic.account,
        "SubscriptionsPending": str(len(subscriptions) - confirmed),
        "TopicArn": topic.arn,
        "EffectiveDeliveryPolicy": topic.delivery_policy.of_topic(limits),
        "SubscriptionsConfirmed": str(confirmed),
        "DisplayName": "",
        "SubscriptionsDeleted": str(topic.deleted_subscriptions),
    }
    if topic.fifo:
        result["FifoTopic"] = "true"
        result["ContentBasedDeduplication"] = "false"
    return {**result, **topic.attributes}

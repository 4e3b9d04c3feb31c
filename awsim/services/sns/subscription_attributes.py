"""Subscription attributes: which there are, what values they take.

Sources: SNS API Reference, Subscribe and SetSubscriptionAttributes; ../shared/recorded/sns.jsonl; of what they do not
say: issues of terraform-provider-aws, aws-controllers-k8s (2192), cloudposse/terraform-aws-sns-topic (48).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from awsim.services.sns import arns, delivery_policy, filter_policy
from awsim.services.sns.refusals import WrongAttribute
from awsim.services.sns.subscription import HTTP, RAW, Subscription

if TYPE_CHECKING:
    from awsim.limits.table import ServiceLimits
    from awsim.services.sns.topic import Topic

SETTABLE = frozenset(
    {"DeliveryPolicy", "FilterPolicy", "FilterPolicyScope", "RawMessageDelivery", "RedrivePolicy", "ReplayPolicy",
     "SubscriptionRoleArn"}
)  # fmt: skip
_SCOPES = ("MessageBody", "MessageAttributes")
_JSON = frozenset({"DeliveryPolicy", "FilterPolicy", "RedrivePolicy", "ReplayPolicy"})
_DEFAULTS = {"RawMessageDelivery": "false", "FilterPolicyScope": "MessageAttributes"}


def changed(
    current: Mapping[str, str], given: Mapping[str, str], protocol: str, topic: Topic, limits: ServiceLimits
) -> dict[str, str]:
    """The attributes that come of giving some; raises WrongAttribute. An empty text takes one away."""
    merged = dict(current)
    for name, value in given.items():
        value = _checked(name, value, protocol, topic, limits)
        if not value or (_DEFAULTS.get(name) == value and name != "FilterPolicyScope"):
            merged.pop(name, None)
        else:
            merged[name] = value
    policy = merged.get("FilterPolicy")
    if policy:
        filter_policy.checked(policy, limits, body=merged.get("FilterPolicyScope") == "MessageBody")
    return merged


def _checked(name: str, value: str, protocol: str, topic: Topic, limits: ServiceLimits) -> str:
    """The value as it is kept."""
    if name == "RawMessageDelivery":
        if value.lower() not in ("true", "false"):
            raise WrongAttribute(f"RawMessageDelivery: Invalid value [{value}]. Must be true or false.")
        if value.lower() == "true" and protocol not in RAW:
            raise WrongAttribute(f"Delivery protocol [{protocol}] does not support raw message delivery.")
        return value.lower()
    if name == "FilterPolicyScope":
        if value not in _SCOPES:
            raise WrongAttribute(
                f"FilterPolicyScope: Invalid value [{value}]. Please use either MessageBody or MessageAttributes"
            )
    elif name == "FilterPolicy":
        return "" if value.strip() == "{}" else value
    elif name == "RedrivePolicy" and value:
        dead_letter_queue(value, topic)
    elif name == "DeliveryPolicy" and value:
        if protocol not in HTTP:
            raise WrongAttribute(f"DeliveryPolicy: Delivery protocol [{protocol}] does not support delivery policies.")
        delivery_policy.checked(value, limits, topic=False)
    elif name == "SubscriptionRoleArn":
        if protocol != "firehose":
            raise WrongAttribute("SubscriptionRoleArn: Only supported for the firehose protocol")
        if value and not (value.startswith("arn:") and ":iam::" in value and ":role/" in value):
            raise WrongAttribute(f"SubscriptionRoleArn: Invalid IAM role ARN [{value}]")
    elif name == "ReplayPolicy" and value:
        replay_policy(value, topic)
    return value


def dead_letter_queue(text: str, topic: Topic) -> arns.Arn:
    """The queue that a RedrivePolicy names; raises WrongAttribute."""
    policy = _object("RedrivePolicy", text)
    for name in policy:
        if name != "deadLetterTargetArn":
            raise WrongAttribute(f"RedrivePolicy: invalid JSON. Attribute {name} is unknown.")
    target = policy.get("deadLetterTargetArn")
    arn = arns.of_service(target, "sqs") if isinstance(target, str) else None
    if arn is None:
        raise WrongAttribute("RedrivePolicy: deadLetterTargetArn is an invalid arn")
    here = arns.read(topic.arn, "TopicArn")
    if arn.region != here.region:
        raise WrongAttribute("RedrivePolicy: must use the same region as the subscription")
    if arn.name.endswith(".fifo") and not topic.fifo:
        raise WrongAttribute("RedrivePolicy: FIFO SQS Queues can not be dead-letter queues of standard SNS topics")
    return arn


def replay_policy(text: str, topic: Topic) -> dict[str, Any]:
    """A ReplayPolicy; raises WrongAttribute."""
    policy = _object("ReplayPolicy", text)
    if not topic.fifo or "ArchivePolicy" not in topic.attributes:
        raise WrongAttribute("ReplayPolicy: The topic does not have an ArchivePolicy")
    if policy.get("PointType") != "Timestamp" or not isinstance(policy.get("StartingPoint"), str):
        raise WrongAttribute("ReplayPolicy: PointType must be Timestamp, with a StartingPoint")
    for name in policy:
        if name not in ("PointType", "StartingPoint", "EndingPoint"):
            raise WrongAttribute(f"ReplayPolicy: invalid JSON. Attribute {name} is unknown.")
    return policy


def _object(name: str, text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise WrongAttribute(f"{name}: failed to parse JSON.") from None
    if not isinstance(value, dict):
        raise WrongAttribute(f"{name}: must be a JSON object")
    return value


def differ(subscription: Subscription, given: Mapping[str, str]) -> bool:
    """Whether a subscription has other values than a caller gives."""
    for name, value in given.items():
        mine = subscription.attributes.get(name, _DEFAULTS.get(name, ""))
        if name in _JSON and mine and value:
            if json.loads(mine) != json.loads(value):
                return True
        elif mine.lower() != value.lower():
            return True
    return False


def shown(subscription: Subscription, topic: Topic, limits: ServiceLimits) -> dict[str, str]:
    """As GetSubscriptionAttributes answers."""
    result = {
        "SubscriptionArn": subscription.arn,
        "TopicArn": subscription.topic_arn,
        "Protocol": subscription.protocol,
        "Endpoint": subscription.endpoint,
        "Owner": subscription.owner,
        "SubscriptionPrincipal": subscription.principal,
        "PendingConfirmation": str(not subscription.confirmed).lower(),
        "ConfirmationWasAuthenticated": str(subscription.authenticated).lower(),
        "RawMessageDelivery": "false",
        **subscription.attributes,
    }
    if "FilterPolicy" in result:
        result.setdefault("FilterPolicyScope", "MessageAttributes")
    else:
        result.pop("FilterPolicyScope", None)
    if subscription.replaying:
        result["ReplayStatus"] = subscription.replaying
    if subscription.protocol in HTTP:
        own = delivery_policy.known(subscription.attributes.get("DeliveryPolicy", ""), topic=False)
        result["EffectiveDeliveryPolicy"] = own.under(topic.delivery_policy).of_subscription(limits)
    return result

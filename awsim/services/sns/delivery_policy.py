"""Delivery policies: how often and when SNS tries again.

Sources: SNS Developer Guide, "Amazon SNS message delivery retries"; texts of the effective policies:
../shared/recorded/sns.jsonl; of refusals: awsdocs/amazon-sns-developer-guide pull request 5. AWS draws the four backoff
functions but gives no formula: these have their shape, from the minimum to the maximum delay. Its jitter is left out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from awsim.services.sns.refusals import WrongAttribute

if TYPE_CHECKING:
    from awsim.limits.table import ServiceLimits

_PLAIN_TEXT = "text/plain; charset=UTF-8"
CONTENT_TYPES = (
    "text/css", "text/csv", "text/html", "text/plain", "text/xml", "application/atom+xml", "application/json",
    "application/octet-stream", "application/soap+xml", "application/x-www-form-urlencoded", "application/xhtml+xml",
    "application/xml",
)  # fmt: skip

# How far from the minimum to the maximum delay, at `x` from 0 to 1 of the backoff phase of `n` retries.
_SHAPES: dict[str, Callable[[float, int], float]] = {
    "linear": lambda x, n: x,
    "arithmetic": lambda x, n: x * (x * (n - 1) + 1) / n,
    "geometric": lambda x, n: x * x,
    "exponential": lambda x, n: (2 ** (x * (n - 1)) - 1) / (2 ** (n - 1) - 1),
}


@dataclass(frozen=True, slots=True)
class Retries:
    """Numbers of retries in the four phases, delays in seconds, and the growth between them."""

    no_delay: int
    minimum_delay: int
    backoff: int
    maximum_delay: int
    least: float
    most: float
    function: str = "linear"

    def delay(self, attempt: int) -> float | None:
        """Seconds until retry number `attempt` (from 1), None when the policy is exhausted."""
        if attempt <= self.no_delay:
            return 0.0
        attempt -= self.no_delay
        if attempt <= self.minimum_delay:
            return self.least
        attempt -= self.minimum_delay
        if attempt <= self.backoff:
            if self.backoff == 1:
                return self.least
            share = _SHAPES[self.function]((attempt - 1) / (self.backoff - 1), self.backoff)
            return self.least + (self.most - self.least) * share
        return self.most if attempt - self.backoff <= self.maximum_delay else None


def of_aws(limits: ServiceLimits) -> Retries:
    """To AWS's own endpoints: SQS, Lambda, Firehose."""
    return Retries(
        limits["aws-immediate-retries"] or 0,
        limits["aws-pre-backoff-retries"] or 0,
        limits["aws-backoff-retries"] or 0,
        limits["aws-post-backoff-retries"] or 0,
        limits["aws-minimum-delay"] or 0,
        limits["aws-maximum-delay"] or 0,
        "exponential",
    )


def of_customers(limits: ServiceLimits) -> Retries:
    """To e-mail, SMS and mobile push."""
    return Retries(
        0,
        limits["customer-pre-backoff-retries"] or 0,
        limits["customer-backoff-retries"] or 0,
        limits["customer-post-backoff-retries"] or 0,
        limits["customer-minimum-delay"] or 0,
        limits["customer-maximum-delay"] or 0,
        "exponential",
    )


@dataclass(frozen=True, slots=True)
class EffectivePolicy:
    """What a DeliveryPolicy of a topic or a subscription says, None where it says nothing."""

    healthy: Mapping[str, Any] | None = None
    throttle: Mapping[str, Any] | None = None
    content_type: str | None = None
    no_overrides: bool = False

    def under(self, topic: EffectivePolicy) -> EffectivePolicy:
        """A subscription's policy with its topic's for what it leaves open."""
        if topic.no_overrides:
            return topic
        return replace(
            self,
            healthy=self.healthy or topic.healthy,
            throttle=self.throttle or topic.throttle,
            content_type=self.content_type or topic.content_type,
        )

    @property
    def header(self) -> str:
        """The Content-Type of HTTP deliveries."""
        return self.content_type or _PLAIN_TEXT

    def retries(self, limits: ServiceLimits) -> Retries:
        policy = self._healthy(limits)
        apart = policy["numNoDelayRetries"] + policy["numMinDelayRetries"] + policy["numMaxDelayRetries"]
        return Retries(
            policy["numNoDelayRetries"],
            policy["numMinDelayRetries"],
            max(0, policy["numRetries"] - apart),
            policy["numMaxDelayRetries"],
            policy["minDelayTarget"],
            policy["maxDelayTarget"],
            policy["backoffFunction"],
        )

    def _healthy(self, limits: ServiceLimits) -> dict[str, Any]:
        default = {
            "minDelayTarget": limits["http-delay"],
            "maxDelayTarget": limits["http-delay"],
            "numRetries": limits["http-retries"],
            "numMaxDelayRetries": 0,
            "numNoDelayRetries": 0,
            "numMinDelayRetries": 0,
            "backoffFunction": "linear",
        }
        return {**default, **(self.healthy or {})}

    def of_topic(self, limits: ServiceLimits) -> str:
        """EffectiveDeliveryPolicy as GetTopicAttributes shows it."""
        http: dict[str, Any] = {
            "defaultHealthyRetryPolicy": self._healthy(limits),
            "disableSubscriptionOverrides": self.no_overrides,
        }
        if self.throttle:
            http["defaultThrottlePolicy"] = self.throttle
        http["defaultRequestPolicy"] = {"headerContentType": self.header}
        return json.dumps({"http": http}, separators=(",", ":"))

    def of_subscription(self, limits: ServiceLimits) -> str:
        """EffectiveDeliveryPolicy as GetSubscriptionAttributes shows it."""
        policy = {
            "healthyRetryPolicy": self._healthy(limits),
            "sicklyRetryPolicy": None,
            "throttlePolicy": self.throttle,
            "requestPolicy": {"headerContentType": self.header},
            "guaranteed": False,
        }
        return json.dumps(policy, separators=(",", ":"))


@lru_cache(maxsize=1024)
def known(text: str, *, topic: bool) -> EffectivePolicy:
    """The policy in a text that has been checked."""
    policy = json.loads(text) if text else {}
    if topic:
        http = policy.get("http") or {}
        return EffectivePolicy(
            http.get("defaultHealthyRetryPolicy"),
            http.get("defaultThrottlePolicy"),
            (http.get("defaultRequestPolicy") or {}).get("headerContentType"),
            bool(http.get("disableSubscriptionOverrides")),
        )
    return EffectivePolicy(
        policy.get("healthyRetryPolicy"),
        policy.get("throttlePolicy"),
        (policy.get("requestPolicy") or {}).get("headerContentType"),
    )


def checked(text: str, limits: ServiceLimits, *, topic: bool) -> EffectivePolicy:
    """The policy a caller gives for a topic or a subscription; raises WrongAttribute."""
    try:
        policy = json.loads(text)
    except (ValueError, RecursionError):
        raise WrongAttribute("DeliveryPolicy: failed to parse JSON.") from None
    if not isinstance(policy, dict):
        raise WrongAttribute("DeliveryPolicy: must be a JSON object")
    prefix = ""
    if topic:
        _only(policy, ("http",), "")
        policy = _part(policy, "http", "")
        prefix = "http."
    names = (
        ("defaultHealthyRetryPolicy", "defaultThrottlePolicy", "defaultRequestPolicy", "disableSubscriptionOverrides",
         "defaultSicklyRetryPolicy")
        if topic
        else ("healthyRetryPolicy", "throttlePolicy", "requestPolicy", "sicklyRetryPolicy", "guaranteed")
    )  # fmt: skip
    _only(policy, names, prefix)
    healthy, throttle, request = (_part(policy, name, prefix) for name in names[:3])
    if healthy:
        _check_healthy(healthy, limits, prefix + names[0])
    rate = throttle.get("maxReceivesPerSecond")
    if rate is not None and (not _whole(rate) or rate < 1):
        raise WrongAttribute(
            f"DeliveryPolicy: {prefix}{names[1]}.maxReceivesPerSecond must be greater than or equal to 1"
        )
    content_type = request.get("headerContentType")
    if content_type is not None and str(content_type).partition(";")[0].strip().lower() not in CONTENT_TYPES:
        raise WrongAttribute(f"DeliveryPolicy: {prefix}{names[2]}.headerContentType is not a supported content type")
    return known(text, topic=topic)


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _part(policy: Mapping[str, Any], name: str, prefix: str) -> Mapping[str, Any]:
    part = policy.get(name)
    if part is not None and not isinstance(part, dict):
        raise WrongAttribute(f"DeliveryPolicy: {prefix}{name} must be a JSON object")
    return part or {}


def _only(policy: Mapping[str, Any], names: tuple[str, ...], prefix: str) -> None:
    for name in policy:
        if name not in names:
            raise WrongAttribute(f"DeliveryPolicy: unknown attribute {prefix}{name}")


_NUMBERS = ("numRetries", "numNoDelayRetries", "numMinDelayRetries", "numMaxDelayRetries")


def _check_healthy(policy: Mapping[str, Any], limits: ServiceLimits, name: str) -> None:
    for key in ("minDelayTarget", "maxDelayTarget", "numRetries"):
        if policy.get(key) is None:
            raise WrongAttribute(f"DeliveryPolicy: {name}.{key} must be specified")
    for key in (*_NUMBERS, "minDelayTarget", "maxDelayTarget"):
        value = policy.get(key)
        if value is None:
            continue
        row = limits.row("retries" if key in _NUMBERS else "retry-delay")
        allowed, least = limits[row.name], row.minimum or 0
        if not _whole(value) or value < least:
            raise WrongAttribute(f"DeliveryPolicy: {name}.{key} must be greater than or equal to {int(least)}")
        if allowed is not None and value > allowed:
            raise WrongAttribute(limits.error(row.name, name=f"{name}.{key}", measured=value).message)
    if policy["maxDelayTarget"] < policy["minDelayTarget"]:
        raise WrongAttribute(f"DeliveryPolicy: {name}.maxDelayTarget must be greater than or equal to minDelayTarget")
    if sum(policy.get(key) or 0 for key in _NUMBERS[1:]) > policy["numRetries"]:
        raise WrongAttribute(
            f"DeliveryPolicy: {name}.numRetries must be greater than or equal to the sum of its phases"
        )
    function = policy.get("backoffFunction")
    if function is not None and function not in _SHAPES:
        raise WrongAttribute(f"DeliveryPolicy: {name}.backoffFunction must be one of {', '.join(_SHAPES)}")

"""Queue attributes: which there are, what values they take, and what a queue makes of them.

Callers give and get attributes as text; a queue works with `Settings`, which are replaced when an attribute changes.
Sources: SQS API Reference, SetQueueAttributes and GetQueueAttributes; ../shared/recorded/sqs.jsonl.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from awsim.errors import AWSError
from awsim.services.sqs.refusals import invalid_attribute, unknown_attribute
from awsim.wire.values import whole

if TYPE_CHECKING:
    from awsim.limits.table import ServiceLimits
    from awsim.services.sqs.queue import Queue


@dataclass(frozen=True, slots=True)
class Settings:
    """The attributes of a queue that can be set. Times in seconds, sizes in bytes; None: not set."""

    delay_seconds: int
    maximum_message_size: int
    message_retention_period: int
    receive_message_wait_time_seconds: int
    visibility_timeout: int
    kms_data_key_reuse_period_seconds: int
    fifo_queue: bool = False
    content_based_deduplication: bool = False
    deduplication_scope: str = "queue"
    fifo_throughput_limit: str = "perQueue"
    kms_master_key_id: str | None = None
    sqs_managed_sse_enabled: bool = True
    policy: str | None = None
    redrive_policy: str | None = None
    redrive_allow_policy: str | None = None

    @property
    def high_throughput(self) -> bool:
        """High throughput for FIFO queues."""
        return self.fifo_throughput_limit == "perMessageGroupId" and self.deduplication_scope == "messageGroup"


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute that can be set. `kind` is int (bounded by the row `row`), bool, str, dict (a JSON object) or the
    words it may be; `default` names a row too. `fifo`: what a standard queue answers to it ("": unknown there)."""

    name: str
    field: str
    kind: type | tuple[str, ...]
    row: str = ""
    default: Any = None
    fifo: str | None = None

    def read(self, text: str, limits: ServiceLimits) -> Any:
        """The value of a text; raises InvalidAttributeValue."""
        if self.kind is int:
            if not (text.isascii() and text.isdecimal()):
                raise invalid_attribute(self.name)
            least, most = limits.row(self.row).minimum or 0, limits[self.row]
            number = whole(text)
            if number < least or (most is not None and number > most):
                raise invalid_attribute(self.name)
            return number
        if self.kind is bool:
            if text.lower() not in ("true", "false"):
                raise invalid_attribute(self.name)
            return text.lower() == "true"
        if self.kind is dict:
            json_object(self.name, text)
        elif isinstance(self.kind, tuple) and text not in self.kind:
            raise invalid_attribute(self.name)
        return text

    def write(self, settings: Settings) -> str | None:
        """The value as GetQueueAttributes shows it; None where it is not shown."""
        value = getattr(settings, self.field)
        if value is None:
            return None
        return str(value).lower() if isinstance(value, bool) else str(value)


_ONLY_FIFO = "You can specify the {name} only when FifoQueue is set to true."

SETTABLE = {
    attribute.name: attribute
    for attribute in (
        Attribute("DelaySeconds", "delay_seconds", int, "delay", "queue-delay"),
        Attribute("MaximumMessageSize", "maximum_message_size", int, "maximum-message-size", "message-size"),
        Attribute("MessageRetentionPeriod", "message_retention_period", int, "retention", "queue-retention"),
        Attribute(
            "ReceiveMessageWaitTimeSeconds",
            "receive_message_wait_time_seconds",
            int,
            "wait-time",
            "queue-wait-time",
        ),
        Attribute("VisibilityTimeout", "visibility_timeout", int, "visibility-timeout", "queue-visibility-timeout"),
        Attribute(
            "KmsDataKeyReusePeriodSeconds",
            "kms_data_key_reuse_period_seconds",
            int,
            "data-key-reuse",
            "queue-data-key-reuse",
        ),
        Attribute("FifoQueue", "fifo_queue", bool, fifo=""),
        Attribute("ContentBasedDeduplication", "content_based_deduplication", bool, fifo=""),
        Attribute("DeduplicationScope", "deduplication_scope", ("queue", "messageGroup"), fifo=_ONLY_FIFO),
        Attribute("FifoThroughputLimit", "fifo_throughput_limit", ("perQueue", "perMessageGroupId"), fifo=_ONLY_FIFO),
        Attribute("KmsMasterKeyId", "kms_master_key_id", str),
        Attribute("SqsManagedSseEnabled", "sqs_managed_sse_enabled", bool, default="queue-managed-encryption"),
        Attribute("Policy", "policy", dict),
        Attribute("RedrivePolicy", "redrive_policy", dict),
        Attribute("RedriveAllowPolicy", "redrive_allow_policy", dict),
    )
}

# What AWS counts or stamps: shown, not settable.
OBSERVED: dict[str, Callable[[Queue], Any]] = {
    "QueueArn": lambda queue: queue.arn,
    "CreatedTimestamp": lambda queue: queue.created // 1000,
    "LastModifiedTimestamp": lambda queue: queue.modified // 1000,
    "ApproximateNumberOfMessages": lambda queue: queue.visible,
    "ApproximateNumberOfMessagesNotVisible": lambda queue: queue.in_flight,
    "ApproximateNumberOfMessagesDelayed": lambda queue: queue.delayed,
}


def json_object(name: str, text: str) -> dict[str, Any]:
    """The JSON object that an attribute holds; raises InvalidAttributeValue."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise invalid_attribute(name) from None
    if not isinstance(value, dict):
        raise invalid_attribute(name)
    return value


def defaults(limits: ServiceLimits) -> Settings:
    """The settings of a queue that was given none."""
    rows = {}
    for attribute in SETTABLE.values():
        if attribute.default:
            value = limits[attribute.default]
            rows[attribute.field] = bool(value) if attribute.kind is bool else value
    return Settings(**rows)


def apply(settings: Settings, given: Mapping[str, str], limits: ServiceLimits, *, fifo: bool) -> Settings:
    """`settings` with the attributes that a caller gives; an empty text takes an attribute back to its default."""
    known = {name: _known(name, fifo) for name in given}
    base = defaults(limits)
    changes: dict[str, Any] = {}
    for name, attribute in known.items():
        text = given[name]
        changes[attribute.field] = attribute.read(text, limits) if text else getattr(base, attribute.field)
    _encryption(given, changes)
    changed = replace(settings, **changes)
    if changed.fifo_throughput_limit == "perMessageGroupId" and changed.deduplication_scope != "messageGroup":
        reason = "The perMessageGroupId value is allowed only when the value for DeduplicationScope is messageGroup."
        raise invalid_attribute("FifoThroughputLimit", reason)
    return changed


def shown(queue: Queue, names: list[str]) -> dict[str, str]:
    """What GetQueueAttributes answers for these names, `All` included. The queue is to be refreshed."""
    settings = queue.settings
    if "All" in names:
        names = [*OBSERVED, *(name for name in SETTABLE if queue.fifo or SETTABLE[name].fifo is None)]
    result = {}
    for name in names:
        if name in OBSERVED:
            result[name] = str(OBSERVED[name](queue))
            continue
        attribute = SETTABLE.get(name)
        if attribute is None or (attribute.fifo is not None and not queue.fifo):
            raise unknown_attribute(name)
        if name == "KmsDataKeyReusePeriodSeconds" and settings.kms_master_key_id is None:
            continue
        if (text := attribute.write(settings)) is not None:
            result[name] = text
    return result


def difference(settings: Settings, wanted: Settings, given: Mapping[str, str]) -> str | None:
    """The first of the given attributes in which two settings differ."""
    for name in given:
        attribute = SETTABLE[name]
        mine, theirs = getattr(settings, attribute.field), getattr(wanted, attribute.field)
        if attribute.kind is dict and mine and theirs:
            mine, theirs = json.loads(mine), json.loads(theirs)
        if mine != theirs:
            return name
    return None


def _known(name: str, fifo: bool) -> Attribute:
    attribute = SETTABLE.get(name)
    if attribute is None or (attribute.fifo == "" and not fifo):
        raise unknown_attribute(name)
    if attribute.fifo and not fifo:
        raise AWSError("InvalidAttributeName", attribute.fifo.format(name=name))
    return attribute


def _encryption(given: Mapping[str, str], changes: dict[str, Any]) -> None:
    """One kind of server-side encryption at a time: naming a key turns SQS's own off, and the other way round."""
    key, managed = given.get("KmsMasterKeyId"), changes.get("sqs_managed_sse_enabled")
    if key and managed:
        message = (
            "You can use one type of server-side encryption (SSE) at one time. "
            "You can either enable KMS SSE or SQS SSE."
        )
        raise AWSError("InvalidAttributeName", message)
    if key:
        changes["sqs_managed_sse_enabled"] = False
    elif managed:
        changes["kms_master_key_id"] = None

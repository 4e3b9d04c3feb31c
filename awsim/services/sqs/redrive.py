"""Redrive policies: where a source queue's messages go that nobody could process, and which sources a queue takes.

Sources: SQS API Reference, SetQueueAttributes; SQS Developer Guide, "Using dead-letter queues".
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from awsim.services.sqs.refusals import invalid
from awsim.wire.values import whole

if TYPE_CHECKING:
    from awsim.limits.table import ServiceLimits

_PERMISSIONS = ("allowAll", "denyAll", "byQueue")
_CANNOT = "Amazon SQS can't create the redrive allow policy."


class RedrivePolicy(NamedTuple):
    """A message received more than `max_receive_count` times goes to the queue `dead_letter_target_arn`."""

    dead_letter_target_arn: str
    max_receive_count: int

    @property
    def target_name(self) -> str:
        return self.dead_letter_target_arn.rpartition(":")[2]

    def __str__(self) -> str:
        """As GetQueueAttributes shows it."""
        policy = {"deadLetterTargetArn": self.dead_letter_target_arn, "maxReceiveCount": self.max_receive_count}
        return json.dumps(policy, separators=(",", ":"))


class RedriveAllowPolicy(NamedTuple):
    """Which source queues may name this queue as their dead-letter queue."""

    permission: str
    source_queue_arns: tuple[str, ...] = ()

    def allows(self, source_arn: str) -> bool:
        return self.permission == "allowAll" or (self.permission == "byQueue" and source_arn in self.source_queue_arns)


@lru_cache(maxsize=1024)
def redrive_policy(text: str) -> RedrivePolicy:
    """The policy that a queue has: a text that `checked_redrive_policy` has passed."""
    policy = json.loads(text)
    return RedrivePolicy(policy["deadLetterTargetArn"], int(policy["maxReceiveCount"]))


@lru_cache(maxsize=1024)
def redrive_allow_policy(text: str) -> RedriveAllowPolicy:
    """The policy that a queue has: a text that `checked_redrive_allow_policy` has passed."""
    policy = json.loads(text)
    return RedriveAllowPolicy(policy["redrivePermission"], tuple(policy.get("sourceQueueArns", ())))


def checked_redrive_policy(text: str, limits: ServiceLimits) -> RedrivePolicy:
    """The policy a caller gives; the target is still to be looked up."""
    policy: dict[str, Any] = json.loads(text)
    for mandatory in ("maxReceiveCount", "deadLetterTargetArn"):
        if not policy.get(mandatory) and policy.get(mandatory) != 0:
            raise invalid("RedrivePolicy", text, f"Redrive policy does not contain mandatory attribute: {mandatory}.")
    given = policy["maxReceiveCount"]
    count = whole(str(given)) if str(given).isdecimal() else -1
    least, most = limits.row("max-receive-count").minimum or 0, limits["max-receive-count"]
    if count < least or (most is not None and count > most):
        reason = f"Invalid value for maxReceiveCount: {given}, valid values are from {least} to {most} both inclusive."
        raise invalid("RedrivePolicy", text, reason)
    return RedrivePolicy(str(policy["deadLetterTargetArn"]), count)


def checked_redrive_allow_policy(text: str, limits: ServiceLimits) -> RedriveAllowPolicy:
    """The policy a caller gives."""
    policy: dict[str, Any] = json.loads(text)
    permission, arns = policy.get("redrivePermission"), policy.get("sourceQueueArns")
    if permission not in _PERMISSIONS:
        words = f"{', '.join(_PERMISSIONS[:-1])} or {_PERMISSIONS[-1]}"
        raise invalid("RedriveAllowPolicy", text, f"{_CANNOT} The redrivePermission must be {words}.")
    if permission == "byQueue" and not arns:
        reason = "When you specify the byQueue permission type, you must also specify one or more sourceQueueArns"
        raise invalid("RedriveAllowPolicy", text, f"{_CANNOT} {reason} values.")
    if permission != "byQueue" and arns is not None:
        reason = "To specify one or more source queue ARNs, you must set redrivePermission to byQueue."
        raise invalid("RedriveAllowPolicy", text, f"{_CANNOT} {reason}")
    limits.check("redrive-source-queues", len(arns or ()), text=text)
    return RedriveAllowPolicy(permission, tuple(arns or ()))

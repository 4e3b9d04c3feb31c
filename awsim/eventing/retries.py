"""Which answers of a target make AWS try again. Source: EventBridge User Guide, "How EventBridge retries"."""

from __future__ import annotations

from awsim.errors import AWSError

_THROTTLED = ("Throttl", "ThroughputExceeded", "TooManyRequests", "LimitExceeded", "SlowDown")
# What awsim does not model will not be there the next time either.
_NOT_MODELLED = 501


def throttled(error: AWSError) -> bool:
    return any(word in error.code for word in _THROTTLED) or error.status == 429


def broken(error: AWSError) -> bool:
    """Whether the fault is the target's own."""
    return error.status is not None and error.status >= 500 and error.status != _NOT_MODELLED

"""API rates: token buckets of the limits table. What is a rate of a resource, the service itself takes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from awsim.gateway.call import Call


def throttle(call: Call) -> None:
    # A long poll that runs again is the same call.
    if call.plan.rated and call.deadline is None and call.cloud.limits.hurried:
        call.instance.limits.throttle(call.operation, now=call.cloud.clock.time())

"""API rates: token buckets of the limits table. What is a rate of a resource, the service itself takes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from awsim.gateway.call import Call


def throttle(call: Call) -> None:
    assert call.plan is not None
    rates = call.plan.rates
    if rates and call.deadline is None:
        assert call.instance is not None
        for row in rates:
            call.instance.limits.rate(row.name, f"{call.account}/{call.region}", now=call.cloud.clock.time())

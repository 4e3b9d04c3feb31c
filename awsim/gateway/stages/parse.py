"""The request into parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from awsim.gateway.call import Call


def parse(call: Call) -> None:
    assert call.plan is not None
    # Requests that no model has (a form upload to S3) are read by their operation.
    if call.plan.model is not None:
        call.params = call.plan.codec.parse(call.http)

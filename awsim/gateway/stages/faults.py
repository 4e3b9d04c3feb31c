"""Faults that a test scripted: an error instead of the operation, latency on top of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from awsim.gateway.call import Call


def faults(call: Call) -> None:
    known = call.cloud.faults
    # A long poll that runs again is the same call.
    if known.scripted and call.deadline is None:
        call.fault, error = known.meet(call)
        if error is not None:
            raise error

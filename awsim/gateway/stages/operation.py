"""The operation itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from awsim.gateway.stages.idempotency import remember

if TYPE_CHECKING:
    from awsim.gateway.call import Call


def operation(call: Call) -> None:
    if call.result is not None:
        return
    plan, instance = call.plan, call.instance
    if instance.unread:
        instance.look()
    method = getattr(instance, plan.method)
    fault = call.fault
    if fault is None or fault.partial is None:
        result = method(**call.params)
    else:
        from awsim.gateway import partial

        result = partial.run(call, fault.partial, lambda params: method(**params) or {})
    call.result = {} if result is None else result
    if call.token_key is not None:
        remember(call)

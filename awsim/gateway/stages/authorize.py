"""Whether the caller may. With `authorization` off (the default) whoever has credentials may; services still refuse
anonymous callers and other accounts by themselves, where a resource policy would have to let them in. An organization's
tag policies hold either way: they are no matter of permissions."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from awsim.gateway.call import Call


def authorize(call: Call) -> None:
    if call.instance.aliased and call.through is None:
        call.instance.by_other_names(call)
    policies = call.cloud.authorization
    if policies is not None:
        policies(call)
    if call.cloud.organized:
        known = call.cloud.organizations(call.instance.partition)
        if known is not None and known.enforces_tags(call.caller.account):
            from awsim.gateway.guardrails import check_tags

            check_tags(call)

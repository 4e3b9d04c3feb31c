"""What a resource's own policy says to callers of other accounts, and to nobody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from awsim.auth.credentials import Caller
from awsim.auth.policy.context import Facts, build
from awsim.auth.policy.document import Policy, parse
from awsim.auth.policy.evaluate import AuthorizationRequest, Decision, PolicySet, decide
from awsim.auth.policy.matching import Principal

# The identity policy of whoever may do everything as far as their own account is concerned.
EVERYTHING = parse('{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}', "managed")


def decide_for_stranger(
    caller: Caller,
    action: str,
    resource: str,
    policies: Sequence[Policy],
    facts: Facts,
    keys: Mapping[str, Any] | None = None,
    *,
    granted: bool = False,
) -> Decision:
    """The decision of the resource's side alone; `facts.resource_account` is its owner, `granted` as in PolicySet."""
    who = Principal.of(caller)
    request = AuthorizationRequest(who, action, resource, build(who, facts, keys), facts.resource_account)
    return decide(request, PolicySet(identity=(EVERYTHING,), resource=policies, granted=granted))

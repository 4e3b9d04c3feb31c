"""Bus policies: what PutPermission writes, and whom a policy admits from other accounts.

The policy language is `awsim.auth.policy`'s. Sources: EventBridge API Reference, PutPermission;
../shared/recorded/events.jsonl (remove permission).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from awsim.auth.policy import Facts, PolicyError, decide_for_stranger, parse
from awsim.eventing.templates import dumps
from awsim.services.events.refusals import invalid, missing

if TYPE_CHECKING:
    from awsim.auth.credentials import Caller

# The caller's own side, where nobody asks for it.


def check_policy(text: str) -> None:
    try:
        parse(text, "resource")
    except PolicyError:
        raise invalid("Parameter Policy is not valid. Reason: The policy is malformed.") from None


def with_statement(
    policy: str | None,
    bus_arn: str,
    sid: str,
    partition: str,
    action: str,
    principal: str,
    condition: Mapping[str, str] | None,
) -> str:
    """A policy with one more statement; one of the same id makes way."""
    document: dict[str, Any] = json.loads(policy) if policy else {"Version": "2012-10-17", "Statement": []}
    statement: dict[str, Any] = {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": "*" if principal == "*" else {"AWS": f"arn:{partition}:iam::{principal}:root"},
        "Action": action,
        "Resource": bus_arn,
    }
    if condition is not None:
        statement["Condition"] = {condition["Type"]: {condition["Key"]: condition["Value"]}}
    kept = [other for other in document["Statement"] if other.get("Sid") != sid]
    return dumps({**document, "Statement": [*kept, statement]})


def without_statement(policy: str | None, sid: str) -> str | None:
    """A policy without the statement of that id; None once nothing is left."""
    document: dict[str, Any] = json.loads(policy) if policy else {"Statement": []}
    kept = [statement for statement in document["Statement"] if statement.get("Sid") != sid]
    if len(kept) == len(document["Statement"]):
        raise missing("Statement with the provided id does not exist.")
    return dumps({**document, "Statement": kept}) if kept else None


def admits(
    policy: str | None,
    bus_arn: str,
    owner: str,
    caller: Caller,
    time: float,
    organization: tuple[str, str] | None = None,
) -> bool:
    """Whether a bus lets a caller of another account put events; `organization` is the caller's, as in Facts."""
    if policy is None:
        return False
    facts = Facts(time=time, session=caller.session, resource_account=owner, organization=organization)
    return decide_for_stranger(caller, "events:PutEvents", bus_arn, (parse(policy, "resource"),), facts).allowed

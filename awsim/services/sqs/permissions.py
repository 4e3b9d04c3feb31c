"""Queue policies: the statements that AddPermission writes, and whom a policy admits from other accounts.

The policy language as a whole is `awsim.auth`'s; here is what holds without `authorization`: a queue is its account's
alone unless its policy names the caller. Source: SQS API Reference, AddPermission; ../shared/recorded/sqs.jsonl.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from awsim.services.sqs.refusals import invalid

if TYPE_CHECKING:
    from awsim.auth.credentials import Caller

# What AddPermission can grant, and what another account can be admitted to.
SHAREABLE = (
    "SendMessage", "ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility", "GetQueueAttributes", "GetQueueUrl",
    "ListDeadLetterSourceQueues", "PurgeQueue",
)  # fmt: skip


def with_statement(
    policy: str | None, queue_arn: str, label: str, partition: str, accounts: Sequence[str], actions: Sequence[str]
) -> dict[str, Any]:
    """A policy with one more statement, under a label that none has yet."""
    document: dict[str, Any] = (
        json.loads(policy)
        if policy
        else {"Version": "2008-10-17", "Id": f"{queue_arn}/SQSDefaultPolicy", "Statement": []}
    )
    if any(statement.get("Sid") == label for statement in document["Statement"]):
        raise invalid("Label", label, "Already exists.")
    principals = [f"arn:{partition}:iam::{account}:root" for account in accounts]
    document["Statement"].append(
        {
            "Sid": label,
            "Effect": "Allow",
            "Principal": {"AWS": _one_or_all(principals)},
            "Action": _one_or_all([f"SQS:{action}" for action in actions]),
            "Resource": queue_arn,
        }
    )
    return document


def without_statement(policy: str | None, label: str) -> str | None:
    """A policy without the statement of that label; None once nothing is left."""
    document = json.loads(policy) if policy else {"Statement": []}
    statements = [statement for statement in document["Statement"] if statement.get("Sid") != label]
    if len(statements) == len(document["Statement"]):
        raise invalid("Label", label, "can't find label.")
    return json.dumps({**document, "Statement": statements}) if statements else None


def admits(policy: str | None, caller: Caller, action: str) -> bool:
    """Whether a policy lets a caller of another account do `action` ("SendMessage"). Conditions are not looked at."""
    if policy is None:
        return False
    wanted = f"sqs:{action.removesuffix('Batch')}".lower()
    effects = {
        statement.get("Effect")
        for statement in _statements(policy)
        if _names(statement.get("Principal"), caller)
        and any(fnmatchcase(wanted, action.lower()) for action in _all(statement.get("Action")))
    }
    return "Allow" in effects and "Deny" not in effects


@lru_cache(maxsize=256)
def _statements(policy: str) -> tuple[dict[str, Any], ...]:
    return tuple(s for s in _all(json.loads(policy).get("Statement")) if isinstance(s, dict))


def _names(principal: Any, caller: Caller) -> bool:
    if principal == "*":
        return True
    if not isinstance(principal, dict):
        return False
    role = caller.session.role_arn if caller.session else None
    known = {"*", caller.account, caller.arn, role}
    return any(
        name in known or (name.endswith(":root") and name.split(":")[4:5] == [caller.account])
        for name in _all(principal.get("AWS"))
    )


def _all(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _one_or_all(values: list[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else values

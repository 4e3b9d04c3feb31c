"""Queue policies: the statements that AddPermission writes. Source: SQS API Reference, AddPermission;
../shared/recorded/sqs.jsonl. What a policy means is `awsim.auth.policy`'s."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from awsim.services.sqs.refusals import invalid

if TYPE_CHECKING:
    pass

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


def _all(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _one_or_all(values: list[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else values

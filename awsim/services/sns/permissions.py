"""Topic policies: the default, what AddPermission writes, what SNS refuses. What one means is `awsim.auth.policy`'s.

Sources: SNS API Reference, AddPermission; ../shared/recorded/sns.jsonl.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from awsim.auth.policy import PolicyError, parse
from awsim.services.sns.refusals import invalid

# What a topic's policy can be about.
ACTIONS = (
    "GetTopicAttributes", "SetTopicAttributes", "AddPermission", "RemovePermission", "DeleteTopic", "Subscribe",
    "ListSubscriptionsByTopic", "Publish",
)  # fmt: skip
_IN_SCOPE = frozenset(
    action.lower()
    for action in (
        *ACTIONS, "ListTagsForResource", "TagResource", "UntagResource", "GetDataProtectionPolicy",
        "PutDataProtectionPolicy", "ConfirmSubscription", "Receive",
    )
)  # fmt: skip
_OUT_OF_SCOPE = "Policy statement action out of service scope!"


def default_policy(topic_arn: str, account: str) -> str:
    """The policy of a topic that was given none."""
    statement = {
        "Sid": "__default_statement_ID",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": [f"SNS:{action}" for action in ACTIONS],
        "Resource": topic_arn,
        "Condition": {"StringEquals": {"AWS:SourceOwner": account}},
    }
    return _dumps({"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [statement]})


def check_policy(text: str) -> None:
    """Refuse a policy that SNS would."""
    try:
        policy = parse(text, "resource")
    except PolicyError:
        raise invalid("Policy Error: null") from None
    for statement in json.loads(policy.text)["Statement"] if policy.statements else ():
        if not isinstance(statement, dict):
            continue
        for key in ("Action", "NotAction"):
            actions = statement.get(key, [])
            for action in [actions] if isinstance(actions, str) else actions:
                service, _, name = action.lower().partition(":")
                wild = "*" in name or "?" in name
                if action != "*" and (service != "sns" or not (wild or name in _IN_SCOPE)):
                    raise invalid(_OUT_OF_SCOPE)


def with_statement(
    policy: str, topic_arn: str, label: str, partition: str, accounts: Sequence[str], actions: Sequence[str]
) -> str:
    """A policy with one more statement, under a label that none has yet."""
    document = json.loads(policy)
    if any(statement.get("Sid") == label for statement in document["Statement"]):
        raise invalid("Statement already exists")
    for action in actions:
        if action.lower() not in _IN_SCOPE and action != "*":
            raise invalid(_OUT_OF_SCOPE)
    principals = [
        account if account.startswith("arn:") else f"arn:{partition}:iam::{account}:root" for account in accounts
    ]
    statement = {
        "Sid": label,
        "Effect": "Allow",
        "Principal": {"AWS": _one_or_all(principals)},
        "Action": _one_or_all([f"SNS:{action}" for action in actions]),
        "Resource": topic_arn,
    }
    document["Statement"].append(statement)
    return _dumps(document)


def without_statement(policy: str, label: str) -> str:
    """A policy without the statement of that label, if there is one."""
    document = json.loads(policy)
    document["Statement"] = [statement for statement in document["Statement"] if statement.get("Sid") != label]
    return _dumps(document)


def _dumps(document: object) -> str:
    return json.dumps(document, separators=(",", ":"))


def _one_or_all(values: list[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else values

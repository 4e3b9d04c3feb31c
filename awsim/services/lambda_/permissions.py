"""Statements of resource-based policies, as AddPermission writes them.

Source: Lambda API Reference, AddPermission; Developer Guide, "Viewing resource-based IAM policies in Lambda".
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from awsim.services.lambda_.refusals import invalid

Statement = Mapping[str, Any]


class Policy(NamedTuple):
    """The policy of a function, a version or an alias, or of a version of a layer."""

    statements: tuple[Statement, ...]
    revision: str


def written(statements: Sequence[Statement]) -> str:
    document = {"Version": "2012-10-17", "Id": "default", "Statement": list(statements)}
    return json.dumps(document, separators=(",", ":"))


def one(statement: Statement) -> str:
    return json.dumps(statement, separators=(",", ":"))


def principal(given: str, partition: str) -> str | dict[str, str]:
    """Whom a statement is about, as policies write it."""
    if given == "*":
        return "*"
    if re.fullmatch(r"\d{12}", given):
        return {"AWS": f"arn:{partition}:iam::{given}:root"}
    if given.startswith("arn:"):
        return {"AWS": given}
    if re.fullmatch(r"[a-z0-9.-]+\.(amazonaws\.com(\.cn)?|aws|alexa-appkit\.amazon\.com)|alexa-[a-z.]+", given):
        return {"Service": given}
    raise invalid("The provided principal was invalid. Please check the principal and try again.")


def statement(
    sid: str,
    arn: str,
    action: str,
    whom: str | dict[str, str],
    *,
    source_arn: str | None = None,
    source_account: str | None = None,
    organization: str | None = None,
    token: str | None = None,
    url_auth: str | None = None,
    through_url: bool | None = None,
) -> Statement:
    """One statement that allows."""
    conditions: dict[str, dict[str, str]] = {}

    def add(operator: str, key: str, value: str | None) -> None:
        if value is not None:
            conditions.setdefault(operator, {})[key] = value

    add("StringEquals", "AWS:SourceAccount", source_account)
    add("StringEquals", "aws:PrincipalOrgID", organization)
    add("StringEquals", "lambda:EventSourceToken", token)
    add("StringEquals", "lambda:FunctionUrlAuthType", url_auth)
    add("Bool", "lambda:InvokedViaFunctionUrl", None if through_url is None else str(through_url).lower())
    add("ArnLike", "AWS:SourceArn", source_arn)
    made: dict[str, Any] = {"Sid": sid, "Effect": "Allow", "Principal": whom, "Action": action, "Resource": arn}
    return {**made, "Condition": conditions} if conditions else made

"""Policy documents as IAM takes and shows them, and the principals that trust policies name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import quote

from awsim.auth.policy import PolicyError, parse
from awsim.errors import AWSError

_ARN = re.compile(r"arn:[^:]+:[^:]+:[^:]*:[^:]*:.+", re.DOTALL)
_POLICY = re.compile(r"arn:[^:]+:iam::(aws|\d{12}):policy(/(?:.+/)?)([^/]+)")
_PRINCIPAL = re.compile(r"arn:[^:]+:iam::(\d{12}):(user|role)/(?:.+/)?([^/]+)")


class PolicyArn(NamedTuple):
    """The parts of a managed policy's ARN; `account` is "aws" for those of AWS."""

    account: str
    path: str
    name: str


def check(text: str, kind: str) -> None:
    """Refuse a document that is no policy of the kind (managed, identity, trust, resource, scp), in AWS's words."""
    try:
        parse(text, kind)
    except PolicyError as error:
        raise AWSError("MalformedPolicyDocument", error.message, status=400) from None


def read_arn(arn: str) -> PolicyArn:
    """A managed policy's ARN. Raises ValidationError, or InvalidInput for an ARN of something else."""
    if not _ARN.fullmatch(arn):
        raise AWSError("ValidationError", "Invalid ARN:  Could not be parsed!", status=400)
    found = _POLICY.fullmatch(arn)
    if found is None:
        raise AWSError("InvalidInput", f"ARN {arn} is not valid.", status=400)
    return PolicyArn(*found.groups())


def named_principals(trust: str) -> Iterator[tuple[str, str, str, str]]:
    """(account, "user" or "role", name, ARN) of every user and role that a trust policy names."""
    for kind, value in parse(trust, "trust").principals:
        found = _PRINCIPAL.fullmatch(value) if kind == "AWS" else None
        if found is not None:
            yield (*found.groups(), value)  # type: ignore[misc]


def unknown_principal(arn: str) -> AWSError:
    return AWSError("MalformedPolicyDocument", f'Invalid principal in policy: "AWS":"{arn}"', status=400)


def on_the_wire(text: str) -> str:
    """A document in an answer: percent-encoded as RFC 3986 says, which SDKs undo."""
    return quote(text, safe="")

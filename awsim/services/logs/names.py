"""ARNs that requests give, checked before anything is called with them."""

from __future__ import annotations

import re

from awsim.services.logs.refusals import invalid

_ROLE = re.compile(r"arn:[\w-]+:iam::\d{12}:role/[\w+=,.@/-]+")
_KEY = re.compile(r"arn:[\w-]+:kms:[\w-]+:\d{12}:key/[\w-]+")
_RESOURCE = re.compile(r"arn:[\w-]+:[\w-]+:[a-z]{2}[\w-]*:\d{12}:.+")


def check_role_arn(text: str) -> None:
    if not _ROLE.fullmatch(text):
        raise invalid(f"Invalid role ARN: {text}")


def is_key(text: str) -> bool:
    """Whether it is the ARN of a KMS key: neither aliases nor ids will do."""
    return _KEY.fullmatch(text) is not None


def is_resource(text: str) -> bool:
    """Whether it is the ARN of something in an account and a Region."""
    return _RESOURCE.fullmatch(text) is not None

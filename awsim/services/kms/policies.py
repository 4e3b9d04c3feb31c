"""Key policies that nobody wrote: the one that keys get by themselves, and those of AWS managed keys.

Sources: KMS Developer Guide, "Default key policy"; policies that AWS puts on its managed keys, as accounts show them.
"""

from __future__ import annotations

import json
from typing import Any


def default(partition: str, account: str) -> str:
    """Full access for the account, which so leaves it to its IAM policies."""
    statement: dict[str, Any] = {
        "Sid": "Enable IAM User Permissions",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:{partition}:iam::{account}:root"},
        "Action": "kms:*",
        "Resource": "*",
    }
    return _text("key-default-1", [statement])


def managed(partition: str, account: str, region: str, service: str) -> str:
    """Of the key that AWS manages for a service: for everyone in the account, by way of that service."""
    by_service: dict[str, Any] = {
        "Sid": f"Allow access through {service} for all principals in the account that are authorized to use it",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": [
            "kms:Encrypt",
            "kms:Decrypt",
            "kms:ReEncrypt*",
            "kms:GenerateDataKey*",
            "kms:CreateGrant",
            "kms:DescribeKey",
        ],
        "Resource": "*",
        "Condition": {
            "StringEquals": {"kms:CallerAccount": account, "kms:ViaService": f"{service}.{region}.amazonaws.com"}
        },
    }
    metadata: dict[str, Any] = {
        "Sid": "Allow direct access to key metadata to the account",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:{partition}:iam::{account}:root"},
        "Action": ["kms:Describe*", "kms:Get*", "kms:List*", "kms:RevokeGrant"],
        "Resource": "*",
    }
    return _text(f"auto-{service}-1", [by_service, metadata])


def _text(id: str, statements: list[dict[str, Any]]) -> str:
    return json.dumps({"Version": "2012-10-17", "Id": id, "Statement": statements}, indent=2)

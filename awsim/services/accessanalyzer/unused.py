"""Access that nobody has used for a while.

Source: IAM User Guide, "Findings for unused access".
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from awsim.errors import AWSError
from awsim.services.accessanalyzer.resources import Call, _pages

_DAY = 86_400


def unused(call: Call, now: float, age: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Type and facts of each finding; `age` in days. What is younger than that has had no time to be used."""
    limit = now - age * _DAY
    for role in _pages(call, "iam", "ListRoles", "Roles", "Marker", "Marker"):
        if role["Path"].startswith("/aws-service-role/") or _epoch(role["CreateDate"]) > limit:
            continue
        last = call("iam", "GetRole", RoleName=role["RoleName"])["Role"].get("RoleLastUsed") or {}
        if (used := _epoch(last.get("LastUsedDate"))) <= limit:
            details = {"unusedIamRoleDetails": {"lastAccessed": used or None}}
            yield "UnusedIAMRole", _facts(role["Arn"], "AWS::IAM::Role", details)
    for user in _pages(call, "iam", "ListUsers", "Users", "Marker", "Marker"):
        yield from _of_user(call, user, limit)


def _of_user(call: Call, user: dict[str, Any], limit: float) -> Iterator[tuple[str, dict[str, Any]]]:
    name = user["UserName"]
    for key in _pages(call, "iam", "ListAccessKeys", "AccessKeyMetadata", "Marker", "Marker", UserName=name):
        if key["Status"] != "Active" or _epoch(key["CreateDate"]) > limit:
            continue
        identifier = key["AccessKeyId"]
        last = call("iam", "GetAccessKeyLastUsed", AccessKeyId=identifier)["AccessKeyLastUsed"]
        if (used := _epoch(last.get("LastUsedDate"))) <= limit:
            details = {"unusedIamUserAccessKeyDetails": {"accessKeyId": identifier, "lastAccessed": used or None}}
            yield "UnusedIAMUserAccessKey", {**_facts(user["Arn"], "AWS::IAM::User", details), "detail": identifier}
    try:
        profile = call("iam", "GetLoginProfile", UserName=name)["LoginProfile"]
    except AWSError:
        return
    used = _epoch(user.get("PasswordLastUsed"))
    if max(used, _epoch(profile["CreateDate"])) <= limit:
        details = {"unusedIamUserPasswordDetails": {"lastAccessed": used or None}}
        yield "UnusedIAMUserPassword", _facts(user["Arn"], "AWS::IAM::User", details)


def _facts(resource: str, kind: str, details: dict[str, Any]) -> dict[str, Any]:
    return {"resource": resource, "resourceType": kind, "details": details}


def _epoch(when: Any) -> float:
    """A time as a service answers it, in epoch seconds; 0 for none."""
    if when is None:
        return 0.0
    if isinstance(when, datetime):
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
    return float(when)

"""Access that nobody has used for a while.

Source: IAM User Guide, "Findings for unused access".
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from awsim.errors import AWSError
from awsim.services.accessanalyzer.resources import Call, pages

_DAY = 86_400
# By principal: the report that IAM is making, and what the last one said.
Jobs = dict[str, tuple[str | None, tuple[dict[str, Any], ...]]]


def unused(call: Call, now: float, age: int, jobs: Jobs) -> Iterator[tuple[str, dict[str, Any]]]:
    """Type and facts of each finding; `age` in days. What is younger than that has had no time to be used.

    `jobs` is kept from one analysis to the next.
    """
    limit = now - age * _DAY
    for role in pages(call, "iam", "ListRoles", "Roles", "Marker", "Marker"):
        if role["Path"].startswith("/aws-service-role/") or _epoch(role["CreateDate"]) > limit:
            continue
        last = call("iam", "GetRole", RoleName=role["RoleName"])["Role"].get("RoleLastUsed") or {}
        if (used := _epoch(last.get("LastUsedDate"))) <= limit:
            details = {"unusedIamRoleDetails": {"lastAccessed": used or None}}
            yield "UnusedIAMRole", _facts(role["Arn"], "AWS::IAM::Role", [details])
        else:
            yield from _permissions(call, role["Arn"], "AWS::IAM::Role", limit, jobs)
    for user in pages(call, "iam", "ListUsers", "Users", "Marker", "Marker"):
        yield from _of_user(call, user, limit)
        if _epoch(user["CreateDate"]) <= limit:
            yield from _permissions(call, user["Arn"], "AWS::IAM::User", limit, jobs)


def _permissions(call: Call, arn: str, kind: str, limit: float, jobs: Jobs) -> Iterator[tuple[str, dict[str, Any]]]:
    """The services that a principal may use and does not: as the last report says, while a new one is made."""
    job, details = jobs.get(arn, (None, ()))
    job = job or call("iam", "GenerateServiceLastAccessedDetails", Arn=arn)["JobId"]
    if call("iam", "GetServiceLastAccessedDetails", JobId=job)["JobStatus"] == "COMPLETED":
        given = {"given": "Marker", "told": "Marker", "JobId": job}
        services = pages(call, "iam", "GetServiceLastAccessedDetails", "ServicesLastAccessed", **given)
        details = tuple(told for service in services if (told := _idle(service, limit)) is not None)
        # The next analysis asks anew.
        job = None
    jobs[arn] = job, details
    if details:
        yield "UnusedPermission", _facts(arn, kind, list(details))


def _idle(service: dict[str, Any], limit: float) -> dict[str, Any] | None:
    """What a finding says of a service; None for one that was used."""
    used = _epoch(service.get("LastAuthenticated"))
    if used > limit:
        return None
    return {"unusedPermissionDetails": {"serviceNamespace": service["ServiceNamespace"], "lastAccessed": used or None}}


def _of_user(call: Call, user: dict[str, Any], limit: float) -> Iterator[tuple[str, dict[str, Any]]]:
    name = user["UserName"]
    for key in pages(call, "iam", "ListAccessKeys", "AccessKeyMetadata", "Marker", "Marker", UserName=name):
        if key["Status"] != "Active" or _epoch(key["CreateDate"]) > limit:
            continue
        identifier = key["AccessKeyId"]
        last = call("iam", "GetAccessKeyLastUsed", AccessKeyId=identifier)["AccessKeyLastUsed"]
        if (used := _epoch(last.get("LastUsedDate"))) <= limit:
            details = {"unusedIamUserAccessKeyDetails": {"accessKeyId": identifier, "lastAccessed": used or None}}
            yield "UnusedIAMUserAccessKey", {**_facts(user["Arn"], "AWS::IAM::User", [details]), "detail": identifier}
    try:
        profile = call("iam", "GetLoginProfile", UserName=name)["LoginProfile"]
    except AWSError:
        return
    used = _epoch(user.get("PasswordLastUsed"))
    if max(used, _epoch(profile["CreateDate"])) <= limit:
        details = {"unusedIamUserPasswordDetails": {"lastAccessed": used or None}}
        yield "UnusedIAMUserPassword", _facts(user["Arn"], "AWS::IAM::User", [details])


def _facts(resource: str, kind: str, details: list[dict[str, Any]]) -> dict[str, Any]:
    return {"resource": resource, "resourceType": kind, "details": details}


def _epoch(when: Any) -> float:
    """A time as a service answers it, in epoch seconds; 0 for none."""
    if when is None:
        return 0.0
    if isinstance(when, datetime):
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
    return float(when)

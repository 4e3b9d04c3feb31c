"""Condition keys of a call (IAM User Guide, "AWS global condition context keys")."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from awsim.auth.credentials import ANONYMOUS as NOBODY
from awsim.auth.credentials import Caller, Session
from awsim.auth.policy import Facts, Principal, build

A = "111111111111"
NOW = 1_767_268_800.0
USER = Principal(f"arn:aws:iam::{A}:user/path/bob", A, user_id="AIDAEXAMPLE")
ROLE = Principal(
    f"arn:aws:sts::{A}:assumed-role/r/s",
    A,
    "assumed-role",
    user_id="AROAEXAMPLE:s",
    role_arn=f"arn:aws:iam::{A}:role/x/r",
)
FEDERATED = Principal(f"arn:aws:sts::{A}:federated-user/f", A, "federated-user", user_id=f"{A}:f")
ROOT = Principal(f"arn:aws:iam::{A}:root", A, "root", user_id=A)
SERVICE = Principal(
    "sns.amazonaws.com", A, "service", service="sns.amazonaws.com", services=["us-east-1.sns.amazonaws.com"]
)
ANYONE = Principal.of(NOBODY)
SESSION = Session(
    NOW - 100.0, NOW + 800.0, tags={"Team": "red"}, source_identity="me", mfa=True, federated="accounts.google.com"
)
ORG = ("o-1", "o-1/r-1/")

TABLE: list[tuple[Principal, dict[str, Any], str, Any]] = [
    (USER, {}, "aws:PrincipalArn", f"arn:aws:iam::{A}:user/path/bob"),
    (ROLE, {}, "aws:PrincipalArn", f"arn:aws:iam::{A}:role/x/r"),
    (FEDERATED, {}, "aws:PrincipalArn", f"arn:aws:sts::{A}:federated-user/f"),
    (ROOT, {}, "aws:PrincipalArn", f"arn:aws:iam::{A}:root"),
    (SERVICE, {}, "aws:PrincipalArn", None),
    (ANYONE, {}, "aws:PrincipalArn", None),
    (USER, {}, "aws:PrincipalAccount", A),
    (ANYONE, {}, "aws:PrincipalAccount", None),
    (SERVICE, {}, "aws:PrincipalAccount", None),
    (USER, {}, "aws:PrincipalType", "User"),
    (ROLE, {}, "aws:PrincipalType", "AssumedRole"),
    (FEDERATED, {}, "aws:PrincipalType", "FederatedUser"),
    (ROOT, {}, "aws:PrincipalType", "Account"),
    (ANYONE, {}, "aws:PrincipalType", "Anonymous"),
    (USER, {}, "aws:userid", "AIDAEXAMPLE"),
    (ROLE, {}, "aws:userid", "AROAEXAMPLE:s"),
    (FEDERATED, {}, "aws:userid", f"{A}:f"),
    (ROOT, {}, "aws:userid", A),
    (ANYONE, {}, "aws:userid", "anonymous"),
    (USER, {}, "aws:username", "bob"),
    (ROLE, {}, "aws:username", None),
    (ROOT, {}, "aws:username", None),
    (FEDERATED, {}, "aws:username", None),
    (USER, {}, "aws:PrincipalIsAWSService", "false"),
    (SERVICE, {}, "aws:PrincipalIsAWSService", "true"),
    (SERVICE, {}, "aws:PrincipalServiceName", "sns.amazonaws.com"),
    (SERVICE, {}, "aws:PrincipalServiceNamesList", ("sns.amazonaws.com", "us-east-1.sns.amazonaws.com")),
    (USER, {}, "aws:PrincipalServiceName", None),
    (USER, {"organization": ORG}, "aws:PrincipalOrgID", "o-1"),
    (USER, {"organization": ORG}, "aws:PrincipalOrgPaths", ("o-1/r-1/",)),
    (USER, {}, "aws:PrincipalOrgID", None),
    (USER, {"principal_tags": {"Team": "blue"}}, "aws:PrincipalTag/team", "blue"),
    (ROLE, {"principal_tags": {"team": "blue"}, "session": SESSION}, "aws:PrincipalTag/Team", "red"),
    (USER, {}, "aws:PrincipalTag/team", None),
    (USER, {}, "aws:MultiFactorAuthPresent", None),
    (USER, {"session": SESSION}, "aws:MultiFactorAuthPresent", "true"),
    (USER, {"session": Session(NOW, NOW)}, "aws:MultiFactorAuthPresent", "false"),
    (USER, {"session": SESSION, "time": NOW}, "aws:MultiFactorAuthAge", "100"),
    (USER, {"session": Session(NOW, NOW)}, "aws:MultiFactorAuthAge", None),
    (ROLE, {"session": SESSION}, "aws:TokenIssueTime", "2026-01-01T11:58:20Z"),
    (USER, {}, "aws:TokenIssueTime", None),
    (ROLE, {"session": SESSION}, "aws:SourceIdentity", "me"),
    (ROLE, {"session": SESSION}, "aws:FederatedProvider", "accounts.google.com"),
    (USER, {"source_ip": "203.0.113.1"}, "aws:SourceIp", "203.0.113.1"),
    (USER, {"source_ip": "203.0.113.1", "vpc_endpoint": "vpce-1"}, "aws:SourceIp", None),
    (USER, {"source_ip": "203.0.113.1", "via": ("athena.amazonaws.com",)}, "aws:SourceIp", None),
    (USER, {"vpc": "vpc-1", "vpc_endpoint": "vpce-1", "vpc_source_ip": "10.0.0.1"}, "aws:SourceVpc", "vpc-1"),
    (USER, {"vpc_endpoint": "vpce-1"}, "aws:SourceVpce", "vpce-1"),
    (USER, {"vpc_source_ip": "10.0.0.1"}, "aws:VpcSourceIp", "10.0.0.1"),
    (USER, {"time": NOW}, "aws:CurrentTime", "2026-01-01T12:00:00Z"),
    (USER, {"time": NOW}, "aws:EpochTime", "1767268800"),
    (USER, {"region": "eu-west-1"}, "aws:RequestedRegion", "eu-west-1"),
    (USER, {}, "aws:SecureTransport", "true"),
    (USER, {"secure": False}, "aws:SecureTransport", "false"),
    (USER, {"user_agent": "Boto3/1"}, "aws:UserAgent", "Boto3/1"),
    (USER, {"referer": "https://x"}, "aws:Referer", "https://x"),
    (USER, {}, "aws:ViaAWSService", "false"),
    (USER, {"via": ("a.amazonaws.com", "b.amazonaws.com")}, "aws:ViaAWSService", "true"),
    (USER, {"via": ("a.amazonaws.com", "b.amazonaws.com")}, "aws:CalledVia", ("a.amazonaws.com", "b.amazonaws.com")),
    (USER, {"via": ("a.amazonaws.com", "b.amazonaws.com")}, "aws:CalledViaFirst", "a.amazonaws.com"),
    (USER, {"via": ("a.amazonaws.com", "b.amazonaws.com")}, "aws:CalledViaLast", "b.amazonaws.com"),
    (USER, {}, "aws:CalledVia", None),
    (SERVICE, {"source_arn": "arn:x"}, "aws:SourceArn", "arn:x"),
    (SERVICE, {"source_account": A}, "aws:SourceAccount", A),
    (SERVICE, {"source_organization": ORG}, "aws:SourceOrgID", "o-1"),
    (SERVICE, {"source_organization": ORG}, "aws:SourceOrgPaths", ("o-1/r-1/",)),
    (USER, {}, "aws:SourceArn", None),
    (USER, {"resource_account": A}, "aws:ResourceAccount", A),
    (USER, {"resource_organization": ORG}, "aws:ResourceOrgID", "o-1"),
    (USER, {"resource_organization": ORG}, "aws:ResourceOrgPaths", ("o-1/r-1/",)),
    (USER, {"resource_tags": {"Env": "x"}}, "aws:ResourceTag/env", "x"),
    (USER, {"resource_tags": {"Env": "x"}}, "ec2:ResourceTag/Env", "x"),
    (USER, {"request_tags": {"Env": "x"}}, "aws:RequestTag/ENV", "x"),
    (USER, {"request_tags": {"Env": "x", "b": "y"}}, "aws:TagKeys", ("Env", "b")),
    (USER, {"tag_keys": ["c"]}, "aws:TagKeys", ("c",)),
    (USER, {}, "aws:TagKeys", None),
    (USER, {"root_session": True}, "aws:AssumedRoot", "true"),
    (USER, {}, "aws:NoSuchKey", None),
    (USER, {}, "nothing/at/all", None),
]  # fmt: skip


@pytest.mark.parametrize(("who", "facts", "key", "expected"), TABLE)
def test_key(who: Principal, facts: dict[str, Any], key: str, expected: Any) -> None:
    context = build(who, Facts(**facts))
    assert context.get(key.lower()) == expected
    assert context[key.lower()] == expected


def test_a_services_own_keys() -> None:
    moment = datetime(2026, 1, 1, 12, tzinfo=UTC)
    extras = {"s3:Prefix": "x", "s3:max-keys": 10, "a:b": True, "a:l": ["x", 1], "a:t": moment, "a:n": None}
    context = build(USER, Facts(), extras)
    assert [context[key] for key in ("s3:prefix", "s3:max-keys", "a:b", "a:l", "a:t", "a:n")] == [
        "x", "10", "true", ("x", "1"), "2026-01-01T12:00:00Z", None,
    ]  # fmt: skip


def test_a_services_own_keys_win() -> None:
    assert build(USER, Facts(), {"aws:SourceIp": "10.0.0.1"})["aws:sourceip"] == "10.0.0.1"


def test_everything_has_no_absent_keys() -> None:
    found = build(USER, Facts(time=NOW, region="us-east-1"), {"s3:prefix": "x"}).everything()
    assert None not in found.values()
    assert {"aws:principalarn", "aws:currenttime", "s3:prefix"} <= set(found)


def test_callers() -> None:
    assert build(Principal.of(Caller.for_service("sns.amazonaws.com", A)), Facts())["aws:principalservicename"]
    caller = Caller(A, f"arn:aws:sts::{A}:assumed-role/r/s", "AROAEXAMPLE:s", type="assumed-role", session=SESSION)
    assert build(Principal.of(caller), Facts(session=caller.session))["aws:principaltag/team"] == "red"

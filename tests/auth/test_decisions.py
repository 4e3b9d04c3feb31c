"""Decisions: policies and a request in, who decides out.

Most rows are the examples of the IAM User Guide ("Policy evaluation logic", "Cross-account policy evaluation logic",
"Permissions boundaries", "Condition operators", "Policy variables", "NotPrincipal", …), of the Organizations User Guide
(SCPs, RCPs), and of S3's, SQS's, SNS's and KMS's guides.

An expectation is `+reason` (allowed by it), `-reason` (nothing of that kind allows) or `!reason` (denied explicitly).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from awsim.auth.credentials import Caller, Session
from awsim.auth.policy import (
    ANONYMOUS,
    AuthorizationRequest,
    Facts,
    Policy,
    PolicySet,
    Principal,
    build,
    decide,
    parse,
)

A, B, C = "111111111111", "222222222222", "333333333333"
ORG = ("o-a1b2c3d4e5", "o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/")
NOW = 1_767_268_800.0  # 2026-01-01T12:00:00Z


def doc(*statements: dict[str, Any], kind: str = "identity", version: str = "2012-10-17") -> Policy:
    return parse(json.dumps({"Version": version, "Statement": list(statements)}), kind)


def st(effect: str, action: Any, resource: Any = "*", who: Any = None, when: Any = None, **more: Any) -> dict[str, Any]:
    statement = {"Effect": effect, **more}
    if action is not None:
        statement["Action"] = action
    if resource is not None:
        statement["Resource"] = resource
    if who is not None:
        statement["Principal"] = who
    if when is not None:
        statement["Condition"] = when
    return statement


def allow(action: Any, resource: Any = "*", who: Any = None, when: Any = None, **more: Any) -> dict[str, Any]:
    return st("Allow", action, resource, who, when, **more)


def deny(action: Any, resource: Any = "*", who: Any = None, when: Any = None, **more: Any) -> dict[str, Any]:
    return st("Deny", action, resource, who, when, **more)


def ids(*statements: dict[str, Any]) -> tuple[Policy, ...]:
    return (doc(*statements),)


def res(*statements: dict[str, Any]) -> tuple[Policy, ...]:
    return (doc(*statements, kind="resource"),)


def trust(*statements: dict[str, Any]) -> tuple[Policy, ...]:
    return (doc(*statements, kind="trust"),)


def scp(*statements: dict[str, Any]) -> tuple[Policy, ...]:
    return (doc(*statements, kind="scp"),)


def rcp(*statements: dict[str, Any]) -> tuple[Policy, ...]:
    return (doc(*statements, kind="rcp"),)


def user(name: str, account: str = A) -> Principal:
    return Principal(f"arn:aws:iam::{account}:user/{name}", account, user_id=f"AIDA{name.upper():X<17}")


def root(account: str = A) -> Principal:
    return Principal(f"arn:aws:iam::{account}:root", account, "root", user_id=account)


def role(name: str, session: str = "s", account: str = A, path: str = "/") -> Principal:
    return Principal(
        f"arn:aws:sts::{account}:assumed-role/{name}/{session}",
        account,
        "assumed-role",
        user_id=f"AROA{name.upper():X<17}:{session}",
        role_arn=f"arn:aws:iam::{account}:role{path}{name}",
    )


def federated(name: str, of: str, account: str = A) -> Principal:
    return Principal(
        f"arn:aws:sts::{account}:federated-user/{name}",
        account,
        "federated-user",
        user_id=f"{account}:{name}",
        user_arn=f"arn:aws:iam::{account}:user/{of}",
    )


def service(name: str, account: str = A) -> Principal:
    return Principal(name, account, "service", service=name)


ADMIN = ids(allow("*"))
FULL = scp(allow("*"))
EVERYTHING = doc(allow("*"))


@dataclass
class Story:
    name: str
    who: Principal
    policies: PolicySet
    requests: list[tuple[Any, ...]]  # action, resource, expectation [, context keys [, Facts as dict]]
    owner: str | None = None
    marks: Any = ()
    facts: dict[str, Any] = field(default_factory=dict)


STORIES: list[Story] = []


def story(name: str, who: Principal, policies: PolicySet, *requests: tuple[Any, ...], **more: Any) -> None:
    STORIES.append(Story(name, who, policies, list(requests), **more))


S3 = "arn:aws:s3:::"

# --- One account ------------------------------------------------------------------------------------------------------

story("a new user may do nothing", user("new"), PolicySet(),
    ("iam:ListUsers", f"arn:aws:iam::{A}:user/", "-identity"),
    ("s3:ListAllMyBuckets", "*", "-identity"),
    ("ec2:DescribeInstances", "*", "-identity"),
    marks=pytest.mark.rule("iam-009"),
)  # fmt: skip

CARLOS = ids(
    allow(["s3:GetBucketLocation", "s3:GetAccountPublicAccessBlock", "s3:ListAccessPoints", "s3:ListAllMyBuckets"],
          f"{S3}*", Sid="AllowS3ListRead"),
    allow("s3:*", [f"{S3}carlossalazar/*", f"{S3}carlossalazar"], Sid="AllowS3Self"),
    deny("s3:*", f"{S3}*log*", Sid="DenyS3Logs"),
)  # fmt: skip
story("carlos: identity and bucket policy", user("carlossalazar"),
    PolicySet(
        identity=CARLOS,
        resource=res(allow("s3:*", [f"{S3}carlossalazar/*", f"{S3}carlossalazar"],
                           {"AWS": f"arn:aws:iam::{A}:user/carlossalazar"})),
    ),
    ("s3:PutObject", f"{S3}carlossalazar-logs/x", "!identity"),
    ("s3:PutObject", f"{S3}carlossalazar/x", "+resource"),
    ("s3:DeleteBucket", f"{S3}carlossalazar", "+resource"),
    ("s3:GetBucketLocation", f"{S3}other", "+identity"),
    ("s3:GetObject", f"{S3}other/x", "-identity"),
    ("s3:ListBucket", f"{S3}blog", "!identity"),
)  # fmt: skip
story("carlos: identity policy alone", user("carlossalazar"), PolicySet(identity=CARLOS),
    ("s3:PutObject", f"{S3}carlossalazar/x", "+identity"),
    ("s3:PutObject", f"{S3}carlossalazarx/x", "-identity"),
    ("s3:ListAllMyBuckets", "*", "-identity"),
    ("dynamodb:GetItem", "*", "-identity"),
)  # fmt: skip
story("explicit and implicit denies", user("u"),
    PolicySet(identity=ids(allow(["iam:Get*", "iam:List*"]), deny("iam:*Report"))),
    ("iam:GetUser", f"arn:aws:iam::{A}:user/u", "+identity"),
    ("iam:ListRoles", "*", "+identity"),
    ("iam:CreatePolicy", "*", "-identity"),
    ("iam:GetOrganizationsAccessReport", "*", "!identity"),
    ("iam:GenerateCredentialReport", "*", "!identity"),
    ("IAM:getuser", f"arn:aws:iam::{A}:user/u", "+identity"),
)  # fmt: skip
story("policies allow and deny, one allow is enough", user("u"),
    PolicySet(identity=(doc(allow("sqs:SendMessage")), doc(allow("sqs:*", "arn:aws:sqs:*:*:a")))),
    ("sqs:SendMessage", f"arn:aws:sqs:us-east-1:{A}:b", "+identity"),
    ("sqs:ReceiveMessage", f"arn:aws:sqs:us-east-1:{A}:a", "+identity"),
    ("sqs:ReceiveMessage", f"arn:aws:sqs:us-east-1:{A}:b", "-identity"),
    marks=pytest.mark.rule("iam-054"),
)  # fmt: skip
story("an explicit deny beats every allow", user("u"),
    PolicySet(identity=(*ADMIN, doc(allow("s3:*"), deny("s3:DeleteObject"), deny("dynamodb:CreateTable")))),
    ("s3:DeleteObject", f"{S3}b/k", "!identity"),
    ("s3:PutObject", f"{S3}b/k", "+identity"),
    ("dynamodb:CreateTable", f"arn:aws:dynamodb:us-east-1:{A}:table/t", "!identity"),
    marks=pytest.mark.rule("iam-055"),
)  # fmt: skip
story("a deny of the user beats the allow of the bucket", user("u"),
    PolicySet(identity=ids(deny("s3:GetObject")),
              resource=res(allow("s3:GetObject", f"{S3}b/*", {"AWS": f"arn:aws:iam::{A}:user/u"}))),
    ("s3:GetObject", f"{S3}b/k", "!identity"),
    marks=pytest.mark.rule("iam-056", "s3-201"),
)  # fmt: skip
story("a deny of the bucket beats the allow of the user", user("u"),
    PolicySet(identity=ADMIN, resource=res(deny("s3:GetObject", f"{S3}b/*", {"AWS": f"arn:aws:iam::{A}:user/u"}))),
    ("s3:GetObject", f"{S3}b/k", "!resource"),
    ("s3:PutObject", f"{S3}b/k", "+identity"),
    marks=pytest.mark.rule("s3-200"),
)  # fmt: skip
story("either the role or the bucket: the role", role("app"), PolicySet(identity=ids(allow("s3:GetObject"))),
    ("s3:GetObject", f"{S3}b/k", "+identity"),
    marks=pytest.mark.rule("s3-199"),
)  # fmt: skip
story("either the role or the bucket: the bucket", role("app"),
    PolicySet(resource=res(allow("s3:GetObject", f"{S3}b/*", {"AWS": f"arn:aws:iam::{A}:role/app"}))),
    ("s3:GetObject", f"{S3}b/k", "+resource"),
    ("s3:PutObject", f"{S3}b/k", "-identity"),
    marks=pytest.mark.rule("s3-199"),
)  # fmt: skip
story("two users, each one bucket: the first", user("ann"),
    PolicySet(identity=ids(allow("s3:GetObject", f"{S3}one/*"))),
    ("s3:GetObject", f"{S3}one/k", "+identity"),
    ("s3:GetObject", f"{S3}two/k", "-identity"),
    marks=pytest.mark.rule("iam-057"),
)  # fmt: skip
story("two users, each one bucket: the second", user("bea"),
    PolicySet(identity=ids(allow("s3:GetObject", f"{S3}two/*"))),
    ("s3:GetObject", f"{S3}one/k", "-identity"),
    ("s3:GetObject", f"{S3}two/k", "+identity"),
    marks=pytest.mark.rule("iam-057"),
)  # fmt: skip
story("invoke: the caller's policy or the function's", user("u"),
    PolicySet(resource=res(allow("lambda:InvokeFunction", f"arn:aws:lambda:us-east-1:{A}:function:f",
                                 {"AWS": f"arn:aws:iam::{A}:user/u"}))),
    ("lambda:InvokeFunction", f"arn:aws:lambda:us-east-1:{A}:function:f", "+resource"),
    ("lambda:GetFunction", f"arn:aws:lambda:us-east-1:{A}:function:f", "-identity"),
    marks=pytest.mark.rule("lambda-060"),
)  # fmt: skip
story("only the role's permissions count in its sessions", role("only-table"),
    PolicySet(identity=ids(allow("dynamodb:GetItem", f"arn:aws:dynamodb:us-east-1:{A}:table/T"))),
    ("dynamodb:GetItem", f"arn:aws:dynamodb:us-east-1:{A}:table/T", "+identity"),
    ("s3:GetObject", f"{S3}a/k", "-identity"),
    marks=pytest.mark.rule("sts-007"),
)  # fmt: skip

# --- Actions and resources --------------------------------------------------------------------------------------------

story("NotAction with Allow: all of S3 but deleting buckets", user("u"),
    PolicySet(identity=ids(st("Allow", None, f"{S3}*", NotAction="s3:DeleteBucket"))),
    ("s3:DeleteBucket", f"{S3}b", "-identity"),
    ("s3:DeleteObject", f"{S3}b/k", "+identity"),
    ("s3:ListAllMyBuckets", "*", "-identity"),
    ("ec2:RunInstances", f"arn:aws:ec2:us-east-1:{A}:instance/*", "-identity"),
)  # fmt: skip
story("NotAction with Allow: everything but IAM", user("u"),
    PolicySet(identity=ids(st("Allow", None, "*", NotAction="iam:*"))),
    ("iam:CreateUser", f"arn:aws:iam::{A}:user/x", "-identity"),
    ("s3:ListAllMyBuckets", "*", "+identity"),
    ("iamx:Do", "*", "+identity"),
)  # fmt: skip
NO_MFA = ids(
    allow("*"),
    st("Deny", None, "*", NotAction="iam:*", when={"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}),
)
for mfa, expected in ((None, "!identity"), (False, "!identity"), (True, "+identity")):
    story(f"NotAction with Deny: MFA for all but IAM, mfa={mfa}", user("u"), PolicySet(identity=NO_MFA),
        ("ec2:StopInstances", f"arn:aws:ec2:us-east-1:{A}:instance/i-1", expected),
        ("iam:CreateVirtualMFADevice", f"arn:aws:iam::{A}:mfa/u", "+identity"),
        facts={"session": None if mfa is None else Session(NOW - 60, NOW + 60, mfa=mfa)},
        marks=pytest.mark.rule("iam-025"),
    )  # fmt: skip
story("Bool on a key that long-term keys do not have", user("u"),
    PolicySet(identity=ids(allow("*"), deny("*", when={"Bool": {"aws:MultiFactorAuthPresent": "false"}}))),
    ("ec2:StopInstances", "*", "+identity"),
    ("ec2:StopInstances", "*", "!identity", {}, {"session": Session(NOW, NOW + 60)}),
)  # fmt: skip
for key, matches in (
    ("1/test/object.jpg", True), ("1/2/test/object.jpg", True), ("1/2/test/3/object.jpg", True),
    ("1/2/3/test/4/object.jpg", True), ("1///test///object.jpg", True), ("1/test/.jpg", True),
    ("/test/object.jpg", True), ("1/test/", True),
    ("1-test/object.jpg", False), ("test/object.jpg", False), ("1/2/test.jpg", False),
):  # fmt: skip
    story(f"wildcards run over slashes: {key}", user("u"),
        PolicySet(identity=ids(allow("s3:GetObject", f"{S3}amzn-s3-demo-bucket/*/test/*"))),
        ("s3:GetObject", f"{S3}amzn-s3-demo-bucket/{key}", "+identity" if matches else "-identity"),
    )  # fmt: skip
story("components of an ARN", user("u"),
    PolicySet(identity=ids(
        allow("sqs:*", "arn:aws:sqs:us-*-1:111111111111:jobs-?"),
        allow("sns:*", "arn:aws:sns:*"),
        allow("lambda:*", f"arn:aws:lambda:*:{A}:function:app-*:live"),
        allow("iam:*", f"arn:aws:iam::{A}:user/accounting/*"),
    )),
    ("sqs:SendMessage", f"arn:aws:sqs:us-east-1:{A}:jobs-1", "+identity"),
    ("sqs:SendMessage", f"arn:aws:sqs:eu-west-1:{A}:jobs-1", "-identity"),
    ("sqs:SendMessage", f"arn:aws:sqs:us-west-1:{A}:jobs-10", "-identity"),
    ("sqs:SendMessage", f"arn:aws:sqs:us-east-1:{B}:jobs-1", "-identity"),
    ("sns:Publish", f"arn:aws:sns:us-east-1:{A}:t", "+identity"),
    ("lambda:InvokeFunction", f"arn:aws:lambda:eu-west-1:{A}:function:app-x:live", "+identity"),
    ("lambda:InvokeFunction", f"arn:aws:lambda:eu-west-1:{A}:function:app-x", "-identity"),
    ("iam:GetUser", f"arn:aws:iam::{A}:user/accounting/deep/ann", "+identity"),
    ("iam:GetUser", f"arn:aws:iam::{A}:user/ann", "-identity"),
)  # fmt: skip
story("NotResource", user("u"),
    PolicySet(identity=ids(
        allow("s3:*"),
        st("Deny", "s3:*", None, NotResource=[f"{S3}HRBucket/Payroll", f"{S3}HRBucket/Payroll/*"]),
    )),
    ("s3:GetObject", f"{S3}HRBucket/Payroll/x", "+identity"),
    ("s3:GetObject", f"{S3}HRBucket/Other/x", "!identity"),
    ("s3:ListAllMyBuckets", "*", "!identity"),
)  # fmt: skip
story("PassRole of one role", user("u"),
    PolicySet(identity=ids(allow("ec2:*"), allow("iam:PassRole", f"arn:aws:iam::{A}:role/S3Access",
                                                 when={"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}))),
    ("iam:PassRole", f"arn:aws:iam::{A}:role/S3Access", "+identity", {"iam:PassedToService": "ec2.amazonaws.com"}),
    ("iam:PassRole", f"arn:aws:iam::{A}:role/Admin", "-identity", {"iam:PassedToService": "ec2.amazonaws.com"}),
    ("iam:PassRole", f"arn:aws:iam::{A}:role/S3Access", "-identity", {"iam:PassedToService": "lambda.amazonaws.com"}),
    ("iam:PassRole", f"arn:aws:iam::{A}:role/S3Access", "-identity"),
    marks=pytest.mark.rule("iam-069"),
)  # fmt: skip

# --- Policy variables -------------------------------------------------------------------------------------------------

HOME = ids(
    allow(["s3:ListAllMyBuckets", "s3:GetBucketLocation"], f"{S3}*"),
    allow("s3:ListBucket", f"{S3}b", when={"StringLike": {"s3:prefix": ["", "home/", "home/${aws:username}/"]}}),
    allow("s3:*", [f"{S3}b/home/${{aws:username}}", f"{S3}b/home/${{aws:username}}/*"]),
)
story("each user one folder", user("George"), PolicySet(identity=HOME),
    ("s3:PutObject", f"{S3}b/home/George/x", "+identity"),
    ("s3:PutObject", f"{S3}b/home/Sarah/x", "-identity"),
    ("s3:ListBucket", f"{S3}b", "+identity", {"s3:prefix": "home/George/"}),
    ("s3:ListBucket", f"{S3}b", "+identity", {"s3:prefix": ""}),
    ("s3:ListBucket", f"{S3}b", "-identity", {"s3:prefix": "home/Sarah/"}),
    ("s3:ListBucket", f"{S3}b", "-identity"),
    marks=pytest.mark.rule("iam-058"),
)  # fmt: skip
story("a role's session has no user name", role("George"), PolicySet(identity=HOME),
    ("s3:PutObject", f"{S3}b/home/George/x", "-identity"),
    ("s3:PutObject", f"{S3}b/home//x", "-identity"),
)  # fmt: skip
story("a star in a user's name is a star", user("*"), PolicySet(identity=HOME),
    ("s3:PutObject", f"{S3}b/home/Sarah/x", "-identity"),
    ("s3:PutObject", f"{S3}b/home/*/x", "+identity"),
)  # fmt: skip
story("the old version knows no variables", user("George"),
    PolicySet(identity=(doc(allow("s3:GetObject", f"{S3}b/${{aws:username}}/*"), version="2008-10-17"),)),
    ("s3:GetObject", f"{S3}b/George/x", "-identity"),
    ("s3:GetObject", f"{S3}b/${{aws:username}}/x", "+identity"),
)  # fmt: skip
TEAM = ids(allow("s3:*", f"{S3}demo-${{aws:PrincipalTag/team, 'company-wide'}}"))
story("default values: tagged", user("u"), PolicySet(identity=TEAM),
    ("s3:ListBucket", f"{S3}demo-yellow", "+identity"),
    ("s3:ListBucket", f"{S3}demo-company-wide", "-identity"),
    facts={"principal_tags": {"Team": "yellow"}},
)  # fmt: skip
story("default values: not tagged", user("u"), PolicySet(identity=TEAM),
    ("s3:ListBucket", f"{S3}demo-yellow", "-identity"),
    ("s3:ListBucket", f"{S3}demo-company-wide", "+identity"),
)  # fmt: skip
story("special characters", user("u"),
    PolicySet(identity=ids(allow("s3:GetObject", [f"{S3}b/a${{*}}b", f"{S3}b/c${{?}}d", f"{S3}b/${{$}}{{x}}"]))),
    ("s3:GetObject", f"{S3}b/a*b", "+identity"),
    ("s3:GetObject", f"{S3}b/aXXb", "-identity"),
    ("s3:GetObject", f"{S3}b/c?d", "+identity"),
    ("s3:GetObject", f"{S3}b/cXd", "-identity"),
    ("s3:GetObject", f"{S3}b/${{x}}", "+identity"),
)  # fmt: skip
story("a variable without a value", user("u"),
    PolicySet(identity=ids(
        allow("s3:GetObject"),
        deny("s3:GetObject", f"{S3}b/*",
             when={"StringNotEquals": {"s3:ExistingObjectTag/Team": "${aws:PrincipalTag/Team}"}}),
    )),
    ("s3:GetObject", f"{S3}b/k", "!identity", {"s3:ExistingObjectTag/Team": "red"}),
    ("s3:GetObject", f"{S3}b/k", "+identity", {"s3:ExistingObjectTag/Team": "red"},
     {"principal_tags": {"Team": "red"}}),
    ("s3:GetObject", f"{S3}b/k", "!identity", {"s3:ExistingObjectTag/Team": "red"}, {"principal_tags": {"Team": "b"}}),
    ("s3:GetObject", f"{S3}b/k", "!identity", {}, {"principal_tags": {"Team": "red"}}),
)  # fmt: skip
story("tags decide (ABAC)", user("u"),
    PolicySet(identity=ids(allow(
        "secretsmanager:*", "*",
        when={"StringEquals": {"aws:ResourceTag/access-project": "${aws:PrincipalTag/access-project}",
                               "aws:ResourceTag/access-team": "${aws:PrincipalTag/access-team}"}}))),
    ("secretsmanager:GetSecretValue", "*", "+identity", {},
     {"principal_tags": {"access-project": "peg", "access-team": "eng"},
      "resource_tags": {"access-project": "peg", "access-team": "eng"}}),
    ("secretsmanager:GetSecretValue", "*", "-identity", {},
     {"principal_tags": {"access-project": "peg", "access-team": "eng"},
      "resource_tags": {"access-project": "uni", "access-team": "eng"}}),
    ("secretsmanager:GetSecretValue", "*", "-identity", {}, {"resource_tags": {"access-project": "peg"}}),
    ("secretsmanager:GetSecretValue", "*", "+identity", {},
     {"session": Session(NOW, NOW + 9, tags={"Access-Project": "uni", "access-team": "eng"}),
      "principal_tags": {"access-project": "peg"},
      "resource_tags": {"ACCESS-PROJECT": "uni", "access-team": "eng"}}),
)  # fmt: skip
story("instances by tag", user("u"),
    PolicySet(identity=ids(allow(["ec2:StartInstances", "ec2:StopInstances"], f"arn:aws:ec2:*:{A}:instance/*",
                                 when={"StringEquals": {"ec2:ResourceTag/Project": "A"}}))),
    ("ec2:StopInstances", f"arn:aws:ec2:us-east-1:{A}:instance/i-1", "+identity", {},
     {"resource_tags": {"Project": "A"}}),
    ("ec2:StopInstances", f"arn:aws:ec2:us-east-1:{A}:instance/i-1", "-identity", {},
     {"resource_tags": {"Project": "B"}}),
    ("ec2:StopInstances", f"arn:aws:ec2:us-east-1:{A}:instance/i-1", "-identity"),
    marks=pytest.mark.rule("iam-061"),
)  # fmt: skip
story("only these tags may be set", user("u"),
    PolicySet(identity=ids(allow("ec2:CreateTags", "*", when={
        "StringEquals": {"aws:RequestTag/environment": ["preprod", "production"]},
        "ForAllValues:StringEquals": {"aws:TagKeys": ["environment", "cost-center"]}}))),
    ("ec2:CreateTags", "*", "+identity", {}, {"request_tags": {"environment": "preprod"}}),
    ("ec2:CreateTags", "*", "+identity", {}, {"request_tags": {"environment": "production", "cost-center": "9"}}),
    ("ec2:CreateTags", "*", "-identity", {}, {"request_tags": {"environment": "test"}}),
    ("ec2:CreateTags", "*", "-identity", {}, {"request_tags": {"environment": "preprod", "owner": "me"}}),
    ("ec2:CreateTags", "*", "-identity"),
)  # fmt: skip

# --- Conditions of the world ------------------------------------------------------------------------------------------

story("from these addresses only", user("u"),
    PolicySet(identity=ids(allow("*"), deny("*", when={
        "NotIpAddress": {"aws:SourceIp": ["192.0.2.0/24", "203.0.113.0/24"]},
        "Bool": {"aws:ViaAWSService": "false"}}))),
    ("s3:GetObject", f"{S3}b/k", "+identity", {}, {"source_ip": "203.0.113.77"}),
    ("s3:GetObject", f"{S3}b/k", "!identity", {}, {"source_ip": "198.51.100.1"}),
    ("s3:GetObject", f"{S3}b/k", "+identity", {},
     {"source_ip": "198.51.100.1", "via": ("cloudformation.amazonaws.com",)}),
    marks=pytest.mark.rule("iam-059"),
)  # fmt: skip
story("allowed from these addresses", user("u"),
    PolicySet(identity=ids(allow("*", when={"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}))),
    ("s3:GetObject", f"{S3}b/k", "+identity", {}, {"source_ip": "203.0.113.77"}),
    ("s3:GetObject", f"{S3}b/k", "-identity", {}, {"source_ip": "198.51.100.1"}),
    ("s3:GetObject", f"{S3}b/k", "-identity", {}, {"source_ip": "203.0.113.77", "vpc_endpoint": "vpce-1"}),
    marks=pytest.mark.rule("iam-059"),
)  # fmt: skip
story("a queue refuses by address", user("u"),
    PolicySet(identity=ADMIN, resource=res(deny("sqs:*", f"arn:aws:sqs:us-east-1:{A}:q", "*",
                                                {"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}))),
    ("sqs:SendMessage", f"arn:aws:sqs:us-east-1:{A}:q", "+identity", {}, {"source_ip": "10.1.2.3"}),
    ("sqs:SendMessage", f"arn:aws:sqs:us-east-1:{A}:q", "!resource", {}, {"source_ip": "11.1.2.3"}),
    marks=pytest.mark.rule("sqs-090"),
)  # fmt: skip
story("a queue refuses by time", user("u"),
    PolicySet(identity=ADMIN, resource=res(deny("sqs:*", f"arn:aws:sqs:us-east-1:{A}:q", "*",
                                                {"DateGreaterThan": {"aws:CurrentTime": "2026-01-01T12:00:00Z"}}))),
    ("sqs:SendMessage", f"arn:aws:sqs:us-east-1:{A}:q", "+identity", {}, {"time": NOW}),
    ("sqs:SendMessage", f"arn:aws:sqs:us-east-1:{A}:q", "!resource", {}, {"time": NOW + 1}),
    marks=pytest.mark.rule("sqs-091"),
)  # fmt: skip
story("a queue refuses plain HTTP", user("u"),
    PolicySet(identity=ADMIN, resource=res(deny("sqs:*", f"arn:aws:sqs:us-east-1:{A}:q", "*",
                                                {"Bool": {"aws:SecureTransport": "false"}}))),
    ("sqs:SendMessage", f"arn:aws:sqs:us-east-1:{A}:q", "+identity", {}, {"secure": True}),
    ("sqs:SendMessage", f"arn:aws:sqs:us-east-1:{A}:q", "!resource", {}, {"secure": False}),
    marks=pytest.mark.rule("sqs-092"),
)  # fmt: skip
story("a bucket refuses plain HTTP", user("u"),
    PolicySet(identity=ADMIN, resource=res(deny("s3:*", [f"{S3}b", f"{S3}b/*"], "*",
                                                {"Bool": {"aws:SecureTransport": "false"}}))),
    ("s3:GetObject", f"{S3}b/k", "+identity", {}, {"secure": True}),
    ("s3:GetObject", f"{S3}b/k", "!resource", {}, {"secure": False}),
    ("s3:ListBucket", f"{S3}b", "!resource", {}, {"secure": False}),
    marks=pytest.mark.rule("s3-202"),
)  # fmt: skip
story("anonymous readers over HTTPS", ANONYMOUS,
    PolicySet(resource=res(allow("s3:GetObject", f"{S3}b/*", "*", {"Bool": {"aws:SecureTransport": "true"}}))),
    ("s3:GetObject", f"{S3}b/k", "+resource", {}, {"secure": True}),
    ("s3:GetObject", f"{S3}b/k", "-resource", {}, {"secure": False}),
    ("s3:PutObject", f"{S3}b/k", "-resource"),
    owner=A,
)  # fmt: skip
ENCRYPTION = "s3:x-amz-server-side-encryption"
story("uploads without the encryption header", user("u"),
    PolicySet(identity=ADMIN, resource=res(deny("s3:PutObject", f"{S3}b/*", "*", {"Null": {ENCRYPTION: "true"}}))),
    ("s3:PutObject", f"{S3}b/k", "!resource"),
    ("s3:PutObject", f"{S3}b/k", "+identity", {ENCRYPTION: "AES256"}),
    marks=pytest.mark.rule("s3-204"),
)  # fmt: skip
story("uploads other than SSE-S3", user("u"),
    PolicySet(identity=ADMIN,
              resource=res(deny("s3:PutObject", f"{S3}b/*", "*", {"StringNotEquals": {ENCRYPTION: "AES256"}}))),
    ("s3:PutObject", f"{S3}b/k", "!resource", {ENCRYPTION: "aws:kms"}),
    ("s3:PutObject", f"{S3}b/k", "+identity", {ENCRYPTION: "AES256"}),
    ("s3:PutObject", f"{S3}b/k", "!resource"),
    marks=pytest.mark.rule("s3-205"),
)  # fmt: skip
story("uploads other than SSE-KMS", user("u"),
    PolicySet(identity=ADMIN,
              resource=res(deny("s3:PutObject", f"{S3}b/*", "*", {"StringNotEquals": {ENCRYPTION: "aws:kms"}}))),
    ("s3:PutObject", f"{S3}b/k", "!resource", {ENCRYPTION: "AES256"}),
    ("s3:PutObject", f"{S3}b/k", "+identity", {ENCRYPTION: "aws:kms"}),
    marks=pytest.mark.rule("s3-206"),
)  # fmt: skip
story("regions", user("u"),
    PolicySet(identity=ids(allow("*"), deny("*", when={"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}}))),
    ("ec2:DescribeInstances", "*", "!identity", {}, {"region": "us-east-1"}),
    ("ec2:DescribeInstances", "*", "+identity", {}, {"region": "eu-west-1"}),
    marks=pytest.mark.rule("iam-060"),
)  # fmt: skip
story("within dates", user("u"),
    PolicySet(identity=ids(allow("service-prefix:action-name", when={
        "DateGreaterThan": {"aws:CurrentTime": "2020-04-01T00:00:00Z"},
        "DateLessThan": {"aws:CurrentTime": "2020-06-30T23:59:59Z"}}))),
    ("service-prefix:action-name", "*", "+identity", {}, {"time": 1_588_000_000.0}),
    ("service-prefix:action-name", "*", "-identity", {}, {"time": 1_585_000_000.0}),
    ("service-prefix:action-name", "*", "-identity", {}, {"time": NOW}),
)  # fmt: skip
story("fresh MFA only", user("u"),
    PolicySet(identity=ids(allow("ec2:*", when={"NumericLessThan": {"aws:MultiFactorAuthAge": "3600"}}))),
    ("ec2:StopInstances", "*", "+identity", {}, {"session": Session(NOW - 3599, NOW + 9, mfa=True), "time": NOW}),
    ("ec2:StopInstances", "*", "-identity", {}, {"session": Session(NOW - 3600, NOW + 9, mfa=True), "time": NOW}),
    ("ec2:StopInstances", "*", "-identity", {}, {"session": Session(NOW, NOW + 9), "time": NOW}),
    ("ec2:StopInstances", "*", "-identity"),
)  # fmt: skip
story("sessions from before are cut off (AWSRevokeOlderSessions)", role("app"),
    PolicySet(identity=ids(allow("*"), deny("*",
        when={"DateLessThan": {"aws:TokenIssueTime": "2026-01-01T12:00:00Z"}}))),
    ("s3:GetObject", f"{S3}b/k", "!identity", {}, {"session": Session(NOW - 1, NOW + 9)}),
    ("s3:GetObject", f"{S3}b/k", "+identity", {}, {"session": Session(NOW, NOW + 9)}),
)  # fmt: skip
story("only long-term credentials", user("u"),
    PolicySet(identity=ids(allow("ec2:*", when={"Null": {"aws:TokenIssueTime": "true"}}))),
    ("ec2:RunInstances", "*", "+identity"),
    ("ec2:RunInstances", "*", "-identity", {}, {"session": Session(NOW, NOW + 9)}),
)  # fmt: skip
story("instance types, if there are any", user("u"),
    PolicySet(identity=ids(allow("ec2:RunInstances", when={
        "StringLikeIfExists": {"ec2:InstanceType": ["t1.*", "t2.*", "m3.*"]}}))),
    ("ec2:RunInstances", f"arn:aws:ec2:us-east-1:{A}:instance/*", "+identity", {"ec2:InstanceType": "t2.nano"}),
    ("ec2:RunInstances", f"arn:aws:ec2:us-east-1:{A}:instance/*", "-identity", {"ec2:InstanceType": "m5.large"}),
    ("ec2:RunInstances", f"arn:aws:ec2:us-east-1:{A}:subnet/*", "+identity"),
)  # fmt: skip
story("instance types, without IfExists", user("u"),
    PolicySet(identity=ids(allow("ec2:RunInstances", when={"StringLike": {"ec2:InstanceType": ["t1.*", "t2.*"]}}))),
    ("ec2:RunInstances", f"arn:aws:ec2:us-east-1:{A}:instance/*", "+identity", {"ec2:InstanceType": "t2.nano"}),
    ("ec2:RunInstances", f"arn:aws:ec2:us-east-1:{A}:subnet/*", "-identity"),
)  # fmt: skip
story("at most ten keys", user("u"),
    PolicySet(identity=ids(allow("s3:ListBucket", f"{S3}b", when={"NumericLessThanEquals": {"s3:max-keys": "10"}}))),
    ("s3:ListBucket", f"{S3}b", "+identity", {"s3:max-keys": 10}),
    ("s3:ListBucket", f"{S3}b", "-identity", {"s3:max-keys": 11}),
    ("s3:ListBucket", f"{S3}b", "-identity"),
)  # fmt: skip
THREAD = f"arn:aws:dynamodb:us-east-1:{A}:table/Thread"
story("attributes of a table, all of them", user("u"),
    PolicySet(identity=ids(allow("dynamodb:GetItem", "arn:aws:dynamodb:*:*:table/Thread", when={
        "ForAllValues:StringEquals": {"dynamodb:Attributes": ["ID", "Message", "Tags"]}}))),
    ("dynamodb:GetItem", THREAD, "+identity", {"dynamodb:Attributes": ["Message", "Tags"]}),
    ("dynamodb:GetItem", THREAD, "-identity", {"dynamodb:Attributes": ["Message", "UserName"]}),
    ("dynamodb:GetItem", THREAD, "+identity"),
)  # fmt: skip
story("attributes of a table, none of these", user("u"),
    PolicySet(identity=ids(allow("dynamodb:*"), deny("dynamodb:PutItem", "*", when={
        "ForAnyValue:StringEquals": {"dynamodb:Attributes": ["ID", "PostDateTime"]}}))),
    ("dynamodb:PutItem", THREAD, "!identity", {"dynamodb:Attributes": ["PostDateTime", "Message"]}),
    ("dynamodb:PutItem", THREAD, "+identity", {"dynamodb:Attributes": ["UserName"]}),
    ("dynamodb:PutItem", THREAD, "+identity"),
)  # fmt: skip
story("rows by the caller's identity", role("cognito"),
    PolicySet(identity=ids(allow("dynamodb:*Item", "*", when={
        "ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["${cognito-identity.amazonaws.com:sub}"]}}))),
    ("dynamodb:GetItem", THREAD, "+identity",
     {"dynamodb:LeadingKeys": ["us-east-1:me"], "cognito-identity.amazonaws.com:sub": "us-east-1:me"}),
    ("dynamodb:GetItem", THREAD, "-identity",
     {"dynamodb:LeadingKeys": ["us-east-1:you"], "cognito-identity.amazonaws.com:sub": "us-east-1:me"}),
    ("dynamodb:BatchGetItem", THREAD, "-identity",
     {"dynamodb:LeadingKeys": ["us-east-1:me", "us-east-1:you"], "cognito-identity.amazonaws.com:sub": "us-east-1:me"}),
    marks=pytest.mark.rule("cognito-identity-007"),
)  # fmt: skip
story("several operators and keys: all; several values: any", user("u"),
    PolicySet(identity=ids(allow("*", when={
        "StringEqualsIgnoreCase": {"aws:PrincipalTag/department": ["finance", "hr", "legal"],
                                   "aws:PrincipalTag/role": ["audit", "security"]},
        "StringEquals": {"aws:PrincipalAccount": A}}))),
    ("x:Y", "*", "+identity", {}, {"principal_tags": {"department": "HR", "role": "Audit"}}),
    ("x:Y", "*", "-identity", {}, {"principal_tags": {"department": "HR"}}),
    ("x:Y", "*", "-identity", {}, {"principal_tags": {"department": "it", "role": "audit"}}),
)  # fmt: skip
story("called through Athena", user("u"),
    PolicySet(identity=ids(allow("athena:*"), allow("s3:*", when={
        "ForAnyValue:StringEquals": {"aws:CalledVia": ["athena.amazonaws.com"]}}))),
    ("s3:GetObject", f"{S3}b/k", "-identity"),
    ("s3:GetObject", f"{S3}b/k", "+identity", {}, {"via": ("athena.amazonaws.com",)}),
    ("s3:GetObject", f"{S3}b/k", "+identity", {}, {"via": ("cloudformation.amazonaws.com", "athena.amazonaws.com")}),
    ("athena:StartQueryExecution", "*", "+identity"),
)  # fmt: skip

# --- Resource policies: who is named, and what still limits ----------------------------------------------------------
# IAM User Guide, the table "Resource-based policies and implicit denies in other policy types (same account)".

Q = f"arn:aws:sqs:us-east-1:{A}:q"
NAMED: dict[str, tuple[Principal, Any, tuple[str, ...]]] = {
    "user": (user("u"), {"AWS": f"arn:aws:iam::{A}:user/u"}, ()),
    "user by id": (user("u"), {"AWS": f"AIDA{'U':X<17}"}, ()),
    "role": (role("r"), {"AWS": f"arn:aws:iam::{A}:role/r"}, ("boundary", "session")),
    "role with a path": (role("r", path="/x/"), {"AWS": f"arn:aws:iam::{A}:role/x/r"}, ("boundary", "session")),
    "role session": (role("r"), {"AWS": f"arn:aws:sts::{A}:assumed-role/r/s"}, ()),
    "federated user": (federated("f", "u"), {"AWS": f"arn:aws:sts::{A}:federated-user/f"}, ()),
    "user of a federated user": (federated("f", "u"), {"AWS": f"arn:aws:iam::{A}:user/u"}, ("boundary", "session")),
    "account of a user": (user("u"), {"AWS": f"arn:aws:iam::{A}:root"}, ("identity", "boundary", "session")),
    "account of a role": (role("r"), {"AWS": A}, ("identity", "boundary", "session")),
    "everyone, a user": (user("u"), "*", ()),
    "everyone, a role": (role("r"), {"AWS": "*"}, ()),
    "nobody": (role("r"), {"AWS": f"arn:aws:iam::{A}:user/other"}, ("identity", "boundary", "session")),
}  # fmt: skip
NOTHING = doc(allow("none:None"))
for label, (who, principal, limits) in NAMED.items():
    for lacking in (
        (), ("identity",), ("boundary",), ("session",), ("identity", "boundary"), ("boundary", "session"),
        ("identity", "session"), ("identity", "boundary", "session"),
    ):  # fmt: skip
        denies = [limit for limit in ("identity", "boundary", "session") if limit in lacking and limit in limits]
        decided_by_resource = "identity" not in limits
        story(f"{label} named, no {'/'.join(lacking) or 'denial'}", who,
            PolicySet(
                identity=() if "identity" in lacking else ADMIN,
                boundary=NOTHING if "boundary" in lacking else EVERYTHING,
                session=(NOTHING,) if "session" in lacking else (EVERYTHING,),
                resource=res(allow("sqs:SendMessage", Q, principal)),
            ),
            ("sqs:SendMessage", Q, f"-{denies[0]}" if denies else "+resource" if decided_by_resource else "+identity"),
        )  # fmt: skip
story("a role that was deleted and made anew has another id", role("r"),
    PolicySet(resource=res(allow("sqs:*", Q, {"AWS": "AROADBQP57FF2AEXAMPLE"}))),
    ("sqs:SendMessage", Q, "-identity"),
)  # fmt: skip
story("everyone, if the role is right", role("r"),
    PolicySet(boundary=NOTHING, session=(NOTHING,),
              resource=res(allow("sqs:*", Q, "*", {"ArnEquals": {"aws:PrincipalArn": f"arn:aws:iam::{A}:role/r"}}))),
    ("sqs:SendMessage", Q, "+resource"),
)  # fmt: skip
story("everyone, if the role is right: another", role("x"),
    PolicySet(resource=res(allow("sqs:*", Q, "*", {"ArnEquals": {"aws:PrincipalArn": f"arn:aws:iam::{A}:role/r"}}))),
    ("sqs:SendMessage", Q, "-identity"),
)  # fmt: skip
story("a grant on the resource's side", user("u"), PolicySet(granted=True),
    ("s3:GetObject", f"{S3}b/k", "+grant"),
)  # fmt: skip
story("a grant against a deny", user("u"), PolicySet(granted=True, identity=ids(deny("s3:GetObject"))),
    ("s3:GetObject", f"{S3}b/k", "!identity"),
)  # fmt: skip
story("a grant to everyone", ANONYMOUS, PolicySet(granted=True), ("s3:GetObject", f"{S3}b/k", "+grant"), owner=A)

BOB = res(st("Deny", "s3:*", [f"{S3}b", f"{S3}b/*"],
             NotPrincipal={"AWS": [f"arn:aws:iam::{A}:user/Bob", f"arn:aws:iam::{A}:root"]}))  # fmt: skip
story("NotPrincipal spares Bob", user("Bob"), PolicySet(identity=ADMIN, resource=BOB),
    ("s3:GetObject", f"{S3}b/k", "+identity"),
)  # fmt: skip
story("NotPrincipal spares the root user that is listed", root(), PolicySet(resource=BOB),
    ("s3:GetObject", f"{S3}b/k", "+root"),
)  # fmt: skip
story("NotPrincipal hits others of the account", user("Ann"), PolicySet(identity=ADMIN, resource=BOB),
    ("s3:GetObject", f"{S3}b/k", "!resource"),
)  # fmt: skip
story("NotPrincipal hits everyone else", ANONYMOUS, PolicySet(resource=BOB),
    ("s3:GetObject", f"{S3}b/k", "!resource"), owner=A,
)  # fmt: skip
AUDIT = [f"arn:aws:sts::{A}:assumed-role/audit/app", f"arn:aws:iam::{A}:role/audit", f"arn:aws:iam::{A}:root"]
for left_out, expected in ((None, "+identity"), (0, "!resource"), (1, "!resource"), (2, "!resource")):
    listed = [arn for at, arn in enumerate(AUDIT) if at != left_out]
    story(f"NotPrincipal and sessions, without {left_out}", role("audit", "app"),
        PolicySet(identity=ADMIN, resource=res(st("Deny", "s3:*", f"{S3}b/*", NotPrincipal={"AWS": listed}))),
        ("s3:GetObject", f"{S3}b/k", expected),
    )  # fmt: skip
story("NotPrincipal with Allow", user("Ann"),
    PolicySet(resource=res(st("Allow", "s3:*", f"{S3}b/*", NotPrincipal={"AWS": f"arn:aws:iam::{A}:user/Bob"}))),
    ("s3:GetObject", f"{S3}b/k", "+resource"),
)  # fmt: skip
story("NotPrincipal with Allow leaves out Bob", user("Bob"),
    PolicySet(resource=res(st("Allow", "s3:*", f"{S3}b/*", NotPrincipal={"AWS": f"arn:aws:iam::{A}:user/Bob"}))),
    ("s3:GetObject", f"{S3}b/k", "-identity"),
)  # fmt: skip
story("canonical users", Principal(f"arn:aws:iam::{B}:user/u", B, canonical_id="79a59d"),
    PolicySet(identity=ADMIN, resource=res(allow("s3:GetObject", f"{S3}b/*", {"CanonicalUser": "79a59d"}))),
    ("s3:GetObject", f"{S3}b/k", "+identity"),
    owner=A,
)  # fmt: skip

# --- Boundaries and sessions ------------------------------------------------------------------------------------------

SHIRLEY = doc(allow(["s3:*", "cloudwatch:*", "ec2:*"]), kind="boundary")
story("Shirley: a boundary alone grants nothing", user("Shirley"), PolicySet(boundary=SHIRLEY),
    ("s3:GetObject", f"{S3}b/k", "-identity"),
    ("iam:CreateUser", f"arn:aws:iam::{A}:user/x", "-identity"),
    marks=pytest.mark.rule("iam-063"),
)  # fmt: skip
story("Shirley: a policy beyond the boundary", user("Shirley"),
    PolicySet(identity=ids(allow("iam:CreateUser")), boundary=SHIRLEY),
    ("iam:CreateUser", f"arn:aws:iam::{A}:user/x", "-boundary"),
    ("s3:GetObject", f"{S3}b/k", "-identity"),
)  # fmt: skip
story("Shirley: an administrator within the boundary", user("Shirley"), PolicySet(identity=ADMIN, boundary=SHIRLEY),
    ("s3:GetObject", f"{S3}b/k", "+identity"),
    ("ec2:RunInstances", "*", "+identity"),
    ("iam:CreateUser", f"arn:aws:iam::{A}:user/x", "-boundary"),
    marks=pytest.mark.rule("iam-063"),
)  # fmt: skip
story("a boundary that denies", user("u"),
    PolicySet(identity=ADMIN, boundary=doc(allow("*"), deny("s3:*", [f"{S3}logs", f"{S3}logs/*"]))),
    ("s3:GetObject", f"{S3}logs/k", "!boundary"),
    ("s3:GetObject", f"{S3}b/k", "+identity"),
)  # fmt: skip
XBOUNDARY = f"arn:aws:iam::{A}:policy/XCompanyBoundaries"
ZHANG = PolicySet(
    identity=ids(allow(["iam:*", "cloudwatch:*"])),
    boundary=doc(
        allow(["iam:CreateUser", "iam:DeleteUserPolicy", "iam:AttachUserPolicy", "iam:PutUserPermissionsBoundary"],
              when={"StringEquals": {"iam:PermissionsBoundary": XBOUNDARY}}),
        allow(["cloudwatch:*", "iam:Get*", "iam:List*"]),
        deny(["iam:CreatePolicyVersion", "iam:DeletePolicy", "iam:SetDefaultPolicyVersion"], XBOUNDARY),
        deny("iam:DeleteUserPermissionsBoundary"),
    ),
)  # fmt: skip
story("Zhang: delegated, within a boundary", user("Zhang"), ZHANG,
    ("iam:CreateUser", f"arn:aws:iam::{A}:user/n", "+identity", {"iam:PermissionsBoundary": XBOUNDARY}),
    ("iam:CreateUser", f"arn:aws:iam::{A}:user/n", "-boundary"),
    ("iam:CreateUser", f"arn:aws:iam::{A}:user/n", "-boundary", {"iam:PermissionsBoundary": f"{XBOUNDARY}2"}),
    ("iam:DeleteUserPermissionsBoundary", f"arn:aws:iam::{A}:user/n", "!boundary"),
    ("iam:DeletePolicy", XBOUNDARY, "!boundary"),
    ("iam:ListUsers", "*", "+identity"),
    ("iam:CreateRole", f"arn:aws:iam::{A}:role/n", "-boundary"),
    ("ec2:RunInstances", "*", "-identity"),
    marks=pytest.mark.rule("iam-065"),
)  # fmt: skip
story("session policies are an intersection", role("app"),
    PolicySet(identity=ids(allow(["s3:GetObject", "s3:PutObject"])), session=(doc(allow(["s3:GetObject", "sqs:*"])),)),
    ("s3:GetObject", f"{S3}b/k", "+identity"),
    ("s3:PutObject", f"{S3}b/k", "-session"),
    ("sqs:SendMessage", Q, "-identity"),
)  # fmt: skip
story("session policies may deny", role("app"),
    PolicySet(identity=ADMIN, session=(doc(allow("*"), deny("s3:DeleteObject")),)),
    ("s3:DeleteObject", f"{S3}b/k", "!session"),
    ("s3:GetObject", f"{S3}b/k", "+identity"),
)  # fmt: skip
story("several session policies: one is enough", role("app"),
    PolicySet(identity=ADMIN, session=(doc(allow("s3:*")), doc(allow("sqs:*")))),
    ("s3:GetObject", f"{S3}b/k", "+identity"),
    ("sqs:SendMessage", Q, "+identity"),
    ("sns:Publish", "*", "-session"),
)  # fmt: skip
story("a federated user without session policies", federated("f", "u"), PolicySet(identity=ADMIN),
    ("s3:GetObject", f"{S3}b/k", "-session"),
)  # fmt: skip
story("a federated user with a session policy", federated("f", "u"),
    PolicySet(identity=ids(allow("s3:*")), session=(doc(allow(["s3:GetObject", "sqs:*"])),)),
    ("s3:GetObject", f"{S3}b/k", "+identity"),
    ("s3:PutObject", f"{S3}b/k", "-session"),
    ("sqs:SendMessage", Q, "-identity"),
)  # fmt: skip
story("a federated user that a bucket names", federated("f", "u"),
    PolicySet(resource=res(allow("s3:GetObject", f"{S3}b/*", {"AWS": f"arn:aws:sts::{A}:federated-user/f"}))),
    ("s3:GetObject", f"{S3}b/k", "+resource"),
    ("s3:PutObject", f"{S3}b/k", "-identity"),
)  # fmt: skip
story("boundary, session and SCP together", role("app"),
    PolicySet(identity=ADMIN, boundary=doc(allow(["s3:*", "sqs:*", "sns:*"])), session=(doc(allow(["s3:*", "sqs:*"])),),
              scps=(scp(allow(["s3:*", "sns:*", "ec2:*"])),)),
    ("s3:GetObject", f"{S3}b/k", "+identity"),
    ("sqs:SendMessage", Q, "-scp"),
    ("sns:Publish", "*", "-session"),
    ("ec2:RunInstances", "*", "-boundary"),
)  # fmt: skip

# --- Root -------------------------------------------------------------------------------------------------------------

story("root may do everything", root(), PolicySet(identity=ids(deny("*")), boundary=NOTHING),
    ("iam:ListUsers", f"arn:aws:iam::{A}:user/", "+root"),
    ("iam:CreateUser", f"arn:aws:iam::{A}:user/x", "+root"),
    ("s3:GetObject", f"{S3}b/k", "+root"),
    marks=pytest.mark.rule("iam-003"),
)  # fmt: skip
story("root of a member account is under SCPs", root(), PolicySet(scps=(FULL, scp(allow("*"), deny("ec2:*")))),
    ("ec2:RunInstances", "*", "!scp"),
    ("s3:ListAllMyBuckets", "*", "+root"),
)  # fmt: skip
story("a bucket policy may shut root out, but not from repairing it", root(),
    PolicySet(resource=res(deny("s3:*", [f"{S3}b", f"{S3}b/*"], "*"))),
    ("s3:GetObject", f"{S3}b/k", "!resource"),
    ("s3:DeleteBucketPolicy", f"{S3}b", "+root"),
    ("s3:PutBucketPolicy", f"{S3}b", "+root"),
    ("s3:DeleteBucket", f"{S3}b", "!resource"),
)  # fmt: skip
story("an administrator cannot repair it", user("admin"),
    PolicySet(identity=ADMIN, resource=res(deny("s3:*", [f"{S3}b", f"{S3}b/*"], "*"))),
    ("s3:DeleteBucketPolicy", f"{S3}b", "!resource"),
)  # fmt: skip
story("root of another account needs the resource policy", root(B), PolicySet(),
    ("s3:GetObject", f"{S3}b/k", "-resource"), owner=A,
)  # fmt: skip
story("root of another account that is named", root(B),
    PolicySet(resource=res(allow("s3:GetObject", f"{S3}b/*", {"AWS": f"arn:aws:iam::{B}:root"}))),
    ("s3:GetObject", f"{S3}b/k", "+root"), owner=A,
)  # fmt: skip

# --- Across accounts --------------------------------------------------------------------------------------------------

PRODUCTION = res(allow(["s3:GetObject*", "s3:PutObject*", "s3:ReplicateObject", "s3:RestoreObject"],
    f"{S3}Production/*",
                       {"AWS": f"arn:aws:iam::{A}:user/carlossalazar"}))  # fmt: skip
CARLOS_ABROAD = ids(
    allow("s3:ListAllMyBuckets"),
    allow("s3:*Object*", f"{S3}Production/*"),
    deny("s3:*", [f"{S3}*log*", f"{S3}*log*/*"]),
)
story("carlos abroad", user("carlossalazar"), PolicySet(identity=CARLOS_ABROAD, resource=PRODUCTION),
    ("s3:PutObject", f"{S3}Production/x", "+identity"),
    ("s3:DeleteObject", f"{S3}Production/x", "-resource"),
    ("s3:DeleteBucket", f"{S3}Production", "-resource"),
    owner=B,
)  # fmt: skip
story("carlos abroad: the logs", user("carlossalazar"), PolicySet(identity=CARLOS_ABROAD),
    ("s3:PutObject", f"{S3}Production-logs/x", "!identity"),
    owner=B,
)  # fmt: skip
ACCOUNT_B = {"AWS": f"arn:aws:iam::{B}:root"}
story("both sides agree", user("bob", B),
    PolicySet(identity=ids(allow("s3:GetObject")), resource=res(allow("s3:GetObject", f"{S3}b/*", ACCOUNT_B))),
    ("s3:GetObject", f"{S3}b/k", "+identity"), owner=A,
    marks=pytest.mark.rule("s3-197"),
)  # fmt: skip
story("only the resource's side", user("bob", B), PolicySet(resource=res(allow("s3:GetObject", f"{S3}b/*", ACCOUNT_B))),
    ("s3:GetObject", f"{S3}b/k", "-identity"), owner=A,
    marks=pytest.mark.rule("s3-197"),
)  # fmt: skip
story("only the caller's side", user("bob", B), PolicySet(identity=ids(allow("s3:GetObject"))),
    ("s3:GetObject", f"{S3}b/k", "-resource"), owner=A,
    marks=pytest.mark.rule("s3-197"),
)  # fmt: skip
for label, who, principal in (
    ("user", user("bob", B), {"AWS": f"arn:aws:iam::{B}:user/bob"}),
    ("session", role("r", account=B), {"AWS": f"arn:aws:sts::{B}:assumed-role/r/s"}),
    ("role", role("r", account=B), {"AWS": f"arn:aws:iam::{B}:role/r"}),
    ("everyone", user("bob", B), "*"),
):
    story(f"abroad even who is named needs an identity policy: {label}", who,
        PolicySet(resource=res(allow("s3:GetObject", f"{S3}b/*", principal))),
        ("s3:GetObject", f"{S3}b/k", "-identity"), owner=A,
    )  # fmt: skip
    story(f"abroad the boundary limits whoever is named: {label}", who,
        PolicySet(identity=ADMIN, boundary=NOTHING, resource=res(allow("s3:GetObject", f"{S3}b/*", principal))),
        ("s3:GetObject", f"{S3}b/k", "-boundary"), owner=A,
    )  # fmt: skip
    story(f"abroad the session limits whoever is named: {label}", who,
        PolicySet(identity=ADMIN, session=(NOTHING,), resource=res(allow("s3:GetObject", f"{S3}b/*", principal))),
        ("s3:GetObject", f"{S3}b/k", "-session"), owner=A,
    )  # fmt: skip
    story(f"abroad with all of it: {label}", who,
        PolicySet(identity=ADMIN, boundary=EVERYTHING, session=(EVERYTHING,), scps=(FULL,),
                  resource=res(allow("s3:GetObject", f"{S3}b/*", principal))),
        ("s3:GetObject", f"{S3}b/k", "+identity"), owner=A,
    )  # fmt: skip
story("the caller's SCP counts abroad", user("bob", B),
    PolicySet(identity=ADMIN, scps=(FULL, scp(allow("sqs:*"))),
              resource=res(allow("s3:GetObject", f"{S3}b/*", ACCOUNT_B))),
    ("s3:GetObject", f"{S3}b/k", "-scp"), owner=A,
)  # fmt: skip
story("one organization", user("bob", B),
    PolicySet(identity=ADMIN, resource=res(allow("s3:GetObject", f"{S3}b/*", "*",
                                                 {"StringEquals": {"aws:PrincipalOrgID": ORG[0]}}))),
    ("s3:GetObject", f"{S3}b/k", "+identity", {}, {"organization": ORG}),
    ("s3:GetObject", f"{S3}b/k", "-resource", {}, {"organization": ("o-other", "o-other/r-1/")}),
    ("s3:GetObject", f"{S3}b/k", "-resource"),
    owner=A, marks=pytest.mark.rule("iam-062"),
)  # fmt: skip
story("one unit of an organization", user("bob", B),
    PolicySet(identity=ADMIN, resource=res(allow("s3:GetObject", f"{S3}b/*", "*", {
        "ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": ["o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/*"]}}))),
    ("s3:GetObject", f"{S3}b/k", "+identity", {}, {"organization": ORG}),
    ("s3:GetObject", f"{S3}b/k", "+identity", {}, {"organization": (ORG[0], f"{ORG[1]}ou-ab12-22222222/")}),
    ("s3:GetObject", f"{S3}b/k", "-resource", {}, {"organization": (ORG[0], "o-a1b2c3d4e5/r-ab12/ou-ab12-9/")}),
    owner=A,
)  # fmt: skip

# --- Organizations ----------------------------------------------------------------------------------------------------

story("what no SCP allows is denied", user("admin"), PolicySet(identity=ADMIN, scps=(FULL, FULL, scp(allow("s3:*")))),
    ("ec2:RunInstances", "*", "-scp"),
    ("s3:GetObject", f"{S3}b/k", "+identity"),
    marks=pytest.mark.rule("organizations-007"),
)  # fmt: skip
story("SCPs of every level must allow", user("admin"),
    PolicySet(identity=ADMIN, scps=(FULL, scp(allow(["s3:*", "sqs:*"])), scp(allow(["s3:*", "ec2:*"])))),
    ("s3:GetObject", f"{S3}b/k", "+identity"),
    ("sqs:SendMessage", Q, "-scp"),
    ("ec2:RunInstances", "*", "-scp"),
    marks=pytest.mark.rule("organizations-008"),
)  # fmt: skip
story("a deny at a parent hits the child", user("admin"),
    PolicySet(identity=ADMIN, scps=(FULL, (*FULL, *scp(deny("ec2:*"))), FULL)),
    ("ec2:RunInstances", "*", "!scp"),
    ("s3:GetObject", f"{S3}b/k", "+identity"),
    marks=pytest.mark.rule("organizations-008"),
)  # fmt: skip
story("an SCP grants nothing", user("u"), PolicySet(scps=(FULL,)), ("s3:GetObject", f"{S3}b/k", "-identity"))
story("an SCP limits what a resource policy grants", user("u"),
    PolicySet(scps=(scp(allow("ec2:*")),), resource=res(allow("sqs:*", Q, {"AWS": f"arn:aws:iam::{A}:user/u"}))),
    ("sqs:SendMessage", Q, "-scp"),
)  # fmt: skip
REGIONS = (*FULL, *scp(st("Deny", None, "*", NotAction=["iam:*", "organizations:*", "route53:*", "support:*"], when={
    "StringNotEquals": {"aws:RequestedRegion": ["eu-central-1", "eu-west-1"]},
    "ArnNotLike": {"aws:PrincipalARN": ["arn:aws:iam::*:role/Role1AllowedToBypassThisSCP"]}})))  # fmt: skip
story("region lock", user("admin"), PolicySet(identity=ADMIN, scps=(REGIONS,)),
    ("ec2:RunInstances", "*", "!scp", {}, {"region": "us-east-1"}),
    ("ec2:RunInstances", "*", "+identity", {}, {"region": "eu-west-1"}),
    ("iam:CreateUser", "*", "+identity", {}, {"region": "us-east-1"}),
)  # fmt: skip
story("region lock: the role that may pass", role("Role1AllowedToBypassThisSCP"),
    PolicySet(identity=ADMIN, scps=(REGIONS,)),
    ("ec2:RunInstances", "*", "+identity", {}, {"region": "us-east-1"}),
)  # fmt: skip
story("the management account is not bound", user("admin"),
    PolicySet(identity=ADMIN, scps=(scp(deny("*")),), management=True),
    ("ec2:RunInstances", "*", "+identity"),
)  # fmt: skip
SLR = role("AWSServiceRoleForAutoScaling", path="/aws-service-role/autoscaling.amazonaws.com/")
story("service-linked roles are not bound", SLR,
    PolicySet(identity=ADMIN, scps=(scp(deny("*")),), rcps=(rcp(deny("*", who="*")),)),
    ("ec2:RunInstances", "*", "+identity"),
    ("s3:GetObject", f"{S3}b/k", "+identity"),
)  # fmt: skip
story("SCPs say nothing to services", service("sns.amazonaws.com"),
    PolicySet(scps=(scp(deny("*")),), resource=res(allow("sqs:SendMessage", Q, {"Service": "sns.amazonaws.com"}))),
    ("sqs:SendMessage", Q, "+resource"),
)  # fmt: skip
PERIMETER = rcp(deny("s3:*", who="*", when={
    "StringNotEqualsIfExists": {"aws:PrincipalOrgID": ORG[0]},
    "BoolIfExists": {"aws:PrincipalIsAWSService": "false"}}))  # fmt: skip
OPEN = res(allow("s3:GetObject", f"{S3}b/*", "*"))
story("RCP: outsiders stay out", user("bob", C), PolicySet(identity=ADMIN, rcps=(PERIMETER,), resource=OPEN),
    ("s3:GetObject", f"{S3}b/k", "!rcp", {}, {"organization": ("o-other", "o-other/r-1/")}),
    ("s3:GetObject", f"{S3}b/k", "!rcp"),
    ("s3:GetObject", f"{S3}b/k", "+identity", {}, {"organization": ORG}),
    owner=A,
)  # fmt: skip
story("RCP: so do the anonymous", ANONYMOUS, PolicySet(rcps=(PERIMETER,), resource=OPEN),
    ("s3:GetObject", f"{S3}b/k", "!rcp"), owner=A,
)  # fmt: skip
story("RCP: services pass", service("cloudtrail.amazonaws.com"), PolicySet(rcps=(PERIMETER,), resource=OPEN),
    ("s3:GetObject", f"{S3}b/k", "+resource"), owner=A,
)  # fmt: skip
story("RCP: not in the management account", user("bob", C),
    PolicySet(identity=ADMIN, rcps=(PERIMETER,), resource=OPEN, resource_management=True),
    ("s3:GetObject", f"{S3}b/k", "+identity"), owner=A,
)  # fmt: skip
story("RCP: not without a resource, nor retiring grants", user("u"),
    PolicySet(identity=ADMIN, rcps=(rcp(deny("*", who="*")),)),
    ("s3:ListAllMyBuckets", "*", "+identity"),
    ("s3:GetObject", f"{S3}b/k", "!rcp"),
    ("kms:RetireGrant", f"arn:aws:kms:us-east-1:{A}:key/1", "+identity"),
)  # fmt: skip
story("RCP: not where a service assumes its service-linked role", service("autoscaling.amazonaws.com"),
    PolicySet(rcps=(rcp(deny("sts:*", who="*")),),
              resource=trust(allow("sts:AssumeRole", None, {"Service": "autoscaling.amazonaws.com"}))),
    ("sts:AssumeRole", f"arn:aws:iam::{A}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleX", "+trust"),
    ("sts:AssumeRole", f"arn:aws:iam::{A}:role/mine", "!rcp"),
)  # fmt: skip
story("RCP: AWS's own allows all", user("u"),
    PolicySet(identity=ADMIN, rcps=(rcp({"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}),)),
    ("s3:GetObject", f"{S3}b/k", "+identity"),
)  # fmt: skip
story("RCP before SCP before resource before identity before boundary before session", role("r"),
    PolicySet(identity=ids(deny("*")), boundary=doc(deny("*")), session=(doc(deny("*")),), scps=(scp(deny("*")),),
              rcps=(rcp(deny("s3:*", who="*")),), resource=res(deny(["s3:*", "sqs:*"], "*", "*"))),
    ("s3:GetObject", f"{S3}b/k", "!rcp"),
    ("sqs:SendMessage", Q, "!scp"),
)  # fmt: skip
story("resource before identity", role("r"),
    PolicySet(identity=ids(deny("*")), boundary=doc(deny("*")), resource=res(deny("sqs:*", "*", "*"))),
    ("sqs:SendMessage", Q, "!resource"),
    ("sns:Publish", "*", "!identity"),
)  # fmt: skip
story("boundary before session", role("r"),
    PolicySet(identity=ADMIN, boundary=doc(deny("s3:*")), session=(doc(deny("*")),)),
    ("s3:GetObject", f"{S3}b/k", "!boundary"),
    ("sns:Publish", "*", "!session"),
)  # fmt: skip

# --- Services as principals -------------------------------------------------------------------------------------------

TOPIC = f"arn:aws:sns:us-east-1:{A}:t"
FROM_TOPIC = res(allow("sqs:SendMessage", Q, {"Service": "sns.amazonaws.com"}, {"ArnEquals": {"aws:SourceArn": TOPIC}}))
story("a topic delivers to a queue", service("sns.amazonaws.com"), PolicySet(resource=FROM_TOPIC),
    ("sqs:SendMessage", Q, "+resource", {}, {"source_arn": TOPIC}),
    ("sqs:SendMessage", Q, "-resource", {}, {"source_arn": f"{TOPIC}2"}),
    ("sqs:SendMessage", Q, "-resource"),
    ("sqs:ReceiveMessage", Q, "-resource", {}, {"source_arn": TOPIC}),
)  # fmt: skip
story("no other service delivers", service("s3.amazonaws.com"), PolicySet(resource=FROM_TOPIC),
    ("sqs:SendMessage", Q, "-resource", {}, {"source_arn": TOPIC}),
)  # fmt: skip
story("a service without a policy", service("sns.amazonaws.com"), PolicySet(), ("sqs:SendMessage", Q, "-resource"))
story("the old way: everyone, from that topic", service("sns.amazonaws.com"),
    PolicySet(resource=res(allow("sqs:SendMessage", Q, {"AWS": "*"}, {"ArnLike": {"aws:SourceArn": TOPIC}}))),
    ("sqs:SendMessage", Q, "+resource", {}, {"source_arn": TOPIC}),
    ("sqs:SendMessage", Q, "-resource", {}, {"source_arn": "arn:aws:sns:us-east-1:999999999999:t"}),
)  # fmt: skip
story("the confused deputy", service("cloudtrail.amazonaws.com", C),
    PolicySet(resource=res(allow("s3:PutObject", f"{S3}trail/AWSLogs/*", {"Service": "cloudtrail.amazonaws.com"}, {
        "StringEquals": {"aws:SourceAccount": A},
        "ArnLike": {"aws:SourceArn": f"arn:aws:cloudtrail:*:{A}:trail/*"}}))),
    ("s3:PutObject", f"{S3}trail/AWSLogs/x", "+resource", {},
     {"source_account": A, "source_arn": f"arn:aws:cloudtrail:us-east-1:{A}:trail/t"}),
    ("s3:PutObject", f"{S3}trail/AWSLogs/x", "-resource", {},
     {"source_account": C, "source_arn": f"arn:aws:cloudtrail:us-east-1:{C}:trail/t"}),
    ("s3:PutObject", f"{S3}trail/AWSLogs/x", "-resource"),
    owner=A,
)  # fmt: skip
story("an account's root does not name services", service("sns.amazonaws.com"),
    PolicySet(resource=res(allow("sqs:*", Q, {"AWS": f"arn:aws:iam::{A}:root"}))),
    ("sqs:SendMessage", Q, "-resource"),
)  # fmt: skip
story("a service is denied by its name", service("sns.amazonaws.com"),
    PolicySet(resource=res(allow("sqs:*", Q, "*"), deny("sqs:*", Q, {"Service": "sns.amazonaws.com"}))),
    ("sqs:SendMessage", Q, "!resource"),
)  # fmt: skip
story("only services, by the flag", user("u"),
    PolicySet(identity=ADMIN,
        resource=res(deny("sqs:SendMessage", Q, "*", {"Bool": {"aws:PrincipalIsAWSService": "false"}}))),
    ("sqs:SendMessage", Q, "!resource"),
    ("sqs:ReceiveMessage", Q, "+identity"),
)  # fmt: skip

# --- Policies that must allow: keys and roles -------------------------------------------------------------------------

KEY = f"arn:aws:kms:us-east-1:{A}:key/1234"
DEFAULT_KEY = res(allow("kms:*", "*", {"AWS": f"arn:aws:iam::{A}:root"}))
story("a key leaves it to IAM", user("u"),
    PolicySet(identity=ids(allow("kms:Encrypt")), resource=DEFAULT_KEY, mandatory=True),
    ("kms:Encrypt", KEY, "+identity"),
    ("kms:Decrypt", KEY, "-identity"),
    marks=pytest.mark.rule("kms-027", "kms-032"),
)  # fmt: skip
ROLE_X = res(allow("kms:Decrypt", "*", {"AWS": f"arn:aws:iam::{A}:role/X"}))
story("a key that names role X only: a user", user("u"),
    PolicySet(identity=ids(allow("kms:*")), resource=ROLE_X, mandatory=True),
    ("kms:Decrypt", KEY, "-resource"),
    marks=pytest.mark.rule("kms-027"),
)  # fmt: skip
story("a key that names role X only: X", role("X"), PolicySet(resource=ROLE_X, mandatory=True),
    ("kms:Decrypt", KEY, "+resource"),
    ("kms:Encrypt", KEY, "-resource"),
    marks=pytest.mark.rule("kms-027", "kms-028"),
)  # fmt: skip
story("a key that does not know its root", root(), PolicySet(resource=ROLE_X, mandatory=True),
    ("kms:Decrypt", KEY, "-resource"),
)  # fmt: skip
story("a key that knows its root", root(), PolicySet(resource=DEFAULT_KEY, mandatory=True),
    ("kms:Decrypt", KEY, "+resource"),
)  # fmt: skip
story(
    "a key without a policy",
    user("admin"),
    PolicySet(identity=ADMIN, mandatory=True),
    ("kms:Decrypt", KEY, "-resource"),
)
story("a key of another account: both", user("bob", B),
    PolicySet(identity=ids(allow("kms:Decrypt", KEY)), mandatory=True,
              resource=res(allow("kms:Decrypt", "*", ACCOUNT_B))),
    ("kms:Decrypt", KEY, "+identity"),
    ("kms:Encrypt", KEY, "-resource"),
    owner=A, marks=pytest.mark.rule("kms-030"),
)  # fmt: skip
story("a key of another account: one side", user("bob", B),
    PolicySet(mandatory=True, resource=res(allow("kms:Decrypt", "*", ACCOUNT_B))),
    ("kms:Decrypt", KEY, "-identity"), owner=A,
    marks=pytest.mark.rule("kms-030"),
)  # fmt: skip
story("a key of another account: the other side", user("bob", B),
    PolicySet(mandatory=True, identity=ids(allow("kms:*")), resource=DEFAULT_KEY),
    ("kms:Decrypt", KEY, "-resource"), owner=A,
    marks=pytest.mark.rule("kms-030"),
)  # fmt: skip
story("a key for one service and account", user("u"),
    PolicySet(mandatory=True, resource=res(allow("kms:Decrypt", "*", "*", {
        "StringEquals": {"kms:ViaService": "ec2.us-east-1.amazonaws.com", "kms:CallerAccount": A}}))),
    ("kms:Decrypt", KEY, "-resource", {"kms:CallerAccount": A}),
    ("kms:Decrypt", KEY, "+resource", {"kms:CallerAccount": A, "kms:ViaService": "ec2.us-east-1.amazonaws.com"}),
    ("kms:Decrypt", KEY, "-resource", {"kms:CallerAccount": B, "kms:ViaService": "ec2.us-east-1.amazonaws.com"}),
    marks=pytest.mark.rule("kms-031"),
)  # fmt: skip
story("encryption contexts", user("u"),
    PolicySet(mandatory=True, resource=res(allow("kms:Decrypt", "*", "*", {
        "StringEquals": {"kms:EncryptionContext:AppName": "ExampleApp"},
        "ForAllValues:StringEquals": {"kms:EncryptionContextKeys": ["AppName", "FilePath"]}}))),
    ("kms:Decrypt", KEY, "+resource",
     {"kms:EncryptionContext:AppName": "ExampleApp", "kms:EncryptionContextKeys": ["AppName"]}),
    ("kms:Decrypt", KEY, "-resource",
     {"kms:EncryptionContext:AppName": "ExampleApp", "kms:EncryptionContextKeys": ["AppName", "Other"]}),
    ("kms:Decrypt", KEY, "-resource"),
)  # fmt: skip

ROLE = f"arn:aws:iam::{A}:role/R"
TRUST_USER = trust(allow("sts:AssumeRole", None, {"AWS": f"arn:aws:iam::{A}:user/u"}))
TRUST_ACCOUNT = trust(allow("sts:AssumeRole", None, {"AWS": f"arn:aws:iam::{A}:root"}))
story("a role that trusts the user itself", user("u"), PolicySet(resource=TRUST_USER),
    ("sts:AssumeRole", ROLE, "+trust"),
    ("sts:TagSession", ROLE, "-trust"),
    marks=pytest.mark.rule("sts-005"),
)  # fmt: skip
story("a role that trusts another", user("v"), PolicySet(identity=ADMIN, resource=TRUST_USER),
    ("sts:AssumeRole", ROLE, "-trust"),
    marks=pytest.mark.rule("sts-005"),
)  # fmt: skip
story("a role that trusts the account: not allowed by IAM", user("u"), PolicySet(resource=TRUST_ACCOUNT),
    ("sts:AssumeRole", ROLE, "-identity"),
    marks=pytest.mark.rule("sts-005"),
)  # fmt: skip
story("a role that trusts the account: allowed by IAM", user("u"),
    PolicySet(identity=ids(allow("sts:AssumeRole", ROLE)), resource=TRUST_ACCOUNT),
    ("sts:AssumeRole", ROLE, "+identity"),
    marks=pytest.mark.rule("sts-005"),
)  # fmt: skip
FROM_B = trust(allow("sts:AssumeRole", None, ACCOUNT_B, {"StringEquals": {"sts:ExternalId": "12345"}}))
story("a role for another account", user("bob", B), PolicySet(identity=ids(allow("sts:AssumeRole")), resource=FROM_B),
    ("sts:AssumeRole", ROLE, "+identity", {"sts:ExternalId": "12345"}),
    ("sts:AssumeRole", ROLE, "-trust", {"sts:ExternalId": "54321"}),
    ("sts:AssumeRole", ROLE, "-trust"),
    owner=A, marks=pytest.mark.rule("sts-006"),
)  # fmt: skip
story("a role for another account: trust alone", user("bob", B), PolicySet(resource=FROM_B),
    ("sts:AssumeRole", ROLE, "-identity", {"sts:ExternalId": "12345"}),
    owner=A, marks=pytest.mark.rule("sts-006"),
)  # fmt: skip
story("a role for another account: IAM alone", user("bob", B), PolicySet(identity=ADMIN, resource=TRUST_ACCOUNT),
    ("sts:AssumeRole", ROLE, "-trust"),
    owner=A, marks=pytest.mark.rule("sts-006"),
)  # fmt: skip
story("a role without trust", user("admin"), PolicySet(identity=ADMIN,
    resource=trust(deny("sts:AssumeRole", None, "*"))),
    ("sts:AssumeRole", ROLE, "!trust"),
)  # fmt: skip
story("a role that wants MFA", user("u"),
    PolicySet(identity=ADMIN, resource=trust(allow("sts:AssumeRole", None, {"AWS": A},
                                                   {"Bool": {"aws:MultiFactorAuthPresent": "true"}}))),
    ("sts:AssumeRole", ROLE, "-trust"),
    ("sts:AssumeRole", ROLE, "+identity", {"aws:MultiFactorAuthPresent": True}),
)  # fmt: skip
story("a role for a service", service("lambda.amazonaws.com"),
    PolicySet(resource=trust(allow("sts:AssumeRole", None,
        {"Service": ["lambda.amazonaws.com", "edgelambda.amazonaws.com"]}))),
    ("sts:AssumeRole", ROLE, "+trust"),
)  # fmt: skip
story("a role for another service", service("lambda.amazonaws.com"),
    PolicySet(resource=trust(allow("sts:AssumeRole", None, {"Service": "ec2.amazonaws.com"}))),
    ("sts:AssumeRole", ROLE, "-trust"),
)  # fmt: skip
GITHUB = f"arn:aws:iam::{A}:oidc-provider/token.actions.githubusercontent.com"
GITHUB_KEY = "token.actions.githubusercontent.com"
story("web identities", Principal("repo:o/r", A, "federated", federated=(GITHUB,)),
    PolicySet(resource=trust(allow("sts:AssumeRoleWithWebIdentity", None, {"Federated": GITHUB}, {
        "StringEquals": {f"{GITHUB_KEY}:aud": "sts.amazonaws.com"},
        "StringLike": {f"{GITHUB_KEY}:sub": "repo:o/r:*"}}))),
    ("sts:AssumeRoleWithWebIdentity", ROLE, "+trust",
     {f"{GITHUB_KEY}:aud": "sts.amazonaws.com", f"{GITHUB_KEY}:sub": "repo:o/r:ref:refs/heads/main"}),
    ("sts:AssumeRoleWithWebIdentity", ROLE, "-trust",
     {f"{GITHUB_KEY}:aud": "sts.amazonaws.com", f"{GITHUB_KEY}:sub": "repo:o/other:ref:refs/heads/main"}),
    ("sts:AssumeRoleWithWebIdentity", ROLE, "-trust", {f"{GITHUB_KEY}:sub": "repo:o/r:x"}),
    ("sts:AssumeRole", ROLE, "-trust",
     {f"{GITHUB_KEY}:aud": "sts.amazonaws.com", f"{GITHUB_KEY}:sub": "repo:o/r:x"}),
)  # fmt: skip
story("another provider", Principal("x", A, "federated", federated=("accounts.google.com",)),
    PolicySet(resource=trust(allow("sts:AssumeRoleWithWebIdentity", None, {"Federated": GITHUB}))),
    ("sts:AssumeRoleWithWebIdentity", ROLE, "-trust"),
)  # fmt: skip
SAML = f"arn:aws:iam::{A}:saml-provider/ExampleOrg"
story("SAML", Principal("x", A, "federated", federated=(SAML,)),
    PolicySet(resource=trust(allow("sts:AssumeRoleWithSAML", None, {"Federated": SAML},
                                   {"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}}))),
    ("sts:AssumeRoleWithSAML", ROLE, "+trust", {"saml:aud": "https://signin.aws.amazon.com/saml"}),
    ("sts:AssumeRoleWithSAML", ROLE, "-trust", {"saml:aud": "https://elsewhere"}),
)  # fmt: skip
story("chaining: a role that trusts a role", role("first"),
    PolicySet(resource=trust(allow("sts:AssumeRole", None, {"AWS": f"arn:aws:iam::{A}:role/first"}))),
    ("sts:AssumeRole", ROLE, "+trust"),
)  # fmt: skip
story("session names", role("first"),
    PolicySet(identity=ADMIN, resource=trust(allow("sts:AssumeRole", None, {"AWS": A},
                                                   {"StringLike": {"sts:RoleSessionName": "${aws:username}"}}))),
    ("sts:AssumeRole", ROLE, "-trust", {"sts:RoleSessionName": "bob"}),
)  # fmt: skip
story("session names of users", user("bob"),
    PolicySet(identity=ADMIN, resource=trust(allow("sts:AssumeRole", None, {"AWS": A},
                                                   {"StringLike": {"sts:RoleSessionName": "${aws:username}"}}))),
    ("sts:AssumeRole", ROLE, "+identity", {"sts:RoleSessionName": "bob"}),
    ("sts:AssumeRole", ROLE, "-trust", {"sts:RoleSessionName": "eve"}),
)  # fmt: skip

# --- Everyone and nobody ----------------------------------------------------------------------------------------------

story("nobody in particular", ANONYMOUS, PolicySet(), ("s3:GetObject", f"{S3}b/k", "-resource"), owner=A)
story("an account is not everyone", ANONYMOUS, PolicySet(resource=res(allow("s3:*", f"{S3}b/*", {"AWS": A}))),
    ("s3:GetObject", f"{S3}b/k", "-resource"), owner=A,
)  # fmt: skip
for principal in ("*", {"AWS": "*"}):
    story(f"everyone: {principal}", ANONYMOUS,
        PolicySet(resource=res(allow("s3:GetObject", f"{S3}b/*", principal), deny("s3:GetObject", f"{S3}b/secret",
            "*"))),
        ("s3:GetObject", f"{S3}b/k", "+resource"),
        ("s3:GetObject", f"{S3}b/secret", "!resource"),
        ("s3:ListBucket", f"{S3}b", "-resource"),
        owner=A, marks=pytest.mark.rule("s3-195"),
    )  # fmt: skip
story("a user's ARN is that user alone", user("eve"),
    PolicySet(resource=res(allow("s3:GetObject", f"{S3}b/*", {"AWS": f"arn:aws:iam::{A}:user/u"}))),
    ("s3:GetObject", f"{S3}b/k", "-identity"),
    marks=pytest.mark.rule("s3-195"),
)  # fmt: skip

# --- VPC endpoints ----------------------------------------------------------------------------------------------------

ENDPOINT = doc(allow("s3:*", f"{S3}b/*", "*"), deny("s3:DeleteObject", "*", "*"), kind="endpoint")
story("through an endpoint", user("u"), PolicySet(identity=ADMIN, endpoint=ENDPOINT),
    ("s3:GetObject", f"{S3}b/k", "+identity"),
    ("s3:GetObject", f"{S3}c/k", "-endpoint"),
    ("s3:DeleteObject", f"{S3}b/k", "!endpoint"),
)  # fmt: skip
story("only through one endpoint", user("u"),
    PolicySet(identity=ADMIN,
        resource=res(deny("s3:*", f"{S3}b/*", "*", {"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}))),
    ("s3:GetObject", f"{S3}b/k", "+identity", {}, {"vpc_endpoint": "vpce-1"}),
    ("s3:GetObject", f"{S3}b/k", "!resource", {}, {"vpc_endpoint": "vpce-2"}),
    ("s3:GetObject", f"{S3}b/k", "!resource"),
)  # fmt: skip


def rows() -> list[Any]:
    found = []
    for each in STORIES:
        for number, request in enumerate(each.requests):
            found.append(pytest.param(each, request, marks=each.marks, id=f"{each.name} #{number} {request[0]}"))
    return found


ROWS = rows()


@pytest.mark.parametrize(("told", "request_"), ROWS)
def test_decision(told: Story, request_: tuple[Any, ...]) -> None:
    action, resource, expected, *more = request_
    extras = more[0] if more else {}
    facts = Facts(**{"time": NOW, "region": "us-east-1", **told.facts, **(more[1] if len(more) > 1 else {})})
    context = build(told.who, facts, extras)
    decision = decide(AuthorizationRequest(told.who, action, resource, context, told.owner), told.policies)
    sign = "+" if decision.allowed else "!" if decision.explicit else "-"
    assert f"{sign}{decision.reason}" == expected
    if decision.by is not None:
        assert decision.by.statement.allow is decision.allowed
        assert decision.by.statement in decision.by.policy.statements
    if not decision.allowed:
        assert decision.explicit is (decision.by is not None)


def test_there_are_three_hundred() -> None:
    assert len(ROWS) >= 300


def test_a_caller_becomes_a_principal() -> None:
    session = Session(NOW, NOW + 900, role_arn=f"arn:aws:iam::{A}:role/x/app", federated="accounts.google.com")
    caller = Caller(A, f"arn:aws:sts::{A}:assumed-role/app/s", "AROAEXAMPLE:s", type="assumed-role", session=session)
    principal = Principal.of(caller)
    assert principal.policy_arn == f"arn:aws:iam::{A}:role/x/app"
    assert principal.role_names == {f"arn:aws:iam::{A}:role/x/app", "AROAEXAMPLE"}
    assert principal.federated == {"accounts.google.com"}
    assert not principal.service_linked


def test_a_session_without_its_role_has_the_role_without_a_path() -> None:
    assert role("app").policy_arn == f"arn:aws:iam::{A}:role/app"
    bare = Principal(f"arn:aws-cn:sts::{A}:assumed-role/app/s", A, "assumed-role")
    assert bare.policy_arn == f"arn:aws-cn:iam::{A}:role/app"

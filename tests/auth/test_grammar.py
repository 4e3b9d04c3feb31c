"""Documents that are policies, and what AWS says of those that are not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from awsim.auth.policy import PolicyError, parse

SYNTAX = "Syntax errors in policy."
PREFACED = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
LEGACY = "The policy failed legacy parsing"
IAM_PATH = (
    'IAM resource path must either be "*" or start with user/, federated-user/, role/, group/, instance-profile/, '
    "mfa/, server-certificate/, policy/, sms-mfa/, saml-provider/, oidc-provider/, report/, or access-report/."
)
GOOD = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
TRUST = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
BUCKET = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}


def doc(*statements: Any, version: Any = "2012-10-17", **more: Any) -> str:
    whole = {"Version": version, "Statement": list(statements), **more}
    return json.dumps({key: value for key, value in whole.items() if value is not None})


def but(statement: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The statement with changes; None takes an element away."""
    return {key: value for key, value in {**statement, **changes}.items() if value is not None}


def refusal(text: str, kind: str) -> PolicyError:
    with pytest.raises(PolicyError) as caught:
        parse(text, kind)
    return caught.value


MANAGED: list[tuple[str, str]] = [
    ("", SYNTAX),
    ("{", SYNTAX),
    ("[]", SYNTAX),
    ('"x"', SYNTAX),
    ("not json", SYNTAX),
    ("[" * 100_000, SYNTAX),
    ("{}", "Policy document must be version 2012-10-17 or greater."),
    (doc(GOOD, version=None), "Policy document must be version 2012-10-17 or greater."),
    (doc(GOOD, version="2008-10-17"), "Policy document must be version 2012-10-17 or greater."),
    (doc(GOOD, version="2012-10-18"), SYNTAX),
    (doc(GOOD, version=20121017), SYNTAX),
    ('{"Version": "2012-10-17"}', SYNTAX),
    ('{"Version": "2012-10-17", "Statement": []}', SYNTAX),
    ('{"Version": "2012-10-17", "Statement": "x"}', SYNTAX),
    ('{"Version": "2012-10-17", "Statement": ["x"]}', SYNTAX),
    ('{"Version": "2012-10-17", "Version": "2012-10-17", "Statement": []}', SYNTAX),
    (doc(GOOD, Extra="x"), SYNTAX),
    (doc(GOOD, Id=["x"]), SYNTAX),
    (doc(but(GOOD, Extra="x")), SYNTAX),
    (doc(but(GOOD, Effect=None)), SYNTAX),
    (doc(but(GOOD, Effect="allow")), SYNTAX),
    (doc(but(GOOD, Effect="Perhaps")), SYNTAX),
    (doc(but(GOOD, Effect=["Allow"])), SYNTAX),
    (doc(but(GOOD, Sid=7)), SYNTAX),
    (doc(but(GOOD, Sid="a b")),
     "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*"),
    (doc(but(GOOD, Sid="a"), but(GOOD, Sid="a")), "Statement IDs (SID) in a single policy must be unique."),
    (doc(but(GOOD, Principal="*")), "Policy document should not specify a principal."),
    (doc(but(GOOD, NotPrincipal={"AWS": "1"})), "Policy document should not specify a principal."),
    (doc(but(GOOD, Action=None)), "Policy statement must contain actions."),
    (doc(but(GOOD, Action=[])), "Policy statement must contain actions."),
    (doc(but(GOOD, Resource=None)), "Policy statement must contain resources."),
    (doc(but(GOOD, Resource=[])), "Policy statement must contain resources."),
    (doc(but(GOOD, NotAction="s3:*")), SYNTAX),
    (doc(but(GOOD, NotResource="*")), SYNTAX),
    (doc(but(GOOD, Action=7)), SYNTAX),
    (doc(but(GOOD, Action=["s3:*", 7])), SYNTAX),
    (doc(but(GOOD, Action={"a": "b"})), SYNTAX),
    (doc(but(GOOD, Resource={"a": "b"})), SYNTAX),
    (doc(but(GOOD, Action="")), PREFACED),
    (doc(but(GOOD, Action="GetObject")), PREFACED),
    (doc(but(GOOD, Action=["s3:*", "x"])), PREFACED),
    (doc(but(GOOD, Action=None, NotAction="x")), PREFACED),
    (doc(but(GOOD, Action="s3:Get:Object")), "Actions/Condition can contain only one colon."),
    (doc(but(GOOD, Action="a a:b")), "Vendor a a is not valid"),
    (doc(but(GOOD, Action="s3*:b")), "Vendor s3* is not valid"),
    (doc(but(GOOD, Action=":b")), "Vendor  is not valid"),
    (doc(but(GOOD, Action="s3:")), LEGACY),
    (doc(but(GOOD, Resource="bucket")), 'Resource bucket must be in ARN format or "*".'),
    (doc(but(GOOD, Resource="")), 'Resource  must be in ARN format or "*".'),
    (doc(but(GOOD, Resource=["*", "x:y:z"])), 'Resource x:y:z must be in ARN format or "*".'),
    (doc(but(GOOD, Resource=None, NotResource="bucket")), 'Resource bucket must be in ARN format or "*".'),
    (doc(but(GOOD, Resource="arn:error:s3:::b")), 'Partition "error" is not valid for resource "arn:error:s3:::b".'),
    (doc(but(GOOD, Resource="arn::s3:::b")), 'Partition "" is not valid for resource "arn::s3:::b".'),
    (doc(but(GOOD, Resource="arn:x")), 'Partition "x" is not valid for resource "arn:x:*:*:*:*".'),
    (doc(but(GOOD, Resource="arn:aws:s3::b")), LEGACY),
    (doc(but(GOOD, Resource="arn:aws:iam:us-east-1:111111111111:user/x")),
     "IAM resource arn:aws:iam:us-east-1:111111111111:user/x cannot contain region information."),
    (doc(but(GOOD, Resource="arn:aws:iam::111111111111:users/x")), IAM_PATH),
    (doc(but(GOOD, Resource="arn:aws:s3:us-east-1:111111111111:b")),
     "Resource arn:aws:s3:us-east-1:111111111111:b can not contain region information."),
    (doc(but(GOOD, Condition="x")), SYNTAX),
    (doc(but(GOOD, Condition={"StringEquals": "x"})), SYNTAX),
    (doc(but(GOOD, Condition={"stringEquals": {"aws:x": "y"}})), SYNTAX),
    (doc(but(GOOD, Condition={"NullIfExists": {"aws:x": "true"}})), SYNTAX),
    (doc(but(GOOD, Condition={"StringEquals": {"aws:x": {"y": "z"}}})), SYNTAX),
    (doc(but(GOOD, Condition={"StringEquals": {"aws:x": [["y"]]}})), SYNTAX),
    (doc(but(GOOD, Condition={"StringEquals": {"username": "y"}})), PREFACED),
    (doc(but(GOOD, Condition={"DateLessThan": {"aws:CurrentTime": "soon"}})), LEGACY),
    (doc(but(GOOD, Condition={"IpAddress": {"aws:SourceIp": "here"}})), LEGACY),
    ('{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Effect": "Deny", "Action": "*", "Resource": "*"}}',
     SYNTAX),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), MANAGED)
def test_managed_policies_that_are_none(text: str, message: str) -> None:
    assert refusal(text, "managed").message == message


@pytest.mark.parametrize(
    "text",
    [
        doc(GOOD),
        doc(but(GOOD, Sid="")),
        doc(but(GOOD, Sid=""), but(GOOD, Sid="")),
        doc(but(GOOD, Sid="Abc123"), GOOD, Id="anything at all"),
        json.dumps({"Version": "2012-10-17", "Statement": GOOD}),
        doc(but(GOOD, Action=["*"])),
        doc(but(GOOD, Action=None, NotAction=["iam:*", "unknown-service:Some?hing"])),
        doc(but(GOOD, Resource=None, NotResource="arn:aws-cn:s3:::b")),
        doc(but(GOOD, Resource=["arn:*:s3:::b", "arn:aws:sqs:*", "arn:aws-us-gov:iam::*:role/x"])),
        doc(but(GOOD, Resource="arn:aws:iam::111111111111:user/${aws:username}")),
        doc(but(GOOD, Resource="arn:aws:s3:us-east-1:111111111111:accesspoint/a/object/*")),
        doc(but(GOOD, Condition={})),
        doc(but(GOOD, Condition={"Bool": {"aws:SecureTransport": True}, "NumericEquals": {"s3:max-keys": 10}})),
        doc(but(GOOD, Condition={"ForAnyValue:StringLikeIfExists": {"aws:TagKeys": ["a", "b"]}})),
        doc(but(GOOD, Condition={"DateLessThan": {"aws:CurrentTime": ["2020-01-01", "1577836800"]}})),
    ],
)
def test_managed_policies(text: str) -> None:
    assert parse(text, "managed").version == "2012-10-17"


@pytest.mark.parametrize("kind", ["identity", "session"])
def test_inline_policies_may_be_of_the_old_version(kind: str) -> None:
    assert parse(doc(GOOD, version=None), kind).version == "2008-10-17"
    assert parse(doc(GOOD, version="2008-10-17"), kind).version == "2008-10-17"
    assert refusal(doc(but(GOOD, Action="x")), kind).message == PREFACED


def test_a_boundary_is_a_managed_policy() -> None:
    assert refusal(doc(GOOD, version=None), "boundary").problem == "version"


TRUSTS: list[tuple[str, str]] = [
    ("not json", "This policy contains invalid Json"),
    ("[]", "This policy contains invalid Json"),
    ("{}", "Missing required field Statement"),
    (doc(but(TRUST, Resource="*")), "Has prohibited field Resource"),
    (doc(but(TRUST, NotResource="*")), "Has prohibited field NotResource"),
    (doc(but(TRUST, Principal=None, NotPrincipal={"AWS": "111111111111"})), "Has prohibited field NotPrincipal"),
    (doc(but(TRUST, Principal=None)), "Missing required field Principal"),
    (doc(but(TRUST, Principal={})), "Missing required field Principal"),
    (doc(but(TRUST, Action=None)), "Missing required field Action"),
    (doc(but(TRUST, Effect=None)), "Missing required field Effect"),
    (doc(but(TRUST, Extra="x")), "Unknown field Extra"),
    (doc(but(TRUST, Action="*")), "AssumeRole policy may only specify STS AssumeRole actions."),
    (doc(but(TRUST, Action=["sts:AssumeRole", "s3:GetObject"])),
     "AssumeRole policy may only specify STS AssumeRole actions."),
    (doc(but(TRUST, Principal={"AWS": "arn:aws:iam::1234:root"})),
     'Invalid principal in policy: "AWS":"arn:aws:iam::1234:root"'),
    (doc(but(TRUST, Principal={"AWS": "arn:aws:iam::111111111111:role/*"})),
     'Invalid principal in policy: "AWS":"arn:aws:iam::111111111111:role/*"'),
    (doc(but(TRUST, Principal={"AWS": "bob"})), 'Invalid principal in policy: "AWS":"bob"'),
    (doc(but(TRUST, Principal={"AWS": "arn:aws:iam::111111111111:group/g"})),
     'Invalid principal in policy: "AWS":"arn:aws:iam::111111111111:group/g"'),
    (doc(but(TRUST, Principal={"Service": "ec2"})), 'Invalid principal in policy: "SERVICE":"ec2"'),
    (doc(but(TRUST, Principal={"Federated": "x"})),
     "Federated principals must be valid domain names or SAML metadata ARNs"),
    (doc(but(TRUST, Principal="bob")), 'Invalid principal in policy: "bob"'),
    (doc(but(TRUST, Principal={"Nobody": "x"})), 'Invalid principal in policy: "Nobody"'),
    (doc(but(TRUST, Principal={"AWS": {"x": "y"}})), SYNTAX),
    (doc(but(TRUST, Condition={"Equals": {"aws:x": "y"}})), "Invalid Condition type : Equals"),
    (doc(but(TRUST, Effect="allow")), "Invalid effect: allow"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), TRUSTS)
def test_trust_policies_that_are_none(text: str, message: str) -> None:
    assert refusal(text, "trust").message == message


@pytest.mark.parametrize(
    "principal",
    [
        "*",
        {"AWS": "*"},
        {"AWS": "111111111111"},
        {"AWS": ["arn:aws:iam::111111111111:root", "arn:aws-cn:iam::111111111111:user/path/bob"]},
        {"AWS": "arn:aws:sts::111111111111:assumed-role/r/session"},
        {"AWS": "arn:aws:sts::111111111111:federated-user/f"},
        {"AWS": "AIDACKCEVSQ6C2EXAMPLE"},
        {"Service": ["ec2.amazonaws.com", "lambda.amazonaws.com"], "AWS": "111111111111"},
        {"Service": "ec2.amazonaws.com.cn"},
        {"Federated": "accounts.google.com"},
        {"Federated": "cognito-identity.amazonaws.com"},
        {"Federated": "arn:aws:iam::111111111111:saml-provider/p"},
        {"Federated": "arn:aws:iam::111111111111:oidc-provider/server.example.com/id"},
    ],
)
def test_trust_policies(principal: Any) -> None:
    actions = ["sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity", "sts:TagSession"]
    assert parse(doc(but(TRUST, Principal=principal, Action=actions)), "trust").kind == "trust"


RESOURCES: list[tuple[str, str, str]] = [
    ("{}", "syntax", "Missing required field Statement"),
    ("random", "json", "This policy contains invalid Json"),
    ("", "json", "This policy contains invalid Json"),
    (doc(BUCKET, version="2020-01-01"), "version", "The policy must contain a valid version string"),
    (doc(but(BUCKET, Principal=None)), "syntax", "Missing required field Principal"),
    (doc(but(BUCKET, Principal={"AWS": "bob"})), "principal", "Invalid principal in policy"),
    (doc(but(BUCKET, Action="GetObject")), "action", "Policy has invalid action"),
    (doc(but(BUCKET, Resource="b/*")), "resource", "Policy has invalid resource"),
    (doc(but(BUCKET, Sid="a"), but(BUCKET, Sid="a")), "sid", "Statement IDs (SID) in a single policy must be unique."),
    ('{"Statement": [], "Statement": []}', "syntax", "Invalid policy syntax."),
]


@pytest.mark.parametrize(("text", "problem", "message"), RESOURCES)
def test_resource_policies_that_are_none(text: str, problem: str, message: str) -> None:
    refused = refusal(text, "resource")
    assert (refused.problem, refused.message) == (problem, message)


def test_a_bad_principal_is_named() -> None:
    assert refusal(doc(but(BUCKET, Principal={"AWS": "bob"})), "resource").detail == '"AWS" : "bob"'


def test_resource_policies() -> None:
    policy = parse(doc(but(BUCKET, Sid="Public read, with spaces"), version="2008-10-17", Id="x"), "resource")
    assert (policy.version, policy.id, policy.statements[0].sid) == ("2008-10-17", "x", "Public read, with spaces")
    # A queue's policy may leave the queue out.
    assert parse(doc(but(BUCKET, Resource=None)), "resource").statements[0].resources is None
    assert parse(doc(but(BUCKET, Principal=None, NotPrincipal={"AWS": "111111111111"})), "resource").principals == (
        ("AWS", "111111111111"),
    )


ORGANIZATION = "The provided policy document does not meet the requirements of the specified policy type."


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("scp", "x"),
        ("scp", doc(but(GOOD, Action="x"))),
        ("scp", doc(but(GOOD, Principal="*"))),
        ("scp", doc(but(GOOD, Resource=None))),
        ("rcp", doc(but(BUCKET))),
        ("rcp", doc(but(BUCKET, Effect="Deny", Principal={"AWS": "111111111111"}))),
        ("rcp", doc(but(BUCKET, Effect="Deny", Principal=None))),
        ("rcp", doc(but(BUCKET, Effect="Deny", Action=None, NotAction="s3:*"))),
    ],
)
def test_policies_of_organizations_that_are_none(kind: str, text: str) -> None:
    assert refusal(text, kind).message == ORGANIZATION


def test_policies_of_organizations() -> None:
    assert parse(doc(GOOD), "scp").kind == "scp"
    assert parse(doc(but(GOOD, Effect="Deny", Resource=None, NotResource="*")), "scp").kind == "scp"
    assert parse(doc(but(BUCKET, Effect="Deny")), "rcp").kind == "rcp"
    assert parse(doc({"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}), "rcp").kind == "rcp"


def test_the_same_text_is_the_same_policy() -> None:
    assert parse(doc(GOOD), "managed") is parse(doc(GOOD), "managed")
    assert parse(doc(GOOD), "managed") is not parse(doc(GOOD), "identity")


def test_a_kind_that_is_none() -> None:
    with pytest.raises(ValueError, match="no kind of policy: 'bucket'"):
        parse(doc(GOOD), "bucket")


def test_names_are_given_to_copies() -> None:
    plain = parse(doc(GOOD))
    named = plain.named("inline", "arn:aws:iam::111111111111:policy/p")
    assert (named.name, named.arn) == ("inline", "arn:aws:iam::111111111111:policy/p")
    assert (plain.name, plain.arn) == ("", None)
    assert named.statements is plain.statements


def test_context_keys() -> None:
    text = doc(
        but(GOOD, Resource="arn:aws:s3:::b/${aws:username}", Condition={"StringLike": {"s3:prefix": "${aws:userid}"}}),
        but(GOOD, Condition={"Bool": {"aws:SecureTransport": "true"}, "StringEquals": {"s3:prefix": "x"}}),
    )
    assert parse(text).context_keys == ("aws:username", "s3:prefix", "aws:userid", "aws:SecureTransport")

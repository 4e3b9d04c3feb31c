"""What IAM refuses as malformed, ValidatePolicy finds something in; what it takes has no error of form."""

import json

import boto3
import pytest

GOOD = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
TRUST = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
ROLES = "AWS::IAM::AssumeRolePolicyDocument"


def document(*statements, **more):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements), **more})


def but(statement, **changes):
    return {key: value for key, value in {**statement, **changes}.items() if value is not None}


@pytest.fixture
def iam(aws):
    return boto3.client("iam")


@pytest.fixture
def findings(aws):
    """findings(text, type) -> [(type, code)] of ValidatePolicy."""
    client = boto3.client("accessanalyzer")

    def findings(text, type, **more):
        found = client.validate_policy(policyDocument=text, policyType=type, **more)["findings"]
        return [(each["findingType"], each["issueCode"]) for each in found]

    return findings


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"Version": "2012-10-17"}',
        document(GOOD, Extra="x"),
        document(GOOD, Version="2012-10-18"),
        document("x"),
        document(but(GOOD, Extra="x")),
        document(but(GOOD, Effect=None)),
        document(but(GOOD, Effect="allow")),
        document(but(GOOD, Action=None)),
        document(but(GOOD, Resource=None)),
        document(but(GOOD, NotAction="s3:*")),
        document(but(GOOD, NotResource="*")),
        document(but(GOOD, Action="GetObject")),
        document(but(GOOD, Action=[])),
        document(but(GOOD, Resource=[])),
        document(but(GOOD, Resource="b/k")),
        document(but(GOOD, Resource="arn:aws:s3")),
        document(but(GOOD, Principal="*")),
        document(but(GOOD, Sid="a b")),
        document(but(GOOD, Sid="a"), but(GOOD, Sid="a")),
        document(but(GOOD, Condition="x")),
        document(but(GOOD, Condition={"Unknown": {"aws:username": "ann"}})),
        document(but(GOOD, Condition={"StringEquals": {"username": "ann"}})),
        document(but(GOOD, Condition={"DateLessThan": {"aws:CurrentTime": "soon"}})),
        document(but(GOOD, Condition={"IpAddress": {"aws:SourceIp": "here"}})),
    ],
)
def test_what_iam_refuses_is_found(iam, findings, text):
    with pytest.raises(iam.exceptions.MalformedPolicyDocumentException):
        iam.create_policy(PolicyName="p", PolicyDocument=text)
    assert iam.list_policies(Scope="Local")["Policies"] == []
    assert findings(text, "IDENTITY_POLICY")


@pytest.mark.parametrize(
    "statement",
    [
        but(TRUST, Principal=None),
        but(TRUST, Principal={}),
        but(TRUST, Principal="ec2.amazonaws.com"),
        but(TRUST, Principal={"User": "ann"}),
        but(TRUST, Principal=None, NotPrincipal={"AWS": "111111111111"}),
        but(TRUST, Resource="*"),
        but(TRUST, Action=None),
        but(TRUST, Action="s3:GetObject"),
    ],
)
def test_what_is_no_trust_policy_is_found(iam, findings, statement):
    text = document(statement)
    with pytest.raises(iam.exceptions.MalformedPolicyDocumentException):
        iam.create_role(RoleName="r", AssumeRolePolicyDocument=text)
    assert iam.list_roles()["Roles"] == []
    assert findings(text, "RESOURCE_POLICY", validatePolicyResourceType=ROLES)


@pytest.mark.parametrize(
    "statement",
    [
        GOOD,
        but(GOOD, Sid="One"),
        but(GOOD, Action=["s3:GetObject", "sqs:SendMessage"], Resource=["arn:aws:s3:::b/*", "arn:aws:sqs:*:*:q"]),
        but(GOOD, Action=None, NotAction="iam:*"),
        but(GOOD, Resource="arn:aws:s3:::b/home/${aws:username}/*"),
        but(GOOD, Condition={"Bool": {"aws:SecureTransport": "true"}, "IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}),
        but(GOOD, Condition={"ForAllValues:StringEquals": {"aws:TagKeys": ["a", "b"]}}),
    ],
)
def test_what_iam_takes_has_no_error(iam, findings, statement):
    iam.create_policy(PolicyName="p", PolicyDocument=document(statement))
    assert [code for type, code in findings(document(statement), "IDENTITY_POLICY") if type == "ERROR"] == []

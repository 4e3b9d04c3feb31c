"""ValidatePolicy: findings, their texts and places."""

import json

import boto3
import pytest
from botocore.exceptions import ClientError

from awsim.services.accessanalyzer.findings import checks

TRUST = "AWS::IAM::AssumeRolePolicyDocument"
GITHUB = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"


@pytest.fixture
def validate(aws):
    """validate(document or text, type) -> findings."""
    client = boto3.client("accessanalyzer")

    def validate(document, policy_type="IDENTITY_POLICY", resource_type=None):
        text = document if isinstance(document, str) else json.dumps(document)
        more = {"validatePolicyResourceType": resource_type} if resource_type else {}
        return client.validate_policy(policyDocument=text, policyType=policy_type, **more)["findings"]

    return validate


def policy(*statements, **more):
    return {"Version": "2012-10-17", "Statement": list(statements), **more}


def statement(**more):
    given = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::reports/*", **more}
    return {name: value for name, value in given.items() if value is not None}


def condition(operator, key, value):
    return statement(Condition={operator: {key: value}})


def resource(**more):
    """A statement of a queue's policy."""
    given = {"Effect": "Allow", "Principal": {"AWS": "123456789012"}, "Action": "sqs:SendMessage", "Resource": "*"}
    return {name: value for name, value in {**given, **more}.items() if value is not None}


def trust(**more):
    return resource(**{"Action": "sts:AssumeRole", "Resource": None, **more})


def test_a_good_policy_has_no_findings(validate):
    assert validate(policy(statement())) == []


IDENTITY = [
    ("JSON_SYNTAX_ERROR", '{"Version": }'),
    ("DATA_TYPE_MISMATCH", "[]"),
    ("DATA_TYPE_MISMATCH", policy(statement(Action=[1]))),
    ("INVALID_POLICY_ELEMENT", policy(statement(Actions="s3:GetObject"))),
    ("INVALID_POLICY_ELEMENT", policy(statement(), Statements=[])),
    ("MISSING_STATEMENT", {"Version": "2012-10-17"}),
    ("MISSING_EFFECT", policy(statement(Effect=None))),
    ("INVALID_EFFECT", policy(statement(Effect="allow"))),
    ("MISSING_ACTION", policy(statement(Action=None))),
    ("MISSING_RESOURCE", policy(statement(Resource=None))),
    ("UNSUPPORTED_PRINCIPAL", policy(statement(Principal="*"))),
    ("UNSUPPORTED_ELEMENT_COMBINATION", policy(statement(NotAction="s3:PutObject"))),
    ("INVALID_VERSION", policy(statement(), Version="2020-01-01")),
    ("MISSING_VERSION", {"Statement": statement()}),
    ("UNIQUE_SIDS_REQUIRED", policy(statement(Sid="a"), statement(Sid="a", Action="s3:PutObject"))),
    ("UNSUPPORTED_SID", policy(statement(Sid="a b"))),
    ("EMPTY_SID_VALUE", policy(statement(Sid=""))),
    ("INVALID_ACTION", policy(statement(Action="s3:GetObjects"))),
    ("INVALID_ACTION", policy(statement(Action="s3:Foo*"))),
    ("INVALID_SERVICE_IN_ACTION", policy(statement(Action="s4:GetObject"))),
    ("WILDCARD_IN_SERVICE_NAME", policy(statement(Action="s*:GetObject"))),
    ("EMPTY_ARRAY_ACTION", policy(statement(Action=[]))),
    ("EMPTY_ARRAY_RESOURCE", policy(statement(Resource=[]))),
    ("INVALID_ARN_PREFIX", policy(statement(Resource="reports"))),
    ("MISSING_ARN_FIELD", policy(statement(Resource="arn:aws:s3:reports"))),
    ("INVALID_PARTITION", policy(statement(Resource="arn:amazon:s3:::reports/*"))),
    ("INVALID_ARN_SERVICE_CASE", policy(statement(Resource="arn:aws:S3:::reports/*"))),
    ("INVALID_ARN_ACCOUNT", policy(statement(Resource="arn:aws:sqs:us-east-1:12345:jobs"))),
    ("ARN_ACCOUNT_NOT_ALLOWED", policy(statement(Resource="arn:aws:s3::123456789012:reports/*"))),
    ("ARN_REGION_NOT_ALLOWED", policy(statement(Resource="arn:aws:s3:us-east-1::reports/*"))),
    ("INVALID_CONDITION_OPERATOR", policy(condition("StringIs", "aws:userid", "x"))),
    ("NULL_WITH_IF_EXISTS", policy(condition("NullIfExists", "aws:userid", "true"))),
    ("NULL_WITH_QUALIFIER", policy(condition("ForAllValues:Null", "aws:TagKeys", "true"))),
    ("INVALID_CONDITION_KEY_FORMAT", policy(condition("StringEquals", "userid", "x"))),
    ("INVALID_GLOBAL_CONDITION_KEY", policy(condition("StringEquals", "aws:Nothing", "x"))),
    ("INVALID_SERVICE_CONDITION_KEY", policy(condition("StringEquals", "s3:nothing", "x"))),
    ("DEPRECATED_GLOBAL_CONDITION_KEY", policy(condition("StringLike", "aws:ARN", "x"))),
    ("MISSING_TAG_KEY_IN_CONDITION", policy(condition("StringEquals", "aws:RequestTag", "x"))),
    (
        "DUPLICATE_KEYS_WITH_DIFFERENT_CASE",
        policy(statement(Condition={"StringEquals": {"aws:userid": "x", "aws:UserId": "y"}})),
    ),
    ("INVALID_CONDITION_MULTIPLE_BOOLEAN", policy(condition("Bool", "aws:SecureTransport", ["true", "false"]))),
    ("TYPE_MISMATCH_BOOLEAN", policy(condition("Bool", "aws:SecureTransport", "yes"))),
    ("TYPE_MISMATCH_DATE", policy(condition("DateLessThan", "aws:CurrentTime", "tomorrow"))),
    ("TYPE_MISMATCH_NUMBER", policy(condition("NumericLessThan", "s3:max-keys", "few"))),
    ("TYPE_MISMATCH_IP_RANGE", policy(condition("IpAddress", "aws:SourceIp", "home"))),
    ("IMPROVE_IP_RANGE", policy(condition("IpAddress", "aws:SourceIp", "203.0.113.7/24"))),
    ("PRIVATE_IP_ADDRESS", policy(condition("IpAddress", "aws:SourceIp", "10.0.0.0/8"))),
    ("PRIVATE_NOT_IP_ADDRESS", policy(condition("NotIpAddress", "aws:SourceIp", "10.0.0.0/8"))),
    ("PRIVATE_IP_ADDRESS_SUBSET", policy(condition("IpAddress", "aws:SourceIp", ["10.0.0.0/8", "8.8.8.0/24"]))),
    (
        "PRIVATE_NOT_IP_ADDRESS_SUBSET",
        policy(condition("NotIpAddress", "aws:SourceIp", ["10.0.0.0/8", "8.8.8.0/24"])),
    ),
    ("WILDCARD_WITHOUT_LIKE_OPERATOR", policy(condition("StringEquals", "aws:userid", "AIDA*"))),
    ("INVALID_VPC_FORMAT", policy(condition("StringEquals", "aws:SourceVpc", "vpc-1"))),
    ("INVALID_VPCE_FORMAT", policy(condition("StringEquals", "aws:SourceVpce", "vpc-0123456789abcdef0"))),
    ("EMPTY_OBJECT_CONDITION", policy(statement(Condition={}))),
    ("EMPTY_ARRAY_CONDITION", policy(condition("StringEquals", "aws:userid", []))),
    ("FORALLVALUES_WITH_SINGLE_VALUED_KEY", policy(condition("ForAllValues:StringEquals", "aws:userid", "x"))),
    ("INVALID_VARIABLE_FOR_OPERATOR", policy(condition("Bool", "aws:SecureTransport", "${aws:userid}"))),
    ("MISSING_BRACE_IN_VARIABLE", policy(statement(Resource="arn:aws:s3:::reports/${aws:userid"))),
    ("EMPTY_VARIABLE", policy(statement(Resource="arn:aws:s3:::reports/${}"))),
    ("UNSUPPORTED_SPACE_IN_VARIABLE", policy(statement(Resource="arn:aws:s3:::reports/${aws:user id}"))),
    ("VARIABLE_UNSUPPORTED_IN_ELEMENT", policy(statement(Action="s3:${aws:userid}"))),
    (
        "VARIABLE_UNSUPPORTED_IN_VERSION",
        policy(statement(Resource="arn:aws:s3:::reports/${aws:userid}"), Version="2008-10-17"),
    ),
    ("REDUNDANT_ACTION", policy(statement(Action=["s3:Get*", "s3:GetObject"]))),
    ("REDUNDANT_RESOURCE", policy(statement(Resource=["arn:aws:s3:::a/*", "arn:aws:s3:::a/b"]))),
    ("REDUNDANT_STATEMENT", policy(statement(Sid="a"), statement(Sid="b"))),
    ("PASS_ROLE_WITH_STAR_IN_RESOURCE", policy(statement(Action="iam:PassRole", Resource="*"))),
    ("PASS_ROLE_WITH_STAR_IN_ACTION_AND_RESOURCE", policy(statement(Action="*", Resource="*"))),
    ("CREATE_SLR_WITH_STAR_IN_ACTION_AND_RESOURCE", policy(statement(Action="iam:*", Resource="*"))),
    (
        "PASS_ROLE_WITH_STAR_IN_RESOURCE_AND_NOT_ACTION",
        policy(statement(Action=None, NotAction="s3:GetObject", Resource="*")),
    ),
    (
        "CREATE_SLR_WITH_STAR_IN_RESOURCE_AND_NOT_ACTION",
        policy(statement(Action=None, NotAction="s3:GetObject", Resource="*")),
    ),
    (
        "PASS_ROLE_WITH_NOT_RESOURCE",
        policy(statement(Action="iam:PassRole", Resource=None, NotResource="arn:aws:iam::123456789012:role/a")),
    ),
    (
        "PASS_ROLE_WITH_STAR_IN_ACTION_AND_NOT_RESOURCE",
        policy(statement(Action="iam:*", Resource=None, NotResource="arn:aws:iam::123456789012:role/a")),
    ),
    (
        "CREATE_SLR_WITH_STAR_IN_ACTION_AND_NOT_RESOURCE",
        policy(statement(Action="iam:*", Resource=None, NotResource="arn:aws:iam::123456789012:role/a")),
    ),
    (
        "PASS_ROLE_WITH_NOT_ACTION_AND_NOT_RESOURCE",
        policy(statement(Action=None, NotAction="s3:*", Resource=None, NotResource="arn:aws:s3:::a/*")),
    ),
    (
        "CREATE_SLR_WITH_NOT_ACTION_AND_NOT_RESOURCE",
        policy(statement(Action=None, NotAction="s3:*", Resource=None, NotResource="arn:aws:s3:::a/*")),
    ),
    ("CREATE_SLR_WITH_STAR_IN_RESOURCE", policy(statement(Action="iam:CreateServiceLinkedRole", Resource="*"))),
    (
        "CREATE_SLR_WITH_NOT_RESOURCE",
        policy(
            statement(
                Action="iam:CreateServiceLinkedRole",
                Resource=None,
                NotResource="arn:aws:iam::123456789012:role/a",
            )
        ),
    ),
    (
        "POLICY_SIZE_EXCEEDS_IDENTITY_POLICY_QUOTA",
        policy(statement(Resource=[f"arn:aws:s3:::reports-{n:04d}/*" for n in range(300)])),
    ),
]

OF_RESOURCES = [
    ("MISSING_PRINCIPAL", None, policy(resource(Principal=None))),
    ("INVALID_PRINCIPAL_FORMAT", None, policy(resource(Principal="123456789012"))),
    ("INVALID_PRINCIPAL_KEY", None, policy(resource(Principal={"User": "x"}))),
    ("EMPTY_OBJECT_PRINCIPAL", None, policy(resource(Principal={}))),
    ("EMPTY_ARRAY_PRINCIPAL", None, policy(resource(Principal={"AWS": []}))),
    ("UNSUPPORTED_WILDCARD_IN_PRINCIPAL", None, policy(resource(Principal={"AWS": "arn:aws:iam::1234567890*:root"}))),
    ("INVALID_SERVICE_PRINCIPAL_FORMAT", None, policy(resource(Principal={"Service": "sns"}))),
    ("INVALID_ROLE_REFERENCE", None, policy(resource(Principal={"AWS": "AROAEXAMPLEEXAMPLEEXA"}))),
    ("INVALID_USER_REFERENCE", None, policy(resource(Principal={"AWS": "AIDAEXAMPLEEXAMPLEEXA"}))),
    (
        "ALLOW_WITH_NOT_PRINCIPAL",
        None,
        policy(resource(Principal=None, NotPrincipal={"AWS": "123456789012"})),
    ),
    ("UNIQUE_SIDS_RECOMMENDED", None, policy(resource(Sid="a"), resource(Sid="a", Action="sqs:DeleteMessage"))),
    ("RESTRICT_ACCESS_TO_SERVICE_PRINCIPAL", None, policy(resource(Principal={"Service": "sns.amazonaws.com"}))),
    ("UNSUPPORTED_ACTION_IN_POLICY", "AWS::S3::Bucket", policy(resource())),
    (
        "ROLE_TRUST_POLICY_SYNTAX_ERROR_NOTPRINCIPAL",
        TRUST,
        policy(trust(Principal=None, NotPrincipal={"AWS": "123456789012"})),
    ),
    ("ROLE_TRUST_POLICY_SYNTAX_ERROR_RESOURCE", TRUST, policy(trust(Resource="*"))),
    (
        "MISMATCHED_ACTION_FOR_PRINCIPAL",
        TRUST,
        policy(
            trust(
                Principal={"Federated": "arn:aws:iam::123456789012:saml-provider/idp"},
                Action="sts:AssumeRoleWithWebIdentity",
            )
        ),
    ),
    (
        "MISSING_CONDITION_KEY_FOR_OIDC_PRINCIPAL",
        TRUST,
        policy(trust(Principal={"Federated": "accounts.google.com"}, Action="sts:AssumeRoleWithWebIdentity")),
    ),
    (
        "MISSING_GITHUB_REPO_CONDITION_KEY",
        TRUST,
        policy(trust(Principal={"Federated": GITHUB}, Action="sts:AssumeRoleWithWebIdentity")),
    ),
    (
        "SPECIFIC_GITHUB_REPO_AND_BRANCH_RECOMMENDED",
        TRUST,
        policy(
            trust(
                Principal={"Federated": GITHUB},
                Action="sts:AssumeRoleWithWebIdentity",
                Condition={"StringLike": {"token.actions.githubusercontent.com:sub": "repo:*"}},
            )
        ),
    ),
]

OF_ORGANIZATIONS = [
    ("SCP_SYNTAX_ERROR_PRINCIPAL", policy(statement(Principal="*"))),
    ("POLICY_SIZE_EXCEEDS_SCP_QUOTA", policy(statement(Resource=[f"arn:aws:s3:::a-{n:04d}" for n in range(300)]))),
]


def codes(findings):
    return {each["issueCode"] for each in findings}


@pytest.mark.parametrize(("code", "document"), IDENTITY, ids=[case[0] for case in IDENTITY])
def test_identity_policies(validate, code, document):
    assert code in codes(validate(document))


@pytest.mark.parametrize(("code", "kind", "document"), OF_RESOURCES, ids=[case[0] for case in OF_RESOURCES])
def test_resource_policies(validate, code, kind, document):
    assert code in codes(validate(document, "RESOURCE_POLICY", kind))


@pytest.mark.parametrize(("code", "document"), OF_ORGANIZATIONS, ids=[case[0] for case in OF_ORGANIZATIONS])
def test_service_control_policies(validate, code, document):
    assert code in codes(validate(document, "SERVICE_CONTROL_POLICY"))


def test_every_check_is_tested():
    assert {case[0] for case in (*IDENTITY, *OF_RESOURCES, *OF_ORGANIZATIONS)} == set(checks())


@pytest.mark.parametrize(
    ("policy_type", "kind", "document"),
    [
        ("IDENTITY_POLICY", None, policy(statement(Resource="arn:aws:s3:::reports/${aws:username}/*"))),
        ("IDENTITY_POLICY", None, policy(condition("StringEquals", "aws:PrincipalTag/team", "${aws:PrincipalTag/a}"))),
        ("IDENTITY_POLICY", None, policy(condition("StringEquals", "s3:x-amz-acl", "private"))),
        ("IDENTITY_POLICY", None, policy(condition("StringLike", "s3:prefix", "home/*"))),
        ("IDENTITY_POLICY", None, policy(condition("IpAddress", "aws:SourceIp", ["8.8.8.0/24", "2001:4860::/32"]))),
        ("IDENTITY_POLICY", None, policy(condition("Bool", "aws:SecureTransport", True))),
        ("IDENTITY_POLICY", None, policy(statement(Action=["s3:GetObject", "s3:PutObject", "sqs:*"], Resource="*"))),
        (
            "IDENTITY_POLICY",
            None,
            policy(statement(Action="iam:PassRole", Resource="arn:aws:iam::123456789012:role/app")),
        ),
        (
            "IDENTITY_POLICY",
            None,
            policy(
                statement(
                    Action="iam:PassRole",
                    Resource="*",
                    Condition={"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}},
                )
            ),
        ),
        ("RESOURCE_POLICY", None, policy(resource(Sid="Allow the other account"))),
        (
            "RESOURCE_POLICY",
            None,
            policy(
                resource(
                    Principal={"Service": "sns.amazonaws.com"},
                    Condition={"ArnEquals": {"aws:SourceArn": "arn:aws:sns:us-east-1:123456789012:news"}},
                )
            ),
        ),
        ("RESOURCE_POLICY", TRUST, policy(trust(Principal={"Service": "lambda.amazonaws.com"}))),
        (
            "RESOURCE_POLICY",
            TRUST,
            policy(
                trust(
                    Principal={"Federated": GITHUB},
                    Action="sts:AssumeRoleWithWebIdentity",
                    Condition={
                        "StringEquals": {"token.actions.githubusercontent.com:sub": "repo:a/b:ref:refs/heads/x"}
                    },
                )
            ),
        ),
    ],
)
def test_what_is_good(validate, policy_type, kind, document):
    assert validate(document, policy_type, kind) == []


def test_a_finding_says_where(validate):
    text = '{\n  "Version": "2012-10-17",\n  "Statement": [\n    {"Effect": "allow", "Action": "s3:GetObject", '
    text += '"Resource": "*"}\n  ]\n}'
    (finding,) = validate(text)
    assert finding == {
        "findingType": "ERROR",
        "issueCode": "INVALID_EFFECT",
        "findingDetails": "The effect allow is not valid. Use Allow or Deny.",
        "learnMoreLink": "https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html"
        "#access-analyzer-reference-policy-checks-error-invalid-effect",
        "locations": [
            {
                "path": [{"value": "Statement"}, {"index": 0}, {"value": "Effect"}],
                "span": {
                    "start": {"line": 4, "column": 15, "offset": text.index('"allow"')},
                    "end": {"line": 4, "column": 22, "offset": text.index('"allow"') + 7},
                },
            }
        ],
    }


@pytest.mark.parametrize(
    ("text", "at"),
    [('{"a": 1,}', 8), ('{"a" 1}', 5), ("", 0), ('{"a": "b}', 6), ("{} x", 3), ("[1 2]", 3), ("{'a': 1}", 1)],
)
def test_where_json_breaks(validate, text, at):
    if not text:
        text, at = " ", 1
    (finding,) = validate(text)
    assert finding["findingDetails"] == f"Fix the JSON syntax error at index {at} line 1 column {at}."


def test_messages(validate):
    found = validate(policy(statement(Action=["s3:GetObjects"], Resource="*")))
    assert [each["findingDetails"] for each in found] == [
        "The action s3:GetObjects does not exist. Did you mean s3:GetObject?"
    ]
    found = validate(policy(statement(Action="*", Resource="*")))
    assert [(each["findingType"], each["issueCode"]) for each in found] == [
        ("SECURITY_WARNING", "PASS_ROLE_WITH_STAR_IN_ACTION_AND_RESOURCE"),
        ("WARNING", "CREATE_SLR_WITH_STAR_IN_ACTION_AND_RESOURCE"),
    ]


def test_pages(aws):
    client = boto3.client("accessanalyzer")
    document = json.dumps(policy(*(statement(Action=f"s3:Nope{n}") for n in range(5))))
    pages = list(
        client.get_paginator("validate_policy").paginate(
            policyDocument=document, policyType="IDENTITY_POLICY", PaginationConfig={"PageSize": 2}
        )
    )
    assert [len(page["findings"]) for page in pages] == [2, 2, 1]
    with pytest.raises(ClientError) as caught:
        client.validate_policy(policyDocument=document, policyType="IDENTITY_POLICY", nextToken="x")
    assert caught.value.response["Error"]["Code"] == "ValidationException"

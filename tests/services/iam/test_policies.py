"""Managed and inline policies, AWS's own, boundaries."""

import json

import pytest

from awsim.auth.policy import parse
from awsim.services.iam.aws_policies import aws_policies
from awsim.services.iam.positions import spans
from awsim.services.iam.records import size_of

from .conftest import aws_arn, document, trust

pytestmark = pytest.mark.aws(at="2026-01-01")

MALFORMED = "MalformedPolicyDocument"
PREFACED = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."


@pytest.mark.rule("iam-033")
def test_a_policy_and_its_document(iam, policy):
    text = document(("Allow", ["s3:GetObject", "s3:PutObject"], "arn:aws:s3:::reports/*"))
    made = iam.create_policy(
        PolicyName="reads",
        Path="/teams/",
        PolicyDocument=text,
        Description="of reports",
        Tags=[{"Key": "a", "Value": "b"}],
    )["Policy"]
    assert made["Arn"] == "arn:aws:iam::123456789012:policy/teams/reads"
    assert made["PolicyId"].startswith("ANPA")
    assert made["DefaultVersionId"] == "v1"
    assert "Description" not in made
    found = iam.get_policy(PolicyArn=made["Arn"])["Policy"]
    assert (found["Description"], found["Tags"]) == ("of reports", [{"Key": "a", "Value": "b"}])
    version = iam.get_policy_version(PolicyArn=made["Arn"], VersionId="v1")["PolicyVersion"]
    assert version["Document"] == json.loads(text)
    assert version["IsDefaultVersion"] is True
    (listed,) = iam.list_policies(Scope="Local")["Policies"]
    assert listed.keys() == found.keys() - {"Description", "Tags"}


def test_names_of_policies_are_taken_whatever_their_path(iam, policy, refused):
    policy("reads")
    message = "A policy called Reads already exists. Duplicate names are not allowed."
    taken = ("EntityAlreadyExists", message, 409)
    assert refused(policy, name="Reads", Path="/other/") == taken
    assert len(iam.list_policies(Scope="Local")["Policies"]) == 1


@pytest.mark.rule("iam-032")
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("not json", "Syntax errors in policy."),
        ("{}", "Policy document must be version 2012-10-17 or greater."),
        (document({"Effect": "Allow", "Resource": "*"}), "Policy statement must contain actions."),
        (document({"Effect": "Allow", "Action": "s3:*"}), "Policy statement must contain resources."),
        (document(("Allow", "GetObject", "*")), PREFACED),
        (document(("Allow", "s3:*", "reports")), 'Resource reports must be in ARN format or "*".'),
        (
            document({"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Principal": "*"}),
            "Policy document should not specify a principal.",
        ),
    ],
)  # fmt: skip
def test_documents_that_are_no_policies(iam, policy, user, refused, text, message):
    expected = (MALFORMED, message, 400)
    assert refused(policy, name="bad", text=text) == expected
    arn = policy()
    assert refused(iam.create_policy_version, PolicyArn=arn, PolicyDocument=text) == expected
    user("bob")
    if text != "{}":  # inline policies need no version
        assert refused(iam.put_user_policy, UserName="bob", PolicyName="own", PolicyDocument=text) == expected
    assert iam.list_user_policies(UserName="bob")["PolicyNames"] == []
    assert len(iam.list_policies(Scope="Local")["Policies"]) == 1


def test_characters_beyond_latin(iam, policy, refused):
    message = "The specified value for policyDocument is invalid. It must contain only printable ASCII characters."
    text = document(("Allow", "s3:GetObject", "arn:aws:s3:::\u4f60/*")).encode().decode("unicode_escape")
    assert refused(policy, text=text) == ("ValidationError", message, 400)


def sized(size):
    """A managed policy of so many characters, white space not counted."""
    text = document(("Allow", "s3:GetObject", "arn:aws:s3:::"))
    return json.dumps(
        json.loads(text.replace("arn:aws:s3:::", "arn:aws:s3:::" + "x" * (size - size_of(text)))), indent=4
    )


def test_how_long_a_managed_policy_may_be(iam, policy, refused):
    assert size_of(sized(6144)) == 6144
    arn = policy("just", text=sized(6144))
    too_long = ("LimitExceeded", "Cannot exceed quota for PolicySize: 6144", 409)
    assert refused(policy, name="over", text=sized(6145)) == too_long
    assert refused(iam.create_policy_version, PolicyArn=arn, PolicyDocument=sized(6145)) == too_long


# --- versions


@pytest.mark.rule("iam-037")
def test_versions_and_rolling_back(iam, policy, refused):
    arn = policy(text=document(("Allow", "s3:GetObject", "*")))
    second = document(("Allow", "s3:PutObject", "*"))
    made = iam.create_policy_version(PolicyArn=arn, PolicyDocument=second, SetAsDefault=True)["PolicyVersion"]
    assert (made["VersionId"], made["IsDefaultVersion"]) == ("v2", True)
    assert iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"] == "v2"
    listed = iam.list_policy_versions(PolicyArn=arn)["Versions"]
    assert [(each["VersionId"], each["IsDefaultVersion"]) for each in listed] == [("v2", True), ("v1", False)]
    message = "Cannot delete the default version of a policy."
    assert refused(iam.delete_policy_version, PolicyArn=arn, VersionId="v2") == ("DeleteConflict", message, 409)
    iam.set_default_policy_version(PolicyArn=arn, VersionId="v1")
    iam.delete_policy_version(PolicyArn=arn, VersionId="v2")
    missing = ("NoSuchEntity", f"Policy {arn} version v2 does not exist or is not attachable.", 404)
    assert refused(iam.get_policy_version, PolicyArn=arn, VersionId="v2") == missing
    # Numbers do not come back.
    assert iam.create_policy_version(PolicyArn=arn, PolicyDocument=second)["PolicyVersion"]["VersionId"] == "v3"


@pytest.mark.rule("iam-038")
def test_five_versions_at_most(iam, policy, refused):
    arn = policy()
    for _ in range(4):
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=document())
    message = "A managed policy can have up to 5 versions. Before you create a new version, you must delete an "
    message += "existing version."
    assert refused(iam.create_policy_version, PolicyArn=arn, PolicyDocument=document()) == (
        "LimitExceeded",
        message,
        409,
    )
    iam.delete_policy_version(PolicyArn=arn, VersionId="v3")
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=document())
    message = (
        "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. "
        "The default version is deleted with the policy."
    )
    assert refused(iam.delete_policy, PolicyArn=arn) == ("DeleteConflict", message, 409)


# --- attaching


@pytest.mark.rule("iam-034", "iam-035")
def test_one_policy_on_many(iam, policy, user, role, refused):
    arn = policy()
    user("bob")
    role("app")
    iam.create_group(GroupName="dev")
    for _ in range(2):  # again is no error
        iam.attach_user_policy(UserName="bob", PolicyArn=arn)
        iam.attach_group_policy(GroupName="dev", PolicyArn=arn)
        iam.attach_role_policy(RoleName="app", PolicyArn=arn)
    assert iam.get_policy(PolicyArn=arn)["Policy"]["AttachmentCount"] == 3
    entities = iam.list_entities_for_policy(PolicyArn=arn)
    assert [each["UserName"] for each in entities["PolicyUsers"]] == ["bob"]
    assert [each["GroupName"] for each in entities["PolicyGroups"]] == ["dev"]
    assert [each["RoleName"] for each in entities["PolicyRoles"]] == ["app"]
    only = iam.list_entities_for_policy(PolicyArn=arn, EntityFilter="Role")
    assert (only["PolicyUsers"], len(only["PolicyRoles"])) == ([], 1)
    assert iam.list_attached_group_policies(GroupName="dev")["AttachedPolicies"] == [
        {"PolicyName": "reads", "PolicyArn": arn}
    ]
    attached = ("DeleteConflict", "Cannot delete a policy attached to entities.", 409)
    assert refused(iam.delete_policy, PolicyArn=arn) == attached
    iam.detach_user_policy(UserName="bob", PolicyArn=arn)
    iam.detach_group_policy(GroupName="dev", PolicyArn=arn)
    assert refused(iam.delete_policy, PolicyArn=arn) == attached
    iam.detach_role_policy(RoleName="app", PolicyArn=arn)
    missing = ("NoSuchEntity", f"Policy {arn} was not found.", 404)
    assert refused(iam.detach_role_policy, RoleName="app", PolicyArn=arn) == missing
    iam.delete_policy(PolicyArn=arn)
    assert refused(iam.get_policy, PolicyArn=arn) == missing


@pytest.mark.rule("iam-036")
def test_a_policy_on_one_user_is_on_that_one_only(iam, policy, user):
    arn = policy(text=document(("Allow", "s3:*", "*")))
    user("bob")
    user("eve")
    iam.attach_user_policy(UserName="bob", PolicyArn=arn)
    assert len(iam.list_attached_user_policies(UserName="bob")["AttachedPolicies"]) == 1
    assert iam.list_attached_user_policies(UserName="eve")["AttachedPolicies"] == []
    decisions = [
        iam.simulate_principal_policy(
            PolicySourceArn=f"arn:aws:iam::123456789012:user/{name}", ActionNames=["s3:GetObject"]
        )["EvaluationResults"][0]["EvalDecision"]
        for name in ("bob", "eve")
    ]
    assert decisions == ["allowed", "implicitDeny"]


@pytest.mark.parametrize("kind", ["user", "group", "role"])
def test_ten_policies_each(iam, policy, user, role, refused, kind):
    if kind == "group":
        iam.create_group(GroupName="x")
    else:
        {"user": user, "role": role}[kind]("x")
    name = {f"{kind.title()}Name": "x"}
    attach = getattr(iam, f"attach_{kind}_policy")
    for number in range(10):
        attach(**name, PolicyArn=policy(f"p{number}"))
    message = f"Cannot exceed quota for PoliciesPer{kind.title()}: 10"
    assert refused(attach, **name, PolicyArn=policy("p10")) == ("LimitExceeded", message, 409)
    attach(**name, PolicyArn="arn:aws:iam::123456789012:policy/p3")


@pytest.mark.rule("iam-047")
def test_only_policies_are_attached(iam, user, role, refused):
    user("bob")
    role("app")
    arn = "arn:aws:iam::123456789012:role/app"
    invalid = ("InvalidInput", f"ARN {arn} is not valid.", 400)
    assert refused(iam.attach_user_policy, UserName="bob", PolicyArn=arn) == invalid
    unreadable = ("ValidationError", "Invalid ARN:  Could not be parsed!", 400)
    assert refused(iam.attach_user_policy, UserName="bob", PolicyArn="a-name-that-is-no-arn") == unreadable
    assert set(iam.get_user(UserName="bob")["User"]) == {"Path", "UserName", "UserId", "Arn", "CreateDate"}


# --- AWS's own


@pytest.mark.rule("iam-039")
def test_policies_of_aws_are_there_and_cannot_be_changed(iam, user, refused):
    pages = iam.get_paginator("list_policies").paginate(Scope="AWS")
    arns = {each["Arn"] for page in pages for each in page["Policies"]}
    assert {aws_arn("AmazonS3ReadOnlyAccess"), aws_arn("IAMReadOnlyAccess")} <= arns
    user("bob")
    iam.attach_user_policy(UserName="bob", PolicyArn=aws_arn("IAMReadOnlyAccess"))
    assert iam.get_policy(PolicyArn=aws_arn("IAMReadOnlyAccess"))["Policy"]["AttachmentCount"] == 1
    used = iam.list_policies(OnlyAttached=True)["Policies"]
    assert [each["PolicyName"] for each in used] == ["IAMReadOnlyAccess"]
    for call, params in (
        (iam.create_policy_version, {"PolicyDocument": document()}),
        (iam.delete_policy, {}),
        (iam.tag_policy, {"Tags": [{"Key": "a", "Value": "b"}]}),
    ):
        code, message, status = refused(call, PolicyArn=aws_arn("IAMReadOnlyAccess"), **params)
        assert (code, status) == ("AccessDenied", 403)
        assert message.startswith("User: arn:aws:iam::123456789012:user/awsim is not authorized to perform: iam:")


def test_policies_of_services_are_not_for_customers(iam, role, refused):
    role("app")
    arn = aws_arn("aws-service-role/AmazonECSServiceRolePolicy")
    message = "Cannot attach a Service Role Policy to a Customer Role."
    assert refused(iam.attach_role_policy, RoleName="app", PolicyArn=arn) == ("PolicyNotAttachable", message, 400)


def actions_of(iam, name):
    arn = aws_arn(name)
    default = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    text = iam.get_policy_version(PolicyArn=arn, VersionId=default)["PolicyVersion"]["Document"]
    return {
        action
        for statement in text["Statement"]
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    }


XRAY = {
    *("xray:PutTraceSegments", "xray:PutTelemetryRecords", "xray:GetSamplingRules"),
    *("xray:GetSamplingTargets", "xray:GetSamplingStatisticSummaries"),
}
LOGS = {"logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"}


@pytest.mark.rule("iam-077", "iam-078", "iam-079")
def test_documents_of_aws_to_the_letter(iam):
    assert actions_of(iam, "AWSXrayWriteOnlyAccess") == XRAY
    assert actions_of(iam, "AWSXRayDaemonWriteAccess") == XRAY
    assert actions_of(iam, "service-role/AWSLambdaBasicExecutionRole") == LOGS
    assert actions_of(iam, "AdministratorAccess") == {"*"}


@pytest.mark.rule("iam-080", "iam-081", "iam-082", "iam-083", "iam-084", "iam-085")
@pytest.mark.parametrize(
    ("name", "actions"),
    [
        (
            "service-role/AWSLambdaKinesisExecutionRole",
            {"kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:DescribeStream", "kinesis:ListStreams"},
        ),
        (
            "service-role/AWSLambdaDynamoDBExecutionRole",
            {"dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:DescribeStream", "dynamodb:ListStreams"},
        ),
        (
            "service-role/AWSLambdaSQSQueueExecutionRole",
            {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"},
        ),
        ("service-role/AmazonAPIGatewayPushToCloudWatchLogs", LOGS),
        (
            "service-role/AmazonEC2ContainerServiceforEC2Role",
            {"ecs:RegisterContainerInstance", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "logs:PutLogEvents"},
        ),
        ("AmazonS3ReadOnlyAccess", {"s3:Get*", "s3:List*"}),
        ("AmazonS3FullAccess", {"s3:*"}),
        ("AmazonSQSFullAccess", {"sqs:*"}),
        ("AmazonDynamoDBFullAccess", {"dynamodb:*"}),
        ("IAMFullAccess", {"iam:*"}),
    ],
)
def test_what_policies_of_aws_allow(iam, name, actions):
    assert actions <= actions_of(iam, name)


def test_every_document_of_aws_is_a_policy():
    names = list(aws_policies())
    assert len(names) > 1500
    unknown = [name for name, policy in aws_policies().items() if policy.document is None]
    assert unknown == ["AmazonLexBotPolicy"]
    for policy in aws_policies().values():
        if policy.document is not None:
            assert parse(policy.document, "managed").statements, policy.name


def test_a_document_that_nobody_knows_is_not_made_up(iam, refused):
    arn = aws_arn("aws-service-role/AmazonLexBotPolicy")
    with pytest.raises(iam.exceptions.ClientError) as caught:
        iam.get_policy_version(PolicyArn=arn, VersionId="v1")
    assert caught.value.response["Error"]["Code"] == "NotImplemented"
    assert "AmazonLexBotPolicy, of which only the name is known" in caught.value.response["Error"]["Message"]
    with pytest.raises(iam.exceptions.ClientError, match="only its default one is known"):
        iam.get_policy_version(PolicyArn=aws_arn("AmazonS3ReadOnlyAccess"), VersionId="v1")
    code, _, status = refused(iam.get_policy_version, PolicyArn=aws_arn("AmazonS3ReadOnlyAccess"), VersionId="v99")
    assert (code, status) == ("NoSuchEntity", 404)
    missing = refused(iam.get_policy, PolicyArn=aws_arn("NoSuchThingAtAll"))
    assert missing == ("NoSuchEntity", f"Policy {aws_arn('NoSuchThingAtAll')} was not found.", 404)


# --- inline


@pytest.mark.rule("iam-040")
def test_inline_policies_belong_to_one(iam, user):
    user("bob")
    for action in ("s3:GetObject", "s3:PutObject"):
        text = document(("Allow", action, "*"))
        iam.put_user_policy(UserName="bob", PolicyName="own", PolicyDocument=text)
    assert iam.list_user_policies(UserName="bob")["PolicyNames"] == ["own"]
    found = iam.get_user_policy(UserName="bob", PolicyName="own")
    assert (found["UserName"], found["PolicyName"]) == ("bob", "own")
    assert found["PolicyDocument"] == json.loads(text)
    assert iam.list_policies(Scope="Local")["Policies"] == []


@pytest.mark.rule("iam-041")
@pytest.mark.parametrize(("kind", "most"), [("user", 2048), ("group", 5120), ("role", 10240)])
def test_how_long_inline_policies_may_be_together(iam, user, role, refused, kind, most):
    if kind == "group":
        iam.create_group(GroupName="x")
    else:
        {"user": user, "role": role}[kind]("x")
    name = {f"{kind.title()}Name": "x"}
    put = getattr(iam, f"put_{kind}_policy")
    put(**name, PolicyName="a", PolicyDocument=sized(most - 1000))
    put(**name, PolicyName="b", PolicyDocument=sized(1000))
    put(**name, PolicyName="b", PolicyDocument=sized(999))
    message = f"Maximum policy size of {most} bytes exceeded for {kind} x"
    assert refused(put, **name, PolicyName="b", PolicyDocument=sized(1001)) == ("LimitExceeded", message, 409)
    assert refused(put, **name, PolicyName="c", PolicyDocument=sized(100)) == ("LimitExceeded", message, 409)
    assert getattr(iam, f"list_{kind}_policies")(**name)["PolicyNames"] == ["a", "b"]
    missing = ("NoSuchEntity", f"The {kind} policy with name c cannot be found.", 404)
    assert refused(getattr(iam, f"get_{kind}_policy"), **name, PolicyName="c") == missing
    assert refused(getattr(iam, f"delete_{kind}_policy"), **name, PolicyName="c") == missing
    getattr(iam, f"delete_{kind}_policy")(**name, PolicyName="b")
    assert getattr(iam, f"list_{kind}_policies")(**name)["PolicyNames"] == ["a"]


# --- boundaries


@pytest.mark.rule("iam-064")
def test_boundaries_are_for_users_and_roles(iam, policy, user, role, refused):
    arn = policy()
    user("bob")
    role("app")
    iam.put_user_permissions_boundary(UserName="bob", PermissionsBoundary=arn)
    iam.put_role_permissions_boundary(RoleName="app", PermissionsBoundary=arn)
    shown = {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": arn}
    assert iam.get_user(UserName="bob")["User"]["PermissionsBoundary"] == shown
    assert iam.get_role(RoleName="app")["Role"]["PermissionsBoundary"] == shown
    found = iam.get_policy(PolicyArn=arn)["Policy"]
    assert (found["AttachmentCount"], found["PermissionsBoundaryUsageCount"]) == (0, 2)
    usage = iam.list_entities_for_policy(PolicyArn=arn, PolicyUsageFilter="PermissionsBoundary")
    assert (len(usage["PolicyUsers"]), len(usage["PolicyRoles"])) == (1, 1)
    assert iam.list_policies(PolicyUsageFilter="PermissionsBoundary")["Policies"][0]["Arn"] == arn
    assert refused(iam.delete_policy, PolicyArn=arn)[0] == "DeleteConflict"
    assert not hasattr(iam, "put_group_permissions_boundary")
    iam.delete_user_permissions_boundary(UserName="bob")
    iam.delete_role_permissions_boundary(RoleName="app")
    assert "PermissionsBoundary" not in iam.get_user(UserName="bob")["User"]
    assert refused(iam.delete_user_permissions_boundary, UserName="bob")[0] == "NoSuchEntity"
    unknown = "arn:aws:iam::123456789012:policy/nothing"
    refusal = ("ValidationError", f"Scope ARN: {unknown} does not exist or is not attachable.", 400)
    assert refused(iam.put_user_permissions_boundary, UserName="bob", PermissionsBoundary=unknown) == refusal
    assert refused(user, name="eve", PermissionsBoundary=unknown) == refusal
    assert refused(role, name="other", PermissionsBoundary=unknown) == refusal
    assert [each["RoleName"] for each in iam.list_roles()["Roles"]] == ["app"]
    assert refused(iam.put_role_permissions_boundary, RoleName="app", PermissionsBoundary=unknown) == refusal
    iam.delete_policy(PolicyArn=arn)


def test_tags_of_policies(iam, policy):
    arn = policy()
    iam.tag_policy(PolicyArn=arn, Tags=[{"Key": "a", "Value": "b"}, {"Key": "c", "Value": "d"}])
    iam.untag_policy(PolicyArn=arn, TagKeys=["a"])
    assert iam.list_policy_tags(PolicyArn=arn)["Tags"] == [{"Key": "c", "Value": "d"}]


# --- plain


def test_where_statements_stand():
    text = '{\n "Version": "2012-10-17",\n "Statement": [{"a": "}]"},\n {"b": [1, {"c": 2}]}]\n}'
    assert [text[start:end] for start, end in spans(text)] == ['{"a": "}]"}', '{"b": [1, {"c": 2}]}']
    assert spans('{"Statement": {"a": 1}, "Version": "x"}') == [(14, 22)]


def test_principals_of_trust_policies():
    assert parse(trust({"Service": "ec2.amazonaws.com"}), "trust").principals == (("Service", "ec2.amazonaws.com"),)


@pytest.mark.aws(authorization=True)
def test_policies_of_aws_are_there_for_every_account(iam):
    arn = aws_arn("AmazonS3ReadOnlyAccess")
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    assert iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["IsDefaultVersion"]
    assert iam.list_entities_for_policy(PolicyArn=arn)["PolicyRoles"] == []

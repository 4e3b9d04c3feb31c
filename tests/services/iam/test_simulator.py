"""The policy simulator."""

import pytest

from .conftest import aws_arn, document

pytestmark = pytest.mark.aws(at="2026-01-01")

BOB = "arn:aws:iam::123456789012:user/bob"


@pytest.fixture
def custom(iam):
    """custom(texts, action, resource) -> the one result."""

    def custom(texts, action, *resources, **more):
        texts = [texts] if isinstance(texts, str) else texts
        if resources:
            more["ResourceArns"] = list(resources)
        (result,) = iam.simulate_custom_policy(PolicyInputList=texts, ActionNames=[action], **more)["EvaluationResults"]
        return result

    return custom


@pytest.fixture
def decision(iam):
    """decision(arn, action) -> what the policies of a user, group or role decide."""

    def decision(arn, action, **more):
        answer = iam.simulate_principal_policy(PolicySourceArn=arn, ActionNames=[action], **more)
        return answer["EvaluationResults"][0]["EvalDecision"]

    return decision


@pytest.mark.rule("iam-066")
@pytest.mark.parametrize(
    ("statements", "verdict"),
    [
        ([("Allow", "s3:*", "*")], "allowed"),
        ([("Allow", "sqs:*", "*")], "implicitDeny"),
        ([("Allow", "s3:*", "*"), ("Deny", "s3:GetObject", "*")], "explicitDeny"),
    ],
)
def test_a_policy_is_tried_out(custom, statements, verdict):
    assert custom(document(*statements), "s3:GetObject")["EvalDecision"] == verdict


def test_the_whole_answer(custom):
    text = '{"Version": "2012-10-17",\n "Statement": [\n  {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}'
    assert custom(text, "s3:GetObject") == {
        "EvalActionName": "s3:GetObject",
        "EvalResourceName": "*",
        "EvalDecision": "allowed",
        "MatchedStatements": [
            {
                "SourcePolicyId": "PolicyInputList.1",
                "SourcePolicyType": "IAM Policy",
                "StartPosition": {"Line": 3, "Column": 3},
                "EndPosition": {"Line": 3, "Column": 57},
            }
        ],
        "MissingContextValues": [],
    }


def test_a_deny_is_the_only_statement_shown(custom):
    texts = [document(("Allow", "s3:*", "*")), document(("Deny", "s3:DeleteObject", "*"))]
    (matched,) = custom(texts, "s3:DeleteObject")["MatchedStatements"]
    assert matched["SourcePolicyId"] == "PolicyInputList.2"


def test_every_action_on_every_resource(iam):
    text = document(("Allow", "s3:GetObject", "arn:aws:s3:::a/*"))
    answer = iam.simulate_custom_policy(
        PolicyInputList=[text],
        ActionNames=["s3:GetObject", "s3:PutObject"],
        ResourceArns=["arn:aws:s3:::a/1", "arn:aws:s3:::b/1"],
    )
    found = [
        (each["EvalActionName"], each["EvalResourceName"], each["EvalDecision"]) for each in answer["EvaluationResults"]
    ]
    assert found == [
        ("s3:GetObject", "arn:aws:s3:::a/1", "allowed"),
        ("s3:GetObject", "arn:aws:s3:::b/1", "implicitDeny"),
        ("s3:PutObject", "arn:aws:s3:::a/1", "implicitDeny"),
        ("s3:PutObject", "arn:aws:s3:::b/1", "implicitDeny"),
    ]
    specific = answer["EvaluationResults"][0]["ResourceSpecificResults"]
    assert [(each["EvalResourceName"], each["EvalResourceDecision"]) for each in specific] == [
        ("arn:aws:s3:::a/1", "allowed")
    ]


def key(name, *values, kind="string"):
    return {"ContextKeyName": name, "ContextKeyType": kind, "ContextKeyValues": list(values)}


@pytest.mark.rule("iam-059", "iam-060")
def test_conditions(custom):
    inside = {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
    allow = document({"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": inside})

    def from_(address):
        return custom(allow, "s3:GetObject", ContextEntries=[key("aws:SourceIp", address, kind="ip")])["EvalDecision"]

    assert (from_("203.0.113.7"), from_("198.51.100.7")) == ("allowed", "implicitDeny")
    unknown = custom(allow, "s3:GetObject")
    assert (unknown["EvalDecision"], unknown["MissingContextValues"]) == ("implicitDeny", ["aws:SourceIp"])
    elsewhere = {"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}}
    lock = document(("Allow", "*", "*"), {"Effect": "Deny", "Action": "ec2:*", "Resource": "*", "Condition": elsewhere})

    def in_(region):
        entries = [key("aws:RequestedRegion", region)]
        return custom(lock, "ec2:DescribeInstances", ContextEntries=entries)["EvalDecision"]

    assert (in_("eu-west-1"), in_("us-east-1")) == ("allowed", "explicitDeny")


@pytest.mark.rule("iam-058")
def test_variables(custom):
    text = document(("Allow", "s3:PutObject", "arn:aws:s3:::home/${aws:username}/*"))

    def put(path):
        return custom(text, "s3:PutObject", f"arn:aws:s3:::home/{path}", CallerArn=BOB)["EvalDecision"]

    assert (put("bob/x"), put("eve/x")) == ("allowed", "implicitDeny")


@pytest.mark.rule("iam-009", "iam-067")
def test_policies_of_users_groups_and_roles(iam, user, role, decision):
    user("bob")
    role("app")
    iam.create_group(GroupName="dev")
    arns = [BOB, "arn:aws:iam::123456789012:role/app", "arn:aws:iam::123456789012:group/dev"]
    assert [decision(arn, "s3:GetObject") for arn in arns] == ["implicitDeny"] * 3
    text = document(("Allow", "s3:GetObject", "*"), ("Deny", "s3:DeleteObject", "*"))
    iam.put_user_policy(UserName="bob", PolicyName="own", PolicyDocument=text)
    iam.put_role_policy(RoleName="app", PolicyName="own", PolicyDocument=text)
    iam.put_group_policy(GroupName="dev", PolicyName="own", PolicyDocument=text)
    assert [decision(arn, "s3:GetObject") for arn in arns] == ["allowed"] * 3
    assert [decision(arn, "s3:DeleteObject") for arn in arns] == ["explicitDeny"] * 3
    answer = iam.simulate_principal_policy(PolicySourceArn=BOB, ActionNames=["s3:GetObject"])
    assert answer["EvaluationResults"][0]["MatchedStatements"][0]["SourcePolicyId"] == "user_bob_own"


@pytest.mark.rule("iam-030", "iam-031")
def test_members_have_what_their_group_has(iam, user, decision):
    user("bob")
    iam.create_group(GroupName="dev")
    iam.add_user_to_group(GroupName="dev", UserName="bob")
    for attach in (iam.attach_group_policy, iam.attach_user_policy):
        name = {"GroupName": "dev"} if attach == iam.attach_group_policy else {"UserName": "bob"}
        attach(**name, PolicyArn=aws_arn("AmazonS3ReadOnlyAccess"))
    iam.detach_user_policy(UserName="bob", PolicyArn=aws_arn("AmazonS3ReadOnlyAccess"))
    assert decision(BOB, "s3:GetObject") == "allowed"
    iam.remove_user_from_group(GroupName="dev", UserName="bob")
    assert decision(BOB, "s3:GetObject") == "implicitDeny"


@pytest.mark.rule("iam-054", "iam-055")
def test_a_deny_beats_every_allow(iam, user, decision):
    user("bob")
    iam.attach_user_policy(UserName="bob", PolicyArn=aws_arn("AdministratorAccess"))
    assert decision(BOB, "dynamodb:CreateTable") == "allowed"
    text = document(("Deny", "dynamodb:CreateTable", "*"))
    iam.put_user_policy(UserName="bob", PolicyName="no", PolicyDocument=text)
    assert decision(BOB, "dynamodb:CreateTable") == "explicitDeny"
    assert decision(BOB, "dynamodb:GetItem") == "allowed"


@pytest.mark.rule("iam-057")
def test_each_user_has_a_bucket(iam, user, decision):
    for name in ("bob", "eve"):
        user(name)
        text = document(("Allow", "s3:*", [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"]))
        iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=text)
    found = [decision(BOB, "s3:GetObject", ResourceArns=[f"arn:aws:s3:::{name}/x"]) for name in ("bob", "eve")]
    assert found == ["allowed", "implicitDeny"]


@pytest.mark.rule("iam-063")
def test_a_boundary_is_the_most_that_one_can_get(iam, user, policy, decision):
    boundary = policy("most", text=document(("Allow", "s3:*", "*")))
    user("bob", PermissionsBoundary=boundary)
    assert decision(BOB, "s3:GetObject") == "implicitDeny"
    iam.attach_user_policy(UserName="bob", PolicyArn=aws_arn("AdministratorAccess"))
    assert decision(BOB, "s3:GetObject") == "allowed"
    (result,) = iam.simulate_principal_policy(PolicySourceArn=BOB, ActionNames=["ec2:RunInstances"])[
        "EvaluationResults"
    ]
    assert result["EvalDecision"] == "implicitDeny"
    assert result["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": False}
    assert iam.get_user(UserName="bob")["User"]["PermissionsBoundary"]["PermissionsBoundaryArn"] == boundary


def test_boundaries_and_scps_that_are_given(custom):
    everything = document(("Allow", "*", "*"))
    s3_only = document(("Allow", "s3:*", "*"))
    bounded = custom(everything, "ec2:RunInstances", PermissionsBoundaryPolicyInputList=[s3_only])
    assert bounded["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": False}
    levels = [{"ServiceControlPolicyInputList": [everything]}, {"ServiceControlPolicyInputList": [s3_only]}]
    governed = custom(everything, "ec2:RunInstances", OrderedOrganizationPolicyInputList=levels)
    assert governed["EvalDecision"] == "implicitDeny"
    assert governed["OrganizationsDecisionDetail"] == {"AllowedByOrganizations": False}
    allowed = custom(everything, "s3:GetObject", OrderedOrganizationPolicyInputList=levels)
    assert allowed["OrganizationsDecisionDetail"] == {"AllowedByOrganizations": True}


@pytest.mark.rule("iam-056")
def test_resource_policies(iam, user, custom, refused):
    statement = {"Effect": "Allow", "Principal": {"AWS": BOB}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::a/*"}
    bucket = document(statement)
    nothing = document(("Allow", "sqs:*", "*"))
    let_in = custom(nothing, "s3:GetObject", "arn:aws:s3:::a/1", ResourcePolicy=bucket, CallerArn=BOB)
    assert let_in["EvalDecision"] == "allowed"
    assert let_in["MatchedStatements"][0]["SourcePolicyType"] == "Resource Policy"
    denied = document(("Deny", "s3:GetObject", "*"))
    kept_out = custom(denied, "s3:GetObject", "arn:aws:s3:::a/1", ResourcePolicy=bucket, CallerArn=BOB)
    assert kept_out["EvalDecision"] == "explicitDeny"
    abroad = custom(
        nothing,
        "s3:GetObject",
        "arn:aws:s3:::a/1",
        ResourcePolicy=bucket,
        CallerArn=BOB,
        ResourceOwner="arn:aws:iam::210987654321:root",
    )
    assert abroad["EvalDecision"] == "implicitDeny"
    given = {"PolicyInputList": [nothing], "ActionNames": ["s3:GetObject"], "ResourcePolicy": bucket}
    assert refused(iam.simulate_custom_policy, **given)[0] == "InvalidInput"


@pytest.mark.rule("iam-061", "iam-062")
@pytest.mark.parametrize(
    ("condition", "action", "right", "wrong"),
    [
        ("ec2:ResourceTag/Project", "ec2:StopInstances", "A", "B"),
        ("aws:PrincipalOrgID", "s3:GetObject", "o-1234567890", "o-0987654321"),
    ],
)
def test_conditions_on_tags_and_organizations(custom, condition, action, right, wrong):
    only = {"StringEquals": {condition: right}}
    text = document({"Effect": "Allow", "Action": action, "Resource": "*", "Condition": only})
    found = [custom(text, action, ContextEntries=[key(condition, value)])["EvalDecision"] for value in (right, wrong)]
    assert found == ["allowed", "implicitDeny"]


@pytest.mark.rule("iam-068", "iam-069")
def test_passing_roles(iam, user, decision):
    user("bob")
    arns = [f"arn:aws:iam::123456789012:role/{name}" for name in ("S3Access", "Admin")]
    iam.put_user_policy(UserName="bob", PolicyName="ec2", PolicyDocument=document(("Allow", "ec2:*", "*")))
    assert decision(BOB, "iam:PassRole", ResourceArns=arns[:1]) == "implicitDeny"
    iam.put_user_policy(UserName="bob", PolicyName="pass", PolicyDocument=document(("Allow", "iam:PassRole", arns[0])))
    found = [decision(BOB, "iam:PassRole", ResourceArns=[arn]) for arn in arns]
    assert found == ["allowed", "implicitDeny"]


@pytest.mark.rule("iam-048", "iam-049", "iam-050")
@pytest.mark.parametrize(
    ("policy", "allowed", "denied"),
    [
        ("IAMReadOnlyAccess", "iam:ListUsers", "iam:CreateUser"),
        ("AmazonS3FullAccess", "s3:CreateBucket", "ec2:RunInstances"),
    ],
)
def test_roles_with_policies_of_aws(iam, role, decision, policy, allowed, denied):
    role("app")
    iam.attach_role_policy(RoleName="app", PolicyArn=aws_arn(policy))
    found = [decision("arn:aws:iam::123456789012:role/app", action) for action in (allowed, denied)]
    assert found == ["allowed", "implicitDeny"]


def test_context_keys_that_policies_ask_for(iam, user):
    condition = {"StringEquals": {"aws:RequestedRegion": "eu-west-1", "s3:prefix": "${aws:username}"}}
    text = document({"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": condition})
    keys = iam.get_context_keys_for_custom_policy(PolicyInputList=[text])["ContextKeyNames"]
    assert set(keys) == {"aws:RequestedRegion", "s3:prefix", "aws:username"}
    user("bob")
    iam.put_user_policy(UserName="bob", PolicyName="own", PolicyDocument=text)
    more = document(
        {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "true"}}}
    )
    found = iam.get_context_keys_for_principal_policy(PolicySourceArn=BOB, PolicyInputList=[more])["ContextKeyNames"]
    assert set(found) == {*keys, "aws:SecureTransport"}


def test_input_that_cannot_be_simulated(iam, refused):
    good = document()

    def custom(**more):
        return refused(
            iam.simulate_custom_policy, **{"PolicyInputList": [good], "ActionNames": ["s3:GetObject"], **more}
        )

    assert custom(PolicyInputList=["nonsense"]) == ("InvalidInput", "Syntax errors in policy.", 400)
    assert custom(ActionNames=["nonsense"])[0] == "ValidationError"
    assert custom(ResourceOwner="nonsense")[0] == "InvalidInput"
    assert custom(PermissionsBoundaryPolicyInputList=[good, good])[0] == "InvalidInput"
    assert custom(CallerArn="arn:aws:iam::123456789012:role/app")[0] == "InvalidInput"
    assert custom(ContextEntries=[key("aws:SourceIp", "1.2.3.4", "5.6.7.8", kind="ip")])[0] == "InvalidInput"
    missing = ("NoSuchEntity", "The user with name bob cannot be found.", 404)
    assert refused(iam.simulate_principal_policy, PolicySourceArn=BOB, ActionNames=["s3:GetObject"]) == missing


def test_pages_of_results(iam):
    actions = [f"s3:Action{number}" for number in range(7)]
    pages = iam.get_paginator("simulate_custom_policy").paginate(
        PolicyInputList=[document()], ActionNames=actions, PaginationConfig={"PageSize": 3}
    )
    found = [[each["EvalActionName"] for each in page["EvaluationResults"]] for page in pages]
    assert found == [actions[:3], actions[3:6], actions[6:]]


MINE = "arn:aws:iam::123456789012:policy"


@pytest.mark.parametrize(
    ("excluded", "verdict"),
    [
        ([], "explicitDeny"),
        ([{"PolicyType": "user-managed"}], "allowed"),
        ([{"PolicyArn": f"{MINE}/team/no-*"}], "allowed"),
        ([{"PolicyArn": f"{MINE}/team/n?-sqs"}], "allowed"),
        ([{"PolicyArn": f"{MINE}/no-sqs"}], "explicitDeny"),  # none has this ARN
        ([{"PolicyType": "user-managed"}, {"PolicyType": "aws-managed"}], "allowed"),
        ([{"PolicyType": "user-managed"}, {"PolicyType": "aws-managed"}, {"PolicyType": "inline"}], "implicitDeny"),
        (
            [
                {"PolicyArn": aws_arn("AmazonSQSFullAccess")},
                {"PolicyArn": f"{MINE}/team/no-sqs"},
                {"InlinePolicyIdentifier": {"PolicyName": "own", "AttachmentType": "user", "AttachmentName": "bob"}},
            ],
            "implicitDeny",
        ),
        (
            [
                {"PolicyType": "user-managed"},
                {"PolicyType": "aws-managed"},
                {"InlinePolicyIdentifier": {"PolicyName": "own", "AttachmentType": "role", "AttachmentName": "bob"}},
            ],
            "allowed",
        ),
        ([{"PolicyType": "rcp"}], "explicitDeny"),
    ],
)
def test_what_would_be_without_a_policy(iam, user, policy, decision, excluded, verdict):
    user("bob")
    iam.put_user_policy(UserName="bob", PolicyName="own", PolicyDocument=document(("Allow", "sqs:*", "*")))
    iam.attach_user_policy(UserName="bob", PolicyArn=aws_arn("AmazonSQSFullAccess"))
    denying = policy("no-sqs", document(("Deny", "sqs:*", "*")), Path="/team/")
    iam.attach_user_policy(UserName="bob", PolicyArn=denying)
    assert decision(BOB, "sqs:SendMessage", PolicyExclusionList=excluded) == verdict


def test_what_would_be_without_the_boundary(iam, user, policy, decision):
    user("bob")
    iam.put_user_policy(UserName="bob", PolicyName="own", PolicyDocument=document(("Allow", "sqs:*", "*")))
    iam.put_user_permissions_boundary(UserName="bob", PermissionsBoundary=policy())
    assert decision(BOB, "sqs:SendMessage") == "implicitDeny"
    without = [{"PolicyType": "permission-boundary"}]
    assert decision(BOB, "sqs:SendMessage", PolicyExclusionList=without) == "allowed"


@pytest.mark.parametrize(
    "arn", ["arn:aws:iam::123456789012:user/bob", f"{MINE}/a*/b", f"{MINE}/a*b*", "arn:aws:iam::*:policy/abcdefg"]
)
def test_policies_that_cannot_be_named(iam, user, refused, arn):
    user("bob")
    asked = {"PolicySourceArn": BOB, "ActionNames": ["s3:GetObject"], "PolicyExclusionList": [{"PolicyArn": arn}]}
    assert refused(iam.simulate_principal_policy, **asked)[0] == "InvalidInput"

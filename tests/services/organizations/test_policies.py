"""Policies: written, attached, enabled."""

import json

import pytest

from awsim.services.organizations.types import TYPES

from .conftest import FULL, as_account, message_of, refusal

pytestmark = pytest.mark.newer_botocore

SCP, RCP, TAG = "SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY", "TAG_POLICY"
DENY = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]}
CONSTRAINT = "ConstraintViolationException"
SETTING = {"a": {"@@assign": "b"}}


def content_of(type):
    if type == SCP:
        return DENY
    if type == RCP:
        return {"Version": "2012-10-17", "Statement": [{**DENY["Statement"][0], "Principal": "*"}]}
    if type == TAG:
        return {"tags": {"owner": {"tag_key": {"@@assign": "Owner"}}}}
    return {TYPES[type].top or "something": SETTING}


def test_a_policy_is_written_changed_and_deleted(org):
    text = json.dumps(DENY, indent=4)
    made = org.api.create_policy(Content=text, Description="no S3", Name="NoS3", Type=SCP)["Policy"]
    summary = made["PolicySummary"]
    assert made["Content"] == text
    assert summary == {
        "Id": summary["Id"],
        "Arn": f"arn:aws:organizations::123456789012:policy/{org.id}/service_control_policy/{summary['Id']}",
        "Name": "NoS3",
        "Description": "no S3",
        "Type": SCP,
        "AwsManaged": False,
    }
    changed = org.api.update_policy(PolicyId=summary["Id"], Name="None", Content=json.dumps(FULL))["Policy"]
    assert changed["PolicySummary"]["Name"] == "None"
    assert changed["PolicySummary"]["Description"] == "no S3"
    assert org.api.describe_policy(PolicyId=summary["Id"])["Policy"]["Content"] == json.dumps(FULL)
    org.api.delete_policy(PolicyId=summary["Id"])
    assert refusal(org.api.describe_policy, PolicyId=summary["Id"])[0] == "PolicyNotFoundException"
    assert message_of(org.api.describe_policy, PolicyId=summary["Id"]) == "You specified a policy that doesn't exist."


@pytest.mark.rule("organizations-003", "organizations-006")
@pytest.mark.parametrize("type", list(TYPES))
def test_every_type(org, type):
    if TYPES[type].service:
        asked = {"RootId": org.root, "PolicyType": type}
        assert refusal(org.api.enable_policy_type, **asked) == (CONSTRAINT, "SERVICE_ACCESS_NOT_ENABLED")
        org.api.enable_aws_service_access(ServicePrincipal=TYPES[type].service)
    policy = org.policy(type=type, content=content_of(type))
    if type != SCP:
        assert refusal(org.api.attach_policy, PolicyId=policy, TargetId=org.root)[0] == "PolicyTypeNotEnabledException"
        org.enable(type)
    asked = {"RootId": org.root, "PolicyType": type}
    assert refusal(org.api.enable_policy_type, **asked)[0] == "PolicyTypeAlreadyEnabledException"
    unit, account = org.unit("u"), org.account()
    for target in (org.root, unit, account):
        org.api.attach_policy(PolicyId=policy, TargetId=target)
        assert policy in str(org.api.list_policies_for_target(TargetId=target, Filter=type)["Policies"])
    kinds = [target["Type"] for target in org.api.list_targets_for_policy(PolicyId=policy)["Targets"]]
    assert kinds == ["ROOT", "ORGANIZATIONAL_UNIT", "ACCOUNT"]
    assert refusal(org.api.delete_policy, PolicyId=policy)[0] == "PolicyInUseException"
    again = {"PolicyId": policy, "TargetId": unit}
    assert refusal(org.api.attach_policy, **again)[0] == "DuplicatePolicyAttachmentException"
    assert org.api.disable_policy_type(**asked)["Root"]["PolicyTypes"] == [
        {"Type": each, "Status": "ENABLED"} for each in (SCP,) if each != type
    ]
    assert org.api.list_targets_for_policy(PolicyId=policy)["Targets"] == []
    assert refusal(org.api.disable_policy_type, **asked)[0] == "PolicyTypeNotEnabledException"
    org.api.delete_policy(PolicyId=policy)


@pytest.mark.parametrize(
    ("type", "content"),
    [
        (SCP, "{"),
        (SCP, json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:*"}]})[:-1]),
        (SCP, json.dumps(content_of(RCP))),
        (SCP, json.dumps({"tags": {}})),
        (RCP, json.dumps(DENY)),
        (RCP, json.dumps(FULL)),
        (TAG, json.dumps(DENY)),
        (TAG, "[]"),
        (TAG, json.dumps({"tags": {"owner": {"tag_key": "Owner"}}})),
        (TAG, json.dumps({"tags": {"owner": {"tag_key": {"@@assign": "Keeper"}}}})),
        (TAG, json.dumps({"tags": {"owner": {"tag_values": {"@@assign": ["a"]}}}})),
        (TAG, json.dumps({"tags": {"owner": {"tag_value": {"@@add": ["a"]}}}})),
        (TAG, json.dumps({"tags": {"owner": {"tag_value": {"@@append": "a"}}}})),
        ("BACKUP_POLICY", json.dumps({"tags": {}})),
        ("BACKUP_POLICY", json.dumps({"plans": {"p": {"@@assign": "a", "rules": {}}}})),
        ("AISERVICES_OPT_OUT_POLICY", json.dumps({"services": {"@@operators_allowed_for_child_policies": ["@@some"]}})),
    ],
)
def test_malformed_documents(org, type, content):
    asked = {"Name": "p", "Description": "", "Type": type, "Content": content}
    assert refusal(org.api.create_policy, **asked)[0] == "MalformedPolicyDocumentException"
    assert message_of(org.api.create_policy, **asked) == (
        "The provided policy document does not meet the requirements of the specified policy type."
    )
    policy = org.policy(type=type, content=content_of(type))
    assert refusal(org.api.update_policy, PolicyId=policy, Content=content)[0] == "MalformedPolicyDocumentException"
    assert json.loads(org.api.describe_policy(PolicyId=policy)["Policy"]["Content"]) == content_of(type)


@pytest.mark.parametrize(
    ("type", "size"), [(SCP, 10_240), (RCP, 5_120), (TAG, 10_000), ("AISERVICES_OPT_OUT_POLICY", 2_500)]
)
def test_sizes(org, type, size):
    """White space counts: what an SDK sends is kept as it is."""
    fits = json.dumps(content_of(type)).ljust(size)
    made = org.api.create_policy(Name="fits", Description="", Type=type, Content=fits)["Policy"]["PolicySummary"]["Id"]
    asked = {"Name": "p", "Description": "", "Type": type, "Content": fits + " "}
    assert refusal(org.api.create_policy, **asked) == (CONSTRAINT, "POLICY_CONTENT_LIMIT_EXCEEDED")
    assert message_of(org.api.create_policy, **asked) == "You have exceeded the maximum policy size."
    assert refusal(org.api.update_policy, PolicyId=made, Content=fits + " ") == (
        CONSTRAINT, "POLICY_CONTENT_LIMIT_EXCEEDED",
    )  # fmt: skip


@pytest.mark.aws(as_of="2026-05-14")
def test_sizes_and_attachments_before_may_2026(org):
    asked = {"Name": "p", "Description": "", "Type": SCP, "Content": json.dumps(DENY).ljust(5121)}
    assert refusal(org.api.create_policy, **asked) == (CONSTRAINT, "POLICY_CONTENT_LIMIT_EXCEEDED")
    for number in range(4):
        org.api.attach_policy(PolicyId=org.policy(f"p{number}"), TargetId=org.root)
    last = {"PolicyId": org.policy("last"), "TargetId": org.root}
    assert refusal(org.api.attach_policy, **last) == (CONSTRAINT, "MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED")


def test_ten_service_control_policies_on_a_target(org):
    for number in range(9):
        org.api.attach_policy(PolicyId=org.policy(f"p{number}"), TargetId=org.root)
    last = {"PolicyId": org.policy("last"), "TargetId": org.root}
    assert refusal(org.api.attach_policy, **last) == (CONSTRAINT, "MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED")
    assert message_of(org.api.attach_policy, **last) == (
        "You have attached the maximum number of policies to the specified target."
    )
    org.api.attach_policy(PolicyId=last["PolicyId"], TargetId=org.unit("u"))
    org.api.detach_policy(PolicyId="p-FullAWSAccess", TargetId=org.root)
    org.api.attach_policy(**last)


@pytest.mark.aws(limits={"organizations.policies-tag": 1})
def test_so_many_policies_of_a_type(org):
    org.policy(type=TAG, content=content_of(TAG))
    asked = {"Name": "q", "Description": "", "Type": TAG, "Content": json.dumps(content_of(TAG))}
    assert refusal(org.api.create_policy, **asked) == (CONSTRAINT, "POLICY_NUMBER_LIMIT_EXCEEDED")
    org.policy("other")


def test_names_are_unique_within_a_type(org):
    first = org.policy("a")
    org.policy("b")
    asked = {"Name": "a", "Description": "", "Type": SCP, "Content": json.dumps(DENY)}
    assert refusal(org.api.create_policy, **asked)[0] == "DuplicatePolicyException"
    assert refusal(org.api.update_policy, PolicyId=first, Name="b")[0] == "DuplicatePolicyException"
    org.api.update_policy(PolicyId=first, Name="a")
    org.policy("a", type=TAG, content=content_of(TAG))


def test_policies_of_aws_stay_as_they_are(org):
    org.enable(RCP)
    (full,) = org.api.list_policies(Filter=SCP)["Policies"]
    assert full == {
        "Id": "p-FullAWSAccess",
        "Arn": "arn:aws:organizations::aws:policy/service_control_policy/p-FullAWSAccess",
        "Name": "FullAWSAccess",
        "Description": "Allows access to every operation",
        "Type": SCP,
        "AwsManaged": True,
    }
    (rcp,) = org.api.list_policies(Filter=RCP)["Policies"]
    assert rcp["Arn"] == "arn:aws:organizations::aws:policy/resource_control_policy/p-RCPFullAWSAccess"
    immutable = ("InvalidInputException", "IMMUTABLE_POLICY")
    for id in ("p-FullAWSAccess", "p-RCPFullAWSAccess"):
        assert refusal(org.api.update_policy, PolicyId=id, Name="mine") == immutable
        assert refusal(org.api.delete_policy, PolicyId=id) == immutable
        assert [target["TargetId"] for target in org.api.list_targets_for_policy(PolicyId=id)["Targets"]] == [
            org.root, "123456789012",
        ]  # fmt: skip
    org.api.attach_policy(PolicyId=org.policy(type=RCP, content=content_of(RCP)), TargetId=org.root)
    assert refusal(org.api.detach_policy, PolicyId="p-RCPFullAWSAccess", TargetId=org.root) == (
        "InvalidInputException", "NON_DETACHABLE_POLICY",
    )  # fmt: skip


@pytest.mark.rule("organizations-007")
def test_the_last_service_control_policy_stays(org):
    unit = org.unit("u")
    asked = {"PolicyId": "p-FullAWSAccess", "TargetId": unit}
    assert refusal(org.api.detach_policy, **asked) == (CONSTRAINT, "MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED")
    org.api.attach_policy(PolicyId=org.policy(), TargetId=unit)
    org.api.detach_policy(**asked)
    assert refusal(org.api.detach_policy, **asked)[0] == "PolicyNotAttachedException"


@pytest.mark.rule("organizations-006")
def test_what_is_not_there(org):
    policy, gone = org.policy(), "p-0000000000"
    assert refusal(org.api.attach_policy, PolicyId=gone, TargetId=org.root)[0] == "PolicyNotFoundException"
    assert refusal(org.api.attach_policy, PolicyId=policy, TargetId="999999999999")[0] == "TargetNotFoundException"
    assert refusal(org.api.detach_policy, PolicyId=policy, TargetId=org.root)[0] == "PolicyNotAttachedException"
    assert refusal(org.api.list_targets_for_policy, PolicyId=gone)[0] == "PolicyNotFoundException"
    asked = {"TargetId": "999999999999", "Filter": SCP}
    assert refusal(org.api.list_policies_for_target, **asked)[0] == "TargetNotFoundException"
    asked = {"RootId": "r-0000", "PolicyType": TAG}
    assert refusal(org.api.enable_policy_type, **asked)[0] == "RootNotFoundException"


def test_enabling_attaches_full_access_again(org):
    unit, account = org.unit("u"), org.account()
    org.api.disable_policy_type(RootId=org.root, PolicyType=SCP)
    assert org.api.list_targets_for_policy(PolicyId="p-FullAWSAccess")["Targets"] == []
    org.enable(SCP)
    targets = [target["TargetId"] for target in org.api.list_targets_for_policy(PolicyId="p-FullAWSAccess")["Targets"]]
    assert targets == [org.root, unit, "123456789012", account]


def test_members_may_be_let_manage_policies(org):
    """A resource policy of the organization delegates to an account, for one type."""
    account = org.account()
    member = as_account(account)
    asked = {"Name": "p", "Description": "", "Type": TAG, "Content": json.dumps(content_of(TAG))}
    assert refusal(member.create_policy, **asked)[0] == "AccessDeniedException"
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
        "Action": ["organizations:CreatePolicy", "organizations:AttachPolicy", "organizations:List*"],
        "Resource": "*",
        "Condition": {"StringLikeIfExists": {"organizations:PolicyType": ["TAG_POLICY"]}},
    }
    org.api.put_resource_policy(Content=json.dumps({"Version": "2012-10-17", "Statement": statement}))
    org.enable(TAG)
    policy = member.create_policy(**asked)["Policy"]["PolicySummary"]["Id"]
    member.attach_policy(PolicyId=policy, TargetId=org.root)
    assert member.list_roots()["Roots"]
    assert refusal(member.detach_policy, PolicyId=policy, TargetId=org.root)[0] == "AccessDeniedException"
    other = {**asked, "Type": SCP, "Content": json.dumps(DENY)}
    assert refusal(member.create_policy, **other)[0] == "AccessDeniedException"
    assert refusal(as_account(org.account("b")).list_roots)[0] == "AccessDeniedException"


def test_delegation_by_arns(org):
    """As in the User Guide's example for backup policies: on units and on policies of the one type."""
    account, unit = org.account(), org.unit("u")
    org.enable(TAG)
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
        "Action": [
            f"organizations:{name}" for name in ("CreatePolicy", "DescribePolicy", "AttachPolicy", "ListChildren")
        ],
        "Resource": [
            "arn:aws:organizations::123456789012:ou/o-*/*",
            "arn:aws:organizations::123456789012:policy/o-*/tag_policy/*",
        ],
        "Condition": {"StringLikeIfExists": {"organizations:PolicyType": ["TAG_POLICY"]}},
    }
    org.api.put_resource_policy(Content=json.dumps({"Version": "2012-10-17", "Statement": statement}))
    member = as_account(account)
    made = {"Name": "p", "Description": "", "Type": TAG, "Content": json.dumps(content_of(TAG))}
    policy = member.create_policy(**made)["Policy"]["PolicySummary"]["Id"]
    assert member.describe_policy(PolicyId=policy)["Policy"]
    member.attach_policy(PolicyId=policy, TargetId=unit)
    member.list_children(ParentId=unit, ChildType="ACCOUNT")
    assert refusal(member.attach_policy, PolicyId=policy, TargetId=org.root)[0] == "AccessDeniedException"
    assert refusal(member.describe_policy, PolicyId="p-FullAWSAccess")[0] == "AccessDeniedException"
    assert refusal(member.list_children, ParentId=org.root, ChildType="ACCOUNT")[0] == "AccessDeniedException"

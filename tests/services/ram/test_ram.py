"""Resource Access Manager: shares, invitations, permissions."""

import json

import boto3
import pytest
from botocore.exceptions import ClientError

A, B = "123456789012", "222222222222"
GATEWAY = f"arn:aws:ec2:us-east-1:{A}:transit-gateway/tgw-0123456789abcdef0"
RULE = f"arn:aws:route53resolver:us-east-1:{A}:resolver-rule/rslvr-rr-1"
SUBNET = f"arn:aws:ec2:us-east-1:{A}:subnet/subnet-0123456789abcdef0"
MANAGED = "arn:aws:ram::aws:permission/AWSRAMDefaultPermissionTransitGateway"

pytestmark = pytest.mark.aws(at="2026-03-01T00:00:00Z")


def client(account=A, **more):
    return boto3.client("ram", aws_access_key_id=account, aws_secret_access_key="x", **more)


@pytest.fixture
def ram(aws):
    return client(A)


@pytest.fixture
def other(aws):
    return client(B)


@pytest.fixture
def share(ram):
    """share(resourceArns=[…], principals=[…]) -> the ARN of a resource share."""
    return lambda name="net", **more: ram.create_resource_share(name=name, **more)["resourceShare"]["resourceShareArn"]


def refused(call, **params):
    with pytest.raises(ClientError) as caught:
        call(**params)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def associations(ram, kind, **more):
    found = ram.get_resource_share_associations(associationType=kind, **more)["resourceShareAssociations"]
    return {each["associatedEntity"]: each["status"] for each in found}


# --- shares and invitations


def test_a_share_opens_when_the_invitation_is_accepted(ram, other, share):
    arn = share(resourceArns=[GATEWAY], principals=[B], tags=[{"key": "team", "value": "net"}])
    (shown,) = ram.get_resource_shares(resourceOwner="SELF")["resourceShares"]
    assert (shown["status"], shown["owningAccountId"], shown["allowExternalPrincipals"]) == ("ACTIVE", A, True)
    assert shown["tags"] == [{"key": "team", "value": "net"}]
    assert associations(ram, "PRINCIPAL") == {B: "ASSOCIATING"}
    assert associations(ram, "RESOURCE") == {GATEWAY: "ASSOCIATED"}
    assert other.get_resource_shares(resourceOwner="OTHER-ACCOUNTS")["resourceShares"] == []
    assert other.list_resources(resourceOwner="OTHER-ACCOUNTS")["resources"] == []

    (invitation,) = other.get_resource_share_invitations()["resourceShareInvitations"]
    assert (invitation["status"], invitation["senderAccountId"], invitation["resourceShareName"]) == (
        "PENDING",
        A,
        "net",
    )
    pending = {"resourceShareInvitationArn": invitation["resourceShareInvitationArn"]}
    (resource,) = other.list_pending_invitation_resources(**pending)["resources"]
    assert (resource["arn"], resource["type"]) == (GATEWAY, "ec2:TransitGateway")
    accepted = other.accept_resource_share_invitation(**pending)["resourceShareInvitation"]
    assert accepted["status"] == "ACCEPTED"

    (shown,) = other.get_resource_shares(resourceOwner="OTHER-ACCOUNTS")["resourceShares"]
    assert shown["resourceShareArn"] == arn
    (resource,) = other.list_resources(resourceOwner="OTHER-ACCOUNTS", resourceType="ec2:TransitGateway")["resources"]
    assert resource["arn"] == GATEWAY
    (principal,) = other.list_principals(resourceOwner="OTHER-ACCOUNTS")["principals"]
    assert (principal["id"], principal["external"]) == (A, True)
    assert associations(ram, "PRINCIPAL") == {B: "ASSOCIATED"}
    assert refused(other.accept_resource_share_invitation, **pending)[0] == (
        "ResourceShareInvitationAlreadyAcceptedException"
    )
    assert client("333333333333").list_resources(resourceOwner="OTHER-ACCOUNTS")["resources"] == []
    assert client(B, region_name="eu-west-1").list_resources(resourceOwner="OTHER-ACCOUNTS")["resources"] == []


def test_a_rejected_invitation(ram, other, share):
    arn = share(resourceArns=[GATEWAY], principals=[B])
    (invitation,) = other.get_resource_share_invitations()["resourceShareInvitations"]
    pending = {"resourceShareInvitationArn": invitation["resourceShareInvitationArn"]}
    assert refused(ram.reject_resource_share_invitation, **pending)[0] == (
        "ResourceShareInvitationArnNotFoundException"
    )
    other.reject_resource_share_invitation(**pending)
    assert refused(other.reject_resource_share_invitation, **pending)[0] == (
        "ResourceShareInvitationAlreadyRejectedException"
    )
    assert refused(other.list_pending_invitation_resources, **pending)[0] == (
        "ResourceShareInvitationAlreadyRejectedException"
    )
    assert associations(ram, "PRINCIPAL") == {B: "DISASSOCIATED"}
    ram.associate_resource_share(resourceShareArn=arn, principals=[B])
    statuses = [each["status"] for each in other.get_resource_share_invitations()["resourceShareInvitations"]]
    assert statuses == ["REJECTED", "PENDING"]


def test_an_invitation_is_open_for_seven_days(aws, ram, other, share):
    share(resourceArns=[GATEWAY], principals=[B])
    (invitation,) = other.get_resource_share_invitations()["resourceShareInvitations"]
    pending = {"resourceShareInvitationArn": invitation["resourceShareInvitationArn"]}
    aws.clock.advance(days=7, seconds=-1)
    (shown,) = other.get_resource_share_invitations()["resourceShareInvitations"]
    assert shown["status"] == "PENDING"
    aws.clock.advance(seconds=1)
    (shown,) = other.get_resource_share_invitations()["resourceShareInvitations"]
    assert shown["status"] == "EXPIRED"
    assert refused(other.accept_resource_share_invitation, **pending)[0] == "ResourceShareInvitationExpiredException"
    assert associations(ram, "PRINCIPAL") == {B: "FAILED"}


def test_an_iam_role_of_another_account_is_invited_too(ram, other, share):
    role = f"arn:aws:iam::{B}:role/app"
    share(resourceArns=[RULE], principals=[role])
    (invitation,) = other.get_resource_share_invitations()["resourceShareInvitations"]
    assert (invitation["receiverAccountId"], invitation["receiverArn"]) == (B, role)
    other.accept_resource_share_invitation(resourceShareInvitationArn=invitation["resourceShareInvitationArn"])
    assert associations(ram, "PRINCIPAL") == {role: "ASSOCIATED"}


def test_associate_and_disassociate(ram, other, share):
    arn = share()
    made = ram.associate_resource_share(resourceShareArn=arn, resourceArns=[GATEWAY, RULE], principals=[B])
    assert [(each["associationType"], each["status"]) for each in made["resourceShareAssociations"]] == [
        ("RESOURCE", "ASSOCIATING"),
        ("RESOURCE", "ASSOCIATING"),
        ("PRINCIPAL", "ASSOCIATING"),
    ]
    # Once more changes nothing.
    ram.associate_resource_share(resourceShareArn=arn, resourceArns=[GATEWAY], principals=[B])
    assert len(other.get_resource_share_invitations()["resourceShareInvitations"]) == 1
    gone = ram.disassociate_resource_share(resourceShareArn=arn, resourceArns=[RULE], principals=[B])
    assert {each["status"] for each in gone["resourceShareAssociations"]} == {"DISASSOCIATING"}
    assert associations(ram, "RESOURCE") == {GATEWAY: "ASSOCIATED"}
    assert associations(ram, "PRINCIPAL") == {}
    assert other.get_resource_share_invitations()["resourceShareInvitations"] == []
    assert refused(ram.disassociate_resource_share, resourceShareArn=arn, resourceArns=[RULE]) == (
        "UnknownResourceException",
        f"{RULE} is not associated with the resource share {arn}.",
    )


def test_an_account_can_leave(ram, other, share):
    arn = share(resourceArns=[GATEWAY], principals=[B])
    (invitation,) = other.get_resource_share_invitations()["resourceShareInvitations"]
    other.accept_resource_share_invitation(resourceShareInvitationArn=invitation["resourceShareInvitationArn"])
    assert refused(other.disassociate_resource_share, resourceShareArn=arn, resourceArns=[GATEWAY])[0] == (
        "UnknownResourceException"
    )
    other.disassociate_resource_share(resourceShareArn=arn, principals=[B])
    assert other.list_resources(resourceOwner="OTHER-ACCOUNTS")["resources"] == []
    assert associations(ram, "PRINCIPAL") == {}


def test_delete(aws, ram, other, share):
    arn = share(resourceArns=[GATEWAY], principals=[B])
    assert refused(other.delete_resource_share, resourceShareArn=arn)[0] == "UnknownResourceException"
    assert ram.delete_resource_share(resourceShareArn=arn)["returnValue"] is True
    (shown,) = ram.get_resource_shares(resourceOwner="SELF")["resourceShares"]
    assert shown["status"] == "DELETED"
    assert refused(ram.associate_resource_share, resourceShareArn=arn, resourceArns=[RULE]) == (
        "UnknownResourceException",
        f"ResourceShare {arn} could not be found.",
    )
    assert other.get_resource_share_invitations()["resourceShareInvitations"] == []
    aws.clock.advance(hours=2)
    assert ram.get_resource_shares(resourceOwner="SELF")["resourceShares"] == []


@pytest.mark.parametrize(
    ("wrong", "code", "message"),
    [
        (
            {"resourceArns": ["nonsense"]},
            "MalformedArnException",
            "The specified resource ARN nonsense is not valid. Verify the ARN and try again.",
        ),
        (
            {"resourceArns": [f"arn:aws:sqs:us-east-1:{A}:jobs"]},
            "MalformedArnException",
            f"The specified resource ARN arn:aws:sqs:us-east-1:{A}:jobs is not valid. Verify the ARN and try again.",
        ),
        (
            {"resourceArns": [GATEWAY.replace("us-east-1", "eu-west-1")]},
            "MalformedArnException",
            f"The specified resource ARN {GATEWAY.replace('us-east-1', 'eu-west-1')} is not valid. Verify the ARN and "
            "try again.",
        ),
        (
            {"resourceArns": [GATEWAY.replace(A, B)]},
            "OperationNotPermittedException",
            f"The resource {GATEWAY.replace(A, B)} is not owned by account {A}.",
        ),
        (
            {"principals": ["12345"]},
            "InvalidParameterException",
            "Principal ID 12345 is malformed. Verify the ID and try again.",
        ),
        (
            {"principals": [f"arn:aws:organizations::{A}:organization/o-0123456789"]},
            "UnknownResourceException",
            "Organization o-0123456789 could not be found.",
        ),
        (
            {"principals": [f"arn:aws:organizations::{A}:ou/o-0123456789/ou-abcd-01234567"]},
            "UnknownResourceException",
            "OrganizationalUnit ou-abcd-01234567 in unknown organization could not be found.",
        ),
        (
            {"principals": [B], "allowExternalPrincipals": False},
            "OperationNotPermittedException",
            "The resource share does not allow principals outside of your organization.",
        ),
        (
            {"resourceArns": [SUBNET], "principals": [B]},
            "OperationNotPermittedException",
            "The resource you are attempting to share can only be shared within your AWS Organization. This error may "
            "also occur if you have not enabled sharing with your AWS organization, or that onboarding process is "
            "still in progress.",
        ),
        ({"permissionArns": [MANAGED + "X"]}, "UnknownResourceException", f"Permission {MANAGED}X could not be found."),
    ],
)
def test_shares_that_are_refused(ram, wrong, code, message):
    assert refused(ram.create_resource_share, name="net", **wrong) == (code, message)
    assert ram.get_resource_shares(resourceOwner="SELF")["resourceShares"] == []


def test_what_is_refused_changes_nothing(ram, other, share):
    arn = share(resourceArns=[GATEWAY])
    assert refused(ram.associate_resource_share, resourceShareArn=arn, resourceArns=[RULE], principals=[B, "x"])[0] == (
        "InvalidParameterException"
    )
    assert associations(ram, "RESOURCE") == {GATEWAY: "ASSOCIATED"}
    assert associations(ram, "PRINCIPAL") == {}


def test_external_principals_keep_a_share_open(ram, share):
    arn = share(resourceArns=[GATEWAY], principals=[B])
    assert refused(ram.update_resource_share, resourceShareArn=arn, allowExternalPrincipals=False)[0] == (
        "OperationNotPermittedException"
    )
    ram.update_resource_share(resourceShareArn=arn, name="network")
    assert ram.get_resource_shares(resourceOwner="SELF", name="network")["resourceShares"]


def test_client_tokens(ram):
    first = ram.create_resource_share(name="net", clientToken="t")
    assert first["clientToken"] == "t"
    again = ram.create_resource_share(name="net", clientToken="t")
    assert again["resourceShare"]["resourceShareArn"] == first["resourceShare"]["resourceShareArn"]
    assert len(ram.get_resource_shares(resourceOwner="SELF")["resourceShares"]) == 1
    assert refused(ram.create_resource_share, name="other", clientToken="t")[0] == (
        "IdempotentParameterMismatchException"
    )
    assert ram.create_resource_share(name="net")["clientToken"]


@pytest.mark.aws(
    limits={
        "ram.resource-shares": 1,
        "ram.pending-invitations": 1,
        "ram.resource-associations": 1,
        "ram.principal-associations": 2,
    }
)
def test_quotas(ram, share):
    arn = share(resourceArns=[GATEWAY], principals=[B])
    assert refused(ram.create_resource_share, name="two")[0] == "ResourceShareLimitExceededException"
    for wrong in ({"resourceArns": [RULE]}, {"principals": ["333333333333"]}):
        assert refused(ram.associate_resource_share, resourceShareArn=arn, **wrong)[0] == (
            "ResourceShareLimitExceededException"
        )
    ram.delete_resource_share(resourceShareArn=arn)
    share("two", resourceArns=[RULE])


def test_listing_what_is_mine(ram, share):
    arn = share(resourceArns=[GATEWAY, RULE], principals=[B], tags=[{"key": "team", "value": "net"}])
    share("other", resourceArns=[GATEWAY])
    found = ram.list_resources(resourceOwner="SELF", resourceShareArns=[arn])["resources"]
    assert [each["arn"] for each in found] == [GATEWAY, RULE]
    assert ram.list_resources(resourceOwner="SELF", resourceType="route53resolver:ResolverRule")["resources"]
    assert refused(ram.list_resources, resourceOwner="SELF", resourceType="s3:Bucket")[0] == "InvalidParameterException"
    (principal,) = ram.list_principals(resourceOwner="SELF", resourceArn=RULE)["principals"]
    assert (principal["id"], principal["resourceShareArn"]) == (B, arn)
    wanted = [{"tagKey": "team", "tagValues": ["net", "ops"]}]
    (shown,) = ram.get_resource_shares(resourceOwner="SELF", tagFilters=wanted)["resourceShares"]
    assert shown["resourceShareArn"] == arn
    assert refused(ram.get_resource_share_associations, associationType="RESOURCE", principal=B)[0] == (
        "InvalidParameterException"
    )
    unknown = arn[:-3] + "fff"
    assert refused(ram.get_resource_shares, resourceOwner="SELF", resourceShareArns=[unknown]) == (
        "UnknownResourceException",
        f"ResourceShare {unknown} could not be found.",
    )
    types = {each["resourceType"] for each in ram.list_resource_types()["resourceTypes"]}
    assert {"ec2:Subnet", "ec2:TransitGateway", "rds:Cluster"} <= types


def test_policies_of_shared_resources(ram, other, share):
    share(resourceArns=[GATEWAY], principals=[B])
    (invitation,) = other.get_resource_share_invitations()["resourceShareInvitations"]
    other.accept_resource_share_invitation(resourceShareInvitationArn=invitation["resourceShareInvitationArn"])
    (policy,) = ram.get_resource_policies(resourceArns=[GATEWAY])["policies"]
    (statement,) = json.loads(policy)["Statement"]
    assert statement["Principal"] == {"AWS": [B]}
    assert "ec2:CreateTransitGatewayVpcAttachment" in statement["Action"]
    assert refused(ram.get_resource_policies, resourceArns=[RULE])[0] == "ResourceArnNotFoundException"


def test_tags(ram, share):
    arn = share()
    ram.tag_resource(resourceShareArn=arn, tags=[{"key": "a", "value": "1"}, {"key": "b", "value": "2"}])
    ram.untag_resource(resourceShareArn=arn, tagKeys=["a"])
    (shown,) = ram.get_resource_shares(resourceOwner="SELF")["resourceShares"]
    assert shown["tags"] == [{"key": "b", "value": "2"}]
    many = [{"key": f"k{n}", "value": ""} for n in range(50)]
    assert refused(ram.tag_resource, resourceShareArn=arn, tags=many)[0] == "TagLimitExceededException"


def test_pages(ram, other, share):
    for n in range(5):
        share(f"s{n}", resourceArns=[f"{GATEWAY}{n}"], principals=[B, f"33333333333{n}"])
    for each in other.get_resource_share_invitations()["resourceShareInvitations"]:
        other.accept_resource_share_invitation(resourceShareInvitationArn=each["resourceShareInvitationArn"])
    for who, operation, key, params, count in (
        (ram, "get_resource_shares", "resourceShares", {"resourceOwner": "SELF"}, 5),
        (other, "get_resource_shares", "resourceShares", {"resourceOwner": "OTHER-ACCOUNTS"}, 5),
        (ram, "list_resources", "resources", {"resourceOwner": "SELF"}, 5),
        (ram, "list_principals", "principals", {"resourceOwner": "SELF"}, 10),
        (
            ram,
            "get_resource_share_associations",
            "resourceShareAssociations",
            {"associationType": "PRINCIPAL"},
            10,
        ),
        (other, "get_resource_share_invitations", "resourceShareInvitations", {}, 5),
        (ram, "get_resource_policies", "policies", {"resourceArns": [f"{GATEWAY}{n}" for n in range(5)]}, 5),
    ):
        pages = list(who.get_paginator(operation).paginate(**params, PaginationConfig={"PageSize": 2}))
        assert sum(len(page[key]) for page in pages) == count, operation
        assert len(pages) >= count // 2
    assert refused(ram.get_resource_shares, resourceOwner="SELF", nextToken="x")[0] == "InvalidNextTokenException"


# --- permissions


def test_aws_managed_permissions(ram, share):
    arn = share(resourceArns=[GATEWAY])
    (shown,) = ram.list_resource_share_permissions(resourceShareArn=arn)["permissions"]
    assert (shown["arn"], shown["status"], shown["resourceType"]) == (MANAGED, "ASSOCIATED", "ec2:TransitGateway")
    permission = ram.get_permission(permissionArn=MANAGED)["permission"]
    assert "ec2:CreateTransitGatewayVpcAttachment" in json.loads(permission["permission"])["Action"]
    (listed,) = ram.list_permissions(resourceType="ec2:TransitGateway")["permissions"]
    assert (listed["isResourceTypeDefault"], listed["permissionType"]) == (True, "AWS_MANAGED")
    assert refused(ram.get_permission, permissionArn=MANAGED + "X")[0] == "UnknownResourceException"
    assert refused(ram.get_permission, permissionArn="x")[0] == "MalformedArnException"
    assert refused(ram.delete_permission, permissionArn=MANAGED)[0] == "OperationNotPermittedException"
    assert (
        refused(ram.disassociate_resource_share_permission, resourceShareArn=arn, permissionArn=MANAGED)[0]
        == "InvalidStateTransitionException"
    )


def template(*actions, effect="Allow"):
    return json.dumps({"Effect": effect, "Action": list(actions)})


def test_customer_managed_permissions(ram, share):
    first, second = template("ec2:DescribeTransitGateways"), template("ec2:CreateTransitGatewayVpcAttachment")
    kind = "ec2:TransitGateway"
    made = ram.create_permission(name="read", resourceType=kind, policyTemplate=first)["permission"]
    arn = made["arn"]
    assert arn == f"arn:aws:ram:us-east-1:{A}:permission/read"
    assert (made["version"], made["defaultVersion"], made["permissionType"]) == ("1", True, "CUSTOMER_MANAGED")
    assert refused(ram.create_permission, name="read", resourceType=kind, policyTemplate=first)[0] == (
        "PermissionAlreadyExistsException"
    )
    share_arn = share(resourceArns=[GATEWAY], permissionArns=[arn])
    version = ram.create_permission_version(permissionArn=arn, policyTemplate=second)["permission"]
    assert (version["version"], version["permission"]) == ("2", second)
    assert ram.get_permission(permissionArn=arn)["permission"]["version"] == "2"
    assert ram.get_permission(permissionArn=arn, permissionVersion=1)["permission"]["permission"] == first
    (used,) = ram.list_permission_associations(permissionArn=arn)["permissions"]
    assert (used["permissionVersion"], used["resourceShareArn"]) == ("1", share_arn)
    assert refused(ram.delete_permission, permissionArn=arn)[0] == "OperationNotPermittedException"
    work = ram.replace_permission_associations(fromPermissionArn=arn, toPermissionArn=arn)
    assert work["replacePermissionAssociationsWork"]["status"] == "IN_PROGRESS"
    (shown,) = ram.list_replace_permission_associations_work()["replacePermissionAssociationsWorks"]
    assert (shown["status"], shown["toPermissionVersion"]) == ("COMPLETED", "2")
    (used,) = ram.list_permission_associations(permissionArn=arn)["permissions"]
    assert used["permissionVersion"] == "2"
    assert refused(ram.delete_permission_version, permissionArn=arn, permissionVersion=2)[0] == (
        "OperationNotPermittedException"
    )
    ram.delete_permission_version(permissionArn=arn, permissionVersion=1)
    versions = ram.list_permission_versions(permissionArn=arn)["permissions"]
    assert [each["version"] for each in versions] == ["2"]
    assert (
        refused(ram.associate_resource_share_permission, resourceShareArn=share_arn, permissionArn=MANAGED)[0]
        == "InvalidParameterException"
    )
    ram.associate_resource_share_permission(resourceShareArn=share_arn, permissionArn=MANAGED, replace=True)
    assert ram.delete_permission(permissionArn=arn)["permissionStatus"] == "DELETED"
    assert ram.list_permissions(permissionType="CUSTOMER_MANAGED")["permissions"] == []


@pytest.mark.parametrize(
    ("policy", "code"),
    [
        ("{", "MalformedPolicyTemplateException"),
        (template("ec2:DescribeTransitGateways", effect="Deny"), "MalformedPolicyTemplateException"),
        (json.dumps({"Effect": "Allow"}), "MalformedPolicyTemplateException"),
        (json.dumps({"Effect": "Allow", "Action": "ec2:X", "Resource": "*"}), "MalformedPolicyTemplateException"),
        (template("s3:GetObject"), "InvalidPolicyException"),
        (template("ec2:*"), "InvalidPolicyException"),
    ],
)
def test_templates_that_are_refused(ram, policy, code):
    call = {"name": "x", "resourceType": "ec2:TransitGateway", "policyTemplate": policy}
    assert refused(ram.create_permission, **call)[0] == code
    assert ram.list_permissions(permissionType="CUSTOMER_MANAGED")["permissions"] == []


@pytest.mark.aws(limits={"ram.permissions": 1, "ram.permission-versions": 1})
def test_quotas_of_permissions(ram):
    call = {"resourceType": "ec2:TransitGateway", "policyTemplate": template("ec2:DescribeTransitGateways")}
    arn = ram.create_permission(name="one", **call)["permission"]["arn"]
    assert refused(ram.create_permission, name="two", **call)[0] == "PermissionLimitExceededException"
    assert refused(ram.create_permission_version, permissionArn=arn, policyTemplate=call["policyTemplate"])[0] == (
        "PermissionVersionsLimitExceededException"
    )


def test_nothing_to_promote(ram, share):
    arn = share()
    assert refused(ram.promote_resource_share_created_from_policy, resourceShareArn=arn)[0] == (
        "InvalidStateTransitionException"
    )


def test_sharing_needs_an_organization(ram):
    assert refused(ram.enable_sharing_with_aws_organization)[0] == "OperationNotPermittedException"


def test_snapshots(aws, ram, other, share):
    arn = share(resourceArns=[GATEWAY], principals=[B])
    before = aws.snapshot()
    ram.delete_resource_share(resourceShareArn=arn)
    aws.restore(before)
    assert associations(ram, "RESOURCE") == {GATEWAY: "ASSOCIATED"}
    assert len(other.get_resource_share_invitations()["resourceShareInvitations"]) == 1


@pytest.mark.aws(authorization=True)
def test_a_policy_can_keep_sharing_inside(aws):
    iam = boto3.client("iam")
    iam.create_user(UserName="sharer")
    statements = [
        {"Effect": "Allow", "Action": "ram:*", "Resource": "*"},
        {
            "Effect": "Deny",
            "Action": "ram:CreateResourceShare",
            "Resource": "*",
            "Condition": {"Bool": {"ram:RequestedAllowsExternalPrincipals": "true"}},
        },
    ]
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam.put_user_policy(UserName="sharer", PolicyName="p", PolicyDocument=document)
    ram = boto3.client("ram", **aws.credentials(f"arn:aws:iam::{A}:user/sharer"))
    assert refused(ram.create_resource_share, name="net", allowExternalPrincipals=True)[0] == "AccessDeniedException"
    ram.create_resource_share(name="net", allowExternalPrincipals=False)

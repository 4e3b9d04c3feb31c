"""A landing zone: people from Identity Center in member accounts, a shared network, and an eye on what is open."""

import json

import boto3
import pytest

MANAGEMENT, PARTNER = "123456789012", "999999999999"
GATEWAY = f"arn:aws:ec2:us-east-1:{MANAGEMENT}:transit-gateway/tgw-0123456789abcdef0"


def client(service, account=MANAGEMENT):
    return boto3.client(service, aws_access_key_id=account, aws_secret_access_key="x")


@pytest.fixture
def accounts(aws):
    """The organization's member accounts by name."""
    organizations = client("organizations")
    organizations.create_organization()
    for name in ("dev", "prod"):
        organizations.create_account(Email=f"{name}@corp.example", AccountName=name)
    return {each["Name"]: each["Id"] for each in organizations.list_accounts()["Accounts"]}


@pytest.fixture
def developers(accounts):
    """Identity Center: instance, store and a group with one member."""
    admin, ids = client("sso-admin"), client("identitystore")
    arn = admin.create_instance(Name="corp")["InstanceArn"]
    store = {"IdentityStoreId": admin.list_instances()["Instances"][0]["IdentityStoreId"]}
    name = {"GivenName": "Alice", "FamilyName": "Archer"}
    alice = ids.create_user(**store, UserName="alice", DisplayName="Alice", Name=name)["UserId"]
    group = ids.create_group(**store, DisplayName="developers")["GroupId"]
    ids.create_group_membership(**store, GroupId=group, MemberId={"UserId": alice})
    return arn, alice, group


def test_developers_work_in_dev_alone(accounts, developers):
    arn, alice, group = developers
    admin = client("sso-admin")
    permission_set = {
        "InstanceArn": arn,
        "PermissionSetArn": admin.create_permission_set(InstanceArn=arn, Name="developer", SessionDuration="PT8H")[
            "PermissionSet"
        ]["PermissionSetArn"],
    }
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}]}
    text = json.dumps(document)
    checked = client("accessanalyzer").validate_policy(policyDocument=text, policyType="IDENTITY_POLICY")
    assert checked["findings"] == []
    admin.put_inline_policy_to_permission_set(**permission_set, InlinePolicy=text)
    started = admin.create_account_assignment(
        **permission_set,
        TargetId=accounts["dev"],
        TargetType="AWS_ACCOUNT",
        PrincipalType="GROUP",
        PrincipalId=group,
    )["AccountAssignmentCreationStatus"]
    status = admin.describe_account_assignment_creation_status(
        InstanceArn=arn, AccountAssignmentCreationRequestId=started["RequestId"]
    )["AccountAssignmentCreationStatus"]
    assert status["Status"] == "SUCCEEDED"
    roles = {
        name: [each["RoleName"] for each in client("iam", account).list_roles(PathPrefix="/aws-reserved/")["Roles"]]
        for name, account in accounts.items()
    }
    assert [len(roles[name]) for name in ("dev", "prod")] == [1, 0]
    listed = admin.list_account_assignments_for_principal(InstanceArn=arn, PrincipalType="USER", PrincipalId=alice)
    (reached,) = listed["AccountAssignments"]
    assert (reached["AccountId"], reached["PrincipalType"]) == (accounts["dev"], "GROUP")


def test_a_network_for_all_accounts_and_for_a_partner_who_accepts(accounts):
    ram = client("ram")
    ram.enable_sharing_with_aws_organization()
    organization = client("organizations").describe_organization()["Organization"]["Arn"]
    ram.create_resource_share(name="network", resourceArns=[GATEWAY], principals=[organization, PARTNER])

    def sees(account):
        return [
            each["arn"] for each in client("ram", account).list_resources(resourceOwner="OTHER-ACCOUNTS")["resources"]
        ]

    assert sees(accounts["dev"]) == sees(accounts["prod"]) == [GATEWAY]
    assert sees(PARTNER) == []
    partner = client("ram", PARTNER)
    (invitation,) = partner.get_resource_share_invitations()["resourceShareInvitations"]
    partner.accept_resource_share_invitation(resourceShareInvitationArn=invitation["resourceShareInvitationArn"])
    assert sees(PARTNER) == [GATEWAY]


def test_what_is_open_beyond_the_organization_comes_to_light(accounts):
    analyzer = client("accessanalyzer")
    arn = analyzer.create_analyzer(
        analyzerName="corp",
        type="ORGANIZATION",
        archiveRules=[{"ruleName": "partner", "filter": {"principal.AWS": {"eq": [PARTNER]}}}],
    )["arn"]
    sqs = client("sqs")
    for name, principal in (("inside", accounts["dev"]), ("partner", PARTNER), ("world", "*")):
        statement = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sqs:SendMessage", "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        sqs.create_queue(QueueName=name, Attributes={"Policy": policy})
    found = analyzer.list_findings(analyzerArn=arn)["findings"]
    told = {each["resource"].rpartition(":")[2]: (each["status"], each["isPublic"]) for each in found}
    assert told == {"partner": ("ARCHIVED", False), "world": ("ACTIVE", True)}

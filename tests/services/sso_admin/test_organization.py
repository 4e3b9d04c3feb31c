"""Identity Center of an organization: member accounts, delegated administrators, further Regions."""

import boto3
import pytest
from botocore.exceptions import ClientError

ACCOUNT = "123456789012"
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"

pytestmark = pytest.mark.aws(at="2026-03-01T00:00:00Z")


def client(service, account=ACCOUNT, **more):
    return boto3.client(service, aws_access_key_id=account, aws_secret_access_key="x", **more)


def refused(call, **params):
    with pytest.raises(ClientError) as caught:
        call(**params)
    return caught.value.response["Error"]["Code"]


@pytest.fixture
def members(aws):
    """Two member accounts of an organization."""
    organizations = client("organizations")
    organizations.create_organization()
    for name in ("dev", "prod"):
        organizations.create_account(Email=f"{name}@corp.example", AccountName=name)
    found = {each["Name"]: each["Id"] for each in organizations.list_accounts()["Accounts"]}
    return found["dev"], found["prod"]


@pytest.fixture
def center(members):
    """ARN of the organization's instance, and its store."""
    admin = client("sso-admin")
    arn = admin.create_instance()["InstanceArn"]
    return arn, admin.list_instances()["Instances"][0]["IdentityStoreId"]


def person(store, name="alice"):
    return client("identitystore").create_user(
        IdentityStoreId=store, UserName=name, DisplayName=name, Name={"GivenName": name, "FamilyName": "Example"}
    )["UserId"]


def assignment(arn, permission_set, account, user):
    return {
        "InstanceArn": arn,
        "TargetId": account,
        "TargetType": "AWS_ACCOUNT",
        "PermissionSetArn": permission_set,
        "PrincipalType": "USER",
        "PrincipalId": user,
    }


def reserved(account):
    return [role["RoleName"] for role in client("iam", account).list_roles(PathPrefix="/aws-reserved/")["Roles"]]


def test_permission_sets_reach_member_accounts(members, center):
    arn, store = center
    dev, prod = members
    admin, user = client("sso-admin"), person(store)
    permission_set = admin.create_permission_set(Name="reader", InstanceArn=arn)["PermissionSet"]["PermissionSetArn"]
    admin.attach_managed_policy_to_permission_set(
        InstanceArn=arn, PermissionSetArn=permission_set, ManagedPolicyArn=READ_ONLY
    )
    admin.create_account_assignment(**assignment(arn, permission_set, dev, user))
    (role,) = reserved(dev)
    assert role.startswith("AWSReservedSSO_reader_")
    assert reserved(prod) == reserved(ACCOUNT) == []
    listed = admin.list_account_assignments_for_principal(InstanceArn=arn, PrincipalId=user, PrincipalType="USER")
    assert [each["AccountId"] for each in listed["AccountAssignments"]] == [dev]
    with pytest.raises(ClientError) as caught:
        admin.create_account_assignment(**assignment(arn, permission_set, "999999999999", user))
    assert caught.value.response["Error"]["Message"] == "Account 999999999999 not found."
    admin.create_account_assignment(**assignment(arn, permission_set, prod, user))
    admin.provision_permission_set(
        InstanceArn=arn, PermissionSetArn=permission_set, TargetType="ALL_PROVISIONED_ACCOUNTS"
    )
    accounts = admin.list_accounts_for_provisioned_permission_set(InstanceArn=arn, PermissionSetArn=permission_set)
    assert set(accounts["AccountIds"]) == {dev, prod}
    admin.delete_account_assignment(**assignment(arn, permission_set, dev, user))
    assert reserved(dev) == []


def test_a_member_sees_the_instance_but_does_not_administer_it(members, center):
    arn, store = center
    user = person(store)
    admin, ids = client("sso-admin", members[0]), client("identitystore", members[0])
    (instance,) = admin.list_instances()["Instances"]
    assert (instance["InstanceArn"], instance["OwnerAccountId"]) == (arn, ACCOUNT)
    assert refused(admin.list_permission_sets, InstanceArn=arn) == "AccessDeniedException"
    assert ids.describe_user(IdentityStoreId=store, UserId=user)["UserName"] == "alice"
    assert refused(ids.delete_user, IdentityStoreId=store, UserId=user) == "AccessDeniedException"
    # It may have an instance of its own beside it.
    own = admin.create_instance()["InstanceArn"]
    assert {each["InstanceArn"] for each in admin.list_instances()["Instances"]} == {arn, own}
    assert refused(admin.create_permission_set, InstanceArn=own, Name="x") == "ValidationException"


def test_a_delegated_administrator(members, center):
    arn, store = center
    dev, prod = members
    organizations = client("organizations")
    organizations.enable_aws_service_access(ServicePrincipal="sso.amazonaws.com")
    organizations.register_delegated_administrator(AccountId=dev, ServicePrincipal="sso.amazonaws.com")
    admin, user = client("sso-admin", dev), person(store)
    client("identitystore", dev).create_group(IdentityStoreId=store, DisplayName="admins")
    permission_set = admin.create_permission_set(Name="reader", InstanceArn=arn)["PermissionSet"]["PermissionSetArn"]
    admin.create_account_assignment(**assignment(arn, permission_set, prod, user))
    assert len(reserved(prod)) == 1
    # The management account is out of its reach, and the instance is not its own.
    assert refused(admin.create_account_assignment, **assignment(arn, permission_set, ACCOUNT, user)) == (
        "AccessDeniedException"
    )
    assert refused(admin.delete_instance, InstanceArn=arn) == "AccessDeniedException"
    assert client("sso-admin").list_permission_sets(InstanceArn=arn)["PermissionSets"] == [permission_set]


@pytest.mark.newer_botocore
@pytest.mark.aws(at="2026-03-01T00:00:00Z", lifecycle="timed")
def test_further_regions(aws):
    client("organizations").create_organization()
    admin = client("sso-admin")
    arn = admin.create_instance()["InstanceArn"]
    assert admin.add_region(InstanceArn=arn, RegionName="eu-west-1")["Status"] == "ADDING"
    assert refused(admin.add_region, InstanceArn=arn, RegionName="eu-west-1") == "ConflictException"
    assert refused(admin.remove_region, InstanceArn=arn, RegionName="eu-west-1") == "ConflictException"
    aws.clock.advance(hours=1)
    assert admin.describe_region(InstanceArn=arn, RegionName="eu-west-1")["Status"] == "ACTIVE"
    elsewhere = client("sso-admin", region_name="eu-west-1")
    (instance,) = elsewhere.list_instances()["Instances"]
    assert (instance["InstanceArn"], instance["PrimaryRegion"]) == (arn, "us-east-1")
    # It is the same store there.
    user = person(instance["IdentityStoreId"])
    ids = client("identitystore", region_name="eu-west-1")
    assert ids.describe_user(IdentityStoreId=instance["IdentityStoreId"], UserId=user)["UserName"] == "alice"
    assert admin.remove_region(InstanceArn=arn, RegionName="eu-west-1")["Status"] == "REMOVING"
    aws.clock.advance(hours=1)
    assert elsewhere.list_instances()["Instances"] == []


def test_roles_of_other_regions_have_the_region_in_their_path(members):
    admin = client("sso-admin", region_name="eu-west-1")
    arn = admin.create_instance()["InstanceArn"]
    store = admin.list_instances()["Instances"][0]["IdentityStoreId"]
    user = client("identitystore", region_name="eu-west-1").create_user(
        IdentityStoreId=store, UserName="a", DisplayName="a", Name={"GivenName": "a", "FamilyName": "b"}
    )["UserId"]
    permission_set = admin.create_permission_set(Name="reader", InstanceArn=arn)["PermissionSet"]["PermissionSetArn"]
    admin.create_account_assignment(**assignment(arn, permission_set, members[0], user))
    (role,) = client("iam", members[0]).list_roles(PathPrefix="/aws-reserved/")["Roles"]
    assert role["Path"] == "/aws-reserved/sso.amazonaws.com/eu-west-1/"

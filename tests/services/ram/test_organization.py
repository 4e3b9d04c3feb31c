"""Sharing within an organization: without invitations, and with those who come later."""

import boto3
import pytest
from botocore.exceptions import ClientError

ACCOUNT, STRANGER = "123456789012", "999999999999"
SUBNET = f"arn:aws:ec2:us-east-1:{ACCOUNT}:subnet/subnet-0123456789abcdef0"


def client(service, account=ACCOUNT):
    return boto3.client(service, aws_access_key_id=account, aws_secret_access_key="x")


@pytest.fixture
def organizations(aws):
    found = client("organizations")
    found.create_organization()
    return found


@pytest.fixture
def member(organizations):
    """member(name) -> the id of a new account."""

    def member(name="dev"):
        organizations.create_account(Email=f"{name}@corp.example", AccountName=name)
        return next(each["Id"] for each in organizations.list_accounts()["Accounts"] if each["Name"] == name)

    return member


def shared_with(account):
    return [each["arn"] for each in client("ram", account).list_resources(resourceOwner="OTHER-ACCOUNTS")["resources"]]


def refused(call, **params):
    with pytest.raises(ClientError) as caught:
        call(**params)
    return caught.value.response["Error"]["Code"]


def test_a_member_account_needs_no_invitation(organizations, member):
    ram, dev = client("ram"), member()
    share = {"name": "net", "resourceArns": [SUBNET], "principals": [dev]}
    # Subnets are shared within an organization alone, and only once that is enabled.
    assert refused(ram.create_resource_share, **share) == "OperationNotPermittedException"
    assert ram.enable_sharing_with_aws_organization()["returnValue"] is True
    principals = organizations.list_aws_service_access_for_organization()["EnabledServicePrincipals"]
    assert "ram.amazonaws.com" in [each["ServicePrincipal"] for each in principals]
    ram.create_resource_share(**share)
    assert shared_with(dev) == [SUBNET]
    assert client("ram", dev).get_resource_share_invitations()["resourceShareInvitations"] == []
    (principal,) = ram.list_principals(resourceOwner="SELF")["principals"]
    assert (principal["id"], principal["external"]) == (dev, False)
    share["principals"] = [STRANGER]
    assert refused(ram.create_resource_share, **share) == "OperationNotPermittedException"


def test_only_the_management_account_enables_sharing(member):
    ram = client("ram", member())
    assert refused(ram.enable_sharing_with_aws_organization) == "OperationNotPermittedException"


def test_shares_with_the_organization_and_its_units(organizations, member):
    ram = client("ram")
    ram.enable_sharing_with_aws_organization()
    root = organizations.list_roots()["Roots"][0]["Id"]
    outer = organizations.create_organizational_unit(ParentId=root, Name="outer")["OrganizationalUnit"]
    inner = organizations.create_organizational_unit(ParentId=outer["Id"], Name="inner")["OrganizationalUnit"]
    dev, prod = member("dev"), member("prod")
    organizations.move_account(AccountId=dev, SourceParentId=root, DestinationParentId=inner["Id"])
    ram.create_resource_share(name="net", resourceArns=[SUBNET], principals=[outer["Arn"]])
    assert (shared_with(dev), shared_with(prod)) == ([SUBNET], [])
    organizations.move_account(AccountId=dev, SourceParentId=inner["Id"], DestinationParentId=root)
    assert shared_with(dev) == []
    organization = organizations.describe_organization()["Organization"]["Arn"]
    ram.create_resource_share(name="all", resourceArns=[SUBNET], principals=[organization])
    assert shared_with(dev) == shared_with(prod) == [SUBNET]
    assert shared_with(member("later")) == [SUBNET]
    assert shared_with(STRANGER) == []

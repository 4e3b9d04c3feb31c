"""The organization itself: who has one, what it shows, how it ends."""

import boto3
import pytest

from awsim.cloud import Cloud

from .conftest import MANAGEMENT, as_account, message_of, refusal

pytestmark = pytest.mark.newer_botocore


@pytest.mark.rule("organizations-001")
def test_who_makes_one_manages_it(api):
    organization = api.create_organization()["Organization"]
    assert organization["FeatureSet"] == "ALL"
    assert organization["MasterAccountId"] == MANAGEMENT
    assert organization["Arn"] == f"arn:aws:organizations::{MANAGEMENT}:organization/{organization['Id']}"
    assert organization["AvailablePolicyTypes"] == [{"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"}]
    assert refusal(api.create_organization) == ("AlreadyInOrganizationException", None)
    (account,) = api.list_accounts()["Accounts"]
    assert (account["Id"], account["Status"], account["State"]) == (MANAGEMENT, "ACTIVE", "ACTIVE")
    assert account["Arn"] == organization["MasterAccountArn"]


@pytest.mark.rule("organizations-001")
def test_members_may_look_at_it_and_no_more(org):
    member = as_account(org.account())
    assert member.describe_organization()["Organization"] == org.organization
    for call, parameters in (
        (member.create_account, {"Email": "x@corp.example", "AccountName": "x"}),
        (member.list_accounts, {}),
        (member.list_roots, {}),
        (member.delete_organization, {}),
        (member.create_organizational_unit, {"ParentId": org.root, "Name": "x"}),
        (member.enable_all_features, {}),
        (member.list_policies, {"Filter": "SERVICE_CONTROL_POLICY"}),
    ):
        assert refusal(call, **parameters) == ("AccessDeniedException", None)
    assert message_of(member.list_accounts) == "You don't have permissions to access this resource."
    assert refusal(member.create_organization) == ("AlreadyInOrganizationException", None)


def test_who_has_none(api):
    assert refusal(api.describe_organization) == ("AWSOrganizationsNotInUseException", None)
    assert message_of(api.list_accounts) == "Your account is not a member of an organization."
    assert refusal(api.leave_organization) == ("AWSOrganizationsNotInUseException", None)


@pytest.mark.rule("organizations-002")
def test_it_is_the_same_from_every_region(org):
    for region in ("us-east-1", "eu-west-1", "ap-southeast-2"):
        client = boto3.client("organizations", region_name=region)
        assert client.describe_organization()["Organization"] == org.organization


def test_each_partition_has_its_own(org):
    china = boto3.client("organizations", region_name="cn-north-1")
    assert refusal(china.describe_organization) == ("AWSOrganizationsNotInUseException", None)
    assert china.create_organization()["Organization"]["Arn"].startswith("arn:aws-cn:organizations::")


def test_accounts_have_organizations_of_their_own(org):
    other = as_account("999999999999")
    theirs = other.create_organization()["Organization"]
    assert theirs["Id"] != org.id
    assert len(org.api.list_accounts()["Accounts"]) == 1
    assert refusal(org.api.describe_account, AccountId="999999999999") == ("AccountNotFoundException", None)


@pytest.mark.rule("organizations-003")
def test_consolidated_billing_has_no_policies_until_all_features_are_enabled(api):
    organization = api.create_organization(FeatureSet="CONSOLIDATED_BILLING")["Organization"]
    assert organization["FeatureSet"] == "CONSOLIDATED_BILLING"
    assert organization["AvailablePolicyTypes"] == []
    root = api.list_roots()["Roots"][0]
    assert root["PolicyTypes"] == []
    asked = {"RootId": root["Id"], "PolicyType": "SERVICE_CONTROL_POLICY"}
    assert refusal(api.enable_policy_type, **asked) == ("PolicyTypeNotAvailableForOrganizationException", None)
    content = '{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}'
    policy = {"Name": "p", "Description": "", "Type": "SERVICE_CONTROL_POLICY", "Content": content}
    assert refusal(api.create_policy, **policy) == ("PolicyTypeNotAvailableForOrganizationException", None)
    needs = ("ConstraintViolationException", "ORGANIZATION_NOT_IN_ALL_FEATURES_MODE")
    assert refusal(api.enable_aws_service_access, ServicePrincipal="config.amazonaws.com") == needs

    handshake = api.enable_all_features()["Handshake"]
    assert (handshake["Action"], handshake["State"]) == ("ENABLE_ALL_FEATURES", "OPEN")  # nobody was invited
    api.accept_handshake(HandshakeId=handshake["Id"])
    assert api.describe_organization()["Organization"]["FeatureSet"] == "ALL"
    assert api.enable_policy_type(**asked)["Root"]["PolicyTypes"] == [
        {"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"}
    ]


def test_only_an_empty_one_is_deleted(org):
    account = org.invited("222222222222")
    assert refusal(org.api.delete_organization) == ("OrganizationNotEmptyException", None)
    org.api.remove_account_from_organization(AccountId=account)
    org.api.delete_organization()
    assert refusal(org.api.describe_organization) == ("AWSOrganizationsNotInUseException", None)
    assert org.api.create_organization()["Organization"]["Id"] != org.id


def test_all_features_need_a_role_for_organizations(org):
    roles = [role["RoleName"] for role in boto3.client("iam").list_roles()["Roles"]]
    assert roles == ["AWSServiceRoleForOrganizations"]


def test_violated_constraints_have_reasons(org):
    api = org.api
    unit = {"ParentId": org.root}
    assert refusal(api.describe_account, AccountId="12") == ("InvalidInputException", "INVALID_PATTERN")
    assert refusal(api.list_accounts, NextToken="nonsense") == ("InvalidInputException", "INVALID_NEXT_TOKEN")
    assert refusal(api.list_accounts, MaxResults=21) == ("InvalidInputException", "MAX_VALUE_EXCEEDED")
    assert refusal(api.create_organizational_unit, **unit, Name="x" * 129) == (
        "InvalidInputException", "MAX_LENGTH_EXCEEDED",
    )  # fmt: skip
    assert refusal(api.list_children, **unit, ChildType="x") == ("InvalidInputException", "INVALID_ENUM")
    assert refusal(api.list_policies, Filter="NO_POLICY") == ("InvalidInputException", "INVALID_ENUM_POLICY_TYPE")
    assert refusal(api.enable_policy_type, RootId=org.root, PolicyType="X") == (
        "InvalidInputException", "INVALID_ENUM_POLICY_TYPE",
    )  # fmt: skip
    assert api.list_organizational_units_for_parent(ParentId=org.root)["OrganizationalUnits"] == []


def test_a_run_is_a_function_of_its_seed():
    def made(seed):
        cloud = Cloud(seed=seed)
        cloud.call("organizations", "CreateOrganization")
        cloud.call("organizations", "CreateAccount", Email="a@corp.example", AccountName="a")
        return [account["Arn"] for account in cloud.call("organizations", "ListAccounts")["Accounts"]]

    assert made(1) == made(1)
    assert made(1) != made(2)

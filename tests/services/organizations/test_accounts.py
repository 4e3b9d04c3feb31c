"""Accounts: made, moved, closed, removed."""

import json

import boto3
import pytest

from .conftest import as_account, message_of, refusal

pytestmark = pytest.mark.newer_botocore

DAY = 86_400


def test_an_account_is_made_in_the_background(org):
    asked = org.api.create_account(Email="dev@corp.example", AccountName="Dev")["CreateAccountStatus"]
    assert asked["State"] == "IN_PROGRESS"
    assert "AccountId" not in asked
    status = org.api.describe_create_account_status(CreateAccountRequestId=asked["Id"])["CreateAccountStatus"]
    assert status["State"] == "SUCCEEDED"
    account = org.api.describe_account(AccountId=status["AccountId"])["Account"]
    assert (account["Name"], account["Email"], account["JoinedMethod"]) == ("Dev", "dev@corp.example", "CREATED")
    assert account["Paths"] == [f"{org.id}/{org.root}/{account['Id']}/"]
    assert org.api.list_parents(ChildId=account["Id"])["Parents"] == [{"Id": org.root, "Type": "ROOT"}]
    attached = org.api.list_policies_for_target(TargetId=account["Id"], Filter="SERVICE_CONTROL_POLICY")["Policies"]
    assert [policy["Name"] for policy in attached] == ["FullAWSAccess"]


@pytest.mark.aws(lifecycle="timed", at="2026-03-01")
def test_it_takes_a_while(aws, org):
    asked = org.api.create_account(Email="dev@corp.example", AccountName="Dev")["CreateAccountStatus"]["Id"]

    def state():
        return org.api.describe_create_account_status(CreateAccountRequestId=asked)["CreateAccountStatus"]["State"]

    assert state() == "IN_PROGRESS"
    assert refusal(org.api.delete_organization) == ("OrganizationNotEmptyException", None)
    aws.clock.advance(seconds=aws.limits["organizations.account-creation"] - 1)
    assert state() == "IN_PROGRESS"
    assert len(org.api.list_accounts()["Accounts"]) == 1
    aws.clock.advance(seconds=1)
    assert state() == "SUCCEEDED"


@pytest.mark.aws(lifecycle="timed")
def test_five_at_a_time(org):
    for number in range(5):
        org.api.create_account(Email=f"a{number}@corp.example", AccountName="a")
    assert refusal(org.api.create_account, Email="a6@corp.example", AccountName="a") == (
        "ConstraintViolationException", "ACCOUNT_CREATION_RATE_LIMIT_EXCEEDED",
    )  # fmt: skip
    assert len(org.api.list_create_account_status(States=["IN_PROGRESS"])["CreateAccountStatuses"]) == 5


@pytest.mark.rule("sts-008")
def test_the_role_that_lets_the_management_account_in(aws, org):
    account = org.account()
    own = org.account("named", RoleName="Keeper")
    with aws.acting_as(f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole"):
        role = boto3.client("iam").get_role(RoleName="OrganizationAccountAccessRole")["Role"]
        (policy,) = boto3.client("iam").list_attached_role_policies(RoleName=role["RoleName"])["AttachedPolicies"]
        assert boto3.client("sts").get_caller_identity()["Account"] == account
    assert policy["PolicyName"] == "AdministratorAccess"
    trust = json.dumps(role["AssumeRolePolicyDocument"])
    assert '"arn:aws:iam::123456789012:root"' in trust
    assert as_account(own, "iam").get_role(RoleName="Keeper")["Role"]["Arn"] == f"arn:aws:iam::{own}:role/Keeper"


def test_an_address_has_one_account(org):
    org.account("dev")
    asked = org.api.create_account(Email="dev@corp.example", AccountName="again")["CreateAccountStatus"]
    status = org.api.describe_create_account_status(CreateAccountRequestId=asked["Id"])["CreateAccountStatus"]
    assert (status["State"], status["FailureReason"]) == ("FAILED", "EMAIL_ALREADY_EXISTS")
    assert len(org.api.list_accounts()["Accounts"]) == 2
    (failed,) = org.api.list_create_account_status(States=["FAILED"])["CreateAccountStatuses"]
    assert failed["Id"] == asked["Id"]


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        ({"Email": "no-address"}, "INVALID_PATTERN"),
        ({"Email": "a,b@corp.example"}, "INVALID_EMAIL_ADDRESS_TARGET"),
        ({"RoleName": "AWSServiceRoleForMe"}, "INVALID_ROLE_NAME"),
        ({"AccountName": "x" * 51}, "MAX_LENGTH_EXCEEDED"),
        ({"Tags": [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]}, "DUPLICATE_TAG_KEY"),
        ({"Tags": [{"Key": "aws:a", "Value": "1"}]}, "INVALID_SYSTEM_TAGS_PARAMETER"),
    ],
)
def test_bad_requests_make_nothing(org, parameters, reason):
    given = {"Email": "dev@corp.example", "AccountName": "dev", **parameters}
    assert refusal(org.api.create_account, **given) == ("InvalidInputException", reason)
    assert org.api.list_create_account_status()["CreateAccountStatuses"] == []


def test_ten_accounts_at_most_those_invited_counted(org):
    for number in range(7):
        org.account(f"a{number}")
    shaken = org.api.invite_account_to_organization(Target={"Type": "ACCOUNT", "Id": "222222222222"})["Handshake"]
    org.account("a8")
    asked = {"Email": "a9@corp.example", "AccountName": "a9"}
    assert refusal(org.api.create_account, **asked) == (
        "ConstraintViolationException", "ACCOUNT_NUMBER_LIMIT_EXCEEDED",
    )  # fmt: skip
    assert message_of(org.api.create_account, **asked) == "You have exceeded the allowed number of AWS Accounts."
    target = {"Type": "ACCOUNT", "Id": "333333333333"}
    assert refusal(org.api.invite_account_to_organization, Target=target) == (
        "HandshakeConstraintViolationException", "ACCOUNT_NUMBER_LIMIT_EXCEEDED",
    )  # fmt: skip
    org.api.cancel_handshake(HandshakeId=shaken["Id"])
    org.account("a9")


def test_the_quota_can_be_raised(aws, org):
    aws.limits.of("123456789012", "us-east-1")["organizations.accounts"] = 2
    org.account()
    assert (
        refusal(org.api.create_account, Email="b@corp.example", AccountName="b")[1] == "ACCOUNT_NUMBER_LIMIT_EXCEEDED"
    )
    aws.limits["organizations.accounts"] = 3
    del aws.limits.of("123456789012", "us-east-1")["organizations.accounts"]
    org.account("b")


def test_a_govcloud_account_has_a_twin(org):
    asked = org.api.create_gov_cloud_account(Email="gov@corp.example", AccountName="gov")["CreateAccountStatus"]
    status = org.api.describe_create_account_status(CreateAccountRequestId=asked["Id"])["CreateAccountStatus"]
    assert len({status["AccountId"], status["GovCloudAccountId"]}) == 2
    assert len(org.api.list_accounts()["Accounts"]) == 2
    gov = boto3.client("organizations", region_name="us-gov-west-1")
    gov.create_organization()
    code, _ = refusal(gov.create_gov_cloud_account, Email="x@corp.example", AccountName="x")
    assert code == "UnsupportedAPIEndpointException"


@pytest.mark.rule("organizations-004")
def test_an_account_moves_between_units(org):
    account, unit = org.account(), org.unit("prod")
    org.api.move_account(AccountId=account, SourceParentId=org.root, DestinationParentId=unit)
    assert org.api.list_children(ParentId=unit, ChildType="ACCOUNT")["Children"] == [{"Id": account, "Type": "ACCOUNT"}]
    assert [each["Id"] for each in org.api.list_accounts_for_parent(ParentId=unit)["Accounts"]] == [account]
    assert account not in str(org.api.list_accounts_for_parent(ParentId=org.root))
    path = org.api.describe_account(AccountId=account)["Account"]["Paths"]
    assert path == [f"{org.id}/{org.root}/{unit}/{account}/"]
    move = org.api.move_account
    there = {"AccountId": account, "SourceParentId": unit}
    assert refusal(move, **there, DestinationParentId=unit)[0] == "DuplicateAccountException"
    assert refusal(move, **there, DestinationParentId="r-none")[0] == "DestinationParentNotFoundException"
    assert refusal(move, AccountId=account, SourceParentId=org.root, DestinationParentId=unit)[0] == (
        "SourceParentNotFoundException"
    )
    assert refusal(move, AccountId="999999999999", SourceParentId=unit, DestinationParentId=org.root)[0] == (
        "AccountNotFoundException"
    )
    assert refusal(org.api.delete_organizational_unit, OrganizationalUnitId=unit)[0] == (
        "OrganizationalUnitNotEmptyException"
    )


@pytest.mark.aws(lifecycle="timed", at="2026-03-01")
def test_a_closed_account_stays_for_ninety_days(aws, org):
    account = _timed(aws, org)
    org.api.close_account(AccountId=account)

    def states():
        shown = org.api.describe_account(AccountId=account)["Account"]
        return shown["Status"], shown["State"]

    assert states() == ("PENDING_CLOSURE", "PENDING_CLOSURE")
    assert refusal(org.api.close_account, AccountId=account)[0] == "ConflictException"
    aws.clock.advance(seconds=aws.limits["organizations.account-closure"])
    assert states() == ("SUSPENDED", "CLOSED")
    assert refusal(org.api.close_account, AccountId=account)[0] == "AccountAlreadyClosedException"
    org.api.enable_aws_service_access(ServicePrincipal="config.amazonaws.com")
    assert refusal(
        org.api.register_delegated_administrator, AccountId=account, ServicePrincipal="config.amazonaws.com"
    ) == ("ConstraintViolationException", "CANNOT_REGISTER_SUSPENDED_ACCOUNT_AS_DELEGATED_ADMINISTRATOR")
    aws.clock.advance(days=89)
    assert states() == ("SUSPENDED", "CLOSED")
    aws.clock.advance(days=1)
    assert refusal(org.api.describe_account, AccountId=account)[0] == "AccountNotFoundException"


def _timed(aws, org):
    asked = org.api.create_account(Email="dev@corp.example", AccountName="dev")["CreateAccountStatus"]["Id"]
    aws.clock.advance(minutes=5)
    return org.api.describe_create_account_status(CreateAccountRequestId=asked)["CreateAccountStatus"]["AccountId"]


def test_who_cannot_be_closed(org):
    assert refusal(org.api.close_account, AccountId="123456789012") == (
        "ConstraintViolationException", "CANNOT_CLOSE_MANAGEMENT_ACCOUNT",
    )  # fmt: skip
    assert refusal(org.api.close_account, AccountId="999999999999")[0] == "AccountNotFoundException"


@pytest.mark.aws(at="2026-03-01", limits={"organizations.closures": 1})
def test_so_many_closures_in_thirty_days(aws, org):
    first, second = org.account("a"), org.account("b")
    org.api.close_account(AccountId=first)
    assert refusal(org.api.close_account, AccountId=second) == (
        "ConstraintViolationException", "CLOSE_ACCOUNT_QUOTA_EXCEEDED",
    )  # fmt: skip
    assert org.api.describe_account(AccountId=second)["Account"]["State"] == "ACTIVE"
    aws.clock.advance(days=30)
    org.api.close_account(AccountId=second)


@pytest.mark.aws(at="2026-03-01")
def test_a_created_account_stays_four_days(aws, org):
    account = org.account()
    waits = ("ConstraintViolationException", "WAIT_PERIOD_ACTIVE")
    aws.clock.advance(seconds=4 * DAY - 1)
    assert refusal(org.api.remove_account_from_organization, AccountId=account) == waits
    assert refusal(as_account(account).leave_organization) == waits
    aws.clock.advance(seconds=1)
    org.api.remove_account_from_organization(AccountId=account)
    assert refusal(as_account(account).describe_organization)[0] == "AWSOrganizationsNotInUseException"
    assert refusal(org.api.remove_account_from_organization, AccountId=account)[0] == "AccountNotFoundException"


def test_an_invited_account_may_leave_at_once(org):
    account = org.invited("222222222222")
    as_account(account).leave_organization()
    assert len(org.api.list_accounts()["Accounts"]) == 1
    as_account(account).create_organization()


@pytest.mark.rule("organizations-001")
def test_the_management_account_cannot_leave(org):
    assert refusal(org.api.leave_organization)[0] == "MasterCannotLeaveOrganizationException"
    assert refusal(org.api.remove_account_from_organization, AccountId="123456789012")[0] == (
        "MasterCannotLeaveOrganizationException"
    )
    assert org.api.describe_organization()["Organization"]["Id"] == org.id


def test_a_delegated_administrator_cannot_leave(org):
    account = org.invited("222222222222")
    org.api.enable_aws_service_access(ServicePrincipal="config.amazonaws.com")
    org.api.register_delegated_administrator(AccountId=account, ServicePrincipal="config.amazonaws.com")
    stays = ("ConstraintViolationException", "CANNOT_REMOVE_DELEGATED_ADMINISTRATOR_FROM_ORG")
    assert refusal(org.api.remove_account_from_organization, AccountId=account) == stays
    assert refusal(as_account(account).leave_organization) == stays


def test_unknown_requests(org):
    asked = {"CreateAccountRequestId": "car-" + "0" * 32}
    assert refusal(org.api.describe_create_account_status, **asked)[0] == "CreateAccountStatusNotFoundException"

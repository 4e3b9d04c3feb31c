"""Handshakes: invitations, and the way to all features."""

import pytest

from .conftest import as_account, message_of, refusal

GUEST = "222222222222"
TARGET = {"Type": "ACCOUNT", "Id": GUEST}
VIOLATION = "HandshakeConstraintViolationException"

pytestmark = [pytest.mark.aws(at="2026-03-01T00:00:00Z"), pytest.mark.newer_botocore]


@pytest.fixture
def guest(org):
    return as_account(GUEST)


def invite(org, target=TARGET, **more):
    return org.api.invite_account_to_organization(Target=target, **more)["Handshake"]


@pytest.mark.rule("organizations-001")
def test_an_account_is_invited_and_joins(org, guest):
    shaken = invite(org, Notes="welcome", Tags=[{"Key": "team", "Value": "x"}])
    assert (shaken["Action"], shaken["State"]) == ("INVITE", "OPEN")
    assert shaken["Arn"] == f"arn:aws:organizations::123456789012:handshake/{org.id}/invite/{shaken['Id']}"
    assert shaken["Parties"] == [{"Id": org.id, "Type": "ORGANIZATION"}, {"Id": GUEST, "Type": "ACCOUNT"}]
    assert [each["Type"] for each in shaken["Resources"]] == ["ORGANIZATION", "ACCOUNT", "NOTES"]
    assert (shaken["ExpirationTimestamp"] - shaken["RequestedTimestamp"]).days == 15
    assert guest.list_handshakes_for_account()["Handshakes"] == [shaken]
    assert org.api.list_handshakes_for_organization()["Handshakes"] == [shaken]
    assert org.api.list_handshakes_for_account()["Handshakes"] == []
    assert guest.describe_handshake(HandshakeId=shaken["Id"])["Handshake"] == shaken
    assert guest.accept_handshake(HandshakeId=shaken["Id"])["Handshake"]["State"] == "ACCEPTED"
    account = org.api.describe_account(AccountId=GUEST)["Account"]
    assert account["JoinedMethod"] == "INVITED"
    assert guest.describe_organization()["Organization"]["Id"] == org.id
    assert refusal(guest.accept_handshake, HandshakeId=shaken["Id"])[0] == "HandshakeAlreadyInStateException"
    assert refusal(org.api.invite_account_to_organization, Target=TARGET) == (VIOLATION, "ALREADY_IN_AN_ORGANIZATION")


def test_an_invitation_is_declined_or_cancelled(org, guest):
    first = invite(org)["Id"]
    assert guest.decline_handshake(HandshakeId=first)["Handshake"]["State"] == "DECLINED"
    assert refusal(guest.accept_handshake, HandshakeId=first)[0] == "InvalidHandshakeTransitionException"
    assert refusal(guest.decline_handshake, HandshakeId=first)[0] == "HandshakeAlreadyInStateException"
    second = invite(org)["Id"]
    assert refusal(guest.cancel_handshake, HandshakeId=second)[0] == "AccessDeniedException"
    assert refusal(org.api.decline_handshake, HandshakeId=second)[0] == "AccessDeniedException"
    assert org.api.cancel_handshake(HandshakeId=second)["Handshake"]["State"] == "CANCELED"
    assert refusal(guest.accept_handshake, HandshakeId=second)[0] == "InvalidHandshakeTransitionException"
    assert len(org.api.list_accounts()["Accounts"]) == 1


def test_an_invitation_expires_after_fifteen_days(aws, org, guest):
    shaken = invite(org)["Id"]
    assert refusal(org.api.invite_account_to_organization, Target=TARGET)[0] == "DuplicateHandshakeException"
    aws.clock.advance(days=15)
    assert guest.describe_handshake(HandshakeId=shaken)["Handshake"]["State"] == "EXPIRED"
    assert refusal(guest.accept_handshake, HandshakeId=shaken)[0] == "InvalidHandshakeTransitionException"
    invite(org)
    aws.clock.advance(days=29)
    assert shaken in str(guest.list_handshakes_for_account())
    aws.clock.advance(days=1)
    assert shaken not in str(guest.list_handshakes_for_account())
    assert refusal(guest.describe_handshake, HandshakeId=shaken)[0] == "HandshakeNotFoundException"


def test_addresses(org):
    made = org.account("dev")
    assert refusal(org.api.invite_account_to_organization, Target={"Type": "EMAIL", "Id": "dev@corp.example"}) == (
        VIOLATION, "ALREADY_IN_AN_ORGANIZATION",
    )  # fmt: skip
    shaken = invite(org, {"Type": "EMAIL", "Id": "juan@else.example"})
    assert refusal(as_account(made).accept_handshake, HandshakeId=shaken["Id"])[0] == "AccessDeniedException"
    as_account(GUEST).accept_handshake(HandshakeId=shaken["Id"])
    assert org.api.describe_account(AccountId=GUEST)["Account"]["Email"] == "juan@else.example"
    # An account that nobody said anything of has an address that tells its number.
    shaken = invite(org, {"Type": "EMAIL", "Id": "333333333333@example.com"})
    assert as_account("333333333333").list_handshakes_for_account()["Handshakes"] == [shaken]
    assert refusal(as_account("444444444444").accept_handshake, HandshakeId=shaken["Id"])[0] == "AccessDeniedException"


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ({"Type": "ORGANIZATION", "Id": "o-aaaaaaaaaa"}, "INVALID_PARTY_TYPE_TARGET"),
        ({"Type": "ACCOUNT", "Id": "22222"}, "INVALID_PATTERN_TARGET_ID"),
        ({"Type": "EMAIL", "Id": "nobody"}, "INVALID_EMAIL_ADDRESS_TARGET"),
    ],
)
def test_bad_targets(org, target, reason):
    assert refusal(org.api.invite_account_to_organization, Target=target) == ("InvalidInputException", reason)
    assert org.api.list_handshakes_for_organization()["Handshakes"] == []


@pytest.mark.aws(at="2026-03-01T00:00:00Z", limits={"organizations.invitations": 2, "organizations.accounts": 2})
def test_so_many_invitations_a_day(aws, org):
    for _ in range(2):
        org.api.cancel_handshake(HandshakeId=invite(org)["Id"])
    assert refusal(org.api.invite_account_to_organization, Target=TARGET) == (
        VIOLATION,
        "HANDSHAKE_RATE_LIMIT_EXCEEDED",
    )
    aws.clock.advance(days=1)
    invite(org)


def test_an_account_moves_from_one_organization_to_another(org, guest):
    org.invited(GUEST)
    other = as_account("999999999999")
    theirs = other.create_organization()["Organization"]["Id"]
    shaken = other.invite_account_to_organization(Target=TARGET)["Handshake"]["Id"]
    guest.accept_handshake(HandshakeId=shaken)
    assert guest.describe_organization()["Organization"]["Id"] == theirs
    assert len(org.api.list_accounts()["Accounts"]) == 1
    # But no management account.
    shaken = other.invite_account_to_organization(Target={"Type": "ACCOUNT", "Id": "123456789012"})["Handshake"]["Id"]
    assert refusal(org.api.accept_handshake, HandshakeId=shaken) == (VIOLATION, "ALREADY_IN_AN_ORGANIZATION")


@pytest.mark.rule("organizations-003")
def test_all_features_need_the_consent_of_those_invited(aws, api, guest_of_billing):
    root = api.list_roots()["Roots"][0]["Id"]
    parent = api.enable_all_features()["Handshake"]
    assert (parent["Action"], parent["State"]) == ("ENABLE_ALL_FEATURES", "REQUESTED")
    assert (parent["ExpirationTimestamp"] - parent["RequestedTimestamp"]).days == 90
    assert refusal(api.enable_all_features) == (VIOLATION, "ORGANIZATION_IS_ALREADY_PENDING_ALL_FEATURES_MIGRATION")
    assert refusal(api.invite_account_to_organization, Target={"Type": "ACCOUNT", "Id": "333333333333"}) == (
        VIOLATION, "INVITE_DISABLED_DURING_ENABLE_ALL_FEATURES",
    )  # fmt: skip
    assert refusal(api.accept_handshake, HandshakeId=parent["Id"])[0] == "InvalidHandshakeTransitionException"
    guest = as_account(GUEST)
    (child,) = guest.list_handshakes_for_account(Filter={"ActionType": "APPROVE_ALL_FEATURES"})["Handshakes"]
    below = api.list_handshakes_for_organization(Filter={"ParentHandshakeId": parent["Id"]})["Handshakes"]
    assert [each["Id"] for each in below] == [child["Id"]]
    guest.accept_handshake(HandshakeId=child["Id"])
    assert api.describe_handshake(HandshakeId=parent["Id"])["Handshake"]["State"] == "OPEN"
    assert api.describe_organization()["Organization"]["FeatureSet"] == "CONSOLIDATED_BILLING"
    api.accept_handshake(HandshakeId=parent["Id"])
    assert api.describe_organization()["Organization"]["FeatureSet"] == "ALL"
    assert refusal(api.enable_all_features) == (VIOLATION, "ORGANIZATION_ALREADY_HAS_ALL_FEATURES")
    api.enable_policy_type(RootId=root, PolicyType="SERVICE_CONTROL_POLICY")


@pytest.fixture
def guest_of_billing(api):
    api.create_organization(FeatureSet="CONSOLIDATED_BILLING")
    shaken = api.invite_account_to_organization(Target=TARGET)["Handshake"]
    assert shaken["Resources"][0]["Resources"][2]["Value"] == "CONSOLIDATED_BILLING"
    as_account(GUEST).accept_handshake(HandshakeId=shaken["Id"])


def test_only_one_filter(org):
    filters = {"ActionType": "INVITE", "ParentHandshakeId": "h-0000000000"}
    assert refusal(org.api.list_handshakes_for_organization, Filter=filters) == (
        "InvalidInputException", "MAX_LIMIT_EXCEEDED_FILTER",
    )  # fmt: skip


def test_what_is_not_there(org):
    asked = {"HandshakeId": "h-0000000000"}
    for call in (org.api.accept_handshake, org.api.decline_handshake, org.api.cancel_handshake):
        assert refusal(call, **asked)[0] == "HandshakeNotFoundException"
    assert message_of(org.api.describe_handshake, **asked) == "You specified a handshake that doesn't exist."

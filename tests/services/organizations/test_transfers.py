"""Billing transfers between organizations."""

from datetime import UTC, datetime

import pytest

from .conftest import as_account, refusal

CUSTOMER = "222222222222"
APRIL = datetime(2026, 4, 1, tzinfo=UTC)

pytestmark = [pytest.mark.aws(at="2026-03-10T12:00:00Z"), pytest.mark.newer_botocore]


@pytest.fixture
def customer(org):
    client = as_account(CUSTOMER)
    client.create_organization()
    return client


def invite(org, start=APRIL, **more):
    target = {"Type": "ACCOUNT", "Id": CUSTOMER}
    return org.api.invite_organization_to_transfer_responsibility(
        **{"Type": "BILLING", "Target": target, "StartTimestamp": start, "SourceName": "customer", **more}
    )["Handshake"]


def inbound(org):
    return org.api.list_inbound_responsibility_transfers(Type="BILLING")["ResponsibilityTransfers"]


def test_a_transfer_from_invitation_to_withdrawal(org, customer):
    shaken = invite(org, Notes="as agreed", Tags=[{"Key": "deal", "Value": "1"}])
    assert (shaken["Action"], shaken["State"]) == ("TRANSFER_RESPONSIBILITY", "OPEN")
    (asked,) = inbound(org)
    assert (asked["Status"], asked["ActiveHandshakeId"], asked["Name"]) == ("REQUESTED", shaken["Id"], "customer")
    assert asked["Target"]["ManagementAccountId"] == "123456789012"
    assert asked["Source"]["ManagementAccountId"] == CUSTOMER
    assert asked["Arn"].split(":")[5] == f"transfer/{org.id}/billing/inbound/{asked['Id']}"
    assert org.api.list_tags_for_resource(ResourceId=asked["Id"])["Tags"] == [{"Key": "deal", "Value": "1"}]
    terminate = org.api.terminate_responsibility_transfer
    assert refusal(terminate, Id=asked["Id"])[0] == "InvalidResponsibilityTransferTransitionException"
    assert [each["Id"] for each in customer.list_handshakes_for_account()["Handshakes"]] == [shaken["Id"]]
    customer.accept_handshake(HandshakeId=shaken["Id"])
    (theirs,) = customer.list_outbound_responsibility_transfers(Type="BILLING")["ResponsibilityTransfers"]
    assert (theirs["Id"], theirs["Status"], theirs["StartTimestamp"]) == (asked["Id"], "ACCEPTED", APRIL)
    assert "/billing/outbound/" in theirs["Arn"]
    assert len(org.api.list_accounts()["Accounts"]) == 1  # nobody joined
    renamed = org.api.update_responsibility_transfer(Id=asked["Id"], Name="Customer Ltd")["ResponsibilityTransfer"]
    assert renamed["Name"] == "Customer Ltd"
    assert refusal(customer.update_responsibility_transfer, Id=asked["Id"], Name="x")[0] == "AccessDeniedException"
    for client in (org.api, customer):
        assert refusal(client.delete_organization) == (
            "ConstraintViolationException", "ACTIVE_RESPONSIBILITY_TRANSFER_PROCESS",
        )  # fmt: skip
    ended = customer.terminate_responsibility_transfer(Id=asked["Id"])["ResponsibilityTransfer"]
    assert ended["Status"] == "WITHDRAWN"
    assert ended["EndTimestamp"] == datetime(2026, 3, 31, 23, 59, 59, 999000, UTC)
    assert refusal(terminate, Id=asked["Id"])[0] == "ResponsibilityTransferAlreadyInStatusException"
    assert refusal(org.api.update_responsibility_transfer, Id=asked["Id"], Name="x") == (
        "ConstraintViolationException", "TRANSFER_RESPONSIBILITY_UPDATE_NOT_ALLOWED",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("start", "reason"),
    [
        (datetime(2026, 4, 1, 1, tzinfo=UTC), "START_DATE_NOT_BEGINNING_OF_DAY"),
        (datetime(2026, 4, 2, tzinfo=UTC), "START_DATE_NOT_BEGINNING_OF_MONTH"),
        (datetime(2026, 3, 1, tzinfo=UTC), "START_DATE_TOO_EARLY"),
    ],
)
def test_transfers_begin_with_a_month(org, customer, start, reason):
    with pytest.raises(org.api.exceptions.InvalidInputException) as caught:
        invite(org, start)
    assert caught.value.response["Reason"] == reason
    assert inbound(org) == []


def test_a_day_before_the_start_it_is_too_late(aws, org, customer):
    """Fifteen days at most, and no later than a day before."""
    first = invite(org)
    assert first["ExpirationTimestamp"] == datetime(2026, 3, 25, 12, tzinfo=UTC)
    aws.clock.advance_to("2026-03-26T00:00:00Z")
    assert [each["Status"] for each in inbound(org)] == ["EXPIRED"]
    second = invite(org)
    assert second["ExpirationTimestamp"] == datetime(2026, 3, 31, tzinfo=UTC)
    aws.clock.advance_to("2026-03-31T00:00:00Z")
    assert refusal(customer.accept_handshake, HandshakeId=second["Id"])[0] == "InvalidHandshakeTransitionException"


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        (datetime(2026, 5, 30, 23, 59, 59, tzinfo=UTC), "END_DATE_NOT_END_OF_MONTH"),
        (datetime(2026, 2, 28, 23, 59, 59, tzinfo=UTC), "END_DATE_TOO_EARLY"),
    ],
)
def test_transfers_end_with_a_month(org, customer, end, reason):
    customer.accept_handshake(HandshakeId=invite(org)["Id"])
    (transfer,) = inbound(org)
    asked = {"Id": transfer["Id"], "EndTimestamp": end}
    assert refusal(org.api.terminate_responsibility_transfer, **asked) == ("InvalidInputException", reason)
    assert [each["Status"] for each in inbound(org)] == ["ACCEPTED"]
    asked["EndTimestamp"] = datetime(2026, 6, 30, 23, 59, 59, tzinfo=UTC)
    org.api.terminate_responsibility_transfer(**asked)


def test_who_may_and_with_whom(org, customer):
    parameters = {"Type": "BILLING", "StartTimestamp": APRIL, "SourceName": "x"}
    own = {"Type": "ACCOUNT", "Id": "123456789012"}
    ask = org.api.invite_organization_to_transfer_responsibility
    assert refusal(ask, Target=own, **parameters) == (
        "HandshakeConstraintViolationException", "SOURCE_AND_TARGET_CANNOT_MATCH",
    )  # fmt: skip
    shaken = invite(org)["Id"]
    there = {"Type": "ACCOUNT", "Id": CUSTOMER}
    assert refusal(ask, Target=there, **parameters)[0] == "DuplicateHandshakeException"
    stranger = as_account("333333333333")
    assert refusal(stranger.accept_handshake, HandshakeId=shaken)[0] == "AWSOrganizationsNotInUseException"
    stranger.create_organization()
    assert refusal(stranger.accept_handshake, HandshakeId=shaken)[0] == "AccessDeniedException"
    assert refusal(stranger.describe_responsibility_transfer, Id=inbound(org)[0]["Id"])[0] == (
        "ResponsibilityTransferNotFoundException"
    )
    customer.accept_handshake(HandshakeId=shaken)
    exists = ("HandshakeConstraintViolationException", "RESPONSIBILITY_TRANSFER_ALREADY_EXISTS")
    assert refusal(stranger.invite_organization_to_transfer_responsibility, Target=there, **parameters) == exists
    assert refusal(org.api.list_inbound_responsibility_transfers, Type="BILLING", Id="rt-0000000000")[0] == (
        "ResponsibilityTransferNotFoundException"
    )


def test_declined(org, customer):
    customer.decline_handshake(HandshakeId=invite(org)["Id"])
    assert [each["Status"] for each in inbound(org)] == ["DECLINED"]
    org.api.delete_organization()
    assert customer.list_outbound_responsibility_transfers(Type="BILLING")["ResponsibilityTransfers"] == []

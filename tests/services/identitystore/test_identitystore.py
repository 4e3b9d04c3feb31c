"""The identity store: users, groups and memberships."""

import boto3
import pytest
from botocore.exceptions import ClientError

ALICE = {
    "UserName": "alice",
    "DisplayName": "Alice A.",
    "Name": {"GivenName": "Alice", "FamilyName": "Archer"},
    "Emails": [{"Value": "alice@example.com", "Type": "work", "Primary": True}],
}

pytestmark = pytest.mark.aws(at="2026-03-01T00:00:00Z")


@pytest.fixture
def store(aws):
    admin = boto3.client("sso-admin")
    admin.create_instance(Name="center")
    return admin.list_instances()["Instances"][0]["IdentityStoreId"]


class Client:
    """The client with the store's id filled in."""

    def __init__(self, store, client):
        self.store = store
        self.client = client

    def __getattr__(self, name):
        return lambda **params: getattr(self.client, name)(IdentityStoreId=self.store, **params)


@pytest.fixture
def ids(store):
    return Client(store, boto3.client("identitystore"))


def user(name, **more):
    return {
        "UserName": name,
        "DisplayName": name.title(),
        "Name": {"GivenName": name, "FamilyName": "Example"},
        **more,
    }


def refused(call, **params):
    with pytest.raises(ClientError) as caught:
        call(**params)
    response = caught.value.response
    extra = {key: response[key] for key in ("Reason", "ResourceType", "ResourceId") if key in response}
    return response["Error"]["Code"], response["Error"]["Message"], extra


def test_a_store_comes_and_goes_with_its_instance(aws, store, ids):
    admin = boto3.client("sso-admin")
    ids.create_user(**ALICE)
    admin.delete_instance(InstanceArn=admin.list_instances()["Instances"][0]["InstanceArn"])
    assert refused(ids.list_users) == (
        "ResourceNotFoundException",
        "IDENTITY_STORE not found.",
        {"ResourceType": "IDENTITY_STORE", "ResourceId": store},
    )


def test_a_store_is_of_one_region_and_account(aws, store):
    for client in (
        boto3.client("identitystore", region_name="eu-west-1"),
        boto3.client("identitystore", aws_access_key_id="222222222222", aws_secret_access_key="x"),
    ):
        code, _, extra = refused(client.list_users, IdentityStoreId=store)
        assert (code, extra["ResourceType"]) == ("ResourceNotFoundException", "IDENTITY_STORE")


@pytest.mark.newer_botocore
def test_describes_the_store(aws, store, ids):
    arn = f"arn:aws:identitystore::123456789012:identitystore/{store}"
    assert ids.client.list_identity_stores()["IdentityStores"] == [{"IdentityStoreId": store, "IdentityStoreArn": arn}]
    ids.update_identity_store(NetworkConfiguration={"VpceAccessRequired": True})
    described = ids.describe_identity_store()
    assert described["IdentityStoreArn"] == arn
    assert described["NetworkConfiguration"] == {"VpceAccessRequired": True}
    assert ids.client.list_users(IdentityStoreId=arn)["Users"] == []


# --- users


@pytest.mark.rule("identitystore-001")
def test_users_and_groups(ids):
    alice = ids.create_user(**ALICE)["UserId"]
    assert refused(ids.create_user, **{**ALICE, "Emails": [{"Value": "other@example.com"}]}) == (
        "ConflictException",
        "Duplicate UserName",
        {"Reason": "UNIQUENESS_CONSTRAINT_VIOLATION"},
    )
    group = ids.create_group(DisplayName="admins")["GroupId"]
    membership = ids.create_group_membership(GroupId=group, MemberId={"UserId": alice})["MembershipId"]
    (listed,) = ids.list_group_memberships(GroupId=group)["GroupMemberships"]
    assert (listed["MembershipId"], listed["MemberId"]) == (membership, {"UserId": alice})
    (listed,) = ids.list_users()["Users"]
    assert (listed["UserId"], listed["UserName"], listed["Emails"]) == (alice, "alice", ALICE["Emails"])


def test_describes_a_user(aws, ids):
    made = ids.create_user(**ALICE, Title="Architect", Locale="en-GB")
    described = ids.describe_user(UserId=made["UserId"])
    assert {key: described[key] for key in ALICE} == ALICE
    assert (described["Title"], described["Locale"]) == ("Architect", "en-GB")
    assert described["IdentityStoreId"] == ids.store


@pytest.mark.newer_botocore
def test_a_user_remembers_who_made_and_changed_it(aws, ids):
    alice = ids.create_user(**ALICE)["UserId"]
    aws.clock.advance(minutes=1)
    change = [{"AttributePath": "title", "AttributeValue": "CTO"}]
    assert ids.update_user(UserId=alice, Operations=change, Revision="1")["Revision"] == "2"
    described = ids.describe_user(UserId=alice)
    assert described["CreatedBy"] == described["UpdatedBy"] == "arn:aws:iam::123456789012:user/awsim"
    assert (described["UpdatedAt"] - described["CreatedAt"]).total_seconds() == 60
    assert refused(ids.update_user, UserId=alice, Operations=change, Revision="1")[::2] == (
        "ConflictException",
        {"Reason": "CONCURRENT_MODIFICATION"},
    )
    assert described["UserArn"] == f"arn:aws:identitystore:::user/{alice}"
    assert ids.describe_user(UserId=described["UserArn"])["UserId"] == alice


@pytest.mark.parametrize("left_out", ["UserName", "DisplayName", "Name"])
def test_what_a_user_needs(ids, left_out):
    code, message, _ = refused(ids.create_user, **{key: value for key, value in ALICE.items() if key != left_out})
    path = left_out[0].lower() + left_out[1:]
    assert (code, message) == ("ValidationException", f"{path} is a required attribute")
    assert ids.list_users()["Users"] == []


def test_names_and_addresses_are_unique_whatever_their_case(ids):
    ids.create_user(**ALICE)
    assert refused(ids.create_user, **user("ALICE"))[1] == "Duplicate UserName"
    assert refused(ids.create_user, **user("bob", Emails=[{"Value": "Alice@example.com"}]))[1] == "Duplicate Email"
    assert refused(ids.create_user, **user("Administrator"))[0] == "ValidationException"
    assert [each["UserName"] for each in ids.list_users()["Users"]] == ["alice"]


def test_update_sets_and_takes_away(ids):
    alice = ids.create_user(**ALICE, NickName="Al")["UserId"]
    ids.update_user(
        UserId=alice,
        Operations=[
            {"AttributePath": "displayName", "AttributeValue": "A. Archer"},
            {"AttributePath": "name.givenName", "AttributeValue": "Alicia"},
            {"AttributePath": "name.middleName", "AttributeValue": "B."},
            {"AttributePath": "nickName"},
            {"AttributePath": "emails", "AttributeValue": [{"value": "a@example.com", "primary": True}]},
            {"AttributePath": "phoneNumbers", "AttributeValue": [{"value": "+1 555 0100", "type": "work"}]},
        ],
    )
    described = ids.describe_user(UserId=alice)
    assert described["DisplayName"] == "A. Archer"
    assert described["Name"] == {"GivenName": "Alicia", "MiddleName": "B.", "FamilyName": "Archer"}
    assert "NickName" not in described
    assert described["Emails"] == [{"Value": "a@example.com", "Primary": True}]
    assert described["PhoneNumbers"] == [{"Value": "+1 555 0100", "Type": "work"}]
    # The old address is free, the new one is not.
    ids.create_user(**user("bob", Emails=[{"Value": "alice@example.com"}]))
    assert refused(ids.create_user, **user("eve", Emails=[{"Value": "a@example.com"}]))[1] == "Duplicate Email"


@pytest.mark.parametrize(
    ("operation", "message"),
    [
        ({"AttributePath": "shoeSize", "AttributeValue": "42"}, "shoeSize is not a valid attribute path"),
        ({"AttributePath": "name.shoeSize", "AttributeValue": "42"}, "name.shoeSize is not a valid attribute path"),
        ({"AttributePath": "title", "AttributeValue": 1}, "The value of title is not valid"),
        ({"AttributePath": "emails", "AttributeValue": "a@example.com"}, "The value of emails is not valid"),
        ({"AttributePath": "displayName"}, "displayName is a required attribute"),
        ({"AttributePath": "userName", "AttributeValue": "bob"}, "Duplicate UserName"),
    ],
)
def test_updates_that_are_refused_change_nothing(ids, operation, message):
    alice = ids.create_user(**ALICE)["UserId"]
    ids.create_user(**user("bob"))
    first = {"AttributePath": "title", "AttributeValue": "CTO"}
    assert refused(ids.update_user, UserId=alice, Operations=[first, operation])[1] == message
    assert "Title" not in ids.describe_user(UserId=alice)


def test_a_renamed_user_leaves_the_name(ids):
    alice = ids.create_user(**ALICE)["UserId"]
    ids.update_user(UserId=alice, Operations=[{"AttributePath": "userName", "AttributeValue": "alicia"}])
    identifier = {"UniqueAttribute": {"AttributePath": "userName", "AttributeValue": "alicia"}}
    assert ids.get_user_id(AlternateIdentifier=identifier)["UserId"] == alice
    ids.create_user(**user("alice"))


@pytest.mark.newer_botocore
def test_extensions(ids):
    enterprise = "aws:identitystore:enterprise"
    alice = ids.create_user(**ALICE, Extensions={enterprise: {"department": "R&D"}})["UserId"]
    assert "Extensions" not in ids.describe_user(UserId=alice)
    operations = [{"AttributePath": f"{enterprise}.costCenter", "AttributeValue": "7"}]
    ids.update_user(UserId=alice, Operations=operations)
    described = ids.describe_user(UserId=alice, Extensions=[enterprise])
    assert described["Extensions"] == {enterprise: {"department": "R&D", "costCenter": "7"}}
    assert refused(ids.describe_user, UserId=alice, Extensions=["aws:identitystore:other"])[0] == "ValidationException"


def test_alternate_identifiers(ids):
    alice = ids.create_user(**ALICE)["UserId"]
    admins = ids.create_group(DisplayName="admins")["GroupId"]

    def unique(path, value):
        return {"UniqueAttribute": {"AttributePath": path, "AttributeValue": value}}

    for path, value in (("userName", "alice"), ("emails.value", "alice@example.com")):
        assert ids.get_user_id(AlternateIdentifier=unique(path, value))["UserId"] == alice
    assert ids.get_group_id(AlternateIdentifier=unique("displayName", "admins"))["GroupId"] == admins
    assert refused(ids.get_user_id, AlternateIdentifier=unique("userName", "bob")) == (
        "ResourceNotFoundException",
        "USER not found.",
        {"ResourceType": "USER", "ResourceId": "bob"},
    )
    assert refused(ids.get_group_id, AlternateIdentifier=unique("displayName", "x"))[1] == "GROUP not found."
    assert refused(ids.get_user_id, AlternateIdentifier=unique("title", "x"))[0] == "ValidationException"
    external = {"ExternalId": {"Issuer": "okta", "Id": "00u1"}}
    assert refused(ids.get_user_id, AlternateIdentifier=external)[0] == "ResourceNotFoundException"


def test_filters(ids):
    ids.create_user(**ALICE)
    ids.create_user(**user("bob"))
    ids.create_group(DisplayName="admins")

    def by(path, value):
        return [{"AttributePath": path, "AttributeValue": value}]

    assert [each["UserName"] for each in ids.list_users(Filters=by("UserName", "bob"))["Users"]] == ["bob"]
    assert ids.list_users(Filters=by("UserName", "bo"))["Users"] == []
    assert len(ids.list_groups(Filters=by("DisplayName", "admins"))["Groups"]) == 1
    assert refused(ids.list_users, Filters=by("Title", "CTO"))[:2] == (
        "ValidationException",
        "Title is not a valid attribute path",
    )


def test_pages(ids):
    group = ids.create_group(DisplayName="all")["GroupId"]
    for n in range(7):
        member = ids.create_user(**user(f"user{n}"))["UserId"]
        ids.create_group_membership(GroupId=group, MemberId={"UserId": member})
        ids.create_group_membership(
            GroupId=ids.create_group(DisplayName=f"group{n}")["GroupId"], MemberId={"UserId": member}
        )
    for operation, key, params, count in (
        ("list_users", "Users", {}, 7),
        ("list_groups", "Groups", {}, 8),
        ("list_group_memberships", "GroupMemberships", {"GroupId": group}, 7),
        ("list_group_memberships_for_member", "GroupMemberships", {"MemberId": {"UserId": member}}, 2),
    ):
        paginator = ids.client.get_paginator(operation)
        pages = list(paginator.paginate(IdentityStoreId=ids.store, PaginationConfig={"PageSize": 3}, **params))
        assert sum(len(page[key]) for page in pages) == count
        assert all(len(page[key]) <= 3 for page in pages)
    token = ids.list_users(MaxResults=1)["NextToken"]
    assert refused(ids.list_groups, NextToken=token)[:2] == ("ValidationException", "Invalid NextToken provided.")
    assert [each["UserName"] for each in ids.list_users()["Users"]] == [f"user{n}" for n in range(7)]


# --- groups and memberships


def test_groups(ids):
    admins = ids.create_group(DisplayName="admins", Description="all of them")["GroupId"]
    assert refused(ids.create_group, DisplayName="Admins")[:2] == ("ConflictException", "Duplicate GroupDisplayName")
    ids.update_group(
        GroupId=admins,
        Operations=[
            {"AttributePath": "displayName", "AttributeValue": "operators"},
            {"AttributePath": "description"},
        ],
    )
    described = ids.describe_group(GroupId=admins)
    assert described["DisplayName"] == "operators"
    assert "Description" not in described
    assert refused(ids.create_group)[:2] == ("ValidationException", "displayName is a required attribute")
    ids.delete_group(GroupId=admins)
    assert refused(ids.describe_group, GroupId=admins) == (
        "ResourceNotFoundException",
        "GROUP not found.",
        {"ResourceType": "GROUP", "ResourceId": admins},
    )
    ids.create_group(DisplayName="operators")


def test_memberships(ids):
    alice = {"UserId": ids.create_user(**ALICE)["UserId"]}
    one, two = (ids.create_group(DisplayName=name)["GroupId"] for name in ("one", "two"))
    membership = ids.create_group_membership(GroupId=one, MemberId=alice)["MembershipId"]
    assert refused(ids.create_group_membership, GroupId=one, MemberId=alice)[:2] == (
        "ConflictException",
        "Member and Group relationship already exists.",
    )
    assert ids.get_group_membership_id(GroupId=one, MemberId=alice)["MembershipId"] == membership
    assert refused(ids.get_group_membership_id, GroupId=two, MemberId=alice)[:2] == (
        "ResourceNotFoundException",
        "MEMBERSHIP not found.",
    )
    results = ids.is_member_in_groups(MemberId=alice, GroupIds=[one, two])["Results"]
    assert [(each["GroupId"], each["MembershipExists"]) for each in results] == [(one, True), (two, False)]
    described = ids.describe_group_membership(MembershipId=membership)
    assert (described["GroupId"], described["MemberId"]) == (one, alice)
    ids.delete_group_membership(MembershipId=membership)
    assert ids.list_group_memberships_for_member(MemberId=alice)["GroupMemberships"] == []
    ids.create_group_membership(GroupId=one, MemberId=alice)


def test_members_leave_with_user_and_group(ids):
    alice, bob = (ids.create_user(**user(name))["UserId"] for name in ("alice", "bob"))
    one, two = (ids.create_group(DisplayName=name)["GroupId"] for name in ("one", "two"))
    for group in (one, two):
        for member in (alice, bob):
            ids.create_group_membership(GroupId=group, MemberId={"UserId": member})
    ids.delete_user(UserId=alice)
    assert refused(ids.list_group_memberships_for_member, MemberId={"UserId": alice})[1] == "USER not found."
    assert len(ids.list_group_memberships(GroupId=one)["GroupMemberships"]) == 1
    ids.delete_group(GroupId=one)
    (left,) = ids.list_group_memberships_for_member(MemberId={"UserId": bob})["GroupMemberships"]
    assert left["GroupId"] == two


@pytest.mark.parametrize("member", ["group", "user"])
def test_a_membership_needs_both(ids, member):
    nobody = "00000000-0000-4000-8000-000000000000"
    alice = ids.create_user(**ALICE)["UserId"] if member == "group" else nobody
    group = ids.create_group(DisplayName="one")["GroupId"] if member == "user" else nobody
    code, message, extra = refused(ids.create_group_membership, GroupId=group, MemberId={"UserId": alice})
    assert (code, message) == ("ResourceNotFoundException", f"{member.upper()} not found.")
    assert extra == {"ResourceType": member.upper(), "ResourceId": nobody}


# --- quotas


@pytest.mark.aws(limits={"identitystore.users": 1, "identitystore.groups": 2, "identitystore.groups-per-user": 1})
def test_quotas(ids):
    alice = ids.create_user(**ALICE)["UserId"]
    assert refused(ids.create_user, **user("bob"))[0] == "ServiceQuotaExceededException"
    one, two = (ids.create_group(DisplayName=name)["GroupId"] for name in ("one", "two"))
    assert refused(ids.create_group, DisplayName="three")[0] == "ServiceQuotaExceededException"
    ids.create_group_membership(GroupId=one, MemberId={"UserId": alice})
    assert refused(ids.create_group_membership, GroupId=two, MemberId={"UserId": alice})[0] == (
        "ServiceQuotaExceededException"
    )
    ids.delete_user(UserId=alice)
    ids.create_user(**user("bob"))


@pytest.mark.aws(throttling=True)
def test_rate(ids):
    with pytest.raises(ClientError) as caught:
        for _ in range(50):
            boto3.client("identitystore", config=boto3.session.Config(retries={"max_attempts": 0})).list_users(
                IdentityStoreId=ids.store
            )
    assert caught.value.response["Error"]["Code"] == "ThrottlingException"


def test_snapshots(aws, ids):
    alice = ids.create_user(**ALICE)["UserId"]
    before = aws.snapshot()
    ids.delete_user(UserId=alice)
    aws.restore(before)
    assert ids.describe_user(UserId=alice)["UserName"] == "alice"
    assert refused(ids.create_user, **user("alice"))[1] == "Duplicate UserName"

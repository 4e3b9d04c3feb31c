"""Users and groups."""

import boto3
import pytest
from botocore.exceptions import ClientError, WaiterError

pytestmark = pytest.mark.aws(at="2026-01-01")


def no_user(name):
    return ("NoSuchEntity", f"The user with name {name} cannot be found.", 404)


@pytest.mark.rule("iam-001")
def test_a_user_is_the_same_from_every_region(iam, user):
    user("bob")
    elsewhere = boto3.client("iam", region_name="eu-west-1")
    found = elsewhere.get_user(UserName="bob")["User"]
    assert found["Arn"] == "arn:aws:iam::123456789012:user/bob"
    assert [each["Arn"] for each in elsewhere.list_users()["Users"]] == [found["Arn"]]


def test_china_has_an_iam_of_its_own(iam, user):
    user("bob")
    china = boto3.client("iam", region_name="cn-north-1")
    assert china.list_users()["Users"] == []
    assert china.create_user(UserName="bob")["User"]["Arn"] == "arn:aws-cn:iam::123456789012:user/bob"


@pytest.mark.rule("iam-008")
def test_users_by_name(iam, user, refused, keys_of):
    made = iam.create_user(UserName="bob", Path="/team/", Tags=[{"Key": "Team", "Value": "blue"}])["User"]
    assert made["UserId"].startswith("AIDA")
    assert len(made["UserId"]) == 21
    assert made["Arn"] == "arn:aws:iam::123456789012:user/team/bob"
    assert iam.get_user(UserName="bob")["User"] == made
    taken = ("EntityAlreadyExists", "User with name {} already exists.", 409)
    assert refused(user, name="bob") == (taken[0], taken[1].format("bob"), 409)
    # Names are not told apart by case, nor is a user found by another one.
    assert refused(user, name="BOB") == (taken[0], taken[1].format("BOB"), 409)
    assert refused(iam.get_user, UserName="BOB") == no_user("BOB")
    assert refused(iam.get_user, UserName="eve") == no_user("eve")
    user("eve")
    arns = {
        boto3.client("sts", region_name="us-east-1", **keys_of(name)).get_caller_identity()["Arn"]
        for name in ("bob", "eve")
    }
    assert arns == {"arn:aws:iam::123456789012:user/team/bob", "arn:aws:iam::123456789012:user/eve"}


def test_listings_leave_tags_and_boundaries_out(iam, user):
    user("bob", Tags=[{"Key": "a", "Value": "b"}], PermissionsBoundary="arn:aws:iam::aws:policy/ReadOnlyAccess")
    (shown,) = iam.list_users()["Users"]
    assert shown.keys() == {"Path", "UserName", "UserId", "Arn", "CreateDate"}
    boundary = iam.get_user(UserName="bob")["User"]["PermissionsBoundary"]
    assert boundary["PermissionsBoundaryArn"] == "arn:aws:iam::aws:policy/ReadOnlyAccess"


def test_a_user_made_again_is_another(iam, user):
    user("bob")
    first = iam.get_user(UserName="bob")["User"]["UserId"]
    iam.delete_user(UserName="bob")
    user("bob")
    assert iam.get_user(UserName="bob")["User"]["UserId"] != first


def test_a_user_gets_another_name_and_path(iam, user, keys_of, refused):
    user("bob")
    iam.create_group(GroupName="dev")
    iam.add_user_to_group(GroupName="dev", UserName="bob")
    keys = keys_of("bob")
    iam.update_user(UserName="bob", NewUserName="robert", NewPath="/old/")
    assert refused(iam.get_user, UserName="bob") == no_user("bob")
    found = boto3.client("sts", region_name="us-east-1", **keys).get_caller_identity()
    assert found["Arn"] == "arn:aws:iam::123456789012:user/old/robert"
    assert [each["UserName"] for each in iam.get_group(GroupName="dev")["Users"]] == ["robert"]
    user("eve")
    taken = ("EntityAlreadyExists", "User with name Eve already exists.", 409)
    assert refused(iam.update_user, UserName="robert", NewUserName="Eve") == taken
    iam.update_user(UserName="robert", NewUserName="Robert")
    assert iam.get_user(UserName="Robert")["User"]["Path"] == "/old/"


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (
            {"UserName": "a b"},
            "The specified value for userName is invalid. It must contain only alphanumeric characters and/or the "
            "following: +=,.@_-",
        ),
        (
            {"UserName": "bob", "Path": "team"},
            "The specified value for path is invalid. It must begin and end with / and contain only alphanumeric "
            "characters and/or / characters.",
        ),
        (
            {"UserName": "x" * 65},
            f"1 validation error detected: Value '{'x' * 65}' at 'userName' failed to satisfy constraint: Member must "
            "have length less than or equal to 64",
        ),
    ],
)
def test_names_and_paths_that_cannot_be(iam, refused, params, message):
    assert refused(iam.create_user, **params) == ("ValidationError", message, 400)
    assert iam.list_users()["Users"] == []


@pytest.mark.rule("iam-010", "iam-042")
def test_a_user_goes_last(iam, user, policy, refused):
    user("bob")
    arn = policy()
    iam.create_group(GroupName="dev")
    key = iam.create_access_key(UserName="bob")["AccessKey"]["AccessKeyId"]
    iam.create_login_profile(UserName="bob", Password="Hunter2-hunter2")
    iam.attach_user_policy(UserName="bob", PolicyArn=arn)
    iam.put_user_policy(UserName="bob", PolicyName="own", PolicyDocument=policy_text())
    iam.add_user_to_group(GroupName="dev", UserName="bob")
    git = iam.create_service_specific_credential(UserName="bob", ServiceName="codecommit.amazonaws.com")
    git = git["ServiceSpecificCredential"]["ServiceSpecificCredentialId"]

    def conflict():
        code, message, status = refused(iam.delete_user, UserName="bob")
        assert (code, status) == ("DeleteConflict", 409)
        return message

    assert conflict() == "Cannot delete entity, must remove users from group first."
    iam.remove_user_from_group(GroupName="dev", UserName="bob")
    assert conflict() == "Cannot delete entity, must delete policies first."
    iam.delete_user_policy(UserName="bob", PolicyName="own")
    assert conflict() == "Cannot delete entity, must detach all policies first."
    iam.detach_user_policy(UserName="bob", PolicyArn=arn)
    assert conflict() == "Cannot delete entity, must delete access keys first."
    iam.delete_access_key(UserName="bob", AccessKeyId=key)
    assert conflict() == "Cannot delete entity, must delete login profile first."
    iam.delete_login_profile(UserName="bob")
    assert conflict() == "Cannot delete entity, must remove referenced objects first."
    iam.delete_service_specific_credential(UserName="bob", ServiceSpecificCredentialId=git)
    iam.delete_user(UserName="bob")
    assert refused(iam.get_user, UserName="bob") == no_user("bob")
    assert refused(iam.delete_user, UserName="bob") == no_user("bob")


def policy_text():
    return '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}'


def test_quotas_of_the_account(aws, iam, user, refused):
    aws.limits["iam.users-per-account"] = 1
    aws.limits["iam.groups-per-account"] = 0
    user("bob")
    assert refused(user, name="eve") == ("LimitExceeded", "Cannot exceed quota for UsersPerAccount: 1", 409)
    assert refused(iam.create_group, GroupName="dev")[1] == "Cannot exceed quota for GroupsPerAccount: 0"
    iam.delete_user(UserName="bob")
    user("eve")


# --- who calls


def test_who_calls_is_the_user_where_none_is_named(aws, iam, user, keys_of, refused):
    user("bob")
    own = boto3.client("iam", region_name="us-east-1", **keys_of("bob"))
    assert own.get_user()["User"]["UserName"] == "bob"
    assert len(own.list_access_keys()["AccessKeyMetadata"]) == 1
    with aws.acting_as("arn:aws:iam::123456789012:role/app"):
        message = "Must specify userName when calling with non-User credentials"
        assert refused(iam.list_access_keys) == ("ValidationError", message, 400)


@pytest.mark.rule("iam-002")
def test_the_root_user_is_no_user(aws, iam):
    assert iam.list_users()["Users"] == []
    iam.generate_credential_report()
    assert b"\n<root_account>,arn:aws:iam::123456789012:root," in iam.get_credential_report()["Content"]
    with aws.acting_as("arn:aws:iam::123456789012:root"):
        shown = iam.get_user()["User"]
    assert (shown["Arn"], shown["UserId"]) == ("arn:aws:iam::123456789012:root", "123456789012")
    assert "UserName" not in shown


# --- groups


@pytest.mark.rule("iam-028")
def test_groups_collect_users(iam, user, refused):
    group = iam.create_group(GroupName="dev", Path="/teams/")["Group"]
    assert group["GroupId"].startswith("AGPA")
    assert group["Arn"] == "arn:aws:iam::123456789012:group/teams/dev"
    taken = ("EntityAlreadyExists", "Group with name Dev already exists.", 409)
    assert refused(iam.create_group, GroupName="Dev") == taken
    iam.create_group(GroupName="ops")
    user("bob")
    for name in ("dev", "ops", "dev"):
        iam.add_user_to_group(GroupName=name, UserName="bob")
    answer = iam.get_group(GroupName="dev")
    assert answer["Group"] == group
    assert [each["UserName"] for each in answer["Users"]] == ["bob"]
    assert [each["GroupName"] for each in iam.list_groups_for_user(UserName="bob")["Groups"]] == ["dev", "ops"]
    iam.remove_user_from_group(GroupName="dev", UserName="bob")
    assert iam.get_group(GroupName="dev")["Users"] == []
    assert [each["GroupName"] for each in iam.list_groups_for_user(UserName="bob")["Groups"]] == ["ops"]


@pytest.mark.rule("iam-029")
def test_groups_hold_no_groups(iam, refused):
    iam.create_group(GroupName="g1")
    iam.create_group(GroupName="g2")
    assert refused(iam.add_user_to_group, GroupName="g1", UserName="g2") == no_user("g2")
    assert "Groups" not in iam.get_group(GroupName="g1")


def test_a_user_is_in_ten_groups_at_most(iam, user, refused):
    user("bob")
    for number in range(11):
        iam.create_group(GroupName=f"g{number}")
    for number in range(10):
        iam.add_user_to_group(GroupName=f"g{number}", UserName="bob")
    message = "Cannot exceed quota for GroupsPerUser: 10"
    assert refused(iam.add_user_to_group, GroupName="g10", UserName="bob") == ("LimitExceeded", message, 409)
    assert len(iam.list_groups_for_user(UserName="bob")["Groups"]) == 10


def test_groups_are_renamed_and_deleted(iam, user, refused):
    iam.create_group(GroupName="dev")
    user("bob")
    iam.add_user_to_group(GroupName="dev", UserName="bob")
    iam.update_group(GroupName="dev", NewGroupName="ops", NewPath="/a/")
    assert len(iam.list_groups_for_user(UserName="bob")["Groups"]) == 1
    missing = ("NoSuchEntity", "The group with name dev cannot be found.", 404)
    assert refused(iam.get_group, GroupName="dev") == missing
    assert iam.list_groups_for_user(UserName="bob")["Groups"][0]["Arn"] == "arn:aws:iam::123456789012:group/a/ops"
    message = "Cannot delete entity, must remove users from group first."
    assert refused(iam.delete_group, GroupName="ops") == ("DeleteConflict", message, 409)
    iam.remove_user_from_group(GroupName="ops", UserName="bob")
    iam.delete_group(GroupName="ops")
    assert iam.list_groups()["Groups"] == []


# --- tags


def test_tags(iam, user, refused):
    user("bob", Tags=[{"Key": "Team", "Value": "blue"}])
    iam.tag_user(UserName="bob", Tags=[{"Key": "team", "Value": "red"}, {"Key": "stage", "Value": ""}])
    tags = [{"Key": "stage", "Value": ""}, {"Key": "team", "Value": "red"}]
    assert iam.list_user_tags(UserName="bob")["Tags"] == tags
    twice = [{"Key": "a", "Value": "1"}, {"Key": "A", "Value": "2"}]
    message = "Duplicate tag keys found. Please note that Tag keys are case insensitive."
    assert refused(iam.tag_user, UserName="bob", Tags=twice) == ("InvalidInput", message, 400)
    reserved = [{"Key": "aws:x", "Value": "1"}]
    assert refused(iam.tag_user, UserName="bob", Tags=reserved)[0] == "InvalidInput"
    many = [{"Key": f"k{number}", "Value": ""} for number in range(49)]
    message = "The number of tags has reached the maximum limit."
    assert refused(iam.tag_user, UserName="bob", Tags=many) == ("LimitExceeded", message, 409)
    assert iam.list_user_tags(UserName="bob")["Tags"] == tags
    iam.untag_user(UserName="bob", TagKeys=["TEAM", "nothing"])
    assert iam.list_user_tags(UserName="bob")["Tags"] == tags[:1]


# --- what takes time


@pytest.mark.aws(consistency="eventual", at="2026-01-01", replay="iam.propagation#1=1, iam.propagation#2=1")
def test_what_was_just_made_may_not_be_known_yet(aws, iam, user):
    user("bob")
    iam.get_waiter("user_exists").wait(UserName="bob", WaiterConfig={"Delay": 3})
    assert aws.clock.time() == pytest.approx(1767225600 + 6, abs=1)
    assert [each.taken for each in aws.choices if each.name == "iam.propagation"] == [True, True, False]


@pytest.mark.aws(consistency="eventual", at="2026-01-01")
def test_after_a_while_everybody_knows(aws, iam, user):
    user("bob")
    aws.clock.advance(seconds=10)
    assert iam.get_user(UserName="bob")["User"]["UserName"] == "bob"
    assert not list(aws.choices)


def test_a_waiter_gives_up(iam):
    with pytest.raises(WaiterError, match="Max attempts exceeded"):
        iam.get_waiter("user_exists").wait(UserName="nobody")


def test_a_snapshot_brings_everything_back(aws, iam, user, keys_of):
    user("bob")
    snapshot = aws.snapshot()
    iam.create_group(GroupName="dev")
    iam.add_user_to_group(GroupName="dev", UserName="bob")
    keys_of("bob")
    iam.update_user(UserName="bob", NewUserName="rob")
    aws.restore(snapshot)
    assert iam.list_groups()["Groups"] == []
    assert iam.list_access_keys(UserName="bob")["AccessKeyMetadata"] == []
    with pytest.raises(ClientError):
        iam.get_user(UserName="rob")

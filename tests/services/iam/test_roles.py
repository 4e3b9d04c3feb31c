"""Roles, instance profiles, service-linked roles, and STS's view of them."""

import json

import boto3
import pytest

from .conftest import document, trust

pytestmark = pytest.mark.aws(at="2026-01-01")


@pytest.mark.rule("iam-043", "iam-086")
def test_a_role(iam, refused):
    made = iam.create_role(
        RoleName="app", Path="/apps/", AssumeRolePolicyDocument=trust(), Description="runs", MaxSessionDuration=7200
    )["Role"]
    assert made["Arn"] == "arn:aws:iam::123456789012:role/apps/app"
    assert made["RoleId"].startswith("AROA")
    found = iam.get_role(RoleName="app")["Role"]
    assert found["AssumeRolePolicyDocument"] == json.loads(trust())
    assert (found["Description"], found["MaxSessionDuration"], found["RoleLastUsed"]) == ("runs", 7200, {})
    iam.attach_role_policy(RoleName="app", PolicyArn="arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")
    assert len(iam.list_attached_role_policies(RoleName="app")["AttachedPolicies"]) == 1
    taken = ("EntityAlreadyExists", "Role with name App already exists.", 409)
    assert refused(iam.create_role, RoleName="App", AssumeRolePolicyDocument=trust()) == taken
    missing = ("NoSuchEntity", "The role with name other cannot be found.", 404)
    assert refused(iam.get_role, RoleName="other") == missing
    task = trust({"Service": "ecs-tasks.amazonaws.com"})
    iam.create_role(RoleName="task", AssumeRolePolicyDocument=task)
    shown = iam.get_role(RoleName="task")["Role"]["AssumeRolePolicyDocument"]
    assert shown["Statement"][0]["Principal"] == {"Service": "ecs-tasks.amazonaws.com"}


@pytest.mark.rule("iam-044")
def test_a_role_for_another_account(iam, user, refused):
    principal = {"AWS": "arn:aws:iam::210987654321:root"}
    iam.create_role(RoleName="shared", AssumeRolePolicyDocument=trust(principal))
    shown = iam.get_role(RoleName="shared")["Role"]["AssumeRolePolicyDocument"]
    assert shown["Statement"][0]["Principal"] == principal
    for kind in ("user", "role"):
        arn = f"arn:aws:iam::123456789012:{kind}/bob"
        invalid = ("MalformedPolicyDocument", f'Invalid principal in policy: "AWS":"{arn}"', 400)
        text = trust({"AWS": arn})
        assert refused(iam.create_role, RoleName="r", AssumeRolePolicyDocument=text) == invalid
        assert refused(iam.update_assume_role_policy, RoleName="shared", PolicyDocument=text) == invalid
    user("bob")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust({"AWS": "arn:aws:iam::123456789012:user/bob"}))
    # The administrator is there, though nobody made it.
    iam.create_role(RoleName="a", AssumeRolePolicyDocument=trust({"AWS": "arn:aws:iam::123456789012:user/awsim"}))
    # Of an account that nothing is known of, anything may exist; of one with users, what was made.
    stranger = trust({"AWS": "arn:aws:iam::210987654321:role/theirs"})
    iam.create_role(RoleName="s", AssumeRolePolicyDocument=stranger)
    boto3.client(
        "iam", region_name="us-east-1", aws_access_key_id="210987654321", aws_secret_access_key="x"
    ).create_user(UserName="eve")
    assert refused(iam.create_role, RoleName="t", AssumeRolePolicyDocument=stranger)[0] == "MalformedPolicyDocument"


@pytest.mark.rule("iam-045", "iam-046")
@pytest.mark.parametrize(
    ("principal", "action"),
    [
        ("graph.facebook.com", "sts:AssumeRoleWithWebIdentity"),
        ("arn:aws:iam::123456789012:saml-provider/corp", "sts:AssumeRoleWithSAML"),
    ],
)
def test_a_role_for_federation(iam, principal, action):
    text = trust({"Federated": principal}, action)
    iam.create_role(RoleName="web", AssumeRolePolicyDocument=text)
    assert iam.get_role(RoleName="web")["Role"]["AssumeRolePolicyDocument"] == json.loads(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{nonsense", "This policy contains invalid Json"),
        (document({"Effect": "Allow", "Action": "sts:AssumeRole"}), "Missing required field Principal"),
        (trust(action="s3:GetObject"), "AssumeRole policy may only specify STS AssumeRole actions."),
        (
            document({"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole", "Resource": "*"}),
            "Has prohibited field Resource",
        ),
        (trust({"Service": "nothing"}), 'Invalid principal in policy: "SERVICE":"nothing"'),
    ],
)
def test_documents_that_are_no_trust_policies(iam, role, refused, text, message):
    malformed = ("MalformedPolicyDocument", message, 400)
    assert refused(iam.create_role, RoleName="app", AssumeRolePolicyDocument=text) == malformed
    assert iam.list_roles()["Roles"] == []
    role("app")
    assert refused(iam.update_assume_role_policy, RoleName="app", PolicyDocument=text) == malformed
    assert iam.get_role(RoleName="app")["Role"]["AssumeRolePolicyDocument"] == json.loads(trust())


def test_how_long_a_trust_policy_may_be(iam, refused):
    def sized(size):
        statement = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
        empty = document({**statement, "Condition": {"StringEquals": {"aws:SourceAccount": ""}}})
        missing = size - len("".join(empty.split()))
        return empty.replace('"aws:SourceAccount": ""', f'"aws:SourceAccount": "{"1" * missing}"')

    iam.create_role(RoleName="just", AssumeRolePolicyDocument=sized(2048))
    over = ("LimitExceeded", "Cannot exceed quota for ACLSizePerRole: 2048", 409)
    assert refused(iam.create_role, RoleName="over", AssumeRolePolicyDocument=sized(2049)) == over


def test_roles_are_changed(iam, role):
    role("app", Tags=[{"Key": "a", "Value": "b"}])
    iam.update_role(RoleName="app", Description="new", MaxSessionDuration=3600)
    assert iam.update_role_description(RoleName="app", Description="newer")["Role"]["Description"] == "newer"
    iam.update_role(RoleName="app")
    assert iam.get_role(RoleName="app")["Role"]["Description"] == "newer"
    iam.tag_role(RoleName="app", Tags=[{"Key": "c", "Value": "d"}])
    iam.untag_role(RoleName="app", TagKeys=["a"])
    assert iam.list_role_tags(RoleName="app")["Tags"] == [{"Key": "c", "Value": "d"}]
    other = trust({"Service": "lambda.amazonaws.com"})
    iam.update_assume_role_policy(RoleName="app", PolicyDocument=other)
    assert iam.get_role(RoleName="app")["Role"]["AssumeRolePolicyDocument"] == json.loads(other)


def test_a_role_goes_last(iam, role, refused):
    role("app")
    iam.create_instance_profile(InstanceProfileName="box")
    iam.add_role_to_instance_profile(InstanceProfileName="box", RoleName="app")
    iam.put_role_policy(RoleName="app", PolicyName="own", PolicyDocument=document())
    iam.attach_role_policy(RoleName="app", PolicyArn="arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")

    def conflict(what):
        assert refused(iam.delete_role, RoleName="app") == (
            "DeleteConflict",
            f"Cannot delete entity, must {what} first.",
            409,
        )

    conflict("remove roles from instance profile")
    message = "Cannot delete entity, must remove roles from instance profile first."
    assert refused(iam.delete_instance_profile, InstanceProfileName="box") == ("DeleteConflict", message, 409)
    iam.remove_role_from_instance_profile(InstanceProfileName="box", RoleName="app")
    conflict("delete policies")
    iam.delete_role_policy(RoleName="app", PolicyName="own")
    conflict("detach all policies")
    iam.detach_role_policy(RoleName="app", PolicyArn="arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")
    iam.delete_role(RoleName="app")
    assert iam.list_roles()["Roles"] == []


# --- instance profiles


@pytest.mark.rule("iam-053")
def test_an_instance_profile_holds_one_role(iam, role, refused):
    made = iam.create_instance_profile(InstanceProfileName="box", Path="/a/", Tags=[{"Key": "a", "Value": "b"}])
    assert made["InstanceProfile"]["InstanceProfileId"].startswith("AIPA")
    assert made["InstanceProfile"]["Arn"] == "arn:aws:iam::123456789012:instance-profile/a/box"
    taken = ("EntityAlreadyExists", "Instance Profile Box already exists.", 409)
    assert refused(iam.create_instance_profile, InstanceProfileName="Box") == taken
    role("one")
    role("two")
    iam.add_role_to_instance_profile(InstanceProfileName="box", RoleName="one")
    full = ("LimitExceeded", "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1", 409)
    assert refused(iam.add_role_to_instance_profile, InstanceProfileName="box", RoleName="two") == full
    found = iam.get_instance_profile(InstanceProfileName="box")["InstanceProfile"]
    assert [each["RoleName"] for each in found["Roles"]] == ["one"]
    assert found["Tags"] == [{"Key": "a", "Value": "b"}]
    assert len(iam.list_instance_profiles_for_role(RoleName="one")["InstanceProfiles"]) == 1
    assert iam.list_instance_profiles_for_role(RoleName="two")["InstanceProfiles"] == []
    missing = ("NoSuchEntity", "Role two in Instance Profile box cannot be found.", 404)
    assert refused(iam.remove_role_from_instance_profile, InstanceProfileName="box", RoleName="two") == missing
    iam.remove_role_from_instance_profile(InstanceProfileName="box", RoleName="one")
    iam.delete_instance_profile(InstanceProfileName="box")
    gone = ("NoSuchEntity", "Instance Profile box cannot be found.", 404)
    assert refused(iam.get_instance_profile, InstanceProfileName="box") == gone


# --- service-linked roles


@pytest.mark.rule("iam-087", "iam-088")
def test_service_linked_roles(aws, iam, refused):
    made = iam.create_service_linked_role(AWSServiceName="ecs.amazonaws.com")["Role"]
    assert (made["RoleName"], made["Path"]) == ("AWSServiceRoleForECS", "/aws-service-role/ecs.amazonaws.com/")
    scaling = iam.create_service_linked_role(AWSServiceName="ecs.application-autoscaling.amazonaws.com")["Role"]
    assert scaling["RoleName"] == "AWSServiceRoleForApplicationAutoScaling_ECSService"
    message = "Cannot perform the operation on the protected role 'AWSServiceRoleForECS' - "
    message += "this role is only modifiable by AWS"
    protected = ("UnmodifiableEntity", message, 400)
    name = {"RoleName": "AWSServiceRoleForECS"}
    arn = "arn:aws:iam::aws:policy/aws-service-role/AmazonECSServiceRolePolicy"
    assert refused(iam.delete_role, **name) == protected
    assert refused(iam.detach_role_policy, **name, PolicyArn=arn) == protected
    assert refused(iam.put_role_policy, **name, PolicyName="a", PolicyDocument=document()) == protected
    assert refused(iam.update_assume_role_policy, **name, PolicyDocument=trust()) == protected
    iam.update_role(**name, Description="mine")
    taken = "Service role name AWSServiceRoleForECS has been taken in this account, please try a different suffix."
    assert refused(iam.create_service_linked_role, AWSServiceName="ecs.amazonaws.com") == ("InvalidInput", taken, 400)
    task = iam.delete_service_linked_role(**name)["DeletionTaskId"]
    assert task.startswith("task/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS/")
    assert iam.get_service_linked_role_deletion_status(DeletionTaskId=task)["Status"] == "SUCCEEDED"
    assert refused(iam.get_role, **name)[0] == "NoSuchEntity"
    assert iam.get_policy(PolicyArn=arn)["Policy"]["AttachmentCount"] == 0
    iam.create_service_linked_role(AWSServiceName="ecs.amazonaws.com")


@pytest.mark.aws(lifecycle="timed", at="2026-01-01")
def test_deleting_a_service_linked_role_takes_time(aws, iam):
    iam.create_service_linked_role(AWSServiceName="ecs.amazonaws.com")
    task = iam.delete_service_linked_role(RoleName="AWSServiceRoleForECS")["DeletionTaskId"]
    assert iam.get_service_linked_role_deletion_status(DeletionTaskId=task)["Status"] == "IN_PROGRESS"
    assert iam.get_role(RoleName="AWSServiceRoleForECS")
    aws.clock.advance(seconds=5)
    assert iam.get_service_linked_role_deletion_status(DeletionTaskId=task)["Status"] == "SUCCEEDED"


def test_services_without_a_role(iam, role, refused):
    message = "Custom suffix is not allowed for ecs.amazonaws.com"
    suffixed = refused(iam.create_service_linked_role, AWSServiceName="ecs.amazonaws.com", CustomSuffix="x")
    assert suffixed == ("InvalidInput", message, 400)
    message = "Cannot find Service Linked Role template for nothing.example.com"
    assert refused(iam.create_service_linked_role, AWSServiceName="nothing.example.com")[1] == message
    role("app")
    assert refused(iam.delete_service_linked_role, RoleName="app")[0] == "InvalidInput"
    assert refused(iam.get_service_linked_role_deletion_status, DeletionTaskId="task/x")[0] == "NoSuchEntity"


# --- assuming


def test_sts_knows_the_roles_of_iam(aws, iam, role, refused):
    sts = boto3.client("sts", region_name="us-east-1")
    arn = "arn:aws:iam::123456789012:role/app"
    nobodys = sts.assume_role(RoleArn=arn, RoleSessionName="session", DurationSeconds=43200)["AssumedRoleUser"]
    assert nobodys["AssumedRoleId"].startswith("AROA")
    role("app", MaxSessionDuration=3600)
    message = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
    asked = {"RoleArn": arn, "RoleSessionName": "session", "DurationSeconds": 3601}
    assert refused(sts.assume_role, **asked) == ("ValidationError", message, 400)
    first = sts.assume_role(RoleArn=arn, RoleSessionName="session")["AssumedRoleUser"]
    id = iam.get_role(RoleName="app")["Role"]["RoleId"]
    assert first["AssumedRoleId"] == f"{id}:session"
    iam.delete_role(RoleName="app")
    role("app")
    again = sts.assume_role(RoleArn=arn, RoleSessionName="session")["AssumedRoleUser"]
    assert again["AssumedRoleId"] != first["AssumedRoleId"]
    assert again["AssumedRoleId"] == f"{iam.get_role(RoleName='app')['Role']['RoleId']}:session"


def test_when_a_role_was_used_last(aws, iam, role):
    role("app")
    sts = boto3.client("sts", region_name="us-east-1")
    keys = sts.assume_role(RoleArn="arn:aws:iam::123456789012:role/app", RoleSessionName="session")["Credentials"]
    assert iam.get_role(RoleName="app")["Role"]["RoleLastUsed"] == {}
    session = boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"], region_name="eu-west-1")
    aws.clock.advance(minutes=1)
    session.client("s3").list_buckets()
    used = iam.get_role(RoleName="app")["Role"]["RoleLastUsed"]
    assert used.pop("LastUsedDate").timestamp() == 1767225660
    assert used == {"Region": "eu-west-1"}


@pytest.mark.aws(consistency="eventual", at="2026-01-01", replay="iam.propagation#1=1")
def test_a_new_role_may_not_be_assumed_yet(aws, iam, role, refused):
    role("app")
    sts = boto3.client("sts", region_name="us-east-1")
    arn = "arn:aws:iam::123456789012:role/app"
    code, message, status = refused(sts.assume_role, RoleArn=arn, RoleSessionName="session")
    assert (code, status) == ("AccessDenied", 403)
    assert message.endswith(f"is not authorized to perform: sts:AssumeRole on resource: {arn}")
    sts.assume_role(RoleArn=arn, RoleSessionName="session")


@pytest.mark.aws(consistency="eventual", at="2026-01-01", replay="iam.propagation#1=1")
def test_a_new_user_may_be_no_principal_yet(iam, user, role, refused):
    user("bob")
    text = trust({"AWS": "arn:aws:iam::123456789012:user/bob"})
    assert refused(role, AssumeRolePolicyDocument=text)[0] == "MalformedPolicyDocument"
    role(AssumeRolePolicyDocument=text)

"""Access grants: who may reach what, and credentials for it."""

import json

import boto3
import pytest

from awsim.errors import AWSError
from tests.services.s3control.conftest import ACCOUNT, Bound

ROLE = f"arn:aws:iam::{ACCOUNT}:role/grants"
ANN = f"arn:aws:iam::{ACCOUNT}:user/ann"


@pytest.fixture
def instance(control, bucket):
    control.create_access_grants_instance()
    return control


@pytest.fixture
def location(instance):
    made = instance.create_access_grants_location(LocationScope="s3://ledger/*", IAMRoleArn=ROLE)
    return made["AccessGrantsLocationId"]


def grant(control, location, permission="READ", prefix="in/*", who=ANN, **more):
    return control.create_access_grant(
        AccessGrantsLocationId=location,
        AccessGrantsLocationConfiguration={"S3SubPrefix": prefix},
        Grantee={"GranteeType": "IAM", "GranteeIdentifier": who},
        Permission=permission,
        **more,
    )


def test_the_instance(control, refused):
    assert refused(control.get_access_grants_instance)[:2] == ("AccessGrantsInstanceNotExistsError", 404)
    made = control.create_access_grants_instance()
    assert made["AccessGrantsInstanceArn"] == f"arn:aws:s3:us-east-1:{ACCOUNT}:access-grants/default"
    assert made["AccessGrantsInstanceId"] == "default"
    assert refused(control.create_access_grants_instance)[:2] == ("AccessGrantsInstanceAlreadyExists", 409)
    assert len(control.list_access_grants_instances()["AccessGrantsInstancesList"]) == 1
    location = control.create_access_grants_location(LocationScope="s3://", IAMRoleArn=ROLE)
    assert location["AccessGrantsLocationId"] == "default"
    assert refused(control.delete_access_grants_instance)[0] == "AccessGrantsInstanceNotEmptyError"
    control.delete_access_grants_location(AccessGrantsLocationId="default")
    control.delete_access_grants_instance()
    assert refused(control.get_access_grants_instance)[0] == "AccessGrantsInstanceNotExistsError"


def test_locations_and_grants(instance, location, refused):
    made = grant(instance, location)
    assert made["GrantScope"] == "s3://ledger/in/*"
    assert instance.get_access_grant(AccessGrantId=made["AccessGrantId"])["Permission"] == "READ"
    assert refused(grant, instance, location)[:2] == ("AccessGrantAlreadyExists", 409)
    assert refused(grant, instance, "none")[:2] == ("NoSuchAccessGrantsLocationError", 404)
    assert refused(instance.delete_access_grants_location, AccessGrantsLocationId=location)[0] == (
        "AccessGrantsLocationNotEmptyError"
    )
    assert len(instance.list_access_grants(Permission="READ")["AccessGrantsList"]) == 1
    assert instance.list_access_grants(Permission="WRITE")["AccessGrantsList"] == []
    other = instance.update_access_grants_location(AccessGrantsLocationId=location, IAMRoleArn=ROLE + "2")
    assert other["IAMRoleArn"] == ROLE + "2"
    instance.tag_resource(ResourceArn=made["AccessGrantArn"], Tags=[{"Key": "k", "Value": "v"}])
    assert instance.list_tags_for_resource(ResourceArn=made["AccessGrantArn"])["Tags"] == [{"Key": "k", "Value": "v"}]
    instance.delete_access_grant(AccessGrantId=made["AccessGrantId"])
    assert refused(instance.get_access_grant, AccessGrantId=made["AccessGrantId"])[:2] == (
        "NoSuchAccessGrantError",
        404,
    )


def test_callers_grants_in_pages(aws, instance, location):
    for number in range(7):
        grant(instance, location, prefix=f"in/{number}/*")
    grant(instance, location, who=f"arn:aws:iam::{ACCOUNT}:user/bob")
    with aws.acting_as(ANN):
        pages = list(
            instance.client.get_paginator("list_caller_access_grants").paginate(
                AccountId=ACCOUNT, PaginationConfig={"PageSize": 3}
            )
        )
    assert [len(page["CallerAccessGrantsList"]) for page in pages] == [3, 3, 1]
    assert len({each["GrantScope"] for page in pages for each in page["CallerAccessGrantsList"]}) == 7


@pytest.mark.aws(authorization=True)
def test_credentials(aws, instance, location, s3, refused):
    iam = boto3.client("iam")
    iam.create_user(UserName="ann")
    ask = {"Effect": "Allow", "Action": "s3:GetDataAccess", "Resource": "*"}
    iam.put_user_policy(
        UserName="ann", PolicyName="p", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [ask]})
    )
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "access-grants.s3.amazonaws.com"},
        "Action": ["sts:AssumeRole", "sts:SetSourceIdentity"],
    }
    iam.create_role(
        RoleName="grants", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    )
    everything = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    iam.put_role_policy(
        RoleName="grants",
        PolicyName="p",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [everything]}),
    )
    for key in ("in/a", "out/a"):
        s3.put_object(Bucket="ledger", Key=key, Body=b"x")
    grant(instance, location)
    anns = Bound(boto3.client("s3control", region_name="us-east-1", **aws.credentials(ANN)))
    assert refused(anns.get_data_access, Target="s3://ledger/out/*", Permission="READ") == (
        "AccessDenied",
        403,
        "You do not have READ permissions to the requested S3 Prefix: s3://ledger/out/*",
    )
    assert refused(anns.get_data_access, Target="s3://ledger/in/*", Permission="WRITE")[0] == "AccessDenied"
    assert refused(instance.get_data_access, Target="s3://ledger/in/*", Permission="READ")[0] == "AccessDenied"
    given = anns.get_data_access(Target="s3://ledger/in/*", Permission="READ")
    assert given["MatchedGrantTarget"] == "s3://ledger/in/*"
    keys = given["Credentials"]
    session = boto3.client(
        "s3",
        region_name="us-east-1",
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
    )
    assert session.get_object(Bucket="ledger", Key="in/a")["Body"].read() == b"x"
    assert [each["Key"] for each in session.list_objects_v2(Bucket="ledger", Prefix="in/")["Contents"]] == ["in/a"]
    assert refused(session.get_object, Bucket="ledger", Key="out/a")[0] == "AccessDenied"
    assert refused(session.put_object, Bucket="ledger", Key="in/b")[0] == "AccessDenied"


@pytest.mark.parametrize("seconds", [899, 43_201])
def test_durations(aws, instance, location, seconds):
    wanted = {"AccountId": ACCOUNT, "Target": "s3://ledger/in/*", "Permission": "READ", "DurationSeconds": seconds}
    with pytest.raises(AWSError) as caught:
        aws.call("s3control", "GetDataAccess", wanted)
    assert caught.value.code == "InvalidRequest"


def test_resource_policies(aws, instance, location, refused):
    arn = f"arn:aws:s3:us-east-1:{ACCOUNT}:access-grants/default"
    assert refused(instance.get_access_grants_instance_resource_policy)[1] == 404
    bob = "arn:aws:iam::111122223333:user/bob"
    grant(instance, location, who=bob)
    with aws.acting_as(bob):
        assert refused(instance.list_caller_access_grants)[0] == "AccessDenied"
    statement = {"Effect": "Allow", "Principal": {"AWS": bob}, "Action": "s3:ListCallerAccessGrants", "Resource": arn}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    instance.put_access_grants_instance_resource_policy(Policy=policy)
    assert instance.get_access_grants_instance_resource_policy()["Policy"] == policy
    with aws.acting_as(bob):
        assert len(instance.list_caller_access_grants()["CallerAccessGrantsList"]) == 1
    instance.delete_access_grants_instance_resource_policy()
    assert refused(instance.put_access_grants_instance_resource_policy, Policy="{")[:2] == ("MalformedPolicy", 400)

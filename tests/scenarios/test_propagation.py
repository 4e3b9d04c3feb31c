"""What was just changed in IAM does not hold everywhere at once."""

import json

import boto3
import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.aws(authorization=True, consistency="eventual", at="2026-01-01")


def document(action, effect="Allow", **more):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": effect, "Action": action, **more}]})


LISTS = document("sqs:ListQueues", Resource="*")
TRUST = {"Principal": {"AWS": "123456789012"}}


@pytest.fixture
def iam(aws):
    return boto3.client("iam")


@pytest.fixture
def keys(iam):
    iam.create_user(UserName="ann")
    key = iam.create_access_key(UserName="ann")["AccessKey"]
    return {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}


def code_of(call, **params):
    try:
        call(**params)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return None


def taken(aws):
    return [choice.taken for choice in aws.choices if choice.name == "iam.propagation"]


@pytest.mark.aws(authorization=True, consistency="eventual", at="2026-01-01", replay="iam.propagation#1=1")
def test_a_new_access_key(aws, iam, keys):
    sts, dynamodb = boto3.client("sts", **keys), boto3.client("dynamodb", **keys)
    assert code_of(dynamodb.list_tables) == "UnrecognizedClientException"
    assert code_of(sts.get_caller_identity) is None
    assert taken(aws) == [True, False]
    aws.clock.advance(seconds=10)
    assert code_of(sts.get_caller_identity) is None
    assert len(taken(aws)) == 2


# Of each call the key is asked about first, then its user's permissions.
@pytest.mark.aws(authorization=True, consistency="eventual", at="2026-01-01", replay="iam.propagation#2=1")
def test_a_new_policy(aws, iam, keys):
    iam.put_user_policy(UserName="ann", PolicyName="own", PolicyDocument=LISTS)
    sqs = boto3.client("sqs", **keys)
    assert code_of(sqs.list_queues) == "AccessDenied"
    assert code_of(sqs.list_queues) is None


@pytest.mark.aws(authorization=True, consistency="eventual", at="2026-01-01", replay="iam.propagation#1=1")
def test_a_policy_that_was_taken_away(aws, iam, keys):
    iam.put_user_policy(UserName="ann", PolicyName="own", PolicyDocument=LISTS)
    aws.clock.advance(minutes=1)
    sqs = boto3.client("sqs", **keys)
    iam.delete_user_policy(UserName="ann", PolicyName="own")
    assert code_of(sqs.list_queues) is None  # it still held
    assert code_of(sqs.list_queues) == "AccessDenied"
    aws.clock.advance(seconds=10)
    assert code_of(sqs.list_queues) == "AccessDenied"
    assert taken(aws) == [True, False]


@pytest.mark.aws(authorization=True, consistency="eventual", at="2026-01-01", replay="iam.propagation#1=1")
@pytest.mark.parametrize("change", ["version", "group", "boundary", "membership"])
def test_whatever_way_permissions_change(aws, iam, keys, change):
    nothing = document("*", "Deny", Resource="*")
    arn = iam.create_policy(PolicyName="lists", PolicyDocument=LISTS)["Policy"]["Arn"]
    never = iam.create_policy(PolicyName="never", PolicyDocument=nothing)["Policy"]["Arn"]
    iam.create_group(GroupName="staff")
    iam.add_user_to_group(GroupName="staff", UserName="ann")
    iam.attach_group_policy(GroupName="staff", PolicyArn=arn)
    aws.clock.advance(minutes=1)
    sqs = boto3.client("sqs", **keys)
    assert code_of(sqs.list_queues) is None
    if change == "version":
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=nothing, SetAsDefault=True)
    elif change == "group":
        iam.put_group_policy(GroupName="staff", PolicyName="none", PolicyDocument=nothing)
    elif change == "boundary":
        iam.put_user_permissions_boundary(UserName="ann", PermissionsBoundary=never)
    else:
        iam.remove_user_from_group(GroupName="staff", UserName="ann")
    assert code_of(sqs.list_queues) is None
    assert code_of(sqs.list_queues) == "AccessDenied"


@pytest.mark.aws(authorization=True, consistency="eventual", at="2026-01-01", replay="iam.propagation#1=1")
def test_a_new_trust_policy(aws, iam, keys):
    refuses = document("sts:AssumeRole", "Deny", **TRUST)
    role = iam.create_role(RoleName="app", AssumeRolePolicyDocument=document("sts:AssumeRole", **TRUST))["Role"]["Arn"]
    iam.put_user_policy(UserName="ann", PolicyName="own", PolicyDocument=document("sts:AssumeRole", Resource="*"))
    aws.clock.advance(minutes=1)
    iam.update_assume_role_policy(RoleName="app", PolicyDocument=refuses)
    sts = boto3.client("sts", **keys)
    asked = {"RoleArn": role, "RoleSessionName": "one"}
    assert code_of(sts.assume_role, **asked) is None
    assert code_of(sts.assume_role, **asked) == "AccessDenied"


def test_friendly_runs_hold_at_once(aws, iam, keys):
    aws.choices.active = False
    iam.put_user_policy(UserName="ann", PolicyName="own", PolicyDocument=LISTS)
    assert code_of(boto3.client("sqs", **keys).list_queues) is None

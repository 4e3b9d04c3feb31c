"""Organizations under `authorization=True`: ARNs of what parameters name by ids, and their condition keys."""

import json

import boto3
import pytest

from .conftest import refusal

pytestmark = [pytest.mark.aws(authorization=True), pytest.mark.newer_botocore]


@pytest.fixture
def someone(aws):
    """A client of a user with one statement in the management account."""

    def someone(action, resource="*", **more):
        iam = boto3.client("iam")
        iam.create_user(UserName="ann")
        statement = {"Effect": "Allow", "Action": action, "Resource": resource, **more}
        iam.put_user_policy(
            UserName="ann",
            PolicyName="p",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
        )
        key = iam.create_access_key(UserName="ann")["AccessKey"]
        return boto3.client(
            "organizations",
            region_name="us-east-1",
            aws_access_key_id=key["AccessKeyId"],
            aws_secret_access_key=key["SecretAccessKey"],
        )

    return someone


def test_a_unit_by_its_arn(org, someone):
    mine, other = org.unit("mine"), org.unit("other")
    client = someone("organizations:*", f"arn:aws:organizations::123456789012:ou/{org.id}/{mine}")
    assert client.describe_organizational_unit(OrganizationalUnitId=mine)
    client.create_organizational_unit(ParentId=mine, Name="below")
    assert refusal(client.describe_organizational_unit, OrganizationalUnitId=other)[0] == "AccessDeniedException"
    assert refusal(client.list_accounts)[0] == "AccessDeniedException"


def test_attaching_needs_both(org, someone):
    policy, unit = org.policy(), org.unit("u")
    client = someone("organizations:AttachPolicy", f"arn:aws:organizations::123456789012:policy/{org.id}/*")
    assert refusal(client.attach_policy, PolicyId=policy, TargetId=unit)[0] == "AccessDeniedException"


def test_the_type_of_a_policy_is_a_condition_key(org, someone):
    tags = org.policy("t", "TAG_POLICY", {"tags": {"owner": {"tag_value": {"@@assign": ["*"]}}}})
    org.enable("TAG_POLICY")
    only = {"StringEquals": {"organizations:PolicyType": "TAG_POLICY"}}
    client = someone("organizations:*", Condition=only)
    client.attach_policy(PolicyId=tags, TargetId=org.root)
    client.list_policies(Filter="TAG_POLICY")
    assert refusal(client.list_policies, Filter="SERVICE_CONTROL_POLICY")[0] == "AccessDeniedException"
    assert refusal(client.attach_policy, PolicyId=org.policy(), TargetId=org.root)[0] == "AccessDeniedException"


def test_tags_of_accounts_decide(org, someone):
    tagged, other = org.account("a", Tags=[{"Key": "team", "Value": "x"}]), org.account("b")
    client = someone("organizations:DescribeAccount", Condition={"StringEquals": {"aws:ResourceTag/team": "x"}})
    assert client.describe_account(AccountId=tagged)
    assert refusal(client.describe_account, AccountId=other)[0] == "AccessDeniedException"


def test_a_service_principal_is_a_condition_key(org, someone):
    only = {"StringEquals": {"organizations:ServicePrincipal": "config.amazonaws.com"}}
    client = someone("organizations:EnableAWSServiceAccess", Condition=only)
    client.enable_aws_service_access(ServicePrincipal="config.amazonaws.com")
    assert refusal(client.enable_aws_service_access, ServicePrincipal="fms.amazonaws.com")[0] == "AccessDeniedException"

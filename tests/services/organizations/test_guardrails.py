"""What tag policies are enforced on, and what is kept of an organization between calls."""

from types import SimpleNamespace

import pytest

from awsim.cloud import Cloud
from awsim.errors import AWSError
from awsim.gateway.guardrails import check_tags
from awsim.services.organizations.guardrails import TagRule


@pytest.mark.parametrize(
    ("enforced", "service", "type", "bound"),
    [
        ("dynamodb:table", "dynamodb", "table", True),
        ("dynamodb:table", "dynamodb", "backup", False),
        ("dynamodb:table", "dynamodb", "", True),
        ("dynamodb:*", "dynamodb", "backup", True),
        ("dynamodb:ALL_SUPPORTED", "dynamodb", "backup", True),
        ("dynamodb:table", "sqs", "", False),
    ],
)
def test_types(enforced, service, type, bound):
    assert TagRule("Owner", None, (enforced,)).binds(service, type) is bound


@pytest.mark.parametrize(
    ("key", "value", "admitted"),
    [("Owner", "a", True), ("Owner", "b1", True), ("Owner", "c", False), ("owner", "a", False)],
)
def test_values(key, value, admitted):
    assert TagRule("Owner", ("a", "b*"), ("sqs:queue",)).admits(key, value) is admitted


class Rules:
    """Organizations in which nothing may be tagged on one type of resource."""

    def __init__(self, service, type):
        self.bad = service, type

    def tag_out_of_policy(self, account, service, tags, type):
        return next(iter(tags), None) if (service, type) == self.bad else None


def asked(service, operation, params, rules):
    cloud = SimpleNamespace(organizations=lambda partition: rules)
    return SimpleNamespace(
        cloud=cloud,
        service=service,
        operation=operation,
        params=params,
        caller=SimpleNamespace(service=None, account="1" * 12),
        account="1" * 12,
        region="us-east-1",
        instance=SimpleNamespace(partition="aws", arn_name=service),
    )


TAGS = [{"Key": "Owner", "Value": "x"}]


@pytest.mark.parametrize(
    ("service", "operation", "params", "type"),
    [
        ("ec2", "RunInstances", {"TagSpecifications": [{"ResourceType": "volume", "Tags": TAGS}]}, "volume"),
        ("s3", "CreateBucket", {"Bucket": "b", "CreateBucketConfiguration": {"Tags": TAGS}}, ""),
        ("s3", "PutBucketTagging", {"Bucket": "b", "Tagging": {"TagSet": TAGS}}, ""),
        ("sqs", "TagQueue", {"QueueUrl": "https://sqs.us-east-1.amazonaws.com/1/q", "Tags": {"Owner": "x"}}, ""),
        ("dynamodb", "CreateTable", {"TableName": "t", "Tags": TAGS}, "table"),
    ],
)
def test_where_calls_have_tags(service, operation, params, type):
    with pytest.raises(AWSError) as caught:
        check_tags(asked(service, operation, params, Rules(service, type)))
    assert caught.value.code == "TagPolicyViolation"
    check_tags(asked(service, operation, params, Rules(service, "other")))


def test_what_is_worked_out_is_kept_until_something_changes():
    cloud = Cloud()
    cloud.call("organizations", "CreateOrganization")
    asked = cloud.call("organizations", "CreateAccount", Email="a@corp.example", AccountName="a")["CreateAccountStatus"]
    account = cloud.call("organizations", "DescribeCreateAccountStatus", CreateAccountRequestId=asked["Id"])[
        "CreateAccountStatus"
    ]["AccountId"]
    known = cloud.organizations("aws")
    levels = known.policies_above(account, "SERVICE_CONTROL_POLICY")
    assert [[policy.arn.rpartition("/")[2] for policy in level] for level in levels] == [["p-FullAWSAccess"]] * 2
    cloud.call("organizations", "ListAccounts")
    assert known.policies_above(account, "SERVICE_CONTROL_POLICY") is levels
    root = cloud.call("organizations", "ListRoots")["Roots"][0]["Id"]
    unit = cloud.call("organizations", "CreateOrganizationalUnit", ParentId=root, Name="u")["OrganizationalUnit"]["Id"]
    assert known.policies_above(account, "SERVICE_CONTROL_POLICY") is levels
    cloud.call("organizations", "MoveAccount", AccountId=account, SourceParentId=root, DestinationParentId=unit)
    assert len(known.policies_above(account, "SERVICE_CONTROL_POLICY")) == 3
    assert known.policies_above("123456789012", "SERVICE_CONTROL_POLICY") == ()
    assert known.policies_above(account, "RESOURCE_CONTROL_POLICY") == ()
    assert known.policies_above("999999999999", "SERVICE_CONTROL_POLICY") == ()

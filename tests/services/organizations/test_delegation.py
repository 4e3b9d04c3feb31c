"""Trusted services, delegated administrators, the resource policy, tags."""

import json

import pytest

from awsim.errors import AWSError

from .conftest import as_account, message_of, refusal

pytestmark = pytest.mark.newer_botocore

CONFIG, GUARDDUTY = "config.amazonaws.com", "guardduty.amazonaws.com"
CONSTRAINT = "ConstraintViolationException"


def test_trusted_services(org):
    org.api.enable_aws_service_access(ServicePrincipal=CONFIG)
    org.api.enable_aws_service_access(ServicePrincipal=CONFIG)
    (enabled,) = org.api.list_aws_service_access_for_organization()["EnabledServicePrincipals"]
    assert enabled["ServicePrincipal"] == CONFIG
    assert refusal(org.api.enable_aws_service_access, ServicePrincipal="example.com") == (
        "InvalidInputException", "UNRECOGNIZED_SERVICE_PRINCIPAL",
    )  # fmt: skip
    org.api.disable_aws_service_access(ServicePrincipal=CONFIG)
    assert org.api.list_aws_service_access_for_organization()["EnabledServicePrincipals"] == []


def test_a_trusted_service_may_look(org):
    account = org.account()

    def look():
        return org.aws.call("organizations", "ListAccounts", caller=CONFIG, account=account)["Accounts"]

    with pytest.raises(AWSError, match="You don't have permissions to access this resource."):
        look()
    org.api.enable_aws_service_access(ServicePrincipal=CONFIG)
    assert len(look()) == 2


def test_a_service_whose_policies_are_enabled_stays_trusted(org):
    principal = {"ServicePrincipal": "securityhub.amazonaws.com"}
    org.api.enable_aws_service_access(**principal)
    org.enable("SECURITYHUB_POLICY")
    assert refusal(org.api.disable_aws_service_access, **principal) == (
        CONSTRAINT, "POLICY_TYPE_ENABLED_FOR_THIS_SERVICE",
    )  # fmt: skip


def test_a_delegated_administrator_may_look(org):
    account = org.account()
    member = as_account(account)
    asked = {"AccountId": account, "ServicePrincipal": CONFIG}
    assert refusal(org.api.register_delegated_administrator, **asked) == (CONSTRAINT, "SERVICE_ACCESS_NOT_ENABLED")
    org.api.enable_aws_service_access(ServicePrincipal=CONFIG)
    assert refusal(member.list_accounts)[0] == "AccessDeniedException"
    org.api.register_delegated_administrator(**asked)
    assert len(member.list_accounts()["Accounts"]) == 2
    (shown,) = member.list_delegated_administrators()["DelegatedAdministrators"]
    assert (shown["Id"], shown["Name"]) == (account, "dev")
    (service,) = org.api.list_delegated_services_for_account(AccountId=account)["DelegatedServices"]
    assert service["ServicePrincipal"] == CONFIG
    assert org.api.list_delegated_administrators(ServicePrincipal=GUARDDUTY)["DelegatedAdministrators"] == []
    assert refusal(member.create_organizational_unit, ParentId=org.root, Name="x")[0] == "AccessDeniedException"
    assert refusal(org.api.register_delegated_administrator, **asked)[0] == "AccountAlreadyRegisteredException"
    org.api.deregister_delegated_administrator(**asked)
    assert refusal(member.list_accounts)[0] == "AccessDeniedException"
    assert refusal(org.api.deregister_delegated_administrator, **asked)[0] == "AccountNotRegisteredException"
    assert refusal(org.api.list_delegated_services_for_account, AccountId=account)[0] == "AccountNotRegisteredException"


def test_disabling_a_service_ends_its_delegation(org):
    account = org.account()
    org.api.enable_aws_service_access(ServicePrincipal=CONFIG)
    org.api.register_delegated_administrator(AccountId=account, ServicePrincipal=CONFIG)
    org.api.disable_aws_service_access(ServicePrincipal=CONFIG)
    assert org.api.list_delegated_administrators()["DelegatedAdministrators"] == []


def test_who_cannot_be_one(org):
    org.api.enable_aws_service_access(ServicePrincipal=CONFIG)
    register = org.api.register_delegated_administrator
    own = {"AccountId": "123456789012", "ServicePrincipal": CONFIG}
    assert refusal(register, **own) == (CONSTRAINT, "CANNOT_REGISTER_MASTER_AS_DELEGATED_ADMINISTRATOR")
    assert message_of(register, **own) == (
        "You cannot register management account/yourself as delegated administrator for your organization."
    )
    assert refusal(register, AccountId="999999999999", ServicePrincipal=CONFIG)[0] == "AccountNotFoundException"


@pytest.mark.parametrize(
    ("service", "most", "reason"),
    [
        (GUARDDUTY, 1, "DELEGATED_ADMINISTRATOR_EXISTS_FOR_THIS_SERVICE"),
        (CONFIG, 3, "MAX_DELEGATED_ADMINISTRATORS_FOR_SERVICE_LIMIT_EXCEEDED"),
    ],
)
def test_so_many_of_a_service(org, service, most, reason):
    org.api.enable_aws_service_access(ServicePrincipal=service)
    for number in range(most):
        account = org.account(f"a{number}")
        org.api.register_delegated_administrator(AccountId=account, ServicePrincipal=service)
    asked = {"AccountId": org.account("last"), "ServicePrincipal": service}
    assert refusal(org.api.register_delegated_administrator, **asked) == (CONSTRAINT, reason)
    org.api.deregister_delegated_administrator(AccountId=account, ServicePrincipal=service)
    org.api.register_delegated_administrator(**asked)


# --- the resource policy


def policy_for(account):
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": account},
        "Action": "organizations:DescribePolicy",
        "Resource": "*",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_the_resource_policy(org):
    account = org.account()
    assert refusal(org.api.describe_resource_policy)[0] == "ResourcePolicyNotFoundException"
    made = org.api.put_resource_policy(Content=policy_for(account), Tags=[{"Key": "k", "Value": "v"}])["ResourcePolicy"]
    id = made["ResourcePolicySummary"]["Id"]
    assert made["ResourcePolicySummary"]["Arn"] == (f"arn:aws:organizations::123456789012:resourcepolicy/{org.id}/{id}")
    assert org.api.list_tags_for_resource(ResourceId=id)["Tags"] == [{"Key": "k", "Value": "v"}]
    again = org.api.put_resource_policy(Content=policy_for(f"arn:aws:iam::{account}:root"))["ResourcePolicy"]
    assert again["ResourcePolicySummary"]["Id"] == id
    assert org.api.describe_resource_policy()["ResourcePolicy"] == again
    assert as_account(account).describe_policy(PolicyId="p-FullAWSAccess")["Policy"]
    assert refusal(as_account(account).list_roots)[0] == "AccessDeniedException"
    org.api.delete_resource_policy()
    assert refusal(org.api.delete_resource_policy)[0] == "ResourcePolicyNotFoundException"
    assert refusal(as_account(account).describe_policy, PolicyId="p-FullAWSAccess")[0] == "AccessDeniedException"


def test_bad_resource_policies(org):
    put = org.api.put_resource_policy
    assert refusal(put, Content="{") == ("InvalidInputException", "INVALID_RESOURCE_POLICY_JSON")
    assert refusal(put, Content=policy_for("999999999999")) == ("InvalidInputException", "INVALID_PRINCIPAL")
    assert refusal(org.api.describe_resource_policy)[0] == "ResourcePolicyNotFoundException"


# --- tags


def test_tags(org):
    account, unit, policy = org.account(Tags=[{"Key": "a", "Value": "1"}]), org.unit("u"), org.policy()
    assert org.api.list_tags_for_resource(ResourceId=account)["Tags"] == [{"Key": "a", "Value": "1"}]
    for id in (account, unit, policy, org.root):
        org.api.tag_resource(ResourceId=id, Tags=[{"Key": "a", "Value": "2"}, {"Key": "b", "Value": ""}])
        org.api.untag_resource(ResourceId=id, TagKeys=["a", "c"])
        assert org.api.list_tags_for_resource(ResourceId=id)["Tags"] == [{"Key": "b", "Value": ""}]
    assert refusal(org.api.tag_resource, ResourceId="999999999999", Tags=[])[0] == "TargetNotFoundException"
    assert refusal(as_account(account).tag_resource, ResourceId=account, Tags=[])[0] == "AccessDeniedException"
    assert refusal(org.api.tag_resource, ResourceId="p-FullAWSAccess", Tags=[{"Key": "a", "Value": "b"}]) == (
        "InvalidInputException", "TARGET_NOT_SUPPORTED",
    )  # fmt: skip


def test_fifty_tags(org):
    tags = [{"Key": f"k{number}", "Value": "v"} for number in range(50)]
    org.api.tag_resource(ResourceId=org.root, Tags=tags)
    assert refusal(org.api.tag_resource, ResourceId=org.root, Tags=[{"Key": "one more", "Value": "v"}]) == (
        CONSTRAINT, "MAX_TAG_LIMIT_EXCEEDED",
    )  # fmt: skip
    assert len(org.api.list_tags_for_resource(ResourceId=org.root)["Tags"]) == 50


def test_the_tag_policy_holds_here_too(org):
    org.enable("TAG_POLICY")
    owner = {"tag_key": {"@@assign": "Owner"}, "enforced_for": {"@@assign": ["organizations:account"]}}
    org.api.attach_policy(PolicyId=org.policy("t", "TAG_POLICY", {"tags": {"owner": owner}}), TargetId=org.root)
    assert refusal(org.api.tag_resource, ResourceId=org.root, Tags=[{"Key": "OWNER", "Value": "x"}]) == (
        CONSTRAINT, "TAG_POLICY_VIOLATION",
    )  # fmt: skip
    org.api.tag_resource(ResourceId=org.root, Tags=[{"Key": "Owner", "Value": "x"}])

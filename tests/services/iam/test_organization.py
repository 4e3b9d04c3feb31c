"""IAM in an organization: root access managed in one place, reports on what accounts use, SCPs in the simulator."""

import json

import boto3
import pytest
from botocore.exceptions import ClientError

from .conftest import document

pytestmark = pytest.mark.aws(at="2026-01-01")

MANAGEMENT = "123456789012"
EVERYTHING = document(("Allow", "*", "*"))


def client(service, account=MANAGEMENT):
    return boto3.client(service, region_name="us-east-1", aws_access_key_id=account, aws_secret_access_key="x")


def code_of(call, **params):
    with pytest.raises(ClientError) as caught:
        call(**params)
    return caught.value.response["Error"]["Code"]


@pytest.fixture
def organizations(aws):
    api = client("organizations")
    api.create_organization(FeatureSet="ALL")
    return api


@pytest.fixture
def member(organizations):
    """member("dev") -> the id of a new account, under the root."""

    def member(name):
        made = organizations.create_account(Email=f"{name}@corp.example", AccountName=name)["CreateAccountStatus"]
        status = organizations.describe_create_account_status(CreateAccountRequestId=made["Id"])
        return status["CreateAccountStatus"]["AccountId"]

    return member


@pytest.fixture
def limit(organizations):
    """limit(target, actions) -> the id of an SCP that lets a node do these actions alone."""

    def limit(target, *actions):
        text = json.dumps(
            {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": list(actions), "Resource": "*"}}
        )
        made = organizations.create_policy(
            Name=f"only-{target}", Description="", Type="SERVICE_CONTROL_POLICY", Content=text
        )
        id = made["Policy"]["PolicySummary"]["Id"]
        organizations.attach_policy(PolicyId=id, TargetId=target)
        organizations.detach_policy(PolicyId="p-FullAWSAccess", TargetId=target)
        return id

    return limit


# --- root access


def test_root_access_is_managed_in_one_place(organizations, member):
    iam, dev = client("iam"), member("dev")
    inside = client("iam", dev)
    assert code_of(iam.list_organizations_features) == "ServiceAccessNotEnabledException"
    organizations.enable_aws_service_access(ServicePrincipal="iam.amazonaws.com")
    id = organizations.describe_organization()["Organization"]["Id"]
    found = iam.list_organizations_features()
    assert (found["OrganizationId"], found["EnabledFeatures"]) == (id, [])
    assert iam.enable_organizations_root_credentials_management()["EnabledFeatures"] == ["RootCredentialsManagement"]
    both = ["RootCredentialsManagement", "RootSessions"]
    assert iam.enable_organizations_root_sessions()["EnabledFeatures"] == both
    refused = "AccountNotManagementOrDelegatedAdministratorException"
    assert code_of(inside.list_organizations_features) == refused
    assert code_of(inside.disable_organizations_root_sessions) == refused
    organizations.register_delegated_administrator(AccountId=dev, ServicePrincipal="iam.amazonaws.com")
    assert inside.list_organizations_features()["EnabledFeatures"] == both
    assert code_of(inside.enable_organizations_root_sessions) == "CallerIsNotManagementAccountException"
    assert inside.disable_organizations_root_sessions()["EnabledFeatures"] == ["RootCredentialsManagement"]
    assert iam.disable_organizations_root_credentials_management()["EnabledFeatures"] == []


def test_root_access_needs_an_organization_with_all_features(aws):
    iam = client("iam")
    assert code_of(iam.list_organizations_features) == "OrganizationNotFoundException"
    client("organizations").create_organization(FeatureSet="CONSOLIDATED_BILLING")
    assert code_of(iam.enable_organizations_root_sessions) == "OrganizationNotInAllFeaturesModeException"


# --- last accesses


def report(iam, path, **more):
    job = iam.generate_organizations_access_report(EntityPath=path, **more)["JobId"]
    return iam.get_organizations_access_report(JobId=job)


def test_what_accounts_use_of_what_policies_allow(aws, organizations, member, limit):
    root = organizations.list_roots()["Roots"][0]["Id"]
    unit = organizations.create_organizational_unit(ParentId=root, Name="apps")["OrganizationalUnit"]["Id"]
    dev, audit = member("dev"), member("audit")
    for account in (dev, audit):
        organizations.move_account(AccountId=account, SourceParentId=root, DestinationParentId=unit)
    policy = limit(unit, "s3:*", "sqs:*", "sns:Publish")
    aws.clock.advance(hours=1)
    client("sqs", dev).list_queues()
    aws.clock.advance(hours=1)
    client("sqs", audit).list_queues()
    id = organizations.describe_organization()["Organization"]["Id"]
    path = f"{id}/{root}/{unit}/"
    found = report(client("iam"), path)
    assert (found["JobStatus"], found["NumberOfServicesAccessible"], found["NumberOfServicesNotAccessed"]) == (
        "COMPLETED", 3, 2,
    )  # fmt: skip
    s3, sns, sqs = found["AccessDetails"]
    assert [each["ServiceNamespace"] for each in (s3, sns, sqs)] == ["s3", "sns", "sqs"]
    assert s3 == {
        "ServiceName": s3["ServiceName"], "ServiceNamespace": "s3", "TotalAuthenticatedEntities": 0,
    }  # fmt: skip
    assert (sqs["TotalAuthenticatedEntities"], sqs["Region"]) == (2, "us-east-1")
    assert sqs["EntityPath"] == f"{path}{audit}/"
    assert sqs["LastAuthenticatedTime"].timestamp() == aws.clock.time()
    alone = report(client("iam"), f"{path}{dev}")
    assert alone["AccessDetails"][2]["TotalAuthenticatedEntities"] == 1
    whole = report(client("iam"), f"{id}/{root}/")
    assert whole["NumberOfServicesAccessible"] > 100
    by_policy = report(client("iam"), f"{id}/{root}/", OrganizationsPolicyId=policy)
    assert by_policy["NumberOfServicesAccessible"] == 3
    job = client("iam").generate_organizations_access_report(EntityPath=path)["JobId"]
    newest = client("iam").get_organizations_access_report(
        JobId=job, SortKey="LAST_AUTHENTICATED_TIME_DESCENDING", MaxItems=1
    )
    assert [each["ServiceNamespace"] for each in newest["AccessDetails"]] == ["sqs"]
    assert newest["IsTruncated"]


def test_reports_that_cannot_be_had(organizations, member):
    root = organizations.list_roots()["Roots"][0]["Id"]
    id = organizations.describe_organization()["Organization"]["Id"]
    iam, dev = client("iam"), member("dev")
    other = f"{id}/{root}/ou-abcd-12345678/"
    assert code_of(iam.generate_organizations_access_report, EntityPath=other) == "InvalidInput"
    path = f"{id}/{root}/"
    inside = client("iam", dev).generate_organizations_access_report
    assert code_of(inside, EntityPath=path) == "AccessDenied"
    missing = {"EntityPath": path, "OrganizationsPolicyId": "p-12345678"}
    assert code_of(iam.generate_organizations_access_report, **missing) == "InvalidInput"
    job = "00000000-0000-0000-0000-000000000000"
    assert code_of(iam.get_organizations_access_report, JobId=job) == "NoSuchEntity"


@pytest.mark.aws(at="2026-01-01", lifecycle="timed")
def test_a_report_takes_its_time(aws, organizations):
    iam, root = client("iam"), organizations.list_roots()["Roots"][0]["Id"]
    id = organizations.describe_organization()["Organization"]["Id"]
    job = iam.generate_organizations_access_report(EntityPath=f"{id}/{root}/")["JobId"]
    assert iam.get_organizations_access_report(JobId=job)["JobStatus"] == "IN_PROGRESS"
    aws.clock.advance(seconds=2)
    assert iam.get_organizations_access_report(JobId=job)["JobStatus"] == "COMPLETED"


# --- the simulator


def test_the_simulator_knows_what_the_organization_allows(member, limit):
    dev = member("dev")
    limit(dev, "s3:*", "iam:*")
    iam = client("iam", dev)
    arn = iam.create_user(UserName="ann")["User"]["Arn"]
    iam.put_user_policy(UserName="ann", PolicyName="all", PolicyDocument=EVERYTHING)
    asked = iam.simulate_principal_policy(PolicySourceArn=arn, ActionNames=["s3:GetObject", "sqs:SendMessage"])
    s3, sqs = asked["EvaluationResults"]
    assert (s3["EvalDecision"], s3["OrganizationsDecisionDetail"]) == ("allowed", {"AllowedByOrganizations": True})
    assert sqs["EvalDecision"] == "implicitDeny"
    assert sqs["OrganizationsDecisionDetail"] == {"AllowedByOrganizations": False}


def test_the_simulator_in_the_management_account(organizations, limit):
    iam = client("iam")
    limit(MANAGEMENT, "s3:*")
    arn = iam.create_user(UserName="ann")["User"]["Arn"]
    iam.put_user_policy(UserName="ann", PolicyName="all", PolicyDocument=EVERYTHING)
    asked = iam.simulate_principal_policy(PolicySourceArn=arn, ActionNames=["sqs:SendMessage"])
    assert asked["EvaluationResults"][0]["EvalDecision"] == "allowed"

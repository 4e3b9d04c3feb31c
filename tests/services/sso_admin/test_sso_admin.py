"""IAM Identity Center: instances, permission sets, assignments, applications."""

import base64
import json
import re
from urllib.parse import unquote

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

ACCOUNT = "123456789012"
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]})
CUSTOM = "arn:aws:sso::aws:applicationProvider/custom"

pytestmark = [pytest.mark.aws(at="2026-03-01T00:00:00Z"), pytest.mark.newer_botocore]


class Center:
    """The client with the instance's ARN filled in, and its identity store."""

    def __init__(self, client, instance, store):
        self.client = client
        self.instance = instance
        self.store = store
        self.ids = boto3.client("identitystore")

    def __getattr__(self, name):
        return lambda **params: getattr(self.client, name)(InstanceArn=self.instance, **params)

    def user(self, name="alice"):
        return self.ids.create_user(
            IdentityStoreId=self.store,
            UserName=name,
            DisplayName=name,
            Name={"GivenName": name, "FamilyName": "Example"},
        )["UserId"]

    def group(self, name="admins", *members):
        group = self.ids.create_group(IdentityStoreId=self.store, DisplayName=name)["GroupId"]
        for member in members:
            self.ids.create_group_membership(IdentityStoreId=self.store, GroupId=group, MemberId={"UserId": member})
        return group

    def permission_set(self, name="admin", **more):
        return self.create_permission_set(Name=name, **more)["PermissionSet"]["PermissionSetArn"]


@pytest.fixture
def center(aws):
    client = boto3.client("sso-admin")
    arn = client.create_instance(Name="center")["InstanceArn"]
    client.update_instance(InstanceArn=arn, PermissionSetsEnabled=True)
    return Center(client, arn, client.list_instances()["Instances"][0]["IdentityStoreId"])


@pytest.fixture
def assign(center):
    """assign(permission set, "USER", id) -> the status that follows."""

    def assign(permission_set, kind, principal, account=ACCOUNT, create=True):
        operation = center.create_account_assignment if create else center.delete_account_assignment
        answer = operation(
            TargetId=account,
            TargetType="AWS_ACCOUNT",
            PermissionSetArn=permission_set,
            PrincipalType=kind,
            PrincipalId=principal,
        )
        name = "Creation" if create else "Deletion"
        started = answer[f"AccountAssignment{name}Status"]
        assert started["Status"] == "IN_PROGRESS"
        describe = getattr(center, f"describe_account_assignment_{name.lower()}_status")
        return describe(**{f"AccountAssignment{name}RequestId": started["RequestId"]})[f"AccountAssignment{name}Status"]

    return assign


def reserved():
    """Names of the roles that Identity Center has made."""
    roles = boto3.client("iam").list_roles(PathPrefix="/aws-reserved/")["Roles"]
    return [role["RoleName"] for role in roles]


def refused(call, **params):
    with pytest.raises(ClientError) as caught:
        call(**params)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


# --- instances


@pytest.mark.rule("sso-admin-001")
def test_an_account_has_one_instance(aws):
    client = boto3.client("sso-admin")
    assert client.list_instances()["Instances"] == []
    arn = client.create_instance(Name="center")["InstanceArn"]
    (listed,) = client.list_instances()["Instances"]
    assert listed["InstanceArn"] == arn
    assert listed["IdentityStoreId"].startswith("d-")
    assert (listed["OwnerAccountId"], listed["Status"], listed["Name"]) == (ACCOUNT, "ACTIVE", "center")
    described = client.describe_instance(InstanceArn=arn)
    assert (
        described["IdentityStoreArn"] == f"arn:aws:identitystore::{ACCOUNT}:identitystore/{listed['IdentityStoreId']}"
    )
    elsewhere = boto3.client("sso-admin", region_name="eu-west-1")
    assert elsewhere.list_instances()["Instances"] == []
    assert refused(elsewhere.create_instance)[0] == "ConflictException"
    issuer = {
        "IssuerUrl": "https://idp.example.com",
        "ClaimAttributePath": "email",
        "IdentityStoreAttributePath": "emails.value",
        "JwksRetrievalOption": "OPEN_ID_DISCOVERY",
    }
    made = client.create_trusted_token_issuer(
        InstanceArn=arn,
        Name="idp",
        TrustedTokenIssuerType="OIDC_JWT",
        TrustedTokenIssuerConfiguration={"OidcJwtConfiguration": issuer},
    )["TrustedTokenIssuerArn"]
    assert client.describe_trusted_token_issuer(TrustedTokenIssuerArn=made)["Name"] == "idp"


@pytest.mark.aws(at="2026-03-01T00:00:00Z", lifecycle="timed")
def test_an_instance_takes_time(aws):
    client = boto3.client("sso-admin")
    arn = client.create_instance()["InstanceArn"]
    assert client.describe_instance(InstanceArn=arn)["Status"] == "CREATE_IN_PROGRESS"
    aws.clock.advance(minutes=1)
    assert client.describe_instance(InstanceArn=arn)["Status"] == "ACTIVE"
    client.delete_instance(InstanceArn=arn)
    assert client.describe_instance(InstanceArn=arn)["Status"] == "DELETE_IN_PROGRESS"
    assert refused(client.delete_instance, InstanceArn=arn)[0] == "ConflictException"
    aws.clock.advance(minutes=1)
    assert client.list_instances()["Instances"] == []


def test_the_same_token_makes_one_instance(aws):
    client = boto3.client("sso-admin")
    first = client.create_instance(Name="a", ClientToken="t")["InstanceArn"]
    assert client.create_instance(Name="a", ClientToken="t")["InstanceArn"] == first
    assert refused(client.create_instance, Name="b", ClientToken="t")[0] == "ConflictException"


def test_an_instance_of_another_account_is_denied(center):
    other = boto3.client("sso-admin", aws_access_key_id="222222222222", aws_secret_access_key="x")
    assert refused(other.list_permission_sets, InstanceArn=center.instance) == (
        "AccessDeniedException",
        "User: arn:aws:iam::222222222222:user/awsim is not authorized to perform: sso:ListPermissionSets",
    )


def test_permission_sets_need_to_be_enabled(aws):
    client = boto3.client("sso-admin")
    arn = client.create_instance()["InstanceArn"]
    assert client.describe_instance(InstanceArn=arn)["PermissionSetsEnabled"] is False
    code, message = refused(client.create_permission_set, InstanceArn=arn, Name="admin")
    assert (code, message.split(".")[0]) == (
        "ValidationException",
        "Permission sets are not enabled for this instance of IAM Identity Center",
    )
    assert refused(client.update_instance, InstanceArn=arn, PermissionSetsEnabled=False)[0] == "ValidationException"


def test_encryption_of_an_instance(center):
    def encrypt(**configuration):
        return center.update_instance(EncryptionConfiguration=configuration)

    assert refused(encrypt, KeyType="CUSTOMER_MANAGED_KEY")[0] == "ValidationException"
    key = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/00000000-0000-4000-8000-000000000000"
    encrypt(KeyType="CUSTOMER_MANAGED_KEY", KmsKeyArn=key)
    shown = center.describe_instance()["EncryptionConfigurationDetails"]
    assert shown == {"KeyType": "CUSTOMER_MANAGED_KEY", "KmsKeyArn": key, "EncryptionStatus": "ENABLED"}


def test_an_account_instance_stays_in_its_region(center):
    (region,) = center.list_regions()["Regions"]
    assert (region["RegionName"], region["Status"], region["IsPrimaryRegion"]) == ("us-east-1", "ACTIVE", True)
    assert refused(center.add_region, RegionName="eu-west-1")[0] == "ValidationException"
    assert refused(center.remove_region, RegionName="us-east-1") == (
        "ValidationException",
        "The primary Region cannot be removed.",
    )
    assert refused(center.describe_region, RegionName="eu-west-1")[0] == "ResourceNotFoundException"


# --- permission sets


@pytest.mark.rule("sso-admin-002")
def test_a_permission_set_is_a_bundle_of_policies(center):
    made = center.create_permission_set(
        Name="admin", Description="all of it", SessionDuration="PT4H", RelayState="https://example.com"
    )["PermissionSet"]
    arn = made["PermissionSetArn"]
    assert arn.startswith(f"arn:aws:sso:::permissionSet/{center.instance.rpartition('/')[2]}/ps-")
    assert refused(center.create_permission_set, Name="admin") == (
        "ConflictException",
        "PermissionSet with name admin already exists.",
    )
    center.attach_managed_policy_to_permission_set(PermissionSetArn=arn, ManagedPolicyArn=READ_ONLY)
    center.put_inline_policy_to_permission_set(PermissionSetArn=arn, InlinePolicy=POLICY)
    reference = {"Name": "team", "Path": "/teams/"}
    center.attach_customer_managed_policy_reference_to_permission_set(
        PermissionSetArn=arn, CustomerManagedPolicyReference=reference
    )
    boundary = {"CustomerManagedPolicyReference": {"Name": "boundary", "Path": "/"}}
    center.put_permissions_boundary_to_permission_set(PermissionSetArn=arn, PermissionsBoundary=boundary)
    described = center.describe_permission_set(PermissionSetArn=arn)["PermissionSet"]
    assert (described["SessionDuration"], described["RelayState"]) == ("PT4H", "https://example.com")
    listed = center.list_managed_policies_in_permission_set(PermissionSetArn=arn)["AttachedManagedPolicies"]
    assert listed == [{"Name": "ReadOnlyAccess", "Arn": READ_ONLY}]
    assert center.get_inline_policy_for_permission_set(PermissionSetArn=arn)["InlinePolicy"] == POLICY
    listed = center.list_customer_managed_policy_references_in_permission_set(PermissionSetArn=arn)
    assert listed["CustomerManagedPolicyReferences"] == [reference]
    shown = center.get_permissions_boundary_for_permission_set(PermissionSetArn=arn)["PermissionsBoundary"]
    assert shown == boundary


def test_what_a_bundle_refuses(center):
    arn = center.permission_set()
    center.attach_managed_policy_to_permission_set(PermissionSetArn=arn, ManagedPolicyArn=READ_ONLY)
    identifier = arn.rpartition("/")[2]
    for call, params, expected in (
        (
            center.attach_managed_policy_to_permission_set,
            {"ManagedPolicyArn": READ_ONLY},
            (
                "ConflictException",
                f"Permission set with id {identifier} already has a typed link attachment to a manged policy with "
                f"{READ_ONLY}",
            ),
        ),
        (
            center.attach_managed_policy_to_permission_set,
            {"ManagedPolicyArn": "arn:aws:iam::aws:policy/NoSuchPolicy"},
            ("ResourceNotFoundException", "Policy does not exist: arn:aws:iam::aws:policy/NoSuchPolicy"),
        ),
        (
            center.put_inline_policy_to_permission_set,
            {"InlinePolicy": "{}"},
            ("ValidationException", "Invalid inline policy: Syntax errors in policy."),
        ),
        (
            center.put_permissions_boundary_to_permission_set,
            {"PermissionsBoundary": {}},
            (
                "ValidationException",
                "PermissionsBoundary must have exactly one of CustomerManagedPolicyReference and ManagedPolicyArn.",
            ),
        ),
    ):
        assert refused(call, PermissionSetArn=arn, **params) == expected
    for call in (
        center.get_permissions_boundary_for_permission_set,
        center.delete_permissions_boundary_from_permission_set,
        center.delete_inline_policy_from_permission_set,
    ):
        assert refused(call, PermissionSetArn=arn)[0] == "ResourceNotFoundException"
    assert center.get_inline_policy_for_permission_set(PermissionSetArn=arn)["InlinePolicy"] == ""


@pytest.mark.parametrize("duration", ["PT59M", "PT12H1S", "one hour"])
def test_session_durations(center, duration):
    arn = center.permission_set(SessionDuration="PT12H")
    code, _ = refused(center.update_permission_set, PermissionSetArn=arn, SessionDuration=duration)
    assert code == "ValidationException"
    assert center.describe_permission_set(PermissionSetArn=arn)["PermissionSet"]["SessionDuration"] == "PT12H"


@pytest.mark.aws(limits={"sso-admin.permission-sets": 1, "sso-admin.managed-policies": 1})
def test_quotas_of_permission_sets(center):
    arn = center.permission_set()
    assert refused(center.create_permission_set, Name="two")[0] == "ServiceQuotaExceededException"
    center.attach_managed_policy_to_permission_set(PermissionSetArn=arn, ManagedPolicyArn=READ_ONLY)
    assert refused(
        center.attach_customer_managed_policy_reference_to_permission_set,
        PermissionSetArn=arn,
        CustomerManagedPolicyReference={"Name": "team"},
    )[0] == ("ServiceQuotaExceededException")
    center.delete_permission_set(PermissionSetArn=arn)
    center.permission_set("two")


def test_the_inline_policy_counts_without_whitespace(center):
    arn = center.permission_set()
    actions = [f"s3:Get{n:04d}" for n in range(1000)]
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]}
    assert (
        refused(center.put_inline_policy_to_permission_set, PermissionSetArn=arn, InlinePolicy=json.dumps(policy))[0]
        == "ServiceQuotaExceededException"
    )
    policy["Statement"][0]["Action"] = actions[:600]
    spaced = json.dumps(policy, indent=8)
    assert len(spaced) > 10_240
    center.put_inline_policy_to_permission_set(PermissionSetArn=arn, InlinePolicy=spaced)


# --- assignments


@pytest.mark.rule("sso-admin-003")
def test_an_assignment_brings_a_role(center, assign):
    arn, alice = center.permission_set("admin", Description="all of it"), center.user()
    center.attach_managed_policy_to_permission_set(PermissionSetArn=arn, ManagedPolicyArn=READ_ONLY)
    center.put_inline_policy_to_permission_set(PermissionSetArn=arn, InlinePolicy=POLICY)
    center.put_permissions_boundary_to_permission_set(
        PermissionSetArn=arn, PermissionsBoundary={"ManagedPolicyArn": READ_ONLY}
    )
    status = assign(arn, "USER", alice)
    assert (status["Status"], status["TargetId"], status["PrincipalId"]) == ("SUCCEEDED", ACCOUNT, alice)
    iam = boto3.client("iam")
    (name,) = reserved()
    assert name.startswith("AWSReservedSSO_admin_")
    role = iam.get_role(RoleName=name)["Role"]
    assert role["Path"] == "/aws-reserved/sso.amazonaws.com/"
    assert role["PermissionsBoundary"]["PermissionsBoundaryArn"] == READ_ONLY
    trust = role["AssumeRolePolicyDocument"]
    (statement,) = (json.loads(unquote(trust)) if isinstance(trust, str) else trust)["Statement"]
    provider = statement["Principal"]["Federated"]
    assert provider in [each["Arn"] for each in iam.list_saml_providers()["SAMLProviderList"]]
    assert statement["Action"] == ["sts:AssumeRoleWithSAML", "sts:TagSession"]
    attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    assert [each["PolicyArn"] for each in attached] == [READ_ONLY]
    assert iam.list_role_policies(RoleName=name)["PolicyNames"] == ["AwsSSOInlinePolicy"]
    (listed,) = center.list_account_assignments(AccountId=ACCOUNT, PermissionSetArn=arn)["AccountAssignments"]
    assert (listed["PrincipalType"], listed["PrincipalId"]) == ("USER", alice)
    nobody = "00000000-0000-4000-8000-000000000000"
    assert refused(
        center.create_account_assignment,
        TargetId=ACCOUNT,
        TargetType="AWS_ACCOUNT",
        PermissionSetArn=arn,
        PrincipalType="USER",
        PrincipalId=nobody,
    ) == ("ResourceNotFoundException", "USER not found.")


def test_the_role_stays_while_anybody_is_assigned(center, assign):
    arn = center.permission_set()
    alice, admins = center.user(), center.group()
    for kind, principal in (("USER", alice), ("GROUP", admins), ("USER", alice)):
        assert assign(arn, kind, principal)["Status"] == "SUCCEEDED"
    (role,) = reserved()
    assert len(center.list_account_assignments(AccountId=ACCOUNT, PermissionSetArn=arn)["AccountAssignments"]) == 2
    assert refused(center.delete_permission_set, PermissionSetArn=arn) == (
        "ConflictException",
        "PermissionSet has ApplicationProfile associated with it.",
    )
    assert assign(arn, "USER", alice, create=False)["Status"] == "SUCCEEDED"
    assert reserved() == [role]
    assign(arn, "GROUP", admins, create=False)
    assert reserved() == []
    assert center.list_permission_sets_provisioned_to_account(AccountId=ACCOUNT)["PermissionSets"] == []
    center.delete_permission_set(PermissionSetArn=arn)


def test_a_change_has_to_be_provisioned(center, assign):
    arn = center.permission_set()
    assign(arn, "USER", center.user())
    (role,) = reserved()
    center.attach_managed_policy_to_permission_set(PermissionSetArn=arn, ManagedPolicyArn=READ_ONLY)
    iam = boto3.client("iam")
    assert iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"] == []

    def accounts(status):
        return center.list_accounts_for_provisioned_permission_set(
            PermissionSetArn=arn, ProvisioningStatus=f"LATEST_PERMISSION_SET_{status}"
        )["AccountIds"]

    assert (accounts("PROVISIONED"), accounts("NOT_PROVISIONED")) == ([], [ACCOUNT])
    started = center.provision_permission_set(PermissionSetArn=arn, TargetType="ALL_PROVISIONED_ACCOUNTS")
    identifier = started["PermissionSetProvisioningStatus"]["RequestId"]
    assert started["PermissionSetProvisioningStatus"]["Status"] == "IN_PROGRESS"
    status = center.describe_permission_set_provisioning_status(ProvisionPermissionSetRequestId=identifier)
    assert status["PermissionSetProvisioningStatus"]["Status"] == "SUCCEEDED"
    assert (accounts("PROVISIONED"), accounts("NOT_PROVISIONED")) == ([ACCOUNT], [])
    (attached,) = iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
    assert attached["PolicyArn"] == READ_ONLY
    center.detach_managed_policy_from_permission_set(PermissionSetArn=arn, ManagedPolicyArn=READ_ONLY)
    center.put_inline_policy_to_permission_set(PermissionSetArn=arn, InlinePolicy=POLICY)
    center.provision_permission_set(PermissionSetArn=arn, TargetType="AWS_ACCOUNT", TargetId=ACCOUNT)
    assert iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"] == []
    assert iam.list_role_policies(RoleName=role)["PolicyNames"] == ["AwsSSOInlinePolicy"]


def test_a_policy_that_the_account_lacks_fails_the_assignment(center, assign):
    arn = center.permission_set()
    center.attach_customer_managed_policy_reference_to_permission_set(
        PermissionSetArn=arn, CustomerManagedPolicyReference={"Name": "team"}
    )
    alice = center.user()
    status = assign(arn, "USER", alice)
    assert status["Status"] == "FAILED"
    assert status["FailureReason"].startswith("Received a 404 status error: ")
    assert reserved() == []
    assert center.list_account_assignments(AccountId=ACCOUNT, PermissionSetArn=arn)["AccountAssignments"] == []
    boto3.client("iam").create_policy(PolicyName="team", PolicyDocument=POLICY)
    assert assign(arn, "USER", alice)["Status"] == "SUCCEEDED"
    listed = center.list_account_assignment_creation_status(Filter={"Status": "FAILED"})
    assert len(listed["AccountAssignmentsCreationStatus"]) == 1


@pytest.mark.aws(at="2026-03-01T00:00:00Z", lifecycle="timed")
def test_an_assignment_takes_time(aws, center, assign):
    aws.clock.advance(minutes=1)
    arn = center.permission_set()
    assert assign(arn, "USER", center.user())["Status"] == "IN_PROGRESS"
    assert reserved() == []
    aws.clock.advance(minutes=1)
    assert len(reserved()) == 1


@pytest.mark.aws(
    at="2026-03-01T00:00:00Z",
    limits={"sso-admin.assignment": 15, "sso-admin.outstanding-assignments": 2},
)
def test_few_assignments_at_a_time(aws, center, assign):
    alice = center.user()
    arns = [center.permission_set(f"set{n}") for n in range(3)]
    for arn in arns[:2]:
        assign(arn, "USER", alice)
    params = {"TargetId": ACCOUNT, "TargetType": "AWS_ACCOUNT", "PrincipalType": "USER", "PrincipalId": alice}
    client = boto3.client("sso-admin", config=Config(retries={"total_max_attempts": 1}))
    with pytest.raises(ClientError, match="Rate exceeded"):
        client.create_account_assignment(InstanceArn=center.instance, PermissionSetArn=arns[2], **params)
    aws.clock.advance(seconds=15)
    assign(arns[2], "USER", alice)


def test_assignments_of_a_user_are_also_those_of_the_groups(center, assign):
    arn, alice = center.permission_set(), center.user()
    other = center.permission_set("other")
    admins = center.group("admins", alice)
    assign(arn, "GROUP", admins)
    assign(other, "USER", alice)
    listed = center.list_account_assignments_for_principal(PrincipalType="USER", PrincipalId=alice)
    found = {(each["PermissionSetArn"], each["PrincipalType"]) for each in listed["AccountAssignments"]}
    assert found == {(arn, "GROUP"), (other, "USER")}
    listed = center.list_account_assignments_for_principal(
        PrincipalType="USER", PrincipalId=alice, Filter={"AccountId": "222222222222"}
    )
    assert listed["AccountAssignments"] == []


def test_an_account_instance_assigns_only_its_own_account(center):
    params = {"TargetType": "AWS_ACCOUNT", "PermissionSetArn": center.permission_set(), "PrincipalType": "USER"}
    assert refused(center.create_account_assignment, TargetId="222222222222", PrincipalId=center.user(), **params) == (
        "ResourceNotFoundException",
        "Account 222222222222 not found.",
    )
    assert refused(
        center.delete_account_assignment,
        TargetId=ACCOUNT,
        PrincipalId="00000000-0000-4000-8000-000000000000",
        **params,
    ) == ("ResourceNotFoundException", "Account assignment not found.")


@pytest.mark.aws(authorization=True)
def test_in_its_own_account_it_acts_as_whoever_asked(aws, center, assign):
    iam = boto3.client("iam")
    iam.create_user(UserName="operator")
    document = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": ["sso:*", "identitystore:*"], "Resource": "*"}],
    }
    iam.put_user_policy(UserName="operator", PolicyName="p", PolicyDocument=json.dumps(document))
    arn, alice = center.permission_set(), center.user()
    with aws.acting_as(f"arn:aws:iam::{ACCOUNT}:user/operator"):
        status = assign(arn, "USER", alice)
    assert status["Status"] == "FAILED"
    assert status["FailureReason"].startswith("Received a 403 status error: Access denied by IAM.")
    assert "iam:GetSAMLProvider" in status["FailureReason"]
    assert assign(arn, "USER", alice)["Status"] == "SUCCEEDED"


@pytest.mark.aws(authorization=True)
def test_who_may_assign_what(aws, center):
    """A call needs its action on the instance, the permission set and the account."""
    arn, alice = center.permission_set(), center.user()
    iam = boto3.client("iam")
    iam.create_user(UserName="operator")
    operator = Center(
        boto3.client("sso-admin", **aws.credentials(f"arn:aws:iam::{ACCOUNT}:user/operator")),
        center.instance,
        center.store,
    )

    def may(*resources):
        document = {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": ["sso:*", "iam:*"], "Resource": list(resources)}],
        }
        iam.put_user_policy(UserName="operator", PolicyName="p", PolicyDocument=json.dumps(document))

    assignment = {
        "TargetId": ACCOUNT,
        "TargetType": "AWS_ACCOUNT",
        "PermissionSetArn": arn,
        "PrincipalType": "USER",
        "PrincipalId": alice,
    }
    may(center.instance, arn)
    assert refused(operator.create_account_assignment, **assignment)[0] == "AccessDeniedException"
    may(center.instance, arn, f"arn:aws:sso:::account/{ACCOUNT}", f"arn:aws:iam::{ACCOUNT}:*")
    operator.create_account_assignment(**assignment)
    assert len(reserved()) == 1


# --- applications


@pytest.mark.rule("sso-admin-004")
def test_applications_and_who_may_sign_in(center):
    client = center.client
    arn = center.create_application(
        ApplicationProviderArn=CUSTOM, Name="wiki", Description="ours", Tags=[{"Key": "team", "Value": "docs"}]
    )["ApplicationArn"]
    described = client.describe_application(ApplicationArn=arn)
    assert (described["Name"], described["Status"], described["ApplicationAccount"]) == ("wiki", "ENABLED", ACCOUNT)
    alice, admins = center.user(), center.group()
    for kind, principal in (("USER", alice), ("GROUP", admins)):
        client.create_application_assignment(ApplicationArn=arn, PrincipalType=kind, PrincipalId=principal)
    listed = client.list_application_assignments(ApplicationArn=arn)["ApplicationAssignments"]
    assert [(each["PrincipalType"], each["PrincipalId"]) for each in listed] == [("USER", alice), ("GROUP", admins)]
    listed = center.list_application_assignments_for_principal(PrincipalType="USER", PrincipalId=alice)
    assert [each["ApplicationArn"] for each in listed["ApplicationAssignments"]] == [arn]
    assert (
        refused(client.create_application_assignment, ApplicationArn=arn, PrincipalType="USER", PrincipalId=alice)[0]
        == "ConflictException"
    )
    assert client.get_application_assignment_configuration(ApplicationArn=arn)["AssignmentRequired"] is True
    unknown = arn[:-16] + "0" * 16
    assert refused(
        client.create_application_assignment, ApplicationArn=unknown, PrincipalType="USER", PrincipalId=alice
    ) == ("ResourceNotFoundException", f"Application not found: {unknown}")
    client.delete_application_assignment(ApplicationArn=arn, PrincipalType="USER", PrincipalId=alice)
    assert (
        refused(client.describe_application_assignment, ApplicationArn=arn, PrincipalType="USER", PrincipalId=alice)[0]
        == "ResourceNotFoundException"
    )
    client.update_application(ApplicationArn=arn, Status="DISABLED", Name="docs")
    (listed,) = center.list_applications(Filter={"ApplicationProvider": CUSTOM})["Applications"]
    assert (listed["Name"], listed["Status"]) == ("docs", "DISABLED")
    client.delete_application(ApplicationArn=arn)
    assert center.list_applications()["Applications"] == []


def test_saml_applications_are_made_in_the_console(center):
    provider = "arn:aws:sso::aws:applicationProvider/custom-saml"
    assert center.client.describe_application_provider(ApplicationProviderArn=provider)["FederationProtocol"] == "SAML"
    assert refused(center.create_application, ApplicationProviderArn=provider, Name="wiki")[0] == "ValidationException"
    options = {"SignInOptions": {"Origin": "APPLICATION"}}
    assert refused(center.create_application, ApplicationProviderArn=CUSTOM, Name="wiki", PortalOptions=options) == (
        "ValidationException",
        "ApplicationUrl is required if Origin is APPLICATION.",
    )


def test_scopes_grants_and_methods_of_an_application(center):
    client = center.client
    arn = center.create_application(ApplicationProviderArn=CUSTOM, Name="wiki")["ApplicationArn"]
    app = {"ApplicationArn": arn}
    client.put_application_access_scope(**app, Scope="sso:account:access", AuthorizedTargets=[arn])
    assert client.get_application_access_scope(**app, Scope="sso:account:access")["AuthorizedTargets"] == [arn]
    assert len(client.list_application_access_scopes(**app)["Scopes"]) == 1
    client.delete_application_access_scope(**app, Scope="sso:account:access")
    assert refused(client.get_application_access_scope, **app, Scope="x")[0] == "ResourceNotFoundException"

    grant = {"AuthorizationCode": {"RedirectUris": ["https://example.com/back"]}}
    client.put_application_grant(**app, GrantType="authorization_code", Grant=grant)
    assert client.get_application_grant(**app, GrantType="authorization_code")["Grant"] == grant
    assert client.list_application_grants(**app)["Grants"] == [{"GrantType": "authorization_code", "Grant": grant}]
    assert refused(client.put_application_grant, **app, GrantType="refresh_token", Grant=grant)[0] == (
        "ValidationException"
    )
    client.delete_application_grant(**app, GrantType="authorization_code")
    assert client.list_application_grants(**app)["Grants"] == []

    method = {"Iam": {"ActorPolicy": {"Version": "2012-10-17", "Statement": []}}}
    client.put_application_authentication_method(**app, AuthenticationMethodType="IAM", AuthenticationMethod=method)
    shown = client.get_application_authentication_method(**app, AuthenticationMethodType="IAM")
    assert shown["AuthenticationMethod"] == method
    client.delete_application_authentication_method(**app, AuthenticationMethodType="IAM")
    assert client.list_application_authentication_methods(**app)["AuthenticationMethods"] == []

    client.put_application_session_configuration(**app, UserBackgroundSessionApplicationStatus="ENABLED")
    shown = client.get_application_session_configuration(**app)
    assert shown["UserBackgroundSessionApplicationStatus"] == "ENABLED"


def test_trusted_token_issuers(center):
    client = center.client

    def configuration(url):
        return {
            "OidcJwtConfiguration": {
                "IssuerUrl": url,
                "ClaimAttributePath": "email",
                "IdentityStoreAttributePath": "emails.value",
                "JwksRetrievalOption": "OPEN_ID_DISCOVERY",
            }
        }

    def create(name, url):
        return center.create_trusted_token_issuer(
            Name=name, TrustedTokenIssuerType="OIDC_JWT", TrustedTokenIssuerConfiguration=configuration(url)
        )["TrustedTokenIssuerArn"]

    arn = create("okta", "https://okta.example.com")
    for name, url in (("okta", "https://x.example.com"), ("other", "https://okta.example.com")):
        assert refused(create, name=name, url=url)[0] == "ConflictException"
    client.update_trusted_token_issuer(
        TrustedTokenIssuerArn=arn,
        TrustedTokenIssuerConfiguration={"OidcJwtConfiguration": {"ClaimAttributePath": "sub"}},
    )
    shown = client.describe_trusted_token_issuer(TrustedTokenIssuerArn=arn)["TrustedTokenIssuerConfiguration"]
    assert shown["OidcJwtConfiguration"]["ClaimAttributePath"] == "sub"
    assert shown["OidcJwtConfiguration"]["IssuerUrl"] == "https://okta.example.com"
    assert [each["Name"] for each in center.list_trusted_token_issuers()["TrustedTokenIssuers"]] == ["okta"]
    client.delete_trusted_token_issuer(TrustedTokenIssuerArn=arn)
    assert refused(client.describe_trusted_token_issuer, TrustedTokenIssuerArn=arn)[0] == "ResourceNotFoundException"


# --- attributes for access control, tags, pages


def sign_in(role, provider, user, **tags):
    """Keys of a session as Identity Center's sign-in gives them: a SAML response to STS, with the user's attributes."""

    def attribute(name, value):
        inner = f"<saml:AttributeValue>{value}</saml:AttributeValue>"
        return f'<saml:Attribute Name="https://aws.amazon.com/SAML/Attributes/{name}">{inner}</saml:Attribute>'

    metadata = boto3.client("iam").get_saml_provider(SAMLProviderArn=provider)["SAMLMetadataDocument"]
    issuer = re.search('entityID="([^"]+)"', metadata)[1]
    told = {"Role": f"{role},{provider}", "RoleSessionName": user}
    told |= {f"PrincipalTag:{key}": value for key, value in tags.items()}
    listed = "".join(attribute(name, value) for name, value in told.items())
    text = f"""<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"
      xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">
      <samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>
      <saml:Assertion IssueInstant="2026-03-01T00:00:00.000Z"><saml:Issuer>{issuer}</saml:Issuer>
      <saml:Subject><saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">{user}</saml:NameID>
      <saml:SubjectConfirmation><saml:SubjectConfirmationData NotOnOrAfter="2026-03-01T00:05:00.000Z"
      Recipient="https://signin.aws.amazon.com/saml"/></saml:SubjectConfirmation></saml:Subject>
      <saml:AuthnStatement/><saml:AttributeStatement>{listed}</saml:AttributeStatement>
      </saml:Assertion></samlp:Response>"""
    keys = boto3.client("sts").assume_role_with_saml(
        RoleArn=role, PrincipalArn=provider, SAMLAssertion=base64.b64encode(text.encode()).decode()
    )["Credentials"]
    return {
        "aws_access_key_id": keys["AccessKeyId"],
        "aws_secret_access_key": keys["SecretAccessKey"],
        "aws_session_token": keys["SessionToken"],
    }


@pytest.mark.rule("sso-admin-005")
@pytest.mark.aws(at="2026-03-01T00:00:00Z", authorization=True)
def test_a_role_follows_the_attributes_of_who_signs_in(center, assign):
    source = {"Source": ["${path:enterprise.costCenter}"]}
    center.create_instance_access_control_attribute_configuration(
        InstanceAccessControlAttributeConfiguration={
            "AccessControlAttributes": [{"Key": "costCenter", "Value": source}]
        }
    )
    statement = {
        "Effect": "Allow",
        "Action": "sqs:CreateQueue",
        "Resource": "arn:aws:sqs:*:*:${aws:PrincipalTag/costCenter}-*",
    }
    arn, alice = center.permission_set(), center.user()
    center.put_inline_policy_to_permission_set(
        PermissionSetArn=arn, InlinePolicy=json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    )
    enterprise = "aws:identitystore:enterprise"
    center.ids.update_user(
        IdentityStoreId=center.store,
        UserId=alice,
        Operations=[{"AttributePath": f"{enterprise}.costCenter", "AttributeValue": "blue"}],
    )
    assert assign(arn, "USER", alice)["Status"] == "SUCCEEDED"
    user = center.ids.describe_user(IdentityStoreId=center.store, UserId=alice, Extensions=[enterprise])
    iam = boto3.client("iam")
    (role,) = iam.list_roles(PathPrefix="/aws-reserved/")["Roles"]
    (provider,) = iam.list_saml_providers()["SAMLProviderList"]
    keys = sign_in(role["Arn"], provider["Arn"], "alice", costCenter=user["Extensions"][enterprise]["costCenter"])
    sqs = boto3.client("sqs", **keys)
    sqs.create_queue(QueueName="blue-jobs")
    assert refused(sqs.create_queue, QueueName="red-jobs")[0] == "AccessDenied"


@pytest.mark.rule("sso-admin-005")
def test_attributes_for_access_control(center):
    def configuration(*keys):
        attributes = [{"Key": key, "Value": {"Source": [f"${{path:enterprise.{key}}}"]}} for key in keys]
        return {"InstanceAccessControlAttributeConfiguration": {"AccessControlAttributes": attributes}}

    describe = center.describe_instance_access_control_attribute_configuration
    assert refused(describe)[0] == "ResourceNotFoundException"
    center.create_instance_access_control_attribute_configuration(**configuration("costCenter"))
    shown = describe()
    assert shown["Status"] == "ENABLED"
    assert (
        shown["InstanceAccessControlAttributeConfiguration"]
        == (configuration("costCenter")["InstanceAccessControlAttributeConfiguration"])
    )
    assert (
        refused(center.create_instance_access_control_attribute_configuration, **configuration("department"))[0]
        == "ConflictException"
    )
    center.update_instance_access_control_attribute_configuration(**configuration("department", "team"))
    assert len(describe()["InstanceAccessControlAttributeConfiguration"]["AccessControlAttributes"]) == 2
    center.delete_instance_access_control_attribute_configuration()
    assert refused(describe)[0] == "ResourceNotFoundException"


def test_tags(center):
    arns = [center.instance, center.permission_set(Tags=[{"Key": "a", "Value": "1"}])]
    for arn in arns:
        center.tag_resource(ResourceArn=arn, Tags=[{"Key": "b", "Value": "2"}])
        center.untag_resource(ResourceArn=arn, TagKeys=["a"])
        assert center.list_tags_for_resource(ResourceArn=arn)["Tags"] == [{"Key": "b", "Value": "2"}]
    assert refused(center.tag_resource, ResourceArn=arns[0], Tags=[{"Key": "aws:x", "Value": "2"}]) == (
        "ValidationException",
        "aws: prefixed tag key names are not allowed for external use.",
    )


def test_pages(center, assign):
    alice = center.user()
    for n in range(5):
        arn = center.permission_set(f"set{n}")
        assign(arn, "USER", alice)
        application = center.create_application(ApplicationProviderArn=CUSTOM, Name=f"app{n}")["ApplicationArn"]
        center.client.create_application_assignment(ApplicationArn=application, PrincipalType="USER", PrincipalId=alice)
    who = {"PrincipalType": "USER", "PrincipalId": alice}
    instance = {"InstanceArn": center.instance}
    for operation, key, params, count in (
        ("list_permission_sets", "PermissionSets", instance, 5),
        ("list_account_assignment_creation_status", "AccountAssignmentsCreationStatus", instance, 5),
        ("list_account_assignment_deletion_status", "AccountAssignmentsDeletionStatus", instance, 0),
        ("list_account_assignments_for_principal", "AccountAssignments", {**instance, **who}, 5),
        ("list_permission_sets_provisioned_to_account", "PermissionSets", {**instance, "AccountId": ACCOUNT}, 5),
        ("list_applications", "Applications", instance, 5),
        ("list_application_assignments_for_principal", "ApplicationAssignments", {**instance, **who}, 5),
        ("list_application_providers", "ApplicationProviders", {}, 2),
        ("list_instances", "Instances", {}, 1),
        ("list_regions", "Regions", instance, 1),
        ("list_permission_set_provisioning_status", "PermissionSetsProvisioningStatus", instance, 0),
        ("list_trusted_token_issuers", "TrustedTokenIssuers", instance, 0),
    ):
        paginator = center.client.get_paginator(operation)
        pages = list(paginator.paginate(**params, PaginationConfig={"PageSize": 2}))
        assert sum(len(page[key]) for page in pages) == count, operation
    assert refused(center.list_permission_sets, NextToken="bm9uZQ==") == (
        "ValidationException",
        "Invalid NextToken provided.",
    )

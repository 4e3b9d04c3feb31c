"""The account: alias, summary, reports, access advisor, authorization details; pages of everything."""

import csv
import io

import boto3
import pytest

from awsim.limits.table import load

from .conftest import aws_arn, document, trust

pytestmark = pytest.mark.aws(at="2026-01-01")


@pytest.mark.rule("iam-006")
def test_the_summary_counts(iam, user, role, policy):
    before = iam.get_account_summary()["SummaryMap"]
    assert (before["Users"], before["UsersQuota"], before["AttachedPoliciesPerRoleQuota"]) == (0, 5000, 10)
    user("bob")
    role("app")
    arn = policy()
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=document())
    iam.create_group(GroupName="dev")
    iam.create_instance_profile(InstanceProfileName="box")
    iam.create_open_id_connect_provider(Url="https://idp.example.com")
    iam.create_virtual_mfa_device(VirtualMFADeviceName="phone")
    after = iam.get_account_summary()["SummaryMap"]
    grown = {name: after[name] - before[name] for name in after if after[name] != before[name]}
    assert grown == {
        "Users": 1,
        "Roles": 1,
        "Groups": 1,
        "Policies": 1,
        "PolicyVersionsInUse": 2,
        "InstanceProfiles": 1,
        "Providers": 1,
        "MFADevices": 1,
    }


@pytest.mark.rule("iam-007")
def test_the_alias(iam, refused):
    assert iam.list_account_aliases()["AccountAliases"] == []
    iam.create_account_alias(AccountAlias="mycorp")
    assert iam.list_account_aliases()["AccountAliases"] == ["mycorp"]
    other = boto3.client("iam", region_name="us-east-1", aws_access_key_id="210987654321", aws_secret_access_key="x")
    taken = ("EntityAlreadyExists", "The account alias mycorp already exists.", 409)
    assert refused(other.create_account_alias, AccountAlias="mycorp") == taken
    iam.create_account_alias(AccountAlias="bigcorp")
    assert iam.list_account_aliases()["AccountAliases"] == ["bigcorp"]
    other.create_account_alias(AccountAlias="mycorp")
    missing = ("NoSuchEntity", "The account alias mycorp cannot be found.", 404)
    assert refused(iam.delete_account_alias, AccountAlias="mycorp") == missing
    iam.delete_account_alias(AccountAlias="bigcorp")
    assert iam.list_account_aliases()["AccountAliases"] == []


def test_preferences(iam, refused):
    iam.set_security_token_service_preferences(GlobalEndpointTokenVersion="v2Token")
    assert iam.get_account_summary()["SummaryMap"]["GlobalEndpointTokenVersion"] == 2


def test_outbound_federation(iam, refused):
    off = ("FeatureDisabled", "Outbound identity federation is not enabled.", 404)
    assert refused(iam.get_outbound_web_identity_federation_info) == off
    assert refused(iam.disable_outbound_web_identity_federation) == off
    issuer = iam.enable_outbound_web_identity_federation()["IssuerIdentifier"]
    found = iam.get_outbound_web_identity_federation_info()
    assert (found["IssuerIdentifier"], found["JwtVendingEnabled"]) == (issuer, True)
    assert refused(iam.enable_outbound_web_identity_federation)[0] == "FeatureEnabled"
    iam.disable_outbound_web_identity_federation()
    assert refused(iam.get_outbound_web_identity_federation_info) == off


def test_usage_falls_when_things_go(aws, iam, user, role, policy):
    """What each quota counts, after everything that was made is gone again."""
    user("bob")
    role("app")
    arn = policy()
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=document(), SetAsDefault=True)
    iam.create_group(GroupName="dev")
    iam.add_user_to_group(GroupName="dev", UserName="bob")
    iam.attach_user_policy(UserName="bob", PolicyArn=arn)
    iam.create_instance_profile(InstanceProfileName="box")
    iam.add_role_to_instance_profile(InstanceProfileName="box", RoleName="app")
    key = iam.create_access_key(UserName="bob")["AccessKey"]["AccessKeyId"]
    url = "https://idp.example.com"
    provider = iam.create_open_id_connect_provider(Url=url)["OpenIDConnectProviderArn"]
    git = iam.create_service_specific_credential(UserName="bob", ServiceName="codecommit.amazonaws.com")
    git = git["ServiceSpecificCredential"]["ServiceSpecificCredentialId"]
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName="phone")["VirtualMFADevice"]["SerialNumber"]

    def usage():
        quotas = {row.full_name for row in load("iam").values() if row.kind == "quota"}
        return {use.name: use.used for use in aws.limits.usage() if use.name in quotas}

    used = usage()
    assert used.pop("iam.versions-per-policy") == 2
    assert len(used) > 10
    assert set(used.values()) == {1}
    iam.delete_policy_version(PolicyArn=arn, VersionId="v1")
    iam.detach_user_policy(UserName="bob", PolicyArn=arn)
    iam.delete_policy(PolicyArn=arn)
    iam.delete_access_key(UserName="bob", AccessKeyId=key)
    iam.delete_service_specific_credential(UserName="bob", ServiceSpecificCredentialId=git)
    iam.remove_user_from_group(GroupName="dev", UserName="bob")
    iam.delete_group(GroupName="dev")
    iam.delete_user(UserName="bob")
    iam.remove_role_from_instance_profile(InstanceProfileName="box", RoleName="app")
    iam.delete_instance_profile(InstanceProfileName="box")
    iam.delete_role(RoleName="app")
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=provider)
    iam.delete_virtual_mfa_device(SerialNumber=device)
    left = {name: count for name, count in usage().items() if count}
    assert left == {"iam.versions-per-policy": 1}  # the default one, which went with its policy


@pytest.mark.parametrize(
    ("quota", "what", "operation", "params"),
    [
        ("roles-per-account", "RolesPerAccount", "create_role", {"RoleName": "x", "AssumeRolePolicyDocument": trust()}),
        (
            "policies-per-account",
            "PoliciesPerAccount",
            "create_policy",
            {"PolicyName": "x", "PolicyDocument": document()},
        ),
        (
            "instance-profiles-per-account",
            "InstanceProfilesPerAccount",
            "create_instance_profile",
            {"InstanceProfileName": "x"},
        ),
        (
            "oidc-providers-per-account",
            "OpenIdConnectProvidersPerAccount",
            "create_open_id_connect_provider",
            {"Url": "https://a.example.com"},
        ),
        (
            "mfa-devices-per-account",
            "VirtualMFADevicesPerAccount",
            "create_virtual_mfa_device",
            {"VirtualMFADeviceName": "x"},
        ),
    ],
)
def test_quotas_of_the_account(aws, iam, refused, quota, what, operation, params):
    aws.limits[f"iam.{quota}"] = 0
    message = f"Cannot exceed quota for {what}: 0"
    assert refused(getattr(iam, operation), **params) == ("LimitExceeded", message, 409)
    aws.limits[f"iam.{quota}"] = 1
    getattr(iam, operation)(**params)


# --- credential report


@pytest.mark.rule("iam-026")
def test_the_credential_report(aws, iam, user, keys_of, refused):
    code, _, status = refused(iam.get_credential_report)
    assert (code, status) == ("ReportNotPresent", 410)
    user("bob")
    keys = keys_of("bob")
    boto3.client("s3", region_name="eu-west-1", **keys).list_buckets()
    assert iam.generate_credential_report()["State"] == "STARTED"
    assert iam.generate_credential_report()["State"] == "COMPLETE"
    report = iam.get_credential_report()
    assert report["ReportFormat"] == "text/csv"
    root, bob = csv.DictReader(io.StringIO(report["Content"].decode()))
    assert (root["user"], root["password_enabled"]) == ("<root_account>", "not_supported")
    assert bob == {
        "user": "bob",
        "arn": "arn:aws:iam::123456789012:user/bob",
        "user_creation_time": "2026-01-01T00:00:00+00:00",
        "password_enabled": "false",
        "password_last_used": "N/A",
        "password_last_changed": "N/A",
        "password_next_rotation": "N/A",
        "mfa_active": "false",
        "access_key_1_active": "true",
        "access_key_1_last_rotated": "2026-01-01T00:00:00+00:00",
        "access_key_1_last_used_date": "2026-01-01T00:00:00+00:00",
        "access_key_1_last_used_region": "eu-west-1",
        "access_key_1_last_used_service": "s3",
        "access_key_2_active": "false",
        "access_key_2_last_rotated": "N/A",
        "access_key_2_last_used_date": "N/A",
        "access_key_2_last_used_region": "N/A",
        "access_key_2_last_used_service": "N/A",
        "cert_1_active": "false",
        "cert_1_last_rotated": "N/A",
        "cert_2_active": "false",
        "cert_2_last_rotated": "N/A",
    }
    # For four hours it stays as it is.
    user("eve")
    assert iam.generate_credential_report()["State"] == "COMPLETE"
    assert iam.get_credential_report()["Content"] == report["Content"]
    aws.clock.advance(hours=4)
    code, _, status = refused(iam.get_credential_report)
    assert (code, status) == ("ReportExpired", 410)
    assert iam.generate_credential_report()["State"] == "STARTED"
    assert b"\neve," in iam.get_credential_report()["Content"]


@pytest.mark.aws(lifecycle="timed", at="2026-01-01")
def test_a_report_takes_its_time(aws, iam, refused):
    iam.generate_credential_report()
    assert iam.generate_credential_report()["State"] == "INPROGRESS"
    code, _, status = refused(iam.get_credential_report)
    assert (code, status) == ("ReportInProgress", 404)
    aws.clock.advance(seconds=2)
    assert iam.get_credential_report()["Content"]


# --- access advisor


@pytest.mark.rule("iam-027")
def test_services_last_accessed(aws, iam, user, keys_of, refused):
    user("bob")
    text = document(("Allow", ["s3:*", "sqs:SendMessage"], "*"), ("Deny", "ec2:*", "*"))
    iam.put_user_policy(UserName="bob", PolicyName="own", PolicyDocument=text)
    aws.clock.advance(minutes=1)
    boto3.client("s3", region_name="eu-west-1", **keys_of("bob")).list_buckets()
    arn = "arn:aws:iam::123456789012:user/bob"
    job = iam.generate_service_last_accessed_details(Arn=arn, Granularity="ACTION_LEVEL")["JobId"]
    assert len(job) == 36
    report = iam.get_service_last_accessed_details(JobId=job)
    assert (report["JobStatus"], report["JobType"]) == ("COMPLETED", "ACTION_LEVEL")
    s3, sqs = report["ServicesLastAccessed"]
    assert (s3["ServiceName"], s3["ServiceNamespace"], s3["LastAuthenticatedEntity"]) == ("Amazon S3", "s3", arn)
    assert s3["LastAuthenticated"].timestamp() == 1767225660
    assert s3["TrackedActionsLastAccessed"][0]["ActionName"] == "ListBuckets"
    assert (sqs["ServiceNamespace"], sqs["TotalAuthenticatedEntities"]) == ("sqs", 0)
    assert "LastAuthenticated" not in sqs
    code, _, _ = refused(iam.get_service_last_accessed_details, JobId="0" * 36)
    assert code == "NoSuchEntity"


def test_who_used_a_policy(iam, user, policy, keys_of, refused):
    arn = policy(text=document(("Allow", "s3:*", "*")))
    iam.create_group(GroupName="dev")
    iam.attach_group_policy(GroupName="dev", PolicyArn=arn)
    for name in ("bob", "eve", "ann"):
        user(name)
        iam.add_user_to_group(GroupName="dev", UserName=name)
    boto3.client("s3", region_name="eu-west-1", **keys_of("eve")).list_buckets()
    job = iam.generate_service_last_accessed_details(Arn=arn)["JobId"]
    (s3,) = iam.get_service_last_accessed_details(JobId=job)["ServicesLastAccessed"]
    assert s3["TotalAuthenticatedEntities"] == 1
    answer = iam.get_service_last_accessed_details_with_entities(JobId=job, ServiceNamespace="s3")
    shown = [(each["EntityInfo"]["Name"], "LastAuthenticated" in each) for each in answer["EntityDetailsList"]]
    assert shown == [("eve", True), ("ann", False), ("bob", False)]
    some = iam.get_service_last_accessed_details_with_entities(JobId=job, ServiceNamespace="s3", MaxItems=1)
    rest = iam.get_service_last_accessed_details_with_entities(JobId=job, ServiceNamespace="s3", Marker=some["Marker"])
    assert some["EntityDetailsList"] + rest["EntityDetailsList"] == answer["EntityDetailsList"]
    other = {"JobId": job, "ServiceNamespace": "sqs"}
    assert refused(iam.get_service_last_accessed_details_with_entities, **other)[0] == "NoSuchEntity"
    bob = "arn:aws:iam::123456789012:user/bob"
    found = iam.list_policies_granting_service_access(Arn=bob, ServiceNamespaces=["s3", "sqs"])
    assert found["PoliciesGrantingServiceAccess"] == [
        {"ServiceNamespace": "s3", "Policies": [{"PolicyName": "reads", "PolicyType": "MANAGED", "PolicyArn": arn}]},
        {"ServiceNamespace": "sqs", "Policies": []},
    ]


# --- everything


def test_authorization_details(iam, user, role, policy):
    user("bob", Tags=[{"Key": "a", "Value": "b"}])
    role("app")
    arn = policy()
    iam.create_group(GroupName="dev")
    iam.add_user_to_group(GroupName="dev", UserName="bob")
    iam.put_user_policy(UserName="bob", PolicyName="own", PolicyDocument=document())
    iam.attach_role_policy(RoleName="app", PolicyArn=aws_arn("AmazonS3ReadOnlyAccess"))
    iam.attach_group_policy(GroupName="dev", PolicyArn=arn)
    iam.create_instance_profile(InstanceProfileName="box")
    iam.add_role_to_instance_profile(InstanceProfileName="box", RoleName="app")
    details = iam.get_account_authorization_details()
    (bob,) = details["UserDetailList"]
    assert (bob["GroupList"], bob["UserPolicyList"][0]["PolicyName"]) == (["dev"], "own")
    assert bob["UserPolicyList"][0]["PolicyDocument"]["Version"] == "2012-10-17"
    (group,) = details["GroupDetailList"]
    assert group["AttachedManagedPolicies"] == [{"PolicyName": "reads", "PolicyArn": arn}]
    (app,) = details["RoleDetailList"]
    assert app["InstanceProfileList"][0]["InstanceProfileName"] == "box"
    assert app["AssumeRolePolicyDocument"]["Statement"][0]["Effect"] == "Allow"
    own, aws = details["Policies"]
    assert (own["PolicyName"], own["AttachmentCount"], len(own["PolicyVersionList"])) == ("reads", 1, 1)
    assert aws["Arn"] == aws_arn("AmazonS3ReadOnlyAccess")
    only = iam.get_account_authorization_details(Filter=["LocalManagedPolicy"])
    assert (only["UserDetailList"], len(only["Policies"])) == ([], 1)
    pages = list(iam.get_paginator("get_account_authorization_details").paginate(PaginationConfig={"PageSize": 2}))
    assert [page["IsTruncated"] for page in pages] == [True, True, False]
    assert sum(len(page["Policies"]) for page in pages) == 2


# --- pages

MANY = 7


def numbered(call, **params):
    for number in range(MANY):
        call(**{key: value.format(number) if isinstance(value, str) else value for key, value in params.items()})


def test_pages(iam, refused):
    numbered(iam.create_user, UserName="User{}", Path="/team{}/")
    first = iam.list_users(MaxItems=3)
    assert (len(first["Users"]), first["IsTruncated"]) == (3, True)
    # What is made or deleted meanwhile shifts nothing.
    iam.create_user(UserName="A")
    iam.delete_user(UserName=first["Users"][-1]["UserName"])
    rest = iam.list_users(Marker=first["Marker"])
    assert (len(rest["Users"]), rest["IsTruncated"]) == (4, False)
    assert "Marker" not in rest
    assert [each["UserName"] for each in iam.list_users(PathPrefix="/team5")["Users"]] == ["User5"]
    for marker in ("made up", "w6k="):
        if marker != "w6k=":
            assert refused(iam.list_users, Marker=marker) == ("ValidationError", "Invalid Marker.", 400)


def test_a_page_has_a_hundred_unless_asked(iam, role):
    for number in range(101):
        role(f"r{number}")
    assert len(iam.list_roles()["Roles"]) == 100
    assert len(iam.list_roles(MaxItems=1000)["Roles"]) == 101
    pages = iam.get_paginator("list_roles").paginate()
    assert sum(len(page["Roles"]) for page in pages) == 101


@pytest.mark.parametrize("name", ["user_exists", "role_exists", "policy_exists", "instance_profile_exists"])
def test_waiters(iam, user, role, policy, name):
    user("x")
    role("x")
    iam.create_instance_profile(InstanceProfileName="x")
    params = {
        "user_exists": {"UserName": "x"},
        "role_exists": {"RoleName": "x"},
        "policy_exists": {"PolicyArn": policy("x")},
        "instance_profile_exists": {"InstanceProfileName": "x"},
    }
    iam.get_waiter(name).wait(**params[name])


def test_calls_in_python_see_documents_as_boto3_shows_them(aws):
    aws.call("iam", "CreateRole", RoleName="app", AssumeRolePolicyDocument=trust())
    found = aws.call("iam", "get_role", RoleName="app")["Role"]
    assert found["AssumeRolePolicyDocument"]["Version"] == "2012-10-17"

"""Every paginator that botocore has for IAM, run to its end: seven results in pages of three."""

import json

import pytest
from botocore import xform_name
from botocore.session import get_session

from . import pem
from .conftest import document, trust

pytestmark = pytest.mark.aws(at="2027-01-01")

MANY = range(7)
TAGS = [{"Key": f"key{number}", "Value": "v"} for number in MANY]
PAGINATORS = get_session().get_component("data_loader").load_service_model("iam", "paginators-1")["pagination"]


def policies(iam):
    return [iam.create_policy(PolicyName=f"p{n}", PolicyDocument=document())["Policy"]["Arn"] for n in MANY]


def user(iam, **more):
    iam.create_user(UserName="bob", **more)
    return {"UserName": "bob"}


def group(iam):
    iam.create_group(GroupName="dev")
    return {"GroupName": "dev"}


def role(iam, **more):
    iam.create_role(RoleName="app", AssumeRolePolicyDocument=trust(), **more)
    return {"RoleName": "app"}


def attached(make, operation):
    def build(iam):
        name = make(iam)
        for arn in policies(iam):
            getattr(iam, operation)(**name, PolicyArn=arn)
        return name

    return build


def inline(make, operation):
    def build(iam):
        name = make(iam)
        for number in MANY:
            text = document(("Allow", "s3:*", "*"))
            getattr(iam, operation)(**name, PolicyName=f"p{number}", PolicyDocument=text)
        return name

    return build


def entities(iam):
    arn = iam.create_policy(PolicyName="p", PolicyDocument=document())["Policy"]["Arn"]
    for number in range(3):
        iam.create_user(UserName=f"u{number}")
        iam.attach_user_policy(UserName=f"u{number}", PolicyArn=arn)
    for number in range(2):
        iam.create_group(GroupName=f"g{number}")
        iam.attach_group_policy(GroupName=f"g{number}", PolicyArn=arn)
        iam.create_role(RoleName=f"r{number}", AssumeRolePolicyDocument=trust())
        iam.attach_role_policy(RoleName=f"r{number}", PolicyArn=arn)
    return {"PolicyArn": arn}


def details(iam):
    entities(iam)
    iam.delete_user(**user(iam))
    return {"Filter": ["User", "Group", "Role"]}


def members(iam):
    group(iam)
    for number in MANY:
        iam.create_user(UserName=f"u{number}")
        iam.add_user_to_group(GroupName="dev", UserName=f"u{number}")
    return {"GroupName": "dev"}


def groups_of(iam):
    user(iam)
    for number in MANY:
        iam.create_group(GroupName=f"g{number}")
        iam.add_user_to_group(GroupName=f"g{number}", UserName="bob")
    return {"UserName": "bob"}


def each(operation, **params):
    """Seven of something; `{}` in parameters is the number."""

    def build(iam):
        for number in MANY:
            given = {key: value.replace("{}", str(number)) for key, value in params.items()}
            getattr(iam, operation)(**given)
        return {}

    return build


def profiles_of(iam):
    role(iam)
    for number in MANY:
        iam.create_instance_profile(InstanceProfileName=f"p{number}")
        iam.add_role_to_instance_profile(InstanceProfileName=f"p{number}", RoleName="app")
    return {"RoleName": "app"}


def tagged_profile(iam):
    iam.create_instance_profile(InstanceProfileName="p", Tags=TAGS)
    return {"InstanceProfileName": "p"}


def tagged_device(iam):
    made = iam.create_virtual_mfa_device(VirtualMFADeviceName="p", Tags=TAGS)
    return {"SerialNumber": made["VirtualMFADevice"]["SerialNumber"]}


def tagged_provider(iam):
    made = iam.create_open_id_connect_provider(Url="https://idp.example.com", Tags=TAGS)
    return {"OpenIDConnectProviderArn": made["OpenIDConnectProviderArn"]}


def tagged_saml(iam):
    body = "".join(pem.LEAF.splitlines()[1:-1])
    text = (
        '<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="x"><IDPSSODescriptor>'
        f'<X509Certificate xmlns="http://www.w3.org/2000/09/xmldsig#">{body}</X509Certificate></IDPSSODescriptor></EntityDescriptor>'
    )
    made = iam.create_saml_provider(Name="p", SAMLMetadataDocument=text.ljust(1000), Tags=TAGS)
    return {"SAMLProviderArn": made["SAMLProviderArn"]}


def tagged_policy(iam):
    return {"PolicyArn": iam.create_policy(PolicyName="p", PolicyDocument=document(), Tags=TAGS)["Policy"]["Arn"]}


def tagged_certificate(iam):
    iam.upload_server_certificate(
        ServerCertificateName="c", CertificateBody=pem.LEAF, PrivateKey=pem.LEAF_KEY, Tags=TAGS
    )
    return {"ServerCertificateName": "c"}


def simulated(**more):
    return lambda iam: {"ActionNames": [f"s3:Action{number}" for number in MANY], **more}


def simulated_user(iam):
    user(iam)
    return simulated(PolicySourceArn="arn:aws:iam::123456789012:user/bob")(iam)


def versions(iam):
    arn = iam.create_policy(PolicyName="p", PolicyDocument=document())["Policy"]["Arn"]
    for _ in range(6):
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=document())
    return {"PolicyArn": arn}


def keys(iam):
    user(iam)
    for _ in MANY:
        iam.create_access_key(UserName="bob")
    return {"UserName": "bob"}


def devices(iam):
    from .test_keys import enable

    user(iam)
    for number in MANY:
        made = iam.create_virtual_mfa_device(VirtualMFADeviceName=f"d{number}")["VirtualMFADevice"]
        enable(iam, "bob", made, now=1798761600)
    return {"UserName": "bob"}


BUILDERS = {
    "GetAccountAuthorizationDetails": details,
    "GetGroup": members,
    "ListAccessKeys": keys,
    "ListAttachedGroupPolicies": attached(group, "attach_group_policy"),
    "ListAttachedRolePolicies": attached(role, "attach_role_policy"),
    "ListAttachedUserPolicies": attached(user, "attach_user_policy"),
    "ListEntitiesForPolicy": entities,
    "ListGroupPolicies": inline(group, "put_group_policy"),
    "ListGroups": each("create_group", GroupName="g{}"),
    "ListGroupsForUser": groups_of,
    "ListInstanceProfiles": each("create_instance_profile", InstanceProfileName="p{}"),
    "ListInstanceProfilesForRole": profiles_of,
    "ListMFADevices": devices,
    "ListPolicies": lambda iam: policies(iam) and {"Scope": "Local"},
    "ListPolicyVersions": versions,
    "ListRolePolicies": inline(role, "put_role_policy"),
    "ListRoles": each("create_role", RoleName="r{}", AssumeRolePolicyDocument=trust()),
    "ListServerCertificates": each(
        "upload_server_certificate",
        ServerCertificateName="c{}",
        CertificateBody=pem.LEAF,
        PrivateKey=pem.LEAF_KEY,
    ),
    "ListUserPolicies": inline(user, "put_user_policy"),
    "ListUsers": each("create_user", UserName="u{}"),
    "ListVirtualMFADevices": each("create_virtual_mfa_device", VirtualMFADeviceName="d{}"),
    "SimulateCustomPolicy": simulated(PolicyInputList=[document()]),
    "SimulatePrincipalPolicy": simulated_user,
    "ListUserTags": lambda iam: user(iam, Tags=TAGS),
    "ListRoleTags": lambda iam: role(iam, Tags=TAGS),
    "ListInstanceProfileTags": tagged_profile,
    "ListMFADeviceTags": tagged_device,
    "ListOpenIDConnectProviderTags": tagged_provider,
    "ListPolicyTags": tagged_policy,
    "ListSAMLProviderTags": tagged_saml,
    "ListServerCertificateTags": tagged_certificate,
}

# There are fewer than seven of these to be had.
FEW = {
    "ListAccountAliases": (1, lambda iam: iam.create_account_alias(AccountAlias="mycorp") and {}),
    "ListSigningCertificates": (1, lambda iam: signing(iam)),
    "ListSSHPublicKeys": (1, lambda iam: ssh(iam)),
}


def signing(iam):
    user(iam)
    iam.upload_signing_certificate(UserName="bob", CertificateBody=pem.LEAF)
    return {"UserName": "bob"}


def ssh(iam):
    user(iam)
    iam.upload_ssh_public_key(UserName="bob", SSHPublicKeyBody=pem.SSH)
    return {"UserName": "bob"}


def results(operation, page):
    names = PAGINATORS[operation]["result_key"]
    return [each for name in (names if isinstance(names, list) else [names]) for each in page.get(name, [])]


@pytest.fixture
def wide(aws):
    """Room for seven where a user or policy may have fewer."""
    for name in ("access-keys-per-user", "versions-per-policy", "mfa-devices-per-user"):
        aws.limits[f"iam.{name}"] = 10


@pytest.mark.parametrize("operation", sorted(PAGINATORS))
def test_a_paginator_finds_everything_once(iam, wide, operation):
    paginator = iam.get_paginator(xform_name(operation))
    if operation in FEW:
        count, build = FEW[operation]
        params = build(iam)
        pages = list(paginator.paginate(**{k: v for k, v in params.items() if k != "ResponseMetadata"}))
        assert [len(results(operation, page)) for page in pages] == [count]
        return
    assert operation in BUILDERS, f"say in BUILDERS what there is to list for {operation}"
    params = BUILDERS[operation](iam)
    pages = list(paginator.paginate(**params, PaginationConfig={"PageSize": 3}))
    found = [results(operation, page) for page in pages]
    assert [len(page) for page in found] == [3, 3, 1]
    assert [page["IsTruncated"] for page in pages] == [True, True, False]
    whole = [result for page in paginator.paginate(**params) for result in results(operation, page)]

    def text(given):
        return sorted(json.dumps(each, default=str, sort_keys=True) for each in given)

    assert text(result for page in found for result in page) == text(whole)
    assert len(set(text(whole))) == 7

"""STS where calls are authorized: who may become whom, and what is left of their permissions."""

import json

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config

from awsim.auth.policy import AuthorizationRequest, PolicySet, Principal, decide, encoded, parse
from awsim.auth.totp import code_at

from .making import NOW, assertion, client_of, jwt, refusal

pytestmark = pytest.mark.aws(at="2026-01-01", authorization=True)

ACCOUNT = "123456789012"
IAM = f"arn:aws:iam::{ACCOUNT}"
ISSUER = "accounts.example.com"
OIDC = f"{IAM}:oidc-provider/{ISSUER}"
SAML = f"{IAM}:saml-provider/idp"
METADATA = (
    """<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{entity}">
  <IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
    <KeyDescriptor use="signing"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>
    </X509Certificate></X509Data></KeyInfo></KeyDescriptor>
    <SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://example.com/sso"/>
  </IDPSSODescriptor></EntityDescriptor>"""
    + " " * 1000
)


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action, resource="*", **more):
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def trust(action, principal, **more):
    return document({"Effect": "Allow", "Action": action, "Principal": principal, **more})


@pytest.fixture
def iam(aws):
    return boto3.client("iam", region_name="us-east-1")


@pytest.fixture
def sts(aws):
    """The administrator's."""
    return boto3.client("sts", region_name="us-east-1")


@pytest.fixture
def unsigned(aws):
    return boto3.client("sts", region_name="us-east-1", config=Config(signature_version=UNSIGNED))


@pytest.fixture
def user(iam):
    """user("ann", statements…) -> an STS client with her keys."""

    def user(name, *statements):
        iam.create_user(UserName=name)
        if statements:
            iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=document(*statements))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return boto3.client(
            "sts",
            region_name="us-east-1",
            aws_access_key_id=key["AccessKeyId"],
            aws_secret_access_key=key["SecretAccessKey"],
        )

    return user


@pytest.fixture
def role(iam):
    """role("reader", trust, statements…) -> its ARN."""

    def role(name, trusted, *statements, **more):
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trusted, **more)["Role"]["Arn"]
        if statements:
            iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=document(*statements))
        return arn

    return role


# --- web identities


def by_web(client, role, **claims):
    return client.assume_role_with_web_identity(
        RoleArn=role, RoleSessionName="app", WebIdentityToken=jwt(**{"iss": f"https://{ISSUER}", **claims})
    )


@pytest.fixture
def provider(iam):
    iam.create_open_id_connect_provider(Url=f"https://{ISSUER}", ClientIDList=["app-1"], ThumbprintList=["a" * 40])


REFUSED_WEB = ("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity", 403)


@pytest.mark.rule("sts-014")
def test_a_login_at_a_provider_opens_the_roles_that_trust_it(aws, iam, unsigned, provider, role):
    only = {"StringEquals": {f"{ISSUER}:aud": "app-1", f"{ISSUER}:sub": "user-1"}}
    action = "sts:AssumeRoleWithWebIdentity"
    reader = role("reader", trust(action, {"Federated": OIDC}, Condition=only), allow("sqs:ListQueues"))
    answer = by_web(unsigned, reader)
    assert answer["SubjectFromWebIdentityToken"] == "user-1"
    client_of(answer, "sqs").list_queues()
    assert refusal(client_of(answer, "sqs").create_queue, QueueName="q")[0] == "AccessDenied"
    before = len(aws.credentials._issued)
    assert refusal(by_web, unsigned, reader, sub="user-2") == REFUSED_WEB
    others = role("others", trust(action, {"Federated": f"{IAM}:oidc-provider/elsewhere.example.com"}))
    assert refusal(by_web, unsigned, others) == REFUSED_WEB
    by_sts = role("by-sts", trust("sts:AssumeRole", {"AWS": "*"}))
    assert refusal(by_web, unsigned, by_sts) == REFUSED_WEB
    assert refusal(by_web, unsigned, f"{IAM}:role/missing") == REFUSED_WEB
    assert len(aws.credentials._issued) == before


@pytest.mark.rule("sts-014")
def test_tokens_of_providers_that_the_account_does_not_have(iam, unsigned, role):
    reader = role("reader", trust("sts:AssumeRoleWithWebIdentity", {"Federated": OIDC}))
    assert refusal(by_web, unsigned, reader) == (
        "InvalidIdentityToken",
        f"No OpenIDConnect provider found in your account for https://{ISSUER}",
        400,
    )
    iam.create_open_id_connect_provider(Url=f"https://{ISSUER}", ClientIDList=["app-2"], ThumbprintList=["a" * 40])
    assert refusal(by_web, unsigned, reader) == ("InvalidIdentityToken", "Incorrect token audience", 400)
    iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=OIDC, ClientID="app-1")
    assert by_web(unsigned, reader)["Audience"] == "app-1"


@pytest.mark.rule("sts-014")
def test_public_providers_need_none_in_the_account(iam, unsigned, role):
    # Their principals have host names; Facebook's tokens are no JWTs.
    google = role("google", trust("sts:AssumeRoleWithWebIdentity", {"Federated": "accounts.google.com"}))
    assert by_web(unsigned, google, iss="https://accounts.google.com")["Provider"] == "https://accounts.google.com"
    facebook = role("facebook", trust("sts:AssumeRoleWithWebIdentity", {"Federated": "graph.facebook.com"}))
    asked = {"RoleSessionName": "app", "WebIdentityToken": "opaque", "ProviderId": "graph.facebook.com"}
    answer = unsigned.assume_role_with_web_identity(RoleArn=facebook, **asked)
    assert answer["Provider"] == "graph.facebook.com"
    assert refusal(unsigned.assume_role_with_web_identity, RoleArn=google, **asked) == REFUSED_WEB


@pytest.mark.rule("sts-014")
def test_tags_of_a_token_need_to_be_let_in_as_well(iam, unsigned, provider, role):
    claims = {"https://aws.amazon.com/tags": {"principal_tags": {"team": ["red"]}}}
    action = "sts:AssumeRoleWithWebIdentity"
    mine = allow("sqs:ListQueues", Condition={"StringEquals": {"aws:PrincipalTag/team": "red"}})
    reader = role("reader", trust(action, {"Federated": OIDC}), mine)
    assert refusal(by_web, unsigned, reader, **claims) == REFUSED_WEB
    assert refusal(client_of(by_web(unsigned, reader), "sqs").list_queues)[0] == "AccessDenied"
    only = {"StringEquals": {"aws:RequestTag/team": "red"}}
    both = json.loads(trust(action, {"Federated": OIDC}))["Statement"]
    both.append(json.loads(trust("sts:TagSession", {"Federated": OIDC}, Condition=only))["Statement"][0])
    iam.update_assume_role_policy(RoleName="reader", PolicyDocument=document(*both))
    client_of(by_web(unsigned, reader, **claims), "sqs").list_queues()
    blue = {"https://aws.amazon.com/tags": {"principal_tags": {"team": ["blue"]}}}
    assert refusal(by_web, unsigned, reader, **blue) == REFUSED_WEB


# --- SAML


def by_saml(client, role, text=None):
    found = text or assertion(roles=(f"{role},{SAML}",))
    return client.assume_role_with_saml(RoleArn=role, PrincipalArn=SAML, SAMLAssertion=found)


@pytest.mark.rule("sts-013")
def test_an_assertion_opens_the_roles_that_trust_its_provider(iam, aws, unsigned, role):
    only = {"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}}
    trusted = trust("sts:AssumeRoleWithSAML", {"Federated": SAML}, Condition=only)
    reader = role("reader", trusted, allow("sqs:ListQueues"))
    gone = refusal(by_saml, unsigned, reader)
    assert gone == ("InvalidIdentityToken", "Specified provider doesn't exist", 400)
    iam.create_saml_provider(Name="idp", SAMLMetadataDocument=METADATA.format(entity="https://example.com/saml"))
    answer = by_saml(unsigned, reader)
    assert (answer["Subject"], answer["Issuer"]) == ("carol-1", "https://example.com/saml")
    assert answer["Audience"] == "https://signin.aws.amazon.com/saml"
    client_of(answer, "sqs").list_queues()
    assert refusal(client_of(answer, "sqs").create_queue, QueueName="q")[0] == "AccessDenied"
    distrusts = role("distrusts", trust("sts:AssumeRoleWithSAML", {"Federated": f"{IAM}:saml-provider/other"}))
    refused = ("AccessDenied", "Not authorized to perform sts:AssumeRoleWithSAML", 403)
    assert refusal(by_saml, unsigned, distrusts) == refused
    assert refusal(by_saml, unsigned, reader, "rubbish")[0] == "InvalidIdentityToken"
    aws.clock.advance(minutes=6)
    assert refusal(by_saml, unsigned, reader)[0] == "ExpiredTokenException"


@pytest.mark.rule("sts-013")
def test_an_assertion_of_another_issuer_than_the_provider_names(iam, unsigned, role):
    reader = role("reader", trust("sts:AssumeRoleWithSAML", {"Federated": SAML}))
    iam.create_saml_provider(Name="idp", SAMLMetadataDocument=METADATA.format(entity="https://other.example.com"))
    assert refusal(by_saml, unsigned, reader) == (
        "InvalidIdentityToken",
        "Issuer not present in specified provider",
        400,
    )


# --- federated users, sessions of users


def test_a_federated_user_may_do_what_both_its_policy_and_its_user_may(user):
    ann = user("ann", allow("sts:GetFederationToken"), allow("sqs:*"))
    wider = document(allow(["sqs:ListQueues", "sns:ListTopics"]))
    session = ann.get_federation_token(Name="carol", Policy=wider)
    client_of(session, "sqs").list_queues()
    assert refusal(client_of(session, "sqs").create_queue, QueueName="q")[0] == "AccessDenied"  # not in its policy
    assert refusal(client_of(session, "sns").list_topics)[0] == "AuthorizationError"  # not in its user's
    bare = ann.get_federation_token(Name="carol")
    assert refusal(client_of(bare, "sqs").list_queues)[0] == "AccessDenied"


def test_a_resource_policy_lets_a_federated_user_in_by_its_name(aws, user):
    ann = user("ann", allow("sts:GetFederationToken"))
    s3 = boto3.client("s3", region_name="us-east-1")
    s3.create_bucket(Bucket="shared")
    s3.put_object(Bucket="shared", Key="k", Body=b"data")
    session = client_of(ann.get_federation_token(Name="carol"), "s3")
    assert refusal(session.get_object, Bucket="shared", Key="k")[0] == "AccessDenied"
    carol = {"AWS": f"arn:aws:sts::{ACCOUNT}:federated-user/carol"}
    statement = allow("s3:GetObject", "arn:aws:s3:::shared/*", Principal=carol)
    s3.put_bucket_policy(Bucket="shared", Policy=document(statement))
    assert session.get_object(Bucket="shared", Key="k")["Body"].read() == b"data"


def test_sessions_of_users_without_mfa_may_not_call_iam(user, sts):
    ann = user("ann", allow("*"))
    token = ("InvalidClientTokenId", "The security token included in the request is invalid.", 403)
    for session in (ann.get_session_token(), ann.get_federation_token(Name="carol", Policy=document(allow("*")))):
        client_of(session, "sqs").list_queues()
        assert refusal(client_of(session, "iam").list_users) == token
        assert client_of(session).get_caller_identity()["Account"] == ACCOUNT
        assert refusal(client_of(session).get_session_token)[0] == "AccessDenied"


# --- roles


def test_session_policies_narrow_and_never_grant(user, role):
    ann = user("ann", allow("sts:AssumeRole"))
    arn = role("worker", trust("sts:AssumeRole", {"AWS": ACCOUNT}), allow("sqs:*"))
    narrow = document(allow(["sqs:ListQueues", "sns:ListTopics"]))
    session = ann.assume_role(RoleArn=arn, RoleSessionName="narrow", Policy=narrow)
    client_of(session, "sqs").list_queues()
    assert refusal(client_of(session, "sqs").create_queue, QueueName="q")[0] == "AccessDenied"
    code, message, _ = refusal(client_of(session, "sns").list_topics)
    assert (code, "no identity-based policy allows" in message) == ("AuthorizationError", True)
    managed = [{"arn": "arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess"}]
    session = ann.assume_role(RoleArn=arn, RoleSessionName="managed", PolicyArns=managed)
    client_of(session, "sqs").list_queues()
    code, message, _ = refusal(client_of(session, "sqs").create_queue, QueueName="q")
    assert (code, "no session policy allows" in message) == ("AccessDenied", True)


def test_a_resource_policy_that_names_the_session_is_not_narrowed_by_its_policy(aws, user, role):
    """IAM User Guide, "Session policies": the ARN of the session adds to its permissions, that of the role does not."""
    ann = user("ann", allow("sts:AssumeRole"))
    arn = role("worker", trust("sts:AssumeRole", {"AWS": ACCOUNT}), allow("s3:ListBucket"))
    s3 = boto3.client("s3", region_name="us-east-1")
    s3.create_bucket(Bucket="shared")
    s3.put_object(Bucket="shared", Key="k", Body=b"data")
    session = ann.assume_role(RoleArn=arn, RoleSessionName="one", Policy=document(allow("s3:ListBucket")))
    client = client_of(session, "s3")

    def let_in(principal):
        statement = allow("s3:GetObject", "arn:aws:s3:::shared/*", Principal={"AWS": principal})
        s3.put_bucket_policy(Bucket="shared", Policy=document(statement))

    let_in(arn)
    assert refusal(client.get_object, Bucket="shared", Key="k")[0] == "AccessDenied"
    let_in(session["AssumedRoleUser"]["Arn"])
    assert client.get_object(Bucket="shared", Key="k")["Body"].read() == b"data"


def test_transitive_tags_go_on_through_chained_roles(user, role):
    """The second role sees the tag as the session's, not as the request's; tags that are not transitive end."""
    tagged = {"StringEquals": {"aws:PrincipalTag/team": "red"}}
    both = ["sts:AssumeRole", "sts:TagSession"]
    ann = user("ann", allow(both))
    first = role("first", trust(both, {"AWS": ACCOUNT}), allow(both))
    second = role(
        "second", trust("sts:AssumeRole", {"AWS": ACCOUNT}, Condition=tagged), allow("sqs:*", Condition=tagged)
    )
    tags = [{"Key": "team", "Value": "red"}]
    asked = {"RoleArn": first, "RoleSessionName": "one", "Tags": tags}
    goes_on = ann.assume_role(**asked, TransitiveTagKeys=["team"])
    chained = client_of(goes_on).assume_role(RoleArn=second, RoleSessionName="two")
    client_of(chained, "sqs").list_queues()
    again = {"RoleArn": first, "RoleSessionName": "three"}
    assert refusal(client_of(chained).assume_role, **again)[0] == "AccessDenied"  # second may assume nothing
    ends = client_of(ann.assume_role(**asked)).assume_role(RoleArn=second, RoleSessionName="two")
    assert refusal(client_of(ends, "sqs").list_queues)[0] == "AccessDenied"


def test_tags_need_the_roles_leave(user, role):
    ann = user("ann", allow("sts:*"))
    arn = role("worker", trust("sts:AssumeRole", {"AWS": ACCOUNT}))
    tags = [{"Key": "team", "Value": "red"}]
    code, message, _ = refusal(ann.assume_role, RoleArn=arn, RoleSessionName="one", Tags=tags)
    assert code == "AccessDenied"
    assert message.startswith(f"User: {IAM}:user/ann is not authorized to perform: sts:TagSession on resource: {arn}")
    assert ann.assume_role(RoleArn=arn, RoleSessionName="one")["Credentials"]


def test_sessions_end_with_their_role(iam, user, role):
    """Another role by the same name is another role."""
    ann = user("ann", allow("sts:AssumeRole"))
    trusted = trust("sts:AssumeRole", {"AWS": ACCOUNT})
    arn = role("worker", trusted, allow("sqs:*"))
    session = ann.assume_role(RoleArn=arn, RoleSessionName="one")
    client_of(session, "sqs").list_queues()
    iam.delete_role_policy(RoleName="worker", PolicyName="own")
    iam.delete_role(RoleName="worker")
    assert refusal(client_of(session, "sqs").list_queues)[0] == "AccessDenied"
    role("worker", trusted, allow("sqs:*"))
    assert refusal(client_of(session, "sqs").list_queues)[0] == "AccessDenied"
    client_of(ann.assume_role(RoleArn=arn, RoleSessionName="two"), "sqs").list_queues()


# --- messages


@pytest.mark.rule("sts-022", "sts-023")
def test_a_refusal_of_ec2_is_decoded_for_who_may(iam, user):
    who = Principal(f"{IAM}:user/ann", ACCOUNT, user_id="AIDAEXAMPLE")
    resource = f"arn:aws:ec2:us-east-1:{ACCOUNT}:instance/*"
    request = AuthorizationRequest(who, "ec2:RunInstances", resource, {"ec2:region": "us-east-1"})
    no = parse(document({"Sid": "NoServers", "Effect": "Deny", "Action": "ec2:*", "Resource": "*"}))
    message = encoded(decide(request, PolicySet(identity=(no.named("own"),))))
    ann = user("ann")
    code, said, status = refusal(ann.decode_authorization_message, EncodedMessage=message)
    assert (code, status) == ("AccessDenied", 403)
    assert said == (
        f"User: {IAM}:user/ann is not authorized to perform: sts:DecodeAuthorizationMessage because no identity-based "
        "policy allows the sts:DecodeAuthorizationMessage action"
    )
    own = document(allow("sts:DecodeAuthorizationMessage"))
    iam.put_user_policy(UserName="ann", PolicyName="own", PolicyDocument=own)
    told = json.loads(ann.decode_authorization_message(EncodedMessage=message)["DecodedMessage"])
    assert (told["allowed"], told["explicitDeny"]) == (False, True)
    assert told["matchedStatements"]["items"][0]["statementId"] == "NoServers"
    context = told["context"]
    assert context["principal"] == {"id": "AIDAEXAMPLE", "arn": f"{IAM}:user/ann"}
    assert (context["action"], context["resource"]) == ("ec2:RunInstances", resource)
    assert context["conditions"]["items"] == [
        {"key": "ec2:region", "values": {"items": [{"value": "us-east-1"}]}},
    ]
    rubbish = refusal(ann.decode_authorization_message, EncodedMessage=message[:-8])
    assert rubbish == ("InvalidAuthorizationMessageException", "Message is not valid", 400)


# --- root users of members


def test_the_root_of_a_member_account(aws, iam, sts, user):
    organizations = boto3.client("organizations", region_name="us-east-1")
    organizations.create_organization(FeatureSet="ALL")
    made = organizations.create_account(Email="dev@corp.example", AccountName="dev")["CreateAccountStatus"]
    status = organizations.describe_create_account_status(CreateAccountRequestId=made["Id"])
    member = status["CreateAccountStatus"]["AccountId"]
    aws.credentials.seen(member, "x")
    theirs = boto3.client("s3", region_name="us-east-1", aws_access_key_id=member, aws_secret_access_key="x")
    theirs.create_bucket(Bucket="locked")
    shut = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::locked"}
    theirs.put_bucket_policy(Bucket="locked", Policy=document(shut))
    asked = {
        "TargetPrincipal": member,
        "TaskPolicyArn": {"arn": "arn:aws:iam::aws:policy/root-task/S3UnlockBucketPolicy"},
    }
    root = f"arn:aws:iam::{member}:root"
    no = f"User: {IAM}:user/awsim is not authorized to perform: sts:AssumeRoot on resource: {root}"
    assert refusal(sts.assume_root, **asked) == ("AccessDenied", no, 403)  # the feature is off
    assert refusal(iam.enable_organizations_root_sessions)[0] == "ServiceAccessNotEnabledException"
    organizations.enable_aws_service_access(ServicePrincipal="iam.amazonaws.com")
    assert iam.enable_organizations_root_sessions()["EnabledFeatures"] == ["RootSessions"]
    session = sts.assume_root(**asked)
    assert client_of(session).get_caller_identity()["Account"] == member
    client_of(session, "s3").delete_bucket_policy(Bucket="locked")
    theirs.head_bucket(Bucket="locked")
    # The session may do what its task is, and nothing else.
    assert refusal(client_of(session, "sqs").list_queues)[0] == "AccessDenied"
    audit = {"arn": "arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials"}
    of_iam = client_of(sts.assume_root(**{**asked, "TaskPolicyArn": audit}), "iam")
    assert of_iam.list_access_keys()["AccessKeyMetadata"] == []
    assert refusal(of_iam.create_access_key)[0] == "AccessDenied"
    assert refusal(sts.assume_root, **{**asked, "TargetPrincipal": ACCOUNT})[0] == "AccessDenied"
    assert refusal(sts.assume_root, **{**asked, "TargetPrincipal": "999999999999"})[0] == "AccessDenied"
    inside = boto3.client("sts", region_name="us-east-1", aws_access_key_id=member, aws_secret_access_key="x")
    assert refusal(inside.assume_root, **asked)[0] == "AccessDenied"
    assert refusal(user("ann").assume_root, **asked)[0] == "AccessDenied"
    assert NOW.timestamp() <= session["Credentials"]["Expiration"].timestamp() <= NOW.timestamp() + 900


def test_a_role_that_asks_for_mfa_is_assumed_with_a_code(aws, iam, user, role):
    arn = role(
        "careful",
        trust("sts:AssumeRole", {"AWS": f"{IAM}:root"}, Condition={"Bool": {"aws:MultiFactorAuthPresent": True}}),
    )
    own = user("ann", allow("sts:AssumeRole", arn))
    asked = {"RoleArn": arn, "RoleSessionName": "app"}
    assert refusal(own.assume_role, **asked) == (
        "AccessDenied",
        f"User: {IAM}:user/ann is not authorized to perform: sts:AssumeRole on resource: {arn}",
        403,
    )
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName="phone")["VirtualMFADevice"]
    serial, step = device["SerialNumber"], int(aws.clock.time() // 30)
    first, second, third = (code_at(device["Base32StringSeed"], step + shift) for shift in (-1, 0, 1))
    codes = {"AuthenticationCode1": first, "AuthenticationCode2": second}
    iam.enable_mfa_device(UserName="ann", SerialNumber=serial, **codes)
    aws.clock.advance(seconds=30)
    with_code = {**asked, "SerialNumber": serial}
    assert refusal(own.assume_role, TokenCode="000000", **with_code)[1].startswith("MultiFactorAuthentication failed")
    assert own.assume_role(TokenCode=third, **with_code)["Credentials"]
    iam.update_assume_role_policy(
        RoleName="careful",
        PolicyDocument=trust(
            "sts:AssumeRole", {"AWS": f"{IAM}:root"}, Condition={"NumericLessThan": {"aws:MultiFactorAuthAge": "60"}}
        ),
    )
    aws.clock.advance(seconds=30)
    assert own.assume_role(TokenCode=code_at(device["Base32StringSeed"], step + 2), **with_code)["Credentials"]

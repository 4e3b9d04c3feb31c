"""STS through boto3: identities, sessions, what is refused and in which words."""

from __future__ import annotations

import base64
import hashlib
import json
import urllib.error
import urllib.request
from datetime import timedelta

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ParamValidationError

from .making import NOW, PROVIDER, ROLE, assertion, client_of, jwt, refusal

POLICY = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]})
pytestmark = pytest.mark.aws(at="2026-01-01")


@pytest.fixture
def sts(aws):
    return boto3.client("sts", region_name="us-east-1")


@pytest.fixture
def unchecked(aws):
    """A client that leaves all validation to the service."""
    return boto3.client("sts", region_name="us-east-1", config=Config(parameter_validation=False))


def assume(sts, **more):
    return sts.assume_role(**{"RoleArn": ROLE, "RoleSessionName": "me", **more})


def lasts(answer):
    return (answer["Credentials"]["Expiration"] - NOW).total_seconds()


def lacks(client, operation, member=None):
    """Skip where botocore is older than an operation or a member of its input."""
    model = client.meta.service_model
    if operation not in model.operation_names or (
        member and member not in model.operation_model(operation).input_shape.members
    ):
        pytest.skip(f"this botocore has no {operation} {member or ''}")


# --- who calls


@pytest.mark.rule("sts-001")
def test_caller_identity(sts):
    identity = sts.get_caller_identity()
    assert identity["Account"] == "123456789012"
    assert identity["Arn"] == "arn:aws:iam::123456789012:user/awsim"
    assert identity["UserId"].startswith("AIDA")


@pytest.mark.rule("sts-001")
def test_caller_identity_of_root(aws):
    identity = aws.call("sts", "get_caller_identity", caller="arn:aws:iam::123456789012:root")
    assert identity["Arn"] == "arn:aws:iam::123456789012:root"
    assert identity["UserId"] == identity["Account"] == "123456789012"


def test_another_account_by_its_key(aws):
    other = boto3.client("sts", aws_access_key_id="444455556666", aws_secret_access_key="x", region_name="us-east-1")
    assert other.get_caller_identity()["Arn"] == "arn:aws:iam::444455556666:user/awsim"
    china = boto3.client("sts", aws_access_key_id="444455556666", aws_secret_access_key="x", region_name="cn-north-1")
    assert china.get_caller_identity()["Arn"] == "arn:aws-cn:iam::444455556666:user/awsim"


def test_presigned_caller_identity(sts):
    url = sts.generate_presigned_url("get_caller_identity")
    with urllib.request.urlopen(url) as response:
        assert b"<Arn>arn:aws:iam::123456789012:user/awsim</Arn>" in response.read()


@pytest.mark.rule("sts-003")
def test_calls_without_credentials(aws):
    unsigned = boto3.client("sts", region_name="us-east-1", config=Config(signature_version=UNSIGNED))
    expected = ("MissingAuthenticationToken", "Request is missing Authentication Token", 403)
    assert refusal(unsigned.get_caller_identity) == expected
    assert refusal(assume, unsigned) == expected


@pytest.mark.rule("sts-003")
def test_a_signature_that_cannot_be_read(aws):
    request = urllib.request.Request(
        "https://sts.us-east-1.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15",
        headers={"Authorization": "AWS4-HMAC-SHA256 Credential=AKID", "X-Amz-Date": "20260101T000000Z"},
    )
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request)
    body = caught.value.read()
    assert caught.value.code == 400
    assert b"<Code>IncompleteSignature</Code>" in body
    assert b"Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders'" in (
        body.replace(b"&apos;", b"'").replace(b"&#x27;", b"'").replace(b"&#39;", b"'")
    )


@pytest.mark.rule("sts-012")
def test_expired_sessions_on_other_services(aws, sts):
    answer = assume(sts)
    aws.clock.advance(hours=1)
    for service, operation, code in (
        ("s3", "list_buckets", ("ExpiredToken", "The provided token has expired.", 400)),
        ("sqs", "list_queues", ("ExpiredToken", "The security token included in the request is expired", 403)),
    ):
        assert refusal(getattr(client_of(answer, service), operation)) == code


# --- roles


@pytest.mark.rule("sts-004")
def test_assume_role(sts):
    answer = assume(sts)
    keys = answer["Credentials"]
    assert keys["AccessKeyId"].startswith("ASIA")
    assert len(keys["SecretAccessKey"]) == 40
    assert keys["SessionToken"]
    assert answer["AssumedRoleUser"]["Arn"] == "arn:aws:sts::111122223333:assumed-role/reader/me"
    assert answer["AssumedRoleUser"]["AssumedRoleId"].startswith("AROA")
    assert answer["AssumedRoleUser"]["AssumedRoleId"].endswith(":me")
    assert "PackedPolicySize" not in answer
    for region in ("us-east-1", "eu-west-3"):
        identity = client_of(answer, region=region).get_caller_identity()
        assert identity["Arn"] == answer["AssumedRoleUser"]["Arn"]
        assert identity["UserId"] == answer["AssumedRoleUser"]["AssumedRoleId"]
        assert identity["Account"] == "111122223333"
    assert assume(sts)["AssumedRoleUser"] == answer["AssumedRoleUser"]
    assert assume(sts)["Credentials"]["AccessKeyId"] != keys["AccessKeyId"]


@pytest.mark.rule("sts-010")
def test_a_role_session_lasts_an_hour(sts):
    assert lasts(assume(sts)) == 3600
    assert lasts(web(sts)) == 3600
    assert lasts(saml(sts)) == 3600


@pytest.mark.rule("sts-009")
@pytest.mark.parametrize("operation", ["assume_role", "get_session_token", "get_federation_token"])
def test_sessions_last_15_minutes_at_the_least(sts, unchecked, operation):
    params = {
        "assume_role": {"RoleArn": ROLE, "RoleSessionName": "me"},
        "get_session_token": {},
        "get_federation_token": {"Name": "bob"},
    }[operation]
    assert lasts(getattr(sts, operation)(**params, DurationSeconds=900)) == 900
    with pytest.raises(ParamValidationError):
        getattr(sts, operation)(**params, DurationSeconds=899)
    assert refusal(getattr(unchecked, operation), **params, DurationSeconds=899) == (
        "ValidationError",
        "1 validation error detected: Value '899' at 'durationSeconds' failed to satisfy constraint: Member must have "
        "value greater than or equal to 900",
        400,
    )


@pytest.mark.rule("sts-011")
def test_role_sessions_last_12_hours_at_the_utmost(sts):
    assert lasts(assume(sts, DurationSeconds=43_200)) == 43_200
    assert refusal(assume, sts, DurationSeconds=43_201) == (
        "ValidationError",
        "1 validation error detected: Value '43201' at 'durationSeconds' failed to satisfy constraint: Member must "
        "have value less than or equal to 43200",
        400,
    )


@pytest.mark.rule("sts-011")
def test_chained_roles_last_an_hour(sts):
    first = client_of(assume(sts, DurationSeconds=43_200))
    assert lasts(assume(first)) == 3600
    assert lasts(assume(first, DurationSeconds=3600)) == 3600
    assert refusal(assume, first, DurationSeconds=3601) == (
        "ValidationError",
        "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining",
        400,
    )
    # A session of a user is no role: what it assumes is not chained.
    assert lasts(assume(client_of(sts.get_session_token()), DurationSeconds=7200)) == 7200


@pytest.mark.rule("sts-011")
@pytest.mark.aws(as_of="2018-01-01")
def test_role_sessions_before_march_2018(sts):
    assert refusal(assume, sts, DurationSeconds=3601)[0] == "ValidationError"


@pytest.mark.parametrize(
    "arn",
    [
        "nothing-valid-in-here",
        "arn:a:::something/test-role",
        "arn:a::::something/test-role",
        "arn::b:::something/test-role",
        "arn:a:a::aaaaaaaaaa:",
    ],
)
def test_malformed_role_arns(sts, arn):
    assert refusal(assume, sts, RoleArn=arn) == ("ValidationError", f"{arn} is invalid", 400)


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:iam::123456789012:user/awsim",
        "arn:aws:iam::1234:role/of-no-account",
        "arn:aws:s3:::bucket-not-role",
        "arn:aws-cn:iam::123456789012:role/elsewhere",
    ],
)
def test_what_is_no_role_cannot_be_assumed(aws, sts, arn):
    assert refusal(assume, sts, RoleArn=arn) == (
        "AccessDenied",
        f"User: arn:aws:iam::123456789012:user/awsim is not authorized to perform: sts:AssumeRole on resource: {arn}",
        403,
    )


def test_session_names(sts):
    assert refusal(assume, sts, RoleSessionName="Session1:2") == (
        "ValidationError",
        "1 validation error detected: Value 'Session1:2' at 'roleSessionName' failed to satisfy constraint: Member "
        "must satisfy regular expression pattern: [\\w+=,.@-]*",
        400,
    )
    assert assume(sts, RoleSessionName="a" * 64)
    code, message, _ = refusal(assume, sts, RoleSessionName="a" * 65)
    assert code == "ValidationError"
    assert message.endswith("Member must have length less than or equal to 64")


def test_root_cannot_assume_roles(aws):
    from awsim import AWSError

    with pytest.raises(AWSError) as caught:
        aws.call("sts", "assume_role", RoleArn=ROLE, RoleSessionName="me", caller="arn:aws:iam::123456789012:root")
    assert (caught.value.code, caught.value.message) == (
        "AccessDenied",
        "Roles may not be assumed by root accounts.",
    )


def test_source_identity_goes_on(sts):
    first = assume(sts, SourceIdentity="alice")
    assert first["SourceIdentity"] == "alice"
    client = client_of(first)
    assert assume(client)["SourceIdentity"] == "alice"
    assert assume(client, SourceIdentity="alice")["SourceIdentity"] == "alice"
    code, message, status = refusal(assume, client, SourceIdentity="bob")
    assert (code, status) == ("AccessDenied", 403)
    assert "sts:SetSourceIdentity" in message


def test_half_of_an_mfa(sts):
    assert assume(sts, SerialNumber="GAHT12345678", TokenCode="123456")
    for half in ({"SerialNumber": "GAHT12345678"}, {"TokenCode": "123456"}):
        expected = (
            "AccessDenied",
            "MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code.",
            403,
        )
        assert refusal(assume, sts, **half) == expected
        assert refusal(sts.get_session_token, **half) == expected


# --- session tags and policies


def tags(**pairs):
    return [{"Key": key, "Value": value} for key, value in pairs.items()]


def test_transitive_tags(aws, sts):
    first = assume(sts, Tags=tags(Team="a", Project="b"), TransitiveTagKeys=["Team"])
    second = assume(client_of(first), Tags=tags(Stage="test"))
    session = aws.credentials.issued(second["Credentials"]["AccessKeyId"]).caller
    assert session.tags == {"Team": "a", "Stage": "test"}
    third = assume(client_of(second))
    assert aws.credentials.issued(third["Credentials"]["AccessKeyId"]).caller.tags == {"Team": "a"}
    for key in ("Team", "team"):
        assert refusal(assume, client_of(first), Tags=tags(**{key: "x"})) == (
            "InvalidParameterValue",
            "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from "
            "the calling session.",
            400,
        )


def test_tags_that_are_refused(sts):
    assert refusal(assume, sts, Tags=tags(a="1", A="2")) == (
        "InvalidParameterValue",
        "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
        400,
    )
    assert refusal(assume, sts, Tags=tags(a="1"), TransitiveTagKeys=["b"]) == (
        "InvalidParameterValue",
        "The specified transitive tag key must be included in the requested tags.",
        400,
    )
    assert refusal(assume, sts, Tags=[{"Key": "aws:x", "Value": "1"}])[0] == "InvalidParameterValue"
    assert assume(sts, Tags=tags(**{f"k{n}": "v" for n in range(50)}))
    assert refusal(assume, sts, Tags=tags(**{f"k{n}": "v" for n in range(51)}))[0] == "ValidationError"


def test_packed_policy_size(sts):
    arns = [{"arn": f"arn:aws:iam::123456789012:policy/demopolicy{n}"} for n in (1, 2)]
    session_tags = tags(Project="Pegasus", Team="Engineering", **{"Cost-Center": "12345"})
    policy = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [{"Sid": "Stmt1", "Effect": "Allow", "Action": "s3:*", "Resource": "*"}],
        }
    )
    # The example in the API Reference.
    assert assume(sts, Policy=policy, PolicyArns=arns, Tags=session_tags)["PackedPolicySize"] == 8
    assert "PackedPolicySize" not in assume(sts)
    large = {f"{n:0128}": f"{n:0256}" for n in range(50)}
    code, message, status = refusal(assume, sts, Tags=tags(**large))
    assert (code, status) == ("PackedPolicyTooLarge", 400)
    assert message == "Packed policy consumes 640% of allotted space, please use smaller policy."


def test_policies_too_long(sts):
    def padded(length):
        return POLICY + " " * (length - len(POLICY))

    assert assume(sts, Policy=padded(2048))
    code, message, status = refusal(assume, sts, Policy=padded(2049))
    assert (code, status) == ("ValidationError", 400)
    assert message.endswith(
        "at 'policy' failed to satisfy constraint: Member must have length less than or equal to 2048"
    )
    # Inline and managed policies together.
    arns = [{"arn": "arn:aws:iam::111122223333:policy/managed"}]
    assert refusal(assume, sts, Policy=padded(2048), PolicyArns=arns)[0] == "ValidationError"
    assert refusal(assume, sts, PolicyArns=arns * 11)[0] == "ValidationError"
    assert refusal(assume, sts, PolicyArns=[{"arn": "managed-policy-by-name"}]) == (
        "ValidationError",
        "managed-policy-by-name is invalid",
        400,
    )


def statement(**members):
    return {"Version": "2012-10-17", "Statement": [{k: v for k, v in members.items() if v is not None}]}


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ("{", "This policy contains invalid Json"),
        ([], "Syntax errors in policy."),
        ({"Version": "2012-10-17"}, "Syntax errors in policy."),
        ({"Version": "2026-01-01", "Statement": []}, "Syntax errors in policy."),
        ({"Statement": "x"}, "Syntax errors in policy."),
        ({"Statement": ["x"]}, "Syntax errors in policy."),
        (statement(Effect="allow", Action="s3:*", Resource="*"), "Syntax errors in policy."),
        (statement(Effect="Allow", Action="s3:*", Resource="*", Extra=1), "Syntax errors in policy."),
        (statement(Effect="Allow", Action="s3:*", NotAction="s3:*", Resource="*"), "Syntax errors in policy."),
        (statement(Effect="Allow", Action=[1], Resource="*"), "Syntax errors in policy."),
        (statement(Effect="Allow", Action="s3:*", Resource="*", Condition=1), "Syntax errors in policy."),
        (statement(Effect="Allow", Resource="*"), "Policy statement must contain actions."),
        (statement(Effect="Allow", Action="s3:*"), "Policy statement must contain resources."),
        (statement(Effect="Allow", Action=[], Resource="*"), "Policy statement must contain actions."),
        (
            statement(Effect="Allow", Action="s3:*", Resource="*", Principal="*"),
            "Policy document should not specify a principal.",
        ),
        (
            statement(Effect="Allow", Action="GetObject", Resource="*"),
            "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
        ),
        (
            statement(Effect="Allow", Action="s3:*", Resource="bucket"),
            'Resource bucket must be in ARN format or "*".',
        ),
    ],
)
def test_malformed_policies(sts, policy, message):
    text = policy if isinstance(policy, str) else json.dumps(policy)
    assert refusal(assume, sts, Policy=text) == ("MalformedPolicyDocument", message, 400)
    assert refusal(sts.get_federation_token, Name="bob", Policy=text)[0] == "MalformedPolicyDocument"


def test_the_size_of_the_token(sts):
    lacks(sts, "AssumeRole", "MinimumSessionTokenSize")
    answer = assume(sts, MinimumSessionTokenSize=2048)
    assert len(answer["Credentials"]["SessionToken"]) == answer["SessionTokenSize"] == 2048
    assert answer["SessionTokenUtilization"] == 50
    assert client_of(answer).get_caller_identity()


def test_what_is_not_modelled_says_so(sts):
    contexts = [{"ProviderArn": "arn:aws:iam::aws:contextProvider/IdentityCenter", "ContextAssertion": "abcd"}]
    code, message, status = refusal(assume, sts, ProvidedContexts=contexts)
    assert (code, status) == ("NotImplemented", 501)
    assert "ProvidedContexts" in message


def test_a_refusal_issues_nothing(aws, sts):
    assume(sts)
    keys = dict(aws.credentials._issued)
    for wrong in (
        {"RoleArn": "nothing-valid-in-here"},
        {"Policy": "{"},
        {"Tags": tags(a="1", A="2")},
        {"TokenCode": "123456"},
    ):
        refusal(assume, sts, **wrong)
    assert dict(aws.credentials._issued) == keys


# --- expiry and tokens


@pytest.mark.rule("sts-012")
def test_sessions_expire(aws, sts):
    answers = [
        assume(sts),
        sts.get_session_token(DurationSeconds=3600),
        sts.get_federation_token(Name="bob", DurationSeconds=3600),
    ]
    aws.clock.advance(seconds=3599)
    for answer in answers:
        assert client_of(answer).get_caller_identity()
    aws.clock.advance(seconds=1)
    for answer in answers:
        assert refusal(client_of(answer).get_caller_identity) == (
            "ExpiredToken",
            "The security token included in the request is expired",
            403,
        )
    assert client_of(assume(sts)).get_caller_identity()


def test_tokens_that_do_not_fit(sts):
    keys = assume(sts)["Credentials"]
    for token in (None, "another", assume(sts)["Credentials"]["SessionToken"]):
        client = client_of({"Credentials": {**keys, "SessionToken": token}})
        assert refusal(client.get_caller_identity) == (
            "InvalidClientTokenId",
            "The security token included in the request is invalid.",
            403,
        )


# --- users


@pytest.mark.rule("sts-016")
def test_get_session_token(sts):
    answer = sts.get_session_token()
    assert answer["Credentials"]["AccessKeyId"].startswith("ASIA")
    client = client_of(answer)
    mine, before = client.get_caller_identity(), sts.get_caller_identity()
    assert (mine["Arn"], mine["UserId"]) == (before["Arn"], before["UserId"])
    assert assume(client)
    expected = ("AccessDenied", "Cannot call GetSessionToken with session credentials", 403)
    assert refusal(client.get_session_token) == expected
    assert refusal(client_of(assume(sts)).get_session_token) == expected


@pytest.mark.rule("sts-017")
def test_user_sessions_last_12_hours(aws, sts):
    assert lasts(sts.get_session_token()) == 43_200
    assert lasts(sts.get_session_token(DurationSeconds=129_600)) == 129_600
    assert refusal(sts.get_session_token, DurationSeconds=129_601) == (
        "ValidationError",
        "1 validation error detected: Value '129601' at 'durationSeconds' failed to satisfy constraint: Member must "
        "have value less than or equal to 129600",
        400,
    )
    root = "arn:aws:iam::123456789012:root"
    assert lasts(aws.call("sts", "get_session_token", caller=root)) == 3600
    assert lasts(aws.call("sts", "get_session_token", caller=root, DurationSeconds=7200)) == 3600
    assert lasts(aws.call("sts", "get_session_token", caller=root, DurationSeconds=900)) == 900
    assert lasts(aws.call("sts", "get_federation_token", caller=root, Name="bob")) == 3600


@pytest.mark.rule("sts-019")
def test_get_federation_token(sts):
    answer = sts.get_federation_token(Name="bob", Policy=POLICY)
    assert answer["FederatedUser"] == {
        "FederatedUserId": "123456789012:bob",
        "Arn": "arn:aws:sts::123456789012:federated-user/bob",
    }
    assert answer["PackedPolicySize"] > 0
    assert sts.get_federation_token(Name="bob")["PackedPolicySize"] == 0
    assert lasts(answer) == 43_200
    client = client_of(answer)
    identity = client.get_caller_identity()
    assert (identity["Arn"], identity["UserId"]) == (answer["FederatedUser"]["Arn"], "123456789012:bob")
    expected = ("AccessDenied", "Cannot call GetFederationToken with session credentials", 403)
    assert refusal(client.get_federation_token, Name="bob") == expected
    assert refusal(assume, client)[0] == "AccessDenied"
    assert sts.get_federation_token(Name="a" * 32)
    assert refusal(sts.get_federation_token, Name="a" * 33)[0] == "ValidationError"
    assert refusal(sts.get_federation_token, Name="a b")[0] == "ValidationError"


def test_assume_root(sts):
    lacks(sts, "AssumeRoot")
    task = {"arn": "arn:aws:iam::aws:policy/root-task/S3UnlockBucketPolicy"}
    answer = sts.assume_root(TargetPrincipal="111122223333", TaskPolicyArn=task)
    assert lasts(answer) == 900
    identity = client_of(answer).get_caller_identity()
    assert (identity["Arn"], identity["Account"]) == ("arn:aws:sts::111122223333:assumed-root", "111122223333")
    assert sts.assume_root(TargetPrincipal="arn:aws:iam::111122223333:root", TaskPolicyArn=task, DurationSeconds=60)
    assert refusal(sts.assume_root, TargetPrincipal="111122223333", TaskPolicyArn=task, DurationSeconds=901)[0] == (
        "ValidationError"
    )
    other = {"arn": "arn:aws:iam::aws:policy/AdministratorAccess"}
    assert refusal(sts.assume_root, TargetPrincipal="111122223333", TaskPolicyArn=other)[0] == "ValidationError"
    assert refusal(sts.assume_root, TargetPrincipal=ROLE, TaskPolicyArn=task)[0] == "ValidationError"


def test_get_access_key_info(sts):
    issued = assume(sts)["Credentials"]["AccessKeyId"]
    for key, account in (
        (issued, "111122223333"),
        ("ASIAY34FZKBOKMUTVV7A", "609629065308"),
        ("AKIAIOSFODNN7EXAMPLE", "123456789012"),
    ):
        assert sts.get_access_key_info(AccessKeyId=key)["Account"] == account


@pytest.mark.rule("sts-022")
def test_decode_rubbish(sts):
    code, _, status = refusal(sts.decode_authorization_message, EncodedMessage="rubbish")
    assert (code, status) == ("InvalidAuthorizationMessageException", 400)


# --- web identities


def web(sts, token=None, **more):
    return sts.assume_role_with_web_identity(
        **{"RoleArn": ROLE, "RoleSessionName": "app", "WebIdentityToken": token or jwt(), **more}
    )


def test_web_identity(aws, sts):
    unsigned = boto3.client("sts", region_name="us-east-1", config=Config(signature_version=UNSIGNED))
    answer = web(unsigned)
    assert answer["SubjectFromWebIdentityToken"] == "user-1"
    assert answer["Provider"] == "https://accounts.example.com"
    assert answer["Audience"] == "app-1"
    assert answer["AssumedRoleUser"]["Arn"] == "arn:aws:sts::111122223333:assumed-role/reader/app"
    assert client_of(answer).get_caller_identity()["Arn"] == answer["AssumedRoleUser"]["Arn"]
    assert web(sts, jwt(azp="app-2", aud=["app-1", "app-2"]))["Audience"] == "app-2"
    assert web(sts, jwt(aud=["app-3"]))["Audience"] == "app-3"
    passed = {
        "https://aws.amazon.com/tags": {"principal_tags": {"Team": ["a"]}, "transitive_tag_keys": ["Team"]},
        "https://aws.amazon.com/source_identity": "alice",
    }
    answer = web(sts, jwt(**passed))
    assert answer["SourceIdentity"] == "alice"
    session = aws.credentials.issued(answer["Credentials"]["AccessKeyId"]).caller.session
    assert (session.tags, session.transitive) == ({"Team": "a"}, ("Team",))
    assert session.context["accounts.example.com:sub"] == "user-1"


@pytest.mark.parametrize("token", ["rubbish", "a.b.c", "....", "e30.W10.c2ln", "e30.e30"])
def test_web_identity_tokens_that_are_none(sts, token):
    assert refusal(web, sts, token) == (
        "InvalidIdentityToken",
        "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)",
        400,
    )


@pytest.mark.parametrize("claim", ["iss", "sub", "aud", "exp", "iat"])
def test_web_identity_tokens_without_a_claim(sts, claim):
    token = jwt(drop=[claim])
    assert refusal(web, sts, token) == ("InvalidIdentityToken", f"Missing a required claim: {claim}", 400)


def test_web_identity_tokens_expire(aws, sts):
    token = jwt()
    aws.clock.advance(seconds=599)
    assert web(sts, token)
    aws.clock.advance(seconds=1)
    at = int(NOW.timestamp()) + 600
    assert refusal(web, sts, token) == (
        "ExpiredTokenException",
        f"Token expired: current date/time {at} must be before the expiration date/time {at}",
        400,
    )


@pytest.mark.parametrize("provider", ["graph.facebook.com", "www.amazon.com"])
def test_access_tokens_of_oauth_providers(sts, provider):
    answer = web(sts, "opaque-token", ProviderId=provider)
    assert answer["Provider"] == provider
    assert answer["SubjectFromWebIdentityToken"].isdecimal()
    same = web(sts, "opaque-token", ProviderId=provider)
    assert same["SubjectFromWebIdentityToken"] == answer["SubjectFromWebIdentityToken"]
    assert refusal(web, sts, "opaque-token", ProviderId="example.com")[0] == "InvalidParameterValue"


def test_web_identity_of_what_is_no_role(sts):
    assert refusal(web, sts, RoleArn="arn:aws:iam::111122223333:user/reader") == (
        "AccessDenied",
        "Not authorized to perform sts:AssumeRoleWithWebIdentity",
        403,
    )


# --- SAML


def saml(sts, text=None, **more):
    return sts.assume_role_with_saml(
        **{"RoleArn": ROLE, "PrincipalArn": PROVIDER, "SAMLAssertion": text or assertion(), **more}
    )


def test_saml(aws):
    unsigned = boto3.client("sts", region_name="us-east-1", config=Config(signature_version=UNSIGNED))
    answer = saml(unsigned)
    assert answer["AssumedRoleUser"]["Arn"] == "arn:aws:sts::111122223333:assumed-role/reader/carol"
    assert client_of(answer).get_caller_identity()["Arn"] == answer["AssumedRoleUser"]["Arn"]
    digest = hashlib.sha1(b"https://example.com/saml111122223333/idp").digest()
    expected = {
        "Subject": "carol-1",
        "SubjectType": "persistent",
        "Issuer": "https://example.com/saml",
        "Audience": "https://signin.aws.amazon.com/saml",
        "NameQualifier": base64.b64encode(digest).decode(),
    }
    assert {name: answer[name] for name in expected} == expected


def test_saml_pairs_in_either_order_attributes_and_session_end(aws, sts):
    text = assertion(
        roles=["arn:aws:iam::111122223333:role/x,y", f"{PROVIDER},{ROLE}"],
        ends=NOW + timedelta(minutes=20),
        attributes=[
            ("PrincipalTag:Team", ["a"]),
            ("TransitiveTagKeys", ["Team"]),
            ("SourceIdentity", ["alice"]),
        ],
    )
    answer = saml(sts, text)
    assert lasts(answer) == 1200
    assert answer["SourceIdentity"] == "alice"
    session = aws.credentials.issued(answer["Credentials"]["AccessKeyId"]).caller.session
    assert (session.tags, session.transitive) == ({"Team": "a"}, ("Team",))
    assert session.context["saml:sub"] == "carol-1"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (assertion(roles=[]), ("AccessDenied", "Not authorized to perform sts:AssumeRoleWithSAML", 403)),
        (assertion(name=None), ("InvalidIdentityToken", "RoleSessionName is required in AuthnResponse", 400)),
        (
            assertion(name="a b"),
            ("InvalidIdentityToken", "RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}", 400),
        ),
        (
            assertion(attributes=[("SourceIdentity", ["aws:me"])]),
            (
                "InvalidIdentityToken",
                'Source Identity must match [a-zA-Z_0-9+=,.@-]{2,64} and not begin with "aws:"',
                400,
            ),
        ),
        ("rubbish", ("InvalidIdentityToken", "Invalid base64 SAMLResponse", 400)),
        (base64.b64encode(b"<a").decode(), ("InvalidIdentityToken", "Invalid base64 SAMLResponse", 400)),
        (
            base64.b64encode(b"<a/>").decode(),
            ("InvalidIdentityToken", "Your request included an invalid SAML response.", 400),
        ),
        (
            assertion(status="Responder"),
            ("IDPRejectedClaim", "The identity provider reported that authentication failed", 403),
        ),
    ],
)
def test_assertions_that_are_refused(sts, text, expected):
    assert refusal(saml, sts, text) == expected


def test_assertions_are_good_for_five_minutes(aws, sts):
    expected = ("ExpiredTokenException", "Token must be redeemed within 5 minutes of issuance", 400)
    short, long = assertion(), assertion(until=NOW + timedelta(hours=1))
    aws.clock.advance(seconds=299)
    assert saml(sts, short)
    aws.clock.advance(seconds=1)
    assert refusal(saml, sts, short) == expected
    assert saml(sts, long)
    aws.clock.advance(seconds=1)
    assert refusal(saml, sts, long) == expected

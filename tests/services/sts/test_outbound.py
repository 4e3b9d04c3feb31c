"""Tokens that STS makes for services outside of AWS."""

import base64
import json

import boto3
import pytest

from .making import NOW, client_of, refusal

pytestmark = pytest.mark.aws(at="2026-01-01")
ASKED = {"Audience": ["https://api.example.com"], "SigningAlgorithm": "ES384"}


@pytest.fixture
def iam(aws):
    return boto3.client("iam", region_name="us-east-1")


@pytest.fixture
def issuer(iam):
    return iam.enable_outbound_web_identity_federation()["IssuerIdentifier"]


@pytest.fixture
def sts(aws):
    return boto3.client("sts", region_name="eu-west-1")


def unpacked(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def read(token):
    """(header, claims, what is signed, signature)"""
    header, claims, signature = token.split(".")
    return (
        json.loads(unpacked(header)),
        json.loads(unpacked(claims)),
        f"{header}.{claims}".encode(),
        unpacked(signature),
    )


@pytest.mark.parametrize(("algorithm", "length"), [("RS256", 256), ("ES384", 96)])
def test_a_token_tells_who_calls(aws, sts, issuer, algorithm, length):
    answer = sts.get_web_identity_token(
        Audience=["https://api.example.com"], SigningAlgorithm=algorithm, Tags=[{"Key": "job", "Value": "7"}]
    )
    assert (answer["Expiration"] - NOW).total_seconds() == 300
    header, claims, _, signature = read(answer["WebIdentityToken"])
    assert (header["alg"], header["typ"], len(signature)) == (algorithm, "JWT", length)
    assert {**claims, "jti": ""} == {
        "iss": issuer,
        "aud": "https://api.example.com",
        "sub": "arn:aws:iam::123456789012:user/awsim",
        "iat": NOW.timestamp(),
        "exp": NOW.timestamp() + 300,
        "jti": "",
        "https://sts.amazonaws.com/": {
            "aws_account": "123456789012",
            "source_region": "eu-west-1",
            "request_tags": {"job": "7"},
        },
    }


def test_signatures_verify(aws, sts, issuer):
    asymmetric = pytest.importorskip("cryptography.hazmat.primitives.asymmetric")
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, padding, utils
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    from awsim.services.sts.outbound import public_half

    assert asymmetric is not None
    service = aws.service("sts", aws.account, "us-east-1")
    for algorithm in ("RS256", "ES384"):
        token = sts.get_web_identity_token(**{**ASKED, "SigningAlgorithm": algorithm})["WebIdentityToken"]
        _, _, text, signature = read(token)
        key = load_der_public_key(public_half(service, service.signing_keys[algorithm]))
        if algorithm == "RS256":
            key.verify(signature, text, padding.PKCS1v15(), hashes.SHA256())
        else:
            numbers = (int.from_bytes(signature[:48], "big"), int.from_bytes(signature[48:], "big"))
            key.verify(utils.encode_dss_signature(*numbers), text, ec.ECDSA(hashes.SHA384()))


def test_a_role_shows_its_tags_and_not_its_session(sts, iam, issuer):
    trust = {"Statement": {"Effect": "Allow", "Action": ["sts:AssumeRole"], "Principal": {"AWS": "*"}}}
    trust["Version"] = "2012-10-17"
    tags = [{"Key": "team", "Value": "red"}, {"Key": "tier", "Value": "1"}]
    arn = iam.create_role(RoleName="app", Path="/a/", AssumeRolePolicyDocument=json.dumps(trust), Tags=tags)["Role"][
        "Arn"
    ]
    session = sts.assume_role(RoleArn=arn, RoleSessionName="one", Tags=[{"Key": "tier", "Value": "2"}])
    _, claims, _, _ = read(client_of(session).get_web_identity_token(**ASKED)["WebIdentityToken"])
    assert claims["sub"] == arn
    assert claims["https://sts.amazonaws.com/"]["principal_tags"] == {"team": "red", "tier": "2"}


def test_a_token_does_not_outlive_its_session(aws, sts, issuer):
    session = sts.assume_role(RoleArn="arn:aws:iam::123456789012:role/app", RoleSessionName="one", DurationSeconds=900)
    own = client_of(session)
    own.get_web_identity_token(**ASKED, DurationSeconds=900)
    aws.clock.advance(seconds=1)
    code, _, status = refusal(own.get_web_identity_token, **ASKED, DurationSeconds=900)
    assert (code, status) == ("SessionDurationEscalationException", 403)
    own.get_web_identity_token(**ASKED, DurationSeconds=899)


def test_what_is_refused(sts, iam):
    code, _, status = refusal(sts.get_web_identity_token, **ASKED)
    assert (code, status) == ("OutboundWebIdentityFederationDisabledException", 403)
    iam.enable_outbound_web_identity_federation()
    assert refusal(sts.get_web_identity_token, **{**ASKED, "SigningAlgorithm": "HS256"})[0] == "ValidationError"
    assert refusal(sts.get_web_identity_token, **ASKED, DurationSeconds=3601)[0] == "ValidationError"
    twice = [{"Key": "a", "Value": "1"}, {"Key": "A", "Value": "2"}]
    assert refusal(sts.get_web_identity_token, **ASKED, Tags=twice)[0] == "InvalidParameterValue"
    iam.disable_outbound_web_identity_federation()
    assert refusal(sts.get_web_identity_token, **ASKED)[0] == "OutboundWebIdentityFederationDisabledException"


@pytest.mark.aws(at="2026-01-01", authorization=True)
def test_the_audience_can_be_limited(iam, issuer):
    only = {"ForAllValues:StringEquals": {"sts:IdentityTokenAudience": "https://api.example.com"}}
    statement = {"Effect": "Allow", "Action": "sts:GetWebIdentityToken", "Resource": "*", "Condition": only}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.create_user(UserName="ann")
    iam.put_user_policy(UserName="ann", PolicyName="own", PolicyDocument=policy)
    key = iam.create_access_key(UserName="ann")["AccessKey"]
    keys = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    own = boto3.client("sts", region_name="us-east-1", **keys)
    own.get_web_identity_token(**ASKED)
    assert (
        refusal(own.get_web_identity_token, **{**ASKED, "Audience": ["https://else.example.com"]})[0] == "AccessDenied"
    )
    tagged = refusal(own.get_web_identity_token, **ASKED, Tags=[{"Key": "job", "Value": "7"}])
    assert (tagged[0], "sts:TagGetWebIdentityToken" in tagged[1]) == ("AccessDenied", True)

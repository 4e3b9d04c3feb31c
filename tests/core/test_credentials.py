from __future__ import annotations

import pytest

from awsim.auth.credentials import (
    ANONYMOUS,
    DEFAULT,
    Caller,
    Credentials,
    Session,
    account_in,
    administrator,
    named_id,
    parse_authorization,
    unique_id,
)
from awsim.auth.refusals import Refused
from awsim.cloud import Cloud
from awsim.ids import Ids
from awsim.wire.http import Headers


class Clock:
    now = 1000.0

    def time(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def credentials(clock):
    return Credentials("123456789012", clock)


@pytest.fixture
def ids():
    return Ids(0, "123456789012", "us-east-1", "sts")


def role_session(credentials, ids, expires=2000.0, account="210987654321"):
    arn = f"arn:aws:sts::{account}:assumed-role/role/name"
    return credentials.issue("assumed-role", account, arn, "AROAX:name", ids, session=Session(1000.0, expires))


def reason(credentials, *args):
    with pytest.raises(Refused) as caught:
        credentials.identify(*args)
    return caught.value.reason


# --- who is behind a key


def test_unknown_keys_are_the_administrator(credentials):
    caller = credentials.identify("AKIAIOSFODNN7EXAMPLE", "any token")
    assert (caller.account, caller.arn, caller.type) == (
        "123456789012",
        "arn:aws:iam::123456789012:user/awsim",
        "user",
    )
    assert caller.user_id.startswith("AIDA")
    assert len(caller.user_id) == 21
    assert caller.access_key == "AKIAIOSFODNN7EXAMPLE"
    assert credentials.identify(DEFAULT.access_key).account == "123456789012"
    assert credentials.identify("AKIAIOSFODNN7EXAMPLE") is caller  # kept: the hot path is one look-up


@pytest.mark.parametrize(
    ("key", "account"),
    [("111122223333", "111122223333"), ("11112222333", "123456789012"), ("1111222233334", "123456789012")],
)
def test_a_key_of_12_digits_is_its_own_account(credentials, key, account):
    assert credentials.identify(key).arn == f"arn:aws:iam::{account}:user/awsim"


def test_arns_are_of_the_partition(credentials):
    assert credentials.identify("111122223333", None, "aws-cn").arn == "arn:aws-cn:iam::111122223333:user/awsim"
    assert credentials.identify("111122223333").arn == "arn:aws:iam::111122223333:user/awsim"


def test_issued_keys_carry_their_identity(credentials, ids):
    key = role_session(credentials, ids)
    assert key.access_key.startswith("ASIA")
    assert len(key.access_key) == 20
    assert len(key.secret) == 40
    assert len(key.session_token) >= 300
    caller = credentials.identify(key.access_key, key.session_token)
    assert caller is key.caller
    assert (caller.account, caller.type, caller.is_temporary) == ("210987654321", "assumed-role", True)
    assert credentials.secret_of(key.access_key) == key.secret
    assert credentials.account_of(key.access_key) == "210987654321"
    assert key.keys == (key.access_key, key.secret, key.session_token)

    user = credentials.issue("user", "111122223333", "arn:aws:iam::111122223333:user/bob", "AIDAX", ids)
    assert user.access_key.startswith("AKIA")
    assert (user.session_token, user.expires) == (None, None)
    assert credentials.identify(user.access_key).arn.endswith("user/bob")
    assert user.access_key != credentials.issue("user", "111122223333", "a", "b", ids).access_key


def test_temporary_keys_need_their_own_token(credentials, ids):
    key, other = role_session(credentials, ids), role_session(credentials, ids)
    assert reason(credentials, key.access_key) == "missing-token"
    assert reason(credentials, key.access_key, "") == "missing-token"
    assert reason(credentials, key.access_key, other.session_token) == "token"
    user = credentials.issue("user", "111122223333", "arn", "AIDAX", ids)
    assert reason(credentials, user.access_key, key.session_token) == "token"


def test_temporary_keys_expire_on_the_clock(credentials, ids, clock):
    key = role_session(credentials, ids, expires=2000.0)
    clock.now = 1999.9
    credentials.identify(key.access_key, key.session_token)
    clock.now = 2000.0
    assert reason(credentials, key.access_key, key.session_token) == "expired"


def test_keys_switched_off_and_revoked(credentials, ids):
    key = credentials.issue("user", "111122223333", "arn", "AIDAX", ids)
    credentials.activate(key.access_key, False)
    assert reason(credentials, key.access_key) == "inactive"
    credentials.activate(key.access_key, True)
    assert credentials.identify(key.access_key).account == "111122223333"
    credentials.revoke(key.access_key)
    assert credentials.identify(key.access_key).account == "123456789012"
    credentials.revoke(key.access_key)


def test_secrets_seen_signing(credentials):
    assert credentials.secret_of("AKIAIOSFODNN7EXAMPLE") is None
    credentials.seen("AKIAIOSFODNN7EXAMPLE", "secret")
    assert credentials.secret_of("AKIAIOSFODNN7EXAMPLE") == "secret"
    assert credentials.secret_of(DEFAULT.access_key) == DEFAULT.secret


def test_issued_keys_go_with_a_snapshot():
    cloud = Cloud()
    before = cloud.snapshot()
    issued = cloud.call("sts", "get_session_token")["Credentials"]
    after = cloud.snapshot()
    assert cloud.credentials.issued(issued["AccessKeyId"])
    cloud.restore(before)
    assert cloud.credentials.issued(issued["AccessKeyId"]) is None
    cloud.restore(after)
    assert cloud.credentials.issued(issued["AccessKeyId"]).secret == issued["SecretAccessKey"]


def test_callers():
    service = Caller.for_service("sns.amazonaws.com", "123456789012")
    assert (service.type, service.service, service.account) == ("service", "sns.amazonaws.com", "123456789012")
    assert ANONYMOUS.is_anonymous
    assert administrator("111122223333").tags == {}
    assert not administrator("111122223333").is_temporary


# --- ids


@pytest.mark.parametrize("account", ["000000000001", "123456789012", "999999999999"])
@pytest.mark.parametrize("number", [0, 1, 2**39 - 1, 2**60])
def test_ids_carry_the_account(account, number):
    key = unique_id("AKIA", account, number)
    assert len(key) == 20
    assert account_in(key) == account
    user = unique_id("AIDA", account, number)
    assert len(user) == 21
    assert user[4:12] == key[4:12]
    assert (
        named_id("AROA", account, "role/a")
        == named_id("AROA", account, "role/a")
        != named_id("AROA", account, "role/b")
    )


@pytest.mark.parametrize(
    ("key", "account"),
    [
        ("ASIAQNZGKIQY56JQ7WML", "029608264753"),  # published examples of real keys
        ("ASIAY34FZKBOKMUTVV7A", "609629065308"),
        ("AKIAIOSFODNN7EXAMPLE", None),  # of the older kind
        ("AKIA", None),
        ("AKIAQQQQ0000QQQQQQQQ", None),
    ],
)
def test_accounts_in_real_keys(key, account, credentials):
    assert account_in(key) == account
    assert credentials.account_of(key) == (account or "123456789012")


# --- what a request says

SIGNED = (
    "AWS4-HMAC-SHA256 Credential=AKID/20130524/eu-west-1/s3/aws4_request, SignedHeaders=host;x-amz-date, Signature=abc"
)
QUERY = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKID%2F20130524%2Feu-west-1%2Fs3%2Faws4_request&X-Amz-Date=x"
ASYMMETRIC = QUERY.replace("HMAC-SHA256", "ECDSA-P256-SHA256").replace("eu-west-1%2F", "")


@pytest.mark.parametrize(
    ("headers", "query", "expected"),
    [
        ({"Authorization": SIGNED}, "", ("AKID", "eu-west-1", "s3", None, "v4")),
        ({"Authorization": SIGNED.replace(", ", ",")}, QUERY, ("AKID", "eu-west-1", "s3", None, "v4")),
        ({"Authorization": SIGNED, "X-Amz-Security-Token": "t"}, "", ("AKID", "eu-west-1", "s3", "t", "v4")),
        ({"Authorization": SIGNED.replace("AKID", "A/K/I/D")}, "", ("A/K/I/D", "eu-west-1", "s3", None, "v4")),
        ({"Authorization": "AWS4-HMAC-SHA256 Credential=AKID/x"}, "", ("", None, None, None, "unreadable")),
        ({"Authorization": "AWS4-HMAC-SHA256 Signature=x"}, "", ("", None, None, None, "unreadable")),
        (
            {"Authorization": "AWS4-ECDSA-P256-SHA256 Credential=AKID/20130524/s3/aws4_request, SignedHeaders=host"},
            "",
            ("AKID", None, "s3", None, "v4a"),
        ),
        ({"Authorization": "AWS AKID:c2ln"}, "", ("AKID", None, None, None, "v2")),
        ({"Authorization": "Bearer token"}, "", ("", None, None, "token", "bearer")),
        ({"Authorization": "Basic dXNlcg=="}, "", ("", None, None, None, "unreadable")),
        ({}, QUERY, ("AKID", "eu-west-1", "s3", None, "v4-query")),
        ({}, QUERY + "&X-Amz-Security-Token=a%2Fb", ("AKID", "eu-west-1", "s3", "a/b", "v4-query")),
        ({}, QUERY.lower().replace("akid", "AKID"), ("AKID", "eu-west-1", "s3", None, "v4-query")),
        ({}, ASYMMETRIC, ("AKID", None, "s3", None, "v4a-query")),
        ({}, "X-Amz-Algorithm=AWS4-HMAC-SHA256", ("", None, None, None, "v4-query")),
        ({}, "a=1&AWSAccessKeyId=AKID&Signature=s%3D&Expires=1", ("AKID", None, None, None, "v2-query")),
        (
            {},
            "AWSAccessKeyId=AKID&Signature=s&Expires=1&x-amz-security-token=t",
            ("AKID", None, None, "t", "v2-query"),
        ),
        ({}, "list-type=2&prefix=X", ("", None, None, None, "none")),
        ({}, "", ("", None, None, None, "none")),
    ],
)
def test_parse_authorization(headers, query, expected):
    assert parse_authorization(Headers(headers), query) == expected


def test_parse_authorization_of_decoded_pairs():
    pairs = [("X-Amz-Credential", "AKID/20130524/eu-west-1/s3/aws4_request"), ("X-Amz-Security-Token", "t")]
    assert parse_authorization({}, pairs) == ("AKID", "eu-west-1", "s3", "t", "v4-query")


# --- the words of each protocol


@pytest.mark.rule("sts-012")
@pytest.mark.parametrize(
    ("service", "protocol", "expired", "unknown", "missing"),
    [
        ("sts", "query", ("ExpiredToken", 403), ("InvalidClientTokenId", 403), ("MissingAuthenticationToken", 403)),
        (
            "dynamodb",
            "json",
            ("ExpiredTokenException", 400),
            ("UnrecognizedClientException", 400),
            ("MissingAuthenticationTokenException", 400),
        ),
        (
            "lambda",
            "rest-json",
            ("ExpiredTokenException", 403),
            ("UnrecognizedClientException", 403),
            ("MissingAuthenticationTokenException", 403),
        ),
        ("sqs", "json", ("ExpiredToken", 403), ("InvalidClientTokenId", 403), ("MissingAuthenticationToken", 403)),
        ("s3", "rest-xml", ("ExpiredToken", 400), ("InvalidAccessKeyId", 403), ("AccessDenied", 403)),
        ("ec2", "ec2", ("RequestExpired", 400), ("AuthFailure", 401), ("MissingAuthenticationToken", 403)),
        (
            "cloudfront",
            "rest-xml",
            ("ExpiredToken", 403),
            ("InvalidClientTokenId", 403),
            ("MissingAuthenticationToken", 403),
        ),
    ],
)
def test_refusals(service, protocol, expired, unknown, missing):
    def worded(reason):
        error = Refused(reason, "AKID", "token").worded(service, protocol)
        return error.code, error.status

    assert worded("expired") == expired
    assert worded("unknown") == worded("missing-token") == worded("inactive") == unknown
    assert worded("missing") == missing


@pytest.mark.parametrize(
    ("service", "protocol", "reason", "message", "fields"),
    [
        ("sts", "query", "expired", "The security token included in the request is expired", {}),
        ("sts", "query", "token", "The security token included in the request is invalid.", {}),
        ("s3", "rest-xml", "expired", "The provided token has expired.", {"Token-0": "token"}),
        ("s3", "rest-xml", "token", "The provided token is malformed or otherwise invalid.", {"Token-0": "token"}),
        (
            "s3",
            "rest-xml",
            "unknown",
            "The AWS Access Key Id you provided does not exist in our records.",
            {"AWSAccessKeyId": "AKID"},
        ),
        ("ec2", "ec2", "token", "AWS was not able to validate the provided access credentials", {}),
    ],
)
def test_messages_of_refusals(service, protocol, reason, message, fields):
    error = Refused(reason, "AKID", "token").worded(service, protocol)
    assert (error.message, error.fields) == (message, fields)

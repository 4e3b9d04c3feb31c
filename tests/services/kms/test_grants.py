"""Grants."""

import pytest

ACCOUNT = "123456789012"
authorized = pytest.mark.aws(authorization=True)


def user_arn(name, account=ACCOUNT):
    return f"arn:aws:iam::{account}:user/{name}"


@authorized
def test_a_grant_lets_in(kms, key, user, refused):
    ann = user("ann")
    with refused("AccessDeniedException"):
        ann.encrypt(KeyId=key, Plaintext=b"x")
    made = kms.create_grant(KeyId=key, GranteePrincipal=user_arn("ann"), Operations=["Encrypt"], Name="mine")
    blob = ann.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    with refused("AccessDeniedException"):
        ann.decrypt(CiphertextBlob=blob)
    (grant,) = kms.list_grants(KeyId=key)["Grants"]
    expected = {
        "KeyId": key,
        "GrantId": made["GrantId"],
        "Name": "mine",
        "GranteePrincipal": user_arn("ann"),
        "IssuingAccount": f"arn:aws:iam::{ACCOUNT}:root",
        "Operations": ["Encrypt"],
    }
    assert expected.items() <= grant.items()
    kms.revoke_grant(KeyId=key, GrantId=made["GrantId"])
    with refused("AccessDeniedException"):
        ann.encrypt(KeyId=key, Plaintext=b"x")
    with refused("NotFoundException"):
        kms.revoke_grant(KeyId=key, GrantId=made["GrantId"])


@pytest.mark.parametrize(
    ("constraint", "good", "bad"),
    [
        ("EncryptionContextEquals", [{"a": "1", "b": "2"}], [{"a": "1"}, {"a": "1", "b": "2", "c": "3"}, {}]),
        ("EncryptionContextSubset", [{"a": "1", "b": "2"}, {"a": "1", "b": "2", "c": "3"}], [{"a": "1"}, {"a": "2"}]),
    ],
)
@authorized
def test_constraints(kms, key, user, refused, constraint, good, bad):
    ann = user("ann")
    terms = {"KeyId": key, "GranteePrincipal": user_arn("ann"), "Operations": ["Encrypt", "DescribeKey"]}
    kms.create_grant(**terms, Constraints={constraint: {"a": "1", "b": "2"}})
    for context in good:
        ann.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext=context)
    for context in bad:
        with refused("AccessDeniedException"):
            ann.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext=context)
    # Operations without a context are not constrained.
    assert ann.describe_key(KeyId=key)["KeyMetadata"]["Arn"] == key


@authorized
def test_a_role_that_is_granted(aws, kms, key, refused):
    import json

    import boto3

    iam = boto3.client("iam")
    trust = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = iam.create_role(RoleName="app", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    with aws.acting_as(role), refused("AccessDeniedException"):
        kms.encrypt(KeyId=key, Plaintext=b"x")
    kms.create_grant(KeyId=key, GranteePrincipal=role, Operations=["Encrypt"])
    with aws.acting_as(role):
        assert kms.encrypt(KeyId=key, Plaintext=b"x")["KeyId"] == key


@authorized
def test_retiring(kms, key, user, refused):
    ann, bob, eve = user("ann"), user("bob"), user("eve", "kms:*")
    terms = {"KeyId": key, "GranteePrincipal": user_arn("ann"), "RetiringPrincipal": user_arn("bob")}
    first = kms.create_grant(**terms, Operations=["Encrypt"])
    other = kms.create_grant(**terms, Operations=["Encrypt", "RetireGrant"])
    found = kms.list_retirable_grants(RetiringPrincipal=user_arn("bob"))["Grants"]
    assert {grant["GrantId"] for grant in found} == {first["GrantId"], other["GrantId"]}
    with refused("AccessDeniedException"):
        ann.retire_grant(GrantToken=first["GrantToken"])
    bob.retire_grant(GrantToken=first["GrantToken"])
    ann.retire_grant(KeyId=key, GrantId=other["GrantId"])
    assert kms.list_grants(KeyId=key)["Grants"] == []
    with refused("NotFoundException"):
        eve.retire_grant(GrantToken=first["GrantToken"])
    with refused("InvalidGrantTokenException"):
        kms.retire_grant(GrantToken="rubbish")
    with refused("ValidationException"):
        kms.retire_grant(KeyId=key)


@pytest.mark.aws(authorization=True, replay="kms.grant-late#1=1", at="2026-03-01")
def test_a_new_grant_may_not_be_known_yet(aws, kms, key, user, refused):
    ann = user("ann")
    aws.clock.advance(minutes=1)
    made = kms.create_grant(KeyId=key, GranteePrincipal=user_arn("ann"), Operations=["Encrypt"])
    with refused("AccessDeniedException"):
        ann.encrypt(KeyId=key, Plaintext=b"x")
    ann.encrypt(KeyId=key, Plaintext=b"x", GrantTokens=[made["GrantToken"]])
    aws.clock.advance(seconds=10)
    ann.encrypt(KeyId=key, Plaintext=b"x")


def test_the_same_grant_twice(kms, key):
    terms = {"KeyId": key, "GranteePrincipal": f"arn:aws:iam::{ACCOUNT}:root", "Operations": ["Encrypt"]}
    first, again = (kms.create_grant(**terms, Name="mine") for _ in range(2))
    assert first["GrantId"] == again["GrantId"]
    assert first["GrantToken"] != again["GrantToken"]
    assert kms.create_grant(**terms)["GrantId"] != kms.create_grant(**terms)["GrantId"]
    assert len(kms.list_grants(KeyId=key)["Grants"]) == 3
    assert len(kms.list_grants(KeyId=key, GrantId=first["GrantId"])["Grants"]) == 1
    assert kms.list_grants(KeyId=key, GranteePrincipal=user_arn("x"))["Grants"] == []


def test_grants_that_cannot_be(kms, key, make, refused):
    root = f"arn:aws:iam::{ACCOUNT}:root"
    pair = make(KeySpec="RSA_2048", KeyUsage="ENCRYPT_DECRYPT")
    message = "EncryptionContext is supported only when creating a grant for a symmetric encryption KMS key."
    for code, asked, said in (
        ("ValidationException", {"KeyId": key, "Operations": ["Sign"], "GranteePrincipal": root}, None),
        ("ValidationException", {"KeyId": key, "Operations": ["Fly"], "GranteePrincipal": root}, None),
        ("ValidationException", {"KeyId": key, "Operations": ["Encrypt"]}, None),
        ("InvalidArnException", {"KeyId": key, "Operations": ["Encrypt"], "GranteePrincipal": user_arn("none")}, None),
        (
            "ValidationException",
            {
                "KeyId": pair,
                "Operations": ["Encrypt"],
                "GranteePrincipal": root,
                "Constraints": {"EncryptionContextEquals": {"a": "b"}},
            },
            message,
        ),
    ):
        with refused(code, said):
            kms.create_grant(**asked)
    kms.disable_key(KeyId=key)
    with refused("DisabledException", f"{key} is disabled."):
        kms.create_grant(KeyId=key, Operations=["Encrypt"], GranteePrincipal=root)
    kms.enable_key(KeyId=key)
    assert kms.list_grants(KeyId=key)["Grants"] == []


def test_quota(aws, kms, key, refused):
    aws.limits["kms.grants"] = 1
    terms = {"KeyId": key, "GranteePrincipal": f"arn:aws:iam::{ACCOUNT}:root", "Operations": ["Encrypt"]}
    kms.create_grant(**terms)
    with refused("LimitExceededException"):
        kms.create_grant(**terms)


def test_a_grant_to_another_account(kms, other, key, refused):
    with refused("AccessDeniedException"):
        other.encrypt(KeyId=key, Plaintext=b"x")
    kms.create_grant(KeyId=key, GranteePrincipal="arn:aws:iam::210987654321:root", Operations=["Encrypt"])
    assert other.encrypt(KeyId=key, Plaintext=b"x")["KeyId"] == key
    with refused("AccessDeniedException"):
        other.generate_data_key(KeyId=key, KeySpec="AES_256")


@authorized
@pytest.mark.newer_botocore
def test_a_grant_for_one_resource(aws, kms, key, refused):
    """Constraint SourceArn: only for calls on behalf of that resource."""
    topic = f"arn:aws:sns:us-east-1:{ACCOUNT}:news"
    service = "sns.amazonaws.com"
    kms.create_grant(
        KeyId=key,
        GranteeServicePrincipal=service,
        RetiringServicePrincipal=service,
        Operations=["GenerateDataKey"],
        Constraints={"SourceArn": topic},
    )
    (grant,) = kms.list_retirable_grants(RetiringServicePrincipal=service)["Grants"]
    assert grant["Constraints"] == {"SourceArn": topic}
    assert kms.list_grants(KeyId=key, GranteeServicePrincipal=service)["Grants"] == [grant]
    asked = {"KeyId": key, "KeySpec": "AES_256"}
    aws.call("kms", "GenerateDataKey", asked, caller=service, source_arn=topic)
    for source in (None, topic + "2"):
        with pytest.raises(Exception, match="is not authorized to perform: kms:GenerateDataKey"):
            aws.call("kms", "GenerateDataKey", asked, caller=service, source_arn=source)


def test_what_requests_about_grants_need(kms, key, refused):
    id = key.rpartition("/")[2]
    with refused("InvalidArnException"):
        kms.retire_grant(KeyId=id, GrantId="x")
    with refused("ValidationException"):
        kms.list_retirable_grants()
    both = {"EncryptionContextEquals": {"a": "b"}, "EncryptionContextSubset": {"a": "b"}}
    with refused("ValidationException"):
        kms.create_grant(
            KeyId=key, GranteePrincipal=f"arn:aws:iam::{ACCOUNT}:root", Operations=["Decrypt"], Constraints=both
        )

"""Key policies: who may use and administer keys."""

import json

import boto3
import pytest

ACCOUNT = "123456789012"
OTHER = "210987654321"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
authorized = pytest.mark.aws(authorization=True)


def user_arn(name, account=ACCOUNT):
    return f"arn:aws:iam::{account}:user/{name}"


@pytest.mark.rule("kms-026")
def test_the_default_policy(kms, key):
    answer = kms.get_key_policy(KeyId=key, PolicyName="default")
    (statement,) = json.loads(answer["Policy"])["Statement"]
    assert answer["PolicyName"] == "default"
    assert statement == {
        "Sid": "Enable IAM User Permissions",
        "Effect": "Allow",
        "Principal": {"AWS": ROOT},
        "Action": "kms:*",
        "Resource": "*",
    }
    assert kms.list_key_policies(KeyId=key)["PolicyNames"] == ["default"]


def test_other_names_of_policies(kms, key, policy, refused):
    with refused("NotFoundException", "No such policy exists"):
        kms.get_key_policy(KeyId=key, PolicyName="other")
    with refused("NotFoundException", "No such policy exists"):
        kms.put_key_policy(KeyId=key, PolicyName="other", Policy=policy())


@pytest.mark.rule("kms-027")
@authorized
def test_the_key_policy_must_let_in(kms, make, policy, user, refused):
    ann, bob = user("ann", "kms:*"), user("bob")
    key = make(Policy=policy((user_arn("bob"), "kms:Encrypt")))
    with refused(
        "AccessDeniedException",
        f"User: {user_arn('ann')} is not authorized to perform: kms:Encrypt on resource: {key} because no "
        "resource-based policy allows the kms:Encrypt action",
    ):
        ann.encrypt(KeyId=key, Plaintext=b"x")
    assert bob.encrypt(KeyId=key, Plaintext=b"x")["KeyId"] == key


@pytest.mark.rule("kms-027", "kms-032")
@authorized
def test_the_default_policy_leaves_it_to_iam(kms, key, user, refused):
    ann, bob = user("ann", "kms:Encrypt"), user("bob")
    assert ann.encrypt(KeyId=key, Plaintext=b"x")["KeyId"] == key
    with refused(
        "AccessDeniedException",
        f"User: {user_arn('bob')} is not authorized to perform: kms:Encrypt on resource: {key} because no "
        "identity-based policy allows the kms:Encrypt action",
    ):
        bob.encrypt(KeyId=key, Plaintext=b"x")
    with refused("AccessDeniedException"):
        ann.disable_key(KeyId=key)
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Enabled"


@pytest.mark.rule("kms-028")
@authorized
def test_users_of_a_key(kms, make, policy, user, refused):
    ann = user("ann")
    key = make(Policy=policy((user_arn("ann"), "kms:Decrypt")))
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    assert ann.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    with refused("AccessDeniedException"):
        ann.encrypt(KeyId=key, Plaintext=b"x")


@authorized
def test_a_ciphertext_does_not_tell_its_key(kms, key, make, policy, user, refused):
    ann = user("ann", "kms:*")
    closed = make(Policy=policy())
    hidden = "on the resource associated with this ciphertext because"
    for arn, reason in ((key, f"{hidden} no identity-based policy"), (closed, f"{hidden} the resource does not exist")):
        blob = kms.encrypt(KeyId=arn, Plaintext=b"x")["CiphertextBlob"]
        with refused("AccessDeniedException") as refusal:
            (user("bob") if arn == key else ann).decrypt(CiphertextBlob=blob)
        assert reason in refusal.message
        assert arn not in refusal.message


@pytest.mark.rule("kms-029")
@pytest.mark.parametrize("mode", [pytest.param(True, marks=authorized), False])
def test_a_policy_that_shuts_its_setter_out(kms, key, refused, mode, user):
    if mode:
        user("ann")
    else:
        boto3.client("iam").create_user(UserName="ann")
    statement = {"Effect": "Allow", "Principal": {"AWS": user_arn("ann")}, "Action": "kms:*", "Resource": "*"}
    closed = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    message = "The new key policy will not allow you to update the key policy in the future."
    with refused("MalformedPolicyDocumentException", message):
        kms.put_key_policy(KeyId=key, Policy=closed)
    with refused("MalformedPolicyDocumentException", message):
        kms.create_key(Policy=closed)
    assert ROOT in kms.get_key_policy(KeyId=key)["Policy"]
    kms.put_key_policy(KeyId=key, Policy=closed, BypassPolicyLockoutSafetyCheck=True)
    if mode:
        with refused("AccessDeniedException"):
            kms.get_key_policy(KeyId=key)
        with refused("AccessDeniedException"):
            kms.encrypt(KeyId=key, Plaintext=b"x")


@pytest.mark.parametrize(
    "text",
    [
        "no policy",
        "{}",
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "kms:*", "Resource": "*"}]}',
    ],
)
def test_policies_that_are_none(kms, key, refused, text):
    with refused("MalformedPolicyDocumentException"):
        kms.put_key_policy(KeyId=key, Policy=text)


def test_a_principal_that_does_not_exist(kms, key, policy, refused):
    with refused(
        "MalformedPolicyDocumentException", "Policy contains a statement with one or more invalid principals."
    ):
        kms.put_key_policy(KeyId=key, Policy=policy((user_arn("nobody"), "kms:*")))


@pytest.mark.rule("kms-030")
@authorized
def test_another_account(kms, make, policy, refused):
    iam = boto3.client("iam", aws_access_key_id=OTHER, aws_secret_access_key="x")
    iam.create_user(UserName="eve")
    made = iam.create_access_key(UserName="eve")["AccessKey"]
    eve = boto3.client(
        "kms",
        region_name="us-east-1",
        aws_access_key_id=made["AccessKeyId"],
        aws_secret_access_key=made["SecretAccessKey"],
    )
    key = make()
    allow = {"Effect": "Allow", "Action": "kms:Encrypt", "Resource": key}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    with refused("AccessDeniedException"):
        eve.encrypt(KeyId=key, Plaintext=b"x")
    iam.put_user_policy(UserName="eve", PolicyName="own", PolicyDocument=document)
    with refused("AccessDeniedException"):
        eve.encrypt(KeyId=key, Plaintext=b"x")
    kms.put_key_policy(KeyId=key, Policy=policy((f"arn:aws:iam::{OTHER}:root", "kms:*")))
    assert eve.encrypt(KeyId=key, Plaintext=b"x")["KeyId"] == key
    iam.delete_user_policy(UserName="eve", PolicyName="own")
    with refused("AccessDeniedException"):
        eve.encrypt(KeyId=key, Plaintext=b"x")


@pytest.mark.rule("kms-030")
def test_another_account_without_authorization(kms, other, make, policy, refused):
    key = make()
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    for call in (
        lambda: other.encrypt(KeyId=key, Plaintext=b"x"),
        lambda: other.describe_key(KeyId=key),
        lambda: other.decrypt(CiphertextBlob=blob),
    ):
        with refused("AccessDeniedException"):
            call()
    kms.put_key_policy(KeyId=key, Policy=policy((f"arn:aws:iam::{OTHER}:root", "kms:*")))
    assert other.encrypt(KeyId=key, Plaintext=b"x")["KeyId"] == key
    assert other.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    mine = other.create_key()["KeyMetadata"]["Arn"]
    moved = other.re_encrypt(CiphertextBlob=blob, DestinationKeyId=mine)["CiphertextBlob"]
    assert other.decrypt(CiphertextBlob=moved)["KeyId"] == mine
    # What cannot be shared at all.
    with refused("AccessDeniedException"):
        other.disable_key(KeyId=key)
    with refused("AccessDeniedException"):
        kms.describe_key(KeyId=mine)


@pytest.mark.parametrize(
    ("condition", "good", "bad"),
    [
        (
            {"StringEquals": {"kms:EncryptionContext:team": "a"}},
            {"EncryptionContext": {"team": "a"}},
            {"EncryptionContext": {"team": "b"}},
        ),
        (
            {"ForAllValues:StringEquals": {"kms:EncryptionContextKeys": ["team"]}},
            {"EncryptionContext": {"team": "x"}},
            {"EncryptionContext": {"team": "x", "more": "y"}},
        ),
        ({"StringEquals": {"kms:RequestAlias": "alias/mine"}}, {"KeyId": "alias/mine"}, {}),
        ({"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/mine"}}, {}, None),
        ({"StringEquals": {"kms:CallerAccount": ACCOUNT}}, {}, None),
        ({"StringEquals": {"kms:KeySpec": "SYMMETRIC_DEFAULT", "kms:KeyUsage": "ENCRYPT_DECRYPT"}}, {}, None),
        ({"StringEquals": {"kms:KeyOrigin": "AWS_KMS"}, "Bool": {"kms:MultiRegion": "false"}}, {}, None),
        ({"StringEquals": {"kms:EncryptionAlgorithm": "SYMMETRIC_DEFAULT"}}, {}, None),
        ({"StringEquals": {"aws:ResourceTag/team": "a"}}, {}, None),
        ({"StringEquals": {"kms:KeySpec": "RSA_2048"}}, None, {}),
        ({"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}, None, {}),
        ({"StringEquals": {"kms:CallerAccount": OTHER}}, None, {}),
    ],
)
@authorized
def test_conditions(kms, make, policy, user, refused, condition, good, bad):
    ann = user("ann")
    key = make(Policy=policy((user_arn("ann"), "kms:Encrypt", condition)), Tags=[{"TagKey": "team", "TagValue": "a"}])
    kms.create_alias(AliasName="alias/mine", TargetKeyId=key)
    if good is not None:
        assert ann.encrypt(**{"KeyId": key, "Plaintext": b"x", **good})["KeyId"] == key
    if bad is not None:
        with refused("AccessDeniedException"):
            ann.encrypt(**{"KeyId": key, "Plaintext": b"x", **bad})


@authorized
def test_conditions_on_new_keys(user, refused):
    iam = boto3.client("iam")
    ann = user("ann")
    allow = {
        "Effect": "Allow",
        "Action": "kms:CreateKey",
        "Resource": "*",
        "Condition": {"StringEquals": {"kms:KeySpec": "SYMMETRIC_DEFAULT"}, "Bool": {"kms:MultiRegion": "false"}},
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    iam.put_user_policy(UserName="ann", PolicyName="own", PolicyDocument=document)
    ann.create_key()
    for wrong in ({"KeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY"}, {"MultiRegion": True}):
        with refused("AccessDeniedException"):
            ann.create_key(**wrong)


@authorized
def test_reencryption_needs_both_keys(kms, make, policy, user, refused):
    ann = user("ann")
    source = make(Policy=policy((user_arn("ann"), "kms:ReEncryptFrom")))
    target = make(Policy=policy((user_arn("ann"), "kms:ReEncryptTo")))
    blob = kms.encrypt(KeyId=source, Plaintext=b"x")["CiphertextBlob"]
    answer = ann.re_encrypt(CiphertextBlob=blob, DestinationKeyId=target)
    assert (answer["SourceKeyId"], answer["KeyId"]) == (source, target)
    with refused("AccessDeniedException") as refusal:
        ann.re_encrypt(CiphertextBlob=answer["CiphertextBlob"], DestinationKeyId=target)
    assert "kms:ReEncryptFrom on the resource associated with this ciphertext" in refusal.message
    with refused("AccessDeniedException"):
        ann.re_encrypt(CiphertextBlob=blob, DestinationKeyId=source)


@authorized
def test_an_alias_needs_permission_on_both(kms, key, user, refused):
    alias = f"arn:aws:kms:us-east-1:{ACCOUNT}:alias/mine"
    with refused("AccessDeniedException") as refusal:
        user("ann", "kms:CreateAlias", resource=key).create_alias(AliasName="alias/mine", TargetKeyId=key)
    assert f"kms:CreateAlias on resource: {alias}" in refusal.message
    user("bob", "kms:CreateAlias").create_alias(AliasName="alias/mine", TargetKeyId=key)


@authorized
def test_a_key_that_does_not_exist(user, refused):
    none = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    with refused("AccessDeniedException"):
        user("bob").describe_key(KeyId=none)
    with refused("NotFoundException", f"Key '{none}' does not exist"):
        user("ann", "kms:*").describe_key(KeyId=none)


@pytest.mark.parametrize(
    ("condition", "good", "bad"),
    [
        ({"StringEquals": {"kms:EncryptionContext:team": "a"}}, {"team": "a"}, {"team": "b"}),
        ({"ForAllValues:StringEquals": {"kms:EncryptionContextKeys": ["team"]}}, {"team": "a"}, {"more": "a"}),
    ],
)
@authorized
def test_contexts_of_reencryption(kms, make, policy, user, refused, condition, good, bad):
    """Each key's policy looks at the context of its side."""
    ann = user("ann")
    source = make(Policy=policy((user_arn("ann"), "kms:ReEncryptFrom", condition)))
    target = make(Policy=policy((user_arn("ann"), "kms:ReEncryptTo", condition)))

    def move(there, here):
        blob = kms.encrypt(KeyId=source, Plaintext=b"x", EncryptionContext=there)["CiphertextBlob"]
        return ann.re_encrypt(
            CiphertextBlob=blob,
            SourceEncryptionContext=there,
            DestinationKeyId=target,
            DestinationEncryptionContext=here,
        )

    assert move(good, good)["KeyId"] == target
    for there, here in ((good, bad), (bad, good)):
        with refused("AccessDeniedException"):
            move(there, here)


@authorized
def test_reencryption_under_the_same_key_alone(kms, make, policy, user, refused):
    ann = user("ann")
    same = {"Bool": {"kms:ReEncryptOnSameKey": "true"}}
    allowed = policy((user_arn("ann"), "kms:ReEncrypt*", same))
    key, other = make(Policy=allowed), make(Policy=allowed)
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    assert ann.re_encrypt(CiphertextBlob=blob, DestinationKeyId=key)["KeyId"] == key
    assert ann.re_encrypt(CiphertextBlob=blob, SourceKeyId=key, DestinationKeyId=key)["KeyId"] == key
    with refused("AccessDeniedException"):
        ann.re_encrypt(CiphertextBlob=blob, DestinationKeyId=other)


@authorized
@pytest.mark.newer_botocore
def test_grants_for_services_alone(kms, make, policy, user, refused):
    """kms:GrantIsForAWSResource: only a service that uses the key for somebody makes grants."""
    ann = user("ann", "dynamodb:*")
    condition = {"Bool": {"kms:GrantIsForAWSResource": "true"}}
    key = make(Policy=policy((user_arn("ann"), "kms:DescribeKey"), (user_arn("ann"), "kms:CreateGrant", condition)))
    with refused("AccessDeniedException"):
        ann.create_grant(KeyId=key, GranteePrincipal=user_arn("ann"), Operations=["Decrypt"])
    keys = ann._request_signer._credentials
    db = boto3.client(
        "dynamodb",
        region_name="us-east-1",
        aws_access_key_id=keys.access_key,
        aws_secret_access_key=keys.secret_key,
    )
    db.create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key},
    )
    assert len(kms.list_grants(KeyId=key)["Grants"]) == 1


@authorized
def test_constraints_that_a_grant_must_have(kms, make, policy, user, refused):
    ann = user("ann")
    condition = {
        "ForAllValues:StringEquals": {"kms:GrantOperations": ["Decrypt", "Encrypt"]},
        "StringEquals": {"kms:GrantConstraintType": "EncryptionContextEquals", "kms:EncryptionContext:team": "a"},
    }
    key = make(Policy=policy((user_arn("ann"), "kms:CreateGrant", condition)))
    good = {
        "KeyId": key,
        "GranteePrincipal": user_arn("ann"),
        "Operations": ["Decrypt"],
        "Constraints": {"EncryptionContextEquals": {"team": "a"}},
    }
    ann.create_grant(**good)
    for change in (
        {"Operations": ["Decrypt", "DescribeKey"]},
        {"Constraints": {"EncryptionContextSubset": {"team": "a"}}},
        {"Constraints": {"EncryptionContextEquals": {"team": "b"}}},
        {"Constraints": {}},
    ):
        with refused("AccessDeniedException"):
            ann.create_grant(**{**good, **change})


@authorized
def test_an_alias_of_an_arn_is_the_request_alias_too(kms, make, policy, user, refused):
    ann = user("ann")
    condition = {"StringEquals": {"kms:RequestAlias": "alias/mine"}}
    key = make(Policy=policy((user_arn("ann"), "kms:Encrypt", condition)))
    for name in ("alias/mine", "alias/other"):
        kms.create_alias(AliasName=name, TargetKeyId=key)
    arn = f"arn:aws:kms:us-east-1:{ACCOUNT}:alias/"
    assert ann.encrypt(KeyId=f"{arn}mine", Plaintext=b"x")["KeyId"] == key
    with refused("AccessDeniedException"):
        ann.encrypt(KeyId=f"{arn}other", Plaintext=b"x")

"""Aliases."""

import pytest

ACCOUNT = "123456789012"


def test_an_alias(kms, key, make, refused):
    kms.create_alias(AliasName="alias/app/main", TargetKeyId=key)
    (alias,) = kms.list_aliases()["Aliases"]
    assert alias["AliasArn"] == f"arn:aws:kms:us-east-1:{ACCOUNT}:alias/app/main"
    assert alias["TargetKeyId"] == key.rpartition("/")[2]
    assert alias["CreationDate"] == alias["LastUpdatedDate"]
    with refused("AlreadyExistsException", f"An alias with the name {alias['AliasArn']} already exists"):
        kms.create_alias(AliasName="alias/app/main", TargetKeyId=make())
    kms.create_alias(AliasName="alias/other", TargetKeyId=make())
    assert [each["AliasName"] for each in kms.list_aliases(KeyId=key)["Aliases"]] == ["alias/app/main"]
    kms.delete_alias(AliasName="alias/app/main")
    with refused("NotFoundException", f"Alias {alias['AliasArn']} is not found."):
        kms.delete_alias(AliasName="alias/app/main")


@pytest.mark.parametrize(
    ("name", "code", "message"),
    [
        (
            "mine",
            "ValidationException",
            'Alias must start with the prefix "alias/". Please see '
            "https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html",
        ),
        ("alias/aws/mine", "NotAuthorizedException", ""),
        ("alias/a:b", "InvalidAliasNameException", None),
        ("alias/", "InvalidAliasNameException", None),
        ("alias/ä", "ValidationException", None),
    ],
)
def test_names(kms, key, refused, name, code, message):
    with refused(code, message):
        kms.create_alias(AliasName=name, TargetKeyId=key)
    assert kms.list_aliases()["Aliases"] == []


@pytest.mark.rule("kms-017")
def test_rotation_by_hand(kms, key, make, refused):
    kms.create_alias(AliasName="alias/mine", TargetKeyId=key)
    old = kms.encrypt(KeyId="alias/mine", Plaintext=b"old")["CiphertextBlob"]
    new = make()
    kms.update_alias(AliasName="alias/mine", TargetKeyId=new)
    assert kms.encrypt(KeyId="alias/mine", Plaintext=b"new")["KeyId"] == new
    assert kms.decrypt(CiphertextBlob=old)["Plaintext"] == b"old"
    kms.disable_key(KeyId=key)
    with refused("DisabledException"):
        kms.decrypt(CiphertextBlob=old)
    pair = make(KeySpec="RSA_2048", KeyUsage="ENCRYPT_DECRYPT")
    with refused("ValidationException"):
        kms.update_alias(AliasName="alias/mine", TargetKeyId=pair)
    assert kms.describe_key(KeyId="alias/mine")["KeyMetadata"]["Arn"] == new
    with refused("NotFoundException"):
        kms.update_alias(AliasName="alias/none", TargetKeyId=new)


def test_quota(aws, kms, key, refused):
    aws.limits["kms.aliases"] = 1
    kms.create_alias(AliasName="alias/a", TargetKeyId=key)
    with refused("LimitExceededException"):
        kms.create_alias(AliasName="alias/b", TargetKeyId=key)
    kms.delete_alias(AliasName="alias/a")
    kms.create_alias(AliasName="alias/b", TargetKeyId=key)

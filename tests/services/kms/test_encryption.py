"""Encrypt, Decrypt, ReEncrypt, data keys, random bytes."""

import pytest

CONTEXT = {"purpose": "test", "team": "a"}


@pytest.mark.rule("kms-002", "kms-018")
def test_there_and_back(kms, key):
    sealed = kms.encrypt(KeyId=key, Plaintext=b"hello", EncryptionContext=CONTEXT)
    assert (sealed["KeyId"], sealed["EncryptionAlgorithm"]) == (key, "SYMMETRIC_DEFAULT")
    assert b"hello" not in sealed["CiphertextBlob"]
    opened = kms.decrypt(CiphertextBlob=sealed["CiphertextBlob"], EncryptionContext=CONTEXT)
    assert (opened["Plaintext"], opened["KeyId"]) == (b"hello", key)
    assert kms.encrypt(KeyId=key, Plaintext=b"hello")["CiphertextBlob"] != sealed["CiphertextBlob"]


@pytest.mark.rule("kms-018")
def test_what_does_not_open(kms, eu, key, make, refused):
    blob = kms.encrypt(KeyId=key, Plaintext=b"hello", EncryptionContext=CONTEXT)["CiphertextBlob"]
    for at in (0, 5, 7, 25, 32, 40, 80, -20, -1):
        changed = bytearray(blob)
        changed[at] ^= 1
        with refused("InvalidCiphertextException", ""):
            kms.decrypt(CiphertextBlob=bytes(changed), EncryptionContext=CONTEXT)
    for wrong in (None, {}, {**CONTEXT, "more": "x"}, {"purpose": "test"}, {"purpose": "testteam", "a": ""}):
        with refused("InvalidCiphertextException", ""):
            kms.decrypt(CiphertextBlob=blob, **({} if wrong is None else {"EncryptionContext": wrong}))
    with refused("InvalidCiphertextException", ""):
        kms.decrypt(CiphertextBlob=b"rubbish")
    message = "The key ID in the request does not identify a CMK that can perform this operation."
    with refused("IncorrectKeyException", message):
        kms.decrypt(CiphertextBlob=blob, KeyId=make(), EncryptionContext=CONTEXT)
    with refused("InvalidCiphertextException", ""):
        eu.decrypt(CiphertextBlob=blob, EncryptionContext=CONTEXT)


@pytest.mark.rule("kms-019", "kms-020")
def test_sizes(kms, key, refused):
    blob = kms.encrypt(KeyId=key, Plaintext=b"x" * 4096)["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x" * 4096
    message = (
        "1 validation error detected: Value at 'plaintext' failed to satisfy constraint: "
        "Member must have length less than or equal to {}"
    )
    with refused("ValidationException", message.format(4096)):
        kms.encrypt(KeyId=key, Plaintext=b"x" * 4097)
    with refused("ValidationException") as refusal:
        kms.decrypt(CiphertextBlob=b"x" * 6145)
    assert "'ciphertextBlob' failed to satisfy constraint: Member must have length less than" in refusal.message
    with refused("ValidationException"):
        kms.encrypt(KeyId=key, Plaintext=b"")


@pytest.mark.rule("kms-021", "kms-022", "kms-023", "kms-024")
def test_data_keys(kms, key, refused):
    first = kms.generate_data_key(KeyId=key, KeySpec="AES_256", EncryptionContext=CONTEXT)
    other = kms.generate_data_key(KeyId=key, KeySpec="AES_256", EncryptionContext=CONTEXT)
    assert len(first["Plaintext"]) == 32
    assert len(first["CiphertextBlob"]) == 184
    assert first["Plaintext"] != other["Plaintext"]
    for _ in range(3):
        opened = kms.decrypt(CiphertextBlob=first["CiphertextBlob"], EncryptionContext=CONTEXT)
        assert opened["Plaintext"] == first["Plaintext"]
    assert len(kms.generate_data_key(KeyId=key, KeySpec="AES_128")["Plaintext"]) == 16
    assert len(kms.generate_data_key(KeyId=key, NumberOfBytes=1024)["Plaintext"]) == 1024
    hidden = kms.generate_data_key_without_plaintext(KeyId=key, KeySpec="AES_256")
    assert "Plaintext" not in hidden
    assert len(kms.decrypt(CiphertextBlob=hidden["CiphertextBlob"])["Plaintext"]) == 32
    for wrong in ({}, {"KeySpec": "AES_256", "NumberOfBytes": 32}):
        with refused("ValidationException", "Please specify either number of bytes or key spec."):
            kms.generate_data_key(KeyId=key, **wrong)


@pytest.mark.rule("kms-007")
@pytest.mark.parametrize("usage", ["ENCRYPT_DECRYPT", "SIGN_VERIFY"])
def test_data_keys_need_a_symmetric_key(kms, make, refused, usage):
    pair = make(KeySpec="RSA_2048", KeyUsage=usage)
    with refused("InvalidKeyUsageException"):
        kms.generate_data_key(KeyId=pair, KeySpec="AES_256")


@pytest.mark.rule("kms-025")
def test_random_bytes(kms, refused):
    first, other = (kms.generate_random(NumberOfBytes=32)["Plaintext"] for _ in range(2))
    assert len(first) == 32
    assert first != other
    assert len(kms.generate_random(NumberOfBytes=1024)["Plaintext"]) == 1024
    for wrong in (0, 1025):
        with refused("ValidationException"):
            kms.generate_random(NumberOfBytes=wrong)
    with refused("ValidationException"):
        kms.generate_random()


def test_anew_under_another_key(kms, key, make, refused):
    blob = kms.encrypt(KeyId=key, Plaintext=b"hello", EncryptionContext=CONTEXT)["CiphertextBlob"]
    other = make()
    answer = kms.re_encrypt(
        CiphertextBlob=blob,
        SourceEncryptionContext=CONTEXT,
        DestinationKeyId=other,
        DestinationEncryptionContext={"a": "b"},
    )
    assert (answer["SourceKeyId"], answer["KeyId"]) == (key, other)
    opened = kms.decrypt(CiphertextBlob=answer["CiphertextBlob"], EncryptionContext={"a": "b"})
    assert (opened["Plaintext"], opened["KeyId"]) == (b"hello", other)
    with refused("InvalidCiphertextException"):
        kms.re_encrypt(CiphertextBlob=blob, DestinationKeyId=other)
    with refused("IncorrectKeyException"):
        kms.re_encrypt(CiphertextBlob=blob, SourceKeyId=other, SourceEncryptionContext=CONTEXT, DestinationKeyId=other)
    kms.disable_key(KeyId=other)
    with refused("DisabledException", f"{other} is disabled."):
        kms.re_encrypt(CiphertextBlob=blob, SourceEncryptionContext=CONTEXT, DestinationKeyId=other)


@pytest.mark.rule("kms-005")
def test_rsa(kms, make, refused):
    key = make(KeySpec="RSA_2048", KeyUsage="ENCRYPT_DECRYPT")
    for algorithm, room in (("RSAES_OAEP_SHA_1", 214), ("RSAES_OAEP_SHA_256", 190)):
        blob = kms.encrypt(KeyId=key, Plaintext=b"x" * room, EncryptionAlgorithm=algorithm)["CiphertextBlob"]
        opened = kms.decrypt(KeyId=key, CiphertextBlob=blob, EncryptionAlgorithm=algorithm)
        assert (opened["Plaintext"], opened["EncryptionAlgorithm"]) == (b"x" * room, algorithm)
        message = f"Algorithm {algorithm} and key spec RSA_2048 cannot encrypt data larger than {room} bytes."
        with refused("ValidationException", message):
            kms.encrypt(KeyId=key, Plaintext=b"x" * (room + 1), EncryptionAlgorithm=algorithm)
    with refused("InvalidKeyUsageException", "Algorithm SYMMETRIC_DEFAULT is incompatible with key spec RSA_2048."):
        kms.encrypt(KeyId=key, Plaintext=b"x")
    with refused("InvalidCiphertextException"):
        kms.decrypt(KeyId=key, CiphertextBlob=bytes(256), EncryptionAlgorithm="RSAES_OAEP_SHA_256")
    with refused("ValidationException"):
        kms.decrypt(CiphertextBlob=blob, EncryptionAlgorithm="RSAES_OAEP_SHA_256")
    with refused("ValidationException"):
        kms.encrypt(KeyId=key, Plaintext=b"x", EncryptionAlgorithm="RSAES_OAEP_SHA_256", EncryptionContext={"a": "b"})
    signing = make(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")
    message = f"{signing} key usage is SIGN_VERIFY which is not valid for Encrypt."
    with refused("InvalidKeyUsageException", message):
        kms.encrypt(KeyId=signing, Plaintext=b"x", EncryptionAlgorithm="RSAES_OAEP_SHA_256")


@pytest.mark.rule("kms-006")
def test_encrypted_outside_of_aws(kms, make):
    serialization = pytest.importorskip("cryptography.hazmat.primitives.serialization")
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    key = make(KeySpec="RSA_3072", KeyUsage="ENCRYPT_DECRYPT")
    answer = kms.get_public_key(KeyId=key)
    assert answer["EncryptionAlgorithms"] == ["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"]
    oaep = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
    blob = serialization.load_der_public_key(answer["PublicKey"]).encrypt(b"hello", oaep)
    opened = kms.decrypt(KeyId=key, CiphertextBlob=blob, EncryptionAlgorithm="RSAES_OAEP_SHA_256")
    assert opened["Plaintext"] == b"hello"


@pytest.mark.parametrize(
    "spec",
    ["RSA_2048", "RSA_4096", "ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521", "ECC_SECG_P256K1"],
)
def test_data_key_pairs(kms, key, spec):
    serialization = pytest.importorskip("cryptography.hazmat.primitives.serialization")
    answer = kms.generate_data_key_pair(KeyId=key, KeyPairSpec=spec, EncryptionContext=CONTEXT)
    opened = kms.decrypt(CiphertextBlob=answer["PrivateKeyCiphertextBlob"], EncryptionContext=CONTEXT)
    assert opened["Plaintext"] == answer["PrivateKeyPlaintext"]
    private = serialization.load_der_private_key(answer["PrivateKeyPlaintext"], None)
    form = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    assert private.public_key().public_bytes(*form) == answer["PublicKey"]
    other = kms.generate_data_key_pair_without_plaintext(KeyId=key, KeyPairSpec=spec)
    assert "PrivateKeyPlaintext" not in other
    assert other["PublicKey"] != answer["PublicKey"]


@pytest.mark.newer_botocore
def test_dry_runs(kms, key, refused):
    message = "The request would have succeeded, but the DryRun option is set."
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    last = kms.get_key_last_usage(KeyId=key)["KeyLastUsage"]
    for call, more in (
        (kms.encrypt, {"KeyId": key, "Plaintext": b"x"}),
        (kms.decrypt, {"CiphertextBlob": blob}),
        (kms.decrypt, {"KeyId": key, "DryRunModifiers": ["IGNORE_CIPHERTEXT"]}),
        (kms.re_encrypt, {"CiphertextBlob": blob, "DestinationKeyId": key}),
        (kms.generate_data_key, {"KeyId": key, "KeySpec": "AES_256"}),
        (kms.generate_data_key_pair, {"KeyId": key, "KeyPairSpec": "RSA_2048"}),
        (
            kms.create_grant,
            {"KeyId": key, "GranteePrincipal": "arn:aws:iam::210987654321:root", "Operations": ["Decrypt"]},
        ),
    ):
        with refused("DryRunOperationException", message):
            call(**more, DryRun=True)
    assert kms.list_grants(KeyId=key)["Grants"] == []
    assert kms.get_key_last_usage(KeyId=key)["KeyLastUsage"] == last
    kms.disable_key(KeyId=key)
    with refused("DisabledException"):
        kms.encrypt(KeyId=key, Plaintext=b"x", DryRun=True)


def test_what_is_made_depends_on_the_seed_alone(aws):
    from awsim.cloud import Cloud

    def run(seed):
        cloud = Cloud(seed=seed)
        key = cloud.call("kms", "CreateKey")["KeyMetadata"]["KeyId"]
        pair = cloud.call("kms", "CreateKey", KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
        sealed = cloud.call("kms", "Encrypt", KeyId=key, Plaintext=b"x")["CiphertextBlob"]
        signed = cloud.call("kms", "Sign", KeyId=pair, Message=b"x", SigningAlgorithm="RSASSA_PSS_SHA_256")["Signature"]
        return key, sealed, signed

    assert run(1) == run(1)
    assert set(run(1)).isdisjoint(run(2))


def test_reencryption_between_kinds_of_keys(kms, key, make, refused):
    pair = make(KeySpec="RSA_2048", KeyUsage="ENCRYPT_DECRYPT")
    oaep = "RSAES_OAEP_SHA_256"
    blob = kms.encrypt(KeyId=key, Plaintext=b"x" * 191)["CiphertextBlob"]
    to_pair = {"DestinationKeyId": pair, "DestinationEncryptionAlgorithm": oaep}
    with refused("ValidationException"):
        kms.re_encrypt(CiphertextBlob=blob, **to_pair)
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    moved = kms.re_encrypt(CiphertextBlob=blob, **to_pair)
    assert (moved["SourceEncryptionAlgorithm"], moved["DestinationEncryptionAlgorithm"]) == ("SYMMETRIC_DEFAULT", oaep)
    back = kms.re_encrypt(
        CiphertextBlob=moved["CiphertextBlob"],
        SourceKeyId=pair,
        SourceEncryptionAlgorithm=oaep,
        DestinationKeyId=key,
    )
    assert kms.decrypt(CiphertextBlob=back["CiphertextBlob"])["Plaintext"] == b"x"


@pytest.mark.newer_botocore
def test_rehearsals_without_a_ciphertext(kms, key, make, refused):
    ignored = {"DryRunModifiers": ["IGNORE_CIPHERTEXT"]}
    with refused("DryRunOperationException"):
        kms.re_encrypt(SourceKeyId=key, DestinationKeyId=make(), DryRun=True, **ignored)
    for wrong in ({"KeyId": key, **ignored}, {"KeyId": key}, {"DryRun": True, **ignored}):
        with refused("ValidationException"):
            kms.decrypt(**wrong)


@pytest.mark.parametrize("operation", ["decrypt", "generate_data_key", "generate_random"])
def test_recipients_are_not_modelled(kms, key, refused, operation):
    """Answers for Nitro enclaves are encrypted under a key of the enclave."""
    given = {
        "decrypt": {"CiphertextBlob": b"x"},
        "generate_data_key": {"KeyId": key, "KeySpec": "AES_256"},
        "generate_random": {"NumberOfBytes": 1},
    }[operation]
    recipient = {"KeyEncryptionAlgorithm": "RSAES_OAEP_SHA_256", "AttestationDocument": b"x"}
    with refused("NotImplemented") as refusal:
        getattr(kms, operation)(**given, Recipient=recipient)
    assert "Recipient" in refusal.message

"""Imported key material."""

import hashlib
import hmac
from datetime import timedelta

import pytest

serialization = pytest.importorskip("cryptography.hazmat.primitives.serialization")
from cryptography.hazmat.primitives import hashes, keywrap  # noqa: E402
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa  # noqa: E402

SECRET = bytes(range(32))
FOREVER = {"ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE"}
PKCS8 = (serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def oaep(hash_):
    return padding.OAEP(padding.MGF1(hash_), hash_, None)


def wrapped(answer, algorithm, material):
    public = serialization.load_der_public_key(answer["PublicKey"])
    hash_ = hashes.SHA1() if algorithm.endswith("SHA_1") else hashes.SHA256()
    if algorithm == "RSAES_PKCS1_V1_5":
        return public.encrypt(material, padding.PKCS1v15())
    if "AES_KEY_WRAP" in algorithm:
        between = bytes(32)
        return public.encrypt(between, oaep(hash_)) + keywrap.aes_key_wrap_with_padding(between, material)
    return public.encrypt(material, oaep(hash_))


@pytest.fixture
def bring(kms):
    """bring(key, material): imports it."""

    def bring(key, material=SECRET, algorithm="RSAES_OAEP_SHA_256", spec="RSA_2048", client=kms, **more):
        answer = client.get_parameters_for_import(KeyId=key, WrappingAlgorithm=algorithm, WrappingKeySpec=spec)
        blob = wrapped(answer, algorithm, material)
        given = {"ImportToken": answer["ImportToken"], "EncryptedKeyMaterial": blob, **(more or FOREVER)}
        return client.import_key_material(KeyId=key, **given)

    return bring


@pytest.fixture
def external(make):
    return make(Origin="EXTERNAL")


@pytest.mark.rule("kms-012")
def test_material_comes_and_goes(kms, external, state, bring, refused):
    assert state(external) == "PendingImport"
    with refused("KMSInvalidStateException", f"{external} is pending import."):
        kms.encrypt(KeyId=external, Plaintext=b"x")
    bring(external)
    shown = kms.describe_key(KeyId=external)["KeyMetadata"]
    assert (shown["KeyState"], shown["ExpirationModel"]) == ("Enabled", "KEY_MATERIAL_DOES_NOT_EXPIRE")
    blob = kms.encrypt(KeyId=external, Plaintext=b"x")["CiphertextBlob"]
    kms.delete_imported_key_material(KeyId=external)
    assert state(external) == "PendingImport"
    with refused("KMSInvalidStateException"):
        kms.decrypt(CiphertextBlob=blob)
    with refused("IncorrectKeyMaterialException"):
        bring(external, bytes(32))
    assert state(external) == "PendingImport"
    bring(external)
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"


@pytest.mark.rule("kms-012")
def test_a_key_with_material_of_kms(kms, key, refused):
    with refused("UnsupportedOperationException"):
        kms.get_parameters_for_import(KeyId=key, WrappingAlgorithm="RSAES_OAEP_SHA_256", WrappingKeySpec="RSA_2048")
    with refused("UnsupportedOperationException"):
        kms.delete_imported_key_material(KeyId=key)


@pytest.mark.rule("kms-013")
@pytest.mark.parametrize("size", [16, 31, 33])
def test_symmetric_material_has_256_bits(external, state, bring, refused, size):
    with refused("IncorrectKeyMaterialException"):
        bring(external, bytes(size))
    assert state(external) == "PendingImport"


@pytest.mark.parametrize("spec", ["RSA_2048", "RSA_4096"])
@pytest.mark.parametrize(
    "algorithm",
    [
        "RSAES_OAEP_SHA_1",
        "RSAES_OAEP_SHA_256",
        "RSAES_PKCS1_V1_5",
        "RSA_AES_KEY_WRAP_SHA_1",
        "RSA_AES_KEY_WRAP_SHA_256",
    ],
)
def test_wrappings(external, state, bring, algorithm, spec):
    bring(external, algorithm=algorithm, spec=spec)
    assert state(external) == "Enabled"


@pytest.mark.rule("kms-013")
def test_broken_wrapping(kms, external, state, refused):
    asked = {"KeyId": external, "WrappingKeySpec": "RSA_2048"}
    for algorithm in ("RSAES_OAEP_SHA_256", "RSA_AES_KEY_WRAP_SHA_256"):
        token = kms.get_parameters_for_import(**asked, WrappingAlgorithm=algorithm)["ImportToken"]
        with refused("InvalidCiphertextException"):
            kms.import_key_material(KeyId=external, ImportToken=token, EncryptedKeyMaterial=bytes(256), **FOREVER)
    with refused("InvalidImportTokenException"):
        kms.import_key_material(KeyId=external, ImportToken=b"x", EncryptedKeyMaterial=bytes(256), **FOREVER)
    assert state(external) == "PendingImport"


@pytest.mark.aws(at="2026-03-01T00:00:00Z")
def test_parameters_last_a_day(aws, kms, external, refused):
    asked = {"KeyId": external, "WrappingKeySpec": "RSA_2048", "WrappingAlgorithm": "RSAES_OAEP_SHA_256"}
    answer = kms.get_parameters_for_import(**asked)
    assert answer["ParametersValidTo"] == aws.clock.now() + timedelta(days=1)
    aws.clock.advance(days=1)
    blob = wrapped(answer, "RSAES_OAEP_SHA_256", SECRET)
    given = {"KeyId": external, "ImportToken": answer["ImportToken"], "EncryptedKeyMaterial": blob}
    with refused("ExpiredImportTokenException"):
        kms.import_key_material(**given, **FOREVER)


@pytest.mark.aws(at="2026-03-01T00:00:00Z")
def test_material_expires(aws, kms, external, state, bring, refused):
    until = aws.clock.now() + timedelta(days=10)
    bring(external, ValidTo=until)
    shown = kms.describe_key(KeyId=external)["KeyMetadata"]
    assert (shown["ExpirationModel"], shown["ValidTo"]) == ("KEY_MATERIAL_EXPIRES", until)
    aws.clock.advance(days=10)
    assert state(external) == "PendingImport"
    bring(external)
    assert state(external) == "Enabled"
    for wrong in (
        {"ExpirationModel": "KEY_MATERIAL_EXPIRES"},
        {"ValidTo": aws.clock.now() - timedelta(days=1)},
        {"ValidTo": aws.clock.now() + timedelta(days=366)},
        {**FOREVER, "ValidTo": until},
    ):
        with refused("ValidationException"):
            bring(external, **wrong)


@pytest.mark.rule("kms-016")
def test_rotation_of_imported_material(kms, external, bring, refused):
    bring(external)
    with refused("UnsupportedOperationException"):
        kms.enable_key_rotation(KeyId=external)
    with refused("KMSInvalidStateException"):
        kms.rotate_key_on_demand(KeyId=external)
    old = kms.encrypt(KeyId=external, Plaintext=b"old")["CiphertextBlob"]
    answer = bring(external, bytes(32), ImportType="NEW_KEY_MATERIAL", KeyMaterialDescription="second", **FOREVER)
    listed = kms.list_key_rotations(KeyId=external, IncludeKeyMaterial="ALL_KEY_MATERIAL")["Rotations"]
    assert [each["KeyMaterialState"] for each in listed] == ["CURRENT", "PENDING_ROTATION"]
    assert listed[1]["KeyMaterialId"] == answer["KeyMaterialId"]
    assert (listed[1]["ImportState"], listed[1]["KeyMaterialDescription"]) == ("IMPORTED", "second")
    kms.rotate_key_on_demand(KeyId=external)
    new = kms.encrypt(KeyId=external, Plaintext=b"new")["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=old)["Plaintext"] == b"old"
    assert kms.decrypt(CiphertextBlob=new)["KeyMaterialId"] == answer["KeyMaterialId"]
    # All of a key's material has to be there.
    kms.delete_imported_key_material(KeyId=external, KeyMaterialId=listed[0]["KeyMaterialId"])
    with refused("KMSInvalidStateException"):
        kms.decrypt(CiphertextBlob=new)
    bring(external)
    assert kms.decrypt(CiphertextBlob=old)["Plaintext"] == b"old"


def test_imported_hmac_keys(kms, make, bring, refused):
    key = make(Origin="EXTERNAL", KeySpec="HMAC_384", KeyUsage="GENERATE_VERIFY_MAC")
    with refused("IncorrectKeyMaterialException"):
        bring(key, SECRET)
    bring(key, bytes(48))
    mac = kms.generate_mac(KeyId=key, Message=b"hello", MacAlgorithm="HMAC_SHA_384")["Mac"]
    assert mac == hmac.digest(bytes(48), b"hello", hashlib.sha384)


def test_imported_pairs(kms, make, bring, refused):
    for spec, private, algorithm in (
        ("RSA_2048", rsa.generate_private_key(65537, 2048), "RSASSA_PSS_SHA_256"),
        ("ECC_NIST_P256", ec.generate_private_key(ec.SECP256R1()), "ECDSA_SHA_256"),
    ):
        key = make(Origin="EXTERNAL", KeySpec=spec, KeyUsage="SIGN_VERIFY")
        with refused("IncorrectKeyMaterialException"):
            bring(key, SECRET)
        bring(key, private.private_bytes(*PKCS8), "RSA_AES_KEY_WRAP_SHA_256")
        form = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        assert kms.get_public_key(KeyId=key)["PublicKey"] == private.public_key().public_bytes(*form)
        asked = {"KeyId": key, "Message": b"x", "SigningAlgorithm": algorithm}
        assert kms.verify(**asked, Signature=kms.sign(**asked)["Signature"])["SignatureValid"]


def test_each_region_imports_for_itself(kms, eu, make, bring, state):
    key = make(Origin="EXTERNAL", MultiRegion=True)
    bring(key)
    replica = kms.replicate_key(KeyId=key, ReplicaRegion="eu-west-1")["ReplicaKeyMetadata"]["Arn"]
    assert eu.describe_key(KeyId=replica)["KeyMetadata"]["KeyState"] == "PendingImport"
    bring(replica, client=eu)
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    assert eu.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    bring(key, bytes(32), ImportType="NEW_KEY_MATERIAL", **FOREVER)
    listed = kms.list_key_rotations(KeyId=key, IncludeKeyMaterial="ALL_KEY_MATERIAL")["Rotations"]
    assert listed[1]["KeyMaterialState"] == "PENDING_MULTI_REGION_IMPORT_AND_ROTATION"
    bring(replica, bytes(32), client=eu)
    kms.rotate_key_on_demand(KeyId=key)
    assert state(key) == "Enabled"


def test_wrapping_with_aes_says_what_it_needs(external, state, bring, monkeypatch, refused):
    import sys

    from cryptography.hazmat import primitives

    def without():
        monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.keywrap", None)
        monkeypatch.delattr(primitives, "keywrap", raising=False)

    original = wrapped
    monkeypatch.setitem(globals(), "wrapped", lambda *given: (original(*given), without())[0])
    with refused("NotImplemented") as refusal:
        bring(external, algorithm="RSA_AES_KEY_WRAP_SHA_256")
    assert "awsim[crypto]" in refusal.message
    assert state(external) == "PendingImport"


def test_material_by_its_id(kms, external, bring, refused):
    kms.delete_imported_key_material(KeyId=external)
    made = bring(external)["KeyMaterialId"]
    with refused("IncorrectKeyMaterialException"):
        bring(external, bytes(32), KeyMaterialId=made, **FOREVER)
    with refused("NotFoundException"):
        kms.delete_imported_key_material(KeyId=external, KeyMaterialId="0" * 64)
    bring(external, bytes(32), ImportType="NEW_KEY_MATERIAL", **FOREVER)
    waiting = kms.list_key_rotations(KeyId=external, IncludeKeyMaterial="ALL_KEY_MATERIAL")["Rotations"][1]
    kms.delete_imported_key_material(KeyId=external, KeyMaterialId=waiting["KeyMaterialId"])
    assert len(kms.list_key_rotations(KeyId=external, IncludeKeyMaterial="ALL_KEY_MATERIAL")["Rotations"]) == 1
    assert kms.encrypt(KeyId=external, Plaintext=b"x")["KeyId"] == external


@pytest.mark.newer_botocore
def test_imported_lattice_keys(kms, make, bring):
    mldsa = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.mldsa")
    key = make(Origin="EXTERNAL", KeySpec="ML_DSA_44", KeyUsage="SIGN_VERIFY")
    private = mldsa.MLDSA44PrivateKey.from_seed_bytes(SECRET)
    bring(key, private.private_bytes(*PKCS8), "RSA_AES_KEY_WRAP_SHA_256")
    signed = kms.sign(KeyId=key, Message=b"x", SigningAlgorithm="ML_DSA_SHAKE_256")["Signature"]
    private.public_key().verify(signed, b"x")

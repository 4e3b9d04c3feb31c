"""Sign, Verify, GenerateMac, VerifyMac, GetPublicKey, DeriveSharedSecret."""

import hashlib

import pytest

ALGORITHMS = {
    "RSA_2048": [f"RSASSA_{how}_SHA_{n}" for how in ("PSS", "PKCS1_V1_5") for n in (256, 384, 512)],
    "ECC_NIST_P256": ["ECDSA_SHA_256"],
    "ECC_NIST_P384": ["ECDSA_SHA_384"],
    "ECC_NIST_P521": ["ECDSA_SHA_512"],
    "ECC_SECG_P256K1": ["ECDSA_SHA_256"],
}


@pytest.mark.rule("kms-005")
@pytest.mark.parametrize(("spec", "algorithm"), [(spec, each) for spec in ALGORITHMS for each in ALGORITHMS[spec]])
def test_signatures(kms, make, refused, spec, algorithm):
    key = make(KeySpec=spec, KeyUsage="SIGN_VERIFY")
    assert kms.get_public_key(KeyId=key)["SigningAlgorithms"] == ALGORITHMS[spec]
    asked = {"KeyId": key, "Message": b"hello", "SigningAlgorithm": algorithm}
    signed = kms.sign(**asked)
    assert (signed["KeyId"], signed["SigningAlgorithm"]) == (key, algorithm)
    signature = signed["Signature"]
    assert kms.verify(**asked, Signature=signature)["SignatureValid"] is True
    digest = hashlib.new(f"sha{algorithm[-3:]}", b"hello").digest()
    of_digest = {**asked, "Message": digest, "MessageType": "DIGEST"}
    assert kms.verify(**of_digest, Signature=signature)["SignatureValid"] is True
    with refused("KMSInvalidSignatureException", ""):
        kms.verify(**{**asked, "Message": b"other"}, Signature=signature)
    with refused("KMSInvalidSignatureException", ""):
        kms.verify(**asked, Signature=signature[:-1] + bytes([signature[-1] ^ 1]))
    with refused("ValidationException", f"Digest is invalid length for algorithm {algorithm}."):
        kms.sign(**{**of_digest, "Message": b"short"})
    with refused("InvalidKeyUsageException", f"{key} key usage is SIGN_VERIFY which is not valid for Encrypt."):
        kms.encrypt(KeyId=key, Plaintext=b"x")


def test_an_algorithm_of_another_key(kms, make, refused):
    key = make(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")
    message = "Algorithm RSASSA_PSS_SHA_256 is incompatible with key spec ECC_NIST_P256."
    with refused("InvalidKeyUsageException", message):
        kms.sign(KeyId=key, Message=b"x", SigningAlgorithm="RSASSA_PSS_SHA_256")
    with refused("ValidationException"):
        kms.sign(KeyId=key, Message=b"x", SigningAlgorithm="NONE")
    kms.disable_key(KeyId=key)
    with refused("DisabledException"):
        kms.sign(KeyId=key, Message=b"x", SigningAlgorithm="ECDSA_SHA_256")
    with refused("DisabledException"):
        kms.get_public_key(KeyId=key)


@pytest.mark.newer_botocore
def test_edwards(kms, make, refused):
    key = make(KeySpec="ECC_NIST_EDWARDS25519", KeyUsage="SIGN_VERIFY")
    digest = hashlib.sha512(b"hello").digest()
    for algorithm, message, kind, other in (
        ("ED25519_SHA_512", b"hello", "RAW", "DIGEST"),
        ("ED25519_PH_SHA_512", digest, "DIGEST", "RAW"),
    ):
        asked = {"KeyId": key, "Message": message, "SigningAlgorithm": algorithm, "MessageType": kind}
        signature = kms.sign(**asked)["Signature"]
        assert kms.verify(**asked, Signature=signature)["SignatureValid"] is True
        with refused("KMSInvalidSignatureException"):
            kms.verify(**asked, Signature=bytes(64))
        wrong = f"Message type {other} is incompatible with algorithm {algorithm}."
        with refused("ValidationException", wrong):
            kms.sign(**{**asked, "MessageType": other})


@pytest.mark.newer_botocore
@pytest.mark.parametrize("spec", ["ML_DSA_44", "ML_DSA_65", "ML_DSA_87"])
def test_ml_dsa(kms, make, refused, spec):
    pytest.importorskip("cryptography.hazmat.primitives.asymmetric.mldsa")
    key = make(KeySpec=spec, KeyUsage="SIGN_VERIFY")
    asked = {"KeyId": key, "Message": b"hello", "SigningAlgorithm": "ML_DSA_SHAKE_256"}
    signature = kms.sign(**asked)["Signature"]
    assert kms.verify(**asked, Signature=signature)["SignatureValid"] is True
    with refused("KMSInvalidSignatureException"):
        kms.verify(**{**asked, "Message": b"other"}, Signature=signature)
    public = hashlib.shake_256(kms.get_public_key(KeyId=key)["PublicKey"][22:]).digest(64)
    mu = hashlib.shake_256(public + b"\0\0hello").digest(64)
    assert kms.verify(**{**asked, "Message": mu}, MessageType="EXTERNAL_MU", Signature=signature)["SignatureValid"]
    with refused("ValidationException"):
        kms.sign(**{**asked, "Message": b"short"}, MessageType="EXTERNAL_MU")
    with refused("ValidationException"):
        kms.sign(**asked, MessageType="DIGEST")


@pytest.mark.newer_botocore
def test_ml_dsa_says_what_it_needs(kms, make, monkeypatch, refused):
    import sys

    key = make(KeySpec="ML_DSA_44", KeyUsage="SIGN_VERIFY")
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.asymmetric.mldsa", None)
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.asymmetric", None)
    with refused("NotImplemented") as refusal:
        kms.sign(KeyId=key, Message=b"x", SigningAlgorithm="ML_DSA_SHAKE_256")
    assert "awsim[crypto]" in refusal.message


@pytest.mark.parametrize("bits", [224, 256, 384, 512])
def test_macs(kms, make, refused, bits):
    key, other = (make(KeySpec=f"HMAC_{bits}", KeyUsage="GENERATE_VERIFY_MAC") for _ in range(2))
    asked = {"KeyId": key, "Message": b"hello", "MacAlgorithm": f"HMAC_SHA_{bits}"}
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["MacAlgorithms"] == [f"HMAC_SHA_{bits}"]
    mac = kms.generate_mac(**asked)["Mac"]
    assert len(mac) == bits // 8
    assert kms.verify_mac(**asked, Mac=mac)["MacValid"] is True
    assert kms.generate_mac(**{**asked, "KeyId": other})["Mac"] != mac
    with refused("KMSInvalidMacException", ""):
        kms.verify_mac(**{**asked, "Message": b"other"}, Mac=mac)
    wrong = "HMAC_SHA_256" if bits != 256 else "HMAC_SHA_512"
    with refused("InvalidKeyUsageException", f"Algorithm {wrong} is incompatible with key spec HMAC_{bits}."):
        kms.generate_mac(**{**asked, "MacAlgorithm": wrong})
    with refused("UnsupportedOperationException"):
        kms.get_public_key(KeyId=key)


def test_a_mac_needs_a_key_for_it(kms, key, refused):
    message = f"{key} key usage is ENCRYPT_DECRYPT which is not valid for GenerateMac."
    with refused("InvalidKeyUsageException", message):
        kms.generate_mac(KeyId=key, Message=b"x", MacAlgorithm="HMAC_SHA_256")


@pytest.mark.parametrize("spec", ["ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521"])
def test_shared_secrets(kms, make, refused, spec):
    one, other = (make(KeySpec=spec, KeyUsage="KEY_AGREEMENT") for _ in range(2))
    public = {key: kms.get_public_key(KeyId=key) for key in (one, other)}
    assert public[one]["KeyAgreementAlgorithms"] == ["ECDH"]
    asked = {"KeyAgreementAlgorithm": "ECDH"}
    secret = kms.derive_shared_secret(KeyId=one, PublicKey=public[other]["PublicKey"], **asked)
    assert (
        secret["SharedSecret"]
        == (kms.derive_shared_secret(KeyId=other, PublicKey=public[one]["PublicKey"], **asked)["SharedSecret"])
    )
    assert secret["KeyOrigin"] == "AWS_KMS"
    with refused("ValidationException"):
        kms.derive_shared_secret(KeyId=one, PublicKey=b"rubbish", **asked)
    with refused("InvalidKeyUsageException"):
        kms.sign(KeyId=one, Message=b"x", SigningAlgorithm="ECDSA_SHA_256")

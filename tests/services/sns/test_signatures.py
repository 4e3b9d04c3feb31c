"""Signatures verify with the certificate at SigningCertURL, for libraries that know nothing of awsim."""

import base64
import hashlib
import json

import pytest
import requests

from awsim.services.sns import signing


@pytest.fixture
def note(sns, make, subscribe, notes):
    def note(version="1", **more):
        topic = make(f"v{version}", SignatureVersion=version)
        url, _ = subscribe(topic, f"v{version}")
        sns.publish(TopicArn=topic, Message="signed ☂", **more)
        (found,) = notes(url)
        return found

    return note


@pytest.mark.parametrize(("version", "subject"), [("1", None), ("1", "S"), ("2", "S")])
def test_signatures_verify(note, version, subject):
    pytest.importorskip("cryptography")
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA1, SHA256

    found = note(version, **({"Subject": subject} if subject else {}))
    assert found["SignatureVersion"] == version
    answer = requests.get(found["SigningCertURL"])
    assert answer.headers["Content-Type"] == "application/x-pem-file"
    key = x509.load_pem_x509_certificate(answer.content).public_key()
    names = ["Message", "MessageId", *(["Subject"] if subject else []), "Timestamp", "TopicArn", "Type"]
    signed = "".join(f"{name}\n{found[name]}\n" for name in names).encode()
    signature = base64.b64decode(found["Signature"])
    kind = SHA1() if version == "1" else SHA256()
    key.verify(signature, signed, PKCS1v15(), kind)
    with pytest.raises(InvalidSignature):
        key.verify(signature, signed.replace(b"signed", b"forged"), PKCS1v15(), kind)


def test_a_validator_from_pypi(aws, sns, make, note):
    validators = pytest.importorskip("sns_message_validator", reason="aws-sns-message-validator is not installed")
    validator = validators.SNSMessageValidator()
    found = note(Subject="S")
    validator.validate_message(found)
    with pytest.raises(validators.SignatureVerificationFailureException):
        validator.validate_message({**found, "Message": "forged"})
    came = []
    aws.endpoints["https://example.com"] = lambda request: came.append(json.loads(request.read()))
    sns.subscribe(TopicArn=make(), Protocol="https", Endpoint="https://example.com/hook")
    (asked,) = came
    validator.validate_message(asked)


def test_the_certificate_needs_no_credentials_and_is_the_same_everywhere(aws):
    name = signing.certificate_name()
    for region in ("us-east-1", "eu-west-1"):
        answer = requests.get(f"https://sns.{region}.amazonaws.com/{name}")
        assert (answer.status_code, answer.text) == (200, signing.certificate())
    other = requests.get("https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0.pem")
    assert other.status_code == 404


def test_the_key_signs_without_any_library():
    key = signing.key()
    assert 2_030 <= key.modulus.bit_length() <= 2_048
    signature = key.sign(b"data", "2")
    assert len(signature) == 256
    padded = pow(int.from_bytes(signature), key.exponent, key.modulus).to_bytes(256)
    digest = hashlib.sha256(b"data").digest()
    prefix = bytes.fromhex("3031300d060960864801650304020105000420")
    assert padded == b"\x00\x01" + b"\xff" * (256 - 3 - len(prefix) - 32) + b"\x00" + prefix + digest

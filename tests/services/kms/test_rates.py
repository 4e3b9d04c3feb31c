"""Request rates: one bucket for each kind of key, in each Region."""

import boto3
import pytest
from botocore.config import Config

MESSAGE = "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls."
REGIONS = {
    "us-east-1": 100_000,
    "us-west-2": 100_000,
    "eu-west-1": 100_000,
    "us-east-2": 20_000,
    "ap-southeast-1": 20_000,
    "ap-southeast-2": 20_000,
    "ap-northeast-1": 20_000,
    "eu-central-1": 20_000,
    "eu-west-2": 20_000,
    "ca-central-1": 10_000,
    "eu-north-1": 10_000,
}
pytestmark = pytest.mark.aws(throttling=True, at="2026-03-01T00:00:00Z")


def use_up(aws, region, row, rate):
    """A key of a Region whose rate one call is left of."""
    client = boto3.client("kms", region_name=region, config=Config(retries={"max_attempts": 0}))
    key = client.create_key()["KeyMetadata"]["Arn"]
    service = aws.service("kms", "123456789012", region)
    service.limits.rate(row, "", rate - 1, now=aws.clock.time(), value=rate)
    return client, key


@pytest.mark.rule("kms-041", "kms-042", "kms-043")
@pytest.mark.parametrize("region", REGIONS)
def test_symmetric_keys(aws, refused, region):
    kms, key = use_up(aws, region, "symmetric", REGIONS[region])
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    for call in (
        lambda: kms.encrypt(KeyId=key, Plaintext=b"x"),
        lambda: kms.decrypt(CiphertextBlob=blob),
        lambda: kms.generate_data_key(KeyId=key, KeySpec="AES_256"),
        lambda: kms.generate_data_key_without_plaintext(KeyId=key, KeySpec="AES_256"),
        lambda: kms.generate_random(NumberOfBytes=1),
        lambda: kms.re_encrypt(CiphertextBlob=blob, DestinationKeyId=key),
    ):
        with refused("ThrottlingException", MESSAGE):
            call()
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["Arn"] == key
    aws.clock.advance(seconds=1)
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"


@pytest.mark.rule("kms-044")
def test_each_region_for_itself(aws, refused):
    kms, key = use_up(aws, "us-east-1", "symmetric", 100_000)
    other, there = use_up(aws, "eu-west-1", "symmetric", 100_000)
    kms.encrypt(KeyId=key, Plaintext=b"x")
    with refused("ThrottlingException"):
        kms.encrypt(KeyId=key, Plaintext=b"x")
    assert other.encrypt(KeyId=there, Plaintext=b"x")["KeyId"] == there


@pytest.mark.rule("kms-045", "kms-046")
@pytest.mark.parametrize(
    ("row", "spec", "algorithm"),
    [("rsa", "RSA_2048", "RSASSA_PSS_SHA_256"), ("ecc", "ECC_NIST_P256", "ECDSA_SHA_256")],
)
def test_pairs_have_rates_of_their_own(aws, refused, row, spec, algorithm):
    assert aws.limits[f"kms.{row}"] == 1_000
    kms, symmetric = use_up(aws, "us-east-1", row, 1_000)
    key = kms.create_key(KeySpec=spec, KeyUsage="SIGN_VERIFY")["KeyMetadata"]["Arn"]
    asked = {"KeyId": key, "Message": b"x", "SigningAlgorithm": algorithm}
    kms.sign(**asked)
    with refused("ThrottlingException", MESSAGE):
        kms.sign(**asked)
    with refused("ThrottlingException", MESSAGE):
        kms.verify(**asked, Signature=b"x")
    assert kms.encrypt(KeyId=symmetric, Plaintext=b"x")["KeyId"] == symmetric


@pytest.mark.rule("kms-040")
def test_other_operations(aws, kms, refused):
    for _ in range(5):
        kms.create_key()
    with refused("ThrottlingException", MESSAGE):
        kms.create_key()
    assert len(kms.list_keys()["Keys"]) == 5


@pytest.mark.rule("kms-048")
def test_sdks_try_again(aws):
    aws.limits["kms.symmetric"] = 1
    # The waits of retries are random: a few more of them than by default are sure to be long enough.
    config = Config(retries={"mode": "standard", "total_max_attempts": 10})
    kms = boto3.client("kms", region_name="us-east-1", config=config)
    key = kms.create_key()["KeyMetadata"]["Arn"]
    kms.encrypt(KeyId=key, Plaintext=b"x")
    answer = kms.encrypt(KeyId=key, Plaintext=b"x")
    assert answer["ResponseMetadata"]["RetryAttempts"] > 0


def test_key_pairs(aws, kms, refused):
    key = kms.create_key()["KeyMetadata"]["Arn"]
    kms.generate_data_key_pair(KeyId=key, KeyPairSpec="RSA_4096")
    with refused("ThrottlingException"):
        kms.generate_data_key_pair(KeyId=key, KeyPairSpec="RSA_4096")
    kms.generate_data_key_pair(KeyId=key, KeyPairSpec="RSA_2048")


def test_hmac_keys_count_as_symmetric(aws, refused):
    kms, _ = use_up(aws, "us-east-1", "symmetric", 100_000)
    key = kms.create_key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")["KeyMetadata"]["Arn"]
    asked = {"KeyId": key, "Message": b"x", "MacAlgorithm": "HMAC_SHA_256"}
    kms.generate_mac(**asked)
    with refused("ThrottlingException"):
        kms.generate_mac(**asked)


def test_a_raised_quota_holds(aws, refused):
    """Service Quotas' increase overrides the row, in the largest Regions too."""
    aws.limits.of("123456789012", "us-east-1")["kms.symmetric"] = 1
    kms = boto3.client("kms", region_name="us-east-1", config=Config(retries={"max_attempts": 0}))
    key = kms.create_key()["KeyMetadata"]["Arn"]
    kms.encrypt(KeyId=key, Plaintext=b"x")
    with refused("ThrottlingException"):
        kms.encrypt(KeyId=key, Plaintext=b"x")


@pytest.mark.aws(limits={"kms.key-store": 1})
def test_key_stores_have_rates_of_their_own(aws, kms, refused):
    made = kms.create_custom_key_store(
        CustomKeyStoreName="hsm",
        CloudHsmClusterId="cluster-abcdefghijk",
        TrustAnchorCertificate="certificate",
        KeyStorePassword="password",
    )
    kms.connect_custom_key_store(CustomKeyStoreId=made["CustomKeyStoreId"])
    stored = kms.create_key(Origin="AWS_CLOUDHSM", CustomKeyStoreId=made["CustomKeyStoreId"])["KeyMetadata"]["Arn"]
    key = kms.create_key()["KeyMetadata"]["Arn"]
    kms.encrypt(KeyId=stored, Plaintext=b"x")
    with refused("ThrottlingException"):
        kms.encrypt(KeyId=stored, Plaintext=b"x")
    kms.encrypt(KeyId=key, Plaintext=b"x")

"""Encryption on the client with data keys of KMS: the AWS Encryption SDK, the DynamoDB Encryption Client."""

import boto3
import pytest


@pytest.fixture
def key(aws):
    return boto3.client("kms", region_name="us-east-1").create_key()["KeyMetadata"]["Arn"]


@pytest.fixture
def encryption_sdk():
    return pytest.importorskip("aws_encryption_sdk")


def test_a_message_under_a_key(aws, key, encryption_sdk):
    from aws_encryption_sdk import CommitmentPolicy

    client = encryption_sdk.EncryptionSDKClient(commitment_policy=CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT)
    provider = encryption_sdk.StrictAwsKmsMasterKeyProvider(key_ids=[key])
    sealed, header = client.encrypt(source=b"hello" * 1000, key_provider=provider, encryption_context={"team": "a"})
    assert header.encryption_context["team"] == "a"
    opened, _ = client.decrypt(source=sealed, key_provider=provider)
    assert opened == b"hello" * 1000
    assert [call.operation for call in aws.calls][1:] == ["GenerateDataKey", "Decrypt"]


def test_a_key_that_is_disabled(key, encryption_sdk):
    from aws_encryption_sdk.exceptions import AWSEncryptionSDKClientError

    client = encryption_sdk.EncryptionSDKClient()
    provider = encryption_sdk.StrictAwsKmsMasterKeyProvider(key_ids=[key])
    sealed, _ = client.encrypt(source=b"hello", key_provider=provider)
    boto3.client("kms", region_name="us-east-1").disable_key(KeyId=key)
    with pytest.raises(AWSEncryptionSDKClientError):
        client.decrypt(source=sealed, key_provider=provider)


def test_one_message_for_keys_of_two_regions(aws, encryption_sdk):
    """A multi-Region key and its replica open the same message, each in its Region."""
    from aws_encryption_sdk.key_providers.kms import MRKAwareStrictAwsKmsMasterKeyProvider

    kms = boto3.client("kms", region_name="us-east-1")
    primary = kms.create_key(MultiRegion=True)["KeyMetadata"]["Arn"]
    replica = kms.replicate_key(KeyId=primary, ReplicaRegion="eu-west-1")["ReplicaKeyMetadata"]["Arn"]
    client = encryption_sdk.EncryptionSDKClient()
    here = MRKAwareStrictAwsKmsMasterKeyProvider(key_ids=[primary])
    there = MRKAwareStrictAwsKmsMasterKeyProvider(key_ids=[replica])
    sealed, _ = client.encrypt(source=b"hello", key_provider=here)
    assert client.decrypt(source=sealed, key_provider=there)[0] == b"hello"


def test_data_keys_are_cached(aws, key, encryption_sdk):
    client = encryption_sdk.EncryptionSDKClient()
    manager = encryption_sdk.CachingCryptoMaterialsManager(
        master_key_provider=encryption_sdk.StrictAwsKmsMasterKeyProvider(key_ids=[key]),
        cache=encryption_sdk.LocalCryptoMaterialsCache(10),
        max_age=600.0,
        max_messages_encrypted=10,
    )
    for _ in range(5):
        client.encrypt(source=b"hello", materials_manager=manager)
    assert len(aws.calls.of("kms:GenerateDataKey")) == 1


def test_items_that_are_encrypted_and_signed(aws, key):
    pytest.importorskip("dynamodb_encryption_sdk")
    from dynamodb_encryption_sdk.encrypted.table import EncryptedTable
    from dynamodb_encryption_sdk.identifiers import CryptoAction
    from dynamodb_encryption_sdk.material_providers.aws_kms import AwsKmsCryptographicMaterialsProvider
    from dynamodb_encryption_sdk.structures import AttributeActions

    table = boto3.resource("dynamodb", region_name="us-east-1").create_table(
        TableName="people",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    actions = AttributeActions(
        default_action=CryptoAction.ENCRYPT_AND_SIGN, attribute_actions={"city": CryptoAction.DO_NOTHING}
    )
    encrypted = EncryptedTable(
        table=table,
        materials_provider=AwsKmsCryptographicMaterialsProvider(key_id=key),
        attribute_actions=actions,
    )
    item = {"pk": "jane", "name": "Jane", "age": 30, "city": "Berlin"}
    encrypted.put_item(Item=item)
    assert encrypted.get_item(Key={"pk": "jane"})["Item"] == item
    stored = table.get_item(Key={"pk": "jane"})["Item"]
    assert stored["city"] == "Berlin"
    assert b"Jane" not in bytes(stored["name"].value)

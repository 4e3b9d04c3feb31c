"""Multi-Region keys."""

import re

import boto3
import pytest

ACCOUNT = "123456789012"


@pytest.fixture
def primary(make):
    return make(MultiRegion=True)


@pytest.fixture
def replica(kms, primary):
    return kms.replicate_key(KeyId=primary, ReplicaRegion="eu-west-1")["ReplicaKeyMetadata"]["Arn"]


@pytest.mark.rule("kms-033")
def test_replication(kms, eu, primary, key, refused):
    id = primary.rpartition("/")[2]
    assert re.fullmatch("mrk-[0-9a-f]{32}", id)
    tags = [{"TagKey": "a", "TagValue": "b"}]
    answer = kms.replicate_key(KeyId=primary, ReplicaRegion="eu-west-1", Description="copy", Tags=tags)
    made = answer["ReplicaKeyMetadata"]
    assert (made["KeyId"], made["KeyState"], made["Description"]) == (id, "Creating", "copy")
    assert answer["ReplicaTags"] == tags
    assert f"arn:aws:iam::{ACCOUNT}:root" in answer["ReplicaPolicy"]
    there = eu.describe_key(KeyId=id)["KeyMetadata"]
    assert (there["KeyState"], there["MultiRegion"]) == ("Enabled", True)
    configuration = {
        "MultiRegionKeyType": "REPLICA",
        "PrimaryKey": {"Arn": primary, "Region": "us-east-1"},
        "ReplicaKeys": [{"Arn": made["Arn"], "Region": "eu-west-1"}],
    }
    assert there["MultiRegionConfiguration"] == configuration
    here = kms.describe_key(KeyId=id)["KeyMetadata"]["MultiRegionConfiguration"]
    assert here == {**configuration, "MultiRegionKeyType": "PRIMARY"}
    with refused("AlreadyExistsException"):
        kms.replicate_key(KeyId=primary, ReplicaRegion="eu-west-1")
    with refused("UnsupportedOperationException"):
        kms.replicate_key(KeyId=key, ReplicaRegion="eu-west-1")
    with refused("UnsupportedOperationException"):
        eu.replicate_key(KeyId=id, ReplicaRegion="eu-west-2")


@pytest.mark.rule("kms-033")
@pytest.mark.aws(lifecycle="timed", at="2026-03-01T00:00:00Z")
def test_a_replica_takes_a_while(aws, eu, replica, refused):
    with refused("KMSInvalidStateException", f"{replica} is creating."):
        eu.encrypt(KeyId=replica, Plaintext=b"x")
    aws.clock.advance(seconds=10)
    eu.encrypt(KeyId=replica, Plaintext=b"x")


@pytest.mark.rule("kms-034")
def test_decrypted_in_another_region(kms, eu, primary, replica, refused):
    blob = kms.encrypt(KeyId=primary, Plaintext=b"x", EncryptionContext={"a": "b"})["CiphertextBlob"]
    opened = eu.decrypt(CiphertextBlob=blob, EncryptionContext={"a": "b"})
    assert (opened["Plaintext"], opened["KeyId"]) == (b"x", replica)
    unrelated = eu.create_key()["KeyMetadata"]["KeyId"]
    with refused("IncorrectKeyException"):
        eu.decrypt(CiphertextBlob=blob, KeyId=unrelated, EncryptionContext={"a": "b"})
    with refused("InvalidCiphertextException", ""):
        boto3.client("kms", region_name="ap-southeast-2").decrypt(CiphertextBlob=blob, EncryptionContext={"a": "b"})


@pytest.mark.rule("kms-035")
def test_attributes_of_a_global_table(kms, eu, primary, replica):
    """A data key made in one Region is opened in the other; tables hold ciphertext alone."""
    tables = [boto3.client("dynamodb", region_name=region) for region in ("us-east-1", "eu-west-1")]
    tables[0].create_table(
        TableName="people",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    tables[0].update_table(TableName="people", ReplicaUpdates=[{"Create": {"RegionName": "eu-west-1"}}])
    made = kms.generate_data_key(KeyId=primary, KeySpec="AES_256")
    item = {"pk": {"S": "jane"}, "key": {"B": made["CiphertextBlob"]}}
    tables[0].put_item(TableName="people", Item=item)
    found = tables[1].get_item(TableName="people", Key={"pk": {"S": "jane"}})["Item"]
    opened = eu.decrypt(CiphertextBlob=found["key"]["B"])
    assert (opened["Plaintext"], opened["KeyId"]) == (made["Plaintext"], replica)
    assert made["Plaintext"] not in found["key"]["B"]


@pytest.mark.rule("kms-036")
def test_each_key_for_itself(kms, eu, primary, replica, state, policy):
    eu.disable_key(KeyId=replica)
    assert state(primary) == "Enabled"
    kms.put_key_policy(KeyId=primary, Policy=policy())
    assert "Enable IAM User Permissions" in eu.get_key_policy(KeyId=replica)["Policy"]
    kms.create_alias(AliasName="alias/mine", TargetKeyId=primary)
    kms.create_grant(KeyId=primary, GranteePrincipal=f"arn:aws:iam::{ACCOUNT}:root", Operations=["Encrypt"])
    assert eu.list_aliases()["Aliases"] == []
    assert eu.list_grants(KeyId=replica)["Grants"] == []


@pytest.mark.aws(at="2026-03-01T00:00:00Z")
def test_rotation_is_shared(aws, kms, eu, primary, replica, refused):
    with refused("UnsupportedOperationException"):
        eu.enable_key_rotation(KeyId=replica)
    kms.enable_key_rotation(KeyId=primary)
    assert eu.get_key_rotation_status(KeyId=replica)["KeyRotationEnabled"] is True
    aws.clock.advance(days=365)
    blob = kms.encrypt(KeyId=primary, Plaintext=b"x")["CiphertextBlob"]
    assert eu.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    assert len(eu.list_key_rotations(KeyId=replica)["Rotations"]) == 1


@pytest.mark.aws(at="2026-03-01T00:00:00Z")
def test_another_primary(aws, kms, eu, primary, replica, refused):
    kms.enable_key_rotation(KeyId=primary)
    with refused("NotFoundException"):
        kms.update_primary_region(KeyId=primary, PrimaryRegion="eu-west-2")
    kms.update_primary_region(KeyId=primary, PrimaryRegion="eu-west-1")
    kinds = [
        client.describe_key(KeyId=arn)["KeyMetadata"]["MultiRegionConfiguration"]["MultiRegionKeyType"]
        for client, arn in ((kms, primary), (eu, replica))
    ]
    assert kinds == ["REPLICA", "PRIMARY"]
    with refused("UnsupportedOperationException"):
        kms.update_primary_region(KeyId=primary, PrimaryRegion="eu-west-1")
    kms.schedule_key_deletion(KeyId=primary, PendingWindowInDays=7)
    aws.clock.advance(days=365)
    assert len(eu.list_key_rotations(KeyId=replica)["Rotations"]) == 1


@pytest.mark.aws(at="2026-03-01T00:00:00Z")
def test_a_primary_goes_after_its_replicas(aws, kms, eu, primary, replica, state, refused):
    answer = kms.schedule_key_deletion(KeyId=primary, PendingWindowInDays=7)
    assert answer["KeyState"] == "PendingReplicaDeletion"
    assert "DeletionDate" not in answer
    assert kms.describe_key(KeyId=primary)["KeyMetadata"]["PendingDeletionWindowInDays"] == 7
    with refused("KMSInvalidStateException", f"{primary} is pending replica deletion."):
        kms.encrypt(KeyId=primary, Plaintext=b"x")
    aws.clock.advance(days=30)
    assert state(primary) == "PendingReplicaDeletion"
    eu.schedule_key_deletion(KeyId=replica, PendingWindowInDays=7)
    aws.clock.advance(days=7)
    assert state(primary) == "PendingDeletion"
    aws.clock.advance(days=7)
    assert kms.list_keys()["Keys"] == []


def test_replicas_that_cannot_be(kms, primary, policy, refused):
    with refused("UnsupportedOperationException"):
        kms.replicate_key(KeyId=primary, ReplicaRegion="cn-north-1")
    with refused("MalformedPolicyDocumentException"):
        kms.replicate_key(KeyId=primary, ReplicaRegion="eu-west-1", Policy="{}")
    with refused("TagException"):
        tags = [{"TagKey": "aws:a", "TagValue": "b"}]
        kms.replicate_key(KeyId=primary, ReplicaRegion="eu-west-1", Tags=tags)
    assert kms.describe_key(KeyId=primary)["KeyMetadata"]["MultiRegionConfiguration"]["ReplicaKeys"] == []
    own = policy()
    answer = kms.replicate_key(KeyId=primary, ReplicaRegion="eu-west-1", Policy=own)
    assert answer["ReplicaPolicy"] == own
    kms.disable_key(KeyId=primary)
    with refused("DisabledException"):
        kms.replicate_key(KeyId=primary, ReplicaRegion="eu-west-2")

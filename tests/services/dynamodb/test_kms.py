"""Tables under keys of KMS."""

import boto3
import pytest
from botocore.exceptions import ClientError

TABLE = {
    "TableName": "orders",
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}


@pytest.fixture
def kms(aws):
    return boto3.client("kms", region_name="us-east-1")


@pytest.fixture
def db(aws):
    return boto3.client("dynamodb", region_name="us-east-1")


@pytest.fixture
def key(kms):
    return kms.create_key()["KeyMetadata"]["Arn"]


def under(key=None):
    named = {"KMSMasterKeyId": key} if key else {}
    return {**TABLE, "SSESpecification": {"Enabled": True, "SSEType": "KMS", **named}}


def key_of(db):
    return db.describe_table(TableName="orders")["Table"]["SSEDescription"]["KMSMasterKeyArn"]


def refused(db, key):
    with pytest.raises(ClientError) as caught:
        db.create_table(**under(key))
    assert db.list_tables()["TableNames"] == []
    response = caught.value.response
    return response["Error"]["Code"], response["Error"]["Message"]


@pytest.mark.rule("dynamodb-008", "kms-010")
def test_the_accounts_own_key_for_dynamodb(db, kms):
    assert kms.list_aliases()["Aliases"] == []
    db.create_table(**under())
    (alias,) = kms.list_aliases()["Aliases"]
    managed = kms.describe_key(KeyId=alias["TargetKeyId"])["KeyMetadata"]
    assert (alias["AliasName"], managed["KeyManager"]) == ("alias/aws/dynamodb", "AWS")
    assert key_of(db) == managed["Arn"]


@pytest.mark.rule("kms-009")
def test_no_key_where_none_is_asked_for(db, kms):
    db.create_table(**TABLE)
    assert (kms.list_keys()["Keys"], kms.list_aliases()["Aliases"]) == ([], [])


@pytest.mark.rule("kms-037")
def test_a_key_of_ones_own_is_granted_to_dynamodb(db, kms, key):
    kms.create_alias(AliasName="alias/orders", TargetKeyId=key)
    db.create_table(**under("alias/orders"))
    assert key_of(db) == key
    (grant,) = kms.list_grants(KeyId=key)["Grants"]
    assert grant["GranteeServicePrincipal"] == "dynamodb.us-east-1.amazonaws.com"
    context = {"aws:dynamodb:subscriberId": "123456789012", "aws:dynamodb:tableName": "orders"}
    assert grant["Constraints"] == {"EncryptionContextSubset": context}


@pytest.mark.rule("kms-037", "kms-008")
def test_keys_that_cannot_be_used(db, kms, key):
    kms.disable_key(KeyId=key)
    code, message = refused(db, key)
    assert code == "ValidationException"
    assert message.startswith(
        f"KMS key disabled error: com.amazonaws.services.kms.model.DisabledException: {key} is disabled. "
        "(Service: AWSKMS; Status Code: 400; Error Code: DisabledException; Request ID: "
    )
    code, message = refused(db, "alias/none")
    assert code == "ValidationException"
    assert "KMS validation error: com.amazonaws.services.kms.model.NotFoundException: Alias arn:aws:kms:" in message
    pair = kms.create_key(KeySpec="RSA_2048", KeyUsage="ENCRYPT_DECRYPT")["KeyMetadata"]["Arn"]
    code, message = refused(db, pair)
    assert code == "InternalServerError"
    assert "EncryptionContext is supported only when creating a grant for a symmetric encryption KMS key." in message


def test_a_table_moves_to_another_key(db, kms, key):
    db.create_table(**TABLE)
    db.update_table(TableName="orders", SSESpecification=under(key)["SSESpecification"])
    assert key_of(db) == key
    kms.disable_key(KeyId=key)
    other = kms.create_key()["KeyMetadata"]["Arn"]
    db.update_table(TableName="orders", SSESpecification=under(other)["SSESpecification"])
    assert key_of(db) == other


def status_of(db):
    table = db.describe_table(TableName="orders")["Table"]
    return table["TableStatus"], table["SSEDescription"].get("InaccessibleEncryptionDateTime")


def test_a_table_whose_key_is_disabled_cannot_be_read(aws, db, kms, key):
    db.create_table(**under(key))
    item = {"pk": {"S": "a"}}
    db.put_item(TableName="orders", Item=item)
    kms.disable_key(KeyId=key)
    aws.clock.advance(seconds=299)
    assert db.get_item(TableName="orders", Key=item)["Item"] == item
    aws.clock.advance(seconds=299)
    # Each use keeps the table's own key in DynamoDB's memory.
    assert db.get_item(TableName="orders", Key=item)["Item"] == item
    assert status_of(db) == ("ACTIVE", None)
    aws.clock.advance(seconds=301)
    for call in (
        lambda: db.get_item(TableName="orders", Key=item),
        lambda: db.put_item(TableName="orders", Item=item),
        lambda: db.scan(TableName="orders"),
    ):
        with pytest.raises(ClientError) as caught:
            call()
        error = caught.value.response["Error"]
        assert error["Code"] == "ValidationException"
        assert error["Message"].startswith(
            f"KMS key disabled error: com.amazonaws.services.kms.model.DisabledException: {key}"
        )
    status, since = status_of(db)
    assert status == "INACCESSIBLE_ENCRYPTION_CREDENTIALS"
    assert abs(since.timestamp() - aws.clock.now().timestamp()) < 60
    kms.enable_key(KeyId=key)
    assert status_of(db) == ("ACTIVE", None)
    assert db.get_item(TableName="orders", Key=item)["Item"] == item


def test_a_table_whose_key_is_to_be_deleted_shows_it(aws, db, kms, key):
    db.create_table(**under(key))
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    aws.clock.advance(seconds=301)
    assert status_of(db)[0] == "INACCESSIBLE_ENCRYPTION_CREDENTIALS"
    with pytest.raises(ClientError, match="KMSInvalidStateException"):
        db.scan(TableName="orders")
    kms.cancel_key_deletion(KeyId=key)
    kms.enable_key(KeyId=key)
    assert db.scan(TableName="orders")["Items"] == []

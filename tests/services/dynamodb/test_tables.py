"""Tables: creation and its checks, description, updates, deletion, listing, settings of tables."""

from __future__ import annotations

import boto3
import pytest

_PREFIX = "One or more parameter values were invalid: "
_KEY = [{"AttributeName": "pk", "KeyType": "HASH"}]
_STRING = [{"AttributeName": "pk", "AttributeType": "S"}]
_PAIR = [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]
_STRINGS = [{"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "S"}]
_UNITS = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}


def _lsi(name="by_other", hash_="pk", sort="other", **projection):
    schema = [{"AttributeName": hash_, "KeyType": "HASH"}]
    if sort:
        schema.append({"AttributeName": sort, "KeyType": "RANGE"})
    return {"IndexName": name, "KeySchema": schema, "Projection": projection or {"ProjectionType": "ALL"}}


def _gsi(name="by_other", hash_="other", sort=None, **more):
    return {**_lsi(name, hash_, sort), **more}


@pytest.mark.rule("dynamodb-001", "dynamodb-002", "dynamodb-061")
def test_create_on_demand(client, make):
    created = client.create_table(
        TableName="things", KeySchema=_KEY, AttributeDefinitions=_STRING, BillingMode="PAY_PER_REQUEST"
    )["TableDescription"]
    assert created["TableStatus"] == "CREATING"
    assert created["TableArn"] == "arn:aws:dynamodb:us-east-1:123456789012:table/things"
    assert len(created["TableId"]) == 36
    assert created["KeySchema"] == _KEY
    assert created["AttributeDefinitions"] == _STRING
    assert (created["ItemCount"], created["TableSizeBytes"]) == (0, 0)
    assert created["BillingModeSummary"] == {"BillingMode": "PAY_PER_REQUEST"}
    table = client.describe_table(TableName="things")["Table"]
    assert table["TableStatus"] == "ACTIVE"
    assert table["CreationDateTime"] == created["CreationDateTime"]
    assert table["ProvisionedThroughput"] == {
        "NumberOfDecreasesToday": 0, "ReadCapacityUnits": 0, "WriteCapacityUnits": 0,
    }  # fmt: skip
    assert table["BillingModeSummary"]["LastUpdateToPayPerRequestDateTime"] == created["CreationDateTime"]
    assert table["WarmThroughput"] == {"ReadUnitsPerSecond": 12000, "WriteUnitsPerSecond": 4000, "Status": "ACTIVE"}
    client.put_item(TableName="things", Item={"pk": {"S": "a"}, "x": {"N": "1"}})
    client.put_item(TableName="things", Item={"pk": {"S": "b"}, "y": {"BOOL": True}})
    assert client.scan(TableName="things")["Count"] == 2
    # The ARN serves as a name.
    assert client.describe_table(TableName=created["TableArn"])["Table"]["ItemCount"] == 2


@pytest.mark.rule("dynamodb-002")
def test_names_taken_and_unknown(client, make, refused):
    make()
    with refused("ResourceInUseException", "Table already exists: things"):
        client.create_table(
            TableName="things", KeySchema=_KEY, AttributeDefinitions=_STRING, BillingMode="PAY_PER_REQUEST"
        )
    for operation in (client.describe_table, client.delete_table):
        with refused("ResourceNotFoundException", "Requested resource not found: Table: nothing not found"):
            operation(TableName="nothing")
    with refused("ResourceNotFoundException", "Requested resource not found"):
        client.get_item(TableName="nothing", Key={"pk": {"S": "a"}})
    assert client.list_tables()["TableNames"] == ["things"]


@pytest.mark.parametrize("name", ["ab", "x" * 256, "no/slash", "no space"])
def test_names_that_are_none(client, refused, name):
    with refused("ValidationException"):
        client.create_table(TableName=name, KeySchema=_KEY, AttributeDefinitions=_STRING, BillingMode="PAY_PER_REQUEST")
    assert client.list_tables()["TableNames"] == []


@pytest.mark.rule("dynamodb-004")
@pytest.mark.parametrize("name", ["abc", "x" * 255, "A.b-c_9"])
def test_keys_of_one_and_two(client, make, name):
    make("pk:S", name=name)
    make("pk:N", "sk:B", name=name[:-1] + "2")
    schema = client.describe_table(TableName=name[:-1] + "2")["Table"]["KeySchema"]
    assert [element["KeyType"] for element in schema] == ["HASH", "RANGE"]


@pytest.mark.rule(
    "dynamodb-003", "dynamodb-004", "dynamodb-005", "dynamodb-012", "dynamodb-049", "dynamodb-051", "dynamodb-052",
    "dynamodb-056", "dynamodb-057", "dynamodb-060", "dynamodb-061",
)  # fmt: skip
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"KeySchema": None},
            "1 validation error detected: Value null at 'keySchema' failed to satisfy constraint: "
            "Member must not be null",
        ),
        (
            {"KeySchema": [{"AttributeName": "pk", "KeyType": "RANGE"}]},
            "Invalid KeySchema: The first KeySchemaElement is not a HASH key type",
        ),
        (
            {"KeySchema": [_PAIR[0], {"AttributeName": "sk", "KeyType": "HASH"}], "AttributeDefinitions": _STRINGS},
            "Invalid KeySchema: The second KeySchemaElement is not a RANGE key type",
        ),
        (
            {"KeySchema": [_PAIR[0], {"AttributeName": "pk", "KeyType": "RANGE"}], "AttributeDefinitions": _STRINGS},
            "Both the Hash Key and the Range Key element in the KeySchema have the same name",
        ),
        ({"KeySchema": _PAIR}, "Invalid KeySchema: Some index key attribute have no definition"),
        (
            {"AttributeDefinitions": [{"AttributeName": "other", "AttributeType": "S"}]},
            _PREFIX + "Some index key attributes are not defined in AttributeDefinitions. "
            "Keys: [pk], AttributeDefinitions: [other]",
        ),
        (
            {"AttributeDefinitions": _STRINGS},
            _PREFIX + "Number of attributes in KeySchema does not exactly match number of attributes defined in "
            "AttributeDefinitions",
        ),
        (
            {"AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "BOOL"}]},
            "1 validation error detected: Value 'BOOL' at 'attributeDefinitions.1.member.attributeType' failed to "
            "satisfy constraint: Member must satisfy enum value set: [B, N, S]",
        ),
        (
            {"BillingMode": None},
            _PREFIX + "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED",
        ),
        (
            {"ProvisionedThroughput": _UNITS},
            _PREFIX + "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is "
            "PAY_PER_REQUEST",
        ),
        (
            {"BillingMode": None, "ProvisionedThroughput": {"ReadCapacityUnits": 0, "WriteCapacityUnits": 1}},
            "1 validation error detected: Value '0' at 'provisionedThroughput.readCapacityUnits' failed to satisfy "
            "constraint: Member must have value greater than or equal to 1",
        ),
        (
            {
                "BillingMode": None,
                "ProvisionedThroughput": {"ReadCapacityUnits": 1_000_000_000_001, "WriteCapacityUnits": 1},
            },
            "Given value 1000000000001 for ReadCapacityUnits is out of bounds",
        ),
        (
            {"LocalSecondaryIndexes": [_lsi()], "AttributeDefinitions": _STRINGS},
            _PREFIX + "Table KeySchema does not have a range key, which is required when specifying a "
            "LocalSecondaryIndex",
        ),
        (
            {"KeySchema": _PAIR, "AttributeDefinitions": _STRINGS, "LocalSecondaryIndexes": [_lsi(sort=None)]},
            _PREFIX + "Index KeySchema does not have a range key for index: by_other",
        ),
        (
            {
                "KeySchema": _PAIR,
                "AttributeDefinitions": _STRINGS,
                "LocalSecondaryIndexes": [_lsi(hash_="sk", sort="pk")],
            },
            _PREFIX + "Index KeySchema does not have the same leading hash key as table KeySchema for index: by_other. "
            "index hash key: sk, table hash key: pk",
        ),
        (
            {"KeySchema": _PAIR, "AttributeDefinitions": _STRINGS, "LocalSecondaryIndexes": []},
            _PREFIX + "List of LocalSecondaryIndexes is empty",
        ),
        (
            {"GlobalSecondaryIndexes": [_gsi(hash_="pk", Projection={"ProjectionType": "INCLUDE"})]},
            _PREFIX + "ProjectionType is INCLUDE, but NonKeyAttributes is not specified",
        ),
        (
            {
                "GlobalSecondaryIndexes": [
                    _gsi(hash_="pk", Projection={"ProjectionType": "ALL", "NonKeyAttributes": ["x"]})
                ]
            },
            _PREFIX + "ProjectionType is ALL, but NonKeyAttributes is specified",
        ),
        (
            {"GlobalSecondaryIndexes": [_gsi(hash_="pk", Projection={})]},
            _PREFIX + "Unknown ProjectionType: null",
        ),
        (
            {"GlobalSecondaryIndexes": [_gsi(hash_="pk"), _gsi(hash_="pk")]},
            _PREFIX + "Duplicate index name: by_other",
        ),
        (
            {"GlobalSecondaryIndexes": [_gsi(hash_="pk", ProvisionedThroughput=_UNITS)]},
            _PREFIX + "ProvisionedThroughput should not be specified for index: by_other when BillingMode is "
            "PAY_PER_REQUEST",
        ),
        (
            {
                "GlobalSecondaryIndexes": [_gsi(hash_="pk")],
                "BillingMode": "PROVISIONED",
                "ProvisionedThroughput": _UNITS,
            },
            _PREFIX + "ProvisionedThroughput must be specified for index: by_other",
        ),
        (
            {
                "GlobalSecondaryIndexes": [_gsi(hash_="pk")],
                "AttributeDefinitions": [*_STRINGS],
            },
            _PREFIX + "Some AttributeDefinitions are not used. AttributeDefinitions: [pk, sk], keys used: [pk]",
        ),
    ],
)  # fmt: skip
def test_definitions_refused(client, refused, changes, message):
    parameters = {
        "TableName": "things",
        "KeySchema": _KEY,
        "AttributeDefinitions": _STRING,
        "BillingMode": "PAY_PER_REQUEST",
        **changes,
    }
    with refused("ValidationException", message):
        client.create_table(**{name: value for name, value in parameters.items() if value is not None})
    assert client.list_tables()["TableNames"] == []


@pytest.mark.rule("dynamodb-050")
def test_five_local_indexes(client, make, refused):
    def create(count):
        names = [f"a{number}:S" for number in range(count)]
        indexes = [_lsi(f"idx{number}", sort=f"a{number}") for number in range(count)]
        make("pk:S", "sk:S", attributes=names, LocalSecondaryIndexes=indexes)

    with refused("ValidationException", _PREFIX + "Number of LocalSecondaryIndexes exceeds per-table limit of 5"):
        create(6)
    assert client.list_tables()["TableNames"] == []
    create(5)


def test_twenty_global_indexes(client, make, refused):
    def create(count):
        make(GlobalSecondaryIndexes=[_gsi(f"idx{number}", "pk") for number in range(count)])

    with refused("ValidationException", _PREFIX + "GlobalSecondaryIndex count exceeds the per-table limit of 20"):
        create(21)
    create(20)


@pytest.mark.rule("dynamodb-060", "dynamodb-007")
def test_provisioned_is_the_default(client, make):
    make(BillingMode="PROVISIONED", ProvisionedThroughput=_UNITS)
    table = client.describe_table(TableName="things")["Table"]
    assert table["ProvisionedThroughput"] == {"NumberOfDecreasesToday": 0, **_UNITS}
    assert "BillingModeSummary" not in table
    assert "TableClassSummary" not in table
    make(name="rarely", TableClass="STANDARD_INFREQUENT_ACCESS")
    table = client.describe_table(TableName="rarely")["Table"]
    assert table["TableClassSummary"]["TableClass"] == "STANDARD_INFREQUENT_ACCESS"


@pytest.mark.rule("dynamodb-008")
def test_encryption(client, make):
    make()
    assert "SSEDescription" not in client.describe_table(TableName="things")["Table"]
    make(name="with_kms", SSESpecification={"Enabled": True, "SSEType": "KMS"})
    encryption = client.describe_table(TableName="with_kms")["Table"]["SSEDescription"]
    assert (encryption["Status"], encryption["SSEType"]) == ("ENABLED", "KMS")
    assert encryption["KMSMasterKeyArn"].startswith("arn:aws:kms:us-east-1:123456789012:")
    key = boto3.client("kms", region_name="us-east-1").create_key()["KeyMetadata"]["Arn"]
    make(name="with_key", SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key})
    assert client.describe_table(TableName="with_key")["Table"]["SSEDescription"]["KMSMasterKeyArn"] == key


@pytest.mark.rule("dynamodb-009")
def test_delete(client, make, refused, contents):
    make()
    client.put_item(TableName="things", Item={"pk": {"S": "a"}})
    assert client.delete_table(TableName="things")["TableDescription"]["TableStatus"] == "DELETING"
    with refused("ResourceNotFoundException", "Requested resource not found: Table: things not found"):
        client.describe_table(TableName="things")
    assert client.list_tables()["TableNames"] == []
    make()
    assert contents() == []


@pytest.mark.rule("dynamodb-009")
@pytest.mark.aws(lifecycle="timed", at="2026-01-01")
def test_states_on_the_clock(aws, client, make, refused):
    make()
    assert client.describe_table(TableName="things")["Table"]["TableStatus"] == "CREATING"
    with refused("ResourceNotFoundException", "Requested resource not found"):
        client.put_item(TableName="things", Item={"pk": {"S": "a"}})
    busy = "Attempt to change a resource which is still in use: Table is being {}: things"
    with refused("ResourceInUseException", busy.format("created")):
        client.delete_table(TableName="things")
    client.get_waiter("table_exists").wait(TableName="things")
    client.put_item(TableName="things", Item={"pk": {"S": "a"}})
    client.update_table(TableName="things", DeletionProtectionEnabled=False, TableClass="STANDARD_INFREQUENT_ACCESS")
    with refused("ResourceInUseException", busy.format("updated")):
        client.delete_table(TableName="things")
    # Reads and writes go on meanwhile.
    assert client.get_item(TableName="things", Key={"pk": {"S": "a"}})["Item"] == {"pk": {"S": "a"}}
    aws.clock.advance(minutes=1)
    client.delete_table(TableName="things")
    assert client.describe_table(TableName="things")["Table"]["TableStatus"] == "DELETING"
    with refused("ResourceInUseException", busy.format("deleted")):
        client.delete_table(TableName="things")
    with refused("ResourceInUseException", "Table already exists: things"):
        make()
    client.get_waiter("table_not_exists").wait(TableName="things")
    make()


@pytest.mark.rule("dynamodb-009")
def test_deletion_protection(client, make, refused):
    make(DeletionProtectionEnabled=True)
    assert client.describe_table(TableName="things")["Table"]["DeletionProtectionEnabled"] is True
    message = (
        "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first."
    )
    with refused("ValidationException", message):
        client.delete_table(TableName="things")
    client.update_table(TableName="things", DeletionProtectionEnabled=False)
    client.delete_table(TableName="things")
    assert client.list_tables()["TableNames"] == []


def test_list_in_pages(client, make):
    names = sorted(f"table{number:02}" for number in range(12))
    for name in reversed(names):
        make(name=name)
    first = client.list_tables(Limit=5)
    assert first == {**first, "TableNames": names[:5], "LastEvaluatedTableName": names[4]}
    pages = client.get_paginator("list_tables").paginate(PaginationConfig={"PageSize": 5})
    assert [name for page in pages for name in page["TableNames"]] == names
    assert "LastEvaluatedTableName" not in client.list_tables(Limit=12)
    assert client.list_tables(ExclusiveStartTableName="table10x")["TableNames"] == ["table11"]


def test_quota_of_tables(aws, client, make, refused):
    aws.limits["dynamodb.tables"] = 2
    make(name="one")
    make(name="two2")
    with refused("LimitExceededException", "Subscriber limit exceeded: There is a limit of 2 tables per subscriber"):
        make(name="three")
    client.delete_table(TableName="one")
    make(name="three")


@pytest.mark.rule("dynamodb-006")
def test_no_other_key(client, make):
    """UpdateTable has no parameter for it, in any model of botocore."""
    make()
    assert "KeySchema" not in client.meta.service_model.operation_model("UpdateTable").input_shape.members


@pytest.mark.rule("dynamodb-053")
def test_no_later_local_indexes(client):
    members = client.meta.service_model.operation_model("UpdateTable").input_shape.members
    assert "LocalSecondaryIndexUpdates" not in members


@pytest.mark.rule("dynamodb-062")
def test_capacity_changes(client, make, refused):
    make(BillingMode="PROVISIONED", ProvisionedThroughput=_UNITS)
    more = {"ReadCapacityUnits": 10, "WriteCapacityUnits": 5}
    updated = client.update_table(TableName="things", ProvisionedThroughput=more)["TableDescription"]
    assert updated["TableStatus"] == "UPDATING"
    assert updated["ProvisionedThroughput"]["ReadCapacityUnits"] == 5
    table = client.describe_table(TableName="things")["Table"]
    assert table["TableStatus"] == "ACTIVE"
    assert table["ProvisionedThroughput"]["ReadCapacityUnits"] == 10
    assert "LastIncreaseDateTime" in table["ProvisionedThroughput"]
    with refused(
        "ValidationException",
        "The provisioned throughput for the table will not change. The requested value equals the current value. "
        "Current ReadCapacityUnits provisioned for the table: 10. Requested ReadCapacityUnits: 10. "
        "Current WriteCapacityUnits provisioned for the table: 5. Requested WriteCapacityUnits: 5. "
        "Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits.",
    ):
        client.update_table(TableName="things", ProvisionedThroughput=more)


@pytest.mark.rule("dynamodb-062")
@pytest.mark.aws(lifecycle="timed", at="2026-01-01T01:00:00")
def test_decreases_are_limited(aws, client, make, refused):
    make(BillingMode="PROVISIONED", ProvisionedThroughput={"ReadCapacityUnits": 20, "WriteCapacityUnits": 5})
    aws.clock.advance(minutes=1)

    def decrease(to):
        client.update_table(
            TableName="things", ProvisionedThroughput={"ReadCapacityUnits": to, "WriteCapacityUnits": 5}
        )
        aws.clock.advance(minutes=1)

    for to in (19, 18, 17, 16):
        decrease(to)
    with refused("LimitExceededException", starts="Subscriber limit exceeded: Provisioned throughput decreases"):
        decrease(15)
    table = client.describe_table(TableName="things")["Table"]["ProvisionedThroughput"]
    assert (table["ReadCapacityUnits"], table["NumberOfDecreasesToday"]) == (16, 4)
    aws.clock.advance(hours=1)
    decrease(15)
    aws.clock.advance(days=1)
    decrease(14)
    assert client.describe_table(TableName="things")["Table"]["ProvisionedThroughput"]["NumberOfDecreasesToday"] == 1


@pytest.mark.rule("dynamodb-061")
@pytest.mark.aws(lifecycle="timed", at="2026-01-01")
def test_switching_modes(aws, client, make, refused):
    make(BillingMode="PROVISIONED", ProvisionedThroughput=_UNITS)
    aws.clock.advance(minutes=1)
    for _ in range(4):
        client.update_table(TableName="things", BillingMode="PAY_PER_REQUEST")
        aws.clock.advance(minutes=1)
        table = client.describe_table(TableName="things")["Table"]
        assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
        assert table["ProvisionedThroughput"]["ReadCapacityUnits"] == 0
        client.update_table(TableName="things", BillingMode="PROVISIONED", ProvisionedThroughput=_UNITS)
        aws.clock.advance(minutes=1)
    assert client.describe_table(TableName="things")["Table"]["BillingModeSummary"]["BillingMode"] == "PROVISIONED"
    with refused(
        "LimitExceededException",
        starts="Subscriber limit exceeded: Update to PayPerRequest mode are limited to 4 times",
    ):
        client.update_table(TableName="things", BillingMode="PAY_PER_REQUEST")
    aws.clock.advance(days=1)
    client.update_table(TableName="things", BillingMode="PAY_PER_REQUEST")


def test_update_refused(client, make, refused):
    make()
    with refused("ValidationException", starts="At least one of ProvisionedThroughput, BillingMode,"):
        client.update_table(TableName="things")
    with refused(
        "ValidationException", _PREFIX + "ProvisionedThroughput must be specified when BillingMode is PROVISIONED"
    ):
        client.update_table(TableName="things", BillingMode="PROVISIONED")
    with refused("ResourceNotFoundException", "Requested resource not found: Table: nothing not found"):
        client.update_table(TableName="nothing", BillingMode="PAY_PER_REQUEST")
    assert client.describe_table(TableName="things")["Table"]["TableStatus"] == "ACTIVE"


@pytest.mark.rule("dynamodb-010")
def test_counts_follow_items(client, make):
    make()
    for number in range(30):
        client.put_item(TableName="things", Item={"pk": {"S": f"{number:02}"}})
    client.delete_item(TableName="things", Key={"pk": {"S": "07"}})
    table = client.describe_table(TableName="things")["Table"]
    assert (table["ItemCount"], table["TableSizeBytes"]) == (29, 29 * 4)


@pytest.mark.rule("dynamodb-080")
@pytest.mark.aws(at="2026-01-01")
def test_stream_of_a_table(aws, client, make, refused):
    make(StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"})
    table = client.describe_table(TableName="things")["Table"]
    assert table["LatestStreamArn"] == f"{table['TableArn']}/stream/{table['LatestStreamLabel']}"
    with refused("ValidationException", "Table already has an enabled stream: TableName: things"):
        client.update_table(
            TableName="things", StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
        )
    client.update_table(TableName="things", StreamSpecification={"StreamEnabled": False})
    assert "StreamSpecification" not in client.describe_table(TableName="things")["Table"]
    aws.clock.advance(seconds=1)
    client.update_table(TableName="things", StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"})
    again = client.describe_table(TableName="things")["Table"]
    assert again["LatestStreamArn"] != table["LatestStreamArn"]
    assert again["StreamSpecification"]["StreamViewType"] == "NEW_IMAGE"
    with refused(
        "ValidationException",
        "One or more parameter values were invalid: StreamViewType must be specified when StreamEnabled is true",
    ):
        make(name="another", StreamSpecification={"StreamEnabled": True})


def test_state_comes_back(aws, client, make, contents):
    """Everything an instance holds can be taken back."""
    make("pk:S", "sk:N", attributes=["g:S"], GlobalSecondaryIndexes=[_gsi("by_g", "g")])
    item = {"pk": {"S": "a"}, "sk": {"N": "1"}, "g": {"S": "x"}}
    client.put_item(TableName="things", Item=item)
    before = client.describe_table(TableName="things")["Table"]
    snapshot = aws.snapshot()
    client.put_item(TableName="things", Item={**item, "sk": {"N": "2"}})
    client.delete_item(TableName="things", Key={"pk": {"S": "a"}, "sk": {"N": "1"}})
    client.update_table(TableName="things", DeletionProtectionEnabled=True)
    make(name="another")
    aws.restore(snapshot)
    assert client.list_tables()["TableNames"] == ["things"]
    assert client.describe_table(TableName="things")["Table"] == before
    assert contents() == [item]
    found = client.query(
        TableName="things",
        IndexName="by_g",
        KeyConditionExpression="g = :x",
        ExpressionAttributeValues={":x": {"S": "x"}},
    )
    assert found["Items"] == [item]

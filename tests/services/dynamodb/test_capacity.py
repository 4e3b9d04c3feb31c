"""Capacity: units consumed, item collections, and throttling on the clock."""

from __future__ import annotations

import pytest

from awsim.errors import AWSError

_EXCEEDED = "ProvisionedThroughputExceededException"


def _sized(size, key="a", **more):
    """An item of exactly so many bytes."""
    item = {"pk": {"S": key}, **more}
    used = sum(len(name) + len(value["S"]) for name, value in item.items())
    return {**item, "x": {"B": b"y" * (size - used - 1)}}


def _units(answer):
    return answer["ConsumedCapacity"]["CapacityUnits"]


@pytest.mark.rule("dynamodb-065")
@pytest.mark.parametrize(
    ("size", "units"), [(10, 1.0), (1024, 1.0), (1025, 2.0), (2048, 2.0), (4608, 5.0), (409_600, 400.0)]
)
def test_write_units(client, make, size, units):
    make()
    item = _sized(size)
    key = {"pk": item["pk"]}
    assert _units(client.put_item(TableName="things", Item=item, ReturnConsumedCapacity="TOTAL")) == units
    # By the larger of the item before and after.
    assert _units(client.put_item(TableName="things", Item=_sized(10), ReturnConsumedCapacity="TOTAL")) == units
    client.put_item(TableName="things", Item=item)
    answer = client.update_item(
        TableName="things", Key=key, UpdateExpression="REMOVE x", ReturnConsumedCapacity="TOTAL"
    )
    assert _units(answer) == units
    client.put_item(TableName="things", Item=item)
    assert _units(client.delete_item(TableName="things", Key=key, ReturnConsumedCapacity="TOTAL")) == units
    assert _units(client.delete_item(TableName="things", Key=key, ReturnConsumedCapacity="TOTAL")) == 1.0


@pytest.mark.rule("dynamodb-046", "dynamodb-067", "dynamodb-068")
@pytest.mark.parametrize(("size", "units"), [(10, 1.0), (4096, 1.0), (4097, 2.0), (6144, 2.0), (12_288, 3.0)])
def test_read_units(client, make, size, units):
    make()
    client.put_item(TableName="things", Item=_sized(size))

    def read(key="a", **more):
        return _units(
            client.get_item(TableName="things", Key={"pk": {"S": key}}, ReturnConsumedCapacity="TOTAL", **more)
        )

    assert read(ConsistentRead=True) == units
    assert read() == units / 2
    assert read(ProjectionExpression="pk") == units / 2
    assert (read("absent", ConsistentRead=True), read("absent")) == (1.0, 0.5)


@pytest.mark.rule("dynamodb-036", "dynamodb-067")
def test_units_of_many(client, make):
    make()
    for key in "abc":
        client.put_item(TableName="things", Item=_sized(3000, key))
    scan = client.scan(TableName="things", ReturnConsumedCapacity="TOTAL", ConsistentRead=True)
    assert _units(scan) == 3.0, "9,000 bytes together"
    wish = {"things": {"Keys": [{"pk": {"S": key}} for key in "abcd"], "ConsistentRead": True}}
    batch = client.batch_get_item(RequestItems=wish, ReturnConsumedCapacity="TOTAL")
    assert batch["ConsumedCapacity"] == [{"TableName": "things", "CapacityUnits": 4.0}], "each item by itself"
    requests = {"things": [{"PutRequest": {"Item": _sized(1500, key)}} for key in "xy"]}
    batch = client.batch_write_item(RequestItems=requests, ReturnConsumedCapacity="TOTAL")
    assert batch["ConsumedCapacity"] == [{"TableName": "things", "CapacityUnits": 4.0}]
    assert "ConsumedCapacity" not in client.scan(TableName="things", ReturnConsumedCapacity="NONE")
    query = client.query(
        TableName="things",
        KeyConditionExpression="pk = :x",
        ExpressionAttributeValues={":x": {"S": "none"}},
        ReturnConsumedCapacity="TOTAL",
    )
    assert _units(query) == 0.5


@pytest.fixture
def indexed(make):
    return make(
        "pk:S", "sk:S", attributes=["g:S", "l:S"],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by_g", "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
        ],
        LocalSecondaryIndexes=[
            {
                "IndexName": "by_l",
                "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "l", "KeyType": "RANGE"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )  # fmt: skip


@pytest.mark.rule("dynamodb-054")
def test_units_of_indexes(client, indexed):
    def write(**attributes):
        item = {"pk": {"S": "a"}, "sk": {"S": "1"}, **attributes}
        answer = client.put_item(TableName="things", Item=item, ReturnConsumedCapacity="INDEXES")["ConsumedCapacity"]
        sides = (answer.get("GlobalSecondaryIndexes", {}), answer.get("LocalSecondaryIndexes", {}))
        units = tuple(sum(one["CapacityUnits"] for one in side.values()) for side in sides)
        assert answer["CapacityUnits"] == answer["Table"]["CapacityUnits"] + sum(units)
        return units

    assert write() == (0, 0)
    assert write(g={"S": "x"}) == (1.0, 0)
    assert write(g={"S": "x"}, other={"S": "y"}) == (0, 0), "nothing that the index holds has changed"
    assert write(g={"S": "z"}) == (2.0, 0), "one entry less, one more"
    large = {"l": {"S": "x"}, "large": {"S": "y" * 1500}}
    assert write(g={"S": "z"}, **large) == (0, 2.0)
    assert write(g={"S": "z"}, **large, other={"S": "q"}) == (0, 2.0)
    assert write() == (1.0, 2.0)


@pytest.mark.rule("dynamodb-054")
def test_no_capacity_of_local_indexes(client, indexed):
    (index,) = client.describe_table(TableName="things")["Table"]["LocalSecondaryIndexes"]
    assert "ProvisionedThroughput" not in index


@pytest.mark.rule("dynamodb-079")
def test_item_collections(aws, client, indexed, make, refused):
    def write(sk, size, table="things"):
        item = {"pk": {"S": "a"}, "sk": {"S": sk}, "l": {"S": "x" * size}}
        return client.put_item(TableName=table, Item=item, ReturnItemCollectionMetrics="SIZE")

    assert write("1", 10)["ItemCollectionMetrics"] == {
        "ItemCollectionKey": {"pk": {"S": "a"}}, "SizeEstimateRangeGB": [0.0, 1.0],
    }  # fmt: skip
    aws.limits["dynamodb.item-collection-size"] = 100
    with refused("ItemCollectionSizeLimitExceededException", "Item collection size limit of 10GB exceeded."):
        write("2", 50)
    assert client.scan(TableName="things")["Count"] == 1
    write("1", 5)
    client.put_item(TableName="things", Item={"pk": {"S": "b"}, "sk": {"S": "1"}, "l": {"S": "x" * 10}})
    make("pk:S", "sk:S", name="plain")
    assert "ItemCollectionMetrics" not in write("1", 5000, "plain")


# --- throttling ---


@pytest.fixture
def provisioned(make):
    def provisioned(read=1, write=1, **more):
        units = {"ReadCapacityUnits": read, "WriteCapacityUnits": write}
        return make(BillingMode="PROVISIONED", ProvisionedThroughput=units, **more)

    return provisioned


def _passes(call, most=2000):
    """How often a call passes before it is throttled."""
    for number in range(most):
        try:
            call(number)
        except AWSError as error:
            assert error.code == _EXCEEDED
            return number
    return most


@pytest.fixture
def put(aws):
    def put(number=0, **attributes):
        item = {"pk": {"S": str(number)}, **attributes}
        return aws.call("dynamodb", "PutItem", {"TableName": "things", "Item": item})

    return put


@pytest.fixture
def get(aws):
    def get(number=0, consistent=True):
        key = {"pk": {"S": str(number)}}
        return aws.call("dynamodb", "GetItem", {"TableName": "things", "Key": key, "ConsistentRead": consistent})

    return get


@pytest.mark.newer_botocore
@pytest.mark.aws(throttling=True, at="2026-01-01")
@pytest.mark.rule("dynamodb-073", "dynamodb-074", "dynamodb-075")
def test_burst_and_rate(aws, provisioned, put, client, refused):
    provisioned(write=1)
    assert _passes(put) == 300
    with refused(
        _EXCEEDED,
        "The level of configured provisioned throughput for the table was exceeded. Consider increasing your "
        "provisioning level with the UpdateTable API.",
    ) as refusal:
        client.put_item(TableName="things", Item={"pk": {"S": "refused"}})
    assert refusal.response["ThrottlingReasons"] == [
        {
            "reason": "TableWriteProvisionedThroughputExceeded",
            "resource": "arn:aws:dynamodb:us-east-1:123456789012:table/things",
        }
    ]
    assert "Item" not in client.get_item(TableName="things", Key={"pk": {"S": "refused"}})
    aws.clock.advance(seconds=1)
    assert _passes(put) == 1
    aws.clock.advance(minutes=5)
    assert _passes(put) == 300


@pytest.mark.aws(throttling=True, at="2026-01-01")
@pytest.mark.rule("dynamodb-066")
def test_sustained_writes(aws, provisioned, put):
    provisioned(write=20)
    aws.limits["dynamodb.burst-capacity"] = 1
    two_kilobytes = {"x": {"B": b"y" * 2000}}
    for _ in range(20):
        for number in range(10):
            put(number, **two_kilobytes)
        aws.clock.advance(seconds=1)
    assert _passes(lambda number: put(number, **two_kilobytes)) == 10


@pytest.mark.aws(throttling=True, at="2026-01-01")
@pytest.mark.rule("dynamodb-063")
def test_reads_and_writes_apart(aws, provisioned, put, get):
    provisioned(read=1, write=10)
    assert _passes(get) == 300
    assert _passes(put, 100) == 100
    aws.clock.advance(minutes=5)
    assert _passes(lambda number: get(number, consistent=False)) == 600


@pytest.mark.aws(throttling=True, at="2026-01-01")
@pytest.mark.rule("dynamodb-076", "dynamodb-077", "dynamodb-078")
def test_hot_keys(aws, provisioned, put, get):
    provisioned(read=40_000, write=40_000)
    assert _passes(lambda number: put("hot"), 3000) == 1000
    put("cold")
    assert _passes(lambda number: get("hot"), 5000) == 3000
    get("cold")
    aws.clock.advance(seconds=1)
    assert _passes(lambda number: put("hot"), 3000) == 1000


@pytest.mark.aws(throttling=True, at="2026-01-01")
@pytest.mark.rule("dynamodb-107")
@pytest.mark.parametrize("write", [900, 3000, 40_000])
def test_one_partition_gets_more_than_its_even_share(aws, provisioned, put, client, write):
    """Whatever the number of partitions would be: all that the table has, up to what a partition can do."""
    provisioned(write=write)
    aws.limits["dynamodb.burst-capacity"] = 1
    assert _passes(lambda number: put("hot"), 3000) == min(write, 1000)
    description = client.describe_table(TableName="things")["Table"]
    assert "artition" not in "".join(description)


@pytest.mark.rule("dynamodb-108")
def test_a_zone_is_lost_and_nothing_changes(aws, make, put, get, client):
    make()
    put("a")
    aws.faults.outage(zone="us-east-1a")
    aws.faults.outage(zone="us-east-1b")
    assert get("a")["Item"] == {"pk": {"S": "a"}}
    put("b")
    assert client.scan(TableName="things", Select="COUNT")["Count"] == 2
    model = client.meta.service_model
    shown = [*model.shape_for("CreateTableInput").members, *model.shape_for("TableDescription").members]
    assert not [name for name in shown if "zone" in name.lower()]


@pytest.mark.aws(throttling=True, at="2026-01-01")
@pytest.mark.rule("dynamodb-061")
def test_on_demand_follows_the_load(aws, make, put):
    make()
    assert _passes(put, 1500) == 1500


@pytest.mark.newer_botocore
@pytest.mark.aws(throttling=True, at="2026-01-01")
@pytest.mark.rule("dynamodb-059")
def test_index_holds_back_its_table(aws, provisioned, put, client, refused):
    provisioned(
        write=100,
        attributes=["g:S"],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by_g",
                "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
                "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
            }
        ],
    )
    assert _passes(lambda number: put(number, g={"S": "x"})) == 300
    with refused(_EXCEEDED) as refusal:
        client.put_item(TableName="things", Item={"pk": {"S": "refused"}, "g": {"S": "x"}})
    assert refusal.response["ThrottlingReasons"][0] == {
        "reason": "IndexWriteProvisionedThroughputExceeded",
        "resource": "arn:aws:dynamodb:us-east-1:123456789012:table/things/index/by_g",
    }
    assert _passes(lambda number: put(f"plain {number}"), 200) == 200, "items that are not in the index pass"


@pytest.mark.rule("dynamodb-073")
def test_off_by_default(provisioned, put):
    provisioned(write=1)
    assert _passes(put, 500) == 500

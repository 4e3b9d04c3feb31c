"""Query and Scan: ranges, pages, filters, segments, start keys, indexes."""

from __future__ import annotations

import pytest

_PREFIX = "One or more parameter values were invalid: "


def _item(pk, sk, **attributes):
    return {"pk": {"S": pk}, "sk": {"N": str(sk)}, **attributes}


@pytest.fixture
def scores(client, make):
    """Partition "a" with sort keys 1, 2, 10, 20, 100, and "b" with 5."""
    make("pk:S", "sk:N")
    for sk in (100, 2, 20, 1, 10):
        client.put_item(TableName="things", Item=_item("a", sk, even={"BOOL": sk % 2 == 0}))
    client.put_item(TableName="things", Item=_item("b", 5))


@pytest.fixture
def query(client):
    def query(condition, values=None, **more):
        given = {":a": {"S": "a"}, **(values or {})}
        used = {name: value for name, value in given.items() if name in f"{condition} {more}"}
        if used:
            more["ExpressionAttributeValues"] = used
        return client.query(TableName="things", KeyConditionExpression=condition, **more)

    return query


def _sorts(answer):
    return [int(item["sk"]["N"]) for item in answer["Items"]]


@pytest.mark.rule("dynamodb-018", "dynamodb-038", "dynamodb-039")
@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("pk = :a", [1, 2, 10, 20, 100]),
        ("pk = :a AND sk = :x", [10]),
        ("pk = :a AND sk < :x", [1, 2]),
        ("pk = :a AND sk <= :x", [1, 2, 10]),
        ("pk = :a AND sk > :x", [20, 100]),
        ("pk = :a AND sk >= :x", [10, 20, 100]),
        ("pk = :a AND sk BETWEEN :x AND :y", [10, 20]),
        ("sk > :x AND pk = :a", [20, 100]),
        (":a = pk AND :x < sk", [20, 100]),
        ("(pk = :a) AND (sk = :y)", [20]),
        ("pk = :a AND sk = :z", []),
    ],
)
def test_ranges(query, scores, condition, found):
    values = {":x": {"N": "10.0"}, ":y": {"N": "20"}, ":z": {"N": "3"}}
    assert _sorts(query(condition, values)) == found
    assert _sorts(query(condition, values, ScanIndexForward=False)) == found[::-1]
    assert _sorts(query(condition, values, ScanIndexForward=True)) == found


@pytest.mark.rule("dynamodb-018", "dynamodb-038")
def test_strings_and_binaries_go_by_bytes(client, make):
    for kind, name in (("S", "strings"), ("B", "binaries")):
        make("pk:S", f"sk:{kind}", name=name)
        written = ["B", "a", "ab", "b", "é", "\U0001f600", "z", "ﬀ"]
        for text in written:
            value = text if kind == "S" else text.encode()
            client.put_item(TableName=name, Item={"pk": {"S": "x"}, "sk": {kind: value}})

        def found(condition, value, name=name, kind=kind):
            given = {":x": {"S": "x"}, ":v": {kind: value if kind == "S" else value.encode()}}
            answer = client.query(
                TableName=name, KeyConditionExpression=f"pk = :x AND {condition}", ExpressionAttributeValues=given
            )
            return [item["sk"][kind] if kind == "S" else item["sk"][kind].decode() for item in answer["Items"]]

        assert found("sk >= :v", "A") == sorted(written, key=str.encode)
        assert found("begins_with(sk, :v)", "a") == ["a", "ab"]
        assert found("begins_with(sk, :v)", "\U0001f600") == ["\U0001f600"]
        assert found("begins_with(sk, :v)", "q") == []


@pytest.mark.rule("dynamodb-037", "dynamodb-038")
@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("sk = :x", "Query condition missed key schema element: pk"),
        ("pk > :a", "Query key condition not supported"),
        ("pk = :a AND another = :x", "Query condition missed key schema element: sk"),
        ("pk = :a AND sk <> :x", "Invalid operator used in KeyConditionExpression: <>"),
        ("pk = :a AND sk IN (:x)", "Invalid operator used in KeyConditionExpression: IN"),
        ("pk = :a OR sk = :x", "Invalid operator used in KeyConditionExpression: OR"),
        ("NOT pk = :a", "Invalid operator used in KeyConditionExpression: NOT"),
        ("pk = :a AND contains(sk, :x)", "Invalid operator used in KeyConditionExpression: contains"),
        ("pk = :a AND attribute_exists(sk)", "Invalid operator used in KeyConditionExpression: attribute_exists"),
        ("pk = :a AND size(sk) = :x", "KeyConditionExpressions cannot contain nested operations"),
        ("pk = :a AND sk.y = :x", "KeyConditionExpressions cannot have conditions on nested attributes"),
        ("pk = :a AND sk > :x AND sk < :y", "KeyConditionExpressions must only contain one condition per key"),
        (
            "pk = sk",
            "Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition",
        ),
        (
            "pk = :a AND :x BETWEEN sk AND :y",
            "Invalid condition in KeyConditionExpression: BETWEEN operator must have the key attribute as its first "
            "operand",
        ),
        ("pk = :a AND sk = :a", _PREFIX + "Condition parameter type does not match schema type"),
        (
            "pk = :a AND begins_with(sk, :x)",
            "Invalid KeyConditionExpression: Incorrect operand type for operator or function; "
            "operator or function: begins_with, operand type: N",
        ),
        ("pk = ", 'Invalid KeyConditionExpression: Syntax error; token: "<EOF>", near: "="'),
        ("", "Invalid KeyConditionExpression: The expression can not be empty;"),
    ],
)  # fmt: skip
def test_key_conditions_refused(query, scores, refused, condition, message):
    with refused("ValidationException", message):
        query(condition, {":x": {"N": "10"}, ":y": {"N": "20"}})


@pytest.mark.rule("dynamodb-037")
def test_legacy_key_conditions(client, scores, refused):
    def query(**conditions):
        return client.query(TableName="things", KeyConditions=conditions)

    pk = {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "a"}]}
    assert _sorts(query(pk=pk, sk={"ComparisonOperator": "GE", "AttributeValueList": [{"N": "20"}]})) == [20, 100]
    with refused("ValidationException", "Attempted conditional constraint is not an indexable operation"):
        query(pk=pk, sk={"ComparisonOperator": "NE", "AttributeValueList": [{"N": "20"}]})
    with refused("ValidationException", "Query condition missed key schema element: pk"):
        query(sk={"ComparisonOperator": "EQ", "AttributeValueList": [{"N": "20"}]})
    with refused(
        "ValidationException",
        "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.",
    ):
        client.query(TableName="things")


@pytest.mark.rule("dynamodb-040")
def test_filter_comes_after_the_read(query, scores, refused):
    answer = query("pk = :a", {":t": {"BOOL": False}}, FilterExpression="even = :t", ReturnConsumedCapacity="TOTAL")
    assert (answer["Count"], answer["ScannedCount"], _sorts(answer)) == (1, 5, [1])
    plain = query("pk = :a", ReturnConsumedCapacity="TOTAL")
    assert answer["ConsumedCapacity"] == plain["ConsumedCapacity"]
    page = query("pk = :a", {":t": {"BOOL": False}}, FilterExpression="even = :t", Limit=2, ScanIndexForward=False)
    assert (page["Count"], page["Items"], page["LastEvaluatedKey"]["sk"]) == (0, [], {"N": "20"})
    for name in ("pk", "sk"):
        with refused(
            "ValidationException",
            f"Filter Expression can only contain non-primary key attributes: Primary key attribute: {name}",
        ):
            query("pk = :a", FilterExpression=f"attribute_exists({name})")


@pytest.mark.rule("dynamodb-042")
def test_limit_and_start_key(query, scores, refused):
    seen = []
    start = {}
    for _ in range(5):
        page = query("pk = :a", Limit=1, **start)
        seen += _sorts(page)
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
    assert seen == [1, 2, 10, 20, 100]
    last = query("pk = :a", Limit=1, **start)
    assert (last["Count"], "LastEvaluatedKey" in last) == (0, False)
    assert "LastEvaluatedKey" not in query("pk = :a", Limit=6)
    with refused(
        "ValidationException",
        "1 validation error detected: Value '0' at 'limit' failed to satisfy constraint: "
        "Member must have value greater than or equal to 1",
    ):
        query("pk = :a", Limit=0)


@pytest.mark.rule("dynamodb-042")
@pytest.mark.parametrize(
    ("condition", "start", "message"),
    [
        ("pk = :a", {"pk": {"S": "a"}}, "The provided starting key is invalid"),
        (
            "pk = :a",
            _item("b", 5),
            "The provided starting key is outside query boundaries based on provided conditions",
        ),
        ("pk = :a AND sk > :x", _item("a", 5), "The provided starting key does not match the range key predicate"),
        (
            "pk = :a",
            {"pk": {"S": "a"}, "sk": {"S": "x"}},
            "The provided starting key is invalid: The provided key element does not match the schema",
        ),
    ],
)
def test_start_keys_refused(query, scores, refused, condition, start, message):
    with refused("ValidationException", message):
        query(condition, {":x": {"N": "10"}}, ExclusiveStartKey=start)


def test_start_key_of_an_item_that_is_gone(client, query, scores):
    client.delete_item(TableName="things", Key=_item("a", 10))
    assert _sorts(query("pk = :a", ExclusiveStartKey=_item("a", 10))) == [20, 100]
    assert _sorts(query("pk = :a", ExclusiveStartKey=_item("a", 10), ScanIndexForward=False)) == [2, 1]


@pytest.mark.rule("dynamodb-041", "dynamodb-044")
def test_pages_of_one_megabyte(client, make):
    make("pk:S", "sk:N")
    for sk in range(7):
        client.put_item(TableName="things", Item=_item("a", sk, fill={"S": "x" * 300_000}))
    page = client.query(
        TableName="things", KeyConditionExpression="pk = :a", ExpressionAttributeValues={":a": {"S": "a"}}
    )
    assert (page["Count"], page["LastEvaluatedKey"]) == (3, _item("a", 2))
    filtered = client.scan(
        TableName="things", FilterExpression="attribute_not_exists(fill)", ReturnConsumedCapacity="TOTAL"
    )
    assert (filtered["Count"], filtered["ScannedCount"], filtered["LastEvaluatedKey"]) == (0, 3, _item("a", 2))
    assert filtered["ConsumedCapacity"]["CapacityUnits"] == 110.0
    pages = list(client.get_paginator("scan").paginate(TableName="things"))
    assert [page["Count"] for page in pages] == [3, 3, 1]


def test_page_size_is_a_row(aws, query, scores):
    aws.limits["dynamodb.page-size"] = 25
    assert _sorts(query("pk = :a")) == [1, 2]


@pytest.mark.rule("dynamodb-044")
def test_scan(client, scores):
    assert client.scan(TableName="things")["ScannedCount"] == 6
    answer = client.scan(TableName="things", FilterExpression="sk > :x", ExpressionAttributeValues={":x": {"N": "10"}})
    assert (answer["Count"], answer["ScannedCount"]) == (2, 6)
    first = client.scan(TableName="things", Limit=4)
    rest = client.scan(TableName="things", ExclusiveStartKey=first["LastEvaluatedKey"])
    everything = client.scan(TableName="things")["Items"]
    assert first["Items"] + rest["Items"] == everything
    assert client.scan(TableName="things")["Items"] == everything
    count = client.scan(TableName="things", Select="COUNT")
    assert (count["Count"], "Items" in count) == (6, False)


@pytest.mark.rule("dynamodb-045")
@pytest.mark.parametrize("total", [1, 3, 7])
def test_segments(client, make, total):
    make()
    for number in range(200):
        client.put_item(TableName="things", Item={"pk": {"S": f"{number}"}})
    found = []
    for segment in range(total):
        part = client.get_paginator("scan").paginate(
            TableName="things", Segment=segment, TotalSegments=total, PaginationConfig={"PageSize": 13}
        )
        keys = [item["pk"]["S"] for page in part for item in page["Items"]]
        assert keys
        found += keys
    assert sorted(found, key=int) == [str(number) for number in range(200)]


@pytest.mark.rule("dynamodb-045")
@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            {"Segment": 2, "TotalSegments": 2},
            "The Segment parameter is zero-based and must be less than parameter TotalSegments: "
            "Segment: 2 is not less than TotalSegments: 2",
        ),
        (
            {"Segment": 0},
            "The TotalSegments parameter is required but was not present in the request when Segment parameter is "
            "present",
        ),
        (
            {"TotalSegments": 2},
            "The Segment parameter is required but was not present in the request when parameter TotalSegments is "
            "present",
        ),
    ],
)
def test_segments_refused(client, scores, refused, parameters, message):
    with refused("ValidationException", message):
        client.scan(TableName="things", **parameters)


def test_start_key_of_another_segment(client, make, refused):
    make()
    for number in range(20):
        client.put_item(TableName="things", Item={"pk": {"S": f"{number}"}})
    keys = [client.scan(TableName="things", Segment=part, TotalSegments=2)["Items"][0] for part in (0, 1)]
    with refused(
        "ValidationException",
        "The provided starting key is invalid: Invalid ExclusiveStartKey. Please use ExclusiveStartKey with correct "
        "Segment. TotalSegments: 2 Segment: 0",
    ):
        client.scan(TableName="things", Segment=0, TotalSegments=2, ExclusiveStartKey=keys[1])


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            {"Select": "SPECIFIC_ATTRIBUTES"},
            "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES",
        ),
        (
            {"Select": "COUNT", "AttributesToGet": ["a"]},
            "Cannot specify the AttributesToGet when choosing to get only the Count",
        ),
        (
            {"Select": "ALL_ATTRIBUTES", "ProjectionExpression": "a"},
            "Cannot specify the ProjectionExpression when choosing to get ALL_ATTRIBUTES",
        ),
        (
            {"Select": "ALL_PROJECTED_ATTRIBUTES"},
            "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName",
        ),
        (
            {"Select": "SOME"},
            "1 validation error detected: Value 'SOME' at 'select' failed to satisfy constraint: Member must satisfy "
            "enum value set: [SPECIFIC_ATTRIBUTES, COUNT, ALL_ATTRIBUTES, ALL_PROJECTED_ATTRIBUTES]",
        ),
        ({"IndexName": "none"}, "The table does not have the specified index: none"),
        ({"ExclusiveStartKey": {"pk": {"S": "a"}}}, "The provided starting key is invalid: "
         "The provided key element does not match the schema"),
        (
            {"FilterExpression": "a = b", "ScanFilter": {}, "AttributesToGet": ["a"]},
            "Can not use both expression and non-expression parameters in the same request: "
            "Non-expression parameters: {AttributesToGet, ScanFilter} Expression parameters: {FilterExpression}",
        ),
    ],
)  # fmt: skip
def test_scan_refused(client, scores, refused, parameters, message):
    with refused("ValidationException", message):
        client.scan(TableName="things", **parameters)


def test_legacy_filters(client, scores):
    condition = {"sk": {"ComparisonOperator": "GT", "AttributeValueList": [{"N": "10"}]}}
    assert client.scan(TableName="things", ScanFilter=condition)["Count"] == 2
    both = {**condition, "pk": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "b"}]}}
    assert client.scan(TableName="things", ScanFilter=both)["Count"] == 0
    assert client.scan(TableName="things", ScanFilter=both, ConditionalOperator="OR")["Count"] == 3


# --- indexes ---


@pytest.fixture
def indexed(client, make):
    """Games with a local index by score and global ones by player: everything, keys only, some attributes."""
    make(
        "pk:S", "sk:N", attributes=["player:S", "score:N"],
        LocalSecondaryIndexes=[
            {
                "IndexName": "by_score",
                "KeySchema": [
                    {"AttributeName": "pk", "KeyType": "HASH"},
                    {"AttributeName": "score", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": name,
                "KeySchema": [{"AttributeName": "player", "KeyType": "HASH"}] + sort,
                "Projection": projection,
            }
            for name, sort, projection in (
                ("by_player", [], {"ProjectionType": "ALL"}),
                ("keys_only", [{"AttributeName": "score", "KeyType": "RANGE"}], {"ProjectionType": "KEYS_ONLY"}),
                ("some", [], {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["note"]}),
            )
        ],
    )  # fmt: skip
    for sk, player, score in ((1, "x", 30), (2, "x", 10), (3, "y", 20), (4, None, 5), (5, "x", None)):
        attributes = {"note": {"S": f"n{sk}"}, "more": {"S": "m"}}
        if player:
            attributes["player"] = {"S": player}
        if score:
            attributes["score"] = {"N": str(score)}
        client.put_item(TableName="things", Item=_item("a", sk, **attributes))


@pytest.mark.rule("dynamodb-043", "dynamodb-049")
def test_local_index(query, indexed, refused):
    assert _sorts(query("pk = :a", IndexName="by_score")) == [4, 2, 3, 1]
    assert _sorts(query("pk = :a AND score > :x", {":x": {"N": "10"}}, IndexName="by_score")) == [3, 1]
    assert _sorts(query("pk = :a", IndexName="by_score", ScanIndexForward=False, ConsistentRead=True)) == [1, 3, 2, 4]
    with refused("ValidationException", "The table does not have the specified index: none"):
        query("pk = :a", IndexName="none")


@pytest.mark.rule("dynamodb-056")
def test_local_index_fetches_what_it_lacks(query, indexed):
    (item,) = query("pk = :a AND score = :x", {":x": {"N": "10"}}, IndexName="by_score")["Items"]
    assert item == _item("a", 2, score={"N": "10"})
    answer = query(
        "pk = :a AND score = :x", {":x": {"N": "10"}}, IndexName="by_score", Select="ALL_ATTRIBUTES",
        ReturnConsumedCapacity="INDEXES",
    )  # fmt: skip
    assert answer["Items"][0]["more"] == {"S": "m"}
    assert answer["ConsumedCapacity"]["Table"]["CapacityUnits"] == 0.5
    assert answer["ConsumedCapacity"]["LocalSecondaryIndexes"] == {"by_score": {"CapacityUnits": 0.5}}
    assert query("pk = :a", IndexName="by_score", ProjectionExpression="note")["Items"][0] == {"note": {"S": "n4"}}


@pytest.mark.rule("dynamodb-055", "dynamodb-056")
def test_global_indexes(client, indexed, refused):
    def query(name, **more):
        values = {":x": {"S": "x"}, **more.pop("values", {})}
        condition = "player = :x" + more.pop("also", "")
        return client.query(
            TableName="things",
            IndexName=name,
            KeyConditionExpression=condition,
            ExpressionAttributeValues=values,
            **more,
        )

    everything = query("by_player")["Items"]
    assert sorted(int(item["sk"]["N"]) for item in everything) == [1, 2, 5]
    assert all(item["more"] == {"S": "m"} for item in everything)
    keys = query("keys_only")["Items"]
    assert [int(item["sk"]["N"]) for item in keys] == [2, 1]
    assert all(set(item) == {"pk", "sk", "player", "score"} for item in keys)
    assert all(set(item) == {"pk", "sk", "player", "note"} for item in query("some")["Items"])
    assert [
        int(i["sk"]["N"]) for i in query("keys_only", also=" AND score > :n", values={":n": {"N": "10"}})["Items"]
    ] == [1]
    with refused(
        "ValidationException",
        _PREFIX + "Select type ALL_ATTRIBUTES is not supported for global secondary index some because its projection "
        "type is not ALL",
    ):
        query("some", Select="ALL_ATTRIBUTES")
    with refused("ValidationException", _PREFIX + "Global secondary index some does not project [more]"):
        query("some", ProjectionExpression="note, more")
    assert client.scan(TableName="things", IndexName="keys_only")["Count"] == 3


@pytest.mark.rule("dynamodb-048")
def test_no_consistent_reads_of_global_indexes(client, indexed, refused):
    message = "Consistent reads are not supported on global secondary indexes"
    with refused("ValidationException", message):
        client.scan(TableName="things", IndexName="some", ConsistentRead=True)
    with refused("ValidationException", message):
        client.query(
            TableName="things",
            IndexName="some",
            KeyConditionExpression="player = :x",
            ExpressionAttributeValues={":x": {"S": "x"}},
            ConsistentRead=True,
        )


@pytest.mark.parametrize("reverse", [False, True])
def test_pages_of_an_index_with_equal_keys(client, make, reverse):
    make(attributes=["g:S"], GlobalSecondaryIndexes=[
        {
            "IndexName": "by_g",
            "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "ALL"},
        }
    ])  # fmt: skip
    for number in range(25):
        client.put_item(TableName="things", Item={"pk": {"S": f"{number}"}, "g": {"S": "x"}})
    pages = client.get_paginator("query").paginate(
        TableName="things",
        IndexName="by_g",
        KeyConditionExpression="g = :x",
        ExpressionAttributeValues={":x": {"S": "x"}},
        ScanIndexForward=not reverse,
        PaginationConfig={"PageSize": 4},
    )
    found = [item["pk"]["S"] for page in pages for item in page["Items"]]
    assert sorted(found, key=int) == [str(number) for number in range(25)]


@pytest.mark.rule("dynamodb-055")
def test_indexes_follow_writes(client, indexed):
    def sorts(index, value):
        answer = client.query(
            TableName="things",
            IndexName=index,
            KeyConditionExpression="player = :x",
            ExpressionAttributeValues={":x": {"S": value}},
        )
        return sorted(int(item["sk"]["N"]) for item in answer["Items"])

    client.update_item(
        TableName="things", Key=_item("a", 1), UpdateExpression="SET player = :y",
        ExpressionAttributeValues={":y": {"S": "y"}},
    )  # fmt: skip
    assert (sorts("by_player", "x"), sorts("by_player", "y")) == ([2, 5], [1, 3])
    client.update_item(TableName="things", Key=_item("a", 2), UpdateExpression="REMOVE player")
    assert sorts("by_player", "x") == [5]
    client.delete_item(TableName="things", Key=_item("a", 3))
    assert sorts("keys_only", "y") == [1]
    client.put_item(TableName="things", Item=_item("a", 5))
    assert sorts("some", "x") == []


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        (
            {"player": {"N": "1"}},
            _PREFIX + "Type mismatch for Index Key player Expected: S Actual: N IndexName: by_player",
        ),
        (
            {"player": {"S": ""}},
            "One or more parameter values are not valid. A value specified for a secondary index key is not supported. "
            "The AttributeValue for a key attribute cannot contain an empty string value. IndexName: by_player, "
            "IndexKey: player",
        ),
        ({"player": {"S": "x" * 2049}}, _PREFIX + "Size of hashkey has exceeded the maximum size limit of2048 bytes"),
    ],
)
def test_index_keys_refused(client, indexed, refused, attributes, message):
    with refused("ValidationException", message):
        client.put_item(TableName="things", Item=_item("a", 9, **attributes))
    with refused("ValidationException", message):
        client.update_item(
            TableName="things", Key=_item("a", 9), UpdateExpression="SET player = :v",
            ExpressionAttributeValues={":v": attributes["player"]},
        )  # fmt: skip
    assert client.scan(TableName="things")["Count"] == 5


@pytest.mark.rule("dynamodb-058")
def test_index_added_and_removed(client, make, refused):
    make()
    for number in range(5):
        item = {"pk": {"S": f"{number}"}, "g": {"S": "x"} if number % 2 else {"N": "1"}}
        client.put_item(TableName="things", Item=item)
    create = {
        "IndexName": "by_g",
        "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "ALL"},
    }
    parameters = {"TableName": "things", "AttributeDefinitions": [{"AttributeName": "g", "AttributeType": "S"}]}
    table = client.update_table(**parameters, GlobalSecondaryIndexUpdates=[{"Create": create}])["TableDescription"]
    assert table["TableStatus"] == "UPDATING"
    assert (table["GlobalSecondaryIndexes"][0]["IndexStatus"], table["GlobalSecondaryIndexes"][0]["Backfilling"]) == (
        "CREATING",
        False,
    )
    assert client.scan(TableName="things", IndexName="by_g")["Count"] == 2
    index = client.describe_table(TableName="things")["Table"]["GlobalSecondaryIndexes"][0]
    assert (index["IndexStatus"], index["ItemCount"]) == ("ACTIVE", 2)
    assert index["IndexArn"] == "arn:aws:dynamodb:us-east-1:123456789012:table/things/index/by_g"
    with refused("ValidationException", _PREFIX + "Attempting to create an index which already exists: by_g"):
        client.update_table(**parameters, GlobalSecondaryIndexUpdates=[{"Create": create}])
    with refused(
        "LimitExceededException",
        "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table",
    ):
        client.update_table(
            **parameters,
            GlobalSecondaryIndexUpdates=[{"Create": {**create, "IndexName": name}} for name in ("one", "two")],
        )
    client.update_table(TableName="things", GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "by_g"}}])
    table = client.describe_table(TableName="things")["Table"]
    assert "GlobalSecondaryIndexes" not in table
    assert table["AttributeDefinitions"] == [{"AttributeName": "pk", "AttributeType": "S"}]
    with refused("ResourceNotFoundException", "Requested resource not found: Table: things Index: by_g not found"):
        client.update_table(TableName="things", GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "by_g"}}])


@pytest.mark.rule("dynamodb-058", "dynamodb-057")
def test_index_capacity(client, make):
    units = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}
    make(BillingMode="PROVISIONED", ProvisionedThroughput=units, GlobalSecondaryIndexes=[
        {
            "IndexName": "again", "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "ALL"}, "ProvisionedThroughput": units,
        }
    ])  # fmt: skip
    more = {"ReadCapacityUnits": 7, "WriteCapacityUnits": 5}
    client.update_table(
        TableName="things",
        GlobalSecondaryIndexUpdates=[{"Update": {"IndexName": "again", "ProvisionedThroughput": more}}],
    )
    table = client.describe_table(TableName="things")["Table"]
    assert table["GlobalSecondaryIndexes"][0]["ProvisionedThroughput"]["ReadCapacityUnits"] == 7
    assert table["ProvisionedThroughput"]["ReadCapacityUnits"] == 5


@pytest.mark.aws(lifecycle="timed", at="2026-01-01")
@pytest.mark.rule("dynamodb-058")
def test_index_grows_on_the_clock(aws, client, make, refused):
    make()
    aws.clock.advance(minutes=1)
    client.put_item(TableName="things", Item={"pk": {"S": "a"}, "g": {"S": "x"}})
    client.update_table(
        TableName="things", AttributeDefinitions=[{"AttributeName": "g", "AttributeType": "S"}],
        GlobalSecondaryIndexUpdates=[
            {"Create": {
                "IndexName": "by_g", "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }}
        ],
    )  # fmt: skip
    with refused("ValidationException", "Cannot read from backfilling global secondary index: by_g"):
        client.scan(TableName="things", IndexName="by_g")
    aws.clock.advance(minutes=10)
    assert client.scan(TableName="things", IndexName="by_g")["Count"] == 1
    client.update_table(TableName="things", GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "by_g"}}])
    index = client.describe_table(TableName="things")["Table"]["GlobalSecondaryIndexes"][0]
    assert index["IndexStatus"] == "DELETING"
    aws.clock.advance(minutes=10)
    assert "GlobalSecondaryIndexes" not in client.describe_table(TableName="things")["Table"]

"""PutItem, GetItem, UpdateItem and DeleteItem."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import boto3
import pytest

_PREFIX = "One or more parameter values were invalid: "
_MISMATCH = "The provided key element does not match the schema"
_FAILED = "The conditional request failed"


def _key(value="a"):
    return {"pk": {"S": value}}


@pytest.fixture
def table(make):
    return make()


@pytest.fixture
def get(client):
    def get(value="a", **more):
        return client.get_item(TableName="things", Key=_key(value), ConsistentRead=True, **more).get("Item")

    return get


@pytest.fixture
def put(client):
    def put(value="a", /, **attributes):
        return client.put_item(TableName="things", Item={**_key(value), **attributes})

    return put


@pytest.fixture
def update(client):
    def update(expression, values=None, key="a", **more):
        if values:
            more["ExpressionAttributeValues"] = values
        return client.update_item(TableName="things", Key=_key(key), UpdateExpression=expression, **more)

    return update


@pytest.mark.rule("dynamodb-011", "dynamodb-012", "dynamodb-013", "dynamodb-014")
def test_every_type_comes_back(table, put, get):
    attributes = {
        "text": {"S": "é"},
        "nothing": {"S": ""},
        "number": {"N": "-12.5"},
        "bytes": {"B": b"\x00\xff"},
        "yes": {"BOOL": True},
        "no": {"BOOL": False},
        "null": {"NULL": True},
        "strings": {"SS": ["b", "a"]},
        "numbers": {"NS": ["1", "2"]},
        "binaries": {"BS": [b"1", b"2"]},
        "list": {"L": [{"S": "x"}, {"L": []}, {"M": {"deep": {"N": "1"}}}]},
        "map": {"M": {}},
    }
    put(**attributes)
    assert get() == {**_key(), **attributes}
    put("other", different={"S": "x"})
    assert get("other") == {**_key("other"), "different": {"S": "x"}}


@pytest.mark.rule("dynamodb-017", "dynamodb-020")
def test_put_replaces_wholly(client, table, put, get, contents):
    put(old={"S": "x"})
    answer = client.put_item(TableName="things", Item={**_key(), "new": {"S": "y"}}, ReturnValues="ALL_OLD")
    assert answer["Attributes"] == {**_key(), "old": {"S": "x"}}
    assert contents() == [{**_key(), "new": {"S": "y"}}]
    assert "Attributes" not in client.put_item(TableName="things", Item=_key("b"), ReturnValues="ALL_OLD")


@pytest.mark.rule("dynamodb-018")
def test_pair_identifies(client, make, contents):
    make("user:S", "game:N")
    for game, score in (("10", "a"), ("9", "b"), ("10", "c")):
        client.put_item(TableName="things", Item={"user": {"S": "u"}, "game": {"N": game}, "score": {"S": score}})
    assert [(item["game"]["N"], item["score"]["S"]) for item in contents()] == [("9", "b"), ("10", "c")]


@pytest.mark.rule("dynamodb-012", "dynamodb-019", "dynamodb-020")
@pytest.mark.parametrize(
    ("item", "more", "message"),
    [
        ({"x": {"S": "a"}}, {}, _PREFIX + "Missing the key pk in the item"),
        ({"pk": {"N": "1"}}, {}, _PREFIX + "Type mismatch for key pk expected: S actual: N"),
        (
            {"pk": {"S": ""}},
            {},
            "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain "
            "an empty "
            "string value. Key: pk",
        ),
        ({"pk": {"S": "new"}}, {"ReturnValues": "ALL_NEW"}, "ReturnValues can only be ALL_OLD or NONE"),
        (
            {"pk": {"S": "new"}},
            {"ReturnValues": "ANY"},
            "1 validation error detected: Value 'ANY' at 'returnValues' failed to satisfy constraint: "
            "Member must satisfy enum value set: [ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW]",
        ),
        ({"pk": {"S": "new"}, "": {"S": "x"}}, {}, _PREFIX + "Empty attribute name"),
        ({"pk": {"S": "new"}, "s": {"SS": []}}, {}, _PREFIX + "An string set  may not be empty"),
        (
            {"pk": {"S": "new"}, "s": {"S": "a", "N": "1"}},
            {},
            "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported "
            "datatypes",
        ),
        ({"pk": {"S": "new"}, "n": {"N": "one"}}, {}, "The parameter cannot be converted to a numeric value: one"),
        (
            {"pk": {"S": "new"}},
            {"ConditionExpression": "a = b", "Expected": {"a": {"Exists": False}}},
            "Can not use both expression and non-expression parameters in the same request: "
            "Non-expression parameters: {Expected} Expression parameters: {ConditionExpression}",
        ),
        (
            {"pk": {"S": "new"}},
            {"ExpressionAttributeNames": {"#a": "a"}},
            "ExpressionAttributeNames can only be specified when using expressions",
        ),
        (
            {"pk": {"S": "new"}},
            {"ExpressionAttributeValues": {":a": {"S": "a"}}},
            "ExpressionAttributeValues can only be specified when using expressions: ConditionExpression is null",
        ),
        (
            {"pk": {"S": "new"}},
            {"ConditionExpression": "attribute_exists(pk.x)"},
            "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: Key: pk",
        ),
    ],
)  # fmt: skip
def test_put_refused(client, table, put, refused, contents, item, more, message):
    put("before")
    with refused("ValidationException", message):
        client.put_item(TableName="things", Item=item, **more)
    assert contents() == [_key("before")]


@pytest.mark.rule("dynamodb-016")
def test_large_objects_live_in_s3(client, table, put, get, refused):
    s3 = boto3.client("s3", region_name="us-east-1")
    s3.create_bucket(Bucket="large-objects")
    blob = b"z" * 500_000
    with refused("ValidationException", "Item size has exceeded the maximum allowed size"):
        put(blob={"B": blob})
    s3.put_object(Bucket="large-objects", Key="a/blob", Body=blob)
    put(object={"S": "a/blob"}, bytes={"N": str(len(blob))})
    found = s3.get_object(Bucket="large-objects", Key=get()["object"]["S"])
    assert found["Body"].read() == blob


@pytest.mark.rule("dynamodb-015")
def test_item_size(client, table, put, refused, get):
    room = 409_600 - len("pk") - len("a") - len("x")
    put(x={"S": "y" * room})
    with refused("ValidationException", "Item size has exceeded the maximum allowed size"):
        put(x={"S": "z" * (room + 1)})
    with refused("ValidationException", "Item size has exceeded the maximum allowed size"):
        put(x={"B": b"z" * (room + 1)})
    assert get()["x"]["S"][0] == "y"


@pytest.mark.rule("dynamodb-015")
def test_item_size_after_update(table, put, update, refused, get):
    room = 409_600 - len("pk") - len("a") - len("x")
    put()
    update("SET x = :x", {":x": {"S": "y" * room}})
    with refused("ValidationException", "Item size to update has exceeded the maximum allowed size"):
        update("SET z = :x", {":x": {"S": "y"}})
    assert "z" not in get()


def test_item_size_is_a_row(aws, table, put, refused, get):
    aws.limits["dynamodb.item-size"] = 10
    put(x={"S": "123456"})
    with refused("ValidationException", "Item size has exceeded the maximum allowed size"):
        put(x={"S": "1234567"})
    aws.limits["dynamodb.item-size"] = None
    put(x={"S": "y" * 500_000})


@pytest.mark.parametrize(("kind", "fill"), [("S", "x"), ("B", b"x")])
def test_key_sizes(client, make, refused, kind, fill):
    make(f"pk:{kind}", f"sk:{kind}")

    def item(hash_size, sort_size):
        return {"pk": {kind: fill * hash_size}, "sk": {kind: fill * sort_size}}

    client.put_item(TableName="things", Item=item(2048, 1024))
    assert client.get_item(TableName="things", Key=item(2048, 1024))["Item"]
    for call in (
        lambda key: client.put_item(TableName="things", Item=key),
        lambda key: client.get_item(TableName="things", Key=key),
        lambda key: client.update_item(TableName="things", Key=key),
        lambda key: client.delete_item(TableName="things", Key=key),
    ):
        with refused(
            "ValidationException", _PREFIX + "Size of hashkey has exceeded the maximum size limit of2048 bytes"
        ):
            call(item(2049, 1))
        with refused(
            "ValidationException",
            _PREFIX + "Aggregated size of all range keys has exceeded the size limit of 1024 bytes",
        ):
            call(item(1, 1025))
    assert client.scan(TableName="things")["Count"] == 1


def test_attribute_names(table, put, get, refused):
    put(**{"x" * 65_535: {"S": "long"}})
    with refused("ValidationException", starts=_PREFIX + "Attribute name is too large, must be less than 65536 bytes"):
        put(**{"x" * 65_536: {"S": "long"}})
    assert len(get()) == 2


def test_one_number_one_key(client, make):
    make("pk:N")
    for written in ("1000", "1e3", "+1000.0", "001000"):
        client.put_item(TableName="things", Item={"pk": {"N": written}, "as": {"S": written}})
    assert client.scan(TableName="things")["Items"] == [{"pk": {"N": "1000"}, "as": {"S": "001000"}}]


# --- reading ---


@pytest.mark.rule("dynamodb-035")
def test_get(client, make, refused):
    make("pk:S", "sk:N")
    client.put_item(TableName="things", Item={"pk": {"S": "a"}, "sk": {"N": "1"}, "x": {"S": "y"}})
    found = client.get_item(TableName="things", Key={"pk": {"S": "a"}, "sk": {"N": "1"}})
    assert found["Item"]["x"] == {"S": "y"}
    assert "Item" not in client.get_item(TableName="things", Key={"pk": {"S": "a"}, "sk": {"N": "2"}})
    for key in (
        {"pk": {"S": "a"}},
        {"pk": {"S": "a"}, "x": {"S": "y"}},
        {"pk": {"S": "a"}, "sk": {"S": "1"}},
        {"pk": {"S": "a"}, "sk": {"N": "1"}, "x": {"S": "y"}},
    ):
        with refused("ValidationException", _MISMATCH):
            client.get_item(TableName="things", Key=key)


@pytest.mark.rule("dynamodb-036")
def test_projection(client, table, put, get, refused):
    put(a={"S": "1"}, m={"M": {"x": {"S": "2"}, "y": {"S": "3"}}}, l={"L": [{"S": "4"}, {"S": "5"}]})
    assert get(ProjectionExpression="a, m.x, l[1]") == {
        "a": {"S": "1"}, "m": {"M": {"x": {"S": "2"}}}, "l": {"L": [{"S": "5"}]},
    }  # fmt: skip
    assert get(AttributesToGet=["a", "absent"]) == {"a": {"S": "1"}}
    assert get(ProjectionExpression="#n", ExpressionAttributeNames={"#n": "absent"}) == {}
    with refused(
        "ValidationException",
        "Can not use both expression and non-expression parameters in the same request: "
        "Non-expression parameters: {AttributesToGet} Expression parameters: {ProjectionExpression}",
    ):
        get(AttributesToGet=["a"], ProjectionExpression="a")
    with refused("ValidationException", _PREFIX + "Duplicate value in attribute name: a"):
        get(AttributesToGet=["a", "a"])


# --- updating ---


@pytest.mark.rule("dynamodb-021")
def test_update_changes_what_it_names(table, put, update, get):
    put(a={"S": "1"}, b={"S": "2"})
    update("SET b = :v", {":v": {"S": "3"}})
    assert get() == {**_key(), "a": {"S": "1"}, "b": {"S": "3"}}
    update("SET b = :v", {":v": {"S": "3"}}, key="new")
    assert get("new") == {**_key("new"), "b": {"S": "3"}}


def test_update_without_anything_makes_the_item(client, table, get):
    client.update_item(TableName="things", Key=_key())
    assert get() == _key()


def test_removing_from_nothing_makes_nothing(client, table, update, contents):
    update("REMOVE a, b.c")
    update("DELETE a :s", {":s": {"SS": ["x"]}})
    client.update_item(TableName="things", Key=_key(), AttributeUpdates={"a": {"Action": "DELETE"}})
    assert contents() == []


@pytest.mark.rule("dynamodb-021")
@pytest.mark.parametrize(
    ("mode", "returned"),
    [
        ("NONE", None),
        (
            "ALL_OLD",
            {"pk": {"S": "a"}, "x": {"N": "1"}, "y": {"S": "y"}, "m": {"M": {"p": {"S": "1"}, "q": {"S": "2"}}}},
        ),
        ("UPDATED_OLD", {"x": {"N": "1"}, "m": {"M": {"p": {"S": "1"}}}}),
        (
            "ALL_NEW",
            {
                "pk": {"S": "a"},
                "x": {"N": "2"},
                "y": {"S": "y"},
                "z": {"N": "1"},
                "m": {"M": {"p": {"N": "1"}, "q": {"S": "2"}}},
            },
        ),
        ("UPDATED_NEW", {"x": {"N": "2"}, "z": {"N": "1"}, "m": {"M": {"p": {"N": "1"}}}}),
    ],
)  # fmt: skip
def test_return_values_of_update(table, put, update, mode, returned):
    put(x={"N": "1"}, y={"S": "y"}, m={"M": {"p": {"S": "1"}, "q": {"S": "2"}}})
    answer = update("SET x = x + :one, m.p = :one ADD z :one", {":one": {"N": "1"}}, ReturnValues=mode)
    assert answer.get("Attributes") == returned


def test_return_values_of_nothing(update, table):
    assert "Attributes" not in update("SET a = :v", {":v": {"S": "1"}}, ReturnValues="ALL_OLD")
    assert "Attributes" not in update("REMOVE a", key="b", ReturnValues="ALL_NEW")


@pytest.mark.rule("dynamodb-022")
def test_counting(table, update, get, refused):
    update("ADD n :v", {":v": {"N": "1"}})
    update("ADD n :v", {":v": {"N": "2"}})
    assert get()["n"] == {"N": "3"}
    with refused(
        "ValidationException", "The provided expression refers to an attribute that does not exist in the item"
    ):
        update("SET m = m + :v", {":v": {"N": "1"}})
    assert "m" not in get()


@pytest.mark.rule("dynamodb-022")
def test_counting_from_many_threads(table, update, get):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: update("ADD n :v", {":v": {"N": "1"}}), range(200)))
    assert get()["n"] == {"N": "200"}


@pytest.mark.rule("dynamodb-023")
def test_the_later_write_stays(table, update, get):
    update("SET a = :v", {":v": {"S": "first"}})
    update("SET a = :v", {":v": {"S": "second"}})
    assert get()["a"] == {"S": "second"}


@pytest.mark.rule("dynamodb-006")
def test_keys_cannot_be_updated(client, table, put, update, refused, get):
    put(x={"S": "1"})
    message = _PREFIX + "Cannot update attribute pk. This attribute is part of the key"
    for expression in ("SET pk = :v", "REMOVE pk", "SET x = :v, pk = :v"):
        with refused("ValidationException", message):
            update(expression, {":v": {"S": "b"}} if ":v" in expression else None)
    with refused("ValidationException", message):
        client.update_item(TableName="things", Key=_key(), AttributeUpdates={"pk": {"Value": {"S": "b"}}})
    assert get() == {**_key(), "x": {"S": "1"}}


def test_attribute_updates(client, table, put, get, refused):
    put(n={"N": "1"}, s={"SS": ["a", "b"]}, l={"L": [{"S": "x"}]}, gone={"S": "x"})

    def update(**updates):
        return client.update_item(TableName="things", Key=_key(), AttributeUpdates=updates, ReturnValues="UPDATED_NEW")

    update(
        n={"Action": "ADD", "Value": {"N": "2"}},
        s={"Action": "DELETE", "Value": {"SS": ["a"]}},
        l={"Action": "ADD", "Value": {"L": [{"S": "y"}]}},
        gone={"Action": "DELETE"},
        fresh={"Value": {"S": "new"}},
    )
    assert get() == {
        **_key(), "n": {"N": "3"}, "s": {"SS": ["b"]}, "l": {"L": [{"S": "x"}, {"S": "y"}]}, "fresh": {"S": "new"},
    }  # fmt: skip
    for updates, message in (
        ({"n": {"Action": "ADD", "Value": {"S": "x"}}}, _PREFIX + "ADD action is not supported for the type S"),
        ({"n": {"Action": "ADD", "Value": {"SS": ["x"]}}}, "Type mismatch for attribute to update"),
        (
            {"n": {"Action": "DELETE", "Value": {"N": "1"}}},
            _PREFIX + "DELETE action with value is not supported for the type N",
        ),
        ({"n": {"Action": "PUT"}}, _PREFIX + "Only DELETE action is allowed when no attribute value is specified"),
    ):
        with refused("ValidationException", message):
            update(**updates)
    assert get()["n"] == {"N": "3"}


def test_names_unused_and_undefined(update, table, refused, contents):
    with refused(
        "ValidationException", "Value provided in ExpressionAttributeValues unused in expressions: keys: {:x}"
    ):
        update("SET a = :v", {":v": {"S": "1"}, ":x": {"S": "2"}})
    with refused(
        "ValidationException",
        "Invalid UpdateExpression: An expression attribute value used in expression is not defined; "
        "attribute value: :v",
    ):
        update("SET a = :v")
    assert contents() == []


# --- conditions ---


@pytest.mark.rule("dynamodb-024")
def test_conditions_hold_back_writes(client, table, put, update, refused, get):
    put(v={"N": "1"})
    before = get()
    calls = (
        lambda **more: client.put_item(TableName="things", Item={**_key(), "v": {"N": "2"}}, **more),
        lambda **more: update("SET v = v + v2", **more),
        lambda **more: client.delete_item(TableName="things", Key=_key(), **more),
    )
    for call in calls:
        with refused("ConditionalCheckFailedException", _FAILED) as refusal:
            call(ConditionExpression="attribute_not_exists(pk)")
        assert "Item" not in refusal.response
        with refused("ConditionalCheckFailedException", _FAILED) as refusal:
            call(ConditionExpression="attribute_not_exists(pk)", ReturnValuesOnConditionCheckFailure="ALL_OLD")
        assert refusal.response["Item"] == before
        with refused("ConditionalCheckFailedException", _FAILED):
            call(Expected={"v": {"Value": {"N": "2"}}}) if call is not calls[1] else call(ConditionExpression="v = v2")
        assert get() == before


@pytest.mark.rule("dynamodb-025", "dynamodb-106")
def test_optimistic_locking(client, table, put, update, refused, get):
    put(version={"N": "1"})

    def write(who):
        return update(
            "SET version = :next, who = :who",
            {":next": {"N": "2"}, ":read": {"N": "1"}, ":who": {"S": who}},
            ConditionExpression="version = :read",
        )

    write("first")
    with refused("ConditionalCheckFailedException", _FAILED):
        write("second")
    assert get()["who"] == {"S": "first"}


@pytest.mark.rule("dynamodb-026")
def test_delete(client, table, put, refused, contents):
    put(x={"S": "1"})
    client.delete_item(TableName="things", Key=_key("absent"))
    with refused("ConditionalCheckFailedException", _FAILED):
        client.delete_item(TableName="things", Key=_key("absent"), ConditionExpression="attribute_exists(pk)")
    with refused("ValidationException", "ReturnValues can only be ALL_OLD or NONE"):
        client.delete_item(TableName="things", Key=_key(), ReturnValues="UPDATED_OLD")
    assert len(contents()) == 1
    answer = client.delete_item(TableName="things", Key=_key(), ReturnValues="ALL_OLD")
    assert answer["Attributes"] == {**_key(), "x": {"S": "1"}}
    assert contents() == []


@pytest.mark.parametrize(
    ("expected", "holds"),
    [
        ({"n": {"Value": {"N": "5.0"}}}, True),
        ({"n": {"Value": {"N": "6"}}}, False),
        ({"absent": {"Exists": False}}, True),
        ({"n": {"Exists": False}}, False),
        ({"n": {"ComparisonOperator": "GT", "AttributeValueList": [{"N": "4"}]}}, True),
        ({"n": {"ComparisonOperator": "LE", "AttributeValueList": [{"N": "4"}]}}, False),
        ({"n": {"ComparisonOperator": "BETWEEN", "AttributeValueList": [{"N": "4"}, {"N": "5"}]}}, True),
        ({"n": {"ComparisonOperator": "IN", "AttributeValueList": [{"N": "4"}, {"N": "5"}]}}, True),
        ({"n": {"ComparisonOperator": "NE", "AttributeValueList": [{"S": "5"}]}}, True),
        ({"absent": {"ComparisonOperator": "NE", "AttributeValueList": [{"S": "5"}]}}, True),
        ({"n": {"ComparisonOperator": "NOT_NULL"}}, True),
        ({"n": {"ComparisonOperator": "NULL"}}, False),
        ({"s": {"ComparisonOperator": "BEGINS_WITH", "AttributeValueList": [{"S": "he"}]}}, True),
        ({"s": {"ComparisonOperator": "CONTAINS", "AttributeValueList": [{"S": "ll"}]}}, True),
        ({"s": {"ComparisonOperator": "NOT_CONTAINS", "AttributeValueList": [{"S": "ll"}]}}, False),
    ],
)
def test_expected(client, table, put, refused, get, expected, holds):
    put(n={"N": "5"}, s={"S": "hello"})
    after = {**_key(), "done": {"BOOL": True}}
    if holds:
        client.put_item(TableName="things", Item=after, Expected=expected)
        assert get() == after
    else:
        with refused("ConditionalCheckFailedException", _FAILED):
            client.put_item(TableName="things", Item=after, Expected=expected)
        assert get()["n"] == {"N": "5"}


def test_conditional_operator(client, table, put, refused):
    put(n={"N": "5"})
    half = {"n": {"Value": {"N": "5"}}, "m": {"Value": {"N": "1"}}}
    client.put_item(TableName="things", Item={**_key(), "n": {"N": "5"}}, Expected=half, ConditionalOperator="OR")
    with refused("ConditionalCheckFailedException", _FAILED):
        client.put_item(TableName="things", Item=_key(), Expected=half, ConditionalOperator="AND")


@pytest.mark.parametrize(
    ("expected", "message"),
    [
        ({"a": {}}, "Value must be provided when Exists is null for Attribute: a"),
        ({"a": {"Exists": True}}, "Value must be provided when Exists is true for Attribute: a"),
        ({"a": {"Exists": False, "Value": {"S": "x"}}}, "Value cannot be used when Exists is false for Attribute: a"),
        (
            {"a": {"AttributeValueList": []}},
            "AttributeValueList can only be used with a ComparisonOperator for Attribute: a",
        ),
        (
            {"a": {"ComparisonOperator": "LT"}},
            "Value or AttributeValueList must be used with ComparisonOperator: LT for Attribute: a",
        ),
        (
            {"a": {"ComparisonOperator": "LT", "Exists": True}},
            "Exists and ComparisonOperator cannot be used together for Attribute: a",
        ),
        (
            {"a": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "a"}, {"S": "b"}]}},
            "Invalid number of argument(s) for the EQ ComparisonOperator",
        ),
        (
            {"a": {"ComparisonOperator": "BETWEEN", "AttributeValueList": [{"S": "a"}, {"N": "1"}]}},
            "AttributeValues inside AttributeValueList must be of same type",
        ),
        (
            {"a": {"ComparisonOperator": "BEGINS_WITH", "AttributeValueList": [{"N": "1"}]}},
            "ComparisonOperator BEGINS_WITH is not valid for N AttributeValue type",
        ),
    ],
)
def test_expected_refused(client, table, refused, contents, expected, message):
    with refused("ValidationException", _PREFIX + message):
        client.put_item(TableName="things", Item=_key(), Expected=expected)
    assert contents() == []

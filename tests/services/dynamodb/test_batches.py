"""BatchGetItem and BatchWriteItem."""

from __future__ import annotations

import pytest

_DUPLICATES = "Provided list of item keys contains duplicates"


def _put(value, **attributes):
    return {"PutRequest": {"Item": {"pk": {"S": value}, **attributes}}}


def _delete(value):
    return {"DeleteRequest": {"Key": {"pk": {"S": value}}}}


def _keys(*values):
    return [{"pk": {"S": value}} for value in values]


@pytest.mark.rule("dynamodb-027", "dynamodb-029")
def test_several_tables(client, make, contents):
    make(name="one")
    make(name="two2")
    client.put_item(TableName="one", Item={"pk": {"S": "old"}, "gone": {"S": "x"}})
    client.put_item(TableName="two2", Item={"pk": {"S": "bye"}})
    answer = client.batch_write_item(
        RequestItems={"one": [_put("old", fresh={"S": "y"}), _put("a")], "two2": [_delete("bye"), _put("b")]}
    )
    assert answer["UnprocessedItems"] == {}
    assert sorted(item["pk"]["S"] for item in contents("one")) == ["a", "old"]
    assert contents("two2") == [{"pk": {"S": "b"}}]
    found = client.batch_get_item(
        RequestItems={
            "one": {"Keys": _keys("old", "a", "absent"), "ProjectionExpression": "fresh, pk"},
            "two2": {"Keys": _keys("b"), "ConsistentRead": True},
        }
    )
    assert found["UnprocessedKeys"] == {}
    assert found["Responses"]["one"] == [{"fresh": {"S": "y"}, "pk": {"S": "old"}}, {"pk": {"S": "a"}}]
    assert found["Responses"]["two2"] == [{"pk": {"S": "b"}}]


@pytest.mark.rule("dynamodb-027")
def test_one_key_twice(client, make, refused, contents):
    make()
    with refused("ValidationException", _DUPLICATES):
        client.batch_get_item(RequestItems={"things": {"Keys": _keys("a", "a")}})
    with refused("ValidationException", _DUPLICATES):
        client.batch_write_item(RequestItems={"things": [_put("a"), _delete("a")]})
    assert contents() == []


@pytest.mark.rule("dynamodb-028")
def test_number_of_writes(client, make, refused, contents):
    make(name="one")
    make(name="two2")
    requests = [_put(str(number)) for number in range(25)]
    with refused("ValidationException"):
        client.batch_write_item(RequestItems={"one": [*requests, _put("more")]})
    with refused("ValidationException", "Too many items requested for the BatchWriteItem call"):
        client.batch_write_item(RequestItems={"one": requests[:13], "two2": requests[:13]})
    for nothing in ({}, {"one": []}):
        with refused("ValidationException"):
            client.batch_write_item(RequestItems=nothing)
    assert contents("one") + contents("two2") == []
    client.batch_write_item(RequestItems={"one": requests[:13], "two2": requests[13:]})
    assert (len(contents("one")), len(contents("two2"))) == (13, 12)


@pytest.mark.rule("dynamodb-029")
@pytest.mark.parametrize("request_", [{}, {**_put("a"), **_delete("a")}])
def test_put_or_delete(client, make, refused, contents, request_):
    make()
    with refused(
        "ValidationException",
        "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes",
    ):
        client.batch_write_item(RequestItems={"things": [_put("b"), request_]})
    assert contents() == []


@pytest.mark.rule("dynamodb-031", "dynamodb-030")
def test_item_size(client, make, refused, contents):
    make()
    room = 409_600 - len("pk") - len("a") - len("x")
    with refused("ValidationException", "Item size has exceeded the maximum allowed size"):
        client.batch_write_item(RequestItems={"things": [_put("b"), _put("a", x={"S": "y" * (room + 1)})]})
    assert contents() == []
    full = [_put(chr(97 + number), x={"S": "y" * room}) for number in range(25)]
    assert client.batch_write_item(RequestItems={"things": full})["UnprocessedItems"] == {}
    assert client.describe_table(TableName="things")["Table"]["TableSizeBytes"] == 25 * 409_600


def test_recorded_words_for_wrong_keys(client, make, refused, contents):
    make()
    for request in (
        {"PutRequest": {"Item": {"x": {"S": "a"}}}},
        {"PutRequest": {"Item": {"pk": {"N": "1"}}}},
        {"DeleteRequest": {"Key": {"x": {"S": "a"}}}},
    ):
        with refused("ValidationException", "The provided key element does not match the schema"):
            client.batch_write_item(RequestItems={"things": [_put("b"), request]})
    assert contents() == []
    with refused("ResourceNotFoundException", "Requested resource not found"):
        client.batch_write_item(RequestItems={"things": [_put("b")], "nothing": [_put("b")]})
    assert contents() == []


@pytest.mark.rule("dynamodb-033")
def test_number_of_reads(client, make, refused):
    make(name="one")
    make(name="two2")
    keys = _keys(*map(str, range(100)))
    client.batch_get_item(RequestItems={"one": {"Keys": keys}})
    with refused("ValidationException", "Too many items requested for the BatchGetItem call"):
        client.batch_get_item(RequestItems={"one": {"Keys": keys[:51]}, "two2": {"Keys": keys[:50]}})
    with refused("ValidationException"):
        client.batch_get_item(RequestItems={"one": {"Keys": []}})


@pytest.mark.rule("dynamodb-034")
def test_sixteen_megabytes(client, make):
    make()
    names = [f"{number:02}" for number in range(60)]
    for name in names:
        client.put_item(TableName="things", Item={"pk": {"S": name}, "x": {"B": b"y" * 300_000}})
    wish = {"things": {"Keys": _keys(*names), "ProjectionExpression": "pk"}}
    seen = []
    sizes = []
    while wish:
        answer = client.batch_get_item(RequestItems=wish)
        sizes.append(len(answer["Responses"]["things"]))
        seen += [item["pk"]["S"] for item in answer["Responses"]["things"]]
        wish = answer["UnprocessedKeys"]
        assert all(part["ProjectionExpression"] == "pk" for part in wish.values())
    assert sizes == [55, 5]
    assert sorted(seen) == names


@pytest.mark.aws(throttling=True, at="2026-01-01")
@pytest.mark.rule("dynamodb-032")
def test_partly_throttled(aws, client, make, refused, contents):
    make(BillingMode="PROVISIONED", ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1})
    aws.limits["dynamodb.burst-capacity"] = 3
    requests = [_put(str(number)) for number in range(5)]
    answer = client.batch_write_item(RequestItems={"things": requests})
    assert answer["UnprocessedItems"] == {"things": requests[3:]}
    with refused("ProvisionedThroughputExceededException"):
        client.batch_write_item(RequestItems=answer["UnprocessedItems"])
    aws.clock.advance(seconds=2)
    assert client.batch_write_item(RequestItems=answer["UnprocessedItems"])["UnprocessedItems"] == {}
    aws.clock.advance(minutes=1)
    keys = _keys("0", "1", "2", "3", "4")
    found = client.batch_get_item(RequestItems={"things": {"Keys": keys, "ConsistentRead": True}})
    assert found["UnprocessedKeys"] == {"things": {"Keys": keys[3:], "ConsistentRead": True}}
    with refused("ProvisionedThroughputExceededException"):
        client.batch_get_item(RequestItems=found["UnprocessedKeys"])

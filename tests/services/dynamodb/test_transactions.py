"""TransactGetItems and TransactWriteItems."""

from __future__ import annotations

import pytest

_CANCELLED = "Transaction cancelled, please refer cancellation reasons for specific reasons [{}]"
_TWICE = "Transaction request cannot include multiple operations on one item"


def _key(value):
    return {"pk": {"S": value}}


def _put(value, table="things", **more):
    attributes = more.pop("attributes", {})
    return {"Put": {"TableName": table, "Item": {**_key(value), **attributes}, **more}}


def _update(value, expression, values, **more):
    return {
        "Update": {
            "TableName": "things",
            "Key": _key(value),
            "UpdateExpression": expression,
            "ExpressionAttributeValues": values,
            **more,
        }
    }


def _delete(value, **more):
    return {"Delete": {"TableName": "things", "Key": _key(value), **more}}


def _check(value, condition):
    return {"ConditionCheck": {"TableName": "things", "Key": _key(value), "ConditionExpression": condition}}


@pytest.mark.rule("dynamodb-070")
def test_all_actions(client, make, contents):
    make()
    make(name="others")
    client.put_item(TableName="things", Item={**_key("u"), "n": {"N": "1"}})
    client.put_item(TableName="things", Item=_key("d"))
    arn = client.describe_table(TableName="others")["Table"]["TableArn"]
    answer = client.transact_write_items(
        TransactItems=[
            _put("p"),
            _put("p", arn),
            _update("u", "SET n = n + :one", {":one": {"N": "1"}}),
            _delete("d"),
            _check("absent", "attribute_not_exists(pk)"),
        ]
    )
    assert set(answer) == {"ResponseMetadata"}
    assert sorted(contents(), key=str) == [_key("p"), {**_key("u"), "n": {"N": "2"}}]
    assert contents("others") == [_key("p")]


@pytest.mark.rule("dynamodb-070")
def test_all_or_none(client, make, refused, contents):
    make()
    client.put_item(TableName="things", Item={**_key("a"), "n": {"N": "1"}})
    before = contents()
    codes = "None, ConditionalCheckFailed, None, ConditionalCheckFailed"
    with refused("TransactionCanceledException", _CANCELLED.format(codes)) as refusal:
        client.transact_write_items(
            TransactItems=[
                _put("b"),
                _put("c", ConditionExpression="attribute_exists(pk)"),
                _delete("d"),
                _update(
                    "a", "SET n = :v", {":v": {"N": "2"}}, ConditionExpression="n = :v",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                ),
            ]
        )  # fmt: skip
    failed = {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"}
    assert refusal.response["CancellationReasons"] == [
        {"Code": "None"}, failed, {"Code": "None"}, {**failed, "Item": before[0]},
    ]  # fmt: skip
    assert contents() == before


@pytest.mark.rule("dynamodb-070")
def test_invalid_action_cancels(client, make, refused, contents):
    make()
    with refused("TransactionCanceledException", _CANCELLED.format("ValidationError, None, None")) as refusal:
        client.transact_write_items(
            TransactItems=[
                {"Put": {"TableName": "things", "Item": {"pk": {"N": "7"}}}},
                {"Put": {"TableName": "things", "Item": {"pk": {"N": "8"}}}},
                _put("a", ConditionExpression="attribute_exists(pk)"),
            ]
        )
    assert refusal.response["CancellationReasons"][0] == {
        "Code": "ValidationError",
        "Message": "One or more parameter values were invalid: Type mismatch for key pk expected: S actual: N",
    }
    assert contents() == []


@pytest.mark.rule("dynamodb-070")
@pytest.mark.parametrize(
    ("items", "message"),
    [
        ([_put("a"), _delete("a")], _TWICE),
        ([{}], "TransactItems can only contain one of Check, Put, Update or Delete"),
        ([{**_put("a"), **_delete("b")}], "TransactItems can only contain one of Check, Put, Update or Delete"),
        (
            [_put("a", ConditionExpression="hello!")],
            'Invalid ConditionExpression: Syntax error; token: "!", near: "hello!"',
        ),
        (
            [_put("a", ConditionExpression="attribute_exists(#x)")],
            "Invalid ConditionExpression: An expression attribute name used in the document path is not defined; "
            "attribute name: #x",
        ),
    ],
)
def test_refused_as_a_whole(client, make, refused, contents, items, message):
    make()
    with refused("ValidationException", message):
        client.transact_write_items(TransactItems=[_put("z"), *items])
    assert contents() == []


@pytest.mark.rule("dynamodb-072")
def test_number_of_items(client, make, refused, contents):
    make()
    items = [_put(str(number)) for number in range(100)]
    with refused(
        "ValidationException",
    ) as refusal:
        client.transact_write_items(TransactItems=[*items, _put("more")])
    message = refusal.response["Error"]["Message"]
    assert message.startswith("1 validation error detected: Value '[")
    assert message.endswith(
        "at 'transactItems' failed to satisfy constraint: Member must have length less than or equal to 100"
    )
    with refused("ValidationException"):
        client.transact_write_items(TransactItems=[])
    assert contents() == []
    client.transact_write_items(TransactItems=items)
    assert len(contents()) == 100
    gets = [{"Get": {"TableName": "things", "Key": _key(str(number))}} for number in range(101)]
    with refused("ValidationException"):
        client.transact_get_items(TransactItems=gets)
    assert len(client.transact_get_items(TransactItems=gets[:100])["Responses"]) == 100


@pytest.mark.rule("dynamodb-072")
@pytest.mark.aws(as_of="2020-01-01")
def test_number_of_items_in_2020(client, make, refused):
    make()
    items = [_put(str(number)) for number in range(26)]
    with refused("ValidationException"):
        client.transact_write_items(TransactItems=items)
    client.transact_write_items(TransactItems=items[:25])


@pytest.mark.rule("dynamodb-072")
def test_four_megabytes(client, make, refused, contents):
    make()
    full = {"x": {"S": "y" * 400_000}}
    with refused("ValidationException", "Transaction payload size cannot exceed 4194304 bytes"):
        client.transact_write_items(TransactItems=[_put(str(number), attributes=full) for number in range(11)])
    assert contents() == []
    client.transact_write_items(TransactItems=[_put(str(number), attributes=full) for number in range(10)])
    assert client.describe_table(TableName="things")["Table"]["ItemCount"] == 10


@pytest.mark.rule("dynamodb-070")
@pytest.mark.aws(at="2026-01-01")
def test_tokens(aws, client, make, refused, contents):
    make()
    client.put_item(TableName="things", Item={**_key("a"), "n": {"N": "1"}})

    def add(amount, token="token"):
        client.transact_write_items(
            TransactItems=[_update("a", "ADD n :v", {":v": {"N": amount}})], ClientRequestToken=token
        )

    add("1")
    add("1")
    assert contents()[0]["n"] == {"N": "2"}
    with refused("IdempotentParameterMismatchException"):
        add("2")
    assert contents()[0]["n"] == {"N": "2"}
    add("1", "other")
    assert contents()[0]["n"] == {"N": "3"}
    aws.clock.advance(minutes=9, seconds=59)
    add("1")
    assert contents()[0]["n"] == {"N": "3"}
    aws.clock.advance(seconds=2)
    add("2")
    assert contents()[0]["n"] == {"N": "5"}


@pytest.mark.rule("dynamodb-071")
def test_reads(client, make, refused):
    make()
    client.put_item(TableName="things", Item={**_key("a"), "x": {"S": "1"}, "y": {"S": "2"}})
    client.put_item(TableName="things", Item=_key("b"))

    def get(*values, **more):
        gets = [{"Get": {"TableName": "things", "Key": _key(value), **more}} for value in values]
        return client.transact_get_items(TransactItems=gets)["Responses"]

    assert get("b", "absent", "a") == [
        {"Item": _key("b")},
        {},
        {"Item": {**_key("a"), "x": {"S": "1"}, "y": {"S": "2"}}},
    ]
    assert get("a", ProjectionExpression="#x", ExpressionAttributeNames={"#x": "x"}) == [{"Item": {"x": {"S": "1"}}}]
    with refused("ValidationException", _TWICE):
        get("a", "a")
    with refused("TransactionCanceledException", _CANCELLED.format("ValidationError")):
        client.transact_get_items(TransactItems=[{"Get": {"TableName": "things", "Key": {"pk": {"N": "1"}}}}])
    with refused("ResourceNotFoundException", "Requested resource not found"):
        client.transact_get_items(TransactItems=[{"Get": {"TableName": "nothing", "Key": _key("a")}}])


@pytest.mark.rule("dynamodb-069")
def test_twice_the_units(client, make):
    make()
    item = {**_key("a"), "x": {"S": "y" * (1024 - len("pk") - len("a") - len("x"))}}
    answer = client.transact_write_items(
        TransactItems=[{"Put": {"TableName": "things", "Item": item}}, _put("b")], ReturnConsumedCapacity="TOTAL"
    )
    assert answer["ConsumedCapacity"] == [{"TableName": "things", "CapacityUnits": 4.0, "WriteCapacityUnits": 4.0}]
    gets = [{"Get": {"TableName": "things", "Key": _key(value)}} for value in "ab"]
    answer = client.transact_get_items(TransactItems=gets, ReturnConsumedCapacity="TOTAL")
    assert answer["ConsumedCapacity"] == [{"TableName": "things", "CapacityUnits": 4.0, "ReadCapacityUnits": 4.0}]


@pytest.mark.aws(throttling=True, at="2026-01-01")
@pytest.mark.rule("dynamodb-070", "dynamodb-073")
def test_throttled(aws, client, make, refused, contents):
    make(BillingMode="PROVISIONED", ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1})
    aws.limits["dynamodb.burst-capacity"] = 3
    with refused("TransactionCanceledException", _CANCELLED.format("None, ProvisionedThroughputExceeded")):
        client.transact_write_items(TransactItems=[_put("a"), _put("b")])
    aws.clock.advance(minutes=1)
    assert contents() == []


@pytest.mark.aws(throttling=True, at="2026-01-01")
@pytest.mark.rule("dynamodb-073")
def test_reads_throttled(aws, client, make, refused):
    make(name="plenty")
    make(
        name="little",
        BillingMode="PROVISIONED",
        ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
    )
    aws.limits["dynamodb.burst-capacity"] = 3
    names = ("plenty", "plenty", "little", "little")
    gets = [{"Get": {"TableName": name, "Key": _key(str(number))}} for number, name in enumerate(names)]
    client.transact_get_items(TransactItems=gets[:3])
    codes = "None, None, ProvisionedThroughputExceeded, None"
    with refused("TransactionCanceledException", _CANCELLED.format(codes)):
        client.transact_get_items(TransactItems=gets)

"""Values on their way in and out in one pass: what is taken so is what the longer way finds, to the byte."""

from __future__ import annotations

import json
import random
import re
from base64 import b64encode

import pytest

from awsim import Cloud
from awsim.errors import AWSError
from awsim.services.dynamodb import intake, numbers, texts, values
from awsim.services.dynamodb.expressions import Expressions
from awsim.wire import json_values, models

_PLAIN = {
    "s": {"S": "text"},
    "umlaut ü": {"S": "grün ✓"},
    "n": {"N": "12.50"},
    "zero": {"N": "-0"},
    "less": {"N": "-1200"},
    "t": {"BOOL": True},
    "f": {"BOOL": False},
    "z": {"NULL": True},
    "ss": {"SS": ["b", "ä"]},
    "ns": {"NS": ["1", "2.5"]},
    "l": {"L": [{"S": "x"}, {"N": "7"}, {"M": {}}, {"L": [{"L": []}]}]},
    "m": {"M": {"k": {"N": "1"}, "e": {"S": ""}}},
}


@pytest.fixture(scope="module")
def read():
    """Reads a map of attribute values out of JSON as DynamoDB does."""
    schema = models.Schema(models.service_model("dynamodb"))
    return intake.reader(json_values.reader(schema, {"shape": "Key"})[1])


def _longer_way(wire, limits):
    return {name: values.load(value, limits) for name, value in wire.items()}


def test_what_is_well_formed_is_loaded_and_measured(read, limits):
    taken = read(json.loads(json.dumps(_PLAIN)))
    assert type(taken) is intake.Attributes
    assert taken == _PLAIN
    loaded = _longer_way(_PLAIN, limits)
    assert repr(taken.loaded) == repr(loaded)
    assert taken.size == values.item_size(loaded)
    assert taken.depth == 1 + max(map(values.depth_of, loaded.values()))
    assert intake.load(taken, limits) is taken.loaded


@pytest.mark.parametrize(
    "value",
    [
        {"B": "AAE="},
        {"BS": ["AAE="]},
        {"N": "1" * 16},
        {"N": "1e3"},
        {"N": "x"},
        {"N": ""},
        {"NS": ["1", "1.0"]},
        {"NS": []},
        {"SS": []},
        {"SS": ["a", "a"]},
        {"NULL": False},
        {"S": "a", "N": "1"},
        {},
        {"X": "a"},
    ],
)
def test_what_is_not_plain_goes_the_longer_way(read, limits, value):
    taken = read({"a": {"S": "x"}, "b": json.loads(json.dumps(value))})
    assert type(taken) is dict
    known = {"B", "BS", "N", "NS", "SS", "NULL", "S"}
    assert set(taken["b"]) == known & set(value)


@pytest.mark.parametrize("value", [{"S": 1}, {"S": ["a"]}, {"N": 1}, {"L": {}}, {"L": "a"}, {"M": []}, {"BOOL": "a"}])
def test_wrong_types_are_for_the_wire_to_refuse(read, value):
    with pytest.raises(json_values.Unreadable):
        read({"a": value})


def test_depth_is_checked_against_the_limits_in_force(read):
    limits = Cloud(limits={"dynamodb.nesting-depth": 3}).limits.for_service("dynamodb", "123456789012", "us-east-1")
    taken = read({"a": {"L": [{"L": []}]}})
    assert intake.load(taken, limits) == {"a": [[]]}
    too_deep = read({"a": {"L": [{"L": [{"L": []}]}]}})
    assert intake.measured(too_deep, limits) is None
    with pytest.raises(AWSError, match="[Nn]esting"):
        intake.load(too_deep, limits)


def test_numbers_are_measured_as_they_are_parsed(limits):
    rng = random.Random(7)
    taken = 0
    for _ in range(5_000):
        whole, fraction = rng.randrange(10 ** rng.randrange(1, 16)), rng.randrange(10 ** rng.randrange(1, 6))
        text = rng.choice(["", "", "-", "+", "0", "00"]) + rng.choice(
            [f"{whole}", f"{whole}.{fraction}", f".{fraction}"]
        )
        try:
            number, size = numbers.measured(text)
        except ValueError:
            continue
        taken += 1
        assert repr(number) == repr(numbers.parse(text, limits)), text
        assert size == numbers.size_of(number), text
    assert taken > 2_000


def test_text_is_what_dumping_gives():
    wire = {
        **_PLAIN,
        "b": {"B": b"\x00\xff"},
        "bs": {"BS": [b"1", b"2"]},
        'quo"te\\': {"S": 'a "b"\n\x01'},
        "tiny": {"N": "1e-130"},
    }
    limits = Cloud().limits.for_service("dynamodb", "123456789012", "us-east-1")
    loaded = _longer_way(wire, limits)
    shown = json.loads(texts.item(loaded))
    encoded = json.loads(json.dumps(values.dump_item(loaded), default=lambda blob: b64encode(blob).decode()))
    assert shown == encoded
    assert texts.item({}) == "{}"


# --- expressions that come again


def test_an_expression_comes_again_with_other_values_names_and_types(limits):
    def updated(name, value, item):
        expressions = Expressions({"#a": name}, {":v": value}, limits)
        update = expressions.update("SET #a = #a + :v")
        expressions.finish()
        return update.apply(item)

    item = {"x": 1, "y": 10}
    for _ in range(2):
        assert updated("x", {"N": "1"}, item) == {"x": 2, "y": 10}
        assert updated("x", {"N": "5"}, item) == {"x": 6, "y": 10}
        assert updated("y", {"N": "5"}, item) == {"x": 1, "y": 15}
        with pytest.raises(AWSError, match="Incorrect operand type"):
            updated("x", {"S": "1"}, item)


def test_two_of_one_expression_keep_their_values(limits):
    def condition(value):
        expressions = Expressions(None, {":v": value}, limits)
        return expressions.condition("ConditionExpression", "a = :v")

    one, two = condition({"S": "1"}), condition({"S": "2"})
    assert one.test({"a": "1"}) and not one.test({"a": "2"})
    assert two.test({"a": "2"}) and not two.test({"a": "1"})


def test_what_depends_on_values_is_checked_each_time(limits):
    def between(low, high):
        expressions = Expressions(None, {":l": {"N": low}, ":h": {"N": high}}, limits)
        return expressions.condition("ConditionExpression", "a BETWEEN :l AND :h")

    assert between("1", "2").test({"a": 2})
    with pytest.raises(AWSError, match="upper bound"):
        between("2", "1")
    for kind, holds in (("S", True), ("N", False)):
        expressions = Expressions(None, {":t": {"S": kind}}, limits)
        assert expressions.condition("ConditionExpression", "attribute_type(a, :t)").test({"a": "x"}) is holds


def test_paths_are_measured_by_the_limits_in_force(limits):
    def exists(limits):
        return Expressions(None, None, limits).condition("ConditionExpression", "attribute_exists(a.b.c.d)")

    assert exists(limits).test({"a": {"b": {"c": {"d": 1}}}})
    narrow = Cloud(limits={"dynamodb.nesting-depth": 3}).limits.for_service("dynamodb", "123456789012", "us-east-1")
    with pytest.raises(AWSError, match="nesting levels: 4"):
        exists(narrow)


def test_unused_names_and_values_are_found_in_an_expression_that_comes_again(limits):
    for _ in range(2):
        expressions = Expressions({"#a": "x", "#b": "y"}, {":v": {"S": "1"}}, limits)
        expressions.condition("ConditionExpression", "#a = :v")
        with pytest.raises(AWSError, match=r"ExpressionAttributeNames unused in expressions: keys: \{#b\}"):
            expressions.finish()


def test_a_transaction_updates_two_items_by_one_expression(client, make):
    make()
    updates = [
        {
            "Update": {
                "TableName": "things",
                "Key": {"pk": {"S": pk}},
                "UpdateExpression": "SET a = :v",
                "ExpressionAttributeValues": {":v": {"S": f"value of {pk}"}},
            }
        }
        for pk in "ab"
    ]
    client.transact_write_items(TransactItems=updates)
    for pk in "ab":
        assert client.get_item(TableName="things", Key={"pk": {"S": pk}})["Item"]["a"] == {"S": f"value of {pk}"}


def test_what_is_written_is_read_over_http_as_in_python(aws, client, make):
    make("pk:S", "sk:N")
    item = {"pk": {"S": "a"}, "sk": {"N": "1"}, **_PLAIN, "b": {"B": b"\x00\xff"}, "q": {"S": '"\\\n'}}
    expected = {**item, "n": {"N": "12.5"}, "zero": {"N": "0"}}
    client.put_item(TableName="things", Item=item)
    key = {"pk": item["pk"], "sk": item["sk"]}
    for call in (
        lambda name, **asked: aws.call("dynamodb", name, asked),
        lambda name, **asked: _over(client, name, asked),
    ):
        assert call("GetItem", TableName="things", Key=key)["Item"] == expected
        assert call("Scan", TableName="things")["Items"] == [expected]
        batch = call("BatchGetItem", RequestItems={"things": {"Keys": [key], "ProjectionExpression": "pk, b"}})
        assert batch["Responses"] == {"things": [{"pk": {"S": "a"}, "b": {"B": b"\x00\xff"}}]}
        gets = [
            {"Get": {"TableName": "things", "Key": key}},
            {"Get": {"TableName": "things", "Key": {**key, "sk": {"N": "2"}}}},
        ]
        assert call("TransactGetItems", TransactItems=gets)["Responses"] == [{"Item": expected}, {}]
        update = call(
            "UpdateItem", TableName="things", Key=key, UpdateExpression="SET u = s", ReturnValues="UPDATED_NEW"
        )
        assert update["Attributes"] == {"u": {"S": "text"}}
        gone = call("UpdateItem", TableName="things", Key=key, UpdateExpression="REMOVE u", ReturnValues="ALL_NEW")
        assert gone["Attributes"] == expected
    (journalled,) = aws.calls.of("dynamodb:Scan")[-1].result["Items"]
    assert {**journalled, "b": expected["b"]} == expected


def _over(client, name, asked):

    method = re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()
    return getattr(client, method)(**asked)


def test_the_journal_reads_what_was_asked(aws, client, make):
    make()
    puts = [{"PutRequest": {"Item": {"pk": {"S": str(number)}, "b": {"B": b"x" * 100}}}} for number in range(25)]
    client.batch_write_item(RequestItems={"things": puts})
    kept = aws.calls.of("dynamodb:BatchWriteItem")[-1].parameters["RequestItems"]["things"]
    assert [one["PutRequest"]["Item"]["pk"]["S"] for one in kept] == [str(number) for number in range(25)]
    assert kept[0]["PutRequest"]["Item"]["b"]["B"].length == 100

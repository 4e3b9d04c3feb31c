"""Attribute values: wire to memory and back, sizes, equality, order."""

from __future__ import annotations

import pytest

from awsim.errors import AWSError
from awsim.services.dynamodb import values

_EVERY_TYPE = {
    "s": {"S": "text"},
    "empty": {"S": ""},
    "n": {"N": "12.5"},
    "b": {"B": b"\x00\xff"},
    "t": {"BOOL": True},
    "f": {"BOOL": False},
    "z": {"NULL": True},
    "ss": {"SS": ["b", "a"]},
    "ns": {"NS": ["1", "2.5"]},
    "bs": {"BS": [b"1", b"2"]},
    "l": {"L": [{"S": "x"}, {"M": {}}, {"L": []}]},
    "m": {"M": {"k": {"N": "1"}}},
}


def test_there_and_back(limits):
    loaded = {name: values.load(value, limits) for name, value in _EVERY_TYPE.items()}
    assert values.dump_item(loaded) == _EVERY_TYPE
    assert [values.type_of(value) for value in loaded.values()] == [next(iter(value)) for value in _EVERY_TYPE.values()]


@pytest.mark.rule("dynamodb-014")
@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({}, "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"),
        (
            {"S": "a", "N": "1"},
            "Supplied AttributeValue has more than one datatypes set, "
            "must contain exactly one of the supported datatypes",
        ),
        ({"S": "a", "N": "x"}, "The parameter cannot be converted to a numeric value: x"),
        ({"NULL": False}, "One or more parameter values were invalid: Null attribute value types must have the "
                          "value of true"),
        ({"SS": []}, "One or more parameter values were invalid: An string set  may not be empty"),
        ({"NS": []}, "One or more parameter values were invalid: An number set  may not be empty"),
        ({"BS": []}, "One or more parameter values were invalid: Binary sets should not be empty"),
        ({"SS": ["a", "a"]}, "One or more parameter values were invalid: Input collection [a, a] contains duplicates."),
        ({"NS": ["1", "1.0"]}, "Input collection contains duplicates"),
        (
            {"BS": [b"b", b"b"]},
            "One or more parameter values were invalid: Input collection [Yg==, Yg==]of type BS contains duplicates.",
        ),
        ({"L": [{"M": {"a": {"SS": []}}}]}, "One or more parameter values were invalid: An string set  may not "
                                            "be empty"),
    ],
)  # fmt: skip
def test_refused(limits, value, message):
    with pytest.raises(AWSError) as refusal:
        values.load(value, limits)
    assert (refusal.value.code, refusal.value.message) == ("ValidationException", message)


def _nested(levels):
    value = {"S": "x"}
    for _ in range(levels):
        value = {"L": [value]}
    return value


@pytest.mark.rule("dynamodb-013")
def test_nesting(limits):
    deepest = values.load(_nested(31), limits)
    assert values.depth_of(deepest) == 31
    with pytest.raises(AWSError, match="Nesting Levels have exceeded supported limits"):
        values.load(_nested(32), limits)


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ({"S": "abc"}, 3),
        ({"S": "é"}, 2),
        ({"B": b"1234"}, 4),
        ({"BOOL": True}, 1),
        ({"NULL": True}, 1),
        ({"N": "1"}, 2),
        ({"SS": ["a", "bc"]}, 3),
        ({"L": []}, 3),
        ({"L": [{"S": "a"}]}, 5),
        ({"M": {"ab": {"S": "c"}}}, 7),
    ],
)
def test_sizes(limits, value, size):
    assert values.size_of(values.load(value, limits)) == size


def test_item_size_counts_names(limits):
    item = {"id": "Fred", "ñ": 1}
    assert values.item_size(item) == 2 + 4 + 2 + 2


def test_equality_knows_types(limits):
    def load(value):
        return values.load(value, limits)

    same = [
        ({"N": "1"}, {"N": "1.0"}),
        ({"SS": ["a", "b"]}, {"SS": ["b", "a"]}),
        ({"L": [{"N": "1"}]}, {"L": [{"N": "1"}]}),
        ({"M": {"a": {"S": "x"}, "b": {"S": "y"}}}, {"M": {"b": {"S": "y"}, "a": {"S": "x"}}}),
    ]
    other = [
        ({"N": "1"}, {"S": "1"}),
        ({"N": "1"}, {"BOOL": True}),
        ({"S": "a"}, {"B": b"a"}),
        ({"SS": ["a"]}, {"L": [{"S": "a"}]}),
        ({"NS": ["1"]}, {"SS": ["1"]}),
        ({"L": [{"N": "1"}]}, {"L": [{"BOOL": True}]}),
        ({"L": []}, {"M": {}}),
    ]
    assert all(values.equal(load(left), load(right)) for left, right in same)
    assert not any(values.equal(load(left), load(right)) for left, right in other)


def test_contains(limits):
    def contains(container, member):
        return values.contains(values.load(container, limits), values.load(member, limits))

    assert contains({"S": "hello"}, {"S": "ell"})
    assert contains({"B": b"hello"}, {"B": b"ell"})
    assert contains({"SS": ["a"]}, {"S": "a"})
    assert contains({"NS": ["1"]}, {"N": "1.0"})
    assert contains({"L": [{"M": {}}]}, {"M": {}})
    assert not contains({"S": "hello"}, {"B": b"ell"})
    assert not contains({"L": [{"BOOL": True}]}, {"N": "1"})
    assert not contains({"M": {"a": {"S": "x"}}}, {"S": "a"})


def test_size_function():
    assert values.count_of("é") == 2
    assert values.count_of(b"123") == 3
    assert values.count_of(["x", "y"]) == 2
    assert values.count_of({"a": 1}) == 1
    assert values.count_of(values.StringSet(("a", "b"))) == 2
    assert values.count_of(5) is None
    assert values.count_of(True) is None
    assert values.count_of(None) is None

"""Expressions by themselves: grammar, what they compute, and AWS's words for what is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from awsim.errors import AWSError
from awsim.services.dynamodb.expressions import Expressions
from awsim.services.dynamodb.expressions.reserved import WORDS

_ITEM = {
    "s": "hello",
    "n": 5,
    "b": b"abc",
    "flag": True,
    "nil": None,
    "ls": ["a", 1, {"deep": [10, 20]}],
    "mp": {"x": 1, "y": {"zz": "end"}},
    "o": 7,
}
_VALUES = {
    ":five": {"N": "5"},
    ":six": {"N": "6"},
    ":one": {"N": "1"},
    ":hello": {"S": "hello"},
    ":he": {"S": "he"},
    ":t": {"BOOL": True},
    ":S": {"S": "S"},
    ":N": {"S": "N"},
    ":a": {"S": "a"},
    ":end": {"S": "end"},
}


def _used(source: str) -> dict[str, Any] | None:
    """The values that an expression refers to."""
    return {name: _VALUES[name] for name in re.findall(r":\w+", source) if name in _VALUES} or None


@pytest.fixture
def holds(limits: Any) -> Callable[..., bool]:
    def holds(source: str, names: dict[str, str] | None = None, item: Any = _ITEM) -> bool:
        expressions = Expressions(names, _used(source), limits)
        condition = expressions.condition("ConditionExpression", source)
        expressions.finish()
        return condition.test(item)

    return holds


@pytest.mark.parametrize(
    "source",
    [
        "s = :hello",
        "n = :five",
        "n <> :six",
        "n <> :hello",
        "absent <> :five",
        "n < :six",
        "n <= :five",
        ":six > n",
        "n < o",
        "n BETWEEN :one AND :six",
        "n between :five and :five",
        "n IN (:one, :five)",
        "n in (:hello, o, n)",
        "attribute_exists(s)",
        "attribute_exists(mp.y.zz)",
        "attribute_exists(ls[2].deep[1])",
        "attribute_not_exists(ls[3])",
        "attribute_not_exists(mp.y.zz.more)",
        "attribute_not_exists(s[0])",
        "attribute_exists(nil)",
        "attribute_type(s, :S)",
        "begins_with(s, :he)",
        "contains(s, :he)",
        "contains(ls, :a)",
        "size(s) = :five",
        "size(ls) < :five",
        "size(mp) < size(ls)",
        "NOT s = :he",
        "not not s = :hello",
        "n = :one OR s = :hello",
        "n = :one AND s = :he OR s = :hello",
        "s = :hello OR n = :one AND s = :he",
        "(n = :five) AND (s = :hello)",
        "NOT (n = :one OR s = :he)",
        "mp.y.zz = :end",
        "(n) = (:five)",
        "flag = :t",
        "n=:five",
        "\tn\r\n=\n:five ",
    ],
)
def test_conditions_that_hold(holds, source):
    assert holds(source)


@pytest.mark.parametrize(
    "source",
    [
        "absent = absent2",
        "absent = :five",
        "absent < :five",
        "n < :hello",
        "s < :six",
        "n BETWEEN :six AND :six",
        "absent BETWEEN :one AND :six",
        "absent IN (:one, :five)",
        "attribute_exists(absent)",
        "attribute_type(s, :N)",
        "attribute_type(absent, :N)",
        "begins_with(absent, :he)",
        "begins_with(n, :he)",
        "contains(absent, :a)",
        "size(n) = :one",
        "size(absent) = :one",
        "NOT attribute_exists(s)",
        "flag = :five",
    ],
)
def test_conditions_that_do_not_hold(holds, source):
    assert not holds(source)


def test_names(holds):
    assert holds("#s = :hello", {"#s": "s"})
    assert holds("#m.#y.#z = :end", {"#m": "mp", "#y": "y", "#z": "zz"})
    assert holds("#dotted = :five", {"#dotted": "a.b"}, {"a.b": 5})


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("", "The expression can not be empty;"),
        ("  ", "The expression can not be empty;"),
        ("a-b", 'Syntax error; token: "-", near: "a-b"'),
        ("a = ", 'Syntax error; token: "<EOF>", near: "="'),
        ("attribute_exists(a) AND NOT b", 'Syntax error; token: "<EOF>", near: "b"'),
        ("a AND b", 'Syntax error; token: "AND", near: "a AND b"'),
        ("a = b = c", 'Syntax error; token: "=", near: "b = c"'),
        ("a[x] = b", 'Syntax error; token: "x", near: "[x]"'),
        ("_a = b", 'Syntax error; token: "_", near: "_a"'),
        ("ADD a", 'Syntax error; token: "a", near: "ADD a"'),
        ("((a = b))", "The expression has redundant parentheses;"),
        ("dog(a) = b", "Invalid function name; function: dog"),
        ("if_not_exists(a, b) = c", "The function is not allowed in a condition expression; function: if_not_exists"),
        (
            "attribute_exists(a) = b",
            "The function is not allowed to be used this way in an expression; function: attribute_exists",
       ),
        ("size(a)", "The function is not allowed to be used this way in an expression; function: size"),
        ("size = b", "Attribute name is a reserved keyword; reserved keyword: size"),
        ("a.Status = b", "Attribute name is a reserved keyword; reserved keyword: Status"),
        ("#a = b", "An expression attribute name used in the document path is not defined; attribute name: #a"),
        ("a = :x", "An expression attribute value used in expression is not defined; attribute value: :x"),
        (
            "contains(a)",
            "Incorrect number of operands for operator or function; operator or function: contains, number of "
            "operands: 1",
       ),
        (
            "a = a",
            "The first operand must be distinct from the remaining operands for this operator or function; "
            "operator: =, first operand: [a]",
       ),
        (
            "contains(a[1].b, a[1].b)",
            "The first operand must be distinct from the remaining operands for this operator or function; "
            "operator: contains, first operand: [a, [1], b]",
       ),
        (
            "attribute_exists(:five)",
            "Operator or function requires a document path; operator or function: attribute_exists",
       ),
        (
            "begins_with(a, :five)",
            "Incorrect operand type for operator or function; operator or function: begins_with, operand type: N",
       ),
        ("size(:t) = a", "Incorrect operand type for operator or function; operator or function: size, operand "
                         "type: BOOL"),
        ("a < :t", "Incorrect operand type for operator or function; operator: <, operand type: BOOL"),
        (
            "attribute_type(a, :hello)",
            "Invalid attribute type name found; type: hello, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}",
       ),
        (
            "attribute_type(a, :five)",
            "Incorrect operand type for operator or function; operator or function: attribute_type, operand type: N",
       ),
        (
            "a BETWEEN :six AND :five",
            "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound "
            "operand: "
            "AttributeValue: {N:6}, upper bound operand: AttributeValue: {N:5}",
       ),
        (
            "a BETWEEN :hello AND :five",
            "The BETWEEN operator requires same data type for lower and upper bounds; lower bound operand: "
            "AttributeValue: {S:hello}, upper bound operand: AttributeValue: {N:5}",
       ),
    ],
)  # fmt: skip
def test_wrong_conditions(limits, source, message):
    with pytest.raises(AWSError) as refusal:
        Expressions(None, _used(source), limits).condition("FilterExpression", source)
    assert refusal.value.message == f"Invalid FilterExpression: {message}"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("INVALID SYNTAX HERE", 'Syntax error; token: "INVALID", near: "INVALID SYNTAX"'),
        ("ADD hits : incr", 'Syntax error; token: ":", near: "hits : incr"'),
        ("SET a = :one SET b = :one", 'The "SET" section can only be used once in an update expression;'),
        (
            "SET a = :one, a.b = :one",
            "Two document paths overlap with each other; must remove or rewrite one of these paths; "
            "path one: [a], path two: [a, b]",
       ),
        (
            "SET a = :one REMOVE a",
            "Two document paths overlap with each other; must remove or rewrite one of these paths; "
            "path one: [a], path two: [a]",
       ),
        (
            "SET a.b = :one, a[1] = :one",
            "Two document paths conflict with each other; must remove or rewrite one of these paths; "
            "path one: [a, b], path two: [a, [1]]",
       ),
        ("SET abs = :one", None),
        ("SET add1.value = :one", "Attribute name is a reserved keyword; reserved keyword: value"),
        ("SET a = f(b)", "Invalid function name; function: f"),
        (
            "SET a = list_append(list_append(b, c), d)",
            "The function is not allowed to be used this way in an expression; function: list_append",
       ),
        ("SET a = size(b)", "The function is not allowed in an update expression; function: size"),
        ("SET a = if_not_exists(b)", "Incorrect number of operands for operator or function; "
         "operator or function: if_not_exists, number of operands: 1"),
        ("SET a = if_not_exists(:one, b)", "Operator or function requires a document path; "
         "operator or function: if_not_exists"),
        ("SET a = b + :hello", "Incorrect operand type for operator or function; operator or function: +, "
                               "operand type: S"),
        ("SET a = list_append(b, :one)", "Incorrect operand type for operator or function; "
         "operator or function: list_append, operand type: N"),
        ("ADD a :hello", "Incorrect operand type for operator or function; operator: ADD, operand type: STRING"),
        ("DELETE a :one", "Incorrect operand type for operator or function; operator: DELETE, operand type: NUMBER"),
        ("SET a = :x", "An expression attribute value used in expression is not defined; attribute value: :x"),
        ("REMOVE #a", "An expression attribute name used in the document path is not defined; attribute name: #a"),
        ("SET a", 'Syntax error; token: "<EOF>", near: "a"'),
        ("SET a = b + c + d", 'Syntax error; token: "+", near: "c + d"'),
    ],
)  # fmt: skip
def test_wrong_updates(limits, source, message):
    expressions = Expressions(None, _used(source), limits)
    if message is None:
        expressions.update(source)
        return
    with pytest.raises(AWSError) as refusal:
        expressions.update(source)
    assert refusal.value.message == f"Invalid UpdateExpression: {message}"


@pytest.mark.parametrize(
    ("source", "change"),
    [
        ("SET n = :one", {"n": 1}),
        ("SET n = n + :one", {"n": 6}),
        ("SET n = :one - n", {"n": -4}),
        ("SET n = (n + :one)", {"n": 6}),
        ("SET fresh = if_not_exists(fresh, :one)", {"fresh": 1}),
        ("SET n = if_not_exists(n, :one) + :one", {"n": 6}),
        ("SET ls = list_append(ls, ls)", {"ls": _ITEM["ls"] * 2}),
        ("SET ls[0] = :one", {"ls": [1, 1, {"deep": [10, 20]}]}),
        ("SET ls[90] = :one, ls[80] = :six", {"ls": [*_ITEM["ls"], 6, 1]}),
        ("SET ls[2].deep[0] = n", {"ls": ["a", 1, {"deep": [5, 20]}]}),
        ("SET mp.y.zz = :one, mp.fresh = :six", {"mp": {"x": 1, "y": {"zz": 1}, "fresh": 6}}),
        ("SET n = o, o = n", {"n": 7, "o": 5}),
        ("REMOVE s, mp.x", {"s": None, "mp": {"y": {"zz": "end"}}}),
        ("REMOVE ls[0], ls[1]", {"ls": [{"deep": [10, 20]}]}),
        ("REMOVE ls[0] SET ls[1] = :six", {"ls": [6, {"deep": [10, 20]}]}),
        ("REMOVE absent", {}),
        ("ADD n :one, fresh :six", {"n": 6, "fresh": 6}),
        ("ADD mp.x :one", {"mp": {"x": 2, "y": {"zz": "end"}}}),
        ("set n = :one remove s", {"n": 1, "s": None}),
    ],
)
def test_updates(limits, source, change):
    before = dict(_ITEM)
    after = Expressions(None, _used(source), limits).update(source).apply(_ITEM)
    expected = {name: value for name, value in {**_ITEM, **change}.items() if change.get(name, 0) is not None}
    assert after == expected
    assert before == _ITEM, "an update must not touch the item before it"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("SET a = absent", "The provided expression refers to an attribute that does not exist in the item"),
        ("SET a = absent + :one", "The provided expression refers to an attribute that does not exist in the item"),
        ("SET absent.x = :one", "The document path provided in the update expression is invalid for update"),
        ("SET ls.x = :one", "The document path provided in the update expression is invalid for update"),
        ("SET mp[0] = :one", "The document path provided in the update expression is invalid for update"),
        ("REMOVE absent.x", "The document path provided in the update expression is invalid for update"),
        ("SET a = s + :one", "An operand in the update expression has an incorrect data type"),
        ("SET a = list_append(s, ls)", "An operand in the update expression has an incorrect data type"),
        ("ADD s :one", "An operand in the update expression has an incorrect data type"),
    ],
)
@pytest.mark.rule("dynamodb-013", "dynamodb-022")
def test_updates_that_the_item_refuses(limits, source, message):
    update = Expressions(None, _used(source), limits).update(source)
    with pytest.raises(AWSError) as refusal:
        update.apply(_ITEM)
    assert (refusal.value.code, refusal.value.message) == ("ValidationException", message)


def test_sets(limits):
    def applied(source, before, given):
        item = {"a": before} if before is not None else {}
        loaded = {name: Expressions(None, {":v": value}, limits).value(":v") for name, value in item.items()}
        after = Expressions(None, {":v": given}, limits).update(source).apply(loaded)
        return set(after["a"]) if "a" in after else None

    assert applied("ADD a :v", {"SS": ["x"]}, {"SS": ["x", "y"]}) == {"x", "y"}
    assert applied("ADD a :v", None, {"NS": ["1"]}) == {1}
    assert applied("DELETE a :v", {"SS": ["x", "y"]}, {"SS": ["x", "z"]}) == {"y"}
    assert applied("DELETE a :v", {"SS": ["x"]}, {"SS": ["x"]}) is None
    with pytest.raises(AWSError, match="An operand in the update expression has an incorrect data type"):
        applied("DELETE a :v", {"SS": ["x"]}, {"NS": ["1"]})


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ("s, n", {"s": "hello", "n": 5}),
        ("absent", {}),
        ("mp.y", {"mp": {"y": {"zz": "end"}}}),
        ("ls[1], ls[0]", {"ls": ["a", 1]}),
        ("ls[2].deep[1], mp.x", {"ls": [{"deep": [20]}], "mp": {"x": 1}}),
        ("ls[7]", {}),
        ("mp[0]", {}),
    ],
)
@pytest.mark.rule("dynamodb-036")
def test_projections(limits, source, result):
    assert Expressions(None, None, limits).projection(source).of(_ITEM) == result


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            "a, a.b",
            "Two document paths overlap with each other; must remove or rewrite one of these paths; "
            "path one: [a], path two: [a, b]",
        ),
        ("my-attr", 'Syntax error; token: "-", near: "my-attr"'),
        ("a,", 'Syntax error; token: "<EOF>", near: ","'),
        ("name", "Attribute name is a reserved keyword; reserved keyword: name"),
        (".".join(["a"] * 33), "The document path has too many nesting levels; nesting levels: 33"),
    ],
)
def test_wrong_projections(limits, source, message):
    with pytest.raises(AWSError) as refusal:
        Expressions(None, None, limits).projection(source)
    assert refusal.value.message == f"Invalid ProjectionExpression: {message}"


@pytest.mark.parametrize(
    ("names", "given", "message"),
    [
        ({}, None, "ExpressionAttributeNames must not be empty"),
        (None, {}, "ExpressionAttributeValues must not be empty"),
        ({"a": "b"}, None, 'ExpressionAttributeNames contains invalid key: Syntax error; key: "a"'),
        (None, {"b": {"S": "a"}}, 'ExpressionAttributeValues contains invalid key: Syntax error; key: "b"'),
        (
            None,
            {":b": {}},
            "ExpressionAttributeValues contains invalid value: Supplied AttributeValue is empty, must contain exactly "
            "one of the supported datatypes for key :b",
        ),
        (
            {"#a": "a", "#b": "b"},
            None,
            "Value provided in ExpressionAttributeNames unused in expressions: keys: {#a, #b}",
        ),
        (None, {":x": {"S": "a"}}, "Value provided in ExpressionAttributeValues unused in expressions: keys: {:x}"),
    ],
)
def test_names_and_values(limits, names, given, message):
    with pytest.raises(AWSError) as refusal:
        Expressions(names, given, limits).finish()
    assert (refusal.value.code, refusal.value.message) == ("ValidationException", message)


def test_size_of_expressions(limits):
    def check(source):
        return Expressions(None, None, limits).condition("ConditionExpression", source)

    check("attribute_exists(" + "x" * (4096 - 18) + ")")
    with pytest.raises(AWSError) as refusal:
        check("attribute_exists(" + "x" * (4097 - 18) + ")")
    assert refusal.value.message == (
        "Invalid ConditionExpression: Expression size has exceeded the maximum allowed size; expression size: 4097"
    )


def test_number_of_operators(limits):
    def check(count):
        # n comparisons joined by n - 1 ORs; a function is no operator, its OR is one
        source = " or ".join(["a<b"] * ((count + 1) // 2) + ([] if count % 2 else ["attribute_exists(a)"]))
        return Expressions(None, None, limits).condition("ConditionExpression", source)

    check(299)
    check(300)
    with pytest.raises(AWSError) as refusal:
        check(301)
    assert refusal.value.message == (
        "Invalid ConditionExpression: The expression contains too many operators; operator count: 301"
    )


@pytest.mark.parametrize("source", ["(" * 4000, "not " * 1000 + "a<b", "a<" + "size(" * 500 + "b" + ")" * 500])
def test_deep_nesting_is_refused_and_no_more(limits, source):
    with pytest.raises(AWSError, match="Invalid ConditionExpression"):
        Expressions(None, None, limits).condition("ConditionExpression", source)


def test_deep_nesting_within_bounds(limits):
    source = "a<b " + "or (a<b " * 149 + ")" * 149
    assert Expressions(None, None, limits).condition("ConditionExpression", source).test({"a": 1, "b": 2})


def test_reserved_words_are_complete():
    assert len(WORDS) == 573
    assert {"ABORT", "NAME", "STATUS", "TTL", "ZONE", "COUNTER", "DATE"} <= WORDS


def test_overrides_hold(aws, limits):
    aws.limits["dynamodb.expression-operators"] = 1
    scoped = aws.limits.for_service("dynamodb", "123456789012", "us-east-1")
    with pytest.raises(AWSError, match="operator count: 2"):
        Expressions(None, None, scoped).condition("ConditionExpression", "a<b AND c<d")

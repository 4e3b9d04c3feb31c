"""Filter policies: every operator, on attributes and on bodies; AWS's complaints about wrong ones."""

import json

import pytest

from awsim.services.sns.filter_policy import compiled

STRING = "String"


def attribute(value):
    if isinstance(value, list):
        return {"DataType": "String.Array", "StringValue": json.dumps(value)}
    if isinstance(value, bytes):
        return {"DataType": "Binary", "BinaryValue": value}
    if isinstance(value, int | float):
        return {"DataType": "Number", "StringValue": str(value)}
    return {"DataType": STRING, "StringValue": value}


def by_attributes(policy, **values):
    return compiled(json.dumps(policy)).matches_attributes({name: attribute(value) for name, value in values.items()})


def by_body(policy, body):
    return compiled(json.dumps(policy)).matches_body(body if isinstance(body, str) else json.dumps(body))


# One condition on `k`: values that match, values that do not. None: absent.
OPERATORS = [
    (["red", "blue"], ["red", "blue"], ["green", "Red", None]),
    ([100], [100, 100.0], [101, "100", None]),
    ([{"anything-but": "red"}], ["blue", 5], ["red", None]),
    ([{"anything-but": ["red", "blue"]}], ["green"], ["red", "blue", None]),
    ([{"anything-but": [1, 2]}], [3, "x"], [1, 2.0, None]),
    ([{"anything-but": {"prefix": "re"}}], ["blue"], ["red", "re", None]),
    ([{"anything-but": {"suffix": "ed"}}], ["blue"], ["red", None]),
    ([{"prefix": "re"}], ["red", "re"], ["blue", "Red", None]),
    ([{"suffix": "ed"}], ["red"], ["ed2", "RED", None]),
    ([{"equals-ignore-case": "red"}], ["red", "RED"], ["redd", None]),
    ([{"numeric": ["=", 301.5]}], [301.5, 3.015e2], [300, "301.5", None]),
    ([{"numeric": [">", 0, "<=", 100]}], [1, 100, 0.1], [0, 100.1, -5, None]),
    ([{"numeric": [">=", 0, "<", 10]}], [0, 9], [10, -1]),
    ([{"numeric": ["<", 0]}], [-1], [0]),
    ([{"numeric": ["<=", 0]}], [0], [1]),
    ([{"exists": True}], ["red", 1], [None]),
    ([{"exists": False}], [None], ["red"]),
    ([{"cidr": "10.0.0.0/24"}], ["10.0.0.0", "10.0.0.255"], ["10.0.1.0", "x", None]),
    ([{"cidr": "2001:db8::/32"}], ["2001:db8::1"], ["2001:db9::1", "10.0.0.1"]),
    (["red", {"prefix": "bl"}, {"numeric": [">", 5]}], ["red", "blue", 6], ["green", 5]),
    ([{"exists": False}, "red"], [None, "red"], ["blue"]),
]


@pytest.mark.parametrize(("condition", "matching", "others"), OPERATORS, ids=lambda value: json.dumps(value))
def test_every_operator_on_attributes(condition, matching, others):
    for expected, values in ((True, matching), (False, others)):
        for value in values:
            given = {} if value is None else {"k": value}
            assert by_attributes({"k": condition}, **given) is expected, value


@pytest.mark.parametrize(("condition", "matching", "others"), OPERATORS, ids=lambda value: json.dumps(value))
def test_every_operator_on_bodies(condition, matching, others):
    for expected, values in ((True, matching), (False, others)):
        for value in values:
            assert by_body({"k": condition}, {} if value is None else {"k": value}) is expected, value


def test_all_keys_must_match():
    policy = {"a": ["x"], "b": ["y"]}
    assert by_attributes(policy, a="x", b="y", c="z")
    assert not by_attributes(policy, a="x", b="z")
    assert not by_attributes(policy, a="x")


def test_arrays_match_by_any_element():
    policy = {"k": ["rugby", None, True, 3]}
    for value in (["rugby", "golf"], [None], [True], [3]):
        assert by_attributes(policy, k=value)
        assert by_body(policy, {"k": value})
    for value in (["golf"], [False], ["3"], []):
        assert not by_attributes(policy, k=value)
        assert not by_body(policy, {"k": value})
    policy = {"k": [{"anything-but": ["rugby"]}]}
    assert by_attributes(policy, k=["rugby", "golf"])
    assert not by_attributes(policy, k=["rugby"])


def test_binary_attributes_take_no_part():
    assert not by_attributes({"k": [{"exists": True}]}, k=b"x")
    assert by_attributes({"k": [{"exists": False}]}, k=b"x")


def test_a_text_that_is_no_array_counts_as_one_value():
    policy = compiled('{"k": ["x"]}')
    assert policy.matches_attributes({"k": {"DataType": "String.Array", "StringValue": '"x"'}})
    assert policy.matches_attributes({"k": {"DataType": "String.Array", "StringValue": "x"}})


def test_alternatives():
    policy = {"source": ["shop"], "$or": [{"price": [{"numeric": [">", 5]}]}, {"vip": ["yes"], "kind": ["new"]}]}
    assert by_attributes(policy, source="shop", price=6)
    assert by_attributes(policy, source="shop", vip="yes", kind="new")
    assert not by_attributes(policy, source="shop", vip="yes")
    assert not by_attributes(policy, price=6)
    nested = {"$or": [{"a": ["1"]}, {"$or": [{"b": ["2"]}, {"c": ["3"]}]}]}
    for given in ({"a": "1"}, {"b": "2"}, {"c": "3"}):
        assert by_attributes(nested, **given)
    assert not by_attributes(nested, a="2", b="3")
    assert by_body({"detail": {"$or": [{"a": [1]}, {"b": [2]}]}}, {"detail": {"b": 2}})


def test_bodies_are_matched_by_path():
    policy = {"order": {"item": {"kind": ["book"]}}}
    assert by_body(policy, {"order": {"item": {"kind": "book"}}})
    assert by_body(policy, {"order.item": {"kind": "book"}})
    assert not by_body(policy, {"order": {"kind": "book"}})
    assert not by_body(policy, {"kind": "book"})


def test_conditions_on_an_array_hold_for_one_element_of_it():
    policy = {"items": {"kind": ["book"], "price": [{"numeric": [">", 10]}]}}
    assert by_body(policy, {"items": [{"kind": "pen", "price": 1}, {"kind": "book", "price": 20}]})
    assert not by_body(policy, {"items": [{"kind": "pen", "price": 20}, {"kind": "book", "price": 1}]})


@pytest.mark.parametrize("body", ["no JSON", '["k"]', '"k"', "5", ""])
def test_a_body_that_is_no_object_matches_nothing(body):
    assert not by_body({"k": [{"exists": False}]}, body)


# --- refusals. Offsets are Jackson's: see json_tokens.

COMPLAINTS = [
    ("[]", "Filter is not an object", 2),
    ("{}", None, None),
    ('{"k":{}}', "Empty objects are not allowed", 8),
    ('{"k":"v"}', '"k" must be an object or an array', 7),
    ('{"k":[]}', "Empty arrays are not allowed", 8),
    ('{"k":[["v"]]}', "Match value must be String, number, true, false, or null", 8),
    ('{"k":[{"foo":1}]}', "Unrecognized match type foo", 15),
    ('{"k":[{"wildcard":"a*"}]}', "Unrecognized match type wildcard", 20),
    ('{"k":[{"prefix":1}]}', "prefix match pattern must be a string", 18),
    ('{"k":[{"exists":"x"}]}', "exists match pattern must be either true or false.", 18),
    ('{"k":[{"numeric":1}]}', "Value of numeric must be an array.", 19),
    ('{"k":[{"numeric":[1]}]}', "Invalid member in numeric match: 1", 20),
    ('{"k":[{"numeric":["~",1]}]}', "Unrecognized numeric range operator: ~", 24),
    ('{"k":[{"numeric":["=","1"]}]}', "Value of equals must be numeric", 24),
    ('{"k":[{"numeric":["=",1,2]}]}', "Too many elements in numeric expression", 26),
    ('{"k":[{"numeric":[">",1,2]}]}', "Bad value in numeric range: 2", 26),
    ('{"k":[{"numeric":[">",1,">",2]}]}', "Bad numeric range operator: >", 28),
    ('{"k":[{"numeric":[">",2,"<",1]}]}', "Bottom must be less than top", 31),
    ('{"k":[{"anything-but":true}]}', "Value of anything-but must be an array or single string/number value.", 27),
    ('{"k":[{"anything-but":{"cidr":"x"}}]}', "Unsupported anything-but pattern: cidr", 32),
    ('{"k":[{"anything-but":["a",1]}]}',
     "Inside anything but list, either all values are number or string, mixed type is not supported", 30),
    ('{"$or":[{"a":["1"]}]}', "There must have at least 2 Objects in $or relationship.", 21),
    ('{"$or":[{"a":["1"]},5]}', "Only JSON object is allowed in array of $or relationship.", 22),
    ('{"k":[{"cidr":"10.0.0.0/32"}]}', "IPv4 mask bits must be < 32", None),
    ('{"k":[{"numeric":["=",1000000001]}]}', "Value must be between -1.0E9 and 1.0E9, inclusive", None),
]  # fmt: skip


@pytest.mark.parametrize(("policy", "problem", "column"), COMPLAINTS, ids=lambda value: str(value)[:40])
def test_complaints(sns, make, queue, invalid, policy, problem, column):
    topic, (_, arn) = make(), queue()
    given = {"TopicArn": topic, "Protocol": "sqs", "Endpoint": arn, "Attributes": {"FilterPolicy": policy}}
    if problem is None:
        sns.subscribe(**given)
        return
    message = invalid(sns.subscribe, **given).removeprefix("Attributes Reason: FilterPolicy: ")
    found, _, place = message.partition("\n")
    assert found == problem
    if column is None:
        assert place == ""
    else:
        assert place.endswith(f"line: 1, column: {column}]")
    assert sns.list_subscriptions()["Subscriptions"] == []


@pytest.mark.rule("sns-010")
@pytest.mark.parametrize(
    "text", ["state", '{"k":', '{"k" ["v"]}', '{"k":["v"]', '{"k":["v"]} x', "{'k':1}", '{"k":["v]}', ""]
)
def test_json_that_is_none(sns, make, subscribe, invalid, text):
    _, subscription = subscribe(make(), FilterPolicy={"k": ["v"]})
    given = {"SubscriptionArn": subscription, "AttributeName": "FilterPolicy", "AttributeValue": text}
    if text:
        assert invalid(sns.set_subscription_attributes, **given).startswith("FilterPolicy: failed to parse JSON. ")
        shown = sns.get_subscription_attributes(SubscriptionArn=subscription)["Attributes"]
        assert shown["FilterPolicy"] == '{"k": ["v"]}'


@pytest.mark.parametrize(
    ("policy", "scope", "problem"),
    [
        ({f"k{n}": ["v"] for n in range(5)}, None, None),
        ({f"k{n}": ["v"] for n in range(6)}, None, "Filter policy can not have more than 5 keys"),
        ({"k": [str(n) for n in range(150)]}, None, None),
        ({"k": [str(n) for n in range(151)]}, None, "Filter policy is too complex"),
        ({"a": ["1", "2", "3"] * 5, "b": ["x"] * 10}, None, None),
        ({"a": ["1", "2", "3"] * 5, "b": ["x"] * 11}, None, "Filter policy is too complex"),
        # SNS Developer Guide: 4 x 3 x 3 x 2 x 3 x 1 = 216
        ({"a": {"b": {"c": ["1", "2", "3", "4"]}}, "d": {"e": ["1", "2", "3"]}, "f": ["1", "2", "3"]}, "MessageBody",
         "Filter policy is too complex"),
        ({"a": {"b": {"c": ["1", "2", "3", "4"]}}, "d": {"e": ["1", "2", "3"]}, "f": ["1", "2"]}, "MessageBody", None),
        ({"a": {"b": ["1"]}}, None, "Filter policy scope MessageAttributes does not support nested filter policy"),
        ({"$or": [{"a": ["x"] * 75}, {"b": ["x"] * 75}]}, None, None),
        ({"$or": [{"a": ["x"] * 75}, {"b": ["x"] * 76}]}, None, "Filter policy is too complex"),
    ],
    ids=str,
)  # fmt: skip
def test_limits_of_policies(sns, make, subscribe, invalid, queue, policy, scope, problem):
    if policy == {"a": {"b": {"c": ["1", "2", "3", "4"]}}, "d": {"e": ["1", "2", "3"]}, "f": ["1", "2"]}:
        assert 4 * 3 * 3 * 2 * 2 == 144
    topic, (_, arn) = make(), queue()
    attributes = {"FilterPolicy": json.dumps(policy), **({"FilterPolicyScope": scope} if scope else {})}
    given = {"TopicArn": topic, "Protocol": "sqs", "Endpoint": arn, "Attributes": attributes}
    if problem is None:
        sns.subscribe(**given)
    else:
        assert invalid(sns.subscribe, **given) == f"Attributes Reason: FilterPolicy: {problem}"
        assert sns.list_subscriptions()["Subscriptions"] == []


# --- with everything around it


@pytest.mark.rule("sns-010")
def test_a_policy_picks_messages(sns, make, subscribe, texts):
    topic = make()
    url, _ = subscribe(topic, FilterPolicy={"state": ["placed"]})
    for text, state in (("1", "placed"), ("2", "cancelled"), ("3", None)):
        given = {"state": {"DataType": STRING, "StringValue": state}} if state else {}
        sns.publish(TopicArn=topic, Message=text, MessageAttributes=given)
    assert texts(url) == ["1"]


def test_a_policy_may_look_at_the_body(sns, make, subscribe, texts):
    topic = make()
    url, _ = subscribe(topic, FilterPolicy={"order": {"state": ["placed"]}}, FilterPolicyScope="MessageBody")
    placed, cancelled = (json.dumps({"order": {"state": state}}) for state in ("placed", "cancelled"))
    attributes = {"order": {"DataType": STRING, "StringValue": "placed"}}
    for text in (placed, cancelled, "placed"):
        sns.publish(TopicArn=topic, Message=text, MessageAttributes=attributes)
    assert texts(url) == [placed]


def test_the_scope_changes_what_a_policy_may_be(sns, make, subscribe, invalid):
    _, subscription = subscribe(make(), FilterPolicy={"a": {"b": ["c"]}}, FilterPolicyScope="MessageBody")
    given = {"AttributeName": "FilterPolicyScope", "AttributeValue": "MessageAttributes"}
    message = invalid(sns.set_subscription_attributes, SubscriptionArn=subscription, **given)
    assert message == "FilterPolicy: Filter policy scope MessageAttributes does not support nested filter policy"
    shown = sns.get_subscription_attributes(SubscriptionArn=subscription)["Attributes"]
    assert shown["FilterPolicyScope"] == "MessageBody"

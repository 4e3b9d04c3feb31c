"""Event patterns: every example of the EventBridge User Guide, AWS's grammar and its errors."""

import json

import pytest

from awsim.eventing.patterns import Anchors, Leaves, Pattern, PatternError, compiled


def matches(pattern, event):
    return compiled(json.dumps(pattern)).matches(Leaves(event))


def detail(pattern, value):
    return matches({"detail": {"x": pattern}}, {"detail": {} if value is ... else {"x": value}})


EC2 = {
    "version": "0",
    "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
    "detail-type": "EC2 Instance State-change Notification",
    "source": "aws.ec2",
    "account": "111122223333",
    "time": "2017-12-22T18:43:48Z",
    "region": "us-west-1",
    "resources": ["arn:aws:ec2:us-west-1:123456789012:instance/i-1234567890abcdef0"],
    "detail": {"instance-id": "i-1234567890abcdef0", "state": "terminated"},
}

# (comparison of one field, values that match, values that do not); `...` is no field at all.
OPERATORS = [
    (["2017"], ["2017"], ["2018", 2017, ...]),
    ([""], [""], ["x", None, ...]),
    ([None], [None], ["", "null", ...]),
    ([True], [True], [False, "true", 1]),
    ([1], [1], ["1", True, 1.0]),
    ([300], [300], [300.0, "300"]),
    ([{"prefix": "2017-10-02"}], ["2017-10-02T18:43:48Z"], ["2017-10-03", 2017, ...]),
    ([{"prefix": {"equals-ignore-case": "EventB"}}], ["EventBridge", "EVENTBUS"], ["AnEventB"]),
    ([{"suffix": ".png"}], ["a.png"], ["a.jpg", "a.PNG", ...]),
    ([{"suffix": {"equals-ignore-case": ".png"}}], ["a.PNG", "b.png"], ["a.jpg"]),
    ([{"anything-but": "initializing"}], ["running", 5, None], ["initializing", ...]),
    ([{"anything-but": 123}], [124, "123", "x"], [123, 123.0, ...]),
    ([{"anything-but": ["stopped", "overloaded"]}], ["running"], ["stopped", "overloaded", ...]),
    ([{"anything-but": [100, 200, 300]}], [150, "100"], [100, 200, 300]),
    ([{"anything-but": {"equals-ignore-case": "initializing"}}], ["running"], ["Initializing", "INITIALIZING"]),
    ([{"anything-but": {"equals-ignore-case": ["initializing", "stopped"]}}], ["running"], ["Stopped"]),
    ([{"anything-but": {"prefix": "init"}}], ["running"], ["initializing", ...]),
    ([{"anything-but": {"prefix": ["init", "stop"]}}], ["running"], ["initializing", "stopped"]),
    ([{"anything-but": {"suffix": ".txt"}}], ["a.png"], ["a.txt"]),
    ([{"anything-but": {"suffix": [".txt", ".rtf"]}}], ["a.png"], ["a.txt", "a.rtf"]),
    ([{"anything-but": {"wildcard": "*/lib/*"}}], ["/usr/bin/x"], ["/usr/lib/x"]),
    ([{"anything-but": {"wildcard": ["*/lib/*", "*/bin/*"]}}], ["/etc/x"], ["/usr/lib/x", "/usr/bin/x"]),
    ([{"numeric": [">", 0, "<=", 5]}], [1, 5, 0.5], [0, 5.1, "3", ...]),
    ([{"numeric": ["<", 10]}], [9, -1], [10]),
    ([{"numeric": ["=", 3.018e2]}], [301.8], [302, "301.8"]),
    ([{"numeric": [">=", 1, "<", 2]}], [1, 1.5], [2, True]),
    ([{"cidr": "10.0.0.0/24"}], ["10.0.0.0", "10.0.0.255"], ["10.0.1.0", "x", 10, ...]),
    ([{"cidr": "2001:db8::/32"}], ["2001:db8::1"], ["2001:db9::1", "10.0.0.1"]),
    ([{"exists": True}], ["x", "", None, 0, ["x"]], [..., {"c1": 100}, []]),
    ([{"exists": False}], [..., {"c1": 100}], ["x", None]),
    ([{"equals-ignore-case": "alice"}], ["Alice", "ALICE", "alice"], ["bob", ...]),
    ([{"wildcard": "dir/*.png"}], ["dir/a.png", "dir/.png"], ["other/a.png", "dir/a.jpg"]),
    ([{"wildcard": "arn:*:*:*:app/*"}], ["arn:aws:s3:1:app/x"], ["arn:aws"]),
    ([{"wildcard": "a\\*b"}], ["a*b"], ["axb"]),
    (["a", {"prefix": "b"}, {"numeric": ["=", 3]}], ["a", "bc", 3], ["c", 4]),
    ([{"exists": False}, "a"], [..., "a"], ["b"]),
    (["a"], [["b", "a"], [["a"]]], [["b"], {"a": "a"}]),
    ([{"anything-but": "a"}], [["a", "b"]], [["a"]]),
]


@pytest.mark.rule("events-010")
@pytest.mark.parametrize("number", range(len(OPERATORS)))
def test_operators(number):
    pattern, good, bad = OPERATORS[number]
    assert [value for value in good if not detail(pattern, value)] == []
    assert [value for value in bad if detail(pattern, value)] == []


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ({"source": ["aws.ec2"]}, True),
        ({"source": ["aws.ec2"], "detail-type": ["EC2 Instance State-change Notification"]}, True),
        ({"detail": {"state": ["terminated"]}}, True),
        ({"detail": {"state": ["running", "terminated"]}}, True),
        ({"detail": {"state": ["running"]}}, False),
        ({"resources": ["arn:aws:ec2:us-west-1:123456789012:instance/i-1234567890abcdef0"]}, True),
        ({"resources": [{"prefix": "arn:aws:ec2:us-east-1"}]}, False),
        (
            {"source": ["aws.ec2"], "detail": {"state": [{"anything-but": ["pending"]}], "none": [{"exists": False}]}},
            True,
        ),
        ({"account": ["111122223333"], "region": ["us-west-1"], "time": [{"prefix": "2017-12"}]}, True),
        ({"detail.state": ["terminated"]}, True),
    ],
)
def test_the_guides_ec2_event(pattern, expected):
    assert matches(pattern, EC2) is expected


# The table of "Comparison operators", and the examples below it: (pattern, events that match, events that do not).
GUIDE = [
    ({"Location": ["New York"], "Day": ["Monday"]}, [{"Location": "New York", "Day": "Monday"}],
     [{"Location": "New York", "Day": "Sunday"}, {"Location": "New York"}]),
    ({"state": [{"anything-but": "initializing"}]}, [{"state": "running"}], [{"state": "initializing"}, {}]),
    ({"Region": [{"anything-but": {"prefix": "us-"}}]}, [{"Region": "eu-west-1"}], [{"Region": "us-east-1"}]),
    ({"FileName": [{"anything-but": {"suffix": ".png"}}]}, [{"FileName": "a.gif"}], [{"FileName": "a.png"}]),
    ({"state": [{"anything-but": {"equals-ignore-case": "initializing"}}]}, [{"state": "running"}],
     [{"state": "INITIALIZING"}]),
    ({"FilePath": [{"anything-but": {"wildcard": "*/lib/*"}}]}, [{"FilePath": "/bin/a"}], [{"FilePath": "/lib/a"}]),
    ({"Region": [{"prefix": "us-"}]}, [{"Region": "us-east-1"}], [{"Region": "eu-west-1"}]),
    ({"service": [{"prefix": {"equals-ignore-case": "eventb"}}]}, [{"service": "EventBridge"}], [{"service": "sns"}]),
    ({"LastName": [""]}, [{"LastName": ""}], [{"LastName": "x"}, {"LastName": None}, {}]),
    ({"Name": ["Alice"]}, [{"Name": "Alice"}, {"Name": ["Bob", "Alice"]}], [{"Name": "alice"}]),
    ({"Name": [{"equals-ignore-case": "alice"}]}, [{"Name": "ALICE"}], [{"Name": "Bob"}]),
    ({"FileName": [{"suffix": ".png"}]}, [{"FileName": "a.png"}], [{"FileName": "png.a"}]),
    ({"service": [{"suffix": {"equals-ignore-case": "tbridge"}}]}, [{"service": "EVENTBRIDGE"}], [{"service": "x"}]),
    ({"ProductName": [{"exists": True}]}, [{"ProductName": ""}], [{}]),
    ({"ProductName": [{"exists": False}]}, [{}], [{"ProductName": "x"}]),
    ({"Weather": [{"anything-but": ["Raining"]}]}, [{"Weather": "Sunny"}], [{"Weather": "Raining"}]),
    ({"UserID": [None]}, [{"UserID": None}], [{"UserID": ""}, {}]),
    ({"Price": [{"numeric": ["=", 100]}]}, [{"Price": 100}, {"Price": 100.0}], [{"Price": 101}, {"Price": "100"}]),
    ({"Price": [{"numeric": [">", 10, "<=", 20]}]}, [{"Price": 20}], [{"Price": 10}, {"Price": 20.5}]),
    ({"PaymentType": ["Cash", "Debit"]}, [{"PaymentType": "Debit"}], [{"PaymentType": "Credit"}]),
    ({"$or": [{"Location": ["New York"]}, {"Day": ["Monday"]}]},
     [{"Location": "New York"}, {"Day": "Monday", "Location": "x"}], [{"Location": "x", "Day": "Sunday"}]),
    ({"FileName": [{"wildcard": "dir/*.png"}]}, [{"FileName": "dir/x/a.png"}], [{"FileName": "dir/a.jpg"}]),
    ({"sourceIPAddress": [{"cidr": "10.0.0.0/24"}]}, [{"sourceIPAddress": "10.0.0.255"}],
     [{"sourceIPAddress": "10.0.1.0"}]),
    ({"detail": {"eventVersion": [""], "responseElements": [None]}},
     [{"detail": {"eventVersion": "", "responseElements": None}}],
     [{"detail": {"eventVersion": "3", "responseElements": None}}, {"detail": {"eventVersion": ""}}]),
    ({"resources": ["arn:1", "arn:2"]}, [{"resources": ["arn:2", "arn:3"]}], [{"resources": ["arn:3"]}, {}]),
    ({"$or": [{"c-count": [{"numeric": [">", 0, "<=", 5]}]}, {"d-count": [{"numeric": ["<", 10]}]},
              {"x-limit": [{"numeric": ["=", 3.018e2]}]}]},
     [{"c-count": 5}, {"d-count": 9}, {"x-limit": 301.8}], [{"c-count": 0}, {"d-count": 10}, {"x-limit": 302}]),
    ({"source": ["aws.cloudwatch"], "$or": [{"metricName": ["CPUUtilization", "ReadLatency"]},
      {"metricType": ["MetricType"], "namespace": ["AWS/EC2", "AWS/ES"]},
      {"scope": ["Service"]}]},
     [{"source": "aws.cloudwatch", "metricName": "ReadLatency"}, {"source": "aws.cloudwatch", "scope": "Service"},
      {"source": "aws.cloudwatch", "metricType": "MetricType", "namespace": "AWS/ES"}],
     [{"source": "aws.cloudwatch", "metricType": "MetricType"}, {"source": "x", "scope": "Service"}]),
    ({"EventBusArn": [{"wildcard": "*"}]}, [{"EventBusArn": "anything"}, {"EventBusArn": ""}], [{}]),
    ({"detail": {"c-count": [{"exists": False}]}}, [{"detail": {"c-count": {"c1": 100}}}],
     [{"detail": {"c-count": 1}}]),
    ({"detail": {"c-count": {"c1": [{"exists": False}]}}}, [{"detail": {"c-count": {}}}],
     [{"detail": {"c-count": {"c1": 100}}}]),
]  # fmt: skip


@pytest.mark.rule("events-010")
@pytest.mark.parametrize("number", range(len(GUIDE)))
def test_examples_of_the_guide(number):
    pattern, good, bad = GUIDE[number]
    assert [event for event in good if not matches(pattern, event)] == []
    assert [event for event in bad if matches(pattern, event)] == []


def test_no_more_combinations_than_the_guide_allows(events, refused):
    def pattern(first, second):
        alternatives = [[{f"{name}{n}": ["x"]} for n in range(count)] for name, count in (("a", first), ("b", second))]
        return json.dumps({"detail": {"$or": alternatives[0]}, "more": {"$or": alternatives[1]}})

    events.put_rule(Name="r", EventPattern=pattern(20, 50))
    over = (
        "InvalidEventPatternException",
        "Event pattern is not valid. Reason: The pattern has 1020 combinations of $or, the maximum is 1000.",
    )
    assert refused(events.put_rule, Name="r", EventPattern=pattern(20, 51)) == over
    assert json.loads(events.describe_rule(Name="r")["EventPattern"]) == json.loads(pattern(20, 50))
    huge = json.loads(pattern(50, 50))
    for _ in range(3):
        huge = {"$or": [{**huge, f"c{n}": ["x"]} for n in range(3)], "next": huge}
    with pytest.raises(PatternError, match="combinations"):
        Pattern(json.dumps(huge))


@pytest.mark.rule("events-011")
def test_failed_pipelines(events):
    pattern = json.dumps({"source": ["aws.codepipeline"], "detail": {"state": ["FAILED"]}})

    def answer(state):
        event = {**EC2, "source": "aws.codepipeline", "detail": {"state": state}}
        return events.test_event_pattern(EventPattern=pattern, Event=json.dumps(event))["Result"]

    assert answer("FAILED") is True
    assert answer("SUCCEEDED") is False


@pytest.mark.rule("events-028")
def test_the_sign_in_of_the_root_user(events):
    pattern = {
        "detail-type": ["AWS Console Sign In via CloudTrail"],
        "detail": {"userIdentity": {"type": ["Root"]}},
    }
    event = {**EC2, "detail-type": "AWS Console Sign In via CloudTrail", "detail": {"userIdentity": {"type": "Root"}}}
    assert events.test_event_pattern(EventPattern=json.dumps(pattern), Event=json.dumps(event))["Result"] is True


def test_or_of_the_guide():
    """User Guide: `$or` within detail, each alternative with the rest of the pattern."""
    pattern = {
        "source": ["aws.cloudwatch"],
        "detail": {"$or": [{"c-count": [{"numeric": [">", 0, "<=", 5]}]}, {"d-count": [{"numeric": ["<", 10]}]}]},
    }

    def with_detail(**values):
        return matches(pattern, {"source": "aws.cloudwatch", "detail": values})

    assert with_detail(**{"c-count": 3})
    assert with_detail(**{"d-count": 3})
    assert not with_detail(**{"c-count": 6, "d-count": 10})
    assert not matches(pattern, {"source": "x", "detail": {"c-count": 3}})


def test_or_at_the_top_and_nested():
    pattern = {"$or": [{"source": ["a"]}, {"detail": {"$or": [{"x": [1]}, {"y": [2]}]}}]}
    assert matches(pattern, {"source": "a", "detail": {}})
    assert matches(pattern, {"source": "b", "detail": {"x": 1}})
    assert matches(pattern, {"source": "b", "detail": {"y": 2}})
    assert not matches(pattern, {"source": "b", "detail": {"y": 1}})


def test_the_complex_example_of_the_guide():
    pattern = {
        "time": [{"prefix": "2017-10-02"}],
        "detail": {
            "state": [{"anything-but": "initializing"}],
            "c-count": [{"numeric": [">", 0, "<=", 5]}],
            "d-count": [{"numeric": ["<", 10]}],
            "x-limit": [{"anything-but": [100, 200, 300]}],
        },
    }
    good = {"state": "running", "c-count": 5, "d-count": 9, "x-limit": 150}
    assert matches(pattern, {"time": "2017-10-02T00:00:00Z", "detail": good})
    for name, value in {"state": "initializing", "c-count": 0, "d-count": 10, "x-limit": 100}.items():
        assert not matches(pattern, {"time": "2017-10-02T00:00:00Z", "detail": {**good, name: value}})


def test_fields_of_an_array_match_within_one_element():
    pattern = {"detail": {"items": {"a": [1], "b": [2]}}}
    assert matches(pattern, {"detail": {"items": [{"a": 1, "b": 2}]}})
    assert not matches(pattern, {"detail": {"items": [{"a": 1, "b": 3}, {"a": 2, "b": 2}]}})
    nested = {"detail": {"o": {"l": {"a": [1], "b": [2]}, "k": ["x"]}}}
    assert matches(nested, {"detail": {"o": [{"k": "y", "l": []}, {"k": "x", "l": [{"a": 0}, {"a": 1, "b": 2}]}]}})
    assert not matches(nested, {"detail": {"o": [{"k": "x", "l": []}, {"k": "y", "l": [{"a": 1, "b": 2}]}]}})


ERRORS = [
    ("[]", "Filter is not an object", 2),
    ("{}", "Empty objects are not allowed", 3),
    ('{"source": "aws.ec2"}', '"source" must be an object or an array', 13),
    ('{"source": []}', "Empty arrays are not allowed", 14),
    ('{"source": [[1]]}', "Match value must be String, number, true, false, or null", 14),
    ('{"a": [{"like": "x"}]}', "Unrecognized match type like", 18),
    ('{"a": [{"prefix": 1}]}', "prefix match pattern must be a string", 20),
    ('{"a": [{"prefix": {"suffix": "x"}}]}', "Unsupported prefix pattern: suffix", 31),
    ('{"a": [{"suffix": 1}]}', "suffix match pattern must be a string", 20),
    ('{"a": [{"prefix": "x", "suffix": "y"}]}', "Only one key allowed in match expression", 35),
    ('{"a": [{"exists": "yes"}]}', "exists match pattern must be either true or false.", 20),
    ('{"a": [{"numeric": 5}]}', "Value of numeric must be an array.", 21),
    ('{"a": [{"numeric": ["~", 5]}]}', "Unrecognized numeric range operator: ~", 27),
    ('{"a": [{"numeric": [">", "5"]}]}', "Value of > must be numeric", 27),
    ('{"a": [{"numeric": [">", 5, ">", 7]}]}', "Bad numeric range operator: >", 32),
    ('{"a": [{"numeric": ["<", 5, ">", 7]}]}', "Too many elements in numeric expression", 30),
    ('{"a": [{"numeric": [">", 7, "<", 5]}]}', "Bottom must be less than top", 36),
    ('{"a": [{"anything-but": [1, "a"]}]}', "Inside anything but list, either all values are number or string, "
     "mixed type is not supported", 33),
    ('{"a": [{"anything-but": [true]}]}', "Inside anything but list, start|null|boolean is not supported.", 30),
    ('{"a": [{"anything-but": true}]}', "Value of anything-but must be an array or single string/number value.", 29),
    ('{"a": [{"anything-but": {"cidr": "x"}}]}', "Unsupported anything-but pattern: cidr", 35),
    ('{"a": [{"anything-but": {"prefix": ""}}]}', "Null prefix/suffix not allowed", 38),
    ('{"a": [{"wildcard": "a**b"}]}', "Consecutive wildcard characters at pos 2", 27),
    ('{"a": [{"wildcard": "a\\\\b"}]}', "Invalid escape character at pos 2", 27),
    ('{"$or": {"a": [1]}}', "It must be an Array followed with $or.", 10),
    ('{"$or": [{"a": [1]}]}', "There must have at least 2 Objects in $or relationship.", 21),
    ('{"$or": [1, 2]}', "Only JSON object is allowed in array of $or relationship.", 11),
    ('{"$or": [{"prefix": [1]}, {"b": [1]}]}', "prefix is Ruler reserved fieldName which cannot be used "
     "inside $or.", 22),
]  # fmt: skip


@pytest.mark.rule("events-010")
@pytest.mark.parametrize(("text", "reason", "column"), ERRORS)
def test_malformed_patterns(text, reason, column):
    with pytest.raises(PatternError) as caught:
        Pattern(text)
    assert str(caught.value) == f'{reason}\n at [Source: (String)"{text}"; line: 1, column: {column}]'


@pytest.mark.parametrize(
    ("cidr", "reason"),
    [
        ("10.0.0.0", "Malformed CIDR, one '/' required"),
        ("10.0.0.0/x", "Malformed CIDR, mask bits must be an integer"),
        ("10.0.0.0/-1", "Malformed CIDR, mask bits must not be negative"),
        ("10.0.0.0/33", "IPv4 mask bits must be < 32"),
        ("::/129", "IPv6 mask bits must be < 128"),
        ("x/1", "Nonstandard IP address: x"),
    ],
)
def test_malformed_networks(cidr, reason):
    with pytest.raises(PatternError, match=reason):
        Pattern(json.dumps({"a": [{"cidr": cidr}]}))


@pytest.mark.parametrize(
    "text", ["", "x", '{"a"', '{"a":', '{"a": [1', '{"a": [1}', '{"a" [1]}', "{a: [1]}", '{"a": ["x]}']
)
def test_what_is_no_json(text):
    with pytest.raises(PatternError):
        Pattern(text)


@pytest.mark.rule("events-010")
def test_a_malformed_pattern_is_refused_and_changes_nothing(events, refused):
    events.put_rule(Name="r", EventPattern='{"source": ["a"]}')
    code, message = refused(events.put_rule, Name="r", EventPattern='{"source": "b"}')
    assert code == "InvalidEventPatternException"
    assert message == (
        'Event pattern is not valid. Reason: "source" must be an object or an array\n'
        ' at [Source: (String)"{"source": "b"}"; line: 1, column: 13]'
    )
    assert events.describe_rule(Name="r")["EventPattern"] == '{"source": ["a"]}'
    assert refused(events.test_event_pattern, EventPattern="[]", Event="{}")[0] == "InvalidEventPatternException"


@pytest.mark.parametrize("event", ["plain", "[1]", "{}", json.dumps({"id": "1", "source": "x"})])
def test_events_that_are_none(events, refused, event):
    answer = refused(events.test_event_pattern, EventPattern='{"source": ["a"]}', Event=event)
    assert answer == ("ValidationException", "Parameter Event is not valid.")


def test_an_index_finds_all_that_may_match_and_little_else():
    patterns = {
        **{f"s{n}": compiled(json.dumps({"source": [f"s{n}"]})) for n in range(50)},
        **{f"d{n}": compiled(json.dumps({"detail": {"n": [n]}})) for n in range(50)},
        "any": compiled('{"source": [{"prefix": "s"}]}'),
        "or": compiled('{"$or": [{"source": ["s1"]}, {"detail-type": ["t"]}]}'),
    }
    anchors = Anchors(patterns)
    assert anchors.candidates({"source": "s1", "detail": {"n": 7}}) == ["s1", "d7", "any", "or"]
    assert anchors.candidates({"source": "x", "detail-type": "t"}) == ["any", "or"]
    assert anchors.candidates({"source": "x"}) == ["any"]


def test_what_source_and_type_rule_out():
    patterns = {"a": compiled('{"source": ["s"], "detail": {"n": [1]}}'), "b": compiled('{"detail-type": ["t"]}')}
    by_head = Anchors(patterns)
    assert by_head.rule_out("x", "y")
    assert not by_head.rule_out("s", "y")
    assert not by_head.rule_out("x", "t")
    assert Anchors({}).rule_out("x", "y")
    for more in ('{"detail": {"n": [1]}}', '{"source": [{"prefix": "p"}]}', '{"account": ["123456789012"]}'):
        assert not Anchors({"a": compiled('{"source": ["s"]}'), "c": compiled(more)}).rule_out("x", "y")

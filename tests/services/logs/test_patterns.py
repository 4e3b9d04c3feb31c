"""The filter pattern language, by TestMetricFilter: examples of the User Guide and what they leave open."""

import json

import pytest

TERMS = [
    "[ERROR 400] BAD REQUEST",
    "[ERROR 419] MISSING ARGUMENTS",
    "[INFO] ARGUMENTS",
    "[ERROR 500] INTERNAL SERVER ERROR",
]
EVENT = {
    "eventType": "UpdateTrail",
    "sourceIPAddress": "111.111.111.111",
    "arrayKey": ["value", "another value"],
    "objectList": [{"name": "a", "id": 1}, {"name": "b", "id": 2}],
    "SomeObject": None,
    "ok": True,
    "latency": 1.5,
    "user": {"id": 1, "email": "John.Stiles@example.com"},
    "coordinates": [[0, 1, 2], [4, 5, 6]],
}
APACHE = '127.0.0.1 Prod frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534'


@pytest.fixture
def matched(logs):
    """matched(pattern, messages) -> the numbers, from 0, of those that match."""

    def matched(pattern, messages):
        answer = logs.test_metric_filter(filterPattern=pattern, logEventMessages=messages)
        return [each["eventNumber"] - 1 for each in answer["matches"]]

    return matched


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("", [0, 1, 2, 3]),
        ('" "', [0, 1, 2, 3]),
        ("ERROR", [0, 1, 3]),
        ("error", []),
        ("ERROR ARGUMENTS", [1]),
        ("?ERROR ?ARGUMENTS", [0, 1, 2, 3]),
        ("?MISSING ?BAD", [0, 1]),
        ("ERROR ?MISSING", [0, 1, 3]),
        ('"INTERNAL SERVER ERROR"', [3]),
        ("ERROR -ARGUMENTS", [0, 3]),
        ('-"BAD REQUEST" ERROR', [1, 3]),
        ("%4[0-9]{2}%", [0, 1]),
        ("%^\\[INFO%", [2]),
        ("?%40.% ?%41.%", [0, 1]),
    ],
)
def test_terms(matched, pattern, expected):
    assert matched(pattern, TERMS) == expected


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        ('{ $.eventType = "UpdateTrail" }', True),
        ("{ $.eventType = UpdateTrail }", True),
        ("{ $.eventType = Update* }", True),
        ('{ $.eventType != "UpdateTrail" }', False),
        ("{ $.sourceIPAddress != 123.123.* }", True),
        ('{ $.arrayKey[0] = "value" }', True),
        ('{ $.arrayKey[1] = "value" }', False),
        ('{ $.arrayKey[*] = "another value" }', True),
        ("{ $.objectList[1].id = 2 }", True),
        ("{ $.objectList[*].id = 3 }", False),
        ("{ $.objectList = * }", False),
        ("{ $.SomeObject IS NULL }", True),
        ("{ $.ok IS TRUE }", True),
        ("{ $.ok IS FALSE }", False),
        ("{ $.SomeOtherObject NOT EXISTS }", True),
        ("{ $.SomeOtherObject != 1 }", False),
        ("{ $.latency > 1 && $.latency <= 1.5 }", True),
        ("{ $.latency >= 15e-1 }", True),
        ("{ $.latency < 1e0 }", False),
        ("{ $.latency = * }", True),
        ('{ ($.user.id = 1) && ($.user.email = "John.*") }', True),
        ('{ $.user.email = "John.Stiles@example.com" || $.coordinates[0][1] = 9 && $.user.id = 9 }', True),
        ('{ ($.user.email = "John.Stiles@example.com" || $.coordinates[0][1] = 9) && $.user.id = 9 }', False),
        ("{ $.coordinates[1][0] = 4 }", True),
        ("{ $.eventType = %Up.*Trail$% }", True),
        ("{ $.eventType != %Trail% }", False),
    ],
)
def test_json(matched, pattern, matches):
    assert matched(pattern, [json.dumps(EVENT), "UpdateTrail"]) == ([0] if matches else [])


def test_values_of_json(logs):
    pattern = "{ $.latency > 1 && $.user.email = * && $.SomeObject IS NULL }"
    (match,) = logs.test_metric_filter(filterPattern=pattern, logEventMessages=[json.dumps(EVENT)])["matches"]
    assert match["extractedValues"] == {"$.latency": "1.5", "$.user.email": "John.Stiles@example.com"}


def test_values_of_fields(logs):
    pattern = "[ip, user, username, timestamp, request =*.html*, status_code = 4*, bytes]"
    (match,) = logs.test_metric_filter(filterPattern=pattern, logEventMessages=[APACHE])["matches"]
    assert match["extractedValues"] == {
        "$ip": "127.0.0.1",
        "$user": "Prod",
        "$username": "frank",
        "$timestamp": "10/Oct/2000:13:25:15 -0700",
        "$request": "GET /index.html HTTP/1.0",
        "$status_code": "404",
        "$bytes": "1534",
    }


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        ("[..., request =*.html*, status_code = 4*, bytes]", True),
        ("[ip, ..., status_code = 404 || status_code = 410, bytes > 1000]", True),
        ("[ip, ..., status_code = 404 && status_code != 4*, bytes]", False),
        ("[ip, ..., bytes > 1000 && bytes < 1500]", False),
        ("[ip=%127\\.0\\.0\\.[1-9]%, ...]", True),
        ("[ip, server=Test, ...]", False),
        ('[ip, , user="frank", ...]', True),
        ("[a, b, c, d, e, f, g, h]", False),
        ("[w1=127.0.0.1, w2]", True),
        ("[w1!=ERROR && w1!=WARNING, w2]", True),
        ("[w1=ERROR || W1=WARNING, w2]", False),
    ],
)
def test_fields(matched, pattern, matches):
    assert matched(pattern, [APACHE]) == ([0] if matches else [])


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("{ $.a = 1", "If a filter pattern starts with '{' it must end with '}'"),
        ("[a, b", "If a filter pattern starts with '[' it must end with ']'"),
        ("a:b", "Invalid character(s) in term ':'"),
        ("%a(b)%", "Invalid character(s) in term '('"),
        ("%a!%", "Invalid character(s) in term '!'"),
        ("%a[%", "Invalid filter pattern"),
        ("{ $.a = }", "Invalid filter pattern"),
        ("{ $.a IS NOT NULL }", "Invalid filter pattern"),
        ("{ $.a EXISTS }", "Invalid filter pattern"),
        ("{ ($.a = 1 }", "Invalid filter pattern"),
        ("{ $.a > x }", "Invalid filter pattern"),
        ("[ip, status = 4* && bytes > 1]", "Invalid filter pattern"),
        ("[..., a, ...]", "Invalid filter pattern"),
    ],
)
def test_what_is_no_pattern(logs, refused, pattern, message):
    call = {"filterPattern": pattern, "logEventMessages": ["x"]}
    assert refused(logs.test_metric_filter, **call) == ("InvalidParameterException", message)


def test_regular_expressions_are_few(logs, refused):
    call = {"filterPattern": "?%a% ?%b% ?%c%", "logEventMessages": ["x"]}
    assert refused(logs.test_metric_filter, **call)[0] == "InvalidParameterException"

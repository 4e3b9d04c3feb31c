"""Wildcards and the names of principals."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from awsim.auth.policy import ANONYMOUS, Named, Principal, Principals
from awsim.auth.policy.matching import Template, actions_test, arn_glob, glob

A, B = "111111111111", "222222222222"


@pytest.mark.parametrize(
    ("pattern", "arn", "loose", "strict"),
    [
        ("*", "anything", True, True),
        ("arn:aws:s3:::b", "arn:aws:s3:::b", True, True),
        ("arn:aws:s3:::b", "arn:aws:s3:::B", False, False),
        ("arn:aws:s3:::b/*", "arn:aws:s3:::b/x:y/z", True, True),
        ("arn:aws:s3:::b/*", "arn:aws:s3:::b", False, False),
        ("arn:aws:s3:::*/x", "arn:aws:s3:::b/c/x", True, True),
        ("arn:aws:s3:::b/a*z", "arn:aws:s3:::b/a\nz", True, True),
        ("arn:aws:s3:::b/a*z", "arn:aws:s3:::b/a:z", True, True),
        ("arn:aws:s3:::b/a?z", "arn:aws:s3:::b/a:z", True, True),
        ("arn:aws:s3:::b/?", "arn:aws:s3:::b/", False, False),
        # At the end of a component a star may run over colons, but not in conditions.
        ("arn:aws:sqs:*:q", f"arn:aws:sqs:us-east-1:{A}:q", True, False),
        ("arn:aws:sqs:*", f"arn:aws:sqs:us-east-1:{A}:q", True, False),
        (f"arn:aws:sqs:*:{A}:q", f"arn:aws:sqs:us-east-1:{A}:q", True, True),
        # Inside of one it may not.
        ("arn:aws:sqs:us-*t:q", f"arn:aws:sqs:us-east-1:{A}t:q", False, False),
        ("arn:aws:sqs:us-?ast-1:1:q", "arn:aws:sqs:us-east-1:1:q", True, True),
        ("arn:aws:sqs:us?east-1:1:q", "arn:aws:sqs:us:east-1:1:q", False, False),
        ("arn:aws:s?s:us-east-1:1:a.b", "arn:aws:sqs:us-east-1:1:axb", False, False),
    ],
)
def test_arns(pattern: str, arn: str, loose: bool, strict: bool) -> None:
    assert arn_glob(pattern)(arn) is loose
    assert arn_glob(pattern, True)(arn) is strict


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("", "", True),
        ("", "a", False),
        ("a*", "a", True),
        ("*a", "ba", True),
        ("*a", "ab", False),
        ("a*b*c", "aXbYc", True),
        ("a**", "a", True),
        ("?", "", False),
        ("[a]", "a", False),
        ("a.c", "abc", False),
        ("*ab*ab*", "abab", True),
        ("*ab*ab*", "abba", False),
        ("a*a", "a", False),
        ("*a?c*c", "abcac", True),
        ("*aab", "aaab", True),
        ("*aab*b", "aaabb", True),
    ],
)
def test_globs(pattern: str, text: str, expected: bool) -> None:
    assert glob(pattern)(text) is expected


def test_no_pattern_is_slow() -> None:
    pattern, text = "*a" * 40 + "*b", "a" * 5000
    assert not glob(pattern)(text)
    assert not arn_glob(f"arn:aws:s3:::{pattern}")(f"arn:aws:s3:::{text}")


def test_globs_against_the_definition() -> None:
    """Against the obvious recursive matcher, over all short patterns and texts."""

    def matches(pattern: str, text: str) -> bool:
        if not pattern:
            return not text
        if pattern[0] == "*":
            return matches(pattern[1:], text) or (bool(text) and matches(pattern, text[1:]))
        return bool(text) and pattern[0] in ("?", text[0]) and matches(pattern[1:], text[1:])

    texts = ["".join(each) for size in range(5) for each in product("ab", repeat=size)]
    for pattern in ("".join(each) for size in range(5) for each in product("ab*?", repeat=size)):
        for text in texts:
            assert glob(pattern)(text) is matches(pattern, text), (pattern, text)


def test_actions() -> None:
    test = actions_test(["s3:Get*", "SQS:SendMessage", "iam:*User?"])
    for action in ("s3:GetObject", "S3:GETOBJECT", "sqs:sendmessage", "iam:ListUsers"):
        assert test(action), action
    for action in ("s3:PutObject", "sqs:SendMessageBatch", "iam:GetUser", "xs3:GetObject"):
        assert not test(action), action
    assert actions_test(["*:*"])("s3:GetObject")


def test_templates() -> None:
    template = Template("a-${aws:UserName}-${ aws:PrincipalTag/team , 'b c' }-${*}")
    assert template.keys == ["aws:UserName", "aws:PrincipalTag/team"]
    assert template.constant is None
    rendered = template.render({"aws:username": "bob"})
    assert rendered is not None
    assert glob(rendered)("a-bob-b c-*")
    assert not glob(rendered)("a-bob-b c-x")
    assert template.render({"aws:principaltag/team": "x"}) is None
    # A key of several values is no variable.
    assert template.render({"aws:username": ("bob", "eve")}) is None
    assert Template("a${$}{b").constant == "a${b"
    assert Template("${}").constant == "${}"


BOB = Principal(f"arn:aws:iam::{A}:user/bob", A, user_id="AIDAEXAMPLEEXAMPLE")
SESSION = Principal(f"arn:aws:sts::{A}:assumed-role/r/s", A, "assumed-role", user_id="AROAEXAMPLEEXAMPLE:s")
ROOT = Principal(f"arn:aws:iam::{A}:root", A, "root")
LAMBDA = Principal("lambda.amazonaws.com", A, "service", service="lambda.amazonaws.com")


@pytest.mark.parametrize(
    ("listed", "who", "expected"),
    [
        ([("AWS", "*")], BOB, Named.DIRECTLY),
        ([("AWS", "*")], ANONYMOUS, Named.DIRECTLY),
        ([("AWS", "*")], LAMBDA, Named.DIRECTLY),
        ([("AWS", A)], BOB, Named.ACCOUNT),
        ([("AWS", f"arn:aws:iam::{A}:root")], SESSION, Named.ACCOUNT),
        ([("AWS", f"arn:aws-cn:iam::{A}:root")], SESSION, Named.ACCOUNT),
        ([("AWS", A)], ROOT, Named.DIRECTLY),
        ([("AWS", B)], BOB, Named.NOT),
        ([("AWS", A)], LAMBDA, Named.NOT),
        ([("AWS", A)], ANONYMOUS, Named.NOT),
        ([("AWS", f"arn:aws:iam::{A}:user/bob")], BOB, Named.DIRECTLY),
        ([("AWS", f"arn:aws:iam::{A}:user/Bob")], BOB, Named.NOT),
        ([("AWS", "AIDAEXAMPLEEXAMPLE")], BOB, Named.DIRECTLY),
        ([("AWS", f"arn:aws:iam::{A}:role/r")], SESSION, Named.ROLE),
        ([("AWS", "AROAEXAMPLEEXAMPLE")], SESSION, Named.ROLE),
        ([("AWS", f"arn:aws:sts::{A}:assumed-role/r/s")], SESSION, Named.DIRECTLY),
        ([("AWS", f"arn:aws:sts::{A}:assumed-role/r/t")], SESSION, Named.NOT),
        ([("AWS", A), ("AWS", f"arn:aws:iam::{A}:role/r")], SESSION, Named.ROLE),
        ([("Service", "lambda.amazonaws.com")], LAMBDA, Named.DIRECTLY),
        ([("Service", "*")], LAMBDA, Named.DIRECTLY),
        ([("Service", "*")], BOB, Named.NOT),
        ([("Service", "ec2.amazonaws.com")], LAMBDA, Named.NOT),
        ([("Federated", "accounts.google.com")], BOB, Named.NOT),
        ([("CanonicalUser", "")], BOB, Named.NOT),
    ],
)
def test_principals(listed: list[tuple[str, str]], who: Any, expected: Named) -> None:
    assert Principals(listed).names(who) is expected

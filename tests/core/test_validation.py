"""Constraints of the models: patterns of every service, and what the checks say."""

import re
import sys
import warnings

import botocore.session
import pytest

from awsim.gateway.patterns import compile_pattern
from awsim.gateway.validate import Violation, validator_for
from awsim.service import Service
from awsim.wire import models
from awsim.wire.rows import Rows


def all_patterns():
    loader = botocore.session.Session().get_component("data_loader")
    for service in ("iam", "lambda", "dynamodb", "kms", "ecs", "rds", "stepfunctions", "logs", "events", "cognito-idp",
                    "glue", "ssm", "athena", "backup", "quicksight", "connect", "wafv2", "iot", "batch"):  # fmt: skip
        for shape in loader.load_service_model(service, "service-2")["shapes"].values():
            if "pattern" in shape:
                yield shape["pattern"]


def test_patterns_of_the_models_are_translated_or_skipped_never_a_crash():
    patterns = set(all_patterns())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        skipped = [pattern for pattern in patterns if compile_pattern(pattern) is None]
    assert len(patterns) > 300
    assert len(skipped) <= len(patterns) * 0.02, skipped


@pytest.mark.parametrize(
    ("pattern", "good", "bad"),
    [
        ("[a-zA-Z0-9_.-]+", "a.b", "a b"),
        (r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*", "Größe 1", "a\x00"),
        (r"\p{Alnum}+", "a1", "ä"),
        (r"[\w+=,.@-]*", "a@b", "ä"),
        (r"^[0-9]{12}$", "123456789012", "123456789012\n"),
        (r"[\w-_]+", "a-b", "a b"),
        (r"[^\p{C}]+", "ab", "a\x07b"),
        (r"\d{2}\z", "12", "١٢"),
    ],
)
def test_a_pattern_means_what_java_means(pattern, good, bad):
    compiled = compile_pattern(pattern)
    assert compiled is not None
    match = re.Pattern.search if pattern.startswith("^") else re.Pattern.fullmatch
    assert match(compiled, good)
    assert not match(compiled, bad)


def violations_of(service, operation, params, checked=Service.checked):
    class Checked(Service):
        name = service

    Checked.checked = checked
    found = []

    class Instance:
        limits = None

        @staticmethod
        def violation(violations):
            found.extend(violations)
            return ValueError()

    validator = validator_for(Checked, "no-table", operation, models.service_model(service).operation_model(operation))
    try:
        validator(params, Instance)
    except ValueError:
        pass
    return [str(violation) for violation in found]


def test_each_kind_of_constraint_in_awss_words():
    assert violations_of("iam", "CreateUser", {"UserName": "a b", "Path": "x" * 513}) == [
        "Value '" + "x" * 513 + "' at 'path' failed to satisfy constraint: "
        "Member must have length less than or equal to 512",
        "Value '" + "x" * 513 + "' at 'path' failed to satisfy constraint: "
        "Member must satisfy regular expression pattern: (\\u002F)|(\\u002F[\\u0021-\\u007E]+\\u002F)",
        "Value 'a b' at 'userName' failed to satisfy constraint: "
        "Member must satisfy regular expression pattern: [\\w+=,.@-]+",
    ]
    assert violations_of("lambda", "ListFunctions", {"MaxItems": 10_001}) == [
        "Value '10001' at 'maxItems' failed to satisfy constraint: Member must have value less than or equal to 10000"
    ]
    assert violations_of("lambda", "ListFunctions", {"FunctionVersion": "SOME"}) == [
        "Value 'SOME' at 'functionVersion' failed to satisfy constraint: Member must satisfy enum value set: [ALL]"
    ]
    assert violations_of("lambda", "DeleteFunction", {})[0] == (
        "Value null at 'functionName' failed to satisfy constraint: Member must not be null"
    )


def test_a_service_says_which_constraints_it_has_checked():
    assert violations_of("iam", "CreateUser", {"UserName": "a b"}, frozenset({"required"})) == []


def test_shapes_within_themselves_are_checked_as_deep_as_the_data_goes():
    """DynamoDB's AttributeValue constrains nothing itself; WAF's statements do, at every depth."""
    statement = {"ByteMatchStatement": {"SearchString": b"x", "TextTransformations": []}}
    nested = {"NotStatement": {"Statement": {"NotStatement": {"Statement": statement}}}}
    found = violations_of(
        "wafv2",
        "CheckCapacity",
        {"Scope": "REGIONAL", "Rules": [{"Name": "r", "Priority": 0, "Statement": nested, "VisibilityConfig": {}}]},
    )
    deep = "rules.1.member.statement.notStatement.statement.notStatement.statement.byteMatchStatement."
    assert any(f"Value null at '{deep}fieldToMatch'" in violation for violation in found)
    assert any(f"Value '[]' at '{deep}textTransformations'" in violation for violation in found)


def test_values_are_shown_as_java_shows_them():
    assert str(Violation("tags", {"a": True, "b": [1, b"xy"]}, "length", "…")) == (
        "Value '{a=true, b=[1, java.nio.HeapByteBuffer[pos=0 lim=2 cap=2]]}' at 'tags' failed to satisfy constraint: …"
    )


RECORD = {"Data": b"x", "PartitionKey": "k"}
GOOD_TAG = {"Key": "team", "Value": "blue"}
GOOD_LIFECYCLE_RULE = {"ID": "r", "Status": "Enabled", "Transitions": [{"Days": 1, "StorageClass": "GLACIER"}]}


@pytest.mark.parametrize(
    ("service", "operation", "params", "name", "good", "bad"),
    [
        ("kinesis", "PutRecords", {}, "Records", RECORD, {"PartitionKey": "k"}),
        ("kinesis", "PutRecords", {}, "Records", RECORD, {"Data": b"", "PartitionKey": ""}),
        ("kinesis", "PutRecords", {}, "Records", {"Data": b"x", "PartitionKey": "k", "ExplicitHashKey": "0"},
         {"Data": b"x", "PartitionKey": "k", "ExplicitHashKey": "-1"}),
        ("iam", "TagUser", {"UserName": "u"}, "Tags", GOOD_TAG, {"Key": "x" * 129, "Value": "y"}),
        ("iam", "TagUser", {"UserName": "u"}, "Tags", GOOD_TAG, {"Key": "a*b", "Value": "y"}),
        ("iam", "TagUser", {"UserName": "u"}, "Tags", GOOD_TAG, None),
        ("events", "PutTargets", {"Rule": "r"}, "Targets", {"Id": "a", "Arn": "arn:aws:sqs:us-east-1:1:q"},
         {"Id": "a", "Arn": "arn:aws:sqs:us-east-1:1:q", "RunCommandParameters": {"RunCommandTargets": []}}),
        ("s3", "PutBucketLifecycleConfiguration", {"Bucket": "b"}, ("LifecycleConfiguration", "Rules"),
         GOOD_LIFECYCLE_RULE, {**GOOD_LIFECYCLE_RULE, "Transitions": [{"StorageClass": "SOME"}]}),
    ],
)  # fmt: skip
def test_a_long_list_is_checked_as_a_short_one_is(monkeypatch, service, operation, params, name, good, bad):
    from awsim.gateway import columns

    def asked(items):
        if isinstance(name, str):
            return {**params, name: items}
        return {**params, name[0]: {name[1]: items}}

    long = [good] * columns.LONG
    for items in (long, [*long, bad], [bad, *long]):
        found = violations_of(service, operation, asked(items))
        with monkeypatch.context() as patched:
            patched.setattr(columns, "LONG", 10_000)
            assert found == violations_of(service, operation, asked(items))
    if bad is not None:
        assert found


@pytest.mark.parametrize(
    ("row", "fits"),
    [
        (RECORD, True),
        ({"Data": b"", "PartitionKey": "k"}, True),
        ({"PartitionKey": "k"}, False),
        ({"Data": b"x", "PartitionKey": ""}, False),
        ({"Data": b"x", "PartitionKey": "k", "ExplicitHashKey": "01"}, False),
    ],
)
def test_rows_that_were_read_by_columns_are_checked_as_others_are(row, fits):
    rows = [row] * 20
    found = violations_of("kinesis", "PutRecords", {"Records": Rows(rows, {name: [row[name]] * 20 for name in row})})
    assert found == violations_of("kinesis", "PutRecords", {"Records": rows})
    assert (found == []) is fits


def test_nothing_is_walked_twice_that_is_without_fault(monkeypatch):
    def never(value, *_):
        assert value is records, "an element was checked by itself"

    records = [RECORD] * 500

    monkeypatch.setattr(sys.modules[validator_for.__module__], "_bounded", lambda *_: [never])
    assert violations_of("kinesis", "PutRecords", {"Records": records}) == []
    records = Rows(records, {name: [value] * 500 for name, value in RECORD.items()})
    assert violations_of("kinesis", "PutRecords", {"Records": records}) == []

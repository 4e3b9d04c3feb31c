"""Long lists of structures: read by columns as they would be read row by row; written by columns as they would be."""

import json

import pytest

from awsim.errors import AWSError
from awsim.wire import json_values
from awsim.wire.codec import codec_for
from awsim.wire.http import Request
from awsim.wire.json_values import dumps, dumps_by_member
from awsim.wire.models import service_model
from awsim.wire.rows import LONG, Columns, Rows, column

ROW = {"Data": "aGVsbG8=", "PartitionKey": "a"}


def parse(service, operation, params):
    model = service_model(service).operation_model(operation)
    try:
        return codec_for(model).parse(Request("POST", "https://example.com/", {}, json.dumps(params).encode()))
    except AWSError as error:
        return error.code, error.message


def put(rows):
    return parse("kinesis", "PutRecords", {"StreamName": "clicks", "Records": rows})


@pytest.mark.parametrize(
    "odd",
    [
        ROW,
        {"PartitionKey": "ü", "Data": ""},
        {**ROW, "ExplicitHashKey": "0"},
        {**ROW, "ExplicitHashKey": None},
        {"PartitionKey": "a"},
        {"PartitionKey": "a", "Other": "a"},
        {"Data": None, "PartitionKey": "a"},
        {},
        None,
        [],
        ["Data", "PartitionKey"],
        "ab",
        1,
        {**ROW, "PartitionKey": 1},
        {**ROW, "PartitionKey": {"a": "b"}},
        {**ROW, "Data": "aGVsbG8"},
        {**ROW, "Data": "aGVs\nbG8="},
        {**ROW, "Data": "a=VsbG8="},
        {**ROW, "Data": "é==="},
        {**ROW, "Data": 1},
        {**ROW, "Data": ["a"]},
    ],
)
def test_long_lists_are_read_as_short_ones_are(monkeypatch, odd):
    for rows in ([ROW] * LONG + [odd], [odd] + [ROW] * LONG, [odd] * LONG):
        found = put(rows)
        with monkeypatch.context() as patched:
            patched.setattr(json_values, "LONG", 10_000)
            assert found == put(rows)


def test_columns_agree_with_rows():
    records = put([{**ROW, "PartitionKey": str(number)} for number in range(LONG)])["Records"]
    assert type(records) is Rows
    assert records.columns == {"Data": [b"hello"] * LONG, "PartitionKey": [str(number) for number in range(LONG)]}
    assert records[3] == {"Data": b"hello", "PartitionKey": "3"}
    for name in ("Data", "PartitionKey", "ExplicitHashKey"):
        assert column(records, name) == column(list(records), name)
    assert type(put([ROW] * (LONG - 1))["Records"]) is list
    assert type(put([ROW] * LONG + [{**ROW, "ExplicitHashKey": "0"}])["Records"]) is list


def test_a_column_of_rows_that_differ():
    rows = [{"A": 1}, {"A": None, "B": 2}, {}]
    assert column(rows, "A") == [1, None, None]
    assert column(rows, "B") == [None, 2, None]
    assert column(rows, "C") is None


def test_numbers_are_read_as_the_model_has_them():
    rows = [{"timestamp": float(number), "message": "m"} for number in range(LONG)]
    events = parse("logs", "PutLogEvents", {"logGroupName": "g", "logStreamName": "s", "logEvents": rows})["logEvents"]
    assert [(event["timestamp"], type(event["timestamp"])) for event in events] == [(n, int) for n in range(LONG)]
    rows[5]["timestamp"] = 0.5
    assert parse("logs", "PutLogEvents", {"logEvents": rows}) == (
        "SerializationException",
        "DECIMAL_VALUE can not be converted to a Long",
    )


@pytest.mark.parametrize(
    "columns",
    [{"A": ["1"]}, {"A": ["1", "2", "3"]}, {"A": ["1", "2"], "B": ["x", "ü"]}, {"A": [], "B": []},
     {"A": ["1", "2"], "B": ["3", "4"], "C": ["5", "6"]}],
)  # fmt: skip
def test_columns_are_written_as_their_rows_are(columns):
    written = Columns(columns)
    rows = list(written)
    assert len(rows) == len(written) == len(columns["A"])
    assert json.loads(written.as_json()) == rows
    assert dumps_by_member({"Count": 1, "Rows": written}) == dumps({"Count": 1, "Rows": rows})
    assert dumps({"Rows": written}) == dumps({"Rows": rows})
    assert written[1:] == rows[1:]
    if rows:
        assert written[-1] == rows[-1] == {name: values[-1] for name, values in columns.items()}

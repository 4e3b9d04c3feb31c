"""Answers recorded from AWS (../shared/recorded/kinesis.jsonl)."""

import ast
import json
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

FILE = Path(__file__).parents[4] / "shared" / "recorded" / "kinesis.jsonl"

pytestmark = pytest.mark.skipif(not FILE.is_file(), reason="no recorded answers here")


def _recorded(case):
    lines = map(json.loads, FILE.read_text("utf-8").splitlines())
    return next(line["answers"] for line in lines if line["case"] == f"Kinesis: {case}")


def test_tags(kinesis, make):
    make()
    tag = _recorded("add tags to stream")["Tags"]
    kinesis.add_tags_to_stream(StreamName="clicks", Tags={tag["Key"]: tag["Value"]})
    assert kinesis.list_tags_for_stream(StreamName="clicks")["Tags"] == [tag]


def test_records_come_back_as_they_were(kinesis, make, put, iterator):
    make()
    theirs = _recorded("record lifecycle data integrity")["Records"]
    for record in theirs:
        put(ast.literal_eval(record["Data"]), record["PartitionKey"])
    ours = kinesis.get_records(ShardIterator=iterator())["Records"]
    assert len(ours) == len(theirs)
    for one, other in zip(ours, theirs, strict=True):
        assert one.keys() == other.keys()
        assert (str(one["Data"]), one["PartitionKey"]) == (other["Data"], other["PartitionKey"])


def test_a_stream_that_is_not_there(kinesis):
    theirs = _recorded("cbor exceptions")["cbor-error"]
    with pytest.raises(ClientError) as caught:
        kinesis.describe_stream(StreamName="wrong-stream-name")
    error = caught.value.response["Error"]
    assert error["Code"] == theirs["__type"]
    assert error["Message"] == theirs["message"].replace("111111111111", "123456789012")

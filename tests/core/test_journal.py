"""What the journal tells of calls with long lists, and what it keeps of them."""

import gc

import boto3
import pytest

from awsim.calls import ENTRY, Blob


@pytest.fixture
def kinesis(aws):
    client = boto3.client("kinesis", region_name="us-east-1")
    client.create_stream(StreamName="clicks", ShardCount=2)
    return client


def records(count, size):
    return [{"Data": bytes([number % 256]) * size, "PartitionKey": f"key-{number}"} for number in range(count)]


def told(entries):
    return [{"Data": Blob.of(entry["Data"]), "PartitionKey": entry["PartitionKey"]} for entry in entries]


@pytest.mark.parametrize("size", [1, 100, ENTRY, 5_000])
@pytest.mark.parametrize("count", [2, 5, 6, 500])
def test_parameters_are_told_as_they_were_sent(aws, kinesis, count, size):
    entries = records(count, size)
    kinesis.put_records(StreamName="clicks", Records=entries)
    call = aws.calls[-1]
    for _ in range(2):
        assert call.parameters == {"StreamName": "clicks", "Records": told(entries)}
        assert type(call.parameters["Records"]) is list


def test_parameters_of_a_refused_call_are_told(aws, kinesis):
    entries = records(500, 100)
    with pytest.raises(kinesis.exceptions.ResourceNotFoundException):
        kinesis.put_records(StreamName="nowhere", Records=entries)
    assert aws.calls[-1].parameters == {"StreamName": "nowhere", "Records": told(entries)}


def test_what_the_program_let_go_is_not_held(aws, kinesis):
    """Blobs are gone from the journal but where they are no longer than what would be kept instead."""
    for count, size, held in ((500, 100, True), (500, 1_000, False), (16, 5_000, False)):
        kinesis.put_records(StreamName="clicks", Records=records(count, size))
        assert bool(_blobs(aws.calls[-1]._parameters)) is held


def _blobs(value):
    """The blobs that can be reached from a value."""
    seen, todo, found = set(), [value], []
    while todo:
        one = todo.pop()
        if id(one) not in seen:
            seen.add(id(one))
            if isinstance(one, bytes):
                found.append(one)
            elif not isinstance(one, type):
                todo += gc.get_referents(one)
    return found


def test_results_told_in_python_are_lists(aws, kinesis):
    result = aws.call("kinesis", "PutRecords", StreamName="clicks", Records=records(20, 1))
    assert type(result["Records"]) is list
    assert aws.calls[-1].result == result


def standing(aws):
    return [record.parameters["QueueName"] for _, record in aws.calls.standing()][::-1]


def test_what_restores_have_undone_does_not_stand(aws):
    sqs = boto3.client("sqs", region_name="us-east-1")
    sqs.create_queue(QueueName="a")
    first = aws.snapshot()
    sqs.create_queue(QueueName="b")
    aws.restore(first)
    sqs.create_queue(QueueName="c")
    second = aws.snapshot()
    sqs.create_queue(QueueName="d")
    assert standing(aws) == ["a", "c", "d"]
    aws.restore(second)
    assert standing(aws) == ["a", "c"]
    sqs.create_queue(QueueName="e")
    assert standing(aws) == ["a", "c", "e"]
    aws.restore(first)
    sqs.create_queue(QueueName="f")
    assert standing(aws) == ["a", "f"]
    assert len(aws.calls) == 6
    aws.calls.clear()
    sqs.create_queue(QueueName="g")
    assert standing(aws) == ["g"]


def test_who_listens_hears_of_calls_once(aws):
    heard = []

    def listener(records):
        heard.extend(record.name for record in records)

    aws.listen(listener)
    aws.listen(listener)
    sqs = boto3.client("sqs", region_name="us-east-1")
    sqs.create_queue(QueueName="a")
    assert heard == ["sqs:CreateQueue"]
    aws.reset()
    sqs.create_queue(QueueName="b")
    assert heard == ["sqs:CreateQueue"]

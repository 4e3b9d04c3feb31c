"""Pipes out of Kinesis and DynamoDB streams: where they begin, batches, retries, bisection, dead letters."""

import json
from base64 import b64decode
from datetime import UTC, datetime

import pytest

pytestmark = pytest.mark.aws(at="2026-03-01T00:00:00Z")

TABLE = "DynamoDBStreamParameters"
STREAM = "KinesisStreamParameters"


@pytest.fixture(autouse=True)
def queues(queue):
    for name in ("out", "dead"):
        queue(name)


def own(member, position="TRIM_HORIZON", pattern=None, **more):
    given = {member: {"StartingPosition": position, **more}}
    if pattern is not None:
        given["FilterCriteria"] = {"Filters": [{"Pattern": json.dumps(pattern)}]}
    return given


def test_a_table(pipe, table, put, bodies, tools):
    pipe(table, tools.arn("out"), SourceParameters=own(TABLE, "LATEST"))
    put("1", total=5)
    (event,) = bodies("out")
    assert event["eventName"] == "INSERT"
    assert event["dynamodb"]["NewImage"] == {"id": {"S": "1"}, "total": {"N": "5"}}
    assert (event["eventSource"], event["eventSourceARN"]) == ("aws:dynamodb", table)


def test_a_table_filtered(pipe, table, put, bodies, tools):
    pattern = {"eventName": ["MODIFY"], "dynamodb": {"NewImage": {"total": {"N": ["7"]}}}}
    pipe(
        table,
        tools.arn("out"),
        SourceParameters=own(TABLE, "LATEST", pattern),
        TargetParameters={"InputTemplate": "<$.dynamodb.NewImage.total.N>"},
    )
    for total in (7, 8, 7):
        put("1", total=total)
    assert bodies("out") == ["7"]


@pytest.mark.parametrize(("position", "found"), [("TRIM_HORIZON", [1, 2]), ("LATEST", [2])])
def test_where_a_table_is_read_from(pipe, table, put, bodies, tools, position, found):
    put("1", total=1)
    template = {"InputTemplate": "<$.dynamodb.NewImage.total.N>"}
    pipe(table, tools.arn("out"), SourceParameters=own(TABLE, position), TargetParameters=template)
    put("2", total=2)
    assert sorted(map(int, bodies("out"))) == found


def test_a_table_over_the_roll_of_its_shards(aws, pipe, table, put, bodies, tools):
    template = {"InputTemplate": "<$.dynamodb.NewImage.total.N>"}
    pipe(table, tools.arn("out"), SourceParameters=own(TABLE, "LATEST"), TargetParameters=template)
    for number in range(4):
        put("1", total=number)
        aws.clock.advance(hours=5)
    assert list(map(int, bodies("out"))) == [0, 1, 2, 3]


def test_a_stream(pipe, stream, click, bodies, tools):
    pipe(stream, tools.arn("out"), SourceParameters=own(STREAM))
    click({"page": "a"})
    (event,) = bodies("out")
    assert json.loads(b64decode(event["data"])) == {"page": "a"}
    assert event["partitionKey"] == "k"
    assert event["eventID"] == f"shardId-000000000000:{event['sequenceNumber']}"
    assert event["eventName"] == "aws:kinesis:record"


def test_a_streams_data_are_read(pipe, stream, click, bodies, tools):
    pattern = {"data": {"page": [{"prefix": "/shop"}]}}
    template = {"InputTemplate": '{"page": <$.data.page>}'}
    pipe(stream, tools.arn("out"), SourceParameters=own(STREAM, pattern=pattern), TargetParameters=template)
    for data in ({"page": "/shop/1"}, {"page": "/home"}, "no json"):
        click(data)
    assert bodies("out") == [{"page": "/shop/1"}]


def test_a_stream_from_a_time(aws, pipe, stream, click, bodies, tools):
    click(1)
    aws.clock.advance(minutes=1)
    click(2)
    since = datetime(2026, 3, 1, 0, 0, 30, tzinfo=UTC)
    given = own(STREAM, "AT_TIMESTAMP", StartingPositionTimestamp=since)
    pipe(stream, tools.arn("out"), SourceParameters=given, TargetParameters={"InputTemplate": "<$.data>"})
    click(3)
    assert bodies("out") == [2, 3]


def test_a_stream_over_a_split(client, pipe, stream, click, bodies, tools):
    pipe(stream, tools.arn("out"), SourceParameters=own(STREAM), TargetParameters={"InputTemplate": "<$.data>"})
    click(1)
    half = str(2**127)
    client("kinesis").split_shard(StreamName="clicks", ShardToSplit="shardId-000000000000", NewStartingHashKey=half)
    for number in (2, 3):
        click(number, key=f"k{number}")
    assert bodies("out") == [1, 2, 3]


def test_children_wait_for_their_parents(aws, client, pipe, stream, click, bodies, tools):
    aws.faults.add("sqs:SendMessageBatch", error="AccessDenied", times=2)
    pipe(stream, tools.arn("out"), SourceParameters=own(STREAM), TargetParameters={"InputTemplate": "<$.data>"})
    click(1)
    client("kinesis").split_shard(
        StreamName="clicks", ShardToSplit="shardId-000000000000", NewStartingHashKey=str(2**127)
    )
    for number in (2, 3):
        click(number, key=f"k{number}")
    assert bodies("out") == []
    aws.clock.advance(seconds=30)
    assert bodies("out")[0] == 1
    assert len(aws.calls.of("sqs:SendMessageBatch")) > 3


def test_batches_and_a_window(aws, pipe, stream, click, bodies, tools):
    given = own(STREAM, BatchSize=3, MaximumBatchingWindowInSeconds=30)
    pipe(stream, tools.arn("out"), SourceParameters=given, TargetParameters={"InputTemplate": "<$.data>"})
    click(1)
    click(2)
    assert bodies("out") == []
    click(3)
    assert bodies("out") == [1, 2, 3]
    click(4)
    aws.clock.advance(seconds=29)
    assert bodies("out") == []
    aws.clock.advance(seconds=1)
    assert bodies("out") == [4]


def test_a_batch_that_fails_holds_up_what_follows(aws, pipe, stream, click, bodies, tools):
    aws.faults.add("sqs:SendMessageBatch", error="AccessDenied", times=3)
    pipe(stream, tools.arn("out"), SourceParameters=own(STREAM), TargetParameters={"InputTemplate": "<$.data>"})
    click(1)
    click(2)
    assert bodies("out") == []
    aws.clock.advance(seconds=30)
    assert bodies("out") == [1, 2]


def test_retries_end(aws, pipe, stream, click, bodies, tools):
    aws.faults.add("sqs:SendMessageBatch", error="AccessDenied", times=3)
    given = own(STREAM, BatchSize=1, MaximumRetryAttempts=2, DeadLetterConfig={"Arn": tools.arn("dead")})
    pipe(stream, tools.arn("out"), SourceParameters=given, TargetParameters={"InputTemplate": "<$.data>"})
    click(1)
    click(2)
    aws.clock.advance(seconds=30)
    assert bodies("out") == [2]
    (dead,) = bodies("dead")
    assert dead["context"] == {
        "partnerResourceArn": "arn:aws:pipes:us-east-1:123456789012:pipe/p",
        "condition": "RetryAttemptsExhausted",
    }
    batch = dead["KinesisBatchInfo"]
    assert (batch["shardId"], batch["batchSize"], batch["streamArn"]) == ("shardId-000000000000", 1, stream)
    assert batch["startSequenceNumber"] == batch["endSequenceNumber"]


def test_faults_of_the_target_are_not_counted(aws, pipe, stream, click, bodies, tools):
    aws.faults.add("sqs:SendMessageBatch", error="InternalError", status=500, times=3)
    given = own(STREAM, MaximumRetryAttempts=0, DeadLetterConfig={"Arn": tools.arn("dead")})
    pipe(stream, tools.arn("out"), SourceParameters=given, TargetParameters={"InputTemplate": "<$.data>"})
    click(1)
    aws.clock.advance(seconds=30)
    assert bodies("out") == [1]
    assert bodies("dead") == []


def test_records_grow_too_old(aws, pipe, table, put, bodies, tools):
    given = own(TABLE, MaximumRecordAgeInSeconds=60, DeadLetterConfig={"Arn": tools.arn("dead")})
    pipe(table, tools.arn("nowhere"), SourceParameters=given)
    put("1", total=1)
    aws.clock.advance(minutes=5)
    (dead,) = bodies("dead")
    assert dead["context"]["condition"] == "MaximumRecordAgeExceeded"
    assert dead["DDBStreamBatchInfo"]["batchSize"] == 1
    assert dead["DDBStreamBatchInfo"]["streamArn"] == table


def test_bisection_finds_the_one_that_fails(aws, client, pipe, stream, click, bodies, endpoint, tools):
    """An empty partition key makes Kinesis refuse a whole batch; halved until it stands alone, it is given up."""
    client("kinesis").create_stream(StreamName="target", ShardCount=1)
    target = "arn:aws:kinesis:us-east-1:123456789012:stream/target"
    given = own(
        STREAM,
        BatchSize=4,
        MaximumBatchingWindowInSeconds=10,
        MaximumRetryAttempts=0,
        OnPartialBatchItemFailure="AUTOMATIC_BISECT",
        DeadLetterConfig={"Arn": tools.arn("dead")},
    )
    parameters = {"InputTemplate": "<$.data.n>", STREAM: {"PartitionKey": "$.data.key"}}
    pipe(stream, target, SourceParameters=given, TargetParameters=parameters)
    for number in range(4):
        click({"n": number, "key": "" if number == 2 else "k"})
    aws.clock.advance(minutes=1)
    kinesis = client("kinesis")
    iterator = kinesis.get_shard_iterator(
        StreamName="target", ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    assert [record["Data"] for record in kinesis.get_records(ShardIterator=iterator)["Records"]] == [b"0", b"1", b"3"]
    (dead,) = bodies("dead")
    assert dead["KinesisBatchInfo"]["batchSize"] == 1


def test_a_part_that_fails_is_tried_again_from_there(aws, pipe, stream, click, bodies, tools):
    aws.faults.add("sqs:SendMessageBatch", partial=1, times=1)
    given = own(STREAM, BatchSize=3, MaximumBatchingWindowInSeconds=10)
    pipe(stream, tools.arn("out"), SourceParameters=given, TargetParameters={"InputTemplate": "<$.data>"})
    for number in range(3):
        click(number)
    assert bodies("out") == [0, 1]
    aws.clock.advance(seconds=5)
    assert bodies("out") == [2]


def test_lines_of_a_shard_do_not_wait_for_each_other(aws, client, queue, pipe, stream, click, raw, bodies, tools):
    """With a parallelization factor, what follows a key that fails is another key's in vain no more."""
    aws.endpoints["https://api.example.com/"] = 200
    client("kinesis").create_stream(StreamName="target", ShardCount=1)
    target = "arn:aws:kinesis:us-east-1:123456789012:stream/target"
    parameters = {"InputTemplate": "<$.data.n>", STREAM: {"PartitionKey": "$.data.key"}}
    given = own(STREAM, BatchSize=1, ParallelizationFactor=10)
    pipe(stream, target, SourceParameters=given, TargetParameters=parameters)
    click({"n": 0, "key": ""}, key="a")
    click({"n": 1, "key": "k"}, key="b")
    click({"n": 2, "key": "k"}, key="a")
    kinesis = client("kinesis")
    iterator = kinesis.get_shard_iterator(
        StreamName="target", ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    assert [record["Data"] for record in kinesis.get_records(ShardIterator=iterator)["Records"]] == [b"1"]


@pytest.mark.aws(lifecycle="timed")
def test_in_time(aws, pipe, stream, click, bodies, tools):
    pipe(stream, tools.arn("out"), SourceParameters=own(STREAM))
    aws.clock.advance(seconds=60)
    click(1)
    assert bodies("out") == []
    aws.clock.advance(seconds=1)
    assert len(bodies("out")) == 1


def test_a_stopped_pipe_goes_on_where_it_was(pipes, pipe, stream, click, bodies, tools):
    given = own(STREAM, "LATEST")
    pipe(stream, tools.arn("out"), SourceParameters=given, TargetParameters={"InputTemplate": "<$.data>"})
    click(1)
    pipes.stop_pipe(Name="p")
    click(2)
    assert bodies("out") == [1]
    pipes.start_pipe(Name="p")
    assert bodies("out") == [2]


@pytest.mark.aws(at="2026-03-01T00:00:00Z", throttling=True)
def test_throttled_reads_are_made_up_for(aws, pipe, pipes, stream, click, bodies, tools):
    """More looks than a shard allows reads in a second: the pipe waits and loses nothing."""
    pipe(stream, tools.arn("out"), SourceParameters=own(STREAM), TargetParameters={"InputTemplate": "<$.data>"})
    for number in range(12):
        click(number)
    aws.clock.advance(seconds=30)
    assert bodies("out") == list(range(12))
    assert pipes.describe_pipe(Name="p")["CurrentState"] == "RUNNING"


@pytest.mark.aws(at="2026-03-01T00:00:00Z")
def test_a_source_that_is_down_at_first(aws, pipe, pipes, stream, click, bodies, tools):
    aws.faults.add("kinesis:ListShards", error="InternalFailureException", status=500, times=1)
    click(0)
    pipe(stream, tools.arn("out"), SourceParameters=own(STREAM), TargetParameters={"InputTemplate": "<$.data>"})
    assert pipes.describe_pipe(Name="p")["CurrentState"] == "RUNNING"
    aws.clock.advance(seconds=2)
    assert bodies("out") == [0]


@pytest.mark.aws
def test_on_a_clock_that_runs(pipe, table, put, queue, send, bodies, tools):
    queue("in")
    template = {"InputTemplate": "<$.dynamodb.NewImage.total.N>"}
    pipe(table, tools.arn("out"), SourceParameters=own(TABLE, "LATEST"), TargetParameters=template)
    pipe(tools.arn("in"), tools.arn("out"), Name="q", TargetParameters={"InputTemplate": "<$.body>"})
    for number in range(3):
        put("1", total=number)
        send("in", str(number))
    assert sorted(map(str, bodies("out"))) == ["0", "0", "1", "1", "2", "2"]

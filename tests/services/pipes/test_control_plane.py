"""CreatePipe and its kin: states, defaults, refusals, listing, tags."""

import json

import pytest
from botocore.config import Config

pytestmark = pytest.mark.aws(at="2026-03-01T00:00:00Z")

REGION, ACCOUNT = "us-east-1", "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/pipes"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:in"
OUT = f"arn:aws:sqs:{REGION}:{ACCOUNT}:out"
STREAM = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/clicks"
TABLE = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/t/stream/2026-01-01T00:00:00.000"
MSK = f"arn:aws:kafka:{REGION}:{ACCOUNT}:cluster/c/0d5a8a0e-1"
BROKER = f"arn:aws:mq:{REGION}:{ACCOUNT}:broker:b:b-1"
BUS = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/shop"
DESTINATION = f"arn:aws:events:{REGION}:{ACCOUNT}:api-destination/d/1"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f"
SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:s"


@pytest.fixture(autouse=True)
def queues(queue):
    for name in ("in", "out"):
        queue(name)


def test_described(pipe, pipes):
    answer = pipe(
        QUEUE, OUT, Description="moves", Tags={"team": "a"}, LogConfiguration={"Level": "OFF"}, KmsKeyIdentifier="k"
    )
    answer.pop("ResponseMetadata")
    created = answer["CreationTime"]
    arn = f"arn:aws:pipes:{REGION}:{ACCOUNT}:pipe/p"
    assert answer == {
        "Arn": arn,
        "Name": "p",
        "DesiredState": "RUNNING",
        "CurrentState": "CREATING",
        "CreationTime": created,
        "LastModifiedTime": created,
    }
    told = pipes.describe_pipe(Name="p")
    told.pop("ResponseMetadata")
    assert told == {
        **answer,
        "CurrentState": "RUNNING",
        "Description": "moves",
        "Source": QUEUE,
        "SourceParameters": {"SqsQueueParameters": {"BatchSize": 10}},
        "Target": OUT,
        "RoleArn": ROLE,
        "Tags": {"team": "a"},
        "LogConfiguration": {"Level": "OFF"},
        "KmsKeyIdentifier": "k",
    }


@pytest.mark.parametrize(
    ("source", "target", "parameters", "size"),
    [
        (STREAM, FUNCTION, {"KinesisStreamParameters": {"StartingPosition": "LATEST"}}, 100),
        (STREAM, OUT, {"KinesisStreamParameters": {"StartingPosition": "LATEST"}}, 10),
        (TABLE, DESTINATION, {"DynamoDBStreamParameters": {"StartingPosition": "LATEST"}}, 1),
        (QUEUE, BUS, {}, 10),
    ],
)
def test_batch_sizes_by_default(pipe, pipes, source, target, parameters, size):
    pipe(source, target, SourceParameters=parameters, DesiredState="STOPPED")
    (own,) = pipes.describe_pipe(Name="p")["SourceParameters"].values()
    assert own["BatchSize"] == size


@pytest.mark.aws(at="2026-03-01T00:00:00Z", lifecycle="timed")
def test_states_take_their_time(aws, pipe, pipes, tools):
    def state():
        return pipes.describe_pipe(Name="p")["CurrentState"]

    pipe(QUEUE, OUT)
    assert state() == "CREATING"
    busy = ("ConflictException", "Pipe p is in state CREATING.")
    assert tools.refused(pipes.stop_pipe, Name="p") == busy
    assert tools.refused(pipes.update_pipe, Name="p", RoleArn=ROLE) == busy
    aws.clock.advance(seconds=30)
    assert state() == "RUNNING"
    for call, first, last in (
        (lambda: pipes.stop_pipe(Name="p"), "STOPPING", "STOPPED"),
        (lambda: pipes.start_pipe(Name="p"), "STARTING", "RUNNING"),
        (lambda: pipes.update_pipe(Name="p", RoleArn=ROLE, Description="d"), "UPDATING", "RUNNING"),
    ):
        assert call()["CurrentState"] == first
        assert state() == first
        aws.clock.advance(seconds=30)
        assert state() == last
    answer = pipes.delete_pipe(Name="p")
    assert (answer["CurrentState"], answer["DesiredState"]) == ("DELETING", "DELETED")
    assert state() == "DELETING"
    aws.clock.advance(seconds=30)
    assert tools.refused(state) == ("NotFoundException", "Pipe p does not exist.")


def test_updated(pipe, pipes, send, bodies, queue):
    queue("other")
    pipe(QUEUE, OUT, TargetParameters={"InputTemplate": "1"})
    pattern = json.dumps({"body": {"n": [1]}})
    pipes.update_pipe(
        Name="p",
        RoleArn=ROLE,
        Target=f"arn:aws:sqs:{REGION}:{ACCOUNT}:other",
        TargetParameters={"InputTemplate": "<$.body.n>"},
        SourceParameters={"FilterCriteria": {"Filters": [{"Pattern": pattern}]}},
    )
    own = pipes.describe_pipe(Name="p")["SourceParameters"]
    assert own["SqsQueueParameters"] == {"BatchSize": 10}
    send("in", {"n": 1}, {"n": 2})
    assert (bodies("other"), bodies("out")) == ([1], [])


def test_a_source_that_is_not_there(pipe, pipes):
    pipe(f"arn:aws:sqs:{REGION}:{ACCOUNT}:nowhere", OUT)
    told = pipes.describe_pipe(Name="p")
    assert told["CurrentState"] == "CREATE_FAILED"
    assert told["StateReason"].startswith("Input parameter is invalid from the request due to : ")


def test_what_awsim_does_not_run_is_kept_and_says_so(pipe, pipes):
    own = {"ManagedStreamingKafkaParameters": {"TopicName": "orders"}}
    pipe(MSK, OUT, SourceParameters=own)
    told = pipes.describe_pipe(Name="p")
    assert told["CurrentState"] == "RUNNING"
    assert told["StateReason"] == "awsim does not model ManagedStreamingKafka as a source of pipes: nothing is read"
    mq = {"RabbitMQBrokerParameters": {"Credentials": {"BasicAuth": SECRET}, "QueueName": "q"}}
    pipe(BROKER, OUT, Name="mq", SourceParameters=mq)
    assert "RabbitMQBroker" in pipes.describe_pipe(Name="mq")["StateReason"]


KINESIS = {"KinesisStreamParameters": {"StartingPosition": "LATEST"}}


@pytest.mark.parametrize(
    ("source", "target", "more", "name", "message"),
    [
        (MSK, OUT, {}, "SourceParameters.ManagedStreamingKafkaParameters", "Missing required parameter."),
        (STREAM, OUT, {}, "SourceParameters.KinesisStreamParameters", "Missing required parameter."),
        (
            QUEUE, OUT, {"SourceParameters": KINESIS}, "SourceParameters.KinesisStreamParameters",
            "Parameter is not supported for the given source.",
        ),
        (
            STREAM, OUT, {"SourceParameters": {"KinesisStreamParameters": {"StartingPosition": "AT_TIMESTAMP"}}},
            "SourceParameters.KinesisStreamParameters.StartingPositionTimestamp", "Missing required parameter.",
        ),
        (
            QUEUE, OUT, {"SourceParameters": {"SqsQueueParameters": {"BatchSize": 11}}},
            "SourceParameters.SqsQueueParameters.BatchSize",
            "The batch size must be at most 10 for the given target or enrichment.",
        ),
        (
            QUEUE, DESTINATION, {"SourceParameters": {"SqsQueueParameters": {"BatchSize": 2}}},
            "SourceParameters.SqsQueueParameters.BatchSize",
            "The batch size must be at most 1 for the given target or enrichment.",
        ),
        (
            QUEUE, FUNCTION, {"SourceParameters": {"SqsQueueParameters": {"BatchSize": 11}}},
            "SourceParameters.SqsQueueParameters.MaximumBatchingWindowInSeconds",
            "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10",
        ),
        (
            f"{QUEUE}.fifo", FUNCTION, {"SourceParameters": {"SqsQueueParameters": {"BatchSize": 11}}},
            "SourceParameters.SqsQueueParameters.BatchSize", "The maximum batch size for a FIFO queue is 10",
        ),
        (
            f"{QUEUE}.fifo", OUT, {"SourceParameters": {"SqsQueueParameters": {"MaximumBatchingWindowInSeconds": 1}}},
            "SourceParameters.SqsQueueParameters.MaximumBatchingWindowInSeconds",
            "Batching window is not supported for FIFO queues",
        ),
        (QUEUE, STREAM, {}, "TargetParameters.KinesisStreamParameters", "Missing required parameter."),
        (
            QUEUE, OUT, {"TargetParameters": {"LambdaFunctionParameters": {}}},
            "TargetParameters.LambdaFunctionParameters", "Parameter is not supported for the given target.",
        ),
        (
            QUEUE, f"arn:aws:sns:{REGION}:{ACCOUNT}:news.fifo", {}, "Target",
            "Amazon SNS FIFO topics are not supported as targets.",
        ),
        (QUEUE, "arn:aws:s3:::bucket", {}, "Target", "arn:aws:s3:::bucket is not a supported target."),
        ("arn:aws:s3:::bucket", OUT, {}, "Source", "arn:aws:s3:::bucket is not a supported source."),
        (QUEUE, OUT, {"Enrichment": BUS}, "Enrichment", f"{BUS} is not a supported enrichment."),
        (
            QUEUE, OUT, {"TargetParameters": {"InputTemplate": "<aws.pipes.nothing>"}},
            "TargetParameters.InputTemplate", "Unknown reserved variable: aws.pipes.nothing",
        ),
        (
            QUEUE, OUT, {"EnrichmentParameters": {"InputTemplate": "<$.a..b>"}},
            "EnrichmentParameters.InputTemplate", "Invalid JSON path: $.a..b",
        ),
    ],
)  # fmt: skip
def test_refused(pipe, pipes, tools, source, target, more, name, message):
    assert tools.refused(pipe, source, target, **more) == tools.field(name, message)
    assert pipes.list_pipes()["Pipes"] == []


def test_a_pattern_that_is_none(pipe, tools):
    criteria = {"FilterCriteria": {"Filters": [{"Pattern": '{"body": "x"}'}]}}
    code, message = tools.refused(pipe, QUEUE, OUT, SourceParameters=criteria)
    assert code == "ValidationException"
    assert "Invalid filter pattern" in message


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (
            {"SourceParameters": {"SqsQueueParameters": {"BatchSize": 10_001}}},
            "[numeric instance is greater than the required maximum (maximum: 10000, found: 10001)]",
        ),
        (
            {"SourceParameters": {"SqsQueueParameters": {"BatchSize": 0}}},
            "[numeric instance is lower than the required minimum (minimum: 1, found: 0)]",
        ),
        (
            {"DesiredState": "ASLEEP"},
            '[instance value ("ASLEEP") not found in enum (possible values: ["RUNNING","STOPPED"])]',
        ),
        (
            {"Description": "x" * 513},
            f'[string "{"x" * 513}" is too long (length: 513, maximum allowed: 512)]',
        ),
        (
            {"SourceParameters": {"FilterCriteria": {"Filters": [{"Pattern": "{}"}] * 6}}},
            "[array is too long: must have at most 5 elements but instance has 6 elements]",
        ),
        (
            {"SourceParameters": {"KinesisStreamParameters": {}}},
            '[object has missing required properties (["StartingPosition"])]',
        ),
    ],
)
def test_the_models_constraints(aws, tools, more, message):
    import boto3

    pipes = boto3.client("pipes", region_name=REGION, config=Config(parameter_validation=False))
    given = {"Name": "p", "Source": QUEUE, "Target": OUT, "RoleArn": ROLE, **more}
    assert tools.refused(pipes.create_pipe, **given) == ("ValidationException", message)


def test_a_name_twice(pipe, tools):
    pipe(QUEUE, OUT)
    assert tools.refused(pipe, QUEUE, OUT) == ("ConflictException", "Pipe p already exists.")


@pytest.mark.aws(at="2026-03-01T00:00:00Z", limits={"pipes.pipes": 1})
def test_too_many(pipe, tools):
    pipe(QUEUE, OUT)
    code, message = tools.refused(pipe, QUEUE, OUT, Name="q")
    assert (code, message) == ("ServiceQuotaExceededException", "The maximum number of pipes (1) has been reached.")


def test_nobody_knows_it(pipes, tools):
    for call in (pipes.describe_pipe, pipes.start_pipe, pipes.stop_pipe, pipes.delete_pipe):
        assert tools.refused(call, Name="p") == ("NotFoundException", "Pipe p does not exist.")


def test_listed(pipe, pipes, queue, tools):
    for name in ("b", "a", "c"):
        pipe(QUEUE, OUT, Name=name, DesiredState="STOPPED" if name == "b" else "RUNNING")
    names = lambda **more: [one["Name"] for one in pipes.list_pipes(**more)["Pipes"]]  # noqa: E731
    assert names() == ["a", "b", "c"]
    assert names(NamePrefix="b") == ["b"]
    assert names(DesiredState="STOPPED") == names(CurrentState="STOPPED") == ["b"]
    assert names(SourcePrefix=QUEUE[:-1], TargetPrefix=OUT) == ["a", "b", "c"]
    assert names(SourcePrefix=STREAM) == []
    pages = pipes.get_paginator("list_pipes").paginate(PaginationConfig={"PageSize": 2})
    assert [[one["Name"] for one in page["Pipes"]] for page in pages] == [["a", "b"], ["c"]]
    assert tools.refused(pipes.list_pipes, NextToken="?") == tools.field("NextToken", "Invalid NextToken.")


def test_tags(pipe, pipes, tools):
    arn = pipe(QUEUE, OUT, Tags={"a": "1"})["Arn"]
    pipes.tag_resource(resourceArn=arn, tags={"b": "2"})
    pipes.untag_resource(resourceArn=arn, tagKeys=["a"])
    assert pipes.list_tags_for_resource(resourceArn=arn)["tags"] == {"b": "2"}
    other = f"arn:aws:pipes:{REGION}:{ACCOUNT}:pipe/q"
    assert tools.refused(pipes.list_tags_for_resource, resourceArn=other) == (
        "NotFoundException", "Pipe q does not exist.",
    )  # fmt: skip

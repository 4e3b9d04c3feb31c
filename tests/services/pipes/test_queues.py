"""Pipes out of SQS queues: batches, filters, templates, what happens to messages."""

import json

import pytest

pytestmark = pytest.mark.aws(at="2026-03-01T00:00:00Z")


@pytest.fixture(autouse=True)
def queues(queue):
    for name in ("in", "out"):
        queue(name, VisibilityTimeout="30")


def test_a_message_is_there_when_send_returns(pipe, send, bodies, depth, tools):
    pipe(tools.arn("in"), tools.arn("out"))
    send("in", {"id": 1}, MessageAttributes={"kind": {"DataType": "String", "StringValue": "x"}})
    (event,) = bodies("out")
    assert json.loads(event.pop("body")) == {"id": 1}
    assert event.pop("messageAttributes") == {
        "kind": {"stringListValues": [], "binaryListValues": [], "dataType": "String", "stringValue": "x"}
    }
    assert event["attributes"]["ApproximateReceiveCount"] == "1"
    assert (event["eventSource"], event["eventSourceARN"], event["awsRegion"]) == (
        "aws:sqs",
        tools.arn("in"),
        "us-east-1",
    )
    assert depth("in") == (0, 0)


def test_what_was_there_before_the_pipe(pipe, send, bodies, tools):
    send("in", *({"id": number} for number in range(25)))
    pipe(tools.arn("in"), tools.arn("out"), TargetParameters={"InputTemplate": "<$.body.id>"})
    assert sorted(bodies("out")) == list(range(25))


@pytest.mark.aws(lifecycle="timed")
def test_in_time(aws, pipe, pipes, send, bodies, tools):
    assert pipe(tools.arn("in"), tools.arn("out"))["CurrentState"] == "CREATING"
    send("in", {"id": 1})
    assert bodies("out") == []
    aws.clock.advance(seconds=31)
    assert pipes.describe_pipe(Name="p")["CurrentState"] == "RUNNING"
    assert len(bodies("out")) == 1
    send("in", {"id": 2})
    assert bodies("out") == []
    aws.clock.advance(seconds=1)
    assert len(bodies("out")) == 1


def test_delayed_messages_and_those_that_come_back(aws, client, queue, pipe, send, bodies, tools):
    url = queue("in", VisibilityTimeout="30")
    send("in", {"id": 1})
    client("sqs").receive_message(QueueUrl=url)
    pipe(tools.arn("in"), tools.arn("out"), TargetParameters={"InputTemplate": "<$.body.id>"})
    send("in", {"id": 2}, DelaySeconds=10)
    assert bodies("out") == []
    aws.clock.advance(seconds=10)
    assert bodies("out") == [2]
    aws.clock.advance(seconds=20)
    assert bodies("out") == [1]


@pytest.mark.parametrize(
    ("pattern", "passed"),
    [
        ({"body": {"kind": ["a"]}}, [{"kind": "a", "n": 1}]),
        ({"body": {"n": [{"numeric": [">", 1]}]}}, [{"kind": "b", "n": 2}]),
        ({"body": {"missing": [{"exists": False}]}}, [{"kind": "a", "n": 1}, {"kind": "b", "n": 2}]),
        ({"body": ["plain text"]}, ["plain text"]),
        ({"eventSource": ["aws:sqs"]}, [{"kind": "a", "n": 1}, {"kind": "b", "n": 2}, "plain text"]),
    ],
)
def test_filters(pipe, send, bodies, depth, tools, pattern, passed):
    """What no filter wants is deleted, text where a pattern asks for JSON among it."""
    criteria = {"FilterCriteria": {"Filters": [{"Pattern": json.dumps(pattern)}]}}
    template = {"InputTemplate": "<$.body>"}
    pipe(tools.arn("in"), tools.arn("out"), SourceParameters=criteria, TargetParameters=template)
    send("in", {"kind": "a", "n": 1}, {"kind": "b", "n": 2}, "plain text")
    assert bodies("out") == passed
    assert depth("in") == (0, 0)


def test_one_filter_of_several_is_enough(pipe, send, bodies, tools):
    filters = [{"Pattern": json.dumps({"body": {"n": [number]}})} for number in (1, 3)]
    pipe(
        tools.arn("in"),
        tools.arn("out"),
        SourceParameters={"FilterCriteria": {"Filters": filters}},
        TargetParameters={"InputTemplate": "<$.body.n>"},
    )
    send("in", *({"n": number} for number in range(5)))
    assert sorted(bodies("out")) == [1, 3]


def test_a_window_gathers(aws, queue, pipe, send, raw, tools):
    queue("slow", VisibilityTimeout="120")
    own = {"SqsQueueParameters": {"BatchSize": 3, "MaximumBatchingWindowInSeconds": 60}}
    pipe(tools.arn("slow"), tools.arn("out"), SourceParameters=own)
    before = len(aws.calls.of("sqs:SendMessageBatch"))
    send("slow", "1", "2")
    assert raw("out") == []
    aws.clock.advance(seconds=20)
    send("slow", "3")
    assert len(raw("out")) == 3
    send("slow", "4")
    aws.clock.advance(seconds=10)
    assert raw("out") == []
    aws.clock.advance(seconds=50)
    assert len(raw("out")) == 1
    assert len(aws.calls.of("sqs:SendMessageBatch")) - before == 2


def test_a_window_longer_than_the_visibility_timeout_brings_duplicates(aws, pipe, send, raw, tools):
    """What the User Guide warns of: the message is visible again before its batch is sent."""
    own = {"SqsQueueParameters": {"BatchSize": 3, "MaximumBatchingWindowInSeconds": 45}}
    pipe(tools.arn("in"), tools.arn("out"), SourceParameters=own)
    send("in", "1")
    aws.clock.advance(seconds=60)
    assert len(raw("out")) == 2


def test_messages_that_do_not_arrive_come_back_and_end_in_the_dead_letter_queue(
    aws, client, queue, pipe, send, bodies, depth, tools
):
    queue("dead")
    redrive = json.dumps({"deadLetterTargetArn": tools.arn("dead"), "maxReceiveCount": 2})
    queue("failing", VisibilityTimeout="30", RedrivePolicy=redrive)
    pipe(tools.arn("failing"), tools.arn("nowhere"))
    send("failing", {"id": 1})
    assert depth("failing") == (0, 1)
    aws.clock.advance(seconds=30)
    assert depth("failing") == (0, 1)
    assert bodies("dead") == []
    aws.clock.advance(seconds=31)
    assert bodies("dead") == [{"id": 1}]
    assert depth("failing") == (0, 0)


def test_messages_that_fail_alone(aws, pipe, send, bodies, depth, tools):
    aws.faults.add("sqs:SendMessageBatch", partial=1, times=1)
    send("in", 1, 2, 3)
    pipe(tools.arn("in"), tools.arn("out"), TargetParameters={"InputTemplate": "<$.body>"})
    first = bodies("out")
    assert len(first) == 2
    assert depth("in") == (0, 1)
    aws.clock.advance(seconds=31)
    assert sorted(first + bodies("out")) == [1, 2, 3]
    assert depth("in") == (0, 0)


def test_a_queue_without_visibility_timeout_does_not_spin(aws, queue, pipe, send, tools):
    queue("hasty", VisibilityTimeout="0")
    pipe(tools.arn("hasty"), tools.arn("nowhere"))
    send("hasty", "x")
    before = len(aws.calls.of("sqs:SendMessageBatch"))
    aws.clock.advance(seconds=60)
    assert 0 < len(aws.calls.of("sqs:SendMessageBatch")) - before < 10


def test_groups_keep_their_order(aws, queue, pipe, send, raw, tools):
    for name in ("in.fifo", "out.fifo"):
        queue(name, VisibilityTimeout="30")
    pipe(
        tools.arn("in.fifo"),
        tools.arn("out.fifo"),
        TargetParameters={
            "InputTemplate": "<$.body.n>",
            "SqsQueueParameters": {
                "MessageGroupId": "$.attributes.MessageGroupId",
                "MessageDeduplicationId": "$.messageId",
            },
        },
    )
    for number in range(12):
        send("in.fifo", {"n": number}, MessageGroupId="even" if number % 2 == 0 else "odd")
    found = raw("out.fifo")
    for group, wanted in (("even", [0, 2, 4, 6, 8, 10]), ("odd", [1, 3, 5, 7, 9, 11])):
        assert [int(one["Body"]) for one in found if one["Attributes"]["MessageGroupId"] == group] == wanted


def test_stopped_and_started(aws, pipe, pipes, send, bodies, depth, tools):
    pipe(tools.arn("in"), tools.arn("out"))
    assert pipes.stop_pipe(Name="p")["CurrentState"] == "STOPPING"
    send("in", "1")
    assert pipes.describe_pipe(Name="p")["CurrentState"] == "STOPPED"
    assert bodies("out") == []
    assert depth("in") == (1, 0)
    assert pipes.start_pipe(Name="p")["CurrentState"] == "STARTING"
    assert len(bodies("out")) == 1


def test_deleted(pipe, pipes, send, bodies, tools):
    pipe(tools.arn("in"), tools.arn("out"))
    assert pipes.delete_pipe(Name="p")["CurrentState"] == "DELETING"
    send("in", "1")
    assert bodies("out") == []
    pipe(tools.arn("in"), tools.arn("out"))
    assert len(bodies("out")) == 1


def test_a_snapshot_takes_a_pipe_along(aws, pipe, send, bodies, tools):
    before = aws.snapshot()
    pipe(tools.arn("in"), tools.arn("out"))
    running = aws.snapshot()
    send("in", "1")
    assert len(bodies("out")) == 1
    aws.restore(running)
    send("in", "2")
    assert [event["body"] for event in bodies("out")] == ["2"]
    aws.restore(before)
    send("in", "3")
    assert bodies("out") == []


# --- templates


def made(pipe, send, bodies, tools, template, body):
    pipe(tools.arn("in"), tools.arn("out"), TargetParameters={"InputTemplate": template})
    send("in", body)
    (found,) = bodies("out")
    return found


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ('"Hello, sender"', "Hello, sender"),
        ('{"k": "v"}', {"k": "v"}),
        ("<$.body.id>", 7),
        ('{"id": <$.body.id>, "text": "order <$.body.id> of <$.body.who>"}', {"id": 7, "text": "order 7 of Ann"}),
        ('{"first": <$.body.items[0].sku>, "all": <$.body.items[*].sku>}', {"first": "a", "all": ["a", "b"]}),
        ('{"none": <$.body.none>}', {"none": ""}),
        ('{"data": <$.body>}', {"data": {"id": 7, "who": "Ann", "items": [{"sku": "a"}, {"sku": "b"}]}}),
        ('"<$.body.items[1]>"', "{sku:b}"),
        ('"<aws.pipes.pipe-name> <aws.pipes.source-arn>"', "p arn:aws:sqs:us-east-1:123456789012:in"),
        (
            '"<aws.pipes.pipe-arn> <aws.pipes.target-arn> <aws.pipes.enrichment-arn>"',
            "arn:aws:pipes:us-east-1:123456789012:pipe/p arn:aws:sqs:us-east-1:123456789012:out ",
        ),
        ('{"at": <aws.pipes.event.ingestion-time>}', {"at": "2026-03-01T00:00:00.000Z"}),
    ],
)
def test_templates(pipe, send, bodies, tools, template, expected):
    body = {"id": 7, "who": "Ann", "items": [{"sku": "a"}, {"sku": "b"}]}
    assert made(pipe, send, bodies, tools, template, body) == expected


def test_the_event_with_and_without_its_body_read(pipe, send, bodies, tools):
    found = made(pipe, send, bodies, tools, '{"e": <aws.pipes.event>, "j": <aws.pipes.event.json>}', {"id": 7})
    assert json.loads(found["e"]["body"]) == {"id": 7}
    assert found["j"]["body"] == {"id": 7}

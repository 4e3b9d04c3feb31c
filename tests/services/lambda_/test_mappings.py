"""Event source mappings: queues and streams that Lambda polls."""

import json
from base64 import b64decode
from itertools import pairwise

import pytest

from tests.services.lambda_.conftest import ACCOUNT, REGION

INVALID = "InvalidParameterValueException"
NEVER = f"arn:aws:sqs:{REGION}:{ACCOUNT}:never"


@pytest.fixture
def queue(client):
    """queue("jobs", VisibilityTimeout="60") -> (URL, ARN)"""

    def queue(name="jobs", **attributes):
        if name.endswith(".fifo"):
            attributes = {"FifoQueue": "true", "ContentBasedDeduplication": "true", **attributes}
        url = client("sqs").create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        return url, f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"

    return queue


@pytest.fixture
def stream(aws, client):
    """stream() -> the ARN of a Kinesis stream with a shard."""

    def stream(name="clicks", shards=1):
        client("kinesis").create_stream(StreamName=name, ShardCount=shards)
        return f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/{name}"

    return stream


@pytest.fixture
def put(client):
    def put(*values, key="k"):
        for value in values:
            client("kinesis").put_record(StreamName="clicks", Data=str(value).encode(), PartitionKey=key)

    return put


@pytest.fixture
def mapped(functions, make):
    """mapped(arn, **settings) -> batches the function got, each a list of bodies (or base64 data)."""

    def mapped(arn, answer=None, **settings):
        batches = []

        def code(event, context):
            batch = [_said(record) for record in event["Records"]]
            batches.append(batch)
            return answer(event, batches) if answer is not None else None

        make(code=code)
        mapped.made = functions.create_event_source_mapping(FunctionName="f", EventSourceArn=arn, **settings)
        return batches

    return mapped


def _said(record):
    if "kinesis" in record:
        return b64decode(record["kinesis"]["data"]).decode()
    return record.get("body") or record["eventName"]


def waiting(client, url):
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    told = client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return tuple(int(told[name]) for name in names)


@pytest.mark.rule("lambda-070", "lambda-087", "lambda-088", "lambda-089")
def test_messages_of_a_queue(client, functions, mapped, queue):
    url, arn = queue()
    batches = mapped(arn)
    made = mapped.made
    assert (made["State"], made["BatchSize"]) == ("Creating", 10)
    assert functions.get_event_source_mapping(UUID=made["UUID"])["State"] == "Enabled"
    listed = functions.list_event_source_mappings(FunctionName="f")["EventSourceMappings"]
    assert [one["UUID"] for one in listed] == [made["UUID"]]
    client("sqs").send_message(QueueUrl=url, MessageBody="a")
    entries = [{"Id": str(number), "MessageBody": str(number)} for number in range(3)]
    client("sqs").send_message_batch(QueueUrl=url, Entries=entries)
    assert sorted(body for batch in batches for body in batch) == ["0", "1", "2", "a"]
    assert waiting(client, url) == (0, 0)


@pytest.mark.rule("lambda-094", "lambda-093")
@pytest.mark.aws(at="2026-01-01")
def test_failed_messages_come_again_and_go_to_the_queues_dead_letters(aws, client, mapped, queue):
    dead, dead_arn = queue("dead")
    policy = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 2})
    url, arn = queue(VisibilityTimeout="30", RedrivePolicy=policy)
    counts = []

    def fail(event, batches):
        counts.extend(one["attributes"]["ApproximateReceiveCount"] for one in event["Records"])
        raise ValueError("no")

    batches = mapped(arn, fail)
    client("sqs").send_message(QueueUrl=url, MessageBody="a")
    assert (batches, waiting(client, url)) == ([["a"]], (0, 1))
    aws.clock.advance(seconds=30)
    assert (batches, counts) == ([["a"], ["a"]], ["1", "2"])
    aws.clock.advance(minutes=5)
    assert len(batches) == 2
    assert [one["Body"] for one in client("sqs").receive_message(QueueUrl=dead)["Messages"]] == ["a"]


@pytest.mark.aws(at="2026-01-01")
def test_partial_failures(aws, client, mapped, queue):
    url, arn = queue(VisibilityTimeout="30")

    def report(event, batches):
        failed = [one["messageId"] for one in event["Records"] if one["body"] == "bad" and len(batches) == 1]
        return {"batchItemFailures": [{"itemIdentifier": id} for id in failed]}

    batches = mapped(arn, report, FunctionResponseTypes=["ReportBatchItemFailures"])
    entries = [{"Id": body, "MessageBody": body} for body in ("good", "bad", "fine")]
    client("sqs").send_message_batch(QueueUrl=url, Entries=entries)
    assert waiting(client, url) == (0, 1)
    aws.clock.advance(seconds=30)
    assert (batches[1], waiting(client, url)) == (["bad"], (0, 0))


@pytest.mark.rule("lambda-077", "lambda-091")
@pytest.mark.aws(at="2026-01-01")
def test_a_window_gathers(aws, client, mapped, queue):
    url, arn = queue()
    batches = mapped(arn, BatchSize=10000, MaximumBatchingWindowInSeconds=20)
    for body in "abc":
        client("sqs").send_message(QueueUrl=url, MessageBody=body)
    aws.clock.advance(seconds=19)
    assert batches == []
    aws.clock.advance(seconds=1)
    assert [sorted(batch) for batch in batches] == [["a", "b", "c"]]


@pytest.mark.rule("lambda-095")
@pytest.mark.aws(at="2026-01-01")
def test_groups_of_a_fifo_queue_stay_in_order(aws, client, mapped, queue):
    url, arn = queue("jobs.fifo", VisibilityTimeout="30")

    def fail_once(event, batches):
        if len(batches) == 1:
            raise ValueError("no")

    batches = mapped(arn, fail_once, BatchSize=1)
    for body in ("a", "b", "c"):
        client("sqs").send_message(QueueUrl=url, MessageBody=body, MessageGroupId="g")
    assert batches == [["a"]]
    aws.clock.advance(seconds=30)
    assert batches == [["a"], ["a"], ["b"], ["c"]]


def test_filters_take_away_what_nobody_wants(client, mapped, queue):
    url, arn = queue()
    criteria = {"Filters": [{"Pattern": json.dumps({"body": {"kind": ["order"]}})}]}
    batches = mapped(arn, FilterCriteria=criteria)
    for body in ({"kind": "order"}, {"kind": "other"}):
        client("sqs").send_message(QueueUrl=url, MessageBody=json.dumps(body))
    assert (batches, waiting(client, url)) == ([['{"kind": "order"}']], (0, 0))


@pytest.mark.rule("lambda-057")
def test_a_loop_through_a_queue_is_stopped(aws, client, mapped, queue):
    url, arn = queue()
    again = lambda event, batches: client("sqs").send_message(QueueUrl=url, MessageBody="again") and None  # noqa: E731
    batches = mapped(arn, again)
    client("sqs").send_message(QueueUrl=url, MessageBody="once")
    assert (len(batches), waiting(client, url)) == (16, (0, 0))


@pytest.mark.rule("lambda-090", "lambda-091", "lambda-092", "lambda-074", "lambda-079")
def test_refusals(functions, make, queue, stream, refused):
    make(Timeout=60)
    create = lambda arn, **more: functions.create_event_source_mapping(  # noqa: E731
        FunctionName="f", EventSourceArn=arn, **more
    )
    _, short = queue("short", VisibilityTimeout="30")
    _, plain = queue("plain", VisibilityTimeout="60")
    _, fifo = queue("jobs.fifo", VisibilityTimeout="60")
    clicks = stream()
    late = "Queue visibility timeout: 30 seconds is less than Function timeout: 60 seconds"
    assert refused(create, arn=short) == (INVALID, late)
    window = "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10"
    assert refused(create, arn=plain, BatchSize=11) == (INVALID, window)
    assert refused(create, arn=fifo, BatchSize=11)[0] == INVALID
    assert refused(create, arn=clicks)[0] == INVALID
    assert refused(create, arn=clicks, StartingPosition="LATEST", ParallelizationFactor=11)[0] == "ValidationException"
    table = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/t/stream/2026-01-01T00:00:00.000"
    timed = {"StartingPosition": "AT_TIMESTAMP", "StartingPositionTimestamp": 1}
    assert refused(create, arn=table, **timed)[0] == INVALID
    assert refused(create, arn=table, StartingPosition="LATEST") == (INVALID, f"Stream not found: {table}")
    code, message = refused(create, arn=NEVER)
    assert (code, "AWS.SimpleQueueService.NonExistentQueue" in message) == (INVALID, True)
    made = create(plain)
    assert refused(create, arn=plain) == (
        "ResourceConflictException",
        f'An event source mapping with SQS arn (" {plain} ") and function (" f ") already exists. Please update or '
        f"delete the existing mapping with UUID {made['UUID']}",
    )
    broker = f"arn:aws:kafka:{REGION}:{ACCOUNT}:cluster/c/1"
    assert refused(create, arn=broker)[0] == "NotImplemented"
    assert len(functions.list_event_source_mappings()["EventSourceMappings"]) == 1


def test_a_mapping_that_is_disabled_or_gone_reads_nothing(client, functions, mapped, queue, refused):
    url, arn = queue()
    batches = mapped(arn)
    uuid = mapped.made["UUID"]
    assert functions.update_event_source_mapping(UUID=uuid, Enabled=False)["State"] == "Disabling"
    client("sqs").send_message(QueueUrl=url, MessageBody="a")
    assert (batches, waiting(client, url)) == ([], (1, 0))
    functions.update_event_source_mapping(UUID=uuid, Enabled=True)
    assert (functions.get_event_source_mapping(UUID=uuid)["State"], batches) == ("Enabled", [["a"]])
    assert functions.delete_event_source_mapping(UUID=uuid)["State"] == "Deleting"
    gone = ("ResourceNotFoundException", "The resource you requested does not exist.")
    assert refused(functions.get_event_source_mapping, UUID=uuid) == gone
    client("sqs").send_message(QueueUrl=url, MessageBody="b")
    assert batches == [["a"]]


@pytest.mark.aws(lifecycle="timed", at="2026-01-01")
def test_states_take_time(aws, client, functions, make, queue):
    seen = []
    make(code=lambda event, context: seen.append(event))
    aws.clock.advance(minutes=1)
    url, arn = queue()
    uuid = functions.create_event_source_mapping(FunctionName="f", EventSourceArn=arn)["UUID"]
    client("sqs").send_message(QueueUrl=url, MessageBody="a")
    state = lambda: functions.get_event_source_mapping(UUID=uuid)["State"]  # noqa: E731
    assert (state(), seen) == ("Creating", [])
    aws.clock.advance(minutes=1)
    assert (state(), len(seen)) == ("Enabled", 1)


@pytest.mark.rule("lambda-073", "lambda-075", "lambda-076", "lambda-103", "kinesis-045")
def test_records_of_a_stream(client, mapped, put, stream):
    arn = stream()
    put("early")
    batches = mapped(arn, StartingPosition="TRIM_HORIZON")
    assert mapped.made["BatchSize"] == 100
    put(1, 2)
    assert [value for batch in batches for value in batch] == ["early", "1", "2"]
    iterator = client("kinesis").get_shard_iterator(
        StreamName="clicks", ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    assert len(client("kinesis").get_records(ShardIterator=iterator)["Records"]) == 3


@pytest.mark.rule("lambda-074")
def test_the_latest_only(mapped, put, stream):
    arn = stream()
    put("early")
    batches = mapped(arn, StartingPosition="LATEST")
    put("late")
    assert batches == [["late"]]


@pytest.mark.rule("lambda-081", "lambda-082")
@pytest.mark.aws(at="2026-01-01")
def test_a_failing_batch_holds_its_shard_up(aws, mapped, put, stream):
    broken = [True]

    def fail(event, batches):
        if broken:
            raise ValueError("no")

    arn = stream()
    batches = mapped(arn, fail, StartingPosition="LATEST")
    put(1)
    put(2)
    aws.clock.advance(seconds=10)
    assert len(batches) > 2
    assert all(batch == ["1"] for batch in batches)
    broken.clear()
    aws.clock.advance(minutes=1)
    assert batches[-2:] == [["1"], ["2"]]


@pytest.mark.rule("lambda-084", "lambda-086", "lambda-085")
@pytest.mark.aws(at="2026-01-01")
def test_discarded_batches(aws, client, mapped, queue, put, stream):
    dead, dead_arn = queue("dead")

    def fail(event, batches):
        if "bad" in batches[-1]:
            raise ValueError("no")

    arn = stream()
    put("a", "b", "bad", "c")
    batches = mapped(
        arn,
        fail,
        StartingPosition="TRIM_HORIZON",
        MaximumRetryAttempts=0,
        BisectBatchOnFunctionError=True,
        DestinationConfig={"OnFailure": {"Destination": dead_arn}},
    )
    aws.clock.advance(minutes=5)
    assert batches == [["a", "b", "bad", "c"], ["a", "b"], ["bad", "c"], ["bad"], ["c"]]
    (message,) = client("sqs").receive_message(QueueUrl=dead)["Messages"]
    told = json.loads(message["Body"])
    assert told["requestContext"]["condition"] == "RetryAttemptsExhausted"
    batch = told["KinesisBatchInfo"]
    assert (batch["batchSize"], batch["shardId"], batch["streamArn"]) == (1, "shardId-000000000000", arn)


@pytest.mark.rule("lambda-083")
@pytest.mark.aws(at="2026-01-01")
def test_records_that_are_too_old(aws, mapped, put, stream):
    arn = stream()
    put("old")
    aws.clock.advance(minutes=5)
    put("new")
    batches = mapped(arn, StartingPosition="TRIM_HORIZON", MaximumRecordAgeInSeconds=60)
    assert batches == [["new"]]


@pytest.mark.rule("lambda-078", "lambda-080")
def test_parallel_batches_keep_the_order_of_a_key(mapped, put, stream):
    arn = stream()
    for number in range(5):
        put(f"a{number}", key="a")
        put(f"b{number}", key="b")
    batches = mapped(arn, StartingPosition="TRIM_HORIZON", ParallelizationFactor=10)
    got = [value for batch in batches for value in batch]
    assert [value for value in got if value[0] == "a"] == [f"a{number}" for number in range(5)]
    assert len(got) == 10


@pytest.mark.rule("lambda-071", "lambda-072")
@pytest.mark.aws(authorization=True)
def test_sources_are_read_as_the_functions_role(client, functions, make, queue, stream, refused):
    iam = client("iam")
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    iam.create_role(RoleName="app", AssumeRolePolicyDocument=document)
    seen = []
    make(code=lambda event, context: seen.append(event))
    url, arn = queue()
    create = lambda arn, **more: functions.create_event_source_mapping(  # noqa: E731
        FunctionName="f", EventSourceArn=arn, **more
    )
    message = "The provided execution role does not have permissions to call ReceiveMessage on SQS"
    assert refused(create, arn=arn) == (INVALID, message)
    code, message = refused(create, arn=stream(), StartingPosition="LATEST")
    assert (code, message.startswith("Cannot access stream arn:aws:kinesis")) == (INVALID, True)
    actions = [f"sqs:{name}" for name in ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")]
    allow = {"Effect": "Allow", "Action": actions, "Resource": arn}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    iam.put_role_policy(RoleName="app", PolicyName="p", PolicyDocument=policy)
    create(arn)
    client("sqs").send_message(QueueUrl=url, MessageBody="a")
    assert (len(seen), waiting(client, url)) == (1, (0, 0))


@pytest.mark.rule("lambda-084")
@pytest.mark.aws(at="2026-01-01")
def test_retries_wait_longer_each_time_and_end(aws, client, mapped, queue, put, stream):
    dead, dead_arn = queue("dead")
    times = []

    def fail(event, batches):
        times.append(round(aws.clock.time()))
        raise ValueError("no")

    arn = stream()
    put("bad")
    mapped(
        arn,
        fail,
        StartingPosition="TRIM_HORIZON",
        MaximumRetryAttempts=3,
        DestinationConfig={"OnFailure": {"Destination": dead_arn}},
    )
    aws.clock.advance(minutes=5)
    assert [later - earlier for earlier, later in pairwise(times)] == [1, 2, 4]
    (message,) = client("sqs").receive_message(QueueUrl=dead)["Messages"]
    context = json.loads(message["Body"])["requestContext"]
    assert (context["condition"], context["approximateInvokeCount"]) == ("RetryAttemptsExhausted", 4)


def test_what_a_function_writes_into_its_own_stream_is_read_after_it(mapped, put, stream):
    """Not on top of it: its batches of a shard come one after the other."""
    running = []

    def answer(event, batches):
        assert not running
        running.append(True)
        if batches[-1] == ["1"]:
            put(2)
        running.clear()

    arn = stream()
    batches = mapped(arn, answer, StartingPosition="LATEST")
    put(1)
    assert batches == [["1"], ["2"]]

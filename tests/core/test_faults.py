"""Scripted faults, as clients see them."""

import asyncio
import urllib.error
import urllib.request

import boto3
import httpx
import pytest
import requests
from botocore import exceptions
from botocore.config import Config
from botocore.exceptions import ClientError

from awsim import AWSError, AwsimError, Cloud, mock_aws
from awsim.choices import PROMISES


@pytest.fixture
def cloud():
    return Cloud(at="2026-01-01")


@pytest.fixture
def sqs(aws):
    config = Config(read_timeout=5, retries={"total_max_attempts": 2, "mode": "standard"})
    return boto3.client("sqs", region_name="us-east-1", config=config)


def code_of(cloud, operation="ListQueues", **parameters):
    try:
        cloud.call("sqs", operation, **parameters)
    except AWSError as error:
        return error.code
    return None


# --- which calls


def test_by_name_number_and_region(cloud):
    fault = cloud.faults.add("sqs:List*", error="InternalError", times=2, region="us-east-1")
    assert [code_of(cloud) for _ in range(3)] == ["InternalError", "InternalError", None]
    assert fault.hits == 2
    fault.remove()
    with cloud.faults.add("sqs", error="InternalError", region="eu-west-1"):
        assert code_of(cloud) is None
    assert len(cloud.faults) == 0


@pytest.mark.parametrize(
    ("resource", "met"),
    [("orders", {"orders"}), ("ord*", {"orders"}), ("*", {"orders", "other"}), ("orde", set()), ("*/ord*", {"orders"})],
)
def test_by_resource(cloud, resource, met):
    urls = {name: cloud.call("sqs", "CreateQueue", QueueName=name)["QueueUrl"] for name in ("orders", "other")}
    cloud.faults.add("sqs:SendMessage", error="InternalError", resource=resource)
    hit = {name for name, url in urls.items() if code_of(cloud, "SendMessage", QueueUrl=url, MessageBody="x")}
    assert hit == met


def test_by_key_of_a_bucket_and_table_of_a_batch(aws):
    s3 = boto3.client("s3", region_name="us-east-1")
    s3.create_bucket(Bucket="reports")
    aws.faults.add("s3:PutObject", error="SlowDown", resource="reports/2026/*", times=1)
    s3.put_object(Bucket="reports", Key="2025/x", Body=b"")
    assert [call.fault for call in aws.calls.of("s3:PutObject")] == [None]
    s3.put_object(Bucket="reports", Key="2026/x", Body=b"")
    assert [call.fault for call in aws.calls.of("s3:PutObject")] == [None, "error SlowDown", None]
    aws.faults.add("dynamodb:BatchGetItem", error="InternalServerError", resource="orders")
    with pytest.raises(AWSError, match="InternalServerError"):
        aws.call("dynamodb", "BatchGetItem", RequestItems={"orders": {"Keys": [{"id": {"S": "x"}}]}})


def test_a_probability_is_a_decision_of_the_seed_and_can_be_replayed():
    def run(**options):
        cloud = Cloud(at="2026-01-01", **options)
        cloud.faults.add("sqs:ListQueues", error="InternalError", probability=0.3)
        met = [code_of(cloud) is not None for _ in range(50)]
        return met, [str(choice) for choice in cloud.choices if choice.deviates]

    met, decisions = run(seed=3)
    assert 5 < sum(met) < 30
    assert (met, decisions) == run(seed=3)
    assert met != run(seed=4)[0]
    assert run(replay=", ".join(decisions)) == (met, decisions)
    assert run(replay="fault.sqs:ListQueues#2=1")[0] == [False, True] + [False] * 48
    assert not any(run(explore=3)[0])


def test_exploration_decides_what_has_a_probability():
    sqs = boto3.client("sqs", region_name="us-east-1")

    @mock_aws(explore=20)
    def test():
        from awsim import intercept

        intercept.active().faults.add("sqs:ListQueues", error="AccessDenied", status=403, probability=0.01)
        sqs.list_queues()
        sqs.list_queues()

    with pytest.raises(ClientError) as caught:
        test()
    note = caught.value.__notes__[0]
    assert "sqs:ListQueues (call 2) met a fault: error AccessDenied; the test asked for it with aws.faults" in note or (
        "sqs:ListQueues (call 1) met a fault" in note
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"name": ""}, "names no call"),
        ({"name": "sqs:A,b"}, "names no call"),
        ({"name": "sqs", "connection": "cut"}, "'refused', 'reset', 'lost'"),
        ({"name": "sqs", "probability": 3}, "from 0 to 1"),
        ({"name": "sqs:SendMessage", "partial": 1}, "sqs:SendMessageBatch"),
    ],
)
def test_wrong_ones_say_what_to_write(cloud, arguments, words):
    with pytest.raises(AwsimError, match=words):
        cloud.faults.add(**arguments)
    assert not cloud.faults


# --- outages


def test_outages(cloud):
    with cloud.faults.outage("sqs"):
        assert code_of(cloud) == "ServiceUnavailable"
        assert cloud.call("sts", "GetCallerIdentity")
    with cloud.faults.outage(region="eu-west-1"):
        assert code_of(cloud) is None
        with pytest.raises(AWSError) as caught:
            cloud.call("dynamodb", "ListTables", region="eu-west-1")
        assert (caught.value.code, caught.value.status) == ("InternalServerError", 500)
    with cloud.faults.outage(zone="us-east-1a") as fault:
        assert cloud.faults.is_out("us-east-1a")
        assert not cloud.faults.is_out("us-east-1b")
        # Regional services go on.
        assert code_of(cloud) is None
        assert fault.hits == 0
    assert not cloud.faults.is_out("us-east-1a")
    with pytest.raises(AwsimError, match="an outage of what"):
        cloud.faults.outage()


def test_a_client_retries_an_outage_that_passes(aws, sqs):
    aws.faults.add("sqs", times=1)
    assert sqs.list_queues()["ResponseMetadata"]["RetryAttempts"] == 1
    assert [call.fault for call in aws.calls] == ["outage", None]


# --- time and connections


@pytest.mark.aws(at="2026-01-01")
def test_latency_passes_on_the_clock(aws, sqs):
    before = aws.clock.time()
    with aws.faults.add("sqs:ListQueues", latency=3):
        sqs.list_queues()
    assert aws.clock.time() - before == pytest.approx(3)
    assert aws.calls[0].fault == "latency 3 s"


@pytest.mark.aws(at="2026-01-01")
def test_a_read_timeout_shorter_than_the_latency_fires_though_the_work_was_done(aws, sqs):
    before = aws.clock.time()
    with aws.faults.add("sqs:CreateQueue", latency=10) as fault, pytest.raises(exceptions.ReadTimeoutError):
        sqs.create_queue(QueueName="q")
    assert fault.hits == 2  # botocore tried again
    assert 10 <= aws.clock.time() - before < 20  # five seconds each, and a back-off
    assert len(sqs.list_queues()["QueueUrls"]) == 1


@pytest.mark.parametrize(
    ("connection", "exception", "done"),
    [
        ("refused", exceptions.EndpointConnectionError, False),
        ("reset", exceptions.ConnectionClosedError, False),
        ("lost", exceptions.ConnectionClosedError, True),
    ],
)
def test_broken_connections(aws, sqs, connection, exception, done):
    with aws.faults.add("sqs:CreateQueue", connection=connection), pytest.raises(exception):
        sqs.create_queue(QueueName="q")
    assert ("QueueUrls" in sqs.list_queues()) is done
    listed = "answer lost" if connection == "lost" else f"connection {connection}"
    assert {call.fault for call in aws.calls.of("sqs:CreateQueue")} == {listed}


def test_a_connection_that_breaks_once_is_retried(aws, sqs):
    aws.faults.add("sqs", connection="reset", times=1)
    assert sqs.list_queues()["ResponseMetadata"]["RetryAttempts"] == 1


def test_other_http_clients(aws):
    s3 = boto3.client("s3", region_name="us-east-1")
    s3.create_bucket(Bucket="reports")
    s3.put_object(Bucket="reports", Key="k", Body=b"x")
    url = s3.generate_presigned_url("get_object", Params={"Bucket": "reports", "Key": "k"})
    for connection, of_httpx in (("refused", httpx.ConnectError), ("reset", httpx.ReadError)):
        with aws.faults.add("s3:GetObject", connection=connection):
            with pytest.raises(requests.ConnectionError):
                requests.get(url)
            with pytest.raises(of_httpx):
                httpx.get(url)
            with pytest.raises(urllib.error.URLError):
                urllib.request.urlopen(url)
    with aws.faults.add("s3:GetObject", latency=30):
        with pytest.raises(requests.ReadTimeout):
            requests.get(url, timeout=3)
        with pytest.raises(httpx.ReadTimeout):
            httpx.get(url, timeout=3)
        with pytest.raises(urllib.error.URLError):
            urllib.request.urlopen(url, timeout=3)
        assert requests.get(url, timeout=31).text == "x"


def test_aiobotocore(aws):
    session = pytest.importorskip("aiobotocore.session").get_session()

    async def run():
        config = pytest.importorskip("aiobotocore.config").AioConfig(read_timeout=5, retries={"total_max_attempts": 1})
        async with session.create_client("sqs", region_name="us-east-1", config=config) as sqs:
            with aws.faults.add("sqs", connection="refused"), pytest.raises(exceptions.EndpointConnectionError):
                await sqs.list_queues()
            with aws.faults.add("sqs", latency=6), pytest.raises(exceptions.ReadTimeoutError):
                await sqs.list_queues()

    asyncio.run(run())


# --- batches


def test_part_of_an_sqs_batch(aws, sqs):
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    entries = [{"Id": str(n), "MessageBody": str(n)} for n in range(4)]
    with aws.faults.add("sqs:SendMessageBatch", partial=2):
        answer = sqs.send_message_batch(QueueUrl=url, Entries=entries)
    assert [one["Id"] for one in answer["Successful"]] == ["0", "1"]
    assert [(one["Id"], one["Code"], one["SenderFault"]) for one in answer["Failed"]] == [
        ("2", "InternalError", False),
        ("3", "InternalError", False),
    ]
    counted = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
    assert counted["Attributes"]["ApproximateNumberOfMessages"] == "2"
    (call,) = aws.calls.of("sqs:SendMessageBatch")
    assert (call.fault, len(call.parameters["Entries"])) == ("2 of the batch fail", 4)
    with aws.faults.add("sqs:SendMessageBatch", partial=9):
        assert "Successful" not in sqs.send_message_batch(QueueUrl=url, Entries=entries)


def test_part_of_an_s3_batch(aws):
    s3 = boto3.client("s3", region_name="us-east-1")
    s3.create_bucket(Bucket="reports")
    for key in "abc":
        s3.put_object(Bucket="reports", Key=key, Body=b"")
    with aws.faults.add("s3:DeleteObjects", partial=1):
        answer = s3.delete_objects(Bucket="reports", Delete={"Objects": [{"Key": key} for key in "abc"]})
    assert [one["Key"] for one in answer["Deleted"]] == ["a", "b"]
    assert [(one["Key"], one["Code"]) for one in answer["Errors"]] == [("c", "InternalError")]
    assert s3.list_objects_v2(Bucket="reports")["KeyCount"] == 1


def test_part_of_dynamodb_batches(aws):
    db = boto3.client("dynamodb", region_name="us-east-1", config=Config(retries={"total_max_attempts": 1}))
    db.create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    keys = [{"id": {"S": key}} for key in "abc"]
    puts = {"orders": [{"PutRequest": {"Item": key}} for key in keys]}
    with aws.faults.add("dynamodb:BatchWriteItem", partial=1):
        assert db.batch_write_item(RequestItems=puts)["UnprocessedItems"] == {"orders": puts["orders"][2:]}
    assert db.scan(TableName="orders")["Count"] == 2
    with aws.faults.add("dynamodb:BatchGetItem", partial=1):
        answer = db.batch_get_item(RequestItems={"orders": {"Keys": keys, "ConsistentRead": True}})
    assert [item["id"]["S"] for item in answer["Responses"]["orders"]] == ["a", "b"]
    assert answer["UnprocessedKeys"] == {"orders": {"Keys": keys[2:], "ConsistentRead": True}}
    for operation in ("BatchWriteItem", "BatchGetItem"):
        with aws.faults.add(f"dynamodb:{operation}", partial=3), pytest.raises(ClientError) as caught:
            db.batch_write_item(RequestItems=puts)
            db.batch_get_item(RequestItems={"orders": {"Keys": keys}})
        assert caught.value.response["Error"]["Code"] == "ProvisionedThroughputExceededException"


def test_part_of_an_sns_batch(aws, sqs):
    sns = boto3.client("sns", region_name="us-east-1")
    topic = sns.create_topic(Name="t")["TopicArn"]
    entries = [{"Id": str(n), "Message": str(n)} for n in range(3)]
    with aws.faults.add("sns:PublishBatch", partial=1):
        answer = sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=entries)
    assert [one["Id"] for one in answer["Successful"]] == ["0", "1"]
    assert [(one["Id"], one["Code"], one["SenderFault"]) for one in answer["Failed"]] == [("2", "InternalError", False)]


def test_part_of_batches_that_answer_entry_by_entry(aws):
    kinesis = boto3.client("kinesis", region_name="us-east-1")
    kinesis.create_stream(StreamName="clicks", ShardCount=1)
    records = [{"Data": str(n).encode(), "PartitionKey": "k"} for n in range(3)]
    with aws.faults.add("kinesis:PutRecords", partial=2):
        answer = kinesis.put_records(StreamName="clicks", Records=records)
    assert answer["FailedRecordCount"] == 2
    assert [one.get("ErrorCode") for one in answer["Records"]] == [None, "InternalFailure", "InternalFailure"]
    shard = {"ShardId": answer["Records"][0]["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
    iterator = kinesis.get_shard_iterator(StreamName="clicks", **shard)["ShardIterator"]
    assert [record["Data"] for record in kinesis.get_records(ShardIterator=iterator)["Records"]] == [b"0"]
    with aws.faults.add("kinesis:PutRecords", error="ProvisionedThroughputExceededException", partial=9):
        answer = kinesis.put_records(StreamName="clicks", Records=records)
    assert [one["ErrorCode"] for one in answer["Records"]] == ["ProvisionedThroughputExceededException"] * 3

    events = boto3.client("events", region_name="us-east-1")
    entries = [{"Source": "shop", "DetailType": "order", "Detail": "{}"} for _ in range(2)]
    with aws.faults.add("events:PutEvents", partial=1):
        answer = events.put_events(Entries=entries)
    assert answer["FailedEntryCount"] == 1
    assert [sorted(one) for one in answer["Entries"]] == [["EventId"], ["ErrorCode", "ErrorMessage"]]


# --- what a fault is as state


def test_faults_are_part_of_snapshots(cloud):
    fault = cloud.faults.add("sqs", error="InternalError", times=1)
    before = cloud.snapshot()
    assert [code_of(cloud), code_of(cloud)] == ["InternalError", None]
    cloud.restore(before)
    assert fault.hits == 0
    assert [code_of(cloud), code_of(cloud)] == ["InternalError", None]
    assert "error InternalError, 1 hits" in repr(cloud.faults)


def test_every_decision_that_services_make_has_its_promise():
    import re
    from pathlib import Path

    import awsim

    root = Path(awsim.__file__).parent / "services"
    source = "\n".join(path.read_text("utf-8") for path in root.rglob("*.py"))
    made = set(re.findall(r"""choose\(\s*["']([a-z0-9-]+\.[a-z-]+)["']""", source))
    assert made
    assert made <= PROMISES.keys(), "add the promise to awsim/choices.py"

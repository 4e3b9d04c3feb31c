"""What the tests of Kinesis share: a client that never retries, streams and reads in a line, refusals to compare."""

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

REGION = "us-east-1"
ACCOUNT = "123456789012"


@pytest.fixture
def kinesis(aws):
    config = Config(retries={"max_attempts": 0}, parameter_validation=False)
    return boto3.client("kinesis", region_name=REGION, config=config)


@pytest.fixture
def make(kinesis):
    """make(shards) -> the name of a new stream."""

    def make(shards=1, name="clicks", **more):
        kinesis.create_stream(StreamName=name, ShardCount=shards, **more)
        return name

    return make


@pytest.fixture
def arn():
    return lambda name="clicks", region=REGION, account=ACCOUNT: f"arn:aws:kinesis:{region}:{account}:stream/{name}"


@pytest.fixture
def summary(kinesis):
    return lambda name="clicks": kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]


@pytest.fixture
def shards(kinesis):
    return lambda name="clicks": kinesis.list_shards(StreamName=name)["Shards"]


@pytest.fixture
def put(kinesis):
    """put(b"data", "key") -> the answer."""

    def put(data=b"data", key="key", name="clicks", **more):
        return kinesis.put_record(StreamName=name, Data=data, PartitionKey=key, **more)

    return put


@pytest.fixture
def iterator(kinesis):
    def iterator(kind="TRIM_HORIZON", shard=0, name="clicks", **more):
        return kinesis.get_shard_iterator(
            StreamName=name, ShardId=f"shardId-{shard:012d}", ShardIteratorType=kind, **more
        )["ShardIterator"]

    return iterator


@pytest.fixture
def read(kinesis, iterator):
    """read(kind, shard) -> data of the records from there on."""

    def read(kind="TRIM_HORIZON", shard=0, name="clicks", **more):
        answer = kinesis.get_records(ShardIterator=iterator(kind, shard, name, **more))
        return [record["Data"] for record in answer["Records"]]

    return read


@pytest.fixture
def refused():
    """refused(call, **params) -> (code, message)"""

    def refused(call, /, **params):
        with pytest.raises(ClientError) as caught:
            call(**params)
        error = caught.value.response["Error"]
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
        return error["Code"], error["Message"]

    return refused

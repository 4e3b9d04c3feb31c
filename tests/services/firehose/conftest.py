"""What the tests of Firehose share: clients, a bucket, delivery streams in a line, what was delivered."""

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

ROLE = "arn:aws:iam::123456789012:role/app"
BUCKET = "arn:aws:s3:::reports"


@pytest.fixture
def firehose(aws):
    config = Config(retries={"max_attempts": 0}, parameter_validation=False)
    return boto3.client("firehose", region_name="us-east-1", config=config)


@pytest.fixture
def s3(aws):
    client = boto3.client("s3", region_name="us-east-1")
    client.create_bucket(Bucket="reports")
    return client


@pytest.fixture
def make(firehose):
    """make(CompressionFormat="GZIP") -> the name of a new delivery stream into the bucket `reports`."""

    def make(name="clicks", interval=60, size=1, **destination):
        hints = {"IntervalInSeconds": interval, "SizeInMBs": size}
        firehose.create_delivery_stream(
            DeliveryStreamName=name,
            ExtendedS3DestinationConfiguration={
                "RoleARN": ROLE,
                "BucketARN": BUCKET,
                "BufferingHints": hints,
                **destination,
            },
        )
        return name

    return make


@pytest.fixture
def put(firehose):
    def put(data, name="clicks"):
        return firehose.put_record(DeliveryStreamName=name, Record={"Data": data})

    return put


@pytest.fixture
def delivered(s3):
    """delivered() -> {key: content} of what lies in a bucket."""

    def delivered(bucket="reports"):
        keys = [found["Key"] for found in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]
        return {key: s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}

    return delivered


@pytest.fixture
def refused():
    """refused(call, **params) -> (code, message)"""

    def refused(call, /, *args, **params):
        with pytest.raises(ClientError) as caught:
            call(*args, **params)
        error = caught.value.response["Error"]
        return error["Code"], error["Message"]

    return refused

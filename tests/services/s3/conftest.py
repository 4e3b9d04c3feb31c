"""Fixtures of S3's tests: clients, a bucket, and a check for what AWS refuses."""

from contextlib import contextmanager

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError


@pytest.fixture
def s3(aws):
    return boto3.client("s3", region_name="us-east-1")


@pytest.fixture
def v4(aws):
    """A client that presigns with signature version 4."""
    return boto3.client("s3", region_name="us-east-1", config=Config(signature_version="s3v4"))


@pytest.fixture
def eu(aws):
    return boto3.client("s3", region_name="eu-west-1")


@pytest.fixture
def other(aws):
    """A client of another account."""
    return boto3.client("s3", region_name="us-east-1", aws_access_key_id="210987654321", aws_secret_access_key="secret")


@pytest.fixture
def anonymous(aws):
    return boto3.client("s3", region_name="us-east-1", config=Config(signature_version=UNSIGNED))


@pytest.fixture
def bucket(s3):
    s3.create_bucket(Bucket="reports")
    return "reports"


@pytest.fixture
def versioned(s3):
    s3.create_bucket(Bucket="history")
    s3.put_bucket_versioning(Bucket="history", VersioningConfiguration={"Status": "Enabled"})
    return "history"


@pytest.fixture
def locked(s3):
    s3.create_bucket(Bucket="vault", ObjectLockEnabledForBucket=True)
    return "vault"


class Refusal:
    """What was refused: `error` holds the members of the Error element."""

    error: dict
    headers: dict


@contextmanager
def refused_as(code, message=None, status=400, **fields):
    refusal = Refusal()
    with pytest.raises(ClientError) as caught:
        yield refusal
    response = caught.value.response
    refusal.error = response["Error"]
    refusal.headers = response["ResponseMetadata"]["HTTPHeaders"]
    assert refusal.error["Code"] == code, refusal.error
    if message is not None:
        assert refusal.error["Message"] == message
    assert response["ResponseMetadata"]["HTTPStatusCode"] == status
    for name, value in fields.items():
        assert refusal.error.get(name) == value, refusal.error


@pytest.fixture
def refused():
    """`with refused("NoSuchKey", "The …", 404, Key="a"):`: the calls inside raise just that."""
    return refused_as


@pytest.fixture
def body(s3):
    """`body(bucket, key, …)`: the bytes of an object."""

    def read(bucket, key, **more):
        return s3.get_object(Bucket=bucket, Key=key, **more)["Body"].read()

    return read


@pytest.fixture
def keys(s3):
    """`keys(bucket, …)`: the keys that list_objects_v2 gives."""

    def listed(bucket, **more):
        return [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket, **more).get("Contents", [])]

    return listed


@pytest.fixture
def versions(s3):
    """`versions(bucket)`: (key, version id, is latest, is marker) in the order of list_object_versions."""

    def listed(bucket, **more):
        answer = s3.list_object_versions(Bucket=bucket, **more)
        found = [(v, False) for v in answer.get("Versions", [])] + [(v, True) for v in answer.get("DeleteMarkers", [])]
        return [(v["Key"], v["VersionId"], v["IsLatest"], marker) for v, marker in found]

    return listed

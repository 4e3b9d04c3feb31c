"""Fixtures of the tests of DynamoDB Streams: clients that never retry, a table with a stream, and its records."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

_ONCE = Config(retries={"max_attempts": 0}, parameter_validation=False)


@pytest.fixture
def tables(aws: Any) -> Any:
    return boto3.client("dynamodb", region_name="us-east-1", config=_ONCE)


@pytest.fixture
def streams(aws: Any) -> Any:
    return boto3.client("dynamodbstreams", region_name="us-east-1", config=_ONCE)


@pytest.fixture
def make(tables: Any) -> Callable[..., str]:
    """`make(view)` creates the table `things` (key pk) with a stream and returns the stream's ARN."""

    def make(view: str = "NEW_AND_OLD_IMAGES", name: str = "things") -> str:
        created = tables.create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": view},
        )
        return str(created["TableDescription"]["LatestStreamArn"])

    return make


@pytest.fixture
def put(tables: Any) -> Callable[..., Any]:
    def put(key: str, value: int = 0, **more: Any) -> Any:
        return tables.put_item(TableName="things", Item={"pk": {"S": key}, "v": {"N": str(value)}, **more})

    return put


@pytest.fixture
def shards(streams: Any) -> Callable[[str], list[dict[str, Any]]]:
    return lambda arn: streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]


@pytest.fixture
def records(streams: Any, shards: Any) -> Callable[..., list[dict[str, Any]]]:
    """All records of a stream that are left, shard by shard."""

    def records(arn: str) -> list[dict[str, Any]]:
        found = []
        for shard in shards(arn):
            iterator = streams.get_shard_iterator(
                StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
            )["ShardIterator"]
            found += streams.get_records(ShardIterator=iterator)["Records"]
        return found

    return records


@pytest.fixture
def refused() -> Callable[..., Any]:
    """`with refused("ValidationException", "message"): …`: an error of that code and exactly that message."""

    class Refused:
        def __init__(self, code: str, message: str | None = None) -> None:
            self.code, self.message = code, message

        def __enter__(self) -> None:
            return None

        def __exit__(self, kind: Any, error: Any, trace: Any) -> bool:
            assert error is not None, f"nothing was refused; expected {self.code}"
            if not isinstance(error, ClientError):
                return False
            assert error.response["Error"]["Code"] == self.code, error
            assert self.message in (None, error.response["Error"]["Message"])
            return True

    return Refused

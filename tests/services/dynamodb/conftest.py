"""Fixtures of DynamoDB's tests: a client that never retries, tables, and the limits that plain classes ask for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from awsim.limits.table import Limits


@pytest.fixture
def limits() -> Any:
    """The limits of one account and region, for classes tested without a Cloud."""
    return Limits().for_service("dynamodb", "123456789012", "us-east-1")


@pytest.fixture
def client(aws: Any) -> Any:
    """A client that shows the service's first answer: no retries, no checks of its own."""
    config = Config(retries={"max_attempts": 0}, parameter_validation=False)
    return boto3.client("dynamodb", region_name="us-east-1", config=config)


@pytest.fixture
def make(client: Any) -> Callable[..., str]:
    """`make("a:S", "b:N", name=…)` creates a table of that key; further parameters are CreateTable's."""

    def make(hash_key: str = "pk:S", sort_key: str | None = None, /, name: str = "things", **more: Any) -> str:
        keys = [hash_key] + ([sort_key] if sort_key else [])
        attributes = dict(key.split(":") for key in keys + more.pop("attributes", []))
        schema = [
            {"AttributeName": key.split(":")[0], "KeyType": kind}
            for key, kind in zip(keys, ("HASH", "RANGE"), strict=False)
        ]
        more.setdefault("BillingMode", "PAY_PER_REQUEST")
        client.create_table(
            TableName=name,
            KeySchema=schema,
            AttributeDefinitions=[{"AttributeName": k, "AttributeType": t} for k, t in attributes.items()],
            **more,
        )
        return name

    return make


@pytest.fixture
def refused() -> Callable[..., Any]:
    """`with refused("ValidationException", "message"): …`: an error of that code and exactly that message."""

    class Refused:
        def __init__(self, code: str, message: str | None = None, *, starts: str | None = None) -> None:
            self.code, self.message, self.starts = code, message, starts
            self.response: dict[str, Any] = {}

        def __enter__(self) -> Refused:
            return self

        def __exit__(self, kind: Any, error: Any, trace: Any) -> bool:
            assert error is not None, f"nothing was refused; expected {self.code}"
            if not isinstance(error, ClientError):
                return False
            self.response = error.response
            assert error.response["Error"]["Code"] == self.code, error
            if self.message is not None:
                assert error.response["Error"]["Message"] == self.message
            if self.starts is not None:
                assert error.response["Error"]["Message"].startswith(self.starts), error
            return True

    return Refused


@pytest.fixture
def contents(client: Any) -> Callable[..., Any]:
    """All items of a table, by a consistent scan."""

    def contents(name: str = "things") -> list[dict[str, Any]]:
        pages: Iterator[Any] = client.get_paginator("scan").paginate(TableName=name, ConsistentRead=True)
        return [item for page in pages for item in page["Items"]]

    return contents

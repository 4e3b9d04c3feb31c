"""Calls as state grows, and what a message, an item and a key take in memory."""

from __future__ import annotations

import gc
import os
import resource
from collections.abc import Callable
from pathlib import Path
from time import process_time
from typing import Any

from .cases import TABLE
from .report import Figure, Runs

TITLE = "Growth (CPU µs of a call through boto3; budget: largest ÷ smallest)"

SIZES = {
    "sqs": (10, 1_000, 100_000),
    "dynamodb": (1_000, 1_000_000),
    "s3": (1_000, 1_000_000),
}
WHAT = {"sqs": "a message", "dynamodb": "an item", "s3": "a key"}


def measure(backend: str, quick: bool) -> dict[str, Any]:
    """{"calls": {call: {size: µs}}, "service": the same without wire and client, "memory": bytes of each}.

    Of the service that the environment names: each has a process of its own, for what it takes in memory.
    """
    service = os.environ["BENCHMARK_SERVICE"]
    sizes = SIZES[service]
    return _measure(service, [min(size, 20_000) for size in sizes] if quick else sizes, quick)


def _measure(service: str, sizes: Any, quick: bool) -> dict[str, Any]:
    import boto3

    from awsim import mock_aws

    grow = {"sqs": _Queue, "dynamodb": _Table, "s3": _Bucket}[service]
    client = boto3.client(service)
    through_client: dict[str, dict[int, float]] = {}
    alone: dict[str, dict[int, float]] = {}
    with mock_aws() as aws:
        state = grow(aws, client)
        begin = _memory()
        for size in sizes:
            state.fill(size)
            aws.calls.clear()
            if size == sizes[-1]:
                memory = (_memory() - begin) / size
            for name, call in state.calls().items():
                through_client.setdefault(name, {})[size] = _best(lambda call=call: call(_Client(client)), quick)
                alone.setdefault(name, {})[size] = _best(lambda call=call: call(_Cloud(aws, service)), quick)
    return {"calls": through_client, "service": alone, "memory": memory}


def _best(call: Callable[[], object], quick: bool) -> float:
    """CPU µs of one call, the best of several rounds."""
    best = float("inf")
    for _ in range(3 if quick else 7):
        gc.collect()
        start = process_time()
        for _ in range(50):
            call()
        best = min(best, (process_time() - start) / 50)
    return best * 1e6


def _memory() -> int:
    """Bytes that the process takes now (where there is no /proc: the most it took so far)."""
    gc.collect()
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return pages * resource.getpagesize()


class _Client:
    """Calls operations through boto3."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __call__(self, operation: str, **parameters: Any) -> Any:
        return getattr(self._client, operation)(**parameters)


class _Cloud:
    """Calls operations without wire and client."""

    def __init__(self, aws: Any, service: str) -> None:
        self._aws = aws
        self._service = service

    def __call__(self, operation: str, **parameters: Any) -> Any:
        return self._aws.call(self._service, _NAMES[operation], parameters)


_NAMES = {
    "send_message": "SendMessage",
    "receive_message": "ReceiveMessage",
    "delete_message": "DeleteMessage",
    "get_item": "GetItem",
    "put_item": "PutItem",
    "query": "Query",
    "list_objects_v2": "ListObjectsV2",
    "get_object": "GetObject",
    "put_object": "PutObject",
}


class _Queue:
    def __init__(self, aws: Any, client: Any) -> None:
        self._aws = aws
        self._url = client.create_queue(QueueName="jobs")["QueueUrl"]
        self._sent = 0

    def fill(self, size: int) -> None:
        while self._sent < size:
            entries = [{"Id": str(number), "MessageBody": f"message {self._sent + number}"} for number in range(10)]
            self._aws.call("sqs", "SendMessageBatch", QueueUrl=self._url, Entries=entries)
            self._sent += 10
            _forget(self._aws)

    def calls(self) -> dict[str, Callable[[Any], object]]:
        def turn(call: Any) -> None:
            call("send_message", QueueUrl=self._url, MessageBody="one more")
            (message,) = call("receive_message", QueueUrl=self._url)["Messages"]
            call("delete_message", QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])

        return {"SQS send + receive + delete": turn}


class _Table:
    def __init__(self, aws: Any, client: Any) -> None:
        self._aws = aws
        client.create_table(**TABLE)
        self._put = 0

    def fill(self, size: int) -> None:
        while self._put < size:
            requests = [{"PutRequest": {"Item": _item(self._put + number)}} for number in range(25)]
            self._aws.call("dynamodb", "BatchWriteItem", RequestItems={"orders": requests})
            self._put += 25
            _forget(self._aws)

    def calls(self) -> dict[str, Callable[[Any], object]]:
        middle = _item(self._put // 2)
        key = {"pk": middle["pk"], "sk": middle["sk"]}
        return {
            "DynamoDB GetItem": lambda call: call("get_item", TableName="orders", Key=key),
            "DynamoDB PutItem": lambda call: call("put_item", TableName="orders", Item=middle),
            "DynamoDB Query (10 items)": lambda call: call(
                "query",
                TableName="orders",
                KeyConditionExpression="pk = :pk",
                ExpressionAttributeValues={":pk": middle["pk"]},
                Limit=10,
            ),
        }


def _item(number: int) -> dict[str, Any]:
    return {"pk": {"S": f"order#{number // 100}"}, "sk": {"N": str(number % 100)}, "total": {"N": "129.95"}}


class _Bucket:
    def __init__(self, aws: Any, client: Any) -> None:
        self._aws = aws
        client.create_bucket(Bucket="reports")
        self._put = 0

    def fill(self, size: int) -> None:
        while self._put < size:
            self._aws.call("s3", "PutObject", Bucket="reports", Key=_key(self._put), Body=b"x")
            self._put += 1
            _forget(self._aws)

    def calls(self) -> dict[str, Callable[[Any], object]]:
        middle = _key(self._put // 2)
        return {
            "S3 ListObjectsV2 (10 of them)": lambda call: call(
                "list_objects_v2", Bucket="reports", StartAfter=middle, MaxKeys=10
            ),
            "S3 PutObject": lambda call: call("put_object", Bucket="reports", Key=middle, Body=b"x"),
            "S3 GetObject": lambda call: call("get_object", Bucket="reports", Key=middle),
        }


def _key(number: int) -> str:
    return f"logs/{number // 1000:04}/{number % 1000:03}.txt"


def _forget(aws: Any) -> None:
    """The journal keeps every call; the state is what is measured."""
    if len(aws.calls) > 10_000:
        aws.calls.clear()


def figures(runs: Runs) -> list[Figure]:
    found = []
    memory = []
    for service in SIZES:
        numbers = runs.fresh("growth", "awsim", BENCHMARK_SERVICE=service)
        for kind, suffix in (("calls", ""), ("service", ", no client")):
            for name, by_size in numbers[kind].items():
                (first, small), *_, (last, large) = by_size.items()
                found.append(
                    Figure(
                        f"{name}{suffix}: {int(first):,} → {int(last):,}",
                        value=large,
                        unit="µs",
                        bare=small,
                        ratio=large / small,
                        budget=1.2 if kind == "calls" else None,
                    )
                )
        memory.append(Figure(f"memory of {WHAT[service]}", value=numbers["memory"], unit="bytes"))
    return [*found, *memory]

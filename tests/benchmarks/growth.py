"""Calls as state grows, and what a message, an item and a key take in memory."""

from __future__ import annotations

import gc
import os
import random
import resource
from collections.abc import Callable
from functools import partial
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

    kind = {"sqs": _Queue, "dynamodb": _Table, "s3": _Bucket}[service]
    client = boto3.client(service)
    found: dict[str, Any] = {"calls": {}, "service": {}}
    with mock_aws() as aws:
        states = {}
        for size in sizes:
            begin = _memory()
            states[size] = kind(aws, client, size)
            aws.calls.clear()
            found["memory"] = (_memory() - begin) / size
        for how, caller in (("calls", _Client(client)), ("service", _Cloud(aws, service))):
            for name in states[sizes[0]].calls():
                calls = {size: partial(state.calls()[name], caller) for size, state in states.items()}
                found[how][name] = _best(calls, quick)
    return found


def _best(calls: dict[int, Callable[[], object]], quick: bool) -> dict[int, float]:
    """CPU µs of one call for each size: the best of several rounds, small and large in turns."""
    best = dict.fromkeys(calls, float("inf"))
    for call in calls.values():
        # What is made on first use is there from here on.
        call()
        call()
    start = process_time()
    for call in calls.values():
        call()
    # Calls that take long need fewer turns for the same sharpness.
    turns = max(2, min(25, int(0.02 * len(calls) / (process_time() - start))))
    gc.collect()
    for _ in range(8 if quick else 30):
        for size, call in calls.items():
            start = process_time()
            for _ in range(turns):
                call()
            best[size] = min(best[size], (process_time() - start) / turns * 1e6)
    return best


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
        return self._aws.call(self._service, _named(operation), parameters)


def _named(operation: str) -> str:
    """As "PutObject"."""
    return "".join(word.capitalize() for word in operation.split("_"))


class _Queue:
    def __init__(self, aws: Any, client: Any, size: int) -> None:
        self._url = client.create_queue(QueueName=f"jobs-{size}")["QueueUrl"]
        for start in range(0, size, 10):
            entries = [{"Id": str(number), "MessageBody": f"message {start + number}"} for number in range(10)]
            aws.call("sqs", "SendMessageBatch", QueueUrl=self._url, Entries=entries)
            _forget(aws)

    def calls(self) -> dict[str, Callable[[Any], object]]:
        def turn(call: Any) -> None:
            call("send_message", QueueUrl=self._url, MessageBody="one more")
            (message,) = call("receive_message", QueueUrl=self._url)["Messages"]
            call("delete_message", QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])

        return {"SQS send + receive + delete": turn}


class _Table:
    def __init__(self, aws: Any, client: Any, size: int) -> None:
        self._size = size
        self._name = f"orders-{size}"
        client.create_table(**{**TABLE, "TableName": self._name})
        for start in range(0, size, 25):
            requests = [{"PutRequest": {"Item": _item(start + number)}} for number in range(25)]
            aws.call("dynamodb", "BatchWriteItem", RequestItems={self._name: requests})
            _forget(aws)

    def calls(self) -> dict[str, Callable[[Any], object]]:
        # Anywhere in the table: what was touched just now is in the processor's caches.
        place = random.Random(1).randrange
        table = {"TableName": self._name}
        update = {"UpdateExpression": "SET paid = :paid", "ExpressionAttributeValues": {":paid": {"BOOL": True}}}

        def key() -> dict[str, Any]:
            item = _item(place(self._size))
            return {"pk": item["pk"], "sk": item["sk"]}

        def query(call: Any) -> None:
            values = {":pk": key()["pk"]}
            call("query", **table, KeyConditionExpression="pk = :pk", ExpressionAttributeValues=values, Limit=10)

        return {
            "DynamoDB GetItem": lambda call: call("get_item", **table, Key=key()),
            "DynamoDB PutItem": lambda call: call("put_item", **table, Item=_item(place(self._size))),
            "DynamoDB UpdateItem": lambda call: call("update_item", **table, Key=key(), **update),
            "DynamoDB Query (10 items)": query,
        }


def _item(number: int) -> dict[str, Any]:
    return {"pk": {"S": f"order#{number // 100}"}, "sk": {"N": str(number % 100)}, "total": {"N": "129.95"}}


class _Bucket:
    """Keys in a thousand groups, and a hundredth as many versions of one key and uploads in ten groups."""

    def __init__(self, aws: Any, client: Any, size: int) -> None:
        self._size = size
        self._name = f"reports-{size}"
        client.create_bucket(Bucket=self._name)
        for number in range(size):
            aws.call("s3", "PutObject", Bucket=self._name, Key=self._key(number), Body=b"x")
            _forget(aws)
        for number in range(size // 100):
            key = f"jobs/{number % 10}/{number}.txt"
            aws.call("s3", "CreateMultipartUpload", Bucket=self._name, Key=key)
        self._versioned = {"Bucket": f"audits-{size}", "Key": "ledger"}
        client.create_bucket(Bucket=self._versioned["Bucket"])
        client.put_bucket_versioning(Bucket=self._versioned["Bucket"], VersioningConfiguration={"Status": "Enabled"})
        self._versions = [
            aws.call("s3", "PutObject", **self._versioned, Body=b"x")["VersionId"] for _ in range(size // 100)
        ]

    def _key(self, number: int) -> str:
        return f"logs/{number % 1000:03}/{number // 1000:03}.txt"

    def calls(self) -> dict[str, Callable[[Any], object]]:
        place = random.Random(1).randrange
        bucket = {"Bucket": self._name}
        groups = {**bucket, "Prefix": "logs/", "Delimiter": "/"}

        def key() -> str:
            return self._key(place(self._size))

        def version() -> str:
            return self._versions[place(len(self._versions) // 2)]

        def rewrite(call: Any) -> None:
            gone = key()
            call("delete_object", **bucket, Key=gone)
            call("put_object", **bucket, Key=gone, Body=b"x")

        def older(call: Any) -> None:
            call(
                "list_object_versions",
                Bucket=self._versioned["Bucket"],
                KeyMarker="ledger",
                VersionIdMarker=self._versions[-1 - place(len(self._versions) // 2)],
                MaxKeys=5,
            )

        def replace(call: Any) -> None:
            id = call("put_object", **self._versioned, Body=b"x")["VersionId"]
            call("delete_object", **self._versioned, VersionId=id)

        return {
            "S3 PutObject": lambda call: call("put_object", **bucket, Key=key(), Body=b"x"),
            "S3 GetObject": lambda call: call("get_object", **bucket, Key=key()),
            "S3 HeadObject": lambda call: call("head_object", **bucket, Key=key()),
            "S3 DeleteObject + PutObject": rewrite,
            "S3 ListObjectsV2 (10 keys)": lambda call: call(
                "list_objects_v2", **bucket, StartAfter=self._key(self._size - 1000), MaxKeys=10
            ),
            "S3 ListObjectsV2 (1,000 groups)": lambda call: call("list_objects_v2", **groups),
            "S3 ListObjectVersions (1,000 groups)": lambda call: call("list_object_versions", **groups),
            "S3 ListMultipartUploads (10 groups)": lambda call: call(
                "list_multipart_uploads", **bucket, Prefix="jobs/", Delimiter="/"
            ),
            "S3 version of a key, PutObject + DeleteObject": replace,
            "S3 version of a key, GetObject": lambda call: call("get_object", **self._versioned, VersionId=version()),
            "S3 version of a key, ListObjectVersions (5)": older,
        }


def _forget(aws: Any) -> None:
    """The journal keeps every call; the state is what is measured."""
    if len(aws.calls) > 10_000:
        aws.calls.clear()


def figures(runs: Runs) -> list[Figure]:
    found = []
    memory = []
    for service in SIZES:
        numbers = runs.fresh("growth", "awsim", BENCHMARK_SERVICE=service)
        for kind, suffix in (("calls", ""), ("service", " alone")):
            for name, by_size in numbers[kind].items():
                (first, small), *_, (last, large) = by_size.items()
                found.append(
                    Figure(
                        f"{name}{suffix}: {_short(first)} → {_short(last)}",
                        value=large,
                        unit="µs",
                        bare=small,
                        ratio=large / small,
                        budget=1.2 if kind == "calls" else None,
                    )
                )
        memory.append(Figure(f"memory of {WHAT[service]}", value=numbers["memory"], unit="bytes"))
    return [*found, *memory]


def _short(size: str) -> str:
    """As "1k" or "1M"."""
    number = int(size)
    if number >= 1_000_000:
        return f"{number // 1_000_000}M"
    return f"{number // 1_000}k" if number >= 1_000 else str(number)

"""A whole unit test: enter the mock, make an S3 client, five calls, leave; the first of a process and later ones."""

from __future__ import annotations

import gc
from time import process_time
from typing import Any

from . import backends, canned
from .report import Figure, Runs

TITLE = "A whole unit test: enter, boto3.client, five S3 calls, leave (CPU ms; budget: × bare)"


def five_calls(s3: Any) -> None:
    s3.create_bucket(Bucket="reports")
    s3.put_object(Bucket="reports", Key="a.txt", Body=b"hello")
    s3.get_object(Bucket="reports", Key="a.txt")["Body"].read()
    s3.list_objects_v2(Bucket="reports")
    s3.delete_object(Bucket="reports", Key="a.txt")


def measure(backend: str, quick: bool) -> dict[str, Any]:
    """Milliseconds: {"first": of the backend ("awsim", "moto" or "bare"), "later", "bare": both later, in turns}."""
    import boto3

    answers = _answers()

    def bare() -> None:
        s3 = boto3.client("s3")
        canned.answer_with(s3, answers)
        five_calls(s3)

    if backend == "bare":
        return {"first": _time(bare) * 1e3}
    mock_aws = backends.mock(backend)

    def mocked() -> None:
        with mock_aws():
            five_calls(boto3.client("s3"))

    first = _time(mocked)
    bare()
    best = {"later": float("inf"), "bare": float("inf")}
    for _ in range(5 if quick else 20):
        best = {"later": min(best["later"], _time(mocked)), "bare": min(best["bare"], _time(bare))}
    return {name: seconds * 1e3 for name, seconds in {"first": first, **best}.items()}


def _time(test: Any) -> float:
    gc.collect()
    start = process_time()
    test()
    return process_time() - start


def _answers() -> dict[str, canned.Answer]:
    """What awsim answered to the five calls, recorded by another process: this one must not import it."""
    import base64
    import json
    import os

    return {
        name: (status, headers, base64.b64decode(body))
        for name, (status, headers, body) in json.loads(os.environ["BENCHMARK_ANSWERS"]).items()
    }


def record() -> str:
    """The answers for `_answers`, as JSON."""
    import base64
    import json

    import boto3

    with backends.mock("awsim")():
        s3 = boto3.client("s3")
        with canned.recorded(s3) as answers:
            five_calls(s3)
    return json.dumps(
        {name: (status, headers, base64.b64encode(body).decode()) for name, (status, headers, body) in answers}
    )


def figures(runs: Runs) -> list[Figure]:
    best: dict[str, dict[str, float]] = {"moto": {}}
    answers = runs.answers()
    for _ in range(3 if runs.quick else 8):
        for backend in ("bare", "awsim", "moto"):
            for name, value in runs.fresh("whole", backend, BENCHMARK_ANSWERS=answers).items():
                mine = best.setdefault(backend, {})
                mine[name] = min(value, mine.get(name, value))
    bare, ours, theirs = best["bare"], best["awsim"], best["moto"]
    return [
        Figure(
            "later tests",
            bare=ours["bare"],
            value=ours["later"],
            unit="ms",
            ratio=ours["later"] / ours["bare"],
            moto=theirs["later"] / ours["bare"] if theirs else None,
            budget=1.2,
        ),
        Figure(
            "first of a fresh process",
            bare=bare["first"],
            value=ours["first"],
            unit="ms",
            ratio=ours["first"] / bare["first"],
            moto=theirs["first"] / bare["first"] if theirs else None,
            budget=1.3,
        ),
    ]

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
    """{"first": ms, "later": ms}, of the backend "awsim", "moto" or "bare"."""
    import boto3

    if backend == "bare":
        answers = _answers()

        def test() -> None:
            s3 = boto3.client("s3")
            canned.answer_with(s3, answers)
            five_calls(s3)
    else:
        mock_aws = backends.mock(backend)

        def test() -> None:
            with mock_aws():
                five_calls(boto3.client("s3"))

    first = _time(test)
    test()
    later = min(_time(test) for _ in range(5 if quick else 20))
    return {"first": first * 1e3, "later": later * 1e3}


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
    best: dict[str, dict[str, float]] = {}
    answers = runs.answers()
    for _ in range(2 if runs.quick else 6):
        for backend in ("bare", "awsim", "moto"):
            for name, value in runs.fresh("whole", backend, BENCHMARK_ANSWERS=answers).items():
                mine = best.setdefault(backend, {})
                mine[name] = min(value, mine.get(name, value))
    bare, ours, theirs = best["bare"], best["awsim"], best.get("moto")
    return [
        Figure(
            title,
            bare=bare[name],
            value=ours[name],
            unit="ms",
            ratio=ours[name] / bare[name],
            moto=theirs and theirs[name] / bare[name],
            budget=budget,
        )
        for name, title, budget in (("later", "later tests", 1.2), ("first", "first of a fresh process", 1.3))
    ]

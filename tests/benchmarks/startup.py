"""Entering and leaving, and what the import costs beyond boto3's own."""

from __future__ import annotations

import gc
from time import process_time
from typing import Any

from . import backends
from .report import Figure, Runs

TITLE = "Start (CPU ms)"


def measure(backend: str, quick: bool) -> dict[str, Any]:
    """CPU milliseconds: {"import": beyond botocore and boto3, "enter": enter and leave, again and again}."""
    import boto3

    start = process_time()
    mock_aws = backends.mock(backend)
    imported = process_time() - start
    with mock_aws():
        boto3.client("sts").get_caller_identity()
    best = float("inf")
    for _ in range(3 if quick else 10):
        gc.collect()
        start = process_time()
        for _ in range(50):
            with mock_aws():
                pass
        best = min(best, (process_time() - start) / 50)
    return {"import": imported * 1e3, "enter": best * 1e3}


def figures(runs: Runs) -> list[Figure]:
    best: dict[str, dict[str, float]] = {}
    for _ in range(2 if runs.quick else 6):
        for backend in ("awsim", "moto"):
            for name, value in runs.fresh("startup", backend).items():
                mine = best.setdefault(backend, {})
                mine[name] = min(value, mine.get(name, value))
    ours, theirs = best["awsim"], best.get("moto", {})
    return [
        Figure("enter and leave", value=ours["enter"], unit="ms", moto_value=theirs.get("enter"), limit=0.3),
        Figure("import beyond boto3", value=ours["import"], unit="ms", moto_value=theirs.get("import"), limit=40),
    ]

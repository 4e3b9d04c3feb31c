"""256 MB up and down by s3transfer: many parts, ten threads."""

from __future__ import annotations

import hashlib
import resource
import tempfile
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from . import backends
from .report import Figure, Runs

TITLE = "A multipart upload of 256 MB with s3transfer (wall seconds)"

MEGABYTE = 1 << 20


def measure(backend: str, quick: bool) -> dict[str, Any]:
    """Seconds and MB: {"up", "down", "cpu", "peak": beyond what the process had before, "size"}."""
    import boto3

    size = (64 if quick else 256) * MEGABYTE
    mock_aws = backends.mock(backend)
    with tempfile.TemporaryDirectory() as folder, mock_aws():
        source, target = Path(folder, "source"), Path(folder, "target")
        block = hashlib.sha512(b"block").digest() * (MEGABYTE // 64)
        with source.open("wb") as file:
            for number in range(size // MEGABYTE):
                file.write(number.to_bytes(8, "big") + block[8:])
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket="reports")
        before = _peak()
        start, cpu = perf_counter(), process_time()
        s3.upload_file(str(source), "reports", "big")
        up, cpu = perf_counter() - start, process_time() - cpu
        peak = _peak() - before
        start = perf_counter()
        s3.download_file("reports", "big", str(target))
        down = perf_counter() - start
        if _digest(source) != _digest(target):
            raise AssertionError("what came down is not what went up")
    return {"up": up, "down": down, "cpu": cpu, "peak": peak, "size": size / MEGABYTE}


def _peak() -> float:
    """The most memory the process had so far, in MB (Linux counts kilobytes)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha1").hexdigest()


def figures(runs: Runs) -> list[Figure]:
    ours, theirs = runs.fresh("upload", "awsim"), runs.fresh("upload", "moto")
    return [
        Figure("up", value=ours["up"], unit="s", moto_value=theirs.get("up")),
        Figure("down", value=ours["down"], unit="s", moto_value=theirs.get("down")),
        Figure("CPU of the upload", value=ours["cpu"], unit="s", moto_value=theirs.get("cpu")),
        Figure(
            "memory at its highest, beside the object's size",
            value=ours["peak"],
            unit="MB",
            bare=ours["size"],
            ratio=ours["peak"] / ours["size"],
            moto=theirs["peak"] / theirs["size"] if theirs else None,
        ),
    ]

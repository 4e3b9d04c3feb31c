"""256 MB up and down by s3transfer: many parts, ten threads."""

from __future__ import annotations

import hashlib
import resource
import tempfile
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from botocore.awsrequest import AWSResponse

from . import backends, canned
from .report import Figure, Runs

TITLE = "A multipart upload of 256 MB with s3transfer (wall seconds)"

MEGABYTE = 1 << 20


def measure(backend: str, quick: bool) -> dict[str, Any]:
    """Seconds and MB: {"up", "down", "cpu", "peak": beyond what the process had before, "size"}; bare: up and cpu."""
    import boto3

    size = (64 if quick else 256) * MEGABYTE
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "source"), Path(folder, "target")
        block = hashlib.sha512(b"block").digest() * (MEGABYTE // 64)
        with source.open("wb") as file:
            for number in range(size // MEGABYTE):
                file.write(number.to_bytes(8, "big") + block[8:])
        if backend == "bare":
            return _floor(boto3, source)
        return _measure(boto3, backends.mock(backend), source, target, size)


def _floor(boto3: Any, source: Path) -> dict[str, Any]:
    """An upload whose requests are read to their ends, as any HTTP client does, and answered with canned responses; but
    for ETags, which are MD5 sums of what was sent."""
    s3 = boto3.client("s3")

    def before_send(request: Any, event_name: str, **kwargs: Any) -> Any:
        digest = hashlib.md5()
        while hasattr(request.body, "read") and (piece := request.body.read(MEGABYTE)):
            digest.update(piece)
        answer = canned.Raw(_ANSWERS.get(event_name.rpartition(".")[2], b""))
        return AWSResponse(request.url, 200, {"ETag": digest.hexdigest()}, answer)

    s3.meta.events.register("before-send", before_send)
    start, cpu = perf_counter(), process_time()
    s3.upload_file(str(source), "reports", "big")
    return {"up": perf_counter() - start, "cpu": process_time() - cpu}


_ANSWERS = {
    "CreateMultipartUpload": b"<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>",
    "CompleteMultipartUpload": b"<CompleteMultipartUploadResult><ETag>e</ETag></CompleteMultipartUploadResult>",
}


def _measure(boto3: Any, mock_aws: Any, source: Path, target: Path, size: int) -> dict[str, Any]:
    with mock_aws():
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


def _best(runs: Runs, backend: str) -> dict[str, Any]:
    """The least of several processes, figure by figure."""
    found = [runs.fresh("upload", backend) for _ in range(1 if runs.quick else 3)]
    return {name: min(each[name] for each in found) for name in found[0]}


def figures(runs: Runs) -> list[Figure]:
    bare, ours, theirs = (_best(runs, backend) for backend in ("bare", "awsim", "moto"))
    ratio = ours["up"] / bare["up"]
    return [
        Figure("up", bare=bare["up"], value=ours["up"], unit="s", ratio=ratio, moto_value=theirs.get("up")),
        Figure("down", value=ours["down"], unit="s", moto_value=theirs.get("down")),
        Figure(
            "CPU of the upload",
            bare=bare["cpu"],
            value=ours["cpu"],
            unit="s",
            ratio=ours["cpu"] / bare["cpu"],
            budget=1.2,
            moto_value=theirs.get("cpu"),
        ),
        Figure(
            "memory at its highest, beside the object's size",
            value=ours["peak"],
            unit="MB",
            bare=ours["size"],
            ratio=ours["peak"] / ours["size"],
            moto=theirs["peak"] / theirs["size"] if theirs else None,
        ),
    ]

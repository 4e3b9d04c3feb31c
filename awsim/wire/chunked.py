"""Bodies in wrappings: aws-chunked, with trailers and with signed chunks, and gzip."""

from __future__ import annotations

from collections.abc import Mapping

from awsim.wire.values import Unreadable


class Incomplete(Unreadable):
    """The body ends before its own framing says so, or is longer or shorter than declared."""


def is_chunked(headers: Mapping[str, str]) -> bool:
    """Whether a body is aws-chunked; `headers` by lower-case name."""
    encoding = headers.get("content-encoding")
    return (encoding is not None and "aws-chunked" in encoding) or headers.get("x-amz-content-sha256", "").startswith(
        "STREAMING-"
    )


def decode(body: bytes, declared: str | None = None) -> tuple[bytes, dict[str, str]]:
    """(data, trailers by lower-case name) of an aws-chunked body; signatures of chunks are not looked at.

    `declared` is x-amz-decoded-content-length. Raises Incomplete.
    """
    parts = []
    trailers: dict[str, str] = {}
    position = 0
    view = memoryview(body)
    while True:
        end = body.find(b"\r\n", position)
        if end < 0:
            raise Incomplete("The request body terminated unexpectedly")
        head = body[position:end]
        semicolon = head.find(b";")
        try:
            size = int(head if semicolon < 0 else head[:semicolon], 16)
        except ValueError:
            raise Incomplete("The request body terminated unexpectedly") from None
        position = end + 2
        if size == 0:
            break
        data = view[position : position + size]
        if len(data) != size or body[position + size : position + size + 2] != b"\r\n" or size < 0:
            raise Incomplete("The request body terminated unexpectedly")
        parts.append(data)
        position += size + 2
    for line in body[position:].split(b"\r\n"):
        name, colon, value = line.partition(b":")
        if colon:
            trailers[name.strip().lower().decode("latin-1")] = value.strip().decode("latin-1")
    whole = b"".join(parts)
    check_length(whole, declared)
    return whole, trailers


def check_length(data: bytes, declared: str | None) -> None:
    """Raises Incomplete where there is more or less than x-amz-decoded-content-length declares."""
    if declared is not None and declared.isdecimal() and int(declared) != len(data):
        raise Incomplete("The request body terminated unexpectedly")


def without_chunked(encoding: str) -> str:
    """A Content-Encoding without aws-chunked; "" when nothing is left."""
    kept = [part for part in encoding.split(",") if part.strip() not in ("", "aws-chunked")]
    return ",".join(kept).strip()


def gunzip(body: bytes) -> bytes:
    """A gzip'ed body; raises Unreadable."""
    import gzip
    import zlib

    try:
        return gzip.decompress(body)
    except (OSError, EOFError, zlib.error) as problem:
        raise Unreadable(f"Invalid gzip body: {problem}") from None


def decompressed(body: bytes, encoding: str) -> bytes:
    """A body in a Content-Encoding, gzip or deflate; raises Unreadable for another one and for a broken body.

    As DynamoDB reads it: gzip may have several members, what follows the last one is ignored.
    """
    import zlib

    if encoding not in ("gzip", "deflate"):
        raise Unreadable(f"Unknown content encoding: {encoding}")
    parts = []
    try:
        while True:
            reader = zlib.decompressobj(31 if encoding == "gzip" else 15)
            parts.append(reader.decompress(body))
            if not reader.eof:
                raise Unreadable("The compressed body is cut short")
            body = reader.unused_data
            if encoding != "gzip" or body[:2] != b"\x1f\x8b":
                return b"".join(parts)
    except zlib.error as problem:
        raise Unreadable(f"Invalid {encoding} body: {problem}") from None

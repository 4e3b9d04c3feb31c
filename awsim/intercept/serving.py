"""From what an HTTP client is about to send to the answer of the gateway; shared by all taps."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from typing import Any

from awsim import gateway
from awsim.intercept.stack import Entry
from awsim.waiting import Pause
from awsim.wire.hosts import METADATA_HOSTS
from awsim.wire.hosts import is_aws_host as is_ours
from awsim.wire.http import Request, Response

__all__ = ["Body", "Stream", "arriving", "chunks", "is_ours", "pairs", "raw", "seconds", "serve", "serve_async"]

# Programs on EC2, ECS and EKS ask there for their credentials. Where there is no such machine, asking must not hang.
_NOT_THERE = b"This program is on no instance: with aws.on_instance(instance_id)."


def serve(entry: Entry, request: Request, operation: Any = None) -> Response:
    """The answer to a request for a host that is ours: one of AWS's, or a metadata address."""
    if request.host in METADATA_HOSTS:
        return _metadata(entry, request)
    return gateway.serve(entry.cloud, request, operation)


async def serve_async(entry: Entry, request: Request, operation: Any = None) -> Response:
    if request.host in METADATA_HOSTS:
        return _metadata(entry, request)
    return await gateway.serve_async(entry.cloud, request, operation)


def seconds(timeout: Any) -> float | None:
    """The read timeout of a client's settings: a number, (connect, read), urllib3's, aiohttp's or httpx's; None: none.
    """
    if isinstance(timeout, tuple | list) and timeout:
        timeout = timeout[-1]
    for name in ("_read", "sock_read", "read", "total"):
        value = getattr(timeout, name, None)
        if isinstance(value, int | float):
            return value
    return timeout if isinstance(timeout, int | float) else None


def _metadata(entry: Entry, request: Request) -> Response:
    from awsim.machines import answer

    found = answer(entry.cloud, request)
    if found is not None:
        return found
    headers = {"Content-Type": "text/plain", "Content-Length": str(len(_NOT_THERE))}
    return Response(404, headers, _NOT_THERE)


def chunks(body: bytes | Iterable[bytes] | Any) -> Iterator[bytes]:
    """A response's body piece by piece, whatever it is kept as."""
    if isinstance(body, bytes | bytearray | memoryview):
        if body:
            yield bytes(body)
    elif hasattr(body, "read"):
        while piece := body.read(65536):
            yield piece
    else:
        for piece in body:
            if piece.__class__ is Pause:
                piece.wait()
            else:
                yield piece


async def arriving(body: bytes | Iterable[bytes] | Any) -> AsyncIterator[bytes]:
    """As `chunks`, for a task: what has not come yet is waited for without blocking the loop."""
    if isinstance(body, bytes | bytearray | memoryview) or hasattr(body, "read"):
        for piece in chunks(body):
            yield piece
        return
    for piece in body:
        if piece.__class__ is Pause:
            await piece.wait_async()
        else:
            yield piece


class _Socket:
    """What botocore's `StreamingBody.set_socket_timeout` digs for."""

    def settimeout(self, timeout: float | None) -> None:
        """There is nothing to time out."""


class _File:
    _sock = _Socket()

    @property
    def raw(self) -> _File:
        return self

    fp = raw


class Body(io.BytesIO):
    """A whole body, as urllib3's responses offer theirs: `read`, `stream`, `close`; empty after it is closed."""

    _fp = _File()

    def read(self, amt: int | None = -1, decode_content: bool | None = None) -> bytes:
        return b"" if self.closed else super().read(amt)

    def stream(self, amt: int | None = 65536, decode_content: bool | None = None) -> Iterator[bytes]:
        while piece := self.read(amt):
            yield piece

    def readinto(self, buffer: Any) -> int:
        return 0 if self.closed else super().readinto(buffer)

    def seekable(self) -> bool:
        return False

    def seek(self, offset: int, whence: int = 0) -> int:
        raise io.UnsupportedOperation("seek")

    def release_conn(self) -> None:
        """There is no connection."""


class Stream(io.RawIOBase):
    """A body that arrives piece by piece: event streams, large objects."""

    _fp = _File()

    def __init__(self, body: Any) -> None:
        self._chunks = chunks(body)
        self._rest = b""

    def readable(self) -> bool:
        return True

    def read(self, amt: int | None = -1, decode_content: bool | None = None) -> bytes:
        if self.closed:
            return b""
        if amt is None or amt < 0:
            data = self._rest + b"".join(self._chunks)
            self._rest = b""
            return data
        pieces = [self._rest]
        have = len(self._rest)
        while have < amt and (piece := next(self._chunks, None)) is not None:
            pieces.append(piece)
            have += len(piece)
        data = b"".join(pieces)
        self._rest = data[amt:]
        return data[:amt]

    def read1(self, amt: int | None = -1) -> bytes:
        """What has arrived, at most `amt`."""
        if self.closed:
            return b""
        piece = self._rest or next(self._chunks, b"")
        self._rest = b"" if amt is None or amt < 0 else piece[amt:]
        return piece if amt is None or amt < 0 else piece[:amt]

    def readinto(self, buffer: Any) -> int:
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def stream(self, amt: int | None = 65536, decode_content: bool | None = None) -> Iterator[bytes]:
        """Pieces as they arrive: an event must not wait until a buffer is full of others."""
        while piece := self.read1():
            yield piece

    def close(self) -> None:
        if not self.closed:
            close = getattr(self._chunks, "close", None)
            if close is not None:
                close()
        super().close()

    def release_conn(self) -> None:
        """There is no connection."""


def raw(body: Any) -> Body | Stream:
    return Body(body) if isinstance(body, bytes | bytearray) else Stream(body)


def pairs(headers: Mapping[Any, Any]) -> list[tuple[str, str]]:
    """Header fields as text."""
    return [(_text(name), _text(value)) for name, value in headers.items()]


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)

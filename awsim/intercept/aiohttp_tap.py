"""aiohttp: connections to AWS hosts lead into this process.

aiohttp builds its responses from what a connection brings, so the connection is what is replaced: it reads the request
off the wire and answers it; redirects, middlewares, tracing and decompression work as ever.
"""

from __future__ import annotations

import asyncio
import functools
import http.client
import io
from collections.abc import Iterator
from typing import Any

from awsim.intercept import stack
from awsim.intercept.patching import Patch
from awsim.intercept.serving import arriving, is_ours, pairs, serve_async
from awsim.wire.http import Request


def session_patches(module: Any) -> Iterator[Patch]:
    from aiohttp.connector import BaseConnector, Connection

    def make(original: Any) -> Any:
        @functools.wraps(original)
        async def connect(self: Any, req: Any, *args: Any, **kwargs: Any) -> Any:
            entry = stack.current
            if entry is None or not is_ours((req.url.host or "").lower()):
                return await original(self, req, *args, **kwargs)
            protocol = _protocol(entry, f"{req.url.scheme}://{req.url.raw_host}")
            return Connection(self, req.connection_key, protocol, asyncio.get_running_loop())

        return connect

    yield Patch(BaseConnector, "connect", make)


def _protocol(entry: stack.Entry, origin: str) -> Any:
    from aiohttp.client_proto import ResponseHandler

    protocol = ResponseHandler(loop=asyncio.get_running_loop())
    protocol.connection_made(_Transport(entry, origin, protocol))
    return protocol


class _Transport(asyncio.Transport):
    """Collects one request, then feeds its answer to the protocol. The connection is not used again."""

    def __init__(self, entry: stack.Entry, origin: str, protocol: Any) -> None:
        super().__init__()
        self._entry = entry
        self._origin = origin
        self._protocol = protocol
        self._received = bytearray()
        self._head: tuple[str, str, dict[str, str], int] | None = None
        self._closing = False
        self._task: asyncio.Task[None] | None = None

    def write(self, data: Any) -> None:
        self._received += data
        if self._head is None:
            end = self._received.find(b"\r\n\r\n")
            if end < 0:
                return
            self._head = _head(bytes(self._received[:end]), end + 4)
            if self._head[2].get("expect", "").lower() == "100-continue":
                self._protocol.data_received(b"HTTP/1.1 100 Continue\r\n\r\n")
        method, target, headers, start = self._head
        body = _body(self._received, start, headers)
        if body is not None and self._task is None:
            url = target if "://" in target else self._origin + target
            self._task = asyncio.ensure_future(self._answer(Request(method, url, headers, body)))

    async def _answer(self, request: Request) -> None:
        try:
            answer = await serve_async(self._entry, request)
        except Exception as error:
            self._protocol.set_exception(error)
            return
        lines = [f"HTTP/1.1 {answer.status} {http.client.responses.get(answer.status, '')}"]
        lines.extend(f"{name}: {value}" for name, value in pairs(answer.headers))
        # Pooled, it would outlive the mock.
        lines.append("Connection: close")
        self._feed("\r\n".join([*lines, "", ""]).encode("latin-1"))
        if request.method != "HEAD":
            async for piece in arriving(answer.body):
                self._feed(piece)
        if not self._closing:
            self._protocol.eof_received()
            self.close()

    def _feed(self, data: bytes) -> None:
        if not self._closing:
            self._protocol.data_received(data)

    def close(self) -> None:
        if not self._closing:
            self._closing = True
            asyncio.get_running_loop().call_soon(self._protocol.connection_lost, None)

    abort = close

    def is_closing(self) -> bool:
        return self._closing

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default

    def pause_reading(self) -> None:
        """All of the answer is there already."""

    resume_reading = pause_reading

    def is_reading(self) -> bool:
        return True

    def get_write_buffer_size(self) -> int:
        return 0

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Writes never wait."""


def _head(text: bytes, end: int) -> tuple[str, str, dict[str, str], int]:
    """(method, target, header fields by lower-case name, where the body starts)."""
    first, *lines = text.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ", 2)
    headers: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        name = name.lower()
        headers[name] = f"{headers[name]},{value.strip()}" if name in headers else value.strip()
    return method, target, headers, end


def _body(received: bytearray, start: int, headers: dict[str, str]) -> bytes | None:
    """The body, None while some of it is missing."""
    if headers.get("transfer-encoding", "").lower() == "chunked":
        # Looked at only when the last chunk is in: reading all of it at every write would cost the square of its size.
        return _unchunked(io.BytesIO(received[start:])) if received.endswith(b"0\r\n\r\n") else None
    length = int(headers.get("content-length", 0))
    return bytes(received[start : start + length]) if len(received) - start >= length else None


def _unchunked(stream: io.BytesIO) -> bytes | None:
    pieces = []
    while line := stream.readline():
        size = int(line.partition(b";")[0], 16)
        if size == 0:
            return b"".join(pieces)
        piece = stream.read(size)
        if len(piece) < size:
            return None
        pieces.append(piece)
        stream.read(2)
    return None

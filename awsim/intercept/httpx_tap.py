"""httpx and httpx2: the transports that send, so that redirects, events and clients' own transports work as ever."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Iterator
from typing import Any

from awsim.intercept import stack
from awsim.intercept.patching import Patch
from awsim.intercept.serving import arriving, chunks, is_ours, pairs, serve, serve_async
from awsim.wire.http import Request


def transport_patches(module: Any) -> Iterator[Patch]:
    def handle_request(original: Any) -> Any:
        @functools.wraps(original)
        def handle_request(self: Any, request: Any) -> Any:
            entry = stack.current
            if entry is None or not is_ours(_host(request)):
                return original(self, request)
            incoming = Request(request.method, url_of(request), request.headers, b"".join(request.stream))
            if entry.cloud.faults:
                incoming.timeout = _read_timeout(request)
            try:
                return response(module, request, serve(entry, incoming))
            except OSError as error:
                raise _broken(module, error, request) from error

        return handle_request

    def handle_async_request(original: Any) -> Any:
        @functools.wraps(original)
        async def handle_async_request(self: Any, request: Any) -> Any:
            entry = stack.current
            if entry is None or not is_ours(_host(request)):
                return await original(self, request)
            body = b"".join([piece async for piece in request.stream])
            incoming = Request(request.method, url_of(request), request.headers, body)
            if entry.cloud.faults:
                incoming.timeout = _read_timeout(request)
            try:
                return response(module, request, await serve_async(entry, incoming))
            except OSError as error:
                raise _broken(module, error, request) from error

        return handle_async_request

    yield Patch(module.HTTPTransport, "handle_request", handle_request)
    yield Patch(module.AsyncHTTPTransport, "handle_async_request", handle_async_request)


def _read_timeout(request: Any) -> float | None:
    return request.extensions.get("timeout", {}).get("read")  # type: ignore[no-any-return]


def _broken(module: Any, error: OSError, request: Any) -> Exception:
    """httpx's exception for a connection that a scripted fault broke; any other error as it is."""
    own = {TimeoutError: "ReadTimeout", ConnectionRefusedError: "ConnectError", ConnectionResetError: "ReadError"}
    name = own.get(type(error))
    return error if name is None else getattr(module, name)(str(error), request=request)  # type: ignore[no-any-return]


def url_of(request: Any) -> str:
    """As it goes on the wire: httpx keeps a path that must not be normalised aside."""
    target = request.extensions.get("target")
    if target is None:
        return str(request.url)
    target = target.decode("latin-1")
    return target if "://" in target else f"{request.url.scheme}://{request.url.netloc.decode('latin-1')}{target}"


def _host(request: Any) -> str:
    return Request(request.method, url_of(request)).host


def response(httpx: Any, request: Any, answer: Any) -> Any:
    """The answer as a response of `httpx`, the module, to be read once."""

    class Stream(httpx.SyncByteStream, httpx.AsyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            return chunks(body)

        async def __aiter__(self) -> AsyncIterator[bytes]:
            async for piece in arriving(body):
                yield piece

    body = b"" if request.method == "HEAD" else answer.body
    return httpx.Response(
        answer.status,
        headers=pairs(answer.headers),
        stream=Stream(),
        request=request,
        extensions={"http_version": b"HTTP/1.1"},
    )

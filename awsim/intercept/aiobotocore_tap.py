"""aiobotocore: its sessions, on aiohttp and on httpx, answered without blocking the loop; its sleeps and identity."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator, Iterator
from typing import Any

from awsim.intercept import stack
from awsim.intercept.botocore_tap import _OPERATION, broken
from awsim.intercept.identity_tap import _no_container, ambient, see
from awsim.intercept.patching import Instead, Module, Patch, attribute
from awsim.intercept.retry_tap import SHORTEST, limiter_patches
from awsim.intercept.serving import Body, Stream, arriving, is_ours, pairs, seconds, serve_async
from awsim.intercept.time_tap import fetcher_patches, time_module, today_patches
from awsim.wire.http import Request

_EVENTS = "application/vnd.amazon.eventstream"


def session_patches(module: Any) -> Iterator[Patch]:
    from aiobotocore.awsrequest import AioAWSResponse

    def make(original: Any) -> Any:
        @functools.wraps(original)
        async def send(self: Any, request: Any) -> Any:
            answer = await _answer(self, request)
            if answer is None:
                return await original(self, request)
            headers = {name.lower(): value for name, value in answer.headers.items()}
            response = AioAWSResponse(request.url, answer.status, headers, _Raw(request, answer))
            if not request.stream_output:
                await response.content
            return response

        return send

    yield Patch(module.AIOHTTPSession, "send", make)


def httpx_session_patches(module: Any) -> Iterator[Patch]:
    from aiobotocore import awsrequest

    cls = attribute(module, "HttpxSession")
    response_class = attribute(awsrequest, "HttpxAWSResponse")
    if cls is None or response_class is None:
        return

    def make(original: Any) -> Any:
        @functools.wraps(original)
        async def send(self: Any, request: Any) -> Any:
            answer = await _answer(self, request)
            if answer is None:
                return await original(self, request)
            from botocore.compat import HTTPHeaders

            from awsim.intercept.httpx_tap import response as httpx_response

            raw = httpx_response(module.httpx, module.httpx.Request(request.method, request.url), answer)
            headers = HTTPHeaders.from_pairs(raw.headers.items())
            response = response_class(request.url, answer.status, headers, raw)
            if not request.stream_output:
                await response.content
            return response

        return send

    yield Patch(cls, "send", make)


async def _answer(session: Any, request: Any) -> Any:
    """The gateway's answer to a prepared request, None if the request is not for AWS."""
    entry = stack.current
    if entry is None:
        return None
    incoming = Request(request.method, request.url, request.headers, request.body)
    if not is_ours(incoming.host):
        return None
    body = request.body
    if hasattr(body, "__aiter__") or asyncio.iscoroutinefunction(getattr(body, "read", None)):
        incoming = Request(request.method, request.url, request.headers, await _read(body))
    if entry.cloud.faults:
        incoming.timeout = seconds(getattr(session, "_timeout", None))
    try:
        return await serve_async(entry, incoming, request.__dict__.get(_OPERATION))
    except OSError as error:
        raise broken(error, request.url) from error


async def _read(body: Any) -> bytes:
    if hasattr(body, "__aiter__"):
        return b"".join([piece async for piece in body])
    pieces = []
    while piece := await body.read():
        pieces.append(piece)
    return b"".join(pieces)


class _Raw:
    """What aiobotocore uses of an aiohttp response."""

    def __init__(self, request: Any, answer: Any) -> None:
        body = b"" if request.method == "HEAD" else answer.body
        self.url = request.url
        self.method = request.method
        self.status = answer.status
        self.headers = answer.headers
        self.raw_headers = tuple((name.encode(), value.encode()) for name, value in pairs(answer.headers))
        if answer.headers.get("Content-Type") == _EVENTS:
            self.content: _Content = _Events(body)
        else:
            self.content = _Content(Body(body) if isinstance(body, bytes) else Stream(body))

    async def read(self) -> bytes:
        return await self.content.read()

    def close(self) -> None:
        self.content.close()

    async def release(self) -> None:
        self.close()

    async def __aenter__(self) -> _Raw:
        return self

    async def __aexit__(self, *exc: Any) -> None:
        self.close()


class _Content:
    """What aiobotocore and its users use of an aiohttp StreamReader."""

    def __init__(self, body: Body | Stream) -> None:
        self._body = body
        self._next = b""
        self._ended = False

    async def read(self, n: int = -1) -> bytes:
        await asyncio.sleep(0)
        if not self._next or n == 0:
            return self._body.read(n)
        if n < 0:
            data, self._next = self._next + self._body.read(), b""
        else:
            data = self._next + self._body.read(max(n - len(self._next), 0))
            data, self._next = data[:n], data[n:]
        return data

    def at_eof(self) -> bool:
        if not self._next:
            self._next = self._body.read(1)
        return not self._next

    async def readany(self) -> bytes:
        await asyncio.sleep(0)
        data, self._next = self._next, b""
        return data or next(self._body.stream(), b"")

    async def iter_chunks(self) -> AsyncIterator[tuple[bytes, bool]]:
        while piece := await self.readany():
            yield piece, True

    async def iter_chunked(self, n: int) -> AsyncIterator[bytes]:
        while piece := await self.read(n):
            yield piece

    async def iter_any(self) -> AsyncIterator[bytes]:
        while piece := await self.readany():
            yield piece

    def close(self) -> None:
        self._body.close()


class _Events(_Content):
    """Events, which are read as they come: other tasks run meanwhile."""

    def __init__(self, body: Any) -> None:
        super().__init__(Stream(body))
        self._pieces = arriving(body)

    async def readany(self) -> bytes:
        await asyncio.sleep(0)
        return await anext(self._pieces, b"")


# --- time


async def sleep(seconds: float, result: Any = None) -> Any:
    """`asyncio.sleep` on the Cloud's clock."""
    entry = stack.current
    if entry is None:
        return await asyncio.sleep(seconds, result)
    await entry.cloud.clock.sleep_async(seconds)
    return result


def asyncio_module(module: Any) -> Iterator[Patch]:
    if hasattr(module, "asyncio"):
        yield Patch(module, "asyncio", lambda original: Module(original, sleep=sleep))


def _anyio_sleep(owner: Any) -> Iterator[Patch]:
    """`_sleep` of the classes for anyio."""

    def make(original: Any) -> Any:
        @functools.wraps(original)
        async def _sleep(self: Any, sleep_amount: float) -> None:
            if stack.current is None or not _on_asyncio():
                await original(self, sleep_amount)
            else:
                await sleep(sleep_amount)

        return _sleep

    if owner is not None and "_sleep" in vars(owner):
        yield Patch(owner, "_sleep", make)


def _on_asyncio() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _sleep_defaults() -> tuple[Any, ...]:
    try:
        import anyio
    except ImportError:
        return (asyncio.sleep,)
    return (asyncio.sleep, anyio.sleep)


def endpoint_patches(module: Any) -> Iterator[Patch]:
    def make(original: Any) -> Any:
        @functools.wraps(original)
        async def create_request(self: Any, params: Any, operation_model: Any = None) -> Any:
            request = await original(self, params, operation_model)
            if stack.current is not None:
                request._awsim_operation = operation_model
            return request

        return create_request

    yield Patch(module.AioEndpoint, "create_request", make)
    yield from asyncio_module(module)
    yield from _anyio_sleep(attribute(module, "AnyioEndpoint"))


def waiter_patches(module: Any) -> Iterator[Patch]:
    yield from asyncio_module(module)
    yield from _anyio_sleep(attribute(module, "AnyioWaiter"))


def standard_patches(module: Any) -> Iterator[Patch]:
    yield Instead(module.AioRetryHandler, "_sleep", _sleep_defaults(), lambda entry: sleep)


def utils_patches(module: Any) -> Iterator[Patch]:
    cls = attribute(module, "AioContainerMetadataFetcher")
    if cls is not None:
        yield Instead(cls, "_sleep", _sleep_defaults(), lambda entry: sleep)
    yield from today_patches(module)


def bucket_patches(module: Any) -> Iterator[Patch]:
    for name in ("AsyncTokenBucket", "AnyioTokenBucket"):
        cls = attribute(module, name)
        if cls is not None and "_wait_for_new_fill_rate" in vars(cls):
            yield Patch(cls, "_wait_for_new_fill_rate", _wait)


def _wait(original: Any) -> Any:
    @functools.wraps(original)
    async def _wait_for_new_fill_rate(self: Any, sleep_amount: float) -> None:
        if stack.current is None or not _on_asyncio():
            await original(self, sleep_amount)
            return
        condition = self._new_fill_rate_condition
        condition.release()
        try:
            await sleep(max(sleep_amount, SHORTEST))
        finally:
            await condition.acquire()

    return _wait_for_new_fill_rate


def adaptive_patches(module: Any) -> Iterator[Patch]:
    cls = attribute(module, "AsyncClientRateLimiter")
    if cls is not None:
        yield from limiter_patches(cls, _token_bucket)


def _token_bucket(limiter: Any) -> Any:
    from botocore.retries import bucket

    return type(limiter.__dict__["_token_bucket"])(max_rate=1, clock=bucket.Clock())


# --- identity


def identity_patches(module: Any) -> Iterator[Patch]:
    def make(original: Any) -> Any:
        @functools.wraps(original)
        async def get_credentials(self: Any) -> Any:
            found = await original(self)
            return ambient(True) if found is None and stack.current is not None else found

        return get_credentials

    yield Patch(module.AioSession, "get_credentials", make)


def signer_patches(module: Any) -> Iterator[Patch]:
    def supply(original: Any) -> property:
        def get(self: Any) -> Any:
            found = self.__dict__["_credentials"]
            return ambient(True) if found is None and stack.current is not None else found

        def put(self: Any, value: Any) -> None:
            self.__dict__["_credentials"] = value

        return property(get, put)

    def remember(original: Any) -> Any:
        @functools.wraps(original)
        async def get_auth_instance(self: Any, *args: Any, **kwargs: Any) -> Any:
            auth = await original(self, *args, **kwargs)
            entry = stack.current
            if entry is not None:
                see(entry, auth)
            return auth

        return get_auth_instance

    yield Patch(module.AioRequestSigner, "_credentials", supply)
    yield Patch(module.AioRequestSigner, "get_auth_instance", remember)
    yield from today_patches(module)


def credential_patches(module: Any) -> Iterator[Patch]:
    if hasattr(module, "time"):
        yield time_module(module)
    yield from fetcher_patches(module, "_local_now")
    yield Patch(module.AioContainerProvider, "load", _no_container_async)


def _no_container_async(original: Any) -> Any:
    load = _no_container(original)

    @functools.wraps(original)
    async def load_async(self: Any) -> Any:
        found = load(self)
        return await found if found is not None else None

    return load_async

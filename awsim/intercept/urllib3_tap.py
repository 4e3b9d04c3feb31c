"""urllib3, and with it `requests` and whatever else sends through it.

The tap sits below urllib3's own retries, redirects and preloading (`_make_request`), which so work as ever.
"""

from __future__ import annotations

import functools
import http.client
from collections.abc import Iterator
from typing import Any

from awsim.intercept import stack
from awsim.intercept.patching import Patch
from awsim.intercept.serving import is_ours, pairs, raw, seconds, serve
from awsim.wire.http import Request


def pool_patches(module: Any) -> Iterator[Patch]:
    def make_request(original: Any) -> Any:
        @functools.wraps(original)
        def _make_request(self: Any, conn: Any, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
            entry = stack.current
            if entry is None:
                return original(self, conn, method, url, *args, **kwargs)
            full = _full_url(self, url)
            request = Request(method, full, kwargs.get("headers"), kwargs.get("body"))
            if not is_ours(request.host):
                return original(self, conn, method, url, *args, **kwargs)
            if entry.cloud.faults:
                request.timeout = seconds(kwargs.get("timeout"))
            try:
                answer = serve(entry, request)
            except TimeoutError as error:
                raise module.ReadTimeoutError(self, url, str(error)) from error
            except ConnectionRefusedError as error:
                raise module.NewConnectionError(conn, str(error)) from error
            return _response(self, request, answer, url, kwargs)

        return _make_request

    def prepare_proxy(original: Any) -> Any:
        @functools.wraps(original)
        def _prepare_proxy(self: Any, conn: Any) -> Any:
            # Tunnels through a proxy are opened before the request is made.
            if stack.current is not None and is_ours(self.host.lower()):
                return None
            return original(self, conn)

        return _prepare_proxy

    yield Patch(module.HTTPConnectionPool, "_make_request", make_request)
    yield Patch(module.HTTPSConnectionPool, "_prepare_proxy", prepare_proxy)


def _full_url(pool: Any, url: str) -> str:
    if not url.startswith("/"):
        return url  # a forwarding proxy gets the absolute URL
    return f"{pool.scheme}://{pool.host}{url}"


def _response(pool: Any, request: Request, answer: Any, url: str, kwargs: Any) -> Any:
    import urllib3
    from urllib3._collections import HTTPHeaderDict

    headers = HTTPHeaderDict(pairs(answer.headers))
    reason = http.client.responses.get(answer.status, "")
    body = raw(b"" if request.method == "HEAD" else answer.body)
    if int(urllib3.__version__.partition(".")[0]) < 2:
        return _Answer(answer.status, reason, headers, body)
    from urllib3.response import HTTPResponse

    return HTTPResponse(
        body=body,
        headers=headers,
        status=answer.status,
        version=11,
        version_string="HTTP/1.1",
        reason=reason,
        preload_content=kwargs.get("preload_content", True),
        decode_content=kwargs.get("decode_content", True),
        enforce_content_length=kwargs.get("enforce_content_length", True),
        request_method=request.method,
        request_url=url,
        retries=kwargs.get("retries"),
        pool=pool,
        connection=kwargs.get("response_conn"),
    )


class _Answer:
    """What urllib3 1.26 takes for a response of http.client; it wraps it into its own."""

    version = 11

    def __init__(self, status: int, reason: str, headers: Any, body: Any) -> None:
        self.status = status
        self.reason = reason
        self.msg = headers
        self._body = body

    def read(self, amt: int | None = None) -> bytes:
        return self._body.read(amt)

    def close(self) -> None:
        self._body.close()

    def isclosed(self) -> bool:
        return self._body.closed

    @property
    def closed(self) -> bool:
        return self._body.closed

"""urllib.request (`urlopen`): the one place where its HTTP handlers open a connection."""

from __future__ import annotations

import functools
import http.client
import io
from collections.abc import Iterator
from typing import Any

from awsim.intercept import stack
from awsim.intercept.patching import Patch
from awsim.intercept.serving import is_ours, pairs, raw, seconds, serve
from awsim.wire.http import Request


def opener_patches(module: Any) -> Iterator[Patch]:
    def make(original: Any) -> Any:
        @functools.wraps(original)
        def do_open(self: Any, http_class: Any, req: Any, **http_conn_args: Any) -> Any:
            entry = stack.current
            if entry is None:
                return original(self, http_class, req, **http_conn_args)
            # Not req.host: that is the proxy's, where one is set.
            request = Request(req.get_method(), req.full_url, dict(req.header_items()), req.data)
            if not is_ours(request.host):
                return original(self, http_class, req, **http_conn_args)
            if entry.cloud.faults:
                request.timeout = seconds(req.timeout)
            try:
                return _response(req, serve(entry, request))
            except OSError as error:
                raise module.URLError(error) from error

        return do_open

    yield Patch(module.AbstractHTTPHandler, "do_open", make)


class _Connection:
    """A socket from which http.client reads the answer."""

    def __init__(self, answer: Any) -> None:
        lines = [f"HTTP/1.1 {answer.status} {http.client.responses.get(answer.status, '')}"]
        lines.extend(f"{name}: {value}" for name, value in pairs(answer.headers))
        self._file = io.BufferedReader(_Joined("\r\n".join([*lines, "", ""]).encode("latin-1"), raw(answer.body)))

    def makefile(self, mode: str) -> io.BufferedReader:
        return self._file


class _Joined(io.RawIOBase):
    """The head, then the body."""

    def __init__(self, head: bytes, body: Any) -> None:
        self._head = io.BytesIO(head)
        self._body = body

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._head.readinto(buffer) or self._body.readinto(buffer)


def _response(req: Any, answer: Any) -> Any:
    response = http.client.HTTPResponse(_Connection(answer), method=req.get_method())  # type: ignore[arg-type]
    response.begin()
    # As urllib leaves them: the URL, and the reason where addinfourl has it.
    response.url = req.get_full_url()
    response.msg = response.reason  # type: ignore[assignment]
    return response

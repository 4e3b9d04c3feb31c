"""botocore's HTTP layer: every client of the process, whenever it was made.

The tap sits where botocore hands a finished request to urllib3, so event handlers (before-send and all before it) and
`Stubber` keep their precedence. On its way there a request is given the operation that its client knows already: it
needs no routing and no second copy of the service's model.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

from awsim.intercept import stack
from awsim.intercept.patching import Patch
from awsim.intercept.serving import Body, Stream, is_ours, seconds, serve
from awsim.wire.http import Request

_OPERATION = "_awsim_operation"


def session_patches(module: Any) -> Iterator[Patch]:
    from botocore.awsrequest import AWSResponse

    def make(original: Any) -> Any:
        @functools.wraps(original)
        def send(self: Any, request: Any) -> Any:
            entry = stack.current
            if entry is None:
                return original(self, request)
            incoming = Request(request.method, request.url, request.headers, request.body)
            if not is_ours(incoming.host):
                return original(self, request)
            if entry.cloud.faults.scripted:
                incoming.timeout = seconds(self._timeout)
            try:
                answer = serve(entry, incoming, request.__dict__.get(_OPERATION))
            except OSError as error:
                raise broken(error, request.url) from error
            body = answer.body
            if body.__class__ is not bytes:
                response = AWSResponse(request.url, answer.status, answer.headers, Stream(body))
                if not request.stream_output:
                    response.content  # noqa: B018 - botocore reads a response that is not streamed at once
                return response
            if request.method == "HEAD":
                body = b""
            response = AWSResponse(request.url, answer.status, answer.headers, Body(body))
            if not request.stream_output:
                response._content = body
            return response

        return send

    yield Patch(module.URLLib3Session, "send", make)


def broken(error: OSError, url: str) -> Exception:
    """botocore's exception for a connection that a scripted fault broke; any other error as it is."""
    from botocore import exceptions

    for kind, own in (
        (TimeoutError, exceptions.ReadTimeoutError),
        (ConnectionRefusedError, exceptions.EndpointConnectionError),
        (ConnectionResetError, exceptions.ConnectionClosedError),
    ):
        if type(error) is kind:
            return own(endpoint_url=url, error=error)  # type: ignore[no-any-return]
    return error


def endpoint_patches(module: Any) -> Iterator[Patch]:
    from awsim.intercept.time_tap import time_module, today_patches

    def make(original: Any) -> Any:
        @functools.wraps(original)
        def create_request(self: Any, params: Any, operation_model: Any = None) -> Any:
            request = original(self, params, operation_model)
            if stack.current is not None:
                request._awsim_operation = operation_model
            return request

        return create_request

    yield Patch(module.Endpoint, "create_request", make)
    yield time_module(module)
    yield from today_patches(module)

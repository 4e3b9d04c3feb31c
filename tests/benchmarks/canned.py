"""The floor: what boto3 costs when an event handler answers with bytes that were recorded before.

Everything a client does to build, sign and parse a call is in it; no HTTP, no server.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import botocore.awsrequest

Answer = tuple[int, dict[str, str], bytes]


class Raw(io.BytesIO):
    """The least that botocore reads a body from."""

    def stream(self, amt: int = 65536, decode_content: bool | None = None) -> Iterator[bytes]:
        while piece := self.read(amt):
            yield piece


@contextmanager
def recorded(client: Any) -> Iterator[list[tuple[str, Answer]]]:
    """Collect (operation, answer) of each call that `client` makes while a mock answers."""
    answers: list[tuple[str, Answer]] = []

    def after_call(http_response: Any, model: Any, parsed: Any, **kwargs: Any) -> None:
        body = parsed.get("Body")
        content = body.read() if hasattr(body, "read") else http_response.content
        headers = {str(name): str(value) for name, value in http_response.headers.items()}
        answers.append((model.name, (http_response.status_code, headers, content)))

    client.meta.events.register("after-call", after_call)
    try:
        yield answers
    finally:
        client.meta.events.unregister("after-call", after_call)


def answer_with(client: Any, answers: dict[str, Answer]) -> None:
    """Have `client` take each operation's answer from `answers`, at botocore's `before-send`."""

    def before_send(request: Any, event_name: str, **kwargs: Any) -> Any:
        status, headers, body = answers[event_name.rpartition(".")[2]]
        return botocore.awsrequest.AWSResponse(request.url, status, headers, Raw(body))

    client.meta.events.register("before-send", before_send)

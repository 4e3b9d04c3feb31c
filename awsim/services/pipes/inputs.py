"""Input templates, and parameters that are taken from an event.

Source: EventBridge User Guide, "Amazon EventBridge Pipes input transformation": static text, `<$.path>` and
`<aws.pipes.…>`. Data of a source that are JSON can be looked into (`<$.body.id>`). Values stand as JSON where they
stand bare, and as text without its quotes within quotes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from awsim.eventing.templates import ABSENT, at, dumps, filled, steps
from awsim.services.pipes.refusals import invalid

_PLACEHOLDER = re.compile(r"<\s*(\$[^<>]*?|aws\.pipes\.[\w.-]+)\s*>")
_OWN = "aws.pipes."
_VARIABLES = frozenset(
    (
        "pipe-arn", "pipe-name", "source-arn", "enrichment-arn", "target-arn", "event.ingestion-time", "event",
        "event.json",
    )
)  # fmt: skip


class Payload(NamedTuple):
    """What goes from one step of a pipe to the next.

    `event` as it is; `seen`: the same with its data read; `ingested`: when the pipe took it in.
    """

    event: Any
    seen: Any
    ingested: str


def check(template: str | None, where: str) -> None:
    """Refuse placeholders that mean nothing."""
    for name in _PLACEHOLDER.findall(template or ""):
        if name.startswith("$"):
            if steps(name) is None:
                raise invalid(where, f"Invalid JSON path: {name}")
        elif name.removeprefix(_OWN) not in _VARIABLES:
            raise invalid(where, f"Unknown reserved variable: {name}")


def made(template: str | None, payload: Payload, variables: Mapping[str, str | None]) -> str:
    """The text that the next step gets."""
    if not template:
        return dumps(payload.event)
    own: dict[str, Callable[[], Any]] = {
        "event.ingestion-time": lambda: payload.ingested,
        "event": lambda: payload.event,
        "event.json": lambda: payload.seen,
    }

    def value(name: str) -> Any:
        if name.startswith("$"):
            return at(payload.seen, name)
        name = name.removeprefix(_OWN)
        return own[name]() if name in own else variables.get(name) or ""

    return filled(template, _PLACEHOLDER, value)


def parameter(given: str, payload: Payload) -> str:
    """A parameter that may be a path into the event, as text; empty where the path leads nowhere."""
    if not given.startswith("$") or steps(given) is None:
        return given
    value = at(payload.seen, given)
    if value is ABSENT:
        return ""
    return value if isinstance(value, str) else dumps(value)


def parameters(given: Any, payload: Payload) -> Any:
    """As `parameter`, for everything in a structure."""
    if isinstance(given, str):
        return parameter(given, payload)
    if isinstance(given, Mapping):
        return {name: parameters(value, payload) for name, value in given.items()}
    if isinstance(given, list | tuple):
        return [parameters(value, payload) for value in given]
    return given

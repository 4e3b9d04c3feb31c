"""Requests to the REST API, and its answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from awsim.services.opensearch.engine.cluster import Cluster
from awsim.services.opensearch.engine.problems import Problem


class Answer(NamedTuple):
    status: int
    body: Any
    """JSON, or text where it is a string."""


class Ask(NamedTuple):
    """A request. `make_id`: the id of a new document or index; `interval`: how long after a write searches find it;
    `window`: how far down the list of hits searches may go; `about`: what the cluster says of itself."""

    cluster: Cluster
    method: str
    path: str
    query: Mapping[str, str]
    body: bytes
    now: float
    make_id: Callable[[], str]
    interval: float
    window: float | None
    about: Mapping[str, Any]

    def json(self, otherwise: Any = None) -> Any:
        if not self.body.strip():
            if otherwise is None:
                raise Problem(400, "parse_exception", "request body is required")
            return otherwise
        return read_object(self.body)

    def flag(self, name: str) -> bool:
        value = self.query.get(name)
        return value is not None and value.lower() not in ("false", "no", "off", "0")


def read_object(data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except ValueError:
        raise Problem(400, "mapper_parsing_exception", "failed to parse") from None
    if not isinstance(found, dict):
        raise Problem(400, "mapper_parsing_exception", "failed to parse: an object is expected")
    return found

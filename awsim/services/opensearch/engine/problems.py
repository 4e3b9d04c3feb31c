"""What the engine refuses, as it says it."""

from __future__ import annotations

from typing import Any


class Problem(Exception):
    """An error with its type, reason and further members; `status` is that of the answer."""

    def __init__(self, status: int, type: str, reason: str, **more: Any) -> None:
        super().__init__(reason)
        self.status = status
        self.type = type
        self.reason = reason
        self.more = more

    def cause(self) -> dict[str, Any]:
        return {"type": self.type, "reason": self.reason, **self.more}

    def body(self) -> dict[str, Any]:
        return {"error": {"root_cause": [self.cause()], **self.cause()}, "status": self.status}


def bad(reason: str) -> Problem:
    return Problem(400, "illegal_argument_exception", reason)


def unreadable(reason: str) -> Problem:
    return Problem(400, "parsing_exception", reason)


def no_index(name: str) -> Problem:
    more = {"index": name, "resource.id": name, "resource.type": "index_or_alias", "index_uuid": "_na_"}
    return Problem(404, "index_not_found_exception", f"no such index [{name}]", **more)


def not_modelled(what: str) -> Problem:
    """What OpenSearch has and awsim has not."""
    return Problem(501, "not_implemented", f"awsim does not model {what}")

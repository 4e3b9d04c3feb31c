"""Calls that nobody waits for: made at once, worked out when somebody looks.

SNS hands a message to ten queues, and a test looks into one of them. Calls that a service makes of its own accord, and
that the receiver could not refuse, are only noted. The receiver works one out when something asks for what it changes;
time, ids and place in the journal are those of when it was made, so that nobody can tell.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from awsim.calls import CallRecord, without_blobs

if TYPE_CHECKING:
    from awsim.auth.credentials import Caller


class Posting:
    """Calls of one operation on several resources of one account and region, all alike.

    `make(resource)` gives the parameters of one. The receiver leaves those in `resources` that it takes, gives them
    `numbers`, and sets `answer(parameters, number)`, which works out a result; `request_id(number)` is for `requests`.
    """

    __slots__ = (
        "_made", "answer", "by", "make", "numbers", "operation", "region", "request_id", "requests", "resources",
        "service", "timestamp",
    )  # fmt: skip

    answer: Callable[[dict[str, Any], int], dict[str, Any]]
    request_id: Callable[[int], str]
    requests: range
    numbers: Sequence[int]

    def __init__(
        self,
        service: str,
        operation: str,
        region: str,
        by: Caller,
        resources: Collection[str],
        make: Callable[[str], dict[str, Any]],
        timestamp: float,
    ) -> None:
        self.service = service
        self.operation = operation
        self.region = region
        self.by = by
        self.resources = resources
        self.make = make
        self.timestamp = timestamp
        self._made: dict[str, Posted] | None = None

    def records(self) -> dict[str, Posted]:
        """The calls by resource."""
        if self._made is None:
            self._made = {
                resource: Posted(self, resource, number, self.request_id(request))
                for resource, number, request in zip(self.resources, self.numbers, self.requests, strict=True)
            }
        return self._made


class Posted(CallRecord):
    """One of them, in the journal."""

    __slots__ = ("_number", "_posting", "_resource")

    def __init__(self, posting: Posting, resource: str, number: int, request_id: str) -> None:
        super().__init__(posting.service, posting.operation, posting.region, posting.timestamp)
        self.by = posting.by
        self.request_id = request_id
        self._posting = posting
        self._resource = resource
        self._number = number

    @property
    def parameters(self) -> dict[str, Any]:
        if not self._parameters:
            self._parameters = self._posting.make(self._resource)
        return without_blobs(self._parameters)

    @property
    def result(self) -> dict[str, Any]:
        if self._result is None:
            self._result = self._posting.answer(self.parameters, self._number)
        return self._result


def flat(caused: Iterable[CallRecord | Posting]) -> tuple[CallRecord, ...]:
    """Calls with those that nobody waited for in their places."""
    found: list[CallRecord] = []
    for each in caused:
        if isinstance(each, Posting):
            found += each.records().values()
        else:
            found.append(each)
    return tuple(found)

"""Commands: what Run Command does on nodes, and what came of it.

Source: Systems Manager User Guide, "Understanding command statuses".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from awsim.state import Dict, Entity

PENDING, RUNNING, SUCCESS, FAILED = "Pending", "InProgress", "Success", "Failed"
CANCELLED, TIMED_OUT = "Cancelled", "TimedOut"
# Status with details -> status.
_PLAIN = {
    "Delivery Timed Out": TIMED_OUT,
    "Execution Timed Out": TIMED_OUT,
    "Undeliverable": FAILED,
    "Terminated": FAILED,
    "NoInstancesInTag": SUCCESS,
    "Incomplete": FAILED,
}


def plain(details: str) -> str:
    return _PLAIN.get(details, details)


class Step(NamedTuple):
    """What a node's code gets to run: a step of a document, its parameters filled in.

    `commands` are the lines of a script (`aws:runShellScript`, `aws:runPowerShellScript`), empty for other actions.
    """

    command_id: str
    instance_id: str
    document: str
    name: str
    action: str
    inputs: Mapping[str, Any]
    commands: tuple[str, ...] = ()
    platform: str = "Linux"


class Result(NamedTuple):
    """What came of a step: exit code, output, when."""

    step: str
    action: str
    code: int
    output: str
    error: str
    started: float
    ended: float
    details: str  # Success, Failed, Execution Timed Out, Cancelled

    @property
    def status(self) -> str:
        return plain(self.details)


class Invocation(Entity):
    """A command on one node."""

    def __init__(self, instance: str, requested: float) -> None:
        self.instance = instance
        self.requested = requested
        self.details = PENDING
        self.results: tuple[Result, ...] = ()

    @property
    def status(self) -> str:
        return plain(self.details)

    @property
    def over(self) -> bool:
        return self.status not in (PENDING, RUNNING)


class Command(Entity):
    """A command, and its invocations by node."""

    def __init__(
        self, id: str, document: str, version: str, parameters: Mapping[str, Sequence[str]], now: float
    ) -> None:
        self.id = id
        self.document = document
        self.version = version
        self.parameters = parameters
        self.requested = now
        self.settings: Mapping[str, Any] = {}  # members of the request that answers show as they are
        self.invocations = Dict()  # node -> Invocation
        self.steps: tuple[Any, ...] = ()  # what the document has a node do
        self.expires = now
        self.timeout = 0.0  # how long it may take to reach a node, in seconds
        self.details = PENDING
        self.max_errors: int | None = None
        self.told = False  # that it is over

    @property
    def errors(self) -> int:
        return sum(each.status in (FAILED, TIMED_OUT) for each in self.invocations.values())

    def judged(self) -> str:
        """The status with details that its invocations make."""
        found = [each.details for each in self.invocations.values()]
        if not found:
            return "NoInstancesInTag"
        if not all(each.over for each in self.invocations.values()):
            return PENDING if all(each == PENDING for each in found) else RUNNING
        if all(each == CANCELLED for each in found):
            return CANCELLED
        failures = [each for each in found if plain(each) in (FAILED, TIMED_OUT)]
        if not failures:
            return SUCCESS
        if all(each == failures[0] for each in failures) and plain(failures[0]) == TIMED_OUT:
            return failures[0]
        return FAILED if self.max_errors is None or self.errors > self.max_errors else SUCCESS

    def described(self) -> dict[str, Any]:
        over = [each for each in self.invocations.values() if each.over]
        return {
            "CommandId": self.id,
            "DocumentName": self.document,
            "DocumentVersion": self.version,
            "ExpiresAfter": self.expires,
            "Parameters": self.parameters,
            "RequestedDateTime": self.requested,
            "Status": plain(self.details),
            "StatusDetails": self.details.replace(" ", ""),
            **self.settings,
            "TargetCount": len(self.invocations),
            "CompletedCount": len(over),
            "ErrorCount": self.errors,
            "DeliveryTimedOutCount": sum(each.details == "Delivery Timed Out" for each in over),
        }


def moment(time: float | None) -> str:
    """A time as GetCommandInvocation writes it."""
    if time is None:
        return ""
    return datetime.fromtimestamp(time, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def elapsed(seconds: float) -> str:
    return f"PT{seconds:.3f}S".replace(".000S", "S")

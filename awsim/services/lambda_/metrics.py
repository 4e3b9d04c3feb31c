"""What Lambda tells CloudWatch.

Source: Lambda Developer Guide, "Types of metrics for Lambda functions".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from awsim.metering import Dimensions, Sample

THROTTLES = "Throttles"
LOOPS = "RecursiveInvocationsDropped"
DEAD_LETTERS = "DeadLetterErrors"
UNDELIVERED = "DestinationDeliveryFailures"
ITERATOR_AGE = "IteratorAge"
RECEIVED = "AsyncEventsReceived"
EVENT_AGE = "AsyncEventAge"
DROPPED = "AsyncEventsDropped"

_NAMESPACE = "AWS/Lambda"
_MILLISECONDS = frozenset((ITERATOR_AGE, EVENT_AGE))
# Of the account as a whole and of the function alone: events have no version yet.
_OF_EVENTS = frozenset((ITERATOR_AGE, RECEIVED, EVENT_AGE, DROPPED))


class Ran(NamedTuple):
    """An invocation that is over. `at_once`: how many of the function, of all functions and of those without reserved
    concurrency ran when it began; `provisioned`: the concurrency provisioned for the qualifier, None for none."""

    time: float
    function: str
    qualifier: str | None
    version: str
    milliseconds: float
    failed: bool
    at_once: tuple[int, int, int]
    provisioned: int | None


class Happened(NamedTuple):
    """Something else that counts."""

    time: float
    function: str
    qualifier: str | None
    name: str
    value: float = 1


def measurements(notes: Iterable[Ran | Happened | Sample]) -> Iterator[Sample]:
    """What notes say."""
    for note in notes:
        if isinstance(note, Sample):
            yield note
        else:
            yield from _of_run(note) if isinstance(note, Ran) else _of_other(note)


def _of_other(note: Happened) -> Iterator[Sample]:
    unit = "Milliseconds" if note.name in _MILLISECONDS else "Count"
    qualifier = None if note.name in _OF_EVENTS else note.qualifier
    for dimensions in _dimensions(note.function, qualifier, None):
        yield Sample(_NAMESPACE, note.name, dimensions, unit, note.time, note.value)


def _of_run(note: Ran) -> Iterator[Sample]:
    time = note.time
    running, total, unreserved = note.at_once
    for dimensions in _dimensions(note.function, note.qualifier, note.version):
        yield Sample(_NAMESPACE, "Invocations", dimensions, "Count", time, 1)
        yield Sample(_NAMESPACE, "Errors", dimensions, "Count", time, float(note.failed))
        yield Sample(_NAMESPACE, THROTTLES, dimensions, "Count", time, 0)
        yield Sample(_NAMESPACE, "Duration", dimensions, "Milliseconds", time, note.milliseconds)
        yield Sample(_NAMESPACE, "ConcurrentExecutions", dimensions, "Count", time, running if dimensions else total)
    yield Sample(_NAMESPACE, "UnreservedConcurrentExecutions", (), "Count", time, unreserved)
    if note.provisioned is None:
        return
    used = min(running, note.provisioned)
    spilled = running > note.provisioned
    name = f"ProvisionedConcurrency{'Spillover' if spilled else ''}Invocations"
    for dimensions in _dimensions(note.function, note.qualifier, None):
        yield Sample(_NAMESPACE, name, dimensions, "Count", time, 1)
        yield Sample(_NAMESPACE, "ProvisionedConcurrentExecutions", dimensions, "Count", time, used)
    resource = (("FunctionName", note.function), ("Resource", f"{note.function}:{note.qualifier}"))
    share = used / note.provisioned
    yield Sample(_NAMESPACE, "ProvisionedConcurrencyUtilization", resource, "Count", time, share)


def _dimensions(function: str, qualifier: str | None, version: str | None) -> Iterator[Dimensions]:
    """Of all functions, of the function, of the version or alias, and of the version that an alias led to."""
    yield ()
    of_function = (("FunctionName", function),)
    yield of_function
    resource = f"{function}:{qualifier}" if qualifier else function
    yield (*of_function, ("Resource", resource))
    if qualifier and version is not None and qualifier != version:
        yield (("ExecutedVersion", version), *of_function, ("Resource", resource))

"""An event source mapping. Times are epoch seconds.

Source: Lambda API Reference, CreateEventSourceMapping.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from awsim.eventing.lanes import Lane
from awsim.services.lambda_.refusals import invalid
from awsim.state import Dict, Entity, Lifecycle, Tags

Settings = Mapping[str, Any]

ENABLED, DISABLED = "Enabled", "Disabled"


class Kind(NamedTuple):
    """A kind of source. `data`: the field of an event that holds what the sender wrote; `batch`: the row with the
    default size of batches; `home`: the service that holds it, and says when there is something."""

    name: str
    home: str
    data: str
    batch: str


SQS = Kind("sqs", "sqs", "body", "sqs-batch")
KINESIS = Kind("kinesis", "kinesis", "data", "stream-batch")
DYNAMODB = Kind("dynamodb", "dynamodbstreams", "", "stream-batch")

_OTHERS = {"kafka": "Amazon MSK", "mq": "Amazon MQ", "rds": "Amazon DocumentDB"}
STREAM_SETTINGS = (
    "StartingPosition",
    "StartingPositionTimestamp",
    "ParallelizationFactor",
    "MaximumRecordAgeInSeconds",
    "BisectBatchOnFunctionError",
    "MaximumRetryAttempts",
    "TumblingWindowInSeconds",
    "DestinationConfig",
)


def kind_of(arn: str) -> Kind:
    """The kind of a source by its ARN; refuses what is none."""
    parts = arn.split(":", 5)
    if len(parts) == 6:
        service, resource = parts[2], parts[5]
        if service == "sqs":
            return SQS
        if service == "kinesis" and resource.startswith("stream/") and "/consumer/" not in resource:
            return KINESIS
        if service == "dynamodb" and "/stream/" in resource:
            return DYNAMODB
    raise invalid("Unrecognized event source.")


def unmodelled(arn: str) -> str | None:
    """What awsim calls a source that AWS has and awsim does not poll."""
    parts = arn.split(":", 5)
    if len(parts) == 6 and parts[2] == "kinesis" and "/consumer/" in parts[5]:
        return "consumers with enhanced fan-out"
    return _OTHERS.get(parts[2]) if len(parts) == 6 else None


class EventSourceMapping(Entity):
    """A mapping, and where it is in its source.

    `function`: the ARN it invokes. `positions`: shard -> place to read on from, None at the end of a closed one.
    `ancestors`: the functions that led to what it is to look for.
    """

    __slots__ = (
        "active", "ancestors", "arn", "busy", "enabled", "function", "job", "lanes", "lifecycle", "missed", "modified",
        "positions", "reason", "result", "resume", "settings", "source", "started", "tags", "troubles", "uuid",
    )  # fmt: skip

    def __init__(self, uuid: str, arn: str, source: str, function: str, settings: Settings, enabled: bool) -> None:
        self.uuid = uuid
        self.arn = arn
        self.source = source
        self.function = function
        self.settings = settings
        self.enabled = enabled
        self.modified = 0.0
        self.tags = Tags()
        self.lifecycle: Lifecycle
        self.result = "No records processed"
        self.reason = "USER_INITIATED"
        self.active = False  # whether it reads its source
        self.busy = False  # whether it is at work: functions may bring it more,
        self.missed = False  # for which it looks afterwards
        self.started = False  # whether it has found where a stream is to be read from
        self.job: tuple[int, float] | None = None  # the next look at the source, and when that is
        self.troubles = 0  # how often in a row the source could not be read,
        self.resume = 0.0  # and before when it is not to be tried again
        self.ancestors: tuple[str, ...] = ()
        self.lanes = Dict()
        self.positions = Dict()

    @property
    def kind(self) -> Kind:
        return kind_of(self.source)

    @property
    def state(self) -> str:
        return self.lifecycle.state

    @property
    def patterns(self) -> Sequence[str]:
        filters = (self.settings.get("FilterCriteria") or {}).get("Filters") or ()
        return [one["Pattern"] for one in filters if one.get("Pattern")]

    def lane(self, name: str, shard: str = "") -> Lane:
        found: Lane | None = self.lanes.get(name)
        if found is None:
            found = self.lanes[name] = Lane(shard)
        return found

    def described(self) -> dict[str, Any]:
        shown = {
            **self.settings,
            "UUID": self.uuid,
            "EventSourceMappingArn": self.arn,
            "EventSourceArn": self.source,
            "FunctionArn": self.function,
            "LastModified": self.modified,
            "State": self.state,
            "StateTransitionReason": self.reason,
        }
        if self.kind is not SQS:
            shown["LastProcessingResult"] = self.result
        return shown

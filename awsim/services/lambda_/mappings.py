"""Operations on event source mappings.

Sources: Lambda API Reference, CreateEventSourceMapping; Lambda Developer Guide, "Using Lambda with Amazon SQS",
"… with Kinesis", "… with DynamoDB".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from awsim.errors import AWSError
from awsim.eventing.patterns import PatternError, compiled
from awsim.services.lambda_.asynchronous import queue_url
from awsim.services.lambda_.mapping import (
    DISABLED,
    DYNAMODB,
    ENABLED,
    SQS,
    STREAM_SETTINGS,
    EventSourceMapping,
    Kind,
    kind_of,
    unmodelled,
)
from awsim.services.lambda_.polling import Polling
from awsim.services.lambda_.refusals import conflict, invalid, missing
from awsim.state import Lifecycle

_UNFIT = "Unsupported parameter for given event source mapping type."
_DENIED = ("AccessDenied", "AccessDeniedException")


class Mappings(Polling):
    """What is polled, and for which function."""

    def create_event_source_mapping(
        self,
        FunctionName: str,
        EventSourceArn: str | None = None,
        Enabled: bool = True,
        BatchSize: int | None = None,
        FilterCriteria: Mapping[str, Any] | None = None,
        ScalingConfig: Mapping[str, Any] | None = None,
        MaximumBatchingWindowInSeconds: int | None = None,
        ParallelizationFactor: int | None = None,
        StartingPosition: str | None = None,
        StartingPositionTimestamp: datetime | None = None,
        DestinationConfig: Mapping[str, Any] | None = None,
        MaximumRecordAgeInSeconds: int | None = None,
        BisectBatchOnFunctionError: bool | None = None,
        MaximumRetryAttempts: int | None = None,
        Tags: Mapping[str, str] | None = None,
        TumblingWindowInSeconds: int | None = None,
        FunctionResponseTypes: Sequence[str] | None = None,
    ) -> dict[str, Any]:
        if EventSourceArn is None:
            raise invalid("EventSourceArn is required.")
        other = unmodelled(EventSourceArn)
        if other is not None:
            self.not_modelled(f"{other} as an event source")
        found = self.target(FunctionName)
        kind = kind_of(EventSourceArn)
        given = {
            "BatchSize": BatchSize,
            "FilterCriteria": FilterCriteria,
            "ScalingConfig": ScalingConfig,
            "MaximumBatchingWindowInSeconds": MaximumBatchingWindowInSeconds,
            "ParallelizationFactor": ParallelizationFactor,
            "StartingPosition": StartingPosition,
            "StartingPositionTimestamp": StartingPositionTimestamp,
            "DestinationConfig": DestinationConfig,
            "MaximumRecordAgeInSeconds": MaximumRecordAgeInSeconds,
            "BisectBatchOnFunctionError": BisectBatchOnFunctionError,
            "MaximumRetryAttempts": MaximumRetryAttempts,
            "TumblingWindowInSeconds": TumblingWindowInSeconds,
            "FunctionResponseTypes": FunctionResponseTypes,
        }
        settings = self._settings(kind, EventSourceArn, self._begun(kind), given)
        self._check_start(kind, settings)
        self._check_source(kind, EventSourceArn, found.version.role, found.version.timeout)
        for mapping in self.mappings.values():
            if (mapping.source, mapping.function) == (EventSourceArn, found.arn):
                what = "An event source mapping with SQS arn" if kind is SQS else "The event source arn"
                which = f'(" {EventSourceArn} ") and function (" {found.function.name} ")'
                raise conflict(
                    f"{what} {which} {'' if kind is SQS else 'provided mapping '}already exists. Please update or "
                    f"delete the existing mapping with UUID {mapping.uuid}"
                )
        uuid = self.ids.uuid("event-source-mapping")
        arn = self.arn(f"event-source-mapping:{uuid}")
        mapping = EventSourceMapping(uuid, arn, EventSourceArn, found.arn, settings, Enabled)
        mapping.tags = mapping.tags.with_(self, Tags or {}, invalid="InvalidParameterValueException")
        mapping.modified = self.clock.time()
        self.mappings[uuid] = mapping
        end = ENABLED if Enabled else DISABLED
        mapping.lifecycle = Lifecycle(self, [("Creating", "mapping-creation"), (end, None)])
        if Enabled:
            self.later(self.limits.duration("mapping-creation"), "_begin", uuid=uuid)
        return mapping.described()

    def _begun(self, kind: Kind) -> dict[str, Any]:
        settings: dict[str, Any] = {"BatchSize": self.limits[kind.batch], "MaximumBatchingWindowInSeconds": 0}
        if kind is not SQS:
            settings |= {
                "ParallelizationFactor": 1,
                "MaximumRecordAgeInSeconds": -1,
                "BisectBatchOnFunctionError": False,
                "MaximumRetryAttempts": -1,
                "TumblingWindowInSeconds": 0,
                "DestinationConfig": {"OnFailure": {}},
                "FunctionResponseTypes": [],
            }
        return settings

    def _settings(self, kind: Kind, source: str, before: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
        """Settings with what the caller gave in their place; refuses what does not fit the source."""
        given = {name: value for name, value in given.items() if value is not None}
        if kind is SQS and any(name in given for name in STREAM_SETTINGS):
            raise invalid(_UNFIT)
        if kind is not SQS and given.get("ScalingConfig"):
            raise invalid(_UNFIT)
        if given.get("TumblingWindowInSeconds"):
            self.not_modelled("TumblingWindowInSeconds")
        after = {**before, **given}
        for name in ("FilterCriteria", "ScalingConfig"):
            if name in after and not after[name]:
                del after[name]
        size, window = after["BatchSize"], after["MaximumBatchingWindowInSeconds"]
        if kind is SQS:
            if source.endswith(".fifo"):
                self.limits.check("fifo-batch", size)
                if window:
                    raise invalid("Batching window is not supported for FIFO queues")
            elif not window:
                self.limits.check("windowless-sqs-batch", size)
        else:
            self.limits.check("stream-batch-most", size)
            age, shortest = after["MaximumRecordAgeInSeconds"], self.limits["shortest-record-age"]
            if age != -1 and shortest is not None and age < shortest:
                raise invalid(f"MaximumRecordAgeInSeconds must be -1 or at least {int(shortest)}.")
        for one in (after.get("FilterCriteria") or {}).get("Filters") or ():
            try:
                compiled(one.get("Pattern") or "{}")
            except PatternError:
                raise invalid("Invalid filter pattern definition.") from None
        return after

    def _check_start(self, kind: Kind, settings: Mapping[str, Any]) -> None:
        if kind is SQS:
            return
        start = settings.get("StartingPosition")
        if start is None:
            raise invalid(
                "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member "
                "must not be null."
            )
        timed = start == "AT_TIMESTAMP"
        if timed and kind is DYNAMODB:
            raise invalid("Unsupported starting position for arn type: dynamodb")
        if timed != ("StartingPositionTimestamp" in settings):
            raise invalid("StartingPositionTimestamp goes with the starting position AT_TIMESTAMP, and with no other.")

    def _check_source(self, kind: Kind, arn: str, role: str, timeout: int) -> None:
        """Refuse a source that is not there, or that the function's role may not read."""
        if kind is SQS:
            self._check_queue(arn, role, timeout)
            return
        service = kind.home
        member = "StreamARN" if service == "kinesis" else "StreamArn"
        asked = "DescribeStreamSummary" if service == "kinesis" else "DescribeStream"
        prefix = "kinesis" if service == "kinesis" else "dynamodb"
        try:
            self.as_role(role, arn, arn, service, asked, **{member: arn})
            denied = not all(self.role_may(role, f"{prefix}:{one}", arn) for one in ("GetRecords", "GetShardIterator"))
        except AWSError as error:
            if error.code not in _DENIED:
                raise invalid(f"Stream not found: {arn}") from None
            denied = True
        if denied:
            raise invalid(
                f"Cannot access stream {arn}. Please ensure the role can perform the GetRecords, GetShardIterator, "
                f"DescribeStream, {'and ' if service != 'kinesis' else 'ListShards, and '}ListStreams Actions on your "
                "stream in IAM."
            )

    def _check_queue(self, arn: str, role: str, timeout: int) -> None:
        denied = "The provided execution role does not have permissions to call ReceiveMessage on SQS"
        try:
            names = ["VisibilityTimeout"]
            answer = self.as_role(
                role, arn, arn, "sqs", "GetQueueAttributes", QueueUrl=queue_url(arn), AttributeNames=names
            )
        except AWSError as error:
            if error.code in _DENIED:
                raise invalid(denied) from None
            raise invalid(
                "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. SQS "
                "Error Message: The specified queue does not exist."
            ) from None
        if not self.role_may(role, "sqs:ReceiveMessage", arn):
            raise invalid(denied)
        visible = int(answer["Attributes"]["VisibilityTimeout"])
        if visible < timeout:
            raise invalid(
                f"Queue visibility timeout: {visible} seconds is less than Function timeout: {timeout} seconds"
            )

    # --- looking, changing, ending

    def get_event_source_mapping(self, UUID: str) -> dict[str, Any]:
        return self.mapping_at(UUID).described()

    def list_event_source_mappings(
        self,
        EventSourceArn: str | None = None,
        FunctionName: str | None = None,
        Marker: str | None = None,
        MaxItems: int | None = None,
    ) -> dict[str, Any]:
        arn = self.target(FunctionName).arn if FunctionName is not None else None
        found = [
            mapping
            for mapping in self.mappings.values()
            if EventSourceArn in (None, mapping.source) and arn in (None, mapping.function)
        ]
        return self.page(
            "EventSourceMappings",
            found,
            EventSourceMapping.described,
            lambda mapping: mapping.uuid,
            Marker,
            MaxItems,
            "mapping-page-size",
        )

    def update_event_source_mapping(
        self,
        UUID: str,
        FunctionName: str | None = None,
        Enabled: bool | None = None,
        BatchSize: int | None = None,
        FilterCriteria: Mapping[str, Any] | None = None,
        ScalingConfig: Mapping[str, Any] | None = None,
        MaximumBatchingWindowInSeconds: int | None = None,
        ParallelizationFactor: int | None = None,
        DestinationConfig: Mapping[str, Any] | None = None,
        MaximumRecordAgeInSeconds: int | None = None,
        BisectBatchOnFunctionError: bool | None = None,
        MaximumRetryAttempts: int | None = None,
        TumblingWindowInSeconds: int | None = None,
        FunctionResponseTypes: Sequence[str] | None = None,
    ) -> dict[str, Any]:
        mapping = self._idle(UUID)
        given = {
            "BatchSize": BatchSize,
            "FilterCriteria": FilterCriteria,
            "ScalingConfig": ScalingConfig,
            "MaximumBatchingWindowInSeconds": MaximumBatchingWindowInSeconds,
            "ParallelizationFactor": ParallelizationFactor,
            "DestinationConfig": DestinationConfig,
            "MaximumRecordAgeInSeconds": MaximumRecordAgeInSeconds,
            "BisectBatchOnFunctionError": BisectBatchOnFunctionError,
            "MaximumRetryAttempts": MaximumRetryAttempts,
            "TumblingWindowInSeconds": TumblingWindowInSeconds,
            "FunctionResponseTypes": FunctionResponseTypes,
        }
        found = self.target(FunctionName or mapping.function)
        kind = mapping.kind
        settings = self._settings(kind, mapping.source, mapping.settings, given)
        self._check_source(kind, mapping.source, found.version.role, found.version.timeout)
        was = mapping.enabled
        mapping.settings = settings
        mapping.function = found.arn
        mapping.enabled = was if Enabled is None else Enabled
        mapping.modified = self.clock.time()
        passing = "Updating" if was == mapping.enabled else "Enabling" if mapping.enabled else "Disabling"
        end = ENABLED if mapping.enabled else DISABLED
        mapping.lifecycle = Lifecycle(self, [(passing, "mapping-update"), (end, None)])
        self.halt(mapping)
        if mapping.enabled:
            self.later(self.limits.duration("mapping-update"), "_begin", uuid=UUID)
        return mapping.described()

    def delete_event_source_mapping(self, UUID: str) -> dict[str, Any]:
        mapping = self._idle(UUID)
        self.halt(mapping)
        mapping.enabled = False
        mapping.modified = self.clock.time()
        mapping.lifecycle = Lifecycle(self, [("Deleting", "mapping-deletion"), ("Deleting", None)])
        self.later(self.limits.duration("mapping-deletion"), "_gone", uuid=UUID)
        return mapping.described()

    def _gone(self, uuid: str) -> None:
        self.mappings.pop(uuid, None)

    def mapping_at(self, uuid: str) -> EventSourceMapping:
        found: EventSourceMapping | None = self.mappings.get(uuid)
        if found is None:
            raise missing()
        return found

    def _idle(self, uuid: str) -> EventSourceMapping:
        mapping = self.mapping_at(uuid)
        if not mapping.lifecycle.settled_now or mapping.state == "Deleting":
            raise self.error(
                "ResourceInUseException",
                f"Cannot update the event source mapping because it is in use: its state is {mapping.state}.",
                Type="User",
            )
        return mapping

"""Archives and replays. Source: EventBridge User Guide, "Archiving and replaying events"."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from awsim.services.events import arns
from awsim.services.events.archive import Archive, Replay
from awsim.services.events.bus import Bus
from awsim.services.events.operations.common import starting
from awsim.services.events.operations.deliveries import DeliveryOperations
from awsim.services.events.operations.rules import check_pattern
from awsim.services.events.refusals import invalid, no_bus, not_valid

_ONE_FILTER = "At most one filter is allowed for {}. Use either : State, EventSourceArn, or NamePrefix."


class ArchiveOperations(DeliveryOperations):
    # --- archives

    def create_archive(
        self,
        ArchiveName: str,
        EventSourceArn: str,
        Description: str | None = None,
        EventPattern: str | None = None,
        RetentionDays: int | None = None,
        KmsKeyIdentifier: str | None = None,
    ) -> dict[str, Any]:
        bus = self._source(EventSourceArn)
        if EventPattern:
            check_pattern(EventPattern, self.limits)
        archive = Archive(ArchiveName, self.arn(f"archive/{ArchiveName}"), bus.arn, self.clock.time())
        archive.description = Description
        archive.pattern = EventPattern or None
        archive.retention = self.limits["archive-retention"] if RetentionDays is None else RetentionDays
        archive.key = KmsKeyIdentifier
        self.archives.add(archive)
        return _created(archive)

    def _source(self, arn: str) -> Bus:
        address = arns.read(arn)
        if address is None or address.service != "events" or not address.resource.startswith("event-bus/"):
            raise not_valid("EventSourceArn", "Must contain an event bus ARN.")
        name = address.resource.partition("/")[2]
        here = (address.account, address.region) == (self.account, self.region)
        bus: Bus | None = self.buses.get(name) if here else None
        if bus is None:
            raise no_bus(name)
        return bus

    def update_archive(
        self,
        ArchiveName: str,
        Description: str | None = None,
        EventPattern: str | None = None,
        RetentionDays: int | None = None,
        KmsKeyIdentifier: str | None = None,
    ) -> dict[str, Any]:
        if EventPattern is None and RetentionDays is None and Description is None and KmsKeyIdentifier is None:
            raise invalid("At least one of EventPattern, RetentionDays or Description must be provided.")
        archive: Archive = self.archives[ArchiveName]
        if EventPattern:
            check_pattern(EventPattern, self.limits)
        if Description is not None:
            archive.description = Description
        if EventPattern is not None:
            archive.pattern = EventPattern or None
        if RetentionDays is not None:
            archive.retention = RetentionDays
        if KmsKeyIdentifier is not None:
            archive.key = KmsKeyIdentifier
        return _created(archive)

    def delete_archive(self, ArchiveName: str) -> None:
        self.archives.remove(ArchiveName)

    def describe_archive(self, ArchiveName: str) -> dict[str, Any]:
        archive: Archive = self.archives[ArchiveName]
        return {
            **archive.described(self.clock.time()),
            "ArchiveArn": archive.arn,
            "Description": archive.description,
            "EventPattern": archive.pattern,
            "KmsKeyIdentifier": archive.key,
        }

    def list_archives(
        self,
        NamePrefix: str | None = None,
        EventSourceArn: str | None = None,
        State: str | None = None,
        NextToken: str | None = None,
        Limit: int | None = None,
    ) -> dict[str, Any]:
        if sum(given is not None for given in (NamePrefix, EventSourceArn, State)) > 1:
            raise invalid(_ONE_FILTER.format("ListArchives"))
        found = [
            archive
            for archive in starting(self.archives, NamePrefix)
            if EventSourceArn in (None, archive.source_arn) and State in (None, "ENABLED")
        ]
        now = self.clock.time()
        return self.page("Archives", found, lambda archive: archive.described(now), NextToken, Limit)

    # --- replays

    def start_replay(
        self,
        ReplayName: str,
        EventSourceArn: str,
        EventStartTime: datetime,
        EventEndTime: datetime,
        Destination: Mapping[str, Any],
        Description: str | None = None,
    ) -> dict[str, Any]:
        address = arns.read(Destination["Arn"])
        if address is None or address.service != "events" or not address.resource.startswith("event-bus/"):
            raise not_valid("Destination.Arn", "Must contain an event bus ARN.")
        bus: Bus | None = self.buses.get(address.resource.partition("/")[2])
        if bus is None or bus.arn != Destination["Arn"]:
            raise no_bus(address.resource.partition("/")[2])
        source = arns.read(EventSourceArn)
        assert source is not None
        archive: Archive | None = self.archives.get(source.name)
        if archive is None or archive.arn != EventSourceArn:
            raise not_valid("EventSourceArn", f"Archive {source.name} does not exist.")
        if archive.source_arn != bus.arn:
            raise not_valid("Destination.Arn", "Cross event bus replay is not permitted.")
        start, end = EventStartTime.timestamp(), EventEndTime.timestamp()
        if start >= end:
            raise not_valid("EventEndTime", "EventStartTime must be before EventEndTime.")
        replay = Replay(ReplayName, self.arn(f"replay/{ReplayName}"), archive, start, end, Destination)
        replay.description = Description
        replay.started = self.clock.time()
        if self.replays.get(ReplayName) is None:
            self.limits.quota("replays", sum(other.active for other in self.replays))
        self.replays.add(replay)
        replay.job = self.later(self.limits.duration("replay-starting"), "_run_replay", name=ReplayName)
        return {
            "ReplayArn": replay.arn,
            "State": replay.state,
            "ReplayStartTime": replay.started,
        }

    def _run_replay(self, name: str) -> None:
        replay: Replay = self.replays[name]
        replay.state = "RUNNING"
        replay.job = self.later(self.limits.duration("replay-running"), "_replay", name=name)

    def _replay(self, name: str) -> None:
        """Give the events again to the rules of their bus, all or those that were asked for."""
        replay: Replay = self.replays[name]
        bus = self.bus_at(replay.destination["Arn"])
        wanted = replay.destination.get("FilterArns")
        for time, event in replay.archive.events(replay.start, replay.end, self.clock.time()):
            again = {**event, "replay-name": name}
            for rule in list(bus.matching(again)):
                if not wanted or rule.arn in wanted:
                    self.fire(rule, again)
            replay.last = time
        replay.state = "COMPLETED"
        replay.ended = self.clock.time()
        replay.job = None

    def cancel_replay(self, ReplayName: str) -> dict[str, Any]:
        replay: Replay = self.replays[ReplayName]
        if not replay.active:
            message = f"Replay {ReplayName} is not in a valid state for this operation."
            raise self.error("IllegalStatusException", message)
        if replay.job is not None:
            self.cancel(replay.job)
        replay.job = self.later(0, "_cancelled", name=ReplayName)
        replay.state = "CANCELLING"
        return {"ReplayArn": replay.arn, "State": replay.state}

    def _cancelled(self, name: str) -> None:
        replay: Replay = self.replays[name]
        replay.state = "CANCELLED"
        replay.ended = self.clock.time()
        replay.job = None

    def describe_replay(self, ReplayName: str) -> dict[str, Any]:
        replay: Replay = self.replays[ReplayName]
        return {
            **replay.listed(),
            "ReplayArn": replay.arn,
            "Description": replay.description,
            "Destination": replay.destination,
        }

    def list_replays(
        self,
        NamePrefix: str | None = None,
        State: str | None = None,
        EventSourceArn: str | None = None,
        NextToken: str | None = None,
        Limit: int | None = None,
    ) -> dict[str, Any]:
        if sum(given is not None for given in (NamePrefix, EventSourceArn, State)) > 1:
            raise invalid(_ONE_FILTER.format("ListReplays"))
        found = [
            replay
            for replay in starting(self.replays, NamePrefix)
            if State in (None, replay.state) and EventSourceArn in (None, replay.source_arn)
        ]
        return self.page("Replays", found, Replay.listed, NextToken, Limit)


def _created(archive: Archive) -> dict[str, Any]:
    return {"ArchiveArn": archive.arn, "State": "ENABLED", "CreationTime": archive.created}

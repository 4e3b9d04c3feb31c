"""PutEvents, and the events of partners."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from awsim.errors import AWSError
from awsim.services.events import arns, permissions
from awsim.services.events.bus import DEFAULT, Bus
from awsim.services.events.event import check_entry, envelope, size
from awsim.services.events.operations.deliveries import DeliveryOperations

Entry = Mapping[str, Any]


class EventOperations(DeliveryOperations):
    def put_events(self, Entries: Sequence[Entry], EndpointId: str | None = None) -> dict[str, Any]:
        """`EndpointId` is for `EndpointOperations`."""
        time_size = self.limits["event-time-size"]
        self.limits.check("put-events-size", sum(size(entry, time_size) for entry in Entries))
        homes = [self._home(entry.get("EventBusName") or DEFAULT) for entry in Entries]
        return _each(Entries, lambda number: self._put(Entries[number], *homes[number]))

    def _home(self, name: str) -> tuple[Any, Bus | None]:
        """The EventBridge that has a bus, and the bus; no bus where there is none, which nobody is told of."""
        if not name.startswith("arn:"):
            return self, self.buses.get(name)
        address = arns.read(name)
        assert address is not None
        home = self.at(account=address.account, region=address.region)
        bus: Bus | None = home.buses.get(address.resource.partition("/")[2])
        if address.account != self.account and self.caller.service is None:
            policy = None if bus is None else bus.policy
            caller, now = self.caller, self.clock.time()
            organization = self.cloud.organization_of(caller.account, self.partition)
            if not permissions.admits(policy, name, address.account, caller, now, organization):
                raise self.denied("PutEvents", name)
        return home, bus

    def _put(self, entry: Entry, home: Any, bus: Bus | None, *, own: bool = False) -> str:
        """The id of an entry's event; `own`: the source is the caller's, though it begins as AWS's do."""
        detail = check_entry(entry, by_service=own or self.caller.service is not None)
        time = entry.get("Time")
        event = envelope(
            id_=self.ids.uuid("event"),
            detail_type=entry["DetailType"],
            source=entry["Source"],
            account=self.account,
            time=time.timestamp() if isinstance(time, datetime) else time or self.clock.time(),
            region=self.region,
            resources=list(entry.get("Resources") or ()),
            detail=detail,
        )
        if bus is not None:
            home.ingest(bus, event)
        return event["id"]

    # --- partners

    def put_partner_events(self, Entries: Sequence[Entry]) -> dict[str, Any]:
        time_size = self.limits["event-time-size"]
        self.limits.check("put-events-size", sum(size(entry, time_size) for entry in Entries))
        return _each(Entries, lambda number: self._put_partner(Entries[number]))

    def _put_partner(self, entry: Entry) -> str:
        offer = self.offered[entry.get("Source")]
        home = self.at(account=offer.account)
        source = home.partner_sources.get(offer.name)
        # What comes while the customer's bus is not open to it is lost.
        bus = home.buses.get(offer.name) if source is not None and source.state == "ACTIVE" else None
        return self._put(entry, home, bus, own=True)


def _each(entries: Sequence[Entry], put: Any) -> dict[str, Any]:
    """Success or failure by entry."""
    answers = []
    for number in range(len(entries)):
        try:
            answers.append({"EventId": put(number)})
        except AWSError as error:
            answers.append({"ErrorCode": error.code, "ErrorMessage": error.message})
    return {"FailedEntryCount": sum("ErrorCode" in answer for answer in answers), "Entries": answers}

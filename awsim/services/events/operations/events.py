"""PutEvents, and the events of partners."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from awsim.errors import AWSError
from awsim.services.events import arns, permissions
from awsim.services.events.bus import DEFAULT, Bus
from awsim.services.events.event import REQUIRED, are_objects, check_entry, envelope, size, timestamp
from awsim.services.events.operations.deliveries import DeliveryOperations
from awsim.wire.rows import Columns, Rows

Entry = Mapping[str, Any]

_HEARD = frozenset(REQUIRED)


class EventOperations(DeliveryOperations):
    def put_events(self, Entries: Sequence[Entry], EndpointId: str | None = None) -> dict[str, Any]:
        """`EndpointId` is for `EndpointOperations`."""
        self._check_size(Entries)
        by_service = self.caller.service is not None
        if Entries.__class__ is Rows and not by_service and self._unheard(Entries.columns):  # type: ignore[attr-defined]
            return {"FailedEntryCount": 0, "Entries": Columns({"EventId": self.ids.uuids("event", len(Entries))})}
        names = dict.fromkeys([entry.get("EventBusName") or DEFAULT for entry in Entries])
        homes = {name: self._home(name) for name in names}
        now = timestamp(self.clock.time())

        def put(entry: Entry, id_: str) -> None:
            self._put(entry, id_, now, *homes[entry.get("EventBusName") or DEFAULT], by_service)

        return self._each(Entries, put)

    def _each(self, entries: Sequence[Entry], put: Callable[[Entry, str], None]) -> dict[str, Any]:
        """`put(entry, id)` for each: success or failure by entry."""
        answers, failed = [], 0
        for entry, id_ in zip(entries, self.ids.uuids("event", len(entries)), strict=True):
            try:
                put(entry, id_)
                answers.append({"EventId": id_})
            except AWSError as error:
                answers.append({"ErrorCode": error.code, "ErrorMessage": error.message})
                failed += 1
        return {"FailedEntryCount": failed, "Entries": answers}

    def _unheard(self, columns: Mapping[str, Sequence[str]]) -> bool:
        """Whether there is nothing wrong with any of many entries for the default bus, and nobody who hears of them:
        most events are for few rules."""
        if "EventBusName" in columns or not columns.keys() >= _HEARD:
            return False
        bus: Bus = self.buses[DEFAULT]
        for source, type_ in set(zip(columns["Source"], columns["DetailType"], strict=True)):
            if not source or not type_ or source.startswith("aws.") or self.heard(bus, source, type_):
                return False
        return are_objects(columns["Detail"])

    def _check_size(self, entries: Sequence[Entry]) -> None:
        http, most = self.request.http, self.limits["put-events-size"]
        # The names around an entry's values are longer than what its time counts for beyond its digits.
        if http is None or most is None or http.size() > most:
            time_size = self.limits["event-time-size"]
            self.limits.check("put-events-size", sum([size(entry, time_size) for entry in entries]))

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

    def _put(self, entry: Entry, id_: str, now: str, home: Any, bus: Bus | None, by_service: bool) -> None:
        """Let an entry be an event; `by_service`: its source may begin as those of AWS do."""
        detail = check_entry(entry, by_service)
        if bus is not None and home.heard(bus, entry["Source"], entry["DetailType"]):
            time = entry.get("Time")
            event = envelope(
                id_,
                entry["DetailType"],
                entry["Source"],
                self.account,
                now if time is None else timestamp(time.timestamp() if isinstance(time, datetime) else time),
                self.region,
                list(entry.get("Resources") or ()),
                detail,
            )
            home.ingest(bus, event)

    # --- partners

    def put_partner_events(self, Entries: Sequence[Entry]) -> dict[str, Any]:
        self._check_size(Entries)
        return self._each(Entries, self._put_partner)

    def _put_partner(self, entry: Entry, id_: str) -> None:
        offer = self.offered[entry.get("Source")]
        home = self.at(account=offer.account)
        source = home.partner_sources.get(offer.name)
        # What comes while the customer's bus is not open to it is lost.
        bus = home.buses.get(offer.name) if source is not None and source.state == "ACTIVE" else None
        self._put(entry, id_, timestamp(self.clock.time()), home, bus, True)

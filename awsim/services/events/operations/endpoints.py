"""Global endpoints: one name for the buses of two Regions. Source: EventBridge User Guide, "Making applications
Regional-fault tolerant with global endpoints".

Events go to the bus of the primary Region, and to that of the secondary one while the primary answers with errors of
its own, as in an outage: Route 53's health check, which decides that at AWS, is not asked. With replication each event
comes to the other Region's bus as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from awsim.errors import AWSError
from awsim.services.events import arns
from awsim.services.events.arns import Arn
from awsim.services.events.operations.common import starting
from awsim.services.events.operations.events import Entry, EventOperations
from awsim.services.events.refusals import invalid, missing, no_bus, not_valid
from awsim.state import Entity, Lifecycle

_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
_ENABLED = "ENABLED"


class Endpoint(Entity):
    """A global endpoint. `buses` are the ARNs of the primary's and the secondary's bus; times are epoch seconds."""

    __slots__ = (
        "arn", "buses", "created", "description", "id", "lifecycle", "name", "replication", "role_arn", "routing",
        "updated",
    )  # fmt: skip

    def __init__(self, name: str, arn: str, id: str, now: float, lifecycle: Lifecycle) -> None:
        self.name = name
        self.arn = arn
        self.id = id
        self.created = now
        self.updated = now
        self.lifecycle = lifecycle
        self.description: str | None = None
        self.routing: Mapping[str, Any] = {}
        self.replication = _ENABLED
        self.buses: tuple[str, ...] = ()
        self.role_arn: str | None = None

    @property
    def replicates(self) -> bool:
        return self.replication == _ENABLED

    def answered(self) -> dict[str, Any]:
        return {
            "Name": self.name,
            "Arn": self.arn,
            "RoutingConfig": self.routing,
            "ReplicationConfig": {"State": self.replication},
            "EventBuses": [{"EventBusArn": bus} for bus in self.buses],
            "RoleArn": self.role_arn,
            "State": self.lifecycle.state,
        }

    def described(self) -> dict[str, Any]:
        return {
            **self.answered(),
            "Description": self.description,
            "EndpointId": self.id,
            "EndpointUrl": f"https://{self.id}.endpoint.events.amazonaws.com",
            "CreationTime": self.created,
            "LastModifiedTime": self.updated,
        }


class EndpointOperations(EventOperations):
    def create_endpoint(
        self,
        Name: str,
        RoutingConfig: Mapping[str, Any],
        EventBuses: Sequence[Mapping[str, str]],
        Description: str | None = None,
        ReplicationConfig: Mapping[str, str] | None = None,
        RoleArn: str | None = None,
    ) -> dict[str, Any]:
        id = f"{self.ids.text('endpoint', 10, _LETTERS)}.{self.ids.text('endpoint-suffix', 3, _LETTERS)}"
        lifecycle = Lifecycle(self, [("CREATING", "endpoint-update"), ("ACTIVE", None)])
        endpoint = Endpoint(Name, self.arn(f"endpoint/{Name}"), id, self.clock.time(), lifecycle)
        self._set(endpoint, Description, RoutingConfig, ReplicationConfig, EventBuses, RoleArn)
        self.endpoints.add(endpoint)
        self._directory().endpoint_homes[id] = (self.region, Name)
        return endpoint.answered()

    def update_endpoint(
        self,
        Name: str,
        Description: str | None = None,
        RoutingConfig: Mapping[str, Any] | None = None,
        ReplicationConfig: Mapping[str, str] | None = None,
        EventBuses: Sequence[Mapping[str, str]] | None = None,
        RoleArn: str | None = None,
    ) -> dict[str, Any]:
        endpoint: Endpoint = self.endpoints[Name]
        self._set(
            endpoint,
            endpoint.description if Description is None else Description,
            RoutingConfig or endpoint.routing,
            ReplicationConfig or {"State": endpoint.replication},
            EventBuses or [{"EventBusArn": bus} for bus in endpoint.buses],
            RoleArn or endpoint.role_arn,
        )
        endpoint.updated = self.clock.time()
        endpoint.lifecycle = Lifecycle(self, [("UPDATING", "endpoint-update"), ("ACTIVE", None)])
        shown = endpoint.described()
        return {name: value for name, value in shown.items() if name not in ("CreationTime", "LastModifiedTime")}

    def _set(
        self,
        endpoint: Endpoint,
        description: str | None,
        routing: Mapping[str, Any],
        replication: Mapping[str, str] | None,
        buses: Sequence[Mapping[str, str]],
        role_arn: str | None,
    ) -> None:
        """Check settings, and take them on."""
        state = (replication or {}).get("State", _ENABLED)
        if state == _ENABLED and role_arn is None:
            raise invalid("RoleArn is required when event replication is enabled.")
        found = [_bus_address(bus["EventBusArn"]) for bus in buses]
        if found[0].name != found[1].name:
            raise invalid("The names of the event buses must be identical in each Region.")
        secondary = routing["FailoverConfig"]["Secondary"]["Route"]
        by_region = {address.region: bus["EventBusArn"] for address, bus in zip(found, buses, strict=True)}
        if by_region.keys() != {self.region, secondary}:
            raise invalid("The event buses must be those of the primary and of the secondary Region.")
        for address in found:
            if address.account != self.account or address.name not in self.at(region=address.region).buses:
                raise no_bus(address.name)
        endpoint.description, endpoint.routing, endpoint.role_arn = description, routing, role_arn
        endpoint.replication = state
        endpoint.buses = (by_region[self.region], by_region[secondary])

    def delete_endpoint(self, Name: str) -> None:
        endpoint: Endpoint = self.endpoints.remove(Name)
        self._directory().endpoint_homes.pop(endpoint.id, None)

    def describe_endpoint(self, Name: str, HomeRegion: str | None = None) -> dict[str, Any]:
        home = self if HomeRegion is None else self.at(region=HomeRegion)
        endpoint: Endpoint = home.endpoints[Name]
        return endpoint.described()

    def list_endpoints(
        self,
        NamePrefix: str | None = None,
        HomeRegion: str | None = None,
        NextToken: str | None = None,
        MaxResults: int | None = None,
    ) -> dict[str, Any]:
        home = self if HomeRegion is None else self.at(region=HomeRegion)
        return self.page("Endpoints", starting(home.endpoints, NamePrefix), Endpoint.described, NextToken, MaxResults)

    # --- events

    def put_events(self, Entries: Sequence[Entry], EndpointId: str | None = None) -> dict[str, Any]:
        if EndpointId is None:
            return super().put_events(Entries)
        region, name = self._directory().endpoint_homes.get(EndpointId, ("", ""))
        if not region:
            raise missing(f"Endpoint {EndpointId} does not exist.")
        return self.at(region=region)._put_by(name, Entries)  # type: ignore[no-any-return]

    def _put_by(self, name: str, entries: Sequence[Entry]) -> dict[str, Any]:
        """Put events by way of an endpoint of this Region: here, in the other Region where this one fails."""
        endpoint: Endpoint = self.endpoints[name]
        wanted = _bus_address(endpoint.buses[0]).name
        for entry in entries:
            if (entry.get("EventBusName") or "default").rpartition("/")[2] != wanted:
                raise invalid(f"Endpoint {name} is for event bus {wanted}.")
        taken, answer = endpoint.buses[0], {}
        for taken in endpoint.buses:
            try:
                answer = self._put_into(taken, entries, self.caller)
                break
            except AWSError as error:
                if (error.status or 400) < 500 or taken == endpoint.buses[-1]:
                    raise
        if endpoint.replicates:
            (other,) = {*endpoint.buses} - {taken}
            accepted = [entry for entry, told in zip(entries, answer["Entries"], strict=True) if "EventId" in told]
            seconds = self.limits.duration("delivery")
            self.later(seconds, "_replicate", bus=other, entries=accepted, role_arn=endpoint.role_arn)
        return answer

    def _put_into(self, bus: str, entries: Sequence[Entry], caller: Any) -> dict[str, Any]:
        """Put entries on a bus in its own Region."""
        return self.call(
            "events",
            "PutEvents",
            as_=caller,
            region_=_bus_address(bus).region,
            Entries=[{**entry, "EventBusName": bus} for entry in entries],
        )

    def _replicate(self, bus: str, entries: Sequence[Entry], role_arn: str | None) -> None:
        """The other Region's copy of events; lost where the role may not."""
        self._put_into(bus, entries, role_arn)

    def _directory(self) -> Any:
        """The EventBridge that knows where all endpoints of the account are at home."""
        return self.at(region=_DIRECTORY.get(self.partition, "us-east-1"))


_DIRECTORY = {"aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}


def _bus_address(arn: str) -> Arn:
    address = arns.read(arn)
    if address is None or not address.resource.startswith("event-bus/"):
        raise not_valid("EventBuses", "Must contain event bus ARNs.")
    return address

"""Connections between domains, for searches across clusters; and reserved instances, of which none are offered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from awsim.services.opensearch.common import bad_page
from awsim.services.opensearch.reaching import Reaching
from awsim.services.opensearch.refusals import exists, invalid, missing
from awsim.state import Entity, Lifecycle

Given = Mapping[str, Any]


class Connection(Entity):
    """A connection as one of its two domains' accounts has it; `status` is that of both."""

    __slots__ = ("alias", "id", "lifecycle", "local", "mode", "options", "remote")

    def __init__(
        self, id: str, local: Given, remote: Given, alias: str, mode: str, options: Given, lifecycle: Lifecycle
    ) -> None:
        self.id = id
        self.local = local
        self.remote = remote
        self.alias = alias
        self.mode = mode
        self.options = options
        self.lifecycle = lifecycle

    def described(self, *, inbound: bool) -> dict[str, Any]:
        state = self.lifecycle.state
        shown = {
            "LocalDomainInfo": {"AWSDomainInformation": self.remote if inbound else self.local},
            "RemoteDomainInfo": {"AWSDomainInformation": self.local if inbound else self.remote},
            "ConnectionId": self.id,
            "ConnectionStatus": {"StatusCode": "PENDING_ACCEPTANCE" if inbound and state == "VALIDATING" else state},
            "ConnectionMode": self.mode,
        }
        return shown if inbound else {**shown, "ConnectionAlias": self.alias, "ConnectionProperties": self.options}


class Connecting(Reaching):
    """Operations on connections."""

    def create_outbound_connection(
        self,
        LocalDomainInfo: Given,
        RemoteDomainInfo: Given,
        ConnectionAlias: str,
        ConnectionMode: str = "DIRECT",
        ConnectionProperties: Given | None = None,
    ) -> dict[str, Any]:
        local, remote = self._end(LocalDomainInfo), self._end(RemoteDomainInfo)
        if (local["OwnerId"], local["Region"]) != (self.account, self.region):
            raise invalid("The local domain must be of this account and region.")
        self.domain(local["DomainName"])
        there = self.at(account=remote["OwnerId"], region=remote["Region"])
        lifecycle = [("VALIDATING", "connection-validation"), ("PENDING_ACCEPTANCE", None)]
        if remote["DomainName"] not in there.domains:
            lifecycle[-1] = ("VALIDATION_FAILED", None)
        if any(one.alias == ConnectionAlias for one in self.outbound):
            raise exists(f"Connection alias already exists: {ConnectionAlias}")
        connection = Connection(
            "c-" + self.ids.text("connection", 26, "abcdefghijklmnopqrstuvwxyz0123456789"),
            local,
            remote,
            ConnectionAlias,
            ConnectionMode,
            ConnectionProperties or {},
            Lifecycle(self, lifecycle),
        )
        self.outbound.add(connection)
        if lifecycle[-1][0] == "PENDING_ACCEPTANCE":
            there.inbound.add(connection)
        return connection.described(inbound=False)

    def _end(self, info: Given) -> dict[str, str]:
        given = info.get("AWSDomainInformation")
        if not given:
            raise invalid("AWSDomainInformation must be specified.")
        return {"OwnerId": self.account, "Region": self.region, **given}

    def describe_outbound_connections(
        self, Filters: Sequence[Given] = (), MaxResults: int | None = None, NextToken: str | None = None
    ) -> dict[str, Any]:
        shown = [one.described(inbound=False) for one in self.outbound]
        return self._connections(shown, Filters, MaxResults, NextToken)

    def describe_inbound_connections(
        self, Filters: Sequence[Given] = (), MaxResults: int | None = None, NextToken: str | None = None
    ) -> dict[str, Any]:
        shown = [one.described(inbound=True) for one in self.inbound]
        return self._connections(shown, Filters, MaxResults, NextToken)

    def _connections(
        self, shown: Iterable[dict[str, Any]], filters: Sequence[Given], size: int | None, token: str | None
    ) -> dict[str, Any]:
        for one in filters:
            name, wanted = one.get("Name", ""), one.get("Values") or ()
            shown = [each for each in shown if _filtered_by(name, each) in wanted]
        return self.page("Connections", shown, dict, lambda one: str(one["ConnectionId"]), token, size)

    def accept_inbound_connection(self, ConnectionId: str) -> dict[str, Any]:
        connection = self._pending(ConnectionId)
        steps = [("APPROVED", "connection-provisioning"), ("ACTIVE", None)]
        connection.lifecycle = Lifecycle(self, steps)
        return {"Connection": connection.described(inbound=True)}

    def reject_inbound_connection(self, ConnectionId: str) -> dict[str, Any]:
        connection = self._pending(ConnectionId)
        steps = [("REJECTING", "connection-validation"), ("REJECTED", None)]
        connection.lifecycle = Lifecycle(self, steps)
        return {"Connection": connection.described(inbound=True)}

    def _pending(self, id: str) -> Connection:
        connection = self._inbound(id)
        if connection.lifecycle.state not in ("PENDING_ACCEPTANCE", "VALIDATING"):
            raise self.error("DisabledOperationException", "The connection is not pending acceptance.")
        return connection

    def _inbound(self, id: str) -> Connection:
        found: Connection | None = self.inbound.get(id)
        if found is None:
            raise missing(f"Connection not found: {id}")
        return found

    def delete_inbound_connection(self, ConnectionId: str) -> dict[str, Any]:
        connection = self._inbound(ConnectionId)
        self.inbound.remove(ConnectionId)
        connection.lifecycle = Lifecycle(self, [("DELETING", "connection-validation"), ("DELETED", None)])
        return {"Connection": connection.described(inbound=True)}

    def delete_outbound_connection(self, ConnectionId: str) -> dict[str, Any]:
        found: Connection | None = self.outbound.get(ConnectionId)
        if found is None:
            raise missing(f"Connection not found: {ConnectionId}")
        self.outbound.remove(ConnectionId)
        there = self.at(account=found.remote["OwnerId"], region=found.remote["Region"])
        found.lifecycle = Lifecycle(self, [("DELETING", "connection-validation"), ("DELETED", None)])
        if ConnectionId in there.inbound:
            there.inbound.remove(ConnectionId)
        return {"Connection": found.described(inbound=False)}

    # --- reserved instances

    def describe_reserved_instance_offerings(
        self, ReservedInstanceOfferingId: str | None = None, MaxResults: int | None = None, NextToken: str | None = None
    ) -> dict[str, Any]:
        """None: prices are no matter of awsim."""
        if ReservedInstanceOfferingId is not None:
            raise missing(f"Reserved instance offering not found: {ReservedInstanceOfferingId}")
        return self.page("ReservedInstanceOfferings", (), dict, str, NextToken, MaxResults, bad_page)

    def describe_reserved_instances(
        self, ReservedInstanceId: str | None = None, MaxResults: int | None = None, NextToken: str | None = None
    ) -> dict[str, Any]:
        if ReservedInstanceId is not None:
            raise missing(f"Reserved instance not found: {ReservedInstanceId}")
        return self.page("ReservedInstances", (), dict, str, NextToken, MaxResults, bad_page)

    def purchase_reserved_instance_offering(
        self, ReservedInstanceOfferingId: str, ReservationName: str, InstanceCount: int | None = None
    ) -> dict[str, Any]:
        raise missing(f"Reserved instance offering not found: {ReservedInstanceOfferingId}")


def _filtered_by(name: str, shown: Given) -> str | None:
    """What a filter looks at."""
    if name == "connection-id":
        return str(shown["ConnectionId"])
    end, _, member = name.partition(".")
    info = shown.get({"local-domain-info": "LocalDomainInfo", "remote-domain-info": "RemoteDomainInfo"}.get(end, ""))
    known = {"domain-name": "DomainName", "owner-id": "OwnerId", "region": "Region"}
    found: str | None = (info or {}).get("AWSDomainInformation", {}).get(known.get(member, ""))
    return found

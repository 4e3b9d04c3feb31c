"""Partner event sources: what partners offer to accounts. Source: EventBridge User Guide, "Receiving events from a
SaaS partner"; API Reference, CreatePartnerEventSource."""

from __future__ import annotations

from typing import Any

from awsim.services.events.operations.common import Operations, starting
from awsim.state import Entity


class Source(Entity):
    """A partner event source, as the account that it is offered to has it."""

    __slots__ = ("arn", "created", "name", "partner", "state")

    def __init__(self, name: str, arn: str, partner: str, now: float) -> None:
        self.name = name
        self.arn = arn
        self.partner = partner
        self.created = now
        self.state = "PENDING"

    def described(self) -> dict[str, Any]:
        return {
            "Arn": self.arn,
            "CreatedBy": self.name.split("/")[1],
            "CreationTime": self.created,
            "Name": self.name,
            "State": self.state,
        }


class Offer(Entity):
    """The same, as the partner has it. One source may be offered to one account."""

    __slots__ = ("account", "arn", "name")

    def __init__(self, name: str, arn: str, account: str) -> None:
        self.name = name
        self.arn = arn
        self.account = account


class PartnerOperations(Operations):
    def create_partner_event_source(self, Name: str, Account: str) -> dict[str, Any]:
        arn = f"arn:{self.partition}:events:{self.region}::event-source/{Name}"
        customer = self.at(account=Account)
        customer.partner_sources.add(Source(Name, arn, self.account, self.clock.time()))
        self.offered.add(Offer(Name, arn, Account))
        return {"EventSourceArn": arn}

    def delete_partner_event_source(self, Name: str, Account: str) -> None:
        offer = self.offered.get(Name)
        if offer is None or offer.account != Account:
            return
        self.offered.remove(Name)
        source: Source | None = self.at(account=Account).partner_sources.get(Name)
        if source is not None:
            source.state = "DELETED"

    def describe_partner_event_source(self, Name: str) -> dict[str, Any]:
        offer: Offer = self.offered[Name]
        return {"Arn": offer.arn, "Name": offer.name}

    def list_partner_event_sources(
        self, NamePrefix: str, NextToken: str | None = None, Limit: int | None = None
    ) -> dict[str, Any]:
        return self.page(
            "PartnerEventSources",
            starting(self.offered, NamePrefix),
            lambda offer: {"Arn": offer.arn, "Name": offer.name},
            NextToken,
            Limit,
        )

    def describe_event_source(self, Name: str) -> dict[str, Any]:
        source: Source = self.partner_sources[Name]
        return source.described()

    def activate_event_source(self, Name: str) -> None:
        self._switch(Name, "ACTIVE")

    def deactivate_event_source(self, Name: str) -> None:
        self._switch(Name, "PENDING")

    def _switch(self, name: str, state: str) -> None:
        source: Source = self.partner_sources[name]
        if source.state == "DELETED" or (state == "ACTIVE" and name not in self.buses):
            raise self.error("InvalidStateException", f"Event source {name} is in state {source.state}.")
        source.state = state

    def list_partner_event_source_accounts(
        self, EventSourceName: str, NextToken: str | None = None, Limit: int | None = None
    ) -> dict[str, Any]:
        offer: Offer = self.offered[EventSourceName]
        source: Source = self.at(account=offer.account).partner_sources[EventSourceName]
        shown = {"Account": offer.account, "CreationTime": source.created, "State": source.state}
        return self.page(
            "PartnerEventSourceAccounts", [shown], dict, NextToken, Limit, key=lambda one: str(one["Account"])
        )

    def list_event_sources(
        self, NamePrefix: str | None = None, NextToken: str | None = None, Limit: int | None = None
    ) -> dict[str, Any]:
        return self.page("EventSources", starting(self.partner_sources, NamePrefix), Source.described, NextToken, Limit)

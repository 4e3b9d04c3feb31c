"""Event buses: their life, policies and tags."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from awsim.services.events import arns, permissions
from awsim.services.events.bus import DEFAULT, Bus, Rule
from awsim.services.events.operations.common import Operations, starting
from awsim.services.events.refusals import invalid, missing, no_bus, no_rule, not_valid
from awsim.state.tags import tag_map

_PARTNER = "aws.partner/"


class BusOperations(Operations):
    # --- life

    def create_event_bus(
        self,
        Name: str,
        EventSourceName: str | None = None,
        Description: str | None = None,
        KmsKeyIdentifier: str | None = None,
        DeadLetterConfig: Mapping[str, Any] | None = None,
        LogConfig: Mapping[str, Any] | None = None,
        Tags: Sequence[Mapping[str, str]] = (),
    ) -> dict[str, Any]:
        if EventSourceName is not None or Name.startswith(_PARTNER):
            self._check_partner(Name, EventSourceName)
        elif "/" in Name:
            raise invalid("Event bus name must not contain '/'.")
        self.checked_dead_letters(DeadLetterConfig)
        bus = Bus(Name, self.arn(f"event-bus/{Name}"), self.clock.time())
        bus.settings = _settings(Description, KmsKeyIdentifier, DeadLetterConfig, LogConfig)
        bus.source = EventSourceName
        bus.tags = bus.tags.with_(self, tag_map(Tags), invalid="ValidationException")
        self.buses.add(bus)
        if EventSourceName is not None:
            self.partner_sources[EventSourceName].state = "ACTIVE"
        return {"EventBusArn": bus.arn, **bus.settings}

    def _check_partner(self, name: str, source: str | None) -> None:
        if source is None or source != name:
            raise invalid("Event bus name and event source name must be the same for partner event buses.")
        if self.partner_sources.get(source) is None:
            raise missing(f"Event source {source} does not exist.")

    def update_event_bus(
        self,
        Name: str | None = None,
        KmsKeyIdentifier: str | None = None,
        Description: str | None = None,
        DeadLetterConfig: Mapping[str, Any] | None = None,
        LogConfig: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        bus = self.bus_at(Name)
        self.checked_dead_letters(DeadLetterConfig)
        bus.settings = {
            **bus.settings,
            **_settings(Description, KmsKeyIdentifier, DeadLetterConfig, LogConfig),
        }
        bus.updated = self.clock.time()
        return {"Arn": bus.arn, "Name": bus.name, **bus.settings}

    def delete_event_bus(self, Name: str) -> None:
        if Name == DEFAULT:
            raise invalid(f"Cannot delete event bus {DEFAULT}.")
        bus = self.bus_at(Name)
        if bus.rules:
            raise invalid("Event bus can't be deleted since it has rules.")
        if bus.source is not None and (source := self.partner_sources.get(bus.source)) is not None:
            source.state = "PENDING"
        self.buses.remove(bus.name)

    def describe_event_bus(self, Name: str | None = None) -> dict[str, Any]:
        bus = self.bus_at(Name)
        return {**bus.listed(), **bus.settings}

    def list_event_buses(
        self, NamePrefix: str | None = None, NextToken: str | None = None, Limit: int | None = None
    ) -> dict[str, Any]:
        return self.page("EventBuses", starting(self.buses, NamePrefix), Bus.listed, NextToken, Limit)

    # --- policies

    def put_permission(
        self,
        EventBusName: str | None = None,
        Action: str | None = None,
        Principal: str | None = None,
        StatementId: str | None = None,
        Condition: Mapping[str, str] | None = None,
        Policy: str | None = None,
    ) -> None:
        bus = self.bus_at(EventBusName)
        if Policy is not None:
            if Action or Principal or StatementId or Condition:
                raise invalid("Policy cannot be specified together with other permission parameters.")
            permissions.check_policy(Policy)
            policy = Policy
        else:
            for name, value in (("Action", Action), ("Principal", Principal), ("StatementId", StatementId)):
                if value is None:
                    raise invalid(f"Parameter {name} must be specified.")
            assert Action is not None and Principal is not None and StatementId is not None
            if Action != "events:PutEvents":
                raise invalid("Provided value in parameter 'action' is not supported.")
            policy = permissions.with_statement(
                bus.policy, bus.arn, StatementId, self.partition, Action, Principal, Condition
            )
        self.limits.check("bus-policy-size", len(policy.encode()))
        bus.policy = policy
        bus.updated = self.clock.time()

    def remove_permission(
        self,
        StatementId: str | None = None,
        RemoveAllPermissions: bool | None = None,
        EventBusName: str | None = None,
    ) -> None:
        bus = self.bus_at(EventBusName)
        if RemoveAllPermissions:
            bus.policy = None
        else:
            if StatementId is None:
                raise invalid("Parameter StatementId is required.")
            bus.policy = permissions.without_statement(bus.policy, StatementId)
        bus.updated = self.clock.time()

    # --- tags

    def tag_resource(self, ResourceARN: str, Tags: Sequence[Mapping[str, str]]) -> None:
        resource = self._tagged(ResourceARN)
        resource.tags = resource.tags.with_(self, tag_map(Tags), invalid="ValidationException")

    def untag_resource(self, ResourceARN: str, TagKeys: Sequence[str]) -> None:
        resource = self._tagged(ResourceARN)
        resource.tags = resource.tags.without(TagKeys)

    def list_tags_for_resource(self, ResourceARN: str) -> dict[str, Any]:
        return {"Tags": self._tagged(ResourceARN).tags.as_list()}

    def _tagged(self, arn: str) -> Bus | Rule:
        address = arns.read(arn)
        if address is None or address.service != "events":
            raise not_valid("ResourceARN", "Provided Arn is not in correct format.")
        kind, _, rest = address.resource.partition("/")
        here = (address.account, address.region) == (self.account, self.region)
        if kind == "event-bus":
            bus: Bus | None = self.buses.get(rest) if here else None
            if bus is None:
                raise no_bus(rest)
            return bus
        if kind != "rule":
            raise not_valid("ResourceARN", "Provided Arn is not in correct format.")
        bus_name, _, name = rest.rpartition("/")
        bus_name = bus_name or DEFAULT
        bus = self.buses.get(bus_name) if here else None
        rule: Rule | None = None if bus is None else bus.rules.get(name)
        if rule is None:
            raise no_rule(name, bus_name)
        return rule


def _settings(
    description: str | None,
    key: str | None,
    dead_letters: Mapping[str, Any] | None,
    log: Mapping[str, Any] | None,
) -> dict[str, Any]:
    given = {
        "Description": description,
        "KmsKeyIdentifier": key,
        "DeadLetterConfig": dead_letters,
        "LogConfig": log,
    }
    return {name: value for name, value in given.items() if value is not None}

"""What all operations of EventBridge stand on: buses, rules, and how a request finds one."""

from __future__ import annotations

from base64 import b64decode, b64encode
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from awsim.auth.policy import parse
from awsim.errors import AWSError
from awsim.metering import Sample
from awsim.service import ResourceSide, Service
from awsim.services.events import arns, metrics
from awsim.services.events.bus import DEFAULT, Bus, Rule
from awsim.services.events.refusals import invalid, no_bus, no_rule, not_valid
from awsim.state import Collection, Dict

if TYPE_CHECKING:
    from awsim.gateway.validate import Violation

_METHODS = "[HEAD, POST, PATCH, DELETE, PUT, GET, OPTIONS]"


class Operations(Service):
    """State and look-ups of the EventBridge of one account in one region."""

    name = "events"
    scope = "region"

    buses = Collection(
        "event bus",
        quota="event-buses",
        missing=("ResourceNotFoundException", "Event bus {key} does not exist."),
        exists=("ResourceAlreadyExistsException", "Event bus {key} already exists."),
    )
    archives = Collection(
        "archive",
        missing=("ResourceNotFoundException", "Archive {key} does not exist."),
        exists=("ResourceAlreadyExistsException", "Archive {key} already exists."),
    )
    replays = Collection(
        "replay",
        missing=("ResourceNotFoundException", "Replay {key} does not exist."),
        exists=("ResourceAlreadyExistsException", "Replay {key} already exists."),
    )
    connections = Collection(
        "connection",
        quota="connections",
        missing=("ResourceNotFoundException", "Connection '{key}' does not exist."),
        exists=("ResourceAlreadyExistsException", "Connection {key} already exists."),
    )
    destinations = Collection(
        "API destination",
        quota="api-destinations",
        missing=(
            "ResourceNotFoundException",
            "Failed to describe the api-destination(s). An api-destination '{key}' does not exist.",
        ),
        exists=("ResourceAlreadyExistsException", "An api-destination '{key}' already exists."),
    )
    endpoints = Collection(
        "endpoint",
        quota="endpoints",
        missing=("ResourceNotFoundException", "Endpoint {key} does not exist."),
        exists=("ResourceAlreadyExistsException", "Endpoint {key} already exists."),
    )
    partner_sources = Collection(
        "event source",
        missing=("ResourceNotFoundException", "Event source {key} does not exist."),
        exists=("ResourceAlreadyExistsException", "EventSource {key} already exists."),
    )
    offered = Collection(  # to other accounts, by this one as a partner
        "partner event source",
        missing=("ResourceNotFoundException", "Partner event source {key} does not exist."),
    )

    def measurements(self, notes: Sequence[Any]) -> Iterator[Sample]:
        return metrics.measurements(notes)

    def setup(self) -> None:
        self.endpoint_homes = Dict()  # id of a global endpoint -> (its Region, its name); see EndpointOperations
        self.buses.add(Bus(DEFAULT, self.arn(f"event-bus/{DEFAULT}"), self.clock.time()))

    def violation(self, violations: Sequence[Violation]) -> AWSError:
        """The usual sentence; AWS lists the methods of API destinations in an order of its own."""
        worded = [
            violation._replace(constraint=f"Member must satisfy enum value set: {_METHODS}")
            if violation.path == "httpMethod" and violation.kind == "enum"
            else violation
            for violation in violations
        ]
        return super().violation(worded)

    # --- look-ups

    def bus_at(self, name: str | None) -> Bus:
        """The bus of this account and region that a request names, by name or ARN."""
        name = name or DEFAULT
        if name.startswith("arn:"):
            address = arns.read(name)
            if address is None or (address.account, address.region) != (self.account, self.region):
                raise no_bus(name)
            name = address.resource.partition("/")[2]
        bus: Bus = self.buses[name]
        return bus

    def resource_policy(self, arn: str) -> ResourceSide:
        """The owner of a resource, and the policy of a bus."""
        address = arns.read(arn)
        if address is None:
            return ResourceSide(self.account)
        kind, _, name = address.resource.partition("/")
        owner = address.account or self.account
        if kind != "event-bus":
            return ResourceSide(owner)
        if name == "default" and self.caller.service is not None:
            # AWS's own services send their events to the default bus of an account, whatever its policy says.
            return ResourceSide(owner)
        bus: Bus | None = self.at(account=owner, region=address.region).buses.get(name)
        return ResourceSide(owner, () if bus is None or bus.policy is None else (parse(bus.policy, "resource"),))

    def rule_at(self, name: str, bus_name: str | None) -> Rule:
        bus = self.bus_at(bus_name)
        rule: Rule | None = bus.rules.get(name)
        if rule is None:
            raise no_rule(name, bus.name)
        return rule

    def check_managed(self, rule: Rule, force: bool | None = None) -> None:
        """Refuse to change a rule that an AWS service made, unless that asks or the caller insists."""
        if rule.managed_by is not None and not force and self.caller.service != rule.managed_by:
            message = f"Rule {rule.name} is managed by an AWS service can't be modified."
            raise self.error("ManagedRuleException", message)

    def checked_dead_letters(self, config: Mapping[str, Any] | None) -> None:
        arn = (config or {}).get("Arn")
        if arn is None:
            return
        address = arns.read(arn)
        if address is None or address.service != "sqs":
            raise not_valid("DeadLetterConfig.Arn", "Dead letter queue must be an SQS queue.")
        if address.region != self.region or arn.endswith(".fifo"):
            raise not_valid("DeadLetterConfig.Arn", "Dead letter queue must be a standard queue of the same region.")

    # --- lists

    def page(
        self,
        member: str,
        records: Iterable[Any],
        shown: Callable[[Any], Any],
        token: str | None,
        limit: int | None,
        key: Callable[[Any], str] = lambda record: record.name,
    ) -> dict[str, Any]:
        """A page of records in order of their names; a token is the last name shown."""
        ordered = sorted(records, key=key)
        if token is not None:
            try:
                last = b64decode(token, validate=True).decode()
            except ValueError:
                raise invalid("Parameter NextToken is not valid.") from None
            ordered = ordered[bisect_right(ordered, last, key=key) :]
        size = limit or self.limits["page-size"]
        page: dict[str, Any] = {member: [shown(record) for record in ordered[:size]]}
        if len(ordered) > size:
            page["NextToken"] = b64encode(key(ordered[size - 1]).encode()).decode()
        return page

    def denied(self, action: str, resource: str) -> AWSError:
        asked = f"events:{action}"
        return self.error(
            "AccessDeniedException",
            f"User: {self.caller.arn} is not authorized to perform: {asked} on resource: {resource} "
            f"because no resource-based policy allows the {asked} action",
        )


def starting(records: Iterable[Any], prefix: str | None) -> list[Any]:
    return [record for record in records if record.name.startswith(prefix or "")]

"""Rules: their life, their schedules and their targets."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from awsim.eventing import schedules
from awsim.eventing.patterns import Leaves, PatternError, compiled
from awsim.services.events import arns, inputs
from awsim.services.events.bus import DEFAULT, DISABLED, ENABLED, Bus, Rule
from awsim.services.events.event import ENVELOPE, Event, envelope, timestamp
from awsim.services.events.operations.common import starting
from awsim.services.events.operations.deliveries import LATE_ODDS, DeliveryOperations
from awsim.services.events.refusals import bad_pattern, invalid, not_valid
from awsim.state.tags import tag_map

if TYPE_CHECKING:
    from awsim.limits.table import ServiceLimits

# Services that EventBridge calls as a role only.
_BY_ROLE = frozenset(
    ("kinesis", "firehose", "states", "ecs", "batch", "codebuild", "codepipeline", "ssm", "sagemaker", "redshift")
)


class RuleOperations(DeliveryOperations):
    # --- life

    def put_rule(
        self,
        Name: str,
        ScheduleExpression: str | None = None,
        EventPattern: str | None = None,
        State: str | None = None,
        Description: str | None = None,
        RoleArn: str | None = None,
        Tags: Sequence[Mapping[str, str]] = (),
        EventBusName: str | None = None,
    ) -> dict[str, Any]:
        bus = self.bus_at(EventBusName)
        if not ScheduleExpression and not EventPattern:
            raise invalid("Parameter(s) EventPattern or ScheduleExpression must be specified.")
        if ScheduleExpression:
            self._check_schedule(ScheduleExpression, bus)
        if EventPattern:
            check_pattern(EventPattern, self.limits)
        rule: Rule | None = bus.rules.get(Name)
        if rule is None:
            rule = self._new_rule(Name, bus, tag_map(Tags))
        else:
            self.check_managed(rule)
        timetable = (rule.schedule, rule.state)
        rule.pattern = EventPattern or None
        rule.schedule = ScheduleExpression or None
        rule.state = State or ENABLED
        rule.description = Description
        rule.role_arn = RoleArn
        bus.changed()
        if (rule.schedule, rule.state) != timetable or rule.job is None:
            self._wind(rule)
        return {"RuleArn": rule.arn}

    def _new_rule(self, name: str, bus: Bus, tags: Mapping[str, str]) -> Rule:
        path = name if bus.name == DEFAULT else f"{bus.name}/{name}"
        rule = Rule(name, bus.name, self.arn(f"rule/{path}"), self.account, self.caller.service)
        rule.tags = rule.tags.with_(self, tags, invalid="ValidationException")
        self.limits.quota("rules", len(bus.rules), bus.name)
        bus.rules[name] = rule
        return rule

    def _check_schedule(self, expression: str, bus: Bus) -> None:
        if bus.name != DEFAULT:
            raise invalid("ScheduleExpression is supported only on the default event bus.")
        try:
            schedule = schedules.parse(expression)
        except schedules.ScheduleError:
            raise not_valid("ScheduleExpression") from None
        if isinstance(schedule, schedules.At):
            raise not_valid("ScheduleExpression")

    def delete_rule(self, Name: str, EventBusName: str | None = None, Force: bool | None = None) -> None:
        bus = self.bus_at(EventBusName)
        rule: Rule | None = bus.rules.get(Name)
        if rule is None:
            return
        self.check_managed(rule, Force)
        if rule.targets:
            raise invalid("Rule can't be deleted since it has targets.")
        self._stop(rule)
        del bus.rules[Name]
        self.limits.used("rules", len(bus.rules), bus.name)
        bus.changed()

    def enable_rule(self, Name: str, EventBusName: str | None = None) -> None:
        self._set_state(Name, EventBusName, ENABLED)

    def disable_rule(self, Name: str, EventBusName: str | None = None) -> None:
        self._set_state(Name, EventBusName, DISABLED)

    def _set_state(self, name: str, bus_name: str | None, state: str) -> None:
        rule = self.rule_at(name, bus_name)
        self.check_managed(rule)
        if rule.state == state:
            return
        rule.state = state
        self.bus_at(bus_name).changed()
        self._wind(rule)

    def describe_rule(self, Name: str, EventBusName: str | None = None) -> dict[str, Any]:
        rule = self.rule_at(Name, EventBusName)
        return {**rule.described(), "CreatedBy": rule.created_by}

    def list_rules(
        self,
        NamePrefix: str | None = None,
        EventBusName: str | None = None,
        NextToken: str | None = None,
        Limit: int | None = None,
    ) -> dict[str, Any]:
        rules = starting(self.bus_at(EventBusName).rules.values(), NamePrefix)
        return self.page("Rules", rules, Rule.described, NextToken, Limit)

    def list_rule_names_by_target(
        self,
        TargetArn: str,
        EventBusName: str | None = None,
        NextToken: str | None = None,
        Limit: int | None = None,
    ) -> dict[str, Any]:
        rules = [
            rule
            for rule in self.bus_at(EventBusName).rules.values()
            if any(target["Arn"] == TargetArn for target in rule.targets.values())
        ]
        return self.page("RuleNames", rules, lambda rule: rule.name, NextToken, Limit)

    def test_event_pattern(self, EventPattern: str, Event: str) -> dict[str, Any]:
        return {"Result": matches(EventPattern, Event, self.limits)}

    # --- schedules

    def _wind(self, rule: Rule) -> None:
        """Start a rule's schedule anew, or stop it."""
        self._stop(rule)
        if rule.schedule is not None and rule.enabled:
            rule.started = self.clock.time()
            self._next_tick(rule)

    def _stop(self, rule: Rule) -> None:
        if rule.job is not None:
            self.cancel(rule.job)
            rule.job = None

    def _next_tick(self, rule: Rule) -> None:
        assert rule.schedule is not None
        schedule, now = schedules.parse(rule.schedule), self.clock.time()
        due = schedule.next(now, start=rule.started)
        rule.job = None if due is None else self.at_time(due, "_tick", name=rule.name, due=due)

    def _tick(self, name: str, due: float) -> None:
        """A scheduled rule fires. Its event is its own: no other rule sees it."""
        rule: Rule = self.buses[DEFAULT].rules[name]
        self._next_tick(rule)
        event = envelope(
            id_=self.ids.uuid("event"),
            detail_type="Scheduled Event",
            source="aws.events",
            account=self.account,
            time=timestamp(due),
            region=self.region,
            resources=[rule.arn],
            detail={},
        )
        if self.choose("events.late-tick", (False, True), LATE_ODDS, f"fired the scheduled rule {name} late"):
            self.later(self.limits.lag("late-tick"), "_fire_late", name=name, event=event)
        else:
            self.fire(rule, event)

    def _fire_late(self, name: str, event: Event) -> None:
        rule: Rule | None = self.buses[DEFAULT].rules.get(name)
        if rule is not None and rule.enabled:
            self.fire(rule, event)

    # --- targets

    def put_targets(
        self, Rule: str, Targets: Sequence[Mapping[str, Any]], EventBusName: str | None = None
    ) -> dict[str, Any]:
        rule = self.rule_at(Rule, EventBusName)
        self.check_managed(rule)
        for target in Targets:
            self._check_target(target)
        changed = {**rule.targets, **{target["Id"]: target for target in Targets}}
        if (added := len(changed) - len(rule.targets)) > 0:
            self.limits.quota("targets", len(rule.targets), rule.arn, adding=added)
        for target in Targets:
            rule.targets[target["Id"]] = target
        return {"FailedEntryCount": 0, "FailedEntries": []}

    def _check_target(self, target: Mapping[str, Any]) -> None:
        arn = target["Arn"]
        address = arns.read(arn)
        if address is None:
            raise not_valid(arn, "Provided Arn is not in correct format.")
        inputs.check(target)
        elsewhere = address.service == "events" and (address.account, address.region) != (self.account, self.region)
        by_role = address.service in _BY_ROLE or address.resource.startswith("api-destination/") or elsewhere
        if by_role and not target.get("RoleArn"):
            raise invalid(f"RoleArn is required for target {arn}.")
        if address.service == "sqs" and address.resource.endswith(".fifo") and not target.get("SqsParameters"):
            raise invalid(f"Parameter(s) SqsParameters must be specified for target: {target['Id']}.")
        if address.service == "ecs" and not target.get("EcsParameters"):
            raise invalid(f"Parameter(s) EcsParameters must be specified for target: {target['Id']}.")
        if (
            address.service == "ssm"
            and address.resource.startswith("document/")
            and not target.get("RunCommandParameters")
        ):
            raise invalid(f"Parameter(s) RunCommandParameters must be specified for target: {target['Id']}.")
        self.checked_dead_letters(target.get("DeadLetterConfig"))

    def remove_targets(
        self, Rule: str, Ids: Sequence[str], EventBusName: str | None = None, Force: bool | None = None
    ) -> dict[str, Any]:
        rule = self.rule_at(Rule, EventBusName)
        self.check_managed(rule, Force)
        for id_ in Ids:
            rule.targets.pop(id_, None)
        self.limits.used("targets", len(rule.targets), rule.arn)
        return {"FailedEntryCount": 0, "FailedEntries": []}

    def list_targets_by_rule(
        self, Rule: str, EventBusName: str | None = None, NextToken: str | None = None, Limit: int | None = None
    ) -> dict[str, Any]:
        targets = self.rule_at(Rule, EventBusName).targets.values()
        return self.page("Targets", targets, dict, NextToken, Limit, key=lambda target: target["Id"])


def check_pattern(text: str, limits: ServiceLimits) -> None:
    try:
        limits.check("pattern-combinations", compiled(text).combinations)
    except PatternError as error:
        raise bad_pattern(str(error)) from None


def matches(pattern: str, text: str, limits: ServiceLimits) -> bool:
    """What TestEventPattern answers."""
    check_pattern(pattern, limits)
    try:
        event = json.loads(text)
    except (ValueError, RecursionError):
        event = None
    if not isinstance(event, dict) or any(name not in event for name in ENVELOPE):
        raise not_valid("Event")
    return compiled(pattern).matches(Leaves(event))

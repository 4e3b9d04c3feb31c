"""Alarm mute rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from awsim.services.cloudwatch.alarms.alarm import Alarm
from awsim.services.cloudwatch.alarms.messages import Change
from awsim.services.cloudwatch.mute_rules import MuteRule, check
from awsim.services.cloudwatch.operations.metric_streams import MetricStreamOperations
from awsim.services.cloudwatch.refusals import bad_token
from awsim.state import Collection
from awsim.state.pages import listed
from awsim.state.tags import tag_map


class MuteRuleOperations(MetricStreamOperations):
    mute_rules = Collection("mute rule")

    def put_alarm_mute_rule(
        self,
        Name: str,
        Rule: Mapping[str, Any],
        Description: str | None = None,
        MuteTargets: Mapping[str, Any] | None = None,
        Tags: Sequence[Mapping[str, str]] = (),
        StartDate: datetime | None = None,
        ExpireDate: datetime | None = None,
    ) -> None:
        check(Rule, self.limits["mute-least"], self.limits["mute-most"])
        rule = self.mute_rules.get(Name)
        if rule is None:
            rule = MuteRule(Name, self.arn(f"alarm-mute-rule:{Name}"))
            rule.tags = rule.tags.with_(self, tag_map(Tags), invalid="ValidationError")
            self.mute_rules.add(rule)
        rule.settings = {name: value for name, value in self.request.params.items() if name not in ("Name", "Tags")}
        rule.updated = self.clock.time()

    def get_alarm_mute_rule(self, AlarmMuteRuleName: str) -> dict[str, Any]:
        rule = self.mute_rules.get(AlarmMuteRuleName)
        if rule is None:
            raise self.error(
                "ResourceNotFoundException", "", ResourceType="alarm-mute-rule", ResourceId=AlarmMuteRuleName
            )
        return rule.described(self.clock.time())

    def delete_alarm_mute_rule(self, AlarmMuteRuleName: str) -> None:
        self.mute_rules.pop(AlarmMuteRuleName, None)

    def list_alarm_mute_rules(
        self,
        AlarmName: str | None = None,
        Statuses: Sequence[str] = (),
        MaxRecords: int | None = None,
        NextToken: str | None = None,
    ) -> dict[str, Any]:
        now = self.clock.time()
        found = [
            rule
            for rule in self.mute_rules
            if (AlarmName is None or AlarmName in rule.targets) and (not Statuses or rule.status(now) in Statuses)
        ]
        names = ("AlarmMuteRuleArn", "ExpireDate", "Status", "MuteType", "LastUpdatedTimestamp")
        return listed(
            "AlarmMuteRuleSummaries",
            found,
            lambda rule: {name: rule.described(now).get(name) for name in names},
            lambda rule: rule.name,
            NextToken,
            MaxRecords or self.limits["alarms-page"],
            refusal=bad_token,
        )

    # --- keeping quiet

    def act(self, alarm: Alarm, before: Change) -> None:
        """While a rule mutes an alarm its actions are put off: those of the state it is in then are run at the end."""
        until = self._muted_until(alarm)
        if until is None:
            super().act(alarm, before)
        elif not alarm.muted:
            alarm.muted = True
            self.at_time(until, "_unmute", name=alarm.name, state=before.state)

    def _muted_until(self, alarm: Alarm) -> float | None:
        now = self.clock.time()
        ends = [end for rule in self.mute_rules if alarm.name in rule.targets and (end := rule.muted_until(now))]
        return max(ends, default=None)

    def _unmute(self, name: str, state: str) -> None:
        alarm = self.alarms.get(name)
        if alarm is None or not alarm.muted:
            return
        alarm.muted = False
        if alarm.state != state:
            self.act(alarm, Change(state, "", None, alarm.updated))

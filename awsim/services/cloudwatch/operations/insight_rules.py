"""Contributor Insights."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from awsim.services.cloudwatch import insight_rules
from awsim.services.cloudwatch.insight_rules import DISABLED, ENABLED, Contribution, InsightRule, Terms
from awsim.services.cloudwatch.math.functions import Range
from awsim.services.cloudwatch.math.series import MathError, TimeSeries
from awsim.services.cloudwatch.operations.anomalies import AnomalyOperations
from awsim.services.cloudwatch.refusals import bad_token, invalid
from awsim.services.cloudwatch.store import epoch
from awsim.state import Collection
from awsim.state.pages import listed
from awsim.state.tags import tag_map

_METRICS = ("UniqueContributors", "MaxContributorValue", "SampleCount", "Sum", "Minimum", "Maximum", "Average")
_ORDERS = ("Sum", "Maximum")


class InsightRuleOperations(AnomalyOperations):
    insight_rules = Collection("insight rule", quota="insight-rules")

    def put_insight_rule(
        self,
        RuleName: str,
        RuleDefinition: str,
        RuleState: str | None = None,
        Tags: Sequence[Mapping[str, str]] = (),
        ApplyOnTransformedLogs: bool = False,
    ) -> dict[str, Any]:
        Terms.read(RuleDefinition)
        state = RuleState or ENABLED
        if state not in (ENABLED, DISABLED):
            raise invalid(f"The value {RuleState} for parameter RuleState is invalid.")
        now = self.clock.time()
        rule = self.insight_rules.get(RuleName)
        if rule is None:
            rule = InsightRule(RuleName, self.arn(f"insight-rule/{RuleName}"))
            rule.tags = rule.tags.with_(self, tag_map(Tags), invalid="InvalidParameterValue")
            rule.since = now
            self.insight_rules.add(rule)
        rule.definition = RuleDefinition
        rule.transformed = ApplyOnTransformedLogs
        if state == ENABLED:
            rule.enable(now)
        else:
            rule.disable(now)
        return {}

    def describe_insight_rules(self, NextToken: str | None = None, MaxResults: int | None = None) -> dict[str, Any]:
        return listed(
            "InsightRules",
            self.insight_rules,
            InsightRule.described,
            lambda rule: rule.name,
            NextToken,
            MaxResults or self.limits["insight-rules-page"],
            refusal=bad_token,
        )

    def enable_insight_rules(self, RuleNames: Sequence[str]) -> dict[str, Any]:
        return self._each(RuleNames, lambda rule: rule.enable(self.clock.time()))

    def disable_insight_rules(self, RuleNames: Sequence[str]) -> dict[str, Any]:
        return self._each(RuleNames, lambda rule: rule.disable(self.clock.time()))

    def delete_insight_rules(self, RuleNames: Sequence[str]) -> dict[str, Any]:
        return self._each(RuleNames, lambda rule: self.insight_rules.pop(rule.name))

    def _each(self, names: Sequence[str], do: Callable[[InsightRule], Any]) -> dict[str, Any]:
        failures = []
        for name in names:
            rule = self.insight_rules.get(name)
            if rule is None:
                failures.append(
                    {
                        "FailureResource": name,
                        "ExceptionType": "ResourceNotFoundException",
                        "FailureCode": "404",
                        "FailureDescription": f"Rule {name} does not exist.",
                    }
                )
            else:
                do(rule)
        return {"Failures": failures}

    def get_insight_rule_report(
        self,
        RuleName: str,
        StartTime: datetime,
        EndTime: datetime,
        Period: int,
        MaxContributorCount: int | None = None,
        Metrics: Sequence[str] = (),
        OrderBy: str | None = None,
    ) -> dict[str, Any]:
        rule = self.insight_rules.get(RuleName)
        if rule is None:
            raise self.error("ResourceNotFoundException", "", ResourceType="InsightRule", ResourceId=RuleName)
        for name in Metrics:
            if name not in _METRICS:
                raise invalid(f"The value {name} for parameter Metrics is invalid.")
        order = OrderBy or "Sum"
        if order not in _ORDERS:
            raise invalid(f"The value {OrderBy} for parameter OrderBy is invalid.")
        most = MaxContributorCount or self.limits["contributors"]
        self.limits.check("contributors-in-report", most)
        start, end = epoch(StartTime), epoch(EndTime)
        if start >= end:
            raise invalid("The parameter StartTime must be less than the parameter EndTime.")
        found = self._contributions(rule, start, end)
        ranked = insight_rules.ranked(found, order)
        periods = insight_rules.by_period(found, start, Period)
        return {
            "KeyLabels": list(rule.terms.keys),
            "AggregationStatistic": "Sum" if rule.terms.aggregate == "SUM" else "SampleCount",
            "AggregateValue": sum(one.value for one in found),
            "ApproximateUniqueCount": len(ranked),
            "Contributors": [
                {
                    "Keys": list(keys),
                    "ApproximateAggregateValue": sum(one.value for one in its),
                    "Datapoints": [
                        {"Timestamp": time, "ApproximateValue": sum(one.value for one in some)}
                        for time, some in insight_rules.by_period(its, start, Period).items()
                    ],
                }
                for keys, its in ranked[:most]
            ],
            "MetricDatapoints": [
                {"Timestamp": time, **{name: insight_rules.statistics(some)[name] for name in Metrics}}
                for time, some in periods.items()
            ],
        }

    def rule_series(self, rule: str, metric: str, range_: Range) -> TimeSeries:
        known = self.insight_rules.get(rule)
        if known is None or metric not in _METRICS:
            raise MathError(f"There is no metric {metric} of a rule {rule}")
        found = self._contributions(known, range_.start, range_.end)
        periods = insight_rules.by_period(found, range_.start, range_.period)
        values = {time: insight_rules.statistics(some)[metric] for time, some in periods.items()}
        return TimeSeries(values, range_.period, label=f"{rule} {metric}")

    def _contributions(self, rule: InsightRule, start: float, end: float) -> list[Contribution]:
        """What log events contribute: those that came while the rule was enabled."""
        terms = rule.terms
        first, last = max(start, rule.since), min(end, rule.until or end)
        found = []
        for group in self._groups(terms.groups):
            for event in self._events(group, first, last):
                one = terms.contribution(event["timestamp"] / 1000, event["message"])
                if one is not None and first <= one.time < last:
                    found.append(one)
        return found

    def _groups(self, patterns: Sequence[str]) -> list[str]:
        """The log groups that names, or the beginnings of names, stand for."""
        found: dict[str, None] = {}
        for pattern in patterns:
            name = pattern.split(":log-group:")[-1].removesuffix(":*") if pattern.startswith("arn:") else pattern
            prefix = name.removesuffix("*")
            for group in self.call("logs", "DescribeLogGroups", logGroupNamePrefix=prefix or None)["logGroups"]:
                if name.endswith("*") or group["logGroupName"] == name:
                    found[group["logGroupName"]] = None
        return list(found)

    def _events(self, group: str, start: float, end: float) -> list[Mapping[str, Any]]:
        events: list[Mapping[str, Any]] = []
        more: dict[str, Any] = {}
        while True:
            window: dict[str, Any] = {"startTime": int(start * 1000), "endTime": int(end * 1000)}
            answer = self.call("logs", "FilterLogEvents", logGroupName=group, **window, **more)
            events += answer["events"]
            token = answer.get("nextToken")
            if not token:
                return events
            more = {"nextToken": token}

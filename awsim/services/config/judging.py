"""How rules judge: when resources change, by the clock, or when asked to; AWS's own here, others by their functions.

Sources: AWS Config Developer Guide, "Evaluating resources with AWS Config rules", "Example events for AWS Config rules"
and "Example compliance change notification".
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from awsim.errors import AWSError
from awsim.services.config import managed
from awsim.services.config.base import iso
from awsim.services.config.delivering import PERIODS, Delivering
from awsim.services.config.readers import READERS
from awsim.services.config.records import (
    ACCOUNT,
    INSUFFICIENT,
    NOT_APPLICABLE,
    Description,
    Item,
    Key,
    Result,
    Rule,
)

CUSTOM, OWN = "CUSTOM_LAMBDA", "AWS"
CHANGE, SCHEDULED = "ConfigurationItemChangeNotification", "ScheduledNotification"
_DAILY = "TwentyFour_Hours"
_TOKEN = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


class Judging(Delivering):
    # --- when

    def wind_rule(self, rule: Rule) -> None:
        """Start the period of a rule anew, if it has one."""
        if rule.job is not None:
            self.cancel(rule.job)
            rule.job = None
        seconds = self._period(rule)
        if seconds is not None:
            rule.job = self.later(seconds, "_evaluate_by_clock", name=rule.name)

    def _period(self, rule: Rule) -> int | None:
        if rule.source["Owner"] == OWN:
            periodic = managed.RULES[rule.source["SourceIdentifier"]].periodic
            return PERIODS[rule.settings.get("MaximumExecutionFrequency") or _DAILY] if periodic else None
        for one in rule.source.get("SourceDetails") or ():
            if one.get("MessageType") == SCHEDULED:
                own = one.get("MaximumExecutionFrequency") or rule.settings.get("MaximumExecutionFrequency")
                return PERIODS[own or _DAILY]
        return None

    def _evaluate_by_clock(self, name: str) -> None:
        rule: Rule = self.rules[name]
        self.wind_rule(rule)
        self._evaluate(rule, None)

    def _evaluate_all(self, name: str) -> None:
        rule: Rule | None = self.rules.get(name)
        if rule is not None:
            self._evaluate(rule, None)

    def changed(self, item: Item, before: Item | None) -> None:
        super().changed(item, before)
        for rule in list(self.rules):
            if self._watches(rule, item.resource):
                work = {"name": rule.name, "item": item}
                self.later(self.lateness("evaluation"), "_evaluate_change", **work)

    def _evaluate_change(self, name: str, item: Item) -> None:
        rule: Rule | None = self.rules.get(name)
        if rule is not None:
            self._evaluate(rule, item)

    def _watches(self, rule: Rule, resource: Description) -> bool:
        """Whether a change of a resource is for a rule to judge."""
        if rule.source["Owner"] == OWN:
            own = managed.RULES[rule.source["SourceIdentifier"]]
            if own.periodic or resource.type not in own.types:
                return False
        elif not any(one.get("MessageType") == CHANGE for one in rule.source.get("SourceDetails") or ()):
            return False
        return rule.in_scope(resource) or resource.key in rule.results

    # --- how

    def _evaluate(self, rule: Rule, item: Item | None) -> None:
        """Judge one resource that has changed, or (None) all that are in scope."""
        if rule.source["Owner"] == CUSTOM:
            self._have_judged(rule, item)
            return
        own, now = managed.RULES[rule.source["SourceIdentifier"]], self.clock.time()
        rule.invoked = rule.evaluated = now
        if item is not None:
            if item.is_deleted or not rule.in_scope(item.resource):
                self._forget(rule, item.resource.key)
            else:
                self._judge(rule, own, item.resource)
            return
        judged: set[Key] = set()
        for resource in self._resources(own):
            if rule.in_scope(resource):
                judged.add(resource.key)
                self._judge(rule, own, resource)
        for key in list(rule.results):
            if key not in judged:
                self._forget(rule, key)

    def _resources(self, own: managed.Managed) -> Iterator[Description]:
        """What a rule judges: what is recorded, or (by the clock) what there is."""
        for kind in own.types:
            if kind == ACCOUNT:
                yield Description(ACCOUNT, self.account, "", "", {})
            elif own.periodic:
                yield from self.fresh(kind)
            elif kind in READERS:
                yield from (item.resource for item in self.current(kind))

    def _judge(self, rule: Rule, own: managed.Managed, resource: Description) -> None:
        compliance, annotation = own.judge(self, resource, rule.parameters)
        if compliance == NOT_APPLICABLE:
            self._forget(rule, resource.key)
        else:
            now = self.clock.time()
            self.record(rule, Result(rule.name, resource.type, resource.id, compliance, annotation, now, now, now))

    def _forget(self, rule: Rule, key: Key) -> None:
        rule.results.pop(key, None)

    def record(self, rule: Rule, result: Result) -> None:
        """Keep what a rule says, and tell of it where it says something new."""
        before: Result | None = rule.results.get(result.key)
        rule.results[result.key] = result
        if before is None or before.compliance != result.compliance:
            self._tell(rule, before, result)
            self.judged_anew(rule, result)

    def judged_anew(self, rule: Rule, result: Result) -> None:
        """For operations above: a resource has become compliant or not."""

    def _tell(self, rule: Rule, before: Result | None, result: Result) -> None:
        detail: dict[str, Any] = {
            "resourceId": result.id,
            "awsRegion": self.region,
            "awsAccountId": self.account,
            "configRuleName": rule.name,
            "recordVersion": "1.0",
            "configRuleARN": rule.arn,
            "messageType": "ComplianceChangeNotification",
            "newEvaluationResult": _told(result),
            "notificationCreationTime": self.now_iso(),
            "resourceType": result.type,
        }
        if before is not None:
            detail["oldEvaluationResult"] = _told(before)
        subject = f"[AWS Config:{self.region}] {result.type} {result.id} is {result.compliance} with {rule.name}"
        self.publish("Config Rules Compliance Change", detail, subject, [])

    # --- custom rules

    def _have_judged(self, rule: Rule, item: Item | None) -> None:
        """Have the function of a rule judge: an item that changed, all that are recorded, or what it finds itself."""
        kinds = [one.get("MessageType") for one in rule.source.get("SourceDetails") or ()]
        if item is not None:
            self._invoke(rule, item)
        elif CHANGE in kinds:
            for each in list(self.current()):
                if rule.in_scope(each.resource):
                    self._invoke(rule, each)
        if item is None and SCHEDULED in kinds:
            self._invoke(rule, None)

    def _invoke(self, rule: Rule, item: Item | None) -> None:
        told: dict[str, Any]
        if item is None:
            told = {
                "awsAccountId": self.account,
                "notificationCreationTime": self.now_iso(),
                "messageType": SCHEDULED,
                "recordVersion": "1.0",
            }
        else:
            told = {
                "configurationItemDiff": None,
                "configurationItem": item.told(iso),
                "notificationCreationTime": self.now_iso(),
                "messageType": CHANGE,
                "recordVersion": "1.3",
            }
        token = self.ids.text("result-token", 64, _TOKEN)
        self.tokens[token] = (rule.name, self.clock.time())
        recorder = self.recorder
        event = {
            "version": "1.0",
            "invokingEvent": json.dumps(told, default=str),
            "ruleParameters": rule.settings.get("InputParameters") or "{}",
            "resultToken": token,
            "eventLeftScope": item is not None and not rule.in_scope(item.resource),
            "executionRoleArn": recorder.settings["roleARN"] if recorder is not None else "",
            "configRuleArn": rule.arn,
            "configRuleName": rule.name,
            "configRuleId": rule.id,
            "accountId": self.account,
        }
        parts = rule.source["SourceIdentifier"].split(":")
        try:
            self.call(
                "lambda",
                "Invoke",
                region_=parts[3],
                account_=parts[4],
                source_arn_=rule.arn,
                FunctionName=rule.source["SourceIdentifier"],
                InvocationType="Event",
                Payload=json.dumps(event).encode(),
            )
        except AWSError as error:
            rule.failed, rule.error = self.clock.time(), (error.code, error.message)
        else:
            rule.invoked, rule.error = self.clock.time(), None

    def put_evaluations(
        self, ResultToken: str, Evaluations: Sequence[Mapping[str, Any]] = (), TestMode: bool = False
    ) -> dict[str, Any]:
        if TestMode:
            return {"FailedEvaluations": []}
        if not ResultToken:
            raise self.error("InvalidResultTokenException", "The resultToken provided is invalid")
        known = self.tokens.get(ResultToken)
        rule: Rule | None = None if known is None else self.rules.get(known[0])
        if known is None or rule is None:
            raise self.error("InvalidResultTokenException", "The resultToken provided is invalid")
        for one in Evaluations:
            self._take(rule, one, known[1])
        rule.evaluated = self.clock.time()
        return {"FailedEvaluations": []}

    def put_external_evaluation(self, ConfigRuleName: str, ExternalEvaluation: Mapping[str, Any]) -> None:
        self._take(self.rule(ConfigRuleName), ExternalEvaluation, self.clock.time())

    def _take(self, rule: Rule, one: Mapping[str, Any], invoked: float) -> None:
        if one["ComplianceType"] == INSUFFICIENT:
            raise self.bad("The ComplianceType INSUFFICIENT_DATA is not allowed in evaluations.")
        key = (one["ComplianceResourceType"], one["ComplianceResourceId"])
        if one["ComplianceType"] == NOT_APPLICABLE:
            self._forget(rule, key)
            return
        ordered = _seconds(one["OrderingTimestamp"])
        now = self.clock.time()
        self.record(rule, Result(rule.name, *key, one["ComplianceType"], one.get("Annotation"), ordered, invoked, now))


def _told(result: Result) -> dict[str, Any]:
    """A result as events and topics have it."""
    qualifier = {"configRuleName": result.rule, "resourceType": result.type, "resourceId": result.id}
    found = {
        "evaluationResultIdentifier": {
            "evaluationResultQualifier": qualifier,
            "orderingTimestamp": iso(result.ordered),
        },
        "complianceType": result.compliance,
        "resultRecordedTime": iso(result.recorded),
        "configRuleInvokedTime": iso(result.invoked),
    }
    if result.annotation:
        found["annotation"] = result.annotation
    return found


def _seconds(value: Any) -> float:
    return value.timestamp() if isinstance(value, datetime) else float(value)

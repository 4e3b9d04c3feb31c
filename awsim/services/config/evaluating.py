"""Rules and what they say: when resources change, by the clock, or when asked to.

Sources: AWS Config Developer Guide, "Evaluating resources with AWS Config rules", "Example events for AWS Config rules"
and "Example compliance change notification"; API Reference. Quoted in public: "The AWS Lambda function ... cannot be
invoked. ..." (cloud-custodian/cloud-custodian issue 3530). Other sentences are reconstructed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from awsim.errors import AWSError
from awsim.gateway.grants import lets_in
from awsim.services.config import managed
from awsim.services.config.base import count, iso
from awsim.services.config.delivering import PERIODS, Delivering
from awsim.services.config.readers import READERS
from awsim.services.config.records import (
    ACCOUNT,
    COMPLIANT,
    INSUFFICIENT,
    NON_COMPLIANT,
    NOT_APPLICABLE,
    Description,
    Item,
    Key,
    Result,
    Rule,
)

_LAMBDA, _AWS = "CUSTOM_LAMBDA", "AWS"
_CHANGE, _SCHEDULED, _SNAPSHOT = (
    "ConfigurationItemChangeNotification", "ScheduledNotification", "ConfigurationSnapshotDeliveryCompleted",
)  # fmt: skip
_DAILY = "TwentyFour_Hours"


class Evaluating(Delivering):
    # --- rules

    def put_config_rule(self, ConfigRule: Mapping[str, Any], Tags: Sequence[Mapping[str, str]] = ()) -> None:
        if self.recorder is None:
            raise self.error(
                "NoAvailableConfigurationRecorderException",
                "Configuration recorder is not available for an account in the region to put config rule.",
            )
        name = ConfigRule.get("ConfigRuleName") or self._named(ConfigRule)
        known: Rule | None = self.rules.get(name)
        if known is not None and known.created_by is not None:
            raise self.error("InsufficientPermissionsException", f"The rule {name} is managed by another service.")
        self.make_rule(name, ConfigRule, Tags)

    def make_rule(
        self, name: str, given: Mapping[str, Any], tags: Sequence[Mapping[str, str]] = (), creator: str | None = None
    ) -> Rule:
        settings = self._checked(name, given)
        rule: Rule | None = self.rules.get(name)
        if rule is None:
            id_ = f"config-rule-{self.ids.text('rule', 6, 'abcdefghijklmnopqrstuvwxyz0123456789')}"
            rule = Rule(name, self.arn(f"config-rule/{id_}"), id_, settings, self.clock.time())
            self.tagged(rule, tags)
            rule.created_by = creator
            self.rules.add(rule)
        else:
            rule.settings = settings
        self._wind_rule(rule)
        self.later(self.lateness("evaluation"), "_evaluate_all", name=name)
        return rule

    def _named(self, given: Mapping[str, Any]) -> str:
        """By ARN or id a rule that exists, without a name none."""
        wanted = (given.get("ConfigRuleArn"), given.get("ConfigRuleId"))
        found = self.rules.find(lambda one: one.arn in wanted or one.id in wanted)
        if found is None:
            raise self._bad("One or more identifiers needs to be provided. Provide Name or Id or Arn")
        return str(found.name)

    def _bad(self, message: str) -> AWSError:
        return self.error("InvalidParameterValueException", message)

    def _checked(self, name: str, given: Mapping[str, Any]) -> dict[str, Any]:
        own = ("ConfigRuleName", "ConfigRuleArn", "ConfigRuleId", "ConfigRuleState", "CreatedBy")
        settings = {key: value for key, value in given.items() if key not in own and value is not None}
        if given.get("ConfigRuleState") not in (None, "ACTIVE"):
            raise self._bad(
                f"The ConfigRuleState {given['ConfigRuleState']} is invalid.  Only the following values are "
                "permitted: ACTIVE"
            )
        try:
            parameters = json.loads(settings.get("InputParameters") or "{}")
        except ValueError:
            parameters = None
        if not isinstance(parameters, dict):
            raise self._bad(f"Invalid json {settings['InputParameters']} passed in the InputParameters field")
        if any(one.get("Mode") == "PROACTIVE" for one in settings.get("EvaluationModes") or ()):
            self.not_modelled("proactive evaluation")
        scope = settings.get("Scope") or {}
        if scope.get("TagValue") and not scope.get("TagKey"):
            raise self._bad("TagKey should not be empty when TagValue is provided in the Scope")
        if scope.get("ComplianceResourceId") and len(scope.get("ComplianceResourceTypes") or ()) != 1:
            raise self._bad(
                "A single ComplianceResourceType should be provided when ComplianceResourceId is provided in the Scope"
            )
        owner = settings["Source"]["Owner"]
        if owner == _AWS:
            self._check_managed(settings, parameters)
        elif owner == _LAMBDA:
            self._check_function(settings)
        else:
            self.not_modelled("rules in the Guard language (Owner CUSTOM_POLICY)")
        return settings

    def _check_managed(self, settings: Mapping[str, Any], parameters: Mapping[str, Any]) -> None:
        source = settings["Source"]
        identifier = source.get("SourceIdentifier")
        rule = managed.RULES.get(identifier)
        if rule is None:
            if identifier in managed.known():
                self.not_modelled(f"the managed rule {identifier}")
            raise self._bad(
                f"The sourceIdentifier {identifier} is invalid. Please refer to the documentation for a list of valid "
                "sourceIdentifiers that can be used when AWS is the Owner."
            )
        if source.get("SourceDetails"):
            raise self._bad(
                "SourceDetails should be null/empty if the owner is AWS. If the owner is AWS, SourceDetails "
                "should not be "
                "provided."
            )
        unknown = {name: str(value) for name, value in parameters.items() if name not in rule.parameters}
        if unknown:
            raise self._bad(f"Unknown parameters provided in the inputParameters: {json.dumps(unknown)}.")
        if settings.get("MaximumExecutionFrequency") and not rule.periodic:
            raise self._bad(
                f"A maximum execution frequency is not allowed because MaximumExecutionFrequency is only allowed for "
                f"scheduled rules: {identifier} is not scheduled."
            )

    def _check_function(self, settings: Mapping[str, Any]) -> None:
        source = settings["Source"]
        arn = source.get("SourceIdentifier") or ""
        if not source.get("SourceDetails"):
            raise self._bad("SourceDetails should be provided if the owner is CUSTOM_LAMBDA.")
        for one in source["SourceDetails"]:
            if one.get("MaximumExecutionFrequency") and one.get("MessageType") != _SCHEDULED:
                raise self._bad(
                    "MaximumExecutionFrequency can only be provided for the MessageType ScheduledNotification."
                )
        parts = arn.split(":")
        refused = self.error(
            "InsufficientPermissionsException",
            f"The AWS Lambda function {arn} cannot be invoked. Check the specified function ARN, and check "
            "the function's "
            "permissions.",
        )
        if len(parts) < 7 or parts[2] != "lambda" or not self.cloud.has_service("lambda", parts[4], parts[3]):
            raise refused
        if not lets_in(self, "lambda", "lambda:InvokeFunction", arn, source_arn=self.arn("*")):
            raise refused

    def describe_config_rules(
        self,
        ConfigRuleNames: Sequence[str] = (),
        NextToken: str | None = None,
        Filters: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        found = self.named_rules(ConfigRuleNames)
        if (Filters or {}).get("EvaluationMode") == "PROACTIVE":
            found = []
        return self.page("ConfigRules", found, Rule.described, lambda one: one.name, NextToken)

    def delete_config_rule(self, ConfigRuleName: str) -> None:
        rule = self.rule(ConfigRuleName)
        if rule.created_by is not None:
            raise self.error(
                "InsufficientPermissionsException", f"The rule {ConfigRuleName} is managed by another service."
            )
        self.check_unremedied(ConfigRuleName)
        self.drop_rule(rule)

    def check_unremedied(self, name: str) -> None:
        """For operations above: a rule with a remediation cannot be deleted."""

    def drop_rule(self, rule: Rule) -> None:
        if rule.job is not None:
            self.cancel(rule.job)
        self.rules.pop(rule.name)

    def delete_evaluation_results(self, ConfigRuleName: str) -> None:
        self.rule(ConfigRuleName).results.clear()

    def describe_config_rule_evaluation_status(
        self, ConfigRuleNames: Sequence[str] = (), NextToken: str | None = None, Limit: int | None = None
    ) -> dict[str, Any]:
        def shown(rule: Rule) -> dict[str, Any]:
            code, message = rule.error or (None, None)
            return {
                "ConfigRuleName": rule.name,
                "ConfigRuleArn": rule.arn,
                "ConfigRuleId": rule.id,
                "LastSuccessfulInvocationTime": rule.invoked,
                "LastFailedInvocationTime": rule.failed,
                "LastSuccessfulEvaluationTime": rule.evaluated,
                "FirstActivatedTime": rule.created,
                "LastErrorCode": code,
                "LastErrorMessage": message,
                "FirstEvaluationStarted": rule.invoked is not None or rule.failed is not None,
            }

        found = self.named_rules(ConfigRuleNames)
        return self.page("ConfigRulesEvaluationStatus", found, shown, lambda one: one.name, NextToken, Limit or None)

    def start_config_rules_evaluation(self, ConfigRuleNames: Sequence[str] = ()) -> None:
        for rule in self.named_rules(ConfigRuleNames):
            self.later(self.lateness("evaluation"), "_evaluate_all", name=rule.name)

    # --- when

    def _wind_rule(self, rule: Rule) -> None:
        """Start the period of a rule anew, if it has one."""
        if rule.job is not None:
            self.cancel(rule.job)
            rule.job = None
        seconds = self._period(rule)
        if seconds is not None:
            rule.job = self.later(seconds, "_evaluate_by_clock", name=rule.name)

    def _period(self, rule: Rule) -> int | None:
        if rule.source["Owner"] == _AWS:
            periodic = managed.RULES[rule.source["SourceIdentifier"]].periodic
            return PERIODS[rule.settings.get("MaximumExecutionFrequency") or _DAILY] if periodic else None
        for one in rule.source.get("SourceDetails") or ():
            if one.get("MessageType") == _SCHEDULED:
                own = one.get("MaximumExecutionFrequency") or rule.settings.get("MaximumExecutionFrequency")
                return PERIODS[own or _DAILY]
        return None

    def _evaluate_by_clock(self, name: str) -> None:
        rule: Rule = self.rules[name]
        self._wind_rule(rule)
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
        if rule.source["Owner"] == _AWS:
            own = managed.RULES[rule.source["SourceIdentifier"]]
            if own.periodic or resource.type not in own.types:
                return False
        elif not any(one.get("MessageType") == _CHANGE for one in rule.source.get("SourceDetails") or ()):
            return False
        return rule.in_scope(resource) or resource.key in rule.results

    # --- how

    def _evaluate(self, rule: Rule, item: Item | None) -> None:
        """Judge one resource that has changed, or (None) all that are in scope."""
        if rule.source["Owner"] == _LAMBDA:
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
        elif _CHANGE in kinds:
            for each in list(self.current()):
                if rule.in_scope(each.resource):
                    self._invoke(rule, each)
        if item is None and _SCHEDULED in kinds:
            self._invoke(rule, None)

    def _invoke(self, rule: Rule, item: Item | None) -> None:
        told: dict[str, Any]
        if item is None:
            told = {
                "awsAccountId": self.account,
                "notificationCreationTime": self.now_iso(),
                "messageType": _SCHEDULED,
                "recordVersion": "1.0",
            }
        else:
            told = {
                "configurationItemDiff": None,
                "configurationItem": item.told(iso),
                "notificationCreationTime": self.now_iso(),
                "messageType": _CHANGE,
                "recordVersion": "1.3",
            }
        token = self.ids.text("result-token", 64, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
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
            raise self._bad("The ComplianceType INSUFFICIENT_DATA is not allowed in evaluations.")
        key = (one["ComplianceResourceType"], one["ComplianceResourceId"])
        if one["ComplianceType"] == NOT_APPLICABLE:
            self._forget(rule, key)
            return
        ordered = _seconds(one["OrderingTimestamp"])
        now = self.clock.time()
        self.record(rule, Result(rule.name, *key, one["ComplianceType"], one.get("Annotation"), ordered, invoked, now))

    # --- compliance

    def results(self) -> Iterator[Result]:
        for rule in self.rules:
            yield from rule.results.values()

    def describe_compliance_by_config_rule(
        self,
        ConfigRuleNames: Sequence[str] = (),
        ComplianceTypes: Sequence[str] = (),
        NextToken: str | None = None,
    ) -> dict[str, Any]:
        found = [
            one for one in self.named_rules(ConfigRuleNames) if not ComplianceTypes or one.compliance in ComplianceTypes
        ]

        def shown(rule: Rule) -> dict[str, Any]:
            return {"ConfigRuleName": rule.name, "Compliance": self.compliance_of(rule.results.values())}

        return self.page("ComplianceByConfigRules", found, shown, lambda one: one.name, NextToken)

    def compliance_of(self, results: Iterable[Result]) -> dict[str, Any]:
        """What several results come to; of what is amiss also how often."""
        known = list(results)
        bad = sum(one.compliance == NON_COMPLIANT for one in known)
        if bad:
            cap = int(self.limits["count-cap"])
            return {"ComplianceType": NON_COMPLIANT, "ComplianceContributorCount": count(bad, cap)}
        return {"ComplianceType": COMPLIANT if known else INSUFFICIENT}

    def describe_compliance_by_resource(
        self,
        ResourceType: str | None = None,
        ResourceId: str | None = None,
        ComplianceTypes: Sequence[str] = (),
        Limit: int | None = None,
        NextToken: str | None = None,
    ) -> dict[str, Any]:
        if ResourceId is not None and ResourceType is None:
            raise self._bad("A resource type is needed with a resource ID.")
        found: dict[Key, list[Result]] = {}
        for one in self.results():
            if ResourceType in (None, one.type) and ResourceId in (None, one.id):
                found.setdefault(one.key, []).append(one)
        judged = [(key, self.compliance_of(some)) for key, some in found.items()]
        judged = [one for one in judged if not ComplianceTypes or one[1]["ComplianceType"] in ComplianceTypes]

        def shown(one: tuple[Key, dict[str, Any]]) -> dict[str, Any]:
            return {"ResourceType": one[0][0], "ResourceId": one[0][1], "Compliance": one[1]}

        def order(one: tuple[Key, dict[str, Any]]) -> str:
            return "/".join(one[0])

        return self.page("ComplianceByResources", judged, shown, order, NextToken, Limit or None)

    def get_compliance_details_by_config_rule(
        self,
        ConfigRuleName: str,
        ComplianceTypes: Sequence[str] = (),
        Limit: int | None = None,
        NextToken: str | None = None,
    ) -> dict[str, Any]:
        rule = self.rule(ConfigRuleName)
        found = [one for one in rule.results.values() if not ComplianceTypes or one.compliance in ComplianceTypes]
        return self.page(
            "EvaluationResults", found, Result.shown, lambda one: "/".join(one.key), NextToken, Limit or None
        )

    def get_compliance_details_by_resource(
        self,
        ResourceType: str | None = None,
        ResourceId: str | None = None,
        ComplianceTypes: Sequence[str] = (),
        NextToken: str | None = None,
        ResourceEvaluationId: str | None = None,
    ) -> dict[str, Any]:
        if ResourceEvaluationId is not None:
            self.not_modelled("proactive evaluation")
        found = [
            one
            for one in self.results()
            if one.key == (ResourceType, ResourceId) and (not ComplianceTypes or one.compliance in ComplianceTypes)
        ]
        return self.page("EvaluationResults", found, Result.shown, lambda one: one.rule, NextToken)

    def get_compliance_summary_by_config_rule(self) -> dict[str, Any]:
        said = [one.compliance for one in self.rules]
        return {"ComplianceSummary": self.summary(said, "count-cap")}

    def get_compliance_summary_by_resource_type(self, ResourceTypes: Sequence[str] = ()) -> dict[str, Any]:
        found: dict[Key, list[Result]] = {}
        for one in self.results():
            found.setdefault(one.key, []).append(one)
        said = {key: str(self.compliance_of(some)["ComplianceType"]) for key, some in found.items()}
        if not ResourceTypes:
            return {
                "ComplianceSummariesByResourceType": [
                    {"ComplianceSummary": self.summary(said.values(), "resource-count-cap")}
                ]
            }
        return {
            "ComplianceSummariesByResourceType": [
                {
                    "ResourceType": kind,
                    "ComplianceSummary": self.summary(
                        [one for key, one in said.items() if key[0] == kind], "resource-count-cap"
                    ),
                }
                for kind in ResourceTypes
            ]
        }

    def summary(self, said: Iterable[str], cap: str) -> dict[str, Any]:
        known, most = list(said), int(self.limits[cap])
        return {
            "CompliantResourceCount": count(known.count(COMPLIANT), most),
            "NonCompliantResourceCount": count(known.count(NON_COMPLIANT), most),
            "ComplianceSummaryTimestamp": self.clock.time(),
        }


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

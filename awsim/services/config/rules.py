"""Rules: put, checked, described and deleted.

Source: AWS Config API Reference. Quoted in public: "The AWS Lambda function ... cannot be invoked. ..."
(cloud-custodian/cloud-custodian issue 3530). Other sentences are reconstructed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from awsim.gateway.grants import lets_in
from awsim.services.config import managed
from awsim.services.config.judging import CUSTOM, OWN, SCHEDULED, Judging
from awsim.services.config.records import Rule


class Rules(Judging):
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
        self.wind_rule(rule)
        self.later(self.lateness("evaluation"), "_evaluate_all", name=name)
        return rule

    def _named(self, given: Mapping[str, Any]) -> str:
        """By ARN or id a rule that exists, without a name none."""
        wanted = (given.get("ConfigRuleArn"), given.get("ConfigRuleId"))
        found = self.rules.find(lambda one: one.arn in wanted or one.id in wanted)
        if found is None:
            raise self.bad("One or more identifiers needs to be provided. Provide Name or Id or Arn")
        return str(found.name)

    def _checked(self, name: str, given: Mapping[str, Any]) -> dict[str, Any]:
        own = ("ConfigRuleName", "ConfigRuleArn", "ConfigRuleId", "ConfigRuleState", "CreatedBy")
        settings = {key: value for key, value in given.items() if key not in own and value is not None}
        if given.get("ConfigRuleState") not in (None, "ACTIVE"):
            raise self.bad(
                f"The ConfigRuleState {given['ConfigRuleState']} is invalid.  Only the following values are "
                "permitted: ACTIVE"
            )
        try:
            parameters = json.loads(settings.get("InputParameters") or "{}")
        except ValueError:
            parameters = None
        if not isinstance(parameters, dict):
            raise self.bad(f"Invalid json {settings['InputParameters']} passed in the InputParameters field")
        if any(one.get("Mode") == "PROACTIVE" for one in settings.get("EvaluationModes") or ()):
            self.not_modelled("proactive evaluation")
        scope = settings.get("Scope") or {}
        if scope.get("TagValue") and not scope.get("TagKey"):
            raise self.bad("TagKey should not be empty when TagValue is provided in the Scope")
        if scope.get("ComplianceResourceId") and len(scope.get("ComplianceResourceTypes") or ()) != 1:
            raise self.bad(
                "A single ComplianceResourceType should be provided when ComplianceResourceId is provided in the Scope"
            )
        owner = settings["Source"]["Owner"]
        if owner == OWN:
            self._check_managed(settings, parameters)
        elif owner == CUSTOM:
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
            raise self.bad(
                f"The sourceIdentifier {identifier} is invalid. Please refer to the documentation for a list of valid "
                "sourceIdentifiers that can be used when AWS is the Owner."
            )
        if source.get("SourceDetails"):
            raise self.bad(
                "SourceDetails should be null/empty if the owner is AWS. If the owner is AWS, SourceDetails "
                "should not be "
                "provided."
            )
        unknown = {name: str(value) for name, value in parameters.items() if name not in rule.parameters}
        if unknown:
            raise self.bad(f"Unknown parameters provided in the inputParameters: {json.dumps(unknown)}.")
        if settings.get("MaximumExecutionFrequency") and not rule.periodic:
            raise self.bad(
                f"A maximum execution frequency is not allowed because MaximumExecutionFrequency is only allowed for "
                f"scheduled rules: {identifier} is not scheduled."
            )

    def _check_function(self, settings: Mapping[str, Any]) -> None:
        source = settings["Source"]
        arn = source.get("SourceIdentifier") or ""
        if not source.get("SourceDetails"):
            raise self.bad("SourceDetails should be provided if the owner is CUSTOMCUSTOM.")
        for one in source["SourceDetails"]:
            if one.get("MaximumExecutionFrequency") and one.get("MessageType") != SCHEDULED:
                raise self.bad(
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

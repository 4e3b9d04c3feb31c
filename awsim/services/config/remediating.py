"""Remediation: Systems Manager documents that mend what a rule finds amiss.

Sources: AWS Config Developer Guide, "Remediating noncompliant resources"; API Reference.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from awsim.errors import AWSError
from awsim.services.config.compliance import Compliance
from awsim.services.config.records import NON_COMPLIANT, Key, Result, Rule
from awsim.state import Dict, Entity


class Execution(Entity):
    """One resource being mended. Times are epoch seconds."""

    def __init__(self, key: Key, now: float) -> None:
        self.key = key
        self.invoked = self.updated = now
        self.state = "QUEUED"
        self.attempts = 0
        self.automation: str | None = None
        self.error: str | None = None

    def shown(self) -> dict[str, Any]:
        step = {"Name": "Remediation", "State": self.state, "StartTime": self.invoked, "ErrorMessage": self.error}
        return {
            "ResourceKey": {"resourceType": self.key[0], "resourceId": self.key[1]},
            "State": self.state,
            "StepDetails": [step] if self.error else [],
            "InvocationTime": self.invoked,
            "LastUpdatedTime": self.updated,
        }


class Remediating(Compliance):
    def setup(self) -> None:
        super().setup()
        self.remediations = Dict()  # rule -> settings
        self.executions = Dict()  # rule -> Dict of Key -> Execution
        self.exceptions = Dict()  # rule -> Dict of Key -> (message, expiration)

    # --- configurations

    def put_remediation_configurations(self, RemediationConfigurations: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        for one in RemediationConfigurations:
            rule = self.rule(one["ConfigRuleName"])
            automatic = bool(one.get("Automatic"))
            if automatic and not (one.get("Parameters") or {}).get("AutomationAssumeRole"):
                raise self.error(
                    "InvalidParameterValueException", "AutomationAssumeRole is required for automatic remediation."
                )
            defaults: dict[str, Any] = {}
            if automatic:
                defaults = {
                    "MaximumAutomaticAttempts": int(self.limits["automatic-attempts"]),
                    "RetryAttemptSeconds": int(self.limits["retry-seconds"]),
                }
            arn = self.arn(f"remediation-configuration/{rule.name}/{self.ids.uuid('remediation')}")
            self.remediations[rule.name] = {"Arn": arn, "Automatic": automatic, **defaults, **one}
        return {"FailedBatches": []}

    def describe_remediation_configurations(self, ConfigRuleNames: Sequence[str]) -> dict[str, Any]:
        found = [dict(self.remediations[name]) for name in ConfigRuleNames if name in self.remediations]
        return {"RemediationConfigurations": found}

    def delete_remediation_configuration(self, ConfigRuleName: str, ResourceType: str | None = None) -> None:
        self._remediation(ConfigRuleName)
        running = self.executions.get(ConfigRuleName) or {}
        if any(one.state in ("QUEUED", "IN_PROGRESS") for one in running.values()):
            raise self.error("RemediationInProgressException", "Remediation action is in progress.")
        for known in (self.remediations, self.executions, self.exceptions):
            known.pop(ConfigRuleName, None)

    def check_unremedied(self, name: str) -> None:
        if name in self.remediations:
            raise self.error(
                "ResourceInUseException",
                f"The rule {name} has a remediation action: delete the remediation action first.",
            )

    def _remediation(self, rule: str) -> Mapping[str, Any]:
        self.rule(rule)
        found: Mapping[str, Any] | None = self.remediations.get(rule)
        if found is None:
            raise self.error(
                "NoSuchRemediationConfigurationException", f"No RemediationConfiguration for rule {rule} exists."
            )
        return found

    # --- executions

    def start_remediation_execution(
        self, ConfigRuleName: str, ResourceKeys: Sequence[Mapping[str, str]]
    ) -> dict[str, Any]:
        self._remediation(ConfigRuleName)
        for one in ResourceKeys:
            self._begin(ConfigRuleName, (one["resourceType"], one["resourceId"]))
        return {"FailedItems": []}

    def describe_remediation_execution_status(
        self,
        ConfigRuleName: str,
        ResourceKeys: Sequence[Mapping[str, str]] = (),
        Limit: int | None = None,
        NextToken: str | None = None,
    ) -> dict[str, Any]:
        self._remediation(ConfigRuleName)
        wanted = {(one["resourceType"], one["resourceId"]) for one in ResourceKeys}
        known = self.executions.get(ConfigRuleName) or {}
        found = [one for key, one in known.items() if not wanted or key in wanted]
        return self.page(
            "RemediationExecutionStatuses",
            found,
            Execution.shown,
            lambda one: "/".join(one.key),
            NextToken,
            Limit or None,
        )

    def judged_anew(self, rule: Rule, result: Result) -> None:
        """What a rule finds amiss is mended by itself, where that is wanted and no exception is made."""
        super().judged_anew(rule, result)
        settings = self.remediations.get(rule.name)
        if settings is None or result.compliance != NON_COMPLIANT or not settings["Automatic"]:
            return
        if settings.get("ResourceType") in (None, result.type) and not self._excepted(rule.name, result.key):
            self._begin(rule.name, result.key)

    def _begin(self, rule: str, key: Key) -> None:
        running = self.executions.setdefault(rule, Dict())
        running[key] = Execution(key, self.clock.time())
        self.later(0, "_attempt", rule=rule, key=key)

    def _attempt(self, rule: str, key: Key) -> None:
        settings = self.remediations.get(rule)
        execution: Execution | None = (self.executions.get(rule) or {}).get(key)
        if settings is None or execution is None:
            return
        execution.attempts += 1
        execution.updated = self.clock.time()
        execution.state, execution.error = "IN_PROGRESS", None
        asked: dict[str, Any] = {"DocumentName": settings["TargetId"], "Parameters": self._filled(settings, key)}
        if settings.get("TargetVersion"):
            asked["DocumentVersion"] = settings["TargetVersion"]
        try:
            execution.automation = self.call("ssm", "StartAutomationExecution", **asked)["AutomationExecutionId"]
        except AWSError as error:
            self._failed(rule, settings, execution, f"{error.code}: {error.message}")
            return
        self.later(self.limits["automation-watch"], "_watch", rule=rule, key=key)

    def _filled(self, settings: Mapping[str, Any], key: Key) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name, value in (settings.get("Parameters") or {}).items():
            if value.get("ResourceValue"):
                found[name] = [key[1]]
            else:
                found[name] = list((value.get("StaticValue") or {}).get("Values") or ())
        return found

    def _watch(self, rule: str, key: Key) -> None:
        """See how the automation of a resource goes."""
        settings = self.remediations.get(rule)
        execution: Execution | None = (self.executions.get(rule) or {}).get(key)
        if settings is None or execution is None or execution.state != "IN_PROGRESS":
            return
        try:
            found = self.call("ssm", "GetAutomationExecution", AutomationExecutionId=execution.automation)
        except AWSError as error:
            self._failed(rule, settings, execution, f"{error.code}: {error.message}")
            return
        state = found["AutomationExecution"]["AutomationExecutionStatus"]
        execution.updated = self.clock.time()
        if state == "Success":
            execution.state = "SUCCEEDED"
            self.later(0, "_evaluate_all", name=rule)
        elif state in ("Failed", "TimedOut", "Cancelled"):
            self._failed(rule, settings, execution, f"The automation is {state}.")
        else:
            self.later(self.limits["automation-watch"], "_watch", rule=rule, key=key)

    def _failed(self, rule: str, settings: Mapping[str, Any], execution: Execution, why: str) -> None:
        execution.state, execution.error = "FAILED", why
        if not settings["Automatic"]:
            return
        if execution.attempts < settings["MaximumAutomaticAttempts"]:
            self.later(settings["RetryAttemptSeconds"], "_attempt", rule=rule, key=execution.key)
        else:
            message = "Config put the resource on the exception list after the last attempt had failed."
            self.exceptions.setdefault(rule, Dict())[execution.key] = (message, None)

    # --- exceptions

    def put_remediation_exceptions(
        self,
        ConfigRuleName: str,
        ResourceKeys: Sequence[Mapping[str, str]],
        Message: str | None = None,
        ExpirationTime: datetime | None = None,
    ) -> dict[str, Any]:
        self.rule(ConfigRuleName)
        known = self.exceptions.setdefault(ConfigRuleName, Dict())
        until = None if ExpirationTime is None else ExpirationTime.timestamp()
        for one in ResourceKeys:
            known[_key(one)] = (Message, until)
        return {"FailedBatches": []}

    def describe_remediation_exceptions(
        self,
        ConfigRuleName: str,
        ResourceKeys: Sequence[Mapping[str, str]] = (),
        Limit: int | None = None,
        NextToken: str | None = None,
    ) -> dict[str, Any]:
        self.rule(ConfigRuleName)
        wanted = {_key(one) for one in ResourceKeys}
        known = self.exceptions.get(ConfigRuleName) or {}
        found = [
            (key, what)
            for key, what in known.items()
            if (not wanted or key in wanted) and self._excepted(ConfigRuleName, key)
        ]

        def shown(one: tuple[Key, tuple[str | None, float | None]]) -> dict[str, Any]:
            (kind, id_), (message, until) = one
            return {
                "ConfigRuleName": ConfigRuleName,
                "ResourceType": kind,
                "ResourceId": id_,
                "Message": message,
                "ExpirationTime": until,
            }

        return self.page("RemediationExceptions", found, shown, lambda one: "/".join(one[0]), NextToken, Limit or None)

    def delete_remediation_exceptions(
        self, ConfigRuleName: str, ResourceKeys: Sequence[Mapping[str, str]]
    ) -> dict[str, Any]:
        self.rule(ConfigRuleName)
        known = self.exceptions.get(ConfigRuleName) or {}
        keys = [_key(one) for one in ResourceKeys]
        if not any(key in known for key in keys):
            raise self.error(
                "NoSuchRemediationExceptionException", f"No RemediationException for rule {ConfigRuleName} exists."
            )
        for key in keys:
            known.pop(key, None)
        return {"FailedBatches": []}

    def _excepted(self, rule: str, key: Key) -> bool:
        known = (self.exceptions.get(rule) or {}).get(key)
        return known is not None and (known[1] is None or known[1] > self.clock.time())


def _key(one: Mapping[str, str]) -> Key:
    return one.get("ResourceType", ""), one.get("ResourceId", "")

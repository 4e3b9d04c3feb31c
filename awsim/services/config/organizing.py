"""Rules of an organization: put once by its management account, and kept in each of its accounts.

Source: AWS Config Developer Guide, "Managing AWS Config Rules Across All Accounts in Your Organization"; API Reference.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from awsim.auth.credentials import administrator
from awsim.errors import AWSError
from awsim.services.config.aggregating import Aggregating
from awsim.services.config.judging import CUSTOM, OWN
from awsim.services.config.records import Rule
from awsim.state import Collection, Dict, Entity, Tags

_CREATOR = "config-multiaccountsetup.amazonaws.com"
_SUCCESSFUL, _FAILED = "CREATE_SUCCESSFUL", "CREATE_FAILED"


class OrganizationRule(Entity):
    """A rule for all accounts. `members`: account -> (name of the rule there, status, error)."""

    def __init__(self, name: str, arn: str, suffix: str, now: float) -> None:
        self.name = name
        self.arn = arn
        self.suffix = suffix
        self.updated = now
        self.settings: Mapping[str, Any] = {}
        self.members = Dict()
        self.tags = Tags()

    @property
    def rule_name(self) -> str:
        """What the rule is called in the accounts."""
        return f"OrgConfigRule-{self.name}-{self.suffix}"

    @property
    def status(self) -> str:
        return _FAILED if any(state == _FAILED for _, state, _ in self.members.values()) else _SUCCESSFUL

    def described(self) -> dict[str, Any]:
        return {
            "OrganizationConfigRuleName": self.name,
            "OrganizationConfigRuleArn": self.arn,
            "LastUpdateTime": self.updated,
            **self.settings,
        }


class Organizing(Aggregating):
    organization_rules = Collection("organization rule", quota="organization-rules")

    def put_organization_config_rule(
        self,
        OrganizationConfigRuleName: str,
        OrganizationManagedRuleMetadata: Mapping[str, Any] | None = None,
        OrganizationCustomRuleMetadata: Mapping[str, Any] | None = None,
        ExcludedAccounts: Sequence[str] = (),
        Tags: Sequence[Mapping[str, str]] = (),
    ) -> dict[str, Any]:
        accounts = self._accounts()
        if (OrganizationManagedRuleMetadata is None) is (OrganizationCustomRuleMetadata is None):
            raise self.bad("Specify the metadata of either a managed or a custom rule.")
        known: OrganizationRule | None = self.organization_rules.get(OrganizationConfigRuleName)
        if known is None:
            suffix = self.ids.text("organization-rule", 8, "abcdefghijklmnopqrstuvwxyz0123456789")
            arn = self.arn(f"organization-config-rule/{OrganizationConfigRuleName}-{suffix}")
            known = OrganizationRule(OrganizationConfigRuleName, arn, suffix, self.clock.time())
            self.tagged(known, Tags)
            self.organization_rules.add(known)
        known.updated = self.clock.time()
        given = {
            "OrganizationManagedRuleMetadata": OrganizationManagedRuleMetadata,
            "OrganizationCustomRuleMetadata": OrganizationCustomRuleMetadata,
            "ExcludedAccounts": list(ExcludedAccounts) or None,
        }
        known.settings = {name: value for name, value in given.items() if value is not None}
        wanted = [account for account in accounts if account not in ExcludedAccounts]
        for account in [one for one in known.members if one not in wanted]:
            self._withdraw(known, account)
        for account in wanted:
            known.members[account] = self._spread(known, account)
        return {"OrganizationConfigRuleArn": known.arn}

    def _spread(self, rule: OrganizationRule, account: str) -> tuple[str, str, tuple[str, str] | None]:
        """Put the rule into an account."""
        there = self.at(account=account)
        if there.recorder is None:
            return rule.rule_name, _FAILED, ("NoAvailableConfigurationRecorder", "Config is not set up in the account.")
        try:
            there.make_rule(rule.rule_name, _declared(rule.settings), creator=_CREATOR)
        except AWSError as error:
            return rule.rule_name, _FAILED, (error.code, error.message)
        return rule.rule_name, _SUCCESSFUL, None

    def _withdraw(self, rule: OrganizationRule, account: str) -> None:
        there = self.at(account=account)
        name, _, _ = rule.members.pop(account)
        own: Rule | None = there.rules.get(name)
        if own is not None:
            there.drop_rule(own)

    def _accounts(self) -> list[str]:
        """The accounts of the organization that this one manages."""
        self.check_management()
        found = self.call("organizations", "ListAccounts", as_=administrator(self.account))["Accounts"]
        return [one["Id"] for one in found if one["Status"] == "ACTIVE"]

    def describe_organization_config_rules(
        self, OrganizationConfigRuleNames: Sequence[str] = (), Limit: int | None = None, NextToken: str | None = None
    ) -> dict[str, Any]:
        found = self._organization_rules(OrganizationConfigRuleNames)
        return self.page(
            "OrganizationConfigRules",
            found,
            OrganizationRule.described,
            lambda one: one.name,
            NextToken,
            Limit or None,
        )

    def describe_organization_config_rule_statuses(
        self, OrganizationConfigRuleNames: Sequence[str] = (), Limit: int | None = None, NextToken: str | None = None
    ) -> dict[str, Any]:
        def shown(rule: OrganizationRule) -> dict[str, Any]:
            return {
                "OrganizationConfigRuleName": rule.name,
                "OrganizationRuleStatus": rule.status,
                "LastUpdateTime": rule.updated,
            }

        found = self._organization_rules(OrganizationConfigRuleNames)
        return self.page("OrganizationConfigRuleStatuses", found, shown, lambda one: one.name, NextToken, Limit or None)

    def get_organization_config_rule_detailed_status(
        self,
        OrganizationConfigRuleName: str,
        Filters: Mapping[str, str] | None = None,
        Limit: int | None = None,
        NextToken: str | None = None,
    ) -> dict[str, Any]:
        (rule,) = self._organization_rules([OrganizationConfigRuleName])
        wanted = Filters or {}
        found = [
            {
                "AccountId": account,
                "ConfigRuleName": name,
                "MemberAccountRuleStatus": state,
                "ErrorCode": error[0] if error else None,
                "ErrorMessage": error[1] if error else None,
                "LastUpdateTime": rule.updated,
            }
            for account, (name, state, error) in rule.members.items()
            if wanted.get("AccountId") in (None, account) and wanted.get("MemberAccountRuleStatus") in (None, state)
        ]
        return self.page(
            "OrganizationConfigRuleDetailedStatus",
            found,
            dict,
            lambda one: str(one["AccountId"]),
            NextToken,
            Limit or None,
        )

    def delete_organization_config_rule(self, OrganizationConfigRuleName: str) -> None:
        (rule,) = self._organization_rules([OrganizationConfigRuleName])
        for account in list(rule.members):
            self._withdraw(rule, account)
        self.organization_rules.pop(rule.name)

    def _organization_rules(self, names: Sequence[str]) -> list[OrganizationRule]:
        for name in names:
            if name not in self.organization_rules:
                raise self.error(
                    "NoSuchOrganizationConfigRuleException",
                    f"The OrganizationConfigRule '{name}' provided in the request is invalid.",
                )
        return [self.organization_rules[name] for name in names] if names else list(self.organization_rules)


def _declared(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The rule as PutConfigRule takes it."""
    managed = settings.get("OrganizationManagedRuleMetadata")
    given = managed or settings["OrganizationCustomRuleMetadata"]
    if managed is not None:
        source: dict[str, Any] = {"Owner": OWN, "SourceIdentifier": managed["RuleIdentifier"]}
    else:
        details = [
            {"EventSource": "aws.config", "MessageType": kind} for kind in given["OrganizationConfigRuleTriggerTypes"]
        ]
        source = {"Owner": CUSTOM, "SourceIdentifier": given["LambdaFunctionArn"], "SourceDetails": details}
    scope = {
        "ComplianceResourceTypes": given.get("ResourceTypesScope"),
        "ComplianceResourceId": given.get("ResourceIdScope"),
        "TagKey": given.get("TagKeyScope"),
        "TagValue": given.get("TagValueScope"),
    }
    found: dict[str, Any] = {"Source": source}
    if any(scope.values()):
        found["Scope"] = {name: value for name, value in scope.items() if value}
    for name in ("Description", "InputParameters", "MaximumExecutionFrequency"):
        if given.get(name) is not None:
            found[name] = given[name]
    return found

"""Account policies: data protection, subscription filters, indexes, transformers and metric extraction for all groups
of an account, or those that criteria choose; and the index policies of single groups.

Source: CloudWatch Logs API Reference, PutAccountPolicy and PutIndexPolicy.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from awsim.services.logs import transforming
from awsim.services.logs.filters import Subscription
from awsim.services.logs.group import LogGroup
from awsim.services.logs.operations.transformers import TransformerOperations
from awsim.services.logs.patterns.criteria import criteria
from awsim.services.logs.policies import AccountPolicy
from awsim.services.logs.refusals import invalid, missing
from awsim.state import Entity

SUBSCRIPTION, INDEX, TRANSFORMER = "SUBSCRIPTION_FILTER_POLICY", "FIELD_INDEX_POLICY", "TRANSFORMER_POLICY"
_PROTECTION, _EXTRACTION = "DATA_PROTECTION_POLICY", "METRIC_EXTRACTION_POLICY"
_ROWS = {
    _PROTECTION: "account-protection-policies",
    SUBSCRIPTION: "account-subscription-policies",
    INDEX: "account-index-policies",
    TRANSFORMER: "account-transformer-policies",
    _EXTRACTION: "account-extraction-policies",
}
_SELECTED = frozenset({"LogGroupName", "LogGroupNamePrefix"})
# Indexes that every group of the standard class has.
_DEFAULT_FIELDS = (
    "@logStream", "@aws.region", "@aws.account", "@source.log", "@data_source_name", "@data_source_type",
    "@data_format", "traceId", "severityText", "attributes.session.id",
)  # fmt: skip


class IndexPolicy(Entity):
    """The field index policy of a group."""

    __slots__ = ("document", "fields", "updated")

    def __init__(self, document: str, fields: tuple[str, ...], updated: int) -> None:
        self.document = document
        self.fields = fields
        self.updated = updated


class AccountPolicyOperations(TransformerOperations):
    def put_account_policy(
        self,
        policyName: str,
        policyDocument: str,
        policyType: str,
        scope: str | None = None,
        selectionCriteria: str | None = None,
    ) -> dict[str, Any]:
        if selectionCriteria:
            if policyType == _PROTECTION:
                raise invalid("selectionCriteria cannot be specified for data protection policies.")
            criteria(selectionCriteria, _SELECTED)
        key = (policyType, policyName)
        if key not in self.account_policies:
            used = sum(kind == policyType for kind, _ in self.account_policies)
            self.limits.quota(_ROWS[policyType], used)
        content = self._content(policyType, policyName, policyDocument)
        policy = AccountPolicy(
            policyType, policyName, policyDocument, selectionCriteria, content, self.account, self.now
        )
        self.account_policies[key] = policy
        return {"accountPolicy": policy.described()}

    def _content(self, kind: str, name: str, document: str) -> Any:
        """What a document means; raises InvalidParameterException."""
        if kind == _PROTECTION:
            return self.check_protection(document)
        try:
            told = json.loads(document)
        except (ValueError, RecursionError):
            raise invalid("The policy document is not valid JSON.") from None
        if kind == SUBSCRIPTION:
            return self._subscription(name, told)
        if kind == INDEX:
            return _indexed(told, int(self.limits["indexed-fields"] or 0))
        if kind == TRANSFORMER:
            return self._transformer(told)
        if not isinstance(told, dict):
            raise invalid("The policy document is not valid.")
        return told

    def _subscription(self, name: str, told: Any) -> Subscription:
        if not isinstance(told, dict) or not all(isinstance(value, str) for value in told.values()):
            raise invalid("The policy document is not valid.")
        target, role = told.get("DestinationArn", ""), told.get("RoleArn")
        pattern = told.get("FilterPattern", "")
        self.pattern(pattern)
        filter = Subscription(name, "", pattern, self.now, target, role, told.get("Distribution") or "Random")
        self.check_target_of(target, role, self.arn("log-group:*"))
        return filter

    def _transformer(self, told: Any) -> Any:
        config = told.get("transformerConfig", told) if isinstance(told, dict) else told
        sound = isinstance(config, list) and config and all(isinstance(each, dict) and each for each in config)
        if not sound:
            raise invalid("The policy document is not valid.")
        try:
            transforming.check(config)
            transforming.transform(config, "")
        except (KeyError, TypeError, AttributeError):
            raise invalid("The policy document is not valid.") from None
        return tuple(config)

    def describe_account_policies(
        self,
        policyType: str,
        policyName: str | None = None,
        accountIdentifiers: Sequence[str] = (),
        nextToken: str | None = None,
    ) -> dict[str, Any]:
        found = [
            policy
            for policy in self.account_policies.values()
            if policy.kind == policyType
            and policyName in (None, policy.name)
            and (not accountIdentifiers or self.account in accountIdentifiers)
        ]
        if policyName is not None and not found:
            raise missing("The specified account policy does not exist.")
        return self.listing(
            "accountPolicies", found, AccountPolicy.described, lambda policy: policy.name, nextToken, None
        )

    def delete_account_policy(self, policyName: str, policyType: str) -> None:
        if (policyType, policyName) not in self.account_policies:
            raise missing("The specified account policy does not exist.")
        del self.account_policies[(policyType, policyName)]

    # --- which hold for a group

    def account_policies_for(self, kind: str, group: LogGroup) -> list[AccountPolicy]:
        return [
            policy for policy in self.account_policies.values() if policy.kind == kind and _selects(policy, group.name)
        ]

    def account_policy_for(self, kind: str, group: LogGroup) -> AccountPolicy | None:
        return next(iter(self.account_policies_for(kind, group)), None)

    def subscription(self, group: str, name: str, shared: bool) -> Subscription | None:
        if shared:
            policy = self.account_policies.get((SUBSCRIPTION, name))
            return policy.content if policy is not None else None
        found = self.groups.get(group)
        return found.subscriptions.get(name) if found is not None else None

    # --- indexes of single groups

    def put_index_policy(self, logGroupIdentifier: str, policyDocument: str) -> dict[str, Any]:
        group = self.standard(self.group_by(logGroupIdentifier))
        try:
            told = json.loads(policyDocument)
        except (ValueError, RecursionError):
            raise invalid("The policy document is not valid JSON.") from None
        names = _indexed(told, int(self.limits["indexed-fields"] or 0))
        group.index = IndexPolicy(policyDocument, names, self.now)
        return {"indexPolicy": self._index_policies(group)[0]}

    def describe_index_policies(
        self, logGroupIdentifiers: Sequence[str], nextToken: str | None = None
    ) -> dict[str, Any]:
        found = [each for name in logGroupIdentifiers for each in self._index_policies(self.group_by(name))]
        return {"indexPolicies": found}

    def _index_policies(self, group: LogGroup) -> list[dict[str, Any]]:
        """The policy that holds for a group: its own, else that of the account."""
        if group.index is not None:
            shown = {"policyDocument": group.index.document, "lastUpdateTime": group.index.updated}
            return [{"logGroupIdentifier": group.name, **shown, "source": "LOG_GROUP"}]
        policy = self.account_policy_for(INDEX, group)
        if policy is None:
            return []
        shown = {"policyDocument": policy.document, "lastUpdateTime": policy.updated, "policyName": policy.name}
        return [{"logGroupIdentifier": group.name, **shown, "source": "ACCOUNT"}]

    def delete_index_policy(self, logGroupIdentifier: str) -> dict[str, Any]:
        group = self.group_by(logGroupIdentifier)
        if group.index is None:
            raise missing("The specified log group has no field index policy.")
        group.index = None
        return {}

    def describe_field_indexes(
        self,
        logGroupIdentifiers: Sequence[str],
        indexCategories: Sequence[str] = (),
        nextToken: str | None = None,
    ) -> dict[str, Any]:
        found: list[dict[str, Any]] = []
        for name in logGroupIdentifiers:
            group = self.group_by(name)
            policy = self.account_policy_for(INDEX, group)
            own = group.index.fields if group.index is not None else policy.content if policy is not None else ()
            for category, fields in (("CUSTOM", own), ("DEFAULT", _DEFAULT_FIELDS)):
                if not indexCategories or category in indexCategories:
                    shown = {"logGroupIdentifier": group.name, "type": "FIELD_INDEX", "indexCategory": category}
                    found += [{**shown, "fieldIndexName": field} for field in fields]
        key = lambda each: f"{each['logGroupIdentifier']}\n{each['indexCategory']}\n{each['fieldIndexName']}"  # noqa: E731
        return self.listing("fieldIndexes", found, lambda each: each, key, nextToken, None)


def _selects(policy: AccountPolicy, name: str) -> bool:
    if not policy.selection:
        return True

    def agrees(field: str, value: str) -> bool:
        return name.startswith(value.removesuffix("*")) if field == "LogGroupNamePrefix" else name == value

    return criteria(policy.selection, _SELECTED)(agrees)


def _indexed(told: Any, most: int) -> tuple[str, ...]:
    """The fields of an index policy."""
    names = told.get("Fields") if isinstance(told, dict) else None
    if not isinstance(names, list) or not all(isinstance(name, str) and name for name in names):
        raise invalid('The policy document is not valid: it has to have "Fields".')
    if most and len(names) > most:
        raise invalid(f"A field index policy can have at most {most} fields.")
    return tuple(names)

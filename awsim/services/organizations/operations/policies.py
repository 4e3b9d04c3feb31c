"""Policies of all types: written, attached, and what they come to."""

from __future__ import annotations

import json
from typing import Any

from awsim.services.organizations.guardrails import effective_policy
from awsim.services.organizations.operations.common import TagList
from awsim.services.organizations.operations.units import UnitOperations
from awsim.services.organizations.records import Account, Organization, Policy
from awsim.services.organizations.refusals import because, invalid, missing, violated
from awsim.services.organizations.types import RCP_FULL_ACCESS, PolicyType
from awsim.state import Tags as TagMap


class PolicyOperations(UnitOperations):
    def create_policy(self, Content: str, Description: str, Name: str, Type: str, Tags: TagList = ()) -> dict[str, Any]:
        type = self.type_named(Type)
        # It is asked of the ARN that the policy will have, but for its id.
        any_policy = self.arn_of(self.organization(), "policy", type.name.lower(), "*")
        organization = self.governed(type, any_policy)
        self._check_available(organization)
        tags = self.with_tags(TagMap(), Tags)
        self._check_content(organization, type, Content)
        self._check_name(organization, type, Name)
        held = sum(policy.type is type and not policy.managed for policy in organization.policies.values())
        with because("POLICY_NUMBER_LIMIT_EXCEEDED"):
            self.limits_of(organization).quota(f"policies-{type.row}", held)
        id = self.new_id("policy", "p", 10)
        arn = self.arn_of(organization, "policy", type.name.lower(), id)
        policy = Policy(id, arn, type, Name, Description, Content, self.clock.time())
        policy.tags = tags
        organization.policies[id] = policy
        return {"Policy": policy.described()}

    def _check_available(self, organization: Organization) -> None:
        if not organization.all_features:
            raise self.error(
                "PolicyTypeNotAvailableForOrganizationException",
                "You can't use the specified policy type with the feature set currently enabled for this organization.",
            )

    def _check_content(self, organization: Organization, type: PolicyType, content: str) -> None:
        with because("POLICY_CONTENT_LIMIT_EXCEEDED"):
            self.limits_of(organization).check(f"policy-size-{type.row}", len(content))
        type.check(content)

    def _check_name(self, organization: Organization, type: PolicyType, name: str) -> None:
        if any(policy.type is type and policy.name == name for policy in organization.policies.values()):
            raise self.error("DuplicatePolicyException", "A policy with the same name already exists.")

    def _own(self, organization: Organization, id: str) -> Policy:
        """A policy that is not AWS's."""
        policy = self.policy_in(organization, id)
        if policy.managed:
            raise invalid("IMMUTABLE_POLICY", "You specified a policy that is managed by AWS and can't be modified.")
        return policy

    def describe_policy(self, PolicyId: str) -> dict[str, Any]:
        return {"Policy": self.policy_in(self.viewed(PolicyId), PolicyId).described()}

    def list_policies(self, Filter: str, NextToken: str | None = None, MaxResults: int | None = None) -> dict[str, Any]:
        organization = self.viewed()
        found = [policy for policy in organization.policies.values() if policy.type.name == Filter]
        return self.page("Policies", found, NextToken, MaxResults, Policy.summary)

    def update_policy(
        self, PolicyId: str, Name: str | None = None, Description: str | None = None, Content: str | None = None
    ) -> dict[str, Any]:
        found = self.policy_in(self.organization(), PolicyId)
        organization = self.governed(found.type, found.arn)
        policy = self._own(organization, PolicyId)
        if Content is not None:
            self._check_content(organization, policy.type, Content)
        if Name is not None and Name != policy.name:
            self._check_name(organization, policy.type, Name)
            policy.name = Name
        if Description is not None:
            policy.description = Description
        if Content is not None:
            policy.content = Content
            policy.updated = self.clock.time()
            organization.changed()
        return {"Policy": policy.described()}

    def delete_policy(self, PolicyId: str) -> None:
        found = self.policy_in(self.organization(), PolicyId)
        organization = self.governed(found.type, found.arn)
        policy = self._own(organization, PolicyId)
        if any(policy.id in node.attached for node in organization.nodes()):
            raise self.error(
                "PolicyInUseException",
                "The policy is attached to one or more entities. You must detach it from all roots, OUs, and accounts "
                "before performing this operation.",
            )
        del organization.policies[policy.id]

    # --- attaching

    def attach_policy(self, PolicyId: str, TargetId: str) -> None:
        organization = self.organization()
        policy, target = self.policy_in(organization, PolicyId), self.target_in(organization, TargetId)
        self.governed(policy.type, policy.arn, target.arn)
        type = policy.type
        if type.name not in organization.types:
            raise self.error(
                "PolicyTypeNotEnabledException", "The specified policy type isn't currently enabled in this root."
            )
        if policy.id in target.attached:
            raise self.error(
                "DuplicatePolicyAttachmentException", "The selected policy is already attached to the specified target."
            )
        with because("MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED"):
            self.limits_of(organization).quota(
                f"attachments-{type.row}", len(organization.attached(target, type.name)), target.id
            )
        target.attached[policy.id] = self.clock.time()
        organization.changed()

    def detach_policy(self, PolicyId: str, TargetId: str) -> None:
        organization = self.organization()
        policy, target = self.policy_in(organization, PolicyId), self.target_in(organization, TargetId)
        self.governed(policy.type, policy.arn, target.arn)
        if policy.id not in target.attached:
            raise self.error(
                "PolicyNotAttachedException", "The policy isn't attached to the specified target in the specified root."
            )
        if policy.id == RCP_FULL_ACCESS:
            raise invalid("NON_DETACHABLE_POLICY", "You can't detach this AWS managed policy.")
        type = policy.type
        left = len(organization.attached(target, type.name)) - 1
        if type.grammar and left < (self.limits["least-attached"] or 0):
            raise violated(
                "MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED",
                "You cannot remove the last policy attached to the specified target. You must have at least one "
                "attached at all times.",
            )
        del target.attached[policy.id]
        organization.changed()
        self.limits_of(organization).used(f"attachments-{type.row}", left, target.id)

    def list_policies_for_target(
        self, TargetId: str, Filter: str, NextToken: str | None = None, MaxResults: int | None = None
    ) -> dict[str, Any]:
        organization = self.viewed(TargetId)
        found = organization.attached(self.target_in(organization, TargetId), Filter)
        return self.page("Policies", found, NextToken, MaxResults, Policy.summary)

    def list_targets_for_policy(
        self, PolicyId: str, NextToken: str | None = None, MaxResults: int | None = None
    ) -> dict[str, Any]:
        organization = self.viewed(PolicyId)
        policy = self.policy_in(organization, PolicyId)
        found = [node for node in organization.nodes() if policy.id in node.attached]
        return self.page("Targets", found, NextToken, MaxResults, lambda node: node.as_target())

    # --- types

    def enable_policy_type(self, RootId: str, PolicyType: str) -> dict[str, Any]:
        type = self.type_named(PolicyType)
        organization = self._of_root(type, RootId)
        self._check_available(organization)
        if type.name in organization.types:
            raise self.error("PolicyTypeAlreadyEnabledException", "The specified policy type is already enabled.")
        if type.service and type.service not in organization.services:
            raise violated(
                "SERVICE_ACCESS_NOT_ENABLED",
                "You attempted to enable a policy type before you enabled service access. Call the "
                "EnableAWSServiceAccess API first.",
            )
        self.start_using(organization, type.name)
        return {"Root": self.shown_root(organization)}

    def disable_policy_type(self, RootId: str, PolicyType: str) -> dict[str, Any]:
        type = self.type_named(PolicyType)
        organization = self._of_root(type, RootId)
        if type.name not in organization.types:
            raise self.error(
                "PolicyTypeNotEnabledException", "The specified policy type isn't currently enabled in this root."
            )
        self.stop_using(organization, type.name)
        return {"Root": self.shown_root(organization)}

    def _of_root(self, type: PolicyType, root: str) -> Organization:
        organization = self.governed(type, self.organization().root.arn)
        if root != organization.root.id:
            raise missing("root", "RootNotFoundException")
        return organization

    # --- what they come to

    def describe_effective_policy(self, PolicyType: str, TargetId: str | None = None) -> dict[str, Any]:
        organization = self.organization()
        if TargetId not in (None, self.caller.account):
            self.viewed(TargetId)
        account = self._effective_target(organization, TargetId or self.caller.account)
        document = effective_policy(organization, account, PolicyType) if PolicyType in organization.types else None
        if document is None:
            raise self._no_effective_policy()
        hanging = [(node, policy) for node in account.line for policy in organization.attached(node, PolicyType)]
        return {
            "EffectivePolicy": {
                "PolicyContent": json.dumps(document, separators=(",", ":"), ensure_ascii=False),
                "LastUpdatedTimestamp": max(max(node.attached[each.id], each.updated) for node, each in hanging),
                "TargetId": account.id,
                "PolicyType": PolicyType,
            }
        }

    def _effective_target(self, organization: Organization, id: str) -> Account:
        node = self.target_in(organization, id)
        if not isinstance(node, Account):
            raise invalid("TARGET_NOT_SUPPORTED", "You can't perform the specified operation on that target entity.")
        return node

    def _no_effective_policy(self) -> Exception:
        return self.error(
            "EffectivePolicyNotFoundException",
            "The specified account doesn't have an effective policy of the specified type.",
        )

    def list_accounts_with_invalid_effective_policy(
        self, PolicyType: str, NextToken: str | None = None, MaxResults: int | None = None
    ) -> dict[str, Any]:
        """None: a document is checked when it is written, and the merge of good ones is taken for good."""
        if PolicyType not in self.viewed().types:
            raise self._no_effective_policy()
        return {**self.page("Accounts", [], NextToken, MaxResults), "PolicyType": PolicyType}

    def list_effective_policy_validation_errors(
        self, AccountId: str, PolicyType: str, NextToken: str | None = None, MaxResults: int | None = None
    ) -> dict[str, Any]:
        """None, as above."""
        organization = self.viewed(AccountId)
        account = self.account_in(organization, AccountId)
        if PolicyType not in organization.types or effective_policy(organization, account, PolicyType) is None:
            raise self._no_effective_policy()
        return {
            **self.page("EffectivePolicyValidationErrors", [], NextToken, MaxResults),
            "AccountId": account.id,
            "PolicyType": PolicyType,
            "Path": organization.path(account),
            "EvaluationTimestamp": self.clock.time(),
        }

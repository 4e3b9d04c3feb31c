"""Tags of roots, units, accounts, policies and transfers; what IAM policies ask about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from awsim.services.organizations.operations.common import TagList
from awsim.services.organizations.operations.transfers import TransferOperations
from awsim.services.organizations.records import Node, Organization, Policy, ResourcePolicy, Transfer
from awsim.services.organizations.refusals import invalid, missing

Tagged = Node | Policy | ResourcePolicy | Transfer


class TagOperations(TransferOperations):
    def tag_resource(self, ResourceId: str, Tags: TagList) -> None:
        tagged = self._tagged(self.organization(), ResourceId)
        self._check_tagging(tagged)
        tagged.tags = self.with_tags(tagged.tags, Tags)

    def untag_resource(self, ResourceId: str, TagKeys: Sequence[str]) -> None:
        tagged = self._tagged(self.organization(), ResourceId)
        self._check_tagging(tagged)
        tagged.tags = tagged.tags.without(TagKeys)

    def list_tags_for_resource(self, ResourceId: str, NextToken: str | None = None) -> dict[str, Any]:
        tagged = self._tagged(self.viewed(ResourceId), ResourceId)
        return self.page("Tags", tagged.tags.as_list(), NextToken, self.limits["tags-per-resource"])

    def _check_tagging(self, tagged: Tagged) -> None:
        if isinstance(tagged, Transfer):
            self.managed()
        else:
            self.governed(tagged.type if isinstance(tagged, Policy) else None, tagged.arn)

    def _tagged(self, organization: Organization, id: str) -> Tagged:
        transfer: Transfer | None = self.transfers.get(id)
        if transfer is not None and organization.id in (transfer.target, transfer.source):
            return transfer
        resource_policy = organization.resource_policy
        if resource_policy is not None and resource_policy.id == id:
            return resource_policy
        found = organization.node(id) or organization.policies.get(id)
        if found is None:
            raise missing("target", "TargetNotFoundException")
        if isinstance(found, Policy) and found.managed:
            raise invalid("TARGET_NOT_SUPPORTED", "You can't perform the specified operation on that target entity.")
        return found

    # --- what policies ask

    def resource_arn(self, name: str, arn: str, params: Mapping[str, Any]) -> str:
        """Parameters name resources by their ids; "*" where the caller's organization has none of that id."""
        if arn.startswith("h-"):
            handshake = self.handshakes.get(arn)
            return "*" if handshake is None else handshake.arn
        organization = self.members.get(self.caller.account)
        if organization is None:
            return "*"
        if (transfer := self.transfers.get(arn)) is not None:
            return self.arn_of_transfer(organization, transfer)
        found = organization.node(arn) or organization.policies.get(arn)
        return "*" if found is None else found.arn

    def condition_value(self, key: str, resource: str) -> Any:
        """organizations:PolicyType, where the parameters name a policy and not its type."""
        organization = self.members.get(self.caller.account)
        if key != "organizations:policytype" or organization is None:
            return None
        id = self.request.params.get("PolicyId") or self.request.params.get("ResourceId")
        policy = organization.policies.get(id)
        return None if policy is None else policy.type.name

    def tags_of(self, arn: str) -> Mapping[str, str] | None:
        organization = self.members.get(self.caller.account)
        id = arn.rpartition("/")[2]
        found = None if organization is None else organization.node(id) or organization.policies.get(id)
        return None if found is None else found.tags

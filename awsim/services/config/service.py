"""AWS Config (regional).

Sources: AWS Config Developer Guide and API Reference. Rules in the Guard language, proactive evaluation, recorders of
other services, connectors, and conformance packs of an organization are not modelled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from awsim.services.config.organizing import Organizing


class Config(Organizing):
    """Recorder, rules, conformance packs and aggregators; and the tags of all of them."""

    def tag_resource(self, ResourceArn: str, Tags: Sequence[Mapping[str, str]]) -> None:
        self.tagged(self._resource(ResourceArn), Tags)

    def untag_resource(self, ResourceArn: str, TagKeys: Sequence[str]) -> None:
        resource = self._resource(ResourceArn)
        resource.tags = resource.tags.without(TagKeys)

    def list_tags_for_resource(
        self, ResourceArn: str, Limit: int | None = None, NextToken: str | None = None
    ) -> dict[str, Any]:
        tags = self._resource(ResourceArn).tags.as_list()
        return self.page("Tags", tags, dict, lambda one: one["Key"], NextToken, Limit or None)

    def tags_of(self, arn: str) -> Mapping[str, str] | None:
        found = self._find(arn)
        return None if found is None else found.tags.as_dict()

    def _find(self, arn: str) -> Any:
        everything = (
            self.rules,
            self.packs,
            self.aggregators,
            self.stored,
            self.organization_rules,
            self.recorders.values(),
            self.authorizations.values(),
        )
        return next((one for known in everything for one in known if one.arn == arn), None)

    def _resource(self, arn: str) -> Any:
        found = self._find(arn)
        if found is None:
            raise self.error("ResourceNotFoundException", f"ResourceArn '{arn}' does not exist")
        return found


SERVICE = Config

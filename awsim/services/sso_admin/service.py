"""IAM Identity Center, administered: one service for all Regions of an account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from awsim.services.sso_admin.applications import Applications
from awsim.services.sso_admin.assignments import Assignments
from awsim.services.sso_admin.instances import Instances
from awsim.services.sso_admin.permission_sets import PermissionSets
from awsim.state.tags import tag_map


class SSOAdmin(Instances, PermissionSets, Assignments, Applications):
    """IAM Identity Center: instances, permission sets, assignments of accounts and applications.

    Source: IAM Identity Center API Reference and User Guide.
    """

    def tag_resource(
        self, ResourceArn: str, Tags: Sequence[Mapping[str, str]], InstanceArn: str | None = None
    ) -> dict[str, Any]:
        record = self._tagged(ResourceArn)
        record.tags = record.tags.with_(self, tag_map(Tags), invalid="ValidationException")
        return {}

    def untag_resource(
        self, ResourceArn: str, TagKeys: Sequence[str], InstanceArn: str | None = None
    ) -> dict[str, Any]:
        record = self._tagged(ResourceArn)
        record.tags = record.tags.without(TagKeys)
        return {}

    def list_tags_for_resource(
        self, ResourceArn: str, InstanceArn: str | None = None, NextToken: str | None = None
    ) -> dict[str, Any]:
        tags = self._tagged(ResourceArn).tags.as_list()
        return self.page("Tags", tags, dict, NextToken, None, lambda tag: tag["Key"])

    def tags_of(self, arn: str) -> dict[str, str]:
        """The tags of a resource, for aws:ResourceTag."""
        for instance in self.instances.values():
            for records in (self.instances, instance.permission_sets, instance.applications, instance.issuers):
                if arn in records:
                    return records[arn].tags.as_dict()  # type: ignore[no-any-return]
        return {}

    def _tagged(self, arn: str) -> Any:
        resource = arn.rpartition(":")[2]
        kind = resource.partition("/")[0]
        if kind == "instance":
            return self.instance(arn)
        if kind == "permissionSet":
            return self.permission_set(self._instance_of(arn), arn)
        return self.application(arn) if kind == "application" else self.issuer(arn)

"""AWS CloudTrail (one instance per account: a trail may be of all its regions).

Sources: CloudTrail User Guide and API Reference; how it refuses is in `refusals`. Dashboards, sample and generated
queries and federation with Glue are not modelled.
"""

from __future__ import annotations

from typing import Any

from awsim.auth.policy import PolicyError, parse
from awsim.service import ResourceSide
from awsim.services.cloudtrail.imports import Imports


class CloudTrail(Imports):
    """Event history, trails, event data stores and channels; and the policies of the latter two."""

    def put_resource_policy(self, ResourceArn: str, ResourcePolicy: str) -> dict[str, Any]:
        resource = self._with_policy(ResourceArn)
        try:
            parse(ResourcePolicy, "resource")
        except PolicyError as error:
            raise self.error("ResourcePolicyNotValidException", str(error)) from None
        resource.policy = ResourcePolicy
        return {"ResourceArn": ResourceArn, "ResourcePolicy": ResourcePolicy}

    def get_resource_policy(self, ResourceArn: str) -> dict[str, Any]:
        policy = self._with_policy(ResourceArn).policy
        if policy is None:
            raise self.error("ResourcePolicyNotFoundException", f"The resource {ResourceArn} has no policy.")
        return {"ResourceArn": ResourceArn, "ResourcePolicy": policy}

    def delete_resource_policy(self, ResourceArn: str) -> None:
        resource = self._with_policy(ResourceArn)
        if resource.policy is None:
            raise self.error("ResourcePolicyNotFoundException", f"The resource {ResourceArn} has no policy.")
        resource.policy = None

    def _with_policy(self, arn: str) -> Any:
        parts = arn.split(":", 5)
        if len(parts) != 6 or parts[2] != "cloudtrail":
            raise self.error("ResourceARNNotValidException", f"The ARN {arn} is not valid.")
        if parts[5].partition("/")[0] not in ("channel", "eventdatastore"):
            raise self.error("ResourceTypeNotSupportedException", "Resources of this type have no policies.")
        found = self.find_taggable(arn)
        if found is None:
            raise self.error("ResourceNotFoundException", f"The resource {arn} was not found.")
        return found

    def resource_policy(self, arn: str) -> ResourceSide:
        side = super().resource_policy(arn)
        text = getattr(self.find_taggable(arn), "policy", None)
        return side if text is None else ResourceSide(side.account, (parse(text, "resource"),))

    def find_taggable(self, arn: str) -> Any:
        return self.trails.get(arn) or self.stores.get(arn) or self.channels.get(arn)


SERVICE = CloudTrail

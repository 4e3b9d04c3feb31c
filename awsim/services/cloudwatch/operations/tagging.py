"""Tags of alarms, dashboards, insight rules, metric streams and mute rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from awsim.services.cloudwatch.operations.mute_rules import MuteRuleOperations
from awsim.services.cloudwatch.refusals import invalid
from awsim.state.tags import tag_map

_KINDS = {
    "alarm": "alarms",
    "dashboard": "dashboards",
    "insight-rule": "insight_rules",
    "metric-stream": "metric_streams",
    "alarm-mute-rule": "mute_rules",
}


class TagOperations(MuteRuleOperations):
    def tag_resource(self, ResourceARN: str, Tags: Sequence[Mapping[str, str]]) -> None:
        resource = self._tagged(ResourceARN)
        resource.tags = resource.tags.with_(self, tag_map(Tags), invalid="InvalidParameterValue")

    def untag_resource(self, ResourceARN: str, TagKeys: Sequence[str]) -> None:
        resource = self._tagged(ResourceARN)
        resource.tags = resource.tags.without(TagKeys)

    def list_tags_for_resource(self, ResourceARN: str) -> dict[str, Any]:
        return {"Tags": self._tagged(ResourceARN).tags.as_list()}

    def tags_of(self, arn: str) -> Mapping[str, str] | None:
        resource = self._resource(arn)
        return None if resource is None else resource.tags

    def _tagged(self, arn: str) -> Any:
        parts = arn.split(":", 5)
        if len(parts) < 6 or parts[0] != "arn" or parts[2] != "cloudwatch":
            raise invalid(f"The value {arn} for parameter ResourceARN is invalid.")
        resource = self._resource(arn)
        if resource is None:
            kind = parts[5].replace("/", ":").partition(":")[0]
            raise self.error("ResourceNotFoundException", "Unknown", ResourceType=kind, ResourceId=arn)
        return resource

    def _resource(self, arn: str) -> Any:
        kind, _, name = arn.split(":", 5)[-1].replace("/", ":", 1).partition(":")
        records = _KINDS.get(kind)
        found = getattr(self, records).get(name) if records is not None else None
        return found if found is not None and found.arn == arn else None

"""Tags of whatever Systems Manager has. Source: API Reference, AddTagsToResource."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from awsim.errors import AWSError
from awsim.services.ssm import owned
from awsim.services.ssm.operations.data_syncs import DataSyncOperations
from awsim.services.ssm.operations.sharing import SharingOperations
from awsim.state.tags import tag_map

# Type of resource -> what its ARNs have before its id.
_PLACES = {
    "Association": "association",
    "Automation": "automation-execution",
    "Document": "document",
    "MaintenanceWindow": "maintenancewindow",
    "ManagedInstance": "managed-instance",
    "OpsItem": "opsitem",
    "OpsMetadata": "opsmetadata",
    "Parameter": "parameter",
    "PatchBaseline": "patchbaseline",
}


class TagOperations(SharingOperations, DataSyncOperations):
    def add_tags_to_resource(self, ResourceType: str, ResourceId: str, Tags: Sequence[Mapping[str, str]]) -> None:
        record = self._tagged(ResourceType, ResourceId)
        record.tags = record.tags.with_(self, tag_map(Tags), invalid="ValidationException")

    def remove_tags_from_resource(self, ResourceType: str, ResourceId: str, TagKeys: Sequence[str]) -> None:
        record = self._tagged(ResourceType, ResourceId)
        record.tags = record.tags.without(TagKeys)

    def list_tags_for_resource(self, ResourceType: str, ResourceId: str) -> dict[str, Any]:
        return {"TagList": self._tagged(ResourceType, ResourceId).tags.as_list()}

    def _tagged(self, kind: str, id: str) -> Any:
        """The record of what is tagged. Raises InvalidResourceId, InvalidResourceType."""
        found = self.taggable(kind, id)
        if found is None:
            raise AWSError(
                "InvalidResourceId",
                f"The resource ID {id} isn't valid. Verify that you entered the correct ID and try again.",
            )
        return found

    def taggable(self, kind: str, id: str) -> Any:
        """The record with tags that a request names; None where there is none."""
        if kind == "ManagedInstance":
            return self.node(id)
        stores = {
            "Association": self.associations,
            "Automation": self.executions,
            "Document": self.documents,
            "MaintenanceWindow": self.windows,
            "OpsItem": self.ops_items,
            "OpsMetadata": self.ops_metadata,
            "Parameter": self.parameters,
            "PatchBaseline": self.baselines,
        }
        if kind not in stores:
            self.not_modelled(f"tags of {kind}")
        return stores[kind].get(id)

    def tags_of(self, arn: str) -> Mapping[str, str] | None:
        resource = arn.split(":", 5)[-1]
        kind, _, id = resource.partition("/")
        if kind == "parameter":
            parameter = self.parameter_at(arn)
            return None if parameter is None else parameter.tags
        name = next((name for name, place in _PLACES.items() if place == kind), None)
        found = None if name is None else self.taggable(name, id)
        return None if found is None else found.tags

    def condition_value(self, key: str, resource: str) -> Any:
        """`ssm:resourceTag/…`: the tag of a resource, a node's too."""
        place, slash, name = key.partition("/")
        if place != "ssm:resourcetag" or not slash:
            return None
        if ":instance/" in resource:
            node = self.node(resource.rpartition("/")[2])
            tags: Mapping[str, str] = {} if node is None else node.tags
        else:
            tags = self.tags_of(resource) or {}
        return next((value for tag, value in tags.items() if tag.lower() == name), None)

    def resource_arn(self, name: str, arn: str, params: Mapping[str, Any]) -> str:
        if name == "document":
            document = arn.partition(":document/")[2]
            amazons = document not in self.documents and owned.document(document, self.partition, self.region)
            return f"arn:{self.partition}:ssm:{self.region}::document/{document}" if amazons else arn
        if name in ("instance", "target"):
            id = arn.rpartition("/")[2]
            return self.arn(f"managed-instance/{id}") if id.startswith("mi-") else arn
        if name != "tagged":
            return super().resource_arn(name, arn, params)
        place = _PLACES.get(params.get("ResourceType", ""), "*")
        return self.arn(f"{place}/{str(params.get('ResourceId', '*')).removeprefix('/')}")

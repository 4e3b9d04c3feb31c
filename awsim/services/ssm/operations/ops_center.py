"""OpsCenter's items, and Application Manager's metadata.

Source: Systems Manager User Guide, "AWS Systems Manager OpsCenter"; Systems Manager API Reference, OpsMetadata.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from awsim.errors import AWSError
from awsim.services.ssm.operations.sessions import SessionOperations
from awsim.state import Collection, Dict, Entity, Tags
from awsim.state.tags import tag_map

Members = Mapping[str, Any]
_STATUSES = (
    "Open", "InProgress", "Resolved", "Pending", "TimedOut", "Cancelling", "Cancelled", "Failed",
    "CompletedWithSuccess", "CompletedWithFailure", "Scheduled", "RunbookInProgress", "PendingChangeCalendarOverride",
    "ChangeCalendarOverrideApproved", "ChangeCalendarOverrideRejected", "PendingApproval", "Approved", "Revoked",
    "Rejected", "Closed",
)  # fmt: skip
_MEMBERS = {
    "Status": "Status",
    "CreatedBy": "CreatedBy",
    "Source": "Source",
    "Priority": "Priority",
    "Title": "Title",
    "OpsItemId": "OpsItemId",
    "Category": "Category",
    "Severity": "Severity",
    "OpsItemType": "OpsItemType",
    "CreatedTime": "CreatedTime",
    "LastModifiedTime": "LastModifiedTime",
}
_HIDDEN = ("Description", "Notifications", "RelatedOpsItems", "Version", "OpsItemArn")


class OpsItem(Entity):
    """An item of OpsCenter: the members that GetOpsItem shows."""

    def __init__(self, id: str, members: Members) -> None:
        self.id = id
        self.members = members
        self.related = Dict()  # association id -> members
        self.tags = Tags()


class OpsMetadata(Entity):
    """Metadata of a resource."""

    def __init__(self, arn: str, resource: str, metadata: Members, user: str, now: float) -> None:
        self.arn = arn
        self.resource = resource
        self.metadata = metadata
        self.user = user
        self.created = self.modified = now
        self.tags = Tags()


class OpsOperations(SessionOperations):
    ops_items = Collection("OpsItem", key="id")
    ops_metadata = Collection("OpsMetadata", key="arn")

    # --- items

    def create_ops_item(
        self,
        Description: str,
        Source: str,
        Title: str,
        OpsItemType: str | None = None,
        OperationalData: Members | None = None,
        Notifications: Sequence[Members] = (),
        Priority: int | None = None,
        RelatedOpsItems: Sequence[Members] = (),
        Tags: Sequence[Mapping[str, str]] = (),
        Category: str | None = None,
        Severity: str | None = None,
        ActualStartTime: datetime | None = None,
        ActualEndTime: datetime | None = None,
        PlannedStartTime: datetime | None = None,
        PlannedEndTime: datetime | None = None,
    ) -> dict[str, Any]:
        self._check_duplicate(OperationalData or {})
        id = f"oi-{self.ids.hex('ops-item', 12)}"
        now, who = self.now, self.caller.arn
        item = OpsItem(
            id,
            {
                "CreatedBy": who,
                "OpsItemType": OpsItemType or "/aws/issue",
                "CreatedTime": now,
                "Description": Description,
                "LastModifiedBy": who,
                "LastModifiedTime": now,
                "Notifications": list(Notifications),
                "Priority": Priority,
                "RelatedOpsItems": list(RelatedOpsItems),
                "Status": "Open",
                "OpsItemId": id,
                "Version": "1",
                "Title": Title,
                "Source": Source,
                "OperationalData": dict(OperationalData or {}),
                "Category": Category,
                "Severity": Severity,
                "ActualStartTime": ActualStartTime,
                "ActualEndTime": ActualEndTime,
                "PlannedStartTime": PlannedStartTime,
                "PlannedEndTime": PlannedEndTime,
                "OpsItemArn": self.arn(f"opsitem/{id}"),
            },
        )
        item.tags = item.tags.with_(self, tag_map(Tags), invalid="ValidationException")
        self.ops_items.add(item)
        self._tell_of(item, "Create")
        return {"OpsItemId": id, "OpsItemArn": item.members["OpsItemArn"]}

    def _check_duplicate(self, data: Members) -> None:
        """Items that say by what they are recognised are not made twice while one is open."""
        mark = (data.get("/aws/dedup") or {}).get("Value")
        if mark is None:
            return
        for item in self.ops_items:
            known = (item.members["OperationalData"].get("/aws/dedup") or {}).get("Value")
            if known == mark and item.members["Status"] in ("Open", "InProgress"):
                raise AWSError(
                    "OpsItemAlreadyExistsException",
                    f"The OpsItem already exists: {item.id}.",
                    fields={"OpsItemId": item.id},
                )

    def update_ops_item(
        self,
        OpsItemId: str,
        Description: str | None = None,
        OperationalData: Members | None = None,
        OperationalDataToDelete: Sequence[str] = (),
        Notifications: Sequence[Members] | None = None,
        Priority: int | None = None,
        RelatedOpsItems: Sequence[Members] | None = None,
        Status: str | None = None,
        Title: str | None = None,
        Category: str | None = None,
        Severity: str | None = None,
        ActualStartTime: datetime | None = None,
        ActualEndTime: datetime | None = None,
        PlannedStartTime: datetime | None = None,
        PlannedEndTime: datetime | None = None,
    ) -> None:
        item = self._ops_item(OpsItemId)
        if Status is not None and Status not in _STATUSES:
            raise AWSError("OpsItemInvalidParameterException", f"Status {Status} isn't valid.")
        given = {
            "Description": Description,
            "Notifications": Notifications,
            "Priority": Priority,
            "RelatedOpsItems": RelatedOpsItems,
            "Status": Status,
            "Title": Title,
            "Category": Category,
            "Severity": Severity,
            "ActualStartTime": ActualStartTime,
            "ActualEndTime": ActualEndTime,
            "PlannedStartTime": PlannedStartTime,
            "PlannedEndTime": PlannedEndTime,
        }
        data = {**item.members["OperationalData"], **(OperationalData or {})}
        item.members = {
            **item.members,
            **{name: value for name, value in given.items() if value is not None},
            "OperationalData": {name: value for name, value in data.items() if name not in OperationalDataToDelete},
            "LastModifiedBy": self.caller.arn,
            "LastModifiedTime": self.now,
            "Version": str(int(item.members["Version"]) + 1),
        }
        self._tell_of(item, "Update")

    def get_ops_item(self, OpsItemId: str, OpsItemArn: str | None = None) -> dict[str, Any]:
        return {"OpsItem": self._ops_item(OpsItemId).members}

    def delete_ops_item(self, OpsItemId: str) -> None:
        self.ops_items.pop(OpsItemId, None)

    def describe_ops_items(
        self, OpsItemFilters: Sequence[Members] = (), MaxResults: int | None = None, NextToken: str | None = None
    ) -> dict[str, Any]:
        found = [item for item in self.ops_items if all(_fits(item.members, each) for each in OpsItemFilters)]
        return self.page(
            "OpsItemSummaries",
            found,
            lambda item: {name: value for name, value in item.members.items() if name not in _HIDDEN},
            lambda item: item.id,
            NextToken,
            MaxResults,
        )

    def _tell_of(self, item: OpsItem, what: str) -> None:
        detail = {"ops-item-id": item.id, "status": item.members["Status"], "title": item.members["Title"]}
        self.announce(f"OpsItem {what}", detail, [item.members["OpsItemArn"]])

    # --- related items

    def associate_ops_item_related_item(
        self, OpsItemId: str, AssociationType: str, ResourceType: str, ResourceUri: str
    ) -> dict[str, Any]:
        item = self._ops_item(OpsItemId)
        known = next((id for id, each in item.related.items() if each["ResourceUri"] == ResourceUri), None)
        if known is not None:
            raise AWSError(
                "OpsItemRelatedItemAlreadyExistsException",
                "The Amazon Resource Name (ARN) is already associated with the OpsItem.",
                fields={"ResourceUri": ResourceUri, "OpsItemId": OpsItemId},
            )
        id, who = self.ids.uuid("related-item"), {"Arn": self.caller.arn}
        item.related[id] = {
            "OpsItemId": OpsItemId,
            "AssociationId": id,
            "ResourceType": ResourceType,
            "AssociationType": AssociationType,
            "ResourceUri": ResourceUri,
            "CreatedBy": who,
            "CreatedTime": self.now,
            "LastModifiedBy": who,
            "LastModifiedTime": self.now,
        }
        return {"AssociationId": id}

    def disassociate_ops_item_related_item(self, OpsItemId: str, AssociationId: str) -> None:
        item = self._ops_item(OpsItemId)
        if AssociationId not in item.related:
            raise AWSError(
                "OpsItemRelatedItemAssociationNotFoundException",
                "The association wasn't found using the parameters you specified in the call. Verify the information "
                "and try again.",
            )
        del item.related[AssociationId]

    def list_ops_item_related_items(
        self,
        OpsItemId: str | None = None,
        Filters: Sequence[Members] = (),
        MaxResults: int | None = None,
        NextToken: str | None = None,
    ) -> dict[str, Any]:
        found = [
            each
            for item in self.ops_items
            if OpsItemId in (None, item.id)
            for each in item.related.values()
            if all(each.get(one["Key"]) in one["Values"] for one in Filters)
        ]
        return self.page("Summaries", found, dict, lambda each: each["AssociationId"], NextToken, MaxResults)

    def _ops_item(self, id: str) -> OpsItem:
        found: OpsItem | None = self.ops_items.get(id)
        if found is None:
            raise AWSError("OpsItemNotFoundException", f"OpsItem ID {id} does not exist.")
        return found

    # --- metadata

    def create_ops_metadata(
        self, ResourceId: str, Metadata: Members | None = None, Tags: Sequence[Mapping[str, str]] = ()
    ) -> dict[str, Any]:
        if self.ops_metadata.find(lambda each: each.resource == ResourceId) is not None:
            raise AWSError(
                "OpsMetadataAlreadyExistsException", "An OpsMetadata object already exists for the selected resource."
            )
        arn = self.arn(f"opsmetadata/{ResourceId.lstrip('/')}")
        made = OpsMetadata(arn, ResourceId, dict(Metadata or {}), self.caller.arn, self.now)
        made.tags = made.tags.with_(self, tag_map(Tags), invalid="ValidationException")
        self.ops_metadata.add(made)
        return {"OpsMetadataArn": arn}

    def update_ops_metadata(
        self, OpsMetadataArn: str, MetadataToUpdate: Members | None = None, KeysToDelete: Sequence[str] = ()
    ) -> dict[str, Any]:
        found = self._ops_metadata(OpsMetadataArn)
        changed = {**found.metadata, **(MetadataToUpdate or {})}
        found.metadata = {name: value for name, value in changed.items() if name not in KeysToDelete}
        found.modified, found.user = self.now, self.caller.arn
        return {"OpsMetadataArn": OpsMetadataArn}

    def get_ops_metadata(
        self, OpsMetadataArn: str, MaxResults: int | None = None, NextToken: str | None = None
    ) -> dict[str, Any]:
        found = self._ops_metadata(OpsMetadataArn)
        page = self.page("Metadata", found.metadata, str, str, NextToken, MaxResults)
        shown = {name: found.metadata[name] for name in page["Metadata"]}
        return {**page, "ResourceId": found.resource, "Metadata": shown}

    def delete_ops_metadata(self, OpsMetadataArn: str) -> None:
        self.ops_metadata.remove(self._ops_metadata(OpsMetadataArn).arn)

    def list_ops_metadata(
        self, Filters: Sequence[Members] = (), MaxResults: int | None = None, NextToken: str | None = None
    ) -> dict[str, Any]:
        found = [
            each
            for each in self.ops_metadata
            if all({"ResourceId": each.resource}.get(one["Key"]) in one["Values"] for one in Filters)
        ]

        def shown(each: OpsMetadata) -> dict[str, Any]:
            return {
                "ResourceId": each.resource,
                "OpsMetadataArn": each.arn,
                "LastModifiedDate": each.modified,
                "LastModifiedUser": each.user,
                "CreationDate": each.created,
            }

        return self.page("OpsMetadataList", found, shown, lambda each: each.arn, NextToken, MaxResults)

    def _ops_metadata(self, arn: str) -> OpsMetadata:
        found: OpsMetadata | None = self.ops_metadata.get(arn)
        if found is None:
            raise AWSError("OpsMetadataNotFoundException", "The OpsMetadata object doesn't exist.")
        return found


def _fits(members: Members, given: Members) -> bool:
    member = _MEMBERS.get(given["Key"])
    if member is None:
        return True
    value, values, operator = members.get(member), given["Values"], given["Operator"]
    if operator == "Contains":
        return any(each in str(value) for each in values)
    if operator in ("GreaterThan", "LessThan") and isinstance(value, int | float):
        try:
            when = [datetime.fromisoformat(each).timestamp() for each in values]
        except ValueError:
            return False
        return any(value > each if operator == "GreaterThan" else value < each for each in when)
    return str(value) in values

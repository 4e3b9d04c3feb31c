"""Inventory of nodes. Source: Systems Manager User Guide, "AWS Systems Manager Inventory"."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from awsim.errors import AWSError
from awsim.services.ssm import timetable
from awsim.services.ssm.node import Node
from awsim.services.ssm.operations.patching import PatchOperations
from awsim.state import Dict

Members = Mapping[str, Any]
Item = tuple[str, str, str, tuple[Members, ...]]  # capture time, schema version, hash of the content, entries
_OWN = "AWS:InstanceInformation"
_TYPE = re.compile(r"(AWS|Custom):.*\Z")
_TIME = re.compile(r"\d{4}-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-5]\dZ\Z")
# Type -> its schema version, the attributes of its entries that are no texts, and the others.
_SCHEMAS: dict[str, tuple[str, tuple[str, ...]]] = {
    "AWS:Application": (
        "1.1",
        ("Name", "ApplicationType", "Publisher", "Version", "Release", "Epoch", "InstalledTime", "Architecture", "URL"),
    ),
    "AWS:AWSComponent": ("1.0", ("Name", "ApplicationType", "Publisher", "Version", "InstalledTime", "Architecture")),
    "AWS:File": ("1.0", ("Name", "Size", "Description", "FileVersion", "InstalledDir", "ModificationTime")),
    "AWS:InstanceDetailedInformation": ("1.0", ("CPUModel", "CPUs", "CPUCores", "CPUSockets", "OSServicePack")),
    "AWS:InstanceInformation": (
        "1.0",
        (
            "AgentType", "AgentVersion", "ComputerName", "InstanceId", "InstanceStatus", "IpAddress", "PlatformName",
            "PlatformType", "PlatformVersion", "ResourceType",
        ),
    ),
    "AWS:Network": ("1.0", ("Name", "SubnetMask", "Gateway", "DHCPServer", "DNSServer", "MacAddress", "IPV4", "IPV6")),
    "AWS:Service": ("1.0", ("Name", "DisplayName", "ServiceType", "Status", "DependentServices", "StartType")),
    "AWS:Tag": ("1.0", ("Key", "Value")),
    "AWS:WindowsUpdate": ("1.0", ("HotFixId", "Description", "InstalledTime", "InstalledBy")),
}  # fmt: skip
_NUMBERS = ("Size", "CPUs", "CPUCores", "CPUSockets")


class InventoryOperations(PatchOperations):
    def setup(self) -> None:
        super().setup()
        self.inventory_deletions = Dict()  # id -> what DescribeInventoryDeletions shows

    # --- putting

    def put_inventory(self, InstanceId: str, Items: Sequence[Members]) -> dict[str, Any]:
        node = self.managed(InstanceId)
        for item in Items:
            name = item["TypeName"]
            if not _TYPE.match(name):
                raise AWSError("InvalidTypeNameException", "The parameter type name isn't valid.")
            if not _TIME.match(item["CaptureTime"]):
                raise AWSError(
                    "InvalidItemContentException", "The capture time isn't valid.", fields={"TypeName": name}
                )
            known = node.inventory.get(name)
            if "Content" not in item and (known is None or known[2] != item.get("ContentHash")):
                raise AWSError(
                    "ItemContentMismatchException",
                    "The inventory item has invalid content.",
                    fields={"TypeName": name},
                )
        for item in Items:
            content = item.get("Content")
            if content is None:
                entries = node.inventory[item["TypeName"]][3]
            else:
                entries = tuple(dict(entry) for entry in content)
            hash_ = item.get("ContentHash") or _hash(entries)
            node.inventory[item["TypeName"]] = (item["CaptureTime"], item["SchemaVersion"], hash_, entries)
        return {"Message": f"Inventory data of {InstanceId} was received."}

    def gather(self, node: Node) -> None:
        """A node's agent reports."""
        node.inventory[_OWN] = self._reported(node)

    def _reported(self, node: Node) -> Item:
        """What a node's agent reports by itself: what Systems Manager knows of it."""
        about = node.described(self.now)
        entry = {
            "AgentType": "amazon-ssm-agent",
            "AgentVersion": about["AgentVersion"],
            "ComputerName": about["ComputerName"],
            "InstanceId": node.id,
            "InstanceStatus": "Active",
            "IpAddress": about["IPAddress"],
            "PlatformName": about["PlatformName"],
            "PlatformType": about["PlatformType"],
            "PlatformVersion": about["PlatformVersion"],
            "ResourceType": about["ResourceType"],
        }
        return timetable.written(self.now), "1.0", _hash((entry,)), (entry,)

    def _items_of(self, node: Node) -> Mapping[str, Item]:
        """The inventory of a node, by type."""
        return node.inventory if _OWN in node.inventory else {**node.inventory, _OWN: self._reported(node)}

    # --- reading

    def get_inventory(
        self,
        Filters: Sequence[Members] = (),
        ResultAttributes: Sequence[Members] = (),
        NextToken: str | None = None,
        MaxResults: int | None = None,
    ) -> dict[str, Any]:
        types = [each["TypeName"] for each in ResultAttributes] or [_OWN]
        every = [(node.id, self._items_of(node)) for node in self.all_nodes()]
        found = [(id, items) for id, items in every if all(_fits(items, each) for each in Filters)]

        def shown(one: tuple[str, Mapping[str, Item]]) -> dict[str, Any]:
            id, items = one
            return {"Id": id, "Data": {name: _item(name, items[name]) for name in types if name in items}}

        return self.page("Entities", found, shown, lambda one: one[0], NextToken, MaxResults)

    def list_inventory_entries(
        self,
        InstanceId: str,
        TypeName: str,
        Filters: Sequence[Members] = (),
        NextToken: str | None = None,
        MaxResults: int | None = None,
    ) -> dict[str, Any]:
        node = self.managed(InstanceId)
        if not _TYPE.match(TypeName):
            raise AWSError("InvalidTypeNameException", "The parameter type name isn't valid.")
        time, version, _, entries = node.inventory.get(TypeName, (None, None, None, ()))
        fitting = [
            (at, entry)
            for at, entry in enumerate(entries)
            if all(_compared(str(entry.get(each["Key"].rpartition(".")[2])), each) for each in Filters)
        ]
        page = self.page("Entries", fitting, lambda one: one[1], lambda one: f"{one[0]:06d}", NextToken, MaxResults)
        return {**page, "TypeName": TypeName, "InstanceId": InstanceId, "SchemaVersion": version, "CaptureTime": time}

    def get_inventory_schema(
        self,
        TypeName: str | None = None,
        NextToken: str | None = None,
        MaxResults: int | None = None,
        Aggregator: bool | None = None,
        SubType: bool | None = None,
    ) -> dict[str, Any]:
        found = [name for name in _SCHEMAS if name.startswith(TypeName or "")]

        def shown(name: str) -> dict[str, Any]:
            version, attributes = _SCHEMAS[name]
            kinds = [{"Name": each, "DataType": "number" if each in _NUMBERS else "string"} for each in attributes]
            return {"TypeName": name, "Version": version, "Attributes": kinds}

        return self.page("Schemas", found, shown, str, NextToken, MaxResults)

    # --- deleting

    def delete_inventory(
        self,
        TypeName: str,
        SchemaDeleteOption: str | None = None,
        DryRun: bool | None = None,
        ClientToken: str | None = None,
    ) -> dict[str, Any]:
        if not TypeName.startswith("Custom:"):
            raise AWSError("InvalidTypeNameException", "Only custom inventory types can be deleted.")
        holders = [node for node in self.all_nodes() if TypeName in node.inventory]
        summary = {"TotalCount": len(holders), "RemainingCount": len(holders), "SummaryItems": []}
        if DryRun:
            return {"TypeName": TypeName, "DeletionSummary": summary}
        id = self.ids.uuid("inventory-deletion")
        for node in holders:
            del node.inventory[TypeName]
        self.inventory_deletions[id] = {
            "DeletionId": id,
            "TypeName": TypeName,
            "DeletionStartTime": self.now,
            "LastStatus": "Complete",
            "LastStatusMessage": "The delete operation completed.",
            "DeletionSummary": {**summary, "RemainingCount": 0},
            "LastStatusUpdateTime": self.now,
        }
        return {"DeletionId": id, "TypeName": TypeName, "DeletionSummary": summary}

    def describe_inventory_deletions(
        self, DeletionId: str | None = None, NextToken: str | None = None, MaxResults: int | None = None
    ) -> dict[str, Any]:
        if DeletionId is not None and DeletionId not in self.inventory_deletions:
            raise AWSError(
                "InvalidDeletionIdException", "The ID specified for the delete operation doesn't exist or isn't valid."
            )
        found = [each for id, each in self.inventory_deletions.items() if DeletionId in (None, id)]
        return self.page("InventoryDeletions", found, dict, lambda each: str(each["DeletionId"]), NextToken, MaxResults)


def _hash(entries: Sequence[Members]) -> str:
    return hashlib.md5(json.dumps(entries, sort_keys=True).encode(), usedforsecurity=False).hexdigest()


def _item(name: str, item: Item) -> dict[str, Any]:
    time, version, hash_, entries = item
    return {
        "TypeName": name,
        "SchemaVersion": version,
        "CaptureTime": time,
        "ContentHash": hash_,
        "Content": list(entries),
    }


def _fits(items: Mapping[str, Item], given: Members) -> bool:
    kind, _, attribute = given["Key"].rpartition(".")
    if not kind:
        raise AWSError("InvalidFilter", "The filter name isn't valid. Verify the name and try again.")
    entries = items[kind][3] if kind in items else ()
    if given.get("Type") == "Exists":
        return bool(entries) == (given["Values"][0].lower() != "false")
    return any(_compared(str(entry.get(attribute)), given) for entry in entries)


def _compared(value: str, given: Members) -> bool:
    values, kind = given["Values"], given.get("Type") or "Equal"
    if kind == "BeginWith":
        return value.startswith(tuple(values))
    if kind == "LessThan":
        return any(value < each for each in values)
    if kind == "GreaterThan":
        return any(value > each for each in values)
    return (value in values) == (kind != "NotEqual")

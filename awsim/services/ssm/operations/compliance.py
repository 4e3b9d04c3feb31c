"""Compliance: of patching, of associations, and of whatever a customer reports.

Source: Systems Manager User Guide, "AWS Systems Manager Compliance".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from awsim.errors import AWSError
from awsim.services.ssm.operations.window_runs import WindowRunOperations
from awsim.state import Dict

Members = Mapping[str, Any]
_SEVERITIES = ("CRITICAL", "HIGH", "MEDIUM", "LOW", "INFORMATIONAL", "UNSPECIFIED")
_INSTANCE = "ManagedInstance"


class ComplianceOperations(WindowRunOperations):
    def setup(self) -> None:
        super().setup()
        self.compliance = Dict()  # (resource, type) -> (execution summary, items by id)

    def put_compliance_items(
        self,
        ResourceId: str,
        ResourceType: str,
        ComplianceType: str,
        ExecutionSummary: Members,
        Items: Sequence[Members],
        ItemContentHash: str | None = None,
        UploadType: str | None = None,
    ) -> None:
        if ResourceType != _INSTANCE:
            raise AWSError("InvalidResourceType", "The resource type isn't valid. For example, use ManagedInstance.")
        if self.node(ResourceId) is None:
            raise AWSError("InvalidResourceId", f"The resource ID {ResourceId} isn't valid.")
        if not ComplianceType.startswith("Custom:") and ComplianceType not in ("Patch", "Association"):
            raise AWSError("InvalidItemContentException", "Compliance types of one's own begin with Custom:.")
        self.set_compliance(ResourceId, ComplianceType, ExecutionSummary, Items, partial=UploadType == "PARTIAL")

    def set_compliance(
        self, resource: str, kind: str, summary: Members, items: Sequence[Members], *, partial: bool = False
    ) -> None:
        """Have a resource's compliance of one type be this; `partial`: beside what it is already."""
        known = self.compliance.get((resource, kind))
        named = {str(item.get("Id") or number): item for number, item in enumerate(items)}
        if partial and known is not None:
            named = {**known[1], **named}
        self.compliance[resource, kind] = (summary, named)

    # --- reading

    def list_compliance_items(
        self,
        Filters: Sequence[Members] = (),
        ResourceIds: Sequence[str] = (),
        ResourceTypes: Sequence[str] = (),
        NextToken: str | None = None,
        MaxResults: int | None = None,
    ) -> dict[str, Any]:
        found = [
            item
            for item in self._items()
            if (not ResourceIds or item["ResourceId"] in ResourceIds) and _fits(item, Filters)
        ]
        return self.page(
            "ComplianceItems",
            found,
            dict,
            lambda item: f"{item['ResourceId']} {item['ComplianceType']} {item['Id']}",
            NextToken,
            MaxResults,
        )

    def _items(self) -> Iterable[dict[str, Any]]:
        for (resource, kind), (summary, items) in self.compliance.items():
            for id, item in items.items():
                yield {
                    "ComplianceType": kind,
                    "ResourceType": _INSTANCE,
                    "ResourceId": resource,
                    "Id": id,
                    "Title": item.get("Title", ""),
                    "Status": item["Status"],
                    "Severity": item["Severity"],
                    "ExecutionSummary": summary,
                    "Details": item.get("Details") or {},
                }

    def list_compliance_summaries(
        self, Filters: Sequence[Members] = (), NextToken: str | None = None, MaxResults: int | None = None
    ) -> dict[str, Any]:
        kinds = sorted({kind for _, kind in self.compliance})
        shown = []
        for kind in kinds:
            resources = [each for each in self._resources() if each["ComplianceType"] == kind and _fits(each, Filters)]
            if resources:
                shown.append({"ComplianceType": kind, **_summaries(resources, "OverallSeverity")})
        return self.page(
            "ComplianceSummaryItems", shown, dict, lambda each: str(each["ComplianceType"]), NextToken, MaxResults
        )

    def list_resource_compliance_summaries(
        self, Filters: Sequence[Members] = (), NextToken: str | None = None, MaxResults: int | None = None
    ) -> dict[str, Any]:
        found = [each for each in self._resources() if _fits(each, Filters)]
        return self.page(
            "ResourceComplianceSummaryItems",
            found,
            dict,
            lambda each: f"{each['ResourceId']} {each['ComplianceType']}",
            NextToken,
            MaxResults,
        )

    def _resources(self) -> Iterable[dict[str, Any]]:
        for (resource, kind), (summary, items) in self.compliance.items():
            wrong = [item for item in items.values() if item["Status"] == "NON_COMPLIANT"]
            worst = min((item["Severity"] for item in wrong), key=_SEVERITIES.index, default="UNSPECIFIED")
            yield {
                "ComplianceType": kind,
                "ResourceType": _INSTANCE,
                "ResourceId": resource,
                "Status": "NON_COMPLIANT" if wrong else "COMPLIANT",
                "OverallSeverity": worst,
                "ExecutionSummary": summary,
                **_summaries(list(items.values()), "Severity"),
            }


def _summaries(items: Sequence[Members], severity: str) -> dict[str, Any]:
    shown = {}
    for status, name in (("COMPLIANT", "Compliant"), ("NON_COMPLIANT", "NonCompliant")):
        fitting = [item for item in items if item["Status"] == status]
        counts = {f"{each.title()}Count": sum(item[severity] == each for item in fitting) for each in _SEVERITIES}
        shown[f"{name}Summary"] = {f"{name}Count": len(fitting), "SeveritySummary": counts}
    return shown


def _fits(item: Members, filters: Sequence[Members]) -> bool:
    for each in filters:
        key, values, kind = each.get("Key", ""), each.get("Values") or (), each.get("Type") or "EQUAL"
        if key not in item and key not in ("Severity", "PatchGroup"):
            raise AWSError("InvalidFilter", "The filter name isn't valid. Verify the name and try again.")
        value = str(item.get(key, item.get("OverallSeverity")))
        fits = value.startswith(tuple(values)) if kind == "BEGIN_WITH" else value in values
        if fits == (kind == "NOT_EQUAL"):
            return False
    return True

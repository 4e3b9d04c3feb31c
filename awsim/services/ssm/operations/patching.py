"""Patch baselines, patch groups, and what patching finds on nodes.

Source: Systems Manager User Guide, "AWS Systems Manager Patch Manager".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from awsim.errors import AWSError
from awsim.services.ssm import patches, refusals
from awsim.services.ssm.node import Node
from awsim.services.ssm.operations.compliance import ComplianceOperations
from awsim.services.ssm.patches import Baseline, Found, Patch
from awsim.state import Collection, Dict
from awsim.state.pages import number
from awsim.state.tags import tag_map

Members = Mapping[str, Any]
_GROUP_TAGS = ("PatchGroup", "Patch Group")


class PatchOperations(ComplianceOperations):
    baselines = Collection("patch baseline", key="id", quota="patch-baselines")

    def setup(self) -> None:
        super().setup()
        self.defaults = Dict()  # operating system -> id of a baseline of the account
        self.patch_groups = Dict()  # (group, operating system) -> id of a baseline

    # --- baselines

    def create_patch_baseline(
        self,
        Name: str,
        OperatingSystem: str | None = None,
        GlobalFilters: Members | None = None,
        ApprovalRules: Members | None = None,
        ApprovedPatches: Sequence[str] = (),
        ApprovedPatchesComplianceLevel: str | None = None,
        ApprovedPatchesEnableNonSecurity: bool | None = None,
        RejectedPatches: Sequence[str] = (),
        RejectedPatchesAction: str | None = None,
        Description: str | None = None,
        Sources: Sequence[Members] = (),
        AvailableSecurityUpdatesComplianceStatus: str | None = None,
        ClientToken: str | None = None,
        Tags: Sequence[Mapping[str, str]] = (),
    ) -> dict[str, Any]:
        settings = {
            "Name": Name,
            "Description": Description,
            "GlobalFilters": GlobalFilters or {"PatchFilters": []},
            "ApprovalRules": ApprovalRules or {"PatchRules": []},
            "ApprovedPatches": list(ApprovedPatches),
            "ApprovedPatchesComplianceLevel": ApprovedPatchesComplianceLevel or "UNSPECIFIED",
            "ApprovedPatchesEnableNonSecurity": bool(ApprovedPatchesEnableNonSecurity),
            "RejectedPatches": list(RejectedPatches),
            "RejectedPatchesAction": RejectedPatchesAction or "ALLOW_AS_DEPENDENCY",
            "Sources": list(Sources),
            "AvailableSecurityUpdatesComplianceStatus": AvailableSecurityUpdatesComplianceStatus,
        }
        id = f"pb-{self.ids.hex('patch-baseline', 17)}"
        baseline = Baseline(id, OperatingSystem or "WINDOWS", settings, self.now, predefined=False)
        baseline.tags = baseline.tags.with_(self, tag_map(Tags), invalid="ValidationException")
        self.baselines.add(baseline)
        return {"BaselineId": id}

    def update_patch_baseline(
        self,
        BaselineId: str,
        Name: str | None = None,
        GlobalFilters: Members | None = None,
        ApprovalRules: Members | None = None,
        ApprovedPatches: Sequence[str] | None = None,
        ApprovedPatchesComplianceLevel: str | None = None,
        ApprovedPatchesEnableNonSecurity: bool | None = None,
        RejectedPatches: Sequence[str] | None = None,
        RejectedPatchesAction: str | None = None,
        Description: str | None = None,
        Sources: Sequence[Members] | None = None,
        AvailableSecurityUpdatesComplianceStatus: str | None = None,
        Replace: bool | None = None,
    ) -> dict[str, Any]:
        baseline = self._own_baseline(BaselineId)
        given = {
            "Name": Name,
            "GlobalFilters": GlobalFilters,
            "ApprovalRules": ApprovalRules,
            "ApprovedPatches": None if ApprovedPatches is None else list(ApprovedPatches),
            "ApprovedPatchesComplianceLevel": ApprovedPatchesComplianceLevel,
            "ApprovedPatchesEnableNonSecurity": ApprovedPatchesEnableNonSecurity,
            "RejectedPatches": None if RejectedPatches is None else list(RejectedPatches),
            "RejectedPatchesAction": RejectedPatchesAction,
            "Description": Description,
            "Sources": None if Sources is None else list(Sources),
            "AvailableSecurityUpdatesComplianceStatus": AvailableSecurityUpdatesComplianceStatus,
        }
        if Replace and Name is None:
            raise refusals.invalid("With Replace, all fields that CreatePatchBaseline requires are required.")
        if Replace:
            baseline.settings = given
        else:
            new = {name: value for name, value in given.items() if value is not None}
            baseline.settings = {**baseline.settings, **new}
        baseline.modified = self.now
        shown = baseline.described()
        del shown["PatchGroups"]
        return shown

    def delete_patch_baseline(self, BaselineId: str) -> dict[str, Any]:
        baseline: Baseline | None = self.baselines.get(BaselineId)
        if baseline is None:
            return {"BaselineId": BaselineId}
        if baseline.groups or BaselineId in self.defaults.values():
            what = "registered for a patch group" if baseline.groups else "the default patch baseline"
            raise AWSError("ResourceInUseException", f"Patch baseline {BaselineId} can't be deleted: it is {what}.")
        self.baselines.remove(BaselineId)
        return {"BaselineId": BaselineId}

    def get_patch_baseline(self, BaselineId: str) -> dict[str, Any]:
        return self._baseline(BaselineId).described()

    def describe_patch_baselines(
        self, Filters: Sequence[Members] = (), MaxResults: int | None = None, NextToken: str | None = None
    ) -> dict[str, Any]:
        keys = {"NAME_PREFIX": "BaselineName", "OPERATING_SYSTEM": "OperatingSystem", "OWNER": "OWNER"}
        for each in Filters:
            if each.get("Key") not in keys:
                raise refusals.invalid(f"Filter key {each.get('Key', '')} isn't valid.")
        found = [
            {**baseline.listed(self._is_default(baseline)), "OWNER": "AWS" if baseline.predefined else "Self"}
            for baseline in (*self._predefined().values(), *self.baselines)
        ]
        fitting = [
            shown
            for shown in found
            if all(_fits(shown[keys[each["Key"]]], each["Key"], each.get("Values", ())) for each in Filters)
        ]
        return self.page(
            "BaselineIdentities",
            fitting,
            lambda shown: {name: value for name, value in shown.items() if name != "OWNER"},
            lambda shown: shown["BaselineId"],
            NextToken,
            MaxResults,
        )

    def get_default_patch_baseline(self, OperatingSystem: str | None = None) -> dict[str, Any]:
        system = OperatingSystem or "WINDOWS"
        return {"BaselineId": self._default(system).id, "OperatingSystem": system}

    def register_default_patch_baseline(self, BaselineId: str) -> dict[str, Any]:
        baseline = self._baseline(BaselineId)
        if baseline.predefined:
            self.defaults.pop(baseline.system, None)
        else:
            self.defaults[baseline.system] = baseline.id
        return {"BaselineId": BaselineId}

    def _predefined(self) -> dict[str, Baseline]:
        return patches.predefined(self.partition, self.region)

    def _default(self, system: str) -> Baseline:
        id = self.defaults.get(system)
        return self._predefined()[system] if id is None else self.baselines[id]

    def _is_default(self, baseline: Baseline) -> bool:
        return self.defaults.get(baseline.system, baseline.id if baseline.predefined else None) == baseline.id

    def _baseline(self, id: str) -> Baseline:
        """Raises DoesNotExistException."""
        found: Baseline | None = self.baselines.get(id)
        if found is None:
            found = next((each for each in self._predefined().values() if each.id.endswith(id)), None)
        if found is None:
            raise AWSError("DoesNotExistException", f"Patch Baseline {id} does not exist")
        return found

    def _own_baseline(self, id: str) -> Baseline:
        found = self._baseline(id)
        if found.predefined:
            raise AWSError("DoesNotExistException", f"Patch Baseline {id} belongs to AWS and can't be changed")
        return found

    # --- groups

    def register_patch_baseline_for_patch_group(self, BaselineId: str, PatchGroup: str) -> dict[str, Any]:
        baseline = self._baseline(BaselineId)
        if (PatchGroup, baseline.system) in self.patch_groups:
            raise AWSError(
                "AlreadyExistsException",
                f"Patch Group baseline already has a baseline registered for OperatingSystem {baseline.system}.",
            )
        self.patch_groups[PatchGroup, baseline.system] = baseline.id
        if not baseline.predefined:
            baseline.groups += (PatchGroup,)
        return {"BaselineId": BaselineId, "PatchGroup": PatchGroup}

    def deregister_patch_baseline_for_patch_group(self, BaselineId: str, PatchGroup: str) -> dict[str, Any]:
        baseline = self._baseline(BaselineId)
        if self.patch_groups.get((PatchGroup, baseline.system)) != baseline.id:
            raise AWSError("DoesNotExistException", f"Patch Group {PatchGroup} is not registered with {BaselineId}.")
        del self.patch_groups[PatchGroup, baseline.system]
        baseline.groups = tuple(each for each in baseline.groups if each != PatchGroup)
        return {"BaselineId": BaselineId, "PatchGroup": PatchGroup}

    def get_patch_baseline_for_patch_group(self, PatchGroup: str, OperatingSystem: str | None = None) -> dict[str, Any]:
        system = OperatingSystem or "WINDOWS"
        return {
            "BaselineId": self._for_group(PatchGroup, system).id,
            "PatchGroup": PatchGroup,
            "OperatingSystem": system,
        }

    def _for_group(self, group: str, system: str) -> Baseline:
        id = self.patch_groups.get((group, system))
        return self._default(system) if id is None else self._baseline(id)

    def describe_patch_groups(
        self, MaxResults: int | None = None, Filters: Sequence[Members] = (), NextToken: str | None = None
    ) -> dict[str, Any]:
        found = [(group, self._baseline(id)) for (group, _), id in self.patch_groups.items()]
        for each in Filters:
            if each.get("Key") == "NAME_PREFIX":
                found = [one for one in found if one[0].startswith(tuple(each.get("Values", ())))]
            elif each.get("Key") == "OPERATING_SYSTEM":
                found = [one for one in found if one[1].system in each.get("Values", ())]
            else:
                raise refusals.invalid(f"Filter key {each.get('Key', '')} isn't valid.")
        return self.page(
            "Mappings",
            found,
            lambda one: {"PatchGroup": one[0], "BaselineIdentity": one[1].listed(self._is_default(one[1]))},
            lambda one: f"{one[0]} {one[1].id}",
            NextToken,
            MaxResults,
        )

    def describe_patch_group_state(self, PatchGroup: str) -> dict[str, Any]:
        nodes = [node for node in self.all_nodes() if _group_of(node) == PatchGroup]
        shown = [self._patch_state(node) for node in nodes if node.patches is not None]

        def count(member: str) -> int:
            return sum(each[member] > 0 for each in shown)

        return {
            "Instances": len(nodes),
            "InstancesWithInstalledPatches": count("InstalledCount"),
            "InstancesWithInstalledOtherPatches": count("InstalledOtherCount"),
            "InstancesWithInstalledPendingRebootPatches": 0,
            "InstancesWithInstalledRejectedPatches": count("InstalledRejectedCount"),
            "InstancesWithMissingPatches": count("MissingCount"),
            "InstancesWithFailedPatches": 0,
            "InstancesWithNotApplicablePatches": count("NotApplicableCount"),
            "InstancesWithUnreportedNotApplicablePatches": 0,
            "InstancesWithCriticalNonCompliantPatches": count("CriticalNonCompliantCount"),
            "InstancesWithSecurityNonCompliantPatches": count("SecurityNonCompliantCount"),
            "InstancesWithOtherNonCompliantPatches": count("OtherNonCompliantCount"),
        }

    # --- on nodes

    def patch(self, node: Node, operation: str, command: str) -> str:
        """Scan a node, or install what its baseline approves. Returns what the command writes."""
        system = patches.OF_PLATFORM[node.platform]
        group = _group_of(node)
        baseline = self._for_group(group, system)
        before: Found | None = node.patches
        installed = dict(before.installed) if before is not None else {}
        states = {}
        for patch in patches.available(system):
            approved = baseline.approves(patch, self.now)
            if operation == "Install" and approved:
                installed.setdefault(patch.id, self.now)
            rejected = patch.id in (baseline.settings.get("RejectedPatches") or ())
            if patch.id in installed:
                states[patch.id] = "INSTALLED_REJECTED" if rejected else "INSTALLED" if approved else "INSTALLED_OTHER"
            else:
                states[patch.id] = "MISSING" if approved else "NOT_APPLICABLE"
        snapshot = self.ids.uuid("patch-snapshot")
        node.patches = Found(baseline.id, group, operation, snapshot, self.now, states, installed)
        self._report(node, command)
        count = node.patches.count
        return f"{operation} of {node.id}: {count('INSTALLED')} installed, {count('MISSING')} missing"

    def _report(self, node: Node, command: str) -> None:
        summary = {"ExecutionTime": self.now, "ExecutionId": command, "ExecutionType": "Command"}
        items = []
        for patch in self._patches_of(node):
            state = node.patches.states[patch.id]
            if state != "NOT_APPLICABLE":
                status = "NON_COMPLIANT" if state == "MISSING" else "COMPLIANT"
                item = {"Id": patch.id, "Title": patch.title, "Severity": patch.level, "Status": status}
                items.append({**item, "Details": {"PatchState": state, "Classification": patch.classification}})
        self.set_compliance(node.id, "Patch", summary, items)

    def _patches_of(self, node: Node) -> tuple[Patch, ...]:
        return patches.available(patches.OF_PLATFORM[node.platform])

    def _patch_state(self, node: Node) -> dict[str, Any]:
        found: Found = node.patches
        return found.described(node.id, self._patches_of(node))

    def describe_instance_patch_states(
        self, InstanceIds: Sequence[str], NextToken: str | None = None, MaxResults: int | None = None
    ) -> dict[str, Any]:
        nodes = [node for node in map(self.node, dict.fromkeys(InstanceIds)) if node is not None]
        return self._states(nodes, NextToken, MaxResults)

    def describe_instance_patch_states_for_patch_group(
        self, PatchGroup: str, NextToken: str | None = None, MaxResults: int | None = None
    ) -> dict[str, Any]:
        nodes = [node for node in self.all_nodes() if _group_of(node) == PatchGroup]
        return self._states(nodes, NextToken, MaxResults)

    def _states(self, nodes: Sequence[Node], token: str | None, size: int | None) -> dict[str, Any]:
        found = [node for node in nodes if node.patches is not None]
        return self.page("InstancePatchStates", found, self._patch_state, lambda node: node.id, token, size)

    def describe_instance_patches(
        self,
        InstanceId: str,
        Filters: Sequence[Members] = (),
        NextToken: str | None = None,
        MaxResults: int | None = None,
    ) -> dict[str, Any]:
        node = self.managed(InstanceId)
        found: Found | None = node.patches
        shown = []
        for patch in self._patches_of(node) if found is not None else ():
            assert found is not None
            shown.append(
                {
                    "Title": patch.title,
                    "KBId": patch.id,
                    "Classification": patch.classification,
                    "Severity": patch.severity,
                    "State": found.states[patch.id],
                    "InstalledTime": found.installed.get(patch.id, 0),
                }
            )
        for each in Filters:
            if each.get("Key") not in ("State", "Classification", "KBId", "Severity"):
                raise AWSError("InvalidFilter", "The filter name isn't valid. Verify the name and try again.")
            shown = [one for one in shown if one[each["Key"]] in each.get("Values", ())]
        return self.page("Patches", shown, dict, lambda one: str(one["KBId"]), NextToken, MaxResults)

    # --- which patches there are

    def describe_available_patches(
        self, Filters: Sequence[Members] = (), MaxResults: int | None = None, NextToken: str | None = None
    ) -> dict[str, Any]:
        found = [*patches.available("WINDOWS"), *patches.available("AMAZON_LINUX_2023")]
        keys = {"PATCH_ID": "Id", "CLASSIFICATION": "Classification", "SEVERITY": "Severity"}
        keys["MSRC_SEVERITY"] = "MsrcSeverity"
        shown = [patch.described() for patch in found]
        for each in Filters:
            member = keys.get(each.get("Key", ""))
            if member is not None:
                shown = [one for one in shown if one[member] in each.get("Values", ())]
        return self.page("Patches", shown, dict, lambda one: str(one["Id"]), NextToken, MaxResults)

    def describe_effective_patches_for_patch_baseline(
        self, BaselineId: str, MaxResults: int | None = None, NextToken: str | None = None
    ) -> dict[str, Any]:
        baseline = self._baseline(BaselineId)
        now = self.now

        def shown(patch: Patch) -> dict[str, Any]:
            explicit = patch.id in (baseline.settings.get("ApprovedPatches") or ())
            rejected = patch.id in (baseline.settings.get("RejectedPatches") or ())
            status = "EXPLICIT_REJECTED" if rejected else "EXPLICIT_APPROVED" if explicit else "APPROVED"
            return {
                "Patch": patch.described(),
                "PatchStatus": {
                    "DeploymentStatus": status,
                    "ComplianceLevel": patch.level,
                    "ApprovalDate": patch.released,
                },
            }

        rejected_ids = baseline.settings.get("RejectedPatches") or ()
        found = [
            patch
            for patch in patches.available(baseline.system)
            if baseline.approves(patch, now) or patch.id in rejected_ids
        ]
        return self.page("EffectivePatches", found, shown, lambda patch: patch.id, NextToken, MaxResults)

    def describe_patch_properties(
        self,
        OperatingSystem: str,
        Property: str,
        PatchSet: str | None = None,
        MaxResults: int | None = None,
        NextToken: str | None = None,
    ) -> dict[str, Any]:
        every = patches.available(OperatingSystem)
        values: dict[str, set[str]] = {
            "CLASSIFICATION": {patch.classification for patch in every},
            "SEVERITY": {patch.severity for patch in every},
            "MSRC_SEVERITY": {patch.severity for patch in every},
            "PRODUCT": {"*"},
            "PRODUCT_FAMILY": {"*"},
            "PRIORITY": {"*"},
        }
        found = list(enumerate(sorted(values[Property])))
        return self.page(
            "Properties", found, lambda each: {"Name": each[1]}, lambda each: number(each[0]), NextToken, MaxResults
        )


def _group_of(node: Node) -> str:
    return next((node.tags[name] for name in _GROUP_TAGS if name in node.tags), "")


def _fits(shown: str, key: str, values: Sequence[str]) -> bool:
    return shown.startswith(tuple(values)) if key == "NAME_PREFIX" else shown in values

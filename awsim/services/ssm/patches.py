"""Patches and baselines. Which patches there are is made up: a few for each platform, so that baselines have something
to approve and nodes something to miss.

Source: Systems Manager User Guide, "About predefined patch baselines", "How patch baseline rules work".
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any, NamedTuple

from awsim.state import Entity, Tags

_NAMES = {
    "WINDOWS": "AWS-DefaultPatchBaseline",
    "AMAZON_LINUX": "AWS-AmazonLinuxDefaultPatchBaseline",
    "AMAZON_LINUX_2": "AWS-AmazonLinux2DefaultPatchBaseline",
    "AMAZON_LINUX_2022": "AWS-AmazonLinux2022DefaultPatchBaseline",
    "AMAZON_LINUX_2023": "AWS-AmazonLinux2023DefaultPatchBaseline",
    "UBUNTU": "AWS-UbuntuDefaultPatchBaseline",
    "REDHAT_ENTERPRISE_LINUX": "AWS-RedHatDefaultPatchBaseline",
    "SUSE": "AWS-SuseDefaultPatchBaseline",
    "CENTOS": "AWS-CentOSDefaultPatchBaseline",
    "ORACLE_LINUX": "AWS-OracleLinuxDefaultPatchBaseline",
    "DEBIAN": "AWS-DebianDefaultPatchBaseline",
    "MACOS": "AWS-MacOSDefaultPatchBaseline",
    "RASPBIAN": "AWS-RaspbianDefaultPatchBaseline",
    "ROCKY_LINUX": "AWS-RockyLinuxDefaultPatchBaseline",
    "ALMA_LINUX": "AWS-AlmaLinuxDefaultPatchBaseline",
}
_AMAZON = "075727635805"  # the account that owns the predefined baselines
_RELEASED = 1_730_419_200.0  # 2024-11-01
# Platform of a node -> the operating system whose baseline is its.
OF_PLATFORM = {"Windows": "WINDOWS", "Linux": "AMAZON_LINUX_2023", "MacOS": "MACOS"}
_LEVELS = {"Critical": "CRITICAL", "Important": "HIGH", "Moderate": "MEDIUM", "Low": "LOW"}


class Patch(NamedTuple):
    """A patch: KB number or package."""

    id: str
    title: str
    classification: str
    severity: str
    released: float = _RELEASED

    @property
    def level(self) -> str:
        return _LEVELS.get(self.severity, "UNSPECIFIED")

    def described(self) -> dict[str, Any]:
        return {
            "Id": self.id,
            "ReleaseDate": self.released,
            "Title": self.title,
            "Classification": self.classification,
            "Severity": self.severity,
            "Name": self.id,
            "KbNumber": self.id if self.id.startswith("KB") else None,
            "MsrcSeverity": self.severity if self.id.startswith("KB") else None,
        }


_LINUX = (
    Patch("openssl.x86_64", "openssl security update", "Security", "Critical"),
    Patch("kernel.x86_64", "kernel security update", "Security", "Important"),
    Patch("tzdata.noarch", "tzdata update", "Bugfix", "Low"),
)
_WINDOWS = (
    Patch("KB5046615", "Cumulative Update for Windows Server", "SecurityUpdates", "Critical"),
    Patch("KB5044089", "Servicing Stack Update for Windows Server", "SecurityUpdates", "Important"),
    Patch("KB5045934", "Cumulative Update for .NET Framework", "Updates", "Low"),
)


def available(system: str) -> tuple[Patch, ...]:
    """The patches of an operating system."""
    return _WINDOWS if system == "WINDOWS" else _LINUX


class Baseline(Entity):
    """A patch baseline. `settings` are the members of the request; AWS's own are `predefined`."""

    def __init__(self, id: str, system: str, settings: Mapping[str, Any], now: float, *, predefined: bool) -> None:
        self.id = id
        self.system = system
        self.settings = settings
        self.created = self.modified = now
        self.predefined = predefined
        self.groups: tuple[str, ...] = ()
        self.tags = Tags()

    def approves(self, patch: Patch, now: float) -> bool:
        """Whether a patch is to be installed."""
        if patch.id in (self.settings.get("RejectedPatches") or ()):
            return False
        if patch.id in (self.settings.get("ApprovedPatches") or ()):
            return True
        rules = (self.settings.get("ApprovalRules") or {}).get("PatchRules") or ()
        return any(_rule_fits(rule, patch, now) for rule in rules)

    def described(self) -> dict[str, Any]:
        return {
            "BaselineId": self.id,
            "OperatingSystem": self.system,
            **self.settings,
            "PatchGroups": list(self.groups),
            "CreatedDate": self.created,
            "ModifiedDate": self.modified,
        }

    def listed(self, default: bool) -> dict[str, Any]:
        return {
            "BaselineId": self.id,
            "BaselineName": self.settings["Name"],
            "OperatingSystem": self.system,
            "BaselineDescription": self.settings.get("Description"),
            "DefaultBaseline": default,
        }


def _rule_fits(rule: Mapping[str, Any], patch: Patch, now: float) -> bool:
    if now < patch.released + (rule.get("ApproveAfterDays") or 0) * 86_400:
        return False
    shown = {"CLASSIFICATION": patch.classification, "SEVERITY": patch.severity, "MSRC_SEVERITY": patch.severity}
    shown["PATCH_ID"] = patch.id
    return all(
        "*" in each["Values"] or shown.get(each["Key"], "*") in (*each["Values"], "*")
        for each in rule["PatchFilterGroup"]["PatchFilters"]
    )


def predefined(partition: str, region: str) -> dict[str, Baseline]:
    """AWS's own baselines, by operating system."""
    found = {}
    for system, name in _NAMES.items():
        classes = ["SecurityUpdates", "CriticalUpdates"] if system == "WINDOWS" else ["Security", "Bugfix"]
        severity = "MSRC_SEVERITY" if system == "WINDOWS" else "SEVERITY"
        filters = [
            {"Key": "CLASSIFICATION", "Values": classes},
            {"Key": severity, "Values": ["Critical", "Important"]},
        ]
        rule = {"PatchFilterGroup": {"PatchFilters": filters}, "ComplianceLevel": "UNSPECIFIED", "ApproveAfterDays": 7}
        settings = {
            "Name": name,
            "Description": f"Default Patch Baseline for {system} Provided by AWS.",
            "GlobalFilters": {"PatchFilters": []},
            "ApprovalRules": {"PatchRules": [rule]},
            "ApprovedPatches": [],
            "ApprovedPatchesComplianceLevel": "UNSPECIFIED",
            "ApprovedPatchesEnableNonSecurity": False,
            "RejectedPatches": [],
            "RejectedPatchesAction": "ALLOW_AS_DEPENDENCY",
            "Sources": [],
        }
        digest = blake2b(f"{region}/{name}".encode(), digest_size=9).hexdigest()[:16]
        id = f"arn:{partition}:ssm:{region}:{_AMAZON}:patchbaseline/pb-0{digest}"
        found[system] = Baseline(id, system, settings, _RELEASED, predefined=True)
    return found


class Found(NamedTuple):
    """What patching last found on a node: the state of each patch."""

    baseline: str
    group: str
    operation: str
    snapshot: str
    started: float
    states: Mapping[str, str]  # patch id -> INSTALLED, MISSING, INSTALLED_REJECTED, NOT_APPLICABLE
    installed: Mapping[str, float] = {}

    def count(self, state: str) -> int:
        return sum(each == state for each in self.states.values())

    def described(self, node: str, patches: tuple[Patch, ...]) -> dict[str, Any]:
        missing = [patch for patch in patches if self.states.get(patch.id) == "MISSING"]
        return {
            "InstanceId": node,
            "PatchGroup": self.group,
            "BaselineId": self.baseline,
            "SnapshotId": self.snapshot,
            "InstalledCount": self.count("INSTALLED"),
            "InstalledOtherCount": self.count("INSTALLED_OTHER"),
            "InstalledPendingRebootCount": 0,
            "InstalledRejectedCount": self.count("INSTALLED_REJECTED"),
            "MissingCount": len(missing),
            "FailedCount": 0,
            "UnreportedNotApplicableCount": 0,
            "NotApplicableCount": self.count("NOT_APPLICABLE"),
            "OperationStartTime": self.started,
            "OperationEndTime": self.started,
            "Operation": self.operation,
            "RebootOption": "RebootIfNeeded",
            "CriticalNonCompliantCount": sum(patch.level == "CRITICAL" for patch in missing),
            "SecurityNonCompliantCount": sum(patch.classification.startswith("Security") for patch in missing),
            "OtherNonCompliantCount": sum(not patch.classification.startswith("Security") for patch in missing),
        }

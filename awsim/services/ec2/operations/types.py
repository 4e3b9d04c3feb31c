"""Instance types. Source: EC2 Instance Types guide."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from awsim.errors import AWSError
from awsim.services.ec2 import filters as filtering
from awsim.services.ec2.filters import Filters
from awsim.services.ec2.operations.keys import KeyOperations
from awsim.services.ec2.refusals import combination, invalid
from awsim.services.ec2.types import InstanceType, types
from awsim.services.ec2.zones import zones
from awsim.state.pages import BadToken, page
from awsim.wire.models import service_model

_FILTERS = {
    "auto-recovery-supported": "AutoRecoverySupported",
    "bare-metal": "BareMetal",
    "burstable-performance-supported": "BurstablePerformanceSupported",
    "current-generation": "CurrentGeneration",
    "dedicated-hosts-supported": "DedicatedHostsSupported",
    "ebs-info.ebs-optimized-support": "EbsInfo.EbsOptimizedSupport",
    "ebs-info.encryption-support": "EbsInfo.EncryptionSupport",
    "ebs-info.nvme-support": "EbsInfo.NvmeSupport",
    "free-tier-eligible": "FreeTierEligible",
    "hibernation-supported": "HibernationSupported",
    "hypervisor": "Hypervisor",
    "instance-storage-supported": "InstanceStorageSupported",
    "instance-storage-info.total-size-in-gb": "InstanceStorageInfo.TotalSizeInGB",
    "instance-type": "InstanceType",
    "memory-info.size-in-mib": "MemoryInfo.SizeInMiB",
    "network-info.ena-support": "NetworkInfo.EnaSupport",
    "network-info.ipv4-addresses-per-interface": "NetworkInfo.Ipv4AddressesPerInterface",
    "network-info.maximum-network-interfaces": "NetworkInfo.MaximumNetworkInterfaces",
    "network-info.network-performance": "NetworkInfo.NetworkPerformance",
    "processor-info.supported-architecture": "ProcessorInfo.SupportedArchitectures",
    "processor-info.sustained-clock-speed-in-ghz": "ProcessorInfo.SustainedClockSpeedInGhz",
    "supported-boot-mode": "SupportedBootModes",
    "supported-root-device-type": "SupportedRootDeviceTypes",
    "supported-usage-class": "SupportedUsageClasses",
    "supported-virtualization-type": "SupportedVirtualizationTypes",
    "vcpu-info.default-cores": "VCpuInfo.DefaultCores",
    "vcpu-info.default-threads-per-core": "VCpuInfo.DefaultThreadsPerCore",
    "vcpu-info.default-vcpus": "VCpuInfo.DefaultVCpus",
}
_OFFERINGS = {"instance-type": "InstanceType", "location": "Location"}


class TypeOperations(KeyOperations):
    """awsim knows the families in `types.toml`; one of AWS's that it does not know answers NotImplemented."""

    def describe_instance_types(
        self,
        InstanceTypes: Sequence[str] = (),
        Filters: Filters = (),
        NextToken: str | None = None,
        MaxResults: int | None = None,
    ) -> dict[str, Any]:
        if InstanceTypes and MaxResults is not None:
            raise combination("The parameter MaxResults cannot be used with InstanceTypes.")
        unknown = [name for name in InstanceTypes if name not in types()]
        if unknown:
            self._check_known(unknown[0])
            raise AWSError(
                "InvalidInstanceType",
                f"The following supplied instance types do not exist: [{', '.join(unknown)}]",
            )
        filtering.check(Filters, _FILTERS)
        chosen = [types()[name] for name in InstanceTypes] or list(types().values())
        found = [described for kind in chosen if filtering.matches(described := kind.described(), Filters, _FILTERS)]
        return self._paged_by("InstanceTypes", found, "InstanceType", NextToken, MaxResults)

    def describe_instance_type_offerings(
        self,
        LocationType: str | None = None,
        Filters: Filters = (),
        NextToken: str | None = None,
        MaxResults: int | None = None,
    ) -> dict[str, Any]:
        kind = LocationType or "region"
        if kind == "region":
            places = [self.region]
        elif kind.startswith("availability-zone"):
            places = [zone.name if kind == "availability-zone" else zone.id for zone in zones(self.region)]
        else:
            places = []
        filtering.check(Filters, _OFFERINGS)
        found = [
            offering
            for name in types()
            for place in places
            if filtering.matches(
                offering := {"InstanceType": name, "LocationType": kind, "Location": place}, Filters, _OFFERINGS
            )
        ]
        for each in found:
            each["key"] = f"{each['InstanceType']} {each['Location']}"
        return self._paged_by("InstanceTypeOfferings", found, "key", NextToken, MaxResults)

    def _paged_by(
        self, member: str, found: Sequence[dict[str, Any]], key: str, token: str | None, size: int | None
    ) -> dict[str, Any]:
        try:
            chosen, following = page(found, lambda each: str(each[key]), token, size, member)
        except BadToken:
            raise invalid("The token is not valid.") from None
        shown = [{name: value for name, value in each.items() if name != "key"} for each in chosen]
        return {member: shown, "NextToken": following}

    def type_named(self, name: str) -> InstanceType:
        found = types().get(name)
        if found is None:
            self._check_known(name)
            raise invalid(f"Invalid value '{name}' for InstanceType.")
        return found

    def _check_known(self, name: str) -> None:
        """AWS has more types than awsim's table: to deny those would be wrong."""
        if name in service_model("ec2").shape_for("InstanceType").enum:
            self.not_modelled(f"the instance type {name}")

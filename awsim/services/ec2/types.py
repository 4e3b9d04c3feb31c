"""Instance types: a table of families (`types.toml`), and what follows from it."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

# Interfaces and IPv4 addresses on each, by virtual CPUs up to that number.
_NETWORK = ((1, 2, 4), (2, 3, 10), (8, 4, 15), (32, 8, 30), (256, 15, 50))
_FEW = {"nano": (2, 2), "micro": (2, 2), "small": (3, 4)}  # the small burstable sizes
# Quotas of running on-demand instances are counted in virtual CPUs, by families.
_QUOTAS = (
    ("standard-vcpus", tuple("acdhimrtz")),
    ("gpu-vcpus", ("g", "vt")),
    ("p-vcpus", ("p",)),
    ("x-vcpus", ("x",)),
    ("f-vcpus", ("f",)),
    ("inf-vcpus", ("inf",)),
    ("hpc-vcpus", ("hpc",)),
)


class InstanceType(NamedTuple):
    name: str
    family: str
    size: str
    vcpus: int
    memory: int  # MiB
    facts: dict[str, Any]

    @property
    def architectures(self) -> list[str]:
        if self.facts.get("arch") == "arm64":
            return ["arm64"]
        return ["i386", "x86_64"] if self.facts.get("i386") else ["x86_64"]

    @property
    def burstable(self) -> bool:
        return bool(self.facts.get("burst"))

    @property
    def nitro(self) -> bool:
        return bool(self.facts.get("nitro"))

    @property
    def interfaces(self) -> int:
        return self._network[0]

    @property
    def addresses(self) -> int:
        """Private IPv4 addresses of each interface."""
        return self._network[1]

    @property
    def _network(self) -> tuple[int, int]:
        if self.burstable and self.size in _FEW:
            return _FEW[self.size]
        return next((most, each) for vcpus, most, each in _NETWORK if self.vcpus <= vcpus)

    @property
    def quota(self) -> str:
        """The row of the limits table that bounds how many virtual CPUs of its families may run."""
        stem = _stem(self.family)
        return next((row for row, stems in _QUOTAS if stem in stems), "standard-vcpus")

    @property
    def hibernates(self) -> bool:
        return self.family in ("t2", "t3", "t3a", "m4", "m5", "m5a", "m5d", "m6i", "c4", "c5", "c6i", "r5", "r6i", "i3")

    def described(self) -> dict[str, Any]:
        facts = self.facts
        cores = self.vcpus if self.architectures == ["arm64"] or self.family == "t2" else max(1, self.vcpus // 2)
        result: dict[str, Any] = {
            "InstanceType": self.name,
            "CurrentGeneration": not facts.get("old"),
            "FreeTierEligible": self.name in ("t2.micro", "t3.micro"),
            "SupportedUsageClasses": ["on-demand", "spot"],
            "SupportedRootDeviceTypes": ["ebs"],
            "SupportedVirtualizationTypes": ["hvm"],
            "BareMetal": False,
            "Hypervisor": "nitro" if self.nitro else "xen",
            "ProcessorInfo": {
                "SupportedArchitectures": self.architectures,
                "SustainedClockSpeedInGhz": facts["clock"],
                "Manufacturer": facts["cpu"],
            },
            "VCpuInfo": {
                "DefaultVCpus": self.vcpus,
                "DefaultCores": cores,
                "DefaultThreadsPerCore": self.vcpus // cores,
            },
            "MemoryInfo": {"SizeInMiB": self.memory},
            "InstanceStorageSupported": "disk" in facts,
            "EbsInfo": self._ebs(),
            "NetworkInfo": {
                "NetworkPerformance": self.performance,
                "MaximumNetworkInterfaces": self.interfaces,
                "MaximumNetworkCards": 1,
                "DefaultNetworkCardIndex": 0,
                "Ipv4AddressesPerInterface": self.addresses,
                "Ipv6AddressesPerInterface": self.addresses,
                "Ipv6Supported": True,
                "EnaSupport": "required" if self.nitro else "unsupported" if self.burstable else "supported",
                "EfaSupported": False,
                "EncryptionInTransitSupported": False,
            },
            "PlacementGroupInfo": {
                "SupportedStrategies": ["partition", "spread"] if self.burstable else ["cluster", "partition", "spread"]
            },
            "HibernationSupported": self.hibernates,
            "BurstablePerformanceSupported": self.burstable,
            "DedicatedHostsSupported": not self.burstable,
            "AutoRecoverySupported": True,
            "SupportedBootModes": ["uefi"] if self.architectures == ["arm64"] else ["legacy-bios", "uefi"],
            "NitroEnclavesSupport": "unsupported",
            "NitroTpmSupport": "unsupported",
        }
        result.update(self._devices())
        return result

    @property
    def performance(self) -> str:
        if self.burstable:
            return "Low to Moderate" if self.family == "t2" else "Up to 5 Gigabit"
        return "Up to 10 Gigabit" if self.vcpus <= 16 else "10 Gigabit" if self.vcpus <= 48 else "25 Gigabit"

    def _ebs(self) -> dict[str, Any]:
        if self.family == "t2":
            return {
                "EbsOptimizedSupport": "unsupported",
                "EncryptionSupport": "supported",
                "NvmeSupport": "unsupported",
            }
        # Bandwidth grows with the size; up to 16 virtual CPUs a type reaches that of the largest for some time.
        baseline = 325 * self.vcpus if not self.burstable else 43 * self.vcpus
        most = max(baseline, 4750) if not self.burstable else 2085
        return {
            "EbsOptimizedSupport": "default",
            "EncryptionSupport": "supported",
            "NvmeSupport": "required" if self.nitro else "unsupported",
            "EbsOptimizedInfo": {
                "BaselineBandwidthInMbps": baseline,
                "BaselineThroughputInMBps": baseline / 8,
                "BaselineIops": baseline * 6,
                "MaximumBandwidthInMbps": most,
                "MaximumThroughputInMBps": most / 8,
                "MaximumIops": most * 6,
            },
        }

    def _devices(self) -> dict[str, Any]:
        facts = self.facts
        result: dict[str, Any] = {}
        if "disk" in facts:
            total = int(facts["disk"] * self.vcpus)
            result["InstanceStorageInfo"] = {
                "TotalSizeInGB": total,
                "Disks": [{"SizeInGB": total, "Count": 1, "Type": "hdd" if facts.get("hdd") else "ssd"}],
                "NvmeSupport": "required" if self.nitro or self.family == "i3" else "unsupported",
                "EncryptionSupport": "required" if self.nitro or self.family == "i3" else "unsupported",
            }
        if "gpu" in facts:
            name, maker, per, size = facts["gpu"]
            count = max(1, self.vcpus // per)
            memory = {"SizeInMiB": size}
            gpu = {"Name": name, "Manufacturer": maker, "Count": count, "MemoryInfo": memory}
            result["GpuInfo"] = {"Gpus": [gpu], "TotalGpuMemoryInMiB": count * size}
        if "fpga" in facts:
            name, maker, per, size = facts["fpga"]
            count = max(1, self.vcpus // per)
            fpga = {"Name": name, "Manufacturer": maker, "Count": count, "MemoryInfo": {"SizeInMiB": size}}
            result["FpgaInfo"] = {"Fpgas": [fpga], "TotalFpgaMemoryInMiB": count * size}
        if "accelerator" in facts:
            name, maker, count = facts["accelerator"]
            device = {"Name": name, "Manufacturer": maker, "Count": count}
            result["InferenceAcceleratorInfo"] = {"Accelerators": [device]}
        return result


def _stem(family: str) -> str:
    """The letters before the generation: "g" of "g4dn", "inf" of "inf1"."""
    return family[: next((at for at, character in enumerate(family) if character.isdigit()), len(family))]


@cache
def types() -> dict[str, InstanceType]:
    """All types that awsim knows, by name."""
    text = files("awsim.services.ec2").joinpath("types.toml").read_text("utf-8")
    found = {}
    for family, facts in tomllib.loads(text).items():
        for size, (vcpus, memory) in facts["sizes"].items():
            name = f"{family}.{size}"
            found[name] = InstanceType(name, family, size, vcpus, int(memory * 1024), facts)
    return found

"""Machine images: those that AWS and others publish (a few of each kind), and accounts' own.

Names, owners and devices: as `describe-images` shows the publishers' images. Their ids are awsim's own, another in
every region and the same in every run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, NamedTuple

from awsim.services.ec2.kinds import Kind, Resource

AMAZON, CANONICAL, RED_HAT, DEBIAN, WINDOWS = (
    "137112412989", "099720109477", "309956199498", "136693071363", "801119661308",
)  # fmt: skip
PLATFORMS = {"windows": ("Windows", "RunInstances:0002"), "rhel": ("Red Hat Enterprise Linux", "RunInstances:0010")}


class Mapped(NamedTuple):
    """A device of an image: a volume (from a snapshot or empty) or, with `virtual`, a local disk."""

    device: str
    snapshot: str | None = None
    size: int | None = None
    type: str = "gp2"
    iops: int | None = None
    throughput: int | None = None
    deleted: bool = True
    encrypted: bool | None = None
    key: str | None = None
    virtual: str | None = None

    def described(self) -> dict[str, Any]:
        if self.virtual is not None:
            return {"DeviceName": self.device, "VirtualName": self.virtual}
        return {
            "DeviceName": self.device,
            "Ebs": {
                "DeleteOnTermination": self.deleted,
                "SnapshotId": self.snapshot,
                "VolumeSize": self.size,
                "VolumeType": self.type,
                "Iops": self.iops,
                "Throughput": self.throughput,
                "Encrypted": bool(self.encrypted),
                "KmsKeyId": self.key,
            },
        }


class Image(Resource):
    kind = Kind(
        "image", "ami", "InvalidAMIID.NotFound", "The image id '[{id}]' does not exist", "InvalidAMIID.Malformed"
    )

    def __init__(self, id_: str, owner: str, created: float, name: str, root: str, mapped: Sequence[Mapped]) -> None:
        super().__init__(id_, owner, created)
        self.name = name
        self.description: str | None = None
        self.alias: str | None = None
        self.architecture = "x86_64"
        self.platform: str | None = None  # a key of PLATFORMS; None: Linux
        self.virtualization = "hvm"
        self.ena = True
        self.root = root
        self.mapped = tuple(mapped)
        self.state = "available"
        self.public = False
        self.users: tuple[str, ...] = ()
        self.source_instance: str | None = None
        self.source: tuple[str, str] | None = None  # (image, region) it was copied from
        self.boot: str | None = None
        self.imds: str | None = None
        self.deregistration_protection = False
        self.deprecated: float | None = None

    @property
    def root_type(self) -> str:
        return (
            "ebs"
            if any(each.device == self.root and each.virtual is None for each in self.mapped)
            else "instance-store"
        )

    def open_to(self, account: str) -> bool:
        return self.public or account == self.owner or account in self.users

    def described(self) -> dict[str, Any]:
        details, usage = PLATFORMS.get(self.platform or "", ("Linux/UNIX", "RunInstances"))
        return {
            "ImageId": self.id,
            "ImageLocation": f"{self.alias or self.owner}/{self.name}",
            "ImageType": "machine",
            "Name": self.name,
            "Description": self.description,
            "State": self.state,
            "OwnerId": self.owner,
            "ImageOwnerAlias": self.alias,
            "CreationDate": datetime.fromtimestamp(self.created, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "DeprecationTime": None
            if self.deprecated is None
            else datetime.fromtimestamp(self.deprecated, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "Public": self.public,
            "Architecture": self.architecture,
            "Platform": "windows" if self.platform == "windows" else None,
            "PlatformDetails": details,
            "UsageOperation": usage,
            "VirtualizationType": self.virtualization,
            "Hypervisor": "xen",
            "EnaSupport": self.ena,
            "SriovNetSupport": "simple" if self.virtualization == "hvm" else None,
            "RootDeviceName": self.root,
            "RootDeviceType": self.root_type,
            "BlockDeviceMappings": [each.described() for each in self.mapped],
            "BootMode": self.boot,
            "ImdsSupport": self.imds,
            "DeregistrationProtection": "enabled-without-cooldown" if self.deregistration_protection else "disabled",
            "SourceInstanceId": self.source_instance,
            "SourceImageId": None if self.source is None else self.source[0],
            "SourceImageRegion": None if self.source is None else self.source[1],
            "ProductCodes": None,
            "Tags": self.tag_list(),
        }


class _Published(NamedTuple):
    name: str
    description: str
    owner: str
    created: str
    root: str = "/dev/xvda"
    size: int = 8
    type: str = "gp3"
    arm: bool = False
    platform: str | None = None
    imds: str | None = None


_PUBLISHED = (
    _Published(
        "al2023-ami-2023.9.20251117.1-kernel-6.1-x86_64",
        "Amazon Linux 2023 AMI 2023.9.20251117.1 x86_64 HVM kernel-6.1",
        AMAZON, "2025-11-17", imds="v2.0",
    ),
    _Published(
        "al2023-ami-2023.9.20251117.1-kernel-6.1-arm64",
        "Amazon Linux 2023 AMI 2023.9.20251117.1 arm64 HVM kernel-6.1",
        AMAZON, "2025-11-17", arm=True, imds="v2.0",
    ),
    _Published(
        "amzn2-ami-hvm-2.0.20251110.1-x86_64-gp2",
        "Amazon Linux 2 AMI 2.0.20251110.1 x86_64 HVM gp2",
        AMAZON, "2025-11-10", type="gp2",
    ),
    _Published(
        "amzn2-ami-kernel-5.10-hvm-2.0.20251110.1-arm64-gp2",
        "Amazon Linux 2 LTS Arm64 Kernel 5.10 AMI 2.0.20251110.1 arm64 HVM gp2",
        AMAZON, "2025-11-10", type="gp2", arm=True,
    ),
    _Published(
        "amzn2-ami-ecs-hvm-2.0.20251108-x86_64-ebs",
        "Amazon Linux AMI 2.0.20251108 x86_64 ECS HVM GP2",
        "591542846629", "2025-11-08", size=30, type="gp2",
    ),
    _Published(
        "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-20251022",
        "Canonical, Ubuntu, 24.04, amd64 noble image",
        CANONICAL, "2025-10-22", root="/dev/sda1",
    ),
    _Published(
        "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-arm64-server-20251022",
        "Canonical, Ubuntu, 24.04, arm64 noble image",
        CANONICAL, "2025-10-22", root="/dev/sda1", arm=True,
    ),
    _Published(
        "ubuntu/images/hvm-ssd/ubuntu-jammy-22.04-amd64-server-20251021",
        "Canonical, Ubuntu, 22.04 LTS, amd64 jammy image",
        CANONICAL, "2025-10-21", root="/dev/sda1", type="gp2",
    ),
    _Published(
        "debian-12-amd64-20251112-2294", "Debian 12 (20251112-2294)", DEBIAN, "2025-11-12",
    ),
    _Published(
        "RHEL-9.6.0_HVM-20251021-x86_64-0-Hourly2-GP3", "Provided by Red Hat, Inc.",
        RED_HAT, "2025-10-21", root="/dev/sda1", size=10, platform="rhel",
    ),
    _Published(
        "Windows_Server-2022-English-Full-Base-2025.11.12",
        "Microsoft Windows Server 2022 Full Locale English AMI provided by Amazon",
        WINDOWS, "2025-11-12", root="/dev/sda1", size=30, platform="windows",
    ),
    _Published(
        "Windows_Server-2019-English-Full-Base-2025.11.12",
        "Microsoft Windows Server 2019 with Desktop Experience Locale English AMI provided by Amazon",
        WINDOWS, "2025-11-12", root="/dev/sda1", size=30, platform="windows",
    ),
)  # fmt: skip


def published(region: str) -> Iterator[Image]:
    """The public images of a region."""
    for each in _PUBLISHED:
        digits = sha256(f"{region}/{each.name}".encode()).hexdigest()
        created = datetime.fromisoformat(f"{each.created}T00:00:00+00:00").timestamp()
        root = Mapped(each.root, f"snap-{digits[17:34]}", each.size, each.type)
        if each.type == "gp3":
            root = root._replace(iops=3000, throughput=125)
        image = Image(f"ami-{digits[:17]}", each.owner, created, each.name, each.root, [root])
        image.description = each.description
        image.alias = "amazon" if each.owner in (AMAZON, WINDOWS, "591542846629") else None
        image.architecture = "arm64" if each.arm else "x86_64"
        image.platform = each.platform
        image.public = True
        image.imds = each.imds
        image.boot = "uefi" if each.arm else "uefi-preferred" if each.platform is None else None
        yield image


def described_by(mapping: Mapping[str, Any], default: str) -> Mapped:
    """A mapping of a call; `default` is the type of volumes that none is named for."""
    ebs = mapping.get("Ebs") or {}
    return Mapped(
        mapping.get("DeviceName") or "",
        ebs.get("SnapshotId"),
        ebs.get("VolumeSize"),
        ebs.get("VolumeType") or default,
        ebs.get("Iops"),
        ebs.get("Throughput"),
        ebs.get("DeleteOnTermination", True),
        ebs.get("Encrypted"),
        ebs.get("KmsKeyId"),
        mapping.get("VirtualName"),
    )

"""Instances, as records. Times are epoch seconds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from awsim.services.ec2.images import PLATFORMS, Image
from awsim.services.ec2.interfaces import Interface
from awsim.services.ec2.kinds import Kind, Resource
from awsim.services.ec2.network import Subnet
from awsim.services.ec2.storage import Volume
from awsim.services.ec2.types import InstanceType, types

CODES = {"pending": 0, "running": 16, "shutting-down": 32, "terminated": 48, "stopping": 64, "stopped": 80}


def shown_state(name: str) -> dict[str, Any]:
    return {"Code": CODES[name], "Name": name}


class Instance(Resource):
    kind = Kind(
        "instance", "i", "InvalidInstanceID.NotFound", "The instance ID '{id}' does not exist",
        "InvalidInstanceID.Malformed",
    )  # fmt: skip

    def __init__(
        self, id_: str, owner: str, created: float, reservation: str, image: Image, type_: str, subnet: Subnet
    ) -> None:
        super().__init__(id_, owner, created)
        self.reservation = reservation
        self.requester: str | None = None
        self.launch_index = 0
        self.image = image
        self.type_name = type_
        self.subnet = subnet
        self.zone = subnet.zone
        self.launched = created
        self.state = "pending"
        self.reason: tuple[str, str] | None = ("pending", "pending")
        self.transition = ""
        self.ended: float | None = None
        self.checks_from = created  # when what runs now was started
        self.key_name: str | None = None
        self.client_token = ""
        self.user_data: str | None = None  # base64
        self.profile: Mapping[str, str] | None = None  # Arn, Id
        self.monitoring = "disabled"
        self.tenancy = "default"
        self.ebs_optimized = False
        self.keeps_from_termination = False
        self.keeps_from_stop = False
        self.shutdown = "stop"
        self.hibernates = False
        self.public = False  # whether it was launched with a public address
        self.metadata: Mapping[str, Any] = {}
        self.credits: str | None = None
        self.virtual: tuple[tuple[str, str], ...] = ()  # (device, local disk)
        self.names: Mapping[str, Any] = {}
        self.recovery = "default"
        self.cpu: tuple[int, int] | None = None  # (cores, threads)
        self.metadata_role: tuple[str, str, float] | None = None  # role, its access key, until when it is good

    @property
    def type(self) -> InstanceType:
        return types()[self.type_name]

    @property
    def alive(self) -> bool:
        """Whether it is there and not going."""
        return self.state not in ("shutting-down", "terminated")

    @property
    def counts(self) -> bool:
        """Whether its virtual CPUs count against the quota."""
        return self.state in ("pending", "running")

    def described(self) -> dict[str, Any]:
        raise NotImplementedError  # it takes what is attached: `describe`

    def describe(self, interfaces: Sequence[Interface], volumes: Sequence[Volume]) -> dict[str, Any]:
        image, kind = self.image, self.type
        cores = kind.described()["VCpuInfo"]
        details, usage = PLATFORMS.get(image.platform or "", ("Linux/UNIX", "RunInstances"))
        found: dict[str, Any] = {
            "InstanceId": self.id,
            "ImageId": image.id,
            "State": shown_state(self.state),
            "StateTransitionReason": self.transition,
            "StateReason": None if self.reason is None else {"Code": self.reason[0], "Message": self.reason[1]},
            "PrivateDnsName": "",
            "PublicDnsName": "",
            "KeyName": self.key_name,
            "AmiLaunchIndex": self.launch_index,
            "ProductCodes": [],
            "InstanceType": self.type_name,
            "LaunchTime": self.launched,
            "Placement": {"AvailabilityZone": self.zone, "GroupName": "", "Tenancy": self.tenancy},
            "Platform": "windows" if image.platform == "windows" else None,
            "PlatformDetails": details,
            "UsageOperation": usage,
            "UsageOperationUpdateTime": self.created,
            "Monitoring": {"State": self.monitoring},
            "Architecture": image.architecture,
            "BlockDeviceMappings": [self._device(volume) for volume in volumes],
            "ClientToken": self.client_token,
            "EbsOptimized": self.ebs_optimized,
            "EnaSupport": image.ena,
            "Hypervisor": "xen",
            "IamInstanceProfile": None if self.profile is None else dict(self.profile),
            "NetworkInterfaces": [interface.as_of_instance() for interface in interfaces],
            "RootDeviceName": image.root,
            "RootDeviceType": image.root_type,
            "SecurityGroups": interfaces[0].group_list() if interfaces else [],
            "Tags": self.tag_list(),
            "VirtualizationType": image.virtualization,
            "CpuOptions": {
                "CoreCount": self.cpu[0] if self.cpu else cores["DefaultCores"],
                "ThreadsPerCore": self.cpu[1] if self.cpu else cores["DefaultThreadsPerCore"],
            },
            "CapacityReservationSpecification": {"CapacityReservationPreference": "open"},
            "HibernationOptions": {"Configured": self.hibernates},
            "MetadataOptions": dict(self.metadata),
            "EnclaveOptions": {"Enabled": False},
            "BootMode": image.boot,
            "PrivateDnsNameOptions": dict(self.names) or None,
            "MaintenanceOptions": {"AutoRecovery": self.recovery},
        }
        if interfaces:
            self._with_network(found, interfaces[0])
        return found

    def _with_network(self, found: dict[str, Any], primary: Interface) -> None:
        public = primary.public
        found |= {
            "SubnetId": primary.subnet.id,
            "VpcId": primary.subnet.vpc.id,
            "PrivateIpAddress": primary.primary,
            "PrivateDnsName": self.private_name(primary),
            "SourceDestCheck": primary.checks_source,
        }
        if public is not None:
            found |= {"PublicIpAddress": public.address, "PublicDnsName": primary.public_name(public.address)}

    def private_name(self, primary: Interface) -> str:
        if self.names.get("HostnameType") == "resource-name":
            return f"{self.id}.{primary.domain}"
        return primary.name_of(primary.primary)

    def _device(self, volume: Volume) -> dict[str, Any]:
        attached = volume.attachments[self.id]
        ebs = {
            "AttachTime": attached.time,
            "DeleteOnTermination": attached.deleted_with_it,
            "Status": attached.state,
            "VolumeId": volume.id,
        }
        return {"DeviceName": attached.device, "Ebs": ebs}

"""RunInstances: what is asked for is checked first, then made. Source: EC2 API Reference, RunInstances."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from awsim.auth.credentials import administrator
from awsim.errors import AWSError
from awsim.metering import Level
from awsim.services.ec2 import metrics
from awsim.services.ec2.base import TagSpecifications
from awsim.services.ec2.devices import devices
from awsim.services.ec2.groups import SecurityGroup
from awsim.services.ec2.images import Image, Mapped
from awsim.services.ec2.instance import Instance
from awsim.services.ec2.interfaces import Interface
from awsim.services.ec2.kinds import Kept
from awsim.services.ec2.network import Subnet
from awsim.services.ec2.operations.templates import TemplateOperations
from awsim.services.ec2.refusals import combination, invalid, missing
from awsim.services.ec2.storage import Volume, VolumeAttachment
from awsim.services.ec2.types import InstanceType

Wanted = Mapping[str, Any]
_DEFAULT_TYPE = "m1.small"
_KINDS = ("instance", "volume", "network-interface")
_INTERFACE_OPTIONS = {
    "AssociatePublicIpAddress", "DeleteOnTermination", "Description", "DeviceIndex", "Groups", "NetworkInterfaceId",
    "PrivateIpAddress", "PrivateIpAddresses", "SecondaryPrivateIpAddressCount", "SubnetId", "NetworkCardIndex",
    "InterfaceType",
}  # fmt: skip
# Settings of launch templates that awsim knows.
_KNOWN = {
    "BlockDeviceMappings", "CpuOptions", "CreditSpecification", "DisableApiStop", "DisableApiTermination",
    "EbsOptimized", "HibernationOptions", "IamInstanceProfile", "ImageId", "InstanceInitiatedShutdownBehavior",
    "InstanceType", "KeyName", "MaintenanceOptions", "MetadataOptions", "Monitoring", "NetworkInterfaces", "Placement",
    "PrivateDnsNameOptions", "PrivateIpAddress", "SecurityGroupIds", "SecurityGroups", "SubnetId",
    "TagSpecifications", "UserData",
}  # fmt: skip


class Plan(NamedTuple):
    """A launch whose parameters are sound."""

    wanted: Wanted
    image: Image
    type: InstanceType
    subnet: Subnet
    groups: tuple[SecurityGroup, ...]
    interfaces: tuple[Wanted, ...]  # the first is the primary one
    devices: tuple[Mapped, ...]
    profile: Mapping[str, str] | None
    tags: Mapping[str, Mapping[str, str]]
    public: bool


class LaunchOperations(TemplateOperations):
    shows = frozenset({metrics.NAMESPACE, metrics.OF_VOLUMES})
    instances = Kept(Instance)

    def levels(self) -> Iterator[Level]:
        for instance in self.instances:
            yield from metrics.levels(instance)
        for volume in self.volumes:
            yield from metrics.levels_of_volume(volume)

    def run_instances(
        self,
        MinCount: int,
        MaxCount: int,
        ImageId: str | None = None,
        InstanceType: str | None = None,
        LaunchTemplate: Mapping[str, str] | None = None,
        BlockDeviceMappings: Sequence[Mapping[str, Any]] | None = None,
        ClientToken: str | None = None,
        CpuOptions: Mapping[str, int] | None = None,
        CreditSpecification: Mapping[str, str] | None = None,
        DisableApiStop: bool | None = None,
        DisableApiTermination: bool | None = None,
        EbsOptimized: bool | None = None,
        HibernationOptions: Mapping[str, bool] | None = None,
        IamInstanceProfile: Mapping[str, str] | None = None,
        InstanceInitiatedShutdownBehavior: str | None = None,
        KeyName: str | None = None,
        MaintenanceOptions: Mapping[str, str] | None = None,
        MetadataOptions: Mapping[str, Any] | None = None,
        Monitoring: Mapping[str, bool] | None = None,
        NetworkInterfaces: Sequence[Mapping[str, Any]] | None = None,
        Placement: Mapping[str, Any] | None = None,
        PrivateDnsNameOptions: Mapping[str, Any] | None = None,
        PrivateIpAddress: str | None = None,
        SecurityGroupIds: Sequence[str] | None = None,
        SecurityGroups: Sequence[str] | None = None,
        SubnetId: str | None = None,
        TagSpecifications: TagSpecifications = (),
        UserData: str | None = None,
    ) -> dict[str, Any]:
        given = {name: value for name, value in locals().items() if name in _KNOWN and value is not None}
        if MinCount < 1 or MaxCount < 1:
            name = "minCount" if MinCount < 1 else "maxCount"
            raise invalid(
                f"Value ({min(MinCount, MaxCount)}) for parameter {name} is invalid. Expected a positive integer."
            )
        if MinCount > MaxCount:
            raise combination("MinCount cannot be greater than MaxCount.")
        labels: dict[str, str] = {}
        wanted: dict[str, Any] = given
        if LaunchTemplate is not None:
            template, version = self.launch_data(LaunchTemplate)
            wanted = self._merged(version.data, given)
            labels = {"aws:ec2launchtemplate:id": template.id, "aws:ec2launchtemplate:version": str(version.number)}
        plan = self._planned(wanted, MaxCount)
        count = self._affordable(plan.type, MinCount, MaxCount)
        return self._launched(plan, count, ClientToken or "", labels)

    # --- what is asked for

    def _merged(self, template: Wanted, given: Wanted) -> dict[str, Any]:
        """A template with what the call says in place of it; tags of both."""
        foreign = {name for name, value in template.items() if value not in (None, [], {})} - _KNOWN
        if foreign:
            self.not_modelled(f"{', '.join(sorted(foreign))} in a launch template")
        merged = {**template, **given}
        if "NetworkInterfaces" in given:
            for name in ("SubnetId", "SecurityGroupIds"):
                merged.pop(name, None)
        elif template.get("NetworkInterfaces") and given.get("SubnetId"):
            # The subnet of the call is that of the template's primary interface.
            first, *rest = template["NetworkInterfaces"]
            merged["NetworkInterfaces"] = [{**first, "SubnetId": given["SubnetId"]}, *rest]
            del merged["SubnetId"]
        ours = {each.get("ResourceType"): each for each in given.get("TagSpecifications") or ()}
        for each in template.get("TagSpecifications") or ():
            kind = each.get("ResourceType")
            tags = {**self.tag_map(each.get("Tags") or ()), **self.tag_map(ours.get(kind, {}).get("Tags") or ())}
            ours[kind] = {
                "ResourceType": kind, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
            }  # fmt: skip
        merged["TagSpecifications"] = list(ours.values())
        return merged

    def _planned(self, wanted: Wanted, count: int) -> Plan:
        if not wanted.get("ImageId"):
            raise missing("ImageId")
        image = self.launchable(wanted["ImageId"])
        kind = self.type_named(wanted.get("InstanceType") or _DEFAULT_TYPE)
        if image.architecture not in kind.architectures:
            raise invalid(
                f"The architecture '{','.join(kind.architectures)}' of the specified instance type does not match the "
                f"architecture '{image.architecture}' of the specified AMI. Specify an instance type and an AMI that "
                "have matching architectures, and try again."
            )
        if wanted.get("KeyName"):
            self.key_pair_named(wanted["KeyName"])
        interfaces = tuple(wanted.get("NetworkInterfaces") or ())
        subnet, groups, interfaces = self._network(wanted, interfaces)
        if wanted.get("PrivateIpAddress") and count > 1:
            raise combination("A private IP address can be given for one instance alone.")
        self._check_user_data(wanted.get("UserData"))
        self._check_options(wanted, kind)
        mapped = devices(image, wanted.get("BlockDeviceMappings") or ())
        for device in mapped:
            self._check_device(image, device)
        self._check_hibernation(wanted, image, kind, mapped)
        profile = self.profile_named(wanted["IamInstanceProfile"]) if wanted.get("IamInstanceProfile") else None
        tags = self.tags_for(wanted.get("TagSpecifications") or (), *_KINDS, "spot-instances-request")
        asked = interfaces[0].get("AssociatePublicIpAddress")
        if asked and len(interfaces) > 1:
            raise combination(
                "The associatePublicIPAddress parameter cannot be specified when launching with multiple network "
                "interfaces."
            )
        public = subnet.public if asked is None and "NetworkInterfaceId" not in interfaces[0] else bool(asked)
        if public and self.gateway_of(subnet.vpc) is None:
            public = asked is None and public
        for each in interfaces:
            home = self.subnets[each["SubnetId"]] if each.get("SubnetId") else subnet
            for wanted_address in self._wanted(each.get("PrivateIpAddress"), each.get("PrivateIpAddresses") or ()):
                if wanted_address is not None:
                    self.check_address(home, wanted_address)
            if each.get("Groups"):
                self.groups_for(home.vpc, list(each["Groups"]), home.id)
        self.check_room(subnet, count if "NetworkInterfaceId" not in interfaces[0] else 0)
        return Plan(wanted, image, kind, subnet, groups, interfaces, tuple(mapped), profile, tags, public)

    def _network(
        self, wanted: Wanted, interfaces: tuple[Wanted, ...]
    ) -> tuple[Subnet, tuple[SecurityGroup, ...], tuple[Wanted, ...]]:
        """The subnet, groups and interfaces (one at least) of the instance."""
        groups = list(wanted.get("SecurityGroupIds") or ())
        names = list(wanted.get("SecurityGroups") or ())
        if interfaces:
            for option in (name for each in interfaces for name in each if name not in _INTERFACE_OPTIONS):
                self.not_modelled(f"the option {option} of network interfaces of RunInstances")
            if wanted.get("SubnetId"):
                raise combination(
                    "Network interfaces and an instance-level subnet ID may not be specified on the same request"
                )
            if groups or names:
                raise combination(
                    "Network interfaces and an instance-level security groups may not be specified on the same request"
                )
            interfaces = tuple(sorted(interfaces, key=lambda each: each.get("DeviceIndex") or 0))
            if [each.get("DeviceIndex", 0) for each in interfaces[:1]] != [0]:
                raise invalid("A network interface with device index 0 must be given.")
            first = interfaces[0]
            if first.get("NetworkInterfaceId"):
                interface = self.interfaces[first["NetworkInterfaceId"]]
                if interface.attachment is not None:
                    raise AWSError("InvalidNetworkInterface.InUse", f"Interface: [{interface.id}] in use.")
                return interface.subnet, interface.groups, interfaces
            subnet = self._subnet(first.get("SubnetId"), wanted.get("Placement") or {})
            return subnet, self.groups_for(subnet.vpc, list(first.get("Groups") or ()), subnet.id), interfaces
        subnet = self._subnet(wanted.get("SubnetId"), wanted.get("Placement") or {})
        if names and not subnet.vpc.default:
            raise combination("The parameter groupName cannot be used with the parameter subnet")
        groups += [self._by_name(name).id for name in names]
        alone: dict[str, Any] = {"DeviceIndex": 0}
        if wanted.get("PrivateIpAddress"):
            alone["PrivateIpAddress"] = wanted["PrivateIpAddress"]
        return subnet, self.groups_for(subnet.vpc, groups, subnet.id), (alone,)

    def _subnet(self, id_: str | None, placement: Wanted) -> Subnet:
        zone = placement.get("AvailabilityZone")
        for option in placement:
            if option not in ("AvailabilityZone", "Tenancy") and placement[option] not in (None, ""):
                self.not_modelled(f"Placement.{option} of RunInstances")
        if zone is not None:
            zone = self.zone(zone).name
        if id_ is not None:
            subnet = self.subnets[id_]
            if zone not in (None, subnet.zone):
                raise invalid(f"Invalid value '{zone}' for availabilityZone. The subnet {id_} is in {subnet.zone}.")
            return subnet
        vpc = self.default_vpc
        if vpc is None:
            raise AWSError(
                "VPCIdNotSpecified",
                "No default VPC for this user. GroupName is only supported for EC2-Classic and default VPC.",
            )
        found = [
            each for each in self.subnets if each.vpc is vpc and each.default_for_zone and zone in (None, each.zone)
        ]
        if not found:
            raise AWSError("MissingInput", f"No subnets found for the default VPC '{vpc.id}'. Please specify a subnet.")
        return found[0]

    def _check_user_data(self, text: str | None) -> None:
        if text is None:
            return
        try:
            size = len(base64.b64decode(text, validate=True))
        except (binascii.Error, ValueError):
            raise invalid("Invalid BASE64 encoding of user data.") from None
        self.limits.check("user-data", size)

    def _check_options(self, wanted: Wanted, kind: InstanceType) -> None:
        behavior = wanted.get("InstanceInitiatedShutdownBehavior")
        if behavior not in (None, "stop", "terminate"):
            raise invalid(f"Value ({behavior}) for parameter instanceInitiatedShutdownBehavior is invalid.")
        tenancy = (wanted.get("Placement") or {}).get("Tenancy")
        if tenancy == "host":
            self.not_modelled("dedicated hosts")
        if tenancy not in (None, "default", "dedicated"):
            raise invalid(f"Invalid value '{tenancy}' for tenancy.")
        credit = (wanted.get("CreditSpecification") or {}).get("CpuCredits")
        if credit is not None:
            if not kind.burstable:
                raise combination(f"The parameter CreditSpecification is not supported for {kind.name}.")
            if credit not in ("standard", "unlimited"):
                raise invalid(f"Invalid value '{credit}' for CpuCredits.")
        check_metadata_options(wanted.get("MetadataOptions") or {})

    def _check_hibernation(self, wanted: Wanted, image: Image, kind: InstanceType, mapped: Sequence[Mapped]) -> None:
        if not (wanted.get("HibernationOptions") or {}).get("Configured"):
            return
        root = next(each for each in mapped if each.device == image.root)
        if not kind.hibernates:
            problem = f"The instance type {kind.name} does not support hibernation."
        elif kind.memory > self.limits["hibernation-memory"] * 1024:
            problem = f"The instance type {kind.name} has too much memory to hibernate."
        elif not (root.encrypted or self.defaults.encrypts):
            problem = "The root volume must be encrypted."
        elif (root.size or 0) * 1024 < kind.memory:
            problem = "The root volume must be large enough to hold the memory of the instance."
        else:
            return
        raise AWSError("UnsupportedHibernationConfiguration", problem)

    def profile_named(self, given: Mapping[str, str]) -> dict[str, str]:
        """An instance profile that is named or given by ARN, as instances show it."""
        arn, name = given.get("Arn"), given.get("Name")
        if arn is not None and name is not None:
            raise combination(
                "The parameter 'iamInstanceProfile.name' may not be used in combination with 'iamInstanceProfile.arn'"
            )
        if arn is None and name is None:
            raise missing("iamInstanceProfile")
        wanted = name if name is not None else (arn or "").rpartition("/")[2]
        try:
            found = self.call(
                "iam", "GetInstanceProfile", as_=administrator(self.account), InstanceProfileName=wanted or "-"
            )["InstanceProfile"]
        except AWSError:
            found = None
        if found is None or arn not in (None, found["Arn"]):
            where, what = ("name", "name") if name is not None else ("arn", "ARN")
            raise invalid(
                f"Value ({name if name is not None else arn}) for parameter iamInstanceProfile.{where} is invalid. "
                f"Invalid IAM Instance Profile {what}"
            )
        return {"Arn": found["Arn"], "Id": found["InstanceProfileId"]}

    def _affordable(self, kind: InstanceType, least: int, most: int) -> int:
        """How many instances the quota of virtual CPUs has room for; raises where that is too few."""
        self.check_vcpus(kind, least)
        allowed = self.limits[kind.quota]
        if allowed is None:
            return most
        count = max(least, min(most, int(allowed - self._vcpus(kind.quota)) // kind.vcpus))
        self.check_vcpus(kind, count)
        return count

    def check_vcpus(self, kind: InstanceType, count: int) -> None:
        self.limits.quota(kind.quota, self._vcpus(kind.quota), adding=kind.vcpus * count)

    def _vcpus(self, quota: str) -> int:
        return sum(each.type.vcpus for each in self.instances if each.counts and each.type.quota == quota)

    # --- what is made

    def _launched(self, plan: Plan, count: int, token: str, labels: Mapping[str, str]) -> dict[str, Any]:
        reservation = f"r-{self.ids.hex('reservation', 17)}"
        caller = self.caller
        made = []
        for index in range(count):
            instance = self._instance(plan, reservation, index, token, labels)
            if self.by_aws:
                instance.requester = caller.account if caller.service is None else caller.service
            made.append(self.describe(instance))
            self.tell_state(instance)
            self.later(self.limits.duration("instance-start"), "_arrive", instance=instance.id, begun=instance.launched)
        return {
            "ReservationId": reservation,
            "OwnerId": self.account,
            "RequesterId": caller.service if self.by_aws else None,
            "Groups": [],
            "Instances": made,
        }

    def _instance(self, plan: Plan, reservation: str, index: int, token: str, labels: Mapping[str, str]) -> Instance:
        wanted, now = plan.wanted, self.clock.time()
        instance = Instance(
            self.instances.new_id(), self.account, now, reservation, plan.image, plan.type.name, plan.subnet
        )
        instance.launch_index = index
        instance.client_token = token
        instance.key_name = wanted.get("KeyName") or None
        instance.user_data = wanted.get("UserData") or None
        instance.profile = plan.profile
        instance.monitoring = "pending" if (wanted.get("Monitoring") or {}).get("Enabled") else "disabled"
        placement = wanted.get("Placement") or {}
        instance.tenancy = placement.get("Tenancy") or plan.subnet.vpc.tenancy
        if plan.subnet.vpc.tenancy == "dedicated":
            instance.tenancy = "dedicated"
        instance.ebs_optimized = bool(wanted.get("EbsOptimized"))
        instance.keeps_from_termination = bool(wanted.get("DisableApiTermination"))
        instance.keeps_from_stop = bool(wanted.get("DisableApiStop"))
        instance.shutdown = wanted.get("InstanceInitiatedShutdownBehavior") or self.limits["shutdown-behavior"]
        instance.hibernates = bool((wanted.get("HibernationOptions") or {}).get("Configured"))
        instance.recovery = (wanted.get("MaintenanceOptions") or {}).get("AutoRecovery") or "default"
        instance.names = {**plan.subnet.names, **(wanted.get("PrivateDnsNameOptions") or {})}
        instance.metadata = metadata_options(wanted.get("MetadataOptions") or {}, plan.image)
        instance.public = plan.public
        if plan.type.burstable:
            default = "standard" if plan.type.family == "t2" else "unlimited"
            instance.credits = (wanted.get("CreditSpecification") or {}).get("CpuCredits") or default
        if wanted.get("CpuOptions"):
            options = wanted["CpuOptions"]
            instance.cpu = (options.get("CoreCount", 1), options.get("ThreadsPerCore", 1))
        self.tag(instance, plan.tags["instance"])
        if labels:
            instance.tags = type(instance.tags)({**instance.tags, **labels})
        self.instances.add(instance)
        self._mount_devices(instance, plan)
        self._plug_interfaces(instance, plan)
        return instance

    def _mount_devices(self, instance: Instance, plan: Plan) -> None:
        zone = (plan.subnet.zone, plan.subnet.zone_id)
        virtual = []
        for each in plan.devices:
            if each.virtual is not None:
                virtual.append((each.device, each.virtual))
                continue
            volume = self._volume_for(plan.image, each, zone)
            self.tag(volume, plan.tags["volume"])
            self.volumes.add(volume)
            self.mount(volume, VolumeAttachment(instance.id, each.device, self.clock.time(), each.deleted))
        instance.virtual = tuple(virtual)

    def _check_device(self, image: Image, each: Mapped) -> None:
        if each.virtual is not None:
            return
        own = next((known for known in image.mapped if known.snapshot == each.snapshot), each)
        if own.size is not None and each.size is not None and each.size < own.size:
            raise AWSError(
                "InvalidBlockDeviceMapping",
                f"Volume of size {each.size}GB is smaller than snapshot '{each.snapshot}', expect size >= {own.size}GB",
            )
        source = self._own_snapshot(image, each)
        self.checked_volume(each.type, each.size, each.iops, each.throughput, source, each.encrypted, each.key)

    def _own_snapshot(self, image: Image, each: Mapped) -> str | None:
        """The snapshot of a device, unless it is of another owner's image: those hold no data here."""
        foreign = image.owner != self.account and any(each.snapshot == known.snapshot for known in image.mapped)
        return None if foreign else each.snapshot

    def _volume_for(self, image: Image, each: Mapped, zone: tuple[str, str]) -> Volume:
        source = self._own_snapshot(image, each)
        volume = self.new_volume(
            zone, each.type, each.size, each.iops, each.throughput, source, each.encrypted, each.key
        )
        volume.snapshot = each.snapshot or ""
        return volume

    def _plug_interfaces(self, instance: Instance, plan: Plan) -> None:
        for place, each in enumerate(plan.interfaces):
            index = each.get("DeviceIndex") or 0
            if each.get("NetworkInterfaceId"):
                interface = self.interfaces[each["NetworkInterfaceId"]]
                self.attach(interface, instance.id, index, deleted_with_it=False)
                continue
            subnet = self.subnets[each["SubnetId"]] if each.get("SubnetId") else plan.subnet
            groups = plan.groups
            if place and each.get("Groups"):
                groups = self.groups_for(subnet.vpc, list(each["Groups"]), subnet.id)
            addresses = self._wanted(each.get("PrivateIpAddress"), each.get("PrivateIpAddresses") or ())
            more = each.get("SecondaryPrivateIpAddressCount") or 0
            interface = self.new_interface(subnet, groups, addresses, more)
            interface.description = each.get("Description") or ""
            self.tag(interface, plan.tags["network-interface"])
            self.attach(interface, instance.id, index, deleted_with_it=each.get("DeleteOnTermination", True))
            if place == 0 and plan.public:
                self.give_public(interface)

    # --- elsewhere

    def describe(self, instance: Instance) -> dict[str, Any]:
        interfaces: list[Interface] = self.interfaces_of(instance.id)
        root = instance.image.root
        volumes = sorted(
            self.volumes_of(instance.id), key=lambda volume: volume.attachments[instance.id].device != root
        )
        return instance.describe(interfaces, volumes)

    def tell_state(self, instance: Instance) -> None:
        raise NotImplementedError


def check_metadata_options(given: Wanted) -> None:
    for name, allowed in (
        ("HttpTokens", ("optional", "required")),
        ("HttpEndpoint", ("enabled", "disabled")),
        ("InstanceMetadataTags", ("enabled", "disabled")),
        ("HttpProtocolIpv6", ("enabled", "disabled")),
    ):
        if given.get(name) not in (None, *allowed):
            raise invalid(f"Invalid value '{given[name]}' for {name}.")
    hops = given.get("HttpPutResponseHopLimit")
    if hops is not None and not 1 <= hops <= 64:
        raise invalid(f"Value ({hops}) for parameter HttpPutResponseHopLimit is invalid. Must be between 1 and 64.")


def metadata_options(given: Wanted, image: Image) -> dict[str, Any]:
    """Images may ask for session tokens; else plain requests are answered as well."""
    strict = image.imds == "v2.0"
    return {
        "State": "applied",
        "HttpTokens": "required" if strict else "optional",
        "HttpPutResponseHopLimit": 2 if strict else 1,
        "HttpEndpoint": "enabled",
        "HttpProtocolIpv6": "disabled",
        "InstanceMetadataTags": "disabled",
        **{name: value for name, value in given.items() if value is not None},
    }

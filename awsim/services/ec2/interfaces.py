"""Network interfaces and elastic IPs, as records. Times are epoch seconds."""

from __future__ import annotations

from typing import Any, NamedTuple

from awsim.services.ec2.groups import SecurityGroup
from awsim.services.ec2.kinds import Kind, Resource
from awsim.services.ec2.network import Subnet
from awsim.state import Dict


class Public(NamedTuple):
    """A public address on a private one: an elastic IP's, or one that AWS gave (`allocation` None)."""

    address: str
    allocation: str | None = None
    association: str | None = None


class Attachment(NamedTuple):
    id: str
    instance: str
    owner: str
    place: int  # the device index
    time: float
    deleted_with_it: bool
    status: str = "attached"

    def described(self) -> dict[str, Any]:
        return {
            "AttachmentId": self.id,
            "AttachTime": self.time,
            "DeleteOnTermination": self.deleted_with_it,
            "DeviceIndex": self.place,
            "NetworkCardIndex": 0,
            "Status": self.status,
        }


class Interface(Resource):
    kind = Kind(
        "network-interface", "eni", "InvalidNetworkInterfaceID.NotFound",
        "The networkInterface ID '{id}' does not exist", "InvalidNetworkInterfaceId.Malformed",
    )  # fmt: skip

    def __init__(self, id_: str, owner: str, created: float, subnet: Subnet, mac: str, domain: str) -> None:
        super().__init__(id_, owner, created)
        self.subnet = subnet
        self.mac = mac
        self.domain = domain
        self.public_domain = ""
        self.description = ""
        self.groups: tuple[SecurityGroup, ...] = ()
        self.addresses: dict[str, Public | None] = Dict()  # private address -> public one; the first is the primary
        self.attachment: Attachment | None = None
        self.checks_source = True
        self.requester: str | None = None
        self.type = "interface"

    @property
    def primary(self) -> str:
        return next(iter(self.addresses))

    @property
    def public(self) -> Public | None:
        return self.addresses[self.primary]

    @property
    def status(self) -> str:
        return "in-use" if self.attachment is not None else "available"

    def name_of(self, address: str) -> str:
        return f"ip-{address.replace('.', '-')}.{self.domain}"

    def public_name(self, address: str) -> str:
        """Empty where the VPC gives no host names."""
        if not self.subnet.vpc.attributes["enableDnsHostnames"]:
            return ""
        return f"ec2-{address.replace('.', '-')}.{self.public_domain}"

    def group_list(self) -> list[dict[str, str]]:
        return [{"GroupId": group.id, "GroupName": group.name} for group in self.groups]

    def _association(self, public: Public) -> dict[str, Any]:
        found: dict[str, Any] = {
            "IpOwnerId": "amazon" if public.allocation is None else self.owner,
            "PublicDnsName": self.public_name(public.address),
            "PublicIp": public.address,
        }
        if public.allocation is not None:
            found |= {"AllocationId": public.allocation, "AssociationId": public.association}
        return found

    def _private(self, *, names: bool) -> list[dict[str, Any]]:
        primary = self.primary
        found = []
        for address, public in self.addresses.items():
            one: dict[str, Any] = {"Primary": address == primary, "PrivateIpAddress": address}
            if names:
                one["PrivateDnsName"] = self.name_of(address)
            if public is not None:
                one["Association"] = self._association(public)
            found.append(one)
        return found

    def _common(self) -> dict[str, Any]:
        names = bool(self.subnet.vpc.attributes["enableDnsSupport"])
        public = self.public
        return {
            "NetworkInterfaceId": self.id,
            "Description": self.description,
            "Groups": self.group_list(),
            "InterfaceType": self.type,
            "Ipv6Addresses": [],
            "MacAddress": self.mac,
            "OwnerId": self.owner,
            "PrivateDnsName": self.name_of(self.primary) if names else None,
            "PrivateIpAddress": self.primary,
            "PrivateIpAddresses": self._private(names=names),
            "Association": self._association(public) if public is not None else None,
            "SourceDestCheck": self.checks_source,
            "Status": self.status,
            "SubnetId": self.subnet.id,
            "VpcId": self.subnet.vpc.id,
        }

    def described(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            **self._common(),
            "AvailabilityZone": self.subnet.zone,
            "AvailabilityZoneId": self.subnet.zone_id,
            "RequesterId": self.requester,
            "RequesterManaged": self.requester is not None,
            "TagSet": self.tags.as_list(),
        }
        if self.attachment is not None:
            instance = self.instance
            found["Attachment"] = {
                **self.attachment.described(),
                "InstanceId": instance,
                "InstanceOwnerId": self.attachment.owner if instance is not None else "amazon-aws",
            }
        return found

    @property
    def instance(self) -> str | None:
        """The instance it is attached to: not the NAT gateway."""
        attached = self.attachment.instance if self.attachment is not None else ""
        return attached if attached.startswith("i-") else None

    def as_of_instance(self) -> dict[str, Any]:
        """As an instance's description has it."""
        attached = self.attachment.described() if self.attachment is not None else None
        return {**self._common(), "Attachment": attached}


class Address(Resource):
    """An elastic IP; its id is the allocation's."""

    kind = Kind(
        "elastic-ip", "eipalloc", "InvalidAllocationID.NotFound", "The allocation ID '{id}' does not exist",
        "InvalidAllocationId.Malformed",
    )  # fmt: skip

    def __init__(self, id_: str, owner: str, created: float, address: str, border: str) -> None:
        super().__init__(id_, owner, created)
        self.address = address
        self.border = border
        self.interface: Interface | None = None
        self.private: str | None = None
        self.association: str | None = None

    def described(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            "AllocationId": self.id,
            "PublicIp": self.address,
            "Domain": "vpc",
            "PublicIpv4Pool": "amazon",
            "NetworkBorderGroup": self.border,
            "Tags": self.tag_list(),
        }
        if self.interface is not None:
            found |= {
                "AssociationId": self.association,
                "InstanceId": self.interface.instance,
                "NetworkInterfaceId": self.interface.id,
                "NetworkInterfaceOwnerId": self.interface.owner,
                "PrivateIpAddress": self.private,
            }
        return found

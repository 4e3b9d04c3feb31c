"""Subnets. Source: VPC User Guide, "Subnets for your VPC", "Subnet CIDR blocks"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Address
from typing import Any

from awsim.errors import AWSError
from awsim.services.ec2 import blocks
from awsim.services.ec2.base import TagSpecifications
from awsim.services.ec2.filters import Filters
from awsim.services.ec2.network import Subnet, Vpc
from awsim.services.ec2.operations.vpcs import VpcOperations
from awsim.services.ec2.refusals import combination, dependency, invalid, missing
from awsim.services.ec2.zones import Zone, zones

_FILTERS = {
    "subnet-id": "SubnetId",
    "vpc-id": "VpcId",
    "availability-zone": "AvailabilityZone",
    "availabilityZone": "AvailabilityZone",
    "availability-zone-id": "AvailabilityZoneId",
    "availabilityZoneId": "AvailabilityZoneId",
    "available-ip-address-count": "AvailableIpAddressCount",
    "cidr-block": "CidrBlock",
    "cidr": "CidrBlock",
    "cidrBlock": "CidrBlock",
    "default-for-az": "DefaultForAz",
    "defaultForAz": "DefaultForAz",
    "ipv6-cidr-block-association.ipv6-cidr-block": "Ipv6CidrBlockAssociationSet.Ipv6CidrBlock",
    "map-public-ip-on-launch": "MapPublicIpOnLaunch",
    "owner-id": "OwnerId",
    "state": "State",
    "subnet-arn": "SubnetArn",
}
_FLAGS = {
    "MapPublicIpOnLaunch": "public",
    "AssignIpv6AddressOnCreation": "assigns_ipv6",
    "EnableDns64": "dns64",
}


class SubnetOperations(VpcOperations):
    def create_subnet(
        self,
        VpcId: str,
        CidrBlock: str | None = None,
        AvailabilityZone: str | None = None,
        AvailabilityZoneId: str | None = None,
        Ipv6CidrBlock: str | None = None,
        TagSpecifications: TagSpecifications = (),
    ) -> dict[str, Any]:
        vpc = self.vpcs[VpcId]
        if CidrBlock is None:
            raise missing("cidrBlock")
        block = blocks.read_ipv4(CidrBlock)
        if not self.limits["vpc-largest-block"] <= block.prefixlen <= self.limits["vpc-smallest-block"] or not any(
            block.subnet_of(known) for known in vpc.networks
        ):
            raise AWSError("InvalidSubnet.Range", f"The CIDR '{CidrBlock}' is invalid.")
        siblings = [subnet for subnet in self.subnets if subnet.vpc is vpc]
        if any(block.overlaps(subnet.network) for subnet in siblings):
            raise AWSError("InvalidSubnet.Conflict", f"The CIDR '{CidrBlock}' conflicts with another subnet")
        given = AvailabilityZone is not None or AvailabilityZoneId is not None
        zone = self.zone(AvailabilityZone, AvailabilityZoneId) if given else zones(self.region)[0]
        self.limits.quota("subnets-per-vpc", len(siblings), vpc.id)
        asked = self.tags_for(TagSpecifications, "subnet")["subnet"]
        subnet = self.new_subnet(vpc, str(block), zone)
        self.tag(subnet, asked)
        if Ipv6CidrBlock is not None:
            self._give_ipv6_block(subnet, Ipv6CidrBlock)
        return {"Subnet": subnet.described()}

    def describe_subnets(
        self,
        SubnetIds: Sequence[str] = (),
        Filters: Filters = (),
        NextToken: str | None = None,
        MaxResults: int | None = None,
    ) -> dict[str, Any]:
        chosen = self.chosen(self.subnets, SubnetIds, MaxResults)
        return self.listing("Subnets", chosen, Filters, _FILTERS, NextToken, MaxResults)

    def delete_subnet(self, SubnetId: str) -> None:
        subnet = self.subnets[SubnetId]
        if subnet.taken:
            raise dependency("subnet", subnet.id)
        self.subnet_leaves(subnet)
        self.subnets.remove(subnet.id)

    def create_default_subnet(
        self, AvailabilityZone: str | None = None, AvailabilityZoneId: str | None = None
    ) -> dict[str, Any]:
        if AvailabilityZone is None and AvailabilityZoneId is None:
            raise missing("availabilityZone")
        zone = self.zone(AvailabilityZone, AvailabilityZoneId)
        vpc = self.default_vpc
        if vpc is None:
            raise AWSError("DefaultVpcDoesNotExist", "There is no default VPC for this account in this region.")
        siblings = [subnet for subnet in self.subnets if subnet.vpc is vpc]
        if any(subnet.default_for_zone and subnet.zone == zone.name for subnet in siblings):
            raise AWSError(
                "DefaultSubnetAlreadyExistsInAvailabilityZone",
                f"A default subnet already exists in the availability zone {zone.name}.",
            )
        free = (
            block
            for block in vpc.networks[0].subnets(new_prefix=20)
            if not any(block.overlaps(subnet.network) for subnet in siblings)
        )
        block = next(free, None)
        if block is None:
            raise AWSError("InsufficientFreeAddressesInSubnet", "There is no room for a default subnet in the VPC.")
        subnet = self.new_subnet(vpc, str(block), zone)
        subnet.default_for_zone = subnet.public = True
        return {"Subnet": subnet.described()}

    def modify_subnet_attribute(
        self,
        SubnetId: str,
        MapPublicIpOnLaunch: Mapping[str, bool] | None = None,
        AssignIpv6AddressOnCreation: Mapping[str, bool] | None = None,
        EnableDns64: Mapping[str, bool] | None = None,
        PrivateDnsHostnameTypeOnLaunch: str | None = None,
        EnableResourceNameDnsARecordOnLaunch: Mapping[str, bool] | None = None,
    ) -> None:
        subnet = self.subnets[SubnetId]
        flags = {
            "MapPublicIpOnLaunch": MapPublicIpOnLaunch,
            "AssignIpv6AddressOnCreation": AssignIpv6AddressOnCreation,
            "EnableDns64": EnableDns64,
        }
        given = [name for name, value in flags.items() if value is not None]
        names: dict[str, Any] = {}
        if PrivateDnsHostnameTypeOnLaunch is not None:
            names["HostnameType"] = PrivateDnsHostnameTypeOnLaunch
        if EnableResourceNameDnsARecordOnLaunch is not None:
            names["EnableResourceNameDnsARecord"] = bool(EnableResourceNameDnsARecordOnLaunch.get("Value"))
        if len(given) + len(names) > 1:
            raise combination("Only one attribute can be modified at a time.")
        if not given and not names:
            raise missing("attribute")
        for name in given:
            value = bool((flags[name] or {}).get("Value"))
            if name == "AssignIpv6AddressOnCreation" and value and not subnet.ipv6:
                raise invalid("Invalid value 'true' for assignIpv6AddressOnCreation. Subnet has no IPv6 CIDR block.")
            setattr(subnet, _FLAGS[name], value)
        if names:
            subnet.names = {**subnet.names, **names}

    def associate_subnet_cidr_block(self, SubnetId: str, Ipv6CidrBlock: str | None = None) -> dict[str, Any]:
        subnet = self.subnets[SubnetId]
        if Ipv6CidrBlock is None:
            raise missing("ipv6CidrBlock")
        id_ = self._give_ipv6_block(subnet, Ipv6CidrBlock)
        shown = {
            "AssociationId": id_,
            "Ipv6CidrBlock": subnet.ipv6[id_],
            "Ipv6CidrBlockState": {"State": "associating"},
        }
        return {"SubnetId": subnet.id, "Ipv6CidrBlockAssociation": shown}

    # --- parts

    def new_subnet(self, vpc: Vpc, cidr: str, zone: Zone) -> Subnet:
        id_ = self.subnets.new_id()
        arn = self.arn(f"subnet/{id_}")
        subnet = Subnet(id_, self.account, self.clock.time(), arn, vpc, cidr, zone.name, zone.id)
        self.subnets.add(subnet)
        self.subnet_joins(subnet)
        return subnet

    def _give_ipv6_block(self, subnet: Subnet, text: str) -> str:
        block = blocks.read_ipv6(text)
        around = [blocks.read_ipv6(known) for known in subnet.vpc.ipv6.values()]
        if block.prefixlen != 64 or not any(block.subnet_of(known) for known in around):
            raise AWSError("InvalidSubnet.Range", f"The CIDR '{text}' is invalid.")
        id_ = f"subnet-cidr-assoc-{self.ids.hex('subnet-cidr-assoc', 17)}"
        subnet.ipv6[id_] = str(block)
        return id_

    def take_address(self, subnet: Subnet, interface: str, wanted: str | None = None) -> str:
        """An address of a subnet for an interface: the one that is wanted, or the next free one."""
        network = subnet.network
        if wanted is not None:
            self.check_address(subnet, wanted)
        else:
            self.check_room(subnet, 1)
            # After the newest, so that an address that was given back does not return at once.
            newest = next(reversed(subnet.taken), None) if subnet.taken else None
            first, last = int(network.network_address) + blocks.RESERVED_FIRST, int(network.broadcast_address) - 1
            number = int(IPv4Address(newest)) + 1 if newest is not None else first
            while number > last or str(IPv4Address(number)) in subnet.taken:
                number = number + 1 if number < last else first
            wanted = str(IPv4Address(number))
        subnet.taken[wanted] = interface
        return wanted

    def check_address(self, subnet: Subnet, wanted: str) -> None:
        """Refuse an address that an interface cannot have."""
        address = blocks.read_address(wanted)
        if address not in subnet.network:
            raise invalid("Address does not fall within the subnet's address range")
        if blocks.reserved(subnet.network, address):
            raise invalid(f"Address {wanted} is in subnet's reserved address range")
        if wanted in subnet.taken:
            raise AWSError("InvalidIPAddress.InUse", f"Address {wanted} is in use.")

    def check_room(self, subnet: Subnet, addresses: int) -> None:
        if subnet.available < addresses:
            raise AWSError(
                "InsufficientFreeAddressesInSubnet",
                "The specified subnet does not have enough free addresses to satisfy the request.",
            )

    def subnet_joins(self, subnet: Subnet) -> None:
        """A subnet was made: extended by kinds of resources that every subnet goes with."""

    def subnet_leaves(self, subnet: Subnet) -> None:
        """A subnet is being deleted."""

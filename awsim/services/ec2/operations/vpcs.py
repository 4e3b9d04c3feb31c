"""VPCs. Source: VPC User Guide, "Your VPCs", "VPC CIDR blocks", "Default VPCs"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from awsim.errors import AWSError
from awsim.services.ec2 import blocks
from awsim.services.ec2.base import TagSpecifications
from awsim.services.ec2.filters import Filters
from awsim.services.ec2.kinds import Kept
from awsim.services.ec2.network import Subnet, Vpc
from awsim.services.ec2.operations.regions import RegionOperations
from awsim.services.ec2.refusals import combination, dependency, invalid, missing
from awsim.services.ec2.rehearsal import rehearsable
from awsim.services.ec2.zones import zones

_FILTERS = {
    "vpc-id": "VpcId",
    "cidr": "CidrBlock",
    "cidr-block-association.cidr-block": "CidrBlockAssociationSet.CidrBlock",
    "cidr-block-association.association-id": "CidrBlockAssociationSet.AssociationId",
    "cidr-block-association.state": "CidrBlockAssociationSet.CidrBlockState.State",
    "ipv6-cidr-block-association.ipv6-cidr-block": "Ipv6CidrBlockAssociationSet.Ipv6CidrBlock",
    "ipv6-cidr-block-association.association-id": "Ipv6CidrBlockAssociationSet.AssociationId",
    "ipv6-cidr-block-association.state": "Ipv6CidrBlockAssociationSet.Ipv6CidrBlockState.State",
    "dhcp-options-id": "DhcpOptionsId",
    "is-default": "IsDefault",
    "isDefault": "IsDefault",
    "owner-id": "OwnerId",
    "state": "State",
}
_DEFAULT_BLOCK = "172.31.0.0/16"
_ATTRIBUTES = {
    "enableDnsSupport": "EnableDnsSupport",
    "enableDnsHostnames": "EnableDnsHostnames",
    "enableNetworkAddressUsageMetrics": "EnableNetworkAddressUsageMetrics",
}


class VpcOperations(RegionOperations):
    vpcs = Kept(Vpc)
    subnets = Kept(Subnet)

    def setup(self) -> None:
        super().setup()
        self.dhcp_options = f"dopt-{self.ids.hex('dopt', 17)}"
        self.make_default_vpc()

    # --- operations

    def create_vpc(
        self,
        CidrBlock: str | None = None,
        InstanceTenancy: str | None = None,
        AmazonProvidedIpv6CidrBlock: bool | None = None,
        TagSpecifications: TagSpecifications = (),
    ) -> dict[str, Any]:
        if CidrBlock is None:
            raise missing("cidrBlock")
        cidr = self._block_of_vpc(CidrBlock)
        if InstanceTenancy not in (None, "default", "dedicated"):
            raise invalid(f"Invalid value '{InstanceTenancy}' for instanceTenancy.")
        self.limits.quota("vpcs", len(self.vpcs))
        vpc = self.tagged(self._vpc(cidr), TagSpecifications)
        vpc.tenancy = InstanceTenancy or "default"
        if AmazonProvidedIpv6CidrBlock:
            self._give_ipv6(vpc)
        self.vpcs.add(vpc)
        self.furnish(vpc)
        described = vpc.described()
        for each in described["Ipv6CidrBlockAssociationSet"] or ():
            each["Ipv6CidrBlockState"] = {"State": "associating"}
        return {"Vpc": {**described, "State": "pending"}}

    def describe_vpcs(
        self,
        VpcIds: Sequence[str] = (),
        Filters: Filters = (),
        NextToken: str | None = None,
        MaxResults: int | None = None,
    ) -> dict[str, Any]:
        chosen = self.chosen(self.vpcs, VpcIds, MaxResults)
        return self.listing("Vpcs", chosen, Filters, _FILTERS, NextToken, MaxResults)

    def delete_vpc(self, VpcId: str) -> None:
        vpc = self.vpcs[VpcId]
        if any(subnet.vpc is vpc for subnet in self.subnets) or self.occupied(vpc):
            raise dependency("vpc", vpc.id)
        self.strip(vpc)
        self.vpcs.remove(vpc.id)
        self.limits.used("vpcs", len(self.vpcs))

    @rehearsable
    def create_default_vpc(self) -> dict[str, Any]:
        if self.default_vpc_id is not None:
            raise AWSError("DefaultVpcAlreadyExists", "A Default VPC already exists for this account in this region.")
        self.limits.quota("vpcs", len(self.vpcs))
        return {"Vpc": {**self.make_default_vpc().described(), "State": "pending"}}

    def modify_vpc_attribute(
        self,
        VpcId: str,
        EnableDnsHostnames: Mapping[str, bool] | None = None,
        EnableDnsSupport: Mapping[str, bool] | None = None,
        EnableNetworkAddressUsageMetrics: Mapping[str, bool] | None = None,
    ) -> None:
        vpc = self.vpcs[VpcId]
        given = {
            "enableDnsHostnames": EnableDnsHostnames,
            "enableDnsSupport": EnableDnsSupport,
            "enableNetworkAddressUsageMetrics": EnableNetworkAddressUsageMetrics,
        }
        changed = {name: bool(value.get("Value")) for name, value in given.items() if value is not None}
        if not changed:
            raise missing("attribute")
        if len(changed) > 1:
            raise combination("Fields for multiple attribute types specified: " + ", ".join(sorted(changed)))
        attributes = {**vpc.attributes, **changed}
        if changed.get("enableDnsHostnames") and not attributes["enableDnsSupport"]:
            raise invalid("DNS hostnames cannot be enabled while DNS support is disabled.")
        vpc.attributes = attributes

    def describe_vpc_attribute(self, VpcId: str, Attribute: str) -> dict[str, Any]:
        vpc = self.vpcs[VpcId]
        return {"VpcId": vpc.id, _ATTRIBUTES[Attribute]: {"Value": vpc.attributes[Attribute]}}

    def associate_vpc_cidr_block(
        self, VpcId: str, CidrBlock: str | None = None, AmazonProvidedIpv6CidrBlock: bool | None = None
    ) -> dict[str, Any]:
        vpc = self.vpcs[VpcId]
        if AmazonProvidedIpv6CidrBlock:
            id_ = self._give_ipv6(vpc)
            shown = {**vpc.ipv6_association(id_), "Ipv6CidrBlockState": {"State": "associating"}}
            return {"VpcId": vpc.id, "Ipv6CidrBlockAssociation": shown}
        if CidrBlock is None:
            raise missing("cidrBlock")
        block = blocks.read_ipv4(self._block_of_vpc(CidrBlock))
        if any(block.overlaps(known) for known in vpc.networks):
            raise invalid(f"The CIDR '{block}' conflicts with another CIDR block of the VPC.")
        self.limits.quota("blocks-per-vpc", len(vpc.blocks), vpc.id, vpc=vpc.id)
        id_ = f"vpc-cidr-assoc-{self.ids.hex('vpc-cidr-assoc', 17)}"
        vpc.blocks[id_] = str(block)
        self.block_added(vpc, str(block))
        return {
            "VpcId": vpc.id,
            "CidrBlockAssociation": {
                "AssociationId": id_,
                "CidrBlock": str(block),
                "CidrBlockState": {"State": "associating"},
            },
        }

    def disassociate_vpc_cidr_block(self, AssociationId: str) -> dict[str, Any]:
        for vpc in self.vpcs:
            if AssociationId in vpc.ipv6:
                shown = {**vpc.ipv6_association(AssociationId), "Ipv6CidrBlockState": {"State": "disassociating"}}
                del vpc.ipv6[AssociationId]
                return {"VpcId": vpc.id, "Ipv6CidrBlockAssociation": shown}
            if AssociationId in vpc.blocks:
                return {"VpcId": vpc.id, "CidrBlockAssociation": self._drop_block(vpc, AssociationId)}
        raise AWSError(
            "InvalidVpcCidrBlockAssociationID.NotFound",
            f"The vpc CIDR block association ID '{AssociationId}' does not exist",
        )

    def _drop_block(self, vpc: Vpc, association: str) -> dict[str, Any]:
        block = vpc.blocks[association]
        if block == vpc.cidr:
            raise AWSError(
                "OperationNotPermitted",
                f"The vpc CIDR block with association ID {association} may not be disassociated. "
                "It is the primary IPv4 CIDR block of the VPC",
            )
        network = blocks.read_ipv4(block)
        if any(subnet.vpc is vpc and subnet.network.subnet_of(network) for subnet in self.subnets):
            raise dependency("vpc CIDR block", association)
        del vpc.blocks[association]
        self.block_removed(vpc, block)
        return {"AssociationId": association, "CidrBlock": block, "CidrBlockState": {"State": "disassociating"}}

    def describe_dhcp_options(
        self, DhcpOptionsIds: Sequence[str] = (), NextToken: str | None = None, MaxResults: int | None = None
    ) -> dict[str, Any]:
        """Each account and region has one set from the start; awsim makes no others."""
        if NextToken is not None:
            raise invalid("The token is not valid.")
        for id_ in DhcpOptionsIds:
            if id_ != self.dhcp_options:
                raise AWSError("InvalidDhcpOptionID.NotFound", f"The dhcpOption ID '{id_}' does not exist")
        values = {"domain-name": self.domain, "domain-name-servers": "AmazonProvidedDNS"}
        settings = [{"Key": key, "Values": [{"Value": value}]} for key, value in values.items()]
        return {
            "DhcpOptions": [
                {"DhcpOptionsId": self.dhcp_options, "OwnerId": self.account, "DhcpConfigurations": settings}
            ]
        }

    # --- parts

    @property
    def default_vpc(self) -> Vpc | None:
        return self.vpcs.find(lambda vpc: vpc.default)

    @property
    def default_vpc_id(self) -> str | None:
        vpc = self.default_vpc
        return None if vpc is None else vpc.id

    @property
    def domain(self) -> str:
        """The domain of private host names."""
        return "ec2.internal" if self.region == "us-east-1" else f"{self.region}.compute.internal"

    def make_default_vpc(self) -> Vpc:
        """A VPC with a subnet in every zone, all of which reach the internet."""
        vpc = self._vpc(_DEFAULT_BLOCK)
        vpc.default = True
        vpc.attributes = {**vpc.attributes, "enableDnsHostnames": True}
        self.vpcs.add(vpc)
        self.furnish(vpc)
        self.connect(vpc)
        for number, zone in enumerate(zones(self.region)):
            subnet = self.new_subnet(vpc, f"172.31.{number * 16}.0/20", zone)
            subnet.default_for_zone = subnet.public = True
        return vpc

    def _vpc(self, cidr: str) -> Vpc:
        association = f"vpc-cidr-assoc-{self.ids.hex('vpc-cidr-assoc', 17)}"
        return Vpc(self.vpcs.new_id(), self.account, self.clock.time(), cidr, association, self.dhcp_options)

    def _block_of_vpc(self, text: str) -> str:
        block = blocks.read_ipv4(text)
        if not self.limits["vpc-largest-block"] <= block.prefixlen <= self.limits["vpc-smallest-block"]:
            raise AWSError("InvalidVpc.Range", f"The CIDR '{text}' is invalid.")
        return str(block)

    def _give_ipv6(self, vpc: Vpc) -> str:
        digits = self.ids.hex("ipv6-block", 8)
        id_ = f"vpc-cidr-assoc-{self.ids.hex('vpc-cidr-assoc', 17)}"
        vpc.ipv6[id_] = str(blocks.read_ipv6(f"2600:1f18:{digits[:4]}:{digits[4:6]}00::/56"))
        return id_

    # What other kinds of resources add to a VPC.

    def furnish(self, vpc: Vpc) -> None:
        """Give a new VPC what every one has: extended by each kind of resource."""

    def strip(self, vpc: Vpc) -> None:
        """Take away what goes with a VPC."""

    def connect(self, vpc: Vpc) -> None:
        """Give a default VPC its way to the internet."""

    def occupied(self, vpc: Vpc) -> bool:
        """Whether something in a VPC keeps it from being deleted."""
        return False

    def block_added(self, vpc: Vpc, block: str) -> None:
        """A VPC has a further IPv4 block."""

    def block_removed(self, vpc: Vpc, block: str) -> None:
        """A VPC has lost an IPv4 block."""

    def new_subnet(self, vpc: Vpc, cidr: str, zone: Any) -> Subnet:
        raise NotImplementedError

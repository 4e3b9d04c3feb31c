"""VPCs and what lies in them, as records. Times are epoch seconds."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Network
from typing import Any

from awsim.services.ec2.kinds import Kind, Resource
from awsim.state import Dict


class Vpc(Resource):
    kind = Kind("vpc", "vpc", "InvalidVpcID.NotFound", "The vpc ID '{id}' does not exist", "InvalidVpcID.Malformed")

    def __init__(self, id_: str, owner: str, created: float, cidr: str, association: str, options: str) -> None:
        super().__init__(id_, owner, created)
        self.cidr = cidr
        self.blocks: dict[str, str] = Dict({association: cidr})  # association id -> IPv4 block
        self.ipv6: dict[str, str] = Dict()  # association id -> IPv6 block
        self.options = options
        self.tenancy = "default"
        self.default = False
        self.attributes: Mapping[str, bool] = {
            "enableDnsSupport": True,
            "enableDnsHostnames": False,
            "enableNetworkAddressUsageMetrics": False,
        }

    @property
    def networks(self) -> list[IPv4Network]:
        return [IPv4Network(block) for block in self.blocks.values()]

    def described(self) -> dict[str, Any]:
        return {
            "VpcId": self.id,
            "State": "available",
            "CidrBlock": self.cidr,
            "CidrBlockAssociationSet": [
                {"AssociationId": id_, "CidrBlock": block, "CidrBlockState": {"State": "associated"}}
                for id_, block in self.blocks.items()
            ],
            "Ipv6CidrBlockAssociationSet": [self.ipv6_association(id_) for id_ in self.ipv6] or None,
            "DhcpOptionsId": self.options,
            "InstanceTenancy": self.tenancy,
            "IsDefault": self.default,
            "OwnerId": self.owner,
            "Tags": self.tag_list(),
        }

    def ipv6_association(self, id_: str) -> dict[str, Any]:
        return {
            "AssociationId": id_,
            "Ipv6CidrBlock": self.ipv6[id_],
            "Ipv6CidrBlockState": {"State": "associated"},
            "Ipv6Pool": "Amazon",
            "IpSource": "amazon",
        }


class Subnet(Resource):
    kind = Kind(
        "subnet", "subnet", "InvalidSubnetID.NotFound", "The subnet ID '{id}' does not exist",
        "InvalidSubnetID.Malformed",
    )  # fmt: skip

    def __init__(
        self, id_: str, owner: str, created: float, arn: str, vpc: Vpc, cidr: str, zone: str, zone_id: str
    ) -> None:
        super().__init__(id_, owner, created)
        self.arn = arn
        self.vpc = vpc
        self.cidr = cidr
        self.zone = zone
        self.zone_id = zone_id
        self.default_for_zone = False
        self.public = False  # whether instances get a public address at launch
        self.ipv6: dict[str, str] = Dict()
        self.assigns_ipv6 = False
        self.dns64 = False
        self.names: Mapping[str, Any] = {
            "HostnameType": "ip-name",
            "EnableResourceNameDnsARecord": False,
            "EnableResourceNameDnsAAAARecord": False,
        }
        self.taken: dict[str, str] = Dict()  # address -> interface

    @property
    def network(self) -> IPv4Network:
        return IPv4Network(self.cidr)

    @property
    def available(self) -> int:
        return self.network.num_addresses - 5 - len(self.taken)

    def described(self) -> dict[str, Any]:
        return {
            "SubnetId": self.id,
            "SubnetArn": self.arn,
            "VpcId": self.vpc.id,
            "State": "available",
            "CidrBlock": self.cidr,
            "AvailabilityZone": self.zone,
            "AvailabilityZoneId": self.zone_id,
            "AvailableIpAddressCount": self.available,
            "DefaultForAz": self.default_for_zone,
            "MapPublicIpOnLaunch": self.public,
            "MapCustomerOwnedIpOnLaunch": False,
            "AssignIpv6AddressOnCreation": self.assigns_ipv6,
            "Ipv6CidrBlockAssociationSet": [
                {"AssociationId": id_, "Ipv6CidrBlock": block, "Ipv6CidrBlockState": {"State": "associated"}}
                for id_, block in self.ipv6.items()
            ],
            "EnableDns64": self.dns64,
            "Ipv6Native": False,
            "PrivateDnsNameOptionsOnLaunch": dict(self.names),
            "OwnerId": self.owner,
            "Tags": self.tag_list(),
        }


class InternetGateway(Resource):
    kind = Kind(
        "internet-gateway", "igw", "InvalidInternetGatewayID.NotFound", "The internetGateway ID '{id}' does not exist",
        "InvalidInternetGatewayId.Malformed",
    )  # fmt: skip

    def __init__(self, id_: str, owner: str, created: float) -> None:
        super().__init__(id_, owner, created)
        self.vpc: Vpc | None = None

    def described(self) -> dict[str, Any]:
        attached = [{"VpcId": self.vpc.id, "State": "available"}] if self.vpc is not None else []
        return {
            "InternetGatewayId": self.id,
            "Attachments": attached,
            "OwnerId": self.owner,
            "Tags": self.tag_list(),
        }


class RouteTable(Resource):
    kind = Kind(
        "route-table", "rtb", "InvalidRouteTableID.NotFound", "The routeTable ID '{id}' does not exist",
        "InvalidRouteTableId.Malformed",
    )  # fmt: skip

    def __init__(self, id_: str, owner: str, created: float, vpc: Vpc) -> None:
        super().__init__(id_, owner, created)
        self.vpc = vpc
        self.routes: dict[str, Mapping[str, Any]] = Dict()  # destination -> route as described, without its state
        self.associations: dict[str, str | None] = Dict()  # id -> subnet or gateway, None for the VPC itself

    @property
    def is_main(self) -> bool:
        return None in self.associations.values()

    def described(self) -> dict[str, Any]:
        return {
            "RouteTableId": self.id,
            "VpcId": self.vpc.id,
            "OwnerId": self.owner,
            "PropagatingVgws": [],
            "Associations": [self.association(id_) for id_ in self.associations],
            "Routes": list(self.routes.values()),
            "Tags": self.tag_list(),
        }

    def association(self, id_: str) -> dict[str, Any]:
        target = self.associations[id_]
        found: dict[str, Any] = {
            "Main": target is None,
            "RouteTableAssociationId": id_,
            "RouteTableId": self.id,
            "AssociationState": {"State": "associated"},
        }
        if target is not None:
            found["GatewayId" if target.startswith("igw-") else "SubnetId"] = target
        return found


class NetworkAcl(Resource):
    kind = Kind(
        "network-acl", "acl", "InvalidNetworkAclID.NotFound", "The networkAcl ID '{id}' does not exist",
        "InvalidNetworkAclId.Malformed",
    )  # fmt: skip

    def __init__(self, id_: str, owner: str, created: float, vpc: Vpc, default: bool) -> None:
        super().__init__(id_, owner, created)
        self.vpc = vpc
        self.default = default
        self.entries: dict[tuple[bool, int], Mapping[str, Any]] = Dict()  # (egress, rule number) -> entry
        self.associations: dict[str, str] = Dict()  # id -> subnet

    def described(self) -> dict[str, Any]:
        return {
            "NetworkAclId": self.id,
            "VpcId": self.vpc.id,
            "IsDefault": self.default,
            "Entries": [
                {"Egress": egress, "RuleNumber": number, **self.entries[egress, number]}
                for egress, number in sorted(self.entries, key=lambda key: (not key[0], key[1]))
            ],
            "Associations": [
                {"NetworkAclAssociationId": id_, "NetworkAclId": self.id, "SubnetId": subnet}
                for id_, subnet in self.associations.items()
            ],
            "OwnerId": self.owner,
            "Tags": self.tag_list(),
        }

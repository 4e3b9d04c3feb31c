"""NAT gateways. Source: VPC User Guide, "NAT gateways". Regional ones and further addresses are not modelled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from awsim.errors import AWSError
from awsim.services.ec2.base import TagSpecifications
from awsim.services.ec2.filters import Filters
from awsim.services.ec2.interfaces import Address, Interface
from awsim.services.ec2.kinds import Kept, Kind, Resource
from awsim.services.ec2.network import Subnet, Vpc
from awsim.services.ec2.operations.transit import TransitOperations
from awsim.services.ec2.refusals import invalid, missing

_FILTERS = {
    "nat-gateway-id": "NatGatewayId",
    "state": "State",
    "subnet-id": "SubnetId",
    "vpc-id": "VpcId",
    "connectivity-type": "ConnectivityType",
}


class NatGateway(Resource):
    kind = Kind("natgateway", "nat", "NatGatewayNotFound", "The Nat Gateway {id} was not found", "NatGatewayMalformed")

    def __init__(
        self, id_: str, owner: str, created: float, subnet: Subnet, interface: Interface, address: Address | None
    ) -> None:
        super().__init__(id_, owner, created)
        self.subnet = subnet
        self.interface = interface
        self.private = interface.primary
        self.public = (address.id, address.address, address.association) if address is not None else None
        self.state = "pending"
        self.ended: float | None = None

    @property
    def alive(self) -> bool:
        return self.state in ("pending", "available")

    def described(self) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "NetworkInterfaceId": self.interface.id,
            "PrivateIp": self.private,
            "IsPrimary": True,
            "Status": "succeeded",
        }
        if self.public is not None:
            shown |= {"AllocationId": self.public[0], "PublicIp": self.public[1], "AssociationId": self.public[2]}
        return {
            "NatGatewayId": self.id,
            "State": self.state,
            "SubnetId": self.subnet.id,
            "VpcId": self.subnet.vpc.id,
            "ConnectivityType": "public" if self.public is not None else "private",
            "CreateTime": self.created,
            "DeleteTime": self.ended,
            "NatGatewayAddresses": [shown],
            "Tags": self.tag_list(),
        }


class NatOperations(TransitOperations):
    nat_gateways = Kept(NatGateway)

    def create_nat_gateway(
        self,
        SubnetId: str | None = None,
        AllocationId: str | None = None,
        ConnectivityType: str | None = None,
        PrivateIpAddress: str | None = None,
        TagSpecifications: TagSpecifications = (),
        ClientToken: str | None = None,
    ) -> dict[str, Any]:
        if SubnetId is None:
            raise missing("SubnetId")
        subnet = self.subnets[SubnetId]
        public = (ConnectivityType or "public") == "public"
        if public and AllocationId is None:
            raise missing("AllocationId")
        if not public and AllocationId is not None:
            raise invalid("AllocationId is not supported with a private NAT gateway.")
        address = self.addresses[AllocationId] if AllocationId is not None else None
        if address is not None and address.association is not None:
            raise AWSError(
                "Resource.AlreadyAssociated",
                f"Elastic IP address [{address.id}] is already associated",
            )
        if public and self.gateway_of(subnet.vpc) is None:
            raise AWSError("Gateway.NotAttached", f"Network {subnet.vpc.id} has no Internet gateway attached")
        zone = subnet.zone
        used = sum(each.alive and each.subnet.zone == zone for each in self.nat_gateways)
        self.limits.quota("nat-gateways-per-zone", used, zone)
        tags = self.tags_for(TagSpecifications, "natgateway")["natgateway"]
        if PrivateIpAddress is not None:
            self.check_address(subnet, PrivateIpAddress)
        interface = self.new_interface(subnet, (), [PrivateIpAddress])
        interface.type, interface.checks_source = "nat_gateway", False
        id_ = self.nat_gateways.new_id()
        interface.description = f"Interface for NAT Gateway {id_}"
        interface.requester = self.account
        self.attach(interface, id_, 1, deleted_with_it=True)
        if address is not None:
            self.put_address(address, interface, interface.primary)
        gateway = NatGateway(id_, self.account, self.clock.time(), subnet, interface, address)
        self.tag(gateway, tags)
        self.nat_gateways.add(gateway)
        self.later(self.limits.duration("nat-gateway"), "_settle_nat", gateway=id_, first="pending", last="available")
        return {"NatGateway": gateway.described(), "ClientToken": ClientToken}

    def describe_nat_gateways(
        self,
        NatGatewayIds: Sequence[str] = (),
        Filter: Filters = (),
        NextToken: str | None = None,
        MaxResults: int | None = None,
    ) -> dict[str, Any]:
        chosen = self.chosen(self.nat_gateways, NatGatewayIds, MaxResults)
        return self.listing("NatGateways", chosen, Filter, _FILTERS, NextToken, MaxResults)

    def delete_nat_gateway(self, NatGatewayId: str) -> dict[str, Any]:
        gateway = self.nat_gateways[NatGatewayId]
        if gateway.alive:
            gateway.state = "deleting"
            gateway.ended = self.clock.time()
            self.later(
                self.limits.duration("nat-gateway"), "_settle_nat", gateway=gateway.id, first="deleting", last="deleted"
            )
        return {"NatGatewayId": gateway.id}

    # --- parts

    def _settle_nat(self, gateway: str, first: str, last: str) -> None:
        found = self.nat_gateways.get(gateway)
        if found is None or found.state != first:
            return
        found.state = last
        if last == "deleted":
            found.interface.attachment = None
            self.drop_interface(found.interface)
            self.later(self.limits["deleted-nat-gateway"], "_forget_nat", gateway=gateway)

    def _forget_nat(self, gateway: str) -> None:
        if gateway in self.nat_gateways:
            self.nat_gateways.remove(gateway)

    def check_nat_target(self, vpc: Vpc, id_: str) -> None:
        gateway = self.nat_gateways[id_]
        if gateway.subnet.vpc is not vpc:
            raise invalid(f"route table and NAT gateway {id_} belong to different networks")

    def target_lives(self, name: str, id_: str, vpc: Vpc) -> bool:
        if name == "NatGatewayId":
            gateway = self.nat_gateways.get(id_)
            return gateway is not None and gateway.alive
        return super().target_lives(name, id_, vpc)

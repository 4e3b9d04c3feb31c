"""Internet gateways. Source: VPC User Guide, "Internet gateways"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from awsim.errors import AWSError
from awsim.services.ec2.base import TagSpecifications
from awsim.services.ec2.filters import Filters
from awsim.services.ec2.kinds import Kept
from awsim.services.ec2.network import InternetGateway, Vpc
from awsim.services.ec2.operations.subnets import SubnetOperations
from awsim.services.ec2.refusals import dependency, invalid

_FILTERS = {
    "internet-gateway-id": "InternetGatewayId",
    "attachment.vpc-id": "Attachments.VpcId",
    "attachment.state": "Attachments.State",
    "owner-id": "OwnerId",
}


class GatewayOperations(SubnetOperations):
    gateways = Kept(InternetGateway)

    def create_internet_gateway(self, TagSpecifications: TagSpecifications = ()) -> dict[str, Any]:
        self.limits.quota("internet-gateways", len(self.gateways))
        gateway = self.tagged(self._gateway(), TagSpecifications)
        return {"InternetGateway": self.gateways.add(gateway).described()}

    def describe_internet_gateways(
        self,
        InternetGatewayIds: Sequence[str] = (),
        Filters: Filters = (),
        NextToken: str | None = None,
        MaxResults: int | None = None,
    ) -> dict[str, Any]:
        chosen = self.chosen(self.gateways, InternetGatewayIds, MaxResults)
        return self.listing("InternetGateways", chosen, Filters, _FILTERS, NextToken, MaxResults)

    def attach_internet_gateway(self, InternetGatewayId: str, VpcId: str) -> None:
        gateway, vpc = self.gateways[InternetGatewayId], self.vpcs[VpcId]
        if gateway.vpc is not None:
            raise AWSError(
                "Resource.AlreadyAssociated",
                f"resource {gateway.id} is already attached to network {gateway.vpc.id}",
            )
        if self.gateways.find(lambda known: known.vpc is vpc):
            raise invalid(f"Network {vpc.id} already has an internet gateway attached")
        gateway.vpc = vpc

    def detach_internet_gateway(self, InternetGatewayId: str, VpcId: str) -> None:
        gateway, vpc = self.gateways[InternetGatewayId], self.vpcs[VpcId]
        if gateway.vpc is not vpc:
            raise AWSError("Gateway.NotAttached", f"resource {gateway.id} is not attached to network {vpc.id}")
        if self.has_public_addresses(vpc):
            raise AWSError(
                "DependencyViolation",
                f"Network {vpc.id} has some mapped public address(es). Please unmap those public address(es) before "
                "detaching the gateway.",
            )
        gateway.vpc = None

    def delete_internet_gateway(self, InternetGatewayId: str) -> None:
        gateway = self.gateways[InternetGatewayId]
        if gateway.vpc is not None:
            raise dependency("internetGateway", gateway.id)
        self.gateways.remove(gateway.id)
        self.limits.used("internet-gateways", len(self.gateways))

    # --- parts

    def _gateway(self) -> InternetGateway:
        return InternetGateway(self.gateways.new_id(), self.account, self.clock.time())

    def connect(self, vpc: Vpc) -> None:
        super().connect(vpc)
        self.gateways.add(self._gateway()).vpc = vpc

    def occupied(self, vpc: Vpc) -> bool:
        return super().occupied(vpc) or any(gateway.vpc is vpc for gateway in self.gateways)

    def gateway_of(self, vpc: Vpc) -> InternetGateway | None:
        return self.gateways.find(lambda gateway: gateway.vpc is vpc)

    def has_public_addresses(self, vpc: Vpc) -> bool:
        raise NotImplementedError

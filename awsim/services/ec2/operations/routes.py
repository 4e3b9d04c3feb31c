"""Route tables. Source: VPC User Guide, "Configure route tables"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from awsim.errors import AWSError
from awsim.services.ec2 import blocks
from awsim.services.ec2.base import TagSpecifications
from awsim.services.ec2.filters import Filters
from awsim.services.ec2.kinds import Kept
from awsim.services.ec2.network import RouteTable, Subnet, Vpc
from awsim.services.ec2.operations.gateways import GatewayOperations
from awsim.services.ec2.refusals import combination, dependency, invalid, missing

_FILTERS = {
    "route-table-id": "RouteTableId",
    "vpc-id": "VpcId",
    "owner-id": "OwnerId",
    "association.route-table-association-id": "Associations.RouteTableAssociationId",
    "association.route-table-id": "Associations.RouteTableId",
    "association.subnet-id": "Associations.SubnetId",
    "association.gateway-id": "Associations.GatewayId",
    "association.main": "Associations.Main",
    "route.destination-cidr-block": "Routes.DestinationCidrBlock",
    "route.destination-ipv6-cidr-block": "Routes.DestinationIpv6CidrBlock",
    "route.gateway-id": "Routes.GatewayId",
    "route.instance-id": "Routes.InstanceId",
    "route.nat-gateway-id": "Routes.NatGatewayId",
    "route.transit-gateway-id": "Routes.TransitGatewayId",
    "route.vpc-peering-connection-id": "Routes.VpcPeeringConnectionId",
    "route.origin": "Routes.Origin",
    "route.state": "Routes.State",
}
_TARGETS = (
    "GatewayId",
    "InstanceId",
    "NetworkInterfaceId",
    "TransitGatewayId",
    "NatGatewayId",
    "VpcPeeringConnectionId",
)


class RouteOperations(GatewayOperations):
    route_tables = Kept(RouteTable)

    def create_route_table(
        self, VpcId: str, TagSpecifications: TagSpecifications = (), ClientToken: str | None = None
    ) -> dict[str, Any]:
        vpc = self.vpcs[VpcId]
        self.limits.quota("route-tables-per-vpc", sum(table.vpc is vpc for table in self.route_tables), vpc.id)
        table = self.tagged(self._table(vpc), TagSpecifications)
        self.route_tables.add(table)
        return {"RouteTable": self._shown(table), "ClientToken": ClientToken}

    def describe_route_tables(
        self,
        RouteTableIds: Sequence[str] = (),
        Filters: Filters = (),
        NextToken: str | None = None,
        MaxResults: int | None = None,
    ) -> dict[str, Any]:
        chosen = self.chosen(self.route_tables, RouteTableIds, MaxResults)
        return self.listing("RouteTables", chosen, Filters, _FILTERS, NextToken, MaxResults, shown=self._shown)

    def delete_route_table(self, RouteTableId: str) -> None:
        table = self.route_tables[RouteTableId]
        if table.associations:
            raise dependency("routeTable", table.id)
        self.route_tables.remove(table.id)

    # --- associations

    def associate_route_table(
        self, RouteTableId: str, SubnetId: str | None = None, GatewayId: str | None = None
    ) -> dict[str, Any]:
        table = self.route_tables[RouteTableId]
        if SubnetId is not None:
            vpc: Vpc | None = self.subnets[SubnetId].vpc
        elif GatewayId is not None:
            vpc = self.gateways[GatewayId].vpc
        else:
            raise missing("subnetId or gatewayId")
        target = SubnetId or GatewayId
        if vpc is not table.vpc:
            what = "subnet" if SubnetId else "gateway"
            raise invalid(f"route table {table.id} and {what} {target} belong to different networks")
        other = next((known for known in self.route_tables if target in known.associations.values()), None)
        if other is not None:
            id_ = next(id_ for id_, known in other.associations.items() if known == target)
            if other is table:
                return self._associated(id_)
            raise AWSError(
                "Resource.AlreadyAssociated",
                f"the specified association for route table {table.id} conflicts with an existing association",
            )
        id_ = self._association_id()
        table.associations[id_] = target
        return self._associated(id_)

    def disassociate_route_table(self, AssociationId: str) -> None:
        table = self._associating(AssociationId)
        if table.associations[AssociationId] is None:
            raise invalid(f"cannot disassociate the main route table association {AssociationId}")
        del table.associations[AssociationId]

    def replace_route_table_association(self, AssociationId: str, RouteTableId: str) -> dict[str, Any]:
        old, table = self._associating(AssociationId), self.route_tables[RouteTableId]
        if old.vpc is not table.vpc:
            raise invalid(f"route table {table.id} and route table {old.id} belong to different networks")
        target = old.associations.pop(AssociationId)
        id_ = self._association_id()
        table.associations[id_] = target
        return {"NewAssociationId": id_, "AssociationState": {"State": "associated"}}

    def _associated(self, id_: str) -> dict[str, Any]:
        return {"AssociationId": id_, "AssociationState": {"State": "associated"}}

    def _association_id(self) -> str:
        return f"rtbassoc-{self.ids.hex('rtbassoc', 17)}"

    def _associating(self, id_: str) -> RouteTable:
        table = self.route_tables.find(lambda table: id_ in table.associations)
        if table is None:
            raise AWSError("InvalidAssociationID.NotFound", f"The association ID '{id_}' does not exist")
        return table

    # --- routes

    def create_route(
        self,
        RouteTableId: str,
        DestinationCidrBlock: str | None = None,
        DestinationIpv6CidrBlock: str | None = None,
        GatewayId: str | None = None,
        InstanceId: str | None = None,
        NetworkInterfaceId: str | None = None,
        TransitGatewayId: str | None = None,
        NatGatewayId: str | None = None,
        VpcPeeringConnectionId: str | None = None,
    ) -> dict[str, Any]:
        table = self.route_tables[RouteTableId]
        where = _destination(DestinationCidrBlock, DestinationIpv6CidrBlock)
        target = self._target(
            table, GatewayId, InstanceId, NetworkInterfaceId, TransitGatewayId, NatGatewayId, VpcPeeringConnectionId
        )
        known = table.routes.get(where[1])
        if known is not None:
            if target.items() <= known.items():
                return {"Return": True}
            raise AWSError("RouteAlreadyExists", f"The route identified by {where[1]} already exists.")
        self.limits.quota("routes-per-table", len(table.routes), table.id)
        table.routes[where[1]] = {where[0]: where[1], **target, "Origin": "CreateRoute", "State": "active"}
        return {"Return": True}

    def replace_route(
        self,
        RouteTableId: str,
        DestinationCidrBlock: str | None = None,
        DestinationIpv6CidrBlock: str | None = None,
        GatewayId: str | None = None,
        InstanceId: str | None = None,
        NetworkInterfaceId: str | None = None,
        TransitGatewayId: str | None = None,
        NatGatewayId: str | None = None,
        VpcPeeringConnectionId: str | None = None,
    ) -> None:
        table = self.route_tables[RouteTableId]
        where = _destination(DestinationCidrBlock, DestinationIpv6CidrBlock)
        target = self._target(
            table, GatewayId, InstanceId, NetworkInterfaceId, TransitGatewayId, NatGatewayId, VpcPeeringConnectionId
        )
        if where[1] not in table.routes:
            raise invalid(f"There is no route defined for '{where[1]}' in the route table. Use CreateRoute instead.")
        table.routes[where[1]] = {where[0]: where[1], **target, "Origin": "CreateRoute", "State": "active"}

    def delete_route(
        self,
        RouteTableId: str,
        DestinationCidrBlock: str | None = None,
        DestinationIpv6CidrBlock: str | None = None,
    ) -> None:
        table = self.route_tables[RouteTableId]
        where = _destination(DestinationCidrBlock, DestinationIpv6CidrBlock)[1]
        route = table.routes.get(where)
        if route is None:
            raise AWSError(
                "InvalidRoute.NotFound", f"no route with destination-cidr-block {where} in route table {table.id}"
            )
        if route.get("GatewayId") == "local":
            raise invalid(f"cannot remove local route {where} in route table {table.id}")
        del table.routes[where]

    def _target(
        self,
        table: RouteTable,
        gateway: str | None,
        instance: str | None,
        interface: str | None,
        transit: str | None,
        nat: str | None,
        peering: str | None,
    ) -> dict[str, Any]:
        given = {
            name: value
            for name, value in zip(_TARGETS, (gateway, instance, interface, transit, nat, peering), strict=True)
            if value is not None
        }
        if not given:
            raise missing("gatewayId")
        if len(given) > 1:
            raise combination("Only one route target can be specified.")
        if gateway == "local":
            return given
        if gateway is not None and self.gateways[gateway].vpc is not table.vpc:
            raise invalid(f"route table {table.id} and network gateway {gateway} belong to different networks")
        if instance is not None or interface is not None:
            return self.interface_target(table.vpc, instance, interface)
        if transit is not None:
            self.check_transit_target(table.vpc, transit)
        if nat is not None:
            self.check_nat_target(table.vpc, nat)
        if peering is not None:
            self.check_peering_target(table.vpc, peering)
        return given

    def interface_target(self, vpc: Vpc, instance: str | None, interface: str | None) -> dict[str, Any]:
        raise NotImplementedError

    def check_transit_target(self, vpc: Vpc, id_: str) -> None:
        raise NotImplementedError

    def check_nat_target(self, vpc: Vpc, id_: str) -> None:
        raise NotImplementedError

    def check_peering_target(self, vpc: Vpc, id_: str) -> None:
        raise NotImplementedError

    def target_lives(self, name: str, id_: str, vpc: Vpc) -> bool:
        """Whether what a route leads to is still there."""
        if name == "GatewayId":
            gateway = self.gateways.get(id_)
            return id_ == "local" or (gateway is not None and gateway.vpc is vpc)
        return True

    def _shown(self, table: RouteTable) -> dict[str, Any]:
        described = table.described()
        described["Routes"] = [
            {**route, "State": "active" if self._leads_somewhere(route, table.vpc) else "blackhole"}
            for route in table.routes.values()
        ]
        return described

    def _leads_somewhere(self, route: Mapping[str, Any], vpc: Vpc) -> bool:
        return all(self.target_lives(name, route[name], vpc) for name in _TARGETS if name in route)

    # --- parts

    def _table(self, vpc: Vpc) -> RouteTable:
        table = RouteTable(self.route_tables.new_id(), self.account, self.clock.time(), vpc)
        for block in vpc.blocks.values():
            table.routes[block] = _local("DestinationCidrBlock", block)
        for block in vpc.ipv6.values():
            table.routes[block] = _local("DestinationIpv6CidrBlock", block)
        return table

    def furnish(self, vpc: Vpc) -> None:
        super().furnish(vpc)
        main = self.route_tables.add(self._table(vpc))
        main.associations[self._association_id()] = None

    def connect(self, vpc: Vpc) -> None:
        super().connect(vpc)
        gateway = self.gateway_of(vpc)
        assert gateway is not None
        route = {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": gateway.id, "Origin": "CreateRoute"}
        self.main_table(vpc).routes["0.0.0.0/0"] = {**route, "State": "active"}

    def occupied(self, vpc: Vpc) -> bool:
        return super().occupied(vpc) or any(table.vpc is vpc and not table.is_main for table in self.route_tables)

    def strip(self, vpc: Vpc) -> None:
        super().strip(vpc)
        self.route_tables.remove(self.main_table(vpc).id)

    def block_added(self, vpc: Vpc, block: str) -> None:
        super().block_added(vpc, block)
        for table in self.route_tables:
            if table.vpc is vpc:
                table.routes[block] = _local("DestinationCidrBlock", block)

    def block_removed(self, vpc: Vpc, block: str) -> None:
        super().block_removed(vpc, block)
        for table in self.route_tables:
            if table.vpc is vpc:
                table.routes.pop(block, None)

    def subnet_leaves(self, subnet: Subnet) -> None:
        super().subnet_leaves(subnet)
        for table in self.route_tables:
            for id_ in [id_ for id_, target in table.associations.items() if target == subnet.id]:
                del table.associations[id_]

    def main_table(self, vpc: Vpc) -> RouteTable:
        table = self.route_tables.find(lambda table: table.vpc is vpc and table.is_main)
        assert table is not None
        return table


def _destination(ipv4: str | None, ipv6: str | None) -> tuple[str, str]:
    """(name of the member, block) that a route is for."""
    if ipv4 is not None and ipv6 is not None:
        raise combination("Only one destination can be specified.")
    if ipv4 is not None:
        return "DestinationCidrBlock", str(blocks.read_ipv4(ipv4, "destinationCidrBlock"))
    if ipv6 is not None:
        return "DestinationIpv6CidrBlock", str(blocks.read_ipv6(ipv6, "destinationIpv6CidrBlock"))
    raise missing("destinationCidrBlock")


def _local(name: str, block: str) -> dict[str, Any]:
    return {name: block, "GatewayId": "local", "Origin": "CreateRouteTable", "State": "active"}

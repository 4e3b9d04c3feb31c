"""VPC peering. Source: VPC Peering guide, "How VPC peering connections work"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from awsim.errors import AWSError
from awsim.services.ec2.base import TagSpecifications
from awsim.services.ec2.filters import Filters
from awsim.services.ec2.kinds import Kept, Kind, Resource
from awsim.services.ec2.network import Vpc
from awsim.services.ec2.operations.nat import NatOperations
from awsim.services.ec2.refusals import invalid, missing
from awsim.services.ec2.zones import regions

_FILTERS = {
    "accepter-vpc-info.cidr-block": "AccepterVpcInfo.CidrBlock",
    "accepter-vpc-info.owner-id": "AccepterVpcInfo.OwnerId",
    "accepter-vpc-info.vpc-id": "AccepterVpcInfo.VpcId",
    "expiration-time": "ExpirationTime",
    "requester-vpc-info.cidr-block": "RequesterVpcInfo.CidrBlock",
    "requester-vpc-info.owner-id": "RequesterVpcInfo.OwnerId",
    "requester-vpc-info.vpc-id": "RequesterVpcInfo.VpcId",
    "status-code": "Status.Code",
    "vpc-peering-connection-id": "VpcPeeringConnectionId",
}
_MESSAGES = {
    "initiating-request": "Initiating Request to {account}",
    "pending-acceptance": "Pending Acceptance by {account}",
    "active": "Active",
    "expired": "Expired",
    "rejected": "Rejected by {account}",
    "deleted": "Deleted by {account}",
    "failed": "Failed due to incorrect VPC-ID, Account ID, or overlapping CIDR range",
}


class Peering(Resource):
    """Kept by the side that asked; the other side finds it there. Sides are (account, region, VPC's id)."""

    kind = Kind(
        "vpc-peering-connection", "pcx", "InvalidVpcPeeringConnectionID.NotFound",
        "The vpcPeeringConnection ID '{id}' does not exist", "InvalidVpcPeeringConnectionId.Malformed",
    )  # fmt: skip

    def __init__(
        self, id_: str, owner: str, created: float, asking: tuple[str, str, str], asked: tuple[str, str, str]
    ) -> None:
        super().__init__(id_, owner, created)
        self.asking = asking
        self.asked = asked
        self.blocks: tuple[str, str | None] = ("", None)  # of both VPCs, as far as they are known
        self.status = "initiating-request"
        self.expires: float | None = None

    @property
    def pair(self) -> frozenset[str]:
        return frozenset((self.asking[2], self.asked[2]))

    def described(self) -> dict[str, Any]:
        return {
            "VpcPeeringConnectionId": self.id,
            "RequesterVpcInfo": _side(self.asking, self.blocks[0]),
            "AccepterVpcInfo": _side(self.asked, self.blocks[1]),
            "ExpirationTime": self.expires if self.status == "pending-acceptance" else None,
            "Status": {"Code": self.status, "Message": _MESSAGES[self.status].format(account=self.asked[0])},
            "Tags": self.tags.as_list(),
        }


class PeeringOperations(NatOperations):
    peerings = Kept(Peering)

    def create_vpc_peering_connection(
        self,
        VpcId: str | None = None,
        PeerVpcId: str | None = None,
        PeerOwnerId: str | None = None,
        PeerRegion: str | None = None,
        TagSpecifications: TagSpecifications = (),
    ) -> dict[str, Any]:
        if VpcId is None:
            raise missing("vpcId")
        if PeerVpcId is None:
            raise missing("peerVpcId")
        if PeerRegion is not None and PeerRegion not in regions(self.partition):
            raise invalid(f"Invalid region provided. Region: {PeerRegion}")
        vpc = self.vpcs[VpcId]
        asked = (PeerOwnerId or self.account, PeerRegion or self.region, PeerVpcId)
        pending = sum(each.status == "pending-acceptance" for each in self.peerings)
        self.limits.quota("peering-requests", pending)
        tags = self.tags_for(TagSpecifications, "vpc-peering-connection")["vpc-peering-connection"]
        known = self._between(vpc.id, PeerVpcId)
        if known is not None and known.status == "active":
            raise AWSError(
                "VpcPeeringConnectionAlreadyExists",
                f"A VPC peering connection between {vpc.id} and {PeerVpcId} exists.",
            )
        if known is not None:
            return {"VpcPeeringConnection": known.described()}  # the same request again
        peering = Peering(
            self.peerings.new_id(), self.account, self.clock.time(), (self.account, self.region, vpc.id), asked
        )
        peering.blocks = (vpc.cidr, None)
        self.tag(peering, tags)
        self.peerings.add(peering)
        answer = {"VpcPeeringConnection": peering.described()}
        self.later(0, "_propose", peering=peering.id)
        return answer

    def accept_vpc_peering_connection(self, VpcPeeringConnectionId: str | None = None) -> dict[str, Any]:
        peering = self._asked_for(VpcPeeringConnectionId, "accepted")
        peering.status = "active"
        return {"VpcPeeringConnection": peering.described()}

    def reject_vpc_peering_connection(self, VpcPeeringConnectionId: str) -> dict[str, Any]:
        peering = self._asked_for(VpcPeeringConnectionId, "rejected")
        peering.status = "rejected"
        return {"Return": True}

    def delete_vpc_peering_connection(self, VpcPeeringConnectionId: str) -> dict[str, Any]:
        peering = self._peering(VpcPeeringConnectionId)
        if peering.status not in ("active", "pending-acceptance"):
            raise _not_in_a_state(peering, "deleted")
        peering.status = "deleted"
        return {"Return": True}

    def describe_vpc_peering_connections(
        self,
        VpcPeeringConnectionIds: Sequence[str] = (),
        Filters: Filters = (),
        NextToken: str | None = None,
        MaxResults: int | None = None,
    ) -> dict[str, Any]:
        chosen = [self._peering(id_) for id_ in VpcPeeringConnectionIds] or self._known_peerings()
        return self.listing("VpcPeeringConnections", chosen, Filters, _FILTERS, NextToken, MaxResults)

    # --- parts

    def _propose(self, peering: str) -> None:
        """The request reaches the other side; it fails where there is no such VPC, or one of the same addresses."""
        found = self.peerings.get(peering)
        if found is None or found.status != "initiating-request":
            return
        account, region, id_ = found.asked
        other = self._vpc_at(account, region, id_)
        own = self.vpcs.get(found.asking[2])
        if other is None or own is None or any(a.overlaps(b) for a in own.networks for b in other.networks):
            found.status = "failed"
            return
        found.blocks = (own.cidr, other.cidr)
        found.status = "pending-acceptance"
        found.expires = self.clock.time() + self.limits["peering-request"]
        self.at_time(found.expires, "_expire", peering=peering)

    def _expire(self, peering: str) -> None:
        found = self.peerings.get(peering)
        if found is not None and found.status == "pending-acceptance":
            found.status = "expired"

    def _vpc_at(self, account: str, region: str, id_: str) -> Vpc | None:
        if not self.cloud.has_service(self.name, account, region):
            return None
        found: Vpc | None = self.at(account=account, region=region).vpcs.get(id_)
        return found

    def _between(self, one: str, other: str) -> Peering | None:
        """The connection of two VPCs that is there or asked for."""
        alive = ("initiating-request", "pending-acceptance", "active")
        pair = frozenset((one, other))
        return next((each for each in self._known_peerings() if each.pair == pair and each.status in alive), None)

    def _known_peerings(self) -> list[Peering]:
        """Those that one of the VPCs here asked for or is asked for."""
        here = (self.account, self.region)
        elsewhere = [
            each
            for service in self.cloud.instances()
            if service.name == self.name and service is not self
            for each in service.peerings  # type: ignore[attr-defined]
            if each.asked[:2] == here
        ]
        return [*self.peerings, *elsewhere]

    def _peering(self, id_: str) -> Peering:
        found = next((each for each in self._known_peerings() if each.id == id_), None)
        return self.peerings[id_] if found is None else found

    def _asked_for(self, id_: str | None, what: str) -> Peering:
        """A request that this account, in this region, is to answer."""
        if id_ is None:
            raise missing("VpcPeeringConnectionId")
        peering = self._peering(id_)
        if peering.asked[:2] != (self.account, self.region):
            raise AWSError(
                "OperationNotPermitted",
                f"User {self.account} cannot {what.removesuffix('ed')} peering {id_}: "
                f"it is for {peering.asked[0]} in {peering.asked[1]} to do.",
            )
        if peering.status != "pending-acceptance":
            raise _not_in_a_state(peering, what)
        return peering

    def check_peering_target(self, vpc: Vpc, id_: str) -> None:
        if vpc.id not in self._peering(id_).pair:
            raise invalid(f"route table and VPC peering connection {id_} belong to different networks")

    def target_lives(self, name: str, id_: str, vpc: Vpc) -> bool:
        if name == "VpcPeeringConnectionId":
            return any(each.id == id_ and each.status == "active" for each in self._known_peerings())
        return super().target_lives(name, id_, vpc)


def _side(side: tuple[str, str, str], block: str | None) -> dict[str, Any]:
    found: dict[str, Any] = {"OwnerId": side[0], "Region": side[1], "VpcId": side[2]}
    if block is not None:
        found |= {"CidrBlock": block, "CidrBlockSet": [{"CidrBlock": block}]}
    return found


def _not_in_a_state(peering: Peering, what: str) -> AWSError:
    return AWSError(
        "InvalidStateTransition",
        f"Invalid state transition for {peering.id}, attempted to transition from {peering.status} to {what}",
    )

"""Transit gateways: hubs of VPCs, which accounts may share.

Source: VPC Transit Gateways guide. Their route tables, peerings and connections to places outside are not modelled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from awsim.auth.credentials import administrator
from awsim.errors import AWSError
from awsim.services.ec2.base import TagSpecifications
from awsim.services.ec2.filters import Filters
from awsim.services.ec2.kinds import Kept, Kind, Resource
from awsim.services.ec2.network import Vpc
from awsim.services.ec2.operations.profiles import ProfileOperations
from awsim.services.ec2.refusals import invalid

_OPTIONS = {
    "AmazonSideAsn": 64_512,
    "AutoAcceptSharedAttachments": "disable",
    "DefaultRouteTableAssociation": "enable",
    "DefaultRouteTablePropagation": "enable",
    "VpnEcmpSupport": "enable",
    "DnsSupport": "enable",
    "SecurityGroupReferencingSupport": "disable",
    "MulticastSupport": "disable",
}
_ATTACHMENT_OPTIONS = {
    "DnsSupport": "enable",
    "SecurityGroupReferencingSupport": "enable",
    "Ipv6Support": "disable",
    "ApplianceModeSupport": "disable",
}
_FILTERS = {
    "transit-gateway-id": "TransitGatewayId",
    "owner-id": "OwnerId",
    "state": "State",
    "options.amazon-side-asn": "Options.AmazonSideAsn",
    "options.auto-accept-shared-attachments": "Options.AutoAcceptSharedAttachments",
    "options.dns-support": "Options.DnsSupport",
    "options.vpn-ecmp-support": "Options.VpnEcmpSupport",
    "options.default-route-table-association": "Options.DefaultRouteTableAssociation",
    "options.default-route-table-propagation": "Options.DefaultRouteTablePropagation",
}
_ATTACHMENT_FILTERS = {
    "transit-gateway-attachment-id": "TransitGatewayAttachmentId",
    "transit-gateway-id": "TransitGatewayId",
    "state": "State",
    "vpc-id": "VpcId",
    "resource-id": "ResourceId",
    "resource-type": "ResourceType",
    "resource-owner-id": "ResourceOwnerId",
    "transit-gateway-owner-id": "TransitGatewayOwnerId",
}


class TransitGateway(Resource):
    kind = Kind(
        "transit-gateway", "tgw", "InvalidTransitGatewayID.NotFound",
        "Transit Gateway {id} was deleted or does not exist.", "InvalidTransitGatewayID.Malformed",
    )  # fmt: skip

    def __init__(self, id_: str, owner: str, created: float, arn: str, options: Mapping[str, Any], told: str) -> None:
        super().__init__(id_, owner, created)
        self.arn = arn
        self.options = options
        self.description = told
        self.state = "pending"

    def described(self) -> dict[str, Any]:
        return {
            "TransitGatewayId": self.id,
            "TransitGatewayArn": self.arn,
            "State": self.state,
            "OwnerId": self.owner,
            "Description": self.description,
            "CreationTime": self.created,
            "Options": dict(self.options),
            "Tags": self.tag_list(),
        }


class TransitAttachment(Resource):
    """Of a VPC; kept by the account that has the VPC."""

    kind = Kind(
        "transit-gateway-attachment", "tgw-attach", "InvalidTransitGatewayAttachmentID.NotFound",
        "Transit Gateway Attachment {id} was deleted or does not exist.", "InvalidTransitGatewayAttachmentID.Malformed",
    )  # fmt: skip

    def __init__(
        self, id_: str, owner: str, created: float, hub: TransitGateway, vpc: Vpc, subnets: Sequence[str]
    ) -> None:
        super().__init__(id_, owner, created)
        self.hub = hub
        self.vpc = vpc
        self.subnets = tuple(subnets)
        self.options: Mapping[str, Any] = dict(_ATTACHMENT_OPTIONS)
        self.state = "pending"

    @property
    def gone(self) -> bool:
        return self.state in ("deleted", "deleting", "rejected")

    def described(self) -> dict[str, Any]:
        return {
            "TransitGatewayAttachmentId": self.id,
            "TransitGatewayId": self.hub.id,
            "VpcId": self.vpc.id,
            "VpcOwnerId": self.owner,
            "State": self.state,
            "SubnetIds": list(self.subnets),
            "CreationTime": self.created,
            "Options": dict(self.options),
            "Tags": self.tag_list(),
        }

    def as_any(self) -> dict[str, Any]:
        """Among attachments of every kind."""
        return {
            "TransitGatewayAttachmentId": self.id,
            "TransitGatewayId": self.hub.id,
            "TransitGatewayOwnerId": self.hub.owner,
            "ResourceOwnerId": self.owner,
            "ResourceType": "vpc",
            "ResourceId": self.vpc.id,
            "State": self.state,
            "CreationTime": self.created,
            "Tags": self.tag_list(),
        }


class TransitOperations(ProfileOperations):
    transit_gateways = Kept(TransitGateway)
    transit_attachments = Kept(TransitAttachment)

    def create_transit_gateway(
        self,
        Description: str | None = None,
        Options: Mapping[str, Any] | None = None,
        TagSpecifications: TagSpecifications = (),
    ) -> dict[str, Any]:
        self.limits.quota("transit-gateways", sum(hub.state != "deleted" for hub in self.transit_gateways))
        id_ = self.transit_gateways.new_id()
        options = {**_OPTIONS, **(Options or {})}
        arn = self.arn(f"transit-gateway/{id_}")
        hub = TransitGateway(id_, self.account, self.clock.time(), arn, options, Description or "")
        self.tagged(hub, TagSpecifications)
        self.transit_gateways.add(hub)
        self.later(self.limits.duration("transit-gateway"), "_settle_transit", hub=id_, state="available")
        return {"TransitGateway": hub.described()}

    def describe_transit_gateways(
        self,
        TransitGatewayIds: Sequence[str] = (),
        Filters: Filters = (),
        NextToken: str | None = None,
        MaxResults: int | None = None,
    ) -> dict[str, Any]:
        if TransitGatewayIds:
            chosen = [self._hub(id_) for id_ in TransitGatewayIds]
        else:
            chosen = [*self.transit_gateways, *self._shared_hubs()]
        return self.listing("TransitGateways", chosen, Filters, _FILTERS, NextToken, MaxResults)

    def modify_transit_gateway(
        self, TransitGatewayId: str, Description: str | None = None, Options: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        hub = self.transit_gateways[TransitGatewayId]
        unknown = set(Options or {}) - set(_OPTIONS)
        if unknown:
            self.not_modelled(f"the options {', '.join(sorted(unknown))} of ModifyTransitGateway")
        hub.description = hub.description if Description is None else Description
        hub.options = {**hub.options, **(Options or {})}
        return {"TransitGateway": hub.described()}

    def delete_transit_gateway(self, TransitGatewayId: str) -> dict[str, Any]:
        hub = self.transit_gateways[TransitGatewayId]
        if any(not attachment.gone for attachment in self._attachments_of(hub)):
            raise AWSError("IncorrectState", f"{hub.id} has non-deleted VPC Attachments.")
        hub.state = "deleting"
        answer = {"TransitGateway": hub.described()}
        self.later(self.limits.duration("transit-gateway"), "_settle_transit", hub=hub.id, state="deleted")
        return answer

    # --- attachments

    def create_transit_gateway_vpc_attachment(
        self,
        TransitGatewayId: str,
        VpcId: str,
        SubnetIds: Sequence[str],
        Options: Mapping[str, Any] | None = None,
        TagSpecifications: TagSpecifications = (),
    ) -> dict[str, Any]:
        hub = self._hub(TransitGatewayId)
        vpc = self.vpcs[VpcId]
        subnets = self.subnets.of(SubnetIds)
        if hub.state not in ("available", "modifying"):
            raise AWSError("IncorrectState", f"{hub.id} is in invalid state")
        if any(subnet.vpc is not vpc for subnet in subnets):
            raise AWSError("InvalidSubnetID.NotFound", f"The subnets are not all of VPC {vpc.id}.")
        if len({subnet.zone for subnet in subnets}) < len(subnets):
            raise AWSError(
                "DuplicateSubnetsInSameZone", f"Duplicate Subnets for same AZ for VPC Attachment of {vpc.id}"
            )
        if any(each.hub is hub and each.vpc is vpc and not each.gone for each in self.transit_attachments):
            raise AWSError(
                "DuplicateTransitGatewayAttachment",
                f"{hub.id} has non-deleted Transit Gateway Attachments with same VPC ID.",
            )
        id_ = self.transit_attachments.new_id()
        attachment = TransitAttachment(id_, self.account, self.clock.time(), hub, vpc, SubnetIds)
        attachment.options = {**attachment.options, **(Options or {})}
        self.tagged(attachment, TagSpecifications)
        self.transit_attachments.add(attachment)
        accepted = hub.owner == self.account or hub.options["AutoAcceptSharedAttachments"] == "enable"
        if accepted:
            self._move(attachment, "pending", "available")
        else:
            attachment.state = "pendingAcceptance"
        return {"TransitGatewayVpcAttachment": attachment.described()}

    def describe_transit_gateway_vpc_attachments(
        self,
        TransitGatewayAttachmentIds: Sequence[str] = (),
        Filters: Filters = (),
        NextToken: str | None = None,
        MaxResults: int | None = None,
    ) -> dict[str, Any]:
        chosen = self._chosen_attachments(TransitGatewayAttachmentIds)
        return self.listing("TransitGatewayVpcAttachments", chosen, Filters, _ATTACHMENT_FILTERS, NextToken, MaxResults)

    def describe_transit_gateway_attachments(
        self,
        TransitGatewayAttachmentIds: Sequence[str] = (),
        Filters: Filters = (),
        NextToken: str | None = None,
        MaxResults: int | None = None,
    ) -> dict[str, Any]:
        chosen = self._chosen_attachments(TransitGatewayAttachmentIds)
        return self.listing(
            "TransitGatewayAttachments", chosen, Filters, _ATTACHMENT_FILTERS, NextToken, MaxResults,
            shown=lambda each: each.as_any(),
        )  # fmt: skip

    def accept_transit_gateway_vpc_attachment(self, TransitGatewayAttachmentId: str) -> dict[str, Any]:
        attachment = self._asked(TransitGatewayAttachmentId)
        self._move(attachment, "pending", "available")
        return {"TransitGatewayVpcAttachment": attachment.described()}

    def reject_transit_gateway_vpc_attachment(self, TransitGatewayAttachmentId: str) -> dict[str, Any]:
        attachment = self._asked(TransitGatewayAttachmentId)
        attachment.state = "rejected"
        return {"TransitGatewayVpcAttachment": attachment.described()}

    def delete_transit_gateway_vpc_attachment(self, TransitGatewayAttachmentId: str) -> dict[str, Any]:
        attachment = self.transit_attachments[TransitGatewayAttachmentId]
        if attachment.gone:
            raise AWSError("IncorrectState", f"{attachment.id} is in invalid state")
        self._move(attachment, "deleting", "deleted")
        return {"TransitGatewayVpcAttachment": attachment.described()}

    # --- parts

    def _hub(self, id_: str) -> TransitGateway:
        """A transit gateway of this account, or one that is shared with it."""
        if id_ not in self.transit_gateways:
            for hub in self._shared_hubs():
                if hub.id == id_:
                    return hub
        return self.transit_gateways[id_]

    def _shared_hubs(self) -> list[TransitGateway]:
        others = [hub for neighbour in self.neighbours() for hub in neighbour.transit_gateways]
        if not others:
            return []
        arns: set[str] = set()
        token = None
        while True:
            more: dict[str, Any] = {"nextToken": token} if token else {}
            answer = self.call(
                "ram", "ListResources", as_=administrator(self.account), resourceOwner="OTHER-ACCOUNTS",
                resourceType="ec2:TransitGateway", **more,
            )  # fmt: skip
            arns |= {each["arn"] for each in answer["resources"]}
            token = answer.get("nextToken")
            if not token:
                return [hub for hub in others if hub.arn in arns]

    def _attachments_of(self, hub: TransitGateway) -> list[TransitAttachment]:
        """Of this account's VPCs, and of others' to a hub of this account."""
        elsewhere = [each for other in self.neighbours() for each in other.transit_attachments]
        return [each for each in (*self.transit_attachments, *elsewhere) if each.hub is hub]

    def _chosen_attachments(self, ids: Sequence[str]) -> list[TransitAttachment]:
        found = {each.id: each for each in self.transit_attachments}
        for hub in self.transit_gateways:
            found |= {each.id: each for each in self._attachments_of(hub)}
        if not ids:
            return list(found.values())
        return [found[id_] if id_ in found else self.transit_attachments[id_] for id_ in ids]

    def _asked(self, id_: str) -> TransitAttachment:
        """An attachment that this account, as the hub's owner, is asked to accept."""
        (attachment,) = self._chosen_attachments([id_])
        if attachment.hub.owner != self.account:
            raise AWSError("OperationNotPermitted", f"{id_} can be accepted by the owner of the transit gateway alone.")
        if attachment.state != "pendingAcceptance":
            raise AWSError("IncorrectState", f"{id_} is in invalid state")
        return attachment

    def _move(self, attachment: TransitAttachment, first: str, last: str) -> None:
        attachment.state = first
        home = self if attachment.owner == self.account else self.at(account=attachment.owner)
        home.later(
            self.limits.duration("transit-gateway"), "_settle_attachment",
            attachment=attachment.id, first=first, last=last,
        )  # fmt: skip

    def _settle_attachment(self, attachment: str, first: str, last: str) -> None:
        found = self.transit_attachments.get(attachment)
        if found is not None and found.state == first:
            found.state = last

    def _settle_transit(self, hub: str, state: str) -> None:
        found = self.transit_gateways.get(hub)
        if found is not None:
            found.state = state

    def check_transit_target(self, vpc: Vpc, id_: str) -> None:
        hub = self._hub(id_)
        if not any(each.hub is hub and each.vpc is vpc and not each.gone for each in self.transit_attachments):
            raise invalid(f"The transit gateway {id_} has no attachment to VPC {vpc.id}.")

    def target_lives(self, name: str, id_: str, vpc: Vpc) -> bool:
        if name == "TransitGatewayId":
            found = [each for each in self.transit_attachments if each.hub.id == id_ and each.vpc is vpc]
            return any(not each.gone for each in found)
        return super().target_lives(name, id_, vpc)

    def occupied(self, vpc: Vpc) -> bool:
        return super().occupied(vpc) or any(each.vpc is vpc and not each.gone for each in self.transit_attachments)

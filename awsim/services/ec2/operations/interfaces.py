"""Network interfaces. Source: EC2 User Guide, "Elastic network interfaces"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from awsim.errors import AWSError
from awsim.services.ec2.base import TagSpecifications
from awsim.services.ec2.filters import Filters
from awsim.services.ec2.groups import SecurityGroup
from awsim.services.ec2.interfaces import Attachment, Interface, Public
from awsim.services.ec2.kinds import Kept
from awsim.services.ec2.network import Subnet, Vpc
from awsim.services.ec2.operations.groups import GroupOperations
from awsim.services.ec2.refusals import combination, invalid, missing

_FILTERS = {
    "network-interface-id": "NetworkInterfaceId",
    "addresses.primary": "PrivateIpAddresses.Primary",
    "addresses.private-ip-address": "PrivateIpAddresses.PrivateIpAddress",
    "addresses.association.public-ip": "PrivateIpAddresses.Association.PublicIp",
    "association.allocation-id": "Association.AllocationId",
    "association.association-id": "Association.AssociationId",
    "association.public-ip": "Association.PublicIp",
    "association.public-dns-name": "Association.PublicDnsName",
    "association.ip-owner-id": "Association.IpOwnerId",
    "attachment.attachment-id": "Attachment.AttachmentId",
    "attachment.delete-on-termination": "Attachment.DeleteOnTermination",
    "attachment.device-index": "Attachment.DeviceIndex",
    "attachment.instance-id": "Attachment.InstanceId",
    "attachment.instance-owner-id": "Attachment.InstanceOwnerId",
    "attachment.status": "Attachment.Status",
    "availability-zone": "AvailabilityZone",
    "availability-zone-id": "AvailabilityZoneId",
    "description": "Description",
    "group-id": "Groups.GroupId",
    "group-name": "Groups.GroupName",
    "interface-type": "InterfaceType",
    "mac-address": "MacAddress",
    "owner-id": "OwnerId",
    "private-dns-name": "PrivateDnsName",
    "private-ip-address": "PrivateIpAddress",
    "requester-id": "RequesterId",
    "requester-managed": "RequesterManaged",
    "source-dest-check": "SourceDestCheck",
    "status": "Status",
    "subnet-id": "SubnetId",
    "vpc-id": "VpcId",
}


class InterfaceOperations(GroupOperations):
    interfaces = Kept(Interface)

    def create_network_interface(
        self,
        SubnetId: str,
        Description: str | None = None,
        PrivateIpAddress: str | None = None,
        PrivateIpAddresses: Sequence[Mapping[str, Any]] = (),
        SecondaryPrivateIpAddressCount: int | None = None,
        Groups: Sequence[str] = (),
        InterfaceType: str | None = None,
        TagSpecifications: TagSpecifications = (),
        ClientToken: str | None = None,
    ) -> dict[str, Any]:
        if InterfaceType not in (None, "interface"):
            self.not_modelled(f"network interfaces of type {InterfaceType}")
        subnet = self.subnets[SubnetId]
        groups = self.groups_for(subnet.vpc, Groups, subnet.id)
        self.limits.quota("network-interfaces", len(self.interfaces))
        asked = self.tags_for(TagSpecifications, "network-interface")["network-interface"]
        addresses = self._wanted(PrivateIpAddress, PrivateIpAddresses)
        interface = self.new_interface(subnet, groups, addresses, SecondaryPrivateIpAddressCount or 0)
        interface.description = Description or ""
        self.tag(interface, asked)
        caller = self.caller
        if caller.service is not None:
            interface.requester = caller.service
        shown = interface.described()
        return {"NetworkInterface": {**shown, "Status": "pending"}, "ClientToken": ClientToken}

    def describe_network_interfaces(
        self,
        NetworkInterfaceIds: Sequence[str] = (),
        Filters: Filters = (),
        NextToken: str | None = None,
        MaxResults: int | None = None,
    ) -> dict[str, Any]:
        chosen = self.chosen(self.interfaces, NetworkInterfaceIds, MaxResults)
        return self.listing("NetworkInterfaces", chosen, Filters, _FILTERS, NextToken, MaxResults)

    def delete_network_interface(self, NetworkInterfaceId: str) -> None:
        interface = self.interfaces[NetworkInterfaceId]
        if interface.attachment is not None:
            raise invalid(f"Network interface '{interface.id}' is currently in use.")
        self.drop_interface(interface)

    def attach_network_interface(
        self, NetworkInterfaceId: str, InstanceId: str, DeviceIndex: int, NetworkCardIndex: int | None = None
    ) -> dict[str, Any]:
        interface = self.interfaces[NetworkInterfaceId]
        self._check_requester(interface)
        if interface.attachment is not None:
            raise AWSError("InvalidNetworkInterface.InUse", f"Interface: [{interface.id}] in use.")
        self.check_attachable(interface, InstanceId, DeviceIndex)
        attachment = self.attach(interface, InstanceId, DeviceIndex, deleted_with_it=False)
        return {"AttachmentId": attachment.id, "NetworkCardIndex": 0}

    def detach_network_interface(self, AttachmentId: str, Force: bool | None = None) -> None:
        interface = self._attached(AttachmentId)
        self._check_requester(interface)
        assert interface.attachment is not None
        if interface.attachment.place == 0:
            raise AWSError(
                "OperationNotPermitted",
                "The network interface at device index 0 and networkCard index 0 cannot be detached.",
            )
        interface.attachment = None

    def describe_network_interface_attribute(
        self, NetworkInterfaceId: str, Attribute: str | None = None
    ) -> dict[str, Any]:
        interface = self.interfaces[NetworkInterfaceId]
        if Attribute is None:
            raise missing("attribute")
        shown = interface.described()
        found: dict[str, Any] = {"NetworkInterfaceId": interface.id}
        if Attribute == "description":
            found["Description"] = {"Value": interface.description}
        elif Attribute == "groupSet":
            found["Groups"] = interface.group_list()
        elif Attribute == "sourceDestCheck":
            found["SourceDestCheck"] = {"Value": interface.checks_source}
        elif Attribute == "attachment":
            found["Attachment"] = shown.get("Attachment")
        else:
            found["AssociatePublicIpAddress"] = interface.public is not None
        return found

    def modify_network_interface_attribute(
        self,
        NetworkInterfaceId: str,
        Description: Mapping[str, str] | None = None,
        SourceDestCheck: Mapping[str, bool] | None = None,
        Groups: Sequence[str] | None = None,
        Attachment: Mapping[str, Any] | None = None,
    ) -> None:
        interface = self.interfaces[NetworkInterfaceId]
        self._check_requester(interface)
        given = [value for value in (Description, SourceDestCheck, Groups, Attachment) if value is not None]
        if len(given) != 1:
            raise combination("Exactly one attribute has to be given.")
        if Description is not None:
            interface.description = Description.get("Value") or ""
        elif SourceDestCheck is not None:
            interface.checks_source = bool(SourceDestCheck.get("Value"))
        elif Groups is not None:
            interface.groups = self.groups_for(interface.subnet.vpc, Groups, interface.subnet.id)
        elif Attachment is not None:
            attached = interface.attachment
            if attached is None or attached.id != Attachment.get("AttachmentId"):
                raise _no_attachment(Attachment.get("AttachmentId") or "")
            flag = bool(Attachment.get("DeleteOnTermination"))
            interface.attachment = attached._replace(deleted_with_it=flag)

    def assign_private_ip_addresses(
        self,
        NetworkInterfaceId: str,
        PrivateIpAddresses: Sequence[str] = (),
        SecondaryPrivateIpAddressCount: int | None = None,
        AllowReassignment: bool | None = None,
    ) -> dict[str, Any]:
        interface = self.interfaces[NetworkInterfaceId]
        if bool(PrivateIpAddresses) == (SecondaryPrivateIpAddressCount is not None):
            raise missing("secondaryPrivateIpAddressCount")
        count = len(PrivateIpAddresses) or SecondaryPrivateIpAddressCount or 0
        self.check_addresses(interface, len(interface.addresses) + count)
        self.check_room(interface.subnet, count)
        added = []
        asked: Sequence[str | None] = PrivateIpAddresses or [None] * count
        for wanted in asked:
            holder = interface.subnet.taken.get(wanted or "")
            if holder is not None and AllowReassignment:
                self._take_away(self.interfaces[holder], wanted or "")
            address = self.take_address(interface.subnet, interface.id, wanted)
            interface.addresses[address] = None
            added.append({"PrivateIpAddress": address})
        return {"NetworkInterfaceId": interface.id, "AssignedPrivateIpAddresses": added}

    def unassign_private_ip_addresses(self, NetworkInterfaceId: str, PrivateIpAddresses: Sequence[str] = ()) -> None:
        interface = self.interfaces[NetworkInterfaceId]
        for address in PrivateIpAddresses:
            if address not in interface.addresses:
                raise invalid(f"Some of the specified addresses are not assigned to interface {interface.id}")
            if address == interface.primary:
                raise invalid(f"The primary IP address of interface {interface.id} may not be unassigned.")
        for address in PrivateIpAddresses:
            self._take_away(interface, address)

    # --- parts

    def new_interface(
        self, subnet: Subnet, groups: tuple[SecurityGroup, ...], addresses: Sequence[str | None], more: int = 0
    ) -> Interface:
        """An interface with the addresses that are wanted (None: any), the primary first, and `more` besides."""
        wanted = [*(addresses or [None]), *[None] * more]
        self.check_room(subnet, len(wanted))
        id_ = self.interfaces.new_id()
        digits = self.ids.hex("mac", 10)
        mac = ":".join(["02", *(digits[at : at + 2] for at in range(0, 10, 2))])
        interface = Interface(id_, self.account, self.clock.time(), subnet, mac, self.domain)
        interface.public_domain = (
            f"compute-1.{self.suffix}" if self.region == "us-east-1" else f"{self.region}.compute.{self.suffix}"
        )
        interface.groups = groups
        for address in wanted:
            interface.addresses[self.take_address(subnet, id_, address)] = None
        return self.interfaces.add(interface)

    def _wanted(self, primary: str | None, listed: Sequence[Mapping[str, Any]]) -> list[str | None]:
        first = [each for each in listed if each.get("Primary")]
        if primary is not None and first:
            raise combination("The primary address is given twice.")
        chosen = [primary] if primary is not None else [each.get("PrivateIpAddress") for each in first[:1]]
        rest = [each.get("PrivateIpAddress") for each in listed if not each.get("Primary")]
        return [*(chosen or [None]), *rest] if chosen or rest else []

    def drop_interface(self, interface: Interface) -> None:
        for address in list(interface.addresses):
            self.release_public(interface, address)
            interface.subnet.taken.pop(address, None)
        self.interfaces.remove(interface.id)

    def _take_away(self, interface: Interface, address: str) -> None:
        self.release_public(interface, address)
        del interface.addresses[address]
        interface.subnet.taken.pop(address, None)

    def attach(self, interface: Interface, instance: str, index: int, *, deleted_with_it: bool) -> Attachment:
        id_ = f"eni-attach-{self.ids.hex('eni-attach', 17)}"
        interface.attachment = Attachment(id_, instance, self.account, index, self.clock.time(), deleted_with_it)
        return interface.attachment

    def give_public(self, interface: Interface) -> None:
        """A public address of AWS's for the primary private one."""
        interface.addresses[interface.primary] = Public(self.public_address())

    def public_address(self) -> str:
        """An address out of a range of AWS's, another each time."""
        number = self.ids.next("public-address")
        return f"54.{160 + number // 64516 % 90}.{number // 254 % 254}.{1 + number % 254}"

    def interfaces_of(self, instance: str) -> list[Interface]:
        found = [each for each in self.interfaces if each.attachment and each.attachment.instance == instance]
        return sorted(found, key=lambda each: each.attachment.place if each.attachment else 0)

    def _attached(self, attachment: str) -> Interface:
        found = self.interfaces.find(lambda each: each.attachment is not None and each.attachment.id == attachment)
        if found is None:
            raise _no_attachment(attachment)
        return found

    def _check_requester(self, interface: Interface) -> None:
        """What a service made for its own ends is that service's to change."""
        if interface.requester not in (None, self.caller.service):
            raise AWSError("AuthFailure", "You do not have permission to access the specified resource.")

    def has_public_addresses(self, vpc: Vpc) -> bool:
        return any(
            public is not None
            for interface in self.interfaces
            if interface.subnet.vpc is vpc
            for public in interface.addresses.values()
        )

    def group_in_use(self, group: SecurityGroup) -> bool:
        return any(group in interface.groups for interface in self.interfaces)

    def interface_target(self, vpc: Vpc, instance: str | None, interface: str | None) -> dict[str, Any]:
        if interface is None:
            found = self.interfaces_of(self.instance_for_route(instance or ""))
            if len(found) != 1:
                raise AWSError("InvalidInstanceID", f"There are multiple interfaces attached to instance '{instance}'.")
            chosen = found[0]
        else:
            chosen = self.interfaces[interface]
        if chosen.subnet.vpc is not vpc:
            raise invalid(f"route table and interface {chosen.id} belong to different networks")
        target: dict[str, Any] = {"NetworkInterfaceId": chosen.id}
        if chosen.attachment is not None and chosen.instance is not None:
            target |= {"InstanceId": chosen.instance, "InstanceOwnerId": chosen.attachment.owner}
        return target

    def target_lives(self, name: str, id_: str, vpc: Vpc) -> bool:
        if name == "NetworkInterfaceId":
            interface = self.interfaces.get(id_)
            return interface is not None and interface.attachment is not None
        return super().target_lives(name, id_, vpc)

    def release_public(self, interface: Interface, address: str) -> None:
        raise NotImplementedError

    def check_attachable(self, interface: Interface, instance: str, index: int) -> None:
        raise NotImplementedError

    def check_addresses(self, interface: Interface, count: int) -> None:
        raise NotImplementedError

    def instance_for_route(self, id_: str) -> str:
        raise NotImplementedError


def _no_attachment(id_: str) -> AWSError:
    return AWSError("InvalidAttachmentID.NotFound", f"The attachment '{id_}' does not exist.")

"""Elastic IPs. Source: EC2 User Guide, "Elastic IP addresses"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from awsim.errors import AWSError
from awsim.services.ec2.base import TagSpecifications
from awsim.services.ec2.filters import Filters
from awsim.services.ec2.interfaces import Address, Interface, Public
from awsim.services.ec2.kinds import Kept
from awsim.services.ec2.operations.interfaces import InterfaceOperations
from awsim.services.ec2.refusals import combination, invalid, missing

_FILTERS = {
    "allocation-id": "AllocationId",
    "association-id": "AssociationId",
    "domain": "Domain",
    "instance-id": "InstanceId",
    "network-border-group": "NetworkBorderGroup",
    "network-interface-id": "NetworkInterfaceId",
    "network-interface-owner-id": "NetworkInterfaceOwnerId",
    "private-ip-address": "PrivateIpAddress",
    "public-ip": "PublicIp",
}


class AddressOperations(InterfaceOperations):
    addresses = Kept(Address)

    def allocate_address(
        self,
        Domain: str | None = None,
        PublicIpv4Pool: str | None = None,
        NetworkBorderGroup: str | None = None,
        TagSpecifications: TagSpecifications = (),
    ) -> dict[str, Any]:
        if Domain not in (None, "vpc"):
            raise invalid(f"Invalid value '{Domain}' for domain.")
        if PublicIpv4Pool not in (None, "amazon"):
            raise AWSError("InvalidPublicIpv4PoolID.NotFound", f"The pool ID '{PublicIpv4Pool}' does not exist")
        self.limits.quota("elastic-ips", len(self.addresses))
        border = NetworkBorderGroup or self.region
        address = Address(self.addresses.new_id(), self.account, self.clock.time(), self.public_address(), border)
        self.tagged(address, TagSpecifications)
        self.addresses.add(address)
        names = ("AllocationId", "PublicIp", "Domain", "PublicIpv4Pool", "NetworkBorderGroup")
        shown = address.described()
        return {name: shown[name] for name in names}

    def describe_addresses(
        self, AllocationIds: Sequence[str] = (), PublicIps: Sequence[str] = (), Filters: Filters = ()
    ) -> dict[str, Any]:
        chosen = self.chosen(self.addresses, AllocationIds)
        if PublicIps:
            for wanted in PublicIps:
                if all(address.address != wanted for address in self.addresses):
                    raise AWSError("InvalidAddress.NotFound", f"Address '{wanted}' not found.")
            chosen = [address for address in chosen if address.address in PublicIps]
        return {"Addresses": self.listing("Addresses", chosen, Filters, _FILTERS)["Addresses"]}

    def associate_address(
        self,
        AllocationId: str | None = None,
        PublicIp: str | None = None,
        InstanceId: str | None = None,
        NetworkInterfaceId: str | None = None,
        PrivateIpAddress: str | None = None,
        AllowReassociation: bool | None = None,
    ) -> dict[str, Any]:
        address = self._address(AllocationId, PublicIp)
        if InstanceId is None and NetworkInterfaceId is None:
            raise missing("InstanceId or NetworkInterfaceId")
        if InstanceId is not None and NetworkInterfaceId is not None:
            raise combination("You may specify either a network interface or an instance, but not both.")
        interface = (
            self.interfaces[NetworkInterfaceId] if NetworkInterfaceId else self.primary_interface(InstanceId or "")
        )
        private = PrivateIpAddress or interface.primary
        if private not in interface.addresses:
            raise invalid(f"Address {private} is not assigned to interface {interface.id}")
        if self.gateway_of(interface.subnet.vpc) is None:
            raise AWSError(
                "Gateway.NotAttached", f"Network {interface.subnet.vpc.id} is not attached to any internet gateway"
            )
        before = interface.addresses[private]
        if AllowReassociation is False:
            if address.association is not None and address.interface is not interface:
                raise _already(address.id, address.association)
            if before is not None and before.allocation not in (None, address.id):
                raise _already(before.allocation or "", before.association or "")
        if address.interface is not None:
            self._free(address)
        if before is not None and before.allocation is not None and before.allocation != address.id:
            self._free(self.addresses[before.allocation])
        return {"AssociationId": self.put_address(address, interface, private)}

    def disassociate_address(self, AssociationId: str | None = None, PublicIp: str | None = None) -> None:
        if AssociationId is None and PublicIp is None:
            raise missing("AssociationId")
        address = self.addresses.find(
            lambda address: (
                address.association == AssociationId if AssociationId is not None else address.address == PublicIp
            )
        )
        if address is None or address.interface is None:
            if AssociationId is None:
                raise AWSError("InvalidAddress.NotFound", f"Address '{PublicIp}' not found.")
            raise AWSError("InvalidAssociationID.NotFound", f"The association ID '{AssociationId}' does not exist")
        interface = address.interface
        self._free(address)
        self.later(self.limits.duration("public-address-return"), "_give_back", interface=interface.id)

    def release_address(self, AllocationId: str | None = None, PublicIp: str | None = None) -> None:
        address = self._address(AllocationId, PublicIp)
        if address.association is not None:
            raise AWSError("InvalidIPAddress.InUse", f"Address {address.address} is in use.")
        self.addresses.remove(address.id)
        self.limits.used("elastic-ips", len(self.addresses))

    # --- parts

    def put_address(self, address: Address, interface: Interface, private: str) -> str:
        """Have a private address of an interface go by an elastic IP; the id of the association."""
        association = address.association = f"eipassoc-{self.ids.hex('eipassoc', 17)}"
        address.interface, address.private = interface, private
        interface.addresses[private] = Public(address.address, address.id, association)
        return association

    def _address(self, allocation: str | None, public: str | None) -> Address:
        if allocation is not None:
            return self.addresses[allocation]
        if public is None:
            raise missing("AllocationId")
        found = self.addresses.find(lambda address: address.address == public)
        if found is None:
            raise AWSError("AuthFailure", f"The address '{public}' does not belong to you.")
        return found

    def _free(self, address: Address) -> None:
        assert address.interface is not None and address.private is not None
        address.interface.addresses[address.private] = None
        address.interface = address.private = address.association = None

    def _give_back(self, interface: str) -> None:
        """An instance that was launched with a public address gets one again once it has no elastic IP."""
        found = self.interfaces.get(interface)
        if found is not None and found.public is None and self.launched_public(found):
            self.give_public(found)

    def release_public(self, interface: Interface, address: str) -> None:
        public = interface.addresses.get(address)
        if public is not None and public.allocation is not None:
            self._free(self.addresses[public.allocation])
        elif address in interface.addresses:
            interface.addresses[address] = None

    def primary_interface(self, instance: str) -> Interface:
        raise NotImplementedError

    def launched_public(self, interface: Interface) -> bool:
        raise NotImplementedError


def _already(id_: str, association: str) -> AWSError:
    return AWSError(
        "Resource.AlreadyAssociated", f"resource {id_} is already associated with associate-id {association}"
    )

"""Network ACLs. Source: VPC User Guide, "Network ACLs"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from awsim.errors import AWSError
from awsim.services.ec2 import blocks
from awsim.services.ec2.base import TagSpecifications
from awsim.services.ec2.filters import Filters
from awsim.services.ec2.kinds import Kept
from awsim.services.ec2.network import NetworkAcl, Subnet, Vpc
from awsim.services.ec2.operations.routes import RouteOperations
from awsim.services.ec2.refusals import bad_value, dependency, invalid, missing

_FILTERS = {
    "network-acl-id": "NetworkAclId",
    "vpc-id": "VpcId",
    "default": "IsDefault",
    "owner-id": "OwnerId",
    "association.association-id": "Associations.NetworkAclAssociationId",
    "association.network-acl-id": "Associations.NetworkAclId",
    "association.subnet-id": "Associations.SubnetId",
    "entry.cidr": "Entries.CidrBlock",
    "entry.egress": "Entries.Egress",
    "entry.protocol": "Entries.Protocol",
    "entry.rule-action": "Entries.RuleAction",
    "entry.rule-number": "Entries.RuleNumber",
}
_LAST = 32_767  # how the rule * is shown, which denies the rest
_NAMES = {"tcp": "6", "udp": "17", "icmp": "1", "all": "-1"}


class AclOperations(RouteOperations):
    acls = Kept(NetworkAcl)

    def create_network_acl(
        self, VpcId: str, TagSpecifications: TagSpecifications = (), ClientToken: str | None = None
    ) -> dict[str, Any]:
        vpc = self.vpcs[VpcId]
        self.limits.quota("acls-per-vpc", sum(acl.vpc is vpc for acl in self.acls), vpc.id)
        acl = self.tagged(self._acl(vpc, default=False), TagSpecifications)
        return {"NetworkAcl": self.acls.add(acl).described(), "ClientToken": ClientToken}

    def describe_network_acls(
        self,
        NetworkAclIds: Sequence[str] = (),
        Filters: Filters = (),
        NextToken: str | None = None,
        MaxResults: int | None = None,
    ) -> dict[str, Any]:
        chosen = self.chosen(self.acls, NetworkAclIds, MaxResults)
        return self.listing("NetworkAcls", chosen, Filters, _FILTERS, NextToken, MaxResults)

    def delete_network_acl(self, NetworkAclId: str) -> None:
        acl = self.acls[NetworkAclId]
        if acl.default:
            raise invalid(f"cannot delete default network ACL {acl.id}")
        if acl.associations:
            raise dependency("networkAcl", acl.id)
        self.acls.remove(acl.id)

    def replace_network_acl_association(self, AssociationId: str, NetworkAclId: str) -> dict[str, Any]:
        old = self.acls.find(lambda acl: AssociationId in acl.associations)
        if old is None:
            raise AWSError("InvalidAssociationID.NotFound", f"The association ID '{AssociationId}' does not exist")
        acl = self.acls[NetworkAclId]
        if acl.vpc is not old.vpc:
            raise invalid(f"network ACL {acl.id} and network ACL {old.id} belong to different networks")
        id_ = self._association_id_of_acl()
        acl.associations[id_] = old.associations.pop(AssociationId)
        return {"NewAssociationId": id_}

    # --- entries

    def create_network_acl_entry(
        self,
        NetworkAclId: str,
        RuleNumber: int,
        Protocol: str,
        RuleAction: str,
        Egress: bool,
        CidrBlock: str | None = None,
        Ipv6CidrBlock: str | None = None,
        IcmpTypeCode: Mapping[str, int] | None = None,
        PortRange: Mapping[str, int] | None = None,
    ) -> None:
        acl = self.acls[NetworkAclId]
        self._check_number(RuleNumber)
        entry = _entry(Protocol, RuleAction, CidrBlock, Ipv6CidrBlock, IcmpTypeCode, PortRange)
        if (Egress, RuleNumber) in acl.entries:
            raise AWSError(
                "NetworkAclEntryAlreadyExists", f"The network acl entry identified by {RuleNumber} already exists."
            )
        used = sum(egress == Egress and number != _LAST for egress, number in acl.entries)
        self.limits.quota("entries-per-acl", used, f"{acl.id} {'egress' if Egress else 'ingress'}")
        acl.entries[Egress, RuleNumber] = entry

    def replace_network_acl_entry(
        self,
        NetworkAclId: str,
        RuleNumber: int,
        Protocol: str,
        RuleAction: str,
        Egress: bool,
        CidrBlock: str | None = None,
        Ipv6CidrBlock: str | None = None,
        IcmpTypeCode: Mapping[str, int] | None = None,
        PortRange: Mapping[str, int] | None = None,
    ) -> None:
        acl = self.acls[NetworkAclId]
        self._check_number(RuleNumber)
        entry = _entry(Protocol, RuleAction, CidrBlock, Ipv6CidrBlock, IcmpTypeCode, PortRange)
        self._existing(acl, Egress, RuleNumber)
        acl.entries[Egress, RuleNumber] = entry

    def delete_network_acl_entry(self, NetworkAclId: str, RuleNumber: int, Egress: bool) -> None:
        acl = self.acls[NetworkAclId]
        self._check_number(RuleNumber)
        self._existing(acl, Egress, RuleNumber)
        del acl.entries[Egress, RuleNumber]

    def _existing(self, acl: NetworkAcl, egress: bool, number: int) -> None:
        if (egress, number) not in acl.entries:
            raise AWSError(
                "InvalidNetworkAclEntry.NotFound", f"The network acl entry identified by {number} does not exist."
            )

    def _check_number(self, number: int) -> None:
        if not 1 <= number <= self.limits["acl-rule-number"]:
            raise bad_value(number, "ruleNumber", "The rule number must be between 1 and 32766.")

    # --- parts

    def _acl(self, vpc: Vpc, *, default: bool) -> NetworkAcl:
        acl = NetworkAcl(self.acls.new_id(), self.account, self.clock.time(), vpc, default)
        everything = {"CidrBlock": "0.0.0.0/0", "Protocol": "-1"}
        for egress in (True, False):
            if default:
                acl.entries[egress, 100] = {**everything, "RuleAction": "allow"}
            acl.entries[egress, _LAST] = {**everything, "RuleAction": "deny"}
        return acl

    def _association_id_of_acl(self) -> str:
        return f"aclassoc-{self.ids.hex('aclassoc', 17)}"

    def furnish(self, vpc: Vpc) -> None:
        super().furnish(vpc)
        self.acls.add(self._acl(vpc, default=True))

    def subnet_joins(self, subnet: Subnet) -> None:
        super().subnet_joins(subnet)
        acl = self.acls.find(lambda acl: acl.vpc is subnet.vpc and acl.default)
        assert acl is not None
        acl.associations[self._association_id_of_acl()] = subnet.id

    def subnet_leaves(self, subnet: Subnet) -> None:
        super().subnet_leaves(subnet)
        for acl in self.acls:
            for id_ in [id_ for id_, known in acl.associations.items() if known == subnet.id]:
                del acl.associations[id_]

    def occupied(self, vpc: Vpc) -> bool:
        return super().occupied(vpc) or any(acl.vpc is vpc and not acl.default for acl in self.acls)

    def strip(self, vpc: Vpc) -> None:
        super().strip(vpc)
        for acl in self.acls:
            if acl.vpc is vpc:
                self.acls.remove(acl.id)


def _entry(
    protocol: str,
    action: str,
    ipv4: str | None,
    ipv6: str | None,
    icmp: Mapping[str, int] | None,
    ports: Mapping[str, int] | None,
) -> dict[str, Any]:
    number = _NAMES.get(protocol.lower(), protocol)
    if not number.lstrip("-").isdecimal() or not -1 <= int(number) <= 255:
        raise bad_value(protocol, "protocol", "Invalid protocol number.")
    if action not in ("allow", "deny"):
        raise bad_value(action, "ruleAction", "Valid values are 'allow' and 'deny'.")
    entry: dict[str, Any] = {"Protocol": number, "RuleAction": action}
    if ipv4 is not None:
        entry["CidrBlock"] = str(blocks.read_ipv4(ipv4))
    elif ipv6 is not None:
        entry["Ipv6CidrBlock"] = str(blocks.read_ipv6(ipv6))
    else:
        raise missing("cidrBlock")
    if number in ("6", "17"):
        if not ports or "From" not in ports or "To" not in ports:
            raise missing("portRange.from")
        entry["PortRange"] = {"From": ports["From"], "To": ports["To"]}
    if number in ("1", "58"):
        if not icmp:
            raise missing("icmpTypeCode.type")
        entry["IcmpTypeCode"] = dict(icmp)
    return entry

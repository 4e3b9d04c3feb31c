"""Security groups and their rules, as records.

Sources: VPC User Guide, "Security group rules"; EC2 API Reference, IpPermission; sentences as users report them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from awsim.errors import AWSError
from awsim.services.ec2 import blocks
from awsim.services.ec2.kinds import Kind, Resource
from awsim.services.ec2.network import Vpc
from awsim.services.ec2.refusals import invalid, missing
from awsim.state import Dict

_NAMES = {"6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6"}
_WITH_PORTS = ("tcp", "udp", "icmp", "icmpv6")


class Peer(NamedTuple):
    """Where traffic comes from or goes to: `kind` is CidrIpv4, CidrIpv6, PrefixListId or a group's."""

    kind: str
    value: str
    owner: str = ""


GROUP = "GroupId"


class Match(NamedTuple):
    """What tells a rule from others of its group and direction."""

    protocol: str
    first: int
    last: int
    peer: Peer

    def __str__(self) -> str:
        """As in AWS's sentence about a rule that is there already."""
        if self.protocol == "-1":
            return f"peer: {self.peer.value}, ALL, ALLOW"
        if self.protocol in ("icmp", "icmpv6"):
            return f"peer: {self.peer.value}, {self.protocol.upper()}, type: {self.first}, code: {self.last}, ALLOW"
        name = self.protocol.upper()
        return f"peer: {self.peer.value}, {name}, from port: {self.first}, to port: {self.last}, ALLOW"


class Asked(NamedTuple):
    match: Match
    description: str | None


class Rule(Resource):
    kind = Kind(
        "security-group-rule", "sgr", "InvalidSecurityGroupRuleId.NotFound",
        "The security group rule ID '{id}' does not exist", "InvalidSecurityGroupRuleId.Malformed",
    )  # fmt: skip

    def __init__(
        self, id_: str, owner: str, created: float, group: SecurityGroup, egress: bool, asked: Asked, arn: str
    ) -> None:
        super().__init__(id_, owner, created)
        self.group = group
        self.egress = egress
        self.match = asked.match
        self.description = asked.description
        self.arn = arn

    def described(self) -> dict[str, Any]:
        protocol, first, last, peer = self.match
        found: dict[str, Any] = {
            "SecurityGroupRuleId": self.id,
            "SecurityGroupRuleArn": self.arn,
            "GroupId": self.group.id,
            "GroupOwnerId": self.group.owner,
            "IsEgress": self.egress,
            "IpProtocol": protocol,
            "FromPort": first,
            "ToPort": last,
            "Description": self.description,
            "Tags": self.tags.as_list(),
        }
        if peer.kind == GROUP:
            found["ReferencedGroupInfo"] = {"GroupId": peer.value, "UserId": peer.owner}
        else:
            found[peer.kind] = peer.value
        return found


class SecurityGroup(Resource):
    kind = Kind(
        "security-group", "sg", "InvalidGroup.NotFound", "The security group '{id}' does not exist",
        "InvalidGroupId.Malformed",
    )  # fmt: skip

    def __init__(self, id_: str, owner: str, created: float, arn: str, name: str, description: str, vpc: Vpc) -> None:
        super().__init__(id_, owner, created)
        self.arn = arn
        self.name = name
        self.description = description
        self.vpc = vpc
        self.rules: dict[str, Rule] = Dict()

    def of(self, egress: bool) -> list[Rule]:
        return [rule for rule in self.rules.values() if rule.egress == egress]

    def rule(self, egress: bool, match: Match) -> Rule | None:
        return next((rule for rule in self.of(egress) if rule.match == match), None)

    def names(self, group: str) -> bool:
        """Whether one of its rules names another group."""
        return any(rule.match.peer[:2] == (GROUP, group) for rule in self.rules.values())

    def described(self) -> dict[str, Any]:
        return {
            "GroupId": self.id,
            "GroupName": self.name,
            "Description": self.description,
            "VpcId": self.vpc.id,
            "OwnerId": self.owner,
            "SecurityGroupArn": self.arn,
            "IpPermissions": permissions(self.of(False)),
            "IpPermissionsEgress": permissions(self.of(True)),
            "Tags": self.tag_list(),
        }


_LISTS = {"CidrIpv4": ("IpRanges", "CidrIp"), "CidrIpv6": ("Ipv6Ranges", "CidrIpv6")}


def permissions(rules: Sequence[Rule]) -> list[dict[str, Any]]:
    """Rules as IpPermissions: those of one protocol and range of ports together."""
    found: dict[tuple[str, int, int], dict[str, Any]] = {}
    for rule in rules:
        protocol, first, last, peer = rule.match
        permission = found.get((protocol, first, last))
        if permission is None:
            ports = {} if protocol == "-1" else {"FromPort": first, "ToPort": last}
            empty: dict[str, Any] = {"UserIdGroupPairs": [], "IpRanges": [], "Ipv6Ranges": [], "PrefixListIds": []}
            permission = found[protocol, first, last] = {"IpProtocol": protocol, **ports, **empty}
        told = {"Description": rule.description} if rule.description is not None else {}
        if peer.kind == GROUP:
            permission["UserIdGroupPairs"].append({"UserId": peer.owner, "GroupId": peer.value, **told})
        elif peer.kind == "PrefixListId":
            permission["PrefixListIds"].append({"PrefixListId": peer.value, **told})
        else:
            member, name = _LISTS[peer.kind]
            permission[member].append({name: peer.value, **told})
    return list(found.values())


def read(permission: Mapping[str, Any], owner: str) -> Iterator[Asked]:
    """The rules that an IpPermission asks for; groups are named by id. Raises for what AWS refuses."""
    protocol = str(permission.get("IpProtocol") or "")
    if not protocol:
        raise missing("ipProtocol")
    protocol = _NAMES.get(protocol, protocol.lower())
    if protocol not in (*_WITH_PORTS, "-1") and not (protocol.isdecimal() and int(protocol) <= 255):
        raise invalid(f"Invalid value '{protocol}' for IP protocol. Unknown protocol.")
    first, last = _ports(protocol, permission.get("FromPort"), permission.get("ToPort"))
    peers = [*_peers(permission, owner)]
    if not peers:
        raise missing("ipRanges")
    for peer, description in peers:
        yield Asked(Match(protocol, first, last, peer), description)


def _ports(protocol: str, first: int | None, last: int | None) -> tuple[int, int]:
    if protocol not in _WITH_PORTS:
        return -1, -1
    if protocol in ("tcp", "udp"):
        if first is None or last is None:
            shown = "null" if first is None else first
            raise invalid(f"Invalid value '{shown}' for portRange. Must specify both from and to ports with TCP/UDP.")
        if not (0 <= first <= 65_535 and 0 <= last <= 65_535):
            raise invalid(
                f"Invalid value '{first if not 0 <= first <= 65_535 else last}' for port. Must be between 0 and 65535."
            )
        if first > last:
            raise invalid(f"Invalid TCP/UDP port range ({first}:{last})")
    return (-1 if first is None else first), (-1 if last is None else last)


def _peers(permission: Mapping[str, Any], owner: str) -> Iterator[tuple[Peer, str | None]]:
    for each in permission.get("IpRanges") or ():
        yield Peer("CidrIpv4", _cidr(each.get("CidrIp") or "")), each.get("Description")
    for each in permission.get("Ipv6Ranges") or ():
        yield Peer("CidrIpv6", _cidr6(each.get("CidrIpv6") or "")), each.get("Description")
    for each in permission.get("PrefixListIds") or ():
        yield Peer("PrefixListId", each.get("PrefixListId") or ""), each.get("Description")
    for each in permission.get("UserIdGroupPairs") or ():
        named = each.get("GroupId") or each.get("GroupName")
        if not named:
            raise missing("groupId")
        yield Peer(GROUP, named, each.get("UserId") or owner), each.get("Description")


def _cidr(text: str) -> str:
    try:
        return str(blocks.read_ipv4(text))
    except AWSError:
        raise invalid(f"CIDR block {text} is malformed") from None


def _cidr6(text: str) -> str:
    try:
        return str(blocks.read_ipv6(text))
    except AWSError:
        raise invalid(f"CIDR block {text} is malformed") from None

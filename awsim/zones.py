"""Where subnets lie: the Availability Zones of what is placed in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from zlib import crc32

if TYPE_CHECKING:
    from awsim.service import Service

LETTERS = "abc"
_DIRECTIONS = {
    "north": "n", "south": "s", "east": "e", "west": "w", "central": "c",
    "northeast": "ne", "northwest": "nw", "southeast": "se", "southwest": "sw",
}  # fmt: skip


def zones_of(service: Service, subnets: Sequence[str]) -> list[str]:
    """The zone of each subnet, by EC2 where the account uses it; raises EC2's error for a subnet that it does not know.

    Where nobody has used EC2, subnets are taken for some outside of the Cloud, and the last character of an id decides:
    `subnet-…1` and `subnet-…a` lie in zone a, 2 and b in b, 3 and c in c, then from the start again. Subnets given
    together lie in zones apart, as long as there are zones.
    """
    if not service.cloud.has_service("ec2", service.account, service.region):
        return [f"{service.region}{letter}" for letter in _guessed(subnets)]
    found = service.call("ec2", "DescribeSubnets", SubnetIds=list(subnets))["Subnets"]
    known: dict[str, Any] = {subnet["SubnetId"]: subnet["AvailabilityZone"] for subnet in found}
    return [known[subnet] for subnet in subnets]


def vpc_of(service: Service, subnets: Sequence[str]) -> str | None:
    """The VPC that subnets are of, by EC2 where the account uses it; None where they are of several."""
    if not service.cloud.has_service("ec2", service.account, service.region):
        return "vpc-" + subnets[0].rpartition("-")[2]
    found = service.call("ec2", "DescribeSubnets", SubnetIds=list(subnets))["Subnets"]
    vpcs = {subnet["VpcId"] for subnet in found}
    return vpcs.pop() if len(vpcs) == 1 else None


def _guessed(subnets: Sequence[str]) -> list[str]:
    taken: list[str] = []
    for subnet in subnets:
        first = _place(subnet)
        order = [LETTERS[(first + step) % len(LETTERS)] for step in range(len(LETTERS))]
        taken.append(next((letter for letter in order if letter not in taken), order[0]))
    return taken


def _place(subnet: str) -> int:
    last = subnet[-1:].lower()
    return (int(last, 16) - 1 if last in "0123456789abcdef" and last else crc32(subnet.encode())) % len(LETTERS)


def zone_id(zone: str) -> str:
    """The id of a zone by its name: "use1-az1" of "us-east-1a". Each account has an order of its own at AWS."""
    *parts, number = zone[:-1].split("-")
    short = "".join(_DIRECTIONS.get(part, part[:2] if part != "gov" else "g") for part in parts)
    return f"{short}{number}-az{ord(zone[-1]) - ord('a') + 1}"

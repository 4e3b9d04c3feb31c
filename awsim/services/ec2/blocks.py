"""Address blocks: read as EC2 reads them, and addresses given out of subnets."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Network, ip_network

from awsim.errors import AWSError

_IPV4 = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}/\d{1,2}\Z")
RESERVED_FIRST = 4
"""The first four addresses of a subnet, and its last, are AWS's: network, router, DNS, future use; broadcast."""


def read_ipv4(text: str, parameter: str = "cidrBlock") -> IPv4Network:
    """A block as AWS keeps it: bits of the host are cleared. Raises InvalidParameterValue."""
    if _IPV4.match(text):
        try:
            network = ip_network(text, strict=False)
        except ValueError:
            pass
        else:
            assert isinstance(network, IPv4Network)
            return network
    raise AWSError(
        "InvalidParameterValue", f"Value ({text}) for parameter {parameter} is invalid. This is not a valid CIDR block."
    )


def read_ipv6(text: str, parameter: str = "ipv6CidrBlock") -> IPv6Network:
    try:
        return IPv6Network(text, strict=False)
    except ValueError:
        raise AWSError(
            "InvalidParameterValue",
            f"Value ({text}) for parameter {parameter} is invalid. This is not a valid CIDR block.",
        ) from None


def read_address(text: str) -> IPv4Address:
    try:
        return IPv4Address(text)
    except ValueError:
        raise AWSError("InvalidParameterValue", f"Value ({text}) for parameter privateIpAddress is invalid.") from None


def reserved(network: IPv4Network, address: IPv4Address) -> bool:
    place = int(address) - int(network.network_address)
    return place < RESERVED_FIRST or place == network.num_addresses - 1

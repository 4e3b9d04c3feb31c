"""Regions and the Availability Zones of each.

Sources: EC2 User Guide, "Regions and Zones"; AWS's list of regions (botocore's partitions) and which of them are on
without opting in. Letters: zones as a new account sees them; where a region is not listed, a, b and c.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

from awsim.wire.models import loader
from awsim.zones import zone_id

_LETTERS = {
    "us-east-1": "abcdef",
    "us-west-2": "abcd",
    "ap-northeast-1": "acd",
    "ap-northeast-2": "abcd",
    "ca-central-1": "abd",
}
# On in every account, without opting in.
_ALWAYS_ON = frozenset(
    (
        "us-east-1", "us-east-2", "us-west-1", "us-west-2", "ap-south-1", "ap-northeast-1", "ap-northeast-2",
        "ap-northeast-3", "ap-southeast-1", "ap-southeast-2", "ca-central-1", "eu-central-1", "eu-west-1", "eu-west-2",
        "eu-west-3", "eu-north-1", "sa-east-1",
    )
)  # fmt: skip


class Zone(NamedTuple):
    name: str
    id: str


def zones(region: str) -> list[Zone]:
    """The zones of a region in order of their letters."""
    names = [f"{region}{letter}" for letter in _LETTERS.get(region, "abc")]
    return [Zone(name, zone_id(name)) for name in names]


@cache
def regions(partition: str) -> dict[str, str]:
    """The regions of a partition with their descriptions."""
    known = loader().load_data("partitions")["partitions"]
    found: dict[str, Any] = next((each["regions"] for each in known if each["id"] == partition), {})
    return {name: data.get("description", name) for name, data in found.items() if not name.endswith("-global")}


def opt_in(region: str, partition: str) -> str:
    """The opt-in status of a region in an account that has asked for none."""
    return "opt-in-not-required" if partition != "aws" or region in _ALWAYS_ON else "not-opted-in"

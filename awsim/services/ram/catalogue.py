"""What can be shared, and the permissions that AWS manages for it."""

from __future__ import annotations

import json
import tomllib
from functools import cache
from importlib.resources import files
from typing import NamedTuple


class ResourceType(NamedTuple):
    """A type of resource that can be shared; `start` is how its ARNs go on after the account."""

    name: str
    service: str
    start: str
    permission: str
    actions: tuple[str, ...]
    organization: bool
    global_: bool

    @property
    def scope(self) -> str:
        return "GLOBAL" if self.global_ else "REGIONAL"

    @property
    def policy(self) -> str:
        """The template of the permission that AWS manages for it."""
        return json.dumps({"Effect": "Allow", "Action": list(self.actions)}, separators=(",", ":"))


@cache
def types() -> dict[str, ResourceType]:
    """All types, by name ("ec2:Subnet")."""
    table = tomllib.loads(files("awsim.services.ram").joinpath("types.toml").read_text("utf-8"))
    return {
        name: ResourceType(
            name,
            name.partition(":")[0],
            entry["arn"],
            entry["permission"],
            tuple(entry["actions"]),
            entry.get("organization", False),
            entry.get("global", False),
        )
        for name, entry in table.items()
    }


def type_of(arn: str) -> ResourceType | None:
    """The type of a resource; None for what is no ARN of something that can be shared."""
    parts = arn.split(":", 5)
    if len(parts) != 6 or parts[0] != "arn":
        return None
    return next(
        (each for each in types().values() if each.service == parts[2] and parts[5].startswith(each.start)), None
    )


def managed(name: str) -> ResourceType | None:
    """The type that a permission of AWS is for, by the permission's name."""
    return next((each for each in types().values() if each.permission == name), None)

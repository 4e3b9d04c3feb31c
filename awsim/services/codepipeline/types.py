"""Action types: those that AWS offers, and those that customers make."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

TypeKey = tuple[str, str, str, str]
"""Category, owner, provider, version."""


def key_of(id_: Mapping[str, str]) -> TypeKey:
    return id_["category"], id_["owner"], id_["provider"], id_["version"]


class ActionType(NamedTuple):
    """What actions of a type may be. `properties` are as ListActionTypes shows them."""

    key: TypeKey
    properties: tuple[Mapping[str, Any], ...]
    inputs: tuple[int, int]
    outputs: tuple[int, int]
    settings: Mapping[str, str] = {}

    def described(self) -> dict[str, Any]:
        category, owner, provider, version = self.key
        found: dict[str, Any] = {
            "id": {"category": category, "owner": owner, "provider": provider, "version": version},
            "inputArtifactDetails": {"minimumCount": self.inputs[0], "maximumCount": self.inputs[1]},
            "outputArtifactDetails": {"minimumCount": self.outputs[0], "maximumCount": self.outputs[1]},
            "actionConfigurationProperties": [dict(one) for one in self.properties],
        }
        if self.settings:
            found["settings"] = dict(self.settings)
        return found


@cache
def offered() -> dict[TypeKey, ActionType]:
    """AWS's and its partners' own types."""
    table = tomllib.loads(files(__package__).joinpath("action_types.toml").read_text("utf-8"))["types"]
    found = {}
    for name, entry in table.items():
        category, owner, provider = name.split(" ")
        properties = tuple(
            {
                "name": key.rstrip("*"),
                "required": key.endswith("*"),
                "key": key.endswith("*"),
                "secret": key.startswith("OAuthToken"),
                "queryable": False,
            }
            for key in entry["keys"]
        )
        type_key = (category, owner, provider, "1")
        found[type_key] = ActionType(type_key, properties, tuple(entry["in"]), tuple(entry["out"]))
    return found

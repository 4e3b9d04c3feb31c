"""Aliases of keys."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from awsim.state import Entity


class Alias(Entity):
    """`name` begins with "alias/"; `target` is the id of a key."""

    __slots__ = ("arn", "created", "name", "target", "updated")

    def __init__(self, name: str, arn: str, target: str, created: float) -> None:
        self.name = name
        self.arn = arn
        self.target = target
        self.created = self.updated = created

    def described(self) -> dict[str, Any]:
        return {
            "AliasName": self.name,
            "AliasArn": self.arn,
            "TargetKeyId": self.target,
            "CreationDate": datetime.fromtimestamp(self.created, UTC),
            "LastUpdatedDate": datetime.fromtimestamp(self.updated, UTC),
        }

"""Consumers with enhanced fan-out, and their subscriptions to shards."""

from __future__ import annotations

from typing import Any

from awsim.state import Dict, Entity, Lifecycle, Tags


class Consumer(Entity):
    """A consumer registered with a stream. `subscriptions`: shard id -> (number, since when) of the newest one."""

    __slots__ = ("arn", "created", "lifecycle", "name", "policy", "subscriptions", "tags")

    def __init__(self, name: str, arn: str, created: float, lifecycle: Lifecycle) -> None:
        self.name = name
        self.arn = arn
        self.created = created
        self.lifecycle = lifecycle
        self.tags = Tags()
        self.policy: str | None = None
        self.subscriptions = Dict()

    def describe(self) -> dict[str, Any]:
        """The Consumer of RegisterStreamConsumer."""
        return {
            "ConsumerName": self.name,
            "ConsumerARN": self.arn,
            "ConsumerStatus": self.lifecycle.state,
            "ConsumerCreationTimestamp": int(self.created),
        }

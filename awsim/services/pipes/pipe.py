"""A pipe."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from awsim.eventing.lanes import Lane
from awsim.state import Dict, Entity, Lifecycle, Tags

Settings = Mapping[str, Any]

RUNNING, STOPPED = "RUNNING", "STOPPED"


class Pipe(Entity):
    """`settings` are what DescribePipe shows of the request; `id` tells a pipe from an earlier one of its name.

    `positions`: shard -> (type, sequence number) of the iterator to read on from, None at the end of a closed one.
    """

    __slots__ = (
        "active", "arn", "busy", "created", "desired", "id", "job", "lanes", "lifecycle", "missed", "modified", "name",
        "positions", "reason", "resume", "settings", "started", "tags", "troubles",
    )  # fmt: skip

    def __init__(self, name: str, arn: str, id: str, settings: Settings, desired: str, now: float) -> None:
        self.name = name
        self.arn = arn
        self.id = id
        self.settings = settings
        self.desired = desired
        self.created = now
        self.modified = now
        self.tags = Tags()
        self.reason: str | None = None
        self.lifecycle: Lifecycle
        self.active = False  # whether it reads its source
        self.busy = False  # whether it is at work: code that it calls may bring it more,
        self.missed = False  # for which it looks afterwards
        self.started = False  # whether it has found where a stream is to be read from
        self.job: tuple[int, float] | None = None  # the next look at the source, and when that is
        self.troubles = 0  # how often in a row the source could not be read,
        self.resume = 0.0  # and before when it is not to be tried again
        self.lanes = Dict()
        self.positions = Dict()

    @property
    def state(self) -> str:
        return self.lifecycle.state

    @property
    def source(self) -> str:
        arn: str = self.settings["Source"]
        return arn

    @property
    def role(self) -> str:
        arn: str = self.settings["RoleArn"]
        return arn

    def lane(self, name: str, shard: str = "") -> Lane:
        found: Lane | None = self.lanes.get(name)
        if found is None:
            found = self.lanes[name] = Lane(shard)
        return found

    def answered(self) -> dict[str, Any]:
        return {
            "Arn": self.arn,
            "Name": self.name,
            "DesiredState": self.desired,
            "CurrentState": self.state,
            "CreationTime": self.created,
            "LastModifiedTime": self.modified,
        }

    def listed(self) -> dict[str, Any]:
        shown = {name: self.settings.get(name) for name in ("Source", "Target", "Enrichment")}
        # Listings have no word for the state that a pipe being deleted is to come to.
        desired = None if self.desired == "DELETED" else self.desired
        return {**self.answered(), **shown, "DesiredState": desired, "StateReason": self.reason}

    def described(self) -> dict[str, Any]:
        return {**self.settings, **self.answered(), "StateReason": self.reason, "Tags": self.tags.as_dict() or None}

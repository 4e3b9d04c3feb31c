"""What follows a log group: metric filters, subscription filters, and the destinations of other accounts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from awsim.services.logs.patterns import Pattern, compiled
from awsim.state import Entity, Tags


class Filter(Entity):
    """What metric and subscription filters have in common. `text` is the filter pattern."""

    __slots__ = ("created", "fields", "group", "name", "selection", "text", "transformed")

    def __init__(self, name: str, group: str, text: str, created: int) -> None:
        self.name = name
        self.group = group
        self.text = text
        self.created = created
        self.transformed: bool | None = None
        self.selection: str | None = None
        self.fields: Sequence[str] | None = None

    @property
    def pattern(self) -> Pattern:
        return compiled(self.text)

    def described(self) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "filterName": self.name,
            "filterPattern": self.text,
            "logGroupName": self.group,
            "creationTime": self.created,
            "applyOnTransformedLogs": bool(self.transformed),
        }
        if self.selection is not None:
            shown["fieldSelectionCriteria"] = self.selection
        return shown


class MetricFilter(Filter):
    """Turns events into values of a metric. `quiet` is the last minute that it reported its default value for."""

    __slots__ = ("quiet", "transformations")

    def __init__(self, name: str, group: str, text: str, created: int, to: Sequence[Mapping[str, Any]]) -> None:
        super().__init__(name, group, text, created)
        self.transformations = to
        self.quiet: int | None = None

    def described(self) -> dict[str, Any]:
        shown = {**super().described(), "metricTransformations": [dict(each) for each in self.transformations]}
        if self.fields is not None:
            shown["emitSystemFieldDimensions"] = list(self.fields)
        return shown


class Subscription(Filter):
    """Sends events on. `closed_until`: until when nothing is sent, after the destination refused;
    `run`: in which call of the program it delivered last, and how often in that."""

    __slots__ = ("closed_until", "destination", "distribution", "role", "run")

    def __init__(
        self, name: str, group: str, text: str, created: int, destination: str, role: str | None, distribution: str
    ) -> None:
        super().__init__(name, group, text, created)
        self.destination = destination
        self.role = role
        self.distribution = distribution
        self.closed_until = 0.0
        self.run = (0, 0)

    def described(self) -> dict[str, Any]:
        shown = {
            **super().described(),
            "destinationArn": self.destination,
            "roleArn": self.role,
            "distribution": self.distribution,
        }
        if self.fields is not None:
            shown["emitSystemFields"] = list(self.fields)
        return shown


class Destination(Entity):
    """A stream that other accounts may send to."""

    __slots__ = ("arn", "created", "name", "policy", "role", "tags", "target")

    def __init__(self, name: str, arn: str, target: str, role: str, created: int) -> None:
        self.name = name
        self.arn = arn
        self.target = target
        self.role = role
        self.created = created
        self.policy: str | None = None
        self.tags = Tags()

    def described(self) -> dict[str, Any]:
        return {
            "destinationName": self.name,
            "targetArn": self.target,
            "roleArn": self.role,
            "accessPolicy": self.policy,
            "arn": self.arn,
            "creationTime": self.created,
        }

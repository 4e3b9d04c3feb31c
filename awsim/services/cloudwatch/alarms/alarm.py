"""An alarm: its configuration and its state. Times are epoch seconds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from awsim.services.cloudwatch.alarms import rules
from awsim.services.cloudwatch.metric import Name, dimensions_of
from awsim.services.cloudwatch.queries import Query, metrics_of
from awsim.state import Entity, Tags

OK, ALARM, INSUFFICIENT_DATA = "OK", "ALARM", "INSUFFICIENT_DATA"
METRIC, COMPOSITE = "MetricAlarm", "CompositeAlarm"
ACTIONS = {OK: "OKActions", ALARM: "AlarmActions", INSUFFICIENT_DATA: "InsufficientDataActions"}
_CREATED = "Unchecked: Initial alarm creation"


class Alarm(Entity):
    """What both kinds share. `settings`: the parameters it was put with, defaults filled in."""

    __slots__ = (
        "actions_enabled", "arn", "configured", "created", "job", "muted", "name", "reason", "reason_data",
        "settings", "state", "tags", "transitioned", "updated",
    )  # fmt: skip

    kind: str

    def __init__(self, name: str, arn: str, settings: Mapping[str, Any], now: float) -> None:
        self.name = name
        self.arn = arn
        self.tags = Tags()
        self.state = INSUFFICIENT_DATA
        self.reason = _CREATED
        self.reason_data: str | None = None
        self.created = self.updated = self.transitioned = now
        self.job: int | None = None  # its next evaluation
        self.muted = False  # whether a mute rule has kept its actions back
        self.configure(settings, now)

    def configure(self, settings: Mapping[str, Any], now: float) -> None:
        """The configuration as a whole; the state stays."""
        self.settings = settings
        self.actions_enabled = settings["ActionsEnabled"]
        self.configured = now

    def become(self, state: str, reason: str, reason_data: str | None, now: float) -> None:
        if state != self.state:
            self.transitioned = now
        self.state = state
        self.reason = reason
        self.reason_data = reason_data
        self.updated = now

    def actions(self, state: str) -> Sequence[str]:
        """What to do when it comes into a state."""
        return self.settings.get(ACTIONS[state]) or ()

    def described(self) -> dict[str, Any]:
        return {
            **{name: value for name, value in self.settings.items() if value is not None},
            "AlarmName": self.name,
            "AlarmArn": self.arn,
            "ActionsEnabled": self.actions_enabled,
            "AlarmConfigurationUpdatedTimestamp": self.configured,
            "StateValue": self.state,
            "StateReason": self.reason,
            "StateReasonData": self.reason_data,
            "StateUpdatedTimestamp": self.updated,
            "StateTransitionedTimestamp": self.transitioned,
        }


class MetricAlarm(Alarm):
    """An alarm on a metric, or on an expression over metrics. `asleep`: nothing changes until there is new data."""

    __slots__ = ("asleep", "contributors")

    kind = METRIC

    def __init__(self, name: str, arn: str, settings: Mapping[str, Any], now: float) -> None:
        self.asleep = False
        self.contributors: tuple[Mapping[str, Any], ...] = ()  # the series in ALARM, where an expression gives several
        super().__init__(name, arn, settings, now)

    @property
    def queries(self) -> list[Query]:
        """What it watches, as metric data queries."""
        settings = self.settings
        if settings.get("Metrics"):
            return list(settings["Metrics"])
        stat = {
            "Metric": {
                "Namespace": settings["Namespace"],
                "MetricName": settings["MetricName"],
                "Dimensions": settings.get("Dimensions") or [],
            },
            "Period": settings["Period"],
            "Stat": settings.get("Statistic") or settings["ExtendedStatistic"],
        }
        if settings.get("Unit"):
            stat["Unit"] = settings["Unit"]
        return [{"Id": "m1", "MetricStat": stat, "ReturnData": True}]

    @property
    def watched(self) -> str:
        """The id of the query that is compared with the threshold."""
        band = self.settings.get("ThresholdMetricId")
        return next(query["Id"] for query in self.queries if query.get("ReturnData", True) and query["Id"] != band)

    @property
    def metrics(self) -> set[Name] | None:
        """The metrics it reads; None where only their data tells."""
        return metrics_of(self.queries)

    @property
    def period(self) -> int:
        """Seconds of a datapoint."""
        if self.settings.get("Period"):
            return int(self.settings["Period"])
        queries = self.queries
        periods = [query["MetricStat"]["Period"] for query in queries if query.get("MetricStat")]
        periods += [query["Period"] for query in queries if query.get("Period")]
        return max(periods, default=60)

    @property
    def interval(self) -> int:
        """Seconds between evaluations."""
        return 10 if self.period < 60 else 60

    @property
    def needed(self) -> int:
        """How many datapoints have to breach."""
        given: int | None = self.settings.get("DatapointsToAlarm")
        return given or int(self.settings["EvaluationPeriods"])

    @property
    def missing(self) -> str:
        """How it treats missing data; DynamoDB's metrics have a default of their own."""
        given: str | None = self.settings.get("TreatMissingData")
        if given:
            return given
        return "ignore" if self.settings.get("Namespace") == "AWS/DynamoDB" else "missing"

    def is_on(self, namespace: str, name: str, asked: Mapping[str, Any]) -> bool:
        """Whether DescribeAlarmsForMetric with these parameters finds it."""
        settings = self.settings
        if (settings.get("Namespace"), settings.get("MetricName")) != (namespace, name):
            return False
        if dimensions_of(settings.get("Dimensions")) != dimensions_of(asked.get("Dimensions")):
            return False
        others = ("Statistic", "ExtendedStatistic", "Period", "Unit")
        return all(asked.get(other) in (None, settings.get(other)) for other in others)


class CompositeAlarm(Alarm):
    """An alarm on the states of other alarms. `suppressed`: what keeps its actions back, and why."""

    __slots__ = ("kept_back", "suppressed", "waiting")

    kind = COMPOSITE

    def __init__(self, name: str, arn: str, settings: Mapping[str, Any], now: float) -> None:
        self.suppressed: tuple[str, str] | None = None
        self.waiting: int | None = None  # the job that ends a wait for the suppressor
        self.kept_back: str | None = None  # the state before the actions that are kept back
        super().__init__(name, arn, settings, now)

    @property
    def rule(self) -> rules.Rule:
        return rules.parse(self.settings["AlarmRule"])

    @property
    def suppressor(self) -> str | None:
        """The name of the alarm that suppresses its actions."""
        given: str | None = self.settings.get("ActionsSuppressor")
        return rules.name_of(given) if given else None

    def described(self) -> dict[str, Any]:
        by, why = self.suppressed or (None, None)
        return {**super().described(), "ActionsSuppressedBy": by, "ActionsSuppressedReason": why}

"""What all operations of CloudWatch stand on: the metrics of the account in the Region, and how refusals are worded."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from awsim.errors import AWSError
from awsim.gateway.validate import Violation
from awsim.metering import Level
from awsim.service import Service
from awsim.services.cloudwatch.metric import Metric, Name
from awsim.services.cloudwatch.refusals import worded
from awsim.services.cloudwatch.store import Store
from awsim.state import Dict

# Operations that list violations as operations on metrics do; the others as most services of AWS.
_OF_METRICS = frozenset(
    (
        "PutMetricData", "GetMetricStatistics", "ListMetrics", "PutAnomalyDetector", "DeleteAnomalyDetector",
        "DescribeAnomalyDetectors", "PutDashboard", "GetDashboard", "ListDashboards", "DeleteDashboards",
        "PutInsightRule", "DeleteInsightRules", "DescribeInsightRules", "EnableInsightRules", "DisableInsightRules",
        "GetInsightRuleReport", "PutManagedInsightRules", "ListManagedInsightRules", "PutMetricStream",
        "GetMetricStream", "ListMetricStreams", "DeleteMetricStream", "StartMetricStreams", "StopMetricStreams",
        "TagResource", "UntagResource", "ListTagsForResource",
    )
)  # fmt: skip


class Operations(Service):
    """State and look-ups of CloudWatch of one account in one Region. Times are epoch seconds."""

    name = "cloudwatch"
    scope = "region"
    validation_error = "ValidationError"
    # PutMetricData says all that is wrong with all members at once.
    unchecked = frozenset({"MetricData", "EntityMetricDataList"})

    def setup(self) -> None:
        self.store = Store(self._limit, self.touched)
        self._shown = Dict()  # key of a service instance -> the levels that it showed last, by name

    def _limit(self, row: str) -> float:
        value: float = self.limits[row]
        return value

    def violation(self, violations: Sequence[Violation]) -> AWSError:
        return worded(violations) if self.request.operation in _OF_METRICS else super().violation(violations)

    # --- metrics

    def gather(self, namespaces: Collection[str] | None = None) -> None:
        """Take in what all services have measured so far, and what their resources show now in some namespaces."""
        now = self.clock.time()
        for instance in self.cloud.instances():
            where = (instance.account, instance.region)
            asked = (
                instance.shows
                and (namespaces is None or not instance.shows.isdisjoint(namespaces))
                and (instance.scope != "region" or where == self._place)
            )
            # What brings the resources up to date may leave notes, of earlier times.
            shown = [*instance.levels()] if asked else []
            if instance.unread:
                instance.look()
            if len(instance.measured):
                self.take_in(instance)
            if asked:
                for level in (*shown, *self._ended(instance, shown, now)):
                    self._owner(level.account, level.region, instance).store.tell(level, now)

    def _ended(self, instance: Service, shown: list[Level], now: float) -> list[Level]:
        """What an instance showed before and shows no more."""
        names = {level[:4]: level for level in shown}
        before: dict[Any, Level] = self._shown.get(instance.key, {})
        self._shown[instance.key] = names
        return [level._replace(time=now, value=None) for key, level in before.items() if key not in names]

    def take_in(self, instance: Service) -> None:
        """Take in the notes of a service instance."""
        counted: dict[Any, dict[float, float]] = {}
        told: dict[Any, Level] = {}
        for given in instance.measurements(instance.measured.take()):
            if isinstance(given, Level):
                # Of what is shown within a minute, the last counts.
                told[(*given[:4], given.time // 60, *given[-2:])] = given
                continue
            namespace, name, dimensions, unit, time, value, weight, account, region = given
            key = (namespace, name, dimensions, unit, time // 60, account, region)
            values = counted.get(key)
            if values is None:
                values = counted[key] = {}
            values[value] = values.get(value, 0) + weight
        for (namespace, name, dimensions, unit, minute, account, region), values in counted.items():
            metric = Name(namespace, name, tuple(sorted(dimensions)))
            self._owner(account, region, instance).store.count(metric, unit, minute * 60, values)
        for level in told.values():
            self._owner(level.account, level.region, instance).store.tell(level)
        if told and instance.shows:
            named = {level[:4]: level for level in told.values()}
            self._shown[instance.key] = {**self._shown.get(instance.key, {}), **named}

    def _owner(self, account: str | None, region: str | None, instance: Service) -> Any:
        where = (account or instance.account, region or instance.region)
        return self if where == self._place else self.cloud.service(self.name, *where)

    @property
    def _place(self) -> tuple[str, str]:
        return self.account, self.region

    def recent(self) -> Iterable[Metric]:
        """The metrics with data of the last two weeks."""
        return self.store.listed(self.clock.time(), self.limits["listed"])

    def touched(self, name: Name, unit: str, time: float) -> None:
        """A metric has new data."""

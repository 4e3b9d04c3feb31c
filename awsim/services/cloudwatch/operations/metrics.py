"""Sending, listing and reading metrics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from math import ceil
from typing import Any

from awsim.services.cloudwatch import labels, queries
from awsim.services.cloudwatch.math.series import MathError, TimeSeries
from awsim.services.cloudwatch.metric import Metric, Name, dimensions_of
from awsim.services.cloudwatch.operations.common import Operations
from awsim.services.cloudwatch.paging import paged
from awsim.services.cloudwatch.putting import Reader
from awsim.services.cloudwatch.refusals import bad_token, combination, invalid, missing, validation
from awsim.services.cloudwatch.statistics import Summary, is_detailed, statistic
from awsim.services.cloudwatch.store import Window, epoch, matches
from awsim.state.pages import BadToken, listed, number

_RESERVED = "AWS/"
# How often a run that varies AWS's decisions leaves a new metric out of a listing, and shuffles datapoints.
_UNLISTED_ODDS = 0.2
_SHUFFLED_ODDS = 0.2


class MetricOperations(Operations):
    def put_metric_data(
        self,
        Namespace: str,
        MetricData: Sequence[Mapping[str, Any]] | None = None,
        EntityMetricData: Sequence[Mapping[str, Any]] | None = None,
        StrictEntityValidation: bool = False,
    ) -> None:
        if Namespace.startswith(_RESERVED) and self.caller.service is None:
            raise invalid(f"The value {Namespace} for parameter Namespace is invalid.")
        if not MetricData and not EntityMetricData:
            raise missing("MetricData")
        now = self.clock.time()
        given = {"MetricData": list(MetricData or ())}
        for place, entity in enumerate(EntityMetricData or (), 1):
            given[f"EntityMetricData.member.{place}.MetricData"] = entity.get("MetricData") or []
        self.limits.check("metrics-per-request", sum(map(len, given.values())), where="MetricData")
        reader = Reader(Namespace, self.limits, now)
        data = [datum for where, members in given.items() for datum in reader.read(where, members)]
        reader.check()
        for datum in data:
            self.store.put(datum, now)

    def list_metrics(
        self,
        Namespace: str | None = None,
        MetricName: str | None = None,
        Dimensions: Sequence[Mapping[str, str]] = (),
        NextToken: str | None = None,
        RecentlyActive: str | None = None,
        IncludeLinkedAccounts: bool = False,
        OwningAccount: str | None = None,
    ) -> dict[str, Any]:
        self.gather(None if Namespace is None else (Namespace,))
        now = self.clock.time()
        within = self.limits["recently-active" if RecentlyActive else "listed"]
        found = [
            metric
            for metric in self.store.listed(now, within)
            if matches(metric, Namespace, MetricName, Dimensions) and self._is_listed(metric, now)
        ]
        if OwningAccount not in (None, self.account):
            found = []
        answer = listed(
            "Metrics",
            found,
            lambda metric: metric.name.shown(),
            lambda metric: number(metric.number),
            NextToken,
            self.limits["listed-page"],
            refusal=lambda: invalid("Invalid nextToken"),
        )
        if IncludeLinkedAccounts:
            answer["OwningAccounts"] = [self.account] * len(answer["Metrics"])
        return answer

    def _is_listed(self, metric: Metric, now: float) -> bool:
        if now - metric.created >= self.limits.lag("metric-listing"):
            return True
        what = f"did not list the new metric {metric.name.name} yet"
        return not self.choose("cloudwatch.unlisted", (False, True), _UNLISTED_ODDS, what)

    def get_metric_statistics(
        self,
        Namespace: str,
        MetricName: str,
        StartTime: datetime,
        EndTime: datetime,
        Period: int,
        Dimensions: Sequence[Mapping[str, str]] = (),
        Statistics: Sequence[str] = (),
        ExtendedStatistics: Sequence[str] = (),
        Unit: str | None = None,
    ) -> dict[str, Any]:
        if not Statistics and not ExtendedStatistics:
            raise combination("At least one of the parameters Statistics and ExtendedStatistics must be specified.")
        for place, name in enumerate(ExtendedStatistics, 1):
            if statistic(name) is None:
                raise invalid(f"The value {name} for parameter ExtendedStatistics.member.{place} is not supported.")
        if not queries.is_period(Period):
            raise invalid("The parameter Period must be 1, 5, 10, 20, 30 or any multiple of 60.")
        start, end = epoch(StartTime), epoch(EndTime)
        if start >= end:
            raise invalid("The parameter StartTime must be less than the parameter EndTime.")
        now = self.clock.time()
        self.limits.check("datapoints-per-call", ceil((end - start) / Period))
        self.gather((Namespace,))
        window = Window(self.store.rounded(start, Period, now), end, Period, now)
        detailed = any(map(is_detailed, ExtendedStatistics))
        metric = Name(Namespace, MetricName, dimensions_of(Dimensions))
        points = [
            _datapoint(time, unit, summary, Statistics, ExtendedStatistics)
            for unit, summaries in self.store.summaries((metric,), Unit, window, detailed=detailed).items()
            for time, summary in summaries.items()
        ]
        what = f"returned the datapoints of {MetricName} in no order of time"
        if len(points) > 1 and self.choose("cloudwatch.datapoint-order", (False, True), _SHUFFLED_ODDS, what):
            points = points[1::2] + points[::2]
        return {"Label": MetricName, "Datapoints": points}

    def get_metric_data(
        self,
        MetricDataQueries: Sequence[Mapping[str, Any]],
        StartTime: datetime,
        EndTime: datetime,
        NextToken: str | None = None,
        ScanBy: str | None = None,
        MaxDatapoints: int | None = None,
        LabelOptions: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        self.limits.check("queries", len(MetricDataQueries))
        queries.check(MetricDataQueries)
        start, end = epoch(StartTime), epoch(EndTime)
        if start >= end:
            raise validation("The parameter StartTime must be less than the parameter EndTime.")
        most = self.limits["datapoints"]
        if MaxDatapoints is not None and not 0 < MaxDatapoints <= most:
            raise validation(f"The parameter MaxDatapoints must be between 1 and {most}.")
        zone = labels.zone_of((LabelOptions or {}).get("Timezone"))
        if zone is None:
            raise validation("The parameter LabelOptions.Timezone must be of the form +HHMM or -HHMM.")
        self.gather(queries.namespaces_of(MetricDataQueries))
        run = queries.Run(MetricDataQueries, self.sources(), start, end, self.clock.time())
        found = [
            series for query in MetricDataQueries for series in run.series(query["Id"]) if query.get("ReturnData", True)
        ]
        place = {"Region": self.region, "AccountId": self.account, "AccountLabel": self.account}
        results = []
        for series in found:
            default = series.name.name if series.name is not None else series.id
            items = list(series.values.items())
            if ScanBy != "TimestampAscending":
                items.reverse()
            results.append(
                {
                    "Id": series.id,
                    "Label": labels.filled(series.label, default, series, zone, place),
                    "Timestamps": [time for time, _ in items],
                    "Values": [value for _, value in items],
                    "StatusCode": "Complete",
                }
            )
        try:
            page, token = paged(results, NextToken, MaxDatapoints or most)
        except BadToken:
            raise bad_token() from None
        return {"MetricDataResults": page, "NextToken": token, "Messages": []}

    # --- what queries read

    def sources(self) -> queries.Sources:
        return queries.Sources(
            self.store, self.recent, self.bands, self.rule_series, lambda count: self.limits.check("searched", count)
        )

    def bands(self, series: TimeSeries, width: float) -> list[TimeSeries]:
        raise MathError("ANOMALY_DETECTION_BAND")

    def rule_series(self, rule: str, metric: str, range_: Any) -> TimeSeries:
        raise MathError("INSIGHT_RULE_METRIC")


def _datapoint(
    time: float, unit: str, summary: Summary, statistics: Sequence[str], extended: Sequence[str]
) -> dict[str, Any]:
    point: dict[str, Any] = {"Timestamp": time, "Unit": unit}
    for name in statistics:
        compute = statistic(name)
        assert compute is not None
        point[name] = compute(summary)
    values = {name: value for name in extended if (value := statistic(name)(summary)) is not None}  # type: ignore[misc]
    if values:
        point["ExtendedStatistics"] = values
    return point

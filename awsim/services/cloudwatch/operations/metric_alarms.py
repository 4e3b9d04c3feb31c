"""Alarms on metrics and on expressions, evaluated on the Cloud's clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import floor
from typing import Any

from awsim.errors import AWSError
from awsim.services.cloudwatch import queries
from awsim.services.cloudwatch.alarms import evaluation
from awsim.services.cloudwatch.alarms.alarm import ALARM, INSUFFICIENT_DATA, OK, Alarm, MetricAlarm
from awsim.services.cloudwatch.alarms.checks import check_metric_alarm
from awsim.services.cloudwatch.alarms.evaluation import Point, Terms, Verdict
from awsim.services.cloudwatch.alarms.messages import Change
from awsim.services.cloudwatch.alarms.windows import window_end, zone_of
from awsim.services.cloudwatch.math.series import TimeSeries
from awsim.services.cloudwatch.metric import Name
from awsim.services.cloudwatch.operations.alarms import AlarmOperations
from awsim.services.cloudwatch.refusals import validation
from awsim.state import Dict
from awsim.state.tags import tag_map

_NOT_SETTINGS = frozenset(("AlarmName", "Tags"))


class MetricAlarmOperations(AlarmOperations):
    def setup(self) -> None:
        super().setup()
        self._asleep = Dict()  # metric -> names of the alarms that wait for its data

    def put_metric_alarm(
        self,
        AlarmName: str,
        AlarmDescription: str | None = None,
        ActionsEnabled: bool = True,
        OKActions: Sequence[str] = (),
        AlarmActions: Sequence[str] = (),
        InsufficientDataActions: Sequence[str] = (),
        MetricName: str | None = None,
        Namespace: str | None = None,
        Statistic: str | None = None,
        ExtendedStatistic: str | None = None,
        Dimensions: Sequence[Mapping[str, str]] = (),
        Period: int | None = None,
        Unit: str | None = None,
        EvaluationPeriods: int | None = None,
        DatapointsToAlarm: int | None = None,
        Threshold: float | None = None,
        ComparisonOperator: str | None = None,
        TreatMissingData: str | None = None,
        EvaluateLowSampleCountPercentile: str | None = None,
        Metrics: Sequence[Mapping[str, Any]] = (),
        Tags: Sequence[Mapping[str, str]] = (),
        ThresholdMetricId: str | None = None,
        EvaluationWindow: Mapping[str, Any] | None = None,
        WarmUpConfiguration: Mapping[str, Any] | None = None,
        ActionConfiguration: Mapping[str, Any] | None = None,
    ) -> None:
        given = {name: value for name, value in self.request.params.items() if name not in _NOT_SETTINGS}
        check_metric_alarm(given, self.limits, self.region)
        if EvaluationWindow and zone_of(EvaluationWindow) is None:
            raise validation("The time zone of the evaluation window is not valid.")
        lists: dict[str, list[str]] = {"OKActions": [], "AlarmActions": [], "InsufficientDataActions": []}
        settings = {"ActionsEnabled": True, **lists, **({} if Metrics else {"Dimensions": []}), **given}
        if Threshold is not None:
            settings["Threshold"] = float(Threshold)
        self.keep(AlarmName, MetricAlarm, settings, Tags)

    def keep(
        self, name: str, kind: type[Alarm], settings: Mapping[str, Any], tags: Sequence[Mapping[str, str]]
    ) -> None:
        """Make an alarm, or overwrite the one of that name."""
        now = self.clock.time()
        known = self.alarms.get(name)
        if known is None:
            alarm = kind(name, self.arn(f"alarm:{name}"), settings, now)
            alarm.tags = alarm.tags.with_(self, tag_map(tags), invalid="ValidationError")
            self.alarms.add(alarm)
            self.configured(alarm, "Create")
        else:
            if type(known) is not kind:
                raise validation(f"The alarm {name} exists already, and is a {known.kind}.")
            alarm = known
            self.forget(alarm)
            alarm.configure(settings, now)
            self.configured(alarm, "Update")
        self.watch(alarm)

    # --- when it is evaluated

    def watch(self, alarm: Alarm) -> None:
        if not isinstance(alarm, MetricAlarm):
            super().watch(alarm)
            return
        self._wake(alarm)
        if alarm.job is not None:
            self.cancel(alarm.job)
        passed = floor((self.clock.time() - alarm.created) / alarm.interval) + 1
        alarm.job = self.at_time(alarm.created + passed * alarm.interval, "_evaluate", name=alarm.name)

    def forget(self, alarm: Alarm) -> None:
        if isinstance(alarm, MetricAlarm):
            self._wake(alarm)
        super().forget(alarm)

    def _evaluate(self, name: str) -> None:
        alarm = self.alarms.get(name)
        if not isinstance(alarm, MetricAlarm):
            return
        alarm.job = None
        before = alarm.state
        quiet = self._look(alarm)
        if quiet and before == alarm.state and self._may_sleep(alarm):
            self._sleep(alarm)
        else:
            self.watch(alarm)

    def touched(self, name: Name, unit: str, time: float) -> None:
        super().touched(name, unit, time)
        if self._asleep:
            for waiting in self._asleep.get(name, ()):
                alarm = self.alarms.get(waiting)
                if isinstance(alarm, MetricAlarm):
                    self.watch(alarm)

    def _may_sleep(self, alarm: MetricAlarm) -> bool:
        """Whether nothing but new data can change it."""
        names = alarm.metrics
        if names is None or alarm.settings.get("WarmUpConfiguration"):
            return False
        if alarm.state == ALARM and any(":autoscaling:" in action for action in alarm.actions(ALARM)):
            return False
        now = self.clock.time()
        length = alarm.settings["EvaluationPeriods"] + self.limits["evaluation-range-extra"] + 1
        since = now - length * alarm.period
        known = [metric for name in names if (metric := self.store.get(name)) is not None]
        return not any(metric.floats or metric.last(now) >= since for metric in known)

    def _sleep(self, alarm: MetricAlarm) -> None:
        alarm.asleep = True
        self.cloud.metering.listen()
        for name in alarm.metrics or ():
            self._asleep[name] = (*self._asleep.get(name, ()), alarm.name)

    def _wake(self, alarm: MetricAlarm) -> None:
        if not alarm.asleep:
            return
        alarm.asleep = False
        self.cloud.metering.rest()
        for name, waiting in list(self._asleep.items()):
            if alarm.name in waiting:
                left = tuple(one for one in waiting if one != alarm.name)
                if left:
                    self._asleep[name] = left
                else:
                    del self._asleep[name]

    # --- what is found

    def _look(self, alarm: MetricAlarm) -> bool:
        """Evaluate an alarm; True where there was no data at all."""
        self.gather(queries.namespaces_of(alarm.queries))
        now = self.clock.time()
        settings = alarm.settings
        terms = Terms(
            settings["ComparisonOperator"],
            settings.get("Threshold"),
            settings["EvaluationPeriods"],
            alarm.needed,
            alarm.missing,
        )
        period = alarm.period
        length = terms.periods + self.limits["evaluation-range-extra"]
        end = window_end(settings.get("EvaluationWindow"), now, period, alarm.interval)
        start = end - length * period
        run = queries.Run(alarm.queries, self.sources(), start, end, now)
        try:
            series = run.series(alarm.watched)
            band = run.series(settings["ThresholdMetricId"]) if settings.get("ThresholdMetricId") else None
        except AWSError as problem:
            self.bring(alarm, INSUFFICIENT_DATA, problem.message, None)
            return True
        times = [start + place * period for place in range(length)]
        ranges = [_points(one, band, terms, times) for one in series] or [[None] * length]
        if not self._has_warmed_up(alarm, ranges, terms, now) or self._has_too_few(alarm, start, end, now):
            return False
        verdicts = [evaluation.judge(range_, terms, alarm.state) for range_ in ranges]
        alarm.contributors = _contributors(series, verdicts, alarm, now) if len(series) > 1 else ()
        verdict = _together(verdicts)
        if verdict.state is not None and (verdict.state != alarm.state or verdict.reason != alarm.reason):
            statistic = settings.get("Statistic") or settings.get("ExtendedStatistic")
            data = evaluation.reason_data(
                verdict, terms, now=now, statistic=statistic, period=period, unit=settings.get("Unit")
            )
            if verdict.state != alarm.state:
                self.bring(alarm, verdict.state, verdict.reason, data)
            else:
                alarm.reason, alarm.reason_data = verdict.reason, data
        self._go_on_scaling(alarm)
        return all(point is None for range_ in ranges for point in range_)

    def _has_warmed_up(
        self, alarm: MetricAlarm, ranges: Sequence[Sequence[Point | None]], terms: Terms, now: float
    ) -> bool:
        """Whether the warm-up period is over, or ends early because there is data enough."""
        warm_up = alarm.settings.get("WarmUpConfiguration")
        if not warm_up or now >= alarm.created + 60 * warm_up["WarmUpPeriodDurationInMinutes"]:
            return True
        if warm_up.get("OnlyStartEvaluatingAfterWarmUpPeriodEnds"):
            return False
        return all(None not in range_[-terms.periods :] for range_ in ranges)

    def _has_too_few(self, alarm: MetricAlarm, start: float, end: float, now: float) -> bool:
        """Whether there are too few samples for a percentile that is not to be looked at then."""
        name = alarm.settings.get("ExtendedStatistic") or ""
        if alarm.settings.get("EvaluateLowSampleCountPercentile") != "ignore" or not name.startswith("p"):
            return False
        share = float(name[1:]) / 100
        tail = min(share, 1 - share)
        query = alarm.queries[0]
        counting = {**query, "MetricStat": {**query["MetricStat"], "Stat": "SampleCount"}}
        (series,) = queries.Run([counting], self.sources(), start, end, now).series("m1")
        samples = sum(list(series.values.values())[-alarm.settings["EvaluationPeriods"] :])
        needed = self.limits["percentile-samples"] / tail if tail else 0
        return 0 < samples < round(needed, 6)

    def _go_on_scaling(self, alarm: MetricAlarm) -> None:
        """Scaling policies are told of a state again and again, as long as it lasts."""
        if alarm.state in (ALARM, OK) and alarm.transitioned != self.clock.time() and alarm.actions_enabled:
            for action in alarm.actions(alarm.state):
                if ":autoscaling:" in action:
                    before = Change(alarm.state, alarm.reason, alarm.reason_data, alarm.updated)
                    self.act(alarm, before)
                    return


def _points(
    series: TimeSeries, band: list[TimeSeries] | None, terms: Terms, times: Sequence[float]
) -> list[Point | None]:
    found: list[Point | None] = []
    for time in times:
        value = series.values.get(time)
        if value is None:
            found.append(None)
        elif band is None:
            found.append(Point(time, value, terms.threshold or 0.0, terms.threshold or 0.0))
        else:
            upper, lower = (one.values.get(time) for one in band[:2])
            found.append(None if upper is None or lower is None else Point(time, value, upper, lower))
    return found


def _together(verdicts: Sequence[Verdict]) -> Verdict:
    """The worst of the verdicts on several series."""
    for state in (ALARM, OK, INSUFFICIENT_DATA):
        for verdict in verdicts:
            if verdict.state == state:
                return verdict
    return verdicts[0]


def _contributors(
    series: Sequence[TimeSeries], verdicts: Sequence[Verdict], alarm: MetricAlarm, now: float
) -> tuple[Mapping[str, Any], ...]:
    """The series that are in ALARM, as DescribeAlarmContributors shows them."""
    known = {one["ContributorId"]: one for one in alarm.contributors}
    found = []
    for place, (one, verdict) in enumerate(zip(series, verdicts, strict=True)):
        if verdict.state == ALARM:
            id_ = f"{place:016x}"
            attributes = dict(one.name.dimensions) if one.name is not None else {"label": one.label}
            since = known[id_]["StateTransitionedTimestamp"] if id_ in known else now
            found.append(
                {
                    "ContributorId": id_,
                    "ContributorAttributes": attributes,
                    "StateReason": verdict.reason,
                    "StateTransitionedTimestamp": since,
                }
            )
    return tuple(found)

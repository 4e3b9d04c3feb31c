"""What PutMetricAlarm and PutCompositeAlarm refuse.

Source: CloudWatch API Reference, PutMetricAlarm and PutCompositeAlarm.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from awsim.limits.table import ServiceLimits
from awsim.services.cloudwatch import queries
from awsim.services.cloudwatch.alarms import rules
from awsim.services.cloudwatch.alarms.evaluation import BANDED
from awsim.services.cloudwatch.refusals import validation
from awsim.services.cloudwatch.statistics import statistic

_MISSING_DATA = ("breaching", "notBreaching", "ignore", "missing")
_LOW_SAMPLES = ("evaluate", "ignore")
_OF_METRIC = ("MetricName", "Namespace", "Dimensions", "Period", "Unit", "Statistic", "ExtendedStatistic")
_HOUR = 3600
_SHORT = (10, 20, 30)

_ARN = re.compile(r"arn:[a-z-]+:([a-z0-9-]+):([a-z0-9-]*):(\d{12})?:?(.+)\Z")
# The services that an action may be of: all but the first few for metric alarms only.
_TOLD = ("sns", "lambda", "ssm", "ssm-incidents", "aiops")
_MOVED = ("autoscaling", "automate", "swf")
_INSTANCE = {"automate", "swf"}


def check_metric_alarm(given: Mapping[str, Any], limits: ServiceLimits, region: str) -> None:
    for name in ("ComparisonOperator", "EvaluationPeriods"):
        if given.get(name) is None:
            raise _null(name)
    metrics = given.get("Metrics")
    if metrics:
        both = [name for name in _OF_METRIC if given.get(name)]
        if both:
            raise validation(f"{both[0]} must not be specified if Metrics is specified.")
        _check_metrics(given, metrics)
    else:
        _check_metric(given)
    if (given["ComparisonOperator"] in BANDED) != bool(given.get("ThresholdMetricId")):
        raise validation(
            f"ThresholdMetricId goes with the operators {', '.join(sorted(BANDED))}, and Threshold with the others."
        )
    if given.get("ThresholdMetricId"):
        if given.get("Threshold") is not None:
            raise validation("Threshold must not be specified if ThresholdMetricId is specified.")
    elif given.get("Threshold") is None:
        raise _null("Threshold")
    _check_choice("treatMissingData", given.get("TreatMissingData"), _MISSING_DATA)
    _check_choice("evaluateLowSampleCountPercentile", given.get("EvaluateLowSampleCountPercentile"), _LOW_SAMPLES)
    needed = given.get("DatapointsToAlarm")
    if needed is not None and needed > given["EvaluationPeriods"]:
        raise validation("DatapointsToAlarm must be less than or equal to EvaluationPeriods.")
    periods = [given["Period"]] if given.get("Period") else [
        query["MetricStat"]["Period"] for query in metrics or () if query.get("MetricStat")
    ]  # fmt: skip
    for period in periods:
        row = "evaluated-time" if period < _HOUR else "evaluated-time-of-hours"
        limits.check(row, period * given["EvaluationPeriods"])
    dimensions = {dimension["Name"] for dimension in given.get("Dimensions") or ()}
    for action in _actions(given):
        kind = check_action(action, region, (*_TOLD, *_MOVED))
        if kind in _INSTANCE and "InstanceId" not in dimensions:
            verb = action.rsplit(":", 1)[-1].split(".")[2:3] or [action.rsplit(":", 1)[-1]]
            raise validation(
                f"Invalid use of EC2 '{verb[0].split('/')[0].capitalize()}' action. The alarm has to be on a metric "
                "with the dimension InstanceId."
            )
        if kind == "autoscaling" and given.get("ThresholdMetricId"):
            raise validation("Alarms based on anomaly detection models cannot have Auto Scaling actions.")


def _check_metric(given: Mapping[str, Any]) -> None:
    for name in ("MetricName", "Namespace", "Period"):
        if given.get(name) is None:
            raise _null(name)
    if bool(given.get("Statistic")) == bool(given.get("ExtendedStatistic")):
        raise validation("Exactly one of Statistic and ExtendedStatistic must be specified.")
    extended = given.get("ExtendedStatistic")
    if extended and statistic(extended) is None:
        raise validation(f"The value {extended} for parameter ExtendedStatistic is not supported.")
    check_period(given["Period"])


def _check_metrics(given: Mapping[str, Any], metrics: list[Mapping[str, Any]]) -> None:
    queries.check(metrics, "Metrics")
    for query in metrics:
        if query.get("MetricStat"):
            check_period(query["MetricStat"]["Period"])
    returned = [query["Id"] for query in metrics if query.get("ReturnData", True)]
    band = given.get("ThresholdMetricId")
    if band is not None and band not in {query["Id"] for query in metrics}:
        raise validation(f"ThresholdMetricId {band} is not an Id of Metrics.")
    if len([id_ for id_ in returned if id_ != band]) != 1:
        raise validation("Exactly one element of the metrics list should return data.")


def check_composite_alarm(given: Mapping[str, Any], limits: ServiceLimits, region: str) -> rules.Rule:
    try:
        rule = rules.parse(given["AlarmRule"])
    except rules.BadRule as problem:
        raise validation(f"Could not save the composite alarm as the alarm rule is invalid: {problem}.") from None
    limits.check("rule-elements", rule.elements)
    limits.check("rule-children", len(rule.alarms))
    for action in _actions(given):
        check_action(action, region, _TOLD)
    waits = ("ActionsSuppressorWaitPeriod", "ActionsSuppressorExtensionPeriod")
    if given.get("ActionsSuppressor"):
        for name in waits:
            if given.get(name) is None:
                raise validation(f"{name} is required when ActionsSuppressor is specified.")
    elif any(given.get(name) is not None for name in waits):
        raise validation("ActionsSuppressor is required when its wait or extension period is specified.")
    return rule


def check_period(period: int) -> None:
    if period not in _SHORT and (period < 60 or period % 60):
        raise validation("Period must be 10, 20, 30 or a multiple of 60.")


def check_action(action: str, region: str, services: Iterable[str]) -> str:
    """The service of an action; refuses what is none, or of another Region."""
    match = _ARN.match(action)
    if match is None or match[1] not in services:
        raise validation(f"Invalid arn syntax: {action}")
    if match[2] and match[2] != region:
        raise validation(f"Invalid region {match[2]} specified. Only {region} is supported.")
    return match[1]


def _actions(given: Mapping[str, Any]) -> list[str]:
    names = ("OKActions", "AlarmActions", "InsufficientDataActions")
    return [action for name in names for action in given.get(name) or ()]


def _check_choice(name: str, value: str | None, allowed: tuple[str, ...]) -> None:
    if value is not None and value not in allowed:
        raise validation(
            f"1 validation error detected: Value '{value}' at '{name}' failed to satisfy constraint: Member must "
            f"satisfy enum value set: [{', '.join(allowed)}]"
        )


def _null(name: str) -> Exception:
    shown = name[:1].lower() + name[1:]
    return validation(
        f"1 validation error detected: Value null at '{shown}' failed to satisfy constraint: Member must not be null"
    )

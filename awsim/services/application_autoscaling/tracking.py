"""Target tracking: which metric a policy follows, the alarms that are made for it, and the capacity it asks for.

Sources: Application Auto Scaling User Guide, "Target tracking scaling policies", "Predefined metrics"; DynamoDB
Developer Guide, "Managing throughput capacity automatically with DynamoDB auto scaling"; the alarms that AWS makes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from math import ceil
from typing import Any, NamedTuple

from awsim.errors import AWSError
from awsim.services.application_autoscaling.records import Key

_MINUTE = 60
# Minutes over which alarms look: up and down, of tables and of anything else.
_TABLE_PERIODS, _PERIODS = (2, 15), (3, 15)
# How far below its target a metric has to be for less capacity: points of a table's percentage, and a share.
_TABLE_SLACK, _SLACK = 20, 0.9
_LABEL = re.compile(r"(app/[^/]+/[^/]+)/(targetgroup/[^/]+/[^/]+)\Z")


class Followed(NamedTuple):
    """A metric as PutMetricAlarm has it, and how capacity is reckoned from it. `per_unit`: what of the metric one unit
    of capacity takes at the target, where the metric is a sum; None where it is an average over the capacity."""

    watched: Mapping[str, Any]
    periods: tuple[int, int]
    high: float
    low: float
    per_unit: float | None

    def wanted(self, capacity: int, value: float, target: float) -> int:
        """The capacity that would bring the metric to its target."""
        if self.per_unit is not None:
            return ceil(value / self.per_unit - 1e-9)
        return ceil(max(capacity, 1) * value / target - 1e-9)


def followed(key: Key, settings: Mapping[str, Any], capacity: int) -> Followed:
    """What a target tracking configuration of a scalable target follows, at its capacity now."""
    target = settings["TargetValue"]
    predefined = settings.get("PredefinedMetricSpecification")
    if predefined is None:
        return _simple(_customized(settings["CustomizedMetricSpecification"]), target)
    kind = predefined["PredefinedMetricType"]
    if kind not in _PREDEFINED or _PREDEFINED[kind].namespace != key[0]:
        raise _unsupported(kind, key)
    known = _PREDEFINED[kind]
    watched = known.watched(key, predefined.get("ResourceLabel"))
    if key[0] != "dynamodb":
        return _simple(watched, target)
    if (kind == "DynamoDBReadCapacityUtilization") != key[2].endswith("ReadCapacityUnits"):
        raise _unsupported(kind, key)
    high = capacity * target / 100 * _MINUTE
    low = capacity * max(target - _TABLE_SLACK, 0) / 100 * _MINUTE
    return Followed(watched, _TABLE_PERIODS, high, low, target / 100 * _MINUTE)


def _simple(watched: Mapping[str, Any], target: float) -> Followed:
    return Followed(watched, _PERIODS, target, target * _SLACK, None)


def _unsupported(kind: str, key: Key) -> AWSError:
    return AWSError(
        "ValidationException",
        f"The predefined metric type {kind} is not supported for the service namespace {key[0]} and the scalable "
        f"dimension {key[2]}.",
    )


def _customized(given: Mapping[str, Any]) -> Mapping[str, Any]:
    if given.get("Metrics"):
        metrics = [{"ReturnData": True, **query} for query in given["Metrics"]]
        for query in metrics:
            if "MetricStat" in query:
                query["MetricStat"] = {"Period": _MINUTE, **query["MetricStat"]}
        return {"Metrics": metrics}
    for name in ("MetricName", "Namespace", "Statistic"):
        if not given.get(name):
            raise AWSError("ValidationException", f"{name} must be specified in CustomizedMetricSpecification.")
    return {
        "MetricName": given["MetricName"],
        "Namespace": given["Namespace"],
        "Statistic": given["Statistic"],
        "Dimensions": list(given.get("Dimensions") or ()),
        "Period": _MINUTE,
        **({"Unit": given["Unit"]} if given.get("Unit") else {}),
    }


class _Predefined(NamedTuple):
    namespace: str
    watched: Callable[[Key, str | None], Mapping[str, Any]]


def _metric(namespace: str, name: str, statistic: str, dimensions: Mapping[str, str]) -> Mapping[str, Any]:
    listed = [{"Name": key, "Value": value} for key, value in dimensions.items()]
    watched = {"Namespace": namespace, "MetricName": name, "Statistic": statistic}
    return {**watched, "Dimensions": listed, "Period": _MINUTE}


def _consumed(name: str) -> Callable[[Key, str | None], Mapping[str, Any]]:
    def watched(key: Key, label: str | None) -> Mapping[str, Any]:
        table, _, index = key[1].removeprefix("table/").partition("/index/")
        more = {"GlobalSecondaryIndexName": index} if index else {}
        return _metric("AWS/DynamoDB", name, "Sum", {"TableName": table, **more})

    return watched


def _of_service(name: str) -> Callable[[Key, str | None], Mapping[str, Any]]:
    def watched(key: Key, label: str | None) -> Mapping[str, Any]:
        cluster, service = key[1].split("/")[1:3]
        return _metric("AWS/ECS", name, "Average", {"ClusterName": cluster, "ServiceName": service})

    return watched


def _of_function(key: Key, label: str | None) -> Mapping[str, Any]:
    _, name, qualifier = key[1].split(":")
    dimensions = {"FunctionName": name, "Resource": f"{name}:{qualifier}"}
    return _metric("AWS/Lambda", "ProvisionedConcurrencyUtilization", "Maximum", dimensions)


def _of_target_group(key: Key, label: str | None) -> Mapping[str, Any]:
    match = _LABEL.match(label or "")
    if match is None:
        raise AWSError(
            "ValidationException",
            "ResourceLabel must be specified for the predefined metric type ALBRequestCountPerTarget, as "
            "app/<load-balancer-name>/<load-balancer-id>/targetgroup/<target-group-name>/<target-group-id>.",
        )
    dimensions = {"LoadBalancer": match[1], "TargetGroup": match[2]}
    return _metric("AWS/ApplicationELB", "RequestCountPerTarget", "Sum", dimensions)


_PREDEFINED = {
    "DynamoDBReadCapacityUtilization": _Predefined("dynamodb", _consumed("ConsumedReadCapacityUnits")),
    "DynamoDBWriteCapacityUtilization": _Predefined("dynamodb", _consumed("ConsumedWriteCapacityUnits")),
    "ECSServiceAverageCPUUtilization": _Predefined("ecs", _of_service("CPUUtilization")),
    "ECSServiceAverageMemoryUtilization": _Predefined("ecs", _of_service("MemoryUtilization")),
    "ALBRequestCountPerTarget": _Predefined("ecs", _of_target_group),
    "LambdaProvisionedConcurrencyUtilization": _Predefined("lambda", _of_function),
}


def alarms(
    key: Key, policy: str, id_: str, what: Followed, capacity: int, *, scale_in: bool
) -> dict[str, dict[str, Any]]:
    """The alarms of a policy by what they are for, as parameters of PutMetricAlarm."""
    shared = {
        "AlarmActions": [policy],
        "AlarmDescription": f"DO NOT EDIT OR DELETE. For TargetTrackingScaling policy {policy}.",
    }
    made = {"AlarmHigh": {**what.watched, "ComparisonOperator": "GreaterThanThreshold", "Threshold": what.high,
                          "EvaluationPeriods": what.periods[0]}}  # fmt: skip
    if scale_in:
        made["AlarmLow"] = {
            **what.watched,
            "ComparisonOperator": "LessThanThreshold",
            "Threshold": what.low,
            "EvaluationPeriods": what.periods[1],
        }
    if key[0] == "dynamodb":
        name = what.watched["MetricName"].replace("Consumed", "Provisioned")
        provisioned = {
            **what.watched,
            "MetricName": name,
            "Statistic": "Average",
            "Period": 5 * _MINUTE,
            "Threshold": float(capacity),
            "EvaluationPeriods": 3,
        }
        made["ProvisionedCapacityHigh"] = {**provisioned, "ComparisonOperator": "GreaterThanThreshold"}
        made["ProvisionedCapacityLow"] = {**provisioned, "ComparisonOperator": "LessThanThreshold"}
    return {
        kind: {"AlarmName": f"TargetTracking-{key[1]}-{kind}-{id_}", **shared, **settings}
        for kind, settings in made.items()
    }

"""What an alarm tells: notifications for people, events for programs, and its history.

Sources: CloudWatch User Guide, "Alarm events and EventBridge", "Invoke a Lambda function from an alarm"; messages that
SNS brings.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from awsim.services.cloudwatch.alarms.alarm import Alarm, CompositeAlarm, MetricAlarm
from awsim.services.cloudwatch.alarms.evaluation import timestamp
from awsim.services.cloudwatch.store import epoch


class Change(NamedTuple):
    """A change of state: what the alarm was before."""

    state: str
    reason: str
    reason_data: str | None
    time: float


class Place(NamedTuple):
    account: str
    region: str
    partition: str


@cache
def region_name(region: str) -> str:
    """`US East (N. Virginia)`."""
    from awsim.wire.models import loader

    for partition in loader().load_data("partitions")["partitions"]:
        if region in partition["regions"]:
            return str(partition["regions"][region]["description"])
    return region


def subject(alarm: Alarm, place: Place) -> str:
    return f'{alarm.state}: "{alarm.name}" in {region_name(place.region)}'[:100]


def notification(alarm: Alarm, before: Change, place: Place) -> str:
    """What SNS brings."""
    settings = alarm.settings
    message: dict[str, Any] = {
        "AlarmName": alarm.name,
        "AlarmDescription": settings.get("AlarmDescription"),
        "AWSAccountId": place.account,
        "AlarmConfigurationUpdatedTimestamp": timestamp(alarm.configured),
        "NewStateValue": alarm.state,
        "NewStateReason": alarm.reason,
        "StateChangeTime": timestamp(alarm.updated),
        "Region": region_name(place.region),
        "AlarmArn": alarm.arn,
        "OldStateValue": before.state,
        "OKActions": list(settings.get("OKActions") or ()),
        "AlarmActions": list(settings.get("AlarmActions") or ()),
        "InsufficientDataActions": list(settings.get("InsufficientDataActions") or ()),
    }
    if isinstance(alarm, MetricAlarm):
        message["Trigger"] = _trigger(alarm)
    else:
        message["AlarmRule"] = settings["AlarmRule"]
        message["TriggeringChildren"] = []
    return json.dumps(message, separators=(",", ":"))


def _trigger(alarm: MetricAlarm) -> dict[str, Any]:
    settings = alarm.settings
    shared = {
        "EvaluationPeriods": settings["EvaluationPeriods"],
        "DatapointsToAlarm": alarm.needed,
        "ComparisonOperator": settings["ComparisonOperator"],
        "Threshold": settings.get("Threshold"),
        "TreatMissingData": settings.get("TreatMissingData") or "missing",
        "EvaluateLowSampleCountPercentile": settings.get("EvaluateLowSampleCountPercentile") or "",
    }
    if settings.get("Metrics"):
        return {"Period": alarm.period, **shared, "Metrics": [_metric(query) for query in settings["Metrics"]]}
    statistic = settings.get("Statistic")
    dimensions = [{"value": one["Value"], "name": one["Name"]} for one in settings.get("Dimensions") or ()]
    kind = (
        {"StatisticType": "Statistic", "Statistic": _upper(statistic)}
        if statistic
        else {"StatisticType": "ExtendedStatistic", "ExtendedStatistic": settings["ExtendedStatistic"]}
    )
    return {
        "MetricName": settings["MetricName"],
        "Namespace": settings["Namespace"],
        **kind,
        "Unit": settings.get("Unit"),
        "Dimensions": dimensions,
        "Period": settings["Period"],
        **shared,
    }


def _upper(statistic: str) -> str:
    return "SAMPLE_COUNT" if statistic == "SampleCount" else statistic.upper()


def _metric(query: Mapping[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {"Id": query["Id"]}
    if stat := query.get("MetricStat"):
        metric = stat["Metric"]
        dimensions = [{"value": one["Value"], "name": one["Name"]} for one in metric.get("Dimensions") or ()]
        shown["MetricStat"] = {
            "Metric": {
                "Dimensions": dimensions,
                "MetricName": metric["MetricName"],
                "Namespace": metric["Namespace"],
            },
            "Period": stat["Period"],
            "Stat": stat["Stat"],
        }
    else:
        shown["Expression"] = query["Expression"]
    if query.get("Label"):
        shown["Label"] = query["Label"]
    return {**shown, "ReturnData": query.get("ReturnData", True)}


# --- events


def configuration(alarm: Alarm) -> dict[str, Any]:
    """What an event on a change of state says of an alarm's configuration."""
    settings = alarm.settings
    shown: dict[str, Any] = {}
    if settings.get("AlarmDescription"):
        shown["description"] = settings["AlarmDescription"]
    if isinstance(alarm, CompositeAlarm):
        shown["alarmRule"] = settings["AlarmRule"]
        for name in ("ActionsSuppressor", "ActionsSuppressorWaitPeriod", "ActionsSuppressorExtensionPeriod"):
            if settings.get(name) is not None:
                shown[_lower(name)] = settings[name]
    elif isinstance(alarm, MetricAlarm):
        shown["metrics"] = [_event_metric(query) for query in alarm.queries]
    return shown


def _event_metric(query: Mapping[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {"id": query["Id"]}
    if stat := query.get("MetricStat"):
        metric = stat["Metric"]
        shown["metricStat"] = {
            "metric": {
                "namespace": metric["Namespace"],
                "name": metric["MetricName"],
                "dimensions": {one["Name"]: one["Value"] for one in metric.get("Dimensions") or ()},
            },
            "period": stat["Period"],
            "stat": stat["Stat"],
        }
    else:
        shown["expression"] = query["Expression"]
    if query.get("Label"):
        shown["label"] = query["Label"]
    return {**shown, "returnData": query.get("ReturnData", True)}


def _state(value: str, reason: str, reason_data: str | None, time: float) -> dict[str, Any]:
    shown = {"value": value, "reason": reason, "timestamp": timestamp(time)}
    if reason_data:
        shown["reasonData"] = reason_data
    return shown


def current(alarm: Alarm) -> dict[str, Any]:
    shown = _state(alarm.state, alarm.reason, alarm.reason_data, alarm.updated)
    if isinstance(alarm, CompositeAlarm) and alarm.suppressed:
        shown["actionsSuppressedBy"], shown["actionsSuppressedReason"] = alarm.suppressed
    return shown


def state_change(alarm: Alarm, before: Change) -> dict[str, Any]:
    """The detail of a "CloudWatch Alarm State Change"."""
    return {
        "alarmName": alarm.name,
        "configuration": configuration(alarm),
        "previousState": _state(*before),
        "state": current(alarm),
    }


def configuration_change(alarm: Alarm, operation: str) -> dict[str, Any]:
    """The detail of a "CloudWatch Alarm Configuration Change"."""
    settings = alarm.settings
    shown = {
        _lower(name): value
        for name, value in settings.items()
        if value is not None and name not in ("MetricName", "Namespace", "Statistic", "Dimensions", "Period", "Metrics")
    }
    shown |= configuration(alarm)
    shown |= {
        "alarmName": alarm.name,
        "actionsEnabled": alarm.actions_enabled,
        "timestamp": timestamp(alarm.configured),
    }
    return {"alarmName": alarm.name, "operation": operation, "state": current(alarm), "configuration": shown}


def function_event(alarm: Alarm, before: Change, place: Place) -> str:
    """What a Lambda function is called with."""
    event = {
        "source": "aws.cloudwatch",
        "alarmArn": alarm.arn,
        "accountId": place.account,
        "time": timestamp(alarm.updated),
        "region": place.region,
        "alarmData": {
            "alarmName": alarm.name,
            "state": current(alarm),
            "previousState": _state(*before),
            "configuration": configuration(alarm),
        },
    }
    return json.dumps(event)


# --- history


def update_data(alarm: Alarm, before: Change) -> str:
    def shown(state: str, reason: str, reason_data: str | None) -> dict[str, Any]:
        found: dict[str, Any] = {"stateValue": state, "stateReason": reason}
        if reason_data:
            found["stateReasonData"] = _read(reason_data)
        return found

    return _data(
        oldState=shown(before.state, before.reason, before.reason_data),
        newState=shown(alarm.state, alarm.reason, alarm.reason_data),
    )


def configuration_data(kind: str, alarm: Alarm) -> str:
    member = {"Create": "createdAlarm", "Update": "updatedAlarm", "Delete": "deletedAlarm"}[kind]
    shown = {_lower(name): value for name, value in alarm.described().items() if value is not None}
    return _data(type=kind, **{member: shown})


def action_data(alarm: Alarm, action: str, error: str | None) -> str:
    state = "Succeeded" if error is None else "Failed"
    found: dict[str, Any] = {
        "actionState": state,
        "stateUpdateTimestamp": int(alarm.updated * 1000),
        "notificationResource": action,
    }
    if error is not None:
        found["error"] = error
    return _data(**found)


def _data(**members: Any) -> str:
    return json.dumps({"version": "1.0", **members}, separators=(",", ":"), default=_plain)[:4095]


def _plain(value: Any) -> Any:
    return timestamp(epoch(value)) if isinstance(value, datetime) else str(value)


def _read(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _lower(name: str) -> str:
    return "ok" + name[2:] if name.startswith("OK") else name[:1].lower() + name[1:]

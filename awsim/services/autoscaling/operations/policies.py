"""Scaling policies: simple, step and target tracking, run by hand or by alarms of CloudWatch.

Source: EC2 Auto Scaling User Guide, "Dynamic scaling for Amazon EC2 Auto Scaling".
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any

from awsim.errors import AWSError
from awsim.services.autoscaling.operations.instances import InstanceOperations
from awsim.services.autoscaling.records import Group, Policy
from awsim.services.autoscaling.refusals import invalid
from awsim.services.autoscaling.steps import ADJUSTMENTS, adjusted, check_steps, step_for

_SIMPLE, _STEP, _TRACKING, _PREDICTIVE = "SimpleScaling", "StepScaling", "TargetTrackingScaling", "PredictiveScaling"
_PREDEFINED = {
    "ASGAverageCPUUtilization": ("AWS/EC2", "CPUUtilization"),
    "ASGAverageNetworkIn": ("AWS/EC2", "NetworkIn"),
    "ASGAverageNetworkOut": ("AWS/EC2", "NetworkOut"),
}
_ONLY = {
    "ScalingAdjustment": (_SIMPLE,),
    "Cooldown": (_SIMPLE,),
    "StepAdjustments": (_STEP,),
    "MetricAggregationType": (_STEP,),
    "EstimatedInstanceWarmup": (_STEP, _TRACKING),
    "TargetTrackingConfiguration": (_TRACKING,),
    "PredictiveScalingConfiguration": (_PREDICTIVE,),
}


class PolicyOperations(InstanceOperations):
    def put_scaling_policy(
        self,
        AutoScalingGroupName: str,
        PolicyName: str,
        PolicyType: str | None = None,
        AdjustmentType: str | None = None,
        MinAdjustmentStep: int | None = None,
        MinAdjustmentMagnitude: int | None = None,
        ScalingAdjustment: int | None = None,
        Cooldown: int | None = None,
        MetricAggregationType: str | None = None,
        StepAdjustments: Sequence[Mapping[str, Any]] | None = None,
        EstimatedInstanceWarmup: int | None = None,
        TargetTrackingConfiguration: Mapping[str, Any] | None = None,
        Enabled: bool | None = None,
    ) -> dict[str, Any]:
        given = {name: value for name, value in locals().items() if name[:1].isupper() and value is not None}
        group = self.group_named(AutoScalingGroupName)
        del given["AutoScalingGroupName"], given["PolicyName"]
        kind = PolicyType or _SIMPLE
        if kind == _PREDICTIVE:
            self.not_modelled("predictive scaling policies")
        if kind not in (_SIMPLE, _STEP, _TRACKING):
            raise invalid(f"Invalid PolicyType {kind}.")
        self._check_settings(kind, given)
        if kind == _TRACKING:
            given["TargetTrackingConfiguration"] = _checked_tracking(TargetTrackingConfiguration or {})
        if kind == _STEP:
            given.setdefault("MetricAggregationType", "Average")
        settings = {"Enabled": True, **given, "PolicyType": kind}
        policy = group.policies.get(PolicyName)
        if policy is None:
            self.limits.quota("policies", len(group.policies), group.name)
            arn = self.arn(
                f"scalingPolicy:{self.ids.uuid('policy')}:autoScalingGroupName/{group.name}:policyName/{PolicyName}"
            )
            policy = Policy(PolicyName, arn, settings)
        elif policy.kind != kind:
            raise invalid("Cannot change the type of a scaling policy.")
        else:
            self._drop_alarms(policy)
        policy.settings = settings
        group.policies[PolicyName] = policy
        if kind == _TRACKING:
            self._make_alarms(group, policy)
        return {
            "PolicyARN": policy.arn,
            "Alarms": [{"AlarmName": name, "AlarmARN": arn} for name, arn in policy.alarms],
        }

    def _check_settings(self, kind: str, given: Mapping[str, Any]) -> None:
        for name, kinds in _ONLY.items():
            if name in given and kind not in kinds:
                raise invalid(f"{name} is not supported by the policy type {kind}.")
        adjustment = given.get("AdjustmentType")
        if kind == _TRACKING:
            if adjustment is not None:
                raise invalid("AdjustmentType is not supported by the policy type TargetTrackingScaling.")
            if "TargetTrackingConfiguration" not in given:
                raise invalid(
                    "TargetTrackingConfiguration must be specified for the policy type TargetTrackingScaling."
                )
            return
        if adjustment not in ADJUSTMENTS:
            raise invalid(f"{adjustment or 'null'} is not a valid AdjustmentType. Valid types are {list(ADJUSTMENTS)}")
        if "MinAdjustmentMagnitude" in given and adjustment != "PercentChangeInCapacity":
            raise invalid("MinAdjustmentMagnitude is only supported with PercentChangeInCapacity.")
        if kind == _SIMPLE and "ScalingAdjustment" not in given:
            raise invalid("ScalingAdjustment must be specified for the policy type SimpleScaling.")
        if kind == _STEP:
            check_steps(given.get("StepAdjustments") or ())

    def describe_policies(
        self,
        AutoScalingGroupName: str | None = None,
        PolicyNames: Sequence[str] = (),
        PolicyTypes: Sequence[str] = (),
        NextToken: str | None = None,
        MaxRecords: int | None = None,
    ) -> dict[str, Any]:
        groups = [self.group_named(AutoScalingGroupName)] if AutoScalingGroupName else list(self.groups.values())
        found = [
            (group, policy)
            for group in groups
            for policy in group.policies.values()
            if (not PolicyNames or policy.name in PolicyNames or policy.arn in PolicyNames)
            and (not PolicyTypes or policy.kind in PolicyTypes)
        ]
        alarms = self._alarms_by_action() if found else {}
        return self.page(
            "ScalingPolicies",
            found,
            lambda each: each[1].described(each[0].name, alarms.get(each[1].arn, ())),
            lambda each: f"{each[0].name} {each[1].name}",
            NextToken,
            MaxRecords,
        )

    def _alarms_by_action(self) -> dict[str, list[tuple[str, str]]]:
        """The alarms that run each policy, as CloudWatch knows them."""
        if not self.cloud.has_service("cloudwatch", self.account, self.region):
            return {}
        found: dict[str, list[tuple[str, str]]] = {}
        for alarm in self.asked("cloudwatch", "DescribeAlarms").get("MetricAlarms") or ():
            for action in alarm.get("AlarmActions") or ():
                found.setdefault(action, []).append((alarm["AlarmName"], alarm["AlarmArn"]))
        return found

    def delete_policy(self, PolicyName: str, AutoScalingGroupName: str | None = None) -> None:
        group, policy = self._policy(AutoScalingGroupName, PolicyName)
        self.drop_policy(group, policy.name)

    def drop_policy(self, group: Group, name: str) -> None:
        self._drop_alarms(group.policies[name])
        del group.policies[name]

    def execute_policy(
        self,
        PolicyName: str,
        AutoScalingGroupName: str | None = None,
        HonorCooldown: bool | None = None,
        MetricValue: float | None = None,
        BreachThreshold: float | None = None,
    ) -> None:
        group, policy = self._policy(AutoScalingGroupName, PolicyName)
        who = f"a user request executed policy {policy.name}"
        if policy.kind == _TRACKING:
            raise invalid("Target tracking policies can't be executed.")
        if policy.kind == _STEP:
            if MetricValue is None or BreachThreshold is None:
                raise invalid("MetricValue and BreachThreshold are required for the policy type StepScaling.")
            step = step_for(policy.settings["StepAdjustments"], MetricValue - BreachThreshold)
            if step is None:
                raise invalid(
                    f"There is no step adjustment of the policy {policy.name} for the difference of the metric value "
                    "and the breach threshold."
                )
            self._scale_by_step(group, policy, step, who)
            return
        if MetricValue is not None or BreachThreshold is not None:
            raise invalid("MetricValue and BreachThreshold are not supported by the policy type SimpleScaling.")
        if HonorCooldown:
            self.check_cooldown(group)
        self._scale_simply(group, policy, who)

    def _policy(self, group_name: str | None, name: str) -> tuple[Group, Policy]:
        """By name in a group, or by ARN."""
        groups = [self.group_named(group_name)] if group_name else list(self.groups.values())
        for group in groups:
            for policy in group.policies.values():
                if name == policy.arn or (group_name and name == policy.name):
                    return group, policy
        raise invalid(f"PolicyName not found - No policy found with name {name}")

    # --- what policies do

    def _scale_simply(self, group: Group, policy: Policy, who: str) -> None:
        settings = policy.settings
        least = settings.get("MinAdjustmentMagnitude", settings.get("MinAdjustmentStep"))
        wanted = adjusted(settings["AdjustmentType"], group.desired, settings["ScalingAdjustment"], least)
        wanted = max(group.least, min(group.most, wanted))
        if wanted != group.desired:
            group.cool_from = self.clock.time() + settings.get("Cooldown", group.cooldown)
            self.set_desired(group, wanted, who)

    def _scale_by_step(self, group: Group, policy: Policy, step: Mapping[str, Any], who: str) -> None:
        """Instances that warm up count as capacity already when scaling out."""
        settings = policy.settings
        warming = self._warming(group)
        base = group.desired - warming
        least = settings.get("MinAdjustmentMagnitude")
        wanted = adjusted(settings["AdjustmentType"], base, step["ScalingAdjustment"], least)
        if wanted > base:
            wanted = max(wanted, group.desired)
        elif warming:
            return  # no scale-in while instances warm up
        self._set_by_policy(group, policy, max(group.least, min(group.most, wanted)), who)

    def _set_by_policy(self, group: Group, policy: Policy, wanted: int, who: str) -> None:
        if wanted == group.desired:
            return
        known = set(group.members)
        self.set_desired(group, wanted, who)
        warmup = policy.settings.get("EstimatedInstanceWarmup", group.warmup)
        seconds = group.cooldown if warmup is None else warmup
        for member in group.members.values():
            if member.id not in known:
                member.warm = self.clock.time() + seconds

    def _warming(self, group: Group) -> int:
        now = self.clock.time()
        return sum(member.warm > now or member.state.startswith("Pending") for member in group.counted)

    def alarmed(self, action: str, alarm: Mapping[str, Any]) -> None:
        """An alarm of CloudWatch runs a policy; no operation of AWS's API."""
        try:
            group, policy = self._policy(None, action)
        except AWSError:
            return  # it was deleted
        if not group.runs("AlarmNotification") or not policy.settings["Enabled"]:
            return
        who = f"a monitor alarm {alarm['AlarmName']} in state {alarm['StateValue']} triggered policy {policy.name}"
        value, threshold = _measured(alarm)
        if policy.kind == _SIMPLE:
            if self.clock.time() >= group.cool_from:
                self._scale_simply(group, policy, who)
        elif policy.kind == _STEP:
            difference = value - threshold if value is not None and threshold is not None else 0.0
            step = step_for(policy.settings["StepAdjustments"], difference)
            if step is not None:
                self._scale_by_step(group, policy, step, who)
        else:
            self._track(group, policy, alarm, value, who)

    # --- target tracking

    def _track(self, group: Group, policy: Policy, alarm: Mapping[str, Any], value: float | None, who: str) -> None:
        configuration = policy.settings["TargetTrackingConfiguration"]
        target = configuration["TargetValue"]
        high = "-AlarmHigh-" in alarm["AlarmName"]
        capacity = max(1, group.desired)
        if high:
            wanted = capacity + 1 if value is None else max(capacity + 1, ceil(capacity * value / target))
            warming = self._warming(group)
            if warming and wanted <= capacity:
                return
        else:
            if configuration.get("DisableScaleIn") or self._warming(group):
                return
            wanted = capacity - 1 if value is None else min(capacity - 1, ceil(capacity * value / target))
        self._set_by_policy(group, policy, max(group.least, min(group.most, wanted)), who)

    def _make_alarms(self, group: Group, policy: Policy) -> None:
        """Two alarms that keep watch over the metric of a policy."""
        configuration = policy.settings["TargetTrackingConfiguration"]
        target = configuration["TargetValue"]
        metric = self._metric_of(group, configuration)
        made = []
        for side, comparison, periods, threshold in (
            ("High", "GreaterThanThreshold", self.limits["tracking-high-periods"], target),
            (
                "Low",
                "LessThanThreshold",
                self.limits["tracking-low-periods"],
                target * self.limits["tracking-low-share"],
            ),
        ):
            if side == "Low" and configuration.get("DisableScaleIn"):
                continue
            name = f"TargetTracking-{group.name}-Alarm{side}-{self.ids.uuid('alarm')}"
            self.asked(
                "cloudwatch", "PutMetricAlarm", AlarmName=name, AlarmActions=[policy.arn],
                AlarmDescription=f"DO NOT EDIT OR DELETE. For TargetTrackingScaling policy {policy.arn}.",
                ComparisonOperator=comparison, EvaluationPeriods=periods, Threshold=float(threshold), **metric,
            )  # fmt: skip
            made.append((name, f"arn:{self.partition}:cloudwatch:{self.region}:{self.account}:alarm:{name}"))
        policy.alarms = tuple(made)

    def _metric_of(self, group: Group, configuration: Mapping[str, Any]) -> dict[str, Any]:
        """The metric of a policy as PutMetricAlarm takes it."""
        predefined = configuration.get("PredefinedMetricSpecification")
        if predefined is not None:
            namespace, name = _PREDEFINED[predefined["PredefinedMetricType"]]
            dimensions = [{"Name": "AutoScalingGroupName", "Value": group.name}]
            return {
                "Namespace": namespace, "MetricName": name, "Dimensions": dimensions, "Statistic": "Average",
                "Period": 60,
            }  # fmt: skip
        own = configuration["CustomizedMetricSpecification"]
        found = {name: own[name] for name in ("Namespace", "MetricName", "Statistic", "Unit") if own.get(name)}
        if own.get("Dimensions"):
            found["Dimensions"] = [dict(each) for each in own["Dimensions"]]
        return {**found, "Period": own.get("Period", 60)}

    def _drop_alarms(self, policy: Policy) -> None:
        if policy.alarms:
            self.asked("cloudwatch", "DeleteAlarms", AlarmNames=[name for name, _ in policy.alarms])
            policy.alarms = ()


def _checked_tracking(given: Mapping[str, Any]) -> dict[str, Any]:
    predefined, own = given.get("PredefinedMetricSpecification"), given.get("CustomizedMetricSpecification")
    if (predefined is None) == (own is None):
        raise invalid(
            "Exactly one of PredefinedMetricSpecification and CustomizedMetricSpecification must be specified."
        )
    if "TargetValue" not in given or given["TargetValue"] <= 0:
        raise invalid("TargetValue must be greater than 0.")
    if predefined is not None:
        kind = predefined.get("PredefinedMetricType")
        if kind == "ALBRequestCountPerTarget":
            raise invalid(
                "ResourceLabel must name a target group that is attached to the Auto Scaling group for the metric type "
                "ALBRequestCountPerTarget."
            )
        if kind not in _PREDEFINED:
            raise invalid(f"{kind} is not a valid PredefinedMetricType.")
    elif own is not None:
        if own.get("Metrics"):
            raise AWSError("NotImplemented", "awsim does not model autoscaling: metric math of policies", status=501)
        for name in ("Namespace", "MetricName", "Statistic"):
            if not own.get(name):
                raise invalid(f"{name} must be specified in CustomizedMetricSpecification.")
    return {"DisableScaleIn": False, **given}


def _measured(alarm: Mapping[str, Any]) -> tuple[float | None, float | None]:
    """(newest value, threshold) of an alarm that changed its state by itself."""
    try:
        data = json.loads(alarm.get("StateReasonData") or "{}")
    except ValueError:
        data = {}
    values = [value for value in data.get("recentDatapoints") or () if value is not None]
    threshold = data.get("threshold", alarm.get("Threshold"))
    return (float(values[-1]) if values else None), (None if threshold is None else float(threshold))

"""Scaling policies: step scaling and target tracking, run by alarms of CloudWatch.

Source: Application Auto Scaling User Guide, "Step scaling policies" and "Target tracking scaling policies".
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from awsim.errors import AWSError
from awsim.scaling import ADJUSTMENTS, adjusted, problem_of, step_for
from awsim.services.application_autoscaling import tracking
from awsim.services.application_autoscaling.records import Key, ScalableTarget, of_key
from awsim.services.application_autoscaling.service import Targets
from awsim.state import Dict, Entity

_STEP, _TRACKING, _PREDICTIVE = "StepScaling", "TargetTrackingScaling", "PredictiveScaling"
_MEMBERS = {_STEP: "StepScalingPolicyConfiguration", _TRACKING: "TargetTrackingScalingPolicyConfiguration"}
_AGGREGATES: dict[str, Callable[[list[float]], float]] = {
    "Average": lambda values: sum(values) / len(values),
    "Minimum": min,
    "Maximum": max,
}


class Policy(Entity):
    """A scaling policy. `settings`: its configuration; times are epoch seconds."""

    __slots__ = ("alarms", "arn", "created", "kind", "name", "scaled", "settings", "target")

    def __init__(self, name: str, arn: str, target: Key, kind: str, created: float) -> None:
        self.name = name
        self.arn = arn
        self.target = target
        self.kind = kind
        self.created = created
        self.settings: Mapping[str, Any] = {}
        self.alarms: Mapping[str, str] = {}  # what for -> name, of those that target tracking makes
        self.scaled: float | None = None  # when it last changed the capacity


class ApplicationAutoScaling(Targets):
    """Application Auto Scaling: targets, schedules and policies."""

    def setup(self) -> None:
        super().setup()
        self.policies = Dict()  # (key of the target, name) -> Policy

    def put_scaling_policy(
        self,
        PolicyName: str,
        ServiceNamespace: str,
        ResourceId: str,
        ScalableDimension: str,
        PolicyType: str | None = None,
        StepScalingPolicyConfiguration: Mapping[str, Any] | None = None,
        TargetTrackingScalingPolicyConfiguration: Mapping[str, Any] | None = None,
        PredictiveScalingPolicyConfiguration: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        target = self._target(self._target_key(ServiceNamespace, ResourceId, ScalableDimension), "registered")
        policy: Policy | None = self.policies.get((target.key, PolicyName))
        kind = PolicyType or (policy.kind if policy is not None else _STEP)
        if kind == _PREDICTIVE:
            self.not_modelled("predictive scaling policies")
        given = {_STEP: StepScalingPolicyConfiguration, _TRACKING: TargetTrackingScalingPolicyConfiguration}
        settings = given[kind]
        if settings is None or any(value is not None for other, value in given.items() if other != kind):
            raise self.error("ValidationException", f"{_MEMBERS[kind]} goes with the policy type {kind}.")
        self._check_policy(target, kind, settings)
        if policy is None:
            used = sum(1 for key, _ in self.policies if key == target.key)
            self.limits.quota("policies", used, target.arn)
            arn = self.arn(
                f"scalingPolicy:{self.ids.uuid('policy')}:resource/{ServiceNamespace}/{ResourceId}:"
                f"policyName/{PolicyName}"
            ).replace(":application-autoscaling:", ":autoscaling:", 1)
            policy = Policy(PolicyName, arn, target.key, kind, self.clock.time())
            self.policies[target.key, PolicyName] = policy
        elif policy.kind != kind:
            raise self.error("ValidationException", "The type of a scaling policy cannot be changed.")
        policy.settings = settings
        if kind == _TRACKING:
            self._set_alarms(policy)
        return {"PolicyARN": policy.arn, "Alarms": self._alarms_of(policy) if kind == _TRACKING else []}

    def _check_policy(self, target: ScalableTarget, kind: str, settings: Mapping[str, Any]) -> None:
        if kind == _STEP:
            if target.key[0] == "dynamodb":
                raise self.error(
                    "ValidationException", "Step scaling policies are not supported for the service namespace dynamodb."
                )
            if settings.get("AdjustmentType") not in ADJUSTMENTS:
                raise self.error("ValidationException", "AdjustmentType must be specified for a StepScaling policy.")
            problem = problem_of(settings.get("StepAdjustments") or ())
            if problem is not None:
                raise self.error("ValidationException", problem)
            return
        specifications = [
            name
            for name in ("PredefinedMetricSpecification", "CustomizedMetricSpecification")
            if settings.get(name) is not None
        ]
        if len(specifications) != 1:
            raise self.error(
                "ValidationException",
                "Exactly one of PredefinedMetricSpecification and CustomizedMetricSpecification must be specified.",
            )
        tracking.followed(target.key, settings, 1)

    def delete_scaling_policy(
        self, PolicyName: str, ServiceNamespace: str, ResourceId: str, ScalableDimension: str
    ) -> dict[str, Any]:
        key = self._target_key(ServiceNamespace, ResourceId, ScalableDimension)
        policy = self.policies.get((key, PolicyName))
        if policy is None:
            raise self.error(
                "ObjectNotFoundException",
                f"No scaling policy found for service namespace: {ServiceNamespace}, resource ID: {ResourceId}, "
                f"scalable dimension: {ScalableDimension}, policy name: {PolicyName}",
            )
        self._drop(policy)
        return {}

    def describe_scaling_policies(
        self,
        ServiceNamespace: str,
        PolicyNames: Sequence[str] | None = None,
        ResourceId: str | None = None,
        ScalableDimension: str | None = None,
        MaxResults: int | None = None,
        NextToken: str | None = None,
    ) -> dict[str, Any]:
        found = [
            {
                "PolicyARN": policy.arn,
                "PolicyName": policy.name,
                **of_key(policy.target),
                "PolicyType": policy.kind,
                _MEMBERS[policy.kind]: policy.settings,
                "Alarms": self._alarms_of(policy),
                "CreationTime": policy.created,
            }
            for policy in self.policies.values()
            if policy.target[0] == ServiceNamespace
            and ResourceId in (None, policy.target[1])
            and ScalableDimension in (None, policy.target[2])
            and (not PolicyNames or policy.name in PolicyNames)
        ]
        return self._page("ScalingPolicies", found, MaxResults, NextToken)

    def forget(self, target: ScalableTarget) -> None:
        for policy in [policy for policy in self.policies.values() if policy.target == target.key]:
            self._drop(policy)

    def _drop(self, policy: Policy) -> None:
        if policy.alarms:
            self._ask_cloudwatch("DeleteAlarms", AlarmNames=list(policy.alarms.values()))
        del self.policies[policy.target, policy.name]

    # --- alarms

    def _ask_cloudwatch(self, operation: str, **parameters: Any) -> dict[str, Any]:
        return self.call("cloudwatch", operation, **parameters)

    def _alarms_of(self, policy: Policy) -> list[dict[str, str]]:
        """Those that a policy has made; of step scaling, those that name it."""
        if policy.kind == _TRACKING:
            names = list(policy.alarms.values())
            arn = f"arn:{self.partition}:cloudwatch:{self.region}:{self.account}:alarm:"
            return [{"AlarmName": name, "AlarmARN": f"{arn}{name}"} for name in names]
        if not self.cloud.has_service("cloudwatch", self.account, self.region):
            return []
        found = self._ask_cloudwatch("DescribeAlarms", ActionPrefix=policy.arn)["MetricAlarms"]
        return [{"AlarmName": alarm["AlarmName"], "AlarmARN": alarm["AlarmArn"]} for alarm in found]

    def _set_alarms(self, policy: Policy, capacity: int | None = None) -> None:
        """Make the alarms of a policy, or fit them to what it follows now and to the capacity."""
        if capacity is None:
            capacity = self._capacity(policy.target).read()
        what = tracking.followed(policy.target, policy.settings, capacity)
        id_ = next(iter(policy.alarms.values()), "")[-36:] or self.ids.uuid("alarms")
        scale_in = not policy.settings.get("DisableScaleIn")
        made = tracking.alarms(policy.target, policy.arn, id_, what, capacity, scale_in=scale_in)
        gone = [name for kind, name in policy.alarms.items() if kind not in made]
        if gone:
            self._ask_cloudwatch("DeleteAlarms", AlarmNames=gone)
        for settings in made.values():
            self._ask_cloudwatch("PutMetricAlarm", **settings)
        policy.alarms = {kind: settings["AlarmName"] for kind, settings in made.items()}

    # --- what alarms bring about

    def alarmed(self, action: str, alarm: Mapping[str, Any]) -> None:
        """An alarm of CloudWatch runs a policy; no operation of AWS's API."""
        policy = next((policy for policy in self.policies.values() if policy.arn == action), None)
        if policy is None:
            return  # it was deleted
        capacity = self._capacity(policy.target)
        try:
            now = capacity.read()
        except AWSError:
            return  # the resource is gone
        wanted = self._tracked(policy, alarm, now) if policy.kind == _TRACKING else self._stepped(policy, alarm, now)
        if wanted is not None:
            cause = f"monitor alarm {alarm['AlarmName']} in state {alarm['StateValue']} triggered policy {policy.name}"
            self._scale(policy, now, wanted, cause)

    def _tracked(self, policy: Policy, alarm: Mapping[str, Any], now: int) -> int | None:
        kind = next((kind for kind, name in policy.alarms.items() if name == alarm["AlarmName"]), None)
        if kind not in ("AlarmHigh", "AlarmLow"):
            # Somebody else has changed the capacity: the alarms are fitted to it.
            self._set_alarms(policy)
            return None
        values = _measured(alarm)
        target = policy.settings["TargetValue"]
        what = tracking.followed(policy.target, policy.settings, now)
        if kind == "AlarmHigh":
            return max(now + 1, what.wanted(now, values[-1], target) if values else 0)
        return min(now - 1, what.wanted(now, max(values), target)) if values else now - 1

    def _stepped(self, policy: Policy, alarm: Mapping[str, Any], now: int) -> int | None:
        settings, values = policy.settings, _measured(alarm)
        threshold = alarm.get("Threshold")
        difference = 0.0
        if values and threshold is not None:
            difference = _AGGREGATES[settings.get("MetricAggregationType") or "Average"](values) - threshold
        step = step_for(settings["StepAdjustments"], difference)
        if step is None:
            return None
        least = settings.get("MinAdjustmentMagnitude")
        return adjusted(settings["AdjustmentType"], now, step["ScalingAdjustment"], least)

    def _scale(self, policy: Policy, now: int, wanted: int, cause: str) -> None:
        """Change the capacity, within its bounds and once a cooldown is over."""
        target: ScalableTarget = self.targets[policy.target]
        wanted = min(max(wanted, target.least), target.most)
        if wanted == now or self._is_held(policy, target, up=wanted > now):
            return
        capacity = self._capacity(policy.target)
        failure = None
        try:
            capacity.set(wanted)
            policy.scaled = self.clock.time()
        except AWSError as error:
            failure = f"Failed to set {capacity.words} to {wanted}. Reason: {error.message}"
        fulfilled = f"Change successfully fulfilled by {policy.target[0]}."
        message = failure or f"Successfully set {capacity.words} to {wanted}. {fulfilled}"
        self._note(policy.target, f"Setting {capacity.words} to {wanted}.", cause, message, failed=failure is not None)
        if failure is None:
            for other in self.policies.values():
                if other.target == policy.target and other.kind == _TRACKING:
                    self._set_alarms(other, wanted)

    def _is_held(self, policy: Policy, target: ScalableTarget, *, up: bool) -> bool:
        if target.suspended["DynamicScalingOutSuspended" if up else "DynamicScalingInSuspended"]:
            return True
        name = "Cooldown" if policy.kind == _STEP else "ScaleOutCooldown" if up else "ScaleInCooldown"
        given = policy.settings.get(name)
        seconds = given if given is not None else self._default_cooldown(policy)
        return policy.scaled is not None and self.clock.time() < policy.scaled + seconds

    def _default_cooldown(self, policy: Policy) -> float:
        """Tables and functions have none."""
        seconds: float = 0 if policy.target[0] in ("dynamodb", "lambda") else self.limits["cooldown"]
        return seconds


def _measured(alarm: Mapping[str, Any]) -> list[float]:
    """The values behind an alarm's state, oldest first."""
    try:
        data = json.loads(alarm.get("StateReasonData") or "{}")
    except ValueError:
        return []
    found = data.get("recentDatapoints") if isinstance(data, dict) else None
    return [value for value in found or () if isinstance(value, int | float)]

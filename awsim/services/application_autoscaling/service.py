"""Scalable targets: bounds of capacities, and schedules that change them."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from awsim.errors import AWSError
from awsim.service import Service
from awsim.services.application_autoscaling.capacities import CAPACITIES, Capacity
from awsim.services.application_autoscaling.records import Key, ScalableTarget, ScheduledAction, check, of_key
from awsim.state import Dict, List

_ROLE = "role/aws-service-role/{0}.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_{1}"
_ROLE_NAMES = {"dynamodb": "DynamoDBTable", "ecs": "ECSService", "lambda": "LambdaConcurrency"}


class Targets(Service):
    """Scalable targets (tables and indexes of DynamoDB, services of ECS), scheduled actions and scaling activities.

    Source: Application Auto Scaling User Guide and API Reference.
    """

    name: ClassVar[str] = "application-autoscaling"

    def setup(self) -> None:
        self.targets = Dict()  # key -> ScalableTarget
        self.actions = Dict()  # (key, name) -> ScheduledAction
        self.activities = List()  # ScalingActivity, oldest first

    # --- targets

    def register_scalable_target(
        self,
        ServiceNamespace: str,
        ResourceId: str,
        ScalableDimension: str,
        MinCapacity: int | None = None,
        MaxCapacity: int | None = None,
        RoleARN: str | None = None,
        SuspendedState: Mapping[str, bool] | None = None,
        Tags: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        key = self._target_key(ServiceNamespace, ResourceId, ScalableDimension)
        capacity = self._capacity(key)
        capacity.read()
        target: ScalableTarget | None = self.targets.get(key)
        least = MinCapacity if MinCapacity is not None else target.least if target is not None else None
        most = MaxCapacity if MaxCapacity is not None else target.most if target is not None else None
        if least is None or most is None:
            raise self.error(
                "ValidationException", "MinCapacity and MaxCapacity must be given for a new scalable target."
            )
        self._check_bounds(least, most)
        if target is None:
            used = sum(1 for known in self.targets if known[0] == ServiceNamespace)
            self.limits.quota("scalable-targets", used, ServiceNamespace)
            linked = _ROLE.format(ServiceNamespace, _ROLE_NAMES[ServiceNamespace])
            role = RoleARN or f"arn:{self.partition}:iam::{self.account}:{linked}"
            arn = self.arn(f"scalable-target/{self.ids.hex('scalable-target', 40)}")
            target = ScalableTarget(key, arn, role, least, most, self.clock.time())
            target.tags = target.tags.with_(self, Tags or {}, invalid="ValidationException")
            self.targets[key] = target
        if SuspendedState is not None:
            target.suspended = {**target.suspended, **SuspendedState}
        self._bound(target, MinCapacity, MaxCapacity)
        return {"ScalableTargetARN": target.arn}

    def deregister_scalable_target(
        self, ServiceNamespace: str, ResourceId: str, ScalableDimension: str
    ) -> dict[str, Any]:
        target = self._target(self._target_key(ServiceNamespace, ResourceId, ScalableDimension), "found")
        for action in self._actions_of(target.key):
            self._remove(action)
        self.forget(target)
        del self.targets[target.key]
        return {}

    def forget(self, target: ScalableTarget) -> None:
        """A target is no more, and what scales it neither."""
        raise NotImplementedError

    def describe_scalable_targets(
        self,
        ServiceNamespace: str,
        ResourceIds: Sequence[str] | None = None,
        ScalableDimension: str | None = None,
        MaxResults: int | None = None,
        NextToken: str | None = None,
    ) -> dict[str, Any]:
        found = [
            target.describe()
            for key, target in self.targets.items()
            if _matches(key, ServiceNamespace, ScalableDimension) and (not ResourceIds or key[1] in ResourceIds)
        ]
        return self._page("ScalableTargets", found, MaxResults, NextToken)

    # --- schedules

    def put_scheduled_action(
        self,
        ServiceNamespace: str,
        ScheduledActionName: str,
        ResourceId: str,
        ScalableDimension: str,
        Schedule: str | None = None,
        Timezone: str | None = None,
        StartTime: datetime | None = None,
        EndTime: datetime | None = None,
        ScalableTargetAction: Mapping[str, int] | None = None,
    ) -> dict[str, Any]:
        target = self._target(self._target_key(ServiceNamespace, ResourceId, ScalableDimension), "registered")
        action: ScheduledAction | None = self.actions.get((target.key, ScheduledActionName))
        given: dict[str, Any] = {
            "Schedule": Schedule,
            "Timezone": Timezone,
            "StartTime": StartTime,
            "EndTime": EndTime,
            "ScalableTargetAction": ScalableTargetAction,
        }
        settings = {name: value for name, value in given.items() if value is not None}
        if action is not None:
            settings = {**action.settings, **settings}
        if "Schedule" not in settings or not settings.get("ScalableTargetAction"):
            raise self.error(
                "ValidationException", "Schedule and ScalableTargetAction must be given for a new scheduled action."
            )
        check(settings)
        bounds = settings["ScalableTargetAction"]
        if "MinCapacity" in bounds and "MaxCapacity" in bounds:
            self._check_bounds(bounds["MinCapacity"], bounds["MaxCapacity"])
        if action is None:
            self.limits.quota("scheduled-actions", len(self._actions_of(target.key)), target.arn)
            arn = self.arn(
                f"scheduledAction:{self.ids.uuid('scheduled-action')}:resource/{ServiceNamespace}/{ResourceId}:"
                f"scheduledActionName/{ScheduledActionName}"
            ).replace(":application-autoscaling:", ":autoscaling:", 1)
            action = ScheduledAction(ScheduledActionName, target.key, arn, self.clock.time())
            self.actions[target.key, ScheduledActionName] = action
        action.settings = settings
        self._wind(action)
        return {}

    def delete_scheduled_action(
        self, ServiceNamespace: str, ScheduledActionName: str, ResourceId: str, ScalableDimension: str
    ) -> dict[str, Any]:
        key = self._target_key(ServiceNamespace, ResourceId, ScalableDimension)
        action = self.actions.get((key, ScheduledActionName))
        if action is None:
            raise self.error(
                "ObjectNotFoundException",
                f"No scheduled action found for service namespace: {ServiceNamespace}, resource ID: {ResourceId}, "
                f"scalable dimension: {ScalableDimension}, scheduled action name: {ScheduledActionName}",
            )
        self._remove(action)
        return {}

    def describe_scheduled_actions(
        self,
        ServiceNamespace: str,
        ScheduledActionNames: Sequence[str] | None = None,
        ResourceId: str | None = None,
        ScalableDimension: str | None = None,
        MaxResults: int | None = None,
        NextToken: str | None = None,
    ) -> dict[str, Any]:
        found = [
            action.describe()
            for (key, name), action in self.actions.items()
            if _matches(key, ServiceNamespace, ScalableDimension, ResourceId)
            and (not ScheduledActionNames or name in ScheduledActionNames)
        ]
        return self._page("ScheduledActions", found, MaxResults, NextToken)

    def _wind(self, action: ScheduledAction) -> None:
        """Have an action run when it is due next."""
        if action.job is not None:
            self.cancel(action.job)
        due = action.due(self.clock.time())
        action.job = None
        if due is not None:
            action.job = self.at_time(due, "_run_action", target=action.target, name=action.name)

    def _run_action(self, target: Key, name: str) -> None:
        action: ScheduledAction | None = self.actions.get((target, name))
        if action is None:
            return
        self._wind(action)
        scaled: ScalableTarget = self.targets[target]
        if scaled.suspended["ScheduledScalingSuspended"]:
            return
        bounds = action.settings["ScalableTargetAction"]
        least, most = bounds.get("MinCapacity"), bounds.get("MaxCapacity")
        parts = [f"{word} capacity to {value}" for word, value in (("min", least), ("max", most)) if value is not None]
        self._note(
            target,
            f"Setting {' and '.join(parts)}",
            f"scheduled action name {name} was triggered",
            f"Successfully set {' and '.join(parts)}",
        )
        self._bound(scaled, least, most)

    def _remove(self, action: ScheduledAction) -> None:
        if action.job is not None:
            self.cancel(action.job)
        del self.actions[action.target, action.name]

    def _actions_of(self, key: Key) -> list[ScheduledAction]:
        return [action for (target, _), action in self.actions.items() if target == key]

    # --- what came of it

    def describe_scaling_activities(
        self,
        ServiceNamespace: str,
        ResourceId: str | None = None,
        ScalableDimension: str | None = None,
        MaxResults: int | None = None,
        NextToken: str | None = None,
        IncludeNotScaledActivities: bool | None = None,
    ) -> dict[str, Any]:
        oldest = self.clock.time() - self.limits["activity-retention"]
        found = [
            dict(activity)
            for activity in reversed(list(self.activities))
            if activity["StartTime"] >= oldest
            and _matches(
                (activity["ServiceNamespace"], activity["ResourceId"], activity["ScalableDimension"]),
                ServiceNamespace,
                ScalableDimension,
                ResourceId,
            )
        ]
        return self._page("ScalingActivities", found, MaxResults, NextToken)

    def _bound(self, target: ScalableTarget, least: int | None, most: int | None) -> None:
        """Give a target new bounds and move its capacity between them."""
        if least is not None:
            target.least = least
            target.most = max(target.most, least)
        if most is not None:
            target.most = most
            target.least = min(target.least, most)
        capacity = self._capacity(target.key)
        try:
            now = capacity.read()
            wanted = min(max(now, target.least), target.most)
            if wanted == now:
                return
            which, bound = ("minimum", target.least) if wanted > now else ("maximum", target.most)
            failure = None
            try:
                capacity.set(wanted)
            except AWSError as error:
                failure = f"Failed to set {capacity.words} to {wanted}. Reason: {error.message}"
        except AWSError:
            return  # the resource is gone
        self._note(
            target.key,
            f"Setting {capacity.words} to {wanted}.",
            f"{which} capacity was set to {bound}",
            failure
            or f"Successfully set {capacity.words} to {wanted}. Change successfully fulfilled by {target.key[0]}.",
            failed=failure is not None,
        )

    def _note(self, key: Key, description: str, cause: str, message: str, *, failed: bool = False) -> None:
        now = self.clock.time()
        self.activities.append(
            {
                "ActivityId": self.ids.uuid("activity"),
                **of_key(key),
                "Description": description,
                "Cause": cause,
                "StartTime": now,
                "EndTime": now,
                "StatusCode": "Failed" if failed else "Successful",
                "StatusMessage": message,
            }
        )

    # --- tags

    def tag_resource(self, ResourceARN: str, Tags: Mapping[str, str]) -> dict[str, Any]:
        target = self._with_arn(ResourceARN)
        target.tags = target.tags.with_(self, Tags, invalid="ValidationException")
        return {}

    def untag_resource(self, ResourceARN: str, TagKeys: Iterable[str]) -> dict[str, Any]:
        target = self._with_arn(ResourceARN)
        target.tags = target.tags.without(TagKeys)
        return {}

    def list_tags_for_resource(self, ResourceARN: str) -> dict[str, Any]:
        return {"Tags": self._with_arn(ResourceARN).tags.as_dict()}

    def tags_of(self, arn: str) -> Mapping[str, str] | None:
        return next((target.tags for target in self.targets.values() if target.arn == arn), None)

    def _with_arn(self, arn: str) -> ScalableTarget:
        for target in self.targets.values():
            if target.arn == arn:
                return target  # type: ignore[no-any-return]
        raise self.error("ResourceNotFoundException", f"The resource with ARN {arn} doesn't exist.", ResourceName=arn)

    # --- parts

    def _target_key(self, namespace: str, resource: str, dimension: str) -> Key:
        if not dimension.startswith(f"{namespace}:"):
            raise self.error(
                "ValidationException",
                f"Unsupported service namespace, resource type or scalable dimension: {namespace}, {dimension}",
            )
        return namespace, resource, dimension

    def _capacity(self, key: Key) -> Capacity:
        kind = CAPACITIES.get(key[2])
        if kind is None:
            self.not_modelled(f"scaling of {key[2]}")
        return kind(self, key[1], key[2])

    def _target(self, key: Key, how: str) -> ScalableTarget:
        target: ScalableTarget | None = self.targets.get(key)
        if target is None:
            raise self.error(
                "ObjectNotFoundException",
                f"No scalable target {how} for service namespace: {key[0]}, resource ID: {key[1]}, "
                f"scalable dimension: {key[2]}",
            )
        return target

    def _check_bounds(self, least: int, most: int) -> None:
        if least > most:
            raise self.error("ValidationException", "Maximum capacity cannot be less than minimum capacity.")

    def _page(self, member: str, found: Sequence[Any], most: int | None, token: str | None) -> dict[str, Any]:
        start = 0
        if token is not None:
            try:
                start = int(b64decode(token, validate=True))
            except ValueError:
                raise self.error("InvalidNextTokenException", "The next token is invalid.") from None
        end = start + (most or self.limits["page"] or len(found))
        result: dict[str, Any] = {member: found[start:end]}
        if end < len(found):
            result["NextToken"] = b64encode(str(end).encode()).decode()
        return result


def _matches(key: Key, namespace: str, dimension: str | None, resource: str | None = None) -> bool:
    return key[0] == namespace and dimension in (None, key[2]) and resource in (None, key[1])

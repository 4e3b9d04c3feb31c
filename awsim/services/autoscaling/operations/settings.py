"""What else groups have: notifications, tags, activities, warm pools; and the lists of words that AWS knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from awsim.errors import AWSError
from awsim.services.autoscaling.engine import LAUNCHING, TERMINATING
from awsim.services.autoscaling.operations.groups import METRICS, TERMINATION
from awsim.services.autoscaling.operations.refreshes import RefreshOperations
from awsim.services.autoscaling.records import PROCESSES, Group
from awsim.services.autoscaling.refusals import invalid
from awsim.services.autoscaling.steps import ADJUSTMENTS

_EVENTS = (
    "autoscaling:EC2_INSTANCE_LAUNCH", "autoscaling:EC2_INSTANCE_LAUNCH_ERROR", "autoscaling:EC2_INSTANCE_TERMINATE",
    "autoscaling:EC2_INSTANCE_TERMINATE_ERROR", "autoscaling:TEST_NOTIFICATION",
)  # fmt: skip


class SettingOperations(RefreshOperations):
    # --- notifications

    def put_notification_configuration(
        self, AutoScalingGroupName: str, TopicARN: str, NotificationTypes: Sequence[str]
    ) -> None:
        group = self.group_named(AutoScalingGroupName)
        for event in NotificationTypes:
            if event not in _EVENTS:
                raise invalid(f"{event} is not a valid Notification Type.")
        if TopicARN not in group.notifications:
            self.limits.quota("topics", len(group.notifications), group.name)
        facts = {"AutoScalingGroupName": group.name, "RequestId": self.ids.uuid("request")}
        try:
            self.publish(group, TopicARN, "autoscaling:TEST_NOTIFICATION", facts)
        except (AWSError, ValueError):
            raise invalid(f"Unable to publish to notification target {TopicARN}.") from None
        group.notifications[TopicARN] = tuple(NotificationTypes)

    def describe_notification_configurations(
        self,
        AutoScalingGroupNames: Sequence[str] = (),
        NextToken: str | None = None,
        MaxRecords: int | None = None,
    ) -> dict[str, Any]:
        found = [
            {"AutoScalingGroupName": group.name, "TopicARN": topic, "NotificationType": event}
            for group in self.groups.values()
            if not AutoScalingGroupNames or group.name in AutoScalingGroupNames
            for topic, events in group.notifications.items()
            for event in events
        ]
        return self.page(
            "NotificationConfigurations",
            found,
            dict,
            lambda each: " ".join(each.values()),
            NextToken,
            MaxRecords,
        )

    def delete_notification_configuration(self, AutoScalingGroupName: str, TopicARN: str) -> None:
        group = self.group_named(AutoScalingGroupName)
        if TopicARN not in group.notifications:
            raise invalid(f"Notification Configuration not found - No notification configuration with topic {TopicARN}")
        del group.notifications[TopicARN]

    # --- tags

    def create_or_update_tags(self, Tags: Sequence[Mapping[str, Any]]) -> None:
        for tag in Tags:
            self._tagged_group(tag)
        for tag in Tags:
            self.set_tag(self._tagged_group(tag), tag)

    def delete_tags(self, Tags: Sequence[Mapping[str, Any]]) -> None:
        for tag in Tags:
            self._tagged_group(tag)
        for tag in Tags:
            group = self._tagged_group(tag)
            key = tag.get("Key") or ""
            if key in group.tags and tag.get("Value") in (None, group.tags[key][0]):
                del group.tags[key]

    def _tagged_group(self, tag: Mapping[str, Any]) -> Group:
        if tag.get("ResourceType", "auto-scaling-group") != "auto-scaling-group":
            raise invalid(f"Invalid resource type {tag.get('ResourceType')}. Allowed is auto-scaling-group.")
        return self.group_named(tag.get("ResourceId"))

    def describe_tags(
        self,
        Filters: Sequence[Mapping[str, Any]] = (),
        NextToken: str | None = None,
        MaxRecords: int | None = None,
    ) -> dict[str, Any]:
        members = {
            "auto-scaling-group": "ResourceId", "key": "Key", "value": "Value",
            "propagate-at-launch": "PropagateAtLaunch",
        }  # fmt: skip
        for each in Filters:
            if each.get("Name") not in members:
                known = " ".join(members)
                raise invalid(f"Filter type {each.get('Name') or ''} is not correct. Allowed Filter types are: {known}")
        found = [
            tag
            for group in self.groups.values()
            for tag in group.tag_list()
            if all(
                str(tag[members[each["Name"]]]).lower() in {value.lower() for value in each.get("Values") or ()}
                for each in Filters
            )
        ]
        return self.page("Tags", found, dict, lambda tag: f"{tag['ResourceId']} {tag['Key']}", NextToken, MaxRecords)

    def tags_of(self, arn: str) -> Mapping[str, str] | None:
        group = self.groups.get(arn.rpartition("/")[2])
        return None if group is None else {key: value for key, (value, _) in group.tags.items()}

    # --- activities

    def describe_scaling_activities(
        self,
        ActivityIds: Sequence[str] = (),
        AutoScalingGroupName: str | None = None,
        IncludeDeletedGroups: bool | None = None,
        NextToken: str | None = None,
        MaxRecords: int | None = None,
    ) -> dict[str, Any]:
        """Newest first."""
        name = AutoScalingGroupName
        if name is not None and name.startswith("arn:"):
            name = name.rpartition("/")[2]
        if name is not None and name not in self.groups and not IncludeDeletedGroups:
            self.group_named(name)
        oldest = self.clock.time() - self.limits["activity-retention"]
        listed = [each for group in self.groups.values() for each in group.activities.values()]
        if IncludeDeletedGroups:
            listed += list(self.ended_activities.values())
        found = [
            each
            for each in listed
            if each["StartTime"] >= oldest
            and (not ActivityIds or each["ActivityId"] in ActivityIds)
            and name in (None, each["AutoScalingGroupName"])
        ]
        order = sorted(range(len(found)), key=lambda place: (-found[place]["StartTime"], -place))
        return self.page(
            "Activities",
            list(enumerate(found[place] for place in order)),
            lambda each: dict(each[1]),
            lambda each: f"{each[0]:06d}",
            NextToken,
            MaxRecords,
            "activities-page",
        )

    # --- warm pools, of which no instance is ever made

    def put_warm_pool(
        self,
        AutoScalingGroupName: str,
        MaxGroupPreparedCapacity: int | None = None,
        MinSize: int | None = None,
        PoolState: str | None = None,
        InstanceReusePolicy: Mapping[str, bool] | None = None,
    ) -> None:
        group = self.group_named(AutoScalingGroupName)
        if PoolState not in (None, "Stopped", "Running", "Hibernated"):
            raise invalid(f"Invalid pool state {PoolState}.")
        if MinSize or MaxGroupPreparedCapacity:
            self.not_modelled("instances of warm pools")
        settings = {
            "MaxGroupPreparedCapacity": MaxGroupPreparedCapacity,
            "MinSize": MinSize or 0,
            "PoolState": PoolState or "Stopped",
            "InstanceReusePolicy": InstanceReusePolicy,
        }
        group.warm_pool = {name: value for name, value in settings.items() if value is not None}

    def describe_warm_pool(
        self, AutoScalingGroupName: str, MaxRecords: int | None = None, NextToken: str | None = None
    ) -> dict[str, Any]:
        group = self.group_named(AutoScalingGroupName)
        page = self.page("Instances", (), dict, str, NextToken, MaxRecords)
        return {"WarmPoolConfiguration": group.warm_pool, **page}

    def delete_warm_pool(self, AutoScalingGroupName: str, ForceDelete: bool | None = None) -> None:
        group = self.group_named(AutoScalingGroupName)
        if group.warm_pool is None:
            raise invalid(f"No warm pool found for Auto Scaling group {group.name}")
        group.warm_pool = None

    # --- words

    def describe_adjustment_types(self) -> dict[str, Any]:
        return {"AdjustmentTypes": [{"AdjustmentType": name} for name in ADJUSTMENTS]}

    def describe_auto_scaling_notification_types(self) -> dict[str, Any]:
        return {"AutoScalingNotificationTypes": list(_EVENTS)}

    def describe_lifecycle_hook_types(self) -> dict[str, Any]:
        return {"LifecycleHookTypes": [LAUNCHING, TERMINATING]}

    def describe_metric_collection_types(self) -> dict[str, Any]:
        return {"Metrics": [{"Metric": name} for name in METRICS], "Granularities": [{"Granularity": "1Minute"}]}

    def describe_scaling_process_types(self) -> dict[str, Any]:
        return {"Processes": [{"ProcessName": name} for name in PROCESSES]}

    def describe_termination_policy_types(self) -> dict[str, Any]:
        return {"TerminationPolicyTypes": list(TERMINATION)}

    def describe_account_limits(self) -> dict[str, Any]:
        return {
            "MaxNumberOfAutoScalingGroups": self.limits["groups"],
            "MaxNumberOfLaunchConfigurations": self.limits["launch-configurations"],
            "NumberOfAutoScalingGroups": len(self.groups),
            "NumberOfLaunchConfigurations": len(self.configurations),
        }

"""Scheduled actions. Source: EC2 Auto Scaling User Guide, "Scheduled scaling for Amazon EC2 Auto Scaling"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from awsim.errors import AWSError
from awsim.services.autoscaling.operations.groups import check_sizes
from awsim.services.autoscaling.operations.policies import PolicyOperations
from awsim.services.autoscaling.records import Group, ScheduledAction
from awsim.services.autoscaling.recurrence import following, zone_of
from awsim.services.autoscaling.refusals import invalid


class ScheduleOperations(PolicyOperations):
    def put_scheduled_update_group_action(
        self,
        AutoScalingGroupName: str,
        ScheduledActionName: str,
        Time: datetime | None = None,
        StartTime: datetime | None = None,
        EndTime: datetime | None = None,
        Recurrence: str | None = None,
        MinSize: int | None = None,
        MaxSize: int | None = None,
        DesiredCapacity: int | None = None,
        TimeZone: str | None = None,
    ) -> None:
        group = self.group_named(AutoScalingGroupName)
        given: dict[str, Any] = {
            "StartTime": _epoch(StartTime or Time),
            "EndTime": _epoch(EndTime),
            "Recurrence": Recurrence,
            "MinSize": MinSize,
            "MaxSize": MaxSize,
            "DesiredCapacity": DesiredCapacity,
            "TimeZone": TimeZone,
        }
        settings = {name: value for name, value in given.items() if value is not None}
        self._check(group, ScheduledActionName, settings)
        action = group.schedules.get(ScheduledActionName)
        if action is None:
            self.limits.quota("scheduled-actions", len(group.schedules), group.name)
            arn = self.arn(
                f"scheduledUpdateGroupAction:{self.ids.uuid('scheduled-action')}:autoScalingGroupName/{group.name}:"
                f"scheduledActionName/{ScheduledActionName}"
            )
            action = group.schedules[ScheduledActionName] = ScheduledAction(ScheduledActionName, arn, settings)
        action.settings = settings
        self._wind(group, action)

    def _check(self, group: Group, name: str, settings: Mapping[str, Any]) -> None:
        if not {"MinSize", "MaxSize", "DesiredCapacity"} & settings.keys():
            raise invalid("At least one of MinSize, MaxSize or DesiredCapacity must be specified.")
        zone_of(settings.get("TimeZone"))
        now = self.clock.time()
        start, end = settings.get("StartTime"), settings.get("EndTime")
        if "Recurrence" in settings:
            following(settings["Recurrence"], now, settings.get("TimeZone"))
        elif start is None:
            raise invalid("StartTime or Recurrence must be specified.")
        if start is not None and start < now:
            raise invalid("Given start time is in the past")
        if end is not None and end <= (start if start is not None else now):
            raise invalid("Given end time must be after the start time")
        least, most = settings.get("MinSize"), settings.get("MaxSize")
        if least is not None and most is not None:
            check_sizes(least, most, min(max(settings.get("DesiredCapacity", least), least), most))
        if start is not None and any(
            other.name != name and other.settings.get("StartTime") == start for other in group.schedules.values()
        ):
            raise AWSError("AlreadyExists", "A scheduled action with the same start time already exists for the group.")

    def batch_put_scheduled_update_group_action(
        self, AutoScalingGroupName: str, ScheduledUpdateGroupActions: Sequence[Mapping[str, Any]]
    ) -> dict[str, Any]:
        self.group_named(AutoScalingGroupName)
        failed = []
        for each in ScheduledUpdateGroupActions:
            try:
                self.put_scheduled_update_group_action(AutoScalingGroupName, **each)
            except AWSError as error:
                failed.append(_failure(each.get("ScheduledActionName", ""), error))
        return {"FailedScheduledUpdateGroupActions": failed}

    def describe_scheduled_actions(
        self,
        AutoScalingGroupName: str | None = None,
        ScheduledActionNames: Sequence[str] = (),
        StartTime: datetime | None = None,
        EndTime: datetime | None = None,
        NextToken: str | None = None,
        MaxRecords: int | None = None,
    ) -> dict[str, Any]:
        groups = [self.group_named(AutoScalingGroupName)] if AutoScalingGroupName else list(self.groups.values())
        first, last = _epoch(StartTime), _epoch(EndTime)
        found = [
            (group, action)
            for group in groups
            for action in group.schedules.values()
            if (not ScheduledActionNames or action.name in ScheduledActionNames or action.arn in ScheduledActionNames)
            and (first is None or action.due is None or action.due >= first)
            and (last is None or action.due is None or action.due <= last)
        ]
        return self.page(
            "ScheduledUpdateGroupActions",
            found,
            lambda each: each[1].described(each[0].name),
            lambda each: f"{each[0].name} {each[1].name}",
            NextToken,
            MaxRecords,
        )

    def delete_scheduled_action(self, AutoScalingGroupName: str, ScheduledActionName: str) -> None:
        group = self.group_named(AutoScalingGroupName)
        if ScheduledActionName not in group.schedules:
            raise invalid(
                f"Scheduled action name not found - No scheduled action found with name {ScheduledActionName}"
            )
        self.drop_schedule(group, ScheduledActionName)

    def batch_delete_scheduled_action(
        self, AutoScalingGroupName: str, ScheduledActionNames: Sequence[str]
    ) -> dict[str, Any]:
        self.group_named(AutoScalingGroupName)
        failed = []
        for name in ScheduledActionNames:
            try:
                self.delete_scheduled_action(AutoScalingGroupName, name)
            except AWSError as error:
                failed.append(_failure(name, error))
        return {"FailedScheduledActions": failed}

    # --- on the clock

    def _wind(self, group: Group, action: ScheduledAction) -> None:
        """Have an action run when it is due next."""
        if action.job is not None:
            self.cancel(action.job)
            action.job = None
        settings, now = action.settings, self.clock.time()
        start, end, recurrence = settings.get("StartTime"), settings.get("EndTime"), settings.get("Recurrence")
        if recurrence is None:
            action.due = start if start is not None and start > now else None
        elif start is not None and start > now:
            action.due = start
        else:
            action.due = following(recurrence, now, settings.get("TimeZone"))
        if action.due is not None and (end is None or action.due <= end):
            action.job = self.at_time(action.due, "_run_action", group=group.name, action=action.name)

    def _run_action(self, group: str, action: str) -> None:
        found = self.groups.get(group)
        scheduled = found.schedules.get(action) if found is not None else None
        if found is None or scheduled is None:
            return
        scheduled.job = None
        settings = scheduled.settings
        if settings.get("Recurrence") is None:
            del found.schedules[action]  # it was for once
        else:
            self._wind(found, scheduled)
        if not found.runs("ScheduledActions"):
            return
        least, most = settings.get("MinSize", found.least), settings.get("MaxSize", found.most)
        least, most = min(least, most), max(least, most)
        desired = min(max(settings.get("DesiredCapacity", found.desired), least), most)
        self.bound(found, least, most, desired, "a scheduled action update of AutoScalingGroup constraints to")

    def drop_schedule(self, group: Group, name: str) -> None:
        action = group.schedules[name]
        if action.job is not None:
            self.cancel(action.job)
        del group.schedules[name]


def _epoch(when: datetime | float | None) -> float | None:
    return when.timestamp() if isinstance(when, datetime) else when


def _failure(name: str, error: AWSError) -> dict[str, str]:
    return {"ScheduledActionName": name, "ErrorCode": error.code, "ErrorMessage": error.message}

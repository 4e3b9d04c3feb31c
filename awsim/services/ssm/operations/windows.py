"""Maintenance windows: their life, and what is registered with them. What happens in one is in `window_runs`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from awsim.errors import AWSError
from awsim.services.ssm import names, refusals, timetable
from awsim.services.ssm.operations.automations import AutomationOperations
from awsim.services.ssm.window import Window
from awsim.state import Collection
from awsim.state.tags import tag_map

Members = Mapping[str, Any]


class WindowOperations(AutomationOperations):
    windows = Collection("maintenance window", key="id", quota="maintenance-windows")

    # --- life

    def create_maintenance_window(
        self,
        Name: str,
        Schedule: str,
        Duration: int,
        Cutoff: int,
        AllowUnassociatedTargets: bool,
        Description: str | None = None,
        StartDate: str | None = None,
        EndDate: str | None = None,
        ScheduleTimezone: str | None = None,
        ScheduleOffset: int | None = None,
        ClientToken: str | None = None,
        Tags: Sequence[Mapping[str, str]] = (),
    ) -> dict[str, Any]:
        settings = {
            "Name": Name,
            "Description": Description,
            "StartDate": StartDate,
            "EndDate": EndDate,
            "Schedule": Schedule,
            "ScheduleTimezone": ScheduleTimezone,
            "ScheduleOffset": ScheduleOffset,
            "Duration": Duration,
            "Cutoff": Cutoff,
            "AllowUnassociatedTargets": AllowUnassociatedTargets,
        }
        _check_window(settings)
        window = Window(f"mw-{self.ids.hex('maintenance-window', 17)}", settings, self.now)
        window.tags = window.tags.with_(self, tag_map(Tags), invalid="ValidationException")
        self.windows.add(window)
        self._wind_window(window)
        return {"WindowId": window.id}

    def update_maintenance_window(
        self,
        WindowId: str,
        Name: str | None = None,
        Description: str | None = None,
        StartDate: str | None = None,
        EndDate: str | None = None,
        Schedule: str | None = None,
        ScheduleTimezone: str | None = None,
        ScheduleOffset: int | None = None,
        Duration: int | None = None,
        Cutoff: int | None = None,
        AllowUnassociatedTargets: bool | None = None,
        Enabled: bool | None = None,
        Replace: bool | None = None,
    ) -> dict[str, Any]:
        window = self.window_at(WindowId)
        given = {
            "Name": Name,
            "Description": Description,
            "StartDate": StartDate,
            "EndDate": EndDate,
            "Schedule": Schedule,
            "ScheduleTimezone": ScheduleTimezone,
            "ScheduleOffset": ScheduleOffset,
            "Duration": Duration,
            "Cutoff": Cutoff,
            "AllowUnassociatedTargets": AllowUnassociatedTargets,
        }
        if Replace and None in (Name, Schedule, Duration, Cutoff, AllowUnassociatedTargets):
            raise refusals.invalid("With Replace, all fields that CreateMaintenanceWindow requires are required.")
        settings = given if Replace else _updated(window.settings, given)
        _check_window(settings)
        window.settings = settings
        if Enabled is not None:
            window.enabled = Enabled
        window.modified = self.now
        self._wind_window(window)
        return {"WindowId": window.id, **settings, "Enabled": window.enabled}

    def delete_maintenance_window(self, WindowId: str) -> dict[str, Any]:
        window: Window | None = self.windows.get(WindowId)
        if window is not None:
            if window.job is not None:
                self.cancel(window.job)
            self.windows.remove(WindowId)
        return {"WindowId": WindowId}

    def get_maintenance_window(self, WindowId: str) -> dict[str, Any]:
        return self.window_at(WindowId).described(self.now)

    def describe_maintenance_windows(
        self, Filters: Sequence[Members] = (), MaxResults: int | None = None, NextToken: str | None = None
    ) -> dict[str, Any]:
        now = self.now
        keys = {"Name": lambda window: window.settings["Name"], "Enabled": lambda window: str(window.enabled)}
        for each in Filters:
            if each.get("Key") not in keys:
                raise refusals.invalid(f"Filter key {each.get('Key', '')} isn't valid.")
        found = [
            window
            for window in self.windows
            if all(
                keys[each["Key"]](window).lower() in [value.lower() for value in each.get("Values", ())]
                for each in Filters
            )
        ]
        return self.page(
            "WindowIdentities", found, lambda each: each.listed(now), lambda each: each.id, NextToken, MaxResults
        )

    def describe_maintenance_windows_for_target(
        self,
        Targets: Sequence[Members],
        ResourceType: str,
        MaxResults: int | None = None,
        NextToken: str | None = None,
    ) -> dict[str, Any]:
        found = [window for window in self.windows if self._reaches(window, Targets)]
        return self.page(
            "WindowIdentities",
            found,
            lambda each: {"WindowId": each.id, "Name": each.settings["Name"]},
            lambda each: each.id,
            NextToken,
            MaxResults,
        )

    def describe_maintenance_window_schedule(
        self,
        WindowId: str | None = None,
        Targets: Sequence[Members] = (),
        ResourceType: str | None = None,
        MaxResults: int | None = None,
        NextToken: str | None = None,
    ) -> dict[str, Any]:
        windows = [self.window_at(WindowId)] if WindowId else list(self.windows)
        times = []
        for window in windows:
            if Targets and not self._reaches(window, Targets):
                continue
            when = self.now
            for _ in range(int(self.limits["window-schedule"])):
                found = window.next(when)
                if found is None:
                    break
                when = found
                times.append((timetable.written(found), window))
        return self.page(
            "ScheduledWindowExecutions",
            times,
            lambda each: {"WindowId": each[1].id, "Name": each[1].settings["Name"], "ExecutionTime": each[0]},
            lambda each: f"{each[0]} {each[1].id}",
            NextToken,
            MaxResults,
        )

    def _reaches(self, window: Window, targets: Sequence[Members]) -> bool:
        """Whether any node of these targets is among those that a window is for."""
        wanted = {node.id for node in self.aimed_at(targets)}
        return any(
            wanted & {node.id for node in self.aimed_at(target["Targets"])} or list(targets) == list(target["Targets"])
            for target in window.targets.values()
        )

    # --- targets

    def register_target_with_maintenance_window(
        self,
        WindowId: str,
        ResourceType: str,
        Targets: Sequence[Members],
        OwnerInformation: str | None = None,
        Name: str | None = None,
        Description: str | None = None,
        ClientToken: str | None = None,
    ) -> dict[str, Any]:
        window = self.window_at(WindowId)
        self.limits.quota("window-targets", len(window.targets), WindowId)
        id = self.ids.uuid("window-target")
        window.targets[id] = {
            "WindowId": WindowId,
            "WindowTargetId": id,
            "ResourceType": ResourceType,
            "Targets": list(Targets),
            "OwnerInformation": OwnerInformation,
            "Name": Name,
            "Description": Description,
        }
        return {"WindowTargetId": id}

    def update_maintenance_window_target(
        self,
        WindowId: str,
        WindowTargetId: str,
        Targets: Sequence[Members] | None = None,
        OwnerInformation: str | None = None,
        Name: str | None = None,
        Description: str | None = None,
        Replace: bool | None = None,
    ) -> dict[str, Any]:
        window = self.window_at(WindowId)
        known = _registered(window.targets, WindowTargetId, WindowId, "target")
        given = {
            "Targets": None if Targets is None else list(Targets),
            "OwnerInformation": OwnerInformation,
            "Name": Name,
            "Description": Description,
        }
        changed = window.targets[WindowTargetId] = {**known, **given} if Replace else _updated(known, given)
        return {name: value for name, value in changed.items() if name != "ResourceType"}

    def deregister_target_from_maintenance_window(
        self, WindowId: str, WindowTargetId: str, Safe: bool | None = None
    ) -> dict[str, Any]:
        window = self.window_at(WindowId)
        _registered(window.targets, WindowTargetId, WindowId, "target")
        used = any(
            WindowTargetId in target.get("Values", ()) for task in window.tasks.values() for target in task["Targets"]
        )
        if Safe and used:
            raise AWSError(
                "TargetInUseException",
                "You specified the Safe option for the DeregisterTargetFromMaintenanceWindow operation, but the target "
                "is still referenced in a task.",
            )
        del window.targets[WindowTargetId]
        return {"WindowId": WindowId, "WindowTargetId": WindowTargetId}

    def describe_maintenance_window_targets(
        self,
        WindowId: str,
        Filters: Sequence[Members] = (),
        MaxResults: int | None = None,
        NextToken: str | None = None,
    ) -> dict[str, Any]:
        keys = {"WindowTargetId": "WindowTargetId", "OwnerInformation": "OwnerInformation", "Type": "ResourceType"}
        found = _filtered(self.window_at(WindowId).targets.values(), Filters, keys)
        return self.page("Targets", found, dict, lambda each: each["WindowTargetId"], NextToken, MaxResults)

    # --- tasks

    def register_task_with_maintenance_window(
        self,
        WindowId: str,
        TaskArn: str,
        TaskType: str,
        Targets: Sequence[Members] = (),
        ServiceRoleArn: str | None = None,
        TaskParameters: Members | None = None,
        TaskInvocationParameters: Members | None = None,
        Priority: int | None = None,
        MaxConcurrency: str | None = None,
        MaxErrors: str | None = None,
        LoggingInfo: Members | None = None,
        Name: str | None = None,
        Description: str | None = None,
        ClientToken: str | None = None,
        CutoffBehavior: str | None = None,
    ) -> dict[str, Any]:
        window = self.window_at(WindowId)
        _check_role(ServiceRoleArn)
        if TaskType == "RUN_COMMAND" and not Targets:
            raise refusals.invalid("Targets are required for tasks of the type RUN_COMMAND.")
        if TaskType in ("RUN_COMMAND", "AUTOMATION"):
            self.document_at(TaskArn)
        self.limits.quota("window-tasks", len(window.tasks), WindowId)
        id = self.ids.uuid("window-task")
        window.tasks[id] = {
            "WindowId": WindowId,
            "WindowTaskId": id,
            "Targets": list(Targets),
            "TaskArn": TaskArn,
            "ServiceRoleArn": ServiceRoleArn,
            "TaskType": TaskType,
            "TaskParameters": TaskParameters or {},
            "TaskInvocationParameters": TaskInvocationParameters or {},
            "Priority": Priority or 0,
            "MaxConcurrency": MaxConcurrency or "1",
            "MaxErrors": MaxErrors or "1",
            "LoggingInfo": LoggingInfo,
            "Name": Name,
            "Description": Description,
            "CutoffBehavior": CutoffBehavior or "CONTINUE_TASK",
        }
        return {"WindowTaskId": id}

    def update_maintenance_window_task(
        self,
        WindowId: str,
        WindowTaskId: str,
        Targets: Sequence[Members] | None = None,
        TaskArn: str | None = None,
        ServiceRoleArn: str | None = None,
        TaskParameters: Members | None = None,
        TaskInvocationParameters: Members | None = None,
        Priority: int | None = None,
        MaxConcurrency: str | None = None,
        MaxErrors: str | None = None,
        LoggingInfo: Members | None = None,
        Name: str | None = None,
        Description: str | None = None,
        Replace: bool | None = None,
        CutoffBehavior: str | None = None,
    ) -> dict[str, Any]:
        window = self.window_at(WindowId)
        known = _registered(window.tasks, WindowTaskId, WindowId, "task")
        _check_role(ServiceRoleArn)
        given = {
            "Targets": None if Targets is None else list(Targets),
            "TaskArn": TaskArn,
            "ServiceRoleArn": ServiceRoleArn,
            "TaskParameters": TaskParameters,
            "TaskInvocationParameters": TaskInvocationParameters,
            "Priority": Priority,
            "MaxConcurrency": MaxConcurrency,
            "MaxErrors": MaxErrors,
            "LoggingInfo": LoggingInfo,
            "Name": Name,
            "Description": Description,
            "CutoffBehavior": CutoffBehavior,
        }
        if Replace and (TaskArn is None or Targets is None):
            raise refusals.invalid("With Replace, all fields that the registration of a task requires are required.")
        changed = window.tasks[WindowTaskId] = _updated(known, given)
        return {name: value for name, value in changed.items() if name != "TaskType"}

    def deregister_task_from_maintenance_window(self, WindowId: str, WindowTaskId: str) -> dict[str, Any]:
        window = self.window_at(WindowId)
        _registered(window.tasks, WindowTaskId, WindowId, "task")
        del window.tasks[WindowTaskId]
        return {"WindowId": WindowId, "WindowTaskId": WindowTaskId}

    def get_maintenance_window_task(self, WindowId: str, WindowTaskId: str) -> dict[str, Any]:
        return dict(_registered(self.window_at(WindowId).tasks, WindowTaskId, WindowId, "task"))

    def describe_maintenance_window_tasks(
        self,
        WindowId: str,
        Filters: Sequence[Members] = (),
        MaxResults: int | None = None,
        NextToken: str | None = None,
    ) -> dict[str, Any]:
        keys = {"WindowTaskId": "WindowTaskId", "TaskArn": "TaskArn", "Priority": "Priority", "TaskType": "TaskType"}
        found = _filtered(self.window_at(WindowId).tasks.values(), Filters, keys)

        def shown(task: Members) -> dict[str, Any]:
            hidden = ("TaskInvocationParameters", "TaskType")
            return {"Type": task["TaskType"], **{name: value for name, value in task.items() if name not in hidden}}

        return self.page("Tasks", found, shown, lambda each: each["WindowTaskId"], NextToken, MaxResults)

    # --- look-ups

    def window_at(self, id: str) -> Window:
        """Raises DoesNotExistException."""
        found: Window | None = self.windows.get(id)
        if found is None:
            raise missing(f"Maintenance window {id} does not exist")
        return found

    # --- what the parts do for each other

    def _wind_window(self, window: Window) -> None:
        """Have a window open when it is due."""
        raise NotImplementedError


def missing(message: str) -> AWSError:
    return AWSError("DoesNotExistException", message)


def _check_role(arn: str | None) -> None:
    if arn is not None and not names.is_role(arn):
        raise refusals.invalid(f"{arn} isn't the ARN of a role.")


def _check_window(settings: Members) -> None:
    try:
        timetable.parse(settings["Schedule"])
        timetable.zone(settings.get("ScheduleTimezone"))
        for name in ("StartDate", "EndDate"):
            if settings.get(name):
                timetable.moment(settings[name])
    except timetable.BadSchedule as problem:
        raise refusals.invalid(f"Invalid Schedule: {problem}") from None
    if settings["Cutoff"] >= settings["Duration"]:
        raise refusals.invalid("Cutoff must be less than Duration.")


def _updated(known: Members, given: Members) -> dict[str, Any]:
    return {**known, **{name: value for name, value in given.items() if value is not None}}


def _registered(known: Members, id: str, window: str, what: str) -> Members:
    found: Members | None = known.get(id)
    if found is None:
        raise missing(f"Window {what} {id} does not exist in maintenance window {window}")
    return found


def _filtered(records: Any, filters: Sequence[Members], keys: Mapping[str, str]) -> list[Members]:
    for each in filters:
        if each.get("Key") not in keys:
            raise refusals.invalid(f"Filter key {each.get('Key', '')} isn't valid.")
    return [
        record
        for record in records
        if all(str(record[keys[each["Key"]]]) in each.get("Values", ()) for each in filters)
    ]

"""Executions of maintenance windows: tasks in order of their priority, while the window is open."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from awsim.errors import AWSError
from awsim.services.ssm.command import plain
from awsim.services.ssm.operations.windows import Members, WindowOperations, missing
from awsim.services.ssm.window import (
    CANCELLED,
    FAILED,
    PENDING,
    RUNNING,
    SUCCESS,
    TIMED_OUT,
    TaskRun,
    Window,
    WindowRun,
)
from awsim.state import Dict
from awsim.state.pages import number

_ENDS = {"Success": SUCCESS, "Failed": FAILED, "TimedOut": TIMED_OUT, "Cancelled": CANCELLED, "Rejected": FAILED}


class WindowRunOperations(WindowOperations):
    def setup(self) -> None:
        super().setup()
        self.window_runs = Dict()  # id -> WindowRun

    # --- on the clock

    def _wind_window(self, window: Window) -> None:
        if window.job is not None:
            self.cancel(window.job)
            window.job = None
        due = window.next(self.now)
        if due is not None:
            window.job = self.at_time(due, "_open_window", id=window.id)

    def _open_window(self, id: str) -> None:
        window: Window = self.windows[id]
        window.job = None
        self._wind_window(window)
        if not window.tasks:
            return
        run = WindowRun(self.ids.uuid("window-execution"), window, self.now)
        run.runs = tuple(TaskRun(self.ids.uuid("task-execution"), task) for task in window.tasks.values())
        window.executions.append(run)
        self.window_runs[run.id] = run
        self.announce(
            "Maintenance Window Execution State-change Notification",
            {"window-id": window.id, "window-execution-id": run.id, "status": RUNNING},
        )
        self.at_time(run.end, "_close_window", run=run.id)
        self._run_tasks(run.id)

    def _run_tasks(self, run: str) -> None:
        """Look after the tasks: those of one priority run together, the next when all of them are over."""
        found: WindowRun = self.window_runs[run]
        if found.status != RUNNING:
            return
        for each in found.runs:
            if each.status == RUNNING:
                self._look_after(each)
        waiting = [each for each in found.runs if not each.over]
        if not waiting:
            self._end(found, FAILED if any(each.status != SUCCESS for each in found.runs) else SUCCESS)
            return
        least = min(each.task["Priority"] for each in waiting)
        for each in waiting:
            if each.task["Priority"] == least and each.status == PENDING:
                if self.now >= found.cutoff:
                    each.status, each.details, each.ended = TIMED_OUT, "The cutoff time was reached.", self.now
                else:
                    self._start_task(found, each)
        self.later(self.limits["automation-poll"], "_run_tasks", run=run)

    def _start_task(self, run: WindowRun, each: TaskRun) -> None:
        each.status, each.started = RUNNING, self.now
        try:
            each.doing = tuple(
                (self.ids.uuid("invocation"), kind, id) for kind, id in self._started(run, each, each.task)
            )
        except AWSError as error:
            each.status, each.details, each.ended = FAILED, error.message, self.now

    def _started(self, run: WindowRun, each: TaskRun, task: Members) -> list[tuple[str, str]]:
        """(what was started, its id) of each call that a task makes."""
        kind, more = task["TaskType"], task["TaskInvocationParameters"]
        nodes = self._task_nodes(run.window, task["Targets"])
        who = task["ServiceRoleArn"]
        if kind == "RUN_COMMAND":
            given = dict(more.get("RunCommand") or {})
            given.setdefault("Parameters", {name: value["Values"] for name, value in task["TaskParameters"].items()})
            answer = self.call(
                "ssm",
                "SendCommand",
                as_=who,
                DocumentName=task["TaskArn"],
                Targets=[{"Key": "InstanceIds", "Values": nodes}],
                MaxConcurrency=task["MaxConcurrency"],
                MaxErrors=task["MaxErrors"],
                **given,
            )
            return [("command", answer["Command"]["CommandId"])]
        return [
            self._one(kind, who, task, more, {**self._pseudo(run, each), "TARGET_ID": node, "RESOURCE_ID": node})
            for node in nodes or [""]
        ]

    def _one(self, kind: str, who: str | None, task: Members, more: Members, known: Members) -> tuple[str, str]:
        """A task that is no command, for one target."""
        if kind == "AUTOMATION":
            given = dict(more.get("Automation") or {})
            if given.get("Parameters"):
                given["Parameters"] = _filled(given["Parameters"], known)
            answer = self.call("ssm", "StartAutomationExecution", as_=who, DocumentName=task["TaskArn"], **given)
            return "automation", answer["AutomationExecutionId"]
        if kind == "LAMBDA":
            given = dict(more.get("Lambda") or {})
            payload = given.pop("Payload", b"")
            text = payload.decode() if isinstance(payload, bytes) else payload
            answer = self.call(
                "lambda",
                "Invoke",
                as_=who,
                FunctionName=task["TaskArn"],
                Payload=str(_filled(text, known)).encode(),
                **given,
            )
            if answer.get("FunctionError"):
                raise AWSError("FunctionError", answer["Payload"].decode())
            return "done", self.ids.uuid("function-run")
        given = dict(more.get("StepFunctions") or {})
        filled = {name.lower(): _filled(value, known) for name, value in given.items()}
        answer = self.call("stepfunctions", "StartExecution", as_=who, stateMachineArn=task["TaskArn"], **filled)
        return "done", answer["executionArn"]

    def _pseudo(self, run: WindowRun, each: TaskRun) -> dict[str, str]:
        return {
            "WINDOW_ID": run.window.id,
            "WINDOW_TASK_ID": each.task["WindowTaskId"],
            "WINDOW_EXECUTION_ID": run.id,
            "TASK_EXECUTION_ID": each.id,
        }

    def _task_nodes(self, window: Window, targets: Sequence[Members]) -> list[str]:
        found: dict[str, None] = {}
        for target in targets:
            if target.get("Key") == "WindowTargetIds":
                for id in target.get("Values") or ():
                    registered = window.targets.get(id)
                    if registered is not None:
                        found |= {node.id: None for node in self.aimed_at(registered["Targets"])}
            else:
                found |= {node.id: None for node in self.aimed_at([target])}
        return list(found)

    def _look_after(self, each: TaskRun) -> None:
        states = [self._state_of(kind, id) for _, kind, id in each.doing]
        if all(state is not None for state in states):
            each.status = next((state for state in states if state != SUCCESS), SUCCESS) or SUCCESS
            each.ended = self.now

    def _state_of(self, kind: str, id: str) -> str | None:
        """How what a task started has ended; None while it has not."""
        if kind == "done":
            return SUCCESS
        status = plain(self.commands[id].details) if kind == "command" else self.executions[id].status
        return _ENDS.get(status)

    def _close_window(self, run: str) -> None:
        found: WindowRun = self.window_runs[run]
        if found.status != RUNNING:
            return
        for each in found.runs:
            if not each.over:
                each.status, each.ended = TIMED_OUT, self.now
        self._end(found, TIMED_OUT)

    def _end(self, run: WindowRun, status: str) -> None:
        run.status, run.ended = status, self.now
        self.announce(
            "Maintenance Window Execution State-change Notification",
            {"window-id": run.window.id, "window-execution-id": run.id, "status": status},
        )

    # --- reading

    def describe_maintenance_window_executions(
        self,
        WindowId: str,
        Filters: Sequence[Members] = (),
        MaxResults: int | None = None,
        NextToken: str | None = None,
    ) -> dict[str, Any]:
        window: Window | None = self.windows.get(WindowId)
        found = list(enumerate(() if window is None else window.executions))
        return self.page(
            "WindowExecutions",
            found,
            lambda each: each[1].described(),
            lambda each: number(10**9 - each[0]),
            NextToken,
            MaxResults,
        )

    def get_maintenance_window_execution(self, WindowExecutionId: str) -> dict[str, Any]:
        run = self._run_of(WindowExecutionId)
        shown = run.described()
        del shown["WindowId"]
        return {**shown, "TaskIds": [each.id for each in run.runs]}

    def describe_maintenance_window_execution_tasks(
        self,
        WindowExecutionId: str,
        Filters: Sequence[Members] = (),
        MaxResults: int | None = None,
        NextToken: str | None = None,
    ) -> dict[str, Any]:
        run = self._run_of(WindowExecutionId)

        def shown(each: TaskRun) -> dict[str, Any]:
            return {"WindowExecutionId": run.id, **each.described(), "TaskType": each.task["TaskType"]}

        return self.page("WindowExecutionTaskIdentities", run.runs, shown, lambda each: each.id, NextToken, MaxResults)

    def get_maintenance_window_execution_task(self, WindowExecutionId: str, TaskId: str) -> dict[str, Any]:
        run = self._run_of(WindowExecutionId)
        each = self._task_run(run, TaskId)
        task = each.task
        return {
            "WindowExecutionId": run.id,
            **each.described(),
            "ServiceRole": task["ServiceRoleArn"],
            "Type": task["TaskType"],
            "TaskParameters": [task["TaskParameters"]],
            "Priority": task["Priority"],
            "MaxConcurrency": task["MaxConcurrency"],
            "MaxErrors": task["MaxErrors"],
        }

    def describe_maintenance_window_execution_task_invocations(
        self,
        WindowExecutionId: str,
        TaskId: str,
        Filters: Sequence[Members] = (),
        MaxResults: int | None = None,
        NextToken: str | None = None,
    ) -> dict[str, Any]:
        run = self._run_of(WindowExecutionId)
        each = self._task_run(run, TaskId)
        return self.page(
            "WindowExecutionTaskInvocationIdentities",
            each.doing,
            lambda done: self._invocation(run, each, done),
            lambda done: done[0],
            NextToken,
            MaxResults,
        )

    def get_maintenance_window_execution_task_invocation(
        self, WindowExecutionId: str, TaskId: str, InvocationId: str
    ) -> dict[str, Any]:
        run = self._run_of(WindowExecutionId)
        each = self._task_run(run, TaskId)
        found = next((done for done in each.doing if done[0] == InvocationId), None)
        if found is None:
            raise missing(f"Invocation {InvocationId} does not exist")
        return self._invocation(run, each, found)

    def _invocation(self, run: WindowRun, each: TaskRun, done: tuple[str, str, str]) -> dict[str, Any]:
        id, kind, execution = done
        return {
            "WindowExecutionId": run.id,
            "TaskExecutionId": each.id,
            "InvocationId": id,
            "ExecutionId": execution,
            "TaskType": each.task["TaskType"],
            "Parameters": json.dumps(
                {"documentName": each.task["TaskArn"], "parameters": each.task["TaskInvocationParameters"]}, default=str
            ),
            "Status": self._state_of(kind, execution) or RUNNING,
            "StartTime": each.started,
            "EndTime": each.ended,
        }

    def cancel_maintenance_window_execution(self, WindowExecutionId: str) -> dict[str, Any]:
        run = self._run_of(WindowExecutionId)
        if run.status == RUNNING:
            for each in run.runs:
                if not each.over:
                    each.status, each.ended = CANCELLED, self.now
            self._end(run, CANCELLED)
        return {"WindowExecutionId": run.id}

    def _run_of(self, id: str) -> WindowRun:
        found: WindowRun | None = self.window_runs.get(id)
        if found is None:
            raise missing(f"Maintenance window execution {id} does not exist")
        return found

    def _task_run(self, run: WindowRun, id: str) -> TaskRun:
        found = next((each for each in run.runs if each.id == id), None)
        if found is None:
            raise missing(f"Task execution {id} does not exist")
        return found


def _filled(value: Any, known: Mapping[str, str]) -> Any:
    """`{{TARGET_ID}}` and its kin replaced throughout."""
    if isinstance(value, str):
        for name, text in known.items():
            value = value.replace(f"{{{{{name}}}}}", text).replace(f"{{{{ {name} }}}}", text)
        return value
    if isinstance(value, list):
        return [_filled(each, known) for each in value]
    if isinstance(value, Mapping):
        return {name: _filled(each, known) for name, each in value.items()}
    return value

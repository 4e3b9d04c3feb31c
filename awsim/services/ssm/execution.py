"""Executions of runbooks, and of their steps."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from awsim.services.ssm.runbook import Step
from awsim.state import Entity, List, Tags

RUNNING, WAITING, SUCCESS, FAILED = "InProgress", "Waiting", "Success", "Failed"
CANCELLED, TIMED_OUT, REJECTED = "Cancelled", "TimedOut", "Rejected"
PENDING = "Pending"
OVER = frozenset({SUCCESS, FAILED, CANCELLED, TIMED_OUT, REJECTED})


class Record(Entity):
    """A step at work, or done. `memo` is what its action remembers between two looks."""

    def __init__(self, id: str, step: Step, now: float) -> None:
        self.id = id
        self.name = step.name
        self.action = step.action
        self.step = step
        self.status = RUNNING
        self.started = now
        self.ended: float | None = None
        self.inputs: Mapping[str, Any] = {}
        self.outputs: Mapping[str, Any] = {}
        self.failure: str | None = None
        self.attempt = 1
        self.memo: Mapping[str, Any] = {}

    def described(self) -> dict[str, Any]:
        step = self.step
        failed = self.status in (FAILED, TIMED_OUT, REJECTED)
        return {
            "StepName": self.name,
            "Action": self.action,
            "TimeoutSeconds": None if step.timeout is None else int(step.timeout),
            "OnFailure": step.on_failure,
            "MaxAttempts": step.attempts,
            "ExecutionStartTime": self.started,
            "ExecutionEndTime": self.ended,
            "StepStatus": self.status,
            "ResponseCode": {SUCCESS: "0", FAILED: "1"}.get(self.status),
            "Inputs": {name: _shown(value) for name, value in self.inputs.items()},
            "Outputs": listed(self.outputs),
            "Response": _shown(self.outputs.get("Response")) if self.outputs.get("Response") is not None else None,
            "FailureMessage": self.failure,
            "FailureDetails": {"FailureStage": "Invocation", "FailureType": "ActionException"} if failed else None,
            "StepExecutionId": self.id,
            "IsEnd": step.end,
            "NextStep": step.next,
            "IsCritical": step.critical,
        }


def _shown(value: Any) -> str:
    return json.dumps(value, default=str)


def listed(outputs: Mapping[str, Any]) -> dict[str, list[str]]:
    """Outputs as answers have them: lists of texts."""
    shown = {}
    for name, value in outputs.items():
        items = value if isinstance(value, list) else [value]
        shown[name] = [item if isinstance(item, str) else json.dumps(item, default=str) for item in items]
    return shown


class Execution(Entity):
    """An execution of a runbook. `caller` is in whose name it acts where the runbook assumes no role."""

    def __init__(self, id: str, document: str, version: str, steps: Mapping[str, Step], now: float) -> None:
        self.id = id
        self.document = document
        self.version = version
        self.steps = steps
        self.started = now
        self.ended: float | None = None
        self.status = PENDING
        self.current: str | None = next(iter(steps), None)
        self.records: Any = List()
        self.given: Mapping[str, Any] = {}  # parameters as the request had them
        self.values: Mapping[str, Any] = {}  # with defaults, in their types
        self.variables: Mapping[str, Any] = {}
        self.outputs: Mapping[str, Any] = {}
        self.declared: tuple[str, ...] = ()
        self.failure: str | None = None
        self.failed = False  # a critical step has failed, though what followed ran
        self.role: str | None = None
        self.caller: Any = None
        self.parent: str | None = None
        self.settings: Mapping[str, Any] = {}  # targets and rate control, as the request had them
        self.target: str | None = None
        self.children: tuple[str, ...] = ()
        self.waiting: tuple[str, ...] = ()  # children that have yet to start
        self.association: str | None = None
        self.tags = Tags()

    @property
    def over(self) -> bool:
        return self.status in OVER

    def last(self, name: str) -> Record | None:
        """The last run of a step."""
        found = [record for record in self.records if record.name == name]
        return found[-1] if found else None

    @property
    def record(self) -> Record | None:
        """The step at work."""
        found = [record for record in self.records if record.status not in OVER]
        return found[-1] if found else None

    def _shown(self) -> dict[str, Any]:
        record = self.record
        return {
            "AutomationExecutionId": self.id,
            "DocumentName": self.document,
            "DocumentVersion": self.version,
            "ExecutionStartTime": self.started,
            "ExecutionEndTime": self.ended,
            "AutomationExecutionStatus": self.status,
            "Outputs": listed(self.outputs),
            "FailureMessage": self.failure,
            "Mode": "Auto",
            "ParentAutomationExecutionId": self.parent,
            "ExecutedBy": self.caller.arn,
            "CurrentStepName": record.name if record is not None else None,
            "CurrentAction": record.action if record is not None else None,
            "Target": self.target,
            "ResolvedTargets": {"ParameterValues": [], "Truncated": False},
            **self.settings,
        }

    def described(self) -> dict[str, Any]:
        return {
            **self._shown(),
            "Parameters": self.given,
            "StepExecutions": [record.described() for record in self.records],
            "StepExecutionsTruncated": False,
            "Variables": listed(self.variables) or None,
            "AssociationId": self.association,
        }

    def listed(self) -> dict[str, Any]:
        return {**self._shown(), "AutomationType": "Local"}

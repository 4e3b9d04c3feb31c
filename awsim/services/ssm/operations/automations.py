"""Automation: executions of runbooks, step by step on the clock. What steps do is in `actions`.

Source: Systems Manager User Guide, "AWS Systems Manager Automation".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from awsim.errors import AWSError
from awsim.services.ssm import content, names, runbook
from awsim.services.ssm.command import moment
from awsim.services.ssm.execution import (
    CANCELLED,
    FAILED,
    REJECTED,
    RUNNING,
    SUCCESS,
    TIMED_OUT,
    WAITING,
    Execution,
    Record,
)
from awsim.services.ssm.operations.actions import ActionOperations as Actions
from awsim.services.ssm.operations.actions import Done, Later, Rejected, Wait
from awsim.services.ssm.operations.commands import allowed_errors
from awsim.services.ssm.runbook import Step, StepFailed
from awsim.state import Dict
from awsim.state.pages import number
from awsim.state.tags import tag_map

_KEYS = {
    "DocumentNamePrefix": "DocumentName",
    "ExecutionStatus": "AutomationExecutionStatus",
    "ExecutionId": "AutomationExecutionId",
    "ParentExecutionId": "ParentAutomationExecutionId",
    "CurrentAction": "CurrentAction",
    "AutomationType": "AutomationType",
}
_TIMES = ("StartTimeBefore", "StartTimeAfter")
_STEP_KEYS = {
    "StepExecutionStatus": "StepStatus",
    "StepExecutionId": "StepExecutionId",
    "StepName": "StepName",
    "Action": "Action",
}


class AutomationOperations(Actions):
    def setup(self) -> None:
        super().setup()
        self.automation_tokens = Dict()  # client token -> (what was asked, id)

    # --- starting

    def start_automation_execution(
        self,
        DocumentName: str,
        DocumentVersion: str | None = None,
        Parameters: Mapping[str, Sequence[str]] | None = None,
        ClientToken: str | None = None,
        Mode: str | None = None,
        TargetParameterName: str | None = None,
        Targets: Sequence[Mapping[str, Any]] = (),
        TargetMaps: Sequence[Mapping[str, Sequence[str]]] = (),
        MaxConcurrency: str | None = None,
        MaxErrors: str | None = None,
        Tags: Sequence[Mapping[str, str]] = (),
    ) -> dict[str, Any]:
        if Mode == "Interactive":
            self.not_modelled("StartAutomationExecution with Mode Interactive")
        asked = (DocumentName, DocumentVersion, repr(Parameters), repr(Targets))
        known = self.automation_tokens.get(ClientToken) if ClientToken else None
        if known is not None:
            if known[0] != asked:
                raise AWSError(
                    "IdempotentParameterMismatch",
                    "Error returned when an idempotent operation is retried and the parameters don't match the "
                    "original call to the API with the same idempotency token.",
                )
            return {"AutomationExecutionId": known[1]}
        many = bool(Targets or TargetMaps)
        if many and not TargetParameterName and not TargetMaps:
            raise AWSError("InvalidTarget", "The target isn't valid or doesn't exist: name the TargetParameterName.")
        execution = self._new(DocumentName, DocumentVersion, Parameters or {}, self.caller, target=TargetParameterName)
        execution.tags = execution.tags.with_(self, tag_map(Tags), invalid="ValidationException")
        if many:
            execution.settings = {
                "TargetParameterName": TargetParameterName,
                "Targets": list(Targets),
                "TargetMaps": list(TargetMaps),
                "MaxConcurrency": MaxConcurrency or "1",
                "MaxErrors": MaxErrors or "0",
            }
            self._fan_out(execution)
        else:
            self._begin(execution)
        if ClientToken:
            self.automation_tokens[ClientToken] = (asked, execution.id)
        return {"AutomationExecutionId": execution.id}

    def _new(
        self,
        document: str,
        version: str | None,
        given: Mapping[str, Any],
        caller: Any,
        *,
        target: str | None = None,
        parent: str | None = None,
    ) -> Execution:
        """An execution that is not begun. `target`: the parameter that its children get a value of each for.

        Raises AutomationDefinitionNotFoundException, AutomationDefinitionVersionNotFoundException,
        InvalidAutomationExecutionParametersException.
        """
        try:
            found = self.document_at(document)
        except AWSError:
            raise AWSError(
                "AutomationDefinitionNotFoundException", f"An Automation runbook with the name {document} wasn't found."
            ) from None
        chosen = found.at(version)
        if chosen is None:
            raise AWSError(
                "AutomationDefinitionVersionNotFoundException",
                f"An Automation runbook with the name {document} and version {version} couldn't be found.",
            )
        if found.kind != content.AUTOMATION:
            raise AWSError(
                "AutomationDefinitionNotFoundException", f"Document {document} isn't of the type Automation."
            )
        held = dict(chosen.held)
        if target is not None:
            others = {name: about for name, about in (held.get("parameters") or {}).items() if name != target}
            if target not in (held.get("parameters") or {}):
                raise _unfit(f"Parameter {target} isn't defined in the document.")
            held["parameters"] = others
        try:
            values = content.bound(held, given)
        except content.Unfit as problem:
            raise _unfit(str(problem)) from None
        steps = runbook.steps(chosen.held)
        execution = Execution(self.ids.uuid("automation"), found.name, str(chosen.number), steps, self.now)
        execution.given, execution.values, execution.caller, execution.parent = given, values, caller, parent
        execution.declared = tuple(chosen.held.get("outputs") or ())
        variables = chosen.held.get("variables") or {}
        execution.variables = {name: about.get("default") for name, about in variables.items()}
        execution.role = self._role(chosen.held.get("assumeRole"), values)
        self.executions[execution.id] = execution
        return execution

    def _role(self, given: str | None, values: Mapping[str, Any]) -> str | None:
        """The role that a runbook assumes, None for nobody but who started it."""
        role = runbook.filled(given, values.__getitem__) if given else None
        if not role:
            return None
        policies = self.cloud.authorization
        try:
            if not names.is_role(str(role)):
                raise _unfit("")
            if policies is not None:
                policies.check_trust(self, str(role), None)
        except AWSError:
            raise _unfit("The defined assume role is unable to be assumed.") from None
        return str(role)

    def _begin(self, execution: Execution) -> None:
        self._announce_execution(execution, RUNNING)
        self.later(0, "_advance", execution=execution.id)

    # --- children of targets

    def _fan_out(self, execution: Execution) -> None:
        """Have a child for each target, one after the other."""
        name = execution.settings["TargetParameterName"]
        sets: list[Mapping[str, Any]] = [dict(each) for each in execution.settings["TargetMaps"]]
        for target in execution.settings["Targets"]:
            values = self._target_values(target)
            sets += [{name: [value]} for value in values]
        children = []
        for each in sets:
            child = self._new(
                execution.document,
                execution.version,
                {**execution.given, **each},
                execution.caller,
                parent=execution.id,
            )
            child.target = ", ".join(str(value) for values in each.values() for value in values)
            children.append(child.id)
        execution.children = execution.waiting = tuple(children)
        execution.status = RUNNING
        self._announce_execution(execution, RUNNING)
        self.later(0, "_next_child", execution=execution.id)

    def _target_values(self, target: Mapping[str, Any]) -> list[str]:
        if target.get("Key") == "ParameterValues":
            return list(target.get("Values") or ())
        return [node.id for node in self.aimed_at([target])]

    def _next_child(self, execution: str) -> None:
        parent: Execution = self.executions[execution]
        if parent.over:
            return
        failed = sum(self.executions[id].status in (FAILED, TIMED_OUT) for id in parent.children)
        if failed > allowed_errors(parent.settings["MaxErrors"], len(parent.children)):
            self._finish(parent, FAILED, "The execution failed: more targets failed than MaxErrors bears.")
        elif parent.waiting:
            first, *rest = parent.waiting
            parent.waiting = tuple(rest)
            self._begin(self.executions[first])
        elif all(self.executions[id].over for id in parent.children):
            self._finish(parent, SUCCESS)

    # --- advancing

    def _advance(self, execution: str) -> None:
        """Go on with the step at work, or begin the next, until one has to wait."""
        found: Execution = self.executions[execution]
        while not found.over and found.current is not None:
            step = found.steps[found.current]
            record = found.record
            if record is None:
                record = self._start(found, step)
            outcome = self._look(found, step, record)
            if isinstance(outcome, Later):
                self.later(outcome.seconds, "_advance", execution=execution)
                return
            if isinstance(outcome, Wait):
                record.status = WAITING
                found.status = WAITING
                limit = step.timeout or outcome.timeout
                if limit:
                    self.later(limit, "_time_out", execution=execution, record=record)
                return

    def _start(self, execution: Execution, step: Step) -> Record:
        record = Record(self.ids.uuid("step"), step, self.now)
        execution.status = RUNNING
        execution.records.append(record)
        self._announce_step(execution, record)
        return record

    def _look(self, execution: Execution, step: Step, record: Record) -> Done | Later | Wait | None:
        """One look at a step: it is done, has failed, or is to be looked at again."""
        try:
            if not record.inputs:
                record.inputs = self.inputs_of(execution, step)
            if step.timeout is not None and self.now - record.started > step.timeout:
                self._failed(execution, step, record, f"Step timed out after {step.timeout:g} seconds.", TIMED_OUT)
                return None
            outcome = self.act(execution, step, record)
        except Rejected as problem:
            self._failed(execution, step, record, str(problem), REJECTED)
            return None
        except StepFailed as problem:
            self._failed(execution, step, record, f"Step fails when it is Execute/Cancelling action. {problem}")
            return None
        except AWSError as error:
            self._failed(execution, step, record, f"{error.message} ({error.code})")
            return None
        if isinstance(outcome, Done):
            record.outputs = outcome.outputs
            self._done(execution, record, SUCCESS)
            self._go_on(execution, outcome.next or step.next, end=step.end and outcome.next is None)
        return outcome

    def _done(self, execution: Execution, record: Record, status: str) -> None:
        record.status, record.ended = status, self.now
        self._announce_step(execution, record)

    def _failed(self, execution: Execution, step: Step, record: Record, why: str, status: str = FAILED) -> None:
        record.failure = why
        if status == FAILED and record.attempt < step.attempts:
            record.attempt += 1
            record.memo = {}
            return
        self._done(execution, record, status)
        if step.on_failure == "Continue":
            execution.failed |= step.critical
            self._go_on(execution, step.next, end=step.end)
        elif step.on_failure.startswith("step:"):
            execution.failed |= step.critical
            self._go_on(execution, step.on_failure.removeprefix("step:"), end=False)
        else:
            self._finish(execution, status, f"Step {record.name} failed. {why}")

    def _go_on(self, execution: Execution, following: str | None, *, end: bool) -> None:
        if end or following is None:
            self._finish(execution, FAILED if execution.failed else SUCCESS)
        else:
            execution.current = following

    def _finish(self, execution: Execution, status: str, why: str | None = None) -> None:
        execution.status, execution.ended, execution.failure = status, self.now, why
        execution.outputs = self._outputs(execution)
        self._announce_execution(execution, status)
        if execution.parent is not None:
            self.later(0, "_child_over", execution=execution.parent)

    def _child_over(self, execution: str) -> None:
        parent: Execution = self.executions[execution]
        self.later(0, "_next_child" if parent.children else "_advance", execution=execution)

    def _outputs(self, execution: Execution) -> dict[str, Any]:
        found = {}
        for name in execution.declared:
            try:
                found[name] = self.known(execution, name)
            except KeyError:
                continue
        return found

    def _time_out(self, execution: str, record: Record) -> None:
        found: Execution = self.executions[execution]
        if record.status == WAITING and not found.over:
            self._failed(found, record.step, record, "Step timed out.", TIMED_OUT)
            self.later(0, "_advance", execution=execution)

    def command_over(self, command: Any) -> None:
        super().command_over(command)
        for execution in self.executions.values():
            record = execution.record
            if record is not None and record.memo.get("command") == command.id:
                self.later(0, "_advance", execution=execution.id)

    # --- stopping, signals

    def stop_automation_execution(self, AutomationExecutionId: str, Type: str | None = None) -> None:
        execution = self._execution(AutomationExecutionId)
        if execution.over:
            raise AWSError(
                "InvalidAutomationStatusUpdateException", "The specified update status operation isn't valid."
            )
        record = execution.record
        if record is not None:
            self._done(execution, record, CANCELLED)
        for id in execution.children:
            if not self.executions[id].over:
                self.stop_automation_execution(id, Type)
        self._finish(execution, SUCCESS if Type == "Complete" else CANCELLED)

    def send_automation_signal(
        self,
        AutomationExecutionId: str,
        SignalType: str,
        Payload: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        execution = self._execution(AutomationExecutionId)
        record = execution.record
        fitting = {"aws:approve": ("Approve", "Reject"), "aws:pause": ("Resume",)}
        if execution.over or record is None or SignalType not in fitting.get(record.action, ()):
            raise AWSError(
                "InvalidAutomationSignalException", "The signal isn't valid for the current Automation execution."
            )
        self.signalled(record, SignalType, (Payload or {}).get("Comment"))
        record.status = execution.status = RUNNING
        self.later(0, "_advance", execution=execution.id)

    # --- reading

    def get_automation_execution(self, AutomationExecutionId: str) -> dict[str, Any]:
        return {"AutomationExecution": self._execution(AutomationExecutionId).described()}

    def describe_automation_executions(
        self,
        Filters: Sequence[Mapping[str, Any]] = (),
        MaxResults: int | None = None,
        NextToken: str | None = None,
    ) -> dict[str, Any]:
        for each in Filters:
            if each["Key"] not in _KEYS and each["Key"] not in _TIMES and not each["Key"].startswith("Tag"):
                raise AWSError("InvalidFilterKey", "The specified key isn't valid.")
        found = [
            (at, execution)
            for at, execution in enumerate(self.executions.values())
            if all(_fits(execution, each["Key"], each["Values"]) for each in Filters)
        ]
        return self.page(
            "AutomationExecutionMetadataList",
            found,
            lambda each: each[1].listed(),
            lambda each: number(10**9 - each[0]),
            NextToken,
            MaxResults,
        )

    def describe_automation_step_executions(
        self,
        AutomationExecutionId: str,
        Filters: Sequence[Mapping[str, Any]] = (),
        NextToken: str | None = None,
        MaxResults: int | None = None,
        ReverseOrder: bool | None = None,
    ) -> dict[str, Any]:
        execution = self._execution(AutomationExecutionId)
        for each in Filters:
            if each["Key"] not in _STEP_KEYS:
                raise AWSError("InvalidFilterKey", "The specified key isn't valid.")
        found = [
            (at, shown)
            for at, shown in enumerate(record.described() for record in execution.records)
            if all(shown.get(_STEP_KEYS[each["Key"]]) in each["Values"] for each in Filters)
        ]
        return self.page(
            "StepExecutions",
            found,
            lambda each: each[1],
            lambda each: number(10**9 - each[0] if ReverseOrder else each[0]),
            NextToken,
            MaxResults,
        )

    def _execution(self, id: str) -> Execution:
        found: Execution | None = self.executions.get(id)
        if found is None:
            raise AWSError(
                "AutomationExecutionNotFoundException",
                f"There is no automation execution information for the requested automation execution ID {id}.",
            )
        return found

    # --- events

    def _announce_execution(self, execution: Execution, status: str) -> None:
        detail = {
            "ExecutionId": execution.id,
            "Definition": execution.document,
            "DefinitionVersion": execution.version,
            "Status": status,
            "StartTime": moment(execution.started),
            "EndTime": moment(execution.ended),
            "Time": moment(self.now),
            "ExecutedBy": execution.caller.arn,
        }
        arn = self.arn(f"automation-execution/{execution.id}")
        self.announce("EC2 Automation Execution Status-change Notification", detail, [arn])

    def _announce_step(self, execution: Execution, record: Record) -> None:
        detail = {
            "ExecutionId": execution.id,
            "Definition": execution.document,
            "DefinitionVersion": execution.version,
            "Status": record.status,
            "StepName": record.name,
            "Action": record.action,
            "StartTime": moment(record.started),
            "EndTime": moment(record.ended),
            "Time": moment(self.now),
        }
        arn = self.arn(f"automation-execution/{execution.id}")
        self.announce("EC2 Automation Step Status-change Notification", detail, [arn])


def _unfit(message: str) -> AWSError:
    return AWSError("InvalidAutomationExecutionParametersException", message)


def _fits(execution: Execution, key: str, values: Sequence[str]) -> bool:
    if key in _TIMES:
        try:
            when = [datetime.fromisoformat(value).timestamp() for value in values]
        except ValueError:
            raise AWSError("InvalidFilterValue", "The filter value isn't valid.") from None
        return any(execution.started < each if key == _TIMES[0] else execution.started > each for each in when)
    if key.startswith("Tag"):
        return any(value in execution.tags for value in values)
    shown = execution.listed().get(_KEYS[key])
    if key == "DocumentNamePrefix":
        return str(shown).startswith(tuple(values))
    return shown in values

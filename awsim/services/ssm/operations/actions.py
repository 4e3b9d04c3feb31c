"""What the steps of runbooks do: real calls, as the role that the runbook assumes or as who started it.

Source: Systems Manager User Guide, "Systems Manager Automation actions reference".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from awsim.errors import AWSError
from awsim.services.ssm import runbook, scripts
from awsim.services.ssm.command import FAILED as COMMAND_FAILED
from awsim.services.ssm.command import SUCCESS as COMMAND_SUCCESS
from awsim.services.ssm.execution import OVER, SUCCESS, Execution, Record
from awsim.services.ssm.operations.commands import CommandOperations
from awsim.services.ssm.runbook import Step, StepFailed
from awsim.state import Dict

# Members of aws:executeAwsApi and its kin that are not the call's own.
_OWN = ("Service", "Api", "PropertySelector", "DesiredValues")
_STATES = {
    "running": ("StartInstances", ("running",)),
    "stopped": ("StopInstances", ("stopped", "terminated")),
    "terminated": ("TerminateInstances", ("terminated",)),
}


class Done(NamedTuple):
    """A step has done its work: its outputs, and the step to go on with if it says so."""

    outputs: Mapping[str, Any]
    next: str | None = None


class Later(NamedTuple):
    """A step is to be looked at again in so many seconds."""

    seconds: float


class Wait(NamedTuple):
    """A step waits for somebody; for so many seconds where it does not say itself."""

    timeout: float | None = None


class Rejected(StepFailed):
    """Somebody did not approve."""


Outcome = Done | Later | Wait


class ActionOperations(CommandOperations):
    def setup(self) -> None:
        super().setup()
        self.executions = Dict()  # id -> Execution

    # --- variables

    def known(self, execution: Execution, name: str) -> Any:
        """The value of `{{ name }}`. Raises KeyError."""
        if name.startswith("global:"):
            return self._global(name.removeprefix("global:"), execution)
        if name == "automation:EXECUTION_ID":
            return execution.id
        if name.startswith("automation:"):
            return {"automation:ASSUME_ROLE": execution.role}[name]
        if name.startswith("variable:"):
            return execution.variables[name.removeprefix("variable:")]
        if name.startswith("ssm:"):
            return self.with_parameters(f"{{{{{name}}}}}")
        if name in execution.values:
            return execution.values[name]
        step, dot, rest = name.partition(".")
        record = execution.last(step)
        if not dot or record is None:
            raise KeyError(name)
        if rest in record.outputs:
            return record.outputs[rest]
        if rest == "Status" or rest == "StepStatus":
            return record.status
        found = runbook.selected(rest, record.outputs)
        if found is None:
            raise KeyError(name)
        return found

    def _global(self, name: str, execution: Execution) -> str:
        now = datetime.fromtimestamp(self.now, UTC)
        return {
            "DATE": now.strftime("%Y-%m-%d"),
            "DATE_TIME": now.strftime("%Y-%m-%d_%H.%M.%S"),
            "EPOCH_TIME": str(int(self.now)),
            "REGION": self.region,
            "ACCOUNT_ID": self.account,
        }[name]

    def inputs_of(self, execution: Execution, step: Step) -> Mapping[str, Any]:
        """A step's inputs, filled in; aws:branch and aws:loop look at variables themselves."""
        if step.action in ("aws:branch", "aws:loop"):
            return step.inputs
        filled: Mapping[str, Any] = runbook.filled(dict(step.inputs), lambda name: self.known(execution, name))
        return filled

    # --- acting

    def act(self, execution: Execution, step: Step, record: Record) -> Outcome:
        """One look at a step. Raises StepFailed, and what AWS's services refuse."""
        action = step.action.removeprefix("aws:")
        method = getattr(self, f"_act_{action}", None)
        if method is None:
            raise StepFailed(f"awsim does not model the action {step.action}")
        outcome: Outcome = method(execution, step, record, record.inputs)
        return outcome

    def _as(self, execution: Execution) -> Any:
        return execution.role or execution.caller

    def _api(self, execution: Execution, service: str, operation: str, **parameters: Any) -> Any:
        answer = self.call(service, operation, as_=self._as(execution), **parameters)
        return runbook.plain(answer)

    def _called(self, execution: Execution, inputs: Mapping[str, Any]) -> Any:
        parameters = {name: value for name, value in inputs.items() if name not in _OWN}
        api = str(inputs["Api"])
        operation = api if "_" in api else api[:1].upper() + api[1:]
        return self._api(execution, str(inputs["Service"]), operation, **parameters)

    def _act_executeAwsApi(
        self, execution: Execution, step: Step, record: Record, inputs: Mapping[str, Any]
    ) -> Outcome:
        answer = self._called(execution, inputs)
        return Done({"OutputPayload": answer, "Response": answer, **runbook.chosen(step.outputs, answer)})

    def _act_assertAwsResourceProperty(
        self, execution: Execution, step: Step, record: Record, inputs: Mapping[str, Any]
    ) -> Outcome:
        value = runbook.selected(inputs["PropertySelector"], self._called(execution, inputs))
        if _text(value) not in map(_text, inputs["DesiredValues"]):
            raise StepFailed(
                f"Property value from the API output is not in the list of desired values: {_text(value)} is none of "
                f"{inputs['DesiredValues']}."
            )
        return Done({})

    def _act_waitForAwsResourceProperty(
        self, execution: Execution, step: Step, record: Record, inputs: Mapping[str, Any]
    ) -> Outcome:
        value = runbook.selected(inputs["PropertySelector"], self._called(execution, inputs))
        if _text(value) in map(_text, inputs["DesiredValues"]):
            return Done({})
        return self._again(record, step)

    def _again(self, record: Record, step: Step) -> Outcome:
        """Look again in a while, for as long as the step may take."""
        if self.now - record.started > (step.timeout or self.limits["automation-wait"]):
            raise StepFailed("Step timed out: the resource isn't in the desired state.")
        return Later(self.limits["automation-poll"])

    def _act_sleep(self, execution: Execution, step: Step, record: Record, inputs: Mapping[str, Any]) -> Outcome:
        if "Timestamp" in inputs:
            try:
                until = datetime.fromisoformat(str(inputs["Timestamp"])).timestamp()
            except ValueError:
                raise StepFailed(f"Timestamp {inputs['Timestamp']} isn't valid.") from None
        else:
            until = record.started + runbook.seconds(str(inputs.get("Duration", "")))
        return Done({}) if self.now >= until else Later(until - self.now)

    def _act_branch(self, execution: Execution, step: Step, record: Record, inputs: Mapping[str, Any]) -> Outcome:
        return Done({}, runbook.branch(inputs, lambda name: self.known(execution, name)))

    def _act_updateVariable(
        self, execution: Execution, step: Step, record: Record, inputs: Mapping[str, Any]
    ) -> Outcome:
        name = str(step.inputs["Name"]).removeprefix("variable:")
        if name not in execution.variables:
            raise StepFailed(f"Variable {name} isn't defined in the runbook.")
        execution.variables = {**execution.variables, name: inputs["Value"]}
        return Done({})

    def _act_pause(self, execution: Execution, step: Step, record: Record, inputs: Mapping[str, Any]) -> Outcome:
        return Done({}) if record.memo.get("signal") == "Resume" else Wait()

    def _act_approve(self, execution: Execution, step: Step, record: Record, inputs: Mapping[str, Any]) -> Outcome:
        decisions = record.memo.get("decisions", ())
        if any(each["Decision"] == "Reject" for each in decisions):
            raise Rejected("The approval was rejected.")
        wanted = int(inputs.get("MinRequiredApprovals", 1))
        if len({each["Approver"] for each in decisions}) >= wanted:
            return Done({"ApprovalStatus": "Approved", "ApproverDecisions": json.dumps(list(decisions))})
        if not decisions and inputs.get("NotificationArn"):
            self._ask(execution, record, inputs)
        return Wait(self.limits["approval-wait"])

    def _ask(self, execution: Execution, record: Record, inputs: Mapping[str, Any]) -> None:
        arn = str(inputs["NotificationArn"])
        told = {
            "executionId": execution.id,
            "stepName": record.name,
            "message": inputs.get("Message", ""),
            "approvers": inputs.get("Approvers", []),
        }
        subject = f"Automation {execution.document} needs approval"[:100]
        self._api(execution, "sns", "Publish", TopicArn=arn, Subject=subject, Message=json.dumps(told))

    def signalled(self, record: Record, signal: str, comment: Any) -> None:
        """Somebody approves, rejects or resumes. Raises InvalidAutomationSignalException."""
        if signal == "Resume":
            record.memo = {**record.memo, "signal": signal}
            return
        who, approvers = self.caller.arn, record.inputs.get("Approvers") or ()
        if approvers and who not in approvers and who.rpartition("/")[2] not in approvers:
            raise AWSError("InvalidAutomationSignalException", f"{who} isn't among the approvers of the step.")
        decision = {"Approver": who, "Decision": signal, "Comment": (comment or [""])[0]}
        record.memo = {**record.memo, "decisions": (*record.memo.get("decisions", ()), decision)}

    def _act_executeScript(
        self, execution: Execution, step: Step, record: Record, inputs: Mapping[str, Any]
    ) -> Outcome:
        code = self.cloud.functions.get(f"{execution.document}/{step.name}")
        if code is None:
            code = scripts.handler(str(inputs.get("Runtime", "")), inputs.get("Script"), inputs.get("Handler"))
        who = self._acting(execution)
        with self.cloud.unlocked(), self.cloud.acting_as(who):
            try:
                returned = runbook.plain(code(inputs.get("InputPayload") or {}, {"global:REGION": self.region}))
            except Exception as problem:
                raise StepFailed(f"{type(problem).__name__} - {problem}") from None
        payload = {"Payload": returned}
        return Done({**payload, "OutputPayload": payload, **runbook.chosen(step.outputs, payload)})

    def _acting(self, execution: Execution) -> str:
        if execution.role is None:
            arn: str = execution.caller.arn
            return arn
        account, name = execution.role.split(":")[4], execution.role.rpartition("/")[2]
        return f"arn:{self.partition}:sts::{account}:assumed-role/{name}/{execution.id}"

    # --- other services

    def _act_runCommand(self, execution: Execution, step: Step, record: Record, inputs: Mapping[str, Any]) -> Outcome:
        id = record.memo.get("command")
        if id is None:
            given = {name: value for name, value in inputs.items() if name != "Parameters"}
            values = {name: _texts(value) for name, value in (inputs.get("Parameters") or {}).items()}
            answer = self._api(execution, "ssm", "SendCommand", **given, Parameters=values)
            record.memo = {"command": answer["Command"]["CommandId"]}
            return Later(0)
        command = self.commands[id]
        if not command.told:
            return Wait()
        if command.details not in (COMMAND_SUCCESS, "NoInstancesInTag"):
            raise StepFailed(f"Command {id} returns unexpected invocation result: {command.details or COMMAND_FAILED}.")
        first = next((each.results[0] for each in command.invocations.values() if each.results), None)
        output = "" if first is None else first.output
        return Done({"CommandId": id, "Status": command.details, "ResponseCode": 0, "Output": output})

    def _act_executeAutomation(
        self, execution: Execution, step: Step, record: Record, inputs: Mapping[str, Any]
    ) -> Outcome:
        id = record.memo.get("execution")
        if id is None:
            given = {name: _texts(value) for name, value in (inputs.get("RuntimeParameters") or {}).items()}
            child = self._new(
                str(inputs["DocumentName"]),
                inputs.get("DocumentVersion"),
                given,
                execution.caller,
                parent=execution.id,
            )
            record.memo = {"execution": child.id}
            self._begin(child)
            return Wait()
        child = self.executions[id]
        if child.status not in OVER:
            return Wait()
        if child.status != SUCCESS:
            raise StepFailed(f"Automation {id} ended with {child.status}. {child.failure or ''}".strip())
        return Done({"ExecutionId": id, "Status": child.status, "Output": child.outputs})

    def _act_invokeLambdaFunction(
        self, execution: Execution, step: Step, record: Record, inputs: Mapping[str, Any]
    ) -> Outcome:
        payload = inputs.get("InputPayload", inputs.get("Payload"))
        given = {name: value for name, value in inputs.items() if name not in ("Payload", "InputPayload")}
        if payload is not None:
            given["Payload"] = (payload if isinstance(payload, str) else json.dumps(payload)).encode()
        answer = self.call("lambda", "Invoke", as_=self._as(execution), **given)
        text = answer["Payload"].decode() if answer.get("Payload") else ""
        if answer.get("FunctionError"):
            raise StepFailed(f"Failed to invoke the function: {text}")
        return Done({"StatusCode": answer["StatusCode"], "Payload": text, "LogResult": answer.get("LogResult", "")})

    def _act_executeStateMachine(
        self, execution: Execution, step: Step, record: Record, inputs: Mapping[str, Any]
    ) -> Outcome:
        arn = record.memo.get("execution")
        if arn is None:
            answer = self._api(execution, "stepfunctions", "StartExecution", **inputs)
            record.memo = {"execution": answer["executionArn"]}
            return Later(0)
        found = self._api(execution, "stepfunctions", "DescribeExecution", executionArn=arn)
        if found["status"] == "RUNNING":
            return self._again(record, step)
        if found["status"] != "SUCCEEDED":
            raise StepFailed(f"The state machine's execution ended with {found['status']}.")
        return Done({"executionArn": arn, "output": found.get("output", "")})

    def _act_changeInstanceState(
        self, execution: Execution, step: Step, record: Record, inputs: Mapping[str, Any]
    ) -> Outcome:
        ids, desired = _texts(inputs["InstanceIds"]), str(inputs["DesiredState"])
        operation, states = _STATES[desired]
        if "asked" not in record.memo:
            if not inputs.get("CheckStateOnly"):
                more = {"Force": True} if inputs.get("Force") and desired == "stopped" else {}
                self._api(execution, "ec2", operation, InstanceIds=ids, **more)
            record.memo = {"asked": True}
            return Later(0)
        answer = self._api(execution, "ec2", "DescribeInstances", InstanceIds=ids)
        found = runbook.selected("$.Reservations[*].Instances[*].State.Name", answer)
        if all(each in states for each in found):
            return Done({"InstanceStates": found})
        return self._again(record, step)

    def _act_createImage(self, execution: Execution, step: Step, record: Record, inputs: Mapping[str, Any]) -> Outcome:
        given = {"Name" if name == "ImageName" else name: value for name, value in inputs.items()}
        given = {"Description" if name == "ImageDescription" else name: value for name, value in given.items()}
        return self._image(execution, step, record, "CreateImage", given)

    def _act_copyImage(self, execution: Execution, step: Step, record: Record, inputs: Mapping[str, Any]) -> Outcome:
        names = {"ImageName": "Name", "ImageDescription": "Description"}
        return self._image(
            execution, step, record, "CopyImage", {names.get(name, name): value for name, value in inputs.items()}
        )

    def _image(
        self, execution: Execution, step: Step, record: Record, operation: str, given: Mapping[str, Any]
    ) -> Outcome:
        id = record.memo.get("image")
        if id is None:
            record.memo = {"image": self._api(execution, "ec2", operation, **given)["ImageId"]}
            return Later(0)
        answer = self._api(execution, "ec2", "DescribeImages", ImageIds=[id])
        state = runbook.selected("$.Images[0].State", answer)
        if state == "available":
            return Done({"ImageId": id, "ImageState": state})
        if state in ("failed", "error", "invalid"):
            raise StepFailed(f"Image {id} is {state}.")
        return self._again(record, step)

    def _act_deleteImage(self, execution: Execution, step: Step, record: Record, inputs: Mapping[str, Any]) -> Outcome:
        id = str(inputs["ImageId"])
        answer = self._api(execution, "ec2", "DescribeImages", ImageIds=[id])
        self._api(execution, "ec2", "DeregisterImage", ImageId=id)
        for snapshot in runbook.selected("$.Images[*].BlockDeviceMappings[*].Ebs.SnapshotId", answer):
            self._api(execution, "ec2", "DeleteSnapshot", SnapshotId=snapshot)
        return Done({})

    def _act_createTags(self, execution: Execution, step: Step, record: Record, inputs: Mapping[str, Any]) -> Outcome:
        ids, tags = _texts(inputs["ResourceIds"]), inputs["Tags"]
        if inputs.get("ResourceType", "EC2") == "EC2":
            self._api(execution, "ec2", "CreateTags", Resources=ids, Tags=tags)
        else:
            for id in ids:
                kind = str(inputs["ResourceType"])
                self._api(execution, "ssm", "AddTagsToResource", ResourceType=kind, ResourceId=id, Tags=tags)
        return Done({})

    def _act_runInstances(self, execution: Execution, step: Step, record: Record, inputs: Mapping[str, Any]) -> Outcome:
        ids = record.memo.get("instances")
        if ids is None:
            given = {"MinCount": 1, "MaxCount": 1, **inputs}
            made = self._api(execution, "ec2", "RunInstances", **given)
            record.memo = {"instances": [each["InstanceId"] for each in made["Instances"]]}
            return Later(0)
        answer = self._api(execution, "ec2", "DescribeInstances", InstanceIds=ids)
        found = runbook.selected("$.Reservations[*].Instances[*].State.Name", answer)
        if all(each == "running" for each in found):
            return Done({"InstanceIds": ids, "InstanceStates": found})
        return self._again(record, step)

    def _act_createStack(self, execution: Execution, step: Step, record: Record, inputs: Mapping[str, Any]) -> Outcome:
        name = str(inputs["StackName"])
        if "stack" not in record.memo:
            made = self._api(execution, "cloudformation", "CreateStack", **inputs)
            record.memo = {"stack": made["StackId"]}
            return Later(0)
        answer = self._api(execution, "cloudformation", "DescribeStacks", StackName=name)
        status = str(runbook.selected("$.Stacks[0].StackStatus", answer))
        if status == "CREATE_COMPLETE":
            return Done({"StackId": record.memo["stack"], "StackStatus": status})
        if status.endswith("_IN_PROGRESS") and not status.startswith("ROLLBACK"):
            return self._again(record, step)
        raise StepFailed(f"Stack {name} is {status}.")

    def _act_deleteStack(self, execution: Execution, step: Step, record: Record, inputs: Mapping[str, Any]) -> Outcome:
        self._api(execution, "cloudformation", "DeleteStack", **inputs)
        return Done({})

    # --- what the parts do for each other

    def _new(self, *given: Any, **named: Any) -> Execution:
        raise NotImplementedError

    def _begin(self, execution: Execution) -> None:
        raise NotImplementedError


def _texts(value: Any) -> list[str]:
    items = value if isinstance(value, list) else [value]
    return [item if isinstance(item, str) else json.dumps(item) for item in items]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)

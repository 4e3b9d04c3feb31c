"""Pipelines, their executions, the actions of those and the jobs that others do for them. Times are epoch seconds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from awsim.services.codepipeline.types import TypeKey, key_of
from awsim.state import Dict, Entity, List, Tags

IN_PROGRESS, SUCCEEDED, FAILED, STOPPED, STOPPING = "InProgress", "Succeeded", "Failed", "Stopped", "Stopping"
ABANDONED, SUPERSEDED = "Abandoned", "Superseded"


class Pipeline(Entity):
    """A pipeline. `declaration` is as CreatePipeline takes it, with its version and what is there by default."""

    def __init__(self, name: str, arn: str, declaration: Mapping[str, Any], now: float) -> None:
        self.name = name
        self.arn = arn
        self.declaration = declaration
        self.created = self.updated = now
        self.executions = Dict()  # id -> Execution, oldest first
        self.closed = Dict()  # stage whose inbound transition is disabled -> (reason, who, when)
        self.holders = Dict()  # stage -> id of the execution that is in it
        self.waiting = Dict()  # stage -> List of ids of executions that wait to enter it
        self.latest = Dict()  # stage -> id of the execution that entered it last
        self.revisions = Dict()  # source action -> the revision seen last
        self.tags = Tags()

    @property
    def version(self) -> int:
        return int(self.declaration["version"])

    @property
    def mode(self) -> str:
        return str(self.declaration["executionMode"])

    def listed(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "version": self.version,
            "pipelineType": self.declaration["pipelineType"],
            "executionMode": self.mode,
            "created": self.created,
            "updated": self.updated,
        }

    def sources(self) -> Iterator[Mapping[str, Any]]:
        for stage in self.declaration["stages"]:
            yield from (action for action in stage["actions"] if action["actionTypeId"]["category"] == "Source")


class ActionRun(Entity):
    """One run of an action."""

    def __init__(self, id: str, stage: str, action: Mapping[str, Any], now: float) -> None:
        self.id = id
        self.stage = stage
        self.action = action
        self.configuration: Mapping[str, str] = action.get("configuration") or {}  # with variables resolved
        self.status = IN_PROGRESS
        self.started = self.updated = now
        self.summary: str | None = None
        self.token: str | None = None
        self.updated_by: str | None = None
        self.external: str | None = None
        self.url: str | None = None
        self.percent: int | None = None
        self.error: tuple[str, str] | None = None
        self.inputs: Sequence[Mapping[str, Any]] = ()
        self.outputs: Sequence[Mapping[str, Any]] = ()
        self.variables: Mapping[str, str] = {}
        self.timeout: int | None = None  # the job that ends a run which takes too long

    @property
    def name(self) -> str:
        return str(self.action["name"])

    @property
    def type(self) -> TypeKey:
        return key_of(self.action["actionTypeId"])

    def state(self) -> dict[str, Any]:
        """`latestExecution` of GetPipelineState."""
        return {
            "actionExecutionId": self.id,
            "status": self.status,
            "summary": self.summary,
            "lastStatusChange": self.updated,
            "token": self.token,
            "lastUpdatedBy": self.updated_by,
            "externalExecutionId": self.external,
            "externalExecutionUrl": self.url,
            "percentComplete": self.percent,
            "errorDetails": self._error(),
        }

    def detail(self, execution: Execution, region: str) -> dict[str, Any]:
        """As ListActionExecutions shows it."""
        result = {
            "externalExecutionId": self.external,
            "externalExecutionSummary": self.summary,
            "externalExecutionUrl": self.url,
            "errorDetails": self._error(),
        }
        return {
            "pipelineExecutionId": execution.id,
            "actionExecutionId": self.id,
            "pipelineVersion": execution.version,
            "stageName": self.stage,
            "actionName": self.name,
            "startTime": self.started,
            "lastUpdateTime": self.updated,
            "updatedBy": self.updated_by,
            "status": self.status,
            "input": {
                "actionTypeId": self.action["actionTypeId"],
                "configuration": dict(self.action.get("configuration") or {}),
                "resolvedConfiguration": dict(self.configuration),
                "roleArn": self.action.get("roleArn"),
                "region": self.action.get("region") or region,
                "inputArtifacts": [_located(one) for one in self.inputs],
                "namespace": self.action.get("namespace"),
            },
            "output": {
                "outputArtifacts": [_located(one) for one in self.outputs] if self.status == SUCCEEDED else [],
                "executionResult": {name: value for name, value in result.items() if value is not None},
                "outputVariables": dict(self.variables),
            },
        }

    def _error(self) -> dict[str, str] | None:
        return None if self.error is None else {"code": self.error[0], "message": self.error[1]}


def _located(artifact: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": artifact["name"], "s3location": {"bucket": artifact["bucket"], "key": artifact["key"]}}


class StageRun(Entity):
    """One execution in a stage. `runs` are those of its actions, the newest of each last."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.status = IN_PROGRESS
        self.runs = List()
        self.attempts = 0

    def latest(self, action: str) -> ActionRun | None:
        found: ActionRun | None = next((run for run in reversed(list(self.runs)) if run.name == action), None)
        return found


class Execution(Entity):
    """One execution of a pipeline, by the declaration that it had then."""

    def __init__(self, id: str, pipeline: Pipeline, trigger: tuple[str, str], now: float) -> None:
        self.id = id
        self.pipeline = pipeline.name
        self.declaration = pipeline.declaration
        self.trigger = trigger
        self.status = IN_PROGRESS
        self.summary: str | None = None
        self.started = self.updated = now
        self.position = 0  # of the stage that it is in, or waits for
        self.stages = Dict()  # name -> StageRun
        self.artifacts = Dict()  # name -> {"name", "bucket", "key", "revision"}
        self.revisions: Sequence[Mapping[str, Any]] = ()
        self.variables: Mapping[str, str] = {}
        self.outputs = Dict()  # namespace -> variables
        self.stop_reason: str | None = None
        self.overrides: Mapping[str, Mapping[str, str]] = {}  # source action -> the revision asked for
        self.rolls_back: str | None = None

    @property
    def version(self) -> int:
        return int(self.declaration["version"])

    @property
    def is_over(self) -> bool:
        return self.status not in (IN_PROGRESS, STOPPING)

    @property
    def kind(self) -> str:
        return "STANDARD" if self.rolls_back is None else "ROLLBACK"

    def stage_at(self, position: int) -> Mapping[str, Any] | None:
        stages = self.declaration["stages"]
        return stages[position] if position < len(stages) else None

    def runs(self) -> Iterator[ActionRun]:
        for stage in self.stages.values():
            yield from stage.runs

    def _common(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            "pipelineExecutionId": self.id,
            "status": self.status,
            "statusSummary": self.summary,
            "trigger": {"triggerType": self.trigger[0], "triggerDetail": self.trigger[1]},
            "executionMode": self.declaration["executionMode"],
            "executionType": self.kind,
        }
        if self.rolls_back is not None:
            found["rollbackMetadata"] = {"rollbackTargetPipelineExecutionId": self.rolls_back}
        return found

    def described(self) -> dict[str, Any]:
        return {
            **self._common(),
            "pipelineName": self.pipeline,
            "pipelineVersion": self.version,
            "artifactRevisions": [
                {
                    "name": one["artifact"],
                    "revisionId": one["revisionId"],
                    "revisionSummary": one.get("revisionSummary"),
                    "revisionUrl": one.get("revisionUrl"),
                }
                for one in self.revisions
            ],
            "variables": [{"name": name, "resolvedValue": value} for name, value in self.variables.items()],
        }

    def listed(self) -> dict[str, Any]:
        found = {
            **self._common(),
            "startTime": self.started,
            "lastUpdateTime": self.updated,
            "sourceRevisions": [
                {name: value for name, value in one.items() if name != "artifact"} for one in self.revisions
            ],
        }
        if self.stop_reason is not None:
            found["stopTrigger"] = {"reason": self.stop_reason}
        return found


class Job(Entity):
    """Work that somebody else does for an action: a worker of a custom action, or a function."""

    def __init__(self, id: str, nonce: str, pipeline: str, execution: str, run: ActionRun) -> None:
        self.id = id
        self.nonce = nonce
        self.pipeline = pipeline
        self.execution = execution
        self.run = run
        self.status = "Queued"
        self.continuation: str | None = None
        self.secret: Mapping[str, str] = {}  # keys to the artifacts


class Webhook(Entity):
    def __init__(self, name: str, arn: str, url: str, definition: Mapping[str, Any]) -> None:
        self.name = name
        self.arn = arn
        self.url = url
        self.definition = definition
        self.registered = False
        self.tags = Tags()

    def described(self) -> dict[str, Any]:
        return {
            "definition": self.definition,
            "url": self.url,
            "arn": self.arn,
            "tags": self.tags.as_list("key", "value"),
        }

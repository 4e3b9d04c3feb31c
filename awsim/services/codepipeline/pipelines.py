"""Pipelines, their executions and their state, approvals and transitions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from awsim.errors import AWSError
from awsim.services.codepipeline import declaration
from awsim.services.codepipeline.actions import Actions
from awsim.services.codepipeline.records import (
    FAILED,
    IN_PROGRESS,
    STOPPING,
    SUCCEEDED,
    ActionRun,
    Execution,
    Pipeline,
    StageRun,
)

if TYPE_CHECKING:
    from awsim.calls import CallRecord

_WRITES = frozenset({"CompleteMultipartUpload", "CopyObject", "PostObject", "PutObject"})


class Pipelines(Actions):
    # --- pipelines

    def create_pipeline(self, pipeline: Mapping[str, Any], tags: Sequence[Mapping[str, str]] = ()) -> dict[str, Any]:
        name = pipeline["name"]
        if name in self.pipelines:
            raise self.error(
                "PipelineNameInUseException",
                f"A pipeline with the name '{name}' already exists in account '{self.account}'",
            )
        whole = self._checked(declaration.completed(pipeline, 1))
        made = Pipeline(name, self.arn(name), whole, self.clock.time())
        made.tags = self.tags_with(made.tags, tags)
        self.pipelines.add(made)
        self._watch_sources(made)
        self.begin(made, ("CreatePipeline", self.caller.arn))
        return {"pipeline": whole, "tags": made.tags.as_list("key", "value")}

    def update_pipeline(self, pipeline: Mapping[str, Any]) -> dict[str, Any]:
        known = self.pipeline(pipeline["name"])
        whole = self._checked(declaration.completed(pipeline, known.version + 1))
        known.declaration = whole
        known.updated = self.clock.time()
        stages = {stage["name"] for stage in whole["stages"]}
        for gone in [name for name in known.closed if name not in stages]:
            del known.closed[gone]
        self._watch_sources(known)
        return {"pipeline": whole}

    def _checked(self, whole: dict[str, Any]) -> dict[str, Any]:
        least = self.limits.row("stages").minimum
        declaration.check(whole, self.type_of, self.region, int(least or 0))
        self.limits.check("stages", len(whole["stages"]))
        self.limits.check("actions", sum(len(stage["actions"]) for stage in whole["stages"]))
        for stage in whole["stages"]:
            self.limits.check("stage-actions", len(stage["actions"]), stage=stage["name"])
        self._check_role(whole["roleArn"], whole["name"])
        return whole

    def _check_role(self, role: str, name: str) -> None:
        policies = self.cloud.authorization
        if policies is None:
            return
        try:
            policies.check_trust(self, role, self.arn(name))
        except AWSError:
            raise declaration.structure(
                f"CodePipeline is not authorized to perform AssumeRole on role {role}"
            ) from None

    def get_pipeline(self, name: str, version: int | None = None) -> dict[str, Any]:
        known = self.pipeline(name)
        if version not in (None, known.version):
            raise self.error(
                "PipelineVersionNotFoundException", f"The pipeline '{name}' has no version {version} that is kept"
            )
        metadata = {"pipelineArn": known.arn, "created": known.created, "updated": known.updated}
        return {"pipeline": known.declaration, "metadata": metadata}

    def delete_pipeline(self, name: str) -> None:
        self.pipelines.pop(name, None)

    def list_pipelines(self, nextToken: str | None = None, maxResults: int | None = None) -> dict[str, Any]:
        return self.page("pipelines", self.pipelines, Pipeline.listed, lambda one: one.name, nextToken, maxResults)

    # --- sources that change

    def _watch_sources(self, pipeline: Pipeline) -> None:
        """Hear of new objects, where a source action polls for them."""
        if any(_polled(action) for action in pipeline.sources()):
            self.cloud.listen(self._heard)

    def _heard(self, records: Sequence[CallRecord]) -> None:
        for record in records:
            if record.service == "s3" and record.operation in _WRITES and record.error is None:
                place = (record.parameters.get("Bucket"), record.parameters.get("Key"))
                for pipeline in self.pipelines if self._is_current() else ():
                    if any(_polled(action) == place for action in pipeline.sources()):
                        every = self.limits["source-poll"]
                        when = (self.clock.time() // every + 1) * every
                        self.at_time(when, "_poll", pipeline=pipeline.name, bucket=place[0], key=place[1])

    def _is_current(self) -> bool:
        try:
            return self.cloud.service_at(self.key) is self
        except KeyError:
            return False

    def _poll(self, pipeline: str, bucket: str, key: str) -> None:
        """Start a pipeline whose source has changed since it was seen last."""
        line: Pipeline | None = self.pipelines.get(pipeline)
        for action in line.sources() if line is not None else ():
            if line is None or _polled(action) != (bucket, key):
                continue
            asked = {"as_": line.declaration["roleArn"], "source_arn_": line.arn}
            found = self.call("s3", "HeadObject", **asked, Bucket=bucket, Key=key)
            revision = found.get("VersionId") or str(found["ETag"]).strip('"')
            if line.revisions.get(action["name"]) != revision:
                line.revisions[action["name"]] = revision
                self.begin(line, ("PollForSourceChanges", action["name"]))

    # --- executions

    def start_pipeline_execution(
        self,
        name: str,
        variables: Sequence[Mapping[str, str]] = (),
        clientRequestToken: str | None = None,
        sourceRevisions: Sequence[Mapping[str, str]] = (),
    ) -> dict[str, Any]:
        pipeline = self.pipeline(name)
        declared = {one["name"] for one in pipeline.declaration.get("variables") or ()}
        given = {one["name"]: one["value"] for one in variables}
        for unknown in sorted(set(given) - declared):
            raise self.error("ValidationException", f"The variable '{unknown}' is not declared by the pipeline")
        overrides = {one["actionName"]: one for one in sourceRevisions}
        sources = {action["name"] for action in pipeline.sources()}
        for unknown in sorted(set(overrides) - sources):
            raise self.error("ValidationException", f"The pipeline has no source action '{unknown}'")
        execution = self.begin(pipeline, ("StartPipelineExecution", self.caller.arn), given, overrides)
        return {"pipelineExecutionId": execution.id}

    def stop_pipeline_execution(
        self, pipelineName: str, pipelineExecutionId: str, abandon: bool = False, reason: str | None = None
    ) -> dict[str, Any]:
        pipeline = self.pipeline(pipelineName)
        execution = pipeline.executions.get(pipelineExecutionId)
        if execution is None or execution.is_over:
            raise self.error(
                "PipelineExecutionNotStoppableException",
                f"Pipeline execution with id '{pipelineExecutionId}' in pipeline '{pipelineName}' cannot be stopped",
            )
        if execution.status == STOPPING and not abandon:
            raise self.error("DuplicatedStopRequestException", "The pipeline execution is being stopped already")
        execution.stop_reason = reason
        self.stop(pipeline, execution, abandon)
        return {"pipelineExecutionId": execution.id}

    def get_pipeline_execution(self, pipelineName: str, pipelineExecutionId: str) -> dict[str, Any]:
        return {"pipelineExecution": self.execution(self.pipeline(pipelineName), pipelineExecutionId).described()}

    def list_pipeline_executions(
        self,
        pipelineName: str,
        maxResults: int | None = None,
        filter: Mapping[str, Any] | None = None,
        nextToken: str | None = None,
    ) -> dict[str, Any]:
        found = list(self.pipeline(pipelineName).executions.values())
        stage = ((filter or {}).get("succeededInStage") or {}).get("stageName")
        if stage is not None:
            found = [one for one in found if stage in one.stages and one.stages[stage].status == SUCCEEDED]
        numbered = list(enumerate(reversed(found)))

        def shown(one: tuple[int, Execution]) -> dict[str, Any]:
            return one[1].listed()

        return self.page(
            "pipelineExecutionSummaries", numbered, shown, lambda one: f"{one[0]:09d}", nextToken, maxResults
        )

    def list_action_executions(
        self,
        pipelineName: str,
        filter: Mapping[str, Any] | None = None,
        maxResults: int | None = None,
        nextToken: str | None = None,
    ) -> dict[str, Any]:
        pipeline = self.pipeline(pipelineName)
        wanted = filter or {}
        id_ = wanted.get("pipelineExecutionId") or (wanted.get("latestInPipelineExecution") or {}).get(
            "pipelineExecutionId"
        )
        executions = [self.execution(pipeline, id_)] if id_ else list(pipeline.executions.values())
        found = [(execution, run) for execution in executions for run in execution.runs()]
        found.sort(key=lambda one: one[1].started)
        numbered = list(enumerate(reversed(found)))

        def shown(one: tuple[int, tuple[Execution, ActionRun]]) -> dict[str, Any]:
            execution, run = one[1]
            return run.detail(execution, self.region)

        return self.page("actionExecutionDetails", numbered, shown, lambda one: f"{one[0]:09d}", nextToken, maxResults)

    def get_pipeline_state(self, name: str) -> dict[str, Any]:
        pipeline = self.pipeline(name)
        return {
            "pipelineName": name,
            "pipelineVersion": pipeline.version,
            "stageStates": [self._stage_state(pipeline, stage) for stage in pipeline.declaration["stages"]],
            "created": pipeline.created,
            "updated": pipeline.updated,
        }

    def _stage_state(self, pipeline: Pipeline, stage: Mapping[str, Any]) -> dict[str, Any]:
        name = stage["name"]
        transition: dict[str, Any] = {"enabled": name not in pipeline.closed}
        if name in pipeline.closed:
            reason, who, when = pipeline.closed[name]
            transition |= {"lastChangedBy": who, "lastChangedAt": when, "disabledReason": reason}
        state: dict[str, Any] = {"stageName": name, "inboundTransitionState": transition}
        latest = pipeline.executions.get(pipeline.latest.get(name))
        run: StageRun | None = latest.stages.get(name) if latest is not None else None
        state["actionStates"] = [_action_state(pipeline, action, run) for action in stage["actions"]]
        if latest is not None and run is not None:
            state["latestExecution"] = {
                "pipelineExecutionId": latest.id, "status": run.status, "type": latest.kind,
            }  # fmt: skip
            if run.attempts:
                state["retryStageMetadata"] = {
                    "manualStageRetryAttempt": run.attempts, "latestRetryTrigger": "ManualStageRetry",
                }  # fmt: skip
        waiting = [pipeline.executions[id_] for id_ in pipeline.waiting.get(name) or ()]
        if waiting:
            inbound = [{"pipelineExecutionId": one.id, "status": IN_PROGRESS, "type": one.kind} for one in waiting]
            state["inboundExecution"], state["inboundExecutions"] = inbound[-1], inbound
        return state

    # --- stages

    def retry_stage_execution(
        self, pipelineName: str, stageName: str, pipelineExecutionId: str, retryMode: str
    ) -> dict[str, Any]:
        pipeline = self.pipeline(pipelineName)
        stage = self.stage(pipeline, stageName)
        execution = pipeline.executions.get(pipelineExecutionId)
        run = execution.stages.get(stageName) if execution is not None else None
        if execution is None or run is None or run.status not in (FAILED, "Stopped"):
            raise self.error(
                "StageNotRetryableException",
                f"Stage '{stageName}' in pipeline execution '{pipelineExecutionId}' cannot be retried: it has "
                "not failed",
            )
        if pipeline.latest.get(stageName) != execution.id:
            raise self.error(
                "NotLatestPipelineExecutionException",
                f"Pipeline execution '{pipelineExecutionId}' is not the latest one in the stage '{stageName}'",
            )
        if execution.version != pipeline.version:
            raise self.error(
                "StageNotRetryableException", "The structure of the pipeline has changed since the execution"
            )
        self.retry(pipeline, execution, stage, retryMode)
        return {"pipelineExecutionId": execution.id}

    def rollback_stage(self, pipelineName: str, stageName: str, targetPipelineExecutionId: str) -> dict[str, Any]:
        """Run a stage again with what another execution had, as an execution of its own."""
        pipeline = self.pipeline(pipelineName)
        stage = self.stage(pipeline, stageName)
        target = self.execution(pipeline, targetPipelineExecutionId)
        position = pipeline.declaration["stages"].index(stage)
        if position == 0:
            raise self.error("UnableToRollbackStageException", "The source stage cannot be rolled back")
        if target.version != pipeline.version:
            raise self.error(
                "PipelineExecutionOutdatedException",
                "The specified pipeline execution is outdated and cannot be used as a target pipeline execution for "
                "rollback.",
            )
        run = target.stages.get(stageName)
        if run is None or run.status != SUCCEEDED or pipeline.latest.get(stageName) == target.id:
            raise self.error(
                "UnableToRollbackStageException",
                "The stage can only be rolled back to an execution that succeeded in it, and is not the one in it now.",
            )
        made = Execution(self.ids.uuid("execution"), pipeline, ("ManualRollback", self.caller.arn), self.clock.time())
        made.rolls_back = target.id
        made.declaration = {**pipeline.declaration, "stages": pipeline.declaration["stages"][: position + 1]}
        made.position, made.revisions, made.variables = position, target.revisions, target.variables
        for name, artifact in target.artifacts.items():
            made.artifacts[name] = artifact
        for namespace, values in target.outputs.items():
            made.outputs[namespace] = values
        pipeline.executions[made.id] = made
        self.tell(made, "Pipeline", IN_PROGRESS)
        self.later(0, "_enter", pipeline=pipeline.name, execution=made.id)
        return {"pipelineExecutionId": made.id}

    def disable_stage_transition(self, pipelineName: str, stageName: str, transitionType: str, reason: str) -> None:
        pipeline, stage = self._transition(pipelineName, stageName, transitionType)
        if stage is not None:
            pipeline.closed[stage] = (reason, self.caller.arn, self.clock.time())

    def enable_stage_transition(self, pipelineName: str, stageName: str, transitionType: str) -> None:
        pipeline, stage = self._transition(pipelineName, stageName, transitionType)
        if stage is not None and pipeline.closed.pop(stage, None) is not None:
            self.later(0, "_admit", pipeline=pipeline.name, stage=stage)

    def _transition(self, name: str, stage: str, kind: str) -> tuple[Pipeline, str | None]:
        """The stage whose inbound transition is meant; what goes out of one is what comes into the next."""
        pipeline = self.pipeline(name)
        names = [one["name"] for one in pipeline.declaration["stages"]]
        self.stage(pipeline, stage)
        if kind == "Inbound":
            return pipeline, stage
        at = names.index(stage) + 1
        return pipeline, names[at] if at < len(names) else None

    # --- approvals and revisions

    def put_approval_result(
        self, pipelineName: str, stageName: str, actionName: str, result: Mapping[str, str], token: str
    ) -> dict[str, Any]:
        pipeline = self.pipeline(pipelineName)
        self.action(pipeline, stageName, actionName)
        for execution in reversed(list(pipeline.executions.values())):
            stage = execution.stages.get(stageName)
            run = stage.latest(actionName) if stage is not None else None
            if run is None:
                continue
            if run.token == token and run.status == IN_PROGRESS:
                self._decide(pipeline, execution, run, result)
                return {"approvedAt": self.clock.time()}
            if run.external == f"approval/{token}":
                raise self.error(
                    "ApprovalAlreadyCompletedException", "The approval action has already been approved or rejected."
                )
        raise self.error(
            "InvalidApprovalTokenException", "The approval request already received a response or has expired."
        )

    def _decide(self, pipeline: Pipeline, execution: Execution, run: ActionRun, result: Mapping[str, str]) -> None:
        run.summary, run.updated_by = result["summary"], self.caller.arn
        run.external = f"approval/{run.token}"
        if result["status"] == "Approved":
            self.finish(pipeline, execution, run, SUCCEEDED)
        else:
            self.failed(pipeline, execution, run, "JobFailed", result["summary"] or "The approval was rejected")

    def put_action_revision(
        self, pipelineName: str, stageName: str, actionName: str, actionRevision: Mapping[str, Any]
    ) -> dict[str, Any]:
        pipeline = self.pipeline(pipelineName)
        self.action(pipeline, stageName, actionName)
        known = pipeline.revisions.get(actionName)
        if known == actionRevision["revisionId"]:
            latest = next(reversed(pipeline.executions.values()), None)
            return {"newRevision": False, "pipelineExecutionId": latest.id if latest is not None else None}
        pipeline.revisions[actionName] = actionRevision["revisionId"]
        execution = self.begin(pipeline, ("PutActionRevision", self.caller.arn))
        return {"newRevision": True, "pipelineExecutionId": execution.id}


def _polled(action: Mapping[str, Any]) -> tuple[str, str] | None:
    """The object that a source action looks for by itself."""
    kind = action["actionTypeId"]
    given = action.get("configuration") or {}
    if (kind["owner"], kind["provider"]) != ("AWS", "S3") or str(given.get("PollForSourceChanges")).lower() == "false":
        return None
    return given["S3Bucket"], given["S3ObjectKey"]


def _action_state(pipeline: Pipeline, action: Mapping[str, Any], stage: StageRun | None) -> dict[str, Any]:
    state: dict[str, Any] = {"actionName": action["name"]}
    run = stage.latest(action["name"]) if stage is not None else None
    if run is not None:
        shown = run.state()
        if shown["externalExecutionId"] and str(shown["externalExecutionId"]).startswith("approval/"):
            shown["externalExecutionId"] = None
        state["latestExecution"] = shown
        revision = next((one["revision"] for one in run.outputs if one.get("revision")), None)
        if revision is not None and run.type[0] == "Source":
            state["currentRevision"] = {
                "revisionId": revision, "revisionChangeId": revision, "created": run.updated,
            }  # fmt: skip
    return state

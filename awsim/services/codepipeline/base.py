"""What all operations of CodePipeline share: look-ups, what is told to EventBridge, tags and pages."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from awsim.errors import AWSError
from awsim.service import Service
from awsim.services.codepipeline.records import ActionRun, Execution, Job, Pipeline, Webhook
from awsim.services.codepipeline.types import ActionType, TypeKey, offered
from awsim.state import Collection, Dict, Tags
from awsim.state.pages import listed
from awsim.state.tags import tag_map

_STATES = {
    "InProgress": "STARTED",
    "Succeeded": "SUCCEEDED",
    "Failed": "FAILED",
    "Stopped": "STOPPED",
    "Stopping": "STOPPING",
    "Superseded": "SUPERSEDED",
    "Abandoned": "ABANDONED",
    "Cancelled": "CANCELED",
}


class Base(Service):
    name = "codepipeline"

    pipelines = Collection("pipeline", quota="pipelines")
    webhooks = Collection("webhook", quota="webhooks")

    def setup(self) -> None:
        self.custom = Dict()  # TypeKey -> ActionType
        self.custom_tags = Dict()  # TypeKey -> Tags
        self.jobs = Dict()  # id -> Job

    # --- look-ups

    def pipeline(self, name: str) -> Pipeline:
        found: Pipeline | None = self.pipelines.get(name)
        if found is None:
            raise self.error(
                "PipelineNotFoundException", f"Account '{self.account}' does not have a pipeline with name '{name}'"
            )
        return found

    def execution(self, pipeline: Pipeline, id_: str) -> Execution:
        found: Execution | None = pipeline.executions.get(id_)
        if found is None:
            raise self.error(
                "PipelineExecutionNotFoundException",
                f"Pipeline execution with id '{id_}' does not exist for pipeline '{pipeline.name}'",
            )
        return found

    def stage(self, pipeline: Pipeline, name: str) -> Mapping[str, Any]:
        for stage in pipeline.declaration["stages"]:
            if stage["name"] == name:
                found: Mapping[str, Any] = stage
                return found
        raise self.error(
            "StageNotFoundException", f"Stage '{name}' could not be found in the pipeline '{pipeline.name}'"
        )

    def action(self, pipeline: Pipeline, stage: str, name: str) -> Mapping[str, Any]:
        for action in self.stage(pipeline, stage)["actions"]:
            if action["name"] == name:
                found: Mapping[str, Any] = action
                return found
        raise self.error(
            "ActionNotFoundException", f"Action '{name}' could not be found in stage '{stage}' of the pipeline"
        )

    def type_of(self, key: TypeKey) -> ActionType | None:
        found: ActionType | None = self.custom.get(key) or offered().get(key)
        return found

    def job(self, id_: str) -> Job:
        found: Job | None = self.jobs.get(id_)
        if found is None:
            raise self.error("JobNotFoundException", f"The job '{id_}' could not be found")
        return found

    # --- what happens is told

    def tell(self, execution: Execution, what: str, status: str, **more: Any) -> None:
        """An event of EventBridge: a pipeline's ("Pipeline"), a stage's or an action's execution is in a state."""
        if not self.cloud.has_service("events", self.account, self.region):
            return
        detail = {
            "pipeline": execution.pipeline,
            "execution-id": execution.id,
            "state": more.pop("state", None) or _STATES[status],
            "version": execution.version,
            **more,
        }
        if what == "Pipeline":
            kind, told = execution.trigger
            detail["execution-trigger"] = {"trigger-type": kind, "trigger-detail": told}
            detail["pipeline-execution-attempt"] = 1.0
        entry = {
            "Source": "aws.codepipeline",
            "DetailType": f"CodePipeline {what} Execution State Change",
            "Detail": json.dumps(detail),
            "Resources": [self.arn(execution.pipeline)],
        }
        self.call("events", "PutEvents", Entries=[entry])

    def tell_of(self, execution: Execution, run: ActionRun) -> None:
        category, owner, provider, version = run.type
        more: dict[str, Any] = {
            "stage": run.stage,
            "action": run.name,
            "action-execution-id": run.id,
            "region": run.action.get("region") or self.region,
            "type": {"owner": owner, "provider": provider, "category": category, "version": version},
            "start-time": run.started,
        }
        if run.error is not None:
            more["execution-result"] = {"error-code": run.error[0], "external-execution-summary": run.error[1]}
        self.tell(execution, "Action", run.status, **more)

    # --- tags

    def tags_with(self, tags: Tags, new: Iterable[Mapping[str, str]] | None) -> Tags:
        return tags.with_(self, tag_map(new), invalid="InvalidTagsException")

    def find(self, arn: str) -> Any:
        """A resource with tags."""
        path = arn.split(":", 5)[5] if arn.count(":") > 4 else ""
        if path.startswith("webhook:"):
            found: Webhook | None = self.webhooks.get(path.removeprefix("webhook:"))
            return found
        pipeline: Pipeline | None = self.pipelines.get(path)
        return pipeline if pipeline is not None and pipeline.arn == arn else None

    def tags_of(self, arn: str) -> Mapping[str, str] | None:
        found = self.find(arn)
        return None if found is None else found.tags.as_dict()

    # --- pages

    def page(
        self,
        member: str,
        records: Iterable[Any],
        shown: Callable[[Any], Any],
        key: Callable[[Any], str],
        token: str | None,
        size: int | None = None,
        following: str = "nextToken",
    ) -> dict[str, Any]:
        def refusal() -> AWSError:
            return self.error("InvalidNextTokenException", "The next token was specified in an invalid format")

        most = size or int(self.limits["page-size"])
        return listed(member, records, shown, key, token, most, refusal=refusal, following=following)

"""How executions go through their stages: one at a time in a stage, actions by their run order.

Sources: CodePipeline User Guide, "How pipeline executions work", "How executions are processed in SUPERSEDED/QUEUED/
PARALLEL mode", "Monitoring CodePipeline events".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from awsim.services.codepipeline.base import Base
from awsim.services.codepipeline.records import (
    ABANDONED,
    FAILED,
    IN_PROGRESS,
    STOPPED,
    STOPPING,
    SUCCEEDED,
    SUPERSEDED,
    ActionRun,
    Execution,
    Pipeline,
    StageRun,
)
from awsim.state import List

_VARIABLE = re.compile(r"#\{([^{}.]+)\.([^{}]+)\}")


class Running(Base):
    # --- beginning

    def begin(
        self,
        pipeline: Pipeline,
        trigger: tuple[str, str],
        variables: Mapping[str, str] | None = None,
        overrides: Mapping[str, Mapping[str, str]] | None = None,
    ) -> Execution:
        execution = Execution(self.ids.uuid("execution"), pipeline, trigger, self.clock.time())
        declared = pipeline.declaration.get("variables") or ()
        execution.variables = {one["name"]: one.get("defaultValue") for one in declared} | dict(variables or {})
        execution.overrides = overrides or {}
        pipeline.executions[execution.id] = execution
        self.tell(execution, "Pipeline", IN_PROGRESS)
        self.later(self.limits.duration("execution-start"), "_enter", pipeline=pipeline.name, execution=execution.id)
        return execution

    def _found(self, pipeline: str, execution: str) -> tuple[Pipeline, Execution] | None:
        known: Pipeline | None = self.pipelines.get(pipeline)
        found = known.executions.get(execution) if known is not None else None
        return None if known is None or found is None else (known, found)

    # --- stages

    def _enter(self, pipeline: str, execution: str) -> None:
        """An execution comes to its next stage: it enters, or waits before it."""
        found = self._found(pipeline, execution)
        if found is None or found[1].is_over:
            return
        line, run = found
        stage = run.stage_at(run.position)
        if run.status == STOPPING:
            self._end(run, STOPPED)
        elif stage is None:
            self._end(run, SUCCEEDED)
        elif stage["name"] in line.closed or (line.mode != "PARALLEL" and line.holders.get(stage["name"])):
            self._wait(line, run, stage["name"])
        else:
            self._start_stage(line, run, stage)

    def _wait(self, line: Pipeline, run: Execution, stage: str) -> None:
        waiting = line.waiting.setdefault(stage, List())
        if run.id in waiting:
            return
        if line.mode == "SUPERSEDED":
            for older in list(waiting):
                waiting.remove(older)
                self._end(line.executions[older], SUPERSEDED)
        waiting.append(run.id)

    def _start_stage(self, line: Pipeline, run: Execution, stage: Mapping[str, Any]) -> None:
        name = stage["name"]
        waiting = line.waiting.get(name)
        if waiting and run.id in waiting:
            waiting.remove(run.id)
        line.latest[name] = run.id
        if line.mode != "PARALLEL":
            line.holders[name] = run.id
        run.stages[name] = StageRun(name)
        self._touch(run)
        self.tell(run, "Stage", IN_PROGRESS, stage=name)
        self._start_order(line, run, stage, _orders(stage)[0])

    def _start_order(self, line: Pipeline, run: Execution, stage: Mapping[str, Any], order: int) -> None:
        for action in stage["actions"]:
            if action["runOrder"] == order and run.status == IN_PROGRESS:
                self._start_action(line, run, stage["name"], action)

    def _start_action(self, line: Pipeline, run: Execution, stage: str, action: Mapping[str, Any]) -> None:
        made = ActionRun(self.ids.uuid("action"), stage, action, self.clock.time())
        run.stages[stage].runs.append(made)
        made.configuration = self._resolved(run, made.configuration)
        made.inputs = [run.artifacts[one["name"]] for one in action.get("inputArtifacts") or ()]
        made.outputs = [self._placed(line, run, action, one["name"]) for one in action.get("outputArtifacts") or ()]
        self.tell_of(run, made)
        seconds = self.limits.duration("action-time")
        self.later(seconds, "_perform", pipeline=line.name, execution=run.id, action=made.id)

    def _resolved(self, run: Execution, configuration: Mapping[str, str]) -> dict[str, str]:
        """Configuration with the variables of the pipeline and of actions before put in."""

        def value(found: re.Match[str]) -> str:
            namespace, name = found.groups()
            if namespace == "variables":
                known: Any = run.variables.get(name)
            elif namespace == "codepipeline":
                known = {"PipelineExecutionId": run.id}.get(name)
            else:
                known = (run.outputs.get(namespace) or {}).get(name)
            return found[0] if known is None else str(known)

        return {key: _VARIABLE.sub(value, text) for key, text in configuration.items()}

    def _placed(self, line: Pipeline, run: Execution, action: Mapping[str, Any], name: str) -> dict[str, Any]:
        """Where an output artifact goes: names are cut, and a text of seven characters tells it from others."""
        bucket = self.store_of(run, action)["location"]
        unique = self.ids.text("artifact", 7, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
        return {"name": name, "bucket": bucket, "key": f"{line.name[:20]}/{name[:10]}/{unique}"}

    def store_of(self, run: Execution, action: Mapping[str, Any]) -> Mapping[str, Any]:
        stores = run.declaration.get("artifactStores")
        found: Mapping[str, Any] = (
            stores[action.get("region") or self.region] if stores else run.declaration["artifactStore"]
        )
        return found

    # --- actions that come to an end

    def finish(self, line: Pipeline, run: Execution, action: ActionRun, status: str) -> None:
        """An action is over; so may be its stage, and with it the execution."""
        if action.status != IN_PROGRESS:
            return
        action.status = status
        action.updated = self.clock.time()
        action.percent = 100 if status == SUCCEEDED else action.percent
        action.token = None
        if action.timeout is not None:
            self.cancel(action.timeout)
        if status == SUCCEEDED:
            for one in action.outputs:
                run.artifacts[one["name"]] = one
            namespace = action.action.get("namespace")
            if namespace:
                run.outputs[namespace] = dict(action.variables)
        self._touch(run)
        self.tell_of(run, action)
        self._go_on(line, run, action.stage)

    def failed(self, line: Pipeline, run: Execution, action: ActionRun, code: str, message: str) -> None:
        action.error = (code, message)
        self.finish(line, run, action, FAILED)

    def _go_on(self, line: Pipeline, run: Execution, name: str) -> None:
        """See whether a stage waits for actions, is over, or goes on to the next ones."""
        stage_run: StageRun = run.stages[name]
        stage = next(one for one in run.declaration["stages"] if one["name"] == name)
        latest = {one["name"]: stage_run.latest(one["name"]) for one in stage["actions"]}
        if any(each is not None and each.status == IN_PROGRESS for each in latest.values()):
            return
        if run.status == STOPPING:
            self._end_stage(line, run, stage_run, STOPPED)
            self._end(run, STOPPED)
            return
        if any(each is not None and each.status in (FAILED, ABANDONED) for each in latest.values()):
            self._end_stage(line, run, stage_run, FAILED)
            self._end(run, FAILED)
            return
        open_orders = [one["runOrder"] for one in stage["actions"] if latest[one["name"]] is None]
        if open_orders:
            self._start_order(line, run, stage, min(open_orders))
            return
        self._end_stage(line, run, stage_run, SUCCEEDED)
        run.position += 1
        self._enter(line.name, run.id)

    def _end_stage(self, line: Pipeline, run: Execution, stage: StageRun, status: str) -> None:
        stage.status = status
        self.tell(run, "Stage", status, stage=stage.name)
        if line.holders.get(stage.name) == run.id:
            line.holders[stage.name] = None
            self.later(0, "_admit", pipeline=line.name, stage=stage.name)

    def _admit(self, pipeline: str, stage: str) -> None:
        """Let in whoever waits before a stage."""
        line: Pipeline | None = self.pipelines.get(pipeline)
        if line is None or stage in line.closed or line.holders.get(stage):
            return
        waiting = line.waiting.get(stage)
        for id_ in list(waiting or ()):
            self._enter(pipeline, id_)
            if line.mode != "PARALLEL":
                break

    def _end(self, run: Execution, status: str) -> None:
        run.status = status
        self._touch(run)
        self.tell(run, "Pipeline", status)
        line: Pipeline | None = self.pipelines.get(run.pipeline)
        for waiting in line.waiting.values() if line is not None else ():
            if run.id in waiting:
                waiting.remove(run.id)

    def _touch(self, run: Execution) -> None:
        run.updated = self.clock.time()

    # --- again, and no more

    def retry(self, line: Pipeline, run: Execution, stage: Mapping[str, Any], mode: str) -> None:
        """Run the failed actions of a stage again, or all of them."""
        name = stage["name"]
        stage_run: StageRun = run.stages[name]
        stage_run.attempts += 1
        stage_run.status = run.status = IN_PROGRESS
        if line.mode != "PARALLEL":
            line.holders[name] = run.id
        self.tell(run, "Pipeline", IN_PROGRESS, state="RESUMED")
        self.tell(run, "Stage", IN_PROGRESS, state="RESUMED", stage=name)
        if mode == "ALL_ACTIONS":
            stage_run.runs = List()
            self._start_order(line, run, stage, _orders(stage)[0])
            return
        again = [
            one
            for one in stage["actions"]
            if (latest := stage_run.latest(one["name"])) is not None and latest.status in (FAILED, ABANDONED)
        ]
        for action in again:
            self._start_action(line, run, name, action)

    def stop(self, line: Pipeline, run: Execution, abandon: bool) -> None:
        run.status = STOPPING
        self.tell(run, "Pipeline", STOPPING)
        going = [one for one in run.runs() if one.status == IN_PROGRESS]
        if abandon:
            for action in going:
                self.finish(line, run, action, ABANDONED)
        if not going and not run.is_over:
            self._end(run, STOPPED)

    def _perform(self, pipeline: str, execution: str, action: str) -> None:
        """What an action does: see `actions`."""
        raise NotImplementedError


def _orders(stage: Mapping[str, Any]) -> Sequence[int]:
    return sorted({action["runOrder"] for action in stage["actions"]})

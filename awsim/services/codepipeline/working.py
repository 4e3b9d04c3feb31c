"""Jobs: what workers of custom actions and functions poll for and report; and the types of such actions.

Source: CodePipeline User Guide, "Create and add a custom action in CodePipeline"; API Reference. "ActionType (...) is
not available" is quoted in awslabs/aws-codepipeline-plugin-for-jenkins issue 14.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from awsim.services.codepipeline.pipelines import Pipelines
from awsim.services.codepipeline.records import FAILED, IN_PROGRESS, SUCCEEDED, Job
from awsim.services.codepipeline.types import ActionType, key_of, offered
from awsim.state import Tags


class Working(Pipelines):
    # --- action types

    def create_custom_action_type(
        self,
        category: str,
        provider: str,
        version: str,
        inputArtifactDetails: Mapping[str, int],
        outputArtifactDetails: Mapping[str, int],
        settings: Mapping[str, str] | None = None,
        configurationProperties: Sequence[Mapping[str, Any]] = (),
        tags: Sequence[Mapping[str, str]] = (),
    ) -> dict[str, Any]:
        key = (category, "Custom", provider, version)
        if key in self.custom:
            raise self.error(
                "ValidationException", f"The custom action type {category}/{provider}/{version} exists already"
            )
        self.limits.quota("custom-actions", len(self.custom))
        properties = tuple({"queryable": False, "type": "String", **one} for one in configurationProperties)
        kind = ActionType(
            key, properties, _bounds(inputArtifactDetails), _bounds(outputArtifactDetails), dict(settings or {})
        )
        self.custom[key] = kind
        self.custom_tags[key] = self.tags_with(Tags(), tags)
        return {"actionType": kind.described(), "tags": self.custom_tags[key].as_list("key", "value")}

    def delete_custom_action_type(self, category: str, provider: str, version: str) -> None:
        self.custom.pop((category, "Custom", provider, version), None)

    def list_action_types(
        self, actionOwnerFilter: str | None = None, nextToken: str | None = None, regionFilter: str | None = None
    ) -> dict[str, Any]:
        known = [*offered().values(), *self.custom.values()]
        found = [one for one in known if actionOwnerFilter in (None, one.key[1])]
        return self.page("actionTypes", found, ActionType.described, lambda one: "/".join(one.key), nextToken)

    def get_action_type(self, category: str, owner: str, provider: str, version: str) -> dict[str, Any]:
        kind = self.type_of((category, owner, provider, version))
        if kind is None:
            raise self._no_type((category, owner, provider, version))
        executor = {"configuration": {"jobWorkerExecutorConfiguration": {}}, "type": "JobWorker"}
        return {
            "actionType": {
                "executor": executor,
                "id": kind.described()["id"],
                "inputArtifactDetails": kind.described()["inputArtifactDetails"],
                "outputArtifactDetails": kind.described()["outputArtifactDetails"],
                "properties": [
                    {
                        "name": one["name"],
                        "optional": not one["required"],
                        "key": one["key"],
                        "noEcho": one["secret"],
                        "queryable": one.get("queryable"),
                    }
                    for one in kind.properties
                ],
            }
        }

    def _no_type(self, key: tuple[str, str, str, str]) -> Exception:
        category, owner, provider, version = key
        named = f"Category: '{category}', Owner: '{owner}', Provider: '{provider}', Version: '{version}'"
        return self.error("ActionTypeNotFoundException", f"ActionType ({named}) is not available")

    # --- jobs

    def poll_for_jobs(
        self,
        actionTypeId: Mapping[str, str],
        maxBatchSize: int | None = None,
        queryParam: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        key = key_of(actionTypeId)
        if key not in self.custom and key not in offered():
            raise self._no_type(key)
        found = []
        for job in self.jobs.values():
            if job.status != "Queued" or job.run.type != key or job.run.status != IN_PROGRESS:
                continue
            if all(job.run.configuration.get(name) == value for name, value in (queryParam or {}).items()):
                found.append(job)
        for job in found[: maxBatchSize or 1]:
            job.status = "Dispatched"
        return {
            "jobs": [
                {"id": job.id, "data": self.job_data(job), "nonce": job.nonce, "accountId": self.account}
                for job in found[: maxBatchSize or 1]
            ]
        }

    def acknowledge_job(self, jobId: str, nonce: str) -> dict[str, Any]:
        job = self.job(jobId)
        if job.nonce != nonce:
            raise self.error("InvalidNonceException", f"The nonce '{nonce}' is not that of the job '{jobId}'")
        if job.status in ("Queued", "Dispatched"):
            job.status = IN_PROGRESS
        return {"status": job.status}

    def get_job_details(self, jobId: str) -> dict[str, Any]:
        job = self.job(jobId)
        return {"jobDetails": {"id": job.id, "data": self.job_data(job), "accountId": self.account}}

    def put_job_success_result(
        self,
        jobId: str,
        currentRevision: Mapping[str, Any] | None = None,
        continuationToken: str | None = None,
        executionDetails: Mapping[str, Any] | None = None,
        outputVariables: Mapping[str, str] | None = None,
    ) -> None:
        job = self._running(jobId)
        given, variables = executionDetails or {}, dict(outputVariables or {})
        size = len(json.dumps(variables, separators=(",", ":")).encode())
        self.limits.check("output-variables-size", size)
        run = job.run
        run.summary = given.get("summary") or run.summary
        run.external = given.get("externalExecutionId") or run.external
        run.percent = given.get("percentComplete", run.percent)
        run.updated = self.clock.time()
        if continuationToken is not None:
            self._continue(job, continuationToken)
            return
        job.status = SUCCEEDED
        run.variables = variables
        if currentRevision is not None:
            run.outputs = [{**one, "revision": currentRevision["revision"]} for one in run.outputs]
        found = self._found(job.pipeline, job.execution)
        if found is not None:
            self.finish(*found, run, SUCCEEDED)

    def _continue(self, job: Job, token: str) -> None:
        """A job that takes longer: it is given out once more, with the token."""
        job.status = SUCCEEDED
        found = self._found(job.pipeline, job.execution)
        if found is not None:
            again = self.new_job(found[1], job.run)
            again.continuation = token
            if job.run.type[2] == "Lambda":
                again.status = IN_PROGRESS
                self.later(self.limits["continuation-wait"], "_invoke_again", job=again.id)

    def _invoke_again(self, job: str) -> None:
        known: Job = self.jobs[job]
        found = self._found(known.pipeline, known.execution)
        if found is None or known.run.status != IN_PROGRESS:
            return
        data = self.job_data(known)
        for name in ("actionTypeId", "pipelineContext"):
            del data[name]
        event = {"CodePipeline.job": {"id": known.id, "accountId": self.account, "data": data}}
        self.as_role(
            found[1],
            known.run,
            "lambda",
            "Invoke",
            FunctionName=known.run.configuration["FunctionName"],
            InvocationType="Event",
            Payload=json.dumps(event).encode(),
        )

    def put_job_failure_result(self, jobId: str, failureDetails: Mapping[str, str]) -> None:
        job = self._running(jobId)
        job.status = FAILED
        job.run.external = failureDetails.get("externalExecutionId") or job.run.external
        found = self._found(job.pipeline, job.execution)
        if found is not None:
            self.failed(*found, job.run, failureDetails["type"], failureDetails["message"])

    def _running(self, id_: str) -> Job:
        job = self.job(id_)
        if job.status != IN_PROGRESS or job.run.status != IN_PROGRESS:
            raise self.error("InvalidJobStateException", f"The job '{id_}' is in the state {job.status}")
        return job


def _bounds(details: Mapping[str, int]) -> tuple[int, int]:
    return int(details["minimumCount"]), int(details["maximumCount"])

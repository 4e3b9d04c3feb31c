"""Task definitions. Source: ECS Developer Guide, "Amazon ECS task definitions"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from awsim.errors import AWSError
from awsim.services.ecs.definitions import checked
from awsim.services.ecs.operations.clusters import ClusterOperations
from awsim.services.ecs.operations.common import TagList
from awsim.services.ecs.records import TaskDefinition
from awsim.services.ecs.refusals import client


class DefinitionOperations(ClusterOperations):
    def register_task_definition(
        self,
        family: str,
        containerDefinitions: Sequence[Mapping[str, Any]],
        taskRoleArn: str | None = None,
        executionRoleArn: str | None = None,
        networkMode: str | None = None,
        volumes: Sequence[Mapping[str, Any]] | None = None,
        placementConstraints: Sequence[Mapping[str, Any]] | None = None,
        requiresCompatibilities: Sequence[str] | None = None,
        cpu: str | None = None,
        memory: str | None = None,
        tags: TagList = (),
        pidMode: str | None = None,
        ipcMode: str | None = None,
        ephemeralStorage: Mapping[str, int] | None = None,
        runtimePlatform: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        given = {name: value for name, value in locals().items() if name not in ("self", "tags") and value is not None}
        settings = checked(given)
        kept = self.new_tags(tags)
        revision = self.revisions.get(family, 0) + 1
        self.revisions[family] = revision
        arn = self.arn(f"task-definition/{family}:{revision}")
        definition = TaskDefinition(family, revision, arn, settings, self.clock.time(), self.caller.arn)
        definition.tags = kept
        self.definitions[definition.name] = definition
        return {"taskDefinition": definition.described(), "tags": kept.as_list("key", "value") or None}

    def describe_task_definition(self, taskDefinition: str, include: Sequence[str] = ()) -> dict[str, Any]:
        definition = self.definition_named(taskDefinition)
        answer: dict[str, Any] = {"taskDefinition": definition.described()}
        if "TAGS" in include:
            answer["tags"] = definition.tags.as_list("key", "value")
        return answer

    def deregister_task_definition(self, taskDefinition: str) -> dict[str, Any]:
        if ":" not in taskDefinition.rpartition("/")[2]:
            raise client("Invalid revision number. Number: null")
        definition = self.definition_named(taskDefinition)
        if definition.status == "ACTIVE":
            definition.status = "INACTIVE"
            definition.deregistered = self.clock.time()
        return {"taskDefinition": definition.described()}

    def delete_task_definitions(self, taskDefinitions: Sequence[str]) -> dict[str, Any]:
        deleted, failures = [], []
        for name in taskDefinitions:
            try:
                definition = self.definition_named(name)
            except AWSError:
                arn = self.arn(f"task-definition/{name.rpartition('/')[2]}")
                failures.append({"arn": arn, "reason": "The specified task definition does not exist."})
                continue
            if definition.status != "INACTIVE":
                why = "The specified task definition is still in ACTIVE status. Please deregister the target and try "
                why += "again."
                failures.append({"arn": definition.arn, "reason": why})
                continue
            definition.status = "DELETE_IN_PROGRESS"
            deleted.append(definition.described())
            self.later(0, "_forget_definition", name=definition.name)
        return {"taskDefinitions": deleted, "failures": failures}

    def _forget_definition(self, name: str) -> None:
        """A definition goes once no task of it runs."""
        used = any(
            task.definition.name == name and task.status != "STOPPED"
            for cluster in self.clusters.values()
            for task in cluster.tasks.values()
        )
        if not used:
            self.definitions.pop(name, None)

    def list_task_definitions(
        self,
        familyPrefix: str | None = None,
        status: str | None = None,
        sort: str | None = None,
        nextToken: str | None = None,
        maxResults: int | None = None,
    ) -> dict[str, Any]:
        found = [
            each
            for each in self.definitions.values()
            if familyPrefix in (None, each.family) and each.status == (status or "ACTIVE")
        ]
        newest_first = sort == "DESC"

        def place(each: TaskDefinition) -> str:
            return f"{each.family} {10**9 - each.revision if newest_first else each.revision:010d}"

        return self.page("taskDefinitionArns", found, place, lambda each: each.arn, nextToken, maxResults)

    def list_task_definition_families(
        self,
        familyPrefix: str | None = None,
        status: str | None = None,
        nextToken: str | None = None,
        maxResults: int | None = None,
    ) -> dict[str, Any]:
        active = {each.family for each in self.definitions.values() if each.status == "ACTIVE"}
        known = set(self.revisions)
        chosen = {None: active, "ACTIVE": active, "INACTIVE": known - active}.get(status, known)
        found = [family for family in chosen if family.startswith(familyPrefix or "")]
        return self.page("families", found, str, str, nextToken, maxResults)

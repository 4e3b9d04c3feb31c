"""`ECS`: the classes of operations together, with tags and settings of accounts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from awsim.services.ecs.operations.common import TagList
from awsim.services.ecs.operations.services import ServiceOperations
from awsim.services.ecs.refusals import invalid


class ECS(ServiceOperations):
    """Amazon Elastic Container Service (regional): clusters, task definitions, tasks and services on Fargate.

    Operations are in `operations/`, each module building on those before it; what containers do is in `running.py`.
    """

    def tag_resource(self, resourceArn: str, tags: TagList) -> None:
        record = self._tagged(resourceArn)
        record.tags = self.with_tags(record.tags, tags)

    def untag_resource(self, resourceArn: str, tagKeys: Sequence[str]) -> None:
        record = self._tagged(resourceArn)
        record.tags = record.tags.without(tagKeys)

    def list_tags_for_resource(self, resourceArn: str) -> dict[str, Any]:
        return {"tags": self._tagged(resourceArn).tags.as_list("key", "value")}

    def tags_of(self, arn: str) -> Mapping[str, str] | None:
        record = self._record(arn)
        return None if record is None else record.tags

    def _tagged(self, arn: str) -> Any:
        if not arn.startswith("arn:"):
            raise invalid("Invalid resource ARN.")
        record = self._record(arn)
        if record is None:
            raise invalid("The specified resource is not found. Specify a valid ARN and try again.")
        return record

    def _record(self, arn: str) -> Any:
        """What an ARN names: cluster, service, task, task definition or capacity provider."""
        kind, _, rest = arn.rpartition(":")[2].partition("/")
        if kind not in ("cluster", "service", "task", "capacity-provider"):
            return self.definitions.get(arn.rpartition("/")[2])
        first, _, name = rest.partition("/")
        if kind == "capacity-provider":
            return self.providers.get(first)
        cluster = self.clusters.get(first)
        if kind == "cluster" or cluster is None:
            return cluster
        return (cluster.services if kind == "service" else cluster.tasks).get(name)

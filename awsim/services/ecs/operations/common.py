"""What all operations share: finding, paging, tags, telling."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

from awsim.auth.credentials import administrator
from awsim.errors import AWSError
from awsim.metering import Level
from awsim.service import Service as BaseService
from awsim.services.ecs import metrics
from awsim.services.ecs.records import Cluster, Task, TaskDefinition
from awsim.services.ecs.refusals import client, invalid, no_cluster
from awsim.state import Dict, Tags, tag_map
from awsim.state.pages import listed

_ROLE = "role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"
TagList = Sequence[Mapping[str, str]]


class Common(BaseService):
    name: ClassVar[str] = "ecs"
    validation_error: ClassVar[str] = "InvalidParameterException"
    checked: ClassVar[frozenset[str]] = frozenset({"required", "enum"})
    shows = frozenset({metrics.NAMESPACE, metrics.INSIGHTS})

    def setup(self) -> None:
        self.clusters: dict[str, Cluster] = Dict()
        self.definitions: dict[str, TaskDefinition] = Dict()  # by family:revision
        self.revisions: dict[str, int] = Dict()  # the newest of each family

    # --- metrics

    def levels(self) -> Iterator[Level]:
        now = self.clock.time()
        for cluster in self.clusters.values():
            yield from metrics.levels(cluster, now)

    def note_levels(self, task: Task) -> None:
        """What a task's cluster shows from now on: a task may come and go before anybody looks."""
        cluster = self.cluster_of(task.cluster_arn)
        if cluster is not None:
            for level in metrics.levels(cluster, self.clock.time(), task):
                self.measured.append(level)

    # --- as whom, and with whom

    @property
    def linked_role(self) -> str:
        return f"arn:{self.partition}:iam::{self.account}:{_ROLE}"

    def ensure_role(self) -> None:
        """AWS makes the service-linked role with the first cluster; where nobody looks at IAM there is none to see."""
        if self.cloud.authorization is None and not self.cloud.has_service("iam", self.account, self.region):
            return
        try:
            self.asked("iam", "CreateServiceLinkedRole", AWSServiceName="ecs.amazonaws.com")
        except AWSError:
            return  # it is there

    def ec2(self, operation: str, **parameters: Any) -> dict[str, Any]:
        return self.call("ec2", operation, as_=self.linked_role, **parameters)

    def asked(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        """Ask another service in the account's own name."""
        return self.call(service, operation, as_=administrator(self.account), **parameters)

    # --- finding

    def cluster_named(self, name: str | None) -> Cluster:
        """By name or ARN; the default one for None."""
        cluster = self.clusters.get((name or "default").rpartition("/")[2])
        if cluster is None or cluster.status != "ACTIVE":
            raise no_cluster()
        return cluster

    def definition_named(self, name: str) -> TaskDefinition:
        """By ARN, family and revision, or family alone: its newest active revision."""
        short = name.rpartition("/")[2]
        family, _, revision = short.partition(":")
        if revision:
            found = self.definitions.get(short)
        else:
            known = [each for each in self.definitions.values() if each.family == family and each.status == "ACTIVE"]
            found = max(known, key=lambda each: each.revision, default=None)
        if found is None or (name.startswith("arn:") and not found.arn.startswith(name)):
            raise client("Unable to describe task definition.")
        return found

    def runnable(self, name: str) -> TaskDefinition:
        try:
            found = self.definition_named(name)
        except AWSError:
            raise client("TaskDefinition not found.") from None
        if found.status != "ACTIVE":
            raise client("TaskDefinition is inactive")
        return found

    def task_named(self, cluster: Cluster, name: str) -> Task | None:
        return cluster.tasks.get(name.rpartition("/")[2])

    # --- answers

    def page(
        self,
        member: str,
        records: Iterable[Any],
        key: Callable[[Any], str],
        shown: Callable[[Any], Any],
        token: str | None,
        size: int | None,
    ) -> dict[str, Any]:
        if size is not None and not 1 <= size <= self.limits["page"]:
            raise invalid(f"maxResults must be between 1 and {self.limits['page']}.")
        return listed(
            member, records, shown, key, token, size or self.limits["page"], following="nextToken",
            refusal=lambda: invalid("Invalid token."),
        )  # fmt: skip

    def new_tags(self, given: TagList) -> Tags:
        return self.with_tags(Tags(), given)

    def with_tags(self, tags: Tags, given: TagList) -> Tags:
        return tags.with_(self, tag_map(given), invalid="InvalidParameterException")

    def failure(self, arn: str) -> dict[str, str]:
        return {"arn": arn, "reason": "MISSING"}

    # --- who is told

    def announce(self, detail_type: str, detail: Mapping[str, Any], *resources: str) -> None:
        if not self.cloud.has_service("events", self.account, self.region):
            return
        entry = {
            "Source": "aws.ecs",
            "DetailType": detail_type,
            "Detail": json.dumps(detail),
            "Resources": list(resources),
        }
        self.call("events", "PutEvents", Entries=[entry])

    # What a change of a task means to its service.

    def task_changed(self, task: Task) -> None:
        """A task has another status: services look at theirs."""

    def cluster_of(self, arn: str) -> Cluster | None:
        return self.clusters.get(arn.rpartition("/")[2])

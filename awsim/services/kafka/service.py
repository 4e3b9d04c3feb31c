"""MSK as a whole: the versions of Kafka that it offers, and the tags of its resources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from awsim.services.kafka import offerings
from awsim.services.kafka.connecting import Connecting
from awsim.services.kafka.refusals import malformed, missing
from awsim.services.kafka.replicating import Replicating
from awsim.services.kafka.topics import Topics
from awsim.services.kafka.updating import Updating


class Kafka(Updating, Topics, Connecting, Replicating):
    """Amazon Managed Streaming for Apache Kafka (regional).

    Sources: MSK API Reference and Developer Guide; how it refuses is in `refusals`.
    """

    # --- versions

    def list_kafka_versions(self, MaxResults: int | None = None, NextToken: str | None = None) -> dict[str, Any]:
        order = {version: number for number, (version, _) in enumerate(offerings.VERSIONS)}

        def shown(version: tuple[str, str]) -> dict[str, str]:
            return {"Version": version[0], "Status": version[1]}

        return self.page(
            "KafkaVersions", offerings.VERSIONS, shown, lambda one: f"{order[one[0]]:03d}", NextToken, MaxResults
        )

    def get_compatible_kafka_versions(self, ClusterArn: str | None = None) -> dict[str, Any]:
        if ClusterArn is not None:
            versions = [self.provisioned(ClusterArn).settings["KafkaVersion"]]
        else:
            versions = [version for version, _ in offerings.VERSIONS]
        pairs = [{"SourceVersion": version, "TargetVersions": offerings.targets(version)} for version in versions]
        return {"CompatibleKafkaVersions": [pair for pair in pairs if pair["TargetVersions"]]}

    # --- tags

    def tag_resource(self, ResourceArn: str, Tags: Mapping[str, str]) -> None:
        self.tagged(self._resource(ResourceArn), Tags)

    def untag_resource(self, ResourceArn: str, TagKeys: Sequence[str]) -> None:
        resource = self._resource(ResourceArn)
        resource.tags = resource.tags.without(TagKeys)

    def list_tags_for_resource(self, ResourceArn: str) -> dict[str, Any]:
        return {"Tags": self._resource(ResourceArn).tags.as_dict()}

    def tags_of(self, arn: str) -> Mapping[str, str] | None:
        found = self._find(arn)
        return None if found is None else found.tags.as_dict()

    def _find(self, arn: str) -> Any:
        for records in (self.clusters, self.connections, self.replicators):
            if arn in records:
                return records[arn]
        return None

    def _resource(self, arn: str) -> Any:
        if not arn.startswith(f"arn:{self.partition}:kafka:"):
            raise malformed("resourceArn")
        found = self._find(arn)
        if found is None:
            raise missing("resourceArn")
        return found

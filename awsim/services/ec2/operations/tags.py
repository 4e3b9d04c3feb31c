"""Tags of any resource. Source: EC2 User Guide, "Tag your Amazon EC2 resources"."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from awsim.errors import AWSError
from awsim.services.ec2 import filters as filtering
from awsim.services.ec2.filters import Filters
from awsim.services.ec2.kinds import Resource, Shelf
from awsim.services.ec2.operations.peering import PeeringOperations
from awsim.services.ec2.refusals import invalid, missing
from awsim.state.pages import listed

_FILTERS = {"key": "Key", "resource-id": "ResourceId", "resource-type": "ResourceType", "value": "Value"}


class TagOperations(PeeringOperations):
    def create_tags(self, Resources: Sequence[str], Tags: Sequence[Mapping[str, str]]) -> None:
        if not Resources:
            raise missing("resourceIdSet")
        if not Tags:
            raise missing("tagSet")
        records = [self.resource(id_) for id_ in Resources]
        keys = [tag.get("Key") or "" for tag in Tags]
        if len(set(keys)) < len(keys):
            raise invalid("Duplicate tag key specified.")
        for record in records:
            self.tag(record, self.tag_map(Tags))

    def delete_tags(self, Resources: Sequence[str], Tags: Sequence[Mapping[str, str]] | None = None) -> None:
        """A value says which value to delete; without one the tag goes whatever its value, without tags all go."""
        records = [self.resource(id_) for id_ in Resources]
        for record in records:
            own = [key for key in record.tags if not key.lower().startswith("aws:")]
            if Tags is not None:
                own = [
                    key
                    for tag in Tags
                    if (key := tag.get("Key") or "") in record.tags and tag.get("Value") in (None, record.tags[key])
                ]
            record.tags = record.tags.without(own)

    def describe_tags(
        self, Filters: Filters = (), NextToken: str | None = None, MaxResults: int | None = None
    ) -> dict[str, Any]:
        filtering.check(Filters, _FILTERS)
        found = [
            tag
            for shelf in self.shelves()
            for record in shelf
            for key, value in record.tags.items()
            if filtering.matches(
                tag := {
                    "Key": key, "ResourceId": record.id, "ResourceType": record.kind.name, "Value": value,
                },
                Filters,
                _FILTERS,
            )
        ]  # fmt: skip
        return listed(
            "Tags",
            found,
            lambda tag: tag,
            lambda tag: f"{tag['ResourceId']} {tag['Key']}",
            NextToken,
            MaxResults,
            refusal=lambda: invalid("The token is not valid."),
        )

    # --- parts

    def shelves(self) -> Iterator[Shelf[Any]]:
        yield from (
            self.instances, self.volumes, self.snapshots, self.images, self.vpcs, self.subnets, self.groups,
            self.rules, self.gateways, self.route_tables, self.acls, self.interfaces, self.addresses, self.key_pairs,
            self.templates, self.transit_gateways, self.transit_attachments, self.nat_gateways,
            self.peerings,
        )  # fmt: skip

    def resource(self, id_: str) -> Resource:
        """What an id names; raises the kind's own error, or that the id is of no kind."""
        prefix = id_.rpartition("-")[0]
        for shelf in self.shelves():
            if shelf.kind.prefix == prefix:
                return shelf[id_]  # type: ignore[no-any-return]
        raise AWSError("InvalidID", f"The ID '{id_}' is not valid")

    def tags_of(self, arn: str) -> Mapping[str, str] | None:
        id_ = arn.rpartition("/")[2]
        prefix = id_.rpartition("-")[0]
        for shelf in self.shelves():
            if shelf.kind.prefix == prefix:
                record = shelf.get(id_)
                return None if record is None else record.tags
        return None

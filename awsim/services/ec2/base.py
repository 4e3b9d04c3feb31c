"""What all operations of EC2 share."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from awsim.errors import AWSError
from awsim.service import Service
from awsim.services.ec2 import filters as filtering
from awsim.services.ec2.filters import Filters, Paths
from awsim.services.ec2.kinds import R, Resource, Shelf
from awsim.services.ec2.refusals import combination, invalid
from awsim.services.ec2.rehearsal import is_operation, rehearsable
from awsim.services.ec2.zones import regions
from awsim.state import Dict, Entity
from awsim.state.pages import listed, number
from awsim.state.tags import tag_map

if TYPE_CHECKING:
    from awsim.gateway.validate import Violation

TagSpecifications = Sequence[Mapping[str, Any]]
_MISMATCH = (
    "client-token",
    "IdempotentParameterMismatch",
    "Arguments on this idempotent request are inconsistent with arguments used in previous request(s).",
)
_WITH_TOKENS = (
    "RunInstances", "CreateVolume", "CreateLaunchTemplate", "CreateLaunchTemplateVersion", "CreateNetworkInterface",
    "CreateRouteTable", "CopyImage",
)  # fmt: skip


class Defaults(Entity):
    """What an account has set for itself in a Region: whether images stay its own, whether new volumes are encrypted,
    and with which KMS key instead of EBS's."""

    __slots__ = ("blocks_public_images", "encrypts", "key")

    def __init__(self) -> None:
        self.blocks_public_images = True
        self.encrypts = False
        self.key: str | None = None


class Base(Service):
    """Records are `Resource`s on shelves (`Kept`), one for each kind."""

    name = "ec2"
    idempotent: ClassVar[dict[str, tuple[str, str, str]]] = dict.fromkeys(_WITH_TOKENS, _MISMATCH)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for name, value in list(vars(cls).items()):
            if is_operation(name, value):
                setattr(cls, name, rehearsable(value))

    def setup(self) -> None:
        self.watchers: dict[tuple[Any, str], None] = Dict()  # (service instance's key, method)
        self.defaults = Defaults()

    def violation(self, violations: Sequence[Violation]) -> AWSError:
        """EC2 tells of the first alone."""
        for each in violations:
            name = each.path.rpartition(".")[2]
            if each.kind == "required":
                return self.error(
                    "MissingParameter", f"The request must contain the parameter {name[:1].upper()}{name[1:]}"
                )
        first = violations[0]
        if first.path == "instanceType":
            return invalid(f"Invalid value '{first.value}' for InstanceType.")
        if first.path.startswith("instanceTypes."):
            return self.error(
                "InvalidInstanceType", f"The following supplied instance types do not exist: [{first.value}]"
            )
        return invalid(f"Value ({first.value}) for parameter {first.path} is invalid.")

    # --- listings

    def listing(
        self,
        member: str,
        records: Iterable[R],
        filters: Filters,
        paths: Paths,
        token: str | None = None,
        size: int | None = None,
        *,
        shown: Callable[[R], dict[str, Any]] | None = None,
    ) -> dict[str, Any]:
        """A page of descriptions, oldest first."""
        filtering.check(filters, paths)
        show = shown or (lambda record: record.described())
        found = []
        for record in records:
            description = show(record)
            if filtering.matches(description, filters, paths):
                found.append((record, description))
        return self.paged(member, found, token, size)

    def paged(
        self, member: str, found: Iterable[tuple[Resource, dict[str, Any]]], token: str | None, size: int | None
    ) -> dict[str, Any]:
        return listed(
            member,
            found,
            lambda each: each[1],
            lambda each: number(each[0].number),
            token,
            size,
            refusal=lambda: invalid("The token is not valid." if token else "Invalid token."),
        )

    def chosen(self, shelf: Shelf[R], ids: Sequence[str], size: int | None = None) -> Iterable[R]:
        """Those that a Describe names, or all; ids and pages do not go together."""
        if not ids:
            return shelf
        if size is not None:
            raise combination("The parameter MaxResults cannot be used with the parameter that lists ids.")
        return {record.id: record for record in shelf.of(ids)}.values()

    # --- tags

    def tagged(self, record: R, specifications: TagSpecifications, *also: str) -> R:
        """Give a new resource the tags asked for its kind; `also` are kinds that the call makes besides."""
        asked = self.tags_for(specifications, record.kind.name, *also)
        if asked[record.kind.name]:
            self.tag(record, asked[record.kind.name])
        return record

    def tags_for(self, specifications: TagSpecifications, *kinds: str) -> dict[str, dict[str, str]]:
        """Tags by the kinds of resources that a call makes."""
        found: dict[str, dict[str, str]] = {kind: {} for kind in kinds}
        for each in specifications:
            kind = each.get("ResourceType")
            if kind is None:
                raise invalid("Tag specification resource type must have a value")
            if kind not in found:
                raise invalid(f"'{kind}' is not a valid taggable resource type for this operation.")
            for tag in each.get("Tags") or ():
                if tag.get("Key") in found[kind]:
                    raise invalid(f"Duplicate tag key '{tag.get('Key')}' specified.")
                found[kind][tag.get("Key") or ""] = tag.get("Value") or ""
        return found

    def tag(self, record: Resource, tags: Mapping[str, str]) -> None:
        own = {key: value for key, value in tags.items() if not key.lower().startswith("aws:")}
        if len(own) < len(tags):
            if not self.by_aws:
                raise invalid(
                    "Value ( aws: ) for parameter key is invalid. Tag keys starting with 'aws:' are reserved for "
                    "internal use"
                )
            record.tags = type(record.tags)({**record.tags, **tags})
        if "" in own:
            raise invalid("Tag key cannot be null or empty.")
        record.tags = record.tags.with_(self, own)

    @property
    def by_aws(self) -> bool:
        """Whether a service of AWS's calls, as itself or by its service-linked role."""
        caller = self.caller
        return caller.service is not None or "assumed-role/AWSServiceRole" in caller.arn

    @staticmethod
    def tag_map(tags: Sequence[Mapping[str, str]]) -> dict[str, str]:
        return tag_map(tags)

    # --- others

    def neighbours(self) -> list[Any]:
        """EC2 of the other accounts that have used it in this region."""
        return [
            other
            for other in self.cloud.instances()
            if other.name == self.name and other.region == self.region and other is not self
        ]

    def elsewhere(self, region: str) -> Any | None:
        """This account's EC2 in a region; None where it was never used, and so has nothing."""
        if region not in regions(self.partition):
            raise invalid(f"Invalid region provided. Region: {region}")
        return self.at(region=region) if self.cloud.has_service(self.name, self.account, region) else None

    # --- who is told

    def watch(self, key: tuple[Any, ...], method: str) -> None:
        """Have `method(instance=id, state=name)` of another service's instance called whenever the state of one of the
        instances changes. For services that look after instances; no operation of AWS's API."""
        self.watchers[key, method] = None

    def announce(self, detail_type: str, detail: Mapping[str, Any], *resources: str) -> None:
        """Tell EventBridge, if anybody here listens to it."""
        if not self.cloud.has_service("events", self.account, self.region):
            return
        entry = {
            "Source": "aws.ec2",
            "DetailType": detail_type,
            "Detail": json.dumps(detail),
            "Resources": list(resources),
        }
        self.call("events", "PutEvents", Entries=[entry])

"""Resource shares, invitations and permissions. Times are epoch seconds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from awsim.state import Dict, Entity, Lifecycle, Tags


class Association(Entity):
    """A principal, resource or source in a share. `external`: outside of the owner's organization."""

    __slots__ = ("created", "entity", "external", "kind", "message", "number", "state", "updated")

    def __init__(self, kind: str, entity: str, external: bool, number: int, now: float, state: Lifecycle) -> None:
        self.kind = kind
        self.entity = entity
        self.external = external
        self.number = number
        self.created = self.updated = now
        self.state = state
        self.message: str | None = None

    @property
    def holds(self) -> bool:
        return self.state.state == "ASSOCIATED"


class Share(Entity):
    """A resource share."""

    __slots__ = (
        "arn", "configuration", "created", "external", "gone", "made", "name", "number", "owner", "permissions",
        "principals", "region", "resources", "sources", "state", "tags", "updated",
    )  # fmt: skip

    def __init__(
        self, arn: str, name: str, owner: str, region: str, external: bool, number: int, now: float, state: Lifecycle
    ) -> None:
        self.arn = arn
        self.name = name
        self.owner = owner
        self.region = region
        self.external = external
        self.number = number
        self.created = self.updated = now
        self.state = state
        self.gone = False
        self.tags = Tags()
        self.configuration: Mapping[str, Any] | None = None
        self.permissions = Dict()  # resource type -> (ARN, version)
        self.principals = Dict()  # id -> Association
        self.resources = Dict()  # ARN -> Association
        self.sources = Dict()  # id -> Association
        self.made = 0

    def number_of_next(self) -> int:
        self.made += 1
        return self.made

    def of_kind(self, kind: str) -> Dict:
        return {"PRINCIPAL": self.principals, "RESOURCE": self.resources}.get(kind, self.sources)

    def associations(self) -> Iterator[Association]:
        for records in (self.principals, self.resources, self.sources):
            yield from records.values()

    def described(self) -> dict[str, Any]:
        return {
            "resourceShareArn": self.arn,
            "name": self.name,
            "owningAccountId": self.owner,
            "allowExternalPrincipals": self.external,
            "status": self.state.state,
            "tags": self.tags.as_list("key", "value") or None,
            "creationTime": self.created,
            "lastUpdatedTime": self.updated,
            "featureSet": "STANDARD",
            "resourceShareConfiguration": self.configuration,
        }

    def association(self, one: Association, status: str | None = None) -> dict[str, Any]:
        return {
            "resourceShareArn": self.arn,
            "resourceShareName": self.name,
            "associatedEntity": one.entity,
            "associationType": one.kind,
            "status": status or one.state.state,
            "statusMessage": one.message,
            "creationTime": one.created,
            "lastUpdatedTime": one.updated,
            "external": one.external,
        }


class Invitation(Entity):
    """The question to an account outside of the organization whether it takes part in a share."""

    __slots__ = ("answer", "arn", "expires", "number", "receiver", "receiver_arn", "sent", "share")

    def __init__(self, arn: str, share: Share, receiver: str, number: int, now: float, expires: float) -> None:
        self.arn = arn
        self.share = share
        self.receiver = receiver
        self.receiver_arn: str | None = None
        self.number = number
        self.sent = now
        self.expires = expires
        self.answer: str | None = None

    def status(self, now: float) -> str:
        return self.answer or ("PENDING" if now < self.expires else "EXPIRED")

    @property
    def principal(self) -> str:
        """Whom the share names: the account, or a user or role in it."""
        return self.receiver_arn or self.receiver

    def described(self, now: float) -> dict[str, Any]:
        return {
            "resourceShareInvitationArn": self.arn,
            "resourceShareName": self.share.name,
            "resourceShareArn": self.share.arn,
            "senderAccountId": self.share.owner,
            "receiverAccountId": self.receiver,
            "invitationTimestamp": self.sent,
            "status": self.status(now),
            "receiverArn": self.receiver_arn,
        }


class Permission(Entity):
    """A permission that a customer manages: versions of a policy template for one type of resource."""

    __slots__ = (
        "arn",
        "created",
        "default",
        "last",
        "name",
        "number",
        "owner",
        "region",
        "tags",
        "type",
        "updated",
        "versions",
    )

    def __init__(self, arn: str, name: str, type: str, owner: str, region: str, number: int, now: float) -> None:
        self.arn = arn
        self.name = name
        self.type = type
        self.owner = owner
        self.region = region
        self.number = number
        self.created = self.updated = now
        self.tags = Tags()
        self.versions = Dict()  # number -> (policy template, when)
        self.default = 1
        self.last = 0

    def add(self, template: str, now: float) -> int:
        """A further version, which becomes the default."""
        self.last += 1
        self.versions[self.last] = (template, now)
        self.default = self.last
        self.updated = now
        return self.last

    def summary(self, version: int) -> dict[str, Any]:
        return {
            "arn": self.arn,
            "version": str(version),
            "defaultVersion": version == self.default,
            "name": self.name,
            "resourceType": self.type,
            "status": "ATTACHABLE",
            "creationTime": self.versions[version][1],
            "lastUpdatedTime": self.updated,
            "isResourceTypeDefault": False,
            "permissionType": "CUSTOMER_MANAGED",
            "featureSet": "STANDARD",
            "tags": self.tags.as_list("key", "value") or None,
        }

    def detail(self, version: int) -> dict[str, Any]:
        return {**self.summary(version), "permission": self.versions[version][0]}

"""What an instance of IAM Identity Center holds. Times are epoch seconds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from awsim.state import Dict, Entity, Lifecycle, Tags


class PermissionSet(Entity):
    """A permission set. `version` counts its changes; `provisioned` says which one an account's role has."""

    __slots__ = (
        "arn", "boundary", "created", "customer", "description", "duration", "inline", "managed", "name", "number",
        "provisioned", "relay", "roles", "tags", "version",
    )  # fmt: skip

    def __init__(self, name: str, arn: str, number: int, now: float, duration: str) -> None:
        self.name = name
        self.arn = arn
        self.number = number
        self.created = now
        self.duration = duration
        self.description: str | None = None
        self.relay: str | None = None
        self.managed = Dict()  # ARN -> name
        self.customer = Dict()  # (path, name) -> True
        self.inline: str | None = None
        self.boundary: Mapping[str, Any] | None = None
        self.tags = Tags()
        self.version = 1
        self.provisioned = Dict()  # account -> version
        self.roles = Dict()  # account -> name of its role

    @property
    def id(self) -> str:
        return self.arn.rpartition("/")[2]

    def described(self) -> dict[str, Any]:
        return {
            "Name": self.name,
            "PermissionSetArn": self.arn,
            "Description": self.description,
            "CreatedDate": self.created,
            "SessionDuration": self.duration,
            "RelayState": self.relay,
        }

    def changed(self) -> None:
        self.version += 1


class Work(Entity):
    """A request that AWS works on by itself: the status object of an assignment or a provisioning."""

    __slots__ = ("details", "id", "kind", "number", "reason", "since", "status")

    def __init__(self, kind: str, identifier: str, number: int, now: float, details: Mapping[str, Any]) -> None:
        self.kind = kind
        self.id = identifier
        self.number = number
        self.since = now
        self.details = details
        self.status = "IN_PROGRESS"
        self.reason: str | None = None

    def end(self, reason: str | None = None) -> None:
        """It is done, or has failed for a reason."""
        self.status = "SUCCEEDED" if reason is None else "FAILED"
        self.reason = reason

    def described(self) -> dict[str, Any]:
        return {**self.listed(), "FailureReason": self.reason, **self.details}

    def listed(self) -> dict[str, Any]:
        return {"Status": self.status, "RequestId": self.id, "CreatedDate": self.since}


class Application(Entity):
    """An application that users sign in to."""

    __slots__ = (
        "account", "arn", "assigned", "assignment_required", "background_sessions", "created", "description", "grants",
        "methods", "name", "number", "portal", "provider", "region", "scopes", "status", "tags",
    )  # fmt: skip

    def __init__(self, arn: str, name: str, provider: str, account: str, region: str, number: int, now: float) -> None:
        self.arn = arn
        self.name = name
        self.provider = provider
        self.account = account
        self.region = region
        self.number = number
        self.created = now
        self.description: str | None = None
        self.status = "ENABLED"
        self.portal: Mapping[str, Any] = {"SignInOptions": {"Origin": "IDENTITY_CENTER"}, "Visibility": "ENABLED"}
        self.tags = Tags()
        self.assignment_required = True
        self.background_sessions = "DISABLED"
        self.assigned = Dict()  # (principal type, principal id) -> number
        self.scopes = Dict()  # scope -> targets
        self.grants = Dict()  # type -> grant
        self.methods = Dict()  # type -> method


class Issuer(Entity):
    """A trusted token issuer."""

    __slots__ = ("arn", "configuration", "name", "number", "tags", "type")

    def __init__(self, arn: str, name: str, type: str, configuration: Mapping[str, Any], number: int) -> None:
        self.arn = arn
        self.name = name
        self.type = type
        self.configuration = configuration
        self.number = number
        self.tags = Tags()

    def listed(self) -> dict[str, Any]:
        return {"TrustedTokenIssuerArn": self.arn, "Name": self.name, "TrustedTokenIssuerType": self.type}


class Region(Entity):
    """A Region that an instance is in."""

    __slots__ = ("added", "name", "primary", "state")

    def __init__(self, name: str, primary: bool, added: float, state: Lifecycle) -> None:
        self.name = name
        self.primary = primary
        self.added = added
        self.state = state

    def described(self) -> dict[str, Any]:
        return {
            "RegionName": self.name,
            "Status": self.state.state,
            "AddedDate": self.added,
            "IsPrimaryRegion": self.primary,
        }


class Instance(Entity):
    """An instance of IAM Identity Center, with its identity store and all that is kept in it."""

    __slots__ = (
        "applications", "arn", "assignments", "attributes", "attributes_state", "created", "encryption", "issuers",
        "made", "name", "of_organization", "owner", "permission_sets", "permission_sets_enabled", "region", "regions",
        "state", "store", "tags", "work",
    )  # fmt: skip

    def __init__(self, arn: str, store: str, owner: str, region: str, now: float, state: Lifecycle) -> None:
        self.arn = arn
        self.store = store
        self.owner = owner
        self.region = region
        self.created = now
        self.state = state
        self.name: str | None = None
        self.of_organization = False
        self.permission_sets_enabled = False
        self.encryption: Mapping[str, Any] = {"KeyType": "AWS_OWNED_KMS_KEY"}
        self.tags = Tags()
        self.permission_sets = Dict()  # ARN -> PermissionSet
        self.assignments = Dict()  # (account, permission set, principal type, principal id) -> number
        self.applications = Dict()  # ARN -> Application
        self.issuers = Dict()  # ARN -> Issuer
        self.regions = Dict()  # name -> Region
        self.work = Dict()  # id -> Work
        self.attributes: tuple[Mapping[str, Any], ...] | None = None
        self.attributes_state: Lifecycle | None = None
        self.made = 0

    @property
    def id(self) -> str:
        return self.arn.rpartition("/")[2]

    @property
    def suffix(self) -> str:
        """The hexadecimal part of its id, which names of what it makes carry."""
        return self.id.rpartition("-")[2]

    @property
    def store_arn(self) -> str:
        return f"{self.arn.partition(':sso:')[0]}:identitystore::{self.owner}:identitystore/{self.store}"

    def number(self) -> int:
        self.made += 1
        return self.made

    def listed(self) -> dict[str, Any]:
        return {
            "InstanceArn": self.arn,
            "IdentityStoreId": self.store,
            "IdentityStoreArn": self.store_arn,
            "OwnerAccountId": self.owner,
            "Name": self.name,
            "CreatedDate": self.created,
            "Status": self.state.state,
            "PrimaryRegion": self.region,
            "Regions": [region.described() for region in self.regions.values()],
        }

    def described(self) -> dict[str, Any]:
        return {
            **self.listed(),
            "EncryptionConfigurationDetails": {**self.encryption, "EncryptionStatus": "ENABLED"},
            "PermissionSetsEnabled": self.permission_sets_enabled,
        }

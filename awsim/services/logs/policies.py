"""Policies about log groups: which services may write, and what an account says of all of its groups."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

from awsim.state import Entity


class ResourcePolicy(Entity):
    """Lets AWS's services write: into the groups of an account, or into the one that it is attached to."""

    __slots__ = ("document", "name", "resource", "revision", "updated")

    def __init__(self, name: str, document: str, updated: int, resource: str | None, revision: str | None) -> None:
        self.name = name
        self.document = document
        self.updated = updated
        self.resource = resource
        self.revision = revision

    def covers(self, arn: str) -> bool:
        """Whether it is about the group (or stream) of an ARN; what it says of it is in the document."""
        return self.resource is None or arn == self.resource or fnmatchcase(arn, f"{self.resource}:*")

    def described(self) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "policyName": self.name or None,
            "policyDocument": self.document,
            "lastUpdatedTime": self.updated,
            "policyScope": "ACCOUNT" if self.resource is None else "RESOURCE",
        }
        if self.resource is not None:
            shown |= {"resourceArn": self.resource, "revisionId": self.revision}
        return shown


class AccountPolicy(Entity):
    """What holds for all groups of an account, or for those that the criteria choose. `content` is what it means."""

    __slots__ = ("account", "content", "document", "kind", "name", "selection", "updated")

    def __init__(
        self, kind: str, name: str, document: str, selection: str | None, content: Any, account: str, updated: int
    ) -> None:
        self.kind = kind
        self.name = name
        self.document = document
        self.selection = selection
        self.content = content
        self.account = account
        self.updated = updated

    def described(self) -> dict[str, Any]:
        return {
            "policyName": self.name,
            "policyDocument": self.document,
            "lastUpdatedTime": self.updated,
            "policyType": self.kind,
            "scope": "ALL",
            "selectionCriteria": self.selection,
            "accountId": self.account,
        }

"""An identity store: users, groups and who is in which.

Sources: Identity Store API Reference; IAM Identity Center User Guide, "Manage your identity source".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from awsim.errors import AWSError
from awsim.state import Dict, Entity


def missing(kind: str, identifier: str) -> AWSError:
    """The refusal of what is not there; `kind` as in ResourceType."""
    named = "MEMBERSHIP" if kind == "GROUP_MEMBERSHIP" else kind
    fields = {"ResourceType": kind, "ResourceId": identifier}
    return AWSError("ResourceNotFoundException", f"{named} not found.", fields=fields)


def conflict(message: str, reason: str = "UNIQUENESS_CONSTRAINT_VIOLATION") -> AWSError:
    return AWSError("ConflictException", message, fields={"Reason": reason})


class Resource(Entity):
    """A user, group or membership. `attributes` as the API shows them; times are epoch seconds."""

    __slots__ = ("attributes", "created", "created_by", "id", "kind", "number", "revision", "updated", "updated_by")

    def __init__(self, kind: str, identifier: str, number: int, attributes: Mapping[str, Any]) -> None:
        self.kind = kind
        self.id = identifier
        self.number = number
        self.attributes = attributes
        self.revision = 1
        self.created = self.updated = 0.0
        self.created_by = self.updated_by = ""

    def touch(self, now: float, by: str) -> None:
        """Note who made or changed it."""
        if not self.created:
            self.created, self.created_by = now, by
        else:
            self.revision += 1
        self.updated, self.updated_by = now, by

    def check_revision(self, expected: str | None) -> None:
        """Refuse a change of what has changed since the caller looked."""
        if expected is not None and expected != str(self.revision):
            raise conflict("The resource was modified by another request.", "CONCURRENT_MODIFICATION")

    def history(self) -> dict[str, Any]:
        return {
            "CreatedAt": self.created,
            "CreatedBy": self.created_by,
            "UpdatedAt": self.updated,
            "UpdatedBy": self.updated_by,
        }


class Store(Entity):
    """One identity store. Names are compared without regard to case."""

    __slots__ = (
        "emails", "group_names", "groups", "id", "made", "members", "memberships", "network", "of_user", "user_names",
        "users",
    )  # fmt: skip

    def __init__(self, identifier: str) -> None:
        self.id = identifier
        self.users = Dict()
        self.groups = Dict()
        self.memberships = Dict()
        self.user_names = Dict()  # folded name -> id
        self.group_names = Dict()
        self.emails = Dict()
        self.members = Dict()  # (group, user) -> id of the membership
        self.of_user = Dict()  # user -> Dict of the memberships' ids
        self.made = 0
        self.network: Mapping[str, Any] | None = None

    def number(self) -> int:
        self.made += 1
        return self.made

    # --- users

    def user(self, identifier: str) -> Resource:
        return self._known(self.users, "USER", identifier)

    def group(self, identifier: str) -> Resource:
        return self._known(self.groups, "GROUP", identifier)

    def membership(self, identifier: str) -> Resource:
        return self._known(self.memberships, "GROUP_MEMBERSHIP", identifier)

    @staticmethod
    def _known(records: Dict, kind: str, identifier: str) -> Resource:
        found: Resource | None = records.get(identifier)
        if found is None:
            raise missing(kind, identifier)
        return found

    def claim_user(self, identifier: str, attributes: Mapping[str, Any]) -> None:
        """Refuse a user's attributes where another user has the name or the address."""
        self._free(self.user_names, attributes.get("UserName"), identifier, "Duplicate UserName")
        for email in _addresses(attributes):
            self._free(self.emails, email, identifier, "Duplicate Email")

    def claim_group(self, identifier: str, attributes: Mapping[str, Any]) -> None:
        self._free(self.group_names, attributes.get("DisplayName"), identifier, "Duplicate GroupDisplayName")

    @staticmethod
    def _free(names: Dict, name: str | None, identifier: str, message: str) -> None:
        if name is not None and names.get(name.casefold(), identifier) != identifier:
            raise conflict(message)

    def put(self, resource: Resource, attributes: Mapping[str, Any]) -> None:
        """Let a user or group have these attributes, which `claim_…` found free."""
        self._unname(resource)
        resource.attributes = attributes
        if resource.kind == "USER":
            self.users[resource.id] = resource
            if attributes.get("UserName") is not None:
                self.user_names[attributes["UserName"].casefold()] = resource.id
            for email in _addresses(attributes):
                self.emails[email.casefold()] = resource.id
        else:
            self.groups[resource.id] = resource
            if attributes.get("DisplayName") is not None:
                self.group_names[attributes["DisplayName"].casefold()] = resource.id

    def _unname(self, resource: Resource) -> None:
        attributes = resource.attributes
        if resource.kind == "USER":
            names, name = self.user_names, attributes.get("UserName")
            for email in _addresses(attributes):
                if self.emails.get(email.casefold()) == resource.id:
                    del self.emails[email.casefold()]
        else:
            names, name = self.group_names, attributes.get("DisplayName")
        if name is not None and names.get(name.casefold()) == resource.id:
            del names[name.casefold()]

    def delete_user(self, user: Resource) -> None:
        """A user goes with all memberships."""
        for identifier in list(self.of_user.get(user.id, ())):
            self.leave(self.memberships[identifier])
        self.of_user.pop(user.id, None)
        self._unname(user)
        del self.users[user.id]

    def delete_group(self, group: Resource) -> None:
        for membership in list(self.memberships_of_group(group.id)):
            self.leave(membership)
        self._unname(group)
        del self.groups[group.id]

    # --- memberships

    def join(self, membership: Resource) -> None:
        group, user = membership.attributes["GroupId"], membership.attributes["UserId"]
        self.memberships[membership.id] = membership
        self.members[group, user] = membership.id
        self.of_user.setdefault(user, Dict())[membership.id] = True

    def leave(self, membership: Resource) -> None:
        group, user = membership.attributes["GroupId"], membership.attributes["UserId"]
        del self.memberships[membership.id]
        del self.members[group, user]
        del self.of_user[user][membership.id]

    def memberships_of_group(self, group: str) -> Iterator[Resource]:
        return (each for each in self.memberships.values() if each.attributes["GroupId"] == group)

    def memberships_of_user(self, user: str) -> list[Resource]:
        return [self.memberships[each] for each in self.of_user.get(user, ())]


def _addresses(attributes: Mapping[str, Any]) -> list[str]:
    return [email["Value"] for email in attributes.get("Emails") or () if email.get("Value")]

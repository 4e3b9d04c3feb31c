"""Users."""

from __future__ import annotations

from typing import Any

from awsim.auth.totp import Enrolment
from awsim.services.iam.operations.common import (
    TagList,
    none_if_empty,
    shown_boundary,
    starting,
)
from awsim.services.iam.operations.permissions import PermissionOperations
from awsim.services.iam.records import User
from awsim.services.iam.refusals import conflict, no_such
from awsim.state import Tags as TagMap


class UserOperations(PermissionOperations):
    def create_user(
        self, UserName: str, Path: str = "/", PermissionsBoundary: str | None = None, Tags: TagList = ()
    ) -> dict[str, Any]:
        self.taken(self.users, UserName, f"User with name {UserName} already exists.")
        if PermissionsBoundary is not None:
            self.check_boundary(PermissionsBoundary)
        tags = self.tagged(TagMap(), Tags)
        self.limits.quota("users-per-account", len(self.users))
        id = self.new_id("AIDA", f"user{Path}{UserName}")
        user = User(self.arn("user"), Path, UserName, id, self.now(), tags)
        self.users[user.key] = user
        if PermissionsBoundary is not None:
            self.bound(user, PermissionsBoundary)
        return {"User": self.shown_user(user, details=True)}

    def get_user(self, UserName: str | None = None) -> dict[str, Any]:
        caller = self.caller
        if UserName is None and caller.type == "root":
            return {"User": {"UserId": self.account, "Arn": self.root.arn, "CreateDate": self.root.created}}
        user = self.user_or_caller(UserName)
        if user is not self.administrator:
            self.visible(user, f"The user with name {user.name} cannot be found.")
        return {"User": self.shown_user(user, details=True)}

    def list_users(
        self, PathPrefix: str | None = None, Marker: str | None = None, MaxItems: int | None = None
    ) -> dict[str, Any]:
        return self.page("Users", self.users, self.shown_user, Marker, MaxItems, starting(PathPrefix))

    def update_user(self, UserName: str, NewPath: str | None = None, NewUserName: str | None = None) -> None:
        user = self.user(UserName)
        if NewUserName is not None and NewUserName.lower() != user.key:
            self.taken(self.users, NewUserName, f"User with name {NewUserName} already exists.")
        earlier = user.key
        del self.users[earlier]
        user.path = NewPath or user.path
        user.name = NewUserName or user.name
        self.users[user.key] = user
        for group in user.groups.values():
            del group.members[earlier]
            group.members[user.key] = user
        for key in user.access_keys:
            self.cloud.credentials.rename(key, user.arn)
        for device in user.devices.values():
            self.cloud.credentials.enrol(device.serial, Enrolment(user.arn, device.seed, device.shift))

    def delete_user(self, UserName: str) -> None:
        user = self.user(UserName)
        for left, what in (
            (user.groups, "remove users from group"),
            (user.inline, "delete policies"),
            (user.attached, "detach all policies"),
            (user.access_keys, "delete access keys"),
            (user.login, "delete login profile"),
            (user.devices, "delete MFA device"),
            (user.certificates, "delete certificates"),
            (user.ssh_keys or user.service_credentials, "remove referenced objects"),
        ):
            if left:
                raise conflict(f"Cannot delete entity, must {what} first.")
        self.bound(user, None)
        del self.users[user.key]
        self.limits.used("users-per-account", len(self.users))

    def shown_user(self, user: User, details: bool = False) -> dict[str, Any]:
        shown = {
            "Path": user.path,
            "UserName": user.name,
            "UserId": user.id,
            "Arn": user.arn,
            "CreateDate": user.created,
        }
        if details:
            shown["PermissionsBoundary"] = shown_boundary(user.boundary)
            shown["Tags"] = none_if_empty(user.tags.as_list())
        return shown

    # --- boundaries

    def put_user_permissions_boundary(self, UserName: str, PermissionsBoundary: str) -> None:
        user = self.user(UserName)
        self.check_boundary(PermissionsBoundary)
        self.bound(user, PermissionsBoundary)

    def delete_user_permissions_boundary(self, UserName: str) -> None:
        user = self.user(UserName)
        if user.boundary is None:
            raise no_such(f"Permissions boundary for user {UserName} cannot be found.")
        self.bound(user, None)

    # --- tags

    def tag_user(self, UserName: str, Tags: TagList) -> None:
        self.tag(self.user(UserName), Tags)

    def untag_user(self, UserName: str, TagKeys: list[str]) -> None:
        self.untag(self.user(UserName), TagKeys)

    def list_user_tags(self, UserName: str, Marker: str | None = None, MaxItems: int | None = None) -> dict[str, Any]:
        return self.list_tags(self.user(UserName), Marker, MaxItems)

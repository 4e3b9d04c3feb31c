"""Groups and who is in them."""

from __future__ import annotations

from typing import Any

from awsim.services.iam.operations.common import starting
from awsim.services.iam.operations.users import UserOperations
from awsim.services.iam.records import Group
from awsim.services.iam.refusals import conflict
from awsim.state import Tags


class GroupOperations(UserOperations):
    def create_group(self, GroupName: str, Path: str = "/") -> dict[str, Any]:
        self.taken(self.groups, GroupName, f"Group with name {GroupName} already exists.")
        self.limits.quota("groups-per-account", len(self.groups))
        group = Group(self.arn("group"), Path, GroupName, self.new_id("AGPA"), self.now(), Tags())
        self.groups[group.key] = group
        return {"Group": shown_group(group)}

    def get_group(self, GroupName: str, Marker: str | None = None, MaxItems: int | None = None) -> dict[str, Any]:
        group = self.group(GroupName)
        return {"Group": shown_group(group), **self.page("Users", group.members, self.shown_user, Marker, MaxItems)}

    def list_groups(
        self, PathPrefix: str | None = None, Marker: str | None = None, MaxItems: int | None = None
    ) -> dict[str, Any]:
        return self.page("Groups", self.groups, shown_group, Marker, MaxItems, starting(PathPrefix))

    def update_group(self, GroupName: str, NewPath: str | None = None, NewGroupName: str | None = None) -> None:
        group = self.group(GroupName)
        if NewGroupName is not None and NewGroupName.lower() != group.key:
            self.taken(self.groups, NewGroupName, f"Group with name {NewGroupName} already exists.")
        earlier = group.key
        del self.groups[earlier]
        group.path = NewPath or group.path
        group.name = NewGroupName or group.name
        self.groups[group.key] = group
        for user in group.members.values():
            del user.groups[earlier]
            self.changing(user)
            user.groups[group.key] = group

    def delete_group(self, GroupName: str) -> None:
        group = self.group(GroupName)
        for left, what in (
            (group.members, "remove users from group"),
            (group.inline, "delete policies"),
            (group.attached, "detach all policies"),
        ):
            if left:
                raise conflict(f"Cannot delete entity, must {what} first.")
        del self.groups[group.key]
        self.limits.used("groups-per-account", len(self.groups))

    # --- members

    def add_user_to_group(self, GroupName: str, UserName: str) -> None:
        group, user = self.group(GroupName), self.user(UserName)
        if group.key in user.groups:
            return
        self.limits.quota("groups-per-user", len(user.groups), user.name)
        self.changing(user)
        user.groups[group.key] = group
        group.members[user.key] = user

    def remove_user_from_group(self, GroupName: str, UserName: str) -> None:
        group, user = self.group(GroupName), self.user(UserName)
        if group.key in user.groups:
            self.changing(user)
            del user.groups[group.key]
            del group.members[user.key]
            self.limits.used("groups-per-user", len(user.groups), user.name)

    def list_groups_for_user(
        self, UserName: str, Marker: str | None = None, MaxItems: int | None = None
    ) -> dict[str, Any]:
        return self.page("Groups", self.user(UserName).groups, shown_group, Marker, MaxItems)


def shown_group(group: Group) -> dict[str, Any]:
    return {
        "Path": group.path,
        "GroupName": group.name,
        "GroupId": group.id,
        "Arn": group.arn,
        "CreateDate": group.created,
    }

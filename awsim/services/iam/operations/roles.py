"""Roles and instance profiles."""

from __future__ import annotations

from typing import Any

from awsim.services.iam.journal import session_arn
from awsim.services.iam.operations.common import TagList, none_if_empty, shown_boundary, starting
from awsim.services.iam.operations.groups import GroupOperations
from awsim.services.iam.records import InstanceProfile, Role
from awsim.services.iam.refusals import conflict, no_such, protected
from awsim.state import Tags as TagMap


class RoleOperations(GroupOperations):
    def create_role(
        self,
        RoleName: str,
        AssumeRolePolicyDocument: str,
        Path: str = "/",
        Description: str | None = None,
        MaxSessionDuration: int | None = None,
        PermissionsBoundary: str | None = None,
        Tags: TagList = (),
    ) -> dict[str, Any]:
        self.taken(self.roles, RoleName, f"Role with name {RoleName} already exists.")
        self.check_trust(AssumeRolePolicyDocument)
        if PermissionsBoundary is not None:
            self.check_boundary(PermissionsBoundary)
        tags = self.tagged(TagMap(), Tags)
        role = self.add_role(
            RoleName, Path, tags, AssumeRolePolicyDocument, Description or None, session=MaxSessionDuration
        )
        if PermissionsBoundary is not None:
            self.bound(role, PermissionsBoundary)
        return {"Role": {**self.shown_role(role), **self._details(role)}}

    def add_role(
        self,
        name: str,
        path: str,
        tags: TagMap,
        trust: str,
        description: str | None,
        *,
        session: int | None = None,
        linked: str = "",
    ) -> Role:
        self.limits.quota("roles-per-account", len(self.roles))
        longest = session or self.limits["role-session-default"]
        id = self.new_id("AROA", f"role/{name}")
        given = (self.arn("role"), path, name, id, self.now(), tags)
        role = Role(*given, trust=trust, description=description, session=longest, linked=linked)
        self.roles[role.key] = role
        return role

    def get_role(self, RoleName: str) -> dict[str, Any]:
        role = self.role(RoleName)
        self.visible(role, f"The role with name {RoleName} cannot be found.")
        shown = {**self.shown_role(role, listed=True), **self._details(role)}
        if self.caller.service is None:
            shown["RoleLastUsed"] = self.last_used(role)
        return {"Role": shown}

    def list_roles(
        self, PathPrefix: str | None = None, Marker: str | None = None, MaxItems: int | None = None
    ) -> dict[str, Any]:
        def show(role: Role) -> dict[str, Any]:
            return self.shown_role(role, listed=True)

        return self.page("Roles", self.roles, show, Marker, MaxItems, starting(PathPrefix))

    def update_role(self, RoleName: str, Description: str | None = None, MaxSessionDuration: int | None = None) -> None:
        role = self.role(RoleName)
        if role.linked and MaxSessionDuration is not None:
            raise protected(role.name)
        if Description is not None:
            role.description = Description or None
        if MaxSessionDuration is not None:
            role.session = MaxSessionDuration

    def update_role_description(self, RoleName: str, Description: str) -> dict[str, Any]:
        role = self.role(RoleName)
        role.description = Description or None
        return {"Role": self.shown_role(role, listed=True)}

    def update_assume_role_policy(self, RoleName: str, PolicyDocument: str) -> None:
        role = self.own_role(RoleName)
        self.check_trust(PolicyDocument)
        self.changing(role)
        role.trust = PolicyDocument

    def delete_role(self, RoleName: str) -> None:
        role = self.own_role(RoleName)
        for left, what in (
            (role.profiles, "remove roles from instance profile"),
            (role.inline, "delete policies"),
            (role.attached, "detach all policies"),
        ):
            if left:
                raise conflict(f"Cannot delete entity, must {what} first.")
        self.remove_role(role)

    def remove_role(self, role: Role) -> None:
        self.bound(role, None)
        del self.roles[role.key]
        self.limits.used("roles-per-account", len(self.roles))

    def shown_role(self, role: Role, listed: bool = False) -> dict[str, Any]:
        shown = {
            "Path": role.path,
            "RoleName": role.name,
            "RoleId": role.id,
            "Arn": role.arn,
            "CreateDate": role.created,
            "AssumeRolePolicyDocument": self.shown_document(role.trust),
            "Description": role.description,
        }
        if listed or role.session != self.limits["role-session-default"]:
            shown["MaxSessionDuration"] = role.session
        return shown

    @staticmethod
    def _details(role: Role) -> dict[str, Any]:
        return {
            "PermissionsBoundary": shown_boundary(role.boundary),
            "Tags": none_if_empty(role.tags.as_list()),
        }

    def last_used(self, role: Role) -> dict[str, Any]:
        use = self.uses.of(session_arn(self.partition, self.account, role.name), role.created)
        return {} if use is None else {"LastUsedDate": int(use.time), "Region": use.region}

    # --- boundaries

    def put_role_permissions_boundary(self, RoleName: str, PermissionsBoundary: str) -> None:
        role = self.own_role(RoleName)
        self.check_boundary(PermissionsBoundary)
        self.bound(role, PermissionsBoundary)

    def delete_role_permissions_boundary(self, RoleName: str) -> None:
        role = self.own_role(RoleName)
        if role.boundary is None:
            raise no_such(f"Permissions boundary for role {RoleName} cannot be found.")
        self.bound(role, None)

    # --- tags

    def tag_role(self, RoleName: str, Tags: TagList) -> None:
        self.tag(self.own_role(RoleName), Tags)

    def untag_role(self, RoleName: str, TagKeys: list[str]) -> None:
        self.untag(self.own_role(RoleName), TagKeys)

    def list_role_tags(self, RoleName: str, Marker: str | None = None, MaxItems: int | None = None) -> dict[str, Any]:
        return self.list_tags(self.role(RoleName), Marker, MaxItems)

    # --- instance profiles

    def create_instance_profile(self, InstanceProfileName: str, Path: str = "/", Tags: TagList = ()) -> dict[str, Any]:
        self.taken(self.profiles, InstanceProfileName, f"Instance Profile {InstanceProfileName} already exists.")
        tags = self.tagged(TagMap(), Tags)
        self.limits.quota("instance-profiles-per-account", len(self.profiles))
        arn = self.arn("instance-profile")
        profile = InstanceProfile(arn, Path, InstanceProfileName, self.new_id("AIPA"), self.now(), tags)
        self.profiles[profile.key] = profile
        return {"InstanceProfile": self.shown_profile(profile, tags=True)}

    def get_instance_profile(self, InstanceProfileName: str) -> dict[str, Any]:
        profile = self.profile(InstanceProfileName)
        self.visible(profile, f"Instance Profile {InstanceProfileName} cannot be found.")
        return {"InstanceProfile": self.shown_profile(profile, tags=True)}

    def list_instance_profiles(
        self, PathPrefix: str | None = None, Marker: str | None = None, MaxItems: int | None = None
    ) -> dict[str, Any]:
        having = starting(PathPrefix)
        return self.page("InstanceProfiles", self.profiles, self.shown_profile, Marker, MaxItems, having)

    def list_instance_profiles_for_role(
        self, RoleName: str, Marker: str | None = None, MaxItems: int | None = None
    ) -> dict[str, Any]:
        profiles = self.role(RoleName).profiles
        return self.page("InstanceProfiles", profiles, self.shown_profile, Marker, MaxItems)

    def add_role_to_instance_profile(self, InstanceProfileName: str, RoleName: str) -> None:
        profile, role = self.profile(InstanceProfileName), self.own_role(RoleName)
        self.limits.quota("roles-per-instance-profile", len(profile.roles), profile.name)
        profile.roles[role.key] = role
        role.profiles[profile.key] = profile

    def remove_role_from_instance_profile(self, InstanceProfileName: str, RoleName: str) -> None:
        profile, role = self.profile(InstanceProfileName), self.role(RoleName)
        if role.key not in profile.roles:
            raise no_such(f"Role {RoleName} in Instance Profile {InstanceProfileName} cannot be found.")
        del profile.roles[role.key]
        del role.profiles[profile.key]
        self.limits.used("roles-per-instance-profile", len(profile.roles), profile.name)

    def delete_instance_profile(self, InstanceProfileName: str) -> None:
        profile = self.profile(InstanceProfileName)
        if profile.roles:
            raise conflict("Cannot delete entity, must remove roles from instance profile first.")
        del self.profiles[profile.key]
        self.limits.used("instance-profiles-per-account", len(self.profiles))

    def tag_instance_profile(self, InstanceProfileName: str, Tags: TagList) -> None:
        self.tag(self.profile(InstanceProfileName), Tags)

    def untag_instance_profile(self, InstanceProfileName: str, TagKeys: list[str]) -> None:
        self.untag(self.profile(InstanceProfileName), TagKeys)

    def list_instance_profile_tags(
        self, InstanceProfileName: str, Marker: str | None = None, MaxItems: int | None = None
    ) -> dict[str, Any]:
        return self.list_tags(self.profile(InstanceProfileName), Marker, MaxItems)

    def shown_profile(self, profile: InstanceProfile, tags: bool = False) -> dict[str, Any]:
        return {
            "Path": profile.path,
            "InstanceProfileName": profile.name,
            "InstanceProfileId": profile.id,
            "Arn": profile.arn,
            "CreateDate": profile.created,
            "Roles": [self.shown_role(role) for role in profile.roles.values()],
            "Tags": none_if_empty(profile.tags.as_list()) if tags else None,
        }

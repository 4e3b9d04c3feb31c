"""Inline policies of users, groups and roles."""

from __future__ import annotations

from typing import Any

from awsim.services.iam import policies
from awsim.services.iam.operations.policies import PolicyOperations
from awsim.services.iam.records import Identity, size_of
from awsim.services.iam.refusals import no_such


class InlinePolicyOperations(PolicyOperations):
    # --- users

    def put_user_policy(self, UserName: str, PolicyName: str, PolicyDocument: str) -> None:
        self.put_inline(self.user(UserName), PolicyName, PolicyDocument)

    def get_user_policy(self, UserName: str, PolicyName: str) -> dict[str, Any]:
        return {"UserName": UserName, **self._inline(self.user(UserName), PolicyName)}

    def list_user_policies(
        self, UserName: str, Marker: str | None = None, MaxItems: int | None = None
    ) -> dict[str, Any]:
        return self._inline_names(self.user(UserName), Marker, MaxItems)

    def delete_user_policy(self, UserName: str, PolicyName: str) -> None:
        self._delete_inline(self.user(UserName), PolicyName)

    # --- groups

    def put_group_policy(self, GroupName: str, PolicyName: str, PolicyDocument: str) -> None:
        self.put_inline(self.group(GroupName), PolicyName, PolicyDocument)

    def get_group_policy(self, GroupName: str, PolicyName: str) -> dict[str, Any]:
        return {"GroupName": GroupName, **self._inline(self.group(GroupName), PolicyName)}

    def list_group_policies(
        self, GroupName: str, Marker: str | None = None, MaxItems: int | None = None
    ) -> dict[str, Any]:
        return self._inline_names(self.group(GroupName), Marker, MaxItems)

    def delete_group_policy(self, GroupName: str, PolicyName: str) -> None:
        self._delete_inline(self.group(GroupName), PolicyName)

    # --- roles

    def put_role_policy(self, RoleName: str, PolicyName: str, PolicyDocument: str) -> None:
        self.put_inline(self.own_role(RoleName), PolicyName, PolicyDocument)

    def get_role_policy(self, RoleName: str, PolicyName: str) -> dict[str, Any]:
        return {"RoleName": RoleName, **self._inline(self.role(RoleName), PolicyName)}

    def list_role_policies(
        self, RoleName: str, Marker: str | None = None, MaxItems: int | None = None
    ) -> dict[str, Any]:
        return self._inline_names(self.role(RoleName), Marker, MaxItems)

    def delete_role_policy(self, RoleName: str, PolicyName: str) -> None:
        self._delete_inline(self.own_role(RoleName), PolicyName)

    # --- any of them

    def put_inline(self, identity: Identity, name: str, text: str) -> None:
        policies.check(text, "identity")
        whole = identity.inline_size(without=name) + size_of(text)
        self.limits.check(f"{identity.kind}-policy-size", whole, name=identity.name)
        self.changing(identity)
        identity.inline[name] = text

    def _inline(self, identity: Identity, name: str) -> dict[str, Any]:
        text = self._existing(identity, name)
        return {"PolicyName": name, "PolicyDocument": self.shown_document(text)}

    def _delete_inline(self, identity: Identity, name: str) -> None:
        self._existing(identity, name)
        self.changing(identity)
        del identity.inline[name]

    def _inline_names(self, identity: Identity, marker: str | None, size: int | None) -> dict[str, Any]:
        pairs = [(name, name) for name in identity.inline]
        return self.page("PolicyNames", pairs, lambda name: name, marker, size)

    @staticmethod
    def _existing(identity: Identity, name: str) -> str:
        text = identity.inline.get(name)
        if text is None:
            raise no_such(f"The {identity.kind} policy with name {name} cannot be found.")
        return text

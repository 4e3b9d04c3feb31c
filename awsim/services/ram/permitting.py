"""Permissions: what those with whom a resource is shared may do with it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from awsim.services.ram.catalogue import ResourceType, managed, type_of, types
from awsim.services.ram.common import Common, once
from awsim.services.ram.records import Permission, Share
from awsim.state import Dict, Entity
from awsim.state.pages import number

TagList = Sequence[Mapping[str, str]]
_ELEMENTS = frozenset(("Effect", "Action", "Condition"))


class Replacement(Entity):
    """Work that puts one permission in place of another."""

    __slots__ = ("details", "id", "number", "since")

    def __init__(self, identifier: str, number: int, now: float, details: Mapping[str, Any]) -> None:
        self.id = identifier
        self.number = number
        self.since = now
        self.details = details

    def described(self) -> dict[str, Any]:
        times = {"creationTime": self.since, "lastUpdatedTime": self.since}
        return {"id": self.id, **self.details, "status": "COMPLETED", **times}


class Permitting(Common):
    """AWS manages one permission per type of resource; customers make further ones, in versions."""

    def setup(self) -> None:
        super().setup()
        self.works: dict[tuple[str, str, str], Replacement] = Dict()

    @once
    def create_permission(
        self,
        name: str,
        resourceType: str,
        policyTemplate: str,
        clientToken: str | None = None,
        tags: TagList = (),
    ) -> dict[str, Any]:
        kind = types().get(resourceType)
        if kind is None:
            raise self.error("InvalidParameterException", f"The resource type {resourceType} is not valid.")
        self._check_template(kind, policyTemplate)
        own = [each for each in self.permissions.values() if (each.owner, each.region) == (self.who, self.where)]
        if any(each.name == name for each in own):
            raise self.error("PermissionAlreadyExistsException", f"A permission with the name {name} already exists.")
        self.bounds.quota("permissions", len(own))
        arn = self.arn(f"permission/{name}", region=self.where, account=self.who)
        now = self.clock.time()
        made = Permission(arn, name, resourceType, self.who, self.where, self.next_number(), now)
        made.tags = self.tagged(made, tags)
        made.add(policyTemplate, now)
        self.permissions[arn] = made
        return {"permission": made.summary(1)}

    @once
    def create_permission_version(
        self, permissionArn: str, policyTemplate: str, clientToken: str | None = None
    ) -> dict[str, Any]:
        found = self.permission_at(permissionArn)
        self._check_template(types()[found.type], policyTemplate)
        self.bounds.quota("permission-versions", len(found.versions), found.arn)
        return {"permission": found.detail(found.add(policyTemplate, self.clock.time()))}

    @once
    def delete_permission(self, permissionArn: str, clientToken: str | None = None) -> dict[str, Any]:
        found = self.permission_at(permissionArn)
        if any(True for _ in self._users(found.arn)):
            raise self.error("OperationNotPermittedException", "The permission is associated with a resource share.")
        del self.permissions[found.arn]
        return {"returnValue": True, "permissionStatus": "DELETED"}

    @once
    def delete_permission_version(
        self, permissionArn: str, permissionVersion: int, clientToken: str | None = None
    ) -> dict[str, Any]:
        found = self.permission_at(permissionArn)
        self._check_version(found, permissionVersion)
        if permissionVersion == found.default or any(
            version == permissionVersion for _, _, version in self._users(found.arn)
        ):
            raise self.error(
                "OperationNotPermittedException",
                "The version is the default version of the permission or is associated with a resource share.",
            )
        del found.versions[permissionVersion]
        return {"returnValue": True, "permissionStatus": "DELETED"}

    @once
    def set_default_permission_version(
        self, permissionArn: str, permissionVersion: int, clientToken: str | None = None
    ) -> dict[str, Any]:
        found = self.permission_at(permissionArn)
        self._check_version(found, permissionVersion)
        found.default = permissionVersion
        return {"returnValue": True}

    def get_permission(self, permissionArn: str, permissionVersion: int | None = None) -> dict[str, Any]:
        kind = self._managed(permissionArn)
        if kind is not None:
            if permissionVersion not in (None, 1):
                raise self.unknown_permission(permissionArn)
            return {"permission": {**self._summary(kind), "permission": kind.policy}}
        found = self.permission_at(permissionArn)
        version = permissionVersion or found.default
        self._check_version(found, version)
        return {"permission": found.detail(version)}

    def list_permissions(
        self,
        resourceType: str | None = None,
        nextToken: str | None = None,
        maxResults: int | None = None,
        permissionType: str | None = None,
    ) -> dict[str, Any]:
        if resourceType is not None and resourceType.lower() not in {name.lower() for name in types()}:
            raise self.error("InvalidParameterException", f"The resource type {resourceType} is not valid.")
        wanted = permissionType or "ALL"
        found: list[dict[str, Any]] = []
        if wanted != "CUSTOMER_MANAGED":
            found += [self._summary(kind) for kind in types().values()]
        if wanted != "AWS_MANAGED":
            found += [each.summary(each.default) for each in self._own()]
        if resourceType is not None:
            found = [each for each in found if each["resourceType"].lower() == resourceType.lower()]
        return self.page("permissions", found, dict, nextToken, maxResults, lambda each: each["arn"])

    def list_permission_versions(
        self, permissionArn: str, nextToken: str | None = None, maxResults: int | None = None
    ) -> dict[str, Any]:
        kind = self._managed(permissionArn)
        if kind is not None:
            found = [self._summary(kind)]
        else:
            own = self.permission_at(permissionArn)
            found = [own.summary(version) for version in own.versions]
        return self.page("permissions", found, dict, nextToken, maxResults, lambda each: number(int(each["version"])))

    # --- in shares

    @once
    def associate_resource_share_permission(
        self,
        resourceShareArn: str,
        permissionArn: str,
        replace: bool = False,
        clientToken: str | None = None,
        permissionVersion: int | None = None,
    ) -> dict[str, Any]:
        share = self.share_at(resourceShareArn)
        kind, _ = self._kind_and_version(permissionArn, permissionVersion)
        known = share.permissions.get(kind.name)
        if known is not None and known[0] != permissionArn and not replace:
            raise self.error(
                "InvalidParameterException",
                f"A permission for the resource type {kind.name} is already associated with the resource share. To "
                "replace it, set replace to true.",
            )
        self.give(share, permissionArn, permissionVersion)
        return {"returnValue": True}

    @once
    def disassociate_resource_share_permission(
        self, resourceShareArn: str, permissionArn: str, clientToken: str | None = None
    ) -> dict[str, Any]:
        share = self.share_at(resourceShareArn)
        kind, _ = self._kind_and_version(permissionArn, None)
        if share.permissions.get(kind.name, ("",))[0] != permissionArn:
            raise self.unknown_permission(permissionArn)
        if any(type_of(arn) is kind for arn in share.resources):
            raise self.error(
                "InvalidStateTransitionException",
                f"The resource share has resources of the type {kind.name}, which need the permission.",
            )
        del share.permissions[kind.name]
        return {"returnValue": True}

    def give(self, share: Share, permission: str, version: int | None = None) -> None:
        kind, default = self._kind_and_version(permission, version)
        share.permissions[kind.name] = (permission, default)
        share.updated = self.clock.time()

    def list_resource_share_permissions(
        self, resourceShareArn: str, nextToken: str | None = None, maxResults: int | None = None
    ) -> dict[str, Any]:
        share = self.known_share(resourceShareArn)
        if share.owner != self.who and not self.takes_part(self.who, share):
            raise self.unknown_share(resourceShareArn)
        found = [
            {**self._summary_of(arn, version), "status": "ASSOCIATED"} for arn, version in share.permissions.values()
        ]
        return self.page("permissions", found, dict, nextToken, maxResults, lambda each: each["arn"])

    def list_permission_associations(
        self,
        permissionArn: str | None = None,
        permissionVersion: int | None = None,
        associationStatus: str | None = None,
        resourceType: str | None = None,
        featureSet: str | None = None,
        defaultVersion: bool | None = None,
        nextToken: str | None = None,
        maxResults: int | None = None,
    ) -> dict[str, Any]:
        found = []
        for share, arn, version in self._users(permissionArn):
            summary = self._summary_of(arn, version)
            shown = {
                "arn": arn,
                "permissionVersion": str(version),
                "defaultVersion": summary["defaultVersion"],
                "resourceType": summary["resourceType"],
                "status": "ASSOCIATED",
                "featureSet": "STANDARD",
                "lastUpdatedTime": share.updated,
                "resourceShareArn": share.arn,
            }
            if (
                permissionVersion in (None, version)
                and associationStatus in (None, "ASSOCIATED")
                and resourceType in (None, shown["resourceType"])
                and featureSet in (None, "STANDARD")
                and (not defaultVersion or shown["defaultVersion"])
            ):
                found.append(shown)
        return self.page(
            "permissions", found, dict, nextToken, maxResults, lambda each: each["resourceShareArn"] + each["arn"]
        )

    @once
    def replace_permission_associations(
        self,
        fromPermissionArn: str,
        toPermissionArn: str,
        fromPermissionVersion: int | None = None,
        clientToken: str | None = None,
    ) -> dict[str, Any]:
        kind, _ = self._kind_and_version(fromPermissionArn, None)
        target, version = self._kind_and_version(toPermissionArn, None)
        if kind is not target:
            raise self.error("InvalidParameterException", "The permissions are of different resource types.")
        for share, _, used in list(self._users(fromPermissionArn)):
            if fromPermissionVersion in (None, used):
                self.give(share, toPermissionArn)
        details = {
            "fromPermissionArn": fromPermissionArn,
            "fromPermissionVersion": str(fromPermissionVersion) if fromPermissionVersion else None,
            "toPermissionArn": toPermissionArn,
            "toPermissionVersion": str(version),
        }
        work = Replacement(self.ids.uuid("work"), self.next_number(), self.clock.time(), details)
        self.works[self.who, self.where, work.id] = work
        return {"replacePermissionAssociationsWork": {**work.described(), "status": "IN_PROGRESS"}}

    def list_replace_permission_associations_work(
        self,
        workIds: Sequence[str] = (),
        status: str | None = None,
        nextToken: str | None = None,
        maxResults: int | None = None,
    ) -> dict[str, Any]:
        found = [
            work
            for (account, region, identifier), work in self.works.items()
            if (account, region) == (self.who, self.where)
            and (not workIds or identifier in workIds)
            and status in (None, "COMPLETED")
        ]
        return self.page("replacePermissionAssociationsWorks", found, Replacement.described, nextToken, maxResults)

    # --- what operations share

    def _own(self) -> list[Permission]:
        return [each for each in self.permissions.values() if (each.owner, each.region) == (self.who, self.where)]

    def _users(self, arn: str | None) -> Iterator[tuple[Share, str, int]]:
        """The caller's shares that use a permission, with its version; of all permissions for None."""
        for share in self.shares.values():
            if share.gone or (share.owner, share.region) != (self.who, self.where):
                continue
            for used, version in share.permissions.values():
                if arn in (None, used):
                    yield share, used, version

    def _managed(self, arn: str) -> ResourceType | None:
        """The type that AWS's permission of an ARN is for; None for a customer's."""
        if ":aws:permission/" not in arn:
            return None
        kind = managed(arn.rpartition("/")[2])
        if kind is None:
            raise self.unknown_permission(arn)
        return kind

    def _kind_and_version(self, arn: str, version: int | None) -> tuple[ResourceType, int]:
        kind = self._managed(arn)
        if kind is not None:
            return kind, 1
        found = self.permission_at(arn)
        if version not in (None, found.default):
            raise self.error(
                "InvalidParameterException", "You can specify only the version that is the default of the permission."
            )
        return types()[found.type], found.default

    def _summary(self, kind: ResourceType) -> dict[str, Any]:
        arn = self.arn(f"permission/{kind.permission}", region="", account="aws")
        return {
            "arn": arn,
            "version": "1",
            "defaultVersion": True,
            "name": kind.permission,
            "resourceType": kind.name,
            "status": "ATTACHABLE",
            "isResourceTypeDefault": True,
            "permissionType": "AWS_MANAGED",
            "featureSet": "STANDARD",
        }

    def _summary_of(self, arn: str, version: int) -> dict[str, Any]:
        kind = self._managed(arn)
        return self._summary(kind) if kind is not None else self.permissions[arn].summary(version)

    def _check_version(self, permission: Permission, version: int) -> None:
        if version not in permission.versions:
            raise self.error(
                "UnknownResourceException", f"Version {version} of permission {permission.arn} could not be found."
            )

    def _check_template(self, kind: ResourceType, template: str) -> None:
        """Refuse a template that is none: an allowed list of the type's own actions, and conditions."""
        try:
            found = json.loads(template)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict) or not found.keys() <= _ELEMENTS or "Action" not in found:
            raise self.error("MalformedPolicyTemplateException", "The policy template is malformed.")
        if str(found.get("Effect", "")).upper() != "ALLOW":
            raise self.error("MalformedPolicyTemplateException", "Effect of a policy template must be ALLOW.")
        actions = [found["Action"]] if isinstance(found["Action"], str) else found["Action"]
        if not isinstance(actions, list) or not all(isinstance(action, str) for action in actions) or not actions:
            raise self.error("MalformedPolicyTemplateException", "The policy template is malformed.")
        prefixes = {kind.service, *(action.partition(":")[0] for action in kind.actions)}
        for action in actions:
            if action.partition(":")[0] not in prefixes or "*" in action:
                raise self.error(
                    "InvalidPolicyException",
                    f"The action {action} is not supported for the resource type {kind.name}.",
                )

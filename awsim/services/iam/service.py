"""AWS Identity and Access Management (global)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from awsim.services.iam.operations.linked import linked_role_name
from awsim.services.iam.operations.organization import OrganizationOperations
from awsim.services.iam.records import Identity, Resource

# Operations that make what they name: its path is theirs to say.
_MAKERS = frozenset(
    {"CreateUser", "CreateGroup", "CreateRole", "CreateInstanceProfile", "CreatePolicy", "UploadServerCertificate"}
)
# Resource in `awsim/auth/actions/operations/iam.toml` -> the parameter with its name; "new…": after it is renamed.
_NAMED = {
    "user": "UserName",
    "self": "UserName",
    "role": "RoleName",
    "group": "GroupName",
    "profile": "InstanceProfileName",
    "certificate": "ServerCertificateName",
}
_RENAMED = {
    "newuser": ("user", "UserName", "NewPath", "NewUserName"),
    "newgroup": ("group", "GroupName", "NewPath", "NewGroupName"),
    "newcertificate": ("certificate", "ServerCertificateName", "NewPath", "NewServerCertificateName"),
}
_KINDS = {
    "user": "user",
    "role": "role",
    "group": "group",
    "instance-profile": "profile",
    "server-certificate": "certificate",
    "policy": "policy",
}


class IAM(OrganizationOperations):
    """AWS Identity and Access Management.

    Operations are in `operations/`, thin, each module a class that inherits the one before; what users, policies,
    devices and the rest are is in the plain modules beside them.

    Names are unique whatever their case, and found by their exact case. Trust policies may name principals of accounts
    that hold no users or roles here, since nobody can tell what is in those. Last uses are read off the journal. Of
    AWS's own policies the default versions are known; of a hardware MFA device nothing is. Nobody signs in to a
    console: passwords are checked and expire, and are never used.
    """

    def resource_arn(self, name: str, arn: str, params: Mapping[str, Any]) -> str:
        """With the path, which calls tell only of what they make."""
        if name == "linked":
            role = linked_role_name(params.get("AWSServiceName", ""), params.get("CustomSuffix"))
            return arn if role is None else f"{arn[:-1]}{role}"
        if name in _RENAMED:
            kind, old, path, new = _RENAMED[name]
            found = self._stored(kind, params.get(old) or "")
            if found is None:
                return arn
            return f"{found.prefix}{params.get(path) or found.path}{params.get(new) or found.name}"
        if name not in _NAMED or self.request.operation in _MAKERS:
            return arn
        called = params.get(_NAMED[name])
        if called is None and self.caller.type == "root" and name in ("self", "user"):
            return self.root.arn
        if called is None and name == "self":
            found = self._stored("user", arn.rpartition("/")[2])
        else:
            found = self._stored(name, called or "")
        return arn if found is None else found.arn

    def condition_value(self, key: str, resource: str) -> Any:
        if key == "iam:permissionsboundary" and self.request.operation not in _MAKERS:
            found = self._at(resource)
            return found.boundary if isinstance(found, Identity) else None
        return None

    def tags_of(self, arn: str) -> Mapping[str, str] | None:
        found = self._at(arn) or self.devices.get(arn) or self.saml.get(arn) or self.oidc.get(arn)
        return None if found is None else found.tags.as_dict()

    def _at(self, arn: str) -> Resource | None:
        """The user, role, group, profile, certificate or customer managed policy of an ARN."""
        kind, _, name = arn.rpartition(":")[2].partition("/")
        found = self._stored(_KINDS.get(kind, ""), name.rpartition("/")[2])
        return found if found is not None and found.arn == arn else None

    def _stored(self, kind: str, name: str) -> Any:
        stores = {
            "user": self.users,
            "self": self.users,
            "role": self.roles,
            "group": self.groups,
            "profile": self.profiles,
            "certificate": self.server_certificates,
            "policy": self.policies,
        }
        store = stores.get(kind)
        found = None if store is None else store.get(name.lower())
        return found if found is not None and found.name == name else None

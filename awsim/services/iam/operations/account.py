"""The account: alias, summary, authorization details, preferences."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any

from awsim.services.iam.operations.common import none_if_empty, read_marker, shown_boundary, write_marker
from awsim.services.iam.operations.linked import LinkedRoleOperations
from awsim.services.iam.records import Group, Identity, ManagedPolicy, Role, User
from awsim.services.iam.refusals import exists, no_such

# Nobody's account: its IAM keeps the aliases of all, which are unique among the accounts of a partition.
_NOBODY = "000000000000"


class AccountOperations(LinkedRoleOperations):
    # --- alias

    def create_account_alias(self, AccountAlias: str) -> None:
        """An account has one alias: a new one takes the place of the earlier."""
        aliases = self.at(account=_NOBODY).aliases
        if AccountAlias in aliases:
            raise exists(f"The account alias {AccountAlias} already exists.")
        if self.settings.alias is not None:
            del aliases[self.settings.alias]
        aliases[AccountAlias] = self.account
        self.settings.alias = AccountAlias

    def delete_account_alias(self, AccountAlias: str) -> None:
        if self.settings.alias != AccountAlias:
            raise no_such(f"The account alias {AccountAlias} cannot be found.")
        del self.at(account=_NOBODY).aliases[AccountAlias]
        self.settings.alias = None

    def list_account_aliases(self, Marker: str | None = None, MaxItems: int | None = None) -> dict[str, Any]:
        alias = self.settings.alias
        pairs = [] if alias is None else [(alias, alias)]
        return self.page("AccountAliases", pairs, lambda each: each, Marker, MaxItems)

    # --- preferences

    def set_security_token_service_preferences(self, GlobalEndpointTokenVersion: str) -> None:
        self.settings.token_version = int(GlobalEndpointTokenVersion[1])

    def enable_outbound_web_identity_federation(self) -> dict[str, Any]:
        if self.settings.federation is not None:
            raise self.error("FeatureEnabled")
        self.settings.federation = f"https://{self.ids.uuid('issuer')}.tokens.sts.global.api.aws"
        return {"IssuerIdentifier": self.settings.federation}

    def get_outbound_web_identity_federation_info(self) -> dict[str, Any]:
        if self.settings.federation is None:
            raise self.error("FeatureDisabled")
        return {"IssuerIdentifier": self.settings.federation, "JwtVendingEnabled": True}

    def disable_outbound_web_identity_federation(self) -> None:
        if self.settings.federation is None:
            raise self.error("FeatureDisabled")
        self.settings.federation = None

    # --- summary

    def get_account_summary(self) -> dict[str, Any]:
        limits, root = self.limits, self.root
        in_use = sum(device.user is not None for device in self.devices.values())
        versions = sum(len(policy.versions) for policy in self.policies.values())
        return {
            "SummaryMap": {
                "Users": len(self.users),
                "UsersQuota": limits["users-per-account"],
                "Groups": len(self.groups),
                "GroupsQuota": limits["groups-per-account"],
                "Roles": len(self.roles),
                "RolesQuota": limits["roles-per-account"],
                "InstanceProfiles": len(self.profiles),
                "InstanceProfilesQuota": limits["instance-profiles-per-account"],
                "Policies": len(self.policies),
                "PoliciesQuota": limits["policies-per-account"],
                "PolicySizeQuota": limits["managed-policy-size"],
                "PolicyVersionsInUse": versions,
                "PolicyVersionsInUseQuota": limits["policy-versions-per-account"],
                "VersionsPerPolicyQuota": limits["versions-per-policy"],
                "ServerCertificates": len(self.server_certificates),
                "ServerCertificatesQuota": limits["server-certificates-per-account"],
                "Providers": len(self.saml) + len(self.oidc),
                "MFADevices": len(self.devices),
                "MFADevicesInUse": in_use,
                "AccountMFAEnabled": int(bool(root.devices)),
                "AccountAccessKeysPresent": int(bool(root.access_keys)),
                "AccountPasswordPresent": 1,
                "AccountSigningCertificatesPresent": int(bool(root.certificates)),
                "UserPolicySizeQuota": limits["user-policy-size"],
                "GroupPolicySizeQuota": limits["group-policy-size"],
                "RolePolicySizeQuota": limits["role-policy-size"],
                "AssumeRolePolicySizeQuota": limits["trust-policy-size"],
                "GroupsPerUserQuota": limits["groups-per-user"],
                "AccessKeysPerUserQuota": limits["access-keys-per-user"],
                "SigningCertificatesPerUserQuota": limits["signing-certificates-per-user"],
                "AttachedPoliciesPerUserQuota": limits["policies-per-user"],
                "AttachedPoliciesPerGroupQuota": limits["policies-per-group"],
                "AttachedPoliciesPerRoleQuota": limits["policies-per-role"],
                "GlobalEndpointTokenVersion": self.settings.token_version,
            }
        }

    # --- details of everything

    def get_account_authorization_details(
        self, Filter: Sequence[str] = (), MaxItems: int | None = None, Marker: str | None = None
    ) -> dict[str, Any]:
        last = "" if Marker is None else read_marker(Marker)
        size = MaxItems or self.limits["page-size"] or 100
        wanted = ((key, member, detail) for key, member, detail in self._everything(Filter) if key > last)
        found = list(islice(wanted, size + 1))
        answer: dict[str, Any] = {
            "UserDetailList": [],
            "GroupDetailList": [],
            "RoleDetailList": [],
            "Policies": [],
            "IsTruncated": len(found) > size,
        }
        for _, member, record in found[:size]:
            answer[member].append(_DETAILS[member](self, record))
        if len(found) > size:
            answer["Marker"] = write_marker(found[size - 1][0])
        return answer

    def _everything(self, kinds: Sequence[str]) -> Iterator[tuple[str, str, Any]]:
        """(key to page by, member of the answer, record), in order of keys."""
        stores = (
            ("User", "UserDetailList", self.users),
            ("Group", "GroupDetailList", self.groups),
            ("Role", "RoleDetailList", self.roles),
            ("LocalManagedPolicy", "Policies", self.policies),
        )
        for number, (kind, member, store) in enumerate(stores):
            if not kinds or kind in kinds:
                for key, record in store.items():
                    yield f"{number}/{key}", member, record
        if not kinds or "AWSManagedPolicy" in kinds:
            # Of AWS's policies those that are in use.
            prefix = f"arn:{self.partition}:iam::aws:"
            used = {arn for store in (self.attached, self.bounded) for arn, by in store.items() if by}
            for arn in sorted(arn for arn in used if arn.startswith(prefix)):
                yield f"4/{arn}", "Policies", self.any_policy(arn)

    def _user_detail(self, user: User) -> dict[str, Any]:
        return {
            **self.shown_user(user, details=True),
            "UserPolicyList": none_if_empty(self._inline_details(user)),
            "GroupList": [group.name for group in user.groups.values()],
            "AttachedManagedPolicies": self._attached_details(user),
        }

    def _group_detail(self, group: Group) -> dict[str, Any]:
        return {
            "Path": group.path,
            "GroupName": group.name,
            "GroupId": group.id,
            "Arn": group.arn,
            "CreateDate": group.created,
            "GroupPolicyList": self._inline_details(group),
            "AttachedManagedPolicies": self._attached_details(group),
        }

    def _role_detail(self, role: Role) -> dict[str, Any]:
        shown = self.shown_role(role)
        for name in ("Description", "MaxSessionDuration"):
            shown.pop(name, None)
        return {
            **shown,
            "InstanceProfileList": [self.shown_profile(profile) for profile in role.profiles.values()],
            "RolePolicyList": self._inline_details(role),
            "AttachedManagedPolicies": self._attached_details(role),
            "PermissionsBoundary": shown_boundary(role.boundary),
            "Tags": role.tags.as_list(),
            "RoleLastUsed": self.last_used(role),
        }

    def _policy_detail(self, policy: Any) -> dict[str, Any]:
        if isinstance(policy, ManagedPolicy):
            versions = [
                {"Document": self.shown_document(policy.versions[id][0]), **self._shown_version(policy, id)}
                for id in reversed(list(policy.versions))
            ]
        else:
            text = policy.document
            shown = {"VersionId": policy.default, "IsDefaultVersion": True, "CreateDate": policy.updated}
            versions = [shown if text is None else {**shown, "Document": self.shown_document(text)}]
        return {**self.shown_policy(policy), "PolicyVersionList": versions}

    def _inline_details(self, identity: Identity) -> list[dict[str, Any]]:
        return [
            {"PolicyName": name, "PolicyDocument": self.shown_document(text)} for name, text in identity.inline.items()
        ]

    @staticmethod
    def _attached_details(identity: Identity) -> list[dict[str, str]]:
        return [{"PolicyName": name, "PolicyArn": arn} for arn, name in identity.attached.items()]


_DETAILS: dict[str, Callable[..., dict[str, Any]]] = {
    "UserDetailList": AccountOperations._user_detail,
    "GroupDetailList": AccountOperations._group_detail,
    "RoleDetailList": AccountOperations._role_detail,
    "Policies": AccountOperations._policy_detail,
}

"""Managed policies: AWS's and the account's, their versions, and what they are attached to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from awsim.errors import AWSError
from awsim.services.iam import policies
from awsim.services.iam.aws_policies import AwsPolicy, aws_policies
from awsim.services.iam.operations.common import TagList, none_if_empty, starting
from awsim.services.iam.operations.roles import RoleOperations
from awsim.services.iam.records import Group, Identity, ManagedPolicy, Role, User, size_of
from awsim.services.iam.refusals import conflict, invalid, no_such
from awsim.state import Dict
from awsim.state import Tags as TagMap
from awsim.wire.values import whole


class PolicyOperations(RoleOperations):
    def create_policy(
        self,
        PolicyName: str,
        PolicyDocument: str,
        Path: str = "/",
        Description: str | None = None,
        Tags: TagList = (),
    ) -> dict[str, Any]:
        self.taken(
            self.policies, PolicyName, f"A policy called {PolicyName} already exists. Duplicate names are not allowed."
        )
        self._check_document(PolicyDocument)
        tags = self.tagged(TagMap(), Tags)
        self.limits.quota("policies-per-account", len(self.policies))
        given = (self.arn("policy"), Path, PolicyName, self.new_id("ANPA"), self.now(), tags)
        policy = ManagedPolicy(*given, document=PolicyDocument, description=Description or None)
        self.policies[policy.key] = policy
        return {"Policy": {**self.shown_policy(policy), "Tags": none_if_empty(policy.tags.as_list())}}

    def get_policy(self, PolicyArn: str) -> dict[str, Any]:
        policy = self.any_policy(PolicyArn)
        if isinstance(policy, AwsPolicy):
            return {"Policy": {**self.shown_policy(policy), "Tags": []}}
        self.visible(policy, f"Policy {PolicyArn} was not found.")
        more = {"Description": policy.description, "Tags": policy.tags.as_list()}
        return {"Policy": {**self.shown_policy(policy), **more}}

    def list_policies(
        self,
        Scope: str = "All",
        OnlyAttached: bool = False,
        PathPrefix: str | None = None,
        PolicyUsageFilter: str | None = None,
        Marker: str | None = None,
        MaxItems: int | None = None,
    ) -> dict[str, Any]:
        # The account's own come first; each kind in order of names.
        pairs: list[tuple[str, Any]] = []
        if Scope != "AWS":
            pairs += [(f"0/{key}", policy) for key, policy in self.policies.items()]
        if Scope != "Local":
            pairs += [(f"1/{name}", policy) for name, policy in aws_policies().items()]
        in_path = starting(PathPrefix)

        def having(policy: Any) -> bool:
            if in_path is not None and not in_path(policy):
                return False
            arn = self.policy_arn(policy)
            if OnlyAttached and not self.attached.get(arn):
                return False
            if PolicyUsageFilter == "PermissionsBoundary":
                return bool(self.bounded.get(arn))
            return PolicyUsageFilter is None or bool(self.attached.get(arn))

        return self.page("Policies", pairs, self.shown_policy, Marker, MaxItems, having)

    def delete_policy(self, PolicyArn: str) -> None:
        policy = self.own_policy(PolicyArn)
        if self.attached.get(PolicyArn) or self.bounded.get(PolicyArn):
            raise conflict("Cannot delete a policy attached to entities.")
        if len(policy.versions) > 1:
            raise conflict(
                "This policy has more than one version. Before you delete a policy, you must delete the policy's "
                "versions. The default version is deleted with the policy."
            )
        del self.policies[policy.key]
        self.limits.used("policies-per-account", len(self.policies))

    # --- versions

    def create_policy_version(self, PolicyArn: str, PolicyDocument: str, SetAsDefault: bool = False) -> dict[str, Any]:
        policy = self.own_policy(PolicyArn)
        self._check_document(PolicyDocument)
        self.limits.quota("versions-per-policy", len(policy.versions), policy.name)
        id = policy.add(PolicyDocument, self.now())
        if SetAsDefault:
            self.changing_policy(PolicyArn)
            policy.default = id
        policy.updated = self.now()
        return {"PolicyVersion": self._shown_version(policy, id)}

    def get_policy_version(self, PolicyArn: str, VersionId: str) -> dict[str, Any]:
        policy = self.any_policy(PolicyArn)
        if isinstance(policy, AwsPolicy):
            return {"PolicyVersion": self._shown_aws_version(policy, VersionId, document=True)}
        self._check_version(policy, VersionId)
        document = self.shown_document(policy.versions[VersionId][0])
        return {"PolicyVersion": {"Document": document, **self._shown_version(policy, VersionId)}}

    def list_policy_versions(
        self, PolicyArn: str, Marker: str | None = None, MaxItems: int | None = None
    ) -> dict[str, Any]:
        policy = self.any_policy(PolicyArn)
        if isinstance(policy, AwsPolicy):
            shown = self._shown_aws_version(policy, policy.default, document=False)
            return {"Versions": [shown], "IsTruncated": False}
        # Newest first.
        pairs = [(f"{10**9 - int(id[1:]):09d}", id) for id in policy.versions]
        return self.page("Versions", pairs, lambda id: self._shown_version(policy, id), Marker, MaxItems)

    def set_default_policy_version(self, PolicyArn: str, VersionId: str) -> None:
        policy = self.own_policy(PolicyArn)
        self._check_version(policy, VersionId)
        self.changing_policy(PolicyArn)
        policy.default = VersionId
        policy.updated = self.now()

    def delete_policy_version(self, PolicyArn: str, VersionId: str) -> None:
        policy = self.own_policy(PolicyArn)
        self._check_version(policy, VersionId)
        if policy.default == VersionId:
            raise conflict("Cannot delete the default version of a policy.")
        del policy.versions[VersionId]
        self.limits.used("versions-per-policy", len(policy.versions), policy.name)

    # --- attaching

    def attach_user_policy(self, UserName: str, PolicyArn: str) -> None:
        self.attach(self.user(UserName), PolicyArn)

    def attach_group_policy(self, GroupName: str, PolicyArn: str) -> None:
        self.attach(self.group(GroupName), PolicyArn)

    def attach_role_policy(self, RoleName: str, PolicyArn: str) -> None:
        self.attach(self.own_role(RoleName), PolicyArn)

    def detach_user_policy(self, UserName: str, PolicyArn: str) -> None:
        self.detach(self.user(UserName), PolicyArn)

    def detach_group_policy(self, GroupName: str, PolicyArn: str) -> None:
        self.detach(self.group(GroupName), PolicyArn)

    def detach_role_policy(self, RoleName: str, PolicyArn: str) -> None:
        self.detach(self.own_role(RoleName), PolicyArn)

    def list_attached_user_policies(
        self, UserName: str, PathPrefix: str | None = None, Marker: str | None = None, MaxItems: int | None = None
    ) -> dict[str, Any]:
        return self._attachments(self.user(UserName), PathPrefix, Marker, MaxItems)

    def list_attached_group_policies(
        self, GroupName: str, PathPrefix: str | None = None, Marker: str | None = None, MaxItems: int | None = None
    ) -> dict[str, Any]:
        return self._attachments(self.group(GroupName), PathPrefix, Marker, MaxItems)

    def list_attached_role_policies(
        self, RoleName: str, PathPrefix: str | None = None, Marker: str | None = None, MaxItems: int | None = None
    ) -> dict[str, Any]:
        return self._attachments(self.role(RoleName), PathPrefix, Marker, MaxItems)

    def list_entities_for_policy(
        self,
        PolicyArn: str,
        EntityFilter: str | None = None,
        PathPrefix: str | None = None,
        PolicyUsageFilter: str | None = None,
        Marker: str | None = None,
        MaxItems: int | None = None,
    ) -> dict[str, Any]:
        self.any_policy(PolicyArn)
        found: dict[str, Identity] = {}
        for store, usage in ((self.attached, "PermissionsPolicy"), (self.bounded, "PermissionsBoundary")):
            if PolicyUsageFilter in (None, usage):
                found.update(store.get(PolicyArn, {}))
        wanted = {"User": User, "Role": Role, "Group": Group}.get(EntityFilter or "", Identity)
        if EntityFilter in ("LocalManagedPolicy", "AWSManagedPolicy"):
            wanted = ManagedPolicy  # type: ignore[assignment]
        in_path = starting(PathPrefix)
        pairs = [
            (f"{type(entity).__name__}/{entity.key}", entity)
            for entity in found.values()
            if isinstance(entity, wanted) and (in_path is None or in_path(entity))
        ]
        page = self.page("entities", pairs, lambda entity: entity, Marker, MaxItems)
        entities = page.pop("entities")
        return {
            "PolicyGroups": [{"GroupName": e.name, "GroupId": e.id} for e in entities if isinstance(e, Group)],
            "PolicyUsers": [{"UserName": e.name, "UserId": e.id} for e in entities if isinstance(e, User)],
            "PolicyRoles": [{"RoleName": e.name, "RoleId": e.id} for e in entities if isinstance(e, Role)],
            **page,
        }

    def attach(self, identity: Identity, arn: str) -> None:
        name = self.attachable(arn)
        if arn in identity.attached:
            return
        self.limits.quota(f"policies-per-{identity.kind}", len(identity.attached), identity.name)
        self.hang(identity, arn, name)

    def hang(self, identity: Identity, arn: str, name: str) -> None:
        """Attach without asking whether that is allowed: as services do with their linked roles."""
        self.changing(identity)
        identity.attached[arn] = name
        self.attached.setdefault(arn, Dict())[identity.id] = identity

    def detach(self, identity: Identity, arn: str) -> None:
        policies.read_arn(arn)
        if arn not in identity.attached:
            raise no_such(f"Policy {arn} was not found.")
        self.changing(identity)
        del identity.attached[arn]
        self.attached[arn].pop(identity.id)
        self.limits.used(f"policies-per-{identity.kind}", len(identity.attached), identity.name)

    def _attachments(
        self, identity: Identity, prefix: str | None, marker: str | None, size: int | None
    ) -> dict[str, Any]:
        pairs = [
            (name + arn, {"PolicyName": name, "PolicyArn": arn})
            for arn, name in identity.attached.items()
            if prefix in (None, "/") or policies.read_arn(arn).path.startswith(prefix)
        ]
        return self.page("AttachedPolicies", pairs, lambda policy: policy, marker, size)

    # --- tags

    def tag_policy(self, PolicyArn: str, Tags: TagList) -> None:
        self.tag(self.own_policy(PolicyArn), Tags)

    def untag_policy(self, PolicyArn: str, TagKeys: list[str]) -> None:
        self.untag(self.own_policy(PolicyArn), TagKeys)

    def list_policy_tags(
        self, PolicyArn: str, Marker: str | None = None, MaxItems: int | None = None
    ) -> dict[str, Any]:
        policy = self.any_policy(PolicyArn)
        if isinstance(policy, AwsPolicy):
            raise invalid("Policies managed by AWS have no tags.")
        return self.list_tags(policy, Marker, MaxItems)

    # --- look-ups

    def own_policy(self, arn: str) -> ManagedPolicy:
        """A policy that the account may change; raises AccessDenied for those of AWS."""
        policy = self.any_policy(arn)
        if isinstance(policy, AwsPolicy):
            action = f"iam:{self.request.operation}"
            who = self.caller.arn
            raise self.error("AccessDenied", f"User: {who} is not authorized to perform: {action} on resource: {arn}")
        return policy

    def policy_arn(self, policy: ManagedPolicy | AwsPolicy) -> str:
        if isinstance(policy, AwsPolicy):
            return f"arn:{self.partition}:iam::aws:policy{policy.path}{policy.name}"
        return policy.arn

    def _check_document(self, text: str) -> None:
        policies.check(text, "managed")
        self.limits.check("managed-policy-size", size_of(text))

    def _check_version(self, policy: ManagedPolicy, id: str) -> None:
        if id not in policy.versions:
            raise self._no_version(self.policy_arn(policy), id)

    @staticmethod
    def _no_version(arn: str, id: str) -> AWSError:
        return no_such(f"Policy {arn} version {id} does not exist or is not attachable.")

    # --- answers

    def shown_policy(self, policy: ManagedPolicy | AwsPolicy) -> dict[str, Any]:
        arn = self.policy_arn(policy)
        return {
            "PolicyName": policy.name,
            "PolicyId": policy.id,
            "Arn": arn,
            "Path": policy.path,
            "DefaultVersionId": policy.default,
            "AttachmentCount": len(self.attached.get(arn, ())),
            "PermissionsBoundaryUsageCount": len(self.bounded.get(arn, ())),
            "IsAttachable": True,
            "CreateDate": policy.created,
            "UpdateDate": policy.updated,
        }

    @staticmethod
    def _shown_version(policy: ManagedPolicy, id: str) -> dict[str, Any]:
        return {
            "VersionId": id,
            "IsDefaultVersion": policy.default == id,
            "CreateDate": policy.versions[id][1],
        }

    def _shown_aws_version(self, policy: AwsPolicy, id: str, *, document: bool) -> Mapping[str, Any]:
        if not 1 <= whole(id[1:].partition(".")[0]) <= int(policy.default[1:]):
            raise self._no_version(self.policy_arn(policy), id)
        if id != policy.default:
            self.not_modelled(f"version {id} of AWS's managed policy {policy.name}: only its default one is known")
        shown = {"VersionId": id, "IsDefaultVersion": True, "CreateDate": policy.updated}
        if document:
            shown["Document"] = self.shown_document(self.document_of(self.policy_arn(policy)))
        return shown

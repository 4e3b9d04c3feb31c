"""Permission sets and the policies in them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from awsim.auth.policy import PolicyError, parse
from awsim.errors import AWSError
from awsim.services.sso_admin.common import PRINCIPAL, Common
from awsim.services.sso_admin.records import Instance, PermissionSet
from awsim.state.tags import tag_map

TagList = Sequence[Mapping[str, str]]
_DURATION = re.compile(
    r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?"
)
_SECONDS = (31_536_000, 2_592_000, 604_800, 86_400, 3_600, 60, 1)


class PermissionSets(Common):
    """What an account's role gets is a copy: a change reaches it when the permission set is provisioned again."""

    def create_permission_set(
        self,
        Name: str,
        InstanceArn: str,
        Description: str | None = None,
        SessionDuration: str | None = None,
        RelayState: str | None = None,
        Tags: TagList = (),
    ) -> dict[str, Any]:
        instance = self.with_permission_sets(InstanceArn)
        duration = SessionDuration or str(self.limits["default-session-duration"])
        self._check_duration(duration)
        if any(each.name == Name for each in instance.permission_sets.values()):
            raise self.conflict(f"PermissionSet with name {Name} already exists.")
        self.limits.quota("permission-sets", len(instance.permission_sets), instance.id)
        arn = self.arn(f"permissionSet/{instance.id}/ps-{self.ids.hex('permission-set', 16)}", account="")
        made = PermissionSet(Name, arn, instance.number(), self.clock.time(), duration)
        made.description, made.relay = Description, RelayState
        made.tags = made.tags.with_(self, tag_map(Tags), invalid="ValidationException")
        instance.permission_sets[arn] = made
        return {"PermissionSet": made.described()}

    def describe_permission_set(self, InstanceArn: str, PermissionSetArn: str) -> dict[str, Any]:
        return {"PermissionSet": self._found(InstanceArn, PermissionSetArn).described()}

    def update_permission_set(
        self,
        InstanceArn: str,
        PermissionSetArn: str,
        Description: str | None = None,
        SessionDuration: str | None = None,
        RelayState: str | None = None,
    ) -> dict[str, Any]:
        found = self._found(InstanceArn, PermissionSetArn)
        if SessionDuration is not None:
            self._check_duration(SessionDuration)
            found.duration = SessionDuration
        if Description is not None:
            found.description = Description
        if RelayState is not None:
            found.relay = RelayState
        found.changed()
        return {}

    def delete_permission_set(self, InstanceArn: str, PermissionSetArn: str) -> dict[str, Any]:
        instance = self.with_permission_sets(InstanceArn)
        found = self.permission_set(instance, PermissionSetArn)
        if found.roles or any(key[1] == found.arn for key in instance.assignments):
            raise self.conflict("PermissionSet has ApplicationProfile associated with it.")
        del instance.permission_sets[found.arn]
        self.limits.used("permission-sets", len(instance.permission_sets), instance.id)
        return {}

    def list_permission_sets(
        self, InstanceArn: str, NextToken: str | None = None, MaxResults: int | None = None
    ) -> dict[str, Any]:
        found = self.with_permission_sets(InstanceArn).permission_sets.values()
        return self.page("PermissionSets", found, lambda each: each.arn, NextToken, MaxResults)

    # --- managed policies of AWS

    def attach_managed_policy_to_permission_set(
        self, InstanceArn: str, PermissionSetArn: str, ManagedPolicyArn: str
    ) -> dict[str, Any]:
        found = self._found(InstanceArn, PermissionSetArn)
        if ManagedPolicyArn in found.managed:
            raise self.conflict(
                f"Permission set with id {found.id} already has a typed link attachment to a manged policy with "
                f"{ManagedPolicyArn}"
            )
        self._check_managed(ManagedPolicyArn)
        self.limits.quota("managed-policies", len(found.managed) + len(found.customer), found.arn)
        found.managed[ManagedPolicyArn] = ManagedPolicyArn.rpartition("/")[2]
        found.changed()
        return {}

    def detach_managed_policy_from_permission_set(
        self, InstanceArn: str, PermissionSetArn: str, ManagedPolicyArn: str
    ) -> dict[str, Any]:
        found = self._found(InstanceArn, PermissionSetArn)
        if ManagedPolicyArn not in found.managed:
            raise self.missing(
                f"Permission set with id {found.id} does not have a typed link attachment to a managed policy with "
                f"{ManagedPolicyArn}"
            )
        del found.managed[ManagedPolicyArn]
        found.changed()
        return {}

    def list_managed_policies_in_permission_set(
        self, InstanceArn: str, PermissionSetArn: str, MaxResults: int | None = None, NextToken: str | None = None
    ) -> dict[str, Any]:
        managed = self._found(InstanceArn, PermissionSetArn).managed
        return self.page(
            "AttachedManagedPolicies",
            managed.items(),
            lambda each: {"Name": each[1], "Arn": each[0]},
            NextToken,
            MaxResults,
            lambda each: each[0],
        )

    def _check_managed(self, arn: str) -> None:
        try:
            self.call("iam", "GetPolicy", as_=PRINCIPAL, PolicyArn=arn)
        except AWSError as error:
            if error.code != "NoSuchEntity":
                raise
            raise self.missing(f"Policy does not exist: {arn}") from None

    # --- policies of the accounts, by name

    def attach_customer_managed_policy_reference_to_permission_set(
        self, InstanceArn: str, PermissionSetArn: str, CustomerManagedPolicyReference: Mapping[str, str]
    ) -> dict[str, Any]:
        found = self._found(InstanceArn, PermissionSetArn)
        key = _reference(CustomerManagedPolicyReference)
        if key in found.customer:
            raise self.conflict(
                f"Permission set with id {found.id} already has a customer managed policy reference {''.join(key)}"
            )
        self.limits.quota("managed-policies", len(found.managed) + len(found.customer), found.arn)
        found.customer[key] = True
        found.changed()
        return {}

    def detach_customer_managed_policy_reference_from_permission_set(
        self, InstanceArn: str, PermissionSetArn: str, CustomerManagedPolicyReference: Mapping[str, str]
    ) -> dict[str, Any]:
        found = self._found(InstanceArn, PermissionSetArn)
        key = _reference(CustomerManagedPolicyReference)
        if key not in found.customer:
            raise self.missing(
                f"Permission set with id {found.id} does not have a customer managed policy reference {''.join(key)}"
            )
        del found.customer[key]
        found.changed()
        return {}

    def list_customer_managed_policy_references_in_permission_set(
        self, InstanceArn: str, PermissionSetArn: str, MaxResults: int | None = None, NextToken: str | None = None
    ) -> dict[str, Any]:
        customer = self._found(InstanceArn, PermissionSetArn).customer
        return self.page(
            "CustomerManagedPolicyReferences",
            customer,
            lambda each: {"Name": each[1], "Path": each[0]},
            NextToken,
            MaxResults,
            "".join,
        )

    # --- the inline policy and the boundary

    def put_inline_policy_to_permission_set(
        self, InstanceArn: str, PermissionSetArn: str, InlinePolicy: str
    ) -> dict[str, Any]:
        found = self._found(InstanceArn, PermissionSetArn)
        self.limits.check("inline-policy-characters", len("".join(InlinePolicy.split())))
        try:
            parse(InlinePolicy, "identity")
        except PolicyError as error:
            raise self.invalid(f"Invalid inline policy: {error.message}") from None
        found.inline = InlinePolicy
        found.changed()
        return {}

    def get_inline_policy_for_permission_set(self, InstanceArn: str, PermissionSetArn: str) -> dict[str, Any]:
        return {"InlinePolicy": self._found(InstanceArn, PermissionSetArn).inline or ""}

    def delete_inline_policy_from_permission_set(self, InstanceArn: str, PermissionSetArn: str) -> dict[str, Any]:
        found = self._found(InstanceArn, PermissionSetArn)
        if found.inline is None:
            raise self.missing(f"Permission set with id {found.id} does not have an inline policy")
        found.inline = None
        found.changed()
        return {}

    def put_permissions_boundary_to_permission_set(
        self, InstanceArn: str, PermissionSetArn: str, PermissionsBoundary: Mapping[str, Any]
    ) -> dict[str, Any]:
        found = self._found(InstanceArn, PermissionSetArn)
        if len(PermissionsBoundary) != 1:
            raise self.invalid(
                "PermissionsBoundary must have exactly one of CustomerManagedPolicyReference and ManagedPolicyArn."
            )
        if (arn := PermissionsBoundary.get("ManagedPolicyArn")) is not None:
            self._check_managed(arn)
            found.boundary = {"ManagedPolicyArn": arn}
        else:
            path, name = _reference(PermissionsBoundary["CustomerManagedPolicyReference"])
            found.boundary = {"CustomerManagedPolicyReference": {"Name": name, "Path": path}}
        found.changed()
        return {}

    def get_permissions_boundary_for_permission_set(self, InstanceArn: str, PermissionSetArn: str) -> dict[str, Any]:
        found = self._found(InstanceArn, PermissionSetArn)
        if found.boundary is None:
            raise self.missing(f"Permission set with id {found.id} does not have a permissions boundary")
        return {"PermissionsBoundary": found.boundary}

    def delete_permissions_boundary_from_permission_set(
        self, InstanceArn: str, PermissionSetArn: str
    ) -> dict[str, Any]:
        found = self._found(InstanceArn, PermissionSetArn)
        if found.boundary is None:
            raise self.missing(f"Permission set with id {found.id} does not have a permissions boundary")
        found.boundary = None
        found.changed()
        return {}

    def _found(self, instance_arn: str, arn: str) -> PermissionSet:
        instance: Instance = self.with_permission_sets(instance_arn)
        return self.permission_set(instance, arn)

    def _check_duration(self, duration: str) -> None:
        row, given = self.limits.row("session-duration"), seconds(duration)
        if given < (row.minimum or 0):
            raise self.limits.error("session-duration", duration=duration)
        self.limits.check("session-duration", given, duration=duration)


def seconds(duration: str) -> float:
    """An ISO 8601 duration in seconds; -1 for what is none."""
    found = _DURATION.fullmatch(duration)
    if found is None:
        return -1
    return sum(float(part) * size for part, size in zip(found.groups(), _SECONDS, strict=True) if part)


def _reference(reference: Mapping[str, str]) -> tuple[str, str]:
    return reference.get("Path") or "/", reference["Name"]

"""Account assignments, and the roles that they bring into accounts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from awsim.auth.credentials import Caller
from awsim.errors import AWSError
from awsim.services.sso_admin.common import PRINCIPAL, Common
from awsim.services.sso_admin.records import Instance, PermissionSet, Work
from awsim.services.sso_admin.roles import Roles
from awsim.state.pages import number

_CREATION, _DELETION, _PROVISIONING = "creation", "deletion", "provisioning"
_LATEST = "LATEST_PERMISSION_SET_PROVISIONED"


class Assignments(Common):
    """Creation, deletion and provisioning are asked for; AWS does them by itself, and says how it went."""

    def create_account_assignment(
        self,
        InstanceArn: str,
        TargetId: str,
        TargetType: str,
        PermissionSetArn: str,
        PrincipalType: str,
        PrincipalId: str,
    ) -> dict[str, Any]:
        instance = self.with_permission_sets(InstanceArn)
        found = self.permission_set(instance, PermissionSetArn)
        self._check_target(instance, TargetId)
        self.check_principal(instance, PrincipalType, PrincipalId)
        if TargetId not in found.roles:
            used = sum(TargetId in each.roles for each in instance.permission_sets.values())
            self.limits.quota("permission-sets-per-account", used, TargetId)
        return {
            "AccountAssignmentCreationStatus": self._assign(
                _CREATION, instance, TargetId, found, PrincipalType, PrincipalId
            )
        }

    def delete_account_assignment(
        self,
        InstanceArn: str,
        TargetId: str,
        TargetType: str,
        PermissionSetArn: str,
        PrincipalType: str,
        PrincipalId: str,
    ) -> dict[str, Any]:
        instance = self.with_permission_sets(InstanceArn)
        found = self.permission_set(instance, PermissionSetArn)
        if (TargetId, found.arn, PrincipalType, PrincipalId) not in instance.assignments:
            raise self.missing("Account assignment not found.")
        return {
            "AccountAssignmentDeletionStatus": self._assign(
                _DELETION, instance, TargetId, found, PrincipalType, PrincipalId
            )
        }

    def _assign(
        self, kind: str, instance: Instance, account: str, found: PermissionSet, principal_type: str, principal: str
    ) -> dict[str, Any]:
        going = [each for each in instance.work.values() if each.status == "IN_PROGRESS" and each.kind != _PROVISIONING]
        self.limits.check("outstanding-assignments", len(going) + 1)
        details = {
            "TargetId": account,
            "TargetType": "AWS_ACCOUNT",
            "PermissionSetArn": found.arn,
            "PrincipalType": principal_type,
            "PrincipalId": principal,
        }
        work = self._work(kind, instance, details)
        duration = self.limits.duration("assignment")
        self.later(duration, "_settle", owner=instance.owner, instance=instance.arn, work=work.id, by=self.caller)
        return work.described()

    def describe_account_assignment_creation_status(
        self, InstanceArn: str, AccountAssignmentCreationRequestId: str
    ) -> dict[str, Any]:
        work = self._request(InstanceArn, _CREATION, AccountAssignmentCreationRequestId)
        return {"AccountAssignmentCreationStatus": work.described()}

    def describe_account_assignment_deletion_status(
        self, InstanceArn: str, AccountAssignmentDeletionRequestId: str
    ) -> dict[str, Any]:
        work = self._request(InstanceArn, _DELETION, AccountAssignmentDeletionRequestId)
        return {"AccountAssignmentDeletionStatus": work.described()}

    def describe_permission_set_provisioning_status(
        self, InstanceArn: str, ProvisionPermissionSetRequestId: str
    ) -> dict[str, Any]:
        work = self._request(InstanceArn, _PROVISIONING, ProvisionPermissionSetRequestId)
        return {"PermissionSetProvisioningStatus": work.described()}

    def list_account_assignment_creation_status(
        self,
        InstanceArn: str,
        MaxResults: int | None = None,
        NextToken: str | None = None,
        Filter: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        return self._statuses("AccountAssignmentsCreationStatus", InstanceArn, _CREATION, Filter, NextToken, MaxResults)

    def list_account_assignment_deletion_status(
        self,
        InstanceArn: str,
        MaxResults: int | None = None,
        NextToken: str | None = None,
        Filter: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        return self._statuses("AccountAssignmentsDeletionStatus", InstanceArn, _DELETION, Filter, NextToken, MaxResults)

    def list_permission_set_provisioning_status(
        self,
        InstanceArn: str,
        MaxResults: int | None = None,
        NextToken: str | None = None,
        Filter: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        return self._statuses(
            "PermissionSetsProvisioningStatus", InstanceArn, _PROVISIONING, Filter, NextToken, MaxResults
        )

    # --- who is assigned what

    def list_account_assignments(
        self,
        InstanceArn: str,
        AccountId: str,
        PermissionSetArn: str,
        MaxResults: int | None = None,
        NextToken: str | None = None,
    ) -> dict[str, Any]:
        instance = self.with_permission_sets(InstanceArn)
        found = self.permission_set(instance, PermissionSetArn)
        assigned = [item for item in instance.assignments.items() if item[0][:2] == (AccountId, found.arn)]
        return self.page(
            "AccountAssignments",
            assigned,
            lambda item: _assignment(item[0]),
            NextToken,
            MaxResults,
            lambda item: number(item[1]),
        )

    def list_account_assignments_for_principal(
        self,
        InstanceArn: str,
        PrincipalId: str,
        PrincipalType: str,
        Filter: Mapping[str, str] | None = None,
        NextToken: str | None = None,
        MaxResults: int | None = None,
    ) -> dict[str, Any]:
        """A user's are also those of the user's groups."""
        instance = self.with_permission_sets(InstanceArn)
        self.check_principal(instance, PrincipalType, PrincipalId)
        principals = {(PrincipalType, PrincipalId)}
        if PrincipalType == "USER":
            principals |= {("GROUP", group) for group in self._groups(instance, PrincipalId)}
        account = (Filter or {}).get("AccountId")
        assigned = [
            item for item in instance.assignments.items() if item[0][2:] in principals and account in (None, item[0][0])
        ]
        return self.page(
            "AccountAssignments",
            assigned,
            lambda item: _assignment(item[0]),
            NextToken,
            MaxResults,
            lambda item: number(item[1]),
        )

    def _groups(self, instance: Instance, user: str) -> list[str]:
        found: list[str] = []
        token: dict[str, str] = {}
        while True:
            answer = self.call(
                "identitystore",
                "ListGroupMembershipsForMember",
                as_=PRINCIPAL,
                region_=instance.region,
                account_=instance.owner,
                IdentityStoreId=instance.store,
                MemberId={"UserId": user},
                **token,
            )
            found += [each["GroupId"] for each in answer["GroupMemberships"]]
            if not answer.get("NextToken"):
                return found
            token = {"NextToken": answer["NextToken"]}

    def list_accounts_for_provisioned_permission_set(
        self,
        InstanceArn: str,
        PermissionSetArn: str,
        ProvisioningStatus: str | None = None,
        MaxResults: int | None = None,
        NextToken: str | None = None,
    ) -> dict[str, Any]:
        found = self.permission_set(self.with_permission_sets(InstanceArn), PermissionSetArn)
        accounts = [each for each in found.roles if ProvisioningStatus in (None, _status(found, each))]
        return self.page("AccountIds", accounts, str, NextToken, MaxResults, str)

    def list_permission_sets_provisioned_to_account(
        self,
        InstanceArn: str,
        AccountId: str,
        ProvisioningStatus: str | None = None,
        MaxResults: int | None = None,
        NextToken: str | None = None,
    ) -> dict[str, Any]:
        found = [
            each
            for each in self.with_permission_sets(InstanceArn).permission_sets.values()
            if AccountId in each.roles and ProvisioningStatus in (None, _status(each, AccountId))
        ]
        return self.page("PermissionSets", found, lambda each: each.arn, NextToken, MaxResults)

    # --- provisioning

    def provision_permission_set(
        self, InstanceArn: str, PermissionSetArn: str, TargetType: str, TargetId: str | None = None
    ) -> dict[str, Any]:
        instance = self.with_permission_sets(InstanceArn)
        found = self.permission_set(instance, PermissionSetArn)
        if (TargetType == "AWS_ACCOUNT") != (TargetId is not None):
            raise self.invalid("TargetId is required when TargetType is AWS_ACCOUNT, and only then.")
        if TargetId is not None and TargetId not in found.roles:
            raise self.missing(f"PermissionSet with id {found.id} is not provisioned to account {TargetId}")
        details = {"AccountId": TargetId, "PermissionSetArn": found.arn}
        work = self._work(_PROVISIONING, instance, details)
        duration = self.limits.duration("provisioning")
        self.later(duration, "_settle", owner=instance.owner, instance=instance.arn, work=work.id, by=self.caller)
        return {"PermissionSetProvisioningStatus": work.described()}

    # --- AWS's work

    def _settle(self, owner: str, instance: str, work: str, by: Caller) -> None:
        """Do what was asked for: by the service's own role, but in the instance's account as whoever asked."""
        home: Instance | None = self.at(account=owner).instances.get(instance)
        if home is None:
            return
        asked: Work = home.work[work]
        found: PermissionSet | None = home.permission_sets.get(asked.details["PermissionSetArn"])
        if found is None:
            asked.end("Received a 404 status error: the permission set is gone.")
            return
        roles = Roles(self.call, home, found, by)
        try:
            if asked.kind == _CREATION:
                self._provide(roles, asked.details["TargetId"], found)
                home.assignments.setdefault(_key(asked), home.number())
            elif asked.kind == _DELETION:
                home.assignments.pop(_key(asked), None)
                if not any(key[:2] == (asked.details["TargetId"], found.arn) for key in home.assignments):
                    self._withdraw(roles, asked.details["TargetId"], found)
            else:
                account = asked.details["AccountId"]
                for each in [account] if account else list(found.roles):
                    self._provide(roles, each, found, renew=True)
            asked.end()
        except AWSError as error:
            asked.end(_failure(error))

    def _provide(self, roles: Roles, account: str, found: PermissionSet, *, renew: bool = False) -> None:
        if account not in found.roles:
            name = f"AWSReservedSSO_{found.name}_{self.ids.hex('role', 16)}"
            roles.create(account, name)
            found.roles[account] = name
        elif renew:
            roles.update(account, found.roles[account])
        else:
            return
        found.provisioned[account] = found.version

    def _withdraw(self, roles: Roles, account: str, found: PermissionSet) -> None:
        if account in found.roles:
            roles.delete(account, found.roles[account])
            del found.roles[account]
            del found.provisioned[account]

    # --- what operations share

    def _check_target(self, instance: Instance, account: str) -> None:
        if account == instance.owner and self.account != account:
            # A delegated administrator has no say over the management account.
            raise self.denied()
        known = self.accounts() if instance.of_organization else None
        if account not in (known if known is not None else {instance.owner}):
            raise self.missing(f"Account {account} not found.")

    def _work(self, kind: str, instance: Instance, details: Mapping[str, Any]) -> Work:
        work = Work(kind, self.ids.uuid("request"), instance.number(), self.clock.time(), details)
        instance.work[work.id] = work
        return work

    def _request(self, instance_arn: str, kind: str, identifier: str) -> Work:
        found: Work | None = self.with_permission_sets(instance_arn).work.get(identifier)
        if found is None or found.kind != kind:
            raise self.missing(f"Request with id {identifier} not found.")
        return found

    def _statuses(
        self,
        member: str,
        instance_arn: str,
        kind: str,
        status: Mapping[str, str] | None,
        token: str | None,
        size: int | None,
    ) -> dict[str, Any]:
        wanted = (status or {}).get("Status")
        instance = self.with_permission_sets(instance_arn)
        found = [each for each in instance.work.values() if each.kind == kind and wanted in (None, each.status)]
        return self.page(member, found, Work.listed, token, size)


def _key(work: Work) -> tuple[str, str, str, str]:
    details = work.details
    return details["TargetId"], details["PermissionSetArn"], details["PrincipalType"], details["PrincipalId"]


def _assignment(key: tuple[str, str, str, str]) -> dict[str, str]:
    account, permission_set, kind, principal = key
    return {
        "AccountId": account,
        "PermissionSetArn": permission_set,
        "PrincipalType": kind,
        "PrincipalId": principal,
    }


def _status(found: PermissionSet, account: str) -> str:
    return _LATEST if found.provisioned[account] == found.version else "LATEST_PERMISSION_SET_NOT_PROVISIONED"


def _failure(error: AWSError) -> str:
    """The words in which a failed request passes IAM's refusal on."""
    status = error.status or {"NoSuchEntity": 404, "AccessDenied": 403}.get(error.code, 400)
    if status == 403:
        return (
            "Received a 403 status error: Access denied by IAM. Please check your policy, or wait for role "
            f"propagation to complete. IAM Error: {error.message}"
        )
    return f"Received a {status} status error: {error.message}"

"""Service-linked roles: made for one service, changed by it alone, deleted by a task that asks it."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from awsim.services.iam.operations.service_credentials import ServiceCredentialOperations
from awsim.services.iam.records import Role
from awsim.services.iam.refusals import invalid, no_such
from awsim.state import Entity, Tags

_FILE = Path(__file__).parent.parent / "data" / "service_linked_roles.json"
# Services of which an account may have several roles, told apart by a suffix.
_WITH_SUFFIX = frozenset({"autoscaling.amazonaws.com", "connect.amazonaws.com", "lexv2.amazonaws.com"})


class Deletion(Entity):
    """A task that deletes a service-linked role."""

    def __init__(self, id: str, role: str) -> None:
        self.id = id
        self.role = role
        self.status = "IN_PROGRESS"


class LinkedRoleOperations(ServiceCredentialOperations):
    def create_service_linked_role(
        self, AWSServiceName: str, Description: str | None = None, CustomSuffix: str | None = None
    ) -> dict[str, Any]:
        known = _linked_roles().get(AWSServiceName)
        if known is None:
            if AWSServiceName.endswith((".amazonaws.com", ".aws.internal")):
                self.not_modelled(f"the service-linked role of {AWSServiceName}, of which nothing is known")
            raise no_such(f"Cannot find Service Linked Role template for {AWSServiceName}")
        name, policy, description = known
        if CustomSuffix is not None:
            if AWSServiceName not in _WITH_SUFFIX:
                raise invalid(f"Custom suffix is not allowed for {AWSServiceName}")
            name = f"{name}_{CustomSuffix}"
        if name.lower() in self.roles:
            raise invalid(f"Service role name {name} has been taken in this account, please try a different suffix.")
        statement = {"Effect": "Allow", "Principal": {"Service": AWSServiceName}, "Action": "sts:AssumeRole"}
        trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]}, separators=(",", ":"))
        path = f"/aws-service-role/{AWSServiceName}/"
        role = self.add_role(name, path, Tags(), trust, Description or description or None, linked=AWSServiceName)
        self.hang(role, f"arn:{self.partition}:iam::aws:policy/aws-service-role/{policy}", policy)
        return {"Role": self.shown_role(role)}

    def delete_service_linked_role(self, RoleName: str) -> dict[str, Any]:
        role = self.role(RoleName)
        if not role.linked:
            raise invalid(f"Role {RoleName} is not a service-linked role.")
        id = f"task{role.path}{role.name}/{self.ids.uuid('deletion')}"
        self.deletions[id] = Deletion(id, role.id)
        self.later(self.limits.duration("service-linked-role-deletion"), "finish_deletion", task=id)
        return {"DeletionTaskId": id}

    def finish_deletion(self, task: str) -> None:
        """What the task does when its time has come. No service keeps its role: none is known to use it."""
        deletion = self.deletions[task]
        deletion.status = "SUCCEEDED"
        role = next((each for each in self.roles.values() if each.id == deletion.role), None)
        if role is not None:
            self._remove_linked(role)

    def get_service_linked_role_deletion_status(self, DeletionTaskId: str) -> dict[str, Any]:
        deletion = self.deletions.get(DeletionTaskId)
        if deletion is None:
            raise no_such(f"Deletion task {DeletionTaskId} cannot be found.")
        return {"Status": deletion.status}

    def _remove_linked(self, role: Role) -> None:
        for arn in list(role.attached):
            self.detach(role, arn)
        self.remove_role(role)


def linked_role_name(service: str, suffix: str | None) -> str | None:
    """The name of a service's linked role; None if nothing is known of it."""
    known = _linked_roles().get(service)
    if known is None:
        return None
    return known[0] if suffix is None else f"{known[0]}_{suffix}"


@cache
def _linked_roles() -> dict[str, list[str]]:
    """Service -> (name of the role, name of its policy, description)."""
    return json.loads(_FILE.read_text("utf-8"))

"""The organization itself."""

from __future__ import annotations

import json
from typing import Any

from awsim.errors import AWSError
from awsim.services.organizations.operations.common import Base
from awsim.services.organizations.records import ALL, Account, Node, Organization, Policy, Root
from awsim.services.organizations.refusals import violated
from awsim.services.organizations.types import MANAGED, TYPES

_DEFAULT_TYPE = "SERVICE_CONTROL_POLICY"


class OrganizationOperations(Base):
    def create_organization(self, FeatureSet: str | None = None) -> dict[str, Any]:
        account = self.caller.account
        if account in self.members:
            raise self.error(
                "AlreadyInOrganizationException", "The AWS account is already a member of an organization."
            )
        organization = self._new_organization(account, FeatureSet or ALL)
        self.organizations[organization.id] = organization
        self.join(organization, self.new_member(organization, account, f"account {account}", "INVITED"))
        if organization.all_features:
            self.start_using(organization, _DEFAULT_TYPE)
        return {"Organization": self._shown(organization)}

    def _new_organization(self, account: str, features: str) -> Organization:
        id = self.new_id("organization", "o", 10)
        root_id = self.new_id("root", "r", 4)
        root = Root(root_id, self.arn(f"root/{id}/{root_id}", account=account), "Root", None)
        organization = Organization(id, self.arn(f"organization/{id}", account=account), account, features, root)
        now = self.clock.time()
        for policy, (type, name, description, content) in MANAGED.items():
            arn = f"arn:{self.partition}:organizations::aws:policy/{type.lower()}/{policy}"
            organization.policies[policy] = Policy(policy, arn, TYPES[type], name, description, content, now)
        return organization

    def describe_organization(self) -> dict[str, Any]:
        return {"Organization": self._shown(self.organization())}

    def _shown(self, organization: Organization) -> dict[str, Any]:
        management = organization.accounts[organization.management]
        # It shows what the features allow; what is enabled, the root does.
        available = [{"Type": _DEFAULT_TYPE, "Status": "ENABLED"}] if organization.all_features else []
        return {
            "Id": organization.id,
            "Arn": organization.arn,
            "FeatureSet": organization.features,
            "MasterAccountArn": management.arn,
            "MasterAccountId": management.id,
            "MasterAccountEmail": management.email,
            "AvailablePolicyTypes": available,
        }

    def delete_organization(self) -> None:
        organization = self.managed()
        if len(organization.accounts) > 1 or any(
            request.state == "IN_PROGRESS" for request in organization.requests.values()
        ):
            raise self.error(
                "OrganizationNotEmptyException",
                "To delete an organization you must first remove all member accounts (except the management account).",
            )
        now = self.clock.time()
        for handshake in self.handshakes.values():
            if handshake.organization == organization.id and handshake.is_open(now):
                handshake.answer, handshake.answered = "CANCELED", now
        del self.members[organization.management]
        del self.organizations[organization.id]

    # --- members

    def new_member(
        self, organization: Organization, id: str, name: str, method: str, *, email: str | None = None
    ) -> Account:
        arn = self.arn_of(organization, "account", id)
        address = email or self.email_of(id)
        return Account(id, arn, name, organization.root, email=address, method=method, joined=self.clock.time())

    def join(self, organization: Organization, account: Account) -> None:
        """Make an account a member, under the root."""
        organization.accounts[account.id] = account
        organization.root.accounts[account.id] = account
        self.members[account.id] = organization
        self.emails[account.email] = account.id
        self.give_defaults(organization, account)
        organization.changed()
        if organization.all_features:
            self._linked_role(account.id)

    def leave(self, organization: Organization, account: Account) -> None:
        """Take an account out."""
        del organization.accounts[account.id]
        assert account.parent is not None
        del account.parent.accounts[account.id]
        del self.members[account.id]
        organization.changed()
        self.limits_of(organization).used("accounts", len(organization.accounts))

    def check_may_leave(self, organization: Organization, account: Account) -> None:
        """Refuse to let go of accounts that AWS would keep."""
        if account.id == organization.management:
            raise self.error(
                "MasterCannotLeaveOrganizationException",
                "You can't remove a management account from an organization. Delete the organization instead.",
            )
        if organization.services_of(account.id):
            raise violated(
                "CANNOT_REMOVE_DELEGATED_ADMINISTRATOR_FROM_ORG",
                "You cannot remove an account that is a delegated administrator from the organization. "
                "Deregister it first.",
            )
        wait = self.limits_of(organization)["created-account-stay"] or 0
        if account.method == "CREATED" and self.clock.time() < account.joined + wait:
            raise violated(
                "WAIT_PERIOD_ACTIVE",
                "You must wait after the account was created before you can remove it from the organization.",
            )

    def _linked_role(self, account: str) -> None:
        """The service-linked role through which Organizations works in an account."""
        try:
            self.call("iam", "CreateServiceLinkedRole", account_=account, AWSServiceName="organizations.amazonaws.com")
        except AWSError as error:
            # It has one from before.
            if error.code != "InvalidInput":
                raise

    def access_role(self, organization: Organization, account: str, name: str) -> None:
        """The role that lets the management account into an account that was made for it."""
        statement = {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:{self.partition}:iam::{organization.management}:root"},
            "Action": "sts:AssumeRole",
        }
        trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self.call("iam", "CreateRole", account_=account, RoleName=name, AssumeRolePolicyDocument=trust)
        administrator = f"arn:{self.partition}:iam::aws:policy/AdministratorAccess"
        self.call("iam", "AttachRolePolicy", account_=account, RoleName=name, PolicyArn=administrator)

    # --- policy types

    def start_using(self, organization: Organization, type: str) -> None:
        organization.types = (*organization.types, type)
        for node in organization.nodes():
            self._give_default(node, type)
        organization.changed()

    def stop_using(self, organization: Organization, type: str) -> None:
        organization.types = tuple(each for each in organization.types if each != type)
        for node in organization.nodes():
            for policy in organization.attached(node, type):
                del node.attached[policy.id]
        organization.changed()

    def give_defaults(self, organization: Organization, node: Node) -> None:
        """Attach to a new node what AWS attaches to every one."""
        for type in organization.types:
            self._give_default(node, type)

    def _give_default(self, node: Node, type: str) -> None:
        if default := TYPES[type].managed:
            node.attached[default] = self.clock.time()

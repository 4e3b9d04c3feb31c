"""Accounts: made, moved, closed, removed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from awsim.services.organizations.operations.common import TagList
from awsim.services.organizations.operations.organizations import OrganizationOperations
from awsim.services.organizations.records import Account, Organization, Request
from awsim.services.organizations.refusals import because, invalid, missing, needs_all_features, violated
from awsim.state import Lifecycle, Tags

_ROLE = "OrganizationAccountAccessRole"
_LINKED = "awsservicerolefor"
_EMAIL = re.compile(r"[^\s\"'()<>\[\]:;,\\|%&@]+@[A-Za-z0-9.-]*[A-Za-z0-9]\.[A-Za-z0-9-]+\Z", re.ASCII)


class AccountOperations(OrganizationOperations):
    def create_account(
        self,
        Email: str,
        AccountName: str,
        RoleName: str | None = None,
        IamUserAccessToBilling: str | None = None,
        Tags: TagList = (),
    ) -> dict[str, Any]:
        return self._create(Email, AccountName, RoleName, Tags, govcloud=False)

    def create_gov_cloud_account(
        self,
        Email: str,
        AccountName: str,
        RoleName: str | None = None,
        IamUserAccessToBilling: str | None = None,
        Tags: TagList = (),
    ) -> dict[str, Any]:
        """An account and its twin in GovCloud, which is a member of nothing."""
        if self.partition != "aws":
            raise self.error(
                "UnsupportedAPIEndpointException", "This action isn't available in the current AWS Region."
            )
        return self._create(Email, AccountName, RoleName, Tags, govcloud=True)

    def _create(self, email: str, name: str, role: str | None, tags: TagList, *, govcloud: bool) -> dict[str, Any]:
        organization = self.managed()
        if not _EMAIL.match(email):
            raise invalid("INVALID_EMAIL_ADDRESS_TARGET", "You specified an invalid email address.")
        if role is not None and role.lower().startswith(_LINKED):
            raise invalid("INVALID_ROLE_NAME", "You provided a role name that isn't valid.")
        tagged = self.with_tags(Tags(), tags)
        limits = self.limits_of(organization)
        running = sum(request.state == "IN_PROGRESS" for request in organization.requests.values())
        with because("ACCOUNT_CREATION_RATE_LIMIT_EXCEEDED"):
            limits.quota("accounts-being-created", running)
        with because("ACCOUNT_NUMBER_LIMIT_EXCEEDED"):
            limits.quota("accounts", self.accounts_counted(organization))
        id = self.new_id("create-account-request", "car", 32)
        request = Request(id, name, email, role or _ROLE, tagged, self.clock.time(), govcloud)
        organization.requests[id] = request
        answer = {"CreateAccountStatus": request.described()}
        self.later(
            self.limits.duration("account-creation"), "_finish_creation", organization=organization.id, request=id
        )
        return answer

    def _finish_creation(self, organization: str, request: str) -> None:
        """The account is there, or is not."""
        owner: Organization = self.organizations[organization]
        asked: Request = owner.requests[request]
        asked.completed = self.clock.time()
        if self.owner_of(asked.email) is not None:
            asked.state, asked.failure = "FAILED", "EMAIL_ALREADY_EXISTS"
            return
        id = self._new_account_id()
        account = self.new_member(owner, id, asked.name, "CREATED", email=asked.email)
        account.tags = asked.tags
        self.join(owner, account)
        self.access_role(owner, id, asked.role)
        asked.state, asked.account = "SUCCEEDED", id
        if asked.govcloud:
            asked.gov_account = self._new_account_id()

    def _new_account_id(self) -> str:
        while (id := self.ids.digits("account", 12)) in self.members or id == self.cloud.account:
            pass
        return id

    def accounts_counted(self, organization: Organization) -> int:
        """Members, those about to be made and those invited: all count."""
        now = self.clock.time()
        running = sum(request.state == "IN_PROGRESS" for request in organization.requests.values())
        invited = sum(
            each.organization == organization.id and each.action == "INVITE" and each.is_open(now)
            for each in self.handshakes.values()
        )
        return len(organization.accounts) + running + invited

    def describe_create_account_status(self, CreateAccountRequestId: str) -> dict[str, Any]:
        request = self.viewed().requests.get(CreateAccountRequestId)
        if request is None:
            raise missing("create account request", "CreateAccountStatusNotFoundException")
        return {"CreateAccountStatus": request.described()}

    def list_create_account_status(
        self, States: Sequence[str] = (), NextToken: str | None = None, MaxResults: int | None = None
    ) -> dict[str, Any]:
        found = [each for each in self.viewed().requests.values() if not States or each.state in States]
        return self.page("CreateAccountStatuses", found, NextToken, MaxResults, Request.described)

    def describe_account(self, AccountId: str) -> dict[str, Any]:
        organization = self.viewed(AccountId)
        return {"Account": self._shown_account(organization, self.account_in(organization, AccountId))}

    def list_accounts(self, NextToken: str | None = None, MaxResults: int | None = None) -> dict[str, Any]:
        organization = self.viewed()
        return self._page_of_accounts(organization, organization.accounts, NextToken, MaxResults)

    def list_accounts_for_parent(
        self, ParentId: str, NextToken: str | None = None, MaxResults: int | None = None
    ) -> dict[str, Any]:
        organization = self.viewed(ParentId)
        parent = self.container_in(organization, ParentId)
        return self._page_of_accounts(organization, parent.accounts, NextToken, MaxResults)

    def _page_of_accounts(
        self, organization: Organization, accounts: dict[str, Account], token: str | None, size: int | None
    ) -> dict[str, Any]:
        def show(account: Account) -> dict[str, Any]:
            return self._shown_account(organization, account)

        return self.page("Accounts", accounts.values(), token, size, show)

    def _shown_account(self, organization: Organization, account: Account) -> dict[str, Any]:
        return {**account.described(), "Paths": [organization.path(account)]}

    def move_account(self, AccountId: str, SourceParentId: str, DestinationParentId: str) -> None:
        organization = self.managed()
        account = self.account_in(organization, AccountId)
        source = self.container_in(organization, SourceParentId, "SourceParentNotFoundException")
        if account.parent is not source:
            raise missing("parent", "SourceParentNotFoundException")
        destination = self.container_in(organization, DestinationParentId, "DestinationParentNotFoundException")
        if destination is source:
            raise self.error(
                "DuplicateAccountException", "That account is already present in the specified destination."
            )
        del source.accounts[account.id]
        destination.accounts[account.id] = account
        account.parent = destination
        organization.changed()

    # --- away with them

    def close_account(self, AccountId: str) -> None:
        organization = self.managed()
        if not organization.all_features:
            raise needs_all_features()
        if AccountId == organization.management:
            raise violated("CANNOT_CLOSE_MANAGEMENT_ACCOUNT", "You cannot close the management account.")
        account = self.account_in(organization, AccountId)
        if account.state == "PENDING_CLOSURE":
            raise self.error("ConflictException", "The account is being closed already.")
        if account.state != "ACTIVE":
            raise self.error(
                "AccountAlreadyClosedException", "You attempted to close an account that is already closed."
            )
        if organization.services_of(account.id):
            raise violated(
                "CANNOT_REMOVE_DELEGATED_ADMINISTRATOR_FROM_ORG",
                "You cannot close an account that is a delegated administrator. Deregister it first.",
            )
        self._count_closure(organization)
        account.closing = Lifecycle(self, [("PENDING_CLOSURE", "account-closure"), ("CLOSED", None)])
        self.later(
            self.limits["closed-account-stay"] or 0, "_forget_closed", organization=organization.id, account=account.id
        )

    def _count_closure(self, organization: Organization) -> None:
        limits = self.limits_of(organization)
        now = self.clock.time()
        closing = sum(account.state == "PENDING_CLOSURE" for account in organization.accounts.values())
        with because("CLOSE_ACCOUNT_REQUESTS_LIMIT_EXCEEDED"):
            limits.quota("accounts-being-closed", closing)
        since = now - (limits["closures-window"] or 0)
        closed = tuple(when for when in organization.closed if when > since)
        # The higher of a number and a share of the members, up to a number.
        share = (len(organization.accounts) - 1) * (limits["closures-share"] or 0) // 100
        if len(closed) >= max(limits["closures"] or 0, share):
            with because("CLOSE_ACCOUNT_QUOTA_EXCEEDED"):
                limits.quota("closures", len(closed))
        with because("CLOSE_ACCOUNT_QUOTA_EXCEEDED"):
            limits.quota("closures-at-most", len(closed))
        organization.closed = (*closed, now)

    def _forget_closed(self, organization: str, account: str) -> None:
        """A closed account is closed for good, and no member any more."""
        owner = self.organizations.get(organization)
        if owner is not None and (found := owner.accounts.get(account)) is not None and found.closing is not None:
            self.leave(owner, found)

    def remove_account_from_organization(self, AccountId: str) -> None:
        organization = self.managed()
        account = self.account_in(organization, AccountId)
        self.check_may_leave(organization, account)
        self.leave(organization, account)

    def leave_organization(self) -> None:
        organization = self.organization()
        account = organization.accounts[self.caller.account]
        self.check_may_leave(organization, account)
        self.leave(organization, account)

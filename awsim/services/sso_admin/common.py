"""What all operations of IAM Identity Center share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from awsim.errors import AWSError
from awsim.service import Service
from awsim.services.sso_admin.records import Application, Instance, Issuer, PermissionSet
from awsim.state import Dict
from awsim.state.pages import listed, number

PRINCIPAL = "sso.amazonaws.com"


class Common(Service):
    """Look-ups, pages and the organization."""

    name = "sso-admin"
    scope = "account"
    _reused = ("client-token", "ConflictException", "The client token was used before with other parameters.")
    idempotent = dict.fromkeys(("CreateInstance", "CreateApplication", "CreateTrustedTokenIssuer"), _reused)

    def setup(self) -> None:
        self.instances = Dict()

    @property
    def arn_name(self) -> str:
        return "sso"

    # --- for the identity store

    def identity_stores(self, region: str) -> dict[str, str]:
        """The identity stores that this account sees in a Region: id -> the account that owns it."""
        return {instance.store: instance.owner for instance in self.visible(region)}

    def store_home(self, store: str, region: str) -> tuple[str, str] | None:
        """The account and the primary Region of a store; None for one that this account does not see in a Region."""
        for found in (self.own, self.visible):
            for each in found(region):
                if each.store == store:
                    return each.owner, each.region
        return None

    def administers(self) -> bool:
        """Whether this account administers Identity Center for its organization."""
        organization = self.organization()
        if organization is None:
            return False
        try:
            answer = self.call(
                "organizations",
                "ListDelegatedAdministrators",
                as_=PRINCIPAL,
                account_=organization["MasterAccountId"],
                ServicePrincipal=PRINCIPAL,
            )
        except AWSError:
            return False
        return any(each["Id"] == self.account for each in answer.get("DelegatedAdministrators", ()))

    # --- instances

    def organization(self) -> Mapping[str, Any] | None:
        """The organization that this account is in."""
        try:
            found: dict[str, Any] = self.call("organizations", "DescribeOrganization", as_=PRINCIPAL)["Organization"]
        except AWSError:
            return None
        return found

    def accounts(self) -> set[str] | None:
        """The accounts of the organization; None without one."""
        organization = self.organization()
        if organization is None:
            return None
        found: set[str] = set()
        token: dict[str, str] = {}
        while True:
            answer = self.call(
                "organizations", "ListAccounts", as_=PRINCIPAL, account_=organization["MasterAccountId"], **token
            )
            found.update(account["Id"] for account in answer["Accounts"])
            if not answer.get("NextToken"):
                return found
            token = {"NextToken": answer["NextToken"]}

    def own(self, region: str) -> list[Instance]:
        return [each for each in self.instances.values() if region in each.regions]

    def visible(self, region: str) -> list[Instance]:
        """The account's own instance and that of its organization."""
        found = self.own(region)
        if any(each.of_organization for each in found):
            return found
        organization = self.organization()
        if organization is None or organization["MasterAccountId"] == self.account:
            return found
        central = self.at(account=organization["MasterAccountId"])
        return [*found, *(each for each in central.own(region) if each.of_organization)]

    def instance(self, arn: str) -> Instance:
        """An instance that the caller may administer here. AWS does not tell those from instances that are not."""
        region = self.region_asked
        for each in self.own(region):
            if each.arn == arn:
                return each
        for each in self.visible(region):
            if each.arn == arn and self.administers():
                return each
        raise self.denied()

    def denied(self) -> AWSError:
        return self.error(
            "AccessDeniedException",
            f"User: {self.caller.arn} is not authorized to perform: sso:{self.request.operation}",
        )

    @property
    def region_asked(self) -> str:
        """The Region of the call: this service has one instance for all of an account's."""
        return self.request.region or self.region

    def with_permission_sets(self, arn: str) -> Instance:
        """An instance that has permission sets: the organization's, or an account's where they were enabled."""
        instance = self.instance(arn)
        if not instance.permission_sets_enabled:
            raise self.invalid(
                "Permission sets are not enabled for this instance of IAM Identity Center. Enable them with "
                "UpdateInstance."
            )
        return instance

    def permission_set(self, instance: Instance, arn: str) -> PermissionSet:
        found: PermissionSet | None = instance.permission_sets.get(arn)
        if found is None:
            raise self.missing(f"Could not find PermissionSet with id {arn.rpartition('/')[2]}")
        return found

    def application(self, arn: str) -> Application:
        found: Application | None = self._instance_of(arn).applications.get(arn)
        if found is None:
            raise self.missing(f"Application not found: {arn}")
        return found

    def issuer(self, arn: str) -> Issuer:
        found: Issuer | None = self._instance_of(arn).issuers.get(arn)
        if found is None:
            raise self.missing(f"Trusted token issuer not found: {arn}")
        return found

    def _instance_of(self, arn: str) -> Instance:
        """The instance that an application or issuer is of."""
        identifier = arn.split("/")[1]
        for each in self.visible(self.region_asked):
            if each.id == identifier:
                return self.instance(each.arn)
        raise self.missing(f"Resource not found: {arn}")

    def check_principal(self, instance: Instance, kind: str, identifier: str) -> None:
        """Refuse a user or group that the identity store does not have."""
        noun = kind.title()
        try:
            self.call(
                "identitystore",
                f"Describe{noun}",
                as_=PRINCIPAL,
                region_=instance.region,
                account_=instance.owner,
                IdentityStoreId=instance.store,
                **{f"{noun}Id": identifier},
            )
        except AWSError as error:
            if error.code != "ResourceNotFoundException":
                raise
            raise self.missing(f"{kind} not found.") from None

    # --- answers

    def invalid(self, message: str) -> AWSError:
        return self.error("ValidationException", message)

    def missing(self, message: str) -> AWSError:
        return self.error("ResourceNotFoundException", message)

    def conflict(self, message: str) -> AWSError:
        return self.error("ConflictException", message)

    def page(
        self,
        member: str,
        records: Iterable[Any],
        shown: Callable[[Any], Any],
        token: str | None,
        size: int | None,
        key: Callable[[Any], str] = lambda record: number(record.number),
    ) -> dict[str, Any]:
        """A page of an answer; `key` orders records."""
        most = size or self.limits["page-size"]
        refusal = partial(self.invalid, "Invalid NextToken provided.")
        return listed(member, records, shown, key, token, most, refusal=refusal)

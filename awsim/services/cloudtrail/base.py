"""What all operations of CloudTrail share: the region in question, look-ups, tags and pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from awsim.auth.credentials import administrator
from awsim.errors import AWSError
from awsim.service import Service
from awsim.services.cloudtrail.refusals import bad_token, elsewhere, unknown_trail
from awsim.services.cloudtrail.trail import Trail
from awsim.state import Collection
from awsim.state.pages import listed

PRINCIPAL = "cloudtrail.amazonaws.com"
# What Organizations says of delegated administrators, in CloudTrail's words.
_DELEGATIONS = {
    "AccountAlreadyRegisteredException": "AccountRegisteredException",
    "AccountNotFoundException": "AccountNotFoundException",
    "AccountNotRegisteredException": "AccountNotRegisteredException",
    "ConstraintViolationException": "DelegatedAdminAccountLimitExceededException",
}


class Base(Service):
    """One instance per account, for a trail may be of all regions; what is of one region carries its name."""

    name = "cloudtrail"
    scope = "account"
    validation_error = "InvalidParameterException"

    trails = Collection("trail", key="arn")

    # --- where

    @property
    def here(self) -> str:
        """The region of the call in progress."""
        return self.request.region or self.region

    def arn_here(self, resource: str) -> str:
        return self.arn(resource, region=self.here)

    # --- the organization

    def organization(self) -> dict[str, Any] | None:
        """The organization that the account is in, as DescribeOrganization shows it."""
        if self.cloud.organization_of(self.account, self.partition) is None:
            return None
        found = self._organizations("DescribeOrganization")
        return None if found is None else found["Organization"]

    def trusted_in_organization(self) -> bool:
        found = self._organizations("ListAWSServiceAccessForOrganization") or {}
        return any(one["ServicePrincipal"] == PRINCIPAL for one in found.get("EnabledServicePrincipals", ()))

    def is_delegate(self) -> bool:
        """Whether another account of the organization lets this one act for it."""
        found = self._organizations("ListDelegatedAdministrators", ServicePrincipal=PRINCIPAL) or {}
        return any(one["Id"] == self.account for one in found.get("DelegatedAdministrators", ()))

    def _organizations(self, operation: str, **parameters: Any) -> dict[str, Any] | None:
        try:
            return self.call("organizations", operation, as_=administrator(self.account), **parameters)
        except AWSError:
            return None

    def register_organization_delegated_admin(self, MemberAccountId: str) -> None:
        self._delegated("RegisterDelegatedAdministrator", MemberAccountId)

    def deregister_organization_delegated_admin(self, DelegatedAdminAccountId: str) -> None:
        self._delegated("DeregisterDelegatedAdministrator", DelegatedAdminAccountId)

    def _delegated(self, operation: str, account: str) -> None:
        """Have Organizations name an account that acts for the organization, or no longer."""
        organization = self.organization()
        if organization is None:
            raise self.error(
                "OrganizationsNotInUseException", "The account is not a member of an organization in AWS Organizations."
            )
        if organization["MasterAccountId"] != self.account:
            raise self.error(
                "NotOrganizationManagementAccountException",
                "Only the management account of the organization can do this.",
            )
        asked = {"AccountId": account, "ServicePrincipal": PRINCIPAL}
        try:
            self.call("organizations", operation, as_=self.caller, account_=self.account, **asked)
        except AWSError as error:
            code = _DELEGATIONS.get(error.code)
            if code is None:
                raise
            raise self.error(code, error.message) from None

    def management_home(self) -> Any:
        """CloudTrail of the account that manages the organization this one is in; None for that account itself."""
        organization = self.organization()
        if organization is None or organization["MasterAccountId"] == self.account:
            return None
        manager = organization["MasterAccountId"]
        if not self.cloud.has_service("cloudtrail", manager, self.region):
            return None
        return self.at(account=manager)

    # --- trails

    def visible(self, region: str, shadows: bool = True) -> list[Trail]:
        """Trails of a region: those at home there, multi-region ones of others, the organization's."""
        found = [one for one in self.trails if one.region == region or (shadows and one.is_multi_region)]
        home = self.management_home() if shadows else None
        if home is not None:
            organization = self.organization()
            wanted = None if organization is None else organization["Id"]
            found += [
                one
                for one in home.trails
                if one.organization == wanted is not None and (one.region == region or one.is_multi_region)
            ]
        return found

    def trail(self, name: str, *, own: bool = False) -> Trail:
        """A trail by name or ARN; `own`: to be changed, which its home region alone can do."""
        if name.startswith("arn:"):
            found = next((one for one in self.visible(self.here) if one.arn == name), None)
            found = found or self.trails.get(name)
        else:
            found = next((one for one in self.visible(self.here) if one.name == name), None)
        if found is None:
            arn = name if name.startswith("arn:") else self.arn_here(f"trail/{name}")
            raise unknown_trail(arn, self.account)
        if own:
            if found.arn not in self.trails:
                raise self.error(
                    "NotOrganizationMasterAccountException",
                    "Only the management account of the organization can change an organization trail.",
                )
            if found.region != self.here:
                raise elsewhere(found.region)
        return found

    # --- tags

    def tagged(self, resource: Any, tags: Iterable[Mapping[str, str]] | None) -> None:
        new = {tag["Key"]: tag.get("Value") or "" for tag in tags or ()}
        resource.tags = resource.tags.with_(self, new, invalid="InvalidTagParameterException")

    # --- pages

    def page(
        self,
        member: str,
        records: Iterable[Any],
        shown: Callable[[Any], Any],
        key: Callable[[Any], str],
        token: str | None,
        size: int | None = None,
    ) -> dict[str, Any]:
        most = size or int(self.limits["list-page-size"])
        return listed(member, records, shown, key, token, most, refusal=bad_token)

"""Trusted services, delegated administrators, and the organization's resource policy."""

from __future__ import annotations

from typing import Any

from awsim.auth.policy import PolicyError, parse
from awsim.service import ResourceSide
from awsim.services.organizations.operations.common import TagList
from awsim.services.organizations.operations.handshakes import HandshakeOperations
from awsim.services.organizations.records import Organization, ResourcePolicy
from awsim.services.organizations.refusals import because, invalid, missing, needs_all_features, violated
from awsim.services.organizations.types import TYPES

# Services that may have several delegated administrators have a row of their own.
_SEVERAL = {
    "member.org.stacksets.cloudformation.amazonaws.com": "delegated-administrators-stacksets",
    "config.amazonaws.com": "delegated-administrators-config",
    "config-multiaccountsetup.amazonaws.com": "delegated-administrators-config",
}


class DelegationOperations(HandshakeOperations):
    # --- trusted services

    def enable_aws_service_access(self, ServicePrincipal: str) -> None:
        organization = self._with_all_features()
        self._check_principal(ServicePrincipal)
        organization.services.setdefault(ServicePrincipal, self.clock.time())

    def disable_aws_service_access(self, ServicePrincipal: str) -> None:
        """Its delegated administrators are none any more."""
        organization = self._with_all_features()
        self._check_principal(ServicePrincipal)
        if any(TYPES[type].service == ServicePrincipal for type in organization.types):
            raise violated(
                "POLICY_TYPE_ENABLED_FOR_THIS_SERVICE",
                "You attempted to disable service access before you disabled the policy type.",
            )
        organization.services.pop(ServicePrincipal, None)
        for account, service in list(organization.delegates):
            if service == ServicePrincipal:
                del organization.delegates[account, service]

    def list_aws_service_access_for_organization(
        self, NextToken: str | None = None, MaxResults: int | None = None
    ) -> dict[str, Any]:
        organization = self.viewed()
        found = [{"ServicePrincipal": name, "DateEnabled": since} for name, since in organization.services.items()]
        return self.page("EnabledServicePrincipals", found, NextToken, MaxResults)

    def _with_all_features(self) -> Organization:
        organization = self.managed()
        if not organization.all_features:
            raise needs_all_features()
        return organization

    @staticmethod
    def _check_principal(name: str) -> None:
        """Which services work with Organizations changes from week to week: any that is one of AWS's will do."""
        if not name.endswith((".amazonaws.com", ".amazonaws.com.cn")):
            raise invalid("UNRECOGNIZED_SERVICE_PRINCIPAL", "You specified an unrecognized service principal.")

    # --- delegated administrators

    def register_delegated_administrator(self, AccountId: str, ServicePrincipal: str) -> None:
        organization = self._with_all_features()
        self._check_principal(ServicePrincipal)
        account = self.account_in(organization, AccountId)
        if account.id == organization.management:
            raise violated(
                "CANNOT_REGISTER_MASTER_AS_DELEGATED_ADMINISTRATOR",
                "You cannot register management account/yourself as delegated administrator for your organization.",
            )
        if account.state != "ACTIVE":
            raise violated(
                "CANNOT_REGISTER_SUSPENDED_ACCOUNT_AS_DELEGATED_ADMINISTRATOR",
                "You cannot register a suspended account as a delegated administrator.",
            )
        if ServicePrincipal not in organization.services:
            raise violated(
                "SERVICE_ACCESS_NOT_ENABLED",
                "You attempted to register a delegated administrator before you enabled service access. Call the "
                "EnableAWSServiceAccess API first.",
            )
        if (account.id, ServicePrincipal) in organization.delegates:
            raise self.error(
                "AccountAlreadyRegisteredException",
                "The provided account is already a delegated administrator for your organization.",
            )
        held = sum(service == ServicePrincipal for _, service in organization.delegates)
        several = _SEVERAL.get(ServicePrincipal)
        reason = "MAX_DELEGATED_ADMINISTRATORS_FOR_SERVICE_LIMIT_EXCEEDED"
        with because(reason if several else "DELEGATED_ADMINISTRATOR_EXISTS_FOR_THIS_SERVICE"):
            self.limits_of(organization).quota(several or "delegated-administrators", held, ServicePrincipal)
        organization.delegates[account.id, ServicePrincipal] = self.clock.time()

    def deregister_delegated_administrator(self, AccountId: str, ServicePrincipal: str) -> None:
        organization = self._with_all_features()
        account = self.account_in(organization, AccountId)
        if (account.id, ServicePrincipal) not in organization.delegates:
            raise self._not_registered()
        del organization.delegates[account.id, ServicePrincipal]

    def _not_registered(self) -> Exception:
        return self.error(
            "AccountNotRegisteredException",
            "The provided account is not a registered delegated administrator for your organization.",
        )

    def list_delegated_administrators(
        self, ServicePrincipal: str | None = None, NextToken: str | None = None, MaxResults: int | None = None
    ) -> dict[str, Any]:
        organization = self.viewed()
        since: dict[str, float] = {}
        for (account, service), when in organization.delegates.items():
            if ServicePrincipal in (None, service):
                since[account] = min(when, since.get(account, when))
        found = [
            {**organization.accounts[account].described(), "DelegationEnabledDate": when}
            for account, when in since.items()
        ]
        return self.page("DelegatedAdministrators", found, NextToken, MaxResults)

    def list_delegated_services_for_account(
        self, AccountId: str, NextToken: str | None = None, MaxResults: int | None = None
    ) -> dict[str, Any]:
        organization = self.viewed(AccountId)
        services = organization.services_of(self.account_in(organization, AccountId).id)
        if not services:
            raise self._not_registered()
        found = [{"ServicePrincipal": name, "DelegationEnabledDate": since} for name, since in services.items()]
        return self.page("DelegatedServices", found, NextToken, MaxResults)

    # --- the resource policy

    def put_resource_policy(self, Content: str, Tags: TagList = ()) -> dict[str, Any]:
        organization = self._with_all_features()
        try:
            policy = parse(Content, "resource")
        except PolicyError as error:
            raise invalid("INVALID_RESOURCE_POLICY_JSON", error.message) from None
        for kind, name in policy.principals:
            account = name.split(":")[4] if name.startswith("arn:") else name
            if kind != "AWS" or (account != "*" and account not in organization.accounts):
                raise invalid("INVALID_PRINCIPAL", "You specified an invalid principal element in the policy.")
        held = organization.resource_policy
        if held is None:
            id = self.new_id("resource-policy", "rp", 8)
            held = ResourcePolicy(id, self.arn_of(organization, "resourcepolicy", id), Content)
        held.tags = self.with_tags(held.tags, Tags)
        held.content = Content
        organization.resource_policy = held
        return {"ResourcePolicy": held.described()}

    def describe_resource_policy(self) -> dict[str, Any]:
        return {"ResourcePolicy": self._resource_policy(self.viewed()).described()}

    def delete_resource_policy(self) -> None:
        organization = self._with_all_features()
        self._resource_policy(organization)
        organization.resource_policy = None

    @staticmethod
    def _resource_policy(organization: Organization) -> ResourcePolicy:
        if organization.resource_policy is None:
            raise missing("resource policy", "ResourcePolicyNotFoundException")
        return organization.resource_policy

    def resource_policy(self, arn: str) -> ResourceSide:
        """Who of the members may do what is decided by each operation; for IAM the caller acts in its own account."""
        return ResourceSide(None)

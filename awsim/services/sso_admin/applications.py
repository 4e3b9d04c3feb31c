"""Applications, who may sign in to them, and trusted token issuers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from awsim.services.sso_admin.common import Common
from awsim.services.sso_admin.records import Application, Issuer
from awsim.state.pages import number
from awsim.state.tags import tag_map

TagList = Sequence[Mapping[str, str]]
# The providers of applications that customers bring themselves (User Guide, "Customer managed applications").
_PROVIDERS = {
    "custom": ("OAUTH", "Custom application", "OAuth 2.0 customer managed application"),
    "custom-saml": ("SAML", "Custom SAML 2.0 application", "SAML 2.0 customer managed application"),
}
_GRANTS = {
    "authorization_code": "AuthorizationCode",
    "refresh_token": "RefreshToken",
    "urn:ietf:params:oauth:grant-type:jwt-bearer": "JwtBearer",
    "urn:ietf:params:oauth:grant-type:token-exchange": "TokenExchange",
}


class Applications(Common):
    """Customer managed applications of OAuth 2.0: what the API makes. Others are made in the console."""

    def create_application(
        self,
        InstanceArn: str,
        ApplicationProviderArn: str,
        Name: str,
        Description: str | None = None,
        PortalOptions: Mapping[str, Any] | None = None,
        Tags: TagList = (),
        Status: str | None = None,
        ClientToken: str | None = None,
    ) -> dict[str, Any]:
        instance = self.instance(InstanceArn)
        provider = self._provider(ApplicationProviderArn)
        if _PROVIDERS[provider][0] != "OAUTH":
            raise self.invalid("Only OAuth 2.0 customer managed applications can be created by this operation.")
        self._check_portal(PortalOptions)
        arn = self.arn(f"application/{instance.id}/apl-{self.ids.hex('application', 16)}", account=instance.owner)
        made = Application(
            arn,
            Name,
            ApplicationProviderArn,
            self.account,
            self.region_asked,
            instance.number(),
            self.clock.time(),
        )
        made.description = Description
        made.status = Status or "ENABLED"
        made.portal = {**made.portal, **(PortalOptions or {})}
        made.tags = made.tags.with_(self, tag_map(Tags), invalid="ValidationException")
        instance.applications[arn] = made
        return {"ApplicationArn": arn, "InstanceArn": instance.arn, "IdentityStoreArn": instance.store_arn}

    def describe_application(self, ApplicationArn: str) -> dict[str, Any]:
        return self._described(self.application(ApplicationArn))

    def update_application(
        self,
        ApplicationArn: str,
        Name: str | None = None,
        Description: str | None = None,
        Status: str | None = None,
        PortalOptions: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        application = self.application(ApplicationArn)
        self._check_portal(PortalOptions)
        application.name = Name or application.name
        application.description = Description or application.description
        application.status = Status or application.status
        application.portal = {**application.portal, **(PortalOptions or {})}
        return {}

    def delete_application(self, ApplicationArn: str) -> dict[str, Any]:
        application = self.application(ApplicationArn)
        del self._instance_of(ApplicationArn).applications[application.arn]
        return {}

    def list_applications(
        self,
        InstanceArn: str,
        MaxResults: int | None = None,
        NextToken: str | None = None,
        Filter: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        wanted = Filter or {}
        found = [
            each
            for each in self.instance(InstanceArn).applications.values()
            if wanted.get("ApplicationAccount") in (None, each.account)
            and wanted.get("ApplicationProvider") in (None, each.provider)
        ]
        return self.page("Applications", found, self._described, NextToken, MaxResults)

    def describe_application_provider(self, ApplicationProviderArn: str) -> dict[str, Any]:
        return self._described_provider(self._provider(ApplicationProviderArn))

    def list_application_providers(self, MaxResults: int | None = None, NextToken: str | None = None) -> dict[str, Any]:
        return self.page("ApplicationProviders", _PROVIDERS, self._described_provider, NextToken, MaxResults, str)

    # --- assignments

    def create_application_assignment(
        self, ApplicationArn: str, PrincipalId: str, PrincipalType: str
    ) -> dict[str, Any]:
        application = self.application(ApplicationArn)
        instance = self._instance_of(ApplicationArn)
        self.check_principal(instance, PrincipalType, PrincipalId)
        if (PrincipalType, PrincipalId) in application.assigned:
            raise self.conflict("The principal is already assigned to the application.")
        application.assigned[PrincipalType, PrincipalId] = instance.number()
        return {}

    def delete_application_assignment(
        self, ApplicationArn: str, PrincipalId: str, PrincipalType: str
    ) -> dict[str, Any]:
        application = self.application(ApplicationArn)
        self._check_assigned(application, PrincipalType, PrincipalId)
        del application.assigned[PrincipalType, PrincipalId]
        return {}

    def describe_application_assignment(
        self, ApplicationArn: str, PrincipalId: str, PrincipalType: str
    ) -> dict[str, Any]:
        application = self.application(ApplicationArn)
        self._check_assigned(application, PrincipalType, PrincipalId)
        return {"ApplicationArn": application.arn, "PrincipalType": PrincipalType, "PrincipalId": PrincipalId}

    def list_application_assignments(
        self, ApplicationArn: str, MaxResults: int | None = None, NextToken: str | None = None
    ) -> dict[str, Any]:
        application = self.application(ApplicationArn)
        return self.page(
            "ApplicationAssignments",
            application.assigned.items(),
            lambda item: _assignment(application, item[0]),
            NextToken,
            MaxResults,
            lambda item: number(item[1]),
        )

    def list_application_assignments_for_principal(
        self,
        InstanceArn: str,
        PrincipalId: str,
        PrincipalType: str,
        Filter: Mapping[str, str] | None = None,
        NextToken: str | None = None,
        MaxResults: int | None = None,
    ) -> dict[str, Any]:
        instance = self.instance(InstanceArn)
        self.check_principal(instance, PrincipalType, PrincipalId)
        wanted = (Filter or {}).get("ApplicationArn")
        key = (PrincipalType, PrincipalId)
        found = [each for each in instance.applications.values() if key in each.assigned and wanted in (None, each.arn)]
        return self.page("ApplicationAssignments", found, lambda each: _assignment(each, key), NextToken, MaxResults)

    def get_application_assignment_configuration(self, ApplicationArn: str) -> dict[str, Any]:
        return {"AssignmentRequired": self.application(ApplicationArn).assignment_required}

    def put_application_assignment_configuration(self, ApplicationArn: str, AssignmentRequired: bool) -> dict[str, Any]:
        self.application(ApplicationArn).assignment_required = AssignmentRequired
        return {}

    def get_application_session_configuration(self, ApplicationArn: str) -> dict[str, Any]:
        return {"UserBackgroundSessionApplicationStatus": self.application(ApplicationArn).background_sessions}

    def put_application_session_configuration(
        self, ApplicationArn: str, UserBackgroundSessionApplicationStatus: str | None = None
    ) -> dict[str, Any]:
        application = self.application(ApplicationArn)
        if UserBackgroundSessionApplicationStatus is not None:
            application.background_sessions = UserBackgroundSessionApplicationStatus
        return {}

    # --- access scopes, grants, authentication methods

    def put_application_access_scope(
        self, Scope: str, ApplicationArn: str, AuthorizedTargets: Sequence[str] = ()
    ) -> dict[str, Any]:
        application = self.application(ApplicationArn)
        if Scope not in application.scopes:
            self.limits.quota("access-scopes", len(application.scopes), application.arn)
        application.scopes[Scope] = tuple(AuthorizedTargets)
        return {}

    def get_application_access_scope(self, ApplicationArn: str, Scope: str) -> dict[str, Any]:
        return _scope((Scope, self._of(self.application(ApplicationArn).scopes, "access scope", Scope)))

    def delete_application_access_scope(self, ApplicationArn: str, Scope: str) -> dict[str, Any]:
        scopes = self.application(ApplicationArn).scopes
        self._of(scopes, "access scope", Scope)
        del scopes[Scope]
        return {}

    def list_application_access_scopes(
        self, ApplicationArn: str, MaxResults: int | None = None, NextToken: str | None = None
    ) -> dict[str, Any]:
        scopes = self.application(ApplicationArn).scopes.items()
        return self.page("Scopes", scopes, _scope, NextToken, MaxResults, lambda item: item[0])

    def put_application_grant(self, ApplicationArn: str, GrantType: str, Grant: Mapping[str, Any]) -> dict[str, Any]:
        application = self.application(ApplicationArn)
        if set(Grant) != {_GRANTS[GrantType]}:
            raise self.invalid(f"Grant must be of the type {GrantType}.")
        for issuer in Grant.get("JwtBearer", {}).get("AuthorizedTokenIssuers") or ():
            if issuer.get("TrustedTokenIssuerArn") is not None:
                self.issuer(issuer["TrustedTokenIssuerArn"])
        application.grants[GrantType] = Grant
        return {}

    def get_application_grant(self, ApplicationArn: str, GrantType: str) -> dict[str, Any]:
        return {"Grant": self._of(self.application(ApplicationArn).grants, "grant", GrantType)}

    def delete_application_grant(self, ApplicationArn: str, GrantType: str) -> dict[str, Any]:
        grants = self.application(ApplicationArn).grants
        self._of(grants, "grant", GrantType)
        del grants[GrantType]
        return {}

    def list_application_grants(self, ApplicationArn: str, NextToken: str | None = None) -> dict[str, Any]:
        return self.page(
            "Grants",
            self.application(ApplicationArn).grants.items(),
            lambda item: {"GrantType": item[0], "Grant": item[1]},
            NextToken,
            None,
            lambda item: item[0],
        )

    def put_application_authentication_method(
        self, ApplicationArn: str, AuthenticationMethodType: str, AuthenticationMethod: Mapping[str, Any]
    ) -> dict[str, Any]:
        self.application(ApplicationArn).methods[AuthenticationMethodType] = AuthenticationMethod
        return {}

    def get_application_authentication_method(
        self, ApplicationArn: str, AuthenticationMethodType: str
    ) -> dict[str, Any]:
        methods = self.application(ApplicationArn).methods
        return {"AuthenticationMethod": self._of(methods, "authentication method", AuthenticationMethodType)}

    def delete_application_authentication_method(
        self, ApplicationArn: str, AuthenticationMethodType: str
    ) -> dict[str, Any]:
        methods = self.application(ApplicationArn).methods
        self._of(methods, "authentication method", AuthenticationMethodType)
        del methods[AuthenticationMethodType]
        return {}

    def list_application_authentication_methods(
        self, ApplicationArn: str, NextToken: str | None = None
    ) -> dict[str, Any]:
        return self.page(
            "AuthenticationMethods",
            self.application(ApplicationArn).methods.items(),
            lambda item: {"AuthenticationMethodType": item[0], "AuthenticationMethod": item[1]},
            NextToken,
            None,
            lambda item: item[0],
        )

    # --- trusted token issuers

    def create_trusted_token_issuer(
        self,
        InstanceArn: str,
        Name: str,
        TrustedTokenIssuerType: str,
        TrustedTokenIssuerConfiguration: Mapping[str, Any],
        ClientToken: str | None = None,
        Tags: TagList = (),
    ) -> dict[str, Any]:
        instance = self.instance(InstanceArn)
        if not TrustedTokenIssuerConfiguration.get("OidcJwtConfiguration"):
            raise self.invalid("OidcJwtConfiguration is required for an issuer of type OIDC_JWT.")
        url = TrustedTokenIssuerConfiguration["OidcJwtConfiguration"]["IssuerUrl"]
        for each in instance.issuers.values():
            if each.name == Name or each.configuration["OidcJwtConfiguration"]["IssuerUrl"] == url:
                raise self.conflict("A trusted token issuer with this name or issuer URL already exists.")
        self.limits.quota("trusted-token-issuers", len(instance.issuers), instance.id)
        resource = f"trustedTokenIssuer/{instance.id}/tti-{self.ids.uuid('issuer')}"
        made = Issuer(
            self.arn(resource, account=instance.owner),
            Name,
            TrustedTokenIssuerType,
            TrustedTokenIssuerConfiguration,
            instance.number(),
        )
        made.tags = made.tags.with_(self, tag_map(Tags), invalid="ValidationException")
        instance.issuers[made.arn] = made
        return {"TrustedTokenIssuerArn": made.arn}

    def describe_trusted_token_issuer(self, TrustedTokenIssuerArn: str) -> dict[str, Any]:
        issuer = self.issuer(TrustedTokenIssuerArn)
        return {**issuer.listed(), "TrustedTokenIssuerConfiguration": issuer.configuration}

    def update_trusted_token_issuer(
        self,
        TrustedTokenIssuerArn: str,
        Name: str | None = None,
        TrustedTokenIssuerConfiguration: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        issuer = self.issuer(TrustedTokenIssuerArn)
        others = [each for each in self._instance_of(issuer.arn).issuers.values() if each is not issuer]
        if any(each.name == Name for each in others):
            raise self.conflict("A trusted token issuer with this name or issuer URL already exists.")
        issuer.name = Name or issuer.name
        changed = (TrustedTokenIssuerConfiguration or {}).get("OidcJwtConfiguration") or {}
        issuer.configuration = {"OidcJwtConfiguration": {**issuer.configuration["OidcJwtConfiguration"], **changed}}
        return {}

    def delete_trusted_token_issuer(self, TrustedTokenIssuerArn: str) -> dict[str, Any]:
        issuer = self.issuer(TrustedTokenIssuerArn)
        instance = self._instance_of(issuer.arn)
        del instance.issuers[issuer.arn]
        self.limits.used("trusted-token-issuers", len(instance.issuers), instance.id)
        return {}

    def list_trusted_token_issuers(
        self, InstanceArn: str, MaxResults: int | None = None, NextToken: str | None = None
    ) -> dict[str, Any]:
        issuers = self.instance(InstanceArn).issuers.values()
        return self.page("TrustedTokenIssuers", issuers, Issuer.listed, NextToken, MaxResults)

    # --- what operations share

    def _provider(self, arn: str) -> str:
        name = arn.partition(":applicationProvider/")[2]
        if name not in _PROVIDERS:
            raise self.missing(f"Application provider not found: {arn}")
        return name

    def _described_provider(self, name: str) -> dict[str, Any]:
        protocol, shown, description = _PROVIDERS[name]
        return {
            "ApplicationProviderArn": self.arn(f"applicationProvider/{name}", account="aws"),
            "FederationProtocol": protocol,
            "DisplayData": {"DisplayName": shown, "Description": description},
        }

    def _described(self, application: Application) -> dict[str, Any]:
        instance = self._instance_of(application.arn)
        return {
            "ApplicationArn": application.arn,
            "ApplicationProviderArn": application.provider,
            "Name": application.name,
            "ApplicationAccount": application.account,
            "InstanceArn": instance.arn,
            "IdentityStoreArn": instance.store_arn,
            "Status": application.status,
            "PortalOptions": application.portal,
            "Description": application.description,
            "CreatedDate": application.created,
            "CreatedFrom": application.region,
        }

    def _check_portal(self, options: Mapping[str, Any] | None) -> None:
        sign_in = (options or {}).get("SignInOptions") or {}
        if sign_in.get("Origin") == "APPLICATION" and not sign_in.get("ApplicationUrl"):
            raise self.invalid("ApplicationUrl is required if Origin is APPLICATION.")

    def _check_assigned(self, application: Application, kind: str, principal: str) -> None:
        if (kind, principal) not in application.assigned:
            raise self.missing("Application assignment not found.")

    def _of(self, records: Mapping[str, Any], noun: str, key: str) -> Any:
        if key not in records:
            raise self.missing(f"The application has no {noun} {key}.")
        return records[key]


def _assignment(application: Application, key: tuple[str, str]) -> dict[str, str]:
    kind, principal = key
    return {"ApplicationArn": application.arn, "PrincipalType": kind, "PrincipalId": principal}


def _scope(item: tuple[str, Sequence[str]]) -> dict[str, Any]:
    scope, targets = item
    return {"Scope": scope, "AuthorizedTargets": list(targets) or None}

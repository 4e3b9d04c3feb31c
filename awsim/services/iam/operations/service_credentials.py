"""Credentials that are good for one service: Git over HTTPS with CodeCommit, Keyspaces, API keys of Bedrock."""

from __future__ import annotations

from typing import Any

from awsim.services.iam.credentials import ServiceCredential
from awsim.services.iam.operations.providers import ProviderOperations
from awsim.services.iam.passwords import DAY
from awsim.services.iam.records import User
from awsim.services.iam.refusals import invalid, malformed, no_such

_WITH_USER_NAMES = ("codecommit.amazonaws.com", "cassandra.amazonaws.com")
_WITH_ALIASES = ("bedrock.amazonaws.com",)
_CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


class ServiceCredentialOperations(ProviderOperations):
    def create_service_specific_credential(
        self, UserName: str, ServiceName: str, CredentialAgeDays: int | None = None
    ) -> dict[str, Any]:
        user = self.user(UserName)
        _check_service(ServiceName)
        if CredentialAgeDays is not None and ServiceName not in _WITH_ALIASES:
            raise invalid(f"CredentialAgeDays is not supported for {ServiceName}")
        same = [each for each in user.service_credentials.values() if each.service == ServiceName]
        self.limits.quota("service-credentials-per-user", len(same), f"{user.name}/{ServiceName}")
        number = len(same)
        while any(each.name == self._user_name(user, number) for each in same):
            number -= 1
        credential = ServiceCredential(
            self.new_id("ACCA"),
            ServiceName,
            self._user_name(user, number),
            self._password(),
            self.now(),
            None if CredentialAgeDays is None else self.now() + CredentialAgeDays * DAY,
        )
        user.service_credentials[credential.id] = credential
        return {"ServiceSpecificCredential": _shown(user, credential, secret=True)}

    def list_service_specific_credentials(
        self,
        UserName: str | None = None,
        ServiceName: str | None = None,
        AllUsers: bool = False,
        Marker: str | None = None,
        MaxItems: int | None = None,
    ) -> dict[str, Any]:
        if AllUsers and UserName is not None:
            raise invalid("UserName cannot be given together with AllUsers.")
        if not AllUsers and (Marker is not None or MaxItems is not None):
            raise invalid("Marker and MaxItems can be given with AllUsers only.")
        users = list(self.users.values()) if AllUsers else [self.user_or_caller(UserName)]
        if ServiceName is not None:
            _check_service(ServiceName)
        found = [
            (f"{user.key}/{credential.id}", _shown(user, credential))
            for user in users
            for credential in user.service_credentials.values()
            if ServiceName in (None, credential.service)
        ]
        if not AllUsers:
            return {"ServiceSpecificCredentials": [shown for _, shown in found]}
        return self.page("ServiceSpecificCredentials", found, lambda shown: shown, Marker, MaxItems)

    def update_service_specific_credential(
        self, ServiceSpecificCredentialId: str, Status: str, UserName: str | None = None
    ) -> None:
        _, credential = self._credential(UserName, ServiceSpecificCredentialId)
        if Status == "Expired":
            raise malformed("The status can be Active or Inactive only.")
        credential.status = Status

    def reset_service_specific_credential(
        self, ServiceSpecificCredentialId: str, UserName: str | None = None
    ) -> dict[str, Any]:
        user, credential = self._credential(UserName, ServiceSpecificCredentialId)
        credential.password = self._password()
        return {"ServiceSpecificCredential": _shown(user, credential, secret=True)}

    def delete_service_specific_credential(self, ServiceSpecificCredentialId: str, UserName: str | None = None) -> None:
        user, credential = self._credential(UserName, ServiceSpecificCredentialId)
        del user.service_credentials[credential.id]
        left = sum(each.service == credential.service for each in user.service_credentials.values())
        self.limits.used("service-credentials-per-user", left, f"{user.name}/{credential.service}")

    def _credential(self, name: str | None, id: str) -> tuple[User, ServiceCredential]:
        user = self.user_or_caller(name)
        credential = user.service_credentials.get(id)
        if credential is None:
            raise no_such(f"No such credential {id} exists")
        return user, credential

    def _user_name(self, user: User, number: int) -> str:
        return f"{user.name}{f'+{number}' if number else ''}-at-{self.account}"

    def _password(self) -> str:
        return self.ids.text("service-password", 43, _CHARACTERS) + "="


def _check_service(name: str) -> None:
    if name not in (*_WITH_USER_NAMES, *_WITH_ALIASES):
        raise no_such(f"No such service {name} is supported for Service Specific Credentials")


def _shown(user: User, credential: ServiceCredential, secret: bool = False) -> dict[str, Any]:
    alias = credential.service in _WITH_ALIASES
    shown = {
        "UserName": user.name,
        "Status": credential.status,
        "ServiceCredentialAlias" if alias else "ServiceUserName": credential.name,
        "CreateDate": credential.created,
        "ExpirationDate": credential.expires,
        "ServiceSpecificCredentialId": credential.id,
        "ServiceName": credential.service,
    }
    if secret:
        shown["ServiceCredentialSecret" if alias else "ServicePassword"] = credential.password
    return shown

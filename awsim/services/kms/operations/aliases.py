"""Aliases."""

from __future__ import annotations

import re
from typing import Any

from awsim.errors import AWSError
from awsim.services.kms import refusals
from awsim.services.kms.alias import Alias
from awsim.services.kms.key import Key
from awsim.services.kms.operations.common import Operations

_NAME = re.compile(r"alias/[a-zA-Z0-9/_-]+")
_USABLE = ("Enabled", "Disabled", "PendingImport", "Unavailable")


class AliasOperations(Operations):
    def create_alias(self, AliasName: str, TargetKeyId: str) -> None:
        self._check_name(AliasName)
        key = self.key_named(TargetKeyId, *_USABLE)
        if AliasName in self.aliases:
            message = f"An alias with the name {self.arn(AliasName)} already exists"
            raise AWSError("AlreadyExistsException", message)
        self.limits.quota("aliases", len(key.aliases), key.arn)
        self.add_alias(AliasName, key)

    def update_alias(self, AliasName: str, TargetKeyId: str) -> None:
        self._check_name(AliasName)
        alias = self._alias(AliasName)
        key = self.key_named(TargetKeyId, *_USABLE)
        old: Key = self.keys[alias.target]
        if (old.spec.kind, old.family.usage) != (key.spec.kind, key.family.usage):
            raise refusals.invalid(
                f"The current and the new KMS key of {alias.arn} must be of the same type and have the same key usage."
            )
        if old is not key:
            self.limits.quota("aliases", len(key.aliases), key.arn)
            key.aliases[AliasName] = old.aliases.pop(AliasName)
            self.limits.used("aliases", len(old.aliases), old.arn)
        alias.target = key.id
        alias.updated = self.now

    def delete_alias(self, AliasName: str) -> None:
        self._check_name(AliasName)
        alias = self._alias(AliasName)
        key: Key = self.keys[alias.target]
        del key.aliases[AliasName]
        self.limits.used("aliases", len(key.aliases), key.arn)
        self.aliases.remove(AliasName)

    def list_aliases(
        self, KeyId: str | None = None, Limit: int | None = None, Marker: str | None = None
    ) -> dict[str, Any]:
        found = self.aliases if KeyId is None else self.key_named(KeyId).aliases.values()
        return self.page("Aliases", found, lambda alias: alias.name, Alias.described, Limit, Marker, "short-page-size")

    def _alias(self, name: str) -> Alias:
        alias: Alias | None = self.aliases.get(name)
        if alias is None:
            raise refusals.no_alias(self.arn(name))
        return alias

    def _check_name(self, name: str) -> None:
        if not name.startswith("alias/"):
            raise refusals.invalid(
                'Alias must start with the prefix "alias/". Please see '
                "https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html"
            )
        if name.startswith("alias/aws/"):
            raise AWSError("NotAuthorizedException", "", status=400)
        if not _NAME.fullmatch(name):
            raise AWSError("InvalidAliasNameException", f"{name} contains invalid characters for an alias")

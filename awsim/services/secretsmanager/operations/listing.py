"""Finding secrets, and reading many at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from awsim.errors import AWSError
from awsim.services.secretsmanager import filters, refusals
from awsim.services.secretsmanager.filters import Filters
from awsim.services.secretsmanager.operations.values import ValueOperations
from awsim.services.secretsmanager.secret import Secret

_SORTED_BY = {"created-date": "created", "last-accessed-date": "accessed", "last-changed-date": "changed"}


class ListingOperations(ValueOperations):
    def list_secrets(
        self,
        IncludePlannedDeletion: bool | None = None,
        MaxResults: int | None = None,
        NextToken: str | None = None,
        Filters: Filters = (),
        SortOrder: str | None = None,
        SortBy: str | None = None,
    ) -> dict[str, Any]:
        filters.check(Filters)
        found = [
            secret
            for secret in self.secrets
            if (IncludePlannedDeletion or secret.deletion is None) and filters.match(secret, Filters)
        ]
        keys = _ordered(found, SortBy, SortOrder == "desc")
        return self.page("SecretList", found, Secret.listed, lambda secret: keys[secret.name], NextToken, MaxResults)

    def batch_get_secret_value(
        self,
        SecretIdList: Sequence[str] = (),
        Filters: Filters = (),
        MaxResults: int | None = None,
        NextToken: str | None = None,
    ) -> dict[str, Any]:
        if bool(SecretIdList) == bool(Filters):
            raise refusals.parameter("Either 'SecretIdList' or 'Filters' must be provided, but not both.")
        if SecretIdList and (MaxResults is not None or NextToken is not None):
            raise refusals.parameter("'MaxResults' and 'NextToken' can only be used with 'Filters'.")
        filters.check(Filters)
        wanted: Sequence[str] = list(dict.fromkeys(SecretIdList))
        page: dict[str, Any] = {}
        if Filters:
            found = [secret for secret in self.secrets if secret.deletion is None and filters.match(secret, Filters)]
            size = MaxResults or self.limits["batch-page-size"]
            page = self.page("found", found, lambda each: each.arn, lambda each: each.name, NextToken, size)
            wanted = page.pop("found")
        values, errors = [], []
        for id in wanted:
            try:
                values.append(self.get_secret_value(id))
            except AWSError as error:
                errors.append({"SecretId": id, "ErrorCode": error.code, "Message": error.message})
        return {"SecretValues": values, "Errors": errors, **page}


def _ordered(secrets: Sequence[Secret], by: str | None, descending: bool) -> dict[str, str]:
    """The key by which each secret is listed: its name, or a time and its name; turned round where wanted."""

    def place(secret: Secret) -> tuple[float, str]:
        return (0 if by == "name" else getattr(secret, _SORTED_BY[by or "created-date"]) or 0, secret.name)

    ordered = sorted(secrets, key=place, reverse=descending)
    return {secret.name: f"{at:012d}" for at, secret in enumerate(ordered)}

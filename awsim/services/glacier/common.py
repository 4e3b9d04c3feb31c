"""What the operations of Glacier begin with: whose vault it is, and whether the account may use the service at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from awsim.errors import AWSError
from awsim.service import ResourceSide, Service
from awsim.services.glacier.vault import Vault
from awsim.state import Collection, Dict
from awsim.state.pages import BadToken, number, page
from awsim.wire.values import whole

if TYPE_CHECKING:
    from awsim.auth.policy import Policy
    from awsim.gateway.validate import Violation

T = TypeVar("T")
_DAY = 86_400
_OWN = "-"


@lru_cache(256)
def _parsed(text: str) -> Policy:
    from awsim.auth.policy import parse

    return parse(text, "resource")


class Common(Service):
    name = "glacier"
    scope = "region"
    validation_error = "InvalidParameterValueException"

    vaults = Collection("vault", quota="vaults")

    def setup(self) -> None:
        self.settings = Dict()  # "retrieval": the rules of the data retrieval policy
        self.retrieved = Dict()  # job id -> (time, bytes) of standard retrievals
        self.capacity = Dict()  # id -> when the unit was bought

    # --- finding

    def completed(self, error: AWSError) -> AWSError:
        """Glacier's errors repeat their code, and say whose fault they are."""
        error = super().completed(error)
        server = (error.status or 400) >= 500
        error.fields = {"code": error.code, "type": "Server" if server else "Client", **error.fields}
        return error

    def violation(self, violations: Sequence[Violation]) -> AWSError:
        first = violations[0]
        if first.kind == "required":
            return self.missing(first.path)
        return self.invalid(f"Invalid value for {first.path}: {first.value}")

    def invalid(self, message: str) -> AWSError:
        return self.error("InvalidParameterValueException", message)

    def missing(self, parameter: str) -> AWSError:
        operation = self.request.operation
        return self.error(
            "MissingParameterValueException",
            f"Required parameter missing: API call {operation}, parameter {parameter}",
        )

    def home(self, account: str | None) -> Common:
        """The service in the account that a request names; "-" is the caller's own. Refuses who may not use it."""
        if self.limits["closed"]:
            raise self.error("NoLongerSupportedException", "The service is no longer available to new customers.")
        if account in (None, "", _OWN, self.account):
            return self
        if not (account.isdecimal() and len(account) == 12):
            raise self.invalid(f"Invalid accountId: {account}")
        found: Common = self.at(account=account)
        return found

    def own(self, account: str | None) -> None:
        """Refuse an account other than the caller's, for what nobody can share."""
        if self.home(account) is not self:
            raise self.error("AccessDeniedException", f"User: {self.caller.arn} is not authorized for this account")

    def vault_of(self, account: str | None, name: str) -> Vault:
        """The vault that a request names, if the caller may use it."""
        home = self.home(account)
        vault: Vault | None = home.vaults.get(name)
        if home is not self and self.cloud.authorization is None and self.caller.service is None:
            from awsim.gateway.authorizer import check_strangers

            arn = home.arn(f"vaults/{name}")
            check_strangers(self.request, self.resource_policy(arn), arn.__eq__)
        if vault is None:
            raise self.error("ResourceNotFoundException", f"Vault not found for ARN: {home.arn(f'vaults/{name}')}")
        return vault

    # --- permissions

    def resource_arn(self, name: str, arn: str, params: Mapping[str, Any]) -> str:
        return arn.replace(":-:", f":{self.account}:").replace("::vaults", f":{self.account}:vaults")

    def known(self, arn: str) -> Vault | None:
        parts = arn.split(":", 5)
        if len(parts) < 6 or not parts[5].startswith("vaults/"):
            return None
        found: Vault | None = self.at(account=parts[4]).vaults.get(parts[5].removeprefix("vaults/"))
        return found

    def resource_policy(self, arn: str) -> ResourceSide:
        vault = self.known(arn)
        account = arn.split(":")[4] if arn.count(":") > 4 else self.account
        if vault is None:
            return ResourceSide(account)
        texts = (vault.policy, vault.lock.policy if vault.lock is not None else None)
        return ResourceSide(account, tuple(_parsed(text) for text in texts if text))

    def condition_value(self, key: str, resource: str) -> Any:
        vault = self.known(resource)
        if vault is None:
            return None
        name, _, rest = key.partition("/")
        if name == "glacier:resourcetag":
            return next((value for tag, value in vault.tags.items() if tag.lower() == rest), None)
        if name == "glacier:archiveageindays":
            params = self.request.params
            id = params.get("archiveId") or (params.get("jobParameters") or {}).get("ArchiveId")
            archive = vault.archives.get(id)
            return None if archive is None else int((self.clock.time() - archive.created) // _DAY)
        return None

    def tags_of(self, arn: str) -> Mapping[str, str] | None:
        vault = self.known(arn)
        return None if vault is None else vault.tags

    def check_policy(self, text: str | None) -> str:
        """A policy of a vault. Raises where it is none."""
        from awsim.auth.policy import PolicyError, parse

        if not text:
            raise self.missing("policy")
        self.limits.check("policy-size", len(text.encode()))
        try:
            parse(text, "resource")
        except PolicyError as error:
            raise self.invalid(f"Invalid policy: {error.message}") from None
        return text

    # --- pages

    def paged(
        self, records: Iterable[T], key: Callable[[T], str], marker: str | None, limit: str | None
    ) -> tuple[list[T], str | None]:
        largest = self.limits["page-size"]
        if limit is not None:
            if not limit.isdecimal() or not whole(limit):
                raise self.invalid(f"Invalid limit: {limit}")
            size = whole(limit) if largest is None else min(whole(limit), int(largest))
        else:
            size = int(largest or 0) or None  # type: ignore[assignment]
        try:
            return page(records, key, marker, size, self.request.operation)
        except BadToken:
            raise self.invalid(f"Invalid marker: {marker}") from None


def by_time(seconds: float, id: str) -> str:
    """A key that sorts by time."""
    return f"{number(int(seconds * 1000))} {id}"

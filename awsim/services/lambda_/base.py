"""What all of Lambda's operations need: finding functions, versions and aliases, revisions, pages, policies."""

from __future__ import annotations

from base64 import b64decode, b64encode
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from awsim.auth.policy import parse
from awsim.errors import AWSError
from awsim.metering import Sample
from awsim.service import ResourceSide, Service
from awsim.services.lambda_ import metrics, names, permissions
from awsim.services.lambda_.function import Alias, Function, Version
from awsim.services.lambda_.names import LATEST
from awsim.services.lambda_.refusals import changed, invalid, no_function
from awsim.state import Collection, Dict, Lifecycle


class Target(NamedTuple):
    """What a name and a qualifier lead to; `qualifier` as it was asked for, `alias` where it names one."""

    function: Function
    version: Version
    qualifier: str | None
    alias: Alias | None = None

    @property
    def arn(self) -> str:
        return self.function.qualified(self.qualifier)


class Base(Service):
    """The state of Lambda in an account and region."""

    name = "lambda"
    scope = "region"
    # Runtimes and retirement have words of their own.
    unchecked = frozenset({"Runtime"})
    # Who may is decided where a URL's kind of authorization is known.
    anonymous = frozenset({"InvokeFunctionUrl"})
    itemised = frozenset({"InvokeFunctionUrl"})

    functions = Collection("function")

    def setup(self) -> None:
        self.layers = Dict()
        self.mappings = Dict()

    # --- metrics

    def measurements(self, notes: Sequence[Any]) -> Iterator[Sample]:
        return metrics.measurements(notes)

    def note(self, function: Function, name: str, value: float = 1, qualifier: str | None = None) -> None:
        """Note something that counts, for metrics."""
        self.measured.append(metrics.Happened(self.clock.time(), function.name, qualifier, name, value))

    # --- looking up

    def function_at(self, text: str) -> tuple[Function, str | None]:
        """A function of this account and region, and the qualifier that its name brings along."""
        address = names.read(text)
        self._check_here(address)
        return self._function(address), address.qualifier

    def whole_function(self, text: str) -> Function:
        """A function that is not to be named by a version of it."""
        return self.function_at(text)[0]

    def target(self, text: str, qualifier: str | None = None) -> Target:
        """The version that a name and a qualifier lead to, through an alias or not."""
        address = names.read(text, qualifier)
        self._check_here(address)
        function = self._function(address)
        asked = address.qualifier
        alias = function.aliases.get(asked) if asked else None
        version = function.version(alias.version if alias is not None else asked or LATEST)
        if version is None:
            raise no_function(function.qualified(asked))
        return Target(function, version, asked, alias)

    def home_of(self, text: str) -> Any:
        """Lambda where the function of a name or ARN is."""
        address = names.read(text)
        account, region = address.account or self.account, address.region or self.region
        if (account, region) == (self.account, self.region):
            return self
        return self.at(account=account, region=region)

    def _check_here(self, address: names.Address) -> None:
        if address.region not in (None, self.region):
            raise no_function(f"arn:{self.partition}:lambda:{address.region}:{self.account}:function:{address.name}")

    def _function(self, address: names.Address) -> Function:
        home = self
        if address.account not in (None, self.account):
            home = self.at(account=address.account)
            self.check_stranger(home, home.arn(f"function:{address.name}"))
        found: Function | None = home.functions.get(address.name)
        if found is None:
            arn = home.arn(f"function:{address.name}")
            raise no_function(f"{arn}:{address.qualifier}" if address.qualifier else arn)
        return found

    # --- changing

    def new_revision(self) -> str:
        return self.ids.uuid("revision")

    def check_revision(self, given: str | None, current: str) -> None:
        if given is not None and given != current:
            raise changed()

    def touched(self, version: Version) -> None:
        """A version was changed: it takes AWS a moment until that holds."""
        version.modified = self.clock.time()
        version.revision = self.new_revision()
        version.update = Lifecycle(self, [("InProgress", "function-update"), ("Successful", None)])

    # --- listing

    def page(
        self,
        member: str,
        records: Iterable[Any],
        shown: Callable[[Any], Any],
        key: Callable[[Any], str],
        marker: str | None,
        most: int | None,
        row: str = "page-size",
    ) -> dict[str, Any]:
        """A page of records in order of their keys; a marker is the last key shown."""
        ordered = sorted(records, key=key)
        if marker is not None:
            try:
                last = b64decode(marker, validate=True).decode()
            except ValueError:
                raise invalid("Invalid pagination token.") from None
            ordered = ordered[bisect_right(ordered, last, key=key) :]
        size = min(most or self.limits[row], self.limits[row])
        page: dict[str, Any] = {member: [shown(record) for record in ordered[:size]]}
        if len(ordered) > size:
            page["NextMarker"] = b64encode(key(ordered[size - 1]).encode()).decode()
        return page

    # --- permissions

    def resource_policy(self, arn: str) -> ResourceSide:
        """The owner and the policy of a function, or of the version or alias that the ARN names."""
        parts = arn.split(":")
        if len(parts) < 7 or not parts[4]:
            return ResourceSide(self.account)
        owner = parts[4]
        home = self.at(account=owner, region=parts[3] or self.region)
        if parts[5] == "layer":
            text = home.layer_policy(parts[6], parts[7] if len(parts) > 7 else "")
            return ResourceSide(owner, () if text is None else (parse(text, "resource"),))
        function: Function | None = home.functions.get(parts[6]) if parts[5] == "function" else None
        if parts[5] != "function":
            return ResourceSide(owner)
        policy = function.policies.get(parts[7] if len(parts) > 7 else "") if function is not None else None
        if policy is None:
            return ResourceSide(owner, closed=True)
        return ResourceSide(owner, (parse(permissions.written(policy.statements), "resource"),))

    def resource_arn(self, name: str, arn: str, params: Mapping[str, Any]) -> str:
        """The ARN behind a partial one (`123456789012:function:name`)."""
        given = params.get("FunctionName")
        if name not in ("function", "qualified") or not isinstance(given, str) or given.startswith("arn:"):
            return arn
        try:
            address = names.read(given, params.get("Qualifier"))
        except AWSError:
            return arn  # the operation refuses it
        account, region = address.account or self.account, address.region or self.region
        whole = self.arn(f"function:{address.name}", account=account, region=region)
        return f"{whole}:{address.qualifier}" if address.qualifier else whole

    def tags_of(self, arn: str) -> Mapping[str, str] | None:
        parts = arn.split(":")
        if len(parts) < 7 or parts[5] != "function":
            return None
        function = self.at(account=parts[4], region=parts[3]).functions.get(parts[6])
        return function.tags if function is not None else None

    def check_stranger(self, home: Base, arn: str) -> None:
        """Refuse what the policy of another account's function or layer does not let this one do.

        Under `authorization` all has been decided; without it, whether a function lets in an AWS service is not asked.
        """
        if self.cloud.authorization is not None or self.caller.service is not None:
            return
        from awsim.gateway.authorizer import check_strangers

        asked = arn.split(":")
        check_strangers(
            self.request, home.resource_policy(arn), lambda resource: resource.split(":")[: len(asked)] == asked
        )

    def check_role(self, role: str) -> None:
        """Refuse a role that Lambda may not assume."""
        policies = self.cloud.authorization
        if policies is None:
            return
        try:
            policies.check_trust(self, role, None)
        except AWSError:
            raise invalid("The role defined for the function cannot be assumed by Lambda.") from None

    # --- what the parts of Lambda do for each other

    def layers_at(self, arns: Sequence[str] | None) -> list[dict[str, Any]] | None:
        raise NotImplementedError

    def layer_policy(self, name: str, number: str) -> str | None:
        raise NotImplementedError

    def mapping_at(self, uuid: str) -> Any:
        raise NotImplementedError

    def check_dead_letters(self, made: Mapping[str, Any], function: Function) -> None:
        raise NotImplementedError

    def package(self, given: Mapping[str, Any]) -> bytes:
        raise NotImplementedError

    def role_may(self, role: str, action: str, arn: str) -> bool:
        raise NotImplementedError

    def enter(self, function: Function) -> tuple[int, int, int]:
        raise NotImplementedError

    def leave(self, function: Function) -> None:
        raise NotImplementedError

    def routed(self, alias: Alias, function: Function) -> Version:
        raise NotImplementedError

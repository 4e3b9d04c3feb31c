"""Operations on concurrency, reserved and provisioned, on recursion and on the account.

Source: Lambda Developer Guide, "Configuring reserved concurrency for a function", "Configuring provisioned
concurrency", "Use Lambda recursive loop detection".
"""

from __future__ import annotations

from typing import Any, NamedTuple

from awsim.errors import AWSError
from awsim.services.lambda_ import names
from awsim.services.lambda_.base import Base
from awsim.services.lambda_.function import Function, timestamp
from awsim.services.lambda_.names import LATEST
from awsim.services.lambda_.refusals import invalid, no_function, throttled
from awsim.state import Lifecycle


class Provisioned(NamedTuple):
    """Provisioned concurrency of a version or alias."""

    wanted: int
    modified: float
    lifecycle: Lifecycle

    def described(self) -> dict[str, Any]:
        status = self.lifecycle.state
        ready = self.wanted if status == "READY" else 0
        return {
            "RequestedProvisionedConcurrentExecutions": self.wanted,
            "AvailableProvisionedConcurrentExecutions": ready,
            "AllocatedProvisionedConcurrentExecutions": ready,
            "Status": status,
            "LastModified": timestamp(self.modified),
        }


class Concurrency(Base):
    """How many invocations run at once."""

    def put_function_concurrency(self, FunctionName: str, ReservedConcurrentExecutions: int) -> dict[str, Any]:
        function = self.whole_function(FunctionName)
        total, least = self.limits["concurrency"], int(self.limits["unreserved-concurrency"])
        held = sum(other.reserved or 0 for other in self.functions if other is not function)
        if total is not None and ReservedConcurrentExecutions and total - held - ReservedConcurrentExecutions < least:
            raise invalid(
                "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution "
                f"below its minimum value of [{least}]."
            )
        provisioned = sum(one.wanted for one in function.provisioned.values())
        if provisioned > ReservedConcurrentExecutions:
            raise invalid(
                "ReservedConcurrentExecutions cannot be lower than the provisioned concurrency of the function."
            )
        function.reserved = ReservedConcurrentExecutions
        return {"ReservedConcurrentExecutions": ReservedConcurrentExecutions}

    def get_function_concurrency(self, FunctionName: str) -> dict[str, Any]:
        return {"ReservedConcurrentExecutions": self.whole_function(FunctionName).reserved}

    def delete_function_concurrency(self, FunctionName: str) -> None:
        self.whole_function(FunctionName).reserved = None

    def enter(self, function: Function) -> tuple[int, int, int]:
        """An invocation begins; raises TooManyRequestsException where there is no room for it. How many there are now:
        of the function, of all, and of those without reserved concurrency."""
        held = total = free = 0
        for other in self.functions:
            total += other.running
            if other.reserved is None:
                free += other.running
            else:
                held += other.reserved
        if function.reserved is not None:
            if function.running >= function.reserved:
                raise throttled("ReservedFunctionConcurrentInvocationLimitExceeded")
        else:
            try:
                self.limits.quota("concurrency", held + free)
            except AWSError:
                raise throttled("ConcurrentInvocationLimitExceeded") from None
            free += 1
        function.running += 1
        return function.running, total + 1, free

    def leave(self, function: Function) -> None:
        function.running -= 1

    def get_account_settings(self) -> dict[str, Any]:
        total = self.limits["concurrency"]
        held = sum(function.reserved or 0 for function in self.functions)
        versions = [version for one in self.functions for version in (one.latest, *one.versions.values())]
        return {
            "AccountLimit": {
                "TotalCodeSize": self.limits["code-storage"],
                "CodeSizeUnzipped": self.limits["unzipped-size"],
                "CodeSizeZipped": self.limits["zip-size"],
                "ConcurrentExecutions": total,
                "UnreservedConcurrentExecutions": None if total is None else total - held,
            },
            "AccountUsage": {
                "TotalCodeSize": sum(version.code.size for version in versions),
                "FunctionCount": len(self.functions),
            },
        }

    # --- provisioned concurrency

    def put_provisioned_concurrency_config(
        self, FunctionName: str, Qualifier: str, ProvisionedConcurrentExecutions: int
    ) -> dict[str, Any]:
        function, qualifier = self._published(FunctionName, Qualifier)
        wanted = ProvisionedConcurrentExecutions
        others = sum(one.wanted for name, one in function.provisioned.items() if name != qualifier)
        if function.reserved is not None and others + wanted > function.reserved:
            raise invalid(
                "Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for "
                "function"
            )
        lifecycle = Lifecycle(self, [("IN_PROGRESS", "provisioning"), ("READY", None)])
        made = function.provisioned[qualifier] = Provisioned(wanted, self.clock.time(), lifecycle)
        return made.described()

    def get_provisioned_concurrency_config(self, FunctionName: str, Qualifier: str) -> dict[str, Any]:
        function, qualifier = self._published(FunctionName, Qualifier)
        found: Provisioned | None = function.provisioned.get(qualifier)
        if found is None:
            raise self.error(
                "ProvisionedConcurrencyConfigNotFoundException",
                "No Provisioned Concurrency Config found for this function",
                Type="User",
            )
        return found.described()

    def delete_provisioned_concurrency_config(self, FunctionName: str, Qualifier: str) -> None:
        function, qualifier = self._published(FunctionName, Qualifier)
        function.provisioned.pop(qualifier, None)

    def list_provisioned_concurrency_configs(
        self, FunctionName: str, Marker: str | None = None, MaxItems: int | None = None
    ) -> dict[str, Any]:
        function = self.whole_function(FunctionName)
        return self.page(
            "ProvisionedConcurrencyConfigs",
            function.provisioned.items(),
            lambda one: {"FunctionArn": function.qualified(one[0]), **one[1].described()},
            lambda one: one[0],
            Marker,
            MaxItems,
        )

    def _published(self, text: str, qualifier: str) -> tuple[Function, str]:
        asked = names.read(text, qualifier).qualifier or ""
        function, _ = self.function_at(text)
        if asked == LATEST:
            raise invalid("Provisioned Concurrency Configs cannot be applied to unpublished function versions.")
        if not function.has(asked):
            raise no_function(function.qualified(asked))
        alias = function.aliases.get(asked)
        if alias is not None and alias.version == LATEST:
            raise invalid("Alias with provisioned concurrency cannot point to $LATEST")
        return function, asked

    # --- recursion

    def put_function_recursion_config(self, FunctionName: str, RecursiveLoop: str) -> dict[str, Any]:
        function = self.whole_function(FunctionName)
        function.loops = RecursiveLoop
        return {"RecursiveLoop": RecursiveLoop}

    def get_function_recursion_config(self, FunctionName: str) -> dict[str, Any]:
        return {"RecursiveLoop": self.whole_function(FunctionName).loops}

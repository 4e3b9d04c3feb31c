"""When keys, roles and permissions were last used: read off the Cloud's journal, which has every call."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from awsim.auth.actions import prefix_of

if TYPE_CHECKING:
    from awsim.cloud import Cloud


class Use(NamedTuple):
    """A call: when (epoch seconds), of which service (prefix of its actions) and operation, in which region."""

    time: float
    service: str
    operation: str
    region: str


class Uses:
    """The last uses by key and by principal. What is kept here follows from the journal and needs no undo."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._read = 0
        self._last: Any = None
        self._keys: dict[str, Use] = {}
        self._principals: dict[str, dict[str, Use]] = {}
        self._actions: dict[str, dict[tuple[str, str], Use]] = {}

    def of_key(self, access_key: str, since: float) -> Use | None:
        """The last call signed with a key."""
        self._catch_up()
        use = self._keys.get(access_key)
        return use if use is not None and self._counts(use, since) else None

    def of(self, arn: str, since: float) -> Use | None:
        """The last call of a user (its ARN) or of any session of a role (`session_arn`)."""
        uses = self.by_service(arn, since).values()
        return max(uses, default=None)

    def by_service(self, arn: str, since: float) -> dict[str, Use]:
        """The last call of a principal to each service."""
        self._catch_up()
        found = self._principals.get(arn, {})
        return {service: use for service, use in found.items() if self._counts(use, since)}

    def actions(self, arn: str, service: str, since: float) -> list[Use]:
        """The last call of a principal to each operation of a service, in order of their names."""
        self._catch_up()
        found = self._actions.get(arn, {})
        return [use for key, use in sorted(found.items()) if key[0] == service and self._counts(use, since)]

    def by_account(self, account: str, service: str, since: float) -> Use | None:
        """The last call of an account's users, roles and root to a service."""
        self._catch_up()
        found = [
            use
            for who, uses in self._principals.items()
            if f"::{account}:" in who and (use := uses.get(service)) is not None and self._counts(use, since)
        ]
        return max(found, default=None)

    def _counts(self, use: Use, since: float) -> bool:
        """A restored Cloud has not come to calls that its journal still has."""
        return since <= use.time <= self._cloud.clock.time()

    def _catch_up(self) -> None:
        calls = self._cloud.calls
        if len(calls) < self._read or (self._read and calls[self._read - 1] is not self._last):
            self._read = 0  # the journal was cleared
        for number in range(self._read, len(calls)):
            for record in _all((calls[number],)):
                use = Use(record.timestamp, prefix_of(record.service), record.operation, record.region or "")
                if record.access_key:
                    self._keys[record.access_key] = use
                who = record.caller
                if ":assumed-role/" in who:
                    who = who.rpartition("/")[0]
                self._principals.setdefault(who, {})[use.service] = use
                self._actions.setdefault(who, {})[use.service, use.operation] = use
        if self._read < len(calls):
            self._read, self._last = len(calls), calls[-1]


def session_arn(partition: str, account: str, role: str) -> str:
    """What the ARNs of a role's sessions begin with."""
    return f"arn:{partition}:sts::{account}:assumed-role/{role}"


def _all(records: Iterable[Any]) -> Iterator[Any]:
    for record in records:
        yield record
        yield from _all(record.caused)

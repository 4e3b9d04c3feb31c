"""What policies of an organization mean for calls: SCPs and RCPs of an account, and what its tag policies enforce.

Worked out when first asked for, and kept until the organization changes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import Any, NamedTuple, TypeVar

from awsim.auth.policy import Policy as Compiled
from awsim.auth.policy import parse
from awsim.services.organizations.effective import effective
from awsim.services.organizations.records import Account, Organization

Levels = tuple[tuple[Compiled, ...], ...]
T = TypeVar("T")


class TagRule(NamedTuple):
    """What a tag has to look like; `values` None where any will do, `enforced` resource types ("sqs:queue")."""

    key: str
    values: tuple[str, ...] | None
    enforced: tuple[str, ...]

    def binds(self, service: str, type: str) -> bool:
        """Whether it is enforced for a type of a service; for any of its types where `type` is not known."""
        for each in self.enforced:
            of, _, kind = each.partition(":")
            if of == service and (not type or kind in (type, "*", "ALL_SUPPORTED")):
                return True
        return False

    def admits(self, key: str, value: str) -> bool:
        return key == self.key and (self.values is None or any(fnmatchcase(value, each) for each in self.values))


class Guardrails:
    """Of all organizations of a partition. No state: all of it follows from the organizations."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], tuple[object, Any]] = {}

    def place(self, organization: Organization, account: Account) -> tuple[str, str]:
        """(id, path) of where an account is."""
        return self._once(organization, account, "place", lambda: (organization.id, organization.place(account)))

    def levels(self, organization: Organization, account: Account, type: str) -> Levels:
        """The SCPs or RCPs of an account, a level for each node from the root down; none where they do not bind it."""
        if account.id == organization.management or type not in organization.types:
            return ()
        return self._once(organization, account, type, lambda: _levels(organization, account, type))

    def tag_rules(self, organization: Organization, account: Account) -> Mapping[str, TagRule]:
        """The rules of an account's effective tag policy that are enforced somewhere, by their keys in lower case."""
        if "TAG_POLICY" not in organization.types:
            return {}
        return self._once(organization, account, "TAG_POLICY", lambda: _tag_rules(organization, account))

    def _once(self, organization: Organization, account: Account, what: str, make: Callable[[], T]) -> T:
        kept = self._kept.get((account.id, what))
        if kept is None or kept[0] is not organization.revision:
            kept = self._kept[account.id, what] = (organization.revision, make())
        return kept[1]


def _levels(organization: Organization, account: Account, type: str) -> Levels:
    found = []
    for node in account.line:
        policies = organization.attached(node, type)
        found.append(tuple(parse(each.content, each.type.grammar).named(arn=each.arn) for each in policies))
    return tuple(found)


def effective_policy(organization: Organization, account: Account, type: str) -> dict[str, Any] | None:
    """The effective policy of a management type; None where no policy says anything."""
    levels = [[policy.content for policy in organization.attached(node, type)] for node in account.line]
    return effective(levels, any_case=type == "TAG_POLICY") if any(levels) else None


def _tag_rules(organization: Organization, account: Account) -> dict[str, TagRule]:
    policy = effective_policy(organization, account, "TAG_POLICY") or {}
    rules = {}
    for name, settings in policy.get("tags", {}).items():
        values = settings.get("tag_value")
        enforced = settings.get("enforced_for")
        if enforced:
            rules[name] = TagRule(settings.get("tag_key", name), tuple(values) if values else None, tuple(enforced))
    return rules

"""Policies, read and compiled: immutable, and the same object for the same text."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from awsim.auth.policy.conditions import Condition, compile_condition, variables_of
from awsim.auth.policy.grammar import KINDS, VERSIONS, PolicyError, Source, read
from awsim.auth.policy.matching import Principals, Resources, actions_test

__all__ = ["KINDS", "Policy", "PolicyError", "Statement", "parse"]

# What is remembered of which statements are about which action; emptied when full.
_REMEMBERED = 4096


class Statement:
    """One compiled statement. `index` is its place in the document, from 0."""

    __slots__ = ("_limited", "acts", "allow", "conditions", "context_keys", "index", "principals", "resources", "sid")

    def __init__(self, index: int, source: dict[str, Any], variables: bool) -> None:
        self.index = index
        self.sid: str = source.get("Sid", "")
        self.allow = source["Effect"] == "Allow"
        if "NotAction" in source:
            named = actions_test(source["NotAction"])
            self.acts = lambda action: not named(action)
        else:
            self.acts = actions_test(source["Action"])
        self.resources: Resources | None = None
        if "Resource" in source or "NotResource" in source:
            negated = "NotResource" in source
            self.resources = Resources(source["NotResource" if negated else "Resource"], negated, variables)
        self._limited = None if self.resources is None or self.resources.everything else self.resources
        self.principals: Principals | None = None
        if "Principal" in source:
            self.principals = Principals(source["Principal"])
        elif "NotPrincipal" in source:
            self.principals = Principals(source["NotPrincipal"], negated=True)
        conditions: list[Condition] = []
        keys = list(self.resources.keys) if self.resources else []
        for operator, key, values in source.get("Condition", ()):
            conditions.append(compile_condition(operator, key, values, variables))
            keys.append(key)
            if variables:
                keys += variables_of(operator, values)
        self.conditions = tuple(conditions)
        self.context_keys = tuple(dict.fromkeys(keys))

    def applies(self, resource: str, context: Mapping[str, Any]) -> bool:
        """Is the statement about `resource`, and do its conditions hold? (Action and principal are asked before.)"""
        if self._limited is not None and not self._limited.match(resource, context):
            return False
        return not self.conditions or all(condition(context) for condition in self.conditions)


class Policy:
    """A compiled document. `arn` and `name` say where it hangs; see `named`."""

    __slots__ = ("_by_action", "arn", "id", "kind", "name", "statements", "text", "version")

    def __init__(self, kind: str, text: str, source: Source) -> None:
        variables = source.version == VERSIONS[0]
        self.kind = kind
        self.text = text
        self.version = source.version
        self.id = source.id
        self.statements = tuple(Statement(i, each, variables) for i, each in enumerate(source.statements))
        self.arn: str | None = None
        self.name = ""
        self._by_action: dict[str, tuple[tuple[Statement, ...], tuple[Statement, ...]]] = {}

    def named(self, name: str = "", arn: str | None = None) -> Policy:
        """The same policy under a name (an inline one) or an ARN (a managed one), for decisions to show."""
        copy = object.__new__(Policy)
        for slot in Policy.__slots__:
            setattr(copy, slot, getattr(self, slot))
        copy.name, copy.arn = name, arn
        return copy

    def about(self, action: str) -> tuple[tuple[Statement, ...], tuple[Statement, ...]]:
        """(the statements that allow `action`, those that deny it), whatever their resources and conditions."""
        found = self._by_action.get(action)
        if found is None:
            if len(self._by_action) >= _REMEMBERED:
                self._by_action.clear()
            matching = [each for each in self.statements if each.acts(action)]
            allows = tuple(each for each in matching if each.allow)
            denies = tuple(each for each in matching if not each.allow)
            found = self._by_action[action] = (allows, denies)
        return found

    @property
    def context_keys(self) -> tuple[str, ...]:
        """The condition keys that the policy looks at, in conditions and variables, as written."""
        return tuple(dict.fromkeys(key for each in self.statements for key in each.context_keys))

    @property
    def principals(self) -> tuple[tuple[str, str], ...]:
        """Every (type, value) in a Principal or NotPrincipal, for services that check that they exist."""
        return tuple(pair for each in self.statements if each.principals for pair in each.principals.listed)

    def __repr__(self) -> str:
        return f"<Policy {self.kind} {self.arn or self.name or self.id or ''}>"


@lru_cache(4096)
def parse(text: str, kind: str = "identity") -> Policy:
    """The policy in a JSON document. Raises PolicyError.

    Kinds: "managed", "identity" (inline), "boundary", "session", "resource", "trust", "endpoint" (of a VPC endpoint),
    "scp" and "rcp".
    """
    if kind not in KINDS:
        raise ValueError(f"no kind of policy: {kind!r}, one of {', '.join(sorted(KINDS))}")
    return Policy(kind, text, read(text, kind))

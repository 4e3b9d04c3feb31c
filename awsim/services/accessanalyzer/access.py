"""What policies let whom do: comparisons of policies, and access from outside.

Where a condition decides, access counts as granted: a check that passes must hold for every request.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from awsim.auth.actions import actions
from awsim.auth.policy.grammar import read
from awsim.auth.policy.matching import glob

_ANYTHING = ("*",)
# Keys that bind a request to somebody, where a condition asks for certain values of theirs.
_WHO = frozenset(
    (
        "aws:principalaccount", "aws:principalarn", "aws:principalorgid", "aws:principalorgpaths", "aws:sourceaccount",
        "aws:sourcearn", "aws:sourceip", "aws:sourceorgid", "aws:sourceorgpaths", "aws:sourceowner", "aws:sourcevpc",
        "aws:sourcevpce", "aws:userid", "kms:calleraccount", "s3:dataaccesspointaccount", "s3:dataaccesspointarn",
    )
)  # fmt: skip
_EVERYWHERE = frozenset(("0.0.0.0/0", "::/0"))
_ACCOUNT_KEYS = ("aws:principalaccount", "aws:sourceaccount", "aws:sourceowner", "kms:calleraccount")
_ARN_KEYS = ("aws:principalarn", "aws:sourcearn")


class Statement(NamedTuple):
    """A statement of a document: patterns as written, actions in lower case. `inverted` says which lists are `Not…`."""

    place: int
    sid: str
    allow: bool
    actions: tuple[str, ...]
    not_actions: bool
    resources: tuple[str, ...]
    not_resources: bool
    principals: tuple[tuple[str, str], ...]
    not_principals: bool
    conditions: tuple[tuple[str, str, tuple[str, ...]], ...]

    @property
    def where(self) -> dict[str, Any]:
        """How reasons name it."""
        return {"statementIndex": self.place, "statementId": self.sid or None}

    @property
    def named(self) -> str:
        return f"sid: {self.sid}" if self.sid else f"index: {self.place}"

    @property
    def everybody(self) -> bool:
        return self.not_principals or any(value == "*" for _, value in self.principals)


@lru_cache(512)
def statements(text: str, kind: str) -> tuple[Statement, ...]:
    """The statements of a document of a kind of the policy language. Raises PolicyError."""
    found = []
    for index, source in enumerate(read(text, kind).statements):
        principals = source.get("Principal") or source.get("NotPrincipal") or ()
        found.append(
            Statement(
                index,
                source.get("Sid", ""),
                source["Effect"] == "Allow",
                tuple(each.lower() for each in source.get("Action") or source.get("NotAction") or ()),
                "NotAction" in source,
                tuple(source.get("Resource") or source.get("NotResource") or _ANYTHING),
                "NotResource" in source,
                tuple(principals),
                "NotPrincipal" in source,
                tuple((operator, key.lower(), tuple(values)) for operator, key, values in source.get("Condition", ())),
            )
        )
    return tuple(found)


# --- patterns


@lru_cache(8192)
def overlap(one: str, other: str) -> bool:
    """Whether there is a text that two patterns both match."""
    reached = {(0, 0)}
    done: set[tuple[int, int]] = set()
    while reached:
        i, j = reached.pop()
        if i == len(one) and j == len(other):
            return True
        done.add((i, j))
        a, b = one[i : i + 1], other[j : j + 1]
        steps = []
        if a == "*":
            steps += [(i + 1, j)] + ([(i, j + 1)] if b else [])
        if b == "*":
            steps += [(i, j + 1)] + ([(i + 1, j)] if a else [])
        if a and b and (a == b or a == "?" or b == "?") and a != "*" and b != "*":
            steps.append((i + 1, j + 1))
        reached.update(step for step in steps if step not in done)
    return False


def _meet(listed: Iterable[str], inverted: bool, wanted: Iterable[str]) -> bool:
    """Whether a list (or all but it) has something in common with what is wanted."""
    if inverted:
        return any(not any(glob(pattern)(each) for pattern in listed) for each in wanted)
    return any(overlap(pattern, each) for pattern in listed for each in wanted)


def _cover(listed: Iterable[str], inverted: bool, pattern: str) -> bool:
    """Whether a list (or all but it) holds everything that a pattern matches."""
    if inverted:
        return not any(overlap(each, pattern) for each in listed)
    return any(glob(each)(pattern) for each in listed)


def _spelled_out(pattern: str) -> list[str]:
    """The actions that a pattern stands for; itself where it has no wildcard, or one in its service."""
    prefix, _, name = pattern.partition(":")
    if not set("*?") & set(name) or set("*?") & set(prefix) or not name:
        return [pattern]
    return [f"{prefix}:{each.lower()}" for each in actions(prefix) if glob(name)(each.lower())] or [pattern]


# --- comparisons


def granted(policy: Sequence[Statement], wanted: Mapping[str, Sequence[str]]) -> Iterator[Statement]:
    """The statements that let somebody do at least one of the actions on at least one of the resources."""
    asked = [each.lower() for each in wanted.get("actions") or _ANYTHING]
    resources = list(wanted.get("resources") or _ANYTHING)
    for statement in policy:
        if not statement.allow or not _meet(statement.resources, statement.not_resources, resources):
            continue
        for action in asked:
            if _meet(statement.actions, statement.not_actions, [action]) and not all(
                _denied(policy, action, resource) for resource in resources
            ):
                yield statement
                break


def newly_granted(new: Sequence[Statement], existing: Sequence[Statement]) -> Iterator[Statement]:
    """The statements of a policy that let somebody do what another policy does not."""
    held = [each for each in new if not each.allow]
    lost = [each for each in existing if not each.allow and not any(_same(each, other) for other in held)]
    for statement in new:
        if not statement.allow:
            continue
        if any(not _held(new, existing, statement, action) for action in _each_action(statement)) or any(
            _meet(statement.actions, statement.not_actions, deny.actions)
            and _meet(statement.resources, statement.not_resources, deny.resources)
            for deny in lost
        ):
            yield statement


def _held(new: Sequence[Statement], existing: Sequence[Statement], statement: Statement, action: str) -> bool:
    """Whether what a statement says of an action is in the existing policy, or denied after all."""
    for resource in statement.resources:
        if _denied(new, action, resource):
            continue
        if not any(_includes(other, statement, action, resource) for other in existing if other.allow):
            return False
    return True


def _each_action(statement: Statement) -> list[str]:
    if statement.not_actions:
        return ["*"]
    return [each for pattern in statement.actions for each in _spelled_out(pattern)]


def _includes(other: Statement, statement: Statement, action: str, resource: str) -> bool:
    if statement.not_actions or statement.not_resources:
        # What is all but a list is in what is all but a shorter list.
        actions_in = _same_or_all(other.actions, other.not_actions, statement.actions, statement.not_actions)
        resources_in = _same_or_all(other.resources, other.not_resources, statement.resources, statement.not_resources)
    else:
        actions_in = _cover(other.actions, other.not_actions, action)
        resources_in = _cover(other.resources, other.not_resources, resource)
    return (
        actions_in
        and resources_in
        and set(other.conditions) <= set(statement.conditions)
        and _principals_in(other, statement)
    )


def _same_or_all(wide: Sequence[str], inverted: bool, narrow: Sequence[str], narrow_inverted: bool) -> bool:
    if not inverted and "*" in wide:
        return True
    if not narrow_inverted:
        return all(_cover(wide, inverted, each) for each in narrow)
    return inverted and set(wide) <= set(narrow)


def _principals_in(other: Statement, statement: Statement) -> bool:
    if other.principals == statement.principals and other.not_principals == statement.not_principals:
        return True
    if other.everybody and not other.not_principals:
        return True
    if other.not_principals or statement.not_principals:
        return False
    return set(statement.principals) <= set(other.principals)


def _same(one: Statement, other: Statement) -> bool:
    return one[3:] == other[3:]


def _denied(policy: Sequence[Statement], action: str, resource: str) -> bool:
    """Whether a policy denies an action on a resource to everybody and whatever else holds."""
    return any(
        not each.allow
        and not each.conditions
        and (not each.principals or each.everybody)
        and not each.not_principals
        and _cover(each.actions, each.not_actions, action)
        and _cover(each.resources, each.not_resources, resource)
        for each in policy
    )


# --- from outside


class Zone(NamedTuple):
    """Whom one trusts: an account, and the accounts of its organization where an analyzer is for that."""

    accounts: frozenset[str]
    organization: str | None = None


class Grant(NamedTuple):
    """Access that a policy gives to somebody outside."""

    principal: tuple[str, str]
    actions: tuple[str, ...]
    conditions: tuple[tuple[str, str], ...]
    public: bool


def public(policy: Sequence[Statement]) -> Iterator[Statement]:
    """The statements that let everybody in."""
    for statement in policy:
        open_ = statement.allow and statement.everybody and not _bound(statement.conditions)
        if open_ and not all(_denied(policy, action, "*") for action in statement.actions):
            yield statement


def outside(policy: Sequence[Statement], zone: Zone) -> Iterator[Grant]:
    """What a resource's policy gives to those whom its owner does not trust. Services of AWS are trusted."""
    for statement in policy:
        if not statement.allow or _within(statement.conditions, zone):
            continue
        if all(_denied(policy, action, "*") for action in statement.actions):
            continue
        named = (("AWS", "*"),) if statement.not_principals else statement.principals
        for kind, value in named:
            if kind == "Service" or (kind == "AWS" and account_of(value) in zone.accounts):
                continue
            is_public = value == "*" and not _bound(statement.conditions)
            conditions = tuple((key, ",".join(values)) for _, key, values in statement.conditions)
            yield Grant((kind, _shown(kind, value)), _names(statement), conditions, is_public)


def account_of(principal: str) -> str:
    """The account of a principal; "" for everybody."""
    return principal if principal.isdecimal() else (principal.split(":") + [""] * 5)[4]


def _shown(kind: str, value: str) -> str:
    """An account is shown by its number alone."""
    return account_of(value) if kind == "AWS" and value.endswith(":root") else value


def _names(statement: Statement) -> tuple[str, ...]:
    return ("*",) if statement.not_actions else tuple(_capitalised(each) for each in statement.actions)


def _capitalised(action: str) -> str:
    prefix, _, name = action.partition(":")
    known = next((each for each in actions(prefix) if each.lower() == name), None)
    return f"{prefix}:{known}" if known else action


def _bound(conditions: Sequence[tuple[str, str, tuple[str, ...]]]) -> bool:
    """Whether conditions leave only certain callers."""
    return any(key in _WHO and _fixed(operator, values) for operator, key, values in conditions)


def _fixed(operator: str, values: Sequence[str]) -> bool:
    base = operator.rpartition(":")[2]
    if "Not" in base or base.endswith("IfExists") or base.startswith("Null") or operator.startswith("ForAllValues"):
        return False
    return not any(value in _EVERYWHERE or value.startswith(("*", "arn:*", "arn:aws:*")) for value in values)


def _within(conditions: Sequence[tuple[str, str, tuple[str, ...]]], zone: Zone) -> bool:
    """Whether conditions leave only callers of the zone."""
    for operator, key, values in conditions:
        if not _fixed(operator, values):
            continue
        if key in _ACCOUNT_KEYS and zone.accounts.issuperset(values):
            return True
        if key in _ARN_KEYS and zone.accounts.issuperset(map(account_of, values)):
            return True
        if key == "aws:principalorgid" and zone.organization is not None and set(values) == {zone.organization}:
            return True
    return False

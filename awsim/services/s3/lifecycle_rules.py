"""What the rules of a lifecycle ask for: which versions of a key go or move, and at which midnight UTC.

Days are counted from the creation of a version, or from when a newer one replaced it, and rounded up to the next
midnight. A `Policy` plans for one key what is due; an `Agenda` knows which keys to ask at which midnight, so that a day
costs what has changed or falls due in it, not what the bucket holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from awsim.services.s3 import archiving, filters, locks
from awsim.services.s3.archiving import Archiving
from awsim.services.s3.days import DAY, NEVER, next_midnight
from awsim.services.s3.filters import Filter
from awsim.services.s3.versions import FAILED, PENDING, Version
from awsim.state import Dict, Entity, SortedDict

if TYPE_CHECKING:
    from awsim.limits.table import ServiceLimits
    from awsim.services.s3.bucket import Bucket
    from awsim.services.s3.multipart import Upload

_VARIES = "varies_by_storage_class"
# Where an object of a class may go. "User Guide, Supported transitions": the waterfall.
_WATERFALL = {
    "STANDARD": {"STANDARD_IA", "INTELLIGENT_TIERING", "ONEZONE_IA", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE"},
    "STANDARD_IA": {"INTELLIGENT_TIERING", "ONEZONE_IA", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE"},
    "INTELLIGENT_TIERING": {"ONEZONE_IA", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE"},
    "ONEZONE_IA": {"GLACIER", "DEEP_ARCHIVE"},
    "GLACIER_IR": {"GLACIER", "DEEP_ARCHIVE"},
    "GLACIER": {"DEEP_ARCHIVE"},
    "REDUCED_REDUNDANCY": {"GLACIER", "DEEP_ARCHIVE"},
}
# The one that wins where several are due on one day comes first.
_PREFERRED = ("DEEP_ARCHIVE", "GLACIER", "INTELLIGENT_TIERING", "GLACIER_IR", "ONEZONE_IA", "STANDARD_IA")
_ARCHIVES = ("GLACIER", "DEEP_ARCHIVE")
_NOT_REPLICATED = (PENDING, FAILED)


class After(NamedTuple):
    """When a rule acts: so many days after an event, or from a date on."""

    days: int | None
    date: float | None = None

    def due(self, since: float) -> float:
        return (
            self.date if self.days is None and self.date is not None else next_midnight(since + DAY * (self.days or 0))
        )


class Move(NamedTuple):
    """A transition to a storage class; of noncurrent versions only those that `newer` others stand before."""

    target: str
    after: After
    newer: int = 0


class Rule(NamedTuple):
    """An enabled rule. `noncurrent` is after how many days a version goes that `newer` noncurrent ones stand before."""

    id: str
    filter: Filter
    expires: After | None = None
    cleans_markers: bool = False
    moves: tuple[Move, ...] = ()
    noncurrent: After | None = None
    newer: int = 0
    noncurrent_moves: tuple[Move, ...] = ()
    aborts: After | None = None


class Policy(NamedTuple):
    """All that time does to a bucket's objects. `smallest` is the size below which objects do not move by themselves,
    `small_archives` whether that holds for archives too; `archiving` are the bucket's Intelligent-Tiering rules."""

    rules: tuple[Rule, ...] = ()
    smallest: float = 0
    small_archives: bool = False
    archiving: tuple[Archiving, ...] = ()

    def keys_of(self, bucket: Bucket) -> Iterator[str]:
        """All keys of a bucket that a rule can be about, in no order; some may come twice."""
        prefixes = {rule.filter.prefix for rule in self.rules} | {each.filter.prefix for each in self.archiving}
        if "" in prefixes:
            yield from bucket.keys
            return
        for prefix in prefixes:
            for key in bucket.keys.irange(prefix):
                if not key.startswith(prefix):
                    break
                yield key

    def plan(self, key: str, versions: Sequence[Version], versioned: bool, at: float) -> Plan:
        """What is due for a key at the midnight `at`. `versions` are all there are of it, newest first; `versioned`
        whether an expiration puts a delete marker on top rather than delete for good."""
        actions: list[Action] = []
        upcoming = NEVER
        for place, version in enumerate(versions):
            if version.replication in _NOT_REPLICATED:
                # It stays as it is until it has got to its destination; when it does, the key is looked at again.
                continue
            rules = [rule for rule in self.rules if rule.filter.matches(key, version)]
            if place:
                found, soon = _noncurrent(self, rules, version, versions[place - 1].modified, place - 1, at)
            elif version.is_marker:
                found, soon = _marker(rules, version, len(versions) == 1, at)
            else:
                found, soon = _current(self, rules, version, versioned, at)
            if found is None and self.archiving and not version.is_marker:
                found, asleep = _asleep(self, key, version, at)
                soon = min(soon, asleep)
            if found is not None:
                actions.append(found)
            upcoming = min(upcoming, soon)
        return Plan(tuple(actions), upcoming)

    def abort_of(self, upload: Upload) -> tuple[float, str] | None:
        """When an upload that is not completed goes, and the rule by which."""
        found = [
            (rule.aborts.due(upload.initiated), rule.id)
            for rule in self.rules
            if rule.aborts is not None and upload.key.startswith(rule.filter.prefix)
        ]
        return min(found, key=lambda each: each[0]) if found else None

    def expiry_of(self, key: str, version: Version) -> tuple[float, str] | None:
        """When a current version goes, and the rule by which."""
        found = [
            (rule.expires.due(version.modified), rule.id)
            for rule in self.rules
            if rule.expires is not None and rule.filter.matches(key, version)
        ]
        return min(found, key=lambda each: each[0]) if found else None

    def moves_small(self, rule: Rule, target: str) -> bool:
        """Whether a rule moves objects however small: one that filters by size decides for itself."""
        return rule.filter.is_sized or (self.small_archives and target in _ARCHIVES)


class Action(NamedTuple):
    """What is due for a version: "delete" for good, "mark" as deleted, "move" to a class, "archive" in a tier."""

    what: str
    version: Version
    target: str = ""


class Plan(NamedTuple):
    """What is due now for a key, and when to look again if nothing is."""

    actions: tuple[Action, ...]
    next: float


def compiled(settings: Mapping[str, Any], limits: ServiceLimits) -> Policy:
    """What the settings of a bucket ask for, of their enabled rules."""
    configuration = settings.get("lifecycle") or {}
    return Policy(
        tuple(_rule(rule) for rule in configuration.get("Rules") or () if rule.get("Status") == "Enabled"),
        limits["transition-smallest-object"] or 0,
        configuration.get("TransitionDefaultMinimumObjectSize") == _VARIES,
        archiving.compiled(settings.get("intelligent-tiering"), limits),
    )


def _rule(given: Mapping[str, Any]) -> Rule:
    expiration = given.get("Expiration") or {}
    noncurrent = given.get("NoncurrentVersionExpiration")
    aborts = (given.get("AbortIncompleteMultipartUpload") or {}).get("DaysAfterInitiation")
    dated = expiration.get("Days") is not None or expiration.get("Date") is not None
    return Rule(
        given.get("ID") or "",
        filters.of_rule(given),
        _after(expiration) if dated else None,
        bool(expiration.get("ExpiredObjectDeleteMarker")),
        tuple(Move(move["StorageClass"], _after(move)) for move in given.get("Transitions") or ()),
        After(noncurrent["NoncurrentDays"]) if noncurrent else None,
        (noncurrent or {}).get("NewerNoncurrentVersions") or 0,
        tuple(
            Move(move["StorageClass"], After(move.get("NoncurrentDays") or 0), move.get("NewerNoncurrentVersions") or 0)
            for move in given.get("NoncurrentVersionTransitions") or ()
        ),
        After(aborts) if aborts is not None else None,
    )


def _after(given: Mapping[str, Any]) -> After:
    date = given.get("Date")
    return After(given.get("Days"), date.timestamp() if isinstance(date, datetime) else date)


_LISTED = {"Transition": "Transitions", "NoncurrentVersionTransition": "NoncurrentVersionTransitions"}


def as_list(rule: Mapping[str, Any]) -> dict[str, Any]:
    """A rule of the older PutBucketLifecycle as PutBucketLifecycleConfiguration has it."""
    return {_LISTED.get(name, name): [value] if name in _LISTED else value for name, value in rule.items()}


def as_single(rule: Mapping[str, Any]) -> dict[str, Any]:
    """The other way: what the older form can tell of a rule."""
    told = {name: value for name, value in rule.items() if name not in (*_LISTED.values(), "Filter")}
    told["Prefix"] = filters.of_rule(rule).prefix
    for single, listed in _LISTED.items():
        if rule.get(listed):
            told[single] = rule[listed][0]
    return told


# --- what is due for one key


def _marker(rules: Iterable[Rule], marker: Version, lone: bool, at: float) -> tuple[Action | None, float]:
    """A delete marker with nothing under it goes when a rule cleans up, or when its own days are over."""
    if not lone:
        return None, NEVER
    due = NEVER
    for rule in rules:
        if rule.cleans_markers:
            due = min(due, next_midnight(marker.modified))
        if rule.expires is not None:
            due = min(due, rule.expires.due(marker.modified))
    return (Action("delete", marker), NEVER) if due <= at else (None, due)


def _current(
    policy: Policy, rules: Sequence[Rule], version: Version, versioned: bool, at: float
) -> tuple[Action | None, float]:
    """Deletion for good comes before a transition, that before a delete marker."""
    end = min([rule.expires.due(version.modified) for rule in rules if rule.expires is not None], default=NEVER)
    if end <= at and not versioned:
        return Action("delete", version), NEVER
    moves = [(rule, move, move.after.due(version.modified)) for rule in rules for move in rule.moves]
    target, soon = _move(policy, version, moves, at) if moves else (None, NEVER)
    if target is not None:
        return Action("move", version, target), NEVER
    if end <= at:
        return Action("mark", version), NEVER
    return None, min(end, soon)


def _noncurrent(
    policy: Policy, rules: Sequence[Rule], version: Version, since: float, newer: int, at: float
) -> tuple[Action | None, float]:
    """`since` is when the version was replaced, `newer` how many noncurrent ones stand before it."""
    end = min(
        (rule.noncurrent.due(since) for rule in rules if rule.noncurrent is not None and newer >= rule.newer),
        default=NEVER,
    )
    if end <= at:
        kept = locks.kept_until(version, at)
        if kept is None:
            return Action("delete", version), NEVER
        end = next_midnight(kept) if kept < NEVER else NEVER
    if version.is_marker:
        return None, end
    moves = (
        (rule, move, move.after.due(since)) for rule in rules for move in rule.noncurrent_moves if newer >= move.newer
    )
    target, soon = _move(policy, version, moves, at)
    if target is not None:
        return Action("move", version, target), NEVER
    return None, min(end, soon)


def _move(
    policy: Policy, version: Version, moves: Iterable[tuple[Rule, Move, float]], at: float
) -> tuple[str | None, float]:
    """The class that a version goes to now, the cheapest of those due; and when the next move is."""
    allowed = _WATERFALL.get(version.storage_class, ())
    due: set[str] = set()
    soon = NEVER
    for rule, move, when in moves:
        if move.target not in allowed or (version.size < policy.smallest and not policy.moves_small(rule, move.target)):
            continue
        if when <= at:
            due.add(move.target)
        else:
            soon = min(soon, when)
    return next((target for target in _PREFERRED if target in due), None), soon


def _asleep(policy: Policy, key: str, version: Version, at: float) -> tuple[Action | None, float]:
    tier, soon = archiving.due(policy.archiving, key, version, at)
    return (Action("archive", version, tier) if tier is not None else None), soon


# --- which keys to ask when


class Agenda(Entity):
    """When to look at which key of a bucket: `touched` ones next midnight, others when something falls due for them.

    `whole` means that all keys are to be looked at, as after a change of the rules; `next` is when the next run is of.
    """

    __slots__ = ("due", "job", "next", "policy", "touched", "whole")

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.touched = Dict()
        self.due = SortedDict()
        self.whole = True
        self.next = 0.0
        self.job = 0

    def touch(self, key: str) -> None:
        if not self.whole:
            self.touched[key] = None

    def change(self, policy: Policy) -> None:
        """Other rules: whatever was found by the old ones is found anew."""
        self.policy = policy
        self.whole = True
        self.touched.clear()
        self.due.clear()

    def take(self, at: float, keys: Iterable[str]) -> list[str]:
        """The keys to look at now; `keys` are all there are."""
        if self.whole:
            self.whole = False
            return list(dict.fromkeys(keys))
        wanted = dict.fromkeys(self.touched)
        self.touched.clear()
        while self.due and self.due.peekitem(0)[0] <= at:
            wanted.update(self.due.pop(self.due.peekitem(0)[0]))
        return list(wanted)

    def put(self, key: str, when: float) -> None:
        day = self.due.get(when)
        if day is None:
            day = self.due[when] = Dict()
        day[key] = None

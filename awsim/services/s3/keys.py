"""The sorted keys of a bucket, and the levels that its listings with a delimiter read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sortedcontainers import SortedList

from awsim.state import SortedDict
from awsim.state.undo import MISSING

# How many keys a jump pays for: after a page of 1,000 groups of a million keys, the next is read from a level.
_PER_JUMP = 1000


class Level:
    """One entry for all keys of a bucket that a delimiter groups, at one depth.

    At depth n stand the keys with n - 1 delimiters, whole, and one group for each beginning with n of them: what a
    listing shows whose prefix has n - 1. `counts` has how many keys are in each group.
    """

    __slots__ = ("_delimiter", "_depth", "counts", "entries")

    def __init__(self, keys: Iterable[str], delimiter: str, depth: int) -> None:
        self._delimiter = delimiter
        self._depth = depth
        self.counts: dict[str, int] = {}
        counts, whole = self.counts, []
        for key in keys:
            group = self._group(key)
            if group:
                counts[group] = counts.get(group, 0) + 1
            elif group is not None:
                whole.append(key)
        self.entries = SortedList([*counts, *whole])

    def _group(self, key: str) -> str | None:
        """The group that a key is in; "" for a key that stands there whole, None for one that ends above."""
        parts = key.split(self._delimiter, self._depth)
        if len(parts) > self._depth:
            parts[-1] = ""
            return self._delimiter.join(parts)
        return "" if len(parts) == self._depth else None

    def add(self, key: str) -> None:
        group = self._group(key)
        if group:
            count = self.counts.get(group, 0)
            self.counts[group] = count + 1
            if not count:
                self.entries.add(group)
        elif group is not None:
            self.entries.add(key)

    def discard(self, key: str) -> None:
        group = self._group(key)
        if group:
            count = self.counts.pop(group) - 1
            if count:
                self.counts[group] = count
            else:
                self.entries.remove(group)
        elif group is not None:
            self.entries.remove(key)


class Keys(SortedDict):
    """Sorted keys. A listing with a delimiter has to jump over each group, which is a search among all of them; once
    a listing of one depth has jumped often enough, a `Level` is made (linear, 0.6 s for a million keys) and kept.

    Levels follow from the keys alone, and every change of these, one that is undone too, comes by here: they are no
    state of their own.
    """

    def __init__(self, *given: Any, **named: Any) -> None:
        self._levels: dict[tuple[str, int], Level] = {}
        self._jumps: dict[tuple[str, int], int] = {}
        super().__init__(*given, **named)

    def level(self, prefix: str, delimiter: str) -> Level | None:
        """The level that a listing reads, if it has been jumped at often enough.

        Only for delimiters of one character: others may overlap with the prefix or with themselves.
        """
        if len(delimiter) != 1:
            return None
        at = delimiter, prefix.count(delimiter) + 1
        level = self._levels.get(at)
        if level is None and self._jumps.get(at, 0) * _PER_JUMP >= max(len(self), 1):
            level = self.made(prefix, delimiter)
        return level

    def made(self, prefix: str, delimiter: str) -> Level:
        """The level that a listing reads, made now if need be: linear in the number of keys."""
        at = delimiter, prefix.count(delimiter) + 1
        level = self._levels.get(at)
        if level is None:
            level = self._levels[at] = Level(self, *at)
        return level

    def jumped(self, prefix: str, delimiter: str) -> None:
        """A listing has searched for what comes behind a group."""
        at = delimiter, prefix.count(delimiter) + 1
        self._jumps[at] = self._jumps.get(at, 0) + 1

    def __setitem__(self, key: str, value: Any) -> None:
        if self._levels and key not in self:
            self._entered(key)
        super().__setitem__(key, value)

    def __delitem__(self, key: str) -> None:
        super().__delitem__(key)
        if self._levels:
            self._left(key)

    def clear(self) -> None:
        super().clear()
        self._levels.clear()

    def _swap(self, key: str, value: Any) -> Any:
        earlier = super()._swap(key, value)
        if self._levels and (earlier is MISSING) != (value is MISSING):
            (self._entered if earlier is MISSING else self._left)(key)
        return earlier

    def _entered(self, key: str) -> None:
        for level in self._levels.values():
            level.add(key)

    def _left(self, key: str) -> None:
        for level in self._levels.values():
            level.discard(key)

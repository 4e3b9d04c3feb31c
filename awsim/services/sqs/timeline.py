"""`Timeline`: entries in an order, of which those that no longer count are dropped without a search."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from heapq import heapify, heappop, heappush

from awsim.services.sqs.message import DELAYED, GONE, IN_FLIGHT, VISIBLE, Entry
from awsim.state import Heap

# Below this size no rebuilding is worth its while.
_SMALL = 64

Item = tuple[int, int, Entry]


class Timeline(Heap):
    """A heap of `(place, order, entry)`. An entry that changed leaves a stale item behind, which is dropped when it
    surfaces, or when stale items outnumber the rest; so every operation costs the same however many there are."""

    __slots__ = ()

    def holds(self, item: Item) -> bool:
        """Whether an item is still true of its entry."""
        raise NotImplementedError

    def put(self, place: int, entry: Entry, living: int) -> None:
        """Add an entry; `living` is how many items are true, about."""
        self._changing()
        items = self._items
        if len(items) > _SMALL and len(items) > 2 * living:
            items = self._rebuilt()
        heappush(items, (place, entry.order, entry))

    def put_all(self, places: Iterable[Item], living: int) -> None:
        """Add several, of `(place, order, entry)` each, as `put` does."""
        self._changing()
        items = self._items
        if len(items) > _SMALL and len(items) > 2 * living:
            items = self._rebuilt()
        for item in places:
            heappush(items, item)

    def _rebuilt(self) -> list[Item]:
        """The items without the stale ones."""
        items = self._items = [item for item in self._items if self.holds(item)]
        heapify(items)
        return items

    def first(self) -> Entry | None:
        """The first entry whose item is true."""
        items = self._items
        while items:
            item = items[0]
            if self.holds(item):
                return item[2]
            self._changing()
            heappop(items)
        return None

    def reached(self, place: int) -> bool:
        """Whether `until` may find something."""
        items = self._items
        return bool(items) and items[0][0] <= place

    def until(self, place: int) -> Iterator[Entry]:
        """Take out the entries up to and including `place`."""
        while self.reached(place):
            item = self.pop()
            if self.holds(item):
                yield item[2]


class Transitions(Timeline):
    """By the time when a delay or a visibility timeout ends."""

    __slots__ = ()

    def holds(self, item: Item) -> bool:
        entry = item[2]
        return entry.due == item[0] and (entry.state is IN_FLIGHT or entry.state is DELAYED)


class Retention(Timeline):
    """By the time from which the retention period counts."""

    __slots__ = ()

    def holds(self, item: Item) -> bool:
        return item[2].state is not GONE


class Waiting(Timeline):
    """By order of arrival: what can be received, and what of it is still delayed."""

    __slots__ = ()

    def holds(self, item: Item) -> bool:
        state = item[2].state
        return state is VISIBLE or state is DELAYED

    def take(self, most: int) -> list[Entry]:
        """Take out the first entries, `most` of them at most, up to one that cannot be received yet."""
        self._changing()
        items = self._items
        taken: list[Entry] = []
        while items:
            entry = items[0][2]
            state = entry.state
            if state is DELAYED or (state is VISIBLE and len(taken) == most):
                break
            heappop(items)
            # One that came back stands here twice, one after the other.
            if state is VISIBLE and not (taken and taken[-1] is entry):
                taken.append(entry)
        return taken

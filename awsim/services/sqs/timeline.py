"""`Timeline`: entries in an order, of which those that no longer count are dropped without a search."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from awsim.services.sqs.message import DELAYED, GONE, IN_FLIGHT, Entry
from awsim.state import Entity, Heap

# Below this size no rebuilding is worth its while.
_SMALL = 64

Item = tuple[int, int, Entry]


class Timeline(Entity):
    """A heap of `(place, order, entry)`. An entry that changed leaves a stale item behind, which is dropped when it
    surfaces, or when stale items outnumber the rest; so every operation costs the same however many there are."""

    __slots__ = ("_heap",)

    def __init__(self) -> None:
        self._heap = Heap()

    def holds(self, item: Item) -> bool:
        """Whether an item is still true of its entry."""
        raise NotImplementedError

    def push(self, place: int, entry: Entry, living: int) -> None:
        """Add an entry; `living` is how many items are true, about."""
        heap = self._heap
        if len(heap) > _SMALL and len(heap) > 2 * living:
            heap = self._heap = Heap(filter(self.holds, heap))
        heap.push((place, entry.order, entry))

    def first(self) -> Item | None:
        """The first item that is true."""
        heap = self._heap
        while heap:
            item = heap[0]
            if self.holds(item):
                return item
            heap.pop()
        return None

    def pop(self) -> None:
        """Take away what `first` showed."""
        self._heap.pop()

    def until(self, place: int) -> Iterator[Entry]:
        """Take out the entries up to and including `place`."""
        heap = self._heap
        while heap and heap[0][0] <= place:
            item = heap.pop()
            if self.holds(item):
                yield item[2]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._heap)

    def __len__(self) -> int:
        return len(self._heap)


class Transitions(Timeline):
    """By the time when a delay or a visibility timeout ends."""

    __slots__ = ()

    def holds(self, item: Item) -> bool:
        return item[2].due == item[0] and item[2].state in (DELAYED, IN_FLIGHT)


class Retention(Timeline):
    """By the time from which the retention period counts."""

    __slots__ = ()

    def holds(self, item: Item) -> bool:
        return item[2].state is not GONE

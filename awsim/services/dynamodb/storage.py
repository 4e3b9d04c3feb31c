"""Items and the trees that hold them in order."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator, Mapping
from typing import Any

from sortedcontainers import SortedList

from awsim.services.dynamodb import texts
from awsim.services.dynamodb.schema import Place
from awsim.state import MISSING, Dict, Entity, SortedDict
from awsim.state.undo import current

# Characters of an item's text that is worth its room: the item itself takes several times as much.
_SHORT = 4_096
# A partition of more places than this keeps them in a SortedList: inserting into a plain list moves all that follow.
_LONG = 500
# Where this share of the partitions is new or gone, sorting them anew costs less than mending the order.
_MOSTLY_NEW = 8


class Item:
    """An item, or an index's copy of one: attributes in memory and the bytes AWS counts. Replaced, never changed."""

    __slots__ = ("_text", "attributes", "size")

    def __init__(self, attributes: Mapping[str, Any], size: int) -> None:
        self.attributes = attributes
        self.size = size
        self._text: str | None = None

    @property
    def text(self) -> str:
        """As JSON. Kept where that is short: what has been read once is likely to be read again."""
        text = self._text
        if text is None:
            text = texts.item(self.attributes)
            if len(text) <= _SHORT:
                self._text = text
        return text


class Places:
    """Items by their places, with undo: a dict of all, and an order of no more than what is read in order.

    The places of a partition are in a list of their own, so that what a query or a write does depends on the partition
    and not on the table. The order of the partitions is made when something reads across them: `_strayed` are those
    that have come or gone since.
    """

    __slots__ = ("_order", "_partitions", "_strayed", "items")

    def __init__(self) -> None:
        #: To be looked into, not written to.
        self.items: dict[Place, Item] = {}
        # By the beginning of their places; none where places are strings: there each is a partition of its own.
        self._partitions: dict[Any, Any] = {}  # of lists and SortedLists
        self._order: SortedList | None = None
        self._strayed: set[Any] = set()

    def __len__(self) -> int:
        return len(self.items)

    def get(self, place: Place) -> Item | None:
        return self.items.get(place)

    def set(self, place: Place, item: Item) -> None:
        """Set what stands at a place."""
        log = current.log
        items = self.items
        if log is not None:
            log.append((self, place, items.get(place, MISSING)))
        if place in items:
            items[place] = item
        else:
            self._set(place, item)

    def remove(self, place: Place) -> None:
        log = current.log
        if log is not None:
            log.append((self, place, self.items[place]))
        self._remove(place)

    def _swap(self, place: Place, item: Any) -> Any:
        earlier = self.items.get(place, MISSING)
        if item is not MISSING:
            self._set(place, item)
        elif earlier is not MISSING:
            self._remove(place)
        return earlier

    def _set(self, place: Place, item: Item) -> None:
        items = self.items
        if place in items:
            items[place] = item
            return
        if type(place) is str:
            self._stray(place)
        else:
            start = place[0]
            partition = self._partitions.get(start)
            if partition is None:
                self._partitions[start] = [place]
                self._stray(start)
            else:
                # One string for the whole partition.
                place = (partition[0][0], *place[1:])
                if type(partition) is list:
                    insort(partition, place)
                    if len(partition) > _LONG:
                        self._partitions[start] = SortedList(partition)
                else:
                    partition.add(place)
        items[place] = item

    def _remove(self, place: Place) -> None:
        del self.items[place]
        if type(place) is str:
            self._stray(place)
            return
        start = place[0]
        partition = self._partitions[start]
        if len(partition) == 1:
            del self._partitions[start]
            self._stray(start)
        elif type(partition) is list:
            del partition[bisect_left(partition, place)]
        else:
            partition.remove(place)

    def _stray(self, start: Any) -> None:
        if self._order is not None:
            self._strayed.add(start)

    # --- reading in order

    def range(
        self, low: Place | None, high: Place | None, inclusive: tuple[bool, bool], reverse: bool
    ) -> Iterator[Place]:
        """Places between two bounds, in order."""
        if low is not None and high is not None and type(low) is not str and low[0] == high[0]:
            partition = self._partitions.get(low[0])
            return iter(()) if partition is None else _within(partition, low, high, inclusive, reverse)
        if not self._partitions:
            places: Iterator[Place] = self._sorted(self.items).irange(low, high, inclusive, reverse)
            return places
        return self._across(low, high, inclusive, reverse)

    def _across(
        self, low: Place | None, high: Place | None, inclusive: tuple[bool, bool], reverse: bool
    ) -> Iterator[Place]:
        first, last = None if low is None else low[0], None if high is None else high[0]
        for start in self._sorted(self._partitions).irange(first, last, (True, True), reverse):
            partition = self._partitions[start]
            if start in (first, last):
                yield from _within(
                    partition, low if start == first else None, high if start == last else None, inclusive, reverse
                )
            else:
                yield from reversed(partition) if reverse else partition

    def _sorted(self, starts: Mapping[Any, Any]) -> SortedList:
        """The order of the partitions, as it is now."""
        order, strayed = self._order, self._strayed
        if order is None or len(strayed) * _MOSTLY_NEW > len(starts):
            order = self._order = SortedList(starts)
        else:
            for start in strayed:
                if start not in starts:
                    order.discard(start)
                elif start not in order:
                    order.add(start)
        strayed.clear()
        return order


def _within(
    places: Any,
    low: Place | None,
    high: Place | None,
    inclusive: tuple[bool, bool],
    reverse: bool,
) -> Iterator[Place]:
    if type(places) is not list:
        found: Iterator[Place] = places.irange(low, high, inclusive, reverse)
        return found
    begin, end = 0, len(places)
    if low is not None:
        begin = bisect_left(places, low) if inclusive[0] else bisect_right(places, low)
    if high is not None:
        end = bisect_right(places, high) if inclusive[1] else bisect_left(places, high)
    stretch = places[begin:end]
    return reversed(stretch) if reverse else iter(stretch)


class Tree(Entity):
    """Items in order of their places: what is looked up or changed costs the same in a tree of any size.

    With a `lag` a change leaves behind what was there before it, for as long as other copies of the partition may show
    that: the reads that may be stale ask for it.
    """

    __slots__ = ("_earlier", "_entries", "size")

    def __init__(self) -> None:
        self._entries = Places()
        self._earlier: Dict | None = None
        self.size = 0

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, place: Place) -> Item | None:
        return self._entries.items.get(place)

    def put(self, place: Place, item: Item | None, *, lag: float = 0.0, now: float = 0.0) -> None:
        """Set what stands at a place; None takes it away."""
        entries = self._entries
        before = entries.items.get(place)
        if lag:
            self._keep(place, before, lag, now)
        if item is None:
            if before is None:
                return
            entries.remove(place)
            self.size -= before.size
            return
        entries.set(place, item)
        change = item.size - before.size if before is not None else item.size
        if change:
            self.size += change

    def items(
        self,
        low: Place | None = None,
        high: Place | None = None,
        *,
        inclusive: tuple[bool, bool] = (True, True),
        reverse: bool = False,
    ) -> Iterator[tuple[Place, Item]]:
        """Places between two bounds and their items, in order."""
        entries = self._entries
        known = entries.items
        for place in entries.range(low, high, inclusive, reverse):
            yield place, known[place]

    # --- staleness

    def _keep(self, place: Place, before: Item | None, lag: float, now: float) -> None:
        earlier = self._earlier
        if earlier is None:
            earlier = self._earlier = Dict()
        while earlier:
            oldest = next(iter(earlier))
            if earlier[oldest][0] > now and oldest != place:
                break
            del earlier[oldest]
        earlier.pop(place, None)
        earlier[place] = (now + lag, before)

    def earlier(self, now: float) -> dict[Place, Item | None]:
        """What stood at places whose last change some copy may not have seen yet; None: nothing."""
        if not self._earlier:
            return {}
        return {place: before for place, (until, before) in self._earlier.items() if until > now}

    def stale_items(
        self,
        earlier: Mapping[Place, Item | None],
        low: Place | None = None,
        high: Place | None = None,
        *,
        inclusive: tuple[bool, bool] = (True, True),
        reverse: bool = False,
    ) -> Iterator[tuple[Place, Item]]:
        """As `items`, as a copy shows them that has missed the last changes."""
        lag = SortedDict({place: item for place, item in earlier.items() if item is not None})
        late = iter(list(lag.irange(low, high, inclusive, reverse)))
        behind = next(late, None)
        for place, item in self.items(low, high, inclusive=inclusive, reverse=reverse):
            while behind is not None and behind != place and (behind > place if reverse else behind < place):
                yield behind, lag[behind]
                behind = next(late, None)
            if behind == place:
                behind = next(late, None)
            if place not in earlier:
                yield place, item
            elif earlier[place] is not None:
                yield place, earlier[place]  # type: ignore[misc]
        while behind is not None:
            yield behind, lag[behind]
            behind = next(late, None)

"""Items and the ordered trees that hold them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from awsim.services.dynamodb.schema import Place
from awsim.state import Dict, Entity, SortedDict


class Item:
    """An item, or an index's copy of one: attributes in memory and the bytes AWS counts. Replaced, never changed."""

    __slots__ = ("attributes", "size")

    def __init__(self, attributes: Mapping[str, Any], size: int) -> None:
        self.attributes = attributes
        self.size = size


class Tree(Entity):
    """Items in order of their places: look-ups O(1), changes and range starts O(log n).

    With a `lag` a change leaves behind what was there before it, for as long as other copies of the partition may show
    that: the reads that may be stale ask for it.
    """

    __slots__ = ("_earlier", "_entries", "size")

    def __init__(self) -> None:
        self._entries = SortedDict()
        self._earlier: Dict | None = None
        self.size = 0

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, place: Place) -> Item | None:
        item: Item | None = self._entries.get(place)
        return item

    def put(self, place: Place, item: Item | None, *, lag: float = 0.0, now: float = 0.0) -> None:
        """Set what stands at a place; None takes it away."""
        before: Item | None = self._entries.get(place)
        if lag:
            self._keep(place, before, lag, now)
        if item is None:
            if before is None:
                return
            del self._entries[place]
            self.size -= before.size
            return
        self._entries[place] = item
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
        for place in entries.irange(low, high, inclusive, reverse):
            yield place, entries[place]

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

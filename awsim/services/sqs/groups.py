"""Message groups: who is next.

A FIFO queue locks a group while one of its messages is in flight; a standard queue takes groups for tenants and serves
the quiet ones first (fair queues). Messages without a group are a group of their own, under the name None.
"""

from __future__ import annotations

from awsim.services.sqs.message import DELAYED, VISIBLE, Entry
from awsim.services.sqs.timeline import Item, Timeline
from awsim.state import Dict, Entity, Heap


class Group(Timeline):
    """The waiting messages of one group, in order of arrival, and how many of it are in flight."""

    __slots__ = ("in_flight", "name")

    def __init__(self, name: str | None) -> None:
        super().__init__()
        self.name = name
        self.in_flight = 0

    def holds(self, item: Item) -> bool:
        state = item[2].state
        return state is VISIBLE or state is DELAYED

    def head(self) -> Entry | None:
        """The first message, if it can be received now."""
        item = self.first()
        return item[2] if item is not None and item[2].state is VISIBLE else None

    def second(self) -> Entry | None:
        """The message after the head where there is one that can be received, else the head."""
        item = self.first()
        if item is None:
            return None
        self.pop()
        second = self.head()
        self.push(item[0], item[2], len(self))
        return second or item[2]


class Groups(Entity):
    """All groups of a queue that have messages. `locking`: a group with messages in flight gives out no others."""

    __slots__ = ("_groups", "_locking", "_ready")

    def __init__(self, *, locking: bool) -> None:
        self._locking = locking
        self._groups = Dict()
        self._ready = Heap()  # (order of the head, name): at least one true item for each group that can be served

    def __getitem__(self, name: str | None) -> Group:
        return self._groups[name]

    def __len__(self) -> int:
        return len(self._groups)

    def add(self, entry: Entry, living: int) -> None:
        """Put an entry at its place in its group; `living` is how many wait in the queue, about."""
        name = entry.message.group_id
        group = self._groups.get(name)
        if group is None:
            group = self._groups[name] = Group(name)
        group.push(entry.order, entry, living)
        if group.head() is entry:
            self._offer(group)

    def took_off(self, name: str | None) -> None:
        """A message of the group went in flight."""
        group = self._groups[name]
        group.in_flight += 1
        if not self._locking and group.head() is not None:
            self._offer(group)

    def landed(self, name: str | None) -> None:
        """A message of the group is in flight no more."""
        group = self._groups[name]
        group.in_flight -= 1
        self.offer(name)

    def offer(self, name: str | None) -> None:
        """Have the group served again, or forgotten if nothing is left of it."""
        group = self._groups.get(name)
        if group is None:
            return
        if group.head() is not None:
            self._offer(group)
        elif not group.in_flight and group.first() is None:
            del self._groups[name]

    def next(self) -> Group | None:
        """The group whose head arrived first, of those that can be served."""
        ready = self._ready
        while ready:
            order, name = ready[0]
            group = self._groups.get(name)
            if group is not None and self._open(group) and (head := group.head()) is not None and head.order == order:
                return group
            ready.pop()
        return None

    def next_fair(self, in_flight: int, share: float, least: int) -> Group | None:
        """As `next`, but noisy tenants come last, the one with the fewest messages in flight first among them.

        Noisy is who has at least `least` messages in flight and more than `share` of all `in_flight` of the queue.
        """
        noisy: dict[str, Group] = {}
        threshold = max(least - 1, in_flight * share)
        group = self.next()
        while group is not None and group.name is not None and group.in_flight > threshold:
            noisy[group.name] = group
            self._ready.pop()
            group = self.next()
        for other in noisy.values():
            self._offer(other)
        if group is None and noisy:
            group = min(noisy.values(), key=lambda tenant: tenant.in_flight)
        return group

    def _open(self, group: Group) -> bool:
        return not (self._locking and group.in_flight)

    def _offer(self, group: Group) -> None:
        if self._open(group):
            self._ready.push((group.first()[2].order, group.name))  # type: ignore[index]

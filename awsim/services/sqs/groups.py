"""Message groups: who is next.

A FIFO queue locks a group while one of its messages is in flight; a standard queue takes groups for tenants and serves
the quiet ones first (fair queues). Messages of a standard queue that name no group are nobody's: they wait in one line,
under the name None, that is never locked or noisy.
"""

from __future__ import annotations

from collections.abc import Sequence

from awsim.services.sqs.message import VISIBLE, Entry
from awsim.services.sqs.timeline import Waiting
from awsim.state import Dict, Entity, Heap


class Group(Entity):
    """The messages of one group that wait, in order of arrival, and how many of it are in flight."""

    __slots__ = ("in_flight", "name", "waiting")

    def __init__(self, name: str | None) -> None:
        self.name = name
        self.waiting = Waiting()
        self.in_flight = 0

    def head(self) -> Entry | None:
        """The first message, if it can be received now."""
        entry = self.waiting.first()
        return entry if entry is not None and entry.state is VISIBLE else None


class Groups(Entity):
    """All groups of a queue that have messages. `locking`: a group with messages in flight gives out no others."""

    __slots__ = ("_groups", "_locking", "_ready")

    def __init__(self, *, locking: bool) -> None:
        self._locking = locking
        self._groups = Dict()
        self._ready = Heap()  # (order of the head, name): at least one true item for each group that can be served

    def __len__(self) -> int:
        return len(self._groups)

    def in_flight(self) -> int:
        """How many groups have messages in flight."""
        return sum(1 for name, group in self._groups.items() if name is not None and group.in_flight)

    # --- what happens to messages

    def add(self, entry: Entry, living: int) -> None:
        """Put an entry at its place in its group; `living` is how many wait in the queue, about."""
        name = entry.message.group_id
        group = self._groups.get(name)
        if group is None:
            group = self._groups[name] = Group(name)
        group.waiting.put(entry.order, entry, living)
        if group.head() is entry:
            self._serve(group, entry)

    def add_all(self, entries: Sequence[Entry], living: int) -> None:
        """As `add`, of entries that have just arrived and are nobody's."""
        group = self._groups.get(None)
        if group is None:
            group = self._groups[None] = Group(None)
        group.waiting.put_all([(entry.order, entry.order, entry) for entry in entries], living)
        if group.head() is entries[0]:
            self._serve(group, entries[0])

    def take(self, most: int) -> list[Entry] | None:
        """Take out the entries that are next, `most` at most, which are to go in flight now (`took_off(None)`); None
        where some are somebody's, so that each has to be looked for."""
        groups = self._groups
        group = groups.get(None)
        if self._locking or group is None or len(groups) != 1:
            return None
        taken: list[Entry] = group.waiting.take(most)
        return taken

    def took_off(self, name: str | None) -> None:
        """A message of the group went in flight."""
        group = self._groups[name]
        if name is not None:
            group.in_flight += 1
        if not self._locking and (head := group.head()) is not None:
            self._serve(group, head)

    def landed(self, name: str | None) -> None:
        """A message of the group is in flight no more."""
        if name is not None:
            self._groups[name].in_flight -= 1
            self.changed(name)

    def changed(self, name: str | None) -> None:
        """The group may have another head, or nothing left that it would be kept for."""
        group = self._groups.get(name)
        if group is None:
            return
        head = group.head()
        if head is not None:
            self._serve(group, head)
        elif name is not None and not group.in_flight and group.waiting.first() is None:
            del self._groups[name]

    def _serve(self, group: Group, head: Entry) -> None:
        self._ready.push((head.order, group.name))

    # --- who is next

    def next(self) -> Entry | None:
        """The head that arrived first, of the groups that can be served."""
        ready = self._ready
        while ready:
            order, name = ready[0]
            group = self._groups.get(name)
            if group is not None and not (self._locking and group.in_flight):
                head = group.head()
                if head is not None and head.order == order:
                    return head
            ready.pop()
        return None

    def next_fair(self, in_flight: int, share: float | None, least: int | None) -> Entry | None:
        """As `next`, but noisy tenants come last, the one with the fewest messages in flight first among them.

        Noisy is who has at least `least` messages in flight and more than `share` of all `in_flight` of the queue;
        nobody, where there are no such numbers.
        """
        head = self.next()
        if head is None or head.message.group_id is None or share is None or least is None:
            return head
        noisy: dict[str, Entry] = {}
        threshold = max(least - 1, in_flight * share)
        while head is not None and (name := head.message.group_id) is not None:
            if self._groups[name].in_flight <= threshold:
                break
            noisy[name] = head
            self._ready.pop()
            head = self.next()
        for name, waiting in noisy.items():
            self._serve(self._groups[name], waiting)
        return head or noisy[min(noisy, key=lambda name: self._groups[name].in_flight)]

    def next_of(self, name: str | None) -> Entry | None:
        """The head of one group, locked or not."""
        group = self._groups.get(name)
        return None if group is None else group.head()

    def after(self, entry: Entry, living: int) -> Entry:
        """The message behind the head `entry` in its group, if it can be received, else `entry` itself."""
        group = self._groups[entry.message.group_id]
        group.waiting.pop()
        second = group.head()
        group.waiting.put(entry.order, entry, living)
        return second or entry

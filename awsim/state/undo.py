"""The undo log behind `Cloud.snapshot()` and `Cloud.restore()`.

A snapshot costs nothing but a mark; while one is alive every change of an `Entity` or a container leaves an entry
`(target, key, earlier value)`, and restoring swaps the entries back. A swapped entry holds the later value, so the same
list leads forward again: snapshots form a tree and any of them can be restored, in any order, in O(changes between).
"""

from __future__ import annotations

import threading
import weakref
from typing import Any


class _Missing:
    __slots__ = ()

    def __repr__(self) -> str:
        return "<missing>"

    def __reduce__(self) -> str:
        return "MISSING"


MISSING = _Missing()


class _Current(threading.local):
    # The log of the Cloud whose lock this thread holds; None while no snapshot of it is alive.
    log: list[tuple[Any, Any, Any]] | None = None


current = _Current()


class _Node:
    """A state of the Cloud; `entries` lead from here to the parent's state, or back once swapped."""

    __slots__ = ("__weakref__", "depth", "entries", "parent")

    def __init__(self, parent: _Node | None, entries: list[tuple[Any, Any, Any]]) -> None:
        self.parent = parent
        self.entries = entries
        self.depth: int = parent.depth + 1 if parent else 0


class History:
    """The snapshots of one Cloud and the changes between them."""

    def __init__(self) -> None:
        self._node = _Node(None, [])
        self._log: list[tuple[Any, Any, Any]] | None = None
        self._marks: weakref.WeakSet[_Node] = weakref.WeakSet()

    @property
    def log(self) -> list[tuple[Any, Any, Any]] | None:
        """Where changes are to be recorded now; None if nobody could ask for them back."""
        if self._log is not None and not self._marked():
            self._log = None
            self._node = _Node(None, [])
        return self._log

    def _marked(self) -> bool:
        # The current node is held by this History itself: only somebody else's hold makes it a mark.
        return len(self._marks) > 0

    def mark(self) -> Mark:
        if self._log:
            self._node = _Node(self._node, self._log)
        self._log = []
        mark = Mark(self._node)
        self._marks.add(mark)  # type: ignore[arg-type]
        return mark

    def restore(self, mark: Mark) -> None:
        """Bring every recorded target back to its state at `mark`."""
        if self._log:
            for target, key, value in reversed(self._log):
                target._swap(key, value)
        self._log = []
        here, there = self._node, mark.node
        down: list[_Node] = []
        while here is not there:
            if here.depth >= there.depth:
                _swap_all(here.entries, backwards=True)
                assert here.parent is not None
                here = here.parent
            else:
                down.append(there)
                assert there.parent is not None
                there = there.parent
        for node in reversed(down):
            _swap_all(node.entries, backwards=False)
        self._node = mark.node


class Mark:
    """A place in a History; the History records as long as somebody holds one."""

    __slots__ = ("__weakref__", "node")

    def __init__(self, node: _Node) -> None:
        self.node = node


def _swap_all(entries: list[tuple[Any, Any, Any]], *, backwards: bool) -> None:
    order = range(len(entries) - 1, -1, -1) if backwards else range(len(entries))
    for index in order:
        target, key, value = entries[index]
        entries[index] = (target, key, target._swap(key, value))

"""What service state is made of: records and containers whose changes an undo log can take back."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from sortedcontainers import SortedDict as _SortedDict

from awsim.state.undo import MISSING, current

T = TypeVar("T")
_setattr = object.__setattr__
_ORDER = object()  # an undo entry that holds the order of all keys, not a value


class Entity:
    """A record with behaviour. Its attributes hold immutables, other entities or containers of this module."""

    __slots__ = ("__weakref__",)

    def __setattr__(self, name: str, value: Any) -> None:
        log = current.log
        if log is not None:
            log.append((self, name, getattr(self, name, MISSING)))
        _setattr(self, name, value)

    def __delattr__(self, name: str) -> None:
        log = current.log
        if log is not None:
            log.append((self, name, getattr(self, name, MISSING)))
        object.__delattr__(self, name)

    def _assign(self, **values: Any) -> None:
        """Set several attributes in one step."""
        log = current.log
        for name, value in values.items():
            if log is not None:
                log.append((self, name, getattr(self, name, MISSING)))
            _setattr(self, name, value)

    def _swap(self, name: str, value: Any) -> Any:
        earlier = getattr(self, name, MISSING)
        if value is MISSING:
            object.__delattr__(self, name)
        else:
            _setattr(self, name, value)
        return earlier


class Dict(dict):
    """A dict with undo. Restoring brings the insertion order back too."""

    __slots__ = ("__weakref__", "_ordered_in")

    def __setitem__(self, key: Any, value: Any) -> None:
        log = current.log
        if log is not None:
            log.append((self, key, self.get(key, MISSING)))
        dict.__setitem__(self, key, value)

    def __delitem__(self, key: Any) -> None:
        log = current.log
        if log is not None:
            self._leaving(log, key)
        dict.__delitem__(self, key)

    def pop(self, key: Any, default: Any = MISSING) -> Any:
        if key in self:
            value = self[key]
            del self[key]
            return value
        if default is MISSING:
            raise KeyError(key)
        return default

    def popitem(self) -> tuple[Any, Any]:
        key = next(reversed(self))
        return key, self.pop(key)

    def setdefault(self, key: Any, default: Any = None) -> Any:
        if key not in self:
            self[key] = default
        return self[key]

    def update(self, *others: Any, **named: Any) -> None:
        if current.log is None:
            dict.update(self, *others, **named)
            return
        for key, value in dict(*others, **named).items():
            self[key] = value

    def clear(self) -> None:
        if current.log is None:
            dict.clear(self)
        else:
            for key in list(self):
                del self[key]

    def __ior__(self, other: Any) -> Dict:  # type: ignore[override,misc]
        self.update(other)
        return self

    def _leaving(self, log: list[tuple[Any, Any, Any]], key: Any) -> None:
        value = dict.__getitem__(self, key)
        # A key that comes back would stand last: keep the order once per log, before its first deletion.
        if getattr(self, "_ordered_in", None) is not log:
            self._ordered_in = log
            log.append((self, _ORDER, tuple(self)))
        log.append((self, key, value))

    def _swap(self, key: Any, value: Any) -> Any:
        if key is _ORDER:
            order = tuple(self)
            known = {k: dict.__getitem__(self, k) for k in value if k in self}
            rest = {k: v for k, v in self.items() if k not in known}
            dict.clear(self)
            dict.update(self, known)
            dict.update(self, rest)
            return order
        earlier = dict.get(self, key, MISSING)
        if value is MISSING:
            dict.pop(self, key, None)
        else:
            dict.__setitem__(self, key, value)
        return earlier


class SortedDict(_SortedDict):
    """`sortedcontainers.SortedDict` with undo: ordered by key; `irange`, `bisect`, `peekitem` as there."""

    def __setitem__(self, key: Any, value: Any) -> None:
        log = current.log
        if log is not None:
            log.append((self, key, self.get(key, MISSING)))
        _SortedDict.__setitem__(self, key, value)

    def __delitem__(self, key: Any) -> None:
        log = current.log
        if log is not None:
            log.append((self, key, self[key]))
        _SortedDict.__delitem__(self, key)

    def pop(self, key: Any, default: Any = MISSING) -> Any:
        if key in self:
            value = self[key]
            del self[key]
            return value
        if default is MISSING:
            raise KeyError(key)
        return default

    def popitem(self, index: int = -1) -> tuple[Any, Any]:
        key, value = self.peekitem(index)
        del self[key]
        return key, value

    def setdefault(self, key: Any, default: Any = None) -> Any:
        if key not in self:
            self[key] = default
        return self[key]

    def update(self, *others: Any, **named: Any) -> None:
        for key, value in dict(*others, **named).items():
            self[key] = value

    def __ior__(self, other: Any) -> SortedDict:
        self.update(other)
        return self

    def clear(self) -> None:
        if current.log is None:
            _SortedDict.clear(self)
        else:
            for key in list(self):
                del self[key]

    def _swap(self, key: Any, value: Any) -> Any:
        earlier = self.get(key, MISSING)
        if value is MISSING:
            if earlier is not MISSING:
                _SortedDict.__delitem__(self, key)
        else:
            _SortedDict.__setitem__(self, key, value)
        return earlier


class _Whole:
    """Containers whose first change under a log keeps a copy of the whole: order matters too much to undo by parts."""

    __slots__ = ("__weakref__", "_items", "_kept_in")
    _items: Any
    _kept_in: Any

    def _changing(self) -> None:
        log = current.log
        if log is not None and getattr(self, "_kept_in", None) is not log:
            self._kept_in = log
            log.append((self, None, self._items.copy()))

    def _swap(self, _key: Any, value: Any) -> Any:
        earlier = self._items
        self._items = value
        # The list handed back may be swapped in again: the next change must copy anew.
        self._kept_in = None
        return earlier

    def __len__(self) -> int:
        return len(self._items)

    def __bool__(self) -> bool:
        return bool(self._items)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._items)

    def __getitem__(self, index: Any) -> Any:
        return self._items[index]

    def __contains__(self, value: object) -> bool:
        return value in self._items

    def __repr__(self) -> str:
        return f"{type(self).__name__}({list(self._items)!r})"


class List(_Whole):
    """A list with undo."""

    __slots__ = ()

    def __init__(self, items: Iterable[Any] = ()) -> None:
        self._items = list(items)

    def append(self, value: Any) -> None:
        if current.log is not None:
            self._changing()
        self._items.append(value)

    def extend(self, values: Iterable[Any]) -> None:
        self._changing()
        self._items.extend(values)

    def insert(self, index: int, value: Any) -> None:
        self._changing()
        self._items.insert(index, value)

    def pop(self, index: int = -1) -> Any:
        self._changing()
        return self._items.pop(index)

    def remove(self, value: Any) -> None:
        self._changing()
        self._items.remove(value)

    def __setitem__(self, index: Any, value: Any) -> None:
        self._changing()
        self._items[index] = value

    def __delitem__(self, index: Any) -> None:
        self._changing()
        del self._items[index]

    def clear(self) -> None:
        self._changing()
        self._items = []

    def sort(self, *, key: Callable[[Any], Any] | None = None, reverse: bool = False) -> None:
        self._changing()
        self._items.sort(key=key, reverse=reverse)


class Deque(_Whole):
    """A deque with undo."""

    __slots__ = ()

    def __init__(self, items: Iterable[Any] = ()) -> None:
        self._items = deque(items)

    def append(self, value: Any) -> None:
        if current.log is not None:
            self._changing()
        self._items.append(value)

    def extend(self, values: Iterable[Any]) -> None:
        if current.log is not None:
            self._changing()
        self._items.extend(values)

    def appendleft(self, value: Any) -> None:
        if current.log is not None:
            self._changing()
        self._items.appendleft(value)

    def pop(self) -> Any:
        if current.log is not None:
            self._changing()
        return self._items.pop()

    def popleft(self) -> Any:
        if current.log is not None:
            self._changing()
        return self._items.popleft()

    def remove(self, value: Any) -> None:
        self._changing()
        self._items.remove(value)

    def clear(self) -> None:
        self._changing()
        self._items = deque()


class Heap(_Whole):
    """A binary heap with undo; `heap[0]` is the least item."""

    __slots__ = ()

    def __init__(self, items: Iterable[Any] = ()) -> None:
        self._items = list(items)
        heapq.heapify(self._items)

    def push(self, item: Any) -> None:
        if current.log is not None:
            self._changing()
        heapq.heappush(self._items, item)

    def pop(self) -> Any:
        if current.log is not None:
            self._changing()
        return heapq.heappop(self._items)

    def replace(self, item: Any) -> Any:
        """Pop the least item and push `item`, in one step."""
        if current.log is not None:
            self._changing()
        return heapq.heapreplace(self._items, item)

    def remove(self, item: Any) -> None:
        """Linear: for rare use."""
        self._changing()
        self._items.remove(item)
        heapq.heapify(self._items)

    def clear(self) -> None:
        self._changing()
        self._items = []

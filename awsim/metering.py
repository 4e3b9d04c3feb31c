"""What services measure, for CloudWatch to read.

A service notes what happens in `self.measured`, in whatever form costs it least: a tuple, appended. Nothing else is
done until somebody asks for metrics; then CloudWatch takes the notes away and has the service say in `measurements`
what they mean. What a resource shows at any time (a queue's length) is not noted but asked for, in `levels`.
"""

from __future__ import annotations

import marshal
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple
from zlib import compress, decompress

from awsim.state.containers import Entity
from awsim.state.undo import current

Dimensions = tuple[tuple[str, str], ...]

# So many notes a service keeps before it packs them.
_MOST = 16_384


class Sample(NamedTuple):
    """A value that was measured once, or `weight` times. `account` and `region` where the service is not of one."""

    namespace: str
    name: str
    dimensions: Dimensions
    unit: str
    time: float
    value: float
    weight: float = 1
    account: str | None = None
    region: str | None = None


class Level(NamedTuple):
    """What a resource shows from `time` on, published every `period` seconds; None where it is no more.

    Told again only where it differs: whoever reads holds the last value. `ages`: it grows with time, since the time
    that `value` is.
    """

    namespace: str
    name: str
    dimensions: Dimensions
    unit: str
    time: float
    value: float | None
    period: int = 60
    ages: bool = False
    account: str | None = None
    region: str | None = None


class Metering(Entity):
    """Of one Cloud: how many notes a service keeps as they are. None at all while alarms sleep until the next, or
    metrics are streamed: CloudWatch is to read them at once then."""

    __slots__ = ("listeners", "most")

    def __init__(self) -> None:
        self.listeners = 0
        self.most = _MOST

    def listen(self) -> None:
        """Somebody more waits for the next note."""
        self.listeners += 1
        self.most = 0

    def rest(self) -> None:
        """Somebody waits no longer."""
        self.listeners -= 1
        if not self.listeners:
            self.most = _MOST


class Measured:
    """The notes of one service instance, oldest first. Grows at its end and is emptied as a whole; with undo.

    Many notes are packed: they take a tenth of the memory, and next to no time.
    """

    __slots__ = ("__weakref__", "_items", "_kept_in", "_metering", "_packed", "_spill")

    def __init__(self, metering: Metering, spill: Callable[[], None]) -> None:
        self._items: list[Any] = []
        self._packed: tuple[bytes | list[Any], ...] = ()
        self._kept_in: object = None
        self._metering = metering
        self._spill = spill

    def append(self, note: Any) -> None:
        log = current.log
        if log is not None and self._kept_in is not log:
            self._keep(log)
        items = self._items
        items.append(note)
        if len(items) > self._metering.most:
            self._relieve()

    def extend(self, notes: Iterable[Any]) -> None:
        """Append several."""
        log = current.log
        if log is not None and self._kept_in is not log:
            self._keep(log)
        items = self._items
        items.extend(notes)
        if len(items) > self._metering.most:
            self._relieve()

    def _relieve(self) -> None:
        """There are many, or somebody waits for them."""
        if self._metering.listeners:
            self._spill()
        else:
            self._begin((*self._packed, _packed(self._items)))

    def take(self) -> list[Any]:
        """All notes; none are left."""
        packed, items = self._packed, self._items
        self._begin(())
        return [note for some in packed for note in _unpacked(some)] + items if packed else items

    def _begin(self, packed: tuple[bytes | list[Any], ...]) -> None:
        """Another list from now on: what the undo log knows of the old one stays as it was."""
        log = current.log
        if log is not None:
            self._keep(log)
        self._items = []
        self._packed = packed

    def _keep(self, log: list[Any]) -> None:
        self._kept_in = log
        log.append((self, None, (self._items, len(self._items), [], self._packed)))

    def _swap(self, _key: Any, value: Any) -> Any:
        """Undo entries are (list, the length it had, what followed, what was packed): later notes travel in them."""
        earlier, packed = self._items, self._packed
        items, length, rest, self._packed = value
        if items is not earlier:
            self._items = items
            answer: tuple[Any, ...] = (earlier, len(earlier), [], packed)
        else:
            answer = (items, length, items[length:], packed)
        del items[length:]
        items.extend(rest)
        self._kept_in = None
        return answer

    def __len__(self) -> int:
        """0 where there are none; packed notes count as one each time."""
        return len(self._items) + len(self._packed)


def _packed(notes: list[Any]) -> bytes | list[Any]:
    try:
        return compress(marshal.dumps(notes), 1)
    except ValueError:
        return notes  # not of plain values alone


def _unpacked(notes: bytes | list[Any]) -> list[Any]:
    return notes if isinstance(notes, list) else marshal.loads(decompress(notes))

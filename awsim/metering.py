"""What services measure, for CloudWatch to read.

A service notes what happens in `self.measured`, in whatever form costs it least: a tuple, appended. Nothing else is
done until somebody asks for metrics; then CloudWatch takes the notes away and has the service say in `measurements`
what they mean. What a resource shows at any time (a queue's length) is not noted but asked for, in `levels`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from awsim.state.containers import Entity
from awsim.state.undo import current

Dimensions = tuple[tuple[str, str], ...]

# So many notes a service keeps before CloudWatch sums them up unasked: bounds memory, not what is known.
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
    """Of one Cloud: how many notes make a service have CloudWatch read them. 0 while alarms sleep until the next."""

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
    """The notes of one service instance, oldest first. Grows at its end and is emptied as a whole; with undo."""

    __slots__ = ("__weakref__", "_items", "_kept_in", "_metering", "_spill")

    def __init__(self, metering: Metering, spill: Callable[[], None]) -> None:
        self._items: list[Any] = []
        self._kept_in: object = None
        self._metering = metering
        self._spill = spill

    def append(self, note: Any) -> None:
        log = current.log
        if log is not None and self._kept_in is not log:
            self._kept_in = log
            log.append((self, None, (self._items, len(self._items), [])))
        items = self._items
        items.append(note)
        if len(items) > self._metering.most:
            self._spill()

    def take(self) -> list[Any]:
        """All notes; none are left."""
        items = self._items
        log = current.log
        if log is not None:
            self._kept_in = log
            log.append((self, None, (items, len(items), [])))
        # Another list from now on: what the undo log knows of the old one stays as it was.
        self._items = []
        return items

    def _swap(self, _key: Any, value: Any) -> Any:
        """Undo entries are (list, the length it had, what followed): the later notes travel in the entry."""
        earlier = self._items
        items, length, rest = value
        if items is not earlier:
            self._items = items
            answer: tuple[list[Any], int, list[Any]] = (earlier, len(earlier), [])
        else:
            answer = (items, length, items[length:])
        del items[length:]
        items.extend(rest)
        self._kept_in = None
        return answer

    def __len__(self) -> int:
        return len(self._items)

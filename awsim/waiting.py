"""`Wait`: how an operation tells the gateway that its answer has to wait; `Pausing`: answers that come bit by bit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from awsim.clock import Clock


class Wait(Exception):
    """Run the operation again when `ready()`, at the latest at `deadline` (epoch seconds); see `Service.wait`."""

    def __init__(
        self, deadline: float, ready: Callable[[], object] | None, due: Callable[[], float | None] | None
    ) -> None:
        self.deadline = deadline
        self.ready = ready
        self.due = due


class Pause:
    """Nothing to read for now: go on when `ready()`, at the latest at `deadline` (epoch seconds)."""

    __slots__ = ("_clock", "_deadline", "_ready")

    def __init__(self, clock: Clock, deadline: float, ready: Callable[[], object]) -> None:
        self._clock = clock
        self._deadline = deadline
        self._ready = ready

    def wait(self) -> None:
        self._clock.pause_until(self._deadline, self._ready)

    async def wait_async(self) -> None:
        await self._clock.wait_until_async(self._deadline, self._ready)


class Pausing:
    """Events that come in time. Iterating waits for them; `steps` gives them with the `Pause`s between, for who can
    wait without blocking."""

    def __init__(self, steps: Iterator[Any]) -> None:
        self.steps = steps

    def __iter__(self) -> Iterator[Any]:
        for step in self.steps:
            if step.__class__ is Pause:
                step.wait()
            else:
                yield step
